//! What is written of an answer, a round and a session, and read again: one form for machine
//! output, transcripts and the session store.
//!
//! Each record is a plain struct with the names of the contract (product §11); what is not known
//! is absent. Everything that an [`Answer`](crate::model::Answer) holds is in its record, so that
//! writing, reading and writing again gives the same.

pub mod answer;
#[cfg(test)]
pub mod record_tests;
mod round;
mod time;

pub use round::{Detail, RoundRecord};
pub use time::rfc3339;
