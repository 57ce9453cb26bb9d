//! Votes, blind rounds, the leaderboard.

use std::time::Duration;

use bakeoff::catalog::Catalog;
use bakeoff::model::{
    AnswerId, Class, Contender, Delta, Endpoint, Fault, Lineup, MASK, Mask, Report, Rule, Ruling, Served,
    Step, Stop, Usage, Vote, Voter,
};
use bakeoff::store::VoteFile;
use bakeoff::ui::{App, COMMANDS, Effect, Event, Focus, Keymap, Sheet};

use crate::program::{bakeoff, err, home, json, out};
use crate::pty::Pty;
use crate::screen::{app, ask, finish, press, price, shown, step, text};

fn vote_of(effects: &[Effect]) -> Option<Vote> {
    effects.iter().find_map(|e| if let Effect::Vote { vote, .. } = e { Some((**vote).clone()) } else { None })
}

fn notice(app: &App) -> String {
    app.notice.as_ref().map(|(text, _)| text.clone()).unwrap_or_default()
}

/// A round of three whole answers, the panes focused.
fn answered(blind: bool) -> App {
    let mut app = app(3);
    app.focus = Focus::Panes;
    if blind {
        press(&mut app, "B");
    }
    for (n, id) in ask(&mut app, "Why?").into_iter().enumerate() {
        text(&mut app, id, 100, &format!("answer {}", n + 1));
        finish(&mut app, id, 200, 9);
    }
    app.focus = Focus::Panes;
    app
}

#[test]
fn a_vote_needs_something_to_compare() {
    let mut app = app(2);
    app.focus = Focus::Panes;
    let votes = |app: &mut App| {
        let all = ["w", "=", "W"].map(|key| (vote_of(&press(app, key)), notice(app)));
        assert!(all.iter().all(|(vote, said)| vote.is_none() && *said == all[0].1), "{all:?}");
        all[0].1.clone()
    };
    assert_eq!(votes(&mut app), "nothing has been sent yet: a vote is on the answers to a prompt");
    let ids = ask(&mut app, "Why?");
    app.focus = Focus::Panes;
    text(&mut app, ids[0], 10, "because");
    finish(&mut app, ids[0], 20, 3);
    assert_eq!(votes(&mut app), "a vote waits until every answer is here; X stops those that are not");
    step(&mut app, ids[1], 30, Step::Failed(Box::new(Fault::new(Class::Limit, "slow down").status(429))));
    assert_eq!(votes(&mut app), "a vote compares at least two whole answers; this round has fewer");
}

#[test]
fn a_vote_says_who_won_against_whom_and_can_be_changed_until_the_next_prompt() {
    let mut app = answered(false);
    app.votes.tags = vec!["code".into()];
    press(&mut app, "2");
    let effects = press(&mut app, "w");
    let vote = vote_of(&effects).unwrap();
    let contender = |n: usize, spec: &str| Contender { name: format!("model-{n}"), spec: spec.into() };
    let wanted = Vote {
        session: String::new(),
        round: "1".into(),
        at: String::new(),
        prompt: String::new(),
        tags: vec!["code".into()],
        blind: false,
        simulated: false,
        voter: Voter::Person,
        contenders: vec![
            contender(1, "openai:model-1"),
            contender(2, "bedrock:model-2@us-east-1"),
            contender(3, "ollama:model-3"),
        ],
        verdict: Ruling::Won(1),
        revision: 0,
    };
    assert_eq!(vote, wanted);
    assert!(matches!(&effects[..], [Effect::Vote { prompt, .. }] if prompt == "Why?"), "{effects:?}");
    let rows = shown(&mut app, 160, 24);
    assert!(rows[0].contains("round 1/1 · 2 ★ wins"), "{}", rows[0]);
    assert_eq!(rows.join("\n").matches("✓ complete · ★ wins").count(), 1, "{}", rows.join("\n"));
    assert_eq!(vote_of(&press(&mut app, "w")), None);
    assert_eq!(notice(&app), "that is your vote already");
    let changed = vote_of(&press(&mut app, "=")).unwrap();
    assert_eq!(changed, Vote { verdict: Ruling::Tie, revision: 1, ..wanted });
    assert_eq!(
        shown(&mut app, 160, 24).join("\n").matches("· = tie").count(),
        4,
        "three panes and the title"
    );
    assert_eq!(vote_of(&press(&mut app, "W")).unwrap().verdict, Ruling::Bad);
    ask(&mut app, "And then?");
    app.focus = Focus::Panes;
    press(&mut app, "[");
    assert_eq!(vote_of(&press(&mut app, "w")), None);
    assert_eq!(notice(&app), "the next prompt has been sent: the vote on this round stands");
    assert!(shown(&mut app, 160, 24)[0].contains("✗ all bad"));
}

#[test]
fn an_answer_that_broke_off_cannot_win_and_is_not_compared() {
    let mut app = app(3);
    let ids = ask(&mut app, "Why?");
    app.focus = Focus::Panes;
    for id in &ids {
        text(&mut app, *id, 10, "be");
    }
    step(&mut app, ids[0], 20, Step::Failed(Box::new(Fault::new(Class::Cut, "gone"))));
    finish(&mut app, ids[1], 20, 3);
    finish(&mut app, ids[2], 20, 3);
    assert_eq!(vote_of(&press(&mut app, "w")), None);
    assert_eq!(notice(&app), "only a whole answer can win: this one is none");
    press(&mut app, "3");
    let vote = vote_of(&press(&mut app, "w")).unwrap();
    assert_eq!((vote.contenders.len(), vote.verdict), (2, Ruling::Won(1)));
}

/// Nothing of this may be seen before the vote.
const CANARY: &str = "zqx";

/// Three endpoints whose every field is a canary, in a blind round; the ids in the lineup's order.
fn canaries() -> (App, Vec<AnswerId>) {
    let endpoint = |n: usize| Endpoint {
        name: format!("zqx-name-{n}"),
        provider: format!("zqxprov{n}"),
        model: format!("zqx-model-{n}"),
        deployment: Some(format!("zqx-deploy-{n}")),
        place: Some(format!("zqx-place-{n}")),
        base_url: Some(format!("https://zqx{n}.test")),
        system: Some("zqx system".into()),
        ..Endpoint::default()
    };
    let lineup = Lineup { name: "mine".into(), endpoints: (0..3).map(endpoint).collect(), baseline: Some(1) };
    let mut app = App::new("mine".into(), lineup, Keymap::default());
    app.votes.rng = fastrand::Rng::with_seed(7);
    app.focus = Focus::Panes;
    press(&mut app, "B");
    let ids = ask(&mut app, "Who are you?");
    app.focus = Focus::Panes;
    (app, ids)
}

fn report(app: &mut App, id: AnswerId, at: u64, step: Step) {
    let at = Duration::from_millis(at);
    app.update(Event::Report(Report { id, at, step }), at);
}

/// Everything that an endpoint can tell of itself, up to its end.
fn told(app: &mut App, id: AnswerId, n: u64) {
    report(app, id, 0, Step::Priced(Some(price().into()), Rule::Exact));
    report(app, id, 0, Step::Sent);
    let request_id = Some("zqx-request".to_owned());
    report(app, id, 90, Step::Headers { status: 200, request_id, reused: Some(true) });
    report(app, id, 91, Step::Told(vec![("x-zqx".into(), "zqx".into())]));
    report(app, id, 92, Step::ServerTimes(vec![("latency".into(), Duration::from_millis(77_700))]));
    if n == 0 {
        report(app, id, 300, Step::Deltas(vec![Delta::Reasoning("I am zqx, thinking".into())]));
    }
    for piece in [
        "As zq",
        "x-name-",
        &format!("{n}, the model ZQX MODEL {n} or zqx_deploy_{n} in `zqx-place-{n}`, "),
        "made by Anth",
        "ropic: Clau",
        "de Opus 5.5 says hello.\n\n```python\nimport zqx_name_0\n```\n",
    ] {
        report(app, id, 400 + n, Step::Deltas(vec![Delta::Text(piece.into())]));
    }
    let usage =
        Usage { input: Some(987_654), output: Some(876_543), reasoning: Some(765_432), ..Usage::default() };
    let served =
        Served { model: Some("zqx-served".into()), cost_usd: Some("77.77".into()), ..Served::default() };
    let stop = Delta::Stop(if n == 1 { Stop::Filtered } else { Stop::Natural }, "ZQXSTOP".into());
    report(
        app,
        id,
        500,
        Step::Deltas(vec![Delta::Usage(Box::new(usage)), Delta::Served(Box::new(served)), stop]),
    );
}

fn end(app: &mut App, id: AnswerId, n: u64) {
    if n == 2 {
        let mut fault = Fault::new(Class::Cut, "zqx.test broke").status(529);
        fault.request_id = Some("zqx-request".into());
        report(app, id, 77_700, Step::Failed(Box::new(fault)));
    } else {
        report(app, id, 77_700, Step::Ended);
    }
}

/// What may not stand in any cell, whatever its case.
fn leaks(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    [
        CANARY,
        "anthropic",
        "claude",
        "987,654",
        "987654",
        "876,543",
        "765,432",
        "77.7",
        "529",
        "▸ thought",
        "▾ thought",
        "filtered",
    ]
    .into_iter()
    .find(|word| lower.contains(word))
}

fn hold(app: &mut App, sizes: &[(u16, u16)], when: &str) {
    for (width, height) in sizes {
        let rows = shown(app, *width, *height);
        for row in &rows {
            assert_eq!(leaks(row), None, "{when}, {width}x{height}:\n{}", rows.join("\n"));
        }
    }
}

/// What leaves the screen for anybody but the engine.
fn hold_effects(effects: &[Effect], when: &str) {
    for effect in effects {
        if !matches!(effect, Effect::Launch { .. } | Effect::Weigh { .. }) {
            assert_eq!(leaks(&format!("{effect:?}")), None, "{when}: {effect:?}");
        }
    }
}

const SIZES: [(u16, u16); 7] = [(80, 24), (120, 40), (200, 50), (60, 15), (34, 12), (20, 8), (1, 1)];

/// Shows the view with this name.
fn look(app: &mut App, view: &str) {
    app.focus = Focus::Panes;
    for _ in bakeoff::ui::VIEWS {
        if app.views.shown.word != view {
            press(app, "v");
        }
    }
    assert_eq!(app.views.shown.word, view);
}

/// Keys that vote, and the one that ends being blind.
const TELLING: [&str; 4] = ["vote", "vote-tie", "vote-bad", "blind"];

#[test]
fn nothing_tells_who_answers_before_the_vote_on_any_screen() {
    let (mut app, ids) = canaries();
    let walk = |app: &mut App, when: &str| {
        for view in bakeoff::ui::VIEWS.iter().map(|v| v.word) {
            look(app, view);
            for command in COMMANDS.iter().filter(|c| c.on != Focus::Prompt && !TELLING.contains(&c.name)) {
                let pane = app.pane;
                // Views are gone through below, one after the other.
                if ["view", "quit", "suspend", "interrupt", "stop", "stop-all", "attach"]
                    .contains(&command.name)
                {
                    continue;
                }
                for key in command.keys {
                    app.focus = Focus::Panes;
                    let when = format!("{when}, {view}, {}", command.name);
                    hold_effects(&press(app, key), &when);
                    hold(app, &SIZES[..3], &when);
                    // What the loop gives for what was asked.
                    app.update(Event::Board(Ok(Sheet::default())), app.now);
                    for typed in ["e", "down", "enter"] {
                        if app.overlay.is_some()
                            && command.name != "palette"
                            && command.name != "palette-anywhere"
                        {
                            hold_effects(&press(app, typed), &when);
                            hold(app, &SIZES[..1], &when);
                        }
                    }
                    for _ in 0..3 {
                        if app.overlay.is_some() {
                            press(app, "esc");
                        }
                    }
                    app.overlay = None;
                }
                app.pane = pane;
                assert!(app.is_veiled(0) && app.shown == 0, "{when}, {}", command.name);
            }
            look(app, view);
            hold(app, &SIZES, when);
        }
    };
    walk(&mut app, "nothing is here");
    for (id, n) in ids.iter().zip(0..) {
        told(&mut app, *id, n);
    }
    walk(&mut app, "they stream");
    end(&mut app, ids[1], 1);
    walk(&mut app, "one is here");
    end(&mut app, ids[0], 0);
    end(&mut app, ids[2], 2);
    walk(&mut app, "all are here");
    look(&mut app, "panes");
    app.zoom = false;
    let rows = shown(&mut app, 120, 30).join("\n");
    for wanted in
        [" · blind · ", " A ", " B ", " C ", MASK, "session hidden until the vote", "after the vote"]
    {
        assert!(rows.contains(wanted), "{wanted}\n{rows}");
    }
    // The answer is copied as it is seen, and so is the round.
    let copied = [press(&mut app, "y"), press(&mut app, "Y")].concat();
    assert_eq!(copied.len(), 2);
    hold_effects(&copied, "copied");
    assert!(format!("{copied:?}").contains("As █████, the model █████"), "{copied:?}");
    // A search for a name finds nothing.
    look(&mut app, "panes");
    press(&mut app, "/");
    "claude".chars().for_each(|c| drop(press(&mut app, &c.to_string())));
    let rows = shown(&mut app, 120, 30).join("\n");
    assert!(rows.contains("nothing found"), "{rows}");
}

#[test]
fn twenty_thousand_keys_at_random_tell_nothing() {
    let keys: Vec<&str> = COMMANDS
        .iter()
        .filter(|c| !TELLING.contains(&c.name))
        .flat_map(|c| c.keys.iter().copied())
        .chain(["a", "e", "x", "space", "backspace", "esc", "enter", "down", "tab"])
        .filter(|k| !["w", "=", "W", "B", "ctrl+z"].contains(k))
        .collect();
    let mut rng = fastrand::Rng::with_seed(11);
    let fresh = || {
        let (mut app, ids) = canaries();
        for (id, n) in ids.iter().zip(0..) {
            told(&mut app, *id, n);
            end(&mut app, *id, n);
        }
        app
    };
    let mut app = fresh();
    let mut held = 0;
    for n in 0..20_000 {
        let key = keys[rng.usize(..keys.len())];
        let before = app.overlay;
        let effects = press(&mut app, key);
        // The palette can run a vote, and end being blind: that is not what is tested here.
        let veiled = (0..app.rounds.len()).all(|round| app.is_veiled(round));
        if !veiled || !app.votes.blind || app.rounds.len() > 5 {
            app = fresh();
            continue;
        }
        let when = format!("key {n}, {key}, in {before:?}");
        hold_effects(&effects, &when);
        if n % 12 == 0 {
            held += 1;
            hold(&mut app, &[SIZES[rng.usize(..SIZES.len())]], &when);
        }
    }
    assert!(held > 1_000, "only {held} screens were looked at");
}

#[test]
fn nothing_tells_which_answer_came_first() {
    let one = |first: usize| {
        let (mut app, ids) = canaries();
        for (id, n) in ids.iter().zip(0..) {
            told(&mut app, *id, n);
        }
        end(&mut app, ids[first], first as u64);
        app.now = Duration::from_secs(99);
        SIZES.map(|(width, height)| shown(&mut app, width, height))
    };
    let screens = [0, 1, 2].map(one);
    assert_eq!(screens[0], screens[1]);
    assert_eq!(screens[0], screens[2]);
    assert!(screens[0][1].join("\n").contains("1 of 3 answers are here"));
}

#[test]
fn one_that_is_stopped_stops_all_of_a_blind_round() {
    let (mut app, ids) = canaries();
    let mut stopped = press(&mut app, "x");
    stopped.sort_by_key(|e| format!("{e:?}"));
    assert_eq!(stopped, ids.iter().map(|id| Effect::Cancel(*id)).collect::<Vec<_>>());
    for id in ids {
        report(&mut app, id, 10, Step::Cancelled);
    }
    // Nothing can be compared: the round is shown, and there is no vote.
    assert_eq!(vote_of(&press(&mut app, "w")), None);
    assert!(
        notice(&app).starts_with("fewer than two whole answers: no vote · A zqx-name-"),
        "{}",
        notice(&app)
    );
    assert!(!app.is_veiled(0));
    press(&mut app, "=");
    assert_eq!(notice(&app), "this round was revealed without a vote: there is none on it");
}

#[test]
fn the_vote_reveals_in_place_and_there_is_no_second_one() {
    let (mut app, ids) = canaries();
    for (id, n) in ids.iter().zip(0..) {
        told(&mut app, *id, n);
        report(&mut app, *id, 77_700, Step::Ended);
    }
    press(&mut app, "2");
    assert_eq!(app.total().label(), "–", "what it cost is not told");
    let committed = app.committed();
    let vote = vote_of(&press(&mut app, "w")).unwrap();
    assert!(vote.blind && vote.contenders.len() == 3);
    let Ruling::Won(at) = vote.verdict else { panic!("{vote:?}") };
    assert_eq!(app.committed(), committed, "its cost was counted all the time");
    let said = notice(&app);
    let names: Vec<String> = app.round().unwrap().entries.iter().map(|e| e.endpoint.name.clone()).collect();
    let who = format!("B wins · A {} · B {} · C {}", names[0], names[1], names[2]);
    assert_eq!(said, who);
    assert_eq!((at, vote.contenders[at].name.as_str()), (1, names[1].as_str()));
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(sorted, ["zqx-name-0", "zqx-name-1", "zqx-name-2"]);
    let rows = shown(&mut app, 200, 40).join("\n");
    assert!(
        rows.contains("876,543") && rows.contains("Claude Opus 5.5") && rows.contains("★ wins"),
        "{rows}"
    );
    for key in ["w", "=", "W"] {
        assert_eq!(vote_of(&press(&mut app, key)), None);
        assert_eq!(notice(&app), "you have voted blind on this round: there is no second vote");
    }
    // The next round is blind again, and each of them by an order of its own.
    ask(&mut app, "And you?");
    assert!(app.is_veiled(1) && !app.is_veiled(0));
}

#[test]
fn the_order_of_a_blind_round_is_drawn_anew() {
    let mut app = app(3);
    app.focus = Focus::Panes;
    press(&mut app, "B");
    let mut orders = Vec::new();
    for _ in 0..60 {
        for id in ask(&mut app, "Why?") {
            text(&mut app, id, 1, "because");
            finish(&mut app, id, 2, 1);
        }
        app.focus = Focus::Panes;
        press(&mut app, "=");
        let names = app.round().unwrap().entries.iter().map(|e| e.endpoint.name.clone());
        orders.push(names.collect::<Vec<_>>().join(" "));
    }
    orders.sort();
    orders.dedup();
    assert_eq!(orders.len(), 6, "{orders:?}");
}

#[test]
fn rounds_before_stay_as_they_are_and_follow_ups_wait_for_the_vote() {
    let mut app = answered(false);
    press(&mut app, "B");
    assert!(shown(&mut app, 120, 24).join("\n").contains("model-2"));
    let ids = ask(&mut app, "Who?");
    app.focus = Focus::Panes;
    assert!(app.is_veiled(1) && !app.is_veiled(0));
    assert!(!shown(&mut app, 120, 24).join("\n").contains("model-"));
    press(&mut app, "f");
    assert!(ask(&mut app, "And?").is_empty());
    assert!(
        notice(&app).contains("that round is blind: it is continued after your vote"),
        "{}",
        notice(&app)
    );
    app.focus = Focus::Panes;
    for id in ids {
        text(&mut app, id, 1, "I");
        finish(&mut app, id, 2, 1);
    }
    press(&mut app, "w");
    app.focus = Focus::Prompt;
    let launched = press(&mut app, "enter");
    let asked: Vec<_> = launched
        .iter()
        .filter_map(|e| if let Effect::Launch { prompt, .. } = e { Some(prompt.turns.len()) } else { None })
        .collect();
    assert_eq!(asked, [3, 3, 3], "each continues its own conversation");
    let one = Lineup {
        endpoints: vec![Endpoint { name: "one".into(), ..Endpoint::default() }],
        ..Lineup::default()
    };
    let mut alone = App::new(String::new(), one, Keymap::default());
    alone.votes.blind = true;
    ask(&mut alone, "x");
    assert!(!alone.is_veiled(0) && notice(&alone).contains("only one endpoint"));
}

#[test]
fn no_family_of_the_catalog_names_itself() {
    let mask = Mask::new([], "");
    let catalog = Catalog::embedded();
    assert!(catalog.families().len() > 40);
    for family in catalog.families() {
        for name in [&family.name, &family.id] {
            let masked = mask.hide(&format!("I am {name}, a model."));
            let first = name.split(|c: char| !c.is_alphabetic()).next().unwrap().to_lowercase();
            assert!(masked.starts_with(&format!("I am {MASK}")), "{name}: {masked}");
            assert!(!masked.to_lowercase().contains(&first), "{name}: {masked}");
        }
    }
}

#[test]
fn the_demos_own_texts_do_not_name_it() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(bakeoff::demo::Demo::start()).unwrap();
    let everyone = server.everyone().endpoints;
    let names: Vec<String> = everyone.into_iter().flat_map(|e| [e.model, e.name]).collect();
    assert!(names.len() > 10);
    let mask = Mask::new(names.iter().map(String::as_str), "hello");
    for name in &names {
        let line = format!("*Simulated: a scripted demo answer by {name}; no model was asked.*");
        assert!(!mask.hide(&line).contains(name.as_str()), "{name}");
    }
}

#[test]
fn tags_are_typed_and_wrong_ones_are_said() {
    let mut app = answered(false);
    press(&mut app, "#");
    "Code #mail code"
        .chars()
        .for_each(|c| drop(press(&mut app, &if c == ' ' { "space".to_owned() } else { c.to_string() })));
    assert!(shown(&mut app, 80, 24).join("\n").contains("Tags of your votes: Code #mail code"));
    press(&mut app, "enter");
    assert_eq!(app.votes.tags, ["code", "mail"]);
    press(&mut app, "#");
    press(&mut app, "!");
    press(&mut app, "enter");
    assert!(notice(&app).contains("is no tag"), "{}", notice(&app));
    assert_eq!(app.votes.tags, ["code", "mail"]);
}

fn kept(file: &VoteFile, round: usize, winner: Option<usize>, change: impl Fn(Vote) -> Vote) {
    let contender = |name: &str| Contender { name: name.into(), spec: format!("openai:{name}") };
    let vote = Vote {
        session: String::new(),
        round: round.to_string(),
        at: String::new(),
        prompt: String::new(),
        tags: vec!["code".into()],
        blind: true,
        simulated: false,
        voter: Voter::Person,
        contenders: vec![contender("alpha"), contender("beta")],
        verdict: winner.map_or(Ruling::Bad, Ruling::Won),
        revision: 0,
    };
    file.add(change(vote), "p").unwrap();
}

#[test]
fn the_leaderboard_is_listed_by_tag_and_kind_and_names_what_it_passed_over() {
    let (home, data) = (home(), home());
    let file = VoteFile::at(data.path(), "s");
    for round in 0..30 {
        kept(&file, round, Some(0), |v| v);
    }
    kept(&file, 30, None, |v| v);
    kept(&file, 31, Some(1), |v| Vote { tags: vec!["mail".into()], blind: false, ..v });
    kept(&file, 32, Some(1), |v| Vote { simulated: true, ..v });
    let text = std::fs::read_to_string(file.path()).unwrap();
    std::fs::write(file.path(), format!("{text}torn")).unwrap();
    let list = |args: &[&str]| {
        bakeoff(home.path()).env("BAKEOFF_DATA", data.path()).arg("leaderboard").args(args).output().unwrap()
    };
    let all = list(&["--format", "json"]);
    assert!(err(&all).contains("votes.jsonl:34: not counted: no JSON"), "{}", err(&all));
    assert!(
        err(&all).contains("32 votes (31 blind); 1 time all bad, which compares nothing"),
        "{}",
        err(&all)
    );
    let rows = json(&all);
    let row = |n: usize, field: &str| rows[n][field].clone();
    assert_eq!(
        (row(0, "endpoint"), row(0, "won"), row(0, "lost")),
        ("openai:alpha".into(), 30.into(), 1.into())
    );
    assert_eq!((row(0, "told"), row(0, "all_bad")), ("better than the next".into(), 1.into()));
    let mail = list(&["--tag", "mail"]);
    assert!(out(&mail).contains("not enough votes to tell from the next"), "{}", out(&mail));
    assert_eq!(json(&list(&["--simulated", "--format", "json"]))[0]["endpoint"], "openai:beta");
    assert_eq!(json(&list(&["--tag", "mail", "--blind-only", "--format", "json"])), serde_json::json!([]));
    assert_eq!(list(&["--tag", "two words"]).status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(file.path()).unwrap(), format!("{text}torn"), "nothing is removed");
}

#[test]
fn the_board_on_the_screen_says_what_it_counts() {
    let dir = home();
    let file = VoteFile::at(dir.path(), "s");
    (0..30).for_each(|round| kept(&file, round, Some(0), |v| v));
    kept(&file, 30, Some(0), |v| Vote {
        contenders: v
            .contenders
            .iter()
            .map(|c| Contender { spec: format!("{}2", c.spec), ..c.clone() })
            .collect(),
        ..v
    });
    let mut app = answered(false);
    let asked = press(&mut app, "H");
    let [Effect::Board(wanted)] = &asked[..] else { panic!("{asked:?}") };
    assert!(shown(&mut app, 120, 30).join("\n").contains("counting …"));
    let votes = file.read().unwrap();
    let remarks = vec!["x:3: not counted: \u{1b}[2J".into()];
    let sheet = Sheet { board: votes.board(wanted), remarks, ..Sheet::default() };
    app.update(Event::Board(Ok(sheet)), app.now);
    for (width, height) in [(80, 24), (120, 40)] {
        let rows = shown(&mut app, width, height);
        crate::screen::compare(&format!("board-{width}x{height}.txt"), &rows);
    }
    assert!(matches!(&press(&mut app, "b")[..], [Effect::Board(w)] if w.blind_only));
    app.update(Event::Board(Err("/x: denied".into())), app.now);
    assert!(shown(&mut app, 80, 24).join("\n").contains("/x: denied"));
    press(&mut app, "esc");
    assert_eq!(app.overlay, None);
}

#[test]
fn a_blind_demo_is_voted_on_and_kept_apart() {
    let (home, data) = (home(), home());
    let vars = [("HOME", home.path().to_str().unwrap()), ("BAKEOFF_DATA", data.path().to_str().unwrap())];
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_bakeoff"));
    let mut pty = Pty::start(program, &["demo", "--tag", "sums"], &vars, 160, 40);
    pty.wait_for("type a prompt");
    pty.send("\u{1b}");
    pty.wait_for("z zoom");
    pty.send("B");
    pty.wait_for("blind from the next prompt on");
    pty.send("i2+2\r");
    pty.wait_for("answers are here");
    assert!(!pty.screen().contains("demo-"), "{}", pty.screen());
    pty.wait_for("scripted demo answer by █████");
    assert!(!pty.screen().contains("demo-"), "{}", pty.screen());
    pty.send("\u{1b}");
    pty.wait_for("w this wins");
    pty.send("=");
    pty.wait_for("a tie · A demo-");
    pty.send("H");
    pty.wait_for("leaderboard · simulated");
    pty.wait_for("1 vote (1 blind)");
    pty.send("q");
    pty.wait_gone("leaderboard · simulated");
    pty.send("q");
    assert!(pty.exit().success());
    let file = VoteFile::at(data.path(), "");
    let vote = &file.read().unwrap().votes[0];
    assert!(vote.simulated && vote.blind && vote.verdict == Ruling::Tie && vote.tags == ["sums"], "{vote:?}");
    // The demo's broken endpoint has no whole answer.
    assert_eq!(vote.contenders.len(), 5);
    let list = bakeoff(home.path()).env("BAKEOFF_DATA", data.path()).arg("leaderboard").output().unwrap();
    assert_eq!(out(&list), "", "votes on scripted answers are no votes on models");
}

#[test]
fn a_session_that_ends_blind_is_written_as_it_was_answered() {
    let (home, data) = (home(), home());
    let vars = [("HOME", home.path().to_str().unwrap()), ("BAKEOFF_DATA", data.path().to_str().unwrap())];
    let file = data.path().join("out.json");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_bakeoff"));
    let mut pty = Pty::start(program, &["demo", "--out", file.to_str().unwrap()], &vars, 120, 40);
    pty.wait_for("type a prompt");
    pty.send("\u{1b}");
    pty.wait_for("z zoom");
    pty.send("B");
    pty.wait_for("blind from the next prompt on");
    pty.send("i2+2\r");
    pty.wait_for("█████; no model was asked");
    pty.send("\u{1b}");
    pty.wait_for("w this wins · = tie · W all bad");
    pty.send("q");
    assert!(pty.exit().success());
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.contains("scripted demo answer by demo-swift") && !written.contains(MASK), "{written}");
    assert!(!VoteFile::at(data.path(), "").path().exists(), "no vote was cast");
}
