//! Who a request is sent as, where no key says it: decided here, fetched by the engine.

use std::path::PathBuf;

use super::row::Chain;
use super::secret::Vars;
use crate::model::Class;
use crate::model::Fault;

/// What the engine adds to a request before its clock starts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Identity {
    /// The headers say it already, or the server asks for nothing.
    #[default]
    None,
    /// `authorization: Bearer` with a token of Entra ID for this scope (`https://ai.azure.com/.default`).
    Entra { scope: String },
    /// `authorization: Bearer` with a token of Google's application default credentials,
    /// and `x-goog-user-project` where they name a quota project.
    Google,
    /// AWS Signature Version 4 over the whole request.
    SigV4 {
        /// The name the door signs with: `bedrock` or `bedrock-mantle`.
        service: &'static str,
        region: String,
    },
}

/// What announces a credential: variables that must all be set.
pub type Announced = &'static [&'static str];

/// A service principal's secret.
pub const ENTRA_SECRET: Announced = &["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"];
/// A workload's file.
pub const ENTRA_WORKLOAD: Announced = &["AZURE_FEDERATED_TOKEN_FILE", "AZURE_TENANT_ID", "AZURE_CLIENT_ID"];
/// Hosts that give their program an identity, of the kind that Azure's library speaks to. Its
/// Cloud Shell and Arc machines announce theirs otherwise, and there `az` answers.
pub const ENTRA_MANAGED: Announced = &["IDENTITY_ENDPOINT", "IDENTITY_HEADER"];
/// The variable that names Google's file.
pub const GOOGLE_FILE: &str = "GOOGLE_APPLICATION_CREDENTIALS";
/// Machines of Google's, which have a metadata server.
pub const GOOGLE_HOSTED: [Announced; 4] =
    [&["GCE_METADATA_HOST"], &["K_SERVICE"], &["CLOUD_RUN_JOB"], &["GAE_ENV"]];

/// A profile is in files: [`super::Machine`] has it.
const AWS: [Announced; 4] = [
    &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
    &["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"],
    &["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"],
    &["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
];

/// Whether all variables of one announcement are set.
#[must_use]
pub fn announced(vars: &Vars, by: Announced) -> bool {
    by.iter().all(|name| vars.get(name).is_some())
}

/// The variable that stands for what a chain would find in the environment.
#[must_use]
pub fn in_environment(chain: Chain, vars: &Vars) -> Option<&'static str> {
    let google: [Announced; 1] = [&[GOOGLE_FILE]];
    let sources: Vec<Announced> = match chain {
        // Entra's has an order and a switch of its own.
        Chain::None | Chain::Entra => Vec::new(),
        Chain::Aws => AWS.to_vec(),
        Chain::Google => google.into_iter().chain(GOOGLE_HOSTED).collect(),
    };
    sources.into_iter().find(|by| announced(vars, by))?.first().copied()
}

/// The credentials of Entra ID, in the order in which they are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entra {
    ClientSecret,
    Workload,
    Managed,
    /// A sign-in of `az` or `azd`.
    Tools,
}

/// A token of Entra ID that somebody fetched already; it wins over everything.
pub const ENTRA_TOKEN: &str = "AZURE_OPENAI_AD_TOKEN";

/// Which credential of Entra ID is asked: the first that is there, of those that
/// `AZURE_TOKEN_CREDENTIALS` allows. `hosted` is whether this may be a host of Azure's,
/// `tools` whether its tools may be asked.
///
/// # Errors
/// `Setup`, with the words that the variable takes.
pub fn entra(vars: &Vars, hosted: bool, tools: bool) -> Result<Option<Entra>, Fault> {
    const SELECT: &str = "AZURE_TOKEN_CREDENTIALS";
    let asked = vars.get(SELECT).map(|s| s.trim().to_ascii_lowercase());
    let allowed: &[Entra] = match asked.as_deref() {
        None => &[Entra::ClientSecret, Entra::Workload, Entra::Managed, Entra::Tools],
        Some("prod") => &[Entra::ClientSecret, Entra::Workload, Entra::Managed],
        Some("dev" | "azureclicredential" | "azuredeveloperclicredential") => &[Entra::Tools],
        Some("environmentcredential") => &[Entra::ClientSecret],
        Some("workloadidentitycredential") => &[Entra::Workload],
        Some("managedidentitycredential") => &[Entra::Managed],
        Some(other) => {
            let other: String = other.chars().take(60).collect();
            return Err(Fault::new(Class::Setup, format!("{SELECT}={other} is not known here"))
                .hint("use dev, prod, EnvironmentCredential, WorkloadIdentityCredential, ManagedIdentityCredential or AzureCliCredential, or unset it"));
        }
    };
    let there = |kind: Entra| match kind {
        Entra::ClientSecret => announced(vars, ENTRA_SECRET),
        // Its other two variables are asked for by name when it is built.
        Entra::Workload => vars.get("AZURE_FEDERATED_TOKEN_FILE").is_some(),
        // The address that virtual machines have is asked on request only: elsewhere
        // it is a wait for nothing.
        Entra::Managed => {
            let told = asked.as_deref() == Some("managedidentitycredential");
            hosted && (told || announced(vars, ENTRA_MANAGED))
        }
        Entra::Tools => tools,
    };
    Ok(allowed.iter().copied().find(|kind| there(*kind)))
}

/// Where Google's file of application default credentials would be, and whether a variable names it.
#[must_use]
pub fn google_file(vars: &Vars) -> Option<(PathBuf, bool)> {
    const NAME: &str = "application_default_credentials.json";
    if let Some(path) = vars.get(GOOGLE_FILE) {
        return Some((PathBuf::from(path), true));
    }
    let dir = if let Some(dir) = vars.get("CLOUDSDK_CONFIG") {
        PathBuf::from(dir)
    } else if cfg!(windows) {
        PathBuf::from(vars.get("APPDATA")?).join("gcloud")
    } else {
        PathBuf::from(vars.get("HOME")?).join(".config/gcloud")
    };
    Some((dir.join(NAME), false))
}
