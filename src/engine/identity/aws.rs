//! AWS: one credential chain for every endpoint and region, kept by us, used by
//! the SDK's client and by our own signatures alike.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use aws_config::identity::IdentityCache;
use aws_config::meta::ProviderChainError;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_types::error::ErrorMetadata;
use http::HeaderName;
use tokio::sync::Mutex;

use super::{Flight, LIMIT, Signed, brief, causes, ours, put};
use crate::engine::aws_http::http_client;
use crate::engine::transport::{Outgoing, Transport, deepest};
use crate::model::Class;
use crate::model::Fault;
use crate::provider::Secret;
use crate::provider::Vars;
use crate::provider::no_fips;

/// What to do when there is nothing at all.
const SIGN_IN: &str = "set AWS_PROFILE to a profile of ~/.aws/config (and run `aws sso login`), \
                       AWS_ACCESS_KEY_ID or AWS_BEARER_TOKEN_BEDROCK";

/// Loaded SDK configurations by region, all over one chain of credentials: panes in
/// two regions still make one call for a role.
#[derive(Default)]
pub(in crate::engine) struct Accounts {
    loaded: Mutex<HashMap<Option<String>, SdkConfig>>,
    chain: Arc<OnceLock<Chain>>,
}

impl Accounts {
    /// The SDK's configuration for a region; its credentials are fetched when they are
    /// first needed.
    pub(in crate::engine) async fn get(
        &self,
        region: Option<String>,
        transport: &Arc<dyn Transport>,
    ) -> SdkConfig {
        let mut loaded = self.loaded.lock().await;
        if let Some(config) = loaded.get(&region) {
            return config.clone();
        }
        let config = loader(region.as_deref(), transport)
            .credentials_provider(self.shared(region.as_deref(), transport))
            // Ours keeps them already, for longer than one region's client.
            .identity_cache(IdentityCache::no_cache())
            .load()
            .await;
        loaded.insert(region, config.clone());
        config
    }

    fn shared(&self, region: Option<&str>, transport: &Arc<dyn Transport>) -> SharedChain {
        let chain = self.chain.get_or_init(|| Chain {
            transport: Arc::clone(transport),
            region: OnceLock::new(),
            flight: Flight::default(),
        });
        if let Some(region) = region {
            // The first one stays: a role's credentials are good in all of them.
            let _ = chain.region.set(region.to_owned());
        }
        SharedChain(Arc::clone(&self.chain))
    }

    /// Fetches the credentials if they are not here yet; says where they come from, and what
    /// must be taken out of anything that comes back.
    ///
    /// # Errors
    /// A fault of class `Key` where there are none.
    pub(in crate::engine) async fn ready(
        &self,
        region: Option<&str>,
        vars: &Vars,
        transport: &Arc<dyn Transport>,
    ) -> Result<(Credentials, Signed), Fault> {
        let found = self.shared(region, transport).credentials().await?;
        let signed = Signed { via: via(vars), secrets: hidden(&found) };
        Ok((found, signed))
    }

    /// Signs the exact body of a request.
    ///
    /// # Errors
    /// A fault of class `Key` where there are no credentials.
    pub(super) async fn sign(
        &self,
        service: &str,
        region: &str,
        vars: &Vars,
        transport: &Arc<dyn Transport>,
        outgoing: &mut Outgoing,
    ) -> Result<Signed, Fault> {
        let (credentials, via) = if vars.is_process() {
            fips(&self.get(Some(region.to_owned()), transport).await, &outgoing.url)?;
            let found = self.shared(Some(region), transport).credentials().await?;
            (found, via(vars))
        } else {
            // Without the process's environment there are the two variables, and no files.
            let no = || Fault::new(Class::Key, "no AWS credentials are set").hint(SIGN_IN);
            let (key, hidden) =
                vars.get("AWS_ACCESS_KEY_ID").zip(vars.get("AWS_SECRET_ACCESS_KEY")).ok_or_else(no)?;
            let found = Credentials::new(key, hidden, vars.get("AWS_SESSION_TOKEN"), None, "variables");
            (found, "AWS_ACCESS_KEY_ID".to_owned())
        };
        let secrets = hidden(&credentials);
        add_signature(service, region, credentials, SystemTime::now(), outgoing)?;
        Ok(Signed { via, secrets })
    }
}

/// Holds back what a profile with `use_fips_endpoint` would not send to this host. A host that
/// is not AWS's own has no such variant.
///
/// # Errors
/// `Setup`, with where to write the other host.
pub(in crate::engine) fn fips(config: &SdkConfig, url: &str) -> Result<(), Fault> {
    let url = url::Url::parse(url).ok();
    let host = url.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
    let plain = host.ends_with(".amazonaws.com") && !host.contains("-fips.");
    if plain && config.use_fips() == Some(true) { Err(no_fips("use_fips_endpoint")) } else { Ok(()) }
}

fn hidden(credentials: &Credentials) -> Vec<Secret> {
    let all = [Some(credentials.secret_access_key()), credentials.session_token()];
    all.into_iter().flatten().filter_map(|s| Secret::parse(s).ok().flatten()).collect()
}

/// How credentials are renewed that Bedrock did not take, by where they are from.
pub(in crate::engine) fn renewal(via: Option<&str>) -> String {
    let profile = via.and_then(|v| v.split_once("(profile ")?.1.strip_suffix(')'));
    match (via, profile) {
        (_, Some(name)) => format!(
            "renew profile {name}: run `aws sso login --profile {name}` if it signs in that way, else correct its keys"
        ),
        (Some("AWS_ACCESS_KEY_ID"), _) => {
            "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for temporary ones, AWS_SESSION_TOKEN anew"
                .to_owned()
        }
        (Some(chain), _) if chain == crate::provider::Chain::Aws.label() => SIGN_IN.to_owned(),
        (Some(name), _) => format!(
            "set {name} anew: a Bedrock key ends with its time, and a short-term one is good only in the region that it \
             was made for"
        ),
        (None, _) => SIGN_IN.to_owned(),
    }
}

fn via(vars: &Vars) -> String {
    if vars.get("AWS_ACCESS_KEY_ID").is_some() && vars.get("AWS_SECRET_ACCESS_KEY").is_some() {
        return "AWS_ACCESS_KEY_ID".to_owned();
    }
    match vars.get("AWS_PROFILE") {
        Some(name) => format!("AWS credential chain (profile {})", brief(&name)),
        None => "AWS credential chain".to_owned(),
    }
}

fn loader(region: Option<&str>, transport: &Arc<dyn Transport>) -> ConfigLoader {
    // The SDK's default region chain ends at the instance metadata service, which a
    // laptop waits for in vain; the profile's region is as far as ours goes.
    let own = region.map(|r| Region::new(r.to_owned()));
    let chain = aws_config::meta::region::RegionProviderChain::first_try(own)
        .or_else(ProfileFileRegionProvider::new());
    aws_config::defaults(BehaviorVersion::latest())
        .region(chain)
        .http_client(http_client(Arc::clone(transport), None))
        .retry_config(RetryConfig::disabled())
}

/// The SDK's default chain, walked anew for every fetch: a profile that was mended,
/// or an `aws sso login` in another window, counts at once. (The SDK's own chain
/// remembers a broken profile for good.)
struct Chain {
    transport: Arc<dyn Transport>,
    region: OnceLock<String>,
    flight: Flight<Credentials>,
}

impl Chain {
    async fn walk(&self) -> Result<(Credentials, Option<SystemTime>), Fault> {
        let profile = Vars::process().get("AWS_PROFILE");
        let region = self.region.get().map(String::as_str);
        let config = loader(region, &self.transport).load().await;
        let Some(provider) = config.credentials_provider() else {
            return Err(Fault::new(Class::Key, "no AWS credentials were found").hint(SIGN_IN));
        };
        let found = provider.provide_credentials().await;
        let found = found.map_err(|e| explain(&e, profile.as_deref()))?;
        let expires = found.expiry();
        Ok((found, expires))
    }
}

/// The chain as the SDK's client and our signatures ask it.
#[derive(Clone)]
struct SharedChain(Arc<OnceLock<Chain>>);

impl fmt::Debug for SharedChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedChain")
    }
}

impl SharedChain {
    async fn credentials(&self) -> Result<Credentials, Fault> {
        let Some(chain) = self.0.get() else {
            return Err(Fault::new(Class::Internal, "AWS credentials before their chain"));
        };
        let hang = || {
            let login = login(Vars::process().get("AWS_PROFILE").as_deref());
            Fault::new(Class::Key, format!("AWS credentials took longer than {} s", LIMIT.as_secs())).hint(
                format!(
                    "run the profile's credential_process or {login} by hand and look at what it waits for"
                ),
            )
        };
        // The SDK's chain is a future of many kilobytes.
        chain.flight.get(hang, Box::pin(chain.walk())).await
    }
}

impl ProvideCredentials for SharedChain {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        // The fault travels through the client as the error's source and comes back out.
        future::ProvideCredentials::new(async {
            self.credentials().await.map_err(CredentialsError::provider_error)
        })
    }
}

fn add_signature(
    service: &str,
    region: &str,
    credentials: Credentials,
    now: SystemTime,
    outgoing: &mut Outgoing,
) -> Result<(), Fault> {
    let unsigned = |e: &dyn Error| {
        Fault::new(Class::Internal, format!("the request could not be signed: {}", brief(&e.to_string())))
    };
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .map_err(|e| unsigned(&e))?
        .into();
    // Only what nothing on the way may change; the crate adds host, date and session.
    let kind = outgoing.headers.get(http::header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let headers = kind.map(|text| ("content-type", text)).into_iter();
    let body = SignableBody::Bytes(&outgoing.body);
    let request = SignableRequest::new(outgoing.method.as_str(), outgoing.url.as_str(), headers, body);
    let request = request.map_err(|e| unsigned(&e))?;
    let (made, _) = sign(request, &params).map_err(|e| unsigned(&e))?.into_parts();
    for (name, text) in made.headers() {
        let name = name.parse::<HeaderName>().map_err(|e| unsigned(&e))?;
        put(outgoing, name, text)?;
    }
    Ok(())
}

fn login(profile: Option<&str>) -> String {
    match profile {
        Some(name) => format!("`aws sso login --profile {}`", brief(name)),
        None => "`aws sso login`".to_owned(),
    }
}

fn explain(error: &CredentialsError, profile: Option<&str>) -> Fault {
    if let Some(mut found) = ours(error) {
        found.message = format!("AWS credentials: {}", found.message);
        return found;
    }
    if let Some(tried) = error.source().and_then(|e| e.downcast_ref::<ProviderChainError<CredentialsError>>())
    {
        // The profile is the only one of them that somebody meant when it is named.
        let meant = tried.attempts().iter().find(|a| a.name() == "Profile").map(|a| causes(a.error()));
        return nothing(profile, meant.as_deref().and_then(|text| text.split_once(": ")).map(|(_, why)| why));
    }
    fault(error, profile)
}

/// Every place was looked at, and none of them had anything.
fn nothing(profile: Option<&str>, why: Option<&str>) -> Fault {
    let Some(name) = profile.map(brief) else {
        return Fault::new(Class::Key, "no AWS credentials were found").hint(SIGN_IN);
    };
    let why = why.map(|w| format!(": {}", brief(w))).unwrap_or_default();
    Fault::new(Class::Key, format!("no AWS credentials were found for profile {name}{why}")).hint(format!(
        "check AWS_PROFILE, run {} if it signs in with SSO, or `aws configure --profile {name}`",
        login(profile)
    ))
}

/// The cause at the bottom, without the words around it that say nothing.
fn said(error: &(dyn Error + 'static)) -> String {
    const EMPTY: [&str; 3] = [
        "ProfileFile provider could not be built: ",
        "Error retrieving credentials from external process, ",
        "Error retrieving credentials: ",
    ];
    let mut cause = Some(error);
    while let Some(e) = cause {
        // The service's own sentence; the SDK would print it as a structure.
        if let Some(message) = e.downcast_ref::<ErrorMetadata>().and_then(ErrorMetadata::message) {
            return brief(message);
        }
        cause = e.source();
    }
    let text = deepest(error);
    brief(EMPTY.iter().fold(text.as_str(), |text, empty| text.strip_prefix(empty).unwrap_or(text)))
}

/// What the chain's words mean, its own and those of every cause beneath them.
pub(in crate::engine) fn fault(error: &(dyn Error + 'static), profile: Option<&str>) -> Fault {
    let lower = causes(error).to_ascii_lowercase();
    let has = |pieces: &[&str]| pieces.iter().any(|p| lower.contains(p));
    let cause = said(error);
    let whose = profile.map(|p| format!(" of profile {}", brief(p))).unwrap_or_default();
    let key = |message: String| Fault::new(Class::Key, message);
    let setup = |message: String| Fault::new(Class::Setup, message);
    if has(&["no credentials found in chain", "no providers"]) {
        return nothing(profile, None);
    }
    if has(&["sso-session", "invalid sso config"]) {
        return setup(format!("the SSO settings{whose} are not complete: {cause}"))
            .hint("correct them in ~/.aws/config, or run `aws configure sso`");
    }
    if has(&["credentials-login"]) {
        return setup(format!("a sign-in with `aws login`{whose} cannot be used here"))
            .hint("run `aws configure export-credentials --format env` and export what it prints");
    }
    if has(&[
        "invalid profile",
        "profile formed an infinite loop",
        "profile referenced",
        "could not be built",
    ]) {
        return setup(format!("the AWS profile cannot be used: {cause}")).hint("correct it in ~/.aws/config");
    }
    if has(&["external process", "credential process", "credential_process"]) {
        return key(format!("the credential_process{whose} failed: {cause}"))
            .hint("run that command by hand, and sign in to what it asks");
    }
    if has(&["sso", "unauthorizedexception"]) {
        return key(format!("the AWS sign-in{whose} has expired or is missing ({cause})"))
            .hint(format!("run {}", login(profile)));
    }
    if has(&["web identity", "webidentity", "web_identity", "invalididentitytoken", "idprejectedclaim"]) {
        return key(format!("AWS does not accept the web identity: {cause}"))
            .hint("check AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN and the role's trust policy");
    }
    if has(&["expiredtoken", "token included in the request is expired"]) {
        return key(format!("the AWS credentials{whose} have expired"))
            .hint(format!("renew them: run {}, or export new ones", login(profile)));
    }
    if has(&["accessdenied", "assumerole", "assume role"]) {
        return key(format!("the role{whose} could not be assumed: {cause}"))
            .hint("check role_arn in the profile and the role's trust policy");
    }
    if has(&["os error"]) {
        return key(format!("a file of the AWS credentials{whose} cannot be read: {cause}"))
            .hint("check AWS_WEB_IDENTITY_TOKEN_FILE, and the files that the profile names");
    }
    key(format!("there are no AWS credentials{whose}: {cause}")).hint(if profile.is_some() {
        format!("run {}, or correct the profile", login(profile))
    } else {
        SIGN_IN.to_owned()
    })
}

#[cfg(test)]
#[path = "aws_tests.rs"]
mod aws_tests;
