//! A leaderboard from votes: Bradley–Terry strengths with intervals.
//!
//! The chance that `i` is preferred to `j` is `p_i / (p_i + p_j)`. The strengths are found by
//! the MM iteration of D. R. Hunter, "MM algorithms for generalized Bradley–Terry models",
//! Annals of Statistics 32 (2004). What is decided beside that:
//!
//! - A vote says that one answer is better than each of the `k − 1` others of its round. These
//!   comparisons are not independent, so each counts `2 / k`: at equal strengths that carries as
//!   much information as choosing the best of `k` does. With two answers it is one comparison.
//! - A tie is half a win for each side, of every pair, with the same sum of weights as a win.
//! - "All bad" compares nothing. It is counted apart.
//! - Every endpoint has one tie against an imaginary endpoint of strength 1: one that has never
//!   lost stays finite.
//! - Intervals are 95 %, from the curvature of the log-likelihood (Fisher information).
//! - Endpoints that no chain of votes connects are not ranked against each other.

use std::collections::{BTreeMap, BTreeSet};

use super::votes::{Ruling, Vote};

/// Points for ten times the odds, and those of the average endpoint.
const SCALE: f64 = 400.0;
const MIDDLE: f64 = 1000.0;

/// Standard deviations to either side of a 95 % interval.
const WIDE: f64 = 1.959_964;

/// The prior's tie against an endpoint of strength 1: half a win of one comparison.
const PRIOR: f64 = 1.0;

/// The iteration ends when no strength changes by more than this part of it.
const STILL: f64 = 1e-10;
const MOST_STEPS: usize = 20_000;

/// How an endpoint stands to the one below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The interval of the difference does not hold zero.
    Ahead,
    NotEnough,
    /// Nobody stands below it in its group.
    Last,
}

impl Told {
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Ahead => "better than the next",
            Self::NotEnough => "not enough votes to tell from the next",
            Self::Last => "",
        }
    }
}

/// One endpoint on the board.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub spec: String,
    /// What it was called last.
    pub name: String,
    /// From 0; endpoints of different groups are not comparable.
    pub group: usize,
    /// Points: 1000 is the average of its group, 400 more are odds of ten to one.
    pub score: f64,
    /// 95 % of [`Standing::score`].
    pub low: f64,
    pub high: f64,
    /// Rounds that it won, that another one won, that were tied.
    pub won: usize,
    pub lost: usize,
    pub tied: usize,
    /// Rounds in which all answers were bad.
    pub bad: usize,
    /// Never compared: only bad rounds.
    pub unranked: bool,
    pub told: Told,
}

/// A leaderboard.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Board {
    /// Group after group, the best of each first; those that were never compared stand last.
    pub standings: Vec<Standing>,
    pub groups: usize,
    pub votes: usize,
    /// Of these, "all bad".
    pub bad: usize,
    pub blind: usize,
}

/// What votes say about each pair.
struct Pairs {
    /// Weighted wins of the row against the column, ties as halves.
    wins: Vec<Vec<f64>>,
}

impl Pairs {
    fn of(votes: &[&Vote], index: &BTreeMap<&str, usize>) -> Self {
        let n = index.len();
        let mut pairs = Self { wins: vec![vec![0.0; n]; n] };
        for vote in votes {
            let at: BTreeSet<usize> =
                vote.contenders.iter().filter_map(|c| index.get(c.spec.as_str()).copied()).collect();
            let k = count(at.len());
            match vote.verdict {
                Ruling::Bad => {}
                Ruling::Won(winner) => {
                    let winner = vote.contenders.get(winner).and_then(|c| index.get(c.spec.as_str()));
                    let Some(winner) = winner else { continue };
                    for loser in at.iter().filter(|l| *l != winner) {
                        pairs.add(*winner, *loser, 2.0 / k);
                    }
                }
                Ruling::Tie => {
                    let weight = 4.0 / (k * k);
                    for a in &at {
                        for b in at.iter().filter(|b| *b != a) {
                            pairs.add(*a, *b, weight / 2.0);
                        }
                    }
                }
            }
        }
        pairs
    }

    fn add(&mut self, winner: usize, loser: usize, weight: f64) {
        if let Some(cell) = self.wins.get_mut(winner).and_then(|row| row.get_mut(loser)) {
            *cell += weight;
        }
    }

    fn won(&self, a: usize, b: usize) -> f64 {
        self.wins.get(a).and_then(|row| row.get(b)).copied().unwrap_or(0.0)
    }

    fn met(&self, a: usize, b: usize) -> f64 {
        self.won(a, b) + self.won(b, a)
    }

    fn len(&self) -> usize {
        self.wins.len()
    }

    /// The group of each: those that a chain of comparisons connects.
    fn groups(&self) -> Vec<usize> {
        let mut group = vec![usize::MAX; self.len()];
        let mut next = 0;
        for start in 0..self.len() {
            if group.get(start) != Some(&usize::MAX) {
                continue;
            }
            let mut open = vec![start];
            while let Some(at) = open.pop() {
                let Some(slot) = group.get_mut(at).filter(|g| **g == usize::MAX) else { continue };
                *slot = next;
                open.extend((0..self.len()).filter(|other| self.met(at, *other) > 0.0));
            }
            next += 1;
        }
        group
    }

    /// Logarithms of the strengths.
    fn strengths(&self) -> Vec<f64> {
        let n = self.len();
        let mut p = vec![1.0_f64; n];
        let wins: Vec<f64> =
            (0..n).map(|a| (0..n).map(|b| self.won(a, b)).sum::<f64>() + PRIOR / 2.0).collect();
        for _ in 0..MOST_STEPS {
            let mut moved = 0.0_f64;
            for a in 0..n {
                let own = p.get(a).copied().unwrap_or(1.0);
                let met: f64 = (0..n)
                    .filter(|b| *b != a)
                    .map(|b| self.met(a, b) / (own + p.get(b).copied().unwrap_or(1.0)))
                    .sum();
                let new = wins.get(a).copied().unwrap_or(0.0) / (met + PRIOR / (own + 1.0));
                moved = moved.max((new / own - 1.0).abs());
                if let Some(slot) = p.get_mut(a) {
                    *slot = new;
                }
            }
            if moved < STILL {
                break;
            }
        }
        p.into_iter().map(f64::ln).collect()
    }

    /// The covariance of the log-strengths: the inverse of the information.
    fn covariance(&self, strengths: &[f64]) -> Vec<Vec<f64>> {
        let n = self.len();
        let at = |a: usize| strengths.get(a).copied().unwrap_or(0.0);
        let spread = |difference: f64| {
            let chance = 1.0 / (1.0 + (-difference).exp());
            chance * (1.0 - chance)
        };
        let information = |a: usize, b: usize| {
            if a == b {
                let others = (0..n).filter(|c| *c != a);
                others.map(|c| self.met(a, c) * spread(at(a) - at(c))).sum::<f64>() + PRIOR * spread(at(a))
            } else {
                -self.met(a, b) * spread(at(a) - at(b))
            }
        };
        invert((0..n).map(|a| (0..n).map(|b| information(a, b)).collect()).collect())
    }
}

/// The inverse of a symmetric, positive definite matrix, by elimination.
fn invert(mut left: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = left.len();
    let mut right: Vec<Vec<f64>> =
        (0..n).map(|a| (0..n).map(|b| f64::from(u8::from(a == b))).collect()).collect();
    for at in 0..n {
        let Some(pivot) = left.get(at).and_then(|row| row.get(at)).copied() else { break };
        for side in [&mut left, &mut right] {
            for cell in side.get_mut(at).into_iter().flatten() {
                *cell /= pivot;
            }
        }
        let (left_row, right_row) =
            (left.get(at).cloned().unwrap_or_default(), right.get(at).cloned().unwrap_or_default());
        for other in (0..n).filter(|other| *other != at) {
            let factor = left.get(other).and_then(|row| row.get(at)).copied().unwrap_or(0.0);
            for (side, row) in [(&mut left, &left_row), (&mut right, &right_row)] {
                for (cell, own) in side.get_mut(other).into_iter().flatten().zip(row) {
                    *cell -= factor * own;
                }
            }
        }
    }
    right
}

/// Ranks the endpoints of these votes. The votes are one of each round.
#[must_use]
pub fn rank(votes: &[&Vote]) -> Board {
    let names: BTreeMap<&str, &str> =
        votes.iter().flat_map(|v| &v.contenders).map(|c| (c.spec.as_str(), c.name.as_str())).collect();
    let index: BTreeMap<&str, usize> = names.keys().copied().zip(0..).collect();
    let pairs = Pairs::of(votes, &index);
    let (group, strengths) = (pairs.groups(), pairs.strengths());
    let covariance = pairs.covariance(&strengths);
    let mut standings: Vec<(Standing, usize)> = names
        .iter()
        .enumerate()
        .map(|(at, (spec, name))| {
            let group = group.get(at).copied().unwrap_or(0);
            (standing(votes, spec, name, group), at)
        })
        .collect();
    for (s, at) in &mut standings {
        s.unranked = (0..pairs.len()).all(|b| pairs.met(*at, b) <= 0.0);
    }
    // The largest group first; those without a comparison are each a group of their own.
    let size = |g: usize| group.iter().filter(|other| **other == g).count();
    let strength = |at: usize| strengths.get(at).copied().unwrap_or(0.0);
    standings.sort_by(|(a, x), (b, y)| {
        let order = (a.unranked, std::cmp::Reverse(size(a.group)), a.group);
        let other = (b.unranked, std::cmp::Reverse(size(b.group)), b.group);
        order.cmp(&other).then(strength(*y).total_cmp(&strength(*x))).then(a.spec.cmp(&b.spec))
    });
    let order: Vec<usize> = standings.iter().map(|(_, at)| *at).collect();
    let mut groups: Vec<usize> = Vec::new();
    for place in 0..standings.len() {
        let next = standings.get(place + 1).map(|(s, at)| (s.group, *at));
        let Some((s, at)) = standings.get_mut(place) else { break };
        let members: Vec<usize> = order.iter().copied().filter(|m| group.get(*m) == Some(&s.group)).collect();
        let scored = Scored { strengths: &strengths, covariance: &covariance, members: &members };
        let (middle, deviation) = scored.against_average(*at);
        let points = |x: f64| MIDDLE + x * SCALE / std::f64::consts::LN_10;
        s.score = points(middle);
        (s.low, s.high) = (points(middle - WIDE * deviation), points(middle + WIDE * deviation));
        s.told = match next.filter(|(g, _)| *g == s.group) {
            None => Told::Last,
            Some((_, next)) if scored.is_ahead(*at, next) => Told::Ahead,
            Some(_) => Told::NotEnough,
        };
        if !s.unranked && !groups.contains(&s.group) {
            groups.push(s.group);
        }
        s.group = groups.iter().position(|g| *g == s.group).unwrap_or(groups.len());
    }
    Board {
        standings: standings.into_iter().map(|(s, _)| s).collect(),
        groups: groups.len(),
        votes: votes.len(),
        bad: votes.iter().filter(|v| v.verdict == Ruling::Bad).count(),
        blind: votes.iter().filter(|v| v.blind).count(),
    }
}

/// Rounds of one endpoint, counted.
fn standing(votes: &[&Vote], spec: &str, name: &str, group: usize) -> Standing {
    let mut s = Standing {
        spec: spec.to_owned(),
        name: name.to_owned(),
        group,
        score: 0.0,
        low: 0.0,
        high: 0.0,
        won: 0,
        lost: 0,
        tied: 0,
        bad: 0,
        unranked: false,
        told: Told::Last,
    };
    for vote in votes.iter().filter(|v| v.contenders.iter().any(|c| c.spec == spec)) {
        match vote.verdict {
            Ruling::Bad => s.bad += 1,
            Ruling::Tie => s.tied += 1,
            Ruling::Won(at) if vote.contenders.get(at).is_some_and(|c| c.spec == spec) => s.won += 1,
            Ruling::Won(_) => s.lost += 1,
        }
    }
    s
}

/// Strengths of one group.
struct Scored<'a> {
    strengths: &'a [f64],
    covariance: &'a [Vec<f64>],
    members: &'a [usize],
}

impl Scored<'_> {
    fn strength(&self, at: usize) -> f64 {
        self.strengths.get(at).copied().unwrap_or(0.0)
    }

    fn shared(&self, a: usize, b: usize) -> f64 {
        self.covariance.get(a).and_then(|row| row.get(b)).copied().unwrap_or(0.0)
    }

    /// The log-strength above the average of the group, and its standard deviation.
    fn against_average(&self, at: usize) -> (f64, f64) {
        let n = count(self.members.len()).max(1.0);
        let mean = self.members.iter().map(|m| self.strength(*m)).sum::<f64>() / n;
        let weight = |m: usize| f64::from(u8::from(m == at)) - 1.0 / n;
        let pairs = self.members.iter().flat_map(|a| self.members.iter().map(move |b| (*a, *b)));
        let variance: f64 = pairs.map(|(a, b)| weight(a) * weight(b) * self.shared(a, b)).sum();
        (self.strength(at) - mean, variance.max(0.0).sqrt())
    }

    fn is_ahead(&self, a: usize, b: usize) -> bool {
        let variance = self.shared(a, a) + self.shared(b, b) - 2.0 * self.shared(a, b);
        self.strength(a) - self.strength(b) > WIDE * variance.max(0.0).sqrt()
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of endpoints")]
fn count(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
#[path = "ranking_tests.rs"]
mod tests;
