//! What two texts have in common and what only one of them has, word by word.
//!
//! Pure and without a clock: the same two texts always give the same answer. What keeps it
//! quick is size, in steps that [`Diff::grain`] names: words, beyond [`MOST_WORDS`] lines,
//! beyond [`MOST_LINES`] only what both begin and end with.

use similar::{Algorithm, DiffOp, capture_diff_slices};
use unicode_segmentation::UnicodeSegmentation;

/// Words, spaces and signs of both texts together up to which words are compared.
const MOST_WORDS: usize = 60_000;

/// Lines of both texts together up to which lines are compared.
const MOST_LINES: usize = 60_000;

/// Characters of spaces and signs alone that stand between two changes and join them:
/// single spaces left standing make a change of three words look like three changes.
const MOST_JOINED: usize = 3;

/// Which of the two texts has a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Both.
    Same,
    /// Only the second.
    Added,
    /// Only the first.
    Removed,
}

/// A run of text with the same fate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub kind: Change,
    pub text: String,
}

/// How finely two texts were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    Words,
    /// They are too long for words.
    Lines,
    /// They are too long for lines: one change from the first difference to the last.
    Ends,
}

impl Grain {
    /// What to tell a reader; nothing where words were compared.
    #[must_use]
    pub fn remark(self) -> Option<&'static str> {
        match self {
            Self::Words => None,
            Self::Lines => Some("compared by lines: too long for words"),
            Self::Ends => Some("compared at both ends only: too long for more"),
        }
    }
}

/// Two texts held against each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Diff {
    /// In reading order, without empty pieces; where something was replaced, what was removed
    /// comes before what was added. `Same` and `Removed` make up the first text, `Same` and
    /// `Added` the second, byte for byte.
    pub pieces: Vec<Piece>,
    /// From 0 to 1: `2 × m / (a + b)` with `a` and `b` the words of the two texts and `m` those
    /// that stand in both in the same order. Spaces are no words, a sign by itself is one. Two
    /// texts without words are alike: 1.
    pub similarity: f64,
    pub grain: Grain,
}

impl Diff {
    /// Whether anything differs, spaces included.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.pieces.iter().all(|p| p.kind == Change::Same)
    }

    /// The similarity in whole percent; 100 only where nothing differs, 0 only where no word is shared.
    #[must_use]
    pub fn percent(&self) -> u8 {
        let percent = (self.similarity * 100.0).round();
        if self.is_same() {
            100
        } else if self.similarity > 0.0 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 1 and 99 by the clamp"
            )]
            let percent = percent.clamp(1.0, 99.0) as u8;
            percent
        } else {
            0
        }
    }
}

/// Compares two texts.
#[must_use]
pub fn words(a: &str, b: &str) -> Diff {
    let tokens = |text: &'_ str| text.split_word_bounds().take(MOST_WORDS + 1).count();
    // Counting stops where it is clear that there are too many.
    if tokens(a) + tokens(b) <= MOST_WORDS {
        return compared(
            &a.split_word_bounds().collect::<Vec<_>>(),
            &b.split_word_bounds().collect::<Vec<_>>(),
            Grain::Words,
        );
    }
    let (a_lines, b_lines): (Vec<&str>, Vec<&str>) =
        (a.split_inclusive('\n').collect(), b.split_inclusive('\n').collect());
    if a_lines.len() + b_lines.len() <= MOST_LINES {
        return compared(&a_lines, &b_lines, Grain::Lines);
    }
    let head = a_lines.iter().zip(&b_lines).take_while(|(a, b)| a == b).count();
    let rest = (a_lines.get(head..).unwrap_or_default(), b_lines.get(head..).unwrap_or_default());
    let tail = rest.0.iter().rev().zip(rest.1.iter().rev()).take_while(|(a, b)| a == b).count();
    let mut out = Builder::default();
    for (kind, lines) in [
        (Change::Same, a_lines.get(..head)),
        (Change::Removed, a_lines.get(head..a_lines.len() - tail)),
        (Change::Added, b_lines.get(head..b_lines.len() - tail)),
        (Change::Same, a_lines.get(a_lines.len() - tail..)),
    ] {
        out.push(kind, lines.unwrap_or_default());
    }
    out.done(Grain::Ends)
}

fn compared(a: &[&str], b: &[&str], grain: Grain) -> Diff {
    let mut out = Builder::default();
    for op in capture_diff_slices(Algorithm::Myers, a, b) {
        let (old, new) = (a.get(op.old_range()), b.get(op.new_range()));
        let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
        if matches!(op, DiffOp::Equal { .. }) {
            out.push(Change::Same, old);
        } else {
            out.push(Change::Removed, old);
            out.push(Change::Added, new);
        }
    }
    out.done(grain)
}

/// Pieces as they come, and the words in them.
#[derive(Default)]
struct Builder {
    pieces: Vec<Piece>,
    /// Words in both, only in the first, only in the second.
    counts: [usize; 3],
}

impl Builder {
    fn push(&mut self, kind: Change, tokens: &[&str]) {
        let [same, removed, added] = &mut self.counts;
        let count = match kind {
            Change::Same => same,
            Change::Removed => removed,
            Change::Added => added,
        };
        *count += tokens
            .iter()
            .flat_map(|t| t.split_word_bounds())
            .filter(|w| !w.chars().all(char::is_whitespace))
            .count();
        let text = tokens.concat();
        if !text.is_empty() {
            self.pieces.push(Piece { kind, text });
        }
    }

    fn done(self, grain: Grain) -> Diff {
        let [same, removed, added] = self.counts;
        let all = 2 * same + removed + added;
        #[expect(clippy::cast_precision_loss, reason = "counts of words")]
        let similarity = if all == 0 { 1.0 } else { 2.0 * same as f64 / all as f64 };
        Diff { pieces: joined(self.pieces), similarity, grain }
    }
}

/// Changes that are apart by a space or a sign become one; in each, what is removed comes first.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut out = Vec::with_capacity(pieces.len());
    // The change under way: what it removes, what it adds.
    let (mut removed, mut added) = (String::new(), String::new());
    let mut rest = pieces.into_iter().peekable();
    while let Some(piece) = rest.next() {
        match piece.kind {
            Change::Removed => removed.push_str(&piece.text),
            Change::Added => added.push_str(&piece.text),
            Change::Same => {
                let between = !(removed.is_empty() && added.is_empty()) && rest.peek().is_some();
                // What only grows or only shrinks stays apart: nothing stands in its place.
                let replaces = !removed.is_empty() && !added.is_empty();
                if between && replaces && is_glue(&piece.text) {
                    removed.push_str(&piece.text);
                    added.push_str(&piece.text);
                } else {
                    flush(&mut out, &mut removed, &mut added);
                    out.push(piece);
                }
            }
        }
    }
    flush(&mut out, &mut removed, &mut added);
    out
}

fn flush(out: &mut Vec<Piece>, removed: &mut String, added: &mut String) {
    for (kind, text) in [(Change::Removed, removed), (Change::Added, added)] {
        if !text.is_empty() {
            out.push(Piece { kind, text: std::mem::take(text) });
        }
    }
}

fn is_glue(text: &str) -> bool {
    text.chars().count() <= MOST_JOINED && text.chars().all(|c| !c.is_alphanumeric() && c != '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[-removed-]{+added+}same`
    fn written(diff: &Diff) -> String {
        diff.pieces
            .iter()
            .map(|p| match p.kind {
                Change::Same => p.text.clone(),
                Change::Removed => format!("[-{}-]", p.text),
                Change::Added => format!("{{+{}+}}", p.text),
            })
            .collect()
    }

    fn sides(diff: &Diff) -> (String, String) {
        let of = |kind: Change| {
            let kept = diff.pieces.iter().filter(|p| p.kind == Change::Same || p.kind == kind);
            kept.map(|p| p.text.as_str()).collect::<String>()
        };
        (of(Change::Removed), of(Change::Added))
    }

    #[test]
    fn changes_are_told_by_words() {
        for (a, b, want) in [
            ("", "", ""),
            ("same", "same", "same"),
            ("", "new", "{+new+}"),
            ("old", "", "[-old-]"),
            ("in a calm tone", "in an angry tone", "in [-a calm-]{+an angry+} tone"),
            ("one two", "one two three", "one two{+ three+}"),
            ("don't go", "do go", "[-don't-]{+do+} go"),
            ("a\nb\nc", "a\nx\nc", "a\n[-b-]{+x+}\nc"),
            ("日本語", "日本国", "日本[-語-]{+国+}"),
            ("é\u{301}x 👨‍👩‍👧", "é\u{301}x 👩", "é\u{301}x [-👨‍👩‍👧-]{+👩+}"),
        ] {
            let diff = words(a, b);
            assert_eq!(written(&diff), want);
            assert_eq!(diff.grain, Grain::Words);
        }
    }

    #[test]
    fn similarity_is_twice_the_shared_words_over_all_words() {
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        // Shared: in, tone. Of four and four.
        assert!(close(words("in a calm tone", "in an angry tone").similarity, 0.5));
        assert!(close(words("x y", "z").similarity, 0.0));
        assert!(close(words("", " \n").similarity, 1.0));
        assert!(close(words("a b c", "a b c d").similarity, 6.0 / 7.0));
        assert_eq!(
            [words("a b", "a  b").percent(), words("a", "a").percent(), words("a", "b").percent()],
            [99, 100, 0]
        );
        let long = "word ".repeat(1000);
        assert_eq!(words(&long, &format!("{long}more")).percent(), 99, "not 100 while a word differs");
    }

    #[test]
    fn both_texts_can_be_read_back_whatever_they_are() {
        const PARTS: [&str; 12] =
            ["a", "bc", " ", "\n", ".", ", ", "日", "é", "\u{1b}[0m", "\r\n", "don't", "👨‍👩‍👧"];
        let mut seed = 7_u32;
        let mut next = move || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) as usize
        };
        for _ in 0..300 {
            let mut text = |n: usize| (0..n).map(|_| PARTS[next() % PARTS.len()]).collect::<String>();
            let (a, b) = (text(40), text(35));
            let diff = words(&a, &b);
            assert_eq!(sides(&diff), (a, b));
            assert!((0.0..=1.0).contains(&diff.similarity));
            assert!(diff.pieces.iter().all(|p| !p.text.is_empty()));
        }
    }

    #[test]
    fn long_texts_are_compared_by_lines_and_huge_ones_at_their_ends() {
        let lines = |n: usize, word: &str| {
            (0..n).map(|i| format!("line {i} of {word} text here\n")).collect::<Vec<_>>().concat()
        };
        let a = lines(5_000, "the");
        let b = a.replace("line 2500 of the", "line 2500 of a");
        let diff = words(&a, &b);
        assert_eq!(diff.grain, Grain::Lines);
        assert_eq!(diff.pieces.len(), 4);
        assert_eq!(diff.pieces[1].text, "line 2500 of the text here\n");
        assert_eq!(sides(&diff), (a, b));
        assert_eq!(diff.percent(), 99);
        let a = lines(40_000, "the");
        let b = a.replace("line 20000 of the", "line 20000 of a").replace("line 30000", "row 30000");
        let diff = words(&a, &b);
        assert_eq!(diff.grain, Grain::Ends);
        assert_eq!(diff.pieces.len(), 4);
        assert_eq!(sides(&diff), (a, b));
    }

    /// Nothing in common, over and over: the worst there is for a search of the shortest way.
    #[test]
    fn texts_without_a_common_word_are_no_trap() {
        let text = |from: usize| (from..from + 14_000).map(|n| format!("w{n} ")).collect::<Vec<_>>().concat();
        let diff = words(&text(0), &text(1_000_000));
        assert_eq!(diff.percent(), 0);
        let scrambled = |step: usize| {
            (0..14_000_usize).map(|n| format!("w{} ", n * step % 977)).collect::<Vec<_>>().concat()
        };
        let (a, b) = (scrambled(31), scrambled(57));
        assert_eq!(sides(&words(&a, &b)), (a, b));
    }
}
