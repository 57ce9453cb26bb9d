//! Bedrock Converse, whose frames the SDK cuts: events as data instead of bytes.
//!
//! `tests/fixtures/converse/<case>.toml` is a list of events and what must come
//! of them. Every list is read twice, as JSON payloads and as the SDK's types,
//! and must give the same deltas; `typed = false` marks what those types cannot hold.
//!
//! `tests/fixtures/converse/encode/<case>.toml` is a call and its documented
//! body; the SDK's parts must say the same as the body.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_bedrockruntime::primitives::Blob;
use aws_sdk_bedrockruntime::types as aws;
use aws_smithy_types::{Document, Number};
use bakeoff::model::{Delta, Params, Prompt, Role, Turn};
use bakeoff::wire::{Call, Converse, ConverseReader, Dialect, Frame, Progress, Quirks, Reader};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::streams::{buckets, fold, stop};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stream {
    about: String,
    #[serde(default)]
    model: String,
    #[serde(default = "yes")]
    typed: bool,
    events: Vec<Told>,
    #[serde(default)]
    text: String,
    #[serde(default)]
    reasoning: String,
    stop: Option<(String, String)>,
    /// Of the reader after the last event: `open`, `stopped` or `closed`.
    progress: String,
    fault_class: Option<String>,
    fault_contains: Option<String>,
    fault_code: Option<String>,
    usage: Option<BTreeMap<String, u64>>,
    #[serde(default)]
    inconsistent: bool,
    tier: Option<String>,
    latency_ms: Option<u64>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    event: String,
    data: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    about: String,
    model: String,
    system: Option<String>,
    turns: Vec<(Role, String)>,
    #[serde(default)]
    params: BTreeMap<String, toml::Value>,
    path: Option<String>,
    body: Option<String>,
    fault_class: Option<String>,
    fault_contains: Option<String>,
}

fn cases<T: for<'de> Deserialize<'de>>(folder: &str) -> Vec<(String, T)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/converse").join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "toml"));
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().display().to_string();
        let case =
            toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap_or_else(|e| panic!("{name}: {e}"));
        (name, case)
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn every_list_of_events_means_the_same_as_json_and_as_types() {
    let cases = cases::<Stream>("");
    assert!(cases.len() >= 10, "{} fixtures are too few", cases.len());
    for (name, case) in cases {
        stream(&name, &case);
    }
}

fn stream(name: &str, case: &Stream) {
    assert!(!case.about.is_empty(), "{name}: says nothing about itself");
    let (mut plain, mut typed) = (ConverseReader::new(&case.model), ConverseReader::new(&case.model));
    let (mut out, mut out_typed) = (Vec::new(), Vec::new());
    let mut end = Ok(());
    let mut stopped = false;
    for told in &case.events {
        assert!(stopped || plain.progress() == Progress::Open, "{name}: over before its messageStop");
        let frame = Frame::Event { name: told.event.clone(), data: told.data.clone() };
        end = plain.read(&frame, &mut out);
        if end.is_err() {
            break;
        }
        stopped |= told.event == "messageStop";
        if case.typed {
            let payload = serde_json::from_str(&told.data).unwrap_or_else(|e| panic!("{name}: {e}"));
            typed.read_event(&sdk(&told.event, &payload), &mut out_typed);
        }
    }
    if case.typed {
        assert_eq!(out_typed, out, "{name}: the SDK's types tell another story");
        assert_eq!(typed.progress(), plain.progress(), "{name}");
    }
    assert_eq!(format!("{:?}", plain.progress()).to_lowercase(), case.progress, "{name}: progress");
    match (end, &case.fault_class) {
        (Ok(()), None) => {}
        (Err(fault), Some(class)) => {
            assert_eq!(fault.class.word(), class, "{name}: {fault:?}");
            assert!(fault.message.contains(case.fault_contains.as_deref().unwrap()), "{name}: {fault:?}");
            assert_eq!(fault.code, case.fault_code, "{name}: code");
        }
        (end, class) => panic!("{name}: {end:?}, where {class:?} was expected"),
    }
    compare(name, case, out);
}

fn compare(name: &str, case: &Stream, deltas: Vec<Delta>) {
    let answer = fold(deltas);
    assert_eq!(answer.text, case.text, "{name}: text");
    assert_eq!(answer.reasoning, case.reasoning, "{name}: reasoning");
    assert_eq!(stop(&answer), case.stop, "{name}: stop");
    assert_eq!(answer.usage.as_ref().map(buckets), case.usage, "{name}: usage");
    assert_eq!(answer.usage.is_some_and(|u| u.inconsistent), case.inconsistent, "{name}: inconsistent");
    assert_eq!(answer.served.tier, case.tier, "{name}: tier");
    let latency: Vec<_> =
        case.latency_ms.map(|ms| ("latency".into(), Duration::from_millis(ms))).into_iter().collect();
    assert_eq!(answer.served.times, latency, "{name}: times");
}

/// The event as the SDK's decoder would build it.
fn sdk(name: &str, payload: &Value) -> aws::ConverseStreamOutput {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    match name {
        "messageStart" => aws::ConverseStreamOutput::MessageStart(
            aws::MessageStartEvent::builder().role(aws::ConversationRole::Assistant).build().unwrap(),
        ),
        "contentBlockStart" => aws::ConverseStreamOutput::ContentBlockStart(
            aws::ContentBlockStartEvent::builder().content_block_index(0).build().unwrap(),
        ),
        "contentBlockStop" => aws::ConverseStreamOutput::ContentBlockStop(
            aws::ContentBlockStopEvent::builder().content_block_index(0).build().unwrap(),
        ),
        "contentBlockDelta" => {
            let delta = &payload["delta"];
            let thought = &delta["reasoningContent"];
            let delta = if delta["text"].is_string() {
                aws::ContentBlockDelta::Text(text(&delta["text"]))
            } else if thought["text"].is_string() {
                aws::ContentBlockDelta::ReasoningContent(aws::ReasoningContentBlockDelta::Text(text(
                    &thought["text"],
                )))
            } else if thought["signature"].is_string() {
                aws::ContentBlockDelta::ReasoningContent(aws::ReasoningContentBlockDelta::Signature(text(
                    &thought["signature"],
                )))
            } else if thought["redactedContent"].is_string() {
                aws::ContentBlockDelta::ReasoningContent(aws::ReasoningContentBlockDelta::RedactedContent(
                    Blob::new(text(&thought["redactedContent"])),
                ))
            } else {
                let input = text(&delta["toolUse"]["input"]);
                aws::ContentBlockDelta::ToolUse(
                    aws::ToolUseBlockDelta::builder().input(input).build().unwrap(),
                )
            };
            aws::ConverseStreamOutput::ContentBlockDelta(
                aws::ContentBlockDeltaEvent::builder().content_block_index(0).delta(delta).build().unwrap(),
            )
        }
        "messageStop" => aws::ConverseStreamOutput::MessageStop(
            aws::MessageStopEvent::builder()
                .stop_reason(text(&payload["stopReason"]).as_str().into())
                .build()
                .unwrap(),
        ),
        "metadata" => aws::ConverseStreamOutput::Metadata(metadata(payload)),
        other => panic!("the SDK has no event {other}"),
    }
}

fn metadata(payload: &Value) -> aws::ConverseStreamMetadataEvent {
    let int = |value: &Value| value.as_i64().map(|n| i32::try_from(n).unwrap());
    let mut event = aws::ConverseStreamMetadataEvent::builder();
    if let Some(usage) = payload.get("usage") {
        let detail = |d: &Value| {
            let ttl = d["ttl"].as_str().unwrap().into();
            aws::CacheDetail::builder().ttl(ttl).set_input_tokens(int(&d["inputTokens"])).build().unwrap()
        };
        let details = usage.get("cacheDetails").map(|d| d.as_array().unwrap().iter().map(detail).collect());
        let usage = aws::TokenUsage::builder()
            .set_input_tokens(int(&usage["inputTokens"]))
            .set_output_tokens(int(&usage["outputTokens"]))
            .set_total_tokens(int(&usage["totalTokens"]))
            .set_cache_read_input_tokens(int(&usage["cacheReadInputTokens"]))
            .set_cache_write_input_tokens(int(&usage["cacheWriteInputTokens"]))
            .set_cache_details(details);
        event = event.usage(usage.build().unwrap());
    }
    if let Some(ms) = payload["metrics"]["latencyMs"].as_i64() {
        event = event.metrics(aws::ConverseStreamMetrics::builder().latency_ms(ms).build().unwrap());
    }
    if let Some(tier) = payload["serviceTier"]["type"].as_str() {
        event = event.service_tier(aws::ServiceTier::builder().r#type(tier.into()).build().unwrap());
    }
    event.build()
}

#[test]
fn every_call_becomes_its_body_and_the_same_parts() {
    let cases = cases::<Request>("encode");
    assert!(cases.len() >= 10, "{} requests are too few", cases.len());
    for (name, case) in cases {
        request(&name, case);
    }
}

fn request(name: &str, case: Request) {
    assert!(!case.about.is_empty(), "{name}: says nothing about itself");
    let mut params = Params::default();
    for (key, value) in &case.params {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        params.set(key, &text).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    let turns = case.turns.into_iter().map(|(role, text)| Turn::new(role, text)).collect();
    let prompt = Prompt { system: case.system, turns, nonce: None };
    let call = Call {
        model: &case.model,
        is: &case.model,
        prompt: &prompt,
        params: &params,
        quirks: Quirks::default(),
    };
    match Converse.encode(&call) {
        Ok(body) => {
            let text = case.body.unwrap_or_else(|| panic!("{name}: encoded, where a fault was expected"));
            let expected: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(body, expected, "{name}: body");
            assert_eq!(parts(&call), expected, "{name}: the SDK's parts");
            assert_eq!(Some(Converse.path(&call)), case.path, "{name}: path");
            assert_eq!(Converse.headers(&call), [], "{name}: headers");
        }
        Err(fault) => {
            assert_eq!(Some(fault.class.word()), case.fault_class.as_deref(), "{name}: {fault:?}");
            assert!(fault.message.contains(&case.fault_contains.unwrap()), "{name}: {fault:?}");
            assert_eq!(Converse::additional(&call).unwrap_err(), fault, "{name}: the SDK's parts");
        }
    }
}

/// The SDK's parts of a call, written as the SDK would write them.
fn parts(call: &Call<'_>) -> Value {
    let turn = |m: &aws::Message| {
        let texts: Vec<_> = m.content().iter().map(|c| json!({"text": c.as_text().unwrap()})).collect();
        json!({"role": m.role().as_str(), "content": texts})
    };
    let mut body =
        json!({"messages": Converse::messages(call).unwrap().iter().map(turn).collect::<Vec<_>>()});
    let system = Converse::system(call);
    if !system.is_empty() {
        body["system"] = system.iter().map(|s| json!({"text": s.as_text().unwrap()})).collect();
    }
    if let Some(config) = Converse::inference(call) {
        body["inferenceConfig"] = json!({});
        if let Some(n) = config.max_tokens() {
            body["inferenceConfig"]["maxTokens"] = n.into();
        }
        if let Some(t) = config.temperature() {
            // The SDK's single precision, read back by its shortest decimal form.
            body["inferenceConfig"]["temperature"] = t.to_string().parse::<f64>().unwrap().into();
        }
    }
    if let Some(fields) = Converse::additional(call).unwrap() {
        body["additionalModelRequestFields"] = value(fields);
    }
    body
}

fn value(document: Document) -> Value {
    match document {
        Document::Object(fields) => fields.into_iter().map(|(k, v)| (k, value(v))).collect(),
        Document::Array(items) => items.into_iter().map(value).collect(),
        Document::Number(Number::PosInt(n)) => n.into(),
        Document::Number(Number::NegInt(n)) => n.into(),
        Document::Number(Number::Float(n)) => n.into(),
        Document::String(s) => s.into(),
        Document::Bool(b) => b.into(),
        Document::Null => Value::Null,
    }
}

#[test]
fn aws_codes_become_classes_with_advice() {
    let on_demand = "Invocation of model ID anthropic.claude-opus-5-5 with on-demand throughput isn\u{2019}t supported. \
                     Retry your request with the ID or ARN of an inference profile that contains this model.";
    for (code, message, status, class, advice) in [
        ("ThrottlingException", "Too many tokens", Some(429), "limit", "wait"),
        ("throttlingException", "Too many tokens", None, "limit", "wait"),
        ("ModelNotReadyException", "Model is not ready", Some(429), "overloaded", "being made ready"),
        (
            "AccessDeniedException",
            "You don't have access to the model",
            Some(403),
            "denied",
            "Bedrock console",
        ),
        ("ResourceNotFoundException", "end of its life", Some(404), "not_found", "region"),
        ("ValidationException", "temperature: extra inputs", Some(400), "refused", "remove temperature"),
        (
            "ValidationException",
            "The maximum tokens you requested exceeds the model limit of 8192.",
            Some(400),
            "refused",
            "remove max_tokens",
        ),
        (
            "ResourceNotFoundException",
            "Model use case details have not been submitted for this account.",
            Some(404),
            "not_found",
            "use case form",
        ),
        ("ValidationException", on_demand, Some(400), "refused", "us., eu., global."),
        (
            "ValidationException",
            "The provided model identifier is invalid.",
            Some(400),
            "not_found",
            "region",
        ),
        ("ValidationException", "Input is too long for requested model.", Some(400), "too_long", "shorten"),
        ("ModelTimeoutException", "took too long", Some(408), "silent", "time limit"),
        ("ModelErrorException", "failed", Some(424), "overloaded", "re-run"),
        ("modelStreamErrorException", "failed", None, "overloaded", "re-run"),
        ("ServiceUnavailableException", "busy", Some(503), "overloaded", "re-run"),
        ("InternalServerException", "oops", Some(500), "overloaded", "re-run"),
        ("ServiceQuotaExceededException", "quota", Some(400), "limit", "Service Quotas"),
        ("ExpiredTokenException", "expired", Some(403), "key", "account"),
        ("UnrecognizedClientException", "invalid token", Some(403), "key", "account"),
        ("InvalidSignatureException", "signature", Some(403), "key", "account"),
        ("CredentialsNotLoaded", "no providers in chain", None, "key", "account"),
        ("com.amazon.coral.service#ExpiredTokenException:http://internal/", "x", Some(403), "key", "account"),
        ("BrandNewException", "new", Some(418), "refused", "parameter"),
        ("BrandNewException", "new", None, "overloaded", "re-run"),
        ("", "no code", Some(401), "key", "account"),
    ] {
        let fault = Converse::fault(code, message, status);
        assert_eq!((fault.class.word(), fault.status), (class, status), "{code}: {message}");
        assert!(fault.advice().contains(advice), "{code}: {}", fault.advice());
        assert_eq!(fault.message, message, "{code}");
    }
    assert_eq!(Converse::fault("InternalServerException", "", None).message, "InternalServerException");
}

#[test]
fn a_whole_answer_is_read_and_closed() {
    let body = json!({
        "output": {"message": {"role": "assistant", "content": [
            {"reasoningContent": {"reasoningText": {"text": "Two and two.", "signature": "x"}}},
            {"text": "4"}
        ]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 9, "outputTokens": 5, "totalTokens": 14},
        "metrics": {"latencyMs": 350}
    });
    let (mut reader, mut out) = (Converse.reader(), Vec::new());
    reader.read_whole(&body, &mut out).unwrap();
    assert_eq!(reader.progress(), Progress::Closed);
    let answer = fold(out);
    assert_eq!((answer.reasoning.as_str(), answer.text.as_str()), ("Two and two.", "4"));
    assert_eq!(answer.usage.unwrap().generated(), Some(5));

    let other = Converse.reader().read_whole(&json!({"choices": []}), &mut Vec::new()).unwrap_err();
    assert_eq!(other.class.word(), "garbled");
}

#[test]
fn a_payload_nested_without_end_is_a_fault_and_no_overflow() {
    let data = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let frame = Frame::Event { name: "metadata".into(), data };
    let fault = Converse.reader().read(&frame, &mut Vec::new()).unwrap_err();
    assert_eq!(fault.class.word(), "garbled");
}
