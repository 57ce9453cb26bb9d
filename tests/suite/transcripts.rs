//! Transcripts: written, read and written again; what is wrong with one is said with its place.

use std::sync::OnceLock;

use bakeoff::model::clean;
use bakeoff::store::{Transcript, export};
use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::program::{bakeoff, err, home, out};

/// A transcript of a run that has everything: trials, cases, a failure, thoughts.
fn transcript() -> String {
    static ONCE: OnceLock<String> = OnceLock::new();
    ONCE.get_or_init(run).clone()
}

fn run() -> String {
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

const HOSTILE: &str = "=HYPERLINK(\"http://evil.example\")\n```\n# A heading @somebody #1\n</details><script>alert(1)</script>\n\
    ![x](http://evil.example/x.png) [y](http://evil.example)\n````\n\u{1b}[2J\u{9b}1m\u{202e}gnp.\u{7} \"quoted\", and\r\nmore";

/// The same with everything hostile that a model, a server or a lineup can say.
fn hostile() -> Transcript {
    let mut read = Transcript::read(&transcript()).unwrap();
    for round in &mut read.rounds {
        round.prompt = bakeoff::model::Prompt::new(HOSTILE).with_system(Some(HOSTILE.into()));
        for run in &mut round.runs {
            run.endpoint.name = format!("<b>{HOSTILE}");
            run.answer.text = HOSTILE.into();
            run.answer.request_id = Some(HOSTILE.into());
            run.answer.stop = Some((bakeoff::model::Stop::Other, HOSTILE.into()));
            if let Some(fault) = &mut run.answer.fault {
                fault.message = HOSTILE.into();
            }
        }
    }
    read
}

fn written(read: &Transcript, format: &str) -> String {
    (export(format).unwrap().write)(&read.meta, &read.rounds)
}

#[test]
fn no_export_brings_anything_hostile_to_a_terminal() {
    let read = hostile();
    for row in bakeoff::store::EXPORTS {
        let text = written(&read, row.id);
        assert!(text.len() > 1_000, "{}", row.id);
        // CSV ends its lines as its standard says.
        let text = if row.id == "csv" { text.replace("\r\n", "\n") } else { text };
        assert_eq!(clean(&text), text, "{}", row.id);
    }
    let text = bakeoff::store::session(&read);
    assert_eq!(clean(&text), text, "what `history show` prints");
}

#[test]
fn in_markdown_nothing_that_a_model_wrote_is_markdown() {
    let mut one = hostile();
    // Without repeats, so that every figure has a cell.
    one.rounds.iter_mut().for_each(|round| round.runs.retain(|run| run.trial == 1));
    for read in [hostile(), one] {
        let text = written(&read, "markdown");
        assert!(text.contains("> **Simulated**") && text.contains("## How it was measured"), "{text}");
        let (mut headings, mut fences) = (0, 0);
        for event in Parser::new_ext(&text, Options::all()) {
            match event {
                Event::Html(html) | Event::InlineHtml(html) => panic!("{html}"),
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    panic!("{dest_url}")
                }
                Event::Start(Tag::Heading { .. }) => headings += 1,
                Event::Start(Tag::CodeBlock(_)) => fences += 1,
                _ => {}
            }
        }
        assert_eq!(headings, 1 + read.rounds.len() + 1, "{text}");
        let runs: usize = read.rounds.iter().map(|r| r.runs.len()).sum();
        assert!(fences >= runs + 2 * read.rounds.len(), "{fences} of {runs}");
        assert!(!text.contains("@somebody") || text.contains("# A heading @somebody"), "only within fences");
    }
}

#[test]
fn a_row_an_answer_says_what_the_answer_object_says() {
    let read = Transcript::read(&transcript()).unwrap();
    let runs: usize = read.rounds.iter().map(|r| r.runs.len()).sum();
    let lines: Vec<serde_json::Value> =
        written(&read, "jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), runs);
    let text = written(&read, "csv");
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let head: Vec<String> = table.headers().unwrap().iter().map(str::to_owned).collect();
    let rows: Vec<Vec<String>> =
        table.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    assert_eq!(rows.len(), runs);
    for (line, row) in lines.iter().zip(&rows) {
        let cell = |name: &str| row[head.iter().position(|h| h == name).unwrap()].as_str();
        let said = |path: &str| match line.pointer(path) {
            None => String::new(),
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        assert_eq!(line["schema"], "bakeoff.answer/1");
        for (name, path) in [
            ("endpoint", "/endpoint"),
            ("case", "/case"),
            ("status", "/status"),
            ("trial", "/trial"),
            ("ttft_ms", "/metrics/ttft_ms"),
            ("output", "/usage/output"),
            ("cost_usd", "/cost/usd"),
            ("cost_status", "/cost/status"),
            ("error", "/error/class"),
            ("text", "/text"),
        ] {
            assert_eq!(cell(name), said(path), "{name}");
        }
    }
    // What is not known is no zero.
    let unknown =
        rows.iter().filter(|row| row[head.iter().position(|h| h == "cost_usd").unwrap()].is_empty());
    assert!(unknown.count() > 0);
    let cells = written(&hostile(), "csv");
    let mut table = csv::Reader::from_reader(cells.as_bytes());
    for row in table.records() {
        assert!(row.unwrap().iter().all(|cell| !cell.starts_with(['=', '@', '+'])));
    }
}

#[test]
fn what_can_be_compared_is_and_what_cannot_says_why() {
    let home = home();
    let read = Transcript::read(&transcript()).unwrap();
    let file = |name: &str, read: &Transcript| {
        let path = home.path().join(name);
        std::fs::write(&path, read.write()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let diff = |args: &[&str]| bakeoff(home.path()).arg("diff").args(args).output().unwrap();
    let a = file("a.json", &read);
    let same = diff(&[&a, &a]);
    let text = out(&same);
    assert_eq!(same.status.code(), Some(0), "{text}");
    assert_eq!(text.matches("comparable: the same prompt").count(), 2, "{text}");
    assert!(text.contains("the answers are the same") && !text.contains("not comparable"), "{text}");
    // Slower and in other words; six runs a side have an interval.
    let mut later = read.clone();
    let mut many = read.clone();
    for (at, read) in [&mut many, &mut later].into_iter().enumerate() {
        for round in &mut read.rounds {
            let first = round.runs.iter().find(|run| run.answer.cost.usd.is_some()).unwrap().clone();
            round.runs = (1..=6_u32)
                .map(|trial| {
                    let mut run = first.clone();
                    run.trial = trial as usize;
                    let t = &mut run.answer.timeline;
                    let late = std::time::Duration::from_millis(u64::from(trial) + 500 * at as u64);
                    t.first_text = t.first_text.map(|mark| mark + late);
                    run
                })
                .collect();
        }
    }
    let first = &mut later.rounds[0].runs[0].answer;
    let (begin, rest) = first.text.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let other: String = "x".repeat(begin.len());
    first.text = format!("{other} {rest}");
    let (b, c) = (file("b.json", &many), file("c.json", &later));
    let text = out(&diff(&[&b, &c]));
    assert!(text.contains("(n=6)") && text.contains("+500ms") && text.contains(" to +"), "{text}");
    assert!(text.contains(&format!("[-{begin}-]{{+{other}+}}")), "{text}");
    let json = crate::program::json(&diff(&[&b, &c, "--format", "json"]));
    let ttft = &json["rounds"][0]["endpoints"][0]["figures"]["ttft_ms"];
    assert_eq!(ttft["change"].as_f64().map(f64::round), Some(500.0), "{json}");
    assert!(ttft["interval"][0].as_f64().unwrap() > 400.0, "{json}");
    // What is not alike is shown side by side, and no difference is taken.
    let mut apart = later.clone();
    apart.rounds.truncate(1);
    apart.rounds[0].prompt.system = Some("Be long.".into());
    apart.rounds[0].runs.iter_mut().for_each(|run| run.endpoint.params.temperature = Some(0.5));
    apart.meta.connections = bakeoff::model::Connections::Cold;
    let d = file("d.json", &apart);
    let told = diff(&[&format!("{c}#1"), &format!("{d}#1")]);
    let text = out(&told);
    assert_eq!(told.status.code(), Some(1), "{text}");
    for why in [
        "not comparable: the system texts differ; connections were kept open in A and cold in B; no difference is taken",
        "temperature is not set in A and 0.5 in B",
        "system text: Be [-brief-]{+long+}.",
    ] {
        assert!(text.contains(why), "{why}: {text}");
    }
    assert!(!text.contains("+500ms"), "{text}");
    for (args, said) in [
        ([format!("{a}#9"), a.clone()], "has no round \"9\": it has 1, 2"),
        ([a.clone(), "nowhere.json".to_owned()], "nowhere.json:"),
        ([a.clone(), d.clone()], "no prompt was asked in both"),
    ] {
        let wrong = diff(&[&args[0], &args[1]]);
        assert_eq!(wrong.status.code(), Some(2));
        assert!(err(&wrong).contains(said), "{}", err(&wrong));
    }
}
