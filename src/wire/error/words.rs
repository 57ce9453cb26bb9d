//! The words that vendors have for what went wrong, and what to do about them.

use crate::model::Class;

pub(super) const BILLING: &str =
    "this is a matter of billing, waiting does not help: add credit or raise the spend limit";

/// How Azure says that it knows an identity, which lacks the role; its status is 401.
pub(super) const LACKS_ROLE: &str = "lacks the required data action";

/// Pieces of messages, lower case, that ask for something in particular.
pub(super) const HINTS: &[(&str, &str)] = &[
    (
        "audience is incorrect",
        "the token is for another audience: set token_scope, https://ai.azure.com/.default or \
         https://cognitiveservices.azure.com/.default",
    ),
    (
        LACKS_ROLE,
        "give this identity the role Cognitive Services OpenAI User on the resource, and wait some minutes",
    ),
    ("requires a quota project", "set GOOGLE_CLOUD_QUOTA_PROJECT to a project that has the API enabled"),
    (
        "wrong api endpoint",
        "check that the key belongs to this very resource: one of another resource or region is not taken here",
    ),
    (
        "virtual network/firewall",
        "the resource does not let this network in: add its address to the resource's firewall, or ask from inside",
    ),
    ("api version not supported", "correct api_version, or leave it out: the v1 route needs none"),
    (
        "use case details",
        "fill in the use case form for this maker's models in the Bedrock console; it counts after some minutes",
    ),
];

/// How vendors say that the account has no money left, lower case; their statuses
/// for it go from 400 to 429 (`wire-protocols` §6, §10).
pub(super) const BROKE: [&str; 4] =
    ["credit balance", "any credits", "all available credits", "spending limit"];

/// Code words that say more than the status they come with. Compared by their
/// letters and digits only, lower case, since vendors spell them in every style;
/// the `Exception` that AWS appends is dropped first.
pub(super) const FIRM: &[(&str, Class)] = &[
    ("accessdenied", Class::Denied),
    ("apikeyinvalid", Class::Key),
    ("authenticationerror", Class::Key),
    ("billingerror", Class::Limit),
    ("contentfilter", Class::Refused),
    ("contextlengthexceeded", Class::TooLong),
    ("contextwindowexceeded", Class::TooLong),
    ("deploymentnotfound", Class::NotFound),
    ("exceedcontextsizeerror", Class::TooLong),
    ("expiredtoken", Class::Key),
    ("incompletesignature", Class::Key),
    ("insufficientquota", Class::Limit),
    ("invalidapikey", Class::Key),
    ("invalidmodel", Class::NotFound),
    ("invalidsignature", Class::Key),
    ("missingauthenticationtoken", Class::Key),
    ("modeldecommissioned", Class::NotFound),
    ("modelerror", Class::Overloaded),
    ("modelnotavailable", Class::NotFound),
    ("modelnotfound", Class::NotFound),
    ("modelnotready", Class::Overloaded),
    ("modelstreamerror", Class::Overloaded),
    ("modeltimeout", Class::Silent),
    ("overloadederror", Class::Overloaded),
    ("permissiondenied", Class::Denied),
    ("permissionerror", Class::Denied),
    ("provideroverloaded", Class::Overloaded),
    ("ratelimited", Class::Limit),
    ("ratelimiterror", Class::Limit),
    ("ratelimitexceeded", Class::Limit),
    ("requesttoolarge", Class::TooLong),
    ("resourceexhausted", Class::Limit),
    ("resourcenotfound", Class::NotFound),
    ("servicequotaexceeded", Class::Limit),
    ("stringabovemaxlength", Class::TooLong),
    ("throttling", Class::Limit),
    ("toomanyrequests", Class::Limit),
    ("unauthenticated", Class::Key),
    ("unrecognizedclient", Class::Key),
];

/// Words so general that a status, where there is one, knows better.
pub(super) const LOOSE: &[(&str, Class)] = &[
    ("badrequest", Class::Refused),
    ("failedprecondition", Class::Refused),
    ("invalidargument", Class::Refused),
    ("invalidprompt", Class::Refused),
    ("invalidrequesterror", Class::Refused),
    ("notfound", Class::NotFound),
    ("notfounderror", Class::NotFound),
    ("timeouterror", Class::Silent),
    ("unsupportedparameter", Class::Refused),
    ("unsupportedvalue", Class::Refused),
    ("validation", Class::Refused),
];

/// Pieces of messages, lower case, that decide where no code word does.
pub(super) const PHRASES: &[(&str, Class)] = &[
    ("api key not valid", Class::Key),
    ("api key expired", Class::Key),
    ("incorrect api key", Class::Key),
    ("location is not supported", Class::Denied),
    ("must be verified", Class::Denied),
    ("invalid model name", Class::NotFound),
    ("is not a valid model id", Class::NotFound),
    ("model identifier is invalid", Class::NotFound),
    ("model not exist", Class::NotFound),
    ("not servable in region", Class::NotFound),
    ("context length", Class::TooLong),
    ("context size", Class::TooLong),
    ("context window", Class::TooLong),
    ("input is too long", Class::TooLong),
    ("input token count", Class::TooLong),
    ("prompt is too long", Class::TooLong),
    ("too many input tokens", Class::TooLong),
];

/// Names a parameter may have on a wire, and the one a user knows it by; the
/// first that a message holds wins, so longer names stand before their parts.
pub(super) const PARAMS: &[(&str, &str)] = &[
    ("temperature", "temperature"),
    ("max_completion_tokens", "max_tokens"),
    ("max_output_tokens", "max_tokens"),
    ("maxOutputTokens", "max_tokens"),
    ("max_tokens", "max_tokens"),
    ("maxTokens", "max_tokens"),
    ("maximum tokens", "max_tokens"),
    ("num_predict", "max_tokens"),
    ("reasoning_effort", "reasoning_effort"),
    ("reasoning.effort", "reasoning_effort"),
    ("output_config.effort", "reasoning_effort"),
    ("thinkingLevel", "reasoning_effort"),
    ("thinking_level", "reasoning_effort"),
    ("reasoning.summary", "thinking"),
    ("thinkingBudget", "thinking"),
    ("thinking_budget", "thinking"),
    ("budget_tokens", "thinking"),
    ("thinking.type", "thinking"),
    ("thinking", "thinking"),
    ("effort", "reasoning_effort"),
];
