//! The words for where an answer is.

use std::time::Duration;

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::app::Entry;
use super::theme::Theme;
use crate::model::Answer;
use crate::model::Outcome;
use crate::model::Phase;
use crate::model::Stop;
use crate::model::Unit;
use crate::model::clean_line;
use crate::model::tokens_by_length;

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// The one spinner: ten steps a second.
fn spinner(now: Duration) -> &'static str {
    let at = usize::try_from(now.as_millis() / 100).unwrap_or(0) % SPINNER.len();
    SPINNER.get(at).copied().unwrap_or("·")
}

/// A silence worth telling about.
const QUIET: Duration = Duration::from_secs(5);

/// One column: how it stands.
pub(super) fn mark(answer: &Answer, now: Duration, theme: &Theme) -> (String, Style) {
    let (mark, style) = match answer.phase {
        Phase::Ended(Outcome::Complete) => match answer.stop {
            Some((Stop::Filtered | Stop::Length, _)) => ("✓", theme.warn),
            _ => ("✓", theme.good),
        },
        Phase::Ended(Outcome::Cut) => ("✂", theme.bad),
        Phase::Ended(Outcome::Stopped | Outcome::Interrupted) => ("■", theme.warn),
        Phase::Ended(Outcome::Failed) => ("✗", theme.bad),
        _ => (spinner(now), theme.accent),
    };
    (format!("{mark} "), style)
}

/// The status in the divider.
pub(super) fn line(entry: &Entry, now: Duration, theme: &Theme) -> Line<'static> {
    let answer = &entry.answer;
    let (mark, style) = mark(answer, now, theme);
    let word = match answer.phase {
        Phase::Queued => "preparing".to_owned(),
        Phase::Waiting => "waiting".to_owned(),
        Phase::Thinking => "thinking".to_owned(),
        Phase::Answering => "streaming".to_owned(),
        Phase::Ended(Outcome::Complete) => match &answer.stop {
            // One word for one thing; the provider's own stands behind it where it says more.
            Some((Stop::Natural, _)) | None => "complete".to_owned(),
            Some((Stop::Length, word)) => format!("length limit ({})", clean_line(word)),
            Some((Stop::Filtered, word)) => format!("filtered ({})", clean_line(word)),
            Some((Stop::Tool, word)) => format!("wants a tool ({})", clean_line(word)),
            Some((Stop::Other, word)) => clean_line(word),
        },
        Phase::Ended(Outcome::Cut) => "cut off".to_owned(),
        Phase::Ended(Outcome::Stopped) => "stopped".to_owned(),
        Phase::Ended(Outcome::Interrupted) => "interrupted".to_owned(),
        Phase::Ended(Outcome::Failed) => {
            answer.fault.as_ref().map_or("failed", |f| f.class.word()).replace('_', " ")
        }
    };
    let mut spans = vec![Span::styled(format!(" {mark}"), style), Span::styled(format!("{word} "), style)];
    if let Some(lost) = lost(answer) {
        spans.push(Span::styled(format!("· stalled {} ", Unit::Milliseconds.show(lost)), theme.warn));
    }
    if let Some(quiet) = quiet(entry, now) {
        spans.push(Span::styled(format!("· quiet {} ", Unit::Milliseconds.show(quiet)), theme.warn));
    }
    Line::from(spans)
}

/// Milliseconds in which this program did not run, if there were any.
fn lost(answer: &Answer) -> Option<f64> {
    let lost = answer.timeline.lost();
    (!lost.is_zero()).then_some(lost.as_secs_f64() * 1e3)
}

/// Milliseconds since the last text, once that is worth a word.
fn quiet(entry: &Entry, now: Duration) -> Option<f64> {
    let t = &entry.answer.timeline;
    if entry.answer.is_over() {
        return None;
    }
    let last = t.last_text.max(t.last_reasoning)?;
    let running = now.checked_sub(entry.pane.sent?)?;
    let quiet = running.checked_sub(last)?;
    (quiet >= QUIET).then_some(quiet.as_secs_f64() * 1e3)
}

/// In an empty pane: what is being waited for.
pub(super) fn waiting(entry: &Entry, now: Duration, theme: &Theme) -> Line<'static> {
    let since = entry.pane.sent.and_then(|sent| now.checked_sub(sent)).unwrap_or_default();
    let time = Unit::Milliseconds.show(since.as_secs_f64() * 1e3);
    let alive = entry.answer.timeline.last_byte.is_some();
    let text = match entry.answer.phase {
        Phase::Queued => "preparing credentials and address".to_owned(),
        _ if entry.answer.timeline.headers.is_none() => format!("sent, {time} without a reply"),
        _ if alive => format!("alive, {time} without text"),
        _ => format!("accepted, {time} without text"),
    };
    Line::styled(text, theme.faint)
}

/// The line that folds the reasoning: `▸ thought 1.4 s · 212 tokens`.
pub(super) fn thinking(answer: &Answer, open: bool, width: u16) -> String {
    let t = &answer.timeline;
    let arrow = if open { "▾" } else { "▸" };
    let span = match (t.first_reasoning, t.first_text.or(t.last_reasoning)) {
        (Some(first), Some(end)) => end.saturating_sub(first),
        _ => Duration::ZERO,
    };
    let word = if answer.phase == Phase::Thinking { "thinking" } else { "thought" };
    let mut out = format!("{arrow} {word} {}", Unit::Milliseconds.show(span.as_secs_f64() * 1e3));
    match answer.usage.as_ref().and_then(|u| u.reasoning) {
        Some(tokens) => out.push_str(&format_args!(" · {tokens} tokens").to_string()),
        None => out.push_str(&format_args!(" · ≈{} tokens", tokens_by_length(&answer.reasoning)).to_string()),
    }
    let hint = " · T shows";
    if !open && out.width() + hint.width() <= usize::from(width) {
        out.push_str(hint);
    }
    out
}
