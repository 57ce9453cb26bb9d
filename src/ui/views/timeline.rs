//! Where the time went: connecting, waiting, thinking and answering on one axis.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{frame, name, name_columns, nothing, order, window};
use crate::model::Answer;
use crate::model::Unit;
use crate::model::metric;
use crate::ui::app::{App, Entry};
use crate::ui::ink::put;
use crate::ui::theme::Theme;

/// What an endpoint was busy with; glyphs that differ without colour, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Connecting,
    Waiting,
    Thinking,
    Answering,
    /// Everything has come, the end was not said yet.
    Ending,
    /// This program did not run: what happened meanwhile is not known.
    Stalled,
}

impl Part {
    const ALL: [Self; 6] =
        [Self::Connecting, Self::Waiting, Self::Thinking, Self::Answering, Self::Ending, Self::Stalled];

    fn look(self, theme: &Theme) -> (&'static str, Style, &'static str) {
        match self {
            Self::Connecting => ("╍", theme.warn, "connecting"),
            Self::Waiting => ("─", theme.faint, "waiting"),
            Self::Thinking => ("▒", theme.reasoning, "thinking"),
            Self::Answering => ("█", theme.accent, "answering"),
            Self::Ending => ("╌", theme.faint, "until the end"),
            Self::Stalled => ("×", theme.bad, "stalled"),
        }
    }
}

/// The parts of one answer in their order: each with its end, offset from `t0`.
fn parts(answer: &Answer, now: Duration) -> Vec<(Part, Duration)> {
    let t = &answer.timeline;
    let end = t.end.unwrap_or(now);
    let connected = t.phases.connected;
    let mut out = Vec::new();
    out.extend(connected.map(|at| (Part::Connecting, at)));
    let first = t.first_any();
    out.push((Part::Waiting, first.unwrap_or(end)));
    if t.first_reasoning.is_some() {
        out.push((Part::Thinking, t.first_text.or(t.end.and(t.last_reasoning)).unwrap_or(end)));
    }
    if t.first_text.is_some() {
        out.push((Part::Answering, if t.end.is_some() { t.last_text.unwrap_or(end) } else { end }));
    }
    if first.is_some() {
        out.push((Part::Ending, end));
    }
    // A mark never lies before the one in front of it.
    let mut last = Duration::ZERO;
    for (_, at) in &mut out {
        *at = (*at).max(last).min(end.max(last));
        last = *at;
    }
    out
}

/// The part in progress at a moment.
fn at(parts: &[(Part, Duration)], moment: Duration) -> Option<Part> {
    parts.iter().find(|(_, end)| moment < *end).map(|(part, _)| *part)
}

/// How far an answer has come: its end, or now.
fn reach(entry: &Entry, now: Duration) -> Duration {
    let running = entry.pane.sent.and_then(|sent| now.checked_sub(sent)).unwrap_or_default();
    entry.answer.timeline.end.unwrap_or(running)
}

pub(super) fn draw(app: &mut App, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let inner = frame(app, theme, buffer, area, "from t0, every endpoint on one axis", "");
    let Some(round) = app.round() else { return nothing(theme, buffer, inner) };
    let axis_to = round.entries.iter().map(|e| reach(e, app.now)).max().unwrap_or_default();
    let names = name_columns(app, usize::from(inner.width) / 3);
    let figures = figures_columns(usize::from(inner.width), names);
    let width = usize::from(inner.width).saturating_sub(names + figures + 2);
    let body = Rect { height: inner.height.saturating_sub(2), ..inner };
    let order = order(app);
    let airy = u16::try_from(order.len() * 2).is_ok_and(|rows| rows <= body.height);
    let lines = if airy { 2 } else { 1 };
    let rows = window(app, &order, lines, body.height);
    for (row, number) in order.get(rows).unwrap_or_default().iter().enumerate() {
        let y = body.y + lines * u16::try_from(row).unwrap_or(u16::MAX);
        if y >= body.bottom() {
            break;
        }
        let line = Rect { y, height: 1, ..body };
        let left = u16::try_from(names).unwrap_or(u16::MAX).min(line.width);
        name(app, theme, buffer, line, *number, names);
        let Some(entry) = app.round().and_then(|r| r.entries.get(*number)) else { continue };
        let mut drawn = bar(entry, theme, app.now, axis_to, width);
        if figures > 0 {
            let text = ["ttft_ms", "total_ms"].map(|id| {
                let shown = metric(id).map(|row| row.show(&entry.answer)).unwrap_or_default();
                format!("{shown:>8}")
            });
            drawn.push_span(Span::styled(format!("  {}", text.concat()), theme.text));
        }
        put(buffer, Rect { x: line.x + left, width: line.width - left, ..line }, drawn);
    }
    axis(theme, buffer, inner, names, width, axis_to, figures > 0);
}

/// Columns for first text and total at the right, where there is room for them.
fn figures_columns(width: usize, names: usize) -> usize {
    if width >= names + 50 { 18 } else { 0 }
}

fn bar(entry: &Entry, theme: &Theme, now: Duration, axis_to: Duration, width: usize) -> Line<'static> {
    let reach = reach(entry, now);
    let parts = parts(&entry.answer, reach);
    let mut line = Line::default();
    let mut run: (String, Option<Part>) = (String::new(), None);
    for cell in 0..width {
        // Each cell shows what was so at its middle.
        let moment = mul_div(axis_to, 2 * cell + 1, 2 * width);
        let stalls = &entry.answer.timeline.stalls;
        let stalled = stalls.iter().any(|s| (s.from..s.to).contains(&moment));
        let part = if stalled { Some(Part::Stalled) } else { at(&parts, moment) };
        let part = part.filter(|_| moment < reach);
        if part != run.1 {
            flush(&mut line, &mut run, theme);
            run.1 = part;
        }
        run.0.push_str(part.map_or(" ", |p| p.look(theme).0));
    }
    flush(&mut line, &mut run, theme);
    line
}

fn flush(line: &mut Line<'static>, run: &mut (String, Option<Part>), theme: &Theme) {
    let style = run.1.map_or(theme.text, |p| p.look(theme).1);
    if !run.0.is_empty() {
        line.push_span(Span::styled(std::mem::take(&mut run.0), style));
    }
}

/// `time × n / d` without overflow for any stream.
fn mul_div(time: Duration, n: usize, d: usize) -> Duration {
    let nanos = time.as_nanos() * n as u128 / (d.max(1)) as u128;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Round steps of time for the axis, in milliseconds.
fn step(axis_to: Duration, marks: usize) -> Duration {
    let least = axis_to.as_millis() / (marks.max(1) as u128);
    let mut unit: u128 = 1;
    loop {
        for factor in [1, 2, 5] {
            if unit * factor >= least.max(1) {
                return Duration::from_millis(u64::try_from(unit * factor).unwrap_or(u64::MAX));
            }
        }
        unit = unit.saturating_mul(10);
    }
}

fn axis(
    theme: &Theme,
    buffer: &mut Buffer,
    inner: Rect,
    names: usize,
    width: usize,
    axis_to: Duration,
    figures: bool,
) {
    if inner.height < 3 || axis_to.is_zero() || width < 8 {
        return;
    }
    let step = step(axis_to, width / 10);
    let mut marks = String::new();
    let mut moment = Duration::ZERO;
    while moment <= axis_to {
        let column = usize::try_from(moment.as_nanos() * width as u128 / axis_to.as_nanos()).unwrap_or(width);
        let text = if moment.is_zero() {
            "0".to_owned()
        } else {
            Unit::Milliseconds.show(moment.as_secs_f64() * 1e3)
        };
        let text = format!("╵{text}");
        if column >= marks.width() && column + text.width() <= width {
            marks.push_str(&" ".repeat(column - marks.width()));
            marks.push_str(&text);
        }
        moment += step;
    }
    let pad = " ".repeat(width.saturating_sub(marks.width()));
    let right = if figures { format!("  {:>8}{:>8}", "first", "total") } else { String::new() };
    let line = Rect { y: inner.bottom() - 2, height: 1, ..inner };
    put(buffer, line, Line::styled(format!("{:names$}{marks}{pad}{right}", ""), theme.faint));
    let mut legend = Line::default();
    // Stalls are rare: their mark is told where there is room for it.
    for part in Part::ALL {
        let (glyph, style, word) = part.look(theme);
        legend.push_span(Span::styled(glyph.repeat(2), style));
        legend.push_span(Span::styled(format!(" {word}   "), theme.faint));
    }
    put(buffer, Rect { y: inner.bottom() - 1, height: 1, ..inner }, legend);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Delta;
    use crate::model::Step;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn every_moment_of_an_answer_belongs_to_one_part() {
        let mut answer = Answer::default();
        answer.apply(Duration::ZERO, Step::Sent);
        answer.timeline.phases.tcp = Some(MS * 20);
        answer.timeline.phases.connected = Some(MS * 50);
        let told = |text: &str| Step::Deltas(vec![Delta::Text(text.into())]);
        answer.apply(MS * 300, Step::Deltas(vec![Delta::Reasoning("hm".into())]));
        answer.apply(MS * 800, told("a"));
        answer.apply(MS * 1_000, told("b"));
        answer.apply(MS * 1_200, Step::Ended);
        let parts = parts(&answer, MS * 9_999);
        let ends: Vec<_> = parts.iter().map(|(p, end)| (*p, end.as_millis())).collect();
        assert_eq!(
            ends,
            [
                (Part::Connecting, 50),
                (Part::Waiting, 300),
                (Part::Thinking, 800),
                (Part::Answering, 1_000),
                (Part::Ending, 1_200)
            ]
        );
        assert_eq!(at(&parts, MS * 49), Some(Part::Connecting));
        assert_eq!(at(&parts, MS * 50), Some(Part::Waiting));
        assert_eq!(at(&parts, MS * 1_200), None);
    }

    #[test]
    fn the_axis_has_round_steps() {
        for (to, marks, want) in [(1_000, 10, 100), (5_100, 10, 1_000), (731, 5, 200), (12, 4, 5), (0, 4, 1)]
        {
            assert_eq!(step(MS * to, marks), MS * want, "{to} ms in {marks}");
        }
    }
}
