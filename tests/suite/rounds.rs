//! Rounds as a tree: follow-ups, editions, the overview, what changed between two, and the
//! system text as a field of its own.

use bakeoff::model::{AnswerId, Class, Endpoint, Fault, Origin, Prompt, Role, Step};
use bakeoff::ui::{App, Effect, Event, Focus, Overlay};
use crossterm::event::{Event as Terminal, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use serde_json::Value;

use crate::loopback::Loopback;
use crate::program::{config, home};
use crate::pty::Pty;
use crate::replies::chat;
use crate::screen::{app, ask, compare, finish, press, price, shown, step, text, typed};

/// Lets every answer of the round in view end, each with a text of its own.
fn answer(app: &mut App, ids: &[AnswerId], words: &str) {
    for (n, id) in ids.iter().enumerate() {
        let at = 200 + 100 * n as u64;
        step(app, *id, 0, Step::Priced(Some(price().into()), bakeoff::model::Rule::Exact));
        step(app, *id, 0, Step::Sent);
        text(app, *id, at, &format!("{words} by {} ", n + 1));
        text(app, *id, at + 400, "and so on.");
        finish(app, *id, at + 500, 100 + 50 * n as u64);
    }
}

fn launched(effects: Vec<Effect>) -> Vec<(AnswerId, Endpoint, Prompt)> {
    let launch = |e| match e {
        Effect::Launch { id, endpoint, prompt } => Some((id, *endpoint, *prompt)),
        _ => None,
    };
    effects.into_iter().filter_map(launch).collect()
}

/// Sends what stands in the field; gives what was asked.
fn send(app: &mut App) -> Vec<(AnswerId, Endpoint, Prompt)> {
    app.focus = Focus::Prompt;
    launched(press(app, "enter"))
}

fn turns(prompt: &Prompt) -> Vec<(Role, &str)> {
    prompt.turns.iter().map(|t| (t.role, t.text.as_str())).collect()
}

/// A fresh round, a follow-up of it, the follow-up edited, and a fresh one.
fn session(panes: usize) -> App {
    let mut app = app(panes);
    let ids = ask(&mut app, "Explain our refund policy to a calm customer.");
    answer(&mut app, &ids, "Refunds are easy");
    press(&mut app, "esc");
    press(&mut app, "f");
    let ids = ask(&mut app, "And in German?");
    answer(&mut app, &ids, "Erstattungen sind leicht");
    press(&mut app, "esc");
    press(&mut app, "e");
    press(&mut app, "ctrl+u");
    typed(&mut app, "And in plain French?");
    let asked = send(&mut app);
    let ids: Vec<_> = asked.iter().map(|(id, ..)| *id).collect();
    answer(&mut app, &ids, "Les remboursements");
    press(&mut app, "esc");
    press(&mut app, "f");
    let ids = ask(&mut app, "What is a mutex?");
    answer(&mut app, &ids, "A lock");
    press(&mut app, "esc");
    app
}

fn origins(app: &App) -> Vec<(Option<usize>, Option<usize>)> {
    app.rounds.iter().map(|r| (r.origin.parent, r.origin.edited)).collect()
}

#[test]
fn follow_ups_and_editions_hang_where_they_belong() {
    let mut app = session(2);
    assert_eq!(origins(&app), [(None, None), (Some(0), None), (Some(0), Some(1)), (None, None)]);
    let tree = app.tree();
    let labels: Vec<_> = (0..4).map(|n| tree.label(n)).collect();
    assert_eq!(labels, ["1", "1.1", "1.1b", "2"]);
    assert!(shown(&mut app, 120, 40)[0].contains("round 2 · 4/4 · fresh"));
    press(&mut app, "[");
    assert!(shown(&mut app, 120, 40)[0].contains("round 1.1b · 3/4 · edited 1.1"));
    press(&mut app, "(");
    assert!(shown(&mut app, 120, 40)[0].contains("round 1.1 · 2/4 · follow-up"));
    press(&mut app, "{");
    assert!(shown(&mut app, 120, 40)[0].contains("round 1/4 · fresh"));
    press(&mut app, "}");
    assert_eq!(app.shown, 2, "the newest round that continues it");
    for (key, words) in [(")", "the last version"), ("}", "no round continues")] {
        press(&mut app, key);
        assert_eq!(app.shown, 2);
        assert!(app.notice.as_ref().unwrap().0.contains(words), "{key}: {:?}", app.notice);
    }
}

#[test]
fn an_edition_continues_the_conversation_that_stood_before_it() {
    let mut app = app(2);
    let ids = ask(&mut app, "one");
    answer(&mut app, &ids, "first");
    press(&mut app, "esc");
    press(&mut app, "f");
    let ids = ask(&mut app, "two");
    answer(&mut app, &ids, "second");
    // What the parent says now is not what it said then.
    press(&mut app, "esc");
    press(&mut app, "[");
    let again: Vec<_> = launched(press(&mut app, "r")).into_iter().map(|(id, ..)| id).collect();
    answer(&mut app, &again, "anew");
    press(&mut app, "]");
    press(&mut app, "e");
    assert_eq!(app.editor.text(), "two");
    assert!(shown(&mut app, 100, 24).join("\n").contains("prompt · edits round 1.1"));
    typed(&mut app, "!");
    let asked = send(&mut app);
    let before = "first by 1 and so on.";
    assert_eq!(
        turns(&asked[0].2),
        [(Role::User, "one"), (Role::Assistant, before), (Role::User, "two!")],
        "each endpoint's own conversation, as it was"
    );
    assert_eq!(turns(&asked[1].2)[1], (Role::Assistant, "first by 2 and so on."));
    assert_eq!(app.rounds[2].origin, Origin { parent: Some(0), edited: Some(1) });
    assert_eq!(app.editing, None);
}

#[test]
fn nothing_that_was_written_is_lost_by_editing() {
    let mut app = session(1);
    press(&mut app, "i");
    typed(&mut app, "half a thought");
    press(&mut app, "esc");
    assert_eq!(app.editing, None);
    press(&mut app, "e");
    assert_eq!(app.editor.text(), "What is a mutex?");
    // Escape from what was not touched means not to edit after all.
    press(&mut app, "esc");
    assert_eq!(
        (app.editor.text(), app.focus, app.editing.is_none()),
        ("half a thought".into(), Focus::Panes, true)
    );
    // From what was changed it only goes to the panes.
    press(&mut app, "e");
    typed(&mut app, " Now.");
    press(&mut app, "esc");
    assert_eq!((app.editor.text(), app.focus), ("What is a mutex? Now.".into(), Focus::Panes));
    press(&mut app, "e");
    assert_eq!(app.editor.text(), "half a thought", "the same key leaves");
    press(&mut app, "i");
    press(&mut app, "up");
    assert_eq!(app.editor.text(), "What is a mutex? Now.", "and the edition is in the history");
    press(&mut app, "down");
    // The field says which round it edits, and which one a follow-up would continue.
    assert!(shown(&mut app, 100, 24).join("\n").contains("prompt · each answer starts fresh"));
    // After an edition was sent, the draft is back.
    press(&mut app, "esc");
    press(&mut app, "e");
    typed(&mut app, " Briefly.");
    assert_eq!(send(&mut app)[0].2.question(), "What is a mutex? Briefly.");
    assert_eq!(app.editor.text(), "half a thought");
}

#[test]
fn there_is_nothing_to_edit_or_compare_before_the_first_prompt() {
    let mut app = app(2);
    press(&mut app, "esc");
    for key in ["e", "O", "C", "{", "}", "(", ")"] {
        app.notice = None;
        press(&mut app, key);
        assert_eq!(app.overlay, None, "{key}");
        let said = app.notice.clone().map(|(text, _)| text).unwrap_or_default();
        assert!(said.starts_with("nothing has been sent yet"), "{key}: {said}");
    }
}

#[test]
fn the_overview_shows_the_tree_and_leads_to_a_round() {
    let mut app = session(3);
    press(&mut app, "O");
    for (width, height) in [(80, 24), (120, 40)] {
        compare(&format!("rounds-{width}x{height}.txt"), &shown(&mut app, width, height));
    }
    press(&mut app, "k");
    press(&mut app, "enter");
    assert_eq!((app.shown, app.overlay), (2, None));
    press(&mut app, "O");
    let rows = shown(&mut app, 80, 24);
    let row = rows.iter().position(|r| r.contains("├ 1.1") || r.contains("└ 1.1 ")).unwrap();
    let click = MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column: 20,
        row: u16::try_from(row).unwrap(),
        modifiers: KeyModifiers::NONE,
    };
    app.update(Event::Terminal(Terminal::Mouse(click)), app.now);
    press(&mut app, "e");
    assert_eq!((app.shown, app.editor.text().as_str(), app.overlay), (1, "And in German?", None));
}

#[test]
fn the_overview_holds_one_round_and_three_hundred() {
    let mut one = app(1);
    let ids = ask(&mut one, "x");
    press(&mut one, "esc");
    press(&mut one, "O");
    assert!(shown(&mut one, 80, 24).join("\n").contains("1…"), "an answer that still runs is counted");
    let refused = Fault::new(Class::Limit, "Rate limit reached").status(429);
    step(&mut one, ids[0], 5, Step::Failed(Box::new(refused)));
    assert!(shown(&mut one, 80, 24).join("\n").contains("1✗"));

    let mut many = app(2);
    for n in 0..300 {
        let ids = ask(&mut many, &format!("question {n}"));
        answer(&mut many, &ids, "so");
        press(&mut many, "esc");
        if n % 3 == 0 {
            press(&mut many, "f");
        }
    }
    press(&mut many, "O");
    let rows = shown(&mut many, 80, 24).join("\n");
    assert!(rows.contains("question 299") && rows.contains(" 300/300 "), "{rows}");
    press(&mut many, "home");
    let rows = shown(&mut many, 80, 24).join("\n");
    assert!(rows.contains("question 0") && !rows.contains("question 299"), "{rows}");
    press(&mut many, "pgdn");
    assert!(shown(&mut many, 80, 24).join("\n").contains(" 14/300 "), "a page is what is seen");
    for (width, height) in [(1, 1), (20, 5), (21, 6), (40, 10), (300, 100)] {
        shown(&mut many, width, height);
    }
}

#[test]
fn two_rounds_are_compared_by_prompt_settings_and_answers() {
    let mut app = session(2);
    app.shown = 0;
    press(&mut app, "e");
    press(&mut app, "ctrl+u");
    typed(&mut app, "Explain our refund policy to an angry customer.");
    press(&mut app, "alt+s");
    typed(&mut app, "Be brief.");
    press(&mut app, "enter");
    app.lineup.endpoints[1].params.set("temperature", "0.2").unwrap();
    let asked = send(&mut app);
    let ids: Vec<_> = asked.iter().map(|(id, ..)| *id).collect();
    answer(&mut app, &ids, "Refunds are quick");
    press(&mut app, "esc");
    press(&mut app, "C");
    for (width, height) in [(80, 24), (120, 40)] {
        compare(&format!("round-diff-{width}x{height}.txt"), &shown(&mut app, width, height));
    }
    let rows = shown(&mut app, 120, 40).join("\n");
    for want in ["round 1 → round 1b", "a calman angry", "temperature – → 0.2", "alike", "Be brief."] {
        assert!(rows.contains(want), "{want}:\n{rows}");
    }
    press(&mut app, "esc");
    assert_eq!(app.overlay, None);
    // Any two, chosen in the overview; and back to it.
    press(&mut app, "O");
    press(&mut app, "home");
    press(&mut app, "d");
    press(&mut app, "end");
    press(&mut app, "d");
    assert!(matches!(app.overlay, Some(Overlay::RoundDiff { .. })));
    assert!(shown(&mut app, 120, 40).join("\n").contains("round 1 → round 2"));
    press(&mut app, "esc");
    assert_eq!(app.overlay, Some(Overlay::Rounds));
}

#[test]
fn a_comparison_says_what_is_missing_and_follows_what_still_runs() {
    let mut app = app(2);
    let first = ask(&mut app, "x");
    answer(&mut app, &first, "a");
    press(&mut app, "esc");
    app.lineup.endpoints.remove(1);
    let second = ask(&mut app, "x y");
    press(&mut app, "esc");
    press(&mut app, "C");
    let rows = shown(&mut app, 100, 30).join("\n");
    assert!(rows.contains("1 model-1 · still runs"), "{rows}");
    assert!(rows.contains("2 model-2 · only in round 1"), "{rows}");
    step(&mut app, second[0], 0, Step::Sent);
    text(&mut app, second[0], 100, "a by 1 and so on.");
    finish(&mut app, second[0], 300, 5);
    assert!(shown(&mut app, 100, 30).join("\n").contains("1 model-1 · 100% alike"));
    for (width, height) in [(1, 1), (20, 5), (40, 10)] {
        shown(&mut app, width, height);
    }
}

#[test]
fn a_huge_prompt_is_compared_near_its_changes() {
    let mut app = app(1);
    let lines: Vec<String> = (0..2_000).map(|n| format!("line {n} of it")).collect();
    let ids = app.ask(&lines.join("\n")).into_iter();
    let ids: Vec<_> = launched(ids.collect()).into_iter().map(|(id, ..)| id).collect();
    answer(&mut app, &ids, "a");
    let changed = lines.join("\n").replace("line 1000 of it", "line 1000 \u{1b}[31mof that");
    app.ask(&changed);
    press(&mut app, "esc");
    press(&mut app, "C");
    let rows = shown(&mut app, 100, 40).join("\n");
    assert!(rows.contains("line 1000") && rows.contains("that") && rows.contains("alike"), "{rows}");
    assert!(!rows.contains("line 400 ") && !rows.contains('\u{1b}'), "{rows}");
}

#[test]
fn the_system_text_has_a_field_of_its_own_and_is_kept_with_the_round() {
    let mut app = app(2);
    typed(&mut app, "a question");
    press(&mut app, "alt+s");
    assert!(app.is_writing_system());
    let rows = shown(&mut app, 100, 24).join("\n");
    assert!(rows.contains("system · stands before every conversation"), "{rows}");
    assert!(rows.contains("How every endpoint shall answer"), "{rows}");
    typed(&mut app, "Be kind.");
    assert_eq!((app.system.as_deref(), app.prompt_text().as_str()), (Some("Be kind."), "a question"));
    let effects = press(&mut app, "enter");
    assert!(launched(effects).is_empty(), "enter in the system text sends nothing");
    assert_eq!((app.is_writing_system(), app.editor.text().as_str()), (false, "a question"));
    assert!(shown(&mut app, 120, 24).join("\n").contains("system: Be kind."));
    let asked = send(&mut app);
    assert!(asked.iter().all(|(_, _, p)| p.system.as_deref() == Some("Be kind.")), "{asked:?}");
    assert_eq!(app.rounds[0].system.as_deref(), Some("Be kind."));
    // Each field has its own undo: what one typed in the other is not taken back here.
    press(&mut app, "alt+s");
    assert_eq!(app.editor.text(), "Be kind.");
    press(&mut app, "ctrl+u");
    assert_eq!(app.system, None, "what is in the field is what counts");
    press(&mut app, "alt+s");
    typed(&mut app, "more");
    assert_eq!(send(&mut app)[0].2.system, None);
    assert_eq!(
        app.rounds.iter().map(|r| r.system.clone()).collect::<Vec<_>>(),
        [Some("Be kind.".into()), None]
    );
    // Editing a round brings its system text along; leaving brings back the one before.
    press(&mut app, "esc");
    press(&mut app, "[");
    press(&mut app, "e");
    assert_eq!(app.system.as_deref(), Some("Be kind."));
    press(&mut app, "esc");
    assert_eq!(app.system, None);
    // So does sending; what was sent is the round's.
    press(&mut app, "e");
    press(&mut app, "alt+s");
    typed(&mut app, " Always.");
    press(&mut app, "enter");
    assert_eq!(send(&mut app)[0].2.system.as_deref(), Some("Be kind. Always."));
    assert_eq!(app.system, None);
    let rows = shown(&mut app, 120, 24).join("\n");
    assert!(rows.contains("the system text of this session is back"), "{rows}");
    press(&mut app, "X");
    press(&mut app, "esc");
    // The prompt's history is no business of the system text.
    press(&mut app, "i");
    press(&mut app, "alt+s");
    press(&mut app, "up");
    assert_eq!(app.editor.text(), "");
}

#[test]
fn an_edition_that_the_budget_stops_can_still_be_edited() {
    use bakeoff::model::{Counting, Estimate, Money, Spending, Tokens};
    let mut app = session(1);
    let usd = |text: &str| Money::parse(text).unwrap();
    app.weigh_by(Spending { session: Some(usd("0.01")), confirm_above: None, allow_unknown: false });
    press(&mut app, "e");
    typed(&mut app, " Now.");
    press(&mut app, "alt+s");
    typed(&mut app, "Be brief.");
    press(&mut app, "enter");
    press(&mut app, "enter");
    assert_eq!(app.system, None);
    let prompt = Tokens { n: 9, most: 9, how: Counting::Ratio };
    for number in 1..9 {
        let dear = Estimate { prompt, to_send: None, images: 0, at_most: Ok(usd("1")) };
        app.update(Event::Weighed { number, estimates: vec![dear] }, app.now);
    }
    assert_eq!(app.overlay, Some(Overlay::Spend));
    app.now += std::time::Duration::from_secs(1);
    press(&mut app, "n");
    assert_eq!(app.editor.text(), "What is a mutex? Now.");
    assert_eq!(app.editing.as_ref().map(|e| e.round), Some(3));
    assert_eq!(app.system.as_deref(), Some("Be brief."), "the edition's system text is back with it");
    assert_eq!(app.rounds.len(), 4);
}

#[test]
fn a_follow_up_continues_the_round_in_view() {
    let mut app = session(1);
    press(&mut app, "f");
    app.shown = 1;
    assert!(shown(&mut app, 100, 24).join("\n").contains("each pane continues its own round 1.1 "));
    let ids = ask(&mut app, "Shorter.");
    assert_eq!(ids.len(), 1);
    assert_eq!(origins(&app)[4], (Some(1), None));
    assert_eq!(app.tree().label(4), "1.2");
    // The conversation of the round, not that of the newest one.
    let turns: Vec<_> = app.rounds[4].entries[0].prompt.turns.iter().map(|t| t.text.clone()).collect();
    assert_eq!(turns[2..], ["And in German?", "Erstattungen sind leicht by 1 and so on.", "Shorter."]);
}

#[test]
fn an_edition_that_waits_for_its_files_keeps_its_place() {
    let mut app = session(1);
    app.shown = 1;
    press(&mut app, "e");
    typed(&mut app, " See @notes.txt now");
    let effects = press(&mut app, "enter");
    // The newest question is that of the prompt which waits; a follow-up's switch changes nothing now.
    press(&mut app, "esc");
    press(&mut app, "f");
    app.shown = 3;
    let orders: Vec<_> = effects
        .into_iter()
        .filter_map(|e| match e {
            Effect::ReadFiles { number, files } => Some((number, files)),
            _ => None,
        })
        .collect();
    assert_eq!(orders.len(), 1, "the draft's own question was asked while it was written");
    let mut asked = Vec::new();
    for (number, files) in orders {
        let found = files.into_iter().map(|file| (file, Ok(None))).collect();
        asked.extend(launched(app.update(Event::FilesRead { number, found }, app.now)));
    }
    assert_eq!(asked[0].2.question(), "And in German? See @notes.txt now");
    assert_eq!(app.rounds[4].origin, Origin { parent: Some(0), edited: Some(1) });
    // What cannot be had gives the prompt back, and it is still that round's.
    app.shown = 4;
    press(&mut app, "e");
    typed(&mut app, " @gone.txt ");
    let effects = press(&mut app, "enter");
    assert_eq!(app.editing, None);
    for effect in effects {
        let Effect::ReadFiles { number, files } = effect else { continue };
        let found = files.into_iter().map(|file| (file, Err("gone.txt cannot be read".to_owned()))).collect();
        app.update(Event::FilesRead { number, found }, app.now);
    }
    assert_eq!(app.editing.as_ref().map(|e| e.round), Some(4));
    assert!(app.editor.text().ends_with(" @gone.txt "), "{}", app.editor.text());
}

/// The whole way: a follow-up and an edition of it, by keys, and what the file says of them.
#[test]
fn a_session_is_written_with_its_tree_and_what_each_endpoint_was_asked() {
    let server = Loopback::start(|asked| chat(if asked.body.contains("\"m2\"") { "two" } else { "one" }));
    let home = home();
    let endpoint = |n: usize, more: &str| {
        format!(
            "[[endpoint]]\nname = \"e{n}\"\nprovider = \"compatible\"\nmodel = \"m{n}\"\nbase_url = \"{}/v1\"\n{more}\n",
            server.url()
        )
    };
    config(home.path(), &format!("{}{}", endpoint(1, ""), endpoint(2, "system = \"Own.\"")));
    let result = home.path().join("session.json");
    let vars = [("HOME", home.path().to_str().unwrap()), ("AWS_EC2_METADATA_DISABLED", "true")];
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_bakeoff"));
    let mut pty = Pty::start(program, &["--out", result.to_str().unwrap()], &vars, 120, 40);
    let sent = |pty: &mut Pty, keys: &str, place: &str| {
        pty.send(keys);
        pty.wait_for(place);
        pty.wait("both answers", |s| s.contents().matches("✓ complete").count() == 2);
    };
    pty.wait_for("type a prompt");
    sent(&mut pty, "hello\r", "round 1/1");
    pty.send("\x1b");
    pty.wait_for("z zoom");
    pty.send("f");
    pty.wait_for("continues each pane's own conversation");
    sent(&mut pty, "iand then?\r", "round 1.1");
    pty.send("\x1b");
    pty.wait_for("z zoom");
    pty.send("e");
    pty.wait_for("edits round 1.1");
    sent(&mut pty, " now\r", "round 1.1b");
    pty.send("\x1b");
    pty.wait_for("z zoom");
    pty.send("q");
    assert!(pty.exit().success());
    let session: Value = serde_json::from_str(&std::fs::read_to_string(&result).unwrap()).unwrap();
    let rounds = session["rounds"].as_array().unwrap();
    let (first, second) = (&rounds[0]["id"], &rounds[1]["id"]);
    let tree: Vec<_> = rounds.iter().map(|r| (&r["parent"], &r["edited"])).collect();
    assert_eq!(tree, [(&Value::Null, &Value::Null), (first, &Value::Null), (first, second)]);
    assert_eq!(rounds[2]["prompt"], "and then? now");
    for round in rounds {
        // What differs from the round's stands with the answer.
        assert_eq!(round["system"], Value::Null);
        assert!(
            round["answers"][0].get("system").is_none() && round["answers"][1]["system"] == "Own.",
            "{round}"
        );
    }
    for (at, words) in ["one", "two"].iter().enumerate() {
        let said = |round: usize| {
            let turns = rounds[round]["answers"][at]["turns"].as_array().unwrap();
            turns.iter().map(|t| t["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert!(rounds[0]["answers"][at].get("turns").is_none());
        assert_eq!(said(1), ["hello", words, "and then?"]);
        assert_eq!(said(2), ["hello", words, "and then? now"]);
    }
}
