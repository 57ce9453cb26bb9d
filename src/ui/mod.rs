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
mod careful;
mod chooser;
mod command;
mod desk;
mod detail;
mod detail_cost;
mod editor;
mod figures;
mod find;
mod help;
mod ink;
mod key;
mod layout;
mod lineup;
mod pacer;
mod palette;
mod pane;
mod picker;
mod picker_view;
mod recall;
mod sending;
mod status;
mod terminal;
mod text;
mod theme;
mod totals;
mod view;
mod views;
mod weighing;
mod welcome;
mod writing;

use std::io::{self, BufWriter, Stdout, Write};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::clipboard::CopyToClipboard;
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::Terminal;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::model::AnswerId;
use crate::model::Connections;
use crate::model::Endpoint;
use crate::model::Estimate;
use crate::model::Lineup;
use crate::model::Prompt;
use crate::model::Report;
use crate::model::Spending;

pub use app::{App, Effect, Entry, Event, Overlay, Round};
pub use desk::{Desk, Orphan};
pub use command::{COMMANDS, Command, Focus, Keymap};
pub use help::MARKS;
pub use key::Key;
pub use layout::Layout;
pub use pacer::Pacer;
pub use picker::{Choice, Picker, Ready};
pub use text::Flow;
pub use theme::Theme;
pub use view::draw;
pub use views::{VIEWS, View};
pub use welcome::{Picked, Sight, Welcome};

use careful::Careful;
use desk::Written;
use terminal::{Screen, Signals};

/// Steps taken in one go before a frame may be drawn. Far more than arrive
/// between two frames, so that a flood costs frames, not memory.
const DRAIN: usize = 1024;

/// The slow tick, only while something runs: the spinner and the running clocks.
const TICK: Duration = Duration::from_millis(100);

/// Brings endpoints to the settings that all of them take.
pub type Leveller = Arc<dyn Fn(&[Endpoint]) -> Vec<Endpoint> + Send + Sync>;

/// Says what asking an endpoint may cost. It may take a while: it is not called on the screen's thread.
pub type Estimator = Arc<dyn Fn(&Endpoint, &Prompt) -> Estimate + Send + Sync>;

/// Lets the user's editor have a text while the terminal is free; gives what became of it, or `None`
/// where nothing did, or why, in words. It takes as long as the user does.
pub type Outside = Arc<dyn Fn(&str) -> Result<Option<String>, String> + Send + Sync>;

/// The terminal's keys: one reader for all screens of a process, because a second one would
/// take what is typed for the first.
pub struct Keys(UnboundedReceiver<crossterm::event::Event>);

/// What the screen starts with.
pub struct Setup {
    pub title: String,
    pub lineup: Lineup,
    pub theme: Theme,
    pub keymap: Keymap,
    /// Sent at once.
    pub initial_prompt: Option<String>,
    pub system: Option<String>,
    /// Day of the price list, and its age in days.
    pub prices: (String, Option<i32>),
    /// What can be added to the lineup; asked once, when the picker is first opened.
    pub choices: Arc<dyn Fn() -> Vec<Choice> + Send + Sync>,
    /// Brings endpoints to the settings that all of them take; names and order stay.
    pub level: Leveller,
    /// Whether that is switched on from the start.
    pub common: bool,
    /// What a round may cost; shown while it is written, and held against the budget.
    pub estimate: Estimator,
    pub spending: Spending,
    /// How endpoints are reached.
    pub connections: Connections,
    /// The lineup is one open model on several clouds.
    pub same_weights: bool,
    /// Whether there is a config in which a lineup can be saved.
    pub saves: bool,
    /// The reader of a screen that came before.
    pub keys: Option<Keys>,
    /// Where drafts and sent prompts are kept; `None` keeps nothing.
    pub desk: Option<Box<dyn Desk>>,
    /// vi's keys in the prompt field.
    pub vi: bool,
    /// Lets the user's editor have a text.
    pub outside: Outside,
    /// Said once, when the screen appears.
    pub notice: Option<String>,
}

/// What carries out the screen's wishes; joined to the engine by `cli`.
pub trait Backend {
    fn launch(&self, id: AnswerId, endpoint: Endpoint, prompt: Prompt);
    fn cancel(&self, id: AnswerId);
    /// Keeps a lineup; the sentence either way is shown.
    ///
    /// # Errors
    /// Why it is not kept.
    fn save_lineup(&self, name: &str, lineup: &Lineup) -> Result<String, String>;
    /// The first frame is on the screen: now is the time for what takes time.
    fn drawn(&self);
}

/// How the screen ended, and what was said on it.
pub struct Exit {
    pub code: u8,
    pub rounds: Vec<Round>,
}

/// Shows the screen until the user or a signal ends it.
///
/// # Errors
/// When the terminal cannot be taken or drawn; it is given back first.
pub async fn run(
    setup: Setup,
    backend: impl Backend,
    mut reports: UnboundedReceiver<Report>,
) -> io::Result<Exit> {
    terminal::install_panic_hook(std::thread::current().id());
    let mut signals = Signals::new()?;
    let mut held = Held {
        screen: Screen::enter(true)?,
        terminal: ManuallyDrop::new(new_terminal()?),
        theme: setup.theme,
        away: false,
    };
    let start = Instant::now();
    let mut pacer = Pacer::default();
    let mut app = App::new(setup.title, setup.lineup, setup.keymap);
    app.system = setup.system;
    (app.prices_as_of, app.prices_age) = setup.prices;
    app.level = setup.level;
    app.common = setup.common;
    app.connections = setup.connections;
    app.saves = setup.saves;
    app.same_weights = setup.same_weights;
    if let Some(notice) = setup.notice {
        app.say(notice);
    }
    app.weigh_by(setup.spending);
    let (choices, estimate) = (setup.choices, setup.estimate);
    let (weighed, mut weights) = unbounded_channel();
    app.editor.set_vi(setup.vi);
    let (desk, outside) = (setup.desk, setup.outside);

    held.draw(&mut app)?;
    pacer.drawn(Instant::now());
    backend.drawn();
    let tell = weighed.clone();
    // Nobody is told once the screen has gone.
    let mut app = Written::new(app, desk, move |event| drop(tell.send(event)));
    planted_panic();
    let mut gone = terminal::watch_tty();
    let mut keys = setup.keys.map_or_else(terminal::events, |Keys(keys)| keys);
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut effects = setup.initial_prompt.map(|p| app.ask(&p)).unwrap_or_default();
    let code = loop {
        for effect in effects.drain(..) {
            let reply = match effect {
                Effect::Choices => Event::Choices(choices()),
                Effect::SaveLineup { name, lineup } => {
                    let said = backend.save_lineup(&name, &lineup);
                    Event::Saved { name, said }
                }
                Effect::Weigh { number, asks } => {
                    weigh(number, asks, Arc::clone(&estimate), weighed.clone());
                    continue;
                }
                Effect::Edit(text) => match held.leave() {
                    Ok(()) => {
                        lend(text, Arc::clone(&outside), weighed.clone());
                        continue;
                    }
                    Err(e) => Event::Edited(Err(format!("the editor is not started: {e}"))),
                },
                Effect::Remember(prompt) => {
                    app.remember(prompt);
                    continue;
                }
                Effect::Adopt(adopted) => {
                    app.settle(adopted);
                    continue;
                }
                other => {
                    if let Some(code) = held.carry_out(other, &backend)? {
                        return Ok(Exit { code, rounds: std::mem::take(&mut app.rounds) });
                    }
                    pacer.input(Instant::now());
                    continue;
                }
            };
            // A reply asks for nothing in its turn.
            app.update(reply, start.elapsed());
            pacer.input(Instant::now());
        }
        let owed = pacer.due().map(tokio::time::Instant::from_std).filter(|_| !held.away);
        let unkept = app.keep(Instant::now()).map(tokio::time::Instant::from_std);
        tokio::select! {
            biased;
            // The keys that interrupt go to every program on the terminal; they are the editor's.
            signal = signals.next() => if !(held.away && signal.is_key()) { break signal.code() },
            _ = &mut gone => break terminal::Signal::HangUp.code(),
            event = keys.recv(), if !held.away => match event {
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
            Some(event) = weights.recv() => {
                if matches!(event, Event::Edited(_)) {
                    held.come_back()?;
                }
                effects = app.update(event, start.elapsed());
                pacer.input(Instant::now());
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
    Ok(Exit { code, rounds: std::mem::take(&mut app.rounds) })
}

/// Estimates elsewhere than on the screen's thread. Whatever happens there is an answer: an
/// order waits for it.
fn weigh(
    number: u64,
    asks: Vec<(Endpoint, Prompt)>,
    estimate: Estimator,
    weighed: tokio::sync::mpsc::UnboundedSender<Event>,
) {
    tokio::task::spawn_blocking(move || {
        let one = |(endpoint, prompt): &(Endpoint, Prompt)| {
            catch_unwind(AssertUnwindSafe(|| estimate(endpoint, prompt))).unwrap_or_else(|_| Estimate::none())
        };
        let estimates = asks.iter().map(one).collect();
        // Nobody waits for it once the screen has gone.
        let _ = weighed.send(Event::Weighed { number, estimates });
    });
}

/// Lets the user's editor have the prompt, on a thread: answers go on arriving meanwhile.
fn lend(text: String, outside: Outside, back: tokio::sync::mpsc::UnboundedSender<Event>) {
    std::thread::spawn(move || {
        let edited = catch_unwind(AssertUnwindSafe(|| outside(&text)));
        let edited = edited.unwrap_or_else(|_| Err("the editor could not be started".into()));
        // The text is in the draft where the screen has gone.
        let _ = back.send(Event::Edited(edited));
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
    let _screen = Screen::enter(false)?;
    let mut terminal = ManuallyDrop::new(new_terminal()?);
    let mut keys = terminal::events();
    let mut found_later = std::pin::pin!(found_later);
    loop {
        terminal.draw(|frame| welcome.draw(theme, frame))?;
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
    theme: Theme,
    /// Another program has the terminal.
    away: bool,
}

impl Held {
    fn leave(&mut self) -> io::Result<()> {
        self.screen.leave()?;
        self.away = true;
        Ok(())
    }

    fn come_back(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.away) {
            self.screen.come_back()?;
            self.terminal.clear()?;
        }
        Ok(())
    }

    fn draw(&mut self, app: &mut App) -> io::Result<()> {
        let theme = &self.theme;
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| draw(app, theme, frame))?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        Write::flush(self.terminal.backend_mut())
    }

    /// Does what an event asked for; gives the exit code of a quit.
    fn carry_out(&mut self, effect: Effect, backend: &impl Backend) -> io::Result<Option<u8>> {
        match effect {
            Effect::Launch { id, endpoint, prompt } => backend.launch(id, *endpoint, *prompt),
            Effect::Cancel(id) => backend.cancel(id),
            Effect::Copy(text) => {
                queue!(self.terminal.backend_mut(), CopyToClipboard::to_clipboard_from(text))?;
                Write::flush(self.terminal.backend_mut())?;
            }
            Effect::Mouse(on) => self.screen.set_mouse(on)?,
            Effect::Redraw => self.terminal.clear()?,
            Effect::Suspend => {
                self.screen.suspend()?;
                self.terminal.clear()?;
            }
            Effect::Quit => return Ok(Some(0)),
            // Answered by the loop, which has what they ask for.
            Effect::Choices
            | Effect::SaveLineup { .. }
            | Effect::Weigh { .. }
            | Effect::Edit(_)
            | Effect::Remember(_)
            | Effect::Adopt(_) => {}
        }
        Ok(None)
    }
}
