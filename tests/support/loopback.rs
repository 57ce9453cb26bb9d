//! A server on this machine that answers by a function and remembers what it was asked.
//! One thread a connection, keep-alive, no more HTTP than the clients here need.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    /// Lower-case names.
    pub headers: HashMap<String, String>,
    pub body: String,
}

#[derive(Default)]
pub struct Answer {
    pub status: u16,
    pub kind: &'static str,
    pub body: String,
    /// Where a redirect points; empty for anything else.
    pub location: String,
}

impl Answer {
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self { status, kind: "application/json", body: body.into(), ..Self::default() }
    }

    pub fn sse(body: impl Into<String>) -> Self {
        Self { status: 200, kind: "text/event-stream", body: body.into(), ..Self::default() }
    }
}

type Reply = dyn Fn(&Asked) -> Answer + Send + Sync;

pub struct Loopback {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Loopback {
    pub fn start(reply: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, reply): (_, Arc<Reply>) = (Arc::clone(&asked), Arc::new(reply));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, reply) = (Arc::clone(&log), Arc::clone(&reply));
                std::thread::spawn(move || serve(stream, &log, &*reply));
            }
        });
        Self { address, asked }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Requests whose path begins so.
    pub fn asked_for(&self, path: &str) -> Vec<Asked> {
        self.asked().into_iter().filter(|a| a.path.starts_with(path)).collect()
    }
}

fn serve(stream: TcpStream, log: &Mutex<Vec<Asked>>, reply: &Reply) {
    let mut out = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    while let Some(asked) = read(&mut reader) {
        log.lock().unwrap().push(asked.clone());
        let answer = reply(&asked);
        let body = if asked.method == "HEAD" { "" } else { &answer.body };
        let head = format!(
            "HTTP/1.1 {} X\r\nlocation: {}\r\ncontent-type: {}\r\ncontent-length: {}\r\nx-request-id: req-loop\r\n\
             x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n\r\n",
            answer.status,
            answer.location,
            answer.kind,
            answer.body.len(),
        );
        if out.write_all(head.as_bytes()).and_then(|()| out.write_all(body.as_bytes())).is_err() {
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

/// An answer of Chat Completions: a word, a stop, usage.
pub fn chat(text: &str) -> Answer {
    Answer::sse(format!(
        "data: {{\"id\":\"c1\",\"model\":\"served-1\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n\
         data: {{\"id\":\"c1\",\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"stop\"}}],\"usage\":{{\"prompt_tokens\":9,\"completion_tokens\":3}}}}\n\n\
         data: [DONE]\n\n"
    ))
}

/// An answer of Gemini.
pub fn gemini(text: &str) -> Answer {
    Answer::sse(format!(
        "data: {{\"candidates\":[{{\"content\":{{\"parts\":[{{\"text\":\"{text}\"}}]}},\"finishReason\":\"STOP\"}}],\
         \"usageMetadata\":{{\"promptTokenCount\":5,\"candidatesTokenCount\":2,\"totalTokenCount\":7}}}}\n\n"
    ))
}
