//! The reader of code in a process of its own.
//!
//! What it has read into memory goes back to the system when it ends, which memory that is only freed
//! does not; and code that a grammar chokes on costs that block its colours, not the screen a core for
//! ever. It has no environment, no keys and no terminal, and speaks one line of JSON each way: what is
//! to be read, then its colours.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use super::Uncoloured;
use super::reader::{KEPT, Reader};
use crate::model::AnswerId;
use crate::ui::markdown::Coloured;

/// The word that makes the program read code.
const WORD: &str = "read-code";

/// No frame's code takes so long, unless its grammar runs in circles.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of a block that are kept to be read again; a longer one stays plain from there on.
const MOST_KEPT: usize = 256 << 10;

/// One block of one answer.
type Block = (AnswerId, usize);

/// There is no such process here, and will be none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoHelper;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It has ended: another one may do better.
    Gone,
    /// It reads and reads.
    Stuck,
}

struct Running {
    child: Child,
    to: ChildStdin,
    from: Receiver<String>,
}

impl Running {
    fn start(program: &PathBuf) -> io::Result<Self> {
        let mut child = Command::new(program)
            .arg(WORD)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // The keys that interrupt and suspend are the screen's.
            .process_group(0)
            .spawn()?;
        let (Some(to), Some(out)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("it has no pipes"));
        };
        let (tell, from) = channel();
        std::thread::Builder::new().name("coloured".into()).spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { child, to, from })
    }

    fn ask(&mut self, code: &Uncoloured, patience: Duration) -> Result<Option<Vec<Coloured>>, Fault> {
        let line = serde_json::to_string(code).map_err(|_| Fault::Stuck)?;
        let sent = self.to.write_all(line.as_bytes()).and_then(|()| self.to.write_all(b"\n"));
        sent.map_err(|_| Fault::Gone)?;
        let told = self.from.recv_timeout(patience).map_err(|e| match e {
            RecvTimeoutError::Timeout => Fault::Stuck,
            RecvTimeoutError::Disconnected => Fault::Gone,
        })?;
        serde_json::from_str(&told).map_err(|_| Fault::Gone)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What was read of a block, for the process that comes after this one.
struct Kept {
    block: Block,
    lines: usize,
    text: String,
    /// The process that has read it.
    by: u64,
}

/// The process, while there is something to read.
pub(super) struct Helper {
    program: PathBuf,
    running: Option<Running>,
    /// Counts processes.
    count: u64,
    /// None has answered so far: it may be another program altogether.
    untried: bool,
    /// The one that was read last at the end.
    kept: Vec<Kept>,
    /// Blocks that it choked on.
    left: Vec<Block>,
    patience: Duration,
}

impl Helper {
    pub(super) fn new(program: PathBuf) -> Self {
        Self {
            program,
            running: None,
            count: 0,
            untried: true,
            kept: Vec::new(),
            left: Vec::new(),
            patience: PATIENCE,
        }
    }

    pub(super) fn rest(&mut self) {
        self.running = None;
    }

    /// The same as [`Reader::read`], over there.
    pub(super) fn read(&mut self, code: &Uncoloured) -> Result<Option<Vec<Coloured>>, NoHelper> {
        let block = (code.id, code.block);
        if self.left.contains(&block) {
            return Ok(None);
        }
        let before = self.kept.iter().position(|k| k.block == block).map(|at| self.kept.remove(at));
        let before = before.filter(|kept| kept.lines == code.from && code.from > 0);
        if code.from > 0 && before.is_none() {
            return Ok(Some(Vec::new()));
        }
        let mut told = self.ask(code, before.as_ref())?;
        if told == Err(Fault::Gone) {
            // Somebody may have ended it between two blocks.
            told = self.ask(code, before.as_ref())?;
        }
        let Ok(lines) = told else {
            if self.untried {
                return Err(NoHelper);
            }
            self.left.push(block);
            return Ok(None);
        };
        self.untried = false;
        let mut text = before.map(|kept| kept.text).unwrap_or_default();
        text.push_str(&code.lines);
        if text.len() <= MOST_KEPT && lines.is_some() {
            if self.kept.len() >= KEPT {
                self.kept.remove(0);
            }
            let lines = code.from + code.lines.lines().count();
            self.kept.push(Kept { block, lines, text, by: self.count });
        }
        Ok(lines)
    }
}

impl Helper {
    /// One try, with what stands before the lines where the process does not know it.
    fn ask(
        &mut self,
        code: &Uncoloured,
        before: Option<&Kept>,
    ) -> Result<Result<Option<Vec<Coloured>>, Fault>, NoHelper> {
        let mut running = if let Some(running) = self.running.take() {
            running
        } else {
            self.count += 1;
            Running::start(&self.program).map_err(|_| NoHelper)?
        };
        let again = before.filter(|kept| kept.by != self.count);
        let again = again.map(|kept| Uncoloured { from: 0, lines: kept.text.clone(), ..code.clone() });
        let known = again.map_or(Ok(None), |all| running.ask(&all, self.patience));
        let told = known.and_then(|_| running.ask(code, self.patience));
        // What comes from one that failed is no answer to anything.
        self.running = Some(running).filter(|_| told.is_ok());
        Ok(told)
    }
}

/// What the process does, until nobody asks any more.
pub fn read_code() {
    let (mut reader, mut out) = (Reader::new(), io::stdout().lock());
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let Ok(code) = serde_json::from_str::<Uncoloured>(&line) else { return };
        let Ok(told) = serde_json::to_string(&reader.read(&code)) else { return };
        if writeln!(out, "{told}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::OpenOptionsExt;

    use super::*;
    use crate::ui::markdown::Role;

    /// A program that stands in for ours.
    fn script(dir: &tempfile::TempDir, text: &str) -> Helper {
        let path = dir.path().join("stand-in");
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.create(true).truncate(true).write(true).mode(0o700).open(&path).unwrap();
        file.write_all(format!("#!/bin/sh\n{text}\n").as_bytes()).unwrap();
        drop(file);
        Helper { patience: Duration::from_millis(500), ..Helper::new(path) }
    }

    fn code(block: usize, from: usize, lines: &str) -> Uncoloured {
        Uncoloured { id: AnswerId(1), block, language: "rust".into(), from, lines: lines.into() }
    }

    #[test]
    fn without_such_a_program_there_is_no_helper() {
        let mut helper = Helper::new("/no/such/program".into());
        assert_eq!(helper.read(&code(1, 0, "x\n")), Err(NoHelper));
        let dir = tempfile::tempdir().unwrap();
        // It is there, and something else.
        assert_eq!(script(&dir, "exit 0").read(&code(1, 0, "x\n")), Err(NoHelper));
        assert_eq!(script(&dir, "echo hello").read(&code(1, 0, "x\n")), Err(NoHelper));
    }

    #[test]
    fn what_it_chokes_on_stays_plain_and_the_rest_does_not() {
        let dir = tempfile::tempdir().unwrap();
        // Answers with how many lines it has had, stops for good at a line that says so.
        let mut helper = script(
            &dir,
            "[ \"$1\" = read-code ] || exit\nwhile read -r line; do n=$((n + 1)); \
             case $line in *stuck*) exec sleep 60;; esac; echo \"[[[$n,\\\"Keyword\\\"]]]\"; done",
        );
        let told = |n: usize| Ok(Some(vec![vec![(n, Role::Keyword)]]));
        assert_eq!(helper.read(&code(1, 0, "a\n")), told(1));
        assert_eq!(helper.read(&code(1, 1, "b\n")), told(2));
        assert_eq!(helper.read(&code(2, 0, "stuck\n")), Ok(None));
        assert!(helper.running.is_none());
        assert_eq!(helper.read(&code(2, 1, "more\n")), Ok(None), "it is not tried again");
        // Another one reads what came before first.
        assert_eq!(helper.read(&code(1, 2, "c\n")), told(2));
        assert_eq!(helper.kept[0].text, "a\nb\nc\n");
        // One that was ended between two blocks is no loss.
        helper.running.as_mut().unwrap().child.kill().unwrap();
        helper.running.as_mut().unwrap().child.wait().unwrap();
        assert_eq!(helper.read(&code(1, 3, "d\n")), told(2));
        helper.rest();
        assert_eq!(helper.read(&code(1, 4, "e\n")), told(2));
        assert_eq!(helper.read(&code(1, 9, "z\n")), Ok(Some(Vec::new())), "what came before is not known");
        assert_eq!(helper.read(&code(9, 1, "z\n")), Ok(Some(Vec::new())));
    }
}
