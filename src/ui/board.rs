//! The leaderboard over the panes, and the line in which tags are typed.

use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Widget};

use super::app::{App, Effect, Event, Overlay};
use super::ink::{centred, cut, put};
use super::key::Key;
use super::theme::Theme;
use crate::model::Board;
use crate::model::Standing;
use crate::model::Told;
use crate::model::clean_line;
use crate::model::tag;
use crate::store::VoteFile;
use crate::store::Voters;

/// Beyond this, the eye loses the row.
const WIDTH: u16 = 120;

/// Most that can be typed into the line of tags.
const MOST_TYPED: usize = 200;

/// A leaderboard as it was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sheet {
    pub board: Board,
    /// Who judged, where these are votes of judges.
    pub judges: Vec<String>,
    /// Votes that were not counted, in words.
    pub remarks: Vec<String>,
}

impl App {
    /// `#`: the tags of the votes to come.
    pub(super) fn ask_tags(&mut self) -> bool {
        self.votes.typed = self.votes.tags.join(" ");
        self.overlay = Some(Overlay::Tags);
        true
    }

    /// Keys of [`Overlay::Tags`]; it takes every one.
    pub(super) fn tags_key(&mut self, key: Key) {
        match key.code {
            KeyCode::Esc => self.overlay = None,
            KeyCode::Enter => self.take_tags(),
            KeyCode::Backspace => {
                self.votes.typed.pop();
            }
            KeyCode::Char(c)
                if !c.is_control()
                    && (key.modifiers - KeyModifiers::SHIFT).is_empty()
                    && self.votes.typed.len() < MOST_TYPED =>
            {
                self.votes.typed.push(c);
            }
            _ => {}
        }
    }

    fn take_tags(&mut self) {
        let words = self.votes.typed.split([' ', ',']).filter(|w| !w.is_empty());
        match words.map(tag).collect::<Result<Vec<_>, _>>() {
            Err(why) => self.say(why),
            Ok(mut tags) => {
                let mut seen = Vec::new();
                tags.retain(|t| {
                    !seen.contains(t) && {
                        seen.push(t.clone());
                        true
                    }
                });
                self.overlay = None;
                self.say(if tags.is_empty() {
                    "votes have no tag".to_owned()
                } else {
                    format!("votes from now on are tagged {}", hashed(&tags))
                });
                self.votes.tags = tags;
            }
        }
    }

    /// The line in which tags are typed, and its keys.
    pub(super) fn tags_question(&self) -> (String, String) {
        let why =
            self.notice.as_ref().map(|(text, _)| format!(" · {}", clean_line(text))).unwrap_or_default();
        (
            format!("Tags of your votes: {}▌{why}", clean_line(&self.votes.typed)),
            "enter keeps them · a space between two · esc leaves".to_owned(),
        )
    }

    /// `H`: the endpoints by what people voted.
    pub(super) fn open_board(&mut self) -> bool {
        if self.must_vote("the leaderboard opens") {
            return true;
        }
        self.votes.wanted.simulated = self.simulated;
        self.overlay = Some(Overlay::Board { top: 0 });
        self.read_board();
        true
    }

    fn read_board(&mut self) {
        self.votes.sheet = None;
        self.effects.push(Effect::Board(self.votes.wanted.clone()));
    }

    /// What [`Effect::Board`] asked for.
    pub(super) fn board_read(&mut self, sheet: Result<Sheet, String>) {
        self.votes.sheet = Some(sheet);
    }

    /// Keys of [`Overlay::Board`]; it takes every one.
    pub(super) fn board_key(&mut self, key: Key) {
        let page = usize::from(self.size.1.saturating_sub(8).max(1));
        let Some(Overlay::Board { top }) = &mut self.overlay else { return };
        match key.code {
            KeyCode::Char('j') | KeyCode::Down => *top += 1,
            KeyCode::Char('k') | KeyCode::Up => *top = top.saturating_sub(1),
            KeyCode::PageDown | KeyCode::Char(' ') => *top += page,
            KeyCode::PageUp => *top = top.saturating_sub(page),
            KeyCode::Char('b') => {
                self.votes.wanted.blind_only = !self.votes.wanted.blind_only;
                self.read_board();
            }
            KeyCode::Char('v') => {
                self.votes.wanted.voters = match self.votes.wanted.voters {
                    Voters::People => Voters::Judges(String::new()),
                    Voters::Judges(_) => Voters::People,
                };
                self.read_board();
            }
            KeyCode::Char('t') if self.votes.tags.is_empty() => {
                let key = self.keymap.first("tags");
                self.say(format!("this session has no tags: {key} sets them"));
            }
            KeyCode::Char('t') => {
                let all = self.votes.wanted.tags.is_empty();
                self.votes.wanted.tags = if all { self.votes.tags.clone() } else { Vec::new() };
                self.read_board();
            }
            _ => self.overlay = None,
        }
    }
}

/// `#code #mail`
fn hashed(tags: &[String]) -> String {
    tags.iter().map(|t| format!("#{}", clean_line(t))).collect::<Vec<_>>().join(" ")
}

pub(super) fn draw(app: &mut App, theme: &Theme, frame: &mut Frame, top: usize) {
    let screen = frame.area();
    let width = WIDTH.min(screen.width);
    let room = usize::from(width.saturating_sub(4));
    let lines = lines(app, theme, room);
    let wanted = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let area = centred(screen, width, wanted.min(screen.height.saturating_sub(2).max(3)));
    let inner = usize::from(area.height.saturating_sub(2));
    let top = top.min(lines.len().saturating_sub(inner));
    if let Some(Overlay::Board { top: kept }) = &mut app.overlay {
        *kept = top;
    }
    let mut title = " leaderboard".to_owned();
    if app.votes.wanted.simulated {
        title.push_str(" · simulated");
    }
    if app.votes.wanted.voters != Voters::People {
        title.push_str(" · what judges say");
    }
    if app.votes.wanted.blind_only {
        title.push_str(" · blind votes only");
    }
    if !app.votes.wanted.tags.is_empty() {
        title.push_str(" · ");
        title.push_str(&hashed(&app.votes.wanted.tags));
    }
    let whose = if app.votes.wanted.voters == Voters::People { "v judges" } else { "v your votes" };
    let keys = app.notice.as_ref().map_or_else(
        || format!("{whose} · b blind only · t this session's tags · j k scroll · others close"),
        |(notice, _)| clean_line(notice),
    );
    let buffer = frame.buffer_mut();
    theme.wipe(buffer, area);
    Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.focus)
        .title_top(Line::styled(format!("{} ", cut(&title, room)), theme.text))
        .title_bottom(Line::styled(format!(" {} ", cut(&keys, room)), theme.faint))
        .render(area, buffer);
    for (line, y) in lines.into_iter().skip(top).take(inner).zip(area.y + 1..) {
        put(buffer, Rect { x: area.x + 2, y, width: area.width.saturating_sub(4), height: 1 }, line);
    }
}

fn lines(app: &App, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let faint = |text: &str| Line::styled(cut(text, room), theme.faint);
    let sheet = match &app.votes.sheet {
        None => return vec![faint("counting …")],
        Some(Err(why)) => return vec![Line::styled(cut(&clean_line(why), room), theme.bad)],
        Some(Ok(sheet)) => sheet,
    };
    let board = &sheet.board;
    let mut out = Vec::new();
    if board.standings.is_empty() {
        if app.votes.wanted.voters != Voters::People {
            let key = app.keymap.first("judge");
            return vec![faint(&format!("no judge has compared anything yet: {key} asks one"))];
        }
        let keys = [("vote", "this answer wins"), ("vote-tie", "a tie"), ("vote-bad", "all bad")];
        let keys: Vec<String> =
            keys.iter().map(|(name, word)| format!("{} {word}", app.keymap.first(name))).collect();
        out.push(faint(&format!("no votes yet: {}", keys.join(" · "))));
    } else {
        out.push(faint(&said(board, &sheet.judges)));
        out.push(Line::default());
        out.push(faint(&format!(
            "    {:>5}  {:<11}  {:>4} {:>4} {:>4} {:>4}  endpoint",
            "score", "95 %", "won", "lost", "tied", "bad"
        )));
    }
    let mut group = 0;
    let mut place = 0;
    for standing in &board.standings {
        if standing.group != group {
            (group, place) = (standing.group, 0);
            let words = if standing.unranked {
                "never compared"
            } else {
                "not compared with those above: no vote connects them"
            };
            out.push(faint(&format!("── {words} ──")));
        }
        place += 1;
        out.push(row(standing, place, theme, room));
        if standing.told == Told::Ahead {
            out.push(faint(&format!("{:8}· {}", "", standing.told.words())));
        }
    }
    if board.standings.iter().any(|s| s.told == Told::NotEnough) {
        out.push(faint("nothing between two rows: not enough votes to tell which is better"));
    }
    for remark in &sheet.remarks {
        out.push(Line::styled(cut(&clean_line(remark), room), theme.warn));
    }
    out
}

/// `41 votes (30 blind); 3 times all bad, which compares nothing`; of judges, who they are.
#[must_use]
pub fn said(board: &Board, judges: &[String]) -> String {
    let s = |n: usize| if n == 1 { "" } else { "s" };
    if !judges.is_empty() {
        let names: Vec<String> = judges.iter().map(|spec| clean_line(spec)).collect();
        return format!("{} pair{} judged by {}", board.votes, s(board.votes), names.join(", "));
    }
    let bad = match board.bad {
        0 => String::new(),
        n => format!("; {n} time{} all bad, which compares nothing", s(n)),
    };
    format!("{} vote{} ({} blind){bad}", board.votes, s(board.votes), board.blind)
}

fn row(s: &Standing, place: usize, theme: &Theme, room: usize) -> Line<'static> {
    let (score, interval) = if s.unranked {
        ("–".to_owned(), String::new())
    } else {
        (format!("{:.0}", s.score), format!("{:.0} – {:.0}", s.low, s.high))
    };
    let counts = format!("{:>4} {:>4} {:>4} {:>4}  ", s.won, s.lost, s.tied, s.bad);
    let name = clean_line(&s.name);
    let left = room.saturating_sub(46);
    let named = cut(&name, left);
    let spec = if left > named.chars().count() + 4 {
        format!(" · {}", cut(&clean_line(&s.spec), left - named.chars().count() - 3))
    } else {
        String::new()
    };
    Line::from(vec![
        Span::styled(if s.unranked { "    ".to_owned() } else { format!("{place:>3} ") }, theme.faint),
        Span::styled(format!("{score:>5}  "), theme.accent),
        Span::styled(format!("{interval:<11}  "), theme.text),
        Span::styled(counts, theme.text),
        Span::styled(named, theme.text),
        Span::styled(spec, theme.faint),
    ])
}

/// Writes and reads votes away from the screen's thread.
pub(super) fn ask(effect: Effect, file: Option<VoteFile>, told: impl Fn(Event) + Send + 'static) {
    std::thread::spawn(move || {
        let nowhere = || "there is no place for votes: set HOME, or BAKEOFF_DATA to a directory".to_owned();
        let event = match effect {
            Effect::Vote { vote, prompt } => {
                let kept = file.ok_or_else(nowhere).and_then(|file| file.add(*vote, &prompt));
                let Err(why) = kept else { return };
                Event::Said(format!("the vote is not kept: {why}"))
            }
            Effect::Board(wanted) => {
                let read = file.ok_or_else(nowhere).and_then(|file| file.read());
                Event::Board(read.map(|v| Sheet {
                    board: v.board(&wanted),
                    judges: v.judges(&wanted).into_iter().map(str::to_owned).collect(),
                    remarks: v.remarks,
                }))
            }
            _ => return,
        };
        told(event);
    });
}
