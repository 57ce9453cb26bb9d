//! Reading answers: Markdown in panes, its source, search, scrolling together.

use bakeoff::model::AnswerId;
use bakeoff::ui::{App, Effect, Overlay};

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
