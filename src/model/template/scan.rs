//! What of a text is live: it goes to the engine; everything else is protected from it.

use super::TemplateError;
use super::engine::TICK;

/// Bytes of one tag.
const MOST_TAG: usize = 1 << 10;

/// Loops within one another.
const MOST_NESTED: usize = 3;

/// Statements that are obeyed; `raw` is read here, not by the engine.
const OBEYED: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];

/// Statements of Jinja that a prompt does without.
const FOREIGN: [&str; 20] = [
    "set",
    "endset",
    "block",
    "endblock",
    "macro",
    "endmacro",
    "include",
    "extends",
    "import",
    "from",
    "call",
    "endcall",
    "filter",
    "endfilter",
    "with",
    "endwith",
    "autoescape",
    "endautoescape",
    "do",
    "endraw",
];

pub(super) fn shorten(tag: &str) -> String {
    let mut letters = tag.chars();
    let short: String = letters.by_ref().take(40).collect();
    if letters.next().is_some() { format!("{short}…") } else { short }
}

/// The characters outside quotes, and whether a quote is open at the end.
fn outside(text: &str) -> (Vec<(usize, char)>, bool) {
    let mut out = Vec::new();
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            None => out.push((at, c)),
            Some(_) => {}
        }
    }
    (out, quote.is_some())
}

/// The words of a tag outside its quotes, each that could be a name.
pub(super) fn words(tag: &str) -> impl Iterator<Item = &str> {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for (at, c) in outside(tag).0.into_iter().filter(|(_, c)| c.is_alphanumeric() || *c == '_') {
        match spans.last_mut().filter(|(_, end)| *end == at) {
            Some((_, end)) => *end += c.len_utf8(),
            None => spans.push((at, at + c.len_utf8())),
        }
    }
    spans.into_iter().filter_map(|(from, to)| tag.get(from..to))
}

/// From text to what the engine reads.
pub(super) struct Scan<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    source: String,
    /// Line and text of everything live.
    tags: Vec<(usize, String)>,
    depth: usize,
}

impl<'t> Scan<'t> {
    /// The engine's source, and everything live with its line.
    pub(super) fn all_of(text: &'t str) -> Result<(String, Vec<(usize, String)>), TemplateError> {
        let mut scan = Self { text, line: 1, at: 0, source: String::new(), tags: Vec::new(), depth: 0 };
        scan.all()?;
        Ok((scan.source, scan.tags))
    }

    fn wrong(&self, message: String) -> TemplateError {
        TemplateError { line: self.line, message }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes over so many bytes, counting lines.
    fn pass(&mut self, bytes: usize) -> &'t str {
        let passed = self.rest().get(..bytes).unwrap_or_default();
        self.line += passed.matches('\n').count();
        self.at += bytes;
        passed
    }

    fn all(&mut self) -> Result<(), TemplateError> {
        while !self.rest().is_empty() {
            let plain = self.rest().find('{').unwrap_or(self.rest().len());
            let plain = self.pass(plain);
            self.source.push_str(plain);
            let braces = self.rest().bytes().take_while(|b| *b == b'{').count();
            let after = self.rest().get(braces..).unwrap_or_default();
            // A workflow's `${{ secrets.x }}` is not ours.
            let foreign = plain.ends_with('$');
            let live = match braces {
                0 => break,
                2 if !foreign => self.expression(after)?,
                1 if after.starts_with('%') => self.statement(after)?,
                _ => false,
            };
            if !live {
                let literal = self.pass(braces);
                let next = self.rest().chars().next();
                self.literal(literal, next);
            }
        }
        Ok(())
    }

    /// Text that the engine would take for something live is protected from it.
    fn literal(&mut self, text: &str, next: Option<char>) {
        let mut letters = text.chars().chain(next).peekable();
        let count = text.chars().count();
        for _ in 0..count {
            let Some(c) = letters.next() else { return };
            if c == '{' && matches!(letters.peek(), Some('{' | '%' | '#')) {
                self.source.push_str("{% raw %}{{% endraw %}");
            } else {
                self.source.push(c);
            }
        }
    }

    /// Keeps a tag of so many bytes.
    fn keep(&mut self, bytes: usize) -> &'t str {
        let line = self.line;
        let tag = self.pass(bytes);
        self.tags.push((line, tag.to_owned()));
        self.source.push_str(tag);
        tag
    }

    fn expression(&mut self, after: &'t str) -> Result<bool, TemplateError> {
        let body = after.strip_prefix('-').unwrap_or(after).trim_start_matches([' ', '\t']);
        if !body.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return Ok(false);
        }
        let Some(end) = close(after, "}}") else {
            let name: String = body.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let next = body.get(name.len()..).unwrap_or_default().trim_start_matches([' ', '\t']);
            if next.starts_with('}') {
                return Err(self.wrong(format!("{{{{{name}}} is closed by one brace, not by two")));
            }
            return Ok(false);
        };
        let inside = after.get(..end).unwrap_or_default();
        self.allowed(inside)?;
        let name = inside.trim_matches(['-', ' ', '\t']);
        if !name.is_ascii() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
            return Err(self.wrong(format!("{{{{{name}}}}}: a name has letters a to z, digits and _")));
        }
        let dashed = name
            .split('-')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
        if name.contains('-') && dashed {
            let right = name.replace('-', "_");
            return Err(self.wrong(format!("{{{{{name}}}}}: a name has no dash; write {{{{{right}}}}}")));
        }
        self.keep(2 + end + 2);
        Ok(true)
    }

    fn statement(&mut self, after: &'t str) -> Result<bool, TemplateError> {
        let body = after.trim_start_matches('%');
        let body = body.strip_prefix('-').unwrap_or(body).trim_start_matches([' ', '\t']);
        let word: &str = body.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        let Some(end) = close(after.get(1..).unwrap_or_default(), "%}") else { return Ok(false) };
        let inside = after.get(1..=end).unwrap_or_default();
        let bytes = 2 + end + 2;
        if word == "raw" && inside.trim_matches(['-', ' ', '\t']) == "raw" {
            return self.raw(bytes).map(|()| true);
        }
        if FOREIGN.contains(&word) {
            return Err(self.wrong(format!("{{% {word} %}} is not for prompts: they have if, for and raw")));
        }
        if !OBEYED.contains(&word) {
            return Ok(false);
        }
        self.allowed(inside)?;
        match word {
            "for" => self.depth += 1,
            "endfor" => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if self.depth > MOST_NESTED {
            return Err(self.wrong(format!("loops nest {MOST_NESTED} deep in a prompt, not more")));
        }
        if word == "for" && words(inside).last() == Some("recursive") {
            return Err(self.wrong("a loop of a prompt is not recursive".into()));
        }
        let tag = self.keep(bytes);
        if word == "for" {
            // White space is trimmed on that side on which the tag trims it.
            let trims = if tag.ends_with("-%}") { "-" } else { "" };
            self.source.extend(["{{ ", TICK, "() ", trims, "}}"]);
        }
        Ok(true)
    }

    fn raw(&mut self, bytes: usize) -> Result<(), TemplateError> {
        let line = self.line;
        let inside = self.rest().get(bytes..).unwrap_or_default();
        let ends = inside.match_indices("{%").find_map(|(at, _)| {
            let tail = inside.get(at + 2..)?;
            let word = tail.trim_start_matches(['-', ' ', '\t']).strip_prefix("endraw")?;
            let rest = word.trim_start_matches(['-', ' ', '\t']).strip_prefix("%}")?;
            Some((at, inside.len() - rest.len()))
        });
        let Some((end, all)) = ends else {
            return Err(self.wrong("{% raw %} is not closed: {% endraw %} is missing".into()));
        };
        self.tags.push((line, "{% raw %}".into()));
        self.pass(bytes);
        let text = self.pass(end);
        // A brace at its end is not joined with what follows.
        self.literal(text, Some('{'));
        self.pass(all - end);
        Ok(())
    }

    /// What would multiply a text in memory is no part of the language.
    fn allowed(&self, inside: &str) -> Result<(), TemplateError> {
        if let Some((_, c)) = outside(inside).0.into_iter().find(|(_, c)| matches!(c, '~' | '+' | '*')) {
            let tag = shorten(inside.trim_matches(['-', ' ', '\t']));
            return Err(self.wrong(format!("{tag}: {c} is not for prompts; write texts one after another")));
        }
        match words(inside).find(|w| w.starts_with("__")) {
            Some(word) => Err(self.wrong(format!("{word}: a name does not begin with two underscores"))),
            None => Ok(()),
        }
    }
}

/// Bytes before the end of a tag, on its line and outside quotes; where a quote is not closed, anywhere.
fn close(text: &str, end: &str) -> Option<usize> {
    // However long the line: what is not closed is looked for once more at the next brace.
    let near = text.get(..text.floor_char_boundary(MOST_TAG)).unwrap_or_default();
    let line = near.split('\n').next().unwrap_or_default();
    // Most braces of code never close: they are not read character by character.
    line.find(end)?;
    let (open, quoted) = outside(line);
    let ends = |at: &usize| line.get(*at..).is_some_and(|rest| rest.starts_with(end));
    open.into_iter().map(|(at, _)| at).find(ends).or_else(|| line.find(end).filter(|_| quoted))
}
