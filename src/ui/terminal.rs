//! The terminal: taken whole, given back whole, on every way out.
//!
//! Quit, error and panic go through [`Screen`] and the hook; signals arrive in
//! the loop, which leaves through the same door. A terminal that goes away is
//! noticed by a thread of ours, because the event reader spins on a closed one
//! (`reliability.md` M4).

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event,
    KeyboardEnhancementFlags, PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::execute;
use crossterm::style::Print;
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, SetTitle, disable_raw_mode,
    enable_raw_mode,
};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Signal as Posix, getpid, kill_process};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;

use super::late::Late;
use super::window;

/// Whether the terminal is ours at the moment.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether the window's title was put aside and is ours.
static NAMED: AtomicBool = AtomicBool::new(false);

/// Holds the terminal; giving it back is the drop.
pub struct Screen {
    mouse: bool,
    /// Another program has the terminal.
    lent: bool,
    /// The window's title, as [`window::title`] makes it.
    window: Option<String>,
}

impl Screen {
    /// Takes the terminal: raw mode, alternate screen, bracketed paste, mouse.
    ///
    /// # Errors
    /// When the terminal refuses; what was taken until then is given back.
    pub fn enter(mouse: bool, window: Option<String>) -> io::Result<Self> {
        let screen = Self { mouse, lent: false, window };
        screen.take()?;
        Ok(screen)
    }

    fn take(&self) -> io::Result<()> {
        TAKEN.store(true, Ordering::SeqCst);
        let taken = enable_raw_mode().and_then(|()| {
            // The keyboard flags let shift+enter be told from enter; a terminal that does
            // not know them ignores the sequence, and asking first would delay the first frame.
            execute!(
                io::stdout(),
                EnterAlternateScreen,
                EnableBracketedPaste,
                PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES),
                Hide,
            )
        });
        let taken =
            taken.and_then(|()| if self.mouse { execute!(io::stdout(), EnableMouseCapture) } else { Ok(()) });
        let taken = taken.and_then(|()| match &self.window {
            Some(title) => {
                NAMED.store(true, Ordering::SeqCst);
                execute!(io::stdout(), Print(window::PUT_ASIDE), SetTitle(title))
            }
            None => Ok(()),
        });
        if taken.is_err() {
            restore();
        }
        taken
    }

    /// Gives the mouse to the terminal, or takes it.
    ///
    /// # Errors
    /// When the terminal cannot be written.
    pub fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        if on {
            execute!(io::stdout(), EnableMouseCapture)
        } else {
            execute!(io::stdout(), DisableMouseCapture)
        }
    }

    /// Gives the terminal back, stops the process as ctrl+z does, and takes the
    /// terminal again when it goes on.
    ///
    /// # Errors
    /// When the process cannot be stopped or the terminal cannot be taken again.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore();
        // SIGTSTP rather than SIGSTOP: the shell's job control sees what it expects.
        kill_process(getpid(), Posix::TSTP)?;
        self.take()
    }
}

impl Screen {
    /// Gives the terminal and its keys to another program, until [`Screen::come_back`].
    ///
    /// # Errors
    /// When the reader does not let go of the keys; everything is as it was.
    pub fn leave(&mut self) -> io::Result<()> {
        self.lent = true;
        if !GATE.shut() {
            self.lent = false;
            return Err(io::Error::other("the reader of the keys does not let go of them"));
        }
        restore();
        Ok(())
    }

    /// Whether another program has it.
    #[must_use]
    pub fn is_lent(&self) -> bool {
        self.lent
    }

    /// Takes the terminal again, where another program has it.
    ///
    /// # Errors
    /// When it refuses.
    pub fn come_back(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.lent) {
            return Ok(());
        }
        let taken = self.take();
        GATE.open();
        taken
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives everything back; safe to call twice and from a panic.
pub fn restore() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // A terminal that is gone cannot be given back, and there is nobody to tell.
    if NAMED.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stdout(), Print(window::TAKE_BACK));
    }
    let _ = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        PopKeyboardEnhancementFlags,
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show,
    );
    let _ = disable_raw_mode();
    let _ = io::stdout().flush();
}

/// On the screen's own thread a panic gives the terminal back before it is
/// printed. On a worker it is one pane's fault and says so there; printing it
/// would tear the screen.
pub fn install_panic_hook(screen: ThreadId) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == screen {
            restore();
            before(info);
        } else if !TAKEN.load(Ordering::SeqCst) {
            before(info);
        }
    }));
}

/// A signal that ends the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    HangUp,
    Interrupt,
    Quit,
    Terminate,
}

impl Signal {
    /// Whether a key sends it, to every program on the terminal.
    #[must_use]
    pub fn is_key(self) -> bool {
        matches!(self, Self::Interrupt | Self::Quit)
    }

    /// 128 + its number, as shells report it.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::HangUp => 129,
            Self::Interrupt => 130,
            Self::Quit => 131,
            Self::Terminate => 143,
        }
    }
}

/// The signals that the program answers by leaving.
pub struct Signals {
    hang_up: Stream,
    interrupt: Stream,
    quit: Stream,
    terminate: Stream,
}

impl Signals {
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.hang_up.recv() => Signal::HangUp,
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.quit.recv() => Signal::Quit,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

/// Terminal events, read on a thread of their own: the reader does not return from
/// a terminal that has gone away (`reliability.md` M4), and the loop must.
#[must_use]
pub fn events() -> UnboundedReceiver<Event> {
    let (out, receiver) = unbounded_channel();
    std::thread::spawn(move || {
        GATE.pass();
        let mut late = Late::default();
        while let Ok(event) = crossterm::event::read() {
            for event in late.pass(event) {
                if out.send(event).is_err() {
                    return;
                }
            }
            GATE.pass();
        }
    });
    receiver
}

/// Whether the reader may read. Another program on the terminal must have its keys for itself.
struct Gate {
    /// (shut, the reader stands before it)
    state: Mutex<(bool, bool)>,
    changed: Condvar,
}

static GATE: Gate = Gate { state: Mutex::new((false, false)), changed: Condvar::new() };

impl Gate {
    fn state(&self) -> MutexGuard<'_, (bool, bool)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stands before the gate while it is shut.
    fn pass(&self) {
        let mut state = self.state();
        while state.0 {
            state.1 = true;
            self.changed.notify_all();
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.1 = false;
    }

    fn open(&self) {
        self.state().0 = false;
        self.changed.notify_all();
    }

    /// Shuts it and waits until the reader stands before it; false where it does not come.
    fn shut(&self) -> bool {
        let mut state = self.state();
        state.0 = true;
        for _ in 0..CALLS {
            if state.1 {
                return true;
            }
            // The reader sleeps until something can be read. A change of the terminal's size wakes
            // it as well, and one that did not happen is told to it by a signal of our own: it
            // reads the size, which is what it was.
            let _ = kill_process(getpid(), Posix::WINCH);
            state = match self.changed.wait_timeout(state, CALL) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        state.0 = false;
        false
    }
}

/// How often the reader is called to the gate, and how long each call waits.
const CALLS: usize = 40;
const CALL: Duration = Duration::from_millis(25);

/// Resolves when the terminal has gone away. A thread sleeps in `poll` with
/// nothing asked for, so only a hang-up or an error wakes it.
#[must_use]
pub fn watch_tty() -> oneshot::Receiver<()> {
    let (gone, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let stdin = io::stdin();
        loop {
            let mut fds = [PollFd::new(&stdin, PollFlags::empty())];
            match poll(&mut fds, None) {
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
                Ok(_) => {
                    let flags = fds.first().map_or(PollFlags::empty(), PollFd::revents);
                    if flags.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
                        let _ = gone.send(());
                        return;
                    }
                }
            }
        }
    });
    receiver
}
