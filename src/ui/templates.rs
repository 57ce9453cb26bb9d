//! Prompts with `{{name}}` on the screen: where their values come from, and what is sent.
//!
//! ```text
//!  enter --nothing live--> sent as it is
//!    +-----all known-----> filled, sent       values: those of the edited round, else the case in hand, then --var
//!    +-----some missing--> form --enter on its last line--> filled, sent
//!    +-----wrong---------> "Send it as it is?" --y--> sent as it is
//! ```

use super::app::{App, Overlay, Round};
use super::form::{Field, Form, Purpose};
use super::ink::cut;
use super::waiting_cases::Waiting;
use crate::model::Cases;
use crate::model::Filled;
use crate::model::Template;
use crate::model::Values;
use crate::model::Version;
use crate::model::clean_line;

/// Bytes of a draft whose values are shown while it is written.
const MOST_READ: usize = 100_000;

/// Characters of a value in a border.
const MOST_SHOWN: usize = 120;

/// What the screen is started with.
#[derive(Debug, Default)]
pub struct Given {
    /// Of `--var`: for every prompt of the session.
    pub vars: Values,
    pub cases: Option<Cases>,
    /// A prompt of the library, by its name.
    pub prompt: Option<(String, Version)>,
}

/// A question with a yes and a no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The prompt is no template; why.
    Verbatim(String),
    /// A prompt of the library, with so many versions.
    Delete(String, usize),
}

/// What is known of values, and what is open about them.
#[derive(Debug, Default)]
pub struct Templates {
    pub(super) vars: Values,
    /// What was last filled in, offered again.
    last: Values,
    pub(super) form: Option<Form>,
    pub(super) doubt: Option<Doubt>,
    pub(super) cases: Option<Cases>,
    /// The case that is sent next, from 0.
    pub(super) next: usize,
    /// Cases that wait for those before them.
    pub(super) waiting: Waiting,
    /// The prompt that the library knows this one by.
    pub(super) name: String,
    pub(super) library: super::library::Library,
}

/// What became of a prompt that is to be sent.
enum Ready {
    Plain,
    Filled(Box<Filled>),
    /// The user is asked first.
    Asking,
}

impl Templates {
    /// Values that are known without asking.
    fn known(&self) -> Values {
        let case = self.cases.as_ref().and_then(|cases| cases.rows.get(self.next));
        case.map_or_else(|| self.vars.clone(), |case| case.values.or(&self.vars))
    }

    pub(super) fn place(&self) -> Option<(usize, usize)> {
        let cases = self.cases.as_ref()?;
        (self.next < cases.rows.len()).then_some((self.next + 1, cases.rows.len()))
    }

    /// Keeps what stands in the form, so that it is offered again.
    pub(super) fn remember(&mut self) {
        let Some(form) = self.form.as_ref().filter(|f| f.purpose == Purpose::Values) else { return };
        for field in &form.fields {
            self.last.set(&field.name, field.value.as_str());
        }
    }
}

impl App {
    /// Takes what the command line gave.
    pub fn give(&mut self, given: Given) {
        self.templates.vars = given.vars;
        self.templates.cases = given.cases;
        if let Some((name, version)) = given.prompt {
            self.editor.set_text(&version.text);
            self.templates.name = name;
        }
    }

    /// The prompt as it would be sent now, where its values are known.
    pub(super) fn filled(&self, text: &str) -> Option<Filled> {
        // Most prompts have no braces; they are not read twice at each key.
        if !text.contains("{{") && !text.contains("{%") {
            return None;
        }
        let template = Template::of_prompt(text).ok().flatten()?;
        let (known, case) = self.values_for(&template);
        Filled::new(&template, &known, case).ok()
    }

    /// What is known for a prompt without asking, and which case that is. An edited round keeps the
    /// case that it was made of; a case is for prompts that use one of its columns.
    fn values_for(&self, template: &Template) -> (Values, Option<(usize, usize)>) {
        let edited = self.edited_round().and_then(|at| self.rounds.get(at)?.filled.as_ref());
        if let Some(filled) = edited {
            return (filled.values.or(&self.templates.vars), filled.case);
        }
        let cases = self.templates.cases.as_ref();
        let columns = cases.and_then(|cases| cases.rows.first()).map(|row| &row.values);
        let uses = columns.is_some_and(|c| c.names().any(|name| template.unknown(name).is_none()));
        if uses {
            (self.templates.known(), self.templates.place())
        } else {
            (self.templates.vars.clone(), None)
        }
    }

    /// Says so where nothing would be left to send; whether that is so.
    pub(super) fn is_nothing(&mut self, filled: &Filled) -> bool {
        let empty = filled.is_empty();
        if empty {
            let label = clean_line(&filled.label());
            self.say(format!("not sent: the prompt is empty once it is filled in: {label}"));
        }
        empty
    }

    /// Whether the prompt can go; asks the user where it cannot.
    fn make_ready(&mut self, text: &str) -> Ready {
        let template = match Template::of_prompt(text) {
            Ok(None) => return Ready::Plain,
            Ok(Some(template)) => template,
            Err(why) => return self.doubt_it(why.to_string()),
        };
        let (known, case) = self.values_for(&template);
        if case.is_some() && self.edited_round().is_none() && self.cases_run() {
            return Ready::Asking;
        }
        let missing = template.missing(&known);
        if missing.is_empty() {
            return match Filled::new(&template, &known, case) {
                Ok(filled) if self.is_nothing(&filled) => Ready::Asking,
                Ok(filled) => Ready::Filled(Box::new(filled)),
                Err(why) => self.doubt_it(why.to_string()),
            };
        }
        let last = &self.templates.last;
        let fields = missing.iter().map(|name| Field::new(name, last.get(name).unwrap_or_default()));
        let title = format!("fill in · {}", clean_line(text));
        let form = Form::new(Purpose::Values, title, fields.collect());
        // A value that was given under another name is perhaps what is missing.
        let stray = self.templates.vars.names().find_map(|name| template.unknown(name));
        self.open_form(form);
        if let Some(stray) = stray {
            self.say(format!("--var: {stray}"));
        }
        Ready::Asking
    }

    fn doubt_it(&mut self, why: String) -> Ready {
        self.ask_about(Doubt::Verbatim(why));
        Ready::Asking
    }

    pub(super) fn ask_about(&mut self, doubt: Doubt) {
        self.templates.doubt = Some(doubt);
        self.overlay = Some(Overlay::Doubt);
    }

    /// What is asked, and what the keys do.
    pub(super) fn doubt(&self) -> (String, &'static str) {
        match &self.templates.doubt {
            Some(Doubt::Verbatim(why)) => (
                format!("{}. Send the prompt as it is?", capital(&clean_line(why))),
                "y sends it as it is · any other key keeps the prompt",
            ),
            Some(Doubt::Delete(name, versions)) => {
                let s = if *versions == 1 { "" } else { "s" };
                let text = format!("Delete the prompt {} with its {versions} version{s}?", clean_line(name));
                (text, "y deletes · any other key keeps it")
            }
            None => (String::new(), ""),
        }
    }

    /// The answer to [`Overlay::Doubt`].
    pub(super) fn settle_doubt(&mut self, yes: bool) {
        self.overlay = None;
        match self.templates.doubt.take() {
            Some(Doubt::Verbatim(_)) if yes => self.send_verbatim(),
            Some(Doubt::Verbatim(_)) => {
                self.say("not sent; {% raw %} … {% endraw %} keeps braces as they are");
            }
            Some(Doubt::Delete(name, _)) if yes => self.delete_prompt(name),
            Some(Doubt::Delete(..)) => self.say("kept"),
            None => {}
        }
    }

    /// Sends what is in the prompt field, or asks for what it needs.
    pub(super) fn send_or_ask(&mut self) {
        match self.make_ready(&self.editor.text()) {
            Ready::Plain => self.send_now(None),
            Ready::Filled(filled) => self.send_now(Some(filled)),
            Ready::Asking => {}
        }
    }

    pub(super) fn send_verbatim(&mut self) {
        if self.may_send() {
            self.send_now(None);
        }
    }

    /// After the form: with its values over those that are known.
    pub(super) fn send_filled(&mut self) {
        if !self.may_send() {
            return;
        }
        let Ok(Some(template)) = Template::of_prompt(&self.editor.text()) else { return };
        let (known, case) = self.values_for(&template);
        let asked = template.missing(&known).into_iter();
        let asked: Values = asked.filter_map(|name| Some((name, self.templates.last.get(name)?))).collect();
        match Filled::new(&template, &known.or(&asked), case) {
            Ok(filled) if self.is_nothing(&filled) => {}
            Ok(filled) => self.send_now(Some(Box::new(filled))),
            Err(why) => self.ask_about(Doubt::Verbatim(why.to_string())),
        }
    }

    /// In the prompt's border: the case that is next and the values that go with the prompt.
    pub(super) fn values_label(&self) -> Option<String> {
        let templates = &self.templates;
        if let Some(label) = templates.waiting.label() {
            return Some(format!("{label} · {} stops", self.stop_key()));
        }
        // It is drawn at each frame: a text that is a whole context long is not read for it.
        let field = self.prompt_field();
        let text = if field.len() < MOST_READ { field.text() } else { String::new() };
        let live = text.contains("{{") || text.contains("{%");
        let template = live.then(|| Template::of_prompt(&text).ok().flatten()).flatten();
        let used = |name: &str| template.as_ref().is_none_or(|t| t.names().iter().any(|n| n == name));
        let (known, case) = match (&templates.cases, &template) {
            (_, Some(template)) => self.values_for(template),
            // Before anything is written, what a prompt could use.
            (Some(_), None) => (templates.known(), templates.place()),
            (None, None) => (Values::default(), None),
        };
        let values: Vec<String> = known.iter().filter(|(n, _)| used(n)).map(|(n, v)| brief(n, v)).collect();
        let through = templates.cases.as_ref().filter(|_| templates.place().is_none());
        let case = match (case, through) {
            (Some((at, all)), _) => Some(format!("case {at}/{all}")),
            (None, Some(cases)) => Some(format!("all {} cases sent", cases.rows.len())),
            (None, None) => None,
        };
        let all: Vec<String> = case.into_iter().chain(values).collect();
        (!all.is_empty()).then(|| all.join(" · "))
    }
}

impl Round {
    /// `case 3/12`
    pub(super) fn case_label(&self) -> Option<String> {
        let (at, all) = self.filled.as_ref()?.case?;
        Some(format!("case {at}/{all}"))
    }

    /// The prompt as it was written, and its values, in so many columns.
    pub(super) fn asked(&self, room: usize) -> String {
        let question = clean_line(&self.question);
        let Some(filled) = &self.filled else { return cut(&question, room) };
        let values: Vec<String> = filled.values.iter().map(|(name, value)| brief(name, value)).collect();
        // Both get their half where there is not enough for all.
        let values = cut(&values.join(" · "), room / 2);
        format!("{} · {values}", cut(&question, room.saturating_sub(values.chars().count() + 3)))
    }
}

/// `tone=angry` on one line, no longer than any border.
fn brief(name: &str, value: &str) -> String {
    let short: String = value.chars().take(MOST_SHOWN).collect();
    clean_line(&format!("{name}={short}"))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
