//! A judge: pairs in both orders, its own cost, its own votes.

use bakeoff::model::{
    AnswerId, Class, Contender, Counting, Delta, Endpoint, Estimate, Fault, Judge, Money, Prompt, Rule,
    Ruling, Spending, Step, Stop, Tokens, Usage, Vote, Voter,
};
use bakeoff::store::VoteFile;
use bakeoff::ui::{App, Effect, Event, Focus, Overlay};

use crate::program::{bakeoff, err, home, out};
use crate::pty::Pty;
use crate::screen::{app, ask, compare, finish, press, price, shown, step, text};

fn judge() -> Judge {
    let endpoint = Endpoint {
        name: "sage".into(),
        provider: "anthropic".into(),
        model: "sage-1".into(),
        ..Endpoint::default()
    };
    Judge { endpoint, criteria: Some("Shortness.".into()) }
}

fn notice(app: &App) -> String {
    app.notice.as_ref().map(|(text, _)| text.clone()).unwrap_or_default()
}

/// A round of whole answers, the panes focused.
fn answered(panes: usize) -> App {
    let mut app = app(panes);
    app.judging.judge = Some(judge());
    for (n, id) in ask(&mut app, "Why?").into_iter().enumerate() {
        step(&mut app, id, 0, Step::Priced(Some(price().into()), Rule::Exact));
        text(&mut app, id, 100, &format!("answer number {}", n + 1));
        finish(&mut app, id, 200, 9);
    }
    app.focus = Focus::Panes;
    app
}

fn launched(effects: &[Effect]) -> Vec<(AnswerId, String, Prompt)> {
    let launch = |e: &Effect| match e {
        Effect::Launch { id, endpoint, prompt } => Some((*id, endpoint.name.clone(), (**prompt).clone())),
        _ => None,
    };
    effects.iter().filter_map(launch).collect()
}

fn votes(effects: &[Effect]) -> Vec<Vote> {
    effects
        .iter()
        .filter_map(|e| if let Effect::Vote { vote, .. } = e { Some((**vote).clone()) } else { None })
        .collect()
}

/// The judge has said this; gives what follows from it.
fn says(app: &mut App, id: AnswerId, words: &str) -> Vec<Effect> {
    let at = app.now;
    let mut effects = Vec::new();
    let usage = Usage { input: Some(1_000), output: Some(100), ..Usage::default() };
    let deltas = vec![
        Delta::Text(words.into()),
        Delta::Usage(Box::new(usage)),
        Delta::Stop(Stop::Natural, "stop".into()),
    ];
    for step in
        [Step::Priced(Some(price().into()), Rule::Exact), Step::Sent, Step::Deltas(deltas), Step::Ended]
    {
        effects.extend(app.update(Event::Report(bakeoff::model::Report { id, at, step }), at));
    }
    effects
}

/// Answers every comparison by whether the answer with this number is read first, until none is left.
/// Gives the votes, and how many were on their way at once.
fn judged(app: &mut App, asked: &[Effect], verdict: impl Fn(&Prompt) -> String) -> (Vec<Vote>, usize) {
    let (mut open, mut cast, mut most) = (launched(asked), Vec::new(), 0);
    while !open.is_empty() {
        most = most.max(open.len());
        let (id, name, prompt) = open.remove(0);
        assert_eq!(name, "sage");
        let effects = says(app, id, &verdict(&prompt));
        cast.extend(votes(&effects));
        open.extend(launched(&effects));
    }
    (cast, most)
}

/// Where the answer with this number stands in what the judge reads: 1, 2 or nowhere.
fn place(prompt: &Prompt, number: usize) -> Option<usize> {
    let needle = format!("answer number {number}");
    let text = prompt.question();
    let second = text.find(" answer 2\n")?;
    text.find(&needle).map(|at| if at < second { 1 } else { 2 })
}

#[test]
fn without_a_judge_it_is_said_how_to_name_one() {
    let mut app = answered(2);
    app.judging.judge = None;
    assert!(press(&mut app, "J").is_empty());
    let screen = shown(&mut app, 120, 40).join("\n");
    assert!(
        screen.contains("no judge: name one with --judge, or in the config under [judge] endpoint"),
        "{screen}"
    );
    assert!(launched(&press(&mut app, "enter")).is_empty());
    press(&mut app, "esc");
    assert_eq!(app.overlay, None);
    let mut fresh = crate::screen::app(2);
    fresh.focus = Focus::Panes;
    press(&mut fresh, "J");
    assert_eq!(notice(&fresh), "nothing has been sent yet: a judge compares the answers to a prompt");
    assert_eq!(fresh.overlay, None);
}

#[test]
fn every_pair_is_asked_about_in_both_orders_a_few_at_a_time_and_nothing_else_changes() {
    let mut app = answered(3);
    let (total, panes) = (app.total(), shown(&mut app, 160, 40));
    assert!(press(&mut app, "J").is_empty(), "opening it asks nobody");
    let screen = shown(&mut app, 160, 40).join("\n");
    assert!(screen.contains("3 whole answers: 3 pairs, each in both orders: 6 requests."), "{screen}");
    assert!(screen.contains("what matters: Shortness."), "{screen}");
    let asked = press(&mut app, "enter");
    assert!(app.is_running());
    assert!(shown(&mut app, 160, 40)[0].contains("judge 0/6"));
    let first = launched(&asked)[0].2.clone();
    assert!(first.system.unwrap().contains("Shortness."));
    // Answer 2 is the best one in both orders; between 1 and 3 it is the order that decides.
    let (cast, most) = judged(&mut app, &asked, |prompt| match place(prompt, 2) {
        Some(at) => format!("It is the better one.\n\n**Verdict: {at}**"),
        None => "The first.\nVerdict: 1".into(),
    });
    assert_eq!((cast.len(), most), (3, 4));
    assert!(!app.is_running());
    let contender = |n: usize, spec: &str| Contender { name: format!("model-{n}"), spec: spec.to_owned() };
    let all = [
        contender(1, "openai:model-1"),
        contender(2, "bedrock:model-2@us-east-1"),
        contender(3, "ollama:model-3"),
    ];
    let found: Vec<_> = cast.iter().map(|v| (v.contenders.clone(), v.verdict)).collect();
    let pair = |a: usize, b: usize| vec![all[a].clone(), all[b].clone()];
    let wanted = [(pair(0, 1), Ruling::Won(1)), (pair(0, 2), Ruling::Tie), (pair(1, 2), Ruling::Won(0))];
    assert_eq!(found, wanted);
    assert!(cast.iter().all(|v| v.voter == Voter::Judge("anthropic:sage-1".into()) && v.round == "1"));
    for (width, height) in [(80, 24), (120, 40), (200, 50)] {
        compare(&format!("judge-{width}x{height}.txt"), &shown(&mut app, width, height));
    }
    assert!(shown(&mut app, 80, 24)[0].contains("round 1/1"), "{}", shown(&mut app, 80, 24)[0]);
    press(&mut app, "r");
    compare("judge-reasons-120x40.txt", &shown(&mut app, 120, 40));
    // 6 x (1000 in at $2 and 100 out at $10 a million).
    assert!(shown(&mut app, 160, 40)[0].contains("+ judge ~$0.0180"), "{}", shown(&mut app, 160, 40)[0]);
    press(&mut app, "esc");
    assert_eq!(app.total(), total, "what it costs is no part of the session's cost");
    app.notice = None;
    assert_eq!(shown(&mut app, 160, 40)[1..], panes[1..], "the panes are as they were");
    press(&mut app, "2");
    let vote = votes(&press(&mut app, "w"));
    assert_eq!(vote[0].voter, Voter::Person, "the judge has not voted for anybody else");
}

#[test]
fn what_is_missing_is_asked_again_and_all_of_it_anew() {
    let mut app = answered(2);
    press(&mut app, "J");
    let asked = launched(&press(&mut app, "enter"));
    assert_eq!(asked.len(), 2);
    assert!(votes(&says(&mut app, asked[0].0, "Verdict: 1")).is_empty(), "one order is no verdict");
    assert!(votes(&says(&mut app, asked[1].0, "I cannot tell")).is_empty());
    let screen = shown(&mut app, 120, 40).join("\n");
    assert!(screen.contains("no line \"Verdict: …\" in what it said: I cannot tell"), "{screen}");
    assert!(screen.contains("enter asks what is missing · a asks all anew"), "{screen}");
    let spent = app.committed();
    let missing = launched(&press(&mut app, "enter"));
    let order = |prompt: &Prompt| (place(prompt, 1), place(prompt, 2));
    assert_eq!((missing.len(), order(&missing[0].2)), (1, order(&asked[1].2)));
    assert!(app.committed() >= spent, "what was asked in vain is paid for");
    let cast = votes(&says(&mut app, missing[0].0, "Verdict: 2"));
    assert_eq!(cast[0].verdict, Ruling::Won(0));
    assert!(launched(&press(&mut app, "enter")).is_empty());
    assert_eq!(notice(&app), "the judge has compared them all: a asks it anew");
    let asked = press(&mut app, "a");
    let (cast, _) = judged(&mut app, &asked, |_| "Verdict: tie".into());
    assert_eq!((cast.len(), cast[0].verdict, cast[0].revision), (1, Ruling::Tie, 1));
}

#[test]
fn a_judge_that_cannot_answer_is_not_asked_to_the_end() {
    let mut app = answered(4);
    press(&mut app, "J");
    let asked = launched(&press(&mut app, "enter"));
    press(&mut app, "esc");
    let mut more = Vec::new();
    for (id, ..) in &asked {
        let fault = Fault::new(Class::Key, "invalid x-api-key").status(401);
        let at = app.now;
        let report = bakeoff::model::Report { id: *id, at, step: Step::Failed(Box::new(fault)) };
        more.extend(launched(&app.update(Event::Report(report), at)));
    }
    assert!(more.is_empty(), "{more:?}");
    assert!(!app.is_running());
    assert!(notice(&app).starts_with("the judge cannot answer ("), "{}", notice(&app));
    press(&mut app, "J");
    let screen = shown(&mut app, 200, 50).join("\n");
    assert!(screen.contains("invalid x-api-key") && screen.contains("0 of 12 comparisons"), "{screen}");
    // A passing fault does not end it.
    let mut app = answered(4);
    press(&mut app, "J");
    let asked = launched(&press(&mut app, "enter"));
    let report = bakeoff::model::Report {
        id: asked[0].0,
        at: app.now,
        step: Step::Failed(Box::new(Fault::new(Class::Limit, "slow down").status(429))),
    };
    assert_eq!(launched(&app.update(Event::Report(report), app.now)).len(), 1);
}

#[test]
fn stopping_stops_the_judge_too_and_sends_nothing_more() {
    let mut app = answered(4);
    press(&mut app, "J");
    let asked = launched(&press(&mut app, "enter"));
    press(&mut app, "esc");
    let effects = press(&mut app, "X");
    let cancelled: Vec<_> =
        effects.iter().filter_map(|e| if let Effect::Cancel(id) = e { Some(*id) } else { None }).collect();
    assert_eq!(cancelled, asked.iter().map(|(id, ..)| *id).collect::<Vec<_>>());
    assert!(!app.is_running());
    for (id, ..) in asked {
        let report = bakeoff::model::Report { id, at: app.now, step: Step::Cancelled };
        assert!(launched(&app.update(Event::Report(report), app.now)).is_empty());
    }
    press(&mut app, "J");
    app.notice = None;
    let screen = shown(&mut app, 120, 40).join("\n");
    assert!(screen.contains("not asked") && screen.contains("enter asks what is missing"), "{screen}");
    assert_eq!(launched(&press(&mut app, "enter")).len(), 4);
}

#[test]
fn a_blind_round_is_judged_after_the_vote_only() {
    let mut app = app(2);
    app.judging.judge = Some(judge());
    app.focus = Focus::Panes;
    press(&mut app, "B");
    for id in ask(&mut app, "Why?") {
        text(&mut app, id, 100, "words");
        finish(&mut app, id, 200, 9);
    }
    app.focus = Focus::Panes;
    assert!(press(&mut app, "J").is_empty());
    assert!(
        notice(&app).starts_with("this round is blind: the judge is asked after the vote"),
        "{}",
        notice(&app)
    );
    assert_eq!(app.overlay, None);
    press(&mut app, "=");
    press(&mut app, "J");
    assert_eq!(launched(&press(&mut app, "enter")).len(), 2);
}

#[test]
fn answers_that_have_gone_are_said_and_those_that_are_here_are_judged() {
    let mut app = answered(2);
    press(&mut app, "J");
    let asked = press(&mut app, "enter");
    judged(&mut app, &asked, |_| "Verdict: tie".into());
    press(&mut app, "esc");
    let again = launched(&press(&mut app, "r"));
    press(&mut app, "J");
    app.notice = None;
    let screen = shown(&mut app, 120, 40).join("\n");
    assert!(screen.contains("answers have been asked again since"), "{screen}");
    assert!(launched(&press(&mut app, "enter")).is_empty());
    assert_eq!(notice(&app), "the judge waits until every answer is here");
    text(&mut app, again[0].0, 300, "answer number 7");
    finish(&mut app, again[0].0, 400, 9);
    let asked = launched(&press(&mut app, "enter"));
    assert!(asked.len() == 2 && asked[0].2.question().contains("answer number 7"));
}

#[test]
fn the_budget_holds_for_the_judge() {
    let usd = |text: &str| Money::parse(text).unwrap();
    let bound = || Estimate {
        prompt: Tokens { n: 600, most: 600, how: Counting::Ratio },
        images: 0,
        to_send: None,
        at_most: Ok(usd("0.25")),
    };
    let weigh = |effects: &[Effect]| {
        effects.iter().find_map(|e| {
            if let Effect::Weigh { number, asks } = e { Some((*number, asks.len())) } else { None }
        })
    };
    let opened = |session: &str| {
        let mut app = answered(3);
        app.weigh_by(Spending { session: Some(usd(session)), confirm_above: None, allow_unknown: false });
        let effects = press(&mut app, "J");
        let (number, count) = weigh(&effects).expect("its cost is wanted");
        assert_eq!(count, 6);
        app.update(Event::Weighed { number, estimates: vec![bound(); count] }, app.now);
        let screen = shown(&mut app, 120, 40).join("\n");
        assert!(screen.contains("6 requests, at most $1.50."), "{screen}");
        let effects = press(&mut app, "enter");
        assert!(launched(&effects).is_empty(), "it is weighed first");
        let (number, count) = weigh(&effects).unwrap();
        let effects = app.update(Event::Weighed { number, estimates: vec![bound(); count] }, app.now);
        (app, launched(&effects))
    };
    let (mut refused, asked) = opened("1.00");
    assert!(asked.is_empty());
    assert_eq!(refused.overlay, Some(Overlay::Spend));
    assert!(launched(&press(&mut refused, "n")).is_empty());
    assert!(!refused.is_running());

    let before = answered(3).committed();
    let (mut app, asked) = opened("2.00");
    assert_eq!(asked.len(), 4);
    let taken = app.committed();
    assert_eq!(taken, before + usd("1.50"), "those that wait count as well");
    says(&mut app, asked[0].0, "Verdict: 1");
    assert_eq!(app.committed(), before + usd("1.253"), "what is over counts as what it cost");
}

#[test]
fn what_is_asked_again_while_the_judge_is_weighed_is_not_judged() {
    let mut app = answered(2);
    let usd = |text: &str| Money::parse(text).unwrap();
    app.weigh_by(Spending { session: Some(usd("9")), confirm_above: None, allow_unknown: false });
    press(&mut app, "J");
    let effects = press(&mut app, "enter");
    let Some(Effect::Weigh { number, .. }) = effects.last() else { panic!("{effects:?}") };
    // Without a word of the budget's yet, an answer gives way.
    app.weigh_by(Spending::default());
    let again = launched(&press(&mut app, "r"));
    assert_eq!(again.len(), 1);
    app.weigh_by(Spending { session: Some(usd("9")), confirm_above: None, allow_unknown: false });
    let prompt = Tokens { n: 6, most: 6, how: Counting::Ratio };
    let free = Estimate { prompt, images: 0, to_send: None, at_most: Ok(usd("0.01")) };
    let effects = app.update(Event::Weighed { number: *number, estimates: vec![free; 2] }, app.now);
    assert!(launched(&effects).is_empty(), "{effects:?}");
    assert_eq!(notice(&app), "not judged: an answer has been asked again since");
    assert_eq!(app.overlay, None);
}

#[test]
fn the_demo_has_a_judge_and_what_it_says_is_no_vote_of_anybodys() {
    let (home, data) = (home(), home());
    let vars = [("HOME", home.path().to_str().unwrap()), ("BAKEOFF_DATA", data.path().to_str().unwrap())];
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_bakeoff"));
    let mut pty = Pty::start(program, &["demo"], &vars, 160, 45);
    pty.wait_for("type a prompt");
    pty.send("2+2\r\u{1b}");
    pty.wait_for("cut off");
    pty.send("J");
    pty.wait_for("judge · round 1");
    pty.wait_gone("waits until every answer is here");
    pty.wait_for("5 whole answers: 10 pairs, each in both orders: 20 requests");
    pty.send("\r");
    pty.wait_for("20 of 20 comparisons");
    pty.send("q");
    pty.wait_for("+ judge ~$");
    pty.send("H");
    pty.wait_for("no votes yet");
    pty.send("v");
    pty.wait_for("10 pairs judged by anthropic:demo-sage");
    pty.send("q");
    pty.wait_gone("judged by");
    pty.send("q");
    assert!(pty.exit().success());
    let kept = VoteFile::at(data.path(), "").read().unwrap();
    assert_eq!((kept.votes.len(), kept.remarks), (10, Vec::new()));
    assert!(kept.votes.iter().all(|v| v.simulated && v.voter == Voter::Judge("anthropic:demo-sage".into())));
    let board = |args: &[&str]| {
        bakeoff(home.path()).env("BAKEOFF_DATA", data.path()).arg("leaderboard").args(args).output().unwrap()
    };
    let none = board(&["--simulated"]);
    assert_eq!(out(&none), "", "models vote among themselves: {}", err(&none));
    assert!(err(&board(&["--judge"])).contains("no judge has said anything of this kind"));
    let judged = board(&["--simulated", "--judge"]);
    assert_eq!(out(&judged).lines().count(), 6, "{}", out(&judged));
    assert!(err(&judged).contains("10 pairs judged by anthropic:demo-sage"), "{}", err(&judged));
    assert_eq!(out(&board(&["--simulated", "--judge", "other"])), "");
}

#[test]
fn a_judge_that_is_none_is_told_at_the_start() {
    let home = home();
    let started = |args: &[&str]| {
        let all = bakeoff(home.path()).args(args).output().unwrap();
        (all.status.code(), err(&all))
    };
    let (code, said) = started(&["-e", "ollama:qwen3", "--judge", "nobody"]);
    assert!(code == Some(2) && said.contains("--judge"), "{said}");
    let (code, said) = started(&["run", "x", "--judge", "ollama:qwen3"]);
    assert!(code == Some(2) && said.contains("--judge"), "{said}");
    let (code, said) = started(&["demo", "--judge", "ollama:qwen3"]);
    assert!(code == Some(2) && said.contains("the demo has a judge of its own"), "{said}");
}
