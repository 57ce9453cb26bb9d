//! An independent check: a simulator that nobody here wrote, through every provider whose
//! wire it speaks. `.ci/simulator` installs it, starts it and runs this.

use std::process::{Command, Output};

use serde_json::Value;

const TEXT: &str = "One answer, in small pieces, from a server that none of us wrote.";

fn ask(base: &str, model: &str) -> Vec<Value> {
    // Provider, what stands between its id and the model's, place, settings.
    let rows = [
        ("openai", format!("@{base}/v1"), "?name=openai-responses"),
        ("openai", format!("@{base}/v1"), "?api=chat&name=openai-chat"),
        ("azure", format!("@{base}"), "?api=responses&name=azure-responses"),
        ("azure", format!("@{base}"), "?api=chat&name=azure-chat"),
        ("azure", format!("@{base}"), "?api_version=2024-10-21&name=azure-dated"),
        ("anthropic", format!("@{base}"), "?name=anthropic"),
        ("gemini", format!("@{base}/v1beta"), "?name=gemini"),
        ("mistral", format!("@{base}/v1"), "?name=mistral"),
        ("openrouter", format!("@{base}/v1"), "?name=openrouter"),
        ("groq", format!("@{base}/v1"), "?name=groq"),
        ("xai", format!("@{base}/v1"), "?name=xai"),
        ("deepseek", format!("@{base}/v1"), "?name=deepseek"),
        ("cerebras", format!("@{base}/v1"), "?name=cerebras"),
        ("together", format!("@{base}/v1"), "?name=together"),
        ("fireworks", format!("@{base}/v1"), "?name=fireworks"),
        ("ollama", format!("@{base}"), "?name=ollama"),
        ("ollama", format!("@{base}"), "?api=chat&name=ollama-chat"),
        ("vllm", format!("@{base}"), "?name=vllm"),
        ("lmstudio", format!("@{base}"), "?name=lmstudio"),
        ("llamacpp", format!("@{base}"), "?name=llamacpp"),
        ("compatible", format!("@{base}/v1"), "?api_key_env=OPENAI_API_KEY&name=compatible"),
        ("vertex", format!("@{base}"), "?auth=none&name=vertex"),
    ];
    let mut command = Command::new(env!("CARGO_BIN_EXE_bakeoff"));
    command
        .env_clear()
        .env("HOME", std::env::temp_dir().join("bakeoff-no-home"))
        .env("GOOGLE_CLOUD_PROJECT", "p");
    for row in bakeoff::provider::PROVIDERS {
        for key in row.keys {
            command.env(key.name, "made-up");
        }
    }
    command.args(["run", "Say it.", "--format", "json"]);
    for (provider, place, settings) in &rows {
        command.args(["-e", &format!("{provider}:{model}{place}{settings}")]);
    }
    let out: Output = command.output().unwrap();
    let json: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {out:?}"));
    let answers = json["rounds"][0]["answers"].as_array().unwrap().clone();
    assert_eq!(answers.len(), rows.len());
    answers
}

#[test]
#[ignore = "needs the simulator that .ci/simulator starts"]
fn simulator_answers_through_every_provider_that_it_speaks() {
    let base = std::env::var("BAKEOFF_SIMULATOR").expect("BAKEOFF_SIMULATOR is the simulator's address");
    let mut wrong = Vec::new();
    for a in ask(&base, "whole") {
        let whole = a["status"] == "complete" && a["text"] == TEXT;
        let clocks = a["timeline"]["first_text"].as_u64() < a["timeline"]["end"].as_u64();
        let pieces = a["chunks"].as_array().is_some_and(|c| c.len() > 3);
        // Mistral counts unasked, and takes no wish for it; the simulator's common route wants one.
        let counted = a["usage"]["source"] == "reported" || a["provider"] == "mistral";
        if !(whole && clocks && pieces && counted) {
            wrong.push(format!("{}: {} {} {}", a["endpoint"], a["status"], a["text"], a["error"]));
        }
    }
    for (model, class) in [("limited", "limit"), ("locked", "key"), ("broken", "overloaded")] {
        for a in ask(&base, model) {
            if a["error"]["class"] != class {
                wrong.push(format!("{} {model}: {}", a["endpoint"], a["error"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
