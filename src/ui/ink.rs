//! The strokes that every drawing file uses.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::model::AnswerId;
use crate::model::clean_line;

/// One line into a rectangle, cut at its edge.
#[expect(clippy::needless_pass_by_value, reason = "lines are made where they are put")]
pub(super) fn put(buffer: &mut Buffer, area: Rect, line: Line<'_>) {
    if area.height > 0 && area.width > 0 {
        buffer.set_line(area.x, area.y, &line, area.width);
    }
}

/// Two lines on one row: the left one gives way to the right one.
pub(super) fn sides(buffer: &mut Buffer, area: Rect, left: Line<'_>, right: Line<'_>) {
    let wanted = u16::try_from(right.width()).unwrap_or(u16::MAX);
    let right_width = if wanted + 12 > area.width { 0 } else { wanted };
    let left_area =
        Rect { width: area.width.saturating_sub(right_width + u16::from(right_width > 0)), ..area };
    put(buffer, left_area, left);
    put(buffer, Rect { x: area.right().saturating_sub(right_width), width: right_width, ..area }, right);
}

/// A text in so many columns, with `…` where something is missing.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    for grapheme in text.graphemes(true) {
        if out.width() + grapheme.width() + 1 > columns {
            break;
        }
        out.push_str(grapheme);
    }
    out.push('…');
    out
}

/// The beginning of a text of any size on one line of so many columns, made safe.
pub(super) fn brief(text: &str, columns: usize) -> String {
    // Every column takes at least a byte; what is not shown is not cleaned.
    let most = text.floor_char_boundary(columns.saturating_mul(8).max(64));
    let start = text.get(..most).unwrap_or_default();
    let line = clean_line(start);
    if start.len() < text.len() && line.width() <= columns {
        cut(&format!("{line} …"), columns)
    } else {
        cut(&line, columns)
    }
}

/// A rectangle of this size in the middle, no larger than the screen.
pub(super) fn centred(screen: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(screen.width), height.min(screen.height));
    Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + (screen.height - height) / 2,
        width,
        height,
    }
}

/// Lines laid out once for one answer and width: a request's body can be a whole context long.
#[derive(Debug)]
pub(super) struct Laid {
    pub(super) id: AnswerId,
    pub(super) width: u16,
    pub(super) lines: Vec<Line<'static>>,
}
