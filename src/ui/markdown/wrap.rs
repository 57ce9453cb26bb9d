//! Lines of a unit at one width: words wrapped, tables fitted.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::ink::{Ink, Role};
use super::parse::{Align, Doc, Inked, Kind, Logical, Table, small};
use crate::ui::text::row_end;

/// Columns below which a column of a table says nothing.
const LEAST: usize = 6;

/// Between two columns of a table.
const BAR: &str = " │ ";

/// One row of a unit, at the width it was made for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Of the unit's text, or of what a table drew.
    pub(super) range: Range<u32>,
    /// The line of the unit that it belongs to.
    pub(super) line: u32,
    pub(super) place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    First,
    Rest,
    /// In the text that a table drew.
    Drawn,
}

/// A unit at one width.
#[derive(Debug, Default)]
pub(super) struct Laid {
    pub(super) rows: Vec<Row>,
    /// What tables drew.
    pub(super) drawn: Inked,
}

/// Lays a unit out.
pub(super) fn wrap(doc: &Doc, width: usize) -> Laid {
    let mut laid = Laid::default();
    for (number, line) in doc.lines.iter().enumerate() {
        let number = small(number);
        match &line.kind {
            Kind::Words | Kind::Code => words(doc, line, number, width, &mut laid.rows),
            Kind::Gap => laid.rows.push(Row { range: 0..0, line: number, place: Place::First }),
            Kind::Rule => {
                let across = width.saturating_sub(line.first.width()).max(1);
                drawn(&mut laid, number, |out| {
                    out.push(&"─".repeat(across), Role::Mark.into(), line.source as usize);
                });
            }
            Kind::Table(table) => table_rows(table, line, number, width, &mut laid),
        }
    }
    laid
}

/// Columns for the text of a line: a lead that is wider than half the pane is cut to that.
pub(super) fn room(width: usize, lead: &str) -> usize {
    width.saturating_sub(lead.width().min(width / 2)).max(1)
}

fn words(doc: &Doc, line: &Logical, number: u32, width: usize, rows: &mut Vec<Row>) {
    let (mut start, end) = (line.range.start as usize, line.range.end as usize);
    let mut place = Place::First;
    loop {
        let rest = doc.inked.text.get(start..end).unwrap_or_default();
        let lead = if place == Place::First { &line.first } else { &line.rest };
        let (stop, next) = match line.kind {
            Kind::Code => hard_row(rest, room(width, lead)),
            _ => row_end(rest, room(width, lead)),
        };
        rows.push(Row { range: small(start)..small(start + stop), line: number, place });
        start += next;
        place = Place::Rest;
        if start >= end || next == 0 {
            return;
        }
    }
}

/// A row that is full, wherever that is.
pub(super) fn hard_row(rest: &str, width: usize) -> (usize, usize) {
    let mut used = 0;
    for (at, grapheme) in rest.grapheme_indices(true) {
        used += grapheme.width();
        if used > width && at > 0 {
            return (at, at);
        }
    }
    (rest.len(), rest.len())
}

fn drawn(laid: &mut Laid, line: u32, draw: impl FnOnce(&mut Inked)) {
    let start = small(laid.drawn.text.len());
    draw(&mut laid.drawn);
    laid.rows.push(Row { range: start..small(laid.drawn.text.len()), line, place: Place::Drawn });
}

fn table_rows(table: &Table, line: &Logical, number: u32, width: usize, laid: &mut Laid) {
    let lead = line.rest.clone();
    let room = room(width, &lead);
    let source = line.source as usize;
    let columns = table.rows.iter().map(Vec::len).max().unwrap_or(0);
    if columns == 0 {
        return;
    }
    let Some(widths) = fit(table, columns, room) else {
        return records(table, &lead, number, room, laid);
    };
    for (at, row) in table.rows.iter().enumerate() {
        let cells: Vec<Vec<Range<usize>>> = widths
            .iter()
            .enumerate()
            .map(|(c, w)| row.get(c).map(|cell| cell_rows(cell, *w)).unwrap_or_default())
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0).max(1);
        for r in 0..height {
            drawn(laid, number, |out| {
                out.push(&lead, Role::Mark.into(), source);
                for (c, w) in widths.iter().enumerate() {
                    if c > 0 {
                        out.push(BAR, Role::Mark.into(), 0);
                    }
                    let align = table.aligned.get(c).copied().unwrap_or(Align::Left);
                    let part = row.get(c).zip(cells.get(c).and_then(|rows| rows.get(r)));
                    cell(out, part, *w, align, at == 0, c + 1 == widths.len());
                }
            });
        }
        if at == 0 {
            let rule: Vec<String> = widths.iter().map(|w| "─".repeat(*w)).collect();
            drawn(laid, number, |out| {
                out.push(&format!("{lead}{}", rule.join("─┼─")), Role::Mark.into(), source);
            });
        }
    }
}

/// One row of one cell, padded to its column.
fn cell(
    out: &mut Inked,
    part: Option<(&Inked, &Range<usize>)>,
    width: usize,
    align: Align,
    head: bool,
    last: bool,
) {
    let text = part.and_then(|(cell, range)| cell.text.get(range.clone())).unwrap_or_default();
    let air = width.saturating_sub(text.width());
    let before = match align {
        Align::Left => 0,
        Align::Centre => air / 2,
        Align::Right => air,
    };
    if !text.is_empty() || !last {
        out.push(&" ".repeat(before), Ink::default(), 0);
    }
    if let Some((cell, range)) = part {
        for (piece, ink) in cell.pieces(range.clone()) {
            out.push(piece, Ink { strong: ink.strong || head, ..ink }, cell.source_of(range.start));
        }
    }
    if !last {
        out.push(&" ".repeat(air - before), Ink::default(), 0);
    }
}

/// The rows of a cell at a width; a line feed in it begins a new one.
fn cell_rows(cell: &Inked, width: usize) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let mut start = 0;
    while let Some(rest) = cell.text.get(start..).filter(|r| !r.is_empty()) {
        let (end, next) = row_end(rest, width.max(1));
        rows.push(start..start + end);
        start += next.max(1);
    }
    rows
}

/// Columns for each column; `None` where they cannot all be shown side by side.
fn fit(table: &Table, columns: usize, room: usize) -> Option<Vec<usize>> {
    let bars = BAR.width() * (columns - 1);
    let cells = |c: usize| table.rows.iter().filter_map(move |row| row.get(c));
    let lines = |cell: &Inked| cell.text.split('\n').map(UnicodeWidthStr::width).max().unwrap_or(0);
    let words = |cell: &Inked| cell.text.split([' ', '\n']).map(UnicodeWidthStr::width).max().unwrap_or(0);
    let mut widths: Vec<usize> =
        (0..columns).map(|c| cells(c).map(lines).max().unwrap_or(0).max(1)).collect();
    // A column that is narrower than its longest word breaks words; up to a point that is worse
    // than a taller table.
    let words: Vec<usize> =
        (0..columns).map(|c| cells(c).map(words).max().unwrap_or(0).clamp(1, 2 * LEAST)).collect();
    for least in [words, vec![LEAST; columns]] {
        while widths.iter().sum::<usize>() + bars > room {
            let over = widths.iter().zip(&least).enumerate().filter(|(_, (w, least))| w > least);
            let Some((at, _)) = over.max_by_key(|(_, (w, _))| **w) else { break };
            if let Some(width) = widths.get_mut(at) {
                *width -= 1;
            }
        }
    }
    (widths.iter().sum::<usize>() + bars <= room).then_some(widths)
}

/// A table that is too wide for its pane: each row as a list of `head: cell`.
fn records(table: &Table, lead: &str, number: u32, room: usize, laid: &mut Laid) {
    let head = table.rows.first();
    for (at, row) in table.rows.iter().enumerate().skip(1) {
        if at > 1 {
            drawn(laid, number, |out| out.push(&format!("{lead}─"), Role::Mark.into(), 0));
        }
        for (c, cell) in row.iter().enumerate() {
            let mut line = Inked::default();
            if let Some(name) = head.and_then(|h| h.get(c)).filter(|n| !n.text.is_empty()) {
                line.push(&format!("{}: ", name.text.replace('\n', " ")), Role::Mark.into(), 0);
            }
            for (piece, ink) in cell.pieces(0..cell.text.len()) {
                line.push(piece, ink, 0);
            }
            for range in cell_rows(&line, room) {
                drawn(laid, number, |out| {
                    out.push(lead, Role::Mark.into(), 0);
                    for (piece, ink) in line.pieces(range) {
                        out.push(piece, ink, 0);
                    }
                });
            }
        }
    }
}
