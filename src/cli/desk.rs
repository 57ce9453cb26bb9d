//! Drafts, sent prompts and the user's editor, joined to their files.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use super::world::Loaded;
use crate::model::clean_line;
use crate::store::Drafts;
use crate::store::PromptHistory;
use crate::store::data_dir;
use crate::ui;

/// What comes back from an editor larger than this is no prompt.
const MOST_BYTES: u64 = 64 << 20;

/// What is tried where neither variable is set.
const USUAL: [&str; 3] = ["vi", "nano", "emacs"];

struct Files {
    history: PromptHistory,
    drafts: Drafts,
}

impl ui::Desk for Files {
    fn history(&mut self) -> Result<Vec<String>, String> {
        self.history.read()
    }

    fn remember(&mut self, prompt: &str) -> Result<(), String> {
        self.history.add(&jiff::Timestamp::now().to_string(), prompt)
    }

    fn draft(&mut self, text: &str) -> Result<(), String> {
        self.drafts.keep(text)
    }

    fn orphan(&mut self) -> Option<ui::Orphan> {
        let (text, written, more) = self.drafts.orphan()?;
        let when = written.elapsed().map_or_else(|_| "before".to_owned(), ago);
        let others = match more {
            0 => String::new(),
            1 => "; one more waits for the next start".to_owned(),
            n => format!("; {n} more wait for the next starts"),
        };
        Some(ui::Orphan { text, notice: format!("your draft of {when} is back{others}") })
    }

    fn settle(&mut self, adopted: bool) {
        self.drafts.settle(adopted);
    }
}

/// `3 minutes ago`.
fn ago(past: Duration) -> String {
    let (n, unit) = match past.as_secs() {
        s @ 0..60 => (s.max(1), "second"),
        s @ 60..3_600 => (s / 60, "minute"),
        s @ 3_600..86_400 => (s / 3_600, "hour"),
        s => (s / 86_400, "day"),
    };
    format!("{n} {unit}{} ago", if n == 1 { "" } else { "s" })
}

/// How prompts are written; `keeps` says whether they and their drafts are kept, where there is a
/// place for them.
pub(super) fn pen(loaded: &Loaded, keeps: bool) -> ui::Pen {
    let writing = loaded.config.writing;
    let desk = data_dir().filter(|_| keeps).map(|dir| {
        let id = format!("{}-{:x}", std::process::id(), jiff::Timestamp::now().as_microsecond());
        let history = PromptHistory::at(&dir, writing.history);
        Box::new(Files { history, drafts: Drafts::at(&dir, &id) }) as Box<dyn ui::Desk>
    });
    ui::Pen { desk, vi: writing.vi, outside: Arc::new(edit) }
}

/// What to run, and what it was named by.
fn editors() -> Vec<(String, String)> {
    let named = ["VISUAL", "EDITOR"].into_iter().find_map(|name| {
        let command = std::env::var(name).ok().filter(|c| !c.trim().is_empty())?;
        Some((command, format!("${name}")))
    });
    match named {
        Some(named) => vec![named],
        None => USUAL.iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect(),
    }
}

/// Lets the user's editor have a text in a file of its own.
fn edit(text: &str) -> Result<Option<String>, String> {
    let fail = |e: std::io::Error| format!("the file for the editor: {e}; the prompt is as it was");
    // For its owner alone, the directory as well.
    let dir = tempfile::Builder::new().prefix("bakeoff-").tempdir().map_err(fail)?;
    let path = dir.path().join("prompt.md");
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(fail)?;
    file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).map_err(fail)?;
    drop(file);
    let tried = editors();
    for (command, _) in &tried {
        // As other programs do it: the shell reads the command, so that it may have arguments.
        let ran =
            Command::new("sh").arg("-c").arg(format!("{command} \"$@\"")).arg(command).arg(&path).status();
        let status = ran.map_err(fail)?;
        match status.code() {
            Some(0) => {
                let back = read_back(&path, text);
                if back.is_err() {
                    // Nothing that was written is lost.
                    let _ = dir.keep();
                }
                return back;
            }
            // Not found, or not a program.
            Some(126 | 127) => {}
            Some(code) => {
                return Err(format!("{} ended with {code}: the prompt is as it was", clean_line(command)));
            }
            None => {
                return Err(format!(
                    "{} was ended by a signal: the prompt is as it was",
                    clean_line(command)
                ));
            }
        }
    }
    let named: Vec<String> = tried
        .iter()
        .map(|(command, from)| {
            if from.starts_with('$') { format!("{from} is {}", clean_line(command)) } else { command.clone() }
        })
        .collect();
    Err(format!("no editor can be run ({}): set $EDITOR to one", named.join(", ")))
}

fn read_back(path: &Path, before: &str) -> Result<Option<String>, String> {
    let kept = |why: &str| format!("{why}; the prompt is as it was, the file is kept: {}", path.display());
    let size = match path.metadata() {
        Ok(there) => there.len(),
        Err(e) if e.kind() == ErrorKind::NotFound => {
            return Err("the editor has removed the file: the prompt is as it was".into());
        }
        Err(e) => return Err(kept(&e.to_string())),
    };
    if size > MOST_BYTES {
        return Err(kept("what the editor has written is larger than a prompt can be"));
    }
    let bytes = std::fs::read(path).map_err(|e| kept(&e.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|e| {
        let line = e.as_bytes().get(..e.utf8_error().valid_up_to()).unwrap_or_default();
        let line = line.split(|b| *b == b'\n').count();
        kept(&format!("what the editor has written is not UTF-8 in line {line}"))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n");
    // The line break that every editor puts at the end is not the prompt's.
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok((text != before).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_is_read_with_care() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("prompt.md");
        let back = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            read_back(&path, "before")
        };
        for (bytes, wanted) in [
            (&b"before\n"[..], None),
            (b"after\n", Some("after")),
            (b"after", Some("after")),
            (b"two\r\nlines\r\n", Some("two\nlines")),
            (b"\xef\xbb\xbfmarked\n", Some("marked")),
            (b"blank\n\n", Some("blank\n")),
            (b"", Some("")),
        ] {
            assert_eq!(back(bytes), Ok(wanted.map(str::to_owned)), "{bytes:?}");
        }
        let why = back(b"one\ntwo \xff\n").unwrap_err();
        assert!(why.contains("not UTF-8 in line 2") && why.contains("prompt.md"), "{why}");
        std::fs::remove_file(&path).unwrap();
        assert!(read_back(&path, "x").unwrap_err().contains("removed"));
    }

    #[test]
    fn a_time_is_told_in_one_unit() {
        for (seconds, wanted) in
            [(0, "1 second ago"), (61, "1 minute ago"), (7_300, "2 hours ago"), (90_000, "1 day ago")]
        {
            assert_eq!(ago(Duration::from_secs(seconds)), wanted);
        }
    }
}
