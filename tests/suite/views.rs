//! The table, the timeline and the scatter: what a round looks like in them.

use bakeoff::model::{Answer, AnswerId, CostStatus, Delta, METRICS, Step, Usage};
use bakeoff::ui::{App, Effect, Event, VIEWS};
use crossterm::event::{Event as Terminal, KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::reading::compared;
use crate::screen::{app, ask, compare, finish, press, price, shown, step, styles, text};

/// Three answers of one round: 1 is quick and dear, 2 slow and cheap, 3 has no price.
fn round() -> (App, Vec<AnswerId>) {
    let mut app = app(3);
    let ids = ask(&mut app, "Explain mutexes.");
    for (n, (first, output)) in [(200_u64, 800), (900, 100), (400, 300)].into_iter().enumerate() {
        let id = ids[n];
        if n < 2 {
            step(&mut app, id, 0, Step::Priced(Some(price().into()), bakeoff::model::Rule::Exact));
        }
        step(&mut app, id, 0, Step::Sent);
        let headers = Step::Headers { status: 200, request_id: None, reused: Some(true) };
        step(&mut app, id, first - 100, headers);
        for i in 0..20 {
            text(&mut app, id, first + i * 50, "A lock that one thread holds. ");
        }
        finish(&mut app, id, first + 1_000, output);
    }
    press(&mut app, "esc");
    (app, ids)
}

/// The rows that name an endpoint, in their order.
fn names(rows: &[String]) -> Vec<usize> {
    let named = |row: &String| (1..=9).find(|n| row.contains(&format!("model-{n}")));
    rows.iter().filter_map(named).collect()
}

#[test]
fn v_goes_through_every_view_and_comes_back() {
    let (mut app, _) = round();
    let mut seen = Vec::new();
    for _ in VIEWS {
        seen.push(app.views.shown.word);
        press(&mut app, "v");
    }
    assert_eq!(seen, VIEWS.iter().map(|v| v.word).collect::<Vec<_>>());
    assert_eq!(app.views.shown.word, "panes");
    press(&mut app, "v");
    press(&mut app, "esc");
    assert_eq!(app.views.shown.word, "panes", "esc leaves a view before it leaves the panes");
}

#[test]
fn a_table_is_ordered_by_any_figure_and_what_is_unknown_stands_last() {
    let (mut app, _) = round();
    press(&mut app, "v");
    assert_eq!(names(&shown(&mut app, 120, 24)), [1, 2, 3], "the lineup's order");
    let order_of = |app: &mut App, id: &str| {
        while app.views.figure.is_none_or(|f| f.id != id) {
            press(app, "l");
        }
        names(&shown(app, 120, 24))
    };
    assert_eq!(order_of(&mut app, "ttft_ms"), [1, 3, 2]);
    assert_eq!(order_of(&mut app, "rate_tps"), [1, 3, 2], "more is better");
    assert_eq!(order_of(&mut app, "cost_usd"), [2, 1, 3]);
    press(&mut app, "o");
    assert_eq!(names(&shown(&mut app, 120, 24)), [1, 2, 3], "the worst first, the unknown still last");
    press(&mut app, "h");
    assert_eq!(app.views.figure.unwrap().id, "total_ms");
}

#[test]
fn every_figure_can_be_reached_and_says_its_formula_at_every_width() {
    let (mut app, _) = round();
    press(&mut app, "v");
    for width in [60, 80, 120, 200] {
        app.views.figure = None;
        for _ in METRICS {
            press(&mut app, "l");
            let row = app.views.figure.unwrap();
            let rows = shown(&mut app, width, 24);
            assert!(rows[2].contains(&format!("{} ▾", row.heading)), "{width} {}: {}", row.id, rows[2]);
            assert!(rows.join("\n").contains(&format!("{} = ", row.heading)), "{width} {}", row.id);
        }
        press(&mut app, "l");
        assert!(app.views.figure.is_none(), "after the last one the lineup's order again");
    }
}

#[test]
fn differences_from_the_baseline_are_absolute_and_in_percent() {
    let (mut app, _) = round();
    press(&mut app, "b");
    press(&mut app, "v");
    let rows = shown(&mut app, 120, 24).join("\n");
    for want in ["baseline", "+700ms +350%", "+200ms +100%", "-$0.007000 -67%"] {
        assert!(rows.contains(want), "{want}:\n{rows}");
    }
    let third: Vec<_> = rows.lines().skip_while(|r| !r.contains("model-3")).take(2).collect();
    assert!(third[0].contains("unknown"), "{third:?}");
    assert!(!third[1].contains('$'), "nothing is compared with what is unknown: {third:?}");
    press(&mut app, "b");
    assert!(!shown(&mut app, 120, 24).join("\n").contains("+700ms"));
}

#[test]
fn an_answer_that_broke_off_is_neither_quick_nor_cheap() {
    let mut app = app(2);
    let ids = ask(&mut app, "x");
    step(&mut app, ids[0], 0, Step::Sent);
    text(&mut app, ids[0], 200, "slow and whole");
    finish(&mut app, ids[0], 900, 10);
    step(&mut app, ids[1], 0, Step::Sent);
    let refused = bakeoff::model::Fault::new(bakeoff::model::Class::Unreachable, "nothing listens there");
    step(&mut app, ids[1], 1, Step::Failed(Box::new(refused)));
    press(&mut app, "esc");
    press(&mut app, "b");
    press(&mut app, "v");
    while app.views.figure.is_none_or(|f| f.id != "total_ms") {
        press(&mut app, "l");
    }
    let rows = shown(&mut app, 120, 24);
    assert_eq!(names(&rows)[..2], [1, 2], "a refusal of a millisecond is not the best total");
    assert!(!rows.join("\n").contains("-899ms"), "{rows:?}");
}

#[test]
fn a_row_leads_to_its_answer_and_the_mouse_chooses_it() {
    let (mut app, _) = round();
    press(&mut app, "v");
    press(&mut app, "j");
    assert_eq!(app.pane, 1);
    let rows = shown(&mut app, 120, 24);
    let row = u16::try_from(rows.iter().position(|r| r.contains("model-3")).unwrap()).unwrap();
    let kind = MouseEventKind::Down(MouseButton::Left);
    let click = MouseEvent { kind, column: 20, row, modifiers: KeyModifiers::NONE };
    app.update(Event::Terminal(Terminal::Mouse(click)), app.now);
    assert_eq!(app.pane, 2);
    let wheel = MouseEvent { kind: MouseEventKind::ScrollUp, ..click };
    app.update(Event::Terminal(Terminal::Mouse(wheel)), app.now);
    assert_eq!(app.pane, 1);
    press(&mut app, "enter");
    assert!(app.zoom && !app.views.is_other());
    assert!(shown(&mut app, 120, 24).join("\n").contains("A lock that one thread holds."));
    // The prompt is no view's business.
    press(&mut app, "v");
    press(&mut app, "i");
    let effects = {
        app.update(Event::Terminal(Terminal::Key(KeyCode::Char('v').into())), app.now);
        press(&mut app, "enter")
    };
    assert!(effects.iter().any(|e| matches!(e, Effect::Launch { .. })), "{effects:?}");
}

#[test]
fn a_timeline_moves_while_answers_run() {
    let mut app = app(2);
    let ids = ask(&mut app, "x");
    step(&mut app, ids[0], 0, Step::Sent);
    step(&mut app, ids[1], 0, Step::Sent);
    press(&mut app, "esc");
    press(&mut app, "v");
    press(&mut app, "v");
    step(&mut app, ids[0], 500, Step::Deltas(vec![Delta::Reasoning("hm".into())]));
    text(&mut app, ids[1], 1_000, "a");
    text(&mut app, ids[1], 2_000, "b");
    let rows = shown(&mut app, 100, 16);
    let bar = |n: usize| rows.iter().find(|r| r.contains(&format!("model-{n}"))).unwrap().clone();
    let count = |row: &str, glyph: char| row.matches(glyph).count();
    assert!(count(&bar(1), '▒') > 2 * count(&bar(1), '─'), "{}", bar(1));
    let (waiting, answering) = (count(&bar(2), '─'), count(&bar(2), '█'));
    assert!(waiting.abs_diff(answering) <= 1, "{}", bar(2));
    assert!(rows.join("\n").contains("╵1.0s"), "{rows:?}");
}

#[test]
fn a_scatter_says_who_is_not_in_it() {
    let (mut app, _) = round();
    for _ in 0..3 {
        press(&mut app, "v");
    }
    let rows = shown(&mut app, 100, 24);
    assert!(
        rows.iter().any(|r| r.contains("model-3") && r.contains("unknown · not in the plot")),
        "{rows:?}"
    );
    let place = |n: &str| {
        let plot = &rows[2..15];
        let y = plot.iter().position(|r| r.split('│').nth(1).is_some_and(|r| r.contains(n))).unwrap();
        (plot[y].rfind(n).unwrap(), y)
    };
    let ((x1, y1), (x2, y2)) = (place("1"), place("2"));
    assert!(x1 < x2 && y1 < y2, "quick and dear is at the upper left: {rows:?}");
}

#[test]
fn views_look_as_they_did() {
    let (mut app, _) = round();
    press(&mut app, "b");
    for view in ["table", "timeline", "scatter"] {
        press(&mut app, "v");
        for (width, height) in [(80, 24), (120, 40), (200, 50)] {
            let rows = shown(&mut app, width, height);
            compare(&format!("view-{view}-{width}x{height}.txt"), &rows);
        }
    }
}

/// Panes stand in `screen.rs`; here is every other view, in the colours of three themes.
#[test]
fn every_view_in_three_themes() {
    for (width, height) in [(80, 24), (120, 40), (200, 50)] {
        for theme in ["tokyo-night", "paper", "mono"] {
            let (mut app, _) = round();
            press(&mut app, "b");
            press(&mut app, "2");
            let mut all = Vec::new();
            for view in VIEWS.iter().skip(1) {
                press(&mut app, "v");
                // A diff is made elsewhere; then it is drawn.
                compared(&mut app, width, height);
                all.push(format!("== {}", view.word));
                all.extend(styles(&mut app, theme, width, height));
            }
            compare(&format!("views-{theme}-{width}x{height}.txt"), &all);
        }
    }
}

#[test]
fn no_view_breaks_at_any_size_nor_before_anything_was_asked() {
    for asked in [false, true] {
        let mut app = if asked { round().0 } else { app(3) };
        press(&mut app, "esc");
        for _ in VIEWS {
            press(&mut app, "v");
            for (width, height) in [(1, 1), (20, 5), (21, 6), (40, 10), (41, 9), (300, 100)] {
                shown(&mut app, width, height);
            }
        }
    }
}

#[test]
fn cost_for_a_thousand_characters_has_the_marks_of_the_cost() {
    let mut answer = Answer::default();
    let per = METRICS.iter().find(|m| m.id == "usd_per_1k_chars").unwrap();
    answer.apply(std::time::Duration::ZERO, Step::Priced(Some(price().into()), bakeoff::model::Rule::Exact));
    answer.apply(std::time::Duration::ZERO, Step::Sent);
    let usage = Usage { input: Some(1_000), output: Some(300), ..Usage::default() };
    let deltas = vec![Delta::Text("é".repeat(2_500)), Delta::Usage(Box::new(usage))];
    answer.apply(std::time::Duration::ZERO, Step::Deltas(deltas));
    assert_eq!(per.show(&answer), "…", "a figure of the whole answer");
    answer.apply(std::time::Duration::ZERO, Step::Ended);
    // 1,000 x $2 + 300 x $10 per million, for 2,500 characters.
    assert_eq!(per.show(&answer), "~$0.002000");
    answer.cost.at_least = true;
    assert_eq!(per.show(&answer), "≥ ~$0.002000");
    answer.cost.status = CostStatus::Unknown;
    answer.cost.usd = None;
    assert_ne!(per.show(&answer), "$0.00");
}
