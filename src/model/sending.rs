//! What was sent, and what became of each parameter on the way.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::word::Word;

/// What became of one parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Sent with the value that was asked for, under its own name.
    AsAsked,
    /// The same value under the wire's name or in the wire's words.
    Renamed,
    /// The nearest value that the model takes.
    Clamped,
    /// Not sent: the model or the wire has no such setting.
    Dropped,
    /// Sent, and the provider answered that it does not take it.
    Refused,
    /// Sent although nobody asked for it.
    Added,
    /// The same, where the wire cannot do without.
    Required,
}

impl Fate {
    /// The word in exports and on screen.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::AsAsked => "as asked",
            Self::Renamed => "renamed",
            Self::Clamped => "clamped",
            Self::Dropped => "dropped",
            Self::Refused => "refused",
            Self::Added => "added",
            Self::Required => "required",
        }
    }

    /// Whether the endpoint was asked something else than the user wrote.
    #[must_use]
    pub fn differs(self) -> bool {
        // What a wire requires is so with every request, and no news.
        matches!(self, Self::Clamped | Self::Dropped | Self::Refused | Self::Added)
    }
}

/// The record of one parameter of one request: nothing is changed silently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parity {
    /// The name in specs and config, a row of [`super::PARAMS`].
    pub param: Word,
    pub asked: String,
    /// As the wire carries it, `name = value`; `None` when it was not sent.
    pub sent: Option<String>,
    #[serde(rename = "outcome")]
    pub fate: Fate,
    /// Empty where nothing needs explaining.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// What stands as `asked` where nobody asked.
pub const UNASKED: &str = "–";

impl Parity {
    /// `max_tokens 9000 clamped to max_tokens = 4096: …`
    #[must_use]
    pub fn sentence(&self) -> String {
        let asked = if self.asked == UNASKED { String::new() } else { format!(" {}", self.asked) };
        let to = if asked.is_empty() { "as" } else { "to" };
        let sent = self.sent.as_ref().map(|s| format!(" {to} {s}")).unwrap_or_default();
        format!("{}{asked} {}{sent}: {}", self.param, self.fate.word(), self.why)
    }
}

/// Which connections requests use: what is compared must be reached alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Connections {
    /// One that an earlier request left open, where there is one.
    #[default]
    Pooled,
    /// A new one for every request, with a whole TLS handshake.
    Cold,
    /// One is made, or seen to be alive, before `t0`.
    Warm,
}

impl Connections {
    /// What [`Connections::word`] gives.
    #[must_use]
    pub fn of(word: Option<&str>) -> Option<Self> {
        [Self::Pooled, Self::Cold, Self::Warm].into_iter().find(|one| one.word() == word)
    }

    /// The word in the config, in exports and on screen; nothing where nobody asked.
    #[must_use]
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Pooled => None,
            Self::Cold => Some("cold"),
            Self::Warm => Some("warm"),
        }
    }
}

/// A request as it left, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sending {
    pub url: String,
    /// Secret values stand as `•••`.
    pub headers: Vec<(String, String)>,
    /// JSON text.
    pub body: String,
    /// Where the credential came from: a variable's name, `AWS credential chain`... `None` without one.
    pub via: Option<String>,
    /// How long getting the credential took, before `t0`.
    pub identity: Option<Duration>,
    pub parity: Vec<Parity>,
    /// The service tier that was asked for.
    pub tier: Option<&'static str>,
    /// The wall clock at `t0`, since 1970-01-01 UTC: for prices that depend on the hour.
    pub started: Option<Duration>,
}
