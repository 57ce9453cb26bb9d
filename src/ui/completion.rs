//! File names behind an `@` in the prompt: a list over the prompt that narrows as one types.
//! Directories are read elsewhere ([`Effect::ListFiles`]); here is what was read and chosen.

use std::cmp::Reverse;

use crossterm::event::KeyCode;
use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::app::{App, Effect};
use super::command::Focus;
use super::ink::{cut, put};
use super::key::Key;
use super::theme::Theme;
use crate::model::begins_word;
use crate::model::bytes;
use crate::model::reference;
use crate::store::Listed;

/// Names in view at once; the rest is reached by the arrows or by typing more.
const MOST_ROWS: usize = 8;

/// Columns of the list where there is room for them.
const WIDTH: u16 = 60;

/// A name that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Open {
    /// The line up to its `@`: whether it is the same one as before.
    before: String,
    /// Characters behind the `@`, as they stand there.
    chars: usize,
    quoted: bool,
    /// Up to the last slash, with it; empty for the working directory.
    directory: String,
    partial: String,
}

impl Open {
    /// The name that ends where the cursor stands, in the text of its line before the cursor.
    fn at(head: &str) -> Option<Self> {
        let (at, written) = head.rmatch_indices('@').find_map(|(at, _)| {
            let begins = begins_word(head.get(..at)?.chars().next_back());
            let written = head.get(at + 1..)?;
            let open = match written.strip_prefix('"') {
                Some(inside) => closing_quote(inside).is_none(),
                None => !written.contains(char::is_whitespace),
            };
            (begins && open).then_some((at, written))
        })?;
        let (quoted, name) = match written.strip_prefix('"') {
            Some(inside) => (true, inside.replace("\\\"", "\"").replace("\\\\", "\\")),
            None => (false, written.to_owned()),
        };
        let slash = name.rfind('/').map_or(0, |at| at + 1);
        let (directory, partial) = name.split_at_checked(slash)?;
        Some(Self {
            before: head.get(..at)?.to_owned(),
            chars: written.chars().count(),
            quoted,
            directory: directory.to_owned(),
            partial: partial.to_owned(),
        })
    }

    /// What stands in its place once an entry is taken. A directory stays open: there is more to
    /// choose in it.
    fn with(&self, entry: &Listed) -> String {
        let name = format!("{}{}", self.directory, entry.name);
        let whole = reference(&name);
        if !entry.directory {
            return format!("{whole} ");
        }
        match whole.strip_suffix('"').filter(|_| whole.starts_with("@\"")) {
            Some(open) => format!("{open}/"),
            None if self.quoted => format!("@\"{name}/"),
            None => format!("{whole}/"),
        }
    }
}

fn closing_quote(inside: &str) -> Option<usize> {
    let mut escaped = false;
    inside.char_indices().find_map(|(at, c)| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes.then_some(at)
    })
}

/// The list and what it is a list of.
#[derive(Default)]
pub struct Completion {
    open: Option<Open>,
    /// The name for which it was put away.
    dismissed: Option<String>,
    /// The directory that was read, and what is in it.
    listing: Option<(String, Result<Vec<Listed>, String>)>,
    in_flight: Option<u64>,
    last: u64,
    /// Indices into the listing, the best first.
    found: Vec<usize>,
    chosen: usize,
    matcher: Option<Box<Matcher>>,
}

impl Completion {
    /// Follows the text before the cursor; gives a directory that is to be read.
    fn follow(&mut self, head: &str) -> Option<(u64, String)> {
        let open = Open::at(head);
        if open != self.open {
            self.chosen = 0;
            let same = open.as_ref().map(|o| &o.before) == self.open.as_ref().map(|o| &o.before);
            if !same {
                // Another name, or none: what was read is old by the next time.
                (self.dismissed, self.listing) = (None, None);
            }
            self.open = open;
            self.narrow();
        }
        self.wanted()
    }

    fn wanted(&mut self) -> Option<(u64, String)> {
        let open = self.open.as_ref()?;
        let known = self.listing.as_ref().is_some_and(|(directory, _)| *directory == open.directory);
        if known || self.in_flight.is_some() || self.dismissed.is_some() {
            return None;
        }
        self.last += 1;
        self.in_flight = Some(self.last);
        Some((self.last, open.directory.clone()))
    }

    /// Takes a directory's entries; gives the one to be read next, where that has changed.
    fn listed(
        &mut self,
        number: u64,
        directory: String,
        entries: Result<Vec<Listed>, String>,
    ) -> Option<(u64, String)> {
        if self.in_flight != Some(number) {
            return None;
        }
        self.in_flight = None;
        self.listing = Some((directory, entries));
        self.narrow();
        self.wanted()
    }

    fn narrow(&mut self) {
        self.found.clear();
        let (Some(open), Some((directory, Ok(entries)))) = (&self.open, &self.listing) else { return };
        if *directory != open.directory {
            return;
        }
        // Hidden files are for those who ask for them.
        let hidden = open.partial.starts_with('.');
        let atom =
            Atom::new(&open.partial, CaseMatching::Smart, Normalization::Smart, AtomKind::Fuzzy, false);
        let matcher = self.matcher.get_or_insert_with(|| {
            let mut config = Config::DEFAULT;
            config.prefer_prefix = true;
            Box::new(Matcher::new(config))
        });
        let mut buffer = Vec::new();
        let score = |(at, entry): (usize, &Listed)| {
            if entry.name.starts_with('.') != hidden {
                return None;
            }
            let score = atom.score(Utf32Str::new(&entry.name, &mut buffer), matcher)?;
            Some((Reverse(score), at))
        };
        let mut found: Vec<_> = entries.iter().enumerate().filter_map(score).collect();
        found.sort_unstable();
        self.found = found.into_iter().map(|(_, at)| at).collect();
    }

    fn entries(&self) -> &[Listed] {
        match &self.listing {
            Some((_, Ok(entries))) => entries,
            _ => &[],
        }
    }

    /// Whether there is something to choose. A name that is a file's whole name needs no list:
    /// enter then sends.
    fn is_up(&self) -> bool {
        let Some(open) = self.open.as_ref().filter(|_| self.dismissed.is_none()) else { return false };
        let whole =
            |at: &usize| self.entries().get(*at).is_some_and(|e| !e.directory && e.name == open.partial);
        !self.found.is_empty() && !self.found.iter().any(whole)
    }

    fn step(&mut self, down: bool) {
        let count = self.found.len().max(1);
        self.chosen = if down { (self.chosen + 1) % count } else { (self.chosen + count - 1) % count };
    }

    /// Characters before the cursor that give way, and what stands there instead.
    fn take(&self) -> Option<(usize, String)> {
        let open = self.open.as_ref()?;
        let entry = self.found.get(self.chosen).and_then(|at| self.entries().get(*at))?;
        Some((open.chars + 1, open.with(entry)))
    }
}

impl App {
    /// Whether the list of files has the arrows, tab, enter and esc.
    pub(super) fn completes(&self) -> bool {
        self.focus == Focus::Prompt && self.overlay.is_none() && self.completion.is_up()
    }

    /// Begins the name of a file where the prompt's cursor stands.
    pub(super) fn attach(&mut self) -> bool {
        self.focus = Focus::Prompt;
        let apart = begins_word(self.editor.head().chars().next_back());
        self.editor.replace_head(0, if apart { "@" } else { " @" });
        true
    }

    /// Follows the prompt's cursor.
    pub(super) fn complete(&mut self) {
        let head = if self.focus == Focus::Prompt { self.editor.head() } else { String::new() };
        let wanted = self.completion.follow(&head);
        self.list_files(wanted);
    }

    pub(super) fn files_listed(
        &mut self,
        number: u64,
        directory: String,
        entries: Result<Vec<Listed>, String>,
    ) {
        if let Err(why) = &entries {
            self.say(why.clone());
        }
        let wanted = self.completion.listed(number, directory, entries);
        self.list_files(wanted);
    }

    fn list_files(&mut self, wanted: Option<(u64, String)>) {
        self.effects.extend(wanted.map(|(number, directory)| Effect::ListFiles { number, directory }));
    }

    /// A key while the list is up; whether it was the list's.
    pub(super) fn completion_key(&mut self, key: Key) -> bool {
        if !self.completes() || !key.modifiers.is_empty() {
            return false;
        }
        match key.code {
            KeyCode::Down => self.completion.step(true),
            KeyCode::Up => self.completion.step(false),
            KeyCode::Tab | KeyCode::Enter => {
                if let Some((chars, text)) = self.completion.take() {
                    self.editor.replace_head(chars, &text);
                }
            }
            KeyCode::Esc => {
                self.completion.dismissed = self.completion.open.as_ref().map(|o| o.before.clone());
            }
            _ => return false,
        }
        true
    }
}

/// Over the panes, right above the prompt.
pub(super) fn draw(app: &App, theme: &Theme, frame: &mut Frame, prompt: Rect) {
    let Some(open) = app.completion.open.as_ref().filter(|_| app.completes()) else { return };
    let completion = &app.completion;
    let all = completion.found.len();
    let rows = all.min(MOST_ROWS).min(usize::from(prompt.y.saturating_sub(2)));
    let height = u16::try_from(rows + 2).unwrap_or(0);
    if rows == 0 || prompt.width < 20 {
        return;
    }
    let area = Rect {
        x: prompt.x + 1,
        y: prompt.y.saturating_sub(height),
        width: WIDTH.min(prompt.width.saturating_sub(2)),
        height,
    };
    let place = if open.directory.is_empty() { String::new() } else { format!(" in {}", open.directory) };
    let room = usize::from(area.width.saturating_sub(4));
    let keys = if completion.chosen + 1 > rows || all > rows {
        format!("{} of {all} · tab takes · esc closes", completion.chosen + 1)
    } else {
        "↑↓ choose · tab takes · esc closes".to_owned()
    };
    let buffer = frame.buffer_mut();
    Clear.render(area, buffer);
    Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.border)
        .title_top(Line::styled(format!(" {} ", cut(&format!("attach a file{place}"), room)), theme.text))
        .title_bottom(Line::styled(format!(" {} ", cut(&keys, room)), theme.faint))
        .render(area, buffer);
    // The chosen one stays in view.
    let top = (completion.chosen + 1).saturating_sub(rows);
    let shown = completion.found.iter().enumerate().skip(top).take(rows);
    for ((at, entry), y) in shown.zip(area.y + 1..) {
        let Some(entry) = completion.entries().get(*entry) else { continue };
        let line = Rect { x: area.x + 1, y, width: area.width.saturating_sub(2), height: 1 };
        let size = if entry.directory { String::new() } else { bytes(entry.size) };
        let slash = if entry.directory { "/" } else { "" };
        let name_room = usize::from(line.width).saturating_sub(size.width() + 3);
        let name = format!(" {}{slash}", cut(&entry.name, name_room));
        let gap = usize::from(line.width).saturating_sub(name.width() + size.width() + 1);
        let (name_style, size_style) = if at == completion.chosen {
            (theme.selection, theme.selection)
        } else {
            (theme.text, theme.faint)
        };
        let spans = [
            Span::styled(name, name_style),
            Span::styled(" ".repeat(gap), name_style),
            Span::styled(format!("{size} "), size_style),
        ];
        put(buffer, line, Line::from(spans.to_vec()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(names: &[&str]) -> Vec<Listed> {
        let entry = |name: &&str| Listed {
            name: name.trim_end_matches('/').to_owned(),
            directory: name.ends_with('/'),
            size: 1,
        };
        names.iter().map(entry).collect()
    }

    /// The names that are offered for a text before the cursor.
    fn offered(completion: &mut Completion, head: &str, there: &[&str]) -> Vec<String> {
        if let Some((number, directory)) = completion.follow(head) {
            completion.listed(number, directory, Ok(listed(there)));
        }
        if !completion.is_up() {
            return Vec::new();
        }
        completion.found.iter().map(|at| completion.entries()[*at].name.clone()).collect()
    }

    #[test]
    fn a_name_is_open_where_the_cursor_stands_behind_it() {
        for (head, want) in [
            ("@", Some(("", "", false))),
            ("see @no", Some(("", "no", false))),
            ("see (@src/ma", Some(("src/", "ma", false))),
            ("@~/x/", Some(("~/x/", "", false))),
            ("@\"a b", Some(("", "a b", true))),
            ("@\"d/a \\\"q", Some(("d/", "a \"q", true))),
            ("@\"a b\" ", None),
            ("@a ", None),
            ("a@b", None),
            ("\\@b", None),
            ("no at", None),
        ] {
            let open = Open::at(head);
            let got = open.as_ref().map(|o| (o.directory.as_str(), o.partial.as_str(), o.quoted));
            assert_eq!(got, want, "{head:?}");
        }
    }

    #[test]
    fn the_list_narrows_and_hides_what_begins_with_a_dot() {
        let there = ["src/", ".git/", ".env", "chart.png", "notes.md", "notes.txt"];
        let mut completion = Completion::default();
        let mut offered = |head: &str| offered(&mut completion, head, &there);
        assert_eq!(offered("@"), ["src", "chart.png", "notes.md", "notes.txt"]);
        assert_eq!(offered("@nt"), ["notes.txt", "notes.md"], "fuzzy, the best first");
        assert_eq!(offered("@notes.m"), ["notes.md"]);
        assert_eq!(offered("@notes.md"), [""; 0], "a whole name leaves enter to the prompt");
        assert_eq!(offered("@."), [".git", ".env"]);
        assert_eq!(offered("@zzz"), [""; 0]);
        assert_eq!(offered("@src"), ["src"], "a directory can be gone into");
    }

    #[test]
    fn each_directory_is_read_once_and_one_at_a_time() {
        let mut completion = Completion::default();
        assert_eq!(completion.follow("@"), Some((1, String::new())));
        assert_eq!(completion.follow("@s"), None, "it is being read");
        assert_eq!(completion.follow("@src/"), None);
        assert_eq!(completion.listed(1, String::new(), Ok(listed(&["src/"]))), Some((2, "src/".into())));
        assert_eq!(completion.listed(1, String::new(), Ok(Vec::new())), None, "an old answer");
        assert_eq!(completion.listed(2, "src/".into(), Ok(listed(&["main.rs"]))), None);
        assert!(completion.is_up());
        assert_eq!(completion.take(), Some((5, "@src/main.rs ".into())));
        assert_eq!(completion.follow(""), None);
        assert_eq!(completion.follow("@src/"), Some((3, "src/".into())), "the next time it is read anew");
    }

    #[test]
    fn names_that_need_quotes_get_them() {
        let taken = |head: &str, entry: &str| {
            let mut completion = Completion::default();
            offered(&mut completion, head, &[entry]);
            completion.take().unwrap()
        };
        assert_eq!(taken("@my", "my notes.md"), (3, "@\"my notes.md\" ".into()));
        assert_eq!(taken("@my", "my dir/"), (3, "@\"my dir/".into()));
        assert_eq!(taken("@\"my dir/no", "notes.md"), (11, "@\"my dir/notes.md\" ".into()));
        assert_eq!(taken("@\"s", "src/"), (3, "@\"src/".into()));
        assert_eq!(taken("@s", "src/"), (2, "@src/".into()));
        assert_eq!(taken("@q", "q\"uote.txt"), (2, "@\"q\\\"uote.txt\" ".into()));
    }
}
