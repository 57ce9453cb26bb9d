//! Rows of values, each of which fills a prompt once.

use std::ops::Range;

use super::near::did_you_mean;
use super::template::{Filled, Template, Values};

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Case {
    /// Where it begins in its file, from 1.
    pub line: usize,
    pub values: Values,
}

/// What a file of cases says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cases {
    /// As it was given.
    pub name: String,
    pub rows: Vec<Case>,
}

impl Cases {
    /// Whether every row has what a template needs; `more` are values for all rows.
    ///
    /// # Errors
    /// The first variable that a row lacks, with the row's line and the column that was perhaps meant.
    pub fn serve(&self, template: &Template, more: &Values) -> Result<(), String> {
        for row in &self.rows {
            let values = row.values.or(more);
            if let Some(name) = template.missing(&values).first() {
                let near = did_you_mean(name, values.names());
                return Err(format!(
                    "{}:{}: the case has no {name:?}, which the prompt uses{near}; add it, or give it with --var",
                    self.name, row.line
                ));
            }
        }
        Ok(())
    }

    /// The prompts of these rows; `more` are values for all rows, a row's own count first.
    ///
    /// # Errors
    /// A sentence that names the row.
    pub fn fill(
        &self,
        rows: Range<usize>,
        template: &Template,
        more: &Values,
    ) -> Result<Vec<Filled>, String> {
        let filler = template.filler().map_err(|e| e.to_string())?;
        let all = self.rows.len();
        let one = |at: usize| {
            let row = self.rows.get(at).ok_or_else(|| format!("{} has no case {}", self.name, at + 1))?;
            let done = filler.fill(&row.values.or(more), Some((at + 1, all)));
            done.map_err(|e| format!("{}:{}: {e}", self.name, row.line))
        };
        rows.map(one).collect()
    }
}
