//! Which model takes which parameter, as data.
//!
//! A row stands here only where a source says what the generation takes. A model
//! without a row is not guessed at: its parameters go out as asked and the vendor
//! has the word.

use super::Effort;

/// Whether a model takes a sampling temperature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Temperature {
    Yes {
        max: f64,
    },
    No,
    /// From 0 to 2, but only with the effort `none`.
    OnlyWhenEffortIsNone,
    /// Only where thinking was not turned on.
    OnlyWithoutThinking {
        max: f64,
    },
}

impl Temperature {
    /// The highest value; `None` when there is no such setting.
    #[must_use]
    pub fn max(self) -> Option<f64> {
        match self {
            Self::Yes { max } | Self::OnlyWithoutThinking { max } => Some(max),
            Self::OnlyWhenEffortIsNone => Some(2.0),
            Self::No => None,
        }
    }
}

/// Whether thinking can be turned off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Off {
    No,
    Yes,
    /// With efforts up to this one.
    UpTo(Effort),
}

/// The bounds of a thinking budget, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub least: u32,
    pub most: u32,
    /// The budget is a part of `max_tokens` and must be smaller.
    pub below_limit: bool,
}

/// Which values of `thinking` are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThinkingTaken {
    pub off: Off,
    pub on: bool,
    pub budget: Option<Budget>,
}

/// What is taken, by a model or by a wire.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Takes {
    pub temperature: Temperature,
    /// In the order of [`Effort::ALL`]; empty when there is no such setting.
    pub efforts: &'static [Effort],
    pub thinking: ThinkingTaken,
}

/// A generation: the names that belong to it, and what it takes.
struct Row {
    /// Names as [`plain`] writes them; see [`fits`].
    names: &'static [&'static str],
    takes: Takes,
}

const ANY: Temperature = Temperature::Yes { max: 2.0 };

const MINIMAL_TO_HIGH: &[Effort] = &[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High];
const LOW_TO_HIGH: &[Effort] = &[Effort::Low, Effort::Medium, Effort::High];
const LOW_TO_XHIGH: &[Effort] = &[Effort::Low, Effort::Medium, Effort::High, Effort::XHigh];
const LOW_TO_MAX: &[Effort] = &[Effort::Low, Effort::Medium, Effort::High, Effort::XHigh, Effort::Max];
const NONE_TO_HIGH: &[Effort] = &[Effort::None, Effort::Low, Effort::Medium, Effort::High];
const NONE_TO_XHIGH: &[Effort] = &[Effort::None, Effort::Low, Effort::Medium, Effort::High, Effort::XHigh];
const NONE_TO_MAX: &[Effort] =
    &[Effort::None, Effort::Low, Effort::Medium, Effort::High, Effort::XHigh, Effort::Max];

/// A model that does not think, or always thinks the same.
const NO_SETTING: ThinkingTaken = ThinkingTaken { off: Off::No, on: false, budget: None };
/// Thinking is there and cannot be turned off by a switch.
const ALWAYS: ThinkingTaken = ThinkingTaken { off: Off::No, on: true, budget: None };
const SWITCH: ThinkingTaken = ThinkingTaken { off: Off::Yes, on: true, budget: None };

const CLAUDE_BUDGET: Budget = Budget { least: 1024, most: u32::MAX, below_limit: true };

const fn row(
    names: &'static [&'static str],
    temperature: Temperature,
    efforts: &'static [Effort],
    thinking: ThinkingTaken,
) -> Row {
    Row { names, takes: Takes { temperature, efforts, thinking } }
}

const fn thinking(off: Off, on: bool, budget: Option<Budget>) -> ThinkingTaken {
    ThinkingTaken { off, on, budget }
}

const fn gemini_budget(least: u32, most: u32) -> Budget {
    Budget { least, most, below_limit: false }
}

/// First match wins. Sections are those of `wire-protocols`.
///
/// Without a row on purpose, because no source says what they take: Grok, Kimi,
/// GLM, MiniMax, DeepSeek, Gemma and Nemotron.
const ROWS: &[Row] = &[
    // §2: gpt-6.2. `none` and `minimal` are refused, `max` is reported as refused.
    row(&["gpt-6-2"], Temperature::No, LOW_TO_XHIGH, ALWAYS),
    // §2: the two of generation 6 and 6.1 that always think.
    row(&["gpt-6-astra", "gpt-6-1-sol"], Temperature::No, LOW_TO_MAX, ALWAYS),
    // §2: the others of generation 6 and 6.1.
    row(
        &["gpt-6-sol", "gpt-6-luna", "gpt-6-1-terra"],
        Temperature::OnlyWhenEffortIsNone,
        NONE_TO_MAX,
        ALWAYS,
    ),
    // §2: gpt-5.6, the first with `max`.
    row(&["gpt-5-6"], Temperature::OnlyWhenEffortIsNone, NONE_TO_MAX, ALWAYS),
    // §2: gpt-5.1 to gpt-5.5.
    row(
        &["gpt-5-1", "gpt-5-2", "gpt-5-3", "gpt-5-4", "gpt-5-5"],
        Temperature::OnlyWhenEffortIsNone,
        NONE_TO_XHIGH,
        ALWAYS,
    ),
    // §2: gpt-5.
    row(&["gpt-5"], Temperature::No, MINIMAL_TO_HIGH, ALWAYS),
    // §2: the o-series.
    row(&["o1", "o3", "o4"], Temperature::No, LOW_TO_HIGH, ALWAYS),
    // §2: gpt-4o and gpt-4.1 do not think.
    row(&["gpt-4o", "gpt-4-1", "chatgpt-4o"], ANY, &[], NO_SETTING),
    // §5.2, §11, §12: gpt-oss thinks by effort and cannot be turned off.
    row(&["gpt-oss"], ANY, LOW_TO_HIGH, NO_SETTING),
    // §6: always adaptive.
    row(
        &["claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-*", "claude-mythos-5-*"],
        Temperature::No,
        LOW_TO_MAX,
        ALWAYS,
    ),
    // §6: haiku-5-5 can be turned off up to effort high.
    row(&["claude-haiku-5-5"], Temperature::No, LOW_TO_MAX, thinking(Off::UpTo(Effort::High), true, None)),
    // §6: opus-5, the same with budgets.
    row(
        &["claude-opus-5"],
        Temperature::No,
        LOW_TO_MAX,
        thinking(Off::UpTo(Effort::High), true, Some(CLAUDE_BUDGET)),
    ),
    // §6: sonnet-5, opus-4-7 and opus-4-8.
    row(
        &["claude-sonnet-5", "claude-opus-4-7", "claude-opus-4-8"],
        Temperature::No,
        LOW_TO_MAX,
        thinking(Off::Yes, true, Some(CLAUDE_BUDGET)),
    ),
    // §6: 4.6, the last with sampling. `xhigh` came with 4.7 (Anthropic's page on effort).
    row(
        &["claude-*-4-6"],
        Temperature::OnlyWithoutThinking { max: 1.0 },
        &[Effort::Low, Effort::Medium, Effort::High, Effort::Max],
        thinking(Off::Yes, true, Some(CLAUDE_BUDGET)),
    ),
    // §6; adaptive thinking came with 4.6, effort with opus-4-5 (Anthropic's pages on both).
    row(
        &["claude-opus-4-5"],
        Temperature::OnlyWithoutThinking { max: 1.0 },
        LOW_TO_HIGH,
        thinking(Off::Yes, false, Some(CLAUDE_BUDGET)),
    ),
    // §6: older ones that think do so by budget alone.
    row(
        &["claude-*-4-5", "claude-*-4-1", "claude-*-4", "claude-3-7"],
        Temperature::OnlyWithoutThinking { max: 1.0 },
        &[],
        thinking(Off::Yes, false, Some(CLAUDE_BUDGET)),
    ),
    // §6: before 3.7 Claude did not think.
    row(
        &["claude-3", "claude-3-5", "claude-2-*", "claude-instant-*"],
        Temperature::Yes { max: 1.0 },
        &[],
        NO_SETTING,
    ),
    // §8: levels without `minimal`; `xhigh` is the newest value and these are the newest models.
    row(&["gemini-4-*", "gemini-3-7-flash", "gemini-3-8-flash"], ANY, LOW_TO_XHIGH, ALWAYS),
    // §8; the Pro models of generation 3 have no `minimal` (Google's page on thinking).
    row(&["gemini-3-pro", "gemini-3-*-pro"], ANY, LOW_TO_HIGH, ALWAYS),
    // §8: the rest of generation 3.
    row(&["gemini-3-*"], ANY, MINIMAL_TO_HIGH, ALWAYS),
    // §8: 2.5 takes budgets; their bounds are on Google's page on thinking. Pro always thinks.
    row(&["gemini-2-5-pro"], ANY, &[], thinking(Off::No, true, Some(gemini_budget(128, 32_768)))),
    row(&["gemini-2-5-flash-lite"], ANY, &[], thinking(Off::Yes, true, Some(gemini_budget(512, 24_576)))),
    row(&["gemini-2-5-flash"], ANY, &[], thinking(Off::Yes, true, Some(gemini_budget(1, 24_576)))),
    // §9: most of Mistral's models take `high` and `none`. The API's schema ends at 1.5.
    row(
        &["mistral-small-*", "mistral-medium-*", "mistral-large-*", "magistral-*"],
        Temperature::Yes { max: 1.5 },
        &[Effort::None, Effort::High],
        NO_SETTING,
    ),
    // §9: made for code and for small devices; they do not think.
    row(&["codestral-*", "devstral-*", "ministral-*"], Temperature::Yes { max: 1.5 }, &[], NO_SETTING),
    // §11: Qwen 3 can be turned off; the coder does not think.
    row(&["qwen3-coder-*"], ANY, &[], NO_SETTING),
    row(&["qwen3"], ANY, NONE_TO_HIGH, SWITCH),
    // §5.2: Nova 2 thinks by effort, its elders do not think.
    row(&["nova-2-*"], Temperature::Yes { max: 1.0 }, NONE_TO_HIGH, SWITCH),
    row(
        &["nova-micro", "nova-lite", "nova-pro", "nova-premier"],
        Temperature::Yes { max: 1.0 },
        &[],
        NO_SETTING,
    ),
    // §7, §12: Llama 3 and 4 have no thinking to set.
    row(&["llama3-*", "llama-3-*", "llama4-*", "llama-4-*"], ANY, &[], NO_SETTING),
];

/// What a model takes, under whatever id a cloud sells it; `None` when no source says.
#[must_use]
pub fn takes(model: &str) -> Option<&'static Takes> {
    let name = plain(model);
    ROWS.iter().find(|row| row.names.iter().any(|pattern| fits(pattern, &name))).map(|row| &row.takes)
}

/// What stands before the name, with a dot behind it: Bedrock's places and vendors.
/// `deepseek` is not among them: what follows it there is only a version.
const PREFIXES: [&str; 23] = [
    "us",
    "us-gov",
    "eu",
    "apac",
    "jp",
    "au",
    "in",
    "ca",
    "global",
    "anthropic",
    "openai",
    "amazon",
    "google",
    "meta",
    "mistral",
    "qwen",
    "moonshot",
    "moonshotai",
    "zai",
    "xai",
    "nvidia",
    "minimax",
    "cohere",
];

/// A model's name without cloud, place, vendor and revision, in lower case and with
/// dashes alone: OpenRouter writes `claude-opus-5.5`, Ollama `gpt-oss:20b`.
pub(super) fn plain(model: &str) -> String {
    let lower = model.trim().to_ascii_lowercase();
    let mut id = lower.rsplit('/').next().unwrap_or_default();
    id = id.split('@').next().unwrap_or_default();
    while let Some((head, rest)) = id.split_once('.')
        && PREFIXES.contains(&head)
    {
        id = rest;
    }
    // Bedrock's revision, `:0`, must not be read as a part of the generation.
    let mut parts = id.split(':');
    if let (Some(name), Some(revision)) = (parts.next(), parts.next())
        && !revision.is_empty()
        && revision.bytes().all(|b| b.is_ascii_digit())
    {
        id = name;
    }
    // Azure's mark of models that Fireworks serves.
    id = id.strip_prefix("fw-").unwrap_or(id);
    id.replace(['.', ':', '_'], "-")
}

/// Whether a name begins with the words of a pattern. `*` stands for one word, at the
/// end for any rest. Without it no short number may follow: `gpt-5` is not `gpt-5-7`.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, open) = match pattern.strip_suffix("-*") {
        Some(head) => (head, true),
        None => (pattern, false),
    };
    let mut words = name.split('-');
    for wanted in pattern.split('-') {
        match words.next() {
            Some(word) if wanted == "*" || wanted == word => {}
            _ => return false,
        }
    }
    let generation = |word: &str| matches!(word.len(), 1 | 2) && word.bytes().all(|b| b.is_ascii_digit());
    open || !words.next().is_some_and(generation)
}

#[cfg(test)]
#[path = "capability_tests.rs"]
mod tests;
