//! The endpoint picker: what there is to choose from, the filter over it, the cursor.
//! Drawing is in `picker_view.rs`, what a choice does to the lineup in `lineup.rs`.

use std::cmp::Reverse;
use std::collections::HashSet;

use crossterm::event::{KeyCode, KeyModifiers};
use nucleo_matcher::Matcher;
use ratatui::layout::{Position, Rect};

use super::find::{self, Wanted};
use super::key::Key;
use crate::model::Endpoint;
use crate::model::clean_line;

/// Whether an endpoint could be asked now, in the words of its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ready {
    /// Where the credential is: `OPENAI_API_KEY`.
    Yes(String),
    /// What is missing: `no key: OPENAI_API_KEY`.
    No(String),
    /// Why nothing would help: it is shown and cannot be added.
    Never(String),
}

impl Ready {
    /// The words, whichever way.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Yes(words) | Self::No(words) | Self::Never(words) => words,
        }
    }

    #[must_use]
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Yes(_))
    }
}

/// One endpoint that can be added, with what its row says. Plain values: the screen
/// knows no catalog.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    pub endpoint: Endpoint,
    /// The logical model: `claude-opus-5-5`.
    pub family: String,
    pub cloud: String,
    pub place: String,
    /// In and out per million tokens: `$2 / $10`.
    pub price: String,
    /// Size of the context: `1.05M`.
    pub context: String,
    pub ready: Ready,
}

impl Choice {
    /// A row of an endpoint of which nothing more is known.
    #[must_use]
    pub fn plain(endpoint: Endpoint) -> Self {
        // A URL of the demo's would say nothing.
        let url = endpoint.base_url.as_deref().filter(|_| !endpoint.simulated);
        let place = endpoint.place.as_deref().or(url);
        Self {
            family: endpoint.model.clone(),
            cloud: endpoint.provider.clone(),
            place: place
                .map(|p| p.trim_start_matches("https://").trim_start_matches("http://").into())
                .unwrap_or_default(),
            price: String::new(),
            context: String::new(),
            ready: Ready::Yes(if endpoint.simulated { "simulated".into() } else { String::new() }),
            endpoint,
        }
    }

    fn fields(&self) -> [&str; 5] {
        [&self.family, &self.endpoint.model, &self.cloud, &self.place, &self.endpoint.name]
    }
}

/// What a key in the picker asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Nothing,
    Close,
    /// Add or remove the row under the cursor.
    Toggle,
    Save(String),
}

#[derive(Debug, PartialEq)]
pub(super) struct Row {
    pub(super) choice: Choice,
    /// Its name in the lineup, when it is in it.
    pub(super) member: Option<String>,
}

type Alike<'f> = &'f dyn Fn(&Endpoint, &Endpoint) -> bool;

/// The list, and where the user is in it.
pub struct Picker {
    rows: Vec<Row>,
    /// Rows that the filter lets through, best first.
    shown: Vec<usize>,
    cursor: usize,
    pub(super) filter: String,
    /// The name being typed for a lineup that is to be saved.
    pub(super) naming: Option<String>,
    matcher: Option<Box<Matcher>>,
    /// The choices have come.
    offered: bool,
    /// Rows of the list as last drawn, and the first row in them.
    pub(super) list: Rect,
    pub(super) top: usize,
}

impl Default for Picker {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            shown: Vec::new(),
            cursor: 0,
            filter: String::new(),
            naming: None,
            matcher: None,
            offered: false,
            list: Rect::ZERO,
            top: 0,
        }
    }
}

impl Picker {
    #[must_use]
    pub(super) fn wants_choices(&self) -> bool {
        !self.offered
    }

    /// Takes what there is to choose from.
    pub(super) fn offer(&mut self, choices: Vec<Choice>, lineup: &[Endpoint]) {
        self.offered = true;
        self.rows = choices.into_iter().map(|choice| Row { choice, member: None }).collect();
        self.open(lineup);
    }

    /// Starts anew over this lineup: each of its endpoints has a row, on top.
    pub(super) fn open(&mut self, lineup: &[Endpoint]) {
        for row in &mut self.rows {
            row.member = None;
        }
        let mut left: Vec<&Endpoint> = lineup.iter().collect();
        // The nearest row first: one model may be listed with several settings.
        // One that leaves its place to the environment is there where the list says.
        let placed = |a: &Endpoint, b: &Endpoint| {
            (a.place.is_none() || b.place.is_none())
                && Endpoint { place: None, ..a.clone() }.is_route_of(&Endpoint { place: None, ..b.clone() })
        };
        let kinds: [Alike; 4] = [&Endpoint::eq, &Endpoint::asks_like, &Endpoint::is_route_of, &placed];
        for alike in kinds {
            left.retain(|endpoint| {
                let free = |r: &&mut Row| r.member.is_none() && alike(&r.choice.endpoint, endpoint);
                let Some(row) = self.rows.iter_mut().find(free) else { return true };
                row.member = Some(endpoint.name.clone());
                // With its settings, so that removing and adding it again loses nothing.
                row.choice.endpoint = (*endpoint).clone();
                false
            });
        }
        self.rows.extend(left.into_iter().map(|endpoint| Row {
            choice: Choice::plain(endpoint.clone()),
            member: Some(endpoint.name.clone()),
        }));
        self.naming = None;
        self.filter.clear();
        self.search();
    }

    /// Which rows stand in which order. Not done while rows are added and removed, so
    /// that the list stays still under the cursor.
    fn search(&mut self) {
        self.cursor = 0;
        self.top = 0;
        let wanted = Wanted::new(&self.filter);
        if wanted.is_empty() {
            let mut order: Vec<usize> = (0..self.rows.len()).collect();
            let members = || self.rows.iter().filter(|r| r.member.is_some());
            let families: HashSet<&str> = members().map(|r| r.choice.family.as_str()).collect();
            // The other clouds of what is asked come first, also those that cannot be.
            let key = |r: &Row| {
                let other = !families.contains(r.choice.family.as_str());
                (r.member.is_none(), other, !r.choice.ready.is_ready())
            };
            order.sort_by_key(|at| self.rows.get(*at).map(key));
            self.shown = order;
            return;
        }
        let matcher = find::matcher(&mut self.matcher);
        let mut found: Vec<(bool, Reverse<u32>, usize)> = self
            .rows
            .iter()
            .enumerate()
            .filter_map(|(at, row)| {
                let score = wanted.score(&row.choice.fields(), matcher)?;
                Some((!row.choice.ready.is_ready(), Reverse(score), at))
            })
            .collect();
        found.sort_unstable();
        self.shown = found.into_iter().map(|(.., at)| at).collect();
    }

    pub(super) fn all(&self) -> &[Row] {
        &self.rows
    }

    /// The rows in view of the filter, in their order.
    pub(super) fn shown(&self) -> impl ExactSizeIterator<Item = Option<&Row>> {
        self.shown.iter().map(|at| self.rows.get(*at))
    }

    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    /// The row under the cursor, and its name in the lineup.
    pub(super) fn current(&self) -> Option<(&Choice, Option<&str>)> {
        let row = self.rows.get(*self.shown.get(self.cursor)?)?;
        Some((&row.choice, row.member.as_deref()))
    }

    pub(super) fn set_member(&mut self, name: Option<String>) {
        let at = self.shown.get(self.cursor).copied();
        if let Some(row) = at.and_then(|at| self.rows.get_mut(at)) {
            row.member = name;
        }
    }

    pub(super) fn step(&mut self, by: isize) {
        self.cursor = self.cursor.saturating_add_signed(by).min(self.shown.len().saturating_sub(1));
    }

    /// A click at this position; false when it was beside the list.
    pub(super) fn click(&mut self, at: (u16, u16)) -> bool {
        if !self.list.contains(Position::from(at)) {
            return false;
        }
        let row = self.top + usize::from(at.1 - self.list.y);
        if row < self.shown.len() {
            self.cursor = row;
        }
        true
    }

    pub(super) fn ask_name(&mut self, name: &str) {
        self.naming.get_or_insert_with(|| clean_line(name));
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.edit(|line| {
            find::add(line, text);
            true
        });
    }

    /// Changes the line that is typed into; false where `change` did nothing.
    fn edit(&mut self, change: impl Fn(&mut String) -> bool) -> bool {
        if let Some(name) = &mut self.naming {
            return change(name);
        }
        let changed = change(&mut self.filter);
        if changed {
            self.search();
        }
        changed
    }

    pub(super) fn key(&mut self, key: Key) -> Asked {
        let page = isize::try_from(self.list.height.saturating_sub(1).max(1)).unwrap_or(1);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Up => self.step(-1),
            KeyCode::Down => self.step(1),
            KeyCode::Char('p') if control => self.step(-1),
            KeyCode::Char('n') if control => self.step(1),
            KeyCode::PageUp => self.step(-page),
            KeyCode::PageDown => self.step(page),
            KeyCode::Home => self.step(isize::MIN),
            KeyCode::End => self.step(isize::MAX),
            KeyCode::Esc if self.naming.is_some() => self.naming = None,
            KeyCode::Esc if !self.filter.is_empty() => {
                self.filter.clear();
                self.search();
            }
            KeyCode::Esc => return Asked::Close,
            KeyCode::Enter => {
                return match self.naming.take() {
                    Some(name) => Asked::Save(name.trim().to_owned()),
                    None => Asked::Toggle,
                };
            }
            _ => {
                self.edit(|line| find::edit(line, key));
            }
        }
        Asked::Nothing
    }
}
