//! From a wish to send to what is sent, past the budget where there is one.

use super::app::{App, Effect, Entry, Round};
use super::pane::Pane;
use super::weighing::Order;
use crate::model::Answer;
use crate::model::AnswerId;
use crate::model::Endpoint;
use crate::model::Prompt;

impl App {
    pub(super) fn send(&mut self) -> bool {
        if self.editor.is_empty() {
            return true;
        }
        let unfinished = |r: &Round| r.entries.iter().any(Entry::is_running);
        if self.follow_up && self.round().is_some_and(unfinished) {
            self.say("a follow-up continues these answers: wait for them, or stop them with ctrl+c");
            return true;
        }
        let question = self.editor.take();
        if self.history.last() != Some(&question) {
            self.history.push(question.clone());
        }
        self.walking = None;
        self.order(Order::Send(question));
        true
    }

    fn send_now(&mut self, question: String) {
        let follows = self.follow_up && !self.rounds.is_empty();
        let round = self.rounds.len();
        let endpoints = self.levelled();
        let mut entries = Vec::with_capacity(endpoints.len());
        for (at, endpoint) in endpoints.into_iter().enumerate() {
            let prompt = self.prompt_for(&endpoint, &question, follows);
            let id = self.new_id();
            self.places.insert(id, (round, at));
            self.launch(id, &endpoint, &prompt);
            entries.push(Entry::new(id, endpoint, prompt));
        }
        self.rounds.push(Round { question, follow_up: follows, entries });
        self.shown = round;
    }

    fn launch(&mut self, id: AnswerId, endpoint: &Endpoint, prompt: &Prompt) {
        self.weighing.reserve(id);
        self.effects.push(Effect::Launch {
            id,
            endpoint: Box::new(endpoint.clone()),
            prompt: Box::new(prompt.clone()),
        });
    }

    /// A fresh prompt, or this endpoint's own conversation continued from the round in view.
    fn prompt_for(&self, endpoint: &Endpoint, question: &str, follows: bool) -> Prompt {
        let before = self
            .round()
            .filter(|_| follows)
            .and_then(|r| r.entries.iter().find(|e| e.endpoint.is_pane_of(endpoint)))
            .filter(|e| !e.answer.text.is_empty());
        match before {
            Some(entry) => entry.prompt.follow_up(&entry.answer.text, question),
            None => Prompt::new(question).with_system(self.system.clone()),
        }
    }

    /// Asks one more endpoint the prompt of the round in view.
    fn ask_now(&mut self, endpoint: &Endpoint) {
        let round = self.shown;
        let Some(question) = self.round().map(|r| r.question.clone()) else { return };
        let endpoint =
            self.levelled().into_iter().find(|e| e.is_pane_of(endpoint)).unwrap_or(endpoint.clone());
        let prompt = self.prompt_for(&endpoint, &question, false);
        let id = self.new_id();
        self.launch(id, &endpoint, &prompt);
        if let Some(shown) = self.rounds.get_mut(round) {
            self.places.insert(id, (round, shown.entries.len()));
            shown.entries.push(Entry::new(id, endpoint, prompt));
        }
    }

    /// Runs a pane of the round in view again, in place of its answer; one that waits is asked.
    fn run_again_now(&mut self, at: usize) {
        let entries = self.round().map_or(0, |r| r.entries.len());
        let waiting = at.checked_sub(entries).and_then(|w| self.waiting().nth(w)).cloned();
        if let Some(endpoint) = waiting.filter(|_| !self.rounds.is_empty()) {
            self.ask_now(&endpoint);
            self.pane = entries;
            return;
        }
        let id = self.new_id();
        let round = self.shown;
        let taken = self.round().and_then(|r| r.entries.get(at)).map(|e| self.weighing.taken(e));
        let Some(entry) = self.rounds.get_mut(round).and_then(|r| r.entries.get_mut(at)) else { return };
        self.weighing.keep(taken);
        let old = std::mem::replace(&mut entry.id, id);
        let was_running = entry.is_running();
        entry.stopping = false;
        if entry.answer.may_be_billed() {
            self.replaced.add(&entry.answer.cost);
        }
        entry.answer = Answer::new(entry.endpoint.simulated);
        entry.pane = Pane::default();
        let (endpoint, prompt) = (entry.endpoint.clone(), entry.prompt.clone());
        self.places.remove(&old);
        self.places.insert(id, (round, at));
        if was_running {
            self.effects.push(Effect::Cancel(old));
        }
        self.launch(id, &endpoint, &prompt);
    }

    /// Who would be asked what.
    pub(super) fn asks(&self, order: &Order) -> Vec<(Endpoint, Prompt)> {
        let follows = self.follow_up && !self.rounds.is_empty();
        match order {
            Order::Send(question) => self
                .levelled()
                .into_iter()
                .map(|e| {
                    let prompt = self.prompt_for(&e, question, follows);
                    (e, prompt)
                })
                .collect(),
            Order::Again(panes) => panes.iter().filter_map(|at| self.asks_again(*at)).collect(),
            Order::One(endpoint) => {
                let question = self.round().map(|r| r.question.clone()).unwrap_or_default();
                vec![((**endpoint).clone(), self.prompt_for(endpoint, &question, false))]
            }
        }
    }

    fn asks_again(&self, at: usize) -> Option<(Endpoint, Prompt)> {
        let round = self.round()?;
        if let Some(entry) = round.entries.get(at) {
            return Some((entry.endpoint.clone(), entry.prompt.clone()));
        }
        let endpoint = self.waiting().nth(at - round.entries.len())?.clone();
        let prompt = self.prompt_for(&endpoint, &round.question, false);
        Some((endpoint, prompt))
    }

    /// Sends what the budget lets through.
    pub(super) fn carry_out(&mut self, order: Order) {
        match order {
            Order::Send(question) => self.send_now(question),
            Order::Again(panes) => {
                // Those that wait become entries as they are asked, in their order.
                let focused = self.pane;
                for at in &panes {
                    self.run_again_now(*at);
                }
                if panes.len() > 1 {
                    self.pane = focused;
                }
            }
            Order::One(endpoint) => self.ask_now(&endpoint),
        }
    }
}
