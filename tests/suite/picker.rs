//! The picker and the detail overlay by their keys: what they do to the lineup and
//! the rounds, and what they show.

use std::time::Duration;

use bakeoff::model::{
    AnswerId, Class, Delta, Endpoint, Fate, Fault, Lineup, Parity, Price, Rates, Report, Rule, Sending,
    Served, Step, Stop, Usage,
};
use bakeoff::ui::{App, Choice, Effect, Event, Focus, Keymap, Overlay, Ready};
use crossterm::event::{Event as Terminal, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::screen::{ask, compare, press, shown, typed};

fn endpoint(provider: &str, model: &str, place: Option<&str>) -> Endpoint {
    Endpoint {
        name: model.rsplit('.').next().unwrap_or(model).into(),
        provider: provider.into(),
        model: model.into(),
        place: place.map(Into::into),
        ..Endpoint::default()
    }
}

fn choices() -> Vec<Choice> {
    let rows = [
        ("claude-opus-5-5", "anthropic", "claude-opus-5-5", None, "$5 / $25", "1M", ""),
        (
            "claude-opus-5-5",
            "bedrock",
            "us.anthropic.claude-opus-5-5",
            Some("us-east-1"),
            "$5 / $25",
            "1M",
            "a",
        ),
        ("claude-opus-5-5", "vertex", "claude-opus-5-5", Some("europe-west1"), "$5.50 / $27.50", "1M", "g"),
        ("gpt-6-sol", "openai", "gpt-6-sol", None, "$2 / $10", "1.05M", ""),
        ("gpt-6-sol", "azure", "gpt6sol", Some("contoso-east"), "$2 / $10", "1.05M", "z"),
        ("gpt-6-sol", "bedrock", "openai.gpt-6-sol", Some("us-west-2"), "$2.20 / $11", "400K", "a"),
        ("qwen3", "ollama", "qwen3:8b", None, "local", "40K", ""),
    ];
    rows.into_iter()
        .map(|(family, provider, model, place, price, context, missing)| Choice {
            endpoint: Endpoint { name: family.into(), ..endpoint(provider, model, place) },
            family: family.into(),
            cloud: provider.into(),
            place: place.unwrap_or_default().into(),
            price: price.into(),
            context: context.into(),
            ready: match missing {
                "" => Ready::Yes(format!("{}_API_KEY", provider.to_uppercase())),
                "z" => Ready::No("no key: AZURE_OPENAI_API_KEY".into()),
                "g" => Ready::No("no application default credentials".into()),
                _ => Ready::Yes("AWS profile work".into()),
            },
        })
        .collect()
}

fn app() -> App {
    let mut gpt = endpoint("openai", "gpt-6-sol", None);
    gpt.params.temperature = Some(0.2);
    let lineup = Lineup {
        name: "mine".into(),
        endpoints: vec![gpt, endpoint("compatible", "home-brew", None)],
        baseline: Some(1),
    };
    let mut app = App::new("mine".into(), lineup, Keymap::default());
    app.prices_as_of = "2026-11-23".into();
    app
}

/// Opens the picker and answers what it asks for.
fn open(app: &mut App) {
    app.focus = Focus::Panes;
    for effect in press(app, "E") {
        assert_eq!(effect, Effect::Choices);
        app.update(Event::Choices(choices()), app.now);
    }
    assert_eq!(app.overlay, Some(Overlay::Picker));
}

fn names(app: &App) -> Vec<&str> {
    app.lineup.endpoints.iter().map(|e| e.name.as_str()).collect()
}

fn step(app: &mut App, id: AnswerId, at: u64, step: Step) {
    let at = Duration::from_millis(at);
    app.update(Event::Report(Report { id, at, step }), at);
}

fn notice(app: &App) -> &str {
    app.notice.as_ref().map_or("", |(text, _)| text)
}

#[test]
fn choices_are_asked_for_once_and_the_lineup_stands_on_top() {
    let mut app = app();
    open(&mut app);
    let screen = shown(&mut app, 120, 40);
    let all = screen.join("\n");
    assert!(all.contains("2 in the lineup, 8 to choose from"), "{all}");
    let marked: Vec<&String> = screen.iter().filter(|r| r.contains('●')).collect();
    assert!(marked[0].contains("▸● gpt-6-sol") && marked[1].contains("home-brew"), "{all}");
    let at = |what: &str| screen.iter().position(|r| r.contains(what)).unwrap();
    assert!(at("no key: AZURE") < at("claude-opus-5-5"), "the model's other clouds come first");
    assert!(at("qwen3") < at("europe-west1"), "then what is ready");
    press(&mut app, "esc");
    assert_eq!(app.overlay, None);
    assert!(press(&mut app, "E").is_empty(), "the choices are kept");
}

#[test]
fn the_filter_wants_every_word_and_esc_clears_it_first() {
    let mut app = app();
    open(&mut app);
    typed(&mut app, "opus bedr");
    let all = shown(&mut app, 120, 40).join("\n");
    assert!(all.contains("find: opus bedr") && all.contains(" 1/1 "), "{all}");
    assert!(all.contains("us.anthropic.claude-opus-5-5") && !all.contains("qwen3"), "{all}");
    typed(&mut app, "zzz");
    assert!(shown(&mut app, 120, 40).join("\n").contains("nothing matches"));
    assert!(press(&mut app, "enter").is_empty(), "there is nothing to add");
    press(&mut app, "esc");
    assert_eq!(app.overlay, Some(Overlay::Picker), "esc clears the filter first");
    assert!(shown(&mut app, 120, 40).join("\n").contains(" 1/8 "));
    app.update(Event::Terminal(Terminal::Paste("azure\n\u{1b}[31m".into())), app.now);
    assert!(app.editor.is_empty(), "a paste goes into the filter");
    press(&mut app, "ctrl+u");
    for (key, row) in [("down", 2), ("ctrl+n", 3), ("up", 2), ("ctrl+p", 1), ("ctrl+p", 1), ("pgdn", 8)] {
        press(&mut app, key);
        let all = shown(&mut app, 120, 40).join("\n");
        assert!(all.contains(&format!(" {row}/8 ")), "{key}: {all}");
    }
    press(&mut app, "esc");
    assert_eq!(app.overlay, None);
}

#[test]
fn a_choice_is_added_removed_and_added_with_its_settings() {
    let mut app = app();
    open(&mut app);
    typed(&mut app, "gpt azure");
    assert!(press(&mut app, "enter").is_empty(), "nothing has been asked, so nothing is");
    assert_eq!(names(&app), ["gpt-6-sol", "home-brew", "gpt-6-sol azure"], "names are told apart");
    assert_eq!((app.panes(), notice(&app)), (3, "added gpt-6-sol azure"));
    press(&mut app, "enter");
    assert_eq!(names(&app), ["gpt-6-sol", "home-brew"]);
    press(&mut app, "esc");
    press(&mut app, "enter");
    assert_eq!((names(&app), app.lineup.baseline), (vec!["home-brew"], Some(0)), "the baseline moves along");
    press(&mut app, "enter");
    assert_eq!(names(&app), ["home-brew", "gpt-6-sol"]);
    assert_eq!(app.lineup.endpoints[1].params.temperature, Some(0.2), "its settings come back");
}

#[test]
fn a_baseline_that_comes_back_is_the_baseline_again() {
    let mut app = app();
    open(&mut app);
    press(&mut app, "down");
    press(&mut app, "enter");
    assert_eq!((names(&app), app.lineup.baseline), (vec!["gpt-6-sol"], None));
    assert_eq!(notice(&app), "removed home-brew, the baseline");
    press(&mut app, "enter");
    assert_eq!((names(&app), app.lineup.baseline), (vec!["gpt-6-sol", "home-brew"], Some(1)));
}

#[test]
fn a_cloud_that_is_not_spoken_is_shown_with_its_reason_and_not_added() {
    let mut app = app();
    app.focus = Focus::Panes;
    press(&mut app, "E");
    let mut all = choices();
    let foreign = endpoint("zai", "glm-6", None);
    all.push(Choice { ready: Ready::Never("not spoken here".into()), endpoint: foreign, ..all[0].clone() });
    app.update(Event::Choices(all), app.now);
    typed(&mut app, "glm");
    let screen = shown(&mut app, 80, 24).join("\n");
    assert!(screen.contains("not spoken here"), "{screen}");
    press(&mut app, "enter");
    assert_eq!(names(&app), ["gpt-6-sol", "home-brew"]);
    assert_eq!(notice(&app), "glm-6 cannot be added: not spoken here");
}

#[test]
fn the_last_pane_stays() {
    let mut app = app();
    open(&mut app);
    press(&mut app, "enter");
    press(&mut app, "down");
    press(&mut app, "enter");
    assert_eq!(names(&app), ["home-brew"]);
    assert!(notice(&app).contains("last pane stays"), "{}", notice(&app));
    assert!(shown(&mut app, 80, 24).join("\n").contains("the last pane stays"), "said in the picker too");
}

#[test]
fn an_endpoint_added_to_a_fresh_round_is_asked_at_once() {
    let mut app = app();
    let ids = ask(&mut app, "why?");
    open(&mut app);
    typed(&mut app, "qwen");
    let effects = press(&mut app, "enter");
    let [Effect::Launch { id, endpoint, prompt }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((endpoint.name.as_str(), prompt.question()), ("qwen3", "why?"));
    assert_eq!((app.rounds[0].entries.len(), app.panes()), (3, 3));
    step(&mut app, *id, 0, Step::Sent);
    step(&mut app, *id, 5, Step::Deltas(vec![Delta::Text("Because.".into())]));
    assert_eq!(app.rounds[0].entries[2].answer.text, "Because.");
    // Removed while it streams: cancelled, its answer kept, and not asked again.
    assert_eq!(press(&mut app, "enter"), [Effect::Cancel(*id)]);
    assert!(notice(&app).contains("stopped"), "{}", notice(&app));
    assert_eq!((app.rounds[0].entries.len(), names(&app).len()), (3, 2));
    press(&mut app, "esc");
    press(&mut app, "esc");
    let all = shown(&mut app, 160, 40).join("\n");
    assert!(all.contains("no longer in the lineup") && all.contains("Because."), "{all}");
    // It comes back under its own name and finds its answer.
    open(&mut app);
    typed(&mut app, "qwen");
    assert!(press(&mut app, "enter").is_empty());
    assert!(notice(&app).contains("its answer is here"), "{}", notice(&app));
    press(&mut app, "esc");
    press(&mut app, "esc");
    for id in ids {
        step(&mut app, id, 9, Step::Cancelled);
    }
    assert_eq!(ask(&mut app, "and now?").len(), 3);
}

#[test]
fn in_a_follow_up_a_new_pane_waits_until_it_is_asked() {
    let mut app = app();
    for id in ask(&mut app, "first") {
        step(&mut app, id, 0, Step::Sent);
        step(&mut app, id, 1, Step::Deltas(vec![Delta::Text("yes".into())]));
        step(&mut app, id, 2, Step::Ended);
    }
    app.follow_up = true;
    ask(&mut app, "second");
    open(&mut app);
    typed(&mut app, "qwen");
    assert!(press(&mut app, "enter").is_empty(), "it was no part of the conversation");
    press(&mut app, "esc");
    press(&mut app, "esc");
    assert_eq!((app.panes(), app.rounds[1].entries.len()), (3, 2));
    let all = shown(&mut app, 160, 40).join("\n");
    assert!(all.contains("asked from the next prompt on · r asks it now"), "{all}");
    press(&mut app, "3");
    press(&mut app, "I");
    assert!(shown(&mut app, 100, 30).join("\n").contains("nothing has been sent yet"));
    press(&mut app, "esc");
    press(&mut app, "[");
    assert_eq!((app.panes(), app.pane), (2, 1), "an older round shows who it asked");
    press(&mut app, "]");
    press(&mut app, "3");
    let effects = press(&mut app, "r");
    let [Effect::Launch { prompt, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((prompt.turns.len(), prompt.question()), (1, "second"));
    assert_eq!((app.panes(), app.rounds[1].entries.len(), app.pane), (3, 3, 2));
}

#[test]
fn a_lineup_is_saved_under_a_name() {
    let mut app = app();
    open(&mut app);
    press(&mut app, "ctrl+s");
    assert!(shown(&mut app, 80, 24).join("\n").contains("save as: mine"));
    press(&mut app, "ctrl+w");
    assert!(press(&mut app, "enter").is_empty(), "a name is needed");
    assert!(notice(&app).contains("needs a name"));
    press(&mut app, "f2");
    press(&mut app, "ctrl+u");
    typed(&mut app, "home and away");
    let effects = press(&mut app, "enter");
    let [Effect::SaveLineup { name, lineup }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(
        (name.as_str(), lineup.name.as_str(), lineup.endpoints.len()),
        ("home and away", "home and away", 2)
    );
    let saved = |said: Result<String, String>| Event::Saved { name: "home and away".into(), said };
    app.update(saved(Err("the disk is full".into())), app.now);
    assert_eq!((notice(&app), app.lineup.name.as_str()), ("not saved: the disk is full", "mine"));
    app.update(saved(Ok("saved as home and away".into())), app.now);
    assert_eq!((notice(&app), app.lineup.name.as_str()), ("saved as home and away", "home and away"));
    press(&mut app, "ctrl+s");
    press(&mut app, "esc");
    assert_eq!(app.overlay, Some(Overlay::Picker), "esc leaves the name, then the picker");
}

#[test]
fn common_settings_count_from_the_next_prompt() {
    let mut app = app();
    app.level = std::sync::Arc::new(|all: &[Endpoint]| {
        let plain = |e: &Endpoint| Endpoint { params: bakeoff::model::Params::default(), ..e.clone() };
        all.iter().map(plain).collect()
    });
    app.focus = Focus::Panes;
    assert!(!shown(&mut app, 120, 30)[0].contains("common settings"));
    press(&mut app, "L");
    assert!(shown(&mut app, 80, 24)[0].contains("common settings"));
    ask(&mut app, "same for all");
    let asked = &app.rounds[0].entries[0].endpoint;
    assert_eq!(asked.params.temperature, None);
    assert_eq!(app.lineup.endpoints[0].params.temperature, Some(0.2), "the lineup keeps its own");
    assert_eq!(app.panes(), 2, "a levelled endpoint is still the same pane");
    assert!(shown(&mut app, 80, 24)[0].contains("common settings"));
    app.focus = Focus::Panes;
    press(&mut app, "L");
    ask(&mut app, "again");
    assert_eq!(app.rounds[1].entries[0].endpoint.params.temperature, Some(0.2));
}

fn sending() -> Sending {
    let row = |param: &'static str, asked: &str, sent: Option<&str>, fate, why: &str| Parity {
        param: param.into(),
        asked: asked.into(),
        sent: sent.map(Into::into),
        fate,
        why: why.into(),
    };
    Sending {
        url: "https://api.openai.com/v1/responses".into(),
        headers: vec![
            ("authorization".into(), "Bearer •••".into()),
            ("content-type".into(), "application/json".into()),
        ],
        body: r#"{"model":"gpt-6-sol","input":"hi","max_output_tokens":4096,"stream":true}"#.into(),
        via: Some("OPENAI_API_KEY".into()),
        identity: Some(Duration::from_millis(2)),
        tier: None,
        started: None,
        parity: vec![
            row(
                "max_tokens",
                "8192",
                Some("max_output_tokens = 4096"),
                Fate::Clamped,
                "the model generates at most 4096",
            ),
            row("temperature", "0.2", None, Fate::Dropped, "reasoning models take no temperature"),
            row("reasoning_effort", "low", Some("reasoning.effort = \"low\""), Fate::Renamed, ""),
        ],
    }
}

/// A finished answer beside a failed one.
fn answered() -> App {
    let mut app = app();
    let ids = ask(&mut app, "hi");
    let rates = Rates { input: Some(2_000_000_000), output: Some(10_000_000_000), ..Rates::default() };
    let price = Price { rates, as_of: "2026-11-23".into(), ..Price::default() };
    step(&mut app, ids[0], 0, Step::Priced(Some(price.into()), Rule::Exact));
    step(&mut app, ids[0], 0, Step::Prepared(Box::new(sending())));
    step(&mut app, ids[0], 0, Step::Sent);
    step(
        &mut app,
        ids[0],
        90,
        Step::Headers { status: 200, request_id: Some("req_1".into()), reused: Some(true) },
    );
    for at in 0..30 {
        step(&mut app, ids[0], 300 + at * 20, Step::Deltas(vec![Delta::Text("word ".into())]));
    }
    let usage = Usage {
        input: Some(1_204),
        output: Some(412),
        raw: Some(serde_json::json!({"input_tokens": 1204, "output_tokens": 412})),
        ..Usage::default()
    };
    let served = Served {
        model: Some("gpt-6-sol-2026-09-22".into()),
        tier: Some("default".into()),
        times: vec![("processing".into(), Duration::from_millis(812))],
        ..Served::default()
    };
    let deltas = vec![
        Delta::Usage(Box::new(usage)),
        Delta::Served(Box::new(served)),
        Delta::Stop(Stop::Natural, "stop".into()),
    ];
    step(&mut app, ids[0], 950, Step::Deltas(deltas));
    step(&mut app, ids[0], 950, Step::Ended);
    let mut refused = sending();
    refused.parity.remove(0);
    step(&mut app, ids[1], 0, Step::Prepared(Box::new(refused)));
    step(&mut app, ids[1], 0, Step::Sent);
    let mut fault = Fault::new(Class::Limit, "Rate limit \u{1b}[31mreached").status(429);
    fault.request_id = Some("req_9".into());
    fault.retry_after = Some(Duration::from_secs(12));
    step(&mut app, ids[1], 100, Step::Failed(Box::new(fault)));
    app.focus = Focus::Panes;
    app
}

#[test]
fn the_detail_says_all_there_is_to_know() {
    let mut app = answered();
    press(&mut app, "I");
    let all = shown(&mut app, 120, 110).join("\n");
    for words in [
        "gpt-6-sol-2026-09-22",
        "max_output_tokens = 4096",
        "temperature       0.2",
        "reasoning models take no temperature",
        "OPENAI_API_KEY, in 2.0ms",
        "authorization: Bearer •••",
        "\"max_output_tokens\": 4096",
        "processing",
        "812ms",
        "reused connection",
        "$2 in, $10 out per million tokens",
        "$0.00412",
        "exact",
        "req_1",
        "HTTP 200",
        "service tier  default",
    ] {
        assert!(all.contains(words), "{words} is missing:\n{all}");
    }
    // The other answer, without leaving; its fault comes first.
    press(&mut app, "tab");
    let all = shown(&mut app, 120, 110).join("\n");
    assert!(all.contains("Rate limit ␛[31mreached") && all.contains("wait and re-run it"), "{all}");
    assert!(all.contains("req_9") && all.contains("12.0s") && all.contains("HTTP 429"), "{all}");
    let copied = press(&mut app, "y");
    assert!(
        matches!(copied.as_slice(), [Effect::Copy { text: body, .. }] if body.contains("\n  \"model\": \"gpt-6-sol\""))
    );
    for key in ["I", "esc", "q"] {
        app.overlay = Some(Overlay::Detail { top: 0 });
        assert!(press(&mut app, key).is_empty());
        assert_eq!(app.overlay, None, "{key} closes it");
    }
}

#[test]
fn the_detail_scrolls_to_its_end_and_no_further() {
    let mut app = answered();
    press(&mut app, "I");
    let top = |app: &mut App| {
        shown(app, 80, 24);
        if let Some(Overlay::Detail { top }) = app.overlay { top } else { panic!("closed") }
    };
    for (keys, check) in [(&["j", "down", "k"][..], 1), (&["d"][..], 10), (&["u", "g"][..], 0)] {
        for key in keys {
            press(&mut app, key);
        }
        assert_eq!(top(&mut app), check, "{keys:?}");
    }
    press(&mut app, "G");
    let end = top(&mut app);
    press(&mut app, "pgdn");
    press(&mut app, "end");
    assert_eq!(top(&mut app), end);
    assert!(shown(&mut app, 80, 24).join("\n").contains("\"stream\": true"));
    press(&mut app, "pgup");
    assert!(top(&mut app) < end);
}

#[test]
fn a_changed_setting_shows_on_the_pane() {
    let mut app = answered();
    let all = shown(&mut app, 120, 40).join("\n");
    assert!(all.contains("≠ max_tokens clamped, temperature dropped"), "{all}");
    let narrow = shown(&mut app, 80, 24).join("\n");
    assert!(narrow.contains("≠ 2 settings changed"), "{narrow}");
}

#[test]
fn overlays_at_three_sizes_look_like_this() {
    for (width, height) in [(80, 24), (120, 40), (200, 50)] {
        let size = format!("{width}x{height}.txt");
        let mut app = answered();
        compare(&format!("remarks-{size}"), &shown(&mut app, width, height));
        press(&mut app, "I");
        compare(&format!("detail-{size}"), &shown(&mut app, width, height));
        press(&mut app, "esc");
        open(&mut app);
        compare(&format!("picker-{size}"), &shown(&mut app, width, height));
        typed(&mut app, "gpt");
        press(&mut app, "down");
        press(&mut app, "down");
        compare(&format!("picker-found-{size}"), &shown(&mut app, width, height));
    }
}

#[test]
fn overlays_at_every_size_draw() {
    let mut detail = answered();
    press(&mut detail, "I");
    let mut picker = answered();
    open(&mut picker);
    let mut naming = answered();
    open(&mut naming);
    typed(&mut naming, "日本");
    press(&mut naming, "f2");
    for width in (0..=30).chain((31..=200).step_by(13)) {
        for height in (0..=14).chain((15..=60).step_by(7)) {
            for app in [&mut detail, &mut picker, &mut naming] {
                shown(app, width, height);
            }
        }
    }
}

#[test]
fn the_mouse_chooses_a_row_and_a_click_beside_closes() {
    let mut app = app();
    open(&mut app);
    let rows = shown(&mut app, 120, 40);
    let y = u16::try_from(rows.iter().position(|r| r.contains("qwen3")).unwrap()).unwrap();
    let mouse = |kind, column, row| {
        Event::Terminal(Terminal::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }))
    };
    app.update(mouse(MouseEventKind::Down(MouseButton::Left), 60, y), app.now);
    assert!(shown(&mut app, 120, 40)[usize::from(y)].contains("▸  qwen3"));
    app.update(mouse(MouseEventKind::ScrollUp, 60, y), app.now);
    assert_eq!(app.overlay, Some(Overlay::Picker));
    app.update(mouse(MouseEventKind::Down(MouseButton::Left), 0, 0), app.now);
    assert_eq!(app.overlay, None);
}
