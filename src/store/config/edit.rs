//! Changing the file by program: what the user wrote stays as it is, comments included.

use std::io::Write;
use std::path::Path;

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value, value};

use super::Config;
use crate::model::Endpoint;
use crate::model::KeySource;
use crate::model::Lineup;
use crate::model::PARAMS;
use crate::model::Params;
use crate::model::shell_word;
use crate::provider::Place;
use crate::provider::is_location;
use crate::provider::provider;

/// Writes a lineup under a name into the file, with the endpoints that it does not have
/// yet; a lineup of that name is replaced. The file appears whole, or not at all.
///
/// # Errors
/// A sentence; the file is then what it was.
pub fn save_lineup(path: &Path, name: &str, lineup: &Lineup) -> Result<String, String> {
    let at = path.display();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(format!("{at}: {e}")),
    };
    // Nothing is written into a file that is not understood.
    let config = Config::parse(&text, path).map_err(|e| e.to_string())?;
    let mut document: DocumentMut = text.parse().map_err(|e| format!("{at}: {e}"))?;
    let mut names: Vec<String> = Vec::new();
    let mut added = 0;
    for endpoint in &lineup.endpoints {
        if endpoint.simulated {
            return Err("simulated endpoints are not for a config".into());
        }
        if let Some(known) = same(&config, endpoint, &names) {
            names.push(known.name.clone());
            continue;
        }
        if let Some(KeySource::Config(owner)) = &endpoint.key {
            return Err(format!(
                "{:?} uses the key that stands in clear at {owner:?}, and a key is not copied: name it with \
                 api_key_env, api_key_cmd or keyring in {at}",
                endpoint.name
            ));
        }
        let own = free_name(&config, &endpoint.name, name, &names);
        tables(&mut document, "endpoint")?.push(endpoint_table(endpoint, &own, &config.defaults));
        names.push(own);
        added += 1;
    }
    let sets = tables(&mut document, "lineup_set")?;
    let there = sets.iter().position(|t| t.get("name").and_then(Item::as_str) == Some(name));
    let at = there.unwrap_or_else(|| {
        sets.push(Table::new());
        sets.len() - 1
    });
    if let Some(table) = sets.get_mut(at) {
        table.insert("name", value(name));
        table.insert("endpoints", value(names.iter().collect::<Array>()));
        match lineup.baseline.and_then(|at| names.get(at)) {
            Some(baseline) => table.insert("baseline", value(baseline.as_str())),
            None => table.remove("baseline"),
        };
    }
    let text = document.to_string();
    Config::parse(&text, path).map_err(|e| format!("the lineup cannot be written: {}", e.message))?;
    write_whole(path, &text)?;
    let more = if added == 0 { String::new() } else { format!(", {added} endpoints with it") };
    Ok(format!("lineup {name:?} saved{more}: bakeoff -l {}", shell_word(name)))
}

/// Keeps a theme as the one that the screen begins with, or with another for the other kind of
/// terminal as `(light, dark)`; gives the sentence that says so.
///
/// # Errors
/// Why the file is not understood or cannot be written.
pub fn save_theme(path: &Path, name: &str, pair: Option<(&str, &str)>) -> Result<String, String> {
    let at = path.display();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(format!("{at}: {e}")),
    };
    // Nothing is written into a file that is not understood.
    Config::parse(&text, path).map_err(|e| e.to_string())?;
    let mut document: DocumentMut = text.parse().map_err(|e| format!("{at}: {e}"))?;
    let before = document.get("theme").and_then(Item::as_value).map(|v| v.decor().clone());
    let mut wanted = match pair {
        None => value(name),
        Some((light, dark)) => {
            value(InlineTable::from_iter([("light", Value::from(light)), ("dark", Value::from(dark))]))
        }
    };
    if let (Some(decor), Some(value)) = (before, wanted.as_value_mut()) {
        // The comment behind it stays.
        *value.decor_mut() = decor;
    }
    // In its place: the comment above it belongs to the key.
    match document.get_mut("theme") {
        Some(item) => *item = wanted,
        None => {
            document.insert("theme", wanted);
        }
    }
    let text = document.to_string();
    Config::parse(&text, path).map_err(|e| format!("the theme cannot be written: {}", e.message))?;
    write_whole(path, &text)?;
    Ok(format!("{name} is the theme from now on, in {at}"))
}

/// The file's endpoint that asks the same in the same way, whatever it is called; of several
/// the one of that name, and none that is in the lineup already.
fn same<'c>(config: &'c Config, endpoint: &Endpoint, taken: &[String]) -> Option<&'c Endpoint> {
    let mut found = config.endpoints.iter().filter(|e| !taken.contains(&e.name) && e.asks_like(endpoint));
    let named = found.clone().find(|e| e.name == endpoint.name);
    named.or_else(|| found.next())
}

/// The endpoint's name, or where another has it, one that says which lineup it was written for.
fn free_name(config: &Config, name: &str, lineup: &str, taken: &[String]) -> String {
    let own = format!("{name} ({lineup})");
    let numbered = (2..).map(|n| format!("{own} {n}"));
    let free = |name: &String| config.endpoint(name).is_none() && !taken.contains(name);
    // The numbers do not end.
    [name.to_owned(), own.clone()].into_iter().chain(numbered).find(free).unwrap_or_default()
}

/// Writes a file of the configuration: whole, and for its owner alone.
///
/// # Errors
/// A sentence with the path.
pub fn write_whole(path: &Path, text: &str) -> Result<(), String> {
    let fail = |e: std::io::Error| format!("{}: {e}", path.display());
    let dir = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir).map_err(fail)?;
    // A link stays a link: what it points to is replaced.
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut file = tempfile::NamedTempFile::new_in(target.parent().unwrap_or(dir)).map_err(fail)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(fail)?;
    file.persist(&target).map_err(|e| fail(e.error))?;
    Ok(())
}

fn tables<'d>(document: &'d mut DocumentMut, name: &str) -> Result<&'d mut ArrayOfTables, String> {
    document
        .entry(name)
        .or_insert(Item::ArrayOfTables(ArrayOfTables::new()))
        .as_array_of_tables_mut()
        .ok_or_else(|| format!("{name} is written in a form that cannot be added to; use [[{name}]]"))
}

/// An endpoint as the file writes it: no secret is in it, only where one is.
/// What the file's defaults say already is not repeated: the endpoint goes on following them.
fn endpoint_table(e: &Endpoint, name: &str, defaults: &Params) -> Table {
    let mut table = Table::new();
    let mut put = |key: &str, text: Option<&String>| {
        if let Some(text) = text {
            table.insert(key, value(text.as_str()));
        }
    };
    let (name, place) = (name.to_owned(), e.place.as_deref());
    put("name", Some(&name));
    put("provider", Some(&e.provider));
    put("model", Some(&e.model));
    put("deployment", e.deployment.as_ref());
    match provider(&e.provider).map(|row| row.place) {
        Some(Place::Region) => put("region", e.place.as_ref()),
        Some(Place::Resource) => put("resource", e.place.as_ref()),
        Some(Place::Location) => match place.and_then(|p| p.split_once('/')) {
            Some((project, location)) => {
                put("project", Some(&project.to_owned()));
                put("location", Some(&location.to_owned()));
            }
            None if place.is_some_and(is_location) => put("location", e.place.as_ref()),
            None => put("project", e.place.as_ref()),
        },
        Some(Place::BaseUrl) | None => {}
    }
    put("base_url", e.base_url.as_ref());
    put("api", e.api.as_ref());
    put("api_version", e.api_version.as_ref());
    put("auth", e.auth.as_ref());
    put("token_scope", e.token_scope.as_ref());
    put("zone", e.zone.as_ref());
    put("system", e.system.as_ref());
    match &e.key {
        Some(KeySource::Env(name)) => put("api_key_env", Some(name)),
        Some(KeySource::File(path)) => put("api_key_file", Some(path)),
        Some(KeySource::Keyring(entry)) => put("keyring", Some(entry)),
        Some(KeySource::Command(argv)) => {
            table.insert("api_key_cmd", value(argv.iter().collect::<Array>()));
        }
        Some(KeySource::Config(_)) | None => {}
    }
    if e.allow_plain_http {
        table.insert("allow_plain_http", value(true));
    }
    let mut params = InlineTable::new();
    for (param, ..) in PARAMS {
        if let Some(text) = e.params.get(param).filter(|own| Some(own) != defaults.get(param).as_ref()) {
            // A number stays a number.
            let number =
                text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<f64>().map(Value::from));
            params.insert(param, number.unwrap_or_else(|_| Value::from(text)));
        }
    }
    if !params.is_empty() {
        table.insert("params", value(params));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# my clouds\ntheme = \"nord\" # dark\n\n[[endpoint]]\nname = \"sol\"\nprovider = \"openai\"\nmodel = \"gpt-6-sol\"\n";

    fn lineup() -> Lineup {
        let endpoint = |name: &str, provider: &str, model: &str| Endpoint {
            name: name.into(),
            provider: provider.into(),
            model: model.into(),
            ..Endpoint::default()
        };
        let mut azure = endpoint("azure", "azure", "gpt-6-sol");
        azure.place = Some("contoso".into());
        azure.deployment = Some("gpt6".into());
        azure.key = Some(KeySource::Command(vec!["op".into(), "read".into()]));
        azure.params = Params { temperature: Some(0.5), max_tokens: Some(9), ..Params::default() };
        let mut gemini = endpoint("gemini", "vertex", "gemini-3.8-flash");
        gemini.place = Some("p/global".into());
        Lineup {
            endpoints: vec![endpoint("sol", "openai", "gpt-6-sol"), azure, gemini],
            baseline: Some(0),
            ..Lineup::default()
        }
    }

    #[test]
    fn a_saved_lineup_reads_back_and_what_was_written_by_hand_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sub/config.toml");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, FILE).unwrap();
        let said = save_lineup(&path, "trio", &lineup()).unwrap();
        assert!(said.contains("2 endpoints with it"), "{said}");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(FILE), "{text}");
        let config = Config::load(&path, true).unwrap();
        let saved = config.lineup_named("trio").unwrap();
        assert_eq!(saved.endpoints, lineup().endpoints);
        assert_eq!(saved.baseline, Some(0));
        // Saving again replaces it and repeats no endpoint.
        let mut fewer = lineup();
        fewer.endpoints.truncate(2);
        save_lineup(&path, "trio", &fewer).unwrap();
        let config = Config::load(&path, true).unwrap();
        assert_eq!((config.endpoints.len(), config.lineups.len()), (3, 1));
        assert_eq!(config.lineup_named("trio").unwrap().endpoints.len(), 2);
    }

    #[test]
    fn a_saved_endpoint_goes_on_following_the_defaults() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::write(&path, "[defaults]\nmax_tokens = 100\ntemperature = 0.5\n").unwrap();
        let mut lineup = lineup();
        lineup.endpoints.truncate(1);
        lineup.endpoints[0].params =
            Params { temperature: Some(0.7), max_tokens: Some(100), ..Params::default() };
        let (config, back) = saved(&path, "one", &lineup);
        assert_eq!((back.endpoints[0].params, config.endpoints.len()), (lineup.endpoints[0].params, 1));
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("max_tokens = 100", "max_tokens = 200")).unwrap();
        let later = Config::load(&path, true).unwrap().lineup_named("one").unwrap();
        assert_eq!(
            (later.endpoints[0].params.max_tokens, text.matches("max_tokens").count()),
            (Some(200), 1)
        );
        assert_eq!(later.endpoints[0].params.temperature, Some(0.7), "its own value stays");
    }

    /// What the file says of a lineup after it was saved under a name.
    fn saved(path: &Path, name: &str, lineup: &Lineup) -> (Config, Lineup) {
        save_lineup(path, name, lineup).unwrap();
        let config = Config::load(path, true).unwrap();
        let lineup = config.lineup_named(name).unwrap();
        (config, lineup)
    }

    #[test]
    fn the_same_route_with_other_settings_is_another_endpoint() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::write(&path, FILE).unwrap();
        let mut hot = lineup();
        hot.endpoints.truncate(1);
        hot.endpoints[0].params.temperature = Some(0.9);
        hot.endpoints[0].key = Some(KeySource::Env("MINE".into()));
        let (config, first) = saved(&path, "hot", &hot);
        assert_eq!(config.endpoints.len(), 2, "the one by hand stays");
        let endpoint = &first.endpoints[0];
        assert_eq!((endpoint.name.as_str(), endpoint.params.temperature), ("sol (hot)", Some(0.9)));
        assert_eq!(endpoint.key, Some(KeySource::Env("MINE".into())));
        assert_eq!(first.baseline, Some(0), "by the name it was written under");
        // The same again, under its new name or its old one, adds nothing.
        let (config, second) = saved(&path, "hot", &hot);
        assert_eq!((config.endpoints.len(), &second), (2, &first));
        let (config, third) = saved(&path, "other", &second);
        assert_eq!((config.endpoints.len(), third.endpoints), (2, first.endpoints));
        // Another setting under the same two names is numbered.
        hot.endpoints[0].params.temperature = Some(0.1);
        let (config, fourth) = saved(&path, "hot", &hot);
        assert_eq!((config.endpoints.len(), fourth.endpoints[0].name.as_str()), (3, "sol (hot) 2"));
        // A lineup saved without a baseline has none, and a comment above it stays.
        let text = std::fs::read_to_string(&path).unwrap();
        let commented = text.replacen("[[lineup_set]]", "# for the demo\n[[lineup_set]]", 1);
        std::fs::write(&path, commented).unwrap();
        hot.baseline = None;
        assert_eq!(saved(&path, "hot", &hot).1.baseline, None);
        assert!(std::fs::read_to_string(&path).unwrap().contains("# for the demo\n[[lineup_set]]"));
    }

    #[test]
    fn what_is_said_can_be_copied_to_a_shell() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        for (name, word) in [("both", "both"), ("Anna's $2", "'Anna'\\''s $2'")] {
            let said = save_lineup(&path, name, &lineup()).unwrap();
            assert!(said.ends_with(&format!(": bakeoff -l {word}")), "{said}");
        }
    }

    #[test]
    fn one_endpoint_twice_is_two_in_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::write(&path, FILE).unwrap();
        let mut twice = lineup();
        twice.endpoints.truncate(1);
        twice.endpoints.push(Endpoint { name: "sol #2".into(), ..twice.endpoints[0].clone() });
        let names: Vec<_> = saved(&path, "twice", &twice).1.endpoints.into_iter().map(|e| e.name).collect();
        assert_eq!(names, ["sol", "sol #2"]);
    }

    #[test]
    fn a_key_that_stands_in_clear_is_not_copied_nor_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let file = format!("{FILE}api_key = \"sk-canary-1\"\n");
        std::fs::write(&path, &file).unwrap();
        let config = Config::parse(&file, &path).unwrap();
        let mut lineup = Lineup { endpoints: config.endpoints, ..Lineup::default() };
        lineup.endpoints[0].name = "renamed".into();
        save_lineup(&path, "same", &lineup).unwrap();
        lineup.endpoints[0].params.max_tokens = Some(9);
        let before = std::fs::read_to_string(&path).unwrap();
        let said = save_lineup(&path, "changed", &lineup).unwrap_err();
        assert!(said.contains("api_key_env") && !said.contains("canary"), "{said}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
    }

    #[test]
    fn a_place_is_written_by_the_word_that_it_is() {
        for (place, want) in [
            ("mine/eu", "project = \"mine\"\nlocation = \"eu\"\n"),
            ("mine", "project = \"mine\"\n"),
            ("europe-west1", "location = \"europe-west1\"\n"),
        ] {
            let endpoint =
                Endpoint { provider: "vertex".into(), place: Some(place.into()), ..Endpoint::default() };
            let table = endpoint_table(&endpoint, "x", &Params::default()).to_string();
            assert!(table.ends_with(want), "{table}");
        }
    }

    #[test]
    fn a_file_that_is_wrong_is_not_touched() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::write(&path, "thme = 1\n").unwrap();
        assert!(save_lineup(&path, "x", &lineup()).unwrap_err().contains("did you mean"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "thme = 1\n");
    }

    #[test]
    fn a_theme_is_kept_with_what_stands_around_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::write(&path, FILE).unwrap();
        save_theme(&path, "gruvbox", None).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), FILE.replace("\"nord\"", "\"gruvbox\""));
        let new = dir.path().join("new.toml");
        save_theme(&new, "mono", None).unwrap();
        assert_eq!(std::fs::read_to_string(&new).unwrap(), "theme = \"mono\"\n");
        std::fs::write(&path, "theme = 3\n").unwrap();
        assert!(save_theme(&path, "mono", None).unwrap_err().contains("a theme is a name"));
    }
}
