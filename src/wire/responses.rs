//! Placeholder.

use serde_json::Value;

use super::{Call, Dialect, Framing, Reader};
use crate::model::Fault;

pub struct Responses;

impl Dialect for Responses {
    fn id(&self) -> &'static str {
        "responses"
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
