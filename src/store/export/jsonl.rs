//! One answer a line: the answer object with the round's facts before it. Data frames and
//! databases read it as it is.

use serde::Serialize;

use super::json::printable;
use super::{Meta, Round};
use crate::store::record::Detail;
use crate::store::record::RoundRecord;
use crate::store::record::answer::AnswerRecord;

#[derive(Serialize)]
struct Line<'r> {
    schema: &'static str,
    started_at: &'r str,
    round: &'r str,
    prompt: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<usize>,
    vars: &'r serde_json::Map<String, serde_json::Value>,
    #[serde(flatten)]
    answer: &'r AnswerRecord,
}

pub(super) fn write(meta: &Meta, rounds: &[Round]) -> String {
    let mut out = String::new();
    for round in rounds {
        let record = RoundRecord::of(round, rounds, Detail::Figures);
        for answer in &record.answers {
            let line = Line {
                schema: "bakeoff.answer/1",
                started_at: &meta.started_at,
                round: &record.id,
                prompt: &record.prompt,
                case: record.case,
                vars: &record.vars,
                answer,
            };
            out.push_str(&printable(&serde_json::to_string(&line).unwrap_or_default()));
            out.push('\n');
        }
    }
    out
}
