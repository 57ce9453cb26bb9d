//! A price book: rows of prices without families, as `bakeoff prices convert` makes them and as
//! a user writes them into `prices.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::rows::{RawRates, RawTier, line, tiers, uplift, windows};
use crate::model::OffPeak;
use crate::model::Price;
use crate::model::Rates;
use crate::model::Service;

/// A price book, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Book {
    pub(super) as_of: String,
    pub(super) source: String,
    pub(super) rows: Vec<Listing>,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Listing {
    pub(super) kind: String,
    /// May end in `*` in a user's own row.
    pub(super) id: String,
    /// `None` is every scope of that id.
    pub(super) scope: Option<String>,
    /// The first day on which it counts, `YYYY-MM-DD`.
    pub(super) from: Option<String>,
    pub(super) says: Says,
    pub(super) uplift: Option<(u64, u64)>,
    pub(super) max_output: Option<u64>,
}

/// What a row says of its price.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Says {
    Price(Box<Price>),
    /// The list's price times a ratio: a discount of the user's.
    Times(u64, u64),
}

#[derive(Deserialize)]
struct RawBook {
    #[serde(default)]
    as_of: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    price: Vec<RawListing>,
}

#[derive(Deserialize)]
struct RawListing {
    kind: Spanned<String>,
    id: String,
    scope: Option<String>,
    from: Option<String>,
    rates: Option<RawRates>,
    #[serde(default)]
    tiers: Vec<RawTier>,
    #[serde(default)]
    service: BTreeMap<String, RawService>,
    discount: Option<String>,
    multiply: Option<String>,
    region_uplift: Option<String>,
    off_peak: Option<RawRates>,
    #[serde(default)]
    off_peak_windows_utc: Vec<String>,
    max_output: Option<u64>,
}

#[derive(Deserialize)]
struct RawService {
    #[serde(flatten)]
    rates: RawRates,
    #[serde(default)]
    tiers: Vec<RawTier>,
}

/// Reads a book's text.
///
/// # Errors
/// A sentence with the line, or with the line and the row whose price is wrong.
pub(super) fn read(text: &str) -> Result<Book, String> {
    let raw: RawBook = toml::from_str(text).map_err(|e| e.to_string())?;
    let mut rows = Vec::with_capacity(raw.price.len());
    for listing in raw.price {
        let (at, name) = (listing.kind.span().start, format!("{} {}", listing.kind.get_ref(), listing.id));
        let row = listing.listing(&raw.as_of);
        rows.push(row.map_err(|e| format!("line {}: {name}: {e}", line(text, at)))?);
    }
    Ok(Book { as_of: raw.as_of, source: raw.source, rows })
}

impl RawListing {
    fn listing(self, as_of: &str) -> Result<Listing, String> {
        let says = match (&self.rates, &self.discount, &self.multiply) {
            (Some(rates), None, None) => Says::Price(Box::new(self.price(rates.rates()?, as_of)?)),
            (None, Some(factor), None) | (None, None, Some(factor)) => {
                let (up, down) = uplift(factor)?;
                if up == 0 {
                    return Err("a factor of 0 makes nothing free: write rates of \"0\"".into());
                }
                Says::Times(up, down)
            }
            (None, None, None) => return Err("a row says rates, discount or multiply".into()),
            _ => return Err("a row says one of rates, discount and multiply".into()),
        };
        Ok(Listing {
            kind: self.kind.into_inner(),
            id: self.id,
            scope: self.scope,
            from: self.from,
            says,
            uplift: self.region_uplift.as_deref().map(uplift).transpose()?,
            max_output: self.max_output,
        })
    }

    fn price(&self, rates: Rates, as_of: &str) -> Result<Price, String> {
        let service = |(word, raw): (&String, &RawService)| {
            Ok(Service { word: word.clone(), rates: raw.rates.rates()?, tiers: tiers(&raw.tiers)? })
        };
        let off_peak = match &self.off_peak {
            Some(raw) => {
                Some(Box::new(OffPeak { rates: raw.rates()?, windows: windows(&self.off_peak_windows_utc)? }))
            }
            None => None,
        };
        Ok(Price {
            rates,
            tiers: tiers(&self.tiers)?,
            services: self.service.iter().map(service).collect::<Result<_, String>>()?,
            as_of: as_of.to_owned(),
            off_peak,
            ..Price::default()
        })
    }
}
