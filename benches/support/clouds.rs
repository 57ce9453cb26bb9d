//! The simulated clouds in a process of their own, and how figures are shown.

#![allow(dead_code, reason = "each bench uses a part of it")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::pty::Pty;

pub const BIN: &str = env!("CARGO_BIN_EXE_bakeoff");

/// Nanoseconds of the clock that all processes share.
pub fn monotonic() -> i128 {
    let t = clock_gettime(ClockId::Monotonic);
    i128::from(t.tv_sec) * 1_000_000_000 + i128::from(t.tv_nsec)
}

/// The shared clock's reading at an earlier moment of this process.
pub fn reading(at: Instant) -> i128 {
    monotonic() - i128::try_from(at.elapsed().as_nanos()).unwrap()
}

/// The simulated clouds as a child: answers `log` with a line per request.
pub fn serve() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let demo = runtime.block_on(bakeoff::demo::Demo::start()).unwrap();
    println!("{}", demo.address().port());
    for line in std::io::stdin().lock().lines() {
        if line.is_err() {
            return;
        }
        for sent in demo.log() {
            let (Some(first), Some(last)) = (sent.first_text, sent.last) else { continue };
            println!("{} {} {} {}", sent.model, reading(sent.received), reading(first), reading(last));
        }
        println!(".");
    }
}

pub struct Served {
    pub received: i128,
    pub first: i128,
    pub last: i128,
}

pub struct Server {
    child: Child,
    ask: ChildStdin,
    out: BufReader<ChildStdout>,
    port: u16,
}

impl Server {
    pub fn start() -> Self {
        let me = std::env::current_exe().unwrap();
        let mut child =
            Command::new(me).arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (ask, mut out) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        Self { child, ask, out, port: line.trim().parse().unwrap() }
    }

    /// Requests by model, in the order in which they came.
    pub fn log(&mut self) -> HashMap<String, Vec<Served>> {
        writeln!(self.ask, "log").unwrap();
        self.ask.flush().unwrap();
        let mut out: HashMap<String, Vec<Served>> = HashMap::new();
        loop {
            let mut line = String::new();
            self.out.read_line(&mut line).unwrap();
            if line.trim() == "." {
                return out;
            }
            let mut words = line.split_whitespace();
            let model = words.next().unwrap().to_owned();
            let mut next = || words.next().unwrap().parse().unwrap();
            out.entry(model).or_default().push(Served { received: next(), first: next(), last: next() });
        }
    }

    /// An endpoint spec on one of the six wires.
    pub fn spec(&self, provider: &str, model: &str) -> String {
        let base = format!("http://127.0.0.1:{}", self.port);
        match provider {
            "compatible" => format!("compatible:{model}@{base}/v1?api_key_env=BAKEOFF_DEMO_KEY"),
            "openai" => format!("openai:{model}@{base}/v1"),
            other => format!("{other}:{model}@{base}"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The screen with these endpoints, after its first frame.
pub fn screen(specs: &[String], more: &[&str]) -> Pty {
    let mut args: Vec<&str> = specs.iter().flat_map(|s| ["-e", s.as_str()]).collect();
    args.extend(more);
    let pty = Pty::start(Path::new(BIN), &args, bakeoff::demo::Demo::variables(), 200, 50);
    pty.wait_for("enter send");
    pty
}

/// Waits until nothing runs: no pane shows a spinner's word.
pub fn settled(pty: &Pty, panes: usize) -> Instant {
    pty.wait("every answer to end", |s| s.contents().matches('✓').count() >= panes)
}

pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = (sorted.len() as f64 * q).ceil() as usize;
    sorted[at.clamp(1, sorted.len()) - 1]
}

pub fn spread(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (quantile(&values, 0.5), quantile(&values, 0.99), *values.last().unwrap())
}

pub fn show(what: &str, figure: &str, goal: &str, met: bool) {
    println!("{:<44} {figure:<52} goal {goal:<34} {}", what, if met { "met" } else { "NOT MET" });
}

/// A typed character, from the key to its bytes on the terminal, while so many panes stream; `most` are
/// the goals of its median and its 99th percentile, in milliseconds.
pub fn echo(panes: usize, most: (f64, f64)) {
    let server = Server::start();
    let specs: Vec<String> =
        (1..=panes).map(|n| server.spec("compatible", &format!("load-n20000-r500-d50-md-u{n}"))).collect();
    let mut pty = screen(&specs, &[]);
    pty.send("x\r");
    pty.wait_for("≈");
    let mut times = Vec::new();
    // Letters that no answer holds; one at a time, as a person types.
    for c in "ᚠᚢᚦᚨᚱᚲᚷᚹᚺᚾᛁᛃᛇᛈᛉᛊᛏᛒᛖᛗᛚᛜᛟᛞ".chars().cycle().take(200)
    {
        let before = pty.raw_len();
        let at = Instant::now();
        pty.send(&c.to_string());
        let seen = pty.wait_raw(before, c.to_string().as_bytes());
        times.push(seen.duration_since(at).as_secs_f64() * 1e3);
        std::thread::sleep(Duration::from_millis(23));
    }
    assert!(pty.screen().contains("streaming"), "the panes streamed all the while");
    let (p50, p99, max) = spread(times);
    let figure = format!("p50 {p50:.1} ms, p99 {p99:.1} ms, max {max:.1} ms of 200");
    let goal = format!("p50 ≤ {} ms, p99 ≤ {} ms", most.0, most.1);
    show(
        &format!("key to screen, {panes} panes at 500 tok/s"),
        &figure,
        &goal,
        p50 <= most.0 && p99 <= most.1,
    );
}

pub fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("bakeoff-goals-{}-{name}", std::process::id()))
}
