//! A text of the user's own, where a key or a cloud that nobody knows is a slip of the fingers:
//! left alone, it would be a price that silently does not count.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::rows::line;
use crate::model::did_you_mean;

// Rows may be copied from the embedded list, so everything that stands there is known here,
// also what this version does not use. A test holds the embedded texts against these.
const BOOK: &[&str] = &["schema", "currency", "unit", "as_of", "family"];
const FAMILY: &[&str] = &["id", "name", "vendor", "weights", "clouds", "route"];
const ROUTE: &[&str] = &[
    "kind",
    "id",
    "scope",
    "api",
    "endpoint",
    "context",
    "max_input",
    "max_output",
    "aliases",
    "price",
    "price_status",
    "tiers",
    "service_flex",
    "service_priority",
    "service_batch",
    "region_uplift",
    "uplift_when",
    "off_peak",
    "off_peak_windows_utc",
    "volatile",
    "retires",
    "source",
    "source_key",
    "source_page",
    "agrees",
    "disagrees",
    "note",
];
const RATES: &[&str] = &[
    "input",
    "cached_input",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "cache_write_12h",
    "audio_input",
    "output",
    "reasoning",
];
const TIER: &[&str] = &["above", "inclusive"];
const PRICES: &[&str] = &["schema", "currency", "unit", "as_of", "source", "price"];
const LISTING: &[&str] = &[
    "kind",
    "id",
    "scope",
    "from",
    "rates",
    "tiers",
    "service",
    "discount",
    "multiply",
    "region_uplift",
    "off_peak",
    "off_peak_windows_utc",
    "max_output",
    "source_page",
    "checked",
    "note",
];

/// Whether every key is one that a row can have, and every `kind` one of these.
///
/// # Errors
/// The first that is not: its line, its row, the nearest right word.
pub(super) fn check(text: &str, kinds: &[&str]) -> Result<(), String> {
    // What is no TOML, or of a wrong type, is the reader's to say.
    let Ok(book) = DeTable::parse(text) else { return Ok(()) };
    let strict = Strict { text, kinds };
    strict.keys(book.get_ref(), "the file", &[BOOK])?;
    for family in tables(book.get_ref(), "family") {
        let row = format!("family {}", word(family, "id"));
        strict.keys(family, &row, &[FAMILY])?;
        for route in tables(family, "route") {
            strict.route(route)?;
        }
    }
    Ok(())
}

/// The same of the rows of a `prices.toml`.
///
/// # Errors
/// As [`check`].
pub(super) fn check_prices(text: &str, kinds: &[&str]) -> Result<(), String> {
    let Ok(book) = DeTable::parse(text) else { return Ok(()) };
    let strict = Strict { text, kinds };
    strict.keys(book.get_ref(), "the file", &[PRICES])?;
    for listing in tables(book.get_ref(), "price") {
        let row = strict.row(listing, LISTING)?;
        for part in ["rates", "off_peak"] {
            strict.rates(listing, part, &row, &[RATES])?;
        }
        let services = listing.get("service").and_then(|v| v.get_ref().as_table());
        for word in services.into_iter().flat_map(|s| s.keys()) {
            let services = services.map_or(listing, |s| s);
            strict.rates(services, word.get_ref(), &format!("{row}, service"), &[RATES, &["tiers"]])?;
        }
        for tier in tables(listing, "tiers") {
            strict.keys(tier, &format!("{row}, tiers"), &[TIER, RATES])?;
        }
    }
    Ok(())
}

/// The lines of the rows of a `prices.toml`, from 1, in their order.
pub(super) fn lines(text: &str) -> Vec<usize> {
    let Ok(book) = DeTable::parse(text) else { return Vec::new() };
    let at = |t: &DeTable<'_>| t.get("kind").map_or(0, |kind| line(text, kind.span().start));
    tables(book.get_ref(), "price").map(at).collect()
}

struct Strict<'t> {
    text: &'t str,
    kinds: &'t [&'t str],
}

impl Strict<'_> {
    fn route(&self, route: &DeTable<'_>) -> Result<(), String> {
        let row = self.row(route, ROUTE)?;
        for part in ["price", "service_flex", "service_priority", "service_batch", "off_peak"] {
            self.rates(route, part, &row, &[RATES])?;
        }
        for tier in tables(route, "tiers") {
            self.keys(tier, &format!("{row}, tiers"), &[TIER, RATES])?;
        }
        Ok(())
    }

    /// What a row is called, once its keys and its cloud are known to be right.
    fn row(&self, route: &DeTable<'_>, known: &[&str]) -> Result<String, String> {
        let row = format!("{} {}", word(route, "kind"), word(route, "id"));
        self.keys(route, &row, &[known])?;
        if let Some(kind) = route.get("kind")
            && let Some(name) = kind.get_ref().as_str()
            && !self.kinds.contains(&name)
        {
            return Err(self.unknown(kind, &row, "kind", name, self.kinds));
        }
        Ok(row)
    }

    fn rates(&self, table: &DeTable<'_>, part: &str, row: &str, known: &[&[&str]]) -> Result<(), String> {
        match table.get(part).and_then(|v| v.get_ref().as_table()) {
            Some(rates) => self.keys(rates, &format!("{row}, {part}"), known),
            None => Ok(()),
        }
    }

    fn keys(&self, table: &DeTable<'_>, row: &str, known: &[&[&str]]) -> Result<(), String> {
        let known = known.concat();
        match table.keys().find(|key| !known.contains(&key.get_ref().as_ref())) {
            Some(key) => Err(self.unknown(key, row, "key", key.get_ref(), &known)),
            None => Ok(()),
        }
    }

    fn unknown<T>(&self, at: &Spanned<T>, row: &str, what: &str, wrong: &str, known: &[&str]) -> String {
        let line = line(self.text, at.span().start);
        let mut near = did_you_mean(wrong, known.iter().copied());
        if near.is_empty() {
            near = format!(": it is one of {}", known.join(", "));
        }
        format!("line {line}: {row}: unknown {what} {wrong:?}{near}")
    }
}

/// The tables of an array, however it is written.
fn tables<'t>(table: &'t DeTable<'t>, name: &str) -> impl Iterator<Item = &'t DeTable<'t>> {
    let array = table.get(name).and_then(|v| v.get_ref().as_array());
    array.into_iter().flat_map(|a| a.iter()).filter_map(|v| v.get_ref().as_table())
}

fn word<'t>(table: &'t DeTable<'_>, name: &str) -> &'t str {
    table.get(name).map(Spanned::get_ref).and_then(DeValue::as_str).unwrap_or("?")
}
