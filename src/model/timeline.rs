//! The monotonic marks of one answer and what can be read from them.
//!
//! Every mark is a [`Duration`] from `t0`, the moment the request is handed to
//! the HTTP client. Formulas: README, "Clocks".

use std::time::Duration;

use super::usage::Usage;

/// What a chunk carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// Marks of one answer, offsets from `t0`. `None` is "did not happen (yet)".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    pub dns: Option<Duration>,
    pub tcp: Option<Duration>,
    pub tls: Option<Duration>,
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
    pub chunks: Vec<Chunk>,
}

/// Arrivals closer than this belong to one burst: below the gap of any model
/// that streams token by token (100 tokens/s is 10 ms a token), above the
/// spacing of one buffer written in several packets.
const BURST_GAP: Duration = Duration::from_millis(10);

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
            Some(c) if c.at == at && c.kind == kind => c.bytes = c.bytes.saturating_add(bytes),
            _ => self.chunks.push(Chunk { at, kind, bytes }),
        }
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
        let mut chunks = self.chunks.iter().filter(|c| c.kind == Kind::Text);
        let Some(first) = chunks.next() else { return Burstiness::Single };
        let (mut bursts, mut flowing, mut last, mut count) = (1_u32, Duration::ZERO, first.at, 1_u32);
        for chunk in chunks {
            let gap = chunk.at.saturating_sub(last);
            if gap > BURST_GAP {
                bursts += 1;
            } else {
                flowing += gap;
            }
            last = chunk.at;
            count += 1;
        }
        if count == 1 {
            Burstiness::Single
        } else if bursts <= 2 && flowing < STREAMED_FOR {
            Burstiness::Buffered
        } else {
            Burstiness::Streamed
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

    /// Gaps between arrivals in ascending order.
    #[must_use]
    pub fn gaps(&self) -> Vec<Duration> {
        let mut gaps: Vec<_> =
            self.chunks.windows(2).filter_map(|w| Some(w.get(1)?.at.saturating_sub(w.first()?.at))).collect();
        gaps.sort_unstable();
        gaps
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
        let span = end.saturating_sub(first.at).as_nanos().max(1);
        let mut out = vec![0_u64; slots];
        for chunk in &self.chunks {
            let offset = chunk.at.saturating_sub(first.at).as_nanos();
            let slot = usize::try_from(offset * slots as u128 / span).unwrap_or(usize::MAX);
            if let Some(sum) = out.get_mut(slot.min(slots - 1)) {
                *sum += u64::from(chunk.bytes);
            }
        }
        out
    }
}
