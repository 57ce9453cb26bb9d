//! The part of the detail that is about tokens and money.

use super::app::Entry;
use super::detail::Sheet;
use super::figures::{counted, grouped};
use crate::model::CostStatus;
use crate::model::METRICS;
use crate::model::Money;
use crate::model::Outcome;
use crate::model::Reading;
use crate::model::Source;
use crate::model::Total;
use crate::model::Unit;
use crate::model::Usage;
use crate::provider::provider;

/// Calls of the projection: what a busy feature makes in a day.
const CALLS_A_DAY: u64 = 10_000;
/// Days of its month.
const DAYS: u64 = 30;

impl Sheet<'_> {
    pub(super) fn usage(&mut self, usage: &Usage) {
        self.heading(match usage.source {
            Source::Reported => "Tokens, as reported; buckets do not overlap",
            Source::Estimated => "Tokens, estimated",
        });
        let always = [("input", usage.input), ("output", usage.output)];
        let told = [
            ("cache read", usage.cache_read),
            ("cache write", usage.cache_write),
            ("cache write 1h", usage.cache_write_1h),
            ("audio input", usage.audio_input),
            ("reasoning", usage.reasoning),
        ];
        let count = |n: Option<u64>| n.map_or("not told".into(), grouped);
        let facts: Vec<(String, String)> = always
            .into_iter()
            .chain(told.into_iter().filter(|(_, n)| n.is_some()))
            .map(|(label, n)| (label.to_owned(), count(n)))
            .collect();
        self.pairs(&facts);
        if usage.inconsistent {
            self.wrapped("doubt", "the provider's counts contradict each other", self.theme.warn);
        }
        self.maybe("as it came", usage.raw.as_ref().map(ToString::to_string).as_deref());
    }

    /// `total` is what the endpoint has cost in the whole session.
    pub(super) fn cost(&mut self, entry: &Entry, total: Total) {
        let answer = &entry.answer;
        let cost = &answer.cost;
        self.heading("Cost");
        let label = cost.label();
        let word = cost.status.word();
        let counted = counted(entry).map(Money::shown);
        if !answer.is_over() && cost.status != CostStatus::Billed {
            // What is not told yet is not unknown.
            let said = counted.map(|usd| format!("≈{usd} so far, by the text; what is reported replaces it"));
            self.fact("amount", said.as_deref().unwrap_or("…"));
        } else {
            self.fact("amount", &if label == word { label } else { format!("{label} ({word})") });
            self.maybe("why", cost.why.as_deref());
            if cost.usd.is_none()
                && let Some(usd) = counted
            {
                self.fact("by the text", &format!("≈{usd} and perhaps more; it is in no total"));
            }
            let broken = answer.outcome().is_some_and(|o| o != Outcome::Complete);
            if broken && answer.may_be_billed() && cost.status != CostStatus::Billed {
                self.maybe("broken off", provider(&entry.endpoint.provider).map(|row| row.broken_off));
            }
            self.projected(entry, total);
        }
        for part in &cost.parts {
            self.fact(&part.bucket.replace('_', " "), &format!("${}", part.amount.exact()));
        }
        if let Some(price) = &answer.price {
            let rate = |r: Option<u64>| {
                r.map_or("not published".into(), |r| format!("${}", Money(u128::from(r) * 1_000_000).exact()))
            };
            let (input, output) = (rate(price.rates.input), rate(price.rates.output));
            self.fact("list price", &format!("{input} in, {output} out per million tokens"));
            let dated = if price.as_of.is_empty() { "none: a row of your own" } else { &price.as_of };
            self.fact("price date", dated);
        }
        self.maybe("found by", answer.rule.word().map(|w| w.replace('_', " ")).as_deref());
        if cost.disputed {
            let others = answer.price.iter().flat_map(|p| &p.disagrees).map(String::as_str);
            let said = format!("sources disagree: {}", others.collect::<Vec<_>>().join("; "));
            self.wrapped("doubt", &said, self.theme.warn);
        }
        if cost.volatile {
            self.wrapped("doubt", "the price moves; the response has the last word", self.theme.warn);
        }
    }
    /// What follows from the amount.
    fn projected(&mut self, entry: &Entry, total: Total) {
        let answer = &entry.answer;
        for row in METRICS.iter().filter(|row| row.unit == Unit::Usd) {
            if let (Reading::Amount(usd), false) = (row.read(answer), row.id == "cost_usd") {
                self.fact(row.heading, &answer.cost.marked(&usd.shown()));
            }
        }
        let month =
            answer.cost.usd.and_then(|usd| usd.0.checked_mul(u128::from(CALLS_A_DAY * DAYS))).map(Money);
        if let Some(month) = month.filter(|usd| *usd != Money::default()) {
            let amount = answer.cost.marked(&month.shown());
            self.fact(
                "projection",
                &format!("{amount} in {DAYS} days of {} such calls", grouped(CALLS_A_DAY)),
            );
        }
        if total.parts > 1 {
            self.fact(
                "this session",
                &format!("{} for {} answers of this endpoint", total.label(), total.parts),
            );
        }
    }
}
