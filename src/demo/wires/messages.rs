//! Anthropic Messages: named events around content blocks; counts are cumulative.

use serde_json::json;

use crate::model::Kind;

use super::{BREAKDOWN, Ending, Events, Facts, Tongue};

pub struct Messages {
    facts: Facts,
    open: Option<Kind>,
    index: u64,
}

impl Messages {
    pub fn new(facts: Facts) -> Self {
        Self { facts, open: None, index: 0 }
    }

    fn begin(&mut self, kind: Kind, out: &mut Events) {
        self.open = Some(kind);
        let block = match kind {
            Kind::Text => json!({"type": "text", "text": ""}),
            Kind::Reasoning => json!({"type": "thinking", "thinking": "", "signature": ""}),
        };
        let data = json!({"type": "content_block_start", "index": self.index, "content_block": block});
        out.sse(Some("content_block_start"), &data);
        // An empty delta first, as real streams have it: it must stop no clock.
        self.delta(kind, "", out);
    }

    fn delta(&self, kind: Kind, text: &str, out: &mut Events) {
        let delta = match kind {
            Kind::Text => json!({"type": "text_delta", "text": text}),
            Kind::Reasoning => json!({"type": "thinking_delta", "thinking": text}),
        };
        let data = json!({"type": "content_block_delta", "index": self.index, "delta": delta});
        out.sse(Some("content_block_delta"), &data);
    }

    fn finish(&mut self, out: &mut Events) {
        let Some(kind) = self.open.take() else { return };
        if kind == Kind::Reasoning {
            let delta = json!({"type": "signature_delta", "signature": "c2ltdWxhdGVk"});
            let data = json!({"type": "content_block_delta", "index": self.index, "delta": delta});
            out.sse(Some("content_block_delta"), &data);
        }
        out.sse(Some("content_block_stop"), &json!({"type": "content_block_stop", "index": self.index}));
        self.index += 1;
    }
}

impl Tongue for Messages {
    fn open(&mut self, out: &mut Events) {
        let mut message = json!({"id": format!("msg_{}", self.facts.id), "type": "message", "role": "assistant",
            "model": self.facts.model, "content": [], "stop_reason": null, "stop_sequence": null});
        if let (true, Some(map)) = (self.facts.usage, message.as_object_mut()) {
            map.insert(
                "usage".into(),
                json!({"input_tokens": self.facts.input, "cache_creation_input_tokens": 0,
                    "cache_read_input_tokens": self.facts.cached, "output_tokens": 1, "service_tier": "standard"}),
            );
        }
        out.sse(Some("message_start"), &json!({"type": "message_start", "message": message}));
        out.sse(Some("ping"), &json!({"type": "ping"}));
    }

    fn say(&mut self, kind: Kind, text: &str, _tokens: u64, out: &mut Events) {
        if self.open != Some(kind) {
            self.finish(out);
            self.begin(kind, out);
        }
        self.delta(kind, text, out);
    }

    fn close(&mut self, end: Ending, out: &mut Events) {
        self.finish(out);
        let reason = if end.full { "max_tokens" } else { "end_turn" };
        let mut data =
            json!({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null}});
        if let (true, Some(map)) = (self.facts.usage, data.as_object_mut()) {
            let mut usage = json!({"output_tokens": end.text + end.reasoning});
            if let (true, Some(usage)) = (end.reasoning > 0, usage.as_object_mut()) {
                usage.insert("output_tokens_details".into(), json!({"thinking_tokens": end.reasoning}));
            }
            map.insert("usage".into(), usage);
        }
        out.sse(Some("message_delta"), &data);
        if self.facts.done {
            out.sse(Some("message_stop"), &json!({"type": "message_stop"}));
        }
    }

    fn fault(&mut self, out: &mut Events) {
        let error = json!({"type": "overloaded_error", "message": BREAKDOWN});
        let data = json!({"type": "error", "error": error, "request_id": format!("req_{}", self.facts.id)});
        out.sse(Some("error"), &data);
    }
}
