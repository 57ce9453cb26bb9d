//! Voting: which answer of the round in view is the better one.

use std::collections::HashMap;

use ratatui::style::Modifier;
use ratatui::text::Span;

use super::app::{App, Effect, Entry};
use super::blind::Veil;
use super::blind::letter;
use super::board::Sheet;
use super::command::{Command, Focus};
use super::theme::Theme;
use crate::model::AnswerId;
use crate::model::Contender;
use crate::model::Outcome;
use crate::model::Ruling;
use crate::model::Vote;
use crate::model::Voter;
use crate::model::clean_line;
use crate::store::Wanted;

/// The commands of this file.
pub(super) const VOTING: &[Command] = &[
    Command {
        name: "vote",
        keys: &["w"],
        on: Focus::Panes,
        doc: "this answer is better than all others of the round",
        run: App::vote_won,
    },
    Command {
        name: "vote-tie",
        keys: &["="],
        on: Focus::Panes,
        doc: "the answers are equally good",
        run: App::vote_tie,
    },
    Command {
        name: "vote-bad",
        keys: &["W"],
        on: Focus::Panes,
        doc: "none of the answers is any good",
        run: App::vote_bad,
    },
    Command {
        name: "blind",
        keys: &["B"],
        on: Focus::Panes,
        doc: "next prompts: hide who answers, and all figures, until your vote",
        run: App::toggle_blind,
    },
    Command {
        name: "tags",
        keys: &["#"],
        on: Focus::Panes,
        doc: "tags of your votes, for a leaderboard of its own",
        run: App::ask_tags,
    },
    Command {
        name: "leaderboard",
        keys: &["H"],
        on: Focus::Panes,
        doc: "endpoints ranked by your votes, with intervals",
        run: App::open_board,
    },
];

/// What is known of votes.
#[derive(Debug)]
pub struct Votes {
    /// The next rounds are blind.
    pub blind: bool,
    /// Shuffles the panes of a blind round; seeded by whoever makes the screen.
    pub rng: fastrand::Rng,
    /// Of what is asked, by the user's own words.
    pub tags: Vec<String>,
    pub(super) veils: Vec<Veil>,
    cast: HashMap<usize, Cast>,
    /// Rounds that were revealed without a vote.
    forfeit: Vec<usize>,
    /// The tags as they are typed.
    pub(super) typed: String,
    pub(super) wanted: Wanted,
    pub(super) sheet: Option<Result<Sheet, String>>,
}

impl Default for Votes {
    fn default() -> Self {
        Self {
            blind: false,
            rng: fastrand::Rng::with_seed(0),
            tags: Vec::new(),
            veils: Vec::new(),
            cast: HashMap::new(),
            forfeit: Vec::new(),
            typed: String::new(),
            wanted: Wanted::default(),
            sheet: None,
        }
    }
}

/// A vote of this session.
#[derive(Debug)]
struct Cast {
    ruling: Ruling,
    /// The answers that were compared.
    answers: Vec<AnswerId>,
    blind: bool,
    revision: u32,
}

/// How an answer came out of a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    Won,
    Tied,
    Bad,
}

impl Came {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Won => "★ wins",
            Self::Tied => "= tie",
            Self::Bad => "✗ all bad",
        }
    }

    /// Behind the status of an answer.
    pub(super) fn span(self, theme: &Theme) -> Span<'static> {
        let style = match self {
            Self::Won => theme.good,
            Self::Tied => theme.accent,
            Self::Bad => theme.bad,
        };
        Span::styled(format!("· {} ", self.words()), style.add_modifier(Modifier::BOLD))
    }
}

/// What a key says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    This,
    Tie,
    Bad,
}

impl App {
    /// `w`: the focused answer is better than all others.
    pub(super) fn vote_won(&mut self) -> bool {
        self.vote(Said::This)
    }

    /// `=`: they are equally good.
    pub(super) fn vote_tie(&mut self) -> bool {
        self.vote(Said::Tie)
    }

    /// `W`: none is any good.
    pub(super) fn vote_bad(&mut self) -> bool {
        self.vote(Said::Bad)
    }

    fn vote(&mut self, said: Said) -> bool {
        if let Err(why) = self.cast(said) {
            self.say(why);
        }
        true
    }

    fn cast(&mut self, said: Said) -> Result<(), String> {
        let round = self.shown;
        self.may_vote()?;
        let veil = self.votes.veils.iter().find(|v| v.round == round);
        let blind = veil.is_some();
        let entries: &[Entry] = match veil {
            Some(veil) => &veil.real,
            None => self.round().map(|r| r.entries.as_slice()).unwrap_or_default(),
        };
        let whole: Vec<&Entry> = entries.iter().filter(|e| e.is_whole()).collect();
        if whole.len() < 2 {
            if blind {
                self.votes.forfeit.push(round);
                let who = self.unveil(round).unwrap_or_default();
                return Err(format!("fewer than two whole answers: no vote · {who}"));
            }
            return Err("a vote compares at least two whole answers; this round has fewer".into());
        }
        let ruling = match said {
            Said::Tie => Ruling::Tie,
            Said::Bad => Ruling::Bad,
            Said::This => {
                let focused =
                    entries.get(self.pane).ok_or("this endpoint has not been asked in this round")?;
                let at = whole.iter().position(|e| e.id == focused.id);
                Ruling::Won(at.ok_or("only a whole answer can win: this one is none")?)
            }
        };
        let answers: Vec<AnswerId> = whole.iter().map(|e| e.id).collect();
        let before = self.votes.cast.get(&round);
        if before.is_some_and(|b| b.ruling == ruling && b.answers == answers) {
            return Err("that is your vote already".into());
        }
        let vote = Vote {
            session: String::new(),
            round: (round + 1).to_string(),
            at: String::new(),
            prompt: String::new(),
            tags: self.votes.tags.clone(),
            blind,
            simulated: whole.iter().any(|e| e.answer.simulated),
            voter: Voter::Person,
            contenders: whole.iter().map(|e| Contender::of(&e.endpoint)).collect(),
            verdict: ruling,
            revision: before.map_or(0, |b| b.revision + 1),
        };
        let revision = vote.revision;
        let winner = match ruling {
            Ruling::Won(at) => whole.get(at).map(|e| clean_line(&e.endpoint.name)),
            Ruling::Tie | Ruling::Bad => None,
        };
        let prompt = self.round().map(|r| r.question.clone()).unwrap_or_default();
        let (chosen, letter) = (self.pane, letter(self.pane));
        self.effects.push(Effect::Vote { vote: Box::new(vote), prompt });
        self.votes.cast.insert(round, Cast { ruling, answers, blind, revision });
        let verdict = match (&winner, ruling) {
            (Some(_), _) if blind => format!("{letter} wins"),
            (Some(name), _) => format!("{} {name} wins", chosen + 1),
            (None, Ruling::Bad) => "all bad".to_owned(),
            (None, _) => "a tie".to_owned(),
        };
        match self.unveil(round) {
            Some(who) => self.say(format!("{verdict} · {who}")),
            None => self.say(format!("{verdict}: it can be changed until the next prompt is sent")),
        }
        Ok(())
    }

    /// Why there can be no vote on the round in view, if there cannot.
    fn may_vote(&self) -> Result<(), String> {
        let round = self.round().ok_or("nothing has been sent yet: a vote is on the answers to a prompt")?;
        if let Some(cast) = self.votes.cast.get(&self.shown) {
            if cast.blind {
                return Err("you have voted blind on this round: there is no second vote".into());
            }
            if self.shown + 1 < self.rounds.len() {
                return Err("the next prompt has been sent: the vote on this round stands".into());
            }
        }
        if self.votes.forfeit.contains(&self.shown) {
            return Err("this round was revealed without a vote: there is none on it".into());
        }
        let over = match self.votes.veils.iter().find(|v| v.round == self.shown) {
            Some(veil) => veil.is_whole(),
            None => round.entries.iter().all(|e| e.answer.is_over()),
        };
        if over {
            return Ok(());
        }
        let key = self.keymap.first("stop-all");
        Err(format!("a vote waits until every answer is here; {key} stops those that are not"))
    }

    /// How the answer of a pane in view came out of the vote on its round.
    pub(super) fn came(&self, pane: usize) -> Option<Came> {
        let cast = self.votes.cast.get(&self.shown)?;
        let id = self.round()?.entries.get(pane)?.id;
        let at = cast.answers.iter().position(|a| *a == id)?;
        match cast.ruling {
            Ruling::Won(winner) => (winner == at).then_some(Came::Won),
            Ruling::Tie => Some(Came::Tied),
            Ruling::Bad => Some(Came::Bad),
        }
    }

    /// The vote on the round in view, in words.
    pub(super) fn vote_words(&self) -> Option<String> {
        let cast = self.votes.cast.get(&self.shown)?;
        let Ruling::Won(at) = cast.ruling else {
            return Some(if cast.ruling == Ruling::Tie { "a tie" } else { "all bad" }.to_owned());
        };
        let id = cast.answers.get(at)?;
        let entries = &self.round()?.entries;
        let pane = entries.iter().position(|e| e.runs().iter().any(|run| run.id == *id))?;
        Some(format!("{} {} wins", pane + 1, clean_line(&entries.get(pane)?.endpoint.name)))
    }

    /// The vote on the round in view, or that it is blind, for the title.
    pub(super) fn vote_word(&self) -> Option<String> {
        if self.is_veiled(self.shown) {
            return Some("blind".into());
        }
        let blind = self.votes.blind.then(|| "next is blind".to_owned());
        let mut panes = 0..self.round().map_or(0, |r| r.entries.len());
        let came = panes.find_map(|pane| Some((pane, self.came(pane)?)));
        match came {
            Some((pane, Came::Won)) => Some(format!("{} {}", pane + 1, Came::Won.words())),
            Some((_, other)) => Some(other.words().to_owned()),
            None => blind,
        }
    }
}

impl Entry {
    /// The dialect itself said that it is whole, and there is something to judge.
    pub(super) fn is_whole(&self) -> bool {
        self.answer.outcome() == Some(Outcome::Complete) && !self.answer.text.is_empty()
    }
}
