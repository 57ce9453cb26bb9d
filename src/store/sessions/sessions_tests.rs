//! Sessions on a real disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::{Claim, Filter, Keeper, Mark, News, Save, SessionRecord, Sessions, grown};
use crate::model::Answer;
use crate::model::Attachment;
use crate::model::Delta;
use crate::model::Endpoint;
use crate::model::Image;
use crate::model::ImageKind;
use crate::model::Lineup;
use crate::model::Origin;
use crate::model::Outcome;
use crate::model::Prompt;
use crate::model::Step;
use crate::store::AnswerRecord;
use crate::store::Detail;
use crate::store::Round;
use crate::store::RoundRecord;
use crate::store::Run;
use crate::store::record::record_tests::answer;

/// A keeper and what it says.
struct Desk {
    keeper: Keeper,
    news: Receiver<News>,
}

impl Desk {
    fn new(path: &Path, session: &str) -> Self {
        let (tell, news) = channel();
        let keeper = Keeper::start(path, session, move |n| drop(tell.send(n)));
        Self { keeper, news }
    }

    /// Keeps these and waits until that is done, or has failed.
    fn save(&self, saves: Vec<Save>) {
        let (done, wait) = channel();
        self.keeper.save(saves, Some(Box::new(move || done.send(()).unwrap_or_default())));
        wait.recv_timeout(Duration::from_mins(1)).unwrap();
    }

    fn said(&self) -> Vec<News> {
        self.news.try_iter().collect()
    }
}

fn file() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/sessions.db");
    (dir, path)
}

fn session(title: &str) -> Save {
    let endpoints = vec![Endpoint { name: "one".into(), provider: "openai".into(), ..Endpoint::default() }];
    let lineup = Lineup { endpoints, ..Lineup::default() };
    Save::Session(Box::new(SessionRecord {
        title: title.into(),
        started_at: "2026-11-24T10:00:00Z".into(),
        lineup,
        draft: "and what I was writing".into(),
        ..SessionRecord::default()
    }))
}

fn run(answer: Answer) -> Run {
    let endpoint = Endpoint {
        name: "one".into(),
        provider: "openai".into(),
        model: "gpt-6-sol".into(),
        key: Some(crate::model::KeySource::Env("MY_KEY".into())),
        simulated: answer.simulated,
        ..Endpoint::default()
    };
    Run { endpoint, answer, trial: 1, prompt: Prompt::new("Why?").with_system(Some("Be brief.".into())) }
}

fn blank() -> Round {
    Round {
        id: String::new(),
        sent_at: None,
        written: None,
        origin: Origin::default(),
        prompt: Prompt::default(),
        filled: None,
        runs: Vec::new(),
        baseline: None,
    }
}

/// A round with one answer of this id, asked and not yet answered.
fn asked(round: usize, id: u64, question: &str) -> Vec<Save> {
    let prompt = Prompt::new(question).with_system(Some("Be brief.".into()));
    let exported = Round { id: format!("r-{round}"), prompt, ..blank() };
    let record = AnswerRecord::of_run(&run(Answer::new(false)), Some("Be brief."), Detail::Kept);
    vec![
        Save::Round(round, Box::new(RoundRecord::of(&exported, &[], Detail::Kept))),
        Save::Asked { id, round, seat: 0, trial: 1, record: Box::new(record) },
    ]
}

fn whole(id: u64, answer: &Answer) -> Save {
    Save::whole(id, answer).unwrap()
}

fn said(text: &str) -> Answer {
    let mut answer = Answer::new(false);
    answer.apply(Duration::ZERO, Step::Sent);
    answer.apply(Duration::from_millis(5), Step::Deltas(vec![Delta::Text(text.into())]));
    answer.apply(Duration::from_millis(9), Step::Ended);
    answer
}

#[test]
fn what_was_kept_is_read_as_it_was() {
    let (_dir, path) = file();
    let desk = Desk::new(&path, "s1");
    desk.save(vec![session("first")]);
    let answers: Vec<Answer> = (0..200).map(answer).filter(|a| !a.simulated).take(40).collect();
    for (n, answer) in answers.iter().enumerate() {
        let id = n as u64;
        desk.save(asked(n, id, &format!("question {n}")));
        desk.save(vec![whole(id, answer)]);
    }
    assert!(desk.said().iter().all(|n| *n == News::Saved));
    let kept = Sessions::look(&path).unwrap().load("s1").unwrap();
    assert_eq!((kept.remarks.len(), kept.next_id), (0, 40), "{:?}", kept.remarks);
    assert_eq!(kept.record.draft, "and what I was writing");
    for (n, (round, before)) in kept.transcript.rounds.iter().zip(&answers).enumerate() {
        assert_eq!(round.prompt.question(), format!("question {n}"));
        assert_eq!(&round.runs[0].answer, before, "answer {n}");
        assert_eq!(
            round.runs[0].endpoint,
            Run { ..run(before.clone()) }.endpoint,
            "where its key is as well"
        );
        assert_eq!(round.runs[0].prompt, run(before.clone()).prompt.reworded(format!("question {n}")));
    }
    for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.path());
    }
}

#[test]
fn an_answer_that_did_not_end_is_read_as_interrupted_with_all_its_parts() {
    let (_dir, path) = file();
    let desk = Desk::new(&path, "s1");
    desk.save(vec![session("first")]);
    desk.save(asked(0, 7, "long"));
    let mut running = Answer::new(false);
    running.apply(Duration::ZERO, Step::Prepared(Box::default()));
    running.apply(Duration::ZERO, Step::Sent);
    let mut mark = Mark::default();
    for n in 1..=5 {
        running.apply(Duration::from_millis(n), Step::Deltas(vec![Delta::Text(format!("part {n}. "))]));
        desk.save(grown(7, &running, &mut mark).into_iter().collect());
    }
    let kept = Sessions::look(&path).unwrap().load("s1").unwrap();
    let read = &kept.transcript.rounds[0].runs[0].answer;
    assert_eq!(read.outcome(), Some(Outcome::Interrupted));
    assert_eq!(read.text, "part 1. part 2. part 3. part 4. part 5. ");
    assert_eq!(read.timeline.end, Some(Duration::from_millis(5)), "its clock stops where it was last heard");
    // What was withdrawn is nowhere in the file.
    running
        .apply(Duration::from_millis(6), Step::Deltas(vec![Delta::Withdrawn(crate::model::Kind::Text, 8)]));
    desk.save(grown(7, &running, &mut mark).into_iter().collect());
    assert!(desk.keeper.finish(Duration::from_secs(9)));
    let kept = Sessions::look(&path).unwrap().load("s1").unwrap();
    assert_eq!(kept.transcript.rounds[0].runs[0].answer.text, "part 1. part 2. part 3. part 4. ");
    for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(7).any(|w| w == b"part 5."), "{}", path.display());
    }
}

#[test]
fn an_image_comes_back_with_its_bytes_and_is_kept_once() {
    let (_dir, path) = file();
    let desk = Desk::new(&path, "s1");
    let bytes = b"pixels".to_vec();
    let hash = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
    let image = Image::known("chart.png".into(), ImageKind::Png, (1, 1), 6, hash.clone());
    let with = |n: usize| {
        let mut saves = asked(n, n as u64, "see");
        if let Save::Round(_, record) = &mut saves[0] {
            let prompt = Prompt::new("see").attach(&[Attachment::Image(image.clone())]);
            let round = Round { id: format!("r-{n}"), prompt, ..blank() };
            **record = RoundRecord::of(&round, &[], Detail::Kept);
        }
        saves.push(Save::Picture(hash.clone(), bytes.clone()));
        saves
    };
    desk.save([vec![session("pictures")], with(0), with(1)].concat());
    let sessions = Sessions::change(&path).unwrap();
    let kept = sessions.load("s1").unwrap();
    for round in &kept.transcript.rounds {
        for prompt in [&round.prompt, &round.runs[0].prompt] {
            assert_eq!(prompt.images().next().and_then(Image::bytes), Some(&bytes[..]));
        }
    }
    // A transcript has what it was, not the bytes.
    let again = crate::store::Transcript::read(&kept.transcript.write()).unwrap();
    assert_eq!(again.rounds[0].prompt.images().next().and_then(Image::bytes), None);
    let pictures = || -> i64 {
        let count = "SELECT count(*) FROM picture";
        Connection::open(&path).unwrap().query_row(count, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(pictures(), 1);
    sessions.remove("s1").unwrap();
    assert_eq!(pictures(), 0);
}

#[test]
fn an_answer_that_another_one_stands_in_place_of_is_kept_and_paid_for() {
    let (_dir, path) = file();
    let desk = Desk::new(&path, "s1");
    desk.save(vec![session("first")]);
    desk.save(asked(0, 1, "again"));
    desk.save(vec![whole(1, &said("old")), Save::Replaced(1)]);
    desk.save(asked(0, 2, "again"));
    desk.save(vec![whole(2, &said("new"))]);
    let kept = Sessions::look(&path).unwrap().load("s1").unwrap();
    assert_eq!(kept.transcript.rounds[0].runs.len(), 1);
    assert_eq!(kept.transcript.rounds[0].runs[0].answer.text, "new");
    assert_eq!(kept.replaced[0].answer.text, "old");
}

#[test]
fn sessions_are_found_by_words_and_by_what_they_are() {
    let (_dir, path) = file();
    for (name, question, text) in [
        ("20261101T100000Z-1", "What is a deadlock?", "Two threads that wait for each other: naïve locking."),
        ("20261102T100000Z-2", "Translate", "<script>alert(1)</script> \u{1b}[2J rust-lang C++ 日本語"),
        (
            "20261103T100000Z-3",
            "What is a race condition?",
            "An outcome that depends on timing. Deadlocks differ.",
        ),
    ] {
        let desk = Desk::new(&path, name);
        desk.save(vec![session(question)]);
        desk.save(asked(0, 1, question));
        desk.save(vec![whole(1, &said(text))]);
        assert!(desk.keeper.finish(Duration::from_secs(9)));
    }
    let sessions = Sessions::change(&path).unwrap();
    let find = |words: &str| -> Vec<String> {
        let filter = Filter { words: words.into(), limit: 9, ..Filter::default() };
        sessions
            .find(&filter)
            .unwrap()
            .into_iter()
            .map(|one| one.id.split_once('Z').unwrap().1.to_owned())
            .collect()
    };
    assert_eq!(find("deadlock"), ["-3", "-1"], "the newest first, the last word is a beginning");
    assert_eq!(find("deadlock threads"), Vec::<String>::new(), "they do not stand in one text");
    assert_eq!(find("naive lock"), ["-1"]);
    assert_eq!(find("race condition"), ["-3"]);
    for odd in ["\"", "AND", "NEAR(", "*", "a:b", "c++", "'; DROP TABLE session; --", "^", "日本"] {
        let _ = find(odd);
    }
    assert_eq!(find("日本"), ["-2"]);
    assert_eq!(find("  ").len(), 3, "no word is no filter");
    let hit =
        sessions.find(&Filter { words: "timing".into(), limit: 1, ..Filter::default() }).unwrap().remove(0);
    assert_eq!(
        hit.found.unwrap(),
        (0, "An outcome that depends on \u{1}timing\u{2}. Deadlocks differ.".to_owned())
    );
    assert!(
        hit.bytes > 50 && hit.endpoints == ["one"] && (hit.rounds, hit.answers, hit.interrupted) == (1, 1, 0)
    );
    // By tag, by endpoint, by name.
    let id = sessions.named("20261102").unwrap();
    sessions.tag(&id, "odd").unwrap();
    sessions.rename(&id, "mine").unwrap();
    let tagged = Filter { tag: Some("odd".into()), limit: 9, ..Filter::default() };
    assert_eq!(sessions.find(&tagged).unwrap()[0].title, "mine");
    sessions.rename(&id, "").unwrap();
    assert_eq!(sessions.find(&tagged).unwrap()[0].title, "Translate");
    sessions.untag(&id, "odd").unwrap();
    assert!(sessions.find(&tagged).unwrap().is_empty());
    let asked = |endpoint: &str| {
        sessions
            .find(&Filter { endpoint: Some(endpoint.into()), limit: 9, ..Filter::default() })
            .unwrap()
            .len()
    };
    assert_eq!((asked("OPENAI:gpt"), asked("bedrock")), (3, 0));
    assert!(sessions.named("2026").unwrap_err().contains("several sessions begin with"));
    assert!(sessions.named("nothing").unwrap_err().contains("there is no session"));
    assert_eq!(sessions.named("last").unwrap(), "20261103T100000Z-3");
    sessions.remove(&id).unwrap();
    assert!(find("translate").is_empty() && sessions.load(&id).is_err());
    assert!(sessions.load("20261101T100000Z-1").is_ok());
}

#[test]
fn what_is_removed_leaves_no_word_behind_and_what_is_open_is_not_removed() {
    let (_dir, path) = file();
    for name in ["s1", "s2"] {
        let desk = Desk::new(&path, name);
        desk.save(vec![session("plain")]);
        desk.save(asked(0, 1, &format!("the pangolinquestion of {name}")));
        desk.save(vec![whole(1, &said(&format!("a quokkaanswer of {name}")))]);
        assert!(desk.keeper.finish(Duration::from_secs(9)));
    }
    let sessions = Sessions::change(&path).unwrap();
    let claim = Claim::new(&path, "s1").unwrap();
    assert!(sessions.remove("s1").unwrap_err().contains("open in another bakeoff"));
    assert!(sessions.load("s1").is_ok());
    drop(claim);
    sessions.remove("s1").unwrap();
    sessions.remove("s2").unwrap();
    drop(sessions);
    for entry in
        fs::read_dir(path.parent().unwrap()).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file())
    {
        let bytes = fs::read(&entry).unwrap();
        for word in [&b"pangolin"[..], b"quokka"] {
            assert!(!bytes.windows(word.len()).any(|w| w == word), "{}", entry.display());
        }
    }
}

#[test]
fn a_round_that_cannot_be_read_takes_no_other_with_it() {
    let (_dir, path) = file();
    let desk = Desk::new(&path, "s1");
    desk.save(vec![session("first")]);
    desk.save(asked(0, 1, "one"));
    let mut second = asked(1, 2, "two");
    if let Save::Round(_, record) = &mut second[0] {
        record.parent = Some("r-0".into());
    }
    desk.save(second);
    desk.save(vec![whole(2, &said("the answer"))]);
    let kept = Sessions::look(&path).unwrap().load("s1").unwrap();
    assert_eq!(kept.transcript.rounds[1].origin.parent, Some(0));
    Connection::open(&path).unwrap().execute("UPDATE round SET record = '{' WHERE number = 0", []).unwrap();
    let kept = Sessions::look(&path).unwrap().load("s1").unwrap();
    assert_eq!(kept.transcript.rounds.len(), 1);
    assert_eq!(kept.transcript.rounds[0].runs[0].answer.text, "the answer");
    let remarks = kept.remarks.join("; ");
    assert!(
        remarks.contains("round 1 cannot be read") && remarks.contains("r-1 stands without"),
        "{remarks}"
    );
}

#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let (_dir, path) = file();
    let desk = Desk::new(&path, "s1");
    desk.save(vec![session("first")]);
    assert!(desk.keeper.finish(Duration::from_secs(9)));
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(&path).unwrap();
    let desk = Desk::new(&path, "s2");
    desk.save(vec![session("second")]);
    let newer = "the sessions are of a newer bakeoff (schema 99): update bakeoff";
    assert_eq!(desk.said(), [News::NotSaved(newer.into())]);
    assert!(!desk.keeper.finish(Duration::ZERO) || fs::read(&path).unwrap() == before);
    // What this version knows of it can still be read.
    let found = Sessions::look(&path).unwrap().find(&Filter { limit: 9, ..Filter::default() }).unwrap();
    assert_eq!(found.len(), 1);
    assert!(Sessions::change(&path).err().unwrap().contains(newer));
}

#[test]
fn a_damaged_file_is_set_aside_and_what_can_be_read_is_taken_over() {
    for damage in ["pages", "header", "text"] {
        let (_dir, path) = file();
        let desk = Desk::new(&path, "s1");
        desk.save(vec![session("first")]);
        for n in 0..60 {
            desk.save(asked(n, n as u64, &format!("question {n} {}", "x".repeat(900))));
            desk.save(vec![whole(n as u64, &said(&"y".repeat(2_000)))]);
        }
        assert!(desk.keeper.finish(Duration::from_secs(9)));
        let mut bytes = fs::read(&path).unwrap();
        let half = bytes.len() / 2;
        match damage {
            "pages" => bytes[half..half + 40_960].fill(0),
            "header" => bytes[..100].fill(b'?'),
            _ => bytes = b"these are no sessions".to_vec(),
        }
        for tail in ["-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{tail}", path.display()));
        }
        fs::write(&path, &bytes).unwrap();
        let desk = Desk::new(&path, "s2");
        // A page that nobody reads is not seen to be damaged: everything is read.
        let looked = Sessions::look(&path).and_then(|s| s.load("s1").map(|_| ()));
        for n in 0..400 {
            desk.save(vec![session("second")]);
            desk.save(asked(n, n as u64, "more"));
            if desk.said().iter().any(|n| matches!(n, News::Rescued(_))) {
                break;
            }
        }
        desk.save(vec![session("second")]);
        let now = Sessions::look(&path).unwrap();
        assert!(now.load("s2").is_ok(), "{damage}: {looked:?}");
        if damage == "pages" {
            continue;
        }
        let aside: Vec<PathBuf> = fs::read_dir(path.parent().unwrap())
            .unwrap()
            .map(|e| e.unwrap().path())
            .filter(|p| p.to_string_lossy().contains("sessions-damaged-"))
            .collect();
        assert!(aside.iter().any(|p| fs::read(p).unwrap() == bytes), "{damage}: {aside:?}");
    }
}

#[test]
fn what_could_not_be_written_is_written_later_and_nothing_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("place");
    // A file stands where the directory should be.
    fs::write(&place, "").unwrap();
    let path = place.join("sessions.db");
    let desk = Desk::new(&path, "s1");
    desk.save(vec![session("first")]);
    desk.save(asked(0, 1, "early"));
    let news = desk.said();
    assert!(matches!(&news[..], [News::NotSaved(_)]), "it is said once: {news:?}");
    fs::remove_file(&place).unwrap();
    desk.save(vec![whole(1, &said("late"))]);
    assert_eq!(desk.said(), [News::Saved]);
    let kept = Sessions::look(&path).unwrap().load("s1").unwrap();
    assert_eq!(kept.transcript.rounds[0].runs[0].answer.text, "late");
}

#[test]
fn many_programs_write_at_once() {
    let (_dir, path) = file();
    let each = 30;
    std::thread::scope(|scope| {
        for n in 0..16 {
            let path = &path;
            scope.spawn(move || {
                let desk = Desk::new(path, &format!("s{n}"));
                desk.save(vec![session("one of many")]);
                for at in 0..each {
                    desk.save(asked(at, at as u64, "all at once"));
                    desk.save(vec![whole(at as u64, &said(&format!("{n} {at}")))]);
                }
                assert!(desk.said().iter().all(|n| *n == News::Saved));
                assert!(desk.keeper.finish(Duration::from_secs(30)));
            });
        }
    });
    let sessions = Sessions::look(&path).unwrap();
    for n in 0..16 {
        let kept = sessions.load(&format!("s{n}")).unwrap();
        let texts: Vec<&str> =
            kept.transcript.rounds.iter().map(|r| r.runs[0].answer.text.as_str()).collect();
        let wanted: Vec<String> = (0..each).map(|at| format!("{n} {at}")).collect();
        assert_eq!(texts, wanted);
    }
    let log = fs::metadata(format!("{}-wal", path.display())).map_or(0, |m| m.len());
    assert!(log < 16 << 20, "{log}");
    let whole: String =
        Connection::open(&path).unwrap().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
}
