//! One of a list, found by typing: the palette and every other list that is chosen from.
//!
//! ```text
//!  ┏ commands ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
//!  ┃ find: zo▌                                                   ┃
//!  ┃ ▸ zoom    show one answer alone, or all again      z, enter ┃
//!  ┗ enter takes it · esc closes ━━━━━━━━━━━━━━━━━━━━━━━━━━ 1/2 ━┛
//! ```
//!
//! A list is a [`Kind`]: what its rows are, and what taking one does. Nothing else is needed
//! for one more list.

use std::cmp::Reverse;

use crossterm::event::{KeyCode, KeyModifiers};
use nucleo_matcher::Matcher;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Widget};
use unicode_width::UnicodeWidthStr;

use super::app::{App, Overlay};
use super::find::{self, Wanted};
use super::ink::{centred, cut, put};
use super::key::Key;
use super::text::Flow;
use super::theme::Theme;
use crate::model::clean_line;

/// Beyond this, the eye loses the row between its left and its right end.
const WIDTH: u16 = 120;

/// Rows below the list in which the row under the cursor is told in full.
const ABOUT: u16 = 6;

/// One row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    pub label: String,
    /// Beside the label, less prominent; it is searched as well.
    pub note: String,
    /// On the right: a key, a date, a size.
    pub right: String,
}

/// One list.
pub struct Kind {
    pub title: &'static str,
    /// What to do where the list has no row.
    pub empty: &'static str,
    /// The keys of this list, beside those of every list.
    pub hints: &'static str,
    pub items: fn(&App) -> Vec<Item>,
    /// Enter; the number is that of the row in `items`. The list is closed before.
    pub take: fn(&mut App, usize),
    /// The cursor has come to a row.
    pub preview: fn(&mut App, usize),
    /// The list is left without a choice.
    pub leave: fn(&mut App),
    /// A key of the list's own, with the row under the cursor; true takes it. The rows are read again.
    pub keys: fn(&mut App, Key, Option<usize>) -> bool,
    /// The whole of a row, below the list; `None` where no row has more to say.
    pub about: Option<fn(&App, usize) -> String>,
}

impl Kind {
    /// A list that only has rows and a choice.
    pub const PLAIN: Self = Self {
        title: "",
        empty: "there is nothing to choose from",
        hints: "",
        items: |_| Vec::new(),
        take: |_, _| {},
        preview: |_, _| {},
        leave: |_| {},
        keys: |_, _, _| false,
        about: None,
    };
}

/// The open list, and where the user is in it.
pub struct Chooser {
    kind: &'static Kind,
    items: Vec<Item>,
    /// Rows that the filter lets through, best first.
    shown: Vec<usize>,
    cursor: usize,
    filter: String,
    matcher: Option<Box<Matcher>>,
    /// Rows of the list as last drawn, and the first row in them.
    list: Rect,
    top: usize,
}

impl Chooser {
    fn new(kind: &'static Kind, items: Vec<Item>) -> Self {
        let mut new = Self {
            kind,
            items,
            shown: Vec::new(),
            cursor: 0,
            filter: String::new(),
            matcher: None,
            list: Rect::ZERO,
            top: 0,
        };
        new.search();
        new
    }

    fn search(&mut self) {
        (self.cursor, self.top) = (0, 0);
        let wanted = Wanted::new(&self.filter);
        if wanted.is_empty() {
            self.shown = (0..self.items.len()).collect();
            return;
        }
        let matcher = find::matcher(&mut self.matcher);
        let typed = self.filter.trim();
        let score = |item: &Item, matcher: &mut Matcher| {
            // Its whole name is what nothing else can mean as well.
            if item.label == typed {
                return Some(u32::MAX);
            }
            // What a row is called says more than what stands beside it.
            let label = wanted.score(&[&item.label], matcher);
            label.map(|s| s.saturating_mul(2)).or_else(|| wanted.score(&[&item.label, &item.note], matcher))
        };
        let mut found: Vec<(Reverse<u32>, usize)> = self
            .items
            .iter()
            .enumerate()
            .filter_map(|(at, item)| Some((Reverse(score(item, matcher)?), at)))
            .collect();
        found.sort_unstable();
        self.shown = found.into_iter().map(|(_, at)| at).collect();
    }

    fn current(&self) -> Option<usize> {
        self.shown.get(self.cursor).copied()
    }

    pub(super) fn step(&mut self, by: isize) {
        self.cursor = self.cursor.saturating_add_signed(by).min(self.shown.len().saturating_sub(1));
    }

    pub(super) fn paste(&mut self, text: &str) {
        find::add(&mut self.filter, text);
        self.search();
    }

    /// Moves the cursor; false where the key does not.
    fn moved(&mut self, key: Key) -> bool {
        let page = isize::try_from(self.list.height.saturating_sub(1).max(1)).unwrap_or(1);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let by = match key.code {
            KeyCode::Up => -1,
            KeyCode::Down => 1,
            KeyCode::Char('p') if control => -1,
            KeyCode::Char('n') if control => 1,
            KeyCode::PageUp => -page,
            KeyCode::PageDown => page,
            KeyCode::Home => isize::MIN,
            KeyCode::End => isize::MAX,
            _ => return false,
        };
        self.step(by);
        true
    }
}

impl App {
    /// Opens a list over the panes.
    pub(super) fn choose(&mut self, kind: &'static Kind) -> bool {
        self.choose_from(kind, 0)
    }

    /// Opens a list with the cursor on this row.
    pub(super) fn choose_from(&mut self, kind: &'static Kind, row: usize) -> bool {
        let items = (kind.items)(self);
        let mut chooser = Chooser::new(kind, items);
        chooser.step(isize::try_from(row).unwrap_or(0));
        self.chooser = Some(chooser);
        self.overlay = Some(Overlay::Chooser);
        true
    }

    /// Reads the rows of the open list again; the cursor stays where it is.
    pub(super) fn choose_again(&mut self) {
        let Some(kind) = self.chooser.as_ref().map(|c| c.kind) else { return };
        let items = (kind.items)(self);
        let Some(chooser) = &mut self.chooser else { return };
        let cursor = chooser.cursor;
        chooser.items = items;
        chooser.search();
        chooser.step(isize::try_from(cursor).unwrap_or(0));
    }

    /// A key while a list is open; it takes every one.
    pub(super) fn chooser_key(&mut self, key: Key) {
        let Some(chooser) = &mut self.chooser else { return };
        let (kind, current) = (chooser.kind, chooser.current());
        if (kind.keys)(self, key, current) {
            self.choose_again();
            return;
        }
        let Some(chooser) = &mut self.chooser else { return };
        match key.code {
            KeyCode::Enter => {
                if let Some(current) = current {
                    self.overlay = None;
                    self.chooser = None;
                    (kind.take)(self, current);
                }
                return;
            }
            KeyCode::Esc if chooser.filter.is_empty() => {
                self.leave_chooser();
                return;
            }
            KeyCode::Esc => {
                chooser.filter.clear();
                chooser.search();
            }
            _ if chooser.moved(key) => {}
            _ if find::edit(&mut chooser.filter, key) => chooser.search(),
            _ => return,
        }
        self.preview_choice();
    }

    fn preview_choice(&mut self) {
        let Some(chooser) = &self.chooser else { return };
        if let (preview, Some(current)) = (chooser.kind.preview, chooser.current()) {
            preview(self, current);
        }
    }

    /// Closes the list without a choice.
    pub(super) fn leave_chooser(&mut self) {
        self.overlay = None;
        if let Some(chooser) = self.chooser.take() {
            (chooser.kind.leave)(self);
        }
    }

    /// A click: a row is pointed at, the row under the cursor taken, everything else leaves.
    pub(super) fn chooser_click(&mut self, at: (u16, u16)) {
        let Some(chooser) = &mut self.chooser else { return };
        if !chooser.list.contains(Position::from(at)) {
            self.leave_chooser();
            return;
        }
        let row = chooser.top + usize::from(at.1 - chooser.list.y);
        if row < chooser.shown.len() && row != chooser.cursor {
            chooser.cursor = row;
            self.preview_choice();
        } else if row < chooser.shown.len() {
            self.chooser_key(Key { code: KeyCode::Enter, modifiers: KeyModifiers::NONE });
        }
    }
}

pub(super) fn draw(app: &mut App, theme: &Theme, frame: &mut Frame) {
    let screen = frame.area();
    let notice = app.notice.as_ref().map(|(text, _)| clean_line(text));
    let Some(chooser) = &app.chooser else { return };
    let tells = chooser.kind.about.is_some();
    let about =
        chooser.kind.about.zip(chooser.current()).map(|(about, at)| about(app, at)).unwrap_or_default();
    let about_rows = if tells && screen.height >= 20 { ABOUT } else { 0 };
    let Some(chooser) = &mut app.chooser else { return };
    let columns = columns(&chooser.items);
    let wanted = columns.iter().sum::<usize>() + 12;
    let least = if tells { 80 } else { 60 };
    let width = u16::try_from(wanted).unwrap_or(u16::MAX).clamp(least, WIDTH).min(screen.width);
    let rows = u16::try_from(chooser.items.len().max(1)).unwrap_or(u16::MAX);
    // As high as all rows need, whatever the filter: the frame stays still while one types.
    let height = rows.saturating_add(3 + about_rows).min(screen.height.saturating_sub(2).max(4));
    let area = centred(screen, width, height);
    let inner = Rect {
        x: area.x.saturating_add(2),
        y: area.y.saturating_add(1),
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    };
    let buffer = frame.buffer_mut();
    border(chooser, theme, buffer, area, notice);
    let line = Line::from(vec![
        Span::styled("find: ", theme.accent),
        Span::styled(clean_line(&chooser.filter), theme.text),
        Span::raw(if chooser.filter.ends_with(' ') { " " } else { "" }),
        Span::styled(" ", Style::new().add_modifier(Modifier::REVERSED)),
    ]);
    put(buffer, Rect { height: 1.min(inner.height), ..inner }, line);
    let list =
        Rect { y: inner.y.saturating_add(1), height: inner.height.saturating_sub(1 + about_rows), ..inner };
    chooser.list = list;
    let seen = usize::from(list.height);
    chooser.top = chooser.top.min(chooser.cursor).max((chooser.cursor + 1).saturating_sub(seen));
    if chooser.shown.is_empty() && list.height > 0 {
        let words = if chooser.items.is_empty() { chooser.kind.empty } else { "nothing matches" };
        put(buffer, Rect { height: 1, ..list }, Line::styled(format!("  {words}"), theme.faint));
    }
    let room = usize::from(list.width);
    for ((at, item), y) in chooser.shown.iter().enumerate().skip(chooser.top).take(seen).zip(list.y..) {
        let Some(item) = chooser.items.get(*item) else { continue };
        let here = Rect { y, height: 1, ..list };
        put(buffer, here, row(item, columns, room, at == chooser.cursor, theme));
        if at == chooser.cursor {
            buffer.set_style(here, theme.selection);
        }
    }
    if about_rows > 0 {
        let below = Rect { y: list.bottom(), height: about_rows.min(inner.height), ..inner };
        tell(buffer, theme, below, &about);
    }
}

/// The whole of a row below a rule, as much as there is room for.
fn tell(buffer: &mut ratatui::buffer::Buffer, theme: &Theme, area: Rect, about: &str) {
    put(buffer, Rect { height: 1, ..area }, Line::styled("─".repeat(usize::from(area.width)), theme.border));
    let mut flow = Flow::new();
    // What cannot be seen is not laid out.
    let room = usize::from(area.width) * usize::from(area.height) * 4;
    flow.push(about.get(..about.floor_char_boundary(room)).unwrap_or_default());
    flow.finish();
    let rows = flow.rows(area.width);
    for (at, y) in (0..rows).zip(area.y + 1..area.bottom()) {
        let line = Line::styled(flow.row(at).to_owned(), theme.faint);
        put(buffer, Rect { y, height: 1, ..area }, line);
    }
}

fn border(
    chooser: &Chooser,
    theme: &Theme,
    buffer: &mut ratatui::buffer::Buffer,
    area: Rect,
    notice: Option<String>,
) {
    let room = usize::from(area.width.saturating_sub(4));
    let all = chooser.shown.len();
    let place = format!(" {}/{all} ", (chooser.cursor + 1).min(all));
    let leaves = if chooser.filter.is_empty() { "esc closes" } else { "esc clears" };
    let own =
        if chooser.kind.hints.is_empty() { String::new() } else { format!(" · {}", chooser.kind.hints) };
    // What a key has just done is said where the eyes are.
    let (text, style) = match notice {
        Some(notice) => (notice, theme.warn),
        None => (format!("enter takes it{own} · {leaves}"), theme.faint),
    };
    let text = cut(&text, room.saturating_sub(place.width() + 2));
    theme.wipe(buffer, area);
    Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.focus)
        .title_top(Line::styled(format!(" {} ", cut(chooser.kind.title, room)), theme.text))
        .title_bottom(Line::styled(format!(" {text} "), style))
        .title_bottom(Line::styled(place, theme.faint).right_aligned())
        .render(area, buffer);
}

/// Columns that the widest label, note and right end take.
fn columns(items: &[Item]) -> [usize; 3] {
    let widest = |read: fn(&Item) -> &String| items.iter().map(|i| read(i).width()).max().unwrap_or(0);
    [widest(|i| &i.label), widest(|i| &i.note), widest(|i| &i.right)]
}

fn row(item: &Item, columns: [usize; 3], room: usize, chosen: bool, theme: &Theme) -> Line<'static> {
    let [label, note, right] = columns;
    let right = right.min(room / 3);
    let left = room.saturating_sub(2 + if right > 0 { right + 2 } else { 0 });
    // Of a list without notes the label may have the whole line.
    let label = if note == 0 { left } else { label.min(left.saturating_sub(2) * 3 / 5) };
    let note = if note == 0 { 0 } else { left.saturating_sub(label + 2) };
    let padded = |text: &str, width: usize| {
        let text = cut(&clean_line(text), width);
        let air = " ".repeat(width.saturating_sub(text.width()));
        (text, air)
    };
    let (name, air) = padded(&item.label, label);
    let (about, about_air) = padded(&item.note, note);
    let (end, end_air) = padded(&item.right, right);
    Line::from(vec![
        Span::styled(if chosen { "▸ " } else { "  " }, theme.focus),
        Span::styled(format!("{name}{air}"), theme.text),
        Span::styled(if note == 0 { String::new() } else { format!("  {about}{about_air}") }, theme.faint),
        Span::styled(format!("  {end_air}{end}"), theme.accent),
    ])
}
