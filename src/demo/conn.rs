//! HTTP/1.1 on one socket, as far as the demo needs it.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;
use std::time::Instant;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// Longest request head and body taken; images in base64 are what makes a body long.
const MOST_HEAD: usize = 64 << 10;
const MOST_BODY: usize = 48 << 20;
/// What a client may send ahead while it waits for an answer.
const MOST_AHEAD: usize = 64 << 10;

/// A whole request.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

fn bad(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// One connection; what was read but not yet used stays in `input`.
pub struct Conn {
    stream: TcpStream,
    input: Vec<u8>,
}

impl Conn {
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        // Without this a small event waits for the acknowledgement of the one before.
        stream.set_nodelay(true)?;
        Ok(Self { stream, input: Vec::new() })
    }

    /// The next request; `None` when the client is done with the connection.
    pub async fn request(&mut self) -> io::Result<Option<Request>> {
        let (mut request, length) = loop {
            if let Some(head) = self.head()? {
                break head;
            }
            if self.input.len() > MOST_HEAD {
                return Err(bad("request head too long"));
            }
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Ok(None);
            }
        };
        request.body = match length {
            Some(length) if length > MOST_BODY => return Err(bad("request body too long")),
            Some(length) => self.exactly(length).await?,
            None => self.chunks().await?,
        };
        Ok(Some(request))
    }

    /// Parses a head when it is complete. The length is `None` for a chunked body.
    fn head(&mut self) -> io::Result<Option<(Request, Option<usize>)>> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Request::new(&mut headers);
        let size = match head.parse(&self.input) {
            Ok(httparse::Status::Complete(size)) => size,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(e) => return Err(bad(&e.to_string())),
        };
        let (path, query) =
            head.path.unwrap_or("/").split_once('?').unwrap_or((head.path.unwrap_or("/"), ""));
        let request = Request {
            method: head.method.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: head
                .headers
                .iter()
                .map(|h| (h.name.to_ascii_lowercase(), String::from_utf8_lossy(h.value).trim().to_owned()))
                .collect(),
            body: Vec::new(),
        };
        let chunked =
            request.header("transfer-encoding").is_some_and(|v| v.to_ascii_lowercase().contains("chunked"));
        let length = match request.header("content-length") {
            _ if chunked => None,
            Some(n) => Some(n.parse().map_err(|_| bad("content-length is no number"))?),
            None => Some(0),
        };
        self.input.drain(..size);
        Ok(Some((request, length)))
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.input).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    async fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.input.len() < length {
            self.more().await?;
        }
        Ok(self.input.drain(..length).collect())
    }

    async fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let (start, size) = loop {
                match httparse::parse_chunk_size(&self.input) {
                    Ok(httparse::Status::Complete(found)) => break found,
                    Ok(httparse::Status::Partial) => self.more().await?,
                    Err(_) => return Err(bad("chunk size is no number")),
                }
            };
            let size = usize::try_from(size).ok().filter(|n| body.len().saturating_add(*n) <= MOST_BODY);
            let size = size.ok_or_else(|| bad("request body too long"))?;
            self.exactly(start).await?;
            body.extend(self.exactly(size).await?);
            // Trailers are not sent by any client this server meets.
            self.exactly(2).await?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Waits until `due`, or fails at once when the client leaves.
    pub async fn wait(&mut self, due: Instant) -> io::Result<()> {
        let sleep = tokio::time::sleep_until(due.into());
        tokio::pin!(sleep);
        loop {
            if self.input.len() > MOST_AHEAD {
                sleep.await;
                return Ok(());
            }
            tokio::select! {
                () = &mut sleep => return Ok(()),
                read = self.stream.read_buf(&mut self.input) => {
                    if read? == 0 {
                        return Err(io::ErrorKind::ConnectionAborted.into());
                    }
                }
            }
        }
    }

    /// Says nothing until the client leaves.
    pub async fn stall(&mut self) -> io::Error {
        loop {
            if let Err(e) = self.wait(Instant::now() + Duration::from_hours(1)).await {
                return e;
            }
        }
    }

    /// Ends the connection with a reset instead of an orderly close.
    pub async fn reset(self) {
        // A reset throws away what is still queued: let the last event leave first.
        tokio::time::sleep(Duration::from_millis(20)).await;
        // If the option cannot be set the close is orderly, which is a break as well.
        let _ = self.stream.set_zero_linger();
    }

    /// Ends the connection in good order.
    pub async fn close(mut self) {
        let _ = self.stream.shutdown().await;
    }
}

/// How a body is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// Exactly this many bytes.
    Sized(usize),
    Chunked,
    /// Until the connection ends.
    Close,
}

/// A response head.
pub fn head(status: u16, content_type: &str, headers: &[(&str, String)], body: Body) -> Vec<u8> {
    let reason = match status {
        200 => "OK",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        413 => "Payload Too Large",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        529 => "Site Overloaded",
        _ => "Other",
    };
    let mut out =
        format!("HTTP/1.1 {status} {reason}\r\ncontent-type: {content_type}\r\nserver: bakeoff-demo\r\n");
    for (name, value) in headers {
        let _ = write!(out, "{name}: {value}\r\n");
    }
    let _ = match body {
        Body::Sized(n) => write!(out, "content-length: {n}\r\n\r\n"),
        Body::Chunked => write!(out, "transfer-encoding: chunked\r\n\r\n"),
        Body::Close => write!(out, "connection: close\r\n\r\n"),
    };
    out.into_bytes()
}

/// Appends `bytes` as one HTTP chunk, or as they are.
pub fn wrap(bytes: &[u8], body: Body, out: &mut Vec<u8>) {
    if bytes.is_empty() {
        // A chunk of no bytes would end the body.
        return;
    }
    if body == Body::Chunked {
        out.extend_from_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
        out.extend_from_slice(bytes);
        out.extend_from_slice(b"\r\n");
    } else {
        out.extend_from_slice(bytes);
    }
}
