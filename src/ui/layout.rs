//! Where everything stands. Drawing and the mouse read the same rectangles.
//!
//! ```text
//!  title     1 line
//!  tabs      1 line, only when one pane is shown of several
//!  panes     columns, a grid, or one
//!  prompt    border, 1 line and more, border
//! ```

use ratatui::layout::{Position, Rect};

/// Below this a pane is unreadable (`product.md` §5).
const LEAST_WIDTH: u16 = 40;
/// Borders, status, one line of figures and a few of text.
const LEAST_HEIGHT: u16 = 8;
/// Prose and code read well from here on, and this many rows hold an answer: a large terminal has more
/// rows of panes rather than narrower ones.
const GOOD: (u16, u16) = (48, 24);
/// Below this the screen shows one sentence.
const LEAST_SCREEN: (u16, u16) = (20, 5);

/// The rectangles of one frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// The terminal is too small for anything but a sentence.
    pub too_small: bool,
    pub title: Rect,
    /// Everything between title and prompt: what a view has instead of panes.
    pub middle: Rect,
    pub tabs: Rect,
    /// Panes in view with their numbers.
    pub panes: Vec<(usize, Rect)>,
    /// With its border; without one when `prompt_framed` is false.
    pub prompt: Rect,
    pub prompt_framed: bool,
}

impl Layout {
    /// The number of the pane at a position.
    #[must_use]
    pub fn pane_at(&self, at: (u16, u16)) -> Option<usize> {
        self.panes.iter().find(|(_, r)| r.contains(Position::from(at))).map(|(n, _)| *n)
    }

    /// The number of the tab at a position: tabs share the line equally.
    #[must_use]
    pub fn tab_at(&self, at: (u16, u16), panes: usize) -> Option<usize> {
        if !self.tabs.contains(Position::from(at)) || panes == 0 {
            return None;
        }
        let each = (usize::from(self.tabs.width) / panes).max(1);
        Some((usize::from(at.0.saturating_sub(self.tabs.x)) / each).min(panes - 1))
    }

    /// The part of a pane that its text fills.
    #[must_use]
    pub fn body(&self, pane: usize) -> Option<Rect> {
        let (_, rect) = self.panes.iter().find(|(n, _)| *n == pane)?;
        Some(parts(*rect).body)
    }
}

/// The parts of one pane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parts {
    pub body: Rect,
    /// The divider that carries the status.
    pub status: Rect,
    /// Lines of figures: two, one or none.
    pub figures: Rect,
}

/// Divides a pane: a border around, text, status, figures. A short pane gives
/// its figures up before its text.
#[must_use]
pub fn parts(pane: Rect) -> Parts {
    let inner = Rect::new(
        pane.x.saturating_add(1),
        pane.y.saturating_add(1),
        pane.width.saturating_sub(2),
        pane.height.saturating_sub(2),
    );
    let figures = match inner.height {
        0..=3 => 0,
        4..=6 => 1,
        _ => 2,
    };
    let status = u16::from(inner.height >= 2);
    // One column of air on either side of what is read.
    let airy = Rect { x: inner.x.saturating_add(1), width: inner.width.saturating_sub(2), ..inner };
    let body = Rect { height: inner.height.saturating_sub(figures + status), ..airy };
    let status = Rect { y: body.bottom(), height: status, ..inner };
    Parts { body, status, figures: Rect { y: status.bottom(), height: figures, ..airy } }
}

/// What the rectangles depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    pub panes: usize,
    /// The pane that is shown when only one is.
    pub current: usize,
    pub zoom: bool,
}

/// Whether there is room for anything but a sentence.
#[must_use]
pub fn too_small((width, height): (u16, u16)) -> bool {
    width < LEAST_SCREEN.0 || height < LEAST_SCREEN.1
}

/// The rectangles of the next frame; `prompt` gives the rows that the prompt fills at a width.
#[must_use]
pub fn layout(needs: Needs, prompt: impl Fn(u16) -> u16) -> Layout {
    if too_small(needs.size) {
        return Layout { too_small: true, ..Layout::default() };
    }
    let ((width, height), panes) = (needs.size, needs.panes);
    let title = Rect::new(0, 0, width, 1);
    let framed = height >= 10;
    let frame = if framed { 2 } else { 0 };
    // The frame, and one column of air on either side.
    let wanted = prompt(width.saturating_sub(2 + frame).max(1));
    let lines = wanted.clamp(1, (height / 3).max(1));
    let prompt = Rect::new(0, height - lines - frame, width, lines + frame);
    let middle = Rect::new(0, 1, width, prompt.y.saturating_sub(1));
    let mut out = Layout { title, middle, prompt, prompt_framed: framed, ..Layout::default() };
    let current = needs.current.min(panes.saturating_sub(1));
    match grid(panes, middle) {
        _ if panes == 0 => {}
        Some(rows) if !needs.zoom || panes == 1 => out.panes = cells(panes, rows, middle),
        _ => {
            let tabs = u16::from(panes > 1 && middle.height > 4);
            out.tabs = Rect { height: tabs, ..middle };
            let rest = Rect { y: middle.y + tabs, height: middle.height - tabs, ..middle };
            out.panes = vec![(current, rest)];
        }
    }
    out
}

/// The fewest rows in which every pane reads well, else in which it is wide and high enough; `None` when
/// there are none.
fn grid(panes: usize, area: Rect) -> Option<usize> {
    if panes == 1 {
        return Some(1);
    }
    let fewest = |(width, height): (u16, u16)| {
        (1..=panes).find(|rows| {
            let columns = panes.div_ceil(*rows);
            usize::from(area.width) / columns >= usize::from(width)
                && usize::from(area.height) / rows >= usize::from(height)
        })
    };
    fewest(GOOD).or_else(|| fewest((LEAST_WIDTH, LEAST_HEIGHT)))
}

/// Panes in reading order; a last row with fewer panes fills the width.
fn cells(panes: usize, rows: usize, area: Rect) -> Vec<(usize, Rect)> {
    let columns = panes.div_ceil(rows);
    let mut out = Vec::with_capacity(panes);
    for number in 0..panes {
        let (row, column) = (number / columns, number % columns);
        let in_row = columns.min(panes - row * columns);
        let (x, width) = slice(area.width, column, in_row);
        let (y, height) = slice(area.height, row, panes.div_ceil(columns));
        out.push((number, Rect::new(area.x + x, area.y + y, width, height)));
    }
    out
}

/// The `at`-th of `count` nearly equal parts of a length.
fn slice(length: u16, at: usize, count: usize) -> (u16, u16) {
    let edge = |i: usize| u16::try_from(usize::from(length) * i / count.max(1)).unwrap_or(length);
    (edge(at), edge(at + 1) - edge(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_belongs_to_exactly_one_pane() {
        for panes in 1..=12 {
            for (width, height) in [(80, 24), (120, 40), (200, 50), (250, 70), (41, 9)] {
                let area = Rect::new(0, 1, width, height);
                let Some(rows) = grid(panes, area) else { continue };
                let cells = cells(panes, rows, area);
                let covered: u32 = cells.iter().map(|(_, r)| r.area()).sum();
                assert_eq!(covered, area.area(), "{panes} panes in {width}x{height}");
                for (_, cell) in &cells {
                    assert!(panes == 1 || (cell.width >= LEAST_WIDTH && cell.height >= LEAST_HEIGHT));
                }
            }
        }
    }

    #[test]
    fn columns_then_a_grid_then_one() {
        let area = |w, h| Rect::new(0, 0, w, h);
        assert_eq!(grid(2, area(80, 20)), Some(1));
        assert_eq!(grid(3, area(80, 20)), Some(2));
        assert_eq!(grid(6, area(200, 46)), Some(2));
        assert_eq!(grid(6, area(80, 20)), None);
        // Two rows of readable panes before one of narrow ones, where there is height for them.
        assert_eq!((grid(6, area(250, 66)), grid(6, area(250, 40))), (Some(2), Some(1)));
        assert_eq!((grid(4, area(200, 46)), grid(3, area(120, 36))), (Some(1), Some(1)));
        assert_eq!(grid(1, area(10, 3)), Some(1));
    }
}
