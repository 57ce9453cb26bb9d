//! Ollama's own `/api/chat` (`wire-protocols` §12): one JSON object a line, with
//! the server's timings, which its OpenAI route leaves out.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::error::stream_fault;
use super::lenient::{Patience, Strays, count, time, word};
use super::{Call, Carried, Dialect, Frame, Framing, Pair, Progress, Reader, WireTakes};
use crate::model::Class;
use crate::model::Delta;
use crate::model::Effort;
use crate::model::Fate;
use crate::model::Fault;
use crate::model::Image;
use crate::model::Params;
use crate::model::Parity;
use crate::model::Role;
use crate::model::Served;
use crate::model::Stop;
use crate::model::Thinking;
use crate::model::UNASKED;
use crate::model::Usage;

/// Durations of the last line, in nanoseconds, and our names for them.
const TIMES: [(&str, &str); 4] = [
    ("load", "load_duration"),
    ("prompt", "prompt_eval_duration"),
    ("generation", "eval_duration"),
    ("total", "total_duration"),
];

pub struct Ollama;

impl Dialect for Ollama {
    fn id(&self) -> &'static str {
        "ollama"
    }

    fn framing(&self) -> Framing {
        Framing::Ndjson
    }

    fn path(&self, _call: &Call<'_>) -> String {
        "/api/chat".to_owned()
    }

    fn encode(&self, call: &Call<'_>) -> Result<Value, Fault> {
        let system = call.prompt.system.iter().map(|s| json!({"role": "system", "content": s}));
        let turns = call.prompt.turns.iter().map(|t| {
            let role = match t.role {
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            let images: Vec<_> = t.images().map(Image::base64).collect();
            if images.is_empty() {
                json!({"role": role, "content": t.sent_text()})
            } else {
                json!({"role": role, "content": t.sent_text(), "images": images})
            }
        });
        let mut body = Map::new();
        body.insert("model".into(), call.model.into());
        body.insert("messages".into(), system.chain(turns).collect());
        if let Some(think) = think(call.params)? {
            body.insert("think".into(), think);
        }
        body.insert("stream".into(), true.into());
        let mut options = Map::new();
        if let Some(n) = call.params.max_tokens {
            options.insert("num_predict".into(), n.into());
        }
        if let Some(t) = call.params.temperature {
            options.insert("temperature".into(), t.into());
        }
        if let Some(tokens) = window(call) {
            options.insert("num_ctx".into(), tokens.into());
        }
        if !options.is_empty() {
            body.insert("options".into(), options.into());
        }
        Ok(Value::Object(body))
    }

    fn takes(&self, _model: &str) -> WireTakes {
        const LEVELS: &[Effort] = &[Effort::None, Effort::Low, Effort::Medium, Effort::High, Effort::Max];
        let mut wire = WireTakes::all("Ollama");
        wire.takes.efforts = LEVELS;
        wire.takes.thinking.budget = None;
        wire.pair = Pair::OneField;
        wire
    }

    fn carries(&self) -> &'static [Carried] {
        const CARRIED: [Carried; 5] = [
            Carried { unasked: TOO_LONG, ..Carried::new("num_ctx", &["/options/num_ctx"]) },
            Carried::new("max_tokens", &["/options/num_predict"]),
            Carried::new("temperature", &["/options/temperature"]),
            Carried::new("reasoning_effort", &["/think"]),
            Carried::new("thinking", &["/think"]),
        ];
        &CARRIED
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(OllamaReader::default())
    }
}

/// The window that a long prompt needs, in tokens; `None` where the server's own will do.
///
/// Ollama's default is 4096 on machines with little memory, and the beginning of a longer
/// prompt is dropped silently (docs.ollama.com/context-length). A request that names another
/// window loads the model anew, so it is named only where it must be, in powers of two.
fn window(call: &Call<'_>) -> Option<u64> {
    const USUAL: u64 = 4096;
    /// Set aside for an answer of which nobody said how long it may be.
    const ANSWER: u64 = 1024;
    /// Set aside for a picture: most models make some hundreds of tokens of one, some more.
    const IMAGE: u64 = 2048;
    let words: u64 = call.prompt.texts().map(|text| most_tokens(&text)).sum();
    let prompt = call.prompt.images().fold(words, |sum, _| sum.saturating_add(IMAGE));
    // Where text and answer together are too long, the server drops the text's beginning.
    let needed = prompt.saturating_add(call.params.max_tokens.map_or(ANSWER, u64::from));
    (needed > USUAL).then(|| needed.checked_next_power_of_two().unwrap_or(u64::MAX))
}

/// More tokens than a text has: words have at least two letters to a token, digits and
/// signs may be one each, and other scripts one for every byte.
fn most_tokens(text: &str) -> u64 {
    let letters = text.bytes().filter(|b| b.is_ascii_alphabetic() || *b == b' ').count();
    let most = letters.div_ceil(2) + (text.len() - letters);
    u64::try_from(most).unwrap_or(u64::MAX)
}

/// What cannot be asked of Ollama's OpenAI route, where a prompt would need it: a window
/// (`wire-protocols` §12).
#[must_use]
pub fn unsaid_window(call: &Call<'_>) -> Option<Parity> {
    window(call).map(|_| Parity {
        param: "num_ctx".into(),
        asked: UNASKED.to_owned(),
        sent: None,
        fate: Fate::Dropped,
        why: format!("{TOO_LONG}; this route cannot name a larger window: use api=ollama"),
    })
}

/// Why a window is named.
const TOO_LONG: &str = "the prompt and its answer may not fit the usual window of 4096 tokens, and Ollama cuts what \
                        does not fit without a word";

/// One field carries both wishes: false, true, or how hard.
fn think(params: &Params) -> Result<Option<Value>, Fault> {
    let level = match params.effort {
        None => None,
        Some(Effort::None) => Some(Value::from(false)),
        Some(e @ (Effort::Low | Effort::Medium | Effort::High | Effort::Max)) => Some(e.word().into()),
        Some(e @ (Effort::Minimal | Effort::XHigh)) => {
            return Err(Fault::new(
                Class::Setup,
                format!(
                    "Ollama has no reasoning_effort {}: it takes none, low, medium, high or max",
                    e.word()
                ),
            ));
        }
    };
    let switch = match params.thinking {
        None => None,
        Some(Thinking::Off) => Some(false),
        Some(Thinking::On) => Some(true),
        Some(Thinking::Budget(_)) => {
            return Err(Fault::new(Class::Setup, "Ollama has no thinking budget in tokens: use on or off")
                .hint("use thinking=on, or reasoning_effort low, medium, high or max"));
        }
    };
    match (switch, level) {
        (Some(switch), Some(level)) if switch == (level == false) => Err(Fault::new(
            Class::Setup,
            "thinking and reasoning_effort contradict each other: Ollama takes one of them",
        )),
        (_, Some(level)) => Ok(Some(level)),
        (switch, None) => Ok(switch.map(Value::from)),
    }
}

#[derive(Default)]
struct OllamaReader {
    patience: Patience,
    strays: Strays,
    named: bool,
    done: bool,
}

impl Reader for OllamaReader {
    fn read(&mut self, frame: &Frame, out: &mut Vec<Delta>) -> Result<(), Fault> {
        match frame {
            Frame::Line(line) => match self.patience.parse::<Value>(line, out)? {
                Some(value) => self.line(&value, out)?,
                // A broken line may be the first of a web page.
                None => self.strays.push(line),
            },
            Frame::Stray(line) => self.strays.push(line),
            Frame::Event { .. } | Frame::Alive => {}
        }
        Ok(())
    }

    fn read_whole(&mut self, body: &Value, out: &mut Vec<Delta>) -> Result<(), Fault> {
        if let Some(fault) = stream_fault(body) {
            return Err(fault);
        }
        if body.get("message").is_none() {
            return Err(Fault::new(Class::Garbled, "the reply is JSON, but not a chat answer of Ollama"));
        }
        self.line(body, out)?;
        if self.done { Ok(()) } else { Err(Fault::new(Class::Cut, "the reply does not say that it is done")) }
    }

    fn progress(&self) -> Progress {
        // The line that says `done` is the last one and holds the usage.
        if self.done { Progress::Closed } else { Progress::Open }
    }

    fn at_end(&mut self) -> Option<Fault> {
        self.strays.fault()
    }
}

impl OllamaReader {
    fn line(&mut self, value: &Value, out: &mut Vec<Delta>) -> Result<(), Fault> {
        if let Some(fault) = stream_fault(value) {
            return Err(fault);
        }
        let message = value.get("message");
        out.extend(word(message.and_then(|m| m.get("thinking"))).map(Delta::Reasoning));
        out.extend(word(message.and_then(|m| m.get("content"))).map(Delta::Text));
        self.done = value.get("done").and_then(Value::as_bool).unwrap_or(false);
        let mut served = Served::default();
        if !self.named {
            served.model = word(value.get("model"));
            self.named = served.model.is_some();
        }
        if self.done {
            let nanosecond = Duration::from_nanos(1);
            served.times = TIMES
                .iter()
                .filter_map(|(name, field)| Some(((*name).into(), time(value.get(*field), nanosecond)?)))
                .collect();
        }
        if served != Served::default() {
            out.push(Delta::Served(Box::new(served)));
        }
        if self.done {
            finish(value, out);
        }
        Ok(())
    }
}

fn finish(value: &Value, out: &mut Vec<Delta>) {
    // Zeros are left out, and so is the count of a prompt that was still in memory:
    // absent is "not told", never zero.
    let raw: Map<String, Value> = ["prompt_eval_count", "eval_count"]
        .into_iter()
        .chain(TIMES.iter().map(|(_, field)| *field))
        .filter_map(|field| Some((field.to_owned(), value.get(field)?.clone())))
        .collect();
    if !raw.is_empty() {
        out.push(Delta::Usage(Box::new(Usage {
            input: count(raw.get("prompt_eval_count")),
            output: count(raw.get("eval_count")),
            raw: Some(Value::Object(raw)),
            ..Usage::default()
        })));
    }
    if let Some(reason) = word(value.get("done_reason")) {
        let stop = match reason.as_str() {
            "stop" => Stop::Natural,
            "length" => Stop::Length,
            // `load` and `unload` answer a call without messages.
            _ => Stop::Other,
        };
        out.push(Delta::Stop(stop, reason));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_nested_without_end_is_a_fault_and_no_overflow() {
        let data = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
        let frame = Frame::Line(data);
        let fault = Ollama.reader().read(&frame, &mut Vec::new()).unwrap_err();
        assert_eq!(fault.class, Class::Garbled);
    }
}
