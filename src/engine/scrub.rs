//! Takes keys out of what comes back: a server may repeat the one that it was sent.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::model::Delta;
use crate::model::Fault;
use crate::model::Step;
use crate::provider::Secret;

/// The keys of one call, known as they are found.
#[derive(Clone, Default)]
pub(super) struct Hidden(Arc<Mutex<Vec<Secret>>>);

impl Hidden {
    pub(super) fn add(&self, secrets: &[Secret]) {
        if let Ok(mut all) = self.0.lock() {
            all.extend_from_slice(secrets);
        }
    }

    /// A step without any of the keys. A key that is cut up over several pieces of a text
    /// stays in it: looking for one would hold text back, and its clock with it.
    pub(super) fn out_of(&self, mut step: Step) -> Step {
        let Ok(all) = self.0.lock() else { return step };
        for secret in all.iter() {
            match &mut step {
                Step::Headers { request_id, .. } => within(request_id, secret),
                Step::Deltas(deltas) => deltas.iter_mut().for_each(|delta| in_delta(delta, secret)),
                Step::Failed(fault) => in_fault(fault, secret),
                _ => {}
            }
        }
        step
    }
}

/// A fault without any key that the provider may have repeated in it.
pub(super) fn scrubbed(mut fault: Fault, secrets: &[Secret]) -> Fault {
    for secret in secrets {
        in_fault(&mut fault, secret);
    }
    fault
}

fn in_fault(fault: &mut Fault, secret: &Secret) {
    fault.message = secret.scrub(&fault.message);
    for text in [&mut fault.hint, &mut fault.code, &mut fault.param, &mut fault.request_id] {
        within(text, secret);
    }
}

fn in_delta(delta: &mut Delta, secret: &Secret) {
    match delta {
        Delta::Text(text) | Delta::Reasoning(text) | Delta::Stop(_, text) => {
            if secret.is_in(text) {
                *text = secret.scrub(text);
            }
        }
        Delta::Served(served) => {
            for text in [&mut served.model, &mut served.response_id, &mut served.tier, &mut served.cost_usd] {
                within(text, secret);
            }
        }
        Delta::Usage(usage) => {
            if let Some(raw) = &mut usage.raw {
                in_json(raw, secret);
            }
        }
        Delta::Skipped => {}
    }
}

fn in_json(value: &mut Value, secret: &Secret) {
    match value {
        Value::String(text) => *text = secret.scrub(text),
        Value::Array(items) => items.iter_mut().for_each(|item| in_json(item, secret)),
        Value::Object(members) => members.values_mut().for_each(|member| in_json(member, secret)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn within(text: &mut Option<String>, secret: &Secret) {
    *text = text.take().map(|t| secret.scrub(&t));
}
