//! Floor 1: which model is sold where, at what price.
//!
//! The catalog is embedded data (`catalog.toml`; its head names the sources)
//! with `overrides.toml` laid on top. It is parsed when first asked for, never at
//! the start of the program: a first frame should not pay for it.
//!
//! What this room does not do: guess. No price of another cloud, no prefix or
//! substring match, no default, and nothing that is unknown becomes zero.

mod book;
mod layers;
mod litellm;
mod rows;
mod strict;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

use crate::model::Price;
use crate::model::Rule;
use book::{Listing, Says};

pub use layers::{Layer, age};
pub use litellm::convert;

/// Why a price is assumed where a request does not tell which of several it is.
const ANOTHER_ZONE: &str = "priced as a Global deployment: where it is another, say so with zone";

const EMBEDDED: &str = include_str!("catalog.toml");
const OVERRIDES: &str = include_str!("overrides.toml");
const PRICES: &str = include_str!("prices.toml");

/// Date of the embedded price list. A test holds it against the file, so that
/// the first frame can show it without reading the list.
pub const AS_OF: &str = "2026-11-23";

/// A model as the world calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    pub id: String,
    pub name: String,
    /// The same weights on every cloud, but not the same service: quantisation, context
    /// and speed differ.
    pub open_weights: bool,
}

/// One way in which one cloud sells one family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub family: String,
    /// The provider's id.
    pub kind: String,
    /// The model id as a request carries it.
    pub id: String,
    /// `global`, `us`, `eu`, `in-region`, `data-zone-eu`, `local`...
    pub scope: String,
    /// `responses`, `chat`, `messages`, `converse`, `generateContent`…
    pub api: String,
    /// Which of a cloud's hosts: `bedrock-runtime`, `bedrock-mantle`, or nothing.
    pub door: String,
    /// Other ids of the same route.
    pub aliases: Vec<String>,
    /// What every rate is multiplied by where the request is served outside the scope: a ratio.
    pub uplift: Option<(u64, u64)>,
    /// Most tokens of one answer, where published.
    pub max_output: Option<u64>,
    /// Tokens of prompt and answer together, where published.
    pub context: Option<u64>,
    pub price: Option<Price>,
}

/// Routes by provider and id.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    routes: Vec<Route>,
    /// (kind, id) to the routes with exactly that id.
    exact: HashMap<(String, String), Vec<usize>>,
    /// The same in lower case.
    folded: HashMap<(String, String), Vec<usize>>,
    aliases: HashMap<(String, String), Vec<usize>>,
    as_of: String,
    families: Vec<Family>,
    /// The long list of prices has not been laid below it: its rows are read one by one, as
    /// they are asked for. All of them at once are some megabytes that few sessions need.
    unread: bool,
    /// The user's rows whose id ends in `*`.
    patterns: Vec<Listing>,
    layers: Vec<Layer>,
}

impl Catalog {
    /// The embedded catalog; parsed at the first call.
    #[must_use]
    pub fn embedded() -> Arc<Self> {
        static EMBEDDED_CATALOG: OnceLock<Arc<Catalog>> = OnceLock::new();
        Arc::clone(EMBEDDED_CATALOG.get_or_init(|| {
            let parsed = Self::parse(EMBEDDED).and_then(|c| c.with_extra(OVERRIDES));
            // The texts are part of the program and a test reads them; should they ever
            // fail to parse, every price is unknown, which is the truth then.
            Arc::new(Self { unread: true, ..parsed.unwrap_or_default() })
        }))
    }

    /// Reads a catalog in the format of `catalog.toml`.
    ///
    /// # Errors
    /// A sentence with the place in the text, or with the row whose price is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::default().with_extra(text)
    }

    /// This catalog with another text's rows laid on top: a row replaces the row
    /// with its provider, id and scope.
    ///
    /// # Errors
    /// As [`Catalog::parse`].
    pub fn with_extra(&self, text: &str) -> Result<Self, String> {
        let read = rows::read(text)?;
        let mut all = self.clone();
        for family in read.families {
            if !all.families.iter().any(|f| f.id == family.id) {
                all.families.push(family);
            }
        }
        if all.as_of < read.as_of {
            all.as_of = read.as_of;
        }
        for route in read.routes {
            all.put(route);
        }
        Ok(all)
    }

    /// The same for a text that the user wrote: a key that no row has is a mistake, and so is a
    /// cloud that neither this catalog nor `providers` has.
    ///
    /// # Errors
    /// As [`Catalog::parse`], and for the first such word with its line.
    pub fn with_own(&self, text: &str, providers: &[&str]) -> Result<Self, String> {
        strict::check(text, &self.kinds(providers))?;
        let mut all = self.with_extra(text)?;
        all.layers.push(layers::own_rows("your catalog", text, rows::read(text)?.routes.len()));
        Ok(all)
    }

    /// Every cloud that a row may be of.
    fn kinds<'c>(&'c self, providers: &[&'c str]) -> Vec<&'c str> {
        let mut kinds = providers.to_vec();
        for route in &self.routes {
            if !kinds.contains(&route.kind.as_str()) {
                kinds.push(&route.kind);
            }
        }
        kinds
    }

    fn put(&mut self, route: Route) {
        let same = |r: &Route| r.kind == route.kind && r.id == route.id && r.scope == route.scope;
        if let Some(old) = self.routes.iter_mut().find(|r| same(r)) {
            *old = route;
            return;
        }
        self.index(route);
    }

    fn index(&mut self, route: Route) {
        let index = self.routes.len();
        let key = |id: &str| (route.kind.clone(), id.to_owned());
        self.exact.entry(key(&route.id)).or_default().push(index);
        self.folded.entry(key(&route.id.to_ascii_lowercase())).or_default().push(index);
        for alias in &route.aliases {
            self.aliases.entry(key(alias)).or_default().push(index);
        }
        self.routes.push(route);
    }

    /// Date of the newest list in it, `YYYY-MM-DD`.
    #[must_use]
    pub fn as_of(&self) -> &str {
        &self.as_of
    }

    /// SHA-256 of all texts it was made from, hexadecimal: two results with the same one used
    /// the same prices.
    #[must_use]
    pub fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        for text in [EMBEDDED, PRICES, OVERRIDES] {
            hash.update(text);
        }
        self.layers.iter().for_each(|layer| hash.update(&layer.digest));
        hash.finalize().iter().fold(String::new(), |mut hex, byte| {
            // Writing to a string does not fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// Every route of a family, in the order of the list. Rows that have a price and no family
    /// are found by their ids only.
    pub fn routes(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter().filter(|r| !r.family.is_empty())
    }

    /// Every family, in the order of the list.
    #[must_use]
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// The family that a word names: its id or name, or the id or alias of one of its
    /// routes, whatever the case.
    #[must_use]
    pub fn family(&self, word: &str) -> Option<&Family> {
        let is = |text: &str| text.eq_ignore_ascii_case(word);
        let own = self.families.iter().find(|f| is(&f.id) || is(&f.name));
        own.or_else(|| {
            let route = self.routes.iter().find(|r| is(&r.id) || r.aliases.iter().any(|a| is(a)))?;
            self.families.iter().find(|f| f.id == route.family)
        })
    }

    /// The routes of one family, in the order of the list.
    pub fn routes_of<'c>(&'c self, family: &'c str) -> impl Iterator<Item = &'c Route> {
        self.routes.iter().filter(move |r| r.family == family)
    }

    /// The route that an id of a provider means, with the rule that found it.
    #[must_use]
    pub fn route(&self, kind: &str, id: &str, scope: Option<&str>) -> Option<(Cow<'_, Route>, Rule)> {
        match self.about(kind, profile_id(id)) {
            None => self.find(kind, id, scope).map(|(route, rule)| (Cow::Borrowed(route), rule)),
            Some(part) => part.find(kind, id, scope).map(|(route, rule)| (Cow::Owned(route.clone()), rule)),
        }
    }

    fn find(&self, kind: &str, id: &str, scope: Option<&str>) -> Option<(&Route, Rule)> {
        let id = profile_id(id);
        let key = |id: &str| (kind.to_owned(), id.to_owned());
        let folded = id.to_ascii_lowercase();
        let steps = [
            (self.exact.get(&key(id)), Rule::Exact),
            (self.folded.get(&key(&folded)), Rule::CaseInsensitive),
            (self.aliases.get(&key(id)), Rule::Alias),
            (undated(id).and_then(|id| self.exact.get(&key(id))), Rule::Undated),
            (undated(&folded).and_then(|id| self.folded.get(&key(id))), Rule::Undated),
        ];
        let found =
            |(indices, rule): (Option<&Vec<usize>>, Rule)| Some((self.choose(indices?, scope)?, rule));
        steps.into_iter().find_map(found)
    }

    /// The price of exactly this route, by the rules of `prices.md` §4.2 in their order.
    ///
    /// `scope` is the part of a cloud that serves the request, where the id does not
    /// say it (Azure zones); Bedrock ids carry theirs as a prefix.
    #[must_use]
    pub fn lookup(&self, kind: &str, id: &str, scope: Option<&str>) -> (Option<Price>, Rule) {
        if let Some(part) = self.about(kind, profile_id(id)) {
            return part.listed(kind, id, scope);
        }
        let (price, rule) = self.listed(kind, id, scope);
        if price.as_ref().is_some_and(|p| p.own) {
            return (price, Rule::Own);
        }
        let found = self.find(kind, id, scope).map(|(route, _)| route.scope.as_str());
        let own = self.patterns.iter().rev().find(|p| p.covers(kind, profile_id(id), [scope, found]));
        match own.map(|p| &p.says) {
            None => (price, rule),
            Some(Says::Price(own)) => (Some((**own).clone()), Rule::Own),
            Some(Says::Times(up, down)) => match price.and_then(|p| p.scaled(*up, *down)) {
                Some(price) => (Some(Price { own: true, ..price }), Rule::Own),
                None => (None, Rule::None),
            },
        }
    }

    /// The same without the user's patterns.
    fn listed(&self, kind: &str, id: &str, scope: Option<&str>) -> (Option<Price>, Rule) {
        if let Some((route, rule)) = self.find(kind, id, scope) {
            // A zone that was named is not another one at its price.
            let named =
                scope.is_some_and(|asked| asked != route.scope && (is_zone(asked) || is_zone(&route.scope)));
            let Some(price) = route.price.clone().filter(|_| !named) else { return (None, Rule::None) };
            let assumed = self.stands_in(route, scope).then_some(ANOTHER_ZONE.into());
            return (Some(Price { assumed, ..price }), rule);
        }
        let id = profile_id(id);
        let folded = id.to_ascii_lowercase();
        match self.sibling(kind, &folded) {
            Some(route) => (route.price.clone(), Rule::Sibling),
            None => (None, Rule::None),
        }
    }

    /// Of several scopes, the asked one; without one, the only one or the global one.
    fn choose(&self, indices: &[usize], scope: Option<&str>) -> Option<&Route> {
        let mut routes = indices.iter().filter_map(|i| self.routes.get(*i));
        if let Some(scope) = scope
            && let Some(route) = routes.clone().find(|r| r.scope == scope)
        {
            return Some(route);
        }
        match indices.len() {
            1 => routes.next(),
            _ => ["global", "in-region"].iter().find_map(|usual| routes.clone().find(|r| r.scope == *usual)),
        }
    }

    /// Whether a route was taken for want of a zone, where another zone costs something else.
    fn stands_in(&self, route: &Route, scope: Option<&str>) -> bool {
        let asked = scope == Some(route.scope.as_str());
        let same = self.exact.get(&(route.kind.clone(), route.id.clone()));
        let zones =
            same.into_iter().flatten().filter_map(|i| self.routes.get(*i)).filter(|r| is_zone(&r.scope));
        let rates = |r: &Route| r.price.as_ref().map(|p| p.rates);
        !asked && zones.into_iter().any(|r| rates(r) != rates(route))
    }

    /// A regional profile that the list does not have takes the price of another regional profile of
    /// the same model, if those agree. A global one never stands in, nor does the bare id.
    fn sibling(&self, kind: &str, id: &str) -> Option<&Route> {
        let (prefix, model) = id.split_once('.')?;
        if !rows::REGIONAL.contains(&prefix) {
            return None;
        }
        let mut found = self.routes.iter().filter(|r| {
            r.kind == kind
                && r.id
                    .split_once('.')
                    .is_some_and(|(p, m)| rows::REGIONAL.contains(&p) && m == model && p != "us-gov")
        });
        let first = found.next()?;
        let agree = found.all(|r| r.price.as_ref().map(|p| p.rates) == first.price.as_ref().map(|p| p.rates));
        (agree && prefix != "us-gov").then_some(first)
    }
}

/// Azure's zones share one id: only a deployment's owner knows which it is in.
fn is_zone(scope: &str) -> bool {
    scope.starts_with("data-zone")
}

/// The id inside the ARN of a system-defined inference profile; an application
/// profile is opaque and stays what it is.
fn profile_id(id: &str) -> &str {
    id.strip_prefix("arn:")
        .and_then(|rest| rest.split_once(":inference-profile/"))
        .map_or(id, |(_, profile)| profile)
}

/// The id without a date at its end: `-2026-04-23`, `-20260423`, `@20260423`, `-0423`.
fn undated(id: &str) -> Option<&str> {
    let digits = |s: &str, n: usize| s.len() == n && s.chars().all(|c| c.is_ascii_digit());
    if let Some((rest, day)) = id.rsplit_once(['-', '@']) {
        if digits(day, 8) || digits(day, 4) {
            return Some(rest);
        }
        let mut parts = rest.rsplitn(3, '-');
        if let (Some(month), Some(year), Some(rest)) = (parts.next(), parts.next(), parts.next())
            && digits(day, 2)
            && digits(month, 2)
            && digits(year, 4)
        {
            return Some(rest);
        }
    }
    None
}

#[cfg(test)]
#[path = "catalog_tests.rs"]
mod tests;
