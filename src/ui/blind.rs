//! Blind rounds: until the vote nobody sees who answered.
//!
//! What is hidden is not in the state that is drawn. While a round is blind its panes hold stand-ins:
//! endpoints called A, B, C … and, once the last answer is here, their texts with the names of
//! models masked. The answers themselves, with everything that was measured, wait in a [`Veil`]
//! and take their places with the vote. So every view, search, copy and export of the screen's
//! shows no more than the panes do.
//!
//! ```text
//!  B, enter --> launched, shuffled --> Veil <-- reports
//!                                       |  all over: masked texts into the panes
//!                                       +--w = W--> the answers themselves, in the same panes
//! ```

use ratatui::buffer::Buffer;
use ratatui::text::Line;

use super::app::{App, Effect, Entry};
use super::ink::put;
use super::layout::Parts;
use super::sending::Plan;
use super::theme::Theme;
use crate::model::Answer;
use crate::model::AnswerId;
use crate::model::Endpoint;
use crate::model::Mask;
use crate::model::Outcome;
use crate::model::Phase;
use crate::model::Prompt;
use crate::model::Report;
use crate::model::Step;
use crate::model::Stop;
use crate::model::clean_line;

/// The keys that matter while a round waits for its vote.
pub(super) const HINTS: &[(&str, &str)] = &[
    ("vote", "this wins"),
    ("vote-tie", "tie"),
    ("vote-bad", "all bad"),
    ("zoom", "zoom"),
    ("stop-all", "stop all"),
    ("to-prompt", "prompt"),
    ("help", "help"),
];

/// In place of the figures of a pane.
const HIDDEN: &str = "name and figures after the vote";

/// A round that is blind, and who really answers it.
#[derive(Debug)]
pub(super) struct Veil {
    pub(super) round: usize,
    /// In the order of the panes.
    pub(super) real: Vec<Entry>,
    /// The last answer is here, and the texts are in the panes.
    poured: bool,
}

impl Veil {
    fn over(&self) -> usize {
        self.real.iter().filter(|e| e.answer.is_over()).count()
    }

    /// Every answer is here.
    pub(super) fn is_whole(&self) -> bool {
        self.over() == self.real.len()
    }
}

impl App {
    /// `B`: whether the next rounds are blind.
    pub(super) fn toggle_blind(&mut self) -> bool {
        self.votes.blind = !self.votes.blind;
        let waits =
            if self.is_veiled(self.shown) { "; the round in view stays blind until its vote" } else { "" };
        self.say(if self.votes.blind {
            format!("blind from the next prompt on: who answered is shown after your vote{waits}")
        } else {
            format!("the next prompt is not blind{waits}")
        });
        true
    }

    /// Whether a round waits for its vote with its names hidden.
    #[must_use]
    pub fn is_veiled(&self, round: usize) -> bool {
        self.votes.veils.iter().any(|v| v.round == round)
    }

    /// Whether any round does: what all rounds cost together would tell of it.
    pub(super) fn hides(&self) -> bool {
        !self.votes.veils.is_empty()
    }

    /// Says that something has to wait for the vote; whether it has.
    pub(super) fn must_vote(&mut self, what: &str) -> bool {
        let veiled = self.is_veiled(self.shown);
        if veiled {
            let key = |name| self.keymap.first(name);
            let (won, tie, bad) = (key("vote"), key("vote-tie"), key("vote-bad"));
            self.say(format!(
                "this round is blind: {what} after the vote ({won} this wins, {tie} tie, {bad} all bad)"
            ));
        }
        veiled
    }

    /// Whether a plan would change a round that is blind; says so.
    pub(super) fn would_unveil(&mut self, plan: &Plan) -> bool {
        let (Plan::More { round, .. } | Plan::Trials { round, .. }) = plan else { return false };
        let veiled = self.is_veiled(*round);
        if veiled {
            self.say("that round is blind: nothing is added to it before the vote");
        }
        veiled
    }

    /// Hides a round that has just been launched.
    pub(super) fn veil(&mut self, round: usize) {
        let simulated = self.simulated;
        let Some(entries) = self.rounds.get_mut(round).map(|r| &mut r.entries) else { return };
        if entries.len() < 2 {
            self.say("not blind: there is only one endpoint to vote on");
            return;
        }
        let mut real = std::mem::take(entries);
        self.votes.rng.shuffle(&mut real);
        let mut panes = Vec::with_capacity(real.len());
        for (at, entry) in real.iter().enumerate() {
            self.places.insert(entry.id, (round, at));
            let id = self.new_id();
            self.places.insert(id, (round, at));
            panes.push(stand_in(entry, id, at, simulated, self.system.clone()));
        }
        if let Some(entries) = self.rounds.get_mut(round).map(|r| &mut r.entries) {
            *entries = panes;
        }
        self.pane = 0;
        self.votes.veils.push(Veil { round, real, poured: false });
    }

    /// Takes a report of an answer that is hidden; false where it is not.
    pub(super) fn veiled_report(&mut self, report: &Report) -> bool {
        let Some(&(round, at)) = self.places.get(&report.id) else { return false };
        let now = self.now;
        let Some(veil) = self.votes.veils.iter_mut().find(|v| v.round == round) else { return false };
        let Some(entry) = veil.real.get_mut(at).filter(|e| e.id == report.id) else { return true };
        if report.step == Step::Sent {
            entry.pane.sent = Some(now);
        }
        entry.answer.apply(report.at, report.step.clone());
        if veil.is_whole() && !veil.poured {
            veil.poured = true;
            self.pour(round);
        }
        true
    }

    /// The texts come into the panes, all at once: which of them was quick would tell.
    fn pour(&mut self, round: usize) {
        let hidden = self.votes.veils.iter().filter(|v| v.round == round).flat_map(|v| &v.real);
        let own: Vec<String> = self.own_names(hidden);
        let Some(shown) = self.rounds.get_mut(round) else { return };
        let mask = Mask::new(own.iter().map(String::as_str), &shown.question);
        let Some(veil) = self.votes.veils.iter().find(|v| v.round == round) else { return };
        for (pane, entry) in shown.entries.iter_mut().zip(&veil.real) {
            let simulated = pane.endpoint.simulated;
            pane.answer = masked(&entry.answer, &mask, simulated);
            pane.stopping = false;
        }
    }

    /// Everything that the endpoints of these answers and of the lineup are called.
    pub(super) fn own_names<'a>(&'a self, asked: impl Iterator<Item = &'a Entry> + Clone) -> Vec<String> {
        let served = asked.clone().filter_map(|e| e.answer.served.model.clone());
        let endpoints = asked.map(|e| &e.endpoint).chain(&self.lineup.endpoints);
        let names = endpoints.flat_map(|e| {
            let own =
                [Some(&e.name), Some(&e.model), e.deployment.as_ref(), e.place.as_ref(), e.base_url.as_ref()];
            own.into_iter().flatten().cloned().collect::<Vec<_>>()
        });
        let names: Vec<String> = names.chain(served).collect();
        // `anthropic/claude-x` and `us.anthropic.claude-x-v1:0` go by their last part as well.
        let parts = names.iter().flat_map(|n| {
            let tail = n.rsplit(['/', '.']).next().unwrap_or_default();
            let bare = tail.rsplit_once("-v").map_or(tail, |(bare, _)| bare);
            // `5` of `llama3.5` names nothing.
            [tail, bare]
                .into_iter()
                .filter(|t| t.len() >= 6 && t.contains('-'))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        });
        let parts: Vec<String> = parts.collect();
        names.into_iter().chain(parts).collect()
    }

    /// The answers themselves take their places. Gives who was who.
    pub(super) fn unveil(&mut self, round: usize) -> Option<String> {
        let at = self.votes.veils.iter().position(|v| v.round == round)?;
        let veil = self.votes.veils.remove(at);
        let names: Vec<String> = veil
            .real
            .iter()
            .enumerate()
            .map(|(at, e)| format!("{} {}", letter(at), clean_line(&e.endpoint.name)))
            .collect();
        if let Some(shown) = self.rounds.get_mut(round) {
            for pane in std::mem::replace(&mut shown.entries, veil.real) {
                self.places.remove(&pane.id);
            }
        }
        // What was laid out and found was of the stand-ins.
        self.laid = None;
        Some(names.join(" · "))
    }

    /// The session is over: what is kept of it is what was answered.
    pub(super) fn unveil_all(&mut self) {
        while let Some(round) = self.votes.veils.last().map(|v| v.round) {
            self.unveil(round);
        }
    }

    /// Stops every stream of blind rounds in which `which` finds a pane: one alone would tell
    /// which of them still ran.
    pub(super) fn cancel_veiled(&mut self, which: impl Fn(usize, usize) -> bool) {
        for veil in &mut self.votes.veils {
            let round = veil.round;
            if !(0..veil.real.len()).any(|e| which(round, e)) {
                continue;
            }
            for entry in veil.real.iter_mut().filter(|e| e.is_running()) {
                entry.stopping = true;
                self.effects.push(Effect::Cancel(entry.id));
            }
            for pane in self.rounds.get_mut(round).into_iter().flat_map(|r| &mut r.entries) {
                pane.stopping = true;
            }
        }
    }

    /// In a pane of a blind round that shows no text.
    pub(super) fn veil_words(&self, pane: usize) -> Option<String> {
        let veil = self.votes.veils.iter().find(|v| v.round == self.shown)?;
        let answer = self.round()?.entries.get(pane).map(|e| &e.answer)?;
        Some(if !veil.is_whole() {
            format!("{} of {} answers are here", veil.over(), veil.real.len())
        } else if answer.text.is_empty() {
            "no answer: why is told after the vote".to_owned()
        } else {
            String::new()
        })
    }
}

/// What stands in a pane whose figures, and perhaps text, wait for the vote.
pub(super) fn draw(words: &str, empty: bool, theme: &Theme, buffer: &mut Buffer, parts: &Parts) {
    if empty {
        put(buffer, parts.body, Line::styled(words.to_owned(), theme.faint));
    }
    put(buffer, parts.figures, Line::styled(HIDDEN, theme.faint));
}

/// `A`, `B`, … `Z`, `A2`.
pub(super) fn letter(at: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(at % 26).unwrap_or(0));
    if at < 26 { letter.to_string() } else { format!("{letter}{}", at / 26 + 1) }
}

/// What a pane shows of an endpoint that must not be known.
fn stand_in(entry: &Entry, id: AnswerId, at: usize, simulated: bool, system: Option<String>) -> Entry {
    let endpoint = Endpoint { name: letter(at), simulated, ..Endpoint::default() };
    // A conversation is each endpoint's own; the question and its files are everybody's.
    let prompt = Prompt::new(entry.prompt.question()).with_system(system).attach(entry.prompt.attachments());
    let mut pane = Entry::new(id, endpoint, prompt);
    pane.answer.phase = Phase::Waiting;
    pane
}

/// What may be seen of an answer: its text, and whether it is whole.
fn masked(answer: &Answer, mask: &Mask, simulated: bool) -> Answer {
    let text = mask.hide(&answer.text);
    let whole = answer.outcome() == Some(Outcome::Complete);
    let short = matches!(answer.stop, Some((Stop::Length | Stop::Filtered, _)));
    let outcome = match answer.outcome() {
        Some(Outcome::Failed | Outcome::Cut) if !text.is_empty() => Outcome::Cut,
        // Only a reasoning came: that there was one tells.
        Some(Outcome::Cut) => Outcome::Failed,
        Some(outcome) => outcome,
        None => Outcome::Interrupted,
    };
    Answer {
        phase: Phase::Ended(outcome),
        chars: u64::try_from(text.chars().count()).unwrap_or(u64::MAX),
        text,
        // A provider's own word for it is not needed.
        stop: whole
            .then(|| if short { (Stop::Other, "cut short".into()) } else { (Stop::Natural, String::new()) }),
        ..Answer::new(simulated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panes_are_lettered() {
        assert_eq!([0, 1, 25, 26, 53].map(letter), ["A", "B", "Z", "A2", "B3"]);
    }
}
