//! The session that is going on, joined to its file.

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use tokio::sync::watch;

use super::output::meta;
use crate::engine::CatalogSource;
use crate::model::Connections;
use crate::store::Claim;
use crate::store::Keeper;
use crate::store::News;
use crate::store::Save;
use crate::store::SessionRecord;
use crate::store::sessions_path;

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
    pub(super) fn settled(&self) -> impl Future<Output = ()> + Send + 'static {
        let gate = self.gate.lock().ok().and_then(|gate| gate.clone());
        async move {
            if let Some(mut gate) = gate {
                // A keeper that is gone has nothing more to say.
                let _ = tokio::time::timeout(PATIENCE, gate.wait_for(|done| *done)).await;
            }
        }
    }

    /// Keeps what is left; whether all is on the disk.
    pub(super) fn finish(&self, saves: Vec<Save>) -> bool {
        let Some(keeper) = self.keeper.get() else { return true };
        keeper.save(saves, None);
        keeper.finish(PATIENCE)
    }
}
