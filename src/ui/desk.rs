//! What is kept of writing, off the screen's thread: prompts that were sent, and the draft.
//!
//! A thread of its own has the files. The loop tells it of changes, at most once a second; the
//! drop of [`Written`] tells it the last one, whichever way the screen ends.

use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use super::app::{App, Effect, Event};
use super::terminal::Screen;

/// The draft is kept no more often than this.
const PACE: Duration = Duration::from_secs(1);

/// A disk that does not answer holds the way out up no longer than this.
const PATIENCE: Duration = Duration::from_secs(2);

/// A draft that an earlier instance has left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    pub text: String,
    /// What to say when it is back.
    pub notice: String,
}

/// Where writing is kept. Its methods take their time: they are called on a thread of their own.
pub trait Desk: Send {
    /// Prompts of earlier sessions, oldest first.
    ///
    /// # Errors
    /// Why they cannot be read, in words.
    fn history(&mut self) -> Result<Vec<String>, String>;

    /// Keeps a prompt that was sent.
    ///
    /// # Errors
    /// Why it is not kept.
    fn remember(&mut self, prompt: &str) -> Result<(), String>;

    /// Keeps the draft as it is now; an empty one is removed.
    ///
    /// # Errors
    /// Why it is not kept.
    fn draft(&mut self, text: &str) -> Result<(), String>;

    /// A draft that nobody writes on any more; it stays where it is until [`Desk::settle`].
    fn orphan(&mut self) -> Option<Orphan>;

    /// The orphan is this instance's draft now, or stays for another.
    fn settle(&mut self, adopted: bool);
}

/// Lets the user's editor have a text while the terminal is free; gives what became of it, or `None`
/// where nothing did, or why, in words. It takes as long as the user does.
pub type Outside = Arc<dyn Fn(&str) -> Result<Option<String>, String> + Send + Sync>;

/// How prompts are written, and where that is kept.
pub struct Pen {
    /// `None` keeps nothing.
    pub desk: Option<Box<dyn Desk>>,
    /// vi's keys in the prompt field.
    pub vi: bool,
    pub outside: Outside,
}

/// Brings an event to the loop.
type Tell = Arc<dyn Fn(Event) + Send + Sync>;

enum Job {
    Remember(String),
    Draft(String),
    Settle(bool),
}

/// The screen's state, with its draft kept.
pub(super) struct Written {
    app: App,
    jobs: Option<Sender<Job>>,
    done: Option<Receiver<()>>,
    outside: Outside,
    tell: Tell,
    /// The revision that is kept, and when it was.
    kept: (u64, Option<Instant>),
}

impl Written {
    /// Begins to keep what is written; `tell` brings what is found to the loop.
    pub(super) fn new(mut app: App, pen: Pen, tell: Tell) -> Self {
        let Pen { desk, outside, .. } = pen;
        app.recall.keeps = desk.is_some();
        let kept = (app.prompt_field().revision(), None);
        let Some(desk) = desk else {
            return Self { app, jobs: None, done: None, outside, tell, kept };
        };
        let ((jobs, todo), (ended, done)) = (channel(), channel());
        let teller = Arc::clone(&tell);
        std::thread::spawn(move || {
            work(desk, &todo, &*teller);
            // Nobody may wait for it any more.
            let _ = ended.send(());
        });
        Self { app, jobs: Some(jobs), done: Some(done), outside, tell, kept }
    }

    fn send(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // A thread that is gone has said why.
            let _ = jobs.send(job);
        }
    }

    /// Does what concerns writing; gives every other wish back.
    pub(super) fn carry_out(&self, effect: Effect, screen: &mut Screen) -> Option<Effect> {
        match effect {
            Effect::Remember(prompt) => self.send(Job::Remember(prompt)),
            Effect::Adopt(adopted) => self.send(Job::Settle(adopted)),
            Effect::Edit(text) => match screen.leave() {
                Ok(()) => self.lend(text),
                Err(e) => (self.tell)(Event::Edited(Err(format!("the editor is not started: {e}")))),
            },
            other => return Some(other),
        }
        None
    }

    /// Lets the user's editor have the prompt, on a thread: answers go on arriving meanwhile.
    fn lend(&self, text: String) {
        let (outside, tell) = (Arc::clone(&self.outside), Arc::clone(&self.tell));
        std::thread::spawn(move || {
            let edited = catch_unwind(AssertUnwindSafe(|| outside(&text)));
            tell(Event::Edited(edited.unwrap_or_else(|_| Err("the editor could not be started".into()))));
        });
    }

    /// Keeps the draft where it has changed and it is time; else says when it will be.
    pub(super) fn keep(&mut self, now: Instant) -> Option<Instant> {
        let revision = self.app.prompt_field().revision();
        if self.jobs.is_none() || revision == self.kept.0 {
            return None;
        }
        let due = self.kept.1.map(|at| at + PACE).filter(|due| *due > now);
        if due.is_none() {
            self.kept = (revision, Some(now));
            self.send(Job::Draft(self.app.draft_to_keep()));
        }
        due
    }
}

impl Deref for Written {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl DerefMut for Written {
    fn deref_mut(&mut self) -> &mut App {
        &mut self.app
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        if self.app.prompt_field().revision() != self.kept.0 {
            self.send(Job::Draft(self.app.draft_to_keep()));
        }
        self.jobs = None;
        if let Some(done) = &self.done {
            let _ = done.recv_timeout(PATIENCE);
        }
    }
}

fn work(mut desk: Box<dyn Desk>, todo: &Receiver<Job>, tell: &dyn Fn(Event)) {
    if let Some(Orphan { text, notice }) = desk.orphan() {
        tell(Event::Draft { text, notice });
    }
    match desk.history() {
        Ok(earlier) => tell(Event::Remembered(earlier)),
        Err(why) => tell(Event::Said(why)),
    }
    // What does not work once is said once: a full disk is no news at every key.
    let mut said = false;
    while let Ok(job) = todo.recv() {
        let done = match job {
            Job::Remember(prompt) => desk.remember(&prompt),
            Job::Draft(text) => desk.draft(&text),
            Job::Settle(adopted) => {
                desk.settle(adopted);
                Ok(())
            }
        };
        if let Err(why) = done
            && !said
        {
            said = true;
            tell(Event::Said(why));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Lineup;
    use crate::ui::command::Keymap;
    use std::sync::Mutex;

    type Log = Arc<Mutex<Vec<String>>>;

    struct Noted(Log);

    impl Noted {
        fn note(&self, what: String) {
            self.0.lock().unwrap().push(what);
        }
    }

    impl Desk for Noted {
        fn history(&mut self) -> Result<Vec<String>, String> {
            Err("the history cannot be read".into())
        }
        fn remember(&mut self, prompt: &str) -> Result<(), String> {
            self.note(format!("sent {prompt}"));
            Err("a full disk".into())
        }
        fn draft(&mut self, text: &str) -> Result<(), String> {
            self.note(format!("draft {text}"));
            Err("a full disk".into())
        }
        fn orphan(&mut self) -> Option<Orphan> {
            Some(Orphan { text: "old".into(), notice: "it is back".into() })
        }
        fn settle(&mut self, adopted: bool) {
            self.note(format!("adopted {adopted}"));
        }
    }

    fn written(log: &Log, told: &Log) -> Written {
        let told = Arc::clone(told);
        let tell: Tell = Arc::new(move |event| told.lock().unwrap().push(format!("{event:?}")));
        let pen =
            Pen { desk: Some(Box::new(Noted(Arc::clone(log)))), vi: false, outside: Arc::new(|_| Ok(None)) };
        Written::new(App::new(String::new(), Lineup::default(), Keymap::default()), pen, tell)
    }

    #[test]
    fn a_draft_is_kept_once_a_second_and_at_the_end() {
        let (log, told) = (Log::default(), Log::default());
        let mut app = written(&log, &told);
        let start = Instant::now();
        assert_eq!(app.keep(start), None, "nothing is written");
        app.editor.set_text("a");
        assert_eq!(app.keep(start), None, "kept at once");
        app.editor.set_text("ab");
        assert_eq!(app.keep(start + PACE / 2), Some(start + PACE));
        app.editor.set_text("abc");
        assert_eq!(app.keep(start + PACE), None);
        app.editor.set_text("abcd");
        drop(app);
        assert_eq!(*log.lock().unwrap(), ["draft a", "draft abc", "draft abcd"]);
        let told = told.lock().unwrap();
        assert!(told[0].contains("it is back") && told[1].contains("cannot be read"), "{told:?}");
        assert_eq!(told.iter().filter(|e| e.contains("a full disk")).count(), 1, "said once: {told:?}");
    }

    #[test]
    fn a_panic_loses_no_draft() {
        let (log, told) = (Log::default(), Log::default());
        let fell = catch_unwind(AssertUnwindSafe(|| {
            let mut app = written(&log, &told);
            app.editor.set_text("precious");
            std::panic::resume_unwind(Box::new("planted"));
        }));
        assert!(fell.is_err());
        assert_eq!(*log.lock().unwrap(), ["draft precious"]);
    }
}
