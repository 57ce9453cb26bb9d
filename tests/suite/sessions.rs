//! Sessions: kept before a request leaves and while answers stream, opened again as they were.

use std::fs;
use std::path::Path;
use std::time::Duration;

use bakeoff::model::{Delta, Kind, Outcome, Step, clean};
use bakeoff::store::{Keeper, News, Save, SessionRecord, Sessions, Transcript};
use bakeoff::ui::{App, Effect, Event, Focus};
use rustix::process::Signal;

use crate::killed;
use crate::program::{bakeoff, err, home, json, out};
use crate::pty::Pty;
use crate::screen::{app, ask, press, shown, typed};

fn kept(panes: usize) -> App {
    let mut app = app(panes);
    let facts = SessionRecord { started_at: "2026-11-24T10:00:00Z".into(), ..SessionRecord::default() };
    app.keep_as("20261124T100000Z-1", Duration::from_secs(1_795_000_000), facts);
    app
}

fn saves(effects: &[Effect]) -> Vec<&Save> {
    effects
        .iter()
        .filter_map(|e| if let Effect::Keep(saves) = e { Some(saves) } else { None })
        .flatten()
        .collect()
}

/// What becomes of them on the disk, opened again in a new program.
fn reopened(all: Vec<Save>) -> App {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sessions.db");
    let keeper = Keeper::start(&path, "20261124T100000Z-1", |news| assert_eq!(news, News::Saved));
    keeper.save(all, None);
    assert!(keeper.finish(Duration::from_secs(30)));
    let kept = Sessions::look(&path).unwrap().load("20261124T100000Z-1").unwrap();
    assert!(kept.remarks.is_empty(), "{:?}", kept.remarks);
    let mut app = app(1);
    app.lineup = kept.transcript.lineup.clone();
    app.reopen(kept, true);
    app
}

/// All effects of an app that are to be kept.
#[derive(Default)]
struct Log(Vec<Save>);

impl Log {
    fn take(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        let (keep, rest): (Vec<_>, Vec<_>) = effects.into_iter().partition(|e| matches!(e, Effect::Keep(_)));
        for effect in keep {
            if let Effect::Keep(saves) = effect {
                self.0.extend(saves);
            }
        }
        rest
    }
}

fn send(app: &mut App, log: &mut Log, prompt: &str) -> Vec<bakeoff::model::AnswerId> {
    app.focus = Focus::Prompt;
    typed(app, prompt);
    let effects = press(app, "enter");
    let launched = log.take(effects);
    launched.iter().filter_map(|e| if let Effect::Launch { id, .. } = e { Some(*id) } else { None }).collect()
}

fn report(app: &mut App, log: &mut Log, id: bakeoff::model::AnswerId, at: u64, step: Step) {
    let report = bakeoff::model::Report { id, at: Duration::from_millis(at), step };
    let effects = app.update(Event::Report(report), app.now);
    log.take(effects);
}

fn words(text: &str) -> Step {
    Step::Deltas(vec![Delta::Text(text.into())])
}

#[test]
fn the_prompt_is_kept_before_anything_leaves() {
    let mut app = kept(2);
    app.focus = Focus::Prompt;
    typed(&mut app, "Why?");
    let effects = press(&mut app, "enter");
    let first = effects.iter().position(|e| matches!(e, Effect::Launch { .. })).unwrap();
    let keep = effects.iter().position(|e| matches!(e, Effect::Keep(_))).unwrap();
    assert!(keep < first, "{effects:?}");
    let saves = saves(&effects);
    assert!(matches!(saves[0], Save::Session(_)) && matches!(saves[1], Save::Round(0, _)));
    assert_eq!(saves.iter().filter(|s| matches!(s, Save::Asked { .. })).count(), 2);
    // Nothing is kept of a session that nobody keeps.
    let mut plain = crate::screen::app(1);
    typed(&mut plain, "Why?");
    assert!(press(&mut plain, "enter").iter().all(|e| !matches!(e, Effect::Keep(_))));
}

#[test]
fn a_running_answer_is_kept_by_the_second_and_by_16_kib() {
    let (mut app, mut log) = (kept(1), Log::default());
    let ids = send(&mut app, &mut log, "Why?");
    let base = log.0.len();
    report(&mut app, &mut log, ids[0], 0, Step::Sent);
    report(&mut app, &mut log, ids[0], 5, words("a"));
    assert_eq!(log.0.len(), base, "not each token is written");
    app.now += Duration::from_secs(1);
    report(&mut app, &mut log, ids[0], 9, words("b"));
    assert!(
        matches!(&log.0[base..], [Save::Grown { growth, .. }] if growth.said == "ab"),
        "{:?}",
        &log.0[base..]
    );
    report(&mut app, &mut log, ids[0], 10, words(&"c".repeat(16 << 10)));
    assert!(matches!(log.0.last(), Some(Save::Grown { growth, .. }) if growth.said.len() == 16 << 10));
    report(&mut app, &mut log, ids[0], 11, words("d"));
    report(&mut app, &mut log, ids[0], 12, Step::Ended);
    assert!(matches!(log.0.last(), Some(Save::Grown { growth, .. }) if growth.over && growth.said == "d"));
    let n = log.0.len();
    app.now += Duration::from_secs(9);
    let effects = app.update(Event::Tick, app.now);
    log.take(effects);
    assert_eq!(log.0.len(), n, "nothing has changed");
}

#[test]
fn a_session_comes_back_wherever_it_was_broken_off() {
    let (mut app, mut log) = (kept(3), Log::default());
    app.system = Some("Be brief.".into());
    let mut steps = 0;
    for round in 0..3 {
        app.follow_up = round == 2;
        app.shown = app.rounds.len().saturating_sub(1);
        let ids = send(&mut app, &mut log, &format!("question {round} \\@x"));
        for (n, id) in ids.iter().enumerate() {
            report(&mut app, &mut log, *id, 0, Step::Prepared(Box::default()));
            report(&mut app, &mut log, *id, 0, Step::Sent);
            for at in 1..=4 {
                app.now += Duration::from_millis(400);
                report(&mut app, &mut log, *id, at * 10, words(&format!("{round}.{n}.{at} naïve ")));
                steps += 1;
                let mut now = log.0.clone();
                now.extend(app.unkept());
                log.0.clone_from(&now);
                let again = reopened(now);
                assert_eq!(again.rounds.len(), app.rounds.len());
                for (before, after) in app.rounds.iter().zip(&again.rounds) {
                    assert_eq!(
                        (&after.question, &after.origin, &after.system),
                        (&before.question, &before.origin, &before.system)
                    );
                    for (b, a) in before.entries.iter().zip(&after.entries) {
                        assert_eq!((&a.endpoint, &a.prompt, a.id), (&b.endpoint, &b.prompt, b.id));
                        assert_eq!(a.answer.text, b.answer.text);
                        assert_eq!(a.answer.timeline.chunks, b.answer.timeline.chunks);
                        assert!(a.answer.is_over());
                    }
                }
            }
            report(&mut app, &mut log, *id, 99, Step::Ended);
        }
    }
    assert_eq!(steps, 36);
    let again = reopened(log.0);
    assert!(again.follow_up && again.system.as_deref() == Some("Be brief."));
    for (before, after) in app.rounds.iter().zip(&again.rounds) {
        for (b, a) in before.entries.iter().zip(&after.entries) {
            assert_eq!(a.answer, b.answer);
        }
    }
}

#[test]
fn what_is_asked_again_repeated_or_blind_is_kept_as_what_it_is() {
    let (mut app, mut log) = (kept(2), Log::default());
    let ids = send(&mut app, &mut log, "one");
    for id in &ids {
        report(&mut app, &mut log, *id, 0, Step::Sent);
        report(&mut app, &mut log, *id, 9, words("first"));
        report(&mut app, &mut log, *id, 9, Step::Ended);
    }
    app.focus = Focus::Panes;
    let effects = press(&mut app, "r");
    let launched = log.take(effects);
    let Some(Effect::Launch { id, .. }) = launched.first() else { panic!("{launched:?}") };
    report(&mut app, &mut log, *id, 0, Step::Sent);
    report(&mut app, &mut log, *id, 9, words("second"));
    report(&mut app, &mut log, *id, 9, Step::Ended);
    press(&mut app, "B");
    let ids = send(&mut app, &mut log, "blind");
    for id in &ids {
        report(&mut app, &mut log, *id, 0, Step::Sent);
        report(&mut app, &mut log, *id, 9, words("hidden"));
        report(&mut app, &mut log, *id, 9, Step::Ended);
    }
    assert!(app.is_veiled(1));
    let again = reopened(log.0);
    assert_eq!(again.rounds[0].entries[0].answer.text, "second");
    assert_eq!(again.rounds[0].entries[1].answer.text, "first");
    let names: Vec<&str> = again.rounds[1].entries.iter().map(|e| e.endpoint.name.as_str()).collect();
    assert!(names.contains(&"model-1") && names.contains(&"model-2"), "{names:?}");
    assert!(again.rounds[1].entries.iter().all(|e| e.answer.text == "hidden"));
}

#[test]
fn what_was_withdrawn_is_taken_off_the_disk_at_once() {
    let (mut app, mut log) = (kept(1), Log::default());
    let ids = send(&mut app, &mut log, "Why?");
    report(&mut app, &mut log, ids[0], 0, Step::Sent);
    app.now += Duration::from_secs(2);
    report(&mut app, &mut log, ids[0], 5, words("the key is sk-12"));
    assert!(matches!(log.0.last(), Some(Save::Grown { .. })));
    report(&mut app, &mut log, ids[0], 6, Step::Deltas(vec![Delta::Withdrawn(Kind::Text, 5)]));
    assert!(
        matches!(log.0.last(), Some(Save::Grown { growth, .. }) if growth.anew && growth.said == "the key is "),
        "{:?}",
        log.0.last()
    );
}

#[test]
fn a_file_that_was_rescued_gets_all_that_the_screen_has() {
    let (mut app, mut log) = (kept(2), Log::default());
    for prompt in ["one", "two"] {
        for id in send(&mut app, &mut log, prompt) {
            report(&mut app, &mut log, id, 0, Step::Sent);
            report(&mut app, &mut log, id, 9, words("said"));
            report(&mut app, &mut log, id, 9, Step::Ended);
        }
    }
    let effects = app.update(Event::Kept(News::Rescued("it was damaged".into())), app.now);
    let mut all = saves(&effects).into_iter().cloned().collect::<Vec<_>>();
    all.extend(app.unkept());
    let again = reopened(all);
    let texts = again.rounds.iter().flat_map(|r| &r.entries).map(|e| e.answer.text.as_str());
    assert_eq!(texts.collect::<Vec<_>>(), ["said"; 4]);
}

#[test]
fn a_copy_has_what_its_first_key_replaced() {
    let (mut app, mut log) = (kept(1), Log::default());
    let ids = send(&mut app, &mut log, "one");
    report(&mut app, &mut log, ids[0], 0, Step::Prepared(Box::default()));
    report(&mut app, &mut log, ids[0], 0, Step::Sent);
    report(&mut app, &mut log, ids[0], 9, words("first"));
    report(&mut app, &mut log, ids[0], 9, Step::Ended);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sessions.db");
    let keep = |name: &str, all: Vec<Save>| {
        let keeper = Keeper::start(&path, name, |news| assert_eq!(news, News::Saved));
        keeper.save(all, None);
        assert!(keeper.finish(Duration::from_secs(30)));
        Sessions::look(&path).unwrap().load(name).unwrap()
    };
    let original = keep("one", log.0);
    let mut copy = crate::screen::app(1);
    copy.lineup = original.transcript.lineup.clone();
    let facts = SessionRecord { started_at: "2026-11-24T11:00:00Z".into(), ..SessionRecord::default() };
    copy.keep_as("two", Duration::ZERO, facts);
    copy.reopen(original, false);
    copy.focus = Focus::Panes;
    // Looking at it keeps nothing.
    assert!(saves(&press(&mut copy, "z")).is_empty() && copy.unkept().is_empty());
    let mut log = Log::default();
    let effects = press(&mut copy, "r");
    let launched = log.take(effects);
    let Some(Effect::Launch { id, .. }) = launched.first() else { panic!("{launched:?}") };
    report(&mut copy, &mut log, *id, 0, Step::Prepared(Box::default()));
    report(&mut copy, &mut log, *id, 0, Step::Sent);
    report(&mut copy, &mut log, *id, 9, words("second"));
    report(&mut copy, &mut log, *id, 9, Step::Ended);
    let read = keep("two", log.0);
    assert_eq!(read.transcript.rounds[0].runs[0].answer.text, "second");
    assert_eq!(read.replaced.len(), 1);
    assert_eq!(read.replaced[0].answer.text, "first");
}

#[test]
fn an_image_of_a_run_is_kept_with_its_bytes() {
    let home = home();
    let png = crate::attach::png(640, 480, 48);
    fs::write(home.path().join("x.png"), &png).unwrap();
    let path = home.path().join("x.png");
    let ran = run(home.path(), &["run", "--demo", "-q", "--attach", path.to_str().unwrap(), "What is this?"]);
    assert!(ran.status.code() < Some(2), "{}", err(&ran));
    let sessions = Sessions::look(&data(home.path()).join("sessions.db")).unwrap();
    let kept = sessions.load(&sessions.named("last").unwrap()).unwrap();
    let image = kept.transcript.rounds[0].prompt.images().next().cloned().unwrap();
    assert_eq!(image.bytes(), Some(&png[..]));
}

#[test]
fn a_disk_that_fails_is_said_and_nothing_stops() {
    let mut app = kept(1);
    ask(&mut app, "Why?");
    app.update(Event::Kept(News::NotSaved("the disk is full".into())), app.now);
    let rows = shown(&mut app, 120, 24).join("\n");
    assert!(rows.contains("bakeoff · not saved") && rows.contains("not saved: the disk is full"), "{rows}");
    app.update(Event::Kept(News::Saved), app.now);
    let rows = shown(&mut app, 120, 24).join("\n");
    assert!(!rows.contains("bakeoff · not saved") && rows.contains("saved again"), "{rows}");
}

fn data(home: &Path) -> std::path::PathBuf {
    home.join("data")
}

fn start(home: &Path, args: &[&str]) -> Pty {
    let place = data(home);
    let vars = [("HOME", home.to_str().unwrap()), ("BAKEOFF_DATA", place.to_str().unwrap())];
    Pty::start(Path::new(env!("CARGO_BIN_EXE_bakeoff")), args, &vars, 120, 36)
}

fn run(home: &Path, args: &[&str]) -> std::process::Output {
    bakeoff(home).env("BAKEOFF_DATA", data(home)).args(args).output().unwrap()
}

#[test]
fn a_killed_program_has_lost_at_most_a_second() {
    let home = home();
    let mut pty = start(home.path(), &["demo", "Write a long essay on clocks, in detail"]);
    pty.wait_for("first");
    pty.wait_for("complete");
    pty.signal(Signal::KILL);
    pty.exit();
    let found = json(&run(home.path(), &["history", "--format", "json"]));
    assert_eq!((found[0]["rounds"].as_u64(), found[0]["answers"].as_u64()), (Some(1), Some(6)), "{found}");
    assert!(found[0]["interrupted"].as_u64().unwrap() > 0 && found[0]["simulated"] == true, "{found}");
    let id = found[0]["id"].as_str().unwrap();
    let shown = out(&run(home.path(), &["history", "show", id.get(..17).unwrap()]));
    assert!(shown.contains("interrupted") && shown.contains("complete"), "{shown}");
    assert!(
        shown.contains("══ round 1 · 20") && shown.contains("> Write a long essay on clocks, in detail"),
        "{shown}"
    );
    // Found by a word of an answer, exported, and opened again.
    let words = out(&run(home.path(), &["history", "simulated", "scripted"]));
    assert!(words.contains(id), "{words}");
    let file = home.path().join("it.json");
    let export = run(home.path(), &["history", "export", "last", "--out", file.to_str().unwrap()]);
    assert!(export.status.success(), "{}", err(&export));
    let text = fs::read_to_string(&file).unwrap();
    let read = Transcript::load(&file).unwrap();
    assert_eq!(read.write(), text, "written, read and written again");
    let outcomes: Vec<_> = read.rounds[0].runs.iter().map(|r| r.answer.outcome()).collect();
    assert!(outcomes.contains(&Some(Outcome::Interrupted)) && outcomes.contains(&Some(Outcome::Complete)));
    let mut again = start(home.path(), &["open"]);
    again.wait_for("interrupted");
    again.send("And in short?\r");
    again.wait_for("round 2/2");
    again.send("\u{3}\u{3}\u{3}");
    again.exit();
    let found = json(&run(home.path(), &["history", "--format", "json"]));
    assert_eq!(found.as_array().unwrap().len(), 1, "it went on as itself: {found}");
    assert_eq!(found[0]["rounds"], 2);
    // Two programs do not go on with one session.
    let mut first = start(home.path(), &["open"]);
    first.wait_for("round 2/2");
    let mut second = start(home.path(), &["open", "last"]);
    second.wait_for("open in another bakeoff");
    second.send("Who is this?\r");
    second.wait_for("round 3/3");
    first.send("And this?\r");
    first.wait_for("round 3/3");
    for pty in [&mut second, &mut first] {
        pty.send("\u{3}\u{3}\u{3}");
        pty.exit();
    }
    let found = json(&run(home.path(), &["history", "--format", "json"]));
    let rounds: Vec<_> = found.as_array().unwrap().iter().map(|s| s["rounds"].as_u64()).collect();
    assert_eq!(rounds, [Some(3), Some(3)], "{found}");
    // A file is opened as a session of its own, as soon as something is sent.
    let mut copy = start(home.path(), &["open", file.to_str().unwrap()]);
    copy.wait_for("interrupted");
    copy.send("One more?\r");
    copy.wait_for("round 2/2");
    copy.send("\u{3}\u{3}\u{3}");
    copy.exit();
    let found = json(&run(home.path(), &["history", "--format", "json"]));
    assert_eq!(found.as_array().unwrap().len(), 3, "{found}");
    assert_eq!((&found[0]["rounds"], &found[0]["answers"]), (&2.into(), &12.into()), "with all that it had");
}

#[test]
fn no_list_brings_what_a_prompt_or_a_title_has_in_it_to_a_terminal() {
    let home = home();
    let hostile = "\u{1b}]0;owned\u{7} \u{9b}2J \u{202e}gnp.exe 日本";
    assert!(run(home.path(), &["run", "--demo", "-q", hostile]).status.code() < Some(2));
    assert!(run(home.path(), &["history", "tag", "last", "review"]).status.success());
    for args in [
        &["history"][..],
        &["history", "日本"],
        &["history", "--format", "json"],
        &["history", "show", "last"],
    ] {
        let text = out(&run(home.path(), args));
        assert_eq!(clean(&text), text, "{args:?}");
        assert!(text.contains("日本") || args.contains(&"show"), "{args:?}: {text}");
    }
    assert!(run(home.path(), &["history", "rename", "last", hostile]).status.success());
    let found = json(&run(home.path(), &["history", "--tag", "review", "--format", "json"]));
    assert_eq!(found[0]["title"].as_str().map(|t| t.contains('\u{1b}')), Some(false), "{found}");
    let gone = run(home.path(), &["history", "prune", "--days", "0"]);
    assert!(err(&gone).contains("--yes removes them without being asked"), "{}", err(&gone));
    assert!(run(home.path(), &["history", "rm", "last"]).status.success());
    assert!(out(&run(home.path(), &["history"])).is_empty());
}

#[test]
fn what_was_paid_stands_beside_what_it_would_cost_today() {
    let home = home();
    let text = out(&run(
        home.path(),
        &["run", "--demo", "-q", "--incognito", "--format", "transcript", "Explain TCP"],
    ));
    // As if the first endpoint had had other prices then.
    let mut read = Transcript::read(&text).unwrap();
    let run_then = read.rounds[0].runs.iter_mut().find(|run| run.answer.cost.usd.is_some()).unwrap();
    let (name, paid) = (run_then.endpoint.name.clone(), run_then.answer.cost.usd.unwrap());
    let mut price = run_then.answer.price.clone().unwrap();
    price.rates.output = price.rates.output.map(|rate| rate * 2);
    price.as_of = "2025-01-01".into();
    run_then.answer.cost = run_then.answer.cost_at(Some(&price), run_then.answer.rule);
    run_then.answer.price = Some(price);
    let dear = run_then.answer.cost.usd.unwrap();
    assert!(dear > paid);
    let file = home.path().join("then.json");
    fs::write(&file, read.write()).unwrap();
    let path = file.to_str().unwrap();
    let rows = json(&run(home.path(), &["history", "reprice", path, "--format", "json"]));
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 6);
    for row in rows {
        let (then, today) = (&row["then"], &row["today"]);
        if row["endpoint"] == name.as_str() {
            assert_eq!((&then["usd"], &today["usd"]), (&dear.exact().into(), &paid.exact().into()), "{row}");
            assert_eq!(then["prices_as_of"], "2025-01-01");
        } else {
            // What was not known is not known today either, and never 0.
            assert_eq!((&then["usd"], &then["status"]), (&today["usd"], &today["status"]), "{row}");
        }
    }
    let table = run(home.path(), &["history", "reprice", path]);
    assert!(out(&table).contains("-$") && out(&table).contains("same"), "{}", out(&table));
    assert!(err(&table).contains("what was paid is not changed"), "{}", err(&table));
    assert_eq!(fs::read_to_string(&file).unwrap(), read.write(), "the file is as it was");
}

#[test]
fn incognito_keeps_nothing_and_what_is_not_there_is_said() {
    let home = home();
    let place = data(home.path());
    let mut pty = start(home.path(), &["demo", "--incognito", "Explain TCP"]);
    pty.wait_for("complete");
    pty.send("\u{3}\u{3}\u{3}");
    pty.exit();
    assert!(!place.join("sessions.db").exists());
    let nothing = run(home.path(), &["history"]);
    assert!(
        nothing.status.success() && err(&nothing).contains("no session is kept yet"),
        "{}",
        err(&nothing)
    );
    for args in [
        &["history", "show", "x"][..],
        &["open", "x"],
        &["history", "export", "last"],
        &["history", "rm", "x"],
    ] {
        let said = run(home.path(), args);
        assert_eq!(said.status.code(), Some(2));
        assert!(err(&said).contains("there is no session"), "{args:?}: {}", err(&said));
    }
    fs::write(home.path().join("half.json"), "{\"schema\": \"bakeoff.transcript/1\", \"id\"").unwrap();
    let half = home.path().join("half.json");
    let said = run(home.path(), &["open", half.to_str().unwrap()]);
    assert_eq!(said.status.code(), Some(2));
    assert!(
        err(&said).contains("half.json: it ends before it is whole: export or copy it again"),
        "{}",
        err(&said)
    );
}

#[test]
fn what_is_run_without_a_screen_is_kept_as_well() {
    let home = home();
    fs::write(home.path().join("cases.csv"), "topic\nTCP\nUDP\n").unwrap();
    let cases = home.path().join("cases.csv");
    let args =
        ["run", "--demo", "-q", "--trials", "2", "--cases", cases.to_str().unwrap(), "What is {{topic}}?"];
    let told = out(&run(home.path(), &[&args[..], &["--format", "transcript"]].concat()));
    let found = json(&run(home.path(), &["history", "--format", "json", "UDP"]));
    assert_eq!((&found[0]["rounds"], &found[0]["interrupted"]), (&2.into(), &0.into()), "{found}");
    assert_eq!(found[0]["title"], "What is TCP?");
    let told = Transcript::read(&told).unwrap();
    let kept = Transcript::read(&out(&run(home.path(), &["history", "export", "last"]))).unwrap();
    assert_eq!(kept.rounds.len(), 2);
    for (t, k) in told.rounds.iter().zip(&kept.rounds) {
        assert_eq!((&k.prompt, &k.filled), (&t.prompt, &t.filled));
        for (t, k) in t.runs.iter().zip(&k.runs) {
            assert_eq!((k.trial, &k.endpoint.name, &k.answer), (t.trial, &t.endpoint.name, &t.answer));
        }
        assert_eq!(k.runs.len(), t.runs.len());
    }
    assert!(run(home.path(), &["run", "--demo", "-q", "--incognito", "No trace"]).status.code() < Some(2));
    assert_eq!(json(&run(home.path(), &["history", "--format", "json"])).as_array().unwrap().len(), 1);
}

/// What the next test kills.
#[test]
#[ignore = "it runs until it is killed"]
fn a_program_that_keeps() {
    let (Some(path), Ok(name)) = (std::env::var_os("KEPT_PATH"), std::env::var("KEPT_NAME")) else { return };
    killed::stream(Path::new(&path), &name);
}

#[test]
fn whenever_it_is_killed_what_was_told_to_be_whole_is_there() {
    let mut rng = fastrand::Rng::with_seed(6);
    let mut whole = 0;
    let dir = home();
    let path = dir.path().join("sessions.db");
    for point in 0..30 {
        let name = format!("s{point}");
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "sessions::a_program_that_keeps", "--ignored", "--nocapture"]);
        child.env("KEPT_PATH", &path).env("KEPT_NAME", &name);
        whole += killed::kill(child, &path, &name, rng.usize(1..24), Duration::ZERO);
    }
    assert!(whole > 100, "{whole}");
}
