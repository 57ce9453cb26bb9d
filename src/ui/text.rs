//! A growing text, filtered and wrapped, so that appending costs what is new.
//!
//! The source is the truth, rows are a cache for one width: byte ranges into the
//! filtered text. Greedy wrapping never looks back beyond the row it is filling,
//! so an append re-wraps from the start of the last row only, even when the text
//! is one endless line. A new width lays everything out once.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::model::Filter;

/// The laid-out text of one growing source.
#[derive(Debug, Default)]
pub struct Flow {
    filter: Filter,
    safe: String,
    width: u16,
    rows: Vec<Range<usize>>,
    /// Bytes of `safe` that the rows cover.
    laid: usize,
    /// Bytes looked at by wrapping; tests hold its growth against the input's.
    #[cfg(test)]
    pub(super) work: usize,
}

impl Flow {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends raw text; the filter stands before everything else.
    pub fn push(&mut self, raw: &str) {
        self.filter.push(raw, &mut self.safe);
    }

    /// The source is whole: what the filter held back comes out.
    pub fn finish(&mut self) {
        self.filter.finish(&mut self.safe);
    }

    /// Characters that were replaced by marks.
    #[must_use]
    pub fn hidden(&self) -> u64 {
        self.filter.hidden
    }

    /// Number of rows at this width, laying out what is new.
    pub fn rows(&mut self, width: u16) -> usize {
        let width = width.max(1);
        if width != self.width {
            self.width = width;
            self.rows.clear();
            self.laid = 0;
        }
        if self.laid < self.safe.len() {
            // The last row may still grow, and its last word may move on.
            let from = self.rows.pop().map_or(self.laid, |last| last.start);
            self.wrap(from);
            self.laid = self.safe.len();
        }
        self.rows.len()
    }

    /// The text of a row; empty beyond the last.
    #[must_use]
    pub fn row(&self, number: usize) -> &str {
        self.rows.get(number).and_then(|r| self.safe.get(r.clone())).unwrap_or_default()
    }

    /// The whole filtered text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.safe
    }

    /// The part of the text that a row shows.
    #[must_use]
    pub fn range(&self, number: usize) -> Range<usize> {
        self.rows.get(number).cloned().unwrap_or(self.laid..self.laid)
    }

    /// The byte at which a row begins: a place that a new width does not move.
    #[must_use]
    pub fn start(&self, number: usize) -> usize {
        self.rows.get(number).map_or(self.laid, |r| r.start)
    }

    /// The row that holds a byte, at the width of the last [`Flow::rows`].
    #[must_use]
    pub fn row_at(&self, byte: usize) -> usize {
        self.rows.partition_point(|r| r.start <= byte).saturating_sub(1)
    }

    /// Wraps from the start of a row to the end of the text.
    fn wrap(&mut self, from: usize) {
        let mut start = from;
        while let Some(rest) = self.safe.get(start..).filter(|r| !r.is_empty()) {
            // A row needs no more than so many bytes in the usual case; searching the
            // line feed in the whole rest would make every row cost the rest.
            let (end, next) = row_end(rest, usize::from(self.width));
            #[cfg(test)]
            {
                self.work += next;
            }
            self.rows.push(start..start + end);
            start += next;
        }
        // A line feed at the very end opens a row that is not there yet.
    }
}

/// The end of the first row of `rest` (without trailing break) and where the next begins.
pub(super) fn row_end(rest: &str, width: usize) -> (usize, usize) {
    if let Some(found) = ascii_row(rest, width) {
        return found;
    }
    let mut used = 0;
    // After the last space that was seen: (end of the row, start of the next).
    let mut space = None;
    let mut seen_word = false;
    for (at, grapheme) in rest.grapheme_indices(true) {
        if grapheme == "\n" {
            return (at, at + 1);
        }
        let cells = grapheme.width();
        if grapheme == " " {
            if used + 1 > width {
                // The space itself falls over the edge: it is the break.
                return (at, at + 1);
            }
            if seen_word {
                space = Some((at, at + 1));
            }
            used += 1;
            continue;
        }
        if used + cells > width && at > 0 {
            return match space {
                Some(found) => found,
                None => (at, at),
            };
        }
        seen_word = true;
        used += cells;
    }
    (rest.len(), rest.len())
}

/// The same for rows of plain ASCII, which most are: a byte is a column.
fn ascii_row(rest: &str, width: usize) -> Option<(usize, usize)> {
    let bytes = rest.as_bytes();
    // One byte more than fits decides where the break is, and one more whether
    // a combining mark changes the last character.
    let window = bytes.get(..(width + 2).min(bytes.len()))?;
    if !window.is_ascii() {
        return None;
    }
    if let Some(at) = window.iter().take(width + 1).position(|b| *b == b'\n') {
        return Some((at, at + 1));
    }
    if bytes.len() <= width {
        return Some((bytes.len(), bytes.len()));
    }
    if window.get(width) == Some(&b' ') {
        return Some((width, width + 1));
    }
    let first_word = window.iter().position(|b| *b != b' ').unwrap_or(width);
    let space = window.get(..width)?.iter().rposition(|b| *b == b' ').filter(|at| *at > first_word);
    Some(match space {
        Some(at) => (at, at + 1),
        None => (width, width),
    })
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
