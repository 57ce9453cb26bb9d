//! What a run or a session looks like outside the program: one file per format,
//! one row in [`EXPORTS`]. An export receives rounds and the metric table,
//! nothing of the screen.

mod csv;
mod json;
mod jsonl;
mod markdown;
mod table;
mod trials;

pub use table::{aligned, session};

pub use json::pretty;

use crate::model::Answer;
use crate::model::Connections;
use crate::model::Endpoint;
use crate::model::Filled;
use crate::model::Lineup;
use crate::model::Origin;
use crate::model::Prompt;
use crate::model::Total;
use crate::store::Transcript;
use crate::store::title;

/// One answer of a round.
#[derive(Debug, Clone)]
pub struct Run {
    pub endpoint: Endpoint,
    pub answer: Answer,
    /// From 1.
    pub trial: usize,
    /// What this one was asked: a conversation and a system text may be its own.
    pub prompt: Prompt,
}

/// One prompt and what came back: in lineup order, the first trial of all before the second.
#[derive(Debug, Clone)]
pub struct Round {
    pub id: String,
    /// RFC 3339, UTC, where it is known.
    pub sent_at: Option<String>,
    /// As it was written, where that is not what was sent.
    pub written: Option<String>,
    /// Which of the rounds it continues, or is an edition of.
    pub origin: Origin,
    /// What all were asked: the question with its files, and the session's system text.
    pub prompt: Prompt,
    /// What the prompt was made of, where it had variables.
    pub filled: Option<Filled>,
    pub runs: Vec<Run>,
    /// Name of the endpoint that the others are compared with.
    pub baseline: Option<String>,
}

impl Round {
    pub(in crate::store) fn total(&self) -> Total {
        Total::of(self.runs.iter().map(|run| &run.answer))
    }

    /// Endpoints in the order in which they were asked, each once.
    pub(super) fn endpoints(&self) -> Vec<&Endpoint> {
        let mut out: Vec<&Endpoint> = Vec::new();
        for run in &self.runs {
            if !out.iter().any(|known| known.name == run.endpoint.name) {
                out.push(&run.endpoint);
            }
        }
        out
    }

    /// The answers of one endpoint, in the order of its trials.
    pub(super) fn of<'r>(&'r self, endpoint: &'r Endpoint) -> impl Iterator<Item = &'r Answer> {
        self.runs.iter().filter(|run| run.endpoint.name == endpoint.name).map(|run| &run.answer)
    }

    /// Whether anybody was asked more than once.
    fn is_repeated(&self) -> bool {
        self.runs.iter().any(|run| run.trial > 1)
    }
}

/// Facts about the whole.
#[derive(Debug, Clone)]
pub struct Meta {
    /// RFC 3339, UTC.
    pub started_at: String,
    /// Date of the price list, `YYYY-MM-DD`.
    pub prices_as_of: String,
    /// Of the embedded price list, hexadecimal.
    pub prices_sha256: String,
    /// How the endpoints were reached.
    pub connections: Connections,
}

/// One format.
pub struct Export {
    /// The word after `--format`.
    pub id: &'static str,
    pub doc: &'static str,
    pub write: fn(&Meta, &[Round]) -> String,
}

/// Every format, the default first.
pub const EXPORTS: &[Export] = &[
    Export { id: "table", doc: "answers, then a table of figures", write: table::write },
    Export { id: "json", doc: "one object, bakeoff.run/1", write: json::write },
    Export { id: "jsonl", doc: "one answer a line, bakeoff.answer/1", write: jsonl::write },
    Export { id: "markdown", doc: "to be read in a pull request", write: markdown::write },
    Export { id: "csv", doc: "one row an answer", write: csv::write },
    Export {
        id: "transcript",
        doc: "all of it, bakeoff.transcript/1: requests, every arrival, prices",
        write: transcript,
    },
];

/// A run as a session of its own.
fn transcript(meta: &Meta, rounds: &[Round]) -> String {
    let first = rounds.first();
    let endpoints: Vec<Endpoint> =
        first.map(|round| round.endpoints().into_iter().cloned().collect()).unwrap_or_default();
    let baseline = first.and_then(|round| round.baseline.as_ref());
    let baseline = baseline.and_then(|name| endpoints.iter().position(|e| e.name == *name));
    Transcript {
        id: first.map(|round| round.id.clone()).unwrap_or_default(),
        title: title(first.map_or("", |round| round.prompt.question())),
        meta: meta.clone(),
        lineup: Lineup { name: String::new(), endpoints, baseline },
        system: first.and_then(|round| round.prompt.system.clone()),
        rounds: rounds.to_vec(),
    }
    .write()
}

/// The row with this id.
#[must_use]
pub fn export(id: &str) -> Option<&'static Export> {
    EXPORTS.iter().find(|e| e.id == id)
}
