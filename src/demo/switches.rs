//! Faults and load by model name: `load-n20000-r0-d200`, `cut-fin300`, `demo-swift-x40`.

/// What a response does instead of its ordinary course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// Accepts the request and never answers.
    Silent,
    /// Headers, then nothing.
    NoBody,
    /// A web page with status 200.
    Html,
    /// A JSON error with status 200.
    Json,
    /// Status 200 and a body of no bytes.
    Empty,
    /// 307 to another loopback address, where nobody listens.
    Redirect,
    /// Bytes that are no protocol.
    Garbage,
}

/// How a stream stops early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// TCP reset.
    Reset,
    /// The HTTP body ends in good order, the protocol's own end is missing.
    Clean,
    /// The connection is closed inside the HTTP body.
    Half,
    /// Nothing more, connection left open.
    Stall,
    /// The protocol's own error.
    Fault,
    /// Gemini: the error as bare JSON after the last frame. Elsewhere as `Fault`.
    BareFault,
}

/// The switches of one request. Counts are tokens, times milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, each one part of a name")]
pub struct Switches {
    /// Length of a load answer.
    pub count: Option<u64>,
    /// Tokens per second; `Some(0)` is as fast as the socket takes.
    pub rate: Option<u32>,
    /// First token.
    pub delay: Option<u64>,
    pub headers: Option<u64>,
    /// Reasoning tokens before the text.
    pub reasoning: Option<u64>,
    /// Prompt tokens reported as read from a cache.
    pub cached: Option<u64>,
    /// Bytes per load token.
    pub width: Option<usize>,
    /// Kind of load text.
    pub filler: Option<&'static str>,
    pub status: Option<u16>,
    pub odd: Option<Odd>,
    pub breaks: Option<(Break, u64)>,
    /// The body ends with the connection instead of a last chunk.
    pub close: bool,
    pub bom: bool,
    pub one_byte: bool,
    pub crlf: bool,
    /// Event streams: the fifth message carries a wrong checksum.
    pub bad_crc: bool,
    pub no_usage: bool,
    /// Finish reason, but no end marker.
    pub no_done: bool,
}

type Flag = fn(&mut Switches);
type Number = fn(&mut Switches, u64);

/// Parts without a number.
const FLAGS: [(&str, Flag); 22] = [
    ("load", |_| ()),
    ("fault", |_| ()),
    ("cut", |_| ()),
    ("prose", |s| s.filler = Some("prose")),
    ("md", |s| s.filler = Some("md")),
    ("cjk", |s| s.filler = Some("cjk")),
    ("silent", |s| s.odd = Some(Odd::Silent)),
    ("nobody", |s| s.odd = Some(Odd::NoBody)),
    ("html", |s| s.odd = Some(Odd::Html)),
    ("json", |s| s.odd = Some(Odd::Json)),
    ("empty", |s| s.odd = Some(Odd::Empty)),
    ("redirect", |s| s.odd = Some(Odd::Redirect)),
    ("garbage", |s| s.odd = Some(Odd::Garbage)),
    ("midfault", |s| s.breaks = Some((Break::Fault, 100))),
    ("midbare", |s| s.breaks = Some((Break::BareFault, 100))),
    ("close", |s| s.close = true),
    ("bom", |s| s.bom = true),
    ("onebyte", |s| s.one_byte = true),
    ("crlf", |s| s.crlf = true),
    ("badcrc", |s| s.bad_crc = true),
    ("nousage", |s| s.no_usage = true),
    ("nodone", |s| s.no_done = true),
];

/// Parts followed by a number.
const NUMBERS: [(&str, Number); 16] = [
    ("midfault", |s, n| s.breaks = Some((Break::Fault, n))),
    ("midbare", |s, n| s.breaks = Some((Break::BareFault, n))),
    ("stall", |s, n| s.breaks = Some((Break::Stall, n))),
    ("half", |s, n| s.breaks = Some((Break::Half, n))),
    ("fin", |s, n| s.breaks = Some((Break::Clean, n))),
    ("x", |s, n| s.breaks = Some((Break::Reset, n))),
    ("n", |s, n| s.count = Some(n.min(5_000_000))),
    ("r", |s, n| s.rate = Some(u32::try_from(n).unwrap_or(u32::MAX))),
    ("d", |s, n| s.delay = Some(n)),
    ("h", |s, n| s.headers = Some(n)),
    ("t", |s, n| s.reasoning = Some(n)),
    ("c", |s, n| s.cached = Some(n)),
    ("b", |s, n| s.width = Some(usize::try_from(n).unwrap_or(4).clamp(1, 4096))),
    ("e", |s, n| s.status = u16::try_from(n).ok().filter(|n| (400..600).contains(n))),
    // Makes a name unique, means nothing.
    ("u", |_, _| ()),
    ("v", |_, _| ()),
];

impl Switches {
    /// Reads dash-separated parts; `None` when one of them is no switch.
    pub fn parse(name: &str) -> Option<Self> {
        let mut out = Self::default();
        for part in name.split('-') {
            if let Some((_, set)) = FLAGS.iter().find(|(word, _)| *word == part) {
                set(&mut out);
                continue;
            }
            let (set, n) =
                NUMBERS.iter().find_map(|(word, set)| Some((set, part.strip_prefix(word)?.parse().ok()?)))?;
            set(&mut out, n);
        }
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_combine() {
        let load = Switches::parse("load-n20000-r0-d200-x300-close");
        let wanted = Switches {
            count: Some(20000),
            rate: Some(0),
            delay: Some(200),
            breaks: Some((Break::Reset, 300)),
            close: true,
            ..Switches::default()
        };
        assert_eq!(load, Some(wanted));
        assert_eq!(Switches::parse("cut-fin300").and_then(|s| s.breaks), Some((Break::Clean, 300)));
        assert_eq!(Switches::parse("midfault7").and_then(|s| s.breaks), Some((Break::Fault, 7)));
        assert_eq!(Switches::parse("e429").and_then(|s| s.status), Some(429));
        for other in ["gpt-6", "", "load-", "load-nine", "e", "load-n99999999999999999999999"] {
            assert_eq!(Switches::parse(other), None, "{other}");
        }
    }
}
