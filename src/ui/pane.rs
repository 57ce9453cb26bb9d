//! What one pane keeps of its answer: the laid-out text, the scroll position,
//! the fold of the reasoning. The answer itself stays the model's.

use std::ops::Range;
use std::time::Duration;

use super::body::{Body, Sought};
use super::markdown::{Coloured, Pieces};
use super::text::Flow;
use crate::model::Answer;
use crate::model::Fault;
use crate::model::Outcome;

/// Which rows are in view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scroll {
    /// The end, wherever it is.
    Follow,
    /// This place is on top, whatever the width; the text had its last row at byte
    /// `seen` when the user left the end.
    At { top: Anchor, seen: usize },
}

/// A place in the answer that wrapping does not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    Start,
    Reasoning(usize),
    /// Several rows may come from one place, so at the width it was taken at it is so many rows
    /// from the one that the place leads to.
    Text {
        byte: usize,
        off: isize,
        width: u16,
    },
    /// So many rows below the text: in the error.
    Below(usize),
}

/// One kind of row, in the order in which they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row<'a> {
    /// The line that folds and unfolds the reasoning.
    Fold {
        open: bool,
    },
    Reasoning(&'a str),
    Text(Pieces<'a>),
    /// The error, below the text so far.
    Fault {
        first: bool,
        text: &'a str,
    },
    Gap,
}

/// Where a pane is, and what there is to find one's way by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    pub rows: usize,
    /// The first row in view.
    pub top: usize,
    pub height: usize,
    /// Title and row.
    pub headings: Vec<(String, usize)>,
}

/// Display state of one answer.
#[derive(Debug)]
pub struct Pane {
    sought: Sought,
    text: Body,
    reasoning: Flow,
    fault: Flow,
    /// Bytes of the answer that the flows have taken.
    fed: (usize, usize, bool),
    /// What is fed was shown before: it is no news.
    again: bool,
    /// The text has been told that it is whole.
    finished: bool,
    /// How often the answer had text withdrawn when they did.
    withdrawn: u32,
    scroll: Scroll,
    /// Height of the last drawn body, for pages.
    height: usize,
    /// Set once the user has folded or unfolded by hand.
    fold: Option<bool>,
    /// When the request left, on the screen's clock; for what is shown while it runs.
    pub sent: Option<Duration>,
}

impl Default for Pane {
    fn default() -> Self {
        Self {
            sought: Sought::default(),
            text: Body::new(false),
            finished: false,
            reasoning: Flow::new(),
            fault: Flow::new(),
            fed: (0, 0, false),
            again: false,
            withdrawn: 0,
            scroll: Scroll::Follow,
            height: 0,
            fold: None,
            sent: None,
        }
    }
}

/// Rows of each part at one width.
#[derive(Debug, Clone, Copy, Default)]
struct Parts {
    fold: usize,
    reasoning: usize,
    gap: usize,
    text: usize,
    fault_gap: usize,
    fault: usize,
}

impl Parts {
    fn all(self) -> usize {
        self.fold + self.reasoning + self.gap + self.text + self.fault_gap + self.fault
    }
}

impl Pane {
    /// Takes what the answer has gained since the last call; the cost is that of the new text.
    pub fn feed(&mut self, answer: &Answer) {
        if answer.withdrawn != self.withdrawn {
            self.reasoning = Flow::new();
            (self.fed.1, self.withdrawn) = (0, answer.withdrawn);
            self.anew(self.is_source());
        }
        let (text, reasoning, over) = &mut self.fed;
        if let Some(new) = answer.reasoning.get(*reasoning..).filter(|n| !n.is_empty()) {
            self.reasoning.push(new);
            *reasoning = answer.reasoning.len();
        }
        if let Some(new) = answer.text.get(*text..).filter(|n| !n.is_empty()) {
            if *text == 0 && !self.again && self.scroll != Scroll::Follow && self.fold.is_none() {
                // Somebody reads the reasoning: it does not fold under their eyes.
                self.fold = Some(true);
            }
            self.text.push(new);
            *text = answer.text.len();
        }
        if answer.is_over() && !*over {
            *over = true;
            self.reasoning.finish();
            if let Some(fault) = &answer.fault {
                self.fault.push(&sentence(answer, fault));
                self.fault.finish();
            }
        }
        if answer.is_over() && !self.finished {
            self.finished = true;
            self.text.finish();
        }
    }

    /// Begins the text again, to be fed from its start.
    fn anew(&mut self, source: bool) {
        self.text = Body::new(source);
        (self.fed.0, self.finished, self.again) = (0, false, true);
        self.sought = Sought::default();
    }

    fn is_source(&self) -> bool {
        matches!(self.text, Body::Source(_))
    }

    /// Shows the text as it was written, or rendered.
    pub fn show_source(&mut self, source: bool) {
        if source != self.is_source() {
            self.anew(source);
        }
    }

    /// Whether parts of the text that are out of sight are still to be laid out.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        matches!(&self.text, Body::Rendered(text) if text.is_behind())
    }

    /// Looks for `needle` in the text; gives how many there are.
    pub fn search(&mut self, needle: &str, number: u64, width: u16) -> usize {
        self.text.rows(width);
        self.text.search(&mut self.sought, needle, number)
    }

    /// Brings the match with this number into view.
    pub fn show_match(&mut self, width: u16, number: usize) {
        let Some(row) = self.text.row_of_match(&self.sought, number) else { return };
        let parts = self.parts(width);
        let row = parts.fold + parts.reasoning + parts.gap + row;
        let top = self.outline(width).top;
        if !(top..top + self.height).contains(&row) {
            // With a few lines of what leads up to it.
            self.go_to(width, row.saturating_sub(self.height / 3));
        }
    }

    /// Where the pane is, and its headings.
    pub fn outline(&mut self, width: u16) -> Outline {
        self.text.complete();
        let height = u16::try_from(self.height).unwrap_or(u16::MAX);
        let (rows, top) = self.view(width, height);
        let titles: Vec<(String, usize)> = match &self.text {
            Body::Rendered(text) => text.headings().map(|(title, at)| (title.to_owned(), at)).collect(),
            Body::Source(_) => Vec::new(),
        };
        let headings: Vec<_> = titles
            .into_iter()
            .map(|(title, at)| (title, self.row_of(width, Anchor::Text { byte: at, off: 0, width })))
            .collect();
        Outline { rows, top, height: self.height, headings }
    }

    /// Brings this row to the top, as far as there is text below it.
    pub fn go_to(&mut self, width: u16, row: usize) {
        let height = u16::try_from(self.height).unwrap_or(u16::MAX);
        let last_top = self.view(width, height).0.saturating_sub(self.height);
        self.scroll = self.leave(width, row.min(last_top));
    }

    /// Code without colours within these rows of the body: the byte at which its block begins,
    /// its language, the number of the first line, the lines. It is given once.
    pub fn uncoloured(&mut self, width: u16, rows: Range<usize>) -> Option<(usize, String, usize, String)> {
        let parts = self.parts(width);
        let above = parts.fold + parts.reasoning + parts.gap;
        let Body::Rendered(text) = &mut self.text else { return None };
        text.uncoloured(rows.start.saturating_sub(above)..rows.end.saturating_sub(above))
    }

    /// Takes the colours of lines of the block that begins at a byte.
    pub fn colour(&mut self, block: usize, from: usize, lines: Vec<Coloured>) {
        if let Body::Rendered(text) = &mut self.text {
            text.colour(block, from, lines);
        }
    }

    /// Characters that the filter replaced by marks.
    #[must_use]
    pub fn hidden(&self) -> u64 {
        self.text.hidden() + self.reasoning.hidden()
    }

    /// Whether the reasoning is open: while it is all there is, until the text begins, unless set by hand.
    fn open(&self) -> bool {
        self.fold.unwrap_or(self.fed.0 == 0)
    }

    pub fn toggle_fold(&mut self) {
        self.fold = Some(!self.open());
    }

    pub fn set_fold(&mut self, open: bool) {
        self.fold = Some(open);
    }

    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open()
    }

    fn parts(&mut self, width: u16) -> Parts {
        let thinks = self.fed.1 > 0;
        let open = thinks && self.open();
        let text = self.text.rows(width);
        let fault = self.fault.rows(width);
        Parts {
            fold: usize::from(thinks),
            reasoning: if open { self.reasoning.rows(width) } else { 0 },
            gap: usize::from(thinks && text > 0),
            text,
            fault_gap: usize::from(fault > 0 && (text > 0 || thinks)),
            fault,
        }
    }

    /// Lays the answer out for a body of this size; gives the number of rows and the first one in view.
    pub fn view(&mut self, width: u16, height: u16) -> (usize, usize) {
        self.height = usize::from(height);
        if let Body::Rendered(text) = &mut self.text {
            text.work(width);
        }
        let parts = self.parts(width);
        let rows = parts.all();
        let last_top = rows.saturating_sub(self.height);
        let top = match self.scroll {
            // An error's cause stands in its first row, which the end must not push out.
            Scroll::Follow if parts.fault > 0 => last_top.min(rows - parts.fault),
            Scroll::Follow => last_top,
            Scroll::At { top, .. } => self.row_of(width, top).min(last_top),
        };
        (rows, top)
    }

    fn row_of(&mut self, width: u16, anchor: Anchor) -> usize {
        let parts = self.parts(width);
        let text = parts.fold + parts.reasoning + parts.gap;
        match anchor {
            Anchor::Start => 0,
            Anchor::Reasoning(_) if parts.reasoning == 0 => 0,
            Anchor::Reasoning(byte) => parts.fold + self.reasoning.row_at(byte),
            Anchor::Text { byte, off, width: then } => {
                let row = text + self.text.row_at(byte);
                if then == width { row.saturating_add_signed(off) } else { row }
            }
            Anchor::Below(rows) => text + parts.text + rows,
        }
    }

    fn anchor(&mut self, width: u16, row: usize) -> Anchor {
        let parts = self.parts(width);
        let text = parts.fold + parts.reasoning + parts.gap;
        if row < parts.fold {
            Anchor::Start
        } else if row < parts.fold + parts.reasoning {
            Anchor::Reasoning(self.reasoning.start(row - parts.fold))
        } else if row < text + parts.text {
            // The empty row above the text is one before its first.
            let from_text = row.cast_signed() - text.cast_signed();
            let byte = self.text.start(row.saturating_sub(text));
            let off = from_text - self.text.row_at(byte).cast_signed();
            Anchor::Text { byte, off, width }
        } else {
            Anchor::Below(row - text - parts.text)
        }
    }

    /// The byte at which the last row of the text begins.
    fn last_row(&mut self, width: u16) -> usize {
        let rows = self.text.rows(width);
        self.text.start(rows.saturating_sub(1))
    }

    /// The row with this number, with what a search has found in it; `here` is the match that was
    /// jumped to. Call [`Pane::view`] with the same width before.
    #[must_use]
    pub fn row(&mut self, width: u16, number: usize, here: Option<usize>) -> Option<Row<'_>> {
        let parts = self.parts(width);
        let open = self.open();
        let mut n = number;
        let mut within = |count: usize| {
            let here = n < count;
            let at = n;
            n = n.saturating_sub(count);
            here.then_some(at)
        };
        if within(parts.fold).is_some() {
            return Some(Row::Fold { open });
        }
        if let Some(at) = within(parts.reasoning) {
            return Some(Row::Reasoning(self.reasoning.row(at)));
        }
        if within(parts.gap).is_some() {
            return Some(Row::Gap);
        }
        if let Some(at) = within(parts.text) {
            return Some(Row::Text(self.text.marked_row(at, &self.sought, here)));
        }
        if within(parts.fault_gap).is_some() {
            return Some(Row::Gap);
        }
        within(parts.fault).map(|at| Row::Fault { first: at == 0, text: self.fault.row(at) })
    }

    /// Rows of text that have come since the user left the end.
    #[must_use]
    pub fn new_below(&mut self, width: u16) -> usize {
        match self.scroll {
            Scroll::Follow => 0,
            Scroll::At { seen, .. } => {
                let rows = self.text.rows(width);
                rows.saturating_sub(self.text.row_at(seen) + 1)
            }
        }
    }

    #[must_use]
    pub fn follows(&self) -> bool {
        self.scroll == Scroll::Follow
    }

    /// Moves the view by so many rows; reaching the end follows again.
    pub fn scroll_by(&mut self, width: u16, by: isize) {
        let height = u16::try_from(self.height).unwrap_or(u16::MAX);
        self.text.complete();
        let (rows, top) = self.view(width, height);
        let last_top = rows.saturating_sub(self.height);
        let to = top.saturating_add_signed(by);
        self.scroll = if to >= last_top && (by > 0 || last_top == 0) {
            Scroll::Follow
        } else {
            self.leave(width, to.min(last_top))
        };
    }

    fn leave(&mut self, width: u16, top: usize) -> Scroll {
        let seen = match self.scroll {
            Scroll::Follow => self.last_row(width),
            Scroll::At { seen, .. } => seen,
        };
        Scroll::At { top: self.anchor(width, top), seen }
    }

    pub fn jump_to_top(&mut self, width: u16) {
        let height = u16::try_from(self.height).unwrap_or(u16::MAX);
        if self.view(width, height).0 > self.height {
            self.scroll = self.leave(width, 0);
        }
    }

    /// Nothing is searched for.
    pub fn forget_search(&mut self) {
        self.sought.number = 0;
        if let Body::Rendered(text) = &mut self.text {
            text.forget_search();
        }
    }

    pub fn follow(&mut self) {
        self.scroll = Scroll::Follow;
    }

    #[must_use]
    pub fn page(&self) -> isize {
        isize::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(1)
    }
}

/// Cause, what to do, and what a support desk would ask for.
fn sentence(answer: &Answer, fault: &Fault) -> String {
    let cut = answer.outcome() == Some(Outcome::Cut);
    let mut out = format!("{}{}", if cut { "✂ cut off: " } else { "✗ " }, fault.message);
    let again = fault.class.retry_may_help();
    let key = if again && fault.advice().contains("re-run") { " (r)" } else { "" };
    out.push_str(&format_args!("\n→ {}{key}", fault.advice()).to_string());
    if let Some(wait) = fault.retry_after {
        out.push_str(&format_args!("\n  the server asks to wait {} s", wait.as_secs_f64()).to_string());
    }
    let status = fault.status.map(|s| format!("HTTP {s}"));
    let request = answer.request_id.as_ref().map(|r| format!("request {r}"));
    let facts: Vec<String> = [status, fault.code.clone(), request].into_iter().flatten().collect();
    if !facts.is_empty() {
        out.push_str(&format_args!("\n  {}", facts.join(" · ")).to_string());
    }
    if again && key.is_empty() {
        out.push_str("\n  r runs this pane again");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Delta;
    use crate::model::Kind;
    use crate::model::Step;

    #[test]
    fn what_is_withdrawn_leaves_the_pane() {
        let (mut pane, mut answer) = (Pane::default(), Answer::default());
        let mut tell = |deltas: Vec<Delta>| {
            answer.apply(Duration::ZERO, Step::Deltas(deltas));
            pane.feed(&answer);
            pane.text.rows(80);
            pane.text.row(0).into_iter().map(|(text, _)| text.into_owned()).collect::<String>()
        };
        let text = |t: &str| Delta::Text(t.to_owned());
        assert_eq!(tell(vec![text("you sent sk-can")]), "you sent sk-can");
        // As long as what it replaces.
        assert_eq!(tell(vec![Delta::Withdrawn(Kind::Text, 6), text("<mark>")]), "you sent <mark>");
        assert_eq!(tell(vec![text("!")]), "you sent <mark>!");
    }
}
