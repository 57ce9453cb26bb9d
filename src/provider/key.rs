//! Which credential goes with a request, and whether it may go to that address.

use url::Url;

use super::address;
use super::row::{Api, Auth, Chain, KeyVar, Provider};
use super::secret::{Secret, Vars};
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
    base: &Url,
    trusted: bool,
) -> Result<Credential, Fault> {
    let chain = row.chain.word();
    let asked = endpoint.auth.as_deref();
    if asked == Some("none") {
        return Ok(Credential::Nothing);
    }
    let by_chain = row.chain != Chain::None && asked == Some(chain);
    if !by_chain && let Some(key) = key(row, api, endpoint, vars)? {
        if endpoint.key.is_none() && !trusted && !belongs(row, base) {
            return Err(astray(&key.from, row, base));
        }
        return Ok(Credential::Key(key));
    }
    if row.chain != Chain::None && asked != Some("key") {
        // A signature names its host and is of no use elsewhere; a token is.
        if row.chain != Chain::Aws && !by_chain && !trusted && !belongs(row, base) {
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
///
/// A domain with a dash before it stands for every host that ends so (`-aiplatform.googleapis.com`);
/// one with a label and a colon wants that label somewhere before it (`bedrock-runtime:amazonaws.com`),
/// because anybody can rent a host below some clouds' domains.
fn belongs(row: &Provider, base: &Url) -> bool {
    let host = base.host_str().unwrap_or_default();
    let below = |domain: &str| {
        host.strip_suffix(domain)
            .filter(|rest| rest.is_empty() || rest.ends_with('.') || domain.starts_with('-'))
    };
    let inside = |entry: &&str| match entry.split_once(':') {
        Some((label, domain)) => below(domain).is_some_and(|rest| rest.split('.').any(|l| l == label)),
        None => below(entry).is_some(),
    };
    address::is_loopback(base) || row.hosts.iter().any(inside)
}

/// Whether a URL is one of the provider's own hosts, but not its main one: a region's, where
/// the same model may cost more.
#[must_use]
pub fn is_regional(row: &Provider, url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    !address::is_loopback(&url) && belongs(row, &url) && url.host_str() != row.hosts.first().copied()
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
