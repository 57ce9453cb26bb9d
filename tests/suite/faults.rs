//! The real binary against simulated clouds that fail in every way, on all six
//! wires: one sentence each, the endpoints beside it untouched.

use bakeoff::demo::Demo;

use crate::program::{answers, nowhere};

const PROVIDERS: [&str; 6] = ["openai", "compatible", "anthropic", "gemini", "bedrock", "ollama"];

/// The server, on a runtime that lives as long as the test.
fn demo() -> (tokio::runtime::Runtime, Demo) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let demo = runtime.block_on(Demo::start()).unwrap();
    (runtime, demo)
}

fn spec(demo: &Demo, provider: &str, model: &str) -> String {
    let base = format!("http://{}", demo.address());
    match provider {
        "openai" => format!("openai:{model}@{base}/v1"),
        "compatible" => format!("compatible:{model}@{base}/v1?api_key_env=BAKEOFF_DEMO_KEY"),
        _ => format!("{provider}:{model}@{base}"),
    }
}

#[test]
fn every_fault_on_every_wire_is_one_sentence_beside_a_whole_answer() {
    // Switch of the simulated model, classes that fit, status.
    let cases: [(&str, &[&str], &str); 14] = [
        ("e400", &["refused"], "failed"),
        ("e401", &["key"], "failed"),
        ("e403", &["denied"], "failed"),
        ("e404", &["not_found"], "failed"),
        ("e429", &["limit"], "failed"),
        ("e500", &["overloaded"], "failed"),
        ("e503", &["overloaded"], "failed"),
        ("e529", &["overloaded"], "failed"),
        ("html", &["garbled"], "failed"),
        ("empty", &["garbled"], "failed"),
        ("redirect", &["refused"], "failed"),
        ("load-n200-r0-x50", &["cut"], "cut"),
        ("load-n200-r0-fin50", &["cut"], "cut"),
        ("load-n200-r0-midfault50", &["overloaded", "limit"], "cut"),
    ];
    let (_runtime, demo) = demo();
    // Where the `redirect` switch points to: nothing may arrive there.
    let elsewhere = std::net::TcpListener::bind(("127.0.0.2", demo.address().port())).unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    for provider in PROVIDERS {
        let mut command = nowhere();
        command.envs(Demo::variables().iter().copied()).args(["run", "hi", "--format", "json"]);
        for (model, ..) in &cases {
            command.args(["-e", &spec(&demo, provider, model)]);
        }
        let out = command.args(["-e", &spec(&demo, provider, "load-n20-r0")]).output().unwrap();
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(1), "{provider}: {said}");
        let answers = answers(&out);
        for ((model, classes, status), a) in cases.iter().zip(&answers) {
            let what = format!("{provider} {model}: {}", a["error"]);
            let class = a["error"]["class"].as_str().unwrap_or("none");
            assert!(classes.contains(&class), "{what}");
            assert_eq!(a["status"], *status, "{what}");
            let (message, hint) =
                (a["error"]["message"].as_str().unwrap(), a["error"]["hint"].as_str().unwrap());
            assert!(message.len() > 8 && hint.len() > 8 && !message.contains('\n'), "{what}");
            assert_eq!(
                *status == "cut",
                !a["text"].as_str().unwrap().is_empty(),
                "{what}: the text so far is kept"
            );
            // What was not told is absent, and what was told before a break is a lower bound.
            assert!(a["cost"]["usd"].is_null() || a["cost"]["at_least"] == true, "{what}: {}", a["cost"]);
            let line = said.lines().filter(|l| l.starts_with(&format!("bakeoff: {model}: "))).count();
            assert_eq!(line, 1, "{what}: one line on standard error, not {line}:\n{said}");
        }
        let good = answers.last().unwrap();
        assert_eq!(good["status"], "complete", "{provider}: {good}");
        assert!(good["text"].as_str().unwrap().starts_with('\u{428}'), "{provider}");
    }
    let followed = elsewhere.accept().map(|(_, from)| from);
    assert!(followed.is_err(), "a redirect was followed: {followed:?}");
}

#[test]
fn every_vendors_own_variable_moves_its_endpoint() {
    let (_runtime, demo) = demo();
    let base = format!("http://{}", demo.address());
    let variables = [
        ("openai", "OPENAI_BASE_URL", format!("{base}/v1")),
        ("anthropic", "ANTHROPIC_BASE_URL", base.clone()),
        ("gemini", "GOOGLE_GEMINI_BASE_URL", base.clone()),
        ("bedrock", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", base.clone()),
        ("ollama", "OLLAMA_HOST", demo.address().to_string()),
    ];
    let mut command = nowhere();
    command.envs(Demo::variables().iter().copied()).args(["run", "hi", "--format", "json"]);
    for (provider, variable, value) in &variables {
        command.env(variable, value).args(["-e", &format!("{provider}:load-n20-r0-u{}", provider.len())]);
    }
    let out = command.output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    for a in answers(&out) {
        assert_eq!(a["status"], "complete", "{a}");
        assert!(a["usage"]["output"].as_u64().is_some_and(|n| n > 0), "{a}");
    }
    assert_eq!(demo.log().len(), variables.len(), "each request was sent once");
}

/// Without a Bedrock key the SDK signs with the keys of its own chain.
#[test]
fn bedrock_is_signed_with_the_chains_keys() {
    let (_runtime, demo) = demo();
    let mut command = nowhere();
    command.envs([
        ("AWS_ACCESS_KEY_ID", "AKIACANARY0000000000"),
        ("AWS_SECRET_ACCESS_KEY", "secret-canary-00000000"),
        ("AWS_REGION", "eu-west-1"),
    ]);
    let spec = spec(&demo, "bedrock", "load-n20-r0");
    let out = command.args(["run", "hi", "--format", "json", "-e", &spec]).output().unwrap();
    let (shown, said) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert_eq!(out.status.code(), Some(0), "{said}");
    assert!(!shown.contains("canary") && !said.contains("canary"));
    let log = demo.log();
    let sent = log.first().unwrap();
    let auth = sent.request_headers.iter().find(|(n, _)| n == "authorization").unwrap();
    assert!(auth.1.starts_with("AWS4-HMAC-SHA256 Credential=AKIACANARY0000000000/"), "{}", auth.1);
    assert!(auth.1.contains("/eu-west-1/bedrock/aws4_request"), "{}", auth.1);
    assert!(!auth.1.contains("secret-canary"));
}
