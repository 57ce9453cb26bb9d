//! A session as it was kept, read whole.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};

use super::write::SessionRecord;
use crate::model::Attachment;
use crate::model::Connections;
use crate::store::export::{Meta, Run};
use crate::store::record::RoundRecord;
use crate::store::record::answer::{AnswerRecord, Chunks};
use crate::store::transcript::Transcript;

/// A session that was kept.
#[derive(Debug, Clone)]
pub struct KeptSession {
    pub transcript: Transcript,
    pub record: SessionRecord,
    /// The ids of the answers of each round, in the order of its runs.
    pub ids: Vec<Vec<u64>>,
    /// Where each of them stood: the pane, from 0.
    pub seats: Vec<Vec<usize>>,
    /// The next answer's id.
    pub next_id: u64,
    /// Answers that others stand in place of: they were paid for.
    pub replaced: Vec<Run>,
    /// What could not be read, in words.
    pub remarks: Vec<String>,
}

struct Row {
    id: u64,
    round: usize,
    seat: usize,
    replaced: bool,
    record: AnswerRecord,
}

fn count(n: i64) -> usize {
    usize::try_from(n).unwrap_or_default()
}

/// Reads the session with this id; `None` where there is none.
pub(super) fn load(connection: &Connection, id: &str) -> Result<Option<KeptSession>, String> {
    let fail = |e: rusqlite::Error| format!("session {id} cannot be read: {e}");
    let head: Option<(String, String)> = connection
        .query_row("SELECT title, record FROM session WHERE id = ?1", [id], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
        .map_err(fail)?;
    let Some((title, record)) = head else { return Ok(None) };
    let record: SessionRecord =
        serde_json::from_str(&record).map_err(|e| format!("session {id} cannot be read: {e}"))?;
    let mut remarks = Vec::new();
    let records = rounds(connection, id, &mut remarks).map_err(fail)?;
    let answers = answers(connection, id, &mut remarks).map_err(fail)?;
    let mut of: HashMap<usize, Vec<Row>> = HashMap::new();
    let next_id = answers.iter().map(|row| row.id + 1).max().unwrap_or_default();
    for row in answers {
        of.entry(row.round).or_default().push(row);
    }
    let mut kept = KeptSession {
        transcript: Transcript {
            id: id.to_owned(),
            title,
            meta: Meta {
                started_at: record.started_at.clone(),
                prices_as_of: record.prices_as_of.clone(),
                prices_sha256: record.prices_sha256.clone(),
                connections: Connections::of(record.connections.as_deref()).unwrap_or_default(),
            },
            lineup: record.lineup.clone(),
            system: record.system.clone(),
            rounds: Vec::with_capacity(records.len()),
        },
        record,
        ids: Vec::new(),
        seats: Vec::new(),
        next_id,
        replaced: Vec::new(),
        remarks,
    };
    let mut names = Vec::with_capacity(records.len());
    for (number, record) in records {
        kept.add(record, of.remove(&number).unwrap_or_default(), &mut names);
    }
    pictures(connection, &mut kept.transcript).map_err(fail)?;
    Ok(Some(kept))
}

impl KeptSession {
    /// A transcript as if it had been kept here.
    #[must_use]
    pub fn of(transcript: Transcript) -> Self {
        let record = SessionRecord {
            title: transcript.title.clone(),
            simulated: transcript.lineup.is_simulated(),
            lineup: transcript.lineup.clone(),
            system: transcript.system.clone(),
            shown: transcript.rounds.len().saturating_sub(1),
            ..SessionRecord::default()
        };
        let (ids, seats, replaced, remarks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { transcript, record, ids, seats, next_id: 0, replaced, remarks }
    }

    /// One more round with its answers; one that cannot be read is left out and named.
    fn add(&mut self, mut record: RoundRecord, rows: Vec<Row>, names: &mut Vec<String>) {
        let name = record.id.clone();
        for origin in [&mut record.parent, &mut record.edited] {
            if origin.take_if(|of| !names.contains(of)).is_some() {
                self.remarks.push(format!("round {name} stands without the one that it continues"));
            }
        }
        let (gone, here): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.replaced);
        let (ids, seats) = (here.iter().map(|r| r.id).collect(), here.iter().map(|r| r.seat).collect());
        let mut others = record.clone();
        others.answers = gone.into_iter().map(|row| row.record).collect();
        record.answers = here.into_iter().map(|row| row.record).collect();
        match record.round(names) {
            Ok(round) => {
                self.transcript.rounds.push(round);
                self.ids.push(ids);
                self.seats.push(seats);
                if let Ok(others) = others.round(names) {
                    self.replaced.extend(others.runs);
                }
                names.push(name);
            }
            Err(why) => self.remarks.push(format!("round {name} cannot be read: {why}")),
        }
    }
}

fn rounds(
    connection: &Connection,
    id: &str,
    remarks: &mut Vec<String>,
) -> rusqlite::Result<Vec<(usize, RoundRecord)>> {
    let mut read =
        connection.prepare_cached("SELECT number, record FROM round WHERE session = ?1 ORDER BY number")?;
    let mut rows = read.query([id])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let number = count(row.get(0)?);
        match serde_json::from_str(row.get_ref(1)?.as_str()?) {
            Ok(record) => out.push((number, record)),
            Err(e) => remarks.push(format!("round {} cannot be read: {e}", number + 1)),
        }
    }
    Ok(out)
}

fn answers(connection: &Connection, id: &str, remarks: &mut Vec<String>) -> rusqlite::Result<Vec<Row>> {
    let mut read = connection.prepare_cached(
        "SELECT a.id, a.round, a.seat, a.replaced, a.status IS NULL, a.asked, a.record, a.request, b.body
         FROM answer a LEFT JOIN body b ON b.id = a.words
         WHERE a.session = ?1 ORDER BY a.round, a.trial, a.seat, a.id",
    )?;
    let mut rows = read.query([id])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let (number, running) = (row.get::<_, i64>(0)?, row.get(4)?);
        let text =
            |at: usize| -> rusqlite::Result<&str> { Ok(row.get_ref(at)?.as_str_or_null()?.unwrap_or("")) };
        let record = merged(text(5)?, text(6)?, text(7)?).and_then(|mut record| {
            record.running = running;
            if !running {
                text(8).map_err(|e| e.to_string())?.clone_into(&mut record.text);
            }
            Ok(record)
        });
        match record {
            Ok(record) => out.push(Row {
                id: number.cast_unsigned(),
                round: count(row.get(1)?),
                seat: count(row.get(2)?),
                replaced: row.get(3)?,
                record,
            }),
            Err(why) => {
                remarks.push(format!("an answer of round {} cannot be read: {why}", count(row.get(1)?) + 1));
            }
        }
    }
    drop(rows);
    for row in &mut out {
        parts(connection, id, row, remarks)?;
    }
    Ok(out)
}

/// What an answer had when the program ended, or has by now.
fn parts(
    connection: &Connection,
    id: &str,
    row: &mut Row,
    remarks: &mut Vec<String>,
) -> rusqlite::Result<()> {
    let mut read = connection.prepare_cached(
        "SELECT said, thought, arrivals FROM part WHERE session = ?1 AND answer = ?2 ORDER BY number",
    )?;
    let mut parts = read.query((id, row.id.cast_signed()))?;
    while let Some(part) = parts.next()? {
        match parsed::<Chunks>(part.get_ref(2)?.as_str()?) {
            Ok(chunks) => {
                row.record.text.push_str(part.get_ref(0)?.as_str()?);
                row.record.reasoning.push_str(part.get_ref(1)?.as_str()?);
                row.record.chunks.extend(chunks);
            }
            Err(why) => {
                remarks
                    .push(format!("the end of an answer of round {} cannot be read: {why}", row.round + 1));
                break;
            }
        }
    }
    Ok(())
}

fn parsed<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|e| e.to_string())
}

/// Who was asked, what came, what was sent.
fn merged(asked: &str, came: &str, request: &str) -> Result<AnswerRecord, String> {
    let (asked, came): (AnswerRecord, AnswerRecord) = (parsed(asked)?, parsed(came)?);
    Ok(AnswerRecord {
        endpoint: asked.endpoint,
        provider: asked.provider,
        model: asked.model,
        place: asked.place,
        trial: asked.trial,
        attempt: asked.attempt,
        nonce: asked.nonce,
        system: asked.system,
        turns: asked.turns,
        spec: asked.spec,
        simulated: asked.simulated,
        request: if request.is_empty() { None } else { Some(parsed(request)?) },
        ..came
    })
}

/// Gives images their bytes again.
fn pictures(connection: &Connection, transcript: &mut Transcript) -> rusqlite::Result<()> {
    let mut read = connection.prepare_cached("SELECT bytes FROM picture WHERE sha256 = ?1")?;
    let mut known: HashMap<String, Option<Vec<u8>>> = HashMap::new();
    let runs = transcript
        .rounds
        .iter_mut()
        .flat_map(|r| std::iter::once(&mut r.prompt).chain(r.runs.iter_mut().map(|run| &mut run.prompt)));
    for attachment in runs.flat_map(|prompt| &mut prompt.turns).flat_map(|turn| &mut turn.attachments) {
        let Attachment::Image(image) = attachment else { continue };
        if !known.contains_key(&image.sha256) {
            let bytes = read.query_row([&image.sha256], |row| row.get(0)).optional()?;
            known.insert(image.sha256.clone(), bytes);
        }
        if let Some(Some(bytes)) = known.get(&image.sha256) {
            *image = image.with_bytes(bytes.clone());
        }
    }
    Ok(())
}
