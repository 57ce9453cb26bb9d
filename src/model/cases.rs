//! Rows of values, each of which fills a prompt once.

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

    /// The prompt of one row; `more` are values for all rows, a row's own count first.
    ///
    /// # Errors
    /// A sentence that names the row.
    pub fn fill(&self, at: usize, template: &Template, more: &Values) -> Result<Filled, String> {
        let row = self.rows.get(at).ok_or_else(|| format!("{} has no case {}", self.name, at + 1))?;
        let place = Some((at + 1, self.rows.len()));
        Filled::new(template, &row.values.or(more), place)
            .map_err(|e| format!("{}:{}: {e}", self.name, row.line))
    }
}
