//! What an account can call: a provider's own list of its models.

use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;
use tokio::time::timeout;

use super::call::{WHOLE_BODY, error_reply, header_map, read_up_to};
use super::transport::Outgoing;
use super::{Engine, Shared, scrubbed};
use crate::model::Class;
use crate::model::Endpoint;
use crate::model::Fault;
use crate::provider::Question;
use crate::provider::Vars;
use crate::provider::listings;

/// Lists are short; one that takes longer is a server that hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// One model that a provider lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub id: String,
    /// Tokens, where the list says so.
    pub context: Option<u64>,
}

impl Engine {
    /// The models that an endpoint's provider lists, in its order, each once; `None`
    /// where the provider has no list. The endpoint's model does not count.
    ///
    /// # Errors
    /// The fault of the first list that failed, if none succeeded.
    pub async fn models(&self, endpoint: &Endpoint) -> Result<Option<Vec<Listed>>, Fault> {
        let shared = &self.shared;
        let vars = shared.keys.fill(endpoint, &shared.vars).await?;
        let questions = listings(endpoint, &vars)?;
        if questions.is_empty() {
            return Ok(None);
        }
        let (mut all, mut failed) = (Vec::<Listed>::new(), None);
        for question in questions {
            let secrets = question.secrets.clone();
            match one(shared, question, &vars).await {
                Ok(listed) => {
                    for model in listed {
                        if !all.iter().any(|known| known.id == model.id) {
                            all.push(model);
                        }
                    }
                }
                Err(fault) => _ = failed.get_or_insert(scrubbed(fault, &secrets)),
            }
        }
        match failed {
            Some(fault) if all.is_empty() => Err(fault),
            _ => Ok(Some(all)),
        }
    }
}

async fn one(shared: &Shared, question: Question, vars: &Vars) -> Result<Vec<Listed>, Fault> {
    let transport = &shared.transport;
    let headers: HeaderMap = header_map(&question.headers)?;
    transport.prepare(&question.url).await?;
    let url = question.url.clone();
    let mut outgoing =
        Outgoing { url: url.clone(), headers, body: bytes::Bytes::new(), method: http::Method::GET };
    let signed = Box::pin(shared.identities.sign(&question.identity, vars, transport, &mut outgoing)).await?;
    let reply = if let Ok(reply) = timeout(PATIENCE, transport.send(outgoing)).await {
        reply?
    } else {
        let seconds = PATIENCE.as_secs();
        return Err(Fault::new(Class::Silent, format!("no list of models within {seconds} s")));
    };
    if !(200..300).contains(&reply.status) {
        return Err(scrubbed(error_reply(reply, &url).await, &signed.secrets));
    }
    let body = read_up_to(reply.body, WHOLE_BODY).await;
    let value: Value = serde_json::from_slice(&body).map_err(|_| {
        Fault::new(Class::Garbled, "the list of models is not JSON").hint("check the base URL")
    })?;
    let items = value.pointer(question.listing.items).and_then(Value::as_array).ok_or_else(|| {
        Fault::new(Class::Garbled, "the JSON that came is not a list of models").hint("check the base URL")
    })?;
    let read = |item: &Value| {
        let id = question.listing.id.iter().find_map(|member| item.get(*member)?.as_str())?;
        let context = question.listing.context.iter().find_map(|at| item.pointer(at)?.as_u64());
        Some(Listed { id: id.strip_prefix("models/").unwrap_or(id).to_owned(), context })
    };
    Ok(items.iter().filter_map(read).collect())
}
