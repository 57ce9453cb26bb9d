//! What is asked: the conversation and the parameters it is asked with.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::attachment::{Attachment, Image, with_files};

/// Who said a turn. Wires rename these (Gemini says `model` for assistant).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    User,
    Assistant,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub role: Role,
    /// What was written, without the files.
    pub text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

impl Turn {
    #[must_use]
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, text: text.into(), attachments: Vec::new() }
    }

    /// What a model reads as text: what was written, then the text files.
    #[must_use]
    pub fn sent_text(&self) -> Cow<'_, str> {
        with_files(&self.text, &self.attachments)
    }

    /// The pictures, in the order in which they are sent.
    pub fn images(&self) -> impl Iterator<Item = &Image> {
        self.attachments.iter().filter_map(Attachment::image)
    }
}

/// A conversation whose last turn is the user's question.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Prompt {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    pub turns: Vec<Turn>,
    /// A word that goes before everything else, so that no prompt cache has the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
}

impl Prompt {
    /// A fresh conversation holding one question.
    #[must_use]
    pub fn new(question: impl Into<String>) -> Self {
        Self { system: None, turns: vec![Turn::new(Role::User, question)], nonce: None }
    }

    #[must_use]
    pub fn with_system(mut self, system: Option<String>) -> Self {
        self.system = system;
        self
    }

    #[must_use]
    pub fn with_nonce(mut self, nonce: Option<String>) -> Self {
        self.nonce = nonce;
        self
    }

    /// The line that a nonce becomes, as it is sent.
    #[must_use]
    pub fn nonce_line(&self) -> Option<String> {
        self.nonce.as_ref().map(|word| format!("[run {word}]"))
    }

    /// The same with the nonce written where a cache would begin to read: before the system
    /// text, else before the first turn.
    pub(super) fn with_nonce_written(mut self) -> Self {
        let Some(line) = self.nonce_line() else { return self };
        self.nonce = None;
        if let Some(system) = &mut self.system {
            *system = format!("{line}\n\n{system}");
        } else if let Some(turn) = self.turns.first_mut() {
            turn.text = format!("{line}\n\n{}", turn.text);
        }
        self
    }

    /// The same conversation continued: what was answered, then the next question.
    #[must_use]
    pub fn follow_up(&self, answer: impl Into<String>, question: impl Into<String>) -> Self {
        let mut next = self.clone();
        next.turns.push(Turn::new(Role::Assistant, answer));
        next.turns.push(Turn::new(Role::User, question));
        next
    }

    /// The same conversation with another question in the place of its last one.
    #[must_use]
    pub fn reworded(&self, question: impl Into<String>) -> Self {
        let mut next = self.clone();
        if let Some(at) = next.turns.iter().rposition(|t| t.role == Role::User) {
            next.turns.truncate(at);
        }
        next.turns.push(Turn::new(Role::User, question));
        next
    }

    /// The same with these files at its question.
    #[must_use]
    pub fn attach(mut self, attachments: &[Attachment]) -> Self {
        if let Some(turn) = self.turns.iter_mut().rev().find(|t| t.role == Role::User) {
            turn.attachments.extend_from_slice(attachments);
        }
        self
    }

    /// What was written in the last user turn; empty when there is none.
    #[must_use]
    pub fn question(&self) -> &str {
        self.turns.iter().rev().find(|t| t.role == Role::User).map_or("", |t| t.text.as_str())
    }

    /// The files of the last user turn.
    #[must_use]
    pub fn attachments(&self) -> &[Attachment] {
        self.turns.iter().rev().find(|t| t.role == Role::User).map_or(&[], |t| &t.attachments)
    }

    /// The pictures of the whole conversation: each request carries all of them.
    pub fn images(&self) -> impl Iterator<Item = &Image> {
        self.turns.iter().flat_map(Turn::images)
    }

    /// All texts that a model reads.
    pub fn texts(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let system = self.system.iter().map(|text| Cow::Borrowed(text.as_str()));
        system.chain(self.turns.iter().map(Turn::sent_text))
    }

    /// The same words without the pictures.
    #[must_use]
    pub fn without_images(&self) -> Self {
        let mut words = self.clone();
        for turn in &mut words.turns {
            turn.text = turn.sent_text().into_owned();
            turn.attachments.clear();
        }
        words
    }
}

/// How hard a model is asked to think. The union of what vendors accept; which
/// model takes which value is the vendor's to say (`wire-protocols` §2, §6, §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    XHigh,
    Max,
}

impl Effort {
    pub const ALL: [Self; 7] =
        [Self::None, Self::Minimal, Self::Low, Self::Medium, Self::High, Self::XHigh, Self::Max];

    /// The word on every wire that has the value.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::XHigh => "xhigh",
            Self::Max => "max",
        }
    }
}

impl FromStr for Effort {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|e| e.word() == s)
            .ok_or_else(|| format!("{s:?} is not an effort: none, minimal, low, medium, high, xhigh, max"))
    }
}

/// Whether, and with how many tokens, a model may think before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinking {
    Off,
    /// The model decides how much.
    On,
    /// At most this many tokens, on models that take a budget.
    Budget(u32),
}

impl fmt::Display for Thinking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::On => f.write_str("on"),
            Self::Budget(n) => write!(f, "{n}"),
        }
    }
}

impl FromStr for Thinking {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "off" | "false" => Ok(Self::Off),
            "on" | "true" | "adaptive" => Ok(Self::On),
            n => n
                .parse()
                .map(Self::Budget)
                .map_err(|_| format!("{s:?} is not a thinking setting: on, off or a token budget")),
        }
    }
}

/// Parameters of one endpoint. `None` means "not sent": the vendor's default
/// applies, which matters because many models refuse even the default value.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Params {
    pub max_tokens: Option<u32>,
    pub temperature: Option<f64>,
    pub effort: Option<Effort>,
    pub thinking: Option<Thinking>,
    /// A word of [`TIERS`].
    pub tier: Option<&'static str>,
}

/// The service tiers that vendors sell under one name or another; they differ in speed
/// and price, and the response says which one served (`wire-protocols` §2, §5.2, §8, §11).
pub const TIERS: [&str; 12] = [
    "auto",
    "default",
    "standard",
    "standard_only",
    "flex",
    "priority",
    "scale",
    "fast",
    "ultrafast",
    "reserved",
    "on_demand",
    "performance",
];

type Setter = fn(&mut Params, &str) -> Result<(), String>;

/// Name, meaning and setter of every parameter a spec or a config may carry:
/// specs, config, help and error messages read this table.
pub const PARAMS: [(&str, &str, Setter); 5] = [
    ("max_tokens", "most tokens to generate, reasoning included", |p, v| {
        let n: u32 = v.parse().map_err(|_| format!("max_tokens takes a whole number, not {v:?}"))?;
        if n == 0 {
            return Err("max_tokens must be at least 1".into());
        }
        p.max_tokens = Some(n);
        Ok(())
    }),
    ("temperature", "sampling temperature; sent only when asked for", |p, v| {
        let t: f64 = v.parse().map_err(|_| format!("temperature takes a number, not {v:?}"))?;
        if !(0.0..=2.0).contains(&t) {
            return Err(format!("temperature runs from 0 to 2, not {v}"));
        }
        p.temperature = Some(t);
        Ok(())
    }),
    ("reasoning_effort", "none, minimal, low, medium, high, xhigh or max", |p, v| {
        p.effort = Some(v.parse()?);
        Ok(())
    }),
    ("thinking", "on, off or a token budget", |p, v| {
        p.thinking = Some(v.parse()?);
        Ok(())
    }),
    ("service_tier", "flex, priority, default or another tier of the vendor's", |p, v| {
        let known = TIERS.into_iter().find(|t| *t == v);
        p.tier = Some(known.ok_or_else(|| format!("{v:?} is not a service tier: {}", TIERS.join(", ")))?);
        Ok(())
    }),
];

impl Params {
    /// Sets one parameter by its name in specs and config.
    ///
    /// # Errors
    /// A sentence naming the parameter and what it takes.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let row = PARAMS.iter().find(|(n, ..)| *n == name);
        match row {
            Some((_, _, set)) => set(self, value),
            None => Err(format!("{name:?} is not a parameter: {}", PARAMS.map(|(n, ..)| n).join(", "))),
        }
    }

    /// Takes one parameter back: it is not asked any more.
    pub fn clear(&mut self, name: &str) {
        match name {
            "max_tokens" => self.max_tokens = None,
            "temperature" => self.temperature = None,
            "reasoning_effort" => self.effort = None,
            "thinking" => self.thinking = None,
            "service_tier" => self.tier = None,
            _ => {}
        }
    }

    /// The value of one parameter as a spec would write it; `None` when it is not asked.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        match name {
            "max_tokens" => self.max_tokens.map(|n| n.to_string()),
            "temperature" => self.temperature.map(|t| t.to_string()),
            "reasoning_effort" => self.effort.map(|e| e.word().to_owned()),
            "thinking" => self.thinking.map(|t| t.to_string()),
            "service_tier" => self.tier.map(str::to_owned),
            _ => None,
        }
    }

    /// These parameters, with `other`'s where these say nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            max_tokens: self.max_tokens.or(other.max_tokens),
            temperature: self.temperature.or(other.temperature),
            effort: self.effort.or(other.effort),
            thinking: self.thinking.or(other.thinking),
            tier: self.tier.or(other.tier),
        }
    }

    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the request asks for thinking, which lengthens the wait for a first event.
    #[must_use]
    pub fn thinks(&self) -> bool {
        !matches!(self.thinking, None | Some(Thinking::Off))
            || !matches!(self.effort, None | Some(Effort::None | Effort::Minimal))
    }
}

/// Names and values as a spec has them.
impl Serialize for Params {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(PARAMS.iter().filter_map(|(name, ..)| Some((name, self.get(name)?))))
    }
}

impl<'de> Deserialize<'de> for Params {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let mut params = Self::default();
        for (name, value) in BTreeMap::<String, String>::deserialize(d)? {
            params.set(&name, &value).map_err(serde::de::Error::custom)?;
        }
        Ok(params)
    }
}

impl<'de> Deserialize<'de> for Effort {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
