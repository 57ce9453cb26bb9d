//! The prompt's part of the screen: its field, and on its border what will be sent, what is
//! searched for, or the keys that matter.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Widget};
use unicode_width::UnicodeWidthStr;

use super::app::{App, Overlay};
use super::command::Focus;
use super::ink::cut;
use super::layout::Layout;
use super::system;
use super::theme::Theme;
use super::view::pad;
use crate::model::clean_line;

pub(super) fn draw(app: &mut App, theme: &Theme, frame: &mut Frame, layout: &Layout, found: &[usize]) {
    let focused = app.focus == Focus::Prompt;
    let area = layout.prompt;
    let inner = if layout.prompt_framed {
        let room = usize::from(area.width.saturating_sub(4));
        let bottom = match &app.notice {
            Some((notice, _)) if app.overlay != Some(Overlay::Search) => {
                Line::styled(format!(" {} ", cut(&clean_line(notice), room)), theme.warn)
            }
            _ => searched(app, theme, room, found)
                .unwrap_or_else(|| Line::styled(format!(" {} ", hints(app, room)), theme.faint)),
        };
        let (left, cost) = app.prompt_titles(theme, area.width, room);
        let block = Block::bordered()
            .border_type(if focused { BorderType::Thick } else { BorderType::Rounded })
            .border_style(if focused { theme.focus } else { theme.border })
            .title_top(left)
            .title_top(cost)
            .title_bottom(bottom);
        block.render(area, frame.buffer_mut());
        Rect {
            x: area.x + 1,
            y: area.y + 1,
            width: area.width.saturating_sub(2),
            height: area.height.saturating_sub(2),
        }
    } else {
        area
    };
    system::draw(app, theme, frame, pad(inner));
}

/// What is searched for, in place of the hints.
fn searched(app: &App, theme: &Theme, room: usize, found: &[usize]) -> Option<Line<'static>> {
    let search = app.search.as_ref()?;
    let typing = app.overlay == Some(Overlay::Search);
    let needle = cut(&clean_line(&search.needle), room / 2);
    let mut line = Line::from(vec![Span::styled(" /", theme.accent), Span::styled(needle, theme.text)]);
    if typing {
        if search.needle.ends_with(' ') {
            line.push_span(Span::raw(" "));
        }
        line.push_span(Span::styled(" ", Style::new().add_modifier(Modifier::REVERSED)));
    }
    let words = app.search_words(found).filter(|_| !search.needle.is_empty());
    let keys = if typing {
        "enter goes there · esc leaves".to_owned()
    } else {
        let key = |name| app.keymap.first(name);
        format!("{} {} next, before · esc ends", key("next-match"), key("previous-match"))
    };
    for part in words.into_iter().chain([keys]) {
        line.push_span(Span::styled(format!(" · {part}"), theme.faint));
    }
    line.push_span(Span::raw(" "));
    Some(line)
}

/// The keys that matter where the focus is, from the command table, as many as fit;
/// the last one is the way to all the others and stays longest.
fn hints(app: &App, room: usize) -> String {
    let names: &[(&str, &str)] = match app.focus {
        Focus::Prompt if app.is_writing_system() => &[
            ("send", "back to the prompt"),
            ("newline", "newline"),
            ("to-panes", "panes"),
            ("help-anywhere", "help"),
        ],
        Focus::Prompt => {
            &[("send", "send"), ("newline", "newline"), ("to-panes", "panes"), ("help-anywhere", "help")]
        }
        _ if app.views.shown.scrolls => &[
            ("to-prompt", "prompt"),
            ("view", "next view"),
            ("next-match", "next change"),
            ("flip", "side by side"),
            ("next-pane", "next answer"),
            ("zoom", "this answer"),
            ("baseline", "baseline"),
            ("help", "help"),
        ],
        _ if app.is_veiled(app.shown) => super::blind::HINTS,
        _ if app.views.is_other() => &[
            ("to-prompt", "prompt"),
            ("view", "next view"),
            ("down", "next row"),
            ("zoom", "its answer"),
            ("baseline", "baseline"),
            ("detail", "detail"),
            ("help", "help"),
        ],
        _ if app.is_running() => &[
            ("to-prompt", "prompt"),
            ("zoom", "zoom"),
            ("stop", "stop"),
            ("stop-all", "stop all"),
            ("help", "help"),
        ],
        _ => &[
            ("to-prompt", "prompt"),
            ("zoom", "zoom"),
            ("view", "table"),
            ("rerun", "re-run"),
            ("detail", "detail"),
            ("endpoints", "endpoints"),
            ("follow-up", "follow-up"),
            ("copy", "copy"),
            ("quit", "quit"),
            ("palette", "commands"),
            ("help", "help"),
        ],
    };
    let mut shown: Vec<String> =
        names.iter().map(|(name, word)| format!("{} {word}", app.keymap.first(name))).collect();
    let wide = |shown: &[String]| shown.iter().map(|s| s.width() + 3).sum::<usize>().saturating_sub(3);
    while shown.len() > 1 && wide(&shown) > room {
        shown.remove(shown.len() - 2);
    }
    shown.join(" · ")
}
