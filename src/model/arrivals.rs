//! What arrived, one after the other, in a few bytes each: of a long answer there are tens of
//! thousands, and they are read one by one only for an export.

use std::time::Duration;

use super::timeline::{Chunk, Kind};

/// Chunks in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrivals {
    /// All but the last: nanoseconds since the one before, then bytes with the kind in the lowest bit.
    packed: Vec<u8>,
    /// When the last of those was.
    before: u64,
    first: Option<Duration>,
    /// It may still grow.
    last: Option<Chunk>,
    len: usize,
}

/// A place among arrivals that only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    packed: usize,
    before: u64,
}

impl Arrivals {
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// When the first one came.
    #[must_use]
    pub fn first(&self) -> Option<Duration> {
        self.first
    }

    #[must_use]
    pub fn last(&self) -> Option<Chunk> {
        self.last
    }

    pub(super) fn last_mut(&mut self) -> Option<&mut Chunk> {
        self.last.as_mut()
    }

    pub(super) fn push(&mut self, chunk: Chunk) {
        self.first.get_or_insert(chunk.at);
        self.len += 1;
        let Some(last) = self.last.replace(chunk) else { return };
        let at = nanos(last.at);
        put(&mut self.packed, folded(at.wrapping_sub(self.before)));
        put(&mut self.packed, u64::from(last.bytes) << 1 | u64::from(last.kind == Kind::Reasoning));
        self.before = at;
    }

    pub fn iter(&self) -> impl Iterator<Item = Chunk> {
        self.since(Place::default())
    }

    /// Where its last chunk stands, for [`Arrivals::since`].
    #[must_use]
    pub fn place(&self) -> Place {
        Place { packed: self.packed.len(), before: self.before }
    }

    /// The chunk that was the last one at this place, and those after it, without reading those
    /// before; all of them from the default place on.
    pub fn since(&self, place: Place) -> impl Iterator<Item = Chunk> {
        let (mut rest, mut at) = (self.packed.get(place.packed..).unwrap_or_default(), place.before);
        let packed = std::iter::from_fn(move || {
            at = at.wrapping_add(unfolded(take(&mut rest)?));
            let what = take(&mut rest)?;
            let kind = if what & 1 == 1 { Kind::Reasoning } else { Kind::Text };
            let bytes = u32::try_from(what >> 1).unwrap_or(u32::MAX);
            Some(Chunk { at: Duration::from_nanos(at), kind, bytes })
        });
        packed.chain(self.last)
    }
}

impl FromIterator<Chunk> for Arrivals {
    fn from_iter<I: IntoIterator<Item = Chunk>>(chunks: I) -> Self {
        let mut all = Self::default();
        chunks.into_iter().for_each(|chunk| all.push(chunk));
        all
    }
}

fn nanos(at: Duration) -> u64 {
    u64::try_from(at.as_nanos()).unwrap_or(u64::MAX)
}

/// A difference with its sign in the lowest bit, so that a small one stays small: the stamps of two
/// tasks may come the wrong way round.
fn folded(n: u64) -> u64 {
    (n << 1) ^ (n.cast_signed() >> 63).cast_unsigned()
}

fn unfolded(n: u64) -> u64 {
    (n >> 1) ^ (n & 1).wrapping_neg()
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn put(out: &mut Vec<u8>, mut n: u64) {
    loop {
        let [low, ..] = n.to_le_bytes();
        n >>= 7;
        if n == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

fn take(rest: &mut &[u8]) -> Option<u64> {
    let (mut n, mut shift) = (0, 0);
    loop {
        let (byte, tail) = rest.split_first()?;
        *rest = tail;
        n |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(n);
        }
        shift += 7;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chunk_comes_back_as_it_was() {
        let at = [0, 1, 1, 127, 128, 5_000_000, 4_999_999, u64::MAX / 4, u64::MAX / 4 - 7, 300_000_000_000];
        let sizes = [1, 63, 64, 16_384, u32::MAX, 0];
        let chunks: Vec<Chunk> = (0..600)
            .map(|n| Chunk {
                at: Duration::from_nanos(at[n % at.len()]),
                kind: if n % 3 == 0 { Kind::Reasoning } else { Kind::Text },
                bytes: sizes[n % sizes.len()],
            })
            .collect();
        let (mut all, mut places) = (Arrivals::default(), Vec::new());
        for (n, chunk) in chunks.iter().enumerate() {
            all.push(*chunk);
            assert_eq!((all.len(), all.first(), all.last()), (n + 1, Some(Duration::ZERO), Some(*chunk)));
            places.push(all.place());
        }
        assert_eq!(all.iter().collect::<Vec<_>>(), chunks);
        for (n, place) in places.into_iter().enumerate() {
            assert_eq!(all.since(place).collect::<Vec<_>>(), chunks[n..], "from {n} on");
        }
        all.last_mut().unwrap().bytes = 9;
        assert_eq!(all.iter().last().map(|c| c.bytes), Some(9));
        assert_eq!(all.iter().collect::<Arrivals>(), all);
    }

    /// An arrival every five milliseconds, give or take: that of a quick model.
    #[test]
    fn an_arrival_takes_a_few_bytes() {
        let chunks = (0..20_000_u64).map(|n| Chunk {
            at: Duration::from_nanos(n * 5_000_000 + n * 7_919 % 999_983),
            kind: Kind::Text,
            bytes: 5,
        });
        let all: Arrivals = chunks.collect();
        assert!(all.packed.len() <= 6 * all.len(), "{} bytes for {}", all.packed.len(), all.len());
    }
}
