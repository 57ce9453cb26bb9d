//! Sessions, kept from their first prompt without being asked: one SQLite file in the data
//! directory, written while answers stream, read by `history`, `open` and `export`.
//!
//! A prompt is written before its first request leaves. A running answer is written in parts, at
//! least every second; when it is over it becomes one row, and its text can be searched. "Saved"
//! is said after the commit only (`synchronous = FULL`).

mod claim;
mod find;
mod growth;
mod keeper;
mod read;
mod rescue;
mod schema;
#[cfg(test)]
mod sessions_tests;
mod write;

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::data_dir;

pub use claim::Claim;
pub use find::{Filter, Listing};
pub use growth::{MOST_UNKEPT, Mark, PACE, Pictures, grown, weight};
pub use keeper::{Done, Keeper, News};
pub use read::KeptSession;
pub use write::{Growth, Save, SessionRecord};

use schema::Closed;

/// Where sessions are kept: `None` without a home.
#[must_use]
pub fn sessions_path() -> Option<PathBuf> {
    data_dir().map(|dir| dir.join("sessions.db"))
}

/// The sessions of one file, to be looked through and changed.
pub struct Sessions {
    connection: Option<Connection>,
    path: PathBuf,
}

impl Sessions {
    /// Opens what is there, for reading.
    ///
    /// # Errors
    /// A sentence with the path and what to do.
    pub fn look(path: &Path) -> Result<Self, String> {
        let connection = schema::look(path).map_err(|e| told(path, e))?;
        Ok(Self { connection, path: path.to_owned() })
    }

    /// Opens what is there, for changes.
    ///
    /// # Errors
    /// A sentence with the path and what to do.
    pub fn change(path: &Path) -> Result<Self, String> {
        let connection = path.exists().then(|| schema::open(path)).transpose().map_err(|e| told(path, e))?;
        Ok(Self { connection, path: path.to_owned() })
    }

    /// Sessions, the newest first.
    ///
    /// # Errors
    /// Why they cannot be read, in words.
    pub fn find(&self, filter: &Filter) -> Result<Vec<Listing>, String> {
        let Some(connection) = &self.connection else { return Ok(Vec::new()) };
        find::find(connection, filter).map_err(|e| self.fail(&e))
    }

    /// The whole id of the session that a user means: an id, the beginning of one that only one
    /// has, or `last`.
    ///
    /// # Errors
    /// A sentence: there is none, or several.
    pub fn named(&self, word: &str) -> Result<String, String> {
        let nothing = || format!("there is no session {word:?}: `bakeoff history` lists them");
        let Some(connection) = &self.connection else { return Err(nothing()) };
        let sql = if word == "last" {
            "SELECT id FROM session WHERE ?1 = ?1 ORDER BY touched DESC, id DESC LIMIT 1"
        } else {
            "SELECT id FROM session WHERE substr(id, 1, length(?1)) = ?1 ORDER BY id = ?1 DESC, touched DESC LIMIT 3"
        };
        let read = || -> rusqlite::Result<Vec<String>> {
            connection.prepare_cached(sql)?.query_map([word], |row| row.get(0))?.collect()
        };
        let mut ids = read().map_err(|e| self.fail(&e))?;
        match ids.as_slice() {
            [] => Err(nothing()),
            [only] if word == "last" || !word.is_empty() => Ok(only.clone()),
            [first, ..] if first == word => Ok(ids.swap_remove(0)),
            _ => Err(format!("several sessions begin with {word:?}: {} …", ids.join(", "))),
        }
    }

    /// A session, whole.
    ///
    /// # Errors
    /// A sentence: it is not there, or cannot be read.
    pub fn load(&self, id: &str) -> Result<KeptSession, String> {
        let nothing = || format!("there is no session {id:?}: `bakeoff history` lists them");
        let Some(connection) = &self.connection else { return Err(nothing()) };
        // One moment of it, whatever is written meanwhile.
        let moment = connection.unchecked_transaction().map_err(|e| self.fail(&e))?;
        read::load(&moment, id)?.ok_or_else(nothing)
    }

    /// Gives it a title of the user's; an empty one gives it its own back.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn rename(&self, id: &str, title: &str) -> Result<(), String> {
        self.run(
            "UPDATE session SET renamed = ?2 <> '', title = iif(?2 <> '', ?2, record ->> '$.title') WHERE id = ?1",
            &[id, title],
        )
    }

    /// Adds a tag.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn tag(&self, id: &str, word: &str) -> Result<(), String> {
        self.run("INSERT OR IGNORE INTO tag (session, word) VALUES (?1, ?2)", &[id, word])
    }

    /// Takes a tag away.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn untag(&self, id: &str, word: &str) -> Result<(), String> {
        self.run("DELETE FROM tag WHERE session = ?1 AND word = ?2", &[id, word])
    }

    /// Removes a session; its bytes are overwritten.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn remove(&self, id: &str) -> Result<(), String> {
        // What goes on would have nothing to go on with.
        let Some(_claim) = Claim::new(&self.path, id) else {
            return Err(format!("session {id} is open in another bakeoff: close it there first"));
        };
        self.run("DELETE FROM session WHERE id = ?1", &[id])?;
        // Pictures that nobody refers to any more: a record names them by their hash.
        self.run(
            "DELETE FROM picture WHERE ?1 = ?1 AND NOT EXISTS (SELECT 1 FROM round WHERE instr(record, sha256))
             AND NOT EXISTS (SELECT 1 FROM answer WHERE instr(asked, sha256))",
            &[id],
        )
    }

    /// Whether the file is sound: `ok`, or what is wrong with it.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    pub fn check(&self) -> Result<String, String> {
        let Some(connection) = &self.connection else { return Ok("ok".into()) };
        connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).map_err(|e| self.fail(&e))
    }

    fn run(&self, sql: &str, values: &[&str]) -> Result<(), String> {
        let Some(connection) = &self.connection else { return Ok(()) };
        connection.execute(sql, rusqlite::params_from_iter(values)).map(|_| ()).map_err(|e| self.fail(&e))
    }

    fn fail(&self, e: &rusqlite::Error) -> String {
        let aside = if schema::is_damage(e) {
            "; the next session sets it aside and takes over what can be read"
        } else {
            ""
        };
        format!("{}: {e}{aside}", self.path.display())
    }
}

fn told(path: &Path, closed: Closed) -> String {
    let why = match closed {
        Closed::Newer(version) => keeper::newer(version),
        Closed::Damaged(why) => {
            format!("it is damaged ({why}); the next session sets it aside and takes over what can be read")
        }
        Closed::Other(why) => why,
    };
    format!("{}: {why}", path.display())
}
