//! Colours by meaning, from `themes/*.toml`.
//!
//! A slot is a colour (`#rrggbb`), a name from the theme's own palette, or one of
//! the terminal's sixteen (`bright-blue`). Text is the terminal's own foreground
//! unless a theme says otherwise; colour is for meaning.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::model::did_you_mean;

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../themes/", $name, ".toml")))),*]
    };
}

/// Every file of `themes/`, the default first; a test walks the folder.
const EMBEDDED: &[(&str, &str)] =
    embedded!("default", "tokyo-night", "gruvbox", "rose-dawn", "high-contrast", "mono");

/// The theme of a terminal that wants no colour.
const NO_COLOR: &str = "mono";

/// Styles by meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    pub name: String,
    pub text: Style,
    /// Labels, hints, what is not the matter.
    pub faint: Style,
    pub border: Style,
    /// The part that has the keys.
    pub focus: Style,
    pub accent: Style,
    pub good: Style,
    pub warn: Style,
    pub bad: Style,
    pub selection: Style,
    pub reasoning: Style,
    pub code: Style,
    pub heading: Style,
    pub link: Style,
    /// Code in a block: words of the language, literals, comments, names of functions and types.
    pub keyword: Style,
    pub string: Style,
    pub number: Style,
    pub comment: Style,
    pub identifier: Style,
    /// Words that one of two texts has and the other has not.
    pub added: Style,
    pub removed: Style,
    /// What a search has found.
    pub found: Style,
    /// Names of panes, by number.
    pub panes: [Style; 8],
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Raw {
    /// What the colours were chosen against; `default` is the terminal's.
    background: Option<String>,
    inherits: Option<String>,
    #[serde(default)]
    palette: BTreeMap<String, String>,
    #[serde(default)]
    slots: BTreeMap<String, String>,
    #[serde(default)]
    panes: Vec<String>,
}

const SLOTS: [&str; 21] = [
    "text",
    "faint",
    "border",
    "focus",
    "accent",
    "good",
    "warn",
    "bad",
    "selection",
    "reasoning",
    "code",
    "heading",
    "link",
    "keyword",
    "string",
    "number",
    "comment",
    "name",
    "added",
    "removed",
    "found",
];

impl Theme {
    /// Names of the themes there are, with the line that describes each.
    #[must_use]
    pub fn names() -> Vec<(&'static str, &'static str)> {
        EMBEDDED
            .iter()
            .map(|(name, text)| {
                (*name, text.lines().next().unwrap_or_default().trim_start_matches(['#', ' ']))
            })
            .collect()
    }

    /// The theme with this name.
    ///
    /// # Errors
    /// A sentence with the names there are.
    pub fn named(name: &str) -> Result<Self, String> {
        let raw = raw(name)?;
        Self::resolve(name, &raw).map_err(|e| format!("theme {name}: {e}"))
    }

    /// The theme without colour, for `NO_COLOR`.
    ///
    /// # Errors
    /// As [`Theme::named`]; a test reads it.
    pub fn plain() -> Result<Self, String> {
        Self::named(NO_COLOR)
    }

    fn resolve(name: &str, raw: &Raw) -> Result<Self, String> {
        let style = |slot: &str| {
            let value = raw.slots.get(slot).ok_or_else(|| format!("the slot {slot} is missing"))?;
            style(value, &raw.palette).map_err(|e| format!("{slot}: {e}"))
        };
        if let Some(unknown) = raw.slots.keys().find(|k| !SLOTS.contains(&k.as_str())) {
            return Err(format!("no slot is called {unknown:?}{}", did_you_mean(unknown, SLOTS)));
        }
        let mut panes = [Style::new(); 8];
        for (at, slot) in panes.iter_mut().enumerate() {
            let value = raw.panes.get(at % raw.panes.len().max(1)).ok_or("panes need at least one colour")?;
            *slot = self::style(value, &raw.palette).map_err(|e| format!("panes: {e}"))?;
        }
        Ok(Self {
            name: name.to_owned(),
            text: style("text")?,
            faint: style("faint")?,
            border: style("border")?,
            focus: style("focus")?,
            accent: style("accent")?,
            good: style("good")?,
            warn: style("warn")?,
            bad: style("bad")?,
            selection: style("selection")?,
            reasoning: style("reasoning")?,
            code: style("code")?,
            heading: style("heading")?,
            link: style("link")?,
            keyword: style("keyword")?,
            string: style("string")?,
            number: style("number")?,
            comment: style("comment")?,
            identifier: style("name")?,
            added: style("added")?,
            removed: style("removed")?,
            found: style("found")?,
            panes,
        })
    }
}

/// A theme's text with what it inherits underneath.
fn raw(name: &str) -> Result<Raw, String> {
    let Some((_, text)) = EMBEDDED.iter().find(|(n, _)| *n == name) else {
        let names: Vec<_> = EMBEDDED.iter().map(|(n, _)| *n).collect();
        return Err(format!(
            "no theme is called {name:?}{}: {}",
            did_you_mean(name, names.iter().copied()),
            names.join(", ")
        ));
    };
    let mut own: Raw = toml::from_str(text).map_err(|e| format!("theme {name}: {e}"))?;
    if let Some(below) = own.inherits.clone().filter(|b| b != name) {
        let below = raw(&below)?;
        for (slot, value) in below.slots {
            own.slots.entry(slot).or_insert(value);
        }
        for (colour, value) in below.palette {
            own.palette.entry(colour).or_insert(value);
        }
        own.background = own.background.or(below.background);
        if own.panes.is_empty() {
            own.panes = below.panes;
        }
    }
    Ok(own)
}

/// `colour [on colour] [bold] [dim] [italic] [underlined] [reversed]`.
fn style(text: &str, palette: &BTreeMap<String, String>) -> Result<Style, String> {
    let mut style = Style::new();
    let mut ground = false;
    for word in text.split_whitespace() {
        let modifier = match word {
            "on" => {
                ground = true;
                continue;
            }
            "bold" => Modifier::BOLD,
            "dim" => Modifier::DIM,
            "italic" => Modifier::ITALIC,
            "underlined" => Modifier::UNDERLINED,
            "reversed" => Modifier::REVERSED,
            _ => {
                let colour = colour(palette.get(word).map_or(word, String::as_str))?;
                style = if ground { style.bg(colour) } else { style.fg(colour) };
                continue;
            }
        };
        style = style.add_modifier(modifier);
    }
    Ok(style)
}

fn colour(text: &str) -> Result<Color, String> {
    if let Some(hex) = text.strip_prefix('#') {
        let number = u32::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 6);
        return number.map(Color::from_u32).ok_or_else(|| format!("{text:?} is not a colour like #1a2b3c"));
    }
    Ok(match text {
        "default" => Color::Reset,
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "white" => Color::Gray,
        "bright-black" => Color::DarkGray,
        "bright-red" => Color::LightRed,
        "bright-green" => Color::LightGreen,
        "bright-yellow" => Color::LightYellow,
        "bright-blue" => Color::LightBlue,
        "bright-magenta" => Color::LightMagenta,
        "bright-cyan" => Color::LightCyan,
        "bright-white" => Color::White,
        _ => return Err(format!("{text:?} is neither a colour nor a name of the palette")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_holds_every_file_of_the_folder_and_every_slot_resolves() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("themes");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|f| f.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        let mut listed: Vec<String> = EMBEDDED.iter().map(|(n, _)| (*n).to_owned()).collect();
        files.sort();
        listed.sort();
        assert_eq!(files, listed);
        for (name, about) in Theme::names() {
            assert!(!about.is_empty(), "{name} says nothing of itself");
            Theme::named(name).unwrap();
        }
        assert!(Theme::named("tokio-night").unwrap_err().contains("did you mean \"tokyo-night\"?"));
    }

    fn luminance(colour: Color) -> Option<f64> {
        let Color::Rgb(r, g, b) = colour else { return None };
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.03928 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        Some(0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b))
    }

    /// WCAG contrast against the stated background: 4.5 for what is read, 3 for what is glanced at.
    #[test]
    fn colours_are_readable_on_the_background_they_were_chosen_for() {
        let mut checked = 0;
        for (name, _) in EMBEDDED {
            let (theme, raw) = (Theme::named(name).unwrap(), raw(name).unwrap());
            let ground = raw
                .background
                .as_deref()
                .map(|b| colour(raw.palette.get(b).map_or(b, String::as_str)).unwrap());
            let Some(ground) = ground.and_then(luminance) else { continue };
            let read = [
                theme.text,
                theme.good,
                theme.warn,
                theme.bad,
                theme.accent,
                theme.focus,
                theme.code,
                theme.heading,
                theme.link,
                theme.keyword,
                theme.string,
                theme.number,
                theme.identifier,
                theme.added,
                theme.removed,
            ];
            let glanced = [theme.faint, theme.reasoning, theme.comment];
            let slots =
                read.iter().chain(&theme.panes).map(|s| (s, 4.5)).chain(glanced.iter().map(|s| (s, 3.0)));
            for (style, least) in slots {
                let Some(light) = style.fg.and_then(luminance) else { continue };
                let contrast = (light.max(ground) + 0.05) / (light.min(ground) + 0.05);
                assert!(contrast >= least, "{name}: {style:?} has contrast {contrast:.2}");
                checked += 1;
            }
        }
        assert!(checked > 30, "only {checked} colours were checked");
    }

    #[test]
    fn mistakes_in_a_theme_are_named() {
        let palette = BTreeMap::new();
        assert!(style("#12345", &palette).unwrap_err().contains("#1a2b3c"));
        assert!(style("mauve", &palette).unwrap_err().contains("neither"));
        assert_eq!(style("red on black bold", &palette).unwrap(), Style::new().red().on_black().bold());
    }
}
