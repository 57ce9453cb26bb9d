//! Long pastes, folded to one unit each: `[pasted 1,204 lines, 48 kB #1]`.

use std::sync::Arc;

use super::unit::{fold_char, fold_number};
use crate::ui::figures::grouped;

/// A paste of more lines, or of more bytes, is folded.
const FOLDED_LINES: usize = 20;
const FOLDED_BYTES: usize = 4_000;

/// The folded pastes of one prompt, by number.
#[derive(Debug, Default)]
pub struct Folds {
    all: Vec<Fold>,
}

#[derive(Debug)]
struct Fold {
    text: Arc<str>,
    label: String,
}

/// Whether a paste is long enough to be in the way.
pub fn is_long(text: &str) -> bool {
    text.len() > FOLDED_BYTES || text.bytes().filter(|b| *b == b'\n').nth(FOLDED_LINES - 1).is_some()
}

/// Bytes for people.
pub fn size(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

impl Folds {
    /// Folds a text; gives the character that stands for it, or `None` where there are too many.
    pub fn fold(&mut self, text: &str) -> Option<char> {
        let stand_in = fold_char(self.all.len())?;
        let lines = text.lines().count();
        let s = if lines == 1 { "" } else { "s" };
        let count = grouped(u64::try_from(lines).unwrap_or(u64::MAX));
        let label = format!("[pasted {count} line{s}, {} #{}]", size(text.len()), self.all.len() + 1);
        self.all.push(Fold { text: text.into(), label });
        Some(stand_in)
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub fn bytes(&self) -> usize {
        self.all.iter().map(|f| f.text.len()).sum()
    }

    pub fn label(&self, number: usize) -> String {
        self.all.get(number).map(|f| f.label.clone()).unwrap_or_default()
    }

    /// What a character stands for.
    pub fn content(&self, c: char) -> Option<&str> {
        self.all.get(fold_number(c)?).map(|f| &*f.text)
    }

    /// The text with every folded paste in its place.
    pub fn expand(&self, text: &str) -> String {
        if self.all.is_empty() {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len() + self.bytes());
        let mut rest = text;
        while let Some(at) = rest.find(|c| fold_number(c).is_some()) {
            let (before, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
            out.push_str(before);
            let mut chars = after.chars();
            if let Some(content) = chars.next().and_then(|c| self.content(c)) {
                out.push_str(content);
            }
            rest = chars.as_str();
        }
        out.push_str(rest);
        out
    }

    /// The text with every folded paste that stands in it once folded again: it has been
    /// elsewhere and has come back.
    pub fn fold_again(&self, text: String) -> String {
        let mut text = text;
        for (number, fold) in self.all.iter().enumerate() {
            let mut places = text.match_indices(&*fold.text).map(|(at, _)| at);
            if let (Some(at), None, Some(stand_in)) = (places.next(), places.next(), fold_char(number)) {
                text.replace_range(at..at + fold.text.len(), stand_in.encode_utf8(&mut [0; 4]));
            }
        }
        text
    }
}
