//! Answers to read, then one row of figures per endpoint. Filtered: this goes to a terminal.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::{Meta, Round, Run, trials};
use crate::model::Answer;
use crate::model::Connections;
use crate::model::Filled;
use crate::model::METRICS;
use crate::model::Phase;
use crate::model::Tree;
use crate::model::Unit;
use crate::model::attached;
use crate::model::clean;
use crate::model::clean_line;
use crate::store::Transcript;

/// Characters of the line above a round.
const MOST_LABEL: usize = 100;

/// The figures that fit a row; the rest is in JSON.
const SHOWN: [&str; 3] = ["ttft_ms", "rate_tps", "total_ms"];

pub(super) fn write(meta: &Meta, rounds: &[Round]) -> String {
    let mut out = String::new();
    for round in rounds {
        if let Some(filled) = &round.filled {
            let _ = writeln!(out, "══ {}\n", heading(filled));
        }
        answers(&mut out, round);
    }
    foot(&mut out, meta);
    out
}

/// A whole session to be read in a terminal: what was asked, then what the table has.
#[must_use]
pub fn session(read: &Transcript) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}\n{}", clean_line(&read.title), clean_line(&read.id));
    let tree = Tree::new(read.rounds.iter().map(|round| round.origin));
    for (at, round) in read.rounds.iter().enumerate() {
        let when =
            round.sent_at.as_deref().map(|sent| format!(" · {}", clean_line(sent))).unwrap_or_default();
        let case = round.filled.as_ref().map(|filled| format!(" · {}", heading(filled))).unwrap_or_default();
        let _ = writeln!(out, "\n══ round {}{when}{case}", tree.label(at));
        let texts = [("system: ", round.prompt.system.as_deref()), ("", Some(round.prompt.question()))];
        for (word, text) in texts.into_iter().filter_map(|(word, text)| Some((word, text?))) {
            for line in format!("{word}{}", clean(text)).lines() {
                let _ = writeln!(out, "> {line}");
            }
        }
        let files = round.prompt.attachments();
        if !files.is_empty() {
            let _ = writeln!(out, "> {}", clean_line(&attached(files)));
        }
        out.push('\n');
        answers(&mut out, round);
    }
    foot(&mut out, &read.meta);
    out
}

/// The answers of a round, then their figures.
fn answers(out: &mut String, round: &Round) {
    let first = round.runs.iter().filter(|run| run.trial == 1);
    for Run { endpoint, answer, .. } in first {
        let simulated = if answer.simulated { " (simulated)" } else { "" };
        let _ = writeln!(out, "── {}{simulated}", clean_line(&endpoint.name));
        let text = clean(&answer.text);
        if !text.trim().is_empty() {
            let _ = writeln!(out, "{}", text.trim_end());
        }
        if let Some(fault) = &answer.fault {
            let (message, advice) = (clean_line(&fault.message), clean_line(fault.advice()));
            let _ = writeln!(out, "[{}: {message} → {advice}]", fault.class.word());
        }
        out.push('\n');
    }
    if round.is_repeated() {
        trials::write(out, round);
    } else {
        figures(out, round);
    }
}

/// What the figures are made of.
fn foot(out: &mut String, meta: &Meta) {
    let _ = writeln!(out, "~ computed from list prices of {}", clean_line(&meta.prices_as_of));
    match meta.connections {
        Connections::Pooled => {}
        Connections::Cold => out.push_str("every request on a new connection (cold)\n"),
        Connections::Warm => out.push_str("every connection made before its clock started (warm)\n"),
    }
}

/// The case, or else the values; the whole of long ones is in JSON.
pub(super) fn heading(filled: &Filled) -> String {
    let label = clean_line(&filled.label());
    let mut letters = label.chars();
    let short: String = letters.by_ref().take(MOST_LABEL).collect();
    if letters.next().is_some() { format!("{short}…") } else { short }
}

fn figures(out: &mut String, round: &Round) {
    out.push_str(&aligned(&figure_rows(round), 2));
    total(out, round);
}

/// A row of headings, then one an answer: name and status, then figures.
pub(super) fn figure_rows(round: &Round) -> Vec<Vec<String>> {
    let shown: Vec<_> = METRICS.iter().filter(|m| SHOWN.contains(&m.id)).collect();
    let mut rows = vec![["endpoint", "status"].map(String::from).to_vec()];
    // The servers' own clocks stand apart, where there are any.
    let told = round.runs.iter().any(|run| run.answer.served.most_telling().is_some());
    if let Some(head) = rows.first_mut() {
        head.extend(shown.iter().map(|m| m.heading.to_owned()));
        head.extend(told.then(|| "server".to_owned()));
        head.extend(["in", "out", "cost"].map(String::from));
    }
    for Run { endpoint, answer: a, .. } in &round.runs {
        let mut row = vec![clean_line(&endpoint.name), status(a)];
        row.extend(shown.iter().map(|m| m.show(a)));
        row.extend(told.then(|| server(a)));
        row.extend(tokens(a));
        row.push(a.cost.label());
        rows.push(row);
    }
    rows
}

/// What all answers cost, where there are several.
pub(super) fn total(out: &mut String, round: &Round) {
    if round.runs.len() > 1 {
        let _ = writeln!(out, "this round {}", round.total().label());
    }
}

/// Rows as columns of equal width, two spaces apart; the first `words` columns
/// stand to the left, the others, being numbers, to the right.
#[must_use]
pub fn aligned(rows: &[Vec<String>], words: usize) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|i| rows.iter().filter_map(|r| r.get(i)).map(|c| c.width()).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (i, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let pad = " ".repeat(width.saturating_sub(cell.width()));
            let cell = if i < words { format!("{cell}{pad}") } else { format!("{pad}{cell}") };
            let _ = write!(line, "{}{cell}", if i == 0 { "" } else { "  " });
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

fn status(a: &Answer) -> String {
    let Phase::Ended(outcome) = a.phase else { return "interrupted".into() };
    match &a.stop {
        Some((_, word)) => format!("{} ({})", outcome.word(), clean_line(word)),
        None => outcome.word().into(),
    }
}

/// A time by the server's clock, with the name that says what it is a time of.
fn server(a: &Answer) -> String {
    let told = a.served.most_telling();
    told.map_or("–".into(), |(name, d)| {
        format!("{name} {}", Unit::Milliseconds.show(d.as_secs_f64() * 1e3))
    })
}

fn tokens(a: &Answer) -> [String; 2] {
    let show = |n: Option<u64>| n.map_or("–".into(), |n| n.to_string());
    match &a.usage {
        Some(u) => [show(u.prompt()), show(u.generated())],
        None => ["–".into(), "–".into()],
    }
}
