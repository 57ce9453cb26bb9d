//! What the server really did and when, to hold a client's clocks against.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Instant;

/// One request and its response. Marks of writing are taken just BEFORE the
/// write, so no honest client can have seen the bytes earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Which connection, from 1; equal numbers mean that it was reused.
    pub connection: u64,
    /// The provider id that the request's protocol belongs to.
    pub provider: &'static str,
    pub model: String,
    pub path: String,
    /// Names in lower case.
    pub request_headers: Vec<(String, String)>,
    /// At most its first 64 KiB.
    pub request_body: Vec<u8>,
    /// The request was read to its end.
    pub received: Instant,
    /// Status of the response; `None` when no headers were sent.
    pub status: Option<u16>,
    pub headers: Option<Instant>,
    pub first_reasoning: Option<Instant>,
    pub first_text: Option<Instant>,
    /// The last write so far.
    pub last: Option<Instant>,
    /// Tokens of text and reasoning written so far.
    pub tokens: u64,
    /// The client was seen to leave before the response was whole.
    pub left: Option<Instant>,
    /// Nothing more is going to happen.
    pub over: bool,
}

impl Sent {
    /// The first token of any kind.
    #[must_use]
    pub fn first(&self) -> Option<Instant> {
        [self.first_reasoning, self.first_text].into_iter().flatten().min()
    }
}

/// Older requests are forgotten, so that a demo left running does not grow.
const MOST: usize = 4096;
pub const MOST_BODY: usize = 64 << 10;

/// The log of a server.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<Mutex<VecDeque<Note>>>);

impl Log {
    pub fn add(&self, sent: Sent) -> Note {
        let note = Note(Arc::new(Mutex::new(sent)));
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == MOST {
            all.pop_front();
        }
        all.push_back(note.clone());
        note
    }

    pub fn read(&self) -> Vec<Sent> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|n| n.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).collect()
    }
}

/// The entry of one request, written while it is answered.
#[derive(Debug, Clone)]
pub struct Note(Arc<Mutex<Sent>>);

impl Note {
    pub fn mark(&self, change: impl FnOnce(&mut Sent)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
