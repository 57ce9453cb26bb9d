//! Floor 2: who speaks which dialect, where, with which key.
//!
//! [`PROVIDERS`] is the table; [`resolve`] joins a row, an endpoint and the
//! environment into a [`Request`] that the engine can send as it stands. No
//! socket and no clock here; the environment is read through [`Vars`] only.

mod address;
mod identity;
mod secret;
mod spec;
mod table;

use bytes::Bytes;

use crate::model::Class;
use crate::model::Endpoint;
use crate::model::Fault;
use crate::model::Prompt;
use crate::wire::Call;
use crate::wire::Dialect;
use crate::wire::Framing;

pub use address::parse as parse_address;
pub use identity::Identity;
pub use secret::{Secret, Vars};
pub use spec::{parse_spec, unknown_provider};
pub use table::{Auth, KeyVar, PROVIDERS, Place, Provider, provider};

/// A header's value; secret ones are marked sensitive and shown nowhere.
#[derive(Clone)]
pub enum HeaderText {
    Plain(String),
    Secret(Secret),
}

/// A request that can be sent as it stands.
#[derive(Clone)]
pub struct Request {
    pub dialect: &'static dyn Dialect,
    pub url: String,
    /// Lower-case names.
    pub headers: Vec<(&'static str, HeaderText)>,
    pub body: Bytes,
    /// Set for Bedrock, whose client is the SDK's own.
    pub aws: Option<Aws>,
    /// The keys in it, so that a provider's echo of one can be taken out of its words.
    pub secrets: Vec<Secret>,
}

/// What the AWS client needs beyond its own chain.
#[derive(Clone)]
pub struct Aws {
    /// From the endpoint, the model's ARN or the environment; `None` leaves it to the profile.
    pub region: Option<String>,
    pub bearer: Option<Secret>,
    /// Replaces the service's address.
    pub endpoint_url: Option<String>,
    /// Whether the SDK may read the process's environment and the user's files.
    pub chain: bool,
}

impl Request {
    /// The body as text, for display; it holds no secret.
    #[must_use]
    pub fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Makes the request for one prompt to one endpoint.
///
/// # Errors
/// [`Fault`] of class `Setup` or `Key`, with the variable or the setting to change.
pub fn resolve(endpoint: &Endpoint, prompt: &Prompt, vars: &Vars) -> Result<Request, Fault> {
    let setup = |message: String| Fault::new(Class::Setup, message);
    let row = provider(&endpoint.provider).ok_or_else(|| setup(unknown_provider(&endpoint.provider)))?;
    let asked = endpoint.asked(prompt);
    let call = Call { model: &endpoint.model, prompt: &asked, params: &endpoint.params, quirks: row.quirks };
    let body = Bytes::from(row.dialect.encode(&call)?.to_string());
    if row.auth == Auth::Aws {
        return aws(row, endpoint, &call, body, vars);
    }

    let base = base_url(row, endpoint, vars)?;
    let mut headers = vec![("content-type", HeaderText::Plain("application/json".into()))];
    let accept = match row.dialect.framing() {
        Framing::Ndjson => "application/x-ndjson",
        Framing::Sse | Framing::EventStream => "text/event-stream",
    };
    headers.push(("accept", HeaderText::Plain(accept.into())));
    for (name, value) in row.dialect.headers(&call) {
        headers.push((name, HeaderText::Plain(value)));
    }
    for (var, header) in row.header_vars {
        if let Some(value) = vars.get(var) {
            headers.push((header, HeaderText::Plain(value)));
        }
    }
    let found = key(row, endpoint, vars)?;
    let secrets = found.iter().map(|(_, secret)| secret.clone()).collect();
    match found {
        Some((Auth::Header(name), secret)) => headers.push((name, HeaderText::Secret(secret))),
        Some((Auth::Bearer | Auth::Aws, secret)) => {
            headers.push(("authorization", HeaderText::Secret(bearer(&secret)?)));
        }
        None if row.key_required => return Err(missing_key(row)),
        None => {}
    }
    Ok(Request {
        dialect: row.dialect,
        url: address::join(&base, &row.dialect.path(&call)),
        headers,
        body,
        aws: None,
        secrets,
    })
}

fn bearer(secret: &Secret) -> Result<Secret, Fault> {
    match Secret::parse(&format!("Bearer {}", secret.expose())) {
        Ok(Some(s)) => Ok(s),
        _ => Err(Fault::new(Class::Key, "the key is empty")),
    }
}

/// The endpoint's own URL, else the environment's, else the row's.
fn base_url(row: &Provider, endpoint: &Endpoint, vars: &Vars) -> Result<url::Url, Fault> {
    let (text, from) = if let Some(own) = &endpoint.base_url {
        (own.clone(), "base URL".to_owned())
    } else if let Some((name, value)) = vars.first(row.base_url_vars) {
        (value, name.to_owned())
    } else if let Some(default) = row.base_url {
        (default.to_owned(), "base URL".to_owned())
    } else {
        return Err(Fault::new(Class::Setup, format!("{} needs a base URL", row.id))
            .hint(format!("write it after an @: {}:{}", row.id, row.example)));
    };
    let default_port = row.base_url.and_then(|b| url::Url::parse(b).ok()?.port());
    address::parse(&text, default_port)
        .map_err(|e| Fault::new(Class::Setup, format!("{from} {:?}: {e}", address::without_userinfo(&text))))
        .and_then(|url| {
            address::check(&url, endpoint.allow_plain_http).map_err(|e| {
                Fault::new(Class::Setup, format!("{from}: {e}"))
                    .hint("use https, or set allow_plain_http = true for this endpoint")
            })?;
            Ok(url)
        })
}

/// The key and how it is sent.
fn key(row: &Provider, endpoint: &Endpoint, vars: &Vars) -> Result<Option<(Auth, Secret)>, Fault> {
    let (name, value, auth) = if let Some(name) = &endpoint.api_key_env {
        let value = vars.get(name).ok_or_else(|| {
            Fault::new(Class::Key, format!("{name} is not set"))
                .hint(format!("export {name}, or name another variable with api_key_env"))
        })?;
        (name.as_str(), value, row.auth)
    } else {
        let found = row.keys.iter().find_map(|k| Some((k.name, vars.get(k.name)?, k.auth)));
        match found {
            Some(found) => found,
            None => return Ok(None),
        }
    };
    let secret = Secret::parse(&value).map_err(|e| {
        Fault::new(Class::Key, format!("{name}: {e}")).hint(format!("export {name} again, as one line"))
    })?;
    Ok(secret.map(|s| (auth, s)))
}

fn missing_key(row: &Provider) -> Fault {
    let names: Vec<_> = row.keys.iter().map(|k| k.name).collect();
    Fault::new(Class::Key, format!("no key for {}: {} is not set", row.label, names.join(" or ")))
        .hint(format!("export {}, or name a variable with api_key_env", names.first().unwrap_or(&"a key")))
}

fn aws(
    row: &Provider,
    endpoint: &Endpoint,
    call: &Call<'_>,
    body: Bytes,
    vars: &Vars,
) -> Result<Request, Fault> {
    let region = endpoint
        .place
        .clone()
        .or_else(|| arn_region(&endpoint.model))
        .or_else(|| vars.get("AWS_REGION"))
        .or_else(|| vars.get("AWS_DEFAULT_REGION"));
    if let Some(bad) = region.as_deref().filter(|r| !is_region(r)) {
        return Err(Fault::new(Class::Setup, format!("{bad:?} is not an AWS region"))
            .hint("write it like us-east-1, after the @ or in AWS_REGION"));
    }
    let endpoint_url = if endpoint.base_url.is_some() || vars.first(row.base_url_vars).is_some() {
        Some(base_url(row, endpoint, vars)?.as_str().trim_end_matches('/').to_owned())
    } else {
        None
    };
    let host = endpoint_url.clone().unwrap_or_else(|| {
        format!("https://bedrock-runtime.{}.amazonaws.com", region.as_deref().unwrap_or("REGION"))
    });
    let bearer = key(row, endpoint, vars)?.map(|(_, secret)| secret);
    Ok(Request {
        dialect: row.dialect,
        url: format!("{host}{}", row.dialect.path(call)),
        headers: Vec::new(),
        secrets: bearer.iter().cloned().collect(),
        body,
        aws: Some(Aws { region, bearer, endpoint_url, chain: vars.is_process() }),
    })
}

/// `arn:aws:bedrock:REGION:…`
fn arn_region(model: &str) -> Option<String> {
    let mut parts = model.strip_prefix("arn:")?.split(':');
    let (_partition, _service) = (parts.next()?, parts.next()?);
    parts.next().filter(|r| !r.is_empty()).map(ToOwned::to_owned)
}

/// A region becomes part of a host name: letters, digits and dashes only.
fn is_region(text: &str) -> bool {
    text.contains('-') && text.len() < 30 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}
