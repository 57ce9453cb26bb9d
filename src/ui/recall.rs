//! Prompts that were sent: walked with the arrows, found by typing, kept across sessions.

use super::app::{App, Effect, Overlay};
use super::chooser::{Item, Kind};
use super::figures::grouped;
use crate::model::clean_line;

/// Characters by which a prompt is found and shown in one row.
const SEARCHED: usize = 400;

/// Bytes of the prompt under the cursor that can be seen at all.
const TOLD: usize = 8 << 10;

/// What was sent, and where in it the user is.
#[derive(Debug, Default)]
pub struct Recall {
    /// Oldest first; none twice.
    sent: Vec<String>,
    walking: Option<Walk>,
    /// Whether what is sent is kept for other sessions.
    pub keeps: bool,
}

#[derive(Debug)]
struct Walk {
    at: usize,
    /// What was being written.
    draft: String,
    /// The editor's revision behind the last step: another one is something new.
    revision: u64,
}

const SENT: Kind = Kind {
    title: "prompts sent before",
    empty: "nothing has been sent yet: what is sent can be found here",
    hints: "nothing is sent",
    items: |app| {
        let row = |text: &String| {
            let lines = text.lines().count();
            let right = if lines > 1 {
                format!("{} lines", grouped(u64::try_from(lines).unwrap_or(u64::MAX)))
            } else {
                String::new()
            };
            let end = text.floor_char_boundary(SEARCHED * 4);
            let start = clean_line(text.get(..end).unwrap_or_default());
            Item { label: start.chars().take(SEARCHED).collect(), note: String::new(), right }
        };
        app.recall.sent.iter().rev().map(row).collect()
    },
    take: |app, at| {
        let Some(text) = app.recall.sent.iter().rev().nth(at).cloned() else { return };
        app.focus = super::command::Focus::Prompt;
        app.leave_system();
        let was_empty = app.editor.is_empty();
        if app.editor.rewrite(&text) && !was_empty {
            let undo = app.keymap.first("undo");
            app.say(format!("in place of what was written; {undo} brings that back"));
        }
    },
    about: Some(|app, at| {
        let text = app.recall.sent.iter().rev().nth(at).map(String::as_str).unwrap_or_default();
        text.get(..text.floor_char_boundary(TOLD)).unwrap_or_default().to_owned()
    }),
    ..Kind::PLAIN
};

impl App {
    /// Takes note of what is sent.
    pub(super) fn recall_sent(&mut self, question: &str) {
        self.recall_aside(question);
        if self.recall.keeps {
            self.effects.push(Effect::Remember(question.to_owned()));
        }
    }

    /// Puts a text aside where the arrows find it, in this session only.
    pub(super) fn recall_aside(&mut self, text: &str) {
        self.recall.walking = None;
        self.recall.sent.retain(|other| other != text);
        self.recall.sent.push(text.to_owned());
    }

    /// Takes what earlier sessions have sent, oldest first; this session's come after it.
    pub(super) fn recall_earlier(&mut self, earlier: Vec<String>) {
        let here: std::collections::HashSet<&String> = self.recall.sent.iter().collect();
        let mut all: Vec<String> = earlier.into_iter().filter(|text| !here.contains(text)).collect();
        if let Some(walk) = &mut self.recall.walking {
            walk.at += all.len();
        }
        all.append(&mut self.recall.sent);
        self.recall.sent = all;
        // The list may have been opened before the file was read.
        if self.overlay == Some(Overlay::Chooser) {
            self.choose_again();
        }
    }

    pub(super) fn find_sent(&mut self) -> bool {
        self.choose(&SENT)
    }

    pub(super) fn history_step(&mut self, older: bool) -> bool {
        let at_edge = if older { self.editor.on_first_line() } else { self.editor.on_last_line() };
        if !at_edge {
            return false;
        }
        let walk = self.recall.walking.take().filter(|walk| walk.revision == self.editor.revision());
        let (at, draft) = match (walk, older) {
            (Some(walk), _) => (walk.at, walk.draft),
            (None, true) if self.recall.sent.is_empty() => return false,
            (None, true) => (self.recall.sent.len(), self.editor.text()),
            (None, false) => return false,
        };
        let to = if older { at.checked_sub(1) } else { Some(at + 1) };
        let to = to.filter(|to| *to <= self.recall.sent.len()).unwrap_or(at);
        match self.recall.sent.get(to) {
            Some(_) if to == at => {}
            Some(text) => self.editor.set_text(text),
            None => {
                self.editor.set_text(&draft);
                return true;
            }
        }
        self.recall.walking = Some(Walk { at: to, draft, revision: self.editor.revision() });
        true
    }
}
