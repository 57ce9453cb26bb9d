//! Addresses: the forms people write, and where a key may be sent.

use std::net::IpAddr;

use url::Host;
use url::Url;

/// A base URL in one of the forms that the official SDKs take: with or without
/// scheme, with or without host (`OLLAMA_HOST=:11434`).
///
/// `0.0.0.0` and `::` are where a server listens; a client means loopback.
///
/// # Errors
/// A sentence saying what is wrong with it; it never repeats a password.
pub fn parse(text: &str, default_port: Option<u16>) -> Result<Url, String> {
    let text = text.trim();
    let full = if text.contains("://") {
        text.to_owned()
    } else if text.starts_with(':') {
        format!("http://127.0.0.1{text}")
    } else {
        format!("http://{text}")
    };
    let mut url = Url::parse(&full).map_err(|e| format!("not a URL ({e})"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("the scheme must be http or https, not {}", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a user name or password does not belong in the address; use api_key_env".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("a base URL ends before any ? or #".into());
    }
    let unspecified = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => ip.is_unspecified(),
        Some(Host::Domain(_)) => false,
        None => return Err("the address has no host".into()),
    };
    if unspecified {
        url.set_host(Some("127.0.0.1")).map_err(|e| e.to_string())?;
    }
    if let (None, Some(port), false) = (url.port(), default_port, text.contains("://")) {
        url.set_port(Some(port)).map_err(|()| "the address takes no port".to_owned())?;
    }
    Ok(url)
}

/// The address of a proxy: host and port, spoken to by http or https. A password in it is left
/// to whoever may hold one.
///
/// # Errors
/// A sentence saying what is wrong with it; it never repeats a password.
pub fn parse_proxy(text: &str) -> Result<Url, String> {
    let text = text.trim();
    let full = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&full).map_err(|e| format!("not a URL ({e})"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("a proxy is spoken to by http or https, not {}", url.scheme()));
    }
    if url.host_str().is_none() || url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("a proxy is a host and a port: http://proxy.corp.example:3128".into());
    }
    Ok(url)
}

/// Whether this host is the machine itself.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(d)) => d == "localhost" || d.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Refuses addresses that a prompt or a key must not go to: plain `http` beyond
/// this machine (unless allowed), and link-local hosts, where clouds keep their
/// metadata services.
///
/// # Errors
/// A sentence naming the host and the setting.
pub fn check(url: &Url, allow_plain_http: bool) -> Result<(), String> {
    let host = url.host_str().unwrap_or_default();
    let ip = match url.host() {
        Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => Some(ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4)),
        _ => None,
    };
    let link_local = match ip {
        Some(IpAddr::V4(ip)) => ip.is_link_local(),
        Some(IpAddr::V6(ip)) => ip.is_unicast_link_local(),
        None => false,
    };
    if link_local {
        return Err(format!("{host} is a link-local address, where no model is served"));
    }
    if url.scheme() == "http" && !is_loopback(url) && !allow_plain_http {
        return Err(format!("http to {host} would send prompt and key unencrypted"));
    }
    Ok(())
}

/// `base` + `path`. Segments that end the one and begin the other are written once
/// (`…/openai/v1` + `/openai/v1/models`), as is a version, the base's:
/// `…/v1beta` + `/v1/models` is `…/v1beta/models`.
#[must_use]
pub fn join(base: &Url, path: &str) -> String {
    let base = base.as_str().trim_end_matches('/');
    let is_version =
        |s: &str| s.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let has: Vec<&str> = base.split_once("://").map_or(base, |(_, rest)| rest).split('/').skip(1).collect();
    let adds: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let shared = (1..=has.len().min(adds.len())).rev().find(|n| {
        let end = has.get(has.len() - n..);
        end.is_some() && end == adds.get(..*n)
    });
    let versions = || {
        let (last, first) = (has.last()?, adds.first()?);
        (is_version(last) && is_version(first)).then_some(1)
    };
    let skip = shared.or_else(versions).unwrap_or(0);
    let rest = adds.get(skip..).unwrap_or_default().join("/");
    format!("{base}/{rest}")
}

/// A URL as the user wrote it, less what stands before an `@` in its authority.
#[must_use]
pub fn without_userinfo(text: &str) -> String {
    match text.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = authority.rsplit('@').next().unwrap_or(authority);
            format!("{scheme}://{host}{}{path}", if rest.contains('/') { "/" } else { "" })
        }
        None => text.rsplit('@').next().unwrap_or(text).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, port: Option<u16>) -> String {
        parse(text, port).map_or_else(|e| format!("error: {e}"), |u| u.to_string())
    }

    #[test]
    fn every_form_of_a_host_that_the_sdks_take() {
        for (given, want) in [
            ("127.0.0.1:11434", "http://127.0.0.1:11434/"),
            ("myhost", "http://myhost:11434/"),
            (":9999", "http://127.0.0.1:9999/"),
            ("0.0.0.0:11434", "http://127.0.0.1:11434/"),
            ("https://ollama.com", "https://ollama.com/"),
            ("http://localhost:8080/v1/", "http://localhost:8080/v1/"),
        ] {
            assert_eq!(shown(given, Some(11434)), want, "{given}");
        }
    }

    #[test]
    fn addresses_that_are_refused_say_why_without_the_password() {
        let with_password = shown("https://user:hunter2@example.com/", None);
        assert!(with_password.contains("user name or password"), "{with_password}");
        assert!(!with_password.contains("hunter2"));
        assert!(shown("ftp://example.com", None).contains("scheme"));
        assert!(shown("https://example.com/v1?key=x", None).contains("before any ?"));
        assert!(shown("https://", None).contains("not a URL"));
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        for (url, fine) in [
            ("http://127.0.0.1:1/v1", true),
            ("http://localhost/v1", true),
            ("http://[::1]:8/", true),
            ("http://127.9.9.9/", true),
            ("http://10.0.0.5/", false),
            ("http://llm.example.com/", false),
            ("http://localhost.example.com/", false),
            ("https://llm.example.com/", true),
            ("https://169.254.169.254/", false),
            ("https://[fe80::1]/", false),
            ("https://[::ffff:169.254.169.254]/", false),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(check(&url, false).is_ok(), fine, "{url}");
        }
        assert!(check(&Url::parse("http://10.0.0.5/").unwrap(), true).is_ok());
        assert!(check(&Url::parse("http://169.254.169.254/").unwrap(), true).is_err());
    }

    #[test]
    fn a_version_is_not_written_twice() {
        let join = |b: &str, p: &str| join(&Url::parse(b).unwrap(), p);
        assert_eq!(join("https://api.openai.com/v1", "/responses"), "https://api.openai.com/v1/responses");
        assert_eq!(join("https://h/v1/", "/v1/messages"), "https://h/v1/messages");
        assert_eq!(join("http://h/v1beta", "/v1/models/m:x?alt=sse"), "http://h/v1beta/models/m:x?alt=sse");
        assert_eq!(join("http://h", "/v1/messages"), "http://h/v1/messages");
        assert_eq!(
            join("https://r.azure.com/openai", "/openai/v1/responses"),
            "https://r.azure.com/openai/v1/responses"
        );
        assert_eq!(
            join("https://r.azure.com/openai/v1/", "/openai/v1/responses"),
            "https://r.azure.com/openai/v1/responses"
        );
        assert_eq!(join("http://h/proxy", "/api/chat"), "http://h/proxy/api/chat");
    }
}
