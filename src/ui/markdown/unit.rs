//! One unit, laid out: what is kept of it, and what its rows are.

use std::borrow::Cow;
use std::ops::Range;

use super::Pieces;
use super::code::Code;
use super::ink::Role;
use super::parse::Doc;
use super::split::Cut;
use super::wrap::{Laid, Place};
use crate::ui::search::places;
use crate::ui::text::row_end;

/// What a unit is known as.
#[derive(Debug)]
pub(super) enum Body {
    /// Not yet, or not any more.
    Unread,
    Prose(Box<Prose>),
    /// Too long to be read: as it was written. Ranges of the whole text.
    Plain(Vec<Range<usize>>),
    Code(Box<Code>),
}

#[derive(Debug)]
pub(super) struct Prose {
    pub(super) doc: Doc,
    pub(super) laid: Laid,
}

#[derive(Debug)]
pub(super) struct Unit {
    pub(super) cut: Cut,
    pub(super) body: Body,
    /// Rows, the empty one above included; a guess until it is laid out.
    pub(super) rows: usize,
    pub(super) laid: bool,
    /// What was read of it still stands; only the width may have changed.
    pub(super) read: bool,
    /// It was read while it could still grow.
    pub(super) open: bool,
    /// The text of a heading.
    pub(super) title: Option<Box<str>>,
    /// The search that `found` answers.
    pub(super) searched: u64,
    pub(super) found: Vec<Match>,
}

/// One match within a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Match {
    /// The row in which it begins, the empty one above the unit not counted.
    pub(super) row: usize,
    /// Of the text that its rows are ranges of.
    pub(super) range: Range<usize>,
    /// That text is what a table drew.
    pub(super) drawn: bool,
}

impl Body {
    pub(super) fn is_gone(&self) -> bool {
        match self {
            Self::Unread => true,
            Self::Code(code) => code.is_gone(),
            Self::Prose(_) | Self::Plain(_) => false,
        }
    }

    pub(super) fn forget(&mut self) {
        match self {
            // Colours cost far more than the lines that they are of.
            Self::Code(code) if code.has_colours() => code.forget(),
            // The rows of what is too long are as small as they can be, and long to make.
            Self::Plain(_) => {}
            _ => *self = Self::Unread,
        }
    }
}

/// The text of a row as a range of what it is a part of, and whether a table drew that.
pub(super) fn row_range(body: &Body, row: usize) -> Option<(Range<usize>, bool)> {
    match body {
        Body::Unread => None,
        Body::Plain(rows) => rows.get(row).map(|r| (r.clone(), false)),
        Body::Code(code) => code.range(row).map(|r| (r, false)),
        Body::Prose(read) => {
            let row = read.laid.rows.get(row)?;
            Some((row.range.start as usize..row.range.end as usize, row.place == Place::Drawn))
        }
    }
}

/// Every match in a unit.
pub(super) fn look(unit: &Unit, safe: &str, needle: &str) -> Vec<Match> {
    let rows = unit.rows.saturating_sub(usize::from(unit.cut.gap));
    let mut out = Vec::new();
    // Rows of one line are one text: a match may reach over the break.
    let mut texts: Vec<(Range<usize>, bool, usize)> = Vec::new();
    for row in 0..rows {
        let Some((range, drawn)) = row_range(&unit.body, row) else { continue };
        let same_line = match &unit.body {
            Body::Prose(read) => read.laid.rows.get(row).is_some_and(|r| r.place == Place::Rest),
            Body::Code(code) => code.continues(row),
            _ => row > 0,
        };
        match texts.last_mut().filter(|_| same_line) {
            Some(last) => last.0.end = range.end,
            None => texts.push((range, drawn, row)),
        }
    }
    for (range, drawn, first) in texts {
        let text = match (&unit.body, drawn) {
            (Body::Prose(read), true) => read.laid.drawn.text.get(range.clone()),
            (Body::Prose(read), false) => read.doc.inked.text.get(range.clone()),
            _ => safe.get(range.clone()),
        };
        for place in places(text.unwrap_or_default(), needle) {
            let place = range.start + place.start..range.start + place.end;
            let row = (first..rows).find(|row| {
                row_range(&unit.body, *row).is_some_and(|(r, d)| d == drawn && r.end > place.start)
            });
            out.push(Match { row: row.unwrap_or(first), range: place, drawn });
        }
    }
    out
}

/// Rows that a unit may have, before anybody has looked.
pub(super) fn guess(cut: &Cut, width: u16) -> usize {
    let width = usize::from(width.max(1));
    usize::from(cut.gap) + (cut.span.len() / width).max(1)
}

pub(super) fn source_of(Prose { doc, laid }: &Prose, row: usize) -> usize {
    let Some(row) = laid.rows.get(row) else { return 0 };
    let line = doc.lines.get(row.line as usize).map_or(0, |l| l.source as usize);
    let start = row.range.start as usize;
    match row.place {
        Place::First => line,
        Place::Rest => doc.inked.source_of(start).max(line),
        Place::Drawn => laid.drawn.source_of(start).max(line),
    }
}

pub(super) fn prose(Prose { doc, laid }: &Prose, row: usize, width: usize) -> Pieces<'_> {
    let Some(row) = laid.rows.get(row) else { return Vec::new() };
    let range = row.range.start as usize..row.range.end as usize;
    let borrowed = |(text, ink)| (Cow::Borrowed(text), ink);
    let Some(line) = doc.lines.get(row.line as usize) else { return Vec::new() };
    let lead = match row.place {
        Place::Drawn => return laid.drawn.pieces(range).map(borrowed).collect(),
        Place::First => &line.first,
        Place::Rest => &line.rest,
    };
    let mut out = Vec::new();
    if !lead.is_empty() {
        // Deep in lists and quotes there must be room for words.
        let lead = lead.char_indices().nth(width / 2).and_then(|(at, _)| lead.get(..at)).unwrap_or(lead);
        out.push((Cow::Borrowed(lead), Role::Lead.into()));
    }
    out.extend(doc.inked.pieces(range).map(borrowed));
    out
}

/// Wraps what a unit that is shown as written has gained since its rows were made; gives where
/// that began as well.
pub(super) fn plain(
    safe: &str,
    span: &Range<usize>,
    width: u16,
    mut rows: Vec<Range<usize>>,
) -> (Vec<Range<usize>>, usize) {
    while rows.last().is_some_and(|r| r.end > span.end) {
        rows.pop();
    }
    let from = rows.pop().map_or(span.start, |r| r.start);
    let mut start = from;
    while start < span.end {
        let rest = safe.get(start..span.end).unwrap_or_default();
        let (end, next) = row_end(rest, usize::from(width));
        rows.push(start..start + end);
        start += next.max(1);
    }
    (rows, from)
}
