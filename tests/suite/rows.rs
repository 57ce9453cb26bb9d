//! What each provider sends back: streams with their usage, and errors, in the vendor's own
//! shapes, beside its requests in `tests/fixtures/providers/<provider>.toml`. A row without
//! a stream for each of its wires, or without errors, fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use bakeoff::model::{Answer, Class, Fault, Step, Stop, Usage};
use bakeoff::provider::{Api, PROVIDERS, Provider};
use bakeoff::wire::{Decoder, Head, explain};
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixtures {
    stream: Vec<Stream>,
    error: Vec<Error>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stream {
    about: String,
    api: String,
    bytes: String,
    text: String,
    #[serde(default)]
    reasoning: String,
    /// Our word and the vendor's; absent where the stream broke before it.
    stop: Option<(String, String)>,
    fault: Option<String>,
    usage: Option<BTreeMap<String, u64>>,
    #[serde(default)]
    served: BTreeMap<String, String>,
    /// Name and milliseconds of the server's own times.
    #[serde(default)]
    times: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Error {
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

fn fixtures(row: &Provider) -> Fixtures {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/providers/{}.toml", row.id));
    let text = fs::read_to_string(&path).unwrap();
    toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The stream in these pieces, folded as the program folds it.
fn folded(api: &Api, pieces: &[&[u8]]) -> (Answer, Option<Fault>) {
    let (mut decoder, mut answer, mut deltas) = (Decoder::new(api.dialect), Answer::default(), Vec::new());
    answer.apply(Duration::ZERO, Step::Sent);
    let mut fault = None;
    for piece in pieces {
        fault = decoder.push(piece, &mut deltas).err();
        if fault.is_some() {
            break;
        }
    }
    if fault.is_none() {
        fault = decoder.end(&mut deltas).err();
    }
    answer.apply(Duration::from_millis(1), Step::Deltas(deltas));
    (answer, fault)
}

fn buckets(usage: &Usage) -> BTreeMap<String, u64> {
    let all = [
        ("input", usage.input),
        ("cache_read", usage.cache_read),
        ("cache_write", usage.cache_write),
        ("output", usage.output),
        ("reasoning", usage.reasoning),
    ];
    all.into_iter().filter_map(|(name, n)| Some((name.to_owned(), n?))).collect()
}

fn word(stop: Stop) -> &'static str {
    match stop {
        Stop::Natural => "natural",
        Stop::Length => "length",
        Stop::Filtered => "filtered",
        Stop::Tool => "tool",
        Stop::Other => "other",
    }
}

fn check(name: &str, want: &Stream, (answer, fault): &(Answer, Option<Fault>)) {
    assert_eq!(answer.text, want.text, "{name}: text");
    assert_eq!(answer.reasoning, want.reasoning, "{name}: reasoning");
    let stop = answer.stop.as_ref().map(|(s, w)| (word(*s).to_owned(), w.clone()));
    assert_eq!(stop, want.stop, "{name}: stop");
    assert_eq!(fault.as_ref().map(|f| f.class.word().to_owned()), want.fault, "{name}: {fault:?}");
    assert_eq!(answer.usage.as_ref().map(buckets), want.usage, "{name}: usage");
    for (key, value) in &want.served {
        let got = match key.as_str() {
            "model" => &answer.served.model,
            "response_id" => &answer.served.response_id,
            "tier" => &answer.served.tier,
            "cost_usd" => &answer.served.cost_usd,
            other => panic!("{name}: no such fact {other}"),
        };
        assert_eq!(got.as_ref(), Some(value), "{name}: {key}");
    }
    let times: Vec<_> = answer.served.times.iter().map(|(n, t)| format!("{n} {}", t.as_millis())).collect();
    assert_eq!(times, want.times, "{name}: times");
}

#[test]
fn every_wire_of_every_row_is_read_as_its_vendor_writes_it_at_every_cut() {
    let mut seen = 0;
    for row in PROVIDERS {
        let mut wires = BTreeSet::new();
        for stream in fixtures(row).stream {
            let name = format!("{}: {}", row.id, stream.about);
            let api =
                row.apis.iter().find(|a| a.id == stream.api).unwrap_or_else(|| panic!("{name}: no such api"));
            let bytes = stream.bytes.as_bytes();
            let whole = folded(api, &[bytes]);
            check(&name, &stream, &whole);
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(folded(api, &single).0.text, whole.0.text, "{name}: byte by byte");
            for at in 0..bytes.len() {
                check(&format!("{name}, cut at {at}"), &stream, &folded(api, &[&bytes[..at], &bytes[at..]]));
            }
            if stream.stop.is_some() && stream.usage.is_some() {
                wires.insert(api.dialect.id());
            }
            seen += 1;
        }
        let all: BTreeSet<_> = row.apis.iter().map(|a| a.dialect.id()).collect();
        assert_eq!(wires, all, "{}: a wire without a whole stream", row.id);
    }
    assert!(seen >= 30, "{seen}");
}

#[test]
fn every_row_names_the_cause_of_its_vendors_errors() {
    for row in PROVIDERS {
        let errors = fixtures(row).error;
        assert!(errors.len() >= 3, "{}: {} errors", row.id, errors.len());
        for error in errors {
            let name = format!("{}: {}", row.id, error.about);
            let head = Head { status: error.status, headers: error.headers };
            let fault = explain(&head, error.body.as_bytes());
            assert_eq!(fault.class.word(), error.class, "{name}: {fault:?}");
            assert!(fault.message.contains(&error.contains), "{name}: {}", fault.message);
            let hint = fault.advice();
            assert!(error.hint_contains.is_none_or(|h| hint.contains(&h)), "{name}: {hint}");
            assert!(error.request_id.is_none() || fault.request_id == error.request_id, "{name}: {fault:?}");
            let retry = fault.retry_after.map(|d| u64::try_from(d.as_millis()).unwrap());
            assert_eq!(retry, error.retry_after_ms, "{name}: retry");
            assert!(!hint.is_empty() && fault.class != Class::Internal, "{name}");
        }
    }
}
