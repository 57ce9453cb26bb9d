//! Colours of code, found elsewhere: reading a language costs a hundred times what showing it does,
//! and a key must not wait for it. Code is shown plain until then.
//!
//! ```text
//!  Colourist --> a thread --lines--> Helper: this program once more, which reads nothing but code
//!                   |                   \--colours--> Event::Coloured
//!                   \ where there is no helper: Reader, in the thread itself
//! ```

mod helper;
mod reader;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::app::Event;
use super::markdown::Coloured;
use crate::model::AnswerId;
use helper::Helper;
use reader::Reader;

pub use helper::read_code;

/// Without anything to read for so long, the languages are let go.
const IDLE: Duration = Duration::from_secs(3);

/// Lines of one block of one answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncoloured {
    pub id: AnswerId,
    /// The byte of the answer at which the block begins.
    pub block: usize,
    pub language: String,
    /// Number of the first of the lines within the block.
    pub from: usize,
    pub lines: String,
}

/// Gives code to the thread that has it read; the thread begins with the first of it.
pub(super) struct Colourist {
    to: Option<Sender<Uncoloured>>,
    /// This program, where it can be run once more.
    program: Option<PathBuf>,
    replies: tokio::sync::mpsc::UnboundedSender<Event>,
}

impl Colourist {
    pub(super) fn new(program: Option<PathBuf>, replies: tokio::sync::mpsc::UnboundedSender<Event>) -> Self {
        Self { to: None, program, replies }
    }

    pub(super) fn ask(&mut self, code: Uncoloured) {
        let (program, replies) = (&self.program, &self.replies);
        let to = self.to.get_or_insert_with(|| {
            let (to, from) = channel();
            let (source, replies) = (Source::new(program.clone()), replies.clone());
            // Where no thread can be had, code stays plain.
            let _ = std::thread::Builder::new()
                .name("colours".into())
                .spawn(move || work(source, &from, &replies));
            to
        });
        // The thread ends with the screen; what is asked after that is of no use.
        let _ = to.send(code);
    }
}

/// Who reads code.
enum Source {
    Helper(Helper),
    Here(Reader),
}

impl Source {
    fn new(program: Option<PathBuf>) -> Self {
        program.map_or_else(|| Self::Here(Reader::new()), |program| Self::Helper(Helper::new(program)))
    }

    fn read(&mut self, code: &Uncoloured) -> Option<Vec<Coloured>> {
        if let Self::Helper(helper) = self {
            if let Ok(lines) = helper.read(code) {
                return lines;
            }
            *self = Self::Here(Reader::new());
        }
        match self {
            Self::Here(reader) => reader.read(code),
            Self::Helper(_) => None,
        }
    }

    fn rest(&mut self) {
        match self {
            Self::Helper(helper) => helper.rest(),
            Self::Here(reader) => reader.rest(),
        }
    }
}

fn work(
    mut source: Source,
    from: &Receiver<Uncoloured>,
    replies: &tokio::sync::mpsc::UnboundedSender<Event>,
) {
    loop {
        let code = match from.recv_timeout(IDLE) {
            Ok(code) => code,
            Err(RecvTimeoutError::Timeout) => {
                source.rest();
                // Nothing wakes the thread until there is something to read.
                let Ok(code) = from.recv() else { return };
                code
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let Some(lines) = source.read(&code) else { continue };
        if replies.send(Event::Coloured { code, lines }).is_err() {
            return;
        }
    }
}
