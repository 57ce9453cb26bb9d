//! From a wish to send to what is sent, past the budget where there is one.
//!
//! A [`Plan`] is made when the key is pressed: who is asked what, in which round. What was
//! weighed is then what is sent, whatever is switched or shown in between.

use super::app::{App, Effect, Entry, Round};
use super::attach::Waits;
use super::judging::Ask;
use super::pane::Pane;
use super::weighing::Left;
use crate::model::Answer;
use crate::model::AnswerId;
use crate::model::Attachment;
use crate::model::Endpoint;
use crate::model::Filled;
use crate::model::Money;
use crate::model::Origin;
use crate::model::Prompt;
use crate::model::attached;
use crate::model::unescaped;

/// A prompt on its way: where its round will hang is settled when the key is pressed.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) question: String,
    pub(super) filled: Option<Box<Filled>>,
    pub(super) origin: Origin,
    /// The session's system text.
    pub(super) system: Option<String>,
}

/// Something that is to be sent.
#[derive(Debug)]
pub(super) enum Plan {
    /// A new round.
    Round {
        question: String,
        filled: Option<Box<Filled>>,
        origin: Origin,
        system: Option<String>,
        asks: Vec<(Endpoint, Prompt)>,
    },
    /// Rounds of cases, one after the other.
    Cases(Vec<Plan>),
    /// More of a round that is there.
    More { round: usize, asks: Vec<More> },
    /// A round so many times more: one ask an endpoint.
    Trials { round: usize, runs: usize, nonce: bool, asks: Vec<(Endpoint, Prompt)> },
    /// These answers of a round, compared by a judge: all of them anew, or what is missing.
    Judge { round: usize, judge: Box<Endpoint>, answers: Vec<AnswerId>, asks: Vec<Ask>, anew: bool },
}

/// One answer of a round that is there.
#[derive(Debug)]
pub(super) enum More {
    /// Once more, in place of this answer.
    Again(AnswerId, Endpoint, Prompt),
    /// Of an endpoint that was not part of the round.
    New(Endpoint, Prompt),
}

impl Plan {
    /// How many answers it asks for.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Round { asks, .. } => asks.len(),
            Self::Cases(plans) => plans.iter().map(Self::count).sum(),
            Self::More { asks, .. } => asks.len(),
            Self::Trials { runs, asks, .. } => runs * asks.len(),
            Self::Judge { asks, .. } => asks.len(),
        }
    }

    /// Whether a case is sent by it.
    pub(super) fn is_of_cases(&self) -> bool {
        match self {
            Self::Cases(_) => true,
            Self::Round { filled, .. } => filled.as_ref().is_some_and(|f| f.case.is_some()),
            Self::More { .. } | Self::Trials { .. } | Self::Judge { .. } => false,
        }
    }

    /// Who would be asked what.
    pub(super) fn asks(&self) -> Vec<(Endpoint, Prompt)> {
        match self {
            Self::Round { asks, .. } => asks.clone(),
            // The first of every endpoint, then the second: each costs as much as the first.
            Self::Trials { runs, asks, .. } => std::iter::repeat_n(asks, *runs).flatten().cloned().collect(),
            Self::Cases(plans) => plans.iter().flat_map(Self::asks).collect(),
            Self::Judge { judge, asks, .. } => {
                asks.iter().map(|ask| ((**judge).clone(), ask.prompt.clone())).collect()
            }
            Self::More { asks, .. } => asks
                .iter()
                .map(|more| match more {
                    More::Again(_, endpoint, prompt) | More::New(endpoint, prompt) => {
                        (endpoint.clone(), prompt.clone())
                    }
                })
                .collect(),
        }
    }
}

/// What the models get of a prompt: filled in, an escaped `@` as it was meant.
fn as_sent(question: &str, filled: Option<&Filled>) -> String {
    filled.map_or_else(|| unescaped(question), |filled| filled.text.clone())
}

impl App {
    pub(super) fn send(&mut self) -> bool {
        if self.ask_what_was_held() || self.leave_system() || self.editor.is_empty() {
            return true;
        }
        if self.may_send() {
            self.send_or_ask();
        }
        true
    }

    /// Whether a prompt can go now; says why not.
    pub(super) fn may_send(&mut self) -> bool {
        !self.must_wait(self.next_origin()) && !self.is_reading()
    }

    /// Whether what was asked for before must be settled before a round can hang there; says so.
    pub(super) fn must_wait(&mut self, origin: Origin) -> bool {
        if origin.parent.is_some_and(|r| self.is_veiled(r)) {
            self.say("that round is blind: it is continued after your vote");
            return true;
        }
        // An edition continues what stood before it, whatever runs now.
        let parent = origin.parent.filter(|_| origin.edited.is_none()).and_then(|r| self.rounds.get(r));
        if parent.is_some_and(|r| r.entries.iter().any(Entry::is_running)) {
            self.say("a follow-up continues these answers: wait for them, or stop them with ctrl+c");
            return true;
        }
        self.is_weighing()
    }

    /// Sends what stands in the field, filled where it has variables.
    pub(super) fn send_now(&mut self, filled: Option<Box<Filled>>) {
        let question = self.editor.take();
        self.recall_sent(&question);
        let asked = self.asked_now(question, filled);
        self.edit_sent();
        self.send_when_read(Waits::Prompt(Box::new(asked)));
    }

    /// A prompt that hangs where the next round would hang now.
    pub(super) fn asked_now(&self, question: String, filled: Option<Box<Filled>>) -> Asked {
        Asked { question, filled, origin: self.next_origin(), system: self.system.clone() }
    }

    /// The lineup as it would be asked a question now, with these files.
    pub(super) fn plan_round(&self, asked: Asked, files: &[Attachment]) -> Plan {
        self.plan_for(&self.levelled(), asked, files)
    }

    /// These endpoints, each with the prompt or its own conversation.
    pub(super) fn plan_for(&self, endpoints: &[Endpoint], asked: Asked, files: &[Attachment]) -> Plan {
        let Asked { question, filled, origin, system } = asked;
        let sent = as_sent(&question, filled.as_deref());
        let asked = |e: Endpoint| {
            let prompt = self.prompt_for(&e, &sent, origin, system.as_deref()).attach(files);
            (e, prompt)
        };
        let asks = endpoints.iter().cloned().map(asked).collect();
        Plan::Round { question, filled, origin, system, asks }
    }

    /// Panes of the round in view once more; those that wait are asked.
    pub(super) fn plan_again(&self, panes: impl Iterator<Item = usize>) -> Plan {
        let asked = |at: usize| {
            let round = self.round()?;
            match round.entries.get(at) {
                Some(entry) => Some(More::Again(entry.id, entry.endpoint.clone(), entry.prompt.clone())),
                None => self.plan_new(self.waiting().nth(at - round.entries.len())?),
            }
        };
        Plan::More { round: self.shown, asks: panes.filter_map(asked).collect() }
    }

    /// One more endpoint for the round in view, asked as the lineup is.
    pub(super) fn plan_one(&self, endpoint: &Endpoint) -> Plan {
        Plan::More { round: self.shown, asks: self.plan_new(endpoint).into_iter().collect() }
    }

    fn plan_new(&self, endpoint: &Endpoint) -> Option<More> {
        let round = self.round()?;
        // A round's answers are all of the same files.
        let files = round.entries.first().map_or(&[][..], |e| e.prompt.attachments());
        let levelled = self.levelled().into_iter().find(|e| e.is_pane_of(endpoint));
        let endpoint = levelled.unwrap_or_else(|| endpoint.clone());
        let sent = as_sent(&round.question, round.filled.as_deref());
        let prompt = self.prompt_for(&endpoint, &sent, round.origin, round.system.as_deref()).attach(files);
        Some(More::New(endpoint, prompt))
    }

    /// Sends a plan; `bounds` are what each of its answers cannot cost more than, where that
    /// was weighed.
    pub(super) fn carry_out(&mut self, plan: Plan, bounds: &[Money]) {
        match plan {
            Plan::Cases(plans) => self.queue_cases(plans, bounds),
            Plan::Judge { .. } => self.begin_judging(plan, bounds),
            Plan::Round { question, filled, origin, system, asks } => {
                self.case_sent(filled.as_deref(), origin);
                let files = asks.first().map(|(_, prompt)| attached(prompt.attachments()));
                let round = self.rounds.len();
                let mut entries = Vec::with_capacity(asks.len());
                for (at, (endpoint, prompt)) in asks.into_iter().enumerate() {
                    let id = self.launch((round, at), &endpoint, &prompt, bounds.get(at));
                    entries.push(Entry::new(id, endpoint, prompt));
                }
                self.rounds.push(Round { question, filled, origin, system, sent: self.now, entries });
                self.tuning.asked();
                self.shown = round;
                if self.votes.blind {
                    self.veil(round);
                }
                // What has left is said in full.
                if let Some(files) = files.filter(|files| !files.is_empty()) {
                    self.say(files);
                }
            }
            Plan::Trials { round, runs, nonce, asks } => self.begin_trials(round, runs, nonce, asks, bounds),
            Plan::More { round, asks } => {
                let one = asks.len() == 1;
                for (at, more) in asks.into_iter().enumerate() {
                    let pane = self.carry_out_one(round, more, bounds.get(at));
                    if let Some(pane) = pane.filter(|_| one && round == self.shown) {
                        self.pane = pane;
                    }
                }
            }
        }
    }

    /// Gives the pane of an endpoint that is new to the round.
    fn carry_out_one(&mut self, round: usize, more: More, bound: Option<&Money>) -> Option<usize> {
        match more {
            More::New(endpoint, prompt) => {
                let at = self.rounds.get(round)?.entries.len();
                let id = self.launch((round, at), &endpoint, &prompt, bound);
                self.rounds.get_mut(round)?.entries.push(Entry::new(id, endpoint, prompt));
                Some(at)
            }
            More::Again(old, endpoint, prompt) => {
                let at = self.rounds.get_mut(round)?.entries.iter_mut().position(|e| e.look_for(old))?;
                self.give_way(round, at);
                let prompt = self.trials.renewed(prompt);
                let id = self.launch((round, at), &endpoint, &prompt, bound);
                if let Some(entry) = self.rounds.get_mut(round).and_then(|r| r.entries.get_mut(at)) {
                    entry.id = id;
                    entry.stopping = false;
                    entry.prompt = prompt;
                    entry.answer = Answer::new(entry.endpoint.simulated);
                    entry.pane = Pane::default();
                }
                None
            }
        }
    }

    /// What an answer that is asked again leaves behind: its cost, and a stream to be stopped.
    fn give_way(&mut self, round: usize, at: usize) {
        let Some(id) = self.rounds.get(round).and_then(|r| r.entries.get(at)).map(|e| e.id) else { return };
        self.keep_replaced(id);
        let Some(entry) = self.rounds.get_mut(round).and_then(|r| r.entries.get_mut(at)) else { return };
        let running = entry.is_running();
        let answer = std::mem::replace(&mut entry.answer, Answer::new(entry.endpoint.simulated));
        self.part_with(Left { id, answer, judge: false });
        self.places.remove(&id);
        if running {
            self.effects.push(Effect::Cancel(id));
        }
    }

    pub(super) fn launch(
        &mut self,
        place: (usize, usize),
        endpoint: &Endpoint,
        prompt: &Prompt,
        bound: Option<&Money>,
    ) -> AnswerId {
        let id = self.new_id();
        self.places.insert(id, place);
        self.keeping.launched(id);
        if let Some(bound) = bound {
            self.weighing.reserve(id, *bound);
        }
        self.effects.push(Effect::Launch {
            id,
            endpoint: Box::new(endpoint.clone()),
            prompt: Box::new(prompt.clone()),
        });
        id
    }
}
