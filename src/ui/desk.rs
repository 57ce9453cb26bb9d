//! What is kept of writing, off the screen's thread: prompts that were sent, and the draft.
//!
//! A thread of its own has the files. The loop tells it of changes, at most once a second; the
//! drop of [`Written`] tells it the last one, whichever way the screen ends.

use std::ops::{Deref, DerefMut};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use super::app::{App, Event};

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
    /// The revision that is kept, and when it was.
    kept: (u64, Option<Instant>),
}

impl Written {
    /// Begins to keep what is written; `tell` brings what is found to the loop.
    pub(super) fn new(mut app: App, desk: Option<Box<dyn Desk>>, tell: impl Fn(Event) + Send + 'static) -> Self {
        app.recall.keeps = desk.is_some();
        let kept = (app.editor.revision(), None);
        let Some(desk) = desk else { return Self { app, jobs: None, done: None, kept } };
        let ((jobs, todo), (ended, done)) = (channel(), channel());
        std::thread::spawn(move || {
            work(desk, &todo, tell);
            // Nobody may wait for it any more.
            let _ = ended.send(());
        });
        Self { app, jobs: Some(jobs), done: Some(done), kept }
    }

    fn send(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // A thread that is gone has said why.
            let _ = jobs.send(job);
        }
    }

    pub(super) fn remember(&self, prompt: String) {
        self.send(Job::Remember(prompt));
    }

    pub(super) fn settle(&self, adopted: bool) {
        self.send(Job::Settle(adopted));
    }

    /// Keeps the draft where it has changed and it is time; else says when it will be.
    pub(super) fn keep(&mut self, now: Instant) -> Option<Instant> {
        let revision = self.app.editor.revision();
        if self.jobs.is_none() || revision == self.kept.0 {
            return None;
        }
        let due = self.kept.1.map(|at| at + PACE).filter(|due| *due > now);
        if due.is_none() {
            self.kept = (revision, Some(now));
            self.send(Job::Draft(self.app.editor.text()));
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
        if self.app.editor.revision() != self.kept.0 {
            self.send(Job::Draft(self.app.editor.text()));
        }
        self.jobs = None;
        if let Some(done) = &self.done {
            let _ = done.recv_timeout(PATIENCE);
        }
    }
}

fn work(mut desk: Box<dyn Desk>, todo: &Receiver<Job>, tell: impl Fn(Event)) {
    if let Some(Orphan { text, notice }) = desk.orphan() {
        tell(Event::Draft { text, notice });
    }
    match desk.history() {
        Ok(earlier) => tell(Event::Remembered(earlier)),
        Err(why) => tell(Event::Trouble(why)),
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
            tell(Event::Trouble(why));
        }
    }
}
