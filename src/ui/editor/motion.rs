//! Where the cursor can go.

use super::buffer::{Buffer, Pos};

/// What a unit is to word motions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Space,
    Mark,
    Word,
}

/// The class of a unit; `big` knows only space and everything else.
pub fn class(unit: &str, big: bool) -> Class {
    match unit.chars().next() {
        None => Class::Space,
        Some(c) if c.is_whitespace() => Class::Space,
        Some(c) if big || c.is_alphanumeric() || c == '_' || !c.is_ascii() => Class::Word,
        Some(_) => Class::Mark,
    }
}

impl Buffer {
    fn class_at(&self, at: Pos, big: bool) -> Class {
        class(self.unit(at), big)
    }

    /// Steps right while a condition holds of the unit behind the place.
    fn forward(&self, mut at: Pos, holds: impl Fn(Pos) -> bool) -> Pos {
        while holds(at) {
            let Some(next) = self.right_of(at) else { break };
            at = next;
        }
        at
    }

    /// Steps left while a condition holds of the place before.
    fn backward(&self, mut at: Pos, holds: impl Fn(Pos) -> bool) -> Pos {
        while let Some(before) = self.left_of(at).filter(|p| holds(*p)) {
            at = before;
        }
        at
    }

    /// The beginning of the word before, as a shell moves: white space and marks are skipped.
    pub fn word_left(&self, at: Pos) -> Pos {
        let at = self.backward(at, |p| self.class_at(p, false) != Class::Word);
        self.backward(at, |p| self.class_at(p, false) == Class::Word)
    }

    /// The end of the next word.
    pub fn word_right(&self, at: Pos) -> Pos {
        let at = self.forward(at, |p| self.class_at(p, false) != Class::Word);
        self.forward(at, |p| self.class_at(p, false) == Class::Word)
    }

    pub fn line_start(at: Pos) -> Pos {
        Pos { byte: 0, ..at }
    }

    pub fn line_end(&self, at: Pos) -> Pos {
        Pos { byte: self.line(at.line).len(), ..at }
    }

    /// The first sign of a line that is no white space.
    pub fn first_sign(&self, at: Pos) -> Pos {
        let line = self.line(at.line);
        Pos { byte: line.len() - line.trim_start().len(), ..at }
    }

    /// vi's `w`: the beginning of the next word; an empty line is one.
    pub fn next_word(&self, at: Pos, big: bool) -> Pos {
        let kind = self.class_at(at, big);
        let on = |p: Pos| self.class_at(p, big);
        let mut to = at;
        if kind != Class::Space {
            to = self.forward(to, |p| on(p) == kind);
        }
        while on(to) == Class::Space {
            let Some(next) = self.right_of(to) else { break };
            to = next;
            if self.line(to.line).is_empty() && to.line != at.line {
                break;
            }
        }
        to
    }

    /// vi's `b`.
    pub fn word_before(&self, at: Pos, big: bool) -> Pos {
        let Some(mut to) = self.left_of(at) else { return at };
        while self.class_at(to, big) == Class::Space {
            if self.line(to.line).is_empty() {
                return to;
            }
            let Some(before) = self.left_of(to) else { return to };
            to = before;
        }
        let kind = self.class_at(to, big);
        self.backward(to, |p| self.class_at(p, big) == kind)
    }

    /// vi's `e`: on the last sign of a word.
    pub fn word_end(&self, at: Pos, big: bool) -> Pos {
        let Some(mut to) = self.right_of(at) else { return at };
        to = self.forward(to, |p| self.class_at(p, big) == Class::Space && !self.unit(p).is_empty());
        let kind = self.class_at(to, big);
        while let Some(next) = self.right_of(to).filter(|p| self.class_at(*p, big) == kind) {
            if self.unit(next).is_empty() {
                break;
            }
            to = next;
        }
        to
    }

    /// The word around a place; with `around` its white space too. First place, and behind the last.
    pub fn word_around(&self, at: Pos, big: bool, around: bool) -> (Pos, Pos) {
        let kind = self.class_at(at, big);
        let here = |p: Pos, kind| p.line == at.line && self.unit(p) != "\n" && self.class_at(p, big) == kind;
        let mut from = self.backward(at, |p| here(p, kind));
        let mut to = self.forward(at, |p| here(p, kind) && !self.unit(p).is_empty());
        if around && kind != Class::Space {
            let behind = self.forward(to, |p| here(p, Class::Space) && !self.unit(p).is_empty());
            if behind == to {
                from = self.backward(from, |p| here(p, Class::Space));
            }
            to = behind;
        } else if around {
            let next = self.class_at(to, big);
            to = self.forward(to, |p| here(p, next) && !self.unit(p).is_empty());
        }
        (from, to)
    }

    /// The n-th place of a sign in the line, to the right or to the left.
    pub fn find(&self, at: Pos, wanted: char, right: bool, count: usize) -> Option<Pos> {
        let is = |p: &Pos| self.unit(*p).starts_with(wanted);
        let mut to = at;
        for _ in 0..count {
            loop {
                to = if right { self.right_of(to) } else { self.left_of(to) }?;
                if to.line != at.line {
                    return None;
                }
                if is(&to) {
                    break;
                }
            }
        }
        Some(to)
    }
}
