//! Prices and the settling of a usage: exact integers throughout.
//!
//! The rules are those of `prices.md` §4.3: buckets do not overlap, the whole
//! prompt chooses the tier and every bucket takes it, the served service tier
//! counts, unknown is never zero.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::answer::Answer;
use super::hours::OffPeak;
use super::money::{Money, decimal};
use super::usage::Usage;
use super::word::Word;

/// USD per token, in femto-dollars per token, for each bucket. `None` is "not published".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Rates {
    #[serde(skip_serializing_if = "Option::is_none", with = "per_million")]
    pub input: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", with = "per_million")]
    pub cache_read: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", with = "per_million")]
    pub cache_write: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", with = "per_million")]
    pub cache_write_1h: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", with = "per_million")]
    pub audio_input: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", with = "per_million")]
    pub output: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", with = "per_million")]
    pub reasoning: Option<u64>,
}

/// In records a rate is USD per million tokens, as every list has it: a decimal string, exact.
mod per_million {
    use super::{Deserialize, Deserializer, Money, Rates, Serializer};

    #[expect(clippy::ref_option, reason = "what serde calls")]
    pub(super) fn serialize<S: Serializer>(rate: &Option<u64>, s: S) -> Result<S::Ok, S::Error> {
        match rate {
            Some(rate) => s.serialize_str(&Money(u128::from(*rate)).times(1_000_000).exact()),
            None => s.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u64>, D::Error> {
        let text = Option::<String>::deserialize(d)?;
        text.map(|text| Rates::rate(&text)).transpose().map_err(serde::de::Error::custom)
    }
}

impl Rates {
    /// Femto-dollars per token from USD per million tokens.
    ///
    /// # Errors
    /// A sentence, when it is not a plain decimal or finer than nine decimals.
    pub fn rate(per_million: &str) -> Result<u64, String> {
        let rate = decimal(per_million, 9)?;
        u64::try_from(rate).map_err(|_| format!("{per_million:?} is no price"))
    }

    /// These rates, with `below`'s where these say nothing.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        Self {
            input: self.input.or(below.input),
            cache_read: self.cache_read.or(below.cache_read),
            cache_write: self.cache_write.or(below.cache_write),
            cache_write_1h: self.cache_write_1h.or(below.cache_write_1h),
            audio_input: self.audio_input.or(below.audio_input),
            output: self.output.or(below.output),
            reasoning: self.reasoning.or(below.reasoning),
        }
    }

    fn scaled(self, numerator: u64, denominator: u64) -> Option<Self> {
        let scale = |rate: Option<u64>| match rate {
            None => Some(None),
            Some(r) => {
                let product = u128::from(r) * u128::from(numerator);
                let exact = product.is_multiple_of(u128::from(denominator));
                exact.then(|| u64::try_from(product / u128::from(denominator)).ok()).flatten().map(Some)
            }
        };
        Some(Self {
            input: scale(self.input)?,
            cache_read: scale(self.cache_read)?,
            cache_write: scale(self.cache_write)?,
            cache_write_1h: scale(self.cache_write_1h)?,
            audio_input: scale(self.audio_input)?,
            output: scale(self.output)?,
            reasoning: scale(self.reasoning)?,
        })
    }

    /// Everything the row lists is zero: a paid cache or paid reasoning makes it no free row.
    fn is_zero(&self) -> bool {
        let others =
            [self.cache_read, self.cache_write, self.cache_write_1h, self.audio_input, self.reasoning];
        self.input == Some(0) && self.output == Some(0) && others.iter().flatten().all(|rate| *rate == 0)
    }
}

/// Rates that take the whole request once the whole prompt passes a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    pub above: u64,
    /// The tier starts AT the threshold (xAI), not above it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inclusive: bool,
    pub rates: Rates,
}

/// The rates of one service tier (`flex`, `priority`, `batch`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    pub word: String,
    pub rates: Rates,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<Tier>,
}

/// What one route charges.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Price {
    pub rates: Rates,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<Tier>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Service>,
    /// Date of the list the row is from, `YYYY-MM-DD`.
    pub as_of: String,
    /// What other sources say of this row, where they say something else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disagrees: Vec<String>,
    /// The row is a hint; the real price is in the response.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub volatile: bool,
    /// Runs on the user's own machine.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub local: bool,
    /// Rates of quiet hours; those above are the peak's. Without a moment an amount is an upper
    /// bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off_peak: Option<Box<OffPeak>>,
    /// What is assumed of the row, where it stands in for one that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assumed: Option<Word>,
    /// Of a row of the user's own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
}

impl Price {
    /// Every rate times `numerator / denominator`: a regional uplift of 1.1 is 11/10.
    /// `None` when a rate would no longer be an exact integer.
    #[must_use]
    pub fn scaled(&self, numerator: u64, denominator: u64) -> Option<Self> {
        let tiers = |tiers: &[Tier]| -> Option<Vec<Tier>> {
            tiers
                .iter()
                .map(|t| Some(Tier { rates: t.rates.scaled(numerator, denominator)?, ..*t }))
                .collect()
        };
        let services = self
            .services
            .iter()
            .map(|s| {
                let rates = s.rates.scaled(numerator, denominator)?;
                Some(Service { word: s.word.clone(), rates, tiers: tiers(&s.tiers)? })
            })
            .collect::<Option<_>>()?;
        let rates = self.rates.scaled(numerator, denominator)?;
        let off_peak = match &self.off_peak {
            Some(off) => {
                let rates = off.rates.scaled(numerator, denominator)?;
                Some(Box::new(OffPeak { rates, windows: off.windows.clone() }))
            }
            None => None,
        };
        Some(Self { rates, tiers: tiers(&self.tiers)?, services, off_peak, ..self.clone() })
    }

    /// The price at a moment, seconds since 1970 UTC: an answer is billed by when it ended.
    #[must_use]
    pub fn at(&self, unix: Option<u64>) -> Cow<'_, Self> {
        match (&self.off_peak, unix) {
            (Some(off), Some(unix)) => {
                let rates = if off.holds(unix) { off.rates.over(self.rates) } else { self.rates };
                Cow::Owned(Self { rates, off_peak: None, ..self.clone() })
            }
            _ => Cow::Borrowed(self),
        }
    }

    /// Every row of rates that a prompt of up to this many tokens can fall into under a service
    /// tier; `None` when that tier has no price for some of them.
    #[must_use]
    pub fn rows(&self, prompt: u64, service: Option<&str>) -> Option<Vec<Rates>> {
        let tiers = self.tiers.iter().chain(self.services.iter().flat_map(|s| &s.tiers));
        let steps = tiers.map(|t| t.above.saturating_add(1)).filter(|n| *n <= prompt);
        std::iter::once(0).chain(steps).chain([prompt]).map(|n| self.pick(n, service)).collect()
    }

    /// The rates for a prompt of this many tokens under a service tier; `None` when that tier has no price.
    fn pick(&self, prompt: u64, service: Option<&str>) -> Option<Rates> {
        // Vendors write one tier in several ways: `PRIORITY`, `ON_DEMAND_PRIORITY`.
        let service = service.map(str::to_ascii_lowercase);
        let service = service.as_deref().map(|word| word.strip_prefix("on_demand_").unwrap_or(word));
        let (mut rates, tiers) = match service {
            None | Some("default" | "standard" | "auto" | "on_demand") => (self.rates, &self.tiers),
            Some(word) => {
                let row = self.services.iter().find(|s| s.word == word)?;
                // A list that gives a service no tiers, although the route has some, says
                // nothing of long prompts there: the short price would be too low.
                let long = |t: &Tier| prompt > t.above || (t.inclusive && prompt == t.above);
                if row.tiers.is_empty() && self.tiers.iter().any(long) {
                    return None;
                }
                (row.rates, &row.tiers)
            }
        };
        for tier in tiers {
            if prompt > tier.above || (tier.inclusive && prompt == tier.above) {
                // A tier row leaves out what does not change.
                rates = tier.rates.over(rates);
            }
        }
        Some(rates)
    }
}

/// Which lookup rule gave the price (`prices.md` §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Nothing matched.
    #[default]
    None,
    Exact,
    CaseInsensitive,
    Alias,
    Undated,
    /// A sibling scope's row stands in.
    Sibling,
    /// A row of the user's own.
    #[serde(rename = "your_rate")]
    Own,
}

impl Rule {
    /// The word in machine output; `None` when nothing matched.
    #[must_use]
    pub fn word(self) -> Option<&'static str> {
        Some(match self {
            Self::None => return None,
            Self::Exact => "exact",
            Self::CaseInsensitive => "case_insensitive",
            Self::Alias => "alias",
            Self::Undated => "undated",
            Self::Sibling => "sibling",
            Self::Own => "your_rate",
        })
    }
}

/// How an amount is known. These are different things and never look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CostStatus {
    /// The response stated it.
    Billed,
    /// Reported usage times list price.
    Known,
    /// The same, with a rate or a row that stands in for a missing one.
    Assumed,
    Free,
    Local,
    #[default]
    Unknown,
}

impl CostStatus {
    /// The word in machine output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Billed => "billed",
            Self::Known => "known",
            Self::Assumed => "assumed",
            Self::Free => "free",
            Self::Local => "local",
            Self::Unknown => "unknown",
        }
    }
}

/// One bucket's share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub bucket: Word,
    pub amount: Money,
}

/// What an answer cost; `usd` is `None` exactly when the status is unknown or local.
/// A free answer cost an exact zero, one on the user's own machine has no price.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cost {
    pub status: CostStatus,
    pub usd: Option<Money>,
    pub parts: Vec<Part>,
    pub rule: Rule,
    pub disputed: bool,
    pub volatile: bool,
    /// The answer did not end: providers bill what was generated, and this is what was told so far.
    pub at_least: bool,
    /// Why it is unknown or assumed, in words.
    pub why: Option<Word>,
}

impl Cost {
    fn unknown(why: &'static str) -> Self {
        Self { why: Some(why.into()), ..Self::default() }
    }

    /// The counts were told before the answer had ended: what stands here is a lower bound.
    pub(super) fn unfinished(&mut self) {
        if self.usd.is_some() && self.status != CostStatus::Billed {
            self.status = CostStatus::Assumed;
            self.at_least = true;
            self.why = Some("the answer did not end; providers bill what was generated".into());
        }
    }

    /// As shown: `≥` before a lower bound, `~` before what is computed, nothing before what was stated,
    /// `?` after a disputed row, `*` after a volatile one.
    #[must_use]
    pub fn label(&self) -> String {
        self.usd.map_or_else(|| self.status.word().into(), |usd| self.marked(&usd.shown()))
    }

    /// An amount that follows from this cost, with the marks of the cost.
    #[must_use]
    pub fn marked(&self, amount: &str) -> String {
        if self.status == CostStatus::Free {
            return self.status.word().into();
        }
        let tilde = if self.status == CostStatus::Billed { "" } else { "~" };
        let doubt = match (self.disputed, self.volatile) {
            (_, true) => "*",
            (true, false) => "?",
            (false, false) => "",
        };
        let bound = if self.at_least { "≥ " } else { "" };
        format!("{bound}{tilde}{amount}{doubt}")
    }
}

/// Sums answers: exact values, and how many parts are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Total {
    pub usd: Money,
    pub parts: u32,
    pub unknown: u32,
    /// Some part was computed from a list, not stated by a response.
    pub computed: bool,
    /// Some part is a lower bound.
    pub at_least: bool,
}

impl Total {
    /// The sum of the answers that are over and may be billed.
    #[must_use]
    pub fn of<'a>(answers: impl IntoIterator<Item = &'a Answer>) -> Self {
        let mut total = Self::default();
        answers.into_iter().filter(|a| a.is_over() && a.may_be_billed()).for_each(|a| total.add(&a.cost));
        total
    }

    /// This sum and another.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            usd: self.usd + other.usd,
            parts: self.parts + other.parts,
            unknown: self.unknown + other.unknown,
            computed: self.computed || other.computed,
            at_least: self.at_least || other.at_least,
        }
    }

    pub fn add(&mut self, cost: &Cost) {
        self.parts += 1;
        self.at_least |= cost.at_least;
        match cost.status {
            CostStatus::Unknown => self.unknown += 1,
            CostStatus::Free | CostStatus::Local => {}
            CostStatus::Billed | CostStatus::Known | CostStatus::Assumed => {
                self.usd = self.usd + cost.usd.unwrap_or_default();
                self.computed |= cost.status != CostStatus::Billed;
            }
        }
    }

    /// The label without the count of what is unknown: `≥ ~$0.42`.
    #[must_use]
    pub fn short(&self) -> String {
        let label = self.label();
        label.split_once(" (").map_or(label.clone(), |(short, _)| short.to_owned())
    }

    /// `~$0.42`, or `≥ ~$0.42 (1 of 5 unknown)`; `–` before anything was asked.
    #[must_use]
    pub fn label(&self) -> String {
        if self.parts == 0 {
            return "–".into();
        }
        if self.unknown == self.parts {
            return "unknown".into();
        }
        let amount = format!("{}{}", if self.computed { "~" } else { "" }, self.usd.shown());
        if self.unknown == 0 {
            return if self.at_least { format!("≥ {amount}") } else { amount };
        }
        format!("≥ {amount} ({} of {} unknown)", self.unknown, self.parts)
    }
}

/// Settles a usage with a price.
///
/// `served_tier` is the response's word, `billed_usd` a cost the response states;
/// the latter wins over every list.
#[must_use]
pub fn settle(
    usage: Option<&Usage>,
    price: Option<&Price>,
    rule: Rule,
    served_tier: Option<&str>,
    billed_usd: Option<&str>,
) -> Cost {
    if let Some(usd) = billed_usd.and_then(|text| Money::parse(text).ok()) {
        return Cost { status: CostStatus::Billed, usd: Some(usd), ..Cost::default() };
    }
    if price.is_some_and(|p| p.local) {
        return Cost { status: CostStatus::Local, rule, ..Cost::default() };
    }
    let Some(usage) = usage else { return Cost::unknown("no usage in the stream") };
    let Some(price) = price else { return Cost::unknown("no price for this route") };
    let Some(prompt) = usage.prompt() else { return Cost::unknown("no input tokens in the usage") };
    if usage.generated().is_none() {
        return Cost::unknown("no output tokens in the usage");
    }
    let Some(rates) = price.pick(prompt, served_tier) else {
        return Cost::unknown("this service tier has no price");
    };
    let sum = amounts(usage, &rates);
    let Some((parts, stood_in)) = sum else { return Cost::unknown("the route's price lacks a rate") };
    if rates.is_zero() {
        return Cost {
            status: CostStatus::Free,
            usd: Some(Money::default()),
            parts,
            rule,
            ..Cost::default()
        };
    }
    let why: Option<Word> = if price.off_peak.is_some() {
        Some("priced at peak hours, an upper bound".into())
    } else if rule == Rule::Sibling {
        Some("the price of a sibling scope".into())
    } else if usage.inconsistent {
        Some("the provider's counts contradict each other".into())
    } else if stood_in {
        Some("a rate that is not published was taken from its neighbour".into())
    } else {
        price.assumed.clone()
    };
    Cost {
        status: if why.is_some() { CostStatus::Assumed } else { CostStatus::Known },
        usd: Some(parts.iter().map(|p| p.amount).sum()),
        parts,
        rule,
        disputed: !price.disagrees.is_empty(),
        volatile: price.volatile,
        at_least: false,
        why,
    }
}

/// Each bucket with tokens, and whether a rate stood in for another. `None`
/// when a rate is missing altogether or the product does not fit.
fn amounts(usage: &Usage, r: &Rates) -> Option<(Vec<Part>, bool)> {
    // A write or a read without a rate of its own takes its neighbour's; reasoning
    // is billed as output unless it has its own rate, which is a rule, not an assumption.
    let write = r.cache_write.or(r.input);
    let buckets = [
        ("input", usage.input, r.input, true),
        ("cache_read", usage.cache_read, r.cache_read.or(r.input), r.cache_read.is_some()),
        ("cache_write", usage.cache_write, write, r.cache_write.is_some()),
        ("cache_write_1h", usage.cache_write_1h, r.cache_write_1h.or(write), r.cache_write_1h.is_some()),
        ("audio_input", usage.audio_input, r.audio_input.or(r.input), r.audio_input.is_some()),
        ("output", usage.output, r.output, true),
        ("reasoning", usage.reasoning, r.reasoning.or(r.output), true),
    ];
    let (mut parts, mut assumed) = (Vec::new(), false);
    for (bucket, tokens, rate, own) in buckets {
        let tokens = tokens.unwrap_or(0);
        if tokens == 0 {
            continue;
        }
        assumed |= !own;
        let amount = u128::from(tokens).checked_mul(u128::from(rate?))?;
        parts.push(Part { bucket: bucket.into(), amount: Money(amount) });
    }
    Some((parts, assumed))
}
