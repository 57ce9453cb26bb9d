//! The help overlay: keys from the command table, formulas from the metric table.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use super::app::App;
use super::command::{COMMANDS, Focus};
use super::theme::Theme;
use super::view::{centred, put};
use crate::model::METRICS;

/// Wide enough for the longest formula, narrow enough for 80 columns.
const WIDTH: u16 = 92;

pub(super) fn draw(app: &mut App, theme: &Theme, frame: &mut Frame, top: usize) {
    let screen = frame.area();
    let lines = lines(app, theme);
    let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let area = centred(screen, WIDTH, wanted.min(screen.height.saturating_sub(2).max(3)));
    let buffer = frame.buffer_mut();
    Clear.render(area, buffer);
    let inner = usize::from(area.height.saturating_sub(2));
    let last = lines.len().saturating_sub(inner);
    let top = top.min(last);
    if let Some(super::app::Overlay::Help { top: kept }) = &mut app.overlay {
        *kept = top; // scrolling past the end does not have to be scrolled back
    }
    let more = if last > 0 {
        format!(" j k scroll · {}/{} ", top + inner.min(lines.len()), lines.len())
    } else {
        String::new()
    };
    Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.focus)
        .title_top(Line::styled(" help · any other key closes ", theme.text))
        .title_bottom(Line::styled(more, theme.faint).right_aligned())
        .render(area, buffer);
    for (line, y) in lines.into_iter().skip(top).take(inner).zip(area.y + 1..) {
        put(buffer, Rect { x: area.x + 2, y, width: area.width.saturating_sub(4), height: 1 }, line);
    }
}

fn lines(app: &App, theme: &Theme) -> Vec<Line<'static>> {
    let heading = |text: &str| Line::styled(text.to_owned(), theme.accent.add_modifier(Modifier::BOLD));
    let row = |left: String, right: &str| {
        Line::from(vec![
            Span::styled(format!("{left:>24}  "), theme.focus),
            Span::styled(right.to_owned(), theme.text),
        ])
    };
    let mut out = Vec::new();
    for (focus, title) in
        [(Focus::Panes, "In the panes"), (Focus::Prompt, "In the prompt"), (Focus::Anywhere, "Anywhere")]
    {
        out.push(heading(title));
        for command in COMMANDS.iter().filter(|c| c.on == focus) {
            out.push(row(app.keymap.shown(command.name), command.doc));
        }
        out.push(Line::default());
    }
    out.push(heading("Clocks: monotonic, from t0, when the request is handed to the HTTP client"));
    for metric in METRICS {
        out.push(row(metric.heading.to_owned(), metric.formula));
    }
    out.push(Line::default());
    out.push(heading("Marks"));
    for (mark, meaning) in [
        ("◆", "best of the round, of at least two complete answers"),
        ("~$", "computed from list prices; $ alone was stated by the response"),
        ("≈", "estimated while it streams, replaced by the reported number"),
        ("?  *", "after a cost: sources disagree; the price moves, see the response"),
        ("n marked", "characters that could harm a terminal, shown as ␛ or ‹U+202E›"),
    ] {
        out.push(row(mark.to_owned(), meaning));
    }
    out
}
