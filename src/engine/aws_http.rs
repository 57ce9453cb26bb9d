//! The AWS client's HTTP, carried by our own [`Transport`]: one pool, one proxy
//! setting, one set of roots and one clock for every endpoint.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::Frame;
use tokio::time::{Instant, timeout};

use super::call::{refuse_early, report_head};
use super::pump::Reporter;
use super::transport::{Body, Outgoing, Transport};
use crate::model::Fault;

/// Watches one timed request from inside the connector: signing and credentials
/// are done before it is called, so its clock starts where ours should.
#[derive(Clone)]
pub(super) struct Probe {
    pub(super) reporter: Reporter,
    /// Arrival of the newest piece, and the bytes taken since it was last asked.
    last: Arc<Mutex<(Option<Instant>, usize)>>,
}

impl Probe {
    pub(super) fn new(reporter: Reporter) -> Self {
        Self { reporter, last: Arc::default() }
    }

    fn arrived(&self, bytes: usize) {
        let now = Instant::now();
        if let Ok(mut last) = self.last.lock() {
            last.0 = Some(now);
            last.1 += bytes;
        }
    }

    /// When the newest piece arrived (now, if none did) and how many bytes came since the last call.
    pub(super) fn take(&self) -> (Instant, usize) {
        match self.last.lock() {
            Ok(mut last) => (last.0.unwrap_or_else(Instant::now), std::mem::take(&mut last.1)),
            Err(_) => (Instant::now(), 0),
        }
    }
}

/// The SDK's view of our transport; with a probe it times what it carries.
pub(super) fn http_client(transport: Arc<dyn Transport>, probe: Option<Probe>) -> SharedHttpClient {
    http_client_fn(move |settings, _| {
        // Metadata addresses come with limits of a second: where nothing answers there,
        // our own connect limit would be a long wait for nothing.
        let head = settings.connect_timeout().zip(settings.read_timeout()).map(|(c, r)| c + r);
        let (transport, probe) = (Arc::clone(&transport), probe.clone());
        SharedHttpConnector::new(Connector { transport, probe, head })
    })
}

struct Connector {
    transport: Arc<dyn Transport>,
    probe: Option<Probe>,
    /// How long a response's head may take, where the SDK's client says so.
    head: Option<Duration>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (transport, probe, head) = (Arc::clone(&self.transport), self.probe.clone(), self.head);
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|e| ConnectorError::user(e.into()))?;
            let (parts, body) = request.into_parts();
            // Requests of this client are built in memory.
            let body = body.bytes().map(Bytes::copy_from_slice).unwrap_or_default();
            let mut headers = parts.headers;
            for (name, value) in &mut headers {
                if matches!(name.as_str(), "authorization" | "x-amz-security-token") {
                    value.set_sensitive(true);
                }
            }
            let url = parts.uri.to_string();
            let way = probe.as_ref().map(|probe| probe.reporter.way()).unwrap_or_default();
            let outgoing = Outgoing { url: url.clone(), headers, body, method: parts.method, way };
            if let Some(probe) = &probe {
                probe.reporter.sent();
            }
            let sending = transport.send(outgoing);
            let reply = match head {
                Some(limit) => {
                    timeout(limit, sending).await.map_err(|e| ConnectorError::timeout(e.into()))?
                }
                None => sending.await,
            };
            let reply = reply.map_err(|f| ConnectorError::io(f.into()))?;
            let reply = match &probe {
                Some(probe) => {
                    report_head(&probe.reporter, &reply);
                    refuse_early(reply, &url, true)
                        .await
                        .map_err(|f| ConnectorError::other(f.into(), None))?
                }
                None => reply,
            };
            let body = SdkBody::from_body_1_x(Stamped { body: Mutex::new(reply.body), probe });
            let mut response = http::Response::builder().status(reply.status).body(body);
            if let Ok(response) = &mut response {
                *response.headers_mut() = reply.headers;
            }
            let response = response.map_err(|e| ConnectorError::other(e.into(), None))?;
            HttpResponse::try_from(response).map_err(|e| ConnectorError::other(e.into(), None))
        })
    }
}

/// A body whose pieces are stamped as they come off the socket, before the SDK
/// looks at them. The mutex is never locked; it makes the stream `Sync`, which
/// the SDK asks for.
struct Stamped {
    body: Mutex<Body>,
    probe: Option<Probe>,
}

impl http_body::Body for Stamped {
    type Data = Bytes;
    type Error = Fault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        let Ok(body) = self.body.get_mut() else { return Poll::Ready(None) };
        let polled = body.as_mut().poll_next(cx);
        if let (Poll::Ready(Some(Ok(bytes))), Some(probe)) = (&polled, &self.probe) {
            probe.arrived(bytes.len());
        }
        polled.map(|piece| piece.map(|p| p.map(Frame::data)))
    }
}
