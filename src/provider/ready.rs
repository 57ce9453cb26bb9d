//! What this machine can reach with the credentials it already has.

use super::family::out_of_region;
use super::identity::{ENTRA_TOKEN, ENTRA_WORKLOAD, Entra, Identity, entra, in_environment};
use super::row::{Api, Auth, Chain, Provider};
use super::secret::Vars;
use super::spec::unknown_provider;
use super::table::provider;
use super::{api_of, resolve};
use crate::model::Endpoint;
use crate::model::KeySource;
use crate::model::Prompt;

/// Credentials and places that are in files and not in variables; whoever reads files
/// fills this in. Each credential in words: where it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    /// The AWS profile that is meant, or the role of an instance.
    pub aws: Option<String>,
    /// The profile that `AWS_PROFILE` names, where it gives no credentials.
    pub aws_empty: Option<String>,
    /// What is wrong with the AWS tools' files.
    pub aws_fault: Option<String>,
    /// The region of the AWS profile.
    pub aws_region: Option<String>,
    /// Google's application default credentials.
    pub google: Option<String>,
    /// The project that they name.
    pub google_project: Option<String>,
    /// A sign-in of the `az` or `azd` tool.
    pub entra: Option<String>,
}

/// What the AWS tools' files say of the profile that is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsProfile {
    pub name: String,
    pub region: Option<String>,
    /// It says how to come by credentials; whether that works is another question.
    pub gives: bool,
    /// Why the files cannot be read, where they are there.
    pub fault: Option<String>,
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

/// Where the credential for an endpoint is, or in words what is missing: what asking it
/// would find, as far as variables and files tell. A server on this machine needs none;
/// whether it runs is another question.
///
/// # Errors
/// `no key: …`, `no AWS credentials: …`: a phrase for a list.
pub fn ready(endpoint: &Endpoint, vars: &Vars, machine: &Machine) -> Result<String, String> {
    let mut vars = machine.over(vars);
    let row = provider(&endpoint.provider).ok_or_else(|| unknown_provider(&endpoint.provider))?;
    let api = api_of(row, endpoint).map_err(|fault| fault.message)?;
    let found = credential(row, api, endpoint, &vars, machine)?;
    if let Some(source) = &endpoint.key
        && vars.get(&source.label()).is_none()
    {
        // A command or a keyring is asked when the endpoint is; here it stands for what it gives.
        vars = vars.with(&source.label(), "fetched-later");
    }
    if let Some(why) = out_of_region(endpoint, &vars) {
        return Err(why);
    }
    let request = resolve(endpoint, &Prompt::new("?"), &vars, None).map_err(|fault| fault.message)?;
    if request.aws.as_ref().is_some_and(|aws| aws.region.is_none()) {
        return Err(format!("no AWS region: {} is not set", row.place_vars.join(" or ")));
    }
    // What would be sent is the last word: a key that is here may be for other hosts.
    let chained = request.identity != Identity::None || request.aws.is_some_and(|aws| aws.signs());
    Ok(match request.via {
        Some(key) if !chained => key,
        None if !chained && endpoint.auth.as_deref() == Some("none") => "no key wanted".into(),
        None if !chained => "no key needed".into(),
        _ => found,
    })
}

/// Where a credential is, from variables and files; whether it is sent is judged later.
fn credential(
    row: &Provider,
    api: &Api,
    endpoint: &Endpoint,
    vars: &Vars,
    machine: &Machine,
) -> Result<String, String> {
    let auth = endpoint.auth.as_deref();
    match &endpoint.key {
        Some(KeySource::Env(name)) if vars.get(name).is_none() => return Err(format!("{name} is not set")),
        Some(source) => return Ok(source.label()),
        None if auth == Some("none") => return Ok(String::new()),
        None => {}
    }
    let keys: Vec<_> = api.keys.iter().chain(row.keys).map(|k| k.name).collect();
    let key = vars.first(&keys).map(|(name, _)| name.to_owned());
    if let Some(key) = key.filter(|_| row.chain == Chain::None || auth != Some(row.chain.word())) {
        return Ok(key);
    }
    let none = || match row.chain {
        Chain::None => format!("no key: {}", keys.join(" or ")),
        Chain::Aws => match (&machine.aws_fault, &machine.aws_empty) {
            (Some(fault), _) => format!("no AWS credentials: {fault}"),
            (None, Some(name)) => format!("no AWS credentials: profile {name} gives none"),
            (None, None) => {
                "no AWS credentials: AWS_PROFILE, AWS_ACCESS_KEY_ID or AWS_BEARER_TOKEN_BEDROCK".to_owned()
            }
        },
        Chain::Google => "no Google credentials: run `gcloud auth application-default login`".to_owned(),
        Chain::Entra => format!("no key: {}, or `az login`", own_key(row, api)),
    };
    if row.chain != Chain::None && auth == Some("key") {
        return Err(none());
    }
    let variable = in_environment(row.chain, vars).map(str::to_owned);
    match row.chain {
        Chain::None if !row.key_required && auth != Some("key") => Ok(String::new()),
        Chain::None => Err(none()),
        Chain::Aws => variable.or_else(|| machine.aws.clone()).ok_or_else(none),
        Chain::Google => variable.or_else(|| machine.google.clone()).ok_or_else(none),
        Chain::Entra => by_entra(vars, machine)?.ok_or_else(none),
    }
}

/// Where a token of Entra ID would come from.
fn by_entra(vars: &Vars, machine: &Machine) -> Result<Option<String>, String> {
    if vars.get(ENTRA_TOKEN).is_some() {
        return Ok(Some(ENTRA_TOKEN.to_owned()));
    }
    let chosen = entra(vars, true, machine.entra.is_some()).map_err(|fault| fault.message)?;
    Ok(match chosen {
        Some(Entra::ClientSecret) => Some("AZURE_CLIENT_SECRET".into()),
        Some(Entra::Workload) => match ENTRA_WORKLOAD.iter().find(|name| vars.get(name).is_none()) {
            Some(missing) => return Err(format!("{missing} is not set")),
            None => Some("AZURE_FEDERATED_TOKEN_FILE".into()),
        },
        Some(Entra::Managed) => Some("managed identity".into()),
        Some(Entra::Tools) => machine.entra.clone(),
        None => None,
    })
}

/// The key that people set: of an API's own, else the row's first that is no token.
fn own_key(row: &Provider, api: &Api) -> &'static str {
    let keys = api.keys.iter().chain(row.keys);
    let plain = keys.clone().find(|k| k.auth != Auth::Bearer).or(keys.clone().next());
    plain.map_or("a key", |k| k.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::parse_spec;

    const ADDRESS: (&str, &str) = ("AZURE_OPENAI_ENDPOINT", "https://contoso.openai.azure.com");

    type Case<'a> = (Endpoint, &'a [(&'a str, &'a str)], Result<&'a str, &'a str>);

    /// An endpoint as the config may write it, what the environment holds, and whether it can be asked.
    #[test]
    fn an_endpoint_is_judged_by_what_asking_it_would_need() {
        let endpoint = |spec: &str, auth: Option<&str>, key: Option<&str>| Endpoint {
            auth: auth.map(str::to_owned),
            key: key.map(|name| KeySource::Env(name.into())),
            ..parse_spec(spec).unwrap()
        };
        let openai = |auth, key| endpoint("openai:gpt-6-sol", auth, key);
        let azure = |auth, key| endpoint("azure:d=gpt-6-sol", auth, key);
        let claude =
            |spec: &str, auth| endpoint(&format!("bedrock:us.anthropic.claude-opus-5-5{spec}"), auth, None);
        let vertex = |spec: &str| endpoint(&format!("vertex:gemini-3.8-flash{spec}"), None, None);
        let adc = ("GOOGLE_APPLICATION_CREDENTIALS", "/adc.json");
        let principal =
            [("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "s"), ADDRESS];
        let aws = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_REGION", "us-east-1")];
        let token = ("AZURE_OPENAI_AD_TOKEN", "t");
        let only = |kind| ("AZURE_TOKEN_CREDENTIALS", kind);
        let ollama = |spec: &str, auth| endpoint(&format!("ollama:qwen3{spec}"), auth, None);
        let cases: [Case; 29] = [
            (openai(None, None), &[("OPENAI_API_KEY", "k")], Ok("OPENAI_API_KEY")),
            (openai(None, None), &[], Err("no key: OPENAI_API_KEY")),
            (openai(None, Some("MINE")), &[("MINE", "k")], Ok("MINE")),
            (openai(None, Some("MINE")), &[("OPENAI_API_KEY", "k")], Err("MINE is not set")),
            (openai(Some("none"), None), &[], Ok("no key wanted")),
            (openai(None, None), &[("OPENAI_API_KEY", "k\u{e9}")], Err("characters that no key has")),
            (azure(None, None), &[("AZURE_OPENAI_API_KEY", "k"), ADDRESS], Ok("AZURE_OPENAI_API_KEY")),
            (azure(None, None), &[("AZURE_OPENAI_API_KEY", "k")], Err("AZURE_OPENAI_ENDPOINT is not set")),
            (azure(None, None), &principal, Ok("AZURE_CLIENT_SECRET")),
            // Half a service principal is none.
            (azure(None, None), &principal[2..], Err("no key: AZURE_OPENAI_API_KEY")),
            (azure(Some("key"), None), &principal, Err("no key")),
            (azure(Some("entra"), None), &[token, ADDRESS], Ok("AZURE_OPENAI_AD_TOKEN")),
            (
                azure(None, None),
                &[principal[0], principal[1], principal[2], ADDRESS, only("managedidentitycredential")],
                Ok("managed identity"),
            ),
            (
                azure(None, None),
                &[principal[0], principal[1], principal[2], ADDRESS, only("dev")],
                Err("no key: AZURE_OPENAI_API_KEY"),
            ),
            (azure(None, None), &[ADDRESS, only("nonsense")], Err("nonsense is not known here")),
            (
                azure(None, None),
                &[ADDRESS, ("AZURE_FEDERATED_TOKEN_FILE", "/t"), ("AZURE_TENANT_ID", "t")],
                Err("AZURE_CLIENT_ID is not set"),
            ),
            // A key of ollama.com's is not for the server on this machine.
            (ollama("", None), &[("OLLAMA_API_KEY", "k")], Ok("no key needed")),
            (ollama("@https://ollama.com", None), &[("OLLAMA_API_KEY", "k")], Ok("OLLAMA_API_KEY")),
            (
                ollama("", Some("key")),
                &[("OLLAMA_API_KEY", "k")],
                Err("is for ollama.com and is not sent to"),
            ),
            (ollama("", Some("key")), &[], Err("no key: OLLAMA_API_KEY")),
            (claude("", None), &aws, Ok("AWS_ACCESS_KEY_ID")),
            (claude("", None), &aws[..2], Err("no AWS region: AWS_REGION")),
            (claude("@us-east-1", None), &aws[..2], Ok("AWS_ACCESS_KEY_ID")),
            // A key's id without its secret is no credential.
            (claude("@us-east-1", None), &aws[..1], Err("no AWS credentials")),
            (
                claude("@us-east-1", Some("aws")),
                &[("AWS_BEARER_TOKEN_BEDROCK", "k")],
                Err("no AWS credentials"),
            ),
            (
                claude("@https://gateway.example.com", None),
                &[("AWS_BEARER_TOKEN_BEDROCK", "k")],
                Err("is not sent to"),
            ),
            (vertex(""), &[adc], Err("no Google Cloud project: GOOGLE_CLOUD_PROJECT")),
            (vertex("@my-project/global"), &[adc], Ok("GOOGLE_APPLICATION_CREDENTIALS")),
            (vertex("@my-project/global"), &[], Err("no Google credentials")),
        ];
        for (endpoint, vars, want) in cases {
            let found = ready(&endpoint, &Vars::only(vars), &Machine::default());
            let right = match (&found, want) {
                (Ok(found), Ok(want)) => found == want,
                (Err(found), Err(want)) => found.contains(want),
                _ => false,
            };
            assert!(
                right,
                "{endpoint:?} with {:?}: {found:?}, wanted {want:?}",
                vars.iter().map(|v| v.0).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn what_files_hold_counts_where_no_variable_does() {
        let machine = Machine {
            aws: Some("AWS profile dev".into()),
            aws_region: Some("eu-west-1".into()),
            google: Some("~/adc.json".into()),
            google_project: Some("mine".into()),
            ..Machine::default()
        };
        for (spec, auth, want) in [
            ("bedrock:eu.anthropic.claude-opus-5-5", None, Ok("AWS profile dev")),
            ("bedrock:eu.anthropic.claude-opus-5-5", Some("key"), Err("no AWS credentials")),
            ("bedrock:us.anthropic.claude-opus-5-5", None, Err("use eu.anthropic.claude-opus-5-5")),
            ("vertex:gemini-3.8-flash", None, Ok("~/adc.json")),
        ] {
            let endpoint = Endpoint { auth: auth.map(str::to_owned), ..parse_spec(spec).unwrap() };
            let found = ready(&endpoint, &Vars::only(&[]), &machine);
            match want {
                Ok(want) => assert_eq!(found.as_deref(), Ok(want), "{spec}"),
                Err(want) => assert!(found.as_ref().is_err_and(|e| e.contains(want)), "{spec}: {found:?}"),
            }
        }
    }
}
