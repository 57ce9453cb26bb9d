//! Rounds as a tree: where the next one hangs, a prompt that is edited and sent again, and the
//! ways from one round to another.

use crossterm::event::KeyCode;

use super::app::App;
use super::command::Focus;
use crate::model::Endpoint;
use crate::model::Origin;
use crate::model::Prompt;
use crate::model::Tree;

/// A round's prompt, in the field to be changed and sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Editing {
    pub round: usize,
    /// The prompt and the system text that stood in the fields before.
    draft: String,
    system: Option<String>,
}

impl App {
    /// The rounds of the session.
    #[must_use]
    pub fn tree(&self) -> Tree {
        Tree::new(self.rounds.iter().map(|r| r.origin))
    }

    /// What a round is called: `3`, `3.1`, `3b`.
    pub(super) fn label(&self, round: usize) -> String {
        self.tree().label(round)
    }

    /// `round 3/5`, or `round 3.1` and `4/5` where its name is not its number.
    pub(super) fn place(&self) -> Vec<String> {
        let (label, number, all) = (self.label(self.shown), self.shown + 1, self.rounds.len());
        if label == number.to_string() {
            vec![format!("round {number}/{all}")]
        } else {
            vec![format!("round {label}"), format!("{number}/{all}")]
        }
    }

    /// How the round in view came to be: `fresh`, `follow-up`, `edited 3`.
    pub(super) fn descent(&self, round: usize) -> String {
        match self.rounds.get(round).map(|r| r.origin) {
            Some(Origin { edited: Some(of), .. }) => format!("edited {}", self.label(of)),
            Some(Origin { parent: Some(_), .. }) => "follow-up".to_owned(),
            _ => "fresh".to_owned(),
        }
    }

    /// What the round in view is compared with: the one that it is an edition of, the one that
    /// it continues, or the one that was sent before it.
    pub(super) fn round_before(&self) -> Option<usize> {
        let origin = self.round()?.origin;
        origin.edited.or(origin.parent).or(self.shown.checked_sub(1))
    }

    /// The round whose prompt is in the field.
    pub(super) fn edited_round(&self) -> Option<usize> {
        self.editing.as_ref().map(|e| e.round)
    }

    /// Where a round that is sent now hangs.
    pub(super) fn next_origin(&self) -> Origin {
        match self.edited_round() {
            Some(edited) => {
                let parent = self.rounds.get(edited).and_then(|r| r.origin.parent);
                Origin { parent, edited: Some(edited) }
            }
            None => self.unedited_origin(),
        }
    }

    /// Where a round that is sent now hangs, and is no edition of another.
    pub(super) fn unedited_origin(&self) -> Origin {
        let parent = Some(self.shown).filter(|_| self.follow_up && !self.rounds.is_empty());
        Origin { parent, edited: None }
    }

    /// What an endpoint is asked: fresh, or its own conversation continued. Of an edited round
    /// that is the conversation which stood before it then.
    pub(super) fn prompt_for(
        &self,
        endpoint: &Endpoint,
        question: &str,
        origin: Origin,
        system: Option<&str>,
    ) -> Prompt {
        let own = |round: Option<usize>| {
            self.rounds.get(round?)?.entries.iter().find(|e| e.endpoint.is_pane_of(endpoint))
        };
        let edited = own(origin.edited).filter(|_| origin.parent.is_some());
        let before = own(origin.parent).filter(|e| !e.answer.text.is_empty());
        let prompt = match (edited, before) {
            (Some(entry), _) => entry.prompt.reworded(question),
            (None, Some(entry)) => entry.prompt.follow_up(&entry.answer.text, question),
            (None, None) => Prompt::new(question),
        };
        prompt.with_system(self.tuning.own_system(endpoint).or(system).map(str::to_owned))
    }

    /// Puts the prompt of the round in view into the field, to be changed and sent again; once
    /// more, and it goes out of it.
    pub(super) fn edit_round(&mut self) -> bool {
        self.leave_system();
        let shown = self.shown;
        let Some(round) = self.rounds.get(shown) else {
            self.say("nothing has been sent yet: there is no prompt to edit");
            return true;
        };
        if self.edited_round() == Some(shown) {
            self.leave_edit();
            self.focus = Focus::Panes;
            return true;
        }
        let (question, system) = (round.question.clone(), round.system.clone());
        let editing = match self.editing.take() {
            Some(other) => {
                self.remember_draft(other.round);
                Editing { round: shown, ..other }
            }
            None => Editing { round: shown, draft: self.editor.text(), system: self.system.clone() },
        };
        self.editing = Some(editing);
        self.editor.set_text(&question);
        self.system = system;
        self.focus = Focus::Prompt;
        let (send, panes, edit) =
            (self.keymap.first("send"), self.keymap.first("to-panes"), self.keymap.first("edit-round"));
        self.say(format!("{send} sends it as a version of its own; {panes} and {edit} leave it"));
        true
    }

    /// What was made of a prompt and will not be sent can be found again.
    fn remember_draft(&mut self, of: usize) {
        let text = self.editor.text();
        let untouched = self.rounds.get(of).is_some_and(|r| r.question == text);
        if !untouched && !self.editor.is_empty() {
            self.recall_aside(&text);
        }
    }

    /// What a crash or quitting must not take: what is written, and what waits behind an edit.
    pub(super) fn draft_to_keep(&self) -> String {
        let written = self.prompt_text();
        let Some(editing) = &self.editing else { return written };
        let untouched = self.rounds.get(editing.round).is_some_and(|r| r.question == written);
        let parts = [editing.draft.as_str(), if untouched { "" } else { written.as_str() }];
        parts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
    }

    /// Out of the field with it: what stood there before stands there again.
    fn leave_edit(&mut self) {
        let Some(editing) = self.editing.take() else { return };
        self.remember_draft(editing.round);
        self.editor.set_text(&editing.draft);
        self.system = editing.system;
        let label = self.label(editing.round);
        self.say(format!("round {label} is no longer edited"));
    }

    /// Escape from a prompt that was not changed, or is empty, means not to edit it after all.
    pub(super) fn leave_idle_edit(&mut self) {
        let escaped = self.key.is_some_and(|k| k.code == KeyCode::Esc);
        let Some(editing) = self.editing.as_ref().filter(|_| escaped && !self.is_writing_system()) else {
            return;
        };
        let round = self.rounds.get(editing.round);
        let same = round.is_some_and(|r| r.question == self.editor.text() && r.system == self.system);
        if same || self.editor.is_empty() {
            self.leave_edit();
        }
    }

    /// The edited prompt is on its way: the draft and the system text that stood there before come
    /// back. Those of the edition are its round's.
    pub(super) fn edit_sent(&mut self) {
        let Some(editing) = self.editing.take() else { return };
        // Something may have been written while the files of it were read.
        let meanwhile = self.editor.text();
        let parts = [editing.draft, meanwhile];
        let kept: Vec<&str> = parts.iter().map(String::as_str).filter(|t| !t.is_empty()).collect();
        self.editor.set_text(&kept.join("\n"));
        if editing.system != self.system {
            self.say("the system text of this session is back: the edited round has its own");
        }
        self.system = editing.system;
    }

    /// Puts back what was not sent after all, an edit with its system text; what was written meanwhile
    /// is kept.
    pub(super) fn unsend(&mut self, question: &str, origin: Origin, system: Option<String>) {
        self.leave_system();
        let meanwhile = self.editor.text();
        if let Some(round) = origin.edited {
            // Another edit may have begun: what waits behind it goes on waiting.
            let (draft, before) = match self.editing.take() {
                Some(other) => {
                    self.remember_draft(other.round);
                    (other.draft, other.system)
                }
                None => (meanwhile, self.system.clone()),
            };
            self.editing = Some(Editing { round, draft, system: before });
            self.editor.set_text(question);
            self.system = system;
        } else if meanwhile.is_empty() || meanwhile == question {
            self.editor.set_text(question);
        } else {
            self.editor.set_text(&format!("{question}\n{meanwhile}"));
        }
        self.read_draft();
    }

    fn go_to_round(&mut self, to: Option<usize>, none: &str) -> bool {
        match to {
            _ if self.rounds.is_empty() => self.say("nothing has been sent yet"),
            Some(to) => self.shown = to,
            None => self.say(none),
        }
        true
    }

    pub(super) fn parent_round(&mut self) -> bool {
        let to = self.tree().parent(self.shown);
        self.go_to_round(to, "this round starts fresh: it continues no other")
    }

    pub(super) fn child_round(&mut self) -> bool {
        let to = self.tree().children(self.shown).last().copied();
        self.go_to_round(to, "no round continues this one")
    }

    pub(super) fn next_sibling(&mut self) -> bool {
        self.sibling(true)
    }

    pub(super) fn previous_sibling(&mut self) -> bool {
        self.sibling(false)
    }

    fn sibling(&mut self, forward: bool) -> bool {
        let all = self.tree().siblings(self.shown);
        let at = all.iter().position(|r| *r == self.shown).unwrap_or(0);
        let to = if forward { all.get(at + 1) } else { at.checked_sub(1).and_then(|at| all.get(at)) };
        let (alone, edit) = (all.len() < 2, self.keymap.first("edit-round"));
        let none = match (alone, forward) {
            (true, _) => format!("this round has no other version; {edit} edits its prompt"),
            (false, true) => "this is the last version".to_owned(),
            (false, false) => "this is the first version".to_owned(),
        };
        self.go_to_round(to.copied(), &none)
    }
}
