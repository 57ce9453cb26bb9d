//! Entra ID's HTTP, carried by our own [`Transport`]: the same proxy, the same
//! roots and the same connect limit as every other request.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::request::Body;
use azure_core::http::{AsyncRawResponse, HttpClient, Method, Request};
use bytes::Bytes;
use futures_util::StreamExt;
use http::HeaderMap;

use super::super::dial::Way;
use super::super::transport::{Outgoing, Transport};
use crate::model::Class;
use crate::model::Fault;

/// A token answer is a few kilobytes; what is longer is not one.
const MOST: usize = 1 << 20;

/// The crate's view of our transport.
pub(super) struct Carrier {
    pub(super) transport: Arc<dyn Transport>,
    /// An authority on this machine that speaks plain HTTP; the crate itself knows
    /// https authorities only.
    pub(super) plain: Option<url::Url>,
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Carrier")
    }
}

impl Carrier {
    fn url(&self, asked: &url::Url) -> String {
        if let Some(plain) = &self.plain
            && (asked.host_str(), asked.port_or_known_default())
                == (plain.host_str(), plain.port_or_known_default())
        {
            let mut url = asked.clone();
            if url.set_scheme(plain.scheme()).is_ok() {
                return url.to_string();
            }
        }
        asked.to_string()
    }
}

#[async_trait]
impl HttpClient for Carrier {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let io = |fault: Fault| Error::with_error(ErrorKind::Io, fault, "the token could not be asked for");
        let body = match request.body() {
            Body::Bytes(bytes) => bytes.clone(),
            Body::SeekableStream(_) => {
                return Err(io(Fault::new(Class::Internal, "a token request that is a stream")));
            }
        };
        let mut headers = HeaderMap::new();
        for (name, value) in request.headers().iter() {
            let pair =
                (name.as_str().parse::<http::HeaderName>(), value.as_str().parse::<http::HeaderValue>());
            if let (Ok(name), Ok(mut value)) = pair {
                value.set_sensitive(name != http::header::CONTENT_TYPE);
                headers.insert(name, value);
            }
        }
        let method = match request.method() {
            Method::Get => http::Method::GET,
            _ => http::Method::POST,
        };
        let outgoing = Outgoing { url: self.url(request.url()), headers, body, method, way: Way::default() };
        let mut reply = self.transport.send(outgoing).await.map_err(io)?;
        let mut bytes = Vec::new();
        while let Some(piece) = reply.body.next().await {
            bytes.extend_from_slice(&piece.map_err(io)?);
            if bytes.len() > MOST {
                return Err(io(Fault::new(Class::Garbled, "the token address sent more than 1 MiB")));
            }
        }
        let headers: HashMap<_, _> = reply
            .headers
            .iter()
            .filter_map(|(n, v)| {
                Some((
                    HeaderName::from(n.as_str().to_owned()),
                    HeaderValue::from(v.to_str().ok()?.to_owned()),
                ))
            })
            .collect();
        Ok(AsyncRawResponse::from_bytes(reply.status.into(), Headers::from(headers), Bytes::from(bytes)))
    }
}
