//! The panel of parameters, drawn.
//!
//! ```text
//!  ┏ parameters · gpt-6-sol · 1 of 3 ━━━━━━━━━━━━━━━━━━━━━━━ for this endpoint ┓
//!  ┃   parameter         asked     this model takes                           ┃
//!  ┃ ≠ temperature       0.2       0–2 with reasoning_effort none            ┃
//!  ┃ ▸ reasoning_effort  low▌      none, low, medium, high, xhigh, max        ┃
//!  ┃ ──────────────────────────────────────────────────────────────────────── ┃
//!  ┃ temperature 0.2 dropped: gpt-6-sol takes a temperature only with …       ┃
//!  ┗ enter edits · del clears · a for all · esc closes ━━━━━━━━━━━━━━━━━━━━━━━┛
//! ```

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::app::App;
use super::ink::{brief, centred, cut, put};
use super::params::{SYSTEM, UNSET, Writing, value};
use super::text::Flow;
use super::theme::Theme;
use crate::model::Endpoint;
use crate::model::PARAMS;
use crate::model::clean_line;

const WIDTH: u16 = 104;

/// Columns of a parameter's name with the two before it.
const NAME: u16 = 19;

/// Columns of a value at most.
const VALUE: u16 = 24;

/// Rows below the list: what there is to say about the row under the cursor.
const ABOUT: u16 = 8;

/// What the system text is, where a parameter has its meaning.
const ABOUT_SYSTEM: &str = "the system text of this endpoint alone; given here, it stands over the session's \
                            text, which stands over the one in the config";

/// Columns of a pane from which its heading has room for what the next round asks otherwise.
const ROOMY: u16 = 60;

/// In the heading of a pane: what the next round asks otherwise, or that there is something.
pub(super) fn next_mark(next: &str, width: u16, room: usize) -> String {
    if width < ROOMY { cut(" ≠ next", room) } else { cut(&format!(" ≠ next: {next}"), room) }
}

/// On the lower border of a pane whose heading has no room for it.
pub(super) fn next_below(next: &str, width: u16) -> Option<String> {
    // The heading is narrower than the pane by its corners.
    (width < ROOMY + 2).then(|| format!("≠ next: {next}"))
}

pub(super) fn draw(app: &mut App, theme: &Theme, frame: &mut Frame) {
    let Some(endpoint) = app.lineup.endpoints.get(app.tuning.at).cloned() else {
        app.overlay = None;
        return;
    };
    let screen = frame.area();
    let rows = u16::try_from(PARAMS.len() + 1).unwrap_or(u16::MAX);
    // The list stays whole where there is little room; what is said about it gives way.
    let height = (rows + 4 + ABOUT).min(screen.height.saturating_sub(2)).max(3);
    let area = centred(screen, WIDTH.min(screen.width), height);
    let inner = Rect {
        x: area.x.saturating_add(2),
        y: area.y.saturating_add(1),
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    };
    border(app, &endpoint, theme, frame.buffer_mut(), area);
    let line = |at: u16| Rect { y: inner.y + at, height: u16::from(inner.height > at), ..inner };
    let heading = columns("parameter", "asked", "this model takes", inner.width);
    put(frame.buffer_mut(), line(0), Line::styled(heading, theme.faint));
    for (at, y) in (0..=PARAMS.len()).zip(1_u16..) {
        row(app, &endpoint, at, theme, frame.buffer_mut(), line(y));
    }
    if inner.height <= rows + 2 {
        return;
    }
    let rule = "─".repeat(usize::from(inner.width));
    put(frame.buffer_mut(), line(rows + 1), Line::styled(rule, theme.border));
    let below = Rect { y: inner.y + rows + 2, height: inner.height - rows - 2, ..inner };
    if let Some(Writing::System(editor)) = &mut app.tuning.writing {
        editor.draw(frame, below, true, theme);
    } else {
        about(app, &endpoint, theme, frame.buffer_mut(), below);
    }
}

fn border(app: &App, endpoint: &Endpoint, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let (at, all) = (app.tuning.at + 1, app.lineup.endpoints.len());
    let room = usize::from(area.width.saturating_sub(4));
    let scope = if app.tuning.all && all > 1 {
        format!(" for all {all} endpoints ")
    } else {
        " for this endpoint ".to_owned()
    };
    let name = cut(&clean_line(&endpoint.name), room.saturating_sub(scope.width() + 24).max(8));
    let title = format!(" parameters · {name} · {at} of {all} ");
    let keys = match &app.tuning.writing {
        None => "enter edits · del clears · o undoes · a one/all · ←/→ endpoint · esc closes",
        Some(Writing::System(_)) => "enter confirms · alt+enter newline · esc leaves it as it was",
        Some(Writing::Value(_)) => "enter confirms · ↑/↓ known words · esc leaves it as it was",
    };
    let (text, style) = match &app.notice {
        Some((notice, _)) => (clean_line(notice), theme.warn),
        None => (keys.to_owned(), theme.faint),
    };
    Clear.render(area, buffer);
    Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.focus)
        .title_top(Line::styled(cut(&title, room), theme.text))
        .title_top(
            Line::styled(scope, if app.tuning.all { theme.warn } else { theme.accent }).right_aligned(),
        )
        .title_bottom(Line::styled(format!(" {} ", cut(&text, room)), style))
        .render(area, buffer);
}

/// Columns of the value at this width.
fn of_value(width: u16) -> u16 {
    (width.saturating_sub(NAME) * 2 / 5).min(VALUE)
}

fn columns(name: &str, value: &str, takes: &str, width: u16) -> String {
    let (name_columns, value_columns) = (usize::from(NAME - 2), usize::from(of_value(width)));
    format!("  {name:<name_columns$}{value:<value_columns$}{takes}")
}

fn row(app: &App, endpoint: &Endpoint, at: usize, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let param = PARAMS.get(at).map_or(SYSTEM, |(name, ..)| name);
    let here = app.tuning.row == at;
    let now = value(endpoint, param);
    let then = app.tuning.original(endpoint);
    let changed = then.is_some_and(|then| value(then, param) != now);
    let mark = match (changed, here) {
        (true, _) => Span::styled("≠ ", theme.warn),
        (false, true) => Span::styled("▸ ", theme.focus),
        (false, false) => Span::raw("  "),
    };
    let name = if here { theme.text.add_modifier(Modifier::BOLD) } else { theme.text };
    let room = of_value(area.width).saturating_sub(1);
    let mut spans = vec![mark, Span::styled(format!("{param:<17}"), name)];
    let typed = match &app.tuning.writing {
        Some(Writing::Value(text)) if here => Some(text),
        _ => None,
    };
    let mut used = 0;
    let mut add = |spans: &mut Vec<Span<'static>>, text: String, style: Style| {
        used += text.width();
        spans.push(Span::styled(text, style));
    };
    if let Some(text) = typed {
        // The end of what is typed is what one looks at.
        let text = clean_line(text);
        let mut rest = text.graphemes(true);
        while rest.as_str().width() + 1 > usize::from(room) && rest.next().is_some() {}
        add(&mut spans, rest.as_str().to_owned(), theme.focus);
        add(&mut spans, " ".into(), Style::new().add_modifier(Modifier::REVERSED));
    } else {
        let all = app.tuning.all;
        let differs = all && app.lineup.endpoints.iter().any(|e| value(e, param) != now);
        let style = match (&now, changed) {
            (_, true) => theme.warn,
            (Some(_), false) => theme.text,
            (None, false) => theme.faint,
        };
        let tail = if differs { " …" } else { "" };
        let text = now.unwrap_or_else(|| UNSET.to_owned());
        let columns = usize::from(room).saturating_sub(tail.width());
        add(&mut spans, format!("{}{tail}", brief(&text, columns)), style);
    }
    spans.push(Span::raw(" ".repeat(usize::from(of_value(area.width)).saturating_sub(used))));
    let takes = app.tuning.accepted.iter().find(|a| a.param == param).map(|a| a.takes.clone());
    let takes = match takes {
        _ if param == SYSTEM => "any text".to_owned(),
        takes => takes.unwrap_or_else(|| "not known".to_owned()),
    };
    let room = usize::from(area.width).saturating_sub(usize::from(NAME) + usize::from(of_value(area.width)));
    let style = if takes.starts_with("not ") { theme.faint } else { theme.text };
    spans.push(Span::styled(cut(&takes, room), style));
    put(buffer, area, Line::from(spans));
    if here && typed.is_none() && area.height > 0 {
        buffer.set_style(area, theme.selection);
    }
}

/// What there is to say about the row under the cursor, what matters most first.
fn about(app: &App, endpoint: &Endpoint, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let param = app.tuning.param();
    let accepted = app.tuning.accepted.iter().find(|a| a.param == param);
    let mut said: Vec<(String, Style)> = Vec::new();
    if let Some(error) = &app.tuning.error {
        said.push((clean_line(error), theme.bad));
    }
    if let Some(becomes) = accepted.and_then(|a| a.becomes.as_ref()) {
        said.push((clean_line(becomes), theme.warn));
    }
    let meaning = PARAMS.iter().find(|(name, ..)| *name == param).map_or(ABOUT_SYSTEM, |(_, doc, _)| doc);
    said.push((meaning.to_owned(), theme.text));
    if app.tuning.all && param != SYSTEM {
        said.push((app.taken_by_all(), theme.faint));
    } else if let Some(accepted) = accepted {
        said.push((format!("taken: {}", accepted.takes), theme.faint));
    }
    if param == SYSTEM
        && let Some(text) = &endpoint.system
    {
        said.push((format!("now: {}", brief(text, 400)), theme.faint));
    }
    if let Some(then) =
        app.tuning.original(endpoint).filter(|then| value(then, param) != value(endpoint, param))
    {
        let then = value(then, param).map_or_else(|| UNSET.to_owned(), |v| brief(&v, 40));
        said.push((format!("≠ opened with {then}: o undoes it"), theme.warn));
    }
    if app.common {
        said.push(("common settings are on: only what every model takes is sent".to_owned(), theme.warn));
    }
    if let Some(next) = app.pending(endpoint) {
        let (again, edit) = (app.keymap.first("rerun"), app.keymap.first("edit-round"));
        let tail =
            format!("{again} asks again as it was asked, {edit} and enter ask the same prompt with this");
        said.push((format!("≠ from the next round on: {next} · {tail}"), theme.faint));
    }
    let mut y = area.y;
    for (text, style) in said {
        let mut flow = Flow::new();
        flow.push(&text);
        flow.finish();
        for at in 0..flow.rows(area.width.max(1)) {
            if y >= area.bottom() {
                return;
            }
            put(buffer, Rect { y, height: 1, ..area }, Line::styled(flow.row(at).to_owned(), style));
            y += 1;
        }
    }
}
