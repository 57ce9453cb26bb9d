//! What the cursor steps over: a cluster as people see it, or a folded paste.

use std::borrow::Cow;

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::model::clean_line;

/// Private characters that stand for folded pastes; none of them is let in from outside.
const FIRST: u32 = 0x10_F000;
const LAST: u32 = 0x10_FFFD;

/// Cells of a tab.
const TAB: &str = "    ";

/// Bytes of any folding character.
const BYTES: usize = 4;

/// The character of the n-th folded paste, from 0; there are about four thousand.
pub fn fold_char(number: usize) -> Option<char> {
    let code = FIRST.checked_add(u32::try_from(number).ok()?)?;
    if code > LAST { None } else { char::from_u32(code) }
}

/// The number of the folded paste that a character stands for.
pub fn fold_number(c: char) -> Option<usize> {
    let code = u32::from(c);
    (FIRST..=LAST).contains(&code).then(|| usize::try_from(code - FIRST).unwrap_or_default())
}

/// Where the unit that begins at a byte ends.
pub fn next_unit(line: &str, at: usize) -> usize {
    let rest = line.get(at..).unwrap_or_default();
    // Two plain characters in a row are two units.
    if let [first, second, ..] = rest.as_bytes()
        && first.is_ascii()
        && second.is_ascii()
    {
        return at + 1;
    }
    let cluster = rest.graphemes(true).next().map_or(0, str::len);
    at + parts(rest.get(..cluster).unwrap_or_default()).next().unwrap_or(cluster)
}

/// Where the unit that ends at a byte begins.
pub fn previous_unit(line: &str, at: usize) -> usize {
    let before = line.get(..at).unwrap_or_default();
    if let [.., first, second] = before.as_bytes()
        && first.is_ascii()
        && second.is_ascii()
    {
        return at - 1;
    }
    let mut cursor = GraphemeCursor::new(at, line.len(), true);
    let start = cursor.prev_boundary(line, 0).ok().flatten().unwrap_or(0);
    let cluster = line.get(start..at).unwrap_or_default();
    // The last part of a cluster that holds a folded paste.
    let mut from = start;
    for part in parts(cluster) {
        if from + part >= at {
            break;
        }
        from += part;
    }
    from
}

/// Lengths of the parts of a cluster: a folded paste is a part of its own, whatever clings to it.
fn parts(cluster: &str) -> impl Iterator<Item = usize> {
    let mut rest = cluster;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let len = if fold_number(first).is_some() {
            BYTES
        } else {
            rest.find(|c| fold_number(c).is_some()).unwrap_or(rest.len())
        };
        rest = rest.get(len..).unwrap_or_default();
        Some(len)
    })
}

/// What a unit looks like. `label` gives the words of a folded paste.
pub fn shown<'u>(unit: &'u str, label: &dyn Fn(usize) -> String) -> Cow<'u, str> {
    let mut chars = unit.chars();
    match (chars.next(), chars.next()) {
        (Some(' '..='~'), None) => Cow::Borrowed(unit),
        (Some('\t'), None) => Cow::Borrowed(TAB),
        (Some(c), None) if c.is_alphanumeric() => Cow::Borrowed(unit),
        (Some(c), _) => match fold_number(c) {
            Some(number) => Cow::Owned(label(number)),
            None => Cow::Owned(clean_line(unit)),
        },
        (None, _) => Cow::Borrowed(""),
    }
}

/// Cells of a unit.
pub fn cells(unit: &str, label: &dyn Fn(usize) -> String) -> usize {
    let mut chars = unit.chars();
    match (chars.next(), chars.next()) {
        (Some(' '..='~'), None) => 1,
        (Some(c), None) if c.is_alphanumeric() => c.width().unwrap_or(0),
        _ => shown(unit, label).width(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_a_cluster_and_a_fold_stands_alone() {
        let fold = fold_char(0).unwrap();
        let line = format!("aé👨‍👩‍👧{fold}\u{301}e\u{301}\u{600}{fold}b🇩🇪🇫🇷");
        let mut ends = vec![0];
        while *ends.last().unwrap() < line.len() {
            ends.push(next_unit(&line, *ends.last().unwrap()));
        }
        let units: Vec<&str> = ends.windows(2).map(|w| line.get(w[0]..w[1]).unwrap()).collect();
        let f = fold.to_string();
        assert_eq!(units, ["a", "é", "👨‍👩‍👧", &f, "\u{301}", "e\u{301}", "\u{600}", &f, "b", "🇩🇪", "🇫🇷"]);
        let mut back = vec![line.len()];
        while *back.last().unwrap() > 0 {
            back.push(previous_unit(&line, *back.last().unwrap()));
        }
        back.reverse();
        assert_eq!(back, ends, "the same places from both sides");
    }

    #[test]
    fn what_would_harm_a_terminal_is_shown_as_a_mark() {
        let label = |n: usize| format!("[{n}]");
        for (unit, wanted) in
            [("x", "x"), ("\t", "    "), ("日", "日"), ("\u{202e}", "‹U+202E›"), ("\u{1b}", "␛")]
        {
            assert_eq!(shown(unit, &label), wanted);
            assert_eq!(cells(unit, &label), wanted.width());
        }
        assert_eq!(shown(&fold_char(7).unwrap().to_string(), &label), "[7]");
        assert_eq!((fold_char(5_000), fold_number('x')), (None, None));
    }
}
