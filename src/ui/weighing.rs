//! What a round may cost before it is sent: in the prompt's border while it is written, and
//! held against the budget when it goes.
//!
//! ```text
//!  draft changes --> Effect::Weigh --> Event::Weighed --> border          one in flight, the newest draft next
//!  order --no budget--> sent
//!    +----budget------> Effect::Weigh --> Event::Weighed --fits--> sent
//!                                            +--does not--> Overlay::Spend --y--> sent | else the prompt comes back
//! ```

use std::collections::HashMap;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyModifiers};
use unicode_width::UnicodeWidthStr;

use super::app::{App, Effect, Entry, Overlay};
use super::command::Focus;
use super::figures::grouped;
use super::key::Key;
use super::sending::Plan;
use crate::model::Answer;
use crate::model::AnswerId;
use crate::model::Attachment;
use crate::model::Counting;
use crate::model::Endpoint;
use crate::model::Estimate;
use crate::model::Money;
use crate::model::Origin;
use crate::model::Report;
use crate::model::Spending;
use crate::model::Total;

/// A letter that is typed so soon after the question opened by itself was meant for the prompt.
const UNSEEN: Duration = Duration::from_millis(500);

/// An order that waits for its estimate, then perhaps for a yes.
#[derive(Debug)]
struct Pending {
    number: u64,
    plan: Plan,
    estimates: Vec<Estimate>,
    /// Why it is asked about; empty until it is weighed.
    why: String,
    /// The prompt field's when the order was made: another one means that somebody is typing.
    revision: u64,
    /// When the order was made.
    since: Duration,
}

/// An answer that another one stands in place of.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) id: AnswerId,
    pub(super) answer: Answer,
    /// It is a judge's.
    pub(super) judge: bool,
}

/// Everything that the cost of a draft depends on.
#[derive(Debug, Default, PartialEq)]
struct Draft {
    /// The editor's: comparing a long text at every key would be felt.
    revision: u64,
    written: bool,
    /// The case that is next, and of how many.
    values: Option<(usize, usize)>,
    /// The files that are known to go with it.
    files: Vec<Attachment>,
    endpoints: Vec<Endpoint>,
    /// What it continues or edits, and how many answers of that are there.
    origin: Origin,
    answers: usize,
    system: Option<String>,
    common: bool,
}

/// What is known and asked of costs to come.
#[derive(Debug, Default)]
pub struct Weighing {
    /// Estimates are wanted at all; off until somebody can make them.
    on: bool,
    spending: Spending,
    draft: Draft,
    shown: Vec<Estimate>,
    /// The draft's estimate that is being made, and whether the draft has changed since.
    in_flight: Option<u64>,
    changed: bool,
    last: u64,
    pending: Option<Pending>,
    /// When the question opened that nobody's key had asked for.
    opened: Option<Duration>,
    reserved: HashMap<AnswerId, Money>,
    /// Of answers that another one stands in place of.
    gone: Money,
    /// Those that were cancelled for that and are not known to be over: they may have left.
    leaving: Vec<Left>,
}

impl Weighing {
    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Begins an estimate, where estimates are wanted: its number.
    pub(super) fn estimates(&mut self) -> Option<u64> {
        self.on.then(|| self.number())
    }

    /// Notes the bound of an answer that is launched now.
    pub(super) fn reserve(&mut self, id: AnswerId, bound: Money) {
        self.reserved.insert(id, bound);
    }

    /// What an answer takes of the budget: its cost once that is known, its bound until then.
    /// A lower bound of a cost is none; what nobody accepted costs nothing.
    pub(super) fn taken(&self, id: AnswerId, answer: &Answer) -> Money {
        let reserved = || self.reserved.get(&id).copied().unwrap_or_default();
        let cost = &answer.cost;
        match cost.usd {
            _ if !answer.is_over() => reserved(),
            _ if !answer.may_be_billed() => Money::default(),
            Some(usd) if !cost.at_least => usd,
            usd => reserved().max(usd.unwrap_or_default()),
        }
    }
}

impl App {
    /// From now on costs are estimated, and held against this budget.
    pub fn weigh_by(&mut self, spending: Spending) {
        self.weighing.on = true;
        self.weighing.spending = spending;
    }

    /// What the session has taken of its budget: spent, or reserved by what still runs or is
    /// still to be sent.
    #[must_use]
    pub fn committed(&self) -> Money {
        let runs = self.rounds.iter().flat_map(|r| &r.entries).flat_map(Entry::runs);
        let taken: Money = runs.map(|run| self.weighing.taken(run.id, run.answer)).sum();
        let veiled = self.votes.veils.iter().flat_map(|v| &v.real);
        let hidden: Money = veiled.map(|e| self.weighing.taken(e.id, &e.answer)).sum();
        let waiting = self.trials.outstanding() + self.reserved_by_cases() + self.committed_to_judge();
        let leaving: Money = self.weighing.leaving.iter().map(|l| self.weighing.taken(l.id, &l.answer)).sum();
        self.weighing.gone + leaving + waiting + taken + hidden
    }

    /// Keeps what an answer costs that another one stands in place of. Until the engine says how it
    /// ended, nobody knows whether it was sent: it takes what it may cost.
    pub(super) fn part_with(&mut self, left: Left) {
        if !left.answer.is_over() {
            self.weighing.leaving.push(left);
            return;
        }
        let total = Total::of([&left.answer]);
        let kept = if left.judge { &mut self.judging.gone } else { &mut self.replaced };
        *kept = kept.and(total);
        self.weighing.gone = self.weighing.gone + self.weighing.taken(left.id, &left.answer);
        self.weighing.reserved.remove(&left.id);
    }

    /// Takes a report of an answer that is leaving; false where it is of another one.
    pub(super) fn left_report(&mut self, report: &Report) -> bool {
        let Some(at) = self.weighing.leaving.iter().position(|left| left.id == report.id) else {
            return false;
        };
        if let Some(left) = self.weighing.leaving.get_mut(at) {
            left.answer.apply(report.at, report.step.clone());
            if left.answer.is_over() {
                let left = self.weighing.leaving.swap_remove(at);
                self.part_with(left);
            }
        }
        true
    }

    /// Says so while something is held against the budget: one at a time. It opens no question:
    /// what asks may be no key at all.
    pub(super) fn is_weighing(&mut self) -> bool {
        match self.weighing.pending.as_ref().map(|p| !p.why.is_empty()) {
            Some(true) => {
                let send = self.keymap.first("send");
                self.say(format!(
                    "what was sent before is above the budget: {send} in the prompt asks about it"
                ));
            }
            Some(false) => self.say("what was sent before is still being held against the budget"),
            None => return false,
        }
        true
    }

    /// Opens the question that was held back, for the key that sends; whether there is one.
    pub(super) fn ask_what_was_held(&mut self) -> bool {
        let asks = self.weighing.pending.as_ref().is_some_and(|p| !p.why.is_empty());
        if asks && self.overlay.is_none() {
            self.overlay = Some(Overlay::Spend);
            self.weighing.opened = None;
        }
        asks
    }

    /// Whether what is held against the budget is a case.
    pub(super) fn weighs_a_case(&self) -> bool {
        self.weighing.pending.as_ref().is_some_and(|p| p.plan.is_of_cases())
    }

    /// Gives back what is being held against the budget; whether there was anything.
    pub(super) fn stop_weighing(&mut self) -> bool {
        let Some(pending) = self.weighing.pending.take() else { return false };
        if self.overlay == Some(Overlay::Spend) {
            self.overlay = None;
        }
        if let Plan::Round { question, origin, system, .. } = pending.plan {
            self.give_back(&question, origin, system);
        }
        self.say("not sent");
        true
    }

    /// Sends at once, or after it was weighed where there is a budget; whether it was sent.
    pub(super) fn order(&mut self, plan: Plan) -> bool {
        if self.would_unveil(&plan) {
            return false;
        }
        if !self.weighing.on || self.weighing.spending.is_free() {
            self.carry_out(plan, &[]);
            return true;
        }
        if self.is_weighing() {
            return false;
        }
        let (asks, number) = (plan.asks(), self.weighing.number());
        let revision = self.prompt_field().revision();
        self.weighing.pending = Some(Pending {
            number,
            plan,
            estimates: Vec::new(),
            why: String::new(),
            revision,
            since: self.now,
        });
        self.effects.push(Effect::Weigh { number, asks });
        false
    }

    /// Asks for the estimate of the draft where something has changed that it depends on.
    pub(super) fn weigh_draft(&mut self) {
        if !self.weighing.on {
            return;
        }
        let over = |r: &super::app::Round| r.entries.iter().filter(|e| e.answer.is_over()).count();
        let origin = self.next_origin();
        let draft = Draft {
            revision: self.prompt_field().revision(),
            written: self.prompt_field().bytes() > 0,
            values: self.templates.place(),
            files: self.attaching.files(),
            endpoints: self.lineup.endpoints.clone(),
            origin,
            answers: origin.parent.and_then(|r| self.rounds.get(r)).map_or(0, over),
            system: self.system.clone(),
            common: self.common,
        };
        if draft == self.weighing.draft {
            return;
        }
        self.weighing.draft = draft;
        self.weighing.changed = true;
        if !self.weighing.draft.written {
            self.weighing.shown.clear();
            self.weighing.changed = false;
        }
        self.weigh_newest();
    }

    fn weigh_newest(&mut self) {
        if self.weighing.in_flight.is_some() || !self.weighing.changed {
            return;
        }
        self.weighing.changed = false;
        let text = self.prompt_text();
        let filled = self.filled(&text).map(Box::new);
        let asks = self.plan_round(self.asked_now(text, filled), &self.weighing.draft.files).asks();
        let number = self.weighing.number();
        self.weighing.in_flight = Some(number);
        self.effects.push(Effect::Weigh { number, asks });
    }

    /// Takes an estimate: of the draft, or of an order that waits for it.
    pub(super) fn weighed(&mut self, number: u64, mut estimates: Vec<Estimate>) {
        if self.judge_weighed(number, &mut estimates) {
            return;
        }
        if self.weighing.in_flight == Some(number) {
            self.weighing.in_flight = None;
            // A draft that was sent or emptied meanwhile has no cost to show.
            if self.weighing.draft.written {
                self.weighing.shown = estimates;
            }
            self.weigh_newest();
            return;
        }
        let Some(mut pending) = self.weighing.pending.take_if(|p| p.number == number) else { return };
        match self.weighing.spending.weigh(self.committed(), &estimates) {
            Ok(()) => self.pay_for(pending.plan, &estimates),
            Err(why) => {
                (pending.estimates, pending.why) = (estimates, why);
                // A key that is meant as a letter must not pay, and no form is talked over.
                let typed = pending.revision != self.prompt_field().revision();
                // Nor does a question open out of nothing, long after the key that it answers.
                let late = self.now.saturating_sub(pending.since) > UNSEEN;
                self.weighing.pending = Some(pending);
                if typed || late || self.overlay.is_some() {
                    self.say_held();
                } else {
                    self.overlay = Some(Overlay::Spend);
                    self.weighing.opened = Some(self.now);
                }
            }
        }
    }

    fn say_held(&mut self) {
        let send = self.keymap.first("send");
        self.say(format!("not sent yet: it is above the budget; {send} asks whether to send it"));
    }

    /// A key while [`Overlay::Spend`] is open; false passes it on, to where it was meant for.
    pub(super) fn spend_key(&mut self, key: Key) -> bool {
        let letter = matches!(key.code, KeyCode::Char(_)) && (key.modifiers - KeyModifiers::SHIFT).is_empty();
        let unseen = self.weighing.opened.take_if(|at| letter && self.now.saturating_sub(*at) < UNSEEN);
        if unseen.is_some() && self.focus == Focus::Prompt {
            self.overlay = None;
            self.say_held();
            return false;
        }
        // Every other key is a no, those included that work anywhere.
        self.spend(key.code == KeyCode::Char('y') && key.modifiers.is_empty());
        true
    }

    fn pay_for(&mut self, plan: Plan, estimates: &[Estimate]) {
        // What has no bound reserves nothing; it was let through knowingly.
        let bounds: Vec<Money> = estimates.iter().map(|e| e.at_most.unwrap_or_default()).collect();
        self.carry_out(plan, &bounds);
    }

    /// The answer to [`Overlay::Spend`].
    pub(super) fn spend(&mut self, yes: bool) {
        self.overlay = None;
        if !yes {
            self.stop_weighing();
        } else if let Some(pending) = self.weighing.pending.take() {
            self.pay_for(pending.plan, &pending.estimates);
        }
    }

    /// Why the order that waits is asked about.
    pub(super) fn why_asked(&self) -> String {
        if self.hides() {
            // What a blind round has cost is not told before the vote.
            return "It may cost more than the budget leaves, with what waits for your vote. Send?".into();
        }
        let why = self.weighing.pending.as_ref().map(|p| p.why.as_str()).unwrap_or_default();
        let mut letters = why.chars();
        let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
        format!("{first}{}. Send?", letters.as_str())
    }

    /// `≈612 tok · at most $0.21 to send`; nothing without a draft.
    pub(super) fn draft_cost(&self, room: usize) -> Option<String> {
        let all = &self.weighing.shown;
        let largest = all.iter().map(|e| e.prompt).max_by_key(|t| t.n)?;
        let sign = if largest.how == Counting::Ratio { "≈" } else { "~" };
        // A picture's tokens are in no count before the answer.
        let images = match all.iter().map(|e| e.images).max() {
            None | Some(0) => String::new(),
            Some(1) => " + 1 image".to_owned(),
            Some(n) => format!(" + {n} images"),
        };
        let tokens = format!("{sign}{} tok{images}", grouped(largest.n));
        let known: Vec<Money> = all.iter().filter_map(|e| e.at_most.as_ref().ok().copied()).collect();
        let most: Money = known.iter().copied().sum();
        let unknown = all.len() - known.len();
        let cost = match (most == Money::default(), unknown) {
            (true, 0) => "no cost".to_owned(),
            (_, n) if n == all.len() => "cost unknown".to_owned(),
            (_, 0) => format!("at most {}", most.shown_up()),
            (true, n) => format!("{n} of {} unknown", all.len()),
            (false, n) => format!("at most {} + {n} unknown", most.shown_up()),
        };
        let sends: Option<Money> = all.iter().map(|e| e.to_send).sum();
        let send =
            sends.filter(|usd| *usd != Money::default()).map(|usd| format!(" · ~{} to send", usd.shown()));
        let long = format!("{tokens} ({}){} · {cost}", largest.how.words(), send.clone().unwrap_or_default());
        let middle = format!("{tokens}{} · {cost}", send.unwrap_or_default());
        let short = format!("{tokens} · {cost}");
        [long, middle, short].into_iter().find(|text| text.width() <= room)
    }
}
