//! The thread that writes a session: nothing on the screen waits for the disk.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use super::rescue::set_aside;
use super::schema::{Closed, is_damage, open};
use super::write::{Save, write};

/// What could not be written is tried again so often.
const AGAIN: Duration = Duration::from_secs(5);

/// Whether what was said is on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// All of it, so far.
    Saved,
    /// Not yet, and why; it is tried again.
    NotSaved(String),
    /// The file was damaged and has been replaced, in a sentence. What was written before may be
    /// missing in the new one.
    Rescued(String),
}

/// Called once what it was sent with has been written, or could not be.
pub type Done = Box<dyn FnOnce() + Send>;

enum Job {
    Save(Vec<Save>, Option<Done>),
    End,
}

/// Writes one session.
pub struct Keeper {
    jobs: Sender<Job>,
    thread: Mutex<Option<(JoinHandle<()>, Receiver<bool>)>>,
}

impl Keeper {
    /// Begins to keep a session in this file; `tell` hears how that goes.
    #[must_use]
    pub fn start(path: &Path, session: &str, tell: impl Fn(News) + Send + 'static) -> Self {
        let ((jobs, todo), (ended, end)) = (channel(), channel());
        let mut work = Work {
            path: path.to_owned(),
            session: session.to_owned(),
            connection: None,
            waiting: Vec::new(),
            head: None,
            failed: None,
            tell: Box::new(tell),
        };
        let thread = std::thread::spawn(move || {
            work.run(&todo);
            // Nobody may wait for it any more.
            let _ = ended.send(work.waiting.is_empty());
        });
        Self { jobs, thread: Mutex::new(Some((thread, end))) }
    }

    /// Writes these, all or none of them, after those before.
    pub fn save(&self, saves: Vec<Save>, done: Option<Done>) {
        if let Err(unsent) = self.jobs.send(Job::Save(saves, done))
            && let Job::Save(_, Some(done)) = unsent.0
        {
            // The thread is gone; whoever waits must not wait for ever.
            done();
        }
    }

    /// Waits until all is written, but no longer than this; whether it is.
    pub fn finish(&self, patience: Duration) -> bool {
        let Some((thread, end)) = self.thread.lock().ok().and_then(|mut t| t.take()) else { return true };
        let _ = self.jobs.send(Job::End);
        let written = end.recv_timeout(patience);
        if written.is_ok() {
            // It has said that it ends.
            let _ = thread.join();
        }
        written.unwrap_or(false)
    }
}

struct Work {
    path: PathBuf,
    session: String,
    connection: Option<Connection>,
    waiting: Vec<Save>,
    /// As it was written last: a file that was replaced may not have it.
    head: Option<Save>,
    failed: Option<String>,
    tell: Box<dyn Fn(News) + Send>,
}

impl Work {
    fn run(&mut self, todo: &Receiver<Job>) {
        loop {
            let job = if self.failed.is_some() {
                todo.recv_timeout(AGAIN)
            } else {
                todo.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            match job {
                Ok(Job::Save(saves, done)) => {
                    self.waiting.extend(saves);
                    let mut waits: Vec<Done> = done.into_iter().collect();
                    let mut end = false;
                    // What has come meanwhile goes with it: one commit.
                    for job in todo.try_iter() {
                        match job {
                            Job::Save(saves, done) => {
                                self.waiting.extend(saves);
                                waits.extend(done);
                            }
                            Job::End => end = true,
                        }
                    }
                    self.flush();
                    for done in waits {
                        done();
                    }
                    if end {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.flush(),
                Ok(Job::End) | Err(RecvTimeoutError::Disconnected) => {
                    if !self.waiting.is_empty() {
                        self.flush();
                    }
                    return;
                }
            }
        }
    }

    fn flush(&mut self) {
        match self.written() {
            Ok(()) => {
                let mut newest = self.waiting.drain(..).rev();
                if let Some(head) = newest.find(|save| matches!(save, Save::Session(_))) {
                    self.head = Some(head);
                }
                drop(newest);
                self.failed = None;
                (self.tell)(News::Saved);
            }
            Err(why) => {
                if self.failed.as_ref() != Some(&why) {
                    (self.tell)(News::NotSaved(why.clone()));
                }
                self.failed = Some(why);
            }
        }
    }

    fn written(&mut self) -> Result<(), String> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(opened(&self.path, &*self.tell)?),
        };
        match write(connection, &self.session, &self.waiting) {
            Ok(()) => Ok(()),
            Err(e) => {
                // It is opened anew: the file may have been replaced, or be set aside then.
                self.connection = None;
                if !is_damage(&e) {
                    return Err(words(&e));
                }
                let said = set_aside(&self.path, &e.to_string())?;
                (self.tell)(News::Rescued(said));
                let head = self.head.take();
                self.waiting.splice(0..0, head);
                let connection = self.connection.insert(opened(&self.path, &*self.tell)?);
                write(connection, &self.session, &self.waiting).map_err(|e| words(&e))
            }
        }
    }
}

/// Opens the file; one that is damaged is set aside first.
fn opened(path: &Path, tell: &dyn Fn(News)) -> Result<Connection, String> {
    match open(path) {
        Ok(connection) => Ok(connection),
        Err(Closed::Newer(version)) => Err(newer(version)),
        Err(Closed::Other(why)) => Err(why),
        Err(Closed::Damaged(why)) => {
            tell(News::Rescued(set_aside(path, &why)?));
            open(path).map_err(|e| match e {
                Closed::Newer(version) => newer(version),
                Closed::Damaged(why) | Closed::Other(why) => why,
            })
        }
    }
}

/// What is said of a file that a newer version has written.
pub(super) fn newer(version: usize) -> String {
    format!("the sessions are of a newer bakeoff (schema {version}): update bakeoff")
}

/// An error in words that say what to do.
fn words(e: &rusqlite::Error) -> String {
    use rusqlite::ErrorCode as Code;
    match e.sqlite_error_code() {
        Some(Code::DiskFull) => "the disk is full".into(),
        Some(Code::ReadOnly) => "the file or its directory cannot be written".into(),
        Some(Code::DatabaseBusy | Code::DatabaseLocked) => "another program holds the file".into(),
        Some(Code::SystemIoFailure) => format!("the disk fails: {e}"),
        _ => e.to_string(),
    }
}
