//! `bakeoff run` and its siblings as a script sees them: the real binary, text
//! and JSON out, exit codes.

use std::io::Write;
use std::process::{Output, Stdio};

use bakeoff::model::Money;
use serde_json::Value;

use crate::loopback::{Answer, Loopback};
use crate::program::nowhere;
use crate::replies::chat;

fn run(args: &[&str], stdin: &str) -> Output {
    let mut child = nowhere()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn answers(json: &Value) -> &Vec<Value> {
    json["rounds"][0]["answers"].as_array().unwrap()
}

#[test]
fn the_demo_as_json_carries_every_field_of_the_contract() {
    let out = run(&["run", "--demo", "--format", "json", "-"], "What is a mutex? Answer in one sentence.\n");
    let json: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(json["schema"], "bakeoff.run/1");
    assert_eq!(json["price_book"]["as_of"], "2026-11-23");
    assert_eq!(json["price_book"]["sha256"].as_str().unwrap().len(), 64);
    assert!(answers(&json).len() >= 6);
    let mut complete = 0;
    for a in answers(&json) {
        assert_eq!(a["simulated"], true, "{a}");
        for field in
            ["endpoint", "provider", "model", "status", "text", "reasoning", "timeline", "chunks", "cost"]
        {
            assert!(!a[field].is_null(), "{field} is missing: {a}");
        }
        let t = &a["timeline"];
        let mark = |name: &str| t[name].as_u64();
        if a["status"] == "complete" {
            complete += 1;
            assert!(mark("headers") <= mark("first_byte") && mark("first_byte") <= mark("first_text"), "{t}");
            assert!(mark("first_text") <= mark("last_text") && mark("last_text") <= mark("end"), "{t}");
            assert!(!a["finish_reason"].is_null(), "{a}");
            assert_eq!(a["usage"]["source"], "reported");
            assert!(a["usage"]["raw"].is_object());
            let bytes: u64 = a["chunks"].as_array().unwrap().iter().map(|c| c[2].as_u64().unwrap()).sum();
            let said = a["text"].as_str().unwrap().len() + a["reasoning"].as_str().unwrap().len();
            assert_eq!(bytes, said as u64, "chunks add up to the text");
        } else {
            let error = &a["error"];
            assert!(error["class"].is_string() && error["hint"].is_string(), "{a}");
            // What came of it was billed: an estimate, and no part of a sum.
            let by_text = a["cost"]["usd_by_text"].as_str().unwrap();
            assert!(by_text.parse::<f64>().unwrap() > 0.0, "{a}");
        }
        let cost = &a["cost"];
        let amount = !cost["usd"].is_null();
        assert_eq!(amount, cost["status"] != "unknown" && cost["status"] != "local", "{cost}");
        assert_ne!(cost["usd"], "0", "unknown is never zero: {cost}");
    }
    assert!(complete >= 5, "{complete} complete answers");
    let (total, all) = (&json["rounds"][0]["total"], answers(&json));
    let unknown = all.iter().filter(|a| a["cost"]["status"] == "unknown").count();
    assert_eq!(
        (total["answers"].as_u64(), total["unknown"].as_u64()),
        (Some(all.len() as u64), Some(unknown as u64))
    );
    assert_eq!(total["at_least"], true);
    let femto = |v: &Value| v.as_str().map_or(0, |usd| Money::parse(usd).unwrap().0);
    assert_eq!(femto(&total["usd"]), all.iter().map(|a| femto(&a["cost"]["usd"])).sum::<u128>());
    assert_eq!(
        out.status.code(),
        Some(1),
        "one of the demo's endpoints fails on purpose: {}",
        text(&out.stderr)
    );
    assert!(text(&out.stderr).contains('→'), "{}", text(&out.stderr));
}

#[test]
fn the_table_reads_well_and_says_simulated() {
    let out = run(&["run", "--demo", "2+2?"], "");
    let shown = text(&out.stdout);
    assert!(
        shown.contains("this round ≥ ~$")
            && shown.contains("(simulated)")
            && shown.contains("~$")
            && shown.contains("list prices of 2026-11-23"),
        "{shown}"
    );
    assert!(!shown.contains('\u{1b}'), "no escape sequence");
}

#[test]
fn usage_errors_end_with_2_and_a_sentence() {
    let cases: &[(&[&str], &str)] = &[
        (&["run", "hi", "-e", "opnai:m"], "did you mean \"openai\"?"),
        (&["run", "hi", "-e", "gpt"], "provider:model"),
        (&["run", "hi", "-e", "openai:m?temprature=1"], "did you mean \"temperature\"?"),
        (&["run", "hi"], "no endpoint to ask"),
        (&["run", "", "--demo"], "the prompt is empty"),
        (&["run", "@/no/such/file", "--demo"], "/no/such/file"),
        (&["run", "hi", "--demo", "--format", "yaml"], "possible values"),
        (&["run", "hi", "--demo", "--out", "/no/such/dir/x.json"], "no directory"),
        (&["run", "hi", "-l", "nowhere"], "no lineup"),
        (&["--nonsense"], "unexpected argument"),
        (&["demo", "--theme", "tokio-night"], "tokyo-night"),
    ];
    for (args, words) in cases {
        let out = run(args, "");
        assert_eq!(out.status.code(), Some(2), "{args:?}: {}", text(&out.stderr));
        assert!(text(&out.stderr).contains(words), "{args:?}: {}", text(&out.stderr));
        assert!(out.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn a_missing_key_fails_that_endpoint_alone() {
    let out = run(&["run", "hi", "-e", "openai:gpt-6-sol", "--format", "json"], "");
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("OPENAI_API_KEY"), "{}", text(&out.stderr));
    let json: Value = serde_json::from_slice(&out.stdout).unwrap();
    let answer = &answers(&json)[0];
    assert_eq!(answer["error"]["class"], "key");
    assert!(answer["timeline"]["end"].is_null(), "nothing was sent: {answer}");
    assert_eq!(answer["cost"]["status"], "unknown");
}

#[test]
fn refused_and_unknown_hosts_name_cause_and_next_step() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let spec = format!("compatible:m@http://127.0.0.1:{port}/v1");
    let out = run(&["run", "hi", "-e", &spec], "");
    let said = text(&out.stderr);
    assert!(said.contains("refused") && said.contains("nothing listens there"), "{said}");

    let out = run(&["run", "hi", "-e", "compatible:m@https://no-such-host.invalid/v1"], "");
    let said = text(&out.stderr);
    assert!(said.contains("no-such-host.invalid") && said.contains("check the host name"), "{said}");

    let out = run(&["run", "hi", "-e", "compatible:m@http://llm.example.com/v1"], "");
    assert!(text(&out.stderr).contains("allow_plain_http"), "{}", text(&out.stderr));

    let out = run(&["run", "hi", "-e", "bedrock:us.anthropic.claude-opus-5-5"], "");
    assert!(text(&out.stderr).contains("no AWS region"), "{}", text(&out.stderr));
}

#[test]
fn a_result_file_is_whole_or_absent_and_private() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("r.json");
    let out = run(&["run", "--demo", "2+2?", "--format", "json", "--out", path.to_str().unwrap()], "");
    assert!(out.stdout.is_empty());
    let json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(json["schema"], "bakeoff.run/1");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file stays");
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut child = nowhere()
        .args(["run", "--demo", "2+2?"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let out = child.wait_with_output().unwrap();
    assert!(!text(&out.stderr).contains("panicked"), "{}", text(&out.stderr));
    assert_eq!(out.status.code(), Some(1), "the failing endpoint's code, not a crash's");
}

#[test]
fn lists_are_tables_and_json() {
    for command in ["providers", "keys", "themes"] {
        let table = run(&[command], "");
        assert!(table.status.success() && text(&table.stdout).lines().count() > 2, "{command}");
        let json = run(&[command, "--format", "json"], "");
        let rows: Value = serde_json::from_slice(&json.stdout).unwrap();
        assert!(rows.as_array().unwrap().len() > 1, "{command}");
    }
    let shown = run(&["config", "show", "-e", "bedrock:m@us-east-1?temperature=0.5", "--format", "json"], "");
    let rows: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(rows[0]["place"], "us-east-1");
    assert_eq!(rows[0]["params"], "temperature=0.5");
}

#[test]
fn config_errors_name_the_place() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.toml");
    for (text, words) in [
        ("\ntheme = \"tokio-night\"\n", "c.toml:2:9: no theme is called"),
        (
            "[keys.pane]\nzom = \"z\"\n",
            "c.toml: keys.pane.zom: no command is called \"zom\" (did you mean \"zoom\"?)",
        ),
        ("[keys.pane]\nzoom = \"q\"\n", "the key q belongs to"),
    ] {
        std::fs::write(&path, text).unwrap();
        let out = nowhere().env("BAKEOFF_CONFIG", &path).args(["config", "check"]).output().unwrap();
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(2), "{text:?}: {said}");
        assert!(said.contains(words), "{text:?}: {said}");
    }
    std::fs::write(&path, "[[endpoint]]\nprovider = \"openai\"\nmodle = \"m\"\n").unwrap();
    let out = nowhere().env("BAKEOFF_CONFIG", &path).args(["config", "check"]).output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    let said = text(&out.stderr);
    assert!(said.contains("c.toml:3:1") && said.contains("did you mean \"model\"?"), "{said}");
}

#[test]
fn a_servers_own_time_stands_in_a_column_of_its_own() {
    let told = ("openai-processing-ms", "412".to_owned());
    let timed = Loopback::start(move |_| Answer { extra: Some(told.clone()), ..chat("hi") });
    let silent = Loopback::start(|_| chat("hi"));
    let spec = |server: &Loopback| format!("compatible:m@{}/v1", server.url());
    let table = run(&["run", "hi", "-e", &spec(&timed), "-e", &spec(&silent)], "");
    let table = text(&table.stdout);
    let head = table.lines().find(|line| line.starts_with("endpoint")).unwrap();
    let rows: Vec<_> = table.lines().filter(|line| line.contains("complete (stop)")).collect();
    let column = |line: &str| {
        let end = head.find("server").unwrap() + "server".len();
        line.chars().take(end).collect::<String>().trim_end().rsplit("  ").next().unwrap().to_owned()
    };
    assert_eq!(column(rows[0]), "processing 412ms", "{table}");
    assert_eq!(column(rows[1]), "–", "{table}");
    let plain = run(&["run", "hi", "-e", &spec(&silent)], "");
    assert!(!text(&plain.stdout).contains("server"), "no column without a time");
    let json = run(&["run", "hi", "-e", &spec(&timed), "--format", "json"], "");
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(answers(&json)[0]["server"], serde_json::json!({"processing_ms": 412.0}));
    assert!(answers(&json)[0]["metrics"]["total_ms"].as_f64().unwrap() < 60_000.0, "ours is another number");
}
