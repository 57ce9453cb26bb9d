//! One row per provider. A provider whose wire is known is added here and
//! nowhere else: help, errors, config, the list of keys and the tests iterate.
//! Addresses, variables and quirks: `wire-protocols` §0 and each vendor's section.

use super::row::{API, Api, Auth, Chain, KeyVar, Listing, MODELS, PLAIN, Place, Provider, ROW, any, none};
use crate::wire::Converse;
use crate::wire::Gemini;
use crate::wire::MaxField;
use crate::wire::Messages;
use crate::wire::Ollama;
use crate::wire::Quirks;
use crate::wire::RawPredict;
use crate::wire::Responses;
use crate::wire::unsaid_window;

/// What OpenAI's own models take, on whichever cloud.
const OPENAI: Quirks =
    Quirks { max_field: MaxField::MaxCompletionTokens, developer_role: true, plain: false, ..PLAIN };

const fn bearer(name: &'static str) -> KeyVar {
    KeyVar { name, auth: Auth::Bearer }
}

const fn header(name: &'static str, header: &'static str) -> KeyVar {
    KeyVar { name, auth: Auth::Header(header) }
}

/// Every provider, in the order in which help shows them.
pub const PROVIDERS: &[Provider] = &[
    Provider {
        id: "openai",
        label: "OpenAI",
        doc: "OpenAI's own API",
        keys: &[bearer("OPENAI_API_KEY")],
        base_url: Some("https://api.openai.com/v1"),
        base_url_vars: &["OPENAI_BASE_URL"],
        hosts: &["api.openai.com"],
        apis: &[
            Api { id: "responses", dialect: &Responses, quirks: OPENAI, ..API },
            Api { id: "chat", quirks: OPENAI, ..API },
        ],
        header_vars: &[("OPENAI_ORG_ID", "openai-organization"), ("OPENAI_PROJECT_ID", "openai-project")],
        example: "gpt-6-sol",
        ..ROW
    },
    Provider {
        id: "azure",
        label: "Azure",
        doc: "Azure OpenAI and Microsoft Foundry, Claude included; a key or Entra ID",
        keys: &[
            bearer("AZURE_OPENAI_AD_TOKEN"),
            header("AZURE_OPENAI_API_KEY", "api-key"),
            header("AZURE_API_KEY", "api-key"),
        ],
        auth: Auth::Header("api-key"),
        chain: Chain::Entra,
        key_required: false,
        place: Place::Resource,
        place_vars: &["AZURE_RESOURCE_NAME"],
        base_url: Some("https://{place}.openai.azure.com"),
        base_url_vars: &["AZURE_OPENAI_ENDPOINT"],
        hosts: &["openai.azure.com", "services.ai.azure.com", "cognitiveservices.azure.com"],
        apis: &[
            Api {
                id: "messages",
                dialect: &Messages,
                prefix: "/anthropic/v1",
                base_url: Some("https://{place}.services.ai.azure.com"),
                base_url_vars: &["ANTHROPIC_FOUNDRY_BASE_URL"],
                place_vars: &["ANTHROPIC_FOUNDRY_RESOURCE"],
                keys: &[header("ANTHROPIC_FOUNDRY_API_KEY", "x-api-key")],
                auth: Some(Auth::Header("x-api-key")),
                fits: claude,
                example: "claude-opus-5-5",
                ..API
            },
            Api {
                id: "responses",
                dialect: &Responses,
                prefix: "/openai/v1",
                quirks: OPENAI,
                fits: gpt,
                ..API
            },
            Api { id: "chat", prefix: "/openai/v1", ..AZURE_CHAT },
            Api {
                id: "chat-dated",
                prefix: "/openai/deployments/{model}",
                dated: true,
                fits: none,
                ..AZURE_CHAT
            },
            Api {
                id: "responses-dated",
                dialect: &Responses,
                prefix: "/openai",
                dated: true,
                quirks: OPENAI,
                fits: none,
                ..API
            },
        ],
        // The resource lists the models it knows, not the deployments it has.
        listings: &[Listing { path: "/openai/v1/models", ..MODELS }],
        example: "gpt6sol@contoso-east?model=gpt-6-sol",
        ..ROW
    },
    Provider {
        id: "bedrock",
        label: "Bedrock",
        doc: "AWS Bedrock: Converse, and the OpenAI and Anthropic doors; the SDK's own credential chain",
        keys: &[bearer("AWS_BEARER_TOKEN_BEDROCK")],
        chain: Chain::Aws,
        key_required: false,
        place: Place::Region,
        place_vars: &["AWS_REGION", "AWS_DEFAULT_REGION"],
        base_url: Some("https://bedrock-runtime.{place}.amazonaws.com"),
        base_url_vars: &["AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL"],
        hosts: &[
            "bedrock-runtime:amazonaws.com",
            "bedrock-runtime-fips:amazonaws.com",
            "bedrock:amazonaws.com",
            "bedrock-mantle:api.aws",
            "bedrock-runtime:amazonaws.com.cn",
            "bedrock-runtime:amazonaws.eu",
        ],
        apis: &[
            Api {
                id: "mantle-messages",
                dialect: &Messages,
                prefix: "/anthropic/v1",
                fits: bare_claude,
                ..MANTLE
            },
            Api {
                id: "mantle-responses",
                dialect: &Responses,
                prefix: "/openai/v1",
                fits: bare_gpt,
                ..MANTLE_OPENAI
            },
            Api { id: "mantle-chat", prefix: "/openai/v1", fits: new_door, ..MANTLE_OPENAI },
            Api {
                id: "mantle-v1-responses",
                dialect: &Responses,
                prefix: "/v1",
                fits: bare_gpt_oss,
                ..MANTLE_OPENAI
            },
            Api { id: "mantle-v1-chat", prefix: "/v1", fits: old_door, ..MANTLE },
            Api { id: "converse", dialect: &Converse, service: "bedrock", ..API },
            Api { id: "responses", dialect: &Responses, ..RUNTIME_OPENAI },
            Api { id: "chat", ..RUNTIME_OPENAI },
        ],
        listings: &[
            Listing {
                path: "/inference-profiles?maxResults=1000&type=SYSTEM_DEFINED",
                items: "/inferenceProfileSummaries",
                id: &["inferenceProfileId"],
                ..BEDROCK_CONTROL
            },
            Listing {
                path: "/foundation-models?byOutputModality=TEXT",
                items: "/modelSummaries",
                id: &["modelId"],
                ..BEDROCK_CONTROL
            },
            Listing { base_url: MANTLE.base_url, path: "/v1/models", service: "bedrock-mantle", ..MODELS },
        ],
        example: "us.anthropic.claude-opus-5-5@us-east-1",
        ..ROW
    },
    Provider {
        id: "anthropic",
        label: "Anthropic",
        doc: "Anthropic's own API (Messages)",
        keys: &[header("ANTHROPIC_API_KEY", "x-api-key"), bearer("ANTHROPIC_AUTH_TOKEN")],
        auth: Auth::Header("x-api-key"),
        base_url: Some("https://api.anthropic.com"),
        base_url_vars: &["ANTHROPIC_BASE_URL"],
        hosts: &["api.anthropic.com"],
        apis: &[Api { id: "messages", dialect: &Messages, prefix: "/v1", ..API }],
        listings: &[Listing { path: "/v1/models?limit=1000", context: &["/max_input_tokens"], ..MODELS }],
        example: "claude-opus-5-5",
        ..ROW
    },
    Provider {
        id: "gemini",
        label: "Gemini",
        doc: "Google's Gemini API",
        keys: &[header("GOOGLE_API_KEY", "x-goog-api-key"), header("GEMINI_API_KEY", "x-goog-api-key")],
        auth: Auth::Header("x-goog-api-key"),
        base_url: Some("https://generativelanguage.googleapis.com"),
        base_url_vars: &["GOOGLE_GEMINI_BASE_URL"],
        hosts: &["generativelanguage.googleapis.com"],
        apis: &[Api { id: "gemini", dialect: &Gemini, prefix: "/v1", ..API }],
        listings: &[Listing {
            path: "/v1/models?pageSize=1000",
            items: "/models",
            id: &["name"],
            context: &["/inputTokenLimit"],
            ..MODELS
        }],
        example: "gemini-3.8-flash",
        ..ROW
    },
    Provider {
        id: "vertex",
        label: "Vertex",
        doc: "Google Cloud: Gemini, Claude, open models and OpenAI's; application default credentials",
        auth: Auth::Bearer,
        chain: Chain::Google,
        key_required: false,
        place: Place::Location,
        place_vars: &["GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION"],
        base_url: Some("https://{host}"),
        base_url_vars: &["GOOGLE_VERTEX_BASE_URL"],
        hosts: &["aiplatform.googleapis.com", "-aiplatform.googleapis.com", "rep.googleapis.com"],
        apis: &[
            Api {
                id: "messages",
                dialect: &RawPredict,
                prefix: "/v1/projects/{project}/locations/{location}/publishers/anthropic",
                base_url_vars: &["ANTHROPIC_VERTEX_BASE_URL"],
                place_vars: &["ANTHROPIC_VERTEX_PROJECT_ID", "CLOUD_ML_REGION"],
                fits: claude,
                example: "claude-opus-5-5",
                ..API
            },
            Api {
                id: "chat",
                prefix: "/v1/projects/{project}/locations/{location}/endpoints/openapi",
                fits: published,
                ..API
            },
            Api {
                id: "responses",
                dialect: &Responses,
                prefix: "/v1/projects/{project}/locations/{location}/publishers/openai/v1",
                quirks: OPENAI,
                fits: gpt,
                ..API
            },
            Api {
                id: "gemini",
                dialect: &Gemini,
                prefix: "/v1/projects/{project}/locations/{location}/publishers/google",
                ..API
            },
        ],
        // No listing says what a project may call.
        listings: &[],
        example: "gemini-3.8-flash@my-project/global",
        ..ROW
    },
    Provider {
        id: "mistral",
        label: "Mistral",
        doc: "Mistral's own API",
        keys: &[bearer("MISTRAL_API_KEY")],
        base_url: Some("https://api.mistral.ai/v1"),
        hosts: &["mistral.ai"],
        // Usage comes unasked; a field it does not know is a 422.
        apis: &[Api { quirks: Quirks { no_stream_options: true, ..PLAIN }, ..API }],
        example: "mistral-large-2512",
        ..ROW
    },
    Provider {
        id: "openrouter",
        label: "OpenRouter",
        doc: "OpenRouter, which states what each answer cost",
        keys: &[bearer("OPENROUTER_API_KEY")],
        base_url: Some("https://openrouter.ai/api/v1"),
        base_url_vars: &["OPENROUTER_BASE_URL"],
        hosts: &["openrouter.ai"],
        header_vars: &[("OPENROUTER_HTTP_REFERER", "http-referer"), ("OPENROUTER_APP_TITLE", "x-title")],
        // Its documentation, under "Stream cancellation".
        broken_off: "with some upstreams the model runs on to its end, and all of it is billed",
        example: "openai/gpt-6-sol",
        ..ROW
    },
    Provider {
        id: "groq",
        label: "Groq",
        doc: "Groq",
        keys: &[bearer("GROQ_API_KEY")],
        base_url: Some("https://api.groq.com/openai/v1"),
        base_url_vars: &["GROQ_BASE_URL"],
        hosts: &["api.groq.com"],
        apis: &[Api {
            quirks: Quirks {
                max_field: MaxField::MaxCompletionTokens,
                parsed_reasoning: &["qwen/qwen3", "deepseek-r1"],
                ..PLAIN
            },
            ..API
        }],
        example: "openai/gpt-oss-120b",
        ..ROW
    },
    Provider {
        id: "xai",
        label: "xAI",
        doc: "xAI's Grok",
        keys: &[bearer("XAI_API_KEY")],
        base_url: Some("https://api.x.ai/v1"),
        hosts: &["x.ai"],
        apis: &[Api { quirks: Quirks { max_field: MaxField::MaxCompletionTokens, ..PLAIN }, ..API }],
        example: "grok-4.7",
        ..ROW
    },
    Provider {
        id: "deepseek",
        label: "DeepSeek",
        doc: "DeepSeek's own API",
        keys: &[bearer("DEEPSEEK_API_KEY")],
        base_url: Some("https://api.deepseek.com"),
        hosts: &["api.deepseek.com"],
        example: "deepseek-v4-pro",
        ..ROW
    },
    Provider {
        id: "cerebras",
        label: "Cerebras",
        doc: "Cerebras",
        keys: &[bearer("CEREBRAS_API_KEY")],
        base_url: Some("https://api.cerebras.ai/v1"),
        hosts: &["api.cerebras.ai"],
        apis: &[Api { quirks: Quirks { max_field: MaxField::MaxCompletionTokens, ..PLAIN }, ..API }],
        example: "gpt-oss-120b",
        ..ROW
    },
    Provider {
        id: "together",
        label: "Together",
        doc: "Together AI",
        keys: &[bearer("TOGETHER_API_KEY")],
        base_url: Some("https://api.together.xyz/v1"),
        hosts: &["api.together.xyz", "api.together.ai"],
        listings: &[Listing { items: "", ..MODELS }],
        example: "openai/gpt-oss-120b",
        ..ROW
    },
    Provider {
        id: "fireworks",
        label: "Fireworks",
        doc: "Fireworks AI",
        keys: &[bearer("FIREWORKS_API_KEY")],
        base_url: Some("https://api.fireworks.ai/inference/v1"),
        hosts: &["api.fireworks.ai"],
        example: "accounts/fireworks/models/gpt-oss-120b",
        ..ROW
    },
    Provider {
        id: "moonshot",
        label: "Moonshot",
        doc: "Moonshot's own API (Kimi)",
        keys: &[bearer("MOONSHOT_API_KEY")],
        base_url: Some("https://api.moonshot.ai/v1"),
        hosts: &["api.moonshot.ai"],
        example: "kimi-k3",
        ..ROW
    },
    Provider {
        id: "ollama",
        label: "Ollama",
        doc: "Ollama's native API, on this machine unless OLLAMA_HOST says otherwise",
        keys: &[bearer("OLLAMA_API_KEY")],
        keys_stay: true,
        key_required: false,
        base_url: Some("http://127.0.0.1:11434"),
        base_url_vars: &["OLLAMA_HOST"],
        hosts: &["ollama.com"],
        apis: &[
            Api { id: "ollama", dialect: &Ollama, ..API },
            Api { id: "chat", prefix: "/v1", unsaid: unsaid_window, ..API },
        ],
        listings: &[Listing { path: "/api/tags", items: "/models", id: &["model", "name"], ..MODELS }],
        passes_on: |model| model.ends_with("cloud"),
        example: "qwen3",
        ..ROW
    },
    Provider {
        id: "vllm",
        label: "vLLM",
        doc: "a vLLM server, on this machine unless a base URL says otherwise",
        keys: &[bearer("VLLM_API_KEY")],
        key_required: false,
        base_url: Some("http://127.0.0.1:8000"),
        apis: LOCAL,
        listings: LOCAL_MODELS,
        example: "Qwen/Qwen3-8B",
        ..ROW
    },
    Provider {
        id: "lmstudio",
        label: "LM Studio",
        doc: "LM Studio's server, on this machine unless a base URL says otherwise",
        keys: &[bearer("LM_API_TOKEN")],
        key_required: false,
        base_url: Some("http://127.0.0.1:1234"),
        apis: LOCAL,
        listings: LOCAL_MODELS,
        example: "qwen3-8b",
        ..ROW
    },
    Provider {
        id: "llamacpp",
        label: "llama.cpp",
        doc: "llama.cpp's server, on this machine unless a base URL says otherwise",
        keys: &[bearer("LLAMA_API_KEY")],
        key_required: false,
        base_url: Some("http://127.0.0.1:8080"),
        apis: LOCAL,
        listings: LOCAL_MODELS,
        example: "qwen3-8b",
        ..ROW
    },
    Provider {
        id: "compatible",
        label: "compatible",
        doc: "any other server that speaks OpenAI Chat Completions, gateways included",
        // No variable by default: a key must never go to an address it was not meant for.
        key_required: false,
        apis: &[API, Api { id: "responses", dialect: &Responses, fits: none, ..API }],
        example: "qwen3:8b@http://127.0.0.1:9000/v1",
        ..ROW
    },
];

/// A server of the user's own: people write its address with `/v1` and without.
const LOCAL: &[Api] = &[Api { prefix: "/v1", ..API }];

const LOCAL_MODELS: &[Listing] = &[Listing { path: "/v1/models", ..MODELS }];

/// Azure serves OpenAI's models beside everybody's; the newer limit field is understood for all of them.
const AZURE_CHAT: Api =
    Api { quirks: Quirks { max_field: MaxField::MaxCompletionTokens, ..PLAIN }, fits: any, ..API };

/// Bedrock's control plane, which knows what a region has.
const BEDROCK_CONTROL: Listing =
    Listing { base_url: Some("https://bedrock.{place}.amazonaws.com"), service: "bedrock", ..MODELS };

/// Bedrock's second host.
const MANTLE: Api = Api {
    base_url: Some("https://bedrock-mantle.{place}.api.aws"),
    base_url_vars: &["AWS_BEDROCK_BASE_URL"],
    service: "bedrock-mantle",
    fits: none,
    ..API
};

const MANTLE_OPENAI: Api = Api { quirks: OPENAI, ..MANTLE };

/// OpenAI's wires on Bedrock's first host.
const RUNTIME_OPENAI: Api =
    Api { prefix: "/openai/v1", service: "bedrock", quirks: OPENAI, fits: none, ..API };

fn claude(model: &str) -> bool {
    model.contains("claude")
}

/// OpenAI's closed models, by whatever prefix; gpt-oss is an open one.
fn gpt(model: &str) -> bool {
    let name = model.rsplit(['/', '.']).find(|part| part.starts_with("gpt-")).unwrap_or(model);
    let name = if model.starts_with("gpt-") { model } else { name };
    let old = ["o1", "o3", "o4-mini"].iter().any(|o| name.starts_with(o));
    (name.starts_with("gpt-") && !name.starts_with("gpt-oss")) || old
}

/// `publisher/name`, as Vertex names open models; Mistral's stand without one.
fn published(model: &str) -> bool {
    model.contains('/') || ["codestral", "mistral", "ministral"].iter().any(|m| model.starts_with(m))
}

/// Bedrock ids without a profile's prefix are the second host's, where the model is new enough
/// to be sold there; an id with a version (`…-v1:0`) is the first host's.
fn bare_claude(model: &str) -> bool {
    model.starts_with("anthropic.claude-") && !model.contains(':')
}

fn bare_gpt(model: &str) -> bool {
    model.starts_with("openai.gpt-") && !bare_gpt_oss(model) && !model.contains(':')
}

fn bare_gpt_oss(model: &str) -> bool {
    model.starts_with("openai.gpt-oss") && !model.contains(':')
}

/// Models of the second host's newer path, `/openai/v1` (`wire-protocols` §5.3).
fn new_door(model: &str) -> bool {
    model.starts_with("google.gemma-4") || model.starts_with("xai.grok-4")
}

/// Models of its older path that the first host does not have under this id.
fn old_door(model: &str) -> bool {
    [
        "qwen.qwen3-235b-a22b-2507",
        "qwen.qwen3-coder-480b-a35b-instruct",
        "qwen.qwen3-next-80b-a3b-instruct",
        "qwen.qwen3-32b",
        "moonshotai.kimi-k2-thinking",
    ]
    .contains(&model)
}

/// The row with this id.
#[must_use]
pub fn provider(id: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|p| p.id == id)
}
