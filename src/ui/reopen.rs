//! A session that was kept, on the screen again, as it was left.

use super::app::{App, Entry, Round};
use super::pane::Pane;
use super::trials::Trial;
use super::weighing::Left;
use crate::model::AnswerId;
use crate::model::clean_line;
use crate::store;
use crate::store::KeptSession;

impl App {
    /// Takes a session over: rounds, what the next one would be asked with, the draft. `own` goes on
    /// with it; else what is sent begins a session of its own that has all of it.
    pub fn reopen(&mut self, kept: KeptSession, own: bool) {
        let KeptSession { transcript, record, ids, seats, next_id, replaced, remarks } = kept;
        let (mut ids, mut seats) = (ids.into_iter(), seats.into_iter());
        for round in transcript.rounds {
            let (ids, seats) = (ids.next().unwrap_or_default(), seats.next().unwrap_or_default());
            self.reopen_round(round, &ids, &seats);
        }
        self.skip_ids(next_id);
        for run in replaced {
            let id = self.new_id();
            self.part_with(Left { id, answer: run.answer, judge: false });
        }
        self.system = transcript.system;
        (self.follow_up, self.common) = (record.follow_up, self.common || record.common);
        self.shown = record.shown.min(self.rounds.len().saturating_sub(1));
        if !record.draft.is_empty() {
            self.editor.set_text(&record.draft);
        }
        self.simulated = record.simulated;
        self.keep_on(own.then_some(record));
        let n = self.rounds.len();
        let s = if n == 1 { "" } else { "s" };
        match remarks.as_slice() {
            [] => {
                let began: String = transcript.meta.started_at.chars().take(16).collect();
                self.say(format!("{n} round{s}, begun {} UTC", clean_line(&began.replace('T', " "))));
            }
            [only] => self.say(clean_line(only)),
            [first, rest @ ..] => {
                self.say(format!("{}; {} more could not be read", clean_line(first), rest.len()));
            }
        }
    }

    fn reopen_round(&mut self, round: store::Round, ids: &[u64], seats: &[usize]) {
        let number = self.rounds.len();
        let mut entries: Vec<Entry> = Vec::new();
        // In the order of trials: the first of each pane is shown.
        let mut panes: Vec<usize> = Vec::new();
        for (at, run) in round.runs.into_iter().enumerate() {
            let seat = seats.get(at).copied().unwrap_or(usize::MAX);
            let id = ids.get(at).map_or_else(|| self.new_id(), |id| AnswerId(*id));
            let store::Run { endpoint, answer, trial, prompt } = run;
            let mut there = panes.iter().zip(&mut entries);
            let same = there.find(|(pane, entry)| **pane == seat && entry.endpoint.name == endpoint.name);
            if let Some((_, entry)) = same {
                let (number, pane) = (trial, Pane::default());
                entry.trials.push(Trial { number, id, prompt, answer, pane, stopping: false });
            } else {
                panes.push(seat);
                entries.push(Entry { answer, trial, ..Entry::new(id, endpoint, prompt) });
            }
        }
        for (at, entry) in entries.iter().enumerate() {
            for run in entry.runs() {
                self.places.insert(run.id, (number, at));
            }
        }
        let written = round.written.or_else(|| round.filled.as_ref().map(|f| f.template.clone()));
        self.rounds.push(Round {
            question: written.unwrap_or_else(|| round.prompt.question().to_owned()),
            filled: round.filled.map(Box::new),
            origin: round.origin,
            system: round.prompt.system,
            sent: self.now,
            entries,
        });
    }
}
