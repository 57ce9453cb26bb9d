//! What a session, a round and an endpoint have cost so far.

use super::app::{App, Entry};
use crate::model::Answer;
use crate::model::Endpoint;
use crate::model::Total;

impl App {
    /// What the session has cost so far: every answer that is over, those included that were
    /// asked again.
    #[must_use]
    pub fn total(&self) -> Total {
        let mut total = self.replaced;
        add(&mut total, self.rounds.iter().flat_map(|r| &r.entries));
        total
    }

    /// The same of the round in view, its panes as they stand.
    #[must_use]
    pub fn round_total(&self) -> Total {
        let mut total = Total::default();
        add(&mut total, self.round().into_iter().flat_map(|r| &r.entries));
        total
    }

    /// The same of one endpoint in every round.
    #[must_use]
    pub fn endpoint_total(&self, endpoint: &Endpoint) -> Total {
        let mut total = Total::default();
        let entries = self.rounds.iter().flat_map(|r| &r.entries);
        add(&mut total, entries.filter(|e| e.endpoint.is_pane_of(endpoint)));
        total
    }
}

fn add<'e>(total: &mut Total, entries: impl Iterator<Item = &'e Entry>) {
    for entry in entries.filter(|e| e.answer.is_over() && billed(&e.answer)) {
        total.add(&entry.answer.cost);
    }
}

/// Whether an answer may be on a bill: what nobody accepted is not.
pub(super) fn billed(answer: &Answer) -> bool {
    answer.http_status.is_some_and(|status| status / 100 == 2) || answer.usage.is_some()
}
