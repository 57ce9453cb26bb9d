//! Two rounds held against each other: whether they can be compared at all, what their figures
//! are, and where their answers part.

use super::export::{Round, Run};
use crate::model::Comparison;
use crate::model::Connections;
use crate::model::Diff;
use crate::model::Endpoint;
use crate::model::Interval;
use crate::model::METRICS;
use crate::model::Metric;
use crate::model::PARAMS;
use crate::model::Pool;
use crate::model::Pools;
use crate::model::words;

/// What two rounds have in common.
pub struct Contrast {
    /// Why no difference is taken; empty where they can be compared.
    pub why_not: Vec<String>,
    /// Of the prompts, where they differ.
    pub prompt: Option<Diff>,
    /// Of the system texts, where they differ.
    pub system: Option<Diff>,
    /// Endpoints that both asked.
    pub pairs: Vec<Pair>,
    /// Names of those that only the first asked, and only the second.
    pub only: [Vec<String>; 2],
}

/// One endpoint in both.
pub struct Pair {
    pub name: String,
    /// Why its figures are not compared, beside what holds for the round.
    pub why_not: Vec<String>,
    pub figures: Vec<Figure>,
    /// Of the first answers; `None` where one of them has no text.
    pub answer: Option<Diff>,
}

/// One figure in both.
pub struct Figure {
    pub row: &'static Metric,
    /// Medians of the runs that have it, and of how many.
    pub sides: [Option<(f64, usize)>; 2],
    /// Second less first, where they can be compared.
    pub change: Option<f64>,
    /// 95 % of the difference of the medians; `None` with fewer than five runs on a side.
    pub interval: Option<Interval>,
}

/// Holds the second against the first; `how` is how each reached its endpoints.
#[must_use]
pub fn contrast(first: &Round, second: &Round, how: [Connections; 2]) -> Contrast {
    let mut why_not = Vec::new();
    let (a, b) = (first.prompt.question(), second.prompt.question());
    let prompt = (a != b).then(|| words(a, b));
    if prompt.is_some() {
        why_not.push("the prompts differ".to_owned());
    }
    let system = |round: &Round| round.prompt.system.clone().unwrap_or_default();
    let (a, b) = (system(first), system(second));
    let system = (a != b).then(|| words(&a, &b));
    if system.is_some() {
        why_not.push("the system texts differ".to_owned());
    }
    let files = |round: &Round| -> Vec<String> {
        round.prompt.attachments().iter().map(|file| file.sha256().to_owned()).collect()
    };
    if files(first) != files(second) {
        why_not.push("other files went with them".to_owned());
    }
    if let [a, b] = how
        && a != b
    {
        let word = |c: Connections| c.word().unwrap_or("kept open");
        why_not.push(format!("connections were {} in A and {} in B", word(a), word(b)));
    }
    let mut left: Vec<&Endpoint> = second.endpoints();
    let (mut pairs, mut only) = (Vec::new(), [Vec::new(), Vec::new()]);
    for one in first.endpoints() {
        let named = left.iter().position(|e| e.name == one.name);
        match named.or_else(|| left.iter().position(|e| e.is_route_of(one))) {
            Some(at) => {
                let other = left.remove(at);
                pairs.push(pair((first, one), (second, other), why_not.is_empty()));
            }
            None => only[0].push(one.name.clone()),
        }
    }
    only[1].extend(left.into_iter().map(|e| e.name.clone()));
    if pairs.is_empty() {
        why_not.push("no endpoint was asked by both".to_owned());
    }
    Contrast { why_not, prompt, system, pairs, only }
}

fn pair((first, one): (&Round, &Endpoint), (second, other): (&Round, &Endpoint), alike: bool) -> Pair {
    let mut why_not = Vec::new();
    if !one.is_route_of(other) {
        why_not.push("it is another model or another place".to_owned());
    }
    for (name, ..) in PARAMS {
        let (a, b) = (one.params.get(name), other.params.get(name));
        if a != b {
            let word = |value: Option<String>| value.unwrap_or_else(|| "not set".to_owned());
            why_not.push(format!("{name} is {} in A and {} in B", word(a), word(b)));
        }
    }
    let run = |round: &'_ Round, e: &Endpoint| -> Option<Run> {
        round.runs.iter().find(|run| run.endpoint.name == e.name).cloned()
    };
    let (a, b) = (run(first, one), run(second, other));
    if let (Some(a), Some(b)) = (&a, &b) {
        let before = |run: &Run| run.prompt.turns.split_last().map(|(_, before)| before.to_vec());
        if before(a) != before(b) {
            why_not.push("it continues another conversation".to_owned());
        }
        if a.prompt.nonce.is_some() != b.prompt.nonce.is_some() {
            why_not.push("only one of them was sent with a nonce".to_owned());
        }
        if a.answer.simulated != b.answer.simulated {
            why_not.push("one of them is simulated".to_owned());
        }
    }
    let comparable = alike && why_not.is_empty();
    let figures = METRICS.iter().map(|row| {
        let pools = [Pools::of(row, first.of(one)), Pools::of(row, second.of(other))];
        figure(row, &pools, comparable)
    });
    let said = |run: &Option<Run>| run.as_ref().map(|r| r.answer.text.clone()).filter(|t| !t.is_empty());
    let answer = said(&a).zip(said(&b)).map(|(a, b)| words(&a, &b));
    Pair { name: one.name.clone(), why_not, figures: figures.collect(), answer }
}

fn figure(row: &'static Metric, [a, b]: &[Pools; 2], comparable: bool) -> Figure {
    let first = a.largest();
    // Answers that read from a cache are compared with their like.
    let second = first.and_then(|pool| b.alike(pool.cache)).or_else(|| b.largest());
    let like = first.zip(second).is_some_and(|(x, y)| b.alike(x.cache).is_some_and(|z| z.cache == y.cache));
    let side = |pool: Option<&Pool>| pool.and_then(Pool::summary).map(|s| (s.median, s.n));
    let sides = [side(first), side(second)];
    let both = sides[0].zip(sides[1]).filter(|_| comparable && like);
    let change = both.map(|((a, _), (b, _))| b - a);
    let samples = first.zip(second).filter(|_| change.is_some());
    let interval = samples.and_then(|(a, b)| Comparison::of(&b.samples, &a.samples).interval);
    Figure { row, sides, change, interval }
}

/// Rounds of two transcripts that asked the same, in their order, then those without a counterpart.
#[must_use]
pub fn matched(first: &[Round], second: &[Round]) -> (Vec<(usize, usize)>, [Vec<usize>; 2]) {
    let mut left: Vec<usize> = (0..second.len()).collect();
    let (mut pairs, mut alone) = (Vec::new(), Vec::new());
    for (at, round) in first.iter().enumerate() {
        let same = |n: &usize| {
            second.get(*n).is_some_and(|other| {
                other.prompt.question() == round.prompt.question()
                    && other.prompt.system == round.prompt.system
            })
        };
        match left.iter().position(same) {
            Some(place) => pairs.push((at, left.remove(place))),
            None => alone.push(at),
        }
    }
    // One prompt against another is what was asked for where there is nothing else.
    if pairs.is_empty() && first.len() == 1 && second.len() == 1 {
        return (vec![(0, 0)], [Vec::new(), Vec::new()]);
    }
    (pairs, [alone, left])
}
