//! Who is asked: endpoints and the lineup they stand in.

use super::prompt::Params;

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
    pub key_env: Option<String>,
    /// System text of this endpoint alone; the prompt's own stands otherwise.
    pub system: Option<String>,
    pub params: Params,
    /// `http://` to a host that is not loopback is refused unless this is set.
    pub allow_plain_http: bool,
    /// Answers of this endpoint are scripted, and say so wherever they are shown.
    pub simulated: bool,
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
    /// Makes every name unique by numbering repeats: `gpt`, `gpt #2`, `gpt #3`.
    pub fn number_repeats(&mut self) {
        for i in 1..self.endpoints.len() {
            let (before, rest) = self.endpoints.split_at_mut(i);
            let Some(this) = rest.first_mut() else { continue };
            let plain = this.name.clone();
            let mut n = 2;
            while before.iter().any(|e| e.name == this.name) {
                this.name = format!("{plain} #{n}");
                n += 1;
            }
        }
    }
}
