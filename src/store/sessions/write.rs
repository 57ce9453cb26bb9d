//! What is kept of a session as it goes, and how it is written.

use rusqlite::{Connection, Transaction, TransactionBehavior, named_params};
use serde::{Deserialize, Serialize};

use crate::model::Lineup;
use crate::model::Outcome;
use crate::store::record::RoundRecord;
use crate::store::record::answer::{AnswerRecord, Chunks, RequestRecord};

/// All about a session that is not a round.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionRecord {
    pub title: String,
    pub simulated: bool,
    /// The program's version that wrote it.
    pub bakeoff: String,
    /// RFC 3339, UTC.
    pub started_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<String>,
    pub prices_as_of: String,
    pub prices_sha256: String,
    pub lineup: Lineup,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// The next prompt continues the answers in view.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub follow_up: bool,
    /// All are asked with settings that every one of them takes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub common: bool,
    /// The round in view, from 0.
    pub shown: usize,
    /// What stands in the prompt and was not sent.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub draft: String,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub enum Save {
    Session(Box<SessionRecord>),
    /// A round, without its answers; its number is from 0.
    Round(usize, Box<RoundRecord>),
    /// Somebody is asked.
    Asked {
        id: u64,
        round: usize,
        seat: usize,
        trial: usize,
        record: Box<AnswerRecord>,
    },
    /// What has come of an answer.
    Grown {
        id: u64,
        growth: Box<Growth>,
    },
    /// Another one stands in its place now.
    Replaced(u64),
    /// Bytes of an image, by their SHA-256.
    Picture(String, Vec<u8>),
}

/// What has come of an answer since it was last kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Growth {
    /// All that is known of it, without texts, arrivals and request.
    pub record: AnswerRecord,
    /// What was sent, once.
    pub request: Option<RequestRecord>,
    pub said: String,
    pub thought: String,
    pub arrivals: Chunks,
    /// It takes the place of what was kept before: something was withdrawn.
    pub anew: bool,
    pub over: bool,
    /// Bytes of all that has come so far, about.
    pub total: usize,
}

/// Now, in milliseconds since 1970.
fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}

fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Ids are counted from zero in each session.
pub(super) fn key(id: u64) -> i64 {
    id.cast_signed()
}

/// Writes all of them or none.
pub(super) fn write(connection: &mut Connection, session: &str, saves: &[Save]) -> rusqlite::Result<()> {
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    for save in saves {
        one(&transaction, session, save)?;
    }
    transaction.prepare_cached("UPDATE session SET touched = ?2 WHERE id = ?1")?.execute((session, now()))?;
    transaction.commit()
}

fn one(t: &Transaction<'_>, session: &str, save: &Save) -> rusqlite::Result<()> {
    match save {
        Save::Session(record) => {
            t.prepare_cached(
                "INSERT INTO session (id, begun, touched, title, simulated, record)
                 VALUES (:id, :now, :now, :title, :simulated, :record)
                 ON CONFLICT (id) DO UPDATE SET record = :record, simulated = :simulated,
                     title = iif(renamed, title, :title)",
            )?
            .execute(named_params! {
                ":id": session, ":now": now(), ":title": record.title, ":simulated": record.simulated,
                ":record": json(record)?,
            })?;
        }
        Save::Round(at, record) => {
            t.prepare_cached(
                "INSERT INTO round (session, number, record, bytes) VALUES (?1, ?2, ?3, length(?3))
                 ON CONFLICT (session, number) DO UPDATE SET record = excluded.record, bytes = excluded.bytes",
            )?
            .execute((session, number(*at), json(record)?))?;
            t.prepare_cached("DELETE FROM words WHERE session = ?1 AND round = ?2 AND answer IS NULL")?
                .execute((session, number(*at)))?;
            t.prepare_cached("INSERT INTO words (session, round) VALUES (?1, ?2)")?
                .execute((session, number(*at)))?;
            body(t, &record.prompt)?;
        }
        Save::Asked { id, round, seat, trial, record } => {
            // Nothing has come of it yet, whatever a file that was rescued says.
            t.prepare_cached("DELETE FROM part WHERE session = ?1 AND answer = ?2")?
                .execute((session, key(*id)))?;
            let text = |word: &Option<String>| word.clone().unwrap_or_default();
            t.prepare_cached(
                "INSERT OR REPLACE INTO answer
                     (session, id, round, seat, trial, endpoint, provider, model, asked)
                 VALUES (:session, :id, :round, :seat, :trial, :endpoint, :provider, :model, :asked)",
            )?
            .execute(named_params! {
                ":session": session, ":id": key(*id), ":round": number(*round), ":seat": number(*seat),
                ":trial": number(*trial), ":endpoint": text(&record.endpoint),
                ":provider": text(&record.provider), ":model": text(&record.model), ":asked": json(record)?,
            })?;
        }
        Save::Grown { id, growth } => grown(t, session, key(*id), growth)?,
        Save::Replaced(id) => {
            t.prepare_cached("UPDATE answer SET replaced = 1 WHERE session = ?1 AND id = ?2")?
                .execute((session, key(*id)))?;
        }
        Save::Picture(sha256, bytes) => {
            t.prepare_cached("INSERT OR IGNORE INTO picture (sha256, bytes) VALUES (?1, ?2)")?
                .execute((sha256, bytes))?;
        }
    }
    Ok(())
}

fn grown(t: &Transaction<'_>, session: &str, id: i64, growth: &Growth) -> rusqlite::Result<()> {
    let own = (session, id);
    let status = growth.record.status.filter(|_| growth.over).map(Outcome::word);
    let request = growth.request.as_ref().map(json).transpose()?;
    t.prepare_cached(
        "UPDATE answer SET record = ?3, status = ?4, request = coalesce(?5, request),
             bytes = length(asked) + length(?3) + length(coalesce(?5, request, '')) + ?6
         WHERE session = ?1 AND id = ?2",
    )?
    .execute((session, id, json(&growth.record)?, status, request, number(growth.total)))?;
    if growth.anew {
        t.prepare_cached("DELETE FROM part WHERE session = ?1 AND answer = ?2")?.execute(own)?;
    }
    let arrivals = json(&growth.arrivals)?;
    t.prepare_cached(
        "INSERT INTO part (session, answer, number, said, thought, arrivals)
         SELECT ?1, ?2, (SELECT count(*) FROM part WHERE session = ?1 AND answer = ?2), ?3, ?4, ?5",
    )?
    .execute((session, id, &growth.said, &growth.thought, arrivals))?;
    if growth.over { whole(t, own) } else { Ok(()) }
}

/// The text of an answer that is over moves from its parts to where it can be found.
fn whole(t: &Transaction<'_>, own: (&str, i64)) -> rusqlite::Result<()> {
    t.prepare_cached(
        "DELETE FROM words WHERE session = ?1 AND answer = ?2
             AND round = (SELECT round FROM answer WHERE session = ?1 AND id = ?2)",
    )?
    .execute(own)?;
    t.prepare_cached(
        "INSERT INTO words (session, round, answer)
         SELECT session, round, id FROM answer WHERE session = ?1 AND id = ?2",
    )?
    .execute(own)?;
    let (session, id, words) = (own.0, own.1, t.last_insert_rowid());
    t.prepare_cached(
        "INSERT INTO body (id, body) SELECT ?3, coalesce(group_concat(said, '' ORDER BY number), '')
         FROM part WHERE session = ?1 AND answer = ?2",
    )?
    .execute((session, id, words))?;
    t.prepare_cached("UPDATE part SET said = '' WHERE session = ?1 AND answer = ?2 AND said <> ''")?
        .execute(own)?;
    t.prepare_cached("UPDATE answer SET words = ?3 WHERE session = ?1 AND id = ?2")?
        .execute((session, id, words))?;
    Ok(())
}

/// The text of a prompt, for the row of `words` that was put in last.
fn body(t: &Transaction<'_>, text: &str) -> rusqlite::Result<()> {
    t.prepare_cached("INSERT INTO body (id, body) VALUES (last_insert_rowid(), ?1)")?.execute([text])?;
    Ok(())
}
