//! The runs of one endpoint as samples of one figure. Answers that read from a cache, answers
//! that did not, and answers that do not tell are kept apart: they are different things.

use super::answer::{Answer, Outcome};
use super::metric::{Metric, Reading};
use super::stats::{Comparison, Summary};

/// What is said of a run that has no such figure and no other reason for it.
pub const WITHOUT: &str = "without";

/// What an answer's usage tells of the provider's prompt cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// Nothing was read from it.
    Unread,
    Read,
    /// The provider does not say.
    Untold,
}

impl Cache {
    /// Every kind, in the order of the rows.
    pub const ALL: [Self; 3] = [Self::Unread, Self::Untold, Self::Read];

    #[must_use]
    pub fn of(answer: &Answer) -> Self {
        match answer.usage.as_ref().and_then(|usage| usage.cache_read) {
            None => Self::Untold,
            Some(0) => Self::Unread,
            Some(_) => Self::Read,
        }
    }

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unread => "uncached",
            Self::Read => "cached",
            Self::Untold => "cache not told",
        }
    }

    /// With which kinds of another endpoint it can be compared, the nearest first. Who does not
    /// tell is taken as uncached: nothing says otherwise, and the row says that it is not told.
    fn alike(self) -> &'static [Self] {
        match self {
            Self::Read => &[Self::Read],
            Self::Unread => &[Self::Unread, Self::Untold],
            Self::Untold => &[Self::Untold, Self::Unread],
        }
    }
}

/// Complete runs of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    pub cache: Cache,
    /// In the order of the runs.
    pub samples: Vec<f64>,
    /// Complete runs without this figure, and why: `stalled`, `buffered`, `unknown`…
    pub without: Vec<(&'static str, usize)>,
}

/// Every run of one endpoint.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pools {
    /// Those that have an answer, in the order of [`Cache::ALL`].
    pub pools: Vec<Pool>,
    /// Runs that are no samples, and what became of them: `running`, `failed`, `cut`, `stopped`.
    pub left_out: Vec<(&'static str, usize)>,
    /// Every run there is.
    pub runs: usize,
}

impl Pools {
    #[must_use]
    pub fn of<'a>(row: &Metric, answers: impl Iterator<Item = &'a Answer>) -> Self {
        let mut all = Self::default();
        let mut pools = Cache::ALL.map(|cache| Pool { cache, samples: Vec::new(), without: Vec::new() });
        for answer in answers {
            all.runs += 1;
            match answer.outcome() {
                None => count(&mut all.left_out, "running"),
                Some(Outcome::Complete) => {
                    let cache = Cache::of(answer);
                    let Some(pool) = pools.iter_mut().find(|pool| pool.cache == cache) else { continue };
                    match row.read(answer) {
                        Reading::Missing("–") | Reading::Pending => count(&mut pool.without, WITHOUT),
                        Reading::Missing(word) => count(&mut pool.without, word),
                        known => pool.samples.extend(known.known()),
                    }
                }
                Some(other) => count(&mut all.left_out, other.word()),
            }
        }
        all.pools.extend(pools.into_iter().filter(|p| !p.samples.is_empty() || !p.without.is_empty()));
        all
    }

    /// The kind with the most runs: what stands for the endpoint where there is room for one number.
    #[must_use]
    pub fn largest(&self) -> Option<&Pool> {
        // Of two with as many, the first. Whether they have the figure is no matter: a row of
        // figures is one of the same runs.
        self.pools.iter().rev().max_by_key(|pool| pool.runs())
    }

    /// What a kind of runs of another endpoint is compared with.
    #[must_use]
    pub fn alike(&self, cache: Cache) -> Option<&Pool> {
        let find = |kind: &Cache| self.pools.iter().find(|p| p.cache == *kind && !p.samples.is_empty());
        cache.alike().iter().find_map(find)
    }
}

impl Pool {
    /// Complete runs, with this figure or without.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.samples.len() + self.without.iter().map(|(_, n)| n).sum::<usize>()
    }

    #[must_use]
    pub fn summary(&self) -> Option<Summary> {
        Summary::of(&self.samples)
    }

    #[must_use]
    pub fn against(&self, base: &Self) -> Comparison {
        Comparison::of(&self.samples, &base.samples)
    }
}

fn count(counts: &mut Vec<(&'static str, usize)>, word: &'static str) {
    match counts.iter_mut().find(|(known, _)| *known == word) {
        Some((_, n)) => *n += 1,
        None => counts.push((word, 1)),
    }
}

/// `2 failed · 1 stalled`; empty where nothing was left out.
#[must_use]
pub fn counts_in_words<'c>(counts: impl Iterator<Item = &'c (&'static str, usize)>) -> String {
    counts.map(|(word, n)| format!("{n} {word}")).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Class;
    use crate::model::Delta;
    use crate::model::Fault;
    use crate::model::Stall;
    use crate::model::Step;
    use crate::model::Usage;
    use crate::model::metric;
    use std::time::Duration;

    const MS: Duration = Duration::from_millis(1);

    fn run(first: u32, cache_read: Option<u64>, end: Step) -> Answer {
        let mut answer = Answer::default();
        answer.apply(Duration::ZERO, Step::Sent);
        let usage = Usage { input: Some(10), cache_read, output: Some(5), ..Usage::default() };
        answer.apply(MS * first, Step::Deltas(vec![Delta::Text("hi".into()), Delta::Usage(Box::new(usage))]));
        answer.apply(MS * (first + 100), end);
        answer
    }

    #[test]
    fn cached_and_uncached_runs_are_never_one_sample() {
        let answers = [
            run(100, Some(0), Step::Ended),
            run(20, Some(640), Step::Ended),
            run(110, Some(0), Step::Ended),
            run(90, None, Step::Ended),
        ];
        let pools = Pools::of(metric("ttft_ms").unwrap(), answers.iter());
        let kinds: Vec<_> = pools.pools.iter().map(|p| (p.cache, p.samples.clone())).collect();
        assert_eq!(
            kinds,
            [(Cache::Unread, vec![100.0, 110.0]), (Cache::Untold, vec![90.0]), (Cache::Read, vec![20.0])]
        );
        assert_eq!(pools.largest().unwrap().cache, Cache::Unread);
        let cached = Pools::of(metric("ttft_ms").unwrap(), answers.iter().skip(1).take(1));
        assert_eq!(cached.alike(Cache::Unread), None, "a cached answer is no measure for an uncached one");
        assert_eq!(pools.alike(Cache::Untold).unwrap().samples, [90.0]);
    }

    #[test]
    fn what_is_no_sample_is_counted_and_never_zero() {
        let stall = Step::Stalled(Stall { from: MS * 10, to: MS * 95, slept: Duration::ZERO });
        let mut stalled = Answer::default();
        stalled.apply(Duration::ZERO, Step::Sent);
        stalled.apply(MS * 95, stall);
        stalled.apply(MS * 100, Step::Deltas(vec![Delta::Text("late".into())]));
        stalled.apply(MS * 101, Step::Ended);
        let fault = || Step::Failed(Box::new(Fault::new(Class::Cut, "broke")));
        let mut failed = Answer::default();
        failed.apply(Duration::ZERO, Step::Sent);
        failed.apply(MS, fault());
        let mut running = Answer::default();
        running.apply(Duration::ZERO, Step::Sent);
        let answers = [
            run(100, Some(0), Step::Ended),
            run(1, Some(0), fault()),
            run(1, Some(0), Step::Cancelled),
            failed,
            stalled,
            running,
        ];
        let pools = Pools::of(metric("ttft_ms").unwrap(), answers.iter());
        assert_eq!(pools.runs, 6);
        assert_eq!(counts_in_words(pools.left_out.iter()), "1 cut · 1 stopped · 1 failed · 1 running");
        let samples: Vec<_> = pools.pools.iter().flat_map(|p| p.samples.clone()).collect();
        assert_eq!(samples, [100.0]);
        assert_eq!(pools.alike(Cache::Untold).map(|p| p.cache), Some(Cache::Unread));
        let without: Vec<_> = pools.pools.iter().flat_map(|p| p.without.clone()).collect();
        assert_eq!(without, [("stalled", 1)]);
        // Thinking there was none: not known, in no sample.
        let thought = Pools::of(metric("ttfr_ms").unwrap(), answers.iter());
        assert!(thought.pools.iter().all(|p| p.samples.is_empty()), "{thought:?}");
        assert_eq!(thought.largest().map(|p| (p.runs(), p.summary())), Some((1, None)));
    }
}
