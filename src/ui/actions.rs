//! What the commands of `command.rs` do to the [`App`].

use crossterm::event::{KeyCode, MouseButton, MouseEvent, MouseEventKind};

use super::app::{App, Effect, Overlay};
use super::command::Focus;
use super::key::Key;

/// Rows of one notch of the wheel.
const WHEEL: isize = 3;

impl App {
    pub(super) fn newline(&mut self) -> bool {
        self.editor.newline();
        true
    }

    pub(super) fn older(&mut self) -> bool {
        !self.is_writing_system() && self.history_step(true)
    }

    pub(super) fn newer(&mut self) -> bool {
        !self.is_writing_system() && self.history_step(false)
    }

    pub(super) fn focus_panes(&mut self) -> bool {
        self.leave_idle_edit();
        self.focus = Focus::Panes;
        true
    }

    pub(super) fn focus_prompt(&mut self) -> bool {
        let escaped = self.key.is_some_and(|k| k.code == KeyCode::Esc);
        if self.search.is_some() && escaped {
            self.search = None;
        } else if self.views.is_other() && escaped {
            self.leave_view();
        } else if self.zoom && escaped {
            self.zoom = false;
        } else {
            self.focus = Focus::Prompt;
        }
        true
    }

    pub(super) fn pane_number(&mut self) -> bool {
        if let Some(Key { code: KeyCode::Char(c), .. }) = self.key
            && let Some(number) = c.to_digit(10)
        {
            let at = (number as usize).saturating_sub(1);
            if at < self.panes() {
                self.pane = at;
            }
        }
        true
    }

    pub(super) fn next_pane(&mut self) -> bool {
        if self.choose_figure(true) {
            return true;
        }
        self.pane = (self.pane + 1) % self.panes().max(1);
        true
    }

    pub(super) fn previous_pane(&mut self) -> bool {
        if self.choose_figure(false) {
            return true;
        }
        let panes = self.panes().max(1);
        self.pane = (self.pane + panes - 1) % panes;
        true
    }

    pub(super) fn toggle_zoom(&mut self) -> bool {
        if self.views.is_other() {
            // From a row to its answer.
            self.leave_view();
            self.zoom = true;
        } else {
            self.zoom = !self.zoom;
        }
        true
    }

    pub(super) fn rerun(&mut self) -> bool {
        if self.must_vote("it is run again") {
            return true;
        }
        self.nothing_sent();
        if !self.rounds.is_empty() {
            let plan = self.plan_again(std::iter::once(self.pane));
            self.order(plan);
        }
        true
    }

    /// Says so where a key has nothing to work on.
    fn nothing_sent(&mut self) {
        if self.rounds.is_empty() {
            self.say("nothing has been sent yet");
        }
    }

    pub(super) fn rerun_all(&mut self) -> bool {
        if self.must_vote("it is run again") {
            return true;
        }
        self.nothing_sent();
        if !self.rounds.is_empty() {
            // Those that wait are asked too.
            let plan = self.plan_again(0..self.panes());
            self.order(plan);
        }
        true
    }

    pub(super) fn stop(&mut self) -> bool {
        let (round, pane) = (self.shown, self.pane);
        self.nothing_sent();
        // Of a blind round all stop: see `cancel_veiled`.
        self.cancel_where(|r, e| r == round && e == pane);
        true
    }

    pub(super) fn stop_all(&mut self) -> bool {
        let cases = self.stop_everything();
        if !cases.is_empty() {
            self.say(format!("stopped{cases}"));
        }
        true
    }

    pub(super) fn toggle_thinking(&mut self) -> bool {
        if self.views.shown.scrolls {
            self.comparing.unfolded = !self.comparing.unfolded;
            return true;
        }
        let shown = self.shown;
        // All panes alike: the focused one decides.
        if let Some(entry) = self.entry() {
            entry.pane.toggle_fold();
            let open = entry.pane.is_open();
            for other in self.rounds.get_mut(shown).into_iter().flat_map(|r| &mut r.entries) {
                other.pane.set_fold(open);
            }
        }
        true
    }

    pub(super) fn toggle_source(&mut self) -> bool {
        self.source = !self.source;
        self.say(if self.source { "answers as they were written" } else { "answers as Markdown" });
        true
    }

    pub(super) fn toggle_follow_up(&mut self) -> bool {
        self.follow_up = !self.follow_up;
        self.say(if self.follow_up {
            "the next prompt continues each pane's own conversation"
        } else {
            "the next prompt starts fresh in every pane"
        });
        true
    }

    pub(super) fn previous_round(&mut self) -> bool {
        self.shown = self.shown.saturating_sub(1);
        true
    }

    pub(super) fn next_round(&mut self) -> bool {
        self.shown = (self.shown + 1).min(self.rounds.len().saturating_sub(1));
        true
    }

    pub(super) fn help(&mut self) -> bool {
        self.overlay = Some(Overlay::Help { top: 0 });
        true
    }

    pub(super) fn quit(&mut self) -> bool {
        if self.is_running() {
            self.overlay = Some(Overlay::Quit);
        } else {
            self.effects.push(Effect::Quit);
        }
        true
    }

    pub(super) fn toggle_mouse(&mut self) -> bool {
        self.mouse = !self.mouse;
        self.effects.push(Effect::Mouse(self.mouse));
        self.say(if self.mouse { "the mouse is ours" } else { "the mouse is the terminal's: select freely" });
        true
    }

    pub(super) fn redraw(&mut self) -> bool {
        self.effects.push(Effect::Redraw);
        true
    }

    pub(super) fn suspend(&mut self) -> bool {
        self.effects.push(Effect::Suspend);
        true
    }

    /// Keys of the layer on top; false passes the key on.
    pub(super) fn overlay_key(&mut self, key: Key) -> bool {
        if self.overlay == Some(Overlay::Spend) {
            return self.spend_key(key);
        }
        if self.overlay == Some(Overlay::Doubt) {
            self.settle_doubt(key.code == KeyCode::Char('y') && key.modifiers.is_empty());
            return true;
        }
        // What is being filled in or chosen stays: of the keys that work anywhere, those that open something do not.
        let filling = matches!(
            self.overlay,
            Some(
                Overlay::Form
                    | Overlay::Params
                    | Overlay::Tags
                    | Overlay::Trials
                    | Overlay::Picker
                    | Overlay::Chooser
            )
        );
        let anywhere = self.keymap.find(Focus::Anywhere, key);
        let everywhere = anywhere.is_some_and(|c| !filling || c.on == Focus::Always);
        match (&mut self.overlay, key.code) {
            (_, _) if everywhere => return false,
            (Some(Overlay::Picker), _) => self.picker_key(key),
            (Some(Overlay::Chooser), _) => self.chooser_key(key),
            (Some(Overlay::Search), _) => self.search_key(key),
            (Some(Overlay::Trials), _) => self.trials_key(key),
            (Some(Overlay::Tags), _) => self.tags_key(key),
            (Some(Overlay::Board { .. }), _) => self.board_key(key),
            (Some(Overlay::Judge { .. }), _) => self.judge_key(key),
            (Some(Overlay::Form), _) => self.form_key(key),
            (Some(Overlay::Detail { .. }), _) => self.detail_key(key),
            (Some(Overlay::Rounds), _) => self.rounds_key(key),
            (Some(Overlay::RoundDiff { .. }), _) => self.round_diff_key(key),
            (Some(Overlay::Params), _) => self.params_key(key),
            (Some(Overlay::Quit), KeyCode::Char('y' | 'q') | KeyCode::Enter) => {
                self.effects.push(Effect::Quit);
            }
            (Some(Overlay::Help { top }), KeyCode::Char('j' | ' ') | KeyCode::Down) => *top += 1,
            (Some(Overlay::Help { top }), KeyCode::PageDown) => *top += 10,
            (Some(Overlay::Help { top }), KeyCode::Char('k') | KeyCode::Up) => *top = top.saturating_sub(1),
            (Some(Overlay::Help { top }), KeyCode::PageUp) => *top = top.saturating_sub(10),
            _ => self.overlay = None,
        }
        true
    }

    /// Click focuses, the wheel scrolls the pane under it.
    pub(super) fn mouse(&mut self, event: MouseEvent) {
        let layout = self.layout();
        if self.prompt_mouse(event, &layout) {
            return;
        }
        let at = (event.column, event.row);
        let other = self.views.is_other();
        let pane = if other { self.views.row_at(at) } else { layout.pane_at(at) };
        match event.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                if self.overlay == Some(Overlay::Chooser) {
                    self.chooser_click(at);
                } else if self.overlay == Some(Overlay::Picker) && self.picker.click(at) {
                    // A click into the list chooses a row.
                } else if self.overlay == Some(Overlay::Rounds) && self.overview.click(at) {
                    // The same.
                } else if self.overlay == Some(Overlay::Form) {
                    self.form_click(at);
                } else if self.overlay == Some(Overlay::Doubt) {
                    self.settle_doubt(false);
                } else if self.overlay == Some(Overlay::Spend) {
                    self.spend(false);
                } else if self.overlay.is_some() {
                    self.overlay = None;
                } else if let Some(tab) = layout.tab_at(at, self.panes()).filter(|_| !other) {
                    self.pane = tab;
                    self.focus = Focus::Panes;
                } else if let Some(pane) = pane {
                    self.pane = pane;
                    self.focus = Focus::Panes;
                }
            }
            MouseEventKind::ScrollDown | MouseEventKind::ScrollUp => {
                let by = if event.kind == MouseEventKind::ScrollDown { WHEEL } else { -WHEEL };
                match &mut self.overlay {
                    Some(
                        Overlay::Help { top }
                        | Overlay::Detail { top }
                        | Overlay::RoundDiff { top }
                        | Overlay::Board { top }
                        | Overlay::Judge { top },
                    ) => {
                        *top = top.saturating_add_signed(by);
                        return;
                    }
                    Some(Overlay::Picker) => return self.picker.step(by),
                    Some(Overlay::Chooser) => {
                        if let Some(chooser) = &mut self.chooser {
                            chooser.step(by.signum());
                        }
                        return;
                    }
                    Some(Overlay::Rounds) => return self.overview.step(by.signum()),
                    Some(Overlay::Params | Overlay::Form | Overlay::Doubt | Overlay::Tags) => return,
                    Some(Overlay::Quit | Overlay::Spend | Overlay::Search | Overlay::Trials) | None => {}
                }
                if self.choose_row(by.signum()) {
                    return;
                }
                let Some(pane) = pane else { return };
                self.wheel(pane, by);
            }
            _ => {}
        }
    }
}
