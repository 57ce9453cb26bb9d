//! The configuration file: read whole or not at all, errors with line and column.
//!
//! Unknown keys are errors, because a mistyped key that is silently ignored is a
//! setting that silently does not hold. There is no project-level configuration:
//! a repository must not be able to say where keys are sent.

mod edit;
mod judging;
mod look;
mod raw;
mod writing;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::model::Connections;
use crate::model::Endpoint;
use crate::model::Judge;
use crate::model::Lineup;
use crate::model::Params;
use crate::model::Spending;
use crate::model::clean_line;
use crate::model::did_you_mean;
use raw::{Raw, Wrong};

pub use edit::{save_lineup, save_theme, write_whole};
pub use look::LookConfig;
pub use writing::Writing;

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

/// How every request goes out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    /// Instead of the usual variables (`HTTPS_PROXY`…); loopback is never proxied.
    pub proxy: Option<String>,
    /// Certificates (PEM) trusted beside the system's.
    pub ca_file: Option<String>,
    /// Whether every request has a new connection, or one that is made before its clock starts.
    pub connections: Connections,
}

/// Keys that stand in the file in clear, by the labels of their sources. They have no
/// text of their own here: not in a debug print, not in a comparison.
#[derive(Clone, Default)]
pub struct PlainKeys(pub(super) Vec<(String, Zeroizing<String>)>);

impl PlainKeys {
    /// Labels and keys, for the engine's variables.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(label, key)| (label.as_str(), key.as_str()))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for PlainKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} keys", self.0.len())
    }
}

impl PartialEq for PlainKeys {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
    }
}

/// Which theme the screen begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThemeWish {
    /// By its name, by the path of a file, or `auto`.
    Named(String),
    /// By what the terminal has for a ground.
    ByGround { light: String, dark: String },
}

/// What the file says, checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    pub theme: Option<ThemeWish>,
    /// Line and column of the theme's name, for whoever knows the themes.
    pub theme_at: Option<(usize, usize)>,
    pub look: LookConfig,
    /// Name of the lineup that opens by default.
    pub lineup: Option<String>,
    pub system: Option<String>,
    pub defaults: Params,
    pub endpoints: Vec<Endpoint>,
    pub lineups: Vec<Lineup>,
    pub timeouts: Timeouts,
    pub network: Network,
    pub spending: Spending,
    /// Most of a text file that goes with a prompt, in KiB, where the file says it.
    pub attach_text_kib: Option<u64>,
    /// Repeats are sent with a nonce.
    pub nonce: bool,
    pub judge: Option<Judge>,
    /// What matters to a judge, whoever it is.
    pub criteria: Option<String>,
    /// Where `bakeoff prices update` looks instead of the usual list.
    pub prices_url: Option<String>,
    pub plain_keys: PlainKeys,
    pub writing: Writing,
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
        let config = Self::parse(&text, path)?;
        if !config.plain_keys.is_empty() && !private(path) {
            return Err(fail(
                "a key stands in it in clear and others can read the file: chmod 600 it, or better name the \
                 key with api_key_env, api_key_cmd or keyring"
                    .into(),
            ));
        }
        Ok(config)
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

/// Line and column (in characters) of a byte offset, from 1.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// Whether nobody but its owner can read a file: the six bits of group and others are zero.
#[must_use]
pub fn private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|m| m.permissions().mode().trailing_zeros() >= 6)
}

/// The parser's sentence, with the nearest right word where it names the right ones.
fn explain(message: &str) -> String {
    let Some(rest) = message.strip_prefix("unknown field `") else { return message.to_owned() };
    let Some((wrong, rest)) = rest.split_once('`') else { return message.to_owned() };
    let known: Vec<_> = rest.split('`').skip(1).step_by(2).collect();
    format!("unknown key {wrong:?}{}: {}", did_you_mean(wrong, known.iter().copied()), known.join(", "))
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
