//! Pictures in the forms of the wires.

use serde_json::{Value, json};

use crate::model::Image;
use crate::model::Prompt;
use crate::model::Turn;

/// A message's content: the text alone where there are no pictures, because every server of a
/// wire reads that, else a list of parts.
pub(super) fn content(
    turn: &Turn,
    text: fn(&str) -> Value,
    image: fn(&Image) -> Value,
    first: First,
) -> Value {
    let words = turn.sent_text();
    if turn.images().next().is_none() {
        return words.into();
    }
    parts(turn, text, image, first).into()
}

/// What stands first where a turn has both: what the wire's vendor says of the order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    Text,
    Images,
}

/// The parts of a turn; a turn without words has no empty part, which some vendors refuse.
pub(super) fn parts(
    turn: &Turn,
    text: fn(&str) -> Value,
    image: fn(&Image) -> Value,
    first: First,
) -> Vec<Value> {
    let words = turn.sent_text();
    let images: Vec<_> = turn.images().map(image).collect();
    let words = if words.trim().is_empty() && !images.is_empty() { None } else { Some(text(&words)) };
    match first {
        First::Text => words.into_iter().chain(images).collect(),
        First::Images => images.into_iter().chain(words).collect(),
    }
}

/// Anthropic's source of an image.
pub(super) fn source(image: &Image) -> Value {
    json!({"type": "base64", "media_type": image.kind.media_type(), "data": image.base64()})
}

/// The body as people see it: each picture's base64 gives way to a few words. `None` where the
/// prompt has none.
#[must_use]
pub fn without_images(body: &Value, prompt: &Prompt) -> Option<String> {
    let images: Vec<_> = prompt.images().collect();
    (!images.is_empty()).then(|| shortened(body, &images).to_string())
}

fn shortened(value: &Value, images: &[&Image]) -> Value {
    match value {
        // Bare base64, or the end of a data URL.
        Value::String(text) => {
            let found = images.iter().find_map(|i| Some((*i, text.strip_suffix(i.base64())?)));
            found.map_or_else(|| value.clone(), |(i, before)| format!("{before}{}", i.stand_in()).into())
        }
        Value::Array(all) => all.iter().map(|v| shortened(v, images)).collect(),
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), shortened(v, images))).collect(),
        other => other.clone(),
    }
}
