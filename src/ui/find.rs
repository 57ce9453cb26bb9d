//! A line that is typed into, and the search over lists that it drives.

use crossterm::event::{KeyCode, KeyModifiers};
use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use unicode_segmentation::UnicodeSegmentation;

use super::key::Key;
use crate::model::clean_line;

/// Characters of such a line; more is a paste gone wrong.
const MOST_TYPED: usize = 80;

/// Adds what was typed or pasted, filtered; what is too much is left out.
pub(super) fn add(line: &mut String, text: &str) {
    let room = MOST_TYPED.saturating_sub(line.chars().count());
    line.extend(clean_line(text).chars().take(room));
}

/// The keys that edit such a line, as in a shell; false where it is none of them.
pub(super) fn edit(line: &mut String, key: Key) -> bool {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('u') if control => line.clear(),
        KeyCode::Char('w') if control => {
            let kept = line.trim_end().rfind(' ').map_or(0, |at| at + 1);
            line.truncate(kept);
        }
        KeyCode::Backspace => {
            let last = line.grapheme_indices(true).next_back().map_or(0, |(at, _)| at);
            line.truncate(last);
        }
        // A single space is no line to be tidied.
        KeyCode::Char(' ') if key.modifiers.is_empty() => line.push(' '),
        KeyCode::Char(c) if (key.modifiers - KeyModifiers::SHIFT).is_empty() => {
            add(line, c.encode_utf8(&mut [0; 4]));
        }
        _ => return false,
    }
    true
}

/// What a line asks for: every word must be found.
pub(super) struct Wanted(Vec<Atom>);

impl Wanted {
    pub(super) fn new(line: &str) -> Self {
        let atom = |w| Atom::new(w, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy, false);
        Self(line.split_whitespace().map(atom).collect())
    }

    /// Nothing is asked for: everything is in.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How well these fields match: every word must match in some field; a word's letters do
    /// not stray over several.
    pub(super) fn score(&self, fields: &[&str], matcher: &mut Matcher) -> Option<u32> {
        let mut buffer = Vec::new();
        self.0.iter().try_fold(0_u32, |sum, word| {
            let scores = fields.iter().filter_map(|f| word.score(Utf32Str::new(f, &mut buffer), matcher));
            Some(sum + u32::from(scores.max()?))
        })
    }
}

/// The matcher is 100 kB: made when the first word is typed.
pub(super) fn matcher(kept: &mut Option<Box<Matcher>>) -> &mut Matcher {
    kept.get_or_insert_with(|| Box::new(Matcher::new(Config::DEFAULT)))
}
