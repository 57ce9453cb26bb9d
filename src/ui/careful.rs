//! A terminal back end that does not trust widths.
//!
//! Terminals and tables disagree on the width of conjuncts, joined emoji and
//! marks. Printed in the middle of a run, such a cluster would shift everything
//! to its right and leave a smear that later frames do not know of. So each one
//! is printed on its own: its cells are blanked, it is written, and what follows
//! is placed by position, not by running on.

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use unicode_width::UnicodeWidthStr;

/// Crossterm's back end with care around clusters.
pub struct Careful<W: Write>(CrosstermBackend<W>);

impl<W: Write> Careful<W> {
    pub fn new(writer: W) -> Self {
        Self(CrosstermBackend::new(writer))
    }
}

impl<W: Write> Write for Careful<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(&mut self.0)
    }
}

/// The largest screen that is believed in, in columns and rows: a wall of monitors has less, and a
/// buffer of what a broken terminal may report would not fit into memory.
const MOST: Size = Size { width: 1_000, height: 500 };

/// What a terminal says of its size, within reason.
fn sane(size: Size) -> Size {
    Size { width: size.width.min(MOST.width), height: size.height.min(MOST.height) }
}

/// More than one character in one cell: its width is a matter of opinion.
fn is_doubtful(cell: &Cell) -> bool {
    let symbol = cell.symbol();
    !symbol.is_ascii() && symbol.chars().nth(1).is_some()
}

impl<W: Write> Backend for Careful<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        // Each call of the inner one begins with a position.
        let mut run: Vec<(u16, u16, &'a Cell)> = Vec::new();
        for (x, y, cell) in content {
            if !is_doubtful(cell) {
                run.push((x, y, cell));
                continue;
            }
            self.0.draw(run.drain(..))?;
            let mut blank = cell.clone();
            blank.set_char(' ');
            let width = u16::try_from(cell.symbol().width()).unwrap_or(1);
            self.0.draw((x..x.saturating_add(width)).map(|x| (x, y, &blank)))?;
            self.0.draw(std::iter::once((x, y, cell)))?;
        }
        self.0.draw(run.into_iter())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.0.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.0.show_cursor()
    }

    /// Not asked of the terminal: its reply would arrive among the keys, which a
    /// thread of their own reads. Nothing here depends on where the cursor was.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.0.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.0.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.0.clear_region(region)
    }

    fn append_lines(&mut self, lines: u16) -> io::Result<()> {
        self.0.append_lines(lines)
    }

    fn size(&self) -> io::Result<Size> {
        self.0.size().map(sane)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.0.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_beyond_reason_is_not_believed() {
        assert_eq!(sane(Size::new(u16::MAX, u16::MAX)), MOST);
        assert_eq!(sane(Size::new(200, 50)), Size::new(200, 50));
        assert_eq!(sane(Size::new(0, 0)), Size::new(0, 0));
    }

    /// The text after a doubtful cluster is placed by position.
    #[test]
    fn a_cluster_is_printed_apart() {
        let mut cells: Vec<Cell> = Vec::new();
        for symbol in ["a", "स्प", "b"] {
            let mut cell = Cell::default();
            cell.set_symbol(symbol);
            cells.push(cell);
        }
        let mut out = Vec::new();
        Careful::new(&mut out).draw((0..3_u16).zip(&cells).map(|(x, cell)| (x, 4, cell))).unwrap();
        let out = String::from_utf8(out).unwrap();
        let (before, after) = out.split_once("स्प").unwrap();
        assert!(before.contains("\u{1b}[5;2H "), "its cells are blanked first: {out:?}");
        assert!(after.find("\u{1b}[5;3H").unwrap() < after.find('b').unwrap(), "{out:?}");
        assert!(is_doubtful(&cells[1]) && !is_doubtful(&cells[0]));
    }
}
