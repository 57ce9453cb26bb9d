//! The file of sessions: where it is, how it is opened, and its tables.
//!
//! ```text
//!  session --< round --< answer --< part      an answer grows by parts;
//!     |          |          |                 the text of a whole one is among the words
//!     +--< tag   +--- words +
//!  picture: bytes of images, once each
//! ```

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

/// Another program that writes is waited for so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// In the header of the file: `bkof`.
const APPLICATION: i32 = 0x626b_6f66;

/// Each brings the schema from its number to the next. None is ever changed once it was released.
const STEPS: &[&str] = &["
    CREATE TABLE session (
        id        TEXT PRIMARY KEY,
        begun     INTEGER NOT NULL,           -- milliseconds since 1970
        touched   INTEGER NOT NULL,
        title     TEXT NOT NULL,
        renamed   INTEGER NOT NULL DEFAULT 0, -- the title is the user's
        simulated INTEGER NOT NULL,
        record    TEXT NOT NULL               -- JSON: lineup, system text, draft, price book
    ) STRICT;
    CREATE INDEX session_by_time ON session (touched);
    CREATE TABLE round (
        session TEXT NOT NULL REFERENCES session ON DELETE CASCADE,
        number  INTEGER NOT NULL,             -- in the order of sending, from 0
        bytes   INTEGER NOT NULL,
        record  TEXT NOT NULL,                -- JSON: a round without its answers
        PRIMARY KEY (session, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE answer (
        session  TEXT NOT NULL REFERENCES session ON DELETE CASCADE,
        id       INTEGER NOT NULL,
        round    INTEGER NOT NULL,
        seat     INTEGER NOT NULL,            -- the pane, from 0
        trial    INTEGER NOT NULL,            -- from 1
        replaced INTEGER NOT NULL DEFAULT 0,  -- another one stands in its place
        endpoint TEXT NOT NULL,
        provider TEXT NOT NULL,
        model    TEXT NOT NULL,
        status   TEXT,                        -- NULL while it runs
        bytes    INTEGER NOT NULL DEFAULT 0,  -- of all that follows, and of its text
        asked    TEXT NOT NULL,               -- JSON: who was asked, and with what
        record   TEXT NOT NULL DEFAULT '{}',  -- JSON: what came, without texts and arrivals
        request  TEXT,                        -- JSON: what was sent
        words    INTEGER,                     -- the text of a whole one
        PRIMARY KEY (session, id)
    ) STRICT, WITHOUT ROWID;
    -- What a list says of sessions, without reading their records.
    CREATE INDEX round_figures ON round (session, bytes);
    CREATE INDEX answer_figures ON answer (session, status, bytes, seat, endpoint, provider, model);
    -- What came, piece by piece; the text of a whole answer stands in `body`.
    CREATE TABLE part (
        session  TEXT NOT NULL REFERENCES session ON DELETE CASCADE,
        answer   INTEGER NOT NULL,
        number   INTEGER NOT NULL,
        said     TEXT NOT NULL,
        thought  TEXT NOT NULL,
        arrivals TEXT NOT NULL,
        PRIMARY KEY (session, answer, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE tag (
        session TEXT NOT NULL REFERENCES session ON DELETE CASCADE,
        word    TEXT NOT NULL,
        PRIMARY KEY (session, word)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE picture (sha256 TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
    CREATE TABLE words (
        id      INTEGER PRIMARY KEY,
        session TEXT NOT NULL REFERENCES session ON DELETE CASCADE,
        round   INTEGER NOT NULL,
        answer  INTEGER                       -- NULL for the prompt
    ) STRICT;
    CREATE INDEX words_by_session ON words (session, round);
    -- Apart from whose they are, so that finding out whose they are reads no texts.
    CREATE TABLE body (id INTEGER PRIMARY KEY REFERENCES words ON DELETE CASCADE, body TEXT NOT NULL) STRICT;
    CREATE VIRTUAL TABLE found USING fts5 (
        body, content = 'body', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
    );
    INSERT INTO found (found, rank) VALUES ('hashsize', 131072);
    -- What is removed leaves no words in the index either.
    INSERT INTO found (found, rank) VALUES ('secure-delete', 1);
    CREATE TRIGGER body_in AFTER INSERT ON body BEGIN
        INSERT INTO found (rowid, body) VALUES (new.id, new.body);
    END;
    CREATE TRIGGER body_out AFTER DELETE ON body BEGIN
        INSERT INTO found (found, rowid, body) VALUES ('delete', old.id, old.body);
    END;
"];

/// What this version writes.
pub(super) const VERSION: usize = STEPS.len();

/// Why the file could not be opened.
#[derive(Debug)]
pub(super) enum Closed {
    /// A newer version has written it: its schema.
    Newer(usize),
    /// It is no such file, or its pages contradict each other.
    Damaged(String),
    /// Nothing is wrong with it as far as is known.
    Other(String),
}

impl From<rusqlite::Error> for Closed {
    fn from(e: rusqlite::Error) -> Self {
        if is_damage(&e) { Self::Damaged(e.to_string()) } else { Self::Other(e.to_string()) }
    }
}

/// Whether an error tells of a file that is no longer what was written.
pub(super) fn is_damage(e: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(e.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
}

/// Opens the file, for its owner alone, and brings its schema to this version's; one that is not
/// there is made.
pub(super) fn open(path: &Path) -> Result<Connection, Closed> {
    if let Some(dir) = path.parent() {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|e| Closed::Other(format!("{}: {e}", dir.display())))?;
    }
    // SQLite would make it readable for everybody; its other files take their mode from this one.
    let made = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    made.map_err(|e| Closed::Other(e.to_string()))?;
    let mut connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(PATIENCE)?;
    let version = version(&connection)?;
    if version > VERSION {
        return Err(Closed::Newer(version));
    }
    // Where shared memory cannot be had, as on network drives, it stays with a journal.
    let _: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;
         PRAGMA journal_size_limit = 8388608; PRAGMA cache_size = -1024; PRAGMA wal_autocheckpoint = 500;",
    )?;
    if version < VERSION {
        let transaction = Transaction::new(&mut connection, TransactionBehavior::Immediate)?;
        migrate(&transaction)?;
        transaction.commit()?;
    }
    Ok(connection)
}

/// Opens what is there for reading only; `None` where nothing is.
pub(super) fn look(path: &Path) -> Result<Option<Connection>, Closed> {
    if !path.exists() {
        return Ok(None);
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(PATIENCE)?;
    // 16 MiB: a search goes to and fro in the index.
    connection.pragma_update(None, "cache_size", -16_384)?;
    if version(&connection)? == 0 {
        return Ok(None);
    }
    Ok(Some(connection))
}

fn version(connection: &Connection) -> Result<usize, Closed> {
    let (version, application): (i64, i32) = connection.query_row(
        "SELECT user_version, application_id FROM pragma_user_version, pragma_application_id",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if version != 0 && application != APPLICATION {
        return Err(Closed::Damaged("it is the database of another program".into()));
    }
    usize::try_from(version).map_err(|_| Closed::Damaged("its version is negative".into()))
}

/// Another program may have been first: what is done is looked up within the transaction.
fn migrate(transaction: &Transaction<'_>) -> Result<(), Closed> {
    let done = version(transaction)?;
    for step in STEPS.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", i64::try_from(VERSION).unwrap_or(i64::MAX))?;
    Ok(())
}
