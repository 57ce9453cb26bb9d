//! Asking without a screen: every endpoint once, or so many times in rotated order.

use std::io::{IsTerminal, Write};
use std::pin::Pin;

use tokio::sync::mpsc::UnboundedReceiver;

use super::shelf::RunShelf;
use crate::engine::Engine;
use crate::model::Answer;
use crate::model::AnswerId;
use crate::model::Lane;
use crate::model::Lineup;
use crate::model::Outcome;
use crate::model::Phase;
use crate::model::Prompt;
use crate::model::Ran;
use crate::model::Report;
use crate::model::Rotation;
use crate::model::clean_line;
use crate::store::Run;

/// How a prompt is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Repeats {
    /// Of each endpoint.
    pub(super) trials: usize,
    /// A nonce before each.
    pub(super) nonce: bool,
    pub(super) quiet: bool,
}

impl Repeats {
    /// The prompt of one run.
    pub(super) fn prompt(self, prompt: &Prompt) -> Prompt {
        prompt.clone().with_nonce(self.nonce.then(|| format!("{:08x}", fastrand::u32(..))))
    }
}

/// Who has which run now.
struct Asking<'a> {
    engine: &'a Engine,
    /// Number of the first answer among all of the command.
    first: u64,
    label: &'a str,
    how: Repeats,
    shelf: Option<&'a mut RunShelf>,
    runs: Vec<Run>,
    /// The index of its open run, for each endpoint.
    open: Vec<Option<usize>>,
    rotation: Rotation,
    progress: bool,
}

/// Asks all; gives every run in the order of trials, then of the lineup, and whether the user
/// ended it. Answers are numbered from `first` on; `label` stands before each line of progress.
pub(super) async fn ask(
    engine: &Engine,
    (reports, first): (&mut UnboundedReceiver<Report>, u64),
    (lineup, prompt, how): (&Lineup, &Prompt, Repeats),
    label: &str,
    shelf: Option<&mut RunShelf>,
    mut interrupt: Pin<&mut impl Future<Output = std::io::Result<()>>>,
) -> (Vec<Run>, bool) {
    let count = lineup.endpoints.len();
    let mut asking = Asking {
        engine,
        first,
        label,
        how,
        shelf,
        runs: Vec::new(),
        open: vec![None; count],
        rotation: Rotation::new(count, how.trials),
        progress: !how.quiet && std::io::stderr().is_terminal(),
    };
    let mut interrupted = false;
    loop {
        asking.send(lineup, prompt);
        if asking.open.iter().all(Option::is_none) && asking.rotation.is_sent() {
            break;
        }
        let report = tokio::select! {
            report = reports.recv() => report,
            _ = &mut interrupt, if !interrupted => {
                interrupted = true;
                asking.stop();
                continue;
            }
        };
        let Some(report) = report else { break };
        asking.take(report);
    }
    let place = |run: &Run| lineup.endpoints.iter().position(|e| e.name == run.endpoint.name);
    asking.runs.sort_by_key(|run| (run.trial, place(run)));
    (asking.runs, interrupted)
}

impl Asking<'_> {
    fn lane(&self, at: usize) -> Lane {
        let run = self.open.get(at).copied().flatten().and_then(|n| self.runs.get(n));
        match run.map(|run| run.answer.phase) {
            None => Lane::Free,
            // Where nothing is repeated there is no order to keep: all leave at once.
            Some(Phase::Queued) if self.how.trials > 1 => Lane::Preparing,
            Some(_) => Lane::Sent,
        }
    }

    /// Launches whoever may be asked now.
    fn send(&mut self, lineup: &Lineup, prompt: &Prompt) {
        loop {
            let mut rotation = std::mem::replace(&mut self.rotation, Rotation::new(0, 0));
            let next = rotation.next(|at| self.lane(at));
            self.rotation = rotation;
            let Some((at, endpoint)) = next.and_then(|at| Some((at, lineup.endpoints.get(at)?))) else {
                return;
            };
            let number = self.runs.len();
            let prompt = self.how.prompt(prompt);
            let trial = 1 + self.runs.iter().filter(|run| run.endpoint.name == endpoint.name).count();
            let run = Run {
                endpoint: endpoint.clone(),
                answer: Answer::new(endpoint.simulated),
                trial,
                prompt: prompt.clone(),
            };
            let id = self.first + number as u64;
            if let Some(open) = self.open.get_mut(at) {
                *open = Some(number);
            }
            match &mut self.shelf {
                Some(place) => {
                    let kept = place.asked(id, at, &run);
                    self.engine.launch_after(kept, AnswerId(id), endpoint.clone(), prompt);
                }
                None => self.engine.launch(AnswerId(id), endpoint.clone(), prompt),
            }
            self.runs.push(run);
        }
    }

    fn take(&mut self, report: Report) {
        let number = report.id.0.checked_sub(self.first).and_then(|n| usize::try_from(n).ok());
        let number = number.unwrap_or(usize::MAX);
        let due = self.shelf.as_mut().is_some_and(|shelf| shelf.is_due(&report));
        let Some(run) = self.runs.get_mut(number) else { return };
        run.answer.apply(report.at, report.step);
        if let Some(shelf) = self.shelf.as_mut().filter(|_| due) {
            let (runs, first) = (&self.runs, self.first);
            shelf.keep(|id| Some(&runs.get(usize::try_from(id.checked_sub(first)?).ok()?)?.answer));
        }
        let Some(run) = self.runs.get_mut(number) else { return };
        if !run.answer.is_over() {
            return;
        }
        let Some(at) = self.open.iter().position(|open| *open == Some(number)) else { return };
        if let Some(open) = self.open.get_mut(at) {
            *open = None;
        }
        let name = clean_line(&run.endpoint.name);
        let fault = run.answer.fault.as_ref();
        let hopeless = fault.is_some_and(|f| !f.class.retry_may_help());
        let left_out = self.rotation.ended(at, if hopeless { Ran::Hopeless } else { Ran::Through });
        if self.progress {
            let word = run.answer.outcome().map_or("", Outcome::word);
            let (over, all) = self.rotation.progress();
            let of = if self.how.trials > 1 { format!(" (trials {over}/{all})") } else { String::new() };
            let _ = writeln!(std::io::stderr(), "{}{name}: {word}{of}", self.label);
        }
        if left_out && !self.how.quiet {
            let _ = writeln!(
                std::io::stderr(),
                "bakeoff: {name} is left out from here on: it failed three times in a row, and would again"
            );
        }
    }

    /// Ends what runs and sends nothing more.
    fn stop(&mut self) {
        for at in 0..self.open.len() {
            self.rotation.leave_out(at);
        }
        self.engine.interrupt();
    }
}
