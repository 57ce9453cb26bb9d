//! `bakeoff run`: the same engine without a screen.

use std::collections::HashSet;
use std::io::{IsTerminal, Read, Write};
use std::pin::Pin;

use tokio::sync::mpsc::UnboundedReceiver;

use super::args::{Asking, Cli, RunArgs};
use super::asked::Asked;
use super::filling::{self, Sent, Written};
use super::output::{meta, round_id, say, writable, write_file, write_out};
use super::world::{Loaded, World};
use super::{Stop, asked, runtime, text_or_file, world};
use crate::demo::Demo;
use crate::engine::Access;
use crate::engine::Engine;
use crate::model::Answer;
use crate::model::AnswerId;
use crate::model::Lineup;
use crate::model::Money;
use crate::model::Outcome;
use crate::model::Prompt;
use crate::model::Report;
use crate::model::Spending;
use crate::model::clean_line;
use crate::provider::Vars;
use crate::store::Round;
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
    let rounds = rounds(args, &asking, &loaded, system)?;
    if let Some(path) = &asking.out {
        writable(path)?;
    }

    let runtime = runtime()?;
    let (answered, interrupted, catalog, started_at) = runtime.block_on(async {
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
        within(&spending, &engine, &lineup, &rounds)?;
        // All tasks start at once: the client and the catalog are made before any of them.
        engine.warm_up(&lineup.endpoints).await;
        let (mut answered, mut interrupted, mut first) = (Vec::new(), false, 0);
        // Listened to from the first round to the last: one that comes between two counts as well.
        let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
        let many = rounds.len();
        for sent in rounds {
            let progress = Progress::of(&sent, answered.len() + 1, many, !args.quiet);
            let asked =
                ask(&engine, &mut reports, (&lineup, first), &sent.prompt, &progress, interrupt.as_mut())
                    .await;
            first += lineup.endpoints.len() as u64;
            answered.push((sent, asked.0));
            // One round after the other: no endpoint has more than one at a time.
            if asked.1 {
                interrupted = true;
                break;
            }
        }
        Ok((answered, interrupted, catalog, started_at))
    })?;
    // Streams that a server keeps open must not hold the exit.
    runtime.shutdown_background();

    if !args.quiet {
        report_parity(answered.iter().flat_map(|(_, entries)| entries));
        if let Some(old) = super::prices::old(catalog().as_of()) {
            let _ = writeln!(std::io::stderr(), "bakeoff: {old}");
        }
    }
    let code = report_faults(&answered, interrupted);
    let meta = meta(&catalog, started_at, connections);
    let round = |(number, (sent, entries)): (usize, (Sent, _))| Round {
        id: round_id(started_at, number),
        prompt: sent.prompt,
        filled: sent.filled,
        entries,
    };
    let rounds: Vec<Round> = (1..).zip(answered).map(round).collect();
    let text = (format.write)(&meta, &rounds);
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
fn within(spending: &Spending, engine: &Engine, lineup: &Lineup, rounds: &[Sent]) -> Result<(), Stop> {
    if spending.is_free() {
        return Ok(());
    }
    let each =
        |sent: &Sent| lineup.endpoints.iter().map(|e| engine.estimate(e, &sent.prompt)).collect::<Vec<_>>();
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
) -> Result<Vec<Sent>, Stop> {
    let own = match &loaded.config.system {
        Some(text) if system.is_none() => Some(text_or_file(text)?),
        _ => None,
    };
    let mut written = Vec::new();
    for word in &asking.saved {
        let (_, version) = filling::saved(loaded, word)?;
        let system = system.clone().or(version.system).or_else(|| own.clone());
        written.push(Written { text: version.text, system });
    }
    // A prompt of the library takes the place of standard input, not of an argument.
    if written.is_empty() || args.prompt.is_some() {
        written.push(Written { text: question(args.prompt.as_deref())?, system: system.or(own) });
    }
    if args.verbatim {
        let as_it_is = |w: Written| Sent { prompt: Prompt::new(w.text).with_system(w.system), filled: None };
        return Ok(written.into_iter().map(as_it_is).collect());
    }
    filling::rounds(written, &filling::vars(&asking.vars)?, filling::cases(asking)?.as_ref())
}

fn question(given: Option<&str>) -> Result<String, Stop> {
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
        Some(text) => text_or_file(text)?,
    };
    if text.trim().is_empty() {
        return Err(Stop::usage("the prompt is empty"));
    }
    Ok(text)
}

/// What a person sees of a run that takes a while.
struct Progress {
    shown: bool,
    /// `case 3/12, `, where there is more than one round.
    label: String,
}

impl Progress {
    fn of(sent: &Sent, number: usize, many: usize, wanted: bool) -> Self {
        let case = sent.filled.as_ref().and_then(|f| f.case);
        let label = match case {
            Some((at, all)) if many == all => format!("case {at}/{all}, "),
            _ if many > 1 => format!("round {number}/{many}, "),
            _ => String::new(),
        };
        Self { shown: wanted && std::io::stderr().is_terminal(), label }
    }
}

/// One round; `first` is the first of its answers' numbers.
async fn ask(
    engine: &Engine,
    reports: &mut UnboundedReceiver<Report>,
    (lineup, first): (&Lineup, u64),
    prompt: &Prompt,
    progress: &Progress,
    mut interrupt: Pin<&mut impl Future<Output = std::io::Result<()>>>,
) -> (Vec<(crate::model::Endpoint, Answer)>, bool) {
    let new = |e: &crate::model::Endpoint| (e.clone(), Answer::new(e.simulated));
    let mut entries: Vec<_> = lineup.endpoints.iter().map(new).collect();
    for (id, (endpoint, _)) in (first..).zip(&entries) {
        engine.launch(AnswerId(id), endpoint.clone(), prompt.clone());
    }
    let mut open = entries.len();
    let mut interrupted = false;
    while open > 0 {
        let report = tokio::select! {
            report = reports.recv() => report,
            _ = &mut interrupt, if !interrupted => {
                interrupted = true;
                engine.interrupt();
                continue;
            }
        };
        let Some(report) = report else { break };
        let index =
            report.id.0.checked_sub(first).and_then(|at| usize::try_from(at).ok()).unwrap_or(usize::MAX);
        let Some((endpoint, answer)) = entries.get_mut(index) else { continue };
        let was_over = answer.is_over();
        answer.apply(report.at, report.step);
        if answer.is_over() && !was_over {
            open -= 1;
            if progress.shown {
                let word = answer.outcome().map_or("", Outcome::word);
                let _ =
                    writeln!(std::io::stderr(), "{}{}: {word}", progress.label, clean_line(&endpoint.name));
            }
        }
    }
    (entries, interrupted)
}

/// Says on standard error whose settings were not asked as written: nothing is dropped silently.
fn report_parity<'e>(entries: impl Iterator<Item = &'e (crate::model::Endpoint, Answer)>) {
    let mut said = HashSet::new();
    for (endpoint, answer) in entries {
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
fn report_faults(answered: &[(Sent, Vec<(crate::model::Endpoint, Answer)>)], interrupted: bool) -> u8 {
    let mut code = 0;
    let each = answered.iter().flat_map(|(sent, entries)| entries.iter().map(move |entry| (sent, entry)));
    for (sent, (endpoint, answer)) in each {
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
            let _ = writeln!(std::io::stderr(), "bakeoff: {}", clean_line(&line));
        }
    }
    if interrupted { INTERRUPTED } else { code }
}

/// `case 3/12: `, where there are cases.
fn case_of(sent: &Sent) -> String {
    let case = sent.filled.as_ref().and_then(|f| f.case);
    case.map(|(at, all)| format!("case {at}/{all}: ")).unwrap_or_default()
}
