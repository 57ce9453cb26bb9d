//! The terminal UI, joined to the engine.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::args::{Asking, Cli, DemoArgs, Look, Who};
use super::asked::{Absent, Asked};
use super::choices::choices;
use super::output::{meta, round_id, session, writable, write_file};
use super::session_args::OpenArgs;
use super::shelf::Shelf;
use super::world::{Loaded, World};
use super::{Stop, asked, attach, desk, filling, history, look, runtime, text_or_file, world};
use crate::demo::Demo;
use crate::engine::Access;
use crate::engine::CatalogSource;
use crate::engine::Engine;
use crate::engine::aws_profile;
use crate::model::AnswerId;
use crate::model::Endpoint;
use crate::model::Judge;
use crate::model::Lineup;
use crate::model::Prompt;
use crate::model::Spending;
use crate::provider::PROVIDERS;
use crate::provider::Provider;
use crate::provider::Vars;
use crate::provider::found;
use crate::store::Disk;
use crate::store::KeptSession;
use crate::store::Meta;
use crate::store::News;
use crate::store::Round;
use crate::store::Run;
use crate::store::Save;
use crate::store::SessionRecord;
use crate::store::VoteFile;
use crate::store::export;
use crate::store::load_cases;
use crate::store::save_lineup;
use crate::store::shorten_home;
use crate::ui;

struct Backend {
    /// Where the session is kept.
    shelf: Option<Shelf>,
    /// Names this session among others in the file of votes.
    session: String,
    engine: Engine,
    /// Who is asked at the start.
    endpoints: Vec<Endpoint>,
    /// Where a lineup is saved; `None` for the demo, whose endpoints are gone with it.
    config: Option<PathBuf>,
    /// Where a theme is saved: colours are the same in the demo.
    colours: Option<PathBuf>,
    /// Where the prompt's files are.
    disk: Disk,
}

impl ui::Backend for Backend {
    fn launch(&self, id: AnswerId, endpoint: Endpoint, prompt: Prompt) {
        match &self.shelf {
            Some(kept) => self.engine.launch_after(kept.settled(), id, endpoint, prompt),
            None => self.engine.launch(id, endpoint, prompt),
        }
    }

    fn keeps(&self, tell: Box<dyn Fn(News) + Send>) -> Option<(String, Duration, SessionRecord)> {
        let place = self.shelf.as_ref()?;
        place.start(tell);
        let since = u64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or_default();
        Some((place.session.clone(), Duration::from_nanos(since), place.facts.clone()))
    }

    fn keep(&self, saves: Vec<Save>) {
        if let Some(shelf) = &self.shelf {
            shelf.keep(saves);
        }
    }

    fn finish(&self, saves: Vec<Save>) -> bool {
        self.shelf.as_ref().is_some_and(|shelf| shelf.end(saves))
    }

    fn cancel(&self, id: AnswerId) {
        self.engine.cancel(id);
    }

    fn save_lineup(&self, name: &str, lineup: &Lineup) -> Result<String, String> {
        let path = self.config.as_ref().ok_or("there is no config to save a lineup in")?;
        save_lineup(path, name, lineup)
    }

    fn save_theme(&self, name: &str) -> Result<String, String> {
        look::save(self.colours.as_deref(), name)
    }

    fn votes(&self) -> Option<VoteFile> {
        VoteFile::usual(&self.session)
    }

    fn disk(&self) -> Disk {
        self.disk.clone()
    }

    fn drawn(&self) {
        // The first frame comes before the client and the catalog are made.
        let (engine, endpoints) = (self.engine.clone(), self.endpoints.clone());
        tokio::spawn(async move { engine.warm_up(&endpoints).await });
    }
}

/// Whom the screen asks.
enum Cast {
    Demo(Option<String>),
    Lineup(Asked),
}

/// What the screen has, whomever it asks: read before anything is started.
struct Furniture {
    theme: ui::Theme,
    themes: ui::Themes,
    notice: Option<String>,
    keymap: ui::Keymap,
    given: ui::Given,
    system: Option<String>,
    draft: String,
    judge: Option<Judge>,
}

impl Furniture {
    fn new(asking: &Asking, loaded: &Loaded, look: &Look) -> Result<Self, Stop> {
        let (given, system) = given(asking, loaded)?;
        let mut themes = look::themes(loaded, look);
        let (theme, notice) = look::theme(look, loaded, &mut themes)?;
        let keymap = world::keymap(loaded)?;
        Ok(Self { theme, themes, notice, keymap, given, system, draft: String::new(), judge: None })
    }

    /// Reads the files that go with the first prompt; where others are found.
    fn draft(&mut self, asking: &Asking, loaded: &Loaded) -> Result<Disk, Stop> {
        let (disk, draft) = attach::draft(&asking.attach, &loaded.config)?;
        self.draft = draft;
        Ok(disk)
    }

    fn setup(self, world: &World, loaded: &Loaded, keys: Option<ui::Keys>) -> ui::Setup {
        ui::Setup {
            title: String::new(),
            lineup: Lineup::default(),
            theme: self.theme,
            themes: self.themes,
            names_window: look::names_window(loaded),
            keymap: self.keymap,
            initial_prompt: None,
            draft: self.draft,
            system: self.system,
            prices: world::prices_of(),
            keys,
            notice: self.notice.or_else(|| super::prices::old(&world::prices_of().0)),
            choices: Arc::new(Vec::new),
            level: world::leveller(&world.catalog),
            accepts: world::accepter(&world.catalog),
            common: false,
            estimate: estimator(&world.engine),
            spending: loaded.config.spending.clone(),
            connections: loaded.config.network.connections,
            same_weights: false,
            given: self.given,
            files: librarian(loaded.path.clone()),
            saves: loaded.path.is_some(),
            tour: false,
            pen: desk::pen(loaded, false),
            nonce: loaded.config.nonce,
            tags: Vec::new(),
            judge: self.judge,
            reopened: None,
            program: std::env::current_exe().ok(),
        }
    }
}

/// The session that is opened, and whether it goes on as itself.
fn reopened(what: &str) -> Result<(KeptSession, bool), Stop> {
    if history::is_file(what) {
        return Ok((KeptSession::of(history::transcript(what)?), false));
    }
    let kept = history::kept(what)?;
    // Where rounds are missing, what is sent now must not take their numbers.
    let whole = kept.remarks.is_empty();
    Ok((kept, whole))
}

/// The demo's server has another address each time.
fn readdress(kept: &mut KeptSession, server: &Demo) {
    let now = server.lineup().endpoints;
    let runs = kept.transcript.rounds.iter_mut().flat_map(|r| &mut r.runs).map(|run| &mut run.endpoint);
    let lineups = [&mut kept.transcript.lineup, &mut kept.record.lineup];
    for endpoint in runs.chain(lineups.into_iter().flat_map(|l| &mut l.endpoints)) {
        if let Some(here) = now.iter().find(|e| e.name == endpoint.name) {
            (endpoint.base_url, endpoint.key) = (here.base_url.clone(), here.key.clone());
        }
    }
}

pub(super) fn run(cli: &Cli, demo: Option<&DemoArgs>, opened: Option<&OpenArgs>) -> Result<u8, Stop> {
    let mut reopened = opened.map(|open| reopened(&open.what)).transpose()?;
    let asking = demo.map_or_else(|| cli.asking.and(&Asking::default()), |demo| cli.asking.and(&demo.asking));
    let loaded = world::load()?.with(asking.connections());
    let connections = loaded.config.network.connections;
    let own = demo.map(|demo| &demo.look).or(opened.map(|open| &open.look));
    let look = cli.look.and(own.unwrap_or(&Look::default()));
    let limits = world::limits(&loaded.config, None);
    let mut furniture = Furniture::new(&asking, &loaded, &look)?;
    furniture.judge = judge(cli, demo, &loaded)?;
    if let (Some((kept, _)), Some(_)) = (&mut reopened, &asking.system) {
        kept.transcript.system.clone_from(&furniture.system);
    }
    let named = asked::named(&cli.who, &loaded.config)?;
    let nobody =
        demo.is_none() && opened.is_none() && named.endpoints.is_empty() && cli.who.models.is_empty();
    on_a_terminal(nobody, &loaded)?;
    if let Some(path) = &asking.out {
        writable(path)?;
    }
    let disk = furniture.draft(&asking, &loaded)?;

    let started_at = jiff::Timestamp::now();
    let runtime = runtime()?;
    let exit = runtime.block_on(async {
        let again = reopened.as_ref().map_or(&[][..], |(kept, _)| &kept.transcript.lineup.endpoints);
        let files = nobody
            || demo.is_none() && asked::needs_files(&cli.who, &named.endpoints)
            || asked::needs_files(&Who::default(), again);
        let (world, reports) = World::look(&loaded, limits.clone(), files).await?;
        let (cast, keys) =
            match cast(cli, demo, nobody.then_some(&furniture.theme), (&world, &loaded), reopened.as_ref())
                .await?
            {
                Ok(cast) => cast,
                Err(code) => return Ok((ui::Exit { code, ..ui::Exit::default() }, world.catalog)),
            };
        let simulated = matches!(cast, Cast::Demo(_));
        let mut setup = furniture.setup(&world, &loaded, keys);
        setup.tour = simulated && opened.is_none();
        setup.pen = desk::pen(&loaded, !simulated && !asking.incognito);
        (setup.common, setup.tags) = (cli.who.common, cli.voting.and(demo.map(|d| &d.voting)));
        let mut backend = Backend {
            shelf: None,
            session: session(started_at),
            engine: world.engine.clone(),
            endpoints: Vec::new(),
            config: loaded.path.clone(),
            colours: loaded.path.clone(),
            disk,
        };
        // The demo's server lives as long as the screen.
        let (_server, reports, catalog) = match cast {
            Cast::Demo(prompt) => {
                let server =
                    Demo::start().await.map_err(|e| Stop::io("the demo's server cannot start", &e))?;
                let catalog = world::demo_catalog();
                let vars = Vars::only(Demo::variables());
                let (engine, reports) = Engine::new(vars, limits, Access::demo(connections), catalog.clone());
                furnish_for_demo(&mut setup, &server, &engine, &catalog);
                if let Some((kept, _)) = &mut reopened {
                    readdress(kept, &server);
                    setup.lineup = kept.transcript.lineup.clone();
                }
                backend = Backend { engine, config: None, ..backend };
                setup.initial_prompt = attach::with(prompt, &mut setup.draft);
                (Some(server), reports, catalog)
            }
            Cast::Lineup(asked) => {
                setup.notice = setup.notice.or_else(|| Absent::brief(&asked.absent));
                (setup.lineup, setup.same_weights) = (asked.lineup, asked.open_weights);
                setup.choices = offered(&world, &loaded);
                (None, reports, Arc::clone(&world.catalog))
            }
        };
        setup.title = if setup.lineup.name.is_empty() { "session".into() } else { setup.lineup.name.clone() };
        backend.endpoints.clone_from(&setup.lineup.endpoints);
        let shelf = |session: &str| Shelf::new(session, &catalog, started_at, connections);
        setup.reopened = shelve(&mut backend, reopened, asking.incognito, &shelf);
        let exit =
            Box::pin(ui::run(setup, backend, reports)).await.map_err(|e| Stop::io("the terminal", &e))?;
        Ok((exit, catalog))
    });
    // Streams end with the program: dropping them is how a provider is told.
    runtime.shutdown_background();
    let (exit, prices) = exit?;
    let code = exit.code;
    if let Some(session) = &exit.kept {
        let _ = writeln!(std::io::stderr(), "the session is kept: bakeoff open {session}");
    }
    if let Some(path) = &asking.out {
        keep(path, exit, &meta(&prices, started_at, connections), started_at)?;
    }
    Ok(code)
}

/// Where the session is kept from now on. One that is open elsewhere goes on as a copy.
fn shelve(
    backend: &mut Backend,
    reopened: Option<(KeptSession, bool)>,
    incognito: bool,
    shelf: &dyn Fn(&str) -> Option<Shelf>,
) -> Option<(KeptSession, bool)> {
    let mut reopened = reopened;
    if let Some((kept, own @ true)) = &mut reopened {
        backend.shelf = shelf(&kept.transcript.id);
        *own = backend.shelf.is_some();
        if *own {
            backend.session.clone_from(&kept.transcript.id);
        } else {
            let said = "it is open in another bakeoff: what is sent here goes on as a copy";
            kept.remarks.push(said.to_owned());
        }
    }
    if incognito {
        backend.shelf = None;
    } else if backend.shelf.is_none() {
        backend.shelf = shelf(&backend.session);
    }
    reopened
}

/// Who compares answers when that is asked for.
fn judge(cli: &Cli, demo: Option<&DemoArgs>, loaded: &Loaded) -> Result<Option<Judge>, Stop> {
    let named = cli.voting.judge(demo.map(|d| &d.voting));
    if named.is_some() && demo.is_some() {
        return Err(Stop::usage("the demo has a judge of its own, demo-sage: leave --judge out"));
    }
    asked::judge(named, &loaded.config)
}

/// What the demo offers and asks is its own: its clouds are invented, and nothing is billed.
fn furnish_for_demo(setup: &mut ui::Setup, server: &Demo, engine: &Engine, catalog: &CatalogSource) {
    setup.estimate = estimator(engine);
    setup.spending = Spending::default();
    setup.lineup = server.lineup();
    setup.judge = server.judge();
    let known = setup.lineup.endpoints.clone();
    setup.choices = Arc::new(move || known.iter().cloned().map(ui::Choice::plain).collect());
    setup.level = world::leveller(catalog);
    setup.accepts = world::accepter(catalog);
    // Nobody's config has a use for such a lineup.
    setup.saves = false;
}

/// Whom the screen asks, or the code with which it ends; somebody who has nothing configured is
/// greeted, in this theme.
async fn cast(
    cli: &Cli,
    demo: Option<&DemoArgs>,
    greeted: Option<&ui::Theme>,
    (world, loaded): (&World, &Loaded),
    reopened: Option<&(KeptSession, bool)>,
) -> Result<Result<(Cast, Option<ui::Keys>), u8>, Stop> {
    if let Some(demo) = demo {
        return Ok(Ok((Cast::Demo(demo.prompt.clone()), None)));
    }
    if let Some((kept, _)) = reopened {
        let lineup = kept.transcript.lineup.clone();
        let again = Cast::Lineup(Asked { lineup, absent: Vec::new(), open_weights: false });
        return Ok(Ok((if kept.record.simulated { Cast::Demo(None) } else { again }, None)));
    }
    if let Some(theme) = greeted {
        return Ok(greet(world, loaded, theme).await?.map(|(cast, keys)| (cast, Some(keys))));
    }
    // The screen brings settings together itself, so that it can undo it.
    let who = cli.who.with_own_settings();
    Ok(Ok((Cast::Lineup(world.lineup(&who, &loaded.config).await?), None)))
}

/// The session as JSON, where `--out` asks for it.
fn keep(path: &Path, exit: ui::Exit, meta: &Meta, started_at: jiff::Timestamp) -> Result<(), Stop> {
    let export = export("json").ok_or_else(|| Stop::usage("there is no JSON export"))?;
    let rounds = rounds(exit.rounds, exit.baseline.as_ref(), started_at);
    write_file(path, &(export.write)(meta, &rounds))
}

/// What is known at the start of values and prompts, and the system text that goes with them.
fn given(asking: &Asking, loaded: &Loaded) -> Result<(ui::Given, Option<String>), Stop> {
    if asking.saved.len() > 1 {
        return Err(Stop::usage(
            "the screen opens with one prompt of the library; `bakeoff run` takes several",
        ));
    }
    let prompt = asking.saved.first().map(|word| filling::saved(loaded, word)).transpose()?;
    let saved = prompt.as_ref().and_then(|(_, version)| version.system.clone());
    // What was asked for now, else what the prompt was saved with, else what always holds.
    let system = match (&asking.system, saved) {
        (None, Some(saved)) => Some(saved),
        (asked, _) => {
            asked.as_ref().or(loaded.config.system.as_ref()).map(|t| text_or_file(t)).transpose()?
        }
    };
    let given = ui::Given { vars: filling::vars(&asking.vars)?, cases: filling::cases(asking)?, prompt };
    Ok((given, system))
}

/// Cases and the library, for the screen.
fn librarian(config: Option<PathBuf>) -> ui::Files {
    let home = std::env::home_dir();
    Arc::new(move |wish| {
        let library = filling::library(config.as_deref());
        match wish {
            ui::Wish::Cases(path) => {
                // No shell has read what was typed.
                let below = path.strip_prefix("~/").zip(home.as_ref());
                let path = below.map_or_else(|| PathBuf::from(&path), |(rest, home)| home.join(rest));
                ui::Reply::Cases(load_cases(&path))
            }
            ui::Wish::Prompts => ui::Reply::Prompts(library.and_then(|l| l.list())),
            ui::Wish::Save(name, mut version) => {
                version.saved_at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
                let said = library.and_then(|l| l.save(&name, &version));
                ui::Reply::Saved(name, said)
            }
            ui::Wish::Delete(name) => ui::Reply::Deleted(library.and_then(|l| l.remove(&name))),
        }
    })
}

/// Whether there is something to draw on.
fn on_a_terminal(nobody: bool, loaded: &Loaded) -> Result<(), Stop> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(if nobody {
            runtime()?.block_on(asked::nobody(loaded))
        } else {
            Stop::usage("the screen needs a terminal on standard input and output; use `bakeoff run`")
        });
    }
    if std::env::var_os("TERM").is_some_and(|t| t == "dumb") {
        return Err(Stop::usage("TERM=dumb cannot show the screen; use `bakeoff run`"));
    }
    Ok(())
}

fn estimator(engine: &Engine) -> ui::Estimator {
    let engine = engine.clone();
    Arc::new(move |endpoint, prompt| engine.estimate(endpoint, prompt))
}

/// What the picker offers. It is opened by a key, so that the clouds' files are looked at
/// then and not at the start.
fn offered(world: &World, loaded: &Loaded) -> Arc<dyn Fn() -> Vec<ui::Choice> + Send + Sync> {
    let (catalog, vars) = (Arc::clone(&world.catalog), world.vars.clone());
    let own = loaded.config.endpoints.clone();
    let runtime = tokio::runtime::Handle::current();
    Arc::new(move || {
        // The SDK's reader is asynchronous, and the thread that asks drives the screen already.
        let read = || runtime.block_on(aws_profile());
        let profile = std::thread::scope(|scope| scope.spawn(read).join()).unwrap_or_default();
        choices(&catalog(), &vars, &crate::store::machine(&vars, &profile), &own)
    })
}

/// The screen of somebody who has nothing configured: whom to ask, or an exit code.
async fn greet(
    world: &World,
    loaded: &Loaded,
    theme: &ui::Theme,
) -> Result<Result<(Cast, ui::Keys), u8>, Stop> {
    let sights = found(&world.vars, &world.machine).into_iter();
    let sights = sights.map(|(endpoint, found)| ui::Sight {
        name: endpoint.provider.clone(),
        found,
        endpoint: Some(endpoint),
    });
    let home = std::env::home_dir();
    let config = loaded.path.as_ref().filter(|p| !p.exists()).map(|p| shorten_home(p, home.as_deref()));
    let mut welcome = ui::Welcome { sights: sights.collect(), config, looking: true };
    let picked = ui::welcome(&mut welcome, theme, local(world)).await;
    let (picked, keys) = picked.map_err(|e| Stop::io("the terminal", &e))?;
    Ok(match picked {
        ui::Picked::Demo => Ok((Cast::Demo(None), keys)),
        ui::Picked::Open => {
            let here = welcome.sights.into_iter().filter(|sight| sight.found.is_ok());
            let mut lineup =
                Lineup { endpoints: here.filter_map(|s| s.endpoint).collect(), ..Lineup::default() };
            lineup.tell_apart();
            Ok((Cast::Lineup(Asked { lineup, absent: Vec::new(), open_weights: false }), keys))
        }
        ui::Picked::Init => Err(super::init::write(loaded, world, false)?),
        ui::Picked::Quit(code) => Err(code),
    })
}

/// The servers that run on this machine, each with the first of its models.
async fn local(world: &World) -> Vec<ui::Sight> {
    let served = world.served().await.models;
    let rows = PROVIDERS.iter().filter(|row| row.is_local());
    let sight = |row: &Provider| {
        let models: Vec<_> = served.iter().filter(|(id, _)| id == row.id).collect();
        let (_, model) = models.first()?;
        let endpoint = Endpoint {
            name: model.clone(),
            provider: row.id.into(),
            model: model.clone(),
            ..Endpoint::default()
        };
        let many = if models.len() == 1 { "1 model".to_owned() } else { format!("{} models", models.len()) };
        Some(ui::Sight {
            name: row.id.into(),
            found: Ok(format!("runs here, {many}")),
            endpoint: Some(endpoint),
        })
    };
    rows.filter_map(sight).collect()
}

/// The screen's rounds as an export takes them; what still ran is interrupted.
fn rounds(rounds: Vec<ui::Round>, baseline: Option<&Endpoint>, started_at: jiff::Timestamp) -> Vec<Round> {
    let export = |(number, round): (usize, ui::Round)| {
        let exported = round.exported(&round.entries, round_id(started_at, number), baseline);
        Round { runs: runs(round.entries), ..exported }
    };
    (1..).zip(rounds).map(export).collect()
}

/// Every trial of a round: the first of all endpoints, then the second.
fn runs(entries: Vec<ui::Entry>) -> Vec<Run> {
    let mut out = Vec::new();
    for entry in entries {
        let ui::Entry { endpoint, prompt, answer, trial, trials, .. } = entry;
        let others = trials.into_iter().map(|t| (t.number, t.prompt, t.answer));
        for (trial, prompt, answer) in std::iter::once((trial, prompt, answer)).chain(others) {
            out.push(Run { endpoint: endpoint.clone(), answer, trial, prompt });
        }
    }
    // Stable: within a trial the lineup's order stays.
    out.sort_by_key(|run| run.trial);
    out
}
