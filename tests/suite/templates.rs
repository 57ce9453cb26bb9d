//! Prompts with variables: the form, cases, the library; on the screen and without one.

use std::fs;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use bakeoff::model::{
    AnswerId, Attachment, Cases, Counting, Estimate, Kept, Money, Origin, Spending, Step, TextFile, Tokens,
    Values, Version,
};
use bakeoff::store::{Prompts, parse_cases};
use bakeoff::ui::{App, Effect, Event, Focus, Given, Overlay, Reply, Wish};
use crossterm::event::Event as Terminal;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::loopback::Loopback;
use crate::program::{bakeoff, config, err, home, json, out};
use crate::pty::Pty;
use crate::replies::chat;
use crate::screen::{app, ask, compare, finish, press, shown, step, text, typed};

const PROMPT: &str = "Explain {{topic}} in a {{tone}} tone.";

fn launched(effects: &[Effect]) -> Vec<(AnswerId, String)> {
    let one = |e: &Effect| match e {
        Effect::Launch { id, prompt, .. } => Some((*id, prompt.question().to_owned())),
        _ => None,
    };
    effects.iter().filter_map(one).collect()
}

fn asked(effects: &[Effect]) -> Vec<String> {
    launched(effects).into_iter().map(|(_, text)| text).collect()
}

fn twelve() -> Cases {
    let rows: Vec<String> = (1..=12).map(|n| format!("topic {n},tone {n},{n}")).collect();
    parse_cases("cases.csv", &format!("topic,tone,id\n{}", rows.join("\n"))).unwrap()
}

fn with_cases(panes: usize, cases: Cases) -> App {
    let mut app = app(panes);
    app.update(Event::Files(Reply::Cases(Ok(cases))), app.now);
    app
}

fn end(app: &mut App, id: AnswerId) -> Vec<Effect> {
    step(app, id, 0, Step::Sent);
    text(app, id, 1, "An answer.");
    app.update(
        Event::Report(bakeoff::model::Report {
            id,
            at: std::time::Duration::from_millis(9),
            step: Step::Ended,
        }),
        app.now,
    )
}

fn screen(app: &mut App) -> String {
    shown(app, 100, 24).join("\n")
}

/// Ends every answer that runs and gives what is launched by that.
fn end_all(app: &mut App, ids: &[(AnswerId, String)]) -> Vec<(AnswerId, String)> {
    ids.iter().flat_map(|(id, _)| launched(&end(app, *id))).collect()
}

#[test]
fn a_prompt_with_variables_asks_for_them_and_sends_them_filled_in() {
    let mut app = app(2);
    assert!(ask(&mut app, PROMPT).is_empty());
    assert_eq!(app.overlay, Some(Overlay::Form));
    typed(&mut app, "mutexes");
    press(&mut app, "enter");
    typed(&mut app, "angr");
    app.update(Event::Terminal(Terminal::Paste("y,\r\nloud".into())), app.now);
    let rows = screen(&mut app);
    assert!(rows.contains("topic  mutexes") && rows.contains("tone   angry,⏎loud"), "{rows}");
    let sent = press(&mut app, "enter");
    assert_eq!(asked(&sent), ["Explain mutexes in a angry,\nloud tone."; 2]);
    assert!(app.overlay.is_none() && app.editor.is_empty());
    let round = &app.rounds[0];
    assert_eq!(round.question, PROMPT, "the round is known by what was written");
    assert_eq!(round.filled.as_ref().unwrap().values.get("tone"), Some("angry,\nloud"));
    assert!(
        shown(&mut app, 200, 24)[0]
            .contains("Explain {{topic}} in a {{tone}} tone. · topic=mutexes · tone=angry, loud")
    );
    press(&mut app, "esc");
    press(&mut app, "I");
    let detail = shown(&mut app, 120, 40).join("\n");
    assert!(detail.contains("Prompt, filled in") && detail.contains("loud tone."), "{detail}");
    press(&mut app, "esc");
    // Run again it is the same text; the last values are offered for the next.
    assert_eq!(asked(&press(&mut app, "r")), ["Explain mutexes in a angry,\nloud tone."]);
    ask(&mut app, "{{tone}} and {{more}}");
    assert!(screen(&mut app).contains("tone  angry,⏎loud"), "{}", screen(&mut app));
}

#[test]
fn an_empty_value_is_pointed_at_once_and_then_meant() {
    let mut app = app(1);
    ask(&mut app, "a{{x}}b");
    assert!(asked(&press(&mut app, "enter")).is_empty());
    assert!(screen(&mut app).contains("this one is empty"), "{}", screen(&mut app));
    assert_eq!(asked(&press(&mut app, "enter")), ["ab"]);
}

#[test]
fn esc_keeps_the_draft_and_f4_sends_it_as_it_is() {
    let mut app = app(1);
    ask(&mut app, PROMPT);
    typed(&mut app, "half");
    press(&mut app, "esc");
    assert_eq!((app.editor.text().as_str(), app.overlay), (PROMPT, None));
    press(&mut app, "enter");
    assert!(screen(&mut app).contains("topic  half"), "what was filled in is still there");
    assert_eq!(asked(&press(&mut app, "f4")), [PROMPT]);
    assert!(app.rounds[0].filled.is_none());
}

#[test]
fn what_is_no_template_says_so_and_can_be_sent_as_it_is() {
    let code = "a\nstyle={{ color: 'red' }}";
    let mut app = app(1);
    app.editor.set_text(code);
    assert!(asked(&press(&mut app, "enter")).is_empty());
    assert_eq!(app.overlay, Some(Overlay::Doubt));
    let rows = screen(&mut app);
    assert!(rows.contains("Line 2: {{ color: 'red' }} is no template"), "{rows}");
    press(&mut app, "enter");
    assert_eq!((app.overlay, app.editor.text().as_str()), (None, code), "only y is a yes");
    press(&mut app, "enter");
    assert_eq!(asked(&press(&mut app, "y")), [code]);
    // Braces that are no variable need no question.
    assert_eq!(ask(&mut app, "{\"a\": {\"b\": {}}} {{#if x}} ${{ y }}").len(), 1);
}

#[test]
fn a_template_that_would_not_end_is_not_sent() {
    let mut app = app(1);
    let started = Instant::now();
    ask(&mut app, "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}");
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    assert!(app.rounds.is_empty() && screen(&mut app).contains("repeats too often"), "{}", screen(&mut app));
}

#[test]
fn where_all_values_are_known_it_is_sent_at_once() {
    let mut app = app(1);
    let vars: Values = [("topic", "TCP"), ("tone", "calm")].into_iter().collect();
    app.give(Given { vars, ..Given::default() });
    typed(&mut app, PROMPT);
    let rows = screen(&mut app);
    assert!(rows.contains("prompt · fresh · topic=TCP · tone=calm"), "{rows}");
    assert_eq!(asked(&press(&mut app, "enter")), ["Explain TCP in a calm tone."]);
}

#[test]
fn a_value_under_another_name_is_named_with_the_nearest() {
    let mut app = app(1);
    let vars: Values = [("topic", "TCP"), ("tonee", "calm")].into_iter().collect();
    app.give(Given { vars, ..Given::default() });
    ask(&mut app, PROMPT);
    let rows = screen(&mut app);
    assert!(rows.contains("--var: the prompt has no {{tonee}} (did you mean \"tone\"?)"), "{rows}");
    assert!(
        rows.contains("▸ tone ") && !rows.contains("  topic "),
        "only what is missing is asked for: {rows}"
    );
}

#[test]
fn cases_go_one_by_one_and_are_seen_in_border_and_title() {
    let mut app = with_cases(2, twelve());
    typed(&mut app, PROMPT);
    let rows = screen(&mut app);
    assert!(rows.contains("prompt · fresh · case 1/12 · topic=topic 1 · tone=tone 1 "), "{rows}");
    let ids = launched(&press(&mut app, "enter"));
    assert_eq!(ids[0].1, "Explain topic 1 in a tone 1 tone.");
    assert!(screen(&mut app).contains("case 2/12"), "{}", screen(&mut app));
    press(&mut app, "esc");
    // The prompt that was sent is filled again.
    assert_eq!(asked(&press(&mut app, ";"))[0], "Explain topic 2 in a tone 2 tone.");
    // One that is written stays where it is.
    app.editor.set_text("{{id}}: {{topic}}");
    assert_eq!(asked(&press(&mut app, ";"))[0], "3: topic 3");
    assert_eq!(app.editor.text(), "{{id}}: {{topic}}");
    assert!(shown(&mut app, 100, 24)[0].contains("round 3/3 · case 3/12"), "{}", screen(&mut app));
    for n in 4..=11 {
        assert_eq!(asked(&press(&mut app, ";"))[0], format!("{n}: topic {n}"));
    }
    assert_eq!(asked(&press(&mut app, ";"))[0], "12: topic 12");
    assert!(screen(&mut app).contains("all 12 cases sent"));
    assert!(asked(&press(&mut app, ";")).is_empty());
    assert!(screen(&mut app).contains("begins again with the first"), "{}", screen(&mut app));
    assert_eq!(asked(&press(&mut app, ";"))[0], "1: topic 1");
    press(&mut app, "<");
    assert!(!screen(&mut app).contains("case 2/12"), "{}", screen(&mut app));
}

#[test]
fn all_cases_go_one_round_at_a_time_and_can_be_stopped() {
    for key in ["X", "ctrl+c"] {
        let mut app = with_cases(2, twelve());
        typed(&mut app, PROMPT);
        press(&mut app, "esc");
        press(&mut app, ";");
        for id in app.rounds[0].entries.iter().map(|e| e.id).collect::<Vec<_>>() {
            end(&mut app, id);
        }
        let mut ids = launched(&press(&mut app, ">"));
        for round in 2..=5 {
            assert_eq!(ids.len(), 2, "one round of two endpoints");
            assert_eq!(
                (app.rounds.len(), ids[0].1.as_str()),
                (round, format!("Explain topic {round} in a tone {round} tone.").as_str())
            );
            assert!(
                screen(&mut app).contains(&format!("sending {} of 11 cases", round - 1)),
                "{}",
                screen(&mut app)
            );
            assert!(launched(&end(&mut app, ids[0].0)).is_empty(), "the other still runs");
            ids = launched(&end(&mut app, ids[1].0));
        }
        // The case in hand is spoken for; what has no variables goes between.
        app.focus = Focus::Prompt;
        assert!(asked(&press(&mut app, "enter")).is_empty());
        assert!(screen(&mut app).contains("cases are being sent: ctrl+c stops them"), "{}", screen(&mut app));
        app.focus = Focus::Panes;
        for key in [";", "F", "t"] {
            // A repeat would be a second request to an endpoint.
            assert!(press(&mut app, key).is_empty());
            assert_eq!(app.overlay, None, "{key}");
        }
        let stopped = press(&mut app, key);
        assert_eq!(stopped.iter().filter(|e| matches!(e, Effect::Cancel(_))).count(), 2, "{stopped:?}");
        assert!(screen(&mut app).contains("6 cases are not sent"), "{}", screen(&mut app));
        assert!(
            launched(&end(&mut app, ids[0].0)).is_empty() && launched(&end(&mut app, ids[1].0)).is_empty()
        );
        assert_eq!(app.rounds.len(), 6);
        // What is left can be sent.
        let mut ids = launched(&press(&mut app, ">"));
        assert_eq!(ids[0].1, "Explain topic 7 in a tone 7 tone.");
        while !ids.is_empty() {
            ids = end_all(&mut app, &ids);
        }
        assert_eq!(app.rounds.len(), 12);
        assert!(screen(&mut app).contains("all 6 cases are answered"), "{}", screen(&mut app));
    }
}

#[test]
fn who_reads_an_earlier_round_is_left_there() {
    let mut app = with_cases(1, twelve());
    app.editor.set_text(PROMPT);
    press(&mut app, "esc");
    let ids = launched(&press(&mut app, ">"));
    let ids = end_all(&mut app, &ids);
    assert_eq!(app.shown, 1);
    press(&mut app, "[");
    end_all(&mut app, &ids);
    assert_eq!((app.shown, app.rounds.len()), (0, 3));
}

fn bound(most: &str) -> Estimate {
    let prompt = Tokens { n: 9, most: 9, how: Counting::Ratio };
    Estimate { prompt, to_send: None, images: 0, at_most: Ok(Money::parse(most).unwrap()) }
}

#[test]
fn the_budget_is_asked_for_all_cases_at_once() {
    let mut app = with_cases(2, twelve());
    let session = Some(Money::parse("1").unwrap());
    app.weigh_by(Spending { session, ..Spending::default() });
    app.editor.set_text(PROMPT);
    app.focus = Focus::Panes;
    let weigh = |app: &mut App, effects: &[Effect], most: &str| {
        let Some(Effect::Weigh { number, asks }) =
            effects.iter().rev().find(|e| matches!(e, Effect::Weigh { asks, .. } if asks.len() > 2))
        else {
            panic!("{effects:?}")
        };
        let estimates = vec![bound(most); asks.len()];
        (asks.len(), app.update(Event::Weighed { number: *number, estimates }, app.now))
    };
    let effects = press(&mut app, ">");
    let (count, sent) = weigh(&mut app, &effects, "0.05");
    assert_eq!((count, launched(&sent).len(), app.overlay), (24, 0, Some(Overlay::Spend)));
    assert!(screen(&mut app).contains("$1.2"), "{}", screen(&mut app));
    press(&mut app, "n");
    assert_eq!((app.editor.text().as_str(), app.rounds.len()), (PROMPT, 0), "nothing is sent or lost");
    let effects = press(&mut app, ">");
    let (_, sent) = weigh(&mut app, &effects, "0.04");
    assert_eq!(launched(&sent).len(), 2);
    assert_eq!(app.committed(), Money::parse("0.96").unwrap(), "those that wait are reserved too");
    press(&mut app, "X");
    assert_eq!(app.committed(), Money::parse("0.08").unwrap(), "those that are not sent are not");
}

#[test]
fn a_refused_case_leaves_the_prompt_as_it_was() {
    let mut app = with_cases(1, twelve());
    app.weigh_by(Spending { session: Some(Money::parse("1").unwrap()), ..Spending::default() });
    app.editor.set_text(PROMPT);
    app.focus = Focus::Panes;
    let effects = press(&mut app, ";");
    let number = effects
        .iter()
        .rev()
        .find_map(|e| if let Effect::Weigh { number, .. } = e { Some(*number) } else { None });
    // The draft is weighed as well; the order came first.
    for number in 1..=number.unwrap() {
        app.update(Event::Weighed { number, estimates: vec![bound("2")] }, app.now);
    }
    assert_eq!(app.overlay, Some(Overlay::Spend));
    press(&mut app, "n");
    assert_eq!(app.editor.text(), PROMPT);
    assert!(screen(&mut app).contains("case 1/12"), "the case is still the next one");
}

#[test]
fn an_edited_case_keeps_its_values_and_uses_no_other_case_up() {
    let mut app = with_cases(1, twelve());
    app.editor.set_text(PROMPT);
    app.focus = Focus::Panes;
    for n in 1..=3 {
        let ids = launched(&press(&mut app, ";"));
        assert_eq!(ids[0].1, format!("Explain topic {n} in a tone {n} tone."));
        end_all(&mut app, &ids);
    }
    app.editor.set_text("");
    press(&mut app, "[");
    press(&mut app, "e");
    typed(&mut app, " Briefly.");
    assert!(screen(&mut app).contains("case 2/12 · topic=topic 2"), "{}", screen(&mut app));
    let ids = launched(&press(&mut app, "enter"));
    assert_eq!(ids[0].1, "Explain topic 2 in a tone 2 tone. Briefly.");
    end_all(&mut app, &ids);
    press(&mut app, "esc");
    assert_eq!(
        asked(&press(&mut app, ";")),
        ["Explain topic 4 in a tone 4 tone. Briefly."],
        "the next one is the fourth"
    );
}

#[test]
fn cases_are_not_editions_of_the_round_that_is_edited() {
    let mut app = with_cases(1, twelve());
    app.editor.set_text(PROMPT);
    app.focus = Focus::Panes;
    for _ in 1..=12 {
        let ids = launched(&press(&mut app, ";"));
        end_all(&mut app, &ids);
    }
    press(&mut app, ";");
    app.shown = 0;
    press(&mut app, "e");
    typed(&mut app, " Briefly.");
    app.focus = Focus::Panes;
    for n in 1..=2 {
        let ids = launched(&press(&mut app, ";"));
        assert_eq!(ids[0].1, format!("Explain topic {n} in a tone {n} tone. Briefly."), "each case once");
        end_all(&mut app, &ids);
    }
    assert!(app.rounds.iter().all(|r| r.origin == Origin::default()), "they are fresh");
    assert_eq!(app.editor.text(), format!("{PROMPT} Briefly."), "the edit is where it was");
}

#[test]
fn another_file_of_cases_waits_for_the_case_that_is_on_its_way() {
    let mut app = with_cases(1, twelve());
    app.editor.set_text("Explain {{topic}} by @notes.md");
    app.focus = Focus::Panes;
    let effects = press(&mut app, ";");
    let other = || parse_cases("other.csv", "topic\nmany\nmore\n").unwrap();
    app.update(Event::Files(Reply::Cases(Ok(other()))), app.now);
    assert!(screen(&mut app).contains("a case is not sent yet"), "{}", screen(&mut app));
    let ids = launched(&read(&mut app, &effects, |_| Ok(None)));
    assert_eq!(ids.len(), 1);
    end_all(&mut app, &ids);
    assert!(screen(&mut app).contains("case 2/12"), "{}", screen(&mut app));
    app.update(Event::Files(Reply::Cases(Ok(other()))), app.now);
    assert!(screen(&mut app).contains("case 1/2"), "{}", screen(&mut app));
    // The same while it is held against the budget.
    let limit = Some(Money::parse("0.25").unwrap());
    app.weigh_by(Spending { session: limit, confirm_above: None, allow_unknown: false });
    app.editor.set_text("{{topic}}");
    press(&mut app, ";");
    app.update(Event::Files(Reply::Cases(Ok(twelve()))), app.now);
    assert!(screen(&mut app).contains("a case is not sent yet"), "{}", screen(&mut app));
}

#[test]
fn who_was_in_the_lineup_when_the_key_was_pressed_is_asked() {
    let mut app = app(2);
    app.focus = Focus::Prompt;
    typed(&mut app, "about @notes.md");
    let effects = press(&mut app, "enter");
    app.lineup.endpoints.truncate(1);
    assert_eq!(asked(&read(&mut app, &effects, |_| Ok(None))).len(), 2);
}

#[test]
fn a_prompt_without_a_column_takes_no_case() {
    let mut app = with_cases(1, twelve());
    let given = Given { vars: [("name", "Ada")].into_iter().collect(), ..Given::default() };
    let cases = app.update(Event::Files(Reply::Cases(Ok(twelve()))), app.now);
    assert!(cases.is_empty());
    app.give(Given { cases: Some(twelve()), ..given });
    let ids = ask(&mut app, "Hello {{name}}.");
    assert_eq!(app.rounds[0].filled.as_ref().unwrap().case, None);
    finish(&mut app, ids[0], 9, 1);
    app.focus = Focus::Prompt;
    typed(&mut app, PROMPT);
    assert_eq!(asked(&press(&mut app, "enter")), ["Explain topic 1 in a tone 1 tone."]);
}

#[test]
fn an_escaped_at_is_one_whatever_a_value_holds() {
    let mut app = app(1);
    app.give(Given { vars: [("name", "x \\@y")].into_iter().collect(), ..Given::default() });
    app.focus = Focus::Prompt;
    typed(&mut app, "Ask \\@ada about {{name}}.");
    assert_eq!(asked(&press(&mut app, "enter")), ["Ask @ada about x \\@y."]);
    assert_eq!(
        app.rounds[0].filled.as_ref().unwrap().template,
        "Ask \\@ada about {{name}}.",
        "as it was written"
    );
    // What it may cost is estimated of what would be sent.
    app.weigh_by(Spending::default());
    app.editor.set_text("Ask \\@ada about {{name}}.");
    let effects = app.update(Event::Tick, app.now);
    let Some(Effect::Weigh { asks, .. }) = effects.last() else { panic!("{effects:?}") };
    assert_eq!(asks[0].1.question(), "Ask @ada about x \\@y.");
}

#[test]
fn what_would_be_empty_is_not_sent() {
    let empty = || parse_cases("e.csv", "topic,tone\n\"\",x\n").unwrap();
    let mut app = with_cases(1, empty());
    app.focus = Focus::Prompt;
    typed(&mut app, "{{topic}}");
    assert!(asked(&press(&mut app, "enter")).is_empty());
    let said = "not sent: the prompt is empty once it is filled in: case 1/1 · topic= · tone=x";
    assert!(shown(&mut app, 160, 24).join("\n").contains(said), "{}", screen(&mut app));
    for key in [";", ">"] {
        app.notice = None;
        app.focus = Focus::Panes;
        assert!(asked(&press(&mut app, key)).is_empty());
        assert!(shown(&mut app, 160, 24).join("\n").contains(said), "{key}");
    }
    assert_eq!((app.rounds.len(), app.editor.text().as_str()), (0, "{{topic}}"));
}

/// What the screen asks of files, answered as `found` says.
fn read(app: &mut App, effects: &[Effect], found: impl Fn(&str) -> bakeoff::ui::Found) -> Vec<Effect> {
    // The draft's are asked for as well, after those of what is to be sent.
    let asked = effects.iter().find_map(|e| match e {
        Effect::ReadFiles { number, files } => Some((*number, files.clone())),
        _ => None,
    });
    let (number, files) = asked.unwrap_or_else(|| panic!("no file was asked for: {effects:?}"));
    let found = files.into_iter().map(|file| (file.clone(), found(&file.name))).collect();
    app.update(Event::FilesRead { number, found }, app.now)
}

#[test]
fn cases_take_the_files_of_their_prompt_along_and_stand_in_the_history() {
    let file = |name: &str| -> bakeoff::ui::Found {
        let text =
            TextFile { name: name.into(), size: 5, sha256: String::new(), text: "notes".into(), left_out: 0 };
        Ok(Some(Attachment::Text(text)))
    };
    let mut app = with_cases(1, twelve());
    app.editor.set_text("Explain {{topic}} by @notes.md");
    app.focus = Focus::Panes;
    for (key, topic) in [(";", 1), (";", 2), (">", 3)] {
        let effects = press(&mut app, key);
        assert!(asked(&effects).is_empty(), "{key}: it waits for the file");
        // Nothing overtakes it, and what is shown or written meanwhile changes nothing of it.
        app.notice = None;
        assert!(press(&mut app, ";").is_empty() && screen(&mut app).contains("still being read"));
        app.shown = 0;
        let effects = read(&mut app, &effects, file);
        let [Effect::Launch { id, prompt, .. }] = &effects[..1] else { panic!("{effects:?}") };
        assert_eq!(prompt.question(), format!("Explain topic {topic} by @notes.md"));
        assert_eq!(prompt.attachments().len(), 1);
        end(&mut app, *id);
    }
    press(&mut app, "X");
    // The field is empty: the template of the last case is sent, and its file is read anew.
    app.editor.set_text("");
    app.focus = Focus::Panes;
    let rounds = app.rounds.len();
    let effects = press(&mut app, ";");
    let effects = read(&mut app, &effects, |_| Err("notes.md cannot be read".into()));
    assert!(asked(&effects).is_empty() && screen(&mut app).contains("not sent: notes.md cannot be read"));
    assert_eq!((app.rounds.len(), app.editor.text().as_str()), (rounds, ""), "it was not in the field");
    assert_eq!(asked(&press(&mut app, "i")).len(), 0);
    press(&mut app, "up");
    assert_eq!(app.editor.text(), "Explain {{topic}} by @notes.md");
}

#[test]
fn cases_fill_the_prompt_while_the_system_text_is_shown() {
    for key in [";", ">"] {
        let mut app = with_cases(1, twelve());
        app.focus = Focus::Prompt;
        typed(&mut app, PROMPT);
        press(&mut app, "alt+s");
        typed(&mut app, "Be {{kind}}.");
        press(&mut app, "esc");
        assert!(app.is_writing_system());
        let sent = press(&mut app, key);
        assert_eq!(asked(&sent), ["Explain topic 1 in a tone 1 tone."], "{key}");
        let Some(Effect::Launch { prompt, .. }) = sent.iter().find(|e| matches!(e, Effect::Launch { .. }))
        else {
            panic!("{sent:?}")
        };
        assert_eq!(prompt.system.as_deref(), Some("Be {{kind}}."));
    }
}

#[test]
fn what_waits_for_its_files_is_not_sent_once_all_was_stopped() {
    let mut app = app(1);
    let ids = ask(&mut app, "first");
    app.focus = Focus::Prompt;
    typed(&mut app, "second @notes.md");
    let effects = press(&mut app, "enter");
    assert_eq!(app.editor.text(), "");
    app.focus = Focus::Panes;
    let stopped = press(&mut app, "X");
    assert!(stopped.contains(&Effect::Cancel(ids[0])), "{stopped:?}");
    assert_eq!(app.editor.text(), "second @notes.md", "it is given back");
    let late = read(&mut app, &effects, |_| Ok(None));
    assert!(asked(&late).is_empty() && app.rounds.len() == 1, "{late:?}");
}

#[test]
fn what_cases_cannot_do_is_said_and_nothing_is_sent() {
    let mut app = app(1);
    press(&mut app, "esc");
    for (key, words) in [
        (";", "no cases are loaded: F loads"),
        (">", "no cases are loaded"),
        ("<", "no cases are loaded"),
        ("A", "nothing to save"),
    ] {
        assert!(asked(&press(&mut app, key)).is_empty());
        assert!(screen(&mut app).contains(words), "{key}: {}", screen(&mut app));
    }
    let mut app = with_cases(1, twelve());
    press(&mut app, "esc");
    for (written, words) in [
        ("", "write a prompt with {{variables}} first"),
        ("plain", "no {{variable}} for the cases to fill"),
        (
            "{{topc}}",
            "cases.csv:2: the case has no \"topc\", which the prompt uses (did you mean \"topic\"?)",
        ),
        ("{{topic: 1}}", "line 1: {{topic: 1}} is no template"),
    ] {
        app.editor.set_text(written);
        assert!(asked(&press(&mut app, ">")).is_empty());
        let rows = shown(&mut app, 160, 24).join("\n");
        assert!(rows.contains(words), "{written}: {rows}");
    }
    app.update(Event::Files(Reply::Cases(Err("x.csv:7: 3 fields, the header has 2".into()))), app.now);
    assert!(screen(&mut app).contains("x.csv:7: 3 fields") && screen(&mut app).contains("case 1/12"));
}

#[test]
fn a_file_is_asked_for_and_read_elsewhere() {
    let mut app = app(1);
    press(&mut app, "esc");
    press(&mut app, "F");
    press(&mut app, "enter");
    assert!(screen(&mut app).contains("the path of a .csv"), "{}", screen(&mut app));
    typed(&mut app, " ~/c.csv ");
    assert_eq!(press(&mut app, "enter"), [Effect::Files(Wish::Cases("~/c.csv".into()))]);
    assert_eq!(app.overlay, None);
}

#[test]
fn ten_thousand_cases_start_at_once() {
    let rows: Vec<String> = (0..10_000).map(|n| format!("t{n},x")).collect();
    let text = format!("topic,tone\n{}", rows.join("\n"));
    let mut app = with_cases(2, parse_cases("c.csv", &text).unwrap());
    app.editor.set_text(PROMPT);
    press(&mut app, "esc");
    let started = Instant::now();
    let mut ids = launched(&press(&mut app, ">"));
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
    for _ in 0..50 {
        ids = end_all(&mut app, &ids);
    }
    assert_eq!(ids[0].1, "Explain t50 in a x tone.");
    assert!(screen(&mut app).contains("sending 51 of 10000 cases"), "{}", screen(&mut app));
}

fn version(text: &str, note: &str) -> Version {
    Version { text: text.into(), note: note.into(), saved_at: "2026-11-24T09:30:00Z".into(), system: None }
}

fn library() -> Vec<Kept> {
    let second = Version { system: Some("Be kind.".into()), ..version("Refund, {{tone}}.", "shorter") };
    let versions = vec![version("Explain the refund in a {{tone}} tone.", "first"), second];
    let one = Kept { name: "other".into(), tags: vec!["x".into()], versions: vec![version("Other", "")] };
    vec![one, Kept { name: "refund".into(), tags: Vec::new(), versions }]
}

fn opened() -> App {
    let mut app = app(2);
    app.editor.set_text("a draft");
    press(&mut app, "esc");
    assert_eq!(press(&mut app, "p"), [Effect::Files(Wish::Prompts)]);
    let damaged = vec!["/home/prompts/bad.toml:3: unknown field `noet`".to_owned()];
    app.update(Event::Files(Reply::Prompts(Ok((library(), damaged)))), app.now);
    app
}

#[test]
fn a_prompt_of_the_library_is_opened_and_the_draft_is_kept() {
    let mut app = opened();
    let rows = screen(&mut app);
    assert!(rows.contains("refund   shorter") && rows.contains("damaged"), "{rows}");
    typed(&mut app, "refund");
    assert!(screen(&mut app).contains("Refund, {{tone}}."), "the text is shown before it is taken");
    press(&mut app, "enter");
    assert_eq!((app.editor.text().as_str(), app.system.as_deref()), ("Refund, {{tone}}.", Some("Be kind.")));
    assert!(
        app.focus == Focus::Prompt && screen(&mut app).contains("refund, version 2, with its system text")
    );
    press(&mut app, "up");
    assert_eq!(app.editor.text(), "a draft");
}

#[test]
fn older_versions_are_reached_and_deleting_asks() {
    let mut app = opened();
    press(&mut app, "down");
    press(&mut app, "right");
    let rows = screen(&mut app);
    assert!(
        rows.contains("version 2") && rows.contains("version 1") && rows.contains("[system: Be kind.]"),
        "{rows}"
    );
    press(&mut app, "left");
    assert!(screen(&mut app).contains("▸ refund"), "{}", screen(&mut app));
    press(&mut app, "right");
    press(&mut app, "down");
    press(&mut app, "enter");
    assert_eq!(
        (app.editor.text().as_str(), app.system.as_deref()),
        ("Explain the refund in a {{tone}} tone.", None)
    );
    let mut app = opened();
    press(&mut app, "down");
    assert!(press(&mut app, "delete").is_empty());
    assert!(
        screen(&mut app).contains("Delete the prompt refund with its 2 versions?"),
        "{}",
        screen(&mut app)
    );
    assert!(press(&mut app, "n").is_empty());
    let mut app = opened();
    press(&mut app, "down");
    press(&mut app, "delete");
    assert_eq!(press(&mut app, "y"), [Effect::Files(Wish::Delete("refund".into()))]);
    // A damaged file is nobody's to delete or to take.
    let mut app = opened();
    press(&mut app, "end");
    press(&mut app, "delete");
    assert!(app.overlay == Some(Overlay::Chooser) && screen(&mut app).contains("yours to mend"));
    press(&mut app, "enter");
    assert!(
        app.editor.text() == "a draft" && screen(&mut app).contains("bad.toml:3"),
        "{}",
        screen(&mut app)
    );
}

#[test]
fn the_library_reads_and_writes_the_prompt_while_the_system_text_is_shown() {
    let mut app = app(1);
    typed(&mut app, "a draft");
    press(&mut app, "alt+s");
    typed(&mut app, "be terse");
    press(&mut app, "esc");
    press(&mut app, "A");
    let rows = screen(&mut app);
    assert!(rows.contains("save the prompt · a draft"), "{rows}");
    // Keys that work anywhere do not take a form away with what is in it.
    typed(&mut app, "kept");
    for key in ["f1", "f3", "alt+x"] {
        press(&mut app, key);
        assert!(app.overlay == Some(Overlay::Form) && screen(&mut app).contains("name  kept"), "{key}");
    }
    press(&mut app, "esc");
    app.update(Event::Files(Reply::Prompts(Ok((library(), Vec::new())))), app.now);
    typed(&mut app, "refund");
    press(&mut app, "enter");
    assert!(!app.is_writing_system());
    assert_eq!((app.prompt_text().as_str(), app.system.as_deref()), ("Refund, {{tone}}.", Some("Be kind.")));
    // And so does the list of what was sent.
    app.update(Event::Remembered(vec!["of yesterday".into()]), app.now);
    press(&mut app, "alt+s");
    press(&mut app, "ctrl+r");
    typed(&mut app, "yesterday");
    press(&mut app, "enter");
    assert_eq!((app.prompt_text().as_str(), app.system.as_deref()), ("of yesterday", Some("Be kind.")));
}

#[test]
fn a_prompt_is_saved_under_its_name_with_a_note() {
    let mut app = opened();
    typed(&mut app, "refund");
    press(&mut app, "enter");
    typed(&mut app, " More.");
    press(&mut app, "esc");
    press(&mut app, "A");
    let rows = screen(&mut app);
    assert!(
        rows.contains("name  refund") && rows.contains("save the prompt · Refund, {{tone}}. More."),
        "{rows}"
    );
    typed(&mut app, "longer");
    let saved = Version {
        text: "Refund, {{tone}}. More.".into(),
        system: Some("Be kind.".into()),
        note: "longer".into(),
        saved_at: String::new(),
    };
    assert_eq!(press(&mut app, "enter"), [Effect::Files(Wish::Save("refund".into(), saved))]);
    app.update(Event::Files(Reply::Saved("refund".into(), Err("bad.toml:3: no".into()))), app.now);
    assert!(screen(&mut app).contains("not saved: bad.toml:3: no"));
    // What was sent can be saved as well; a name is needed.
    let mut app = app_with_round();
    press(&mut app, "A");
    press(&mut app, "enter");
    press(&mut app, "enter");
    assert!(app.overlay == Some(Overlay::Form) && screen(&mut app).contains("a prompt needs a name"));
}

fn app_with_round() -> App {
    let mut app = app(1);
    let ids = ask(&mut app, "sent");
    finish(&mut app, ids[0], 9, 1);
    press(&mut app, "esc");
    app
}

#[test]
fn the_screens_look_as_they_did() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut form = app(3);
        ask(&mut form, PROMPT);
        typed(&mut form, "mutexes");
        press(&mut form, "enter");
        compare(&format!("form-{width}x{height}.txt"), &shown(&mut form, width, height));
        let mut cases = with_cases(3, twelve());
        typed(&mut cases, PROMPT);
        press(&mut cases, "esc");
        press(&mut cases, ">");
        compare(&format!("cases-{width}x{height}.txt"), &shown(&mut cases, width, height));
        compare(&format!("prompts-{width}x{height}.txt"), &shown(&mut opened(), width, height));
    }
}

#[test]
fn no_size_breaks_the_form() {
    let mut form = app(3);
    ask(&mut form, &format!("{PROMPT} {{{{{}}}}}", "long_name".repeat(9)));
    app_paste(&mut form, &"日本 value ".repeat(300));
    let mut doubt = app(1);
    ask(&mut doubt, "{{ a: 1 }}");
    for app in [&mut form, &mut doubt, &mut opened()] {
        for (width, height) in [(1, 1), (20, 5), (21, 6), (40, 10), (41, 9), (300, 100)] {
            shown(app, width, height);
        }
    }
}

fn app_paste(app: &mut App, text: &str) {
    app.update(Event::Terminal(Terminal::Paste(text.into())), app.now);
}

fn run(home: &std::path::Path, args: &[&str]) -> Output {
    bakeoff(home).current_dir(home).args(["run", "--demo"]).args(args).output().unwrap()
}

#[test]
fn a_run_asks_every_prompt_with_every_case() {
    let home = home();
    let server = Loopback::start(|_| chat("hello"));
    config(
        home.path(),
        &format!(
            "[[endpoint]]\nname = \"sol\"\nprovider = \"openai\"\nmodel = \"gpt-6-sol\"\napi = \"chat\"\n\
             base_url = \"{}/v1\"\napi_key_env = \"MINE\"\nparams = {{ max_tokens = 1000 }}\n",
            server.url()
        ),
    );
    let prompts = Prompts::beside(&home.path().join(".config/bakeoff/config.toml"));
    prompts.save("a", &version("A {{x}}", "")).unwrap();
    prompts.save("a", &Version { system: Some("Kind.".into()), ..version("A2 {{x}} {{y}}", "") }).unwrap();
    prompts.save("b", &version("B {{y|upper}}", "")).unwrap();
    fs::write(home.path().join("c.jsonl"), "{\"x\": 1, \"id\": \"k\"}\n{\"x\": 2.50, \"y\": \"own\"}\n")
        .unwrap();
    let run = |args: &[&str]| {
        bakeoff(home.path()).env("MINE", "k").current_dir(home.path()).arg("run").args(args).output().unwrap()
    };
    let o = run(&["-p", "a", "--prompt", "b", "--cases", "c.jsonl", "--var", "y=each", "--format", "json"]);
    assert_eq!(o.status.code(), Some(0), "{}", err(&o));
    let result = json(&o);
    let rounds = result["rounds"].as_array().unwrap();
    let told: Vec<_> = rounds.iter().map(|r| (&r["prompt"], &r["case"], &r["vars"], &r["system"])).collect();
    let own = |value: Value| value;
    let (one, two) = (
        own(serde_json::json!({"x": "1", "id": "k", "y": "each"})),
        own(serde_json::json!({"x": "2.50", "y": "own"})),
    );
    let text = |text: &str| Value::from(text);
    let (kind, none) = (text("Kind."), Value::Null);
    let (first, second) = (Value::from(1), Value::from(2));
    assert_eq!(
        told,
        [
            (&text("A2 1 each"), &first, &one, &kind),
            (&text("A2 2.50 own"), &second, &two, &kind),
            (&text("B EACH"), &first, &one, &none),
            (&text("B OWN"), &second, &two, &none),
        ]
    );
    assert_eq!(rounds[0]["template"], "A2 {{x}} {{y}}");
    assert_eq!(server.asked("completions").len(), 4);
    let ids: std::collections::HashSet<_> = rounds.iter().map(|r| r["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 4);
    // An older version, and all cases against one budget.
    let o = run(&["-p", "a@1", "--var", "x=z", "--format", "json"]);
    assert_eq!(json(&o)["rounds"][0]["prompt"], "A z");
    let before = server.asked("completions").len();
    let o = run(&["-p", "a", "--cases", "c.jsonl", "--var", "y=each", "--max-cost", "0.0200"]);
    assert_eq!(o.status.code(), Some(3), "{}", err(&o));
    assert_eq!(server.asked("completions").len(), before, "one alone would have been within it");
    let o = run(&["-p", "a", "--var", "x=z", "--var", "y=z", "--max-cost", "0.0200"]);
    assert_eq!(o.status.code(), Some(0), "{}", err(&o));
}

#[test]
fn a_run_sends_an_escaped_at_as_the_screen_does_and_tells_of_its_files_once() {
    let home = home();
    let prompts = Prompts::beside(&home.path().join(".config/bakeoff/config.toml"));
    prompts.save("a", &version("Ask \\@ada about {{x}}.", "")).unwrap();
    prompts.save("b", &version("Ask \\@ada.", "")).unwrap();
    fs::write(home.path().join("n.md"), "notes").unwrap();
    let value = "x=c:\\@d";
    let o = run(
        home.path(),
        &["-p", "a", "-p", "b", "Tell \\@bob {{x}}", "--var", value, "--attach", "n.md", "--format", "json"],
    );
    let rounds = json(&o)["rounds"].as_array().unwrap().clone();
    let told: Vec<_> = rounds.iter().map(|r| r["prompt"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told, ["Ask @ada about c:\\@d.", "Ask @ada.", "Tell @bob c:\\@d"], "{}", err(&o));
    assert_eq!(rounds[0]["template"], "Ask \\@ada about {{x}}.", "as it was written");
    assert_eq!(rounds[2]["template"], "Tell \\@bob {{x}}");
    assert!(rounds.iter().all(|r| r["attachments"].as_array().unwrap().len() == 1), "{}", rounds[0]);
    assert_eq!(err(&o).matches("n.md").count(), 1, "{}", err(&o));
    let o = run(home.path(), &["-p", "a", "--verbatim", "--format", "json"]);
    assert_eq!(json(&o)["rounds"][0]["prompt"], "Ask @ada about {{x}}.");
}

#[test]
fn a_run_that_cannot_be_filled_sends_nothing_and_says_why() {
    let home = home();
    let file = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
    file("bad.csv", "topic,tone\na,b\nc,d,e\n");
    file("few.csv", "topc\na\n");
    file("empty.csv", "");
    file("some.jsonl", "{\"topic\": \"a\", \"tone\": \"b\"}\n{\"topic\": \"c\"}\n");
    file("nested.jsonl", "{\"topic\": {\"a\": 1}}\n");
    file("v.txt", "from a file\n\n");
    let cases: &[(&[&str], &str)] = &[
        (&[PROMPT], "{{topic}} and {{tone}} have no value: --var topic=… --var tone=…, or --cases FILE"),
        (
            &[PROMPT, "--var", "topic=a", "--var", "tonne=b"],
            "the prompt has no {{tonne}} (did you mean \"tone\"?)",
        ),
        (&[PROMPT, "--var", "topic"], "write --var name=value"),
        (&[PROMPT, "--var", "a b=1"], "a name has letters"),
        (&[PROMPT, "--var", "topic=a", "--var", "topic=b"], "given twice"),
        (&[PROMPT, "--var", "topic=@nosuch"], "nosuch: No such file"),
        (&["plain", "--var", "topic=a"], "the prompt has no {{topic}}"),
        (&["plain", "--cases", "some.jsonl"], "no {{variable}} for the cases to fill"),
        (&["a\n{{ b: 1 }}"], "line 2: {{ b: 1 }} is no template: unexpected `:`"),
        (&[PROMPT, "--cases", "bad.csv"], "bad.csv:3: 3 fields, the header has 2; a field with a comma"),
        (
            &["{{topic}}", "--cases", "few.csv"],
            "few.csv:2: the case has no \"topic\", which the prompt uses (did you mean \"topc\"?)",
        ),
        (&["{{topic}}", "--cases", "empty.csv"], "empty.csv has no case: the first row names the variables"),
        (&[PROMPT, "--cases", "some.jsonl"], "some.jsonl:2: the case has no \"tone\""),
        (&["{{topic}}", "--cases", "nested.jsonl"], "nested.jsonl:1: \"topic\" is a list or a table"),
        (&["{{topic}}", "--cases", "nosuch.csv"], "nosuch.csv: No such file"),
        (&["{{topic}}", "--var", "topic= "], "the prompt is empty once it is filled in"),
        (
            &["{% for a in range(90000) %}{% for b in range(90000) %}gigabytes{% endfor %}{% endfor %}"],
            "repeats too often",
        ),
        (&["-p", "nosuch"], "no prompt is called \"nosuch\""),
        (&["-p", "a@x"], "the number of a version"),
    ];
    for (args, words) in cases {
        let o = run(home.path(), args);
        assert_eq!(o.status.code(), Some(2), "{args:?}: {}", err(&o));
        assert!(err(&o).contains(words), "{args:?}: {}", err(&o));
        assert!(out(&o).is_empty(), "{args:?}");
    }
    let o = run(home.path(), &["{{ b: 1 }}{{x}}", "--verbatim", "--format", "json"]);
    assert_eq!(
        (json(&o)["rounds"][0]["prompt"].as_str(), &json(&o)["rounds"][0]["vars"]),
        (Some("{{ b: 1 }}{{x}}"), &serde_json::json!({}))
    );
    let o = run(home.path(), &["[{{x}}]", "--var", "x=@v.txt", "--format", "json"]);
    assert_eq!(json(&o)["rounds"][0]["prompt"], "[from a file]");
    let o = run(home.path(), &["{{topic}}", "--cases", "some.jsonl"]);
    assert!(
        out(&o).contains("══ case 1/2 · topic=a · tone=b") && out(&o).contains("══ case 2/2 · topic=c"),
        "{}",
        out(&o)
    );
}

#[test]
fn an_interrupted_run_keeps_what_it_has_and_sends_no_further_case() {
    let home = home();
    fs::write(home.path().join("c.csv"), "x\n1\n2\n3\n").unwrap();
    let pid: Arc<OnceLock<u32>> = Arc::default();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (child_of, held) = (Arc::clone(&pid), Mutex::new(held));
    let server = Loopback::start(move |asked| {
        if asked.body.contains("case 2") {
            let child = Pid::from_raw(i32::try_from(*child_of.wait()).unwrap()).unwrap();
            kill_process(child, Signal::INT).unwrap();
            // No answer comes while the run lives.
            let _ = held.lock().unwrap().recv();
        }
        chat("hello")
    });
    let spec = format!("compatible:m@{}/v1", server.url());
    let child = bakeoff(home.path())
        .current_dir(home.path())
        .args(["run", "case {{x}}", "--cases", "c.csv", "-e", &spec, "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    pid.set(child.id()).unwrap();
    let o = child.wait_with_output().unwrap();
    drop(release);
    assert_eq!(o.status.code(), Some(130), "{}", err(&o));
    let rounds = json(&o)["rounds"].clone();
    let told: Vec<_> = rounds.as_array().unwrap().iter().map(|r| &r["answers"][0]["status"]).collect();
    assert_eq!(told, ["complete", "interrupted"]);
    assert_eq!(server.asked("completions").len(), 2);
}

#[test]
fn the_library_is_listed_and_shown() {
    let home = home();
    let prompts = |args: &[&str]| bakeoff(home.path()).arg("prompts").args(args).output().unwrap();
    let o = prompts(&[]);
    assert_eq!((o.status.code(), out(&o).as_str()), (Some(0), ""));
    assert!(err(&o).contains("no prompt is saved yet"), "{}", err(&o));
    let library = Prompts::beside(&home.path().join(".config/bakeoff/config.toml"));
    library.save("refund", &version("Be {{tone}}.", "first")).unwrap();
    library.save("refund", &version("Be {{tone}} and {{short}}.\n", "longer")).unwrap();
    let o = prompts(&["--format", "json"]);
    assert_eq!(
        json(&o),
        serde_json::json!([{"prompt": "refund", "versions": 2, "saved_at": "2026-11-24T09:30:00Z",
            "variables": "tone short", "tags": "", "note": "longer"}])
    );
    assert_eq!(out(&prompts(&["show", "refund"])), "Be {{tone}} and {{short}}.\n");
    assert_eq!(out(&prompts(&["show", "refund", "--version", "1"])), "Be {{tone}}.\n");
    let all = json(&prompts(&["show", "refund", "--format", "json"]));
    assert_eq!(all["versions"][1]["text"], "Be {{tone}} and {{short}}.\n");
    for (args, words) in [
        (&["show", "refnd"][..], "did you mean \"refund\"?"),
        (&["show", "refund", "--version", "3"], "refund has no version 3: it has 1 to 2"),
        (&["show", "refund", "--version", "0", "--format", "json"], "refund has no version 0"),
        (&["show", "../../x"], "a name has letters"),
    ] {
        let o = prompts(args);
        assert!(o.status.code() == Some(2) && err(&o).contains(words), "{args:?}: {}", err(&o));
    }
    fs::write(home.path().join(".config/bakeoff/prompts/bad.toml"), "[[version]]\ntxt = 1\n").unwrap();
    let o = prompts(&[]);
    assert_eq!(o.status.code(), Some(1));
    assert!(err(&o).contains("bad.toml:2: unknown field `txt`") && out(&o).contains("refund"), "{}", err(&o));
}

/// The real program: a file loaded by its path, all cases sent, a prompt saved and found again.
#[test]
fn cases_and_the_library_in_a_terminal() {
    let home = home();
    fs::write(home.path().join("c.csv"), "topic\nTCP\nUDP\n").unwrap();
    let (path, result) = (home.path().to_str().unwrap(), home.path().join("out.json"));
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_bakeoff"));
    let arguments = ["demo", "--out", result.to_str().unwrap()];
    let mut pty = Pty::start(program, &arguments, &[("HOME", path)], 120, 40);
    pty.wait_for("type a prompt");
    pty.send("Name {{topic}}");
    pty.wait_for("Name {{topic}}");
    pty.send("\x1b");
    pty.wait_for("i prompt");
    pty.send("F");
    pty.wait_for("loads the cases");
    pty.send("~/c.csv\r");
    pty.wait_for("case 1/2 · topic=TCP");
    pty.send(">");
    pty.wait_for("all 2 cases are answered");
    pty.wait_for("round 2/2 · case 2/2");
    pty.send("A");
    pty.wait_for("save the prompt");
    pty.send("names\rfirst\r");
    pty.wait_for("saved names, version 1");
    pty.send("p");
    pty.wait_for("names  first");
    pty.send("\x1b");
    pty.wait_gone("find:");
    pty.send("q");
    assert!(pty.exit().success());
    let session: Value = serde_json::from_str(&fs::read_to_string(&result).unwrap()).unwrap();
    let rounds = session["rounds"].as_array().unwrap();
    let told: Vec<_> = rounds.iter().map(|r| (r["prompt"].as_str(), r["vars"]["topic"].as_str())).collect();
    assert_eq!(told, [(Some("Name TCP"), Some("TCP")), (Some("Name UDP"), Some("UDP"))]);
    assert_eq!(rounds[0]["template"], "Name {{topic}}");
    // Another screen opens with it, and asks for what it needs.
    let mut pty =
        Pty::start(program, &["demo", "-p", "names", "--var", "topic=QUIC"], &[("HOME", path)], 120, 40);
    pty.wait_for("Name {{topic}}");
    pty.wait_for("topic=QUIC");
    pty.send("\r");
    pty.wait_for("round 1/1");
    pty.send("\u{3}\u{3}\u{3}");
    assert!(pty.exit().success());
}
