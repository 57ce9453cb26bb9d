//! The command line of sessions and transcripts.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::{ListArgs, Look, formats};
use crate::model::tag;

const DIFF_EXAMPLES: &str = "\
Examples:
  bakeoff diff before.json after.json                 every prompt that both asked
  bakeoff diff last#1 last#1b                         a round and its edited one
Exit code 1 where something could not be compared; why is said.";

const HISTORY_EXAMPLES: &str = "\
Examples:
  bakeoff history                                     the newest sessions
  bakeoff history race condition                      those in which both words occur
  bakeoff history -e bedrock --since 2026-11-01
  bakeoff history show last
  bakeoff history export last --out comparison.json
  bakeoff history reprice last                        what it cost then, and what it would cost today
  bakeoff open last";

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = HISTORY_EXAMPLES)]
pub struct HistoryArgs {
    #[command(subcommand)]
    pub what: Option<HistoryCommand>,
    /// Only sessions in which these words occur together, in a prompt or an answer
    #[arg(value_name = "WORDS")]
    pub words: Vec<String>,
    /// Only those that asked an endpoint, a provider or a model with this in its name
    #[arg(short, long, value_name = "NAME")]
    pub endpoint: Option<String>,
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
    /// Not before this day, UTC
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub since: Option<String>,
    /// Not after this day, UTC
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub until: Option<String>,
    /// At most so many, the newest first
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
    #[command(flatten)]
    pub list: ListArgs,
}

#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    /// Prompts, answers and figures of a session
    Show {
        /// An id, the beginning of one, or `last`; or a transcript's file
        #[arg(value_name = "ID|FILE")]
        id: String,
    },
    /// A session as a document
    Export {
        #[arg(value_name = "ID|FILE")]
        id: String,
        #[arg(long, default_value = "transcript", value_parser = formats())]
        format: String,
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// What each answer cost then, and what it would cost at today's prices; nothing is changed
    Reprice {
        #[arg(value_name = "ID|FILE")]
        id: String,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Another title; an empty one is the first prompt again
    Rename {
        #[arg(value_name = "ID")]
        id: String,
        #[arg(value_name = "TITLE")]
        title: String,
    },
    /// Add tags, or take them away
    Tag {
        #[arg(value_name = "ID")]
        id: String,
        #[arg(value_name = "TAG", required = true, value_parser = tag)]
        tags: Vec<String>,
        #[arg(long)]
        remove: bool,
    },
    /// Remove sessions for good
    Rm {
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
    },
    /// Remove sessions that were not used for a while
    Prune {
        #[arg(long, value_name = "N")]
        days: u32,
        /// Without being asked
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
#[command(after_help = DIFF_EXAMPLES)]
pub struct DiffArgs {
    /// A session's id, `last`, or a transcript's file; with #ROUND one round of it
    #[arg(value_name = "A[#ROUND]")]
    pub first: String,
    #[arg(value_name = "B[#ROUND]")]
    pub second: String,
    #[command(flatten)]
    pub list: ListArgs,
}

#[derive(Debug, Args)]
pub struct OpenArgs {
    /// An id, the beginning of one, or `last`; or a transcript's file
    #[arg(value_name = "ID|FILE", default_value = "last")]
    pub what: String,

    #[command(flatten)]
    pub look: Look,
}
