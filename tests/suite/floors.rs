//! The house's law: imports go down only, logic has no clock and no socket,
//! files stay within their budget.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms and their floors; `lib.rs` draws the same.
const FLOORS: [(&str, u8); 9] = [
    ("model", 0),
    ("wire", 1),
    ("catalog", 1),
    ("provider", 2),
    ("engine", 3),
    ("store", 3),
    ("demo", 3),
    ("ui", 4),
    ("cli", 5),
];

/// Lines of a file, tests in their own files excepted.
const BUDGET: usize = 500;

struct Source {
    room: String,
    path: PathBuf,
    /// Code lines outside inline test modules and comments, with their numbers.
    lines: Vec<(usize, String)>,
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(r, _)| *r == room).map(|(_, f)| *f)
}

fn walk(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

fn is_test_file(path: &Path) -> bool {
    let name = path.file_stem().unwrap().to_string_lossy();
    name == "tests" || name.ends_with("_tests")
}

fn sources() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&src, &mut paths);
    paths.sort();
    let sources: Vec<_> = paths
        .into_iter()
        .filter(|p| !is_test_file(p))
        .map(|path| {
            let inside = path.strip_prefix(&src).unwrap();
            let room = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("\n#[cfg(test)]").next().unwrap();
            let lines = code
                .lines()
                .enumerate()
                .filter(|(_, l)| !l.trim_start().starts_with("//"))
                .map(|(i, l)| (i + 1, l.to_owned()))
                .collect();
            Source { room, path: inside.to_owned(), lines }
        })
        .collect();
    assert!(sources.len() > 30, "the scanner found only {} files", sources.len());
    sources
}

/// Fails with every line that `wrong` objects to.
fn forbid(what: &str, wrong: impl Fn(&Source, &str) -> bool) {
    let mut found = Vec::new();
    for source in sources() {
        for (number, line) in &source.lines {
            if wrong(&source, line) {
                found.push(format!("src/{}:{number}: {}", source.path.display(), line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn every_room_has_a_floor() {
    for source in sources() {
        let outside = ["lib.rs", "main.rs"].contains(&source.room.as_str());
        assert!(outside || floor(&source.room).is_some(), "src/{} is on no floor", source.path.display());
    }
}

#[test]
fn imports_go_down_only() {
    forbid("imports upward or sideways", |source, line| {
        let Some(own) = floor(&source.room) else { return false };
        line.match_indices("crate::").any(|(at, _)| {
            let rest = line.get(at + "crate::".len()..).unwrap_or_default();
            let room: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            room != source.room && floor(&room).is_some_and(|f| f >= own)
        })
    });
    forbid("`use crate::{…}` hides rooms from this test: write one use per room", |_, line| {
        line.contains("crate::{")
    });
}

#[test]
fn below_the_engine_there_is_no_clock_and_no_socket() {
    const CLOCKS: [&str; 8] = [
        "Instant::now",
        "SystemTime",
        "Timestamp::now",
        "std::net::Tcp",
        "std::net::Udp",
        "std::fs",
        "std::env",
        "tokio::",
    ];
    forbid("a clock, a socket, a file or the environment below floor 3", |source, line| {
        let low = floor(&source.room).is_some_and(|f| f < 3);
        // Secrets are read from the environment in one place; `env!` is of the compiler.
        let secrets = source.path.ends_with("secret.rs");
        low && CLOCKS.iter().any(|c| line.contains(c) && !(secrets && *c == "std::env"))
    });
}

#[test]
fn each_big_dependency_has_its_room() {
    let allowed: [(&str, &[&str]); 4] = [
        ("ratatui", &["ui"]),
        ("crossterm", &["ui"]),
        ("reqwest", &["engine/transport.rs"]),
        (
            "tokio::",
            &["engine", "demo", "ui/mod.rs", "ui/terminal.rs", "ui/colour/mod.rs", "ui/clipboard.rs", "cli"],
        ),
    ];
    forbid("a dependency outside its room", |source, line| {
        allowed.iter().any(|(crate_name, places)| {
            let named =
                line.contains(&format!("use {crate_name}")) || line.contains(&format!("{crate_name}::"));
            let tokio = *crate_name == "tokio::" && line.contains("tokio::");
            let path = source.path.to_string_lossy();
            let here = places.iter().any(|p| path.starts_with(p));
            (named || tokio) && !here && !["lib.rs", "main.rs"].contains(&source.room.as_str())
        })
    });
}

#[test]
fn files_keep_their_budget() {
    for source in sources() {
        let lines = source.lines.iter().filter(|(_, l)| !l.trim().is_empty()).count();
        assert!(lines <= BUDGET, "src/{}: {lines} code lines, the budget is {BUDGET}", source.path.display());
    }
}

#[test]
fn nothing_unwraps_outside_tests() {
    forbid("unwrap or expect outside tests", |_, line| {
        line.contains(".unwrap()") || line.contains(".expect(\"")
    });
}

/// The law must be able to fail: a made-up violation is found by the same scanner.
#[test]
fn the_scanner_sees_what_it_should() {
    let line = "use crate::engine::Engine;";
    let at = line.find("crate::").unwrap();
    let room: String = line.get(at + 7..).unwrap().chars().take_while(|c| c.is_alphanumeric()).collect();
    assert_eq!(room, "engine");
    assert!(floor("engine") >= floor("provider"));
    assert!(floor("model") < floor("wire"));
}
