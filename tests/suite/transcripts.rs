//! Transcripts: written, read and written again; what is wrong with one is said with its place.

use bakeoff::store::Transcript;

use crate::program::{bakeoff, err, home, out};

/// A transcript of a run that has everything: trials, cases, a failure, thoughts.
fn transcript() -> String {
    let home = home();
    std::fs::write(home.path().join("cases.csv"), "topic,id\nTCP,1\nUDP,2\n").unwrap();
    let run = bakeoff(home.path())
        .current_dir(home.path())
        .args(["run", "--demo", "--quiet", "--trials", "2", "--cases", "cases.csv", "--system", "Be brief."])
        .args(["--format", "transcript", "What is {{topic}}?"])
        .output()
        .unwrap();
    let text = out(&run);
    assert!(text.starts_with("{\n  \"schema\": \"bakeoff.transcript/1\""), "{} {text}", err(&run));
    text
}

#[test]
fn a_transcript_is_read_and_written_again_to_the_same_bytes() {
    let text = transcript();
    let read = Transcript::read(&text).unwrap();
    assert_eq!(read.rounds.len(), 2);
    let runs = read.rounds.iter().flat_map(|r| &r.runs);
    assert!(runs.clone().any(|run| run.answer.fault.is_some()) && runs.clone().any(|run| run.trial == 2));
    assert!(runs.clone().all(|run| run.answer.sending.as_ref().is_none_or(|s| s.body.contains("What is"))));
    assert!(runs.clone().all(|run| run.answer.simulated && run.endpoint.simulated));
    assert_eq!(read.write(), text);
}

#[test]
fn what_is_wrong_with_a_transcript_is_said_with_its_place() {
    let text = transcript();
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        Transcript::read(&text.replacen(from, to, 1)).unwrap_err()
    };
    for (from, to, said) in [
        (
            "bakeoff.transcript/1",
            "bakeoff.transcript/9",
            "it is of a newer bakeoff (transcript/9, this one reads 1)",
        ),
        ("bakeoff.transcript/1", "bakeoff.run/1", "it is a result of `run`"),
        ("\"schema\": \"bakeoff.transcript/1\",", "", "it has no \"schema\""),
        ("\"status\": \"complete\"", "\"status\": \"perfect\"", "rounds[0].answers["),
        ("\"trial\": 1", "\"trial\": \"one\"", "].trial: invalid type"),
        ("\"text\": \"", "\"text\": \"Not so. ", "was changed"),
        ("\"id\": \"", "\"id\": 7, \"x\": \"", "id: invalid type: integer `7`, expected a string"),
    ] {
        let why = changed(from, to);
        assert!(why.contains(said), "{from} -> {to}: {why}");
        assert!(!why.contains('\n') && why.len() < 400, "{why}");
    }
    for cut in [text.len() / 7, text.len() / 2, text.len() - 3] {
        let cut = text.floor_char_boundary(cut);
        let why = Transcript::read(text.get(..cut).unwrap()).unwrap_err();
        assert!(why.contains("it ends before it is whole"), "{cut}: {why}");
    }
    for nothing in ["", "[]", "no JSON", "{\"schema\": 3}"] {
        assert!(Transcript::read(nothing).is_err(), "{nothing}");
    }
    assert!(Transcript::read(&format!("{text} and more")).unwrap_err().contains("no transcript"), "a tail");
    assert!(
        Transcript::load(std::path::Path::new("/nowhere/x.json"))
            .unwrap_err()
            .starts_with("/nowhere/x.json: ")
    );
}
