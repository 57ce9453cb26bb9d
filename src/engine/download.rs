//! Fetching a public file: no credential, no redirect, and only if it has changed.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{ACCEPT, CONTENT_LENGTH, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Method};
use tokio::time::timeout;

use super::Engine;
use super::call::error_reply;
use super::dial::Way;
use super::transport::{Outgoing, host_of};
use crate::model::Class;
use crate::model::Fault;

/// No price list is larger.
const MOST: usize = 16 << 20;

/// A whole download may take this long.
const PATIENCE: Duration = Duration::from_mins(2);

/// What came.
#[derive(Debug)]
pub enum Download {
    /// It is still what the `ETag` names.
    Unchanged,
    New {
        body: Vec<u8>,
        etag: Option<String>,
    },
}

impl Engine {
    /// Fetches a file, unless it is the one that `etag` names.
    ///
    /// # Errors
    /// The fault: a status that is no success, a body that is cut or too long.
    pub async fn download(&self, url: &str, etag: Option<&str>) -> Result<Download, Fault> {
        let slow = || {
            let seconds = PATIENCE.as_secs();
            Fault::new(Class::Silent, format!("{} did not send it within {seconds} s", host_of(url)))
        };
        timeout(PATIENCE, self.fetch(url, etag)).await.unwrap_or_else(|_| Err(slow()))
    }

    async fn fetch(&self, url: &str, etag: Option<&str>) -> Result<Download, Fault> {
        let transport = &self.shared.transport;
        transport.prepare(url).await?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(etag) = etag.and_then(|etag| HeaderValue::from_str(etag).ok()) {
            headers.insert(IF_NONE_MATCH, etag);
        }
        let outgoing = Outgoing {
            url: url.to_owned(),
            headers,
            body: Bytes::new(),
            method: Method::GET,
            way: Way::default(),
        };
        let reply = transport.send(outgoing).await?;
        if reply.status == 304 {
            return Ok(Download::Unchanged);
        }
        if (300..400).contains(&reply.status) {
            return Err(error_reply(reply, url).await);
        }
        if reply.status != 200 {
            let (host, status) = (host_of(url), reply.status);
            let hint = match status {
                429 | 500..=599 => "try again in a while, or name another list with --from",
                _ => "check the address, or name another list with --from",
            };
            return Err(Fault::new(Class::Refused, format!("{host} answered with HTTP {status}")).hint(hint));
        }
        let text =
            |name| reply.headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok()).map(str::to_owned);
        let (etag, announced) = (text(ETAG), text(CONTENT_LENGTH).and_then(|n| n.parse::<usize>().ok()));
        let too_long = || Fault::new(Class::Garbled, format!("it is longer than {} MiB", MOST >> 20));
        if announced.is_some_and(|n| n > MOST) {
            return Err(too_long());
        }
        let (mut stream, mut body) = (reply.body, Vec::new());
        while let Some(piece) = stream.next().await {
            body.extend_from_slice(&piece?);
            if body.len() > MOST {
                return Err(too_long());
            }
        }
        Ok(Download::New { body, etag })
    }
}
