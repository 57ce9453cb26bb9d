//! Money, prices and the settling of a usage: exact integers throughout.

/// An exact amount in femto-dollars (10^-15 USD).
///
/// Rates are at most nine decimals per million tokens (`prices.md` §4.3), so a
/// femto-dollar per token holds every one of them exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Money(pub u128);

/// USD per token, in femto-dollars per token, for each bucket. `None` is "not published".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rates {
    pub input: Option<u64>,
    pub cache_read: Option<u64>,
    pub cache_write: Option<u64>,
    pub cache_write_1h: Option<u64>,
    pub audio_input: Option<u64>,
    pub output: Option<u64>,
    pub reasoning: Option<u64>,
}

/// Rates that take the whole request once the whole prompt passes a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    pub above: u64,
    /// The tier starts AT the threshold (xAI), not above it.
    pub inclusive: bool,
    pub rates: Rates,
}

/// What one route charges.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Price {
    pub rates: Rates,
    pub tiers: Vec<Tier>,
    /// Service tiers by the provider's word (`flex`, `priority`, `batch`).
    pub services: Vec<(String, Rates, Vec<Tier>)>,
    /// Date of the list the row is from, `YYYY-MM-DD`.
    pub as_of: String,
    /// Sources disagree about this row.
    pub disputed: bool,
    /// The row is a hint; the real price is in the response.
    pub volatile: bool,
    /// Runs on the user's own machine.
    pub local: bool,
}

/// Which lookup rule gave the price (`prices.md` §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
}

/// How an amount is known. These are different things and never look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CostStatus {
    Billed,
    Known,
    Assumed,
    Free,
    Local,
    #[default]
    Unknown,
}

/// One bucket's share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub bucket: &'static str,
    pub amount: Money,
}

/// What an answer cost; `usd` is `None` exactly when the status is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cost {
    pub status: CostStatus,
    pub usd: Option<Money>,
    pub parts: Vec<Part>,
    pub rule: Rule,
    pub disputed: bool,
    pub volatile: bool,
    /// Why it is unknown or assumed, in words.
    pub why: Option<&'static str>,
}

/// Settles a usage with a price.
#[must_use]
pub fn settle(
    usage: Option<&super::Usage>,
    price: Option<&Price>,
    rule: Rule,
    served_tier: Option<&str>,
    billed_usd: Option<&str>,
) -> Cost {
    let _ = (usage, price, rule, served_tier, billed_usd);
    Cost::default()
}
