//! Keys by name: `z`, `G`, `ctrl+c`, `alt+enter`, `pgup`.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// One key press, in one form: a shifted letter is its capital, without a modifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    pub code: KeyCode,
    pub modifiers: KeyModifiers,
}

/// Names of keys that are not a character.
const NAMES: [(&str, KeyCode); 16] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("space", KeyCode::Char(' ')),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
];

const MODIFIERS: [(&str, KeyModifiers); 3] =
    [("ctrl", KeyModifiers::CONTROL), ("alt", KeyModifiers::ALT), ("shift", KeyModifiers::SHIFT)];

impl Key {
    /// Reads a key's name.
    ///
    /// # Errors
    /// A sentence with an example.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a key; keys are written like z, G, ctrl+c, alt+enter, pgup");
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        while let Some((word, after)) = rest.split_once('+').filter(|(w, a)| !w.is_empty() && !a.is_empty()) {
            let (_, modifier) = MODIFIERS.iter().find(|(n, _)| *n == word).ok_or_else(wrong)?;
            modifiers |= *modifier;
            rest = after;
        }
        let mut chars = rest.chars();
        let code = if let (Some(c), None) = (chars.next(), chars.next()) {
            KeyCode::Char(c)
        } else {
            let named = NAMES.iter().find(|(n, _)| *n == rest).map(|(_, c)| *c);
            let function =
                || rest.strip_prefix('f')?.parse().ok().filter(|n| (1..=24).contains(n)).map(KeyCode::F);
            named.or_else(function).ok_or_else(wrong)?
        };
        Ok(Self { code, modifiers }.normal())
    }

    fn normal(mut self) -> Self {
        match self.code {
            KeyCode::Char(c) if self.modifiers.contains(KeyModifiers::SHIFT) => {
                self.code = KeyCode::Char(c.to_ascii_uppercase());
                self.modifiers.remove(KeyModifiers::SHIFT);
            }
            // The same control character: terminals of the old kind cannot tell them apart.
            KeyCode::Char('7' | '/') if self.modifiers == KeyModifiers::CONTROL => {
                self.code = KeyCode::Char('_');
            }
            KeyCode::BackTab => self.modifiers.remove(KeyModifiers::SHIFT),
            _ => {}
        }
        self
    }
}

impl From<&KeyEvent> for Key {
    fn from(event: &KeyEvent) -> Self {
        let modifiers = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        Self { code: event.code, modifiers }.normal()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, modifier) in MODIFIERS {
            if self.modifiers.contains(modifier) {
                write!(f, "{name}+")?;
            }
        }
        match (NAMES.iter().find(|(_, c)| *c == self.code), self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, KeyCode::Char(c)) => write!(f, "{c}"),
            (None, KeyCode::F(n)) => write!(f, "f{n}"),
            (None, other) => write!(f, "{other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_presses_meet_in_one_form() {
        for name in ["z", "G", "?", "ctrl+c", "alt+enter", "shift+enter", "pgup", "f10", "[", "+", "space"] {
            let key = Key::parse(name).unwrap();
            assert_eq!(key.to_string(), if name == "+" { "+" } else { name });
            assert_eq!(Key::from(&KeyEvent::new(key.code, key.modifiers)), key);
        }
        let shifted = KeyEvent::new(KeyCode::Char('g'), KeyModifiers::SHIFT);
        assert_eq!(Key::from(&shifted), Key::parse("G").unwrap());
        for same in ["ctrl+7", "ctrl+/"] {
            assert_eq!(Key::parse(same), Key::parse("ctrl+_"), "one control character");
        }
        for wrong in ["", "hyper+x", "ctrl+", "entr"] {
            assert!(Key::parse(wrong).unwrap_err().contains("is not a key"), "{wrong}");
        }
    }
}
