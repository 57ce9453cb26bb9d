//! The numbers we show: one row each. Board, footer, headless output, exports
//! and docs iterate over [`METRICS`].

use std::time::Duration;

use super::answer::Answer;
use super::money::Money;
use super::price::CostStatus;
use super::timeline::Burstiness;

/// What a number is measured in; decides how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Milliseconds,
    TokensPerSecond,
    CharsPerSecond,
    Tokens,
    Usd,
}

impl Unit {
    /// A value with its unit: `312ms`, `5.1s`, `87 tok/s`, `$0.0142`.
    #[must_use]
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Milliseconds if value < 9.95 => format!("{value:.1}ms"),
            Self::Milliseconds if value < 999.5 => format!("{value:.0}ms"),
            Self::Milliseconds if value < 99_950.0 => format!("{:.1}s", value / 1e3),
            Self::Milliseconds => format!("{:.0}s", value / 1e3),
            Self::TokensPerSecond => format!("{} tok/s", rate(value)),
            Self::CharsPerSecond => format!("{} ch/s", rate(value)),
            Self::Tokens => format!("{value:.0}"),
            Self::Usd => Money::about(value).shown(),
        }
    }

    /// The same with a digit more, for values that are held against one another: `2.38s`.
    #[must_use]
    pub fn fine(self, value: f64) -> String {
        match self {
            Self::Milliseconds if (999.5..9_995.0).contains(&value) => format!("{:.2}s", value / 1e3),
            Self::Milliseconds if (99_950.0..999_500.0).contains(&value) => format!("{:.1}s", value / 1e3),
            Self::TokensPerSecond if (9.95..999.5).contains(&value) => format!("{value:.1} tok/s"),
            Self::CharsPerSecond if (9.95..999.5).contains(&value) => format!("{value:.1} ch/s"),
            _ => self.show(value),
        }
    }

    /// From one value to another: `182–193ms`, the unit once where it is the same.
    #[must_use]
    pub fn range(self, low: f64, high: f64) -> String {
        let (low, high) = (self.fine(low), self.fine(high));
        let unit = |text: &str| text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').to_owned();
        let bare = low.strip_suffix(&unit(&low)).filter(|_| unit(&low) == unit(&high));
        format!("{}–{high}", bare.filter(|b| !b.is_empty()).unwrap_or(&low))
    }

    /// Whether it is a time, or a number for a time.
    #[must_use]
    pub fn is_clock(self) -> bool {
        !matches!(self, Self::Tokens | Self::Usd)
    }

    /// A difference of two values with its sign: `+34ms`, `-$0.0012`.
    #[must_use]
    pub fn difference(self, value: f64) -> String {
        let sign = if value < 0.0 { '-' } else { '+' };
        format!("{sign}{}", self.show(value.abs()))
    }

    /// What a difference lies between: `-220ms to -180ms`.
    #[must_use]
    pub fn differences(self, low: f64, high: f64) -> String {
        let sign = |value: f64| if value < 0.0 { '-' } else { '+' };
        format!("{}{} to {}{}", sign(low), self.fine(low.abs()), sign(high), self.fine(high.abs()))
    }
}

fn rate(value: f64) -> String {
    if value < 9.95 {
        format!("{value:.1}")
    } else if value < 9_999.5 {
        format!("{value:.0}")
    } else {
        format!("{:.0}k", value / 1e3)
    }
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    Lower,
    Higher,
    /// A count that says nothing about quality.
    Neither,
}

/// A value, or why there is none. Never zero for unknown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    Known(f64),
    /// The same for money, exact.
    Amount(Money),
    /// Not yet: the answer is still running.
    Pending,
    /// Never: a word for the place where a number would stand.
    Missing(&'static str),
}

impl Reading {
    #[must_use]
    pub fn known(self) -> Option<f64> {
        match self {
            Self::Known(v) => Some(v),
            Self::Amount(usd) => Some(usd.dollars()),
            Self::Pending | Self::Missing(_) => None,
        }
    }
}

/// One row.
pub struct Metric {
    /// The field in machine output.
    pub id: &'static str,
    pub heading: &'static str,
    pub unit: Unit,
    pub better: Better,
    /// As shown under `?` and in the README.
    pub formula: &'static str,
    /// From when to when it was measured.
    window: fn(&Answer) -> Option<Window>,
    read: fn(&Answer) -> Reading,
}

/// Two offsets from `t0`.
type Window = (Duration, Duration);

/// What stands in place of a figure that was taken while this program did not run.
pub const STALLED: &str = "stalled";

impl Metric {
    /// The figure; none where this program did not run for more than a tenth of the time in
    /// which it was measured, or the machine slept in it.
    #[must_use]
    pub fn read(&self, answer: &Answer) -> Reading {
        match (self.read)(answer) {
            Reading::Known(_)
                if (self.window)(answer).is_some_and(|(from, to)| answer.timeline.stalled(from, to)) =>
            {
                Reading::Missing(STALLED)
            }
            reading => reading,
        }
    }

    /// The reading as text; `…` while it is still to come.
    #[must_use]
    pub fn show(&self, answer: &Answer) -> String {
        match self.read(answer) {
            Reading::Known(value) => self.unit.show(value),
            Reading::Amount(usd) => answer.cost.marked(&usd.shown()),
            Reading::Pending => "…".into(),
            Reading::Missing(word) => word.into(),
        }
    }
}

/// A mark in milliseconds after `t0`.
fn since(answer: &Answer, mark: Option<Duration>) -> Reading {
    between(answer, mark.map(|mark| (Duration::ZERO, mark)))
}

/// The length of a window in milliseconds.
fn between(answer: &Answer, window: Option<Window>) -> Reading {
    match window {
        Some((from, to)) => Reading::Known(to.saturating_sub(from).as_secs_f64() * 1e3),
        None if answer.is_over() => Reading::Missing("–"),
        None => Reading::Pending,
    }
}

/// From `t0` to a mark.
fn until(mark: Option<Duration>) -> Option<Window> {
    mark.map(|mark| (Duration::ZERO, mark))
}

/// Of a figure that no clock has a part in.
fn timeless(_answer: &Answer) -> Option<Window> {
    None
}

/// From the first arrival of text or reasoning to the last.
fn streamed(answer: &Answer) -> Option<Window> {
    let chunks = &answer.timeline.chunks;
    Some((chunks.first()?, chunks.last()?.at))
}

/// From the moment at which there was a connection to the response's head: the time that
/// the network and the provider share. Not known where it is not known whether the
/// connection was there already.
fn waited(answer: &Answer) -> Option<Window> {
    let t = &answer.timeline;
    let from = if t.reused? { Duration::ZERO } else { t.phases.connected? };
    Some((from, t.headers?))
}

/// `n` per second of total time, once the answer is over.
fn per_total(answer: &Answer, n: Option<u64>) -> Reading {
    let Some(total) = answer.total() else {
        return if answer.is_over() { Reading::Missing("–") } else { Reading::Pending };
    };
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    match n {
        Some(n) if !total.is_zero() => Reading::Known(n as f64 / total.as_secs_f64()),
        _ => Reading::Missing("–"),
    }
}

fn count(answer: &Answer, n: Option<u64>) -> Reading {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    match n {
        Some(n) => Reading::Known(n as f64),
        None if answer.is_over() => Reading::Missing("–"),
        None => Reading::Pending,
    }
}

/// An amount of the answer's cost once it is over; otherwise the word for why there is none.
fn amount(answer: &Answer, of: impl Fn(Money) -> Option<Money>) -> Reading {
    match answer.cost.usd {
        _ if !answer.is_over() => Reading::Pending,
        // Nobody accepted it, so nobody bills it; unknown would be the wrong word.
        None if !answer.may_be_billed() && answer.cost.status == CostStatus::Unknown => Reading::Missing("–"),
        None => Reading::Missing(answer.cost.status.word()),
        Some(usd) => of(usd).map_or(Reading::Missing("–"), Reading::Amount),
    }
}

/// A quantile of the gaps between arrivals.
fn gap(answer: &Answer, quantile: f64) -> Reading {
    match answer.timeline.gap(quantile) {
        Some(gap) => Reading::Known(gap.as_secs_f64() * 1e3),
        None if answer.is_over() => Reading::Missing("–"),
        None => Reading::Pending,
    }
}

/// Every number, in the order in which it is shown.
pub const METRICS: &[Metric] = &[
    Metric {
        id: "ttfb_ms",
        heading: "headers",
        unit: Unit::Milliseconds,
        better: Better::Lower,
        formula: "response headers - t0",
        window: |a| until(a.timeline.headers),
        read: |a| since(a, a.timeline.headers),
    },
    Metric {
        id: "connect_ms",
        heading: "connect",
        unit: Unit::Milliseconds,
        better: Better::Lower,
        formula: "connection ready - t0: DNS, TCP and TLS of a new connection; `reused` where one was there",
        window: |a| until(a.timeline.phases.connected),
        read: |a| match a.timeline.reused {
            Some(true) => Reading::Missing("reused"),
            _ if a.timeline.headers.is_some() && a.timeline.phases.connected.is_none() => {
                Reading::Missing("–")
            }
            _ => since(a, a.timeline.phases.connected),
        },
    },
    Metric {
        id: "wait_ms",
        heading: "wait",
        unit: Unit::Milliseconds,
        better: Better::Lower,
        formula: "response headers - connection ready, or - t0 where it was reused: one round trip and the \
                  provider's share of the headers",
        window: waited,
        read: |a| match a.timeline.headers {
            Some(_) if waited(a).is_none() => Reading::Missing("–"),
            _ => between(a, waited(a)),
        },
    },
    Metric {
        id: "ttfr_ms",
        heading: "first thought",
        unit: Unit::Milliseconds,
        better: Better::Lower,
        formula: "first non-empty reasoning - t0",
        window: |a| until(a.timeline.first_reasoning),
        read: |a| since(a, a.timeline.first_reasoning),
    },
    Metric {
        id: "ttft_ms",
        heading: "first",
        unit: Unit::Milliseconds,
        better: Better::Lower,
        formula: "first non-empty text - t0; a role or an empty delta stops no clock",
        window: |a| until(a.timeline.first_text),
        read: |a| since(a, a.timeline.first_text),
    },
    Metric {
        id: "total_ms",
        heading: "total",
        unit: Unit::Milliseconds,
        better: Better::Lower,
        formula: "end - t0",
        window: |a| until(a.total()),
        read: |a| since(a, a.total()),
    },
    Metric {
        id: "rate_tps",
        heading: "rate",
        unit: Unit::TokensPerSecond,
        better: Better::Higher,
        formula: "(n - 1) / (last - first) over the window in which the n reported tokens were streamed",
        window: streamed,
        read: |a| match (a.timeline.burstiness(), &a.usage) {
            (Burstiness::Buffered, _) if a.is_over() => Reading::Missing("buffered"),
            (_, Some(usage)) => a
                .timeline
                .rate(usage)
                .map_or(if a.is_over() { Reading::Missing("–") } else { Reading::Pending }, Reading::Known),
            _ if a.is_over() => Reading::Missing("–"),
            _ => Reading::Pending,
        },
    },
    Metric {
        id: "e2e_tps",
        heading: "end to end",
        unit: Unit::TokensPerSecond,
        better: Better::Higher,
        formula: "n / total",
        window: |a| until(a.total()),
        read: |a| per_total(a, a.usage.as_ref().and_then(super::Usage::generated)),
    },
    Metric {
        id: "chars_per_s",
        heading: "chars/s",
        unit: Unit::CharsPerSecond,
        better: Better::Higher,
        formula: "characters of visible text / total",
        window: |a| until(a.total()),
        read: |a| per_total(a, (!a.text.is_empty()).then_some(a.chars)),
    },
    Metric {
        id: "gap_p50_ms",
        heading: "gap p50",
        unit: Unit::Milliseconds,
        better: Better::Lower,
        formula: "median gap between arrivals of text or reasoning, by nearest rank",
        window: streamed,
        read: |a| gap(a, 0.5),
    },
    Metric {
        id: "gap_p95_ms",
        heading: "gap p95",
        unit: Unit::Milliseconds,
        better: Better::Lower,
        formula: "95th percentile of the gaps between arrivals",
        window: streamed,
        read: |a| gap(a, 0.95),
    },
    Metric {
        id: "gap_max_ms",
        heading: "gap max",
        unit: Unit::Milliseconds,
        better: Better::Lower,
        formula: "longest gap between arrivals",
        window: streamed,
        read: |a| gap(a, 1.0),
    },
    Metric {
        id: "tokens_in",
        heading: "in",
        unit: Unit::Tokens,
        better: Better::Neither,
        formula: "reported tokens of the whole prompt, those from and to a cache included",
        window: timeless,
        read: |a| count(a, a.usage.as_ref().and_then(super::Usage::prompt)),
    },
    Metric {
        id: "tokens_out",
        heading: "out",
        unit: Unit::Tokens,
        better: Better::Neither,
        formula: "reported generated tokens, reasoning included",
        window: timeless,
        read: |a| count(a, a.usage.as_ref().and_then(super::Usage::generated)),
    },
    Metric {
        id: "cost_usd",
        heading: "cost",
        unit: Unit::Usd,
        better: Better::Lower,
        formula: "stated by the response, else reported tokens of each bucket x list price",
        window: timeless,
        read: |a| amount(a, Some),
    },
    Metric {
        id: "usd_per_1k_chars",
        heading: "cost/1k chars",
        unit: Unit::Usd,
        better: Better::Lower,
        formula: "1,000 x cost / characters of visible text",
        window: timeless,
        read: |a| amount(a, |usd| usd.per_thousand(a.chars)),
    },
];

/// The row with this id.
#[must_use]
pub fn metric(id: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|m| m.id == id)
}
