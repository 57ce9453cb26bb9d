//! `bakeoff.run/1`: one object; field names are a contract. Absent means not
//! known, money is a decimal string in USD, times are nanoseconds from `t0`.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::{Meta, Round, Run};
use crate::model::Answer;
use crate::model::Attachment;
use crate::model::Burstiness;
use crate::model::Fault;
use crate::model::METRICS;
use crate::model::Money;
use crate::model::Outcome;
use crate::model::Parity;
use crate::model::Phase;
use crate::model::Prompt;
use crate::model::Reading;
use crate::model::Role;
use crate::model::Source;
use crate::model::Timeline;
use crate::model::Turn;
use crate::model::Usage;
use crate::model::clean;
use crate::model::so_far;

pub(super) fn write(meta: &Meta, rounds: &[Round]) -> String {
    let mut map = Map::new();
    map.insert("schema".into(), json!("bakeoff.run/1"));
    map.insert("bakeoff".into(), json!(env!("CARGO_PKG_VERSION")));
    map.insert("started_at".into(), json!(meta.started_at));
    put(&mut map, "connections", meta.connections.word());
    map.insert("price_book".into(), json!({ "as_of": meta.prices_as_of, "sha256": meta.prices_sha256 }));
    map.insert("rounds".into(), rounds.iter().map(|one| round(one, rounds)).collect());
    let value = Value::Object(map);
    let mut text = printable(&serde_json::to_string_pretty(&value).unwrap_or_default());
    text.push('\n');
    text
}

/// JSON escapes C0 controls only; `cat` of a hostile answer must not replay C1,
/// bidi controls or invisible characters either. The value stays the same: what
/// the filter would mark is written as `\uXXXX`.
fn printable(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut buffer = [0_u8; 4];
    for c in text.chars() {
        if c.is_ascii() && c != '\u{7f}' {
            out.push(c);
            continue;
        }
        let alone: &str = c.encode_utf8(&mut buffer);
        if clean(alone) == alone {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// One of `all`.
fn round(round: &Round, all: &[Round]) -> Value {
    let mut map = Map::new();
    map.insert("id".into(), json!(round.id));
    let id = |at: Option<usize>| all.get(at?).map(|other| other.id.as_str());
    put(&mut map, "parent", id(round.origin.parent));
    put(&mut map, "edited", id(round.origin.edited));
    map.insert("prompt".into(), json!(round.prompt.question()));
    put(&mut map, "system", round.prompt.system.as_ref());
    put(&mut map, "attachments", attachments(round.prompt.attachments()));
    let mut vars = Map::new();
    if let Some(filled) = &round.filled {
        map.insert("template".into(), json!(filled.template));
        put(&mut map, "case", filled.case.map(|(at, _)| at));
        vars.extend(filled.values.iter().map(|(name, value)| (name.to_owned(), json!(value))));
    }
    map.insert("vars".into(), Value::Object(vars));
    let answers = round.runs.iter().map(|run| answer(run, round.prompt.system.as_deref())).collect();
    map.insert("answers".into(), Value::Array(answers));
    let total = round.total();
    let mut sum = Map::new();
    put(&mut sum, "usd", Some(total.usd.exact()).filter(|_| total.unknown < total.parts));
    sum.insert("answers".into(), json!(total.parts));
    sum.insert("unknown".into(), json!(total.unknown));
    sum.insert("at_least".into(), json!(total.at_least || total.unknown > 0));
    map.insert("total".into(), Value::Object(sum));
    Value::Object(map)
}

fn turn(turn: &Turn) -> Value {
    let mut map = Map::new();
    map.insert("role".into(), json!(role(turn.role)));
    map.insert("text".into(), json!(turn.text));
    put(&mut map, "attachments", attachments(&turn.attachments));
    Value::Object(map)
}

/// What went along: a text as it was sent, an image by what it is. `size` is of the file, in bytes.
fn attachments(files: &[Attachment]) -> Option<Vec<Value>> {
    let one = |file: &Attachment| {
        let (name, size, sha256) = (file.name(), file.size(), file.sha256());
        let (rest, kind) = match file {
            Attachment::Text(text) => {
                (json!({ "text": &*text.text, "left_out": text.left_out }), "text/plain")
            }
            Attachment::Image(i) => (json!({ "width": i.width, "height": i.height }), i.kind.media_type()),
        };
        let mut value = json!({ "name": name, "type": kind, "size": size, "sha256": sha256 });
        if let (Value::Object(map), Value::Object(rest)) = (&mut value, rest) {
            map.extend(rest);
        }
        value
    };
    (!files.is_empty()).then(|| files.iter().map(one).collect())
}

fn role(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

fn put<T: serde::Serialize>(map: &mut Map<String, Value>, key: &str, value: Option<T>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), json!(value));
    }
}

/// The answer object, the same in runs and transcripts; `shared` is the system text of its round.
fn answer(run: &Run, shared: Option<&str>) -> Value {
    let (endpoint, a, prompt) = (&run.endpoint, &run.answer, &run.prompt);
    let mut map = Map::new();
    map.insert("endpoint".into(), json!(endpoint.name));
    map.insert("provider".into(), json!(endpoint.provider));
    map.insert("model".into(), json!(endpoint.model));
    put(&mut map, "place", endpoint.place.as_ref().or(endpoint.base_url.as_ref()));
    put(&mut map, "served_model", a.served.model.as_ref());
    map.insert("trial".into(), json!(run.trial));
    put(&mut map, "nonce", prompt.nonce.as_ref());
    let system = prompt.system.as_ref().or(endpoint.system.as_ref()).map(String::as_str);
    if system != shared {
        map.insert("system".into(), json!(system));
    }
    // A conversation is each endpoint's own.
    if prompt.turns.len() > 1 {
        map.insert("turns".into(), prompt.turns.iter().map(turn).collect());
    }
    map.insert("attempt".into(), json!(1));
    map.insert("status".into(), json!(status(a)));
    map.insert("simulated".into(), json!(a.simulated));
    put(&mut map, "finish_reason", a.stop.as_ref().map(|(_, word)| word));
    map.insert("text".into(), json!(a.text));
    map.insert("reasoning".into(), json!(a.reasoning));
    put(&mut map, "request_id", a.request_id.as_ref().or(a.served.response_id.as_ref()));
    put(&mut map, "http_status", a.http_status);
    put(&mut map, "service_tier", a.served.tier.as_ref());
    map.insert("timeline".into(), timeline(&a.timeline));
    map.insert("metrics".into(), metrics(a));
    let chunks = a.timeline.chunks.iter().map(|c| json!([nanos(c.at), c.kind.word(), c.bytes])).collect();
    map.insert("chunks".into(), Value::Array(chunks));
    let server: Map<_, _> =
        a.served.times.iter().map(|(name, d)| (format!("{name}_ms"), json!(d.as_secs_f64() * 1e3))).collect();
    map.insert("server".into(), Value::Object(server));
    put(&mut map, "usage", a.usage.as_ref().map(usage));
    map.insert("cost".into(), cost(a, prompt));
    if let Some(sending) = &a.sending {
        put(&mut map, "credential", sending.via.as_ref());
        put(&mut map, "credential_ns", sending.identity.map(nanos));
        map.insert("parity".into(), sending.parity.iter().map(parity).collect());
    }
    put(&mut map, "skipped_events", Some(a.skipped).filter(|n| *n > 0));
    put(&mut map, "error", a.fault.as_ref().map(fault));
    Value::Object(map)
}

fn status(a: &Answer) -> &'static str {
    match a.phase {
        Phase::Ended(outcome) => outcome.word(),
        _ => "interrupted",
    }
}

fn nanos(d: std::time::Duration) -> u64 {
    u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)
}

fn timeline(t: &Timeline) -> Value {
    let marks = [
        ("dns", t.phases.dns),
        ("tcp", t.phases.tcp),
        ("tls", t.phases.tls),
        ("connected", t.phases.connected),
        ("headers", t.headers),
        ("first_byte", t.first_byte),
        ("first_reasoning", t.first_reasoning),
        ("last_reasoning", t.last_reasoning),
        ("first_text", t.first_text),
        ("last_text", t.last_text),
        ("end", t.end),
    ];
    let mut map = Map::new();
    put(&mut map, "reused", t.reused);
    for (name, at) in marks {
        put(&mut map, name, at.map(nanos));
    }
    let stalls: Vec<_> = t
        .stalls
        .iter()
        .map(|s| json!({ "from": nanos(s.from), "to": nanos(s.to), "slept": nanos(s.slept) }))
        .collect();
    put(&mut map, "stalls", Some(stalls).filter(|s| !s.is_empty()));
    Value::Object(map)
}

fn metrics(a: &Answer) -> Value {
    let mut map: Map<_, _> =
        METRICS.iter().filter_map(|m| Some((m.id.to_owned(), figure(m.read(a))?))).collect();
    if a.is_over() && a.timeline.first_text.is_some() {
        map.insert("buffered".into(), json!(a.timeline.burstiness() == Burstiness::Buffered));
    }
    Value::Object(map)
}

/// Money is a decimal string, everything else a number; what is not known is left out.
fn figure(reading: Reading) -> Option<Value> {
    match reading {
        Reading::Known(value) => Some(json!(value)),
        Reading::Amount(usd) => Some(json!(usd.exact())),
        Reading::Pending | Reading::Missing(_) => None,
    }
}

fn usage(u: &Usage) -> Value {
    let mut map = Map::new();
    let buckets = [
        ("input", u.input),
        ("cache_read", u.cache_read),
        ("cache_write", u.cache_write),
        ("cache_write_1h", u.cache_write_1h),
        ("audio_input", u.audio_input),
        ("output", u.output),
        ("reasoning", u.reasoning),
    ];
    for (name, count) in buckets {
        put(&mut map, name, count);
    }
    let source = match u.source {
        Source::Reported => "reported",
        Source::Estimated => "estimated",
    };
    map.insert("source".into(), json!(source));
    if u.inconsistent {
        map.insert("inconsistent".into(), json!(true));
    }
    put(&mut map, "raw", u.raw.as_ref());
    Value::Object(map)
}

fn cost(a: &Answer, prompt: &Prompt) -> Value {
    let c = &a.cost;
    let mut map = Map::new();
    map.insert("status".into(), json!(c.status.word()));
    put(&mut map, "usd", c.usd.map(Money::exact));
    if let Some(rule) = c.rule.word() {
        map.insert("rule".into(), json!(rule));
    }
    let parts: Map<_, _> = c.parts.iter().map(|p| (p.bucket.to_owned(), json!(p.amount.exact()))).collect();
    map.insert("parts".into(), Value::Object(parts));
    put(&mut map, "why", c.why.as_ref());
    // Of an answer that broke off: what its text comes to, which is in no sum.
    let broken = a.outcome() != Some(Outcome::Complete) && a.may_be_billed() && c.usd.is_none();
    put(&mut map, "usd_by_text", if broken { so_far(a, prompt).map(Money::exact) } else { None });
    put(&mut map, "price_as_of", a.price.as_ref().map(|p| &p.as_of).filter(|date| !date.is_empty()));
    for (name, set) in [("at_least", c.at_least), ("disputed", c.disputed), ("volatile", c.volatile)] {
        if set {
            map.insert(name.into(), json!(true));
        }
    }
    Value::Object(map)
}

/// `sent` is null where nothing was sent.
fn parity(p: &Parity) -> Value {
    let mut map = Map::new();
    map.insert("param".into(), json!(p.param));
    map.insert("asked".into(), json!(p.asked));
    map.insert("sent".into(), json!(p.sent));
    map.insert("outcome".into(), json!(p.fate.word().replace(' ', "_")));
    put(&mut map, "why", Some(&p.why).filter(|w| !w.is_empty()));
    Value::Object(map)
}

fn fault(f: &Fault) -> Value {
    let mut map = Map::new();
    map.insert("class".into(), json!(f.class.word()));
    map.insert("message".into(), json!(f.message));
    map.insert("hint".into(), json!(f.advice()));
    put(&mut map, "http_status", f.status);
    put(&mut map, "code", f.code.as_ref());
    put(&mut map, "param", f.param.as_ref());
    put(&mut map, "retry_after_s", f.retry_after.map(|d| d.as_secs_f64()));
    put(&mut map, "request_id", f.request_id.as_ref());
    Value::Object(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_filter_marks_is_escaped_and_the_value_stays() {
        let hostile = "a\u{9b}2J \u{202e}evil\u{7f} naïve 日本 👨‍👩‍👧";
        let text = serde_json::to_string(hostile).unwrap();
        let safe = printable(&text);
        assert!(safe.contains("\\u009b") && safe.contains("\\u202e") && safe.contains("\\u007f"), "{safe}");
        assert!(safe.contains("naïve 日本"), "{safe}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), hostile);
    }
}
