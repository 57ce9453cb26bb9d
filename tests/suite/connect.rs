//! How requests come to their connections: the phases of a new one, whether one was there
//! already, and what `--cold` and `--warm` make of that. Bedrock's client is asked the same
//! as every other.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bakeoff::catalog::Catalog;
use bakeoff::engine::{Access, Engine, Limits};
use bakeoff::model::{
    Answer, AnswerId, Class, Connections, Endpoint, Outcome, Phases, Prompt, Reading, Report, metric,
};
use bakeoff::provider::{Vars, parse_spec};
use rcgen::{CertificateParams, KeyPair};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::rustls::{HandshakeKind, ServerConfig, ServerConnection, StreamOwned};

use crate::bedrock::answer_bytes;
use crate::loopback::{self, Asked, Loopback};
use crate::program::{answers, bakeoff, config, err, home, json, out};
use crate::replies::chat;

const MS: Duration = Duration::from_millis(1);

/// A cloud that speaks Chat and Converse.
fn both(asked: &Asked) -> loopback::Answer {
    if asked.path.ends_with("/converse-stream") {
        return loopback::Answer::new(200, "application/vnd.amazon.eventstream", answer_bytes().0);
    }
    chat("hi")
}

/// The server by a name that has to be looked up, over plain HTTP and through the SDK.
fn by_name(server: &Loopback) -> [Endpoint; 2] {
    let port = server.address.port();
    [
        format!("compatible:m@http://localhost:{port}/v1"),
        format!("bedrock:us.m@http://localhost:{port}?auth=key"),
    ]
    .map(|spec| parse_spec(&spec).unwrap())
}

struct Asker {
    engine: Engine,
    reports: UnboundedReceiver<Report>,
    asked: u64,
}

impl Asker {
    fn new(access: Access, limits: Limits) -> Self {
        let vars = Vars::only(&[("AWS_BEARER_TOKEN_BEDROCK", "canary-key"), ("AWS_REGION", "us-east-1")]);
        let (engine, reports) = Engine::new(vars, limits, access, Arc::new(Catalog::embedded));
        Self { engine, reports, asked: 0 }
    }

    fn of(connections: Connections) -> Self {
        Self::new(Access { connections, ..Access::default() }, Limits::default())
    }

    async fn ask(&mut self, endpoint: &Endpoint) -> Answer {
        self.asked += 1;
        self.engine.launch(AnswerId(self.asked), endpoint.clone(), Prompt::new("hi"));
        self.end().await
    }

    async fn end(&mut self) -> Answer {
        let mut answer = Answer::default();
        while !answer.is_over() {
            let report = self.reports.recv().await.unwrap();
            answer.apply(report.at, report.step);
        }
        answer
    }
}

fn read(id: &str, answer: &Answer) -> Reading {
    metric(id).unwrap().read(answer)
}

fn millis(d: Duration) -> f64 {
    d.as_secs_f64() * 1e3
}

#[tokio::test]
async fn a_new_connection_tells_its_phases_and_one_that_was_there_tells_none() {
    for which in 0..2 {
        let server = Loopback::start(both);
        let endpoint = &by_name(&server)[which];
        let mut asker = Asker::of(Connections::Pooled);
        let first = asker.ask(endpoint).await;
        assert_eq!(first.outcome(), Some(Outcome::Complete), "{:?}", first.fault);
        let t = &first.timeline;
        let Phases { dns, tcp, tls, connected } = t.phases;
        let (dns, tcp) = (dns.unwrap(), tcp.unwrap());
        assert!(dns <= tcp && tls.is_none(), "{:?}", t.phases);
        assert_eq!((t.reused, connected), (Some(false), Some(tcp)), "plain HTTP is ready when TCP is");
        let headers = t.headers.unwrap();
        assert!(tcp <= headers, "{t:?}");
        assert_eq!(read("connect_ms", &first), Reading::Known(millis(tcp)));
        assert_eq!(read("wait_ms", &first), Reading::Known(millis(headers.saturating_sub(tcp))));
        let spans = t.phases.spans();
        assert_eq!(spans, [("DNS", dns), ("TCP", tcp.saturating_sub(dns))]);

        let second = asker.ask(endpoint).await;
        let t = &second.timeline;
        assert_eq!((t.reused, t.phases), (Some(true), Phases::default()), "endpoint {which}");
        assert_eq!(read("connect_ms", &second), Reading::Missing("reused"));
        assert_eq!(read("wait_ms", &second), Reading::Known(millis(t.headers.unwrap())));
        assert_eq!(server.connections(), 1);

        // A bare address has no name to look up.
        let bare = Loopback::start(both);
        let port = bare.address.port();
        let bare = format!("compatible:m@http://127.0.0.1:{port}/v1");
        let answer = asker.ask(&parse_spec(&bare).unwrap()).await;
        assert_eq!(answer.timeline.phases.dns, None);
        assert!(answer.timeline.phases.connected.is_some());
    }
}

/// What a TLS server does with a connection.
#[derive(Clone, Copy)]
enum Hello {
    /// Takes this long over the client's first message.
    Answered(Duration),
    Ignored,
}

struct Tls {
    address: SocketAddr,
    pem: tempfile::NamedTempFile,
    kinds: Arc<Mutex<Vec<HandshakeKind>>>,
}

impl Tls {
    /// A Chat server that closes every connection after one answer.
    fn start(hello: Hello) -> Self {
        Self::named("localhost", hello)
    }

    fn named(name: &str, hello: Hello) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![certificate.der().clone()], private).unwrap();
        let (config, kinds) = (Arc::new(config), Arc::new(Mutex::new(Vec::new())));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::clone(&kinds);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, seen) = (Arc::clone(&config), Arc::clone(&seen));
                std::thread::spawn(move || converse(stream, config, hello, &seen));
            }
        });
        let mut pem = tempfile::NamedTempFile::new().unwrap();
        pem.write_all(certificate.pem().as_bytes()).unwrap();
        Self { address, pem, kinds }
    }

    fn endpoint(&self) -> Endpoint {
        parse_spec(&format!("compatible:m@https://localhost:{}/v1", self.address.port())).unwrap()
    }

    fn access(&self, connections: Connections) -> Access {
        Access { ca_file: Some(self.pem.path().to_owned()), connections, ..Access::default() }
    }
}

fn converse(stream: TcpStream, config: Arc<ServerConfig>, hello: Hello, kinds: &Mutex<Vec<HandshakeKind>>) {
    // The client's first message is there: its TCP connection is made.
    if stream.peek(&mut [0]).is_err() {
        return;
    }
    match hello {
        Hello::Answered(after) => std::thread::sleep(after),
        Hello::Ignored => return drop((&stream).read(&mut [0; 4096]).and_then(|_| (&stream).read(&mut [0]))),
    }
    let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    while tls.conn.is_handshaking() {
        if tls.conn.complete_io(&mut tls.sock).is_err() {
            return;
        }
    }
    kinds.lock().unwrap().extend(tls.conn.handshake_kind());
    let mut reader = BufReader::new(&mut tls);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let _ = reader.read_exact(&mut vec![0; length]);
    let body = chat("hi").body;
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let _ = tls.write_all(head.as_bytes()).and_then(|()| tls.write_all(&body));
    tls.conn.send_close_notify();
    let _ = tls.flush();
}

#[tokio::test]
async fn a_slow_handshake_is_the_time_of_tls_and_not_of_tcp() {
    let slow = MS * 150;
    let server = Tls::start(Hello::Answered(slow));
    let mut asker = Asker::new(server.access(Connections::Pooled), Limits::default());
    let answer = asker.ask(&server.endpoint()).await;
    assert_eq!(answer.outcome(), Some(Outcome::Complete), "{:?}", answer.fault);
    let phases = answer.timeline.phases;
    let (dns, tcp, tls) = (phases.dns.unwrap(), phases.tcp.unwrap(), phases.tls.unwrap());
    assert!(dns <= tcp && tls >= tcp + slow, "{phases:?}");
    assert_eq!(phases.connected, Some(tls));
    assert!(answer.timeline.headers.unwrap() >= tls);
}

/// The TLS settings are our own, so that handshakes can be seen to begin; what they offer a
/// server is what the HTTP client would offer by itself.
#[tokio::test]
async fn a_server_is_offered_http_2_first_and_told_its_name() {
    for connections in [Connections::Pooled, Connections::Cold] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut acceptor = Acceptor::default();
            loop {
                acceptor.read_tls(&mut stream).unwrap();
                let Some(accepted) = acceptor.accept().map_err(|(e, _)| e).unwrap() else { continue };
                let hello = accepted.client_hello();
                let offers: Vec<Vec<u8>> = hello.alpn().unwrap().map(<[u8]>::to_vec).collect();
                return (offers, hello.server_name().map(str::to_owned));
            }
        });
        let endpoint = parse_spec(&format!("compatible:m@https://localhost:{port}/v1")).unwrap();
        let answer = Asker::of(connections).ask(&endpoint).await;
        assert_eq!(answer.outcome(), Some(Outcome::Failed), "the server left after the hello");
        let (offers, name) = seen.join().unwrap();
        assert_eq!(offers, [b"h2".to_vec(), b"http/1.1".to_vec()]);
        assert_eq!(name.as_deref(), Some("localhost"));
    }
}

/// A proxy that takes this long to open a tunnel, and opens them all to one server.
fn tunnels(to: SocketAddr, slow: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            std::thread::spawn(move || {
                // One byte at a time, so that none of what follows is swallowed.
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") {
                    (&client).read_exact(&mut byte).unwrap();
                    head.push(byte[0]);
                }
                assert!(head.starts_with(b"CONNECT llm.example:443 "), "{}", String::from_utf8_lossy(&head));
                std::thread::sleep(slow);
                let server = TcpStream::connect(to).unwrap();
                (&client).write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
                let (mut from, mut into) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut from, &mut into));
                let _ = std::io::copy(&mut &server, &mut &client);
                let _ = client.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    address
}

#[tokio::test]
async fn behind_a_proxy_the_tunnel_is_part_of_tcp() {
    let slow = MS * 150;
    let server = Tls::named("llm.example", Hello::Answered(slow));
    let proxy = tunnels(server.address, slow);
    let access = Access { proxy: Some(format!("http://{proxy}")), ..server.access(Connections::Pooled) };
    let mut asker = Asker::new(access, Limits::default());
    let answer = asker.ask(&parse_spec("compatible:m@https://llm.example/v1").unwrap()).await;
    assert_eq!(answer.outcome(), Some(Outcome::Complete), "{:?}", answer.fault);
    let phases = answer.timeline.phases;
    assert_eq!((answer.timeline.reused, phases.dns), (Some(false), None), "the proxy finds the name");
    let (tcp, tls) = (phases.tcp.unwrap(), phases.tls.unwrap());
    assert!(tcp >= slow && tls >= tcp + slow, "{phases:?}");
}

#[tokio::test]
async fn a_request_that_fails_says_how_far_its_connection_came() {
    // One limit at a time, so that none is in doubt.
    let connecting = Limits { connect: MS * 300, ..Limits::default() };
    let answering = Limits { first_event: MS * 300, ..Limits::default() };
    // Nobody listens: the name was found, no more.
    let mut asker = Asker::new(Access::default(), connecting.clone());
    let refused = asker.ask(&parse_spec("compatible:m@http://localhost:1/v1").unwrap()).await;
    assert_eq!(refused.fault.as_ref().unwrap().class, Class::Unreachable);
    let phases = refused.timeline.phases;
    assert!(phases.dns.is_some() && phases.tcp.is_none() && phases.connected.is_none(), "{phases:?}");
    assert_eq!(read("connect_ms", &refused), Reading::Missing("–"));
    // A server that never answers the hello.
    let silent = Tls::start(Hello::Ignored);
    let mut asker = Asker::new(silent.access(Connections::Pooled), connecting);
    let stuck = asker.ask(&silent.endpoint()).await;
    assert!(stuck.fault.as_ref().unwrap().message.contains("connect limit"), "{:?}", stuck.fault);
    let phases = stuck.timeline.phases;
    assert!(phases.tcp.is_some() && phases.tls.is_none() && phases.connected.is_none(), "{phases:?}");
    // One that takes the request and says nothing, through both clients.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = mute.local_addr().unwrap().port();
    for spec in [
        format!("compatible:m@http://localhost:{port}/v1"),
        format!("bedrock:us.m@http://localhost:{port}?auth=key"),
    ] {
        let mut asker = Asker::new(Access::default(), answering.clone());
        let answer = asker.ask(&parse_spec(&spec).unwrap()).await;
        assert_eq!(answer.fault.as_ref().unwrap().class, Class::Silent, "{:?}", answer.fault);
        let t = &answer.timeline;
        assert!(t.phases.connected.is_some() && t.headers.is_none(), "{spec}: {t:?}");
        assert_eq!(read("connect_ms", &answer), Reading::Known(millis(t.phases.connected.unwrap())));
    }
    // And when the user does not wait for any limit.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = mute.local_addr().unwrap().port();
    let mut asker = Asker::new(Access::default(), Limits::default());
    let endpoint = parse_spec(&format!("compatible:m@http://localhost:{port}/v1")).unwrap();
    asker.engine.launch(AnswerId(1), endpoint, Prompt::new("hi"));
    // The request itself has come: its connection is made.
    let request = tokio::task::spawn_blocking(move || {
        let (stream, _) = mute.accept().unwrap();
        stream.peek(&mut [0]).unwrap();
        stream
    });
    let held = request.await.unwrap();
    asker.engine.cancel(AnswerId(1));
    let answer = asker.end().await;
    drop(held);
    assert_eq!(answer.outcome(), Some(Outcome::Stopped));
    assert!(answer.timeline.phases.connected.is_some(), "{:?}", answer.timeline);
}

#[tokio::test]
async fn cold_makes_a_connection_for_every_request() {
    for which in 0..2 {
        let server = Loopback::start(both);
        let endpoint = &by_name(&server)[which];
        let mut asker = Asker::of(Connections::Cold);
        for asked in 1..=3 {
            let answer = asker.ask(endpoint).await;
            assert_eq!(answer.outcome(), Some(Outcome::Complete), "{:?}", answer.fault);
            assert_eq!(answer.timeline.reused, Some(false));
            assert!(answer.timeline.phases.connected.is_some());
            assert_eq!(server.connections(), asked, "endpoint {which}");
        }
    }
}

/// A handshake that resumes an earlier session is shorter than a new visitor's.
#[tokio::test]
async fn cold_handshakes_are_whole_ones() {
    for (connections, second) in
        [(Connections::Pooled, HandshakeKind::Resumed), (Connections::Cold, HandshakeKind::Full)]
    {
        let server = Tls::start(Hello::Answered(Duration::ZERO));
        let mut asker = Asker::new(server.access(connections), Limits::default());
        for _ in 0..2 {
            let answer = asker.ask(&server.endpoint()).await;
            assert_eq!(answer.outcome(), Some(Outcome::Complete), "{:?}", answer.fault);
        }
        // A server that asks for another key exchange first has made a whole handshake, too.
        let kinds: Vec<_> = server.kinds.lock().unwrap().clone();
        assert_eq!(kinds.len(), 2);
        assert_eq!(kinds[1] == HandshakeKind::Resumed, second == HandshakeKind::Resumed, "{kinds:?}");
    }
}

#[tokio::test]
async fn warm_makes_the_connection_before_the_clock_and_sends_no_key_for_it() {
    for which in 0..2 {
        let server = Loopback::start(both);
        let endpoint = &by_name(&server)[which];
        let mut asker = Asker::of(Connections::Warm);
        for _ in 0..2 {
            let answer = asker.ask(endpoint).await;
            assert_eq!(answer.outcome(), Some(Outcome::Complete), "{:?}", answer.fault);
            assert_eq!(
                (answer.timeline.reused, answer.timeline.phases),
                (Some(true), Phases::default()),
                "endpoint {which}"
            );
        }
        assert_eq!(server.connections(), 1);
        let knocks = server.asked("HEAD");
        assert_eq!(knocks.len(), 2, "each request's connection is seen to work");
        for knock in knocks {
            assert_eq!((knock.path.as_str(), knock.body.as_str()), ("/", ""));
            let text = format!("{:?}", knock.headers);
            assert!(!text.contains("canary") && knock.header("authorization").is_none(), "{text}");
        }
        // Asked without it, nobody knocks.
        Asker::of(Connections::Pooled).ask(endpoint).await;
        assert_eq!(server.asked("HEAD").len(), 2);
    }
    // What cannot be reached is told by the request, not by its warming.
    let endpoint = parse_spec("compatible:m@http://127.0.0.1:1/v1").unwrap();
    let answer = Asker::of(Connections::Warm).ask(&endpoint).await;
    assert_eq!(answer.fault.unwrap().class, Class::Unreachable);
}

#[test]
fn the_command_line_and_the_config_say_which_connections() {
    let (home, server) = (home(), Loopback::start(both));
    let spec = format!("compatible:m@{}/v1", server.url());
    let run = |home: &Path, more: &[&str]| {
        bakeoff(home).args(["run", "hi", "-e", &spec]).args(more).output().unwrap()
    };
    let told = |more: &[&str]| {
        let o = run(home.path(), &[&["--format", "json"], more].concat());
        (json(&o)["connections"].as_str().map(str::to_owned), answers(&o)[0]["timeline"]["reused"].clone())
    };
    assert_eq!(told(&[]), (None, false.into()));
    assert_eq!(told(&["--cold"]), (Some("cold".into()), false.into()));
    assert_eq!(told(&["--warm"]), (Some("warm".into()), true.into()));
    let table = run(home.path(), &["--cold"]);
    assert!(out(&table).contains("new connection (cold)"), "{}", out(&table));
    let both = run(home.path(), &["--cold", "--warm"]);
    assert_eq!(both.status.code(), Some(2));
    assert!(err(&both).contains("--warm"), "{}", err(&both));
    let stray = bakeoff(home.path()).args(["--cold", "keys"]).output().unwrap();
    assert_eq!(stray.status.code(), Some(2), "{}", err(&stray));
    config(home.path(), "[network]\nconnections = \"warm\"\n");
    assert_eq!(told(&[]), (Some("warm".into()), true.into()));
    assert_eq!(told(&["--cold"]), (Some("cold".into()), false.into()), "the command line has the last word");
    config(home.path(), "[network]\nconnections = \"hot\"\n");
    let wrong = run(home.path(), &[]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(err(&wrong).contains("config.toml:2") && err(&wrong).contains("\"cold\""), "{}", err(&wrong));
}
