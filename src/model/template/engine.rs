//! The engine, held to what a prompt has a use for, and to a budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};

/// What one filling may use up: each round of a loop takes as much as the tags have bytes, each
/// filter as much as it reads and writes.
const BUDGET: u64 = 32 << 20;

/// The function that charges a round of a loop; no name of a user's may begin like it.
pub(super) const TICK: &str = "__bakeoff_round";

/// Filters from a text to a text.
type TextFilter = (&'static str, fn(&str) -> String);

/// What a template can do: fill in, repeat, decide, and a few filters. It reaches no file.
pub(super) fn environment<'t>(spent: &Arc<AtomicU64>, round: u64) -> Environment<'t> {
    let mut env = Environment::empty();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    env.set_debug(false);
    let charge = {
        let spent = Arc::clone(spent);
        move |units: u64| {
            // Never more at once than the sum has room for.
            let units = units.min(BUDGET) + 16;
            if spent.fetch_add(units, Ordering::Relaxed) + units > BUDGET {
                return Err(Error::new(
                    ErrorKind::InvalidOperation,
                    "it repeats too often, or works on too much text",
                ));
            }
            Ok(())
        }
    };
    let each = charge.clone();
    env.add_function(TICK, move || each(round).map(|()| ""));
    let each = charge.clone();
    env.add_function("range", move |from: u32, to: Option<u32>| {
        let (from, to) = to.map_or((0, from), |to| (from, to));
        each(u64::from(to.saturating_sub(from)).saturating_mul(16))?;
        Ok::<_, Error>((from..to).map(Value::from).collect::<Vec<_>>())
    });
    env.add_test("defined", |value: &Value| !value.is_undefined());
    let texts: [TextFilter; 5] = [
        ("upper", str::to_uppercase),
        ("lower", str::to_lowercase),
        ("trim", |text| text.trim().to_owned()),
        ("capitalize", capitalized),
        ("tojson", |text| serde_json::Value::from(text).to_string()),
    ];
    for (name, make) in texts {
        let each = charge.clone();
        env.add_filter(name, move |value: &Value| {
            let text = of_text(name, value)?;
            each(text.len() as u64 * 2)?;
            Ok::<_, Error>(make(&text))
        });
    }
    let each = charge.clone();
    env.add_filter("replace", move |value: &Value, from: &Value, to: &Value| {
        let (text, from, to) =
            (of_text("replace", value)?, of_text("replace", from)?, of_text("replace", to)?);
        let grown = (text.len() / from.len().max(1) + 1).saturating_mul(to.len());
        each(text.len().saturating_add(grown) as u64)?;
        Ok::<_, Error>(text.replace(from.as_str(), &to))
    });
    let each = charge.clone();
    env.add_filter("lines", move |value: &Value| {
        let text = of_text("lines", value)?;
        each(text.len() as u64 * 4)?;
        Ok::<_, Error>(text.lines().map(Value::from).collect::<Vec<_>>())
    });
    let each = charge.clone();
    env.add_filter("split", move |value: &Value, at: &Value| {
        let (text, at) = (of_text("split", value)?, of_text("split", at)?);
        each(text.len() as u64 * 16)?;
        Ok::<_, Error>(text.split(at.as_str()).map(Value::from).collect::<Vec<_>>())
    });
    let each = charge.clone();
    env.add_filter("join", move |value: &Value, between: &Value| {
        let between = of_text("join", between)?;
        let mut out = String::new();
        for (at, part) in value.try_iter()?.enumerate() {
            let part = of_text("join", &part)?;
            let between = if at == 0 { "" } else { between.as_str() };
            each((part.len() + between.len()) as u64)?;
            out.push_str(between);
            out.push_str(&part);
        }
        Ok::<_, Error>(out)
    });
    let each = charge;
    env.add_filter("length", move |value: &Value| {
        each(value.as_str().map_or(0, str::len) as u64)?;
        value
            .as_str()
            .map(|text| text.chars().count())
            .or_else(|| value.len())
            .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "length takes a text or a list"))
    });
    env.add_filter(
        "default",
        |value: Value, other: Value| {
            if value.as_str() == Some("") { other } else { value }
        },
    );
    env
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A text or a number; a list has to be joined first.
fn of_text(filter: &str, value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::String | ValueKind::Number | ValueKind::Bool => Ok(value.to_string()),
        kind => Err(Error::new(ErrorKind::InvalidOperation, format!("{filter} takes a text, not a {kind}"))),
    }
}
