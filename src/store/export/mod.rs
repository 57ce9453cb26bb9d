//! What a run or a session looks like outside the program: one file per format,
//! one row in [`EXPORTS`]. An export receives rounds and the metric table,
//! nothing of the screen.

mod json;
mod table;

pub use table::aligned;

use crate::model::Answer;
use crate::model::Connections;
use crate::model::Endpoint;
use crate::model::Filled;
use crate::model::Prompt;
use crate::model::Total;

/// One prompt and what came back, in lineup order.
#[derive(Debug, Clone)]
pub struct Round {
    pub id: String,
    pub prompt: Prompt,
    /// What the prompt was made of, where it had variables.
    pub filled: Option<Filled>,
    pub entries: Vec<(Endpoint, Answer)>,
}

impl Round {
    fn total(&self) -> Total {
        Total::of(self.entries.iter().map(|(_, answer)| answer))
    }
}

/// Facts about the whole.
#[derive(Debug, Clone)]
pub struct Meta {
    /// RFC 3339, UTC.
    pub started_at: String,
    /// Date of the price list, `YYYY-MM-DD`.
    pub prices_as_of: String,
    /// Of the embedded price list, hexadecimal.
    pub prices_sha256: String,
    /// How the endpoints were reached.
    pub connections: Connections,
}

/// One format.
pub struct Export {
    /// The word after `--format`.
    pub id: &'static str,
    pub doc: &'static str,
    pub write: fn(&Meta, &[Round]) -> String,
}

/// Every format, the default first.
pub const EXPORTS: &[Export] = &[
    Export { id: "table", doc: "answers, then a table of figures", write: table::write },
    Export { id: "json", doc: "one object, bakeoff.run/1", write: json::write },
];

/// The row with this id.
#[must_use]
pub fn export(id: &str) -> Option<&'static Export> {
    EXPORTS.iter().find(|e| e.id == id)
}
