//! The goals in figures: the real binary on a pseudo-terminal against the
//! simulated clouds, which run in a process of their own and log what they sent.
//!
//! `cargo bench --bench goals [-- NAME…]` prints every figure (or the named ones:
//! truth, echo, growth, start, idle, first, four, detail) beside its goal. Absolute times
//! depend on the machine; the load average stands at the top.

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

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clouds::{BIN, Server, monotonic, reading, scratch, screen, serve, settled, show, spread};
use pty::Pty;

/// Reported first-text time against the server's own log, eight panes streaming
/// and drawing, one of them as fast as the socket takes.
fn truth() {
    let mut server = Server::start();
    let wires = ["openai", "compatible", "anthropic", "gemini", "bedrock", "ollama", "openai"];
    let mut specs: Vec<String> = wires
        .iter()
        .zip(1..)
        .map(|(wire, n)| server.spec(wire, &format!("load-n200-r100-d{}-u{n}", 150 + 40 * n)))
        .collect();
    specs.push(server.spec("compatible", "load-n60000-r0-d100-u8"));
    let out = scratch("truth.json");
    let mut pty = screen(&specs, &["--out", out.to_str().unwrap()]);
    for round in 1..=12 {
        pty.send("x\r");
        pty.wait_for(&format!("round {round}/{round}"));
        settled(&pty, specs.len());
    }
    pty.send("\x1b");
    pty.wait_for("z zoom");
    pty.send("q");
    pty.exit();
    let log = server.log();
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    let _ = std::fs::remove_file(&out);
    let (mut errors, mut each) = (Vec::new(), HashMap::<String, Vec<f64>>::new());
    for (n, round) in json["rounds"].as_array().unwrap().iter().enumerate() {
        for answer in round["answers"].as_array().unwrap() {
            let model = answer["model"].as_str().unwrap();
            let sent = &log[model][n];
            let reported = i128::from(answer["timeline"]["first_text"].as_u64().unwrap());
            let error = (reported - (sent.first - sent.received)) as f64 / 1e6;
            errors.push(error.abs());
            each.entry(answer["provider"].as_str().unwrap().into()).or_default().push(error.abs());
        }
    }
    let count = errors.len();
    let (p50, p99, max) = spread(errors);
    let figure = format!("p50 {p50:.2} ms, p99 {p99:.2} ms, max {max:.2} ms of {count}");
    show(
        "first text reported minus sent, 8 panes",
        &figure,
        "p50 ≤ 1 ms, p99 ≤ 5 ms",
        p50 <= 1.0 && p99 <= 5.0,
    );
    let mut each: Vec<_> = each.into_iter().collect();
    each.sort_by(|a, b| a.0.cmp(&b.0));
    for (provider, errors) in each {
        let count = errors.len();
        let (p50, p99, max) = spread(errors);
        println!(
            "{:<44} p50 {p50:.2} ms, p99 {p99:.2} ms, max {max:.2} ms of {count}",
            format!("  on the wire of {provider}")
        );
    }
}

/// Keys while eight panes stream.
fn echo() {
    clouds::echo(8, (16.0, 50.0));
}

/// CPU per token at 5,000 and at 100,000 tokens, and memory after.
fn growth() {
    let server = Server::start();
    for kind in ["prose", "md"] {
        let mut per_token = Vec::new();
        for tokens in [5_000_u32, 20_000, 100_000] {
            let runs = (100_000 / tokens).clamp(1, 8);
            let spec = server.spec("compatible", &format!("load-n{tokens}-r0-d20-{kind}"));
            let mut pty = screen(&[spec], &[]);
            // The first answer pays for the client and the catalog.
            pty.send("x\r");
            settled(&pty, 1);
            let before = pty.threads();
            for round in 0..runs {
                pty.send("x\r");
                pty.wait_for(&format!("round {}/{}", round + 2, round + 2));
                settled(&pty, 1);
            }
            let cpu = pty.cpu_since(&before).as_secs_f64() / f64::from(runs);
            per_token.push(cpu / f64::from(tokens) * 1e9);
            println!(
                "{:<44} {:.1} ms, {:.0} ns a token, {} KiB resident, {} bytes to the terminal a token",
                format!("  {tokens} tokens of {kind} as fast as they come"),
                cpu * 1e3,
                cpu / f64::from(tokens) * 1e9,
                pty.resident_kib(),
                pty.raw_len() / (tokens as usize * (runs as usize + 1)),
            );
        }
        let ratio = per_token[2] / per_token[0];
        let figure = format!("{ratio:.2}");
        show(&format!("CPU a token, 100,000 over 5,000, {kind}"), &figure, "≤ 1.3", ratio <= 1.3);
    }
}

/// The least program that draws as much, for comparison.
fn least() {
    use ratatui::layout::{Constraint, Layout};
    use ratatui::widgets::{Block, Paragraph};
    let mut terminal = ratatui::init();
    terminal
        .draw(|frame| {
            let panes = Layout::horizontal([Constraint::Ratio(1, 4); 4]).split(frame.area());
            for pane in panes.iter() {
                frame.render_widget(
                    Paragraph::new("enter send").block(Block::bordered().title("pane")),
                    *pane,
                );
            }
        })
        .unwrap();
    while !matches!(crossterm::event::read(), Ok(crossterm::event::Event::Key(_)) | Err(_)) {}
    ratatui::restore();
}

/// CPU from exec to the first full frame, beside the least program.
fn start() {
    let me = std::env::current_exe().unwrap();
    let specs: Vec<String> =
        (1..=4).map(|n| format!("compatible:m@http://127.0.0.1:9/v1?name=pane-{n}")).collect();
    let args: Vec<&str> = specs.iter().flat_map(|s| ["-e", s.as_str()]).collect();
    let measure = |program: &Path, args: &[&str]| {
        let (mut cpu, mut wall) = (Vec::new(), Vec::new());
        for _ in 0..21 {
            let at = Instant::now();
            let pty = Pty::start(program, args, &[], 200, 50);
            let seen = pty.wait_for("enter send");
            cpu.push(pty.cpu_since(&HashMap::new()).as_secs_f64() * 1e3);
            wall.push(seen.duration_since(at).as_secs_f64() * 1e3);
        }
        (spread(cpu).0, spread(wall).0)
    };
    let (ours, ours_wall) = measure(Path::new(BIN), &args);
    let (least, least_wall) = measure(&me, &["least"]);
    let figure = format!("{ours:.1} ms against {least:.1} ms (wall {ours_wall:.0}, {least_wall:.0})");
    show("CPU to the first full frame, 4 panes", &figure, "≤ 5 ms above the least", ours - least <= 5.0);
}

/// Memory and CPU of a screen on which nothing happens.
fn idle() {
    let server = Server::start();
    let specs: Vec<String> =
        (1..=4).map(|n| server.spec("compatible", &format!("load-n2000-r0-d50-u{n}"))).collect();
    let mut pty = screen(&specs, &[]);
    std::thread::sleep(Duration::from_secs(1));
    let fresh = pty.resident_kib();
    let rest = |pty: &Pty| {
        let before = pty.threads();
        std::thread::sleep(Duration::from_secs(10));
        pty.cpu_since(&before).as_secs_f64() / 10.0 * 100.0
    };
    let cpu = rest(&pty);
    pty.send("x\r");
    settled(&pty, 4);
    std::thread::sleep(Duration::from_millis(300));
    let after = pty.resident_kib();
    let cpu_after = rest(&pty);
    let mib = |kib: u64| kib as f64 / 1024.0;
    let figure = format!("{:.1} MiB; after 4 × 2,000 tokens {:.1} MiB", mib(fresh), mib(after));
    show("resident memory, 4 panes", &figure, "≤ 16 MiB idle", mib(fresh) <= 16.0);
    let figure = format!("{cpu:.3} % of a core; after the answers {cpu_after:.3} %");
    show("CPU of an idle screen, 10 s", &figure, "no timer", cpu < 0.05 && cpu_after < 0.05);
}

/// The first token, from its sending to its bytes on the terminal.
fn first() {
    let mut server = Server::start();
    let specs: Vec<String> = (1..=4)
        .map(|n| server.spec("compatible", &format!("load-n100-r200-d{}-u{n}", 100 + 60 * n)))
        .collect();
    let mut late = Vec::new();
    for _ in 0..10 {
        let mut pty = screen(&specs[..1], &[]);
        let before = pty.raw_len();
        pty.send("x\r");
        // An answer begins with a letter that stands nowhere else.
        let seen = reading(pty.wait_raw(before, "\u{428}".as_bytes()));
        let log = server.log();
        let sent = log.values().flatten().map(|s| s.first).max().unwrap();
        late.push((seen - sent) as f64 / 1e6);
    }
    let (p50, p99, _) = spread(late);
    show(
        "first token drawn after it was sent",
        &format!("p50 {p50:.1} ms, worst {p99:.1} ms"),
        "≤ 25 ms",
        p99 <= 25.0,
    );
}

/// Four endpoints at once, without a screen: what the run adds to the slowest.
fn four() {
    let mut server = Server::start();
    let mut over = Vec::new();
    for _ in 0..5 {
        let specs: Vec<String> = (1..=4)
            .map(|n| server.spec("compatible", &format!("load-n{}-r400-d{}-u{n}", 100 * n, 50 * n)))
            .collect();
        let at = monotonic();
        let status = Command::new(BIN)
            .args(["run", "x", "--quiet"])
            .args(specs.iter().flat_map(|s| ["-e", s.as_str()]))
            .env_clear()
            .envs(bakeoff::demo::Demo::variables().iter().copied())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        let wall = monotonic() - at;
        assert!(status.success());
        let log = server.log();
        let slowest = log.values().filter_map(|s| s.last()).map(|s| s.last - s.received).max().unwrap();
        over.push((wall - slowest) as f64 / 1e6);
    }
    let (p50, worst, _) = spread(over);
    show(
        "four at once over the slowest, whole run",
        &format!("p50 {p50:.0} ms, worst {worst:.0} ms"),
        "≤ 50 ms",
        p50 <= 50.0,
    );
}

/// A frame of the detail of a very long answer beside that of a short one: gaps and
/// percentiles must not be worked out anew each time.
fn detail() {
    use bakeoff::model::{Delta, Endpoint, Lineup, Report, Step};
    use bakeoff::ui::{App, Effect, Event, Focus, Keymap, Overlay, Theme, draw};
    use crossterm::event::{Event as Terminal, KeyCode, KeyEvent, KeyModifiers};
    let frame = |chunks: u32| {
        let endpoints = vec![Endpoint { name: "m".into(), model: "m".into(), ..Endpoint::default() }];
        let lineup = Lineup { endpoints, ..Lineup::default() };
        let mut app = App::new("bench".into(), lineup, Keymap::default());
        app.focus = Focus::Prompt;
        for code in [KeyCode::Char('x'), KeyCode::Enter] {
            let key = KeyEvent::new(code, KeyModifiers::NONE);
            let effects = app.update(Event::Terminal(Terminal::Key(key)), Duration::ZERO);
            let Some(Effect::Launch { id, .. }) = effects.into_iter().next() else { continue };
            app.update(Event::Report(Report { id, at: Duration::ZERO, step: Step::Sent }), Duration::ZERO);
            let folding = Instant::now();
            for n in 0..chunks {
                // Gaps of many lengths, in no order.
                let at = Duration::from_micros(
                    u64::from(n) * 2_000 + u64::from(n.wrapping_mul(2_654_435_761) % 1_900),
                );
                let step = Step::Deltas(vec![Delta::Text("four".into())]);
                app.update(Event::Report(Report { id, at, step }), at);
            }
            println!(
                "{:<44} {:.0} ns a chunk",
                format!("  folding {chunks} chunks"),
                folding.elapsed().as_secs_f64() / f64::from(chunks) * 1e9
            );
        }
        app.overlay = Some(Overlay::Detail { top: 0 });
        let theme = Theme::named("default").unwrap();
        let backend = ratatui::backend::TestBackend::new(200, 50);
        let mut terminal = ratatui::Terminal::new(backend).unwrap();
        let times = (0..200).map(|_| {
            let at = Instant::now();
            terminal.draw(|frame| draw(&mut app, &theme, frame)).unwrap();
            at.elapsed().as_secs_f64() * 1e3
        });
        spread(times.collect()).0
    };
    let (short, long) = (frame(100), frame(100_000));
    let figure = format!("{long:.2} ms against {short:.2} ms with 100");
    show("a frame of the detail, 100,000 chunks", &figure, "≤ 1 ms above", long - short <= 1.0);
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    match args.first().map(String::as_str) {
        Some("serve") => return serve(),
        Some("least") => return least(),
        _ => {}
    }
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load average {}", load.trim());
    let all: [(&str, fn()); 8] = [
        ("start", start),
        ("idle", idle),
        ("truth", truth),
        ("first", first),
        ("echo", echo),
        ("four", four),
        ("growth", growth),
        ("detail", detail),
    ];
    for (name, bench) in all {
        if args.is_empty() || args.iter().any(|a| a == name) {
            bench();
        }
    }
}
