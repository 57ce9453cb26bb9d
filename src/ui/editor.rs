//! The prompt field: a text area that wraps, takes pastes as text, and knows how
//! high it wants to be.

use std::cell::Cell;

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui_textarea::{CursorMove, TextArea, WrapMode};

use super::text::count_rows;
use super::theme::Theme;
use crate::model::clean;

/// A prompt larger than any model's context is a slip of the mouse.
const MOST_PASTED: usize = 1 << 20;

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
        self.area.input(*event);
    }

    /// Inserts text as text: filtered, and never sent. Gives a notice when it was cut.
    pub fn paste(&mut self, text: &str) -> Option<String> {
        let mut end = text.len().min(MOST_PASTED);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let kept = clean(text.get(..end).unwrap_or_default());
        self.rows.set(None);
        self.area.insert_str(&kept);
        (end < text.len()).then(|| format!("the paste was cut at 1 MiB; it had {} bytes", text.len()))
    }

    pub fn newline(&mut self) {
        self.rows.set(None);
        self.area.insert_newline();
    }

    #[must_use]
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// Replaces the text; the cursor goes to its end.
    pub fn set_text(&mut self, text: &str) {
        self.area = area(clean(text).split('\n').map(ToOwned::to_owned).collect());
        self.area.move_cursor(CursorMove::Bottom);
        self.area.move_cursor(CursorMove::End);
        self.rows.set(None);
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
        self.area.cursor().0 == 0
    }

    #[must_use]
    pub fn on_last_line(&self) -> bool {
        self.area.cursor().0 + 1 >= self.area.lines().len()
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
        self.area.set_placeholder_style(theme.faint);
        let cursor = if focused { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
        self.area.set_cursor_style(cursor);
        frame.render_widget(&self.area, area);
    }
}

fn area(lines: Vec<String>) -> TextArea<'static> {
    let mut area = TextArea::new(lines);
    area.set_wrap_mode(WrapMode::WordOrGlyph);
    area.set_cursor_line_style(Style::new());
    area.set_placeholder_text("Ask every endpoint the same thing …");
    area
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers};

    #[test]
    fn a_paste_is_text_and_keeps_no_escape() {
        let mut editor = Editor::new();
        assert_eq!(editor.paste("two\r\nlines \u{1b}[31mred\u{1b}[201~"), None);
        let text = editor.text();
        assert!(text.starts_with("two\nlines "), "{text:?}");
        assert!(!text.contains('\u{1b}') && !text.contains('\r'));
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
