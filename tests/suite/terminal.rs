//! The real binary in a pseudo-terminal: start, send, stream, resize, zoom,
//! stop, and every way out leaves the terminal as it was.

use std::path::Path;

use rustix::process::Signal;

use crate::pty::Pty;

/// Alternate screen off, cursor shown, bracketed paste off, mouse off: the last
/// word on each must be "off".
fn restored(raw: &[u8]) {
    let text = String::from_utf8_lossy(raw);
    for (what, on, off) in [
        ("alternate screen", "\x1b[?1049h", "\x1b[?1049l"),
        ("bracketed paste", "\x1b[?2004h", "\x1b[?2004l"),
        ("mouse", "\x1b[?1000h", "\x1b[?1000l"),
        ("mouse (SGR)", "\x1b[?1006h", "\x1b[?1006l"),
        ("cursor", "\x1b[?25l", "\x1b[?25h"),
        ("the window's title", "\x1b[22;0t", "\x1b[23;0t"),
        ("synchronized update", "\x1b[?2026h", "\x1b[?2026l"),
    ] {
        let (last_on, last_off) = (text.rfind(on), text.rfind(off));
        assert!(last_on.is_none() || last_off > last_on, "{what} was left on");
    }
}

fn demo(columns: u16, rows: u16) -> Pty {
    let pty = Pty::start(Path::new(env!("CARGO_BIN_EXE_bakeoff")), &["demo"], &[], columns, rows);
    pty.wait_for("simulated");
    pty
}

/// Escape, then a wait: bytes right behind it would make it an alt key.
fn to_panes(pty: &mut Pty) {
    pty.send("\x1b");
    pty.wait_for("z zoom");
}

#[test]
fn a_session_from_the_first_key_to_the_last() {
    let mut pty = demo(160, 45);
    pty.send("What is a mutex? Answer in one sentence.");
    pty.wait_for("What is a mutex?");
    pty.send("\r");
    pty.wait_for("streaming");
    pty.wait("an answer that ended well", |s| s.contents().contains('✓'));
    pty.wait("first-token figures", |s| s.contents().matches("first").count() >= 2);
    pty.wait_for("~$");
    // Another prompt can be typed while answers stream.
    pty.send("and a semaphore?");
    pty.wait_for("and a semaphore?");
    // To the panes; zoom the first, and back.
    to_panes(&mut pty);
    pty.send("1z");
    pty.wait("one pane alone", |s| s.contents().matches('╭').count() <= 2);
    pty.send("z");
    pty.wait("all panes again", |s| s.contents().matches('╭').count() > 2);
    for (columns, rows) in [(80, 24), (40, 12), (10, 3), (200, 60), (120, 40)] {
        pty.resize(columns, rows);
        pty.wait("a frame of the new size", |s| !s.contents().trim().is_empty());
    }
    pty.wait_for("and a semaphore?");
    pty.send("?");
    pty.wait_for("In the panes");
    pty.send(" ");
    pty.send("z");
    pty.send("z");
    pty.wait_gone("In the panes");
    pty.send("X");
    pty.send("q");
    let status = pty.exit();
    assert!(status.success(), "{status:?}");
    restored(&pty.raw());
}

#[test]
fn one_pane_is_stopped_and_run_again_while_the_others_go_on() {
    let mut pty = demo(200, 50);
    pty.send("Explain how TCP slow start works, in detail, with an example.\r");
    pty.wait_for("streaming");
    to_panes(&mut pty);
    pty.send("X");
    pty.wait("stopped panes", |s| s.contents().contains("stopped"));
    pty.send("R");
    pty.wait("they run again", |s| s.contents().contains("waiting") || s.contents().contains("streaming"));
    pty.send("\x03");
    pty.wait_for("stopped");
    pty.send("q");
    assert!(pty.exit().success());
    restored(&pty.raw());
}

#[test]
fn every_signal_gives_the_terminal_back() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130), (Signal::QUIT, 131)] {
        let mut pty = demo(100, 30);
        pty.send("hello there\r");
        pty.wait_for("streaming");
        pty.signal(signal);
        let status = pty.exit();
        assert_eq!(status.exit_code(), code, "{signal:?}");
        restored(&pty.raw());
    }
}

#[cfg(debug_assertions)]
#[test]
fn a_panic_gives_the_terminal_back_before_it_is_printed() {
    let program = Path::new(env!("CARGO_BIN_EXE_bakeoff"));
    let mut pty = Pty::start(program, &["demo"], &[("BAKEOFF_PLANTED_PANIC", "1")], 100, 30);
    assert_eq!(pty.exit().exit_code(), 101);
    let raw = pty.raw();
    restored(&raw);
    let text = String::from_utf8_lossy(&raw);
    let left = text.rfind("\x1b[?1049l").unwrap();
    assert!(text.find("a planted panic").unwrap() > left, "the message is on the shell's screen: {text:?}");
}

#[test]
fn a_terminal_that_goes_away_takes_the_program_with_it() {
    let mut pty = demo(100, 30);
    pty.send("hello there\r");
    pty.wait_for("streaming");
    pty.hang_up("x");
    let status = pty.exit();
    assert_eq!(status.exit_code(), 129, "as after a hang-up: {status:?}");
}

#[test]
fn a_paste_never_sends_and_carries_no_escape() {
    let mut pty = demo(120, 40);
    pty.send("\x1b[200~two\r\nlines \x1b[31mred\x1b[201~");
    pty.wait("the paste", |s| s.contents().contains("two") && s.contents().contains("lines"));
    assert!(!pty.screen().contains("waiting"), "{}", pty.screen());
    to_panes(&mut pty);
    pty.send("q");
    assert!(pty.exit().success());
    restored(&pty.raw());
}

#[test]
fn without_a_terminal_it_says_what_to_use_instead() {
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_bakeoff")).arg("demo").output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("bakeoff run"));
}

/// The reply to a question about the cursor would come as keys: nothing may ask.
#[test]
fn a_redraw_and_a_return_from_the_shell_need_no_key() {
    let mut pty = demo(100, 30);
    let before = pty.raw_len();
    pty.send("\x0c");
    pty.wait_raw(before, b"fresh");
    pty.send("stillhere");
    pty.wait_for("stillhere");
    // A process group without a shell above it does not stop; it goes straight on.
    let before = pty.raw_len();
    let asked = std::time::Instant::now();
    pty.send("\x1a");
    pty.wait_raw(before, b"\x1b[?1049l");
    pty.signal(Signal::CONT);
    pty.wait_raw(before, b"\x1b[?1049h");
    pty.wait_raw(before, b"stillhere");
    assert!(asked.elapsed().as_secs() < 2, "it took {:?} to come back", asked.elapsed());
    to_panes(&mut pty);
    pty.send("q");
    assert!(pty.exit().success());
    restored(&pty.raw());
}

/// A key that arrives together with a resize is a key at once, not with the next one.
#[test]
fn a_key_and_a_resize_in_one_moment_are_both_taken() {
    let mut pty = demo(100, 30);
    for typed in 1..=60_u16 {
        pty.resize(100 + typed % 2, 30);
        pty.send("a");
        pty.wait_for(&format!(" {}", "a".repeat(usize::from(typed))));
    }
    pty.send("\u{3}\u{3}\u{3}");
    assert!(pty.exit().success());
}

fn welcome(home: &Path, vars: &[(&str, &str)], columns: u16, rows: u16) -> Pty {
    let home = home.display().to_string();
    let vars: Vec<_> = vars.iter().copied().chain([("HOME", home.as_str())]).collect();
    Pty::start(Path::new(env!("CARGO_BIN_EXE_bakeoff")), &[], &vars, columns, rows)
}

#[test]
fn nothing_configured_shows_what_is_here_and_the_demo_is_one_key_away() {
    let home = tempfile::tempdir().unwrap();
    let mut pty = welcome(home.path(), &[("OPENAI_API_KEY", "sk-canary-welcome")], 80, 24);
    pty.wait_for("quit");
    let screen = pty.screen();
    assert!(screen.contains("● openai") && screen.contains("OPENAI_API_KEY"), "{screen}");
    assert!(screen.contains("○ mistral") && screen.contains("no key: MISTRAL_API_KEY"), "{screen}");
    assert!(!screen.contains("canary"), "{screen}");
    // A small terminal keeps the keys in sight.
    pty.resize(60, 12);
    pty.wait_for("more: bakeoff providers");
    pty.wait_for("quit");
    pty.send("d");
    // A word of the demo's own: the welcome says "simulated" too.
    pty.wait_for("demo-swift");
    pty.send("\u{3}\u{3}\u{3}");
    assert!(pty.exit().success());
    restored(&pty.raw());
}

#[test]
fn the_welcome_opens_what_was_found_writes_a_config_and_leaves_on_a_signal() {
    let home = tempfile::tempdir().unwrap();
    let keys = [("OPENAI_API_KEY", "k"), ("ANTHROPIC_API_KEY", "k")];
    let mut pty = welcome(home.path(), &keys, 100, 30);
    pty.wait_for("one pane for each");
    pty.send("\r");
    pty.wait_for("2 endpoints");
    pty.send("\u{3}\u{3}\u{3}");
    assert!(pty.exit().success());
    let mut pty = welcome(home.path(), &keys, 100, 30);
    pty.wait_for("write a commented config");
    pty.signal(Signal::TERM);
    assert_eq!(pty.exit().exit_code(), 143);
    restored(&pty.raw());
    let mut pty = welcome(home.path(), &keys, 100, 30);
    pty.wait_for("write a commented config");
    pty.send("i");
    assert!(pty.exit().success());
    let written = std::fs::read_to_string(home.path().join(".config/bakeoff/config.toml")).unwrap();
    assert!(written.contains("provider = \"anthropic\""), "{written}");
}

#[test]
fn the_picker_adds_an_endpoint_while_the_screen_is_up_and_saves_the_lineup() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().display().to_string();
    let vars = [("HOME", place.as_str()), ("OPENAI_API_KEY", "k"), ("ANTHROPIC_API_KEY", "k")];
    let program = Path::new(env!("CARGO_BIN_EXE_bakeoff"));
    let mut pty = Pty::start(program, &["-e", "openai:gpt-6-sol"], &vars, 120, 40);
    pty.wait_for("1 endpoint");
    to_panes(&mut pty);
    pty.send("E");
    pty.wait_for("find:");
    pty.send("opus-5-5 anthropic");
    pty.wait_for("$4 / $20");
    pty.send("\r");
    pty.wait_for("2 in the lineup");
    pty.send("\u{13}");
    pty.wait_for("save as");
    pty.send("pair\r");
    pty.wait_for("saved");
    let config = std::fs::read_to_string(home.path().join(".config/bakeoff/config.toml")).unwrap();
    assert!(config.contains("name = \"pair\"") && config.contains("claude-opus-5-5"), "{config}");
    pty.send("\u{3}\u{3}\u{3}");
    pty.exit();
    restored(&pty.raw());
}
