//! The way to a server, step by step, for `bakeoff doctor`: nothing here is timed for
//! an answer, and no credential leaves this machine.

use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

use super::call::{header_map, sending};
use super::dial::Way;
use super::transport::{Outgoing, host_of};
use super::{Engine, max_output};
use crate::model::Class;
use crate::model::Endpoint;
use crate::model::Fault;
use crate::model::Prompt;
use crate::model::Sending;
use crate::provider::Identity;
use crate::provider::is_loopback;
use crate::provider::resolve;

/// One step of the way.
#[derive(Debug)]
pub struct Reached {
    /// `dns`, `tcp`, `tls`; `proxy` for all of them where one stands in between.
    pub step: &'static str,
    pub took: Duration,
    pub result: Result<String, Fault>,
}

impl Engine {
    /// Everything that happens before a request leaves: configuration and credentials.
    ///
    /// # Errors
    /// The fault that would end the answer; class `Setup` is the configuration's.
    pub async fn rehearse(&self, endpoint: &Endpoint, prompt: &Prompt) -> Result<Sending, Fault> {
        let shared = &self.shared;
        let mut took = endpoint.key.is_some().then_some(Duration::ZERO);
        let asked = Instant::now();
        let vars = shared.keys.fill(endpoint, &shared.vars).await?;
        took = took.map(|_| asked.elapsed());
        let catalog = (shared.catalog)();
        let request = resolve(endpoint, prompt, &vars, max_output(&catalog, endpoint))?;
        shared.transport.prepare(&request.url).await?;
        let mut outgoing = Outgoing {
            url: request.url.clone(),
            headers: header_map(&request.headers)?,
            body: request.body.clone(),
            method: http::Method::POST,
            way: Way::default(),
        };
        // Converse is signed by the SDK itself, with the same credentials.
        let identity = match &request.aws {
            Some(aws) if aws.bearer.is_none() && !aws.anonymous => aws
                .region
                .clone()
                .map_or(Identity::None, |region| Identity::SigV4 { service: request.api.service, region }),
            _ => request.identity.clone(),
        };
        let asked = Instant::now();
        let signed =
            Box::pin(shared.identities.sign(&identity, &vars, &shared.transport, &mut outgoing)).await?;
        if identity != Identity::None {
            took = Some(took.unwrap_or_default() + asked.elapsed());
        }
        let via = Some(signed.via).filter(|v| !v.is_empty()).or(request.via.clone());
        Ok(sending(&request, &outgoing.headers, via, took))
    }

    /// The way to the host of a URL. It ends at the first step that fails; behind a proxy
    /// there is one step, because the rest is the proxy's.
    pub async fn reach(&self, url: &str) -> Vec<Reached> {
        let Ok(parsed) = url::Url::parse(url) else { return Vec::new() };
        let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = parsed.port_or_known_default().unwrap_or(443);
        let limit = self.shared.limits.connect;
        let mut steps = Vec::new();
        let proxy = self.shared.transport.proxy(url);
        if proxy.is_none() {
            let began = Instant::now();
            let found = timeout(limit, lookup_host((host.as_str(), port))).await;
            let found = match found {
                Err(_) => {
                    Err(unreachable(format!("{host} was not resolved within {} s", limit.as_secs_f32())))
                }
                Ok(Err(e)) => Err(unreachable(format!("{host} is not resolved: {e}"))),
                Ok(Ok(addresses)) => Ok(addresses.collect::<Vec<_>>()),
            };
            let shown = found.as_ref().map(|all| all.first().map(|a| a.ip().to_string()).unwrap_or_default());
            let shown = shown
                .map_err(|f| f.clone().hint("check the host name, and that this machine can resolve it"));
            let failed = shown.is_err();
            steps.push(Reached { step: "dns", took: began.elapsed(), result: shown });
            if failed {
                return steps;
            }
            let began = Instant::now();
            let connected = timeout(limit, TcpStream::connect((host.as_str(), port))).await;
            let connected = match connected {
                Err(_) => Err(unreachable(format!(
                    "no connection within {} s (connect limit)",
                    limit.as_secs_f32()
                ))
                .hint("a firewall may drop it: try from another network, or set HTTPS_PROXY")),
                Ok(Err(e)) => Err(unreachable(format!("no connection to {host}:{port}: {e}")).hint(
                    if is_loopback(&parsed) {
                        "nothing listens there: start the server"
                    } else {
                        "check address and port, and whether a proxy is needed (HTTPS_PROXY)"
                    },
                )),
                Ok(Ok(_)) => Ok(format!("port {port}")),
            };
            let failed = connected.is_err();
            steps.push(Reached { step: "tcp", took: began.elapsed(), result: connected });
            if failed || parsed.scheme() == "http" {
                return steps;
            }
        }
        // What the requests themselves go through: client, roots, proxy. No credential, and
        // whatever the server answers is an answer.
        let outgoing = Outgoing::knock(&parsed);
        let began = Instant::now();
        let answer = match timeout(limit, self.shared.transport.send(outgoing)).await {
            Err(_) => {
                Err(unreachable(format!("{} did not answer within {} s", host_of(url), limit.as_secs_f32())))
            }
            Ok(answer) => answer.map(|_| match &proxy {
                Some(proxy) => format!("through {proxy}, certificate accepted"),
                None => "certificate accepted".into(),
            }),
        };
        // The names and the connections behind a proxy are its own to find and make.
        let step = if proxy.is_some() { "proxy" } else { "tls" };
        steps.push(Reached { step, took: began.elapsed(), result: answer });
        steps
    }
}

fn unreachable(message: String) -> Fault {
    Fault::new(Class::Unreachable, message)
}
