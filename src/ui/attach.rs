//! Files that go with the prompt: read elsewhere ([`Effect::ReadFiles`]), shown while it is
//! written, and waited for when it is sent.
//!
//! ```text
//!  draft changes --new @name--> Effect::ReadFiles --> Event::FilesRead --> border, estimate
//!  enter ; > --@name--> Effect::ReadFiles --> Event::FilesRead --all there--> sent
//!                                                  \--one cannot be had--> the prompt comes back
//! ```

use ratatui::text::{Line, Span};

use super::app::{App, Effect};
use super::ink::cut;
use super::sending::{Asked, Plan};
use super::system;
use super::theme::Theme;
use crate::model::Attachment;
use crate::model::Endpoint;
use crate::model::Origin;
use crate::model::Reference;
use crate::model::attached;
use crate::model::clean_line;
use crate::model::references;

/// A file, nothing of that name, or why it cannot be attached.
pub type Found = Result<Option<Attachment>, String>;

/// Bytes up to which a draft's files are looked at while it is written: a longer one is a paste,
/// and is looked at when it is sent.
const MOST_FOLLOWED: usize = 50_000;

/// What is sent once the files that it names are read.
#[derive(Debug)]
pub(super) enum Waits {
    /// A prompt that has left its field.
    Prompt(Box<Asked>),
    /// A case, or all that remain, of the prompt that stays in its field.
    Case(Vec<Asked>),
    Cases(Vec<Asked>),
}

impl Waits {
    fn all(&self) -> &[Asked] {
        match self {
            Self::Prompt(asked) => std::slice::from_ref(asked),
            Self::Case(all) | Self::Cases(all) => all,
        }
    }

    fn is_of_cases(&self) -> bool {
        self.all().iter().any(|asked| asked.filled.as_ref().is_some_and(|f| f.case.is_some()))
    }

    /// The text that names the files: as it was written, because a value must not choose files of
    /// this machine. It is the same of every case.
    fn written(&self) -> &str {
        self.all().first().map_or("", |asked| asked.question.as_str())
    }
}

#[derive(Debug)]
struct Order {
    number: u64,
    waits: Waits,
    /// As it was when the key was pressed.
    endpoints: Vec<Endpoint>,
}

/// What is being read, and what was.
#[derive(Debug, Default)]
pub struct Attaching {
    /// What waits for its files, and who is asked then.
    order: Option<Order>,
    /// What the draft names, as it was when it was written.
    known: Vec<(Reference, Found)>,
    in_flight: Option<u64>,
    last: u64,
}

impl Attaching {
    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// The draft's files.
    pub(super) fn files(&self) -> Vec<Attachment> {
        distinct(self.known.iter().filter_map(|(_, found)| found.as_ref().ok().cloned().flatten()))
    }
}

/// Each file once: a sentence may name it twice in different ways.
fn distinct(files: impl Iterator<Item = Attachment>) -> Vec<Attachment> {
    let mut kept: Vec<Attachment> = Vec::new();
    for file in files {
        if !kept.iter().any(|k| k.name() == file.name()) {
            kept.push(file);
        }
    }
    kept
}

impl App {
    /// Puts a text into the prompt, behind what stands there, without sending it.
    pub fn draft(&mut self, text: &str) -> Vec<Effect> {
        let before = self.editor.text();
        let air = if before.is_empty() || text.is_empty() { "" } else { " " };
        self.editor.set_text(&format!("{before}{air}{text}"));
        self.read_draft();
        self.weigh_draft();
        std::mem::take(&mut self.effects)
    }

    /// Looks at the draft's names that are new; forgets those that are gone.
    pub(super) fn read_draft(&mut self) {
        let field = self.prompt_field();
        let long = field.len() > MOST_FOLLOWED;
        let named = if long { Vec::new() } else { references(&field.text()) };
        self.attaching.known.retain(|(reference, _)| named.contains(reference));
        let known = |reference: &Reference| self.attaching.known.iter().any(|(k, _)| k == reference);
        let new: Vec<_> = named.into_iter().filter(|reference| !known(reference)).collect();
        if new.is_empty() || self.attaching.in_flight.is_some() {
            return;
        }
        let number = self.attaching.number();
        self.attaching.in_flight = Some(number);
        self.effects.push(Effect::ReadFiles { number, files: new });
    }

    /// Sends what names no file, or lets it wait for those that it names.
    pub(super) fn send_when_read(&mut self, waits: Waits) {
        let files = references(waits.written());
        // The same lineup for all, brought together once.
        let endpoints = self.levelled();
        if files.is_empty() {
            self.order_all(waits, &endpoints, &[]);
            return;
        }
        let number = self.attaching.number();
        self.attaching.order = Some(Order { number, waits, endpoints });
        self.effects.push(Effect::ReadFiles { number, files });
    }

    /// Whether a case waits for its files.
    pub(super) fn reads_for_a_case(&self) -> bool {
        self.attaching.order.as_ref().is_some_and(|order| order.waits.is_of_cases())
    }

    fn order_all(&mut self, waits: Waits, endpoints: &[Endpoint], files: &[Attachment]) {
        let plan = |asked| self.plan_for(endpoints, asked, files);
        let plan = match waits {
            Waits::Prompt(asked) => plan(*asked),
            Waits::Cases(all) => Plan::Cases(all.into_iter().map(plan).collect()),
            Waits::Case(mut all) => match all.pop() {
                Some(asked) => plan(asked),
                None => return,
            },
        };
        self.order(plan);
    }

    /// A prompt that has left its field stands in it again.
    fn take_back(&mut self, waits: Waits) {
        if let Waits::Prompt(asked) = waits {
            self.give_back(&asked.question, asked.origin, asked.system);
        }
    }

    /// Whether a prompt waits for its files; then nothing else is sent before it.
    pub(super) fn is_reading(&mut self) -> bool {
        let reading = self.attaching.order.is_some();
        if reading {
            self.say("the files of the last prompt are still being read; ctrl+c gives it back");
        }
        reading
    }

    /// Files that were read: for the draft, or for a prompt that waits for them.
    pub(super) fn files_read(&mut self, number: u64, found: Vec<(Reference, Found)>) {
        if self.attaching.in_flight == Some(number) {
            self.attaching.in_flight = None;
            self.attaching.known.extend(found);
            // The draft may have changed meanwhile.
            self.read_draft();
            self.weigh_draft();
            return;
        }
        let Some(order) = self.attaching.order.take_if(|order| order.number == number) else { return };
        let Order { waits, endpoints, .. } = order;
        // Something else may have been asked for meanwhile.
        let origin = waits.all().first().map(|asked| asked.origin);
        if origin.is_some_and(|origin| self.must_wait(origin)) {
            self.take_back(waits);
            return;
        }
        let faults: Vec<_> = found.iter().filter_map(|(_, found)| found.as_ref().err()).collect();
        if let Some(first) = faults.first() {
            let more = faults.len() - 1;
            let rest = if more == 0 { String::new() } else { format!(" ({more} more cannot be attached)") };
            let said = format!("not sent: {first}{rest}");
            self.take_back(waits);
            self.say(said);
            return;
        }
        let missed: Vec<_> = found
            .iter()
            .filter(|(reference, found)| matches!(found, Ok(None)) && reference.looks_like_a_path())
            .map(|(reference, _)| format!("@{}", clean_line(&reference.name)))
            .collect();
        let files = distinct(found.into_iter().filter_map(|(_, found)| found.ok().flatten()));
        self.notice = None;
        self.order_all(waits, &endpoints, &files);
        if !missed.is_empty() {
            let sent = self.notice.take().map(|(said, _)| format!("{said} · ")).unwrap_or_default();
            let are = if missed.len() == 1 { "it is" } else { "they are" };
            self.say(format!("{sent}no such file: {}; {are} sent as text", missed.join(", ")));
        }
    }

    /// Gives a prompt back that waits for its files; whether there was one.
    pub(super) fn stop_reading(&mut self) -> bool {
        let Some(Order { waits, .. }) = self.attaching.order.take() else { return false };
        // A disk that hangs hangs for the draft as well.
        self.attaching.in_flight = None;
        self.take_back(waits);
        self.say("not sent: its files were still being read");
        true
    }

    /// Puts a prompt that was not sent back; what was written meanwhile stands below it.
    pub(super) fn give_back(&mut self, question: &str, origin: Origin, system: Option<String>) {
        self.unsend(question, origin, system);
        self.read_draft();
        self.weigh_draft();
    }

    /// The prompt's upper border: what it is and what goes with it, then what it may cost. The
    /// files give way to their number before the cost gives way, and the mode goes first.
    pub(super) fn prompt_titles(
        &self,
        theme: &Theme,
        width: u16,
        room: usize,
    ) -> (Line<'static>, Line<'static>) {
        let (word, title, mode, tail) = system::title(self, theme, width);
        let mode = mode.as_str();
        let left = |mode: &str, files: &str, fine: bool| {
            let (mode, files) = (clean_line(mode), clean_line(files));
            let mut left = Line::from(Span::styled(word, title));
            if let Some(mode) = self.editor.mode() {
                left.push_span(Span::styled(format!(" · {mode}"), theme.accent));
            }
            for (words, style) in [(mode, theme.faint), (files, if fine { theme.accent } else { theme.warn })]
            {
                if !words.is_empty() {
                    left.push_span(Span::styled(" · ", theme.faint));
                    left.push_span(Span::styled(words, style));
                }
            }
            for span in &tail {
                left.push_span(span.clone());
            }
            left.push_span(Span::raw(" "));
            left
        };
        let cost = |left: &Line| self.draft_cost(room.saturating_sub(left.width() + 3));
        let priced = |cost: Option<String>| {
            let line = cost.map_or_else(Line::default, |cost| Line::styled(format!(" {cost} "), theme.text));
            line.right_aligned()
        };
        let Some((files, fine)) = self.draft_files() else {
            let left = left(mode, "", true);
            let cost = cost(&left);
            return (left, priced(cost));
        };
        let short = match self.attaching.files().len() {
            n if fine && n > 0 => format!("{n} file{} attached", if n == 1 { "" } else { "s" }),
            _ => files.clone(),
        };
        let wanted = self.draft_cost(usize::MAX).is_some();
        let tries = [(mode, &files), ("", &files), (mode, &short), ("", &short)];
        let fitting = tries.into_iter().map(|(mode, files)| left(mode, files, fine)).find_map(|left| {
            let cost = cost(&left);
            (left.width() <= room && (cost.is_some() || !wanted)).then_some((left, cost))
        });
        let (left, cost) = fitting.unwrap_or_else(|| {
            // Where one of them has room it is what the user has done, not what it may cost.
            (left("", &cut(&clean_line(&files), room.saturating_sub(12)), fine), None)
        });
        (left, priced(cost))
    }

    /// What would leave with the draft, or why it cannot; and whether that is so.
    fn draft_files(&self) -> Option<(String, bool)> {
        if let Some(order) = &self.attaching.order {
            let n = references(order.waits.written()).len();
            return Some((format!("reading {n} file{}", if n == 1 { "" } else { "s" }), true));
        }
        // While a name is being chosen, its beginning need not be a file.
        if self.completes() {
            return None;
        }
        let fault = self.attaching.known.iter().find_map(|(_, found)| found.as_ref().err());
        if let Some(fault) = fault {
            return Some((fault.clone(), false));
        }
        let files = self.attaching.files();
        (!files.is_empty()).then(|| (attached(&files), true))
    }
}
