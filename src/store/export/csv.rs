//! One row an answer, for spreadsheets and data frames. What is not known is empty.

use serde_json::Value;

use super::{Meta, Round};
use crate::model::METRICS;
use crate::model::clean;
use crate::store::record::Detail;
use crate::store::record::RoundRecord;

const BEFORE: [&str; 12] = [
    "round",
    "prompt",
    "case",
    "endpoint",
    "provider",
    "model",
    "served_model",
    "place",
    "trial",
    "simulated",
    "status",
    "finish_reason",
];

const AFTER: [&str; 17] = [
    "input",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "audio_input",
    "output",
    "reasoning",
    "usage_source",
    "cost_status",
    "cost_usd",
    "cost_at_least",
    "price_as_of",
    "http_status",
    "error",
    "error_message",
    "request_id",
    "text",
];

pub(super) fn write(_: &Meta, rounds: &[Round]) -> String {
    let mut out = csv::WriterBuilder::new().from_writer(Vec::new());
    let money = |id: &&str| *id != "cost_usd";
    let metrics: Vec<&str> = METRICS.iter().map(|m| m.id).filter(money).collect();
    let head = BEFORE.iter().chain(&metrics).chain(&AFTER);
    // Writing to memory does not fail.
    let _ = out.write_record(head);
    for round in rounds {
        let record = RoundRecord::of(round, rounds, Detail::Figures);
        for answer in &record.answers {
            let value = serde_json::to_value(answer).unwrap_or_default();
            let get = |path: &str| value.pointer(path).map_or_else(String::new, shown);
            let own = |name: &&str| match *name {
                "round" => inert(&record.id),
                "prompt" => inert(&record.prompt),
                "case" => record.case.map_or_else(String::new, |n| n.to_string()),
                "usage_source" => get("/usage/source"),
                "cost_status" => get("/cost/status"),
                "cost_usd" => get("/cost/usd"),
                "cost_at_least" => get("/cost/at_least"),
                "price_as_of" => get("/cost/price_as_of"),
                "error" => get("/error/class"),
                "error_message" => get("/error/message"),
                name if metrics.contains(&name) => get(&format!("/metrics/{name}")),
                name @ ("input" | "cache_read" | "cache_write" | "cache_write_1h" | "audio_input"
                | "output" | "reasoning") => get(&format!("/usage/{name}")),
                name => get(&format!("/{name}")),
            };
            let _ = out.write_record(BEFORE.iter().chain(&metrics).chain(&AFTER).map(own));
        }
    }
    String::from_utf8(out.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => inert(text),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A text that no spreadsheet takes for a formula: one that begins like one gets an apostrophe.
fn inert(text: &str) -> String {
    let text = clean(text);
    let number = text.parse::<f64>().is_ok();
    if !number && text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}
