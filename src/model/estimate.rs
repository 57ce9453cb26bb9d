//! What a request may cost before anything is known of its answer.

use super::answer::Answer;
use super::money::Money;
use super::price::{Cost, Price, Rates, settle};
use super::prompt::Prompt;
use super::tokens::{Counting, Tokens, prompt_by_length, tokens_by_length};
use super::usage::{Source, Usage};

/// One endpoint's part of a round that is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// Of the prompt's text.
    pub prompt: Tokens,
    /// Pictures that go with it. Their tokens are in no figure here: they are known from the answer.
    pub images: usize,
    /// The prompt alone at its list price; `None` where there is none, or a picture's tokens are not known.
    pub to_send: Option<Money>,
    /// What it cannot cost more than, or why that is not known.
    pub at_most: Result<Money, &'static str>,
}

impl Estimate {
    /// Where none could be made: nothing is known, and nothing is bounded.
    #[must_use]
    pub fn none() -> Self {
        let prompt = Tokens { n: 0, most: 0, how: Counting::Ratio };
        Self { prompt, images: 0, to_send: None, at_most: Err("its cost could not be estimated") }
    }

    /// By a list price, `None` without one; `most_output` is the most tokens that the request
    /// lets the model generate, reasoning included.
    #[must_use]
    pub fn new(
        prompt: Tokens,
        price: Option<&Price>,
        service: Option<&str>,
        most_output: Option<u64>,
    ) -> Self {
        let to_send = price.and_then(|price| {
            let usage = Usage { input: Some(prompt.n), output: Some(0), ..Usage::default() };
            settle(Some(&usage), Some(price), super::Rule::Exact, service, None).usd
        });
        let at_most = at_most(prompt.most, price, service, most_output);
        Self { prompt, images: 0, to_send, at_most }
    }

    /// The same with so many pictures. What costs nothing still does; everything else has no
    /// bound any more, because a picture's tokens differ by model and no vendor promises a most.
    #[must_use]
    pub fn with_images(self, images: usize) -> Self {
        let free = |usd: &Money| *usd == Money::default();
        let unknown = images > 0 && !self.at_most.as_ref().is_ok_and(free);
        let why = self.at_most.err().unwrap_or("the tokens of an image are not known before it is billed");
        Self {
            images,
            to_send: self.to_send.filter(|usd| images == 0 || free(usd)),
            at_most: if unknown { Err(why) } else { self.at_most },
            ..self
        }
    }

    /// Of an endpoint that takes none of the pictures: nothing is sent to it.
    #[must_use]
    pub fn nothing_sent(self) -> Self {
        Self { to_send: Some(Money::default()), at_most: Ok(Money::default()), ..self }
    }
}

/// The dearest that a request can become: every token of the prompt at the dearest rate at
/// which a prompt is charged, every token that may be generated at the dearer of output and
/// reasoning, in the dearest row that a prompt of up to this length can fall into.
fn at_most(
    prompt: u64,
    price: Option<&Price>,
    service: Option<&str>,
    output: Option<u64>,
) -> Result<Money, &'static str> {
    let price = price.ok_or("no price for this route")?;
    if price.local {
        return Ok(Money::default());
    }
    if price.volatile {
        return Err("the price moves: the list is only a hint");
    }
    // A tier that was asked for may not be the one that serves: the standard one counts too.
    let mut rows = price.rows(prompt, None).ok_or("this service tier has no price")?;
    if service.is_some() {
        rows.extend(price.rows(prompt, service).ok_or("this service tier has no price")?);
    }
    let dearest = |of: &dyn Fn(&Rates) -> [Option<u64>; 4]| {
        rows.iter().flat_map(|rates| of(rates).into_iter().flatten()).max()
    };
    let input = dearest(&|r| [r.input, r.cache_read, r.cache_write, r.audio_input]);
    let out = dearest(&|r| [r.output, r.reasoning, None, None]);
    let lacks = "the route's price lacks a rate";
    let (input, out) = (input.ok_or(lacks)?, out.ok_or(lacks)?);
    if out == 0 && input == 0 {
        return Ok(Money::default());
    }
    let output = output.ok_or("no limit for the answer: set max_tokens")?;
    let sum = |n: u64, rate: u64| u128::from(n).saturating_mul(u128::from(rate));
    Ok(Money(sum(prompt, input).saturating_add(sum(output, out))))
}

/// What an answer has come to by the text so far: an estimate to be replaced by what is
/// reported. `prompt` is what was asked of the endpoint. `None` where nothing can be said.
#[must_use]
pub fn so_far(answer: &Answer, prompt: &Prompt) -> Option<Money> {
    // A picture's tokens are the provider's to tell.
    let told = answer.usage.as_ref().and_then(super::Usage::prompt);
    if told.is_none() && prompt.images().next().is_some() {
        return None;
    }
    by_text(answer, prompt_by_length(prompt))
}

fn by_text(answer: &Answer, prompt: u64) -> Option<Money> {
    let price = answer.price.as_ref().filter(|price| !price.local)?;
    let told = answer.usage.clone().unwrap_or_default();
    let streamed = tokens_by_length(&answer.text) + tokens_by_length(&answer.reasoning);
    let known = told.prompt();
    let usage = Usage {
        input: if known.is_some() { told.input } else { Some(prompt) },
        // Counts come late or in steps: whatever is more was generated.
        output: Some(told.generated().unwrap_or(0).max(streamed)),
        reasoning: None,
        source: Source::Estimated,
        ..told
    };
    let tier = answer.served.tier.as_deref();
    let Cost { usd, .. } = settle(Some(&usage), Some(price), answer.rule, tier, None);
    usd
}

/// What may be spent without asking; `[budget]` in the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spending {
    /// Of a whole session.
    pub session: Option<Money>,
    /// A single round that may cost more asks first.
    pub confirm_above: Option<Money>,
    /// Lets through what has no upper bound.
    pub allow_unknown: bool,
}

impl Spending {
    /// Whether nothing is limited: nothing has to be weighed then.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.session.is_none() && self.confirm_above.is_none()
    }

    /// Whether a round may be sent without asking. `committed` is what the session has spent
    /// and what its running answers may still cost.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn weigh(&self, committed: Money, round: &[Estimate]) -> Result<(), String> {
        if self.is_free() {
            return Ok(());
        }
        let unknown: Vec<_> = round.iter().filter_map(|e| e.at_most.as_ref().err()).collect();
        if let Some(why) = unknown.first().filter(|_| !self.allow_unknown) {
            let (n, all) = (unknown.len(), round.len());
            return Err(format!("{n} of {all} may cost anything ({why}), which counts as above the budget"));
        }
        let most: Money = round.iter().filter_map(|e| e.at_most.as_ref().ok().copied()).sum();
        if let Some(limit) = self.session.filter(|limit| committed + most > *limit) {
            let (most, limit, committed) = (most.shown_up(), limit.shown(), committed.shown_up());
            return Err(format!(
                "up to {most} more may pass the budget of {limit}: {committed} is spent or reserved"
            ));
        }
        match self.confirm_above.filter(|limit| most > *limit) {
            Some(limit) => Err(format!("it may cost up to {}, more than {}", most.shown_up(), limit.shown())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Rule;
    use crate::model::Tier;

    fn rate(usd: &str) -> Option<u64> {
        Rates::rate(usd).ok()
    }

    fn price() -> Price {
        let base =
            Rates { input: rate("2"), cache_write: rate("2.5"), output: rate("10"), ..Rates::default() };
        let long = Rates { input: rate("4"), cache_write: rate("5"), output: rate("15"), ..Rates::default() };
        let tiers = vec![Tier { above: 272_000, inclusive: false, rates: long }];
        Price { rates: base, tiers, ..Price::default() }
    }

    fn prompt(n: u64, most: u64) -> Tokens {
        Tokens { n, most, how: Counting::Ratio }
    }

    #[test]
    fn no_answer_within_its_limits_costs_more_than_was_reserved() {
        let mut state = 7_u64;
        let mut below = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        for _ in 0..2_000 {
            let most = 1 + below(400_000);
            let output = below(128_000);
            let reserved =
                Estimate::new(prompt(1, most), Some(&price()), None, Some(output)).at_most.unwrap();
            // Any split of at most so many tokens among the buckets.
            let (written, read) = (below(most + 1), below(most + 1));
            let written = written.min(most);
            let read = read.min(most - written);
            let generated = below(output + 1);
            let thought = below(generated + 1);
            let usage = Usage {
                input: Some(most - written - read),
                cache_write: Some(written),
                cache_read: Some(read),
                output: Some(generated - thought),
                reasoning: Some(thought),
                ..Usage::default()
            };
            let cost = settle(Some(&usage), Some(&price()), Rule::Exact, None, None).usd.unwrap();
            assert!(cost <= reserved, "{usage:?} costs {cost:?}, {reserved:?} were reserved");
        }
    }

    #[test]
    fn without_a_bound_there_is_none() {
        let volatile = Price { volatile: true, ..price() };
        let local = Price { local: true, ..Price::default() };
        for (price, output, want) in [
            (None, Some(1), Err("no price for this route")),
            (Some(&price()), None, Err("no limit for the answer: set max_tokens")),
            (Some(&volatile), Some(1), Err("the price moves: the list is only a hint")),
            (Some(&local), None, Ok(Money::default())),
            // 1,000 written to a cache at $2.5 and 500 out at $10, per million.
            (Some(&price()), Some(500), Ok(Money::parse("0.0075").unwrap())),
        ] {
            assert_eq!(Estimate::new(prompt(250, 1_000), price, None, output).at_most, want);
        }
        let flex = Estimate::new(prompt(1, 1), Some(&price()), Some("flex"), Some(1));
        assert_eq!(flex.at_most, Err("this service tier has no price"));
    }

    /// A picture's tokens are nobody's to promise: only what costs nothing keeps its bound.
    #[test]
    fn with_an_image_nothing_is_bounded_but_what_is_free() {
        let dear = Estimate::new(prompt(250, 1_000), Some(&price()), None, Some(500));
        assert_eq!(dear.clone().with_images(0), dear);
        let seen = dear.clone().with_images(1);
        assert_eq!((seen.images, seen.to_send), (1, None));
        assert_eq!(seen.at_most, Err("the tokens of an image are not known before it is billed"));
        let limit = Spending { session: Some(Money::parse("100").unwrap()), ..Spending::default() };
        assert!(limit.weigh(Money::default(), std::slice::from_ref(&seen)).is_err());
        let unpriced = Estimate::new(prompt(1, 1), None, None, Some(1)).with_images(1);
        assert_eq!(unpriced.at_most, Err("no price for this route"), "the first reason stays");
        let local = Price { local: true, ..Price::default() };
        let local = Estimate::new(prompt(1, 1), Some(&local), None, None).with_images(2);
        assert_eq!(local.at_most, Ok(Money::default()));
        assert_eq!(dear.with_images(1).nothing_sent().at_most, Ok(Money::default()));
    }

    #[test]
    fn a_budget_asks_before_it_may_be_passed() {
        let usd = |text| Money::parse(text).unwrap();
        let bound = |at_most| Estimate { prompt: prompt(1, 1), images: 0, to_send: None, at_most };
        let (dear, unknown) = (bound(Ok(usd("0.30"))), bound(Err("no price for this route")));
        let spending = |session, confirm, allow_unknown| Spending {
            session: Some(usd(session)),
            confirm_above: Some(usd(confirm)),
            allow_unknown,
        };
        let said = |spending: &Spending, committed, round: &[Estimate]| {
            spending.weigh(usd(committed), round).err().unwrap_or_default()
        };
        let two = [dear.clone(), dear.clone()];
        assert_eq!(said(&spending("2", "1", false), "1.40", &two), "", "the limit itself may be reached");
        assert!(said(&spending("2", "1", false), "1.41", &two).contains("$1.41 is spent or reserved"));
        assert!(said(&spending("2", "0.5", false), "0", &two).contains("up to $0.6000, more than $0.5000"));
        let mixed = [dear, unknown];
        assert!(said(&spending("2", "1", false), "0", &mixed).contains("1 of 2 may cost anything"));
        assert_eq!(said(&spending("2", "1", true), "0", &mixed), "");
        assert_eq!(said(&Spending::default(), "99", &mixed), "", "no budget asks nothing");
    }

    #[test]
    fn what_streams_is_estimated_and_what_is_reported_counts() {
        let mut answer = Answer { price: Some(price()), ..Answer::default() };
        assert_eq!(by_text(&answer, 1_000), Some(Money::parse("0.002").unwrap()), "the prompt alone");
        answer.text = "x".repeat(4_000);
        assert_eq!(by_text(&answer, 1_000), Some(Money::parse("0.012").unwrap()));
        // What a stream reports at its beginning replaces the estimate of the prompt.
        answer.usage = Some(Usage { input: Some(500), output: Some(1), ..Usage::default() });
        assert_eq!(by_text(&answer, 1_000), Some(Money::parse("0.011").unwrap()));
        answer.price = None;
        assert_eq!(by_text(&answer, 1_000), None);
    }
}
