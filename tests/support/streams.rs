//! Bytes of clouds read to their end, and what came of them beside what was expected.

use std::collections::BTreeMap;
use std::time::Duration;

use bakeoff::model::{Answer, Delta, Fault, Served, Step, Usage};
use bakeoff::wire::{Decoder, Dialect, Head, Progress, explain};
use serde::Deserialize;

/// What came of some bytes: the folded answer, the end, and whether the
/// dialect had called it whole before the bytes ended.
#[derive(Debug, PartialEq)]
pub struct Got {
    pub answer: Answer,
    pub end: Result<(), Fault>,
    pub progress: Progress,
}

/// Feeds `parts` one after the other, then the end.
pub fn feed(dialect: &dyn Dialect, parts: &[&[u8]]) -> Got {
    let mut decoder = Decoder::new(dialect);
    let mut deltas = Vec::new();
    let mut end = Ok(());
    for part in parts {
        end = decoder.push(part, &mut deltas);
        if end.is_err() {
            break;
        }
    }
    let progress = decoder.progress();
    if end.is_ok() {
        end = decoder.end(&mut deltas);
    }
    Got { answer: fold(deltas), end, progress }
}

/// The same bytes whole, one by one, and cut in two at every place: one meaning.
pub fn at_every_cut(name: &str, dialect: &dyn Dialect, bytes: &[u8]) -> Got {
    assert!(bytes.len() < 6 << 10, "{name}: too large to be cut everywhere");
    let whole = feed(dialect, &[bytes]);
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(feed(dialect, &single), whole, "{name}: one byte at a time");
    for at in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(at);
        assert_eq!(feed(dialect, &[head, tail]), whole, "{name}: cut at {at}");
    }
    whole
}

pub fn fold(deltas: Vec<Delta>) -> Answer {
    let empty = |d: &Delta| matches!(d, Delta::Text(t) | Delta::Reasoning(t) if t.is_empty());
    assert!(!deltas.iter().any(empty), "an empty delta is no first token");
    let mut answer = Answer::new(false);
    answer.apply(Duration::ZERO, Step::Sent);
    answer.apply(Duration::ZERO, Step::Deltas(deltas));
    answer
}

/// What a stream says about itself; what a fixture leaves out must be unknown.
#[derive(Deserialize, Debug, Default, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    pub model: Option<String>,
    pub response_id: Option<String>,
    pub tier: Option<String>,
    pub cost_usd: Option<String>,
    /// Milliseconds.
    #[serde(default)]
    pub times: BTreeMap<String, f64>,
}

impl From<&Served> for Facts {
    fn from(served: &Served) -> Self {
        let times = served.times.iter().map(|(n, t)| (n.to_string(), t.as_secs_f64() * 1e3));
        let served = served.clone();
        Self {
            model: served.model,
            response_id: served.response_id,
            tier: served.tier,
            cost_usd: served.cost_usd,
            times: times.map(|(n, t)| (n, (t * 1e6).round() / 1e6)).collect(),
        }
    }
}

/// The word and the provider's own.
pub fn stop(answer: &Answer) -> Option<(String, String)> {
    answer.stop.clone().map(|(stop, word)| (format!("{stop:?}").to_lowercase(), word))
}

/// The buckets that are known.
pub fn buckets(usage: &Usage) -> BTreeMap<String, u64> {
    let told = [
        ("input", usage.input),
        ("cache_read", usage.cache_read),
        ("cache_write", usage.cache_write),
        ("cache_write_1h", usage.cache_write_1h),
        ("audio_input", usage.audio_input),
        ("output", usage.output),
        ("reasoning", usage.reasoning),
    ];
    told.into_iter().filter_map(|(name, n)| Some((name.to_owned(), n?))).collect()
}

/// A response other than an answer. Keys that are left out must be absent in the fault,
/// apart from `hint_contains`, which then is not looked at; a header's name is in lower
/// case, as the engine hands it on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Who answers so, and when.
    pub about: String,
    pub status: u16,
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub class: String,
    pub contains: String,
    pub hint_contains: Option<String>,
    pub code: Option<String>,
    pub param: Option<String>,
    pub request_id: Option<String>,
    pub retry_after_ms: Option<u64>,
}

impl Refusal {
    pub fn head(&self) -> Head {
        Head { status: self.status, headers: self.headers.clone() }
    }

    /// The fault that it becomes, held against all that stands here but code and parameter.
    pub fn explained(&self, name: &str) -> Fault {
        let fault = explain(&self.head(), self.body.as_bytes());
        assert_eq!(fault.class.word(), self.class, "{name}: {fault:?}");
        let contains = !self.contains.is_empty() && fault.message.contains(&self.contains);
        assert!(contains, "{name}: {:?}", fault.message);
        if let Some(part) = &self.hint_contains {
            assert!(fault.advice().contains(part.as_str()), "{name}: {:?}", fault.advice());
        }
        assert_eq!(fault.request_id, self.request_id, "{name}: request id");
        assert_eq!(fault.retry_after, self.retry_after_ms.map(Duration::from_millis), "{name}: retry after");
        assert_eq!(fault.status, Some(self.status), "{name}: status");
        assert!(fault.message.chars().count() <= 601, "{name}: endless");
        fault
    }
}
