//! Who goes on with a session: one program at a time, so that no two write the same round.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A session is this program's until this is dropped, or the program ends.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    /// Holds the lock.
    _file: Option<File>,
}

impl Claim {
    /// Claims a session of the file at `sessions`; `None` where another program has it.
    #[must_use]
    pub fn new(sessions: &Path, id: &str) -> Option<Self> {
        let dir = sessions.with_file_name("open");
        // Ids are ours; one that was put into the file by hand names no other place.
        let path = dir.join(id.replace(['/', '\\', '\0'], "_"));
        let _ = DirBuilder::new().recursive(true).mode(0o700).create(&dir);
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
        // Where there are no locks, nobody can be kept out.
        let Ok(file) = file else { return Some(Self { path, _file: None }) };
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => None,
            Ok(()) | Err(TryLockError::Error(_)) => Some(Self { path, _file: Some(file) }),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // One that stays behind is in nobody's way.
        let _ = std::fs::remove_file(&self.path);
    }
}
