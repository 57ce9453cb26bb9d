//! Searching in the answers of the round in view.
//!
//! A small letter finds both cases, a capital only itself. What is found is found in the text
//! as it is shown, so that emphasis in the middle of a phrase does not hide it.

use std::ops::Range;

use crossterm::event::KeyCode;

use super::app::{App, Overlay};
use super::find;
use super::key::Key;

/// What is looked for, and where the user is in it.
#[derive(Debug, Clone, Default)]
pub struct Search {
    pub needle: String,
    /// Told apart from the one before by this: panes keep what they found for it.
    pub(super) number: u64,
    /// The match that was jumped to last: pane, and its number in it.
    pub(super) at: Option<(usize, usize)>,
    /// Before it was changed, for esc.
    before: Option<Box<Search>>,
}

/// Every place of `needle` in `text`, none overlapping another.
pub(super) fn places(text: &str, needle: &str) -> Vec<Range<usize>> {
    let exact = needle.chars().any(char::is_uppercase);
    let Some(first) = needle.chars().next() else { return Vec::new() };
    let mut out = Vec::new();
    let mut from = 0;
    for (at, c) in text.char_indices() {
        if at < from || !same(c, first, exact) {
            continue;
        }
        let mut rest = text.get(at..).unwrap_or_default().char_indices();
        let mut end = at;
        let whole = needle.chars().all(|n| {
            rest.next().is_some_and(|(offset, c)| {
                end = at + offset + c.len_utf8();
                same(c, n, exact)
            })
        });
        if whole {
            out.push(at..end);
            from = end;
        }
    }
    out
}

fn same(a: char, b: char, exact: bool) -> bool {
    if exact || (a.is_ascii() && b.is_ascii()) {
        return a == b || (!exact && a.eq_ignore_ascii_case(&b));
    }
    a == b || a.to_lowercase().eq(b.to_lowercase())
}

impl App {
    /// Never one that was used: panes out of sight know an old search by its number.
    fn number_search(&mut self) -> u64 {
        self.searches += 1;
        self.searches
    }

    pub(super) fn search(&mut self) -> bool {
        let before = self.search.take().map(Box::new);
        let number = self.number_search();
        self.search = Some(Search { number, before, ..Search::default() });
        self.overlay = Some(Overlay::Search);
        true
    }

    /// A key while the needle is typed.
    pub(super) fn search_key(&mut self, key: Key) {
        let Some(search) = &mut self.search else {
            self.overlay = None;
            return;
        };
        match key.code {
            KeyCode::Esc => {
                self.overlay = None;
                self.search = search.before.take().map(|before| *before);
            }
            KeyCode::Enter => {
                self.overlay = None;
                search.before = None;
                if search.needle.is_empty() {
                    self.search = None;
                } else if search.at.is_none() {
                    self.search_step(true);
                }
            }
            KeyCode::Down => self.search_step(true),
            KeyCode::Up => self.search_step(false),
            _ if find::edit(&mut search.needle, key) => {
                search.at = None;
                self.searches += 1;
                search.number = self.searches;
            }
            _ => {}
        }
    }

    pub(super) fn search_paste(&mut self, text: &str) {
        if let Some(search) = &mut self.search {
            find::add(&mut search.needle, text);
            search.at = None;
            self.searches += 1;
            search.number = self.searches;
        }
    }

    pub(super) fn next_match(&mut self) -> bool {
        self.again(true)
    }

    pub(super) fn previous_match(&mut self) -> bool {
        self.again(false)
    }

    fn again(&mut self, forward: bool) -> bool {
        if self.jump_to_change(forward) {
            return true;
        }
        if self.search.is_none() {
            let key = self.keymap.first("search");
            self.say(format!("nothing is searched for: {key} asks for what"));
            return true;
        }
        self.search_step(forward);
        true
    }

    /// Looks in every pane of the round in view; gives how many matches each has.
    pub(super) fn matches(&mut self) -> Vec<usize> {
        let Some(search) = &self.search else { return Vec::new() };
        let (needle, number) = (search.needle.clone(), search.number);
        let layout = self.layout();
        let source = self.source;
        let shown = self.shown;
        let Some(round) = self.rounds.get_mut(shown) else { return Vec::new() };
        round
            .entries
            .iter_mut()
            .enumerate()
            .map(|(at, entry)| {
                let width =
                    layout.body(at).or_else(|| layout.panes.first().and_then(|(n, _)| layout.body(*n)));
                entry.pane.show_source(source);
                entry.pane.feed(&entry.answer);
                entry.pane.search(&needle, number, width.map_or(80, |b| b.width))
            })
            .collect()
    }

    /// Goes to the next match, in this pane and then in the others.
    fn search_step(&mut self, forward: bool) {
        let counts = self.matches();
        let all: usize = counts.iter().sum();
        let Some(search) = &self.search else { return };
        if all == 0 {
            let needle = search.needle.clone();
            if !needle.is_empty() {
                self.say(format!("no answer of this round has {needle:?}"));
            }
            return;
        }
        // The place in the row of all matches, pane by pane.
        let before: usize = counts.iter().take(self.pane).sum();
        let here = counts.get(self.pane).copied().unwrap_or(0);
        let now = search.at.filter(|(pane, at)| *pane == self.pane && *at < here).map(|(_, at)| before + at);
        let to = match (now, forward) {
            (Some(now), true) => (now + 1) % all,
            (Some(now), false) => (now + all - 1) % all,
            (None, true) => before % all,
            (None, false) => (before + here + all - 1) % all,
        };
        let mut left = to;
        let Some(pane) = counts.iter().position(|count| {
            let inside = left < *count;
            if !inside {
                left -= count;
            }
            inside
        }) else {
            return;
        };
        if let Some(search) = &mut self.search {
            search.at = Some((pane, left));
        }
        self.pane = pane;
        let width = self.layout().body(pane).map_or(80, |b| b.width);
        if let Some(entry) = self.entry() {
            entry.pane.show_match(width, left);
        }
        self.bring_along(pane);
    }

    /// `/needle · 3 of 17 · in 4 panes`, for the border.
    pub(super) fn search_words(&self, counts: &[usize]) -> Option<String> {
        let search = self.search.as_ref()?;
        let all: usize = counts.iter().sum();
        let panes = counts.iter().filter(|c| **c > 0).count();
        let place = search.at.map(|(pane, at)| counts.iter().take(pane).sum::<usize>() + at + 1);
        Some(match (all, place) {
            (0, _) => "nothing found".to_owned(),
            (_, Some(place)) if place <= all => {
                format!("{place} of {all} in {panes} of {} panes", counts.len())
            }
            _ => format!("{all} in {panes} of {} panes", counts.len()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_letters_find_both_and_capitals_themselves() {
        let found = |text: &str, needle: &str| -> Vec<String> {
            places(text, needle).into_iter().map(|r| text.get(r).unwrap().to_owned()).collect()
        };
        assert_eq!(found("Retry, retry; RETRY", "retry"), ["Retry", "retry", "RETRY"]);
        assert_eq!(found("Retry, retry; RETRY", "Retry"), ["Retry"]);
        assert_eq!(found("aaaa", "aa"), ["aa", "aa"]);
        assert_eq!(found("Größe größe İ", "größe"), ["Größe", "größe"]);
        assert!(found("日本語", "本").len() == 1 && found("", "x").is_empty() && found("x", "").is_empty());
    }
}
