//! What a wire can carry, and where in its body each parameter stands.

use serde_json::Value;

use super::Dialect;
use crate::model::Budget;
use crate::model::Effort;
use crate::model::Fate;
use crate::model::Off;
use crate::model::PARAMS;
use crate::model::Params;
use crate::model::Parity;
use crate::model::Takes;
use crate::model::Temperature;
use crate::model::ThinkingTaken;
use crate::model::UNASKED;

/// How effort and thinking share a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pair {
    /// Each has its own field.
    Apart,
    /// One field for both: off is the effort `none`, and an effort says more than `on`.
    OneField,
    /// Either an effort, or a budget, of which off is the zero.
    EffortOrBudget,
}

/// What a wire can carry, whatever the model behind it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WireTakes {
    /// The wire's name in a sentence.
    pub name: &'static str,
    pub takes: Takes,
    pub pair: Pair,
}

impl WireTakes {
    /// Everything that bakeoff can ask.
    #[must_use]
    pub fn all(name: &'static str) -> Self {
        Self {
            name,
            takes: Takes {
                temperature: Temperature::Yes { max: 2.0 },
                efforts: &Effort::ALL,
                thinking: ThinkingTaken {
                    off: Off::Yes,
                    on: true,
                    budget: Some(Budget { least: 1, most: u32::MAX, below_limit: false }),
                },
            },
            pair: Pair::Apart,
        }
    }
}

/// Where a wire writes one parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// The name in specs and config.
    pub param: &'static str,
    /// JSON pointers into the body; the first that is there tells what was sent.
    pub at: &'static [&'static str],
    /// Why the field is there even when nobody asked; empty when it then is not.
    pub unasked: &'static str,
}

impl Carried {
    pub(super) const fn new(param: &'static str, at: &'static [&'static str]) -> Self {
        Self { param, at, unasked: "" }
    }

    /// What was sent: the field's path and its value as text.
    #[must_use]
    pub fn sent(&self, body: &Value) -> Option<(String, String)> {
        self.at.iter().find_map(|pointer| {
            let value = match body.pointer(pointer)? {
                Value::String(word) => word.clone(),
                // As people write it: 1, not 1.0.
                Value::Number(n) if n.is_f64() => n.as_f64()?.to_string(),
                other => other.to_string(),
            };
            Some((pointer.trim_start_matches('/').replace('/', "."), value))
        })
    }
}

/// Completes what [`super::fit`] began: one row for each parameter that was asked, with
/// what the body says was sent, and one for what the wire sends unasked.
///
/// The record is read from the body, so that it cannot say anything that was not sent.
#[must_use]
pub fn record(dialect: &dyn Dialect, asked: &Params, parity: Vec<Parity>, body: &Value) -> Vec<Parity> {
    let carried = dialect.carries();
    let mut changed = parity;
    let mut rows = Vec::new();
    for (param, ..) in PARAMS {
        let place = carried.iter().find(|c| c.param == param);
        let sent = place.and_then(|c| c.sent(body));
        let known = changed.iter().position(|row| row.param == param).map(|at| changed.remove(at));
        match (known, asked.get(param)) {
            (Some(mut row), _) => {
                if row.fate != Fate::Dropped {
                    row.sent = sent.map(|(path, value)| format!("{path} = {value}"));
                }
                rows.push(row);
            }
            (None, Some(asked)) => rows.push(unchanged(param, asked, sent, dialect)),
            (None, None) => rows.extend(place.and_then(|c| unasked(c, dialect, body))),
        }
    }
    // What no parameter asks for and the wire adds by itself.
    let own = carried.iter().filter(|c| !PARAMS.iter().any(|(param, ..)| *param == c.param));
    rows.extend(own.filter_map(|c| unasked(c, dialect, body)));
    rows
}

/// A field that was sent although nobody asked for it, where the wire says why.
fn unasked(place: &Carried, dialect: &dyn Dialect, body: &Value) -> Option<Parity> {
    let (path, value) = place.sent(body).filter(|_| !place.unasked.is_empty())?;
    let required = place.param == "max_tokens" && dialect.usual_limit().is_some();
    Some(Parity {
        param: place.param.into(),
        asked: UNASKED.to_owned(),
        sent: Some(format!("{path} = {value}")),
        fate: if required { Fate::Required } else { Fate::Added },
        why: place.unasked.to_owned(),
    })
}

fn unchanged(
    param: &'static str,
    asked: String,
    sent: Option<(String, String)>,
    dialect: &dyn Dialect,
) -> Parity {
    let Some((path, value)) = sent else {
        let why = format!("{} has no field for it", dialect.takes("").name);
        return Parity { param: param.into(), asked, sent: None, fate: Fate::Dropped, why };
    };
    let same = value == asked && path.rsplit('.').next() == Some(param);
    let fate = if same { Fate::AsAsked } else { Fate::Renamed };
    Parity { param: param.into(), asked, sent: Some(format!("{path} = {value}")), fate, why: String::new() }
}
