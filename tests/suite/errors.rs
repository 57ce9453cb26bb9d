//! Error responses as data: each must name its cause, its class and what to do.

use std::fs;
use std::path::Path;
use std::time::Duration;

use bakeoff::wire::{Head, explain};
use serde::Deserialize;

/// Fewer would mean that files got lost.
const LEAST: usize = 40;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

/// One response. Keys that are left out must be absent in the fault, apart from
/// `contains`, which is required, and `hint_contains`, which then is not looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Who answers so, and when.
    about: String,
    status: u16,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: String,
    class: String,
    contains: String,
    hint_contains: Option<String>,
    code: Option<String>,
    param: Option<String>,
    request_id: Option<String>,
    retry_after_ms: Option<u64>,
}

#[test]
fn every_error_names_its_cause() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/errors");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let file: File = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for case in &file.case {
            check(&format!("{}: {}", path.file_stem().unwrap().display(), case.about), case);
        }
        seen += file.case.len();
    }
    assert!(seen >= LEAST, "{seen} error bodies, fewer than {LEAST}");
}

fn check(name: &str, case: &Case) {
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
    assert_eq!(fault.code, case.code, "{name}: code");
    assert_eq!(fault.param, case.param, "{name}: param");
    assert_eq!(fault.request_id, case.request_id, "{name}: request id");
    assert_eq!(fault.retry_after, case.retry_after_ms.map(Duration::from_millis), "{name}: retry after");
    assert_eq!(fault.status, Some(case.status), "{name}: status");
    assert!(fault.message.chars().count() <= 601, "{name}: endless");
}

/// Nothing a server sends may be more than a fault: no body, every cut of a
/// body, any bytes at all.
#[test]
fn any_bytes_are_explained() {
    let body = "[{\"error\":{\"code\":429,\"message\":\"zu schnell — später\",\"details\":[{\"retryDelay\":\"34s\"}]}}]";
    for status in [0, 99, 200, 302, 400, 429, 500, 529, 999] {
        let head = Head { status, headers: Vec::new() };
        for end in 0..=body.len() {
            assert!(!explain(&head, &body.as_bytes()[..end]).message.is_empty());
        }
        let deep = "[".repeat(100_000);
        let long = "ä".repeat(100_000);
        for odd in [deep.as_bytes(), long.as_bytes(), &[0xff; 5000], b"<title>", b"<html><title>\xc3</title>"]
        {
            let fault = explain(&head, odd);
            assert!(fault.message.chars().count() <= 700, "{status}");
        }
    }
}
