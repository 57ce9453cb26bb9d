//! Plays one response on one connection.
//!
//! ```text
//!  request -> refused | odd | headers -> open -> beat, beat, ... -> close
//!                                                  \--> reset | end | half | stall | fault
//! ```

use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use std::time::Instant;

use crate::model::Kind;

use super::ask::Ask;
use super::ask::Refused;
use super::ask::authorised;
use super::ask::read;
use super::cast::Wire;
use super::conn::Body;
use super::conn::Conn;
use super::conn::Request;
use super::conn::head;
use super::conn::wrap;
use super::log::Note;
use super::part::Beat;
use super::part::Part;
use super::part::part;
use super::part::role;
use super::refusal::Refusal;
use super::refusal::id_headers;
use super::refusal::no_key;
use super::refusal::refusal;
use super::switches::Break;
use super::switches::Odd;
use super::switches::Switches;
use super::wires::Ending;
use super::wires::Events;
use super::wires::Facts;
use super::wires::Tongue;
use super::wires::tongue;

/// Unpaced output is written in pieces of this size: one system call for each
/// event would measure this server instead of the client.
const BATCH: usize = 16 << 10;

/// What a response needs to know besides the request.
pub struct Call<'a> {
    pub request: &'a Request,
    pub wire: Wire,
    /// The model in the address.
    pub named: Option<String>,
    pub id: String,
    pub received: Instant,
    pub server: SocketAddr,
    pub note: &'a Note,
}

/// Answers a request; `Ok(None)` when the connection is used up, an error when the client left.
pub async fn respond(mut conn: Conn, call: Call<'_>) -> io::Result<Option<Conn>> {
    let Call { request, wire, ref id, .. } = call;
    if !authorised(request, wire) {
        return refuse(conn, &call, no_key(wire, id)).await.map(Some);
    }
    let ask = match read(request, wire, call.named.clone()) {
        Ok(ask) => ask,
        Err(Refused(status, why)) => {
            return refuse(conn, &call, refusal(wire, status, Some(&why), id)).await.map(Some);
        }
    };
    call.note.mark(|sent| sent.model.clone_from(&ask.model));
    let Some((character, switches)) = role(&ask.model) else {
        let why = format!("the model `{}` does not exist", ask.model);
        return refuse(conn, &call, refusal(wire, 404, Some(&why), id)).await.map(Some);
    };
    if character.is_some_and(|c| c.blind) && ask.prompt.images().next().is_some() {
        let why = format!("the model `{}` does not support image input", ask.model);
        return refuse(conn, &call, refusal(wire, 400, Some(&why), id)).await.map(Some);
    }
    if let Some(status) = switches.status.or(character.and_then(|c| c.refuses)) {
        let wait = switches.headers.or(switches.delay).unwrap_or(0);
        conn.wait(call.received + Duration::from_millis(wait)).await?;
        return refuse(conn, &call, refusal(wire, status, None, id)).await.map(Some);
    }
    if let Some(odd) = switches.odd {
        return oddly(conn, &call, odd).await;
    }
    let part = part(&ask, character, &switches);
    Stage::new(conn, &call, &ask, &part, &switches).play(part, &switches).await
}

/// Writes a whole response and marks it.
async fn whole(
    conn: &mut Conn,
    call: &Call<'_>,
    status: u16,
    kind: &str,
    extra: &[(&str, String)],
    body: &[u8],
) -> io::Result<()> {
    let mut bytes = head(status, kind, extra, Body::Sized(body.len()));
    bytes.extend_from_slice(body);
    let now = Instant::now();
    call.note.mark(|sent| {
        (sent.status, sent.headers, sent.last) = (Some(status), Some(now), Some(now));
    });
    conn.write(&bytes).await
}

async fn refuse(mut conn: Conn, call: &Call<'_>, refusal: Refusal) -> io::Result<Conn> {
    let body = refusal.body.to_string();
    whole(&mut conn, call, refusal.status, "application/json", &refusal.headers, body.as_bytes()).await?;
    Ok(conn)
}

async fn oddly(mut conn: Conn, call: &Call<'_>, odd: Odd) -> io::Result<Option<Conn>> {
    let ids = id_headers(call.wire, &call.id);
    let stream = tongue(call.wire, Facts::none()).content_type();
    match odd {
        Odd::Silent => return Err(conn.stall().await),
        Odd::NoBody => {
            let now = Instant::now();
            call.note.mark(|sent| (sent.status, sent.headers, sent.last) = (Some(200), Some(now), Some(now)));
            conn.write(&head(200, stream, &ids, Body::Chunked)).await?;
            return Err(conn.stall().await);
        }
        Odd::Html => {
            let page = "<!doctype html><html><head><title>Sign in to the guest network</title></head>\
                <body><h1>Please accept the terms (simulated)</h1></body></html>\n";
            whole(&mut conn, call, 200, "text/html; charset=utf-8", &ids, page.as_bytes()).await?;
        }
        Odd::Json => {
            let body = refusal(call.wire, 503, None, &call.id).body.to_string();
            whole(&mut conn, call, 200, "application/json", &ids, body.as_bytes()).await?;
        }
        Odd::Empty => whole(&mut conn, call, 200, stream, &ids, b"").await?,
        Odd::Redirect => {
            let place = format!("http://127.0.0.2:{}/", call.server.port());
            whole(&mut conn, call, 307, "text/plain", &[("location", place)], b"").await?;
        }
        Odd::Garbage => {
            // Bytes of every value, in an order that no framing takes for its own.
            let noise: Vec<u8> =
                (0..=u8::MAX).map(|i| i.wrapping_mul(167).wrapping_add(13)).cycle().take(2048).collect();
            whole(&mut conn, call, 200, stream, &ids, &noise).await?;
        }
    }
    Ok(Some(conn))
}

impl Facts {
    /// For a response that says nothing.
    fn none() -> Self {
        Self {
            model: String::new(),
            id: String::new(),
            input: 0,
            cached: 0,
            usage: false,
            done: false,
            bare: false,
        }
    }
}

/// A stream being written.
struct Stage<'a> {
    conn: Conn,
    body: Body,
    tongue: Box<dyn Tongue>,
    wire: Wire,
    id: &'a str,
    note: &'a Note,
    start: Instant,
    buffer: Vec<u8>,
    /// Kinds whose first token waits in the buffer.
    waiting: [bool; 2],
    events: u64,
    said: [u64; 2],
    first: Option<Instant>,
    switches: Switches,
}

fn slot(kind: Kind) -> usize {
    usize::from(kind == Kind::Reasoning)
}

impl<'a> Stage<'a> {
    fn new(conn: Conn, call: &'a Call<'a>, ask: &Ask, part: &Part, switches: &Switches) -> Self {
        let facts = Facts {
            model: ask.model.clone(),
            id: call.id.clone(),
            input: part.input,
            cached: part.cached,
            usage: ask.usage && !switches.no_usage,
            done: !switches.no_done,
            bare: matches!(part.breaks, Some((Break::BareFault, _))),
        };
        Self {
            conn,
            body: if switches.close { Body::Close } else { Body::Chunked },
            tongue: tongue(call.wire, facts),
            wire: call.wire,
            id: &call.id,
            note: call.note,
            start: call.received,
            buffer: Vec::new(),
            waiting: [false; 2],
            events: 0,
            said: [0; 2],
            first: None,
            switches: switches.clone(),
        }
    }

    async fn play(mut self, part: Part, switches: &Switches) -> io::Result<Option<Conn>> {
        self.conn.wait(self.start + part.headers).await?;
        let now = Instant::now();
        self.note.mark(|sent| (sent.status, sent.headers, sent.last) = (Some(200), Some(now), Some(now)));
        let bytes = head(200, self.tongue.content_type(), &id_headers(self.wire, self.id), self.body);
        self.conn.write(&bytes).await?;
        if switches.bom && self.wire != Wire::Converse {
            self.push(b"\xef").await?;
            self.flush().await?;
            self.push(b"\xbb\xbf").await?;
        }
        let mut events = Events::default();
        self.tongue.open(&mut events);
        self.push_all(events).await?;
        self.flush().await?;
        for beat in part.beats {
            if let Some((how, _)) = part.breaks.filter(|(_, after)| self.total() >= *after) {
                return self.break_off(how).await;
            }
            self.beat(&beat).await?;
        }
        if let Some((how, _)) = part.breaks {
            return self.break_off(how).await;
        }
        let now = Instant::now();
        let [text, reasoning] = self.said;
        let end = Ending {
            full: part.full,
            text,
            reasoning,
            total: now.duration_since(self.start),
            spoken: self.first.map_or(Duration::ZERO, |first| now.duration_since(first)),
        };
        let mut events = Events::default();
        self.tongue.close(end, &mut events);
        self.push_all(events).await?;
        self.end().await
    }

    fn total(&self) -> u64 {
        self.said.iter().sum()
    }

    async fn beat(&mut self, beat: &Beat) -> io::Result<()> {
        let due = self.start + beat.at;
        if due > Instant::now() {
            self.flush().await?;
            self.conn.wait(due).await?;
        }
        let mut events = Events::default();
        self.tongue.say(beat.kind, &beat.text, beat.tokens, &mut events);
        let slot = slot(beat.kind);
        if let (Some(said), Some(waiting)) = (self.said.get_mut(slot), self.waiting.get_mut(slot)) {
            *waiting |= *said == 0;
            *said += beat.tokens;
        }
        let first = self.first.is_none();
        self.first.get_or_insert_with(Instant::now);
        self.push_all(events).await?;
        // The first token never waits for company.
        if first || self.buffer.len() >= BATCH { self.flush().await } else { Ok(()) }
    }

    async fn push_all(&mut self, events: Events) -> io::Result<()> {
        for mut event in events.0 {
            self.events += 1;
            let binary = self.wire == Wire::Converse;
            if self.switches.bad_crc
                && binary
                && self.events == 5
                && let Some(last) = event.last_mut()
            {
                *last = !*last;
            }
            if self.switches.crlf && !binary && self.wire != Wire::Gemini {
                // JSON escapes its own line ends: those found here are framing.
                event = event
                    .into_iter()
                    .flat_map(|b| if b == b'\n' { vec![b'\r', b'\n'] } else { vec![b] })
                    .collect();
            }
            self.push(&event).await?;
        }
        Ok(())
    }

    /// Puts bytes into the buffer, or out one by one.
    async fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.switches.one_byte {
            wrap(bytes, self.body, &mut self.buffer);
            return Ok(());
        }
        for byte in bytes {
            wrap(&[*byte], self.body, &mut self.buffer);
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let (now, waiting, tokens) = (Instant::now(), std::mem::take(&mut self.waiting), self.total());
        self.note.mark(|sent| {
            let [text, reasoning] = waiting;
            if text {
                sent.first_text.get_or_insert(now);
            }
            if reasoning {
                sent.first_reasoning.get_or_insert(now);
            }
            sent.last = Some(now);
            sent.tokens = tokens;
        });
        let bytes = std::mem::take(&mut self.buffer);
        self.conn.write(&bytes).await?;
        self.buffer = bytes;
        self.buffer.clear();
        Ok(())
    }

    /// Ends the HTTP body in good order.
    async fn end(mut self) -> io::Result<Option<Conn>> {
        if self.body == Body::Chunked {
            self.buffer.extend_from_slice(b"0\r\n\r\n");
            self.flush().await?;
            return Ok(Some(self.conn));
        }
        self.flush().await?;
        self.conn.close().await;
        Ok(None)
    }

    async fn break_off(mut self, how: Break) -> io::Result<Option<Conn>> {
        self.flush().await?;
        match how {
            Break::Reset => {
                self.conn.reset().await;
                Ok(None)
            }
            Break::Half => {
                self.conn.close().await;
                Ok(None)
            }
            Break::Stall => Err(self.conn.stall().await),
            Break::Clean => self.end().await,
            Break::Fault | Break::BareFault => {
                let mut events = Events::default();
                self.tongue.fault(&mut events);
                self.push_all(events).await?;
                self.end().await
            }
        }
    }
}
