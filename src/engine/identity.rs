use std::sync::Arc;

use super::transport::{Outgoing, Transport};
use crate::model::Class;
use crate::model::Fault;
use crate::provider::Identity;
use crate::provider::Secret;
use crate::provider::Vars;

pub(super) struct Signed {
    pub(super) via: String,
    pub(super) secrets: Vec<Secret>,
}

#[derive(Default)]
pub(super) struct Identities {}

impl Identities {
    #[expect(clippy::unused_async, reason = "filled in next")]
    pub(super) async fn sign(
        &self,
        identity: &Identity,
        _vars: &Vars,
        _transport: &Arc<dyn Transport>,
        _outgoing: &mut Outgoing,
    ) -> Result<Signed, Fault> {
        match identity {
            Identity::None => Ok(Signed { via: String::new(), secrets: Vec::new() }),
            _ => Err(Fault::new(Class::Key, "not yet")),
        }
    }
}
