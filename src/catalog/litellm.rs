//! LiteLLM's price map (`model_prices_and_context_window.json`) as a book of ours.
//!
//! The map is one flat object: a row a model, USD per token as floats, everything else in the
//! names of its fields (`input_cost_per_token_above_272k_tokens_priority`). What of it counts,
//! and under which name, is data: `filters.toml`.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::rows::REGIONAL;
use crate::model::Rates;

const FILTERS: &str = include_str!("filters.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filters {
    modes: Vec<String>,
    most: String,
    free: Vec<String>,
    drop: Vec<String>,
    drop_services: Vec<String>,
    regional: Vec<Regional>,
    source: Vec<Source>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Regional {
    kind: String,
    scope: String,
    starts: Vec<String>,
    global: String,
    factor: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent marks of a source, as its keys are written")]
struct Source {
    provider: String,
    /// The provider's name only begins so.
    #[serde(default)]
    begins: bool,
    kind: String,
    #[serde(default)]
    strip: String,
    /// Beginnings of ids that name a scope.
    #[serde(default)]
    scopes: BTreeMap<String, String>,
    scope: Option<String>,
    /// Ids begin with a Bedrock profile's prefix or with a region's name.
    #[serde(default)]
    profiles: bool,
    /// Ids may hold a slash.
    #[serde(default)]
    slashes: bool,
    #[serde(default)]
    inclusive: bool,
}

/// The names of our buckets and of the map's fields.
const FIELDS: [(&str, &str); 7] = [
    ("input", "input_cost_per_token"),
    ("cached_input", "cache_read_input_token_cost"),
    // The longer one first: it begins like the other.
    ("cache_write_1h", "cache_creation_input_token_cost_above_1hr"),
    ("cache_write", "cache_creation_input_token_cost"),
    ("audio_input", "input_cost_per_audio_token"),
    ("output", "output_cost_per_token"),
    ("reasoning", "output_cost_per_reasoning_token"),
];

/// Endings of fields for service tiers that can be asked for, and our words for them.
const SERVICES: [(&str, &str); 3] = [("_batches", "batch"), ("_flex", "flex"), ("_priority", "priority")];

/// Femto-dollars per token by bucket.
type Listed = BTreeMap<&'static str, u64>;

/// Rates, and those above thresholds.
#[derive(Debug, Clone, Default, PartialEq)]
struct Ladder {
    base: Listed,
    tiers: BTreeMap<u64, Listed>,
}

#[derive(Debug, Clone, Default)]
struct Row {
    standard: Ladder,
    services: BTreeMap<&'static str, Ladder>,
    inclusive: bool,
    uplift: Option<u64>,
    off_peak: Option<(Listed, Vec<String>)>,
    max_output: Option<u64>,
    page: Option<String>,
}

/// A book's text from the map's. `as_of` is the day of the map, `source` its name; both go into
/// the book's head.
///
/// # Errors
/// Why it is not such a map: no JSON, no object, a rate that no model has.
pub fn convert(json: &str, as_of: &str, source: &str) -> Result<String, String> {
    let filters: Filters = toml::from_str(FILTERS).map_err(|e| format!("filters.toml: {e}"))?;
    let map: Map<String, Value> =
        serde_json::from_str(json).map_err(|e| match json.trim_start().chars().next() {
            None => "it is empty".to_owned(),
            Some('<') => "it is a web page, not a price list".to_owned(),
            _ => format!("it is no JSON object: {e}"),
        })?;
    let most = Rates::rate(&filters.most)?;
    let mut rows: BTreeMap<(String, String, String), Row> = BTreeMap::new();
    for source in &filters.source {
        for (key, value) in &map {
            let Some(fields) = value.as_object() else { continue };
            let Some((id, scope)) = name(source, &filters, key, fields) else { continue };
            let mut row = row(fields, source.inclusive, most).map_err(|e| format!("{key}: {e}"))?;
            row.services.retain(|word, _| !filters.drop_services.contains(&format!("{key} {word}")));
            let free = filters.free.contains(&format!("{} {id}", source.kind));
            if is_priced(&row, free) {
                rows.entry((source.kind.clone(), id, scope)).or_insert(row);
            }
        }
    }
    regional(&mut rows, &filters)?;
    Ok(write(&rows, as_of, source))
}

/// The id and scope under which a row of the map stands in ours; `None` where it does not.
fn name(
    source: &Source,
    filters: &Filters,
    key: &str,
    fields: &Map<String, Value>,
) -> Option<(String, String)> {
    let word = |field: &str| fields.get(field).and_then(Value::as_str).unwrap_or_default();
    let provider = word("litellm_provider");
    let ours =
        if source.begins { provider.starts_with(&source.provider) } else { provider == source.provider };
    if !ours
        || !filters.modes.iter().any(|mode| mode == word("mode"))
        || filters.drop.iter().any(|d| d == key)
    {
        return None;
    }
    let id = key.strip_prefix(&source.strip).unwrap_or(key);
    if source.profiles {
        // `eu-west-2/model` is a model in that region; more parts are commitments by the month.
        return match id.split_once('/') {
            Some((region, id)) => {
                (is_region(region) && !id.contains('/')).then(|| (id.to_owned(), region.to_owned()))
            }
            None => Some((id.to_owned(), profile(id))),
        };
    }
    for (begins, scope) in &source.scopes {
        if let Some(id) = id.strip_prefix(begins.as_str()) {
            return (!id.contains('/')).then(|| (id.to_owned(), scope.clone()));
        }
    }
    let known = source.slashes || !id.contains('/');
    known.then(|| (id.to_owned(), source.scope.clone().unwrap_or_else(|| "global".into())))
}

/// `eu-west-2`, `us-gov-west-1`.
fn is_region(word: &str) -> bool {
    word.contains('-') && word.ends_with(|c: char| c.is_ascii_digit())
}

/// The scope of a Bedrock id: its profile's prefix, or none.
fn profile(id: &str) -> String {
    let prefix = id.split_once('.').map_or("", |(prefix, _)| prefix);
    if prefix == "global" || REGIONAL.contains(&prefix) { prefix.to_owned() } else { "in-region".to_owned() }
}

fn row(fields: &Map<String, Value>, inclusive: bool, most: u64) -> Result<Row, String> {
    let mut row = Row { inclusive, ..Row::default() };
    for (field, value) in fields {
        let Some((bucket, above, service)) = meaning(field) else { continue };
        let Some(rate) = femto(value)? else { continue };
        if rate > most {
            return Err(format!("{field} is {value}, which no model costs"));
        }
        let ladder = match service {
            None => &mut row.standard,
            Some(word) => row.services.entry(word).or_default(),
        };
        let listed = match above {
            None => &mut ladder.base,
            Some(above) => ladder.tiers.entry(above).or_default(),
        };
        // A zero beside a price is a field that nobody filled, except where it is the price.
        if rate > 0 || matches!(bucket, "input" | "output") {
            listed.insert(bucket, rate);
        }
    }
    for ladder in std::iter::once(&mut row.standard).chain(row.services.values_mut()) {
        same_reasoning(&mut ladder.base);
        for tier in ladder.tiers.values_mut() {
            same_reasoning(tier);
            // A tier of what has no price below it is a field in the wrong place.
            tier.retain(|bucket, _| ladder.base.contains_key(bucket));
        }
    }
    row.uplift = uplift(fields)?;
    row.off_peak = match off_peak(fields) {
        Ok(low) => low,
        // A price whose hours are not understood is not known.
        Err(_) => return Ok(Row::default()),
    };
    row.max_output = fields.get("max_output_tokens").and_then(Value::as_u64);
    row.page = fields.get("source").and_then(Value::as_str).map(str::to_owned);
    Ok(row)
}

/// Reasoning at the price of output is billed as output, and needs no rate of its own.
fn same_reasoning(listed: &mut Listed) {
    if listed.get("reasoning") == listed.get("output") {
        listed.remove("reasoning");
    }
}

/// Bucket, threshold and service tier of a field's name; `None` for what is no token's price.
fn meaning(field: &str) -> Option<(&'static str, Option<u64>, Option<&'static str>)> {
    let (bucket, mut rest) =
        FIELDS.iter().find_map(|(bucket, name)| Some((*bucket, field.strip_prefix(name)?)))?;
    let mut service = None;
    for (ending, word) in SERVICES {
        if let Some(before) = rest.strip_suffix(ending) {
            (rest, service) = (before, Some(word));
        }
    }
    if rest.is_empty() {
        return Some((bucket, None, service));
    }
    let thousands = rest.strip_prefix("_above_")?.strip_suffix("k_tokens")?;
    Some((bucket, Some(thousands.parse::<u64>().ok()? * 1_000), service))
}

/// USD per token as femto-dollars: nine decimals per million, beyond which the map holds float
/// noise only. `None` for null.
fn femto(value: &Value) -> Result<Option<u64>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok());
    let rate = number.map(|n| (n * 1e15).round());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be within")]
    match rate {
        Some(rate) if (0.0..1e18).contains(&rate) => Ok(Some(rate as u64)),
        _ => Err(format!("{value} is no price")),
    }
}

/// By how much a region costs more, in billionths.
fn uplift(fields: &Map<String, Value>) -> Result<Option<u64>, String> {
    let entry = fields.get("provider_specific_entry").and_then(|e| e.get("us"));
    let names = [
        "regional_endpoint_uplift_multiplier",
        "regional_processing_uplift_multiplier_us",
        "regional_processing_uplift_multiplier_eu",
    ];
    let told = |v: &&Value| !v.is_null();
    let factor = names.iter().find_map(|name| fields.get(*name).filter(told)).or(entry.filter(told));
    let billionths = |v: &Value| femto(&serde_json::json!(v.as_f64().unwrap_or(-1.0) * 1e-6));
    factor.map(billionths).transpose().map(Option::flatten)
}

fn off_peak(fields: &Map<String, Value>) -> Result<Option<(Listed, Vec<String>)>, String> {
    let Some(low) = fields.get("off_peak_pricing").and_then(Value::as_object) else { return Ok(None) };
    let mut listed = Listed::new();
    for (field, value) in low {
        if let (Some((bucket, None, None)), Some(rate)) = (meaning(field), femto(value).unwrap_or_default()) {
            listed.insert(bucket, rate);
        }
    }
    let mut windows = Vec::new();
    for window in low.get("windows").and_then(Value::as_array).into_iter().flatten() {
        let days: Vec<u64> = window
            .get("weekdays")
            .and_then(Value::as_array)
            .map_or_else(|| (1..=7).collect(), |days| days.iter().filter_map(Value::as_u64).collect());
        let hours = match window.get("hours_utc") {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => return Err("off_peak_pricing has no hours".into()),
        };
        for hours in hours {
            let (from, to) = hours.split_once('-').ok_or_else(|| format!("{hours:?} are no hours"))?;
            if hours == "00:00-00:00" {
                windows.extend(runs(&days).map(|run| format!("{run} all day")));
            } else if to == "00:00" || from < to {
                let to = if to == "00:00" { "24:00" } else { to };
                windows.extend(runs(&days).map(|run| format!("{run} {from}-{to}")));
            } else {
                // Over midnight: the rest is the next day's.
                let next: Vec<u64> = days.iter().map(|day| day % 7 + 1).collect();
                windows.extend(runs(&days).map(|run| format!("{run} {from}-24:00")));
                windows.extend(runs(&next).map(|run| format!("{run} 00:00-{to}")));
            }
        }
    }
    Ok((!listed.is_empty() && !windows.is_empty()).then_some((listed, windows)))
}

/// `Mon-Fri` and `Sun` of 1, 2, 3, 4, 5 and 7.
fn runs(days: &[u64]) -> impl Iterator<Item = String> {
    const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for at in 0..NAMES.len() {
        if !days.contains(&(at as u64 + 1)) {
            continue;
        }
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == at => *last = at,
            _ => runs.push((at, at)),
        }
    }
    runs.into_iter().filter_map(|(first, last)| {
        let (from, to) = (NAMES.get(first)?, NAMES.get(last)?);
        Some(if first == last { (*from).to_owned() } else { format!("{from}-{to}") })
    })
}

/// A row without prices, or of zeros that nobody calls free, says nothing.
fn is_priced(row: &Row, free: bool) -> bool {
    let base = &row.standard.base;
    // A zero on one side alone is a router's fee, or a side that nobody filled in.
    let zero = ["input", "output"].iter().any(|side| base.get(side) == Some(&0));
    base.contains_key("input") && base.contains_key("output") && (!zero || free)
}

/// Scales the rows that stand at the global rate and should not.
fn regional(rows: &mut BTreeMap<(String, String, String), Row>, filters: &Filters) -> Result<(), String> {
    for rule in &filters.regional {
        let factor = Rates::rate(&rule.factor)?;
        let at_global: Vec<_> = rows
            .iter()
            .filter(|((kind, id, scope), row)| {
                let global = (
                    kind.clone(),
                    format!("{}{id}", rule.global),
                    rule.global.trim_end_matches('.').to_owned(),
                );
                *kind == rule.kind
                    && *scope == rule.scope
                    && rule.starts.iter().any(|start| id.starts_with(start.as_str()))
                    && rows.get(&global).is_some_and(|g| g.standard.base == row.standard.base)
            })
            .map(|(key, _)| key.clone())
            .collect();
        for key in at_global {
            let Some(row) = rows.get_mut(&key) else { continue };
            let ladders = std::iter::once(&mut row.standard).chain(row.services.values_mut());
            for listed in ladders.flat_map(|l| std::iter::once(&mut l.base).chain(l.tiers.values_mut())) {
                for rate in listed.values_mut() {
                    let scaled = u128::from(*rate) * u128::from(factor) / 1_000_000_000;
                    *rate = u64::try_from(scaled).map_err(|_| "a rate is too large to scale")?;
                }
            }
        }
    }
    Ok(())
}

/// A rate as a price list writes it: USD per million tokens.
fn written(femto: u64) -> String {
    let text = format!("{}.{:09}", femto / 1_000_000_000, femto % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn rates(listed: &Listed) -> String {
    let pairs = FIELDS
        .iter()
        .filter_map(|(bucket, _)| Some(format!("{bucket} = \"{}\"", written(*listed.get(bucket)?))));
    pairs.collect::<Vec<_>>().join(", ")
}

fn tiers(ladder: &Ladder, inclusive: bool) -> String {
    let at = if inclusive { ", inclusive = true" } else { "" };
    let all: Vec<_> = ladder
        .tiers
        .iter()
        .map(|(above, listed)| format!("{{ above = {above}{at}, {} }}", rates(listed)))
        .collect();
    format!("[{}]", all.join(", "))
}

/// A string as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn write(rows: &BTreeMap<(String, String, String), Row>, as_of: &str, source: &str) -> String {
    let mut out = format!(
        "# List prices, USD per million tokens; made by `bakeoff prices convert` from {source} (MIT), by the rules of\n\
         # src/catalog/filters.toml. Not to be edited: corrections go into src/catalog/overrides.toml.\n\n\
         schema = 1\ncurrency = \"USD\"\nunit = \"per_1m_tokens\"\nas_of = {}\nsource = {}\n",
        quoted(as_of),
        quoted(source),
    );
    for ((kind, id, scope), row) in rows {
        // Writing to a string does not fail.
        let _ = write!(
            out,
            "\n[[price]]\nkind = {}\nid = {}\nscope = {}\n",
            quoted(kind),
            quoted(id),
            quoted(scope)
        );
        let _ = writeln!(out, "rates = {{ {} }}", rates(&row.standard.base));
        if !row.standard.tiers.is_empty() {
            let _ = writeln!(out, "tiers = {}", tiers(&row.standard, row.inclusive));
        }
        for (word, ladder) in row.services.iter().filter(|(_, l)| l.base.contains_key("input")) {
            let higher = if ladder.tiers.is_empty() {
                String::new()
            } else {
                format!(", tiers = {}", tiers(ladder, row.inclusive))
            };
            let _ = writeln!(out, "service.{word} = {{ {}{higher} }}", rates(&ladder.base));
        }
        if let Some(uplift) = row.uplift.filter(|u| *u != 1_000_000_000) {
            let _ = writeln!(out, "region_uplift = \"{}\"", written(uplift));
        }
        if let Some((low, windows)) = &row.off_peak {
            let _ = writeln!(out, "off_peak = {{ {} }}\noff_peak_windows_utc = {windows:?}", rates(low));
        }
        if let Some(most) = row.max_output {
            let _ = writeln!(out, "max_output = {most}");
        }
        if let Some(page) = &row.page {
            let _ = writeln!(out, "source_page = {}", quoted(page));
        }
    }
    out
}

#[cfg(test)]
#[path = "litellm_tests.rs"]
mod tests;
