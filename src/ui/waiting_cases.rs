//! Cases on the screen: the next one, all that remain, one round after the other.
//!
//! All rounds are planned, and held against the budget, when the key is pressed. A round is
//! sent when the one before it is over, so that no endpoint has more than one at a time.

use std::collections::VecDeque;

use super::app::{App, Effect, Entry};
use super::attach::Waits;
use super::command::Focus;
use super::form::{Field, Form, Purpose};
use super::library::Wish;
use super::sending::{Asked, Plan};
use crate::model::Cases;
use crate::model::Filled;
use crate::model::Money;
use crate::model::Origin;
use crate::model::Template;
use crate::model::clean_line;

/// Rounds that wait for those before them.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    rounds: VecDeque<(Plan, Vec<Money>)>,
    /// The round that runs of them.
    running: Option<usize>,
    /// Of how many.
    all: usize,
}

impl Waiting {
    fn is_open(&self) -> bool {
        self.running.is_some() || !self.rounds.is_empty()
    }

    /// What those that wait may cost.
    fn reserved(&self) -> Money {
        self.rounds.iter().flat_map(|(_, bounds)| bounds).copied().sum()
    }

    /// `sending 4 of 12 cases`
    pub(super) fn label(&self) -> Option<String> {
        let at = self.all.saturating_sub(self.rounds.len());
        self.is_open().then(|| format!("sending {at} of {} cases", self.all))
    }
}

impl App {
    /// Says so while cases are being sent: until then they are the ones that count.
    pub(super) fn cases_run(&mut self) -> bool {
        let open = self.templates.waiting.is_open();
        if open {
            self.say(format!("cases are being sent: {} stops them", self.stop_key()));
        }
        open
    }

    /// Says so while a case is on its way, or cases are: another file would be counted by it.
    fn case_waits(&mut self) -> bool {
        let waits = self.weighs_a_case() || self.reads_for_a_case();
        if waits {
            self.say("a case is not sent yet: another file of cases can be loaded once it is");
        }
        waits || self.cases_run()
    }

    pub(super) fn open_cases(&mut self) -> bool {
        if self.case_waits() {
            return true;
        }
        let name = self.templates.cases.as_ref().map(|c| c.name.clone()).unwrap_or_default();
        let field = Field::new("file", &name).hinted(" .csv, .jsonl or .toml: a row of values for each case");
        let form = Form::new(Purpose::Cases, "cases from a file".into(), vec![field]);
        self.open_form(form);
        true
    }

    pub(super) fn load_cases(&mut self, path: &str) {
        self.effects.push(Effect::Files(Wish::Cases(path.trim().to_owned())));
    }

    pub(super) fn cases_read(&mut self, read: Result<Cases, String>) {
        match read {
            Ok(_) if self.case_waits() => {}
            Ok(cases) => {
                let (first, next) = (cases.rows.first(), self.keymap.first("next-case"));
                let columns: Vec<_> = first.into_iter().flat_map(|c| c.values.names()).collect();
                // The columns come last: they are what may be cut.
                let s = if cases.rows.len() == 1 { "" } else { "s" };
                let said = format!(
                    "{} case{s} · enter sends the first · {next} in the panes the next · {}",
                    cases.rows.len(),
                    clean_line(&columns.join(", "))
                );
                self.templates.cases = Some(cases);
                self.templates.next = 0;
                self.say(said);
            }
            Err(why) => self.say(why),
        }
    }

    pub(super) fn leave_cases(&mut self) -> bool {
        let stopped = self.stop_waiting();
        match self.templates.cases.take() {
            Some(cases) => {
                let tail = if stopped { "; those that waited are not sent" } else { "" };
                let said = format!("left {}{tail}", clean_line(&cases.name));
                self.templates.next = 0;
                self.say(said);
            }
            None => self.say("no cases are loaded"),
        }
        true
    }

    /// The prompt that cases fill: the one that is written, else the last one that was filled.
    fn case_template(&mut self) -> Option<(String, Template)> {
        if self.templates.cases.is_none() {
            let key = self.keymap.first("cases");
            self.say(format!("no cases are loaded: {key} loads a file of them"));
            return None;
        }
        let written = Some(self.prompt_text()).filter(|text| !text.trim().is_empty());
        let before = || self.rounds.iter().rev().find_map(|r| r.filled.as_ref()).map(|f| f.template.clone());
        let Some(text) = written.or_else(before) else {
            self.say("write a prompt with {{variables}} first; the cases fill them");
            return None;
        };
        match Template::of_prompt(&text) {
            Ok(Some(template)) => Some((text, template)),
            Ok(None) => {
                self.say("the prompt has no {{variable}} for the cases to fill");
                None
            }
            Err(why) => {
                self.say(why.to_string());
                None
            }
        }
    }

    /// The rounds of these cases, each filled; says what is wrong with the first that cannot be.
    fn fill_cases(&mut self, most: usize) -> Option<Vec<Asked>> {
        // A prompt that is being edited may be their template; its round is not what they are of.
        let origin = self.unedited_origin();
        if self.cases_run() || self.must_wait(origin) || self.is_reading() {
            return None;
        }
        let (text, template) = self.case_template()?;
        let (cases, vars) = (self.templates.cases.as_ref()?, &self.templates.vars);
        let all = cases.rows.len();
        if self.templates.next >= all {
            self.templates.next = 0;
            let key = self.keymap.first("next-case");
            self.say(format!("all {all} cases have been sent; {key} begins again with the first"));
            return None;
        }
        let filled: Result<Vec<Filled>, String> = cases.serve(&template, vars).and_then(|()| {
            let range = self.templates.next..all.min(self.templates.next.saturating_add(most));
            cases.fill(range, &template, vars)
        });
        match filled {
            Ok(filled) => {
                if let Some(nothing) = filled.iter().find(|one| one.is_empty()) {
                    self.is_nothing(nothing);
                    return None;
                }
                self.recall_sent(&text);
                let asked =
                    |one: Filled| Asked { origin, ..self.asked_now(text.clone(), Some(Box::new(one))) };
                Some(filled.into_iter().map(asked).collect())
            }
            Err(why) => {
                self.say(why);
                None
            }
        }
    }

    pub(super) fn next_case(&mut self) -> bool {
        if let Some(asked) = self.fill_cases(1) {
            self.send_when_read(Waits::Case(asked));
        }
        true
    }

    pub(super) fn all_cases(&mut self) -> bool {
        if let Some(asked) = self.fill_cases(usize::MAX) {
            self.send_when_read(Waits::Cases(asked));
        }
        true
    }

    /// Lines up rounds that are paid for.
    pub(super) fn queue_cases(&mut self, plans: Vec<Plan>, bounds: &[Money]) {
        let waiting = &mut self.templates.waiting;
        let mut bounds = bounds.iter().copied();
        waiting.all = plans.len();
        for plan in plans {
            let own = bounds.by_ref().take(plan.count()).collect();
            waiting.rounds.push_back((plan, own));
        }
        self.send_waiting();
    }

    /// Sends the next round that waits, where the one before it is over.
    pub(super) fn send_waiting(&mut self) {
        let over = |r: &super::app::Round| !r.entries.iter().any(Entry::any_running);
        match self.templates.waiting.running {
            Some(at) if !self.rounds.get(at).is_none_or(over) => return,
            _ => {}
        }
        let was_open = self.templates.waiting.running.take().is_some();
        let Some((plan, bounds)) = self.templates.waiting.rounds.pop_front() else {
            if was_open {
                let all = self.templates.waiting.all;
                self.say(format!("all {all} cases are answered"));
            }
            return;
        };
        // Who reads an earlier round is left there.
        let (shown, follows) = (self.shown, self.shown + 1 >= self.rounds.len());
        self.templates.waiting.running = Some(self.rounds.len());
        self.carry_out(plan, &bounds);
        if was_open && !follows {
            self.shown = shown;
        }
    }

    /// What waits is not sent; whether anything did.
    pub(super) fn stop_waiting(&mut self) -> bool {
        let waiting = &mut self.templates.waiting;
        let stopped = !waiting.rounds.is_empty();
        waiting.rounds.clear();
        waiting.running = None;
        stopped
    }

    /// The key that stops all where the focus is.
    pub(super) fn stop_key(&self) -> String {
        self.keymap.first(if self.focus == Focus::Panes { "stop-all" } else { "interrupt" })
    }

    /// Stops all streams and what waits; says how many cases that is, where it is any.
    pub(super) fn stop_everything(&mut self) -> String {
        let left = self.templates.waiting.rounds.len();
        self.stop_waiting();
        self.stop_reading();
        self.stop_weighing();
        self.stop_judging();
        self.cancel_where(|_, _| true);
        match left {
            0 => String::new(),
            1 => ", 1 case is not sent".into(),
            n => format!(", {n} cases are not sent"),
        }
    }

    /// The next case is the one after this; an edited round takes none, it is of the same case again.
    pub(super) fn case_sent(&mut self, filled: Option<&Filled>, origin: Origin) {
        let edited = origin.edited.and_then(|at| self.rounds.get(at)?.filled.as_ref()?.case);
        if edited.is_some() && edited == filled.and_then(|f| f.case) {
            return;
        }
        if let Some((at, _)) = filled.and_then(|f| f.case).filter(|_| self.templates.cases.is_some()) {
            self.templates.next = at;
        }
    }

    /// What the rounds that wait may cost.
    pub(super) fn reserved_by_cases(&self) -> Money {
        self.templates.waiting.reserved()
    }
}
