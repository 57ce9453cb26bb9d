//! Bedrock Converse: binary event-stream messages with checksums; metadata comes last.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::Header;
use aws_smithy_types::event_stream::HeaderValue;
use aws_smithy_types::event_stream::Message;
use serde_json::Value;
use serde_json::json;

use crate::model::Kind;

use super::{BREAKDOWN, Ending, Events, Facts, Tongue};

pub struct Converse {
    facts: Facts,
    open: Option<Kind>,
    index: u64,
}

impl Converse {
    pub fn new(facts: Facts) -> Self {
        Self { facts, open: None, index: 0 }
    }

    fn finish(&mut self, out: &mut Events) {
        let Some(kind) = self.open.take() else { return };
        if kind == Kind::Reasoning {
            let delta = json!({"reasoningContent": {"signature": "c2ltdWxhdGVk"}});
            event("contentBlockDelta", &json!({"contentBlockIndex": self.index, "delta": delta}), out);
        }
        event("contentBlockStop", &json!({"contentBlockIndex": self.index}), out);
        self.index += 1;
    }
}

fn event(name: &'static str, payload: &Value, out: &mut Events) {
    message("event", ":event-type", name, payload, out);
}

fn message(kind: &'static str, named: &'static str, name: &'static str, payload: &Value, out: &mut Events) {
    let text = |s: &'static str| HeaderValue::String(s.into());
    let message = Message::new(payload.to_string())
        .add_header(Header::new(named, text(name)))
        .add_header(Header::new(":content-type", text("application/json")))
        .add_header(Header::new(":message-type", text(kind)));
    let mut bytes = Vec::new();
    // Fails only for headers beyond the format's limits, and these are short.
    if write_message_to(&message, &mut bytes).is_ok() {
        out.0.push(bytes);
    }
}

impl Tongue for Converse {
    fn content_type(&self) -> &'static str {
        "application/vnd.amazon.eventstream"
    }

    fn open(&mut self, out: &mut Events) {
        event("messageStart", &json!({"p": "abcdefgh", "role": "assistant"}), out);
    }

    /// No contentBlockStart: the real service leaves it out for text.
    fn say(&mut self, kind: Kind, text: &str, _tokens: u64, out: &mut Events) {
        if self.open != Some(kind) {
            self.finish(out);
            self.open = Some(kind);
        }
        let delta = match kind {
            Kind::Text => json!({ "text": text }),
            Kind::Reasoning => json!({"reasoningContent": {"text": text}}),
        };
        event(
            "contentBlockDelta",
            &json!({"contentBlockIndex": self.index, "delta": delta, "p": "abcd"}),
            out,
        );
    }

    fn close(&mut self, end: Ending, out: &mut Events) {
        self.finish(out);
        if !self.facts.done {
            return;
        }
        let reason = if end.full { "max_tokens" } else { "end_turn" };
        event("messageStop", &json!({"stopReason": reason}), out);
        if self.facts.usage {
            let (input, cached, output) = (self.facts.input, self.facts.cached, end.text + end.reasoning);
            let latency = u64::try_from(end.total.as_millis()).unwrap_or(u64::MAX);
            let data = json!({
                "metrics": {"latencyMs": latency},
                "usage": {"inputTokens": input, "outputTokens": output, "totalTokens": input + cached + output,
                    "cacheReadInputTokens": cached, "cacheWriteInputTokens": 0},
            });
            event("metadata", &data, out);
        }
    }

    fn fault(&mut self, out: &mut Events) {
        let payload = json!({ "message": BREAKDOWN });
        message("exception", ":exception-type", "throttlingException", &payload, out);
    }
}
