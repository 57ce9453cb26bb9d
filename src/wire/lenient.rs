//! Reading what servers send, not what they promise: counts that may be
//! nonsense, events that may be broken, lines that belong to nothing.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::Frame;
use super::error::{page_title, stream_fault};
use crate::model::Class;
use crate::model::Delta;
use crate::model::Fault;

/// No model has a window of a million million tokens: more is nonsense, not a count.
const MAX_COUNT: u64 = 1_000_000_000_000;
/// Broken events in a row that are passed over before the stream is given up.
const MAX_BROKEN: u32 = 3;
/// Bytes of stray lines kept: an error document is below 10 KiB, an HTML page shows its title early.
const MAX_STRAY: usize = 64 << 10;

/// A token count. Negative, fractional, huge or not a number is "not told".
pub(super) fn count(value: Option<&Value>) -> Option<u64> {
    value.and_then(Value::as_u64).filter(|n| *n <= MAX_COUNT)
}

/// A length of time given as a number of `unit`s; nonsense is `None`.
pub(super) fn time(value: Option<&Value>, unit: Duration) -> Option<Duration> {
    let seconds = value?.as_f64()? * unit.as_secs_f64();
    Duration::try_from_secs_f64(seconds).ok()
}

/// A string that says something.
pub(super) fn word(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).filter(|s| !s.is_empty()).map(str::to_owned)
}

/// The fault that an event named `error` states: wrapped, flat, or a bare sentence.
pub(super) fn error_event(data: Value) -> Fault {
    stream_fault(&data).or_else(|| stream_fault(&Value::from_iter([("error", data)]))).unwrap_or_else(|| {
        Fault::new(Class::Overloaded, "the server ended the answer with an error and did not say which")
    })
}

/// Passes over broken JSON: one event cut by a proxy need not cost the answer,
/// a stream of them is another protocol.
#[derive(Default)]
pub(super) struct Patience {
    broken: u32,
}

impl Patience {
    /// The document, or `None` when it is broken and was passed over, which is counted.
    pub(super) fn parse<'a, T: Deserialize<'a>>(
        &mut self,
        data: &'a str,
        out: &mut Vec<Delta>,
    ) -> Result<Option<T>, Fault> {
        match serde_json::from_str(data) {
            Ok(value) => {
                self.broken = 0;
                Ok(Some(value))
            }
            Err(e) => {
                self.broken += 1;
                // Too deep is never an accident of the network.
                if self.broken >= MAX_BROKEN || e.to_string().starts_with("recursion limit") {
                    return Err(Fault::new(
                        Class::Garbled,
                        format!("the stream holds no readable JSON: {e}"),
                    ));
                }
                out.push(Delta::Skipped);
                Ok(None)
            }
        }
    }

    /// A document was read by other means.
    pub(super) fn calm(&mut self) {
        self.broken = 0;
    }
}

/// Collects the lines that belong to no framing, since errors hide in them.
#[derive(Default)]
pub(super) struct Strays {
    text: String,
}

impl Strays {
    pub(super) fn push(&mut self, line: &str) {
        if self.text.len() + line.len() < MAX_STRAY {
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    /// The name and the data of an event; keeps what is none.
    pub(super) fn sift<'f>(&mut self, frame: &'f Frame) -> Option<(&'f str, &'f str)> {
        match frame {
            Frame::Event { name, data } => Some((name.as_str(), data.trim())),
            Frame::Line(line) => Some(("", line.trim())),
            Frame::Stray(line) => {
                self.push(line);
                None
            }
            Frame::Alive => None,
        }
    }

    /// The fault that the collected lines state when the bytes have ended.
    pub(super) fn fault(&self) -> Option<Fault> {
        let text = self.text.trim();
        let (before, json) =
            text.find(['{', '[']).and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""));
        // Noise may stand around the document: only its first value is read.
        let mut values = serde_json::Deserializer::from_str(json).into_iter::<Value>();
        if let Some(Ok(value)) = values.next() {
            // Older llama.cpp servers write `error: {...}` as a field of its own.
            let named = before.trim_end().ends_with("error:");
            return if named { Some(error_event(value)) } else { stream_fault(&value) };
        }
        text.starts_with('<').then(|| {
            let title = page_title(text).unwrap_or_else(|| "no title".to_owned());
            Fault::new(Class::Garbled, format!("a web page came instead of an event stream: {title}"))
        })
    }
}
