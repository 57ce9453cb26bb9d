//! A fenced block: lines of code, wrapped and coloured as they come.

use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use super::ink::{Ink, Role};
use super::parse::small;
use super::wrap::hard_row;

/// Lines and bytes up to which a block gets colours: reading code costs far more than showing it.
const COLOURED_LINES: usize = 5_000;
const COLOURED_LINE: usize = 2_000;

/// One row: the line of the block and its part of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    line: usize,
    range: Range<usize>,
}

/// Where the colours of a line change: ends within the line, with the role up to there.
pub type Coloured = Vec<(usize, Role)>;

/// Colours of line after line, without an allocation for each.
#[derive(Debug, Default)]
struct Colours {
    pieces: Vec<(u32, Role)>,
    /// Where each line ends among the pieces.
    ends: Vec<u32>,
}

impl Colours {
    fn len(&self) -> usize {
        self.ends.len()
    }

    fn add(&mut self, line: Coloured) {
        self.pieces.extend(line.into_iter().map(|(end, role)| (small(end), role)));
        self.ends.push(small(self.pieces.len()));
    }

    fn line(&self, number: usize) -> Option<&[(u32, Role)]> {
        let end = *self.ends.get(number)? as usize;
        let start = number.checked_sub(1).and_then(|n| self.ends.get(n)).map_or(0, |n| *n as usize);
        self.pieces.get(start..end)
    }
}

/// A fenced block at one width. Places are bytes of the whole answer.
#[derive(Debug, Default)]
pub(super) struct Code {
    pub(super) language: String,
    rows: Vec<Row>,
    lines: Vec<Range<usize>>,
    /// Colours of the first lines.
    coloured: Colours,
    /// Lines that somebody is reading at the moment, or has.
    asked: usize,
    pub(super) closed: bool,
    width: usize,
}

impl Code {
    /// Brings the block to what `span` of the text holds now.
    pub(super) fn update(
        &mut self,
        text: &str,
        span: &Range<usize>,
        indent: usize,
        closed: bool,
        width: usize,
    ) {
        let block = text.get(span.clone()).unwrap_or_default();
        let first = block.find('\n').map_or(block.len(), |at| at + 1);
        let info = block.get(..first).unwrap_or_default().trim().trim_start_matches(['`', '~']);
        let language = info.split([' ', ',', '{']).next().unwrap_or_default();
        if self.language != language {
            language.clone_into(&mut self.language);
            (self.coloured, self.asked) = (Colours::default(), 0);
        }
        let end = match block.rfind('\n').filter(|at| closed && *at >= first) {
            Some(last) => span.start + last,
            None if closed => span.start + first,
            None => span.end,
        };
        if width != self.width {
            self.width = width;
            (self.rows, self.lines) = (Vec::new(), Vec::new());
        }
        self.closed = closed;
        self.trim(end);
        let content = span.start + first;
        if end < content || !block.get(..first).unwrap_or_default().ends_with('\n') {
            return;
        }
        // The last row may still grow; what stands before it stays.
        let mut fresh = self.rows.is_empty();
        let mut from = self.rows.pop().map_or(content, |row| row.range.start);
        let mut start = self.lines.pop().map_or(content, |line| line.start);
        loop {
            let rest = text.get(from..end).unwrap_or_default();
            let stop = from + rest.find('\n').unwrap_or(rest.len());
            if fresh {
                let line = text.get(start..stop).unwrap_or_default();
                start += (line.len() - line.trim_start_matches(' ').len()).min(indent);
                from = start;
            }
            let number = self.lines.len();
            self.lines.push(start..stop);
            loop {
                let (length, next) = hard_row(text.get(from..stop).unwrap_or_default(), width.max(1));
                self.rows.push(Row { line: number, range: from..from + length });
                from += next;
                if from >= stop || next == 0 {
                    break;
                }
            }
            if stop >= end {
                return;
            }
            (start, from, fresh) = (stop + 1, stop + 1, true);
        }
    }

    /// Whether it must be laid out again before a row of it is asked for.
    pub(super) fn is_gone(&self) -> bool {
        self.width == 0
    }

    /// Whether somebody has read it for its colours, or does.
    pub(super) fn has_colours(&self) -> bool {
        self.asked > 0
    }

    /// Keeps the colours, and nothing else that can be made again.
    pub(super) fn forget(&mut self) {
        (self.rows, self.lines, self.width) = (Vec::new(), Vec::new(), 0);
    }

    /// Takes back what lies beyond a place: a line that has not ended may become something else.
    fn trim(&mut self, end: usize) {
        while self.rows.last().is_some_and(|r| r.range.end > end) {
            self.rows.pop();
        }
        self.lines.truncate(self.rows.last().map_or(0, |r| r.line + 1));
    }

    /// The rows of the block with the rules around it.
    pub(super) fn count(&self) -> usize {
        1 + self.rows.len() + usize::from(self.closed)
    }

    /// The place in the text at which a row begins; `None` is a rule.
    pub(super) fn start(&self, row: usize) -> Option<usize> {
        Some(self.rows.get(row.checked_sub(1)?)?.range.start)
    }

    /// A row's part of the text; `None` is a rule.
    pub(super) fn range(&self, row: usize) -> Option<Range<usize>> {
        Some(self.rows.get(row.checked_sub(1)?)?.range.clone())
    }

    /// Whether a row goes on with the line of the row above.
    pub(super) fn continues(&self, row: usize) -> bool {
        let line = |row: usize| self.rows.get(row.checked_sub(1)?).map(|r| r.line);
        row > 1 && line(row).is_some() && line(row) == line(row - 1)
    }

    pub(super) fn row_at(&self, byte: usize) -> usize {
        self.rows.partition_point(|r| r.range.start <= byte)
    }

    /// A row's text with its colours; `None` is a rule.
    pub(super) fn pieces<'t>(&self, text: &'t str, row: usize) -> Option<Vec<(&'t str, Ink)>> {
        let row = self.rows.get(row.checked_sub(1)?)?;
        let line = self.lines.get(row.line)?;
        let plain = |range: Range<usize>, role: Role| text.get(range).map(|t| (t, Ink::from(role)));
        let Some(coloured) = self.coloured.line(row.line) else {
            return Some(plain(row.range.clone(), Role::Code).into_iter().collect());
        };
        let mut out = Vec::new();
        let mut at = row.range.start;
        for (end, role) in coloured {
            let end = (line.start + *end as usize).min(row.range.end);
            if end > at {
                out.extend(plain(at..end, *role));
                at = end;
            }
        }
        out.extend(plain(at..row.range.end, Role::Text).filter(|(t, _)| !t.is_empty()));
        Some(out)
    }

    /// The rule above, with the language on it.
    pub(super) fn rule(&self, top: bool, width: usize) -> String {
        if !top || self.language.is_empty() {
            return "─".repeat(width);
        }
        let label: String = self.language.chars().take(width.saturating_sub(4)).collect();
        format!("── {label} {}", "─".repeat(width.saturating_sub(label.width() + 4)))
    }

    /// Whole lines that have no colours yet and that nobody is reading, once a row among them is seen.
    pub(super) fn uncoloured(&mut self, text: &str) -> Option<(usize, String)> {
        let whole = if self.closed { self.lines.len() } else { self.lines.len().saturating_sub(1) };
        let whole = whole.min(COLOURED_LINES);
        if self.asked >= whole || self.asked > self.coloured.len() || self.language.is_empty() {
            return None;
        }
        let from = self.asked;
        self.asked = whole;
        let mut out = String::new();
        for line in self.lines.get(from..whole)? {
            let line = text.get(line.clone())?;
            out.push_str(line.get(..line.floor_char_boundary(COLOURED_LINE)).unwrap_or_default());
            out.push('\n');
        }
        Some((from, out))
    }

    /// Takes the colours of lines from this one on.
    pub(super) fn colour(&mut self, from: usize, lines: Vec<Coloured>) {
        if lines.is_empty() {
            // Nobody knows any more what came before: from the start, then.
            self.coloured = Colours::default();
        }
        if from == self.coloured.len() && from + lines.len() <= self.lines.len() {
            for line in lines {
                self.coloured.add(line);
            }
        }
        self.asked = self.coloured.len();
    }
}
