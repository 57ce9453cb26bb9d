//! Commands that list: providers, configuration, keys, themes.

use std::io::Write;

use serde_json::{Value, json};

use super::args::{ListFormat, Look, Who};
use super::asked::Asked;
use super::output::{say, write_out};
use super::world::World;
use super::{Stop, look, runtime, world};
use crate::model::Endpoint;
use crate::model::PARAMS;
use crate::model::clean_line;
use crate::provider::PROVIDERS;
use crate::provider::Vars;
use crate::provider::api_of;
use crate::provider::provider;
use crate::provider::ready;
use crate::ui::COMMANDS;

pub(super) fn config_path() -> Result<u8, Stop> {
    let path = crate::store::config_path()
        .ok_or_else(|| Stop::usage("no place for a configuration: set HOME, or BAKEOFF_CONFIG to a file"))?;
    write_out(&format!("{}\n", clean_line(&path.display().to_string())))?;
    Ok(0)
}

pub(super) fn config_check() -> Result<u8, Stop> {
    let loaded = world::load()?;
    let own_themes = look::check(&loaded)?;
    world::keymap(&loaded)?;
    world::catalog(&loaded)?;
    world::access(&loaded.config).check().map_err(|why| world::wrong(&loaded, None, why))?;
    let said = match &loaded.path {
        None => "no place for a configuration: set HOME, or BAKEOFF_CONFIG to a file".to_owned(),
        Some(path) if !path.exists() => {
            format!("{}: no such file; `bakeoff init` writes one", path.display())
        }
        Some(path) => {
            let (e, l) = (loaded.config.endpoints.len(), loaded.config.lineups.len());
            format!("{}: fine, {e} endpoints, {l} lineups", path.display())
        }
    };
    write_out(&format!("{}\n", clean_line(&said)))?;
    for rows in world::own_catalog(&loaded).into_iter().chain(world::own_prices(&loaded)) {
        write_out(&format!("{}: fine\n", clean_line(&rows.display().to_string())))?;
    }
    for theme in own_themes {
        write_out(&format!("{theme}: fine\n"))?;
    }
    Ok(0)
}

pub(super) fn config_show(who: &Who, format: ListFormat) -> Result<u8, Stop> {
    let loaded = world::load()?;
    let limits = world::limits(&loaded.config, None);
    let (world, lineup) = runtime()?.block_on(async {
        let (world, _) = World::look(&loaded, limits, true).await?;
        let Asked { lineup, absent, .. } = world.lineup(who, &loaded.config).await?;
        say(&absent);
        Ok((world, lineup))
    })?;
    if lineup.endpoints.is_empty() {
        let _ =
            writeln!(std::io::stderr(), "bakeoff: the config has no endpoint: `bakeoff init` writes some");
    }
    let rows = lineup.endpoints.iter().map(|e| endpoint_fields(e, &world, format)).collect();
    list(rows, format)
}

/// What an endpoint was understood as. Where its credential is is named, its value never shown.
fn endpoint_fields(e: &Endpoint, world: &World, format: ListFormat) -> Vec<(&'static str, Value)> {
    let params: Vec<_> =
        PARAMS.iter().filter_map(|(name, ..)| Some(format!("{name}={}", e.params.get(name)?))).collect();
    let (key, problem) = match ready(e, &world.vars, &world.machine) {
        Ok(key) => (Some(key), None),
        // People read the reason where they look for the key; some begin as the word would.
        Err(why) if format == ListFormat::Table && why.starts_with("no ") => (Some(why), None),
        Err(why) if format == ListFormat::Table => (Some(format!("no: {why}")), None),
        Err(why) => (None, Some(why)),
    };
    let mut fields = vec![
        ("endpoint", json!(e.name)),
        ("provider", json!(e.provider)),
        ("model", json!(e.model)),
        ("place", json!(e.place.as_ref().or(e.base_url.as_ref()))),
        ("params", json!(params.join(" "))),
        ("deployment", json!(e.deployment)),
        ("api", json!(provider(&e.provider).and_then(|row| api_of(row, e).ok()).map(|api| api.id))),
        ("key", json!(key)),
    ];
    if format == ListFormat::Json {
        fields.push(("problem", json!(problem)));
    }
    fields
}

pub(super) fn providers(format: ListFormat) -> Result<u8, Stop> {
    let vars = Vars::process();
    let rows = PROVIDERS
        .iter()
        .map(|p| {
            let keys: Vec<_> = p
                .keys
                .iter()
                .map(|k| format!("{}{}", k.name, if vars.get(k.name).is_some() { " (set)" } else { "" }))
                .collect();
            vec![
                ("provider", json!(p.id)),
                ("keys", json!(keys.join(", "))),
                ("address", json!(p.base_url_vars.join(", "))),
                ("example", json!(format!("{}:{}", p.id, p.example))),
                ("what", json!(p.doc)),
            ]
        })
        .collect();
    list(rows, format)
}

pub(super) fn keys(format: ListFormat) -> Result<u8, Stop> {
    let keymap = world::keymap(&world::load()?)?;
    let rows = COMMANDS
        .iter()
        .map(|c| {
            vec![
                ("command", json!(c.name)),
                ("where", json!(c.on.word())),
                ("keys", json!(keymap.shown(c.name))),
                ("what", json!(c.doc)),
            ]
        })
        .collect();
    list(rows, format)
}

pub(super) fn themes(format: ListFormat) -> Result<u8, Stop> {
    let loaded = world::load()?;
    let rows = look::themes(&loaded, &Look::default()).list().into_iter().map(|about| {
        let what = match (format, &about.wrong) {
            (ListFormat::Table, Some(why)) => format!("cannot be shown: {why}"),
            _ => about.words,
        };
        let mut row = vec![
            ("theme", json!(about.name)),
            ("ground", json!(about.wrong.is_none().then(|| about.ground.word()))),
            ("what", json!(what)),
            ("file", json!(about.place)),
        ];
        if format == ListFormat::Json {
            row.push(("problem", json!(about.wrong)));
        }
        row
    });
    list(rows.collect(), format)
}

/// Writes rows as an aligned table or as a JSON array of objects.
pub(super) fn list(rows: Vec<Vec<(&'static str, Value)>>, format: ListFormat) -> Result<u8, Stop> {
    let text = match format {
        ListFormat::Json => {
            let objects: Vec<Value> = rows
                .into_iter()
                .map(|r| Value::Object(r.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()))
                .collect();
            crate::store::pretty(&objects)
        }
        // Nothing is no empty line.
        ListFormat::Table if rows.is_empty() => String::new(),
        ListFormat::Table => {
            let head: Vec<String> =
                rows.first().map(|r| r.iter().map(|(k, _)| (*k).to_owned()).collect()).unwrap_or_default();
            let body = rows.iter().map(|r| r.iter().map(|(_, v)| cell(v)).collect());
            crate::store::aligned(&std::iter::once(head).chain(body).collect::<Vec<_>>(), usize::MAX)
        }
    };
    write_out(&text)?;
    Ok(0)
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "–".into(),
        Value::String(s) if s.is_empty() => "–".into(),
        Value::String(s) => clean_line(s),
        other => other.to_string(),
    }
}
