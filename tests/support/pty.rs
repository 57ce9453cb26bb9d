//! The real binary on a real pseudo-terminal, its screen read through a VT parser.

#![allow(dead_code, reason = "shared by the tests and the bench, which use different parts")]

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// Waits end here: far above what any of them takes, so that only a defect meets it.
const PATIENCE: Duration = Duration::from_secs(30);

struct Seen {
    parser: vt100::Parser,
    /// Every byte since the start.
    raw: Vec<u8>,
    /// The program's side is closed.
    closed: bool,
}

/// A program on a terminal of its own.
pub struct Pty {
    /// What the program keeps: every program has its own, so that no test finds another's.
    _data: tempfile::TempDir,
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Option<Box<dyn Write + Send>>,
    reader: Option<std::thread::JoinHandle<()>>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

impl Pty {
    /// Starts `program` with an empty HOME and no variables but those given.
    pub fn start(program: &Path, args: &[&str], vars: &[(&str, &str)], columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.cwd(std::env::temp_dir());
        command.env_clear();
        for (name, value) in [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LANG", "C.UTF-8")] {
            command.env(name, value);
        }
        command.env("HOME", std::env::temp_dir().join("bakeoff-no-home"));
        let data = tempfile::tempdir().expect("a directory");
        command.env("BAKEOFF_DATA", data.path());
        for (name, value) in vars {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let keys = pair.master.take_writer().expect("a writer");
        let seen = Arc::new((
            Mutex::new(Seen {
                parser: vt100::Parser::new(at_least_one(rows), at_least_one(columns), 0),
                raw: Vec::new(),
                closed: false,
            }),
            Condvar::new(),
        ));
        let shared = Arc::clone(&seen);
        let thread = std::thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            let mut pending = Vec::new();
            loop {
                let n = reader.read(&mut buffer).unwrap_or(0);
                let mut seen = shared.0.lock().unwrap();
                if n == 0 {
                    seen.closed = true;
                    shared.1.notify_all();
                    return;
                }
                if seen.closed {
                    return;
                }
                seen.raw.extend_from_slice(&buffer[..n]);
                pending.extend_from_slice(&buffer[..n]);
                let whole = whole_frames(&pending);
                seen.parser.process(&pending[..whole]);
                pending.drain(..whole);
                shared.1.notify_all();
            }
        });
        Self { _data: data, child, master: Some(pair.master), keys: Some(keys), reader: Some(thread), seen }
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("a process id")
    }

    /// Types.
    pub fn send(&mut self, text: &str) {
        let keys = self.keys.as_mut().expect("the terminal is open");
        keys.write_all(text.as_bytes()).expect("typing");
        keys.flush().expect("typing");
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.seen.0.lock().unwrap().parser.screen_mut().set_size(at_least_one(rows), at_least_one(columns));
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().expect("the terminal is open").resize(size).expect("a new size");
    }

    /// The screen as text, one line a row.
    pub fn screen(&self) -> String {
        self.seen.0.lock().unwrap().parser.screen().contents()
    }

    /// Every byte that the program has written.
    pub fn raw(&self) -> Vec<u8> {
        self.seen.0.lock().unwrap().raw.clone()
    }

    pub fn raw_len(&self) -> usize {
        self.seen.0.lock().unwrap().raw.len()
    }

    /// Waits until the screen fulfils a condition; gives the moment at which it did.
    #[track_caller]
    pub fn wait(&self, what: &str, condition: impl Fn(&vt100::Screen) -> bool) -> Instant {
        let (seen, changed) = &*self.seen;
        let mut seen = seen.lock().unwrap();
        let end = Instant::now() + PATIENCE;
        loop {
            if condition(seen.parser.screen()) {
                return Instant::now();
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || seen.closed {
                let screen = seen.parser.screen().contents();
                panic!(
                    "waited for {what}{}; the screen:\n{screen}",
                    if seen.closed { " (program ended)" } else { "" }
                );
            }
            seen = changed.wait_timeout(seen, left).unwrap().0;
        }
    }

    #[track_caller]
    pub fn wait_for(&self, text: &str) -> Instant {
        self.wait(&format!("{text:?}"), |screen| screen.contents().contains(text))
    }

    /// Waits for bytes to be written after an offset into all that was written.
    #[track_caller]
    pub fn wait_raw(&self, from: usize, wanted: &[u8]) -> Instant {
        let (seen, changed) = &*self.seen;
        let mut seen = seen.lock().unwrap();
        let end = Instant::now() + PATIENCE;
        let mut searched = from;
        loop {
            let start = searched.saturating_sub(wanted.len()).max(from);
            if seen.raw[start..].windows(wanted.len()).any(|w| w == wanted) {
                return Instant::now();
            }
            searched = seen.raw.len();
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !seen.closed, "the bytes did not come");
            seen = changed.wait_timeout(seen, left).unwrap().0;
        }
    }

    #[track_caller]
    pub fn wait_gone(&self, text: &str) -> Instant {
        self.wait(&format!("{text:?} to go"), |screen| !screen.contents().contains(text))
    }

    /// Waits for the program to end and for its last byte.
    #[track_caller]
    pub fn exit(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                break status;
            }
            assert!(Instant::now() < end, "the program does not end; the screen:\n{}", self.screen());
            std::thread::yield_now();
            std::thread::park_timeout(Duration::from_millis(2));
        };
        let (seen, changed) = &*self.seen;
        let mut seen = seen.lock().unwrap();
        while !seen.closed && Instant::now() < end {
            seen = changed.wait_timeout(seen, Duration::from_millis(50)).unwrap().0;
            if seen.closed {
                break;
            }
            // The slave side may be held by nobody while the reader is still on its way.
            if self.keys.is_none() {
                break;
            }
            self.keys = None;
        }
        status
    }

    /// The terminal goes away, as when a window is closed. `key` must make the program
    /// write, so that the reader wakes and lets go of the terminal first.
    pub fn hang_up(&mut self, key: &str) {
        self.seen.0.lock().unwrap().closed = true;
        self.send(key);
        self.reader.take().expect("a reader").join().expect("the reader ends");
        self.keys = None;
        self.master = None;
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).expect("a signal");
    }

    /// Processes that the program has begun and that live.
    pub fn children(&self) -> Vec<u32> {
        let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let own = |entry: std::fs::DirEntry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            // Behind the name, which may hold anything: its state, then its parent.
            let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
            let (state, parent) = (fields.next()?, fields.next()?.parse::<u32>().ok()?);
            (parent == self.pid() && state != "Z").then_some(pid)
        };
        all.filter_map(own).collect()
    }

    /// CPU time of each thread that lives, those of its children included, in nanoseconds.
    pub fn threads(&self) -> HashMap<String, u64> {
        let all = self.children().into_iter().chain([self.pid()]);
        let tasks = all
            .flat_map(|pid| std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten());
        tasks
            .filter_map(|task| {
                let stat = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
                let used = stat.split_whitespace().next()?.parse().ok()?;
                Some((task.file_name().to_string_lossy().into_owned(), used))
            })
            .collect()
    }

    /// CPU time since an earlier look; what a thread used that has ended since is lost.
    pub fn cpu_since(&self, before: &HashMap<String, u64>) -> Duration {
        let used = |(id, now): (&String, &u64)| now.saturating_sub(before.get(id).copied().unwrap_or(0));
        Duration::from_nanos(self.threads().iter().map(used).sum())
    }

    /// Resident memory in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap_or_default().to_owned();
        line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0)
    }
}

/// Bytes up to which the screen may be looked at: a frame that has begun but not
/// ended is nobody's business yet, as on a terminal that knows synchronized updates.
fn whole_frames(bytes: &[u8]) -> usize {
    let last = |marker: &[u8]| bytes.windows(marker.len()).rposition(|w| w == marker);
    match (last(b"\x1b[?2026h"), last(b"\x1b[?2026l")) {
        (Some(begin), Some(end)) if end < begin => begin,
        (Some(begin), None) => begin,
        _ => bytes.len(),
    }
}

/// The parser knows no empty screen.
fn at_least_one(n: u16) -> std::num::NonZeroU16 {
    std::num::NonZeroU16::new(n.max(1)).unwrap()
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
