//! What can go wrong, in classes a user can act on.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::word::Word;

/// The kind of a fault; each has one word on screen and in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// No key, or the provider does not accept it.
    Key,
    /// The key is fine, the account may not do this.
    Denied,
    /// Rate limit or quota.
    Limit,
    /// The request itself was not accepted.
    Refused,
    /// No such model, deployment or address.
    NotFound,
    /// The prompt or the wanted answer does not fit.
    TooLong,
    /// The provider has no room or failed on its side.
    Overloaded,
    /// No connection: DNS, TCP, TLS, proxy.
    Unreachable,
    /// Connected, but a time limit passed without progress.
    Silent,
    /// What arrived is not the protocol.
    Garbled,
    /// The stream ended before its dialect said so.
    Cut,
    /// The configuration or the spec cannot be carried out.
    Setup,
    /// A defect of bakeoff itself.
    Internal,
}

impl Class {
    /// The word on screen and in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Denied => "denied",
            Self::Limit => "limit",
            Self::Refused => "refused",
            Self::NotFound => "not_found",
            Self::TooLong => "too_long",
            Self::Overloaded => "overloaded",
            Self::Unreachable => "unreachable",
            Self::Silent => "silent",
            Self::Garbled => "garbled",
            Self::Cut => "cut",
            Self::Setup => "setup",
            Self::Internal => "internal",
        }
    }

    /// Whether sending the same again can help without changing anything.
    #[must_use]
    pub fn retry_may_help(self) -> bool {
        matches!(
            self,
            Self::Limit | Self::Overloaded | Self::Unreachable | Self::Silent | Self::Cut | Self::Garbled
        )
    }

    /// What to do when the fault itself has nothing better to say.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Key => "check the key and the account it belongs to",
            Self::Denied => "ask for access to this model, or choose another endpoint",
            Self::Limit => "wait and re-run it, or use another endpoint",
            Self::Refused => "change the parameter or prompt that the message names",
            Self::NotFound => "check the model id, the place and the base URL",
            Self::TooLong => "shorten the prompt or lower max_tokens",
            Self::Overloaded => "re-run it in a while",
            Self::Unreachable => "check the address, the network and the proxy",
            Self::Silent => "re-run it, or raise the time limit",
            Self::Garbled => "check that the base URL speaks this protocol",
            Self::Cut => "re-run it; the text so far is kept",
            Self::Setup => "correct the endpoint in the config or on the command line",
            Self::Internal => "please report this, with the text above",
        }
    }
}

/// One fault of one answer. Text in it may come from the network: it passes
/// [`super::clean`] before it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub class: Class,
    /// The cause, one sentence, in the provider's own words where it gave some.
    pub message: String,
    /// What to do; `None` takes [`Class::hint`].
    pub hint: Option<String>,
    pub status: Option<u16>,
    /// The provider's own code word (`insufficient_quota`, `ThrottlingException`).
    pub code: Option<String>,
    /// The request parameter the provider names.
    pub param: Option<String>,
    /// The same by the name a user knows it by, a row of [`super::PARAMS`].
    pub setting: Option<Word>,
    pub request_id: Option<String>,
    pub retry_after: Option<Duration>,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.class.word(), self.message)
    }
}

impl std::error::Error for Fault {}

impl Fault {
    #[must_use]
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            hint: None,
            status: None,
            code: None,
            param: None,
            setting: None,
            request_id: None,
            retry_after: None,
        }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> &str {
        self.hint.as_deref().unwrap_or(self.class.hint())
    }
}
