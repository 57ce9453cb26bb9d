//! From what a wire reports to what an answer costs, through the readers that read it; and the
//! faults that other tools have made on that way, one by one.

use std::time::Duration;

use bakeoff::catalog::Catalog;
use bakeoff::model::{Answer, CostStatus, Delta, Endpoint, Money, Price, Rates, Rule, Step, Usage, settle};
use bakeoff::provider::{list_price, parse_spec};
use bakeoff::wire::{Chat, ConverseReader, Dialect, Frame, Gemini, Messages, Ollama, Reader, Responses};
use serde_json::{Value, json};

use crate::cost::{Case, cases};

/// An answer of one word with this usage, as each wire gives it whole.
fn answered(wire: &str, model: &str, usage: &Value) -> Answer {
    let mut out = Vec::new();
    let mut whole = |dialect: &dyn Dialect, body: Value| {
        dialect.reader().read_whole(&body, &mut out).unwrap_or_else(|e| panic!("{wire}: {}", e.message));
    };
    match wire {
        "openai-chat" | "xai-chat" => whole(
            &Chat,
            json!({ "object": "chat.completion", "model": model, "usage": usage, "choices": [{ "index": 0,
                "message": { "role": "assistant", "content": "x" }, "finish_reason": "stop" }] }),
        ),
        "openai-responses" => whole(
            &Responses,
            json!({ "object": "response", "status": "completed", "model": model, "usage": usage, "output": [{
                "type": "message", "content": [{ "type": "output_text", "text": "x" }] }] }),
        ),
        "anthropic" => whole(
            &Messages,
            json!({ "type": "message", "role": "assistant", "model": model, "usage": usage,
                "content": [{ "type": "text", "text": "x" }], "stop_reason": "end_turn" }),
        ),
        "gemini" => whole(
            &Gemini,
            json!({ "usageMetadata": usage, "candidates": [{ "finishReason": "STOP",
                "content": { "parts": [{ "text": "x" }] } }] }),
        ),
        "ollama" => {
            let mut body =
                json!({ "model": model, "message": { "content": "x" }, "done": true, "done_reason": "stop" });
            for (name, count) in usage.as_object().unwrap() {
                body[name] = count.clone();
            }
            whole(&Ollama, body);
        }
        "converse" | "converse-openai" => {
            let model =
                if wire == "converse" { "us.anthropic.claude-opus-5-5" } else { "us.openai.gpt-6.1-sol" };
            let data = json!({ "usage": usage, "metrics": { "latencyMs": 1 } }).to_string();
            let frame = Frame::Event { name: "metadata".into(), data };
            ConverseReader::new(model).read(&frame, &mut out).unwrap();
        }
        other => panic!("no wire is called {other:?}"),
    }
    let mut answer = Answer::default();
    answer.apply(Duration::ZERO, Step::Sent);
    answer.apply(Duration::ZERO, Step::Deltas(out));
    answer
}

/// The sixty cases of `cost`, from the counts as each wire reports them to the last digit.
#[test]
fn every_wire_reports_its_counts_in_buckets_that_do_not_overlap() {
    let (mut read, mut wrong) = (0, Vec::new());
    for case in cases() {
        let (status, usd) = cost_of(&case);
        read += usize::from(case.usage_wire.is_some());
        if (status.as_str(), &usd) != (case.expected.status.as_str(), &case.expected.usd) {
            wrong.push(format!("{}: {status} {usd:?}, not {:?}", case.id, case.expected.usd));
        }
    }
    assert!(read >= 58, "{read} cases with counts");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Status and amount of a case, its counts read by its wire.
fn cost_of(case: &Case) -> (String, Option<String>) {
    let price = case.price();
    let rule = if price.is_some() { Rule::Exact } else { Rule::None };
    let answer = case.usage_wire.as_ref().map(|usage| answered(&case.wire, "m", usage)).unwrap_or_default();
    let billed = case.usage_wire.as_ref().and_then(|u| u.get("cost")).map(ToString::to_string);
    let tier = case.served_tier.as_deref();
    let cost = settle(answer.usage.as_ref(), price.as_ref(), rule, tier, billed.as_deref());
    (cost.status.word().to_owned(), cost.usd.map(Money::exact))
}

/// Faults of other tools (`prices.md` §2): where they were seen, the case that shows them, and
/// what a tool with the fault would say of it.
const FAULTS: [(&str, &str, &str); 14] = [
    (
        "cached tokens counted in input and as cached: langfuse/codex-observability-plugin#22",
        "cached-openai-responses",
        "0.1603",
    ),
    ("cache writes charged twice: BerriAI/litellm#9812", "write-5m", "0.0913"),
    ("cache reads left out: anomalyco/opencode#28494", "cached-anthropic", "0.0085"),
    ("cache writes left out: BerriAI/litellm#38370", "write-azure", "0.0000484"),
    ("a one-hour write at the five-minute rate: earendil-works/pi#5737", "write-1h", "1.72"),
    ("cache subtracted from an input that is net: crmne/ruby_llm#832", "cached-converse-claude", "0"),
    ("input taken as net where it is gross: earendil-works/pi#8752", "cached-converse-openai", "0.0267"),
    ("reasoning added to output that holds it: anomalyco/opencode#17566", "reasoning-inside", "1.04"),
    ("reasoning dropped where it lies outside: any-llm#1291", "reasoning-gemini", "0.00015"),
    ("the same at xAI, which says only by its total: sub2api#5771", "reasoning-xai-outside", "0.02"),
    ("a tier ignored: comet-ml/opik#6982", "tier-openai-above", "0.695"),
    ("a tier sliced like income tax: pydantic/genai-prices#242", "tier-three-rows", "0.05"),
    ("the requested service tier billed: BerriAI/litellm#31837", "service-downgraded", "0.32"),
    ("no usage taken as a zero: ccusage#858", "no-usage", "0"),
];

#[test]
fn the_faults_of_other_tools_are_not_made_again() {
    let cases = cases();
    for (fault, id, wrong) in FAULTS {
        let case = cases.iter().find(|c| c.id == id).unwrap_or_else(|| panic!("{fault}: no case {id}"));
        let (status, usd) = cost_of(case);
        assert_eq!((status.as_str(), &usd), (case.expected.status.as_str(), &case.expected.usd), "{fault}");
        assert_ne!(usd.as_deref(), Some(wrong), "{fault}");
    }
}

#[test]
fn a_tier_is_chosen_by_the_prompt_and_never_by_the_output() {
    let base = Rates { input: Some(1), output: Some(1), ..Rates::default() };
    let tiers =
        vec![bakeoff::model::Tier { above: 100, inclusive: false, rates: Rates { input: Some(9), ..base } }];
    let price = Price { rates: base, tiers, ..Price::default() };
    let usage = Usage { input: Some(100), output: Some(1_000_000), ..Usage::default() };
    let cost = settle(Some(&usage), Some(&price), Rule::Exact, None, None);
    assert_eq!(cost.usd, Some(Money(1_000_100)));
}

/// BerriAI/litellm#30768, #42679: an id without its profile's prefix is another price.
#[test]
fn a_prefix_is_never_stripped_and_no_cloud_lends_its_price() {
    let catalog = Catalog::embedded();
    let input = |kind: &str, id: &str| catalog.lookup(kind, id, None).0.and_then(|p| p.rates.input);
    let (us, global) = (
        input("bedrock", "us.anthropic.claude-opus-5-5"),
        input("bedrock", "global.anthropic.claude-opus-5-5"),
    );
    assert_eq!((us, global), (Some(4_400_000_000), Some(4_000_000_000)));
    for (kind, id) in [
        ("bedrock", "xx.anthropic.claude-opus-5-5"),
        ("bedrock", "claude-opus-5-5"),
        ("openai", "claude-opus-5-5"),
    ] {
        assert_eq!(input(kind, id), None, "{kind} {id}");
    }
}

/// BerriAI/litellm#7004: a deployment that is called like a model is not that model.
#[test]
fn a_deployment_without_a_model_has_no_price() {
    let azure = |spec: &str| {
        let endpoint: Endpoint = parse_spec(spec).unwrap();
        list_price(&Catalog::embedded(), &endpoint, "https://c.openai.azure.com/openai/v1/responses")
            .0
            .is_some()
    };
    assert!(!azure("azure:gpt-6-sol@c"));
    assert!(azure("azure:mine@c?model=gpt-6-sol"));
}

/// archestra#6912 took fifty dollars for what it did not know; others took zero, or "free".
#[test]
fn what_is_not_known_has_no_amount_and_no_rank() {
    let usage = Usage { input: Some(1_000), output: Some(1_000), ..Usage::default() };
    let cost = settle(Some(&usage), None, Rule::None, None, None);
    assert_eq!((cost.status, cost.usd, cost.label().as_str()), (CostStatus::Unknown, None, "unknown"));
    let mut total = bakeoff::model::Total::default();
    total.add(&cost);
    assert_eq!(total.label(), "unknown");
    let price = Price {
        rates: Rates { input: Some(1_000_000_000), output: Some(0), ..Rates::default() },
        ..Price::default()
    };
    total.add(&settle(Some(&usage), Some(&price), Rule::Exact, None, None));
    assert_eq!(total.label(), "≥ ~$0.001000 (1 of 2 unknown)");
}

/// teradata-labs/loom#377: a stream that is not asked for its usage does not tell it.
#[test]
fn every_chat_request_asks_for_its_usage() {
    let vars = bakeoff::provider::Vars::only(&[
        ("OPENAI_API_KEY", "k"),
        ("AZURE_OPENAI_API_KEY", "k"),
        ("GROQ_API_KEY", "k"),
        ("XAI_API_KEY", "k"),
    ]);
    let prompt = bakeoff::model::Prompt::new("x");
    for spec in
        ["openai:gpt-4o?api=chat", "azure:d@contoso?model=gpt-4o&api=chat", "groq:m", "xai:m?api=chat"]
    {
        let request = bakeoff::provider::resolve(&parse_spec(spec).unwrap(), &prompt, &vars, None);
        let request = request.unwrap_or_else(|e| panic!("{spec}: {}", e.message));
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body["stream_options"]["include_usage"], true, "{spec}: {body}");
    }
}

/// An answer is billed by the hour in which it ended; a wall clock that is set has no part in it.
#[test]
fn quiet_hours_are_told_by_the_start_and_the_clock_that_cannot_be_set() {
    let (price, rule) = Catalog::embedded().lookup("deepseek", "deepseek-v4-pro", None);
    // Monday 2026-11-23: quiet until 01:00, from 04:00 to 06:00, and from 10:00 on.
    let monday = 1_795_392_000;
    for (started, lasted, usd, status) in [
        (Some(0), 10, "0.66", "known"),
        (Some(3_599), 0, "0.66", "known"),
        (Some(3_599), 2, "1.32", "known"),
        (Some(10 * 3_600 - 1), 2, "0.66", "known"),
        (None, 2, "1.32", "assumed"),
    ] {
        let mut answer = Answer::default();
        answer.apply(Duration::ZERO, Step::Priced(price.clone().map(Box::new), rule));
        let started = started.map(|at| Duration::from_secs(monday + at));
        let sending = bakeoff::model::Sending { started, ..Default::default() };
        answer.apply(Duration::ZERO, Step::Prepared(Box::new(sending)));
        answer.apply(Duration::ZERO, Step::Sent);
        let usage = Usage { input: Some(1_000_000), output: Some(0), ..Usage::default() };
        let at = Duration::from_secs(lasted);
        answer.apply(at, Step::Deltas(vec![Delta::Text("x".into()), Delta::Usage(Box::new(usage))]));
        answer.apply(at, Step::Ended);
        let got = (answer.cost.status.word(), answer.cost.usd.map(Money::exact));
        assert_eq!(got, (status, Some(usd.to_owned())), "{started:?} + {lasted} s");
    }
}

/// The tier that served counts; the one that was asked for only where the response names none.
#[test]
fn a_service_tier_is_the_responses_and_else_the_requests_with_a_doubt() {
    let (price, rule) = Catalog::embedded().lookup("openai", "gpt-5.6-sol", None);
    for (asked, served, usd, status) in [
        (None, None, "0.04", "known"),
        (Some("priority"), Some("default"), "0.04", "known"),
        (Some("priority"), Some("PRIORITY"), "0.08", "known"),
        (Some("flex"), Some("on_demand_flex"), "0.02", "known"),
        (Some("flex"), None, "0.02", "assumed"),
        (Some("default"), None, "0.04", "assumed"),
    ] {
        let mut answer = Answer::default();
        answer.apply(Duration::ZERO, Step::Priced(price.clone().map(Box::new), rule));
        let sending = bakeoff::model::Sending { tier: asked, ..Default::default() };
        answer.apply(Duration::ZERO, Step::Prepared(Box::new(sending)));
        answer.apply(Duration::ZERO, Step::Sent);
        let usage = Usage { input: Some(10_000), output: Some(0), ..Usage::default() };
        let tier = served.map(str::to_owned);
        let told = bakeoff::model::Served { tier, ..Default::default() };
        answer.apply(
            Duration::ZERO,
            Step::Deltas(vec![Delta::Served(Box::new(told)), Delta::Usage(Box::new(usage))]),
        );
        answer.apply(Duration::ZERO, Step::Ended);
        let got = (answer.cost.usd.map(Money::exact), answer.cost.status.word());
        assert_eq!(got, (Some(usd.to_owned()), status), "{asked:?} {served:?}");
    }
}
