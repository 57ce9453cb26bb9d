//! The screen, drawn from the state.
//!
//! ```text
//!   bakeoff · session · round 3/3 · fresh · 3 endpoints            session ~$0.0142 · list prices 2026-11-23
//!  ╭ 1 gpt-6-sol · openai ───────────╮╭ 2 gpt-6-sol · bedrock us-east-1 ─╮
//!  │ text                            ││ text                             │
//!  ├ ✓ stop ─────────────────────────┤├ ⠙ streaming ─────────── 12 new ↓ ┤
//!  │ first 312 ms ◆  rate 87 tok/s … ││ …                                │
//!  ╰─────────────────────────────────╯╰──────────────────────────────────╯
//!  ╭ prompt · each answer starts fresh ─────────────────────────────────╮
//!  ╰ enter send · alt+enter newline · esc panes · ? help ───────────────╯
//! ```

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Widget};
use unicode_width::UnicodeWidthStr;

use super::app::{App, Entry, Overlay, Round};
use super::blind;
use super::board;
use super::chooser;
use super::colour::Uncoloured;
use super::command::Focus;
use super::completion;
use super::detail;
use super::figures;
use super::form;
use super::help;
use super::ink::{centred, cut, put, sides};
use super::judge_view;
use super::layout::parts;
use super::overview;
use super::pane::{Pane, Row};
use super::params_view;
use super::picker_view;
use super::prompt_view;
use super::round_diff;
use super::status;
use super::text::Flow;
use super::theme::Theme;
use super::votes::Came;
use crate::model::Endpoint;
use crate::model::clean_line;

/// Days after which the date of a price list stands out.
const OLD: i32 = 30;

/// Beyond this, the lines of a question are hard to follow.
const LINE: u16 = 64;

/// In the title while every endpoint is asked with what all of them take.
const COMMON: &str = "common settings";

/// Draws one frame. What it changes in the state is layout caches only.
pub fn draw(app: &mut App, theme: &Theme, frame: &mut Frame) {
    let area = frame.area();
    app.size = (area.width, area.height);
    let layout = app.layout();
    theme.paint(frame.buffer_mut(), area);
    app.behind = false;
    let found = app.matches();
    if layout.too_small {
        if area.height > 0 {
            put(frame.buffer_mut(), area, Line::styled("too small · q quits", theme.faint));
        }
        return;
    }
    title(app, theme, frame.buffer_mut(), layout.title);
    if layout.tabs.height > 0 && !app.views.is_other() {
        tabs(app, theme, frame.buffer_mut(), layout.tabs);
    }
    if let Some(view) = app.views.shown.draw {
        view(app, theme, frame.buffer_mut(), layout.middle);
    } else {
        let best = figures::best(app.round(), figures::footer());
        for (number, rect) in &layout.panes {
            pane(app, theme, frame.buffer_mut(), (*number, *rect), &best, found.get(*number).copied());
        }
    }
    prompt_view::draw(app, theme, frame, &layout, &found);
    completion::draw(app, theme, frame, layout.prompt);
    match app.overlay {
        Some(Overlay::Help { top }) => help::draw(app, theme, frame, top),
        Some(Overlay::Detail { top }) => detail::draw(app, theme, frame, top),
        Some(Overlay::Picker) => picker_view::draw(app, theme, frame),
        Some(Overlay::Chooser) => chooser::draw(app, theme, frame),
        Some(Overlay::Rounds) => overview::draw(app, theme, frame),
        Some(Overlay::RoundDiff { top }) => round_diff::draw(app, theme, frame, top),
        Some(Overlay::Params) => params_view::draw(app, theme, frame),
        Some(Overlay::Form) => form::draw(app, theme, frame),
        Some(Overlay::Doubt) => {
            let (text, keys) = app.doubt();
            question(theme, frame, &text, keys);
        }
        Some(Overlay::Spend) => {
            question(theme, frame, &app.why_asked(), "y sends · any other key keeps the prompt");
        }
        Some(Overlay::Trials) => {
            let (text, keys) = app.trials_question();
            question(theme, frame, &text, &keys);
        }
        Some(Overlay::Quit) => {
            let text = if app.is_running() { "Answers still stream. Quit and stop them?" } else { "Quit?" };
            question(theme, frame, text, "y quits · any other key stays");
        }
        Some(Overlay::Tags) => {
            let (text, keys) = app.tags_question();
            question(theme, frame, &text, &keys);
        }
        Some(Overlay::Board { top }) => board::draw(app, theme, frame, top),
        Some(Overlay::Judge { top }) => judge_view::draw(app, theme, frame, top),
        Some(Overlay::Search) | None => {}
    }
}

fn title(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let mut left = Line::from(vec![Span::styled(" bakeoff", theme.accent.add_modifier(Modifier::BOLD))]);
    if app.simulated {
        left.push_span(Span::styled(" · ", theme.faint));
        left.push_span(Span::styled("simulated", theme.warn));
    }
    if app.keeping.failed().is_some() {
        left.push_span(Span::styled(" · ", theme.faint));
        left.push_span(Span::styled("not saved", theme.bad));
    }
    let round = app.round();
    let mut facts = match round {
        Some(_) => app.place(),
        None => vec![clean_line(&app.title)],
    };
    if app.same_weights {
        facts
            .push(if round.is_some() { "same weights" } else { "same weights, not the same service" }.into());
    }
    if app.common {
        facts.push(COMMON.into());
    }
    facts.extend(app.connections.word().map(str::to_owned));
    // Next to the round that it is about.
    if let Some(vote) = app.vote_word() {
        facts.insert(1, vote);
    }
    // What moves stays longest.
    for (word, progress) in [("trials", app.trials.progress()), ("judge", app.judging.progress())] {
        if let Some((over, all)) = progress {
            facts.insert(0, format!("{word} {over}/{all}"));
        }
    }
    facts.extend(round.and_then(Round::case_label));
    facts.extend(round.map(|_| app.descent(app.shown)));
    let count = app.panes();
    facts.push(format!("{count} endpoint{}", if count == 1 { "" } else { "s" }));
    let dated = if app.prices_age.is_some_and(|days| days > OLD) { theme.warn } else { theme.faint };
    let right = |label: String| {
        Line::from(vec![
            Span::styled("session ", theme.faint),
            Span::styled(label, theme.text),
            Span::styled(format!(" · list prices {} ", app.prices_as_of), dated),
        ])
    };
    let room = |facts: &[String], right: &Line| {
        let facts: usize = facts.iter().map(|f| f.width() + 3).sum();
        left.width() + facts + right.width() < usize::from(area.width)
    };
    let (label, short) = app.total_labels();
    let mut right_side = right(label);
    if !room(&facts, &right_side) {
        right_side = right(short);
    }
    // A judge's cost has come beside the session's: which round it is says more than a date.
    if !room(facts.get(..1).unwrap_or_default(), &right_side) {
        right_side.spans.truncate(2);
        right_side.push_span(" ");
    }
    // What can be seen elsewhere goes first; the date of the prices stays.
    let all = facts.len();
    while facts.len() > 1 && !room(&facts, &right_side) {
        facts.pop();
    }
    for fact in &facts {
        left.push_span(Span::styled(format!(" · {fact}"), theme.faint));
    }
    if let Some(round) = round.filter(|_| facts.len() == all) {
        let left_over = usize::from(area.width).saturating_sub(left.width() + right_side.width() + 4);
        if left_over >= 12 {
            left.push_span(Span::styled(" · ", theme.faint));
            left.push_span(Span::styled(round.asked(left_over), theme.text));
        }
    }
    sides(buffer, area, left, right_side);
}

fn tabs(app: &App, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let panes = app.panes();
    let each = (usize::from(area.width) / panes.max(1)).max(1);
    let names: Vec<&str> = (0..panes).filter_map(|n| app.endpoint(n)).map(|e| e.name.as_str()).collect();
    let shared = shared_prefix(&names);
    for number in 0..panes {
        let x = area.x + u16::try_from(number * each).unwrap_or(u16::MAX);
        if x >= area.right() {
            break;
        }
        let cell = Rect { x, width: u16::try_from(each).unwrap_or(area.width).min(area.right() - x), ..area };
        let name =
            app.endpoint(number).and_then(|e| e.name.get(shared..)).map(clean_line).unwrap_or_default();
        // Mark, number and a column of air come first; a name of two letters is none.
        let room = each.saturating_sub(6);
        let name = if room < 4 { String::new() } else { cut(&name, room) };
        let entry = app.round().and_then(|r| r.entries.get(number));
        let (mark, style) =
            entry.map_or((" ".into(), theme.faint), |e| status::mark(&e.answer, app.now, theme));
        let chosen = if number == app.pane { theme.focus.add_modifier(Modifier::BOLD) } else { theme.faint };
        let line = Line::from(vec![
            Span::styled(mark, style),
            Span::styled(format!("{} {name}", number + 1), chosen),
        ]);
        put(buffer, Rect { width: cell.width.saturating_sub(1), ..cell }, line);
    }
}

/// Bytes that all names begin with, up to a separator: they tell nothing apart.
pub(super) fn shared_prefix(names: &[&str]) -> usize {
    let Some((first, rest)) = names.split_first().filter(|(_, rest)| !rest.is_empty()) else { return 0 };
    let ends = first.match_indices(['-', '.', '/', ':', ' ']).map(|(at, separator)| at + separator.len());
    let shared = |end: &usize| {
        first.get(..*end).is_some_and(|p| rest.iter().all(|n| n.starts_with(p) && n.len() > *end))
    };
    ends.filter(shared).filter(|end| *end < first.len()).max().unwrap_or(0)
}

/// `1 gpt-6-sol · openai us-east-1`; what a spec was understood as stands here.
fn heading(
    e: &Endpoint,
    number: usize,
    theme: &Theme,
    focused: bool,
    width: u16,
    next: Option<String>,
) -> Line<'static> {
    let hue = theme.panes.get(number % theme.panes.len()).copied().unwrap_or_default();
    let mut name = if focused { hue.add_modifier(Modifier::BOLD) } else { hue };
    name.bg = None;
    // A URL of the demo's would say nothing; what the name says already is not repeated.
    let place = e.place.as_ref().or(e.base_url.as_ref().filter(|_| !e.simulated));
    let place = place.map(|p| p.trim_start_matches("https://").trim_start_matches("http://"));
    let said = |part: &str| e.name.contains(part);
    // A name taken from the model says the model.
    let model = Some(e.model.as_str()).filter(|m| !m.contains(e.name.as_str()));
    let parts = [model, Some(e.provider.as_str()), place];
    let mut parts: Vec<String> = parts
        .into_iter()
        .flatten()
        .filter(|part| !said(part))
        .map(|part| format!(" · {}", clean_line(part)))
        .collect();
    let own = clean_line(&e.name);
    let mark = if e.simulated { " · simulated" } else { "" };
    let room = usize::from(width).saturating_sub(own.width() + mark.width() + 5);
    let next = next.map(|next| params_view::next_mark(&next, width, room)).unwrap_or_default();
    let fits = |parts: &[String]| {
        let all =
            own.width() + parts.iter().map(|p| p.width()).sum::<usize>() + mark.width() + next.width() + 5;
        all <= usize::from(width)
    };
    // What a narrow border has no room for goes from the end: the place, then the provider.
    while !parts.is_empty() && !fits(&parts) {
        parts.pop();
    }
    let mut spans = vec![
        Span::styled(format!(" {} ", number + 1), theme.faint),
        Span::styled(own, name),
        Span::styled(parts.concat(), theme.faint),
    ];
    if e.simulated {
        spans.push(Span::styled(" · ", theme.faint));
        spans.push(Span::styled("simulated", theme.warn));
    }
    spans.push(Span::styled(next, theme.warn));
    spans.push(Span::raw(" "));
    Line::from(spans)
}

fn pane(
    app: &mut App,
    theme: &Theme,
    buffer: &mut Buffer,
    (number, area): (usize, Rect),
    best: &figures::Best,
    found: Option<usize>,
) {
    let focused = app.focus == Focus::Panes && app.pane == number;
    let border = if focused { theme.focus } else { theme.border };
    let Some(e) = app.endpoint(number) else { return };
    let mut block = Block::bordered()
        .border_type(if focused { BorderType::Thick } else { BorderType::Rounded })
        .border_style(border)
        .title_top(heading(e, number, theme, focused, area.width.saturating_sub(2), app.pending(e)));
    if let Some(below) = remark(app, number, area.width, theme) {
        block = block.title_bottom(below);
    }
    block.render(area, buffer);
    let parts = parts(area);
    let (now, shown) = (app.now, app.shown);
    let (veil, came) = (app.veil_words(number), app.came(number));
    let Some(entry) = app.rounds.get_mut(shown).and_then(|r| r.entries.get_mut(number)) else {
        let hint = match app.rounds.is_empty() {
            true if number == 0 => "type a prompt below and press enter".to_owned(),
            true => String::new(),
            false => format!("asked from the next prompt on · {} asks it now", app.keymap.first("rerun")),
        };
        put(buffer, parts.body, Line::styled(hint, theme.faint));
        return;
    };
    entry.pane.show_source(app.source);
    entry.pane.feed(&entry.answer);
    let body = parts.body;
    let (rows, top) = entry.pane.view(body.width, body.height);
    if found.is_none() {
        entry.pane.forget_search();
    }
    let here = app.search.as_ref().and_then(|s| s.at).filter(|(pane, _)| *pane == number).map(|(_, at)| at);
    text(&mut entry.pane, &entry.answer, theme, buffer, body, (top, here));
    if let Some(words) = &veil {
        blind::draw(words, rows == 0, theme, buffer, &parts);
    } else if rows == 0 && !entry.answer.is_over() {
        put(buffer, body, status::waiting(entry, now, theme));
    }
    divider(entry, theme, buffer, area, parts.status, body.width, border, now, focused, (found, came));
    if veil.is_none() {
        figures::draw(entry, theme, buffer, parts.figures, now, best);
    }
    scrollbar(buffer, theme, area, parts.body, rows, top);
    app.behind |= entry.pane.is_behind();
    let seen = top..top + usize::from(body.height);
    if let Some((block, language, from, lines)) = entry.pane.uncoloured(body.width, seen) {
        app.uncoloured.push(Uncoloured { id: entry.id, block, language, from, lines });
    }
}

/// On the lower border: what was asked but not sent as asked, or that the pane has left the lineup.
fn remark(app: &App, number: usize, width: u16, theme: &Theme) -> Option<Line<'static>> {
    let entry = app.round()?.entries.get(number).filter(|_| !app.is_veiled(app.shown))?;
    let room = usize::from(width).saturating_sub(6);
    let changed = entry.answer.sending.as_ref().and_then(|s| detail::changed(s, room));
    let gone = !app.lineup.endpoints.iter().any(|e| e.is_pane_of(&entry.endpoint));
    let (text, style) = match (changed, gone) {
        (Some(changed), _) => (format!("≠ {changed}"), theme.warn),
        (None, true) => ("no longer in the lineup".to_owned(), theme.faint),
        (None, false) => (params_view::next_below(&app.pending(&entry.endpoint)?, width)?, theme.warn),
    };
    Some(Line::styled(format!(" {} ", cut(&text, room + 2)), style))
}

/// One column of air on either side.
pub(super) fn pad(area: Rect) -> Rect {
    Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), ..area }
}

fn text(
    pane: &mut Pane,
    answer: &crate::model::Answer,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    (top, here): (usize, Option<usize>),
) {
    for offset in 0..area.height {
        let line_area = Rect { y: area.y + offset, height: 1, ..area };
        let Some(row) = pane.row(area.width, top + usize::from(offset), here) else { return };
        let line = match row {
            Row::Gap => continue,
            Row::Text(pieces) => {
                pieces.into_iter().map(|(text, ink)| Span::styled(text, ink.style(theme))).collect()
            }
            Row::Reasoning(text) => Line::styled(text, theme.reasoning),
            Row::Fold { open } => Line::styled(status::thinking(answer, open, area.width), theme.reasoning),
            Row::Fault { first: true, text } => Line::styled(text, theme.bad),
            Row::Fault { first: false, text } => {
                Line::styled(text, if text.starts_with('→') { theme.warn } else { theme.faint })
            }
        };
        put(buffer, line_area, line);
    }
}

/// The line between text and figures, carrying the status.
#[expect(clippy::too_many_arguments, reason = "the geometry of one pane, computed once above")]
fn divider(
    entry: &mut Entry,
    theme: &Theme,
    buffer: &mut Buffer,
    pane: Rect,
    area: Rect,
    width: u16,
    border: Style,
    now: std::time::Duration,
    focused: bool,
    (found, came): (Option<usize>, Option<Came>),
) {
    if area.height == 0 {
        return;
    }
    let (left, dash, right) = if focused { ("┣", "━", "┫") } else { ("├", "─", "┤") };
    let line = format!("{left}{}{right}", dash.repeat(usize::from(area.width)));
    put(buffer, Rect { x: pane.x, width: pane.width, ..area }, Line::styled(line, border));
    let mut status = status::line(entry, now, theme);
    status.spans.extend(came.map(|came| came.span(theme)));
    let mut notes: Vec<String> = found.map(|n| format!("{n} found")).into_iter().collect();
    notes.extend(entry.trial_word());
    let new = entry.pane.new_below(width);
    if !entry.pane.follows() {
        notes.push(if new > 0 { format!("{new} new ↓ G") } else { "G follows".into() });
    }
    if entry.answer.skipped > 0 {
        notes.push(format!("{} unreadable", entry.answer.skipped));
    }
    if entry.pane.hidden() > 0 {
        notes.push(format!("{} marked", entry.pane.hidden()));
    }
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    if notes.is_empty() {
        put(buffer, inner, status);
    } else {
        let right = Line::styled(format!(" {} ", notes.join(" · ")), theme.warn);
        sides(buffer, inner, status, right);
    }
}

/// A thumb on the right border, only when there is something to scroll.
fn scrollbar(buffer: &mut Buffer, theme: &Theme, pane: Rect, body: Rect, rows: usize, top: usize) {
    let height = usize::from(body.height);
    if height < 3 || rows <= height {
        return;
    }
    let thumb = (height * height / rows).max(1);
    let room = height - thumb;
    let at = (top * room).checked_div(rows - height).unwrap_or(0).min(room);
    for i in at..at + thumb {
        let y = body.y + u16::try_from(i).unwrap_or(0);
        let cell = Rect { x: pane.right().saturating_sub(1), y, width: 1, height: 1 };
        put(buffer, cell, Line::styled("┃", theme.faint));
    }
}

/// A question in the middle of the screen, on as many lines as it needs.
fn question(theme: &Theme, frame: &mut Frame, text: &str, keys: &str) {
    const AIR: u16 = 6;
    let screen = frame.area();
    let widest = u16::try_from(text.width().max(keys.width())).unwrap_or(u16::MAX).saturating_add(AIR);
    let width = widest.min(screen.width).min(LINE + AIR);
    let mut flow = Flow::new();
    flow.push(text);
    flow.finish();
    let rows = flow.rows(width.saturating_sub(AIR).max(1));
    let lines = (0..rows).map(|at| Line::styled(flow.row(at).to_owned(), theme.text));
    let lines: Vec<_> = lines.chain([Line::styled(keys.to_owned(), theme.faint)]).collect();
    let area = centred(screen, width, u16::try_from(lines.len() + 2).unwrap_or(u16::MAX));
    let buffer = frame.buffer_mut();
    theme.wipe(buffer, area);
    Block::bordered().border_type(BorderType::Thick).border_style(theme.warn).render(area, buffer);
    let inner = Rect { x: area.x + AIR / 2, width: area.width.saturating_sub(AIR - 2), height: 1, ..area };
    for (line, y) in lines.into_iter().zip(area.y + 1..area.bottom().saturating_sub(1)) {
        put(buffer, Rect { y, ..inner }, line);
    }
}
