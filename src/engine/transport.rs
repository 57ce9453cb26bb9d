//! The way out: one trait, the network behind it in the program and a script
//! behind it in the tests.

use std::error::Error;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use tokio::sync::OnceCell;

use crate::model::Class;
use crate::model::Fault;

/// A request, ready to be written.
pub struct Outgoing {
    pub url: String,
    /// Credentials among them are marked sensitive.
    pub headers: HeaderMap,
    pub body: Bytes,
    pub method: http::Method,
}

/// A response whose body has not been read.
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Body,
}

/// Pieces as the socket gave them.
pub type Body = Pin<Box<dyn Stream<Item = Result<Bytes, Fault>> + Send>>;

/// Sends requests. It retries nothing and follows nothing.
pub trait Transport: Send + Sync + 'static {
    /// Makes what every request needs (the client, the system's root certificates),
    /// so that no request's clock pays for it.
    fn prepare(&self) -> BoxFuture<'_, Result<(), Fault>>;

    /// Writes a request; resolves with the response's head.
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Reply, Fault>>;
}

/// The network, through one client that every endpoint shares.
pub struct Network {
    client: OnceCell<reqwest::Client>,
    connect: Duration,
}

impl Network {
    /// `connect` bounds DNS, TCP and TLS together.
    #[must_use]
    pub fn new(connect: Duration) -> Self {
        Self { client: OnceCell::new(), connect }
    }

    async fn client(&self) -> Result<&reqwest::Client, Fault> {
        self.client
            .get_or_try_init(|| async {
                let connect = self.connect;
                // Reading the system's roots takes milliseconds of CPU: not on a worker.
                let built = tokio::task::spawn_blocking(move || build(connect)).await;
                built.map_err(|e| Fault::new(Class::Internal, format!("no HTTP client: {e}")))?
            })
            .await
    }

    fn fault(&self, error: reqwest::Error, url: &str) -> Fault {
        let host = host_of(url);
        let timed_out = error.is_timeout();
        let connecting = error.is_connect();
        // The error's own text holds the URL; only its causes are quoted.
        let cause = deepest(&error.without_url());
        if connecting && timed_out {
            let seconds = self.connect.as_secs_f32();
            return Fault::new(
                Class::Unreachable,
                format!("no connection to {host} within {seconds} s (connect limit)"),
            );
        }
        if connecting {
            return Fault::new(Class::Unreachable, format!("no connection to {host}: {cause}"))
                .hint(connect_hint(&cause));
        }
        if cause.contains("HTTP version") {
            return Fault::new(Class::Garbled, format!("{host} does not speak plain HTTP ({cause})"))
                .hint("if it is a TLS port, write https:// in the base URL");
        }
        // Before the head of a response there is no answer that could be cut.
        Fault::new(Class::Unreachable, format!("{host} closed the connection without an answer: {cause}"))
            .hint("re-run it; if it stays so, something between here and the server refuses it")
    }
}

/// No redirects: a 307 would carry `x-api-key` and the prompt to another host.
/// No retries: a retry changes what is measured. No time limit on the whole:
/// a healthy stream may take as long as it likes.
fn build(connect: Duration) -> Result<reqwest::Client, Fault> {
    reqwest::Client::builder()
        .user_agent(concat!("bakeoff/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(connect)
        .tcp_nodelay(true)
        .build()
        .map_err(|e| Fault::new(Class::Internal, format!("no HTTP client: {}", deepest(&e.without_url()))))
}

impl Transport for Network {
    fn prepare(&self) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(async { self.client().await.map(|_| ()) })
    }

    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Reply, Fault>> {
        Box::pin(async move {
            let client = self.client().await?;
            let url = request.url;
            let reply = client
                .request(request.method, &url)
                .headers(request.headers)
                .body(request.body)
                .send()
                .await
                .map_err(|e| self.fault(e, &url))?;
            let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
            let host = host_of(&url);
            let body = reply.bytes_stream().map(move |piece| {
                piece.map_err(|e| {
                    Fault::new(
                        Class::Cut,
                        format!("the connection to {host} broke: {}", deepest(&e.without_url())),
                    )
                })
            });
            Ok(Reply { status, headers, body: Box::pin(body) })
        })
    }
}

/// The innermost cause, which is the one that says something.
pub(super) fn deepest(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// Host and port of a URL; nothing else of it belongs in a message.
pub(super) fn host_of(url: &str) -> String {
    url::Url::parse(url)
        .ok()
        .and_then(|u| {
            let host = u.host_str()?.to_owned();
            Some(u.port().map_or(host.clone(), |p| format!("{host}:{p}")))
        })
        .unwrap_or_else(|| "the server".into())
}

fn connect_hint(cause: &str) -> &'static str {
    let cause = cause.to_ascii_lowercase();
    if cause.contains("lookup") || cause.contains("dns") || cause.contains("name or service") {
        "check the host name, and that this machine can resolve it"
    } else if cause.contains("refused") {
        "nothing listens there: start the server, or correct the address"
    } else if cause.contains("corrupt message") || cause.contains("contenttype") {
        "the server does not speak TLS there: write http:// in the base URL, or correct the port"
    } else if cause.contains("certificate") || cause.contains("tls") || cause.contains("handshake") {
        "the certificate was not accepted: check the address and this machine's trusted roots"
    } else {
        Class::Unreachable.hint()
    }
}
