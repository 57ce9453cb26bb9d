//! Which credential goes with a request, and whether it may go to that address.

use url::Url;

use super::address;
use super::row::{Api, Auth, Chain, KeyVar, Provider};
use super::secret::{Secret, Vars};
use super::site::{Named, Site};
use crate::model::Class;
use crate::model::Endpoint;
use crate::model::Fault;

/// A key, how it is sent, and where it was found.
pub(super) struct Key {
    pub(super) secret: Secret,
    pub(super) auth: Auth,
    pub(super) from: String,
}

/// What vouches for a request.
pub(super) enum Credential {
    Key(Key),
    /// The row's chain.
    Chain,
    /// The server asks for nothing.
    Nothing,
}

/// Finds what vouches for an endpoint.
///
/// # Errors
/// `Key`: nothing is set, or it must not go to this address.
pub(super) fn credential(
    row: &Provider,
    api: &Api,
    endpoint: &Endpoint,
    vars: &Vars,
    place: &Site,
) -> Result<Credential, Fault> {
    let base = &place.base;
    let chain = row.chain.word();
    let asked = endpoint.auth.as_deref();
    if asked == Some("none") {
        return Ok(Credential::Nothing);
    }
    let by_chain = row.chain != Chain::None && asked == Some(chain);
    if !by_chain && let Some(key) = key(row, api, endpoint, vars)? {
        // A variable for one API's address vouches for that API's own keys.
        let own = api.keys.is_empty() || api.keys.iter().any(|k| k.name == key.from);
        let vouched = belongs(row, base) || place.named == Named::Row || place.named == Named::Api && own;
        if endpoint.key.is_some() || vouched && (on_own_host(row, base) || !row.keys_stay) {
            return Ok(Credential::Key(key));
        }
        // A server of the user's own asks for no key of the vendor's.
        if !row.keys_stay || asked == Some("key") {
            return Err(astray(&key.from, row, base));
        }
    }
    if row.chain != Chain::None && asked != Some("key") {
        // A signature names its host and is of no use elsewhere; a token is.
        if row.chain != Chain::Aws && !by_chain && place.named == Named::Nobody && !belongs(row, base) {
            return Err(astray(row.chain.label(), row, base));
        }
        return Ok(Credential::Chain);
    }
    if row.key_required || asked == Some("key") {
        return Err(missing(row, api));
    }
    Ok(Credential::Nothing)
}

/// The words that `auth = "…"` takes for this row.
pub(super) fn auth_words(row: &Provider) -> Vec<&'static str> {
    let chain = Some(row.chain).filter(|c| *c != Chain::None).map(Chain::word);
    ["key"].into_iter().chain(chain).chain(["none"]).collect()
}

fn key(row: &Provider, api: &Api, endpoint: &Endpoint, vars: &Vars) -> Result<Option<Key>, Fault> {
    let (from, value, auth) = if let Some(source) = &endpoint.key {
        let name = source.label();
        let value = vars.get(&name).ok_or_else(|| {
            Fault::new(Class::Key, format!("{name} is not set"))
                .hint(format!("export {name}, or name another variable with api_key_env"))
        })?;
        (name, value, api.auth.unwrap_or(row.auth))
    } else {
        let set = |k: &KeyVar| Some((k.name.to_owned(), vars.get(k.name)?, k.auth));
        // A key of the row's own goes the way of the API, where that differs.
        let rows = || {
            row.keys.iter().find_map(set).map(|(n, v, own)| match (own, api.auth) {
                (Auth::Header(_), Some(auth)) => (n, v, auth),
                _ => (n, v, own),
            })
        };
        match api.keys.iter().find_map(set).or_else(rows) {
            Some(found) => found,
            None => return Ok(None),
        }
    };
    let secret = Secret::parse(&value).map_err(|e| {
        Fault::new(Class::Key, format!("{from}: {e}")).hint(format!("set {from} again, as one line"))
    })?;
    Ok(secret.map(|secret| Key { secret, auth, from }))
}

/// Whether a credential of this provider may go to this host: the provider's own, or this machine.
pub(super) fn belongs(row: &Provider, base: &Url) -> bool {
    address::is_loopback(base) || on_own_host(row, base)
}

/// Whether the host is one that only the provider can own.
///
/// A domain with a dash before it stands for every host that ends so (`-aiplatform.googleapis.com`);
/// one with a label and a colon for that label with a region between (`bedrock-runtime:amazonaws.com`
/// is `bedrock-runtime.us-east-1.amazonaws.com`), or for a private endpoint of it
/// (`vpce-….bedrock-runtime.us-east-1.vpce.amazonaws.com`): below the clouds' own domains anybody
/// can rent a host.
pub(super) fn on_own_host(row: &Provider, base: &Url) -> bool {
    let host = base.host_str().unwrap_or_default();
    let below = |domain: &str| {
        host.strip_suffix(domain)
            .filter(|rest| rest.is_empty() || rest.ends_with('.') || domain.starts_with('-'))
    };
    let inside = |entry: &&str| match entry.split_once(':') {
        None => below(entry).is_some(),
        Some((label, domain)) => {
            let labels: Vec<_> = below(domain).unwrap_or_default().trim_end_matches('.').split('.').collect();
            match labels.as_slice() {
                [own, region] => *own == label && is_region_word(region),
                [private, own, region, "vpce"] => {
                    private.starts_with("vpce-") && *own == label && is_region_word(region)
                }
                _ => false,
            }
        }
    };
    row.hosts.iter().any(inside)
}

/// `us-east-1`, `us-gov-west-1`; not `s3-us-west-2`, which is a store's.
fn is_region_word(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    match parts.as_slice() {
        [land, middle @ .., number] => {
            land.len() == 2
                && !middle.is_empty()
                && [*land]
                    .iter()
                    .chain(middle)
                    .all(|p| !p.is_empty() && p.chars().all(|c| c.is_ascii_lowercase()))
                && number.chars().all(|c| c.is_ascii_digit())
        }
        _ => false,
    }
}

/// Whether an address may learn which account asks: the provider's own host, this machine, or
/// where a variable of the provider's points.
pub(super) fn vouched(row: &Provider, place: &Site) -> bool {
    belongs(row, &place.base) || place.named != Named::Nobody
}

fn astray(from: &str, row: &Provider, base: &Url) -> Fault {
    let host = base.host_str().unwrap_or_default();
    let whose = row.hosts.first().map_or_else(|| "this machine".to_owned(), |h| h.replace(':', " below "));
    let how = if row.chain != Chain::None && from == row.chain.label() {
        format!("auth = {:?}", row.chain.word())
    } else {
        format!("api_key_env = {from:?}")
    };
    Fault::new(Class::Key, format!("{from} is for {whose} and is not sent to {host}")).hint(format!(
        "if it is meant for {host}, say so at this endpoint with {how}; without a key, auth = \"none\""
    ))
}

fn missing(row: &Provider, api: &Api) -> Fault {
    let names: Vec<_> = api.keys.iter().chain(row.keys).map(|k| k.name).collect();
    Fault::new(Class::Key, format!("no key for {}: {} is not set", row.label, names.join(" or ")))
        .hint(format!("export {}, or name a variable with api_key_env", names.first().unwrap_or(&"a key")))
}
