//! What reading costs: frames of long answers, floods, steady streams, keys.
//!
//! `cargo bench --bench screen [-- NAME…]` prints every figure (or the named ones: frames,
//! resize, flood, memory, steady, echo) beside its goal. CPU is that of the whole process on a
//! pseudo-terminal of 200 by 50; frames are drawn inside this process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bench is a test that prints"
)]

#[path = "support/clouds.rs"]
mod clouds;
#[path = "../tests/support/pty.rs"]
mod pty;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use bakeoff::model::{Delta, Endpoint, Lineup, Report, Step};
use bakeoff::ui::{App, Effect, Event, Focus, Keymap, Theme, draw};
use clouds::{Server, screen, serve, settled, show, spread};
use crossterm::event::{Event as Terminal, KeyCode, KeyEvent, KeyModifiers};
use ratatui::backend::TestBackend;
use rustix::time::{ClockId, clock_gettime};

/// CPU time of this thread, in milliseconds.
fn cpu() -> f64 {
    let t = clock_gettime(ClockId::ThreadCPUTime);
    t.tv_sec as f64 * 1e3 + t.tv_nsec as f64 / 1e6
}

/// Markdown of about so many tokens of four bytes, of every kind that answers have.
fn markdown(tokens: usize) -> String {
    let mut out = String::new();
    let mut n = 0;
    while out.len() < tokens * 4 {
        n += 1;
        // Writing to a string does not fail.
        let _ = write!(
            out,
            "## Part {n}\n\nA paragraph with **bold** words, `code` and a [link](https://example.com/{n}), long enough to wrap \
             in a pane of fifty columns more than once.\n\n- first item of {n}\n- second item\n  - nested\n\n\
             | name | value |\n|------|------:|\n| a | {n} |\n| b | 2 |\n\n```rust\nfn part_{n}() -> u32 {{\n    {n}\n}}\n```\n\n"
        );
    }
    out
}

/// A round of so many panes with answers of this text.
fn answered(panes: usize, text: &str) -> App {
    let endpoint = |n| Endpoint { name: format!("m{n}"), model: format!("m{n}"), ..Endpoint::default() };
    let lineup = Lineup { endpoints: (0..panes).map(endpoint).collect(), ..Lineup::default() };
    let mut app = App::new("bench".into(), lineup, Keymap::default());
    app.focus = Focus::Prompt;
    for code in [KeyCode::Char('x'), KeyCode::Enter] {
        let key = KeyEvent::new(code, KeyModifiers::NONE);
        for effect in app.update(Event::Terminal(Terminal::Key(key)), Duration::ZERO) {
            let Effect::Launch { id, .. } = effect else { continue };
            app.update(Event::Report(Report { id, at: Duration::ZERO, step: Step::Sent }), Duration::ZERO);
            let step = Step::Deltas(vec![Delta::Text(text.to_owned())]);
            app.update(Event::Report(Report { id, at: Duration::from_millis(300), step }), Duration::ZERO);
        }
    }
    app
}

type Screen = ratatui::Terminal<TestBackend>;

fn frame(app: &mut App, theme: &Theme, terminal: &mut Screen) -> f64 {
    let before = cpu();
    terminal.draw(|frame| draw(app, theme, frame)).unwrap();
    cpu() - before
}

/// A frame of eight long answers beside one of eight short ones, while they grow by a token a frame.
fn frames() {
    let theme = Theme::named("default").unwrap();
    let median = |tokens: usize| {
        let mut app = answered(8, &markdown(tokens));
        let mut terminal = Screen::new(TestBackend::new(200, 50)).unwrap();
        let ids: Vec<_> = app.rounds[0].entries.iter().map(|e| e.id).collect();
        let first = frame(&mut app, &theme, &mut terminal);
        // What is out of sight is laid out piece by piece.
        let mut pieces = 0;
        while app.is_behind() {
            frame(&mut app, &theme, &mut terminal);
            pieces += 1;
        }
        println!(
            "{:<44} first frame {first:.1} ms, {pieces} more until all is laid out",
            format!("  {tokens} tokens a pane")
        );
        let times = (0..300).map(|n| {
            let at = Duration::from_millis(400 + n);
            for id in &ids {
                let step = Step::Deltas(vec![Delta::Text("four".into())]);
                app.update(Event::Report(Report { id: *id, at, step }), at);
            }
            frame(&mut app, &theme, &mut terminal)
        });
        spread(times.collect())
    };
    let (short, _, _) = median(1_000);
    let (long, p99, _) = median(100_000);
    let ratio = long / short;
    let figure = format!("{long:.2} ms, p99 {p99:.2}; {ratio:.2} × that of 1,000");
    show("a frame of 8 panes of 100,000 tokens", &figure, "≤ 2 ms, ≤ 1.3 ×", long <= 2.0 && ratio <= 1.3);
}

/// The first frame after a resize: what is visible comes first.
fn resize() {
    let theme = Theme::named("default").unwrap();
    let mut app = answered(8, &markdown(100_000));
    let mut terminal = Screen::new(TestBackend::new(200, 50)).unwrap();
    frame(&mut app, &theme, &mut terminal);
    while app.is_behind() {
        frame(&mut app, &theme, &mut terminal);
    }
    let mut times = Vec::new();
    for n in 0..20 {
        let mut terminal = Screen::new(TestBackend::new(if n % 2 == 0 { 196 } else { 200 }, 50)).unwrap();
        times.push(frame(&mut app, &theme, &mut terminal));
    }
    let (p50, _, max) = spread(times);
    show(
        "first frame after a resize, 8 × 100,000",
        &format!("p50 {p50:.1} ms, max {max:.1} ms"),
        "≤ 33 ms, a frame's time",
        max <= 33.0,
    );
}

/// Four panes as fast as the socket takes.
fn flood() {
    let server = Server::start();
    for (kind, most) in [("prose", 0.07), ("md", 0.10)] {
        let mut per_token = Vec::new();
        for tokens in [20_000_u32, 100_000] {
            let specs: Vec<String> = (1..=4)
                .map(|n| server.spec("compatible", &format!("load-n{tokens}-r0-d20-{kind}-u{n}")))
                .collect();
            let mut pty = screen(&specs, &[]);
            pty.send("x\r");
            settled(&pty, 4);
            // The first answers pay for the client and the languages.
            let (before, bytes) = (pty.threads(), pty.raw_len());
            pty.send("x\r");
            pty.wait_for("round 2/2");
            settled(&pty, 4);
            std::thread::sleep(Duration::from_millis(700));
            let all = f64::from(tokens) * 4.0;
            let seconds = pty.cpu_since(&before).as_secs_f64();
            per_token.push(seconds / all);
            let bytes = (pty.raw_len() - bytes) as f64 / all;
            let resident = pty.resident_kib() as f64 / 1024.0;
            let each = seconds / all * 1e4;
            let figure = format!(
                "{each:.3} CPU s per 10,000, {bytes:.1} bytes a token, {resident:.1} MiB after 8 answers"
            );
            show(
                &format!("4 × {tokens} tokens of {kind}, as they come"),
                &figure,
                &format!("≤ {most} s, ≤ 10 bytes"),
                each <= most && bytes <= 10.0,
            );
        }
        let ratio = per_token[1] / per_token[0];
        show(
            &format!("CPU a token, 100,000 over 20,000, {kind}"),
            &format!("{ratio:.2}"),
            "≤ 1.2",
            ratio <= 1.2,
        );
    }
}

/// What stays resident after four long answers, and of what kind it is.
fn memory() {
    let server = Server::start();
    for kind in ["prose", "md"] {
        let specs: Vec<String> =
            (1..=4).map(|n| server.spec("compatible", &format!("load-n20000-r0-d20-{kind}-u{n}"))).collect();
        let mut pty = screen(&specs, &[]);
        std::thread::sleep(Duration::from_secs(1));
        let idle = resident(&pty);
        pty.send("x\r");
        settled(&pty, 4);
        // The languages are let go, and who reads them is gone.
        let since = Instant::now();
        while !pty.children().is_empty() && since.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(pty.children().is_empty());
        let (all, own, file) = resident(&pty);
        let figure =
            format!("{all:.1} MiB (own {own:.1}, file {file:.1}); idle {:.1} (own {:.1})", idle.0, idle.1);
        show(&format!("resident after 4 × 20,000 tokens of {kind}"), &figure, "≤ 32 MiB", all <= 32.0);
    }
}

/// Resident memory in MiB: all, the program's own, and what is mapped from files.
fn resident(pty: &pty::Pty) -> (f64, f64, f64) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pty.pid())).unwrap_or_default();
    let mib = |name: &str| {
        let line = status.lines().find(|l| l.starts_with(name)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0.0) / 1024.0
    };
    (mib("VmRSS:"), mib("RssAnon:"), mib("RssFile:"))
}

/// Four panes at 200 tokens a second.
fn steady() {
    let server = Server::start();
    for kind in ["prose", "md"] {
        let specs: Vec<String> =
            (1..=4).map(|n| server.spec("compatible", &format!("load-n2000-r200-d50-{kind}-u{n}"))).collect();
        let mut pty = screen(&specs, &[]);
        pty.send("x\r");
        pty.wait_for("≈");
        std::thread::sleep(Duration::from_secs(1));
        let (before, bytes, at) = (pty.threads(), pty.raw_len(), Instant::now());
        std::thread::sleep(Duration::from_secs(7));
        let seconds = at.elapsed().as_secs_f64();
        let share = pty.cpu_since(&before).as_secs_f64() / seconds * 100.0;
        let each = (pty.raw_len() - bytes) as f64 / (seconds * 800.0);
        assert!(pty.screen().contains("streaming"), "the panes streamed all the while");
        let figure = format!("{share:.1} % of a core, {each:.0} bytes a token");
        show(
            &format!("4 panes at 200 tokens/s of {kind}"),
            &figure,
            "≤ 10 %, ≤ 400 bytes",
            share <= 10.0 && each <= 400.0,
        );
    }
}

/// Keys while four panes stream.
fn echo() {
    clouds::echo(4, (5.0, 16.0));
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    if args.first().is_some_and(|a| a == "serve") {
        return serve();
    }
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load average {}", load.trim());
    let all: [(&str, fn()); 6] = [
        ("frames", frames),
        ("resize", resize),
        ("flood", flood),
        ("memory", memory),
        ("steady", steady),
        ("echo", echo),
    ];
    for (name, bench) in all {
        if args.is_empty() || args.iter().any(|a| a == name) {
            bench();
        }
    }
}
