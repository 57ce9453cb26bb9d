//! The themes there are: the program's own, and the user's on top.

use include_dir::{Dir, include_dir};

use super::super::depth::{Depth, lightness};
use super::file::{Layer, Said};
use super::{NO_COLOR, Theme};
use crate::model::clean_line;
use crate::model::did_you_mean;

/// The folder as it was when the program was built: one more theme is one more file there.
static EMBEDDED: Dir = include_dir!("$CARGO_MANIFEST_DIR/themes");

/// The theme of whoever chooses none, and what a theme that says less than all takes the rest from.
const DEFAULT: &str = "default";

/// A file of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThemeFile {
    pub name: String,
    /// Its text, or why it could not be read.
    pub text: Result<String, String>,
    /// Where it stands, for messages.
    pub place: String,
}

/// Which backgrounds a theme was made for.
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
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Any => "the terminal's",
        }
    }

    #[must_use]
    pub fn of(theme: &Theme) -> Self {
        match theme.ground.and_then(lightness) {
            Some(light) if light > 0.5 => Self::Light,
            Some(_) => Self::Dark,
            None => Self::Any,
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
    /// Why it cannot be shown.
    pub wrong: Option<String>,
}

/// All themes there are, ours and the user's over them, as a terminal shows them.
#[derive(Debug, Clone, Default)]
pub struct Themes {
    pub own: Vec<ThemeFile>,
    /// What the terminal can show.
    pub depth: Depth,
    /// Colours are not wanted at all.
    pub plain: bool,
    /// Signs are drawn in ASCII.
    pub ascii: bool,
    /// Grounds are the terminal's, whatever a theme says.
    pub bare: bool,
}

/// Where a theme's text comes from.
#[derive(Clone, Copy, PartialEq)]
enum Source<'t> {
    Own(&'t ThemeFile),
    Embedded(&'t str, &'static str),
}

impl Themes {
    /// The theme that is shown where no other can be.
    #[must_use]
    pub fn usual(&self) -> Theme {
        // A test reads it.
        Self { own: Vec::new(), ..self.clone() }.named(DEFAULT).unwrap_or_default()
    }

    /// The theme with this name.
    ///
    /// # Errors
    /// A sentence with the names there are, or with what is wrong with the file, and where.
    pub fn named(&self, name: &str) -> Result<Theme, String> {
        let Some(source) = self.source(name) else {
            return Err(self.unknown(name));
        };
        Ok(self.shown(self.theme(name, source)?))
    }

    /// Whether there is one of this name, right or wrong.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.source(name).is_some()
    }

    /// Every name, the usual one first, then by the alphabet.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let own = self.own.iter().map(|file| file.name.as_str());
        let mut names: Vec<&str> = own.chain(embedded().map(|(name, _)| name)).collect();
        names.sort_unstable_by_key(|name| (*name != DEFAULT, *name));
        names.dedup();
        names.into_iter().map(str::to_owned).collect()
    }

    /// What there is to say of each, in the same order.
    #[must_use]
    pub fn list(&self) -> Vec<About> {
        let about = |name: String| {
            let source = self.source(&name)?;
            let (text, place) = match source {
                Source::Own(file) => (file.text.as_deref().unwrap_or_default(), Some(file.place.clone())),
                Source::Embedded(_, text) => (text, None),
            };
            let first = text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default();
            let words = first.strip_prefix('#').map(|words| clean_line(words.trim())).unwrap_or_default();
            let theme = self.theme(&name, source);
            let ground = theme.as_ref().map_or(Ground::Any, Ground::of);
            Some(About { words, ground, place, wrong: theme.err(), name })
        };
        self.names().into_iter().filter_map(about).collect()
    }

    fn unknown(&self, name: &str) -> String {
        let names = self.names();
        let near = did_you_mean(name, names.iter().map(String::as_str));
        format!("no theme is called {name:?}{near}: {}", names.join(", "))
    }

    /// A theme in what the terminal can show.
    fn shown(&self, theme: Theme) -> Theme {
        // Colours that are only taken away would leave a selection that nobody sees.
        let plain = || self.theme(NO_COLOR, self.source(NO_COLOR)?).ok();
        let mut shown = match self.plain.then(plain).flatten() {
            Some(plain) => Theme { name: theme.name, ..plain },
            None => self.depth.fit(theme),
        };
        shown.ascii = self.ascii;
        shown.ground = shown.ground.filter(|_| !self.bare);
        shown
    }

    fn source(&self, name: &str) -> Option<Source<'_>> {
        let own = self.own.iter().find(|file| file.name == name).map(Source::Own);
        let ours = || embedded().find(|(known, _)| *known == name);
        own.or_else(|| ours().map(|(name, text)| Source::Embedded(name, text)))
    }

    fn theme(&self, name: &str, source: Source) -> Result<Theme, String> {
        let layer = self.layers(source)?;
        if let Some(said) = layer.groundless() {
            return Err(said.wrong("a theme with a background of its own needs the slot text"));
        }
        let whole = layer.missing().is_empty() && layer.has_panes();
        // What a file leaves out is as it is for whoever chooses no theme.
        let layer = match embedded().find(|(name, _)| *name == DEFAULT) {
            Some((_, below)) if !whole => layer.over(Layer::parse(DEFAULT, below)?),
            _ => layer,
        };
        Theme::resolve(name, &layer)
    }

    /// A file over those that it inherits from.
    fn layers(&self, source: Source) -> Result<Layer, String> {
        let mut layer = parse(source)?;
        let mut seen = vec![source];
        let mut next = layer.inherits.take();
        while let Some(said) = next {
            let below = self.below(&said, &seen)?;
            let mut lower = parse(below)?;
            seen.push(below);
            next = lower.inherits.take();
            layer = layer.over(lower);
        }
        Ok(layer)
    }

    /// What a file inherits from; a file of the user's that names itself means the program's own.
    fn below<'t>(&'t self, said: &Said, seen: &[Source<'t>]) -> Result<Source<'t>, String> {
        let own = self.own.iter().find(|file| file.name == said.text()).map(Source::Own);
        let embedded = embedded().find(|(name, _)| *name == said.text());
        let embedded = embedded.map(|(name, text)| Source::Embedded(name, text));
        let mut there = own.into_iter().chain(embedded).peekable();
        if there.peek().is_none() {
            return Err(said.wrong(&self.unknown(said.text())));
        }
        there
            .find(|source| !seen.contains(source))
            .ok_or_else(|| said.wrong(&format!("{:?} inherits from itself, by way of others", said.text())))
    }
}

fn parse(source: Source) -> Result<Layer, String> {
    match source {
        Source::Own(file) => {
            let text = file.text.as_ref().map_err(|why| format!("{}: {why}", file.place))?;
            Layer::parse(&file.place, text)
        }
        Source::Embedded(name, text) => Layer::parse(name, text),
    }
}

/// Names and texts of the program's own.
fn embedded() -> impl Iterator<Item = (&'static str, &'static str)> {
    EMBEDDED.files().filter_map(|file| {
        let name = file.path().file_name()?.to_str()?.strip_suffix(".toml")?;
        Some((name, file.contents_utf8()?))
    })
}
