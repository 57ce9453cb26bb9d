//! Takes keys out of what comes back: a server may repeat the one that it was sent.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::model::Delta;
use crate::model::Fault;
use crate::model::Kind;
use crate::model::Step;
use crate::provider::Secret;

/// The keys of one call, known as they are found.
#[derive(Clone, Default)]
pub(super) struct Hidden(Arc<Mutex<Watch>>);

#[derive(Default)]
struct Watch {
    keys: Vec<Secret>,
    /// The ends of text and reasoning as they were passed on, shorter than the longest key.
    text: String,
    reasoning: String,
}

impl Hidden {
    pub(super) fn add(&self, secrets: &[Secret]) {
        if let Ok(mut watch) = self.0.lock() {
            watch.keys.extend_from_slice(secrets);
        }
    }

    /// A step without any of the keys. Of one that comes in several pieces the first are
    /// passed on, for holding them back would hold their clock; when the last one comes,
    /// they are withdrawn.
    pub(super) fn out_of(&self, mut step: Step) -> Step {
        let Ok(mut watch) = self.0.lock() else { return step };
        match &mut step {
            Step::Headers { request_id, .. } => watch.keys.iter().for_each(|key| within(request_id, key)),
            Step::Deltas(deltas) => {
                for delta in std::mem::take(deltas) {
                    watch.pass(delta, deltas);
                }
            }
            Step::Failed(fault) => watch.keys.iter().for_each(|key| in_fault(fault, key)),
            _ => {}
        }
        step
    }
}

impl Watch {
    fn pass(&mut self, mut delta: Delta, out: &mut Vec<Delta>) {
        let (kind, piece, tail) = match &mut delta {
            Delta::Text(piece) => (Kind::Text, piece, &mut self.text),
            Delta::Reasoning(piece) => (Kind::Reasoning, piece, &mut self.reasoning),
            _ => {
                self.keys.iter().for_each(|key| in_delta(&mut delta, key));
                return out.push(delta);
            }
        };
        let Some(longest) = self.keys.iter().map(|key| key.expose().len()).max() else {
            return out.push(delta);
        };
        let known = tail.len();
        tail.push_str(piece);
        // The tail alone holds no key: the first one that is found ends in this piece.
        let back = |key: &Secret| known.checked_sub(key.place_in(tail)?);
        let back = self.keys.iter().filter_map(back).max().unwrap_or(0);
        if back > 0 {
            out.push(Delta::Withdrawn(kind, back));
            *piece = tail.split_off(known - back);
            tail.push_str(piece);
        }
        for key in &self.keys {
            if key.place_in(piece).is_some() {
                *piece = key.scrub(piece);
                tail.truncate(known - back);
                tail.push_str(piece);
            }
        }
        let mut from = tail.len().saturating_sub(longest);
        while !tail.is_char_boundary(from) {
            from += 1;
        }
        tail.drain(..from);
        out.push(delta);
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
        Delta::Stop(_, text) => *text = secret.scrub(text),
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
        // Pieces of text were looked at together with those before them.
        Delta::Text(_) | Delta::Reasoning(_) | Delta::Withdrawn(..) | Delta::Skipped => {}
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Answer;
    use std::time::Duration;

    const KEY: &str = "sk-canary-0123456789";

    /// What an answer holds in the end when a text comes in pieces of so many bytes.
    fn told(text: &str, size: usize, make: fn(String) -> Delta) -> Answer {
        let hidden = Hidden::default();
        let key = |text: &str| Secret::parse(text).ok().flatten().unwrap();
        hidden.add(&[key(KEY), key("another-canary-of-some-length"), key("short")]);
        let mut answer = Answer::default();
        let mut rest = text;
        while !rest.is_empty() {
            let mut end = size.min(rest.len());
            while !rest.is_char_boundary(end) {
                end += 1;
            }
            let (piece, after) = rest.split_at(end);
            answer.apply(Duration::ZERO, hidden.out_of(Step::Deltas(vec![make(piece.to_owned())])));
            rest = after;
        }
        answer
    }

    #[test]
    fn a_key_is_taken_out_however_it_is_cut_into_pieces() {
        let text = format!(
            "é sk-canary {KEY}{KEY} a short sk-canary-012345678 — {KEY}, another-canary-of-some-length!"
        );
        let want = "é sk-canary <redacted><redacted> a short sk-canary-012345678 — <redacted>, <redacted>!";
        for size in 1..=text.len() {
            assert_eq!(told(&text, size, Delta::Text).text, want, "pieces of {size}");
            assert_eq!(told(&text, size, Delta::Reasoning).reasoning, want, "pieces of {size}");
        }
    }

    #[test]
    fn nothing_is_held_back_and_the_tail_stays_short() {
        let hidden = Hidden::default();
        hidden.add(&[Secret::parse(KEY).ok().flatten().unwrap()]);
        for _ in 0..100 {
            let step = Step::Deltas(vec![Delta::Text("sk-canar".to_owned())]);
            assert_eq!(hidden.out_of(step.clone()), step);
            assert!(hidden.0.lock().unwrap().text.len() <= KEY.len());
        }
    }
}
