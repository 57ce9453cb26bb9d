//! What becomes of a file that is damaged: it is set aside, what can be read of it is taken
//! over, and nothing of it is ever removed.

use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::schema::{Closed, open};

/// In the order in which rows can be put in: what others refer to comes first.
const TABLES: [&str; 8] = ["session", "round", "answer", "part", "tag", "picture", "words", "body"];

/// Moves the file away and begins a new one with what can be read of it; gives a sentence.
pub(super) fn set_aside(path: &Path, why: &str) -> Result<String, String> {
    let aside = free(path);
    // The file of changes and the shared memory belong to it.
    for tail in ["-wal", "-shm", ""] {
        let (from, to) = (with(path, tail), with(&aside, tail));
        if from.exists() {
            std::fs::rename(&from, &to)
                .map_err(|e| format!("{} is damaged and cannot be moved: {e}", from.display()))?;
        }
    }
    let (taken, lost) = salvage(&aside, path).unwrap_or((0, 1));
    let rest = match (taken, lost) {
        (0, _) => "nothing of it could be read".to_owned(),
        (_, 0) => format!("all {taken} rows that it had could be read"),
        (_, _) => format!("{taken} rows of it could be read, and some could not"),
    };
    Ok(format!("the sessions were damaged ({why}): the file is kept as {}; {rest}", aside.display()))
}

fn with(path: &Path, tail: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(tail);
    name.into()
}

/// A name that nothing has.
fn free(path: &Path) -> PathBuf {
    let day = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let name = |n: usize| {
        let number = if n == 0 { String::new() } else { format!("-{n}") };
        path.with_file_name(format!("sessions-damaged-{day}{number}.db"))
    };
    (0..1_000).map(name).find(|p| !p.exists()).unwrap_or_else(|| name(0))
}

/// Copies rows one by one, past those that cannot be read; how many, and how often one could not be.
fn salvage(from: &Path, to: &Path) -> Result<(usize, usize), Closed> {
    let mut new = open(to)?;
    let Ok(old) = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY) else {
        return Ok((0, 1));
    };
    let transaction = new.transaction()?;
    let (mut taken, mut lost) = (0, 0);
    for table in TABLES {
        for direction in ["ASC", "DESC"] {
            match copy(&old, &transaction, table, direction, &mut taken) {
                Ok(orphans) => {
                    lost += orphans;
                    break;
                }
                // From the other end, as far as it can be read there.
                Err(_) => lost += 1,
            }
        }
    }
    transaction.commit()?;
    Ok((taken, lost))
}

/// Gives how many rows were left behind.
fn copy(
    old: &Connection,
    new: &Connection,
    table: &str,
    direction: &str,
    taken: &mut usize,
) -> rusqlite::Result<usize> {
    let mut orphans = 0;
    let mut read = old.prepare(&format!("SELECT * FROM {table} ORDER BY 1 {direction}"))?;
    let names: Vec<String> = read.column_names().into_iter().map(|n| format!("\"{n}\"")).collect();
    let marks = vec!["?"; names.len()].join(", ");
    let mut put =
        new.prepare(&format!("INSERT OR IGNORE INTO {table} ({}) VALUES ({marks})", names.join(", ")))?;
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        let values: Vec<Value> = (0..names.len()).map(|n| row.get(n)).collect::<rusqlite::Result<_>>()?;
        match put.execute(params_from_iter(values)) {
            Ok(n) => *taken += n,
            // It belongs to nothing, or is not what it should be.
            Err(_) => orphans += 1,
        }
    }
    Ok(orphans)
}
