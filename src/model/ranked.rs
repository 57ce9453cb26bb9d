//! Numbers kept in order as they come, so that a percentile of a long answer is asked for
//! on every frame at the cost of a short one's.

/// Numbers of one block before it becomes two: a memory move of a few kilobytes at the most.
const BLOCK: usize = 512;

/// A multiset in ascending order, in blocks of bounded size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ranked<T> {
    /// None of them is empty.
    blocks: Vec<Vec<T>>,
    count: usize,
}

impl<T> Default for Ranked<T> {
    fn default() -> Self {
        Self { blocks: Vec::new(), count: 0 }
    }
}

impl<T: Ord + Copy> Ranked<T> {
    /// The first block whose last number is not below this one.
    fn block(&self, value: T) -> usize {
        self.blocks.partition_point(|block| block.last().is_some_and(|last| *last < value))
    }

    pub(super) fn add(&mut self, value: T) {
        let at = self.block(value).min(self.blocks.len().saturating_sub(1));
        self.count += 1;
        let Some(block) = self.blocks.get_mut(at) else {
            self.blocks.push(vec![value]);
            return;
        };
        block.insert(block.partition_point(|v| *v < value), value);
        if block.len() > BLOCK {
            let upper = block.split_off(BLOCK / 2);
            // Growing has doubled it; half of that would never be used.
            block.shrink_to(BLOCK + 1);
            self.blocks.insert(at + 1, upper);
        }
    }

    /// Takes one occurrence out, if there is one.
    pub(super) fn remove(&mut self, value: T) {
        let at = self.block(value);
        let Some(block) = self.blocks.get_mut(at) else { return };
        let Ok(place) = block.binary_search(&value) else { return };
        block.remove(place);
        self.count -= 1;
        if block.is_empty() {
            self.blocks.remove(at);
        }
    }

    /// The smallest number that at least this share of all does not pass (nearest rank).
    pub(super) fn quantile(&self, share: f64) -> Option<T> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rank within a vector's length"
        )]
        let rank = (self.count as f64 * share).ceil() as usize;
        let mut left = rank.clamp(1, self.count.max(1)) - 1;
        for block in &self.blocks {
            if let Some(value) = block.get(left) {
                return Some(*value);
            }
            left -= block.len();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against a plain sorted vector, over thousands of numbers in a scrambled order.
    #[test]
    fn every_rank_is_that_of_the_sorted_numbers() {
        let (mut ranked, mut plain) = (Ranked::default(), Vec::new());
        let mut seed = 1_u32;
        for n in 0..5_000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = (seed >> 16) % 700;
            ranked.add(value);
            plain.push(value);
            if n % 7 == 0 {
                let gone = plain.swap_remove(n / 2 % plain.len());
                ranked.remove(gone);
            }
        }
        ranked.remove(9_999);
        plain.sort_unstable();
        assert!(ranked.blocks.len() > 4, "the numbers fill several blocks");
        for (share, percent) in [(0.0, 0), (0.01, 1), (0.25, 25), (0.5, 50), (0.95, 95), (1.0, 100)] {
            let rank = (plain.len() * percent).div_ceil(100);
            assert_eq!(ranked.quantile(share), Some(plain[rank.max(1) - 1]), "{percent} %");
        }
        for value in plain {
            ranked.remove(value);
        }
        assert_eq!((ranked.quantile(0.5), ranked.blocks.len()), (None, 0));
    }
}
