//! `bakeoff.transcript/1`: a session as a document that stands alone. It is written, read,
//! and written again to the same bytes.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::export::{Meta, Round, pretty};
use super::record::Detail;
use super::record::RoundRecord;
use crate::model::Connections;
use crate::model::Endpoint;
use crate::model::Lineup;
use crate::model::clean_line;

/// Of the documents that this version writes.
const SCHEMA: &str = "bakeoff.transcript/1";

/// Larger files are not read.
const MOST_BYTES: u64 = 1 << 30;

/// A session: its rounds, and what it would go on with.
#[derive(Debug, Clone)]
pub struct Transcript {
    pub id: String,
    pub title: String,
    pub meta: Meta,
    /// Whom the next round would ask.
    pub lineup: Lineup,
    /// The session's system text.
    pub system: Option<String>,
    pub rounds: Vec<Round>,
}

#[derive(Serialize, Deserialize)]
struct Document {
    schema: String,
    bakeoff: String,
    id: String,
    title: String,
    started_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connections: Option<String>,
    price_book: Book,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    lineup: Lineup,
    rounds: Vec<RoundRecord>,
}

/// Which list the costs are from.
#[derive(Serialize, Deserialize)]
struct Book {
    as_of: String,
    sha256: String,
}

/// What a session is called by itself: the first line of its first prompt that has something.
#[must_use]
pub fn title(prompt: &str) -> String {
    prompt.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned()
}

impl Transcript {
    /// The document as text that a terminal can show.
    #[must_use]
    pub fn write(&self) -> String {
        let without_keys = |e: &Endpoint| Endpoint { key: None, ..e.clone() };
        let lineup = Lineup {
            endpoints: self.lineup.endpoints.iter().map(without_keys).collect(),
            ..self.lineup.clone()
        };
        let all = &self.rounds;
        pretty(&Document {
            schema: SCHEMA.to_owned(),
            bakeoff: env!("CARGO_PKG_VERSION").to_owned(),
            id: self.id.clone(),
            title: self.title.clone(),
            started_at: self.meta.started_at.clone(),
            connections: self.meta.connections.word().map(str::to_owned),
            price_book: Book {
                as_of: self.meta.prices_as_of.clone(),
                sha256: self.meta.prices_sha256.clone(),
            },
            system: self.system.clone(),
            lineup,
            rounds: all.iter().map(|round| RoundRecord::of(round, all, Detail::Whole)).collect(),
        })
    }

    /// Reads a document.
    ///
    /// # Errors
    /// A sentence with the place and what to do.
    pub fn read(text: &str) -> Result<Self, String> {
        check_schema(text)?;
        let mut source = serde_json::Deserializer::from_str(text);
        let document: Document = serde_path_to_error::deserialize(&mut source).map_err(|e| {
            let (place, why) = (e.path().to_string(), e.into_inner());
            if why.is_eof() {
                cut()
            } else {
                format!("{}: {}", clean_line(&place), clean_line(&why.to_string()))
            }
        })?;
        source.end().map_err(|e| format!("after its end: {e}"))?;
        let (mut rounds, mut ids) = (Vec::with_capacity(document.rounds.len()), Vec::new());
        for (at, record) in document.rounds.into_iter().enumerate() {
            let round = record.round(&ids).map_err(|why| format!("rounds[{at}].{}", clean_line(&why)))?;
            if ids.contains(&round.id) {
                return Err(format!("rounds[{at}]: another round is called {:?} as well", round.id));
            }
            ids.push(round.id.clone());
            rounds.push(round);
        }
        let connections = Connections::of(document.connections.as_deref());
        let connections = connections.ok_or("connections: it is neither \"cold\" nor \"warm\"")?;
        Ok(Self {
            id: document.id,
            title: document.title,
            meta: Meta {
                started_at: document.started_at,
                prices_as_of: document.price_book.as_of,
                prices_sha256: document.price_book.sha256,
                connections,
            },
            lineup: document.lineup,
            system: document.system,
            rounds,
        })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// A sentence with the path, the place and what to do.
    pub fn load(path: &Path) -> Result<Self, String> {
        let fail = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
        let size = path.metadata().map_err(|e| fail(&e))?.len();
        if size > MOST_BYTES {
            return Err(fail(&"it is larger than a transcript can be (1 GiB)"));
        }
        let bytes = std::fs::read(path).map_err(|e| fail(&e))?;
        let text = String::from_utf8(bytes).map_err(|_| fail(&"it is no UTF-8 text, so no transcript"))?;
        Self::read(&text).map_err(|why| fail(&why))
    }
}

/// The document is cut off.
fn cut() -> String {
    "it ends before it is whole: export or copy it again".to_owned()
}

/// Whether it is a document that this version reads; says what it is instead.
fn check_schema(text: &str) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Head {
        schema: Option<String>,
    }
    let head: Head = serde_json::from_str(text).map_err(|e| {
        if e.is_eof() { cut() } else { format!("it is no transcript: {}", clean_line(&e.to_string())) }
    })?;
    let schema = head.schema.unwrap_or_default();
    if schema == SCHEMA {
        return Ok(());
    }
    let newer = schema.strip_prefix("bakeoff.transcript/").and_then(|n| n.parse::<u32>().ok());
    Err(match (newer, schema.as_str()) {
        (Some(n), _) => {
            format!("it is of a newer bakeoff (transcript/{n}, this one reads 1): update bakeoff")
        }
        (None, "bakeoff.run/1") => {
            "it is a result of `run`, which holds figures only: use --format transcript there".to_owned()
        }
        (None, "") => format!("it has no \"schema\": a transcript says {SCHEMA:?} there"),
        (None, other) => format!("its schema is {:?}, a transcript's is {SCHEMA:?}", clean_line(other)),
    })
}
