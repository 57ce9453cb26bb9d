//! What each provider really answers: the streams and the errors of every row.
//!
//! Beside its `[[request]]`s, `tests/fixtures/providers/<provider>.toml` holds
//! `[[stream]]`s, raw bodies with the vendor's own names, order and noise, and
//! `[[error]]`s, its refusals. The dialects have fixtures of their own; these
//! prove that no vendor means something else by the same dialect.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use bakeoff::catalog::Catalog;
use bakeoff::model::{Answer, Delta, Fault, Money, Step, Usage, settle};
use bakeoff::provider::{Api, PROVIDERS, Provider};
use bakeoff::wire::{Converse, Decoder, Dialect, Head, Progress, explain};
use serde::Deserialize;

/// Fewer would mean that a vendor's usual refusals are missing.
const LEAST_ERRORS: usize = 3;

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    stream: Vec<Stream>,
    #[serde(default)]
    error: Vec<Refusal>,
}

/// A body and what must come of it; what is left out must be unknown.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stream {
    about: String,
    /// One of the row's.
    api: String,
    /// What is priced: the endpoint's model.
    model: Option<String>,
    /// The lines end with CRLF, which TOML cannot say.
    #[serde(default)]
    crlf: bool,
    #[serde(default)]
    text: String,
    #[serde(default)]
    reasoning: String,
    stop: Option<(String, String)>,
    usage: Option<BTreeMap<String, u64>>,
    #[serde(default)]
    served: Facts,
    /// The status of the cost, and the amount where there is one.
    cost: Option<(String, String)>,
    fault_class: Option<String>,
    fault_contains: Option<String>,
    bytes: String,
}

#[derive(Deserialize, Debug, Default, PartialEq)]
#[serde(deny_unknown_fields)]
struct Facts {
    model: Option<String>,
    response_id: Option<String>,
    tier: Option<String>,
    cost_usd: Option<String>,
    /// Milliseconds.
    #[serde(default)]
    times: BTreeMap<String, f64>,
}

/// A response other than an answer. A header's name is in lower case, as the engine hands it on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refusal {
    about: String,
    status: u16,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: String,
    class: String,
    contains: String,
    hint_contains: Option<String>,
    request_id: Option<String>,
    retry_after_ms: Option<u64>,
}

fn file(row: &Provider) -> File {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/providers")
        .join(format!("{}.toml", row.id));
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// What came of some bytes.
#[derive(Debug, PartialEq)]
struct Got {
    answer: Answer,
    end: Result<(), Fault>,
    progress: Progress,
}

fn feed(dialect: &dyn Dialect, parts: &[&[u8]]) -> Got {
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
    let empty = |d: &Delta| matches!(d, Delta::Text(t) | Delta::Reasoning(t) if t.is_empty());
    assert!(!deltas.iter().any(empty), "an empty delta is no first token");
    let mut answer = Answer::new(false);
    answer.apply(Duration::ZERO, Step::Sent);
    answer.apply(Duration::ZERO, Step::Deltas(deltas));
    Got { answer, end, progress }
}

fn buckets(usage: &Usage) -> BTreeMap<String, u64> {
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

#[test]
fn rows_streams_mean_the_same_at_every_cut() {
    // The cuts are many and each row is its own: side by side they take half the time.
    thread::scope(|scope| {
        for row in PROVIDERS {
            scope.spawn(move || streams(row));
        }
    });
}

fn streams(row: &'static Provider) {
    let mut whole = BTreeSet::new();
    for case in file(row).stream {
        let name = format!("{}: {}", row.id, case.about);
        let api: &Api =
            row.apis.iter().find(|a| a.id == case.api).unwrap_or_else(|| panic!("{name}: its api"));
        stream(&name, row, api, &case);
        if case.fault_class.is_none() && case.usage.is_some() && case.stop.is_some() {
            whole.insert(api.dialect.id());
        }
    }
    let spoken: BTreeSet<_> = row.apis.iter().map(|a| a.dialect.id()).collect();
    assert_eq!(whole, spoken, "{}: a dialect without a stream that has usage and a stop", row.id);
}

fn stream(name: &str, row: &Provider, api: &Api, case: &Stream) {
    let text = if case.crlf { case.bytes.replace('\n', "\r\n") } else { case.bytes.clone() };
    let bytes = text.as_bytes();
    assert!(bytes.len() < 6 << 10, "{name}: too large to be cut everywhere");
    let got = feed(api.dialect, &[bytes]);
    compare(name, case, &got);
    price(name, row, case, &got.answer);
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(feed(api.dialect, &single), got, "{name}: one byte at a time");
    for at in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(at);
        assert_eq!(feed(api.dialect, &[head, tail]), got, "{name}: cut at {at}");
    }
}

fn compare(name: &str, case: &Stream, got: &Got) {
    let Got { answer, end, .. } = got;
    assert_eq!(answer.text, case.text, "{name}: text");
    assert_eq!(answer.reasoning, case.reasoning, "{name}: reasoning");
    assert_eq!(answer.skipped, 0, "{name}: a vendor's own event was not read");
    let stop = answer.stop.clone().map(|(stop, word)| (format!("{stop:?}").to_lowercase(), word));
    assert_eq!(stop, case.stop, "{name}: stop");
    assert_eq!(answer.usage.as_ref().map(buckets), case.usage, "{name}: usage");
    let inconsistent = answer.usage.as_ref().is_some_and(|u| u.inconsistent);
    assert!(!inconsistent, "{name}: no vendor contradicts itself in good order");
    let served = answer.served.clone();
    let times = served.times.iter().map(|(n, t)| ((*n).to_owned(), t.as_secs_f64() * 1e3));
    let served = Facts {
        model: served.model,
        response_id: served.response_id,
        tier: served.tier,
        cost_usd: served.cost_usd,
        times: times.map(|(n, t)| (n, (t * 1e6).round() / 1e6)).collect(),
    };
    assert_eq!(served, case.served, "{name}: served");
    match (end, &case.fault_class) {
        (Ok(()), None) => {}
        (Err(fault), Some(class)) => {
            assert_eq!(fault.class.word(), class, "{name}: {fault:?}");
            let part = case.fault_contains.as_deref().expect("a fault has its message");
            assert!(!part.is_empty() && fault.message.contains(part), "{name}: {:?}", fault.message);
        }
        (end, class) => panic!("{name}: {end:?}, where {class:?} was expected"),
    }
}

/// A model with a price costs something, and what a response states wins.
fn price(name: &str, row: &Provider, case: &Stream, answer: &Answer) {
    let Some(model) = &case.model else {
        assert!(case.cost.is_none(), "{name}: the cost of which model?");
        return;
    };
    let (price, rule) = Catalog::embedded().lookup(row.id, model, None);
    let billed = answer.served.cost_usd.is_some();
    assert!(price.is_some() || billed || case.cost.is_none(), "{name}: {model} has no price");
    let served = &answer.served;
    let tier = served.tier.as_deref();
    let cost = settle(answer.usage.as_ref(), price.as_ref(), rule, tier, served.cost_usd.as_deref());
    let shown = (cost.status.word().to_owned(), cost.usd.map(Money::exact).unwrap_or_default());
    if price.is_some() || billed {
        assert_eq!(Some(shown), case.cost, "{name}: cost, {:?}", cost.why);
    }
}

#[test]
fn rows_errors_name_their_cause() {
    for row in PROVIDERS {
        let errors = file(row).error;
        assert!(errors.len() >= LEAST_ERRORS, "{}: {} errors are too few", row.id, errors.len());
        for case in errors {
            refusal(&format!("{}: {}", row.id, case.about), &case);
        }
    }
}

fn refusal(name: &str, case: &Refusal) {
    let head = Head { status: case.status, headers: case.headers.clone() };
    let fault = explain(&head, case.body.as_bytes());
    assert_eq!(fault.class.word(), case.class, "{name}: {fault:?}");
    assert!(
        !case.contains.is_empty() && fault.message.contains(&case.contains),
        "{name}: {:?}",
        fault.message
    );
    if let Some(part) = &case.hint_contains {
        assert!(fault.advice().contains(part.as_str()), "{name}: {:?}", fault.advice());
    }
    assert_eq!(fault.request_id, case.request_id, "{name}: request id");
    assert_eq!(fault.retry_after, case.retry_after_ms.map(Duration::from_millis), "{name}: retry after");
    assert_eq!(fault.status, Some(case.status), "{name}: status");
    // Converse's refusals come through the SDK, which must not tell another story.
    if let Some(kind) = head.get("x-amzn-errortype") {
        let sdk = Converse::fault(kind, &fault.message, Some(case.status));
        assert_eq!(sdk.class, fault.class, "{name}: through the SDK");
    }
}
