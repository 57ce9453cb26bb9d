//! vi's keys: a small machine from signs to what the editor does anyway.

use crossterm::event::{KeyCode, KeyModifiers};

use super::Editor;
use super::buffer::{Buffer, Pos};
use super::vi_table::{ACTS, Act, MOTIONS, Motion, OPERATORS, Op, Reach, SHORT, row};
use crate::ui::key::Key;

/// Nobody counts further, and a slip of the finger must not freeze the field.
const MOST_COUNTED: usize = 9_999;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Insert,
    Normal,
    Visual,
    VisualLines,
}

/// A key that waits for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    G,
    Find(Find),
    /// `i` or `a` before a text object.
    Object {
        around: bool,
    },
    Replace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Find {
    right: bool,
    /// One sign before it.
    till: bool,
}

/// The state of vi's keys.
#[derive(Debug, Default)]
pub struct Vi {
    mode: Mode,
    count: Option<usize>,
    /// An operator waits for its motion; the count that stood before it.
    op: Option<(Op, Option<usize>)>,
    wait: Option<Wait>,
    found: Option<(Find, char)>,
}

impl Vi {
    pub fn word(&self) -> &'static str {
        match self.mode {
            Mode::Insert => "insert",
            Mode::Normal => "normal",
            Mode::Visual => "visual",
            Mode::VisualLines => "visual lines",
        }
    }

    pub fn is_visual(&self) -> bool {
        matches!(self.mode, Mode::Visual | Mode::VisualLines)
    }

    fn reset(&mut self) {
        (self.count, self.op, self.wait) = (None, None, None);
    }

    fn waits(&self) -> bool {
        self.count.is_some() || self.op.is_some() || self.wait.is_some()
    }
}

impl Editor {
    /// A key while vi's keys are on; false where it is none of vi's.
    pub fn vi_key(&mut self, key: Key) -> bool {
        let Some(vi) = &mut self.vi else { return false };
        // The mouse or shift has selected something.
        if vi.mode == Mode::Normal && self.buffer.selection().is_some() {
            vi.mode = Mode::Visual;
        }
        let control = key.modifiers == KeyModifiers::CONTROL;
        match (vi.mode, key.code) {
            (Mode::Insert, KeyCode::Esc) => {
                let at = self.buffer.cursor();
                if at.byte > 0 {
                    self.buffer.go(self.buffer.left_of(at).unwrap_or(at), false);
                }
                self.enter(Mode::Normal);
            }
            (Mode::Normal, KeyCode::Esc) if !vi.waits() => return false,
            (Mode::Normal, KeyCode::Esc) => vi.reset(),
            (_, KeyCode::Esc) => self.enter(Mode::Normal),
            (Mode::Insert, _) => return false,
            (Mode::Normal, KeyCode::Char('r')) if control => {
                for _ in 0..self.counted() {
                    self.redo();
                }
            }
            (_, KeyCode::Backspace) => self.sign('h'),
            (_, KeyCode::Delete) => self.sign('x'),
            (_, KeyCode::Char(c)) if (key.modifiers - KeyModifiers::SHIFT).is_empty() => self.sign(c),
            _ => return false,
        }
        self.view.loose = false;
        true
    }

    /// The count so far, used up.
    fn counted(&mut self) -> usize {
        self.vi.as_mut().and_then(|vi| vi.count.take()).unwrap_or(1)
    }

    fn enter(&mut self, mode: Mode) {
        let Some(vi) = &mut self.vi else { return };
        vi.reset();
        vi.mode = mode;
        match mode {
            Mode::Insert => {
                self.buffer.set_anchor(None);
                self.buffer.begin_session(false);
            }
            Mode::Normal => {
                self.buffer.end_session();
                self.buffer.set_anchor(None);
                self.settle();
            }
            Mode::Visual | Mode::VisualLines if self.buffer.anchor().is_none() => {
                self.buffer.set_anchor(Some(self.buffer.cursor()));
            }
            Mode::Visual | Mode::VisualLines => {}
        }
    }

    /// In normal mode the cursor stands on a sign, not behind the last; a visual mode whose
    /// selection was used is over.
    pub(super) fn settle(&mut self) {
        if let Some(vi) = &mut self.vi
            && vi.is_visual()
            && self.buffer.anchor().is_none()
        {
            vi.reset();
            vi.mode = Mode::Normal;
        }
        if self.vi.as_ref().is_none_or(|vi| vi.mode != Mode::Normal) {
            return;
        }
        let at = self.buffer.cursor();
        if at.byte > 0 && at == self.buffer.line_end(at) && self.buffer.anchor().is_none() {
            let aim = self.buffer.aim;
            self.buffer.go(self.buffer.left_of(at).unwrap_or(at), false);
            self.buffer.aim = aim;
        }
    }

    /// What is selected in a visual mode: the sign under the cursor too, or whole lines.
    pub(super) fn vi_selected(&self, vi: &Vi) -> (Pos, Pos) {
        let cursor = self.buffer.cursor();
        let anchor = self.buffer.anchor().unwrap_or(cursor);
        let (from, to) = (anchor.min(cursor), anchor.max(cursor));
        if vi.mode == Mode::VisualLines {
            return (Buffer::line_start(from), self.buffer.line_end(to));
        }
        (from, self.buffer.right_of(to).unwrap_or(to))
    }

    /// One sign of a command.
    fn sign(&mut self, c: char) {
        let Some(vi) = &mut self.vi else { return };
        if let Some(wait) = vi.wait.take() {
            return self.second(wait, c);
        }
        if let Some(digit) = c.to_digit(10).filter(|d| *d > 0 || vi.count.is_some()) {
            let digit = usize::try_from(digit).unwrap_or_default();
            vi.count = Some((vi.count.unwrap_or(0) * 10 + digit).min(MOST_COUNTED));
            return;
        }
        let visual = vi.is_visual();
        let wait = match c {
            'g' => Some(Wait::G),
            'f' | 'F' | 't' | 'T' => {
                Some(Wait::Find(Find { right: c.is_lowercase(), till: c.eq_ignore_ascii_case(&'t') }))
            }
            'i' | 'a' if visual || vi.op.is_some() => Some(Wait::Object { around: c == 'a' }),
            'r' if vi.op.is_none() => Some(Wait::Replace),
            _ => None,
        };
        if wait.is_some() {
            vi.wait = wait;
        } else if let Some(op) = row(OPERATORS, c) {
            self.operator(op);
        } else if let Some((_, motion, reach)) = MOTIONS.iter().find(|(sign, ..)| *sign == c) {
            self.motion(*motion, *reach);
        } else if vi.op.is_some() {
            vi.reset();
        } else if let Some(long) = row(SHORT, c) {
            // In a visual mode there is a selection already: the operator is enough.
            long.chars().take(if visual { 1 } else { 2 }).for_each(|c| self.sign(c));
        } else if visual && c == 'o' {
            let (cursor, anchor) = (self.buffer.cursor(), self.buffer.anchor());
            self.buffer.go(anchor.unwrap_or(cursor), true);
            self.buffer.set_anchor(Some(cursor));
        } else if let Some(act) = row(ACTS, c) {
            self.act(act);
        } else {
            vi.reset();
        }
    }

    /// The sign that another one has waited for.
    fn second(&mut self, wait: Wait, c: char) {
        let at = self.buffer.cursor();
        match (wait, c) {
            (Wait::G, 'g') => self.motion(Motion::Top, Reach::Lines),
            (Wait::Find(find), _) => {
                if let Some(vi) = &mut self.vi {
                    vi.found = Some((find, c));
                }
                self.find(find, c);
            }
            (Wait::Object { around }, 'w' | 'W') => {
                let (from, to) = self.buffer.word_around(at, c == 'W', around);
                self.target(from, to);
            }
            (Wait::Replace, _) if self.vi.as_ref().is_some_and(|vi| !vi.is_visual()) => {
                let count = self.counted();
                let mut to = at;
                for _ in 0..count {
                    if to == self.buffer.line_end(to) {
                        return;
                    }
                    to = self.buffer.right_of(to).unwrap_or(to);
                }
                self.change(at, to, &c.to_string().repeat(count));
                let end = self.buffer.cursor();
                self.buffer.go(self.buffer.left_of(end).unwrap_or(end), false);
            }
            _ => {
                if let Some(vi) = &mut self.vi {
                    vi.reset();
                }
            }
        }
    }

    fn find(&mut self, find: Find, c: char) {
        let count = self.counts();
        let at = self.buffer.cursor();
        let Some(mut to) = self.buffer.find(at, c, find.right, count) else {
            if let Some(vi) = &mut self.vi {
                vi.reset();
            }
            return;
        };
        if find.till {
            let back = if find.right { self.buffer.left_of(to) } else { self.buffer.right_of(to) };
            to = back.unwrap_or(to);
        }
        self.arrive(to, if find.right { Reach::Inclusive } else { Reach::Exclusive });
    }

    /// The count of a motion: before the operator times behind it.
    fn counts(&mut self) -> usize {
        let Some(vi) = &mut self.vi else { return 1 };
        let before = vi.op.as_mut().and_then(|(_, count)| count.take());
        (vi.count.take().unwrap_or(1) * before.unwrap_or(1)).min(MOST_COUNTED)
    }

    fn operator(&mut self, op: Op) {
        let Some(vi) = &mut self.vi else { return };
        if vi.is_visual() {
            let (lines, (from, to)) = (vi.mode == Mode::VisualLines, self.vi_selected_now());
            return self.operate(op, from, to, lines);
        }
        match vi.op {
            // Twice the same is its own motion: whole lines.
            Some((before, _)) if before == op => {
                let count = self.counts();
                let from = Buffer::line_start(self.buffer.cursor());
                let to = self.buffer.clamp(Pos { line: from.line + count - 1, byte: 0 });
                self.operate(op, from, self.buffer.line_end(to), true);
            }
            Some(_) => vi.reset(),
            None => vi.op = Some((op, vi.count.take())),
        }
    }

    fn vi_selected_now(&self) -> (Pos, Pos) {
        self.selected().unwrap_or((self.buffer.cursor(), self.buffer.cursor()))
    }

    fn motion(&mut self, motion: Motion, reach: Reach) {
        let Some(vi) = &self.vi else { return };
        let (op, found) = (vi.op.map(|(op, _)| op), vi.found);
        let counted = vi.count.is_some() || vi.op.is_some_and(|(_, count)| count.is_some());
        let at = self.buffer.cursor();
        if let (Motion::FindAgain | Motion::FindBack, Some((find, c))) = (motion, found) {
            return self.find(Find { right: find.right == (motion == Motion::FindAgain), ..find }, c);
        }
        let count = self.counts();
        let line = |number: usize| self.buffer.first_sign(Pos { line: number, byte: 0 });
        let to = match motion {
            Motion::Top => line(if counted { count - 1 } else { 0 }.min(self.buffer.lines().len() - 1)),
            Motion::Bottom => {
                let last = self.buffer.lines().len() - 1;
                line(if counted { (count - 1).min(last) } else { last })
            }
            Motion::LineStart => Buffer::line_start(at),
            Motion::FirstSign => self.buffer.first_sign(at),
            Motion::LineEnd => {
                self.buffer.line_end(self.buffer.clamp(Pos { line: at.line + count - 1, byte: 0 }))
            }
            // Rows of the screen where nothing but the cursor moves; lines for an operator.
            Motion::Up | Motion::Down if op.is_none() => {
                self.vertical(count, motion == Motion::Down, self.vi.as_ref().is_some_and(Vi::is_visual));
                return self.settle();
            }
            Motion::Up => match at.line.checked_sub(count) {
                Some(line) => Pos { line, ..at },
                None => return self.enter(Mode::Normal),
            },
            Motion::Down if at.line + count < self.buffer.lines().len() => {
                Pos { line: at.line + count, ..at }
            }
            Motion::Down => return self.enter(Mode::Normal),
            // What `cw` changes is the word, not the space behind it.
            Motion::Word | Motion::BigWord if op == Some(Op::Change) && !self.on_space(at) => {
                let big = motion == Motion::BigWord;
                let from = self.buffer.left_of(at).filter(|p| p.line == at.line);
                // From one sign before, the end of this word is found where it is one sign long.
                let start =
                    if self.buffer.word_around(at, big, false).1 == self.buffer.right_of(at).unwrap_or(at) {
                        from.unwrap_or(at)
                    } else {
                        at
                    };
                let one = count == 1
                    && self.buffer.word_around(at, big, false).1
                        == self.buffer.right_of(at).unwrap_or_else(|| self.buffer.end());
                let to = if one { at } else { repeat(start, count, |p| self.buffer.word_end(p, big)) };
                return self.arrive(to, Reach::Inclusive);
            }
            other => repeat(at, count, |p| self.step(other, p, at.line, op.is_some())),
        };
        // `dw` on the last word of a line leaves the line's break.
        let word = matches!(motion, Motion::Word | Motion::BigWord);
        let to = if op.is_some() && word && to.line > at.line && count == 1 {
            self.buffer.line_end(at)
        } else {
            to
        };
        self.arrive(to, reach);
    }

    fn on_space(&self, at: Pos) -> bool {
        self.buffer.unit(at).starts_with(char::is_whitespace)
    }

    fn step(&self, motion: Motion, at: Pos, line: usize, operates: bool) -> Pos {
        let buffer = &self.buffer;
        match motion {
            Motion::Left => buffer.left_of(at).filter(|p| p.line == line).unwrap_or(at),
            Motion::Right => {
                let last = |p: &Pos| operates || *p != buffer.line_end(*p) || buffer.line(line).is_empty();
                buffer.right_of(at).filter(|p| p.line == line && last(p)).unwrap_or(at)
            }
            Motion::Word => buffer.next_word(at, false),
            Motion::BigWord => buffer.next_word(at, true),
            Motion::Back => buffer.word_before(at, false),
            Motion::BigBack => buffer.word_before(at, true),
            Motion::End => buffer.word_end(at, false),
            Motion::BigEnd => buffer.word_end(at, true),
            _ => at,
        }
    }

    /// A motion ends here: the cursor moves, the selection grows, or the operator acts.
    fn arrive(&mut self, to: Pos, reach: Reach) {
        let Some(vi) = &mut self.vi else { return };
        let at = self.buffer.cursor();
        let Some((op, _)) = vi.op else {
            let visual = vi.is_visual();
            vi.reset();
            self.buffer.go(to, visual);
            return self.settle();
        };
        let (from, mut to) = (at.min(to), at.max(to));
        if reach == Reach::Lines {
            return self.operate(op, Buffer::line_start(from), self.buffer.line_end(to), true);
        }
        if reach == Reach::Inclusive && to != self.buffer.line_end(to) {
            to = self.buffer.right_of(to).unwrap_or(to);
        }
        self.operate(op, from, to, false);
    }

    /// A text object.
    fn target(&mut self, from: Pos, to: Pos) {
        let Some(vi) = &mut self.vi else { return };
        if let Some((op, _)) = vi.op {
            return self.operate(op, from, to, false);
        }
        self.buffer.go(from, false);
        self.buffer.go(self.buffer.left_of(to).unwrap_or(to).max(from), true);
    }

    fn operate(&mut self, op: Op, from: Pos, to: Pos, lines: bool) {
        self.keep_for_vi(from, to, lines);
        match (op, lines) {
            (Op::Yank, _) => {
                self.enter(Mode::Normal);
                let keep_column = lines && self.buffer.cursor().line == from.line;
                self.buffer.go(if keep_column { self.buffer.cursor() } else { from }, false);
            }
            (Op::Change, _) => {
                self.buffer.end_session();
                let changed = from != to;
                self.change(from, to, "");
                self.enter(Mode::Insert);
                self.buffer.begin_session(changed);
            }
            (Op::Delete, false) => {
                self.buffer.end_session();
                self.change(from, to, "");
                self.enter(Mode::Normal);
            }
            (Op::Delete, true) => {
                self.buffer.end_session();
                let below =
                    (to.line + 1 < self.buffer.lines().len()).then_some(Pos { line: to.line + 1, byte: 0 });
                match (below, self.buffer.left_of(from)) {
                    (Some(below), _) => self.change(from, below, ""),
                    (None, Some(before)) => self.change(before, to, ""),
                    (None, None) => self.change(from, to, ""),
                }
                self.enter(Mode::Normal);
                self.buffer.go(self.buffer.first_sign(self.buffer.cursor()), false);
            }
        }
        self.settle();
    }

    fn keep_for_vi(&mut self, from: Pos, to: Pos, lines: bool) {
        if from < to || lines {
            self.yank = super::Yank { text: self.buffer.slice(from, to), lines };
        }
    }

    fn act(&mut self, act: Act) {
        let count = self.counted();
        let at = self.buffer.cursor();
        match act {
            Act::Insert | Act::Append | Act::InsertAtFirst | Act::AppendAtEnd => {
                let to = match act {
                    Act::Append if at != self.buffer.line_end(at) => self.buffer.right_of(at).unwrap_or(at),
                    Act::InsertAtFirst => self.buffer.first_sign(at),
                    Act::AppendAtEnd => self.buffer.line_end(at),
                    _ => at,
                };
                self.enter(Mode::Insert);
                self.buffer.go(to, false);
            }
            Act::OpenBelow | Act::OpenAbove => {
                self.buffer.end_session();
                let place =
                    if act == Act::OpenBelow { self.buffer.line_end(at) } else { Buffer::line_start(at) };
                self.change(place, place, "\n");
                if act == Act::OpenAbove {
                    self.buffer.go(place, false);
                }
                self.enter(Mode::Insert);
                self.buffer.begin_session(true);
            }
            Act::PutAfter | Act::PutBefore => self.put(act == Act::PutAfter, count),
            Act::Undo => (0..count).for_each(|_| {
                self.undo();
            }),
            Act::Visual => self.visual(Mode::Visual),
            Act::VisualLines => self.visual(Mode::VisualLines),
            Act::Join => {
                let end = self.buffer.line_end(at);
                if let Some(below) = self.buffer.right_of(end) {
                    self.change(end, self.buffer.first_sign(below), " ");
                    self.buffer.go(end, false);
                }
            }
            Act::Case => {
                let (mut to, mut text) = (at, String::new());
                for _ in 0..count {
                    if to == self.buffer.line_end(to) {
                        break;
                    }
                    let unit = self.buffer.unit(to);
                    let upper = unit.chars().any(char::is_lowercase);
                    text.push_str(&if upper { unit.to_uppercase() } else { unit.to_lowercase() });
                    to = self.buffer.right_of(to).unwrap_or(to);
                }
                self.change(at, to, &text);
                self.settle();
            }
        }
    }

    fn visual(&mut self, mode: Mode) {
        let same = self.vi.as_ref().is_some_and(|vi| vi.mode == mode);
        self.enter(if same { Mode::Normal } else { mode });
    }

    fn put(&mut self, after: bool, count: usize) {
        let (text, lines) = (self.yank.text.clone(), self.yank.lines);
        if text.is_empty() && !lines {
            return;
        }
        self.buffer.end_session();
        let at = self.buffer.cursor();
        if self.vi.as_ref().is_some_and(Vi::is_visual) {
            // What is replaced is what the next put has.
            let (from, to) = self.vi_selected_now();
            self.keep_for_vi(from, to, false);
            self.change(from, to, &text.repeat(count));
            return self.enter(Mode::Normal);
        }
        // A count never makes more than a prompt can hold.
        let count = count.min((super::MOST_PASTED / text.len().max(1)).max(1));
        if lines {
            let all = vec![text; count].join("\n");
            let (place, new) = if after {
                (self.buffer.line_end(at), format!("\n{all}"))
            } else {
                (Buffer::line_start(at), format!("{all}\n"))
            };
            self.change(place, place, &new);
            let line = if after { at.line + 1 } else { at.line };
            self.buffer.go(self.buffer.first_sign(Pos { line, byte: 0 }), false);
        } else {
            let behind = after && at != self.buffer.line_end(at);
            let place = if behind { self.buffer.right_of(at).unwrap_or(at) } else { at };
            self.change(place, place, &text.repeat(count));
            let end = self.buffer.cursor();
            self.buffer.go(self.buffer.left_of(end).unwrap_or(end), false);
        }
        self.buffer.end_session();
        self.settle();
    }
}

fn repeat(at: Pos, count: usize, step: impl Fn(Pos) -> Pos) -> Pos {
    let mut to = at;
    for _ in 0..count {
        let next = step(to);
        if next == to {
            break;
        }
        to = next;
    }
    to
}
