//! The text of the prompt with its cursor, its selection and what can be undone.
//!
//! Why no text field of a library: the one there is lays out the whole text at every key, moves
//! by characters where people see clusters, and knows no unit that is shown as something else,
//! which a folded paste is. Here a key costs what it changes.

use std::cell::RefCell;

use super::unit::{next_unit, previous_unit};
use super::wrap::Wraps;

/// Changes that can be undone.
const MOST_CHANGES: usize = 1_000;

/// Bytes that are held for undoing; the oldest go first.
const MOST_UNDONE: usize = 64 << 20;

/// Bytes up to which a change may be one of a run: a key's, not a paste's.
const SMALL: usize = 64;

/// A place between two units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pos {
    pub line: usize,
    /// Bytes from the line's beginning, at the edge of a unit.
    pub byte: usize,
}

/// One replacement, enough to do it the other way round.
#[derive(Debug)]
struct Change {
    at: Pos,
    removed: String,
    inserted: String,
    /// Where the cursor was.
    before: Pos,
    /// Belongs to the change before it: undone with it.
    joined: bool,
}

/// A text of at least one line.
#[derive(Debug)]
pub struct Buffer {
    lines: Vec<String>,
    cursor: Pos,
    /// The other end of the selection.
    anchor: Option<Pos>,
    /// The selection was begun by a mark: motions extend it until it is used or dropped.
    marked: bool,
    /// The column in cells that up and down aim for.
    pub(super) aim: Option<usize>,
    undo: Vec<Change>,
    redo: Vec<Change>,
    /// The last change may grow: nothing but typing has happened since.
    growing: bool,
    /// Every change belongs to the one before it, from the second on.
    session: Option<usize>,
    bytes: usize,
    /// Counts changes, up only.
    revision: u64,
    pub(super) wraps: RefCell<Wraps>,
}

impl Default for Buffer {
    fn default() -> Self {
        Self::new("", 0)
    }
}

impl Buffer {
    /// A text that cannot be undone, with the cursor at its end.
    pub fn new(text: &str, revision: u64) -> Self {
        let lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        let mut new = Self {
            wraps: RefCell::new(Wraps::new(lines.len())),
            lines,
            cursor: Pos::default(),
            anchor: None,
            marked: false,
            aim: None,
            undo: Vec::new(),
            redo: Vec::new(),
            growing: false,
            session: None,
            bytes: text.len(),
            revision,
        };
        new.cursor = new.end();
        new
    }

    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    pub fn line(&self, number: usize) -> &str {
        self.lines.get(number).map(String::as_str).unwrap_or_default()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn revision(&self) -> u64 {
        self.revision
    }

    pub fn text(&self) -> String {
        self.lines.join("\n")
    }

    pub fn cursor(&self) -> Pos {
        self.cursor
    }

    pub fn start() -> Pos {
        Pos::default()
    }

    pub fn end(&self) -> Pos {
        let line = self.lines.len().saturating_sub(1);
        Pos { line, byte: self.line(line).len() }
    }

    /// The nearest place that there is, at or before this one.
    pub fn clamp(&self, pos: Pos) -> Pos {
        let line = pos.line.min(self.lines.len().saturating_sub(1));
        let text = self.line(line);
        Pos { line, byte: text.floor_char_boundary(pos.byte.min(text.len())) }
    }

    /// Moves the cursor; a selection is dropped, or its end moves along.
    pub fn go(&mut self, to: Pos, select: bool) {
        self.anchor = match self.anchor {
            Some(anchor) if select => Some(anchor),
            _ if select => Some(self.cursor),
            _ => None,
        };
        self.marked &= select;
        self.cursor = self.clamp(to);
        self.aim = None;
        self.growing = false;
    }

    /// Sets the other end of the selection, or drops it.
    pub fn set_anchor(&mut self, anchor: Option<Pos>) {
        self.anchor = anchor.map(|at| self.clamp(at));
        self.marked = false;
        self.growing = false;
    }

    /// Begins a selection of nothing at the cursor, or drops what is selected.
    pub fn set_mark(&mut self, on: bool) {
        self.set_anchor(on.then_some(self.cursor));
        self.marked = on;
    }

    pub fn is_marked(&self) -> bool {
        self.marked
    }

    pub fn anchor(&self) -> Option<Pos> {
        self.anchor
    }

    /// The selection from its first to its last place; `None` where it is empty.
    pub fn selection(&self) -> Option<(Pos, Pos)> {
        let anchor = self.anchor.filter(|a| *a != self.cursor)?;
        Some((anchor.min(self.cursor), anchor.max(self.cursor)))
    }

    /// The text between two places.
    pub fn slice(&self, from: Pos, to: Pos) -> String {
        if from.line == to.line {
            return self.line(from.line).get(from.byte..to.byte).unwrap_or_default().to_owned();
        }
        let mut out = self.line(from.line).get(from.byte..).unwrap_or_default().to_owned();
        for line in self.lines.get(from.line + 1..to.line).unwrap_or_default() {
            out.push('\n');
            out.push_str(line);
        }
        out.push('\n');
        out.push_str(self.line(to.line).get(..to.byte).unwrap_or_default());
        out
    }

    pub fn left_of(&self, at: Pos) -> Option<Pos> {
        if at.byte > 0 {
            return Some(Pos { byte: previous_unit(self.line(at.line), at.byte), ..at });
        }
        let line = at.line.checked_sub(1)?;
        Some(Pos { line, byte: self.line(line).len() })
    }

    pub fn right_of(&self, at: Pos) -> Option<Pos> {
        let line = self.line(at.line);
        if at.byte < line.len() {
            return Some(Pos { byte: next_unit(line, at.byte), ..at });
        }
        (at.line + 1 < self.lines.len()).then_some(Pos { line: at.line + 1, byte: 0 })
    }

    /// The unit behind a place; a line feed at the end of a line, nothing at the end of the text.
    pub fn unit(&self, at: Pos) -> &str {
        let line = self.line(at.line);
        if at.byte < line.len() {
            return line.get(at.byte..next_unit(line, at.byte)).unwrap_or_default();
        }
        if at.line + 1 < self.lines.len() { "\n" } else { "" }
    }

    /// Replaces what lies between two places; the cursor goes behind what is new.
    pub fn replace(&mut self, from: Pos, to: Pos, text: &str) {
        let (from, to) = (self.clamp(from), self.clamp(to));
        if from == to && text.is_empty() {
            return;
        }
        let before = self.cursor;
        let (removed, after) = self.splice(from, to, text);
        self.redo.clear();
        self.cursor = after;
        self.anchor = None;
        self.marked = false;
        self.aim = None;
        let small = removed.len().max(text.len()) <= SMALL;
        if !(self.growing && small && self.grow(from, &removed, text)) {
            let joined = self.session.is_some_and(|start| self.undo.len() > start);
            self.undo.push(Change { at: from, removed, inserted: text.to_owned(), before, joined });
            self.forget_oldest();
        }
        self.growing = small;
    }

    /// Adds a change to the last one where both are one act of writing: a word, a run of backspaces.
    fn grow(&mut self, at: Pos, removed: &str, inserted: &str) -> bool {
        let Some(last) = self.undo.last_mut() else { return false };
        let adds = removed.is_empty() && last.removed.is_empty() && !inserted.contains('\n');
        if adds && behind(last.at, &last.inserted) == at {
            let new_word = last.inserted.ends_with(char::is_whitespace)
                && !inserted.starts_with(char::is_whitespace)
                && self.session.is_none();
            if !new_word {
                last.inserted.push_str(inserted);
            }
            return !new_word;
        }
        let takes = inserted.is_empty() && last.inserted.is_empty();
        if takes && behind(at, removed) == last.at {
            last.removed.insert_str(0, removed);
            last.at = at;
            return true;
        }
        false
    }

    fn forget_oldest(&mut self) {
        let held = |c: &Change| c.removed.len() + c.inserted.len();
        let mut bytes: usize = self.undo.iter().map(held).sum();
        while self.undo.len() > 1 && (self.undo.len() > MOST_CHANGES || bytes > MOST_UNDONE) {
            bytes -= held(&self.undo.remove(0));
            self.session = self.session.map(|at| at.saturating_sub(1));
        }
    }

    /// From here on, everything written is undone as one, until [`Buffer::end_session`].
    pub fn begin_session(&mut self, with_last: bool) {
        self.growing = false;
        self.session = Some(self.undo.len().saturating_sub(usize::from(with_last)));
    }

    pub fn end_session(&mut self) {
        self.growing = false;
        self.session = None;
    }

    /// Undoes the last act; false where there is none.
    pub fn undo(&mut self) -> bool {
        self.end_session();
        let mut any = false;
        while let Some(change) = self.undo.pop() {
            any = true;
            self.splice(change.at, behind(change.at, &change.inserted), &change.removed);
            self.go(change.before, false);
            let more = change.joined;
            self.redo.push(change);
            if !more {
                break;
            }
        }
        any
    }

    /// Does again what was undone; false where there is nothing.
    pub fn redo(&mut self) -> bool {
        self.end_session();
        let mut any = false;
        while let Some(change) = self.redo.pop() {
            any = true;
            let (_, after) = self.splice(change.at, behind(change.at, &change.removed), &change.inserted);
            self.go(after, false);
            self.undo.push(change);
            if !self.redo.last().is_some_and(|next| next.joined) {
                break;
            }
        }
        any
    }

    /// The replacement itself; gives what was removed and where the new text ends.
    fn splice(&mut self, from: Pos, to: Pos, text: &str) -> (String, Pos) {
        self.revision += 1;
        let removed = self.slice(from, to);
        self.bytes = self.bytes + text.len() - removed.len();
        let wraps = self.wraps.get_mut();
        if from.line == to.line && !text.contains('\n') {
            if let Some(line) = self.lines.get_mut(from.line) {
                line.replace_range(from.byte..to.byte, text);
            }
            wraps.changed(from.line, from.byte);
            return (removed, Pos { byte: from.byte + text.len(), ..from });
        }
        let head = self.lines.get(from.line).and_then(|l| l.get(..from.byte)).unwrap_or_default();
        let tail = self.lines.get(to.line).and_then(|l| l.get(to.byte..)).unwrap_or_default();
        let mut fresh: Vec<String> = text.split('\n').map(str::to_owned).collect();
        if let Some(first) = fresh.first_mut() {
            first.insert_str(0, head);
        }
        let mut end = Pos { line: from.line + fresh.len() - 1, byte: 0 };
        if let Some(last) = fresh.last_mut() {
            end.byte = last.len();
            last.push_str(tail);
        }
        wraps.replaced(from.line, to.line, fresh.len());
        self.lines.splice(from.line..=to.line, fresh);
        (removed, end)
    }
}

/// The place behind a text that begins at a place.
fn behind(at: Pos, text: &str) -> Pos {
    match text.rsplit_once('\n') {
        None => Pos { byte: at.byte + text.len(), ..at },
        Some((above, last)) => Pos { line: at.line + above.matches('\n').count() + 1, byte: last.len() },
    }
}
