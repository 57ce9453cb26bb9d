//! One call over plain HTTP: from a resolved request to a stream being pumped.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;
use tokio::time::timeout;

use super::Limits;
use super::Shared;
use super::identity::renewal;
use super::pump::{self, ByteSource, Reporter};
use super::transport::{Body, Outgoing, Reply, Transport, host_of};
use crate::model::Class;
use crate::model::Fault;
use crate::model::Sending;
use crate::model::Step;
use crate::model::clean_line;
use crate::provider::HeaderText;
use crate::provider::Identity;
use crate::provider::Request;
use crate::provider::Vars;
use crate::wire::Decoder;
use crate::wire::Framing;
use crate::wire::Head;
use crate::wire::explain;
use crate::wire::header_facts;
use crate::wire::header_times;

/// As much of an error body as is read; a gigabyte of it would say no more.
const ERROR_BODY: usize = 64 << 10;

/// A plain JSON answer in place of a stream may be this long.
pub(super) const WHOLE_BODY: usize = 16 << 20;

/// An error body that trickles is not waited for longer than this.
const ERROR_WAIT: Duration = Duration::from_secs(10);

/// Headers that name a request, in the order of preference.
const REQUEST_IDS: [&str; 7] = [
    "x-request-id",
    "request-id",
    "apim-request-id",
    "x-amzn-requestid",
    "x-goog-request-id",
    "x-ms-request-id",
    "x-generation-id",
];

/// Sends a request and reads its answer to the end. `fetched` is how long its key took.
///
/// # Errors
/// The fault that ended it.
pub(super) async fn http(
    request: Request,
    shared: &Shared,
    vars: &Vars,
    fetched: Option<Duration>,
    reporter: &Reporter,
) -> Result<(), Fault> {
    let (transport, limits) = (&shared.transport, &shared.limits);
    let headers = header_map(&request.headers)?;
    transport.prepare(&request.url).await?;
    let mut outgoing = Outgoing {
        url: request.url.clone(),
        headers,
        body: request.body.clone(),
        method: http::Method::POST,
        way: reporter.way(),
    };
    let asked = Instant::now();
    let signed = Box::pin(shared.identities.sign(&request.identity, vars, transport, &mut outgoing)).await?;
    let took = if request.identity == Identity::None { fetched } else { Some(asked.elapsed()) };
    let via = request.via.clone().or(Some(signed.via).filter(|via| !via.is_empty()));
    reporter.hide(&signed.secrets);
    let leaving = sending(&request, &outgoing.headers, via.clone(), took);
    reporter.send(Instant::now(), Step::Prepared(Box::new(leaving)));
    transport.warm(&request.url).await;
    reporter.sent();
    let thinks = request.thinks;
    let sent = exchange(&request, outgoing, transport, reporter, limits, thinks).await;
    sent.map_err(|mut fault| {
        if fault.class == Class::Key && matches!(request.identity, Identity::SigV4 { .. }) {
            fault.hint.get_or_insert_with(|| renewal(via.as_deref()));
        }
        fault
    })
}

async fn exchange(
    request: &Request,
    outgoing: Outgoing,
    transport: &Arc<dyn Transport>,
    reporter: &Reporter,
    limits: &Limits,
    thinks: bool,
) -> Result<(), Fault> {
    let dialect = request.api.dialect;
    let first = limits.first_event_for(thinks);
    let Ok(reply) = timeout(first, transport.send(outgoing)).await else {
        return Err(no_reply(&request.url, first));
    };
    let reply = reply?;
    report_head(reporter, &reply);
    if !(200..300).contains(&reply.status) {
        return Err(error_reply(reply, &request.url).await);
    }
    let reply = refuse_early(reply, &request.url, false).await?;
    let mut decoder = Decoder::new(dialect);
    if dialect.framing() == Framing::Sse && content_type(&reply).starts_with("application/json") {
        return whole(reply, &mut decoder, reporter, limits).await;
    }
    pump::run(ByteSource { body: reply.body, decoder }, reporter, limits, thinks).await
}

/// What is about to leave, as people may see it.
pub(super) fn sending(
    request: &Request,
    headers: &HeaderMap,
    via: Option<String>,
    identity: Option<Duration>,
) -> Sending {
    let shown = |value: &HeaderValue| {
        if value.is_sensitive() {
            "•••".to_owned()
        } else {
            value.to_str().unwrap_or("•••").to_owned()
        }
    };
    Sending {
        url: request.url.clone(),
        headers: headers.iter().map(|(n, v)| (n.as_str().to_owned(), shown(v))).collect(),
        body: request.body_text(),
        via,
        identity,
        parity: request.parity.clone(),
        tier: request.params.tier,
        started: SystemTime::now().duration_since(UNIX_EPOCH).ok(),
    }
}

/// The fault of a server that accepted a request and said nothing.
pub(super) fn no_reply(url: &str, first: Duration) -> Fault {
    Fault::new(
        Class::Silent,
        format!("no reply from {} within {} s (first-event limit)", host_of(url), first.as_secs_f32()),
    )
    .hint("re-run it, or raise timeouts.first_event_s")
}

pub(super) fn header_map(headers: &[(&'static str, HeaderText)]) -> Result<HeaderMap, Fault> {
    let mut map = HeaderMap::new();
    for (name, text) in headers {
        let (text, secret) = match text {
            HeaderText::Plain(text) => (text.as_str(), false),
            HeaderText::Secret(secret) => (secret.expose(), true),
        };
        // The error's own text is not shown: it may hold the value.
        let mut value = HeaderValue::from_str(text)
            .map_err(|_| Fault::new(Class::Setup, format!("the value for the header {name} is not valid")))?;
        value.set_sensitive(secret);
        map.insert(HeaderName::from_static(name), value);
    }
    Ok(map)
}

/// Reports what a response's head tells, and the connection that it came over.
pub(super) fn report_head(reporter: &Reporter, reply: &Reply) {
    let at = Instant::now();
    reporter.connected();
    let header = |name: &str| reply.headers.get(name)?.to_str().ok();
    let request_id = REQUEST_IDS.iter().find_map(|name| header(name).map(clean_line));
    reporter.send(at, Step::Headers { status: reply.status, request_id, reused: reply.reused });
    let times = header_times(header);
    if !times.is_empty() {
        reporter.send(at, Step::ServerTimes(times));
    }
    let headers =
        reply.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let facts = header_facts(headers);
    if !facts.is_empty() {
        reporter.send(at, Step::Told(facts));
    }
}

fn content_type(reply: &Reply) -> String {
    let value = reply.headers.get(http::header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    value.unwrap_or_default().trim().to_ascii_lowercase()
}

/// Stops what is no answer at all before any of it is read as one: redirects,
/// and pages where a stream should be. `binary` also stops JSON in place of an event stream.
///
/// # Errors
/// The fault, with the page's title or the JSON's own error.
pub(super) async fn refuse_early(reply: Reply, url: &str, binary: bool) -> Result<Reply, Fault> {
    if (300..400).contains(&reply.status) {
        return Err(redirect(&reply, url));
    }
    if !(200..300).contains(&reply.status) {
        return Ok(reply);
    }
    let kind = content_type(&reply);
    let page = kind.starts_with("text/html") || kind.starts_with("application/xhtml");
    if !(page || binary && kind.starts_with("application/json")) {
        return Ok(reply);
    }
    let head = Head { status: reply.status, headers: plain_headers(&reply.headers) };
    let body = read_up_to(reply.body, ERROR_BODY).await;
    // The reader of error bodies finds a page's title or a JSON error.
    let fault = explain(&head, &body);
    Err(if fault.hint.is_some() || !page {
        fault
    } else {
        fault
            .hint("something else answers at this base URL: check it, and any proxy or login page in between")
    })
}

fn redirect(reply: &Reply, from: &str) -> Fault {
    let location =
        reply.headers.get(http::header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let to = url::Url::parse(location).map_or_else(|_| "another path".to_owned(), |u| host_of(u.as_str()));
    Fault::new(Class::Refused, format!("redirect from {} to {} refused", host_of(from), clean_line(&to)))
        .status(reply.status)
        .hint("keys and prompts are not sent to a second host; write the final address as the base URL")
}

pub(super) async fn error_reply(reply: Reply, url: &str) -> Fault {
    if (300..400).contains(&reply.status) {
        return redirect(&reply, url);
    }
    let head = Head { status: reply.status, headers: plain_headers(&reply.headers) };
    let body = read_up_to(reply.body, ERROR_BODY).await;
    explain(&head, &body)
}

/// Headers as text, for the reader of errors; what is not text is left out.
pub(super) fn plain_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers.iter().filter_map(|(n, v)| Some((n.as_str().to_owned(), v.to_str().ok()?.to_owned()))).collect()
}

pub(super) async fn read_up_to(mut body: Body, most: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let _ = timeout(ERROR_WAIT, async {
        while let Some(Ok(piece)) = body.next().await {
            out.extend_from_slice(&piece);
            if out.len() >= most {
                break;
            }
        }
    })
    .await;
    out.truncate(most);
    out
}

/// A server that ignored `stream`: one JSON answer, or an error that came with status 200.
async fn whole(
    reply: Reply,
    decoder: &mut Decoder,
    reporter: &Reporter,
    limits: &Limits,
) -> Result<(), Fault> {
    let (status, mut body, mut bytes) = (reply.status, reply.body, Vec::new());
    let at = loop {
        let Ok(piece) = timeout(limits.idle, body.next()).await else {
            return Err(Fault::new(
                Class::Silent,
                format!(
                    "silent for {} s in the middle of a JSON answer (idle limit)",
                    limits.idle.as_secs_f32()
                ),
            )
            .hint("re-run it, or raise timeouts.idle_s"));
        };
        let at = Instant::now();
        match piece {
            None => break at,
            Some(piece) => bytes.extend_from_slice(&piece?),
        }
        reporter.send(at, Step::Bytes);
        if bytes.len() > WHOLE_BODY {
            return Err(Fault::new(Class::Garbled, "a JSON answer of more than 16 MiB was stopped"));
        }
    };
    let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|e| {
        Fault::new(
            Class::Garbled,
            format!("the server sent JSON instead of a stream, and it does not parse: {e}"),
        )
        .status(status)
    })?;
    let mut deltas = Vec::new();
    let read = decoder.whole(&value, &mut deltas);
    if !deltas.is_empty() {
        reporter.send(at, Step::Deltas(deltas));
    }
    read?;
    reporter.send(at, Step::Ended);
    Ok(())
}
