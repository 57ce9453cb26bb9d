//! The monotonic marks of one answer and what can be read from them.
//!
//! Every mark is a [`Duration`] from `t0`, the moment the request is handed to
//! the HTTP client. Formulas: README, "Clocks".

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::arrivals::Arrivals;
use super::ranked::Ranked;
use super::usage::Usage;

/// What a chunk carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Text,
    Reasoning,
}

impl Kind {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Reasoning => "reasoning",
        }
    }
}

/// One arrival: what one read of the socket brought, however many deltas it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    pub at: Duration,
    pub kind: Kind,
    /// Bytes of decoded text, UTF-8.
    pub bytes: u32,
}

/// Whether a token rate means anything for this answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Burstiness {
    /// Nothing, or a single chunk: no window to measure in.
    Single,
    /// One or two bursts: the text was held back somewhere, a rate would measure the buffer.
    Buffered,
    Streamed,
}

/// When each phase of making a connection was finished. A phase that the connection does
/// not have (TLS of plain HTTP, DNS of a bare address) or did not come to is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phases<At = Duration> {
    pub dns: Option<At>,
    /// Behind a proxy, the tunnel through it as well.
    pub tcp: Option<At>,
    pub tls: Option<At>,
    /// The connection was ready to carry a request.
    pub connected: Option<At>,
}

impl<At> Default for Phases<At> {
    fn default() -> Self {
        Self { dns: None, tcp: None, tls: None, connected: None }
    }
}

impl<At> Phases<At> {
    /// The same phases on another scale.
    #[must_use]
    pub fn map<To>(self, scale: impl Fn(At) -> To) -> Phases<To> {
        let Self { dns, tcp, tls, connected } = self;
        Phases {
            dns: dns.map(&scale),
            tcp: tcp.map(&scale),
            tls: tls.map(&scale),
            connected: connected.map(&scale),
        }
    }
}

impl Phases {
    /// How long each phase took that came about, by its name.
    #[must_use]
    pub fn spans(&self) -> Vec<(&'static str, Duration)> {
        let mut from = Duration::ZERO;
        let mut spans = Vec::new();
        for (name, at) in [("DNS", self.dns), ("TCP", self.tcp), ("TLS", self.tls)] {
            if let Some(at) = at {
                spans.push((name, at.saturating_sub(from)));
                from = at;
            }
        }
        spans
    }
}

/// Time in which this program did not run while an answer did: it was stopped, the machine
/// was suspended, or other work had taken the processor. `from` and `to` are offsets from `t0`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stall {
    pub from: Duration,
    pub to: Duration,
    /// How long the machine was suspended meanwhile: time that no mark has counted.
    pub slept: Duration,
}

impl Stall {
    /// What was lost, whether the clock counted it or not.
    #[must_use]
    pub fn lost(&self) -> Duration {
        self.to.saturating_sub(self.from) + self.slept
    }
}

/// Marks of one answer, offsets from `t0`. `None` is "did not happen (yet)".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    /// Of a new connection; empty where one was there already.
    pub phases: Phases,
    /// Whether the connection was there before the request; `None` when it cannot be told.
    pub reused: Option<bool>,
    pub headers: Option<Duration>,
    pub first_byte: Option<Duration>,
    pub first_reasoning: Option<Duration>,
    pub last_reasoning: Option<Duration>,
    pub first_text: Option<Duration>,
    pub last_text: Option<Duration>,
    /// The terminal event, or the end of the stream.
    pub end: Option<Duration>,
    /// The last byte of any kind, pings and comments included.
    pub last_byte: Option<Duration>,
    pub chunks: Arrivals,
    /// In the order in which they happened.
    pub stalls: Vec<Stall>,
    /// In nanoseconds.
    gaps: Ranked<u64>,
    sizes: Ranked<u32>,
    flow: Flow,
    histogram: Histogram,
}

/// Arrivals closer than this belong to one burst: above the spacing of one buffer
/// written in several packets, which is well under a millisecond, and below the gap
/// of a model that streams token by token (300 tokens/s is 3.3 ms a token).
const BURST_GAP: Duration = Duration::from_millis(3);

/// Text that kept arriving for at least this long was streamed, even without a
/// gap: a buffer of a few kilobytes drains in well under a tenth of a second.
const STREAMED_FOR: Duration = Duration::from_millis(100);

impl Timeline {
    /// Records bytes of decoded text that arrived at `at`; empty text stops no clock.
    pub fn arrived(&mut self, at: Duration, kind: Kind, bytes: usize) {
        if bytes == 0 {
            return;
        }
        let (first, last) = match kind {
            Kind::Text => (&mut self.first_text, &mut self.last_text),
            Kind::Reasoning => (&mut self.first_reasoning, &mut self.last_reasoning),
        };
        first.get_or_insert(at);
        *last = Some(at);
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        match self.chunks.last_mut() {
            Some(c) if c.at == at && c.kind == kind => {
                self.sizes.remove(c.bytes);
                c.bytes = c.bytes.saturating_add(bytes);
                self.sizes.add(c.bytes);
                self.spread(at, bytes);
            }
            _ => self.count(Chunk { at, kind, bytes }),
        }
    }

    /// Takes so many bytes off the last arrivals of a kind: they were no part of the answer.
    pub fn withdrawn(&mut self, kind: Kind, bytes: usize) {
        let mut left = u32::try_from(bytes).unwrap_or(u32::MAX);
        let mut chunks: Vec<Chunk> = self.chunks.iter().collect();
        for chunk in chunks.iter_mut().rev().filter(|c| c.kind == kind) {
            let taken = chunk.bytes.min(left);
            chunk.bytes -= taken;
            left -= taken;
            if left == 0 {
                break;
            }
        }
        self.recount(chunks);
    }

    /// Takes these chunks in the place of those that are there, and counts anew what follows from
    /// them; the marks stay.
    pub fn recount(&mut self, chunks: impl IntoIterator<Item = Chunk>) {
        self.chunks = Arrivals::default();
        (self.gaps, self.sizes) = (Ranked::default(), Ranked::default());
        (self.flow, self.histogram) = (Flow::default(), Histogram::default());
        chunks.into_iter().for_each(|chunk| self.count(chunk));
    }

    /// One more arrival.
    fn count(&mut self, chunk: Chunk) {
        if let Some(last) = self.chunks.last() {
            let gap = chunk.at.saturating_sub(last.at).as_nanos();
            self.gaps.add(u64::try_from(gap).unwrap_or(u64::MAX));
        }
        self.sizes.add(chunk.bytes);
        self.chunks.push(chunk);
        if chunk.kind == Kind::Text {
            self.flow.arrived(chunk.at);
        }
        self.spread(chunk.at, chunk.bytes);
    }

    fn spread(&mut self, at: Duration, bytes: u32) {
        let start = self.chunks.first().unwrap_or(at);
        self.histogram.add(at.saturating_sub(start), u64::from(bytes));
    }

    /// The first visible sign of thought or text.
    #[must_use]
    pub fn first_any(&self) -> Option<Duration> {
        match (self.first_reasoning, self.first_text) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// How the text came.
    #[must_use]
    pub fn burstiness(&self) -> Burstiness {
        match self.flow {
            Flow { chunks: 0 | 1, .. } => Burstiness::Single,
            Flow { bursts, flowing, .. } if bursts <= 2 && flowing < STREAMED_FOR => Burstiness::Buffered,
            Flow { .. } => Burstiness::Streamed,
        }
    }

    /// `(n - 1) / (last - first)` over the window in which the counted tokens
    /// were streamed, in tokens per second.
    ///
    /// Where the provider tells reasoning apart, `n` is the visible tokens and
    /// the window is the text's. Where it does not, and the reasoning was
    /// streamed too, `n` is all tokens and the window runs from the first of either.
    #[must_use]
    pub fn rate(&self, usage: &Usage) -> Option<f64> {
        if self.burstiness() != Burstiness::Streamed {
            return None;
        }
        let n = usage.output?;
        let first = if usage.reasoning.is_some() { self.first_text } else { self.first_any() }?;
        let window = self.last_text?.checked_sub(first)?.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "token counts stay far below 2^52")]
        (window > 0.0 && n > 1).then(|| (n - 1) as f64 / window)
    }

    /// A quantile of the gaps between arrivals, by nearest rank: the smallest gap that at
    /// least this share of them does not pass. Costs the same however long the answer is.
    #[must_use]
    pub fn gap(&self, quantile: f64) -> Option<Duration> {
        self.gaps.quantile(quantile).map(Duration::from_nanos)
    }

    /// The median of the bytes of decoded text that one arrival brought, by nearest rank.
    #[must_use]
    pub fn chunk_bytes(&self) -> Option<u32> {
        self.sizes.quantile(0.5)
    }

    /// Whether a figure measured from `from` to `to` is none, because this program did not
    /// run for more than a tenth of it, or because the machine slept in it.
    #[must_use]
    pub fn stalled(&self, from: Duration, to: Duration) -> bool {
        let within = |s: &&Stall| s.from < to && s.to > from;
        let lost: Duration =
            self.stalls.iter().filter(within).map(|s| s.to.min(to).saturating_sub(s.from.max(from))).sum();
        lost * 10 > to.saturating_sub(from) || self.stalls.iter().filter(within).any(|s| !s.slept.is_zero())
    }

    /// Everything that was lost to stalls.
    #[must_use]
    pub fn lost(&self) -> Duration {
        self.stalls.iter().map(Stall::lost).sum()
    }

    /// Bytes of text and reasoning per equal time slot from the first arrival to
    /// `until` (or the last arrival): the stream's shape.
    #[must_use]
    pub fn shape(&self, slots: usize, until: Option<Duration>) -> Vec<u64> {
        let (Some(first), Some(last)) = (self.chunks.first(), self.chunks.last()) else {
            return Vec::new();
        };
        if slots == 0 {
            return Vec::new();
        }
        let end = until.unwrap_or(last.at).max(last.at);
        let span = end.saturating_sub(first).as_nanos().max(1);
        let mut out = vec![0_u64; slots];
        for (at, bytes) in (0_u32..).zip(&self.histogram.slots) {
            // A slot is counted where its middle lies.
            let offset = (self.histogram.width * at + self.histogram.width / 2).as_nanos();
            let slot = usize::try_from(offset * slots as u128 / span).unwrap_or(usize::MAX);
            if let Some(sum) = out.get_mut(slot.min(slots - 1)) {
                *sum += bytes;
            }
        }
        out
    }
}

/// What [`Timeline::burstiness`] needs, kept as arrivals come, so that asking costs
/// the same for a long answer as for a short one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Flow {
    chunks: u32,
    bursts: u32,
    /// Sum of the gaps within bursts.
    flowing: Duration,
    last: Duration,
}

impl Flow {
    fn arrived(&mut self, at: Duration) {
        let gap = at.saturating_sub(self.last);
        if self.chunks == 0 || gap > BURST_GAP {
            self.bursts += 1;
        } else {
            self.flowing += gap;
        }
        self.chunks += 1;
        self.last = at;
    }
}

/// Bytes per time slot at a resolution that halves as the stream grows: what a
/// sparkline needs, in bounded memory and constant time per arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Histogram {
    width: Duration,
    slots: Vec<u64>,
}

/// Slots before two become one: enough for a sparkline of a hundred columns.
const MOST_SLOTS: usize = 256;

impl Default for Histogram {
    fn default() -> Self {
        // Finer than the gaps of any stream that a person watches.
        Self { width: Duration::from_millis(4), slots: Vec::new() }
    }
}

impl Histogram {
    fn add(&mut self, offset: Duration, bytes: u64) {
        loop {
            let at = offset.as_nanos() / self.width.as_nanos().max(1);
            match usize::try_from(at) {
                Ok(at) if at < MOST_SLOTS => {
                    if self.slots.len() <= at {
                        self.slots.resize(at + 1, 0);
                    }
                    if let Some(slot) = self.slots.get_mut(at) {
                        *slot += bytes;
                    }
                    return;
                }
                _ => {
                    self.slots = self.slots.chunks(2).map(|pair| pair.iter().sum()).collect();
                    self.width *= 2;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn arrivals(at: &[u32]) -> Timeline {
        let mut t = Timeline::default();
        for ms in at {
            t.arrived(MS * *ms, Kind::Text, 4);
        }
        t
    }

    #[test]
    fn one_or_two_bursts_are_a_buffer_and_a_long_flow_is_a_stream() {
        assert_eq!(arrivals(&[]).burstiness(), Burstiness::Single);
        assert_eq!(arrivals(&[5]).burstiness(), Burstiness::Single);
        assert_eq!(arrivals(&[5, 6, 7]).burstiness(), Burstiness::Buffered);
        assert_eq!(arrivals(&[5, 6, 900, 901]).burstiness(), Burstiness::Buffered);
        assert_eq!(arrivals(&[0, 40, 80, 120]).burstiness(), Burstiness::Streamed);
        assert_eq!(arrivals(&[0, 8, 16, 24, 32]).burstiness(), Burstiness::Streamed, "short and fast");
        let fast: Vec<u32> = (0..150).collect();
        assert_eq!(arrivals(&fast).burstiness(), Burstiness::Streamed, "150 ms without a gap were streamed");
    }

    #[test]
    fn the_window_of_the_rate_is_that_of_the_counted_tokens() {
        let mut t = Timeline::default();
        for ms in [100, 300, 500] {
            t.arrived(MS * ms, Kind::Reasoning, 4);
        }
        for ms in [1_000, 1_200, 1_400, 1_600, 2_000] {
            t.arrived(MS * ms, Kind::Text, 4);
        }
        let told_apart = Usage { output: Some(101), reasoning: Some(900), ..Usage::default() };
        assert_eq!(t.rate(&told_apart), Some(100.0), "text tokens over the text's second");
        let together = Usage { output: Some(191), ..Usage::default() };
        assert_eq!(t.rate(&together), Some(100.0), "all tokens from the first thought on");
        assert_eq!(t.rate(&Usage::default()), None, "no count, no rate");
    }

    #[test]
    fn a_stall_of_more_than_a_tenth_or_any_sleep_spoils_a_window() {
        let mut t = Timeline::default();
        assert!(!t.stalled(Duration::ZERO, MS * 100));
        t.stalls.push(Stall { from: MS * 100, to: MS * 300, ..Stall::default() });
        assert!(!t.stalled(Duration::ZERO, MS * 2_000), "a tenth is borne");
        assert!(t.stalled(Duration::ZERO, MS * 1_999), "more is not");
        assert!(t.stalled(MS * 290, MS * 300) && !t.stalled(MS * 300, MS * 400), "what overlaps counts");
        assert!(!t.stalled(MS * 50, MS * 100), "a window that was over before is whole");
        t.stalls.push(Stall { from: MS * 5_000, to: MS * 5_010, slept: MS * 60_000 });
        assert!(t.stalled(Duration::ZERO, MS * 9_000), "a sleep that the clock did not count");
        assert!(!t.stalled(MS * 5_010, MS * 9_000));
        assert_eq!(t.lost(), MS * 60_210);
    }

    #[test]
    fn gaps_and_sizes_are_those_of_the_chunks() {
        let mut t = arrivals(&[0, 10, 40, 41, 141]);
        t.arrived(MS * 141, Kind::Text, 6);
        let gap = |q| t.gap(q).map(|d| d.as_millis());
        assert_eq!([gap(0.0), gap(0.5), gap(0.75), gap(1.0)], [Some(1), Some(10), Some(30), Some(100)]);
        assert_eq!((t.chunks.len(), t.chunk_bytes()), (5, Some(4)), "what came together is one chunk");
        let mut one = arrivals(&[5]);
        assert_eq!((one.gap(0.5), one.chunk_bytes()), (None, Some(4)));
        one.arrived(MS * 5, Kind::Text, 3);
        assert_eq!(one.chunk_bytes(), Some(7), "a chunk that grew has one size");
    }

    #[test]
    fn a_shape_holds_every_byte_at_every_length() {
        for count in [1_u32, 7, 300, 5_000] {
            let t = arrivals(&(0..count).map(|i| i * 37).collect::<Vec<_>>());
            for slots in [1, 12, 80] {
                assert_eq!(
                    t.shape(slots, None).iter().sum::<u64>(),
                    u64::from(count) * 4,
                    "{count} in {slots}"
                );
            }
            assert!(t.histogram.slots.len() <= MOST_SLOTS);
        }
        let paused = arrivals(&[0, 10, 20, 990, 1_000]).shape(10, None);
        assert!(paused[0] > 0 && paused[9] > 0 && paused[5] == 0, "{paused:?}");
    }
}
