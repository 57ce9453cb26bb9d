//! The draft of each running instance, so that a crash costs a second of writing.
//!
//! ```text
//! drafts/<id>.md     the text
//! drafts/<id>.lock   held locked by the instance that writes it
//! ```
//!
//! A lock goes with its process, however that ends: a draft whose lock can be taken is an
//! orphan.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use super::config::write_whole;
use super::sent::own;

/// A draft larger than any that the field holds is not one of ours.
const MOST_BYTES: u64 = 128 << 20;

/// A draft that nobody writes on any more; its lock is held.
#[derive(Debug)]
struct Claim {
    text: PathBuf,
    lock: PathBuf,
    /// Held until the claim goes.
    _held: File,
}

/// This instance's draft, and the orphan that it has found.
#[derive(Debug)]
pub struct Drafts {
    dir: PathBuf,
    id: String,
    /// Held from the first draft on.
    lock: Option<File>,
    claim: Option<Claim>,
    adopted: bool,
}

impl Drafts {
    /// In a directory that need not be there yet; `id` is this instance's alone.
    #[must_use]
    pub fn at(dir: &Path, id: &str) -> Self {
        Self { dir: dir.join("drafts"), id: id.to_owned(), lock: None, claim: None, adopted: false }
    }

    fn path(&self, ending: &str) -> PathBuf {
        self.dir.join(format!("{}.{ending}", self.id))
    }

    /// Keeps the draft; an empty one is removed.
    ///
    /// # Errors
    /// A sentence with the path.
    pub fn keep(&mut self, text: &str) -> Result<(), String> {
        let path = self.path("md");
        let fail = |e: std::io::Error| format!("the draft is not kept, {}: {e}", path.display());
        if text.trim().is_empty() {
            if path.exists() {
                std::fs::remove_file(&path).map_err(fail)?;
            }
        } else {
            if self.lock.is_none() {
                std::fs::create_dir_all(&self.dir).map_err(fail)?;
                let lock = own(OpenOptions::new().write(true)).open(self.path("lock")).map_err(fail)?;
                lock.lock().map_err(fail)?;
                self.lock = Some(lock);
            }
            write_whole(&path, text).map_err(|e| format!("the draft is not kept, {e}"))?;
        }
        // What was adopted is this draft now, or was sent or cleared.
        if self.adopted
            && let Some(claim) = self.claim.take()
        {
            let _ = std::fs::remove_file(claim.text);
            let _ = std::fs::remove_file(claim.lock);
        }
        Ok(())
    }

    /// The newest orphan: its text, when it was written, and how many more there are. No other
    /// instance finds it until [`Drafts::settle`] leaves it.
    pub fn orphan(&mut self) -> Option<(String, std::time::SystemTime, usize)> {
        let written = |path: &Path| path.metadata().and_then(|m| m.modified()).ok();
        let mut found: Vec<_> = std::fs::read_dir(&self.dir)
            .ok()?
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == "md"))
            .filter_map(|path| Some((written(&path)?, path)))
            .collect();
        found.sort();
        let mut orphans = found.into_iter().rev().filter_map(|(at, text)| {
            let lock = text.with_extension("lock");
            let held = own(OpenOptions::new().write(true)).open(&lock).ok()?;
            held.try_lock().ok()?;
            // Another instance may have adopted it before the lock was ours.
            let small = text.metadata().is_ok_and(|m| m.len() <= MOST_BYTES);
            let read = std::fs::read_to_string(&text).ok().filter(|t| small && !t.trim().is_empty());
            Some((read?, at, Claim { text, lock, _held: held }))
        });
        let (text, at, claim) = orphans.next()?;
        let more = orphans.count();
        self.claim = Some(claim);
        Some((text, at, more))
    }

    /// The orphan is this instance's draft from now on, or stays for another.
    pub fn settle(&mut self, adopted: bool) {
        self.adopted = adopted;
        if !adopted {
            self.claim = None;
        }
    }
}

impl Drop for Drafts {
    fn drop(&mut self) {
        // A lock without a draft is of no use to anybody.
        if self.lock.is_some() && !self.path("md").exists() {
            let _ = std::fs::remove_file(self.path("lock"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_waits_for_the_next_instance_and_for_one_only() {
        let dir = tempfile::tempdir().unwrap();
        let at = |id: &str| Drafts::at(dir.path(), id);
        let mut first = at("1");
        assert!(first.orphan().is_none());
        first.keep("half a thou").unwrap();
        first.keep("half a thought").unwrap();
        let mut second = at("2");
        assert!(second.orphan().is_none(), "it is being written");
        drop(first);
        let (text, _, more) = second.orphan().unwrap();
        assert_eq!((text.as_str(), more), ("half a thought", 0));
        let mut third = at("3");
        assert!(third.orphan().is_none(), "the second has it");
        second.settle(false);
        assert_eq!(third.orphan().unwrap().0, "half a thought");
        third.settle(true);
        assert!(dir.path().join("drafts/1.md").exists(), "until it is kept elsewhere");
        third.keep("half a thought").unwrap();
        assert!(!dir.path().join("drafts/1.md").exists());
        third.keep("").unwrap();
        drop(third);
        assert!(at("4").orphan().is_none());
        assert_eq!(std::fs::read_dir(dir.path().join("drafts")).unwrap().count(), 0, "nothing is left");
    }

    #[test]
    fn the_newest_comes_first_and_the_others_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        for (id, text) in [("a", "old"), ("b", "new")] {
            let mut drafts = Drafts::at(dir.path(), id);
            drafts.keep(text).unwrap();
            let day = std::time::UNIX_EPOCH + std::time::Duration::from_secs(if id == "a" { 1 } else { 9 });
            File::open(drafts.path("md")).unwrap().set_modified(day).unwrap();
        }
        let mut next = Drafts::at(dir.path(), "c");
        let (text, _, more) = next.orphan().unwrap();
        assert_eq!((text.as_str(), more), ("new", 1));
    }
}
