//! `bakeoff diff`: two transcripts, or two rounds.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::Stop;
use super::args::ListFormat;
use super::history::transcript;
use super::output::write_out;
use super::session_args::DiffArgs;
use crate::model::Change;
use crate::model::Diff;
use crate::model::LEAST_RUNS;
use crate::model::Tree;
use crate::model::clean;
use crate::model::clean_line;
use crate::store::Contrast;
use crate::store::Figure;
use crate::store::Pair;
use crate::store::Transcript;
use crate::store::aligned;
use crate::store::contrast;
use crate::store::matched;
use crate::store::pretty;

/// They were not compared.
const APART: u8 = 1;

/// Characters of what both have that stand around a change.
const AROUND: usize = 60;

/// One side: what was named, and which of its rounds.
struct Side {
    read: Transcript,
    labels: Vec<String>,
    /// The one that was named.
    only: Option<usize>,
}

fn side(word: &str) -> Result<Side, Stop> {
    let (name, round) = match word.rsplit_once('#') {
        Some((name, round)) if !name.is_empty() => (name, Some(round)),
        _ => (word, None),
    };
    let read = transcript(name)?;
    let tree = Tree::new(read.rounds.iter().map(|r| r.origin));
    let labels: Vec<String> = (0..read.rounds.len()).map(|at| tree.label(at)).collect();
    let only = match round {
        None => None,
        Some(wanted) => Some(labels.iter().position(|label| label == wanted).ok_or_else(|| {
            Stop::usage(format!("{name} has no round {wanted:?}: it has {}", labels.join(", ")))
        })?),
    };
    Ok(Side { read, labels, only })
}

pub(super) fn run(args: &DiffArgs) -> Result<u8, Stop> {
    let (a, b) = (side(&args.first)?, side(&args.second)?);
    let (pairs, alone) = match (a.only, b.only) {
        (Some(x), Some(y)) => (vec![(x, y)], [Vec::new(), Vec::new()]),
        (None, None) => matched(&a.read.rounds, &b.read.rounds),
        // One round against the one that asked the same.
        (x, y) => {
            let chosen = |side: &Side, only: Option<usize>| match only {
                Some(at) => vec![at],
                None => (0..side.read.rounds.len()).collect(),
            };
            let (xs, ys) = (chosen(&a, x), chosen(&b, y));
            let rounds = |side: &Side, at: &[usize]| -> Vec<_> {
                at.iter().filter_map(|n| side.read.rounds.get(*n).cloned()).collect()
            };
            let (found, _) = matched(&rounds(&a, &xs), &rounds(&b, &ys));
            let back = |(p, q): (usize, usize)| Some((*xs.get(p)?, *ys.get(q)?));
            (found.into_iter().filter_map(back).collect(), [Vec::new(), Vec::new()])
        }
    };
    if pairs.is_empty() {
        return Err(Stop::usage(
            "no prompt was asked in both: name a round of each, as in `bakeoff diff a.json#1 b.json#2`",
        ));
    }
    let how = [a.read.meta.connections, b.read.meta.connections];
    let held: Vec<((usize, usize), Contrast)> = pairs
        .into_iter()
        .filter_map(|(x, y)| Some(((x, y), contrast(a.read.rounds.get(x)?, b.read.rounds.get(y)?, how))))
        .collect();
    let apart = |c: &Contrast| !c.why_not.is_empty() || c.pairs.iter().any(|p| !p.why_not.is_empty());
    let code = if held.iter().any(|(_, c)| apart(c)) { APART } else { 0 };
    let text = match args.list.format {
        ListFormat::Table => table(&a, &b, &held, &alone),
        ListFormat::Json => {
            let rounds: Vec<Value> = held.iter().map(|(at, c)| object([&a, &b], *at, c)).collect();
            pretty(
                &json!({ "schema": "bakeoff.diff/1", "first": a.read.id, "second": b.read.id, "rounds": rounds }),
            )
        }
    };
    write_out(&text)?;
    Ok(code)
}

fn table(a: &Side, b: &Side, held: &[((usize, usize), Contrast)], alone: &[Vec<usize>; 2]) -> String {
    let mut out = String::new();
    for (name, side) in [("A", a), ("B", b)] {
        let began = side.read.meta.started_at.get(..16).unwrap_or_default().replace('T', " ");
        let _ = writeln!(
            out,
            "{name}  {}  begun {} UTC, prices of {}",
            clean_line(&side.read.id),
            clean_line(&began),
            clean_line(&side.read.meta.prices_as_of)
        );
    }
    for ((x, y), c) in held {
        let label = |side: &Side, at: usize| side.labels.get(at).cloned().unwrap_or_default();
        let _ = writeln!(out, "\n══ round {} of A, round {} of B", label(a, *x), label(b, *y));
        if c.why_not.is_empty() {
            out.push_str("comparable: the same prompt, system text, files and connections\n");
        } else {
            let _ = writeln!(out, "not comparable: {}; no difference is taken", c.why_not.join("; "));
        }
        for (what, diff) in [("prompt", &c.prompt), ("system text", &c.system)] {
            if let Some(diff) = diff {
                let _ = writeln!(out, "{what}: {}", marked(diff));
            }
        }
        c.pairs.iter().for_each(|pair| one(&mut out, pair));
        for (name, only) in ["A", "B"].iter().zip(&c.only) {
            if !only.is_empty() {
                let _ = writeln!(out, "\nonly in {name}: {}", clean_line(&only.join(", ")));
            }
        }
    }
    for ((name, side), alone) in [("A", a), ("B", b)].into_iter().zip(alone) {
        let labels: Vec<&str> =
            alone.iter().filter_map(|at| side.labels.get(*at).map(String::as_str)).collect();
        if !labels.is_empty() {
            let _ = writeln!(out, "\nonly {name} has asked the prompts of its rounds {}", labels.join(", "));
        }
    }
    out
}

fn one(out: &mut String, pair: &Pair) {
    let _ = writeln!(out, "\n── {}", clean_line(&pair.name));
    if !pair.why_not.is_empty() {
        let _ = writeln!(out, "not comparable: {}", clean_line(&pair.why_not.join("; ")));
    }
    let mut rows = vec![["", "A", "B", "B − A", "95 %"].map(String::from).to_vec()];
    let shown = |f: &&Figure| f.sides.iter().any(Option::is_some);
    for figure in pair.figures.iter().filter(shown) {
        let unit = figure.row.unit;
        let side = |side: &Option<(f64, usize)>| match side {
            None => "–".to_owned(),
            Some((median, 1)) => unit.fine(*median),
            Some((median, n)) => format!("{} (n={n})", unit.fine(*median)),
        };
        let [first, second] = &figure.sides;
        rows.push(vec![
            figure.row.heading.to_owned(),
            side(first),
            side(second),
            figure.change.map_or_else(|| "–".to_owned(), |change| unit.difference(change)),
            figure.interval.map_or_else(String::new, |i| unit.differences(i.low, i.high)),
        ]);
    }
    out.push_str(&aligned(&rows, 1));
    let few = |f: &Figure| f.change.is_some() && f.interval.is_none();
    if pair.figures.iter().any(few) {
        let _ = writeln!(
            out,
            "fewer than {LEAST_RUNS} runs on a side: one run says little (`run --trials {LEAST_RUNS}`)"
        );
    }
    match &pair.answer {
        None => out.push_str("one of them has no text\n"),
        Some(diff) if diff.is_same() => out.push_str("the answers are the same\n"),
        Some(diff) => {
            let _ = writeln!(out, "the answers are {:.0} % alike{}", diff.similarity * 100.0, remark(diff));
            let _ = writeln!(out, "{}", marked(diff));
        }
    }
}

fn remark(diff: &Diff) -> String {
    diff.grain.remark().map(|said| format!(" ({said})")).unwrap_or_default()
}

/// `what both have [-what A has-] {+what B has+}`; long stretches that both have are cut.
fn marked(diff: &Diff) -> String {
    let mut out = String::new();
    let last = diff.pieces.len().saturating_sub(1);
    for (at, piece) in diff.pieces.iter().enumerate() {
        let text = clean(&piece.text);
        match piece.kind {
            Change::Removed => {
                let _ = write!(out, "[-{text}-]");
            }
            Change::Added => {
                let _ = write!(out, "{{+{text}+}}");
            }
            Change::Same => out.push_str(&shortened(&text, at > 0, at < last)),
        }
    }
    out
}

/// The end that a change follows, and the beginning that one stands before.
fn shortened(text: &str, after: bool, before: bool) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= AROUND * 2 {
        return text.to_owned();
    }
    let head: String = letters.iter().take(AROUND).filter(|_| after).collect();
    let tail: String = letters.iter().skip(letters.len() - AROUND).filter(|_| before).collect();
    format!("{head} … {tail}")
}

fn object(sides: [&Side; 2], at: (usize, usize), c: &Contrast) -> Value {
    let label = |side: &Side, at: usize| side.labels.get(at).cloned().unwrap_or_default();
    let pieces = |diff: &Diff| -> Vec<Value> {
        let word = |kind| match kind {
            Change::Same => "same",
            Change::Added => "added",
            Change::Removed => "removed",
        };
        diff.pieces.iter().map(|p| json!([word(p.kind), p.text])).collect()
    };
    let pair = |p: &Pair| {
        let figure = |f: &Figure| {
            let side = |s: &Option<(f64, usize)>| s.map(|(median, n)| json!({ "median": median, "runs": n }));
            let mut map = Map::new();
            let [first, second] = &f.sides;
            let interval = f.interval.map(|i| json!([i.low, i.high]));
            for (name, value) in [
                ("first", side(first)),
                ("second", side(second)),
                ("change", f.change.map(|c| json!(c))),
                ("interval", interval),
            ] {
                map.extend(value.map(|value| (name.to_owned(), value)));
            }
            (f.row.id.to_owned(), Value::Object(map))
        };
        let figures: Map<String, Value> =
            p.figures.iter().filter(|f| f.sides.iter().any(Option::is_some)).map(figure).collect();
        json!({
            "endpoint": p.name, "comparable": c.why_not.is_empty() && p.why_not.is_empty(), "why_not": p.why_not,
            "figures": figures, "similarity": p.answer.as_ref().map(|d| d.similarity),
            "answer": p.answer.as_ref().map(pieces),
        })
    };
    let [one, other] = sides;
    json!({
        "first": label(one, at.0), "second": label(other, at.1), "comparable": c.why_not.is_empty(), "why_not": c.why_not,
        "prompt": c.prompt.as_ref().map(pieces), "system": c.system.as_ref().map(pieces),
        "endpoints": c.pairs.iter().map(pair).collect::<Vec<_>>(),
        "only_first": c.only[0], "only_second": c.only[1],
    })
}
