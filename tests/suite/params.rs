//! The panel of parameters: what each model takes, values that count from the next round on,
//! and nothing half-applied.

use std::sync::Arc;

use bakeoff::model::{Endpoint, Prompt};
use bakeoff::provider::takes;
use bakeoff::ui::{Accepted, App, Effect, Focus, Overlay};

use crate::screen::{app, ask, compare, press, shown, typed};

/// Three endpoints of known and unknown models, asked what they take as the program asks them.
fn tuned() -> App {
    let mut app = app(3);
    for (endpoint, (provider, model)) in app.lineup.endpoints.iter_mut().zip([
        ("openai", "gpt-6-sol"),
        ("anthropic", "claude-haiku-5-5"),
        ("compatible", "somebody-new"),
    ]) {
        (endpoint.provider, endpoint.model) = (provider.into(), model.into());
        endpoint.name = model.into();
    }
    app.accepts = Arc::new(|endpoint: &Endpoint| {
        let rows = takes(endpoint, Some(64_000)).into_iter();
        rows.map(|r| Accepted { param: r.param, takes: r.words, becomes: r.becomes }).collect()
    });
    app
}

fn asked(effects: Vec<Effect>) -> Vec<(Endpoint, Prompt)> {
    let launch = |e| match e {
        Effect::Launch { endpoint, prompt, .. } => Some((*endpoint, *prompt)),
        _ => None,
    };
    effects.into_iter().filter_map(launch).collect()
}

fn send(app: &mut App, question: &str) -> Vec<(Endpoint, Prompt)> {
    app.focus = Focus::Prompt;
    typed(app, question);
    let sent = asked(press(app, "enter"));
    press(app, "esc");
    sent
}

fn get(app: &App, at: usize, param: &str) -> Option<String> {
    app.lineup.endpoints[at].params.get(param)
}

fn clear_line(app: &mut App) {
    press(app, "ctrl+u");
}

#[test]
fn the_panel_says_what_each_model_takes() {
    let mut app = tuned();
    ask(&mut app, "x");
    press(&mut app, "esc");
    press(&mut app, "P");
    press(&mut app, "j");
    for (width, height) in [(80, 24), (120, 40)] {
        compare(&format!("params-{width}x{height}.txt"), &shown(&mut app, width, height));
    }
    let rows = shown(&mut app, 120, 40).join("\n");
    for want in ["1–64000", "0–2 with reasoning_effort none", "none, low, medium, high", "any text"] {
        assert!(rows.contains(want), "{want}:\n{rows}");
    }
    press(&mut app, "l");
    let rows = shown(&mut app, 120, 40).join("\n");
    assert!(rows.contains("claude-haiku-5-5 · 2 of 3") && rows.contains("not taken by this model"), "{rows}");
    assert_eq!(app.pane, 1, "the pane behind goes along");
    press(&mut app, "l");
    assert!(shown(&mut app, 120, 40).join("\n").contains("not known; the API: "));
    for (width, height) in [(1, 1), (20, 5), (21, 6), (40, 10), (41, 13), (300, 100)] {
        shown(&mut app, width, height);
    }
}

#[test]
fn a_value_counts_from_the_next_round_on_and_marks_the_pane_until_then() {
    let mut app = tuned();
    send(&mut app, "first");
    press(&mut app, "P");
    press(&mut app, "j");
    press(&mut app, "enter");
    typed(&mut app, "0.2");
    assert_eq!(get(&app, 0, "temperature"), None, "what is being typed counts nowhere");
    press(&mut app, "enter");
    assert_eq!(get(&app, 0, "temperature").as_deref(), Some("0.2"));
    let rows = shown(&mut app, 120, 40).join("\n");
    assert!(rows.contains("temperature 0.2 dropped"), "what becomes of it: {rows}");
    press(&mut app, "esc");
    let rows = shown(&mut app, 120, 24);
    assert!(rows[1].contains("gpt-6-sol · openai ≠ next ━"), "{rows:?}");
    assert!(
        rows.iter().any(|r| r.contains("┗ ≠ next: temperature 0.2 ━")),
        "a narrow pane says it below: {rows:?}"
    );
    app.zoom = true;
    let rows = shown(&mut app, 120, 24);
    assert!(rows[2].contains("≠ next: temperature 0.2"), "{rows:?}");
    assert!(!rows[3..].join("\n").contains("≠ next"), "and a wide one once: {rows:?}");
    let again = asked(press(&mut app, "r"));
    assert_eq!(again[0].0.params.temperature, None, "asking again asks as it was asked");
    let sent = send(&mut app, "second");
    let temperatures: Vec<_> = sent.iter().map(|(e, _)| e.params.temperature).collect();
    assert_eq!(temperatures, [Some(0.2), None, None]);
    assert!(!shown(&mut app, 120, 24).join("\n").contains("≠ next"));
    // It is still not what the lineup was opened with.
    press(&mut app, "P");
    let rows = shown(&mut app, 120, 40).join("\n");
    assert!(rows.contains("≠ temperature") && rows.contains("opened with –"), "{rows}");
    press(&mut app, "o");
    assert_eq!(get(&app, 0, "temperature"), None);
    assert!(!shown(&mut app, 120, 40).join("\n").contains("≠ temperature"));
}

#[test]
fn a_wrong_value_is_nobodys_and_says_what_is_right() {
    let mut app = tuned();
    press(&mut app, "esc");
    press(&mut app, "P");
    press(&mut app, "a");
    for (row, wrong, words) in [
        (0, "many", "max_tokens takes a whole number"),
        (0, "0", "max_tokens must be at least 1"),
        (1, "3", "temperature runs from 0 to 2"),
        (1, "NaN", "temperature"),
        (2, "huge", "is not an effort"),
        (3, "maybe", "is not a thinking setting"),
        (4, "slow", "is not a service tier"),
    ] {
        app.overlay = Some(Overlay::Params);
        for _ in 0..9 {
            press(&mut app, "k");
        }
        for _ in 0..row {
            press(&mut app, "j");
        }
        press(&mut app, "enter");
        typed(&mut app, wrong);
        press(&mut app, "enter");
        let rows = shown(&mut app, 100, 30).join("\n");
        assert!(rows.contains(words), "{wrong}: {rows}");
        press(&mut app, "esc");
        assert_eq!(app.overlay, Some(Overlay::Params), "escape leaves the value, not the panel");
        assert!(app.lineup.endpoints.iter().all(|e| e.params == bakeoff::model::Params::default()));
    }
}

#[test]
fn all_endpoints_are_set_at_once_and_escape_applies_nothing() {
    let mut app = tuned();
    press(&mut app, "esc");
    press(&mut app, "P");
    press(&mut app, "a");
    press(&mut app, "enter");
    typed(&mut app, "512");
    press(&mut app, "esc");
    assert!((0..3).all(|at| get(&app, at, "max_tokens").is_none()), "escape leaves everything as it was");
    press(&mut app, "enter");
    typed(&mut app, "512");
    press(&mut app, "enter");
    assert!((0..3).all(|at| get(&app, at, "max_tokens").as_deref() == Some("512")));
    press(&mut app, "a");
    press(&mut app, "l");
    press(&mut app, "delete");
    assert_eq!([0, 1, 2].map(|at| get(&app, at, "max_tokens").is_some()), [true, false, true]);
    press(&mut app, "a");
    let rows = shown(&mut app, 120, 40).join("\n");
    assert!(rows.contains("for all 3 endpoints") && rows.contains("– …"), "the others differ: {rows}");
    // Known words without typing them.
    press(&mut app, "j");
    press(&mut app, "j");
    press(&mut app, "enter");
    press(&mut app, "down");
    press(&mut app, "down");
    press(&mut app, "enter");
    assert_eq!(get(&app, 2, "reasoning_effort").as_deref(), Some("minimal"));
}

#[test]
fn a_system_text_given_to_one_endpoint_stands_over_the_sessions() {
    let mut app = tuned();
    app.lineup.endpoints[2].system = Some("from the config".into());
    press(&mut app, "esc");
    press(&mut app, "P");
    press(&mut app, "l");
    for _ in 0..5 {
        press(&mut app, "j");
    }
    press(&mut app, "enter");
    typed(&mut app, "two");
    press(&mut app, "alt+enter");
    typed(&mut app, "lines");
    press(&mut app, "enter");
    assert_eq!(app.lineup.endpoints[1].system.as_deref(), Some("two\nlines"));
    press(&mut app, "esc");
    let system = |sent: &[(Endpoint, Prompt)]| -> Vec<Option<String>> {
        sent.iter().map(|(e, p)| e.asked(p).system.clone()).collect()
    };
    let own = Some("two\nlines".to_owned());
    assert_eq!(system(&send(&mut app, "x")), [None, own.clone(), Some("from the config".into())]);
    app.system = Some("of the session".into());
    let session = Some("of the session".to_owned());
    assert_eq!(system(&send(&mut app, "y")), [session.clone(), own, session.clone()]);
    // Taken back, the session's stands again.
    app.pane = 1;
    press(&mut app, "P");
    press(&mut app, "x");
    press(&mut app, "esc");
    assert_eq!(system(&send(&mut app, "z")), [session.clone(), session.clone(), session]);
}

#[test]
fn an_endpoint_that_has_left_has_no_parameters() {
    let mut app = tuned();
    send(&mut app, "x");
    app.lineup.endpoints.remove(0);
    app.pane = 0;
    press(&mut app, "P");
    assert_eq!(app.overlay, None);
    assert!(app.notice.as_ref().unwrap().0.contains("no longer in the lineup"));
}

#[test]
fn what_is_pasted_goes_into_the_value() {
    let mut app = tuned();
    press(&mut app, "esc");
    press(&mut app, "P");
    press(&mut app, "enter");
    clear_line(&mut app);
    app.update(bakeoff::ui::Event::Terminal(crossterm::event::Event::Paste("25\u{1b}[0m".into())), app.now);
    let rows = shown(&mut app, 100, 30).join("\n");
    assert!(!rows.contains('\u{1b}'), "{rows}");
    clear_line(&mut app);
    typed(&mut app, "256");
    press(&mut app, "enter");
    assert_eq!(get(&app, 0, "max_tokens").as_deref(), Some("256"));
    assert_eq!(app.editor.text(), "", "the prompt has nothing of it");
}
