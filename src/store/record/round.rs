//! A round: what all were asked, and each answer.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::answer::AnswerRecord;
use crate::model::Answer;
use crate::model::Attachment;
use crate::model::Burstiness;
use crate::model::Endpoint;
use crate::model::Filled;
use crate::model::Image;
use crate::model::ImageKind;
use crate::model::METRICS;
use crate::model::Money;
use crate::model::Origin;
use crate::model::Outcome;
use crate::model::Prompt;
use crate::model::Reading;
use crate::model::Role;
use crate::model::TextFile;
use crate::model::Total;
use crate::model::Turn;
use crate::model::Values;
use crate::model::so_far;
use crate::store::export::Round;
use crate::store::export::Run;

/// How much of an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What scripts read: no requests, no prices.
    Figures,
    /// Everything, so that the answer can be read back.
    Whole,
    /// The same for this user alone: where keys are as well, never the keys themselves.
    Kept,
}

/// One prompt and what came back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoundRecord {
    pub id: String,
    /// RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<String>,
    /// Ids of other rounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited: Option<String>,
    /// As it was sent.
    pub prompt: String,
    /// As it was written, where that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentRecord>,
    /// The prompt with its variables, where it has some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Number of the case, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<usize>,
    /// How many cases there were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cases: Option<usize>,
    pub vars: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    pub answers: Vec<AnswerRecord>,
    /// It follows from the answers and is not read.
    #[serde(skip_deserializing, skip_serializing_if = "Map::is_empty")]
    pub total: Map<String, Value>,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TurnRecord {
    pub role: Role,
    pub text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentRecord>,
}

/// A file that went along: a text as it was sent, an image by what it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttachmentRecord {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// Bytes of the file.
    pub size: u64,
    /// Of the file, hexadecimal.
    pub sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Control and invisible characters that were left out of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

impl AttachmentRecord {
    fn of(file: &Attachment) -> Self {
        let record = Self {
            name: file.name().to_owned(),
            kind: "text/plain".to_owned(),
            size: file.size(),
            sha256: file.sha256().to_owned(),
            text: None,
            left_out: None,
            width: None,
            height: None,
        };
        match file {
            Attachment::Text(text) => {
                Self { text: Some(text.text.to_string()), left_out: Some(text.left_out), ..record }
            }
            Attachment::Image(i) => {
                let kind = i.kind.media_type().to_owned();
                Self { kind, width: Some(i.width), height: Some(i.height), ..record }
            }
        }
    }

    /// An image comes back without its bytes.
    fn attachment(self) -> Result<Attachment, String> {
        if let Some(kind) = ImageKind::ALL.into_iter().find(|k| k.media_type() == self.kind) {
            let (width, height) = (self.width.unwrap_or_default(), self.height.unwrap_or_default());
            return Ok(Attachment::Image(Image::known(
                self.name,
                kind,
                (width, height),
                self.size,
                self.sha256,
            )));
        }
        let Some(text) = self.text else {
            return Err(format!("the file {:?} has neither a text nor a type of picture", self.name));
        };
        Ok(Attachment::Text(TextFile {
            name: self.name,
            size: self.size,
            sha256: self.sha256,
            text: text.into(),
            left_out: self.left_out.unwrap_or_default(),
        }))
    }
}

fn files(files: &[Attachment]) -> Vec<AttachmentRecord> {
    files.iter().map(AttachmentRecord::of).collect()
}

fn attachments(records: Vec<AttachmentRecord>) -> Result<Vec<Attachment>, String> {
    records.into_iter().map(AttachmentRecord::attachment).collect()
}

impl TurnRecord {
    fn of(turn: &Turn) -> Self {
        Self { role: turn.role, text: turn.text.clone(), attachments: files(&turn.attachments) }
    }

    fn turn(self) -> Result<Turn, String> {
        Ok(Turn { attachments: attachments(self.attachments)?, ..Turn::new(self.role, self.text) })
    }
}

impl RoundRecord {
    /// One of `all`.
    #[must_use]
    pub fn of(round: &Round, all: &[Round], detail: Detail) -> Self {
        let id = |at: Option<usize>| all.get(at?).map(|other| other.id.clone());
        let filled = round.filled.as_ref();
        let values = filled.into_iter().flat_map(|f| f.values.iter());
        let shared = round.prompt.system.as_deref();
        Self {
            id: round.id.clone(),
            sent_at: round.sent_at.clone(),
            parent: id(round.origin.parent),
            edited: id(round.origin.edited),
            prompt: round.prompt.question().to_owned(),
            written: round.written.clone(),
            system: round.prompt.system.clone(),
            attachments: files(round.prompt.attachments()),
            template: filled.map(|f| f.template.clone()),
            case: filled.and_then(|f| f.case).map(|(at, _)| at),
            cases: filled.and_then(|f| f.case).map(|(_, all)| all),
            vars: values.map(|(name, value)| (name.to_owned(), json!(value))).collect(),
            baseline: round.baseline.clone().filter(|_| detail != Detail::Figures),
            answers: round.runs.iter().map(|run| AnswerRecord::of_run(run, shared, detail)).collect(),
            total: total(&round.total()),
        }
    }

    /// The round; `before` are the ids of those that came before it.
    ///
    /// # Errors
    /// A sentence with the place: `answers[2]: …`.
    pub fn round(self, before: &[String]) -> Result<Round, String> {
        let find = |id: &Option<String>, what: &str| match id {
            None => Ok(None),
            Some(id) => match before.iter().position(|known| known == id) {
                Some(at) => Ok(Some(at)),
                None => Err(format!("{what}: no earlier round is called {id:?}")),
            },
        };
        let origin = Origin { parent: find(&self.parent, "parent")?, edited: find(&self.edited, "edited")? };
        let text = |(name, value): (String, Value)| match value {
            Value::String(text) => Ok((name, text)),
            _ => Err(format!("vars.{name}: a value is a text")),
        };
        let filled = match self.template {
            Some(template) => {
                let values = self.vars.into_iter().map(text).collect::<Result<Values, String>>()?;
                let case = self.case.map(|at| (at, self.cases.unwrap_or(at)));
                Some(Filled { template, values, case, text: self.prompt.clone() })
            }
            None => None,
        };
        let prompt = Prompt::new(self.prompt)
            .with_system(self.system)
            .attach(&attachments(self.attachments).map_err(|why| format!("attachments: {why}"))?);
        let run = |(at, record): (usize, AnswerRecord)| {
            read(record, &prompt).map_err(|why| format!("answers[{at}]: {why}"))
        };
        let runs = self.answers.into_iter().enumerate().map(run).collect::<Result<_, String>>()?;
        let (id, sent_at, written, baseline) = (self.id, self.sent_at, self.written, self.baseline);
        Ok(Round { id, sent_at, written, origin, prompt, filled, runs, baseline })
    }
}

impl AnswerRecord {
    /// The answer object of a run; `shared` is the system text of its round.
    #[must_use]
    pub fn of_run(run: &Run, shared: Option<&str>, detail: Detail) -> Self {
        let (endpoint, a, prompt) = (&run.endpoint, &run.answer, &run.prompt);
        let system = prompt.system.as_ref().or(endpoint.system.as_ref());
        let mut record = Self {
            endpoint: Some(endpoint.name.clone()),
            provider: Some(endpoint.provider.clone()),
            model: Some(endpoint.model.clone()),
            place: endpoint.place.clone().or_else(|| endpoint.base_url.clone()),
            trial: Some(run.trial),
            attempt: Some(1),
            nonce: prompt.nonce.clone(),
            system: (system.map(String::as_str) != shared).then(|| system.cloned()),
            // A conversation is each endpoint's own.
            turns: prompt.turns.iter().filter(|_| prompt.turns.len() > 1).map(TurnRecord::of).collect(),
            metrics: metrics(a),
            ..Self::of(a)
        };
        // Of an answer that broke off: what its text comes to, which is in no sum.
        let broken = a.outcome() != Some(Outcome::Complete) && a.may_be_billed() && a.cost.usd.is_none();
        record.cost.usd_by_text = if broken { so_far(a, prompt).map(Money::exact) } else { None };
        match detail {
            Detail::Kept => record.spec = Some(Box::new(endpoint.clone())),
            Detail::Whole => record.spec = Some(Box::new(Endpoint { key: None, ..endpoint.clone() })),
            Detail::Figures => {
                // One name for both, as before there were records.
                record.request_id = record.request_id.or_else(|| record.response_id.take());
                (record.response_id, record.stop, record.request) = (None, None, None);
                (record.price, record.price_rule, record.cost.billed_usd) = (None, None, None);
                (record.headers, record.withdrawn, record.timeline.last_byte) = (Vec::new(), 0, None);
            }
        }
        record
    }
}

/// The run that a record is of; `shared` is what the round asked.
fn read(mut record: AnswerRecord, shared: &Prompt) -> Result<Run, String> {
    let endpoint = record.spec.take().map_or_else(
        || Endpoint {
            name: record.endpoint.clone().unwrap_or_default(),
            provider: record.provider.clone().unwrap_or_default(),
            model: record.model.clone().unwrap_or_default(),
            place: record.place.clone(),
            simulated: record.simulated,
            ..Endpoint::default()
        },
        |spec| *spec,
    );
    let system = match record.system.take() {
        None => shared.system.clone(),
        // The endpoint's own text stands where the prompt has none.
        Some(own) if own == endpoint.system => None,
        Some(own) => own,
    };
    let turns = if record.turns.is_empty() {
        shared.turns.clone()
    } else {
        std::mem::take(&mut record.turns).into_iter().map(TurnRecord::turn).collect::<Result<_, String>>()?
    };
    let prompt = Prompt { system, turns, nonce: record.nonce.take() };
    Ok(Run { endpoint, trial: record.trial.unwrap_or(1), prompt, answer: record.answer()? })
}

fn total(total: &Total) -> Map<String, Value> {
    let mut sum = Map::new();
    if total.unknown < total.parts {
        sum.insert("usd".into(), json!(total.usd.exact()));
    }
    sum.insert("answers".into(), json!(total.parts));
    sum.insert("unknown".into(), json!(total.unknown));
    sum.insert("at_least".into(), json!(total.at_least || total.unknown > 0));
    sum
}

fn metrics(a: &Answer) -> Map<String, Value> {
    let mut map: Map<_, _> =
        METRICS.iter().filter_map(|m| Some((m.id.to_owned(), figure(m.read(a))?))).collect();
    if a.is_over() && a.timeline.first_text.is_some() {
        map.insert("buffered".into(), json!(a.timeline.burstiness() == Burstiness::Buffered));
    }
    map
}

/// Money is a decimal string, everything else a number; what is not known is left out.
fn figure(reading: Reading) -> Option<Value> {
    match reading {
        Reading::Known(value) => Some(json!(value)),
        Reading::Amount(usd) => Some(json!(usd.exact())),
        Reading::Pending | Reading::Missing(_) => None,
    }
}
