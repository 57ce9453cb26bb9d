//! Scrolling, of one pane or of all together.
//!
//! Panes that scroll together stay at the same heading where they have headings in common,
//! and in between, or without, at the same proportion of the way.

use super::app::{App, Entry};
use super::pane::Outline;

impl App {
    pub(super) fn width_of_pane(&self) -> u16 {
        let layout = self.layout();
        layout.body(self.pane).map_or(80, |body| body.width)
    }

    fn scroll(&mut self, by: impl Fn(&Entry) -> isize) -> bool {
        let width = self.width_of_pane();
        if let Some(entry) = self.entry() {
            let by = by(entry);
            entry.pane.scroll_by(width, by);
        }
        self.bring_along(self.pane);
        true
    }

    pub(super) fn line_down(&mut self) -> bool {
        self.choose_row(1) || self.scroll(|_| 1)
    }

    pub(super) fn line_up(&mut self) -> bool {
        self.choose_row(-1) || self.scroll(|_| -1)
    }

    pub(super) fn half_down(&mut self) -> bool {
        self.scroll_comparison(|page| page / 2) || self.scroll(|e| e.pane.page() / 2)
    }

    pub(super) fn half_up(&mut self) -> bool {
        self.scroll_comparison(|page| -(page / 2)) || self.scroll(|e| -(e.pane.page() / 2))
    }

    pub(super) fn page_down(&mut self) -> bool {
        self.scroll_comparison(|page| page) || self.scroll(|e| e.pane.page())
    }

    pub(super) fn page_up(&mut self) -> bool {
        self.scroll_comparison(|page| -page) || self.scroll(|e| -e.pane.page())
    }

    pub(super) fn top(&mut self) -> bool {
        if self.scroll_comparison(|_| isize::MIN) {
            return true;
        }
        let width = self.width_of_pane();
        if let Some(entry) = self.entry() {
            entry.pane.jump_to_top(width);
        }
        self.bring_along(self.pane);
        true
    }

    pub(super) fn follow(&mut self) -> bool {
        if self.scroll_comparison(|_| isize::MAX) {
            return true;
        }
        if let Some(entry) = self.entry() {
            entry.pane.follow();
        }
        self.bring_along(self.pane);
        true
    }

    /// A notch of the wheel over a pane.
    pub(super) fn wheel(&mut self, pane: usize, by: isize) {
        let width = self.layout().body(pane).map_or(80, |b| b.width);
        let shown = self.shown;
        if let Some(entry) = self.rounds.get_mut(shown).and_then(|r| r.entries.get_mut(pane)) {
            entry.pane.scroll_by(width, by);
        }
        self.bring_along(pane);
    }

    pub(super) fn toggle_together(&mut self) -> bool {
        self.together = !self.together;
        self.say(if self.together { "panes scroll together" } else { "each pane scrolls alone" });
        self.bring_along(self.pane);
        true
    }

    /// Brings the other panes to where this one is.
    pub(super) fn bring_along(&mut self, leader: usize) {
        if !self.together {
            return;
        }
        let layout = self.layout();
        let width = |pane: usize| layout.body(pane).map(|b| b.width);
        let Some(round) = self.rounds.get_mut(self.shown) else { return };
        let Some(led) = round.entries.get_mut(leader) else { return };
        let follows = led.pane.follows();
        let from = led.pane.outline(width(leader).unwrap_or(80));
        for (number, entry) in round.entries.iter_mut().enumerate().filter(|(n, _)| *n != leader) {
            // A pane that is out of sight is brought along when it is in sight.
            let Some(width) = width(number) else { continue };
            if follows {
                entry.pane.follow();
                continue;
            }
            let to = entry.pane.outline(width);
            entry.pane.go_to(width, same_place(&from, &to));
        }
    }
}

/// The first row in view of `to` that corresponds to that of `from`.
fn same_place(from: &Outline, to: &Outline) -> usize {
    let mut pairs = vec![(0, 0)];
    let mut next = 0;
    for (title, row) in &from.headings {
        let rest = to.headings.get(next..).unwrap_or_default();
        if let Some(at) = rest.iter().position(|(other, _)| alike(title, other)) {
            pairs.extend(rest.get(at).map(|(_, there)| (*row, *there)));
            next += at + 1;
        }
    }
    if pairs.len() == 1 && from.headings.len() == to.headings.len() {
        pairs.extend(from.headings.iter().zip(&to.headings).map(|((_, a), (_, b))| (*a, *b)));
    }
    pairs.push((from.rows, to.rows));
    let last_top = |o: &Outline| o.rows.saturating_sub(o.height);
    if from.top >= last_top(from) {
        return last_top(to);
    }
    let after = pairs.partition_point(|(row, _)| *row <= from.top);
    let (low, high) = (pairs.get(after.wrapping_sub(1)), pairs.get(after));
    let (Some((a0, b0)), Some((a1, b1))) = (low, high) else { return 0 };
    let between = (from.top - a0) * b1.saturating_sub(*b0) / (a1 - a0).max(1);
    (b0 + between).min(last_top(to))
}

/// Titles differ in case, numbers and punctuation from model to model.
fn alike(a: &str, b: &str) -> bool {
    let words = |t: &str| -> String {
        t.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
    };
    let (a, b) = (words(a), words(b));
    !a.is_empty() && a == b
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(rows: usize, top: usize, headings: &[(&str, usize)]) -> Outline {
        Outline {
            rows,
            top,
            height: 10,
            headings: headings.iter().map(|(t, r)| ((*t).to_owned(), *r)).collect(),
        }
    }

    #[test]
    fn headings_in_common_stay_side_by_side() {
        let to = outline(200, 0, &[("2. Why", 50), ("Other", 80), ("How", 120)]);
        let at = |top| same_place(&outline(100, top, &[("Why", 20), ("HOW", 40)]), &to);
        assert_eq!((at(0), at(20), at(40)), (0, 50, 120));
        assert_eq!(at(30), 85, "half way between the two");
        assert_eq!(at(90), 190, "the end is the end");
    }

    #[test]
    fn without_headings_it_is_the_proportion() {
        let at = |top| same_place(&outline(100, top, &[]), &outline(300, 0, &[("Only here", 7)]));
        assert_eq!((at(0), at(50), at(95)), (0, 150, 290));
        let by_order = same_place(&outline(100, 30, &[("Eins", 30)]), &outline(100, 0, &[("One", 70)]));
        assert_eq!(by_order, 70);
    }
}
