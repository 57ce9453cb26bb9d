//! The configuration file: read whole or not at all, errors with line and column.
//!
//! Unknown keys are errors, because a mistyped key that is silently ignored is a
//! setting that silently does not hold. There is no project-level configuration:
//! a repository must not be able to say where keys are sent.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use crate::model::Endpoint;
use crate::model::Lineup;
use crate::model::PARAMS;
use crate::model::Params;
use crate::model::clean_line;
use crate::model::did_you_mean;
use crate::provider::PROVIDERS;
use crate::provider::Place;
use crate::provider::parse_address;
use crate::provider::provider;
use crate::provider::unknown_provider;

/// A config is written by hand; one larger than this is not one.
const MOST_BYTES: u64 = 1 << 20;

/// Time limits as the file gives them; `None` keeps the default.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Timeouts {
    pub connect: Option<Duration>,
    pub first_event: Option<Duration>,
    pub first_event_thinking: Option<Duration>,
    pub idle: Option<Duration>,
}

/// One line of `[keys.pane]` or `[keys.prompt]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    pub focus: String,
    pub command: String,
    pub keys: Vec<String>,
}

/// What the file says, checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    pub theme: Option<String>,
    /// Line and column of the theme's name, for whoever knows the themes.
    pub theme_at: Option<(usize, usize)>,
    /// Name of the lineup that opens by default.
    pub lineup: Option<String>,
    pub system: Option<String>,
    pub defaults: Params,
    pub endpoints: Vec<Endpoint>,
    pub lineups: Vec<Lineup>,
    pub timeouts: Timeouts,
    pub keys: Vec<KeyRow>,
}

/// What is wrong with the file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    pub path: PathBuf,
    /// Line and column, from 1, where the place is known.
    pub at: Option<(usize, usize)>,
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", clean_line(&self.path.display().to_string()))?;
        if let Some((line, column)) = self.at {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", clean_line(&self.message))
    }
}

impl std::error::Error for ConfigError {}

/// Where the configuration lies: `BAKEOFF_CONFIG`, else the platform's place.
/// `None` when neither can be told (no home directory).
#[must_use]
pub fn config_path() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("BAKEOFF_CONFIG").filter(|p| !p.is_empty()) {
        return Some(PathBuf::from(path));
    }
    directories::ProjectDirs::from("", "", "bakeoff").map(|d| d.config_dir().join("config.toml"))
}

impl Config {
    /// Reads the file. One that does not exist is an empty configuration, unless it was asked for by name.
    ///
    /// # Errors
    /// The first thing wrong with it, with its place.
    pub fn load(path: &Path, must_exist: bool) -> Result<Self, ConfigError> {
        let fail = |message: String| ConfigError { path: path.to_owned(), at: None, message };
        match std::fs::metadata(path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && !must_exist => return Ok(Self::default()),
            Err(e) => return Err(fail(format!("cannot be read: {e}"))),
            Ok(m) if m.len() > MOST_BYTES => {
                return Err(fail(format!("{} bytes are more than a configuration has", m.len())));
            }
            Ok(_) => {}
        }
        let bytes = std::fs::read(path).map_err(|e| fail(format!("cannot be read: {e}")))?;
        let text = String::from_utf8(bytes).map_err(|e| {
            let good =
                String::from_utf8_lossy(e.as_bytes().get(..e.utf8_error().valid_up_to()).unwrap_or_default())
                    .into_owned();
            ConfigError {
                path: path.to_owned(),
                at: Some(place(&good, good.len())),
                message: "not UTF-8 from here on: save the file as UTF-8".into(),
            }
        })?;
        Self::parse(&text, path)
    }

    /// Reads a configuration's text; `path` is for messages.
    ///
    /// # Errors
    /// The first thing wrong with it, with its place.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let locate = |wrong: Wrong| ConfigError {
            path: path.to_owned(),
            at: wrong.span.map(|s| place(text, s.start)),
            message: wrong.message,
        };
        let raw: Raw = toml::from_str(text).map_err(|e| {
            let message = explain(e.message());
            locate(Wrong { span: e.span(), message })
        })?;
        let theme_at = raw.theme.as_ref().map(|t| place(text, t.span().start));
        let config = raw.check().map_err(locate)?;
        Ok(Self { theme_at, ..config })
    }

    /// The endpoint with this name.
    #[must_use]
    pub fn endpoint(&self, name: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|e| e.name == name)
    }

    /// The lineup with this name.
    ///
    /// # Errors
    /// A sentence with the names there are.
    pub fn lineup_named(&self, name: &str) -> Result<Lineup, String> {
        self.lineups.iter().find(|l| l.name == name).cloned().ok_or_else(|| {
            let names: Vec<_> = self.lineups.iter().map(|l| l.name.as_str()).collect();
            if names.is_empty() {
                format!("no lineup {name:?}: the config has no [[lineup_set]]")
            } else {
                format!(
                    "no lineup {name:?}{}: {}",
                    did_you_mean(name, names.iter().copied()),
                    names.join(", ")
                )
            }
        })
    }
}

struct Wrong {
    span: Option<Range<usize>>,
    message: String,
}

impl Wrong {
    fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span: Some(span), message: message.into() }
    }
}

/// Line and column (in characters) of a byte offset, from 1.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// The parser's sentence, with the nearest right word where it names the right ones.
fn explain(message: &str) -> String {
    let Some(rest) = message.strip_prefix("unknown field `") else { return message.to_owned() };
    let Some((wrong, rest)) = rest.split_once('`') else { return message.to_owned() };
    if wrong == "api_key" {
        return "a key does not belong in the configuration: name its variable with api_key_env".into();
    }
    let known: Vec<_> = rest.split('`').skip(1).step_by(2).collect();
    format!("unknown key {wrong:?}{}: {}", did_you_mean(wrong, known.iter().copied()), known.join(", "))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    theme: Option<Spanned<String>>,
    lineup: Option<Spanned<String>>,
    #[serde(default)]
    defaults: RawDefaults,
    #[serde(default)]
    timeouts: RawTimeouts,
    #[serde(default)]
    endpoint: Vec<RawEndpoint>,
    #[serde(default)]
    lineup_set: Vec<RawLineup>,
    #[serde(default)]
    keys: RawKeys,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawDefaults {
    system: Option<String>,
    max_tokens: Option<Spanned<toml::Value>>,
    temperature: Option<Spanned<toml::Value>>,
    reasoning_effort: Option<Spanned<toml::Value>>,
    thinking: Option<Spanned<toml::Value>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the keys of the file carry their unit")]
struct RawTimeouts {
    connect_s: Option<Spanned<f64>>,
    first_event_s: Option<Spanned<f64>>,
    first_event_thinking_s: Option<Spanned<f64>>,
    idle_s: Option<Spanned<f64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEndpoint {
    name: Option<Spanned<String>>,
    provider: Spanned<String>,
    model: Spanned<String>,
    region: Option<Spanned<String>>,
    base_url: Option<Spanned<String>>,
    api_key_env: Option<Spanned<String>>,
    system: Option<String>,
    #[serde(default)]
    allow_plain_http: bool,
    params: Option<Spanned<toml::Table>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLineup {
    name: Spanned<String>,
    endpoints: Vec<Spanned<String>>,
    baseline: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawKeys {
    #[serde(default)]
    prompt: toml::Table,
    #[serde(default)]
    pane: toml::Table,
}

impl Raw {
    fn check(self) -> Result<Config, Wrong> {
        let defaults = self.defaults.check()?;
        let mut endpoints: Vec<Endpoint> = Vec::new();
        for raw in self.endpoint {
            let span = raw.name.as_ref().map_or(raw.model.span(), Spanned::span);
            let endpoint = raw.check(defaults)?;
            if endpoints.iter().any(|e| e.name == endpoint.name) {
                return Err(Wrong::at(span, format!("a second endpoint is called {:?}", endpoint.name)));
            }
            endpoints.push(endpoint);
        }
        let mut lineups: Vec<Lineup> = Vec::new();
        for raw in self.lineup_set {
            let span = raw.name.span();
            let lineup = raw.check(&endpoints)?;
            if lineups.iter().any(|l| l.name == lineup.name) {
                return Err(Wrong::at(span, format!("a second lineup is called {:?}", lineup.name)));
            }
            lineups.push(lineup);
        }
        if let Some(name) = &self.lineup
            && !lineups.iter().any(|l| l.name == *name.get_ref())
        {
            let known: Vec<_> = lineups.iter().map(|l| l.name.as_str()).collect();
            let near = did_you_mean(name.get_ref(), known.iter().copied());
            return Err(Wrong::at(name.span(), format!("no lineup is called {:?}{near}", name.get_ref())));
        }
        Ok(Config {
            theme: self.theme.map(Spanned::into_inner),
            theme_at: None,
            lineup: self.lineup.map(Spanned::into_inner),
            system: self.defaults.system,
            defaults,
            endpoints,
            lineups,
            timeouts: self.timeouts.check()?,
            keys: self.keys.check()?,
        })
    }
}

fn set(params: &mut Params, name: &str, value: &toml::Value, span: Range<usize>) -> Result<(), Wrong> {
    let text = match value {
        toml::Value::String(s) => s.clone(),
        other => other.to_string(),
    };
    params.set(name, &text).map_err(|message| Wrong::at(span, message))
}

impl RawDefaults {
    fn check(&self) -> Result<Params, Wrong> {
        let mut params = Params::default();
        let rows = [
            ("max_tokens", &self.max_tokens),
            ("temperature", &self.temperature),
            ("reasoning_effort", &self.reasoning_effort),
            ("thinking", &self.thinking),
        ];
        for (name, value) in rows {
            if let Some(value) = value {
                set(&mut params, name, value.get_ref(), value.span())?;
            }
        }
        Ok(params)
    }
}

impl RawTimeouts {
    fn check(self) -> Result<Timeouts, Wrong> {
        let seconds = |value: Option<Spanned<f64>>| match value {
            None => Ok(None),
            Some(v) => match Duration::try_from_secs_f64(*v.get_ref()) {
                Ok(d) if !d.is_zero() => Ok(Some(d)),
                _ => Err(Wrong::at(v.span(), "a time limit is a positive number of seconds")),
            },
        };
        Ok(Timeouts {
            connect: seconds(self.connect_s)?,
            first_event: seconds(self.first_event_s)?,
            first_event_thinking: seconds(self.first_event_thinking_s)?,
            idle: seconds(self.idle_s)?,
        })
    }
}

impl RawEndpoint {
    fn check(self, defaults: Params) -> Result<Endpoint, Wrong> {
        let id = self.provider.get_ref();
        let row = provider(id).ok_or_else(|| Wrong::at(self.provider.span(), unknown_provider(id)))?;
        if let Some(region) = self.region.as_ref().filter(|_| row.place != Place::Region) {
            let takes: Vec<_> = PROVIDERS.iter().filter(|p| p.place == Place::Region).map(|p| p.id).collect();
            let message = format!("{} has no regions; {} has", row.id, takes.join(", "));
            return Err(Wrong::at(region.span(), message));
        }
        if row.base_url.is_none() && row.place == Place::BaseUrl && self.base_url.is_none() {
            return Err(Wrong::at(self.provider.span(), format!("{} needs a base_url", row.id)));
        }
        if self.model.get_ref().trim().is_empty() {
            return Err(Wrong::at(self.model.span(), "an endpoint needs a model"));
        }
        if let Some(url) = &self.base_url {
            parse_address(url.get_ref(), None).map_err(|e| Wrong::at(url.span(), e))?;
        }
        let mut params = Params::default();
        if let Some(table) = &self.params {
            for (name, value) in table.get_ref() {
                if !PARAMS.iter().any(|(n, ..)| n == name) {
                    let near = did_you_mean(name, PARAMS.iter().map(|(n, ..)| *n));
                    let known = PARAMS.map(|(n, ..)| n).join(", ");
                    let message = format!("unknown parameter {name:?}{near}: {known}");
                    return Err(Wrong::at(table.span(), message));
                }
                set(&mut params, name, value, table.span())?;
            }
        }
        Ok(Endpoint {
            name: self.name.map_or_else(|| self.model.get_ref().clone(), Spanned::into_inner),
            provider: row.id.to_owned(),
            model: self.model.into_inner(),
            place: self.region.map(Spanned::into_inner),
            base_url: self.base_url.map(Spanned::into_inner),
            api_key_env: self.api_key_env.map(Spanned::into_inner),
            system: self.system,
            params: params.or(defaults),
            allow_plain_http: self.allow_plain_http,
            simulated: false,
        })
    }
}

impl RawLineup {
    fn check(self, endpoints: &[Endpoint]) -> Result<Lineup, Wrong> {
        let find = |name: &Spanned<String>| {
            endpoints.iter().find(|e| e.name == *name.get_ref()).ok_or_else(|| {
                let near = did_you_mean(name.get_ref(), endpoints.iter().map(|e| e.name.as_str()));
                Wrong::at(name.span(), format!("no endpoint is called {:?}{near}", name.get_ref()))
            })
        };
        let mut members: Vec<Endpoint> = Vec::new();
        for name in &self.endpoints {
            let endpoint = find(name)?;
            if members.iter().any(|e| e.name == endpoint.name) {
                return Err(Wrong::at(
                    name.span(),
                    format!("{:?} stands in this lineup twice", endpoint.name),
                ));
            }
            members.push(endpoint.clone());
        }
        if members.is_empty() {
            return Err(Wrong::at(self.name.span(), "a lineup needs at least one endpoint"));
        }
        let baseline = match &self.baseline {
            None => None,
            Some(name) => {
                find(name)?;
                let index = members.iter().position(|e| e.name == *name.get_ref());
                Some(index.ok_or_else(|| {
                    Wrong::at(name.span(), format!("the baseline {:?} is not in this lineup", name.get_ref()))
                })?)
            }
        };
        Ok(Lineup { name: self.name.into_inner(), endpoints: members, baseline })
    }
}

impl RawKeys {
    fn check(self) -> Result<Vec<KeyRow>, Wrong> {
        let mut rows = Vec::new();
        for (focus, table) in [("prompt", self.prompt), ("pane", self.pane)] {
            for (command, value) in table {
                let keys = match value {
                    toml::Value::String(s) => vec![s],
                    toml::Value::Array(a) if a.iter().all(toml::Value::is_str) => {
                        a.into_iter().filter_map(|v| v.as_str().map(ToOwned::to_owned)).collect()
                    }
                    _ => {
                        let message =
                            format!("keys.{focus}.{command} is a key or a list of keys, like [\"z\"]");
                        return Err(Wrong { span: None, message });
                    }
                };
                rows.push(KeyRow { focus: focus.to_owned(), command, keys });
            }
        }
        Ok(rows)
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
