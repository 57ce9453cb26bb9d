//! What is written and read again is the same.

use std::time::Duration;

use super::answer::AnswerRecord;
use crate::model::Answer;
use crate::model::Class;
use crate::model::Delta;
use crate::model::Fate;
use crate::model::Fault;
use crate::model::Kind;
use crate::model::OffPeak;
use crate::model::Parity;
use crate::model::Phases;
use crate::model::Price;
use crate::model::Rates;
use crate::model::Rule;
use crate::model::Sending;
use crate::model::Served;
use crate::model::Service;
use crate::model::Stall;
use crate::model::Step;
use crate::model::Stop;
use crate::model::Tier;
use crate::model::Usage;
use crate::model::Window;

const WORDS: [&str; 6] = ["plain ", "naïve ", "日本", "\u{1b}[2J", "\u{202e}evil", "\"\\\n\u{0}"];

fn word(rng: &mut fastrand::Rng) -> String {
    WORDS[rng.usize(..WORDS.len())].to_owned()
}

fn maybe<T>(rng: &mut fastrand::Rng, make: impl FnOnce(&mut fastrand::Rng) -> T) -> Option<T> {
    rng.bool().then(|| make(rng))
}

fn rates(rng: &mut fastrand::Rng) -> Rates {
    let mut rate = || rng.bool().then(|| rng.u64(..10_000_000_000));
    Rates {
        input: rate(),
        cache_read: rate(),
        cache_write: rate(),
        cache_write_1h: rate(),
        audio_input: rate(),
        output: rate(),
        reasoning: rate(),
    }
}

fn price(rng: &mut fastrand::Rng) -> Price {
    let tier =
        |rng: &mut fastrand::Rng| Tier { above: rng.u64(..9), inclusive: rng.bool(), rates: rates(rng) };
    Price {
        rates: rates(rng),
        tiers: vec![tier(rng)],
        services: vec![Service { word: "flex".into(), rates: rates(rng), tiers: vec![tier(rng)] }],
        as_of: "2026-11-23".into(),
        disagrees: maybe(rng, word).into_iter().collect(),
        volatile: rng.bool(),
        local: rng.u8(..9) == 0,
        off_peak: maybe(rng, |rng| {
            let windows = vec![Window::parse("Mon-Fri 04:00-06:00").unwrap()];
            Box::new(OffPeak { rates: rates(rng), windows })
        }),
        assumed: maybe(rng, |_| "a word of ours".into()),
        own: rng.bool(),
    }
}

fn usage(rng: &mut fastrand::Rng) -> Usage {
    let mut count = || rng.bool().then(|| rng.u64(..100_000));
    Usage {
        input: count(),
        cache_read: count(),
        cache_write: count(),
        cache_write_1h: count(),
        audio_input: count(),
        output: count(),
        reasoning: count(),
        inconsistent: rng.bool(),
        raw: Some(
            serde_json::json!({ "n": rng.u64(..), "f": rng.f64() * 1e3, "deep": [null, { "x": "\u{9b}" }] }),
        ),
        ..Usage::default()
    }
}

fn sending(rng: &mut fastrand::Rng) -> Sending {
    let row = Parity {
        param: "temperature".into(),
        asked: "0.2".into(),
        sent: maybe(rng, word),
        fate: Fate::Dropped,
        why: word(rng),
    };
    Sending {
        url: "https://api.example.com/v1".into(),
        headers: vec![("authorization".into(), "•••".into())],
        body: word(rng),
        via: maybe(rng, word),
        identity: maybe(rng, |rng| Duration::from_nanos(rng.u64(..9_999_999))),
        parity: maybe(rng, |_| row).into_iter().collect(),
        tier: maybe(rng, |_| "flex"),
        started: maybe(rng, |rng| Duration::from_nanos(1_795_000_000_000_000_000 + rng.u64(..1 << 50))),
    }
}

fn fault(rng: &mut fastrand::Rng) -> Fault {
    Fault {
        hint: maybe(rng, word),
        status: maybe(rng, |_| 429),
        code: maybe(rng, word),
        param: maybe(rng, word),
        setting: maybe(rng, |_| "temperature".into()),
        request_id: maybe(rng, word),
        retry_after: maybe(rng, |rng| Duration::from_millis(rng.u64(..90_000))),
        ..Fault::new(Class::Limit, word(rng))
    }
}

fn served(rng: &mut fastrand::Rng) -> Served {
    Served {
        model: maybe(rng, word),
        response_id: maybe(rng, word),
        tier: maybe(rng, |_| "flex".into()),
        cost_usd: maybe(rng, |_| "0.0123".into()),
        times: vec![("latency".into(), Duration::from_nanos(rng.u64(..9_999_999_999)))],
    }
}

/// One thing that may happen to an answer.
fn delta(rng: &mut fastrand::Rng) -> Delta {
    match rng.u8(..12) {
        0 => Delta::Usage(Box::new(usage(rng))),
        1 => Delta::Served(Box::new(served(rng))),
        2 => Delta::Stop(Stop::Length, word(rng)),
        3 => Delta::Skipped,
        4 => Delta::Withdrawn(Kind::Text, rng.usize(..4)),
        5 | 6 => Delta::Reasoning(word(rng)),
        _ => Delta::Text(word(rng)),
    }
}

pub(in crate::store) fn answer(seed: u64) -> Answer {
    let rng = &mut fastrand::Rng::with_seed(seed);
    let mut answer = Answer::new(rng.bool());
    let mut at = Duration::ZERO;
    let mut take = |answer: &mut Answer, rng: &mut fastrand::Rng, step: Step| {
        at += Duration::from_nanos(rng.u64(..70_000_000));
        answer.apply(at, step);
    };
    let price = maybe(rng, price).map(Box::new);
    let rule = if price.is_some() { Rule::Sibling } else { Rule::None };
    take(&mut answer, rng, Step::Priced(price, rule));
    if rng.u8(..8) > 0 {
        let sending = sending(rng);
        take(&mut answer, rng, Step::Prepared(Box::new(sending)));
        take(&mut answer, rng, Step::Sent);
        let dns = maybe(rng, |rng| Duration::from_nanos(rng.u64(..9_999_999)));
        take(&mut answer, rng, Step::Connected(Phases { dns, ..Phases::default() }));
        let head = Step::Headers { status: 200, request_id: maybe(rng, word), reused: maybe(rng, |_| true) };
        take(&mut answer, rng, head);
        let told = vec![("x-limit".to_owned(), word(rng))];
        take(&mut answer, rng, Step::Told(told));
        for _ in 0..rng.usize(..40) {
            let deltas = (0..=rng.usize(..3)).map(|_| delta(rng)).collect();
            take(&mut answer, rng, Step::Deltas(deltas));
            let stall = Stall { from: Duration::from_nanos(rng.u64(..99)), ..Stall::default() };
            let step = if rng.u8(..9) == 0 { Step::Stalled(stall) } else { Step::Bytes };
            take(&mut answer, rng, step);
        }
    }
    let end = match rng.u8(..5) {
        0 => Step::Failed(Box::new(fault(rng))),
        1 => Step::Cancelled,
        2 => Step::Interrupted,
        _ => Step::Ended,
    };
    take(&mut answer, rng, end);
    answer
}

#[test]
fn every_answer_comes_back_as_it_was() {
    for seed in 0..2_000 {
        let before = answer(seed);
        let text = serde_json::to_string(&AnswerRecord::of(&before)).unwrap();
        let record: AnswerRecord =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{seed}: {e}: {text}"));
        let after = record.answer().unwrap_or_else(|e| panic!("{seed}: {e}: {text}"));
        assert_eq!(after, before, "seed {seed}: {text}");
    }
}

#[test]
fn what_still_runs_is_read_as_interrupted() {
    let mut running = Answer::new(false);
    running.apply(Duration::ZERO, Step::Sent);
    running.apply(Duration::from_millis(5), Step::Deltas(vec![Delta::Text("half".into())]));
    let after = AnswerRecord::of(&running).answer().unwrap();
    assert_eq!(after.outcome().map(crate::model::Outcome::word), Some("interrupted"));
    assert_eq!(after.text, "half");
}

#[test]
fn texts_and_chunks_that_contradict_each_other_are_no_answer() {
    let whole = AnswerRecord::of(&(0..99).map(answer).find(|a| a.text.len() > 4).unwrap());
    let mut changed = whole.clone();
    changed.text.push_str("more");
    let why = changed.answer().unwrap_err();
    assert!(why.contains("bytes of text") && why.contains("was changed"), "{why}");
    assert!(whole.answer().is_ok());
}
