//! Floor 4: the screen. State, update, view.
//!
//! [`App`] is the only state; [`App::update`] folds events and gives effects,
//! [`draw`] shows it. Neither does IO or reads a clock: both happen in [`run`],
//! the loop below, on the main thread, away from the workers that stamp arrivals.
//!
//! Why no component framework: overlays are one ordered layer, panes are structs
//! with methods, and every key goes through one table.

mod actions;
mod app;
mod ascii;
mod attach;
mod blind;
mod board;
mod body;
mod careful;
mod chooser;
mod clipboard;
mod colour;
mod command;
mod command_rows;
mod compare;
mod completion;
mod copying;
mod depth;
mod desk;
mod detail;
mod detail_cost;
mod detail_filled;
mod editor;
mod event;
mod figures;
mod find;
mod form;
mod help;
mod ink;
mod judge_view;
mod judging;
mod keeping;
mod key;
mod late;
mod layout;
mod library;
mod lineup;
mod markdown;
mod overview;
mod pacer;
mod palette;
mod pane;
mod params;
mod params_view;
mod picker;
mod picker_view;
mod prompt_view;
mod recall;
mod reopen;
mod round_diff;
mod rounds;
mod scrolling;
mod search;
mod sending;
mod setup;
mod status;
mod system;
mod templates;
mod terminal;
mod text;
mod theme;
mod theme_choice;
mod totals;
mod tour;
mod trials;
mod view;
mod views;
mod votes;
mod waiting_cases;
mod weighing;
mod welcome;
mod window;
mod writing;

use std::io::{self, BufWriter, Stdout, Write};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::Terminal;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::model::AnswerId;
use crate::model::Endpoint;
use crate::model::Estimate;
use crate::model::Lineup;
use crate::model::Prompt;
use crate::model::Reference;
use crate::model::Report;
use crate::model::clean_line;
use crate::model::words;
use crate::store::Disk;
use crate::store::KeptSession;
use crate::store::News;
use crate::store::Save;
use crate::store::SessionRecord;
use crate::store::VoteFile;

pub use app::{App, Effect, Entry, Event, Overlay, Round};
pub use attach::Found;
pub use board::{Sheet, said};
pub use colour::{Uncoloured, read_code};
pub use command::{COMMANDS, Command, Focus, Keymap};
pub use compare::{Compare, Comparing, Pair};
pub use depth::Depth;
pub use desk::{Desk, Orphan, Outside, Pen};
pub use help::MARKS;
pub use judging::Judging;
pub use key::Key;
pub use late::expect_late_colours;
pub use layout::Layout;
pub use library::{Reply, Wish};
pub use markdown::Markdown;
pub use pacer::Pacer;
pub use params::{Accepted, Tuning};
pub use picker::{Choice, Picker, Ready};
pub use rounds::Editing;
pub use setup::Setup;
pub use templates::Given;
pub use text::Flow;
pub use theme::{AUTO, About, Ground, Theme, ThemeFile, Themes};
pub use trials::{Run, Trial, Trials};
pub use view::draw;
pub use views::{VIEWS, View};
pub use welcome::{Picked, Sight, Welcome};

use careful::Careful;
use clipboard::Clipboard;
use colour::Colourist;
use desk::Written;
use setup::furnished;
use terminal::{Screen, Signals};

/// Steps taken in one go before a frame may be drawn. Far more than arrive
/// between two frames, so that a flood costs frames, not memory.
const DRAIN: usize = 1024;

/// The slow tick, only while something runs: the spinner and the running clocks.
const TICK: Duration = Duration::from_millis(100);

/// Brings endpoints to the settings that all of them take.
pub type Leveller = Arc<dyn Fn(&[Endpoint]) -> Vec<Endpoint> + Send + Sync>;

/// Says what an endpoint takes, one row for each parameter, and what would become of those it is asked with.
pub type Accepter = Arc<dyn Fn(&Endpoint) -> Vec<Accepted> + Send + Sync>;

/// Says what asking an endpoint may cost. It may take a while: it is not called on the screen's thread.
pub type Estimator = Arc<dyn Fn(&Endpoint, &Prompt) -> Estimate + Send + Sync>;

/// Reads and writes files: cases, the library of prompts. It may take a while: it is not called on
/// the screen's thread.
pub type Files = Arc<dyn Fn(Wish) -> Reply + Send + Sync>;

/// The terminal's keys: one reader for all screens of a process, because a second one would
/// take what is typed for the first.
pub struct Keys(UnboundedReceiver<crossterm::event::Event>);

/// What carries out the screen's wishes; joined to the engine by `cli`.
pub trait Backend {
    fn launch(&self, id: AnswerId, endpoint: Endpoint, prompt: Prompt);
    fn cancel(&self, id: AnswerId);
    /// Begins to keep the session, where it is to be kept: its name, the time since 1970, its facts.
    fn keeps(&self, tell: Box<dyn Fn(News) + Send>) -> Option<(String, Duration, SessionRecord)>;
    /// Writes these, elsewhere than on the screen's thread; what is launched later waits for it.
    fn keep(&self, saves: Vec<Save>);
    /// The last of them: it waits until they are written, but not for ever; whether all are.
    fn finish(&self, saves: Vec<Save>) -> bool;
    /// Keeps a lineup; the sentence either way is shown.
    ///
    /// # Errors
    /// Why it is not kept.
    fn save_lineup(&self, name: &str, lineup: &Lineup) -> Result<String, String>;
    /// Keeps a theme as the one to begin with; the sentence is shown.
    ///
    /// # Errors
    /// Why it is not kept.
    fn save_theme(&self, name: &str) -> Result<String, String>;
    /// Where votes are kept; it is written and read away from the screen's thread.
    fn votes(&self) -> Option<VoteFile>;
    /// Where the prompt's files are; it is asked away from the screen's thread.
    fn disk(&self) -> Disk;
    /// The first frame is on the screen: now is the time for what takes time.
    fn drawn(&self);
}

/// How the screen ended, and what was said on it.
#[derive(Default)]
pub struct Exit {
    pub code: u8,
    pub rounds: Vec<Round>,
    /// The endpoint that the others were compared with at the end.
    pub baseline: Option<Endpoint>,
    /// The session that there is to come back to.
    pub kept: Option<String>,
}

/// Shows the screen until the user or a signal ends it.
///
/// # Errors
/// When the terminal cannot be taken or drawn; it is given back first.
pub async fn run(
    mut setup: Setup,
    backend: impl Backend,
    mut reports: UnboundedReceiver<Report>,
) -> io::Result<Exit> {
    terminal::install_panic_hook(std::thread::current().id());
    let mut signals = Signals::new()?;
    let (replies, mut answered) = unbounded_channel();
    let mut held = Held::new(&mut setup, &replies)?;
    let start = Instant::now();
    let mut pacer = Pacer::default();
    let (choices, estimate) = (Arc::clone(&setup.choices), Arc::clone(&setup.estimate));
    let (started_keys, initial_prompt) = (setup.keys.take(), setup.initial_prompt.take());
    let draft = std::mem::take(&mut setup.draft);
    let reopened = setup.reopened.take();
    let (mut app, pen) = furnished(setup);
    keep(&mut app, &backend, reopened, replies.clone());
    let drafted = app.draft(&draft);

    held.draw(&mut app)?;
    pacer.drawn(Instant::now());
    backend.drawn();
    let tell = replies.clone();
    // Nobody is told once the screen has gone.
    let mut app = Written::new(app, pen, Arc::new(move |event| drop(tell.send(event))));
    planted_panic();
    let mut gone = terminal::watch_tty();
    let mut keys = started_keys.map_or_else(terminal::events, |Keys(keys)| keys);
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut effects = initial_prompt.map_or(drafted, |p| app.ask(&p));
    let code = loop {
        for effect in effects.drain(..) {
            let Some(effect) = app.carry_out(effect, &mut held.screen) else { continue };
            let reply = match effect {
                Effect::Choices => Event::Choices(choices()),
                Effect::SaveLineup { name, lineup } => {
                    Event::Saved { said: backend.save_lineup(&name, &lineup), name }
                }
                Effect::SaveTheme(name) => Event::Said(saved_theme(&backend, &name)),
                Effect::Weigh { number, asks } => {
                    weigh(number, asks, Arc::clone(&estimate), replies.clone());
                    continue;
                }
                other => {
                    if let Some(code) = held.carry_out(other, &backend)? {
                        return Ok(ended(&mut app, code, &backend));
                    }
                    pacer.input(Instant::now());
                    continue;
                }
            };
            // A reply asks for nothing in its turn.
            app.update(reply, start.elapsed());
            pacer.input(Instant::now());
        }
        let owed = pacer.due().map(tokio::time::Instant::from_std).filter(|_| !held.screen.is_lent());
        let unkept = app.keep(Instant::now()).map(tokio::time::Instant::from_std);
        tokio::select! {
            biased;
            // The keys that interrupt go to every program on the terminal; they are the editor's.
            signal = signals.next() => if !(held.screen.is_lent() && signal.is_key()) { break signal.code() },
            _ = &mut gone => break terminal::Signal::HangUp.code(),
            event = keys.recv(), if !held.screen.is_lent() => match event {
                Some(event) => {
                    effects = app.update(Event::Terminal(event), start.elapsed());
                    pacer.input(Instant::now());
                }
                // The terminal's end of the line is gone.
                None => break terminal::Signal::HangUp.code(),
            },
            () = sleep_until(owed), if owed.is_some() => {
                // A terminal that took the first frame and refuses this one has gone away.
                if held.draw(&mut app).is_err() {
                    break terminal::Signal::HangUp.code();
                }
                pacer.drawn(Instant::now());
            }
            () = sleep_until(unkept), if unkept.is_some() => {}
            Some(event) = answered.recv() => {
                if matches!(event, Event::Edited(_)) {
                    held.come_back()?;
                }
                // Nobody has pressed a key for the colours of code: they keep the stream's pace.
                let colours = matches!(event, Event::Coloured { .. });
                effects = app.update(event, start.elapsed());
                if colours { pacer.stream(Instant::now()) } else { pacer.input(Instant::now()) }
            }
            Some(report) = reports.recv() => {
                let now = start.elapsed();
                effects = app.update(Event::Report(report), now);
                for _ in 0..DRAIN {
                    let Ok(report) = reports.try_recv() else { break };
                    effects.extend(app.update(Event::Report(report), now));
                }
                pacer.stream(Instant::now());
            }
            _ = tick.tick(), if app.is_alive() => {
                effects = app.update(Event::Tick, start.elapsed());
                pacer.stream(Instant::now());
            }
        }
    };
    Ok(ended(&mut app, code, &backend))
}

fn ended(app: &mut App, code: u8, backend: &impl Backend) -> Exit {
    let written = backend.finish(app.unkept());
    let kept = app.keeping.session().filter(|_| written).map(str::to_owned);
    app.unveil_all();
    let baseline = app.lineup.base().cloned();
    Exit { code, rounds: std::mem::take(&mut app.rounds), baseline, kept }
}

/// The session is kept from now on, and goes on where another one was left.
fn keep(
    app: &mut App,
    backend: &impl Backend,
    reopened: Option<(KeptSession, bool)>,
    told: UnboundedSender<Event>,
) {
    // Nobody is told once the screen has gone.
    let begun = backend.keeps(Box::new(move |news| drop(told.send(Event::Kept(news)))));
    if let Some((name, clock, facts)) = begun {
        app.keep_as(name, clock, facts);
    }
    if let Some((kept, own)) = reopened {
        app.reopen(kept, own);
    }
}

fn saved_theme(backend: &impl Backend, name: &str) -> String {
    backend.save_theme(name).unwrap_or_else(|e| format!("not saved: {e}"))
}

/// Whatever happens while a file is read is an answer: a prompt waits for it.
fn found(disk: &Disk, file: &Reference) -> Found {
    catch_unwind(AssertUnwindSafe(|| disk.find(file)))
        .unwrap_or_else(|_| Err(format!("{} cannot be read", clean_line(&file.name))))
}

/// Asks the disk away from the screen's thread: it may hang for as long as it likes.
fn ask_disk(effect: Effect, disk: Disk, told: tokio::sync::mpsc::UnboundedSender<Event>) {
    tokio::task::spawn_blocking(move || {
        let event = match effect {
            Effect::ReadFiles { number, files } => {
                let read = |file| (found(&disk, &file), file);
                let found = files.into_iter().map(read).map(|(found, file)| (file, found)).collect();
                Event::FilesRead { number, found }
            }
            Effect::ListFiles { number, directory } => {
                let entries = disk.list(&directory);
                Event::FilesListed { number, directory, entries }
            }
            _ => return,
        };
        // Nobody waits for it once the screen has gone.
        let _ = told.send(event);
    });
}

/// Estimates elsewhere than on the screen's thread. Whatever happens there is an answer: an
/// order waits for it.
fn weigh(
    number: u64,
    asks: Vec<(Endpoint, Prompt)>,
    estimate: Estimator,
    replies: tokio::sync::mpsc::UnboundedSender<Event>,
) {
    tokio::task::spawn_blocking(move || {
        let one = |(endpoint, prompt): &(Endpoint, Prompt)| {
            catch_unwind(AssertUnwindSafe(|| estimate(endpoint, prompt))).unwrap_or_else(|_| Estimate::none())
        };
        let estimates = asks.iter().map(one).collect();
        // Nobody waits for it once the screen has gone.
        let _ = replies.send(Event::Weighed { number, estimates });
    });
}

/// Shows it until the user has chosen or a signal ends it; the terminal is given back. What
/// takes a while to be found is added when it is there.
///
/// # Errors
/// When the terminal cannot be taken, drawn or read.
pub async fn welcome(
    welcome: &mut Welcome,
    theme: &Theme,
    found_later: impl Future<Output = Vec<Sight>>,
) -> io::Result<(Picked, Keys)> {
    terminal::install_panic_hook(std::thread::current().id());
    let mut signals = Signals::new()?;
    let _screen = Screen::enter(false, None)?;
    let mut terminal = ManuallyDrop::new(new_terminal()?);
    let mut keys = terminal::events();
    let mut found_later = std::pin::pin!(found_later);
    loop {
        terminal.draw(|frame| {
            welcome.draw(theme, frame);
            theme.finish(frame.buffer_mut());
        })?;
        Write::flush(terminal.backend_mut())?;
        let event = tokio::select! {
            signal = signals.next() => return Ok((Picked::Quit(signal.code()), Keys(keys))),
            event = keys.recv() => event,
            sights = &mut found_later, if welcome.looking => {
                welcome.looking = false;
                welcome.sights.extend(sights);
                continue;
            }
        };
        let Some(event) = event else {
            return Ok((Picked::Quit(terminal::Signal::HangUp.code()), Keys(keys)));
        };
        if let crossterm::event::Event::Key(key) = event
            && key.kind != crossterm::event::KeyEventKind::Release
            && let Some(picked) = welcome.key(key.code, key.modifiers)
        {
            return Ok((picked, Keys(keys)));
        }
    }
}

/// A panic on the screen's own thread, on request and in debug builds only: what the
/// terminal looks like after one can be proven in no other way.
fn planted_panic() {
    #[cfg(debug_assertions)]
    assert!(std::env::var_os("BAKEOFF_PLANTED_PANIC").is_none(), "a planted panic");
}

async fn sleep_until(at: Option<tokio::time::Instant>) {
    if let Some(at) = at {
        tokio::time::sleep_until(at).await;
    }
}

type Term = Terminal<Careful<BufWriter<Stdout>>>;

/// One write for a whole frame: a frame in pieces is a frame that tears.
fn new_terminal() -> io::Result<Term> {
    Terminal::new(Careful::new(BufWriter::with_capacity(1 << 16, io::stdout())))
}

/// The terminal and what it is drawn with.
struct Held {
    screen: Screen,
    /// Never dropped: its drop shows the cursor, which [`Screen`] does, and prints a
    /// failure to a standard error that is gone with the terminal, which panics.
    terminal: ManuallyDrop<Term>,
    colourist: Colourist,
    clipboard: Clipboard,
    files: Files,
    replies: UnboundedSender<Event>,
}

impl Held {
    fn new(setup: &mut Setup, replies: &UnboundedSender<Event>) -> io::Result<Self> {
        let window = setup.names_window.then(|| window::title(&setup.title, setup.theme.ascii));
        Ok(Self {
            screen: Screen::enter(true, window)?,
            terminal: ManuallyDrop::new(new_terminal()?),
            colourist: Colourist::new(setup.program.take(), replies.clone()),
            clipboard: Clipboard::new(replies.clone()),
            files: Arc::clone(&setup.files),
            replies: replies.clone(),
        })
    }

    fn come_back(&mut self) -> io::Result<()> {
        if self.screen.is_lent() {
            self.screen.come_back()?;
            self.terminal.clear()?;
        }
        Ok(())
    }

    fn draw(&mut self, app: &mut App) -> io::Result<()> {
        let theme = Arc::clone(&app.theme);
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| {
            draw(app, &theme, frame);
            theme.finish(frame.buffer_mut());
        })?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        Write::flush(self.terminal.backend_mut())?;
        for code in app.uncoloured.drain(..) {
            self.colourist.ask(code);
        }
        if let Some(Compare { pair, before, after }) = app.comparing.wanted.take() {
            let replies = self.replies.clone();
            tokio::task::spawn_blocking(move || {
                let diff = words(&before, &after);
                // Nobody waits for it once the screen has gone.
                let _ = replies.send(Event::Compared { pair, diff });
            });
        }
        Ok(())
    }

    /// Does what an event asked for; gives the exit code of a quit.
    fn carry_out(&mut self, effect: Effect, backend: &impl Backend) -> io::Result<Option<u8>> {
        match effect {
            Effect::Keep(saves) => backend.keep(saves),
            Effect::Launch { id, endpoint, prompt } => backend.launch(id, *endpoint, *prompt),
            Effect::Cancel(id) => backend.cancel(id),
            Effect::ReadFiles { .. } | Effect::ListFiles { .. } => {
                ask_disk(effect, backend.disk(), self.replies.clone());
            }
            Effect::Vote { .. } | Effect::Board(_) => {
                let told = self.replies.clone();
                // Nobody is told once the screen has gone.
                board::ask(effect, backend.votes(), move |event| drop(told.send(event)));
            }
            Effect::Copy { what, text, terminal } => {
                let copied = (what, text);
                let left = if terminal { Err(copied) } else { self.clipboard.desktop(copied) };
                if let Err(copied) = left {
                    self.clipboard.terminal(self.terminal.backend_mut(), copied)?;
                }
            }
            Effect::Mouse(on) => self.screen.set_mouse(on)?,
            Effect::Redraw => self.terminal.clear()?,
            Effect::Suspend => {
                self.screen.suspend()?;
                self.terminal.clear()?;
            }
            Effect::Files(wish) => {
                let (files, replies) = (Arc::clone(&self.files), self.replies.clone());
                tokio::task::spawn_blocking(move || {
                    // Nobody waits for it once the screen has gone.
                    let _ = replies.send(Event::Files(files(wish)));
                });
            }
            Effect::Quit => return Ok(Some(0)),
            // Answered by the loop, which has what they ask for.
            Effect::Choices
            | Effect::SaveLineup { .. }
            | Effect::SaveTheme(_)
            | Effect::Weigh { .. }
            | Effect::Edit(_)
            | Effect::Remember(_)
            | Effect::Adopt(_) => {}
        }
        Ok(None)
    }
}
