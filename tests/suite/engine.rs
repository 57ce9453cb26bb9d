//! The engine over a scripted transport and a paused clock: exact timelines,
//! cancel, every time limit by its name, nothing sent twice.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bakeoff::catalog::Catalog;
use bakeoff::engine::{Body, Engine, Limits, Outgoing, Reply, Transport};
use bakeoff::model::{
    Answer, AnswerId, Class, Endpoint, Fault, Outcome, Phase, Prompt, Reading, Report, Thinking, metric,
};
use bakeoff::provider::Vars;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};
use http::HeaderMap;
use tokio::sync::mpsc::UnboundedReceiver;

const MS: Duration = Duration::from_millis(1);

/// What the scripted server does after the request has left.
#[derive(Clone)]
struct Script {
    /// Before the head.
    wait: Duration,
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    /// Each piece after its pause.
    pieces: Vec<(Duration, Result<&'static str, &'static str>)>,
    /// The connection stays open after the last piece.
    hangs: bool,
    panics: bool,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            wait: Duration::ZERO,
            status: 200,
            headers: vec![("content-type", "text/event-stream")],
            pieces: Vec::new(),
            hangs: false,
            panics: false,
        }
    }
}

#[derive(Default)]
struct Seen {
    sent: AtomicUsize,
    prepared: AtomicUsize,
    dropped: Arc<AtomicUsize>,
    last: Mutex<Option<Outgoing>>,
}

struct Scripted {
    script: Script,
    seen: Arc<Seen>,
}

/// Counts when the body of a response is let go.
struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Transport for Scripted {
    fn prepare<'a>(&'a self, _url: &'a str) -> BoxFuture<'a, Result<(), Fault>> {
        self.seen.prepared.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(()) })
    }

    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Reply, Fault>> {
        self.seen.sent.fetch_add(1, Ordering::SeqCst);
        *self.seen.last.lock().unwrap() = Some(request);
        let script = self.script.clone();
        let guard = Guard(Arc::clone(&self.seen.dropped));
        Box::pin(async move {
            tokio::time::sleep(script.wait).await;
            assert!(!script.panics, "a planted panic");
            let mut headers = HeaderMap::new();
            for (name, value) in &script.headers {
                headers.insert(*name, value.parse().unwrap());
            }
            let hangs = script.hangs;
            let pieces = stream::iter(script.pieces).then(|(pause, piece)| async move {
                tokio::time::sleep(pause).await;
                piece.map(|t| Bytes::from_static(t.as_bytes())).map_err(|e| Fault::new(Class::Cut, e))
            });
            let body: Body = if hangs {
                Box::pin(pieces.chain(stream::pending()).map(move |p| {
                    let _ = &guard;
                    p
                }))
            } else {
                Box::pin(pieces.map(move |p| {
                    let _ = &guard;
                    p
                }))
            };
            Ok(Reply { status: script.status, headers, body, reused: None })
        })
    }
}

fn engine(script: Script, limits: Limits) -> (Engine, UnboundedReceiver<Report>, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let transport = Arc::new(Scripted { script, seen: Arc::clone(&seen) });
    let (engine, reports) = Engine::over(
        transport,
        Vars::only(&[("MY_KEY", "sk-canary-1234567890")]),
        limits,
        Arc::new(Catalog::embedded),
    );
    (engine, reports, seen)
}

fn endpoint() -> Endpoint {
    Endpoint {
        name: "local".into(),
        provider: "compatible".into(),
        model: "m".into(),
        base_url: Some("http://127.0.0.1:1/v1".into()),
        key: Some(bakeoff::model::KeySource::Env("MY_KEY".into())),
        ..Endpoint::default()
    }
}

/// Runs one answer to its end and folds it.
async fn run_with(script: Script, limits: Limits, endpoint: Endpoint) -> (Answer, Arc<Seen>) {
    let (engine, mut reports, seen) = engine(script, limits);
    engine.launch(AnswerId(7), endpoint, Prompt::new("hi"));
    let mut answer = Answer::new(false);
    while !answer.is_over() {
        let report = reports.recv().await.expect("the engine ended without ending the answer");
        assert_eq!(report.id, AnswerId(7));
        answer.apply(report.at, report.step);
    }
    (answer, seen)
}

async fn run(script: Script) -> (Answer, Arc<Seen>) {
    run_with(script, Limits::default(), endpoint()).await
}

const ROLE: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
const HEL: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\n";
const LO: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"}}]}\n\n";
const STOP: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

fn good() -> Vec<(Duration, Result<&'static str, &'static str>)> {
    [(10, ": alive\n\n"), (10, ROLE), (30, HEL), (40, LO), (5, STOP), (5, USAGE), (5, DONE)]
        .map(|(ms, t)| (MS * ms, Ok(t)))
        .to_vec()
}

#[tokio::test(start_paused = true)]
async fn every_mark_is_exact_and_only_text_stops_the_first_text_clock() {
    let script = Script { wait: MS * 100, pieces: good(), ..Script::default() };
    let (answer, seen) = run(script).await;
    assert_eq!(answer.outcome(), Some(Outcome::Complete));
    assert_eq!(answer.text, "Hello");
    let t = &answer.timeline;
    assert_eq!(t.headers, Some(MS * 100));
    assert_eq!(t.first_byte, Some(MS * 110), "a comment is a byte");
    assert_eq!(t.first_text, Some(MS * 150), "a comment, a role and an empty delta are not text");
    assert_eq!(t.last_text, Some(MS * 190));
    assert_eq!(t.end, Some(MS * 205));
    assert_eq!(t.chunks.len(), 2);
    let usage = answer.usage.unwrap();
    assert_eq!((usage.input, usage.output), (Some(3), Some(2)));
    assert_eq!(seen.sent.load(Ordering::SeqCst), 1);
    assert_eq!(seen.prepared.load(Ordering::SeqCst), 1, "the client is made before t0");
}

#[tokio::test(start_paused = true)]
async fn what_arrives_together_shares_one_stamp() {
    let all: &'static str = Box::leak([ROLE, HEL, LO, STOP, USAGE, DONE].concat().into_boxed_str());
    let (answer, _) = run(Script { pieces: vec![(MS * 20, Ok(all))], ..Script::default() }).await;
    assert_eq!(answer.text, "Hello");
    assert_eq!(answer.timeline.chunks.len(), 1);
    assert_eq!((answer.timeline.first_text, answer.timeline.end), (Some(MS * 20), Some(MS * 20)));
}

#[tokio::test(start_paused = true)]
async fn each_limit_fires_on_time_and_names_itself() {
    let limits = Limits { first_event: MS * 5_000, idle: MS * 3_000, ..Limits::default() };
    let cases = [
        ("no head", Script { wait: MS * 999_999, ..Script::default() }, 5_000, "no reply"),
        ("no text", Script { hangs: true, ..Script::default() }, 5_000, "first-event limit"),
        (
            "only comments",
            Script { pieces: vec![(MS * 100, Ok(": x\n\n")); 100], hangs: true, ..Script::default() },
            5_000,
            "the connection is alive",
        ),
        (
            "silence after text",
            Script { pieces: vec![(MS * 100, Ok(HEL))], hangs: true, ..Script::default() },
            3_100,
            "idle limit",
        ),
    ];
    for (name, script, at, words) in cases {
        let (answer, _) = run_with(script, limits.clone(), endpoint()).await;
        let fault = answer.fault.clone().unwrap();
        assert_eq!(fault.class, Class::Silent, "{name}");
        assert!(fault.message.contains(words), "{name}: {}", fault.message);
        let end = answer.timeline.end.unwrap();
        assert!(end >= MS * at && end < MS * (at + 50), "{name}: fired at {end:?}");
        let outcome = if name == "silence after text" { Outcome::Cut } else { Outcome::Failed };
        assert_eq!(answer.outcome(), Some(outcome), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_healthy_stream_has_no_limit_and_thinking_waits_longer() {
    let limits = Limits {
        first_event: MS * 500,
        first_event_thinking: MS * 5_000,
        idle: MS * 1_000,
        ..Limits::default()
    };
    let slow: Vec<_> =
        (0..100).map(|_| (MS * 900, Ok(HEL))).chain([(MS, Ok(STOP)), (MS, Ok(DONE))]).collect();
    let mut thinker = endpoint();
    thinker.params.thinking = Some(Thinking::On);
    let (answer, _) =
        run_with(Script { pieces: slow.clone(), ..Script::default() }, limits.clone(), thinker).await;
    assert_eq!(answer.outcome(), Some(Outcome::Complete));
    assert_eq!(answer.text.len(), 300);
    assert_eq!(answer.timeline.stalls, [], "a slow server is no stall of ours");
    let (answer, _) = run_with(Script { pieces: slow, ..Script::default() }, limits, endpoint()).await;
    assert_eq!(answer.outcome(), Some(Outcome::Failed));
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_complete_only_when_its_dialect_says_so() {
    let cases: [(&str, Vec<_>, bool, Outcome); 6] = [
        ("clean end without a terminator", vec![(MS, Ok(HEL))], false, Outcome::Cut),
        ("reset after text", vec![(MS, Ok(HEL)), (MS, Err("connection reset"))], false, Outcome::Cut),
        ("reason seen, then the end", vec![(MS, Ok(HEL)), (MS, Ok(STOP))], false, Outcome::Complete),
        (
            "reason seen, then a reset",
            vec![(MS, Ok(HEL)), (MS, Ok(STOP)), (MS, Err("reset"))],
            false,
            Outcome::Complete,
        ),
        ("reason seen, socket left open", vec![(MS, Ok(HEL)), (MS, Ok(STOP))], true, Outcome::Complete),
        ("done, socket left open", vec![(MS, Ok(HEL)), (MS, Ok(DONE))], true, Outcome::Complete),
    ];
    for (name, pieces, hangs, outcome) in cases {
        let (answer, _) = run(Script { pieces, hangs, ..Script::default() }).await;
        assert_eq!(answer.outcome(), Some(outcome), "{name}: {:?}", answer.fault);
        assert_eq!(answer.text, "Hel", "{name}: the text so far is kept");
        let end = answer.timeline.end.unwrap();
        assert!(end <= MS * 3, "{name}: waiting is not the answer's time, ended at {end:?}");
    }
    let (answer, _) = run(Script::default()).await;
    assert_eq!(answer.outcome(), Some(Outcome::Failed));
    assert!(answer.fault.unwrap().message.contains("empty reply"));
}

#[tokio::test(start_paused = true)]
async fn cancel_drops_the_body_at_once_and_keeps_the_text() {
    let script = Script { pieces: vec![(MS * 10, Ok(HEL))], hangs: true, ..Script::default() };
    let (engine, mut reports, seen) = engine(script, Limits::default());
    engine.launch(AnswerId(1), endpoint(), Prompt::new("hi"));
    let mut answer = Answer::new(false);
    while answer.text.is_empty() {
        let report = reports.recv().await.unwrap();
        answer.apply(report.at, report.step);
    }
    tokio::time::advance(MS * 90).await;
    engine.cancel(AnswerId(1));
    while !answer.is_over() {
        let report = reports.recv().await.unwrap();
        answer.apply(report.at, report.step);
    }
    assert_eq!(answer.outcome(), Some(Outcome::Stopped));
    assert_eq!(answer.text, "Hel");
    assert_eq!(answer.timeline.end, Some(MS * 100));
    while seen.dropped.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    engine.cancel(AnswerId(1)); // a second time is nothing
}

#[tokio::test(start_paused = true)]
async fn errors_before_the_stream_are_read_and_nothing_is_sent_twice() {
    let body = "{\"error\":{\"message\":\"Rate limit reached\",\"type\":\"requests\",\"code\":\"rate_limit_exceeded\"}}";
    let script = Script {
        status: 429,
        headers: vec![("content-type", "application/json"), ("retry-after", "12"), ("x-request-id", "req_1")],
        pieces: vec![(MS, Ok(body))],
        ..Script::default()
    };
    let (answer, seen) = run(script).await;
    let fault = answer.fault.unwrap();
    assert_eq!((fault.class, fault.status), (Class::Limit, Some(429)));
    assert_eq!(fault.retry_after, Some(Duration::from_secs(12)));
    assert_eq!(answer.request_id.as_deref(), Some("req_1"));
    assert!(fault.message.contains("Rate limit reached"));
    assert_eq!(seen.sent.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_stream_is_not_read_as_one() {
    let html = Script {
        headers: vec![("content-type", "text/html; charset=utf-8")],
        pieces: vec![(MS, Ok("<html><head><title>Sign in to Corp Wi-Fi</title></head>"))],
        ..Script::default()
    };
    let (answer, _) = run(html).await;
    let fault = answer.fault.unwrap();
    assert_eq!(fault.class, Class::Garbled);
    assert!(
        fault.message.contains("text/html") && fault.message.contains("Sign in to Corp Wi-Fi"),
        "{}",
        fault.message
    );

    let redirect = Script {
        status: 307,
        headers: vec![("location", "https://evil.test/v1/chat?key=1")],
        ..Script::default()
    };
    let (answer, seen) = run(redirect).await;
    let fault = answer.fault.unwrap();
    assert!(fault.message.contains("redirect") && fault.message.contains("evil.test"), "{}", fault.message);
    assert!(!fault.message.contains("key=1"));
    assert_eq!(seen.sent.load(Ordering::SeqCst), 1);

    let json = Script {
        headers: vec![("content-type", "application/json")],
        pieces: vec![(MS, Ok("{\"error\":{\"message\":\"model is loading\",\"code\":503}}"))],
        ..Script::default()
    };
    let (answer, _) = run(json).await;
    assert!(answer.fault.unwrap().message.contains("model is loading"));

    let whole = Script {
        headers: vec![("content-type", "application/json")],
        pieces: vec![(
            MS,
            Ok(
                "{\"model\":\"m\",\"choices\":[{\"message\":{\"content\":\"4\"},\"finish_reason\":\"stop\"}]}",
            ),
        )],
        ..Script::default()
    };
    let (answer, _) = run(whole).await;
    assert_eq!((answer.outcome(), answer.text.as_str()), (Some(Outcome::Complete), "4"));
}

#[tokio::test(start_paused = true)]
async fn a_slow_json_answer_is_waited_for_and_a_broken_one_is_not_whole() {
    let json = "{\"choices\":[{\"message\":{\"content\":\"4\"},\"finish_reason\":\"stop\"}]}";
    let (head, tail) = json.split_at(20);
    let headers = vec![("content-type", "application/json")];
    let slow = Script {
        headers: headers.clone(),
        pieces: vec![(MS, Ok(head)), (MS * 90_000, Ok(tail))],
        ..Script::default()
    };
    let (answer, _) = run(slow).await;
    assert_eq!((answer.outcome(), answer.text.as_str()), (Some(Outcome::Complete), "4"));
    assert_eq!(answer.timeline.first_byte, Some(MS));
    let broken = Script { headers, pieces: vec![(MS, Ok(head)), (MS, Err("reset"))], ..Script::default() };
    let (answer, _) = run(broken).await;
    assert_eq!(answer.fault.unwrap().class, Class::Cut);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_the_provider_repeats_is_not_repeated_here() {
    let body = "{\"error\":{\"message\":\"Incorrect API key provided: sk-canary-1234567890\",\"code\":\"sk-canary-1234567890\"}}";
    let script = Script {
        status: 401,
        headers: vec![("content-type", "application/json"), ("x-request-id", "sk-canary-1234567890")],
        pieces: vec![(MS, Ok(body))],
        ..Script::default()
    };
    let (answer, _) = run(script).await;
    let fault = answer.fault.clone().unwrap();
    assert!(fault.message.contains("<redacted>"), "{}", fault.message);
    assert!(!format!("{fault:?}").contains("canary"), "{fault:?}");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_program_stamps_what_it_interrupts() {
    let script = Script { pieces: vec![(MS * 10, Ok(HEL))], hangs: true, ..Script::default() };
    let (engine, mut reports, _) = engine(script, Limits::default());
    engine.launch(AnswerId(1), endpoint(), Prompt::new("hi"));
    let mut answer = Answer::new(false);
    while answer.text.is_empty() {
        let report = reports.recv().await.unwrap();
        answer.apply(report.at, report.step);
    }
    tokio::time::advance(MS * 490).await;
    engine.interrupt();
    while !answer.is_over() {
        let report = reports.recv().await.unwrap();
        answer.apply(report.at, report.step);
    }
    assert_eq!((answer.outcome(), answer.timeline.end), (Some(Outcome::Interrupted), Some(MS * 500)));
}

#[tokio::test(start_paused = true)]
async fn a_damaged_event_is_passed_over_and_counted() {
    let damaged = "data: {\"choices\":[{\"del\n\n";
    let script = Script {
        pieces: vec![(MS, Ok(HEL)), (MS, Ok(damaged)), (MS, Ok(LO)), (MS, Ok(STOP)), (MS, Ok(DONE))],
        ..Script::default()
    };
    let (answer, _) = run(script).await;
    assert_eq!((answer.text.as_str(), answer.skipped), ("Hello", 1));
    assert_eq!(answer.outcome(), Some(Outcome::Complete));
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_one_task_is_that_answers_fault() {
    let (answer, _) = run(Script { panics: true, ..Script::default() }).await;
    assert_eq!(answer.fault.unwrap().class, Class::Internal);
}

#[tokio::test(start_paused = true)]
async fn a_missing_key_sends_nothing_and_names_the_variable() {
    let mut keyless = endpoint();
    keyless.key = Some(bakeoff::model::KeySource::Env("NO_SUCH_KEY".into()));
    let (answer, seen) = run_with(Script::default(), Limits::default(), keyless).await;
    let fault = answer.fault.clone().unwrap();
    assert_eq!(fault.class, Class::Key);
    assert!(fault.message.contains("NO_SUCH_KEY"));
    assert_eq!(seen.sent.load(Ordering::SeqCst), 0);
    assert_eq!(answer.timeline.end, None, "a request that never left has no clock");
    assert_eq!(answer.phase, Phase::Ended(Outcome::Failed));
}

#[tokio::test(start_paused = true)]
async fn the_key_travels_in_a_sensitive_header_and_nowhere_else() {
    let (_, seen) = run(Script { pieces: good(), ..Script::default() }).await;
    let last = seen.last.lock().unwrap();
    let sent = last.as_ref().unwrap();
    let header = sent.headers.get("authorization").unwrap();
    assert!(header.is_sensitive());
    assert_eq!(header.to_str().unwrap(), "Bearer sk-canary-1234567890");
    assert!(!format!("{:?}", sent.headers).contains("canary"));
    assert!(!sent.url.contains("canary"));
    assert!(!String::from_utf8_lossy(&sent.body).contains("canary"));
    assert_eq!(sent.url, "http://127.0.0.1:1/v1/chat/completions");
}

#[tokio::test(start_paused = true)]
async fn a_total_limit_exists_only_when_asked_for() {
    let limits = Limits { total: Some(MS * 2_000), ..Limits::default() };
    let script = Script { pieces: vec![(MS * 100, Ok(HEL)); 100], hangs: true, ..Script::default() };
    let (answer, _) = run_with(script, limits, endpoint()).await;
    let fault = answer.fault.unwrap();
    assert!(fault.message.contains("--timeout"), "{}", fault.message);
    assert_eq!(answer.timeline.end, Some(MS * 2_000));
}

#[tokio::test(start_paused = true)]
async fn a_region_that_costs_more_is_priced_so() {
    let priced = |base: &str| {
        let endpoint = Endpoint {
            provider: "openai".into(),
            model: "gpt-6.1-sol".into(),
            base_url: Some(base.into()),
            key: Some(bakeoff::model::KeySource::Env("MY_KEY".into())),
            ..Endpoint::default()
        };
        run_with(Script::default(), Limits::default(), endpoint)
    };
    let rate = |a: &Answer| a.price.as_ref().and_then(|p| p.rates.output).unwrap();
    let usual = priced("https://api.openai.com/v1").await.0;
    let resident = priced("https://eu.api.openai.com/v1").await.0;
    let gateway = priced("https://gateway.example/v1").await.0;
    assert_eq!(rate(&resident) * 10, rate(&usual) * 11, "data residency costs a tenth more");
    assert_eq!(rate(&gateway), rate(&usual));
}

/// What is measured while this program does not run is not a figure; what was measured
/// before it is one.
#[tokio::test(start_paused = true)]
async fn a_time_in_which_nothing_ran_is_told_and_spoils_what_it_lies_in() {
    // With the rest due long after the next sign of life, and before it: then the answer ends
    // in the same moment in which the stall is over.
    for (rest, last) in [(MS * 400, MS), (MS * 10, Duration::ZERO)] {
        let pieces = vec![(MS * 100, Ok(HEL)), (rest, Ok(HEL)), (last, Ok(STOP)), (last, Ok(DONE))];
        let (engine, mut reports, _) = engine(Script { pieces, ..Script::default() }, Limits::default());
        engine.launch(AnswerId(7), endpoint(), Prompt::new("hi"));
        let mut answer = Answer::new(false);
        while !answer.is_over() {
            let report = reports.recv().await.unwrap();
            let first = answer.timeline.first_text.is_none();
            answer.apply(report.at, report.step);
            if first && answer.timeline.first_text.is_some() {
                // The clock runs and no task does, as while the process is stopped.
                tokio::time::advance(MS * 3_000).await;
            }
        }
        assert_eq!(answer.outcome(), Some(Outcome::Complete));
        let t = &answer.timeline;
        assert_eq!(t.stalls.len(), 1, "{:?}", t.stalls);
        let stall = t.stalls[0];
        // The next beat was due within 50 ms.
        assert!(stall.from >= MS * 100 && stall.from <= MS * 151, "{stall:?}");
        assert!(stall.to >= MS * 3_100 && stall.slept.is_zero(), "{stall:?}");
        let read = |id: &str| metric(id).unwrap().read(&answer);
        assert_eq!(read("ttft_ms"), Reading::Known(100.0));
        for id in ["total_ms", "gap_max_ms", "gap_p50_ms", "chars_per_s"] {
            assert_eq!(read(id), Reading::Missing("stalled"), "{id}");
        }
    }
}
