//! From arguments and configuration to a lineup and an engine.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use super::Stop;
use super::args::Who;
use crate::catalog::Catalog;
use crate::demo::Demo;
use crate::engine::Access;
use crate::engine::CatalogSource;
use crate::engine::Engine;
use crate::engine::Limits;
use crate::engine::max_output;
use crate::engine::profile_region;
use crate::model::Endpoint;
use crate::model::Lineup;
use crate::model::Report;
use crate::model::nearest;
use crate::provider::Machine;
use crate::provider::Opened;
use crate::provider::PROVIDERS;
use crate::provider::Place;
use crate::provider::Reach;
use crate::provider::Vars;
use crate::provider::level;
use crate::provider::parse_spec;
use crate::provider::provider;
use crate::store;
use crate::store::Config;
use crate::store::ConfigError;
use crate::store::config_path;
use crate::ui::Keymap;
use crate::ui::Leveller;
use crate::ui::Theme;

/// The configuration and where it was looked for.
pub(super) struct Loaded {
    pub(super) path: Option<PathBuf>,
    pub(super) config: Config,
}

/// Reads the configuration; one named by `BAKEOFF_CONFIG` must exist.
pub(super) fn load() -> Result<Loaded, Stop> {
    let path = config_path();
    let named = std::env::var_os("BAKEOFF_CONFIG").is_some_and(|p| !p.is_empty());
    let config = match &path {
        Some(path) => Config::load(path, named).map_err(|e| Stop::usage(e.to_string()))?,
        None => Config::default(),
    };
    Ok(Loaded { path, config })
}

/// Everything that a command stands on: variables, files, catalog, engine.
pub(super) struct World {
    pub(super) vars: Vars,
    pub(super) machine: Machine,
    pub(super) catalog: CatalogSource,
    pub(super) engine: Engine,
}

impl World {
    /// Looks around. The clouds' files are read only when a cloud that needs them is asked,
    /// so that a start does not pay for the others.
    pub(super) async fn look(
        loaded: &Loaded,
        limits: Limits,
        files: bool,
    ) -> Result<(Self, UnboundedReceiver<Report>), Stop> {
        let catalog = catalog(loaded)?;
        let mut vars = Vars::process();
        for (label, key) in loaded.config.plain_keys.iter() {
            vars = vars.with(label, key);
        }
        let machine = if files { store::machine(&vars, profile_region().await) } else { Machine::default() };
        let vars = machine.over(&vars);
        let access = access(&loaded.config);
        let (engine, reports) = Engine::new(vars.clone(), limits, access, Arc::clone(&catalog));
        Ok((Self { vars, machine, catalog, engine }, reports))
    }

    /// The lineup of the arguments, families opened and settings brought together where that
    /// was asked; the clouds that are not among them.
    pub(super) async fn lineup(&self, who: &Who, config: &Config) -> Result<(Lineup, Vec<Absent>), Stop> {
        let mut lineup = named(who, config)?;
        let mut titles: Vec<_> =
            Some(lineup.name.clone()).filter(|name| !name.is_empty()).into_iter().collect();
        let mut absent = Vec::new();
        for word in &who.models {
            let opened = self.family(word, who.all_routes, config).await?;
            if !opened.missing.is_empty() || opened.lineup.endpoints.is_empty() {
                absent.push(Absent { model: word.clone(), clouds: opened.missing });
            }
            titles.push(opened.lineup.name);
            for endpoint in opened.lineup.endpoints {
                let endpoint = with_defaults(endpoint, config);
                // Whoever is asked by name already is not asked again.
                if !lineup.endpoints.iter().any(|known| known.asks_like(&endpoint)) {
                    lineup.endpoints.push(endpoint);
                }
            }
        }
        if lineup.endpoints.is_empty() && !absent.is_empty() {
            let absent: Vec<_> = absent.iter().map(|a| format!("for {}: {}", a.model, a.reasons())).collect();
            return Err(Stop::usage(format!("no cloud to ask {}", absent.join("; "))));
        }
        lineup.name = titles.join(" + ");
        lineup.tell_apart();
        if who.common {
            lineup.endpoints = leveller(&self.catalog)(&lineup.endpoints);
        }
        Ok((lineup, absent))
    }

    async fn family(&self, word: &str, all: bool, config: &Config) -> Result<Opened, Stop> {
        let catalog = (self.catalog)();
        // Only open weights can be on this machine; nobody else's server is asked.
        let open = catalog.family(word).is_some_and(|f| f.open_weights);
        let served = if open { self.served().await } else { Served::default() };
        let own = &config.endpoints;
        let (vars, machine) = (&self.vars, &self.machine);
        let reach = Reach { catalog: &catalog, vars, machine, own, served: &served.models, all };
        let mut opened = reach.open(word).map_err(Stop::usage)?;
        opened
            .missing
            .extend(served.silent.into_iter().map(|label| (label.to_owned(), "no answer".to_owned())));
        Ok(opened)
    }

    /// What the servers on this machine serve. One that does not run is no fault.
    pub(super) async fn served(&self) -> Served {
        let asked = PROVIDERS.iter().filter(|row| row.is_local()).map(|row| async move {
            let endpoint = Endpoint { provider: row.id.to_owned(), ..Endpoint::default() };
            match tokio::time::timeout(LOCAL_PATIENCE, self.engine.models(&endpoint)).await {
                Ok(Ok(Some(brought))) => {
                    let models = brought.listed.into_iter().map(|m| (row.id.to_owned(), m.id)).collect();
                    Served { models, silent: Vec::new() }
                }
                // Nothing listens there, or not this kind of server.
                Ok(_) => Served::default(),
                Err(_) => Served { models: Vec::new(), silent: vec![row.label] },
            }
        });
        // All at once: one that hangs costs a second, not one for each.
        let mut all = Served::default();
        for mut one in futures_util::future::join_all(asked).await {
            all.models.append(&mut one.models);
            all.silent.append(&mut one.silent);
        }
        all
    }
}

/// What the servers on this machine have.
#[derive(Default)]
pub(super) struct Served {
    /// Provider and model, in the providers' order.
    pub(super) models: Vec<(String, String)>,
    /// Servers that took the connection and did not answer.
    silent: Vec<&'static str>,
}

/// Clouds that sell a model of `-m` and are not asked, each with what is missing.
pub(super) struct Absent {
    model: String,
    clouds: Vec<(String, String)>,
}

impl Absent {
    /// `gpt-6-sol is not asked on OpenAI (no key: OPENAI_API_KEY), …`
    pub(super) fn sentence(&self) -> String {
        let on = if self.clouds.is_empty() { "asked:" } else { "asked on" };
        format!("{} is not {on} {}", self.model, self.reasons())
    }

    fn reasons(&self) -> String {
        if self.clouds.is_empty() {
            return "no server on this machine has it".into();
        }
        let clouds: Vec<_> = self.clouds.iter().map(|(cloud, why)| format!("{cloud} ({why})")).collect();
        clouds.join(", ")
    }

    /// All of them on one line, where the picker tells the rest.
    pub(super) fn brief(all: &[Self]) -> Option<String> {
        let one = |absent: &Self| {
            let clouds: Vec<_> = absent.clouds.iter().map(|(cloud, _)| cloud.as_str()).collect();
            let clouds = if clouds.is_empty() { "this machine".to_owned() } else { clouds.join(", ") };
            format!("{} not on {clouds}", absent.model)
        };
        let texts: Vec<_> = all.iter().map(one).collect();
        (!texts.is_empty()).then(|| format!("E says why: {}", texts.join(" · ")))
    }
}

/// A server on this machine answers a list at once, or does not run.
pub(super) const LOCAL_PATIENCE: Duration = Duration::from_secs(1);

/// Whether these arguments need the clouds' own files: a family is opened, or an endpoint
/// leaves its region or project to them.
pub(super) fn needs_files(who: &Who, endpoints: &[Endpoint]) -> bool {
    let placed = |e: &Endpoint| {
        match provider(&e.provider).map(|row| row.place) {
            Some(Place::Region) => e.place.is_some(),
            // A location alone leaves the project to the credentials' file.
            Some(Place::Location) => e.place.as_ref().is_some_and(|p| p.contains('/')),
            _ => true,
        }
    };
    !who.models.is_empty() || !endpoints.iter().all(placed)
}

/// Brings endpoints to what all of them take.
pub(super) fn leveller(catalog: &CatalogSource) -> Leveller {
    let catalog = Arc::clone(catalog);
    Arc::new(move |endpoints| {
        let catalog = catalog();
        level(endpoints, &|e| max_output(&catalog, e))
    })
}

/// The endpoints that -e and -l name, else the config's lineup, else all its endpoints.
pub(super) fn named(who: &Who, config: &Config) -> Result<Lineup, Stop> {
    if who.all_routes && who.models.is_empty() {
        return Err(Stop::usage("--all-routes opens every route of a model: name one with -m"));
    }
    // The config's own lineup opens when nobody is named.
    let usual = config.lineup.as_ref().filter(|_| !who.is_named());
    let mut lineup = match who.lineup.as_ref().or(usual) {
        Some(name) => config.lineup_named(name).map_err(Stop::usage)?,
        None if who.is_named() => Lineup::default(),
        None => Lineup { endpoints: config.endpoints.clone(), ..Lineup::default() },
    };
    for spec in &who.endpoints {
        let endpoint = match config.endpoint(spec) {
            Some(named) => named.clone(),
            None => spec_endpoint(spec, config)?,
        };
        lineup.endpoints.push(endpoint);
    }
    lineup.tell_apart();
    Ok(lineup)
}

fn with_defaults(mut endpoint: Endpoint, config: &Config) -> Endpoint {
    endpoint.params = endpoint.params.or(config.defaults);
    endpoint
}

fn spec_endpoint(spec: &str, config: &Config) -> Result<Endpoint, Stop> {
    let endpoint = parse_spec(spec).map_err(|e| {
        // Without a colon it may be meant as a name.
        let names = config.endpoints.iter().map(|e| e.name.as_str()).filter(|_| !spec.contains(':'));
        match nearest(spec, names) {
            Some(name) => {
                Stop::usage(format!("-e {spec:?} is no endpoint of the config (did you mean {name:?}?)"))
            }
            None => Stop::usage(format!("-e {e}")),
        }
    })?;
    Ok(with_defaults(endpoint, config))
}

/// What to say when nobody is asked.
pub(super) fn nobody(config: &Loaded) -> Stop {
    let vars = Vars::process();
    let found: Vec<String> = PROVIDERS
        .iter()
        .flat_map(|p| p.keys.iter().filter(|k| vars.get(k.name).is_some()).map(move |k| (p, k)))
        .map(|(p, k)| format!("{} is set: try -e {}:{}", k.name, p.id, p.example))
        .collect();
    let found = if found.is_empty() { "no provider's key is set".to_owned() } else { found.join("; ") };
    let path = config.path.as_ref().map_or("no config file".into(), |p| p.display().to_string());
    Stop::usage(format!(
        "no endpoint to ask ({found}). Name some with -e provider:model, write [[endpoint]] into {path}, \
         or see `bakeoff demo`, which needs no account"
    ))
}

/// The theme that was asked for, else the configuration's; without colour where `NO_COLOR` is set.
pub(super) fn theme(asked: Option<&str>, loaded: &Loaded) -> Result<Theme, Stop> {
    let chosen = match (asked, &loaded.config.theme) {
        (Some(name), _) => Theme::named(name).map_err(Stop::usage)?,
        (None, Some(name)) => Theme::named(name).map_err(|e| wrong(loaded, loaded.config.theme_at, e))?,
        (None, None) => Theme::named("default").map_err(Stop::usage)?,
    };
    // A wrong name is told even where no colour will be used.
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    if no_color { Theme::plain().map_err(Stop::usage) } else { Ok(chosen) }
}

/// The defaults with the configuration's keys.
pub(super) fn keymap(loaded: &Loaded) -> Result<Keymap, Stop> {
    let rows = loaded.config.keys.iter().map(|r| (r.focus.as_str(), r.command.as_str(), r.keys.as_slice()));
    Keymap::with(rows).map_err(|e| wrong(loaded, None, e))
}

/// A mistake of the file that only this floor can see.
fn wrong(loaded: &Loaded, at: Option<(usize, usize)>, message: String) -> Stop {
    let path = loaded.path.clone().unwrap_or_default();
    Stop::usage(ConfigError { path, at, message }.to_string())
}

/// Time limits from the configuration over the defaults.
pub(super) fn limits(config: &Config, total: Option<Duration>) -> Limits {
    let (t, d) = (config.timeouts, Limits::default());
    Limits {
        connect: t.connect.unwrap_or(d.connect),
        first_event: t.first_event.unwrap_or(d.first_event),
        first_event_thinking: t.first_event_thinking.unwrap_or(d.first_event_thinking),
        idle: t.idle.unwrap_or(d.idle),
        total,
    }
}

/// How requests leave: the configuration's proxy and certificates.
pub(super) fn access(config: &Config) -> Access {
    let network = &config.network;
    Access { proxy: network.proxy.clone(), ca_file: network.ca_file.as_ref().map(PathBuf::from) }
}

/// The user's own rows: the file `catalog.toml` beside the config, if there is one.
pub(super) fn own_catalog(loaded: &Loaded) -> Option<PathBuf> {
    let path = loaded.path.as_ref()?.parent()?.join("catalog.toml");
    path.is_file().then_some(path)
}

/// The embedded catalog, read when first asked for, with the user's own rows on top,
/// in the same format.
pub(super) fn catalog(loaded: &Loaded) -> Result<CatalogSource, Stop> {
    let Some(path) = own_catalog(loaded) else { return Ok(Arc::new(Catalog::embedded)) };
    let wrong = |e: String| Stop::usage(format!("{}: {e}", path.display()));
    let text = std::fs::read_to_string(&path).map_err(|e| wrong(e.to_string()))?;
    let own = Arc::new(Catalog::embedded().with_extra(&text).map_err(wrong)?);
    Ok(Arc::new(move || Arc::clone(&own)))
}

/// The same with the demo's invented price rows on top.
pub(super) fn demo_catalog() -> CatalogSource {
    let cell: OnceLock<Arc<Catalog>> = OnceLock::new();
    Arc::new(move || {
        Arc::clone(cell.get_or_init(|| {
            let embedded = Catalog::embedded();
            // The demo's rows are part of the program; a test reads them.
            embedded.with_extra(Demo::catalog()).map_or(embedded, Arc::new)
        }))
    })
}
