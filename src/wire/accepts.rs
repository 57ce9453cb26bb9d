//! What a model takes over a wire, in words, and what would become of the values it is asked with.
//!
//! Both are found by trying: [`fit`] is asked about one value after the other, so that what
//! stands here cannot differ from what will be sent.

use super::Dialect;
use super::fit::fit;
use crate::model::Effort;
use crate::model::PARAMS;
use crate::model::Params;
use crate::model::Thinking;
use crate::model::takes;

/// One parameter of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The name in specs and config, a row of [`PARAMS`].
    pub param: &'static str,
    /// `0–2`, `low, medium, high`, `not taken by this model`.
    pub words: String,
    /// What would become of the value that is asked; `None` where it is sent as it is, or nothing is asked.
    pub becomes: Option<String>,
}

/// Stands where no source says what a model takes: the value goes out and the vendor has the word.
const UNKNOWN: &str = "not known";

/// A row for each of [`PARAMS`], in its order.
///
/// `max_output` is the model's own output limit in tokens, where known.
#[must_use]
pub fn accepts(dialect: &dyn Dialect, model: &str, asked: &Params, max_output: Option<u64>) -> Vec<Taken> {
    let trial = Trial { dialect, model, max_output, known: takes(model).is_some() };
    let changes = fit(dialect, model, asked, max_output).1;
    PARAMS
        .iter()
        .map(|(param, ..)| {
            let carried = dialect.carries().iter().any(|c| c.param == *param);
            let words = match *param {
                _ if !carried => format!("not taken by {}", dialect.takes(model).name),
                "max_tokens" => trial.limit(),
                "temperature" => trial.temperature(),
                "reasoning_effort" => trial.efforts(),
                "thinking" => trial.thinking(),
                // Which tiers an account has, no source says.
                _ => UNKNOWN.to_owned(),
            };
            let change = changes.iter().find(|row| row.param == *param);
            let becomes = match (change, asked.get(param)) {
                (Some(row), _) => Some(row.sentence()),
                (None, Some(value)) if !carried => Some(format!(
                    "{param} {value} dropped: {} has no field for it",
                    dialect.takes(model).name
                )),
                _ => None,
            };
            Taken { param, words, becomes }
        })
        .collect()
}

struct Trial<'a> {
    dialect: &'a dyn Dialect,
    model: &'a str,
    max_output: Option<u64>,
    /// There is a row about the model.
    known: bool,
}

impl Trial<'_> {
    /// What is sent of these, and why something is not.
    fn sent(&self, params: Params) -> (Params, Option<String>) {
        let (sent, rows) = fit(self.dialect, self.model, &params, self.max_output);
        (sent, rows.into_iter().next().map(|row| row.why))
    }

    /// The wire's own range, of a model that nobody knows.
    fn marked(&self, words: String) -> String {
        if self.known { words } else { format!("{UNKNOWN}; the API: {words}") }
    }

    fn refused(&self) -> String {
        format!(
            "not taken by {}",
            if self.known { "this model" } else { self.dialect.takes(self.model).name }
        )
    }

    fn limit(&self) -> String {
        match self.max_output {
            Some(most) => format!("1–{most}"),
            None => "1 or more; its limit is not known".to_owned(),
        }
    }

    fn temperature(&self) -> String {
        let hottest = Params { temperature: Some(f64::MAX), ..Params::default() };
        let with = |other: Params| self.sent(Params { temperature: Some(f64::MAX), ..other }).0.temperature;
        let alone = self.sent(hottest).0.temperature;
        let quiet = with(Params { effort: Some(Effort::None), ..Params::default() });
        let thinks = with(Params { thinking: Some(Thinking::On), ..Params::default() });
        let words = match (alone, quiet, thinks) {
            (None, Some(most), _) => format!("0–{most} with reasoning_effort none"),
            (None, None, _) => return self.refused(),
            (Some(most), _, None) => format!("0–{most}, not while it thinks"),
            (Some(most), ..) => format!("0–{most}"),
        };
        self.marked(words)
    }

    fn efforts(&self) -> String {
        let as_asked = |e: &Effort| {
            let (sent, why) = self.sent(Params { effort: Some(*e), ..Params::default() });
            sent.effort == Some(*e) && why.is_none()
        };
        let all: Vec<&str> = Effort::ALL.iter().filter(|e| as_asked(e)).map(|e| e.word()).collect();
        if all.is_empty() { self.refused() } else { self.marked(all.join(", ")) }
    }

    fn thinking(&self) -> String {
        let sent = |t: Thinking, effort: Option<Effort>| {
            self.sent(Params { thinking: Some(t), effort, ..Params::default() })
        };
        let as_asked = |t: Thinking| {
            let (sent, why) = sent(t, None);
            sent.thinking == Some(t) && why.is_none()
        };
        let mut words = Vec::new();
        if as_asked(Thinking::Off) {
            // Some can be turned off only where little effort is asked.
            let top = Effort::ALL.iter().rev().find(|e| {
                let (sent, why) = sent(Thinking::Off, Some(**e));
                sent.thinking == Some(Thinking::Off) && sent.effort == Some(**e) && why.is_none()
            });
            let last = Effort::ALL.iter().rev().find(|e| {
                let (sent, why) = self.sent(Params { effort: Some(**e), ..Params::default() });
                sent.effort == Some(**e) && why.is_none()
            });
            match (top, last) {
                (Some(top), Some(last)) if top != last && *top != Effort::None => {
                    words.push(format!("off (up to reasoning_effort {})", top.word()));
                }
                _ => words.push("off".to_owned()),
            }
        }
        if as_asked(Thinking::On) {
            words.push("on".to_owned());
        }
        let bound = |tokens: u32| match sent(Thinking::Budget(tokens), None).0.thinking {
            Some(Thinking::Budget(n)) => Some(n),
            _ => None,
        };
        match (bound(1), bound(u32::MAX)) {
            (Some(least), Some(u32::MAX)) => words.push(format!("from {least} tokens")),
            (Some(least), Some(most)) => words.push(format!("{least}–{most} tokens")),
            _ => {}
        }
        if words.is_empty() { self.refused() } else { self.marked(words.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Chat;
    use crate::wire::Gemini;
    use crate::wire::Messages;
    use crate::wire::Responses;

    fn words(dialect: &dyn Dialect, model: &str, limit: Option<u64>) -> Vec<String> {
        accepts(dialect, model, &Params::default(), limit).into_iter().map(|t| t.words).collect()
    }

    #[test]
    fn every_kind_of_range_is_told() {
        for (dialect, model, limit, want) in [
            (
                &Responses as &dyn Dialect,
                "gpt-6-sol",
                Some(128_000),
                [
                    "1–128000",
                    "0–2 with reasoning_effort none",
                    "none, low, medium, high, xhigh, max",
                    "off, on",
                ],
            ),
            (
                &Responses,
                "gpt-6.2",
                None,
                [
                    "1 or more; its limit is not known",
                    "not taken by this model",
                    "low, medium, high, xhigh",
                    "on",
                ],
            ),
            (
                &Chat,
                "gpt-4.1",
                None,
                [
                    "1 or more; its limit is not known",
                    "0–2",
                    "not taken by this model",
                    "not taken by this model",
                ],
            ),
            (
                &Messages,
                "claude-haiku-5-5",
                None,
                [
                    "1 or more; its limit is not known",
                    "not taken by this model",
                    "low, medium, high, xhigh, max",
                    "off (up to reasoning_effort high), on",
                ],
            ),
            (
                &Messages,
                "claude-sonnet-4-6",
                Some(64_000),
                [
                    "1–64000",
                    "0–1, not while it thinks",
                    "low, medium, high, max",
                    "off, on, 1024–59904 tokens",
                ],
            ),
            (
                &Gemini,
                "gemini-2.5-pro",
                None,
                [
                    "1 or more; its limit is not known",
                    "0–2",
                    "not taken by this model",
                    "on, 128–32768 tokens",
                ],
            ),
            (
                &Chat,
                "somebody/new-model",
                None,
                [
                    "1 or more; its limit is not known",
                    "not known; the API: 0–2",
                    "not known; the API: none, minimal, low, medium, high, xhigh, max",
                    "not known; the API: off",
                ],
            ),
        ] {
            assert_eq!(words(dialect, model, limit)[..4], want, "{model}");
        }
    }

    #[test]
    fn what_a_value_becomes_is_what_fitting_says() {
        let mut asked = Params::default();
        asked.set("temperature", "0.2").unwrap();
        asked.set("reasoning_effort", "max").unwrap();
        let rows = accepts(&Responses, "gpt-6.2", &asked, None);
        let of = |param: &str| rows.iter().find(|r| r.param == param).unwrap().becomes.clone();
        assert_eq!(of("max_tokens"), None);
        assert_eq!(of("temperature").unwrap(), "temperature 0.2 dropped: gpt-6.2 takes no temperature");
        assert!(of("reasoning_effort").unwrap().contains("the highest effort of gpt-6.2 is xhigh"));
    }
}
