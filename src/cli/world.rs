//! From the configuration to what every command stands on: variables, files, catalog, engine.

use std::io::{ErrorKind, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use super::Stop;
use crate::catalog::AS_OF;
use crate::catalog::Catalog;
use crate::catalog::age;
use crate::demo::Demo;
use crate::engine::Access;
use crate::engine::CatalogSource;
use crate::engine::Engine;
use crate::engine::Limits;
use crate::engine::aws_profile;
use crate::engine::max_output;
use crate::model::Connections;
use crate::model::Report;
use crate::provider::Machine;
use crate::provider::PROVIDERS;
use crate::provider::Vars;
use crate::provider::level;
use crate::provider::takes;
use crate::store;
use crate::store::Config;
use crate::store::ConfigError;
use crate::store::PriceFiles;
use crate::store::ThemeWish;
use crate::store::config_path;
use crate::ui::AUTO;
use crate::ui::Accepted;
use crate::ui::Accepter;
use crate::ui::Depth;
use crate::ui::Keymap;
use crate::ui::Leveller;
use crate::ui::Theme;
use crate::ui::ThemeFile;
use crate::ui::Themes;

/// The configuration and where it was looked for.
pub(super) struct Loaded {
    pub(super) path: Option<PathBuf>,
    pub(super) config: Config,
}

impl Loaded {
    /// The same, with what the command line says of connections.
    pub(super) fn with(mut self, connections: Option<Connections>) -> Self {
        self.config.network.connections = connections.unwrap_or(self.config.network.connections);
        self
    }
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
        let machine = if files { store::machine(&vars, &aws_profile().await) } else { Machine::default() };
        let vars = machine.over(&vars);
        let access = access(&loaded.config);
        let (engine, reports) = Engine::new(vars.clone(), limits, access, Arc::clone(&catalog));
        Ok((Self { vars, machine, catalog, engine }, reports))
    }
}

/// Brings endpoints to what all of them take.
pub(super) fn leveller(catalog: &CatalogSource) -> Leveller {
    let catalog = Arc::clone(catalog);
    Arc::new(move |endpoints| {
        let catalog = catalog();
        level(endpoints, &|e| max_output(&catalog, e))
    })
}

/// Says what endpoints take.
pub(super) fn accepter(catalog: &CatalogSource) -> Accepter {
    let catalog = Arc::clone(catalog);
    Arc::new(move |endpoint| {
        let rows = takes(endpoint, max_output(&catalog(), endpoint));
        rows.into_iter()
            .map(|row| Accepted { param: row.param, takes: row.words, becomes: row.becomes })
            .collect()
    })
}

/// The themes there are: ours and those of the folder beside the configuration, in what colours
/// this terminal has.
pub(super) fn themes(loaded: &Loaded) -> Themes {
    let folder = loaded.path.as_ref().and_then(|p| Some(p.parent()?.join("themes")));
    let files = folder.and_then(|f| std::fs::read_dir(f).ok()).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = files.map(|f| f.path()).collect();
    paths.sort();
    let depth = match supports_color::on(supports_color::Stream::Stdout) {
        Some(level) if level.has_16m => Depth::Full,
        Some(level) if level.has_256 => Depth::Cube,
        // Whatever it is not told, a terminal that colours are asked of has sixteen.
        _ => Depth::Sixteen,
    };
    let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    Themes { own: paths.iter().filter_map(|path| theme_file(path).ok()).collect(), depth, plain }
}

fn theme_file(path: &Path) -> Result<ThemeFile, String> {
    let name = path.file_stem().filter(|_| path.extension().is_some_and(|e| e == "toml"));
    let name = name
        .and_then(|n| n.to_str())
        .ok_or_else(|| format!("{}: a theme's file ends in .toml", path.display()))?;
    let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    // What is no text is no TOML either, and says so when it is chosen.
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(ThemeFile { name: name.to_owned(), text, place: path.display().to_string() })
}

/// The theme that was asked for, else the configuration's.
pub(super) fn theme(asked: Option<&str>, loaded: &Loaded, themes: &mut Themes) -> Result<Theme, Stop> {
    let wish = asked.map(|name| ThemeWish::Named(name.to_owned())).or_else(|| loaded.config.theme.clone());
    let Some(wish) = wish else { return Ok(themes.usual()) };
    let named = wished(&wish, themes);
    named.map_err(|e| if asked.is_some() { Stop::usage(e) } else { wrong(loaded, loaded.config.theme_at, e) })
}

fn wished(wish: &ThemeWish, themes: &mut Themes) -> Result<Theme, String> {
    let (light, dark) = match wish {
        ThemeWish::Named(name) if name == "auto" => AUTO,
        ThemeWish::Named(name) if is_path(name) => {
            let file = theme_file(Path::new(name))?;
            let name = file.name.clone();
            themes.own.insert(0, file);
            return themes.named(&name);
        }
        ThemeWish::Named(name) => return themes.named(name),
        ThemeWish::ByGround { light, dark } => (light.as_str(), dark.as_str()),
    };
    // A wrong name of either is told, whichever is shown.
    let (light, dark) = (themes.named(light)?, themes.named(dark)?);
    Ok(if is_light() { light } else { dark })
}

/// Whether a theme is named by its file.
fn is_path(name: &str) -> bool {
    name.contains('/') || Path::new(name).extension().is_some_and(|e| e == "toml")
}

/// How long a terminal may take to tell its colours. Those that cannot tell are known sooner: they
/// answer the question that is sent behind it.
const COLOURS: Duration = Duration::from_millis(300);

/// Whether the terminal has a light ground: it is asked, else `COLORFGBG` is believed; dark otherwise.
fn is_light() -> bool {
    let mut options = terminal_colorsaurus::QueryOptions::default();
    options.timeout = COLOURS;
    if std::io::stdout().is_terminal()
        && let Ok(mode) = terminal_colorsaurus::theme_mode(options)
    {
        return mode == terminal_colorsaurus::ThemeMode::Light;
    }
    let told = std::env::var("COLORFGBG").unwrap_or_default();
    matches!(told.rsplit(';').next(), Some("7" | "15"))
}

/// The defaults with the configuration's keys.
pub(super) fn keymap(loaded: &Loaded) -> Result<Keymap, Stop> {
    let rows = loaded.config.keys.iter().map(|r| (r.focus.as_str(), r.command.as_str(), r.keys.as_slice()));
    Keymap::with(rows).map_err(|e| wrong(loaded, None, e))
}

/// A mistake of the file that only this floor can see.
pub(super) fn wrong(loaded: &Loaded, at: Option<(usize, usize)>, message: String) -> Stop {
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

/// How requests leave: the configuration's proxy, certificates and connections.
pub(super) fn access(config: &Config) -> Access {
    let network = &config.network;
    Access {
        proxy: network.proxy.clone(),
        ca_file: network.ca_file.as_ref().map(PathBuf::from),
        connections: network.connections,
    }
}

/// The user's own rows: the file `catalog.toml` beside the config, if there is one.
pub(super) fn own_catalog(loaded: &Loaded) -> Option<PathBuf> {
    beside(loaded, "catalog.toml")
}

fn beside(loaded: &Loaded, name: &str) -> Option<PathBuf> {
    let path = loaded.path.as_ref()?.parent()?.join(name);
    // A link that leads nowhere is there too: whoever made it means its rows to count.
    path.symlink_metadata().is_ok().then_some(path)
}

/// The embedded catalog, read when first asked for: a downloaded price book over it, the user's
/// own rows and prices on top. Where the user has none of these, nothing is read at the start.
pub(super) fn catalog(loaded: &Loaded) -> Result<CatalogSource, Stop> {
    if own_catalog(loaded).is_none() && own_prices(loaded).is_none() {
        let cell: OnceLock<Arc<Catalog>> = OnceLock::new();
        return Ok(Arc::new(move || Arc::clone(cell.get_or_init(|| with_download(downloaded().as_deref())))));
    }
    let own = Arc::new(catalog_with(loaded, downloaded().as_deref())?);
    Ok(Arc::new(move || Arc::clone(&own)))
}

/// The same with this downloaded book.
pub(super) fn catalog_with(loaded: &Loaded, downloaded: Option<&str>) -> Result<Catalog, Stop> {
    let providers: Vec<_> = PROVIDERS.iter().map(|row| row.id).collect();
    let mut catalog = (*with_download(downloaded)).clone();
    let wrong = |path: &Path, e: String| Stop::usage(format!("{}: {e}", path.display()));
    if let Some(path) = own_catalog(loaded) {
        let own = own_text(&path).and_then(|text| catalog.with_own(&text, &providers));
        catalog = own.map_err(|e| wrong(&path, e))?;
    }
    if let Some(path) = own_prices(loaded) {
        let own = own_text(&path).and_then(|text| catalog.with_prices(&text, &providers, &today()));
        catalog = own.map_err(|e| wrong(&path, e))?;
    }
    Ok(catalog)
}

/// A book that was damaged since it was downloaded does not count; `bakeoff prices` says so.
fn with_download(text: Option<&str>) -> Arc<Catalog> {
    let embedded = Catalog::embedded();
    text.and_then(|text| embedded.with_download(text).ok()).map_or(embedded, Arc::new)
}

fn downloaded() -> Option<String> {
    PriceFiles::usual()?.read().ok().flatten()
}

/// The user's own prices: the file `prices.toml` beside the config, if there is one.
pub(super) fn own_prices(loaded: &Loaded) -> Option<PathBuf> {
    beside(loaded, "prices.toml")
}

/// The day of the list that counts, and its age in days, without reading the list.
pub(super) fn prices_of() -> (String, Option<i32>) {
    let downloaded = PriceFiles::usual().and_then(|files| files.as_of()).unwrap_or_default();
    let as_of = downloaded.max(AS_OF.to_owned());
    let age = age(&as_of, &today());
    (as_of, age)
}

/// Today in UTC, `YYYY-MM-DD`.
pub(super) fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

fn own_text(path: &Path) -> Result<String, String> {
    match path.metadata() {
        Ok(there) if !there.is_file() => Err("not a file: correct or remove it".into()),
        Err(e) if e.kind() == ErrorKind::NotFound => {
            Err("a link to a file that is not there: correct or remove it".into())
        }
        _ => std::fs::read_to_string(path).map_err(|e| e.to_string()),
    }
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
