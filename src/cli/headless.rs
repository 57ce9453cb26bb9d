//! `bakeoff run`: the same engine without a screen.

use std::collections::HashSet;
use std::io::{IsTerminal, Read, Write};

use super::args::{Asking, Cli, RunArgs};
use super::asked::Asked;
use super::filling::{self, Sent, Written};
use super::output::{meta, round_id, say, session, writable, write_file, write_out};
use super::repeats::{Repeats, ask};
use super::shelf::{RunShelf, Shelf};
use super::world::{Loaded, World};
use super::{Stop, asked, attach, runtime, text_or_file, world};
use crate::demo::Demo;
use crate::engine::Access;
use crate::engine::Engine;
use crate::model::Lineup;
use crate::model::Money;
use crate::model::Origin;
use crate::model::Outcome;
use crate::model::Prompt;
use crate::model::Spending;
use crate::model::clean_line;
use crate::model::references;
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
    let system = asking.system.as_deref().map(text_or_file).transpose()?;
    let limits = world::limits(&loaded.config, args.timeout);
    let disk = Disk::new(loaded.config.attach_text_kib);
    let rounds = rounds(args, &asking, &loaded, system, &disk)?;
    if let Some(path) = &asking.out {
        writable(path)?;
    }

    let runtime = runtime()?;
    let repeats = Repeats {
        trials: args.trials,
        nonce: args.nonce || loaded.config.nonce && args.trials > 1,
        quiet: args.quiet,
    };
    let (answered, interrupted, catalog, started_at, baseline) = runtime.block_on(async {
        let demo = if args.demo {
            Some(Demo::start().await.map_err(|e| Stop::io("the demo's server cannot start", &e))?)
        } else {
            None
        };
        let started_at = jiff::Timestamp::now();
        let (engine, mut reports, lineup, catalog) = if let Some(demo) = &demo {
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
        within(&spending, &engine, &lineup, &rounds, repeats)?;
        // All tasks start at once: the client and the catalog are made before any of them.
        engine.warm_up(&lineup.endpoints).await;
        let (mut answered, mut interrupted, mut first) = (Vec::new(), false, 0);
        // Listened to from the first round to the last: one that comes between two counts as well.
        let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
        let many = rounds.len();
        let shelf = || Shelf::new(&session(started_at), &catalog, started_at, connections);
        let shelf = if asking.incognito { None } else { shelf() };
        let mut shelf =
            shelf.map(|shelf| RunShelf::new(shelf, &lineup, rounds.first().map(|s| &s.prompt), args.quiet));
        for sent in rounds {
            if let Some(shelf) = &mut shelf {
                shelf.round(exported(&sent, Vec::new(), String::new(), None));
            }
            let label = label(&sent, answered.len() + 1, many);
            let asking = (&lineup, &sent.prompt, repeats);
            let asked =
                ask(&engine, (&mut reports, first), asking, &label, shelf.as_mut(), interrupt.as_mut()).await;
            first += asked.0.len() as u64;
            answered.push((sent, asked.0));
            // One round after the other: no endpoint has more than one at a time.
            if asked.1 {
                interrupted = true;
                break;
            }
        }
        shelf.into_iter().for_each(RunShelf::finish);
        let baseline = lineup.base().map(|e| e.name.clone());
        Ok((answered, interrupted, catalog, started_at, baseline))
    })?;
    // Streams that a server keeps open must not hold the exit.
    runtime.shutdown_background();

    if !args.quiet {
        report_parity(answered.iter().flat_map(|(_, runs)| runs));
        if let Some(old) = super::prices::old(catalog().as_of()) {
            let _ = writeln!(std::io::stderr(), "bakeoff: {old}");
        }
    }
    let code = report_faults(&answered, interrupted);
    let meta = meta(&catalog, started_at, connections);
    let round = |(number, (sent, runs)): (usize, (Sent, Vec<Run>))| {
        exported(&sent, runs, round_id(started_at, number), baseline.clone())
    };
    let rounds: Vec<Round> = (1..).zip(answered).map(round).collect();
    let text = (format.write)(&meta, &rounds);
    match &asking.out {
        None => write_out(&text)?,
        Some(path) => write_file(path, &text)?,
    }
    Ok(code)
}

/// A round as exports and the store take it.
fn exported(sent: &Sent, runs: Vec<Run>, id: String, baseline: Option<String>) -> Round {
    Round {
        id,
        sent_at: None,
        written: None,
        // Every one of them starts fresh.
        origin: Origin::default(),
        prompt: sent.prompt.clone(),
        filled: sent.filled.clone(),
        runs,
        baseline,
    }
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
    rounds: &[Sent],
    repeats: Repeats,
) -> Result<(), Stop> {
    if spending.is_free() {
        return Ok(());
    }
    // A nonce is as long as every other: each trial costs as much as the first.
    let once = |sent: &Sent| {
        let prompt = repeats.prompt(&sent.prompt);
        lineup.endpoints.iter().map(|e| engine.estimate(e, &prompt)).collect::<Vec<_>>()
    };
    let each = |sent: &Sent| std::iter::repeat_n(once(sent), repeats.trials).flatten().collect::<Vec<_>>();
    let estimates: Vec<_> = rounds.iter().flat_map(each).collect();
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

/// What the arguments ask, filled in: prompts × cases.
fn rounds(
    args: &RunArgs,
    asking: &Asking,
    loaded: &Loaded,
    system: Option<String>,
    disk: &Disk,
) -> Result<Vec<Sent>, Stop> {
    let own = match &loaded.config.system {
        Some(text) if system.is_none() => Some(text_or_file(text)?),
        _ => None,
    };
    // Read once, and told once, however many prompts they go with.
    let given = attach::given(&asking.attach, disk)?;
    let (mut written, mut notices) = (Vec::new(), Vec::new());
    for word in &asking.saved {
        let (_, version) = filling::saved(loaded, word)?;
        let system = system.clone().or(version.system).or_else(|| own.clone());
        let files = attach::with_named(&[], &given, disk, &mut notices)?;
        written.push(Written { text: version.text, escaped: true, system, files });
    }
    // A prompt of the library takes the place of standard input, not of an argument.
    if written.is_empty() || args.prompt.is_some() {
        let (text, argument) = question(args.prompt.as_deref())?;
        let named = if argument { references(&text) } else { Vec::new() };
        let files = attach::with_named(&named, &given, disk, &mut notices)?;
        written.push(Written { text, escaped: argument, system: system.or(own), files });
    }
    for notice in notices.iter().filter(|_| !args.quiet) {
        let _ = writeln!(std::io::stderr(), "bakeoff: {}", clean_line(notice));
    }
    if args.verbatim {
        let as_it_is = |w: Written| Sent {
            prompt: Prompt::new(if w.escaped { unescaped(&w.text) } else { w.text })
                .with_system(w.system)
                .attach(&w.files),
            filled: None,
        };
        return Ok(written.into_iter().map(as_it_is).collect());
    }
    filling::rounds(written, &filling::vars(&asking.vars)?, filling::cases(asking)?.as_ref())
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

/// What stands before each line of a round's progress: `case 3/12, `, where there are several.
fn label(sent: &Sent, number: usize, many: usize) -> String {
    match sent.filled.as_ref().and_then(|f| f.case) {
        Some((at, all)) if many == all => format!("case {at}/{all}, "),
        _ if many > 1 => format!("round {number}/{many}, "),
        _ => String::new(),
    }
}

/// Says on standard error whose settings were not asked as written: nothing is dropped silently.
fn report_parity<'r>(runs: impl Iterator<Item = &'r Run>) {
    let mut said = HashSet::new();
    for Run { endpoint, answer, .. } in runs {
        for row in answer.sending.iter().flat_map(|s| &s.parity).filter(|p| p.fate.differs()) {
            let line = format!("{}: {}", endpoint.name, row.sentence());
            // What holds for every case is said once.
            if said.insert(line.clone()) {
                let _ = writeln!(std::io::stderr(), "bakeoff: {}", clean_line(&line));
            }
        }
    }
}

/// One sentence on standard error for each fault; the exit code.
fn report_faults(answered: &[(Sent, Vec<Run>)], interrupted: bool) -> u8 {
    let (mut code, mut said) = (0, Vec::new());
    let each = answered.iter().flat_map(|(sent, runs)| runs.iter().map(move |run| (sent, run)));
    for (sent, Run { endpoint, answer, .. }) in each {
        if answer.outcome() != Some(Outcome::Complete) {
            code = FAILED;
        }
        if let Some(fault) = &answer.fault {
            let line = format!(
                "{}{}: {} ({}) → {}",
                case_of(sent),
                endpoint.name,
                fault.message,
                fault.class.word(),
                fault.advice()
            );
            // What fails in every trial alike is said once.
            if !said.contains(&line) {
                let _ = writeln!(std::io::stderr(), "bakeoff: {}", clean_line(&line));
                said.push(line);
            }
        }
    }
    if interrupted { INTERRUPTED } else { code }
}

/// `case 3/12: `, where there are cases.
fn case_of(sent: &Sent) -> String {
    let case = sent.filled.as_ref().and_then(|f| f.case);
    case.map(|(at, all)| format!("case {at}/{all}: ")).unwrap_or_default()
}
