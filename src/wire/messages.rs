//! Anthropic Messages (`wire-protocols` §6): api.anthropic.com and whoever speaks the same.
//!
//! `max_tokens` is required here, so a call without one sends [`DEFAULT_MAX_TOKENS`];
//! a thinking budget is added on top of that default, because the budget counts
//! against it and must be smaller.

use serde_json::{Map, Value, json};

use super::chat::role;
use super::error::stream_fault;
use super::gemini::segment;
use super::images::{First, content, source};
use super::lenient::{Patience, Strays, count, word};
use super::{Call, Carried, Dialect, Frame, Framing, Progress, Reader, WireTakes};
use crate::model::Budget;
use crate::model::Class;
use crate::model::Delta;
use crate::model::Effort;
use crate::model::Fault;
use crate::model::Image;
use crate::model::Served;
use crate::model::Stop;
use crate::model::Temperature;
use crate::model::Thinking;
use crate::model::Turn;
use crate::model::Usage;

/// Sent as `max_tokens`, in tokens, when the call sets none. It holds a long
/// answer (some 3,000 words) and stays below every model's own limit.
const DEFAULT_MAX_TOKENS: u32 = 4096;

const VERSION: &str = "2026-10-21";
/// The last version that lets older models take a temperature.
const SAMPLING_VERSION: &str = "2023-06-01";
/// The same on Vertex.
const VERTEX_SAMPLING_VERSION: &str = "vertex-2023-10-16";

/// The newest model generation that takes sampling parameters, as (major, minor).
const LAST_SAMPLING: (u32, u32) = (4, 6);

/// What `output_config.effort` takes, here and on Bedrock.
pub(super) const CLAUDE_EFFORTS: &[Effort] =
    &[Effort::Low, Effort::Medium, Effort::High, Effort::XHigh, Effort::Max];

/// The budget counts against `max_tokens`.
pub(super) const CLAUDE_BUDGET: Option<Budget> =
    Some(Budget { least: 1024, most: u32::MAX, below_limit: true });

pub struct Messages;

impl Dialect for Messages {
    fn id(&self) -> &'static str {
        "messages"
    }

    fn framing(&self) -> Framing {
        Framing::Sse
    }

    fn path(&self, _call: &Call<'_>) -> String {
        "/messages".to_owned()
    }

    fn encode(&self, call: &Call<'_>) -> Result<Value, Fault> {
        let thinking = call.params.thinking;
        let budget = match thinking {
            Some(Thinking::Budget(n)) => n,
            _ => 0,
        };
        let max_tokens = call.params.max_tokens.unwrap_or_else(|| DEFAULT_MAX_TOKENS.saturating_add(budget));
        let mut body = Map::new();
        body.insert("model".into(), call.model.into());
        body.insert("max_tokens".into(), max_tokens.into());
        if let Some(system) = &call.prompt.system {
            body.insert("system".into(), system.as_str().into());
        }
        body.insert("messages".into(), turns(call));
        if let Some(temperature) = call.params.temperature {
            body.insert("temperature".into(), temperature.into());
        }
        if let Some(thinking) = thinking {
            body.insert(
                "thinking".into(),
                match thinking {
                    // Without `display` the newest models send a signature and no text.
                    Thinking::On => json!({"type": "adaptive", "display": "summarized"}),
                    Thinking::Budget(n) => json!({"type": "enabled", "budget_tokens": n}),
                    Thinking::Off => json!({"type": "disabled"}),
                },
            );
        }
        if let Some(effort) = call.params.effort {
            body.insert("output_config".into(), json!({"effort": effort_word(effort)?}));
        }
        if let Some(tier) = call.params.tier {
            body.insert("service_tier".into(), tier.into());
        }
        body.insert("stream".into(), true.into());
        Ok(Value::Object(body))
    }

    fn headers(&self, call: &Call<'_>) -> Vec<(&'static str, String)> {
        let old = call.params.temperature.is_some() && takes_sampling(call.is);
        vec![("anthropic-version", if old { SAMPLING_VERSION } else { VERSION }.to_owned())]
    }

    fn takes(&self, model: &str) -> WireTakes {
        let mut wire = WireTakes::all("the Messages API");
        // The version of the API that is sent for newer models refuses sampling altogether.
        wire.takes.temperature =
            if takes_sampling(model) { Temperature::Yes { max: 1.0 } } else { Temperature::No };
        wire.takes.efforts = CLAUDE_EFFORTS;
        wire.takes.thinking.budget = CLAUDE_BUDGET;
        wire
    }

    fn usual_limit(&self) -> Option<u32> {
        Some(DEFAULT_MAX_TOKENS)
    }

    fn carries(&self) -> &'static [Carried] {
        const CARRIED: [Carried; 5] = [
            Carried {
                param: "max_tokens",
                at: &["/max_tokens"],
                unasked: "this API wants a limit, and longer answers are cut at it",
            },
            Carried::new("temperature", &["/temperature"]),
            Carried::new("reasoning_effort", &["/output_config/effort"]),
            Carried::new("thinking", &["/thinking/budget_tokens", "/thinking/type"]),
            Carried::new("service_tier", &["/service_tier"]),
        ];
        &CARRIED
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(MessagesReader::default())
    }
}

/// Claude on Vertex: the same conversation, with the model in the path and the
/// version in the body (`wire-protocols` §7).
pub struct RawPredict;

impl Dialect for RawPredict {
    fn id(&self) -> &'static str {
        "messages"
    }

    fn framing(&self) -> Framing {
        Framing::Sse
    }

    fn path(&self, call: &Call<'_>) -> String {
        // `@20250929` is part of an id here, and stays readable in a path.
        format!("/models/{}:streamRawPredict", segment(call.model).replace("%40", "@"))
    }

    fn encode(&self, call: &Call<'_>) -> Result<Value, Fault> {
        let old = call.params.temperature.is_some() && takes_sampling(call.is);
        let mut body = Map::new();
        body.insert("anthropic_version".into(), if old { VERTEX_SAMPLING_VERSION } else { VERSION }.into());
        if let Value::Object(mut native) = Messages.encode(call)? {
            native.shift_remove("model");
            body.extend(native);
        }
        Ok(Value::Object(body))
    }

    fn takes(&self, model: &str) -> WireTakes {
        Messages.takes(model)
    }

    fn carries(&self) -> &'static [Carried] {
        Messages.carries()
    }

    fn reader(&self) -> Box<dyn Reader> {
        Messages.reader()
    }
}

/// The word for Claude's `output_config.effort`, here and on Bedrock.
pub(super) fn effort_word(effort: Effort) -> Result<&'static str, Fault> {
    match effort {
        Effort::None | Effort::Minimal => Err(Fault::new(
            Class::Setup,
            format!(
                "Claude has no reasoning_effort {}: it takes low, medium, high, xhigh or max",
                effort.word()
            ),
        )
        .hint("use reasoning_effort=low, or thinking=off where the model allows it")),
        Effort::Low | Effort::Medium | Effort::High | Effort::XHigh | Effort::Max => Ok(effort.word()),
    }
}

fn turns(call: &Call<'_>) -> Value {
    // Claude does best where images come before the text (platform.claude.com, vision).
    let text = |text: &str| json!({"type": "text", "text": text});
    let image = |image: &Image| json!({"type": "image", "source": source(image)});
    let turn = |t: &Turn| json!({"role": role(t.role), "content": content(t, text, image, First::Images)});
    call.prompt.turns.iter().map(turn).collect()
}

/// Whether a model id names Claude 4.6 or older. Ids differ by cloud and age
/// (`claude-opus-4-6`, `claude-3-7-sonnet-20250219`, `claude-sonnet-4@20250514`),
/// but the first short numbers are always the generation. No number: a new name,
/// so not old.
fn takes_sampling(model: &str) -> bool {
    let mut parts = model.split(|c: char| !c.is_ascii_alphanumeric());
    let generation = |part: &str| part.parse::<u32>().ok().filter(|_| part.len() <= 2);
    let Some(major) = parts.by_ref().find_map(generation) else { return false };
    let minor = parts.next().and_then(generation).unwrap_or(0);
    (major, minor) <= LAST_SAMPLING
}

#[derive(Default)]
struct MessagesReader {
    patience: Patience,
    strays: Strays,
    /// The usage object so far: each later one replaces the fields that it has.
    usage: Map<String, Value>,
    /// `output_tokens` of the first event counts what the model had made by then,
    /// not the answer; a cut answer must not be priced with it.
    counted: bool,
    /// Highest content block that has sent text.
    block: u64,
    stopped: bool,
    closed: bool,
}

impl Reader for MessagesReader {
    fn read(&mut self, frame: &Frame, out: &mut Vec<Delta>) -> Result<(), Fault> {
        match frame {
            Frame::Event { name, data } => {
                if let Some(value) = self.patience.parse::<Value>(data, out)? {
                    return self.event(name, &value, out);
                }
            }
            Frame::Stray(line) | Frame::Line(line) => self.strays.push(line),
            Frame::Alive => {}
        }
        Ok(())
    }

    fn read_whole(&mut self, body: &Value, out: &mut Vec<Delta>) -> Result<(), Fault> {
        if let Some(fault) = failure(body) {
            return Err(fault);
        }
        let Some(content) = body.get("content").and_then(Value::as_array) else {
            return Err(Fault::new(Class::Garbled, "the reply is JSON, but not a message"));
        };
        self.head(body, out);
        for block in content {
            self::block(block, out);
        }
        self.stop(body, out);
        self.counted = true;
        self.account(None, out);
        self.closed = true;
        Ok(())
    }

    fn progress(&self) -> Progress {
        Progress::of(self.closed, self.stopped)
    }

    fn at_end(&mut self) -> Option<Fault> {
        self.strays.fault()
    }
}

impl MessagesReader {
    fn event(&mut self, name: &str, value: &Value, out: &mut Vec<Delta>) -> Result<(), Fault> {
        // The type is repeated in the data; gateways that drop the event's name keep it.
        let kind = value.get("type").and_then(Value::as_str).unwrap_or(name);
        if kind == "error" {
            return Err(failure(value)
                .unwrap_or_else(|| Fault::new(Class::Overloaded, "the provider failed without saying why")));
        }
        if let Some(fault) = failure(value) {
            return Err(fault);
        }
        match kind {
            "message_start" => {
                if let Some(message) = value.get("message") {
                    self.head(message, out);
                }
            }
            "content_block_start" => {
                if let Some(block) = value.get("content_block") {
                    self::block(block, out);
                }
            }
            "content_block_delta" => self.delta(value, out)?,
            "message_delta" => {
                if let Some(delta) = value.get("delta") {
                    self.stop(delta, out);
                }
                let usage = value.get("usage").and_then(Value::as_object);
                self.counted |= usage.is_some_and(|u| u.get("output_tokens").is_some_and(|n| !n.is_null()));
                self.account(usage, out);
            }
            "message_stop" => self.closed = true,
            _ => {}
        }
        Ok(())
    }

    /// What `message_start` and a whole answer say first.
    fn head(&mut self, message: &Value, out: &mut Vec<Delta>) {
        let usage = message.get("usage");
        let served = Served {
            model: word(message.get("model")),
            response_id: word(message.get("id")),
            tier: word(usage.and_then(|u| u.get("service_tier"))),
            ..Served::default()
        };
        if served != Served::default() {
            out.push(Delta::Served(Box::new(served)));
        }
        self.account(usage.and_then(Value::as_object), out);
    }

    fn delta(&mut self, value: &Value, out: &mut Vec<Delta>) -> Result<(), Fault> {
        let Some(delta) = value.get("delta") else { return Ok(()) };
        match delta.get("type").and_then(Value::as_str) {
            Some("text_delta") => {
                let block = value.get("index").and_then(Value::as_u64).unwrap_or(self.block);
                if block < self.block {
                    // Appending would show the words in an order nobody wrote.
                    return Err(Fault::new(
                        Class::Garbled,
                        format!("content block {block} went on after block {}", self.block),
                    ));
                }
                if let Some(text) = word(delta.get("text")) {
                    self.block = block;
                    out.push(Delta::Text(text));
                }
            }
            Some("thinking_delta") => out.extend(word(delta.get("thinking")).map(Delta::Reasoning)),
            _ => {}
        }
        Ok(())
    }

    fn stop(&mut self, holder: &Value, out: &mut Vec<Delta>) {
        let Some(reason) = word(holder.get("stop_reason")) else { return };
        let stop = match reason.as_str() {
            "end_turn" | "stop_sequence" => Stop::Natural,
            "max_tokens" | "model_context_window_exceeded" => Stop::Length,
            "refusal" => Stop::Filtered,
            "tool_use" | "pause_turn" => Stop::Tool,
            _ => Stop::Other,
        };
        self.stopped = true;
        out.push(Delta::Stop(stop, reason));
    }

    fn account(&mut self, later: Option<&Map<String, Value>>, out: &mut Vec<Delta>) {
        if let Some(later) = later {
            let told = later.iter().filter(|(_, v)| !v.is_null());
            self.usage.extend(told.map(|(k, v)| (k.clone(), v.clone())));
        }
        if !self.usage.is_empty() {
            out.push(Delta::Usage(Box::new(usage(&self.usage, self.counted))));
        }
    }
}

/// A content block as a whole. In a stream it starts empty, though some
/// gateways put the first words here. Redacted thinking has no text to show.
fn block(block: &Value, out: &mut Vec<Delta>) {
    match block.get("type").and_then(Value::as_str) {
        Some("text") => out.extend(word(block.get("text")).map(Delta::Text)),
        Some("thinking") => out.extend(word(block.get("thinking")).map(Delta::Reasoning)),
        _ => {}
    }
}

/// Buckets from a usage object. The input is already without what the cache held.
fn usage(raw: &Map<String, Value>, counted: bool) -> Usage {
    let mut usage = Usage {
        input: count(raw.get("input_tokens")),
        cache_read: count(raw.get("cache_read_input_tokens")),
        raw: Some(Value::Object(raw.clone())),
        ..Usage::default()
    };
    let written = count(raw.get("cache_creation_input_tokens"));
    let split = |name| count(raw.get("cache_creation").and_then(|c| c.get(name)));
    let long = split("ephemeral_1h_input_tokens");
    usage.cache_write_1h = long;
    usage.cache_write = match (split("ephemeral_5m_input_tokens"), written, long) {
        (Some(short), ..) => Some(short),
        (None, Some(all), Some(long)) => Some(usage.less(all, long)),
        (None, all, _) => all,
    };
    if counted && let Some(all) = count(raw.get("output_tokens")) {
        let thinking = raw.get("output_tokens_details").and_then(|d| d.get("thinking_tokens"));
        let (left, [thought]) = usage.split(all, [count(thinking)]);
        (usage.output, usage.reasoning) = (Some(left), thought);
    }
    usage
}

/// The fault in an error event or error document.
fn failure(value: &Value) -> Option<Fault> {
    let mut fault = stream_fault(value)?;
    let kind = value.get("error").and_then(|e| e.get("type")).and_then(Value::as_str);
    if kind == Some("overloaded_error") {
        // The status was 200 by then; before the stream the same would have been a 529.
        fault.message.push_str(" (as 529)");
    }
    Some(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_id_tells_its_generation() {
        for old in [
            "claude-2.1",
            "claude-3-opus-20240229",
            "claude-3-7-sonnet-20250219",
            "claude-sonnet-4@20250514",
            "claude-haiku-4-5-20251001",
            "claude-opus-4.6",
            "anthropic.claude-opus-4-6-v1:0",
        ] {
            assert!(takes_sampling(old), "{old}");
        }
        for new in ["claude-opus-4-7", "claude-sonnet-5", "claude-haiku-5-5-20261001", "claude-next", ""] {
            assert!(!takes_sampling(new), "{new}");
        }
    }

    #[test]
    fn json_nested_without_end_is_a_fault_and_no_overflow() {
        let data = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
        let frame = Frame::Event { name: String::new(), data };
        let fault = Messages.reader().read(&frame, &mut Vec::new()).unwrap_err();
        assert_eq!(fault.class, Class::Garbled);
    }
}
