//! What an account can call: a provider's own list of its models.

use std::time::Duration;

use futures_util::StreamExt;
use http::HeaderMap;
use serde_json::Value;
use tokio::time::timeout;

use super::call::{WHOLE_BODY, error_reply, header_map};
use super::dial::Way;
use super::scrub::scrubbed;
use super::transport::{Body, Outgoing};
use super::{Engine, Shared};
use crate::model::Class;
use crate::model::Endpoint;
use crate::model::Fault;
use crate::provider::Provider;
use crate::provider::Question;
use crate::provider::Vars;
use crate::provider::is_loopback;
use crate::provider::listings;
use crate::provider::provider;

/// Lists are short; one that takes longer is a server that hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server on this machine answers a list at once, or does not run.
const LOCAL_PATIENCE: Duration = Duration::from_secs(1);

/// One model that a provider lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub id: String,
    /// Tokens, where the list says so.
    pub context: Option<u64>,
}

/// What the lists of one account say, where there is at least one.
#[derive(Debug, Default)]
pub struct Models {
    /// Each once, in the order of the lists.
    pub listed: Vec<Listed>,
    /// Lists that did not come.
    pub faults: Vec<Fault>,
    /// Where the first list was asked for.
    pub url: String,
}

impl Engine {
    /// The models that an endpoint's provider lists; `None` where the provider has no list.
    /// The endpoint's model does not count.
    ///
    /// # Errors
    /// Why nobody could be asked: configuration or key.
    pub async fn models(&self, endpoint: &Endpoint) -> Result<Option<Models>, Fault> {
        let shared = &self.shared;
        let vars = shared.keys.fill(endpoint, &shared.vars).await?;
        let questions = listings(endpoint, &vars)?;
        if questions.is_empty() {
            return Ok(None);
        }
        let url = questions.first().map(|q| q.url.clone()).unwrap_or_default();
        let mut models = Models { url, ..Models::default() };
        for question in questions {
            let secrets = question.secrets.clone();
            let patience = patience(endpoint, &question.url);
            // The longer one bounds what comes before the request as well: a signature, the client.
            let answer = timeout(PATIENCE, one(shared, question, &vars, patience)).await;
            let answer = answer.unwrap_or_else(|_| Err(silent(PATIENCE)));
            match answer {
                Ok(listed) => {
                    for mut model in listed {
                        model.id = secrets.iter().fold(model.id, |id, secret| secret.scrub(&id));
                        if !models.listed.iter().any(|known| known.id == model.id) {
                            models.listed.push(model);
                        }
                    }
                }
                Err(fault) => models.faults.push(scrubbed(fault, &secrets)),
            }
        }
        Ok(Some(models))
    }
}

/// How long an answer may take. A server of one's own on another machine is as far as any other.
fn patience(endpoint: &Endpoint, url: &str) -> Duration {
    let own = provider(&endpoint.provider).is_some_and(Provider::is_local);
    let here = url::Url::parse(url).is_ok_and(|url| is_loopback(&url));
    if own && here { LOCAL_PATIENCE } else { PATIENCE }
}

fn silent(patience: Duration) -> Fault {
    let seconds = patience.as_secs();
    Fault::new(Class::Silent, format!("no answer: no list of models within {seconds} s"))
        .hint("see whether the server is well")
}

async fn one(
    shared: &Shared,
    question: Question,
    vars: &Vars,
    patience: Duration,
) -> Result<Vec<Listed>, Fault> {
    let transport = &shared.transport;
    let headers: HeaderMap = header_map(&question.headers)?;
    transport.prepare(&question.url).await?;
    let url = question.url.clone();
    let mut outgoing = Outgoing {
        url: url.clone(),
        headers,
        body: bytes::Bytes::new(),
        method: http::Method::GET,
        way: Way::default(),
    };
    let signed = Box::pin(shared.identities.sign(&question.identity, vars, transport, &mut outgoing)).await?;
    let answer = async {
        let reply = transport.send(outgoing).await?;
        if !(200..300).contains(&reply.status) {
            return Err(scrubbed(error_reply(reply, &url).await, &signed.secrets));
        }
        whole(reply.body).await
    };
    let body = timeout(patience, answer).await.unwrap_or_else(|_| Err(silent(patience)))?;
    let value: Value = serde_json::from_slice(&body).map_err(|_| {
        Fault::new(Class::Garbled, "the list of models is not JSON").hint("check the base URL")
    })?;
    let items = value.pointer(question.listing.items).and_then(Value::as_array).ok_or_else(|| {
        Fault::new(Class::Garbled, "the JSON that came is not a list of models").hint("check the base URL")
    })?;
    let read = |item: &Value| {
        let id = question.listing.id.iter().find_map(|member| item.get(*member)?.as_str())?;
        let context = question.listing.context.iter().find_map(|at| item.pointer(at)?.as_u64());
        let id = signed.secrets.iter().fold(id.to_owned(), |id, secret| secret.scrub(&id));
        Some(Listed { id: id.strip_prefix("models/").unwrap_or(&id).to_owned(), context })
    };
    Ok(items.iter().filter_map(read).collect())
}

/// A list in part is no list.
async fn whole(mut body: Body) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::new();
    while let Some(piece) = body.next().await {
        out.extend_from_slice(&piece?);
        if out.len() > WHOLE_BODY {
            let most = WHOLE_BODY >> 20;
            return Err(Fault::new(Class::Garbled, format!("the list of models is longer than {most} MiB")));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_on_this_machine_has_to_answer_at_once() {
        for (id, url, want) in [
            ("ollama", "http://127.0.0.1:11434/api/tags", LOCAL_PATIENCE),
            ("vllm", "http://localhost:8000/v1/models", LOCAL_PATIENCE),
            ("ollama", "http://10.0.0.5:11434/api/tags", PATIENCE),
            ("ollama", "https://ollama.com/api/tags", PATIENCE),
            // A gateway passes the question on.
            ("openai", "http://127.0.0.1:4000/v1/models", PATIENCE),
        ] {
            let endpoint = Endpoint { provider: id.into(), ..Endpoint::default() };
            assert_eq!(patience(&endpoint, url), want, "{id} at {url}");
        }
    }
}
