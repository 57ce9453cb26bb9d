//! From arguments and configuration to a lineup and an engine.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::Stop;
use super::args::Who;
use crate::catalog::Catalog;
use crate::demo::Demo;
use crate::engine::Access;
use crate::engine::CatalogSource;
use crate::engine::Limits;
use crate::model::Endpoint;
use crate::model::Lineup;
use crate::provider::PROVIDERS;
use crate::provider::Vars;
use crate::provider::parse_spec;
use crate::store::Config;
use crate::store::ConfigError;
use crate::store::config_path;
use crate::ui::Keymap;
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

/// The endpoints that the arguments name, else the config's lineup, else all its endpoints.
pub(super) fn lineup(who: &Who, config: &Config) -> Result<Lineup, Stop> {
    let mut lineup = match (&who.lineup, &config.lineup) {
        (Some(name), _) => config.lineup_named(name).map_err(Stop::usage)?,
        (None, Some(name)) if who.endpoints.is_empty() => config.lineup_named(name).map_err(Stop::usage)?,
        (None, _) if who.endpoints.is_empty() => {
            Lineup { endpoints: config.endpoints.clone(), ..Lineup::default() }
        }
        (None, _) => Lineup::default(),
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

fn spec_endpoint(spec: &str, config: &Config) -> Result<Endpoint, Stop> {
    let mut endpoint = parse_spec(spec).map_err(|e| Stop::usage(format!("-e {e}")))?;
    endpoint.params = endpoint.params.or(config.defaults);
    Ok(endpoint)
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

/// The embedded catalog, read when first asked for.
pub(super) fn catalog() -> CatalogSource {
    Arc::new(Catalog::embedded)
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
