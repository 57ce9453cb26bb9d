//! Server-sent events, byte-wise and bounded.
//!
//! Written here because the usual crates panic on a BOM, rescan unterminated
//! lines, or drop the lines in which errors hide (`reliability` M5,
//! `wire-protocols` §1). Nothing is decoded before its line is complete, so a
//! character or a CRLF may be cut anywhere.

use std::mem;

use super::Frame;
use crate::model::Class;
use crate::model::Fault;

/// Longest line. The largest honest ones are terminal events that repeat a
/// whole answer: 128k tokens of 4 bytes are 512 KiB.
const MAX_LINE: usize = 1 << 20;
/// Most data of one event, for servers that spread JSON over several lines.
const MAX_EVENT: usize = 4 << 20;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Cuts bytes into [`Frame`]s.
#[derive(Default)]
pub(super) struct Sse {
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// The last line ended with CR: a LF that follows is the rest of its end.
    after_cr: bool,
    /// A first line was seen, so a BOM would be data now.
    begun: bool,
    name: String,
    data: Option<String>,
}

impl Sse {
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<Frame>) -> Result<(), Fault> {
        let mut rest = bytes;
        if self.after_cr
            && let Some((first, tail)) = rest.split_first()
        {
            self.after_cr = false;
            if *first == b'\n' {
                rest = tail;
            }
        }
        loop {
            // Never look further than the cap: an endless line costs its cap and no more.
            let room = MAX_LINE - self.line.len();
            let window = rest.get(..=room).unwrap_or(rest);
            let Some((head, end, tail)) = line_end(window).and_then(|at| cut(rest, at)) else {
                if window.len() > room {
                    self.line = Vec::new();
                    return Err(Fault::new(
                        Class::Garbled,
                        "a line of the event stream is longer than 1 MiB and was cut there",
                    ));
                }
                self.line.extend_from_slice(rest);
                return Ok(());
            };
            rest = match (end, tail.split_first()) {
                (b'\r', Some((b'\n', after))) => after,
                (b'\r', None) => {
                    self.after_cr = true;
                    tail
                }
                _ => tail,
            };
            if self.line.is_empty() {
                self.take(head, out)?;
            } else {
                let mut line = mem::take(&mut self.line);
                line.extend_from_slice(head);
                self.take(&line, out)?;
                line.clear();
                self.line = line;
            }
        }
    }

    /// The bytes ended: what is left counts as a line, and its event is dispatched.
    pub(super) fn end(&mut self, out: &mut Vec<Frame>) {
        let line = mem::take(&mut self.line);
        if line.is_empty() || self.take(&line, out).is_ok() {
            self.dispatch(out);
        }
    }

    /// Reads one complete line.
    fn take(&mut self, mut line: &[u8], out: &mut Vec<Frame>) -> Result<(), Fault> {
        if !self.begun {
            self.begun = true;
            line = line.strip_prefix(BOM).unwrap_or(line);
        }
        let (field, value) = match line.iter().position(|b| *b == b':') {
            _ if line.is_empty() => {
                self.dispatch(out);
                return Ok(());
            }
            Some(0) => {
                out.push(Frame::Alive);
                return Ok(());
            }
            Some(at) => line.split_at(at),
            None => (line, &b""[..]),
        };
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => self.data(value)?,
            b"event" => self.name = String::from_utf8_lossy(value).into_owned(),
            b"id" | b"retry" => {}
            _ => out.push(Frame::Stray(String::from_utf8_lossy(line).into_owned())),
        }
        Ok(())
    }

    fn data(&mut self, value: &[u8]) -> Result<(), Fault> {
        let value = String::from_utf8_lossy(value);
        match &mut self.data {
            None => self.data = Some(value.into_owned()),
            Some(data) => {
                if data.len() + 1 + value.len() > MAX_EVENT {
                    self.data = None;
                    return Err(Fault::new(
                        Class::Garbled,
                        "an event of the stream is larger than 4 MiB and was cut there",
                    ));
                }
                data.push('\n');
                data.push_str(&value);
            }
        }
        Ok(())
    }

    /// A blank line: an event with data leaves, a name alone is forgotten.
    fn dispatch(&mut self, out: &mut Vec<Frame>) {
        let name = mem::take(&mut self.name);
        if let Some(data) = self.data.take() {
            out.push(Frame::Event { name, data });
        }
    }
}

/// Splits at a line end: what is before it, the byte itself, what follows.
fn cut(bytes: &[u8], at: usize) -> Option<(&[u8], u8, &[u8])> {
    let (head, tail) = bytes.split_at_checked(at)?;
    let (end, tail) = tail.split_first()?;
    Some((head, *end, tail))
}

/// Where the first LF or CR is. Blocks without one are passed over with a test
/// that has no early exit, which the compiler turns into vector instructions.
fn line_end(bytes: &[u8]) -> Option<usize> {
    const BLOCK: usize = 32;
    let is_end = |b: &u8| matches!(b, b'\n' | b'\r');
    let clean =
        bytes.chunks_exact(BLOCK).take_while(|c| !c.iter().fold(false, |hit, b| hit | is_end(b))).count();
    let skipped = clean * BLOCK;
    bytes.iter().skip(skipped).position(is_end).map(|at| at + skipped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, data: &str) -> Frame {
        Frame::Event { name: name.to_owned(), data: data.to_owned() }
    }

    fn stray(line: &str) -> Frame {
        Frame::Stray(line.to_owned())
    }

    /// The rules of the format one by one; `wire-protocols` §1 adds the last three.
    fn rules() -> Vec<(&'static str, Vec<Frame>)> {
        vec![
            ("data: a\n\n", vec![event("", "a")]),
            ("data:a\rdata:b\r\rdata:c\r\r", vec![event("", "a\nb"), event("", "c")]),
            ("data\r\ndata:\r\n\r\n", vec![event("", "\n")]),
            ("data:  two\ndata:\ttab \n\n", vec![event("", " two\n\ttab ")]),
            ("\u{feff}data:a\n\n\u{feff}data:b\n\n", vec![event("", "a"), stray("\u{feff}data:b")]),
            ("\u{feff}\u{feff}data:a\n\n", vec![stray("\u{feff}data:a")]),
            (":\n: x\ndata:a\n:y\n\n", vec![Frame::Alive, Frame::Alive, Frame::Alive, event("", "a")]),
            ("event:x\ndata:a\n\ndata:b\n\n", vec![event("x", "a"), event("", "b")]),
            ("event:x\n\ndata:a\n\n", vec![event("", "a")]),
            ("event:x\nevent\ndata:a\n\n", vec![event("", "a")]),
            ("id:1\0\nid\nretry:x\nretry\ndata:a\n\n\n\n", vec![event("", "a")]),
            (
                "Data:a\ndata\0:b\n data:c\ndata:d\n\n",
                vec![stray("Data:a"), stray("data\0:b"), stray(" data:c"), event("", "d")],
            ),
            ("data:a:b\n\n", vec![event("", "a:b")]),
            ("data:a\n", vec![event("", "a")]),
            ("data:a\ndata:b", vec![event("", "a\nb")]),
            ("{\n  \"error\": 1\n}", vec![stray("{"), stray("  \"error\": 1"), stray("}")]),
        ]
    }

    #[test]
    fn every_rule_holds_at_every_cut() {
        for (text, want) in rules() {
            for at in 0..=text.len() {
                let (head, tail) = text.as_bytes().split_at(at);
                let (mut sse, mut out) = (Sse::default(), Vec::new());
                for part in [head, b"", tail] {
                    sse.push(part, &mut out).expect("short lines");
                }
                sse.end(&mut out);
                assert_eq!(out, want, "{text:?} cut at {at}");
            }
        }
    }

    #[test]
    fn line_ends_are_found_wherever_they_stand() {
        for len in 0..100 {
            for at in 0..len {
                for end in *b"\r\n" {
                    let mut bytes = vec![b'x'; len];
                    bytes[at] = end;
                    bytes[len - 1] = b'\n';
                    assert_eq!(line_end(&bytes), Some(at.min(len - 1)));
                }
            }
            assert_eq!(line_end(&vec![b'x'; len]), None);
        }
    }

    #[test]
    fn the_longest_line_passes_and_one_byte_more_does_not() {
        let line = [&b"data:"[..], &vec![b'x'; MAX_LINE - 5]].concat();
        for piece in [line.len(), 4096] {
            let (mut sse, mut out) = (Sse::default(), Vec::new());
            assert!(line.chunks(piece).all(|c| sse.push(c, &mut out).is_ok()));
            assert!(sse.push(b"\n\n", &mut out).is_ok() && out.len() == 1);
            assert!(line.chunks(piece).all(|c| sse.push(c, &mut out).is_ok()));
            assert!(sse.push(b"x\n", &mut out).is_err());
        }
    }
}
