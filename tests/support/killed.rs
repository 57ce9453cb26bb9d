//! A program that keeps eight streams and is killed in the middle of it, and what is left then.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use bakeoff::model::{Answer, Delta, Endpoint, Origin, Prompt, Step};
use bakeoff::store::{
    AnswerRecord, Detail, Keeper, Mark, Round, RoundRecord, Run, Save, SessionRecord, Sessions, grown,
};

pub const STREAMS: u64 = 8;

/// The text of an answer, the same in every program.
pub fn said(id: u64) -> String {
    let part = |part| format!("answer {id} part {part} {}\n", "0123456789abcdef".repeat(100));
    (0..6).map(part).collect::<Vec<_>>().concat()
}

pub fn endpoint(n: u64) -> Endpoint {
    Endpoint { name: format!("m{n}"), provider: "openai".into(), model: "m".into(), ..Endpoint::default() }
}

/// A round in which nobody is asked yet.
pub fn round(number: usize, question: &str) -> Save {
    let round = Round {
        id: format!("r-{number}"),
        sent_at: None,
        written: None,
        origin: Origin::default(),
        prompt: Prompt::new(question),
        filled: None,
        runs: Vec::new(),
        baseline: None,
    };
    Save::Round(number, Box::new(RoundRecord::of(&round, &[], Detail::Kept)))
}

pub fn asked(id: u64, round: usize, question: &str) -> Save {
    let run = Run {
        endpoint: endpoint(id % STREAMS),
        answer: Answer::new(false),
        trial: 1,
        prompt: Prompt::new(question),
    };
    let record = Box::new(AnswerRecord::of_run(&run, None, Detail::Kept));
    Save::Asked { id, round, seat: usize::try_from(id % STREAMS).unwrap(), trial: 1, record }
}

pub fn session() -> Save {
    let started_at = "2026-11-24T10:00:00Z".to_owned();
    Save::Session(Box::new(SessionRecord { title: "killed".into(), started_at, ..SessionRecord::default() }))
}

/// Keeps rounds of eight answers until it is killed, and says on its standard output what is on
/// the disk: `asked 3`, `whole 24`.
pub fn stream(path: &Path, name: &str) {
    let keeper = Keeper::start(path, name, |_| ());
    let tell = |word: String| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{word}").unwrap();
        out.flush().unwrap();
    };
    let settled = |saves: Vec<Save>| {
        let (done, wait) = channel();
        keeper.save(saves, Some(Box::new(move || done.send(()).unwrap_or_default())));
        wait.recv_timeout(Duration::from_secs(20)).unwrap();
    };
    settled(vec![session()]);
    for number in 0_u64.. {
        let (at, ids) = (usize::try_from(number).unwrap(), number * STREAMS..(number + 1) * STREAMS);
        let mut saves = vec![round(at, "What is left?")];
        saves.extend(ids.clone().map(|id| asked(id, at, "What is left?")));
        settled(saves);
        tell(format!("asked {number}"));
        let mut answers: Vec<(u64, Answer, Mark)> =
            ids.map(|id| (id, Answer::new(false), Mark::default())).collect();
        for (_, answer, _) in &mut answers {
            answer.apply(Duration::ZERO, Step::Prepared(Box::default()));
            answer.apply(Duration::ZERO, Step::Sent);
        }
        for part in 0..6 {
            let mut saves = Vec::new();
            for (id, answer, mark) in &mut answers {
                let line = said(*id).split_inclusive('\n').nth(part).unwrap().to_owned();
                let at = Duration::from_millis(part as u64 + 1);
                answer.apply(at, Step::Deltas(vec![Delta::Text(line)]));
                saves.extend(grown(*id, answer, mark));
            }
            keeper.save(saves, None);
        }
        for (id, answer, mark) in &mut answers {
            answer.apply(Duration::from_millis(9), Step::Ended);
            settled(grown(*id, answer, mark).into_iter().collect());
            tell(format!("whole {id}"));
        }
    }
}

/// Kills a program that streams into this file once it has told of so much, and `patience` later;
/// looks at what it has left: how many whole answers it had told of.
///
/// # Panics
/// When anything that was told of is missing, or the file is not sound.
pub fn kill(mut program: Command, path: &Path, name: &str, lines_first: usize, patience: Duration) -> usize {
    let mut child = program.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // A test binary says something of its own first.
    let mut told: Vec<String> = Vec::new();
    for line in lines.by_ref().map_while(Result::ok) {
        let counts = line.starts_with("asked") || line.starts_with("whole");
        told.extend(Some(line).filter(|_| counts));
        if told.len() >= lines_first {
            break;
        }
    }
    if !patience.is_zero() {
        std::thread::sleep(patience);
    }
    child.kill().unwrap();
    told.extend(lines.map_while(Result::ok));
    child.wait().unwrap();
    let sound = Sessions::look(path).unwrap().check().unwrap();
    assert_eq!(sound, "ok", "{name}");
    let kept = Sessions::look(path).unwrap().load(name).unwrap();
    assert!(kept.remarks.is_empty(), "{name}: {:?}", kept.remarks);
    let number = |line: &str, word: &str| line.strip_prefix(word)?.trim().parse::<u64>().ok();
    let rounds = told.iter().filter_map(|line| number(line, "asked")).count();
    assert!(kept.transcript.rounds.len() >= rounds, "{name}: a prompt is lost");
    let mut whole = 0;
    for id in told.iter().filter_map(|line| number(line, "whole")) {
        let round = usize::try_from(id / STREAMS).unwrap();
        let at = kept.ids[round].iter().position(|known| *known == id).unwrap();
        let answer = &kept.transcript.rounds[round].runs[at].answer;
        assert_eq!(
            answer.outcome().map(bakeoff::model::Outcome::word),
            Some("complete"),
            "{name}: answer {id}"
        );
        assert_eq!(answer.text, said(id), "{name}: answer {id}");
        whole += 1;
    }
    // What was not whole has a beginning of what it would have been.
    for (round, ids) in kept.transcript.rounds.iter().zip(&kept.ids) {
        for (run, id) in round.runs.iter().zip(ids) {
            assert!(said(*id).starts_with(&run.answer.text), "{name}: answer {id}");
        }
    }
    whole
}
