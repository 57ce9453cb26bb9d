//! What several runs say together: median, spread, and whether a difference can be told.
//!
//! The interval is the percentile bootstrap (Efron 1979; Efron and Tibshirani 1993, chapter 13):
//! both samples are drawn anew with replacement, the difference of their medians is noted, and
//! the middle 95 % of those notes are the interval. It asks for no distribution, which times do
//! not have. The generator is seeded by the data: the same runs always give the same words.

use fastrand::Rng;

use super::metric::Metric;

/// The fewest runs on either side of which a word is said. From five on the whole range of the
/// runs holds the true median in 1 - 2 x 0.5^5 = 94 % of all cases; of four in 87 % only, so
/// that no choice among them is an interval of 95 %.
pub const LEAST_RUNS: usize = 5;

/// Samples drawn anew. The ends of the interval then move by less than a run lies from the next.
const RESAMPLES: usize = 2_000;

/// Notes that lie beyond either end.
const BEYOND: usize = RESAMPLES / 40;

/// Five numbers of a sample, and how many it has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    pub n: usize,
    pub least: f64,
    /// Nearest rank, as every percentile here.
    pub p25: f64,
    /// The middle, or the mean of the two in the middle: a nearest rank would favour whoever has
    /// an even number of runs.
    pub median: f64,
    pub p75: f64,
    pub p95: f64,
    pub most: f64,
}

impl Summary {
    /// `None` without a sample. What is no number is no sample.
    #[must_use]
    pub fn of(samples: &[f64]) -> Option<Self> {
        let sorted = sorted(samples);
        Some(Self {
            n: sorted.len(),
            least: *sorted.first()?,
            p25: rank(&sorted, 25)?,
            median: middle(&sorted)?,
            p75: rank(&sorted, 75)?,
            p95: rank(&sorted, 95)?,
            most: *sorted.last()?,
        })
    }
}

/// From here to there, both included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The whole interval of the difference lies below zero.
    Lower,
    Higher,
    /// Every run of both gave the same number.
    Same,
    /// Too few runs, or the interval holds zero.
    Unclear,
}

/// One sample held against another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Of the difference of the medians; `None` where a side has too few runs.
    pub interval: Option<Interval>,
    pub verdict: Verdict,
}

impl Comparison {
    /// Of `own` with `base`: negative is below the base.
    #[must_use]
    pub fn of(own: &[f64], base: &[f64]) -> Self {
        let interval = difference(own, base);
        let verdict = match interval {
            Some(Interval { low, high }) if high < 0.0 && low < 0.0 => Verdict::Lower,
            Some(Interval { low, high }) if low > 0.0 && high > 0.0 => Verdict::Higher,
            Some(_) if all_same(own, base) => Verdict::Same,
            _ => Verdict::Unclear,
        };
        Self { interval, verdict }
    }
}

impl Verdict {
    /// The plain words for a figure: `faster`, `dearer`, `not enough runs to tell`.
    #[must_use]
    pub fn words(self, row: &Metric) -> &'static str {
        let (_, lower, higher) =
            WORDS.iter().find(|(id, ..)| *id == row.id).copied().unwrap_or(("", "lower", "higher"));
        match self {
            Self::Lower => lower,
            Self::Higher => higher,
            Self::Same => "the same",
            Self::Unclear => "not enough runs to tell",
        }
    }
}

/// What a lower and what a higher number of each figure is called.
const WORDS: &[(&str, &str, &str)] = &[
    ("ttfb_ms", "faster", "slower"),
    ("connect_ms", "faster", "slower"),
    ("wait_ms", "faster", "slower"),
    ("ttfr_ms", "faster", "slower"),
    ("ttft_ms", "faster", "slower"),
    ("total_ms", "faster", "slower"),
    ("rate_tps", "slower", "faster"),
    ("e2e_tps", "slower", "faster"),
    ("chars_per_s", "slower", "faster"),
    ("gap_p50_ms", "shorter", "longer"),
    ("gap_p95_ms", "shorter", "longer"),
    ("gap_max_ms", "shorter", "longer"),
    ("tokens_in", "fewer", "more"),
    ("tokens_out", "fewer", "more"),
    ("cost_usd", "cheaper", "dearer"),
    ("usd_per_1k_chars", "cheaper", "dearer"),
];

/// The 95 % interval of a sample's median; `None` of too few runs.
#[must_use]
pub fn median_interval(samples: &[f64]) -> Option<Interval> {
    let sorted = sorted(samples);
    if sorted.len() < LEAST_RUNS {
        return None;
    }
    let mut draw = Draw::new(seed([&sorted, &[]]), sorted.len());
    ends((0..RESAMPLES).map(|_| draw.median(&sorted)).collect())
}

/// The 95 % interval of the difference of two medians, `own - base`.
fn difference(own: &[f64], base: &[f64]) -> Option<Interval> {
    let (own, base) = (sorted(own), sorted(base));
    if own.len().min(base.len()) < LEAST_RUNS {
        return None;
    }
    // Always drawn in one order, so that a comparison turned round is the same with its signs turned.
    let turned = own.iter().map(|v| v.to_bits()).gt(base.iter().map(|v| v.to_bits()));
    let (first, second) = if turned { (&base, &own) } else { (&own, &base) };
    let mut draw = Draw::new(seed([first, second]), first.len().max(second.len()));
    let notes = (0..RESAMPLES).map(|_| draw.median(first) - draw.median(second)).collect();
    let Interval { low, high } = ends(notes)?;
    Some(if turned { Interval { low: -high, high: -low } } else { Interval { low, high } })
}

/// Draws samples anew.
struct Draw {
    rng: Rng,
    /// How often each number was drawn: numbers drawn from a sorted sample need no sorting.
    counts: Vec<u32>,
}

impl Draw {
    fn new(seed: u64, most: usize) -> Self {
        Self { rng: Rng::with_seed(seed), counts: vec![0; most] }
    }

    /// The median of as many numbers as there are, drawn with replacement.
    fn median(&mut self, sorted: &[f64]) -> f64 {
        let n = sorted.len();
        self.counts.fill(0);
        for _ in 0..n {
            let at = self.rng.usize(..n);
            if let Some(count) = self.counts.get_mut(at) {
                *count += 1;
            }
        }
        let (mut below, mut lower) = (0, None);
        for (value, count) in sorted.iter().zip(&self.counts) {
            below += *count as usize;
            if lower.is_none() && below * 2 >= n {
                lower = Some(*value);
            }
            if below * 2 > n {
                // Of an odd number the two are one.
                return f64::midpoint(lower.unwrap_or(*value), *value);
            }
        }
        lower.unwrap_or(f64::NAN)
    }
}

/// What the middle 95 % of the notes lie between.
fn ends(mut notes: Vec<f64>) -> Option<Interval> {
    notes.sort_unstable_by(f64::total_cmp);
    let low = *notes.get(BEYOND)?;
    let high = *notes.get(notes.len().checked_sub(BEYOND + 1)?)?;
    Some(Interval { low, high })
}

fn sorted(samples: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = samples.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

fn middle(sorted: &[f64]) -> Option<f64> {
    let n = sorted.len();
    let (lower, upper) = (sorted.get(n.checked_sub(1)? / 2)?, sorted.get(n / 2)?);
    Some(f64::midpoint(*lower, *upper))
}

/// The smallest number that at least so many percent do not pass.
fn rank(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

fn all_same(own: &[f64], base: &[f64]) -> bool {
    let mut bits = own.iter().chain(base).map(|v| v.to_bits());
    let first = bits.next();
    bits.all(|b| Some(b) == first)
}

/// FNV-1a over the numbers.
fn seed(samples: [&[f64]; 2]) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for sample in samples {
        let bytes = sample.iter().flat_map(|v| v.to_bits().to_le_bytes());
        // The border between the two counts as well.
        for byte in bytes.chain([0xFF]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Better;
    use crate::model::METRICS;
    use crate::model::metric;

    /// A skewed time: most runs near the middle, some far above.
    fn time(rng: &mut Rng, middle: f64) -> f64 {
        let normal: f64 = (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0;
        middle * (0.3 * normal).exp()
    }

    fn times(rng: &mut Rng, middle: f64, n: usize) -> Vec<f64> {
        (0..n).map(|_| time(rng, middle)).collect()
    }

    #[test]
    fn five_numbers_of_small_samples() {
        assert_eq!(Summary::of(&[]), None);
        assert_eq!(Summary::of(&[f64::NAN]), None);
        let one = Summary::of(&[7.0]).unwrap();
        assert_eq!((one.n, one.least, one.p25, one.median, one.p95, one.most), (1, 7.0, 7.0, 7.0, 7.0, 7.0));
        let four = Summary::of(&[4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!((four.p25, four.median, four.p75, four.p95, four.most), (1.0, 2.5, 3.0, 4.0, 4.0));
        let many: Vec<f64> = (1..=100).map(f64::from).rev().collect();
        let many = Summary::of(&many).unwrap();
        assert_eq!((many.least, many.median, many.p95, many.most), (1.0, 50.5, 95.0, 100.0));
    }

    #[test]
    fn an_interval_holds_the_median_of_its_sample_and_is_the_same_every_time() {
        let mut rng = Rng::with_seed(1);
        for n in LEAST_RUNS..40 {
            let sample = times(&mut rng, 300.0, n);
            let (interval, summary) = (median_interval(&sample).unwrap(), Summary::of(&sample).unwrap());
            assert!(interval.low <= summary.median && summary.median <= interval.high, "{n}: {interval:?}");
            assert!(summary.least <= interval.low && interval.high <= summary.most, "{n}");
            let mut turned = sample.clone();
            turned.reverse();
            assert_eq!(median_interval(&turned), Some(interval), "the order of the runs is no matter");
        }
        assert_eq!(median_interval(&[1.0; LEAST_RUNS - 1]), None);
    }

    #[test]
    fn a_comparison_turned_round_has_its_signs_turned() {
        let mut rng = Rng::with_seed(2);
        for n in 0..120 {
            let own = times(&mut rng, 300.0, n % 17);
            let base = times(&mut rng, 300.0 + f64::from(u32::try_from(n).unwrap()) * 4.0, n % 13);
            let (there, back) = (Comparison::of(&own, &base), Comparison::of(&base, &own));
            let turned = there.interval.map(|i| Interval { low: -i.high, high: -i.low });
            assert_eq!(turned, back.interval, "{n}");
            let want = match there.verdict {
                Verdict::Lower => Verdict::Higher,
                Verdict::Higher => Verdict::Lower,
                other => other,
            };
            assert_eq!(back.verdict, want, "{n}");
        }
    }

    /// Of many experiments the interval holds the true difference in about 95 of a hundred.
    #[test]
    fn the_interval_covers_what_it_says() {
        for (n, m) in [(5, 5), (8, 8), (12, 6), (20, 20)] {
            let mut rng = Rng::with_seed(u64::try_from(n * 100 + m).unwrap());
            let (experiments, truth) = (400, 100.0);
            let held = (0..experiments).filter(|_| {
                let (own, base) = (times(&mut rng, 400.0, n), times(&mut rng, 300.0, m));
                let Interval { low, high } = difference(&own, &base).unwrap();
                low <= truth && truth <= high
            });
            let held = held.count();
            assert!((368..=399).contains(&held), "{n} and {m} runs: {held} of {experiments}");
        }
    }

    /// Two endpoints that are alike are called different in about five of a hundred at most.
    #[test]
    fn what_is_alike_is_seldom_called_different_and_what_differs_is_found() {
        let mut rng = Rng::with_seed(3);
        let mut told = |middle: f64, n: usize| {
            let verdicts = (0..300)
                .map(|_| Comparison::of(&times(&mut rng, middle, n), &times(&mut rng, 300.0, n)).verdict);
            verdicts.filter(|v| *v != Verdict::Unclear).count()
        };
        assert!(told(300.0, 6) <= 24);
        assert!(told(300.0, 15) <= 24);
        assert!(told(900.0, 6) >= 290, "three times as slow is seen in six runs");
    }

    #[test]
    fn few_runs_say_nothing_and_equal_numbers_are_the_same() {
        let unclear = Comparison { interval: None, verdict: Verdict::Unclear };
        assert_eq!(Comparison::of(&[1.0; 4], &[9.0; 9]), unclear);
        assert_eq!(Comparison::of(&[9.0; 9], &[]), unclear);
        // A price is the same in every run: five of them tell.
        assert_eq!(Comparison::of(&[0.002; 5], &[0.003; 5]).verdict, Verdict::Lower);
        assert_eq!(Comparison::of(&[0.002; 5], &[0.002; 7]).verdict, Verdict::Same);
    }

    #[test]
    fn every_figure_has_words_and_better_ones_sound_better() {
        assert_eq!(WORDS.len(), METRICS.len());
        for row in METRICS {
            let (_, lower, higher) = WORDS.iter().find(|(id, ..)| *id == row.id).unwrap();
            let better = match row.better {
                Better::Lower => lower,
                Better::Higher => higher,
                Better::Neither => continue,
            };
            assert!(["faster", "shorter", "cheaper"].contains(better), "{}: {better}", row.id);
        }
        let cost = metric("cost_usd").unwrap();
        assert_eq!(Verdict::Higher.words(cost), "dearer");
        assert_eq!(Verdict::Unclear.words(cost), "not enough runs to tell");
    }
}
