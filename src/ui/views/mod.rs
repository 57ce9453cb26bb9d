//! A round seen in other ways than by its panes: one row of [`VIEWS`] each.
//!
//! Views show what the panes hold and nothing else: the same answers, the same rows of
//! [`METRICS`]. The focused pane is the chosen row, so that going back and forth loses nothing.

mod diff;
mod scatter;
mod table;
mod timeline;
mod trials;

use std::cmp::Ordering;

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Widget};
use unicode_width::UnicodeWidthStr;

use super::app::{App, Entry};
use super::command::Focus;
use super::figures;
use super::ink::{cut, put};
use super::status;
use super::theme::Theme;
use crate::model::Better;
use crate::model::Endpoint;
use crate::model::METRICS;
use crate::model::Metric;
use crate::model::clean_line;

/// One way of looking at a round.
pub struct View {
    pub word: &'static str,
    /// What it shows, for help and docs.
    pub doc: &'static str,
    /// Draws it in place of the panes; `None` is the panes themselves.
    pub(super) draw: Option<fn(&mut App, &Theme, &mut Buffer, Rect)>,
    /// The figures that left and right choose from.
    figures: fn() -> Vec<&'static Metric>,
    /// The one that is shown before any was chosen; none where that is the lineup's order.
    usual: &'static str,
    /// It is a text: what scrolls an answer scrolls it, and rows are not chosen.
    pub(super) scrolls: bool,
}

/// Every view, in the order in which `v` goes through them.
pub const VIEWS: &[View] = &[
    View {
        word: "panes",
        doc: "every answer in a pane of its own",
        draw: None,
        figures: Vec::new,
        usual: "",
        scrolls: false,
    },
    View {
        word: "table",
        doc: "one row an endpoint, every figure, differences from the baseline",
        draw: Some(table::draw),
        figures: table::columns,
        usual: "",
        scrolls: false,
    },
    View {
        word: "timeline",
        doc: "connecting, waiting, thinking and answering on one time axis",
        draw: Some(timeline::draw),
        figures: Vec::new,
        usual: "",
        scrolls: false,
    },
    View {
        word: "scatter",
        doc: "cost against a time of your choice",
        draw: Some(scatter::draw),
        figures: scatter::figures,
        usual: scatter::USUAL,
        scrolls: false,
    },
    View {
        word: "diff",
        doc: "word by word against the baseline, or against the round before",
        draw: Some(diff::draw),
        figures: Vec::new,
        usual: "",
        scrolls: true,
    },
    View {
        word: "trials",
        doc: "every run of a repeated round: spread, median, and whether a difference can be told",
        draw: Some(trials::draw),
        figures: trials::figures,
        usual: trials::USUAL,
        scrolls: false,
    },
];

/// Which view is shown, and what was chosen in it.
pub struct Views {
    pub shown: &'static View,
    /// The chosen figure: the table's order, the scatter's axis. `None` is the lineup's order.
    pub figure: Option<&'static Metric>,
    /// Worst first.
    pub worst_first: bool,
    /// First row in view.
    top: usize,
    /// Where the rows were drawn, for the mouse.
    rows: Vec<(Rect, usize)>,
    /// Comparisons of runs that were made.
    memo: trials::Memo,
}

/// The first row is the panes.
const PANES: &View = match VIEWS.first() {
    Some(view) => view,
    None => unreachable!(),
};

impl Default for Views {
    fn default() -> Self {
        Self {
            shown: PANES,
            figure: None,
            worst_first: false,
            top: 0,
            rows: Vec::new(),
            memo: trials::Memo::default(),
        }
    }
}

impl Views {
    /// The pane of the row at a position.
    #[must_use]
    pub fn row_at(&self, at: (u16, u16)) -> Option<usize> {
        self.rows.iter().find(|(rect, _)| rect.contains(at.into())).map(|(_, number)| *number)
    }

    /// Whether something else than the panes is shown.
    #[must_use]
    pub fn is_other(&self) -> bool {
        self.shown.draw.is_some()
    }
}

impl App {
    pub(super) fn next_view(&mut self) -> bool {
        let at = VIEWS.iter().position(|v| v.word == self.views.shown.word).unwrap_or(0);
        self.views.shown = VIEWS.get(at + 1).unwrap_or(PANES);
        true
    }

    /// Shows the view with this name; false where it is shown already.
    pub(super) fn show_view(&mut self, word: &str) -> bool {
        let view = VIEWS.iter().find(|v| v.word == word && v.word != self.views.shown.word);
        self.views.shown = view.unwrap_or(self.views.shown);
        view.is_some()
    }

    /// Back to the panes.
    pub(super) fn leave_view(&mut self) {
        self.views.shown = PANES;
    }

    pub(super) fn flip_order(&mut self) -> bool {
        if self.views.shown.scrolls {
            self.comparing.sides = !self.comparing.sides;
            return true;
        }
        if self.views.is_other() && self.views.figure.is_some() {
            self.views.worst_first = !self.views.worst_first;
        } else {
            let keys = figure_keys(self);
            self.say(format!("turns the order of a table: {keys} choose the figure"));
        }
        true
    }

    /// Left and right in a view choose a figure; tab and the panes themselves are not concerned.
    pub(super) fn choose_figure(&mut self, forward: bool) -> bool {
        let all = (self.views.shown.figures)();
        let by_tab = self.key.is_some_and(|k| matches!(k.code, KeyCode::Tab | KeyCode::BackTab));
        if all.is_empty() || by_tab {
            return false;
        }
        let usual = self.views.shown.usual;
        let chosen = self.views.figure.map_or(usual, |f| f.id);
        let at = all.iter().position(|row| row.id == chosen);
        self.views.figure = match (at, forward) {
            (None, true) => all.first(),
            (None, false) => all.last(),
            (Some(at), true) => all.get(at + 1),
            (Some(at), false) => at.checked_sub(1).and_then(|at| all.get(at)),
        }
        .copied();
        true
    }

    /// Up and down in a view choose a row.
    pub(super) fn choose_row(&mut self, by: isize) -> bool {
        if self.scroll_comparison(|_| by) {
            return true;
        }
        if !self.views.is_other() {
            return false;
        }
        let order = order(self);
        let at = order.iter().position(|n| *n == self.pane).unwrap_or(0);
        let to = at.saturating_add_signed(by).min(order.len().saturating_sub(1));
        self.pane = order.get(to).copied().unwrap_or(self.pane);
        true
    }

    /// Makes the focused endpoint the one that the others are compared with, or none.
    pub(super) fn pin_baseline(&mut self) -> bool {
        if self.must_vote("a baseline is chosen") {
            return true;
        }
        let Some(endpoint) = self.endpoint(self.pane).cloned() else { return true };
        let Some(at) = self.lineup.endpoints.iter().position(|e| e.is_pane_of(&endpoint)) else {
            self.say("it is no longer in the lineup: the baseline is one of those that are");
            return true;
        };
        let name = clean_line(&endpoint.name);
        self.left_baseline = None;
        if self.lineup.baseline == Some(at) {
            self.lineup.baseline = None;
            self.say(format!("{name} is no longer the baseline"));
        } else {
            self.lineup.baseline = Some(at);
            self.say(format!("{name} is the baseline: the others are compared with it"));
        }
        true
    }

    /// The answer of the round in view that the others are compared with.
    pub(super) fn baseline(&self) -> Option<&Entry> {
        let endpoint = self.lineup.endpoints.get(self.lineup.baseline?)?;
        self.round()?.entries.iter().find(|e| e.endpoint.is_pane_of(endpoint))
    }
}

/// Numbers of the panes in the order of the chosen figure; what is not known stands last, unranked.
fn order(app: &App) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..app.panes()).collect();
    let Some(row) = app.views.figure else { return numbers };
    let flip = (row.better == Better::Higher) != app.views.worst_first;
    let keys: Vec<Option<f64>> = numbers
        .iter()
        .map(|n| app.round().and_then(|r| r.entries.get(*n)).and_then(|e| e.typical(row)))
        .collect();
    let key = |n: &usize| keys.get(*n).copied().flatten();
    numbers.sort_by(|a, b| match (key(a), key(b)) {
        (Some(a), Some(b)) if flip => b.total_cmp(&a),
        (Some(a), Some(b)) => a.total_cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    });
    numbers
}

/// The frame around a view; gives what is inside.
fn frame(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect, title: &str, bottom: &str) -> Rect {
    let focused = app.focus == Focus::Panes;
    let room = usize::from(area.width.saturating_sub(4));
    Block::bordered()
        .border_type(if focused { BorderType::Thick } else { BorderType::Rounded })
        .border_style(if focused { theme.focus } else { theme.border })
        .title_top(Line::from(vec![
            Span::styled(format!(" {}", app.views.shown.word), theme.accent.add_modifier(Modifier::BOLD)),
            Span::styled(format!(" · {} ", cut(title, room.saturating_sub(12))), theme.faint),
        ]))
        .title_bottom(Line::styled(
            if bottom.is_empty() { String::new() } else { format!(" {} ", cut(bottom, room)) },
            theme.faint,
        ))
        .render(area, buffer);
    Rect {
        x: area.x.saturating_add(2),
        y: area.y.saturating_add(1),
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    }
}

/// Rows of so many lines each that fit, with the focused one among them.
fn window(app: &mut App, order: &[usize], lines: u16, height: u16) -> std::ops::Range<usize> {
    let fit = usize::from((height / lines.max(1)).max(1));
    let at = order.iter().position(|n| *n == app.pane).unwrap_or(0);
    let last = order.len().saturating_sub(fit);
    let top = app.views.top.min(last).min(at).max((at + 1).saturating_sub(fit));
    app.views.top = top;
    app.views.rows.clear();
    top..(top + fit).min(order.len())
}

/// Draws `1 ✓ gpt-6-sol azure` at the left of a row, as wide as asked; the chosen row stands out.
fn name(app: &mut App, theme: &Theme, buffer: &mut Buffer, row: Rect, number: usize, columns: usize) {
    app.views.rows.push((row, number));
    let width = u16::try_from(columns).unwrap_or(u16::MAX).min(row.width);
    put(buffer, Rect { width, height: 1, ..row }, named(app, theme, number, columns));
}

fn named(app: &App, theme: &Theme, number: usize, columns: usize) -> Line<'static> {
    let entry = app.round().and_then(|r| r.entries.get(number));
    let (mark, style) =
        entry.map_or(("· ".into(), theme.faint), |e| status::mark(&e.answer, app.now, theme));
    let chosen = app.focus == Focus::Panes && app.pane == number;
    let mut hue = hue(theme, number);
    if chosen {
        hue = hue.add_modifier(Modifier::BOLD);
    }
    let pointer = if chosen { "▸" } else { " " };
    let endpoint = app.endpoint(number);
    let own = endpoint.map(|e| clean_line(&e.name)).unwrap_or_default();
    let own =
        if endpoint.is_some_and(|e| says_simulated(app, e)) { format!("{own}{SIMULATED}") } else { own };
    Line::from(vec![
        Span::styled(format!("{pointer}{} ", number + 1), theme.focus),
        Span::styled(mark, style),
        Span::styled(cut(&own, columns.saturating_sub(6)), hue),
    ])
}

fn hue(theme: &Theme, number: usize) -> Style {
    let mut hue = theme.panes.get(number % theme.panes.len()).copied().unwrap_or_default();
    hue.bg = None;
    hue
}

/// Behind the name of an endpoint whose answers are scripted.
const SIMULATED: &str = " (simulated)";

/// Where all of them are, the title of the screen says it once.
fn says_simulated(app: &App, endpoint: &Endpoint) -> bool {
    endpoint.simulated && !app.simulated
}

/// The keys that choose a figure: `h/l`. Tab is not one of them.
fn figure_keys(app: &App) -> String {
    let key = |name| {
        let keys = app.keymap.shown(name);
        let own = keys.split(", ").find(|k| !k.contains("tab")).unwrap_or_default();
        own.to_owned()
    };
    format!("{}/{}", key("previous-pane"), key("next-pane"))
}

/// Columns that the longest name wants, within bounds.
fn name_columns(app: &App, most: usize) -> usize {
    let wide =
        |e: &Endpoint| clean_line(&e.name).width() + if says_simulated(app, e) { SIMULATED.len() } else { 0 };
    let widest = (0..app.panes()).filter_map(|n| app.endpoint(n)).map(wide).max();
    (widest.unwrap_or(0) + 6).min(most).max(10)
}

/// What stands in a view of which nothing has been asked.
fn nothing(theme: &Theme, buffer: &mut Buffer, area: Rect) {
    put(buffer, area, Line::styled("nothing has been sent yet", theme.faint));
}

/// The rows of the table of metrics in the order in which a reader wants them: what stands in
/// the footers first.
fn all_figures() -> Vec<&'static Metric> {
    let first: Vec<_> = figures::footer().collect();
    let rest = METRICS.iter().filter(|m| !first.iter().any(|f| f.id == m.id));
    first.iter().copied().chain(rest).collect()
}
