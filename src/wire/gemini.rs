//! Gemini's `streamGenerateContent` (`wire-protocols` §8), on the Gemini API and on Vertex.
//!
//! The stream has no end marker: a finish reason is all the proof there is, and
//! usage may follow it. Errors may come as a frame, or as a bare, pretty-printed
//! document after the last frame.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::error::stream_fault;
use super::images::{First, parts};
use super::lenient::{Patience, Strays, count, word};
use super::{Call, Carried, Dialect, Frame, Framing, Pair, Progress, Reader, WireTakes};
use crate::model::Class;
use crate::model::Delta;
use crate::model::Effort;
use crate::model::Fault;
use crate::model::Image;
use crate::model::Params;
use crate::model::Role;
use crate::model::Served;
use crate::model::Stop;
use crate::model::Thinking;
use crate::model::Usage;

pub struct Gemini;

impl Dialect for Gemini {
    fn id(&self) -> &'static str {
        "gemini"
    }

    fn framing(&self) -> Framing {
        Framing::Sse
    }

    fn path(&self, call: &Call<'_>) -> String {
        // The API's own model list writes `models/...`; both forms are the same model.
        let model = call.model.strip_prefix("models/").unwrap_or(call.model);
        // Without `alt=sse` the answer is one growing JSON array.
        format!("/models/{}:streamGenerateContent?alt=sse", segment(model))
    }

    fn encode(&self, call: &Call<'_>) -> Result<Value, Fault> {
        let mut config = Map::new();
        if let Some(n) = call.params.max_tokens {
            config.insert("maxOutputTokens".into(), n.into());
        }
        if let Some(t) = call.params.temperature {
            config.insert("temperature".into(), t.into());
        }
        if let Some(thinking) = thinking(call.params)? {
            config.insert("thinkingConfig".into(), thinking);
        }
        let mut body = Map::new();
        if let Some(system) = &call.prompt.system {
            body.insert("systemInstruction".into(), json!({"parts": [{"text": system}]}));
        }
        let text = |text: &str| json!({"text": text});
        let image = |image: &Image| json!({"inlineData": {"mimeType": image.kind.media_type(), "data": image.base64()}});
        // One image stands before its question (ai.google.dev, image understanding).
        let turns = call.prompt.turns.iter().map(|t| {
            let role = match t.role {
                Role::User => "user",
                Role::Assistant => "model",
            };
            json!({"role": role, "parts": parts(t, text, image, First::Images)})
        });
        body.insert("contents".into(), turns.collect());
        if !config.is_empty() {
            body.insert("generationConfig".into(), config.into());
        }
        if let Some(tier) = call.params.tier {
            body.insert("serviceTier".into(), tier.into());
        }
        Ok(Value::Object(body))
    }

    fn takes(&self, _model: &str) -> WireTakes {
        const LEVELS: &[Effort] =
            &[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High, Effort::XHigh];
        let mut wire = WireTakes::all("Gemini's API");
        wire.takes.efforts = LEVELS;
        wire.pair = Pair::EffortOrBudget;
        wire
    }

    fn carries(&self) -> &'static [Carried] {
        const CARRIED: [Carried; 5] = [
            Carried::new("max_tokens", &["/generationConfig/maxOutputTokens"]),
            Carried::new("temperature", &["/generationConfig/temperature"]),
            Carried::new("reasoning_effort", &["/generationConfig/thinkingConfig/thinkingLevel"]),
            Carried::new(
                "thinking",
                &[
                    "/generationConfig/thinkingConfig/thinkingBudget",
                    "/generationConfig/thinkingConfig/includeThoughts",
                ],
            ),
            Carried::new("service_tier", &["/serviceTier"]),
        ];
        &CARRIED
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(GeminiReader::default())
    }
}

/// One segment of a URL path: everything but RFC 3986's unreserved characters is
/// percent-encoded, so that a model id can neither leave its place nor end it.
#[must_use]
pub fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}"); // writing to a String cannot fail
        }
    }
    out
}

/// `thinkingConfig`. Gemini 3 takes a level, 2.5 a budget; both at once are an error.
fn thinking(params: &Params) -> Result<Option<Value>, Fault> {
    let setup = |message: String| Err(Fault::new(Class::Setup, message));
    let level = match params.effort {
        None => None,
        Some(e @ (Effort::None | Effort::Max)) => {
            return setup(format!(
                "Gemini has no reasoning_effort {}: it takes minimal, low, medium, high or xhigh",
                e.word()
            ));
        }
        Some(e) => Some(e.word()),
    };
    let budget = match params.thinking {
        None | Some(Thinking::On) => None,
        Some(Thinking::Off) => Some(0),
        Some(Thinking::Budget(n)) => Some(n),
    };
    // Thought text must be asked for, and only where there can be some.
    let mut config = Map::new();
    match (level, budget) {
        (None, None) if params.thinking.is_none() => return Ok(None),
        (Some(_), Some(_)) => {
            return setup("Gemini takes either reasoning_effort or a thinking budget, not both".to_owned());
        }
        (Some(level), None) => _ = config.insert("thinkingLevel".into(), level.into()),
        (None, Some(budget)) => _ = config.insert("thinkingBudget".into(), budget.into()),
        (None, None) => {}
    }
    if budget != Some(0) {
        config.insert("includeThoughts".into(), true.into());
    }
    Ok(Some(Value::Object(config)))
}

#[derive(Default)]
struct GeminiReader {
    patience: Patience,
    tail: Tail,
    served: Served,
    /// Counts are cumulative, and early frames leave some out.
    usage: Map<String, Value>,
    stopped: bool,
    /// Only a whole document ends by itself.
    closed: bool,
}

impl Reader for GeminiReader {
    fn read(&mut self, frame: &Frame, out: &mut Vec<Delta>) -> Result<(), Fault> {
        match frame {
            Frame::Event { data, .. } => match self.patience.parse::<Value>(data, out)? {
                Some(value) => self.response(&value, out),
                None => Ok(()),
            },
            Frame::Stray(line) | Frame::Line(line) => match self.tail.push(line) {
                Some(fault) => Err(fault),
                None => Ok(()),
            },
            Frame::Alive => Ok(()),
        }
    }

    fn read_whole(&mut self, body: &Value, out: &mut Vec<Delta>) -> Result<(), Fault> {
        // A server that ignores `alt=sse` sends the frames as one array.
        let frames = body.as_array().map_or(std::slice::from_ref(body), Vec::as_slice);
        if !frames
            .iter()
            .any(|f| ["candidates", "promptFeedback", "error"].iter().any(|k| f.get(k).is_some()))
        {
            return Err(Fault::new(Class::Garbled, "the reply is JSON, but not an answer of Gemini"));
        }
        frames.iter().try_for_each(|frame| self.response(frame, out))?;
        if !self.stopped {
            return Err(Fault::new(Class::Cut, "the reply ended without a finish reason"));
        }
        self.closed = true;
        Ok(())
    }

    fn progress(&self) -> Progress {
        Progress::of(self.closed, self.stopped)
    }

    fn at_end(&mut self) -> Option<Fault> {
        self.tail.strays.fault()
    }
}

impl GeminiReader {
    fn response(&mut self, value: &Value, out: &mut Vec<Delta>) -> Result<(), Fault> {
        if let Some(fault) = stream_fault(value) {
            return Err(fault);
        }
        self.serve(value, out);
        self.account(value, out);
        let candidates = value.get("candidates").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for candidate in candidates {
            // One candidate is asked for; another one is not this answer's text.
            if candidate.get("index").and_then(Value::as_u64).unwrap_or(0) == 0 {
                self.candidate(candidate, out);
            }
        }
        let blocked = value.get("promptFeedback").and_then(|f| word(f.get("blockReason")));
        match blocked {
            Some(reason) if candidates.is_empty() => Err(blocked_prompt(value, &reason)),
            _ => Ok(()),
        }
    }

    fn serve(&mut self, value: &Value, out: &mut Vec<Delta>) {
        let usage = value.get("usageMetadata");
        // Vertex names the traffic; on demand is the ordinary tier, also where another was asked for.
        let traffic = || {
            let traffic = word(usage.and_then(|u| u.get("trafficType")))?.to_lowercase();
            (traffic != "traffic_type_unspecified").then_some(traffic)
        };
        let told = Served {
            model: word(value.get("modelVersion")),
            response_id: word(value.get("responseId")),
            tier: word(usage.and_then(|u| u.get("serviceTier"))).or_else(traffic),
            ..Served::default()
        };
        let served = Served {
            model: told.model.or(self.served.model.clone()),
            response_id: told.response_id.or(self.served.response_id.clone()),
            tier: told.tier.or(self.served.tier.clone()),
            ..Served::default()
        };
        // Every frame repeats these.
        if served != self.served {
            self.served = served.clone();
            out.push(Delta::Served(Box::new(served)));
        }
    }

    fn account(&mut self, value: &Value, out: &mut Vec<Delta>) {
        let Some(later) = value.get("usageMetadata").and_then(Value::as_object) else { return };
        let told = later.iter().filter(|(_, v)| !v.is_null());
        self.usage.extend(told.map(|(k, v)| (k.clone(), v.clone())));
        out.push(Delta::Usage(Box::new(usage(&self.usage))));
    }

    fn candidate(&mut self, candidate: &Value, out: &mut Vec<Delta>) {
        let parts = candidate.get("content").and_then(|c| c.get("parts")).and_then(Value::as_array);
        for part in parts.into_iter().flatten() {
            // A part may hold only a signature.
            let Some(text) = word(part.get("text")) else { continue };
            let thought = part.get("thought").and_then(Value::as_bool).unwrap_or(false);
            out.push(if thought { Delta::Reasoning(text) } else { Delta::Text(text) });
        }
        let reason = word(candidate.get("finishReason")).filter(|r| r != "FINISH_REASON_UNSPECIFIED");
        if let Some(reason) = reason {
            self.stopped = true;
            out.push(Delta::Stop(stop(&reason), reason));
        }
    }
}

fn stop(reason: &str) -> Stop {
    match reason {
        "STOP" => Stop::Natural,
        // A continuation ended at the request's own cap; bakeoff does not resume it.
        "MAX_TOKENS" | "CONTINUATION" => Stop::Length,
        "MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" | "TOO_MANY_TOOL_CALLS" => Stop::Tool,
        "LANGUAGE" | "BLOCKLIST" | "SPII" | "MODEL_ARMOR" => Stop::Filtered,
        // Each of these has an `IMAGE_` twin.
        r if ["SAFETY", "RECITATION", "PROHIBITED_CONTENT"].iter().any(|end| r.ends_with(end)) => {
            Stop::Filtered
        }
        _ => Stop::Other,
    }
}

/// HTTP said 200, but there is no answer and there will be none.
fn blocked_prompt(value: &Value, reason: &str) -> Fault {
    let mut fault = Fault::new(Class::Refused, format!("the prompt was blocked: {reason}"))
        .hint("change the prompt, or ask an endpoint with other filters");
    if let Some(why) = value.get("promptFeedback").and_then(|f| word(f.get("blockReasonMessage"))) {
        fault.message = format!("{}: {why}", fault.message);
    }
    fault.code = Some(reason.to_owned());
    fault.request_id = word(value.get("responseId"));
    fault
}

/// Buckets from `usageMetadata`. Cached tokens lie inside the prompt's count;
/// thoughts lie outside the candidates' and are billed besides them.
fn usage(raw: &Map<String, Value>) -> Usage {
    let mut usage = Usage {
        cache_read: count(raw.get("cachedContentTokenCount")),
        output: count(raw.get("candidatesTokenCount")),
        reasoning: count(raw.get("thoughtsTokenCount")),
        raw: Some(Value::Object(raw.clone())),
        ..Usage::default()
    };
    if let Some(prompt) = count(raw.get("promptTokenCount")) {
        // Audio lies inside the prompt's count, and what of it was cached inside the cache's.
        let cached = of_audio(raw, "cacheTokensDetails").unwrap_or(0);
        let audio = of_audio(raw, "promptTokensDetails").map(|all| all.saturating_sub(cached));
        let (fresh, [read, audio]) = usage.split(prompt, [usage.cache_read, audio]);
        (usage.cache_read, usage.audio_input) = (read, audio.filter(|n| *n > 0));
        let tools = count(raw.get("toolUsePromptTokenCount")).unwrap_or(0);
        usage.input = Some(fresh.saturating_add(tools));
    }
    usage
}

/// The tokens of audio in a list of counts by modality.
fn of_audio(raw: &Map<String, Value>, list: &str) -> Option<u64> {
    let rows = raw.get(list)?.as_array()?.iter();
    let audio = rows.filter(|row| row.get("modality").and_then(Value::as_str) == Some("AUDIO"));
    audio.filter_map(|row| count(row.get("tokenCount"))).reduce(u64::saturating_add)
}

/// The lines after the last frame. An error document is read as soon as its
/// braces balance, since the server may leave the connection open behind it.
#[derive(Default)]
struct Tail {
    strays: Strays,
    depth: usize,
}

impl Tail {
    fn push(&mut self, line: &str) -> Option<Fault> {
        let begins = self.depth == 0 && line.trim_start().starts_with(['{', '[']);
        if begins {
            self.strays = Strays::default(); // what came before was no document
        }
        let inside = begins || self.depth > 0;
        self.strays.push(line);
        let (mut in_string, mut escaped) = (false, false); // JSON strings never span lines
        for c in line.chars() {
            match c {
                _ if escaped => escaped = false,
                '\\' if in_string => escaped = true,
                '"' => in_string = !in_string,
                '{' | '[' if !in_string => self.depth += 1,
                '}' | ']' if !in_string => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        if inside && self.depth == 0 { self.strays.fault() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_error_is_reported_when_its_braces_balance_and_not_before() {
        let mut reader = Gemini.reader();
        let mut push = |line: &str| reader.read(&Frame::Stray(line.into()), &mut Vec::new());
        for line in ["{", "  \"error\": {", "    \"message\": \"a \\\"brace\\\" } }\"", "  }"] {
            assert_eq!(push(line), Ok(()), "{line}");
        }
        let fault = push("}").unwrap_err();
        assert_eq!(fault.message, "a \"brace\" } }");
        assert_eq!(reader.at_end(), Some(fault));
    }

    #[test]
    fn a_bare_document_nested_without_end_is_no_overflow() {
        let mut reader = Gemini.reader();
        let deep = format!("{}1{}", "[".repeat(30_000), "]".repeat(30_000));
        assert_eq!(reader.read(&Frame::Stray(deep), &mut Vec::new()), Ok(()));
        assert_eq!(reader.at_end(), None);
    }

    #[test]
    fn json_nested_without_end_is_a_fault_and_no_overflow() {
        let data = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
        let frame = Frame::Event { name: String::new(), data };
        let fault = Gemini.reader().read(&frame, &mut Vec::new()).unwrap_err();
        assert_eq!(fault.class, Class::Garbled);
    }
}
