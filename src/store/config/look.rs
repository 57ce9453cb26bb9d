//! How the screen looks, in the file.

use serde::Deserialize;

use super::ThemeWish;

/// `[look]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LookConfig {
    /// Borders and marks in ASCII; left out, the terminal decides.
    pub ascii: Option<bool>,
    /// The window is named after the lineup.
    pub title: bool,
    /// A theme's background is drawn.
    pub background: bool,
}

impl Default for LookConfig {
    fn default() -> Self {
        Self { ascii: None, title: true, background: true }
    }
}

/// A theme's name, or one for each kind of terminal.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a theme is a name, or { light = \"…\", dark = \"…\" }")]
pub(super) enum RawTheme {
    One(String),
    Two(RawThemes),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawThemes {
    light: String,
    dark: String,
}

impl From<RawTheme> for ThemeWish {
    fn from(raw: RawTheme) -> Self {
        match raw {
            RawTheme::One(name) => Self::Named(name),
            RawTheme::Two(RawThemes { light, dark }) => Self::ByGround { light, dark },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Config;
    use super::*;

    #[test]
    fn the_look_is_read_and_its_mistakes_are_told() {
        let parse = |text: &str| Config::parse(text, Path::new("c.toml"));
        let look = parse("[look]\nascii = true\ntitle = false\n").unwrap().look;
        assert_eq!(look, LookConfig { ascii: Some(true), title: false, background: true });
        assert_eq!(parse("").unwrap().look, LookConfig::default());
        let said = parse("[look]\nasci = true\n").unwrap_err().to_string();
        assert!(said.contains("c.toml:2:1: unknown key \"asci\" (did you mean \"ascii\"?)"), "{said}");
    }
}
