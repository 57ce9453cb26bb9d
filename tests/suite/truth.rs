//! The first token's clock against the server that sent it, on every wire of the demo: the
//! server writes one token and then nothing until its client leaves. A client that held back
//! what it has until more comes would never report it; what is reported cannot be earlier
//! than the server's own stamp, taken before the write.

use std::sync::Arc;
use std::time::Duration;

use bakeoff::catalog::Catalog;
use bakeoff::demo::Demo;
use bakeoff::engine::{Access, Engine, Limits};
use bakeoff::model::{Answer, AnswerId, Kind, Outcome, Phase, Prompt};
use bakeoff::provider::Vars;
use tokio::time::timeout;

const WIRES: [&str; 6] = ["openai", "compatible", "anthropic", "gemini", "bedrock", "ollama"];

/// A failing test must end; a passing one does not wait for this.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks for an answer that stays open after its last token, and stops it when that one is
/// reported: its marks, in nanoseconds after `t0` and after the server had the request.
async fn held_open(demo: &Demo, wire: &str, model: &str, kind: Kind) -> (Duration, Duration) {
    let vars = Vars::only(Demo::variables());
    let catalog = Arc::new(Catalog::embedded);
    let (engine, mut reports) = Engine::new(vars, Limits::default(), Access::default(), catalog);
    engine.launch(AnswerId(1), demo.endpoint(wire, model).unwrap(), Prompt::new("hi"));
    let mut answer = Answer::default();
    let mark = loop {
        let report = timeout(PATIENCE, reports.recv()).await;
        let report = report.unwrap_or_else(|_| panic!("{wire} {model}: the {} is held back", kind.word()));
        let report = report.unwrap();
        answer.apply(report.at, report.step);
        assert!(!answer.is_over(), "{wire} {model}: {:?}", answer.fault);
        let t = &answer.timeline;
        if let Some(mark) = if kind == Kind::Text { t.first_text } else { t.first_reasoning } {
            break mark;
        }
    };
    let sent = demo.log().into_iter().rfind(|sent| sent.model == model && sent.provider == wire).unwrap();
    assert!(!sent.over, "{wire} {model}: the server still holds the answer open");
    let written = if kind == Kind::Text { sent.first_text } else { sent.first_reasoning };
    engine.cancel(AnswerId(1));
    while !answer.is_over() {
        let report = reports.recv().await.unwrap();
        answer.apply(report.at, report.step);
    }
    assert_eq!(answer.phase, Phase::Ended(Outcome::Stopped));
    (mark, written.unwrap() - sent.received)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_token_is_reported_when_it_comes_and_never_before_it_was_sent() {
    let demo = Demo::start().await.unwrap();
    for wire in WIRES {
        for (model, kind) in [
            // A word, then silence.
            ("load-n9-r0-d40-stall1", Kind::Text),
            // A thought, then silence: it starts no text clock.
            ("load-n9-t2-r0-d40-stall1", Kind::Reasoning),
            // A thought, a word, silence.
            ("load-n9-t1-r0-d40-stall2", Kind::Text),
            // The same with every byte in a packet of its own.
            ("load-n9-t1-r0-d40-stall2-onebyte", Kind::Text),
        ] {
            // `t0` is before the server has the request, so that the first is the longer one.
            let (reported, written) = held_open(&demo, wire, model, kind).await;
            assert!(reported >= written, "{wire} {model}: {reported:?} after t0, sent at {written:?}");
        }
    }
}
