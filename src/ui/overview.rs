//! The overview: the tree of rounds with the best figures of each.
//!
//! ```text
//!  ┏ rounds ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
//!  ┃                                    answers   first    rate        cost     age ┃
//!  ┃ ▸ 1 Explain our refund policy …    3✓        312ms 1  87 tok/s 1  $0.004 2  4m ┃
//!  ┃   ├ 1.1 and in German              2✓ 1✗     290ms 1  91 tok/s 2  $0.005 2  3m ┃
//!  ┃   └ 1b Explain our return policy … 3✓        …                                 ┃
//!  ┗ enter shows it · d compares · e edits it · esc closes ━━━━━━━━━━━━━━━━━━━ 1/3 ━┛
//! ```

use std::time::Duration;

use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::app::{App, Entry, Overlay, Round};
use super::ink::{brief, centred, cut, put};
use super::key::Key;
use super::text::Flow;
use super::theme::Theme;
use super::view::shared_prefix;
use crate::model::Better;
use crate::model::Metric;
use crate::model::Outcome;
use crate::model::Row;
use crate::model::Total;
use crate::model::Tree;
use crate::model::clean_line;
use crate::model::metric;

/// Beyond this, the eye loses the row between its prompt and its figures.
const WIDTH: u16 = 130;

/// Rows below the list: the round under the cursor, told in full.
const ABOUT: u16 = 5;

/// Columns left for label and prompt before figures give way.
const LEAST: usize = 26;

/// The figures of a row: id, heading, columns with the pane's number; what matters least is last.
const SHOWN: [(&str, &str, usize); 3] =
    [("ttft_ms", "first", 9), ("cost_usd", "cost", 13), ("rate_tps", "rate", 12)];

/// Columns of the counts of answers, and of the age.
const ANSWERS: usize = 9;
const AGE: usize = 5;

/// Where the user is in the overview.
#[derive(Debug, Default)]
pub(super) struct Overview {
    /// The round under the cursor, by its row.
    cursor: usize,
    rows: Vec<Row>,
    /// The round that another one will be compared with.
    marked: Option<usize>,
    /// Rows of the list as last drawn, and the first row in them.
    list: Rect,
    top: usize,
}

impl Overview {
    fn current(&self) -> Option<usize> {
        self.rows.get(self.cursor).map(|r| r.round)
    }

    pub(super) fn step(&mut self, by: isize) {
        self.cursor = self.cursor.saturating_add_signed(by).min(self.rows.len().saturating_sub(1));
    }

    /// A click into the list puts the cursor there.
    pub(super) fn click(&mut self, at: (u16, u16)) -> bool {
        if !self.list.contains(Position::from(at)) {
            return false;
        }
        let row = self.top + usize::from(at.1 - self.list.y);
        if row < self.rows.len() {
            self.cursor = row;
        }
        true
    }
}

impl App {
    pub(super) fn open_rounds(&mut self) -> bool {
        if self.rounds.is_empty() {
            self.say("nothing has been sent yet: there are no rounds");
            return true;
        }
        let rows = self.tree().rows();
        let cursor = rows.iter().position(|r| r.round == self.shown).unwrap_or(0);
        self.overview = Overview { cursor, rows, ..Overview::default() };
        self.overlay = Some(Overlay::Rounds);
        true
    }

    /// A key while the overview is open; it takes every one.
    pub(super) fn rounds_key(&mut self, key: Key) {
        let page = isize::try_from(self.overview.list.height.saturating_sub(1).max(1)).unwrap_or(1);
        match key.code {
            KeyCode::Up | KeyCode::Char('k') => self.overview.step(-1),
            KeyCode::Down | KeyCode::Char('j') => self.overview.step(1),
            KeyCode::PageUp | KeyCode::Char('u') => self.overview.step(-page),
            KeyCode::PageDown | KeyCode::Char(' ') => self.overview.step(page),
            KeyCode::Home | KeyCode::Char('g') => self.overview.step(isize::MIN),
            KeyCode::End | KeyCode::Char('G') => self.overview.step(isize::MAX),
            KeyCode::Enter => self.show_chosen(),
            KeyCode::Char('e') => {
                self.show_chosen();
                if self.edited_round() != Some(self.shown) {
                    self.edit_round();
                }
            }
            KeyCode::Char('d') => self.mark_chosen(),
            KeyCode::Esc if self.overview.marked.is_some() => self.overview.marked = None,
            KeyCode::Esc | KeyCode::Char('q' | 'O') => self.overlay = None,
            _ => {}
        }
    }

    fn show_chosen(&mut self) {
        self.overlay = None;
        self.shown = self.overview.current().unwrap_or(self.shown);
    }

    /// The first of two rounds to compare, or the second.
    fn mark_chosen(&mut self) {
        let Some(current) = self.overview.current() else { return };
        match self.overview.marked.take() {
            None => self.overview.marked = Some(current),
            Some(marked) if marked == current => {}
            Some(marked) => self.compare_rounds(marked, current, true),
        }
    }
}

/// The best answer of a round in one figure, and its pane where it has more than one.
fn best<'r>(round: &'r Round, row: &Metric) -> Option<(usize, &'r Entry)> {
    let complete =
        round.entries.iter().enumerate().filter(|(_, e)| e.answer.outcome() == Some(Outcome::Complete));
    let known = complete.filter_map(|(at, e)| Some((row.read(&e.answer).known()?, at, e)));
    let best = match row.better {
        Better::Lower | Better::Neither => known.min_by(|a, b| a.0.total_cmp(&b.0)),
        Better::Higher => known.max_by(|a, b| a.0.total_cmp(&b.0)),
    };
    best.map(|(_, at, e)| (at, e))
}

/// `12s`, `4m`, `3h`: how long ago.
fn age(since: Duration) -> String {
    match since.as_secs() {
        s if s < 60 => format!("{s}s"),
        s if s < 3_600 => format!("{}m", s / 60),
        s => format!("{}h", s / 3_600),
    }
}

/// How many answers are whole, have failed, still run: `2✓ 1✗`.
fn answers(round: &Round, theme: &Theme) -> Vec<Span<'static>> {
    let count = |which: &dyn Fn(&Entry) -> bool| round.entries.iter().filter(|e| which(e)).count();
    let whole = |e: &Entry| e.answer.outcome() == Some(Outcome::Complete);
    let parts = [
        (count(&whole), "✓", theme.good),
        (count(&|e| e.answer.is_over() && !whole(e)), "✗", theme.bad),
        (count(&|e| !e.answer.is_over()), "…", theme.accent),
    ];
    let mut spans: Vec<Span> = Vec::new();
    for (n, mark, style) in parts.into_iter().filter(|(n, ..)| *n > 0) {
        if !spans.is_empty() {
            spans.push(Span::raw(" "));
        }
        spans.push(Span::styled(format!("{n}{mark}"), style));
    }
    spans
}

fn width_of(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|s| s.content.width()).sum()
}

/// Fills up on the right.
fn padded(mut spans: Vec<Span<'static>>, columns: usize) -> Vec<Span<'static>> {
    let air = columns.saturating_sub(width_of(&spans));
    spans.push(Span::raw(" ".repeat(air)));
    spans
}

/// The figures there is room for beside label and prompt.
fn figures(width: usize) -> &'static [(&'static str, &'static str, usize)] {
    let mut shown: &[_] = &SHOWN;
    while shown.iter().map(|(.., c)| c).sum::<usize>() + ANSWERS + AGE + LEAST > width {
        let Some((_, fewer)) = shown.split_last() else { break };
        shown = fewer;
    }
    shown
}

pub(super) fn draw(app: &mut App, theme: &Theme, frame: &mut Frame) {
    let screen = frame.area();
    let all = app.overview.rows.len();
    let tells = if screen.height >= 16 { ABOUT } else { 0 };
    let wanted = u16::try_from(all).unwrap_or(u16::MAX).saturating_add(3 + tells);
    let area = centred(screen, WIDTH.min(screen.width), wanted.min(screen.height.saturating_sub(2)).max(4));
    let inner = Rect {
        x: area.x.saturating_add(2),
        y: area.y.saturating_add(1),
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    };
    let tree = app.tree();
    let buffer = frame.buffer_mut();
    border(app, &tree, theme, buffer, area);
    let columns = figures(usize::from(inner.width));
    let right: usize = columns.iter().map(|(.., c)| c).sum::<usize>() + ANSWERS + AGE;
    let left = usize::from(inner.width).saturating_sub(right);
    let mut heading = format!("{:left$}{:<ANSWERS$}", "", "answers");
    for (_, word, columns) in columns {
        heading.extend([*word, &" ".repeat(columns.saturating_sub(word.width()))]);
    }
    heading.extend([&" ".repeat(AGE - 3), "age"]);
    put(buffer, Rect { height: 1.min(inner.height), ..inner }, Line::styled(heading, theme.faint));
    let list = Rect { y: inner.y.saturating_add(1), height: inner.height.saturating_sub(1 + tells), ..inner };
    let seen = usize::from(list.height);
    let overview = &mut app.overview;
    overview.list = list;
    overview.top = overview.top.min(overview.cursor).max((overview.cursor + 1).saturating_sub(seen));
    let shown = app.overview.rows.iter().enumerate().skip(app.overview.top).take(seen);
    for ((at, row), y) in shown.zip(list.y..) {
        let here = Rect { y, height: 1, ..list };
        put(buffer, here, line(app, &tree, row, left, columns, theme));
        if at == app.overview.cursor {
            buffer.set_style(here, theme.selection);
        }
    }
    if tells > 0
        && let Some(current) = app.overview.current()
    {
        let below = Rect { y: list.bottom(), height: tells.min(inner.height), ..inner };
        tell(app, &tree, current, theme, buffer, below);
    }
}

fn border(app: &App, tree: &Tree, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let overview = &app.overview;
    let all = overview.rows.len();
    let room = usize::from(area.width.saturating_sub(4));
    let place = format!(" {}/{all} ", (overview.cursor + 1).min(all));
    let keys = match overview.marked {
        Some(marked) => {
            format!("d compares round {} with this one · esc compares none", tree.label(marked))
        }
        None => "enter shows it · d compares it with another · e edits it · esc closes".to_owned(),
    };
    let (text, style) = match &app.notice {
        Some((notice, _)) => (clean_line(notice), theme.warn),
        None => (keys, theme.faint),
    };
    Clear.render(area, buffer);
    Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.focus)
        .title_top(Line::styled(" rounds ", theme.text))
        .title_bottom(Line::styled(
            format!(" {} ", cut(&text, room.saturating_sub(place.width() + 2))),
            style,
        ))
        .title_bottom(Line::styled(place, theme.faint).right_aligned())
        .render(area, buffer);
}

/// One round: tree, label, prompt on the left, its figures on the right.
fn line(
    app: &App,
    tree: &Tree,
    row: &Row,
    left: usize,
    columns: &[(&str, &str, usize)],
    theme: &Theme,
) -> Line<'static> {
    let Some(round) = app.rounds.get(row.round) else { return Line::default() };
    let pointer = match (app.overview.marked == Some(row.round), app.shown == row.round) {
        (true, _) => Span::styled("Δ ", theme.warn),
        (false, true) => Span::styled("● ", theme.focus),
        (false, false) => Span::raw("  "),
    };
    let mut strokes = row.strokes();
    // A branch of a branch of a branch leaves room for the words.
    let most = left / 3;
    if strokes.width() > most {
        let skipped = strokes.chars().count().saturating_sub(most);
        strokes = std::iter::once('…').chain(strokes.chars().skip(skipped + 1)).collect();
    }
    let label = format!("{} ", tree.label(row.round));
    let used = 2 + strokes.width() + label.width();
    let words = brief(&round.question, left.saturating_sub(used + 2));
    let mut spans = padded(
        vec![
            pointer,
            Span::styled(strokes, theme.border),
            Span::styled(label, theme.accent),
            Span::styled(words, theme.text),
        ],
        left,
    );
    spans.extend(padded(answers(round, theme), ANSWERS));
    for (id, _, columns) in columns {
        let best = metric(id).and_then(|m| Some((m, best(round, m)?)));
        let cell = match best {
            None => vec![Span::styled("–", theme.faint)],
            Some((metric, (at, entry))) => {
                let mut cell = vec![Span::styled(metric.show(&entry.answer), theme.text)];
                if round.entries.len() > 1 {
                    cell.push(Span::styled(format!(" {}", at + 1), hue(theme, at)));
                }
                cell
            }
        };
        spans.extend(padded(cell, *columns));
    }
    let age = age(app.now.saturating_sub(round.sent));
    spans.push(Span::styled(format!("{age:>AGE$}"), theme.faint));
    Line::from(spans)
}

fn hue(theme: &Theme, number: usize) -> Style {
    let mut hue = theme.panes.get(number % theme.panes.len()).copied().unwrap_or_default();
    hue.bg = None;
    hue
}

/// The round under the cursor below a rule: where it comes from, its prompt, who was best.
fn tell(app: &App, tree: &Tree, number: usize, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let Some(round) = app.rounds.get(number) else { return };
    let line = |at: u16| Rect { y: area.y + at, height: u16::from(area.height > at), ..area };
    let width = usize::from(area.width);
    put(buffer, line(0), Line::styled("─".repeat(width), theme.border));
    let mut facts = vec![format!("round {}, sent as number {}", tree.label(number), number + 1)];
    facts.push(match round.origin.parent {
        Some(parent) => format!("continues {}", tree.label(parent)),
        None => "fresh".to_owned(),
    });
    facts.extend(round.origin.edited.map(|of| format!("edited {}", tree.label(of))));
    let total = Total::of(round.entries.iter().map(|e| &e.answer));
    facts.push(total.short());
    facts.extend(round.system.as_ref().map(|s| format!("system: {}", brief(s, 40))));
    put(buffer, line(1), Line::styled(cut(&facts.join(" · "), width), theme.faint));
    let mut flow = Flow::new();
    let seen = round.question.floor_char_boundary(width * 8);
    flow.push(round.question.get(..seen).unwrap_or_default());
    flow.finish();
    let rows = flow.rows(area.width.max(1));
    for at in 0..rows.min(2) {
        let more = at == 1 && rows > 2;
        let text = if more {
            format!("{} …", cut(flow.row(at), width.saturating_sub(2)))
        } else {
            flow.row(at).into()
        };
        put(buffer, line(2 + u16::try_from(at).unwrap_or(0)), Line::styled(text, theme.text));
    }
    put(buffer, line(4), leaders(round, width, theme));
}

/// `first 312ms gpt-6-sol · cost ~$0.0041 luna`: the best, with their names.
fn leaders(round: &Round, width: usize, theme: &Theme) -> Line<'static> {
    let names: Vec<&str> = round.entries.iter().map(|e| e.endpoint.name.as_str()).collect();
    let shared = shared_prefix(&names);
    let best: Vec<_> = SHOWN
        .iter()
        .filter_map(|(id, word, _)| {
            let metric = metric(id)?;
            let (at, entry) = best(round, metric)?;
            let name = entry.endpoint.name.get(shared..).unwrap_or_default();
            Some((format!("{word} {} ", metric.show(&entry.answer)), at, clean_line(name)))
        })
        .collect();
    let figures: usize = best.iter().map(|(figure, ..)| figure.width() + 3).sum();
    let room = (width.saturating_sub(figures + 3) / best.len().max(1)).max(4);
    let mut spans = Vec::new();
    for (figure, at, name) in best {
        spans.push(Span::styled(if spans.is_empty() { "best " } else { " · " }, theme.faint));
        spans.push(Span::styled(figure, theme.text));
        spans.push(Span::styled(cut(&name, room), hue(theme, at).remove_modifier(Modifier::BOLD)));
    }
    if spans.is_empty() {
        spans.push(Span::styled("no whole answer yet", theme.faint));
    }
    Line::from(spans)
}
