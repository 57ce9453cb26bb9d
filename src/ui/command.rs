//! What a key can do: one row per command. Help, hint line, config, the `keys`
//! listing and the README's table are made from these rows.

use std::collections::HashMap;

use super::app::App;
use super::key::Key;
use crate::model::did_you_mean;

/// Where a key is listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Focus {
    Prompt,
    Panes,
    /// In both; a key of the focused part wins.
    Anywhere,
}

impl Focus {
    /// The word in the configuration and in listings.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Panes => "pane",
            Self::Anywhere => "anywhere",
        }
    }
}

/// One row.
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
pub const COMMANDS: &[Command] = &[
    Command {
        name: "send",
        keys: &["enter"],
        on: Focus::Prompt,
        doc: "send the prompt to every pane",
        run: App::send,
    },
    Command {
        name: "newline",
        keys: &["alt+enter", "shift+enter", "ctrl+j"],
        on: Focus::Prompt,
        doc: "start a new line",
        run: App::newline,
    },
    Command {
        name: "older",
        keys: &["up"],
        on: Focus::Prompt,
        doc: "on the first line: the prompt before",
        run: App::older,
    },
    Command {
        name: "newer",
        keys: &["down"],
        on: Focus::Prompt,
        doc: "on the last line: the prompt after",
        run: App::newer,
    },
    Command {
        name: "to-panes",
        keys: &["esc", "tab"],
        on: Focus::Prompt,
        doc: "go to the panes; stops nothing",
        run: App::focus_panes,
    },
    Command {
        name: "to-prompt",
        keys: &["i", "esc"],
        on: Focus::Panes,
        doc: "go to the prompt; leaves zoom first",
        run: App::focus_prompt,
    },
    Command {
        name: "pane",
        keys: &["1", "2", "3", "4", "5", "6", "7", "8", "9"],
        on: Focus::Panes,
        doc: "focus the pane with that number",
        run: App::pane_number,
    },
    Command {
        name: "next-pane",
        keys: &["tab", "l", "right"],
        on: Focus::Panes,
        doc: "focus the next pane; in a view, choose the next figure",
        run: App::next_pane,
    },
    Command {
        name: "previous-pane",
        keys: &["backtab", "h", "left"],
        on: Focus::Panes,
        doc: "focus the pane before; in a view, choose the figure before",
        run: App::previous_pane,
    },
    Command {
        name: "zoom",
        keys: &["z", "enter"],
        on: Focus::Panes,
        doc: "show one answer alone, or all again; in a view, this answer",
        run: App::toggle_zoom,
    },
    Command {
        name: "down",
        keys: &["j", "down"],
        on: Focus::Panes,
        doc: "scroll a line down; in a view, the row below",
        run: App::line_down,
    },
    Command {
        name: "up",
        keys: &["k", "up"],
        on: Focus::Panes,
        doc: "scroll a line up; in a view, the row above",
        run: App::line_up,
    },
    Command {
        name: "half-down",
        keys: &["d"],
        on: Focus::Panes,
        doc: "scroll half a page down",
        run: App::half_down,
    },
    Command {
        name: "half-up",
        keys: &["u"],
        on: Focus::Panes,
        doc: "scroll half a page up",
        run: App::half_up,
    },
    Command {
        name: "page-down",
        keys: &["pgdn", "space"],
        on: Focus::Panes,
        doc: "scroll a page down",
        run: App::page_down,
    },
    Command {
        name: "page-up",
        keys: &["pgup"],
        on: Focus::Panes,
        doc: "scroll a page up",
        run: App::page_up,
    },
    Command { name: "top", keys: &["g", "home"], on: Focus::Panes, doc: "go to the top", run: App::top },
    Command {
        name: "follow",
        keys: &["G", "end"],
        on: Focus::Panes,
        doc: "go to the end and follow the stream",
        run: App::follow,
    },
    Command {
        name: "together",
        keys: &["s"],
        on: Focus::Panes,
        doc: "panes scroll together, or each alone",
        run: App::toggle_together,
    },
    Command {
        name: "search",
        keys: &["/"],
        on: Focus::Panes,
        doc: "search in the answers; a capital finds capitals only",
        run: App::search,
    },
    Command {
        name: "next-match",
        keys: &["n"],
        on: Focus::Panes,
        doc: "next match, here and then in the other panes; in the diff, change",
        run: App::next_match,
    },
    Command {
        name: "previous-match",
        keys: &["N"],
        on: Focus::Panes,
        doc: "the match before",
        run: App::previous_match,
    },
    Command {
        name: "view",
        keys: &["v"],
        on: Focus::Panes,
        doc: "next view: panes, table, timeline, scatter, diff, trials",
        run: App::next_view,
    },
    Command {
        name: "diff",
        keys: &["D"],
        on: Focus::Panes,
        doc: "this answer word by word against the baseline, or the round before",
        run: App::diff,
    },
    Command {
        name: "flip",
        keys: &["o"],
        on: Focus::Panes,
        doc: "table: best or worst first; diff: in one column or side by side",
        run: App::flip_order,
    },
    Command {
        name: "baseline",
        keys: &["b"],
        on: Focus::Panes,
        doc: "compare the others with this endpoint, or with none",
        run: App::pin_baseline,
    },
    Command { name: "rerun", keys: &["r"], on: Focus::Panes, doc: "run this pane again", run: App::rerun },
    Command {
        name: "rerun-all",
        keys: &["R"],
        on: Focus::Panes,
        doc: "run all panes again",
        run: App::rerun_all,
    },
    Command {
        name: "trials",
        keys: &["t"],
        on: Focus::Panes,
        doc: "repeat the round k more times, in rotated order, in the background",
        run: App::ask_trials,
    },
    Command {
        name: "next-trial",
        keys: &["."],
        on: Focus::Panes,
        doc: "show the next trial of this endpoint",
        run: App::next_trial,
    },
    Command {
        name: "previous-trial",
        keys: &[","],
        on: Focus::Panes,
        doc: "show the trial before",
        run: App::previous_trial,
    },
    Command { name: "stop", keys: &["x"], on: Focus::Panes, doc: "stop this stream", run: App::stop },
    Command { name: "stop-all", keys: &["X"], on: Focus::Panes, doc: "stop all streams", run: App::stop_all },
    Command {
        name: "vote",
        keys: &["w"],
        on: Focus::Panes,
        doc: "this answer is better than all others of the round",
        run: App::vote_won,
    },
    Command {
        name: "vote-tie",
        keys: &["="],
        on: Focus::Panes,
        doc: "the answers are equally good",
        run: App::vote_tie,
    },
    Command {
        name: "vote-bad",
        keys: &["W"],
        on: Focus::Panes,
        doc: "none of the answers is any good",
        run: App::vote_bad,
    },
    Command {
        name: "blind",
        keys: &["B"],
        on: Focus::Panes,
        doc: "next prompts: hide who answers, and all figures, until your vote",
        run: App::toggle_blind,
    },
    Command {
        name: "tags",
        keys: &["#"],
        on: Focus::Panes,
        doc: "tags of your votes, for a leaderboard of its own",
        run: App::ask_tags,
    },
    Command {
        name: "leaderboard",
        keys: &["H"],
        on: Focus::Panes,
        doc: "endpoints ranked by your votes, with intervals",
        run: App::open_board,
    },
    Command {
        name: "thinking",
        keys: &["T"],
        on: Focus::Panes,
        doc: "fold or show the reasoning; in the diff, what is alike",
        run: App::toggle_thinking,
    },
    Command {
        name: "source",
        keys: &["m"],
        on: Focus::Panes,
        doc: "answers as Markdown, or as they were written",
        run: App::toggle_source,
    },
    Command {
        name: "follow-up",
        keys: &["f"],
        on: Focus::Panes,
        doc: "next prompt: fresh, or each pane continues its own conversation",
        run: App::toggle_follow_up,
    },
    Command {
        name: "previous-round",
        keys: &["["],
        on: Focus::Panes,
        doc: "show the round before",
        run: App::previous_round,
    },
    Command {
        name: "next-round",
        keys: &["]"],
        on: Focus::Panes,
        doc: "show the round after",
        run: App::next_round,
    },
    Command {
        name: "copy",
        keys: &["y"],
        on: Focus::Panes,
        doc: "copy this answer's text",
        run: App::copy_answer,
    },
    Command {
        name: "copy-code",
        keys: &["c"],
        on: Focus::Panes,
        doc: "copy a block of code of this answer",
        run: App::copy_code,
    },
    Command {
        name: "copy-round",
        keys: &["Y"],
        on: Focus::Panes,
        doc: "copy the round as Markdown",
        run: App::copy_round,
    },
    Command {
        name: "detail",
        keys: &["I"],
        on: Focus::Panes,
        doc: "all about this answer: request, settings, times, cost",
        run: App::detail,
    },
    Command {
        name: "attach",
        keys: &["@"],
        on: Focus::Panes,
        doc: "attach a file: `@` and its name, in the prompt",
        run: App::attach,
    },
    Command {
        name: "endpoints",
        keys: &["E"],
        on: Focus::Panes,
        doc: "find endpoints, add and remove them, save the lineup",
        run: App::open_picker,
    },
    Command {
        name: "common",
        keys: &["L"],
        on: Focus::Panes,
        doc: "same settings for all: what every model takes",
        run: App::toggle_common,
    },
    Command {
        name: "theme",
        keys: &["C"],
        on: Focus::Panes,
        doc: "choose the colours; each theme is shown as you come to it",
        run: App::choose_theme,
    },
    Command {
        name: "palette",
        keys: &[":"],
        on: Focus::Panes,
        doc: "find any command by typing",
        run: App::open_palette,
    },
    Command { name: "help", keys: &["?"], on: Focus::Panes, doc: "this help", run: App::help },
    Command {
        name: "quit",
        keys: &["q"],
        on: Focus::Panes,
        doc: "quit; asks while something streams",
        run: App::quit,
    },
    Command {
        name: "interrupt",
        keys: &["ctrl+c"],
        on: Focus::Anywhere,
        doc: "stop all streams; pressed again, ask to quit",
        run: App::interrupt,
    },
    Command {
        name: "palette-anywhere",
        keys: &["alt+x", "f3"],
        on: Focus::Anywhere,
        doc: "find any command by typing",
        run: App::open_palette,
    },
    Command { name: "help-anywhere", keys: &["f1"], on: Focus::Anywhere, doc: "this help", run: App::help },
    Command {
        name: "mouse",
        keys: &["f10"],
        on: Focus::Anywhere,
        doc: "give the mouse to the terminal, or take it back",
        run: App::toggle_mouse,
    },
    Command {
        name: "redraw",
        keys: &["ctrl+l"],
        on: Focus::Anywhere,
        doc: "draw everything anew",
        run: App::redraw,
    },
    Command {
        name: "suspend",
        keys: &["ctrl+z"],
        on: Focus::Anywhere,
        doc: "back to the shell; `fg` returns",
        run: App::suspend,
    },
];

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
            let here = |c: &Command| c.on.word() == focus || c.on == Focus::Anywhere;
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
                if let Some(other) = seen.insert((command.on, *key), command.name) {
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
                self.index.insert((command.on, *key), at);
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
                assert_eq!(map.find(command.on, *key).unwrap().name, command.name);
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
        let f9 = keys(&["f9"]);
        let map = Keymap::with([("pane", "zoom", f9.as_slice())]).unwrap();
        assert_eq!(map.shown("zoom"), "f9");
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
