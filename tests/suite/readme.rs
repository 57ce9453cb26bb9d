//! The README's tables are made from the tables in the code; this test holds them equal.

use std::fmt::Write;

use bakeoff::model::{METRICS, PARAMS};
use bakeoff::provider::{PROVIDERS, SETTINGS};
use bakeoff::ui::{COMMANDS, Focus, Keymap, MARKS, VIEWS};

fn providers() -> String {
    let mut out = String::from("| provider | what | key | address | example |\n|---|---|---|---|---|\n");
    for p in PROVIDERS {
        let code = |words: Vec<&str>| words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ");
        let keys = code(p.keys.iter().map(|k| k.name).collect());
        let address = code(p.base_url_vars.to_vec());
        writeln!(out, "| `{}` | {} | {keys} | {address} | `{}:{}` |", p.id, p.doc, p.id, p.example).unwrap();
    }
    out
}

fn settings() -> String {
    let mut out = String::from("| setting | |\n|---|---|\n");
    let params = PARAMS.iter().map(|(name, doc, _)| (name, doc));
    for (name, doc) in params.chain(SETTINGS.iter().map(|(name, doc, _)| (name, doc))) {
        writeln!(out, "| `{name}` | {doc} |").unwrap();
    }
    let mut apis = String::new();
    for p in PROVIDERS.iter().filter(|p| p.apis.len() > 1) {
        let ids: Vec<_> = p.apis.iter().map(|a| format!("`{}`", a.id)).collect();
        writeln!(apis, "- `{}`: {}", p.id, ids.join(", ")).unwrap();
    }
    writeln!(out, "\nThe words of `api`; without one the model decides:\n\n{}", apis.trim_end()).unwrap();
    out
}

fn keys() -> String {
    let keymap = Keymap::default();
    let mut out = String::new();
    for (focus, title) in
        [(Focus::Prompt, "In the prompt"), (Focus::Panes, "In the panes"), (Focus::Anywhere, "Anywhere")]
    {
        writeln!(out, "| {title} | |\n|---|---|").unwrap();
        for c in COMMANDS.iter().filter(|c| c.on.place() == focus) {
            writeln!(out, "| `{}` | {} (`{}`) |", keymap.shown(c.name).replace(", ", "` `"), c.doc, c.name)
                .unwrap();
        }
        out.push('\n');
    }
    out.trim_end().to_owned() + "\n"
}

fn metrics() -> String {
    let mut out = String::from("| figure | in JSON | formula |\n|---|---|---|\n");
    for m in METRICS {
        writeln!(out, "| {} | `{}` | {} |", m.heading, m.id, m.formula).unwrap();
    }
    out
}

fn views() -> String {
    let mut out = String::from("| view | |\n|---|---|\n");
    for view in VIEWS {
        writeln!(out, "| {} | {} |", view.word, view.doc).unwrap();
    }
    out
}

fn marks() -> String {
    let mut out = String::from("| mark | meaning |\n|---|---|\n");
    for (mark, meaning) in MARKS {
        writeln!(out, "| {mark} | {meaning} |").unwrap();
    }
    out
}

#[test]
fn the_example_configuration_is_right() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let example = text.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let config = bakeoff::store::Config::parse(example, &path).map_err(|e| e.to_string()).unwrap();
    assert_eq!((config.endpoints.len(), config.lineups.len()), (5, 1));
    let keys = config.keys.iter().map(|r| (r.focus.as_str(), r.command.as_str(), r.keys.as_slice()));
    Keymap::with(keys).unwrap();
}

#[test]
fn the_catalog_is_as_large_as_is_said() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let catalog = bakeoff::catalog::Catalog::embedded().whole();
    let priced = catalog.routes().filter(|r| r.price.as_ref().is_some_and(|p| !p.local)).count();
    let (families, routes) = (catalog.families().len(), catalog.routes().count());
    let said = format!("{families} families, {routes} routes, {priced} of them with a list price;");
    assert!(text.contains(&said), "the README does not say: {said}");
}

#[test]
fn the_tables_are_those_of_the_code() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let before = std::fs::read_to_string(&path).unwrap();
    let mut now = before.clone();
    for (name, table) in [
        ("settings", settings()),
        ("providers", providers()),
        ("keys", keys()),
        ("views", views()),
        ("metrics", metrics()),
        ("marks", marks()),
    ] {
        let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
        let start = now.find(&open).unwrap_or_else(|| panic!("the README has no {open}")) + open.len();
        let end = now.find(&close).unwrap_or_else(|| panic!("the README has no {close}"));
        now.replace_range(start..end, &table);
    }
    if std::env::var_os("BAKEOFF_BLESS").is_some() {
        std::fs::write(&path, &now).unwrap();
        return;
    }
    assert!(before == now, "the README's tables differ from the code: BAKEOFF_BLESS=1 cargo test readme");
}
