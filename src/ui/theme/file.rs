//! One theme's file, and what it takes from the file below it: every word with its place.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;
use toml::Spanned;

use super::SLOTS;
use crate::model::did_you_mean;

/// The terminal's own sixteen, and its foreground or background.
const NAMED: [(&str, Color); 17] = [
    ("default", Color::Reset),
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    background: Option<Spanned<String>>,
    inherits: Option<Spanned<String>>,
    #[serde(default)]
    palette: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    slots: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    panes: Vec<Spanned<String>>,
}

/// A word of a file and where it stands: `mine.toml:3:8`.
#[derive(Debug, Clone)]
pub(super) struct Said {
    text: String,
    at: String,
}

/// What a file says, over what the files below it say.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    /// What the colours were chosen against; `default` is the terminal's.
    background: Option<Said>,
    pub(super) inherits: Option<Said>,
    palette: BTreeMap<String, Said>,
    slots: BTreeMap<String, Said>,
    panes: Vec<Said>,
}

impl Said {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn wrong(&self, why: &str) -> String {
        format!("{}: {why}", self.at)
    }
}

impl Layer {
    /// Reads one file; `label` says which, in messages.
    pub(super) fn parse(label: &str, text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let raw: Raw = toml::from_str(text).map_err(|e| {
            let at = e.span().map(|s| place(text, s.start)).unwrap_or_default();
            format!("{label}{at}: {}", e.message().lines().next().unwrap_or_default())
        })?;
        let said = |value: Spanned<String>| {
            let at = format!("{label}{}", place(text, value.span().start));
            Said { text: value.into_inner(), at }
        };
        let mut layer = Self {
            background: raw.background.map(said),
            inherits: raw.inherits.map(said),
            panes: raw.panes.into_iter().map(said).collect(),
            ..Self::default()
        };
        for (name, value) in raw.palette {
            let (name, value) = (said(name), said(value));
            let taken = MODIFIERS.iter().any(|(word, _)| *word == name.text) || name.text == "on";
            if taken || name.text.contains(char::is_whitespace) {
                return Err(name.wrong(&format!("{:?} cannot be the name of a colour", name.text)));
            }
            plain_colour(&value.text).map_err(|e| value.wrong(&format!("{}: {e}", name.text)))?;
            layer.palette.insert(name.text, value);
        }
        for (slot, value) in raw.slots {
            let slot = said(slot);
            if !SLOTS.contains(&slot.text.as_str()) {
                let near = did_you_mean(&slot.text, SLOTS.iter().copied());
                return Err(slot.wrong(&format!(
                    "no slot is called {:?}{near}: {}",
                    slot.text,
                    SLOTS.join(", ")
                )));
            }
            layer.slots.insert(slot.text, said(value));
        }
        Ok(layer)
    }

    /// The same with another file below: what this one does not say, that one does.
    pub(super) fn over(mut self, below: Self) -> Self {
        for (slot, value) in below.slots {
            self.slots.entry(slot).or_insert(value);
        }
        for (colour, value) in below.palette {
            self.palette.entry(colour).or_insert(value);
        }
        self.background = self.background.or(below.background);
        if self.panes.is_empty() {
            self.panes = below.panes;
        }
        self
    }

    /// Slots that neither this file nor one below it gives.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        SLOTS.iter().copied().filter(|slot| !self.slots.contains_key(*slot)).collect()
    }

    /// Whether there are colours for the names of panes.
    pub(super) fn has_panes(&self) -> bool {
        !self.panes.is_empty()
    }

    /// A ground of its own without a text of its own: nobody could say whether one is seen on the other.
    pub(super) fn groundless(&self) -> Option<&Said> {
        self.background.as_ref().filter(|said| said.text != "default" && !self.slots.contains_key("text"))
    }

    pub(super) fn ground(&self) -> Result<Option<Color>, String> {
        let Some(said) = &self.background else { return Ok(None) };
        let colour = self.colour(&said.text).map_err(|e| said.wrong(&format!("background: {e}")))?;
        Ok(Some(colour).filter(|c| *c != Color::Reset))
    }

    pub(super) fn slot(&self, slot: &str) -> Result<Style, String> {
        let said = self.slots.get(slot).ok_or_else(|| format!("the slot {slot} is missing"))?;
        self.style(&said.text).map_err(|e| said.wrong(&format!("{slot}: {e}")))
    }

    /// The colour of the name of a pane; fewer colours than panes go round.
    pub(super) fn pane(&self, number: usize) -> Result<Style, String> {
        let said =
            self.panes.get(number % self.panes.len().max(1)).ok_or("panes need at least one colour")?;
        self.style(&said.text).map_err(|e| said.wrong(&format!("panes: {e}")))
    }

    /// `colour [on colour] [bold] [dim] [italic] [underlined] [reversed]`.
    fn style(&self, text: &str) -> Result<Style, String> {
        let mut style = Style::new();
        let mut ground = false;
        for word in text.split_whitespace() {
            if let Some((_, modifier)) = MODIFIERS.iter().find(|(name, _)| *name == word) {
                style = style.add_modifier(*modifier);
            } else if word == "on" {
                ground = true;
            } else {
                let colour = self.colour(word)?;
                style = if ground { style.bg(colour) } else { style.fg(colour) };
            }
        }
        if ground && style.bg.is_none() {
            return Err("after `on` comes a colour".into());
        }
        Ok(style)
    }

    fn colour(&self, word: &str) -> Result<Color, String> {
        if let Some(said) = self.palette.get(word) {
            return plain_colour(&said.text);
        }
        plain_colour(word).map_err(|e| {
            if word.starts_with('#') {
                return e;
            }
            let known = self.palette.keys().map(String::as_str);
            let known = known.chain(NAMED.iter().map(|n| n.0)).chain(MODIFIERS.iter().map(|m| m.0));
            format!("{e}, nor a name of [palette]{}", did_you_mean(word, known))
        })
    }
}

/// A colour that needs no palette.
fn plain_colour(text: &str) -> Result<Color, String> {
    if let Some(hex) = text.strip_prefix('#') {
        let digits = hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit());
        let number = u32::from_str_radix(hex, 16).ok().filter(|_| digits);
        return number.map(Color::from_u32).ok_or_else(|| format!("{text:?} is not a colour like #1a2b3c"));
    }
    let named = NAMED.iter().find(|(name, _)| *name == text).map(|(_, colour)| *colour);
    named.ok_or_else(|| format!("{text:?} is neither a colour like #1a2b3c or bright-blue"))
}

/// `:line:column` of a byte offset, from 1.
fn place(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!(":{line}:{column}")
}
