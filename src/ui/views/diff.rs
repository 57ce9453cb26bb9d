//! One answer word by word against another: the baseline's, or the same endpoint's of the round before.

use std::fmt::Write;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::frame;
use crate::model::Change;
use crate::model::clean;
use crate::model::clean_line;
use crate::ui::app::App;
use crate::ui::compare::{Against, Pair, Part, Row};
use crate::ui::ink::put;
use crate::ui::theme::Theme;

/// Below this, two columns side by side are too narrow to be read.
const LEAST_SIDES: u16 = 60;

pub(super) fn draw(app: &mut App, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let keys = |name| app.keymap.first(name);
    let (flip, fold, other) = (keys("flip"), keys("thinking"), keys("diff"));
    let (versus, after_what) = match app.comparing.against {
        Against::Baseline => ("the baseline", "the round before"),
        Against::Before => ("the round before", "the baseline"),
    };
    let shape = if app.comparing.sides { "one column" } else { "side by side" };
    let folds = if app.comparing.unfolded { "folds what is alike" } else { "shows what is alike" };
    let bottom = format!(
        "{} next change · {flip} {shape} · {fold} {folds} · {other} against {after_what} · {} next answer",
        keys("next-match"),
        keys("next-pane")
    );
    let (before, after) = match app.compared() {
        Ok(pair) => pair,
        Err(why) => {
            let inner = frame(app, theme, buffer, area, &format!("against {versus}"), &bottom);
            return put(buffer, inner, Line::styled(why, theme.faint));
        }
    };
    let pair =
        Pair { before: (before.id, before.answer.text.len()), after: (after.id, after.answer.text.len()) };
    let names = match app.comparing.against {
        Against::Baseline => (clean_line(&before.endpoint.name), clean_line(&after.endpoint.name)),
        Against::Before => (versus.to_owned(), clean_line(&after.endpoint.name)),
    };
    let mut texts = None;
    if app.comparing.lacks(pair) {
        texts = Some((clean(&before.answer.text), clean(&after.answer.text)));
    }
    let known = app.comparing.of(pair, texts).map(|diff| (diff.percent(), diff.grain.remark()));
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(4), ..area };
    let height = area.height.saturating_sub(2);
    let too_narrow = app.comparing.sides && inner.width < LEAST_SIDES;
    let sides = app.comparing.sides && !too_narrow;
    let (rows, all, changes) = match known {
        Some(_) => app.comparing.rows(inner.width, height, sides),
        None => (Vec::new(), 0, 0),
    };
    let mut title = format!("{} against {}", names.1, names.0);
    if let Some((percent, remark)) = known {
        let s = if changes == 1 { "" } else { "s" };
        // Writing to a string does not fail.
        let _ = write!(title, " · {percent} % alike · {changes} change{s}");
        if let Some(remark) = remark {
            let _ = write!(title, " · {remark}");
        }
        if all > usize::from(height) {
            let end = (app.comparing.top + usize::from(height)).min(all);
            let _ = write!(title, " · {end}/{all}");
        }
    }
    if too_narrow {
        title.push_str(" · too narrow for two columns");
    }
    let inner = frame(app, theme, buffer, area, &title, &bottom);
    if known.is_none() {
        return put(buffer, inner, Line::styled("comparing …", theme.faint));
    }
    for (row, y) in rows.into_iter().zip(inner.y..inner.bottom()) {
        let line = Rect { y, height: 1, ..inner };
        match row {
            Row::Fold(lines) => {
                let s = if lines == 1 { "" } else { "s" };
                put(buffer, line, Line::styled(format!("··· {lines} line{s} alike"), theme.faint));
            }
            Row::Inline(parts) => put(buffer, line, inked(parts, theme)),
            Row::Sides(left, right) => {
                let half = inner.width.saturating_sub(3) / 2;
                put(buffer, Rect { width: half, ..line }, inked(left, theme));
                let middle = Rect { x: line.x + half + 1, width: 1, ..line };
                put(buffer, middle, Line::styled("│", theme.border));
                put(buffer, Rect { x: line.x + half + 3, width: half, ..line }, inked(right, theme));
            }
        }
    }
}

fn inked(parts: Vec<Part>, theme: &Theme) -> Line<'static> {
    let style = |change| match change {
        Change::Same => theme.text,
        Change::Added => theme.added,
        // Struck out as well: colour alone does not tell everybody.
        Change::Removed => theme.removed.add_modifier(Modifier::CROSSED_OUT),
    };
    parts.into_iter().map(|(change, text)| Span::styled(text, style(change))).collect()
}
