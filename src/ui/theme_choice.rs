//! Choosing a theme: each is shown as the cursor comes to it.

use std::sync::Arc;

use super::app::{App, Effect};
use super::chooser::{Item, Kind};

const THEMES: Kind = Kind {
    title: "themes",
    empty: "there is no theme",
    hints: "up and down show it",
    items: |app| {
        let item = |about: super::theme::About| Item {
            label: about.name,
            note: about.wrong.map_or(about.words, |why| format!("✗ {why}")),
            right: if about.place.is_some() { "yours".into() } else { about.ground.word().into() },
        };
        app.themes.list().into_iter().map(item).collect()
    },
    preview: |app, at| {
        let Some(about) = app.themes.list().into_iter().nth(at) else { return };
        match app.themes.named(&about.name) {
            Ok(theme) => app.theme = Arc::new(theme),
            Err(why) => app.say(why),
        }
    },
    take: |app, at| {
        let Some(about) = app.themes.list().into_iter().nth(at) else { return };
        match app.themes.named(&about.name) {
            Ok(theme) => {
                app.theme = Arc::new(theme);
                app.theme_before = None;
                app.effects.push(Effect::SaveTheme(about.name));
            }
            Err(why) => {
                app.restore_theme();
                app.say(why);
            }
        }
    },
    leave: App::restore_theme,
    // The screen behind it is what one looks at.
    rows: 7,
    ..Kind::PLAIN
};

impl App {
    pub(super) fn choose_theme(&mut self) -> bool {
        self.theme_before = Some(Arc::clone(&self.theme));
        let at = self.themes.names().iter().position(|name| *name == self.theme.name).unwrap_or(0);
        self.choose_from(&THEMES, at)
    }

    /// Back to the theme from before the list was opened.
    fn restore_theme(&mut self) {
        if let Some(theme) = self.theme_before.take() {
            self.theme = theme;
        }
    }
}
