//! One JSON object a line, byte-wise and bounded.

use std::mem;

use super::Frame;
use crate::model::Class;
use crate::model::Fault;

/// Longest line: a whole answer in one object, with room.
const MAX_LINE: usize = 4 << 20;

/// Cuts bytes into [`Frame::Line`]s; blank lines are passed over.
#[derive(Default)]
pub(super) struct Ndjson {
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
}

impl Ndjson {
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<Frame>) -> Result<(), Fault> {
        let mut rest = bytes;
        loop {
            // Never look further than the cap: an endless line costs its cap and no more.
            let room = MAX_LINE - self.line.len();
            let window = rest.get(..=room).unwrap_or(rest);
            let found = window.iter().position(|b| *b == b'\n').and_then(|at| rest.split_at_checked(at));
            let Some((head, tail)) = found else {
                if window.len() > room {
                    self.line = Vec::new();
                    return Err(Fault::new(
                        Class::Garbled,
                        "a line of the answer is longer than 4 MiB and was cut there",
                    ));
                }
                self.line.extend_from_slice(rest);
                return Ok(());
            };
            rest = tail.strip_prefix(b"\n").unwrap_or(tail);
            if self.line.is_empty() {
                take(head, out);
            } else {
                self.line.extend_from_slice(head);
                take(&self.line, out);
                self.line.clear();
            }
        }
    }

    /// The bytes ended: what is left counts as a line.
    pub(super) fn end(&mut self, out: &mut Vec<Frame>) {
        take(&mem::take(&mut self.line), out);
    }
}

/// White space around an object means nothing in JSON, CR included.
fn take(line: &[u8], out: &mut Vec<Frame>) {
    // A byte order mark belongs to the file, not to its first object.
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line).trim_ascii();
    if !line.is_empty() {
        out.push(Frame::Line(String::from_utf8_lossy(line).into_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(parts: &[&[u8]]) -> Vec<Frame> {
        let (mut cutter, mut out) = (Ndjson::default(), Vec::new());
        for part in parts {
            cutter.push(part, &mut out).expect("short lines");
        }
        cutter.end(&mut out);
        out
    }

    #[test]
    fn lines_are_the_same_at_every_cut() {
        let bytes = "\u{feff}{\"a\":\"世\"}\r\n\n  \r\n{\"b\":1}\n\u{0}{\"c\":2}".as_bytes();
        let bytes = [bytes, b"\xff"].concat();
        let want = ["{\"a\":\"世\"}", "{\"b\":1}", "\u{0}{\"c\":2}\u{fffd}"];
        let want: Vec<Frame> = want.map(|l| Frame::Line(l.to_owned())).into();
        for at in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(lines(&[head, tail]), want, "cut at {at}");
        }
    }

    #[test]
    fn an_endless_line_is_cut_at_its_cap() {
        let (mut cutter, mut out) = (Ndjson::default(), Vec::new());
        assert!(cutter.push(&vec![b'x'; MAX_LINE], &mut out).is_ok(), "the longest line");
        assert!(cutter.push(b"x", &mut out).is_err(), "one byte more");
    }
}
