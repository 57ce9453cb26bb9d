//! What one endpoint returned, and the one fold that builds it.
//!
//! ```text
//!  Queued --Sent--> Waiting --reasoning--> Thinking --text--> Answering --End--> Ended(Complete)
//!    |                 |                      |                   |
//!    +-----------------+----------------------+-------------------+--Cancelled--> Ended(Stopped)
//!    |                 |                      |                   +--Failed-----> Ended(Cut | Failed)
//! ```

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::fault::{Class, Fault};
use super::price::{Cost, CostStatus, Price, Rule, settle};
use super::sending::{Fate, Sending};
use super::timeline::{Kind, Phases, Stall, Timeline};
use super::usage::Usage;
use super::word::Word;

/// Names one answer of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AnswerId(pub u64);

/// One step of one answer, as it travels from the engine to whoever folds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub id: AnswerId,
    /// Offset from `t0`; zero for what happens before.
    pub at: Duration,
    pub step: Step,
}

/// How an answer ended; the words of `status` in machine output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The dialect itself said that the answer is whole.
    Complete,
    /// Something arrived, but the end did not.
    Cut,
    /// The user stopped it.
    Stopped,
    /// An error, before or instead of an answer.
    Failed,
    /// bakeoff ended while it ran.
    Interrupted,
}

impl Outcome {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Cut => "cut",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Where an answer is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Credentials and address are being made ready; `t0` has not come.
    #[default]
    Queued,
    Waiting,
    Thinking,
    Answering,
    Ended(Outcome),
}

/// Why the model stopped, as the provider said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stop {
    /// The answer is whole, or hit a stop sequence.
    Natural,
    /// The token limit.
    Length,
    /// A filter or a refusal.
    Filtered,
    /// A tool call or pause that bakeoff does not continue.
    Tool,
    /// A word this version does not know, kept as it came.
    Other,
}

/// Facts that the server states about its own work. Times are the server's, never mixed with ours.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Served {
    /// The model that answered, where the response names it.
    pub model: Option<String>,
    pub response_id: Option<String>,
    /// `default`, `flex`, `priority`...: what was served, which may not be what was asked.
    pub tier: Option<String>,
    /// A cost the response itself states, USD as a decimal string.
    pub cost_usd: Option<String>,
    /// Named times, e.g. `("latency", 1.2 s)`, `("load", ..)`, `("prompt", ..)`, `("generation", ..)`.
    pub times: Vec<(Word, Duration)>,
}

/// The names of server times, the one that says most about the whole request first.
const TELLING: [&str; 6] = ["total", "latency", "processing", "upstream", "timing", "generation"];

impl Served {
    /// The time, with its name, that says most about the whole request on the server's own clock.
    #[must_use]
    pub fn most_telling(&self) -> Option<(&'static str, Duration)> {
        TELLING.into_iter().find_map(|name| Some((name, self.times.iter().find(|(n, _)| n == name)?.1)))
    }

    /// Adds times that were told; of two with one name the later counts.
    fn merge_times(&mut self, told: Vec<(Word, Duration)>) {
        for (name, time) in told {
            match self.times.iter_mut().find(|(n, _)| *n == name) {
                Some(kept) => kept.1 = time,
                None => self.times.push((name, time)),
            }
        }
    }
}

/// One thing a dialect read from a frame. Nearly all are text, of which many wait while the screen is
/// drawn: what is rare and large is boxed.
#[derive(Debug, Clone, PartialEq)]
pub enum Delta {
    Text(String),
    Reasoning(String),
    /// Cumulative or partial counts: merged field by field, later wins.
    Usage(Box<Usage>),
    /// Why it stopped, with the provider's own word.
    Stop(Stop, String),
    Served(Box<Served>),
    /// So many bytes at the end of what came were no answer but a key, repeated; a mark
    /// for them follows.
    Withdrawn(Kind, usize),
    /// An event that could not be read was passed over: text may be missing.
    Skipped,
}

/// One thing that happened to an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The price that will be used, found before the request leaves. `None` is "no price".
    Priced(Option<Box<Price>>, Rule),
    /// What is about to leave, before `t0`: the credential is there, the body is made.
    Prepared(Box<Sending>),
    /// `t0`: the request is handed to the HTTP client. `at` is zero by definition.
    Sent,
    /// How far a new connection came, with the offsets from `t0` of what was finished.
    Connected(Phases),
    /// This program did not run for a while.
    Stalled(Stall),
    /// Response headers, whatever the status.
    Headers { status: u16, request_id: Option<String>, reused: Option<bool> },
    /// What the response's headers tell of the server's own time.
    ServerTimes(Vec<(Word, Duration)>),
    /// Headers of the response that are worth knowing: name and value.
    Told(Vec<(String, String)>),
    /// Bytes that brought no delta: pings, comments, half a frame.
    Bytes,
    /// What one read of the socket brought; one stamp for all of it.
    Deltas(Vec<Delta>),
    /// The dialect's own end.
    Ended,
    /// A fault; with text on screen the answer is cut, without it failed.
    Failed(Box<Fault>),
    /// The user stopped it.
    Cancelled,
    /// bakeoff itself is ending.
    Interrupted,
}

/// One round on one endpoint.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    pub phase: Phase,
    /// As it came; filter it before it reaches a cell, a file or a clipboard.
    pub text: String,
    /// Characters of the text, counted as they come: a long answer is not counted anew for a frame.
    pub chars: u64,
    pub reasoning: String,
    pub timeline: Timeline,
    pub usage: Option<Usage>,
    pub stop: Option<(Stop, String)>,
    pub served: Served,
    /// Events that could not be read.
    pub skipped: u32,
    /// How often text was withdrawn: whoever read it as it grew reads it anew.
    pub withdrawn: u32,
    pub price: Option<Price>,
    pub rule: Rule,
    pub cost: Cost,
    pub fault: Option<Fault>,
    pub http_status: Option<u16>,
    pub request_id: Option<String>,
    /// Headers of the response that are worth knowing: limits, queues, who served it.
    pub headers: Vec<(String, String)>,
    /// What was sent; `None` when it never came to that.
    pub sending: Option<Box<Sending>>,
    pub simulated: bool,
}

impl Answer {
    #[must_use]
    pub fn new(simulated: bool) -> Self {
        Self { simulated, ..Self::default() }
    }

    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        match self.phase {
            Phase::Ended(outcome) => Some(outcome),
            _ => None,
        }
    }

    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Ended(_))
    }

    /// Whether it may be on a bill. What a server refused is not, nor what never came to one; a
    /// request that was sent, and stopped or given up before a word came back, may well be.
    #[must_use]
    pub fn may_be_billed(&self) -> bool {
        let sent = self.is_over() && self.timeline.end.is_some();
        let reached = self.fault.as_ref().is_none_or(|fault| fault.class == Class::Silent);
        match self.http_status {
            Some(status) => status / 100 == 2 || self.usage.is_some(),
            None => self.usage.is_some() || (sent && reached),
        }
    }

    /// Time from `t0` to the end; `None` while it runs.
    #[must_use]
    pub fn total(&self) -> Option<Duration> {
        self.timeline.end
    }

    /// Folds one step that happened `at` after `t0`. Steps after the end are ignored.
    pub fn apply(&mut self, at: Duration, step: Step) {
        if self.is_over() {
            return;
        }
        match step {
            Step::Priced(price, rule) => {
                self.price = price.map(|price| *price);
                self.rule = rule;
            }
            Step::Prepared(sending) => self.sending = Some(sending),
            Step::Sent => self.phase = Phase::Waiting,
            Step::Connected(phases) => self.timeline.phases = phases,
            Step::Stalled(stall) => self.timeline.stalls.push(stall),
            Step::Headers { status, request_id, reused } => {
                self.timeline.headers.get_or_insert(at);
                self.timeline.reused = reused.or(self.timeline.reused);
                self.http_status = Some(status);
                self.request_id = request_id.or(self.request_id.take());
            }
            Step::ServerTimes(times) => self.served.merge_times(times),
            Step::Told(headers) => self.headers = headers,
            Step::Bytes => self.touch(at),
            Step::Deltas(deltas) => {
                self.touch(at);
                for delta in deltas {
                    self.take(at, delta);
                }
            }
            Step::Ended => self.finish(at, Outcome::Complete),
            Step::Failed(fault) => {
                let began = !self.text.is_empty() || !self.reasoning.is_empty();
                let outcome = if began { Outcome::Cut } else { Outcome::Failed };
                self.http_status = fault.status.or(self.http_status);
                self.request_id = fault.request_id.clone().or(self.request_id.take());
                self.refuse(&fault);
                self.fault = Some(*fault);
                self.finish(at, outcome);
            }
            Step::Cancelled => self.finish(at, Outcome::Stopped),
            Step::Interrupted => self.finish(at, Outcome::Interrupted),
        }
    }

    /// A refusal that names a parameter is the last word on what became of it.
    fn refuse(&mut self, fault: &Fault) {
        let (Some(sending), Some(setting)) = (&mut self.sending, &fault.setting) else { return };
        if let Some(row) = sending.parity.iter_mut().find(|p| p.param == *setting && p.sent.is_some()) {
            row.fate = Fate::Refused;
            row.why.clone_from(&fault.message);
        }
    }

    fn touch(&mut self, at: Duration) {
        self.timeline.first_byte.get_or_insert(at);
        self.timeline.last_byte = Some(at);
    }

    fn take(&mut self, at: Duration, delta: Delta) {
        match delta {
            Delta::Text(t) => {
                self.timeline.arrived(at, Kind::Text, t.len());
                if !t.is_empty() {
                    self.phase = Phase::Answering;
                    self.chars += t.chars().count() as u64;
                    self.text.push_str(&t);
                }
            }
            Delta::Reasoning(t) => {
                self.timeline.arrived(at, Kind::Reasoning, t.len());
                if !t.is_empty() {
                    if self.phase != Phase::Answering {
                        self.phase = Phase::Thinking;
                    }
                    self.reasoning.push_str(&t);
                }
            }
            Delta::Usage(usage) => {
                self.usage.get_or_insert_default().merge(*usage);
                self.settle();
            }
            Delta::Withdrawn(kind, bytes) => {
                let text = if kind == Kind::Text { &mut self.text } else { &mut self.reasoning };
                // Keys are ASCII; whatever it is, what is left is text, and the chunks are of it.
                let left = text.floor_char_boundary(text.len().saturating_sub(bytes));
                self.timeline.withdrawn(kind, text.len() - left);
                text.truncate(left);
                self.chars = self.text.chars().count() as u64;
                self.withdrawn += 1;
            }
            Delta::Skipped => self.skipped += 1,
            Delta::Stop(stop, word) => self.stop = Some((stop, word)),
            Delta::Served(served) => {
                let old = std::mem::take(&mut self.served);
                let mut merged = Served { times: old.times, ..Served::default() };
                merged.merge_times(served.times);
                self.served = Served {
                    model: served.model.or(old.model),
                    response_id: served.response_id.or(old.response_id),
                    tier: served.tier.or(old.tier),
                    cost_usd: served.cost_usd.or(old.cost_usd),
                    times: merged.times,
                };
                self.settle();
            }
        }
    }

    fn finish(&mut self, at: Duration, outcome: Outcome) {
        // A request that never left has no clock to stop.
        if self.phase != Phase::Queued {
            self.timeline.end = Some(at);
        }
        self.phase = Phase::Ended(outcome);
        // Growing has left up to as much again behind them.
        self.text.shrink_to_fit();
        self.reasoning.shrink_to_fit();
        self.settle();
    }

    fn settle(&mut self) {
        self.cost = self.cost_at(self.price.as_ref(), self.rule);
    }

    /// What it would cost at a price, by the counts that it has; what the response itself stated
    /// stays what it is.
    #[must_use]
    pub fn cost_at(&self, price: Option<&Price>, rule: Rule) -> Cost {
        // By its end; the wall clock was read once, at t0, so that its steps have no effect.
        let t = &self.timeline;
        let slept: Duration = t.stalls.iter().map(|stall| stall.slept).sum();
        let lasted = t.end.or(t.last_byte).unwrap_or_default() + slept;
        let ended = self.sending.as_ref().and_then(|s| s.started).map(|at| (at + lasted).as_secs());
        let price = price.map(|price| price.at(ended));
        let asked = self.sending.as_ref().and_then(|s| s.tier);
        let mut cost = settle(
            self.usage.as_ref(),
            price.as_deref(),
            rule,
            self.served.tier.as_deref().or(asked),
            self.served.cost_usd.as_deref(),
        );
        if asked.is_some() && self.served.tier.is_none() && cost.status == CostStatus::Known {
            cost.status = CostStatus::Assumed;
            cost.why =
                Some("the response names no service tier: priced as the one that was asked for".into());
        }
        if self.outcome().is_some_and(|o| o != Outcome::Complete) {
            cost.unfinished();
        }
        cost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thousands of them wait for a screen that is being drawn, and memory that was once taken stays.
    #[test]
    fn what_is_reported_of_every_arrival_is_small() {
        assert!(size_of::<Delta>() <= 32, "{}", size_of::<Delta>());
        assert!(size_of::<Report>() <= 96, "{}", size_of::<Report>());
    }
}
