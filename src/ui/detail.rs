//! All about one answer: what was asked, what was sent, what it took and what it cost.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Widget};
use unicode_width::UnicodeWidthStr;

use super::app::{App, Entry, Overlay};
use super::command::Focus;
use super::figures::grouped;
use super::ink::{Laid, centred, cut, put};
use super::key::Key;
use super::status;
use super::text::Flow;
use super::theme::Theme;
use super::trials;
use crate::model::Answer;
use crate::model::Endpoint;
use crate::model::Fate;
use crate::model::Fault;
use crate::model::KeySource;
use crate::model::METRICS;
use crate::model::Parity;
use crate::model::Phase;
use crate::model::Sending;
use crate::model::Total;
use crate::model::Unit;
use crate::model::clean_line;

/// Beyond this, lines are hard to follow.
const WIDTH: u16 = 140;

/// Columns of a fact's label.
const LABEL: usize = 14;

/// Columns of a short fact, two of which share a line where there is room.
const PAIR: usize = 36;

/// Columns of the table of parameters, each with the width it gets at most.
const HEAD: [&str; 4] = ["parameter", "asked", "sent", "fate"];
const MOST: [usize; 4] = [18, 14, 30, 8];

impl App {
    pub(super) fn detail(&mut self) -> bool {
        if self.must_vote("its details are told") {
            return true;
        }
        if self.endpoint(self.pane).is_some() {
            self.overlay = Some(Overlay::Detail { top: 0 });
        }
        true
    }

    /// A key while the detail is open; it scrolls with the keys that scroll a pane.
    pub(super) fn detail_key(&mut self, key: Key) {
        let Some(Overlay::Detail { top }) = &mut self.overlay else { return };
        let page = usize::from(self.size.1.saturating_sub(5).max(1));
        let Some(command) = self.keymap.find(Focus::Panes, key) else { return };
        match command.name {
            "down" => *top += 1,
            "up" => *top = top.saturating_sub(1),
            "half-down" => *top += page / 2,
            "half-up" => *top = top.saturating_sub(page / 2),
            "page-down" => *top += page,
            "page-up" => *top = top.saturating_sub(page),
            "top" => *top = 0,
            // Drawing takes it back to the last page.
            "follow" => *top = usize::MAX / 2,
            "detail" | "quit" | "to-prompt" => self.overlay = None,
            "copy" => self.copy_request(),
            // The other answers, without leaving.
            "next-pane" | "previous-pane" | "pane" => {
                (command.run)(self);
            }
            _ => {}
        }
    }

    fn copy_request(&mut self) {
        let sending = self.entry().and_then(|e| e.answer.sending.as_ref());
        match sending.map(|s| pretty(&s.body)) {
            Some(body) => self.copy("request body", &body),
            None => self.say("no request to copy"),
        }
    }
}

/// `temperature dropped, max_tokens clamped`: what this endpoint was not asked as the user wrote it.
/// Where that takes more than `room` columns, how many they are.
pub(super) fn changed(sending: &Sending, room: usize) -> Option<String> {
    let words: Vec<String> = sending
        .parity
        .iter()
        .filter(|p| p.fate.differs())
        .map(|p| format!("{} {}", p.param, p.fate.word()))
        .collect();
    let all = words.join(", ");
    match words.len() {
        0 => None,
        n if n > 1 && all.width() > room => Some(format!("{n} settings changed")),
        _ => Some(all),
    }
}

pub(super) fn draw(app: &mut App, theme: &Theme, frame: &mut Frame, top: usize) {
    let screen = frame.area();
    let area = centred(screen, WIDTH.min(screen.width), screen.height.saturating_sub(2).max(3));
    let width = area.width.saturating_sub(4).max(1);
    let laid = app.laid.take();
    let mut request = None;
    let Some(endpoint) = app.endpoint(app.pane) else {
        app.overlay = None;
        return;
    };
    let entry = app.round().and_then(|r| r.entries.get(app.pane));
    let mut sheet = Sheet::new(theme, width);
    sheet.endpoint(endpoint, entry.map(|e| &e.answer));
    let mut title = vec![Span::styled(
        format!(" detail · {} {} ", app.pane + 1, cut(&clean_line(&endpoint.name), 40)),
        theme.text,
    )];
    let mut lines = Vec::new();
    if let Some(filled) = app.round().and_then(|r| r.filled.as_ref()) {
        sheet.filled(filled);
    }
    if let Some(entry) = entry {
        let status = status::line(entry, app.now, theme);
        title.push(Span::styled("·", theme.faint));
        title.extend(status.spans);
        sheet.answer(entry, app.endpoint_total(&entry.endpoint));
        lines.append(&mut sheet.lines);
        let laid = laid.filter(|l| l.id == entry.id && l.width == width);
        request = match (laid, &entry.answer.sending) {
            (Some(laid), Some(_)) => Some(laid),
            (_, Some(sending)) => {
                sheet.request(sending);
                Some(Laid { id: entry.id, width, lines: std::mem::take(&mut sheet.lines) })
            }
            (_, None) => {
                sheet.nothing_sent(entry.answer.phase == Phase::Queued);
                lines.append(&mut sheet.lines);
                None
            }
        };
    } else {
        sheet.plain("nothing has been sent yet");
        lines.append(&mut sheet.lines);
    }
    app.laid = request;
    let request = app.laid.as_ref().map(|l| l.lines.as_slice()).unwrap_or_default();
    let (rows, inner) = (lines.len() + request.len(), usize::from(area.height.saturating_sub(2)));
    let top = top.min(rows.saturating_sub(inner));
    let keys = format!(
        " {} closes · tab next answer · {} copies the body",
        app.keymap.first("detail"),
        app.keymap.first("copy")
    );
    let place = format!(" {}/{rows} ", (top + inner).min(rows));
    let room = usize::from(area.width.saturating_sub(4)).saturating_sub(place.width());
    let buffer = frame.buffer_mut();
    theme.wipe(buffer, area);
    Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.focus)
        .title_top(Line::from(title))
        .title_bottom(Line::styled(format!("{} ", cut(&keys, room)), theme.faint))
        .title_bottom(Line::styled(place, theme.faint).right_aligned())
        .render(area, buffer);
    for (line, y) in lines.iter().chain(request).skip(top).take(inner).zip(area.y + 1..) {
        put(buffer, Rect { x: area.x + 2, y, width: area.width.saturating_sub(4), height: 1 }, line.clone());
    }
    if let Some(Overlay::Detail { top: kept }) = &mut app.overlay {
        *kept = top; // scrolling past the end does not have to be scrolled back
    }
}

/// JSON with line breaks; anything else as it is.
fn pretty(body: &str) -> String {
    serde_json::from_str::<serde_json::Value>(body)
        .and_then(|v| serde_json::to_string_pretty(&v))
        .unwrap_or_else(|_| body.to_owned())
}

fn time(d: Duration) -> String {
    Unit::Milliseconds.show(d.as_secs_f64() * 1e3)
}

/// Lines being written from top to bottom.
pub(super) struct Sheet<'t> {
    pub(super) theme: &'t Theme,
    width: u16,
    lines: Vec<Line<'static>>,
}

impl<'t> Sheet<'t> {
    fn new(theme: &'t Theme, width: u16) -> Self {
        Self { theme, width, lines: Vec::new() }
    }

    pub(super) fn heading(&mut self, text: &str) {
        if !self.lines.is_empty() {
            self.lines.push(Line::default());
        }
        self.title(text);
    }

    fn title(&mut self, text: &str) {
        self.lines.push(Line::styled(text.to_owned(), self.theme.accent.add_modifier(Modifier::BOLD)));
    }

    fn plain(&mut self, text: &str) {
        self.wrapped("", text, self.theme.faint);
    }

    /// Text from anywhere, filtered and wrapped behind a label.
    pub(super) fn wrapped(&mut self, label: &str, text: &str, style: Style) {
        let indent = if label.is_empty() { 2 } else { LABEL + 2 };
        let room = usize::from(self.width).saturating_sub(indent).max(8);
        let mut flow = Flow::new();
        flow.push(text);
        flow.finish();
        for at in 0..flow.rows(u16::try_from(room).unwrap_or(u16::MAX)) {
            let left = if at == 0 { label } else { "" };
            self.lines.push(Line::from(vec![
                Span::styled(format!("  {left:<0$}", indent - 2), self.theme.faint),
                Span::styled(flow.row(at).to_owned(), style),
            ]));
        }
    }

    pub(super) fn fact(&mut self, label: &str, value: &str) {
        if !value.is_empty() {
            self.wrapped(label, &clean_line(value), self.theme.text);
        }
    }

    pub(super) fn maybe(&mut self, label: &str, value: Option<&str>) {
        self.fact(label, value.unwrap_or_default());
    }

    /// Short facts, two to a line where there is room.
    pub(super) fn pairs(&mut self, facts: &[(String, String)]) {
        let each = if usize::from(self.width) >= 2 * PAIR { 2 } else { 1 };
        for row in facts.chunks(each) {
            let mut line = Line::raw("  ");
            for (label, value) in row {
                let left = cut(&clean_line(label), LABEL - 1);
                let value = cut(&clean_line(value), PAIR - LABEL);
                let air = " ".repeat((PAIR - LABEL).saturating_sub(value.width()));
                line.push_span(Span::styled(format!("{left:<LABEL$}"), self.theme.faint));
                line.push_span(Span::styled(format!("{value}{air}"), self.theme.text));
            }
            self.lines.push(line);
        }
    }

    fn endpoint(&mut self, e: &Endpoint, answer: Option<&Answer>) {
        self.heading("Endpoint");
        self.fact("name", &e.name);
        self.fact("provider", &e.provider);
        self.fact("model", &e.model);
        self.maybe("served model", answer.and_then(|a| a.served.model.as_deref()));
        self.maybe("place", e.place.as_deref());
        self.maybe("address", e.base_url.as_deref());
        self.maybe("key from", e.key.as_ref().map(KeySource::label).as_deref());
        self.maybe("system", e.system.as_deref());
        if e.simulated {
            self.wrapped("answers", "simulated", self.theme.warn);
        }
    }

    fn answer(&mut self, entry: &Entry, total: Total) {
        let answer = &entry.answer;
        if let Some(fault) = &answer.fault {
            self.fault(fault);
        }
        if let Some(sending) = &answer.sending {
            self.parity(&sending.parity);
        }
        trials::detail(self, entry);
        self.clocks(answer);
        if let Some(usage) = &answer.usage {
            self.usage(usage);
        }
        self.cost(entry, total);
        self.response(answer);
    }

    fn fault(&mut self, fault: &Fault) {
        self.heading("Fault");
        self.wrapped("class", &fault.class.word().replace('_', " "), self.theme.bad);
        self.wrapped("message", &fault.message, self.theme.text);
        self.wrapped("what to do", fault.advice(), self.theme.warn);
        self.maybe("code", fault.code.as_deref());
        self.maybe("parameter", fault.setting.as_deref().or(fault.param.as_deref()));
        self.maybe("status", fault.status.map(|s| format!("HTTP {s}")).as_deref());
        self.maybe("wait", fault.retry_after.map(time).as_deref());
        self.fact("again", if fault.class.retry_may_help() { "may help" } else { "will not help by itself" });
    }

    /// The table of what became of each parameter.
    fn parity(&mut self, rows: &[Parity]) {
        self.heading("Parameters: as asked, and as sent");
        if rows.is_empty() {
            self.plain("none was asked for: the model's own defaults apply");
            return;
        }
        let clean: Vec<[String; 5]> = rows
            .iter()
            .map(|p| {
                let sent = p.sent.as_deref().map_or("–".into(), clean_line);
                [clean_line(&p.param), clean_line(&p.asked), sent, p.fate.word().into(), clean_line(&p.why)]
            })
            .collect();
        let mut widths = [0; 4];
        for (at, width) in widths.iter_mut().enumerate() {
            let cells = clean.iter().filter_map(|row| row.get(at)).map(|c| c.width());
            let most = MOST.get(at).copied().unwrap_or(0);
            let least = HEAD.get(at).map_or(0, |h| h.width());
            *width = cells.max().unwrap_or(0).max(least).min(most);
        }
        let used: usize = widths.iter().map(|w| w + 2).sum::<usize>() + 2;
        // Where the reason has a column to itself it stands beside, otherwise below.
        let beside = usize::from(self.width).saturating_sub(used);
        let (beside, below) = if beside >= 28 { (Some(beside), "why") } else { (None, "") };
        let cells = |cells: &[String]| -> String {
            let padded = cells.iter().zip(&widths).map(|(c, w)| {
                let text = cut(c, *w);
                let air = " ".repeat(w.saturating_sub(text.width()) + 2);
                format!("{text}{air}")
            });
            padded.collect()
        };
        let head: String = cells(&HEAD.map(ToOwned::to_owned));
        self.lines.push(Line::styled(format!("  {head}{below}"), self.theme.faint));
        for (row, parity) in clean.iter().zip(rows) {
            let style = match parity.fate {
                Fate::Refused => self.theme.bad,
                fate if fate.differs() => self.theme.warn,
                _ => self.theme.text,
            };
            let [param, asked, sent, fate, why] = row.clone();
            let left = cells(&[param, asked, sent, fate]);
            let room = beside.unwrap_or(usize::from(self.width).saturating_sub(6)).max(8);
            let mut flow = Flow::new();
            flow.push(&why);
            flow.finish();
            let mut reasons = (0..flow.rows(u16::try_from(room).unwrap_or(u16::MAX))).map(|r| flow.row(r));
            let first = beside.and_then(|_| reasons.next()).unwrap_or_default();
            self.lines.push(Line::from(vec![
                Span::styled(format!("  {left}"), style),
                Span::styled(first.to_owned(), self.theme.faint),
            ]));
            let indent = if beside.is_some() { used } else { 6 };
            for reason in reasons {
                self.lines.push(Line::styled(format!("{:indent$}{reason}", ""), self.theme.faint));
            }
        }
    }

    fn clocks(&mut self, answer: &Answer) {
        let t = &answer.timeline;
        self.heading("Times, on this machine's clock");
        let mut facts: Vec<(String, String)> = METRICS
            .iter()
            .filter(|m| m.unit.is_clock())
            .map(|m| (m.heading.to_owned(), m.show(answer)))
            .collect();
        let connection = match t.reused {
            Some(true) => "reused connection",
            Some(false) => "new connection",
            None => "unknown",
        };
        facts.push(("connection".into(), connection.into()));
        if let Some(bytes) = t.chunk_bytes() {
            facts.push(("arrivals".into(), format!("{}, median {bytes} B", grouped(t.chunks.len() as u64))));
        }
        facts.extend(t.phases.spans().into_iter().map(|(label, d)| (label.to_owned(), time(d))));
        self.pairs(&facts);
        for stall in &t.stalls {
            let at = time(stall.from);
            let slept = if stall.slept.is_zero() { "" } else { ", the machine slept" };
            self.wrapped("stalled", &format!("{} at {at}{slept}", time(stall.lost())), self.theme.warn);
        }
        if !answer.served.times.is_empty() {
            self.heading("Times, as the server reports them");
            let times: Vec<(String, String)> =
                answer.served.times.iter().map(|(name, d)| (clean_line(name), time(*d))).collect();
            self.pairs(&times);
        }
    }

    fn response(&mut self, answer: &Answer) {
        self.heading("Response");
        self.fact("status", &answer.http_status.map_or("none yet".into(), |s| format!("HTTP {s}")));
        self.maybe("request id", answer.request_id.as_deref());
        self.maybe("response id", answer.served.response_id.as_deref());
        self.maybe("service tier", answer.served.tier.as_deref());
        self.maybe("finish", answer.stop.as_ref().map(|(_, word)| word.as_str()));
        if answer.skipped > 0 {
            self.fact("unreadable", &format!("{} events passed over", answer.skipped));
        }
        for (at, (name, value)) in answer.headers.iter().enumerate() {
            self.fact(if at == 0 { "headers" } else { " " }, &format!("{name}: {value}"));
        }
    }

    fn nothing_sent(&mut self, queued: bool) {
        self.lines.push(Line::default());
        self.title("Request");
        self.plain(if queued {
            "being prepared: credential, address, body"
        } else {
            "nothing is known of what was sent"
        });
    }

    fn request(&mut self, sending: &Sending) {
        // The blank line above, which the heading leaves out at the top of a sheet.
        self.lines.push(Line::default());
        self.title("Request, without its secrets");
        self.fact("address", &sending.url);
        let took = sending.identity.map(|d| format!(", in {}", time(d))).unwrap_or_default();
        let via = sending.via.as_deref().map_or("none needed".into(), |v| format!("{v}{took}"));
        self.fact("credential", &via);
        for (at, (name, value)) in sending.headers.iter().enumerate() {
            self.wrapped(
                if at == 0 { "headers" } else { " " },
                &clean_line(&format!("{name}: {value}")),
                self.theme.text,
            );
        }
        if !sending.body.is_empty() {
            self.heading("Body");
            self.wrapped("", &pretty(&sending.body), self.theme.text);
        }
    }
}
