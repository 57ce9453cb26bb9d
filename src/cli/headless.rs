//! `bakeoff run`: the same engine without a screen.

use std::io::{IsTerminal, Read, Write};

use super::args::{Cli, RunArgs};
use super::asked::Asked;
use super::output::{meta, round_id, say, writable, write_file, write_out};
use super::repeats::{Repeats, ask};
use super::world::World;
use super::{Stop, asked, attach, runtime, text_or_file, world};
use crate::demo::Demo;
use crate::engine::Access;
use crate::engine::Engine;
use crate::model::Lineup;
use crate::model::Money;
use crate::model::Outcome;
use crate::model::Prompt;
use crate::model::Spending;
use crate::model::clean_line;
use crate::model::unescaped;
use crate::provider::Vars;
use crate::store::Disk;
use crate::store::Round;
use crate::store::Run;
use crate::store::export;

/// Some endpoint failed.
const FAILED: u8 = 1;
/// It may cost more than it was allowed to.
const OVER_BUDGET: u8 = 3;
/// Ctrl-C: 128 + SIGINT.
const INTERRUPTED: u8 = 130;

pub(super) fn run(cli: &Cli, args: &RunArgs) -> Result<u8, Stop> {
    let (who, asking) = (cli.who.and(&args.who), cli.asking.and(&args.asking));
    let loaded = world::load()?.with(asking.connections());
    let connections = loaded.config.network.connections;
    if args.demo && who.is_named() {
        return Err(Stop::usage("--demo asks its own endpoints; leave out -e, -m and -l"));
    }
    let Some(format) = export(&args.format) else {
        return Err(Stop::usage(format!("unknown format {:?}", args.format)));
    };
    let system = match asking.system.as_ref().or(loaded.config.system.as_ref()) {
        Some(text) => Some(text_or_file(text)?),
        None => None,
    };
    let limits = world::limits(&loaded.config, args.timeout);
    let (question, argument) = question(args.prompt.as_deref())?;
    let disk = Disk::new(loaded.config.attach_text_kib);
    let files = attach::all(&question, argument, &asking.attach, &disk, args.quiet)?;
    let question = if argument { unescaped(&question) } else { question };
    let prompt = Prompt::new(question).with_system(system).attach(&files);
    if let Some(path) = &asking.out {
        writable(path)?;
    }

    let runtime = runtime()?;
    let repeats = Repeats {
        trials: args.trials,
        nonce: args.nonce || loaded.config.nonce && args.trials > 1,
        quiet: args.quiet,
    };
    let (runs, interrupted, catalog, started_at, baseline) = runtime.block_on(async {
        let demo = if args.demo {
            Some(Demo::start().await.map_err(|e| Stop::io("the demo's server cannot start", &e))?)
        } else {
            None
        };
        let started_at = jiff::Timestamp::now();
        let (engine, reports, lineup, catalog) = if let Some(demo) = &demo {
            let (vars, catalog) = (Vars::only(Demo::variables()), world::demo_catalog());
            let (engine, reports) = Engine::new(vars, limits, Access::demo(connections), catalog.clone());
            let mut lineup = demo.lineup();
            if who.common {
                lineup.endpoints = world::leveller(&catalog)(&lineup.endpoints);
            }
            (engine, reports, lineup, catalog)
        } else {
            let named = asked::named(&who, &loaded.config)?;
            if named.endpoints.is_empty() && who.models.is_empty() {
                return Err(asked::nobody(&loaded).await);
            }
            let files = asked::needs_files(&who, &named.endpoints);
            let (world, reports) = World::look(&loaded, limits, files).await?;
            let Asked { lineup, absent, .. } = world.lineup(&who, &loaded.config).await?;
            if !args.quiet {
                say(&absent);
            }
            (world.engine, reports, lineup, world.catalog)
        };
        let spending = spending(args, &loaded.config.spending);
        within(&spending, &engine, &lineup, &prompt, repeats)?;
        let (runs, interrupted) = ask(&engine, reports, &lineup, &prompt, repeats).await;
        let baseline = lineup.baseline.and_then(|at| lineup.endpoints.get(at)).map(|e| e.name.clone());
        Ok((runs, interrupted, catalog, started_at, baseline))
    })?;
    // Streams that a server keeps open must not hold the exit.
    runtime.shutdown_background();

    if !args.quiet {
        report_parity(&runs);
        if let Some(old) = super::prices::old(catalog().as_of()) {
            let _ = writeln!(std::io::stderr(), "bakeoff: {old}");
        }
    }
    let code = report_faults(&runs, interrupted);
    let meta = meta(&catalog, started_at, connections);
    let round = Round { id: round_id(started_at, 1), prompt, runs, baseline };
    let text = (format.write)(&meta, &[round]);
    match &asking.out {
        None => write_out(&text)?,
        Some(path) => write_file(path, &text)?,
    }
    Ok(code)
}

/// What this run may cost: the flag's limit, else the configuration's. The demo costs nothing,
/// so that only the flag counts there.
fn spending(args: &RunArgs, config: &Spending) -> Spending {
    let mut spending = match (args.max_cost, args.demo) {
        (Some(most), _) => Spending { session: Some(most), ..Spending::default() },
        (None, true) => Spending::default(),
        (None, false) => config.clone(),
    };
    spending.allow_unknown |= args.allow_unknown_cost;
    spending
}

/// Holds the worst case of all answers against the budget before any of them is asked.
/// Nobody is there to be asked, so what is above it is not sent.
fn within(
    spending: &Spending,
    engine: &Engine,
    lineup: &Lineup,
    prompt: &Prompt,
    repeats: Repeats,
) -> Result<(), Stop> {
    if spending.is_free() {
        return Ok(());
    }
    // A nonce is as long as every other: each trial costs as much as the first.
    let prompt = repeats.prompt(prompt);
    let once: Vec<_> = lineup.endpoints.iter().map(|e| engine.estimate(e, &prompt)).collect();
    let estimates: Vec<_> = std::iter::repeat_n(once, repeats.trials).flatten().collect();
    spending.weigh(Money::default(), &estimates).map_err(|why| {
        let unknown = estimates.iter().any(|e| e.at_most.is_err()) && !spending.allow_unknown;
        let let_through = Spending { allow_unknown: true, ..spending.clone() };
        let dear = let_through.weigh(Money::default(), &estimates).is_err();
        let most: Money = estimates.iter().filter_map(|e| e.at_most.as_ref().ok().copied()).sum();
        let limit = format!("--max-cost {}", most.exact());
        let next = match (unknown, dear) {
            (true, true) => format!("--allow-unknown-cost {limit} let it through"),
            (true, false) => "--allow-unknown-cost lets it through".to_owned(),
            (false, _) => format!("lower max_tokens, or allow it with {limit}"),
        };
        Stop { code: OVER_BUDGET, message: format!("nothing was sent: {why}; {next}") }
    })
}

/// The prompt, and whether it is the argument itself: only there `@path` attaches a file. What a
/// pipe or a file brings may be anybody's text, and must not choose files of this machine.
fn question(given: Option<&str>) -> Result<(String, bool), Stop> {
    let mut argument = false;
    let text = match given {
        Some("-") | None => {
            if given.is_none() && std::io::stdin().is_terminal() {
                return Err(Stop::usage(
                    "no prompt: give one as an argument, as @FILE, or on standard input",
                ));
            }
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(|e| {
                Stop::usage(format!("the prompt on standard input cannot be read as UTF-8 text: {e}"))
            })?;
            text.trim_end_matches(['\n', '\r']).to_owned()
        }
        Some(text) if is_file(text) => text_or_file(text)?,
        Some(text) => {
            argument = true;
            text.to_owned()
        }
    };
    if text.trim().is_empty() {
        return Err(Stop::usage("the prompt is empty"));
    }
    Ok((text, argument))
}

/// Whether an argument is `@FILE` as a whole, and no prompt that begins with an attached file.
fn is_file(text: &str) -> bool {
    let name = text.strip_prefix('@').filter(|name| !name.starts_with('"'));
    name.is_some_and(|name| !name.contains(char::is_whitespace) || std::path::Path::new(name).is_file())
}

/// Says on standard error whose settings were not asked as written: nothing is dropped silently.
fn report_parity(runs: &[Run]) {
    // Every trial is asked as the first.
    for Run { endpoint, answer, .. } in runs.iter().filter(|run| run.trial == 1) {
        for row in answer.sending.iter().flat_map(|s| &s.parity).filter(|p| p.fate.differs()) {
            let line = format!("{}: {}", endpoint.name, row.sentence());
            let _ = writeln!(std::io::stderr(), "bakeoff: {}", clean_line(&line));
        }
    }
}

/// One sentence on standard error for each fault; the exit code.
fn report_faults(runs: &[Run], interrupted: bool) -> u8 {
    let (mut code, mut said) = (0, Vec::new());
    for Run { endpoint, answer, .. } in runs {
        if answer.outcome() != Some(Outcome::Complete) {
            code = FAILED;
        }
        if let Some(fault) = &answer.fault {
            let line =
                format!("{}: {} ({}) → {}", endpoint.name, fault.message, fault.class.word(), fault.advice());
            // What fails in every trial alike is said once.
            if !said.contains(&line) {
                let _ = writeln!(std::io::stderr(), "bakeoff: {}", clean_line(&line));
                said.push(line);
            }
        }
    }
    if interrupted { INTERRUPTED } else { code }
}
