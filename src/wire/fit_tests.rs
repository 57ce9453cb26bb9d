use serde_json::Value;

use super::*;
use crate::model::Prompt;
use crate::wire::{Call, Chat, Converse, Gemini, Messages, Ollama, Quirks, Responses, record, unsaid_window};

/// Parameters written as in a spec: `reasoning_effort=low,temperature=0.2`.
pub(in crate::wire) fn params(text: &str) -> Params {
    let mut params = Params::default();
    for pair in text.split(',').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap();
        params.set(name, value).unwrap();
    }
    params
}

fn body(dialect: &dyn Dialect, model: &str, params: &Params) -> Value {
    let prompt = Prompt::new("2+2?");
    dialect.encode(&Call { model, is: model, prompt: &prompt, params, quirks: Quirks::default() }).unwrap()
}

/// The whole record as lines: `asked -> sent (fate): why`.
fn told(dialect: &dyn Dialect, model: &str, asked: &str) -> Vec<String> {
    let asked = params(asked);
    let (fitted, parity) = fit(dialect, model, &asked, None);
    let rows = record(dialect, &asked, parity, &body(dialect, model, &fitted));
    let line = |row: Parity| {
        let sent = row.sent.unwrap_or_default();
        let why = if row.why.is_empty() { String::new() } else { format!(": {}", row.why) };
        format!("{}={} -> {sent} ({}){why}", row.param, row.asked, row.fate.word())
    };
    rows.into_iter().map(line).collect()
}

/// Wire, model, what was asked, and the lines of the record.
type Case = (&'static dyn Dialect, &'static str, &'static str, &'static [&'static str]);

fn tell(cases: &[Case]) {
    for (dialect, model, asked, expected) in cases {
        assert_eq!(told(*dialect, model, asked), *expected, "{} {model} {asked}", dialect.id());
    }
}

const ASKED: &str = "max_tokens=512,temperature=0.2,reasoning_effort=low,thinking=on";

#[test]
fn each_wire_says_what_it_sent_in_its_own_words() {
    let cases: [Case; 6] = [
        (
            &Chat,
            "my-model",
            ASKED,
            &[
                "max_tokens=512 -> max_completion_tokens = 512 (renamed)",
                "temperature=0.2 -> temperature = 0.2 (as asked)",
                "reasoning_effort=low -> reasoning_effort = low (as asked)",
                "thinking=on -> reasoning_effort = low (renamed)",
            ],
        ),
        (
            &Responses,
            "my-model",
            ASKED,
            &[
                "max_tokens=512 -> max_output_tokens = 512 (renamed)",
                "temperature=0.2 -> temperature = 0.2 (as asked)",
                "reasoning_effort=low -> reasoning.effort = low (renamed)",
                "thinking=on -> reasoning.effort = low (renamed)",
            ],
        ),
        (
            &Messages,
            "claude-opus-5-5",
            ASKED,
            &[
                "max_tokens=512 -> max_tokens = 512 (as asked)",
                "temperature=0.2 ->  (dropped): claude-opus-5-5 takes no temperature",
                "reasoning_effort=low -> output_config.effort = low (renamed)",
                "thinking=on -> thinking.type = adaptive (renamed)",
            ],
        ),
        (
            &Messages,
            "claude-sonnet-4-6",
            "temperature=1,thinking=off",
            &[
                "max_tokens=– -> max_tokens = 4096 (required): this API wants a limit, and longer answers are cut at it",
                "temperature=1 -> temperature = 1 (as asked)",
                "thinking=off -> thinking.type = disabled (renamed)",
            ],
        ),
        (
            &Gemini,
            "gemini-3.8-flash",
            ASKED,
            &[
                "max_tokens=512 -> generationConfig.maxOutputTokens = 512 (renamed)",
                "temperature=0.2 -> generationConfig.temperature = 0.2 (as asked)",
                "reasoning_effort=low -> generationConfig.thinkingConfig.thinkingLevel = low (renamed)",
                "thinking=on -> generationConfig.thinkingConfig.includeThoughts = true (renamed)",
            ],
        ),
        (
            &Gemini,
            "gemini-2.5-flash",
            "reasoning_effort=low,thinking=off",
            &[
                "reasoning_effort=low ->  (dropped): gemini-2.5-flash takes no reasoning_effort",
                "thinking=off -> generationConfig.thinkingConfig.thinkingBudget = 0 (renamed)",
            ],
        ),
    ];
    tell(&cases);
}

#[test]
fn ollama_and_each_family_of_bedrock_say_so_too() {
    let cases: [Case; 4] = [
        (
            &Ollama,
            "gpt-oss:20b",
            "max_tokens=512,temperature=0.2,reasoning_effort=none,thinking=off",
            &[
                "max_tokens=512 -> options.num_predict = 512 (renamed)",
                "temperature=0.2 -> options.temperature = 0.2 (as asked)",
                "reasoning_effort=none -> think = low (clamped): the lowest effort of gpt-oss:20b is low",
                "thinking=off -> think = low (clamped): the lowest effort of gpt-oss:20b is low",
            ],
        ),
        (
            &Converse,
            "us.anthropic.claude-opus-5-5",
            ASKED,
            &[
                "max_tokens=512 -> inferenceConfig.maxTokens = 512 (renamed)",
                "temperature=0.2 ->  (dropped): us.anthropic.claude-opus-5-5 takes no temperature",
                "reasoning_effort=low -> additionalModelRequestFields.output_config.effort = low (renamed)",
                "thinking=on -> additionalModelRequestFields.thinking.type = adaptive (renamed)",
            ],
        ),
        (
            &Converse,
            "us.amazon.nova-2-lite-v1:0",
            "temperature=1.5,thinking=off",
            &[
                "temperature=1.5 -> inferenceConfig.temperature = 1 (clamped): \
                 the highest temperature of us.amazon.nova-2-lite-v1:0 is 1",
                "thinking=off -> additionalModelRequestFields.reasoningConfig.type = disabled (renamed)",
            ],
        ),
        (
            &Converse,
            "openai.gpt-oss-120b-1:0",
            "temperature=1.5,reasoning_effort=max,thinking=2048",
            &[
                "temperature=1.5 -> inferenceConfig.temperature = 1 (clamped): \
                 the highest temperature of Converse is 1",
                "reasoning_effort=max -> additionalModelRequestFields.reasoning_effort = high (clamped): \
                 the highest effort of openai.gpt-oss-120b-1:0 is high",
                "thinking=2048 ->  (dropped): openai.gpt-oss-120b-1:0 takes no thinking budget",
            ],
        ),
    ];
    tell(&cases);
}

/// What goes out, by wire, model and wish.
#[test]
fn the_nearest_that_is_taken_goes_out() {
    let cases: [(&dyn Dialect, &str, &str, &str); 44] = [
        // Nothing is known, so only the wire limits it.
        (&Chat, "my-model", "temperature=2,reasoning_effort=max", "temperature=2,reasoning_effort=max"),
        (&Chat, "my-model", "thinking=2048", ""),
        (&Chat, "my-model", "thinking=off,reasoning_effort=high", "reasoning_effort=high"),
        (&Chat, "my-model", "thinking=on,reasoning_effort=none", "reasoning_effort=none"),
        (&Chat, "my-model", "thinking=on", ""),
        (&Responses, "my-model", "thinking=on", "thinking=on"),
        (&Messages, "my-model", "temperature=0.5,reasoning_effort=minimal", "reasoning_effort=low"),
        (&Ollama, "my-model", "reasoning_effort=xhigh", "reasoning_effort=high"),
        (&Ollama, "my-model", "reasoning_effort=minimal", "reasoning_effort=low"),
        (&Ollama, "my-model", "thinking=2048", "thinking=on"),
        (&Gemini, "my-model", "reasoning_effort=max", "reasoning_effort=xhigh"),
        (&Gemini, "my-model", "reasoning_effort=low,thinking=2048", "reasoning_effort=low"),
        (&Converse, "us.xai.grok-4.7", "reasoning_effort=low,thinking=on,temperature=2", "temperature=1"),
        // Temperature only without reasoning.
        (&Responses, "gpt-5.4", "temperature=0.2", ""),
        (&Responses, "gpt-6-sol", "temperature=0.2,reasoning_effort=low", "reasoning_effort=low"),
        (
            &Responses,
            "gpt-6-sol",
            "temperature=0.2,reasoning_effort=none",
            "temperature=0.2,reasoning_effort=none",
        ),
        (&Chat, "openai/gpt-6.1-terra", "temperature=0.2,thinking=off", "temperature=0.2,thinking=off"),
        (&Converse, "us.openai.gpt-6-sol", "temperature=0.2,thinking=off", ""),
        (&Responses, "gpt-6.1-sol", "temperature=1,reasoning_effort=none", "reasoning_effort=low"),
        (&Responses, "gpt-6.1-sol", "thinking=off", "reasoning_effort=low"),
        (&Responses, "gpt-6.2-sol", "reasoning_effort=max", "reasoning_effort=xhigh"),
        (&Responses, "gpt-5-mini", "thinking=off", "reasoning_effort=minimal"),
        (&Responses, "gpt-5.1", "reasoning_effort=minimal", "reasoning_effort=low"),
        (&Responses, "gpt-4.1", "temperature=0.2,reasoning_effort=low,thinking=on", "temperature=0.2"),
        // Claude.
        (&Messages, "claude-opus-5-5", "thinking=off", ""),
        (&Messages, "claude-opus-5-5", "thinking=2048", "thinking=on"),
        (&Messages, "claude-opus-5", "thinking=2048,max_tokens=2000", "thinking=1999,max_tokens=2000"),
        (&Messages, "claude-opus-5", "thinking=2048,max_tokens=1000", "max_tokens=1000"),
        (&Messages, "claude-opus-5", "thinking=10", "thinking=1024"),
        (&Messages, "claude-opus-5", "thinking=0", "thinking=off"),
        (
            &Messages,
            "claude-haiku-5-5",
            "thinking=off,reasoning_effort=max",
            "thinking=off,reasoning_effort=high",
        ),
        (&Messages, "claude-sonnet-4-6", "temperature=2,thinking=off", "temperature=1,thinking=off"),
        (&Messages, "claude-sonnet-4-6", "temperature=1,thinking=2048", "thinking=2048"),
        (&Messages, "claude-haiku-4-5", "thinking=on,reasoning_effort=low", ""),
        // A gateway makes a budget of an effort, and off of `none`.
        (&Chat, "anthropic/claude-haiku-4.5", "reasoning_effort=max", "reasoning_effort=high"),
        (&Chat, "anthropic/claude-sonnet-4.6", "reasoning_effort=none", "reasoning_effort=none"),
        (&Chat, "google/gemini-2.5-pro", "thinking=off", "reasoning_effort=low"),
        // Gemini.
        (
            &Gemini,
            "gemini-3.8-flash",
            "reasoning_effort=minimal,thinking=2048",
            "reasoning_effort=low,thinking=on",
        ),
        (&Gemini, "gemini-3.5-flash", "reasoning_effort=none,thinking=off", "reasoning_effort=minimal"),
        (&Gemini, "gemini-2.5-pro", "thinking=64", "thinking=128"),
        (&Gemini, "gemini-2.5-pro", "thinking=off", ""),
        // The others.
        (
            &Chat,
            "mistral-large-4",
            "temperature=2,reasoning_effort=low",
            "temperature=1.5,reasoning_effort=high",
        ),
        (&Ollama, "llama3.3:70b", "reasoning_effort=low,thinking=off", ""),
        (&Converse, "amazon.nova-2-lite-v1:0", "reasoning_effort=max,thinking=off", "reasoning_effort=high"),
    ];
    for (dialect, model, asked, expected) in cases {
        let case = format!("{} {model} {asked}", dialect.id());
        let (fitted, rows) = fit(dialect, model, &params(asked), None);
        assert_eq!(fitted, params(expected), "{case}");
        body(dialect, model, &fitted);
        assert_eq!(fit(dialect, model, &fitted, None), (fitted, Vec::new()), "{case}: fitting twice");
        for row in rows {
            assert!(row.fate.differs() && !row.why.is_empty(), "{case}: {row:?}");
        }
    }
}

#[test]
fn the_models_own_limit_bounds_tokens_and_budgets() {
    let cut = |asked: &str, limit| fit(&Messages, "claude-opus-5", &params(asked), Some(limit));
    assert_eq!(cut("max_tokens=128000", 128_000), (params("max_tokens=128000"), Vec::new()));
    let expected = Parity {
        param: "max_tokens".into(),
        asked: "200000".to_owned(),
        sent: None,
        fate: Fate::Clamped,
        why: "the model's output limit is 128000 tokens".to_owned(),
    };
    assert_eq!(cut("max_tokens=200000", 128_000), (params("max_tokens=128000"), vec![expected]));
    // The default for the answer is added to a budget.
    assert_eq!(cut("thinking=127000", 128_000).0, params("thinking=123904"));
    assert_eq!(cut("thinking=2048", 4096).0, params(""));
}

#[test]
fn the_nearest_effort_is_downward_and_keeps_thinking() {
    use Effort::{High, Low, Max, Medium, Minimal, None, XHigh};
    for (asked, taken, expected) in [
        (XHigh, &[Low, High, Max][..], Some(High)),
        (Minimal, &[None, Low, Medium], Some(Low)),
        (Low, &[None, High], Some(High)),
        (None, &[Minimal, Low], Some(Minimal)),
        (Max, &[None], Some(None)),
        (Medium, &[Low, High], Some(Low)),
        (Low, &[], Option::None),
    ] {
        assert_eq!(nearest(asked, taken), expected, "{asked:?} of {taken:?}");
    }
}

/// A dialect that forgets to say where a parameter stands must not claim that it was sent.
#[test]
fn what_is_not_in_the_body_was_dropped() {
    let rows = record(&Chat, &params("temperature=0.2"), Vec::new(), &serde_json::json!({}));
    assert_eq!(rows[0].fate, Fate::Dropped);
    assert_eq!(rows[0].why, "Chat Completions has no field for it");
}

#[test]
fn a_prompt_that_ollama_would_cut_names_its_window_and_says_so() {
    let window = |text: &str, limit: &str| {
        let (prompt, params) = (Prompt::new(text), params(limit));
        let call = Call { model: "m", is: "m", prompt: &prompt, params: &params, quirks: Quirks::default() };
        let body = Ollama.encode(&call).unwrap();
        let rows = record(&Ollama, &params, Vec::new(), &body);
        let row = rows.into_iter().find(|row| row.param == "num_ctx");
        // The other route cannot say it, and says that.
        let unsaid = unsaid_window(&call);
        assert_eq!(unsaid.is_some(), row.is_some());
        assert!(unsaid.is_none_or(|u| u.fate == Fate::Dropped && u.why.contains("api=ollama")));
        row.map(|row| {
            assert_eq!(row.fate, Fate::Added);
            (row.sentence(), body["options"]["num_ctx"].as_u64().unwrap())
        })
    };
    let words = |bytes: usize| "word ".repeat(bytes / 5);
    assert_eq!(window(&words(6000), ""), None);
    let (said, tokens) = window(&words(6200), "").unwrap();
    assert!(said.starts_with("num_ctx added as options.num_ctx = 8192: the prompt and its answer"), "{said}");
    assert_eq!(tokens, 8192);
    assert_eq!(window(&words(200_000), "max_tokens=64").unwrap().1, 131_072);
    // A digit may be a token, a sign of another script three.
    assert_eq!(window(&"7".repeat(3000), ""), None);
    assert_eq!(window(&"7".repeat(3100), "").unwrap().1, 8192);
    assert_eq!(window(&"\u{6f22}".repeat(1100), "").unwrap().1, 8192);
    // All of the answer that was allowed stands beside the prompt.
    assert_eq!(window("hi", "max_tokens=4000"), None);
    assert_eq!(window("hi", "max_tokens=16000").unwrap().1, 16_384);
}
