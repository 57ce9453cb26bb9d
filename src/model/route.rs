//! Who is asked: endpoints and the lineup they stand in.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::prompt::{Params, Prompt};
use super::sending::Parity;

/// Where a key is kept, if not in the provider's own variables. Never the key itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// An environment variable.
    Env(String),
    /// A program and its arguments; no shell. Its standard output is the key.
    Command(Vec<String>),
    /// An entry of the desktop's keyring, under the service `bakeoff`.
    Keyring(String),
    /// A file that nobody but its owner can read.
    File(String),
    /// In clear in the configuration, at this endpoint.
    Config(String),
}

impl KeySource {
    /// Where it is, for messages; also its name among the variables once it has been read.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Env(name) => name.clone(),
            // The arguments may name an account; the program says enough.
            Self::Command(argv) => format!("api_key_cmd {}", argv.first().map_or("", String::as_str)),
            Self::Keyring(entry) => format!("keyring entry {entry}"),
            Self::File(path) => format!("api_key_file {path}"),
            Self::Config(endpoint) => format!("api_key of {endpoint:?}"),
        }
    }
}

/// One provider + place + model + parameters, with a unique name; what one pane shows.
///
/// The provider is named by its id in `provider::PROVIDERS`, so that a new
/// provider needs no change here.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Endpoint {
    /// Unique within a lineup.
    pub name: String,
    /// The id of a row of `provider::PROVIDERS`.
    pub provider: String,
    /// What model it is: it decides price and capabilities, and it is what the request
    /// carries unless `deployment` stands in its place.
    pub model: String,
    /// What the request carries instead: an Azure deployment, the ARN of an application profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment: Option<String>,
    /// Which of the provider's APIs; `None` leaves it to the provider's row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// Azure's dated API version; it chooses the dated route.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// Region, resource or project as the user gave it; a base URL stands in `base_url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Replaces the provider's default address and its environment variable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Where the key is, instead of the provider's own variables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<KeySource>,
    /// `key`, or the word of the provider's credential chain (`entra`, `aws`, `google`);
    /// `None` takes a key if there is one, else the chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<String>,
    /// The scope of an Entra ID token, where it is not the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_scope: Option<String>,
    /// Azure's zone of a deployment, which its price depends on and its address does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// System text of this endpoint alone; the prompt's own stands otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    #[serde(skip_serializing_if = "Params::is_empty")]
    pub params: Params,
    /// What became of parameters that were brought to what the whole lineup takes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub leveled: Vec<Parity>,
    /// `http://` to a host that is not loopback is refused unless this is set.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_plain_http: bool,
    /// Answers of this endpoint are scripted, and say so wherever they are shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
}

impl Endpoint {
    /// What the request carries as its model.
    #[must_use]
    pub fn sent_model(&self) -> &str {
        self.deployment.as_deref().unwrap_or(&self.model)
    }

    /// Whether both name the same model at the same place by the same API, whatever they are
    /// called and however they are asked.
    #[must_use]
    pub fn is_route_of(&self, other: &Self) -> bool {
        let route = |e: &Self| {
            let place = (e.place.clone(), e.base_url.clone(), e.api.clone(), e.api_version.clone());
            (e.provider.clone(), e.model.clone(), e.deployment.clone(), place)
        };
        route(self) == route(other)
    }

    /// Whether both ask the same in the same way, whatever they are called: route, settings,
    /// key, system text.
    #[must_use]
    pub fn asks_like(&self, other: &Self) -> bool {
        let plain = |e: &Self| Self { name: String::new(), leveled: Vec::new(), ..e.clone() };
        plain(self) == plain(other)
    }

    /// Whether both are the same pane of a lineup. Settings are left out: a round may have
    /// been asked with those that all endpoints take.
    #[must_use]
    pub fn is_pane_of(&self, other: &Self) -> bool {
        self.name == other.name && self.is_route_of(other)
    }

    /// The prompt as this endpoint is asked it: its own system text stands where the prompt has
    /// none, and a nonce before everything.
    #[must_use]
    pub fn asked<'p>(&self, prompt: &'p Prompt) -> Cow<'p, Prompt> {
        match (&prompt.system, &self.system) {
            (None, Some(own)) => {
                Cow::Owned(prompt.clone().with_system(Some(own.clone())).with_nonce_written())
            }
            _ if prompt.nonce.is_some() => Cow::Owned(prompt.clone().with_nonce_written()),
            _ => Cow::Borrowed(prompt),
        }
    }
}

/// An ordered, named set of endpoints opened together.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Lineup {
    pub name: String,
    pub endpoints: Vec<Endpoint>,
    /// Index of the endpoint the others are compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<usize>,
}

impl Lineup {
    /// Whether there is somebody, and all of them are scripted.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        !self.endpoints.is_empty() && self.endpoints.iter().all(|e| e.simulated)
    }

    /// The endpoint that the others are compared with.
    #[must_use]
    pub fn base(&self) -> Option<&Endpoint> {
        self.endpoints.get(self.baseline?)
    }

    /// Makes every name unique. The same model on another cloud is told apart by
    /// the cloud (`gpt-6-sol azure`), then by the place, and a true repeat by a number.
    pub fn tell_apart(&mut self) {
        for i in 1..self.endpoints.len() {
            let (before, rest) = self.endpoints.split_at_mut(i);
            let Some(this) = rest.first_mut() else { continue };
            let taken = |name: &str| before.iter().any(|e| e.name == name);
            if !taken(&this.name) {
                continue;
            }
            let plain = this.name.clone();
            let place = this.place.clone().unwrap_or_default();
            let named = [format!("{plain} {}", this.provider), format!("{plain} {} {place}", this.provider)];
            let numbered = (2..).map(|n| format!("{plain} #{n}"));
            if let Some(free) =
                named.into_iter().map(|n| n.trim_end().to_owned()).chain(numbered).find(|n| !taken(n))
            {
                this.name = free;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_say_the_cloud_first() {
        let endpoint = |provider: &str, place: Option<&str>| Endpoint {
            name: "m".into(),
            provider: provider.into(),
            place: place.map(Into::into),
            ..Endpoint::default()
        };
        let mut lineup = Lineup {
            endpoints: vec![
                endpoint("openai", None),
                endpoint("bedrock", Some("us-east-1")),
                endpoint("bedrock", Some("eu-west-1")),
                endpoint("bedrock", Some("eu-west-1")),
            ],
            ..Lineup::default()
        };
        lineup.tell_apart();
        let names: Vec<_> = lineup.endpoints.iter().map(|e| e.name.as_str()).collect();
        assert_eq!(names, ["m", "m bedrock", "m bedrock eu-west-1", "m #2"]);
    }
}
