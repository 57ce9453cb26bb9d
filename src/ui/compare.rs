//! Two answers held against each other: what is compared, and its rows at one width.
//!
//! Comparing may take a while: it is done elsewhere, one comparison at a time, and done again
//! when the answers have grown. Until then the one before stays.

use std::ops::Range;

use super::app::{App, Entry};
use super::text::row_end;
use crate::model::AnswerId;
use crate::model::Change;
use crate::model::Diff;

/// Lines that stay in view around a change.
const CONTEXT: usize = 2;

/// Which two texts: the answers and how much there was of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    pub before: (AnswerId, usize),
    pub after: (AnswerId, usize),
}

/// A comparison that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compare {
    pub pair: Pair,
    pub before: String,
    pub after: String,
}

/// What an answer is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Against {
    /// The baseline's answer of the same round; without one, that of the first pane.
    #[default]
    Baseline,
    /// The same endpoint's answer of the round before.
    Before,
}

/// A run of text of one row.
pub(super) type Part = (Change, String);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Row {
    /// So many lines are alike.
    Fold(usize),
    Inline(Vec<Part>),
    Sides(Vec<Part>, Vec<Part>),
}

/// Lines between two line feeds that both texts have.
#[derive(Debug, Default)]
struct Chunk {
    inline: Vec<Vec<Part>>,
    left: Vec<Vec<Part>>,
    right: Vec<Vec<Part>>,
}

impl Chunk {
    fn is_same(&self) -> bool {
        self.inline.iter().flatten().all(|(change, _)| *change == Change::Same)
    }
}

/// The rows of one comparison in one shape.
#[derive(Debug)]
struct Laid {
    shape: (Pair, u16, bool, bool),
    rows: Vec<Row>,
    /// Rows at which a change begins.
    changes: Vec<usize>,
}

/// What the diff view shows, and how.
#[derive(Debug, Default)]
pub struct Comparing {
    pub(super) against: Against,
    pub(super) sides: bool,
    /// What is alike is shown as well.
    pub(super) unfolded: bool,
    pub(super) top: usize,
    height: usize,
    done: Option<(Pair, Diff)>,
    /// What somebody is at.
    asked: Option<Pair>,
    /// What the last frame found missing.
    pub wanted: Option<Compare>,
    laid: Option<Laid>,
}

impl Comparing {
    /// Takes a comparison that is done.
    pub(super) fn take(&mut self, pair: Pair, diff: Diff) {
        self.asked = None;
        self.done = Some((pair, diff));
    }

    /// Whether these two are to be compared, and nobody is at anything.
    pub(super) fn lacks(&self, pair: Pair) -> bool {
        self.asked.is_none() && self.done.as_ref().is_none_or(|(done, _)| *done != pair)
    }

    /// The comparison of these two, as far as they have been compared; `texts` asks for it anew.
    pub(super) fn of(&mut self, pair: Pair, texts: Option<(String, String)>) -> Option<&Diff> {
        let same = |other: &Pair| other.before.0 == pair.before.0 && other.after.0 == pair.after.0;
        if let Some((before, after)) = texts {
            self.asked = Some(pair);
            self.wanted = Some(Compare { pair, before, after });
        }
        self.done.as_ref().filter(|(done, _)| same(done)).map(|(_, diff)| diff)
    }

    /// The rows in view at this width and height; how many there are, how many changes.
    pub(super) fn rows(&mut self, width: u16, height: u16, sides: bool) -> (Vec<Row>, usize, usize) {
        self.height = usize::from(height);
        let Some((pair, diff)) = &self.done else { return (Vec::new(), 0, 0) };
        let shape = (*pair, width, sides, self.unfolded);
        if self.laid.as_ref().is_none_or(|laid| laid.shape != shape) {
            let (rows, changes) = lay(diff, usize::from(width), sides, self.unfolded);
            self.laid = Some(Laid { shape, rows, changes });
        }
        let Some(laid) = &self.laid else { return (Vec::new(), 0, 0) };
        self.top = self.top.min(laid.rows.len().saturating_sub(self.height));
        let seen = laid.rows.iter().skip(self.top).take(self.height).cloned().collect();
        (seen, laid.rows.len(), laid.changes.len())
    }

    pub(super) fn scroll(&mut self, by: isize) {
        self.top = self.top.saturating_add_signed(by);
    }

    pub(super) fn page(&self) -> isize {
        isize::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(1)
    }

    /// To the next change out of the first row in view, or the one before.
    fn jump(&mut self, forward: bool) {
        let Some(laid) = &self.laid else { return };
        // A change is read from a line above it.
        let place = |row: &usize| row.saturating_sub(1);
        let to = if forward {
            laid.changes.iter().map(place).find(|row| *row > self.top)
        } else {
            laid.changes.iter().rev().map(place).find(|row| *row < self.top)
        };
        self.top = to.unwrap_or(self.top);
    }
}

impl App {
    /// To the diff; there, from the one thing to compare with to the other.
    pub(super) fn diff(&mut self) -> bool {
        if self.show_view("diff") {
            self.comparing.top = 0;
            if self.pane == self.baseline_pane() && self.panes() > 1 {
                self.pane = (self.pane + 1) % self.panes();
            }
            return true;
        }
        self.comparing.against = match self.comparing.against {
            Against::Baseline => Against::Before,
            Against::Before => Against::Baseline,
        };
        self.comparing.top = 0;
        true
    }

    /// Keys that move through an answer move through the comparison while it is shown.
    pub(super) fn scroll_comparison(&mut self, by: impl Fn(isize) -> isize) -> bool {
        if !self.views.shown.scrolls {
            return false;
        }
        let page = self.comparing.page();
        self.comparing.scroll(by(page));
        true
    }

    pub(super) fn jump_to_change(&mut self, forward: bool) -> bool {
        if self.views.shown.scrolls {
            self.comparing.jump(forward);
        }
        self.views.shown.scrolls
    }

    /// The pane whose answer the others are held against.
    fn baseline_pane(&self) -> usize {
        let id = self.baseline().map(|e| e.id);
        let entries = self.round().map(|r| r.entries.as_slice()).unwrap_or_default();
        entries.iter().position(|e| Some(e.id) == id).unwrap_or(0)
    }

    /// The two answers to compare, or why there are none.
    pub(super) fn compared(&self) -> Result<(&Entry, &Entry), String> {
        let round = self.round().ok_or("nothing has been sent yet: type a prompt and press enter")?;
        let after = round.entries.get(self.pane).ok_or("this endpoint has not been asked in this round")?;
        let before = match self.comparing.against {
            Against::Baseline => {
                let base =
                    round.entries.get(self.baseline_pane()).ok_or("there is no answer to compare with")?;
                if base.id == after.id {
                    let next = self.keymap.first("next-pane");
                    return Err(format!(
                        "this is the answer that the others are held against: {next} shows the next"
                    ));
                }
                base
            }
            Against::Before => {
                let from = self.round_before().and_then(|r| self.rounds.get(r));
                let earlier = self.rounds.get(..self.shown).unwrap_or_default().iter().rev();
                let same = |round: &'_ super::app::Round| {
                    round.entries.iter().position(|e| e.endpoint.is_pane_of(&after.endpoint))
                };
                let found = from.into_iter().chain(earlier).find_map(|r| Some((r, same(r)?)));
                let (round, at) = found.ok_or("no earlier round has an answer of this endpoint")?;
                round.entries.get(at).ok_or("no earlier round has an answer of this endpoint")?
            }
        };
        Ok((before, after))
    }
}

/// All rows of a comparison, and those at which a change begins.
fn lay(diff: &Diff, width: usize, sides: bool, unfolded: bool) -> (Vec<Row>, Vec<usize>) {
    let chunks = chunks(diff);
    let (mut rows, mut changes) = (Vec::new(), Vec::new());
    let mut at = 0;
    let mut changing = false;
    while let Some(chunk) = chunks.get(at) {
        let alike = chunks.iter().skip(at).take_while(|c| c.is_same()).count();
        if !unfolded && let Some(folded) = fold(at, alike, chunks.len()) {
            for chunk in chunks.get(at..folded.start).unwrap_or_default() {
                put(chunk, width, sides, &mut rows);
            }
            rows.push(Row::Fold(folded.len()));
            changing = false;
            at = folded.end;
            for chunk in chunks.get(at..).unwrap_or_default().iter().take_while(|c| c.is_same()) {
                put(chunk, width, sides, &mut rows);
                at += 1;
            }
            continue;
        }
        if !chunk.is_same() && !changing {
            changes.push(rows.len());
        }
        changing = !chunk.is_same();
        put(chunk, width, sides, &mut rows);
        at += 1;
    }
    (rows, changes)
}

/// What is folded of a run of lines that are alike: all but those beside a change.
fn fold(at: usize, alike: usize, all: usize) -> Option<Range<usize>> {
    let start = if at == 0 { 0 } else { at + CONTEXT };
    let end = if at + alike == all { all } else { (at + alike).saturating_sub(CONTEXT) };
    // A fold takes a row itself.
    (alike > 0 && end > start + 1).then_some(start..end)
}

fn chunks(diff: &Diff) -> Vec<Chunk> {
    let mut out = vec![Chunk::new()];
    for piece in &diff.pieces {
        for (number, text) in piece.text.split('\n').enumerate() {
            if number > 0 {
                let ended = out.last_mut().is_none_or(|chunk| chunk.line(piece.kind));
                if ended {
                    out.push(Chunk::new());
                }
            }
            if let Some(chunk) = out.last_mut().filter(|_| !text.is_empty()) {
                chunk.add(piece.kind, text);
            }
        }
    }
    out
}

impl Chunk {
    fn new() -> Self {
        Self { inline: vec![Vec::new()], left: vec![Vec::new()], right: vec![Vec::new()] }
    }

    fn add(&mut self, change: Change, text: &str) {
        let on = |lines: &mut Vec<Vec<Part>>| {
            lines.last_mut().into_iter().for_each(|line| line.push((change, text.to_owned())));
        };
        on(&mut self.inline);
        if change != Change::Added {
            on(&mut self.left);
        }
        if change != Change::Removed {
            on(&mut self.right);
        }
    }

    /// A line feed; gives whether the chunk ends with it.
    fn line(&mut self, change: Change) -> bool {
        let other = match change {
            Change::Same => return true,
            Change::Added => &mut self.left,
            Change::Removed => &mut self.right,
        };
        // A whole line that the other text has nothing for stands by itself.
        if other.iter().all(Vec::is_empty) {
            other.clear();
            return true;
        }
        self.inline.push(Vec::new());
        match change {
            Change::Added => self.right.push(Vec::new()),
            _ => self.left.push(Vec::new()),
        }
        false
    }
}

fn put(chunk: &Chunk, width: usize, sides: bool, rows: &mut Vec<Row>) {
    if !sides {
        rows.extend(chunk.inline.iter().flat_map(|line| wrap(line, width)).map(Row::Inline));
        return;
    }
    let half = width.saturating_sub(3) / 2;
    let wrapped =
        |lines: &[Vec<Part>]| -> Vec<Vec<Part>> { lines.iter().flat_map(|line| wrap(line, half)).collect() };
    let (mut left, mut right) = (wrapped(&chunk.left), wrapped(&chunk.right));
    let most = left.len().max(right.len());
    left.resize(most, Vec::new());
    right.resize(most, Vec::new());
    rows.extend(left.into_iter().zip(right).map(|(left, right)| Row::Sides(left, right)));
}

/// One line on as many rows as it needs.
fn wrap(line: &[Part], width: usize) -> Vec<Vec<Part>> {
    let text: String = line.iter().map(|(_, text)| text.as_str()).collect();
    let mut rows = Vec::new();
    let mut start = 0;
    loop {
        let rest = text.get(start..).unwrap_or_default();
        let (end, next) = row_end(rest, width.max(1));
        rows.push(cut(line, &(start..start + end)));
        start += next;
        if next == 0 || start >= text.len() {
            return rows;
        }
    }
}

/// The parts of a line within a range of its bytes.
fn cut(line: &[Part], range: &Range<usize>) -> Vec<Part> {
    let mut at = 0;
    let mut out = Vec::new();
    for (change, text) in line {
        let (from, to) = (range.start.max(at), range.end.min(at + text.len()));
        if let Some(part) = from.checked_sub(at).and_then(|f| text.get(f..to.saturating_sub(at)))
            && !part.is_empty()
        {
            out.push((*change, part.to_owned()));
        }
        at += text.len();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::words;

    fn shown(rows: &[Row]) -> Vec<String> {
        let part = |(change, text): &Part| match change {
            Change::Same => text.clone(),
            Change::Added => format!("+{text}+"),
            Change::Removed => format!("-{text}-"),
        };
        let side = |parts: &[Part]| -> String { parts.iter().map(part).collect() };
        rows.iter()
            .map(|row| match row {
                Row::Fold(n) => format!("… {n}"),
                Row::Inline(parts) => side(parts),
                Row::Sides(left, right) => format!("{} | {}", side(left), side(right)),
            })
            .collect()
    }

    #[test]
    fn words_that_differ_stand_beside_each_other_or_in_one_line() {
        let diff = words("one two\nthree\nfour", "one 2\nthree\nfive\nfour");
        let (rows, changes) = lay(&diff, 40, false, true);
        assert_eq!(shown(&rows), ["one -two-+2+", "three", "+five+", "four"]);
        assert_eq!(changes, [0, 2]);
        let (rows, _) = lay(&diff, 43, true, true);
        assert_eq!(shown(&rows), ["one -two- | one +2+", "three | three", " | +five+", "four | four"]);
        let (rows, _) = lay(&words("a long line here", "a long row here"), 8, false, true);
        assert_eq!(shown(&rows), ["a long", "-line-+row+", "here"]);
    }

    #[test]
    fn what_is_alike_is_folded_but_for_the_lines_beside_a_change() {
        let text = |word: &str| {
            let lines: Vec<String> =
                (0..20).map(|n| if n == 10 { word.to_owned() } else { format!("line {n}") }).collect();
            lines.join("\n")
        };
        let diff = words(&text("here"), &text("there"));
        let (rows, changes) = lay(&diff, 40, false, false);
        assert_eq!(shown(&rows), ["… 8", "line 8", "line 9", "-here-+there+", "line 11", "line 12", "… 7"]);
        assert_eq!(changes, [3]);
        assert_eq!(lay(&diff, 40, false, true).0.len(), 20);
        let (rows, changes) = lay(&words("a\nb\nc", "a\nb\nc"), 40, false, false);
        assert_eq!((shown(&rows), changes.len()), (vec!["… 3".to_owned()], 0));
    }
}
