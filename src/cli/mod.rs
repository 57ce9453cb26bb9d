//! Floor 5: arguments and wiring. The only room that knows all the others.

mod args;
mod asked;
mod attach;
mod choices;
mod contrast;
mod desk;
mod doctor;
mod filling;
mod headless;
mod history;
mod init;
mod leaderboard;
mod lists;
mod look;
mod models;
mod output;
mod prices;
mod prompts;
mod repeats;
mod screen;
mod session_args;
mod shelf;
mod world;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::model::clean_line;
use crate::ui::read_code;
use args::{Cli, Command, ConfigCommand};

/// Usage or configuration; `product.md` §3.
const USAGE: u8 = 2;

/// What ends a command early: a sentence for standard error and an exit code.
pub(crate) struct Stop {
    code: u8,
    message: String,
}

impl Stop {
    fn usage(message: impl Into<String>) -> Self {
        Self { code: USAGE, message: message.into() }
    }

    fn io(what: &str, error: &std::io::Error) -> Self {
        Self { code: 1, message: format!("{what}: {error}") }
    }
}

/// Reads the arguments, runs the command, gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    // Keys are in memory: a crash must not write them to disk. Where the limit cannot
    // be lowered, the program is still of use.
    let no_core = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, no_core);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are results; everything else is a usage error.
            let code = if error.use_stderr() { USAGE } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    match dispatch(&cli) {
        Ok(code) => ExitCode::from(code),
        Err(stop) => {
            let _ = writeln!(std::io::stderr(), "bakeoff: {}", clean_line(&stop.message));
            ExitCode::from(stop.code)
        }
    }
}

fn dispatch(cli: &Cli) -> Result<u8, Stop> {
    if let Some(flag) = cli.stray() {
        return Err(Stop::usage(format!("{flag} means nothing to this command; --help says what does")));
    }
    match &cli.command {
        None => screen::run(cli, None, None),
        Some(Command::Demo(demo)) => screen::run(cli, Some(demo), None),
        Some(Command::Open(open)) => screen::run(cli, None, Some(open)),
        Some(Command::Diff(args)) => contrast::run(args),
        Some(Command::History(args)) => history::run(args),
        Some(Command::Run(run)) => headless::run(cli, run),
        Some(Command::Config { what: ConfigCommand::Path }) => lists::config_path(),
        Some(Command::Config { what: ConfigCommand::Check }) => lists::config_check(),
        Some(Command::Config { what: ConfigCommand::Show { who, list } }) => {
            lists::config_show(&cli.who.and(who), list.format)
        }
        Some(Command::Models(args)) => models::run(args),
        Some(Command::Prices(args)) => prices::run(args),
        Some(Command::Prompts(args)) => prompts::run(args),
        Some(Command::Doctor(args)) => doctor::run(cli, args),
        Some(Command::Init(args)) => init::run(args),
        Some(Command::Secret { what }) => init::secret(what),
        Some(Command::Providers(list)) => lists::providers(list.format),
        Some(Command::Leaderboard(args)) => leaderboard::run(args),
        Some(Command::Keys(list)) => lists::keys(list.format),
        Some(Command::Themes(list)) => lists::themes(list.format),
        Some(Command::ReadCode) => {
            read_code();
            Ok(0)
        }
    }
}

/// `TEXT`, or the contents of the file in `@FILE`.
fn text_or_file(given: &str) -> Result<String, Stop> {
    match given.strip_prefix('@') {
        None => Ok(given.to_owned()),
        Some(path) => std::fs::read_to_string(path).map_err(|e| {
            let next = "a text that begins with @ is read from that file; --attach sends a file along";
            Stop::usage(format!("{path}: {e}; {next}"))
        }),
    }
}

/// A runtime for the engine. Calls run on its workers, the screen on the main
/// thread: a draw on the sockets' own thread would move their stamps.
fn runtime() -> Result<tokio::runtime::Runtime, Stop> {
    tokio::runtime::Builder::new_multi_thread()
        // Two workers keep one endpoint that floods its socket from delaying another's stamp.
        .worker_threads(std::thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 4)))
        .thread_name("bakeoff-worker")
        .enable_all()
        .build()
        .map_err(|e| Stop::io("cannot start", &e))
}
