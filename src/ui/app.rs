//! The state of the screen and what events do to it. No IO and no clock: the
//! time comes in, effects go out.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event as Terminal, KeyCode, KeyEvent, KeyEventKind};

use super::Accepter;
use super::Leveller;
use super::attach::Attaching;
use super::chooser::Chooser;
use super::colour::Uncoloured;
use super::command::{Focus, Keymap};
use super::compare::Comparing;
use super::completion::Completion;
use super::editor::Editor;
use super::ink::Laid;
use super::judging::Judging;
use super::keeping::Keeping;
use super::key::Key;
use super::layout::{Layout, Needs, layout, too_small};
use super::markdown::Coloured;
use super::overview::Overview;
use super::pane::Pane;
use super::params::Tuning;
use super::picker::Picker;
use super::recall::Recall;
use super::round_diff::Compared;
use super::rounds::Editing;
use super::search::Search;
use super::system::SystemField;
use super::templates::Templates;
use super::theme::{Theme, Themes};
use super::tour::Tour;
use super::trials::{Trial, Trials};
use super::views::Views;
use super::votes::Votes;
use super::weighing::Weighing;
use super::writing::Pointer;
use crate::model::Answer;
use crate::model::AnswerId;
use crate::model::Connections;
use crate::model::Endpoint;
use crate::model::Filled;
use crate::model::Lineup;
use crate::model::Origin;
use crate::model::Prompt;
use crate::model::Report;
use crate::model::Step;
use crate::model::Total;

pub use super::event::{Effect, Event};

/// A notice stays this long.
const NOTICE: Duration = Duration::from_secs(4);

/// What a second ctrl+c has to come within to mean "quit".
const TWICE: Duration = Duration::from_secs(3);

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
    /// As it was written.
    pub question: String,
    /// Where that has variables: their values, and what was sent.
    pub filled: Option<Box<Filled>>,
    /// What it continues, and whose prompt it is edited.
    pub origin: Origin,
    /// The session's system text that it was asked with.
    pub system: Option<String>,
    /// Screen time.
    pub sent: Duration,
    pub entries: Vec<Entry>,
}

impl Round {
    #[must_use]
    pub fn is_follow_up(&self) -> bool {
        self.origin.parent.is_some()
    }
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
    /// The session's rounds; where the cursor is stands in [`App::overview`].
    Rounds,
    /// What changed from one round to another; which ones stands in [`App::compared`].
    RoundDiff {
        top: usize,
    },
    /// The parameters of an endpoint; what is typed stands in [`App::tuning`].
    Params,
    /// The needle of a search is typed; it stands in [`App::search`].
    Search,
    /// The leaderboard.
    Board {
        top: usize,
    },
    /// What a judge says of the round; it stands in [`App::judging`].
    Judge {
        top: usize,
    },
    /// The tags of votes are typed; they stand in [`App::votes`].
    Tags,
    /// "How often is the round repeated?"; what is typed stands in [`App::trials`].
    Trials,
    /// A few lines to fill in; they stand in [`App::templates`].
    Form,
    /// A question of the prompt's: send it as it is, delete it?
    Doubt,
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
    /// The session's system text: what the field of that name holds.
    pub system: Option<String>,
    pub(super) system_field: SystemField,
    /// The round whose prompt is being edited.
    pub editing: Option<Editing>,
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
    /// Language and text of each block of code, while one of them is chosen.
    pub(super) blocks: Vec<(String, String)>,
    /// How many there have been.
    pub(super) searches: u64,
    pub(super) tour: Option<Tour>,
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
    /// Says what endpoints take.
    pub accepts: Accepter,
    pub tuning: Tuning,
    pub(super) overview: Overview,
    pub(super) compared: Option<Compared>,
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
    pub judging: Judging,
    pub keeping: Keeping,
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
    pub(super) recall: Recall,
    pub(super) pointer: Pointer,
    interrupted: Option<Duration>,
    next_id: u64,
    /// The cost of answers that another one stands in place of.
    pub(super) replaced: Total,
    pub(super) places: HashMap<AnswerId, (usize, usize)>,
    pub(super) weighing: Weighing,
    pub(super) attaching: Attaching,
    pub(super) completion: Completion,
    pub templates: Templates,
}

impl App {
    #[must_use]
    pub fn new(title: String, lineup: Lineup, keymap: Keymap) -> Self {
        let simulated = lineup.is_simulated();
        Self {
            title,
            lineup,
            simulated,
            prices_as_of: String::new(),
            prices_age: None,
            system: None,
            system_field: SystemField::default(),
            editing: None,
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
            blocks: Vec::new(),
            searches: 0,
            tour: None,
            theme: Arc::default(),
            themes: Themes::default(),
            theme_before: None,
            comparing: Comparing::default(),
            behind: false,
            uncoloured: Vec::new(),
            common: false,
            connections: Connections::default(),
            level: Arc::new(<[Endpoint]>::to_vec),
            accepts: Arc::new(|_| Vec::new()),
            tuning: Tuning::default(),
            overview: Overview::default(),
            compared: None,
            same_weights: false,
            saves: true,
            left_baseline: None,
            editor: Editor::new(),
            overlay: None,
            picker: Picker::default(),
            trials: Trials::default(),
            votes: Votes::default(),
            judging: Judging::default(),
            keeping: Keeping::default(),
            chooser: None,
            laid: None,
            notice: None,
            mouse: true,
            now: Duration::ZERO,
            // Until the first frame says otherwise.
            size: (80, 24),
            effects: Vec::new(),
            key: None,
            recall: Recall::default(),
            pointer: Pointer::default(),
            interrupted: None,
            next_id: 0,
            replaced: Total::default(),
            places: HashMap::new(),
            weighing: Weighing::default(),
            attaching: Attaching::default(),
            completion: Completion::default(),
            templates: Templates::default(),
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
                self.keep_system();
                if !self.is_writing_system() {
                    self.complete();
                }
                self.read_draft();
                self.drive_trials();
                self.send_waiting();
                self.weigh_draft();
            }
            Event::Report(report) => {
                self.report(report);
                self.send_waiting();
            }
            Event::Choices(choices) => self.picker.offer(choices, &self.lineup.endpoints),
            Event::Saved { name, said } => self.saved(name, said),
            Event::Files(reply) => self.files(reply),
            Event::Weighed { number, estimates } => self.weighed(number, estimates),
            Event::Edited(back) => self.edited(back),
            Event::Remembered(earlier) => self.recall_earlier(earlier),
            Event::Draft { text, notice } => self.found_draft(&text, notice),
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
            Event::Kept(kept) => self.kept(kept),
            Event::Tick => self.weigh_draft(),
        }
        self.keep();
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
            Terminal::Paste(text) if self.overlay == Some(Overlay::Params) => self.tuning.paste(&text),
            Terminal::Paste(text) if self.overlay == Some(Overlay::Search) => self.search_paste(&text),
            Terminal::Paste(text) if self.overlay == Some(Overlay::Form) => self.form_paste(&text),
            // It is no answer to the question that is asked.
            Terminal::Paste(_)
                if matches!(
                    self.overlay,
                    Some(Overlay::Spend | Overlay::Trials | Overlay::Doubt | Overlay::Tags)
                ) => {}
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
        if self.vi_key(key) {
            return;
        }
        let handled = match self.keymap.find(self.focus, key) {
            Some(command) => {
                let handled = (command.run)(self);
                self.toured(command.name);
                handled
            }
            None => false,
        };
        if !handled && self.focus == Focus::Prompt {
            self.editor.input(event);
        }
    }

    fn report(&mut self, report: Report) {
        self.keeping.heard(&report.step);
        if self.judge_report(&report) || self.left_report(&report) || self.veiled_report(&report) {
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
        let background = self.trials.is_running() || self.judging.is_running();
        background || self.rounds.iter().flat_map(|r| &r.entries).any(Entry::any_running)
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

    /// Ids up to this one are taken.
    pub(super) fn skip_ids(&mut self, up_to: u64) {
        self.next_id = self.next_id.max(up_to);
    }

    /// Puts a text into the prompt and sends it.
    pub fn ask(&mut self, question: &str) -> Vec<Effect> {
        self.editor.set_text(question);
        self.send();
        self.read_draft();
        self.keep();
        std::mem::take(&mut self.effects)
    }

    /// First ctrl+c: stop; the second: ask; the third: quit.
    pub(super) fn interrupt(&mut self) -> bool {
        let again = self.interrupted.is_some_and(|at| self.now.saturating_sub(at) < TWICE);
        self.interrupted = Some(self.now);
        if self.overlay == Some(Overlay::Quit) {
            self.effects.push(Effect::Quit);
        } else if !self.is_running() && (self.stop_reading() || self.stop_weighing()) {
            self.interrupted = None;
        } else if self.is_running() {
            let cases = self.stop_everything();
            self.say(format!("streams stopped{cases}; ctrl+c again asks to quit"));
        } else if again {
            // What a list has tried out is taken back with it.
            if self.overlay == Some(Overlay::Chooser) {
                self.leave_chooser();
            }
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
