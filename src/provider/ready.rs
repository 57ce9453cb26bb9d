//! What this machine can reach with the credentials it already has.

use super::row::{Chain, Place, Provider};
use super::secret::Vars;

/// Credentials and places that are in files and not in variables; whoever reads files
/// fills this in. Each credential in words: where it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    /// `~/.aws/config`, `~/.aws/credentials`.
    pub aws: Option<String>,
    /// The region of the AWS profile.
    pub aws_region: Option<String>,
    /// Google's application default credentials.
    pub google: Option<String>,
    /// The project that they name.
    pub google_project: Option<String>,
    /// A sign-in of the `az` or `azd` tool.
    pub entra: Option<String>,
}

impl Machine {
    /// The variables with what the files say where no variable says it.
    #[must_use]
    pub fn over(&self, vars: &Vars) -> Vars {
        let mut vars = vars.clone();
        let region = ["AWS_REGION", "AWS_DEFAULT_REGION"];
        if let Some(found) = self.aws_region.as_ref().filter(|_| vars.first(&region).is_none()) {
            vars = vars.with("AWS_REGION", found);
        }
        if let Some(found) = &self.google_project
            && vars.get("GOOGLE_CLOUD_PROJECT").is_none()
        {
            vars = vars.with("GOOGLE_CLOUD_PROJECT", found);
        }
        vars
    }
}

/// Where the credential for a provider is, or in words what is missing. A server on this
/// machine needs none; whether it runs is another question.
///
/// # Errors
/// `no key: …`, `no AWS credentials: …`: a phrase for a list.
pub fn ready(row: &Provider, vars: &Vars, machine: &Machine) -> Result<String, String> {
    let keys: Vec<_> = row.apis.iter().flat_map(|a| a.keys).chain(row.keys).map(|k| k.name).collect();
    let key = vars.first(&keys).map(|(name, _)| name.to_owned());
    let found = match (key, row.chain) {
        (Some(key), _) => key,
        (None, Chain::None) if !row.key_required => "no key needed".to_owned(),
        (None, Chain::None) => return Err(format!("no key: {}", keys.join(" or "))),
        (None, Chain::Aws) => {
            let variables = [
                "AWS_ACCESS_KEY_ID",
                "AWS_PROFILE",
                "AWS_WEB_IDENTITY_TOKEN_FILE",
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            ];
            let named = vars.first(&variables).map(|(n, _)| n.to_owned());
            named
                .or_else(|| machine.aws.clone())
                .ok_or("no AWS credentials: AWS_PROFILE, AWS_ACCESS_KEY_ID or AWS_BEARER_TOKEN_BEDROCK")?
        }
        (None, Chain::Google) => {
            let named = vars.first(&["GOOGLE_APPLICATION_CREDENTIALS"]).map(|(n, _)| n.to_owned());
            named
                .or_else(|| machine.google.clone())
                .ok_or("no Google credentials: run `gcloud auth application-default login`")?
        }
        (None, Chain::Entra) => {
            let variables = ["AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE", "IDENTITY_ENDPOINT"];
            let named = vars.first(&variables).map(|(n, _)| format!("Entra ID: {n}"));
            named.or_else(|| machine.entra.clone()).ok_or("no key: AZURE_OPENAI_API_KEY, or `az login`")?
        }
    };
    let placed = |names: &[&str]| vars.first(names).is_some();
    match row.place {
        Place::Resource if !placed(row.place_vars) && !placed(row.base_url_vars) => {
            Err(format!("no resource: {}", row.base_url_vars.join(" or ")))
        }
        Place::Region
            if !placed(row.place_vars) && !placed(row.base_url_vars) && machine.aws_region.is_none() =>
        {
            Err(format!("no region: {}", row.place_vars.first().copied().unwrap_or_default()))
        }
        Place::Location if !placed(&["GOOGLE_CLOUD_PROJECT"]) && machine.google_project.is_none() => {
            Err("no project: GOOGLE_CLOUD_PROJECT".into())
        }
        _ => Ok(found),
    }
}
