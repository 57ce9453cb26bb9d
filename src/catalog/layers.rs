//! The layers of the price book, each laid over those before: embedded, downloaded, the user's.

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::book::{self, Listing, Says};
use super::{AS_OF, Catalog, OVERRIDES, PRICES, Route, rows, strict, undated};
use crate::model::Price;

/// Something that was laid over the embedded list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// For people: `downloaded`, `yours`.
    pub name: &'static str,
    pub as_of: String,
    pub source: String,
    pub rows: usize,
    /// SHA-256 of its text.
    pub(super) digest: Vec<u8>,
}

impl Listing {
    /// Whether a row of the user's with a `*` at its end covers an id
    /// in a scope that was asked for or found.
    pub(super) fn covers(&self, kind: &str, id: &str, scopes: [Option<&str>; 2]) -> bool {
        let begins = self.id.strip_suffix('*').unwrap_or(&self.id);
        let within = self.scope.is_none() || scopes.contains(&self.scope.as_deref());
        self.kind == kind && within && id.starts_with(begins)
    }
}

impl Catalog {
    /// This catalog with every row of the embedded list of prices.
    #[must_use]
    pub fn whole(&self) -> Self {
        // A test reads the list.
        let read = || self.with_listed(PRICES).ok();
        let all = if self.unread { read() } else { None };
        Self { unread: false, ..all.unwrap_or_else(|| self.clone()) }
    }

    /// The part of this catalog that an id is looked up in, with what the embedded list has of
    /// it; `None` where that list has been read, or has nothing of it.
    pub(super) fn about(&self, kind: &str, id: &str) -> Option<Self> {
        let wanted = |other: &str| {
            other.eq_ignore_ascii_case(id)
                || undated(id).is_some_and(|id| other.eq_ignore_ascii_case(id))
                || is_profile_of(other, id)
        };
        let blocks: Vec<&str> = if self.unread {
            PRICES
                .split("\n[[price]]\n")
                .skip(1)
                .filter(|b| of_block(b).is_some_and(|(k, i)| k == kind && wanted(i)))
                .collect()
        } else {
            Vec::new()
        };
        if blocks.is_empty() {
            return None;
        }
        let mut part = Self::default();
        let mine =
            |r: &&Route| r.kind == kind && (wanted(&r.id) || r.aliases.iter().any(|alias| alias == id));
        self.routes.iter().filter(mine).for_each(|route| part.put(route.clone()));
        let text = format!("as_of = {AS_OF:?}\n\n[[price]]\n{}", blocks.join("\n[[price]]\n"));
        part.with_listed(&text).ok()
    }

    /// This catalog with a book of prices below its own: what a route has stays, what it lacks
    /// is filled in, and ids that it does not have get a price.
    pub(super) fn with_listed(&self, text: &str) -> Result<Self, String> {
        let mut all = self.clone();
        for row in book::read(text)?.rows {
            let Says::Price(price) = &row.says else { continue };
            match all.same(&row).first().copied() {
                // Another name of a route at the same price is that route.
                None if all.is_known(&row, price) => {}
                None => all.add(&row),
                Some(at) => {
                    let Some(route) = all.routes.get_mut(at) else { continue };
                    route.uplift = route.uplift.or(row.uplift);
                    route.max_output = route.max_output.or(row.max_output);
                    match &mut route.price {
                        None => route.price = Some((**price).clone()),
                        // Where both agree the book says more of the service tiers.
                        Some(own) if own.rates == price.rates && own.tiers == price.tiers => {
                            own.services.clone_from(&price.services);
                        }
                        Some(_) => {}
                    }
                }
            }
        }
        Ok(all)
    }

    /// This catalog with a downloaded book over its own prices, unless that is older; the embedded
    /// corrections count again over it.
    ///
    /// # Errors
    /// As [`Catalog::parse`].
    pub fn with_download(&self, text: &str) -> Result<Self, String> {
        let book = book::read(text)?;
        if book.as_of < self.as_of {
            return Ok(self.clone());
        }
        let mut all = self.whole();
        for row in &book.rows {
            let Says::Price(price) = &row.says else { continue };
            let same = all.same(row);
            if same.is_empty() && !all.is_known(row, price) {
                all.add(row);
            }
            for at in same {
                let Some(route) = all.routes.get_mut(at) else { continue };
                route.uplift = row.uplift.or(route.uplift);
                route.price = Some(renewed(route.price.as_ref(), price));
            }
        }
        for corrected in rows::read(OVERRIDES)?.routes.into_iter().filter(|r| r.price.is_some()) {
            all.put(corrected);
        }
        all.as_of.clone_from(&book.as_of);
        all.layers.push(layer("downloaded", text, &book));
        Ok(all)
    }

    /// This catalog with the user's own prices on top: the text of `prices.toml`. A row stands in
    /// place of a whole row of the list; `discount` and `multiply` scale that; an id may end in
    /// `*`. `today` is `YYYY-MM-DD`: a row may say from when it counts.
    ///
    /// # Errors
    /// The line of what is wrong, and the nearest right word.
    pub fn with_prices(&self, text: &str, providers: &[&str], today: &str) -> Result<Self, String> {
        strict::check_prices(text, &self.kinds(providers))?;
        let book = book::read(text)?;
        // A discount is of the list's price, not of another row of the user's: the last row counts.
        let list = self.whole();
        let mut all = list.clone();
        let in_force = |row: &&(&Listing, usize)| row.0.from.as_deref().is_none_or(|from| from <= today);
        let rows: Vec<_> = book.rows.iter().zip(strict::lines(text)).collect();
        for (row, line) in rows.iter().filter(in_force) {
            let wrong = |why: &str| format!("line {line}: {} {}: {why}", row.kind, row.id);
            if row.id.ends_with('*') {
                all.check_pattern(row).map_err(|why| wrong(&why))?;
                all.patterns.push(own(row));
                continue;
            }
            let same = all.same(row);
            if same.is_empty() {
                match row.says {
                    Says::Price(_) => all.add(&own(row)),
                    Says::Times(..) => return Err(wrong("the list has no price to scale: write rates")),
                }
            }
            for at in same {
                let listed = list.routes.get(at);
                let Some(route) = all.routes.get_mut(at) else { continue };
                (route.price, route.uplift) = match &row.says {
                    Says::Price(price) => (Some(Price { own: true, ..(**price).clone() }), row.uplift),
                    Says::Times(up, down) => {
                        let price = listed.and_then(|r| r.price.as_ref());
                        let price = scaled(price, *up, *down).map_err(|e| wrong(&e))?;
                        (Some(price), row.uplift.or(listed.and_then(|r| r.uplift)))
                    }
                };
            }
        }
        let mut layer = layer("yours", text, &book);
        // The same text is another price list on another day.
        layer.rows = rows.iter().filter(in_force).count();
        layer.digest.push(u8::try_from(layer.rows % 251).unwrap_or_default());
        all.layers.push(layer);
        Ok(all)
    }

    /// Scaling what a pattern covers must give exact rates, and it must cover something.
    fn check_pattern(&self, row: &Listing) -> Result<(), String> {
        if row.uplift.is_some() {
            return Err("region_uplift is not for an id with a *: write a row for each id".into());
        }
        let Says::Times(up, down) = row.says else { return Ok(()) };
        let covered: Vec<&Route> =
            self.routes.iter().filter(|r| row.covers(&r.kind, &r.id, [Some(&r.scope), None])).collect();
        let priced: Vec<_> = covered.iter().filter_map(|r| r.price.as_ref()).collect();
        if priced.is_empty() {
            return Err("the list has no price to scale".into());
        }
        priced.into_iter().try_for_each(|price| scaled(Some(price), up, down).map(|_| ()))
    }

    /// Indices of the routes that a row is about.
    pub(super) fn same(&self, row: &Listing) -> Vec<usize> {
        let all = self.exact.get(&(row.kind.clone(), row.id.clone())).into_iter().flatten().copied();
        let scoped =
            |at: &usize| row.scope.is_none() || self.routes.get(*at).map(|r| &r.scope) == row.scope.as_ref();
        all.filter(scoped).collect()
    }

    /// Whether a row is an alias, or a dated name, of a route at the same price.
    fn is_known(&self, row: &Listing, price: &Price) -> bool {
        let same =
            |r: &Route| r.price.as_ref().is_some_and(|p| p.rates == price.rates && p.tiers == price.tiers);
        let scope = row.scope.as_deref();
        self.find(&row.kind, &row.id, scope).is_some_and(|(r, _)| Some(r.scope.as_str()) == scope && same(r))
    }

    fn add(&mut self, row: &Listing) {
        let Says::Price(price) = &row.says else { return };
        self.index(Route {
            family: String::new(),
            kind: row.kind.clone(),
            id: row.id.clone(),
            scope: row.scope.clone().unwrap_or_else(|| "global".into()),
            api: String::new(),
            door: String::new(),
            aliases: Vec::new(),
            uplift: row.uplift,
            max_output: row.max_output,
            context: None,
            price: Some((**price).clone()),
        });
    }

    /// What lies over the embedded list, in order.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Every row, with or without a family.
    pub fn all(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter()
    }

    /// Every row that has a price, with or without a family.
    pub fn priced(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter().filter(|r| r.price.is_some())
    }

    /// Days from the list's date to `today`, both `YYYY-MM-DD`; `None` where either is no date.
    #[must_use]
    pub fn age(&self, today: &str) -> Option<i32> {
        age(&self.as_of, today)
    }
}

/// Days from one `YYYY-MM-DD` to another.
#[must_use]
pub fn age(as_of: &str, today: &str) -> Option<i32> {
    let (from, to): (Date, Date) = (as_of.parse().ok()?, today.parse().ok()?);
    Some(to.since(from).ok()?.get_days())
}

/// Provider and id of a row of the embedded list, which the converter writes first.
fn of_block(block: &str) -> Option<(&str, &str)> {
    let (kind, rest) = block.strip_prefix("kind = \"")?.split_once('"')?;
    let (id, _) = rest.strip_prefix("\nid = \"")?.split_once('"')?;
    Some((kind, id))
}

/// Whether both are profiles of one model: `us.x` and `eu.x`.
fn is_profile_of(one: &str, other: &str) -> bool {
    let regional = |id: &str| {
        id.split_once('.')
            .filter(|(prefix, _)| rows::REGIONAL.contains(prefix))
            .map(|(_, m)| m.to_ascii_lowercase())
    };
    regional(one).is_some_and(|model| regional(other) == Some(model))
}

fn own(row: &Listing) -> Listing {
    let says = match &row.says {
        Says::Price(price) => Says::Price(Box::new(Price { own: true, ..(**price).clone() })),
        times @ Says::Times(..) => times.clone(),
    };
    Listing { says, ..row.clone() }
}

fn scaled(price: Option<&Price>, up: u64, down: u64) -> Result<Price, String> {
    let price = price.ok_or("the list has no price to scale: write rates")?;
    let scaled = price.scaled(up, down).ok_or("the scaled price is finer than nine decimals: write rates")?;
    Ok(Price { own: true, ..scaled })
}

/// A newer price of a row whose marks stay: where the sources disagreed, they may still.
fn renewed(old: Option<&Price>, new: &Price) -> Price {
    let Some(old) = old else { return new.clone() };
    let disagrees = if old.rates == new.rates { old.disagrees.clone() } else { Vec::new() };
    Price { disagrees, volatile: old.volatile, local: old.local, ..new.clone() }
}

/// The layer of a text that has no head of its own.
pub(super) fn own_rows(name: &'static str, text: &str, rows: usize) -> Layer {
    layer(name, text, &book::Book { rows: Vec::new(), ..book::Book::default() }).with(rows)
}

impl Layer {
    fn with(self, rows: usize) -> Self {
        Self { rows, ..self }
    }
}

fn layer(name: &'static str, text: &str, book: &book::Book) -> Layer {
    Layer {
        name,
        as_of: book.as_of.clone(),
        source: book.source.clone(),
        rows: book.rows.len(),
        digest: Sha256::digest(text).to_vec(),
    }
}
