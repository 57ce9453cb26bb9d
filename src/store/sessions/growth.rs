//! How much of a running answer is kept, and what is to be added.

use std::collections::HashSet;
use std::time::Duration;

use super::write::{Growth, Save};
use crate::model::Answer;
use crate::model::Attachment;
use crate::model::Delta;
use crate::model::Place;
use crate::model::Prompt;
use crate::model::Step;
use crate::store::AnswerRecord;

/// What a kill may cost of a running answer.
pub const PACE: Duration = Duration::from_secs(1);
/// The same in bytes.
pub const MOST_UNKEPT: usize = 16 << 10;

/// About so many bytes does an arrival take.
const CHUNK: usize = 20;

/// How much of a running answer is kept.
#[derive(Debug, Default, PartialEq)]
pub struct Mark {
    text: usize,
    reasoning: usize,
    chunks: usize,
    place: Place,
    /// Bytes of the last chunk: it may have grown since.
    last: u32,
    withdrawn: u32,
    requested: bool,
}

/// What a step adds to what is not kept yet, bytes; `None` where an answer ends with it.
#[must_use]
pub fn weight(step: &Step) -> Option<usize> {
    match step {
        Step::Deltas(deltas) => {
            let bytes = |d: &Delta| match d {
                Delta::Text(text) | Delta::Reasoning(text) => text.len(),
                // What was withdrawn must not stay on the disk.
                Delta::Withdrawn(..) => MOST_UNKEPT,
                _ => 1,
            };
            Some(deltas.iter().map(bytes).sum())
        }
        Step::Ended | Step::Failed(_) | Step::Cancelled | Step::Interrupted => None,
        _ => Some(1),
    }
}

/// What has come of an answer since it was last kept; `None` where nothing has.
#[must_use]
pub fn grown(id: u64, answer: &Answer, mark: &mut Mark) -> Option<Save> {
    let chunks = &answer.timeline.chunks;
    let now = Mark {
        text: answer.text.len(),
        reasoning: answer.reasoning.len(),
        chunks: chunks.len(),
        place: chunks.place(),
        last: chunks.last().map_or(0, |c| c.bytes),
        withdrawn: answer.withdrawn,
        requested: answer.sending.is_some(),
    };
    if *mark == now && !answer.is_over() {
        return None;
    }
    // The last one may have grown since: one report may come with the stamp of the one before.
    let (kept, first) = (mark.chunks > 0, chunks.since(mark.place).next());
    let same = !kept || first.is_some_and(|c| c.bytes == mark.last);
    let anew = !same || mark.withdrawn != now.withdrawn;
    let from = if anew { Mark::default() } else { std::mem::take(mark) };
    let since = |text: &str, from: usize| text.get(from..).unwrap_or_default().to_owned();
    let mut record = AnswerRecord::head(answer);
    let request = record.request.take().filter(|_| !from.requested);
    let growth = Growth {
        record,
        request,
        said: since(&answer.text, from.text),
        thought: since(&answer.reasoning, from.reasoning),
        arrivals: AnswerRecord::arrivals(answer, from.place).skip(usize::from(from.chunks > 0)).collect(),
        anew,
        over: answer.is_over(),
        total: now.text + now.reasoning + now.chunks * CHUNK,
    };
    *mark = now;
    Some(Save::Grown { id, growth: Box::new(growth) })
}

impl Save {
    /// All of an answer at once.
    #[must_use]
    pub fn whole(id: u64, answer: &Answer) -> Option<Self> {
        grown(id, answer, &mut Mark::default())
    }
}

/// Images that are kept, by their SHA-256.
#[derive(Debug, Default)]
pub struct Pictures(HashSet<String>);

impl Pictures {
    /// The images of a question that are not kept yet.
    pub fn unkept(&mut self, prompt: &Prompt) -> Vec<Save> {
        let image = |attachment: &Attachment| {
            let image = attachment.image()?;
            let bytes = image.bytes()?;
            self.0.insert(image.sha256.clone()).then(|| Save::Picture(image.sha256.clone(), bytes.to_vec()))
        };
        prompt.attachments().iter().filter_map(image).collect()
    }
}
