//! Floor 3: the simulated clouds.
//!
//! A server inside the process, on a loopback port, that speaks the real wire
//! protocols: `bakeoff demo` and `run --demo` talk to it through the ordinary
//! client, and the tests break things with it. It knows nothing of the client.
//!
//! ```text
//!   mod    Demo: accept loop, lineup, log          conn     HTTP/1.1 on one socket
//!   ask    six request shapes -> Ask               refusal  each provider's errors
//!   cast   the simulated models, a table           script   what they say (+ sums)
//!   part   Ask -> beats on a time axis             wires/   the six response streams
//!   stage  plays a part on a connection            switches faults and load by model name
//!   verdict which of two answers is better, by counting
//! ```
//!
//! # Faults by model name
//!
//! Dash-separated parts, alone, after `load` or `fault`, or after a
//! character's model (`demo-swift-x40`), on every wire:
//!
//! | part | does |
//! |---|---|
//! | `nN` `rN` `dN` `hN` | N tokens; N tokens/s (0: unpaced); first token, headers after N ms |
//! | `tN` `cN` `bN` `uN` | N reasoning tokens first; N cached prompt tokens; N bytes a token; nothing |
//! | `prose` `md` `cjk` | kind of load text |
//! | `eN` | status N in the provider's own shape (429 with a retry hint) |
//! | `xN` `halfN` `finN` `stallN` | after N tokens: reset; close inside the body; body ends in order; silence |
//! | `midfault[N]` `midbare[N]` | after N (100) tokens: the protocol's own error; for Gemini as bare JSON |
//! | `silent` `nobody` `empty` | no headers; headers only; 200 without a byte |
//! | `html` `json` `garbage` `redirect` | 200 with something else; 307 to 127.0.0.2 |
//! | `close` `bom` `onebyte` `crlf` | body until close; BOM first; a write per byte; CRLF |
//! | `badcrc` `nousage` `nodone` | wrong checksum (Bedrock); no counts; no end marker |

mod ask;
mod cast;
mod conn;
mod log;
mod part;
mod pictures;
mod refusal;
mod script;
mod stage;
mod sums;
mod switches;
mod verdict;
mod wires;

use std::io;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio::task::JoinSet;

use crate::model::Endpoint;
use crate::model::Judge;
use crate::model::Lineup;

pub use log::Sent;

/// A running server; dropping it ends it and every connection.
#[derive(Debug)]
pub struct Demo {
    address: SocketAddr,
    log: log::Log,
    accepting: AbortHandle,
}

impl Demo {
    /// Binds `127.0.0.1` on a free port and begins to accept. Needs a running tokio runtime.
    ///
    /// # Errors
    /// When no loopback port can be bound.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let log = log::Log::default();
        let accepting = tokio::spawn(accept(listener, address, log.clone())).abort_handle();
        Ok(Self { address, log, accepting })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    fn root(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The endpoints the demo opens with: one on each wire, five whole answers and one that breaks off.
    #[must_use]
    pub fn lineup(&self) -> Lineup {
        cast::lineup(&self.root(), false)
    }

    /// Every simulated model, those of [`Demo::lineup`] first.
    #[must_use]
    pub fn everyone(&self) -> Lineup {
        cast::lineup(&self.root(), true)
    }

    /// The one that compares answers; any of them can.
    #[must_use]
    pub fn judge(&self) -> Option<Judge> {
        let endpoint = self.everyone().endpoints.into_iter().find(|e| e.name == "demo-sage")?;
        Some(Judge { endpoint, criteria: None })
    }

    /// An endpoint for any model name, switches included, on the wire of `provider`:
    /// openai, compatible, anthropic, gemini, bedrock or ollama. `None` for another id.
    #[must_use]
    pub fn endpoint(&self, provider: &str, model: &str) -> Option<Endpoint> {
        let wire = cast::CAST.iter().map(|c| c.wire).find(|w| w.provider() == provider)?;
        Some(cast::endpoint(&self.root(), wire, model, model))
    }

    /// Environment variables that the endpoints look up, with invented values.
    #[must_use]
    pub fn variables() -> &'static [(&'static str, &'static str)] {
        &cast::VARIABLES
    }

    /// Price rows of the simulated models, TOML in the format of `src/catalog/catalog.toml`.
    #[must_use]
    pub fn catalog() -> &'static str {
        include_str!("catalog.toml")
    }

    /// The requests so far, oldest first, as they stand now.
    #[must_use]
    pub fn log(&self) -> Vec<Sent> {
        self.log.read()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, address: SocketAddr, log: log::Log) {
    // Owned here, so that aborting this task ends the connections as well.
    let mut connections = JoinSet::new();
    let requests = Arc::new(AtomicU64::new(1));
    for number in 1.. {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely: the next one may find one free again.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(conn) = conn::Conn::new(stream) else { continue };
        connections.spawn(serve(conn, number, address, log.clone(), requests.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// One connection, request after request.
async fn serve(
    mut conn: conn::Conn,
    connection: u64,
    server: SocketAddr,
    log: log::Log,
    requests: Arc<AtomicU64>,
) {
    loop {
        let request = match conn.request().await {
            Ok(Some(request)) => request,
            Ok(None) => return,
            Err(e) => {
                if e.kind() == io::ErrorKind::InvalidData {
                    let _ = not_found(&mut conn, 400, false).await;
                }
                return;
            }
        };
        let Some((wire, named)) = ask::route(&request) else {
            if not_found(&mut conn, 404, request.method == "HEAD").await.is_err() {
                return;
            }
            continue;
        };
        let received = Instant::now();
        let note = log.add(Sent {
            connection,
            provider: wire.provider(),
            model: named.clone().unwrap_or_default(),
            path: request.path.clone(),
            request_headers: request.headers.clone(),
            request_body: request.body.iter().copied().take(log::MOST_BODY).collect(),
            received,
            status: None,
            headers: None,
            first_reasoning: None,
            first_text: None,
            last: None,
            tokens: 0,
            left: None,
            over: false,
        });
        let id = format!("{:08x}", requests.fetch_add(1, Ordering::Relaxed));
        let call = stage::Call { request: &request, wire, named, id, received, server, note: &note };
        let result = stage::respond(conn, call).await;
        note.mark(|sent| {
            sent.over = true;
            sent.left = result.is_err().then(Instant::now);
        });
        match result {
            Ok(Some(next))
                if request.header("connection").is_some_and(|v| v.eq_ignore_ascii_case("close")) =>
            {
                next.close().await;
                return;
            }
            Ok(Some(next)) => conn = next,
            Ok(None) | Err(_) => return,
        }
    }
}

/// A polite answer to what this server does not know.
async fn not_found(conn: &mut conn::Conn, status: u16, bare: bool) -> io::Result<()> {
    let body =
        r#"{"error":{"message":"the demo server knows no such address (simulated)","type":"not_found"}}"#;
    let mut bytes = conn::head(status, "application/json", &[], conn::Body::Sized(body.len()));
    if !bare {
        bytes.extend_from_slice(body.as_bytes());
    }
    conn.write(&bytes).await
}
