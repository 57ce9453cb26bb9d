//! The command line: words, defaults and help.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::session_args::{DiffArgs, HistoryArgs, OpenArgs};
use crate::model::Connections;
use crate::model::Money;
use crate::model::tag;
use crate::store::EXPORTS;

const EXAMPLES: &str = "\
Examples:
  bakeoff -m claude-opus-5-5                          the same model on every cloud this machine can reach
  bakeoff demo                                        simulated endpoints: no account, no network, no cost
  bakeoff -e openai:gpt-6-sol -e bedrock:us.anthropic.claude-opus-5-5@us-east-1 -e ollama:qwen3
  bakeoff -e 'compatible:qwen3@http://127.0.0.1:8080/v1?temperature=0.2'
  bakeoff -l \"gpt everywhere\"                         a lineup of the config
  bakeoff run \"2+2?\" -e openai:gpt-6-sol --format json

An endpoint is provider:model[@place][?param=value&…]; see `bakeoff providers`.";

const RUN_EXAMPLES: &str = "\
Examples:
  bakeoff run --demo \"Explain TCP in one line.\"
  echo \"2+2?\" | bakeoff run -e openai:gpt-6-sol -e ollama:qwen3
  bakeoff run \"Describe @chart.png\" -e openai:gpt-6-sol -e gemini:gemini-3.8-flash
  git diff | bakeoff run --attach notes.md -e anthropic:claude-opus-5-5
  bakeoff run --demo --trials 6 \"Explain TCP in one line.\"
  bakeoff run --demo \"Explain {{topic}}.\" --var topic=TCP
  bakeoff run -p refund --cases cases.csv -e openai:gpt-6-sol --format json
  bakeoff run @prompt.md -e openai:gpt-6-sol --system @system.md --format json --out result.json

Exit codes: 0 every answer is complete, 1 some endpoint failed, 2 usage or configuration, 3 over the budget,
130 interrupted.
Answers and JSON go to standard output, everything else to standard error.";

/// One prompt, several LLM clouds, live panes side by side.
#[derive(Debug, Parser)]
#[command(name = "bakeoff", version, after_help = EXAMPLES, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    pub who: Who,

    #[command(flatten)]
    pub look: Look,

    #[command(flatten)]
    pub asking: Asking,

    #[command(flatten)]
    pub voting: Voting,

    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Cli {
    /// A flag that stands before a command which has no use for it.
    #[must_use]
    pub fn stray(&self) -> Option<&'static str> {
        let command = self.command.as_ref();
        let screen = matches!(command, None | Some(Command::Demo(_) | Command::Open(_)));
        let asks = screen || matches!(command, Some(Command::Run(_)));
        let names = matches!(
            command,
            None | Some(
                Command::Run(_) | Command::Doctor(_) | Command::Config { what: ConfigCommand::Show { .. } }
            )
        );
        let common = names || screen;
        let (demo, all_routes) = match command {
            Some(Command::Run(run)) => (run.demo, self.who.all_routes || run.who.all_routes),
            _ => (false, false),
        };
        [
            ("--theme", self.look.theme.is_some() && !screen),
            ("--ascii", self.look.ascii && !screen),
            ("--tag", !self.voting.tags.is_empty() && !screen),
            ("--judge", self.voting.judge.is_some() && !screen),
            ("--system", self.asking.system.is_some() && !asks),
            ("--attach", !self.asking.attach.is_empty() && !asks),
            ("--out", self.asking.out.is_some() && !asks),
            ("--var", !self.asking.vars.is_empty() && !asks),
            ("--cases", self.asking.cases.is_some() && !asks),
            ("--prompt", !self.asking.saved.is_empty() && !asks),
            ("--cold", self.asking.cold && !asks),
            ("--warm", self.asking.warm && !asks),
            ("--endpoint", !self.who.endpoints.is_empty() && !names),
            ("--model", !self.who.models.is_empty() && !names),
            ("--lineup", self.who.lineup.is_some() && !names),
            ("--all-routes", self.who.all_routes && !names || demo && all_routes),
            ("--common", self.who.common && !common),
        ]
        .into_iter()
        .find_map(|(flag, stray)| stray.then_some(flag))
    }
}

/// How the screen looks.
#[derive(Debug, Args, Default)]
pub struct Look {
    /// Theme: a name (`bakeoff themes` lists them), a .toml file, or auto for the terminal's light or dark
    #[arg(long, value_name = "NAME|FILE|auto")]
    pub theme: Option<String>,

    /// Borders and marks in ASCII
    #[arg(long)]
    pub ascii: bool,
}

impl Look {
    /// Both, as before and after a subcommand.
    #[must_use]
    pub fn and(&self, more: &Self) -> Self {
        let theme = more.theme.clone().or_else(|| self.theme.clone());
        Self { theme, ascii: self.ascii || more.ascii }
    }
}

/// How votes are kept.
#[derive(Debug, Args, Default)]
pub struct Voting {
    /// Tag the session's votes, for a leaderboard of its own; repeatable
    #[arg(long = "tag", value_name = "TAG", value_parser = tag)]
    pub tags: Vec<String>,

    /// Who compares answers when J asks for it: an endpoint, or the name of one in the config
    #[arg(long, value_name = "SPEC")]
    pub judge: Option<String>,
}

impl Voting {
    /// The judge that is named, as before and after a subcommand.
    #[must_use]
    pub fn judge<'a>(&'a self, more: Option<&'a Self>) -> Option<&'a str> {
        more.and_then(|m| m.judge.as_deref()).or(self.judge.as_deref())
    }

    /// The tags before and after a subcommand.
    #[must_use]
    pub fn and(&self, more: Option<&Self>) -> Vec<String> {
        self.tags.iter().chain(more.into_iter().flat_map(|m| &m.tags)).cloned().collect()
    }
}

#[derive(Debug, Args)]
pub struct LeaderboardArgs {
    /// Only votes with this tag; several take votes with any of them
    #[arg(long = "tag", value_name = "TAG", value_parser = tag)]
    pub tags: Vec<String>,
    /// Only votes that were cast while names and figures were hidden
    #[arg(long)]
    pub blind_only: bool,
    /// Votes on the demo's scripted answers instead, which are kept apart
    #[arg(long)]
    pub simulated: bool,
    /// What judges said instead: all of them, or those with NAME in their endpoint
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "", conflicts_with = "blind_only")]
    pub judge: Option<String>,
    #[command(flatten)]
    pub list: ListArgs,
}

/// What goes with every prompt, and where the answers go.
#[derive(Debug, Args, Default)]
pub struct Asking {
    /// System text, or @FILE
    #[arg(long, value_name = "TEXT|@FILE")]
    pub system: Option<String>,

    /// Write the result to this file: what `run` would print, or the screen's session as JSON when it ends
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// A file that goes with the prompt, as text or as an image; repeatable
    #[arg(long, value_name = "FILE")]
    pub attach: Vec<String>,

    /// A value for {{NAME}} in the prompt, or @FILE; repeatable
    #[arg(long = "var", value_name = "NAME=VALUE|NAME=@FILE")]
    pub vars: Vec<String>,

    /// Values for the prompt's variables, a round for each case: .csv with a header, .jsonl, or .toml with [[case]]
    #[arg(long, value_name = "FILE")]
    pub cases: Option<PathBuf>,

    /// A prompt of the library, NAME or NAME@VERSION (`bakeoff prompts` lists them); `run` takes several
    #[arg(short = 'p', long = "prompt", value_name = "NAME")]
    pub saved: Vec<String>,

    /// Keep no session, no draft and no sent prompt; a vote that is cast is kept
    #[arg(long)]
    pub incognito: bool,

    /// Every request on a new connection: DNS, TCP and TLS are part of each
    #[arg(long, conflicts_with = "warm")]
    pub cold: bool,

    /// Make each connection before its request's clock starts; no key is sent for that
    #[arg(long)]
    pub warm: bool,
}

impl Asking {
    /// Both, as before and after a subcommand; the nearer of two that exclude each other counts.
    #[must_use]
    pub fn and(&self, more: &Self) -> Self {
        let near = more.cold || more.warm;
        Self {
            system: more.system.clone().or_else(|| self.system.clone()),
            out: more.out.clone().or_else(|| self.out.clone()),
            attach: self.attach.iter().chain(&more.attach).cloned().collect(),
            vars: self.vars.iter().chain(&more.vars).cloned().collect(),
            cases: more.cases.clone().or_else(|| self.cases.clone()),
            incognito: self.incognito || more.incognito,
            saved: self.saved.iter().chain(&more.saved).cloned().collect(),
            cold: if near { more.cold } else { self.cold },
            warm: if near { more.warm } else { self.warm },
        }
    }

    /// Which connections are asked for, if any are.
    #[must_use]
    pub fn connections(&self) -> Option<Connections> {
        match (self.cold, self.warm) {
            (true, _) => Some(Connections::Cold),
            (_, true) => Some(Connections::Warm),
            _ => None,
        }
    }
}

/// Who is asked.
#[derive(Debug, Args, Default)]
pub struct Who {
    /// An endpoint, provider:model[@place][?param=value&…], or the name of one in the config; repeatable
    #[arg(short = 'e', long = "endpoint", value_name = "SPEC")]
    pub endpoints: Vec<String>,

    /// A model of the catalog, on every cloud that this machine has credentials for; repeatable
    #[arg(short = 'm', long = "model", value_name = "MODEL")]
    pub models: Vec<String>,

    /// With -m: every route of each cloud instead of one
    #[arg(long)]
    pub all_routes: bool,

    /// A lineup of the config
    #[arg(short = 'l', long, value_name = "NAME")]
    pub lineup: Option<String>,

    /// Ask all with the settings that every one of them takes
    #[arg(long)]
    pub common: bool,
}

impl Who {
    /// Whether anybody is named.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.lineup.is_some() || !self.endpoints.is_empty() || !self.models.is_empty()
    }

    /// The same, each with its own settings.
    #[must_use]
    pub fn with_own_settings(&self) -> Self {
        Self { common: false, ..self.and(&Self::default()) }
    }

    /// Both, as before and after a subcommand.
    #[must_use]
    pub fn and(&self, more: &Self) -> Self {
        let both = |a: &[String], b: &[String]| a.iter().chain(b).cloned().collect();
        Self {
            endpoints: both(&self.endpoints, &more.endpoints),
            models: both(&self.models, &more.models),
            all_routes: self.all_routes || more.all_routes,
            lineup: more.lineup.clone().or_else(|| self.lineup.clone()),
            common: self.common || more.common,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The terminal UI on built-in simulated endpoints: no account, no network, no cost
    Demo(DemoArgs),
    /// No screen: the same engine, for scripts and CI
    Run(RunArgs),
    /// The configuration: where it is, whether it is right, what it says
    Config {
        #[command(subcommand)]
        what: ConfigCommand,
    },
    /// What the account can call: the providers' own lists, joined with the catalog and its prices
    Models(ModelsArgs),
    /// The price book: its date and layers; what a model costs everywhere; a newer list, asked for
    Prices(PricesArgs),
    /// The library of prompts: what is saved, and every version of it
    Prompts(PromptsArgs),
    /// Each endpoint step by step: config, credential, DNS, TCP, TLS, answer, first token; asks one short question
    Doctor(DoctorArgs),
    /// Write a commented config from what this machine has; never a key
    Init(InitArgs),
    /// Keys in the desktop's keyring, for `keyring = "ENTRY"` in the config
    Secret {
        #[command(subcommand)]
        what: SecretCommand,
    },
    /// Providers, the variables that hold their keys, and which of them are set
    Providers(ListArgs),
    /// Sessions that were kept: what was asked and answered, found by its words
    History(HistoryArgs),
    /// Two transcripts or two rounds against each other: prompts, settings, figures, answers
    Diff(DiffArgs),
    /// A session or a transcript again on the screen, as it was left
    Open(OpenArgs),
    /// Endpoints ranked by your votes: Bradley-Terry scores with intervals
    Leaderboard(LeaderboardArgs),
    /// Every key of the terminal UI
    Keys(ListArgs),
    /// Themes that can be chosen
    Themes(ListArgs),
    /// What the screen runs for the colours of code: lines of JSON in, lines of JSON out
    #[command(hide = true)]
    ReadCode,
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// A prompt to send at once
    #[arg(value_name = "PROMPT")]
    pub prompt: Option<String>,

    #[command(flatten)]
    pub look: Look,

    #[command(flatten)]
    pub asking: Asking,

    #[command(flatten)]
    pub voting: Voting,
}

#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "flags, each on its own")]
pub struct RunArgs {
    /// The prompt, or @FILE; standard input when it is `-` or left out. An @path within it attaches that file
    #[arg(value_name = "PROMPT|@FILE|-")]
    pub prompt: Option<String>,

    #[command(flatten)]
    pub who: Who,

    #[command(flatten)]
    pub asking: Asking,

    /// Ask the built-in simulated endpoints
    #[arg(long)]
    pub demo: bool,

    /// Send the prompt as it is: {{…}} is text
    #[arg(long, conflicts_with_all = ["vars", "cases"])]
    pub verbatim: bool,

    /// How the result is written
    #[arg(long, default_value = EXPORTS[0].id, value_parser = formats())]
    pub format: String,

    /// End a call that is not finished after this many seconds (none by default)
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub timeout: Option<Duration>,

    /// Send nothing if all answers together may cost more; in place of the config's [budget]
    #[arg(long, value_name = "USD", value_parser = usd)]
    pub max_cost: Option<Money>,

    /// Let endpoints through whose cost has no known bound
    #[arg(long)]
    pub allow_unknown_cost: bool,

    /// Ask every endpoint so many times, one after the other and in rotated order
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = trials)]
    pub trials: usize,

    /// Write a random line before each prompt, so that no prompt cache has its beginning
    #[arg(long)]
    pub nonce: bool,

    /// No progress on standard error
    #[arg(short, long)]
    pub quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    Table,
    Json,
}

#[derive(Debug, Args)]
pub struct ListArgs {
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub format: ListFormat,
}

#[derive(Debug, Args)]
pub struct ModelsArgs {
    /// Only this provider
    #[arg(short, long, value_name = "PROVIDER")]
    pub provider: Option<String>,
    /// The catalog's models as well, whether an account lists them or not
    #[arg(long)]
    pub all: bool,
    /// Only models whose id or family holds this
    #[arg(value_name = "WORD")]
    pub word: Option<String>,
    #[command(flatten)]
    pub list: ListArgs,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct PricesArgs {
    #[command(subcommand)]
    pub what: Option<PricesCommand>,
    #[command(flatten)]
    pub list: ListArgs,
}

#[derive(Debug, Subcommand)]
pub enum PricesCommand {
    /// What a model costs on every cloud that sells it, USD per million tokens
    Show {
        #[arg(value_name = "MODEL")]
        model: String,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Get a newer list, show what changes for your endpoints, and ask
    Update {
        /// Another list than the usual one, in LiteLLM's format
        #[arg(long, value_name = "URL|FILE")]
        from: Option<String>,
        /// Day of the list, where it is not today's
        #[arg(long, value_name = "YYYY-MM-DD")]
        as_of: Option<String>,
        /// Take it without being asked
        #[arg(long)]
        yes: bool,
    },
    /// Back to the list before
    Rollback,
    /// Make a price book from LiteLLM's map; how the embedded one is made
    #[command(hide = true)]
    Convert {
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Day of the map; today if left out
        #[arg(long, value_name = "YYYY-MM-DD")]
        as_of: Option<String>,
        /// What the map is called in the book
        #[arg(long, value_name = "NAME", default_value = "litellm")]
        source: String,
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct PromptsArgs {
    #[command(subcommand)]
    pub what: Option<PromptsCommand>,
    #[command(flatten)]
    pub list: ListArgs,
}

#[derive(Debug, Subcommand)]
pub enum PromptsCommand {
    /// The text of a prompt; with --format json every version
    Show {
        #[arg(value_name = "NAME")]
        name: String,
        /// This version, from 1, in place of the newest
        #[arg(long, value_name = "N")]
        version: Option<usize>,
        #[command(flatten)]
        list: ListArgs,
    },
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub who: Who,
    /// Stop before the question: no tokens are spent
    #[arg(long)]
    pub no_ask: bool,
    #[command(flatten)]
    pub list: ListArgs,
}

#[derive(Debug, Args)]
pub struct InitArgs {
    /// To standard output instead of the config file
    #[arg(long)]
    pub print: bool,
    /// Replace a config that is there
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Subcommand)]
pub enum SecretCommand {
    /// Store a key; it is read from standard input
    Set {
        #[arg(value_name = "ENTRY")]
        entry: String,
    },
    /// Remove a key
    Rm {
        #[arg(value_name = "ENTRY")]
        entry: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Where the file is looked for
    Path,
    /// Read it and say what is wrong, with line and column
    Check,
    /// The endpoints and lineups as they are understood; never a secret
    Show {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        list: ListArgs,
    },
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(number) {
        Ok(d) if !d.is_zero() => Ok(d),
        _ => Err("a positive number of seconds".into()),
    }
}

fn trials(text: &str) -> Result<usize, String> {
    let wrong = || "a number of trials from 1 to 100".to_owned();
    text.parse().ok().filter(|n| (1..=100).contains(n)).ok_or_else(wrong)
}

fn usd(text: &str) -> Result<Money, String> {
    Money::parse(text.trim_start_matches('$')).map_err(|_| "an amount of dollars: 0.50".to_owned())
}

pub(super) fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(EXPORTS.iter().map(|e| PossibleValue::new(e.id).help(e.doc)))
}
