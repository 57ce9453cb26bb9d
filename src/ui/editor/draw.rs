//! Where the text stands on the screen, and the way back from a place on the screen.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr;

use super::buffer::{Buffer, Pos};
use super::unit::{cells, next_unit, shown};
use super::{Editor, ROWS_COUNTED};
use crate::ui::ink::cut;
use crate::ui::theme::Theme;

impl Editor {
    /// The row of a place within its line.
    pub(super) fn row(&self, at: Pos) -> usize {
        let label = |n| self.folds.label(n);
        self.buffer.wraps.borrow_mut().row_of(at.line, self.buffer.line(at.line), at.byte, &label)
    }

    /// Rows of a line, counted up to `most`.
    pub(super) fn rows_of(&self, line: usize, most: usize) -> usize {
        let label = |n| self.folds.label(n);
        self.buffer.wraps.borrow_mut().rows(line, self.buffer.line(line), most, &label)
    }

    fn bounds(&self, line: usize, row: usize) -> (usize, usize) {
        let label = |n| self.folds.label(n);
        self.buffer.wraps.borrow_mut().row(line, self.buffer.line(line), row, &label)
    }

    /// Rows that the text fills at this width.
    #[must_use]
    pub fn rows(&self, width: u16) -> u16 {
        self.set_width(width);
        let mut rows = 0;
        for line in 0..self.buffer.lines().len() {
            rows += self.rows_of(line, ROWS_COUNTED);
            if rows >= ROWS_COUNTED {
                break;
            }
        }
        u16::try_from(rows.min(ROWS_COUNTED)).unwrap_or(u16::MAX)
    }

    fn set_width(&self, width: u16) {
        // The cursor stands behind the last character and needs a column of its own.
        self.buffer.wraps.borrow_mut().set_width(usize::from(width.saturating_sub(1).max(1)));
    }

    fn below(&self, (line, row): (usize, usize)) -> Option<(usize, usize)> {
        if row + 1 < self.rows_of(line, row + 2) {
            return Some((line, row + 1));
        }
        (line + 1 < self.buffer.lines().len()).then_some((line + 1, 0))
    }

    fn above(&self, (line, row): (usize, usize)) -> Option<(usize, usize)> {
        if row > 0 {
            return Some((line, row - 1));
        }
        let line = line.checked_sub(1)?;
        Some((line, self.rows_of(line, usize::MAX) - 1))
    }

    /// Moves the cursor so many rows up or down, near the column where it began.
    pub(super) fn vertical(&mut self, rows: usize, down: bool, select: bool) {
        let at = self.buffer.cursor();
        let mut place = (at.line, self.row(at));
        let aim = self.buffer.aim.unwrap_or_else(|| self.column(place, at.byte));
        let mut moved = false;
        for _ in 0..rows {
            let Some(next) = (if down { self.below(place) } else { self.above(place) }) else { break };
            place = next;
            moved = true;
        }
        let to = match (moved, down) {
            (true, _) => Pos { line: place.0, byte: self.byte_at(place, aim) },
            // As other fields do it: beyond the last row is its end.
            (false, true) => self.buffer.end(),
            (false, false) => Buffer::start(),
        };
        self.buffer.go(to, select);
        self.buffer.aim = moved.then_some(aim);
    }

    /// Cells from the beginning of a row to a byte.
    fn column(&self, (line, row): (usize, usize), byte: usize) -> usize {
        let label = |n| self.folds.label(n);
        let text = self.buffer.line(line);
        let (mut at, _) = self.bounds(line, row);
        let mut column = 0;
        while at < byte {
            let next = next_unit(text, at);
            column += cells(text.get(at..next).unwrap_or_default(), &label);
            at = next;
        }
        column
    }

    /// The byte of a row nearest to a column.
    fn byte_at(&self, (line, row): (usize, usize), column: usize) -> usize {
        let label = |n| self.folds.label(n);
        let text = self.buffer.line(line);
        let (mut at, end) = self.bounds(line, row);
        let mut used = 0;
        while at < end {
            let next = next_unit(text, at);
            used += cells(text.get(at..next).unwrap_or_default(), &label);
            // The end of a row that goes on is the beginning of the next.
            if used > column || (next >= end && end < text.len()) {
                break;
            }
            at = next;
        }
        at
    }

    /// The place in the text at a cell of the screen, as last drawn.
    fn place_at(&self, (x, y): (u16, u16)) -> Pos {
        let area = self.view.area;
        let mut place = self.view.top;
        for _ in 0..y.saturating_sub(area.y).min(area.height.saturating_sub(1)) {
            let Some(next) = self.below(place) else { return self.buffer.end() };
            place = next;
        }
        let column = usize::from(x.saturating_sub(area.x));
        self.buffer.clamp(Pos { line: place.0, byte: self.byte_at(place, column) })
    }

    /// A click puts the cursor there.
    pub fn click(&mut self, at: (u16, u16)) {
        let to = self.place_at(at);
        self.buffer.go(to, false);
        self.view.loose = true;
        self.settle();
    }

    /// The mouse moves with its button down: from the click to here is selected.
    pub fn drag(&mut self, at: (u16, u16)) {
        let to = self.place_at(at);
        self.buffer.go(to, true);
        // Beyond the edge, more comes into view.
        self.view.loose = self.view.area.contains(Position::from(at));
    }

    /// A second click at once: the word is selected.
    pub fn select_word(&mut self) {
        let (from, to) = self.buffer.word_around(self.buffer.cursor(), false, false);
        self.buffer.go(from, false);
        self.buffer.go(to, true);
    }

    /// The wheel: the view moves, the cursor stays.
    pub fn scroll(&mut self, by: isize) {
        self.view.loose = true;
        for _ in 0..by.unsigned_abs() {
            let next = if by > 0 { self.below(self.view.top) } else { self.above(self.view.top) };
            let Some(next) = next else { break };
            self.view.top = next;
        }
    }

    /// Brings the cursor into view, and leaves no rows empty that could show something.
    fn fit(&mut self, height: usize) {
        let (line, row) = self.view.top;
        let line = line.min(self.buffer.lines().len().saturating_sub(1));
        self.view.top = (line, row.min(self.rows_of(line, row + 1).saturating_sub(1)));
        if !self.view.loose {
            let at = self.buffer.cursor();
            let cursor = (at.line, self.row(at));
            let seen = std::iter::successors(Some(self.view.top), |p| self.below(*p))
                .take(height)
                .any(|p| p == cursor);
            if cursor < self.view.top {
                self.view.top = cursor;
            } else if !seen {
                let up = std::iter::successors(Some(cursor), |p| self.above(*p));
                self.view.top = up.take(height).last().unwrap_or(cursor);
            }
        }
        let filled = std::iter::successors(Some(self.view.top), |p| self.below(*p)).take(height).count();
        for _ in filled..height {
            let Some(above) = self.above(self.view.top) else { break };
            self.view.top = above;
        }
    }

    pub fn draw(&mut self, frame: &mut Frame, area: Rect, focused: bool, theme: &Theme) {
        if area.width == 0 || area.height == 0 {
            return;
        }
        self.set_width(area.width);
        self.view.area = area;
        self.fit(usize::from(area.height));
        let cursor_style = if focused { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
        let (cursor, selected) = (self.buffer.cursor(), self.selected());
        let buffer = frame.buffer_mut();
        buffer.set_style(area, theme.text);
        let mut place = Some(self.view.top);
        for y in area.y..area.bottom() {
            let Some((line, row)) = place else { break };
            self.draw_row(buffer, Rect { y, height: 1, ..area }, (line, row), theme, selected);
            let (from, to) = self.bounds(line, row);
            let last = to == self.buffer.line(line).len();
            if cursor.line == line && from <= cursor.byte && (cursor.byte < to || last) {
                let x = u16::try_from(self.column((line, row), cursor.byte)).unwrap_or(u16::MAX);
                let x = area.x.saturating_add(x).min(area.right() - 1);
                buffer.set_style(Rect { x, y, width: 1, height: 1 }, cursor_style);
            }
            place = self.below((line, row));
        }
        if self.buffer.bytes() == 0 {
            // Over the cursor's own blank, so that the text does not jump at the first key.
            let line = Line::styled("Ask every endpoint the same thing …", theme.faint);
            buffer.set_line(area.x, area.y, &line, area.width);
            buffer.set_style(Rect { width: 1, height: 1, ..area }, cursor_style);
        }
    }

    fn draw_row(
        &self,
        buffer: &mut ratatui::buffer::Buffer,
        area: Rect,
        (line, row): (usize, usize),
        theme: &Theme,
        selected: Option<(Pos, Pos)>,
    ) {
        let label = |n| self.folds.label(n);
        let text = self.buffer.line(line);
        let (mut at, end) = self.bounds(line, row);
        let is_selected = |byte| selected.is_some_and(|(from, to)| (from..to).contains(&Pos { line, byte }));
        let mut x = area.x;
        while at < end && x < area.right() {
            let next = next_unit(text, at);
            let unit = text.get(at..next).unwrap_or_default();
            let seen = cut(&shown(unit, &label), usize::from(area.right() - x));
            let folded = unit.chars().next().is_some_and(|c| super::fold_number(c).is_some());
            let style = match (is_selected(at), folded) {
                (true, _) => theme.text.patch(theme.selection),
                (false, true) => theme.accent,
                (false, false) => theme.text,
            };
            buffer.set_stringn(x, area.y, &seen, usize::from(area.right() - x), style);
            x = x.saturating_add(u16::try_from(seen.width()).unwrap_or(u16::MAX));
            at = next;
        }
        // A selected line break is seen as a blank.
        if end == text.len() && is_selected(end) && x < area.right() {
            buffer.set_style(Rect { x, width: 1, ..area }, theme.selection);
        }
    }
}
