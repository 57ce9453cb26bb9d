//! What a judge says of a round, over the panes.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Widget};

use super::app::{App, Overlay};
use super::ink::{centred, cut, put};
use super::judging::{Comparison, Sheet};
use super::text::Flow;
use super::theme::Theme;
use crate::model::Contender;
use crate::model::Endpoint;
use crate::model::Finding;
use crate::model::Money;
use crate::model::Pick;
use crate::model::clean_line;
use crate::model::reason;

/// Beyond this, the eye loses the row.
const WIDTH: u16 = 110;

/// Rows of one reason; a judge that writes more has not done as it was asked.
const MOST_ROWS: usize = 12;

pub(super) fn draw(app: &mut App, theme: &Theme, frame: &mut Frame, top: usize) {
    let screen = frame.area();
    let width = WIDTH.min(screen.width);
    let room = usize::from(width.saturating_sub(4)).max(1);
    let lines = lines(app, theme, room);
    let wanted = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let area = centred(screen, width, wanted.min(screen.height.saturating_sub(2).max(3)));
    let inner = usize::from(area.height.saturating_sub(2));
    let top = top.min(lines.len().saturating_sub(inner));
    if let Some(Overlay::Judge { top: kept }) = &mut app.overlay {
        *kept = top;
    }
    let title = format!(" judge · round {} ", app.label(app.shown));
    let keys = app.notice.as_ref().map_or_else(|| keys(app), |(notice, _)| clean_line(notice));
    let buffer = frame.buffer_mut();
    theme.wipe(buffer, area);
    Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.focus)
        .title_top(Line::styled(cut(&title, room), theme.text))
        .title_bottom(Line::styled(format!(" {} ", cut(&keys, room)), theme.faint))
        .render(area, buffer);
    for (line, y) in lines.into_iter().skip(top).take(inner).zip(area.y + 1..) {
        put(buffer, Rect { x: area.x + 2, y, width: area.width.saturating_sub(4), height: 1 }, line);
    }
}

/// The keys that do something now.
fn keys(app: &App) -> String {
    let mut keys = Vec::new();
    match app.sheet() {
        Some(sheet) if sheet.is_running() => keys.push("x stops"),
        Some(sheet) if app.may_judge().is_ok() => {
            let (read, all) = sheet.progress();
            if read < all && !app.is_stale(sheet) {
                keys.push("enter asks what is missing");
            }
            keys.push("a asks all anew");
        }
        None if app.may_judge().is_ok() => keys.push("enter asks"),
        _ => {}
    }
    if app.sheet().is_some() {
        keys.push(if app.judging.reasons { "r hides reasons" } else { "r reasons" });
        keys.push("j k scroll");
    }
    keys.push("any other key closes");
    keys.join(" · ")
}

fn lines(app: &App, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    match app.sheet() {
        Some(sheet) => said(app, sheet, theme, room, &mut out),
        None => offered(app, theme, room, &mut out),
    }
    out
}

/// Rows of a text of ours or of a model's.
fn wrapped(text: &str, room: usize, indent: usize, style: Style, out: &mut Vec<Line<'static>>) {
    let width = u16::try_from(room.saturating_sub(indent)).unwrap_or(u16::MAX).max(1);
    let mut flow = Flow::new();
    flow.push(text);
    flow.finish();
    let rows = flow.rows(width);
    for at in 0..rows.min(MOST_ROWS) {
        out.push(Line::styled(format!("{:indent$}{}", "", flow.row(at)), style));
    }
    if rows > MOST_ROWS {
        out.push(Line::styled(format!("{:indent$}… {} more rows", "", rows - MOST_ROWS), style));
    }
}

/// `qwen3 · ollama:qwen3`
fn who(judge: &Endpoint) -> String {
    format!("{} · {}", clean_line(&judge.name), clean_line(&Contender::of(judge).spec))
}

/// What asking would mean.
fn offered(app: &App, theme: &Theme, room: usize, out: &mut Vec<Line<'static>>) {
    if let Some(judge) = &app.judging.judge {
        out.push(Line::styled(cut(&who(&judge.endpoint), room), theme.accent));
        if let Some(criteria) = &judge.criteria {
            wrapped(&format!("what matters: {criteria}"), room, 0, theme.text, out);
        }
        out.push(Line::default());
    }
    if let Err(why) = app.may_judge() {
        return wrapped(&why, room, 0, theme.warn, out);
    }
    let answers = app.round().map_or(0, |r| r.entries.iter().filter(|e| e.is_whole()).count());
    let (pairs, all) = (answers * (answers - 1) / 2, answers * (answers - 1));
    let pairs = if pairs == 1 { "1 pair".to_owned() } else { format!("{pairs} pairs") };
    let cost = cost(app).map(|cost| format!(", {cost}")).unwrap_or_default();
    let text = format!("{answers} whole answers: {pairs}, each in both orders: {all} requests{cost}.");
    wrapped(&text, room, 0, theme.text, out);
    let text = "An answer wins a pair only where both orders say so. The judge is not told who answered, and \
        names of models in the answers are masked. What it costs is no part of the session's cost, and what \
        it says is never counted with your votes.";
    wrapped(text, room, 0, theme.faint, out);
}

/// `at most $0.21`, where that is known.
fn cost(app: &App) -> Option<String> {
    let all = &app.judging.cost;
    let most: Option<Money> = all.iter().map(|e| e.at_most.as_ref().ok().copied()).sum();
    match most {
        _ if all.is_empty() => None,
        None => Some("cost unknown".into()),
        Some(most) if most == Money::default() => Some("no cost".into()),
        Some(most) => Some(format!("at most {}", most.shown_up())),
    }
}

fn said(app: &App, sheet: &Sheet, theme: &Theme, room: usize, out: &mut Vec<Line<'static>>) {
    out.push(Line::styled(cut(&who(&sheet.judge), room), theme.accent));
    let (read, all) = sheet.progress();
    let total = sheet.total();
    let cost = if total.parts == 0 { String::new() } else { format!(" · cost {}", total.label()) };
    let simulated = if sheet.judge.simulated { " · simulated" } else { "" };
    let text = format!("{read} of {all} comparisons{cost}, apart from the session's{simulated}");
    out.push(Line::styled(cut(&text, room), theme.faint));
    if app.is_stale(sheet) {
        out.push(Line::styled(
            cut("answers have been asked again since: this is about those before", room),
            theme.warn,
        ));
    }
    out.push(Line::default());
    out.push(Line::styled(cut("won  lost  tied   pairs", room), theme.faint));
    for (side, tally) in sheet.tallies() {
        let counts = format!("{:>3}  {:>4}  {:>4}   ", tally.won, tally.lost, tally.tied);
        let name = format!("{} {}", side.pane, clean_line(&side.contender.name));
        out.push(Line::from(vec![
            Span::styled(counts, theme.text),
            Span::styled(cut(&name, room.saturating_sub(18)), theme.accent),
        ]));
    }
    if let Some(own) = app.vote_words() {
        out.push(Line::styled(cut(&format!("your vote: {own}"), room), theme.text));
    }
    out.push(Line::default());
    for ((a, b), pair) in sheet.pairs() {
        let (finding, style) = finding(sheet, (a, b), pair, theme);
        let half = room.saturating_sub(8) / 3;
        let (one, two) = (cut(&sheet.called(a), half), cut(&sheet.called(b), half));
        out.push(Line::from(vec![
            Span::styled(format!("{one} – {two}: "), theme.text),
            Span::styled(finding, style),
        ]));
        let mut told = None;
        for comparison in pair {
            // What went wrong in both orders alike is said once.
            let wrong = wrong(comparison);
            if let Some(text) = wrong.as_ref().filter(|_| wrong != told) {
                wrapped(text, room, 2, theme.warn, out);
            }
            if app.judging.reasons {
                why(sheet, comparison, theme, room, out);
            }
            told = wrong;
        }
    }
    out.push(Line::default());
    bias(sheet, theme, room, out);
}

fn finding(sheet: &Sheet, (a, b): (usize, usize), pair: &[Comparison], theme: &Theme) -> (String, Style) {
    match Sheet::finding(pair) {
        Some(Finding::Won(side)) => {
            (format!("{} in both orders", sheet.called(if side == 0 { a } else { b })), theme.good)
        }
        Some(Finding::Tie) => ("neither is better".into(), theme.text),
        Some(Finding::Swayed) => ("the order decided: counts as a tie".into(), theme.warn),
        None if pair.iter().any(|c| c.waits() || c.runs()) => {
            let read = pair.iter().filter(|c| c.pick().is_some()).count();
            (format!("{read} of 2 …"), theme.faint)
        }
        None => ("no verdict".into(), theme.warn),
    }
}

/// Why one order of a pair has no verdict, where it will have none.
fn wrong(c: &Comparison) -> Option<String> {
    if c.pick().is_some() || c.waits() || c.runs() {
        return None;
    }
    Some(match &c.answer.fault {
        Some(fault) => format!("{} → {}", clean_line(&fault.to_string()), fault.advice()),
        None if c.answer.text.is_empty() => "not asked".to_owned(),
        None => format!("no line \"Verdict: …\" in what it said: {}", clean_line(&c.answer.text)),
    })
}

/// The reason that the judge gave for one order of a pair.
fn why(sheet: &Sheet, c: &Comparison, theme: &Theme, room: usize, out: &mut Vec<Line<'static>>) {
    let (first, second) = (sheet.called(c.sides.0), sheet.called(c.sides.1));
    let preferred = match c.pick() {
        None => return,
        Some(Pick::First) => first.as_str(),
        Some(Pick::Second) => second.as_str(),
        Some(Pick::Tie) => "neither",
    };
    let text = format!("read {first} first, preferred {preferred}: {}", reason(&c.answer.text));
    wrapped(&text, room, 2, theme.reasoning, out);
}

fn bias(sheet: &Sheet, theme: &Theme, room: usize, out: &mut Vec<Line<'static>>) {
    let swayed = sheet.pairs().filter(|(_, pair)| Sheet::finding(pair) == Some(Finding::Swayed)).count();
    let read = sheet.pairs().filter(|(_, pair)| Sheet::finding(pair).is_some()).count();
    let (first, decided) = sheet.first_read();
    if read > 0 && decided > 0 {
        let text = format!(
            "The order decided {swayed} of {read} pairs; the answer that was read first was preferred in \
             {first} of {decided} comparisons."
        );
        wrapped(&text, room, 0, theme.faint, out);
    }
}
