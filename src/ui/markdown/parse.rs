//! One unit of Markdown, read into lines that any width can be made of.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd};

use super::ink::{Ink, Role};
use crate::model::clean;

/// Text with the ink of each piece.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Inked {
    pub(super) text: String,
    pub(super) spans: Vec<Span>,
}

/// A piece up to byte `end` of the text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    pub(super) end: u32,
    pub(super) ink: Ink,
    /// Where it begins in the unit's source.
    pub(super) source: u32,
}

impl Inked {
    pub(super) fn push(&mut self, text: &str, ink: Ink, source: usize) {
        if text.is_empty() {
            return;
        }
        let start = small(self.text.len());
        self.text.push_str(text);
        let end = small(self.text.len());
        let before = self.spans.len().checked_sub(2).and_then(|at| self.spans.get(at)).map_or(0, |s| s.end);
        let follows = self.spans.last().map_or(0, |last| last.source + (start - before));
        // What the source does not say stands where it was added.
        let source = if source == 0 { follows } else { small(source) };
        match self.spans.last_mut() {
            Some(last) if last.ink == ink && source == follows => last.end = end,
            _ => self.spans.push(Span { end, ink, source }),
        }
    }

    /// The pieces within a range of the text.
    pub(super) fn pieces(&self, range: Range<usize>) -> impl Iterator<Item = (&str, Ink)> {
        let first = self.spans.partition_point(|s| s.end as usize <= range.start);
        let mut at = range.start;
        self.spans.get(first..).unwrap_or_default().iter().map_while(move |span| {
            let piece = at..range.end.min(span.end as usize);
            at = piece.end;
            self.text.get(piece).filter(|t| !t.is_empty()).map(|text| (text, span.ink))
        })
    }

    /// The place in the unit's source from which a byte of the text came, as near as is known.
    pub(super) fn source_of(&self, byte: usize) -> usize {
        let at = self.spans.partition_point(|s| s.end as usize <= byte);
        let Some(span) = self.spans.get(at).or(self.spans.last()) else { return 0 };
        let start = at.checked_sub(1).and_then(|before| self.spans.get(before)).map_or(0, |s| s.end as usize);
        span.source as usize + byte.saturating_sub(start)
    }
}

/// A unit is at most 32 kB long, or a fenced block of less than 4 GB.
pub(super) fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// What one line is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// Wrapped between words.
    Words,
    /// Wrapped wherever it is full: blanks mean something.
    Code,
    /// Across the whole width.
    Rule,
    Gap,
    Table(Box<Table>),
}

/// One line before it is wrapped.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Logical {
    pub(super) kind: Kind,
    /// Of the unit's text.
    pub(super) range: Range<u32>,
    /// What stands before its first row, and before those that wrapping adds.
    pub(super) first: Box<str>,
    pub(super) rest: Box<str>,
    /// Where it begins in the unit's source.
    pub(super) source: u32,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Table {
    pub(super) aligned: Vec<Align>,
    /// The first row is the head.
    pub(super) rows: Vec<Vec<Inked>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

/// One unit, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Doc {
    pub(super) inked: Inked,
    pub(super) lines: Vec<Logical>,
    /// The unit is a heading.
    pub(super) heading: bool,
}

/// Reads one unit. `open` says that it may still grow: what is begun then counts as if it were
/// closed, so that emphasis does not jump when its end arrives.
pub(super) fn parse(source: &str, open: bool) -> Doc {
    let mut text = protect_maths(source);
    if open {
        let closing = closing(&text);
        if !closing.is_empty() {
            let kept = text.trim_end().len();
            text = Cow::Owned(format!("{}{closing}", text.get(..kept).unwrap_or_default()));
        }
    }
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_MATH;
    let mut reader = Reader { source, ..Reader::default() };
    for (event, range) in Parser::new_ext(&text, options).into_offset_iter() {
        reader.event(event, range);
    }
    reader.flush();
    reader.doc
}

/// Language and text of every block of code in a text, those in lists and quotes included.
#[must_use]
pub fn code_blocks(text: &str) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for event in Parser::new_ext(text, Options::empty()) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                inside = true;
                let language = match &kind {
                    CodeBlockKind::Fenced(info) => info.split([' ', ',', '{']).next().unwrap_or_default(),
                    CodeBlockKind::Indented => "",
                };
                out.push((clean(language), String::new()));
            }
            Event::End(TagEnd::CodeBlock) => inside = false,
            Event::Text(text) if inside => {
                if let Some((_, code)) = out.last_mut() {
                    code.push_str(&text);
                }
            }
            _ => {}
        }
    }
    out
}

/// Maths in TeX's brackets is kept from being read as Markdown: the brackets become back-ticks,
/// which are as long, so that every place stays where it is.
fn protect_maths(source: &str) -> Cow<'_, str> {
    if !source.contains("\\(") && !source.contains("\\[") {
        return Cow::Borrowed(source);
    }
    let mut out = source.to_owned();
    for (open, close) in [("\\(", "\\)"), ("\\[", "\\]")] {
        let mut from = 0;
        while let Some(start) = out.get(from..).and_then(|rest| rest.find(open)).map(|at| from + at) {
            let inside = start + open.len();
            let Some(end) = out.get(inside..).and_then(|rest| rest.find(close)).map(|at| inside + at) else {
                break;
            };
            let line = out.get(..start).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
            // A run of back-ticks opens code, the next one closes it.
            let runs = line.split(|c| c != '`').filter(|run| !run.is_empty()).count();
            if runs % 2 == 1 {
                from = inside;
                continue;
            }
            let body = out.get(inside..end).unwrap_or_default();
            if !body.contains('`') && !body.contains("\n\n") && !body.is_empty() {
                out.replace_range(end..end + close.len(), "``");
                out.replace_range(start..inside, "``");
            }
            from = end + close.len();
        }
    }
    Cow::Owned(out)
}

/// What would close the emphasis and the code that the last line has begun.
fn closing(source: &str) -> String {
    let last = source.trim_end().rsplit('\n').next().unwrap_or_default();
    let mut out = String::new();
    if last.matches('`').count() % 2 == 1 {
        // Within code a star is a star.
        out.push('`');
        return out;
    }
    if last.ends_with(['*', '_']) {
        return out;
    }
    let double = last.matches("**").count();
    let single = last.matches('*').count() - 2 * double;
    let bullet = usize::from(last.trim_start().starts_with("* "));
    if single.saturating_sub(bullet) % 2 == 1 && !last.contains(" * ") {
        out.push('*');
    }
    if double % 2 == 1 {
        out.push_str("**");
    }
    out
}

/// A quote or an item around what is read.
#[derive(Debug, Default)]
struct Around {
    /// Before its first line; taken by it.
    first: Option<String>,
    rest: String,
}

#[derive(Debug, Default)]
struct Reader<'s> {
    source: &'s str,
    doc: Doc,
    around: Vec<Around>,
    /// The next number of each list; none where it has bullets.
    lists: Vec<Option<u64>>,
    ink: Ink,
    inks: Vec<Ink>,
    /// Where the line being written begins, in the text and in the source.
    line: Option<(usize, usize)>,
    links: Vec<(String, usize)>,
    table: Option<Table>,
    code: bool,
    /// Something stands above in this unit.
    begun: bool,
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        // What was added to close an open end is no part of the source.
        let range = range.start.min(self.source.len())..range.end.min(self.source.len());
        let raw = self.source.get(range.clone()).unwrap_or_default();
        match event {
            Event::Start(tag) => self.start(tag, &range),
            Event::End(tag) => self.end(tag),
            // As it was written: brackets of maths are no back-ticks here.
            Event::Text(text) if self.code && text.len() == raw.len() => self.code_text(raw, range.start),
            Event::Text(text) if self.code => self.code_text(&clean(&text), range.start),
            // What an entity stands for has not been through the filter.
            Event::Text(text) if *text != *raw => self.push(&clean(&text).replace('\n', " "), range.start),
            Event::Text(text) => self.push(&text, range.start),
            Event::Code(text) => {
                let ink = Ink { role: Role::Code, ..self.ink };
                if raw.starts_with('\\') {
                    self.raw_lines(raw, ink, range.start);
                } else {
                    self.push_inked(&text, ink, range.start);
                }
            }
            Event::InlineMath(_) | Event::DisplayMath(_) => {
                self.raw_lines(raw, Ink { role: Role::Code, ..self.ink }, range.start);
            }
            Event::InlineHtml(_) if is_break(raw) => self.break_line(),
            Event::Html(_) | Event::InlineHtml(_) | Event::FootnoteReference(_) => {
                self.raw_lines(raw, self.ink, range.start);
            }
            Event::SoftBreak | Event::HardBreak => self.break_line(),
            Event::Rule => {
                self.open_block(range.start);
                self.put(Kind::Rule, small(range.start));
            }
            Event::TaskListMarker(done) => {
                self.push_inked(if done { "☑ " } else { "☐ " }, Role::Mark.into(), range.start);
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: &Range<usize>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.open_block(range.start),
            Tag::Heading { level, .. } => {
                self.open_block(range.start);
                if !self.begun && self.around.is_empty() {
                    self.doc.heading = true;
                }
                let role = match level {
                    HeadingLevel::H1 => Role::Heading1,
                    HeadingLevel::H2 => Role::Heading2,
                    _ => Role::Heading3,
                };
                self.with(Ink { role, ..self.ink });
            }
            Tag::BlockQuote(_) => {
                self.open_block(range.start);
                self.around.push(Around { first: None, rest: "│ ".into() });
            }
            Tag::CodeBlock(kind) => {
                self.open_block(range.start);
                if let CodeBlockKind::Fenced(language) = kind
                    && !language.is_empty()
                {
                    self.push_inked(&clean(&language), Role::Mark.into(), range.start);
                    self.flush();
                }
                self.code = true;
            }
            Tag::List(first) => {
                self.open_block(range.start);
                self.lists.push(first);
            }
            Tag::Item => self.item(range.start),
            Tag::FootnoteDefinition(name) => {
                self.open_block(range.start);
                let first = format!("[^{}]: ", clean(&name));
                self.around.push(Around { rest: " ".repeat(2), first: Some(first) });
            }
            Tag::Table(aligned) => {
                self.open_block(range.start);
                let aligned = aligned.into_iter().map(|a| match a {
                    Alignment::Right => Align::Right,
                    Alignment::Center => Align::Centre,
                    Alignment::Left | Alignment::None => Align::Left,
                });
                self.table = Some(Table { aligned: aligned.collect(), rows: Vec::new() });
                self.line = Some((self.doc.inked.text.len(), range.start));
            }
            Tag::TableHead | Tag::TableRow => self.table_rows(|rows| rows.push(Vec::new())),
            Tag::TableCell => {
                self.table_rows(|rows| {
                    rows.last_mut().into_iter().for_each(|row| row.push(Inked::default()));
                });
            }
            Tag::Emphasis => self.with(Ink { emphasis: true, ..self.ink }),
            Tag::Strong => self.with(Ink { strong: true, ..self.ink }),
            Tag::Strikethrough => {
                // One tilde is "about".
                let real = self.source.get(range.clone()).is_some_and(|s| s.starts_with("~~"));
                if !real {
                    self.push("~", range.start);
                }
                self.with(Ink { struck: self.ink.struck || real, ..self.ink });
            }
            Tag::Link { link_type, dest_url, .. } => {
                let plain = matches!(link_type, LinkType::Autolink | LinkType::Email);
                let from = self.written();
                self.links.push((if plain { String::new() } else { host(&dest_url) }, from));
                self.with(Ink { role: Role::Link, ..self.ink });
            }
            Tag::Image { dest_url, .. } => {
                self.push_inked("image: ", Role::Mark.into(), range.start);
                let from = self.written();
                self.links.push((host(&dest_url), from));
                self.with(Ink { role: Role::Link, ..self.ink });
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.flush(),
            TagEnd::Heading(_) => {
                self.flush();
                self.without();
            }
            TagEnd::BlockQuote(_) | TagEnd::FootnoteDefinition | TagEnd::Item => {
                self.flush();
                // An item without a word has its marker all the same.
                if self.around.last().is_some_and(|a| a.first.is_some()) {
                    self.line = Some((self.doc.inked.text.len(), 0));
                    self.flush();
                }
                self.around.pop();
            }
            TagEnd::CodeBlock => {
                self.flush();
                self.code = false;
            }
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::Table => {
                let source = self.line.take().map_or(0, |(_, source)| source);
                if let Some(table) = self.table.take() {
                    self.put(Kind::Table(Box::new(table)), small(source));
                }
            }
            TagEnd::Strikethrough => {
                let real = self.ink.struck;
                self.without();
                if !real {
                    self.push("~", 0);
                }
            }
            TagEnd::Emphasis | TagEnd::Strong => self.without(),
            TagEnd::Link | TagEnd::Image => {
                self.without();
                if let Some((host, from)) = self.links.pop()
                    && !host.is_empty()
                    && !says(self.written_since(from), &host)
                {
                    self.push_inked(&format!(" ({host})"), Role::Mark.into(), 0);
                }
            }
            _ => {}
        }
    }

    fn item(&mut self, start: usize) {
        self.flush();
        if self.begun && blank_before(self.source, start) {
            self.put(Kind::Gap, small(start));
        }
        let marker = match self.lists.last_mut() {
            Some(Some(number)) => {
                let marker = format!("{number}. ");
                *number += 1;
                marker
            }
            _ => "• ".to_owned(),
        };
        let rest = " ".repeat(marker.chars().count());
        self.around.push(Around { first: Some(marker), rest });
    }

    fn with(&mut self, ink: Ink) {
        self.inks.push(self.ink);
        self.ink = ink;
    }

    fn without(&mut self) {
        self.ink = self.inks.pop().unwrap_or_default();
    }

    fn table_rows(&mut self, change: impl FnOnce(&mut Vec<Vec<Inked>>)) {
        if let Some(table) = &mut self.table {
            change(&mut table.rows);
        }
    }

    /// Where text goes: the cell of a table, or the unit.
    fn target(&mut self) -> &mut Inked {
        match &mut self.table {
            Some(table) => match table.rows.last_mut().and_then(|row| row.last_mut()) {
                Some(cell) => cell,
                None => &mut self.doc.inked,
            },
            None => &mut self.doc.inked,
        }
    }

    fn written(&mut self) -> usize {
        self.target().text.len()
    }

    fn written_since(&mut self, from: usize) -> &str {
        self.target().text.get(from..).unwrap_or_default()
    }

    fn push(&mut self, text: &str, source: usize) {
        self.push_inked(text, self.ink, source);
    }

    fn push_inked(&mut self, text: &str, ink: Ink, source: usize) {
        if self.table.is_none() && self.line.is_none() {
            self.line = Some((self.doc.inked.text.len(), source));
        }
        self.target().push(text, ink, source);
    }

    fn raw_lines(&mut self, raw: &str, ink: Ink, source: usize) {
        let mut at = source;
        for (number, line) in raw.trim_end_matches('\n').split('\n').enumerate() {
            if number > 0 {
                self.break_line();
            }
            self.push_inked(line, ink, at);
            at += line.len() + 1;
        }
    }

    fn code_text(&mut self, text: &str, source: usize) {
        let mut at = source;
        for line in text.split_inclusive('\n') {
            let code = line.trim_end_matches('\n');
            self.line.get_or_insert((self.doc.inked.text.len(), at));
            self.push_inked(code, Role::Code.into(), at);
            if line.ends_with('\n') {
                self.flush();
            }
            at += line.len();
        }
    }

    fn break_line(&mut self) {
        if self.table.is_some() {
            self.target().push("\n", Ink::default(), 0);
        } else {
            self.flush();
        }
    }

    /// A block begins: what was being written is a line, and the source's empty line is kept.
    fn open_block(&mut self, start: usize) {
        self.flush();
        // What stands behind a bullet stands on its line.
        let fresh = self.around.last().is_some_and(|a| a.first.is_some());
        if self.begun && !fresh && blank_before(self.source, start) {
            self.put(Kind::Gap, small(start));
        }
    }

    /// Ends the line that is being written, if there is one.
    fn flush(&mut self) {
        if let Some((_, source)) = self.line.filter(|_| self.table.is_none()) {
            self.put(if self.code { Kind::Code } else { Kind::Words }, small(source));
        }
    }

    fn put(&mut self, kind: Kind, source: u32) {
        let end = small(self.doc.inked.text.len());
        let start = self.line.take().map_or(end, |(start, _)| small(start));
        let (mut first, mut rest) = (String::new(), String::new());
        for around in &mut self.around {
            let taken = if kind == Kind::Gap { None } else { around.first.take() };
            first.push_str(taken.as_deref().unwrap_or(&around.rest));
            rest.push_str(&around.rest);
        }
        if kind == Kind::Gap {
            first.truncate(first.trim_end().len());
        }
        self.begun = true;
        self.doc.lines.push(Logical {
            kind,
            range: start..end,
            first: first.into(),
            rest: rest.into(),
            source,
        });
    }
}

fn is_break(html: &str) -> bool {
    let inner = html.trim_start_matches('<').trim_end_matches('>').trim_end_matches('/').trim();
    inner.eq_ignore_ascii_case("br")
}

/// The host of an address: where a link would lead. Never the address itself, which a reader
/// would take for checked.
fn host(address: &str) -> String {
    // Browsers read a backslash as a slash.
    let address = clean(address).replace('\\', "/");
    let whole = address.strip_prefix("//").or_else(|| address.split_once("://").map(|(_, rest)| rest));
    let Some(rest) = whole else {
        // A mail address or a place in the same text; a script has no host and gets no mark.
        return address.strip_prefix("mailto:").unwrap_or_default().to_owned();
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default().to_owned()
}

/// Whether the text of a link is the host that it leads to, or an address there.
fn says(text: &str, to: &str) -> bool {
    text == to || host(text) == to
}

/// Whether the line above this place is empty, apart from the bars of quotes.
fn blank_before(source: &str, at: usize) -> bool {
    let before = source.get(..at).unwrap_or_default();
    let Some(line) = before.rfind('\n') else { return false };
    let above = before.get(..line).unwrap_or_default();
    above.rsplit('\n').next().is_some_and(|l| l.trim_matches([' ', '>']).is_empty())
}
