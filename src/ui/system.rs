//! The system text, in a field of its own in the place of the prompt's.
//!
//! What that field holds is what the session's next round is asked with; there is nothing to
//! apply. The field that is not shown keeps its text, its cursor and its undo.

use std::borrow::Cow;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::app::App;
use super::command::Focus;
use super::editor::Editor;
use super::ink::{brief, cut, put};
use super::theme::Theme;

/// Columns of the screen from which the border has room for the system text's first words.
const ROOMY: u16 = 100;

/// Columns of those words.
const WORDS: usize = 28;

/// Which of the two fields is shown, and the other one.
#[derive(Default)]
pub(super) struct SystemField {
    on: bool,
    /// The prompt's while the system text is written, else the system text's.
    aside: Editor,
}

impl App {
    /// Whether the field shows the system text and not the prompt.
    #[must_use]
    pub fn is_writing_system(&self) -> bool {
        self.system_field.on
    }

    /// The prompt being written, whichever field is shown.
    #[must_use]
    pub fn prompt_text(&self) -> String {
        if self.system_field.on { self.system_field.aside.text() } else { self.editor.text() }
    }

    /// The field of the prompt, whichever is shown.
    pub(super) fn prompt_field(&self) -> &Editor {
        if self.system_field.on { &self.system_field.aside } else { &self.editor }
    }

    /// Shows the other field.
    pub(super) fn toggle_system(&mut self) -> bool {
        self.focus = Focus::Prompt;
        if !self.leave_system() {
            let text = self.system.clone().unwrap_or_default();
            // As it was left, with its undo, unless something else has set it since.
            if self.system_field.aside.text() != text {
                self.system_field.aside.set_text(&text);
            }
            std::mem::swap(&mut self.editor, &mut self.system_field.aside);
            self.system_field.on = true;
        }
        true
    }

    /// Back to the prompt; whether it was not shown.
    pub(super) fn leave_system(&mut self) -> bool {
        let on = std::mem::take(&mut self.system_field.on);
        if on {
            std::mem::swap(&mut self.editor, &mut self.system_field.aside);
        }
        on
    }

    /// What stands in the field is what will be asked with.
    pub(super) fn keep_system(&mut self) {
        if self.system_field.on {
            self.system = Some(self.editor.text()).filter(|text| !text.trim().is_empty());
        }
    }
}

/// The left end of the field's upper border: what is written in it, with its style, how it will be
/// sent, and the system text that goes with it.
pub(super) fn title(
    app: &App,
    theme: &Theme,
    width: u16,
) -> (&'static str, Style, String, Vec<Span<'static>>) {
    let name = if app.focus == Focus::Prompt { theme.focus } else { theme.text };
    let (word, mode): (_, Cow<'_, str>) = if app.is_writing_system() {
        (" system", "stands before every conversation · enter goes back".into())
    } else if let Some(round) = app.edited_round() {
        (" prompt", format!("edits round {}", app.label(round)).into())
    } else if app.follow_up && app.shown + 1 < app.rounds.len() {
        (" prompt", format!("each pane continues its own round {}", app.label(app.shown)).into())
    } else if app.follow_up {
        (" prompt", "each pane continues its own conversation".into())
    } else {
        (" prompt", "each answer starts fresh".into())
    };
    // With values there is less room for words.
    let values = app.values_label().filter(|_| !app.is_writing_system());
    let mode: Cow<'_, str> = match values {
        Some(values) => {
            let short: Cow<'_, str> = match (app.edited_round(), app.follow_up) {
                (Some(_), _) => mode,
                (None, true) => "follow-up".into(),
                (None, false) => "fresh".into(),
            };
            format!("{short} · {}", cut(&values, usize::from(width) / 2)).into()
        }
        None => mode,
    };
    let mut tail = Vec::new();
    if let Some(system) = app.system.as_ref().filter(|_| !app.is_writing_system()) {
        let words =
            if width < ROOMY { "system".to_owned() } else { format!("system: {}", brief(system, WORDS)) };
        tail.push(Span::styled(" · ", theme.faint));
        tail.push(Span::styled(words, theme.accent));
    }
    (word, name, mode.into_owned(), tail)
}

/// The field's text, or what an empty one is for.
pub(super) fn draw(app: &mut App, theme: &Theme, frame: &mut Frame, area: Rect) {
    let focused = app.focus == Focus::Prompt && app.overlay.is_none();
    app.editor.draw(frame, area, focused, theme);
    if !app.editor.is_empty() || area.height == 0 {
        return;
    }
    if app.is_writing_system() {
        hint(frame.buffer_mut(), area, theme, focused, "How every endpoint shall answer …");
    } else if let Some(words) = app.tour_words() {
        hint(frame.buffer_mut(), area, theme, focused, &words);
    }
}

fn hint(buffer: &mut Buffer, area: Rect, theme: &Theme, focused: bool, words: &str) {
    let room = usize::from(area.width);
    put(buffer, Rect { height: 1, ..area }, Line::styled(format!("{words:<room$}"), theme.faint));
    if focused && let Some(cell) = buffer.cell_mut((area.x, area.y)) {
        cell.modifier.insert(Modifier::REVERSED);
    }
}
