//! Repeats of a round: asked for with one small line, sent in the background, looked through in
//! the panes.
//!
//! ```text
//!  t --> Overlay::Trials --enter--> Plan::Trials --budget--> Batch
//!                                                             | Rotation says who is next
//!                        Report: sent or over --> drive ------+--> Effect::Launch
//! ```
//!
//! A pane shows one of its trials; the others stand in [`Entry::trials`]. Looking at another
//! one exchanges the two, so that whatever works on the answer of a pane works on what it shows.

use std::mem::swap;

use super::app::{App, Effect, Entry, Overlay};
use super::detail::Sheet;
use super::pane::Pane;
use super::sending::Plan;
use crate::model::Answer;
use crate::model::AnswerId;
use crate::model::Better;
use crate::model::Cache;
use crate::model::Cost;
use crate::model::Endpoint;
use crate::model::Lane;
use crate::model::METRICS;
use crate::model::Metric;
use crate::model::Money;
use crate::model::Outcome;
use crate::model::Phase;
use crate::model::Pools;
use crate::model::Prompt;
use crate::model::Ran;
use crate::model::Rotation;
use crate::model::Unit;
use crate::model::WITHOUT;
use crate::model::clean_line;

/// How many more are asked for before a number is typed.
const USUAL: usize = 5;

/// More than this is a load test.
const MOST: usize = 100;

/// One trial that the pane does not show.
#[derive(Debug)]
pub struct Trial {
    /// From 1, in the order in which they were asked.
    pub number: usize,
    pub id: AnswerId,
    pub prompt: Prompt,
    pub answer: Answer,
    pub pane: Pane,
    pub stopping: bool,
}

/// One trial, shown or not.
#[derive(Debug, Clone, Copy)]
pub struct Run<'e> {
    pub number: usize,
    pub id: AnswerId,
    pub prompt: &'e Prompt,
    pub answer: &'e Answer,
    stopping: bool,
}

impl Run<'_> {
    fn is_running(&self) -> bool {
        !self.stopping && !self.answer.is_over()
    }
}

impl Entry {
    /// Every trial in the order of their numbers.
    #[must_use]
    pub fn runs(&self) -> Vec<Run<'_>> {
        let mut runs: Vec<_> = self.unordered().collect();
        runs.sort_by_key(|run| run.number);
        runs
    }

    fn unordered(&self) -> impl Iterator<Item = Run<'_>> {
        let shown = Run {
            number: self.trial,
            id: self.id,
            prompt: &self.prompt,
            answer: &self.answer,
            stopping: self.stopping,
        };
        let others = self.trials.iter().map(|t| Run {
            number: t.number,
            id: t.id,
            prompt: &t.prompt,
            answer: &t.answer,
            stopping: t.stopping,
        });
        std::iter::once(shown).chain(others)
    }

    /// The answers of every trial, in no order.
    pub fn answers(&self) -> impl Iterator<Item = &Answer> {
        self.unordered().map(|run| run.answer)
    }

    /// Whether any trial of it streams and is meant to.
    #[must_use]
    pub fn any_running(&self) -> bool {
        self.unordered().any(|run| run.is_running())
    }

    /// Answer and display of the trial with this id.
    pub(super) fn find_mut(&mut self, id: AnswerId) -> Option<(&mut Answer, &mut Pane)> {
        if self.id == id {
            return Some((&mut self.answer, &mut self.pane));
        }
        let trial = self.trials.iter_mut().find(|t| t.id == id)?;
        Some((&mut trial.answer, &mut trial.pane))
    }

    /// Its trials as samples of a figure.
    #[must_use]
    pub fn pools(&self, row: &Metric) -> Pools {
        Pools::of(row, self.runs().into_iter().map(|run| run.answer))
    }

    /// The figure by which it is compared: that of its one answer, or the median of its trials.
    /// An answer that broke off was quick and cheap for no merit.
    #[must_use]
    pub fn typical(&self, row: &Metric) -> Option<f64> {
        if self.trials.is_empty() {
            let whole = self.answer.outcome() == Some(Outcome::Complete) || row.better == Better::Neither;
            return row.read(&self.answer).known().filter(|_| whole);
        }
        Some(self.pools(row).largest()?.summary()?.median)
    }

    /// The same in words; a median of fewer runs than the endpoint has says of how many.
    pub(super) fn typical_text(&self, row: &Metric) -> String {
        if self.trials.is_empty() {
            return row.show(&self.answer);
        }
        let pools = self.pools(row);
        let Some(pool) = pools.largest() else { return "–".into() };
        let Some(summary) = pool.summary() else {
            let word = pool.without.first().map_or(WITHOUT, |(word, _)| *word);
            return if word == WITHOUT { "–" } else { word }.to_owned();
        };
        let text = row.unit.show(summary.median);
        let text = if row.unit == Unit::Usd { self.settled_cost().marked(&text) } else { text };
        if pool.without.is_empty() { text } else { format!("{text} ({})", summary.n) }
    }

    /// `n=6`, `n=4 cached`, `n=4/6` where two runs are another kind or no samples.
    pub(super) fn runs_text(&self) -> Option<String> {
        let row = METRICS.first().filter(|_| !self.trials.is_empty())?;
        let pools = self.pools(row);
        let Some(pool) = pools.largest() else { return Some(format!("n=0/{}", pools.runs)) };
        let of = if pool.runs() == pools.runs { String::new() } else { format!("/{}", pools.runs) };
        let told = pools.pools.len() > 1 || pool.cache == Cache::Read;
        let kind = if told { format!(" {}", pool.cache.word()) } else { String::new() };
        Some(format!("n={}{of}{kind}", pool.runs()))
    }

    /// The cost of an answer that is whole, for the marks of what is made of several.
    pub(super) fn settled_cost(&self) -> &Cost {
        let whole = |a: &&Answer| a.outcome() == Some(Outcome::Complete) && a.cost.usd.is_some();
        &self.answers().find(whole).unwrap_or(&self.answer).cost
    }

    /// Shows the trial with this number in place of the one that is shown.
    fn look_at(&mut self, number: usize) {
        let Some(trial) = self.trials.iter_mut().find(|t| t.number == number) else { return };
        swap(&mut self.trial, &mut trial.number);
        swap(&mut self.id, &mut trial.id);
        swap(&mut self.prompt, &mut trial.prompt);
        swap(&mut self.answer, &mut trial.answer);
        swap(&mut self.pane, &mut trial.pane);
        swap(&mut self.stopping, &mut trial.stopping);
    }

    /// Shows the trial with this id; whether it has one.
    pub(super) fn look_for(&mut self, id: AnswerId) -> bool {
        if let Some(number) = self.trials.iter().find(|t| t.id == id).map(|t| t.number) {
            self.look_at(number);
        }
        self.id == id
    }

    /// `trial 2/6`, where there is more than one.
    pub(super) fn trial_word(&self) -> Option<String> {
        (!self.trials.is_empty()).then(|| format!("trial {}/{}", self.trial, self.trials.len() + 1))
    }

    fn lane(&self) -> Lane {
        let open = self.unordered().map(|run| run.answer.phase).filter(|p| !matches!(p, Phase::Ended(_)));
        open.fold(Lane::Free, |lane, phase| match (lane, phase) {
            (Lane::Preparing, _) | (_, Phase::Queued) => Lane::Preparing,
            _ => Lane::Sent,
        })
    }

    /// Stops what runs of it; gives what the engine is told.
    pub(super) fn stop_all(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.is_running() {
            self.stopping = true;
            effects.push(Effect::Cancel(self.id));
        }
        for trial in self.trials.iter_mut().filter(|t| !t.stopping && !t.answer.is_over()) {
            trial.stopping = true;
            effects.push(Effect::Cancel(trial.id));
        }
        effects
    }
}

/// In the sheet about an answer: which trial it is, and what was written before its prompt.
pub(super) fn detail(sheet: &mut Sheet, entry: &Entry) {
    let (word, line) = (entry.trial_word(), entry.prompt.nonce_line());
    if word.is_none() && line.is_none() {
        return;
    }
    sheet.heading("Trial");
    sheet.maybe("which", word.as_deref());
    sheet.maybe("nonce", line.map(|l| format!("{l} stands before the prompt")).as_deref());
}

/// The small line that asks how many.
#[derive(Debug, Default)]
struct Asking {
    /// What it is asked about, whatever is shown when it is answered.
    round: usize,
    digits: String,
    nonce: bool,
}

/// One endpoint of a batch.
#[derive(Debug)]
struct Member {
    /// Its place in the round.
    entry: usize,
    endpoint: Endpoint,
    prompt: Prompt,
    /// What each of its runs cannot cost more than, where that was weighed.
    bound: Option<Money>,
    running: Option<AnswerId>,
}

/// Trials that are being sent.
#[derive(Debug)]
struct Batch {
    round: usize,
    nonce: bool,
    members: Vec<Member>,
    rotation: Rotation,
    /// Names of endpoints that cannot answer.
    skipped: Vec<String>,
}

/// Everything about repeats that is not an answer.
#[derive(Debug)]
pub struct Trials {
    /// A nonce is added unless the line says otherwise.
    pub nonce: bool,
    /// Makes nonces; whoever wants them unforeseen gives another one.
    pub rng: fastrand::Rng,
    asking: Asking,
    batch: Option<Batch>,
}

impl Default for Trials {
    fn default() -> Self {
        let rng = fastrand::Rng::with_seed(0);
        Self { nonce: false, rng, asking: Asking::default(), batch: None }
    }
}

impl Trials {
    /// Trials that are over, and all there are, while some are still to come.
    #[must_use]
    pub fn progress(&self) -> Option<(usize, usize)> {
        self.batch.as_ref().map(|batch| batch.rotation.progress())
    }

    /// Whether something runs or is still to be sent.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.batch.is_some()
    }

    /// What is still to be sent of a budget that was agreed to.
    pub(super) fn outstanding(&self) -> Money {
        let batch = self.batch.as_ref();
        let members = batch.into_iter().flat_map(|b| b.members.iter().enumerate().map(move |m| (b, m)));
        members
            .filter_map(|(batch, (at, member))| {
                let left = u64::try_from(batch.rotation.left(at)).unwrap_or(u64::MAX);
                Some(member.bound?.times(left))
            })
            .sum()
    }

    /// A prompt that is sent once more: a nonce is used once.
    pub(super) fn renewed(&mut self, prompt: Prompt) -> Prompt {
        let word = prompt.nonce.is_some().then(|| self.word());
        prompt.with_nonce(word)
    }

    /// Eight hexadecimal digits.
    fn word(&mut self) -> String {
        format!("{:08x}", self.rng.u32(..))
    }
}

impl App {
    /// `t`: asks how many more.
    pub(super) fn ask_trials(&mut self) -> bool {
        if self.must_vote("it is repeated") {
            return true;
        }
        if self.round().is_none() {
            let key = self.keymap.first("trials");
            self.say(format!("nothing has been sent yet: send a prompt, then {key} repeats it"));
        } else if let Some((over, all)) = self.trials.progress() {
            let key = self.keymap.first("stop-all");
            self.say(format!("trials {over}/{all} are on their way: {key} stops them"));
        } else if self.cases_run() {
            // An endpoint is asked one thing at a time.
        } else if self.repeated(self.shown).is_empty() {
            self.say("no endpoint of this round is in the lineup: E brings them back");
        } else if !self.is_weighing() {
            self.trials.asking =
                Asking { round: self.shown, digits: String::new(), nonce: self.trials.nonce };
            self.overlay = Some(Overlay::Trials);
        }
        true
    }

    /// Keys of [`Overlay::Trials`].
    pub(super) fn trials_key(&mut self, key: super::key::Key) {
        use crossterm::event::KeyCode;
        let asking = &mut self.trials.asking;
        match key.code {
            KeyCode::Char(c) if c.is_ascii_digit() && asking.digits.len() < 3 => asking.digits.push(c),
            KeyCode::Backspace => {
                asking.digits.pop();
            }
            KeyCode::Char('n') => asking.nonce = !asking.nonce,
            KeyCode::Enter => self.take_trials(),
            KeyCode::Esc | KeyCode::Char('q') => self.overlay = None,
            _ => {}
        }
    }

    fn take_trials(&mut self) {
        let (runs, nonce) = (self.asked_runs(), self.trials.asking.nonce);
        if !(1..=MOST).contains(&runs) {
            self.say(format!("a round is repeated 1 to {MOST} times"));
            return;
        }
        self.overlay = None;
        self.trials.nonce = nonce;
        let round = self.trials.asking.round;
        // A nonce is as long as every other.
        let word = nonce.then(|| self.trials.word());
        let asks = self.repeated(round).into_iter().map(|(e, p)| (e, p.with_nonce(word.clone()))).collect();
        self.order(Plan::Trials { round, runs, nonce, asks });
    }

    fn asked_runs(&self) -> usize {
        self.trials.asking.digits.parse().unwrap_or(USUAL)
    }

    /// Who is repeated, and with what: the endpoints of a round that are in the lineup.
    fn repeated(&self, round: usize) -> Vec<(Endpoint, Prompt)> {
        let here = |e: &&Entry| self.lineup.endpoints.iter().any(|known| known.is_pane_of(&e.endpoint));
        let entries = self.rounds.get(round).into_iter().flat_map(|r| &r.entries).filter(here);
        entries.map(|e| (e.endpoint.clone(), e.prompt.clone().with_nonce(None))).collect()
    }

    /// What the small line says, and its keys.
    pub(super) fn trials_question(&self) -> (String, String) {
        let (runs, endpoints) = (self.asked_runs(), self.repeated(self.trials.asking.round).len());
        let typed = &self.trials.asking.digits;
        let number = if typed.is_empty() { format!("{USUAL}") } else { typed.clone() };
        let times = if runs == 1 { "time" } else { "times" };
        let on = if endpoints == 1 { "1 endpoint".to_owned() } else { format!("{endpoints} endpoints") };
        let nonce = if self.trials.asking.nonce { "nonce on" } else { "nonce off" };
        let all = runs.saturating_mul(endpoints);
        (
            format!("Repeat {number}▌ more {times} on {on}: {all} requests · {nonce}"),
            "enter starts · digits set how often · n nonce · esc leaves".to_owned(),
        )
    }

    /// Begins a batch that was let through; `bounds` are those of its asks, where they were weighed.
    pub(super) fn begin_trials(
        &mut self,
        round: usize,
        runs: usize,
        nonce: bool,
        asks: Vec<(Endpoint, Prompt)>,
        bounds: &[Money],
    ) {
        let Some(entries) = self.rounds.get(round).map(|r| &r.entries) else { return };
        let member = |(at, (endpoint, prompt)): (usize, (Endpoint, Prompt))| {
            let entry = entries.iter().position(|e| e.endpoint.is_pane_of(&endpoint))?;
            Some(Member { entry, endpoint, prompt, bound: bounds.get(at).copied(), running: None })
        };
        let members: Vec<_> = asks.into_iter().enumerate().filter_map(member).collect();
        let rotation = Rotation::new(members.len(), runs);
        self.trials.batch = Some(Batch { round, nonce, members, rotation, skipped: Vec::new() });
        let view = self.keymap.first("view");
        let (first, last) = (self.keymap.first("previous-trial"), self.keymap.first("next-trial"));
        self.say(format!("in the background: {first} {last} look through them, {view} shows the trials"));
        self.drive_trials();
    }

    /// Notes what has ended and sends what is next.
    pub(super) fn drive_trials(&mut self) {
        let Some(mut batch) = self.trials.batch.take() else { return };
        self.settle(&mut batch);
        while let Some(at) = self.next_of(&mut batch) {
            let Some(member) = batch.members.get_mut(at) else { break };
            let word = batch.nonce.then(|| self.trials.word());
            let prompt = member.prompt.clone().with_nonce(word);
            let place = (batch.round, member.entry);
            let id = self.launch(place, &member.endpoint, &prompt, member.bound.as_ref());
            member.running = Some(id);
            let entry = self.rounds.get_mut(batch.round).and_then(|r| r.entries.get_mut(member.entry));
            let Some(entry) = entry else { break };
            let number = 1 + entry.unordered().map(|run| run.number).max().unwrap_or(0);
            let answer = Answer::new(member.endpoint.simulated);
            let (pane, stopping) = (Pane::default(), false);
            entry.trials.push(Trial { number, id, prompt, answer, pane, stopping });
        }
        let open = batch.members.iter().any(|m| m.running.is_some());
        if open || !batch.rotation.is_sent() {
            self.trials.batch = Some(batch);
        } else {
            self.say_ended(&batch);
        }
    }

    fn next_of(&self, batch: &mut Batch) -> Option<usize> {
        let (members, rotation) = (&batch.members, &mut batch.rotation);
        let entries = self.rounds.get(batch.round).map(|r| r.entries.as_slice()).unwrap_or_default();
        let lane = |at: usize| {
            let entry = members.get(at).and_then(|m| entries.get(m.entry));
            entry.map_or(Lane::Free, Entry::lane)
        };
        rotation.next(lane)
    }

    /// Takes note of runs that are over, or gone from their pane.
    fn settle(&mut self, batch: &mut Batch) {
        for at in 0..batch.members.len() {
            let Some(member) = batch.members.get_mut(at) else { continue };
            let Some(id) = member.running else { continue };
            let entry = self.rounds.get_mut(batch.round).and_then(|r| r.entries.get_mut(member.entry));
            let answer = entry.and_then(|e| e.find_mut(id)).map(|(answer, _)| answer);
            if answer.as_ref().is_some_and(|a| !a.is_over()) {
                continue;
            }
            member.running = None;
            let fault = answer.and_then(|a| a.fault.as_ref());
            let hopeless = fault.is_some_and(|f| !f.class.retry_may_help());
            let why = fault.map(|f| f.class.word().replace('_', " ")).unwrap_or_default();
            if batch.rotation.ended(at, if hopeless { Ran::Hopeless } else { Ran::Through }) {
                let name = clean_line(&member.endpoint.name);
                self.say(format!("{name} is left out: it failed three times ({why}), and would again"));
                batch.skipped.push(name);
            }
        }
    }

    fn say_ended(&mut self, batch: &Batch) {
        let (over, _) = batch.rotation.progress();
        let skipped = match batch.skipped.as_slice() {
            [] => String::new(),
            names => format!(" · left out, because they cannot answer: {}", names.join(", ")),
        };
        let view = self.keymap.first("view");
        self.say(format!("{over} trials are over: {view} leads to what they say{skipped}"));
    }

    /// Sends nothing more to these panes; whether something was still to be sent.
    pub(super) fn drop_trials(&mut self, which: impl Fn(usize, usize) -> bool) -> bool {
        let Some(batch) = &mut self.trials.batch else { return false };
        let mut dropped = false;
        for (at, member) in batch.members.iter().enumerate() {
            dropped |= which(batch.round, member.entry) && batch.rotation.leave_out(at);
        }
        dropped
    }

    pub(super) fn next_trial(&mut self) -> bool {
        self.look(1)
    }

    pub(super) fn previous_trial(&mut self) -> bool {
        self.look(-1)
    }

    fn look(&mut self, by: isize) -> bool {
        let key = self.keymap.first("trials");
        let Some(entry) = self.entry() else {
            self.say("nothing has been sent yet");
            return true;
        };
        if entry.trials.is_empty() {
            self.say(format!("this answer is the only one: {key} repeats the round"));
            return true;
        }
        let numbers: Vec<usize> = entry.runs().iter().map(|run| run.number).collect();
        let at = numbers.iter().position(|n| *n == entry.trial).unwrap_or(0);
        // Round and round.
        let to = at.saturating_add_signed(by + numbers.len().cast_signed()) % numbers.len().max(1);
        if let Some(number) = numbers.get(to) {
            entry.look_at(*number);
        }
        true
    }
}
