//! AWS's error codes, before and inside a stream, in classes a user can act on.

use super::super::error::{bad_bearer, hinted, named_in, not_taken, own_name, skewed};
use super::Converse;
use crate::model::Class;
use crate::model::Fault;

const GRANT: &str = "enable access to this model in the Bedrock console of the region, and allow bedrock:InvokeModelWithResponseStream";
const LOADING: &str = "the model is being made ready: re-run it in a minute";
const PROFILE: &str =
    "use the id of an inference profile: the same id with us., eu., global. or another prefix before it";
const LOOK_UP: &str = "check that the model id is right and that its region is the endpoint's";
const QUOTA: &str =
    "the account's quota is used up: raise it in Service Quotas, or use another region or endpoint";

/// Codes in lower case without `Exception`, their class, and a hint that is
/// better than the class's own. How a credential is renewed is for whoever knows
/// where it is from.
const CODES: &[(&str, Class, Option<&str>)] = &[
    ("throttling", Class::Limit, None),
    ("throttled", Class::Limit, None),
    ("toomanyrequests", Class::Limit, None),
    ("servicequotaexceeded", Class::Limit, Some(QUOTA)),
    ("modelnotready", Class::Overloaded, Some(LOADING)),
    ("modelerror", Class::Overloaded, None),
    ("modelstreamerror", Class::Overloaded, None),
    ("serviceunavailable", Class::Overloaded, None),
    ("internalserver", Class::Overloaded, None),
    ("internalfailure", Class::Overloaded, None),
    ("modeltimeout", Class::Silent, None),
    ("accessdenied", Class::Denied, Some(GRANT)),
    ("resourcenotfound", Class::NotFound, Some(LOOK_UP)),
    ("validation", Class::Refused, None),
    ("expiredtoken", Class::Key, None),
    ("unrecognizedclient", Class::Key, None),
    ("invalidsignature", Class::Key, None),
    ("signaturedoesnotmatch", Class::Key, None),
    ("incompletesignature", Class::Key, None),
    ("invalidclienttokenid", Class::Key, None),
    ("missingauthenticationtoken", Class::Key, None),
];

/// What a validation error means, by pieces of its message in lower case.
const REASONS: &[(&str, Class, &str)] = &[
    ("on-demand throughput", Class::Refused, PROFILE),
    ("model identifier is invalid", Class::NotFound, LOOK_UP),
    ("input is too long", Class::TooLong, "shorten the prompt or lower max_tokens"),
    ("too many input tokens", Class::TooLong, "shorten the prompt or lower max_tokens"),
];

impl Converse {
    /// The fault that AWS or its SDK states: a code in any of AWS's spellings
    /// (`ThrottlingException`, `throttlingException`, `com.amazon#Throttling:http`),
    /// the message, and the HTTP status where there was one.
    #[must_use]
    pub fn fault(code: &str, message: &str, http_status: Option<u16>) -> Fault {
        let bare = code.rsplit('#').next().unwrap_or(code);
        let bare = bare.split(':').next().unwrap_or(bare).to_ascii_lowercase();
        let bare = bare.strip_suffix("exception").unwrap_or(&bare);
        let row = CODES.iter().find(|(name, ..)| *name == bare);
        let (mut class, mut hint) = match row {
            Some((_, class, hint)) => (*class, *hint),
            None if bare.contains("credential") || bare.contains("token") => (Class::Key, None),
            None => (by_status(http_status), None),
        };
        if class == Class::Denied && bad_bearer(&message.to_lowercase()) {
            (class, hint) = (Class::Key, None);
        }
        if class == Class::Refused {
            let lower = message.to_lowercase();
            if let Some((_, better, advice)) = REASONS.iter().find(|(piece, ..)| lower.contains(piece)) {
                (class, hint) = (*better, Some(*advice));
            }
        }
        let lower = message.to_lowercase();
        hint = skewed(&lower).or(hinted(&lower)).or(hint);
        let mut fault = Fault::new(class, if message.is_empty() { code } else { message });
        fault.hint = hint.map(str::to_owned);
        // A validation that nothing else explains is often about one parameter.
        if class == Class::Refused
            && hint.is_none()
            && let Some(param) = named_in(message)
        {
            fault.hint = Some(not_taken(&param));
            fault.setting = own_name(&param).map(Into::into);
            fault.param = Some(param);
        }
        fault.status = http_status;
        fault.code = (!code.is_empty()).then(|| code.to_owned());
        fault
    }
}

fn by_status(status: Option<u16>) -> Class {
    match status {
        Some(401) => Class::Key,
        Some(403) => Class::Denied,
        Some(404) => Class::NotFound,
        Some(408) => Class::Silent,
        Some(413) => Class::TooLong,
        Some(429) => Class::Limit,
        Some(400..=499) => Class::Refused,
        // Inside a stream that began well, the failure is the service's.
        _ => Class::Overloaded,
    }
}
