//! One row an endpoint, every figure in a column, differences from the baseline below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{all_figures, figure_keys, frame, name, name_columns, nothing, order, window};
use crate::model::Better;
use crate::model::Metric;
use crate::ui::app::{App, Entry};
use crate::ui::figures;
use crate::ui::ink::put;
use crate::ui::theme::Theme;

/// Air between two columns.
const AIR: usize = 2;

pub(super) fn columns() -> Vec<&'static Metric> {
    all_figures()
}

pub(super) fn draw(app: &mut App, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let (flip, keys) = (app.keymap.first("flip"), figure_keys(app));
    let title = match app.views.figure {
        None => format!("lineup order · {keys} order by a figure"),
        Some(row) => {
            let way = if app.views.worst_first { "worst first" } else { "best first" };
            let way = match (row.better, app.views.worst_first) {
                (Better::Neither, false) => "least first",
                (Better::Neither, true) => "most first",
                _ => way,
            };
            format!("by {}, {way} · {flip} turns it", row.heading)
        }
    };
    let formula = app.views.figure.map(|row| format!("{} = {}", row.heading, row.formula));
    let inner = frame(app, theme, buffer, area, &title, &formula.unwrap_or_default());
    if app.round().is_none() {
        return nothing(theme, buffer, inner);
    }
    let compared = app.baseline().map(|e| e.id);
    let lines = if compared.is_some() { 2 } else { 1 };
    let names = name_columns(app, usize::from(inner.width) / 3);
    let runs = runs_columns(app);
    let shown = visible(app, names + runs, usize::from(inner.width));
    let heading = Rect { height: inner.height.min(1), ..inner };
    head(app, theme, buffer, heading, names + runs, &shown);
    // Heading above, the sum below.
    let body = Rect { y: inner.y + 1, height: inner.height.saturating_sub(2), ..inner };
    let order = order(app);
    let rows = window(app, &order, lines, body.height);
    let best = figures::best(app.round(), shown.iter().map(|(m, _)| *m));
    for (at, number) in order.get(rows).unwrap_or_default().iter().enumerate() {
        let y = body.y + lines * u16::try_from(at).unwrap_or(u16::MAX);
        if y >= body.bottom() {
            break;
        }
        let line = Rect { y, height: 1, ..body };
        name(app, theme, buffer, Rect { height: lines, ..line }, *number, names);
        let Some(entry) = app.round().and_then(|r| r.entries.get(*number)) else { continue };
        if let Some(text) = entry.runs_text() {
            put(buffer, beside(line, names), Line::styled(text, theme.faint));
        }
        let base = app.baseline().filter(|b| b.id != entry.id);
        let is_base = compared == Some(entry.id);
        let cells = shown.iter().map(|(row, width)| {
            let known = !entry.trials.is_empty() || row.read(&entry.answer).known().is_some();
            let mark = if best.leads(row.id, entry.id) { figures::BEST } else { " " };
            let style = if known { theme.text } else { theme.faint };
            (vec![(entry.typical_text(row), style), (format!(" {mark}"), theme.good)], *width)
        });
        put(buffer, beside(line, names + runs), cells_line(cells));
        if lines == 2 && y + 1 < body.bottom() {
            let below = Rect { y: y + 1, height: 1, ..body };
            if is_base {
                let text = format!("{:6}baseline", "");
                put(buffer, below, Line::styled(text, theme.faint));
            } else if let Some(base) = base {
                let cells = shown.iter().map(|(row, width)| {
                    let (text, style) = delta(row, entry, base, theme);
                    (vec![(text, style), ("  ".into(), theme.faint)], *width)
                });
                put(buffer, beside(below, names + runs), cells_line(cells));
            }
        }
    }
    sum(app, theme, buffer, inner);
}

/// Columns of how many runs a row stands for; none where nothing was repeated.
fn runs_columns(app: &App) -> usize {
    let entries = app.round().into_iter().flat_map(|r| &r.entries);
    entries.filter_map(Entry::runs_text).map(|text| text.width() + AIR).max().unwrap_or(0)
}

fn beside(line: Rect, names: usize) -> Rect {
    let names = u16::try_from(names).unwrap_or(u16::MAX).min(line.width);
    Rect { x: line.x + names, width: line.width - names, ..line }
}

/// Cells of given widths, each pushed to its right edge.
fn cells_line(cells: impl Iterator<Item = (Vec<(String, Style)>, usize)>) -> Line<'static> {
    let mut line = Line::default();
    for (parts, width) in cells {
        let wide: usize = parts.iter().map(|(text, _)| text.width()).sum();
        line.push_span(Span::raw(" ".repeat(width.saturating_sub(wide))));
        for (text, style) in parts {
            line.push_span(Span::styled(text, style));
        }
    }
    line
}

/// The columns that fit with their widths; the chosen one is among them.
fn visible(app: &App, names: usize, width: usize) -> Vec<(&'static Metric, usize)> {
    let base = app.baseline();
    let wide = |row: &'static Metric| {
        let entries = app.round().into_iter().flat_map(|r| &r.entries);
        let cells = entries.map(|e| {
            let below = base.map(|b| delta_text(row, e, b).map_or(0, |(text, _)| text.width()));
            e.typical_text(row).width().max(below.unwrap_or(0))
        });
        // A mark of the best stands behind every value.
        cells.max().unwrap_or(0).max(row.heading.width()).max(5) + 2 + AIR
    };
    let all: Vec<(&'static Metric, usize)> = columns().into_iter().map(|row| (row, wide(row))).collect();
    let chosen = app.views.figure.and_then(|f| all.iter().position(|(row, _)| row.id == f.id)).unwrap_or(0);
    let room = width.saturating_sub(names);
    let mut from = 0;
    loop {
        let mut left = room;
        let mut shown = Vec::new();
        for (row, wide) in all.get(from..).unwrap_or_default() {
            if *wide > left {
                break;
            }
            left -= wide;
            shown.push((*row, *wide));
        }
        if from + shown.len() > chosen || from >= chosen {
            return shown;
        }
        from += 1;
    }
}

fn head(
    app: &App,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    names: usize,
    shown: &[(&'static Metric, usize)],
) {
    let count = app.panes();
    let text = format!("{count} endpoint{}", if count == 1 { "" } else { "s" });
    put(buffer, area, Line::styled(text, theme.faint));
    let cells = shown.iter().map(|(row, width)| {
        let chosen = app.views.figure.is_some_and(|f| f.id == row.id);
        let style = if chosen { theme.focus.add_modifier(Modifier::BOLD) } else { theme.faint };
        let arrow = match (chosen, app.views.worst_first) {
            (false, _) => "  ",
            (true, false) => " ▾",
            (true, true) => " ▴",
        };
        (vec![(format!("{}{arrow}", row.heading), style)], *width)
    });
    put(buffer, beside(area, names), cells_line(cells));
}

/// The difference from the baseline, absolute and in percent, and whether it is better.
fn delta_text(row: &Metric, own: &Entry, base: &Entry) -> Option<(String, Option<bool>)> {
    let (own, other) = (own.typical(row)?, base.typical(row)?);
    let by = own - other;
    if by.abs() < f64::EPSILON * own.abs().max(other.abs()) || by == 0.0 {
        return Some(("±0".into(), None));
    }
    let share = if other == 0.0 { String::new() } else { format!(" {}", percent(by / other * 100.0)) };
    let better = match row.better {
        Better::Lower => Some(by < 0.0),
        Better::Higher => Some(by > 0.0),
        Better::Neither => None,
    };
    Some((format!("{}{share}", row.unit.difference(by)), better))
}

/// `+12%`, `-3.4%`, `x25` where percents are no longer read.
fn percent(value: f64) -> String {
    match value {
        v if v.abs() < 9.95 => format!("{v:+.1}%"),
        v if v < 999.5 => format!("{v:+.0}%"),
        v => format!("x{:.0}", v / 100.0 + 1.0),
    }
}

fn delta(row: &Metric, own: &Entry, base: &Entry, theme: &Theme) -> (String, Style) {
    match delta_text(row, own, base) {
        None => (String::new(), theme.faint),
        Some((text, better)) => {
            let style = match better {
                Some(true) => theme.good,
                Some(false) => theme.bad,
                None => theme.faint,
            };
            (text, style)
        }
    }
}

fn sum(app: &App, theme: &Theme, buffer: &mut Buffer, inner: Rect) {
    if inner.height < 3 {
        return;
    }
    let line = Rect { y: inner.bottom() - 1, height: 1, ..inner };
    let round = format!("this round {}", app.round_total().label());
    let text = if app.rounds.len() > 1 {
        let long = format!("{round} · session {}", app.total_labels().0);
        let fits = long.width() <= usize::from(line.width);
        if fits { long } else { format!("this round {}", app.round_total().short()) }
    } else {
        round
    };
    put(buffer, line, Line::styled(text, theme.faint));
}
