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

use bakeoff::catalog::Catalog;
use bakeoff::model::{Answer, Endpoint, Money, settle};
use bakeoff::provider::{Api, PROVIDERS, Provider, list_price};
use bakeoff::wire::Converse;
use serde::Deserialize;

use crate::streams::{Facts, Got, Refusal, at_every_cut, buckets, stop};

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

fn file(row: &Provider) -> File {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/providers")
        .join(format!("{}.toml", row.id));
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
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
    let got = at_every_cut(name, api.dialect, text.as_bytes());
    compare(name, case, &got);
    price(name, row, case, &got.answer);
}

fn compare(name: &str, case: &Stream, got: &Got) {
    let Got { answer, end, .. } = got;
    assert_eq!(answer.text, case.text, "{name}: text");
    assert_eq!(answer.reasoning, case.reasoning, "{name}: reasoning");
    assert_eq!(answer.skipped, 0, "{name}: a vendor's own event was not read");
    assert_eq!(stop(answer), case.stop, "{name}: stop");
    assert_eq!(answer.usage.as_ref().map(buckets), case.usage, "{name}: usage");
    let inconsistent = answer.usage.as_ref().is_some_and(|u| u.inconsistent);
    assert!(!inconsistent, "{name}: no vendor contradicts itself in good order");
    assert_eq!(Facts::from(&answer.served), case.served, "{name}: served");
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
    let endpoint = Endpoint {
        provider: row.id.to_owned(),
        model: model.clone(),
        deployment: Some(model.clone()),
        ..Endpoint::default()
    };
    let url = row.base_url.unwrap_or("https://gateway.example");
    let (price, rule) = list_price(&Catalog::embedded(), &endpoint, url);
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
    let fault = case.explained(name);
    let head = case.head();
    // Converse's refusals come through the SDK, which must not tell another story.
    if let Some(kind) = head.get("x-amzn-errortype") {
        let sdk = Converse::fault(kind, &fault.message, Some(case.status));
        assert_eq!(sdk.class, fault.class, "{name}: through the SDK");
    }
}
