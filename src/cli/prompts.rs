//! `bakeoff prompts`: the library from a shell.

use std::io::Write;

use serde_json::{Value, json};

use super::args::{ListFormat, PromptsArgs, PromptsCommand};
use super::lists::list;
use super::output::write_out;
use super::{Stop, filling, world};
use crate::model::Kept;
use crate::model::Template;
use crate::model::Version;
use crate::model::clean;
use crate::model::clean_line;

pub(super) fn run(args: &PromptsArgs) -> Result<u8, Stop> {
    match &args.what {
        Some(PromptsCommand::Show { name, version, list }) => show(name, *version, list.format),
        None => all(args.list.format),
    }
}

/// Every prompt. A damaged file is told on standard error; the others are listed.
fn all(format: ListFormat) -> Result<u8, Stop> {
    let loaded = world::load()?;
    let (kept, damaged) =
        filling::library(loaded.path.as_deref()).and_then(|l| l.list()).map_err(Stop::usage)?;
    for why in &damaged {
        let _ = writeln!(std::io::stderr(), "bakeoff: {}", clean_line(why));
    }
    if kept.is_empty() && damaged.is_empty() {
        let hint = "no prompt is saved yet: A in the panes of the screen saves the one that is written";
        let _ = writeln!(std::io::stderr(), "bakeoff: {hint}");
    }
    list(kept.iter().map(fields).collect(), format)?;
    Ok(u8::from(!damaged.is_empty()))
}

fn fields(kept: &Kept) -> Vec<(&'static str, Value)> {
    let last = kept.version(None).cloned().unwrap_or_default();
    vec![
        ("prompt", json!(kept.name)),
        ("versions", json!(kept.versions.len())),
        ("saved_at", json!(last.saved_at)),
        ("variables", json!(variables(&last))),
        ("tags", json!(kept.tags.join(" "))),
        ("note", json!(last.note)),
    ]
}

/// The names that it asks for; a text that is no template has none.
fn variables(version: &Version) -> String {
    let template = Template::of_prompt(&version.text).ok().flatten();
    template.map(|t| t.names().join(" ")).unwrap_or_default()
}

/// The text alone, so that it can be piped; all of it in JSON.
fn show(name: &str, number: Option<usize>, format: ListFormat) -> Result<u8, Stop> {
    let loaded = world::load()?;
    let version = filling::version(&loaded, name, number)?;
    if format == ListFormat::Table {
        write_out(&format!("{}\n", clean(&version.text).trim_end_matches('\n')))?;
        return Ok(0);
    }
    let kept = filling::library(loaded.path.as_deref()).and_then(|l| l.get(name)).map_err(Stop::usage)?;
    let one = |(at, v): (usize, &Version)| json!({ "version": at + 1, "saved_at": v.saved_at, "note": v.note, "system": v.system, "text": v.text });
    let value = match number {
        Some(number) => one((number - 1, &version)),
        None => json!({
            "prompt": kept.name, "tags": kept.tags,
            "versions": kept.versions.iter().enumerate().map(one).collect::<Vec<_>>(),
        }),
    };
    write_out(&format!("{}\n", serde_json::to_string_pretty(&value).unwrap_or_default()))?;
    Ok(0)
}
