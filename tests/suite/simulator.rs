//! An independent check: simulators that nobody here wrote, through every provider whose
//! wire they speak. `.ci/simulator` installs them, starts them and runs this.

use serde_json::Value;

use crate::program::{answers, nowhere};

const TEXT: &str = "One answer, in small pieces, from a server that none of us wrote.";

fn address() -> String {
    std::env::var("BAKEOFF_SIMULATOR").expect("BAKEOFF_SIMULATOR is the simulator's address")
}

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
    let mut command = nowhere();
    command.env("GOOGLE_CLOUD_PROJECT", "p");
    for row in bakeoff::provider::PROVIDERS {
        for key in row.keys {
            command.env(key.name, "made-up");
        }
    }
    command.args(["run", "Say it.", "--format", "json"]);
    for (provider, place, settings) in &rows {
        command.args(["-e", &format!("{provider}:{model}{place}{settings}")]);
    }
    let answers = answers(&command.output().unwrap());
    assert_eq!(answers.len(), rows.len());
    answers
}

#[test]
#[ignore = "needs the simulator that .ci/simulator starts"]
fn aimock_answers_through_every_provider_that_it_speaks() {
    let base = address();
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

/// Its Converse text has an event that the service does not send and AWS's own decoder
/// refuses: that is said, and what came before it is kept.
#[test]
#[ignore = "needs the simulator that .ci/simulator starts"]
fn aimock_sends_a_converse_that_is_not_the_services() {
    let mut command = nowhere();
    command.env("AWS_BEARER_TOKEN_BEDROCK", "made-up").env("AWS_REGION", "us-east-1");
    command.args(["run", "Say it.", "--format", "json", "-e", &format!("bedrock:whole@{}", address())]);
    let answer = &answers(&command.output().unwrap())[0];
    assert_eq!(answer["error"]["class"], "garbled", "{answer}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("not Bedrock's"), "{answer}");
    assert!(answer["error"]["hint"].as_str().unwrap().contains("api=chat"), "{answer}");
}

#[test]
#[ignore = "needs the simulator that .ci/simulator starts"]
fn ministack_answers_through_converse() {
    let mut command = nowhere();
    command.env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", address()).env("AWS_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "AKIDMADEUP").env("AWS_SECRET_ACCESS_KEY", "made-up");
    command.args(["run", "Say it.", "--format", "json"]);
    for model in
        ["us.anthropic.claude-opus-5-5", "us.meta.llama4-maverick-17b-instruct-v1:0", "amazon.nova-lite-v1:0"]
    {
        command.args(["-e", &format!("bedrock:{model}")]);
    }
    let out = command.output().unwrap();
    for answer in answers(&out) {
        let whole = answer["status"] == "complete" && answer["text"].as_str().unwrap().contains("ministack");
        assert!(
            whole && answer["usage"]["source"] == "reported" && answer["finish_reason"] == "end_turn",
            "{answer}"
        );
    }
}
