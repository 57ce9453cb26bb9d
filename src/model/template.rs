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

mod engine;
mod scan;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use minijinja::{Environment, Error, ErrorKind, Value};
use serde::{Deserialize, Serialize};

use super::near::did_you_mean;
use super::reference::unescaped;
use engine::environment;
use scan::{Scan, shorten, words};

/// Bytes of a filled prompt; more than any model's context.
const MOST_WRITTEN: usize = 16 << 20;

/// Bytes of all tags of one text: what has more is code, not a prompt.
const MOST_TAGS: usize = 16 << 10;

/// What the engine calls a prompt.
const NAME: &str = "prompt";

/// Names and values, in the order in which they were given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
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
        Self::read(text, text)
    }

    /// Reads a prompt as somebody wrote it: `\@` at a word's start is an `@`. That holds for what
    /// was written alone; a value is data.
    ///
    /// # Errors
    /// As [`Template::parse`].
    pub fn of_prompt(written: &str) -> Result<Option<Self>, TemplateError> {
        Self::read(written, &unescaped(written))
    }

    fn read(written: &str, text: &str) -> Result<Option<Self>, TemplateError> {
        let (mut source, tags) = Scan::all_of(text)?;
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
        let mut new = Self { text: written.to_owned(), source, tags, names: Vec::new() };
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
    /// Nothing would be sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

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

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
