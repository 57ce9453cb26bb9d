//! The response streams of the six protocols. Bytes only: no socket, no clock.
//!
//! ```text
//!   open -> say -> say -> ... -> close            a whole answer
//!                          \---> fault            the protocol's own error
//! ```

mod chat;
mod converse;
mod gemini;
mod messages;
mod ollama;
mod responses;

use std::time::Duration;

use serde_json::Value;

use crate::model::Kind;

use super::cast::Wire;

/// What is known about an answer before its first token.
#[derive(Debug, Clone)]
pub struct Facts {
    pub model: String,
    /// Unique in this server.
    pub id: String,
    /// Prompt tokens, without those read from a cache.
    pub input: u64,
    pub cached: u64,
    /// Whether counts are sent.
    pub usage: bool,
    /// Whether the end marker is sent.
    pub done: bool,
    /// A fault outside the protocol's frames (Gemini).
    pub bare: bool,
}

/// How an answer ends.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    /// The token limit was reached.
    pub full: bool,
    /// Tokens of text and of reasoning that were said.
    pub text: u64,
    pub reasoning: u64,
    /// From the request to now, and from the first token to now.
    pub total: Duration,
    pub spoken: Duration,
}

/// Events in order; each is written and flushed on its own.
#[derive(Debug, Default)]
pub struct Events(pub Vec<Vec<u8>>);

impl Events {
    /// One server-sent event.
    fn sse(&mut self, name: Option<&str>, data: &Value) {
        self.0.push(match name {
            Some(name) => format!("event: {name}\ndata: {data}\n\n").into_bytes(),
            None => format!("data: {data}\n\n").into_bytes(),
        });
    }

    fn raw(&mut self, text: &str) {
        self.0.push(text.as_bytes().to_vec());
    }
}

/// One protocol, telling one answer.
pub trait Tongue: Send {
    fn content_type(&self) -> &'static str {
        "text/event-stream; charset=utf-8"
    }
    /// What comes with the headers or soon after, before any token.
    fn open(&mut self, out: &mut Events);
    /// `tokens` is the number of them in `text`.
    fn say(&mut self, kind: Kind, text: &str, tokens: u64, out: &mut Events);
    fn close(&mut self, end: Ending, out: &mut Events);
    /// The protocol's own error in the middle of an answer.
    fn fault(&mut self, out: &mut Events);
}

/// The tongue of a wire.
pub fn tongue(wire: Wire, facts: Facts) -> Box<dyn Tongue> {
    match wire {
        Wire::Responses => Box::new(responses::Responses::new(facts)),
        Wire::Chat => Box::new(chat::Chat::new(facts)),
        Wire::Messages => Box::new(messages::Messages::new(facts)),
        Wire::Gemini => Box::new(gemini::Gemini::new(facts)),
        Wire::Converse => Box::new(converse::Converse::new(facts)),
        Wire::Ollama => Box::new(ollama::Ollama::new(facts)),
    }
}

/// Words of a fault in mid-answer.
const BREAKDOWN: &str = "the simulated server is overloaded and gave up in the middle of the answer";

/// A fixed date: the demo's answers are the same every day.
const CREATED: u64 = 1_795_430_400;
