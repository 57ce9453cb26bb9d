//! Soft wrapping, a row at a time and only as far as somebody looks.
//!
//! Greedy wrapping never looks back beyond the row before: a change leaves every row above
//! that one as it was, and the rows below are laid out when they are needed. A key in a line
//! of a megabyte so costs a few rows.

use super::unit::{cells, next_unit};

/// The rows of one line, as far as they are known.
#[derive(Debug, Clone, Default)]
struct Wrap {
    /// Where rows begin, without the first, which begins at 0.
    starts: Vec<usize>,
    /// Every row of the line is known.
    done: bool,
}

/// The rows of every line at one width.
#[derive(Debug, Default)]
pub struct Wraps {
    width: usize,
    lines: Vec<Wrap>,
    /// Bytes looked at; tests hold it against what a key may cost.
    pub(super) work: usize,
}

impl Wraps {
    pub fn new(lines: usize) -> Self {
        Self { width: 80, lines: vec![Wrap::default(); lines], work: 0 }
    }

    /// From now on rows are this wide.
    pub fn set_width(&mut self, width: usize) {
        let width = width.max(1);
        if width != self.width {
            self.width = width;
            self.lines.fill(Wrap::default());
        }
    }

    /// A line has changed from a byte on.
    pub fn changed(&mut self, line: usize, byte: usize) {
        if let Some(wrap) = self.lines.get_mut(line) {
            // The row before the one that has changed may now take more, or less.
            let row = wrap.starts.partition_point(|s| *s <= byte);
            wrap.starts.truncate(row.saturating_sub(1));
            wrap.done = false;
        }
    }

    /// Lines `first..=last` have become `now` other lines.
    pub fn replaced(&mut self, first: usize, last: usize, now: usize) {
        let last = last.min(self.lines.len().saturating_sub(1));
        if first <= last {
            self.lines.splice(first..=last, std::iter::repeat_n(Wrap::default(), now));
        }
    }

    /// Begins the next row; false where the line has no more.
    fn extend(&mut self, number: usize, line: &str, label: &dyn Fn(usize) -> String) -> bool {
        let Some(wrap) = self.lines.get_mut(number).filter(|w| !w.done) else { return false };
        let from = wrap.starts.last().copied().unwrap_or(0);
        let next = row_end(line, from, self.width, label);
        self.work += next.unwrap_or(line.len()) - from;
        match next {
            Some(at) => wrap.starts.push(at),
            None => wrap.done = true,
        }
        next.is_some()
    }

    /// The row of a line in which a byte stands.
    pub fn row_of(
        &mut self,
        number: usize,
        line: &str,
        byte: usize,
        label: &dyn Fn(usize) -> String,
    ) -> usize {
        while self.start(number, usize::MAX).is_some_and(|last| last <= byte)
            && self.extend(number, line, label)
        {}
        self.lines.get(number).map_or(0, |w| w.starts.partition_point(|s| *s <= byte))
    }

    /// Rows of a line, counted up to `most`.
    pub fn rows(&mut self, number: usize, line: &str, most: usize, label: &dyn Fn(usize) -> String) -> usize {
        while self.known(number) < most && self.extend(number, line, label) {}
        self.known(number).min(most)
    }

    fn known(&self, number: usize) -> usize {
        self.lines.get(number).map_or(1, |w| w.starts.len() + 1)
    }

    /// The beginning of a row, or of the last that is known.
    fn start(&self, number: usize, row: usize) -> Option<usize> {
        let wrap = self.lines.get(number)?;
        Some(
            row.min(wrap.starts.len())
                .checked_sub(1)
                .and_then(|at| wrap.starts.get(at))
                .copied()
                .unwrap_or(0),
        )
    }

    /// Beginning and end of a row in bytes; the second is where the next row begins.
    pub fn row(
        &mut self,
        number: usize,
        line: &str,
        row: usize,
        label: &dyn Fn(usize) -> String,
    ) -> (usize, usize) {
        let rows = self.rows(number, line, row.saturating_add(2), label);
        let start = self.start(number, row).unwrap_or(0);
        (start, if row + 1 < rows { self.start(number, row + 1).unwrap_or(line.len()) } else { line.len() })
    }
}

/// Where the row after the one that begins at `from` begins; `None` where the line ends first.
fn row_end(line: &str, from: usize, width: usize, label: &dyn Fn(usize) -> String) -> Option<usize> {
    let (mut used, mut at, mut brk) = (0, from, None);
    while at < line.len() {
        let next = next_unit(line, at);
        let unit = line.get(at..next)?;
        let wide = cells(unit, label);
        if used + wide > width && at > from {
            if unit == " " && used == width {
                // It hangs over, in the cursor's column.
                return Some(next).filter(|next| *next < line.len());
            }
            return Some(brk.filter(|b| *b > from).unwrap_or(at));
        }
        used += wide;
        at = next;
        // Behind white space, and between signs of scripts that have none.
        if unit == " " || unit == "\t" || (wide == 2 && !unit.is_ascii()) {
            brk = Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(_: usize) -> String {
        "[pasted]".into()
    }

    fn rows(line: &str, width: usize) -> Vec<String> {
        let mut wraps = Wraps::new(1);
        wraps.set_width(width);
        let n = wraps.rows(0, line, usize::MAX, &label);
        (0..n)
            .map(|row| {
                let (from, to) = wraps.row(0, line, row, &label);
                line.get(from..to).unwrap().to_owned()
            })
            .collect()
    }

    #[test]
    fn words_stay_whole_where_they_can() {
        for (line, width, wanted) in [
            ("", 5, vec![""]),
            ("one two ", 3, vec!["one ", "two "]),
            ("one  two", 3, vec!["one ", " ", "two"]),
            ("one two three", 8, vec!["one two ", "three"]),
            ("helloworld", 4, vec!["hell", "owor", "ld"]),
            ("a 日本語日本語", 5, vec!["a 日", "本語", "日本", "語"]),
            ("exactly", 7, vec!["exactly"]),
            ("日", 1, vec!["日"]),
            ("e\u{301}x", 1, vec!["e\u{301}", "x"]),
        ] {
            assert_eq!(rows(line, width), wanted, "{line:?} at {width}");
        }
    }

    #[test]
    fn a_change_leaves_the_rows_above_it() {
        let mut line = "word ".repeat(40_000);
        let mut wraps = Wraps::new(1);
        wraps.set_width(40);
        let all = wraps.rows(0, &line, usize::MAX, &label);
        assert!(all >= 5_000, "{all}");
        for at in [100_000, 3, 199_990] {
            line.insert(at, 'x');
            wraps.changed(0, at);
            let before = wraps.work;
            wraps.row_of(0, &line, at + 1, &label);
            assert!(wraps.work - before < 400, "{} bytes for one key at {at}", wraps.work - before);
            let mut fresh = Wraps::new(1);
            fresh.set_width(40);
            fresh.rows(0, &line, usize::MAX, &label);
            wraps.rows(0, &line, usize::MAX, &label);
            assert_eq!(fresh.lines[0].starts, wraps.lines[0].starts, "as if laid out anew");
        }
    }
}
