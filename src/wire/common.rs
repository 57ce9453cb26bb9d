//! The lowest common settings: every endpoint of a lineup is asked the same.

use super::Dialect;
use super::fit::{fit, nearest};
use crate::model::Effort;
use crate::model::Fate;
use crate::model::PARAMS;
use crate::model::Params;
use crate::model::Parity;
use crate::model::Thinking;
use crate::model::UNASKED;

/// One endpoint, as far as its parameters go.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub dialect: &'a dyn Dialect,
    pub model: &'a str,
    /// The model's own output limit, where known.
    pub max_output: Option<u64>,
}

impl Target<'_> {
    fn fit(&self, params: &Params) -> (Params, Vec<Parity>) {
        fit(self.dialect, self.model, params, self.max_output)
    }
}

/// The parameters that all endpoints take as they are, nearest to those that were asked,
/// and for each endpoint a row for every parameter that this changed.
///
/// A parameter that one of them would drop, or was not asked, is asked of none. The
/// parameters are the same for all; the rows are completed by [`super::record`].
#[must_use]
pub fn common(targets: &[Target<'_>], asked: &[Params]) -> Vec<(Params, Vec<Parity>)> {
    let mut lineup = Lineup { targets, asked, agreed: Params::default(), reasons: Vec::new() };
    // Later ones depend on earlier ones: a budget on the limit, a temperature on the effort.
    lineup.limit();
    lineup.effort();
    lineup.thinking();
    lineup.temperature();
    lineup.tier();
    targets.iter().zip(asked).map(|(_, own)| (lineup.agreed, lineup.rows(own))).collect()
}

struct Lineup<'a> {
    targets: &'a [Target<'a>],
    asked: &'a [Params],
    /// What all take so far.
    agreed: Params,
    /// Parameter, and why not everybody gets what was asked.
    reasons: Vec<(&'static str, String)>,
}

impl Lineup<'_> {
    /// Whether every endpoint takes these exactly.
    fn all_take(&self, params: &Params) -> bool {
        self.targets.iter().all(|t| t.fit(params).0 == *params)
    }

    /// What each endpoint makes of the agreed parameters and one more.
    fn fits(&self, with: &Params) -> Vec<Params> {
        self.targets.iter().map(|t| t.fit(with).0).collect()
    }

    /// The values that were asked, if every endpoint was asked for one.
    fn every<T>(&mut self, param: &'static str, value: fn(&Params) -> Option<T>) -> Option<Vec<T>> {
        let values: Option<Vec<T>> = self.asked.iter().map(value).collect();
        if values.is_none()
            && let Some((target, _)) = self.targets.iter().zip(self.asked).find(|(_, a)| value(a).is_none())
        {
            self.reasons.push((param, format!("{} was not asked for it", target.model)));
        }
        values.filter(|v| !v.is_empty())
    }

    /// Adopts the tried parameters, or remembers who stood against the asked ones.
    fn settle(&mut self, param: &'static str, wanted: &Params, tried: Option<Params>) {
        if tried.as_ref() != Some(wanted) {
            let reason = self.targets.iter().find_map(|t| {
                let (_, rows) = t.fit(wanted);
                // A neighbour that had to give way tells as much as the parameter itself.
                let row = rows.iter().find(|r| r.param == param).or(rows.first())?;
                let named = row.why.contains(t.model);
                Some(if named { row.why.clone() } else { format!("{}: {}", t.model, row.why) })
            });
            self.reasons.push((param, reason.unwrap_or_else(|| "no value suits all".to_owned())));
        }
        if let Some(tried) = tried {
            self.agreed = tried;
        }
    }

    fn limit(&mut self) {
        let Some(values) = self.every("max_tokens", |p| p.max_tokens) else { return self.usual_limit() };
        let lowest = values.into_iter().min();
        let wanted = Params { max_tokens: lowest, ..self.agreed };
        let lowest = self.fits(&wanted).into_iter().map(|p| p.max_tokens).min().flatten();
        let tried = Params { max_tokens: lowest, ..self.agreed };
        let tried = self.all_take(&tried).then_some(tried);
        self.settle("max_tokens", &wanted, tried);
    }

    /// Where one wire cannot do without a limit, its own is everybody's: otherwise its answers
    /// alone would be cut.
    fn usual_limit(&mut self) {
        let wanting = self.targets.iter().find_map(|t| Some((t, t.dialect.usual_limit()?)));
        let Some((target, usual)) = wanting else { return };
        let budget = |p: &Params| if let Some(Thinking::Budget(n)) = p.thinking { Some(n) } else { None };
        let thought = self.asked.iter().filter_map(budget).max().unwrap_or(0);
        let wanted = Params { max_tokens: Some(usual.saturating_add(thought)), ..self.agreed };
        let lowest = self.fits(&wanted).into_iter().map(|p| p.max_tokens).min().flatten();
        self.agreed.max_tokens = lowest;
        self.reasons.retain(|(param, _)| *param != "max_tokens");
        self.reasons.push(("max_tokens", format!("the API of {} wants a limit", target.model)));
    }

    fn effort(&mut self) {
        let Some(values) = self.every("reasoning_effort", |p| p.effort) else { return };
        let Some(lowest) = Effort::ALL.into_iter().find(|e| values.contains(e)) else { return };
        let with = |effort| Params { effort: Some(effort), ..self.agreed };
        let shared: Vec<Effort> = Effort::ALL.into_iter().filter(|e| self.all_take(&with(*e))).collect();
        let wanted = with(lowest);
        let tried = nearest(lowest, &shared).map(with);
        self.settle("reasoning_effort", &wanted, tried);
    }

    fn thinking(&mut self) {
        let Some(values) = self.every("thinking", |p| p.thinking) else { return };
        let Some(lowest) = meet(&values) else {
            self.reasons.push(("thinking", "the endpoints were asked for different settings".to_owned()));
            return;
        };
        let wanted = Params { thinking: Some(lowest), ..self.agreed };
        let fitted: Option<Vec<Thinking>> = self.fits(&wanted).into_iter().map(|p| p.thinking).collect();
        let near = fitted.and_then(|f| meet(&f)).map(|t| Params { thinking: Some(t), ..self.agreed });
        let tried = near.filter(|p| self.all_take(p));
        self.settle("thinking", &wanted, tried);
    }

    fn temperature(&mut self) {
        let Some(values) = self.every("temperature", |p| p.temperature) else { return };
        let wanted = Params { temperature: values.into_iter().reduce(f64::min), ..self.agreed };
        let fitted: Option<Vec<f64>> = self.fits(&wanted).into_iter().map(|p| p.temperature).collect();
        let lowest = fitted.and_then(|f| f.into_iter().reduce(f64::min));
        let near = lowest.map(|t| Params { temperature: Some(t), ..self.agreed });
        let tried = near.filter(|p| self.all_take(p));
        self.settle("temperature", &wanted, tried);
    }

    /// A tier is a vendor's own product: it is asked of all when all were asked for the same.
    fn tier(&mut self) {
        let Some(values) = self.every("service_tier", |p| p.tier) else { return };
        let first = values.first().copied();
        let carried = |t: &Target<'_>| t.dialect.carries().iter().any(|c| c.param == "service_tier");
        if values.iter().all(|v| Some(*v) == first) && self.targets.iter().all(carried) {
            self.agreed.tier = first;
        } else {
            self.reasons.push(("service_tier", "not every endpoint has this tier".to_owned()));
        }
    }

    /// What this changed for an endpoint that was asked `own`.
    fn rows(&self, own: &Params) -> Vec<Parity> {
        let row = |(param, ..): (&'static str, _, _)| {
            let (asked, now) = (own.get(param), self.agreed.get(param));
            if now == asked {
                return None;
            }
            let fate = match (&asked, &now) {
                (None, _) => Fate::Added,
                (Some(_), Some(_)) => Fate::Clamped,
                (Some(_), None) => Fate::Dropped,
            };
            let asked = asked.unwrap_or_else(|| UNASKED.to_owned());
            let reason = self.reasons.iter().find(|(p, _)| *p == param);
            // Without a reason another endpoint was simply asked for less.
            let reason = reason.map_or("the lowest that was asked", |(_, why)| why.as_str());
            Some(Parity {
                param: param.into(),
                asked,
                sent: None,
                fate,
                why: format!("the same for all: {reason}"),
            })
        };
        PARAMS.into_iter().filter_map(row).collect()
    }
}

/// One setting out of several: the shared one, or the least of budgets.
fn meet(values: &[Thinking]) -> Option<Thinking> {
    let first = *values.first()?;
    if values.iter().all(|v| *v == first) {
        return Some(first);
    }
    let budgets: Option<Vec<u32>> =
        values.iter().map(|v| if let Thinking::Budget(n) = v { Some(*n) } else { None }).collect();
    budgets?.into_iter().min().map(Thinking::Budget)
}

#[cfg(test)]
#[path = "common_tests.rs"]
mod tests;
