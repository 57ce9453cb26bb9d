//! What is kept of a session as it goes, and how it is written.

use rusqlite::{Connection, Transaction, TransactionBehavior, named_params};
use serde::{Deserialize, Serialize};

use crate::model::Lineup;
use crate::model::Outcome;
use crate::store::record::RoundRecord;
use crate::store::record::answer::AnswerRecord;

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
    /// What has come since the last part; the record has no texts and arrivals but these.
    Grown {
        id: u64,
        record: Box<AnswerRecord>,
    },
    /// All of an answer that is over, or of which something was withdrawn: it replaces its parts.
    Whole {
        id: u64,
        record: Box<AnswerRecord>,
        over: bool,
    },
    /// Another one stands in its place now.
    Replaced(u64),
    /// Bytes of an image, by their SHA-256.
    Picture(String, Vec<u8>),
}

/// About so many bytes does an arrival take.
const CHUNK: usize = 20;

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
        Save::Grown { id, record } => {
            head(t, session, *id, record, false)?;
            t.prepare_cached(
                "INSERT INTO part (session, answer, number, said, thought, arrivals)
                 SELECT ?1, ?2, (SELECT count(*) FROM part WHERE session = ?1 AND answer = ?2), ?3, ?4, ?5",
            )?
            .execute((
                session,
                key(*id),
                &record.text,
                &record.reasoning,
                json(&record.chunks)?,
            ))?;
        }
        Save::Whole { id, record, over } => whole(t, session, *id, record, *over)?,
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

/// What is known of an answer but its texts. What was sent does not change once it is there.
fn head(
    t: &Transaction<'_>,
    session: &str,
    id: u64,
    record: &AnswerRecord,
    over: bool,
) -> rusqlite::Result<()> {
    let status = record.status.filter(|_| over).map(Outcome::word);
    let light = AnswerRecord {
        request: None,
        text: String::new(),
        reasoning: String::new(),
        chunks: Vec::new(),
        ..record.clone()
    };
    let request = record.request.as_ref().map(json).transpose()?;
    t.prepare_cached(
        "UPDATE answer SET record = ?3, status = ?4, request = coalesce(?5, request),
             bytes = length(asked) + length(?3) + length(coalesce(?5, request, '')) + ?6
         WHERE session = ?1 AND id = ?2",
    )?
    .execute((
        session,
        key(id),
        json(&light)?,
        status,
        request,
        number(record.text.len() + record.reasoning.len() + record.chunks.len() * CHUNK),
    ))?;
    Ok(())
}

/// The text of the row of `words` that was put in last.
fn body(t: &Transaction<'_>, text: &str) -> rusqlite::Result<()> {
    t.prepare_cached("INSERT INTO body (id, body) VALUES (last_insert_rowid(), ?1)")?.execute([text])?;
    Ok(())
}

fn whole(
    t: &Transaction<'_>,
    session: &str,
    id: u64,
    record: &AnswerRecord,
    over: bool,
) -> rusqlite::Result<()> {
    head(t, session, id, record, over)?;
    let own = (session, key(id));
    t.prepare_cached("DELETE FROM part WHERE session = ?1 AND answer = ?2")?.execute(own)?;
    if !over {
        t.prepare_cached(
            "INSERT INTO part (session, answer, number, said, thought, arrivals) VALUES (?1, ?2, 0, ?3, ?4, ?5)",
        )?
        .execute((session, key(id), &record.text, &record.reasoning, json(&record.chunks)?))?;
        return Ok(());
    }
    t.prepare_cached(
        "DELETE FROM words WHERE id = (SELECT words FROM answer WHERE session = ?1 AND id = ?2)",
    )?
    .execute(own)?;
    t.prepare_cached(
        "INSERT INTO words (session, round, answer)
         SELECT session, round, id FROM answer WHERE session = ?1 AND id = ?2",
    )?
    .execute(own)?;
    let words = t.last_insert_rowid();
    body(t, &record.text)?;
    t.prepare_cached(
        "UPDATE answer SET words = ?5, thought = ?3, arrivals = ?4
         WHERE session = ?1 AND id = ?2",
    )?
    .execute((session, key(id), &record.reasoning, json(&record.chunks)?, words))?;
    Ok(())
}
