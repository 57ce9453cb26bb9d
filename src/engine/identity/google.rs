//! Google's application default credentials.
//!
//! The file is found and read here and handed to the crate by its kind: the
//! crate's own search ends at the metadata server, which elsewhere than on
//! Google's machines is a wait for nothing. The crate keeps the token and renews
//! it; it talks HTTP by itself, with the system's proxy and roots.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use google_cloud_auth::build_errors::Error as BuildError;
use google_cloud_auth::credentials::{
    AccessTokenCredentials, CacheableResource, CredentialsProvider, external_account, impersonated, mds,
    service_account, user_account,
};
use http::{Extensions, HeaderMap, HeaderName};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::{LIMIT, Signed, brief, causes, put, secret};
use crate::engine::transport::Outgoing;
use crate::model::Class;
use crate::model::Fault;
use crate::provider::GOOGLE_FILE;
use crate::provider::GOOGLE_HOSTED;
use crate::provider::Secret;
use crate::provider::Vars;
use crate::provider::announced;
use crate::provider::google_file;
use crate::provider::is_loopback;

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const FILE: &str = GOOGLE_FILE;
const SIGN_IN: &str = "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS";

/// Tokens last an hour by a clock that stops while a laptop sleeps; after this long by
/// the wall clock the same one is not trusted any more.
const OLD: Duration = Duration::from_mins(55);

/// The one set of credentials of this process.
#[derive(Default)]
pub(super) struct Google(Mutex<Option<Arc<Account>>>);

struct Account {
    credentials: AccessTokenCredentials,
    via: String,
    /// Secrets of the file: a token server may repeat them in what it says.
    hidden: Vec<Secret>,
    login: bool,
    proved: AtomicBool,
    /// The token last seen and since when.
    seen: std::sync::Mutex<Option<(Secret, SystemTime)>>,
}

/// Where the credentials come from.
enum Source {
    File { path: PathBuf, named: bool },
    Metadata,
}

impl Google {
    /// # Errors
    /// A fault of class `Key` or `Setup` with what to do.
    pub(super) async fn sign(&self, vars: &Vars, outgoing: &mut Outgoing) -> Result<Signed, Fault> {
        loop {
            let account = self.account(vars).await?;
            let proved = account.proved.load(Ordering::Relaxed);
            let failed = match account.headers().await {
                // The first look starts the token's clock, so it is asked before `proved` is.
                Ok((headers, token)) if !(account.is_old(&token) && proved) => {
                    account.proved.store(true, Ordering::Relaxed);
                    for (name, value) in headers {
                        let text = value.to_str().unwrap_or_default();
                        put(outgoing, name, text)?;
                    }
                    return Ok(Signed { via: account.via.clone(), secrets: vec![token] });
                }
                Ok(_) => None,
                Err(fault) => Some(fault),
            };
            self.forget(&account).await;
            // What once worked and now fails may have been mended outside: a fresh
            // sign-in writes the file anew.
            if let Some(fault) = failed.filter(|_| !proved) {
                return Err(fault);
            }
        }
    }

    async fn account(&self, vars: &Vars) -> Result<Arc<Account>, Fault> {
        let mut kept = self.0.lock().await;
        if let Some(account) = &*kept {
            return Ok(Arc::clone(account));
        }
        let account = Arc::new(open(vars).await?);
        *kept = Some(Arc::clone(&account));
        Ok(account)
    }

    async fn forget(&self, account: &Arc<Account>) {
        let mut kept = self.0.lock().await;
        if kept.as_ref().is_some_and(|k| Arc::ptr_eq(k, account)) {
            *kept = None;
        }
    }
}

impl Account {
    /// The headers as the crate makes them, and the token in them.
    async fn headers(&self) -> Result<(Vec<(HeaderName, http::HeaderValue)>, Secret), Fault> {
        let asked = timeout(LIMIT, self.credentials.headers(Extensions::new())).await;
        let answer = asked.map_err(|_| {
            Fault::new(Class::Key, format!("Google gave no token within {} s", LIMIT.as_secs()))
                .hint("run `gcloud auth application-default print-access-token` by hand and look at what it waits for")
        })?;
        let headers: HeaderMap = match answer {
            Ok(CacheableResource::New { data, .. }) => data,
            Ok(CacheableResource::NotModified) => HeaderMap::new(),
            Err(e) => return Err(self.explain(&causes(&e))),
        };
        let bearer = headers.get(http::header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        let token = secret(bearer.unwrap_or_default().trim_start_matches("Bearer "))?;
        let wanted = |n: &HeaderName| n == http::header::AUTHORIZATION || n == "x-goog-user-project";
        let headers = headers.iter().filter(|(n, _)| wanted(n));
        Ok((headers.map(|(n, v)| (n.clone(), v.clone())).collect(), token))
    }

    fn is_old(&self, token: &Secret) -> bool {
        let Ok(mut seen) = self.seen.lock() else { return false };
        let now = SystemTime::now();
        match &*seen {
            Some((known, since)) if known.expose() == token.expose() => {
                now.duration_since(*since).is_ok_and(|age| age > OLD)
            }
            _ => {
                *seen = Some((token.clone(), now));
                false
            }
        }
    }

    fn explain(&self, said: &str) -> Fault {
        let said = self.hidden.iter().fold(said.to_owned(), |text, s| s.scrub(&text));
        let lower = said.to_ascii_lowercase();
        let again = if self.login {
            "run `gcloud auth application-default login`"
        } else {
            "check the file that GOOGLE_APPLICATION_CREDENTIALS names and the account in it"
        };
        if ["invalid_grant", "invalid_rapt", "reauth"].iter().any(|w| lower.contains(w)) {
            let message = if self.login {
                "Google's sign-in has expired or was revoked (invalid_grant)"
            } else {
                "Google does not accept these credentials (invalid_grant)"
            };
            return Fault::new(Class::Key, message).hint(again);
        }
        if ["error sending request", "connect error", "dns error"].iter().any(|w| lower.contains(w)) {
            let cause = said.rsplit(": ").next().unwrap_or_default();
            return Fault::new(
                Class::Unreachable,
                format!("no connection to Google's token server: {}", brief(cause)),
            );
        }
        // The crate quotes the answer's body; the error's own words are in it.
        let body = said.split("body=<").nth(1).and_then(|rest| rest.rsplit_once('>')).map(|(body, _)| body);
        let words = body.and_then(words).unwrap_or_else(|| brief(&said));
        Fault::new(Class::Key, format!("Google gave no token: {words}")).hint(again)
    }
}

/// `error_description` or `error` of an OAuth answer.
fn words(body: &str) -> Option<String> {
    let json: Value = serde_json::from_str(body).ok()?;
    let text = json.get("error_description").or_else(|| json.get("error"))?;
    let text = text.as_str().or_else(|| text.get("message")?.as_str())?;
    Some(brief(text))
}

/// Where the credentials are, in the order in which Google's own tools look.
fn source(vars: &Vars) -> Option<Source> {
    match google_file(vars) {
        Some((path, true)) => return Some(Source::File { path, named: true }),
        Some((path, false)) if path.is_file() => return Some(Source::File { path, named: false }),
        _ => {}
    }
    let hosted = GOOGLE_HOSTED.iter().any(|by| announced(vars, by));
    let google = || {
        std::fs::read_to_string("/sys/class/dmi/id/product_name").is_ok_and(|name| name.contains("Google"))
    };
    (vars.is_process() && (hosted || google())).then_some(Source::Metadata)
}

async fn open(vars: &Vars) -> Result<Account, Fault> {
    let internal = |_| Fault::new(Class::Internal, "the credentials file could not be read");
    let process = vars.clone();
    let found = tokio::task::spawn_blocking(move || {
        source(&process).map(|source| match source {
            Source::File { path, named } => {
                let text = std::fs::read_to_string(&path);
                (Some((path, named, text)), ())
            }
            Source::Metadata => (None, ()),
        })
    })
    .await
    .map_err(internal)?;
    let quota = vars.get("GOOGLE_CLOUD_QUOTA_PROJECT");
    let (file, ()) =
        found.ok_or_else(|| Fault::new(Class::Key, "no Google credentials were found").hint(SIGN_IN))?;
    let Some((path, named, text)) = file else {
        let credentials = mds::Builder::default().with_scopes([SCOPE]).build_access_token_credentials();
        let credentials = credentials.map_err(|e| Fault::new(Class::Setup, brief(&causes(&e))))?;
        return Ok(account(credentials, "metadata server", Vec::new(), false));
    };
    let place = if named { FILE.to_owned() } else { path.display().to_string() };
    let setup =
        |why: String| Fault::new(Class::Setup, format!("Google credentials ({place}): {why}")).hint(SIGN_IN);
    let text = text.map_err(|e| setup(format!("the file cannot be read: {e}")))?;
    // Where in the file it breaks is said; what stands there is not.
    let json: Value =
        serde_json::from_str(&text).map_err(|e| setup(format!("not JSON at line {}", e.line())))?;
    let kind = json.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let hidden = ["client_secret", "refresh_token", "private_key_id"]
        .iter()
        .flat_map(|name| every(&json, name))
        .filter_map(|value| Secret::parse(value.as_str()?).ok().flatten())
        .collect();
    if let Some(stray) = stray(&json) {
        return Err(setup(stray));
    }
    let built = from_json(&kind, json, quota)
        .ok_or_else(|| setup(format!("the type {:?} is not one that this program can use", brief(&kind))))?;
    // The crate's words name a missing field, and nothing of what stands in the others.
    let credentials = built.map_err(|e| setup(brief(&causes(&e))))?;
    let label = if named { format!("{kind} of {FILE}") } else { kind.clone() };
    Ok(account(credentials, &label, hidden, kind == "authorized_user"))
}

/// An address in the file that is not Google's: the refresh token would go there. The crate
/// has no hook for its HTTP, so who is asked is decided before it is.
fn stray(json: &Value) -> Option<String> {
    let fields = ["token_uri", "token_url", "service_account_impersonation_url"];
    fields.iter().flat_map(|name| every(json, name).into_iter().map(move |v| (name, v))).find_map(
        |(name, value)| {
            let url = value.as_str().and_then(|text| url::Url::parse(text).ok());
            let google = url.as_ref().is_some_and(|url| {
                let host = url.host_str().unwrap_or_default();
                let own = host == "accounts.google.com" || host.ends_with(".googleapis.com");
                is_loopback(url) || url.scheme() == "https" && own
            });
            let host = url.as_ref().and_then(|u| u.host_str()).unwrap_or("no host");
            (!google).then(|| format!("{name} names {}, which is not Google's", brief(host)))
        },
    )
}

/// Every value with this name, however deep: which of them the crate reads is its own affair.
fn every<'j>(json: &'j Value, name: &str) -> Vec<&'j Value> {
    let own = json.get(name).into_iter();
    let inner: Vec<&Value> = match json {
        Value::Object(fields) => fields.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    own.chain(inner.into_iter().flat_map(|value| every(value, name))).collect()
}

fn account(credentials: AccessTokenCredentials, label: &str, hidden: Vec<Secret>, login: bool) -> Account {
    Account {
        credentials,
        via: format!("Google application default credentials ({label})"),
        hidden,
        login,
        proved: AtomicBool::new(false),
        seen: std::sync::Mutex::new(None),
    }
}

/// The crate's builder for a kind of file; `None` where there is none.
fn from_json(
    kind: &str,
    json: Value,
    quota: Option<String>,
) -> Option<Result<AccessTokenCredentials, BuildError>> {
    macro_rules! finish {
        ($builder:expr) => {{
            let builder = $builder;
            let builder = match quota {
                Some(project) => builder.with_quota_project_id(project),
                None => builder,
            };
            Some(builder.build_access_token_credentials())
        }};
    }
    match kind {
        "authorized_user" => finish!(user_account::Builder::new(json).with_scopes([SCOPE])),
        "service_account" => finish!(
            service_account::Builder::new(json)
                .with_access_specifier(service_account::AccessSpecifier::from_scopes([SCOPE]))
        ),
        "impersonated_service_account" => finish!(impersonated::Builder::new(json).with_scopes([SCOPE])),
        "external_account" => finish!(external_account::Builder::new(json).with_scopes([SCOPE])),
        _ => None,
    }
}

#[cfg(test)]
#[path = "google_tests.rs"]
mod google_tests;
