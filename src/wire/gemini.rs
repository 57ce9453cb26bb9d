//! Placeholder.

use serde_json::Value;

use super::{Call, Dialect, Framing, Reader};
use crate::model::Fault;

pub struct Gemini;

impl Dialect for Gemini {
    fn id(&self) -> &'static str {
        "gemini"
    }

    fn framing(&self) -> Framing {
        Framing::Sse
    }

    fn path(&self, _call: &Call<'_>) -> String {
        String::new()
    }

    fn encode(&self, _call: &Call<'_>) -> Result<Value, Fault> {
        Ok(Value::Null)
    }

    fn reader(&self) -> Box<dyn Reader> {
        unimplemented!()
    }
}
