//! Gemini: data-only events, blank lines with CRLF, cumulative counts in each, no end marker.

use serde_json::Value;
use serde_json::json;

use crate::model::Kind;

use super::{BREAKDOWN, Ending, Events, Facts, Tongue};

pub struct Gemini {
    facts: Facts,
    text: u64,
    thoughts: u64,
}

impl Gemini {
    pub fn new(facts: Facts) -> Self {
        Self { facts, text: 0, thoughts: 0 }
    }

    fn event(&self, candidate: &Value, out: &mut Events) {
        let mut data = json!({"candidates": [candidate]});
        if let Some(map) = data.as_object_mut() {
            if self.facts.usage {
                map.insert("usageMetadata".into(), self.usage());
            }
            map.insert("modelVersion".into(), self.facts.model.clone().into());
            map.insert("responseId".into(), format!("r{}", self.facts.id).into());
        }
        Self::data(&data, out);
    }

    fn data(data: &Value, out: &mut Events) {
        out.raw(&format!("data: {data}\r\n\r\n"));
    }

    fn usage(&self) -> Value {
        let prompt = self.facts.input + self.facts.cached;
        let mut usage =
            json!({"promptTokenCount": prompt, "totalTokenCount": prompt + self.text + self.thoughts});
        if let Some(map) = usage.as_object_mut() {
            for (name, count) in [
                ("candidatesTokenCount", self.text),
                ("thoughtsTokenCount", self.thoughts),
                ("cachedContentTokenCount", self.facts.cached),
            ] {
                // The real API leaves out what is zero.
                if count > 0 {
                    map.insert(name.into(), count.into());
                }
            }
        }
        usage
    }
}

impl Tongue for Gemini {
    /// The first event already carries text.
    fn open(&mut self, _out: &mut Events) {}

    fn say(&mut self, kind: Kind, text: &str, tokens: u64, out: &mut Events) {
        let part = match kind {
            Kind::Text => {
                self.text += tokens;
                json!({ "text": text })
            }
            Kind::Reasoning => {
                self.thoughts += tokens;
                json!({"text": text, "thought": true})
            }
        };
        self.event(&json!({"index": 0, "content": {"role": "model", "parts": [part]}}), out);
    }

    fn close(&mut self, end: Ending, out: &mut Events) {
        // The finish reason is the only sign of the end that there is.
        let reason = match (self.facts.done, end.full) {
            (false, _) => return,
            (true, true) => "MAX_TOKENS",
            (true, false) => "STOP",
        };
        let content = json!({"role": "model", "parts": [{"text": ""}]});
        self.event(&json!({"index": 0, "content": content, "finishReason": reason}), out);
    }

    fn fault(&mut self, out: &mut Events) {
        let error = json!({"error": {"code": 503, "message": BREAKDOWN, "status": "UNAVAILABLE"}});
        if self.facts.bare {
            out.raw(&format!("{error:#}\n"));
        } else {
            Self::data(&error, out);
        }
    }
}
