//! The help overlay: keys from the command table, formulas from the metric table.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Widget};

use super::app::App;
use super::command::{COMMANDS, Focus};
use super::ink::{centred, put};
use super::text::Flow;
use super::theme::Theme;
use crate::model::METRICS;

/// Wide enough for most rows to stay whole; beyond it lines are hard to follow.
const WIDTH: u16 = 110;

/// Columns of the keys.
const LEFT: usize = 22;

/// What stands beside a figure or in its place, and what it means.
pub const MARKS: [(&str, &str); 11] = [
    ("◆", "best of the round, of at least two complete answers; of trials by their medians"),
    ("≥", "a total of which some part is unknown"),
    ("~$", "computed from list prices; $ alone was stated by the response"),
    ("≈", "estimated while it streams, replaced by the reported number"),
    ("≥ ≈$", "by the text of an answer that broke off; in no total"),
    ("at most", "what sending may cost: every token of the prompt and of the longest answer"),
    ("?  *", "after a cost: sources disagree; the price moves, see the response"),
    (
        "stalled",
        "bakeoff itself did not run: it was stopped, the machine slept, or other work had the processor; \
         in place of a figure: for more than a tenth of its time, or the machine slept in it",
    ),
    ("★  =  ✗", "your vote on the round: this answer wins; a tie; all bad"),
    ("n unreadable", "events of the stream that were damaged and passed over; text may be missing"),
    ("n marked", "characters that could harm a terminal, shown as ␛ or ‹U+202E›"),
];

pub(super) fn draw(app: &mut App, theme: &Theme, frame: &mut Frame, top: usize) {
    let screen = frame.area();
    let width = WIDTH.min(screen.width);
    let lines = lines(app, theme, width.saturating_sub(4));
    let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let area = centred(screen, width, wanted.min(screen.height.saturating_sub(2).max(3)));
    let buffer = frame.buffer_mut();
    theme.wipe(buffer, area);
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

fn lines(app: &App, theme: &Theme, width: u16) -> Vec<Line<'static>> {
    let heading = |text: &str| Line::styled(text.to_owned(), theme.accent.add_modifier(Modifier::BOLD));
    let room = width.saturating_sub(u16::try_from(LEFT + 2).unwrap_or(0)).max(8);
    // One row of the table, on as many lines as its text needs.
    let row = |left: String, right: &str| {
        let mut flow = Flow::new();
        flow.push(right);
        flow.finish();
        let rows = flow.rows(room);
        let lines: Vec<_> = (0..rows)
            .map(|at| {
                let left = if at == 0 { left.as_str() } else { "" };
                Line::from(vec![
                    Span::styled(format!("{left:>LEFT$}  "), theme.focus),
                    Span::styled(flow.row(at).to_owned(), theme.text),
                ])
            })
            .collect();
        lines
    };
    let mut out = Vec::new();
    for (focus, title) in
        [(Focus::Panes, "In the panes"), (Focus::Prompt, "In the prompt"), (Focus::Anywhere, "Anywhere")]
    {
        out.push(heading(title));
        for command in COMMANDS.iter().filter(|c| c.on.place() == focus) {
            out.extend(row(app.keymap.shown(command.name), command.doc));
        }
        out.push(Line::default());
    }
    out.push(heading("Clocks: monotonic, from t0, when the request is handed to the HTTP client"));
    for metric in METRICS {
        out.extend(row(metric.heading.to_owned(), metric.formula));
    }
    out.push(Line::default());
    out.push(heading("Marks"));
    for (mark, meaning) in MARKS {
        out.extend(row(mark.to_owned(), meaning));
    }
    out
}
