//! The lines of figures below an answer, and which of them is the round's best.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::app::{Entry, Round};
use super::ink::put;
use super::theme::Theme;
use crate::model::AnswerId;
use crate::model::Better;
use crate::model::CostStatus;
use crate::model::Metric;
use crate::model::Money;
use crate::model::Outcome;
use crate::model::Reading;
use crate::model::Unit;
use crate::model::metric;
use crate::model::so_far;
use crate::model::tokens_by_length;

/// The figures of the first line: id, label, columns of the value. A rate and a
/// total say what they are by their units and their place.
const SHOWN: [(&str, &str, usize); 3] = [("ttft_ms", "first", 6), ("rate_tps", "", 10), ("total_ms", "", 6)];

const COST: &str = "cost_usd";

/// Marks the best of a round.
pub(super) const BEST: &str = "◆";

/// Columns of the stream's shape.
const SHAPE: usize = 12;

/// What stands in every pane's footer and first in a table.
pub(super) fn footer() -> impl Iterator<Item = &'static Metric> {
    SHOWN.iter().map(|(id, ..)| *id).chain([COST]).filter_map(metric)
}

/// Who leads in what.
#[derive(Debug, Default)]
pub struct Best {
    figures: Vec<(&'static str, AnswerId)>,
}

impl Best {
    pub(super) fn leads(&self, id: &str, answer: AnswerId) -> bool {
        self.figures.iter().any(|(figure, leader)| *figure == id && *leader == answer)
    }
}

/// The best of the complete answers in each figure, by medians where a round was repeated; of
/// fewer than two nobody is best.
#[must_use]
pub fn best(round: Option<&Round>, rows: impl Iterator<Item = &'static Metric>) -> Best {
    let complete: Vec<&Entry> = round
        .into_iter()
        .flat_map(|r| &r.entries)
        .filter(|e| e.answers().any(|a| a.outcome() == Some(Outcome::Complete)))
        .collect();
    if complete.len() < 2 {
        return Best::default();
    }
    let mut out = Best::default();
    for row in rows.filter(|row| row.better != Better::Neither) {
        let known = complete.iter().filter_map(|e| Some((e.id, e.typical(row)?)));
        let leader = match row.better {
            Better::Lower | Better::Neither => known.min_by(|a, b| a.1.total_cmp(&b.1)),
            Better::Higher => known.max_by(|a, b| a.1.total_cmp(&b.1)),
        };
        out.figures.extend(leader.map(|(id, _)| (row.id, id)));
    }
    out
}

/// Draws as many lines as there is room for.
pub(super) fn draw(
    entry: &Entry,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    now: Duration,
    best: &Best,
) {
    let lines = [times(entry, theme, now, best), tokens(entry, theme, best, now)];
    match area.height {
        0 => {}
        // One line: what differs most between endpoints.
        1 => {
            let [mut first, mut second] = lines;
            first.extend(second.pop());
            fit(buffer, area, first);
        }
        _ => {
            for (line, y) in lines.into_iter().zip(area.y..) {
                fit(buffer, Rect { y, height: 1, ..area }, line);
            }
        }
    }
}

/// A few spans that stand or fall together when the line is too narrow.
struct Group {
    spans: Vec<Span<'static>>,
    /// What matters least goes first.
    rank: u8,
}

fn group(rank: u8, spans: Vec<Span<'static>>) -> Group {
    Group { spans, rank }
}

impl Group {
    fn width(&self) -> usize {
        self.spans.iter().map(|s| s.content.width()).sum()
    }
}

/// Puts the groups that fit, in their order; the least important ones give way.
fn fit(buffer: &mut Buffer, area: Rect, mut groups: Vec<Group>) {
    let wide = |groups: &[Group]| groups.iter().map(|g| g.width() + 1).sum::<usize>().saturating_sub(1);
    while wide(&groups) > usize::from(area.width) {
        let least = groups.iter().enumerate().max_by_key(|(_, g)| g.rank).map(|(at, _)| at);
        let Some(least) = least.filter(|_| groups.len() > 1) else { break };
        groups.remove(least);
    }
    let mut line = Line::default();
    for group in groups {
        if !line.spans.is_empty() {
            line.push_span(Span::raw(" "));
        }
        for span in group.spans {
            line.push_span(span);
        }
    }
    put(buffer, area, line);
}

/// A label, a value and the mark's own cell, so that nothing moves when somebody leads.
fn figure(rank: u8, label: &str, value: String, style: Style, theme: &Theme, best: bool) -> Group {
    let mut spans = Vec::with_capacity(3);
    if !label.is_empty() {
        spans.push(Span::styled(format!("{label} "), theme.faint));
    }
    spans.push(Span::styled(value, style));
    spans.push(Span::styled(if best { format!(" {BEST}") } else { "  ".into() }, theme.good));
    group(rank, spans)
}

fn times(entry: &Entry, theme: &Theme, now: Duration, best: &Best) -> Vec<Group> {
    SHOWN
        .iter()
        .filter_map(|(id, label, columns)| Some((metric(id)?, label, columns)))
        .zip(1_u8..)
        .map(|((row, label, columns), at)| {
            let (value, style) = match row.read(&entry.answer) {
                Reading::Known(_) | Reading::Amount(_) => (row.show(&entry.answer), theme.text),
                Reading::Missing(word) => (word.to_owned(), theme.faint),
                Reading::Pending => (pending(row, entry, now), theme.faint),
            };
            figure(at, label, format!("{value:<columns$}"), style, theme, best.leads(row.id, entry.id))
        })
        .collect()
}

/// What can be said of a figure while it runs, always marked as such.
fn pending(row: &Metric, entry: &Entry, now: Duration) -> String {
    let running = entry.pane.sent.and_then(|sent| now.checked_sub(sent));
    let t = &entry.answer.timeline;
    match (row.id, running) {
        ("total_ms", Some(d)) => format!("{}…", Unit::Milliseconds.show(d.as_secs_f64() * 1e3)),
        ("rate_tps", Some(d)) => {
            let window = t.first_text.and_then(|first| d.checked_sub(first)).filter(|w| w.as_millis() >= 250);
            #[expect(clippy::cast_precision_loss, reason = "an estimate of a few thousand tokens")]
            let rate = window.map(|w| tokens_by_length(&entry.answer.text) as f64 / w.as_secs_f64());
            rate.map_or("…".into(), |r| format!("≈{}", row.unit.show(r)))
        }
        _ => "…".into(),
    }
}

fn tokens(entry: &Entry, theme: &Theme, best: &Best, now: Duration) -> Vec<Group> {
    let answer = &entry.answer;
    let mut out = Vec::new();
    let until = if answer.is_over() { None } else { entry.pane.sent.and_then(|s| now.checked_sub(s)) };
    let shape = sparkline(&answer.timeline.shape(SHAPE, until));
    if !shape.is_empty() {
        out.push(group(3, vec![Span::styled(format!("{shape} "), theme.accent)]));
    }
    match &answer.usage {
        Some(usage) => {
            let counts = [
                (4, usage.prompt(), "in"),
                (6, usage.cache_read.filter(|n| *n > 0), "cached"),
                (2, usage.output, "out"),
                (5, usage.reasoning.filter(|n| *n > 0), "thought"),
            ];
            for (rank, count, word) in counts {
                if let Some(n) = count {
                    out.push(count_of(rank, &grouped(n), word, theme.text, theme));
                }
            }
        }
        None if !answer.is_over() && !answer.text.is_empty() => {
            out.push(count_of(2, &format!("≈{}", tokens_by_length(&answer.text)), "out", theme.faint, theme));
        }
        None => {
            let word = if answer.is_over() { "– tok" } else { "… tok" };
            out.push(group(2, vec![Span::styled(word, theme.faint)]));
        }
    }
    // The last group is what one line keeps of the two.
    out.push(cost(entry, theme, best.leads(COST, entry.id)));
    out
}

fn count_of(rank: u8, number: &str, word: &str, style: Style, theme: &Theme) -> Group {
    group(rank, vec![Span::styled(number.to_owned(), style), Span::styled(format!(" {word} "), theme.faint)])
}

fn cost(entry: &Entry, theme: &Theme, best: bool) -> Group {
    let answer = &entry.answer;
    let settled = answer.is_over() || answer.cost.status == CostStatus::Billed;
    let known = answer.cost.usd.is_some() && settled;
    if answer.is_over() && !known && !answer.may_be_billed() {
        // Nobody accepted it, so nobody bills it; unknown would be the wrong word.
        return figure(0, "cost", "–".into(), theme.faint, theme, false);
    }
    if !known && let Some(usd) = counted(entry) {
        // Of an answer that broke off the text was generated, and perhaps more.
        let (sign, tail) = if settled { ("≥ ", "") } else { ("", " so far") };
        return figure(0, "", format!("{sign}≈{}{tail}", usd.shown()), theme.faint, theme, false);
    }
    if !known && !answer.is_over() {
        return figure(0, "cost", "…".into(), theme.faint, theme, false);
    }
    let style = if known { theme.text } else { theme.faint };
    figure(0, if known { "" } else { "cost" }, answer.cost.label(), style, theme, best)
}

/// What the text alone comes to, where nothing better is known; of a whole answer whose cost is
/// unknown for another reason it would say nothing.
pub(super) fn counted(entry: &Entry) -> Option<Money> {
    let answer = &entry.answer;
    let whole = answer.outcome() == Some(Outcome::Complete);
    let running = !answer.is_over() && answer.timeline.headers.is_some();
    if whole || !(running || answer.may_be_billed()) { None } else { so_far(answer, &entry.prompt) }
}

/// Eight heights of a column, the highest slot filling it.
fn sparkline(slots: &[u64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = slots.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    slots
        .iter()
        .map(|n| {
            let at = usize::try_from(n * 7 / most).unwrap_or(0);
            if *n == 0 { ' ' } else { BARS.get(at).copied().unwrap_or('█') }
        })
        .collect()
}

/// `12,345`
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + 4);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_shapes_are_scaled() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234), "1,234");
        assert_eq!(grouped(12_345_678), "12,345,678");
        assert_eq!(sparkline(&[0, 1, 4, 8]), " ▁▄█");
        assert_eq!(sparkline(&[0, 0]), "");
    }
}
