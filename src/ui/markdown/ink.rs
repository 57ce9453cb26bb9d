//! What a piece of an answer is, before a theme says what that looks like.

use ratatui::style::{Modifier, Style};
use serde::{Deserialize, Serialize};

use super::super::theme::Theme;

/// The meaning of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Role {
    #[default]
    Text,
    /// Of the first level, which is underlined, of the second, and of all others.
    Heading1,
    Heading2,
    Heading3,
    Code,
    Link,
    /// Rules, the frame of a table, the host of a link.
    Mark,
    /// What stands before the text of its line: a bullet, the bar of a quote.
    Lead,
    Keyword,
    String,
    Number,
    Comment,
    Name,
}

/// A role with what emphasis adds to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ink {
    pub role: Role,
    pub strong: bool,
    pub emphasis: bool,
    pub struck: bool,
    pub found: Found,
}

/// Whether a search has found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Found {
    #[default]
    No,
    Yes,
    /// It is the match that was jumped to.
    Here,
}

impl From<Role> for Ink {
    fn from(role: Role) -> Self {
        Self { role, ..Self::default() }
    }
}

impl Ink {
    /// What it looks like.
    #[must_use]
    pub fn style(self, theme: &Theme) -> Style {
        let base = match self.role {
            Role::Text => theme.text,
            Role::Heading1 => theme.heading.add_modifier(Modifier::UNDERLINED),
            Role::Heading2 => theme.heading,
            Role::Heading3 => theme.text.add_modifier(Modifier::BOLD),
            Role::Code => theme.code,
            Role::Link => theme.link,
            Role::Mark | Role::Lead => theme.faint,
            Role::Keyword => theme.keyword,
            Role::String => theme.string,
            Role::Number => theme.number,
            Role::Comment => theme.comment,
            Role::Name => theme.identifier,
        };
        match self.found {
            Found::No => {}
            Found::Yes => return theme.warn.add_modifier(Modifier::UNDERLINED),
            Found::Here => return theme.found,
        }
        let added = [
            (self.strong, Modifier::BOLD),
            (self.emphasis, Modifier::ITALIC),
            (self.struck, Modifier::CROSSED_OUT),
        ];
        added
            .into_iter()
            .filter(|(on, _)| *on)
            .fold(base, |style, (_, modifier)| style.add_modifier(modifier))
    }
}
