//! The text of an answer as a pane shows it, and what a search has found in it.

use std::borrow::Cow;
use std::ops::Range;

use super::markdown::{Found, Ink, Markdown, Pieces, Role};
use super::search::places;
use super::text::Flow;

/// The text of an answer: rendered, or as it was written.
#[derive(Debug)]
pub(super) enum Body {
    Rendered(Box<Markdown>),
    Source(Flow),
}

impl Body {
    pub(super) fn new(source: bool) -> Self {
        if source { Self::Source(Flow::new()) } else { Self::Rendered(Box::default()) }
    }

    pub(super) fn push(&mut self, raw: &str) {
        match self {
            Self::Rendered(text) => text.push(raw),
            Self::Source(text) => text.push(raw),
        }
    }

    pub(super) fn finish(&mut self) {
        match self {
            Self::Rendered(text) => text.finish(),
            Self::Source(text) => text.finish(),
        }
    }

    pub(super) fn hidden(&self) -> u64 {
        match self {
            Self::Rendered(text) => text.hidden(),
            Self::Source(text) => text.hidden(),
        }
    }

    pub(super) fn rows(&mut self, width: u16) -> usize {
        match self {
            Self::Rendered(text) => text.rows(width),
            Self::Source(text) => text.rows(width),
        }
    }

    pub(super) fn row(&mut self, number: usize) -> Pieces<'_> {
        match self {
            Self::Rendered(text) => text.row(number),
            Self::Source(text) => vec![(Cow::Borrowed(text.row(number)), Ink::default())],
        }
    }

    pub(super) fn start(&mut self, number: usize) -> usize {
        match self {
            Self::Rendered(text) => text.start(number),
            Self::Source(text) => text.start(number),
        }
    }

    pub(super) fn row_at(&mut self, byte: usize) -> usize {
        match self {
            Self::Rendered(text) => text.row_at(byte),
            Self::Source(text) => text.row_at(byte),
        }
    }

    /// Looks for `needle`; gives how many there are.
    pub(super) fn search(&mut self, sought: &mut Sought, needle: &str, number: u64) -> usize {
        match self {
            Self::Rendered(text) => {
                sought.number = number;
                text.search(needle, number)
            }
            Self::Source(text) => {
                if sought.number != number || sought.seen != text.text().len() {
                    let places = places(text.text(), needle);
                    *sought = Sought { number, places, seen: text.text().len() };
                }
                sought.places.len()
            }
        }
    }

    pub(super) fn row_of_match(&mut self, sought: &Sought, number: usize) -> Option<usize> {
        match self {
            Self::Rendered(text) => text.row_of_match(number),
            Self::Source(text) => sought.places.get(number).map(|p| text.row_at(p.start)),
        }
    }

    /// A row with what a search has found in it; `here` is the match that was jumped to.
    pub(super) fn marked_row(&mut self, number: usize, sought: &Sought, here: Option<usize>) -> Pieces<'_> {
        let found = if sought.number > 0 { self.matches(number, sought) } else { Vec::new() };
        marked(self.row(number), &found, here)
    }

    /// What a search finds in the row: ranges of its text, each with its number among all.
    fn matches(&mut self, number: usize, found: &Sought) -> Vec<(Range<usize>, usize)> {
        match self {
            Self::Rendered(text) => text.matches_in(number, found.number),
            Self::Source(text) => {
                let row = text.range(number);
                let first = found.places.partition_point(|p| p.end <= row.start);
                let all = found.places.iter().zip(0..).skip(first);
                all.take_while(|(p, _)| p.start < row.end)
                    .map(|(p, n)| (p.start.max(row.start) - row.start..p.end.min(row.end) - row.start, n))
                    .collect()
            }
        }
    }

    pub(super) fn complete(&mut self) {
        if let Self::Rendered(text) = self {
            text.complete();
        }
    }
}

/// What a search has found in one pane.
#[derive(Debug, Default)]
pub(super) struct Sought {
    /// Of the search; zero is none.
    pub(super) number: u64,
    /// In a text that is shown as it was written.
    places: Vec<Range<usize>>,
    /// Bytes of the text that were looked through.
    seen: usize,
}

/// The pieces of a row with its matches marked.
fn marked<'a>(pieces: Pieces<'a>, found: &[(Range<usize>, usize)], here: Option<usize>) -> Pieces<'a> {
    if found.is_empty() {
        return pieces;
    }
    // What stands before the text of a line is not searched.
    let lead = pieces.first().filter(|(_, ink)| ink.role == Role::Lead).map_or(0, |(text, _)| text.len());
    let mut out = Pieces::new();
    let mut at = 0;
    for (text, ink) in pieces {
        let mut from = 0;
        while let Some(rest) = text.get(from..).filter(|r| !r.is_empty()) {
            let place = (at + from).checked_sub(lead);
            let inside = found.iter().find(|(r, _)| place.is_some_and(|p| r.contains(&p)));
            let end = match (inside, place) {
                (Some((r, _)), Some(p)) => r.end - p,
                (None, Some(p)) => {
                    found.iter().map(|(r, _)| r.start).filter(|s| *s > p).min().map_or(rest.len(), |s| s - p)
                }
                (_, None) => rest.len(),
            };
            let mark = match inside {
                Some((_, number)) if Some(*number) == here => Found::Here,
                Some(_) => Found::Yes,
                None => Found::No,
            };
            let end = end.min(rest.len());
            let Some(piece) = rest.get(..end) else { break };
            out.push((Cow::Owned(piece.to_owned()), Ink { found: mark, ..ink }));
            from += end;
        }
        at += text.len();
    }
    out
}
