//! Takes keys out of what comes back: a server may repeat the one that it was sent.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use zeroize::Zeroizing;

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
    /// Every form in which a key may come back, the longest first: one may begin another.
    forms: Vec<Zeroizing<String>>,
    /// The ends of text and reasoning as they were passed on, shorter than the longest form.
    text: String,
    reasoning: String,
}

impl Hidden {
    pub(super) fn add(&self, secrets: &[Secret]) {
        if let Ok(mut watch) = self.0.lock() {
            watch.keys.extend_from_slice(secrets);
            watch.forms.extend(secrets.iter().flat_map(Secret::forms));
            watch.forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        }
    }

    /// A step without any of the keys. Of one that comes in several pieces the first are
    /// passed on, for holding them back would hold their clock; when the last one comes,
    /// they are withdrawn.
    pub(super) fn out_of(&self, mut step: Step) -> Step {
        let Ok(mut watch) = self.0.lock() else { return step };
        match &mut step {
            Step::Headers { request_id, .. } => watch.keys.iter().for_each(|key| within(request_id, key)),
            Step::Told(headers) => {
                for (_, value) in headers {
                    *value = watch.keys.iter().fold(std::mem::take(value), |text, key| key.scrub(&text));
                }
            }
            Step::Deltas(deltas) if !watch.forms.is_empty() => {
                for delta in std::mem::take(deltas) {
                    watch.pass(delta, deltas);
                }
            }
            Step::Failed(fault) => watch.keys.iter().for_each(|key| in_fault(fault, key)),
            _ => {}
        }
        step
    }

    /// Before an answer ends: what takes back the beginning of a key at its end, whose rest
    /// will not come any more.
    pub(super) fn closing(&self) -> Option<Step> {
        let mut watch = self.0.lock().ok()?;
        let begun = |tail: &str| watch.forms.iter().filter_map(|form| begun(tail, form)).max();
        let ends = [(Kind::Text, begun(&watch.text)), (Kind::Reasoning, begun(&watch.reasoning))];
        (watch.text, watch.reasoning) = (String::new(), String::new());
        let back: Vec<_> =
            ends.into_iter().filter_map(|(kind, n)| Some(Delta::Withdrawn(kind, n?))).collect();
        (!back.is_empty()).then_some(Step::Deltas(back))
    }
}

/// How much of a key stands at the end of a text: enough of it to be no accident, for keys of
/// one vendor begin alike.
fn begun(tail: &str, form: &str) -> Option<usize> {
    let least = (form.len() / 2).clamp(8, 16);
    (least..form.len()).rev().find(|n| form.get(..*n).is_some_and(|begin| tail.ends_with(begin)))
}

impl Watch {
    fn pass(&mut self, mut delta: Delta, out: &mut Vec<Delta>) {
        const REDACTED: &str = "<redacted>";
        let (kind, piece, tail) = match &mut delta {
            Delta::Text(piece) => (Kind::Text, piece, &mut self.text),
            Delta::Reasoning(piece) => (Kind::Reasoning, piece, &mut self.reasoning),
            _ => {
                self.keys.iter().for_each(|key| in_delta(&mut delta, key));
                return out.push(delta);
            }
        };
        let longest = self.forms.first().map_or(0, |form| form.len());
        let known = tail.len();
        tail.push_str(piece);
        // The tail alone holds no key: the first one that is found ends in this piece.
        let back = |form: &Zeroizing<String>| known.checked_sub(tail.find(form.as_str())?);
        let back = self.forms.iter().filter_map(back).max().unwrap_or(0);
        if back > 0 {
            out.push(Delta::Withdrawn(kind, back));
            *piece = tail.split_off(known - back);
            tail.push_str(piece);
        }
        for form in &self.forms {
            if piece.contains(form.as_str()) {
                *piece = piece.replace(form.as_str(), REDACTED);
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
        Value::Object(members) => {
            for (name, mut member) in std::mem::take(members) {
                in_json(&mut member, secret);
                members.insert(secret.scrub(&name), member);
            }
        }
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

    #[test]
    fn a_key_in_a_header_is_taken_out() {
        let hidden = Hidden::default();
        hidden.add(&[Secret::parse(KEY).ok().flatten().unwrap()]);
        let told = hidden.out_of(Step::Told(vec![("server".into(), format!("echo {KEY}"))]));
        let Step::Told(headers) = told else { panic!("{told:?}") };
        assert!(headers[0].1.starts_with("echo ") && !headers[0].1.contains("canary"), "{headers:?}");
    }

    /// What an answer holds in the end when a text comes in pieces of so many bytes.
    fn told(text: &str, size: usize, make: fn(String) -> Delta) -> Answer {
        let hidden = Hidden::default();
        let key = |text: &str| Secret::parse(text).ok().flatten().unwrap();
        hidden.add(&[key(KEY), key("another-canary-of-some-length"), key("short")]);
        hidden.add(&[key("an+other/canary=="), key("sk-canary-0123456789-and-more")]);
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
        if let Some(step) = hidden.closing() {
            answer.apply(Duration::ZERO, step);
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
            let thought = told(&text, size, Delta::Reasoning);
            assert_eq!(thought.reasoning, want, "pieces of {size}");
            let arrived: u64 = thought.timeline.chunks.iter().map(|c| u64::from(c.bytes)).sum();
            assert_eq!(arrived, want.len() as u64, "what was withdrawn did not arrive, pieces of {size}");
        }
    }

    #[test]
    fn a_key_in_the_form_of_a_url_is_taken_out_too() {
        let text = "RAW an+other/canary== ENC an%2Bother%2Fcanary%3D%3D END";
        for size in 1..=text.len() {
            assert_eq!(
                told(text, size, Delta::Text).text,
                "RAW <redacted> ENC <redacted> END",
                "pieces of {size}"
            );
        }
    }

    #[test]
    fn of_two_keys_that_begin_alike_the_longer_one_goes_whole() {
        let text = "x sk-canary-0123456789-and-more y";
        assert_eq!(told(text, text.len(), Delta::Text).text, "x <redacted> y");
    }

    #[test]
    fn a_key_that_breaks_off_at_the_end_does_not_stay() {
        for size in 1..=8 {
            assert_eq!(told("so sk-canary-012345678", size, Delta::Text).text, "so ", "pieces of {size}");
        }
        assert_eq!(told("a word like sk-cana", 3, Delta::Text).text, "a word like sk-cana");
    }

    #[test]
    fn names_in_what_was_reported_are_no_hiding_place() {
        let mut raw = serde_json::json!({ "n": 1, format!("x{KEY}"): { KEY: [KEY] } });
        in_json(&mut raw, &Secret::parse(KEY).ok().flatten().unwrap());
        assert_eq!(raw.to_string(), r#"{"n":1,"x<redacted>":{"<redacted>":["<redacted>"]}}"#);
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
