//! A call as Converse takes it: typed for the SDK, as JSON for people and tests.
//!
//! Thinking has no field of its own in Converse: each vendor's models read their
//! own from `additionalModelRequestFields`, so the model's family decides.

use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, ImageBlock, ImageFormat, ImageSource, InferenceConfiguration, Message,
    ServiceTier, SystemContentBlock,
};
use aws_smithy_types::{Blob, Document, Number};
use serde_json::{Map, Value, json};

use super::Converse;
use crate::model::Class;
use crate::model::Effort;
use crate::model::Fault;
use crate::model::Image;
use crate::model::Off;
use crate::model::Params;
use crate::model::Role;
use crate::model::Temperature;
use crate::model::Thinking;
use crate::model::ThinkingTaken;
use crate::wire::chat::role;
use crate::wire::images::{First, parts};
use crate::wire::messages::{CLAUDE_BUDGET, CLAUDE_EFFORTS, effort_word};
use crate::wire::{Call, Carried, Pair, WireTakes};

/// Prefixes of inference profiles: they choose a place and a price, not a model.
const PLACES: [&str; 9] = ["us.", "us-gov.", "eu.", "apac.", "jp.", "au.", "in.", "ca.", "global."];

/// Whose model it is, as far as requests and usage differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Claude,
    OpenAi,
    GptOss,
    Nova2,
    Other,
}

impl Family {
    /// From a model id, an inference profile's id or an ARN. The ARN of an
    /// application profile or of provisioned throughput does not say.
    pub(super) fn of(model: &str) -> Self {
        let id = model.rsplit('/').next().unwrap_or(model);
        let id = PLACES.iter().find_map(|place| id.strip_prefix(place)).unwrap_or(id);
        let begins = |prefix: &str| id.starts_with(prefix);
        match () {
            () if begins("anthropic.") => Self::Claude,
            () if begins("openai.gpt-oss") => Self::GptOss,
            () if begins("openai.") => Self::OpenAi,
            () if begins("amazon.nova-2") => Self::Nova2,
            () => Self::Other,
        }
    }

    pub(super) fn is_openai(self) -> bool {
        matches!(self, Self::OpenAi | Self::GptOss)
    }
}

/// Where the body holds each parameter; thinking stands where the family reads it.
pub(super) const CARRIED: &[Carried] = &[
    Carried::new("max_tokens", &["/inferenceConfig/maxTokens"]),
    Carried::new("temperature", &["/inferenceConfig/temperature"]),
    Carried::new("service_tier", &["/serviceTier/type"]),
    Carried::new(
        "reasoning_effort",
        &[
            "/additionalModelRequestFields/output_config/effort",
            "/additionalModelRequestFields/reasoning/effort",
            "/additionalModelRequestFields/reasoning_effort",
            "/additionalModelRequestFields/reasoningConfig/maxReasoningEffort",
            "/additionalModelRequestFields/reasoningConfig/type",
        ],
    ),
    Carried::new(
        "thinking",
        &[
            "/additionalModelRequestFields/thinking/budget_tokens",
            "/additionalModelRequestFields/thinking/type",
            "/additionalModelRequestFields/reasoningConfig/type",
        ],
    ),
];

/// What Converse can carry for a model; thinking has only the fields of its family.
pub(super) fn takes(model: &str) -> WireTakes {
    const NOVA: &[Effort] = &[Effort::None, Effort::Low, Effort::Medium, Effort::High];
    let mut wire = WireTakes::all("Converse");
    wire.takes.temperature = Temperature::Yes { max: 1.0 };
    let no_thinking = ThinkingTaken { off: Off::No, on: false, budget: None };
    match Family::of(model) {
        Family::Claude => {
            wire.takes.efforts = CLAUDE_EFFORTS;
            wire.takes.thinking.budget = CLAUDE_BUDGET;
        }
        Family::OpenAi | Family::GptOss => wire.takes.thinking = no_thinking,
        Family::Nova2 => {
            wire.takes.efforts = NOVA;
            // Turning it on needs an effort.
            wire.takes.thinking = ThinkingTaken { off: Off::Yes, ..no_thinking };
            wire.pair = Pair::OneField;
        }
        Family::Other => {
            wire.takes.efforts = &[];
            wire.takes.thinking = no_thinking;
        }
    }
    wire
}

impl Converse {
    /// The turns.
    ///
    /// # Errors
    /// `Internal` when the SDK does not take a turn; it takes every one that is built here.
    pub fn messages(call: &Call<'_>) -> Result<Vec<Message>, Fault> {
        let misfit = |e: &dyn std::fmt::Display| {
            Fault::new(Class::Internal, format!("a turn does not fit the SDK: {e}"))
        };
        let turns = call.prompt.turns.iter().map(|turn| {
            let role = match turn.role {
                Role::User => ConversationRole::User,
                Role::Assistant => ConversationRole::Assistant,
            };
            let mut message = Message::builder().role(role);
            for image in turn.images() {
                let source = ImageSource::Bytes(Blob::new(image.bytes().unwrap_or_default()));
                let format = ImageFormat::from(format_word(image).as_str());
                let block = ImageBlock::builder().format(format).source(source).build();
                message = message.content(ContentBlock::Image(block.map_err(|e| misfit(&e))?));
            }
            let words = turn.sent_text();
            if turn.images().next().is_none() || !words.trim().is_empty() {
                message = message.content(ContentBlock::Text(words.into_owned()));
            }
            message.build().map_err(|e| misfit(&e))
        });
        turns.collect()
    }

    /// The system text; empty when there is none.
    #[must_use]
    pub fn system(call: &Call<'_>) -> Vec<SystemContentBlock> {
        call.prompt.system.iter().map(|text| SystemContentBlock::Text(text.clone())).collect()
    }

    /// `inferenceConfig`; `None` when nothing was asked, since many models refuse
    /// even the default temperature.
    #[must_use]
    pub fn inference(call: &Call<'_>) -> Option<InferenceConfiguration> {
        let Params { max_tokens, temperature, .. } = *call.params;
        if max_tokens.is_none() && temperature.is_none() {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the SDK's type; 0 to 2 loses nothing that matters"
        )]
        let temperature = temperature.map(|t| t as f32);
        Some(
            InferenceConfiguration::builder()
                .set_max_tokens(max_tokens.map(|n| i32::try_from(n).unwrap_or(i32::MAX)))
                .set_temperature(temperature)
                .build(),
        )
    }

    /// `serviceTier`, as the user wrote it.
    #[must_use]
    pub fn tier(call: &Call<'_>) -> Option<ServiceTier> {
        // The type is always set, which is all that the builder asks for.
        call.params.tier.and_then(|t| ServiceTier::builder().r#type(t.into()).build().ok())
    }

    /// `additionalModelRequestFields`: thinking and effort in the model's own words.
    ///
    /// # Errors
    /// `Setup` when the model's family has no such setting, or is not known.
    pub fn additional(call: &Call<'_>) -> Result<Option<Document>, Fault> {
        Ok(fields(call)?.map(document))
    }
}

/// The body as the API documents it.
pub(super) fn body(call: &Call<'_>) -> Result<Value, Fault> {
    let mut body = Map::new();
    if let Some(system) = &call.prompt.system {
        body.insert("system".into(), json!([{"text": system}]));
    }
    let text = |text: &str| json!({"text": text});
    let image =
        |image: &Image| json!({"image": {"format": format_word(image), "source": {"bytes": image.base64()}}});
    let turns = call
        .prompt
        .turns
        .iter()
        .map(|turn| json!({"role": role(turn.role), "content": parts(turn, text, image, First::Images)}));
    body.insert("messages".into(), turns.collect());
    let mut config = Map::new();
    if let Some(n) = call.params.max_tokens {
        config.insert("maxTokens".into(), n.into());
    }
    if let Some(t) = call.params.temperature {
        config.insert("temperature".into(), t.into());
    }
    if !config.is_empty() {
        body.insert("inferenceConfig".into(), config.into());
    }
    if let Some(tier) = call.params.tier {
        body.insert("serviceTier".into(), json!({"type": tier}));
    }
    if let Some(fields) = fields(call)? {
        body.insert("additionalModelRequestFields".into(), fields);
    }
    Ok(Value::Object(body))
}

/// `png`, `jpeg`…
fn format_word(image: &Image) -> String {
    image.kind.word().to_ascii_lowercase()
}

fn fields(call: &Call<'_>) -> Result<Option<Value>, Fault> {
    let Params { effort, thinking, .. } = *call.params;
    if effort.is_none() && thinking.is_none() {
        return Ok(None);
    }
    match Family::of(call.is) {
        Family::Claude => claude(effort, thinking),
        Family::OpenAi => openai(effort, thinking, |word| json!({"reasoning": {"effort": word}})),
        Family::GptOss => openai(effort, thinking, |word| json!({"reasoning_effort": word})),
        Family::Nova2 => nova(effort, thinking),
        Family::Other => Err(Fault::new(
            Class::Setup,
            format!("Converse has no thinking or reasoning_effort that is known for {:?}", call.is),
        )
        .hint("leave both out; or name the model by its id: the ARN of an application profile hides it")),
    }
    .map(Some)
}

fn claude(effort: Option<Effort>, thinking: Option<Thinking>) -> Result<Value, Fault> {
    let mut fields = Map::new();
    if let Some(thinking) = thinking {
        let value = match thinking {
            Thinking::On => json!({"type": "adaptive"}),
            Thinking::Budget(n) => json!({"type": "enabled", "budget_tokens": n}),
            Thinking::Off => json!({"type": "disabled"}),
        };
        fields.insert("thinking".into(), value);
    }
    if let Some(effort) = effort {
        fields.insert("output_config".into(), json!({"effort": effort_word(effort)?}));
    }
    Ok(Value::Object(fields))
}

fn openai(
    effort: Option<Effort>,
    thinking: Option<Thinking>,
    wrap: fn(&str) -> Value,
) -> Result<Value, Fault> {
    match (effort, thinking) {
        (Some(effort), None) => Ok(wrap(effort.word())),
        _ => Err(Fault::new(Class::Setup, "OpenAI's models on Converse take reasoning_effort, not thinking")
            .hint("use reasoning_effort=low, medium or high, or what the model's card names")),
    }
}

fn nova(effort: Option<Effort>, thinking: Option<Thinking>) -> Result<Value, Fault> {
    match (effort, thinking) {
        (None | Some(Effort::None), Some(Thinking::Off)) | (Some(Effort::None), None) => {
            Ok(json!({"reasoningConfig": {"type": "disabled"}}))
        }
        (Some(e @ (Effort::Low | Effort::Medium | Effort::High)), None | Some(Thinking::On)) => {
            Ok(json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": e.word()}}))
        }
        _ => Err(Fault::new(
            Class::Setup,
            "Nova 2 thinks by reasoning_effort none, low, medium or high, without a budget",
        )
        .hint("use reasoning_effort=low, medium or high, or thinking=off")),
    }
}

fn document(value: Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(b) => Document::Bool(b),
        Value::String(s) => Document::String(s),
        Value::Array(items) => Document::Array(items.into_iter().map(document).collect()),
        Value::Object(fields) => {
            Document::Object(fields.into_iter().map(|(k, v)| (k, document(v))).collect())
        }
        Value::Number(n) => Document::Number(match (n.as_u64(), n.as_i64()) {
            (Some(n), _) => Number::PosInt(n),
            (None, Some(n)) => Number::NegInt(n),
            (None, None) => Number::Float(n.as_f64().unwrap_or_default()),
        }),
    }
}
