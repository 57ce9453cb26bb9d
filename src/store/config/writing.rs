//! `[prompt]`: how prompts are written and kept.

use serde::Deserialize;
use toml::Spanned;

use super::raw::Wrong;
use crate::model::did_you_mean;

/// Prompts that may be kept at most: all of them are read at the start.
const MOST_KEPT: usize = 100_000;

/// How prompts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writing {
    /// vi's keys in the prompt field.
    pub vi: bool,
    /// Prompts that are kept across sessions; 0 keeps none.
    pub history: usize,
}

impl Default for Writing {
    fn default() -> Self {
        Self { vi: false, history: 2_000 }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPrompt {
    keys: Option<Spanned<String>>,
    history: Option<Spanned<i64>>,
}

impl RawPrompt {
    pub(super) fn check(self) -> Result<Writing, Wrong> {
        let mut writing = Writing::default();
        if let Some(keys) = self.keys {
            writing.vi = match keys.get_ref().as_str() {
                "vi" => true,
                "plain" => false,
                other => {
                    let near = did_you_mean(other, ["vi", "plain"]);
                    let message = format!("prompt.keys is \"plain\" or \"vi\", not {other:?}{near}");
                    return Err(Wrong::at(keys.span(), message));
                }
            };
        }
        if let Some(history) = self.history {
            let most = usize::try_from(*history.get_ref()).ok().filter(|n| *n <= MOST_KEPT);
            writing.history = most.ok_or_else(|| {
                let message =
                    format!("prompt.history is a number of prompts from 0 (none is kept) to {MOST_KEPT}");
                Wrong::at(history.span(), message)
            })?;
        }
        Ok(writing)
    }
}
