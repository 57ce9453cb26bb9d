//! Floor 1: bytes to meaning and back. Pure: no clock, no socket.
//!
//! A [`Dialect`] says how a [`Call`] becomes a body and a path, and makes a
//! [`Reader`] that turns [`Frame`]s into [`Delta`]s. A [`Framing`] cuts bytes
//! into frames; [`Decoder`] joins the two, so that the engine only pushes bytes.
//!
//! Tolerance is the rule: unknown events, unknown enum values, nulls and extra
//! fields are normal and pass.

mod accepts;
mod carry;
mod chat;
mod common;
mod converse;
mod error;
mod fit;
mod gemini;
mod header_facts;
mod header_times;
mod images;
mod lenient;
mod messages;
mod ndjson;
mod ollama;
mod responses;
mod sse;

use serde_json::Value;

use crate::model::Delta;
use crate::model::Fault;
use crate::model::Params;
use crate::model::Prompt;

pub use accepts::{Taken, accepts};
pub use carry::{Carried, Pair, WireTakes, record};
pub use chat::Chat;
pub use common::{Target, common};
pub use converse::{Converse, ConverseReader};
pub use error::{Head, explain};
pub use fit::fit;
pub use gemini::{Gemini, segment};
pub use header_facts::header_facts;
pub use header_times::header_times;
pub use images::without_images;
pub use messages::{Messages, RawPredict};
pub use ollama::{Ollama, unsaid_window};
pub use responses::Responses;

/// One unit of framing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A server-sent event: its name (empty when unnamed) and its joined data lines.
    Event { name: String, data: String },
    /// One line of NDJSON.
    Line(String),
    /// A line that belongs to no framing. Errors hide here: Gemini appends a bare
    /// JSON object after its last event (`wire-protocols` §8).
    Stray(String),
    /// A comment or keep-alive: proof of life, nothing more.
    Alive,
}

/// How bytes are cut into frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Sse,
    Ndjson,
    /// AWS's binary event stream; the SDK's own client cuts it.
    EventStream,
}

/// Which field carries the token limit on Chat Completions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MaxField {
    /// OpenAI: reasoning models refuse `max_tokens`.
    #[default]
    MaxCompletionTokens,
    /// Most compatible servers know only this one.
    MaxTokens,
}

/// The few ways in which servers that speak one dialect differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quirks {
    pub max_field: MaxField,
    /// The role of the system text on Chat: `developer` instead of `system`.
    pub developer_role: bool,
    /// Leave out OpenAI's own extras (`include_obfuscation`).
    pub plain: bool,
    /// Leave out `stream_options` altogether: usage comes unasked and unknown
    /// fields are a 422 (Mistral, `wire-protocols` §9).
    pub no_stream_options: bool,
    /// Beginnings of the models that must be told to keep their reasoning out of the
    /// text (`reasoning_format`, Groq, `wire-protocols` §11); others refuse the field.
    pub parsed_reasoning: &'static [&'static str],
}

/// What a dialect encodes.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// As the request carries it.
    pub model: &'a str,
    /// What model that is, where the request carries another name for it; else the same.
    pub is: &'a str,
    pub prompt: &'a Prompt,
    pub params: &'a Params,
    pub quirks: Quirks,
}

/// How far a stream has come, as its dialect sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More must come; an end of bytes here is a cut.
    Open,
    /// A terminal reason was seen; more (usage) may come, an end of bytes is fine.
    Stopped,
    /// Nothing more will come; the connection may be closed.
    Closed,
}

impl Progress {
    /// Of a stream whose end and whose reason to stop are seen apart.
    fn of(closed: bool, stopped: bool) -> Self {
        match (closed, stopped) {
            (true, _) => Self::Closed,
            (false, true) => Self::Stopped,
            (false, false) => Self::Open,
        }
    }
}

/// A wire protocol: how to ask and how to read.
pub trait Dialect: Send + Sync {
    /// Short name used by fixtures and docs: `chat`, `responses`, `messages`...
    fn id(&self) -> &'static str;

    fn framing(&self) -> Framing;

    /// Path and query below the API's own prefix, starting with `/`.
    fn path(&self, call: &Call<'_>) -> String;

    /// The request body.
    ///
    /// # Errors
    /// [`Fault`] of class `Setup` when the dialect cannot carry the call.
    fn encode(&self, call: &Call<'_>) -> Result<Value, Fault>;

    /// Headers that name the protocol's version for this call, lower case.
    fn headers(&self, _call: &Call<'_>) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// What this wire can carry for a model; [`fit`] keeps calls within it, so that
    /// `encode` has nothing to refuse.
    fn takes(&self, _model: &str) -> WireTakes {
        WireTakes::all(self.id())
    }

    /// The limit that a call without one is sent with, in tokens, where the wire wants one.
    fn usual_limit(&self) -> Option<u32> {
        None
    }

    /// Where the body holds each parameter, for the [`record`].
    fn carries(&self) -> &'static [Carried] {
        &[]
    }

    fn reader(&self) -> Box<dyn Reader>;
}

/// Memory of one stream.
pub trait Reader: Send {
    /// Reads one frame.
    ///
    /// # Errors
    /// The fault that the server reported inside the stream, or `Garbled`.
    fn read(&mut self, frame: &Frame, out: &mut Vec<Delta>) -> Result<(), Fault>;

    /// Reads a whole, non-streamed JSON answer: some servers ignore `stream`.
    ///
    /// # Errors
    /// The fault it states, or `Garbled` when it is not an answer of this dialect.
    fn read_whole(&mut self, body: &Value, out: &mut Vec<Delta>) -> Result<(), Fault>;

    fn progress(&self) -> Progress;

    /// Called once when the bytes end: a fault hidden in what was collected.
    fn at_end(&mut self) -> Option<Fault> {
        None
    }
}

/// A framing and a reader joined: bytes in, deltas out.
pub struct Decoder {
    framing: Cutter,
    reader: Box<dyn Reader>,
    frames: Vec<Frame>,
}

enum Cutter {
    Sse(sse::Sse),
    Ndjson(ndjson::Ndjson),
}

impl Decoder {
    /// A decoder at the start of a stream. A dialect in AWS's event stream is cut by
    /// the SDK in the program; here its events are read as server-sent events of the
    /// same names, which is how fixtures write them.
    #[must_use]
    pub fn new(dialect: &dyn Dialect) -> Self {
        let framing = match dialect.framing() {
            Framing::Ndjson => Cutter::Ndjson(ndjson::Ndjson::default()),
            Framing::Sse | Framing::EventStream => Cutter::Sse(sse::Sse::default()),
        };
        Self { framing, reader: dialect.reader(), frames: Vec::new() }
    }

    /// Pushes bytes as they came; deltas are appended to `out`.
    ///
    /// # Errors
    /// The first fault; deltas read before it are in `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<Delta>) -> Result<(), Fault> {
        let cut = match &mut self.framing {
            Cutter::Sse(s) => s.push(bytes, &mut self.frames),
            Cutter::Ndjson(n) => n.push(bytes, &mut self.frames),
        };
        self.drain(out)?;
        cut
    }

    /// The bytes ended. `Ok` means that the dialect itself had said so before.
    ///
    /// # Errors
    /// The fault hidden in the last bytes, or `Cut`.
    pub fn end(&mut self, out: &mut Vec<Delta>) -> Result<(), Fault> {
        match &mut self.framing {
            Cutter::Sse(s) => s.end(&mut self.frames),
            Cutter::Ndjson(n) => n.end(&mut self.frames),
        }
        self.drain(out)?;
        if let Some(fault) = self.reader.at_end() {
            return Err(fault);
        }
        match self.progress() {
            Progress::Open => {
                Err(Fault::new(crate::model::Class::Cut, "the stream ended before the answer was complete"))
            }
            Progress::Stopped | Progress::Closed => Ok(()),
        }
    }

    #[must_use]
    pub fn progress(&self) -> Progress {
        self.reader.progress()
    }

    /// Reads a whole JSON body instead of a stream.
    ///
    /// # Errors
    /// See [`Reader::read_whole`].
    pub fn whole(&mut self, body: &Value, out: &mut Vec<Delta>) -> Result<(), Fault> {
        self.reader.read_whole(body, out)
    }

    fn drain(&mut self, out: &mut Vec<Delta>) -> Result<(), Fault> {
        let mut frames = std::mem::take(&mut self.frames);
        let mut result = Ok(());
        for frame in frames.drain(..) {
            if self.reader.progress() == Progress::Closed {
                break; // text after the end is not the answer's
            }
            result = self.reader.read(&frame, out);
            if result.is_err() {
                break;
            }
        }
        frames.clear();
        self.frames = frames;
        result
    }
}
