//! An answer: what came, when, what it cost, and what was sent for it.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::round::TurnRecord;
use super::time::{moment, nanos, ns, seconds, told};
use crate::model::Answer;
use crate::model::Chunk;
use crate::model::Class;
use crate::model::Cost;
use crate::model::CostStatus;
use crate::model::Endpoint;
use crate::model::Fault;
use crate::model::Kind;
use crate::model::Money;
use crate::model::Outcome;
use crate::model::Parity;
use crate::model::Part;
use crate::model::Phase;
use crate::model::Phases;
use crate::model::Place;
use crate::model::Price;
use crate::model::Rule;
use crate::model::Sending;
use crate::model::Served;
use crate::model::Stall;
use crate::model::Step;
use crate::model::Stop;
use crate::model::TIERS;
use crate::model::Timeline;
use crate::model::Usage;
use crate::model::Word;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// Tells a field that is null from one that is not there.
#[expect(clippy::option_option, reason = "absent, null and a text are three things")]
fn given<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(d).map(Some)
}

/// Tens of thousands of arrivals, each number on a line of its own, would be no reading.
fn on_one_line<S: Serializer>(chunks: &Chunks, s: S) -> Result<S::Ok, S::Error> {
    let line = serde_json::value::to_raw_value(chunks).map_err(serde::ser::Error::custom)?;
    line.serialize(s)
}

/// One arrival: nanoseconds from `t0`, `text` or `reasoning`, bytes.
pub type Chunks = Vec<(u64, Kind, u32)>;

/// What one endpoint was asked and returned: the answer object of machine output.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnswerRecord {
    /// It had not ended when it was written, and is read as interrupted.
    #[serde(skip)]
    pub running: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The system text, where it is not the round's; null where there was none.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub system: Option<Option<String>>,
    /// The conversation, where it is longer than the round's prompt.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub turns: Vec<TurnRecord>,
    /// The endpoint as it was understood, without its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec: Option<Box<Endpoint>>,
    /// Figures; they follow from the rest and are not read.
    #[serde(skip_deserializing, skip_serializing_if = "Map::is_empty")]
    pub metrics: Map<String, Value>,
    /// What still runs is `interrupted`.
    pub status: Option<Outcome>,
    pub simulated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// What the provider's own word means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    pub text: String,
    pub reasoning: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub served_model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
    pub timeline: TimelineRecord,
    #[serde(serialize_with = "on_one_line")]
    pub chunks: Chunks,
    /// On the server's own clock.
    #[serde(with = "told")]
    pub server: Vec<(Word, Duration)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    pub cost: CostRecord,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// How the price was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_rule: Option<Rule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", with = "ns")]
    pub credential_ns: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parity: Option<Vec<Parity>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestRecord>,
    /// Of the response, as far as they are worth knowing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    #[serde(skip_serializing_if = "is_zero")]
    pub skipped_events: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub withdrawn: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorRecord>,
}

/// Marks from `t0` in nanoseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimelineRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reused: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none", with = "ns")]
    pub dns: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none", with = "ns")]
    pub tcp: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none", with = "ns")]
    pub tls: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none", with = "ns")]
    pub connected: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none", with = "ns")]
    pub headers: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none", with = "ns")]
    pub first_byte: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none", with = "ns")]
    pub first_reasoning: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none", with = "ns")]
    pub last_reasoning: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none", with = "ns")]
    pub first_text: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none", with = "ns")]
    pub last_text: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none", with = "ns")]
    pub last_byte: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none", with = "ns")]
    pub end: Option<Duration>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stalls: Vec<StallRecord>,
}

/// A time in which this program did not run, nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StallRecord {
    pub from: u64,
    pub to: u64,
    pub slept: u64,
}

/// What an answer cost; an absent `usd` is not known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CostRecord {
    pub status: CostStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// By bucket, in the order of billing: a decimal string each.
    pub parts: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Word>,
    /// Of an answer that broke off: what its text comes to, which is in no sum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd_by_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_as_of: Option<String>,
    /// As the response states it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billed_usd: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disputed: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub volatile: bool,
}

/// A request as it left, its secrets as `•••`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestRecord {
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// The service tier that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
    /// `t0` by the clock on the wall.
    #[serde(skip_serializing_if = "Option::is_none", with = "moment")]
    pub started_at: Option<Duration>,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorRecord {
    pub class: Class,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub param: Option<String>,
    /// The parameter of ours that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<Word>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "seconds")]
    pub retry_after_s: Option<Duration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl AnswerRecord {
    /// All but what grows with every arrival: text, reasoning, chunks.
    #[must_use]
    pub fn head(a: &Answer) -> Self {
        let sending = a.sending.as_deref();
        Self {
            status: a.outcome().or(Some(Outcome::Interrupted)),
            simulated: a.simulated,
            finish_reason: a.stop.as_ref().map(|(_, word)| word.clone()),
            stop: a.stop.as_ref().map(|(stop, _)| *stop),
            request_id: a.request_id.clone(),
            response_id: a.served.response_id.clone(),
            served_model: a.served.model.clone(),
            http_status: a.http_status,
            service_tier: a.served.tier.clone(),
            timeline: TimelineRecord::of(&a.timeline),
            server: a.served.times.clone(),
            usage: a.usage.clone(),
            cost: CostRecord::of(a),
            price: a.price.clone(),
            price_rule: Some(a.rule).filter(|rule| rule.word().is_some()),
            credential: sending.and_then(|s| s.via.clone()),
            credential_ns: sending.and_then(|s| s.identity),
            parity: sending.map(|s| s.parity.clone()),
            request: sending.map(RequestRecord::of),
            headers: a.headers.clone(),
            skipped_events: a.skipped,
            withdrawn: a.withdrawn,
            error: a.fault.as_ref().map(ErrorRecord::of),
            ..Self::default()
        }
    }

    /// Its arrivals from a place on, one after the other.
    pub fn arrivals(a: &Answer, from: Place) -> impl Iterator<Item = (u64, Kind, u32)> + '_ {
        a.timeline.chunks.since(from).map(|c| (nanos(c.at), c.kind, c.bytes))
    }

    /// All of it.
    #[must_use]
    pub fn of(a: &Answer) -> Self {
        let chunks = Self::arrivals(a, Place::default()).collect();
        Self { text: a.text.clone(), reasoning: a.reasoning.clone(), chunks, ..Self::head(a) }
    }

    /// The answer that it is the record of.
    ///
    /// # Errors
    /// Half a sentence: what does not fit together.
    pub fn answer(self) -> Result<Answer, String> {
        self.agrees()?;
        let outcome = self.status.unwrap_or(Outcome::Interrupted);
        let mut timeline = self.timeline.timeline();
        timeline.recount(self.chunks.iter().map(|(at, kind, bytes)| Chunk {
            at: Duration::from_nanos(*at),
            kind: *kind,
            bytes: *bytes,
        }));
        let cost = self.cost.cost()?;
        let rule = self.price_rule.unwrap_or(cost.rule);
        let sending = match self.request {
            Some(request) => {
                let tier = request.service_tier.as_deref().map(tier).transpose()?;
                Some(Box::new(Sending {
                    url: request.url,
                    headers: request.headers,
                    body: request.body,
                    via: self.credential,
                    identity: self.credential_ns,
                    parity: self.parity.unwrap_or_default(),
                    tier,
                    started: request.started_at,
                }))
            }
            None => None,
        };
        let running = self.running;
        let mut answer = Answer {
            phase: Phase::Ended(outcome),
            chars: self.text.chars().count() as u64,
            text: self.text,
            reasoning: self.reasoning,
            timeline,
            usage: self.usage,
            stop: self.finish_reason.map(|word| (self.stop.unwrap_or(Stop::Other), word)),
            served: Served {
                model: self.served_model,
                response_id: self.response_id,
                tier: self.service_tier,
                cost_usd: self.cost.billed_usd,
                times: self.server,
            },
            skipped: self.skipped_events,
            withdrawn: self.withdrawn,
            price: self.price,
            rule,
            cost,
            fault: self.error.map(ErrorRecord::fault),
            http_status: self.http_status,
            request_id: self.request_id,
            headers: self.headers,
            sending,
            simulated: self.simulated,
        };
        if running {
            let t = &answer.timeline;
            let last = t.last_byte.max(t.chunks.last().map(|c| c.at)).or(t.headers).unwrap_or_default();
            // Without a request there is no clock that could have run.
            answer.phase = if answer.sending.is_some() { Phase::Waiting } else { Phase::Queued };
            answer.apply(last, Step::Interrupted);
        }
        Ok(answer)
    }

    /// Whether chunks and texts are of one answer.
    fn agrees(&self) -> Result<(), String> {
        for (kind, text) in [(Kind::Text, &self.text), (Kind::Reasoning, &self.reasoning)] {
            let chunks = self.chunks.iter().filter(|(_, k, _)| *k == kind);
            let counted: u64 = chunks.map(|(.., bytes)| u64::from(*bytes)).sum();
            if counted != text.len() as u64 {
                let word = kind.word();
                return Err(format!(
                    "its chunks are of {counted} bytes of {word}, its {word} has {}: one of them was changed",
                    text.len()
                ));
            }
        }
        Ok(())
    }
}

/// A service tier of ours.
fn tier(word: &str) -> Result<&'static str, String> {
    let known = TIERS.into_iter().find(|tier| *tier == word);
    known.ok_or_else(|| format!("{word:?} is no service tier: {}", TIERS.join(", ")))
}

impl TimelineRecord {
    fn of(t: &Timeline) -> Self {
        let stall = |s: &Stall| StallRecord { from: nanos(s.from), to: nanos(s.to), slept: nanos(s.slept) };
        Self {
            reused: t.reused,
            dns: t.phases.dns,
            tcp: t.phases.tcp,
            tls: t.phases.tls,
            connected: t.phases.connected,
            headers: t.headers,
            first_byte: t.first_byte,
            first_reasoning: t.first_reasoning,
            last_reasoning: t.last_reasoning,
            first_text: t.first_text,
            last_text: t.last_text,
            last_byte: t.last_byte,
            end: t.end,
            stalls: t.stalls.iter().map(stall).collect(),
        }
    }

    /// The marks; nothing of the chunks.
    fn timeline(&self) -> Timeline {
        let time = Duration::from_nanos;
        let stall = |s: &StallRecord| Stall { from: time(s.from), to: time(s.to), slept: time(s.slept) };
        let mut t = Timeline::default();
        t.phases = Phases { dns: self.dns, tcp: self.tcp, tls: self.tls, connected: self.connected };
        (t.reused, t.headers, t.end) = (self.reused, self.headers, self.end);
        (t.first_byte, t.last_byte) = (self.first_byte, self.last_byte);
        (t.first_reasoning, t.last_reasoning) = (self.first_reasoning, self.last_reasoning);
        (t.first_text, t.last_text) = (self.first_text, self.last_text);
        t.stalls = self.stalls.iter().map(stall).collect();
        t
    }
}

impl CostRecord {
    fn of(a: &Answer) -> Self {
        let c = &a.cost;
        Self {
            status: c.status,
            usd: c.usd.map(Money::exact),
            rule: Some(c.rule).filter(|rule| rule.word().is_some()),
            parts: c.parts.iter().map(|p| (p.bucket.to_string(), p.amount.exact().into())).collect(),
            why: c.why.clone(),
            usd_by_text: None,
            price_as_of: a.price.as_ref().map(|p| p.as_of.clone()).filter(|date| !date.is_empty()),
            billed_usd: a.served.cost_usd.clone(),
            at_least: c.at_least,
            disputed: c.disputed,
            volatile: c.volatile,
        }
    }

    /// As it was paid then, whatever a list says now.
    fn cost(&self) -> Result<Cost, String> {
        let part = |(bucket, amount): (&String, &Value)| {
            let amount = amount.as_str().ok_or("an amount of money is no decimal string")?;
            Ok(Part { bucket: bucket.clone().into(), amount: Money::parse(amount)? })
        };
        Ok(Cost {
            status: self.status,
            usd: self.usd.as_deref().map(Money::parse).transpose()?,
            parts: self.parts.iter().map(part).collect::<Result<_, String>>()?,
            rule: self.rule.unwrap_or_default(),
            disputed: self.disputed,
            volatile: self.volatile,
            at_least: self.at_least,
            why: self.why.clone(),
        })
    }
}

impl RequestRecord {
    fn of(s: &Sending) -> Self {
        Self {
            url: s.url.clone(),
            headers: s.headers.clone(),
            body: s.body.clone(),
            service_tier: s.tier.map(str::to_owned),
            started_at: s.started,
        }
    }
}

impl ErrorRecord {
    fn of(f: &Fault) -> Self {
        Self {
            class: f.class,
            message: f.message.clone(),
            hint: Some(f.advice().to_owned()),
            http_status: f.status,
            code: f.code.clone(),
            param: f.param.clone(),
            setting: f.setting.clone(),
            retry_after_s: f.retry_after,
            request_id: f.request_id.clone(),
        }
    }

    fn fault(self) -> Fault {
        let hint = self.hint.filter(|hint| hint != self.class.hint());
        Fault {
            class: self.class,
            message: self.message,
            hint,
            status: self.http_status,
            code: self.code,
            param: self.param,
            setting: self.setting,
            request_id: self.request_id,
            retry_after: self.retry_after_s,
        }
    }
}
