//! Files of cases: CSV (a header row, then a row a case), JSONL (an object a line), TOML (`[[case]]`).
//!
//! Every value is a text, as it is written in the file: `007` stays `007`, `1e5` stays `1e5`.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use toml_edit::{Document, Item, Value};

use crate::model::Case;
use crate::model::Cases;
use crate::model::Values;
use crate::model::clean_line;
use crate::model::did_you_mean;

/// Bytes of a file of cases.
const MOST_BYTES: u64 = 16 << 20;

/// Cases of a file; a round each.
const MOST_CASES: usize = 100_000;

/// Where a text is wrong, and how; `None` is the whole.
type Wrong = (Option<usize>, String);

/// How a kind of file is read: each row with its line.
type Reader = fn(&str) -> Result<Vec<Case>, Wrong>;

/// By the ends of their names.
const KINDS: [(&str, Reader); 5] =
    [("csv", csv), ("tsv", csv), ("jsonl", jsonl), ("ndjson", jsonl), ("toml", toml)];

/// Reads a file of cases.
///
/// # Errors
/// A sentence with the file, the line where there is one, and what to do.
pub fn load_cases(path: &Path) -> Result<Cases, String> {
    let name = clean_line(&path.display().to_string());
    let fail = |e: std::io::Error| format!("{name}: {e}");
    if path.is_dir() {
        return Err(format!("{name} is a directory, not a file of cases"));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(fail)?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("{name} is larger than {} MiB: split it", MOST_BYTES >> 20));
    }
    let text = String::from_utf8(bytes).map_err(|e| {
        let good = e.as_bytes().get(..e.utf8_error().valid_up_to()).unwrap_or_default();
        let line = String::from_utf8_lossy(good).matches('\n').count() + 1;
        format!("{name}:{line}: not UTF-8: save the file as UTF-8")
    })?;
    parse_cases(&name, &text)
}

/// Reads a text of cases; the name says which kind it is, and stands in messages.
///
/// # Errors
/// As [`load_cases`].
pub fn parse_cases(name: &str, text: &str) -> Result<Cases, String> {
    let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
    let Some((_, read)) = KINDS.iter().find(|(word, _)| *word == end) else {
        return Err(format!("{name}: cases are read from .csv, .tsv, .jsonl, .ndjson and .toml"));
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rows = read(text).map_err(|(line, why)| match line {
        Some(line) => format!("{name}:{line}: {}", clean_line(&why)),
        None => format!("{name}: {}", clean_line(&why)),
    })?;
    match rows.len() {
        0 => Err(format!("{name} has no case: {}", empty(&end))),
        n if n > MOST_CASES => Err(format!("{name} has {n} cases, the most is {MOST_CASES}: split it")),
        _ => Ok(Cases { name: name.to_owned(), rows }),
    }
}

fn empty(end: &str) -> &'static str {
    match end {
        "toml" => "a case is a [[case]] with a line for each variable",
        "jsonl" | "ndjson" => "a case is a line {\"name\": \"value\"}",
        _ => "the first row names the variables, each row after it is a case",
    }
}

fn csv(text: &str) -> Result<Vec<Case>, Wrong> {
    let head = text.lines().find(|l| !l.trim().is_empty()).unwrap_or_default();
    // Where a comma is the decimal sign, tables are written with semicolons.
    let delimiter = [b',', b'\t', b';'].into_iter().find(|d| head.as_bytes().contains(d)).unwrap_or(b',');
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut names: Option<Vec<String>> = None;
    let mut rows = Vec::new();
    let mut last = (0, false);
    for record in reader.records() {
        let record = record.map_err(|e| {
            let line = e.position().and_then(|p| usize::try_from(p.line()).ok());
            (line, e.to_string())
        })?;
        let line = record.position().and_then(|p| usize::try_from(p.line()).ok()).unwrap_or(1);
        // The reader counts from the end of the record before, empty lines included.
        let line = line + blank_lines_at(text, &record);
        last = (line, record.iter().any(|field| field.contains('\n')));
        let Some(names) = &names else {
            names = Some(header(&record).map_err(|why| (Some(line), why))?);
            continue;
        };
        if record.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        if record.len() != names.len() {
            let (n, all) = (record.len(), names.len());
            let quote = if n > all { "; a field with a comma in it stands in \"quotes\"" } else { "" };
            let why = format!("{n} field{}, the header has {all}{quote}", if n == 1 { "" } else { "s" });
            return Err(unclosed(text, last).unwrap_or((Some(line), why)));
        }
        rows.push(Case { line, values: names.iter().map(String::as_str).zip(record.iter()).collect() });
    }
    match unclosed(text, last) {
        Some(wrong) => Err(wrong),
        None => Ok(rows),
    }
}

/// Empty lines between where the reader was and where the record begins.
fn blank_lines_at(text: &str, record: &::csv::StringRecord) -> usize {
    let from = record.position().and_then(|p| usize::try_from(p.byte()).ok()).unwrap_or(0);
    let rest = text.get(from..).unwrap_or_default();
    let blank = rest.len() - rest.trim_start_matches(['\n', '\r']).len();
    rest.get(..blank).unwrap_or_default().matches('\n').count()
}

/// A quote that swallows the rest of the file.
fn unclosed(text: &str, (line, several): (usize, bool)) -> Option<Wrong> {
    let odd = text.matches('"').count() % 2 == 1;
    (odd && several).then(|| (Some(line), "a quote that opens here is not closed: \"…\"".to_owned()))
}

fn header(record: &::csv::StringRecord) -> Result<Vec<String>, String> {
    let names: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
    for (at, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err(format!("column {} of the header has no name", at + 1));
        }
        if names.iter().take(at).any(|other| other == name) {
            return Err(format!("the header has {name:?} twice: a column needs a name of its own"));
        }
    }
    Ok(names)
}

fn jsonl(text: &str) -> Result<Vec<Case>, Wrong> {
    let mut rows = Vec::new();
    for (line, row) in (1..).zip(text.lines()) {
        let row = row.trim();
        if row.is_empty() {
            continue;
        }
        if row.starts_with('[') {
            let why = "an array; a line is one object {\"name\": \"value\"} (jq -c '.[]' makes such lines)";
            return Err((Some(line), why.into()));
        }
        let values = object(row).map_err(|why| (Some(line), why))?;
        rows.push(Case { line, values });
    }
    Ok(rows)
}

/// One object of texts, numbers and switches, each as it is written.
fn object(text: &str) -> Result<Values, String> {
    struct Pairs;
    impl<'de> Visitor<'de> for Pairs {
        type Value = Vec<(String, Box<RawValue>)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object {\"name\": \"value\"}")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut pairs: Self::Value = Vec::new();
            while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                if pairs.iter().any(|(n, _)| *n == name) {
                    return Err(A::Error::custom(format!("{name:?} stands twice in it")));
                }
                pairs.push((name, value));
            }
            Ok(pairs)
        }
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let told = |e: serde_json::Error| {
        let words = e.to_string();
        let words = words.split(" at line ").next().unwrap_or_default();
        format!("column {}: {words}", e.column())
    };
    let pairs = json.deserialize_map(Pairs).map_err(told)?;
    json.end().map_err(told)?;
    let mut values = Values::default();
    for (name, value) in pairs {
        let raw = value.get();
        match raw.as_bytes().first() {
            Some(b'"') => {
                let text: String = serde_json::from_str(raw).map_err(|e| format!("{name:?}: {e}"))?;
                values.set(&name, text);
            }
            Some(b'{' | b'[') => return Err(nested(&name)),
            // Nothing is no value.
            Some(b'n') => {}
            _ => values.set(&name, raw),
        }
    }
    Ok(values)
}

fn nested(name: &str) -> String {
    format!("{name:?} is a list or a table; a value is a text, a number or true/false")
}

fn toml(text: &str) -> Result<Vec<Case>, Wrong> {
    let line_of = |at: usize| text.get(..at).unwrap_or(text).matches('\n').count() + 1;
    let document =
        Document::parse(text).map_err(|e| (e.span().map(|s| line_of(s.start)), e.message().to_owned()))?;
    let mut rows = Vec::new();
    for (name, item) in document.as_table() {
        let line = item.span().or_else(|| document.key(name).and_then(toml_edit::Key::span));
        let line = line.map(|s| line_of(s.start));
        let Some(tables) = item.as_array_of_tables().filter(|_| name == "case") else {
            let near = if name == "case" { String::new() } else { did_you_mean(name, ["case"]) };
            return Err((line, format!("{name:?} is no case{near}: a case is a [[case]]")));
        };
        for table in tables {
            let line = table.span().map_or(1, |s| line_of(s.start));
            let mut values = Values::default();
            for (name, item) in table {
                let here = table.key(name).and_then(toml_edit::Key::span).map(|s| line_of(s.start));
                let value = scalar(item, text).ok_or_else(|| (here.or(Some(line)), nested(name)))?;
                values.set(name, value);
            }
            rows.push(Case { line, values });
        }
    }
    Ok(rows)
}

fn scalar(item: &Item, text: &str) -> Option<String> {
    match item.as_value()? {
        Value::String(value) => Some(value.value().clone()),
        Value::Array(_) | Value::InlineTable(_) => None,
        other => text.get(other.span()?).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    fn rows(name: &str, text: &str) -> Vec<(usize, Vec<(String, String)>)> {
        let pairs = |case: &Case| case.values.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        let cases = parse_cases(name, text).unwrap_or_else(|e| panic!("{e}"));
        cases.rows.iter().map(|case| (case.line, pairs(case))).collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn the_three_kinds_say_the_same() {
        let want = |lines: [usize; 2]| {
            vec![
                (lines[0], vec![pair("tone", "angry"), pair("n", "007"), pair("ok", "true")]),
                (lines[1], vec![pair("tone", "two\nlines, \"q\""), pair("n", "1e5"), pair("ok", "")]),
            ]
        };
        let csv = "\u{feff}tone, n,ok\r\n\r\nangry,007,true\r\n\"two\nlines, \"\"q\"\"\",1e5,\r\n\r\n";
        assert_eq!(rows("c.csv", csv), want([3, 4]));
        let json = "\n{\"tone\":\"angry\",\"n\":\"007\",\"ok\":true}\r\n\r\n{\"tone\":\"two\\nlines, \\\"q\\\"\",\"n\":1e5,\"ok\":\"\",\"x\":null}\n";
        assert_eq!(rows("c.jsonl", json), want([2, 4]));
        let toml = "# cases\n[[case]]\ntone = \"angry\"\nn = \"007\"\nok = true\n\n[[case]]\ntone = \"\"\"\ntwo\nlines, \"q\\\"\"\"\"\nn = 1e5\nok = \"\"\n";
        assert_eq!(rows("c.toml", toml), want([2, 7]));
        assert_eq!(rows("c.csv", "a;b\n1,5;2\n"), [(2, vec![pair("a", "1,5"), pair("b", "2")])]);
        assert_eq!(rows("c.TSV", "a\tb\n1\t2"), [(2, vec![pair("a", "1"), pair("b", "2")])]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_a_way_out() {
        for (name, text, words) in [
            ("c.csv", "a,b\n1,2\n\n1,2,3\n", "c.csv:4: 3 fields, the header has 2; a field with a comma"),
            ("c.csv", "a,b\n\"x\ny\",2\n1\n", "c.csv:4: 1 field, the header has 2"),
            ("c.csv", "a,b,a\n", "c.csv:1: the header has \"a\" twice"),
            ("c.csv", "a,,b\n1,2,3\n", "c.csv:1: column 2 of the header has no name"),
            ("c.csv", "a,b\n1,2\n\"x,2\n3,4\n", "c.csv:3: a quote that opens here is not closed"),
            ("c.csv", "", "c.csv has no case: the first row names the variables"),
            ("c.csv", "a,b\n\n", "has no case"),
            ("c.jsonl", "\n\n", "c.jsonl has no case"),
            ("c.jsonl", "{\"a\":1}\n{\"a\":[1]}\n", "c.jsonl:2: \"a\" is a list or a table"),
            ("c.jsonl", "{\"a\":1}\n{\"a\":1,}\n", "c.jsonl:2: column 8: trailing comma"),
            ("c.jsonl", "{\"a\":1,\"a\":2}", "c.jsonl:1: column"),
            ("c.jsonl", "{\"a\":1} {\"a\":2}", "c.jsonl:1: column 9: trailing characters"),
            ("c.jsonl", "[{\"a\":1}]", "jq -c"),
            ("c.jsonl", "7", "an object"),
            ("c.toml", "[[case]]\na = 1\nb = [1]\n", "c.toml:3: \"b\" is a list or a table"),
            ("c.toml", "[[case]]\na = 1\n[case.b]\nc = 1\n", "\"b\" is a list or a table"),
            ("c.toml", "[[case]]\na = \n", "c.toml:2: "),
            ("c.toml", "[[cases]]\na = 1\n", "c.toml:1: \"cases\" is no case (did you mean \"case\"?)"),
            ("c.toml", "case = 1\n", "c.toml:1: \"case\" is no case: a case is a [[case]]"),
            ("c.toml", "", "c.toml has no case"),
            ("c.xlsx", "", "c.xlsx: cases are read from .csv"),
        ] {
            let error = parse_cases(name, text).unwrap_err();
            assert!(error.contains(words), "{text:?}: {error}");
            assert!(!error.contains('\n'), "{error:?}");
        }
    }

    #[test]
    fn ten_thousand_rows_are_read_and_a_flood_is_not() {
        let mut text = String::from("n,word\n");
        for n in 0..10_000 {
            writeln!(text, "{n},w{n}").unwrap();
        }
        let cases = parse_cases("c.csv", &text).unwrap();
        assert_eq!((cases.rows.len(), cases.rows[9_999].line), (10_000, 10_001));
        assert_eq!(cases.rows[9_999].values.get("word"), Some("w9999"));
        let flood = "a\n".repeat(MOST_CASES + 2);
        assert!(parse_cases("c.csv", &flood).unwrap_err().contains("split it"));
    }

    #[test]
    fn a_file_that_cannot_be_read_says_why() {
        let dir = tempfile::tempdir().unwrap();
        assert!(load_cases(dir.path()).unwrap_err().contains("is a directory"));
        assert!(load_cases(&dir.path().join("no.csv")).unwrap_err().contains("No such file"));
        let latin = dir.path().join("latin.csv");
        std::fs::write(&latin, b"a\nZ\xfcrich\n").unwrap();
        assert!(load_cases(&latin).unwrap_err().contains("latin.csv:2: not UTF-8"));
        let large = dir.path().join("large.csv");
        std::fs::write(&large, vec![b'a'; usize::try_from(MOST_BYTES).unwrap() + 1]).unwrap();
        assert!(load_cases(&large).unwrap_err().contains("larger than 16 MiB"));
    }
}
