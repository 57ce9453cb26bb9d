//! The one filter between untrusted text and a cell, a file or a clipboard.
//!
//! It is an allow-list over decoded characters, by general category. A pattern for
//! escape sequences would have to know every terminal's grammar and would miss one;
//! without a control character no sequence can begin, whatever follows. What is
//! taken out is shown, never dropped in silence: a reader sees that something was there.

use std::fmt::Write as _;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Bytes of one cluster, its base included. A cell holds a whole cluster, and each
/// repaint writes it again, so a tower of marks must not grow with the answer.
const CLUSTER_CAP: usize = 64;

/// Streaming filter: any split of a text gives what the whole gives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Characters that were replaced by a visible mark.
    pub hidden: u64,
    held: Held,
    /// Bytes of the cluster that is being written.
    cluster: usize,
    /// The cluster is at its cap and says so; further marks on it are left out.
    full: bool,
    join: Join,
}

/// What cannot be decided before the next character.
#[derive(Debug, Clone, Default, PartialEq)]
enum Held {
    #[default]
    Nothing,
    /// A carriage return: half of a line break, or an attempt to write over the line.
    Return,
    /// Tag characters. `flag` holds them as long as they can still become a flag.
    Tags { count: u64, flag: Option<String> },
}

/// What the last character draws into its own cluster. Generous on purpose: only
/// text that comes near the cap is touched by a wrong guess.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Join {
    #[default]
    Nothing,
    /// A black flag: tag characters.
    Flag,
    /// A joiner: another symbol.
    Symbol,
    /// A virama: another consonant.
    Letter,
    /// A regional indicator: its second half.
    Region,
    /// A leading consonant of Hangul: another one.
    Jamo,
    /// A sign that is written before its base: anything.
    Any,
}

/// What may happen to a character.
enum Fate {
    Break,
    Base,
    /// It belongs to the cluster before it.
    Extend,
    /// It is replaced by a mark.
    Hide,
}

impl Filter {
    /// Appends the safe form of `text` to `out`.
    pub fn push(&mut self, text: &str, out: &mut String) {
        let mut rest = text;
        while !rest.is_empty() {
            // Nearly all text is plain; it is copied in runs, without a look at tables.
            let plain = rest.bytes().position(|b| !is_plain(b)).unwrap_or(rest.len());
            let run = if self.join == Join::Any { None } else { rest.split_at_checked(plain) };
            if let Some((run, tail)) = run.filter(|(run, _)| !run.is_empty()) {
                self.settle(run.starts_with('\n'), out);
                out.push_str(run);
                self.start(1, Join::Nothing);
                rest = tail;
                continue;
            }
            let mut chars = rest.chars();
            if let Some(c) = chars.next() {
                self.one(c, out);
            }
            rest = chars.as_str();
        }
    }

    /// Flushes what was held back at the end of the text.
    pub fn finish(&mut self, out: &mut String) {
        self.settle(false, out);
        self.start(0, Join::Nothing);
    }

    fn one(&mut self, c: char, out: &mut String) {
        if is_tag(c) {
            if self.held == Held::Return {
                self.settle(false, out);
            }
            return self.tag(c, out);
        }
        self.settle(c == '\n', out);
        match c {
            '\r' => self.held = Held::Return,
            '\t' => {
                out.push_str("    ");
                self.start(1, Join::Nothing);
            }
            _ => match fate(c) {
                Fate::Break => {
                    out.push('\n');
                    self.start(1, Join::Nothing);
                }
                Fate::Base => self.base(c, out),
                Fate::Extend => self.extend(c, out),
                Fate::Hide => self.hide(c, out),
            },
        }
    }

    /// Decides what was held back, now that something else follows.
    fn settle(&mut self, line_feed: bool, out: &mut String) {
        match std::mem::take(&mut self.held) {
            Held::Nothing => {}
            Held::Return if line_feed => {}
            Held::Return => self.hide('\r', out),
            Held::Tags { count, .. } => {
                let s = if count == 1 { "" } else { "s" };
                self.mark(count, format_args!("‹{count} invisible tag char{s}›"), out);
            }
        }
    }

    /// Tag characters are invisible ASCII. The flags of England and its like are made
    /// of them; any other run is a hidden message and is shown by its length.
    fn tag(&mut self, c: char, out: &mut String) {
        let (mut count, mut flag) = match std::mem::take(&mut self.held) {
            Held::Tags { count, flag } => (count, flag),
            _ => (0, (self.join == Join::Flag).then(String::new)),
        };
        count += 1;
        if let Some(mut tags) = flag.take() {
            tags.push(c);
            let fits = self.cluster + tags.len() <= CLUSTER_CAP;
            if c == '\u{E007F}' && (4..=7).contains(&count) && fits {
                out.push_str(&tags);
                self.cluster += tags.len();
                self.join = Join::Nothing;
                return;
            }
            let part = matches!(c, '\u{E0030}'..='\u{E0039}' | '\u{E0061}'..='\u{E007A}');
            flag = (part && count <= 6).then_some(tags);
        }
        self.held = Held::Tags { count, flag };
    }

    fn base(&mut self, c: char, out: &mut String) {
        let joined = match self.join {
            Join::Nothing | Join::Flag => false,
            Join::Symbol => !c.is_alphabetic() && c != '‹',
            Join::Letter => c.is_alphabetic(),
            Join::Region => is_regional(c),
            Join::Jamo => is_leading_jamo(c),
            Join::Any => true,
        };
        let next = match c {
            '\u{1F3F4}' => Join::Flag,
            _ if is_regional(c) && !(joined && self.join == Join::Region) => Join::Region,
            _ if is_leading_jamo(c) => Join::Jamo,
            _ if is_prepended(c) => Join::Any,
            _ => Join::Nothing,
        };
        let size = self.cluster + c.len_utf8();
        // A sign before its base leaves room for the base: nothing can part the two.
        let room = if next == Join::Any { 4 } else { 0 };
        if joined && size + room <= CLUSTER_CAP {
            self.cluster = size;
            self.join = next;
        } else {
            if joined {
                out.push_str("‹…›");
            }
            self.start(c.len_utf8(), next);
        }
        out.push(c);
    }

    fn extend(&mut self, c: char, out: &mut String) {
        let size = self.cluster + c.len_utf8();
        if self.full || size > CLUSTER_CAP {
            if !self.full {
                out.push_str("‹…›");
            }
            self.hidden += 1;
            self.full = true;
            self.join = Join::Nothing;
            return;
        }
        out.push(c);
        self.cluster = size;
        self.join = match (c, self.join) {
            ('\u{200D}', Join::Letter | Join::Any) => Join::Any,
            ('\u{200D}', _) => Join::Symbol,
            _ if is_virama(c) => Join::Letter,
            (_, Join::Letter) => Join::Letter,
            _ => Join::Nothing,
        };
    }

    fn hide(&mut self, c: char, out: &mut String) {
        let code = u32::from(c);
        match char::from_u32(0x2400 + code) {
            Some(picture) if code < 0x20 => self.mark(1, format_args!("{picture}"), out),
            _ if c == '\u{7F}' => self.mark(1, format_args!("␡"), out),
            _ => self.mark(1, format_args!("‹U+{code:04X}›"), out),
        }
    }

    fn mark(&mut self, hidden: u64, text: std::fmt::Arguments<'_>, out: &mut String) {
        self.hidden += hidden;
        // Writing to a string cannot fail.
        let _ = out.write_fmt(text);
        // A mark is a base like any other: a sign before it draws it in.
        let before = if self.join == Join::Any { self.cluster } else { 0 };
        self.start(before + '›'.len_utf8(), Join::Nothing);
    }

    fn start(&mut self, bytes: usize, join: Join) {
        self.cluster = bytes;
        self.full = false;
        self.join = join;
    }
}

/// The safe form of a whole text; line feeds stay.
#[must_use]
pub fn clean(text: &str) -> String {
    let (mut filter, mut out) = (Filter::default(), String::with_capacity(text.len()));
    filter.push(text, &mut out);
    filter.finish(&mut out);
    out
}

/// The safe form on one line: a line break and the white space around it become one space.
#[must_use]
pub fn clean_line(text: &str) -> String {
    let text = clean(text);
    let mut line = String::with_capacity(text.len());
    for part in text.split('\n').map(str::trim).filter(|part| !part.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(part);
    }
    line
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n')
}

fn fate(c: char) -> Fate {
    use GeneralCategory as G;
    match c {
        ' '..='~' => return Fate::Base,
        '\n' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => return Fate::Break,
        // Joiners and the Mongolian vowel separator are spelling, not decoration.
        '\u{200C}' | '\u{200D}' | '\u{180E}' => return Fate::Extend,
        _ if is_prepended(c) => return Fate::Base,
        _ if is_late_letter(c) => return Fate::Extend,
        _ => {}
    }
    match c.general_category() {
        // Private use has no meaning that two fonts share; what is not assigned today
        // may be a control tomorrow.
        G::Control | G::Format | G::Surrogate | G::PrivateUse | G::Unassigned => Fate::Hide,
        G::NonspacingMark | G::EnclosingMark | G::SpacingMark => Fate::Extend,
        _ => Fate::Base,
    }
}

fn is_tag(c: char) -> bool {
    matches!(c, '\u{E0000}'..='\u{E007F}')
}

fn is_regional(c: char) -> bool {
    matches!(c, '\u{1F1E6}'..='\u{1F1FF}')
}

fn is_leading_jamo(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115F}' | '\u{A960}'..='\u{A97C}')
}

/// Signs that stand before what they belong to: the number signs of Arabic, Syriac
/// and Kaithi (the format characters that are allowed, for they are visible), and letters.
fn is_prepended(c: char) -> bool {
    matches!(c,
        '\u{600}'..='\u{605}' | '\u{6DD}' | '\u{70F}' | '\u{890}' | '\u{891}' | '\u{8E2}'
        | '\u{110BD}' | '\u{110CD}'
        | '\u{D4E}' | '\u{111C2}' | '\u{111C3}' | '\u{113D1}' | '\u{1193F}' | '\u{11941}'
        | '\u{11A3A}' | '\u{11A84}'..='\u{11A89}' | '\u{11D46}' | '\u{11F02}')
}

/// Characters that are no marks by category and yet belong to the cluster before
/// them: vowels of Thai and Lao, jamo, half-width voicing marks, skin tones.
fn is_late_letter(c: char) -> bool {
    matches!(c,
        '\u{E33}' | '\u{EB3}' | '\u{1160}'..='\u{11FF}' | '\u{D7B0}'..='\u{D7C6}'
        | '\u{D7CB}'..='\u{D7FB}' | '\u{FF9E}' | '\u{FF9F}' | '\u{1F3FB}'..='\u{1F3FF}')
}

/// Marks that tie the next consonant to the one before.
fn is_virama(c: char) -> bool {
    matches!(
        c,
        '\u{94D}'
            | '\u{9CD}'
            | '\u{A4D}'
            | '\u{ACD}'
            | '\u{B4D}'
            | '\u{C4D}'
            | '\u{CCD}'
            | '\u{D4D}'
            | '\u{DCA}'
            | '\u{1039}'
            | '\u{17D2}'
            | '\u{1A60}'
            | '\u{1B44}'
            | '\u{1BAB}'
            | '\u{A9C0}'
            | '\u{AAF6}'
            | '\u{10A3F}'
            | '\u{11133}'
            | '\u{113D0}'
            | '\u{1193E}'
            | '\u{11A47}'
            | '\u{11A99}'
            | '\u{11F42}'
    )
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
