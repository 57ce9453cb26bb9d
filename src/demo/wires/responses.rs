//! OpenAI Responses: named events with a sequence number; usage in the terminal one.

use serde_json::Value;
use serde_json::json;

use crate::model::Kind;

use super::{BREAKDOWN, CREATED, Ending, Events, Facts, Tongue};

pub struct Responses {
    facts: Facts,
    sequence: u64,
    /// The open output item with its index and what it has said.
    open: Option<Kind>,
    index: u64,
    said: String,
}

impl Responses {
    pub fn new(facts: Facts) -> Self {
        Self { facts, sequence: 0, open: None, index: 0, said: String::new() }
    }

    fn event(&mut self, kind: &str, mut data: Value, out: &mut Events) {
        if let Value::Object(map) = &mut data {
            map.insert("type".into(), kind.into());
            map.insert("sequence_number".into(), self.sequence.into());
        }
        self.sequence += 1;
        out.sse(Some(kind), &data);
    }

    fn response(&self, status: &str) -> Value {
        json!({"id": format!("resp_{}", self.facts.id), "object": "response", "created_at": CREATED,
            "status": status, "error": null, "incomplete_details": null, "model": self.facts.model,
            "output": [], "service_tier": "default", "store": false, "usage": null})
    }

    fn item(&self, kind: Kind) -> String {
        match kind {
            Kind::Reasoning => format!("rs_{}", self.facts.id),
            Kind::Text => format!("msg_{}", self.facts.id),
        }
    }

    fn begin(&mut self, kind: Kind, out: &mut Events) {
        self.open = Some(kind);
        let (id, index) = (self.item(kind), self.index);
        match kind {
            Kind::Reasoning => {
                let item = json!({"id": id, "type": "reasoning", "summary": []});
                self.event("response.output_item.added", json!({"output_index": index, "item": item}), out);
                let part = json!({"item_id": id, "output_index": index, "summary_index": 0,
                    "part": {"type": "summary_text", "text": ""}});
                self.event("response.reasoning_summary_part.added", part, out);
            }
            Kind::Text => {
                let item = json!({"id": id, "type": "message", "status": "in_progress", "role": "assistant", "content": []});
                self.event("response.output_item.added", json!({"output_index": index, "item": item}), out);
                let part = json!({"item_id": id, "output_index": index, "content_index": 0,
                    "part": {"type": "output_text", "text": "", "annotations": []}});
                self.event("response.content_part.added", part, out);
                // An empty delta first, as real streams have it: it must stop no clock.
                self.delta(Kind::Text, "", out);
            }
        }
    }

    fn delta(&mut self, kind: Kind, text: &str, out: &mut Events) {
        let (id, index) = (self.item(kind), self.index);
        match kind {
            Kind::Reasoning => {
                let data = json!({"item_id": id, "output_index": index, "summary_index": 0, "delta": text});
                self.event("response.reasoning_summary_text.delta", data, out);
            }
            Kind::Text => {
                let data = json!({"item_id": id, "output_index": index, "content_index": 0, "delta": text, "logprobs": []});
                self.event("response.output_text.delta", data, out);
            }
        }
    }

    /// Closes the open item; its whole text is repeated, as the real API does.
    fn finish(&mut self, out: &mut Events) {
        let Some(kind) = self.open.take() else { return };
        let (id, index, said) = (self.item(kind), self.index, std::mem::take(&mut self.said));
        match kind {
            Kind::Reasoning => {
                let done = json!({"item_id": id, "output_index": index, "summary_index": 0, "text": said});
                self.event("response.reasoning_summary_text.done", done, out);
                let item = json!({"id": id, "type": "reasoning", "summary": [{"type": "summary_text", "text": said}]});
                self.event("response.output_item.done", json!({"output_index": index, "item": item}), out);
            }
            Kind::Text => {
                let done = json!({"item_id": id, "output_index": index, "content_index": 0, "text": said});
                self.event("response.output_text.done", done, out);
                let part = json!({"type": "output_text", "text": said, "annotations": []});
                let done = json!({"item_id": id, "output_index": index, "content_index": 0, "part": part});
                self.event("response.content_part.done", done, out);
                let item = json!({"id": id, "type": "message", "status": "completed", "role": "assistant", "content": [part]});
                self.event("response.output_item.done", json!({"output_index": index, "item": item}), out);
            }
        }
        self.index += 1;
    }
}

impl Tongue for Responses {
    fn open(&mut self, out: &mut Events) {
        for kind in ["response.created", "response.in_progress"] {
            let response = self.response("in_progress");
            self.event(kind, json!({ "response": response }), out);
        }
        // Undocumented and real: clients with a closed list of events break here.
        self.event("keepalive", json!({}), out);
    }

    fn say(&mut self, kind: Kind, text: &str, _tokens: u64, out: &mut Events) {
        if self.open != Some(kind) {
            self.finish(out);
            self.begin(kind, out);
        }
        self.said.push_str(text);
        self.delta(kind, text, out);
    }

    fn close(&mut self, end: Ending, out: &mut Events) {
        self.finish(out);
        if !self.facts.done {
            return;
        }
        let (kind, status) = if end.full {
            ("response.incomplete", "incomplete")
        } else {
            ("response.completed", "completed")
        };
        let mut response = self.response(status);
        if let Value::Object(map) = &mut response {
            if end.full {
                map.insert("incomplete_details".into(), json!({"reason": "max_output_tokens"}));
            }
            if self.facts.usage {
                let (input, output) = (self.facts.input + self.facts.cached, end.text + end.reasoning);
                map.insert(
                    "usage".into(),
                    json!({"input_tokens": input,
                        "input_tokens_details": {"cached_tokens": self.facts.cached, "cache_write_tokens": 0},
                        "output_tokens": output,
                        "output_tokens_details": {"reasoning_tokens": end.reasoning},
                        "total_tokens": input + output}),
                );
            }
        }
        self.event(kind, json!({ "response": response }), out);
    }

    fn fault(&mut self, out: &mut Events) {
        self.event("error", json!({"code": "server_overloaded", "message": BREAKDOWN, "param": null}), out);
    }
}
