//! A growing answer as Markdown, so that a frame costs what is visible.
//!
//! ```text
//!  push -> filter -> split (whole lines) -> units -> parse once -> wrap once per width -> rows
//! ```
//!
//! Units that the next one has ended never change. The last one is read again when it has
//! grown, a fenced block only from its last row on. A new width makes every unit stale: the
//! last ones are laid out at once, the others a piece per frame, newest first; until then
//! their height is a guess from their length. Asking for a row lays its unit out.
//!
//! What is laid out takes twenty times the memory of its text. Of a unit that nobody has looked
//! at for a while only its height stays; it is read again when one of its rows is asked for.

mod code;
mod ink;
mod parse;
mod split;
mod unit;
mod wrap;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use crate::model::Filter;

pub use code::Coloured;
pub use ink::{Found, Ink, Role};
pub use parse::code_blocks;

use split::{Cut, LONGEST, Line, Shape, Splitter};
use unit::{Body, Prose, Unit, guess, look, plain, prose, row_range, source_of};

/// Bytes laid out for one frame: more than any screen shows, and a millisecond or two.
const PIECE: usize = 32 << 10;

/// Bytes of units that are kept as they were laid out: more than any screen shows, for reading a
/// unit again at every frame would cost more than its memory.
const KEPT: usize = 48 << 10;

/// What a unit weighs in this beside its text.
const UNIT: usize = 64;

/// What is shown of one row.
pub type Pieces<'a> = Vec<(Cow<'a, str>, Ink)>;

/// The laid-out Markdown of one growing source.
#[derive(Debug, Default)]
pub struct Markdown {
    filter: Filter,
    safe: String,
    /// Bytes of whole lines that the splitter has taken.
    scanned: usize,
    splitter: Splitter,
    units: Vec<Unit>,
    /// What the line that has not ended has changed: the number of units before, and the end of the last one.
    tried: Option<(usize, usize)>,
    /// The unit that such a line began, for the next try: a long line is not wrapped anew each time.
    begun: Option<Unit>,
    /// Length of the text at the last scan.
    seen: usize,
    width: u16,
    /// Rows before each unit, right up to `summed`.
    sums: Vec<usize>,
    summed: usize,
    /// Units that are to be laid out, the next one last.
    todo: Vec<usize>,
    /// Units with a body and what each weighs, the oldest first.
    kept: VecDeque<(usize, usize)>,
    /// What they weigh together.
    weight: usize,
    /// A search asks for every unit at every key: all are kept until it is over.
    searching: bool,
    finished: bool,
    /// Bytes read by parsing and wrapping; tests hold its growth against the input's.
    #[cfg(test)]
    work: usize,
}

impl Markdown {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends raw text; the filter stands before everything else.
    pub fn push(&mut self, raw: &str) {
        self.filter.push(raw, &mut self.safe);
    }

    /// The source is whole: what the filter held back comes out, and the last line ends.
    pub fn finish(&mut self) {
        self.filter.finish(&mut self.safe);
        self.safe.shrink_to_fit();
        self.finished = true;
        self.seen = usize::MAX;
        self.stale(self.units.len().wrapping_sub(1));
    }

    /// Characters that were replaced by marks.
    #[must_use]
    pub fn hidden(&self) -> u64 {
        self.filter.hidden
    }

    /// Whether something is still to be laid out.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        !self.todo.is_empty()
    }

    /// Number of rows at this width; a guess as long as something is to be laid out.
    pub fn rows(&mut self, width: u16) -> usize {
        let width = width.max(1);
        if width != self.width {
            self.width = width;
            self.todo = (0..self.units.len()).collect();
            for unit in &mut self.units {
                unit.laid = false;
                unit.rows = guess(&unit.cut, width);
                if matches!(unit.body, Body::Plain(_)) {
                    unit.body = Body::Unread;
                }
            }
            self.summed = 0;
        }
        self.scan();
        self.total()
    }

    /// Lays out the end of what is new, as much as one frame may.
    pub fn work(&mut self, width: u16) {
        self.rows(width);
        let mut left = PIECE;
        while left > 0
            && let Some(at) = self.todo.pop()
        {
            left = left.saturating_sub(self.units.get(at).map_or(0, |u| u.cut.span.len().max(1)));
            self.lay(at);
        }
    }

    /// Lays out everything that is left: before the user moves through it.
    pub fn complete(&mut self) {
        while let Some(at) = self.todo.pop() {
            self.lay(at);
        }
    }

    /// What a row shows. Call [`Markdown::rows`] with the width before.
    pub fn row(&mut self, number: usize) -> Pieces<'_> {
        let Some((at, row)) = self.find(number) else { return Vec::new() };
        let Some(unit) = self.units.get(at) else { return Vec::new() };
        let Some(row) = row.checked_sub(usize::from(unit.cut.gap)) else { return Vec::new() };
        match &unit.body {
            Body::Unread => Vec::new(),
            Body::Plain(rows) => {
                let text = rows.get(row).and_then(|r| self.safe.get(r.clone())).unwrap_or_default();
                vec![(Cow::Borrowed(text), Ink::default())]
            }
            Body::Code(code) => match code.pieces(&self.safe, row) {
                Some(pieces) => pieces.into_iter().map(|(text, ink)| (Cow::Borrowed(text), ink)).collect(),
                None => vec![(Cow::Owned(code.rule(row == 0, usize::from(self.width))), Role::Mark.into())],
            },
            Body::Prose(read) => prose(read, row, usize::from(self.width)),
        }
    }

    /// The byte at which a row begins: a place that a new width does not move.
    #[must_use]
    pub fn start(&mut self, number: usize) -> usize {
        let Some((at, row)) = self.find(number) else { return self.safe.len() };
        let Some(unit) = self.units.get(at) else { return self.safe.len() };
        let start = unit.cut.span.start;
        let Some(row) = row.checked_sub(usize::from(unit.cut.gap)) else { return start };
        match &unit.body {
            Body::Unread => start,
            Body::Plain(rows) => rows.get(row).map_or(start, |r| r.start),
            Body::Code(code) => code.start(row).unwrap_or(if row == 0 { start } else { unit.cut.span.end }),
            Body::Prose(read) => start + source_of(read, row),
        }
    }

    /// The row that holds a byte, at the width of the last [`Markdown::rows`].
    #[must_use]
    pub fn row_at(&mut self, byte: usize) -> usize {
        let Some(at) = self.units.partition_point(|u| u.cut.span.start <= byte).checked_sub(1) else {
            return 0;
        };
        self.lay(at);
        self.recall(at);
        let before = self.before(at);
        let Some(unit) = self.units.get(at) else { return before };
        let (gap, start) = (usize::from(unit.cut.gap), unit.cut.span.start);
        let inside = match &unit.body {
            Body::Unread => 0,
            Body::Plain(rows) => rows.partition_point(|r| r.start <= byte).saturating_sub(1),
            Body::Code(code) => code.row_at(byte),
            Body::Prose(read) => {
                let rows = read.laid.rows.len();
                (0..rows).rev().find(|row| start + source_of(read, *row) <= byte).unwrap_or(0)
            }
        };
        before + gap + inside
    }

    /// Looks for `needle`; gives how many there are. Each search has a number, by which
    /// units that have been looked through are known.
    pub fn search(&mut self, needle: &str, number: u64) -> usize {
        self.searching = true;
        self.complete();
        for at in 0..self.units.len() {
            if self.units.get(at).is_none_or(|u| u.searched == number) {
                continue;
            }
            self.recall(at);
            let (safe, Some(unit)) = (&self.safe, self.units.get_mut(at)) else { break };
            unit.searched = number;
            unit.found = look(unit, safe, needle);
        }
        self.units.iter().map(|u| u.found.len()).sum()
    }

    /// Nothing is searched for any more.
    pub fn forget_search(&mut self) {
        self.searching = false;
        self.forget();
    }

    /// The row in which the match with this number begins.
    pub fn row_of_match(&mut self, number: usize) -> Option<usize> {
        let mut left = number;
        let at = self.units.iter().position(|unit| {
            let inside = left < unit.found.len();
            if !inside {
                left -= unit.found.len();
            }
            inside
        })?;
        let before = self.before(at);
        let unit = self.units.get(at)?;
        Some(before + usize::from(unit.cut.gap) + unit.found.get(left)?.row)
    }

    /// The matches in a row as ranges of its text, each with its number among all.
    pub fn matches_in(&mut self, number: usize, search: u64) -> Vec<(Range<usize>, usize)> {
        let Some((at, row)) = self.find(number) else { return Vec::new() };
        let earlier = || self.units.iter().take(at).map(|u| u.found.len()).sum::<usize>();
        let Some(unit) = self.units.get(at) else { return Vec::new() };
        let Some(row) = row.checked_sub(usize::from(unit.cut.gap)) else { return Vec::new() };
        if unit.found.is_empty() || unit.searched != search {
            return Vec::new();
        }
        let Some((range, drawn)) = row_range(&unit.body, row) else { return Vec::new() };
        let first = earlier();
        unit.found
            .iter()
            .enumerate()
            .filter(|(_, f)| f.drawn == drawn && f.range.start < range.end && f.range.end > range.start)
            .map(|(n, f)| {
                let start = f.range.start.max(range.start) - range.start;
                (start..f.range.end.min(range.end) - range.start, first + n)
            })
            .collect()
    }

    /// The headings: text, and the byte at which each stands. Of what is laid out.
    pub fn headings(&self) -> impl Iterator<Item = (&str, usize)> {
        self.units.iter().filter_map(|unit| Some((unit.title.as_deref()?, unit.cut.span.start)))
    }

    /// Code within these rows that has no colours yet: the unit, its language, the first line, the lines.
    pub fn uncoloured(&mut self, rows: Range<usize>) -> Option<(usize, String, usize, String)> {
        let first = self.find(rows.start)?.0;
        for at in first..self.units.len() {
            if self.before(at) >= rows.end {
                return None;
            }
            self.recall(at);
            let (safe, Some(unit)) = (&self.safe, self.units.get_mut(at)) else { return None };
            if let Body::Code(code) = &mut unit.body
                && let Some((from, lines)) = code.uncoloured(safe)
            {
                return Some((unit.cut.span.start, code.language.clone(), from, lines));
            }
        }
        None
    }

    /// Takes the colours of the block that begins at this byte, from this line on.
    pub fn colour(&mut self, block: usize, from: usize, lines: Vec<Coloured>) {
        let at = self.units.partition_point(|u| u.cut.span.start < block);
        self.recall(at);
        if let Some(unit) = self.units.get_mut(at)
            && unit.cut.span.start == block
            && let Body::Code(code) = &mut unit.body
        {
            code.colour(from, lines);
        }
    }

    /// Cuts what is new into units.
    fn scan(&mut self) {
        if self.seen == self.safe.len() {
            return;
        }
        self.seen = self.safe.len();
        if let Some((units, end)) = self.tried.take() {
            self.begun = if self.units.len() == units + 1 { self.units.pop() } else { None };
            self.units.truncate(units);
            self.summed = self.summed.min(units);
            if let Some(last) = self.units.last_mut()
                && last.cut.span.end != end
            {
                last.cut.span.end = end;
                self.stale(units - 1);
            }
        }
        while let Some(length) = self.safe.get(self.scanned..).and_then(|rest| rest.find('\n')) {
            let end = self.scanned + length;
            let mut splitter = std::mem::take(&mut self.splitter);
            self.take(&mut splitter, self.scanned..end);
            self.splitter = splitter;
            self.scanned = end + 1;
        }
        let rest = self.scanned..self.safe.len();
        let line = self.safe.get(rest.clone()).unwrap_or_default();
        if line.is_empty() || !self.finished && self.splitter.may_close(line) {
            return;
        }
        let mut splitter = self.splitter.clone();
        self.tried = Some((self.units.len(), self.units.last().map_or(0, |u| u.cut.span.end)));
        self.take(&mut splitter, rest);
    }

    /// Gives a line to its unit.
    fn take(&mut self, splitter: &mut Splitter, line: Range<usize>) {
        let (what, gap) = splitter.line(self.safe.get(line.clone()).unwrap_or_default());
        let last = self.units.len().wrapping_sub(1);
        match (what, self.units.last_mut()) {
            (Line::Begins(shape), _) => {
                let cut = Cut { span: line, shape, gap: gap && !self.units.is_empty() };
                let rows = guess(&cut, self.width);
                let same = |u: &Unit| u.cut.span.start == cut.span.start && u.cut.shape == cut.shape;
                let body = self.begun.take().filter(same).map_or(Body::Unread, |u| u.body);
                // The one before has ended, which may change how it reads.
                if self.units.last().is_some_and(|u| u.open) {
                    self.stale(last);
                }
                self.units.push(Unit {
                    cut,
                    body,
                    rows,
                    laid: false,
                    read: false,
                    open: false,
                    title: None,
                    searched: 0,
                    found: Vec::new(),
                });
                self.todo.push(self.units.len() - 1);
            }
            (Line::Blank, _) | (_, None) => {}
            (what, Some(unit)) => {
                unit.cut.span.end = line.end;
                if let (Line::Closes, Shape::Code { closed, .. }) = (what, &mut unit.cut.shape) {
                    *closed = true;
                }
                self.stale(last);
            }
        }
    }

    /// A unit has changed.
    fn stale(&mut self, at: usize) {
        let Some(unit) = self.units.get_mut(at) else { return };
        unit.read = false;
        if unit.laid {
            unit.laid = false;
            self.todo.push(at);
        }
    }

    fn lay(&mut self, at: usize) {
        if self.units.get(at).is_none_or(|u| u.laid) {
            return;
        }
        let last = at + 1 == self.units.len() && !self.finished;
        self.make(at, last);
        let Some(unit) = self.units.get_mut(at) else { return };
        let rows = match &unit.body {
            Body::Unread => 0,
            Body::Plain(rows) => rows.len(),
            Body::Code(code) => code.count(),
            Body::Prose(read) => read.laid.rows.len(),
        };
        (unit.laid, unit.read, unit.searched) = (true, true, 0);
        unit.rows = rows + usize::from(unit.cut.gap);
        self.summed = self.summed.min(at);
    }

    /// Makes the body of a unit whose height is known.
    fn recall(&mut self, at: usize) {
        if let Some(unit) = self.units.get(at)
            && unit.laid
            && unit.body.is_gone()
        {
            self.make(at, unit.open);
        }
    }

    /// Makes a unit's body for the width that there is; `open` says that it may still grow.
    fn make(&mut self, at: usize, open: bool) {
        let (width, safe, Some(unit)) = (self.width, &self.safe, self.units.get_mut(at)) else { return };
        let cut = &unit.cut;
        let gone = unit.body.is_gone();
        #[cfg(test)]
        let mut work = cut.span.len();
        unit.body = match (cut.shape, std::mem::replace(&mut unit.body, Body::Unread)) {
            (Shape::Code { indent, closed }, body) => {
                let mut code = if let Body::Code(code) = body { code } else { Box::default() };
                code.update(safe, &cut.span, indent, closed, usize::from(width));
                Body::Code(code)
            }
            (_, body) if cut.span.len() > LONGEST => {
                let rows = if let Body::Plain(rows) = body { rows } else { Vec::new() };
                let (rows, from) = plain(safe, &cut.span, width, rows);
                #[cfg(test)]
                {
                    work = cut.span.end - from;
                }
                let _ = from;
                (unit.open, unit.title) = (false, None);
                Body::Plain(rows)
            }
            (_, Body::Prose(mut read)) if unit.read => {
                read.laid = wrap::wrap(&read.doc, usize::from(width));
                Body::Prose(read)
            }
            _ => {
                let doc = parse::parse(safe.get(cut.span.clone()).unwrap_or_default(), open);
                unit.open = open;
                unit.title = doc.heading.then(|| doc.inked.text.as_str().into());
                let laid = wrap::wrap(&doc, usize::from(width));
                Body::Prose(Box::new(Prose { doc, laid }))
            }
        };
        #[cfg(test)]
        {
            self.work += work;
        }
        if gone {
            let weight = UNIT + unit.cut.span.len();
            self.kept.push_back((at, weight));
            self.weight += weight;
            self.forget();
        }
    }

    /// Lets go of what was laid out longest ago; the newest stays, whatever it weighs.
    fn forget(&mut self) {
        while self.weight > KEPT && self.kept.len() > 1 && !self.searching {
            let Some((at, weight)) = self.kept.pop_front() else { return };
            self.weight -= weight;
            if let Some(unit) = self.units.get_mut(at) {
                unit.body.forget();
            }
        }
    }

    /// Rows before a unit.
    fn before(&mut self, at: usize) -> usize {
        if self.summed < self.units.len() || self.sums.len() != self.units.len() + 1 {
            self.summed = self.summed.min(self.sums.len().saturating_sub(1));
            self.sums.truncate(self.summed + 1);
            if self.sums.is_empty() {
                self.sums.push(0);
            }
            let mut sum = self.sums.last().copied().unwrap_or(0);
            for unit in self.units.get(self.summed..).unwrap_or_default() {
                sum += unit.rows;
                self.sums.push(sum);
            }
            self.summed = self.units.len();
        }
        self.sums.get(at).or(self.sums.last()).copied().unwrap_or(0)
    }

    fn total(&mut self) -> usize {
        self.before(self.units.len())
    }

    /// The unit of a row, laid out, and the row within it.
    fn find(&mut self, number: usize) -> Option<(usize, usize)> {
        loop {
            if number >= self.total() {
                return None;
            }
            let at = self.sums.partition_point(|sum| *sum <= number).checked_sub(1)?;
            let unit = self.units.get(at)?;
            if unit.laid {
                self.recall(at);
                return Some((at, number - self.before(at)));
            }
            self.lay(at);
        }
    }
}

#[cfg(test)]
#[path = "markdown_tests.rs"]
mod tests;
