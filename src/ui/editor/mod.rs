//! The prompt field: a text that wraps, is undone, selected and cut, folds long pastes and
//! knows how high it wants to be.

mod buffer;
mod draw;
mod fold;
mod motion;
mod unit;
mod vi;
mod vi_table;
mod wrap;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

use crate::model::clean;
use buffer::{Buffer, Pos};
use fold::{Folds, is_long, size};
use unit::fold_number;
use vi::Vi;

/// A paste larger than any model's context is a slip of the mouse.
const MOST_PASTED: usize = 16 << 20;

/// All pastes of one prompt together.
const MOST_HELD: usize = 64 << 20;

/// Rows beyond which the field is as high as it gets on any screen.
const ROWS_COUNTED: usize = 120;

/// Where the cursor can be sent by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    Left,
    Right,
    Up,
    Down,
    WordLeft,
    WordRight,
    LineStart,
    LineEnd,
    Start,
    End,
    PageUp,
    PageDown,
}

/// What was cut or copied last.
#[derive(Debug, Default)]
struct Yank {
    text: String,
    /// Whole lines, as vi cuts them.
    lines: bool,
}

/// What is seen of the text.
#[derive(Debug, Default)]
struct View {
    /// Where it was drawn last.
    area: Rect,
    /// Line and row at the top.
    top: (usize, usize),
    /// The wheel has moved the view: it does not follow the cursor until the next key.
    loose: bool,
}

/// The prompt being written.
#[derive(Default)]
pub struct Editor {
    buffer: Buffer,
    folds: Folds,
    yank: Yank,
    vi: Option<Vi>,
    view: View,
}

impl Editor {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A key that no command took: what it writes, and the keys that every text field knows.
    pub fn input(&mut self, event: &KeyEvent) {
        let plain = (event.modifiers - KeyModifiers::SHIFT).is_empty();
        // Right Alt writes signs on many keyboards, and arrives as both modifiers.
        let alt_gr = event.modifiers.contains(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match event.code {
            // Right Alt writes signs on many keyboards, and arrives as both modifiers.
            KeyCode::Char(c) if plain || alt_gr => self.write_sign(c),
            KeyCode::Up => self.go(Go::Up, event.modifiers.contains(KeyModifiers::SHIFT)),
            KeyCode::Down => self.go(Go::Down, event.modifiers.contains(KeyModifiers::SHIFT)),
            _ => {}
        }
    }

    fn write_sign(&mut self, c: char) {
        if fold_number(c).is_none() && !c.is_control() {
            self.write(c.encode_utf8(&mut [0; 4]));
        }
    }

    /// Inserts text as text, and never sends it. Terminals send the line breaks of a
    /// paste as CR. What the filter would mark is dropped, not spelled out: the prompt
    /// is what the models get. A long one is folded. Gives a notice when something was
    /// dropped or refused.
    pub fn paste(&mut self, text: &str) -> Option<String> {
        if text.len() > MOST_PASTED {
            return Some(format!(
                "nothing was pasted: the paste has {}, the prompt takes up to {}",
                size(text.len()),
                size(MOST_PASTED)
            ));
        }
        if self.folds.bytes() + self.buffer.bytes() + text.len() > MOST_HELD {
            return Some(format!(
                "nothing was pasted: the prompt and its pastes hold up to {}",
                size(MOST_HELD)
            ));
        }
        let (kept, dropped) = admit(text);
        let stand_in = if is_long(&kept) { self.folds.fold(&kept) } else { None };
        match stand_in {
            Some(c) => self.write(c.encode_utf8(&mut [0; 4])),
            None => self.write(&kept),
        }
        self.settle();
        let s = if dropped == 1 { "" } else { "s" };
        (dropped > 0).then(|| format!("{dropped} control or invisible character{s} left out of the paste"))
    }

    /// Writes at the cursor, in place of the selection.
    fn write(&mut self, text: &str) {
        let (from, to) = self.selected().unwrap_or((self.buffer.cursor(), self.buffer.cursor()));
        self.change(from, to, text);
    }

    fn change(&mut self, from: Pos, to: Pos, text: &str) {
        self.view.loose = false;
        self.buffer.replace(from, to, text);
    }

    pub fn newline(&mut self) {
        self.write("\n");
    }

    /// The text with every folded paste in its place.
    #[must_use]
    pub fn text(&self) -> String {
        self.folds.expand(&self.buffer.text())
    }

    /// Bytes of the text, a folded paste counted as one sign.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.buffer.bytes()
    }

    /// Bytes of the text with every folded paste in its place.
    #[must_use]
    pub fn len(&self) -> usize {
        let folded = |line: &String| -> usize {
            line.chars().filter_map(|c| self.folds.content(c)).map(str::len).sum()
        };
        let inside: usize =
            if self.folds.is_empty() { 0 } else { self.buffer.lines().iter().map(folded).sum() };
        self.buffer.bytes() + inside
    }

    /// Counts changes, up only: equal numbers, equal texts.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.buffer.revision()
    }

    /// The cursor's line up to the cursor; a folded paste is a sign of its own.
    #[must_use]
    pub fn head(&self) -> String {
        let at = self.buffer.cursor();
        self.buffer.line(at.line).get(..at.byte).unwrap_or_default().to_owned()
    }

    /// Writes a text in place of so many characters before the cursor, on its line.
    pub fn replace_head(&mut self, chars: usize, text: &str) {
        let at = self.buffer.cursor();
        let head = self.buffer.line(at.line).get(..at.byte).unwrap_or_default();
        let from = head.char_indices().rev().take(chars).last().map_or(at.byte, |(byte, _)| byte);
        self.change(Pos { byte: from, ..at }, at, &plain(text));
    }

    /// Replaces the text; the cursor goes to its end. It cannot be undone.
    pub fn set_text(&mut self, text: &str) {
        self.yank.text = self.folds.expand(&self.yank.text);
        self.folds = Folds::default();
        self.buffer = Buffer::new(&plain(text), self.buffer.revision() + 1);
        self.view = View { area: self.view.area, ..View::default() };
        if let Some(vi) = &mut self.vi {
            *vi = Vi::default();
        }
    }

    /// Replaces the text by what it has become elsewhere, as one act that can be undone. A paste
    /// that came back whole is folded again. False where nothing has changed.
    pub fn rewrite(&mut self, text: &str) -> bool {
        let new = self.folds.fold_again(plain(text));
        if new == self.buffer.text() {
            return false;
        }
        self.buffer.end_session();
        self.change(Buffer::start(), self.buffer.end(), &new);
        self.buffer.end_session();
        true
    }

    /// Takes the text out and leaves the field empty.
    pub fn take(&mut self) -> String {
        let text = self.text();
        self.set_text("");
        text
    }

    /// Nothing but white space.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let blank = |c: char| match self.folds.content(c) {
            Some(text) => text.trim().is_empty(),
            None => c.is_whitespace(),
        };
        self.buffer.lines().iter().all(|l| l.chars().all(blank))
    }

    #[must_use]
    pub fn on_first_line(&self) -> bool {
        let at = self.buffer.cursor();
        at.line == 0 && self.row(at) == 0
    }

    #[must_use]
    pub fn on_last_line(&self) -> bool {
        let at = self.buffer.cursor();
        let row = self.row(at);
        at.line + 1 == self.buffer.lines().len() && self.rows_of(at.line, row + 2) == row + 1
    }

    /// Undoes the last act of writing; false where there is none.
    pub fn undo(&mut self) -> bool {
        self.view.loose = false;
        let done = self.buffer.undo();
        self.settle();
        done
    }

    pub fn redo(&mut self) -> bool {
        self.view.loose = false;
        let done = self.buffer.redo();
        self.settle();
        done
    }

    /// Moves the cursor; with `select` the selection grows or shrinks.
    pub fn go(&mut self, how: Go, select: bool) {
        self.view.loose = false;
        // A selection that was begun with a mark stays until it is used or dropped.
        let select = select || self.marked();
        let at = self.buffer.cursor();
        let selected = self.buffer.selection().filter(|_| !select);
        let page = usize::from(self.view.area.height.saturating_sub(1).max(1));
        match (how, selected) {
            (Go::Left, Some((from, _))) => self.buffer.go(from, false),
            (Go::Right, Some((_, to))) => self.buffer.go(to, false),
            (Go::Left, None) => self.buffer.go(self.buffer.left_of(at).unwrap_or(at), select),
            (Go::Right, None) => self.buffer.go(self.buffer.right_of(at).unwrap_or(at), select),
            (Go::Up, _) => self.vertical(1, false, select),
            (Go::Down, _) => self.vertical(1, true, select),
            (Go::PageUp, _) => self.vertical(page, false, select),
            (Go::PageDown, _) => self.vertical(page, true, select),
            (Go::WordLeft, _) => self.buffer.go(self.buffer.word_left(at), select),
            (Go::WordRight, _) => self.buffer.go(self.buffer.word_right(at), select),
            (Go::LineStart, _) => self.buffer.go(Buffer::line_start(at), select),
            (Go::LineEnd, _) => self.buffer.go(self.buffer.line_end(at), select),
            (Go::Start, _) => self.buffer.go(Buffer::start(), select),
            (Go::End, _) => self.buffer.go(self.buffer.end(), select),
        }
        self.settle();
    }

    /// Removes the selection, or what lies between the cursor and where it would go. More
    /// than a sign is kept for [`Editor::put_back`].
    pub fn delete(&mut self, how: Go) {
        let at = self.buffer.cursor();
        let to = match how {
            Go::Left => self.buffer.left_of(at).unwrap_or(at),
            Go::Right => self.buffer.right_of(at).unwrap_or(at),
            Go::WordLeft => self.buffer.word_left(at),
            Go::WordRight => self.buffer.word_right(at),
            // At the edge of a line, the break goes.
            Go::LineStart if at.byte == 0 => self.buffer.left_of(at).unwrap_or(at),
            Go::LineStart => Buffer::line_start(at),
            Go::LineEnd if at == self.buffer.line_end(at) => self.buffer.right_of(at).unwrap_or(at),
            Go::LineEnd => self.buffer.line_end(at),
            _ => at,
        };
        let (from, to) = self.selected().unwrap_or((at.min(to), at.max(to)));
        if !matches!(how, Go::Left | Go::Right) {
            self.keep(from, to, false);
        }
        self.change(from, to, "");
        self.settle();
    }

    fn keep(&mut self, from: Pos, to: Pos, lines: bool) {
        if from < to {
            self.yank = Yank { text: self.buffer.slice(from, to), lines };
        }
    }

    /// Writes what was cut or copied last; false where nothing was.
    pub fn put_back(&mut self) -> bool {
        let text = self.yank.text.clone();
        self.write(&text);
        !text.is_empty()
    }

    /// The selected text, expanded, kept for [`Editor::put_back`]; with `cut` it is removed.
    pub fn copy(&mut self, cut: bool) -> Option<String> {
        let (from, to) = self.selected()?;
        self.keep(from, to, false);
        if cut {
            self.change(from, to, "");
        } else {
            self.buffer.set_anchor(None);
        }
        self.settle();
        Some(self.folds.expand(&self.yank.text))
    }

    /// What is selected, from its first to behind its last unit.
    fn selected(&self) -> Option<(Pos, Pos)> {
        match &self.vi {
            Some(vi) if vi.is_visual() => Some(self.vi_selected(vi)),
            _ => self.buffer.selection(),
        }
    }

    fn marked(&self) -> bool {
        // A mark is a selection of nothing that moving does not drop.
        self.vi.as_ref().is_some_and(Vi::is_visual) || self.buffer.is_marked()
    }

    /// Begins a selection at the cursor, which every motion then extends; or drops it. Says which.
    pub fn mark(&mut self) -> bool {
        let on = !self.buffer.is_marked();
        self.buffer.set_mark(on);
        on
    }

    pub fn select_all(&mut self) {
        self.view.loose = false;
        self.buffer.go(Buffer::start(), false);
        self.buffer.go(self.buffer.end(), true);
    }

    /// Puts the text of the folded paste at the cursor in its place, or of all that are selected;
    /// false where there is none.
    pub fn unfold(&mut self) -> bool {
        let at = self.buffer.cursor();
        let is_fold = |p: &Pos| self.buffer.unit(*p).chars().next().is_some_and(|c| fold_number(c).is_some());
        let before = || self.buffer.left_of(at).filter(is_fold).map(|p| (p, at));
        let here = || Some(at).filter(is_fold).map(|p| (p, self.buffer.right_of(p).unwrap_or(p)));
        let Some((from, to)) = self.selected().or_else(here).or_else(before) else { return false };
        let folded = self.buffer.slice(from, to);
        let text = self.folds.expand(&folded);
        if text == folded {
            return false;
        }
        self.change(from, to, &text);
        self.settle();
        true
    }

    #[must_use]
    pub fn has_folds(&self) -> bool {
        !self.folds.is_empty()
    }

    /// Switches vi's keys on or off; a command's own keys stay.
    pub fn set_vi(&mut self, on: bool) {
        self.buffer.end_session();
        self.buffer.set_anchor(None);
        self.vi = on.then(Vi::default);
    }

    #[must_use]
    pub fn is_vi(&self) -> bool {
        self.vi.is_some()
    }

    /// vi's mode, for the border.
    #[must_use]
    pub fn mode(&self) -> Option<&'static str> {
        self.vi.as_ref().map(Vi::word)
    }
}

/// Line breaks as we keep them, and none of the signs that stand for folded pastes.
fn plain(text: &str) -> String {
    let mut text =
        if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() };
    text.retain(|c| fold_number(c).is_none());
    text
}

/// The text without what could harm or be seen by nobody, and how many signs that were.
pub fn admit(text: &str) -> (String, usize) {
    let lines =
        if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() };
    let mut dropped = 0_usize;
    let mut one = [0_u8; 4];
    let mut kept = lines;
    kept.retain(|c| {
        let fine = matches!(c, '\n' | '\t' | ' '..='~')
            || c.is_alphanumeric()
            || fold_number(c).is_none() && {
                let alone: &str = c.encode_utf8(&mut one);
                clean(alone) == alone
            };
        dropped += usize::from(!fine);
        fine
    });
    (kept, dropped)
}

#[cfg(test)]
#[path = "editor_tests.rs"]
mod tests;
