//! The palette: every command, found by typing.

use super::app::App;
use super::chooser::{Item, Kind};
use super::command::{COMMANDS, Command, Focus};

/// Commands that make sense without the key they were called by.
fn callable() -> impl Iterator<Item = &'static Command> {
    COMMANDS.iter().filter(|c| !["pane", "palette", "palette-anywhere", "help-anywhere"].contains(&c.name))
}

const PALETTE: Kind = Kind {
    title: "commands",
    empty: "there is no command",
    items: |app| {
        callable()
            .map(|c| Item {
                label: c.name.to_owned(),
                note: c.doc.to_owned(),
                right: app.keymap.first(c.name),
            })
            .collect()
    },
    take: |app, at| {
        let Some(command) = callable().nth(at) else { return };
        // It is run as if its key had been pressed where it is listened to.
        match command.on {
            Focus::Prompt => app.focus = Focus::Prompt,
            Focus::Panes => app.focus = Focus::Panes,
            Focus::Anywhere | Focus::Always => {}
        }
        app.key = None;
        (command.run)(app);
        app.toured(command.name);
    },
    ..Kind::PLAIN
};

impl App {
    pub(super) fn open_palette(&mut self) -> bool {
        self.choose(&PALETTE)
    }
}
