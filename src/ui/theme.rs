//! Colours by meaning, from `themes/*.toml`.
//!
//! A slot is a colour (`#rrggbb`), a name from the theme's own palette, or one of
//! the terminal's sixteen (`bright-blue`). Text is the terminal's own foreground
//! unless a theme says otherwise; colour is for meaning.

use std::collections::BTreeMap;

use include_dir::{Dir, include_dir};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use super::depth::{self, Depth};
use crate::model::did_you_mean;

/// Every file of `themes/`: one more theme is one more file.
static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/themes");

/// What is shown where nothing else is asked for: the terminal's own colours.
const USUAL: &str = "default";

/// The theme of a terminal that wants no colour.
const NO_COLOR: &str = "mono";

/// What `auto` chooses, for a light and for a dark terminal.
pub const AUTO: (&str, &str) = ("rose-dawn", "tokyo-night");

/// Styles by meaning.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Theme {
    pub name: String,
    /// Behind everything; none where that is the terminal's own.
    pub ground: Option<Color>,
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

/// A theme of the user's: what stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThemeFile {
    pub name: String,
    pub text: String,
    /// Where it stands, for messages.
    pub place: String,
}

/// What a theme was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// Whatever the terminal has.
    Any,
    Light,
    Dark,
}

impl Ground {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Any => "the terminal's",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// What a list of themes tells of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub name: String,
    /// The line at the head of its file.
    pub words: String,
    pub ground: Ground,
    /// Where the user's file stands; `None` is one of ours.
    pub place: Option<String>,
}

/// All themes there are: ours, and the user's in front of them.
#[derive(Debug, Clone, Default)]
pub struct Themes {
    pub own: Vec<ThemeFile>,
    /// What the terminal can show.
    pub depth: Depth,
    /// Colours are not wanted at all.
    pub plain: bool,
}

impl Themes {
    /// The text of a theme and where it stands; the user's counts before ours.
    fn text(&self, name: &str) -> Option<(&str, Option<&str>)> {
        let own = self.own.iter().find(|f| f.name == name);
        let ours = || EMBEDDED.get_file(format!("{name}.toml")).and_then(|f| f.contents_utf8());
        own.map(|f| (f.text.as_str(), Some(f.place.as_str()))).or_else(|| ours().map(|text| (text, None)))
    }

    /// Every name, the usual one first, then ours and the user's by the alphabet.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let ours = EMBEDDED.files().filter_map(|f| f.path().file_stem()?.to_str().map(str::to_owned));
        let mut names: Vec<String> = ours.chain(self.own.iter().map(|f| f.name.clone())).collect();
        names.sort_by_key(|name| (name != USUAL, name.clone()));
        names.dedup();
        names
    }

    /// What there is to say of each.
    #[must_use]
    pub fn list(&self) -> Vec<About> {
        let about = |name: String| {
            let (text, place) = self.text(&name)?;
            let words = text.lines().next().filter(|l| l.starts_with('#')).unwrap_or_default();
            let ground = self.raw(&name, 0).ok().and_then(|raw| ground(&raw).ok().flatten());
            let light = |c| luminance(c).map(|l| if l > 0.4 { Ground::Light } else { Ground::Dark });
            Some(About {
                words: words.trim_start_matches(['#', ' ']).to_owned(),
                ground: ground.and_then(light).unwrap_or(Ground::Any),
                place: place.map(str::to_owned),
                name,
            })
        };
        self.names().into_iter().filter_map(about).collect()
    }

    /// The theme with this name, in the colours that the terminal has.
    ///
    /// # Errors
    /// A sentence with the names there are, or the file, the line and what is right there.
    pub fn named(&self, name: &str) -> Result<Theme, String> {
        let raw = self.raw(name, 0)?;
        let theme = Theme::resolve(name, &raw).map_err(|(key, e)| {
            let (text, place) = self.text(name).unwrap_or_default();
            let place = place.map_or_else(|| format!("theme {name}"), str::to_owned);
            // What is inherited stands in another file.
            match text.lines().position(|l| l.split('=').next().is_some_and(|k| k.trim() == key)) {
                Some(line) => format!("{place}:{}: {e}", line + 1),
                None => format!("{place}: {e}"),
            }
        })?;
        // A wrong name is told even where no colour will be used.
        if self.plain && name != NO_COLOR {
            return self.named(NO_COLOR);
        }
        Ok(theme.in_depth(self.depth))
    }

    /// The theme that is shown where no other can be.
    #[must_use]
    pub fn usual(&self) -> Theme {
        // A test reads it.
        let bare = Self { own: Vec::new(), ..self.clone() };
        bare.named(USUAL).unwrap_or_default()
    }

    /// A theme's text with what it inherits underneath.
    fn raw(&self, name: &str, depth: u8) -> Result<Raw, String> {
        let Some((text, place)) = self.text(name) else {
            let names = self.names();
            let near = did_you_mean(name, names.iter().map(String::as_str));
            return Err(format!("no theme is called {name:?}{near}: {}", names.join(", ")));
        };
        let place = place.map_or_else(|| format!("theme {name}"), str::to_owned);
        let mut own: Raw = toml::from_str(text).map_err(|e| {
            let line = e
                .span()
                .and_then(|s| text.get(..s.start))
                .map_or(1, |before| before.matches('\n').count() + 1);
            format!("{place}:{line}: {}", e.message())
        })?;
        if let Some(below) = own.inherits.clone() {
            if depth > 7 {
                return Err(format!("{place}: themes inherit from each other in a circle"));
            }
            // A file of the user's may go by the name of ours and build on it.
            let ours = Self { own: Vec::new(), ..self.clone() };
            let below = if below == name { ours.raw(&below, depth + 1) } else { self.raw(&below, depth + 1) };
            own.take_from(below.map_err(|e| format!("{place}: inherits: {e}"))?);
        }
        Ok(own)
    }
}

impl Raw {
    fn take_from(&mut self, below: Raw) {
        for (slot, value) in below.slots {
            self.slots.entry(slot).or_insert(value);
        }
        for (colour, value) in below.palette {
            self.palette.entry(colour).or_insert(value);
        }
        self.background = self.background.take().or(below.background);
        if self.panes.is_empty() {
            self.panes = below.panes;
        }
    }
}

/// What the colours were chosen against; `None` is the terminal's own.
fn ground(raw: &Raw) -> Result<Option<Color>, String> {
    let Some(name) = raw.background.as_deref() else { return Ok(None) };
    let found = colour(raw.palette.get(name).map_or(name, String::as_str))?;
    Ok(Some(found).filter(|c| *c != Color::Reset))
}

/// Relative luminance of a colour by [WCAG](https://www.w3.org/TR/WCAG21/#dfn-relative-luminance).
fn luminance(colour: Color) -> Option<f64> {
    let Color::Rgb(r, g, b) = colour else { return None };
    let linear = |c: u8| {
        let c = f64::from(c) / 255.0;
        if c <= 0.03928 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    Some(0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b))
}

impl Theme {
    /// One of ours by its name.
    ///
    /// # Errors
    /// As [`Themes::named`].
    pub fn named(name: &str) -> Result<Self, String> {
        Themes::default().named(name)
    }

    /// Empties a part of the screen for what is drawn over it.
    pub(super) fn wipe(&self, buffer: &mut Buffer, area: Rect) {
        ratatui::widgets::Widget::render(ratatui::widgets::Clear, area, buffer);
        self.paint(buffer, area);
    }

    /// Lays the theme's ground under everything.
    pub(super) fn paint(&self, buffer: &mut Buffer, area: Rect) {
        if let Some(ground) = self.ground {
            buffer.set_style(area, Style::new().bg(ground));
        }
    }

    /// The style of each slot, to be read and changed.
    fn styles(&mut self) -> impl Iterator<Item = &mut Style> {
        let slots = [
            &mut self.text,
            &mut self.faint,
            &mut self.border,
            &mut self.focus,
            &mut self.accent,
            &mut self.good,
            &mut self.warn,
            &mut self.bad,
            &mut self.selection,
            &mut self.reasoning,
            &mut self.code,
            &mut self.heading,
            &mut self.link,
            &mut self.keyword,
            &mut self.string,
            &mut self.number,
            &mut self.comment,
            &mut self.identifier,
            &mut self.added,
            &mut self.removed,
            &mut self.found,
        ];
        slots.into_iter().chain(&mut self.panes)
    }

    fn in_depth(mut self, to: Depth) -> Self {
        for style in self.styles() {
            style.fg = style.fg.map(|c| depth::nearest(c, to));
            style.bg = style.bg.map(|c| depth::nearest(c, to));
        }
        // Sixteen colours cannot tell one dark ground from another: the terminal keeps its own.
        self.ground = self.ground.filter(|_| to != Depth::Sixteen).map(|c| depth::nearest(c, to));
        self
    }

    /// The slot that is wrong, with what is wrong with it.
    fn resolve(name: &str, raw: &Raw) -> Result<Self, (String, String)> {
        let style = |slot: &str| {
            let wrong = |e: String| (slot.to_owned(), e);
            let value = raw.slots.get(slot).ok_or_else(|| wrong(format!("the slot {slot} is missing")))?;
            style(value, &raw.palette).map_err(|e| wrong(format!("{slot}: {e}")))
        };
        if let Some(unknown) = raw.slots.keys().find(|k| !SLOTS.contains(&k.as_str())) {
            let near = did_you_mean(unknown, SLOTS);
            return Err((unknown.clone(), format!("no slot is called {unknown:?}{near}")));
        }
        for (name, value) in &raw.palette {
            colour(value).map_err(|e| (name.clone(), format!("{name}: {e}")))?;
        }
        let mut panes = [Style::new(); 8];
        for (at, slot) in panes.iter_mut().enumerate() {
            let wrong = |e: String| ("panes".to_owned(), format!("panes: {e}"));
            let value = raw.panes.get(at % raw.panes.len().max(1));
            let value = value.ok_or_else(|| wrong("at least one colour is needed".into()))?;
            *slot = self::style(value, &raw.palette).map_err(wrong)?;
        }
        Ok(Self {
            name: name.to_owned(),
            ground: ground(raw).map_err(|e| ("background".to_owned(), format!("background: {e}")))?,
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
#[path = "theme_tests.rs"]
mod tests;
