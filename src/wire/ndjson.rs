//! One JSON object a line (placeholder).

use super::Frame;
use crate::model::Fault;

#[derive(Default)]
pub(super) struct Ndjson {}

impl Ndjson {
    pub(super) fn push(&mut self, _bytes: &[u8], _out: &mut Vec<Frame>) -> Result<(), Fault> {
        Ok(())
    }

    pub(super) fn end(&mut self, _out: &mut Vec<Frame>) {}
}
