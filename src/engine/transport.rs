//! The way out: one trait, the network behind it in the program and a script
//! behind it in the tests.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout};

use super::dial::{Dialled, Hellos, Way, lookup};
use super::keys::expand_home;
use super::proxy;
use crate::model::Class;
use crate::model::Connections;
use crate::model::Fault;
use crate::provider::is_loopback;

/// A request, ready to be written.
pub struct Outgoing {
    pub url: String,
    /// Credentials among them are marked sensitive.
    pub headers: HeaderMap,
    pub body: Bytes,
    pub method: http::Method,
    /// Learns how the request comes to its connection, also where no response comes.
    pub way: Way,
}

impl Outgoing {
    /// A question for the head of a server's root: no credential, no prompt.
    pub(super) fn knock(url: &url::Url) -> Self {
        Self {
            url: format!("{}/", url.origin().ascii_serialization()),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            method: http::Method::HEAD,
            way: Way::default(),
        }
    }
}

/// A response whose body has not been read.
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Body,
    /// Whether the connection was there before the request; `None` when it cannot be told.
    pub reused: Option<bool>,
}

/// Pieces as the socket gave them.
pub type Body = Pin<Box<dyn Stream<Item = Result<Bytes, Fault>> + Send>>;

/// Sends requests. It retries nothing and follows nothing.
pub trait Transport: Send + Sync + 'static {
    /// Makes what a request to this URL needs (the client, the system's root certificates),
    /// so that its clock does not pay for it.
    fn prepare<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<(), Fault>>;

    /// Host and port of the proxy between this machine and the host of a URL.
    fn proxy(&self, _url: &str) -> Option<String> {
        None
    }

    /// Where connections are to be warm: makes one to the host of a URL, or sees that one
    /// which is there still works. No credential and no prompt is sent, and what fails here
    /// is left for the request itself to tell.
    fn warm<'a>(&'a self, _url: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }

    /// Writes a request; resolves with the response's head.
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Reply, Fault>>;
}

/// How requests leave this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Instead of what `HTTPS_PROXY` and its relatives say.
    pub proxy: Option<String>,
    /// Certificates in PEM, trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    pub connections: Connections,
}

impl Access {
    /// To servers inside this program: nothing stands in between.
    #[must_use]
    pub fn demo(connections: Connections) -> Self {
        Self { connections, ..Self::default() }
    }

    /// Whether what it names is there.
    ///
    /// # Errors
    /// A sentence with the file.
    pub fn check(&self) -> Result<(), String> {
        self.ca_file.as_deref().map_or(Ok(()), |path| certificates("ca_file", path).map(|_| ()))
    }
}

/// Which client a request goes through.
#[derive(Clone, Copy, PartialEq)]
enum Route {
    Far,
    /// What is said to a server on this machine is no proxy's business.
    Near,
    /// `http://` without a proxy: no certificate has a part in it, so none is read.
    Plain,
}

/// The network, through one client for each way that every endpoint shares.
pub struct Network {
    far: OnceCell<reqwest::Client>,
    near: OnceCell<reqwest::Client>,
    plain: OnceCell<reqwest::Client>,
    connect: Duration,
    access: Access,
    dialled: Dialled,
}

impl Network {
    /// `connect` bounds DNS, TCP and TLS together.
    #[must_use]
    pub fn new(connect: Duration, access: Access) -> Self {
        let (far, near, plain) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { far, near, plain, connect, access, dialled: Dialled::default() }
    }

    async fn client(&self, url: &str) -> Result<&reqwest::Client, Fault> {
        let near = url::Url::parse(url).is_ok_and(|u| is_loopback(&u));
        if !near && self.access.proxy.is_none() {
            proxy::check(url)?;
        }
        // Each holds the system's roots, a megabyte or two: only what is used is made.
        let (route, client) = match near {
            _ if url.starts_with("http:") && self.proxy(url).is_none() => (Route::Plain, &self.plain),
            true => (Route::Near, &self.near),
            false => (Route::Far, &self.far),
        };
        client
            .get_or_try_init(|| async {
                let (connect, access, dialled) = (self.connect, self.access.clone(), self.dialled.clone());
                // Reading the system's roots takes milliseconds of CPU: not on a worker.
                let built =
                    tokio::task::spawn_blocking(move || build(connect, &access, dialled, route)).await;
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
            let proxy = self.proxy(url);
            let through = proxy.as_ref().map(|p| format!(" through the proxy {p}")).unwrap_or_default();
            let by = proxy.map(|_| proxy::named_by(url, self.access.proxy.as_deref()));
            let (said, hint) = connect_words(&cause, by);
            return Fault::new(Class::Unreachable, format!("no connection to {host}{through}: {said}"))
                .hint(hint);
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
fn build(
    connect: Duration,
    access: &Access,
    dialled: Dialled,
    route: Route,
) -> Result<reqwest::Client, Fault> {
    let setup = |message: String| Fault::new(Class::Setup, message).hint("correct [network] in the config");
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("bakeoff/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(connect)
        .tcp_nodelay(true)
        .dns_resolver(Resolver)
        .connector_layer(dialled);
    if access.connections == Connections::Cold {
        builder = builder.pool_max_idle_per_host(0);
    }
    builder = if route == Route::Plain {
        builder.tls_certs_only([])
    } else {
        check_roots()?;
        let own = access.ca_file.as_deref().map(|path| certificates("ca_file", path)).transpose();
        builder.tls_backend_preconfigured(tls(own.map_err(setup)?.unwrap_or_default(), access.connections)?)
    };
    builder = match &access.proxy {
        _ if route != Route::Far => builder.no_proxy(),
        Some(proxy) => {
            let proxy = reqwest::Proxy::all(proxy)
                .map_err(|e| setup(format!("the proxy cannot be used: {}", deepest(&e.without_url()))))?;
            builder.proxy(proxy.no_proxy(reqwest::NoProxy::from_env()))
        }
        None => builder,
    };
    builder.build().map_err(|e| no_client(&deepest(&e.without_url())))
}

fn no_client(cause: &str) -> Fault {
    Fault::new(Class::Internal, format!("no HTTP client: {cause}"))
}

/// What the HTTP client would make of TLS by itself (the system's roots and its own verifier,
/// HTTP/2 where the server has it), with a memory of sessions that sees handshakes begin.
fn tls(own: Vec<CertificateDer<'static>>, connections: Connections) -> Result<ClientConfig, Fault> {
    let fail = |e: rustls::Error| {
        let cause = e.to_string();
        if cause.contains("No CA certificates") {
            return Fault::new(Class::Setup, "this machine has no trusted root certificates")
                .hint("install its package of CA certificates, or set SSL_CERT_FILE");
        }
        no_client(&cause)
    };
    let provider = CryptoProvider::get_default().cloned();
    let provider = provider.unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()));
    let verifier = if own.is_empty() {
        Verifier::new(Arc::clone(&provider))
    } else {
        Verifier::new_with_extra_roots(own, Arc::clone(&provider))
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(rustls::ALL_VERSIONS)
        .map_err(fail)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier.map_err(fail)?))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.resumption = Resumption::store(Arc::new(Hellos::new(connections != Connections::Cold)));
    Ok(config)
}

/// The system's resolver, as the HTTP client asks for names.
struct Resolver;

impl reqwest::dns::Resolve for Resolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        Box::pin(async move {
            let found = lookup(name.as_str()).await?;
            Ok(Box::new(found.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

/// Whether the file that stands in for the system's roots has any.
fn check_roots() -> Result<(), Fault> {
    const NAME: &str = "SSL_CERT_FILE";
    let Some(path) = std::env::var_os(NAME).filter(|p| !p.is_empty()).map(PathBuf::from) else {
        return Ok(());
    };
    certificates(NAME, &path).map(|_| ()).map_err(|why| {
        Fault::new(Class::Setup, why)
            .hint("correct it, or unset it: it stands in place of the system's certificates")
    })
}

/// The certificates of a file in PEM, at least one.
fn certificates(name: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let at = path.display();
    let pem = std::fs::read(expand_home(path)).map_err(|e| format!("{name} {at} cannot be read: {e}"))?;
    let found: Option<Vec<_>> = CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().ok();
    let found = found.filter(|certificates| !certificates.is_empty());
    found.ok_or_else(|| format!("{name} {at} holds no certificate in PEM"))
}

impl Transport for Network {
    fn prepare<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async move { self.client(url).await.map(|_| ()) })
    }

    fn proxy(&self, url: &str) -> Option<String> {
        proxy::before(url, self.access.proxy.as_deref())
    }

    fn warm<'a>(&'a self, url: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if self.access.connections != Connections::Warm {
                return;
            }
            let Ok(url) = url::Url::parse(url) else { return };
            let _ = timeout(self.connect, async {
                // Whatever the server answers is an answer.
                if let Ok(mut reply) = self.send(Outgoing::knock(&url)).await {
                    while let Some(Ok(_)) = reply.body.next().await {}
                    // The client's own task puts the connection back.
                    tokio::task::yield_now().await;
                }
            })
            .await;
        })
    }

    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Reply, Fault>> {
        Box::pin(async move {
            let url = request.url;
            let client = self.client(&url).await?;
            let asked = Instant::now();
            let sending =
                client.request(request.method, &url).headers(request.headers).body(request.body).send();
            let reply = request.way.clone().along(sending).await.map_err(|e| self.fault(e, &url))?;
            let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
            let reused = self.dialled.settle(&request.way, reply.extensions(), asked);
            let host = host_of(&url);
            let body = reply.bytes_stream().map(move |piece| {
                piece.map_err(|e| {
                    Fault::new(
                        Class::Cut,
                        format!("the connection to {host} broke: {}", deepest(&e.without_url())),
                    )
                })
            });
            Ok(Reply { status, headers, body: Box::pin(body), reused })
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

/// Why a connection did not come about: pieces of the cause in lower case, what they mean where
/// the cause itself is no sentence, and what to do.
const CONNECT: &[(&[&str], Option<&str>, &str)] = &[
    (
        &["causedasendentity"],
        Some("its certificate is self-signed and made for an authority, not for a server"),
        "make a server certificate (basicConstraints CA:FALSE), or sign one with your own authority and name that in \
         SSL_CERT_FILE or [network] ca_file",
    ),
    (
        &["unknownissuer", "unknown issuer", "self-signed", "selfsigned"],
        Some("nobody that this machine trusts has signed its certificate"),
        "if a company proxy stands in between, set SSL_CERT_FILE or [network] ca_file to its certificate; for a \
         server of your own, to that server's",
    ),
    (
        &["expired", "notvalidyet"],
        Some("its certificate is not valid today"),
        "check this machine's clock, then the server's certificate",
    ),
    (
        &["notvalidforname", "not valid for name"],
        Some("its certificate is for another host"),
        "check the address, and any proxy in between",
    ),
    (
        &["lookup", "dns", "name or service"],
        None,
        "check the host name, and that this machine can resolve it",
    ),
    (&["refused"], None, "nothing listens there: start the server, or correct the address"),
    (
        &["corrupt message", "contenttype"],
        None,
        "the server does not speak TLS there: write http:// in the base URL, or correct the port",
    ),
    (
        &["certificate", "tls", "handshake"],
        None,
        "the certificate was not accepted: check the address and this machine's trusted roots",
    ),
];

/// The cause of a failed connection in words, and what to do about it.
fn connect_words(cause: &str, proxy_by: Option<&str>) -> (String, String) {
    let proxy = proxy_by
        .map(|by| format!("look at the proxy first: {by} says which, NO_PROXY which hosts need none"));
    let lower = cause.to_ascii_lowercase();
    let row = CONNECT.iter().find(|(pieces, ..)| pieces.iter().any(|p| lower.contains(p)));
    match (row, proxy) {
        (Some((_, Some(said), hint)), _) => ((*said).to_owned(), (*hint).to_owned()),
        (_, Some(proxy)) if lower.contains("unsuccessful") => ("it opened no tunnel".to_owned(), proxy),
        (_, Some(proxy)) => (cause.to_owned(), proxy),
        (Some((_, None, hint)), None) => (cause.to_owned(), (*hint).to_owned()),
        (None, None) => (cause.to_owned(), Class::Unreachable.hint().to_owned()),
    }
}
