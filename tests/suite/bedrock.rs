//! Bedrock's binary event stream through the SDK's own client and our engine:
//! every cut of its bytes, every truncation, broken checksums, exceptions.

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bakeoff::catalog::Catalog;
use bakeoff::engine::{Body, Engine, Limits, Outgoing, Reply, Transport};
use bakeoff::model::{Answer, AnswerId, Class, Endpoint, Fault, Outcome, Prompt};
use bakeoff::provider::Vars;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream;
use http::HeaderMap;

/// Gives these pieces as the body of a 200.
struct Pieces(Vec<Bytes>);

impl Transport for Pieces {
    fn prepare<'a>(&'a self, _url: &'a str) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async { Ok(()) })
    }

    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Reply, Fault>> {
        assert_eq!(request.headers["authorization"].to_str().unwrap(), "Bearer bedrock-key");
        assert!(request.headers["authorization"].is_sensitive());
        assert!(
            request.url.ends_with("/model/us.anthropic.claude-opus-5-5/converse-stream"),
            "{}",
            request.url
        );
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/vnd.amazon.eventstream".parse().unwrap());
        headers.insert("x-amzn-requestid", "req-1".parse().unwrap());
        let pieces: Vec<Result<Bytes, Fault>> = self.0.iter().cloned().map(Ok).collect();
        let body: Body = Box::pin(stream::iter(pieces));
        Box::pin(async move { Ok(Reply { status: 200, headers, body, reused: None }) })
    }
}

fn frame(kind: &str, name: &str, payload: &str) -> Vec<u8> {
    let text = |s: &str| HeaderValue::String(s.to_owned().into());
    let message = Message::new(payload.to_owned())
        .add_header(Header::new(":message-type", text(kind)))
        .add_header(Header::new(if kind == "event" { ":event-type" } else { ":exception-type" }, text(name)))
        .add_header(Header::new(":content-type", text("application/json")));
    let mut out = Vec::new();
    write_message_to(&message, &mut out).unwrap();
    out
}

fn event(name: &str, payload: &str) -> Vec<u8> {
    frame("event", name, payload)
}

/// A whole answer, and the byte from which on it may be called complete.
pub fn answer_bytes() -> (Vec<u8>, usize) {
    let mut bytes = [
        event("messageStart", r#"{"role":"assistant"}"#),
        event(
            "contentBlockDelta",
            r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Adding."}}}"#,
        ),
        event("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"text":"2+2 ist "}}"#),
        event("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"text":"vier 四."}}"#),
        event("contentBlockStop", r#"{"contentBlockIndex":1}"#),
        event("messageStop", r#"{"stopReason":"end_turn"}"#),
    ]
    .concat();
    let stopped = bytes.len();
    bytes.extend(event(
        "metadata",
        r#"{"usage":{"inputTokens":10,"outputTokens":7,"totalTokens":17,"cacheReadInputTokens":5},"metrics":{"latencyMs":321}}"#,
    ));
    (bytes, stopped)
}

async fn run(pieces: Vec<Bytes>) -> Answer {
    let limits = Limits { first_event: Duration::from_secs(5), ..Limits::default() };
    let vars = Vars::only(&[("AWS_BEARER_TOKEN_BEDROCK", "bedrock-key")]);
    let (engine, mut reports) =
        Engine::over(Arc::new(Pieces(pieces)), vars, limits, Arc::new(Catalog::embedded));
    let endpoint = Endpoint {
        name: "b".into(),
        provider: "bedrock".into(),
        model: "us.anthropic.claude-opus-5-5".into(),
        place: Some("us-east-1".into()),
        ..Endpoint::default()
    };
    engine.launch(AnswerId(1), endpoint, Prompt::new("2+2?"));
    let mut answer = Answer::new(false);
    while !answer.is_over() {
        let report = reports.recv().await.unwrap();
        answer.apply(report.at, report.step);
    }
    answer
}

#[tokio::test]
async fn every_cut_of_the_bytes_reads_the_same() {
    let (bytes, _) = answer_bytes();
    let bytes = Bytes::from(bytes);
    let whole = run(vec![bytes.clone()]).await;
    assert_eq!(whole.outcome(), Some(Outcome::Complete), "{:?}", whole.fault);
    assert_eq!((whole.text.as_str(), whole.reasoning.as_str()), ("2+2 ist vier 四.", "Adding."));
    let usage = whole.usage.clone().unwrap();
    assert_eq!((usage.input, usage.cache_read, usage.output), (Some(10), Some(5), Some(7)));
    assert_eq!(whole.request_id.as_deref(), Some("req-1"));
    assert_eq!(whole.served.times, [("latency".into(), Duration::from_millis(321))]);
    assert!(whole.cost.usd.is_some());
    let same = |got: &Answer, what: &str| {
        assert_eq!(
            (got.outcome(), &got.text, &got.reasoning),
            (whole.outcome(), &whole.text, &whole.reasoning),
            "{what}"
        );
        assert_eq!((&got.usage, &got.stop, &got.cost), (&whole.usage, &whole.stop, &whole.cost), "{what}");
    };
    for cut in 1..bytes.len() {
        let got = run(vec![bytes.slice(..cut), bytes.slice(cut..)]).await;
        same(&got, &format!("cut at {cut}"));
    }
    let single = run((0..bytes.len()).map(|i| bytes.slice(i..=i)).collect()).await;
    same(&single, "byte by byte");
}

#[tokio::test]
async fn a_truncated_stream_is_never_complete() {
    let (bytes, stopped) = answer_bytes();
    let bytes = Bytes::from(bytes);
    for end in 0..bytes.len() {
        let got = run(vec![bytes.slice(..end)]).await;
        // After messageStop only the usage is missing, which is then unknown.
        let wanted = end >= stopped;
        assert_eq!(
            got.outcome() == Some(Outcome::Complete),
            wanted,
            "{end} of {}: {:?}",
            bytes.len(),
            got.fault
        );
        assert!("2+2 ist vier 四.".starts_with(&got.text), "{end}: {:?}", got.text);
        if wanted {
            assert_eq!((got.usage.is_none(), got.cost.usd), (true, None), "{end}");
        } else {
            assert!(got.fault.is_some(), "{end}");
        }
    }
}

#[tokio::test]
async fn broken_frames_and_exceptions_keep_the_text_and_name_the_cause() {
    let (bytes, _) = answer_bytes();
    let text_end = bytes.len() / 2;
    let mut broken = bytes.clone();
    broken[text_end] ^= 0x40;
    let got = run(vec![Bytes::from(broken)]).await;
    assert_eq!(got.outcome(), Some(Outcome::Cut), "{:?}", got.fault);
    assert_eq!(got.fault.unwrap().class, Class::Garbled);

    for (name, class) in [
        ("throttlingException", Class::Limit),
        ("internalServerException", Class::Overloaded),
        ("modelStreamErrorException", Class::Overloaded),
        ("serviceUnavailableException", Class::Overloaded),
        ("validationException", Class::Refused),
    ] {
        let late = [
            event("messageStart", r#"{"role":"assistant"}"#),
            event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"so far"}}"#),
            frame("exception", name, r#"{"message":"said the service"}"#),
        ]
        .concat();
        let got = run(vec![Bytes::from(late)]).await;
        assert_eq!((got.outcome(), got.text.as_str()), (Some(Outcome::Cut), "so far"), "{name}");
        let fault = got.fault.unwrap();
        assert_eq!(fault.class, class, "{name}: {}", fault.message);
        assert!(fault.message.contains("said the service"), "{name}: {}", fault.message);
        let early =
            run(vec![Bytes::from(frame("exception", name, r#"{"message":"said the service"}"#))]).await;
        assert_eq!(early.outcome(), Some(Outcome::Failed), "{name}");
    }
    let unknown = [event("somethingNew", r#"{"x":1}"#), bytes].concat();
    assert_eq!(run(vec![Bytes::from(unknown)]).await.outcome(), Some(Outcome::Complete));
}
