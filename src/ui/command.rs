//! What a key can do: one row per command. Help, hint line, config, the `keys`
//! listing and the README's table are made from these rows.

use std::collections::HashMap;

use super::app::App;
use super::command_rows::{FIRST, ROWS};
use super::judging::JUDGING;
use super::key::Key;
use super::votes::VOTING;
use super::writing::WRITING;
use crate::model::did_you_mean;

/// Where a key is listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Focus {
    Prompt,
    Panes,
    /// In both; a key of the focused part wins. What is being filled in or chosen comes first.
    Anywhere,
    /// The same, and over whatever is being filled in or chosen: it opens nothing of its own.
    Always,
}

impl Focus {
    /// The word in the configuration and in listings.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Panes => "pane",
            Self::Anywhere | Self::Always => "anywhere",
        }
    }

    /// The part of the screen that a key is looked up for.
    #[must_use]
    pub fn place(self) -> Self {
        if self == Self::Always { Self::Anywhere } else { self }
    }
}

/// One row.
#[derive(Clone, Copy)]
pub struct Command {
    pub name: &'static str,
    /// Defaults; `[keys.prompt]` and `[keys.pane]` replace them.
    pub keys: &'static [&'static str],
    pub on: Focus,
    pub doc: &'static str,
    /// Gives false to let the prompt field have the key after all.
    pub run: fn(&mut App) -> bool,
}

/// Every command, in the order of the help.
pub const COMMANDS: &[Command] = &ALL;

const ALL: [Command; ROWS.len() + WRITING.len() + VOTING.len() + JUDGING.len()] = {
    let mut all = [FIRST; ROWS.len() + WRITING.len() + VOTING.len() + JUDGING.len()];
    let (head, tail) = all.split_at_mut(ROWS.len());
    head.copy_from_slice(ROWS);
    let (writing, tail) = tail.split_at_mut(WRITING.len());
    let (voting, judging) = tail.split_at_mut(VOTING.len());
    writing.copy_from_slice(WRITING);
    voting.copy_from_slice(VOTING);
    judging.copy_from_slice(JUDGING);
    all
};

/// Which key runs which command.
#[derive(Debug, Clone)]
pub struct Keymap {
    /// Keys of each command, in the order of [`COMMANDS`].
    keys: Vec<Vec<Key>>,
    index: HashMap<(Focus, Key), usize>,
}

impl Default for Keymap {
    fn default() -> Self {
        // A test parses every default key.
        let keys =
            COMMANDS.iter().map(|c| c.keys.iter().filter_map(|k| Key::parse(k).ok()).collect()).collect();
        Self { keys, index: HashMap::new() }.indexed()
    }
}

impl Keymap {
    /// The defaults with the user's rows: (`prompt` or `pane`, command, keys).
    ///
    /// # Errors
    /// A sentence naming the row, and the nearest right word or the command a key belongs to.
    pub fn with<'r>(
        rows: impl IntoIterator<Item = (&'r str, &'r str, &'r [String])>,
    ) -> Result<Self, String> {
        let mut map = Self::default();
        for (focus, name, keys) in rows {
            let place = format!("keys.{focus}.{name}");
            let here = |c: &Command| c.on.word() == focus || c.on.place() == Focus::Anywhere;
            let Some(at) = COMMANDS.iter().position(|c| c.name == name && here(c)) else {
                let names = COMMANDS.iter().filter(|c| here(c)).map(|c| c.name);
                return Err(format!("{place}: no command is called {name:?}{}", did_you_mean(name, names)));
            };
            let parsed = keys.iter().map(|k| Key::parse(k)).collect::<Result<Vec<_>, _>>();
            if let Some(slot) = map.keys.get_mut(at) {
                *slot = parsed.map_err(|e| format!("{place}: {e}"))?;
            }
        }
        map.conflicts()?;
        Ok(map.indexed())
    }

    fn conflicts(&self) -> Result<(), String> {
        let mut seen: HashMap<(Focus, Key), &str> = HashMap::new();
        for (command, keys) in COMMANDS.iter().zip(&self.keys) {
            for key in keys {
                if let Some(other) = seen.insert((command.on.place(), *key), command.name) {
                    return Err(format!(
                        "the key {key} belongs to {other} and to {} in the {} keys",
                        command.name,
                        command.on.word()
                    ));
                }
            }
        }
        Ok(())
    }

    fn indexed(mut self) -> Self {
        self.index.clear();
        for (at, (command, keys)) in COMMANDS.iter().zip(&self.keys).enumerate() {
            for key in keys {
                self.index.insert((command.on.place(), *key), at);
            }
        }
        self
    }

    /// The command of a key; one of the focused part wins over one of everywhere.
    #[must_use]
    pub fn find(&self, focus: Focus, key: Key) -> Option<&'static Command> {
        let at = self.index.get(&(focus, key)).or_else(|| self.index.get(&(Focus::Anywhere, key)))?;
        COMMANDS.get(*at)
    }

    /// The keys of a command as text: `z, enter`.
    #[must_use]
    pub fn shown(&self, name: &str) -> String {
        let keys = COMMANDS.iter().zip(&self.keys).find(|(c, _)| c.name == name).map(|(_, k)| k.as_slice());
        let names: Vec<String> = keys.unwrap_or_default().iter().map(Key::to_string).collect();
        match (names.first(), names.last()) {
            (Some(first), Some(last)) if names.len() > 4 => format!("{first}–{last}"),
            _ => names.join(", "),
        }
    }

    /// The first key of a command, for hints.
    #[must_use]
    pub fn first(&self, name: &str) -> String {
        let keys = COMMANDS.iter().zip(&self.keys).find(|(c, _)| c.name == name).map(|(_, k)| k.as_slice());
        keys.and_then(|k| k.first()).map(Key::to_string).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_key_parses_and_belongs_to_one_command() {
        let map = Keymap::default();
        map.conflicts().unwrap();
        for (command, keys) in COMMANDS.iter().zip(&map.keys) {
            assert_eq!(command.keys.len(), keys.len(), "{}", command.name);
            assert!(command.doc.len() <= 70, "{}: the doc is long", command.name);
            for key in keys {
                assert_eq!(map.find(command.on.place(), *key).unwrap().name, command.name);
            }
        }
        let mut names: Vec<_> = COMMANDS.iter().map(|c| c.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), COMMANDS.len());
    }

    #[test]
    fn the_users_keys_replace_the_defaults_and_conflicts_are_named() {
        let keys = |k: &[&str]| k.iter().map(ToString::to_string).collect::<Vec<_>>();
        let f8 = keys(&["f8"]);
        let map = Keymap::with([("pane", "zoom", f8.as_slice())]).unwrap();
        assert_eq!(map.shown("zoom"), "f8");
        assert!(map.find(Focus::Panes, Key::parse("z").unwrap()).is_none());
        for (name, key, words) in [
            ("zom", "z", "did you mean \"zoom\"?"),
            ("zoom", "hyper+z", "is not a key"),
            ("zoom", "q", "belongs to"),
        ] {
            let keys = keys(&[key]);
            let error = Keymap::with([("pane", name, keys.as_slice())]).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
