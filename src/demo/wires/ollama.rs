//! Ollama: one JSON object a line; the last one has the counts, and times in nanoseconds.

use serde_json::Value;
use serde_json::json;

use crate::model::Kind;

use super::{BREAKDOWN, Ending, Events, Facts, Tongue};

/// Time a real server would spend on loading; a part of the wait for the first token.
const LOAD_NS: u64 = 50_000_000;

pub struct Ollama {
    facts: Facts,
}

impl Ollama {
    pub fn new(facts: Facts) -> Self {
        Self { facts }
    }

    fn line(&self, message: &Value) -> Value {
        json!({"model": self.facts.model, "created_at": "2026-11-23T10:00:00.000000Z", "message": message, "done": false})
    }
}

impl Tongue for Ollama {
    fn content_type(&self) -> &'static str {
        "application/x-ndjson"
    }

    fn open(&mut self, _out: &mut Events) {}

    fn say(&mut self, kind: Kind, text: &str, _tokens: u64, out: &mut Events) {
        let message = match kind {
            Kind::Text => json!({"role": "assistant", "content": text}),
            Kind::Reasoning => json!({"role": "assistant", "content": "", "thinking": text}),
        };
        out.raw(&format!("{}\n", self.line(&message)));
    }

    fn close(&mut self, end: Ending, out: &mut Events) {
        if !self.facts.done {
            return;
        }
        let nanos = |d: std::time::Duration| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX);
        let mut last = self.line(&json!({"role": "assistant", "content": ""}));
        if let Some(map) = last.as_object_mut() {
            map.insert("done".into(), true.into());
            map.insert("done_reason".into(), if end.full { "length" } else { "stop" }.into());
            map.insert("total_duration".into(), nanos(end.total).into());
            if self.facts.usage {
                let waited = nanos(end.total.saturating_sub(end.spoken));
                let load = waited.min(LOAD_NS);
                for (name, value) in [
                    ("load_duration", load),
                    ("prompt_eval_count", self.facts.input),
                    ("prompt_eval_duration", waited - load),
                    ("eval_count", end.text + end.reasoning),
                    ("eval_duration", nanos(end.spoken)),
                ] {
                    map.insert(name.into(), value.into());
                }
            }
        }
        out.raw(&format!("{last}\n"));
    }

    fn fault(&mut self, out: &mut Events) {
        out.raw(&format!("{}\n", json!({ "error": BREAKDOWN })));
    }
}
