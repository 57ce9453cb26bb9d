//! Colours by meaning, from `themes/*.toml` and the user's folder of the same name.
//!
//! A slot is a colour (`#rrggbb`), a name from the theme's own palette, or one of
//! the terminal's sixteen (`bright-blue`). Colour is for meaning; text is the
//! terminal's own foreground unless a theme says otherwise.

mod file;
mod themes;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::widgets::{Clear, Widget};

pub use themes::{About, Ground, ThemeFile, Themes};

use super::ascii;
use file::Layer;

/// What `auto` chooses, for a light and for a dark terminal.
pub const AUTO: (&str, &str) = ("rose-dawn", "tokyo-night");

/// The theme of a terminal that wants no colour.
const NO_COLOR: &str = "mono";

/// One list of slots: the fields, their words in the files, and the way over all of them.
macro_rules! slots {
    ($($(#[$about:meta])* $field:ident = $word:literal),* $(,)?) => {
        /// Styles by meaning.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct Theme {
            pub name: String,
            /// What the colours were chosen against; `None` is the terminal's own.
            pub ground: Option<Color>,
            /// Borders and marks in ASCII.
            pub ascii: bool,
            $($(#[$about])* pub $field: Style,)*
            /// Names of panes, by number.
            pub panes: [Style; 8],
        }

        /// The words of the slots in a theme's file.
        const SLOTS: &[&str] = &[$($word),*];

        impl Theme {
            fn resolve(name: &str, layer: &Layer) -> Result<Self, String> {
                let mut panes = [Style::new(); 8];
                for (at, slot) in panes.iter_mut().enumerate() {
                    *slot = layer.pane(at)?;
                }
                Ok(Self {
                    name: name.to_owned(),
                    ground: layer.ground()?,
                    ascii: false,
                    $($field: layer.slot($word)?,)*
                    panes,
                })
            }

            /// Every style by the word of its slot; panes by theirs.
            #[must_use]
            pub fn styles(&self) -> Vec<(&'static str, Style)> {
                let own = [$(($word, self.$field)),*];
                own.into_iter().chain(self.panes.iter().map(|style| ("panes", *style))).collect()
            }

            pub(super) fn each(&mut self, mut change: impl FnMut(&'static str, &mut Style)) {
                $(change($word, &mut self.$field);)*
                self.panes.iter_mut().for_each(|style| change("panes", style));
            }
        }
    };
}

slots! {
    text = "text",
    /// Labels, hints, what is not the matter.
    faint = "faint",
    border = "border",
    /// The part that has the keys.
    focus = "focus",
    accent = "accent",
    good = "good",
    warn = "warn",
    bad = "bad",
    selection = "selection",
    reasoning = "reasoning",
    code = "code",
    heading = "heading",
    link = "link",
    /// Code in a block: words of the language, literals, comments, names of functions and types.
    keyword = "keyword",
    string = "string",
    number = "number",
    comment = "comment",
    identifier = "name",
    /// Words that one of two texts has and the other has not.
    added = "added",
    removed = "removed",
    /// What a search has found.
    found = "found",
}

impl Theme {
    /// The theme of the program's own with this name.
    ///
    /// # Errors
    /// A sentence with the names there are.
    pub fn named(name: &str) -> Result<Self, String> {
        Themes::default().named(name)
    }

    /// Empties a part of the screen for what is drawn over it.
    pub(super) fn wipe(&self, buffer: &mut Buffer, area: Rect) {
        Clear.render(area, buffer);
        self.paint(buffer, area);
    }

    /// Lays the theme's ground under everything.
    pub(super) fn paint(&self, buffer: &mut Buffer, area: Rect) {
        if let Some(ground) = self.ground {
            buffer.set_style(area, Style::new().bg(ground));
        }
    }

    /// The last touch on a frame: what has no colour of its own gets the theme's, because the
    /// terminal's own was chosen for another ground; and what is drawn with more than ASCII is
    /// drawn without where the terminal cannot.
    pub fn finish(&self, buffer: &mut Buffer) {
        if let Some(ground) = self.ground {
            let ink = self.text.fg.unwrap_or(Color::Reset);
            for cell in &mut buffer.content {
                if cell.bg == Color::Reset {
                    cell.bg = ground;
                }
                if cell.fg == Color::Reset {
                    cell.fg = ink;
                }
            }
        }
        if self.ascii {
            ascii::plain(buffer);
        }
    }
}

#[cfg(test)]
#[path = "theme_tests.rs"]
mod tests;
