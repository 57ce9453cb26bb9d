//! A few lines to fill in, over the panes: the values of a prompt, a name, a path.
//!
//! ```text
//!  ┏ fill in · Explain {{topic}} in a {{tone}} tone. ━━━━━━━━━━━━┓
//!  ┃   topic  mutexes                                            ┃
//!  ┃ ▸ tone   ang▌                                               ┃
//!  ┗ enter sends · ↑ ↓ move · f4 sends it as it is · esc closes ━┛
//! ```

use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::app::{App, Overlay};
use super::ink::{centred, cut, put};
use super::key::Key;
use super::theme::Theme;
use crate::model::clean;
use crate::model::clean_line;

/// Beyond this, a line is hard to follow.
const WIDTH: u16 = 100;

/// Columns that the names of the lines get at most.
const NAMES: usize = 24;

/// Bytes of one value; more is a paste gone wrong.
const MOST_BYTES: usize = 1 << 20;

/// What is filled in, and so what its last enter does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// The values of the prompt that is written.
    Values,
    /// The path of a file of cases.
    Cases,
    /// Name and note of a prompt that is saved.
    Save,
}

/// One line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub value: String,
    /// Shown where the value is empty.
    pub hint: &'static str,
    /// It may stay empty without a question.
    pub optional: bool,
    /// Byte at which the next key writes.
    at: usize,
}

impl Field {
    pub(super) fn new(name: &str, value: &str) -> Self {
        Self { name: name.into(), value: value.into(), at: value.len(), ..Self::default() }
    }

    pub(super) fn optional(mut self, hint: &'static str) -> Self {
        (self.optional, self.hint) = (true, hint);
        self
    }

    pub(super) fn hinted(mut self, hint: &'static str) -> Self {
        self.hint = hint;
        self
    }

    fn before(&self) -> &str {
        self.value.get(..self.at).unwrap_or(&self.value)
    }

    fn after(&self) -> &str {
        self.value.get(self.at..).unwrap_or_default()
    }

    fn insert(&mut self, text: &str) {
        let room = MOST_BYTES.saturating_sub(self.value.len());
        let text = text.get(..text.floor_char_boundary(room)).unwrap_or_default();
        self.value.insert_str(self.at, text);
        self.at += text.len();
    }

    /// Takes out what lies between a byte and the cursor, on either side of it.
    fn delete_to(&mut self, to: usize) {
        let (from, to) = (self.at.min(to), self.at.max(to));
        self.value.replace_range(from..to, "");
        self.at = from;
    }

    fn left(&self) -> usize {
        self.before().grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn right(&self) -> usize {
        self.at + self.after().graphemes(true).next().map_or(0, str::len)
    }

    fn word(&self) -> usize {
        let kept = self.before().trim_end();
        kept.rfind(char::is_whitespace).map_or(0, |at| at + 1)
    }

    /// A key that edits the line; false where it is none.
    fn key(&mut self, key: Key) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Left => self.at = self.left(),
            KeyCode::Right => self.at = self.right(),
            KeyCode::Home => self.at = 0,
            KeyCode::End => self.at = self.value.len(),
            KeyCode::Char('a') if control => self.at = 0,
            KeyCode::Char('e') if control => self.at = self.value.len(),
            KeyCode::Char('u') if control => self.delete_to(0),
            KeyCode::Char('k') if control => self.delete_to(self.value.len()),
            KeyCode::Char('w') if control => self.delete_to(self.word()),
            KeyCode::Backspace => self.delete_to(self.left()),
            KeyCode::Delete => self.delete_to(self.right()),
            KeyCode::Char(c) if (key.modifiers - KeyModifiers::SHIFT).is_empty() => {
                self.insert(c.encode_utf8(&mut [0; 4]));
            }
            _ => return false,
        }
        true
    }
}

/// The open form.
#[derive(Debug)]
pub struct Form {
    pub purpose: Purpose,
    title: String,
    pub(super) fields: Vec<Field>,
    cursor: usize,
    /// Lines that are empty have been pointed at: the next enter means it.
    warned: bool,
    /// As last drawn, and the first line in it.
    list: Rect,
    top: usize,
}

/// What a key has come to.
enum Done {
    No,
    Closed,
    Verbatim,
    Filled,
}

impl Form {
    pub(super) fn new(purpose: Purpose, title: String, fields: Vec<Field>) -> Self {
        let cursor = fields.iter().position(|f| f.value.is_empty()).unwrap_or(0);
        Self { purpose, title, fields, cursor, warned: false, list: Rect::ZERO, top: 0 }
    }

    /// The value of a line.
    pub(super) fn value(&self, at: usize) -> &str {
        self.fields.get(at).map(|f| f.value.as_str()).unwrap_or_default()
    }

    fn step(&mut self, by: isize) {
        self.cursor = self.cursor.saturating_add_signed(by).min(self.fields.len().saturating_sub(1));
    }

    fn key(&mut self, key: Key) -> Done {
        let newline = matches!(key.code, KeyCode::Enter) && !key.modifiers.is_empty();
        match key.code {
            KeyCode::Esc => return Done::Closed,
            KeyCode::F(4) if self.purpose == Purpose::Values => return Done::Verbatim,
            KeyCode::Enter if newline && self.purpose == Purpose::Values => self.write("\n"),
            KeyCode::Enter if self.cursor + 1 < self.fields.len() => self.step(1),
            KeyCode::Enter => return self.finish(),
            KeyCode::Tab | KeyCode::Down => self.step(1),
            KeyCode::BackTab | KeyCode::Up => self.step(-1),
            _ => {
                if let Some(field) = self.fields.get_mut(self.cursor) {
                    self.warned &= !field.key(key);
                }
            }
        }
        Done::No
    }

    /// Enter on the last line. What is empty is pointed at once: it may be a slip.
    fn finish(&mut self) -> Done {
        let empty = self.fields.iter().position(|f| f.value.is_empty() && !f.optional);
        match empty {
            // A path or a name is needed; an empty value of a prompt can be meant.
            Some(at) if !self.warned || self.purpose != Purpose::Values => {
                (self.cursor, self.warned) = (at, true);
                Done::No
            }
            _ => Done::Filled,
        }
    }

    fn write(&mut self, text: &str) {
        self.warned = false;
        if let Some(field) = self.fields.get_mut(self.cursor) {
            field.insert(text);
        }
    }

    /// Several lines stay several lines where a value is pasted.
    pub(super) fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let fine = |c: char| c == '\n' || c == '\t' || { clean(c.encode_utf8(&mut [0; 4])) == c.to_string() };
        let kept: String = text.chars().filter(|c| fine(*c)).collect();
        if self.purpose == Purpose::Values {
            self.write(&kept);
        } else {
            self.write(kept.trim_end().split('\n').next().unwrap_or_default());
        }
    }

    fn hints(&self) -> String {
        let last = match self.purpose {
            Purpose::Values => "sends",
            Purpose::Cases => "loads the cases",
            Purpose::Save => "saves",
        };
        let moves = if self.fields.len() > 1 { " · ↑ ↓ move" } else { "" };
        let verbatim = if self.purpose == Purpose::Values { " · f4 sends it as it is" } else { "" };
        let enter = if self.cursor + 1 < self.fields.len() { "next line, then" } else { "" };
        let enter = [enter, last].join(" ");
        format!("enter {}{moves}{verbatim} · esc closes", enter.trim_start())
    }
}

impl App {
    pub(super) fn open_form(&mut self, form: Form) {
        self.templates.form = Some(form);
        self.overlay = Some(Overlay::Form);
    }

    /// A key while the form is open; it takes every one.
    pub(super) fn form_key(&mut self, key: Key) {
        let Some(form) = &mut self.templates.form else { return };
        let (done, warned) = (form.key(key), form.warned);
        let purpose = form.purpose.clone();
        self.templates.remember();
        match done {
            Done::No if warned && key.code == KeyCode::Enter => match purpose {
                Purpose::Values => {
                    self.say("this one is empty: write it, or enter on the last line sends it so");
                }
                Purpose::Cases => self.say("the path of a .csv, .jsonl or .toml file"),
                Purpose::Save => self.say("a prompt needs a name"),
            },
            Done::No => {}
            Done::Closed => self.close_form(),
            Done::Verbatim => {
                self.close_form();
                self.send_verbatim();
            }
            Done::Filled => {
                let Some(form) = self.templates.form.take() else { return };
                self.overlay = None;
                match purpose {
                    Purpose::Values => self.send_filled(),
                    Purpose::Cases => self.load_cases(form.value(0)),
                    Purpose::Save => self.save_prompt(form.value(0), form.value(1)),
                }
            }
        }
    }

    pub(super) fn form_paste(&mut self, text: &str) {
        if let Some(form) = &mut self.templates.form {
            form.paste(text);
        }
        self.templates.remember();
    }

    fn close_form(&mut self) {
        self.overlay = None;
        self.templates.form = None;
    }

    /// A click points at a line; beside the form it closes it.
    pub(super) fn form_click(&mut self, at: (u16, u16)) {
        let Some(form) = &mut self.templates.form else { return };
        if !form.list.contains(Position::from(at)) {
            self.close_form();
            return;
        }
        let row = form.top + usize::from(at.1 - form.list.y);
        if row < form.fields.len() {
            form.cursor = row;
        }
    }
}

pub(super) fn draw(app: &mut App, theme: &Theme, frame: &mut Frame) {
    let screen = frame.area();
    let notice = app.notice.as_ref().map(|(text, _)| clean_line(text));
    let Some(form) = &mut app.templates.form else { return };
    let width = WIDTH.min(screen.width);
    let rows = u16::try_from(form.fields.len()).unwrap_or(u16::MAX);
    let area = centred(screen, width, rows.saturating_add(2).min(screen.height.saturating_sub(2).max(3)));
    let room = usize::from(area.width.saturating_sub(4));
    let (hint, style) = match notice {
        Some(notice) => (notice, theme.warn),
        None => (form.hints(), theme.faint),
    };
    let buffer = frame.buffer_mut();
    Clear.render(area, buffer);
    Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.focus)
        .title_top(Line::styled(format!(" {} ", cut(&clean_line(&form.title), room)), theme.text))
        .title_bottom(Line::styled(format!(" {} ", cut(&hint, room)), style))
        .render(area, buffer);
    let list = Rect {
        x: area.x.saturating_add(2),
        y: area.y.saturating_add(1),
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    };
    form.list = list;
    let seen = usize::from(list.height);
    form.top = form.top.min(form.cursor).max((form.cursor + 1).saturating_sub(seen));
    let names = form.fields.iter().map(|f| f.name.width()).max().unwrap_or(0).min(NAMES).min(room / 3);
    for ((at, field), y) in form.fields.iter().enumerate().skip(form.top).take(seen).zip(list.y..) {
        let line = row(field, at == form.cursor, names, room.saturating_sub(names + 4), theme);
        put(buffer, Rect { y, height: 1, ..list }, line);
    }
}

fn row(field: &Field, chosen: bool, names: usize, room: usize, theme: &Theme) -> Line<'static> {
    let name = cut(&clean_line(&field.name), names);
    let air = " ".repeat(names.saturating_sub(name.width()));
    let mut spans = vec![
        Span::styled(if chosen { "▸ " } else { "  " }, theme.focus),
        Span::styled(format!("{name}{air}  "), if chosen { theme.accent } else { theme.faint }),
    ];
    if !chosen {
        spans.push(Span::styled(cut(&flat(&field.value), room), theme.text));
        if field.value.is_empty() {
            spans.push(Span::styled(field.hint, theme.faint));
        }
        return Line::from(spans);
    }
    // What is written stays in view, with some of what stands around it.
    let (before, after) = (flat(field.before()), flat(field.after()));
    let shown = if before.width() + 1 > room { tail(&before, room.saturating_sub(1)) } else { before };
    let left = room.saturating_sub(shown.width());
    let mut rest = after.graphemes(true);
    let under = rest.next().map_or(" ".to_owned(), str::to_owned);
    let rest = cut(&rest.collect::<String>(), left.saturating_sub(under.width()));
    spans.push(Span::styled(shown, theme.text));
    spans.push(Span::styled(under, Style::new().add_modifier(Modifier::REVERSED)));
    spans.push(Span::styled(rest, theme.text));
    if field.value.is_empty() {
        spans.push(Span::styled(field.hint, theme.faint));
    }
    Line::from(spans)
}

/// Several lines on one: a break is seen, nothing else is taken out.
fn flat(text: &str) -> String {
    clean(text).replace('\n', "⏎").replace('\t', "    ")
}

/// The last so many columns.
fn tail(text: &str, columns: usize) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut width = 1;
    for grapheme in text.graphemes(true).rev() {
        width += grapheme.width();
        if width > columns {
            break;
        }
        kept.push(grapheme);
    }
    kept.push("…");
    kept.reverse();
    kept.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(field: &mut Field, keys: &[&str]) {
        for key in keys {
            assert!(field.key(Key::parse(key).unwrap()), "{key}");
        }
    }

    #[test]
    fn a_line_is_edited_anywhere_in_it() {
        let mut field = Field::new("tone", "an e\u{301}gry");
        typed(&mut field, &["left", "left", "left", "backspace", "x", "home", "y", "end", "z"]);
        assert_eq!(field.value, "yan xgryz");
        typed(&mut field, &["ctrl+w", "b", "ctrl+a", "delete", "right", "ctrl+k"]);
        assert_eq!((field.value.as_str(), field.at), ("a", 1));
        typed(&mut field, &["ctrl+u", "left", "backspace", "delete", "right"]);
        assert_eq!((field.value.as_str(), field.at), ("", 0));
    }

    #[test]
    fn a_paste_keeps_its_lines_and_no_escape() {
        let mut form = Form::new(Purpose::Values, String::new(), vec![Field::new("a", "x")]);
        form.paste("1\r\n2\u{1b}[31m\u{202e}\r3");
        assert_eq!(form.value(0), "x1\n2[31m\n3");
        let mut form = Form::new(Purpose::Cases, String::new(), vec![Field::new("a", "")]);
        form.paste("/tmp/c.csv\nmore");
        assert_eq!(form.value(0), "/tmp/c.csv");
    }

    #[test]
    fn a_long_value_shows_where_it_is_written() {
        assert_eq!(tail("abcdef", 4), "…def");
        assert_eq!(flat("a\nb\u{1b}"), "a⏎b␛");
    }
}
