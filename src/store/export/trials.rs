//! What the runs of a repeated round say together: a small table for each figure.

use std::fmt::Write;

use super::Round;
use super::table::{aligned, total};
use crate::model::Answer;
use crate::model::Cache;
use crate::model::Endpoint;
use crate::model::METRICS;
use crate::model::Metric;
use crate::model::Outcome;
use crate::model::Pool;
use crate::model::Pools;
use crate::model::Unit;
use crate::model::clean_line;
use crate::model::counts_in_words;

/// The figures that are compared; the runs themselves are in JSON.
const SHOWN: [&str; 4] = ["ttft_ms", "rate_tps", "total_ms", "cost_usd"];

/// Columns of words at the left.
const WORDS: usize = 3;

pub(super) fn write(out: &mut String, round: &Round) {
    let endpoints = round.endpoints();
    let named = round.baseline.as_ref().and_then(|name| endpoints.iter().find(|e| e.name == *name));
    // Nobody is there to choose one.
    let base = named.or(endpoints.first()).copied();
    for row in METRICS.iter().filter(|m| SHOWN.contains(&m.id)) {
        out.push('\n');
        figure(out, round, &endpoints, base, row);
    }
    let compared = base.map(|e| clean_line(&e.name)).unwrap_or_default();
    let _ = writeln!(
        out,
        "\n95 %: bootstrap interval of the median's difference from {compared}; cached and uncached runs apart"
    );
    let nonce = round.runs.iter().any(|run| run.prompt.nonce.is_some());
    if nonce {
        out.push_str("a nonce stood before the prompt, against caches\n");
    }
    total(out, round);
}

fn figure(
    out: &mut String,
    round: &Round,
    endpoints: &[&Endpoint],
    base: Option<&Endpoint>,
    row: &'static Metric,
) {
    let head = [row.heading, "", "", "n", "median", "p95", "range", "95 %"];
    let mut rows = vec![head.map(String::from).to_vec()];
    let based = base.map(|e| Pools::of(row, round.of(e)));
    for endpoint in endpoints {
        let pools = Pools::of(row, round.of(endpoint));
        let is_base = base.is_some_and(|b| b.name == endpoint.name);
        let mut name = clean_line(&endpoint.name);
        for pool in &pools.pools {
            let kind = if pool.cache == Cache::Untold { "" } else { pool.cache.word() };
            let (mut words, interval) = match based.as_ref().filter(|_| !is_base) {
                None => ("baseline".to_owned(), String::new()),
                Some(base) => compared(row, pool, base),
            };
            let without = counts_in_words(pool.without.iter());
            if !without.is_empty() {
                words = if words.is_empty() { without } else { format!("{words} · {without}") };
            }
            let mut cells =
                vec![std::mem::take(&mut name), kind.to_owned(), words, pool.samples.len().to_string()];
            if let Some(s) = pool.summary() {
                let whole = |a: &&Answer| a.outcome() == Some(Outcome::Complete) && a.cost.usd.is_some();
                let cost = round.of(endpoint).find(whole).map(|a| &a.cost);
                let cost = cost.filter(|_| row.unit == Unit::Usd);
                let marked = |text: String| cost.map_or(text.clone(), |cost| cost.marked(&text));
                let figures =
                    [row.unit.fine(s.median), row.unit.fine(s.p95), row.unit.range(s.least, s.most)];
                cells.extend(figures.map(marked));
            } else {
                cells.extend(["–", "–", "–"].map(String::from));
            }
            cells.push(interval);
            rows.push(cells);
        }
        let lost = counts_in_words(pools.left_out.iter());
        if !lost.is_empty() {
            let mut cells = vec![name, lost];
            cells.resize(8, String::new());
            rows.push(cells);
        }
    }
    out.push_str(&aligned(&rows, WORDS));
}

/// The words, and the interval that they rest on.
fn compared(row: &Metric, pool: &Pool, base: &Pools) -> (String, String) {
    if pool.samples.is_empty() {
        return (String::new(), String::new());
    }
    let Some(other) = base.alike(pool.cache) else {
        let words = if pool.cache == Cache::Read {
            "no cached run to compare with"
        } else {
            "no run to compare with"
        };
        return (words.to_owned(), String::new());
    };
    let comparison = pool.against(other);
    let interval = comparison.interval.map(|i| row.unit.differences(i.low, i.high)).unwrap_or_default();
    (comparison.verdict.words(row).to_owned(), interval)
}
