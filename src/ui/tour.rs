//! The demo's tour: one thing to try at a time, named by its key, over when it was done.

use super::app::App;

/// Command, and what it is good for. Done in any order; shown in this one.
const STEPS: [(&str, &str); 10] = [
    ("send", "asks every endpoint at once: type a question first"),
    ("to-panes", "goes to the answers"),
    ("zoom", "shows one answer alone, and all again"),
    ("view", "shows the round as a table, a timeline, a scatter"),
    ("diff", "shows word by word what another answer says otherwise"),
    ("detail", "tells all about an answer: request, times, cost"),
    ("search", "searches in all answers"),
    ("trials", "repeats the round: medians in place of luck"),
    ("edit-round", "edits this prompt and sends it as a version of its own"),
    ("palette", "finds every other command by typing"),
];

/// What has been done of it.
#[derive(Debug, Default)]
pub struct Tour {
    done: [bool; STEPS.len()],
}

impl App {
    /// Begins the tour.
    pub fn take_tour(&mut self) {
        self.tour = Some(Tour::default());
    }

    /// A command was run.
    pub(super) fn toured(&mut self, command: &str) {
        let Some(tour) = &mut self.tour else { return };
        for (done, (name, _)) in tour.done.iter_mut().zip(STEPS) {
            *done |= name == command;
        }
        if tour.done.iter().all(|done| *done) {
            self.tour = None;
            let help = self.keymap.first("help");
            self.say(format!("that was the tour; {help} has everything"));
        }
    }

    /// What to try next: `try z: shows one answer alone, and all again · 3/10`.
    pub(super) fn tour_words(&self) -> Option<String> {
        let tour = self.tour.as_ref()?;
        let over = tour.done.iter().filter(|done| **done).count();
        let (_, (name, words)) = tour.done.iter().zip(STEPS).find(|(done, _)| !**done)?;
        Some(format!("try {}: {words} · {}/{}", self.keymap.first(name), over + 1, STEPS.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::COMMANDS;
    use super::STEPS;

    #[test]
    fn every_step_is_a_command() {
        for (name, _) in STEPS {
            assert!(COMMANDS.iter().any(|c| c.name == name), "{name}");
        }
    }
}
