//! Token counts in buckets that do not overlap.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where a count comes from. The three never look alike on screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    #[default]
    Reported,
    Estimated,
}

/// Token counts of one answer. `None` is "not told", never zero.
///
/// Buckets do not overlap: `input` excludes what was read from or written to a
/// cache, `output` excludes `reasoning` where the provider tells them apart.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<u64>,
    /// Written with the vendor's default lifetime.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_input: Option<u64>,
    /// Visible tokens; all generated ones when `reasoning` is `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<u64>,
    pub source: Source,
    /// The provider's numbers contradict each other (a part larger than its whole);
    /// derived values were clamped.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub inconsistent: bool,
    /// As the provider sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<Value>,
}

impl Usage {
    /// Every token of the prompt, cached or not; `None` when no bucket is known.
    #[must_use]
    pub fn prompt(&self) -> Option<u64> {
        sum([self.input, self.cache_read, self.cache_write, self.cache_write_1h, self.audio_input])
    }

    /// Every generated token; `None` when no bucket is known.
    #[must_use]
    pub fn generated(&self) -> Option<u64> {
        sum([self.output, self.reasoning])
    }

    /// Takes the fields that `later` knows and keeps the others: streams repeat
    /// cumulative counts and may leave fields out.
    pub fn merge(&mut self, later: Self) {
        let raw = match (self.raw.take(), later.raw) {
            (Some(Value::Object(mut a)), Some(Value::Object(b))) => {
                a.extend(b);
                Some(Value::Object(a))
            }
            (a, b) => b.or(a),
        };
        *self = Self {
            input: later.input.or(self.input),
            cache_read: later.cache_read.or(self.cache_read),
            cache_write: later.cache_write.or(self.cache_write),
            cache_write_1h: later.cache_write_1h.or(self.cache_write_1h),
            audio_input: later.audio_input.or(self.audio_input),
            output: later.output.or(self.output),
            reasoning: later.reasoning.or(self.reasoning),
            source: later.source,
            inconsistent: self.inconsistent || later.inconsistent,
            raw,
        };
    }

    /// Takes parts out of a whole, one after the other: what is left of it, and each part as far
    /// as it fits. A part larger than what is left marks the usage inconsistent.
    pub fn split<const N: usize>(&mut self, whole: u64, parts: [Option<u64>; N]) -> (u64, [Option<u64>; N]) {
        let mut left = whole;
        let fitting = parts.map(|part| {
            let part = part?;
            self.inconsistent |= part > left;
            let taken = part.min(left);
            left -= taken;
            Some(taken)
        });
        (left, fitting)
    }

    /// `whole - part`, marking the usage inconsistent instead of going negative.
    pub fn less(&mut self, whole: u64, part: u64) -> u64 {
        if part > whole {
            self.inconsistent = true;
        }
        whole.saturating_sub(part)
    }
}

fn sum<const N: usize>(parts: [Option<u64>; N]) -> Option<u64> {
    parts.into_iter().flatten().fold(None, |acc, n| Some(acc.unwrap_or(0).saturating_add(n)))
}
