//! A server on this machine that answers by a function and remembers what it was asked: it
//! plays clouds, and the places where their credentials come from. One thread a connection,
//! keep-alive, no more HTTP than the clients here need.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    /// Lower-case names.
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Asked {
    /// `GET /path?query`
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// A header's value; the name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

#[derive(Default)]
pub struct Answer {
    pub status: u16,
    pub kind: &'static str,
    pub body: Vec<u8>,
    /// One more header.
    pub extra: Option<(&'static str, String)>,
    /// The answer takes this long, so that others can come meanwhile.
    pub after: Duration,
}

impl Answer {
    pub fn new(status: u16, kind: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, kind, body: body.into(), ..Self::default() }
    }

    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::new(status, "application/json", body)
    }
}

type Reply = dyn Fn(&Asked) -> Answer + Send + Sync;

pub struct Loopback {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    #[allow(dead_code, reason = "the tests inside the library do not count connections")]
    accepted: Arc<AtomicUsize>,
}

impl Loopback {
    pub fn start(reply: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, reply): (_, Arc<Reply>) = (Arc::clone(&asked), Arc::new(reply));
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&accepted);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                let (log, reply) = (Arc::clone(&log), Arc::clone(&reply));
                std::thread::spawn(move || serve(stream, &log, &*reply));
            }
        });
        Self { address, asked, accepted }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections were made to it.
    #[allow(dead_code, reason = "the tests inside the library do not count connections")]
    pub fn connections(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// Every request whose line holds this piece.
    pub fn asked(&self, piece: &str) -> Vec<Asked> {
        self.asked.lock().unwrap().iter().filter(|a| a.line().contains(piece)).cloned().collect()
    }
}

fn serve(stream: TcpStream, log: &Mutex<Vec<Asked>>, reply: &Reply) {
    let mut out = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    while let Some(asked) = read(&mut reader) {
        log.lock().unwrap().push(asked.clone());
        let answer = reply(&asked);
        std::thread::sleep(answer.after);
        let body: &[u8] = if asked.method == "HEAD" { &[] } else { &answer.body };
        let extra = answer.extra.map(|(name, value)| format!("{name}: {value}\r\n")).unwrap_or_default();
        let head = format!(
            "HTTP/1.1 {} X\r\ncontent-type: {}\r\ncontent-length: {}\r\nx-request-id: req-loop\r\n{extra}\r\n",
            answer.status,
            answer.kind,
            answer.body.len(),
        );
        if out.write_all(head.as_bytes()).and_then(|()| out.write_all(body)).is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method, path, headers, body: String::from_utf8_lossy(&body).into_owned() })
}
