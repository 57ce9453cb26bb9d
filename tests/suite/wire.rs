//! Every fixture of every wire, at every cut of its bytes.
//!
//! `tests/fixtures/<dialect>/<case>.http` is the raw body of a stream (hex text
//! with `hex = true`), `<case>.toml` what must come of it: the keys are the
//! fields of [`Expect`]. A file that exists is a test; nothing is listed here.
//!
//! - `stop` is the word of the reason and the provider's own word.
//! - `outcome` is `complete` or `fault`; a fault names its class and a part of its message.
//! - `usage` and `served` compare every bucket: what is not listed must be unknown.
//! - `complete_from` is a byte count, or a marker whose END is meant: the first
//!   point at which the bytes may end and the answer is whole. A complete
//!   stream counts as complete from there on and NEVER before; a faulty stream
//!   without the key never does. This is what keeps an end of bytes from
//!   passing for an end of answer.
//! - `whole = true`: the body is one JSON document, not a stream.
//!
//! `tests/fixtures/<dialect>/encode/<case>.toml` is a call and the body it must
//! become: the keys are the fields of [`Request`].

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bakeoff::model::{Params, Prompt, Role, Turn, Usage};
use bakeoff::wire::{self, Call, Decoder, Dialect, MaxField, Progress, Quirks};
use serde::Deserialize;

use crate::streams::{Facts, Got, at_every_cut, feed, fold, stop};

fn dialects() -> [&'static dyn Dialect; 5] {
    [&wire::Chat, &wire::Responses, &wire::Messages, &wire::Gemini, &wire::Ollama]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// What is odd about this stream.
    about: String,
    #[serde(default)]
    hex: bool,
    #[serde(default)]
    whole: bool,
    #[serde(default)]
    text: String,
    #[serde(default)]
    reasoning: String,
    stop: Option<(String, String)>,
    outcome: Outcome,
    fault_class: Option<String>,
    fault_contains: Option<String>,
    fault_code: Option<String>,
    fault_param: Option<String>,
    complete_from: Option<Mark>,
    usage: Option<Buckets>,
    #[serde(default)]
    served: Facts,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Complete,
    Fault,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Mark {
    At(usize),
    After(String),
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct Buckets {
    input: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    cache_write_1h: Option<u64>,
    audio_input: Option<u64>,
    output: Option<u64>,
    reasoning: Option<u64>,
    #[serde(default)]
    inconsistent: bool,
}

impl From<&Usage> for Buckets {
    fn from(u: &Usage) -> Self {
        Self {
            input: u.input,
            cache_read: u.cache_read,
            cache_write: u.cache_write,
            cache_write_1h: u.cache_write_1h,
            audio_input: u.audio_input,
            output: u.output,
            reasoning: u.reasoning,
            inconsistent: u.inconsistent,
        }
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The `.toml` files of a folder, in order; none when it does not exist.
fn cases(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "toml"));
    paths.sort();
    paths
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> T {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn unhex(text: &str) -> Vec<u8> {
    let lines = text.lines().map(|l| l.split('#').next().unwrap());
    let digits: Vec<u8> = lines
        .flat_map(|l| l.chars().filter(|c| !c.is_whitespace()))
        .map(|c| u8::try_from(c.to_digit(16).expect("hex digits only")).unwrap())
        .collect();
    assert!(digits.len().is_multiple_of(2), "an odd number of hex digits");
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

#[test]
fn every_stream_means_the_same_at_every_cut() {
    for dialect in dialects() {
        let folder = fixtures().join(dialect.id());
        let cases = cases(&folder);
        assert!(cases.len() >= 10, "{}: {} fixtures are too few", dialect.id(), cases.len());
        let bodies = fs::read_dir(&folder).into_iter().flatten();
        let bodies =
            bodies.filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|x| x == "http")).count();
        assert_eq!(bodies, cases.len(), "{}: a body without its expectation, or the reverse", dialect.id());
        for case in cases {
            stream(dialect, &case);
        }
    }
}

fn stream(dialect: &dyn Dialect, case: &Path) {
    let name = format!("{}/{}", dialect.id(), case.file_stem().unwrap().display());
    let expect: Expect = read(case);
    assert!(!expect.about.is_empty(), "{name}: says nothing about itself");
    let mut bytes = fs::read(case.with_extension("http")).unwrap_or_else(|e| panic!("{name}: {e}"));
    if expect.hex {
        bytes = unhex(std::str::from_utf8(&bytes).unwrap());
    }
    if expect.whole {
        let mut deltas = Vec::new();
        let mut decoder = Decoder::new(dialect);
        let end = decoder.whole(&serde_json::from_slice(&bytes).unwrap(), &mut deltas);
        let progress = decoder.progress();
        assert_eq!(progress == Progress::Closed, end.is_ok(), "{name}: a whole body leaves nothing open");
        return compare(&name, &expect, &Got { answer: fold(deltas), end, progress });
    }
    let whole = at_every_cut(&name, dialect, &bytes);
    compare(&name, &expect, &whole);
    truncations(&name, dialect, &expect, &bytes, &whole);
}

/// Only the dialect's own word makes an answer whole, wherever the bytes end.
fn truncations(name: &str, dialect: &dyn Dialect, expect: &Expect, bytes: &[u8], whole: &Got) {
    let from = expect.complete_from.as_ref().map(|mark| match mark {
        Mark::At(n) => *n,
        Mark::After(text) => {
            let at = bytes.windows(text.len()).position(|w| w == text.as_bytes());
            at.unwrap_or_else(|| panic!("{name}: the marker {text:?} is not in the body")) + text.len()
        }
    });
    let complete = expect.outcome == Outcome::Complete;
    assert!(!complete || from.is_some(), "{name}: a complete stream says from where on");
    for n in 0..=bytes.len() {
        let cut = feed(dialect, &[&bytes[..n]]);
        let may = from.is_some_and(|from| n >= from);
        assert!(may || cut.end.is_err(), "{name}: {n} bytes pass for a whole answer");
        assert!(!complete || !may || cut.end.is_ok(), "{name}: {n} bytes are whole, yet {:?}", cut.end);
        assert!(may || cut.progress == Progress::Open, "{name}: {:?} after {n} bytes", cut.progress);
        assert!(whole.answer.text.starts_with(&cut.answer.text), "{name}: other text after {n} bytes");
    }
}

fn compare(name: &str, expect: &Expect, got: &Got) {
    let Got { answer, end, .. } = got;
    assert_eq!(answer.text, expect.text, "{name}: text");
    assert_eq!(answer.reasoning, expect.reasoning, "{name}: reasoning");
    assert_eq!(stop(answer), expect.stop, "{name}: stop");
    assert_eq!(answer.usage.as_ref().map(Buckets::from), expect.usage, "{name}: usage");
    assert_eq!(Facts::from(&answer.served), expect.served, "{name}: served");
    match (end, &expect.outcome) {
        (Ok(()), Outcome::Complete) => {}
        (Err(fault), Outcome::Fault) => {
            let class = expect.fault_class.as_deref().expect("a fault has its class");
            let part = expect.fault_contains.as_deref().expect("a fault has its message");
            assert_eq!(fault.class.word(), class, "{name}: {fault:?}");
            assert!(!part.is_empty() && fault.message.contains(part), "{name}: {:?}", fault.message);
            for (got, want) in [(&fault.code, &expect.fault_code), (&fault.param, &expect.fault_param)] {
                assert!(want.is_none() || got == want, "{name}: {got:?}, not {want:?}");
            }
        }
        (Ok(()), Outcome::Fault) => panic!("{name}: complete, where a fault was expected"),
        (Err(fault), Outcome::Complete) => panic!("{name}: {fault:?}"),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    about: String,
    model: String,
    system: Option<String>,
    turns: Vec<(Role, String)>,
    #[serde(default)]
    params: BTreeMap<String, toml::Value>,
    #[serde(default)]
    quirks: Asked,
    path: Option<String>,
    /// JSON.
    body: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    fault_class: Option<String>,
    fault_contains: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Asked {
    max_field: Option<String>,
    developer_role: bool,
    plain: bool,
    no_stream_options: bool,
}

#[test]
fn every_call_becomes_the_body_in_its_file() {
    for dialect in dialects() {
        let cases = cases(&fixtures().join(dialect.id()).join("encode"));
        assert!(!cases.is_empty(), "{}: no requests", dialect.id());
        for case in cases {
            request(dialect, &case);
        }
    }
}

fn request(dialect: &dyn Dialect, case: &Path) {
    let name = format!("{}/encode/{}", dialect.id(), case.file_stem().unwrap().display());
    let want: Request = read(case);
    assert!(!want.about.is_empty(), "{name}: says nothing about itself");
    let mut params = Params::default();
    for (key, value) in &want.params {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        params.set(key, &text).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    let turns = want.turns.into_iter().map(|(role, text)| Turn::new(role, text)).collect();
    let prompt = Prompt { system: want.system, turns, nonce: None };
    let max_field = match want.quirks.max_field.as_deref() {
        None | Some("max_completion_tokens") => MaxField::MaxCompletionTokens,
        Some("max_tokens") => MaxField::MaxTokens,
        Some(other) => panic!("{name}: no field {other}"),
    };
    let Asked { developer_role, plain, no_stream_options, .. } = want.quirks;
    let quirks = Quirks { max_field, developer_role, plain, no_stream_options, parsed_reasoning: &[] };
    let call = Call { model: &want.model, is: &want.model, prompt: &prompt, params: &params, quirks };
    match dialect.encode(&call) {
        Ok(body) => {
            let text = want.body.unwrap_or_else(|| panic!("{name}: encoded, where a fault was expected"));
            let expected: serde_json::Value =
                serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(body, expected, "{name}: body");
            assert_eq!(Some(dialect.path(&call)), want.path, "{name}: path");
            let headers = dialect.headers(&call).into_iter().map(|(n, v)| (n.to_owned(), v)).collect();
            assert_eq!(want.headers, headers, "{name}: headers");
        }
        Err(fault) => {
            let class = want.fault_class.unwrap_or_else(|| panic!("{name}: {fault:?}"));
            assert_eq!(fault.class.word(), class, "{name}");
            assert!(fault.message.contains(&want.fault_contains.unwrap()), "{name}: {:?}", fault.message);
        }
    }
}

/// A reliability goal: an endless line is cut at its cap at once, not scanned to its end.
#[test]
fn an_endless_line_is_cut_at_its_cap() {
    let flood = vec![b'x'; 64 << 20];
    let began = Instant::now();
    for piece in [flood.len(), 16 << 10] {
        let mut decoder = Decoder::new(&wire::Chat);
        let mut out = Vec::new();
        let fault = flood.chunks(piece).find_map(|c| decoder.push(c, &mut out).err()).expect("a fault");
        assert_eq!(fault.class.word(), "garbled");
        assert!(fault.message.contains("1 MiB"), "{}", fault.message);
    }
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[test]
fn an_endless_event_is_cut_at_its_cap() {
    let line = format!("data: {}\n", "x".repeat(1 << 18));
    let mut decoder = Decoder::new(&wire::Chat);
    let mut out = Vec::new();
    let fed = (1..=64).find_map(|n| decoder.push(line.as_bytes(), &mut out).err().map(|f| (n, f)));
    let (lines, fault) = fed.expect("a fault");
    assert_eq!((lines, fault.class.word()), (16, "garbled"), "{}", fault.message);
}

#[test]
fn json_nested_without_end_is_a_fault_and_no_overflow() {
    for dialect in [&wire::Chat as &dyn Dialect, &wire::Responses] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = format!("data: {}1{}\n\n", open.repeat(100_000), close.repeat(100_000));
            let got = feed(dialect, &[deep.as_bytes()]);
            assert_eq!(got.end.unwrap_err().class.word(), "garbled", "{}", dialect.id());
        }
    }
}
