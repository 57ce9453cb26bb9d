//! The session that is going on, joined to its file.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::output::meta;
use crate::engine::CatalogSource;
use crate::model::Answer;
use crate::model::Connections;
use crate::model::Lineup;
use crate::model::Prompt;
use crate::model::Report;
use crate::model::clean_line;
use crate::store::AnswerRecord;
use crate::store::Claim;
use crate::store::Detail;
use crate::store::Keeper;
use crate::store::MOST_UNKEPT;
use crate::store::Mark;
use crate::store::News;
use crate::store::PACE;
use crate::store::Pictures;
use crate::store::Round;
use crate::store::RoundRecord;
use crate::store::Run;
use crate::store::Save;
use crate::store::SessionRecord;
use crate::store::grown;
use crate::store::sessions_path;
use crate::store::title;
use crate::store::weight;

/// A disk that does not answer holds a request up no longer than this, and the way out.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where a session goes on being kept.
pub(super) struct Shelf {
    path: PathBuf,
    pub(super) session: String,
    pub(super) facts: SessionRecord,
    keeper: OnceLock<Keeper>,
    /// Whether what was to be kept last is on the disk.
    gate: Mutex<Option<watch::Receiver<bool>>>,
    /// Nobody else goes on with it meanwhile.
    _claim: Claim,
}

impl Shelf {
    /// A session that begins or goes on; `None` where there is no place for it, or where another
    /// program goes on with it.
    pub(super) fn new(
        session: &str,
        catalog: &CatalogSource,
        started_at: jiff::Timestamp,
        connections: Connections,
    ) -> Option<Self> {
        let meta = meta(catalog, started_at, connections);
        let facts = SessionRecord {
            bakeoff: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: meta.started_at,
            connections: connections.word().map(str::to_owned),
            prices_as_of: meta.prices_as_of,
            prices_sha256: meta.prices_sha256,
            ..SessionRecord::default()
        };
        let path = sessions_path()?;
        let claim = Claim::new(&path, session)?;
        let (keeper, gate) = (OnceLock::new(), Mutex::default());
        Some(Self { path, session: session.to_owned(), facts, keeper, gate, _claim: claim })
    }

    pub(super) fn start(&self, tell: impl Fn(News) + Send + 'static) {
        self.keeper.get_or_init(|| Keeper::start(&self.path, &self.session, tell));
    }

    pub(super) fn keep(&self, saves: Vec<Save>) {
        let Some(keeper) = self.keeper.get() else { return };
        let (done, gate) = watch::channel(false);
        keeper.save(
            saves,
            Some(Box::new(move || {
                // Nobody may wait for it.
                let _ = done.send(true);
            })),
        );
        if let Ok(mut last) = self.gate.lock() {
            *last = Some(gate);
        }
    }

    /// What was to be kept before now is on the disk, or cannot be had there.
    pub(super) fn settled(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let gate = self.gate.lock().ok().and_then(|gate| gate.clone());
        async move {
            if let Some(mut gate) = gate {
                // A keeper that is gone has nothing more to say.
                let _ = tokio::time::timeout(PATIENCE, gate.wait_for(|done| *done)).await;
            }
        }
    }

    /// Keeps what is left; whether all is on the disk. Says so where it is not.
    pub(super) fn end(&self, saves: Vec<Save>) -> bool {
        let Some(keeper) = self.keeper.get() else { return true };
        if !saves.is_empty() {
            keeper.save(saves, None);
        }
        let written = keeper.finish(PATIENCE);
        if !written {
            let why = format!("the last of the session is not saved in {}", self.path.display());
            let _ = writeln!(std::io::stderr(), "bakeoff: {}", clean_line(&why));
        }
        written
    }
}

/// Keeps what is asked without a screen.
pub(super) struct RunShelf {
    shelf: Shelf,
    rounds: usize,
    system: Option<String>,
    baseline: Option<String>,
    pictures: Pictures,
    open: BTreeMap<u64, Mark>,
    heard: usize,
    last: Instant,
}

impl RunShelf {
    /// A new session of this lineup.
    pub(super) fn new(shelf: Shelf, lineup: &Lineup, first: Option<&Prompt>, quiet: bool) -> Self {
        shelf.start(move |news| {
            let said = match news {
                News::Saved => return,
                News::NotSaved(why) => format!("not saved: {why}; it goes on, and is tried again"),
                News::Rescued(said) => said,
            };
            if !quiet {
                let _ = writeln!(std::io::stderr(), "bakeoff: {}", clean_line(&said));
            }
        });
        shelf.keep(vec![Save::Session(Box::new(SessionRecord {
            title: title(first.map_or("", Prompt::question)),
            simulated: lineup.is_simulated(),
            lineup: lineup.clone(),
            system: first.and_then(|p| p.system.clone()),
            ..shelf.facts.clone()
        }))]);
        let baseline = lineup.base().map(|e| e.name.clone());
        let (open, pictures, last) = (BTreeMap::new(), Pictures::default(), Instant::now());
        Self { shelf, rounds: 0, system: None, baseline, pictures, open, heard: 0, last }
    }

    /// A round begins.
    pub(super) fn round(&mut self, mut round: Round) {
        round.id = format!("{}-{}", self.shelf.session, self.rounds + 1);
        round.sent_at = Some(jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        round.baseline.clone_from(&self.baseline);
        self.system.clone_from(&round.prompt.system);
        let record = RoundRecord::of(&round, &[], Detail::Kept);
        let mut saves = self.pictures.unkept(&round.prompt);
        saves.push(Save::Round(self.rounds, Box::new(record)));
        self.shelf.keep(saves);
        self.rounds += 1;
    }

    /// Somebody is about to be asked; it may leave once what this gives is over.
    pub(super) fn asked(
        &mut self,
        id: u64,
        seat: usize,
        run: &Run,
    ) -> impl Future<Output = ()> + Send + 'static + use<> {
        let record = Box::new(AnswerRecord::of_run(run, self.system.as_deref(), Detail::Kept));
        let round = self.rounds.saturating_sub(1);
        self.shelf.keep(vec![Save::Asked { id, round, seat, trial: run.trial, record }]);
        self.open.insert(id, Mark::default());
        self.shelf.settled()
    }

    /// Whether what has come is to be kept now.
    pub(super) fn is_due(&mut self, report: &Report) -> bool {
        let bytes = weight(&report.step);
        self.heard += bytes.unwrap_or_default();
        bytes.is_none() || self.heard >= MOST_UNKEPT || self.last.elapsed() >= PACE
    }

    /// Keeps what has come of all that are open.
    pub(super) fn keep<'a>(&mut self, answer: impl Fn(u64) -> Option<&'a Answer>) {
        (self.heard, self.last) = (0, Instant::now());
        let mut saves = Vec::new();
        self.open.retain(|id, mark| {
            let Some(answer) = answer(*id) else { return false };
            saves.extend(grown(*id, answer, mark));
            !answer.is_over()
        });
        if !saves.is_empty() {
            self.shelf.keep(saves);
        }
    }

    /// Waits until all is on the disk, but not for ever.
    pub(super) fn finish(self) {
        self.shelf.end(Vec::new());
    }
}
