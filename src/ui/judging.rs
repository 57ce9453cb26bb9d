//! A judge on the answers of a round: pairwise, each pair in both orders, with a cost of its own.
//!
//! ```text
//!  J --> Overlay::Judge --enter--> Plan::Judge --budget--> Sheet
//!                                                           | a few at a time --> Effect::Launch
//!                        Report --> fold, settle a pair ----+--> Effect::Vote, as the judge's
//! ```
//!
//! A comparison is an answer like any other, but of no pane and no round: neither clocks nor totals
//! of the session hold it.

use crossterm::event::KeyCode;

use super::app::{App, Effect, Entry, Overlay};
use super::command::{Command, Focus};
use super::key::Key;
use super::sending::Plan;
use super::trials::Run;
use super::weighing::Left;
use crate::model::Answer;
use crate::model::AnswerId;
use crate::model::Contender;
use crate::model::Endpoint;
use crate::model::Estimate;
use crate::model::Finding;
use crate::model::Judge;
use crate::model::Judged;
use crate::model::Mask;
use crate::model::Money;
use crate::model::Outcome;
use crate::model::Pick;
use crate::model::Prompt;
use crate::model::Report;
use crate::model::Total;
use crate::model::Vote;
use crate::model::Voter;
use crate::model::clean_line;
use crate::model::comparisons;
use crate::model::judging;
use crate::model::pick;

/// Comparisons that are on their way at once: enough to be quick, too few to run into a limit.
const AT_ONCE: usize = 4;

/// The commands of this file.
pub(super) const JUDGING: &[Command] = &[Command {
    name: "judge",
    keys: &["J"],
    on: Focus::Panes,
    doc: "ask the judge which answers are better, each pair in both orders",
    run: App::open_judge,
}];

/// The judge, and what it has said.
#[derive(Debug)]
pub struct Judging {
    /// Who judges, where somebody does.
    pub judge: Option<Judge>,
    /// Makes the marks between answers; whoever wants them unforeseen gives another one.
    pub rng: fastrand::Rng,
    sheets: Vec<Sheet>,
    running: Vec<AnswerId>,
    /// Of comparisons that others stand in place of.
    pub(super) gone: Total,
    /// What the next ones may cost: its number while that is being estimated.
    weighing: Option<u64>,
    pub(super) cost: Vec<Estimate>,
    /// Its reasons are shown.
    pub(super) reasons: bool,
}

impl Default for Judging {
    fn default() -> Self {
        Self {
            judge: None,
            rng: fastrand::Rng::with_seed(0),
            sheets: Vec::new(),
            running: Vec::new(),
            gone: Total::default(),
            weighing: None,
            cost: Vec::new(),
            reasons: false,
        }
    }
}

/// What a judge says of one round.
#[derive(Debug)]
pub(super) struct Sheet {
    round: usize,
    pub(super) judge: Endpoint,
    pub(super) sides: Vec<Side>,
    pub(super) comparisons: Vec<Comparison>,
    /// Which pairs have become votes.
    told: Vec<bool>,
    revision: u32,
}

/// One of the answers that are compared.
#[derive(Debug)]
pub(super) struct Side {
    id: AnswerId,
    /// From 1.
    pub(super) pane: usize,
    pub(super) contender: Contender,
    simulated: bool,
}

/// Two answers in one order.
#[derive(Debug)]
pub(super) struct Comparison {
    /// Which is read first and which second, of the sheet's sides.
    pub(super) sides: (usize, usize),
    /// While it waits.
    prompt: Option<Prompt>,
    bound: Option<Money>,
    id: Option<AnswerId>,
    pub(super) answer: Answer,
    stopping: bool,
}

impl Comparison {
    fn new(ask: Ask, bound: Option<Money>, simulated: bool) -> Self {
        let (prompt, answer) = (Some(ask.prompt), Answer::new(simulated));
        Self { sides: ask.sides, prompt, bound, id: None, answer, stopping: false }
    }

    pub(super) fn waits(&self) -> bool {
        self.prompt.is_some()
    }

    pub(super) fn runs(&self) -> bool {
        self.id.is_some() && !self.stopping && !self.answer.is_over()
    }

    /// What the judge said; nothing where its answer is not whole or has no verdict.
    pub(super) fn pick(&self) -> Option<Pick> {
        (self.answer.outcome() == Some(Outcome::Complete)).then(|| pick(&self.answer.text)).flatten()
    }
}

/// A comparison that is to be sent.
#[derive(Debug)]
pub(super) struct Ask {
    sides: (usize, usize),
    pub(super) prompt: Prompt,
}

/// How an answer stands to the others by its pairs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) won: usize,
    pub(super) lost: usize,
    pub(super) tied: usize,
}

impl Sheet {
    /// Every pair, with its comparisons in both orders.
    pub(super) fn pairs(&self) -> impl Iterator<Item = ((usize, usize), &[Comparison])> {
        self.comparisons.chunks(2).filter_map(|pair| Some((pair.first()?.sides, pair)))
    }

    /// What both orders say together, once both have been read.
    pub(super) fn finding(pair: &[Comparison]) -> Option<Finding> {
        let [forward, swapped] = pair else { return None };
        Some(Finding::of(forward.pick()?, swapped.pick()?))
    }

    /// The answers with most pairs won first.
    pub(super) fn tallies(&self) -> Vec<(&Side, Tally)> {
        let mut all: Vec<(&Side, Tally)> = self.sides.iter().map(|side| (side, Tally::default())).collect();
        for ((a, b), pair) in self.pairs() {
            let Some(finding) = Self::finding(pair) else { continue };
            for (own, side) in [a, b].into_iter().enumerate() {
                let Some((_, tally)) = all.get_mut(side) else { continue };
                match finding {
                    Finding::Won(winner) if winner == own => tally.won += 1,
                    Finding::Won(_) => tally.lost += 1,
                    Finding::Tie | Finding::Swayed => tally.tied += 1,
                }
            }
        }
        all.sort_by_key(|(side, tally)| (std::cmp::Reverse(2 * tally.won + tally.tied), side.pane));
        all
    }

    /// How often the answer that was read first was preferred, of all comparisons that preferred one.
    pub(super) fn first_read(&self) -> (usize, usize) {
        let picks: Vec<Pick> = self.comparisons.iter().filter_map(Comparison::pick).collect();
        let count = |wanted: Pick| picks.iter().filter(|p| **p == wanted).count();
        (count(Pick::First), count(Pick::First) + count(Pick::Second))
    }

    pub(super) fn is_running(&self) -> bool {
        self.comparisons.iter().any(|c| c.waits() || c.runs())
    }

    /// Comparisons that were read, and all.
    pub(super) fn progress(&self) -> (usize, usize) {
        (self.comparisons.iter().filter(|c| c.pick().is_some()).count(), self.comparisons.len())
    }

    /// The requests that were sent so far.
    pub(super) fn total(&self) -> Total {
        Total::of(self.comparisons.iter().map(|c| &c.answer))
    }
}

impl Judging {
    /// Comparisons that are over, and all there are, while some are on their way.
    pub(super) fn progress(&self) -> Option<(usize, usize)> {
        let open = || self.sheets.iter().filter(|sheet| sheet.is_running());
        let all: usize = open().map(|sheet| sheet.comparisons.len()).sum();
        let over = open().flat_map(|s| &s.comparisons).filter(|c| c.answer.is_over()).count();
        (all > 0).then_some((over, all))
    }

    pub(super) fn is_running(&self) -> bool {
        self.sheets.iter().any(Sheet::is_running)
    }

    /// What it has cost: no part of what the session has.
    pub(super) fn total(&self) -> Total {
        let sheets = self.sheets.iter().map(Sheet::total);
        sheets.fold(self.gone, Total::and)
    }

    fn comparison(&mut self, id: AnswerId) -> Option<&mut Comparison> {
        self.sheets.iter_mut().flat_map(|s| &mut s.comparisons).find(|c| c.id == Some(id))
    }
}

impl App {
    /// `J`: what the judge says of the round in view, or may be asked.
    pub(super) fn open_judge(&mut self) -> bool {
        if self.must_vote("the judge is asked") {
            return true;
        }
        if self.rounds.is_empty() {
            self.say("nothing has been sent yet: a judge compares the answers to a prompt");
            return true;
        }
        self.overlay = Some(Overlay::Judge { top: 0 });
        self.weigh_judge();
        true
    }

    /// Asks what the comparisons that can be sent now may cost.
    fn weigh_judge(&mut self) {
        self.judging.cost.clear();
        self.judging.weighing = None;
        let plan = self.plan_judging(self.sheet().is_none_or(|s| self.is_stale(s)));
        if let Some((number, asks)) =
            plan.ok().and_then(|plan| Some((self.weighing.estimates()?, plan.asks())))
        {
            self.judging.weighing = Some(number);
            self.effects.push(Effect::Weigh { number, asks });
        }
    }

    /// Takes that estimate; false where it is another one.
    pub(super) fn judge_weighed(&mut self, number: u64, estimates: &mut Vec<Estimate>) -> bool {
        let own = self.judging.weighing.take_if(|wanted| *wanted == number).is_some();
        if own {
            self.judging.cost = std::mem::take(estimates);
        }
        own
    }

    /// What the judge says of the round in view.
    pub(super) fn sheet(&self) -> Option<&Sheet> {
        self.judging.sheets.iter().find(|sheet| sheet.round == self.shown)
    }

    /// Whether answers that it is about are gone.
    pub(super) fn is_stale(&self, sheet: &Sheet) -> bool {
        sheet.sides.iter().any(|side| self.judged_answer(sheet.round, side.id).is_none())
    }

    fn judged_answer(&self, round: usize, id: AnswerId) -> Option<Run<'_>> {
        self.rounds.get(round)?.entries.iter().flat_map(Entry::runs).find(|run| run.id == id)
    }

    /// Why the judge cannot be asked about the round in view, if it cannot.
    pub(super) fn may_judge(&self) -> Result<&Judge, String> {
        let judge = self.judging.judge.as_ref();
        let judge =
            judge.ok_or("no judge: name one with --judge, or in the config under [judge] endpoint")?;
        let round = self.round().ok_or("nothing has been sent yet")?;
        if self.sheet().is_some_and(Sheet::is_running) {
            return Err("the judge is being asked already".into());
        }
        if !round.entries.iter().all(|e| e.answer.is_over()) {
            return Err("the judge waits until every answer is here".into());
        }
        if round.entries.iter().filter(|e| e.is_whole()).count() < 2 {
            return Err("a judge compares at least two whole answers; this round has fewer".into());
        }
        Ok(judge)
    }

    /// Every comparison of the answers in view, or those that are missing of what was asked before.
    pub(super) fn plan_judging(&self, anew: bool) -> Result<Plan, String> {
        let judge = self.may_judge()?;
        let round = self.round().ok_or("nothing has been sent yet")?;
        let before = self.sheet().filter(|_| !anew);
        let ids: Vec<AnswerId> = match before {
            Some(sheet) => sheet.sides.iter().map(|side| side.id).collect(),
            None => round.entries.iter().filter(|e| e.is_whole()).map(|e| e.id).collect(),
        };
        let gone = || "the answers have been asked again since: a judges those that are here now".to_owned();
        let wanted: Vec<(usize, usize)> = match before {
            Some(sheet) => sheet.comparisons.iter().filter(|c| c.pick().is_none()).map(|c| c.sides).collect(),
            None => comparisons(ids.len()),
        };
        if wanted.is_empty() {
            return Err("the judge has compared them all: a asks it anew".into());
        }
        // One word for all: what an answer could know of it is nothing in any case.
        let word = format!("{:016x}", self.judging.rng.clone().u64(..));
        let names = self.own_names(round.entries.iter());
        let mask = Mask::new(names.iter().map(String::as_str), &round.question);
        let judged = ids.iter().map(|id| {
            let run = self.judged_answer(self.shown, *id).ok_or_else(gone)?;
            Ok(Judged::new(run.prompt, &run.answer.text, &mask))
        });
        let judged: Vec<Judged> = judged.collect::<Result<_, String>>()?;
        let ask = |sides: (usize, usize)| {
            let pair = (judged.get(sides.0)?, judged.get(sides.1)?);
            Some(Ask { sides, prompt: judging(pair, judge.criteria.as_deref(), &word) })
        };
        Ok(Plan::Judge {
            round: self.shown,
            judge: Box::new(judge.endpoint.clone()),
            answers: ids,
            asks: wanted.into_iter().filter_map(ask).collect(),
            anew: before.is_none(),
        })
    }

    /// Keys of [`Overlay::Judge`]; it takes every one.
    pub(super) fn judge_key(&mut self, key: Key) {
        let page = usize::from(self.size.1.saturating_sub(8).max(1));
        let Some(Overlay::Judge { top }) = &mut self.overlay else { return };
        match key.code {
            KeyCode::Char('j') | KeyCode::Down => *top += 1,
            KeyCode::Char('k') | KeyCode::Up => *top = top.saturating_sub(1),
            KeyCode::PageDown | KeyCode::Char(' ') => *top += page,
            KeyCode::PageUp => *top = top.saturating_sub(page),
            KeyCode::Char('r') => self.judging.reasons = !self.judging.reasons,
            KeyCode::Char('x') => self.stop_judging(),
            KeyCode::Enter => self.ask_judge(self.sheet().is_none_or(|s| self.is_stale(s))),
            KeyCode::Char('a') => self.ask_judge(true),
            _ => self.overlay = None,
        }
    }

    fn ask_judge(&mut self, anew: bool) {
        match self.plan_judging(anew) {
            Err(why) => self.say(why),
            Ok(plan) => {
                // A question about the budget stands where this did.
                self.overlay = None;
                self.order(plan);
            }
        }
    }

    /// Begins what was let through; `bounds` are those of its asks, where they were weighed.
    pub(super) fn begin_judging(&mut self, plan: Plan, bounds: &[Money]) {
        let Plan::Judge { round, judge, answers, asks, anew } = plan else { return };
        self.judging.rng.u64(..);
        let simulated = judge.simulated;
        let bound = |at: usize| bounds.get(at).copied();
        let all = asks.into_iter().enumerate().map(|(at, ask)| Comparison::new(ask, bound(at), simulated));
        let all: Vec<Comparison> = all.collect();
        let known = self.judging.sheets.iter().position(|sheet| sheet.round == round);
        let Some(sides) = self.sides(round, &answers) else {
            // While it was held against the budget.
            self.say("not judged: an answer has been asked again since");
            return;
        };
        let mut old = Vec::new();
        if anew {
            let before = known.map(|at| self.judging.sheets.remove(at));
            let revision = before.as_ref().map_or(0, |sheet| sheet.revision + 1);
            old.extend(before.into_iter().flat_map(|sheet| sheet.comparisons));
            let told = vec![false; all.len() / 2];
            self.judging.sheets.push(Sheet { round, judge: *judge, sides, comparisons: all, told, revision });
        } else if let Some(sheet) = known.and_then(|at| self.judging.sheets.get_mut(at)) {
            for new in all {
                if let Some(slot) = sheet.comparisons.iter_mut().find(|c| c.sides == new.sides) {
                    old.push(std::mem::replace(slot, new));
                }
            }
        }
        self.retire(old);
        if self.overlay.is_none() && self.shown == round {
            self.overlay = Some(Overlay::Judge { top: 0 });
        }
        self.drive_judge();
    }

    fn sides(&self, round: usize, answers: &[AnswerId]) -> Option<Vec<Side>> {
        let entries = &self.rounds.get(round)?.entries;
        let side = |id: &AnswerId| {
            let pane = entries.iter().position(|e| e.runs().iter().any(|run| run.id == *id))?;
            let entry = entries.get(pane)?;
            let contender = Contender::of(&entry.endpoint);
            Some(Side { id: *id, pane: pane + 1, contender, simulated: entry.answer.simulated })
        };
        answers.iter().map(side).collect()
    }

    /// What others stand in place of has been paid for.
    fn retire(&mut self, old: Vec<Comparison>) {
        for comparison in old {
            let Some(id) = comparison.id else { continue };
            self.judging.running.retain(|running| *running != id);
            self.part_with(Left { id, answer: comparison.answer, judge: true });
        }
    }

    /// Sends what is next.
    fn drive_judge(&mut self) {
        while self.judging.running.len() < AT_ONCE {
            let id = self.new_id();
            let next = self.judging.sheets.iter_mut().find_map(|sheet| {
                let comparison = sheet.comparisons.iter_mut().find(|c| c.waits())?;
                comparison.id = Some(id);
                Some((sheet.judge.clone(), comparison.prompt.take()?, comparison.bound))
            });
            let Some((endpoint, prompt, bound)) = next else { return };
            if let Some(bound) = bound {
                self.weighing.reserve(id, bound);
            }
            self.judging.running.push(id);
            self.effects.push(Effect::Launch { id, endpoint: Box::new(endpoint), prompt: Box::new(prompt) });
        }
    }

    /// Takes a report of a comparison; false where it is of something else.
    pub(super) fn judge_report(&mut self, report: &Report) -> bool {
        // Most reports are of panes; at most a few comparisons run.
        if !self.judging.running.contains(&report.id) {
            return false;
        }
        let Some(comparison) = self.judging.comparison(report.id) else { return true };
        comparison.answer.apply(report.at, report.step.clone());
        if comparison.answer.is_over() {
            self.judging.running.retain(|id| *id != report.id);
            self.settle_judge(report.id);
            self.drive_judge();
        }
        true
    }

    /// A comparison is over: its pair may have become a vote, and the rest may be hopeless.
    fn settle_judge(&mut self, id: AnswerId) {
        let sheets = &mut self.judging.sheets;
        let Some(sheet) = sheets.iter_mut().find(|s| s.comparisons.iter().any(|c| c.id == Some(id))) else {
            return;
        };
        let fault = sheet.comparisons.iter().find(|c| c.id == Some(id)).and_then(|c| c.answer.fault.as_ref());
        let hopeless = fault.filter(|f| !f.class.retry_may_help());
        let hopeless = hopeless.map(|f| f.class.word().replace('_', " "));
        if hopeless.is_some() {
            for waiting in sheet.comparisons.iter_mut().filter(|c| c.waits()) {
                waiting.prompt = None;
            }
        }
        let votes: Vec<Vote> = sheet.votes(&self.votes.tags);
        let (round, over) = (sheet.round, !sheet.is_running());
        let (read, all) = sheet.progress();
        let question = self.rounds.get(round).map(|r| r.question.clone()).unwrap_or_default();
        for vote in votes {
            self.effects.push(Effect::Vote { vote: Box::new(vote), prompt: question.clone() });
        }
        if matches!(self.overlay, Some(Overlay::Judge { .. })) && self.shown == round {
            return; // it can be seen
        }
        let key = self.keymap.first("judge");
        if let Some(why) = hopeless {
            self.say(format!("the judge cannot answer ({why}): {key} shows what it said"));
        } else if over {
            self.say(format!("the judge has compared {read} of {all}: {key} shows what it says"));
        }
    }

    /// Sends nothing more to the judge, and stops what runs.
    pub(super) fn stop_judging(&mut self) {
        for comparison in self.judging.sheets.iter_mut().flat_map(|s| &mut s.comparisons) {
            comparison.prompt = None;
            if comparison.runs()
                && let Some(id) = comparison.id
            {
                comparison.stopping = true;
                self.effects.push(Effect::Cancel(id));
            }
        }
    }

    /// What comparisons take of the budget: spent, or reserved by what is still to come.
    pub(super) fn committed_to_judge(&self) -> Money {
        let all = self.judging.sheets.iter().flat_map(|s| &s.comparisons);
        all.map(|c| match c.id {
            Some(id) => self.weighing.taken(id, &c.answer),
            None if c.waits() => c.bound.unwrap_or_default(),
            None => Money::default(),
        })
        .sum()
    }
}

impl Sheet {
    /// The pairs that have been read in both orders and are no votes yet.
    fn votes(&mut self, tags: &[String]) -> Vec<Vote> {
        let mut out = Vec::new();
        let spec = Contender::of(&self.judge).spec;
        let findings: Vec<_> = self.pairs().map(|(sides, pair)| (sides, Self::finding(pair))).collect();
        for (((a, b), finding), told) in findings.into_iter().zip(&mut self.told) {
            let (Some(finding), Some(one), Some(two)) = (finding, self.sides.get(a), self.sides.get(b))
            else {
                continue;
            };
            if std::mem::replace(told, true) {
                continue;
            }
            out.push(Vote {
                session: String::new(),
                round: (self.round + 1).to_string(),
                at: String::new(),
                prompt: String::new(),
                tags: tags.to_vec(),
                blind: false,
                simulated: self.judge.simulated || one.simulated || two.simulated,
                voter: Voter::Judge(spec.clone()),
                contenders: vec![one.contender.clone(), two.contender.clone()],
                verdict: finding.ruling(),
                revision: self.revision,
            });
        }
        out
    }

    /// `1 gpt-6-sol`
    pub(super) fn called(&self, side: usize) -> String {
        let named = |s: &Side| format!("{} {}", s.pane, clean_line(&s.contender.name));
        self.sides.get(side).map(named).unwrap_or_default()
    }
}
