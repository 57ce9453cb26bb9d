//! The terminal UI, joined to the engine.

use std::io::IsTerminal;
use std::sync::Arc;

use super::args::{Cli, DemoArgs};
use super::output::{meta, round_id, writable, write_file};
use super::{Stop, runtime, text_or_file, world};
use crate::demo::Demo;
use crate::engine::Engine;
use crate::model::AnswerId;
use crate::model::Endpoint;
use crate::model::Lineup;
use crate::model::Prompt;
use crate::provider::Vars;
use crate::store::Round;
use crate::store::export;
use crate::ui;

struct Backend(Engine);

impl ui::Backend for Backend {
    fn launch(&self, id: AnswerId, endpoint: Endpoint, prompt: Prompt) {
        self.0.launch(id, endpoint, prompt);
    }

    fn cancel(&self, id: AnswerId) {
        self.0.cancel(id);
    }

    fn save_lineup(&self, _name: &str, _lineup: &Lineup) -> Result<String, String> {
        Err("saving lineups is not wired yet".into())
    }

    fn drawn(&self) {
        // The first frame comes before the client and the catalog are made.
        let engine = self.0.clone();
        tokio::spawn(async move { engine.warm_up().await });
    }
}

pub(super) fn run(cli: &Cli, demo: Option<&DemoArgs>) -> Result<u8, Stop> {
    let loaded = world::load()?;
    let system = match cli.system.as_ref().or(loaded.config.system.as_ref()) {
        Some(text) => Some(text_or_file(text)?),
        None => None,
    };
    let limits = world::limits(&loaded.config, None);
    let theme = world::theme(cli.theme.as_deref(), &loaded)?;
    let keymap = world::keymap(&loaded)?;
    let lineup = if demo.is_some() { None } else { Some(world::lineup(&cli.who, &loaded.config)?) };
    if lineup.as_ref().is_some_and(|l| l.endpoints.is_empty()) {
        return Err(world::nobody(&loaded));
    }
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(Stop::usage(
            "the screen needs a terminal on standard input and output; use `bakeoff run`",
        ));
    }

    if std::env::var_os("TERM").is_some_and(|t| t == "dumb") {
        return Err(Stop::usage("TERM=dumb cannot show the screen; use `bakeoff run`"));
    }
    if let Some(path) = &cli.out {
        writable(path)?;
    }

    let started_at = jiff::Timestamp::now();
    let runtime = runtime()?;
    let exit = runtime.block_on(async {
        let server = match demo {
            Some(_) => Some(Demo::start().await.map_err(|e| Stop::io("the demo's server cannot start", &e))?),
            None => None,
        };
        let (lineup, vars, catalog) = match (&server, lineup) {
            (Some(server), _) => (server.lineup(), Vars::only(Demo::variables()), world::demo_catalog()),
            (None, lineup) => (lineup.unwrap_or_default(), Vars::process(), world::catalog()),
        };
        let prices = catalog.clone();
        let known = lineup.endpoints.clone();
        let setup = ui::Setup {
            title: if lineup.name.is_empty() { "session".into() } else { lineup.name.clone() },
            lineup,
            theme,
            keymap,
            initial_prompt: demo.and_then(|d| d.prompt.clone()),
            system,
            prices_as_of: crate::catalog::AS_OF.to_owned(),
            choices: Arc::new(move || known.iter().cloned().map(ui::Choice::plain).collect()),
            level: <[Endpoint]>::to_vec,
        };
        let (engine, reports) = Engine::new(vars, limits, world::access(&loaded.config), catalog);
        let exit =
            ui::run(setup, Backend(engine), reports).await.map_err(|e| Stop::io("the terminal", &e))?;
        Ok((exit, prices))
    });
    // Streams end with the program: dropping them is how a provider is told.
    runtime.shutdown_background();
    let (exit, prices) = exit?;
    if let Some(path) = &cli.out {
        let export = export("json").ok_or_else(|| Stop::usage("there is no JSON export"))?;
        write_file(path, &(export.write)(&meta(&prices, started_at), &rounds(exit.rounds, started_at)))?;
    }
    Ok(exit.code)
}

/// The screen's rounds as an export takes them; what still ran is interrupted.
fn rounds(rounds: Vec<ui::Round>, started_at: jiff::Timestamp) -> Vec<Round> {
    (1..)
        .zip(rounds)
        .map(|(number, round)| Round {
            id: round_id(started_at, number),
            // A follow-up's conversation differs by pane; the question is what they share.
            prompt: round.entries.first().map(|e| e.prompt.clone()).unwrap_or_default(),
            entries: round.entries.into_iter().map(|e| (e.endpoint, e.answer)).collect(),
        })
        .collect()
}
