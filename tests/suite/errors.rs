//! Error responses as data: each must name its cause, its class and what to do.

use std::fs;
use std::path::Path;

use bakeoff::wire::{Head, explain};
use serde::Deserialize;

use crate::streams::Refusal;

/// Fewer would mean that files got lost.
const LEAST: usize = 40;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Refusal>,
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

fn check(name: &str, case: &Refusal) {
    let fault = case.explained(name);
    assert_eq!(fault.code, case.code, "{name}: code");
    assert_eq!(fault.param, case.param, "{name}: param");
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
