//! `bakeoff.run/1`: one object; field names are a contract. Absent means not
//! known, money is a decimal string in USD, times are nanoseconds from `t0`.

use std::fmt::Write;

use serde::Serialize;

use super::{Meta, Round};
use crate::model::clean;
use crate::store::record::Detail;
use crate::store::record::RoundRecord;

/// One run.
#[derive(Serialize)]
struct Document<'m> {
    schema: &'static str,
    bakeoff: &'static str,
    started_at: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    connections: Option<&'static str>,
    price_book: Book<'m>,
    rounds: Vec<RoundRecord>,
}

/// Which list the costs are from.
#[derive(Serialize)]
struct Book<'m> {
    as_of: &'m str,
    sha256: &'m str,
}

pub(super) fn write(meta: &Meta, rounds: &[Round]) -> String {
    let document = Document {
        schema: "bakeoff.run/1",
        bakeoff: env!("CARGO_PKG_VERSION"),
        started_at: &meta.started_at,
        connections: meta.connections.word(),
        price_book: Book { as_of: &meta.prices_as_of, sha256: &meta.prices_sha256 },
        rounds: rounds.iter().map(|one| RoundRecord::of(one, rounds, Detail::Figures)).collect(),
    };
    pretty(&document)
}

/// A document as JSON text that a terminal can show.
#[must_use]
pub fn pretty(document: &impl Serialize) -> String {
    let mut text = printable(&serde_json::to_string_pretty(document).unwrap_or_default());
    text.push('\n');
    text
}

/// JSON escapes C0 controls only; `cat` of a hostile answer must not replay C1,
/// bidi controls or invisible characters either. The value stays the same: what
/// the filter would mark is written as `\uXXXX`.
pub(super) fn printable(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut buffer = [0_u8; 4];
    for c in text.chars() {
        if c.is_ascii() && c != '\u{7f}' {
            out.push(c);
            continue;
        }
        let alone: &str = c.encode_utf8(&mut buffer);
        if clean(alone) == alone {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_filter_marks_is_escaped_and_the_value_stays() {
        let hostile = "a\u{9b}2J \u{202e}evil\u{7f} naïve 日本 👨‍👩‍👧";
        let text = serde_json::to_string(hostile).unwrap();
        let safe = printable(&text);
        assert!(safe.contains("\\u009b") && safe.contains("\\u202e") && safe.contains("\\u007f"), "{safe}");
        assert!(safe.contains("naïve 日本"), "{safe}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), hostile);
    }
}
