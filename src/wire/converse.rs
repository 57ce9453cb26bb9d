//! Bedrock Converse (`wire-protocols` §5.2): what AWS's typed events and its JSON mean.
//!
//! The SDK's own client signs, sends and cuts frames; this room only maps. Events
//! may come typed ([`ConverseReader::read_event`]) or as the JSON payload that the
//! frame carried ([`Reader::read`]): both take the same way through [`Event`].

mod failure;
mod request;

use std::time::Duration;

use aws_sdk_bedrockruntime::types::{
    ContentBlockDelta, ConverseStreamMetadataEvent, ConverseStreamOutput, ReasoningContentBlockDelta,
    TokenUsage,
};
use serde_json::{Map, Value, json};

use super::lenient::{Patience, count, time, word};
use super::{Call, Carried, Dialect, Frame, Framing, Progress, Reader, WireTakes};
use crate::model::Class;
use crate::model::Delta;
use crate::model::Fault;
use crate::model::Served;
use crate::model::Stop;
use crate::model::Usage;

/// The dialect. The SDK wants typed parts instead of a body: [`Converse::messages`],
/// [`Converse::system`], [`Converse::inference`] and [`Converse::additional`] give
/// them, [`Dialect::encode`] gives the same as the documented JSON.
pub struct Converse;

impl Dialect for Converse {
    fn id(&self) -> &'static str {
        "converse"
    }

    fn framing(&self) -> Framing {
        Framing::EventStream
    }

    /// For display: the SDK builds its own address.
    fn path(&self, call: &Call<'_>) -> String {
        format!("/model/{}/converse-stream", super::gemini::segment(call.model))
    }

    fn encode(&self, call: &Call<'_>) -> Result<Value, Fault> {
        request::body(call)
    }

    /// Reads usage as for models other than OpenAI's; see [`ConverseReader::new`].
    fn takes(&self, model: &str) -> WireTakes {
        request::takes(model)
    }

    fn carries(&self) -> &'static [Carried] {
        request::CARRIED
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(ConverseReader::new(""))
    }
}

/// Memory of one stream of Converse.
#[derive(Default)]
pub struct ConverseReader {
    patience: Patience,
    gross: bool,
    stopped: bool,
    measured: bool,
}

/// What an event says, whichever form it came in.
enum Event<'a> {
    Text(&'a str),
    Reasoning(&'a str),
    Stop(&'a str),
    Metadata {
        usage: Option<Value>,
        latency_ms: Option<Value>,
        tier: Option<String>,
    },
    /// Starts and ends of blocks, tools, images, signatures, encrypted reasoning, and
    /// whatever this version does not know.
    Nothing,
}

impl ConverseReader {
    /// A reader for the answers of `model`, an id or ARN as the request carries it.
    ///
    /// The model matters because `inputTokens` means two things: OpenAI's models
    /// count what was read from and written to the cache in it, all others do not.
    /// The event alone cannot tell (`prices` §2).
    #[must_use]
    pub fn new(model: &str) -> Self {
        Self { gross: request::Family::of(model).is_openai(), ..Self::default() }
    }

    /// Reads one event as the SDK decoded it. Exceptions come as the SDK's errors:
    /// [`Converse::fault`].
    pub fn read_event(&mut self, event: &ConverseStreamOutput, out: &mut Vec<Delta>) {
        self.take(typed(event), out);
    }

    /// How far the stream has come: `Closed` once both the stop reason and the metadata were seen.
    #[must_use]
    pub fn progress(&self) -> Progress {
        match (self.stopped, self.measured) {
            (true, true) => Progress::Closed,
            (true, false) => Progress::Stopped,
            (false, _) => Progress::Open,
        }
    }

    fn take(&mut self, event: Event<'_>, out: &mut Vec<Delta>) {
        match event {
            Event::Text("") | Event::Reasoning("") | Event::Nothing => {}
            Event::Text(text) => out.push(Delta::Text(text.to_owned())),
            Event::Reasoning(text) => out.push(Delta::Reasoning(text.to_owned())),
            Event::Stop(reason) => {
                self.stopped = true;
                out.push(Delta::Stop(stop(reason), reason.to_owned()));
            }
            Event::Metadata { usage: raw, latency_ms, tier } => {
                self.measured = true;
                if let Some(raw) = raw {
                    out.push(Delta::Usage(Box::new(usage(raw, self.gross))));
                }
                let latency = time(latency_ms.as_ref(), Duration::from_millis(1));
                let times: Vec<_> = latency.map(|t| ("latency".into(), t)).into_iter().collect();
                if tier.is_some() || !times.is_empty() {
                    out.push(Delta::Served(Box::new(Served { tier, times, ..Served::default() })));
                }
            }
        }
    }
}

impl Reader for ConverseReader {
    fn read(&mut self, frame: &Frame, out: &mut Vec<Delta>) -> Result<(), Fault> {
        let Frame::Event { name, data } = frame else { return Ok(()) };
        if name.to_ascii_lowercase().ends_with("exception") {
            return Err(exception(name, data));
        }
        if let Some(payload) = self.patience.parse::<Value>(data, out)? {
            self.take(plain(name, &payload), out);
        }
        Ok(())
    }

    /// The answer of `Converse` without a stream.
    fn read_whole(&mut self, body: &Value, out: &mut Vec<Delta>) -> Result<(), Fault> {
        let message = body.get("output").and_then(|o| o.get("message"));
        let Some(content) = message.and_then(|m| m.get("content")).and_then(Value::as_array) else {
            return Err(Fault::new(Class::Garbled, "the reply is JSON, but not an answer of Converse"));
        };
        for block in content {
            let thought = block.get("reasoningContent").and_then(|r| r.get("reasoningText"));
            if let Some(text) = thought.and_then(|t| t.get("text")).and_then(Value::as_str) {
                self.take(Event::Reasoning(text), out);
            }
            if let Some(text) = block.get("text").and_then(Value::as_str) {
                self.take(Event::Text(text), out);
            }
        }
        self.take(plain("messageStop", body), out);
        self.take(plain("metadata", body), out);
        Ok(())
    }

    fn progress(&self) -> Progress {
        Self::progress(self)
    }
}

fn typed(event: &ConverseStreamOutput) -> Event<'_> {
    match event {
        ConverseStreamOutput::ContentBlockDelta(e) => match e.delta() {
            Some(ContentBlockDelta::Text(text)) => Event::Text(text),
            Some(ContentBlockDelta::ReasoningContent(ReasoningContentBlockDelta::Text(text))) => {
                Event::Reasoning(text)
            }
            _ => Event::Nothing,
        },
        ConverseStreamOutput::MessageStop(e) => Event::Stop(e.stop_reason().as_str()),
        ConverseStreamOutput::Metadata(e) => measured(e),
        _ => Event::Nothing,
    }
}

fn measured(event: &ConverseStreamMetadataEvent) -> Event<'_> {
    Event::Metadata {
        usage: event.usage().map(rebuilt),
        latency_ms: event.metrics().map(|m| m.latency_ms().into()),
        tier: event.service_tier().map(|t| t.r#type().as_str().to_owned()),
    }
}

/// The usage as the API wrote it: the SDK keeps only its typed form.
fn rebuilt(usage: &TokenUsage) -> Value {
    let mut raw = Map::new();
    raw.insert("inputTokens".into(), usage.input_tokens().into());
    raw.insert("outputTokens".into(), usage.output_tokens().into());
    raw.insert("totalTokens".into(), usage.total_tokens().into());
    if let Some(n) = usage.cache_read_input_tokens() {
        raw.insert("cacheReadInputTokens".into(), n.into());
    }
    if let Some(n) = usage.cache_write_input_tokens() {
        raw.insert("cacheWriteInputTokens".into(), n.into());
    }
    if let Some(details) = &usage.cache_details {
        let detail = |d: &aws_sdk_bedrockruntime::types::CacheDetail| json!({"ttl": d.ttl().as_str(), "inputTokens": d.input_tokens()});
        raw.insert("cacheDetails".into(), details.iter().map(detail).collect());
    }
    Value::Object(raw)
}

fn plain<'a>(name: &str, payload: &'a Value) -> Event<'a> {
    match name {
        "contentBlockDelta" => {
            let Some(delta) = payload.get("delta") else { return Event::Nothing };
            let thought = delta.get("reasoningContent").and_then(|r| r.get("text"));
            match (delta.get("text").and_then(Value::as_str), thought.and_then(Value::as_str)) {
                (Some(text), _) => Event::Text(text),
                (None, Some(text)) => Event::Reasoning(text),
                (None, None) => Event::Nothing,
            }
        }
        "messageStop" => match payload.get("stopReason").and_then(Value::as_str) {
            Some(reason) => Event::Stop(reason),
            None => Event::Nothing,
        },
        "metadata" => Event::Metadata {
            usage: payload.get("usage").filter(|u| u.is_object()).cloned(),
            latency_ms: payload.get("metrics").and_then(|m| m.get("latencyMs")).cloned(),
            tier: payload.get("serviceTier").and_then(|t| word(t.get("type"))),
        },
        _ => Event::Nothing,
    }
}

/// The fault in an exception event; `modelStreamErrorException` also says what the model said.
fn exception(name: &str, data: &str) -> Fault {
    let payload: Value = serde_json::from_str(data).unwrap_or_default();
    let message = word(payload.get("message")).unwrap_or_default();
    let origin = match (word(payload.get("originalMessage")), payload.get("originalStatusCode")) {
        (Some(text), Some(status)) => format!(" ({status}: {text})"),
        (Some(text), None) => format!(" ({text})"),
        (None, _) => String::new(),
    };
    Converse::fault(name, &format!("{message}{origin}"), None)
}

fn stop(reason: &str) -> Stop {
    match reason {
        "end_turn" | "stop_sequence" => Stop::Natural,
        "max_tokens" | "model_context_window_exceeded" => Stop::Length,
        "guardrail_intervened" | "content_filtered" | "refusal" => Stop::Filtered,
        "tool_use" | "malformed_tool_use" => Stop::Tool,
        _ => Stop::Other,
    }
}

/// Buckets from `usage`. Reasoning is inside `outputTokens` and never split off.
fn usage(raw: Value, gross: bool) -> Usage {
    let told = |name| count(raw.get(name));
    let mut usage = Usage {
        input: told("inputTokens"),
        cache_read: told("cacheReadInputTokens"),
        output: told("outputTokens"),
        ..Usage::default()
    };
    let written = told("cacheWriteInputTokens");
    let details = raw.get("cacheDetails").and_then(Value::as_array);
    let lasting = |ttl: &str| {
        let same = |d: &&Value| d.get("ttl").and_then(Value::as_str) == Some(ttl);
        let parts = details.into_iter().flatten().filter(same).filter_map(|d| count(d.get("inputTokens")));
        parts.fold(None, |sum, n| Some(sum.unwrap_or(0_u64).saturating_add(n)))
    };
    usage.cache_write_1h = lasting("1h");
    usage.cache_write = match (written, usage.cache_write_1h) {
        (Some(all), Some(long)) => Some(usage.less(all, long)),
        (Some(all), None) => Some(all),
        (None, _) => lasting("5m"),
    };
    let cached = [usage.cache_read, usage.cache_write, usage.cache_write_1h];
    let cached = cached.into_iter().flatten().fold(0_u64, u64::saturating_add);
    if gross && let Some(input) = usage.input {
        // Less than its parts: this response was net after all.
        usage.input = Some(input.checked_sub(cached).unwrap_or(input));
    }
    usage.raw = Some(raw);
    usage
}
