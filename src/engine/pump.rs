//! One stream, from its head to its end: stamps, time limits, one report per arrival.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use tokio::time::Instant;
use tokio::time::timeout_at;

use super::Limits;
use super::dial::{Moments, Way};
use super::pulse::{Asleep, Pulse};
use super::scrub::Hidden;
use super::transport::Body;
use crate::model::AnswerId;
use crate::model::Class;
use crate::model::Delta;
use crate::model::Fault;
use crate::model::Report;
use crate::model::Stall;
use crate::model::Step;
use crate::provider::Secret;
use crate::wire::Decoder;
use crate::wire::Progress;

/// A whole body may not pass this: an endless answer is stopped, not stored.
/// 64 MiB of stream holds some 300,000 tokens in the most verbose dialect.
const MOST_BYTES: usize = 64 << 20;

/// How long a stream that has stated its end may hold back what follows (usage,
/// the closing bytes) before it is taken as ended.
const AFTER_STOP: Duration = Duration::from_secs(2);

/// Sends the reports of one answer, offset from its `t0`.
#[derive(Clone)]
pub(super) struct Reporter {
    id: AnswerId,
    out: tokio::sync::mpsc::UnboundedSender<Report>,
    t0: Arc<OnceLock<Instant>>,
    hidden: Hidden,
    way: Way,
    pulse: Arc<Mutex<Pulse>>,
}

impl Reporter {
    pub(super) fn new(id: AnswerId, out: tokio::sync::mpsc::UnboundedSender<Report>) -> Self {
        let pulse = Arc::new(Mutex::new(Pulse::new(Instant::now(), Asleep::now())));
        Self { id, out, t0: Arc::default(), hidden: Hidden::default(), way: Way::default(), pulse }
    }

    /// Where the request that is timed tells how it came to its connection.
    pub(super) fn way(&self) -> Way {
        self.way.clone()
    }

    /// Reports how far the connection came, if one was made; again when more is known.
    pub(super) fn connected(&self) {
        let moments = self.way.moments();
        if let Some(t0) = self.t0()
            && moments != Moments::default()
        {
            let phases = moments.map(|at| at.saturating_duration_since(t0));
            self.send(Instant::now(), Step::Connected(phases));
        }
    }

    /// A sign of life. What reads a stream and what watches it both give it, so that a stall
    /// is told before anything that was seen after it.
    pub(super) fn beat(&self) {
        let now = Instant::now();
        let silence = self.pulse.lock().ok().and_then(|mut pulse| pulse.beat(now, Asleep::now()));
        if let (Some(silence), Some(t0)) = (silence, self.t0()) {
            let offset = |at: Instant| at.saturating_duration_since(t0);
            let (from, to) = (offset(silence.from), offset(silence.to));
            let step = Step::Stalled(Stall { from, to, slept: silence.slept });
            let _ = self.out.send(Report { id: self.id, at: to, step });
        }
    }

    /// Keys that must not come back in anything that is reported.
    pub(super) fn hide(&self, secrets: &[Secret]) {
        self.hidden.add(secrets);
    }

    /// Now is `t0`; the first call counts.
    pub(super) fn sent(&self) {
        // What was held up before is nobody's time.
        self.beat();
        let now = Instant::now();
        if *self.t0.get_or_init(|| now) == now {
            self.send(now, Step::Sent);
        }
    }

    pub(super) fn t0(&self) -> Option<Instant> {
        self.t0.get().copied()
    }

    /// Reports a step that happened at `at`; before `t0` everything is at zero.
    pub(super) fn send(&self, at: Instant, step: Step) {
        // The socket's path reads no other clock than the stamp's while signs of life are recent.
        // After the end nothing is told any more, so that it looks once again.
        let fresh = self.pulse.lock().is_ok_and(|pulse| pulse.is_fresh(at));
        if !fresh || step == Step::Ended {
            self.beat();
        }
        let at = self.t0().map_or(Duration::ZERO, |t0| at.saturating_duration_since(t0));
        let ends = matches!(step, Step::Ended | Step::Failed(_) | Step::Cancelled | Step::Interrupted);
        let before = if ends { self.hidden.closing() } else { None };
        for step in before.into_iter().chain([self.hidden.out_of(step)]) {
            // Nobody listening means that the program is ending.
            let _ = self.out.send(Report { id: self.id, at, step });
        }
    }
}

/// What one wait brought.
pub(super) enum Arrival {
    /// Bytes or an event that arrived at this moment; the fault, if any, came after the deltas.
    Chunk { at: Instant, bytes: usize, deltas: Vec<Delta>, fault: Option<Fault> },
    /// Nothing more; without a fault the dialect had said so.
    End { at: Instant, deltas: Vec<Delta>, fault: Option<Fault> },
}

/// Where arrivals come from: bytes through a decoder, or the AWS client's events.
pub(super) trait Source: Send {
    /// Waits for the next arrival, stamped before it is parsed.
    fn next(&mut self) -> impl Future<Output = Arrival> + Send;

    fn progress(&self) -> Progress;

    /// Reads what little follows the end, so that the connection can be used again.
    fn drain(self) -> impl Future<Output = ()> + Send;
}

/// A body and what reads it.
pub(super) struct ByteSource {
    pub(super) body: Body,
    pub(super) decoder: Decoder,
}

impl Source for ByteSource {
    async fn next(&mut self) -> Arrival {
        let piece = self.body.next().await;
        // The stamp comes before any parsing.
        let at = Instant::now();
        read(piece, at, &mut self.decoder)
    }

    fn progress(&self) -> Progress {
        self.decoder.progress()
    }

    async fn drain(mut self) {
        let _ = timeout_at(Instant::now() + AFTER_STOP, async {
            while let Some(Ok(_)) = self.body.next().await {}
        })
        .await;
    }
}

fn read(piece: Option<Result<Bytes, Fault>>, at: Instant, decoder: &mut Decoder) -> Arrival {
    let mut deltas = Vec::new();
    match piece {
        Some(Ok(bytes)) => {
            let fault = decoder.push(&bytes, &mut deltas).err();
            Arrival::Chunk { at, bytes: bytes.len(), deltas, fault }
        }
        // A broken connection after the dialect's own end is an end.
        Some(Err(_)) if decoder.progress() != Progress::Open => Arrival::End { at, deltas, fault: None },
        Some(Err(fault)) => Arrival::End { at, deltas, fault: Some(fault) },
        None => {
            let fault = decoder.end(&mut deltas).err();
            Arrival::End { at, deltas, fault }
        }
    }
}

/// Which clock is running, and when it fires.
struct Watch<'a> {
    limits: &'a Limits,
    first: Duration,
    t0: Instant,
    /// The last arrival that carried text, reasoning or a fact; pings are not progress.
    progress: Option<Instant>,
    /// Text or reasoning has been seen.
    began: bool,
}

impl Watch<'_> {
    fn deadline(&self, stream: Progress) -> Instant {
        let last = self.progress.unwrap_or(self.t0);
        match stream {
            Progress::Stopped | Progress::Closed => last + AFTER_STOP,
            Progress::Open if self.began => last + self.limits.idle,
            Progress::Open => self.t0 + self.first,
        }
    }

    fn fault(&self, alive: bool) -> Fault {
        let seconds = |d: Duration| d.as_secs_f32();
        let alive = if alive { "; the connection is alive" } else { "" };
        if self.began {
            Fault::new(
                Class::Silent,
                format!("silent for {} s (idle limit){alive}", seconds(self.limits.idle)),
            )
            .hint("re-run it, or raise timeouts.idle_s")
        } else {
            Fault::new(
                Class::Silent,
                format!("no text within {} s (first-event limit){alive}", seconds(self.first)),
            )
            .hint("re-run it, or raise timeouts.first_event_s")
        }
    }
}

/// Reads a stream to its end, reporting each arrival.
///
/// # Errors
/// The fault that ended it; everything before it has been reported.
pub(super) async fn run(
    mut source: impl Source,
    reporter: &Reporter,
    limits: &Limits,
    thinks: bool,
) -> Result<(), Fault> {
    let t0 = reporter.t0().unwrap_or_else(Instant::now);
    let first = limits.first_event_for(thinks);
    let mut watch = Watch { limits, first, t0, progress: None, began: false };
    let mut taken = 0_usize;
    let mut last_byte = None;
    loop {
        let deadline = watch.deadline(source.progress());
        let Ok(arrival) = timeout_at(deadline, source.next()).await else {
            if source.progress() == Progress::Open {
                let last = watch.progress.unwrap_or(t0);
                return Err(watch.fault(last_byte.is_some_and(|at: Instant| at > last)));
            }
            reporter.send(watch.progress.unwrap_or_else(Instant::now), Step::Ended);
            return Ok(());
        };
        match arrival {
            Arrival::Chunk { at, bytes, deltas, fault } => {
                taken += bytes;
                last_byte = Some(at);
                watch.began |= deltas.iter().any(is_visible);
                if !deltas.is_empty() {
                    watch.progress = Some(at);
                }
                report(reporter, at, deltas);
                if let Some(fault) = fault {
                    return Err(fault);
                }
                if taken > MOST_BYTES {
                    return Err(Fault::new(Class::Garbled, "endless answer stopped at 64 MiB"));
                }
                if source.progress() == Progress::Closed {
                    reporter.send(at, Step::Ended);
                    source.drain().await;
                    return Ok(());
                }
            }
            Arrival::End { at, deltas, fault } => {
                if !deltas.is_empty() {
                    watch.progress = Some(at);
                    report(reporter, at, deltas);
                }
                if let Some(fault) = fault {
                    return Err(unless_nothing(fault, taken, watch.progress.is_some()));
                }
                reporter.send(at, Step::Ended);
                return Ok(());
            }
        }
    }
}

/// A stream of which nothing could be read is not a cut answer; it says what it was.
fn unless_nothing(fault: Fault, taken: usize, read: bool) -> Fault {
    if read || fault.class != Class::Cut {
        return fault;
    }
    let what = match taken {
        0 => "empty reply: the server sent headers and no stream".to_owned(),
        n => format!("{n} bytes came and none of them was an event of this protocol"),
    };
    Fault::new(Class::Garbled, what).hint("if it stays so, check that the base URL speaks this protocol")
}

fn report(reporter: &Reporter, at: Instant, deltas: Vec<Delta>) {
    let step = if deltas.is_empty() { Step::Bytes } else { Step::Deltas(joined(deltas)) };
    reporter.send(at, step);
}

fn is_visible(delta: &Delta) -> bool {
    matches!(delta, Delta::Text(t) | Delta::Reasoning(t) if !t.is_empty())
}

/// Neighbouring pieces of text become one: they arrived together.
fn joined(deltas: Vec<Delta>) -> Vec<Delta> {
    let mut out: Vec<Delta> = Vec::with_capacity(deltas.len().min(8));
    for delta in deltas {
        match (out.last_mut(), delta) {
            (Some(Delta::Text(a)), Delta::Text(b)) | (Some(Delta::Reasoning(a)), Delta::Reasoning(b)) => {
                a.push_str(&b);
            }
            (_, delta) => out.push(delta),
        }
    }
    out
}
