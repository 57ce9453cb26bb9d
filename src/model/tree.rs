//! Rounds as a tree: which continues which, which is another's edited prompt, and what each
//! is called.
//!
//! ```text
//!  sent   1 fresh, 2 follows 1, 3 follows 2, 4 is 2 edited, 5 follows 4, 6 fresh, 7 is 6 edited
//!
//!  label  1            2
//!         ├ 1.1        └ 2b
//!         │ └ 1.1b
//!         │   └ 1.1b.1
//!         └ 1.2
//! ```
//!
//! A conversation counts on, `1`, `1.1`, `1.2`, so that a long one stays flat. Another
//! continuation of the same answer, or an edited prompt, is a branch and gets a letter.

use serde::{Deserialize, Serialize};

/// Where a round comes from, by its number in the order of sending, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Origin {
    /// The round whose conversations it continues; `None` starts fresh.
    pub parent: Option<usize>,
    /// The round whose prompt it is, edited: both have the same parent.
    pub edited: Option<usize>,
}

/// How a round hangs in the tree as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hangs {
    /// A fresh one, with its number from 1.
    Root(usize),
    /// The so many'th turn, from 1, of the conversation that begins with this round.
    Turn { head: usize, turn: usize },
    /// The so many'th way, from 1 for `b`, to go on instead of this round.
    Branch { of: usize, letter: usize },
}

#[derive(Debug)]
struct Node {
    parent: Option<usize>,
    hangs: Hangs,
    /// Rounds that continue it, in the order of sending.
    children: Vec<usize>,
    /// Turns of the conversation that it begins, then its branches, as shown below it.
    turns: Vec<usize>,
    branches: Vec<usize>,
}

/// The rounds of a session. Origins that name no earlier round are as good as none.
#[derive(Debug, Default)]
pub struct Tree {
    nodes: Vec<Node>,
    /// Fresh rounds that are no edited ones.
    roots: Vec<usize>,
}

/// One line of the tree as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub round: usize,
    /// For each level above its own whether that level goes on below; empty at a root.
    pub goes_on: Vec<bool>,
}

impl Row {
    /// The strokes before the label: `│ ├ `.
    #[must_use]
    pub fn strokes(&self) -> String {
        let Some((own, above)) = self.goes_on.split_last() else { return String::new() };
        let mut out: String = above.iter().map(|on| if *on { "│ " } else { "  " }).collect();
        out.push_str(if *own { "├ " } else { "└ " });
        out
    }
}

impl Tree {
    /// The tree of rounds in the order of sending.
    #[must_use]
    pub fn new(origins: impl IntoIterator<Item = Origin>) -> Self {
        let mut tree = Self::default();
        for origin in origins {
            tree.add(origin);
        }
        tree
    }

    fn add(&mut self, origin: Origin) {
        let at = self.nodes.len();
        let earlier = |n: &usize| *n < at;
        let parent = origin.parent.filter(earlier);
        // The first of those that stand in its place, itself if there is none.
        let first = match parent {
            Some(parent) => self.nodes.get(parent).and_then(|p| p.children.first().copied()),
            None => origin.edited.filter(earlier).and_then(|e| self.first_fresh(e)),
        };
        let hangs = match (first, parent) {
            (Some(of), _) => {
                let letter = self.nodes.get(of).map_or(0, |n| n.branches.len()) + 1;
                Hangs::Branch { of, letter }
            }
            (None, Some(parent)) => {
                let head = match self.nodes.get(parent).map(|n| n.hangs) {
                    Some(Hangs::Turn { head, .. }) => head,
                    _ => parent,
                };
                Hangs::Turn { head, turn: self.nodes.get(head).map_or(0, |n| n.turns.len()) + 1 }
            }
            (None, None) => Hangs::Root(self.roots.len() + 1),
        };
        match hangs {
            Hangs::Root(_) => self.roots.push(at),
            Hangs::Turn { head, .. } => self.nodes.get_mut(head).into_iter().for_each(|n| n.turns.push(at)),
            Hangs::Branch { of, .. } => self.nodes.get_mut(of).into_iter().for_each(|n| n.branches.push(at)),
        }
        if let Some(parent) = parent.and_then(|p| self.nodes.get_mut(p)) {
            parent.children.push(at);
        }
        let (children, turns, branches) = (Vec::new(), Vec::new(), Vec::new());
        self.nodes.push(Node { parent, hangs, children, turns, branches });
    }

    /// The fresh round that this one is an edition of; none where it is not fresh.
    fn first_fresh(&self, round: usize) -> Option<usize> {
        match self.nodes.get(round).filter(|n| n.parent.is_none())?.hangs {
            Hangs::Branch { of, .. } => Some(of),
            _ => Some(round),
        }
    }

    /// What a round is called: `3`, `3.1`, `3b`. Empty where there is no such round.
    #[must_use]
    pub fn label(&self, round: usize) -> String {
        // From the end: every step goes to an earlier round.
        let mut parts = Vec::new();
        let mut at = round;
        while let Some(node) = self.nodes.get(at) {
            match node.hangs {
                Hangs::Root(number) => {
                    parts.push(number.to_string());
                    break;
                }
                Hangs::Turn { head, turn } => {
                    parts.push(format!(".{turn}"));
                    at = head;
                }
                Hangs::Branch { of, letter } => {
                    parts.push(letters(letter));
                    at = of;
                }
            }
        }
        parts.reverse();
        parts.concat()
    }

    #[must_use]
    pub fn parent(&self, round: usize) -> Option<usize> {
        self.nodes.get(round)?.parent
    }

    /// Rounds that continue this one, in the order of sending.
    #[must_use]
    pub fn children(&self, round: usize) -> &[usize] {
        self.nodes.get(round).map_or(&[], |n| &n.children)
    }

    /// The rounds that stand at the same place, itself among them, in the order of sending:
    /// those with its parent; of a fresh one it and its edited ones.
    #[must_use]
    pub fn siblings(&self, round: usize) -> Vec<usize> {
        let Some(node) = self.nodes.get(round) else { return Vec::new() };
        if let Some(parent) = node.parent {
            return self.children(parent).to_vec();
        }
        let first = self.first_fresh(round).unwrap_or(round);
        let others = self.nodes.get(first).map_or(&[][..], |n| &n.branches);
        std::iter::once(first).chain(others.iter().copied()).collect()
    }

    /// The conversation up to this round, the fresh one first.
    #[must_use]
    pub fn path(&self, round: usize) -> Vec<usize> {
        let known = Some(round).filter(|r| *r < self.nodes.len());
        let mut path: Vec<usize> = std::iter::successors(known, |r| self.parent(*r)).collect();
        path.reverse();
        path
    }

    /// Rounds before this one in its conversation.
    #[must_use]
    pub fn depth(&self, round: usize) -> usize {
        self.path(round).len().saturating_sub(1)
    }

    /// Every round as it is shown, from top to bottom.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let mut out = Vec::with_capacity(self.nodes.len());
        // Not by recursion: how deep it goes is up to a file.
        let mut stack: Vec<Row> =
            self.roots.iter().rev().map(|r| Row { round: *r, goes_on: Vec::new() }).collect();
        while let Some(row) = stack.pop() {
            if let Some(node) = self.nodes.get(row.round) {
                let below: Vec<usize> = node.turns.iter().chain(&node.branches).copied().collect();
                for (at, round) in below.iter().enumerate().rev() {
                    let mut goes_on = row.goes_on.clone();
                    goes_on.push(at + 1 < below.len());
                    stack.push(Row { round: *round, goes_on });
                }
            }
            out.push(row);
        }
        out
    }

    /// The round below this one as it is shown, or above.
    #[must_use]
    pub fn next(&self, round: usize, forward: bool) -> Option<usize> {
        let rows = self.rows();
        let at = rows.iter().position(|r| r.round == round)?;
        let to = if forward { at + 1 } else { at.checked_sub(1)? };
        rows.get(to).map(|r| r.round)
    }
}

/// `b` to `z` for 1 to 25, then `aa`, `ab` ….
fn letters(n: usize) -> String {
    let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap_or(0));
    if n < 26 {
        return letter(n).to_string();
    }
    let (mut n, mut out) = (n, Vec::new());
    loop {
        out.push(letter(n));
        match (n / 26).checked_sub(1) {
            Some(rest) => n = rest,
            None => break,
        }
    }
    out.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: Origin = Origin { parent: None, edited: None };

    fn follows(parent: usize) -> Origin {
        Origin { parent: Some(parent), edited: None }
    }

    fn labels(tree: &Tree) -> Vec<String> {
        (0..tree.nodes.len()).map(|n| tree.label(n)).collect()
    }

    fn drawn(tree: &Tree) -> Vec<String> {
        tree.rows().iter().map(|r| format!("{}{}", r.strokes(), tree.label(r.round))).collect()
    }

    /// The tree of the module's own words.
    fn sample() -> Tree {
        let edited = |e: usize, parent: Option<usize>| Origin { parent, edited: Some(e) };
        Tree::new([FRESH, follows(0), follows(1), edited(1, Some(0)), follows(3), FRESH, edited(5, None)])
    }

    #[test]
    fn labels_count_a_conversation_on_and_letter_its_branches() {
        let tree = sample();
        assert_eq!(labels(&tree), ["1", "1.1", "1.2", "1.1b", "1.1b.1", "2", "2b"]);
        assert_eq!(drawn(&tree), ["1", "├ 1.1", "│ └ 1.1b", "│   └ 1.1b.1", "└ 1.2", "2", "└ 2b"]);
        let long = Tree::new(std::iter::once(FRESH).chain((0..300).map(follows)));
        assert_eq!(
            (long.label(300), long.rows()[300].goes_on.len()),
            ("1.300".into(), 1),
            "a long one stays flat"
        );
        assert_eq!(long.depth(300), 300);
    }

    #[test]
    fn an_edition_of_an_edition_is_one_more_of_the_same() {
        let edited = |e| Origin { parent: None, edited: Some(e) };
        let tree = Tree::new([FRESH, edited(0), edited(1), follows(2), follows(2), FRESH]);
        assert_eq!(labels(&tree), ["1", "1b", "1c", "1c.1", "1c.1b", "2"]);
        assert_eq!(tree.siblings(1), [0, 1, 2]);
        assert_eq!(tree.siblings(3), [3, 4]);
        assert_eq!(tree.siblings(5), [5]);
    }

    #[test]
    fn parents_children_and_paths() {
        let tree = sample();
        assert_eq!(tree.path(4), [0, 3, 4]);
        assert_eq!((tree.depth(4), tree.depth(5)), (2, 0));
        assert_eq!((tree.parent(3), tree.parent(6)), (Some(0), None));
        assert_eq!(tree.children(0), [1, 3]);
        assert_eq!((tree.next(1, true), tree.next(1, false)), (Some(3), Some(0)));
        assert_eq!((tree.next(6, true), tree.next(0, false), tree.next(99, true)), (None, None, None));
        assert_eq!((tree.path(99), tree.siblings(99), tree.label(99)), (vec![], vec![], String::new()));
    }

    #[test]
    fn letters_never_run_out_and_no_two_rounds_are_called_alike() {
        assert_eq!(
            [1, 25, 26, 27, 51, 52, 701, 702].map(letters),
            ["b", "z", "aa", "ab", "az", "ba", "zz", "aaa"]
        );
        let mut seed = 3_u32;
        let mut next = move |below: usize| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as usize % below
        };
        for _ in 0..50 {
            let origins: Vec<Origin> = (0..60)
                .map(|n: usize| {
                    // Numbers of rounds that are not there are part of what may come in.
                    let some = |k: usize| (k < n + 2).then_some(k);
                    Origin { parent: some(next(2 * n + 3)), edited: some(next(3 * n + 3)) }
                })
                .collect();
            let tree = Tree::new(origins);
            let mut names = labels(&tree);
            let mut shown: Vec<usize> = tree.rows().iter().map(|r| r.round).collect();
            shown.sort_unstable();
            assert_eq!(shown, (0..60).collect::<Vec<_>>(), "every round is shown once");
            names.sort();
            names.dedup();
            assert_eq!(names.len(), 60);
        }
    }
}
