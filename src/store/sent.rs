//! Prompts that were sent, across sessions: one JSON object a line, for its owner alone.
//!
//! Several instances write at once: each holds a lock while it adds its line, so that nothing
//! is lost and no line is torn. The lock is a file of its own, because the other one is
//! replaced when old lines go.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::config::write_whole;

/// A file larger than this is cut to its newer half.
const MOST_BYTES: u64 = 64 << 20;

#[derive(Serialize, Deserialize)]
struct Row {
    /// When it was sent, RFC 3339.
    at: String,
    prompt: String,
}

/// The file, and how many prompts it keeps.
#[derive(Debug, Clone)]
pub struct PromptHistory {
    path: PathBuf,
    most: usize,
}

impl PromptHistory {
    /// In a directory that need not be there yet.
    #[must_use]
    pub fn at(dir: &Path, most: usize) -> Self {
        Self { path: dir.join("history.jsonl"), most }
    }

    fn fail(&self) -> impl Fn(std::io::Error) -> String {
        move |e| format!("the history of prompts, {}: {e}", self.path.display())
    }

    /// Holds every other instance off as long as it lives.
    fn lock(&self) -> Result<File, String> {
        let dir = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(dir).map_err(self.fail())?;
        let lock = own(OpenOptions::new().write(true)).open(dir.join("history.lock")).map_err(self.fail())?;
        lock.lock().map_err(self.fail())?;
        Ok(lock)
    }

    /// Every prompt once, oldest first; of equal ones the newest counts. A line that is damaged is
    /// passed over.
    ///
    /// # Errors
    /// A sentence with the path, where the file is there and cannot be read.
    pub fn read(&self) -> Result<Vec<String>, String> {
        match std::fs::read(&self.path) {
            Ok(bytes) => Ok(self.newest(&bytes).into_iter().map(|row| row.prompt).collect()),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(e) => Err(self.fail()(e)),
        }
    }

    fn newest(&self, bytes: &[u8]) -> Vec<Row> {
        let rows = bytes.split(|b| *b == b'\n').rev();
        let rows = rows.filter_map(|line| serde_json::from_slice::<Row>(line).ok());
        let mut seen = HashSet::new();
        let mut kept: Vec<Row> = rows.filter(|row| seen.insert(row.prompt.clone())).take(self.most).collect();
        kept.reverse();
        kept
    }

    /// Adds a prompt; old ones go where there are too many.
    ///
    /// # Errors
    /// A sentence with the path; what was kept is still kept.
    pub fn add(&self, at: &str, prompt: &str) -> Result<(), String> {
        if self.most == 0 {
            return Ok(());
        }
        let _lock = self.lock()?;
        let row = Row { at: at.to_owned(), prompt: prompt.to_owned() };
        let line = serde_json::to_string(&row).map_err(|e| self.fail()(e.into()))? + "\n";
        let mut file =
            own(OpenOptions::new().read(true).append(true)).open(&self.path).map_err(self.fail())?;
        // A line that a crash has cut off stays alone.
        let torn = file.seek(SeekFrom::End(-1)).is_ok() && {
            let mut last = [0];
            file.read_exact(&mut last).is_ok() && last != *b"\n"
        };
        let line = if torn { format!("\n{line}") } else { line };
        file.write_all(line.as_bytes()).map_err(self.fail())?;
        let size = file.metadata().map_err(self.fail())?.len();
        self.shorten(size)
    }

    /// Writes the file anew where it has grown well beyond what it keeps.
    fn shorten(&self, size: u64) -> Result<(), String> {
        // Counting lines means reading: only where there can be too many of them.
        if size < 4_096 || size < u64::try_from(self.most).unwrap_or(u64::MAX).saturating_mul(40) {
            return Ok(());
        }
        let bytes = std::fs::read(&self.path).map_err(self.fail())?;
        let lines = bytes.split(|b| *b == b'\n').count();
        if lines <= self.most + self.most / 4 + 16 && size <= MOST_BYTES {
            return Ok(());
        }
        let mut room = MOST_BYTES / 2;
        let mut lines: Vec<String> = Vec::new();
        for row in self.newest(&bytes).iter().rev() {
            let Ok(line) = serde_json::to_string(row) else { continue };
            let Some(left) = room.checked_sub(u64::try_from(line.len()).unwrap_or(u64::MAX)) else { break };
            room = left;
            lines.push(line);
        }
        lines.reverse();
        write_whole(&self.path, &(lines.join("\n") + "\n"))
    }
}

/// A file for its owner alone, made where it is not there.
pub(super) fn own(options: &mut OpenOptions) -> &mut OpenOptions {
    options.create(true).mode(0o600)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn add(history: &PromptHistory, prompt: &str) {
        history.add("2026-11-24T10:00:00Z", prompt).unwrap();
    }

    #[test]
    fn prompts_are_kept_once_in_order_and_for_their_owner() {
        let dir = tempfile::tempdir().unwrap();
        let history = PromptHistory::at(&dir.path().join("new"), 100);
        assert_eq!(history.read(), Ok(Vec::new()));
        for prompt in ["one", "two\nlines \"quoted\"", "one", "日本"] {
            add(&history, prompt);
        }
        assert_eq!(history.read().unwrap(), ["two\nlines \"quoted\"", "one", "日本"]);
        assert_eq!(std::fs::metadata(&history.path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_torn_line_costs_only_itself() {
        let dir = tempfile::tempdir().unwrap();
        let history = PromptHistory::at(dir.path(), 100);
        add(&history, "one");
        let mut file = OpenOptions::new().append(true).open(&history.path).unwrap();
        file.write_all(b"{\"at\":\"2026\",\"prompt\":\"hal").unwrap();
        add(&history, "two");
        assert_eq!(history.read().unwrap(), ["one", "two"]);
        file.write_all(b"\xff\xfe\n").unwrap();
        assert_eq!(history.read().unwrap(), ["one", "two"]);
    }

    #[test]
    fn old_ones_go_and_none_at_all_is_kept_where_that_is_wanted() {
        let dir = tempfile::tempdir().unwrap();
        let history = PromptHistory::at(dir.path(), 10);
        for n in 0..400 {
            add(&history, &format!("prompt {n}"));
        }
        let wanted: Vec<String> = (390..400).map(|n| format!("prompt {n}")).collect();
        assert_eq!(history.read().unwrap(), wanted);
        let lines = std::fs::read_to_string(&history.path).unwrap().lines().count();
        assert!(lines < 100, "{lines} lines for ten prompts");
        let none = PromptHistory::at(&dir.path().join("none"), 0);
        none.add("x", "secret").unwrap();
        assert!(!none.path.exists());
    }

    #[test]
    fn several_instances_at_once_lose_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let history = PromptHistory::at(dir.path(), 1_000);
        std::thread::scope(|scope| {
            for instance in 0..8 {
                let history = &history;
                scope.spawn(move || {
                    for n in 0..50 {
                        add(history, &format!("{instance}-{n}-{}", "x".repeat(2_000)));
                    }
                });
            }
        });
        assert_eq!(history.read().unwrap().len(), 400);
    }
}
