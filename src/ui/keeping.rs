//! What of a session is kept as it goes: rounds before they leave, answers while they stream.
//!
//! ```text
//!  launch --> Effect::Keep(round, who is asked), before Effect::Launch
//!  report --> a second, 16 KiB, or an end --> Effect::Keep(what has grown)
//!  keeper --> Event::Kept: saved, or not and why
//! ```

use std::collections::HashMap;
use std::mem::take;
use std::time::Duration;

use super::app::{App, Effect, Entry, Round};
use super::trials::Run;
use crate::model::Answer;
use crate::model::AnswerId;
use crate::model::Endpoint;
use crate::model::Step;
use crate::store;
use crate::store::AnswerRecord;
use crate::store::Detail;
use crate::store::MOST_UNKEPT;
use crate::store::Mark;
use crate::store::News;
use crate::store::PACE;
use crate::store::Pictures;
use crate::store::RoundRecord;
use crate::store::Save;
use crate::store::SessionRecord;
use crate::store::grown;
use crate::store::rfc3339;
use crate::store::title;
use crate::store::weight;

/// What is kept, and how that goes.
#[derive(Debug, Default)]
pub struct Keeping {
    /// Facts that do not change; nothing is kept without them.
    facts: Option<SessionRecord>,
    /// Before the number of each round.
    name: String,
    /// The clock on the wall when the screen's began: since 1970.
    clock: Duration,
    session: Option<SessionRecord>,
    rounds: usize,
    /// Answers that were launched since.
    new: Vec<AnswerId>,
    /// Nothing was sent yet in a session that copies another.
    copies: bool,
    /// Answers that were here before.
    old: Vec<AnswerId>,
    open: HashMap<AnswerId, Mark>,
    pictures: Pictures,
    /// Bytes that have come since, and whether an answer has ended.
    heard: usize,
    ended: bool,
    last: Duration,
    waiting: Vec<Save>,
    /// Why what was said last is not on the disk.
    failed: Option<String>,
}

impl Keeping {
    /// An answer is on its way.
    pub(super) fn launched(&mut self, id: AnswerId) {
        if self.facts.is_some() {
            self.new.push(id);
        }
    }

    /// Something has happened to an answer.
    pub(super) fn heard(&mut self, step: &Step) {
        match weight(step) {
            None => self.ended = true,
            Some(bytes) => self.heard += bytes,
        }
    }

    /// Why what was said last is not on the disk.
    #[must_use]
    pub fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// What the session is kept as, where there is any.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.session.as_ref().map(|_| self.name.as_str())
    }
}

impl App {
    /// From now on the session is kept: under this name, with these facts. `clock` is the time since
    /// 1970 at which the screen's began.
    pub fn keep_as(&mut self, name: impl Into<String>, clock: Duration, facts: SessionRecord) {
        self.keeping.name = name.into();
        self.keeping.clock = clock;
        self.keeping.facts = Some(facts);
    }

    /// A session was reopened: it goes on as this one, or is kept with all that it has as soon as
    /// something is sent.
    pub(super) fn keep_on(&mut self, own: Option<SessionRecord>) {
        if let Some(record) = own {
            self.keeping.rounds = self.rounds.len();
            // It began when it did, with the prices of that day.
            self.keeping.facts = Some(record.clone());
            self.keeping.session = Some(record);
            return;
        }
        self.keeping.copies = true;
        self.keep_all();
    }

    /// Nothing of the session is on the disk: all of it is to be kept.
    fn keep_all(&mut self) {
        let kept = |at| self.kept_entries(at).unwrap_or_default();
        let runs = (0..self.rounds.len()).flat_map(kept).flat_map(Entry::runs);
        self.keeping.old = runs.map(|run| run.id).collect();
        (self.keeping.rounds, self.keeping.pictures) = (0, Pictures::default());
    }

    /// What has become of what was to be kept.
    pub(super) fn kept(&mut self, news: News) {
        match news {
            News::Saved => {
                if self.keeping.failed.take().is_some() {
                    self.say("saved again: nothing of the session is missing");
                }
            }
            News::NotSaved(why) => {
                self.say(format!("not saved: {why}; it goes on, and is tried again"));
                self.keeping.failed = Some(why);
            }
            News::Rescued(said) => {
                self.say(said);
                // What could not be read of this session is here.
                if self.keeping.session.take().is_some() {
                    self.keep_all();
                }
            }
        }
    }

    /// What is to be kept now, before anything else that was asked for.
    pub(super) fn keep(&mut self) {
        let k = &self.keeping;
        if k.facts.is_none() || self.rounds.is_empty() || (k.copies && k.new.is_empty()) {
            return;
        }
        let late = self.now.saturating_sub(k.last) >= PACE;
        let due = k.ended || k.heard >= MOST_UNKEPT || late || !k.new.is_empty() || !k.waiting.is_empty();
        if due {
            let saves = self.unkept();
            if !saves.is_empty() {
                self.effects.insert(0, Effect::Keep(saves));
            }
        }
    }

    /// Everything that is not kept yet.
    pub fn unkept(&mut self) -> Vec<Save> {
        let idle = self.keeping.copies && self.keeping.new.is_empty();
        if self.keeping.facts.is_none() || self.rounds.is_empty() || idle {
            return Vec::new();
        }
        self.keeping.copies = false;
        (self.keeping.last, self.keeping.heard, self.keeping.ended) = (self.now, 0, false);
        let mut saves = Vec::new();
        let session = self.session_record();
        if self.keeping.session != session {
            saves.extend(session.clone().map(|record| Save::Session(Box::new(record))));
            self.keeping.session = session;
        }
        saves.append(&mut self.keeping.waiting);
        for round in self.keeping.rounds..self.rounds.len() {
            let entries = self.rounds.get(round).map_or(&[][..], |r| &r.entries);
            if let Some(entry) = entries.first() {
                saves.extend(self.keeping.pictures.unkept(&entry.prompt));
            }
            saves.extend(self.round_record(round).map(|record| Save::Round(round, Box::new(record))));
        }
        self.keeping.rounds = self.rounds.len();
        let old = take(&mut self.keeping.old);
        for id in old.into_iter().chain(take(&mut self.keeping.new)) {
            if let Some(asked) = self.asked_record(id) {
                saves.push(asked);
                self.keeping.open.insert(id, Mark::default());
            }
        }
        let mut open = take(&mut self.keeping.open);
        open.retain(|id, mark| {
            let Some((.., run)) = self.kept_run(*id) else { return false };
            saves.extend(grown(id.0, run.answer, mark));
            !run.answer.is_over()
        });
        self.keeping.open = open;
        saves
    }

    /// An answer gives way to another one: what it had is kept, and that it is gone.
    pub(super) fn keep_replaced(&mut self, id: AnswerId) {
        if self.keeping.facts.is_none() {
            return;
        }
        if std::mem::take(&mut self.keeping.copies) {
            // What is copied has this one as well.
            let saves = self.unkept();
            self.keeping.waiting.extend(saves);
        }
        if let Some(mut mark) = self.keeping.open.remove(&id)
            && let Some((.., run)) = self.kept_run(id)
        {
            let mut answer = run.answer.clone();
            // The engine's word on it comes too late.
            let last = answer.timeline.last_byte.unwrap_or_default();
            answer.apply(last, Step::Cancelled);
            self.keeping.waiting.extend(grown(id.0, &answer, &mut mark));
        }
        self.keeping.waiting.push(Save::Replaced(id.0));
    }

    /// Round, pane, who was asked, and the answer; of a blind round those that really answer.
    fn kept_run(&self, id: AnswerId) -> Option<(usize, usize, &Endpoint, Run<'_>)> {
        let &(round, at) = self.places.get(&id)?;
        let entry = self.kept_entries(round)?.get(at)?;
        let run = entry.runs().into_iter().find(|run| run.id == id)?;
        Some((round, at, &entry.endpoint, run))
    }

    /// Those of a round that really answer.
    fn kept_entries(&self, round: usize) -> Option<&[Entry]> {
        let veiled = self.votes.veils.iter().find(|v| v.round == round).map(|v| &v.real);
        Some(veiled.unwrap_or(&self.rounds.get(round)?.entries))
    }

    fn session_record(&self) -> Option<SessionRecord> {
        let facts = self.keeping.facts.clone()?;
        let first = self.rounds.first().map(|r| r.question.as_str()).unwrap_or_default();
        Some(SessionRecord {
            title: title(first),
            simulated: self.simulated,
            lineup: self.lineup.clone(),
            system: self.system.clone(),
            follow_up: self.follow_up,
            common: self.common,
            shown: self.shown,
            draft: self.draft_to_keep(),
            ..facts
        })
    }

    fn round_name(&self, round: usize) -> String {
        format!("{}-{}", self.keeping.name, round + 1)
    }

    fn round_record(&self, at: usize) -> Option<RoundRecord> {
        let round = self.rounds.get(at)?;
        let exported = store::Round {
            sent_at: Some(rfc3339(self.keeping.clock + round.sent)),
            ..round.exported(self.kept_entries(at)?, self.round_name(at), self.lineup.base())
        };
        let mut record = RoundRecord::of(&exported, &[], Detail::Kept);
        record.parent = round.origin.parent.map(|of| self.round_name(of));
        record.edited = round.origin.edited.map(|of| self.round_name(of));
        Some(record)
    }

    fn asked_record(&self, id: AnswerId) -> Option<Save> {
        let (round, seat, endpoint, run) = self.kept_run(id)?;
        let system = self.rounds.get(round).and_then(|r| r.system.as_deref());
        let asked = store::Run {
            endpoint: endpoint.clone(),
            answer: Answer::new(endpoint.simulated),
            trial: run.number,
            prompt: run.prompt.clone(),
        };
        let record = AnswerRecord::of_run(&asked, system, Detail::Kept);
        Some(Save::Asked { id: id.0, round, seat, trial: run.number, record: Box::new(record) })
    }
}

impl Round {
    /// The round without its answers, as exports and the store take it; `entries` are those that
    /// really answer it.
    #[must_use]
    pub fn exported(&self, entries: &[Entry], id: String, base: Option<&Endpoint>) -> store::Round {
        // A follow-up's conversation differs by pane, and so may the system text; question and the
        // session's text are what they share.
        let prompt = entries.first().map(|e| e.prompt.clone()).unwrap_or_default();
        let prompt = prompt.with_system(self.system.clone());
        // Where neither what was sent nor its template says it.
        let written = Some(&self.question).filter(|q| self.filled.is_none() && *q != prompt.question());
        store::Round {
            id,
            sent_at: None,
            written: written.cloned(),
            origin: self.origin,
            prompt,
            filled: self.filled.as_deref().cloned(),
            runs: Vec::new(),
            baseline: base.map(|e| e.name.clone()),
        }
    }
}
