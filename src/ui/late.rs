//! An answer of the terminal's that comes when nobody waits for it any more.
//!
//! Who follows the terminal's background asks for it, and gives up after a while. Over a slow
//! line the answer comes later, as keys: alt+], some letters, ctrl+g. It is taken out here,
//! so that it does not stand in the prompt; keys that only begin like it go on as they came.

use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{Event, KeyCode, KeyModifiers};

static EXPECTED: AtomicBool = AtomicBool::new(false);

/// The terminal was asked for its colours and has not answered.
pub fn expect_late_colours() {
    EXPECTED.store(true, Ordering::Relaxed);
}

/// Beginnings of the answers: the foreground's and the background's.
const BEGIN: [&str; 2] = ["10;rgb:", "11;rgb:"];

/// Longer than any of them.
const LONG: usize = 48;

/// What may be an answer, as far as it has come.
#[derive(Default)]
pub(super) struct Late {
    held: Vec<Event>,
    body: String,
}

impl Late {
    /// The events that are the user's, in their order.
    pub(super) fn pass(&mut self, event: Event) -> Vec<Event> {
        if EXPECTED.load(Ordering::Relaxed) { self.sift(event) } else { vec![event] }
    }

    fn sift(&mut self, event: Event) -> Vec<Event> {
        let key = event.as_key_press_event().map(|key| (key.code, key.modifiers));
        if self.held.is_empty() && key != Some((KeyCode::Char(']'), KeyModifiers::ALT)) {
            return vec![event];
        }
        let whole = BEGIN.iter().any(|begin| self.body.starts_with(begin));
        self.held.push(event);
        match key {
            Some((KeyCode::Char(']'), KeyModifiers::ALT)) if self.held.len() == 1 => return Vec::new(),
            // Capital digits come with shift.
            Some((KeyCode::Char(c), KeyModifiers::NONE | KeyModifiers::SHIFT)) => {
                self.body.push(c);
                let begun = BEGIN.iter().any(|begin| begin.starts_with(&self.body));
                if begun || whole && (c.is_ascii_hexdigit() || c == '/') && self.held.len() < LONG {
                    return Vec::new();
                }
            }
            // Its end: BEL, or ESC and a backslash.
            Some((KeyCode::Char('g'), KeyModifiers::CONTROL) | (KeyCode::Char('\\'), KeyModifiers::ALT))
                if whole =>
            {
                self.held.clear();
            }
            _ => {}
        }
        self.body.clear();
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyEvent;

    use super::*;

    fn typed(text: &str) -> impl Iterator<Item = Event> + '_ {
        text.chars().map(|c| {
            let (code, modifiers) = match c {
                '\u{1b}' => (KeyCode::Char(']'), KeyModifiers::ALT),
                '\u{7}' => (KeyCode::Char('g'), KeyModifiers::CONTROL),
                '\\' => (KeyCode::Char('\\'), KeyModifiers::ALT),
                c if c.is_uppercase() => (KeyCode::Char(c), KeyModifiers::SHIFT),
                c => (KeyCode::Char(c), KeyModifiers::NONE),
            };
            Event::Key(KeyEvent::new(code, modifiers))
        })
    }

    #[test]
    fn only_a_whole_answer_is_taken_out() {
        for (keys, left) in [
            ("ab\u{1b}11;rgb:ffff/ffff/ffff\u{7}cd", "abcd"),
            ("\u{1b}10;rgb:00/aA/ff\\\u{1b}11;rgb:1/2/3\u{7}x", "x"),
            ("\u{1b}12;x", "\u{1b}12;x"),
            ("\u{1b}11;rgb:zz", "\u{1b}11;rgb:zz"),
            ("\u{1b}\u{7}", "\u{1b}\u{7}"),
            ("\u{1b}\u{1b}a", "\u{1b}\u{1b}a"),
            ("1;rgb:\u{7}", "1;rgb:\u{7}"),
        ] {
            let mut late = Late::default();
            let got: Vec<Event> = typed(keys).flat_map(|event| late.sift(event)).collect();
            assert_eq!(got, typed(left).collect::<Vec<_>>(), "{keys:?}");
        }
        // What has no end is not kept for ever.
        let mut late = Late::default();
        let endless = format!("\u{1b}11;rgb:{}", "f".repeat(100));
        assert_eq!(typed(&endless).flat_map(|event| late.sift(event)).count(), endless.chars().count());
    }
}
