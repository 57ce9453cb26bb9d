//! The screen of somebody who has nothing configured: what was found, and the demo
//! with one key.

use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::ink::{cut, put};
use super::theme::Theme;
use crate::model::Endpoint;
use crate::model::clean_line;

/// One line of what was looked for: a provider, and where its credential is or what is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Sight {
    pub name: String,
    pub found: Result<String, String>,
    /// What is opened where it was found.
    pub endpoint: Option<Endpoint>,
}

/// What is on the screen.
pub struct Welcome {
    pub sights: Vec<Sight>,
    /// Where a config would be written; `None` when one is there already.
    pub config: Option<String>,
    /// Servers on this machine are still being looked for.
    pub looking: bool,
}

/// What the user chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picked {
    Demo,
    /// The endpoints that were found.
    Open,
    /// Write a config, then leave.
    Init,
    /// Leave, with this exit code.
    Quit(u8),
}

impl Welcome {
    fn anything(&self) -> bool {
        self.sights.iter().any(|s| s.found.is_ok())
    }

    /// What a key means here; `None` for a key that means nothing.
    #[must_use]
    pub fn key(&self, code: KeyCode, modifiers: KeyModifiers) -> Option<Picked> {
        match code {
            KeyCode::Char('c' | 'd') if modifiers.contains(KeyModifiers::CONTROL) => Some(Picked::Quit(0)),
            KeyCode::Enter if self.anything() => Some(Picked::Open),
            KeyCode::Char('d') | KeyCode::Enter => Some(Picked::Demo),
            KeyCode::Char('i') if self.config.is_some() => Some(Picked::Init),
            KeyCode::Char('q') | KeyCode::Esc => Some(Picked::Quit(0)),
            _ => None,
        }
    }

    /// Draws it; as much as the terminal holds.
    pub fn draw(&self, theme: &Theme, frame: &mut Frame) {
        let area = frame.area();
        let lines = self.lines(theme, usize::from(area.height));
        let tall = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        // Centred when there is room, from the top when there is not.
        let top = area.y + area.height.saturating_sub(tall) / 3;
        let left = if area.width > 84 { area.x + (area.width - 80) / 2 } else { area.x + area.width.min(2) };
        let buffer = frame.buffer_mut();
        for (line, y) in lines.into_iter().zip(top..area.bottom()) {
            let width = area.right().saturating_sub(left);
            put(buffer, Rect { x: left, y, width, height: 1 }, ending(line, usize::from(width)));
        }
    }

    /// At most `room` lines as long as there is something missing to leave out: the keys must be seen.
    fn lines(&self, theme: &Theme, room: usize) -> Vec<Line<'static>> {
        let strong = theme.accent.add_modifier(Modifier::BOLD);
        let say = |text: &str| Line::styled(text.to_owned(), theme.text);
        let key = |key: &str, what: String| {
            Line::from(vec![Span::styled(format!("{key:>7}  "), theme.focus), Span::styled(what, theme.text)])
        };
        let mut out = vec![
            Line::from(vec![
                Span::styled("bakeoff", strong),
                Span::styled("  which model, and which cloud for it", theme.text),
            ]),
            Line::default(),
            say("No endpoint is configured yet. This machine has:"),
            Line::default(),
        ];
        let wide = self.sights.iter().map(|s| s.name.chars().count()).max().unwrap_or(0);
        // What is there first; what is not tells what would be needed.
        let (ready, mut missing): (Vec<_>, Vec<_>) = self.sights.iter().partition(|s| s.found.is_ok());
        let fixed = out.len()
            + ready.len()
            + 5
            + [self.anything(), self.config.is_some(), self.looking].map(usize::from).iter().sum::<usize>();
        let all = missing.len();
        if fixed + all > room {
            missing.truncate(room.saturating_sub(fixed + 1));
        }
        let left_out = all - missing.len();
        for sight in ready.into_iter().chain(missing) {
            let (mark, style, words) = match &sight.found {
                Ok(words) => ("●", theme.good, words),
                Err(words) => ("○", theme.faint, words),
            };
            let text = if sight.found.is_ok() { theme.text } else { theme.faint };
            out.push(Line::from(vec![
                Span::styled(format!("  {mark} "), style),
                Span::styled(format!("{:wide$}  ", clean_line(&sight.name)), text),
                Span::styled(clean_line(words), theme.faint),
            ]));
        }
        if self.looking {
            out.push(Line::styled("    looking for servers on this machine …", theme.faint));
        }
        if left_out > 0 {
            out.push(Line::styled(format!("    … {left_out} more: bakeoff providers"), theme.faint));
        }
        out.push(Line::default());
        out.push(key("d", "the demo: simulated endpoints, no account, no network, no cost".into()));
        if self.anything() {
            out.push(key("enter", "one pane for each of what was found".into()));
        }
        if let Some(path) = &self.config {
            out.push(key("i", format!("write a commented config to {}", clean_line(path))));
        }
        out.push(key("q", "quit".into()));
        out.push(Line::default());
        out.push(say("The same model on every cloud:  bakeoff -m claude-opus-5-5"));
        out
    }
}

/// The line in so many columns, with `…` where its last words do not fit.
fn ending(mut line: Line<'static>, columns: usize) -> Line<'static> {
    let wide = line.width();
    if let Some(last) = line.spans.last_mut().filter(|_| wide > columns) {
        let before = wide - last.width();
        last.content = cut(&last.content, columns.saturating_sub(before)).into();
    }
    line
}
