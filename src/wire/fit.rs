//! Brings what was asked to what model and wire take, and says what it changed.

use super::Dialect;
use super::carry::{Pair, WireTakes};
use crate::model::Budget;
use crate::model::Effort;
use crate::model::Fate;
use crate::model::Off;
use crate::model::PARAMS;
use crate::model::Params;
use crate::model::Parity;
use crate::model::Takes;
use crate::model::Temperature;
use crate::model::Thinking;
use crate::model::takes;

/// Left for the answer when a budget stands without `max_tokens`, in tokens.
const ANSWER_ROOM: u32 = 4096;

/// The parameters that `model` takes over `dialect`, nearest to those that were asked,
/// and a row for each one that is not the asked one. What was sent is still missing
/// from the rows: [`super::record`] reads it from the body.
///
/// `max_output` is the model's own output limit, where known.
#[must_use]
pub fn fit(
    dialect: &dyn Dialect,
    model: &str,
    asked: &Params,
    max_output: Option<u64>,
) -> (Params, Vec<Parity>) {
    let mut fitting = Fitting {
        name: model.rsplit('/').next().unwrap_or(model),
        model: takes(model),
        wire: dialect.takes(model),
        asked,
        out: *asked,
        rows: Vec::new(),
    };
    fitting.limit(max_output);
    fitting.effort();
    fitting.thinking(max_output);
    fitting.together();
    fitting.temperature();
    let Fitting { out, mut rows, .. } = fitting;
    rows.sort_by_key(|row| PARAMS.iter().position(|(name, ..)| *name == row.param));
    (out, rows)
}

/// The nearest effort among those that are taken, ties downward. Whoever asks a model
/// to think never gets `none` as long as there is another: not thinking is no degree of it.
pub(super) fn nearest(asked: Effort, taken: &[Effort]) -> Option<Effort> {
    let place = |e: Effort| Effort::ALL.iter().position(|a| *a == e).unwrap_or_default();
    let distance = |e: &&Effort| (place(**e).abs_diff(place(asked)), place(**e));
    if let Some(same) = taken.iter().find(|e| **e == asked) {
        return Some(*same);
    }
    let thinking = taken.iter().filter(|e| **e != Effort::None).min_by_key(distance);
    thinking.or(taken.first()).copied()
}

/// One fitting under way.
struct Fitting<'a> {
    /// The model's name in a sentence.
    name: &'a str,
    model: Option<&'static Takes>,
    wire: WireTakes,
    asked: &'a Params,
    out: Params,
    rows: Vec<Parity>,
}

impl Fitting<'_> {
    /// Notes what became of a parameter; a later word about the same one replaces the reason.
    fn note(&mut self, param: &'static str, fate: Fate, why: String) {
        let Some(asked) = self.asked.get(param) else { return };
        self.rows.retain(|row| row.param != param);
        self.rows.push(Parity { param: param.into(), asked, sent: None, fate, why });
    }

    fn limit(&mut self, max_output: Option<u64>) {
        let (Some(asked), Some(limit)) = (self.out.max_tokens, max_output) else { return };
        if u64::from(asked) > limit {
            self.out.max_tokens = Some(u32::try_from(limit).unwrap_or(asked));
            self.note("max_tokens", Fate::Clamped, format!("the model's output limit is {limit} tokens"));
        }
    }

    /// The efforts that both take, in their order.
    fn efforts(&self) -> Vec<Effort> {
        let of_model = |e: &Effort| {
            let Some(model) = self.model else { return true };
            let one_field = self.wire.pair == Pair::OneField;
            // Whoever speaks an OpenAI wire for a model that thinks by budget makes a
            // budget of these words; there `none` is how to turn thinking off.
            let by_budget = one_field && model.efforts.is_empty() && model.thinking.budget.is_some();
            model.efforts.contains(e)
                || (by_budget && matches!(e, Effort::Low | Effort::Medium | Effort::High))
                || (one_field && *e == Effort::None && model.thinking.off != Off::No)
        };
        self.wire.takes.efforts.iter().copied().filter(of_model).collect()
    }

    /// Who has no such setting: the model, or else the wire.
    fn lacking(&self, model_has: impl Fn(&Takes) -> bool) -> &str {
        if self.model.is_some_and(|m| !model_has(m)) { self.name } else { self.wire.name }
    }

    fn effort(&mut self) {
        let Some(asked) = self.asked.effort else { return };
        let efforts = self.efforts();
        let Some(near) = nearest(asked, &efforts) else {
            self.out.effort = None;
            let why = format!("{} takes no reasoning_effort", self.lacking(|m| !m.efforts.is_empty()));
            self.note("reasoning_effort", Fate::Dropped, why);
            return;
        };
        self.out.effort = Some(near);
        if near != asked {
            let why = self.bound(asked, near, &efforts);
            self.note("reasoning_effort", Fate::Clamped, why);
        }
    }

    /// Why `asked` became `near`: it lies below all, above all or between.
    fn bound(&self, asked: Effort, near: Effort, efforts: &[Effort]) -> String {
        let who = self.lacking(|m| m.efforts.contains(&asked));
        let near = near.word();
        match (asked, efforts) {
            (_, [only]) => format!("{who} takes only the effort {}", only.word()),
            (Effort::XHigh | Effort::Max, [.., last]) if last.word() == near => {
                format!("the highest effort of {who} is {near}")
            }
            (Effort::None | Effort::Minimal, [first, ..]) if first.word() == near => {
                format!("the lowest effort of {who} is {near}")
            }
            _ => format!("{who} has no effort {}; {near} is the nearest", asked.word()),
        }
    }

    fn drop_thinking(&mut self, why: String) {
        self.out.thinking = None;
        self.note("thinking", Fate::Dropped, why);
    }

    fn thinking(&mut self, max_output: Option<u64>) {
        match self.asked.thinking {
            None => {}
            // No tokens to think with is off, on every wire.
            Some(Thinking::Off | Thinking::Budget(0)) => self.off(),
            Some(Thinking::On) => self.on(),
            Some(Thinking::Budget(n)) => self.budget(n, max_output),
        }
    }

    fn off(&mut self) {
        self.out.thinking = Some(Thinking::Off);
        if self.wire.pair == Pair::OneField {
            return self.off_by_effort();
        }
        if self.model.is_some_and(|m| m.thinking.off == Off::No) {
            self.drop_thinking(format!("{} has no switch to turn thinking off", self.name));
        } else if self.wire.takes.thinking.off == Off::No {
            self.drop_thinking(format!("{} has no switch for thinking", self.wire.name));
        }
    }

    /// Where one field carries both, off is the effort `none`, or the nearest to it.
    fn off_by_effort(&mut self) {
        if self.asked.effort.is_some_and(|e| e != Effort::None) {
            return self.effort_says_it();
        }
        let efforts = self.efforts();
        match nearest(Effort::None, &efforts) {
            Some(Effort::None) => {}
            // `none` is not there, so its nearest is the lowest.
            Some(lowest) => {
                self.out.thinking = None;
                self.out.effort = Some(lowest);
                let why = self.bound(Effort::None, lowest, &efforts);
                self.note("thinking", Fate::Clamped, why);
            }
            None => {
                let who = self.lacking(|m| !m.efforts.is_empty());
                self.drop_thinking(format!("{who} has no setting for thinking"));
            }
        }
    }

    fn effort_says_it(&mut self) {
        let effort = self.out.effort.map_or("none", Effort::word);
        self.drop_thinking(format!(
            "reasoning_effort {effort} was asked too, and {} takes one of the two",
            self.wire.name
        ));
    }

    fn on(&mut self) {
        if self.wire.pair == Pair::OneField {
            match self.out.effort {
                Some(Effort::None) => return self.effort_says_it(),
                // The effort turns thinking on.
                Some(_) => return,
                None => {}
            }
        }
        if !self.wire.takes.thinking.on {
            self.drop_thinking(format!("{} has no switch for thinking", self.wire.name));
        } else if !self.takes_on() {
            self.drop_thinking(format!("{} has no switch to turn thinking on", self.name));
        }
    }

    fn takes_on(&self) -> bool {
        self.wire.takes.thinking.on && self.model.is_none_or(|m| m.thinking.on)
    }

    fn budget(&mut self, asked: u32, max_output: Option<u64>) {
        let bounds = match (self.model.map(|m| m.thinking.budget), self.wire.takes.thinking.budget) {
            (None, wire) => wire,
            (Some(Some(model)), Some(wire)) => Some(Budget {
                least: model.least.max(wire.least),
                most: model.most.min(wire.most),
                below_limit: model.below_limit || wire.below_limit,
            }),
            _ => None,
        };
        let Some(bounds) = bounds else { return self.no_budget() };
        // Without a limit of its own the request gets one that leaves room for an answer.
        let limit = max_output.map(|n| u32::try_from(n).unwrap_or(u32::MAX).saturating_sub(ANSWER_ROOM));
        let room = self.out.max_tokens.map(|n| n.saturating_sub(1)).or(limit);
        let room = room.filter(|room| bounds.below_limit && *room < bounds.most);
        let most = room.unwrap_or(bounds.most);
        if most < bounds.least {
            return self.drop_thinking(format!(
                "max_tokens leaves no room for the least budget of {} tokens",
                bounds.least
            ));
        }
        let why = if asked < bounds.least {
            format!("the least budget is {} tokens", bounds.least)
        } else if room.is_some() {
            "a budget must leave room for the answer below max_tokens".to_owned()
        } else {
            format!("{} thinks with at most {most} tokens", self.name)
        };
        let near = asked.clamp(bounds.least, most);
        self.out.thinking = Some(Thinking::Budget(near));
        if near != asked {
            self.note("thinking", Fate::Clamped, why);
        }
    }

    /// Without budgets the nearest to one is to let the model decide.
    fn no_budget(&mut self) {
        let who = self.lacking(|m| m.thinking.budget.is_some());
        let why = format!("{who} takes no thinking budget");
        let by_effort = self.wire.pair == Pair::OneField && self.out.effort.is_some();
        if by_effort || !self.takes_on() {
            return self.drop_thinking(why);
        }
        self.out.thinking = Some(Thinking::On);
        self.note("thinking", Fate::Clamped, format!("{why}: the model decides by itself"));
    }

    /// What is taken alone, but not beside the other.
    fn together(&mut self) {
        let (Some(effort), Some(thinking)) = (self.out.effort, self.out.thinking) else { return };
        if self.wire.pair == Pair::EffortOrBudget && thinking != Thinking::On {
            return self.effort_says_it();
        }
        if let Some(Off::UpTo(top)) = self.model.map(|m| m.thinking.off)
            && thinking == Thinking::Off
            && self.wire.pair == Pair::Apart
        {
            let above = |e: &Effort| Effort::ALL.iter().take_while(|a| *a != e).any(|a| *a == top);
            if above(&effort) {
                self.out.effort = Some(top);
                let why = format!("without thinking, the highest effort of {} is {}", self.name, top.word());
                self.note("reasoning_effort", Fate::Clamped, why);
            }
        }
    }

    fn temperature(&mut self) {
        let Some(asked) = self.asked.temperature else { return };
        let of_model = self.model.map_or(self.wire.takes.temperature, |m| m.temperature);
        let refusal = match of_model {
            Temperature::OnlyWhenEffortIsNone if !self.thinks_not() => {
                Some("takes a temperature only with reasoning_effort none")
            }
            Temperature::OnlyWithoutThinking { .. }
                if matches!(self.out.thinking, Some(Thinking::On | Thinking::Budget(_))) =>
            {
                Some("takes no temperature while it thinks")
            }
            _ => None,
        };
        let max = [of_model, self.wire.takes.temperature]
            .map(Temperature::max)
            .into_iter()
            .reduce(|a, b| Some(a?.min(b?)))
            .flatten();
        match (refusal, max) {
            (Some(refusal), _) => self.drop_temperature(format!("{} {refusal}", self.name)),
            (None, None) if of_model == Temperature::No && self.model.is_some() => {
                self.drop_temperature(format!("{} takes no temperature", self.name));
            }
            (None, None) => {
                self.drop_temperature(format!("{} takes no temperature for {}", self.wire.name, self.name));
            }
            (None, Some(max)) if asked > max => {
                self.out.temperature = Some(max);
                let who = self.lacking(|m| m.temperature.max().is_none_or(|m| asked <= m));
                let why = format!("the highest temperature of {who} is {max}");
                self.note("temperature", Fate::Clamped, why);
            }
            (None, Some(_)) => {}
        }
    }

    fn drop_temperature(&mut self, why: String) {
        self.out.temperature = None;
        self.note("temperature", Fate::Dropped, why);
    }

    /// Whether the request says that the model shall not think.
    fn thinks_not(&self) -> bool {
        self.out.effort == Some(Effort::None)
            || (self.wire.pair == Pair::OneField && self.out.thinking == Some(Thinking::Off))
    }
}

#[cfg(test)]
#[path = "fit_tests.rs"]
pub(super) mod tests;
