//! The library of prompts on the screen: open one, look at its versions, save, delete.
//!
//! Files are read and written elsewhere than on the screen's thread: a [`Wish`] goes out, a
//! [`Reply`] comes back.

use crossterm::event::{KeyCode, KeyModifiers};

use super::app::{App, Effect, Overlay};
use super::chooser::{Item, Kind};
use super::form::{Field, Form, Purpose};
use super::key::Key;
use super::templates::Doubt;
use crate::model::Cases;
use crate::model::Kept;
use crate::model::Version;
use crate::model::clean_line;

/// What is wanted of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// The cases of a file.
    Cases(String),
    /// Every prompt of the library.
    Prompts,
    /// Add a version to a prompt, or begin one; its time is still to be set.
    Save(String, Version),
    Delete(String),
}

/// How a wish went; errors are sentences.
#[derive(Debug)]
pub enum Reply {
    Cases(Result<Cases, String>),
    /// And a sentence for each file that is damaged.
    Prompts(Result<(Vec<Kept>, Vec<String>), String>),
    Saved(String, Result<String, String>),
    Deleted(Result<String, String>),
}

/// What was last read of the library.
#[derive(Debug, Default)]
pub(super) struct Library {
    kept: Vec<Kept>,
    damaged: Vec<String>,
    /// Whose versions are looked at.
    prompt: usize,
}

const PROMPTS: Kind = Kind {
    title: "prompts",
    empty: "nothing is saved yet: write a prompt, then A in the panes saves it",
    hints: "→ its versions · del deletes",
    items: |app| {
        let library = &app.templates.library;
        let kept = library.kept.iter().map(|kept| {
            let last = kept.version(None).cloned().unwrap_or_default();
            let tags: Vec<String> = kept.tags.iter().map(|tag| format!("#{tag}")).collect();
            Item {
                label: kept.name.clone(),
                note: format!("{} {}", tags.join(" "), last.note).trim().to_owned(),
                right: format!("v{} {}", kept.versions.len(), last.day()).trim_end().to_owned(),
            }
        });
        let damaged = library.damaged.iter().map(|why| Item {
            label: "damaged".into(),
            note: why.clone(),
            right: String::new(),
        });
        kept.chain(damaged).collect()
    },
    take: |app, at| app.take_prompt(at, None),
    keys: |app, key, at| match (key.code, at) {
        (KeyCode::Right, Some(at)) => {
            app.open_versions(at);
            true
        }
        (KeyCode::Delete, Some(at)) => {
            app.doubt_prompt(at);
            true
        }
        (KeyCode::Char('d'), Some(at)) if key.modifiers == KeyModifiers::CONTROL => {
            app.doubt_prompt(at);
            true
        }
        _ => false,
    },
    about: Some(|app, at| {
        let library = &app.templates.library;
        let text = |kept: &Kept| kept.version(None).map(about).unwrap_or_default();
        let damaged = at.checked_sub(library.kept.len()).and_then(|at| library.damaged.get(at));
        library.kept.get(at).map(text).or(damaged.cloned()).unwrap_or_default()
    }),
    ..Kind::PLAIN
};

const VERSIONS: Kind = Kind {
    title: "versions, the newest first",
    empty: "there is no version",
    hints: "← all prompts",
    items: |app| {
        let versions = app.looked_at().map(|kept| kept.versions.as_slice()).unwrap_or_default();
        let item = |(at, version): (usize, &Version)| Item {
            label: format!("version {}", at + 1),
            note: version.note.clone(),
            right: version.day(),
        };
        versions.iter().enumerate().map(item).rev().collect()
    },
    take: |app, at| {
        let all = app.looked_at().map_or(0, |kept| kept.versions.len());
        app.take_prompt(app.templates.library.prompt, Some(all.saturating_sub(at)));
    },
    keys: |app, key: Key, _| {
        if key.code == KeyCode::Left {
            let row = app.templates.library.prompt;
            app.choose_from(&PROMPTS, row);
        }
        key.code == KeyCode::Left
    },
    about: Some(|app, at| {
        let all = app.looked_at().map_or(0, |kept| kept.versions.len());
        let version = app.looked_at().and_then(|kept| kept.version(Some(all.saturating_sub(at))));
        version.map(about).unwrap_or_default()
    }),
    ..Kind::PLAIN
};

/// The whole of a version.
fn about(version: &Version) -> String {
    match &version.system {
        Some(system) => format!("{}\n[system: {}]", version.text, clean_line(system)),
        None => version.text.clone(),
    }
}

impl App {
    pub(super) fn open_prompts(&mut self) -> bool {
        self.effects.push(Effect::Files(Wish::Prompts));
        true
    }

    /// The answer to [`Effect::Files`].
    pub(super) fn files(&mut self, reply: Reply) {
        match reply {
            Reply::Cases(read) => self.cases_read(read),
            Reply::Prompts(Ok((kept, damaged))) => {
                let library = &mut self.templates.library;
                (library.kept, library.damaged) = (kept, damaged);
                if !matches!(self.overlay, None | Some(Overlay::Chooser)) {
                    // A question that came meanwhile is not talked over.
                    return;
                }
                let name = &self.templates.name;
                let row = self.templates.library.kept.iter().position(|k| k.name == *name).unwrap_or(0);
                self.choose_from(&PROMPTS, row);
            }
            Reply::Saved(name, Ok(said)) => {
                self.templates.name = name;
                self.say(said);
            }
            Reply::Deleted(Ok(said)) => {
                self.say(said);
                self.open_prompts();
            }
            Reply::Saved(_, Err(why)) => self.say(format!("not saved: {why}")),
            Reply::Prompts(Err(why)) | Reply::Deleted(Err(why)) => self.say(why),
        }
    }

    fn looked_at(&self) -> Option<&Kept> {
        let library = &self.templates.library;
        library.kept.get(library.prompt)
    }

    fn open_versions(&mut self, at: usize) {
        if at < self.templates.library.kept.len() {
            self.templates.library.prompt = at;
            self.choose(&VERSIONS);
        }
    }

    /// Puts a prompt into the field; what was written there goes to the history.
    fn take_prompt(&mut self, at: usize, number: Option<usize>) {
        let library = &self.templates.library;
        let Some(kept) = library.kept.get(at) else {
            let why = at.checked_sub(library.kept.len()).and_then(|at| library.damaged.get(at)).cloned();
            self.say(why.unwrap_or_default());
            return;
        };
        let Some(version) = kept.version(number).cloned() else { return };
        let name = kept.name.clone();
        let number = number.unwrap_or(kept.versions.len());
        self.leave_system();
        let draft = self.editor.text();
        let aside = !draft.trim().is_empty() && draft != version.text;
        if aside {
            self.recall_aside(&draft);
        }
        self.editor.set_text(&version.text);
        self.focus = super::command::Focus::Prompt;
        let mut said = format!("{name}, version {number}");
        if version.system.is_some() && version.system != self.system {
            self.system = version.system;
            said.push_str(", with its system text");
        }
        if aside {
            said.push_str("; what was written is in the history");
        }
        self.templates.name = name;
        self.say(said);
    }

    fn doubt_prompt(&mut self, at: usize) {
        let Some(kept) = self.templates.library.kept.get(at) else {
            self.say("a damaged file is yours to mend or remove");
            return;
        };
        let doubt = Doubt::Delete(kept.name.clone(), kept.versions.len());
        self.chooser = None;
        self.ask_about(doubt);
    }

    pub(super) fn delete_prompt(&mut self, name: String) {
        self.effects.push(Effect::Files(Wish::Delete(name)));
    }

    /// What would be saved: what is written, else the prompt of the round in view.
    fn savable(&self) -> Option<String> {
        let written = Some(self.prompt_text()).filter(|text| !text.trim().is_empty());
        written.or_else(|| self.round().map(|r| r.question.clone()))
    }

    pub(super) fn open_save(&mut self) -> bool {
        let Some(text) = self.savable() else {
            self.say("nothing to save: write a prompt first");
            return true;
        };
        let name = Field::new("name", &self.templates.name).hinted(" letters, digits, - and _");
        let note = Field::new("note", "").optional(" what is new about this version; may stay empty");
        let title = format!("save the prompt · {}", clean_line(&text));
        let form = Form::new(Purpose::Save, title, vec![name, note]);
        self.open_form(form);
        true
    }

    pub(super) fn save_prompt(&mut self, name: &str, note: &str) {
        let Some(text) = self.savable() else { return };
        let version =
            Version { text, system: self.system.clone(), note: note.trim().into(), ..Version::default() };
        self.effects.push(Effect::Files(Wish::Save(name.trim().to_owned(), version)));
    }
}
