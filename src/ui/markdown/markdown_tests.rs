use unicode_width::UnicodeWidthStr;

use super::*;

/// Everything that an answer may hold.
const SAMPLE: &str = "# Title with `code`\n\nA *paragraph* with **bold**, ~~gone~~, ~5 to ~10 and a [label](https://docs.example.com/a?b#c).\nA second line.\n\n\
- one\n- two\n  with a lazy end\n\n  and a second paragraph\n  - nested **deep**\n    1. numbered\n- [x] done\n- [ ] open\n\n\
> quoted\n> > twice\n>\n> end\n\n| Name | Größe | 数 |\n|:-----|:----:|---:|\n| a | `b` | 日本語 |\n| long words here | x<br>y | 2 |\n\n\
```rust\nfn main() {\n    println!(\"{}\", 1);\n\n}\n```\n\nmaths \\(a_1 * b_2\\) and $x_i^2$ cost $5 and $10.\n\n\\[\n\\frac{a}{b}\n\\]\n\n\
***\n\n1999. not one\n2000. but a list\n\n    indented code\n\n<b>html</b> &amp; &#27;[31m Vec<T>\n\n![alt](https://img.example.com/x.png)\n\n[^1]: a note\n\nlast line without an end";

fn whole(text: &str, width: u16) -> Vec<String> {
    let mut markdown = Markdown::new();
    markdown.push(text);
    markdown.finish();
    rows(&mut markdown, width)
}

fn rows(markdown: &mut Markdown, width: u16) -> Vec<String> {
    markdown.rows(width);
    markdown.complete();
    let count = markdown.rows(width);
    (0..count).map(|n| markdown.row(n).into_iter().map(|(text, _)| text.into_owned()).collect()).collect()
}

#[test]
fn what_is_written_is_shown_as_what_it_means() {
    let shown = whole(SAMPLE, 44);
    let expected = [
        "Title with code",
        "",
        "A paragraph with bold, gone, ~5 to ~10 and a",
        "label (docs.example.com).",
        "A second line.",
        "",
        "• one",
        "• two",
        "  with a lazy end",
        "",
        "  and a second paragraph",
        "  • nested deep",
        "    1. numbered",
        "• ☑ done",
        "• ☐ open",
        "",
        "│ quoted",
        "│ │ twice",
        "│",
        "│ end",
        "",
        "Name            │ Größe │     数",
        "────────────────┼───────┼───────",
        "a               │   b   │ 日本語",
        "long words here │   x   │      2",
        "                │   y   │ ",
        "",
        "── rust ────────────────────────────────────",
        "fn main() {",
        "    println!(\"{}\", 1);",
        "",
        "}",
        "────────────────────────────────────────────",
        "",
        "maths \\(a_1 * b_2\\) and $x_i^2$ cost $5 and",
        "$10.",
        "",
        "\\[",
        "\\frac{a}{b}",
        "\\]",
        "",
        "────────────────────────────────────────────",
        "",
        "1999. not one",
        "2000. but a list",
        "",
        "indented code",
        "",
        "<b>html</b> & ␛[31m Vec<T>",
        "",
        "image: alt (img.example.com)",
        "",
        "[^1]: a note",
        "",
        "last line without an end",
    ];
    assert_eq!(shown, expected, "\n{}", shown.join("\n"));
}

#[test]
fn a_text_in_pieces_is_the_whole() {
    for width in [12, 44, 100] {
        let expected = whole(SAMPLE, width);
        let ends: Vec<usize> = (0..=SAMPLE.len()).filter(|at| SAMPLE.is_char_boundary(*at)).collect();
        // Every cut in two, seen in between.
        for end in &ends {
            let mut markdown = Markdown::new();
            let (first, second) = SAMPLE.split_at(*end);
            markdown.push(first);
            rows(&mut markdown, width);
            markdown.push(second);
            markdown.finish();
            assert_eq!(rows(&mut markdown, width), expected, "cut at {end}, {width} columns");
        }
        // A byte at a time, drawn each time.
        let mut markdown = Markdown::new();
        for (from, to) in ends.iter().zip(ends.iter().skip(1)) {
            markdown.push(SAMPLE.get(*from..*to).unwrap());
            rows(&mut markdown, width);
        }
        markdown.finish();
        assert_eq!(rows(&mut markdown, width), expected, "{width} columns");
    }
}

#[test]
fn a_new_width_is_the_same_as_having_had_it_from_the_start() {
    let mut markdown = Markdown::new();
    markdown.push(SAMPLE);
    markdown.finish();
    for width in [80, 20, 44, 1, 200] {
        assert_eq!(rows(&mut markdown, width), whole(SAMPLE, width), "{width} columns");
    }
}

/// A cell is two columns at most: below four no lead, no bar of a table fits beside it.
#[test]
fn no_row_is_wider_than_the_pane() {
    for width in 4..=70_u16 {
        for row in whole(SAMPLE, width) {
            assert!(row.width() <= usize::from(width), "{width} columns: {row:?}");
        }
    }
    for width in 1..4 {
        whole(SAMPLE, width);
    }
}

#[test]
fn every_place_leads_back_to_its_row() {
    let mut markdown = Markdown::new();
    markdown.push(SAMPLE);
    markdown.finish();
    for width in [16, 44, 120] {
        let count = rows(&mut markdown, width).len();
        let mut before = 0;
        for number in 0..count {
            let start = markdown.start(number);
            assert!(start >= before || start == before, "row {number}: {start} after {before}");
            before = before.max(start);
            let back = markdown.row_at(start);
            assert!(back.abs_diff(number) <= 3, "row {number} at {start} leads to {back}, {width} columns");
        }
    }
}

/// Reading is linear: what has ended is read once.
#[test]
fn a_long_answer_costs_its_length() {
    let work = |paragraphs: usize| {
        let mut markdown = Markdown::new();
        for n in 0..paragraphs {
            for piece in [
                format!("## Part {n}\n\nA paragraph "),
                "of some words.\n\n- item\n".into(),
                "- item\n\n".into(),
            ] {
                markdown.push(&piece);
                markdown.work(60);
            }
        }
        markdown.finish();
        rows(&mut markdown, 60);
        markdown.work
    };
    let (one, four) = (work(500), work(2_000));
    assert!(four < one * 5, "{one} bytes, then {four}");
}

/// Code, and what is too long to be Markdown, grows by its last row.
#[test]
fn endless_things_stay_quick_and_whole() {
    let word = "x".repeat(1 << 20);
    let shown = whole(&word, 100);
    assert_eq!(shown.concat(), word);
    let table: String = std::iter::once("| a | b |\n|---|---|\n".to_owned())
        .chain((0..4_000).map(|n| format!("| {n} | b |\n")))
        .collect();
    let shown = whole(&format!("{table}\nafter *it*"), 100);
    assert_eq!((shown[0].as_str(), shown.last().unwrap().as_str()), ("| a | b |", "after it"));
    let code: Vec<String> = (0..20_000).map(|n| format!("let x{n} = {n};\n")).collect();
    let mut markdown = Markdown::new();
    markdown.push("```rust\n");
    for line in &code {
        markdown.push(line);
        markdown.work(80);
    }
    markdown.push("```\n");
    markdown.finish();
    let shown = rows(&mut markdown, 80);
    assert_eq!(shown.len(), 20_002);
    assert_eq!(shown[20_000], "let x19999 = 19999;");
}

/// A line that has not ended is not wrapped anew each time it grows.
#[test]
fn a_long_line_in_pieces_costs_its_length() {
    let work = |bytes: usize| {
        let mut markdown = Markdown::new();
        for _ in 0..bytes / 1_000 {
            markdown.push(&"{\"key\":\"value\"},".repeat(62));
            markdown.work(60);
        }
        markdown.work
    };
    let (one, four) = (work(200_000), work(800_000));
    assert!(four < one * 5, "{one} bytes were read, then {four}");
}

#[test]
fn code_in_an_item_keeps_its_brackets_and_a_host_cannot_hide() {
    let shown =
        whole("1. Run:\n   ```sh\n   find . \\( -name a \\)\n   ```\n\n`` \\( `` and \\(x_1\\)\n", 60);
    assert!(shown.iter().any(|r| r.contains("find . \\( -name a \\)")), "{shown:?}");
    assert!(shown.last().unwrap().contains("\\(x_1\\)"), "{shown:?}");
    let links = "[https://mybank.com](https://bank.com) [a](https://evil.com\\\\x@good.com) [b](//evil.com/x) [bank.com](https://bank.com/x)";
    let shown = whole(links, 200).concat();
    assert_eq!(shown, "https://mybank.com (bank.com) a (evil.com) b (evil.com) bank.com");
}

#[test]
fn what_has_not_ended_does_not_blink() {
    let mut markdown = Markdown::new();
    markdown.push("<p>Use *foo");
    markdown.work(60);
    let row: String = markdown.row(0).into_iter().map(|(t, _)| t.into_owned()).collect();
    assert!(row.contains("Use *foo"), "{row:?}");
}

#[test]
fn nothing_in_a_text_reaches_the_terminal_as_a_control() {
    let hostile = "&#27;]8;;http://evil.example\u{7} [x](javascript:alert(1)) &#x202e;abc `\u{1b}[2J` \u{1b}]0;t\u{7}\n```\u{1b}[31m\n\u{9b}1m\n```\n| &#27; |\n|---|\n| \u{1b} |\n";
    for row in whole(hostile, 60) {
        assert!(!row.chars().any(|c| c.is_control() || c == '\u{202e}'), "{row:?}");
    }
}

#[test]
fn emphasis_does_not_wait_for_its_end() {
    let mut markdown = Markdown::new();
    markdown.push("this is **important and `co");
    markdown.rows(60);
    let pieces: Vec<(String, bool, Role)> =
        markdown.row(0).into_iter().map(|(t, ink)| (t.into_owned(), ink.strong, ink.role)).collect();
    let text: String = pieces.iter().map(|p| p.0.as_str()).collect();
    assert_eq!(text, "this is **important and co", "{pieces:?}");
    markdown.push("de` to know");
    markdown.rows(60);
    let strong: String =
        markdown.row(0).into_iter().filter(|(_, ink)| ink.strong).map(|(t, _)| t.into_owned()).collect();
    assert_eq!(strong, "important and code to know");
}

#[test]
fn a_wide_table_becomes_records() {
    let head = (0..12).map(|n| format!("column {n}")).collect::<Vec<_>>().join(" | ");
    let rule = ["---"; 12].join(" | ");
    let row = (0..12).map(|n| format!("value {n}")).collect::<Vec<_>>().join(" | ");
    let shown = whole(&format!("| {head} |\n| {rule} |\n| {row} |\n| {row} |\n"), 40);
    assert_eq!(shown[0], "column 0: value 0");
    assert_eq!((shown[11].as_str(), shown[12].as_str()), ("column 11: value 11", "─"));
    assert_eq!(shown.len(), 25);
}

/// Of a long answer little is held as it was laid out, and what was let go comes back as it was.
#[test]
fn only_what_was_seen_last_is_held_as_it_was_laid_out() {
    let held = |markdown: &Markdown| {
        let bodies = markdown.units.iter().filter(|u| !u.body.is_gone());
        bodies.map(|u| UNIT + u.cut.span.len()).sum::<usize>()
    };
    let text = format!("{SAMPLE}\n\n").repeat(400);
    let mut markdown = Markdown::new();
    markdown.push(&text);
    markdown.finish();
    let first = rows(&mut markdown, 44);
    assert!(text.len() > 5 * KEPT && first.len() > 15_000, "{} bytes, {} rows", text.len(), first.len());
    assert!(held(&markdown) <= KEPT, "{} bytes after all was read", held(&markdown));
    assert_eq!(rows(&mut markdown, 44), first, "what was let go is read again");
    let headings = markdown.headings().count();
    assert_eq!(headings, 400);
    for (number, row) in first.iter().enumerate().step_by(97) {
        let start = markdown.start(number);
        assert!(markdown.row_at(start).abs_diff(number) <= 3, "row {number}: {row}");
    }
    // A search looks at all of it, and holds it until it is over.
    assert_eq!(markdown.search("paragraph", 1), 800);
    assert!(held(&markdown) > KEPT);
    markdown.forget_search();
    assert!(held(&markdown) <= KEPT, "{} bytes after the search", held(&markdown));
    let row = markdown.row_of_match(799).unwrap();
    assert!(first[row].contains("paragraph"), "{}", first[row]);
}

/// Colours take long to find: they stay when the lines that they are of are let go.
#[test]
fn colours_outlast_the_rows_that_they_are_of() {
    let mut markdown = Markdown::new();
    markdown.push("```rust\nlet a = 1;\nlet b = 2;\n```\n\n");
    markdown.push(&"words\n\n".repeat(4 * KEPT / UNIT));
    markdown.finish();
    rows(&mut markdown, 40);
    let (block, _, from, lines) = markdown.uncoloured(0..4).unwrap();
    assert_eq!((block, from, lines.as_str()), (0, 0, "let a = 1;\nlet b = 2;\n"));
    markdown.colour(0, 0, vec![vec![(3, Role::Keyword), (10, Role::Text)]; 2]);
    let seen = |markdown: &mut Markdown| -> Vec<(String, Role)> {
        markdown.row(2).into_iter().map(|(text, ink)| (text.into_owned(), ink.role)).collect()
    };
    let expected = [("let".to_owned(), Role::Keyword), (" b = 2;".to_owned(), Role::Text)];
    assert_eq!(seen(&mut markdown), expected);
    rows(&mut markdown, 40);
    assert!(markdown.units[0].body.is_gone());
    assert_eq!(seen(&mut markdown), expected);
    assert_eq!(markdown.uncoloured(0..4), None, "nobody reads it twice");
}
