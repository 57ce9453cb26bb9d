//! `{{name}}` in a prompt: which variables it uses, and the text with their values.
//!
//! The engine is minijinja, held to what a prompt has a use for. What is live and what is text:
//!
//! | written | is |
//! |---|---|
//! | `{{ name }}`, `{{ name\|filter }}`, any expression that begins with a name, on one line | filled in |
//! | `{% if … %} {% elif … %} {% else %} {% endif %} {% for … %} {% endfor %}` | obeyed |
//! | `{% raw %} … {% endraw %}` | its contents, as they are |
//! | `{{}}`, `{{ "a": 1 }}`, `{{#if}}`, `{{{x}}}`, `${{ x }}`, `{# … #}`, `{%` before anything else | text |
//!
//! So JSON, code, LaTeX and Handlebars survive. A text in which nothing is live is not touched.
//! What looks live and is wrong is an error with its line; the caller then offers to send the
//! text as it is.
//!
//! No template runs for long or grows without end: each round of a loop and each filter is
//! charged to one budget, loops nest three deep, what is written has a limit, and nothing that
//! multiplies a text in memory (`~`, `+`, `*`, `set`, macros) is part of the language.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};

use super::near::did_you_mean;

/// Bytes of a filled prompt; more than any model's context.
const MOST_WRITTEN: usize = 16 << 20;

/// Bytes of all tags of one text: what has more is code, not a prompt.
const MOST_TAGS: usize = 16 << 10;

/// Bytes of one tag.
const MOST_TAG: usize = 1 << 10;

/// Loops within one another.
const MOST_NESTED: usize = 3;

/// What one filling may use up: each round of a loop takes as much as the tags have bytes, each
/// filter as much as it reads and writes.
const BUDGET: u64 = 32 << 20;

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

/// The function that charges a round of a loop; no name of a user's may begin like it.
const TICK: &str = "__bakeoff_round";

/// What the engine calls a prompt.
const NAME: &str = "prompt";

/// Names and values, in the order in which they were given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Values(Vec<(String, String)>);

impl Values {
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Sets a value; one that is there is replaced and keeps its place.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        match self.0.iter_mut().find(|(n, _)| n == name) {
            Some((_, old)) => *old = value.into(),
            None => self.0.push((name.to_owned(), value.into())),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These, with `other`'s where these have none.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let mut all = self.clone();
        for (name, value) in other.iter().filter(|(name, _)| self.get(name).is_none()) {
            all.0.push((name.to_owned(), value.to_owned()));
        }
        all
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Values {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// A prompt as it was written, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filled {
    pub template: String,
    /// Of its variables, and all else that its case says.
    pub values: Values,
    /// Number, from 1, and how many there are.
    pub case: Option<(usize, usize)>,
    /// What is sent.
    pub text: String,
}

/// Why a text is no template, or cannot be filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// From 1; 0 where it is of the whole text.
    pub line: usize,
    pub message: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.message),
            line => write!(f, "line {line}: {}", self.message),
        }
    }
}

/// A text with something live in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    /// As the engine reads it: text that looks live is protected, loops are charged.
    source: String,
    tags: Vec<(usize, String)>,
    names: Vec<String>,
}

impl Template {
    /// Reads a text; `None` where nothing in it is live.
    ///
    /// # Errors
    /// What looks live and is not right, with its line.
    pub fn parse(text: &str) -> Result<Option<Self>, TemplateError> {
        let mut scan = Scan { text, line: 1, at: 0, source: String::new(), tags: Vec::new(), depth: 0 };
        scan.all()?;
        let Scan { mut source, tags, .. } = scan;
        // The engine takes one line break from the end.
        source.push('\n');
        if tags.is_empty() {
            return Ok(None);
        }
        let used: usize = tags.iter().map(|(_, tag)| tag.len()).sum();
        if used > MOST_TAGS {
            let message = format!("{used} bytes in braces are more than a template of a prompt has");
            return Err(TemplateError { line: 0, message });
        }
        let mut new = Self { text: text.to_owned(), source, tags, names: Vec::new() };
        let environment = environment(&Arc::new(AtomicU64::new(0)), 0);
        let template = environment.template_from_str(&new.source).map_err(|e| new.explain(&e))?;
        let asked = template.undeclared_variables(false);
        let own: HashSet<&str> = environment.globals().map(|(name, _)| name).collect();
        let mut names: Vec<String> = Vec::new();
        for name in new.tags.iter().flat_map(|(_, tag)| words(tag)) {
            if asked.contains(name) && !own.contains(name) && !names.iter().any(|n| n == name) {
                names.push(name.to_owned());
            }
        }
        new.names = names;
        Ok(Some(new))
    }

    /// The variables it uses, in the order in which they first stand in it.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Those without a value.
    #[must_use]
    pub fn missing(&self, values: &Values) -> Vec<&str> {
        self.names.iter().map(String::as_str).filter(|name| values.get(name).is_none()).collect()
    }

    /// `{{tonee}}` for a value that it has no use for, and the name that was perhaps meant.
    #[must_use]
    pub fn unknown(&self, name: &str) -> Option<String> {
        let known = self.names.iter().any(|n| n == name);
        let near = || did_you_mean(name, self.names.iter().map(String::as_str));
        (!known).then(|| format!("the prompt has no {{{{{name}}}}}{}", near()))
    }

    /// Made ready to be filled, once or many times.
    ///
    /// # Errors
    /// None where it was read before; the engine reads it again.
    pub fn filler(&self) -> Result<Filler<'_>, TemplateError> {
        let spent = Arc::new(AtomicU64::new(0));
        let used: usize = self.tags.iter().map(|(_, tag)| tag.len() + 16).sum();
        let mut environment = environment(&spent, used as u64);
        environment.add_template(NAME, &self.source).map_err(|e| self.explain(&e))?;
        Ok(Filler { template: self, environment, spent })
    }

    /// The text with its values, all of which are texts; a value is put in as it is.
    ///
    /// # Errors
    /// A variable without a value, an expression that fails, or a template that does not end.
    pub fn fill(&self, values: &Values) -> Result<String, TemplateError> {
        self.filler()?.text(values)
    }

    /// The engine's words, with the tag that they are about.
    fn explain(&self, error: &Error) -> TemplateError {
        let line = error.line().unwrap_or(0);
        let tag = self.tags.iter().find(|(at, _)| *at == line).map(|(_, tag)| shorten(tag));
        let words = match (error.detail(), error.kind()) {
            (Some(detail), _) => detail.to_owned(),
            (None, ErrorKind::UndefinedError) => "there is nothing of that name".to_owned(),
            (None, kind) => kind.to_string(),
        };
        let message = match tag {
            Some(tag) if error.kind() == ErrorKind::SyntaxError => format!("{tag} is no template: {words}"),
            Some(tag) => format!("{tag}: {words}"),
            _ => words,
        };
        TemplateError { line, message }
    }
}

/// A template that is filled many times.
pub struct Filler<'t> {
    template: &'t Template,
    environment: Environment<'t>,
    spent: Arc<AtomicU64>,
}

impl Filler<'_> {
    fn text(&self, values: &Values) -> Result<String, TemplateError> {
        let template = self.template;
        if let Some(name) = template.missing(values).first() {
            let uses = |tag: &str| words(tag).any(|w| w == *name);
            let line = template.tags.iter().find(|(_, tag)| uses(tag)).map_or(0, |(line, _)| *line);
            let given = did_you_mean(name, values.names());
            return Err(TemplateError { line, message: format!("{{{{{name}}}}} has no value{given}") });
        }
        self.spent.store(0, Ordering::Relaxed);
        let explain = |e: Error| template.explain(&e);
        let names = template.names.iter();
        let context: HashMap<String, Value> =
            names.map(|name| (name.clone(), Value::from(values.get(name).unwrap_or_default()))).collect();
        let compiled = self.environment.get_template(NAME).map_err(explain)?;
        let mut out = Bounded(Vec::new());
        let done = compiled.render_captured_to(Value::from(context), &mut out).map(drop);
        done.map_err(|e| if out.0.len() > MOST_WRITTEN { too_large() } else { explain(e) })?;
        String::from_utf8(out.0)
            .map_err(|e| TemplateError { line: 0, message: format!("the filled prompt is no text: {e}") })
    }

    /// The text with the values that it needs; the others of a case are kept beside them.
    ///
    /// # Errors
    /// As [`Template::fill`].
    pub fn fill(&self, values: &Values, case: Option<(usize, usize)>) -> Result<Filled, TemplateError> {
        let text = self.text(values)?;
        Ok(Filled { template: self.template.text.clone(), values: values.clone(), case, text })
    }
}

impl Filled {
    /// A text filled in once.
    ///
    /// # Errors
    /// As [`Template::fill`].
    pub fn new(
        template: &Template,
        values: &Values,
        case: Option<(usize, usize)>,
    ) -> Result<Self, TemplateError> {
        template.filler()?.fill(values, case)
    }

    /// `case 3/12 · tone=angry · city=Bern`; values on one line each.
    #[must_use]
    pub fn label(&self) -> String {
        let case = self.case.map(|(at, of)| format!("case {at}/{of}"));
        let values = self.values.iter().map(|(name, value)| format!("{name}={value}"));
        case.into_iter().chain(values).collect::<Vec<_>>().join(" · ")
    }
}

fn too_large() -> TemplateError {
    TemplateError { line: 0, message: format!("the filled prompt is larger than {} MiB", MOST_WRITTEN >> 20) }
}

/// What is written until it is too much.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() > MOST_WRITTEN {
            return Err(io::Error::other("too large"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn shorten(tag: &str) -> String {
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
fn words(tag: &str) -> impl Iterator<Item = &str> {
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
struct Scan<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    source: String,
    /// Line and text of everything live.
    tags: Vec<(usize, String)>,
    depth: usize,
}

impl<'t> Scan<'t> {
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

/// Filters from a text to a text.
type TextFilter = (&'static str, fn(&str) -> String);

/// What a template can do: fill in, repeat, decide, and a few filters. It reaches no file.
fn environment<'t>(spent: &Arc<AtomicU64>, round: u64) -> Environment<'t> {
    let mut env = Environment::empty();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    env.set_debug(false);
    let charge = {
        let spent = Arc::clone(spent);
        move |units: u64| {
            // Never more at once than the sum has room for.
            let units = units.min(BUDGET) + 16;
            if spent.fetch_add(units, Ordering::Relaxed) + units > BUDGET {
                return Err(Error::new(
                    ErrorKind::InvalidOperation,
                    "it repeats too often, or works on too much text",
                ));
            }
            Ok(())
        }
    };
    let each = charge.clone();
    env.add_function(TICK, move || each(round).map(|()| ""));
    let each = charge.clone();
    env.add_function("range", move |from: u32, to: Option<u32>| {
        let (from, to) = to.map_or((0, from), |to| (from, to));
        each(u64::from(to.saturating_sub(from)).saturating_mul(16))?;
        Ok::<_, Error>((from..to).map(Value::from).collect::<Vec<_>>())
    });
    env.add_test("defined", |value: &Value| !value.is_undefined());
    let texts: [TextFilter; 5] = [
        ("upper", str::to_uppercase),
        ("lower", str::to_lowercase),
        ("trim", |text| text.trim().to_owned()),
        ("capitalize", capitalized),
        ("tojson", |text| serde_json::Value::from(text).to_string()),
    ];
    for (name, make) in texts {
        let each = charge.clone();
        env.add_filter(name, move |value: &Value| {
            let text = of_text(name, value)?;
            each(text.len() as u64 * 2)?;
            Ok::<_, Error>(make(&text))
        });
    }
    let each = charge.clone();
    env.add_filter("replace", move |value: &Value, from: &Value, to: &Value| {
        let (text, from, to) =
            (of_text("replace", value)?, of_text("replace", from)?, of_text("replace", to)?);
        let grown = (text.len() / from.len().max(1) + 1).saturating_mul(to.len());
        each(text.len().saturating_add(grown) as u64)?;
        Ok::<_, Error>(text.replace(from.as_str(), &to))
    });
    let each = charge.clone();
    env.add_filter("lines", move |value: &Value| {
        let text = of_text("lines", value)?;
        each(text.len() as u64 * 4)?;
        Ok::<_, Error>(text.lines().map(Value::from).collect::<Vec<_>>())
    });
    let each = charge.clone();
    env.add_filter("split", move |value: &Value, at: &Value| {
        let (text, at) = (of_text("split", value)?, of_text("split", at)?);
        each(text.len() as u64 * 16)?;
        Ok::<_, Error>(text.split(at.as_str()).map(Value::from).collect::<Vec<_>>())
    });
    let each = charge.clone();
    env.add_filter("join", move |value: &Value, between: &Value| {
        let between = of_text("join", between)?;
        let mut out = String::new();
        for (at, part) in value.try_iter()?.enumerate() {
            let part = of_text("join", &part)?;
            let between = if at == 0 { "" } else { between.as_str() };
            each((part.len() + between.len()) as u64)?;
            out.push_str(between);
            out.push_str(&part);
        }
        Ok::<_, Error>(out)
    });
    let each = charge;
    env.add_filter("length", move |value: &Value| {
        each(value.as_str().map_or(0, str::len) as u64)?;
        value
            .as_str()
            .map(|text| text.chars().count())
            .or_else(|| value.len())
            .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "length takes a text or a list"))
    });
    env.add_filter(
        "default",
        |value: Value, other: Value| {
            if value.as_str() == Some("") { other } else { value }
        },
    );
    env
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A text or a number; a list has to be joined first.
fn of_text(filter: &str, value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::String | ValueKind::Number | ValueKind::Bool => Ok(value.to_string()),
        kind => Err(Error::new(ErrorKind::InvalidOperation, format!("{filter} takes a text, not a {kind}"))),
    }
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
