//! In the detail: the prompt as it was written, its values, and what was sent.

use super::detail::Sheet;
use crate::model::Filled;

impl Sheet<'_> {
    pub(super) fn filled(&mut self, filled: &Filled) {
        self.heading("Prompt, filled in");
        self.maybe("case", filled.case.map(|(at, all)| format!("{at} of {all}")).as_deref());
        for (name, value) in filled.values.iter() {
            self.wrapped(name, value, self.theme.text);
        }
        self.wrapped("written", &filled.template, self.theme.faint);
        self.wrapped("sent", &filled.text, self.theme.text);
    }
}
