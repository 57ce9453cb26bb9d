//! What is copied: always the source, never the cells.

use std::fmt::Write;

use super::app::{App, Effect};
use super::chooser::{Item, Kind};
use super::markdown::code_blocks;
use crate::model::attached;
use crate::model::clean;
use crate::model::clean_line;

const BLOCKS: Kind = Kind {
    title: "code of this answer",
    empty: "this answer has no code",
    items: |app| {
        app.blocks
            .iter()
            .map(|(language, code)| {
                let lines = code.lines().count();
                Item {
                    label: clean_line(code.lines().find(|l| !l.trim().is_empty()).unwrap_or_default()),
                    note: String::new(),
                    right: label(language, lines),
                }
            })
            .collect()
    },
    take: |app, at| {
        if let Some((language, code)) = app.blocks.get(at).cloned() {
            app.copy_block(&language, &code);
        }
    },
    about: Some(|app, at| app.blocks.get(at).map(|(_, code)| code.clone()).unwrap_or_default()),
    ..Kind::PLAIN
};

/// `rust · 3 lines`
fn label(language: &str, lines: usize) -> String {
    let lines = format!("{lines} line{}", if lines == 1 { "" } else { "s" });
    if language.is_empty() { lines } else { format!("{language} · {lines}") }
}

impl App {
    /// Gives text to the clipboard; the loop says which one took it.
    pub(super) fn copy(&mut self, what: &str, text: &str) {
        self.effects.push(Effect::Copy { what: what.to_owned(), text: clean(text), terminal: false });
    }

    pub(super) fn copy_answer(&mut self) -> bool {
        match self.entry().map(|e| e.answer.text.clone()).filter(|t| !t.is_empty()) {
            Some(text) => self.copy("answer", &text),
            None => self.say("nothing to copy yet"),
        }
        true
    }

    /// Language and text of each block of code in the focused answer.
    fn find_blocks(&self) -> Vec<(String, String)> {
        let answer = self.round().and_then(|r| r.entries.get(self.pane)).map(|e| &e.answer);
        answer.map(|a| code_blocks(&a.text)).unwrap_or_default()
    }

    pub(super) fn copy_code(&mut self) -> bool {
        self.blocks = self.find_blocks();
        match self.blocks.as_slice() {
            [] => self.say("this answer has no code to copy"),
            [(language, code)] => {
                let (language, code) = (language.clone(), code.clone());
                self.copy_block(&language, &code);
            }
            _ => {
                self.choose(&BLOCKS);
            }
        }
        true
    }

    fn copy_block(&mut self, language: &str, code: &str) {
        let what = if language.is_empty() { "code".to_owned() } else { format!("{language} code") };
        self.copy(&what, code);
    }

    pub(super) fn copy_round(&mut self) -> bool {
        let Some(round) = self.round() else {
            self.say("nothing to copy yet");
            return true;
        };
        let mut text = format!("# {}\n", clean_line(&round.question));
        let files = round.entries.first().map(|e| attached(e.prompt.attachments())).unwrap_or_default();
        if !files.is_empty() {
            let _ = write!(text, "\n{files}\n");
        }
        for entry in &round.entries {
            let simulated = if entry.answer.simulated { " (simulated)" } else { "" };
            let name = clean_line(&entry.endpoint.name);
            // Writing to a string does not fail.
            let _ = write!(text, "\n## {name}{simulated}\n\n{}\n", entry.answer.text.trim_end());
        }
        self.copy("round", &text);
        true
    }
}
