//! The endpoint picker, drawn.
//!
//! ```text
//!  ┏ endpoints · 3 in the lineup, 41 to choose from ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
//!  ┃ find: opus▌                                                                     ┃
//!  ┃    model            cloud    place      $/1M in/out    context  credential      ┃
//!  ┃ ▸● claude-opus-5-5  bedrock  us-east-1       $5 / $25       1M  AWS profile     ┃
//!  ┃ us.anthropic.claude-opus-5-5 · AWS profile                                      ┃
//!  ┗ enter adds or removes · ctrl+s saves the lineup · esc closes ━━━━━━━━━━━━ 1/12 ━┛
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Widget};
use unicode_width::UnicodeWidthStr;

use super::app::App;
use super::ink::{centred, cut, put};
use super::picker::{Picker, Row};
use super::theme::Theme;
use crate::model::clean_line;

/// Rows that are not the list: borders, filter, header, the line about the row.
const AROUND: u16 = 5;

/// Columns before the first: the cursor and the mark.
const MARKS: usize = 3;

/// Between two columns.
const GAP: usize = 2;

/// One column of the list.
struct Column {
    heading: &'static str,
    /// Below this it is cut no further.
    least: usize,
    right: bool,
    read: fn(&Row) -> &str,
}

const COLUMNS: [Column; 7] = [
    Column { heading: "model", least: 16, right: false, read: |r| &r.choice.family },
    Column { heading: "id", least: 24, right: false, read: |r| &r.choice.endpoint.model },
    Column { heading: "cloud", least: 10, right: false, read: |r| &r.choice.cloud },
    Column { heading: "place", least: 8, right: false, read: |r| &r.choice.place },
    Column { heading: "$/1M in/out", least: 14, right: true, read: |r| &r.choice.price },
    Column { heading: "context", least: 7, right: true, read: |r| &r.choice.context },
    Column { heading: "credential", least: 8, right: false, read: |r| r.choice.ready.words() },
];

/// The column that says most to few; first to go.
const ID: usize = 1;

pub(super) fn draw(app: &mut App, theme: &Theme, frame: &mut Frame) {
    let screen = frame.area();
    let rows = app.picker.all();
    let natural = widths(rows);
    let wanted = sum(&natural).max(72) + MARKS + 4;
    let width = u16::try_from(wanted).unwrap_or(u16::MAX).min(screen.width);
    // As high as all rows need, whatever the filter: the frame stays still while one types.
    let height = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(AROUND);
    let area = centred(screen, width, height.min(screen.height.saturating_sub(2).max(3)));
    let inner = Rect {
        x: area.x.saturating_add(2),
        y: area.y.saturating_add(1),
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    };
    frame_of(app, theme, frame, area);
    let buffer = frame.buffer_mut();
    let line = |at: u16| Rect { y: inner.y + at, height: u16::from(inner.height > at), ..inner };
    put(buffer, line(0), field(&app.picker, theme));
    let fitted = fit(natural, usize::from(inner.width).saturating_sub(MARKS));
    let cells = COLUMNS.iter().zip(&fitted).map(|(c, w)| cell(c.heading, *w, c.right));
    put(buffer, line(1), Line::styled(format!("{:MARKS$}{}", "", joined(cells)), theme.faint));
    let list = Rect { y: inner.y + 2, height: inner.height.saturating_sub(3), ..inner };
    let picker = &mut app.picker;
    picker.list = list;
    let (cursor, seen) = (picker.cursor(), usize::from(list.height));
    picker.top = picker.top.min(cursor).max((cursor + 1).saturating_sub(seen));
    if picker.shown().len() == 0 && list.height > 0 {
        put(buffer, Rect { height: 1, ..list }, Line::styled("   nothing matches", theme.faint));
    }
    for ((at, row), y) in picker.shown().enumerate().skip(picker.top).take(seen).zip(list.y..) {
        let Some(row) = row else { continue };
        let here = Rect { y, height: 1, ..list };
        put(buffer, here, entry(row, &fitted, at == cursor, theme));
        if at == cursor {
            buffer.set_style(here, theme.selection);
        }
    }
    if inner.height > 3 {
        put(buffer, line(inner.height - 1), about(picker, theme));
    }
}

fn frame_of(app: &App, theme: &Theme, frame: &mut Frame, area: Rect) {
    let picker = &app.picker;
    let (members, all) = (app.lineup.endpoints.len(), picker.all().len());
    let room = usize::from(area.width.saturating_sub(4));
    let place =
        format!(" {}/{} ", picker.cursor() + usize::from(picker.shown().len() > 0), picker.shown().len());
    let keys = if picker.naming.is_some() {
        "enter saves · esc goes back"
    } else if !picker.filter.is_empty() {
        "enter adds or removes · esc clears the filter"
    } else if app.saves {
        "enter adds or removes · ctrl+s saves the lineup · esc closes"
    } else {
        "enter adds or removes · esc closes"
    };
    // What a key has just done is said where the eyes are.
    let (text, style) = match &app.notice {
        Some((notice, _)) => (clean_line(notice), theme.warn),
        None => (keys.to_owned(), theme.faint),
    };
    let text = cut(&text, room.saturating_sub(place.width() + 2));
    let title = format!(" endpoints · {members} in the lineup, {all} to choose from ");
    theme.wipe(frame.buffer_mut(), area);
    Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.focus)
        .title_top(Line::styled(cut(&title, room), theme.text))
        .title_bottom(Line::styled(format!(" {text} "), style))
        .title_bottom(Line::styled(place, theme.faint).right_aligned())
        .render(area, frame.buffer_mut());
}

fn field(picker: &Picker, theme: &Theme) -> Line<'static> {
    let (label, text) = match &picker.naming {
        Some(name) => ("save as: ", name),
        None => ("find: ", &picker.filter),
    };
    let empty = picker.naming.is_none() && text.is_empty();
    let hint = if empty { " a model, a cloud, a place …" } else { "" };
    Line::from(vec![
        Span::styled(label, theme.accent),
        Span::styled(clean_line(text), theme.text),
        // A trailing space is part of what was typed; the cleaned line has lost it.
        Span::raw(if text.ends_with(' ') { " " } else { "" }),
        Span::styled(" ", Style::new().add_modifier(Modifier::REVERSED)),
        Span::styled(hint, theme.faint),
    ])
}

fn entry(row: &Row, widths: &[usize], chosen: bool, theme: &Theme) -> Line<'static> {
    let ready = row.choice.ready.is_ready();
    let base = if ready { theme.text } else { theme.faint };
    let cells: Vec<String> = COLUMNS
        .iter()
        .zip(widths)
        .map(|(c, width)| cell(&clean_line((c.read)(row)), *width, c.right))
        .collect();
    Line::from(vec![
        Span::styled(if chosen { "▸" } else { " " }, theme.focus),
        Span::styled(if row.member.is_some() { "● " } else { "  " }, theme.good),
        Span::styled(joined(cells.into_iter()), base),
    ])
}

/// What the columns had no room for, of the row under the cursor.
fn about(picker: &Picker, theme: &Theme) -> Line<'static> {
    let Some((choice, member)) = picker.current() else { return Line::default() };
    let endpoint = &choice.endpoint;
    let name = member.unwrap_or(&endpoint.name);
    let place = endpoint.place.as_deref().unwrap_or(&choice.place);
    let mut parts = [name, &endpoint.model, &choice.cloud, place, choice.ready.words()];
    // What is missing is what one looks for.
    if !choice.ready.is_ready() {
        parts.rotate_right(1);
    }
    let mut said: Vec<String> = Vec::new();
    for part in parts.into_iter().map(clean_line).filter(|p| !p.is_empty()) {
        if !said.contains(&part) {
            said.push(part);
        }
    }
    let style = if choice.ready.is_ready() { theme.faint } else { theme.warn };
    Line::styled(said.join(" · "), style)
}

/// What every column would like: its widest cell.
fn widths(rows: &[Row]) -> [usize; COLUMNS.len()] {
    let mut widths = [0; COLUMNS.len()];
    for (column, width) in COLUMNS.iter().zip(&mut widths) {
        *width = rows.iter().map(|r| (column.read)(r).width()).max().unwrap_or(0);
        if *width > 0 {
            *width = (*width).max(column.heading.width());
        }
    }
    let same = rows.iter().all(|r| r.choice.family == r.choice.endpoint.model);
    if same && let Some(id) = widths.get_mut(ID) {
        *id = 0;
    }
    widths
}

fn sum(widths: &[usize]) -> usize {
    widths.iter().filter(|w| **w > 0).map(|w| w + GAP).sum::<usize>().saturating_sub(GAP)
}

/// Takes columns away from those that have most above their least, the id first and altogether.
fn fit(mut widths: [usize; COLUMNS.len()], room: usize) -> [usize; COLUMNS.len()] {
    if sum(&widths) > room
        && let Some(id) = widths.get_mut(ID)
    {
        *id = 0;
    }
    while sum(&widths) > room {
        let over =
            widths.iter().zip(&COLUMNS).enumerate().map(|(at, (w, c))| (w.saturating_sub(c.least), at));
        // Nothing left to give: the edge cuts.
        let Some((_, at)) = over.filter(|(slack, _)| *slack > 0).max() else { break };
        if let Some(width) = widths.get_mut(at) {
            *width -= 1;
        }
    }
    widths
}

fn cell(text: &str, width: usize, right: bool) -> String {
    let text = if width == 0 { String::new() } else { cut(text, width) };
    let air = " ".repeat(width.saturating_sub(text.width()));
    if right { format!("{air}{text}") } else { format!("{text}{air}") }
}

fn joined(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.filter(|c| !c.is_empty()).collect();
    cells.join(&" ".repeat(GAP))
}
