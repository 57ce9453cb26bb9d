//! A comparison to be read in a pull request: figures first, then every prompt and answer, then
//! how it was measured.
//!
//! What models wrote stands in fences: nothing of it is a link, an image, a mention or a heading.

use std::fmt::Write;

use super::table::{figure_rows, heading};
use super::{Meta, Round, Run, trials};
use crate::model::Connections;
use crate::model::METRICS;
use crate::model::Tree;
use crate::model::clean;
use crate::model::clean_line;

/// Columns of words at the left of the figures.
const WORDS: usize = 2;

pub(super) fn write(meta: &Meta, rounds: &[Round]) -> String {
    let mut out = String::new();
    let runs = || rounds.iter().flat_map(|r| &r.runs);
    let simulated = runs().any(|run| run.answer.simulated);
    let tree = Tree::new(rounds.iter().map(|r| r.origin));
    let _ = writeln!(out, "# Comparison of {}\n", escaped(&clean_line(&meta.started_at)));
    if simulated {
        out.push_str("> **Simulated**: scripted demo answers; no model was asked.\n\n");
    }
    for (at, round) in rounds.iter().enumerate() {
        let _ = writeln!(out, "## Round {}\n", tree.label(at));
        if let Some(filled) = &round.filled {
            let _ = writeln!(out, "{}\n", escaped(&heading(filled)));
        }
        if round.is_repeated() {
            let mut table = String::new();
            trials::write(&mut table, round);
            fenced(&mut out, "text", &table);
        } else {
            table(&mut out, &figure_rows(round));
            if round.runs.len() > 1 {
                let _ = writeln!(out, "This round: {}\n", escaped(&round.total().label()));
            }
        }
        out.push_str("**Prompt**\n\n");
        if let Some(system) = &round.prompt.system {
            out.push_str("System:\n\n");
            fenced(&mut out, "text", system);
        }
        fenced(&mut out, "text", round.prompt.question());
        for file in round.prompt.attachments() {
            let hash = file.sha256().get(..12).unwrap_or_default();
            let _ = writeln!(
                out,
                "- attached: {}, {} bytes, sha256 {}…",
                escaped(&clean_line(file.name())),
                file.size(),
                clean_line(hash)
            );
        }
        if !round.prompt.attachments().is_empty() {
            out.push('\n');
        }
        round.runs.iter().for_each(|run| answer(&mut out, run, round.is_repeated()));
    }
    measured(&mut out, meta);
    out
}

fn answer(out: &mut String, run: &Run, repeated: bool) {
    let Run { endpoint, answer, trial, .. } = run;
    let number = if repeated { format!(", trial {trial}") } else { String::new() };
    let mark = if answer.simulated { " (simulated)" } else { "" };
    let _ = writeln!(out, "**{}**{number}{mark}\n", escaped(&clean_line(&endpoint.name)));
    if !answer.text.trim().is_empty() {
        fenced(out, "markdown", &answer.text);
    }
    if let Some(fault) = &answer.fault {
        let (message, advice) = (clean_line(&fault.message), clean_line(fault.advice()));
        let _ = writeln!(out, "{}: {} → {}\n", fault.class.word(), escaped(&message), escaped(&advice));
    }
}

fn measured(out: &mut String, meta: &Meta) {
    out.push_str("## How it was measured\n\n");
    let how = match meta.connections {
        Connections::Pooled => "connections are kept open between requests",
        Connections::Cold => "every request on a new connection (cold)",
        Connections::Warm => "every connection made before its clock started (warm)",
    };
    let _ = writeln!(
        out,
        "bakeoff {}, on the client's monotonic clock; {how}. `t0` is the moment at",
        env!("CARGO_PKG_VERSION")
    );
    out.push_str("which the request is handed to the HTTP client.\n\n");
    for row in METRICS {
        let _ = writeln!(out, "- {}: {}", row.heading, row.formula);
    }
    let _ = writeln!(
        out,
        "\n`~` computed from list prices of {}, `≥` a lower bound, `–` not known.",
        escaped(&clean_line(&meta.prices_as_of))
    );
}

fn table(out: &mut String, rows: &[Vec<String>]) {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    for (at, row) in rows.iter().enumerate() {
        out.push_str(&line(row.iter().map(|cell| escaped(cell)).collect()));
        if at == 0 {
            let rule = |column| if column < WORDS { "---" } else { "---:" };
            out.push_str(&line((0..row.len()).map(|column| rule(column).to_owned()).collect()));
        }
    }
    out.push('\n');
}

/// A text as it is, between fences that are longer than any within it.
fn fenced(out: &mut String, kind: &str, text: &str) {
    let text = clean(text);
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(3.max(longest + 1));
    let _ = writeln!(out, "{fence}{kind}\n{}\n{fence}\n", text.trim_end_matches('\n'));
}

/// Words in which nothing is Markdown or HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A mention or an issue's number would call somebody.
            '@' | '#' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '{' | '}' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    // A bare address would become a link.
    out.replace("://", ":&#47;/").replace("www.", "www&#46;")
}
