//! Who is asked: endpoints and the lineup they stand in.

use std::borrow::Cow;

use super::prompt::{Params, Prompt};

/// One provider + place + model + parameters, with a unique name; what one pane shows.
///
/// The provider is named by its id in `provider::PROVIDERS`, so that a new
/// provider needs no change here.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Endpoint {
    /// Unique within a lineup.
    pub name: String,
    /// The id of a row of `provider::PROVIDERS`.
    pub provider: String,
    /// Exactly as the request carries it.
    pub model: String,
    /// Region, resource or project as the user gave it; a base URL stands in `base_url`.
    pub place: Option<String>,
    /// Replaces the provider's default address and its environment variable.
    pub base_url: Option<String>,
    /// Environment variable that holds the key, instead of the provider's own.
    pub api_key_env: Option<String>,
    /// System text of this endpoint alone; the prompt's own stands otherwise.
    pub system: Option<String>,
    pub params: Params,
    /// `http://` to a host that is not loopback is refused unless this is set.
    pub allow_plain_http: bool,
    /// Answers of this endpoint are scripted, and say so wherever they are shown.
    pub simulated: bool,
}

impl Endpoint {
    /// The prompt as this endpoint is asked it: its own system text stands where the prompt has none.
    #[must_use]
    pub fn asked<'p>(&self, prompt: &'p Prompt) -> Cow<'p, Prompt> {
        match (&prompt.system, &self.system) {
            (None, Some(own)) => Cow::Owned(prompt.clone().with_system(Some(own.clone()))),
            _ => Cow::Borrowed(prompt),
        }
    }
}

/// An ordered, named set of endpoints opened together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lineup {
    pub name: String,
    pub endpoints: Vec<Endpoint>,
    /// Index of the endpoint the others are compared with.
    pub baseline: Option<usize>,
}

impl Lineup {
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
