//! The prompt field: a text area that wraps, takes pastes as text, and knows how
//! high it wants to be.

use std::cell::Cell;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui_textarea::{CursorMove, TextArea, WrapMode};

use super::text::count_rows;
use super::theme::Theme;
use crate::model::clean;

/// A prompt larger than any model's context is a slip of the mouse.
const MOST_PASTED: usize = 1 << 20;

/// Bytes up to which the text is wrapped softly.
const MOST_WRAPPED: usize = 50_000;

/// Rows beyond which the field is as high as it gets on any screen.
const ROWS_COUNTED: usize = 120;

/// The prompt being written.
pub struct Editor {
    area: TextArea<'static>,
    /// (width, rows) since the last change.
    rows: Cell<Option<(u16, u16)>>,
}

impl Default for Editor {
    fn default() -> Self {
        Self::new()
    }
}

impl Editor {
    #[must_use]
    pub fn new() -> Self {
        Self { area: area(Vec::new()), rows: Cell::new(None) }
    }

    /// A key that no command took.
    pub fn input(&mut self, event: &KeyEvent) {
        self.rows.set(None);
        if event.code == KeyCode::Char('u') && event.modifiers == KeyModifiers::CONTROL {
            // As in a shell; the library would undo, which it also does on ctrl+_.
            self.area.delete_line_by_head();
            return;
        }
        self.area.input(*event);
    }

    /// Inserts text as text, and never sends it. Terminals send the line breaks of a
    /// paste as CR. What the filter would mark is dropped, not spelled out: the prompt
    /// is what the models get. Gives a notice when something was cut or dropped.
    pub fn paste(&mut self, text: &str) -> Option<String> {
        let mut end = text.len().min(MOST_PASTED);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let lines = text.get(..end).unwrap_or_default().replace("\r\n", "\n").replace('\r', "\n");
        let mut dropped = 0_usize;
        let mut one = [0_u8; 4];
        let kept: String = lines
            .chars()
            .filter(|c| {
                let alone: &str = c.encode_utf8(&mut one);
                let fine = matches!(c, '\n' | '\t' | ' '..='~') || clean(alone) == alone;
                dropped += usize::from(!fine);
                fine
            })
            .collect();
        self.insert(&kept);
        if end < text.len() {
            return Some(format!("the paste was cut at 1 MiB; it had {} bytes", text.len()));
        }
        let s = if dropped == 1 { "" } else { "s" };
        (dropped > 0).then(|| format!("{dropped} control or invisible character{s} left out of the paste"))
    }

    fn insert(&mut self, text: &str) {
        self.rows.set(None);
        self.area.insert_str(text);
        // The library lays out the whole text at each key; beyond this that is felt.
        let bytes: usize = self.area.lines().iter().map(|l| l.len() + 1).sum();
        if bytes > MOST_WRAPPED {
            self.area.set_wrap_mode(WrapMode::None);
        }
    }

    pub fn newline(&mut self) {
        self.rows.set(None);
        self.area.insert_newline();
    }

    #[must_use]
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// The cursor's line up to the cursor.
    #[must_use]
    pub fn head(&self) -> String {
        let cursor = self.area.cursor();
        let line = self.area.lines().get(cursor.0);
        line.map(|line| line.chars().take(cursor.1).collect()).unwrap_or_default()
    }

    /// Writes a text in place of so many characters before the cursor, on its line.
    pub fn replace_head(&mut self, chars: usize, text: &str) {
        for _ in 0..chars {
            self.area.delete_char();
        }
        self.insert(text);
    }

    /// Replaces the text; the cursor goes to its end.
    pub fn set_text(&mut self, text: &str) {
        self.area = area(Vec::new());
        self.insert(text);
    }

    /// Takes the text out and leaves the field empty.
    pub fn take(&mut self) -> String {
        let text = self.text();
        *self = Self::new();
        text
    }

    /// Nothing but white space.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.area.lines().iter().all(|l| l.trim().is_empty())
    }

    #[must_use]
    pub fn on_first_line(&self) -> bool {
        self.area.screen_cursor().row == 0
    }

    #[must_use]
    pub fn on_last_line(&self) -> bool {
        let mut below = self.area.clone();
        below.move_cursor(CursorMove::Down);
        below.screen_cursor().row == self.area.screen_cursor().row
    }

    /// Rows that the text fills at this width.
    #[must_use]
    pub fn rows(&self, width: u16) -> u16 {
        if let Some((w, rows)) = self.rows.get()
            && w == width
        {
            return rows;
        }
        let mut rows = 0;
        for line in self.area.lines() {
            // The cursor stands behind the last character and needs a column of its own.
            rows += count_rows(line, width.saturating_sub(1).max(1), ROWS_COUNTED).max(1);
            if rows > ROWS_COUNTED {
                break;
            }
        }
        let rows = u16::try_from(rows).unwrap_or(u16::MAX);
        self.rows.set(Some((width, rows)));
        rows
    }

    pub fn draw(&mut self, frame: &mut Frame, area: Rect, focused: bool, theme: &Theme) {
        if area.width == 0 || area.height == 0 {
            return;
        }
        self.area.set_style(theme.text);
        self.area.set_selection_style(theme.selection);
        let cursor = if focused { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
        self.area.set_cursor_style(cursor);
        frame.render_widget(&self.area, area);
        if self.area.is_empty() {
            // Over the cursor's own blank, so that the text does not jump at the first key.
            let line = Line::styled("Ask every endpoint the same thing …", theme.faint);
            frame.buffer_mut().set_line(area.x, area.y, &line, area.width);
            if focused && let Some(cell) = frame.buffer_mut().cell_mut((area.x, area.y)) {
                cell.set_style(cursor);
            }
        }
    }
}

fn area(lines: Vec<String>) -> TextArea<'static> {
    let mut area = TextArea::new(lines);
    area.set_wrap_mode(WrapMode::WordOrGlyph);
    area.set_cursor_line_style(Style::new());
    area
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paste_is_text_and_keeps_no_escape() {
        let mut editor = Editor::new();
        let notice =
            editor.paste("two\r\nlines\rand \u{1b}[31mred\u{1b}[201~ he\u{200f} naïve 日本\u{9b}").unwrap();
        assert_eq!(editor.text(), "two\nlines\nand [31mred[201~ he naïve 日本");
        assert!(notice.starts_with("4 control or invisible characters"), "{notice}");
        assert_eq!(editor.paste("plain"), None);
        assert!(editor.paste(&"x".repeat(MOST_PASTED + 5)).unwrap().contains("1 MiB"));
        assert!(editor.text().len() <= MOST_PASTED + 100);
    }

    #[test]
    fn typing_and_taking() {
        let mut editor = Editor::new();
        for c in "hi 日本".chars() {
            editor.input(&KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
        }
        editor.newline();
        assert!(!editor.on_first_line() && editor.on_last_line());
        assert_eq!(editor.rows(20), 2);
        assert_eq!(editor.take(), "hi 日本\n");
        assert!(editor.is_empty() && editor.rows(20) == 1);
    }
}
