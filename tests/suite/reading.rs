//! Reading answers: Markdown in panes, its source, search, scrolling together.

use bakeoff::model::{AnswerId, words};
use bakeoff::ui::{App, Effect, Event, Overlay};

use crate::screen::{app, ask, compare, finish, press, shown, text, typed};

/// Answers with the same headings and different lengths.
fn answered(panes: usize, paragraphs: impl Fn(usize) -> usize) -> (App, Vec<AnswerId>) {
    let mut app = app(panes);
    let ids = ask(&mut app, "Compare mutexes");
    for (n, id) in ids.iter().enumerate() {
        for part in ["Why", "How", "When"] {
            text(&mut app, *id, 300, &format!("## {}. {part}\n\n", n + 1));
            for p in 0..paragraphs(n) {
                text(&mut app, *id, 320, &format!("Paragraph {p} of {part} with a **fair lock** in it.\n\n"));
            }
        }
        finish(&mut app, *id, 900, 400);
    }
    press(&mut app, "esc");
    (app, ids)
}

fn markdown(app: &mut App) {
    let ids = ask(app, "Show everything");
    let answer = "# Locks\n\nA *fair* lock is **slower**, see [docs](https://docs.example.com/locks).\n\n\
        1. First\n   - nested `code`\n2. Second\n\n> A quote\n> of two lines\n\n\
        | lock | fair | ns |\n|:--|:-:|--:|\n| spin | no | 12 |\n| ticket 票 | yes | 1,204 |\n\n\
        ```rust\nfn main() {\n    let lock = Mutex::new(0); // one\n}\n```\n\nWith maths \\(x_1 * y\\) and $5 to $10.\n";
    for id in &ids {
        text(app, *id, 300, answer);
        finish(app, *id, 800, 120);
    }
    press(app, "esc");
}

#[test]
fn markdown_in_panes_at_three_sizes() {
    for (width, height) in [(80, 24), (120, 40), (200, 50)] {
        let mut screen = app(2);
        markdown(&mut screen);
        compare(&format!("markdown-{width}x{height}.txt"), &shown(&mut screen, width, height));
        press(&mut screen, "m");
        compare(&format!("markdown-source-{width}x{height}.txt"), &shown(&mut screen, width, height));
    }
}

#[test]
fn the_source_is_one_key_away_and_the_place_is_kept() {
    let (mut app, _) = answered(1, |_| 30);
    shown(&mut app, 80, 24);
    for _ in 0..30 {
        press(&mut app, "k");
    }
    let rendered = shown(&mut app, 80, 24);
    assert!(rendered.iter().any(|r| r.contains("a fair lock in")), "{rendered:?}");
    press(&mut app, "m");
    let source = shown(&mut app, 80, 24);
    assert!(source.iter().any(|r| r.contains("a **fair lock** in")), "{source:?}");
    let first = |rows: &[String]| {
        rows[2].replace("**", "").replace("## ", "").trim_matches(['│', '┃', ' ']).to_owned()
    };
    assert_eq!(first(&rendered), first(&source));
    press(&mut app, "m");
    assert_eq!(shown(&mut app, 80, 24)[2], rendered[2]);
}

fn divider(rows: &[String]) -> String {
    rows.iter().filter(|r| r.contains("found")).cloned().collect()
}

#[test]
fn a_search_goes_through_all_panes_and_says_how_many() {
    let (mut app, _) = answered(2, |n| 4 + n);
    press(&mut app, "/");
    typed(&mut app, "Fair lock");
    let rows = shown(&mut app, 120, 40);
    assert!(divider(&rows).contains("0 found"), "a capital finds capitals only: {}", divider(&rows));
    press(&mut app, "ctrl+u");
    typed(&mut app, "fair lock in");
    let rows = shown(&mut app, 120, 40);
    assert!(divider(&rows).contains("12 found") && divider(&rows).contains("15 found"), "{}", divider(&rows));
    assert!(rows.join("\n").contains("27 in 2 of 2 panes"), "over emphasis: {}", rows.join("\n"));
    press(&mut app, "enter");
    assert_eq!((app.overlay, app.pane), (None, 0));
    assert!(shown(&mut app, 120, 40).join("\n").contains("1 of 27"));
    for _ in 0..12 {
        press(&mut app, "n");
    }
    assert_eq!(app.pane, 1, "past the last of the first pane");
    press(&mut app, "N");
    press(&mut app, "N");
    assert!(shown(&mut app, 120, 40).join("\n").contains("11 of 27"));
    press(&mut app, "esc");
    assert!(app.search.is_none() && !shown(&mut app, 120, 40).join("\n").contains("found"));
}

#[test]
fn a_match_out_of_sight_is_brought_into_view_at_any_width() {
    let (mut app, ids) = answered(1, |_| 40);
    text(&mut app, ids[0], 950, "ignored: it has ended");
    for width in [60, 80, 200] {
        shown(&mut app, width, 24);
        press(&mut app, "/");
        typed(&mut app, "Paragraph 7 of How");
        press(&mut app, "enter");
        let rows = shown(&mut app, width, 24);
        assert!(rows.iter().any(|r| r.contains("Paragraph 7 of How")), "{width}: {}", rows.join("\n"));
        press(&mut app, "G");
    }
    press(&mut app, "m");
    press(&mut app, "/");
    typed(&mut app, "**fair lock** in");
    assert!(shown(&mut app, 80, 24).join("\n").contains("120 in 1 of 1 panes"));
    press(&mut app, "esc");
    assert_eq!(app.search.as_ref().unwrap().needle, "Paragraph 7 of How", "esc goes back to the one before");
}

#[test]
fn a_search_for_nothing_says_so_and_changes_nothing() {
    let (mut app, _) = answered(2, |_| 3);
    press(&mut app, "n");
    assert!(app.notice.as_ref().unwrap().0.contains("nothing is searched for"));
    press(&mut app, "/");
    press(&mut app, "enter");
    assert_eq!((app.overlay, app.search.is_none()), (None, true));
    press(&mut app, "/");
    typed(&mut app, "zzz");
    press(&mut app, "enter");
    assert!(app.notice.as_ref().unwrap().0.contains("no answer of this round has \"zzz\""));
    assert_ne!(app.overlay, Some(Overlay::Search));
}

fn top(rows: &[String], column: usize) -> String {
    rows[2]
        .split(['│', '┃'])
        .filter(|c| !c.trim().is_empty())
        .nth(column)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

#[test]
fn panes_scroll_together_by_their_headings() {
    let (mut app, _) = answered(2, |n| 12 + 30 * n);
    shown(&mut app, 120, 24);
    press(&mut app, "g");
    shown(&mut app, 120, 24);
    assert!(!top(&shown(&mut app, 120, 24), 1).contains("Why"), "each pane by itself at first");
    press(&mut app, "s");
    let rows = shown(&mut app, 120, 24);
    assert_eq!((top(&rows, 0).as_str(), top(&rows, 1).as_str()), ("1. Why", "2. Why"));
    let mut seen = 0;
    for _ in 0..60 {
        press(&mut app, "j");
        let rows = shown(&mut app, 120, 24);
        if top(&rows, 0) == "1. How" {
            assert_eq!(top(&rows, 1), "2. How");
            seen += 1;
        }
    }
    assert_eq!(seen, 1);
    press(&mut app, "G");
    let rows = shown(&mut app, 120, 24).join("\n");
    assert!(rows.matches("of When with").count() >= 4, "both at the end: {rows}");
}

#[test]
fn copying_gives_the_source_and_not_the_cells() {
    let mut app = app(1);
    markdown(&mut app);
    shown(&mut app, 80, 24);
    let effects = press(&mut app, "y");
    let copied = effects
        .iter()
        .find_map(|e| if let Effect::Copy { text, .. } = e { Some(text.clone()) } else { None });
    let copied = copied.unwrap();
    assert!(copied.contains("| ticket 票 | yes | 1,204 |") && copied.contains("**slower**"), "{copied}");
}

#[test]
fn a_block_of_code_is_copied_by_itself() {
    let copied = |effects: &[Effect]| {
        effects.iter().find_map(|e| {
            if let Effect::Copy { what, text, .. } = e { Some((what.clone(), text.clone())) } else { None }
        })
    };
    let mut one = app(1);
    markdown(&mut one);
    let code = "fn main() {\n    let lock = Mutex::new(0); // one\n}\n";
    assert_eq!(copied(&press(&mut one, "c")), Some(("rust code".to_owned(), code.to_owned())));
    let mut app = app(1);
    let ids = ask(&mut app, "two blocks");
    text(&mut app, ids[0], 300, "- a list\n  ```sh\n  ls\n  ```\n\n~~~\nplain\n~~~\n");
    finish(&mut app, ids[0], 800, 120);
    press(&mut app, "esc");
    press(&mut app, "c");
    let rows = shown(&mut app, 80, 24).join("\n");
    assert!(rows.contains("sh · 1 line") && rows.contains("plain"), "{rows}");
    press(&mut app, "down");
    assert_eq!(copied(&press(&mut app, "enter")), Some(("code".to_owned(), "plain\n".to_owned())));
    let mut none = crate::screen::app(1);
    press(&mut none, "esc");
    press(&mut none, "c");
    assert!(none.notice.as_ref().unwrap().0.contains("no code to copy"));
}

/// Draws, and does what the loop does with a comparison that is wanted.
pub fn compared(app: &mut App, width: u16, height: u16) -> Vec<String> {
    shown(app, width, height);
    while let Some(wanted) = app.comparing.wanted.take() {
        let diff = words(&wanted.before, &wanted.after);
        app.update(Event::Compared { pair: wanted.pair, diff }, app.now);
        shown(app, width, height);
    }
    shown(app, width, height)
}

/// Two rounds of three endpoints, of which each says something else.
fn rounds() -> App {
    let mut app = app(3);
    for (round, word) in ["mutex", "lock"].iter().enumerate() {
        let ids = ask(&mut app, "Explain it");
        for (n, id) in ids.iter().enumerate() {
            for line in 0..30 {
                let own = if line == 12 { format!("pane {n} says so") } else { "all say so".into() };
                text(&mut app, *id, 300, &format!("Line {line} of the {word}: {own}.\n"));
            }
            finish(&mut app, *id, 900 + round as u64, 400);
        }
        press(&mut app, "esc");
    }
    app
}

#[test]
fn the_diff_at_three_sizes_in_both_shapes() {
    for (width, height) in [(80, 24), (120, 40), (200, 50)] {
        let mut app = rounds();
        press(&mut app, "D");
        compare(&format!("view-diff-{width}x{height}.txt"), &compared(&mut app, width, height));
        press(&mut app, "o");
        press(&mut app, "T");
        compare(&format!("view-diff-sides-{width}x{height}.txt"), &compared(&mut app, width, height));
    }
}

#[test]
fn the_diff_is_against_the_baseline_or_the_round_before() {
    let mut app = rounds();
    press(&mut app, "3");
    press(&mut app, "b");
    press(&mut app, "1");
    press(&mut app, "D");
    let rows = compared(&mut app, 120, 40).join("\n");
    assert!(rows.contains("model-1 against model-3") && rows.contains("1 change"), "{rows}");
    assert!(rows.contains("pane 20 says so") && rows.contains("lines alike"), "{rows}");
    press(&mut app, "D");
    let rows = compared(&mut app, 120, 40).join("\n");
    assert!(
        rows.contains("model-1 against the round before") && rows.contains("90 % alike · 1 change"),
        "{rows}"
    );
    assert!(rows.contains("of the mutexlock: all"), "{rows}");
    press(&mut app, "[");
    let rows = compared(&mut app, 120, 40).join("\n");
    assert!(rows.contains("no earlier round has an answer of this endpoint"), "{rows}");
    press(&mut app, "D");
    press(&mut app, "3");
    assert!(compared(&mut app, 120, 40).join("\n").contains("the answer that the others are held against"));
    press(&mut app, "esc");
    assert!(shown(&mut app, 120, 40).join("\n").contains("2 model-2"), "esc goes back to the panes");
}

#[test]
fn the_diff_scrolls_and_jumps_from_change_to_change() {
    let mut app = rounds();
    press(&mut app, "D");
    press(&mut app, "T");
    let rows = compared(&mut app, 120, 20);
    assert!(rows[2].contains("Line 0 of"), "{}", rows[2]);
    press(&mut app, "n");
    assert!(compared(&mut app, 120, 20)[2].contains("Line 11 of"), "a line above the change");
    press(&mut app, "G");
    assert!(compared(&mut app, 120, 20).join("\n").contains("Line 29 of"));
    press(&mut app, "g");
    press(&mut app, "j");
    assert!(compared(&mut app, 120, 20)[2].contains("Line 1 of"));
    assert!(app.rounds[1].entries[1].pane.follows(), "the panes stay where they are");
}

/// Each of these has made some program of this kind freeze, crash or smear its screen.
#[test]
fn odd_answers_are_shown_and_nothing_freezes() {
    let word = "w".repeat(1 << 20);
    let marks = format!("a{} b", "\u{301}".repeat(10_000));
    let rtl = "שלום עולם \u{202e}abc\u{202c} مرحبا بالعالم ".repeat(50);
    let fence = format!("```\n{}", "x".repeat(1 << 20));
    let deep = "> ".repeat(2_000) + "deep\n" + &"  ".repeat(2_000) + "- item\n";
    let stars = "*".repeat(50_000) + " [" + &"[".repeat(50_000) + "`".repeat(10_001).as_str();
    let table = format!("| {} |\n|{}|\n", "a | ".repeat(3_000), "---|".repeat(3_000));
    for odd in [&word, &marks, &rtl, &fence, &deep, &stars, &table] {
        let mut app = app(2);
        let ids = ask(&mut app, "odd");
        let at = std::time::Instant::now();
        for piece in odd.as_bytes().chunks(64 << 10) {
            text(&mut app, ids[0], 300, &String::from_utf8_lossy(piece));
            let rows = shown(&mut app, 120, 40);
            assert!(!rows.iter().any(|r| r.chars().any(|c| c.is_control() || c == '\u{202e}')));
        }
        finish(&mut app, ids[0], 900, 10);
        press(&mut app, "esc");
        press(&mut app, "g");
        for (width, height) in [(120, 40), (80, 24), (41, 9), (20, 5)] {
            shown(&mut app, width, height);
        }
        press(&mut app, "/");
        typed(&mut app, "item");
        press(&mut app, "enter");
        // Far above what it takes in a debug build on a busy machine, far below a freeze.
        let begins: String = odd.chars().take(12).collect();
        assert!(at.elapsed().as_secs() < 30, "{begins:?} took {:?}", at.elapsed());
    }
}
