//! A growing Markdown text, cut into units that never change once the next one has begun.
//!
//! A unit is what can be read by itself: a paragraph, a heading, a table, a fenced block, one
//! item of a list with all that is below it. Cuts depend on whole lines and nothing else, so
//! that a text arrives at the same units however it was chopped. What this gives up is what
//! reaches across units: reference links, and whether a list is loose.

use std::ops::Range;

/// A unit that grows beyond this many bytes is shown as it was written: reading it anew at
/// every frame would make a frame cost what the answer costs.
pub(super) const LONGEST: usize = 32 << 10;

/// What kind of unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Prose,
    /// An item of a list, with what continues it.
    Item,
    /// A fenced block. Its first line is the fence, its last one too once `closed`.
    Code {
        /// Columns before the fence, taken off every line of the block.
        indent: usize,
        closed: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) span: Range<usize>,
    pub(super) shape: Shape,
    /// An empty line stands before it.
    pub(super) gap: bool,
}

/// An open fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fence {
    mark: u8,
    length: usize,
    /// It is a unit of its own, not part of an item.
    alone: bool,
}

/// Where the reader of lines is. Small, and cloned to try a line that has not ended yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Splitter {
    fence: Option<Fence>,
    /// The unit that the next line may continue.
    open: Option<Open>,
    /// The line before was empty.
    blank: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Prose,
    Item,
}

/// What a line does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// It belongs to no unit.
    Blank,
    /// It belongs to the last unit.
    Continues,
    /// It belongs to the last unit, a fenced block, and closes it.
    Closes,
    Begins(Shape),
}

impl Splitter {
    /// Takes a line without its line feed; the second value is whether an empty line came before.
    pub(super) fn line(&mut self, line: &str) -> (Line, bool) {
        let gap = self.blank;
        let body = line.trim_start_matches(' ');
        let indent = line.len() - body.len();
        if let Some(fence) = self.fence {
            let closes = closes(body, fence) && (indent < 4 || !fence.alone);
            if closes {
                self.fence = None;
                if fence.alone {
                    self.open = None;
                }
            }
            self.blank = false;
            return (if closes && fence.alone { Line::Closes } else { Line::Continues }, gap);
        }
        if body.is_empty() {
            self.blank = true;
            if self.open == Some(Open::Prose) {
                self.open = None;
            }
            return (Line::Blank, gap);
        }
        self.blank = false;
        let fence = opens(body);
        let continues = match self.open {
            Some(Open::Item) if indent >= 2 => true,
            // A lazy line goes on with the paragraph before it.
            Some(Open::Item) => !gap && fence.is_none() && !is_heading(body) && !is_item(body),
            Some(Open::Prose) => indent >= 4 || !(fence.is_some() || is_heading(body) || interrupts(body)),
            None => false,
        };
        if continues {
            self.fence = fence.map(|(mark, length)| Fence { mark, length, alone: false });
            return (Line::Continues, gap);
        }
        if let Some((mark, length)) = fence.filter(|_| indent < 4) {
            self.fence = Some(Fence { mark, length, alone: true });
            self.open = None;
            return (Line::Begins(Shape::Code { indent, closed: false }), gap);
        }
        let item = indent < 4 && is_item(body);
        // A heading is a line by itself.
        let heading = indent < 4 && is_heading(body);
        self.open = if heading { None } else { Some(if item { Open::Item } else { Open::Prose }) };
        (Line::Begins(if item { Shape::Item } else { Shape::Prose }), gap)
    }

    /// Whether what there is of a line may become the fence that closes the block.
    pub(super) fn may_close(&self, line: &str) -> bool {
        let body = line.trim_start_matches(' ');
        self.fence.is_some_and(|f| f.alone && !body.is_empty() && body.bytes().all(|b| b == f.mark))
    }
}

/// The mark and length of a fence that this line opens.
fn opens(body: &str) -> Option<(u8, usize)> {
    let mark = *body.as_bytes().first().filter(|b| matches!(b, b'`' | b'~'))?;
    let length = body.bytes().take_while(|b| *b == mark).count();
    let rest = body.get(length..)?;
    // Back-ticks in a line with back-ticks are inline code.
    (length >= 3 && !(mark == b'`' && rest.contains('`'))).then_some((mark, length))
}

fn closes(body: &str, fence: Fence) -> bool {
    let length = body.bytes().take_while(|b| *b == fence.mark).count();
    length >= fence.length && body.get(length..).is_some_and(|rest| rest.trim().is_empty())
}

fn is_heading(body: &str) -> bool {
    let hashes = body.bytes().take_while(|b| *b == b'#').count();
    (1..=6).contains(&hashes) && body.as_bytes().get(hashes).is_none_or(|b| *b == b' ')
}

/// `- `, `* `, `+ `, `1. `, `1) `, with something or nothing behind.
fn is_item(body: &str) -> bool {
    let bytes = body.as_bytes();
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let marker = match (digits, bytes.get(digits)) {
        (0, Some(b'-' | b'*' | b'+')) => 1,
        (1..=9, Some(b'.' | b')')) => digits + 1,
        _ => return false,
    };
    bytes.get(marker).is_none_or(|b| *b == b' ') && !is_rule(body)
}

/// `---`, `* * *`: a line across.
fn is_rule(body: &str) -> bool {
    let Some(mark) = body.bytes().next().filter(|b| matches!(b, b'-' | b'*' | b'_')) else { return false };
    body.bytes().all(|b| b == mark || b == b' ') && body.bytes().filter(|b| *b == mark).count() >= 3
}

/// Whether a list may begin here in the middle of a paragraph: a number other than one is most
/// often a sum, and a lone dash underlines a heading.
fn interrupts(body: &str) -> bool {
    let bullet = matches!(body.as_bytes(), [b'-' | b'*' | b'+', b' ', _, ..]);
    (bullet || body.starts_with("1. ") || body.starts_with("1) ")) && !is_rule(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cuts(text: &str) -> Vec<(String, bool)> {
        let mut splitter = Splitter::default();
        let mut out: Vec<(String, bool)> = Vec::new();
        let mut blanks = 0;
        for line in text.lines() {
            match splitter.line(line) {
                (Line::Blank, _) => blanks += 1,
                (Line::Begins(_), gap) => out.push((line.to_owned(), gap)),
                (Line::Continues | Line::Closes, _) => {
                    let last = out.last_mut().unwrap();
                    last.0.push_str(&"\n".repeat(blanks + 1));
                    last.0.push_str(line);
                }
            }
            if !line.trim().is_empty() {
                blanks = 0;
            }
        }
        out
    }

    #[test]
    fn units_are_what_can_be_read_alone() {
        let cases: [(&str, &[&str]); 10] = [
            ("a\nb\n\nc", &["a\nb", "c"]),
            ("# h\ntext\n## h2\nmore", &["# h", "text", "## h2", "more"]),
            ("- a\n- b\n\n  more b\n- c\n\nafter", &["- a", "- b\n\n  more b", "- c", "after"]),
            ("1. a\n   - b\n   - c\n2. d\nlazy", &["1. a\n   - b\n   - c", "2. d\nlazy"]),
            (
                "text\n```rust\nfn f() {}\n\n# no heading\n```\nafter",
                &["text", "```rust\nfn f() {}\n\n# no heading\n```", "after"],
            ),
            ("- a\n  ```\n  x\n\n  - no item\n  ```\n- b", &["- a\n  ```\n  x\n\n  - no item\n  ```", "- b"]),
            ("| a |\n|---|\n| 1 |\n\nafter", &["| a |\n|---|\n| 1 |", "after"]),
            ("text\n- item\n\n---\n\n* * *", &["text", "- item", "---", "* * *"]),
            ("in 1999. yes\n2. is a sum\n1. is a list", &["in 1999. yes\n2. is a sum", "1. is a list"]),
            ("````\n```\n````\nx\n~~~\n```\n~~~", &["````\n```\n````", "x", "~~~\n```\n~~~"]),
        ];
        for (text, expected) in cases {
            let found: Vec<String> = cuts(text).into_iter().map(|c| c.0).collect();
            assert_eq!(found, expected, "{text:?}");
        }
        assert_eq!(cuts("a\n\n- b\n- c").into_iter().map(|c| c.1).collect::<Vec<_>>(), [false, true, false]);
    }
}
