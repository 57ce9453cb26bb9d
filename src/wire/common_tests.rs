use super::*;
use crate::wire::fit::tests::params;
use crate::wire::{Chat, Converse, Gemini, Messages, Ollama, Responses};

fn target<'a>(dialect: &'a dyn Dialect, model: &'a str) -> Target<'a> {
    Target { dialect, model, max_output: None }
}

/// The agreed parameters, and the rows of the first endpoint as `name fate: why`.
fn agreed(targets: &[Target<'_>], asked: &[Params]) -> (Params, Vec<String>) {
    let all = common(targets, asked);
    assert_eq!(all.len(), targets.len());
    let (first, rows) = all[0].clone();
    for (params, target) in all.iter().map(|(p, _)| p).zip(targets) {
        assert_eq!(*params, first, "all are asked the same");
        assert_eq!(target.fit(params), (first, Vec::new()), "{} takes it as it is", target.model);
    }
    (first, rows.into_iter().map(|r| format!("{} {}: {}", r.param, r.fate.word(), r.why)).collect())
}

#[test]
fn what_one_would_drop_is_asked_of_none() {
    let lineup = [target(&Gemini, "gemini-3.8-flash"), target(&Messages, "claude-opus-5-5")];
    let asked = params("max_tokens=512,temperature=0.2,reasoning_effort=low,thinking=off");
    assert_eq!(
        agreed(&lineup, &[asked; 2]),
        (
            params("max_tokens=512,reasoning_effort=low"),
            vec![
                "temperature dropped: the same for all: claude-opus-5-5 takes no temperature".to_owned(),
                "thinking dropped: the same for all: gemini-3.8-flash has no switch to turn thinking off"
                    .to_owned(),
            ]
        )
    );
}

#[test]
fn an_effort_is_brought_to_the_nearest_that_all_take() {
    let lineup = [target(&Responses, "gpt-6.1-sol"), target(&Converse, "openai.gpt-oss-120b-1:0")];
    assert_eq!(
        agreed(&lineup, &[params("reasoning_effort=max"); 2]),
        (
            params("reasoning_effort=high"),
            vec![
                "reasoning_effort clamped: the same for all: \
                 the highest effort of openai.gpt-oss-120b-1:0 is high"
                    .to_owned()
            ]
        )
    );
    // The lowest that was asked comes first.
    let asked = [params("reasoning_effort=high"), params("reasoning_effort=low")];
    assert_eq!(
        agreed(&lineup, &asked),
        (
            params("reasoning_effort=low"),
            vec!["reasoning_effort clamped: the same for all: the lowest that was asked".to_owned()]
        )
    );
    // One takes only `high`, so low is no common value.
    let lineup = [target(&Chat, "mistral-large-4"), target(&Responses, "gpt-6-sol")];
    assert_eq!(agreed(&lineup, &[params("reasoning_effort=low"); 2]).0, params("reasoning_effort=high"));
    // And with a model that has none at all, nobody is asked.
    let lineup = [target(&Responses, "gpt-6-sol"), target(&Ollama, "llama3.3:70b")];
    assert_eq!(
        agreed(&lineup, &[params("reasoning_effort=low"); 2]),
        (
            params(""),
            vec![
                "reasoning_effort dropped: the same for all: llama3.3:70b takes no reasoning_effort"
                    .to_owned()
            ]
        )
    );
}

#[test]
fn limits_and_temperatures_go_to_the_lowest() {
    let mut lineup = [target(&Chat, "llama-3.3-70b"), target(&Converse, "us.xai.grok-4.7")];
    lineup[1].max_output = Some(4096);
    let asked = params("max_tokens=8000,temperature=1.4");
    assert_eq!(
        agreed(&lineup, &[asked; 2]),
        (
            params("max_tokens=4096,temperature=1"),
            vec![
                "max_tokens clamped: the same for all: us.xai.grok-4.7: the model's output limit is 4096 tokens"
                    .to_owned(),
                "temperature clamped: the same for all: us.xai.grok-4.7: the highest temperature of Converse is 1"
                    .to_owned(),
            ]
        )
    );
}

#[test]
fn what_is_not_asked_of_all_is_asked_of_none() {
    let lineup = [target(&Chat, "my-model"), target(&Chat, "your-model")];
    assert_eq!(
        agreed(&lineup, &[params("temperature=0.2"), params("")]),
        (
            params(""),
            vec!["temperature dropped: the same for all: your-model was not asked for it".to_owned()]
        )
    );
}

#[test]
fn budgets_meet_at_the_least_and_switches_only_when_equal() {
    let lineup = [target(&Messages, "claude-opus-5"), target(&Gemini, "gemini-2.5-flash")];
    let asked = |a: &str, b: &str| agreed(&lineup, &[params(a), params(b)]).0;
    assert_eq!(asked("thinking=4096", "thinking=2048"), params("max_tokens=8192,thinking=2048"));
    assert_eq!(asked("thinking=on", "thinking=on"), params("max_tokens=4096,thinking=on"));
    assert_eq!(asked("thinking=off", "thinking=off"), params("max_tokens=4096,thinking=off"));
    assert_eq!(asked("thinking=off", "thinking=on"), params("max_tokens=4096"));
    assert_eq!(
        asked("thinking=10", "thinking=10"),
        params("max_tokens=4106"),
        "1024 here and 10 there is not the same"
    );
}

#[test]
fn a_temperature_stays_where_all_were_told_not_to_think() {
    let lineup = [target(&Responses, "gpt-6-sol"), target(&Ollama, "qwen3:32b")];
    let asked = params("temperature=0.2,reasoning_effort=none");
    assert_eq!(agreed(&lineup, &[asked; 2]), (asked, Vec::new()));
}

#[test]
fn an_empty_lineup_is_no_trouble() {
    assert_eq!(common(&[], &[]), Vec::new());
}

#[test]
fn a_limit_that_one_wire_wants_is_everybodys() {
    let lineup = [target(&Converse, "us.anthropic.claude-opus-5-5"), target(&Messages, "claude-opus-5-5")];
    let (params_of_all, rows) = agreed(&lineup, &[params(""); 2]);
    assert_eq!(params_of_all, params("max_tokens=4096"));
    assert_eq!(rows, ["max_tokens added: the same for all: the API of claude-opus-5-5 wants a limit"]);
    // Also where only some were asked for one, and never beyond what one of them can.
    let mut lineup = lineup;
    lineup[0].max_output = Some(2048);
    let asked = [params("max_tokens=9000"), params("")];
    assert_eq!(
        common(&lineup, &asked).into_iter().map(|(p, _)| p).collect::<Vec<_>>(),
        [params("max_tokens=2048"); 2]
    );
    assert_eq!(
        agreed(&[target(&Chat, "m"), target(&Responses, "n")], &[params(""); 2]),
        (params(""), Vec::new())
    );
}
