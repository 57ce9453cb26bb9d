//! Floor 2: who speaks which dialect, where, with which key.
//!
//! [`PROVIDERS`] is the table; [`resolve`] joins a row, an endpoint and the
//! environment into a [`Request`] that the engine can send as it stands. No
//! socket and no clock here; the environment is read through [`Vars`] only.

mod address;
mod estimate;
mod family;
mod identity;
mod key;
mod price;
mod ready;
mod row;
mod secret;
mod sight;
mod site;
mod spec;
mod table;

use bytes::Bytes;
use url::Url;

use crate::model::Class;
use crate::model::Endpoint;
use crate::model::Fault;
use crate::model::Params;
use crate::model::Parity;
use crate::model::Prompt;
use crate::model::did_you_mean;
use crate::wire::Call;
use crate::wire::Framing;
use crate::wire::Taken;
use crate::wire::Target;
use crate::wire::accepts;
use crate::wire::common;
use crate::wire::fit;
use crate::wire::record;
use crate::wire::without_images;
use key::{Credential, credential, vouched};
use site::{Site, site};

pub use address::{is_loopback, parse as parse_address, parse_proxy};
pub use estimate::{endpoint_price, estimate};
pub use family::{Opened, Reach, first_look, found, out_of_region, routes};
pub use identity::{ENTRA_TOKEN, Entra, GOOGLE_FILE, GOOGLE_HOSTED, Identity, announced, entra, google_file};
pub use price::list_price;
pub use ready::{AwsProfile, Machine, ready};
pub use row::{Api, Auth, Chain, KeyVar, Listing, Place, Provider};
pub use secret::{Secret, Vars};
pub use site::{is_location, no_fips};
pub use spec::{SETTINGS, check_zone, parse_spec, unknown_provider};
pub use table::{PROVIDERS, provider};

/// A header's value; secret ones are marked sensitive and shown nowhere.
#[derive(Clone)]
pub enum HeaderText {
    Plain(String),
    Secret(Secret),
}

/// A request that can be sent as it stands, once its identity is added.
#[derive(Clone)]
pub struct Request {
    pub api: &'static Api,
    pub url: String,
    /// Lower-case names.
    pub headers: Vec<(&'static str, HeaderText)>,
    pub body: Bytes,
    /// The body with a few words in place of each picture; `None` where there is none.
    pub shown: Option<String>,
    /// What the engine must fetch or sign first.
    pub identity: Identity,
    /// Where the key was found; `None` without one.
    pub via: Option<String>,
    /// Set for Converse, whose client is the SDK's own.
    pub aws: Option<Aws>,
    /// The keys in it, so that a provider's echo of one can be taken out of its words.
    pub secrets: Vec<Secret>,
    /// The parameters as this model on this wire is asked them.
    pub params: Params,
    /// Thinking was asked for, which lengthens the wait for a first event: also where no
    /// field carries the wish, the model may do it.
    pub thinks: bool,
    /// What became of each parameter.
    pub parity: Vec<Parity>,
    /// The most tokens that it lets the model generate, reasoning included; `None` where
    /// neither the request nor the list says.
    pub most_output: Option<u64>,
}

/// What the AWS client needs beyond its own chain.
#[derive(Clone)]
pub struct Aws {
    /// From the endpoint, the model's ARN or the environment; `None` only where the address
    /// needs none.
    pub region: Option<String>,
    pub bearer: Option<Secret>,
    /// Ask without any credential, whatever the environment holds.
    pub anonymous: bool,
    /// The address that the credential was judged by; nothing else is asked.
    pub endpoint_url: String,
    /// Whether the SDK may read the process's environment and the user's files.
    pub chain: bool,
}

impl Aws {
    /// Whether the SDK's chain of credentials is asked.
    #[must_use]
    pub fn signs(&self) -> bool {
        self.bearer.is_none() && !self.anonymous
    }
}

impl Request {
    /// The body as text, for display; it holds no secret, and of pictures only what they are.
    #[must_use]
    pub fn body_text(&self) -> String {
        match &self.shown {
            Some(shown) => shown.clone(),
            None => String::from_utf8_lossy(&self.body).into_owned(),
        }
    }
}

/// The API that an endpoint is spoken to by: the one it names, the dated one if it gives a
/// version, else the first of its row that fits the model.
///
/// # Errors
/// `Setup`, with the words that the provider has.
pub fn api_of(row: &'static Provider, endpoint: &Endpoint) -> Result<&'static Api, Fault> {
    let setup = |message: String| Fault::new(Class::Setup, message);
    if let Some(asked) = &endpoint.api {
        return row.apis.iter().find(|a| a.id == asked).ok_or_else(|| {
            let ids: Vec<_> = row.apis.iter().map(|a| a.id).collect();
            let near = did_you_mean(asked, ids.iter().copied());
            setup(format!("{} has no api {asked:?}{near}: {}", row.id, ids.join(", ")))
        });
    }
    let dated = endpoint.api_version.is_some();
    if dated && !row.apis.iter().any(|a| a.dated) {
        return Err(setup(format!("{} has no api_version", row.id)));
    }
    let fits = |a: &&Api| if dated { a.dated } else { (a.fits)(&endpoint.model) };
    row.apis.iter().find(fits).ok_or_else(|| setup(format!("{} has no api for {:?}", row.id, endpoint.model)))
}

/// Whether the words of an endpoint (`api`, `api_version`, `auth`) are words of its provider,
/// and its key is one that is sent.
///
/// # Errors
/// A sentence with the words there are.
pub fn check_words(row: &'static Provider, endpoint: &Endpoint) -> Result<(), String> {
    api_of(row, endpoint).map_err(|fault| fault.message)?;
    let words = key::auth_words(row);
    if let (Some(auth), Some(key)) = (endpoint.auth.as_deref(), &endpoint.key)
        && auth != "key"
        && words.contains(&auth)
    {
        return Err(format!(
            "auth {auth:?} sends no key, and {} names one: take one of them out",
            key.label()
        ));
    }
    match endpoint.auth.as_deref().filter(|a| !words.contains(a)) {
        None => Ok(()),
        Some(auth) => {
            let near = did_you_mean(auth, words.iter().copied());
            Err(format!("{} has no auth {auth:?}{near}: {}", row.id, words.join(", ")))
        }
    }
}

/// Makes the request for one prompt to one endpoint.
///
/// `max_output` is the most tokens that the model can generate, where that is known.
///
/// # Errors
/// [`Fault`] of class `Setup` or `Key`, with the variable or the setting to change.
pub fn resolve(
    endpoint: &Endpoint,
    prompt: &Prompt,
    vars: &Vars,
    max_output: Option<u64>,
) -> Result<Request, Fault> {
    let setup = |message: String| Fault::new(Class::Setup, message);
    let row = provider(&endpoint.provider).ok_or_else(|| setup(unknown_provider(&endpoint.provider)))?;
    let api = api_of(row, endpoint)?;
    let asked = endpoint.asked(prompt);
    sight::check(row, api, endpoint, prompt)?;
    let (params, changed) = fit(api.dialect, &endpoint.model, &endpoint.params, max_output);
    let call = Call {
        model: endpoint.sent_model(),
        is: &endpoint.model,
        prompt: &asked,
        params: &params,
        quirks: api.quirks,
    };
    let body = api.dialect.encode(&call)?;
    let levelled =
        endpoint.leveled.iter().filter(|row| !changed.iter().any(|c| c.param == row.param)).cloned();
    let changed = changed.iter().cloned().chain(levelled).collect();
    let mut parity = record(api.dialect, &endpoint.params, changed, &body);
    parity.extend((api.unsaid)(&call));
    let limit = api.dialect.carries().iter().find(|c| c.param == "max_tokens").and_then(|c| c.sent(&body));
    let most_output = limit.and_then(|(_, n)| n.parse().ok()).or(max_output);
    let shown = without_images(&body, prompt);
    let body = Bytes::from(body.to_string());
    let framing = api.dialect.framing();
    if framing == Framing::EventStream {
        let request = converse(row, api, endpoint, &call, body, vars)?;
        return Ok(Request { shown, parity, most_output, ..request });
    }
    let place = site(row, api, endpoint, vars)?;
    let found = credential(row, api, endpoint, vars, &place)?;
    let mut url = place.url(api.prefix, &api.dialect.path(&call), call.model);
    if let Some(version) = endpoint.api_version.as_ref().filter(|_| api.dated) {
        let version: String = url::form_urlencoded::byte_serialize(version.as_bytes()).collect();
        url = format!("{url}?api-version={version}");
    }
    let mut headers = vec![("content-type", HeaderText::Plain("application/json".into()))];
    let accept = if framing == Framing::Ndjson { "application/x-ndjson" } else { "text/event-stream" };
    headers.push(("accept", HeaderText::Plain(accept.into())));
    headers.extend(api.dialect.headers(&call).into_iter().map(|(n, v)| (n, HeaderText::Plain(v))));
    headers.extend(account(row, &place, vars));
    let mut request = Request {
        api,
        url,
        headers,
        body,
        shown,
        identity: Identity::None,
        via: None,
        aws: None,
        secrets: Vec::new(),
        params,
        thinks: endpoint.params.thinks(),
        parity,
        most_output,
    };
    match found {
        Credential::Nothing => {}
        Credential::Chain => request.identity = identity(row, api, endpoint, place.region)?,
        Credential::Key(key) => {
            request.secrets.push(key.secret.clone());
            request.via = Some(key.from.clone());
            request.headers.push(sent_key(key)?);
        }
    }
    Ok(request)
}

/// Headers that name an account. They are for the provider's own hosts, as its key is.
fn account(row: &Provider, place: &Site, vars: &Vars) -> impl Iterator<Item = (&'static str, HeaderText)> {
    let own: &[_] = if vouched(row, place) { row.header_vars } else { &[] };
    own.iter().filter_map(|(var, header)| Some((*header, HeaderText::Plain(vars.get(var)?))))
}

/// The endpoints of a lineup with the lowest common settings: whatever all of them take.
///
/// An endpoint that cannot be spoken to at all is left as it is; its pane says why.
#[must_use]
pub fn level(endpoints: &[Endpoint], max_output: &dyn Fn(&Endpoint) -> Option<u64>) -> Vec<Endpoint> {
    let dialects: Vec<_> = endpoints
        .iter()
        .map(|e| provider(&e.provider).and_then(|row| api_of(row, e).ok()).map(|api| api.dialect))
        .collect();
    let able = || endpoints.iter().zip(&dialects).filter_map(|(e, d)| Some((e, (*d)?)));
    let targets: Vec<_> =
        able().map(|(e, dialect)| Target { dialect, model: &e.model, max_output: max_output(e) }).collect();
    let asked: Vec<_> = able().map(|(e, _)| e.params).collect();
    let mut agreed = common(&targets, &asked).into_iter();
    let leveled = endpoints.iter().zip(&dialects).map(|(endpoint, dialect)| {
        let mut endpoint = endpoint.clone();
        if dialect.is_some()
            && let Some((params, rows)) = agreed.next()
        {
            (endpoint.params, endpoint.leveled) = (params, rows);
        }
        endpoint
    });
    leveled.collect()
}

/// What an endpoint takes, a row for each parameter, and what would become of those it is asked
/// with; empty for one that cannot be spoken to.
#[must_use]
pub fn takes(endpoint: &Endpoint, max_output: Option<u64>) -> Vec<Taken> {
    let api = provider(&endpoint.provider).and_then(|row| api_of(row, endpoint).ok());
    api.map(|api| accepts(api.dialect, &endpoint.model, &endpoint.params, max_output)).unwrap_or_default()
}

/// A question for a provider's list of models, ready to be sent.
pub struct Question {
    pub url: String,
    pub headers: Vec<(&'static str, HeaderText)>,
    pub identity: Identity,
    pub secrets: Vec<Secret>,
    pub listing: &'static Listing,
}

/// The requests that list what an endpoint's provider has; of the endpoint only its
/// address and its credential count. Empty where there is no listing.
///
/// # Errors
/// As [`resolve`].
pub fn listings(endpoint: &Endpoint, vars: &Vars) -> Result<Vec<Question>, Fault> {
    let row = provider(&endpoint.provider)
        .ok_or_else(|| Fault::new(Class::Setup, unknown_provider(&endpoint.provider)))?;
    let asked = |listing| {
        let usual = question(row, listing, &[], endpoint, vars);
        let keyed = |q: &Question| matches!(q.identity, Identity::None);
        if usual.as_ref().is_ok_and(keyed) {
            return usual;
        }
        let others = row.apis.iter().filter_map(|api| question_by(row, api, listing, endpoint, vars));
        let mut others: Vec<_> = others.collect();
        // A key stands before the chain, as when an API is asked; one of another resource lists
        // that resource, not this one.
        let host = |q: &Question| Url::parse(&q.url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let here = |q: &Question| usual.as_ref().map_or(true, |usual| host(usual) == host(q));
        let better = others.iter().position(|q| keyed(q) && here(q));
        match better.or_else(|| (usual.is_err() && !others.is_empty()).then_some(0)) {
            Some(at) => Ok(others.swap_remove(at)),
            None => usual,
        }
    };
    row.listings.iter().map(asked).collect()
}

/// The question by the variables of one API: a resource has one key and one list, whatever
/// they are named for.
fn question_by(
    row: &'static Provider,
    api: &Api,
    listing: &'static Listing,
    endpoint: &Endpoint,
    vars: &Vars,
) -> Option<Question> {
    // The key of a resource is not for the address that an endpoint names.
    if row.place != Place::Resource || endpoint.base_url.is_some() {
        return None;
    }
    let own = vars.first(api.place_vars).map(|(_, name)| name);
    if own.is_some() && endpoint.place.is_some() && own != endpoint.place {
        return None;
    }
    let place = Some(site::resource(row, api, endpoint, vars).ok()??);
    question(row, listing, api.keys, &Endpoint { place, ..endpoint.clone() }, vars).ok()
}

fn question(
    row: &'static Provider,
    listing: &'static Listing,
    keys: &'static [KeyVar],
    endpoint: &Endpoint,
    vars: &Vars,
) -> Result<Question, Fault> {
    let api = Api { base_url: listing.base_url, service: listing.service, keys, ..row::API };
    let place = site(row, &api, endpoint, vars)?;
    let found = credential(row, &api, endpoint, vars, &place)?;
    let mut question = Question {
        url: place.url("", listing.path, ""),
        headers: vec![("accept", HeaderText::Plain("application/json".into()))],
        identity: Identity::None,
        secrets: Vec::new(),
        listing,
    };
    let dialect = row.apis.first().map(|a| a.dialect);
    let (prompt, params) = (Prompt::default(), Params::default());
    let call = Call { model: "", is: "", prompt: &prompt, params: &params, quirks: api.quirks };
    let versions = dialect.map(|d| d.headers(&call)).unwrap_or_default();
    question.headers.extend(versions.into_iter().map(|(n, v)| (n, HeaderText::Plain(v))));
    question.headers.extend(account(row, &place, vars));
    match found {
        Credential::Nothing => {}
        Credential::Chain => question.identity = identity(row, &api, endpoint, place.region)?,
        Credential::Key(key) => {
            question.secrets.push(key.secret.clone());
            // A list is the row's, and so is the way in which its key goes.
            let auth = if matches!(key.auth, Auth::Header(_)) { row.auth } else { key.auth };
            question.headers.push(sent_key(key::Key { auth, ..key })?);
        }
    }
    Ok(question)
}

/// A key as the header that carries it.
fn sent_key(key: key::Key) -> Result<(&'static str, HeaderText), Fault> {
    Ok(match key.auth {
        Auth::Header(name) => (name, HeaderText::Secret(key.secret)),
        Auth::Bearer => ("authorization", HeaderText::Secret(bearer(&key.secret)?)),
    })
}

/// The usual audience of tokens for Foundry and Azure OpenAI.
const ENTRA_SCOPE: &str = "https://ai.azure.com/.default";

fn identity(
    row: &Provider,
    api: &Api,
    endpoint: &Endpoint,
    region: Option<String>,
) -> Result<Identity, Fault> {
    Ok(match row.chain {
        Chain::None => Identity::None,
        Chain::Google => Identity::Google,
        Chain::Entra => {
            Identity::Entra { scope: endpoint.token_scope.clone().unwrap_or_else(|| ENTRA_SCOPE.to_owned()) }
        }
        Chain::Aws => {
            let region = region.ok_or_else(|| {
                Fault::new(Class::Setup, "no AWS region to sign for")
                    .hint("write it after an @ (…@us-east-1), or set AWS_REGION")
            })?;
            Identity::SigV4 { service: api.service, region }
        }
    })
}

fn bearer(secret: &Secret) -> Result<Secret, Fault> {
    match Secret::parse(&format!("Bearer {}", secret.expose())) {
        Ok(Some(s)) => Ok(s),
        _ => Err(Fault::new(Class::Key, "the key is empty")),
    }
}

/// Converse: the SDK's client makes the request; what stands here is what it will send.
fn converse(
    row: &'static Provider,
    api: &'static Api,
    endpoint: &Endpoint,
    call: &Call<'_>,
    body: Bytes,
    vars: &Vars,
) -> Result<Request, Fault> {
    let place = site(row, api, endpoint, vars)?;
    // Said even where it is the service's own: the SDK would take another from the user's
    // profile, which nobody has checked against the credential.
    let endpoint_url = place.base.as_str().trim_end_matches('/').to_owned();
    let (bearer, anonymous) = match credential(row, api, endpoint, vars, &place)? {
        Credential::Key(key) => (Some(key), false),
        Credential::Chain => (None, false),
        Credential::Nothing => (None, true),
    };
    let chain = (!anonymous).then(|| Chain::Aws.label().to_owned());
    Ok(Request {
        api,
        url: place.url(api.prefix, &api.dialect.path(call), call.model),
        headers: Vec::new(),
        body,
        shown: None,
        identity: Identity::None,
        via: bearer.as_ref().map(|key| key.from.clone()).or(chain),
        secrets: bearer.iter().map(|key| key.secret.clone()).collect(),
        aws: Some(Aws {
            region: place.region,
            bearer: bearer.map(|key| key.secret),
            anonymous,
            endpoint_url,
            chain: vars.is_process(),
        }),
        params: *call.params,
        thinks: endpoint.params.thinks(),
        parity: Vec::new(),
        most_output: None,
    })
}
