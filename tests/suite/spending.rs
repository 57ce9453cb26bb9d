//! What a round may cost: shown while it is written, and never above the budget unasked.

use bakeoff::model::{
    AnswerId, Counting, Delta, Estimate, Money, Outcome, Rule, Spending, Step, Stop, Tokens, Usage,
};
use bakeoff::ui::{App, Effect, Event, Overlay};

use crate::loopback::Loopback;
use crate::program::{bakeoff, config, err, home, json};
use crate::replies::chat;
use crate::screen::{app, press, price, shown, step, typed};

fn usd(text: &str) -> Money {
    Money::parse(text).unwrap()
}

fn bound(most: &str) -> Estimate {
    let prompt = Tokens { n: 612, most: 2_000, how: Counting::Ratio };
    Estimate { prompt, images: 0, to_send: Some(usd("0.001")), at_most: Ok(usd(most)) }
}

fn unbounded() -> Estimate {
    Estimate { at_most: Err("no price for this route"), to_send: None, ..bound("0") }
}

/// The question that the screen asks about costs, answered by `make` for each endpoint.
fn answer(app: &mut App, effects: &[Effect], make: impl Fn(usize) -> Estimate) -> Vec<Effect> {
    let weigh = effects.iter().find_map(|e| match e {
        Effect::Weigh { number, asks } => Some((*number, asks.len())),
        _ => None,
    });
    let (number, count) = weigh.expect("nothing was asked about costs");
    app.update(Event::Weighed { number, estimates: (0..count).map(make).collect() }, app.now)
}

fn launched(effects: &[Effect]) -> Vec<AnswerId> {
    effects.iter().filter_map(|e| if let Effect::Launch { id, .. } = e { Some(*id) } else { None }).collect()
}

fn weighing(panes: usize, session: &str, confirm: &str) -> App {
    let mut app = app(panes);
    let limit = |text: &str| (!text.is_empty()).then(|| usd(text));
    app.weigh_by(Spending { session: limit(session), confirm_above: limit(confirm), allow_unknown: false });
    app
}

/// Writes a prompt and sends it; the costs of the draft stay unanswered.
fn send(app: &mut App, text: &str) -> Vec<Effect> {
    app.focus = bakeoff::ui::Focus::Prompt;
    typed(app, text);
    press(app, "enter")
}

#[test]
fn the_border_says_what_sending_may_cost_and_follows_the_draft() {
    let mut app = weighing(2, "", "");
    typed(&mut app, "a");
    let mut asked = press(&mut app, "b");
    assert!(asked.is_empty(), "one question at a time: {asked:?}");
    // The first question was about "a"; its answer brings the next, about "ab".
    asked = app.update(Event::Weighed { number: 1, estimates: vec![bound("0.1"), bound("0.2")] }, app.now);
    assert!(matches!(&asked[..], [Effect::Weigh { asks, .. }] if asks[0].1.question() == "ab"), "{asked:?}");
    let border = |app: &mut App, width| shown(app, width, 24)[20..].join("\n");
    assert!(border(&mut app, 80).contains("≈612 tok · at most $0.3000"), "{}", border(&mut app, 80));
    let wide = border(&mut app, 160);
    assert!(wide.contains("≈612 tok (4 bytes a token) · ~$0.002000 to send · at most $0.3000"), "{wide}");
    answer(&mut app, &asked, |n| if n == 0 { bound("0.1") } else { unbounded() });
    assert!(border(&mut app, 80).contains("at most $0.1000 + 1 unknown"));
    press(&mut app, "backspace");
    press(&mut app, "backspace");
    assert!(!border(&mut app, 80).contains("tok"), "an empty prompt costs nothing");
}

#[test]
fn without_a_budget_nothing_waits() {
    let mut app = weighing(2, "", "");
    assert_eq!(launched(&send(&mut app, "x")).len(), 2);
}

#[test]
fn a_round_within_the_budget_is_sent_and_a_dear_one_asks() {
    let mut app = weighing(2, "", "0.25");
    let asked = send(&mut app, "cheap");
    assert!(launched(&asked).is_empty(), "nothing leaves before it was weighed");
    assert_eq!(launched(&answer(&mut app, &asked[asked.len() - 1..], |_| bound("0.1"))).len(), 2);

    let asked = send(&mut app, "dear");
    let sent = answer(&mut app, &asked[asked.len() - 1..], |_| bound("0.2"));
    assert!(launched(&sent).is_empty() && app.overlay == Some(Overlay::Spend));
    let screen = shown(&mut app, 80, 24).join("\n");
    assert!(screen.contains("It may cost up to $0.4000, more than $0.2500. Send?"), "{screen}");
    assert!(screen.contains("y sends · any other key keeps the prompt"), "{screen}");
    app.now += std::time::Duration::from_secs(1);
    let refused = press(&mut app, "n");
    assert!(launched(&refused).is_empty() && app.overlay.is_none());
    assert_eq!(app.editor.text(), "dear", "the prompt is back");

    let asked = press(&mut app, "enter");
    answer(&mut app, &asked[asked.len() - 1..], |_| bound("0.2"));
    app.now += std::time::Duration::from_secs(1);
    assert_eq!(launched(&press(&mut app, "y")).len(), 2);
    assert_eq!(app.rounds.len(), 2);
}

#[test]
fn what_has_no_bound_counts_as_above_the_budget() {
    let mut app = weighing(2, "100", "");
    let asked = send(&mut app, "x");
    answer(&mut app, &asked[asked.len() - 1..], |n| if n == 0 { bound("0.1") } else { unbounded() });
    let screen = shown(&mut app, 80, 24).join("\n");
    assert!(screen.contains("1 of 2 may cost anything (no price for this route)"), "{screen}");
}

#[test]
fn a_second_prompt_while_the_first_is_weighed_is_not_lost() {
    let mut app = weighing(1, "", "0.25");
    let asked = send(&mut app, "first");
    assert!(send(&mut app, "second").iter().all(|e| !matches!(e, Effect::Launch { .. })));
    assert_eq!(app.editor.text(), "second");
    let asked = &asked;
    assert_eq!(launched(&answer(&mut app, &asked[asked.len() - 1..], |_| bound("0.1"))).len(), 1);
    assert_eq!(app.rounds[0].question, "first");
}

/// Ends an answer with a cost of so many tokens at ten millionths of a dollar, or without usage.
fn finish(app: &mut App, id: AnswerId, tokens: Option<u64>, how: Outcome) {
    step(app, id, 0, Step::Priced(Some(price().into()), Rule::Exact));
    step(app, id, 0, Step::Sent);
    step(app, id, 1, Step::Headers { status: 200, request_id: None, reused: None });
    if let Some(output) = tokens {
        let usage = Usage { input: Some(0), output: Some(output), ..Usage::default() };
        step(
            app,
            id,
            2,
            Step::Deltas(vec![Delta::Usage(Box::new(usage)), Delta::Stop(Stop::Natural, "stop".into())]),
        );
    }
    step(app, id, 3, if how == Outcome::Complete { Step::Ended } else { Step::Cancelled });
}

/// Prompts, repeats and endings in any order: whoever always says no never spends more than the
/// budget, although every answer costs as much as its bound allows.
#[test]
fn no_schedule_of_panes_passes_the_budget() {
    for seed in 1..=200_u64 {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut below = |n: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % n
        };
        let mut app = weighing(3, "1", "");
        let (mut open, mut spent): (Vec<(AnswerId, u64)>, u64) = (Vec::new(), 0);
        let mut all = 0;
        for _ in 0..60 {
            // A bound of n × 1,000 tokens at $10 per million.
            let bounds: Vec<u64> = (0..3).map(|_| 1 + below(20)).collect();
            let order = match below(4) {
                0 => send(&mut app, "x"),
                1 => {
                    press(&mut app, "esc");
                    press(&mut app, "r")
                }
                2 => {
                    press(&mut app, "esc");
                    press(&mut app, "R")
                }
                _ => {
                    if let Some(at) = (!open.is_empty()).then(|| below(open.len() as u64)) {
                        let (id, bound) = open.swap_remove(usize::try_from(at).unwrap());
                        // Whether it is told or not, all of the bound may be billed.
                        let how = if below(3) == 0 { Outcome::Stopped } else { Outcome::Complete };
                        let told = (below(4) > 0).then_some(bound * 1_000);
                        finish(&mut app, id, told, how);
                        spent += bound;
                    }
                    continue;
                }
            };
            let Some(Effect::Weigh { asks, .. }) = order.last() else { continue };
            let count = asks.len();
            let estimate = |n: usize| bound(&usd("0.01").times(bounds[n % 3]).exact());
            let before: Vec<AnswerId> = open.iter().map(|(id, _)| *id).collect();
            let effects = answer(&mut app, &order[order.len() - 1..], estimate);
            let ids = launched(&effects);
            assert!(ids.is_empty() || ids.len() == count);
            all += ids.len();
            open.extend(ids.iter().enumerate().map(|(n, id)| (*id, bounds[n % 3])));
            // What was asked again while it ran is billed to its end.
            for effect in &effects {
                if let Effect::Cancel(id) = effect
                    && let Some(at) =
                        open.iter().position(|(open, _)| open == id).filter(|_| before.contains(id))
                {
                    spent += open.swap_remove(at).1;
                }
            }
            if app.overlay == Some(Overlay::Spend) {
                press(&mut app, "n");
                app.editor.set_text("");
            }
            let running: u64 = open.iter().map(|(_, bound)| bound).sum();
            assert!(spent + running <= 100, "seed {seed}: {spent} + {running} hundredths of $1");
        }
        assert!(all > 0, "seed {seed} sent nothing");
    }
}

fn priced(home: &std::path::Path, server: &Loopback, budget: &str) {
    config(
        home,
        &format!(
            "{budget}\n[[endpoint]]\nname = \"sol\"\nprovider = \"openai\"\nmodel = \"gpt-6-sol\"\n\
             api = \"chat\"\nbase_url = \"{}/v1\"\napi_key_env = \"MINE\"\nparams = {{ max_tokens = 1000 }}\n",
            server.url()
        ),
    );
}

#[test]
fn a_run_above_its_budget_sends_nothing_and_says_how_to_allow_it() {
    let server = Loopback::start(|_| chat("hello"));
    let home = home();
    for (budget, args, code, said) in [
        ("", &["--max-cost", "0.0126"][..], 3, "up to $0.0127 more may pass the budget of $0.0126"),
        ("", &["--max-cost", "0.0127"], 0, ""),
        ("[budget]\nsession_usd = 0.005\n", &[], 3, "allow it with --max-cost 0.0126"),
        ("[budget]\nconfirm_above_usd = \"0.005\"\n", &[], 3, "more than $0.005000"),
        ("[budget]\nconfirm_above_usd = 0.005\n", &["--max-cost", "$1"], 0, ""),
    ] {
        priced(home.path(), &server, budget);
        let before = server.asked("completions").len();
        let mut command = bakeoff(home.path());
        let o =
            command.env("MINE", "k").args(["run", "2+2?", "--format", "json"]).args(args).output().unwrap();
        assert_eq!(o.status.code(), Some(code), "{budget:?} {args:?}: {}", err(&o));
        assert!(err(&o).contains(said), "{budget:?} {args:?}: {}", err(&o));
        let sent = server.asked("completions").len() - before;
        assert_eq!(sent, usize::from(code == 0), "{budget:?} {args:?}");
        if code == 0 {
            assert_eq!(json(&o)["rounds"][0]["answers"][0]["status"], "complete");
        }
    }
}

#[test]
fn a_run_without_a_known_bound_is_let_through_by_name_only() {
    let server = Loopback::start(|_| chat("hello"));
    let home = home();
    let spec = format!("compatible:m@{}/v1", server.url());
    let run = |args: &[&str]| {
        bakeoff(home.path()).args(["run", "x", "-e", &spec, "--max-cost", "5"]).args(args).output().unwrap()
    };
    let o = run(&[]);
    assert_eq!(o.status.code(), Some(3));
    assert!(err(&o).contains("1 of 1 may cost anything (no price for this route)"), "{}", err(&o));
    assert!(err(&o).contains("--allow-unknown-cost"), "{}", err(&o));
    assert!(server.asked("").is_empty());
    assert_eq!(run(&["--allow-unknown-cost"]).status.code(), Some(0));
}

/// Answers of the newest round, by pane.
fn newest(app: &App) -> Vec<AnswerId> {
    app.rounds.last().map(|r| r.entries.iter().map(|e| e.id).collect()).unwrap_or_default()
}

#[test]
fn whatever_key_comes_first_the_question_about_costs_is_answered() {
    for (key, sent) in [("y", 1), ("f1", 0), ("ctrl+c", 0), ("esc", 0), ("enter", 0), ("q", 0)] {
        let mut app = weighing(1, "", "0.25");
        let asked = send(&mut app, "precious");
        answer(&mut app, &asked[asked.len() - 1..], |_| bound("1"));
        app.now += std::time::Duration::from_secs(1);
        assert_eq!(launched(&press(&mut app, key)).len(), sent, "{key}");
        assert!(app.overlay.is_none(), "{key}");
        assert_eq!(app.editor.text(), if sent == 0 { "precious" } else { "" }, "{key}");
        // And the next one is weighed as ever.
        if sent == 0 {
            app.editor.set_text("");
        }
        let asked = send(&mut app, "next");
        assert_eq!(
            launched(&answer(&mut app, &asked[asked.len() - 1..], |_| bound("0.1"))).len(),
            1,
            "{key}"
        );
    }
}

#[test]
fn a_letter_that_was_on_its_way_when_the_question_opened_pays_for_nothing() {
    let mut app = weighing(1, "", "0.25");
    let asked = send(&mut app, "precious");
    answer(&mut app, &asked[asked.len() - 1..], |_| bound("1"));
    assert_eq!(app.overlay, Some(Overlay::Spend));
    // Nobody has read it yet: this is the next prompt.
    app.now += std::time::Duration::from_millis(300);
    assert!(launched(&press(&mut app, "y")).is_empty());
    typed(&mut app, "es");
    assert_eq!((app.overlay, app.editor.text().as_str()), (None, "yes"));
    let rows = shown(&mut app, 120, 24).join("\n");
    assert!(rows.contains("not sent yet: it is above the budget; enter asks whether to send it"), "{rows}");
    // The key that sends asks; then it has been seen, and y is an answer at once.
    press(&mut app, "enter");
    assert_eq!(app.overlay, Some(Overlay::Spend));
    assert_eq!(launched(&press(&mut app, "y")).len(), 1);
    assert_eq!(app.editor.text(), "yes");
}

#[test]
fn a_question_that_comes_late_or_by_no_key_is_announced_and_not_opened() {
    let mut app = weighing(1, "", "0.25");
    let asked = send(&mut app, "precious");
    app.now += std::time::Duration::from_millis(700);
    answer(&mut app, &asked[asked.len() - 1..], |_| bound("1"));
    assert_eq!(app.overlay, None, "whoever sent it has turned to something else");
    app.now += std::time::Duration::from_secs(5);
    assert!(launched(&press(&mut app, "y")).is_empty());
    assert_eq!(app.editor.text(), "y");
    press(&mut app, "backspace");
    // Files that arrive are no key either: what they were read for comes back.
    let mut app = weighing(1, "", "0.25");
    let asked = send(&mut app, "first");
    let ids = launched(&answer(&mut app, &asked[asked.len() - 1..], |_| bound("0.1")));
    finish(&mut app, ids[0], Some(10), Outcome::Complete);
    let effects = send(&mut app, "with @notes.md");
    let number = effects.iter().find_map(|e| match e {
        Effect::ReadFiles { number, .. } => Some(*number),
        _ => None,
    });
    press(&mut app, "esc");
    let asked = press(&mut app, "r");
    app.now += std::time::Duration::from_millis(700);
    answer(&mut app, &asked[asked.len() - 1..], |_| bound("1"));
    assert_eq!(app.overlay, None);
    let read = Event::FilesRead { number: number.unwrap(), found: Vec::new() };
    let effects = app.update(read, app.now);
    assert!(launched(&effects).is_empty());
    assert_eq!((app.overlay, app.editor.text().as_str()), (None, "with @notes.md"));
    let rows = shown(&mut app, 120, 24).join(
        "
",
    );
    assert!(rows.contains("above the budget: enter in the prompt asks about it"), "{rows}");
    // The key that sends asks about what was held first; nothing of either is lost.
    press(&mut app, "i");
    press(&mut app, "enter");
    assert_eq!(app.overlay, Some(Overlay::Spend));
    assert_eq!(launched(&press(&mut app, "y")).len(), 1);
    assert_eq!(app.editor.text(), "with @notes.md");
}

#[test]
fn what_was_written_while_it_was_weighed_stays_beside_the_prompt() {
    let mut app = weighing(1, "", "0.25");
    let asked = send(&mut app, "precious");
    typed(&mut app, "later");
    answer(&mut app, &asked[asked.len() - 1..], |_| bound("1"));
    assert!(app.overlay.is_none(), "somebody is typing");
    assert!(launched(&press(&mut app, "y")).is_empty(), "a letter pays for nothing");
    press(&mut app, "enter");
    assert_eq!(app.overlay, Some(Overlay::Spend), "the key that sends asks");
    let paste = crossterm::event::Event::Paste("pasted".into());
    app.update(Event::Terminal(paste), app.now);
    press(&mut app, "n");
    assert_eq!(app.editor.text(), "precious\nlatery", "a paste is no answer, and nothing is lost");
}

#[test]
fn what_is_being_weighed_is_not_sent_once_it_was_stopped() {
    let mut app = weighing(1, "", "0.25");
    let asked = send(&mut app, "precious");
    press(&mut app, "ctrl+c");
    assert_eq!(app.editor.text(), "precious");
    let late = answer(&mut app, &asked[asked.len() - 1..], |_| bound("0.1"));
    assert!(launched(&late).is_empty(), "it was stopped");
}

#[test]
fn an_edit_that_comes_back_leaves_what_waits_behind_another() {
    let mut app = weighing(1, "9", "");
    for question in ["first", "second"] {
        let asked = send(&mut app, question);
        let sent = launched(&answer(&mut app, &asked[asked.len() - 1..], |_| bound("0.1")));
        assert_eq!(sent.len(), 1);
    }
    app.editor.set_text("behind it");
    press(&mut app, "esc");
    press(&mut app, "e");
    typed(&mut app, " changed");
    let asked = press(&mut app, "enter");
    assert_eq!(app.editor.text(), "behind it", "the edition is on its way");
    press(&mut app, "esc");
    press(&mut app, "[");
    press(&mut app, "e");
    assert_eq!(app.editor.text(), "first", "another is begun");
    press(&mut app, "ctrl+c");
    assert_eq!(app.editor.text(), "second changed", "{asked:?}");
    press(&mut app, "esc");
    press(&mut app, "[");
    press(&mut app, "]");
    press(&mut app, "e");
    assert_eq!(app.editor.text(), "behind it");
}

#[test]
fn what_was_weighed_is_what_is_sent_whatever_is_shown_meanwhile() {
    let mut app = weighing(1, "9", "");
    for text in ["one", "two"] {
        let asked = send(&mut app, text);
        answer(&mut app, &asked[asked.len() - 1..], |_| bound("0.1"));
        let id = newest(&app)[0];
        finish(&mut app, id, Some(10), Outcome::Complete);
    }
    press(&mut app, "esc");
    let asked = press(&mut app, "r");
    press(&mut app, "[");
    let sent = answer(&mut app, &asked[asked.len() - 1..], |_| bound("0.1"));
    assert!(
        sent.iter().any(|e| matches!(e, Effect::Launch { prompt, .. } if prompt.question() == "two")),
        "{sent:?}"
    );
    assert_eq!(app.rounds[0].entries[0].answer.outcome(), Some(Outcome::Complete), "round one is untouched");
    // A follow-up that is switched on after sending is for the next prompt.
    press(&mut app, "]");
    let asked = send(&mut app, "three");
    app.follow_up = true;
    let sent = answer(&mut app, &asked[asked.len() - 1..], |_| bound("0.1"));
    assert!(
        sent.iter().any(|e| matches!(e, Effect::Launch { prompt, .. } if prompt.turns.len() == 1)),
        "{sent:?}"
    );
}

#[test]
fn a_request_that_was_sent_and_stopped_before_a_word_came_keeps_its_reservation() {
    let mut app = weighing(1, "0.05", "");
    let asked = send(&mut app, "x");
    let id = launched(&answer(&mut app, &asked[asked.len() - 1..], |_| bound("0.04")))[0];
    step(&mut app, id, 0, Step::Sent);
    step(&mut app, id, 5, Step::Cancelled);
    assert_eq!(app.committed(), usd("0.04"));
    assert_eq!(app.total().label(), "unknown");
    let asked = send(&mut app, "x");
    answer(&mut app, &asked[asked.len() - 1..], |_| bound("0.04"));
    assert_eq!(app.overlay, Some(Overlay::Spend), "twice may pass the budget");
    // One that never came to a server costs nothing.
    press(&mut app, "y");
    let id = newest(&app)[0];
    step(&mut app, id, 0, Step::Sent);
    let fault = bakeoff::model::Fault::new(bakeoff::model::Class::Unreachable, "no connection");
    step(&mut app, id, 5, Step::Failed(Box::new(fault)));
    assert_eq!(app.committed(), usd("0.04"));
}

#[test]
fn what_is_asked_again_before_it_left_takes_its_bound_only_until_it_is_known_not_to_have_left() {
    let mut app = weighing(1, "0.10", "");
    let asked = send(&mut app, "x");
    let old = launched(&answer(&mut app, &asked[asked.len() - 1..], |_| bound("0.04")))[0];
    press(&mut app, "esc");
    let asked = press(&mut app, "r");
    answer(&mut app, &asked, |_| bound("0.04"));
    assert_eq!(app.committed(), usd("0.08"), "it may have left while it was cancelled");
    step(&mut app, old, 5, Step::Cancelled);
    assert_eq!(app.committed(), usd("0.04"), "it was not");
    assert_eq!(app.total().parts, 0);
    // One that had left is on the bill.
    let old = newest(&app)[0];
    step(&mut app, old, 0, Step::Sent);
    let asked = press(&mut app, "r");
    answer(&mut app, &asked, |_| bound("0.04"));
    step(&mut app, old, 5, Step::Cancelled);
    assert_eq!((app.committed(), app.total().unknown), (usd("0.08"), 1));
}

#[test]
fn an_added_endpoint_is_weighed_with_the_settings_that_it_is_asked_with() {
    let mut app = weighing(1, "9", "");
    app.level = std::sync::Arc::new(|endpoints| {
        endpoints
            .iter()
            .map(|e| bakeoff::model::Endpoint { params: bakeoff::model::Params::default(), ..e.clone() })
            .collect()
    });
    app.common = true;
    let asked = send(&mut app, "x");
    answer(&mut app, &asked[asked.len() - 1..], |_| bound("0.1"));
    let mut more = app.lineup.endpoints[0].clone();
    more.name = "more".into();
    more.params.max_tokens = Some(10);
    app.lineup.endpoints.push(more);
    press(&mut app, "esc");
    press(&mut app, "2");
    let asked = press(&mut app, "r");
    let Some(Effect::Weigh { asks, .. }) = asked.last() else { panic!("{asked:?}") };
    assert_eq!(asks[0].0.params.max_tokens, None, "levelled, as it will be sent");
}

#[test]
fn the_border_follows_what_the_cost_depends_on() {
    let mut app = weighing(1, "", "");
    typed(&mut app, "x");
    app.update(Event::Weighed { number: 1, estimates: vec![bound("0.1")] }, app.now);
    let mut more = app.lineup.endpoints[0].clone();
    more.name = "more".into();
    app.lineup.endpoints.push(more);
    let asked = app.update(Event::Tick, app.now);
    assert!(matches!(&asked[..], [Effect::Weigh { asks, .. }] if asks.len() == 2), "{asked:?}");
}
