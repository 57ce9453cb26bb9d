//! One row per provider. A provider whose wire is known is added here and
//! nowhere else: help, errors, config, the list of keys and the tests iterate.

use crate::wire::Chat;
use crate::wire::Converse;
use crate::wire::Dialect;
use crate::wire::Gemini;
use crate::wire::MaxField;
use crate::wire::Messages;
use crate::wire::Ollama;
use crate::wire::Quirks;
use crate::wire::Responses;

/// How a request proves who it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// `authorization: Bearer KEY`.
    Bearer,
    /// The key alone in this header.
    Header(&'static str),
    /// `AWS_BEARER_TOKEN_BEDROCK`, else the SDK's credential chain and SigV4.
    Aws,
}

/// One environment variable that may hold a key, and how that key is sent.
#[derive(Debug, Clone, Copy)]
pub struct KeyVar {
    pub name: &'static str,
    pub auth: Auth,
}

/// What stands after the last `@` of a spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    BaseUrl,
    /// A cloud region; a base URL is taken too.
    Region,
}

/// Everything about one provider.
pub struct Provider {
    /// The word in specs, config, files and prices.
    pub id: &'static str,
    pub label: &'static str,
    /// One line for `--help` and the README.
    pub doc: &'static str,
    /// In the order in which the vendor's own SDK prefers them.
    pub keys: &'static [KeyVar],
    /// How a key from `api_key_env` is sent.
    pub auth: Auth,
    /// Nothing can be sent without a key.
    pub key_required: bool,
    pub place: Place,
    /// The vendor's address; `None` must come from the user.
    pub base_url: Option<&'static str>,
    /// Variables that the official SDKs read for another address, in order.
    pub base_url_vars: &'static [&'static str],
    pub dialect: &'static dyn Dialect,
    pub quirks: Quirks,
    /// Variables whose values go out as headers: (variable, header).
    pub header_vars: &'static [(&'static str, &'static str)],
    /// A model id of this provider, for examples in help and errors.
    pub example: &'static str,
}

/// Every provider, in the order in which help shows them.
pub const PROVIDERS: &[Provider] = &[
    Provider {
        id: "openai",
        label: "OpenAI",
        doc: "OpenAI's own API (Responses)",
        keys: &[KeyVar { name: "OPENAI_API_KEY", auth: Auth::Bearer }],
        auth: Auth::Bearer,
        key_required: true,
        place: Place::BaseUrl,
        base_url: Some("https://api.openai.com/v1"),
        base_url_vars: &["OPENAI_BASE_URL"],
        dialect: &Responses,
        quirks: Quirks {
            max_field: MaxField::MaxCompletionTokens,
            developer_role: true,
            plain: false,
            no_stream_options: false,
        },
        header_vars: &[("OPENAI_ORG_ID", "openai-organization"), ("OPENAI_PROJECT_ID", "openai-project")],
        example: "gpt-6-sol",
    },
    Provider {
        id: "anthropic",
        label: "Anthropic",
        doc: "Anthropic's own API (Messages)",
        keys: &[
            KeyVar { name: "ANTHROPIC_API_KEY", auth: Auth::Header("x-api-key") },
            KeyVar { name: "ANTHROPIC_AUTH_TOKEN", auth: Auth::Bearer },
        ],
        auth: Auth::Header("x-api-key"),
        key_required: true,
        place: Place::BaseUrl,
        base_url: Some("https://api.anthropic.com"),
        base_url_vars: &["ANTHROPIC_BASE_URL"],
        dialect: &Messages,
        quirks: PLAIN,
        header_vars: &[],
        example: "claude-opus-5-5",
    },
    Provider {
        id: "gemini",
        label: "Gemini",
        doc: "Google's Gemini API",
        keys: &[
            KeyVar { name: "GOOGLE_API_KEY", auth: Auth::Header("x-goog-api-key") },
            KeyVar { name: "GEMINI_API_KEY", auth: Auth::Header("x-goog-api-key") },
        ],
        auth: Auth::Header("x-goog-api-key"),
        key_required: true,
        place: Place::BaseUrl,
        base_url: Some("https://generativelanguage.googleapis.com"),
        base_url_vars: &["GOOGLE_GEMINI_BASE_URL"],
        dialect: &Gemini,
        quirks: PLAIN,
        header_vars: &[],
        example: "gemini-3.8-flash",
    },
    Provider {
        id: "bedrock",
        label: "Bedrock",
        doc: "AWS Bedrock (Converse); the SDK's own credential chain, AWS_PROFILE included",
        keys: &[KeyVar { name: "AWS_BEARER_TOKEN_BEDROCK", auth: Auth::Aws }],
        auth: Auth::Aws,
        key_required: false,
        place: Place::Region,
        base_url: None,
        base_url_vars: &["AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL"],
        dialect: &Converse,
        quirks: PLAIN,
        header_vars: &[],
        example: "us.anthropic.claude-opus-5-5@us-east-1",
    },
    Provider {
        id: "ollama",
        label: "Ollama",
        doc: "Ollama's native API, on this machine unless OLLAMA_HOST says otherwise",
        keys: &[KeyVar { name: "OLLAMA_API_KEY", auth: Auth::Bearer }],
        auth: Auth::Bearer,
        key_required: false,
        place: Place::BaseUrl,
        base_url: Some("http://127.0.0.1:11434"),
        base_url_vars: &["OLLAMA_HOST"],
        dialect: &Ollama,
        quirks: PLAIN,
        header_vars: &[],
        example: "qwen3",
    },
    Provider {
        id: "compatible",
        label: "compatible",
        doc: "any server that speaks OpenAI Chat Completions: vLLM, llama.cpp, LM Studio, gateways",
        // No variable by default: a key must never go to an address it was not meant for.
        keys: &[],
        auth: Auth::Bearer,
        key_required: false,
        place: Place::BaseUrl,
        base_url: None,
        base_url_vars: &[],
        dialect: &Chat,
        quirks: Quirks {
            max_field: MaxField::MaxTokens,
            developer_role: false,
            plain: true,
            no_stream_options: false,
        },
        header_vars: &[],
        example: "qwen3:8b@http://127.0.0.1:8080/v1",
    },
];

const PLAIN: Quirks =
    Quirks { max_field: MaxField::MaxTokens, developer_role: false, plain: true, no_stream_options: false };

/// The row with this id.
#[must_use]
pub fn provider(id: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|p| p.id == id)
}
