//! Which proxy stands before a host, by the client's own rules, and whether it can be one.

use hyper_util::client::proxy::matcher::Matcher;

use crate::model::Class;
use crate::model::Fault;
use crate::provider::is_loopback;
use crate::provider::parse_proxy;

/// Host and port of the proxy that a request to this URL goes through; `None` without one.
/// What is said to this machine is no proxy's business.
pub(super) fn before(url: &str, configured: Option<&str>) -> Option<String> {
    if url::Url::parse(url).is_ok_and(|u| is_loopback(&u)) {
        return None;
    }
    let rules = match configured {
        Some(proxy) => Matcher::builder().all(proxy).no(exempt()).build(),
        None => Matcher::from_system(),
    };
    let found = rules.intercept(&url.parse().ok()?)?;
    Some(found.uri().authority()?.as_str().rsplit('@').next().unwrap_or_default().to_owned())
}

/// What says which proxy stands before a URL, for a message.
pub(super) fn named_by(url: &str, configured: Option<&str>) -> &'static str {
    match configured {
        Some(_) => "[network] proxy in the config",
        None => variable(url).unwrap_or("this system's settings"),
    }
}

/// The variable that names a URL's proxy: of its scheme, else of all.
fn variable(url: &str) -> Option<&'static str> {
    let of_scheme =
        if url.starts_with("https:") { ["HTTPS_PROXY", "https_proxy"] } else { ["HTTP_PROXY", "http_proxy"] };
    let set = |name: &&str| std::env::var(name).is_ok_and(|v| !v.is_empty());
    of_scheme.into_iter().chain(["ALL_PROXY", "all_proxy"]).find(set)
}

/// Whether the variable that names this URL's proxy names one: the client passes over what it
/// cannot read, and would go without.
///
/// # Errors
/// `Setup`, with the variable.
pub(super) fn check(url: &str) -> Result<(), Fault> {
    let Some(name) = variable(url) else { return Ok(()) };
    // Any proxy at all: a host that needs none is not held up by a wrong one.
    let any = Matcher::builder().all("http://127.0.0.1:1").no(exempt()).build();
    if url.parse().is_ok_and(|uri| any.intercept(&uri).is_none()) {
        return Ok(());
    }
    parse_proxy(&std::env::var(name).unwrap_or_default()).map(|_| ()).map_err(|why| {
        Fault::new(Class::Setup, format!("{name}: {why}"))
            .hint(format!("correct {name}, or unset it; hosts that need no proxy stand in NO_PROXY"))
    })
}

/// Hosts that no proxy stands before.
fn exempt() -> String {
    let set = |name: &str| std::env::var(name).ok();
    set("NO_PROXY").or_else(|| set("no_proxy")).unwrap_or_default()
}
