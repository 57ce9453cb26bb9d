//! OpenAI Chat Completions, and the superset of it that compatible servers speak
//! (`wire-protocols` §3, §4, §9 to §15).
//!
//! What differs between servers is read from what came, never from who sent
//! it: a gateway in front of a known vendor would break every table.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::error::stream_fault;
use super::images::{First, content};
use super::lenient::{Patience, Strays, count, error_event, time, word};
use super::{Call, Carried, Dialect, Frame, Framing, MaxField, Pair, Progress, Reader, WireTakes};
use crate::model::Class;
use crate::model::Delta;
use crate::model::Effort;
use crate::model::Fault;
use crate::model::Image;
use crate::model::Off;
use crate::model::Role;
use crate::model::Served;
use crate::model::Stop;
use crate::model::Thinking;
use crate::model::ThinkingTaken;
use crate::model::Turn;
use crate::model::Usage;

/// `POST {base}/chat/completions`.
pub struct Chat;

impl Dialect for Chat {
    fn id(&self) -> &'static str {
        "chat"
    }

    fn framing(&self) -> Framing {
        Framing::Sse
    }

    fn path(&self, _call: &Call<'_>) -> String {
        "/chat/completions".to_owned()
    }

    /// Chat has no field for thinking: `on` is the model's own default, `off` is
    /// the effort `none` unless an effort is given.
    fn encode(&self, call: &Call<'_>) -> Result<Value, Fault> {
        let Call { model, prompt, params, quirks, .. } = *call;
        if let Some(Thinking::Budget(_)) = params.thinking {
            return Err(no_budget("Chat Completions"));
        }
        let system_role = if quirks.developer_role { "developer" } else { "system" };
        let system = prompt.system.iter().map(|text| json!({"role": system_role, "content": text}));
        let messages: Vec<Value> = system.chain(prompt.turns.iter().map(message)).collect();
        let mut body = Map::new();
        body.insert("model".into(), model.into());
        body.insert("messages".into(), messages.into());
        if let Some(n) = params.max_tokens {
            let field = match quirks.max_field {
                MaxField::MaxCompletionTokens => "max_completion_tokens",
                MaxField::MaxTokens => "max_tokens",
            };
            body.insert(field.into(), n.into());
        }
        if let Some(t) = params.temperature {
            body.insert("temperature".into(), t.into());
        }
        let off = (params.thinking == Some(Thinking::Off)).then_some("none");
        if let Some(effort) = params.effort.map(Effort::word).or(off) {
            body.insert("reasoning_effort".into(), effort.into());
        }
        if let Some(tier) = params.tier {
            body.insert("service_tier".into(), tier.into());
        }
        if quirks.parsed_reasoning.iter().any(|begins| model.starts_with(begins)) {
            body.insert("reasoning_format".into(), "parsed".into());
        }
        body.insert("stream".into(), true.into());
        if !quirks.no_stream_options {
            let mut options = Map::new();
            options.insert("include_usage".into(), true.into());
            if !quirks.plain {
                // Random padding of every event: it would only blur the byte counts.
                options.insert("include_obfuscation".into(), false.into());
            }
            body.insert("stream_options".into(), options.into());
        }
        Ok(body.into())
    }

    /// One field for effort and thinking, no budget; `on` is the model's own default.
    fn takes(&self, _model: &str) -> WireTakes {
        let mut wire = WireTakes::all("Chat Completions");
        wire.pair = Pair::OneField;
        wire.takes.thinking = ThinkingTaken { off: Off::Yes, on: false, budget: None };
        wire
    }

    fn carries(&self) -> &'static [Carried] {
        const CARRIED: [Carried; 5] = [
            Carried::new("max_tokens", &["/max_completion_tokens", "/max_tokens"]),
            Carried::new("temperature", &["/temperature"]),
            Carried::new("reasoning_effort", &["/reasoning_effort"]),
            Carried::new("thinking", &["/reasoning_effort"]),
            Carried::new("service_tier", &["/service_tier"]),
        ];
        &CARRIED
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(ChatReader::default())
    }
}

/// The words for who speaks, on every wire but Gemini's.
pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

/// The text stands first: OpenRouter reads it so, and OpenAI's own examples have it so.
fn message(turn: &Turn) -> Value {
    let text = |text: &str| json!({"type": "text", "text": text});
    let image = |image: &Image| json!({"type": "image_url", "image_url": {"url": image.data_url()}});
    json!({"role": role(turn.role), "content": content(turn, text, image, First::Text)})
}

/// OpenAI's wires know efforts, no budgets.
pub(super) fn no_budget(wire: &str) -> Fault {
    Fault::new(Class::Setup, format!("{wire} takes no thinking budget"))
        .hint("set reasoning_effort on this endpoint instead of a number for thinking")
}

/// Text that is borrowed from the event unless it holds escapes.
#[derive(Deserialize)]
struct Word<'a>(#[serde(borrow)] Cow<'a, str>);

/// The ordinary chunk, read without building a tree. Whatever does not fit
/// exactly is read again as a [`Value`], so this may be strict.
#[derive(Deserialize)]
struct Quick<'a> {
    #[serde(borrow, default)]
    id: Option<Word<'a>>,
    #[serde(borrow, default)]
    model: Option<Word<'a>>,
    #[serde(borrow, default)]
    service_tier: Option<Word<'a>>,
    choices: (QuickChoice,),
    #[serde(default)]
    error: Option<IgnoredAny>,
    #[serde(default)]
    usage: Option<IgnoredAny>,
    #[serde(default)]
    x_groq: Option<IgnoredAny>,
    #[serde(default)]
    timings: Option<IgnoredAny>,
    #[serde(default)]
    time_info: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct QuickChoice {
    #[serde(default)]
    index: u32,
    delta: QuickDelta,
    #[serde(default)]
    finish_reason: Option<IgnoredAny>,
    #[serde(default)]
    error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct QuickDelta {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    reasoning: Option<String>,
    #[serde(default)]
    reasoning_content: Option<String>,
    #[serde(default)]
    refusal: Option<IgnoredAny>,
}

impl Quick<'_> {
    fn is_plain(&self) -> bool {
        let (choice,) = &self.choices;
        let more = [
            &self.error,
            &self.usage,
            &self.x_groq,
            &self.timings,
            &self.time_info,
            &choice.finish_reason,
            &choice.error,
        ];
        choice.index == 0 && choice.delta.refusal.is_none() && more.iter().all(|o| o.is_none())
    }
}

/// Memory of one stream.
#[derive(Default)]
struct ChatReader {
    patience: Patience,
    strays: Strays,
    served: Served,
    /// Every usage member told so far: later chunks replace members, buckets
    /// are computed from the whole, so that a part never outlives its total.
    usage: Map<String, Value>,
    refused: bool,
    progress: Option<Progress>,
}

impl Reader for ChatReader {
    fn read(&mut self, frame: &Frame, out: &mut Vec<Delta>) -> Result<(), Fault> {
        let Some((name, data)) = self.strays.sift(frame) else { return Ok(()) };
        if data.starts_with("[DONE]") {
            self.progress = Some(Progress::Closed);
            return Ok(());
        }
        if data.is_empty() {
            return Ok(());
        }
        if name == "error" {
            let told = serde_json::from_str(data).unwrap_or_else(|_| Value::String(data.to_owned()));
            return Err(error_event(told));
        }
        if let Ok(quick) = serde_json::from_str::<Quick<'_>>(data)
            && quick.is_plain()
        {
            self.patience.calm();
            self.quick(quick, out);
            return Ok(());
        }
        match self.patience.parse::<Value>(data, out)? {
            Some(chunk) => self.chunk(&chunk, "delta", out),
            None => Ok(()),
        }
    }

    fn read_whole(&mut self, body: &Value, out: &mut Vec<Delta>) -> Result<(), Fault> {
        if let Some(fault) = stream_fault(body) {
            return Err(fault);
        }
        if body.get("choices").and_then(Value::as_array).is_none() {
            return Err(Fault::new(Class::Garbled, "the JSON that came is not a chat completion"));
        }
        self.chunk(body, "message", out)?;
        self.progress = Some(Progress::Closed);
        Ok(())
    }

    fn progress(&self) -> Progress {
        self.progress.unwrap_or(Progress::Open)
    }

    fn at_end(&mut self) -> Option<Fault> {
        self.strays.fault()
    }
}

impl ChatReader {
    fn quick(&mut self, quick: Quick<'_>, out: &mut Vec<Delta>) {
        let told = [quick.id, quick.model, quick.service_tier];
        let [id, model, tier] = told.each_ref().map(|w| w.as_ref().map(|w| w.0.as_ref()));
        self.serve(id, model, tier, out);
        let (QuickChoice { delta, .. },) = quick.choices;
        // Servers in transition send both names with the same text.
        let reasoning = delta.reasoning.filter(|r| !r.is_empty()).or(delta.reasoning_content);
        out.extend(reasoning.filter(|t| !t.is_empty()).map(Delta::Reasoning));
        out.extend(delta.content.filter(|t| !t.is_empty()).map(Delta::Text));
    }

    /// Tells who serves, once, and again when it changes. Azure's annotations carry empty names.
    fn serve(&mut self, id: Option<&str>, model: Option<&str>, tier: Option<&str>, out: &mut Vec<Delta>) {
        let mut changed = false;
        let mut note = |slot: &mut Option<String>, new: Option<&str>| {
            if let Some(new) = new.filter(|n| !n.is_empty() && slot.as_deref() != Some(*n)) {
                *slot = Some(new.to_owned());
                changed = true;
            }
        };
        note(&mut self.served.response_id, id);
        note(&mut self.served.model, model);
        note(&mut self.served.tier, tier);
        if changed {
            out.push(Delta::Served(Box::new(self.served.clone())));
        }
    }

    /// One chunk, or a whole completion when `part` is `message`.
    fn chunk(&mut self, chunk: &Value, part: &str, out: &mut Vec<Delta>) -> Result<(), Fault> {
        let text = |key: &str| chunk.get(key).and_then(Value::as_str);
        let usage = chunk.get("usage").and_then(Value::as_object);
        let tier = text("service_tier").or_else(|| usage?.get("service_tier")?.as_str());
        self.serve(text("id"), text("model"), tier, out);
        let choices = chunk.get("choices").and_then(Value::as_array);
        let first = choices.into_iter().flatten().find(|c| matches!(count(c.get("index")), None | Some(0)));
        let mut failure = None;
        if let Some(choice) = first {
            if let Some(delta) = choice.get(part) {
                self.delta(delta, out);
            }
            failure = self.finish(choice, out);
        }
        let groq = chunk.get("x_groq");
        let told = groq.and_then(|g| g.get("usage")).and_then(Value::as_object);
        for usage in told.into_iter().chain(usage) {
            self.count(usage, out);
        }
        clocks(chunk, out);
        let groq_error = || stream_fault(groq?);
        match stream_fault(chunk).or_else(groq_error).or(failure) {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    fn delta(&mut self, delta: &Value, out: &mut Vec<Delta>) {
        let reasoning = word(delta.get("reasoning")).or_else(|| word(delta.get("reasoning_content")));
        out.extend(reasoning.map(Delta::Reasoning));
        match delta.get("content") {
            Some(Value::String(text)) if !text.is_empty() => out.push(Delta::Text(text.clone())),
            Some(Value::Array(parts)) => parts.iter().for_each(|part| content_part(part, out)),
            _ => {}
        }
        if let Some(refusal) = word(delta.get("refusal")) {
            self.refused = true;
            out.push(Delta::Text(refusal));
        }
    }

    /// Why the choice ended, if it did; the fault when it ended with one.
    fn finish(&mut self, choice: &Value, out: &mut Vec<Delta>) -> Option<Fault> {
        if let Some(fault) = stream_fault(choice) {
            return Some(fault);
        }
        let reason = word(choice.get("finish_reason"))?;
        if reason == "error" {
            return Some(error_event(Value::Null));
        }
        // DeepSeek's machines ran out in the middle: no answer, whatever marker follows.
        if reason == "insufficient_system_resource" {
            return Some(Fault::new(Class::Overloaded, format!("the server gave the answer up: {reason}")));
        }
        self.progress = Some(Progress::Stopped);
        let stop = match reason.as_str() {
            "stop" if self.refused => Stop::Filtered,
            "stop" | "eos" | "end_turn" | "stop_sequence" => Stop::Natural,
            "length" | "model_length" | "max_tokens" => Stop::Length,
            "content_filter" => Stop::Filtered,
            "tool_calls" | "function_call" => Stop::Tool,
            _ => Stop::Other,
        };
        out.push(Delta::Stop(stop, reason));
        None
    }

    fn count(&mut self, told: &Map<String, Value>, out: &mut Vec<Delta>) {
        let told = told.iter().filter(|(_, v)| !v.is_null());
        self.usage.extend(told.map(|(k, v)| (k.clone(), v.clone())));
        if self.usage.is_empty() {
            return;
        }
        out.push(Delta::Usage(Box::new(buckets(&self.usage))));
        let seconds = |key: &str| time(self.usage.get(key), Duration::from_secs(1));
        let times = [
            ("queue", seconds("queue_time")),
            ("prompt", seconds("prompt_time")),
            ("generation", seconds("completion_time")),
            ("total", seconds("total_time")),
        ];
        let times: Vec<_> = times.into_iter().filter_map(|(name, t)| Some((name.into(), t?))).collect();
        // With the user's own key upstream, `cost` is OpenRouter's fee alone.
        let own_key = self.usage.get("is_byok").and_then(Value::as_bool) == Some(true);
        let cost = self.usage.get("cost").filter(|_| !own_key).and_then(dollars);
        let cost = cost.or_else(|| ticks(self.usage.get("cost_in_usd_ticks")));
        if !times.is_empty() || cost.is_some() {
            let served = Served { cost_usd: cost, times, ..Served::default() };
            out.push(Delta::Served(Box::new(served)));
        }
    }
}

/// The servers' own clocks: llama.cpp's in milliseconds, Cerebras's in seconds.
fn clocks(chunk: &Value, out: &mut Vec<Delta>) {
    let told = |group: &str, key: &str, unit| time(chunk.get(group)?.get(key), unit);
    let millis = |key| told("timings", key, Duration::from_millis(1));
    let seconds = |key| told("time_info", key, Duration::from_secs(1));
    let times = [
        ("queue", seconds("queue_time")),
        ("prompt", millis("prompt_ms").or_else(|| seconds("prompt_time"))),
        ("generation", millis("predicted_ms").or_else(|| seconds("completion_time"))),
        ("total", seconds("total_time")),
    ];
    let times: Vec<_> = times.into_iter().filter_map(|(name, t)| Some((name.into(), t?))).collect();
    if !times.is_empty() {
        out.push(Delta::Served(Box::new(Served { times, ..Served::default() })));
    }
}

/// One part of Mistral's `content`: text, or thinking that holds texts.
fn content_part(part: &Value, out: &mut Vec<Delta>) {
    match part.get("type").and_then(Value::as_str) {
        Some("thinking") => match part.get("thinking") {
            Some(Value::Array(texts)) => {
                out.extend(texts.iter().filter_map(|t| word(t.get("text"))).map(Delta::Reasoning));
            }
            text => out.extend(word(text).map(Delta::Reasoning)),
        },
        _ => out.extend(word(part.get("text")).map(Delta::Text)),
    }
}

/// Buckets of OpenAI's `usage`: parts are inside their totals (`wire-protocols` §16).
fn buckets(told: &Map<String, Value>) -> Usage {
    let number = |key: &str| count(told.get(key));
    let inside = |group: &str, key: &str| count(told.get(group).and_then(|g| g.get(key)));
    let of_prompt =
        |key: &str| inside("prompt_tokens_details", key).or_else(|| inside("prompt_token_details", key));
    // The vendors' own names for the same count: Mistral's, DeepSeek's, Together's.
    let names = ["num_cached_tokens", "prompt_cache_hit_tokens", "cached_tokens"];
    let own = || names.into_iter().find_map(number);
    let cached = of_prompt("cached_tokens").or_else(own);
    let prompt = number("prompt_tokens");
    let reasoning = inside("completion_tokens_details", "reasoning_tokens");
    let generated = number("completion_tokens").map(|visible| {
        // xAI, and Gemini behind this wire, leave the reasoning out of the completion. Only the
        // total tells: it has room for both, or it has not.
        let with = |extra: u64| prompt.map(|p| p.saturating_add(visible).saturating_add(extra));
        let outside = reasoning.filter(|r| *r > 0 && number("total_tokens") == with(*r));
        visible.saturating_add(outside.unwrap_or(0))
    });
    let parts = [cached, of_prompt("cache_write_tokens"), of_prompt("audio_tokens")];
    split(told, prompt, parts, generated, reasoning)
}

/// Makes buckets that do not overlap from totals that include their parts.
pub(super) fn split(
    raw: &Map<String, Value>,
    prompt: Option<u64>,
    [cache_read, cache_write, audio_input]: [Option<u64>; 3],
    generated: Option<u64>,
    reasoning: Option<u64>,
) -> Usage {
    let mut usage = Usage { cache_read, cache_write, audio_input, reasoning, ..Usage::default() };
    if let Some(whole) = prompt {
        let (left, [read, written, audio]) = usage.split(whole, [cache_read, cache_write, audio_input]);
        (usage.input, usage.cache_read, usage.cache_write, usage.audio_input) =
            (Some(left), read, written, audio);
    }
    if let Some(whole) = generated {
        let (left, [thought]) = usage.split(whole, [reasoning]);
        (usage.output, usage.reasoning) = (Some(left), thought);
    }
    usage.raw = Some(Value::Object(raw.clone()));
    usage
}

/// xAI's amounts: ten thousand million ticks are a dollar.
fn ticks(value: Option<&Value>) -> Option<String> {
    const TICKS: u64 = 10_000_000_000;
    let n = value?.as_u64()?;
    Some(format!("{}.{:010}", n / TICKS, n % TICKS))
}

/// An amount in dollars as a decimal string; `Display` of a float never uses exponents.
fn dollars(value: &Value) -> Option<String> {
    let amount = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
    (amount.is_finite() && amount >= 0.0).then(|| amount.to_string())
}
