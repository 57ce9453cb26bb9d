//! OpenAI Chat Completions: data-only events and `[DONE]`.

use serde_json::Value;
use serde_json::json;

use crate::model::Kind;

use super::{BREAKDOWN, CREATED, Ending, Events, Facts, Tongue};

pub struct Chat {
    facts: Facts,
}

impl Chat {
    pub fn new(facts: Facts) -> Self {
        Self { facts }
    }

    fn chunk(&self, choices: &Value, usage: &Value) -> Value {
        json!({"id": format!("chatcmpl-{}", self.facts.id), "object": "chat.completion.chunk", "created": CREATED,
            "model": self.facts.model, "system_fingerprint": "fp_demo", "choices": choices, "usage": usage})
    }

    fn delta(&self, delta: &Value, finish: Option<&str>, out: &mut Events) {
        let choices = json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]);
        out.sse(None, &self.chunk(&choices, &Value::Null));
    }
}

impl Tongue for Chat {
    fn open(&mut self, out: &mut Events) {
        out.raw(": simulated\n\n");
        self.delta(&json!({"role": "assistant", "content": ""}), None, out);
    }

    fn say(&mut self, kind: Kind, text: &str, _tokens: u64, out: &mut Events) {
        match kind {
            Kind::Text => self.delta(&json!({ "content": text }), None, out),
            Kind::Reasoning => self.delta(&json!({ "reasoning_content": text }), None, out),
        }
    }

    fn close(&mut self, end: Ending, out: &mut Events) {
        self.delta(&json!({}), Some(if end.full { "length" } else { "stop" }), out);
        if self.facts.usage {
            let (input, output) = (self.facts.input + self.facts.cached, end.text + end.reasoning);
            let usage = json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
                "prompt_tokens_details": {"cached_tokens": self.facts.cached},
                "completion_tokens_details": {"reasoning_tokens": end.reasoning}});
            out.sse(None, &self.chunk(&json!([]), &usage));
        }
        if self.facts.done {
            out.raw("data: [DONE]\n\n");
        }
    }

    fn fault(&mut self, out: &mut Events) {
        let error =
            json!({"message": BREAKDOWN, "type": "server_error", "param": null, "code": "server_overloaded"});
        out.sse(None, &json!({ "error": error }));
    }
}
