//! Repeats of a round: asked for in one line, sent in rotated order, told apart and compared.

use std::collections::BTreeSet;
use std::time::Duration;

use bakeoff::model::{
    AnswerId, Class, Counting, Delta, Estimate, Fault, Money, Prompt, Report, Rule, Spending, Step, Stop,
    Tokens, Usage,
};
use bakeoff::ui::{App, Effect, Event, Overlay};

use crate::loopback::Loopback;
use crate::program::{answers, bakeoff, config, err, home, json, out};
use crate::pty::Pty;
use crate::replies::chat;
use crate::screen::{app, ask, compare, press, price, shown, typed};

const MS: Duration = Duration::from_millis(1);

/// A request on its way: whose it is, and what it asks.
#[derive(Debug, Clone)]
struct Sent {
    id: AnswerId,
    name: String,
    prompt: Prompt,
}

fn launched(effects: Vec<Effect>) -> Vec<Sent> {
    let sent = |effect| match effect {
        Effect::Launch { id, endpoint, prompt } => Some(Sent { id, name: endpoint.name, prompt: *prompt }),
        _ => None,
    };
    effects.into_iter().filter_map(sent).collect()
}

fn report(app: &mut App, id: AnswerId, at: u64, step: Step) -> Vec<Sent> {
    let at = MS * u32::try_from(at).unwrap();
    launched(app.update(Event::Report(Report { id, at, step }), app.now + MS))
}

/// An answer from its first step to its last; gives what is sent because of it.
fn answer(app: &mut App, id: AnswerId, first: u64, cached: Option<u64>) -> Vec<Sent> {
    let mut sent = report(app, id, 0, Step::Priced(Some(price().into()), Rule::Exact));
    sent.extend(report(app, id, 0, Step::Sent));
    sent.extend(report(app, id, first / 2, Step::Headers { status: 200, request_id: None, reused: None }));
    for i in 0..6 {
        let text = format!("Run {} took {first} ms. ", id.0);
        sent.extend(report(app, id, first + i * 40, Step::Deltas(vec![Delta::Text(text)])));
    }
    let usage = Usage { input: Some(900), cache_read: cached, output: Some(60), ..Usage::default() };
    let deltas = vec![Delta::Usage(Box::new(usage)), Delta::Stop(Stop::Natural, "stop".into())];
    sent.extend(report(app, id, first + 300, Step::Deltas(deltas)));
    sent.extend(report(app, id, first + 300, Step::Ended));
    sent
}

fn fail(app: &mut App, id: AnswerId, class: Class) -> Vec<Sent> {
    let mut sent = report(app, id, 0, Step::Sent);
    sent.extend(report(app, id, 5, Step::Failed(Box::new(Fault::new(class, "the key is not accepted")))));
    sent
}

/// A round of so many panes whose answers are there; the panes have the focus.
fn round(panes: usize) -> App {
    let mut app = app(panes);
    for (n, id) in ask(&mut app, "Explain mutexes.").into_iter().enumerate() {
        answer(&mut app, id, 200 + 100 * n as u64, Some(0));
    }
    press(&mut app, "esc");
    app
}

fn repeat(app: &mut App, times: &str) -> Vec<Sent> {
    press(app, "t");
    typed(app, times);
    launched(press(app, "enter"))
}

/// Plays everything that is sent to its end, each run by `play`; gives who was asked in which order.
fn play(
    app: &mut App,
    first: Vec<Sent>,
    mut play: impl FnMut(&mut App, &Sent, usize) -> Vec<Sent>,
) -> Vec<Sent> {
    let (mut open, mut all) = (first, Vec::new());
    while !open.is_empty() {
        let next = open.remove(0);
        let more = play(app, &next, all.len());
        all.push(next);
        open.extend(more);
    }
    all
}

fn names(sent: &[Sent]) -> Vec<&str> {
    sent.iter().map(|s| s.name.as_str()).collect()
}

/// Times of three endpoints, different in every run and the same in every test.
fn time(name: &str, n: usize) -> u64 {
    let (middle, turn) = match name {
        "model-1" => (200, 1),
        "model-2" => (420, 3),
        _ => (210, 1),
    };
    middle + [3, 31, 12, 44, 25, 8, 60, 17][(n * 5 + 8 + turn) % 8]
}

/// Three endpoints, `times` repeats; the third reads from a cache in every other run.
fn repeated(times: usize) -> App {
    let mut app = round(3);
    press(&mut app, "b");
    let first = repeat(&mut app, &times.to_string());
    play(&mut app, first, |app, sent, n| {
        let cached = if sent.name == "model-3" && n % 2 == 0 { 640 } else { 0 };
        answer(app, sent.id, time(&sent.name, n), Some(cached))
    });
    app
}

#[test]
fn t_asks_how_often_in_one_line_and_sends_nothing_until_enter() {
    let mut app = app(2);
    press(&mut app, "esc");
    press(&mut app, "t");
    assert!(app.overlay.is_none());
    assert!(shown(&mut app, 80, 24).join("\n").contains("nothing has been sent yet"));

    let mut app = round(2);
    press(&mut app, "t");
    assert_eq!(app.overlay, Some(Overlay::Trials));
    let said = |app: &mut App| shown(app, 80, 24).join("\n");
    assert!(said(&mut app).contains("Repeat 5▌ more times on 2 endpoints: 10 requests · nonce off"));
    typed(&mut app, "12");
    press(&mut app, "backspace");
    press(&mut app, "n");
    assert!(said(&mut app).contains("Repeat 1▌ more time on 2 endpoints: 2 requests · nonce on"));
    assert!(launched(press(&mut app, "esc")).is_empty());
    assert!(app.overlay.is_none() && !app.trials.is_running());
    for wrong in ["0", "101", "999"] {
        assert!(repeat(&mut app, wrong).is_empty(), "{wrong}");
        assert!(said(&mut app).contains("a round is repeated 1 to 100 times"), "{wrong}");
        press(&mut app, "esc");
    }
    assert_eq!(app.rounds[0].entries[0].trials.len(), 0);
}

#[test]
fn rounds_go_in_rotated_order_and_no_endpoint_has_two_requests() {
    let mut app = round(3);
    let first = repeat(&mut app, "3");
    assert_eq!(names(&first), ["model-1"], "the next leaves when this one has left");
    let mut running: Vec<String> = Vec::new();
    let all = play(&mut app, first, |app, sent, n| {
        assert!(!running.contains(&sent.name), "{running:?}");
        running.push(sent.name.clone());
        assert_eq!(app.trials.progress(), Some((n / 3 * 3, 9)));
        // All of a round leave before one of it ends, the last first.
        let mut more = report(app, sent.id, 0, Step::Sent);
        if running.len() == 3 {
            assert!(more.is_empty(), "a round begins when the one before is over");
            running.clear();
            let ids: Vec<_> = app.rounds[0]
                .entries
                .iter()
                .flat_map(|e| {
                    e.runs().into_iter().filter(|r| !r.answer.is_over()).map(|r| r.id).collect::<Vec<_>>()
                })
                .collect();
            assert_eq!(ids.len(), 3);
            for id in ids.into_iter().rev() {
                more.extend(answer(app, id, 100, Some(0)));
            }
        }
        more
    });
    let order =
        ["model-1", "model-2", "model-3", "model-2", "model-3", "model-1", "model-3", "model-1", "model-2"];
    assert_eq!(names(&all), order);
    assert!(!app.trials.is_running());
    for entry in &app.rounds[0].entries {
        assert_eq!(entry.runs().iter().map(|r| r.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(entry.trial, 1, "the first answer stays in the pane");
    }
    assert!(shown(&mut app, 120, 40).join("\n").contains("9 trials are over"));
}

#[test]
fn the_round_is_repeated_that_was_asked_about() {
    let mut app = round(1);
    for id in ask(&mut app, "Another one.") {
        answer(&mut app, id, 100, Some(0));
    }
    press(&mut app, "esc");
    press(&mut app, "t");
    // Something else comes into view while the line is open.
    app.shown = 0;
    let sent = launched(press(&mut app, "enter"));
    assert_eq!(sent.len(), 1);
    assert_eq!((app.rounds[0].entries[0].trials.len(), app.rounds[1].entries[0].trials.len()), (0, 1));
}

#[test]
fn the_prompt_stays_usable_and_progress_is_told() {
    let mut app = round(2);
    let first = repeat(&mut app, "2");
    let second = report(&mut app, first[0].id, 0, Step::Sent);
    for (width, height) in [(80, 24), (120, 40)] {
        let rows = shown(&mut app, width, height);
        assert!(rows[0].contains("trials 0/4"), "{}", rows[0]);
        assert!(rows.iter().any(|r| r.contains("trial 1/2")), "{rows:?}");
    }
    press(&mut app, "i");
    typed(&mut app, "meanwhile");
    assert_eq!(app.editor.text(), "meanwhile");
    press(&mut app, "esc");
    press(&mut app, "t");
    assert!(app.overlay.is_none(), "one batch at a time");
    assert!(shown(&mut app, 120, 40).join("\n").contains("trials 0/4 are on their way: X stops them"));
    answer(&mut app, first[0].id, 100, Some(0));
    let next = answer(&mut app, second[0].id, 100, Some(0));
    assert_eq!(names(&next), ["model-2"], "the second round begins with the second");
    assert!(shown(&mut app, 120, 40)[0].contains("trials 2/4"));
}

#[test]
fn stopping_ends_what_runs_and_what_is_not_sent_yet() {
    // One endpoint alone.
    let mut app = round(2);
    let first = repeat(&mut app, "4");
    let other = report(&mut app, first[0].id, 0, Step::Sent);
    press(&mut app, "1");
    let effects = press(&mut app, "x");
    assert!(effects.contains(&Effect::Cancel(first[0].id)), "{effects:?}");
    let mut more = report(&mut app, first[0].id, 5, Step::Cancelled);
    more.extend(answer(&mut app, other[0].id, 100, Some(0)));
    let rest = play(&mut app, more, |app, sent, _| answer(app, sent.id, 100, Some(0)));
    assert_eq!(names(&rest), ["model-2", "model-2", "model-2"]);
    // All.
    for key in ["X", "ctrl+c"] {
        let first = repeat(&mut app, "9");
        assert_eq!(first.len(), 1);
        let effects = press(&mut app, key);
        assert!(effects.contains(&Effect::Cancel(first[0].id)), "{key}");
        assert!(report(&mut app, first[0].id, 5, Step::Cancelled).is_empty(), "{key}");
        assert!(!app.trials.is_running() && !app.is_running(), "{key}");
    }
    // Between two rounds nothing runs, and quitting still asks.
    repeat(&mut app, "2");
    press(&mut app, "q");
    assert_eq!(app.overlay, Some(Overlay::Quit));
}

#[test]
fn a_pane_that_is_run_again_or_leaves_does_not_hold_the_others() {
    let mut app = round(2);
    let first = repeat(&mut app, "2");
    let second = report(&mut app, first[0].id, 0, Step::Sent);
    // The running trial is looked at, and run again: the trials go on when that is over.
    press(&mut app, "1");
    press(&mut app, ".");
    let again = launched(press(&mut app, "r"));
    assert_eq!(again.len(), 1);
    assert!(answer(&mut app, second[0].id, 100, Some(0)).is_empty(), "never two at once");
    let more = answer(&mut app, again[0].id, 100, Some(0));
    let rest = play(&mut app, more, |app, sent, _| answer(app, sent.id, 100, Some(0)));
    assert_eq!(names(&rest), ["model-2", "model-1"]);
    assert!(!app.trials.is_running());
}

#[test]
fn an_endpoint_that_cannot_answer_is_left_out_after_three() {
    let mut app = round(2);
    let first = repeat(&mut app, "6");
    let all = play(&mut app, first, |app, sent, _| match sent.name.as_str() {
        "model-1" => fail(app, sent.id, Class::Key),
        _ => answer(app, sent.id, 100, Some(0)),
    });
    assert_eq!(names(&all).iter().filter(|n| **n == "model-1").count(), 3);
    assert_eq!(names(&all).iter().filter(|n| **n == "model-2").count(), 6);
    let said = shown(&mut app, 200, 50).join("\n");
    assert!(said.contains("9 trials are over") && said.contains("cannot answer: model-1"), "{said}");
    // A limit may be gone the next time.
    let first = repeat(&mut app, "5");
    let all = play(&mut app, first, |app, sent, _| fail(app, sent.id, Class::Limit));
    assert_eq!(all.len(), 10);
}

#[test]
fn comma_and_dot_look_through_the_trials_and_everything_works_on_what_is_shown() {
    let mut app = repeated(2);
    press(&mut app, "1");
    let text = |app: &App| app.rounds[0].entries[0].answer.text.clone();
    let firsts = text(&app);
    let rows = shown(&mut app, 120, 40).join("\n");
    assert!(rows.contains("trial 1/3"), "{rows}");
    let mut seen = BTreeSet::from([firsts.clone()]);
    for number in [2, 3] {
        press(&mut app, ".");
        let rows = shown(&mut app, 120, 40).join("\n");
        assert!(rows.contains(&format!("trial {number}/3")), "{rows}");
        assert!(seen.insert(text(&app)));
        let copied = press(&mut app, "y");
        let whole = text(&app);
        assert!(
            copied.iter().any(|e| matches!(e, Effect::Copy { text, .. } if *text == whole)),
            "{copied:?}"
        );
    }
    press(&mut app, ".");
    assert_eq!(text(&app), firsts, "round and round");
    press(&mut app, ",");
    assert!(shown(&mut app, 120, 40).join("\n").contains("trial 3/3"));
    press(&mut app, "I");
    assert!(shown(&mut app, 120, 40).join("\n").contains("trial 3/3"), "the detail says which");
}

#[test]
fn trials_count_into_every_total() {
    let app = repeated(3);
    let one = app.rounds[0].entries[0].answer.cost.usd.unwrap();
    assert_eq!(app.endpoint_total(&app.lineup.endpoints[0]).usd, one.times(4));
    assert_eq!((app.total().parts, app.round_total().parts), (12, 12));
    assert_eq!(app.total().usd, app.round_total().usd);
}

fn bound(most: &str) -> Estimate {
    let prompt = Tokens { n: 612, most: 2_000, how: Counting::Ratio };
    Estimate { prompt, to_send: None, images: 0, at_most: Ok(Money::parse(most).unwrap()) }
}

/// The batch that is held against the budget: its number, and how many asks it has.
fn weighed(effects: &[Effect]) -> (u64, usize) {
    let weigh = |e: &Effect| match e {
        Effect::Weigh { number, asks } => Some((*number, asks.len())),
        _ => None,
    };
    effects.iter().filter_map(weigh).next_back().expect("nothing was asked about costs")
}

#[test]
fn a_batch_is_weighed_as_one_and_what_is_not_sent_yet_is_spoken_for() {
    let usd = |text| Money::parse(text).unwrap();
    let mut app = round(2);
    app.weigh_by(Spending { session: Some(usd("1")), confirm_above: None, allow_unknown: false });
    let spent = app.committed();
    press(&mut app, "t");
    typed(&mut app, "5");
    let (number, count) = weighed(&press(&mut app, "enter"));
    assert_eq!(count, 10, "every request of it");
    let answered = |app: &mut App, number, count, most: &str| {
        let estimates = (0..count).map(|_| bound(most)).collect();
        launched(app.update(Event::Weighed { number, estimates }, app.now))
    };
    assert!(answered(&mut app, number, count, "0.2").is_empty(), "2.00 are more than 1.00");
    assert_eq!(app.overlay, Some(Overlay::Spend));
    press(&mut app, "n");
    assert!(!app.trials.is_running());

    press(&mut app, "t");
    let (number, count) = weighed(&press(&mut app, "enter"));
    let first = answered(&mut app, number, count, "0.09");
    assert_eq!(first.len(), 1);
    assert_eq!(app.committed(), spent + usd("0.9"), "all ten, though one has left");
    // Another prompt finds the rest of the budget only.
    press(&mut app, "i");
    typed(&mut app, "more");
    let effects = press(&mut app, "enter");
    let (number, count) = weighed(&effects);
    assert!(answered(&mut app, number, count, "0.09").is_empty());
    assert_eq!(app.overlay, Some(Overlay::Spend), "0.90 + 0.18 is more than 1.00");
    press(&mut app, "n");
    // What is stopped is no longer spoken for, but for what has left.
    press(&mut app, "esc");
    report(&mut app, first[0].id, 0, Step::Sent);
    press(&mut app, "X");
    assert!(app.committed() <= spent + usd("0.18"), "{:?}", app.committed());
}

/// Batches, stops, repeats and prompts in any order: whoever always says no never spends more
/// than the budget, although every answer costs as much as its bound allows.
#[test]
fn no_schedule_of_trials_passes_the_budget() {
    let cents = |n: u64| Money::parse("0.01").unwrap().times(n);
    for seed in 1..=60 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut app = app(3);
        let session = Some(cents(100));
        app.weigh_by(Spending { session, confirm_above: None, allow_unknown: false });
        let (mut open, mut spent, mut batches) = (Vec::<AnswerId>::new(), 0, 0);
        for _ in 0..150 {
            let mut effects = Vec::new();
            match rng.u8(..10) {
                0 => {
                    press(&mut app, "i");
                    typed(&mut app, "x");
                    effects = press(&mut app, "enter");
                    press(&mut app, "esc");
                }
                1 => {
                    press(&mut app, "t");
                    typed(&mut app, &rng.u8(1..8).to_string());
                    effects = press(&mut app, "enter");
                    press(&mut app, "esc");
                }
                2 => effects = press(&mut app, ["r", "R", "x", "X", ".", "1"][rng.usize(..6)]),
                _ => {
                    if let Some(at) = (!open.is_empty()).then(|| rng.usize(..open.len())) {
                        // Whether it is told or not, all of the bound may be billed.
                        let id = open.swap_remove(at);
                        spent += 2;
                        let end = if rng.bool() { Step::Ended } else { Step::Cancelled };
                        for step in
                            [Step::Sent, Step::Headers { status: 200, request_id: None, reused: None }, end]
                        {
                            let report = Report { id, at: MS, step };
                            effects.extend(app.update(Event::Report(report), app.now + MS));
                        }
                    }
                }
            }
            let asked = effects.iter().any(|e| matches!(e, Effect::Weigh { asks, .. } if !asks.is_empty()));
            if asked && app.overlay.is_none() {
                let (number, count) = weighed(&effects);
                batches += usize::from(count > 3);
                let estimates = (0..count).map(|_| bound("0.02")).collect();
                effects.extend(app.update(Event::Weighed { number, estimates }, app.now));
            }
            if app.overlay == Some(Overlay::Spend) {
                press(&mut app, "n");
            }
            app.editor.set_text("");
            for effect in effects {
                match effect {
                    Effect::Launch { id, .. } => open.push(id),
                    // What has left is billed to its end, whoever stands in its place.
                    Effect::Cancel(id) if !open.contains(&id) => panic!("{id:?} does not run"),
                    _ => {}
                }
            }
            let running = 2 * open.len() as u64;
            assert!(spent + running <= 100, "seed {seed}: {spent} + {running} cents");
        }
        assert!(batches > 0, "seed {seed} repeated nothing");
    }
}

#[test]
fn a_nonce_is_new_in_every_run_and_stands_before_everything() {
    let mut app = round(2);
    press(&mut app, "t");
    press(&mut app, "n");
    typed(&mut app, "3");
    let first = launched(press(&mut app, "enter"));
    let all = play(&mut app, first, |app, sent, _| answer(app, sent.id, 100, Some(0)));
    let words: BTreeSet<_> = all.iter().map(|s| s.prompt.nonce.clone().unwrap()).collect();
    assert_eq!(words.len(), 6, "{words:?}");
    for sent in &all {
        let line = format!("[run {}]\n\n", sent.prompt.nonce.as_ref().unwrap());
        let plain = app.lineup.endpoints[0].asked(&sent.prompt).into_owned();
        assert!(plain.turns[0].text.starts_with(&line) && plain.nonce.is_none(), "{plain:?}");
        let system = sent.prompt.clone().with_system(Some("Be brief.".into()));
        let asked = app.lineup.endpoints[0].asked(&system).into_owned();
        assert_eq!(asked.system.unwrap(), format!("{line}Be brief."));
        assert_eq!(asked.turns[0].text, "Explain mutexes.", "and nowhere else");
    }
    assert_eq!(app.rounds[0].entries[0].prompt.nonce, None, "the first answer had none");
    press(&mut app, "1");
    press(&mut app, ".");
    press(&mut app, "I");
    let word = app.rounds[0].entries[0].prompt.nonce.clone().unwrap();
    assert!(shown(&mut app, 120, 40).join("\n").contains(&format!("[run {word}] stands before the prompt")));
    press(&mut app, "esc");
    let again = launched(press(&mut app, "r"));
    assert!(!words.contains(again[0].prompt.nonce.as_ref().unwrap()), "a nonce is used once");
}

#[test]
fn the_table_shows_medians_and_of_how_many_runs() {
    let mut app = repeated(5);
    press(&mut app, "v");
    let rows = shown(&mut app, 120, 40);
    let row = |n: usize| rows.iter().find(|r| r.contains(&format!("model-{n}"))).unwrap();
    let first = &app.rounds[0].entries[0];
    let mut times: Vec<u128> =
        first.runs().iter().map(|r| r.answer.timeline.first_text.unwrap().as_millis()).collect();
    times.sort_unstable();
    let median = times[2].midpoint(times[3]);
    assert!(times[0] < median && median < times[5], "{times:?}");
    assert!(row(1).contains("n=6") && row(1).contains(&format!("{median}")), "{median}: {}", row(1));
    assert!(row(3).contains("n=3/6 uncached"), "the larger kind alone: {}", row(3));
    compare("trials-table-120x40.txt", &rows);
}

#[test]
fn the_view_says_what_to_press_before_anything_was_repeated() {
    let mut app = round(2);
    while app.views.shown.word != "trials" {
        press(&mut app, "v");
    }
    let rows = shown(&mut app, 80, 24).join("\n");
    assert!(rows.contains("t repeats the round"), "{rows}");
}

#[test]
fn cached_and_uncached_runs_have_rows_of_their_own_and_words_of_their_own() {
    let mut app = repeated(11);
    while app.views.shown.word != "trials" {
        press(&mut app, "v");
    }
    let rows = shown(&mut app, 120, 40);
    let after = |n: usize| {
        let at = rows.iter().position(|r| r.contains(&format!("model-{n}"))).unwrap();
        rows[at..].iter().take(9).cloned().collect::<Vec<_>>().join("\n")
    };
    assert!(after(2).contains("uncached · n=12") && after(2).contains("slower"), "{}", after(2));
    let third = after(3);
    assert!(third.contains(" cached · n=") && third.contains("uncached · n="), "{third}");
    assert!(third.contains("the baseline has no cached run"), "{third}");
}

#[test]
fn the_view_looks_as_it_did_while_it_runs_and_after() {
    let to_trials = |app: &mut App| {
        while app.views.shown.word != "trials" {
            press(app, "v");
        }
    };
    let mut app = round(3);
    press(&mut app, "b");
    to_trials(&mut app);
    let first = repeat(&mut app, "5");
    let mut open = first;
    for n in 0..8 {
        let sent = open.remove(0);
        let more = answer(&mut app, sent.id, time(&sent.name, n), Some(0));
        open.extend(more);
    }
    compare("trials-running-80x24.txt", &shown(&mut app, 80, 24));
    let mut app = repeated(7);
    to_trials(&mut app);
    for (width, height) in [(80, 24), (120, 40), (200, 50)] {
        compare(&format!("trials-{width}x{height}.txt"), &shown(&mut app, width, height));
    }
    // No size and no figure breaks it.
    for _ in 0..bakeoff::model::METRICS.len() {
        press(&mut app, "l");
        for (width, height) in [(20, 5), (21, 6), (40, 10), (60, 12), (300, 100)] {
            shown(&mut app, width, height);
        }
    }
}

/// Three names on one server, which remembers who was asked when.
fn three(server: &Loopback) -> String {
    let one = |n: usize| {
        format!(
            "[[endpoint]]\nname = \"e{n}\"\nprovider = \"compatible\"\nmodel = \"m{n}\"\nbase_url = \"{}/v1\"\n",
            server.url()
        )
    };
    (1..=3).map(one).collect()
}

#[test]
fn a_run_repeats_round_by_round() {
    let server = Loopback::start(|_| crate::loopback::Answer { after: MS * 40, ..chat("hi") });
    let home = home();
    config(home.path(), &three(&server));
    let model = |body: &str| {
        serde_json::from_str::<serde_json::Value>(body).unwrap()["model"].as_str().unwrap().to_owned()
    };
    let all = BTreeSet::from(["m1", "m2", "m3"]);
    let mut last = None;
    for _ in 0..4 {
        let before = server.asked("completions").len();
        let mut command = bakeoff(home.path());
        let o = command.args(["run", "x", "--trials", "3", "--format", "json"]).output().unwrap();
        assert_eq!(o.status.code(), Some(0), "{}", err(&o));
        let asked = server.asked("completions").split_off(before);
        let order: Vec<_> = asked.iter().map(|a| model(&a.body)).collect();
        assert_eq!(order.len(), 9);
        // Within a round requests leave a few microseconds apart; whose thread reads first here is
        // the kernel's choice. The order of leaving is the rotation's, tested where there is no clock.
        for round in order.chunks(3) {
            let asked: BTreeSet<_> = round.iter().map(String::as_str).collect();
            assert_eq!(asked, all, "no round begins before the one before is over: {order:?}");
        }
        last = Some(o);
    }
    let o = last.unwrap();
    let told: Vec<_> = answers(&o)
        .iter()
        .map(|a| (a["trial"].as_u64().unwrap(), a["endpoint"].as_str().unwrap().to_owned()))
        .collect();
    let want: Vec<_> = (1..=3).flat_map(|t| (1..=3).map(move |n| (t, format!("e{n}")))).collect();
    assert_eq!(told, want, "the first trial of all stands before the second");
    assert!(answers(&o).iter().all(|a| a.get("nonce").is_none()));
}

#[test]
fn a_run_says_medians_intervals_and_words() {
    let server = Loopback::start(|asked| {
        let slow = asked.body.contains("\"m2\"");
        crate::loopback::Answer { after: if slow { MS * 90 } else { MS * 5 }, ..chat("hi") }
    });
    let home = home();
    config(home.path(), &three(&server));
    let o = bakeoff(home.path()).args(["run", "x", "--trials", "6"]).output().unwrap();
    let said = out(&o);
    let first = said.split("\nfirst ").nth(1).unwrap().split("\n\n").next().unwrap();
    for word in ["median", "p95", "range", "95 %"] {
        assert!(first.contains(word), "{word}: {said}");
    }
    let line = |name: &str| first.lines().find(|l| l.starts_with(name)).unwrap().to_owned();
    assert!(line("e1").contains("baseline"), "{first}");
    assert!(
        line("e2").contains("slower") && line("e2").contains("  6  ") && line("e2").contains(" to +"),
        "{first}"
    );
    let few = bakeoff(home.path()).args(["run", "x", "--trials", "2"]).output().unwrap();
    assert!(out(&few).contains("not enough runs to tell"), "{}", out(&few));
}

#[test]
fn a_run_writes_a_nonce_before_each_prompt_where_that_is_asked_for() {
    let server = Loopback::start(|_| chat("hi"));
    let home = home();
    let endpoints = three(&server);
    for (table, args, nonces) in [
        ("", &["--trials", "2", "--nonce"][..], true),
        ("", &["--nonce"], true),
        ("[trials]\nnonce = true\n", &["--trials", "2"], true),
        ("[trials]\nnonce = true\n", &[], false),
        ("", &["--trials", "2"], false),
    ] {
        config(home.path(), &format!("{table}{endpoints}"));
        let before = server.asked("completions").len();
        let o = bakeoff(home.path()).args(["run", "hello", "--format", "json"]).args(args).output().unwrap();
        assert_eq!(o.status.code(), Some(0), "{}", err(&o));
        let words: BTreeSet<_> =
            answers(&o).iter().filter_map(|a| a["nonce"].as_str().map(str::to_owned)).collect();
        assert_eq!(words.len(), if nonces { answers(&o).len() } else { 0 }, "{table:?} {args:?}");
        for asked in server.asked("completions").split_off(before) {
            let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
            let text = body["messages"][0]["content"].as_str().unwrap();
            let word = text.strip_prefix("[run ").and_then(|t| t.strip_suffix("]\n\nhello"));
            assert_eq!(word.is_some_and(|w| words.contains(w)), nonces, "{text:?}");
            assert_eq!(text == "hello", !nonces);
        }
        assert_eq!(json(&o)["rounds"][0]["prompt"], "hello");
    }
}

#[test]
fn a_run_that_repeats_is_held_against_the_budget_as_a_whole() {
    let server = Loopback::start(|_| chat("hello"));
    let home = home();
    config(
        home.path(),
        &format!(
            "[[endpoint]]\nname = \"sol\"\nprovider = \"openai\"\nmodel = \"gpt-6-sol\"\napi = \"chat\"\n\
             base_url = \"{}/v1\"\napi_key_env = \"MINE\"\nparams = {{ max_tokens = 1000 }}\n",
            server.url()
        ),
    );
    for (most, code, sent) in [("0.0380", 0, 3), ("0.0360", 3, 0)] {
        let before = server.asked("completions").len();
        let mut command = bakeoff(home.path());
        let o = command
            .env("MINE", "k")
            .args(["run", "x", "--trials", "3", "--max-cost", most])
            .output()
            .unwrap();
        assert_eq!(o.status.code(), Some(code), "{most}: {}", err(&o));
        assert_eq!(server.asked("completions").len() - before, sent, "{most}");
    }
    let o = bakeoff(home.path()).args(["run", "x", "--trials", "0"]).output().unwrap();
    assert_eq!(o.status.code(), Some(2));
    assert!(err(&o).contains("a number of trials from 1 to 100"), "{}", err(&o));
}

#[test]
fn a_run_leaves_out_who_cannot_answer() {
    let server = Loopback::start(|asked| {
        if asked.body.contains("\"m2\"") {
            crate::loopback::Answer::json(401, r#"{"error":{"message":"bad key"}}"#)
        } else {
            chat("hi")
        }
    });
    let home = home();
    config(home.path(), &three(&server));
    let o = bakeoff(home.path()).args(["run", "x", "--trials", "5", "--format", "json"]).output().unwrap();
    assert_eq!(o.status.code(), Some(1));
    let of = |name: &str| answers(&o).iter().filter(|a| a["endpoint"] == name).count();
    assert_eq!((of("e1"), of("e2"), of("e3")), (5, 3, 5));
    assert!(err(&o).contains("e2 is left out from here on"), "{}", err(&o));
    assert_eq!(err(&o).matches("bad key").count(), 1, "said once: {}", err(&o));
}

/// The whole way: keys, requests over sockets in the background, the file that is left.
#[test]
fn a_session_keeps_its_trials() {
    let server = Loopback::start(|_| chat("hi"));
    let home = home();
    config(home.path(), &format!("{}[trials]\nnonce = true\n", three(&server)));
    let result = home.path().join("session.json");
    let vars = [("HOME", home.path().to_str().unwrap()), ("AWS_EC2_METADATA_DISABLED", "true")];
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_bakeoff"));
    let mut pty = Pty::start(program, &["--out", result.to_str().unwrap()], &vars, 120, 40);
    pty.wait_for("e3");
    pty.send("hello");
    pty.wait_for("hello");
    pty.send("\r");
    pty.wait("three answers", |s| s.contents().matches("✓ complete").count() == 3);
    pty.send("\x1b");
    pty.wait_for("z zoom");
    pty.send("t");
    pty.wait_for("nonce on");
    pty.send("4\r");
    pty.wait_for("12 trials are over");
    pty.send(".");
    pty.wait_for("trial 2/5");
    pty.send("q");
    assert!(pty.exit().success());
    let kept: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&result).unwrap()).unwrap();
    let answers = kept["rounds"][0]["answers"].as_array().unwrap();
    let told: Vec<_> = answers
        .iter()
        .map(|a| (a["trial"].as_u64().unwrap(), a["endpoint"].as_str().unwrap(), a["nonce"].is_string()))
        .collect();
    let names = ["e1", "e2", "e3"];
    let want: Vec<_> = (1..=5).flat_map(|t| names.map(|name| (t, name, t > 1))).collect();
    assert_eq!(told, want, "whichever trial is shown");
    assert!(answers.iter().all(|a| a["status"] == "complete"));
    assert_eq!(server.asked("completions").len(), 15);
}
