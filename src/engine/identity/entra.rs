//! Tokens of Entra ID: which credential there is, and what its errors mean.
//!
//! The crate has no default chain, so the order is ours: a token as it stands, a
//! client secret, a workload's file, a managed identity where the environment
//! says that there is one, and the developer's own sign-in.

use std::ffi::OsStr;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, RetryOptions, Transport as AzureTransport};
use azure_identity::{
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    DeveloperToolsCredential, DeveloperToolsCredentialOptions, Executor, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};

use super::super::transport::Transport;
use super::azure_http::Carrier;
use super::{brief, causes, ours, secret};
use crate::model::Class;
use crate::model::Fault;
use crate::provider::ENTRA_TOKEN;
use crate::provider::Entra;
use crate::provider::Secret;
use crate::provider::Vars;
use crate::provider::entra;

const PUBLIC: &str = "https://login.microsoftonline.com";

/// What to do when there is nothing at all.
const SIGN_IN: &str = "set AZURE_OPENAI_API_KEY, run `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET";

/// A token and where it came from.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) token: Secret,
    pub(super) via: String,
}

/// A token that somebody fetched already; it wins over everything.
pub(super) fn given(vars: &Vars) -> Result<Option<Found>, Fault> {
    const NAME: &str = ENTRA_TOKEN;
    let Some(text) = vars.get(NAME) else { return Ok(None) };
    let token = Secret::parse(&text).map_err(|_| {
        Fault::new(Class::Key, format!("{NAME} holds line breaks or characters that no token has"))
            .hint(format!("export {NAME} again, as one line"))
    })?;
    Ok(token.map(|token| Found { token, via: NAME.to_owned() }))
}

/// Asks the first credential that is configured; a failure of it is said, not hidden
/// behind the next one.
pub(super) fn fetch(
    scope: &str,
    vars: &Vars,
    transport: &Arc<dyn Transport>,
) -> impl Future<Output = Result<(Found, Option<SystemTime>), Fault>> {
    let (scope, vars, transport) = (scope.to_owned(), vars.clone(), Arc::clone(transport));
    async move {
        let Some(kind) = entra(&vars, vars.is_process(), vars.is_process())? else {
            return Err(Fault::new(Class::Key, "no Entra ID credential is configured").hint(SIGN_IN));
        };
        let (credential, via) = build(kind, &vars, &transport)?;
        let token =
            credential.get_token(&[&scope], None).await.map_err(|e| explain(kind, &scope, &vars, &e))?;
        let found = Found { token: secret(token.token.secret())?, via: format!("Entra ID ({via})") };
        Ok((found, Some(token.expires_on.into())))
    }
}

fn build(
    kind: Entra,
    vars: &Vars,
    transport: &Arc<dyn Transport>,
) -> Result<(Arc<dyn TokenCredential>, String), Fault> {
    let need = |name: &str| {
        vars.get(name).map(|v| v.trim().to_owned()).ok_or_else(|| {
            Fault::new(Class::Key, format!("{name} is not set")).hint(format!("export {name}"))
        })
    };
    let setup = |e: azure_core::Error| {
        Fault::new(Class::Setup, brief(&causes(&e)))
            .hint("check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_AUTHORITY_HOST")
    };
    Ok(match kind {
        Entra::ClientSecret => {
            let client_options = options(vars, transport)?;
            let secret = need("AZURE_CLIENT_SECRET")?.into();
            let (tenant, client) = (need("AZURE_TENANT_ID")?, need("AZURE_CLIENT_ID")?);
            let options = ClientSecretCredentialOptions { client_options };
            let made = ClientSecretCredential::new(&tenant, client, secret, Some(options)).map_err(setup)?;
            (made, "client secret of AZURE_CLIENT_ID".into())
        }
        Entra::Workload => {
            let client_options = options(vars, transport)?;
            let options = WorkloadIdentityCredentialOptions {
                credential_options: ClientAssertionCredentialOptions { client_options },
                client_id: Some(need("AZURE_CLIENT_ID")?),
                tenant_id: Some(need("AZURE_TENANT_ID")?),
                token_file_path: Some(PathBuf::from(need("AZURE_FEDERATED_TOKEN_FILE")?)),
            };
            let made = WorkloadIdentityCredential::new(Some(options)).map_err(setup)?;
            (made, "workload identity of AZURE_FEDERATED_TOKEN_FILE".into())
        }
        Entra::Managed => {
            let options = ManagedIdentityCredentialOptions {
                user_assigned_id: vars.get("AZURE_CLIENT_ID").map(UserAssignedId::ClientId),
                client_options: options(vars, transport)?,
            };
            let made = ManagedIdentityCredential::new(Some(options)).map_err(|e| {
                Fault::new(Class::Setup, brief(&causes(&e)))
                    .hint("sign in with `az login` and unset AZURE_TOKEN_CREDENTIALS, or use a key")
            })?;
            (made, "managed identity".into())
        }
        Entra::Tools => {
            let options = DeveloperToolsCredentialOptions { executor: Some(Arc::new(Quiet)) };
            let made = DeveloperToolsCredential::new(Some(options)).map_err(setup)?;
            (made, "az or azd sign-in".into())
        }
    })
}

/// Our transport, no second tries, and the authority of `AZURE_AUTHORITY_HOST`.
fn options(vars: &Vars, transport: &Arc<dyn Transport>) -> Result<ClientOptions, Fault> {
    let (authority, plain) = authority(vars)?;
    let mut cloud = CustomConfiguration::default();
    cloud.authority_host = authority;
    let carrier = Carrier { transport: Arc::clone(transport), plain };
    Ok(ClientOptions {
        transport: Some(AzureTransport::new(Arc::new(carrier))),
        retry: RetryOptions::none(),
        cloud: Some(Arc::new(cloud.into())),
        ..ClientOptions::default()
    })
}

/// The authority as the crate takes it, and as it really is where it is this
/// machine and speaks plain HTTP.
fn authority(vars: &Vars) -> Result<(String, Option<url::Url>), Fault> {
    const NAME: &str = "AZURE_AUTHORITY_HOST";
    let wrong = |why: &str| {
        Fault::new(Class::Setup, format!("{NAME} {why}"))
            .hint("write it like https://login.microsoftonline.us, or unset it")
    };
    let Some(text) = vars.get(NAME) else { return Ok((PUBLIC.to_owned(), None)) };
    let text = text.trim();
    // Other clouds' tools write the bare host.
    let text = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = url::Url::parse(&text).map_err(|_| wrong("is not a URL"))?;
    let local = match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => return Err(wrong("has no host")),
    };
    match url.scheme() {
        "https" => Ok((text, None)),
        "http" if local => {
            let host = url.host_str().unwrap_or_default();
            let port = url.port_or_known_default().unwrap_or(80);
            Ok((format!("https://{host}:{port}"), Some(url)))
        }
        _ => Err(wrong("would send the client's secret without TLS")),
    }
}

/// Runs `az` and `azd` where they can neither read the keyboard nor outlive us:
/// the crate's own runner lets them read what is typed into the screen.
#[derive(Debug)]
struct Quiet;

#[async_trait]
impl Executor for Quiet {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
        tokio::process::Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
    }
}

/// Entra's error numbers, what they mean, and what to do.
const CODES: &[(&str, Class, &str, &str)] = &[
    (
        "AADSTS7000215",
        Class::Key,
        "the client secret is wrong",
        "correct AZURE_CLIENT_SECRET: it wants the secret's value, not its id",
    ),
    (
        "AADSTS7000222",
        Class::Key,
        "the client secret has expired",
        "make a new secret in the app registration and set AZURE_CLIENT_SECRET",
    ),
    ("AADSTS7000216", Class::Key, "a client secret or assertion is wanted", "set AZURE_CLIENT_SECRET"),
    (
        "AADSTS700016",
        Class::Key,
        "the tenant knows no such application",
        "correct AZURE_CLIENT_ID, or AZURE_TENANT_ID if it belongs to another tenant",
    ),
    (
        "AADSTS90002",
        Class::Key,
        "there is no such tenant",
        "correct AZURE_TENANT_ID, and AZURE_AUTHORITY_HOST if it is in another cloud",
    ),
    ("AADSTS900023", Class::Key, "that is not a tenant", "correct AZURE_TENANT_ID"),
    (
        "AADSTS700024",
        Class::Key,
        "the workload's token has expired",
        "look at what renews the file of AZURE_FEDERATED_TOKEN_FILE",
    ),
    (
        "AADSTS70021",
        Class::Key,
        "no federated credential fits the workload's token",
        "add one to the application of AZURE_CLIENT_ID",
    ),
    (
        "AADSTS700213",
        Class::Key,
        "no federated credential fits the workload's token",
        "add one to the application of AZURE_CLIENT_ID",
    ),
    ("AADSTS500011", Class::Setup, "the tenant knows no such resource", "check the endpoint's scope"),
    ("AADSTS70011", Class::Setup, "the scope is not valid", "check the endpoint's scope"),
    ("AADSTS700082", Class::Key, "the sign-in has expired", "run `az login`"),
    ("AADSTS50173", Class::Key, "the sign-in has expired", "run `az login`"),
    ("AADSTS70043", Class::Key, "the sign-in has expired", "run `az login`"),
    ("AADSTS50076", Class::Key, "a second factor is wanted", "run `az login`"),
];

fn explain(kind: Entra, scope: &str, vars: &Vars, error: &azure_core::Error) -> Fault {
    if let Some(mut fault) = ours(error) {
        fault.message = format!("Entra ID: {}", fault.message);
        return fault;
    }
    let said = causes(error);
    let said = match vars.get("AZURE_CLIENT_SECRET").and_then(|s| Secret::parse(&s).ok().flatten()) {
        Some(secret) => secret.scrub(&said),
        None => said,
    };
    if let Some((code, class, means, hint)) = CODES.iter().find(|(code, ..)| {
        // The whole number: one is the beginning of another.
        said.match_indices(code).any(|(at, _)| {
            let rest = said.get(at + code.len()..).unwrap_or_default();
            !rest.starts_with(|c: char| c.is_ascii_digit())
        })
    }) {
        let mut fault = Fault::new(*class, format!("Entra ID: {means} ({code})")).hint(*hint);
        fault.code = Some((*code).to_owned());
        return fault;
    }
    match kind {
        Entra::Tools => tools(scope, &said),
        Entra::Managed => {
            Fault::new(Class::Key, format!("the managed identity gave no token: {}", brief(&said)))
                .hint("give this machine an identity, or name a user-assigned one with AZURE_CLIENT_ID")
        }
        Entra::ClientSecret | Entra::Workload => {
            let line = said.split("authentication failed.").nth(1).unwrap_or(&said);
            Fault::new(Class::Key, format!("Entra ID gave no token: {}", brief(line)))
                .hint("check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET")
        }
    }
}

/// What `az` and `azd` said between them; `az` is what most people have.
fn tools(scope: &str, said: &str) -> Fault {
    let lower = said.to_ascii_lowercase();
    if lower.contains("az not found on path") && lower.contains("azd not found on path") {
        return Fault::new(Class::Key, "no Entra ID credential is configured, and az is not installed")
            .hint("set AZURE_OPENAI_API_KEY, install the Azure CLI and run `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET");
    }
    if lower.contains("az login") || lower.contains("azd auth login") || lower.contains("not logged in") {
        return Fault::new(Class::Key, "az is not signed in, or its sign-in has expired").hint(SIGN_IN);
    }
    let az = said.split("AzureCliCredential authentication failed.").nth(1).unwrap_or(said);
    Fault::new(Class::Key, format!("az gave no token: {}", brief(az)))
        .hint(format!("run `az account get-access-token --scope {scope}` by hand, then `az login`"))
}

#[cfg(test)]
#[path = "entra_tests.rs"]
mod entra_tests;
