//! What comes into the screen, and what it asks of the loop.

use crossterm::event::Event as Terminal;

use super::attach::Found;
use super::board::Sheet;
use super::colour::Uncoloured;
use super::compare::Pair;
use super::library::{Reply, Wish};
use super::markdown::Coloured;
use super::picker::Choice;
use crate::model::AnswerId;
use crate::model::Diff;
use crate::model::Endpoint;
use crate::model::Estimate;
use crate::model::Lineup;
use crate::model::Prompt;
use crate::model::Reference;
use crate::model::Report;
use crate::model::Vote;
use crate::store::Listed;
use crate::store::News;
use crate::store::Save;
use crate::store::Wanted;

/// What came in.
#[derive(Debug)]
pub enum Event {
    /// Whether the session is on the disk.
    Kept(News),
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
    /// What the user's editor has made of the prompt; `None` where it is as it was.
    Edited(Result<Option<String>, String>),
    /// Prompts of earlier sessions, oldest first.
    Remembered(Vec<String>),
    /// A draft that an earlier session has left behind, and the words to say so.
    Draft {
        text: String,
        notice: String,
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
    /// What [`Effect::Files`] asked for.
    Files(Reply),
    /// Time passed while something runs.
    Tick,
}

/// What the loop must do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Is to be on the disk before what comes after it leaves.
    Keep(Vec<Save>),
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
    /// The prompt to the user's editor; [`Event::Edited`] answers.
    Edit(String),
    /// A prompt was sent: keep it for other sessions.
    Remember(String),
    /// Whether the draft that was found is in the field now.
    Adopt(bool),
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
    /// Of files: cases, the library. [`Event::Files`] answers.
    Files(Wish),
    Mouse(bool),
    Redraw,
    Suspend,
    Quit,
}
