//! Parameters and system text of endpoints, changed while the screen is up. Drawing is in
//! `params_view.rs`.
//!
//! A value counts from the next round on, at once when it is confirmed; what is being typed
//! counts nowhere. Rounds that are there keep what they were asked with, and so does asking
//! them again.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::app::{App, Overlay};
use super::editor::Editor;
use super::find;
use super::key::Key;
use crate::model::Effort;
use crate::model::Endpoint;
use crate::model::PARAMS;
use crate::model::TIERS;
use crate::model::clean_line;

/// One parameter of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// A row of [`PARAMS`].
    pub param: &'static str,
    /// `0–2`, `low, medium, high`, `not taken by this model`.
    pub takes: String,
    /// What would become of the value that is asked, where it is not sent as it is.
    pub becomes: Option<String>,
}

/// The last row of the panel.
pub(super) const SYSTEM: &str = "system";

/// What stands for a parameter that is not asked.
pub(super) const UNSET: &str = "–";

/// What is being typed.
pub(super) enum Writing {
    Value(String),
    System(Box<Editor>),
}

/// The panel, and what was changed with it.
#[derive(Default)]
pub struct Tuning {
    /// Endpoints that were changed, as the lineup was opened with them.
    originals: Vec<Endpoint>,
    /// Endpoints that were changed since the last round, as they were before.
    before: Vec<Endpoint>,
    /// The endpoint in the panel, by its place in the lineup.
    pub(super) at: usize,
    /// What is confirmed counts for every endpoint of the lineup.
    pub(super) all: bool,
    pub(super) row: usize,
    pub(super) writing: Option<Writing>,
    /// Why what was typed is not taken.
    pub(super) error: Option<String>,
    /// Of the endpoint in the panel.
    pub(super) accepted: Vec<Accepted>,
}

fn named<'e>(list: &'e [Endpoint], endpoint: &Endpoint) -> Option<&'e Endpoint> {
    list.iter().find(|e| e.is_pane_of(endpoint))
}

/// `temperature 0.2, system`: what `now` asks otherwise than `then`.
fn difference(then: &Endpoint, now: &Endpoint) -> Option<String> {
    let changed = PARAMS.iter().filter(|(name, ..)| then.params.get(name) != now.params.get(name));
    let mut words: Vec<String> = changed
        .map(|(name, ..)| format!("{name} {}", now.params.get(name).unwrap_or_else(|| UNSET.into())))
        .collect();
    if then.system != now.system {
        words.push(SYSTEM.to_owned());
    }
    (!words.is_empty()).then(|| words.join(", "))
}

impl Tuning {
    /// Notes an endpoint that is about to be changed.
    fn note(&mut self, endpoint: &Endpoint) {
        for list in [&mut self.originals, &mut self.before] {
            if named(list, endpoint).is_none() {
                list.push(endpoint.clone());
            }
        }
    }

    /// A round was sent with what stands.
    pub(super) fn asked(&mut self) {
        self.before.clear();
    }

    /// The lineup was saved with these. A system text keeps its place over the session's.
    pub(super) fn saved(&mut self, lineup: &[Endpoint]) {
        for then in &mut self.originals {
            if let Some(now) = named(lineup, then) {
                then.params = now.params;
            }
        }
    }

    /// What the next round will ask this endpoint otherwise than the last one: `temperature 0.2`.
    /// Takes the lineup's endpoint.
    fn since(&self, now: &Endpoint) -> Option<String> {
        difference(named(&self.before, now)?, now)
    }

    /// The lineup's endpoint as it was opened, where it was changed.
    pub(super) fn original(&self, now: &Endpoint) -> Option<&Endpoint> {
        named(&self.originals, now).filter(|then| difference(then, now).is_some())
    }

    /// The system text that this endpoint was given in the panel. It stands over the session's,
    /// which stands over the one of the config.
    pub(super) fn own_system<'e>(&self, endpoint: &'e Endpoint) -> Option<&'e str> {
        let changed = named(&self.originals, endpoint).is_some_and(|then| then.system != endpoint.system);
        endpoint.system.as_deref().filter(|_| changed)
    }

    /// Into what is being typed.
    pub(super) fn paste(&mut self, text: &str) {
        match &mut self.writing {
            Some(Writing::Value(value)) => find::add(value, text),
            Some(Writing::System(editor)) => _ = editor.paste(text),
            None => {}
        }
    }

    /// The name of the row under the cursor.
    pub(super) fn param(&self) -> &'static str {
        PARAMS.get(self.row).map_or(SYSTEM, |(name, ..)| name)
    }
}

/// The value of a row of the panel.
pub(super) fn value(endpoint: &Endpoint, row: &str) -> Option<String> {
    if row == SYSTEM { endpoint.system.clone() } else { endpoint.params.get(row) }
}

/// Words that up and down go through while a value is typed.
fn known(param: &str) -> Vec<&'static str> {
    match param {
        "reasoning_effort" => Effort::ALL.iter().map(|e| e.word()).collect(),
        "thinking" => vec!["on", "off"],
        "service_tier" => TIERS.to_vec(),
        _ => Vec::new(),
    }
}

impl App {
    /// What the next round will ask the endpoint of a pane otherwise.
    pub(super) fn pending(&self, endpoint: &Endpoint) -> Option<String> {
        self.tuning.since(named(&self.lineup.endpoints, endpoint)?)
    }

    pub(super) fn open_params(&mut self) -> bool {
        if self.must_vote("parameters are set") {
            return true;
        }
        let Some(endpoint) = self.endpoint(self.pane) else {
            self.say("there is no endpoint to set parameters of");
            return true;
        };
        let Some(at) = self.lineup.endpoints.iter().position(|e| e.is_pane_of(endpoint)) else {
            let add = self.keymap.first("endpoints");
            self.say(format!("it is no longer in the lineup: its parameters count no more ({add} adds it)"));
            return true;
        };
        self.tuning.at = at;
        (self.tuning.writing, self.tuning.error) = (None, None);
        self.overlay = Some(Overlay::Params);
        self.ask_what_is_taken();
        true
    }

    fn ask_what_is_taken(&mut self) {
        let endpoint = self.lineup.endpoints.get(self.tuning.at);
        self.tuning.accepted = endpoint.map(|e| (self.accepts)(e)).unwrap_or_default();
    }

    /// A key while the panel is open; it takes every one.
    pub(super) fn params_key(&mut self, key: Key) {
        if self.tuning.writing.is_some() {
            return self.writing_key(key);
        }
        self.tuning.error = None;
        let rows = PARAMS.len() + 1;
        let all = self.lineup.endpoints.len().max(1);
        match key.code {
            KeyCode::Up | KeyCode::Char('k') => self.tuning.row = self.tuning.row.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.tuning.row = (self.tuning.row + 1).min(rows - 1),
            KeyCode::Left | KeyCode::Char('h') | KeyCode::BackTab => {
                self.turn((self.tuning.at + all - 1) % all);
            }
            KeyCode::Right | KeyCode::Char('l') | KeyCode::Tab => self.turn((self.tuning.at + 1) % all),
            KeyCode::Char('a') => self.tuning.all = !self.tuning.all,
            KeyCode::Enter | KeyCode::Char('i') => self.write_value(),
            KeyCode::Delete | KeyCode::Backspace | KeyCode::Char('x') => self.confirm(None),
            KeyCode::Char('o') => self.restore_params(),
            KeyCode::Esc | KeyCode::Char('q' | 'P') => self.overlay = None,
            _ => {}
        }
    }

    /// The panel, and the pane behind it, go to another endpoint.
    fn turn(&mut self, to: usize) {
        self.tuning.at = to;
        if let Some(endpoint) = self.lineup.endpoints.get(to) {
            let shown = (0..self.panes()).find(|n| self.endpoint(*n).is_some_and(|e| e.is_pane_of(endpoint)));
            self.pane = shown.unwrap_or(self.pane);
        }
        self.ask_what_is_taken();
    }

    fn write_value(&mut self) {
        let param = self.tuning.param();
        let Some(endpoint) = self.lineup.endpoints.get(self.tuning.at) else { return };
        let now = value(endpoint, param).unwrap_or_default();
        self.tuning.writing = Some(if param == SYSTEM {
            let mut editor = Editor::new();
            editor.set_text(&now);
            Writing::System(Box::new(editor))
        } else {
            Writing::Value(now)
        });
    }

    fn writing_key(&mut self, key: Key) {
        let param = self.tuning.param();
        let Some(writing) = &mut self.tuning.writing else { return };
        match (writing, key.code) {
            (_, KeyCode::Esc) => (self.tuning.writing, self.tuning.error) = (None, None),
            (Writing::Value(value), KeyCode::Enter) => {
                let value = value.trim().to_owned();
                self.confirm(Some(value.as_str()).filter(|v| !v.is_empty()));
            }
            (Writing::System(editor), KeyCode::Enter) if key.modifiers.is_empty() => {
                let text = editor.text();
                self.confirm(Some(text.as_str()).filter(|t| !t.trim().is_empty()));
            }
            (Writing::System(editor), KeyCode::Enter) => editor.newline(),
            (Writing::System(editor), KeyCode::Char('j')) if key.modifiers == KeyModifiers::CONTROL => {
                editor.newline();
            }
            (Writing::System(editor), _) => editor.input(&KeyEvent::new(key.code, key.modifiers)),
            (Writing::Value(value), KeyCode::Up | KeyCode::Down) => {
                let words = known(param);
                let at = words.iter().position(|w| w == value);
                let to = match (at, key.code) {
                    (None, _) => 0,
                    (Some(at), KeyCode::Up) => at.saturating_sub(1),
                    (Some(at), _) => (at + 1).min(words.len().saturating_sub(1)),
                };
                if let Some(word) = words.get(to) {
                    (*word).clone_into(value);
                    self.tuning.error = None;
                }
            }
            (Writing::Value(value), _) => {
                if find::edit(value, key) {
                    self.tuning.error = None;
                }
            }
        }
    }

    /// The places in the lineup of those that a confirmed value is for.
    fn concerned(&self) -> Vec<usize> {
        if self.tuning.all { (0..self.lineup.endpoints.len()).collect() } else { vec![self.tuning.at] }
    }

    /// Gives the row under the cursor this value, or none; a wrong one stays in the field with
    /// the reason below it, and nobody has it.
    fn confirm(&mut self, text: Option<&str>) {
        let param = self.tuning.param();
        let mut changed = Vec::new();
        for at in self.concerned() {
            let Some(mut endpoint) = self.lineup.endpoints.get(at).cloned() else { continue };
            if param == SYSTEM {
                endpoint.system = text.map(str::to_owned);
            } else if let Some(value) = text {
                if let Err(why) = endpoint.params.set(param, value) {
                    self.tuning.error = Some(why);
                    return;
                }
            } else {
                endpoint.params.clear(param);
            }
            changed.push((at, endpoint));
        }
        (self.tuning.writing, self.tuning.error) = (None, None);
        self.change(changed);
    }

    /// The row under the cursor as the lineup was opened with it.
    fn restore_params(&mut self) {
        let param = self.tuning.param();
        let mut changed = Vec::new();
        for at in self.concerned() {
            let Some(mut endpoint) = self.lineup.endpoints.get(at).cloned() else { continue };
            let Some(then) = self.tuning.original(&endpoint) else { continue };
            match then.params.get(param) {
                _ if param == SYSTEM => endpoint.system.clone_from(&then.system),
                // It was one that is taken.
                Some(value) => _ = endpoint.params.set(param, &value),
                None => endpoint.params.clear(param),
            }
            changed.push((at, endpoint));
        }
        self.change(changed);
    }

    fn change(&mut self, changed: Vec<(usize, Endpoint)>) {
        for (at, endpoint) in changed {
            let Some(slot) = self.lineup.endpoints.get_mut(at).filter(|e| **e != endpoint) else { continue };
            self.tuning.note(slot);
            *slot = endpoint;
        }
        self.ask_what_is_taken();
    }

    /// For every endpoint what it takes for the row under the cursor, where all are concerned.
    pub(super) fn taken_by_all(&self) -> String {
        let param = self.tuning.param();
        let of = |e: &Endpoint| {
            let rows = (self.accepts)(e);
            let takes = rows.into_iter().find(|r| r.param == param).map(|r| r.takes);
            format!("{}: {}", clean_line(&e.name), takes.unwrap_or_else(|| "not known".to_owned()))
        };
        let all: Vec<String> = self.lineup.endpoints.iter().map(of).collect();
        all.join(" · ")
    }
}
