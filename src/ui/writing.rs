//! What the commands of the prompt do: moving, selecting, cutting, undoing, writing elsewhere.

use std::time::Duration;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::app::{App, Effect};
use super::command::{Command, Focus};
use super::editor::Go;
use super::key::Key;
use super::layout::Layout;

/// Two clicks within this time are one double click.
const TWICE: Duration = Duration::from_millis(400);

/// Rows of one notch of the wheel.
const WHEEL: isize = 3;

/// The mouse in the prompt field.
#[derive(Debug, Default)]
pub struct Pointer {
    clicked: Option<((u16, u16), Duration)>,
    dragging: bool,
}

const fn row(
    name: &'static str,
    keys: &'static [&'static str],
    doc: &'static str,
    run: fn(&mut App) -> bool,
) -> Command {
    Command { name, keys, on: Focus::Prompt, doc, run }
}

/// The prompt's own commands; part of [`super::COMMANDS`].
pub(super) const WRITING: &[Command] = &[
    row("edit", &["ctrl+e", "alt+e"], "write in $VISUAL or $EDITOR", App::edit_outside),
    row("recall", &["ctrl+r", "alt+h"], "find a prompt that was sent before", App::find_sent),
    row("undo", &["alt+u", "ctrl+_"], "undo the last change of the prompt", App::undo),
    row("redo", &["alt+r", "alt+U"], "do again what was undone", App::redo),
    row("unfold", &["alt+o"], "show the text of the folded paste at the cursor", App::unfold),
    row("cut", &["ctrl+x", "alt+k"], "cut what is selected", |app| app.copy_selected(true)),
    row("copy-selected", &["alt+w", "alt+c"], "copy what is selected", |app| app.copy_selected(false)),
    row("put", &["ctrl+y", "alt+y"], "write what was cut or copied here last", App::put_back),
    row("mark", &["ctrl+space", "alt+m"], "select from here by moving; again: no more", App::mark),
    row("select-all", &["alt+a"], "select the whole prompt", App::select_all),
    row("left", &["left", "ctrl+b"], "a sign to the left", |app| app.go(Go::Left, false)),
    row("right", &["right", "ctrl+f"], "a sign to the right", |app| app.go(Go::Right, false)),
    row("word-left", &["ctrl+left", "alt+left", "alt+b"], "a word to the left", |app| {
        app.go(Go::WordLeft, false)
    }),
    row("word-right", &["ctrl+right", "alt+right", "alt+f"], "a word to the right", |app| {
        app.go(Go::WordRight, false)
    }),
    row("line-start", &["home", "ctrl+a"], "to the start of the line", |app| app.go(Go::LineStart, false)),
    row("line-end", &["end", "alt+$"], "to the end of the line", |app| app.go(Go::LineEnd, false)),
    row("text-start", &["ctrl+home", "alt+<"], "to the start of the prompt", |app| app.go(Go::Start, false)),
    row("text-end", &["ctrl+end", "alt+>"], "to the end of the prompt", |app| app.go(Go::End, false)),
    row("prompt-page-up", &["pgup", "alt+up"], "a page up in a long prompt", |app| app.go(Go::PageUp, false)),
    row("prompt-page-down", &["pgdn", "alt+down"], "a page down in a long prompt", |app| {
        app.go(Go::PageDown, false)
    }),
    row("select-left", &["shift+left"], "select a sign to the left", |app| app.go(Go::Left, true)),
    row("select-right", &["shift+right"], "select a sign to the right", |app| app.go(Go::Right, true)),
    row("select-up", &["shift+up"], "select a row up", |app| app.go(Go::Up, true)),
    row("select-down", &["shift+down"], "select a row down", |app| app.go(Go::Down, true)),
    row("select-word-left", &["ctrl+shift+left", "alt+shift+left"], "select a word to the left", |app| {
        app.go(Go::WordLeft, true)
    }),
    row("select-word-right", &["ctrl+shift+right", "alt+shift+right"], "select a word to the right", |app| {
        app.go(Go::WordRight, true)
    }),
    row("select-line-start", &["shift+home"], "select to the start of the line", |app| {
        app.go(Go::LineStart, true)
    }),
    row("select-line-end", &["shift+end"], "select to the end of the line", |app| app.go(Go::LineEnd, true)),
    row(
        "erase",
        &["backspace", "shift+backspace", "ctrl+h"],
        "delete to the left, or what is selected",
        |app| app.erase(Go::Left),
    ),
    row("erase-right", &["delete", "ctrl+d"], "delete to the right, or what is selected", |app| {
        app.erase(Go::Right)
    }),
    row("erase-word", &["ctrl+w", "alt+backspace", "ctrl+backspace"], "cut the word to the left", |app| {
        app.erase(Go::WordLeft)
    }),
    row("erase-word-right", &["alt+d", "ctrl+delete", "alt+delete"], "cut the word to the right", |app| {
        app.erase(Go::WordRight)
    }),
    row("erase-line", &["ctrl+u"], "cut to the start of the line", |app| app.erase(Go::LineStart)),
    row("erase-line-end", &["ctrl+k"], "cut to the end of the line", |app| app.erase(Go::LineEnd)),
    row("vi-keys", &["f6"], "vi's keys in the prompt, or the plain ones", App::toggle_vi),
];

impl App {
    fn go(&mut self, how: Go, select: bool) -> bool {
        self.editor.go(how, select);
        true
    }

    fn erase(&mut self, how: Go) -> bool {
        self.editor.delete(how);
        true
    }

    /// A key while vi's keys are on; true where it was one of them.
    pub(super) fn vi_key(&mut self, key: Key) -> bool {
        self.focus == Focus::Prompt && self.editor.vi_key(key)
    }

    fn undo(&mut self) -> bool {
        if !self.editor.undo() {
            self.say("nothing to undo");
        }
        true
    }

    fn redo(&mut self) -> bool {
        if !self.editor.redo() {
            self.say("nothing was undone");
        }
        true
    }

    fn unfold(&mut self) -> bool {
        if !self.editor.unfold() {
            self.say(if self.editor.has_folds() {
                "no folded paste at the cursor: move to one"
            } else {
                "no paste is folded: a long one is, when it is pasted"
            });
        }
        true
    }

    fn copy_selected(&mut self, cut: bool) -> bool {
        if let Some(text) = self.editor.copy(cut) {
            self.copy("selection", &text);
        } else {
            let mark = self.keymap.first("mark");
            self.say(format!("nothing is selected: shift and the arrows select, or {mark} and moving"));
        }
        true
    }

    fn put_back(&mut self) -> bool {
        if !self.editor.put_back() {
            self.say("nothing was cut or copied here yet; the terminal's own paste works too");
        }
        true
    }

    fn mark(&mut self) -> bool {
        let on = self.editor.mark();
        self.say(if on { "selecting: move the cursor" } else { "nothing is selected" });
        true
    }

    fn select_all(&mut self) -> bool {
        self.editor.select_all();
        true
    }

    fn toggle_vi(&mut self) -> bool {
        let on = !self.editor.is_vi();
        self.editor.set_vi(on);
        self.say(if on { "vi's keys: esc for normal mode" } else { "plain keys" });
        true
    }

    fn edit_outside(&mut self) -> bool {
        let text = self.editor.text();
        self.effects.push(Effect::Edit(text));
        true
    }

    /// The draft is back from the editor, or why it is not.
    pub(super) fn edited(&mut self, back: Result<Option<String>, String>) {
        self.focus = Focus::Prompt;
        match back {
            Ok(Some(text)) => {
                let (kept, dropped) = super::editor::admit(&text);
                self.editor.rewrite(&kept);
                if dropped > 0 {
                    self.say(format!("{dropped} control or invisible characters left out"));
                }
            }
            // One with a window of its own has come back at once.
            Ok(None) => self.say("the editor changed nothing; one with a window needs an option like --wait"),
            Err(why) => self.say(why),
        }
    }

    /// A draft that an earlier instance has left behind; it is taken where nothing is lost by it.
    pub(super) fn found_draft(&mut self, text: &str, notice: String) {
        // A session that was opened again may have brought the same one.
        let same = self.prompt_text() == text;
        let adopted = same || self.prompt_text().is_empty() && self.rounds.is_empty();
        if adopted && !same {
            self.leave_system();
            self.editor.set_text(text);
            self.say(notice);
        }
        self.effects.push(Effect::Adopt(adopted));
    }

    /// What the mouse does in the prompt field; false where it is not there.
    pub(super) fn prompt_mouse(&mut self, event: MouseEvent, layout: &Layout) -> bool {
        let at = (event.column, event.row);
        let here = self.overlay.is_none() && layout.prompt.contains(at.into());
        match event.kind {
            MouseEventKind::Down(MouseButton::Left) if here => {
                self.focus = Focus::Prompt;
                let twice =
                    self.pointer.clicked.is_some_and(|(p, t)| p == at && self.now.saturating_sub(t) < TWICE);
                self.editor.click(at);
                if twice {
                    self.editor.select_word();
                }
                self.pointer = Pointer { clicked: Some((at, self.now)), dragging: true };
            }
            MouseEventKind::Drag(MouseButton::Left) if self.pointer.dragging => self.editor.drag(at),
            MouseEventKind::Up(_) if self.pointer.dragging => self.pointer.dragging = false,
            MouseEventKind::ScrollDown if here => self.editor.scroll(WHEEL),
            MouseEventKind::ScrollUp if here => self.editor.scroll(-WHEEL),
            _ => return false,
        }
        true
    }
}
