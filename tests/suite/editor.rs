//! Writing prompts: keys through the table, the user's editor, history and drafts across runs.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bakeoff::ui::{App, COMMANDS, Effect, Event, Focus};
use crossterm::event::{Event as Terminal, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::pty::Pty;
use crate::screen::{app, ask, compare, press, shown, typed};

const BIN: &str = env!("CARGO_BIN_EXE_bakeoff");

fn paste(app: &mut App, text: &str) {
    app.update(Event::Terminal(Terminal::Paste(text.into())), app.now);
}

fn mouse(app: &mut App, kind: MouseEventKind, (column, row): (u16, u16)) {
    let event = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
    app.update(Event::Terminal(Terminal::Mouse(event)), app.now);
}

fn copied(text: &str) -> Effect {
    Effect::Copy { what: "selection".into(), text: text.into(), terminal: false }
}

fn notice(app: &App) -> &str {
    app.notice.as_ref().map(|(text, _)| text.as_str()).unwrap_or_default()
}

#[test]
fn every_key_of_the_prompt_does_what_its_row_says() {
    for (keys, wanted) in [
        (&["ctrl+w"][..], "one two "),
        (&["alt+backspace", "alt+u"], "one two three"),
        (&["ctrl+w", "ctrl+_"], "one two three"),
        (&["ctrl+w", "alt+u", "alt+r"], "one two "),
        (&["ctrl+a", "delete"], "ne two three"),
        (&["home", "ctrl+d"], "ne two three"),
        (&["ctrl+left", "ctrl+k"], "one two "),
        (&["alt+b", "ctrl+u"], "three"),
        (&["home", "alt+d"], " two three"),
        (&["home", "alt+f", "alt+d"], "one three"),
        (&["ctrl+u", "ctrl+y", "ctrl+y"], "one two threeone two three"),
        (&["shift+left", "shift+left", "backspace"], "one two thr"),
        (&["shift+home", "ctrl+x", "x", "ctrl+y"], "xone two three"),
        (&["ctrl+shift+left", "x"], "one two x"),
        (&["alt+m", "left", "left", "x"], "one two thrx"),
        (&["ctrl+space", "ctrl+space", "left", "x"], "one two threxe"),
        (&["alt+a", "x"], "x"),
        (&["ctrl+home", "shift+right", "shift+end", "x"], "x"),
        (&["alt+enter", "x", "up", "y"], "oyne two three\nx"),
        (&["left", "ctrl+h"], "one two thre"),
        (&["backspace", "left", "right", "end", "!"], "one two thre!"),
    ] {
        let mut app = app(2);
        typed(&mut app, "one two three");
        for key in keys {
            press(&mut app, key);
        }
        assert_eq!(app.editor.text(), wanted, "{keys:?}");
    }
}

#[test]
fn every_command_of_the_prompt_is_sensible_on_an_empty_screen() {
    for command in COMMANDS.iter().filter(|c| c.on == Focus::Prompt) {
        let mut app = app(2);
        (command.run)(&mut app);
        shown(&mut app, 80, 24);
        assert!(!command.keys.is_empty(), "{} has no key", command.name);
    }
}

#[test]
fn what_is_copied_goes_to_the_clipboard_and_stays_here() {
    let mut app = app(2);
    typed(&mut app, "one two");
    assert_eq!(press(&mut app, "alt+w"), Vec::new());
    assert_eq!(notice(&app), "nothing is selected: shift and the arrows select, or ctrl+space and moving");
    press(&mut app, "alt+shift+left");
    assert_eq!(press(&mut app, "alt+w"), vec![copied("two")]);
    press(&mut app, "end");
    paste(&mut app, &"a line\n".repeat(30));
    press(&mut app, "alt+a");
    assert_eq!(
        press(&mut app, "ctrl+x"),
        vec![copied(&format!("one two{}", "a line\n".repeat(30)))],
        "a folded paste is copied whole"
    );
    press(&mut app, "ctrl+y");
    assert!(app.editor.text().ends_with("a line\n"));
}

#[test]
fn a_folded_paste_is_sent_whole_and_can_be_unfolded() {
    let mut app = app(1);
    typed(&mut app, "review ");
    let code = "fn main() {}\n".repeat(1_204);
    paste(&mut app, &code);
    typed(&mut app, "and ");
    paste(&mut app, &"x".repeat(48_000));
    assert!(app.rounds.is_empty(), "a paste never sends");
    for (width, height) in [(80, 24), (120, 40)] {
        compare(&format!("editor-folded-{width}x{height}.txt"), &shown(&mut app, width, height));
    }
    press(&mut app, "ctrl+home");
    press(&mut app, "alt+o");
    assert_eq!(notice(&app), "no folded paste at the cursor: move to one");
    press(&mut app, "end");
    press(&mut app, "alt+o");
    assert!(!shown(&mut app, 80, 24).join("\n").contains("48 kB"), "unfolded");
    let whole = format!("review {code}and {}", "x".repeat(48_000));
    assert_eq!(app.editor.text(), whole);
    press(&mut app, "enter");
    assert_eq!(app.rounds[0].question, whole);
}

#[test]
fn a_paste_that_is_too_large_is_refused_in_words() {
    let mut app = app(1);
    typed(&mut app, "kept");
    paste(&mut app, &"x".repeat(17 << 20));
    assert_eq!(notice(&app), "nothing was pasted: the paste has 17.8 MB, the prompt takes up to 16.7 MB");
    assert_eq!(app.editor.text(), "kept");
}

/// The time of a key must not grow with the prompt: a long one against a short one, each with its frame.
#[test]
fn a_megabyte_is_as_quick_as_a_line() {
    let time = |text: &str| {
        let mut app = app(2);
        app.editor.set_text(text);
        shown(&mut app, 120, 40);
        let start = Instant::now();
        for _ in 0..40 {
            typed(&mut app, "a");
            shown(&mut app, 120, 40);
        }
        start.elapsed()
    };
    let short = time("a line");
    for long in ["x".repeat(1 << 20), "a line of text\n".repeat(70_000)] {
        // Moving a megabyte by one byte is all that is left of its length.
        let long = time(&long);
        assert!(long < short * 8 + Duration::from_millis(200), "{long:?} against {short:?}");
    }
}

#[test]
fn the_mouse_in_the_prompt_field() {
    let mut app = app(2);
    let lines: Vec<String> = (0..30).map(|n| format!("line {n}")).collect();
    app.editor.set_text(&lines.join("\n"));
    let rows = shown(&mut app, 80, 24);
    let y = u16::try_from(rows.iter().position(|r| r.contains("line 25")).unwrap()).unwrap();
    let x = u16::try_from(rows[usize::from(y)].find("line 25").unwrap()).unwrap() - 2;
    press(&mut app, "esc");
    let left = MouseButton::Left;
    mouse(&mut app, MouseEventKind::Down(left), (x, y));
    assert_eq!(app.focus, Focus::Prompt);
    mouse(&mut app, MouseEventKind::Drag(left), (x + 4, y));
    mouse(&mut app, MouseEventKind::Up(left), (x + 4, y));
    assert_eq!(press(&mut app, "alt+w"), vec![copied("line")]);
    mouse(&mut app, MouseEventKind::ScrollUp, (x, y));
    let scrolled = shown(&mut app, 80, 24).join("\n");
    assert!(scrolled.contains("line 19") && !scrolled.contains("line 29"), "{scrolled}");
    // Twice at once: the word.
    shown(&mut app, 80, 24);
    mouse(&mut app, MouseEventKind::Down(left), (x + 5, y));
    mouse(&mut app, MouseEventKind::Up(left), (x + 5, y));
    mouse(&mut app, MouseEventKind::Down(left), (x + 5, y));
    assert_eq!(press(&mut app, "alt+w"), vec![copied("22")]);
}

#[test]
fn vi_keys_through_the_screen() {
    let mut app = app(2);
    press(&mut app, "f6");
    typed(&mut app, "one two");
    press(&mut app, "esc");
    assert_eq!(app.focus, Focus::Prompt);
    assert!(shown(&mut app, 120, 40).join("\n").contains("prompt · normal · each answer"));
    typed(&mut app, "bdw");
    assert_eq!(app.editor.text(), "one ");
    typed(&mut app, "v");
    for (width, height) in [(80, 24), (120, 40)] {
        compare(&format!("editor-visual-{width}x{height}.txt"), &shown(&mut app, width, height));
    }
    press(&mut app, "esc");
    press(&mut app, "esc");
    assert_eq!(app.focus, Focus::Panes, "esc in normal mode");
    press(&mut app, "i");
    press(&mut app, "enter");
    assert_eq!(app.rounds[0].question, "one ");
}

#[test]
fn history_is_walked_and_found_and_loses_no_draft() {
    let mut app = app(1);
    press(&mut app, "ctrl+r");
    app.update(Event::Remembered(vec!["of yesterday".into(), "second".into()]), app.now);
    assert!(shown(&mut app, 80, 24).join("\n").contains("▸ second"), "a list that was open already");
    press(&mut app, "esc");
    for question in ["first", "second"] {
        ask(&mut app, question);
    }
    typed(&mut app, "being written");
    let mut seen = Vec::new();
    for key in ["up", "up", "up", "up", "down", "down", "down"] {
        press(&mut app, key);
        seen.push(app.editor.text());
    }
    let wanted = ["second", "first", "of yesterday", "of yesterday", "first", "second", "being written"];
    assert_eq!(seen, wanted);
    // A recalled prompt that was changed is a new draft.
    press(&mut app, "up");
    press(&mut app, "ctrl+w");
    typed(&mut app, "changed");
    press(&mut app, "up");
    press(&mut app, "down");
    assert_eq!(app.editor.text(), "changed");
    press(&mut app, "ctrl+r");
    typed(&mut app, "yest");
    for (width, height) in [(80, 24), (120, 40)] {
        compare(&format!("editor-history-{width}x{height}.txt"), &shown(&mut app, width, height));
    }
    press(&mut app, "enter");
    assert_eq!((app.editor.text().as_str(), app.rounds.len()), ("of yesterday", 2), "nothing is sent");
    press(&mut app, "alt+u");
    assert_eq!(app.editor.text(), "changed", "what was written is not lost");
}

#[test]
fn a_draft_is_taken_into_an_empty_field_only() {
    let draft = || Event::Draft { text: "half".into(), notice: "your draft of 2 hours ago is back".into() };
    let mut fresh = app(1);
    assert_eq!(fresh.update(draft(), fresh.now), vec![Effect::Adopt(true)]);
    assert_eq!((fresh.editor.text().as_str(), notice(&fresh)), ("half", "your draft of 2 hours ago is back"));
    let mut busy = app(1);
    typed(&mut busy, "mine");
    assert_eq!(busy.update(draft(), busy.now), vec![Effect::Adopt(false)]);
    assert_eq!(busy.editor.text(), "mine");
}

#[test]
fn the_users_editor_gets_the_whole_and_what_comes_back_can_be_undone() {
    let mut app = app(1);
    typed(&mut app, "draft ");
    let long = "line\n".repeat(40);
    paste(&mut app, &long);
    assert_eq!(press(&mut app, "ctrl+e"), vec![Effect::Edit(format!("draft {long}"))]);
    app.update(Event::Edited(Ok(Some(format!("new {long}\u{1b}[31m")))), app.now);
    assert_eq!(app.editor.text(), format!("new {long}[31m"));
    press(&mut app, "alt+u");
    assert_eq!(app.editor.text(), format!("draft {long}"));
    app.update(Event::Edited(Err("vim ended with 1: the prompt is as it was".into())), app.now);
    assert_eq!(notice(&app), "vim ended with 1: the prompt is as it was");
    assert_eq!(app.editor.text(), format!("draft {long}"));
}

/// A script that can be run as an editor.
fn script(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

fn path_var() -> String {
    std::env::var("PATH").unwrap_or_default()
}

/// Waits for something that is no text on a screen.
#[track_caller]
fn until<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited for {what}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

#[test]
fn an_editor_has_the_terminal_and_every_key_while_answers_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let seen = dir.path().join("seen");
    let editor = script(
        dir.path(),
        "an editor",
        &format!(
            "test \"$1\" = --wait || exit 9\nls -l \"$2\" > '{0}'\ncat \"$2\" >> '{0}'\nstty raw -echo\n\
             printf 'the editor is here'\nkeys=$(dd bs=1 count=5 2>/dev/null)\nstty sane\n\
             printf 'from the editor: %s\\r\\n' \"$keys\" > \"$2\"\n",
            seen.display()
        ),
    );
    let vars = [("EDITOR", &*format!("'{editor}' --wait")), ("PATH", &*path_var())];
    let mut pty = Pty::start(Path::new(BIN), &["demo"], &vars, 120, 40);
    pty.wait_for("simulated");
    pty.send("What is a mutex?\r");
    pty.wait_for("streaming");
    pty.send("a draft");
    pty.wait_for("a draft");
    pty.send("\x05");
    pty.wait_for("the editor is here");
    // Byte for byte, and one at a time: a reader of ours would take some of them.
    for key in ["q", "\x03", "z", "\x1b", "k"] {
        pty.send(key);
    }
    pty.wait_for("from the editor: q");
    let told = std::fs::read_to_string(&seen).unwrap();
    assert!(told.starts_with("-rw-------") && told.ends_with("prompt.md\na draft\n"), "{told}");
    pty.wait("an answer that ended well", |s| s.contents().contains('✓'));
    pty.send(" and more");
    pty.wait_for("zk and more");
    pty.send("\x1b");
    pty.wait_for("i prompt");
    pty.send("Xq");
    assert!(pty.exit().success());
}

#[test]
fn an_editor_that_fails_changes_nothing_and_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let failing = script(dir.path(), "failing", "echo other > \"$1\"\nexit 3\n");
    for (command, words) in [
        (failing.as_str(), "ended with 3: the prompt is as it was"),
        ("no-such-editor", "no editor can be run ($VISUAL is no-such-editor)"),
    ] {
        let vars = [("VISUAL", command), ("EDITOR", "true"), ("PATH", &*path_var())];
        let mut pty = Pty::start(Path::new(BIN), &["demo"], &vars, 140, 30);
        pty.wait_for("simulated");
        pty.send("kept");
        pty.wait_for("kept");
        pty.send("\x05");
        pty.wait_for(words);
        pty.send(" on");
        pty.wait_for("kept on");
    }
}

/// The real thing, with an endpoint that nobody serves.
fn real(data: &Path, more: &[(&str, &str)]) -> Pty {
    let data = data.display().to_string();
    let mut vars = vec![("BAKEOFF_DATA", data.as_str())];
    vars.extend(more);
    let pty = Pty::start(Path::new(BIN), &["-e", "ollama:m@http://127.0.0.1:9"], &vars, 100, 30);
    // Not for the hints: a notice may stand in their place.
    pty.wait_for("list prices");
    pty
}

fn drafts(data: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(data.join("drafts")).into_iter().flatten().flatten();
    files.map(|f| f.path()).filter(|p| p.extension().is_some_and(|e| e == "md")).collect()
}

#[test]
fn prompts_are_found_again_in_the_next_run() {
    let data = tempfile::tempdir().unwrap();
    let mut pty = real(data.path(), &[]);
    pty.send("the first of them\r");
    pty.send("the second\r");
    let history = data.path().join("history.jsonl");
    until("two lines", || (std::fs::read_to_string(&history).ok()?.lines().count() == 2).then_some(()));
    pty.send("\x03");
    pty.send("\x03\x03");
    pty.exit();
    assert_eq!(std::fs::metadata(&history).unwrap().permissions().mode() & 0o777, 0o600);
    let mut pty = real(data.path(), &[]);
    pty.send("\x12");
    pty.wait_for("the first of them");
    pty.send("frst");
    pty.wait_gone("the second");
    pty.send("\r");
    pty.wait_gone("prompts sent before");
    pty.wait_for("the first of them");
    assert!(!pty.screen().contains("unreachable"), "nothing is sent");
}

#[test]
fn a_draft_survives_the_hardest_end() {
    let data = tempfile::tempdir().unwrap();
    let mut pty = real(data.path(), &[]);
    pty.send("half a thou");
    pty.send("ght 日本");
    let kept = || std::fs::read_to_string(drafts(data.path()).first()?).ok();
    until("the draft", || kept().filter(|text| text == "half a thought 日本"));
    let mode = std::fs::metadata(&drafts(data.path())[0]).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Another instance at the same time does not take it.
    let mut other = real(data.path(), &[]);
    other.send("its own");
    until("two drafts", || (drafts(data.path()).len() == 2).then_some(()));
    assert!(!other.screen().contains("half a thought"));
    pty.signal(rustix::process::Signal::KILL);
    pty.exit();
    let mut next = real(data.path(), &[]);
    next.wait_for("half a thought");
    next.wait_for("is back");
    // Sent, it is no draft any more; the other's stays.
    next.send("\r");
    until("one draft", || {
        let left = drafts(data.path());
        (left.len() == 1 && std::fs::read_to_string(&left[0]).ok()? == "its own").then_some(())
    });
}

#[test]
fn a_draft_is_kept_on_every_way_out() {
    let data = tempfile::tempdir().unwrap();
    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::HUP] {
        let mut pty = real(data.path(), &[]);
        // At once: less than a second after the one before is kept.
        pty.send("a");
        pty.send("b");
        pty.wait_for("ab");
        pty.signal(signal);
        pty.exit();
        let left = drafts(data.path());
        assert_eq!(left.len(), 1, "{signal:?}");
        assert_eq!(std::fs::read_to_string(&left[0]).unwrap(), "ab", "{signal:?}");
        std::fs::remove_file(&left[0]).unwrap();
    }
    let mut pty = real(data.path(), &[]);
    pty.send("kept by quitting");
    pty.wait_for("kept by quitting");
    pty.send("\x1b");
    pty.wait_for("i prompt");
    pty.send("q");
    pty.exit();
    let mut next = real(data.path(), &[]);
    next.wait_for("kept by quitting");
    // Cleared, it is gone for good.
    next.send("\x15");
    until("no draft", || drafts(data.path()).is_empty().then_some(()));
}

#[test]
fn the_draft_that_is_kept_is_the_prompts_whatever_field_is_shown() {
    let data = tempfile::tempdir().unwrap();
    let mut pty = real(data.path(), &[]);
    pty.send("precious");
    pty.wait_for("precious");
    pty.send("\x1bs");
    pty.wait_for("stands before every conversation");
    pty.send("be terse");
    pty.wait_for("be terse");
    pty.signal(rustix::process::Signal::TERM);
    pty.exit();
    assert_eq!(std::fs::read_to_string(&drafts(data.path())[0]).unwrap(), "precious");
}

#[test]
fn what_waits_behind_an_edit_is_kept_with_it() {
    let data = tempfile::tempdir().unwrap();
    let mut pty = real(data.path(), &[]);
    pty.send("first\r");
    pty.wait_for("unreachable");
    pty.send("behind it");
    pty.wait_for("behind it");
    pty.send("\x1b");
    pty.wait_for("i prompt");
    pty.send("e");
    pty.wait_for("edits round 1");
    pty.send(" changed");
    pty.wait_for("first changed");
    pty.signal(rustix::process::Signal::TERM);
    pty.exit();
    assert_eq!(std::fs::read_to_string(&drafts(data.path())[0]).unwrap(), "behind it\nfirst changed");
}

#[test]
fn nothing_is_kept_where_that_is_wanted_and_vi_comes_from_the_config() {
    let data = tempfile::tempdir().unwrap();
    let config = data.path().join("config.toml");
    std::fs::write(&config, "[prompt]\nkeys = \"vi\"\nhistory = 0\n").unwrap();
    let mut pty = real(data.path(), &[("BAKEOFF_CONFIG", &*config.display().to_string())]);
    pty.wait_for("prompt · insert");
    pty.send("something\r");
    pty.wait_for("127.0.0.1");
    pty.send("\x1b");
    pty.wait_for("prompt · normal");
    pty.send("i\x03\x03\x03");
    pty.exit();
    assert!(!data.path().join("history.jsonl").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_place_that_cannot_be_written_is_named_and_hinders_nothing() {
    let mut pty = real(Path::new("/proc/no-such-place"), &[]);
    pty.send("text");
    pty.wait_for("the draft is not kept, /proc/no-such-place");
    pty.send(" goes on\r");
    pty.wait_for("unreachable");
}

#[test]
fn ten_megabytes_in_a_bracketed_paste() {
    let mut pty = real(tempfile::tempdir().unwrap().path(), &[]);
    pty.send("\x1b[200~");
    let piece = "0123456789abcdef\r".repeat(60_000);
    for _ in 0..10 {
        pty.send(&piece);
    }
    pty.send("\x1b[201~");
    pty.wait_for("[pasted 600,000 lines, 10.2 MB #1]");
    pty.send("after");
    pty.wait_for("#1]after");
}
