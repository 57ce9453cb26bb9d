//! The state of the screen and what events do to it. No IO and no clock: the
//! time comes in, effects go out.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event as Terminal, KeyCode, KeyEvent, KeyEventKind};

use super::Leveller;
use super::attach::{Attaching, Found};
use super::board::Sheet;
use super::chooser::Chooser;
use super::colour::Uncoloured;
use super::command::{Focus, Keymap};
use super::compare::{Comparing, Pair};
use super::completion::Completion;
use super::editor::Editor;
use super::ink::Laid;
use super::key::Key;
use super::layout::{Layout, Needs, layout, too_small};
use super::markdown::Coloured;
use super::pane::Pane;
use super::picker::{Choice, Picker};
use super::search::Search;
use super::theme::{Theme, Themes};
use super::trials::{Trial, Trials};
use super::views::Views;
use super::votes::Votes;
use super::weighing::Weighing;
use crate::model::Answer;
use crate::model::AnswerId;
use crate::model::Connections;
use crate::model::Diff;
use crate::model::Endpoint;
use crate::model::Estimate;
use crate::model::Lineup;
use crate::model::Prompt;
use crate::model::Reference;
use crate::model::Report;
use crate::model::Step;
use crate::model::Total;
use crate::model::Vote;
use crate::store::Listed;
use crate::store::Wanted;

/// A notice stays this long.
const NOTICE: Duration = Duration::from_secs(4);

/// What a second ctrl+c has to come within to mean "quit".
const TWICE: Duration = Duration::from_secs(3);

/// What came in.
#[derive(Debug)]
pub enum Event {
    Terminal(Terminal),
    Report(Report),
    /// What [`Effect::Choices`] asked for.
    Choices(Vec<Choice>),
    /// How [`Effect::SaveLineup`] went, in words.
    Saved {
        name: String,
        said: Result<String, String>,
    },
    /// What [`Effect::Weigh`] asked for, in the same order.
    Weighed {
        number: u64,
        estimates: Vec<Estimate>,
    },
    /// What [`Effect::ReadFiles`] asked for, in the same order.
    FilesRead {
        number: u64,
        found: Vec<(Reference, Found)>,
    },
    /// What [`Effect::ListFiles`] asked for, or why it cannot be read.
    FilesListed {
        number: u64,
        directory: String,
        entries: Result<Vec<Listed>, String>,
    },
    /// What [`Comparing::wanted`] asked for.
    Compared {
        pair: Pair,
        diff: Diff,
    },
    /// What [`Effect::Board`] asked for.
    Board(Result<Sheet, String>),
    /// Something is done: one line about it.
    Said(String),
    /// The desktop's clipboard did not take it.
    NotCopied {
        what: String,
        text: String,
    },
    /// The colours of lines that a frame showed plain.
    Coloured {
        code: Uncoloured,
        lines: Vec<Coloured>,
    },
    /// Time passed while something runs.
    Tick,
}

/// What the loop must do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    Launch {
        id: AnswerId,
        endpoint: Box<Endpoint>,
        prompt: Box<Prompt>,
    },
    Cancel(AnswerId),
    /// What would asking these cost? [`Event::Weighed`] answers with the same number.
    Weigh {
        number: u64,
        asks: Vec<(Endpoint, Prompt)>,
    },
    /// Which files are these? [`Event::FilesRead`] answers with the same number.
    ReadFiles {
        number: u64,
        files: Vec<Reference>,
    },
    /// What is in this directory? [`Event::FilesListed`] answers with the same number.
    ListFiles {
        number: u64,
        directory: String,
    },
    /// The picker wants to know what there is to choose from.
    Choices,
    SaveLineup {
        name: String,
        lineup: Lineup,
    },
    SaveTheme(String),
    /// Keeps a vote on this prompt; only what goes wrong is told.
    Vote {
        vote: Box<Vote>,
        prompt: String,
    },
    /// How do endpoints stand by these votes? [`Event::Board`] answers.
    Board(Wanted),
    /// To the clipboard, the terminal's if need be; filtered already.
    Copy {
        what: String,
        text: String,
        terminal: bool,
    },
    Mouse(bool),
    Redraw,
    Suspend,
    Quit,
}

/// One endpoint's part of a round.
#[derive(Debug)]
pub struct Entry {
    pub id: AnswerId,
    pub endpoint: Endpoint,
    pub prompt: Prompt,
    pub answer: Answer,
    pub pane: Pane,
    /// The user has stopped it; the engine's word is on its way.
    pub stopping: bool,
    /// Number of the trial that is shown, from 1.
    pub trial: usize,
    /// The trials that are not.
    pub trials: Vec<Trial>,
}

impl Entry {
    pub(super) fn new(id: AnswerId, endpoint: Endpoint, prompt: Prompt) -> Self {
        let answer = Answer::new(endpoint.simulated);
        let (pane, trials) = (Pane::default(), Vec::new());
        Self { id, endpoint, prompt, answer, pane, stopping: false, trial: 1, trials }
    }

    /// Whether it streams and is meant to.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !self.stopping && !self.answer.is_over()
    }
}

/// One prompt sent to the lineup.
#[derive(Debug)]
pub struct Round {
    pub question: String,
    pub follow_up: bool,
    pub entries: Vec<Entry>,
}

/// What lies over the panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    Help {
        top: usize,
    },
    /// All about one answer.
    Detail {
        top: usize,
    },
    /// Choosing endpoints; what it holds stands in [`App::picker`].
    Picker,
    /// One of a list; what it holds stands in [`App::chooser`].
    Chooser,
    /// The needle of a search is typed; it stands in [`App::search`].
    Search,
    /// The leaderboard.
    Board {
        top: usize,
    },
    /// The tags of votes are typed; they stand in [`App::votes`].
    Tags,
    /// "How often is the round repeated?"; what is typed stands in [`App::trials`].
    Trials,
    /// "It may cost more than the budget. Send it?"
    Spend,
    /// "Something streams. Quit?"
    Quit,
}

/// Everything the screen shows.
#[expect(clippy::struct_excessive_bools, reason = "switches of the user's, each on its own")]
pub struct App {
    pub title: String,
    pub lineup: Lineup,
    pub simulated: bool,
    pub prices_as_of: String,
    /// In days, where it is known.
    pub prices_age: Option<i32>,
    pub system: Option<String>,
    pub keymap: Keymap,
    pub rounds: Vec<Round>,
    /// The round in view.
    pub shown: usize,
    pub focus: Focus,
    pub pane: usize,
    pub zoom: bool,
    pub views: Views,
    pub follow_up: bool,
    /// Answers are shown as they were written.
    pub source: bool,
    /// Panes scroll together.
    pub together: bool,
    pub search: Option<Search>,
    pub theme: Arc<Theme>,
    pub themes: Themes,
    /// The theme to go back to while others are tried.
    pub(super) theme_before: Option<Arc<Theme>>,
    pub comparing: Comparing,
    /// Something that was drawn is laid out piece by piece.
    pub(super) behind: bool,
    /// Code that the last frame showed without colours.
    pub uncoloured: Vec<Uncoloured>,
    /// The next round is asked with settings that every endpoint takes.
    pub common: bool,
    /// How endpoints are reached.
    pub connections: Connections,
    /// Brings endpoints to the settings they have in common.
    pub level: Leveller,
    /// The lineup is one open model on several clouds: the same weights, not the same service.
    pub same_weights: bool,
    /// There is a config in which a lineup can be saved.
    pub saves: bool,
    /// The baseline of the lineup, where it was taken out.
    pub(super) left_baseline: Option<Endpoint>,
    pub editor: Editor,
    pub overlay: Option<Overlay>,
    pub picker: Picker,
    pub trials: Trials,
    pub votes: Votes,
    pub chooser: Option<Chooser>,
    /// The request that the detail overlay has laid out.
    pub(super) laid: Option<Laid>,
    pub notice: Option<(String, Duration)>,
    pub mouse: bool,
    /// Screen time of the event in hand.
    pub now: Duration,
    pub size: (u16, u16),
    pub(super) effects: Vec<Effect>,
    pub(super) key: Option<Key>,
    pub(super) history: Vec<String>,
    /// Index into the history while it is walked, and the text that was being written.
    pub(super) walking: Option<(usize, String)>,
    interrupted: Option<Duration>,
    next_id: u64,
    /// The cost of answers that another one stands in place of.
    pub(super) replaced: Total,
    pub(super) places: HashMap<AnswerId, (usize, usize)>,
    pub(super) weighing: Weighing,
    pub(super) attaching: Attaching,
    pub(super) completion: Completion,
}

impl App {
    #[must_use]
    pub fn new(title: String, lineup: Lineup, keymap: Keymap) -> Self {
        let simulated = !lineup.endpoints.is_empty() && lineup.endpoints.iter().all(|e| e.simulated);
        Self {
            title,
            lineup,
            simulated,
            prices_as_of: String::new(),
            prices_age: None,
            system: None,
            keymap,
            rounds: Vec::new(),
            shown: 0,
            focus: Focus::Prompt,
            pane: 0,
            zoom: false,
            views: Views::default(),
            follow_up: false,
            source: false,
            together: false,
            search: None,
            theme: Arc::default(),
            themes: Themes::default(),
            theme_before: None,
            comparing: Comparing::default(),
            behind: false,
            uncoloured: Vec::new(),
            common: false,
            connections: Connections::default(),
            level: Arc::new(<[Endpoint]>::to_vec),
            same_weights: false,
            saves: true,
            left_baseline: None,
            editor: Editor::new(),
            overlay: None,
            picker: Picker::default(),
            trials: Trials::default(),
            votes: Votes::default(),
            chooser: None,
            laid: None,
            notice: None,
            mouse: true,
            now: Duration::ZERO,
            // Until the first frame says otherwise.
            size: (80, 24),
            effects: Vec::new(),
            key: None,
            history: Vec::new(),
            walking: None,
            interrupted: None,
            next_id: 0,
            replaced: Total::default(),
            places: HashMap::new(),
            weighing: Weighing::default(),
            attaching: Attaching::default(),
            completion: Completion::default(),
        }
    }

    /// Folds one event; gives what must be done.
    pub fn update(&mut self, event: Event, now: Duration) -> Vec<Effect> {
        self.now = now;
        if self.notice.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.notice = None;
        }
        match event {
            Event::Terminal(event) => {
                self.terminal(event);
                self.complete();
                self.read_draft();
                self.drive_trials();
                self.weigh_draft();
            }
            Event::Report(report) => self.report(report),
            Event::Choices(choices) => self.picker.offer(choices, &self.lineup.endpoints),
            Event::Saved { name, said } => self.saved(name, said),
            Event::Weighed { number, estimates } => self.weighed(number, estimates),
            Event::FilesRead { number, found } => self.files_read(number, found),
            Event::FilesListed { number, directory, entries } => {
                self.files_listed(number, directory, entries);
            }
            Event::Compared { pair, diff } => self.comparing.take(pair, diff),
            Event::Said(said) => self.say(said),
            Event::Board(sheet) => self.board_read(sheet),
            Event::NotCopied { what, text } => {
                self.effects.push(Effect::Copy { what, text, terminal: true });
            }
            Event::Coloured { code, lines } => self.coloured(&code, lines),
            Event::Tick => self.weigh_draft(),
        }
        // Rounds differ in size once the lineup changes.
        self.pane = self.pane.min(self.panes().saturating_sub(1));
        std::mem::take(&mut self.effects)
    }

    fn terminal(&mut self, event: Terminal) {
        match event {
            Terminal::Key(key) if key.kind != KeyEventKind::Release => self.key(&key),
            Terminal::Paste(text) if self.overlay == Some(Overlay::Picker) => self.picker.paste(&text),
            Terminal::Paste(text) if self.overlay == Some(Overlay::Chooser) => {
                if let Some(chooser) = &mut self.chooser {
                    chooser.paste(&text);
                }
            }
            Terminal::Paste(text) if self.overlay == Some(Overlay::Search) => self.search_paste(&text),
            // It is no answer to the question that is asked.
            Terminal::Paste(_)
                if matches!(self.overlay, Some(Overlay::Spend | Overlay::Trials | Overlay::Tags)) => {}
            Terminal::Paste(text) => {
                self.focus = Focus::Prompt;
                if let Some(notice) = self.editor.paste(&text) {
                    self.say(notice);
                }
            }
            Terminal::Mouse(mouse) => self.mouse(mouse),
            Terminal::Resize(columns, rows) => self.size = (columns, rows),
            _ => {}
        }
    }

    fn key(&mut self, event: &KeyEvent) {
        let key = Key::from(event);
        self.key = Some(key);
        if too_small(self.size) && key.code == KeyCode::Char('q') {
            // Where nothing can be seen, the one key that is named must do what it says.
            self.effects.push(Effect::Quit);
            return;
        }
        if self.overlay.is_some() && self.overlay_key(key) || self.completion_key(key) {
            return;
        }
        let handled = match self.keymap.find(self.focus, key) {
            Some(command) => (command.run)(self),
            None => false,
        };
        if !handled && self.focus == Focus::Prompt {
            self.walking = None;
            self.editor.input(event);
        }
    }

    fn report(&mut self, report: Report) {
        if self.veiled_report(&report) {
            return;
        }
        let Some(&(round, entry)) = self.places.get(&report.id) else { return };
        let now = self.now;
        let Some(entry) = self.rounds.get_mut(round).and_then(|r| r.entries.get_mut(entry)) else { return };
        // The pane may have been run again since.
        let Some((answer, pane)) = entry.find_mut(report.id) else { return };
        let sent = report.step == Step::Sent;
        if sent {
            pane.sent = Some(now);
        }
        answer.apply(report.at, report.step);
        if sent || answer.is_over() {
            self.drive_trials();
        }
    }

    fn coloured(&mut self, code: &Uncoloured, lines: Vec<Coloured>) {
        let Some(&(round, entry)) = self.places.get(&code.id) else { return };
        if let Some(entry) = self.rounds.get_mut(round).and_then(|r| r.entries.get_mut(entry))
            && let Some((_, pane)) = entry.find_mut(code.id)
        {
            pane.colour(code.block, code.from, lines);
        }
    }

    /// Shows one line for a while.
    pub fn say(&mut self, text: impl Into<String>) {
        self.notice = Some((text.into(), self.now + NOTICE));
    }

    /// Whether anything streams, in any round.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.trials.is_running() || self.rounds.iter().flat_map(|r| &r.entries).any(Entry::any_running)
    }

    /// Whether the screen changes by itself: something runs, is being laid out, or a notice will go.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.notice.is_some() || self.behind || self.is_running()
    }

    /// Whether something that the last frame drew is still being laid out.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.behind
    }

    /// The round in view.
    #[must_use]
    pub fn round(&self) -> Option<&Round> {
        self.rounds.get(self.shown)
    }

    /// Where everything stands; drawing and the mouse both read it.
    #[must_use]
    pub fn layout(&self) -> Layout {
        let needs = Needs { size: self.size, panes: self.panes(), current: self.pane, zoom: self.zoom };
        layout(needs, |width| self.editor.rows(width))
    }

    /// Number of panes in view.
    #[must_use]
    pub fn panes(&self) -> usize {
        self.round().map_or(0, |r| r.entries.len()) + self.waiting().count()
    }

    pub(super) fn entry(&mut self) -> Option<&mut Entry> {
        let pane = self.pane;
        self.rounds.get_mut(self.shown)?.entries.get_mut(pane)
    }

    pub(super) fn new_id(&mut self) -> AnswerId {
        self.next_id += 1;
        AnswerId(self.next_id)
    }

    /// Puts a text into the prompt and sends it.
    pub fn ask(&mut self, question: &str) -> Vec<Effect> {
        self.editor.set_text(question);
        self.send();
        self.read_draft();
        std::mem::take(&mut self.effects)
    }

    pub(super) fn history_step(&mut self, older: bool) -> bool {
        let at_edge = if older { self.editor.on_first_line() } else { self.editor.on_last_line() };
        if !at_edge {
            return false;
        }
        let (at, draft) = match (&self.walking, older) {
            (None, true) => (self.history.len(), self.editor.text()),
            (None, false) => return false,
            (Some((at, draft)), _) => (*at, draft.clone()),
        };
        let to = if older { at.checked_sub(1) } else { Some(at + 1) };
        let Some(to) = to.filter(|t| *t <= self.history.len()) else { return true };
        if let Some(text) = self.history.get(to) {
            self.editor.set_text(text);
            self.walking = Some((to, draft));
        } else {
            self.editor.set_text(&draft);
            self.walking = None;
        }
        true
    }

    /// First ctrl+c: stop; the second: ask; the third: quit.
    pub(super) fn interrupt(&mut self) -> bool {
        let again = self.interrupted.is_some_and(|at| self.now.saturating_sub(at) < TWICE);
        self.interrupted = Some(self.now);
        if self.overlay == Some(Overlay::Quit) {
            self.effects.push(Effect::Quit);
        } else if self.stop_reading() {
            self.interrupted = None;
        } else if self.is_running() {
            self.cancel_where(|_, _| true);
            self.say("streams stopped; ctrl+c again asks to quit");
        } else if again {
            self.overlay = Some(Overlay::Quit);
        } else {
            self.say("ctrl+c again asks to quit");
        }
        true
    }

    /// Cancels running answers; the engine's report ends them.
    pub(super) fn cancel_where(&mut self, which: impl Fn(usize, usize) -> bool) {
        self.cancel_veiled(&which);
        for (r, round) in self.rounds.iter_mut().enumerate() {
            for (e, entry) in round.entries.iter_mut().enumerate() {
                if which(r, e) {
                    self.effects.append(&mut entry.stop_all());
                }
            }
        }
        self.drop_trials(which);
    }
}
