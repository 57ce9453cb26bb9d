//! The catalog's text: what a row may say, and how it becomes a [`Route`].

use serde::Deserialize;
use toml::Spanned;

use super::{Family, Route};
use crate::model::OffPeak;
use crate::model::Price;
use crate::model::Rates;
use crate::model::Service;
use crate::model::Tier;
use crate::model::Window;

/// Bedrock's geographic inference profiles.
pub(super) const REGIONAL: [&str; 8] = ["us", "eu", "jp", "au", "apac", "in", "ca", "us-gov"];

pub(super) struct Read {
    pub(super) as_of: String,
    pub(super) routes: Vec<Route>,
    pub(super) families: Vec<Family>,
}

/// Fields that this version does not use are left to later ones.
#[derive(Deserialize)]
struct RawBook {
    /// A user's own rows need no date.
    #[serde(default)]
    as_of: String,
    #[serde(default)]
    family: Vec<RawFamily>,
}

#[derive(Deserialize)]
struct RawFamily {
    id: String,
    name: Option<String>,
    weights: Option<String>,
    #[serde(default)]
    route: Vec<RawRoute>,
}

#[derive(Deserialize)]
struct RawRoute {
    kind: Spanned<String>,
    id: String,
    scope: String,
    api: Option<String>,
    endpoint: Option<String>,
    context: Option<u64>,
    max_output: Option<u64>,
    #[serde(default)]
    aliases: Vec<String>,
    price: Option<RawRates>,
    #[serde(default)]
    tiers: Vec<RawTier>,
    service_flex: Option<RawRates>,
    service_priority: Option<RawRates>,
    service_batch: Option<RawRates>,
    #[serde(default)]
    disagrees: Vec<String>,
    #[serde(default)]
    volatile: bool,
    region_uplift: Option<String>,
    off_peak: Option<RawRates>,
    #[serde(default)]
    off_peak_windows_utc: Vec<String>,
}

#[derive(Deserialize, Default)]
pub(super) struct RawRates {
    input: Option<String>,
    #[serde(alias = "cache_read")]
    cached_input: Option<String>,
    cache_write: Option<String>,
    cache_write_1h: Option<String>,
    audio_input: Option<String>,
    output: Option<String>,
    reasoning: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RawTier {
    above: u64,
    #[serde(default)]
    inclusive: bool,
    #[serde(flatten)]
    rates: RawRates,
}

/// Reads a catalog's text.
///
/// # Errors
/// A sentence with the line, or with the row whose price is wrong.
pub(super) fn read(text: &str) -> Result<Read, String> {
    let book = book(text)?;
    let families = book
        .family
        .iter()
        .map(|f| Family {
            id: f.id.clone(),
            name: f.name.clone().unwrap_or_else(|| f.id.clone()),
            open_weights: f.weights.as_deref() == Some("open"),
        })
        .collect();
    let mut routes = Vec::new();
    for family in book.family {
        for raw in family.route {
            let (at, name) = (raw.kind.span().start, format!("{} {}", raw.kind.get_ref(), raw.id));
            let route = raw.route(&family.id, &book.as_of);
            routes.push(route.map_err(|e| format!("line {}: {name}: {e}", line(text, at)))?);
        }
    }
    Ok(Read { as_of: book.as_of, routes, families })
}

/// The book, read family by family: what reading takes meanwhile is ten times the text, and is
/// resident for good.
fn book(text: &str) -> Result<RawBook, String> {
    const FAMILY: &str = "\n[[family]]";
    let mut from = 0;
    let mut all = RawBook { as_of: String::new(), family: Vec::new() };
    while let Some(rest) = text.get(from..).filter(|rest| !rest.is_empty()) {
        let length = rest.get(1..).and_then(|r| r.find(FAMILY)).map_or(rest.len(), |at| at + 1);
        let Ok(mut part) = toml::from_str::<RawBook>(rest.get(..length).unwrap_or_default()) else {
            // The whole knows the line of a mistake, and what a text may hold that looks like a family.
            return toml::from_str(text).map_err(|e| e.to_string());
        };
        for raw in part.family.iter_mut().flat_map(|f| f.route.iter_mut()) {
            let span = raw.kind.span();
            let kind = std::mem::take(raw.kind.get_mut());
            raw.kind = Spanned::new(span.start + from..span.end + from, kind);
        }
        if from == 0 {
            all.as_of = part.as_of;
        }
        all.family.append(&mut part.family);
        from += length;
    }
    Ok(all)
}

/// The line of a byte offset, from 1.
pub(super) fn line(text: &str, offset: usize) -> usize {
    text.get(..offset).unwrap_or_default().matches('\n').count() + 1
}

impl RawRoute {
    fn route(self, family: &str, as_of: &str) -> Result<Route, String> {
        let local = self.scope == "local";
        let uplift = self.region_uplift.as_deref().map(uplift).transpose()?;
        let price = match &self.price {
            None if local => Some(Price { local, as_of: as_of.to_owned(), ..Price::default() }),
            None => None,
            Some(raw) => Some(self.price(raw.rates()?, as_of)?),
        };
        Ok(Route {
            family: family.to_owned(),
            kind: self.kind.into_inner(),
            id: self.id,
            scope: self.scope,
            api: self.api.unwrap_or_default(),
            door: self.endpoint.unwrap_or_default(),
            context: self.context,
            max_output: self.max_output,
            aliases: self.aliases,
            uplift,
            price,
        })
    }

    fn price(&self, rates: Rates, as_of: &str) -> Result<Price, String> {
        let tiers = tiers(&self.tiers)?;
        let mut services = Vec::new();
        for (word, raw) in [
            ("flex", &self.service_flex),
            ("priority", &self.service_priority),
            ("batch", &self.service_batch),
        ] {
            if let Some(raw) = raw {
                // The list gives no tiers for service tiers: a long prompt there has no price.
                services.push(Service { word: word.to_owned(), rates: raw.rates()?, tiers: Vec::new() });
            }
        }
        Ok(Price {
            rates,
            tiers,
            services,
            as_of: as_of.to_owned(),
            disagrees: self.disagrees.clone(),
            volatile: self.volatile,
            local: self.scope == "local",
            off_peak: match &self.off_peak {
                Some(raw) => Some(Box::new(OffPeak {
                    rates: raw.rates()?,
                    windows: windows(&self.off_peak_windows_utc)?,
                })),
                None => None,
            },
            assumed: None,
            own: false,
        })
    }
}

pub(super) fn tiers(raw: &[RawTier]) -> Result<Vec<Tier>, String> {
    raw.iter().map(|t| Ok(Tier { above: t.above, inclusive: t.inclusive, rates: t.rates.rates()? })).collect()
}

pub(super) fn windows(texts: &[String]) -> Result<Vec<Window>, String> {
    texts.iter().map(|text| Window::parse(text)).collect()
}

/// A factor like `1.1` as a ratio of integers.
pub(super) fn uplift(text: &str) -> Result<(u64, u64), String> {
    const UNIT: u64 = 1_000_000_000;
    // A rate is read with nine decimals; so is a factor.
    Ok((Rates::rate(text)?, UNIT))
}

impl RawRates {
    pub(super) fn rates(&self) -> Result<Rates, String> {
        let rate = |text: &Option<String>| text.as_deref().map(Rates::rate).transpose();
        Ok(Rates {
            input: rate(&self.input)?,
            cache_read: rate(&self.cached_input)?,
            cache_write: rate(&self.cache_write)?,
            cache_write_1h: rate(&self.cache_write_1h)?,
            audio_input: rate(&self.audio_input)?,
            output: rate(&self.output)?,
            reasoning: rate(&self.reasoning)?,
        })
    }
}
