//! What changed from one round to another: the prompt and the system text word by word, and
//! for every endpoint how far its answer and its figures moved. The answers' own words are
//! compared elsewhere.

use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::app::{App, Entry, Overlay};
use super::figures;
use super::ink::{centred, cut, put};
use super::key::Key;
use super::text::Flow;
use super::theme::Theme;
use crate::model::AnswerId;
use crate::model::Change;
use crate::model::Diff;
use crate::model::Endpoint;
use crate::model::Outcome;
use crate::model::PARAMS;
use crate::model::Reading;
use crate::model::clean;
use crate::model::clean_line;
use crate::model::words;

const WIDTH: u16 = 110;

/// Rows of unchanged text at either end of a change before the middle is left out.
const CONTEXT: usize = 3;

/// Rows of one text; whoever changed more reads it elsewhere.
const MOST_ROWS: usize = 400;

/// Two rounds held against each other.
pub(super) struct Compared {
    from: usize,
    to: usize,
    prompt: Diff,
    system: Diff,
    /// Both texts as they were laid out, and for which width: a prompt can be a whole context long.
    laid: Option<(u16, Vec<Line<'static>>)>,
    /// Which answers were compared, whether they were over, and how alike they are in percent.
    answers: Vec<(AnswerId, AnswerId, u8)>,
    /// Back to the overview, where it came from.
    back: bool,
}

impl App {
    /// The round in view against the one before it.
    pub(super) fn diff_round(&mut self) -> bool {
        if self.rounds.is_empty() {
            self.say("nothing has been sent yet: there is nothing to compare");
            return true;
        }
        if let Some(before) = self.round_before() {
            self.compare_rounds(before, self.shown, false);
        } else {
            let edit = self.keymap.first("edit-round");
            self.say(format!("there is no round before this one; {edit} edits its prompt"));
        }
        true
    }

    pub(super) fn compare_rounds(&mut self, from: usize, to: usize, back: bool) {
        let (Some(a), Some(b)) = (self.rounds.get(from), self.rounds.get(to)) else { return };
        let text = |system: &Option<String>| system.clone().unwrap_or_default();
        let (prompt, system) = (words(&a.question, &b.question), words(&text(&a.system), &text(&b.system)));
        self.compared = Some(Compared { from, to, prompt, system, laid: None, answers: Vec::new(), back });
        self.overlay = Some(Overlay::RoundDiff { top: 0 });
        self.compare_answers();
    }

    /// Compares the answers that are over and were not compared yet.
    fn compare_answers(&mut self) {
        let Some(mut compared) = self.compared.take() else { return };
        for (a, b) in pairs(self, &compared) {
            let (Some(a), Some(b)) = (a, b) else { continue };
            let known = compared.answers.iter().any(|(x, y, _)| (*x, *y) == (a.id, b.id));
            if !known && a.answer.is_over() && b.answer.is_over() {
                let alike = words(&a.answer.text, &b.answer.text).percent();
                compared.answers.push((a.id, b.id, alike));
            }
        }
        self.compared = Some(compared);
    }

    /// A key while it is open; it takes every one.
    pub(super) fn round_diff_key(&mut self, key: Key) {
        let page = usize::from(self.size.1.saturating_sub(6).max(1));
        let Some(Overlay::RoundDiff { top }) = &mut self.overlay else { return };
        match key.code {
            KeyCode::Down | KeyCode::Char('j') => *top += 1,
            KeyCode::Up | KeyCode::Char('k') => *top = top.saturating_sub(1),
            KeyCode::PageDown | KeyCode::Char(' ' | 'd') => *top += page,
            KeyCode::PageUp | KeyCode::Char('u') => *top = top.saturating_sub(page),
            KeyCode::Home | KeyCode::Char('g') => *top = 0,
            KeyCode::End | KeyCode::Char('G') => *top = usize::MAX / 2,
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q' | 'C') => {
                let back = self.compared.take().is_some_and(|c| c.back);
                self.overlay = Some(Overlay::Rounds).filter(|_| back);
            }
            _ => {}
        }
    }
}

/// The answers of each endpoint in the two rounds, in the order of the second.
fn pairs<'a>(app: &'a App, compared: &Compared) -> Vec<(Option<&'a Entry>, Option<&'a Entry>)> {
    let of = |round: usize| app.rounds.get(round).map_or(&[][..], |r| r.entries.as_slice());
    let (a, b) = (of(compared.from), of(compared.to));
    let same = |list: &'a [Entry], e: &Entry| list.iter().find(|o| o.endpoint.is_pane_of(&e.endpoint));
    let mut out: Vec<_> = b.iter().map(|e| (same(a, e), Some(e))).collect();
    out.extend(a.iter().filter(|e| same(b, e).is_none()).map(|e| (Some(e), None)));
    out
}

pub(super) fn draw(app: &mut App, theme: &Theme, frame: &mut Frame, top: usize) {
    app.compare_answers();
    let screen = frame.area();
    let width = WIDTH.min(screen.width);
    let Some(mut compared) = app.compared.take() else {
        app.overlay = None;
        return;
    };
    let inside = width.saturating_sub(4).max(1);
    let (_, texts) = compared
        .laid
        .take()
        .filter(|(laid, _)| *laid == inside)
        .unwrap_or_else(|| (inside, texts(&compared, theme, inside)));
    let lines: Vec<Line> = texts.iter().cloned().chain(answers(app, &compared, theme, inside)).collect();
    compared.laid = Some((inside, texts));
    let tree = app.tree();
    let title = format!(" round {} → round {} ", tree.label(compared.from), tree.label(compared.to));
    app.compared = Some(compared);
    let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let area = centred(screen, width, wanted.min(screen.height.saturating_sub(2)).max(3));
    let inner = usize::from(area.height.saturating_sub(2));
    let last = lines.len().saturating_sub(inner);
    let top = top.min(last);
    if let Some(Overlay::RoundDiff { top: kept }) = &mut app.overlay {
        *kept = top; // scrolling past the end does not have to be scrolled back
    }
    let place = if last > 0 {
        format!(" j k scroll · {}/{} ", top + inner.min(lines.len()), lines.len())
    } else {
        String::new()
    };
    let buffer = frame.buffer_mut();
    Clear.render(area, buffer);
    Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.focus)
        .title_top(Line::styled(cut(&title, usize::from(width.saturating_sub(4))), theme.text))
        .title_bottom(Line::styled(" esc closes ", theme.faint))
        .title_bottom(Line::styled(place, theme.faint).right_aligned())
        .render(area, buffer);
    for (line, y) in lines.into_iter().skip(top).take(inner).zip(area.y + 1..) {
        put(buffer, Rect { x: area.x + 2, y, width: area.width.saturating_sub(4), height: 1 }, line);
    }
}

fn heading(text: String, theme: &Theme) -> Line<'static> {
    Line::styled(text, theme.accent.add_modifier(Modifier::BOLD))
}

/// The prompt, and the system text where there is one.
fn texts(compared: &Compared, theme: &Theme, width: u16) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    let said = |name: &str, diff: &Diff| match diff.grain.remark() {
        _ if diff.is_same() => format!("{name} · the same"),
        Some(remark) => format!("{name} · {}% alike, {remark}", diff.percent()),
        None => format!("{name} · {}% alike", diff.percent()),
    };
    out.push(heading(said("prompt", &compared.prompt), theme));
    out.extend(changes(&compared.prompt, theme, width));
    if !compared.system.pieces.is_empty() {
        out.push(Line::default());
        out.push(heading(said("system text", &compared.system), theme));
        out.extend(changes(&compared.system, theme, width));
    }
    out.push(Line::default());
    out
}

/// For every endpoint what became of its answer.
fn answers(app: &App, compared: &Compared, theme: &Theme, width: u16) -> Vec<Line<'static>> {
    let words = "answers · how much of their words is alike, and their figures before → after";
    let mut out = vec![heading(words.to_owned(), theme)];
    for (number, (a, b)) in pairs(app, compared).into_iter().enumerate() {
        let Some(endpoint) = b.or(a).map(|e| &e.endpoint) else { continue };
        let mut hue = theme.panes.get(number % theme.panes.len()).copied().unwrap_or_default();
        hue.bg = None;
        let (alike, style) = alike(app, compared, a, b, theme);
        out.push(Line::from(vec![
            Span::styled(
                format!("{} {}", number + 1, cut(&clean_line(&endpoint.name), usize::from(width) / 2)),
                hue,
            ),
            Span::styled(" · ", theme.faint),
            Span::styled(alike, style),
        ]));
        let (Some(a), Some(b)) = (a, b) else { continue };
        out.extend(moved(a, b, theme, width));
        if let Some(settings) = settings(a, b) {
            out.extend(wrapped(&format!("≠ {settings}"), theme.warn, width));
        }
    }
    out
}

/// `64% alike`, or why that cannot be said.
fn alike(
    app: &App,
    compared: &Compared,
    a: Option<&Entry>,
    b: Option<&Entry>,
    theme: &Theme,
) -> (String, Style) {
    let (a, b) = match (a, b) {
        (Some(a), Some(b)) => (a, b),
        (Some(_), None) => return (format!("only in round {}", app.label(compared.from)), theme.faint),
        _ => return (format!("only in round {}", app.label(compared.to)), theme.faint),
    };
    let whole = |e: &Entry| e.answer.outcome() == Some(Outcome::Complete);
    let broken =
        [(a, compared.from), (b, compared.to)].into_iter().find(|(e, _)| e.answer.is_over() && !whole(e));
    let known = compared.answers.iter().find(|(x, y, _)| (*x, *y) == (a.id, b.id));
    match (known, broken) {
        (None, _) => ("still runs".to_owned(), theme.accent),
        (Some((.., alike)), None) => (format!("{alike}% alike"), theme.text),
        (Some((.., alike)), Some((_, round))) => {
            let tail = format!("no whole answer in round {}", app.label(round));
            let both = !a.answer.text.is_empty() && !b.answer.text.is_empty();
            (if both { format!("{alike}% alike · {tail}") } else { tail }, theme.warn)
        }
    }
}

/// The figures of the footer, before and after, on as many rows as they need.
fn moved(a: &Entry, b: &Entry, theme: &Theme, width: u16) -> Vec<Line<'static>> {
    let mut rows: Vec<Line> = Vec::new();
    for row in figures::footer() {
        let (before, after) = (row.show(&a.answer), row.show(&b.answer));
        let known = |e: &Entry| match row.read(&e.answer) {
            Reading::Missing(_) | Reading::Pending => None,
            reading => reading.known(),
        };
        let difference = known(a).zip(known(b)).map(|(a, b)| format!(" ({})", row.unit.difference(b - a)));
        // A word that stands for no figure is said once.
        let change = if before == after && known(b).is_none() {
            after.clone()
        } else {
            format!("{before} → {after}")
        };
        let spans = vec![
            Span::styled(format!("{} ", row.heading), theme.faint),
            Span::styled(change, theme.text),
            Span::styled(difference.filter(|_| before != after).unwrap_or_default(), theme.faint),
        ];
        let wide: usize = spans.iter().map(|s| s.content.width()).sum();
        if let Some(line) = rows.last_mut().filter(|line| line.width() + 3 + wide <= usize::from(width)) {
            line.push_span(Span::styled(" · ", theme.faint));
            line.spans.extend(spans);
        } else {
            let mut line = Line::from("  ");
            line.spans.extend(spans);
            rows.push(line);
        }
    }
    rows
}

/// `temperature – → 0.2`: what the endpoint was asked otherwise.
fn settings(a: &Entry, b: &Entry) -> Option<String> {
    let shown = |e: &Endpoint, name: &str| e.params.get(name).unwrap_or_else(|| "–".to_owned());
    let mut changed: Vec<String> = PARAMS
        .iter()
        .filter(|(name, ..)| a.endpoint.params.get(name) != b.endpoint.params.get(name))
        .map(|(name, ..)| format!("{name} {} → {}", shown(&a.endpoint, name), shown(&b.endpoint, name)))
        .collect();
    let system = |e: &Entry| e.endpoint.asked(&e.prompt).system.clone();
    if system(a) != system(b) {
        changed.push("its system text".to_owned());
    }
    (!changed.is_empty()).then(|| changed.join(" · "))
}

fn wrapped(text: &str, style: Style, width: u16) -> Vec<Line<'static>> {
    let mut flow = Flow::new();
    flow.push(text);
    flow.finish();
    let rows = flow.rows(width.saturating_sub(2).max(1));
    (0..rows).map(|at| Line::styled(format!("  {}", flow.row(at)), style)).collect()
}

/// The text with what was removed and added in it; what is far from any change is left out.
fn changes(diff: &Diff, theme: &Theme, width: u16) -> Vec<Line<'static>> {
    let mut flow = Flow::new();
    // Where each piece ends in the text that is laid out, and whether it is a change.
    let (mut ends, mut laid) = (Vec::new(), 0);
    for piece in &diff.pieces {
        let text = clean(&piece.text);
        flow.push(&text);
        laid += text.len();
        ends.push((laid, piece.kind));
    }
    flow.finish();
    let style = |kind: Change| match kind {
        Change::Same => theme.text,
        Change::Added => theme.added,
        Change::Removed => theme.removed.add_modifier(Modifier::CROSSED_OUT),
    };
    let count = flow.rows(width.saturating_sub(2).max(1));
    let mut rows: Vec<(bool, Line<'static>)> = Vec::with_capacity(count.min(MOST_ROWS));
    for number in 0..count {
        let (text, start) = (flow.row(number), flow.start(number));
        let mut spans = vec![Span::raw("  ")];
        let (mut at, mut changed) = (0, false);
        while at < text.len() {
            let piece = ends.partition_point(|(end, _)| *end <= start + at);
            let (end, kind) = ends.get(piece).copied().unwrap_or((usize::MAX, Change::Same));
            let to = text.floor_char_boundary(end.saturating_sub(start).min(text.len())).max(at + 1);
            let to = text.ceil_char_boundary(to);
            changed |= kind != Change::Same;
            spans.push(Span::styled(text.get(at..to).unwrap_or_default().to_owned(), style(kind)));
            at = to;
        }
        rows.push((changed, Line::from(spans)));
    }
    near(rows, theme)
}

/// Rows that are a change or near one; the others as their number.
fn near(rows: Vec<(bool, Line<'static>)>, theme: &Theme) -> Vec<Line<'static>> {
    let marks: Vec<usize> = rows.iter().enumerate().filter(|(_, (c, _))| *c).map(|(at, _)| at).collect();
    let close = |at: usize| {
        let next = marks.partition_point(|m| *m < at);
        let ahead = marks.get(next).map_or(usize::MAX, |m| m - at);
        let behind = next.checked_sub(1).and_then(|p| marks.get(p)).map_or(usize::MAX, |m| at - m);
        // Of a text without a change its beginning.
        ahead.min(behind) <= CONTEXT || (marks.is_empty() && at < CONTEXT)
    };
    let gap = |skipped: usize| {
        let rows = if skipped == 1 { "line" } else { "lines" };
        Line::styled(format!("  ⋯ {skipped} {rows} alike"), theme.faint)
    };
    let (mut out, mut skipped) = (Vec::new(), 0);
    for (at, (_, line)) in rows.into_iter().enumerate() {
        if out.len() >= MOST_ROWS {
            out.push(Line::styled("  ⋯ the rest is too long to be shown here", theme.faint));
            return out;
        }
        if close(at) {
            if skipped > 0 {
                out.push(gap(std::mem::take(&mut skipped)));
            }
            out.push(line);
        } else {
            skipped += 1;
        }
    }
    if skipped > 0 {
        out.push(gap(skipped));
    }
    out
}
