//! The store in figures: what a kill leaves, how fast words are found and sessions opened, many
//! programs at once.
//!
//! `cargo bench --bench sessions [-- NAME…]` prints every figure (or the named ones: kill, find,
//! open, many) beside its goal.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench is a test that prints"
)]

#[path = "../tests/support/killed.rs"]
mod killed;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use bakeoff::model::{Answer, Delta, Step};
use bakeoff::store::{Filter, Keeper, News, Save, Sessions};
use bakeoff::ui::{App, Keymap};

fn file(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.db"))
}

fn settled(keeper: &Keeper, saves: Vec<Save>) {
    let (done, wait) = channel();
    keeper.save(saves, Some(Box::new(move || done.send(()).unwrap_or_default())));
    wait.recv().unwrap();
}

/// An answer of so many arrivals of three words each.
fn answer(id: u64, arrivals: u64) -> Answer {
    const WORDS: [&str; 16] = [
        "clock", "stream", "token", "cloud", "price", "first", "second", "model", "answer", "question",
        "latency", "deadlock", "mutex", "region", "header", "socket",
    ];
    let mut rng = fastrand::Rng::with_seed(id);
    let mut answer = Answer::new(false);
    answer.apply(Duration::ZERO, Step::Sent);
    for at in 1..=arrivals {
        let word = |_| format!("{}{} ", WORDS[rng.usize(..16)], rng.u8(..40));
        let words = (0..3).map(word).collect::<Vec<_>>().concat();
        answer.apply(Duration::from_millis(at * 20), Step::Deltas(vec![Delta::Text(words)]));
    }
    answer.apply(Duration::from_millis(arrivals * 20 + 5), Step::Ended);
    answer
}

fn kill() {
    let program = std::env::current_exe().unwrap();
    let (mut whole, mut points) = (0, 0);
    let mut rng = fastrand::Rng::with_seed(7);
    let begin = Instant::now();
    for _ in 0..50 {
        // Recovery over recovery of one file.
        let dir = tempfile::tempdir().unwrap();
        let path = file(dir.path(), "killed");
        for _ in 0..20 {
            let name = format!("s{points}");
            let mut child = Command::new(&program);
            child.args(["child", path.to_str().unwrap(), &name]);
            whole += killed::kill(child, &path, &name, 1, Duration::from_micros(rng.u64(..60_000)));
            points += 1;
        }
    }
    println!(
        "kill -9 at {points} points with {} streams: {whole} answers that were told to be whole, 0 lost, 0 failed \
         checks, 0 failed starts ({:.0} s)",
        killed::STREAMS,
        begin.elapsed().as_secs_f64()
    );
}

fn find() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), "find");
    let mut id = 0;
    for session in 0..250 {
        let keeper = Keeper::start(&path, &format!("20261124T10{session:04}Z-1"), |_| ());
        let mut saves = vec![killed::session()];
        for round in 0..100 {
            saves.push(killed::round(round, "Which of them is first?"));
            for _ in 0..4 {
                saves.push(killed::asked(id, round, "Which of them is first?"));
                saves.extend(Save::whole(id, &answer(id, 40)));
                id += 1;
            }
        }
        settled(&keeper, saves);
        assert!(keeper.finish(Duration::from_mins(1)));
    }
    let sessions = Sessions::look(&path).unwrap();
    let size = std::fs::metadata(&path).unwrap().len() >> 20;
    println!("find in {id} answers, {size} MiB (goal: 50 ms)");
    for words in ["deadlock7", "first", "clock3 token1", "deadlock7 mutex9 socket2", "which", "nowhere", "cl"]
    {
        let filter = Filter { words: words.into(), limit: 50, ..Filter::default() };
        let mut times: Vec<Duration> = Vec::new();
        let mut found = 0;
        for _ in 0..5 {
            let begin = Instant::now();
            found = sessions.find(&filter).unwrap().len();
            times.push(begin.elapsed());
        }
        times.sort_unstable();
        println!("  {words:28} {found:3} sessions {:8.1?} median, {:8.1?} longest", times[2], times[4]);
    }
    let begin = Instant::now();
    let all = sessions.find(&Filter { limit: 50, ..Filter::default() }).unwrap().len();
    println!("  the newest {all}: {:.1?}", begin.elapsed());
}

fn open() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), "open");
    let keeper = Keeper::start(&path, "s", |_| ());
    let mut saves = vec![killed::session()];
    for round in 0..1_000 {
        saves.push(killed::round(round, "Which of them is first?"));
        for seat in 0..4 {
            let id = round as u64 * 8 + seat;
            saves.push(killed::asked(id, round, "Which of them is first?"));
            saves.extend(Save::whole(id, &answer(id, 150)));
        }
    }
    settled(&keeper, saves);
    assert!(keeper.finish(Duration::from_mins(1)));
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..5 {
        let begin = Instant::now();
        let kept = Sessions::look(&path).unwrap().load("s").unwrap();
        let mut app = App::new("open".into(), kept.transcript.lineup.clone(), Keymap::default());
        app.reopen(kept, true);
        assert_eq!(app.rounds.len(), 1_000);
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    println!(
        "read and reopen a session of 1,000 rounds, 4 answers of 150 arrivals each: {:.0?} median, {:.0?} longest (goal: open in 300 ms)",
        times[2], times[4]
    );
}

fn many() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), "many");
    let begin = Instant::now();
    let program = std::env::current_exe().unwrap();
    let children: Vec<_> = (0..16)
        .map(|n| {
            Command::new(&program)
                .args(["many-child", path.to_str().unwrap(), &format!("s{n}")])
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let sessions = Sessions::look(&path).unwrap();
    let mut kept = 0;
    for n in 0..16 {
        kept += sessions
            .load(&format!("s{n}"))
            .unwrap()
            .transcript
            .rounds
            .iter()
            .map(|r| r.runs.len())
            .sum::<usize>();
    }
    let log = std::fs::metadata(format!("{}-wal", path.display())).map_or(0, |m| m.len()) >> 10;
    println!(
        "16 programs × 500 saves: {kept} answers of {} kept, nothing said of a lock, {:.1} s; WAL {log} KiB (goal: 16 MiB)",
        16 * 500,
        begin.elapsed().as_secs_f64()
    );
}

fn many_child(path: &Path, name: &str) {
    let keeper = Keeper::start(path, name, |news| assert_eq!(news, News::Saved));
    settled(&keeper, vec![killed::session()]);
    for id in 0..500_u64 {
        let round = usize::try_from(id).unwrap();
        let saves = vec![
            killed::round(round, "many"),
            killed::asked(id, round, "many"),
            Save::whole(id, &answer(id, 5)).unwrap(),
        ];
        settled(&keeper, saves);
    }
    assert!(keeper.finish(Duration::from_mins(1)));
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["child", path, name] => return killed::stream(Path::new(path), name),
        ["many-child", path, name] => return many_child(Path::new(path), name),
        _ => {}
    }
    for (name, run) in [("kill", kill as fn()), ("find", find), ("open", open), ("many", many)] {
        if args.is_empty() || args.iter().any(|a| a == name) {
            run();
        }
    }
}
