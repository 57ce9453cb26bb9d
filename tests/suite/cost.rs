//! Money: sixty settled cases from published prices, and settling against
//! arithmetic that shares no code with it.

use std::collections::BTreeMap;

use bakeoff::model::{CostStatus, Money, Price, Rates, Rule, Service, Tier, Usage, settle};
use serde::Deserialize;
use serde_json::Value;

/// Cases the engine cannot express, with the reason. The aim is none.
const LEFT_OUT: &[(&str, &str)] = &[];

#[derive(Deserialize)]
struct Book {
    count: usize,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub id: String,
    #[serde(rename = "note")]
    _note: String,
    kind: String,
    #[serde(rename = "price_key")]
    _price_key: String,
    pub wire: String,
    price_per_1m: Option<Rows>,
    pub usage_wire: Option<Value>,
    usage: Option<Counts>,
    /// What the answer says; what was asked for does not count.
    pub served_tier: Option<String>,
    #[serde(rename = "requested_tier")]
    _requested_tier: Option<String>,
    uplift: Option<String>,
    /// The row is a router's own fee: the model behind it has no row.
    #[serde(default)]
    surcharge_only: bool,
    pub expected: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows {
    base: Listed,
    #[serde(default)]
    tiers: Vec<ListedTier>,
    #[serde(default)]
    service: BTreeMap<String, Rows>,
}

#[derive(Deserialize)]
struct ListedTier {
    above: u64,
    inclusive: bool,
    #[serde(flatten)]
    rates: Listed,
}

#[derive(Deserialize)]
struct Listed {
    input: Option<String>,
    cache_read: Option<String>,
    cache_write: Option<String>,
    cache_write_1h: Option<String>,
    audio_input: Option<String>,
    output: Option<String>,
    reasoning: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Counts {
    input: u64,
    cache_read: u64,
    cache_write: u64,
    cache_write_1h: u64,
    audio_input: u64,
    output: u64,
    reasoning: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub status: String,
    pub usd: Option<String>,
    by_bucket: Option<BTreeMap<String, String>>,
    #[serde(default)]
    reasons: Vec<String>,
    tier_above: Option<u64>,
    display: String,
}

impl Listed {
    fn rates(&self) -> Rates {
        let rate = |text: &Option<String>| text.as_deref().map(|t| Rates::rate(t).unwrap());
        Rates {
            input: rate(&self.input),
            cache_read: rate(&self.cache_read),
            cache_write: rate(&self.cache_write),
            cache_write_1h: rate(&self.cache_write_1h),
            audio_input: rate(&self.audio_input),
            output: rate(&self.output),
            reasoning: rate(&self.reasoning),
        }
    }
}

impl Rows {
    fn tiers(&self) -> Vec<Tier> {
        let tier = |t: &ListedTier| Tier { above: t.above, inclusive: t.inclusive, rates: t.rates.rates() };
        self.tiers.iter().map(tier).collect()
    }

    fn price(&self, local: bool) -> Price {
        let service = |(word, rows): (&String, &Rows)| Service {
            word: word.clone(),
            rates: rows.base.rates(),
            tiers: rows.tiers(),
        };
        Price {
            rates: self.base.rates(),
            tiers: self.tiers(),
            services: self.service.iter().map(service).collect(),
            local,
            ..Price::default()
        }
    }
}

impl Case {
    pub fn price(&self) -> Option<Price> {
        let rows = self.price_per_1m.as_ref().filter(|_| !self.surcharge_only)?;
        let price = rows.price(self.kind == "ollama");
        let Some(uplift) = &self.uplift else { return Some(price) };
        let (whole, fraction) = uplift.split_once('.').unwrap_or((uplift, ""));
        let numerator = format!("{whole}{fraction}").parse().unwrap();
        Some(price.scaled(numerator, 10_u64.pow(u32::try_from(fraction.len()).unwrap())).unwrap())
    }

    fn usage(&self) -> Option<Usage> {
        let n = self.usage.as_ref()?;
        Some(Usage {
            input: Some(n.input),
            cache_read: Some(n.cache_read),
            cache_write: Some(n.cache_write),
            cache_write_1h: Some(n.cache_write_1h),
            audio_input: Some(n.audio_input),
            output: Some(n.output),
            reasoning: Some(n.reasoning),
            // The wire's decoder sets this; the case says it in words.
            inconsistent: self.expected.reasons.iter().any(|r| r.contains("is larger than")),
            ..Usage::default()
        })
    }
}

/// The sixty cases.
pub fn cases() -> Vec<Case> {
    let book: Book = serde_json::from_str(include_str!("../fixtures/cost/cases.json")).unwrap();
    assert_eq!((book.cases.len(), book.count), (60, 60));
    book.cases
}

#[test]
fn every_case_settles_to_the_last_digit() {
    let cases = cases();
    for (id, reason) in LEFT_OUT {
        assert!(cases.iter().any(|c| c.id == *id) && !reason.is_empty(), "{id}");
    }
    let mut wrong = Vec::new();
    for case in cases.iter().filter(|c| LEFT_OUT.iter().all(|(id, _)| *id != c.id)) {
        let price = case.price();
        let rule = if price.is_some() { Rule::Exact } else { Rule::None };
        let billed = case.usage_wire.as_ref().and_then(|u| u.get("cost")).map(ToString::to_string);
        let usage = case.usage();
        let cost =
            settle(usage.as_ref(), price.as_ref(), rule, case.served_tier.as_deref(), billed.as_deref());
        let want = &case.expected;
        let buckets: BTreeMap<_, _> =
            cost.parts.iter().map(|p| (p.bucket.to_string(), p.amount.exact())).collect();
        let got = (cost.status.word(), cost.usd.map(Money::exact), cost.label());
        let expected = (want.status.as_str(), want.usd.clone(), want.display.clone());
        if got != expected || buckets != want.by_bucket.clone().unwrap_or_default() {
            wrong.push(format!("{}: {got:?} {buckets:?}, not {expected:?}", case.id));
        }
        // Whatever is not plainly known says why; a machine of one's own needs no reason.
        let doubtful = matches!(cost.status, CostStatus::Assumed | CostStatus::Unknown);
        assert_eq!(cost.why.is_some(), doubtful, "{}", case.id);
        assert_eq!(want.reasons.is_empty(), !doubtful && cost.status != CostStatus::Local, "{}", case.id);
        if let (Some(above), Some(usage)) = (want.tier_above, &usage) {
            assert!(usage.prompt() >= Some(above), "{}: the case is not in its tier", case.id);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const BUCKETS: [&str; 7] =
    ["input", "cache_read", "cache_write", "cache_write_1h", "audio_input", "output", "reasoning"];

/// Nano-dollars per million tokens, per bucket.
type Row = [Option<u64>; 7];

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Input and output always have a rate unless `gaps`; the others often have none.
    fn row(&mut self, gaps: bool) -> Row {
        std::array::from_fn(|bucket| {
            let listed = (matches!(bucket, 0 | 5) && !gaps) || self.chance(55);
            // From a nano-dollar to a thousand dollars per million, in all lengths of decimals.
            let digits = 10_u64.pow(u32::try_from(self.below(12)).unwrap());
            listed.then(|| 1 + self.below(9 * digits))
        })
    }
}

/// A decimal as a price list writes it.
fn written(nanos: u64) -> String {
    let text = format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Every rate times a ratio on paper; `None` where one is no longer a whole number.
fn times(row: &Row, up: u64, down: u64) -> Option<Row> {
    let mut out = *row;
    for rate in out.iter_mut().flatten() {
        let product = u128::from(*rate) * u128::from(up);
        if product % u128::from(down) != 0 {
            return None;
        }
        *rate = u64::try_from(product / u128::from(down)).unwrap();
    }
    Some(out)
}

fn rates(row: &Row) -> Rates {
    let [input, cache_read, cache_write, cache_write_1h, audio_input, output, reasoning] =
        row.map(|rate| rate.map(|n| Rates::rate(&written(n)).unwrap()));
    Rates { input, cache_read, cache_write, cache_write_1h, audio_input, output, reasoning }
}

/// Digit by digit on paper: `tokens × nanos`, the point fifteen places from the right.
fn product(tokens: u64, nanos: u64) -> Vec<u8> {
    let digits = |n: u64| n.to_string().bytes().rev().map(|b| b - b'0').collect::<Vec<_>>();
    let (a, b) = (digits(tokens), digits(nanos));
    let mut sum = vec![0_u32; a.len() + b.len()];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            sum[i + j] += u32::from(*x) * u32::from(*y);
        }
    }
    carried(&sum)
}

fn carried(columns: &[u32]) -> Vec<u8> {
    let (mut carry, mut out) = (0, Vec::new());
    for column in columns {
        carry += column;
        out.push(u8::try_from(carry % 10).unwrap());
        carry /= 10;
    }
    while carry > 0 {
        out.push(u8::try_from(carry % 10).unwrap());
        carry /= 10;
    }
    out
}

fn added(a: &[u8], b: &[u8]) -> Vec<u8> {
    let at = |n: &[u8], i: usize| u32::from(n.get(i).copied().unwrap_or(0));
    carried(&(0..a.len().max(b.len())).map(|i| at(a, i) + at(b, i)).collect::<Vec<_>>())
}

/// Least digit first, fifteen of them after the point.
fn amount(digits: &[u8]) -> String {
    let mut text: Vec<char> = digits.iter().map(|d| char::from(b'0' + d)).collect();
    text.resize(text.len().max(16), '0');
    let whole: String = text[15..].iter().rev().collect();
    let part: String = text[..15].iter().rev().collect();
    let whole = whole.trim_start_matches('0');
    let text = format!("{}.{part}", if whole.is_empty() { "0" } else { whole });
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The rate of a bucket: the highest row that has it, else its neighbour's, and
/// whether a neighbour stood in. `rows` are those that apply, the highest first.
fn naive_rate(rows: &[&Row], bucket: usize) -> Option<(u64, bool)> {
    let own = |b: usize| rows.iter().find_map(|row| row[b]);
    match bucket {
        1 | 2 | 4 => own(bucket).map(|r| (r, false)).or_else(|| own(0).map(|r| (r, true))),
        3 => own(3).map(|r| (r, false)).or_else(|| own(2).or_else(|| own(0)).map(|r| (r, true))),
        6 => own(6).or_else(|| own(5)).map(|r| (r, false)),
        _ => own(bucket).map(|r| (r, false)),
    }
}

type Settled = (&'static str, Option<String>, Vec<(String, String)>);

fn naive(rows: &[&Row], tokens: &[u64; 7]) -> Settled {
    let (mut total, mut parts, mut assumed) = (Vec::new(), Vec::new(), false);
    for (bucket, n) in tokens.iter().enumerate().filter(|(_, n)| **n > 0) {
        let Some((rate, stood_in)) = naive_rate(rows, bucket) else {
            return ("unknown", None, Vec::new());
        };
        assumed |= stood_in;
        let part = product(*n, rate);
        total = added(&total, &part);
        parts.push((BUCKETS[bucket].to_owned(), amount(&part)));
    }
    (if assumed { "assumed" } else { "known" }, Some(amount(&total)), parts)
}

/// Base and tiers, from the lowest threshold up.
struct Ladder {
    base: Row,
    tiers: Vec<(u64, bool, Row)>,
}

impl Ladder {
    fn new(random: &mut Random) -> Self {
        let gaps = random.chance(10);
        let mut above = 0;
        let tiers = (0..random.below(4))
            .map(|_| {
                above += 1 + random.below(300_000);
                // A tier row may leave out what does not change.
                (above, random.chance(40), random.row(true))
            })
            .collect();
        Self { base: random.row(gaps), tiers }
    }

    fn times(&self, up: u64, down: u64) -> Option<Self> {
        let tier =
            |(above, inclusive, row): &(u64, bool, Row)| Some((*above, *inclusive, times(row, up, down)?));
        Some(Self {
            base: times(&self.base, up, down)?,
            tiers: self.tiers.iter().map(tier).collect::<Option<_>>()?,
        })
    }

    fn applying(&self, prompt: u64) -> Vec<&Row> {
        let passed = |(above, inclusive, _): &&(u64, bool, Row)| {
            if *inclusive { prompt >= *above } else { prompt > *above }
        };
        self.tiers.iter().rev().filter(passed).map(|(.., row)| row).chain([&self.base]).collect()
    }

    fn tiers(&self) -> Vec<Tier> {
        let tier = |(above, inclusive, row): &(u64, bool, Row)| Tier {
            above: *above,
            inclusive: *inclusive,
            rates: rates(row),
        };
        self.tiers.iter().map(tier).collect()
    }
}

/// Counts whose prompt often lies on a threshold or next to it.
fn counts(random: &mut Random, ladder: &Ladder) -> [u64; 7] {
    let mut tokens: [u64; 7] = std::array::from_fn(|_| {
        let most = 10_u64.pow(u32::try_from(random.below(7)).unwrap());
        if random.chance(40) { random.below(most) } else { 0 }
    });
    if let Some((above, ..)) = ladder.tiers.first().filter(|_| random.chance(70)) {
        let others: u64 = tokens[1..5].iter().sum();
        let target = above + random.below(3) - 1;
        if let Some(input) = target.checked_sub(others) {
            tokens[0] = input;
        }
    }
    tokens
}

#[test]
fn settling_agrees_with_arithmetic_on_paper() {
    let mut seen = BTreeMap::<&str, u32>::new();
    for seed in 1..=6000_u64 {
        let random = &mut Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let (standard, flex) = (Ladder::new(random), Ladder::new(random));
        let price = Price {
            rates: rates(&standard.base),
            tiers: standard.tiers(),
            services: vec![Service { word: "flex".into(), rates: rates(&flex.base), tiers: flex.tiers() }],
            ..Price::default()
        };
        // An uplift of a region, a discount, or neither.
        let (up, down) = match random.below(6) {
            0 => (11, 10),
            1 => (17, 20),
            _ => (1, 1),
        };
        let scaled = (standard.times(up, down), flex.times(up, down));
        let price = price.scaled(up, down);
        assert_eq!(price.is_some(), scaled.0.is_some() && scaled.1.is_some(), "seed {seed}");
        let (Some(price), (Some(standard), Some(flex))) = (price, scaled) else {
            *seen.entry("not exact").or_default() += 1;
            continue;
        };
        let (served, ladder) = match random.below(5) {
            0 => (None, Some(&standard)),
            1 => (Some("default"), Some(&standard)),
            2 | 3 => (Some("flex"), Some(&flex)),
            _ => (Some("priority"), None),
        };
        let tokens = counts(random, ladder.unwrap_or(&standard));
        // A service without tiers of its own says nothing of prompts that pass the route's.
        let long = standard.applying(tokens[..5].iter().sum()).len() > 1;
        let ladder = ladder.filter(|l| served != Some("flex") || !l.tiers.is_empty() || !long);
        let [input, cache_read, cache_write, cache_write_1h, audio_input, output, reasoning] =
            tokens.map(Some);
        let usage = Usage {
            input,
            cache_read,
            cache_write,
            cache_write_1h,
            audio_input,
            output,
            reasoning,
            ..Usage::default()
        };
        let prompt = tokens[..5].iter().sum();
        let want = match ladder {
            Some(ladder) => naive(&ladder.applying(prompt), &tokens),
            None => ("unknown", None, Vec::new()),
        };
        let cost = settle(Some(&usage), Some(&price), Rule::Exact, served, None);
        let parts = cost.parts.iter().map(|p| (p.bucket.to_string(), p.amount.exact())).collect();
        let got: Settled = (cost.status.word(), cost.usd.map(Money::exact), parts);
        assert_eq!(got, want, "seed {seed}: {tokens:?} served {served:?}");
        *seen.entry(got.0).or_default() += 1;
        if let Some(ladder) = ladder {
            for (above, inclusive, _) in &ladder.tiers {
                let place = match (prompt.cmp(above), inclusive) {
                    (std::cmp::Ordering::Equal, true) => "at an inclusive threshold",
                    (std::cmp::Ordering::Equal, false) => "at a threshold",
                    (std::cmp::Ordering::Greater, _) => "above",
                    (std::cmp::Ordering::Less, _) => "below",
                };
                *seen.entry(place).or_default() += 1;
            }
        }
    }
    // The rounds reached every corner; a generator that misses one proves nothing.
    let corners = [
        "known",
        "assumed",
        "unknown",
        "not exact",
        "at a threshold",
        "at an inclusive threshold",
        "above",
        "below",
    ];
    for corner in corners {
        assert!(seen.get(corner) >= Some(&100), "{corner}: {seen:?}");
    }
}

#[test]
fn a_row_with_any_paid_rate_is_not_free() {
    let rates = |reasoning| Rates { input: Some(0), output: Some(0), reasoning, ..Rates::default() };
    let usage = Usage { input: Some(10), output: Some(0), reasoning: Some(1000), ..Usage::default() };
    for (own, status, usd) in
        [(None, "free", "0"), (Some(0), "free", "0"), (Some(3), "known", "0.000000000003")]
    {
        let price = Price { rates: rates(own), ..Price::default() };
        let cost = settle(Some(&usage), Some(&price), Rule::Exact, None, None);
        assert_eq!((cost.status.word(), cost.usd.map(Money::exact)), (status, Some(usd.to_owned())));
    }
}

#[test]
fn an_uplift_that_is_no_exact_rate_is_refused() {
    let price = |rate| Price { rates: Rates { input: Some(rate), ..Rates::default() }, ..Price::default() };
    assert_eq!(price(10).scaled(11, 10), Some(price(11)));
    assert_eq!(price(11).scaled(11, 10), None);
    assert_eq!(price(u64::MAX).scaled(2, 1), None);
}
