//! One model, every cloud: which endpoints a family becomes on this machine
//! (`prices.md` §3).

use super::api_of;
use super::key::{belongs, on_own_host};
use super::ready::{Machine, ready};
use super::row::{Place, Provider};
use super::secret::Vars;
use super::site::{region, site};
use super::spec::{api_examples, example};
use super::table::{PROVIDERS, provider};
use crate::catalog::Catalog;
use crate::catalog::Family;
use crate::catalog::Route;
use crate::model::Endpoint;
use crate::model::Lineup;
use crate::model::did_you_mean;

/// What decides which routes are taken.
pub struct Reach<'a> {
    pub catalog: &'a Catalog,
    pub vars: &'a Vars,
    pub machine: &'a Machine,
    /// The user's own endpoints; they stand before the catalog's routes of their cloud.
    pub own: &'a [Endpoint],
    /// Models that a local server has: provider and id.
    pub served: &'a [(String, String)],
    /// Every route instead of one a cloud.
    pub all: bool,
}

/// The endpoints of a family, and why other clouds are not among them.
#[derive(Debug, Default, PartialEq)]
pub struct Opened {
    pub lineup: Lineup,
    /// Cloud and what is missing there.
    pub missing: Vec<(String, String)>,
    pub open_weights: bool,
}

impl Reach<'_> {
    /// One pane for each cloud that this machine can reach.
    ///
    /// # Errors
    /// A sentence: no such family, with the nearest one.
    pub fn open(&self, word: &str) -> Result<Opened, String> {
        let Some(family) = self.catalog.family(word) else {
            let known: Vec<_> = self.catalog.families().iter().map(|f| f.id.as_str()).collect();
            // The beginning of several names is more likely than a slip.
            let begun: Vec<_> =
                known.iter().copied().filter(|id| id.starts_with(&word.to_lowercase())).collect();
            let near = if begun.is_empty() || word.is_empty() {
                did_you_mean(word, known.iter().copied())
            } else {
                format!(", but {}", begun.join(", "))
            };
            return Err(format!("no model {word:?} in the catalog{near}; `bakeoff models --all` lists them"));
        };
        let mut opened = Opened { open_weights: family.open_weights, ..Opened::default() };
        let mut kinds: Vec<&str> = Vec::new();
        for route in self.catalog.routes_of(&family.id) {
            if !kinds.contains(&route.kind.as_str()) {
                kinds.push(&route.kind);
            }
        }
        // Clouds that only the user's own endpoints reach: a gateway, a local server.
        let own = |e: &&Endpoint| self.is_family(e, family);
        for endpoint in self.own.iter().filter(own) {
            if !kinds.contains(&endpoint.provider.as_str()) {
                kinds.push(&endpoint.provider);
            }
        }
        for (kind, id) in self.served {
            if self.catalog.family(id).is_some_and(|f| f.id == family.id) && !kinds.contains(&kind.as_str()) {
                kinds.push(kind);
            }
        }
        for kind in kinds {
            self.cloud(family, kind, &mut opened);
        }
        opened.lineup.name.clone_from(&family.name);
        opened.lineup.tell_apart();
        Ok(opened)
    }

    fn is_family(&self, endpoint: &Endpoint, family: &Family) -> bool {
        let route = self.catalog.route(&endpoint.provider, &endpoint.model, None);
        let found = route.as_ref().map(|(r, _)| r.family.as_str()).filter(|family| !family.is_empty());
        let found = found.or_else(|| self.catalog.family(&endpoint.model).map(|f| f.id.as_str()));
        found == Some(&family.id)
    }

    fn cloud(&self, family: &Family, kind: &str, opened: &mut Opened) {
        let own: Vec<_> =
            self.own.iter().filter(|e| e.provider == kind && self.is_family(e, family)).cloned().collect();
        if !own.is_empty() {
            opened.lineup.endpoints.extend(own);
            return;
        }
        let Some(row) = provider(kind) else {
            opened.missing.push((kind.to_owned(), "not spoken here".into()));
            return;
        };
        if row.is_local() {
            let here = self
                .served
                .iter()
                .filter(|(k, id)| k == kind && self.catalog.family(id).is_some_and(|f| f.id == family.id));
            let found: Vec<_> = here.map(|(_, id)| named(family, kind, id)).collect();
            if found.is_empty() {
                opened.missing.push((row.label.to_owned(), "not served on this machine".into()));
            }
            opened.lineup.endpoints.extend(found);
            return;
        }
        let mut routes: Vec<_> = self.catalog.routes_of(&family.id).filter(|r| r.kind == kind).collect();
        if row.place == Place::Region {
            let region = self.region(row);
            // Without one the endpoint itself says what is missing.
            if let Some(region) = &region {
                routes = in_region(routes, region);
            }
            if routes.is_empty() {
                opened
                    .missing
                    .push((row.label.to_owned(), format!("no route from {}", region.unwrap_or_default())));
            }
        } else {
            // Zones of one id are one deployment's to have: the request cannot tell them apart.
            routes.dedup_by(|a, b| a.id == b.id);
        }
        let taken = if self.all { routes.len() } else { 1 };
        for route in routes.into_iter().take(taken) {
            let endpoint = in_place(endpoint(family, route), self.vars, self.machine);
            match ready(&endpoint, self.vars, self.machine) {
                Ok(_) => opened.lineup.endpoints.push(endpoint),
                Err(missing) => {
                    let told = (row.label.to_owned(), missing);
                    if !opened.missing.contains(&told) {
                        opened.missing.push(told);
                    }
                }
            }
        }
    }

    fn region(&self, row: &Provider) -> Option<String> {
        let named = self.vars.first(row.place_vars).map(|(_, v)| v);
        named.or_else(|| self.machine.aws_region.clone())
    }
}

/// The routes that a region may call, in the order of preference: the region's own profile,
/// then the global one, then the bare id.
fn in_region<'r>(routes: Vec<&'r Route>, region: &str) -> Vec<&'r Route> {
    let scopes = scopes(region);
    let mut found: Vec<_> =
        routes.into_iter().filter_map(|r| Some((scopes.iter().position(|s| *s == r.scope)?, r))).collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, r)| r).collect()
}

/// Scopes that a region may call, the best first: its geography's inference profile before
/// the global one before the bare id.
fn scopes(region: &str) -> Vec<&'static str> {
    let own: &[&str] = match region {
        r if r.starts_with("us-gov-") => return vec!["us-gov", "in-region"],
        r if r.starts_with("us-") => &["us"],
        r if r.starts_with("ca-") => &["ca", "us"],
        r if r.starts_with("eu-") => &["eu"],
        "ap-northeast-1" | "ap-northeast-3" => &["jp", "apac"],
        "ap-southeast-2" | "ap-southeast-4" => &["au", "apac"],
        "ap-south-1" | "ap-south-2" => &["in", "apac"],
        r if r.starts_with("ap-") => &["apac"],
        _ => &[],
    };
    own.iter().copied().chain(["global", "in-region"]).collect()
}

/// An endpoint at the region that variables and files say, by a profile that it may call: which
/// one that is depends on the region, so they go together wherever the endpoint is kept.
fn in_place(mut endpoint: Endpoint, vars: &Vars, machine: &Machine) -> Endpoint {
    let Some(row) = provider(&endpoint.provider).filter(|row| row.place == Place::Region) else {
        return endpoint;
    };
    let named = vars.first(row.place_vars).map(|(_, v)| v);
    endpoint.place = endpoint.place.or(named).or_else(|| machine.aws_region.clone());
    if out_of_region(&endpoint, vars).is_some()
        && let Some(region) = &endpoint.place
        && let Some((_, model)) = endpoint.model.split_once('.')
    {
        let scope = profile(row, region, model);
        let model = format!("{scope}.{model}");
        if endpoint.name == endpoint.model {
            endpoint.name.clone_from(&model);
        }
        endpoint.model = model;
    }
    endpoint
}

/// Why a region cannot call the endpoint's inference profile, and what it can; `None` where
/// it can, or where that is not known.
#[must_use]
pub fn out_of_region(endpoint: &Endpoint, vars: &Vars) -> Option<String> {
    let row = provider(&endpoint.provider).filter(|row| row.place == Place::Region)?;
    let region = region(row, endpoint, vars).ok().flatten()?;
    let (scope, model) = endpoint.sent_model().split_once('.')?;
    let (able, here) = (regions_of(scope)?, scopes(&region));
    if here.contains(&scope) {
        return None;
    }
    // What a gateway asks, and where, is its own to know. On this machine the variable of the
    // SDK's names what plays the service.
    let place = site(row, api_of(row, endpoint).ok()?, endpoint, vars).ok()?;
    let service = if endpoint.base_url.is_some() { on_own_host } else { belongs };
    if !service(row, &place.base) {
        return None;
    }
    let own = profile(row, &region, model);
    Some(format!(
        "{scope}. profiles are called from {able}, and this endpoint asks in {region}: use {own}.{model}"
    ))
}

/// The scope by which a region calls a model: the best that the catalog has of it, else the
/// global one, where the region may call that.
fn profile(row: &Provider, region: &str, model: &str) -> &'static str {
    let (catalog, here) = (Catalog::embedded(), scopes(region));
    let sold = |scope: &&str| {
        let id = format!("{scope}.{model}");
        catalog.routes().any(|r| r.kind == row.id && r.id == id)
    };
    let wide = if here.contains(&"global") { "global" } else { here.first().copied().unwrap_or("global") };
    here.into_iter().find(sold).unwrap_or(wide)
}

/// Where the profiles of a scope are called from, in words; `None` for what is no profile.
fn regions_of(scope: &str) -> Option<&'static str> {
    Some(match scope {
        "us" => "regions in the US and Canada",
        "ca" => "regions in Canada",
        "eu" => "regions in Europe",
        "jp" => "regions in Japan",
        "au" => "regions in Australia",
        "in" => "regions in India",
        "apac" => "regions in Asia and the Pacific",
        "us-gov" => "GovCloud",
        _ => return None,
    })
}

/// The endpoint that a route of the catalog is.
fn endpoint(family: &Family, route: &Route) -> Endpoint {
    // `@default` is how price lists write an id that carries no version.
    let id = route.id.strip_suffix("@default").unwrap_or(&route.id);
    let mut endpoint = named(family, &route.kind, id);
    let place = provider(&route.kind).map(|row| row.place);
    if place == Some(Place::Resource) {
        // Without a map the deployment is taken to be called like the model, and the user has
        // just said which model is meant.
        endpoint.deployment = Some(id.to_owned());
    }
    if place == Some(Place::Region) {
        endpoint.name = format!("{} {}", endpoint.name, route.scope);
    }
    endpoint
}

fn named(family: &Family, kind: &str, id: &str) -> Endpoint {
    Endpoint {
        name: format!("{} {kind}", family.id),
        provider: kind.to_owned(),
        model: id.to_owned(),
        ..Endpoint::default()
    }
}

/// Every route of the catalog as an endpoint, family by family; those of clouds that have no
/// row are there to be seen.
pub fn routes(catalog: &Catalog) -> impl Iterator<Item = (Endpoint, &Route)> {
    catalog.routes().filter_map(|route| {
        let family = catalog.families().iter().find(|f| f.id == route.family)?;
        Some((endpoint(family, route), route))
    })
}

/// For a first look at a cloud: an endpoint by its example's model, with where its credential
/// is or what is missing. Where that is not ready and one of its APIs is, by variables of that
/// API's own, it is an endpoint by the API's example.
#[must_use]
pub fn first_look(
    row: &Provider,
    vars: &Vars,
    machine: &Machine,
) -> Option<(Endpoint, Result<String, String>)> {
    let look = |endpoint| {
        let endpoint = in_place(endpoint, vars, machine);
        let found = ready(&endpoint, vars, machine);
        (endpoint, found)
    };
    let usual = look(example(row)?);
    if usual.1.is_ok() {
        return Some(usual);
    }
    api_examples(row).map(look).find(|(_, found)| found.is_ok()).or(Some(usual))
}

/// The same of every cloud.
#[must_use]
pub fn found(vars: &Vars, machine: &Machine) -> Vec<(Endpoint, Result<String, String>)> {
    let rows = PROVIDERS.iter().filter(|row| !row.is_local() && row.base_url.is_some());
    rows.filter_map(|row| first_look(row, vars, machine)).collect()
}

#[cfg(test)]
#[path = "family_tests.rs"]
mod tests;
