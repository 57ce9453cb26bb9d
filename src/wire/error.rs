//! What an error response says, in any provider's shape.

use serde_json::Value;

use crate::model::Class;
use crate::model::Fault;

/// The parts of a response head that an error may be read from; names in lower case.
#[derive(Debug, Clone, Default)]
pub struct Head {
    pub status: u16,
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The first header with this lower-case name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// The fault that a response with a status other than 2xx states (placeholder).
#[must_use]
pub fn explain(head: &Head, _body: &[u8]) -> Fault {
    Fault::new(Class::Refused, "refused").status(head.status)
}

/// The fault inside an `{"error": ...}` document found in a stream that began with 200.
#[must_use]
pub(super) fn stream_fault(value: &Value) -> Option<Fault> {
    let error = value.get("error").filter(|e| !e.is_null())?;
    Some(Fault::new(Class::Overloaded, error.to_string()))
}
