//! What a session, a round and an endpoint have cost so far.

use super::app::{App, Entry};
use crate::model::Endpoint;
use crate::model::Total;

impl App {
    /// What the session has cost so far: every answer that is over, those included that were
    /// asked again, and every trial.
    #[must_use]
    pub fn total(&self) -> Total {
        self.replaced.and(Total::of(self.rounds.iter().flat_map(|r| &r.entries).flat_map(Entry::answers)))
    }

    /// In words, long and short. While a round waits for a blind vote it would tell of that round.
    pub(super) fn total_labels(&self) -> (String, String) {
        if self.hides() {
            return ("hidden until the vote".into(), "hidden".into());
        }
        let total = self.total();
        // What a judge costs is no part of what was compared.
        let judge = match self.judging.total() {
            none if none.parts == 0 => String::new(),
            some => format!(" + judge {}", some.short()),
        };
        (format!("{}{judge}", total.label()), format!("{}{judge}", total.short()))
    }

    /// The same of the round in view, its panes as they stand, every trial of them.
    #[must_use]
    pub fn round_total(&self) -> Total {
        Total::of(self.round().into_iter().flat_map(|r| &r.entries).flat_map(Entry::answers))
    }

    /// The same of one endpoint in every round.
    #[must_use]
    pub fn endpoint_total(&self, endpoint: &Endpoint) -> Total {
        let entries = self.rounds.iter().flat_map(|r| &r.entries);
        Total::of(entries.filter(|e| e.endpoint.is_pane_of(endpoint)).flat_map(Entry::answers))
    }
}
