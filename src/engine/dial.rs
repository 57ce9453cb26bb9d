//! Making connections, with a stamp at the end of each phase.
//!
//! ```text
//!  send --> [pool: none free] --> dial: name -- resolver --> addresses --> TCP --> ClientHello --> TLS --> ready
//!                                             dns stamp                    tcp stamp (the hello is made)   tls stamp
//! ```
//!
//! The HTTP client tells none of this. Three places of it can be watched: its resolver, its
//! connector from outside, and the memory of TLS sessions, which is asked the moment a
//! handshake's first message is made, and so just after the connection (and any tunnel
//! through a proxy) stands. What is stamped there finds its dial through a task-local.

use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::Extensions;
use hyper_util::client::legacy::connect::{Connection, HttpInfo};
use rustls::NamedGroup;
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use crate::model::Phases;

/// Moments, before anybody has asked from when they count.
pub(super) type Moments = Phases<Instant>;

tokio::task_local! {
    /// The request that is being sent.
    static WAY: Way;
    /// The connection that is being made.
    static DIAL: Arc<Dial>;
}

/// How one request came to its connection, as far as is known: filled while it is sent, so
/// that it can be read when the request fails.
#[derive(Clone, Default)]
pub struct Way(Arc<Mutex<Leg>>);

#[derive(Default)]
enum Leg {
    #[default]
    Unknown,
    /// A connection is being made for it.
    Dialling(Arc<Dial>),
    /// There was a response, so that its connection is known.
    Settled(Moments),
}

impl Way {
    /// Sends a request along this way.
    pub(super) async fn along<T>(self, sending: impl Future<Output = T>) -> T {
        WAY.scope(self, sending).await
    }

    fn set(&self, leg: Leg) {
        if let Ok(mut kept) = self.0.lock() {
            *kept = leg;
        }
    }

    /// What is known by now; empty where the pool gave the connection.
    pub(super) fn moments(&self) -> Moments {
        match self.0.lock().as_deref() {
            Ok(Leg::Settled(moments)) => *moments,
            Ok(Leg::Dialling(dial)) if !dial.left.load(Ordering::Relaxed) => dial.moments(),
            _ => Moments::default(),
        }
    }
}

/// A connection being made.
struct Dial {
    moments: Mutex<Moments>,
    /// The task that asked for it.
    task: Option<tokio::task::Id>,
    /// The client moves a dial to a task of its own when the pool had a connection first:
    /// its request waits for it no longer.
    left: AtomicBool,
}

impl Dial {
    fn new() -> Arc<Self> {
        Arc::new(Self { moments: Mutex::default(), task: tokio::task::try_id(), left: AtomicBool::default() })
    }

    fn moments(&self) -> Moments {
        self.moments.lock().map(|m| *m).unwrap_or_default()
    }

    fn stamp(&self, mark: impl FnOnce(&mut Moments, Instant)) {
        let now = Instant::now();
        if tokio::task::try_id() != self.task {
            self.left.store(true, Ordering::Relaxed);
        }
        if let Ok(mut moments) = self.moments.lock() {
            mark(&mut moments, now);
        }
    }
}

/// Stamps the dial that this code runs for, if it runs for one.
fn stamp(mark: impl FnOnce(&mut Moments, Instant)) {
    let _ = DIAL.try_with(|dial| dial.stamp(mark));
}

/// The addresses of a host, by the system's resolver.
///
/// # Errors
/// The system's own words.
pub(super) async fn lookup(host: &str) -> std::io::Result<Vec<SocketAddr>> {
    let found = tokio::net::lookup_host((host, 0)).await?.collect();
    stamp(|moments, now| moments.dns = Some(now));
    Ok(found)
}

/// A connection by its two ends: the system gives a local port to several at once, but never
/// to the same server.
type Ends = (SocketAddr, SocketAddr);

/// Every connection that was made, by its ends: at most as many as the system has ports for.
#[derive(Clone, Default)]
pub(super) struct Dialled(Arc<Mutex<HashMap<Ends, Moments>>>);

impl Dialled {
    fn note(&self, connection: &impl Connection, moments: Moments) {
        let mut extras = Extensions::new();
        connection.connected().get_extras(&mut extras);
        if let (Some(ends), Ok(mut made)) = (ends(&extras), self.0.lock()) {
            made.insert(ends, moments);
        }
    }

    /// Whether the connection of a response was there before its request was sent at `asked`.
    /// One that became ready later was waited for, whoever dialled it, and its phases are the
    /// way's; `None` where the connection is not known.
    pub(super) fn settle(&self, way: &Way, response: &Extensions, asked: Instant) -> Option<bool> {
        self.settle_by(way, ends(response), asked)
    }

    fn settle_by(&self, way: &Way, ends: Option<Ends>, asked: Instant) -> Option<bool> {
        let made = self.0.lock().ok()?;
        let moments = ends.and_then(|ends| made.get(&ends).copied());
        let new = moments.filter(|m| m.connected.is_some_and(|at| at >= asked));
        way.set(Leg::Settled(new.unwrap_or_default()));
        moments.map(|_| new.is_none())
    }
}

fn ends(extras: &Extensions) -> Option<Ends> {
    extras.get::<HttpInfo>().map(|info| (info.local_addr(), info.remote_addr()))
}

impl<S> Layer<S> for Dialled {
    type Service = Dialling<S>;

    fn layer(&self, inner: S) -> Dialling<S> {
        Dialling { inner, made: self.clone() }
    }
}

/// The client's connector, watched.
#[derive(Clone)]
pub(super) struct Dialling<S> {
    inner: S,
    made: Dialled,
}

impl<S, R> Service<R> for Dialling<S>
where
    S: Service<R>,
    S::Response: Connection,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, to: R) -> Self::Future {
        let (dial, made) = (Dial::new(), self.made.clone());
        let way = WAY.try_with(Clone::clone).ok();
        if let Some(way) = &way {
            way.set(Leg::Dialling(Arc::clone(&dial)));
        }
        let connecting = self.inner.call(to);
        Box::pin(DIAL.scope(Arc::clone(&dial), async move {
            let connection = connecting.await?;
            dial.stamp(|moments, now| {
                // A hello was made where there is TLS; elsewhere the connection is all there is.
                let mark = if moments.tcp.is_some() { &mut moments.tls } else { &mut moments.tcp };
                *mark = Some(now);
                moments.connected = Some(now);
            });
            made.note(&connection, dial.moments());
            Ok(connection)
        }))
    }
}

/// The memory of TLS sessions, which sees every handshake begin.
#[derive(Debug)]
pub(super) struct Hellos {
    /// `None` forgets everything, so that every handshake is a whole one.
    kept: Option<ClientSessionMemoryCache>,
}

impl Hellos {
    /// With as many servers as the TLS library remembers by default, or none.
    pub(super) fn new(resumes: bool) -> Self {
        Self { kept: resumes.then(|| ClientSessionMemoryCache::new(256)) }
    }
}

impl ClientSessionStore for Hellos {
    fn set_kx_hint(&self, server: ServerName<'static>, group: NamedGroup) {
        if let Some(kept) = &self.kept {
            kept.set_kx_hint(server, group);
        }
    }

    fn kx_hint(&self, server: &ServerName<'_>) -> Option<NamedGroup> {
        self.kept.as_ref()?.kx_hint(server)
    }

    fn set_tls12_session(&self, server: ServerName<'static>, value: Tls12ClientSessionValue) {
        if let Some(kept) = &self.kept {
            kept.set_tls12_session(server, value);
        }
    }

    fn tls12_session(&self, server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.kept.as_ref()?.tls12_session(server)
    }

    fn remove_tls12_session(&self, server: &ServerName<'static>) {
        if let Some(kept) = &self.kept {
            kept.remove_tls12_session(server);
        }
    }

    fn insert_tls13_ticket(&self, server: ServerName<'static>, value: Tls13ClientSessionValue) {
        if let Some(kept) = &self.kept {
            kept.insert_tls13_ticket(server, value);
        }
    }

    fn take_tls13_ticket(&self, server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        // Asked once a handshake, for its first message. The last handshake of a dial is the
        // server's own: one before it was that of a proxy.
        stamp(|moments, now| moments.tcp = Some(now));
        self.kept.as_ref()?.take_tls13_ticket(server)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Two requests over one HTTP/2 connection that the first of them dialled: both waited
    /// for it. One that comes when it stands has not.
    #[test]
    fn a_connection_is_new_to_everybody_who_waited_for_it() {
        let (first, ready) = (Instant::now(), Instant::now() + Duration::from_millis(30));
        let ends = |port| (SocketAddr::from(([127, 0, 0, 1], port)), SocketAddr::from(([127, 0, 0, 1], 443)));
        let moments = Moments { tcp: Some(first), connected: Some(ready), ..Moments::default() };
        let made = Dialled::default();
        made.0.lock().unwrap().insert(ends(40_000), moments);
        for (asked, reused) in [(first, false), (ready, false), (ready + Duration::from_nanos(1), true)] {
            let way = Way::default();
            // Its own dial, which came to nothing, is not what carried it.
            way.set(Leg::Dialling(Dial::new()));
            assert_eq!(made.settle_by(&way, Some(ends(40_000)), asked), Some(reused));
            assert_eq!(way.moments(), if reused { Moments::default() } else { moments });
        }
        let way = Way::default();
        assert_eq!(made.settle_by(&way, Some(ends(40_001)), first), None, "nobody knows that connection");
        assert_eq!(made.settle_by(&way, None, first), None);
    }

    /// The client finishes a dial that nobody waits for on a task of its own.
    #[tokio::test]
    async fn a_dial_that_lost_against_the_pool_is_no_ones_time() {
        let (way, dial) = (Way::default(), Dial::new());
        way.set(Leg::Dialling(Arc::clone(&dial)));
        dial.stamp(|moments, now| moments.dns = Some(now));
        assert!(way.moments().dns.is_some());
        let moved = Arc::clone(&dial);
        tokio::spawn(async move { moved.stamp(|moments, now| moments.tcp = Some(now)) }).await.unwrap();
        assert_eq!(way.moments(), Moments::default());
        assert!(dial.moments().tcp.is_some(), "what it made can still be used");
    }
}
