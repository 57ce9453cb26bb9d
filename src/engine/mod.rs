//! Floor 3: the only room that calls out.
//!
//! ```text
//!  launch --> resolve --> price --> prepare --> t0: send --> head --> pump: stamp, decode, report --> end
//!                |                                |           |          |
//!                +---------------- fault ---------+-----------+----------+--> Failed     cancel --> drop --> Cancelled
//! ```
//!
//! One task per answer on the runtime's workers; the screen runs elsewhere and
//! never delays a stamp. Beside it, `dial` sees how the request comes to its connection,
//! and `pulse` whether this program runs at all. Reports go into an unbounded channel on
//! purpose: a full one would stop the socket read and so change what is measured. What
//! bounds memory is the cap on one answer (`pump`).

mod aws_http;
mod bedrock;
mod call;
mod dial;
mod download;
mod identity;
mod keys;
mod listing;
mod profile;
mod proxy;
mod pulse;
mod pump;
mod reach;
mod scrub;
mod transport;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};

use crate::catalog::Catalog;
use crate::model::AnswerId;
use crate::model::Class;
use crate::model::Endpoint;
use crate::model::Estimate;
use crate::model::Fault;
use crate::model::Prompt;
use crate::model::Report;
use crate::model::Step;
use crate::provider::Chain;
use crate::provider::Vars;
use crate::provider::estimate;
use crate::provider::list_price;
use crate::provider::out_of_region;
use crate::provider::provider;
use crate::provider::resolve;
use pump::Reporter;

pub use dial::Way;
pub use download::Download;
pub use keys::{KEYRING_SERVICE, keyring_set};
pub use listing::Listed;
pub use profile::aws_profile;
pub use reach::Reached;
pub use transport::{Access, Body, Network, Outgoing, Reply, Transport};

/// Time limits; each names itself when it fires. There is none on a healthy stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// DNS, TCP and TLS together.
    pub connect: Duration,
    /// From `t0` to the first text or reasoning.
    pub first_event: Duration,
    /// The same where the request asks for thinking.
    pub first_event_thinking: Duration,
    /// Between two arrivals that bring something.
    pub idle: Duration,
    /// The whole call, only if asked for (`run --timeout`).
    pub total: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_event: Duration::from_mins(2),
            first_event_thinking: Duration::from_mins(10),
            idle: Duration::from_mins(2),
            total: None,
        }
    }
}

impl Limits {
    fn first_event_for(&self, thinks: bool) -> Duration {
        if thinks { self.first_event_thinking } else { self.first_event }
    }
}

/// Gives the catalog when it is first needed: reading it costs milliseconds that
/// no first frame should pay for.
pub type CatalogSource = Arc<dyn Fn() -> Arc<Catalog> + Send + Sync>;

struct Shared {
    transport: Arc<dyn Transport>,
    vars: Vars,
    limits: Limits,
    catalog: CatalogSource,
    keys: keys::Keys,
    identities: identity::Identities,
    reports: UnboundedSender<Report>,
    running: Mutex<HashMap<AnswerId, oneshot::Sender<Step>>>,
}

/// Launches answers and cancels them.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

impl Engine {
    /// An engine over the network, and the reports of everything it launches.
    #[must_use]
    pub fn new(
        vars: Vars,
        limits: Limits,
        access: Access,
        catalog: CatalogSource,
    ) -> (Self, UnboundedReceiver<Report>) {
        let network = Network::new(limits.connect, access);
        Self::over(Arc::new(network), vars, limits, catalog)
    }

    /// An engine over any transport.
    #[must_use]
    pub fn over(
        transport: Arc<dyn Transport>,
        vars: Vars,
        limits: Limits,
        catalog: CatalogSource,
    ) -> (Self, UnboundedReceiver<Report>) {
        let (reports, receiver) = unbounded_channel();
        let running = Mutex::default();
        let (keys, identities) = (keys::Keys::default(), identity::Identities::default());
        let shared = Shared { transport, vars, limits, catalog, keys, identities, reports, running };
        (Self { shared: Arc::new(shared) }, receiver)
    }

    /// Starts one answer; its reports arrive under `id`. Must be called within a tokio runtime.
    pub fn launch(&self, id: AnswerId, endpoint: Endpoint, prompt: Prompt) {
        self.launch_after(std::future::ready(()), id, endpoint, prompt);
    }

    /// The same once something else is done; it can be cancelled before that.
    pub fn launch_after(
        &self,
        first: impl Future<Output = ()> + Send + 'static,
        id: AnswerId,
        endpoint: Endpoint,
        prompt: Prompt,
    ) {
        let (stop, stopped) = oneshot::channel();
        if let Ok(mut running) = self.shared.running.lock() {
            running.insert(id, stop);
        }
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            let reporter = Reporter::new(id, shared.reports.clone());
            // A task of its own, so that a panic in it becomes this answer's fault and nobody else's.
            let (inner, own) = (Arc::clone(&shared), reporter.clone());
            let work = tokio::spawn(async move {
                first.await;
                answer(inner, endpoint, prompt, own).await
            });
            let end = watched(work, stopped, &reporter).await;
            if let Some(end) = end {
                // How far a connection came tells most where nothing came after it.
                reporter.connected();
                reporter.send(Instant::now(), end);
            }
            if let Ok(mut running) = shared.running.lock() {
                running.remove(&id);
            }
        });
    }

    /// Stops an answer, if it still runs.
    pub fn cancel(&self, id: AnswerId) {
        let stop = self.shared.running.lock().ok().and_then(|mut running| running.remove(&id));
        if let Some(stop) = stop {
            let _ = stop.send(Step::Cancelled);
        }
    }

    /// Ends everything that runs because the program ends; each answer says when.
    pub fn interrupt(&self) {
        let running = self.shared.running.lock().map(|mut r| std::mem::take(&mut *r)).unwrap_or_default();
        for stop in running.into_values() {
            let _ = stop.send(Step::Interrupted);
        }
    }

    /// What asking an endpoint may cost. Reads the catalog the first time.
    #[must_use]
    pub fn estimate(&self, endpoint: &Endpoint, prompt: &Prompt) -> Estimate {
        estimate(&(self.shared.catalog)(), endpoint, prompt, &self.shared.vars)
    }

    /// Makes what every request needs ahead of the first one: the HTTP client with
    /// the system's roots, and the catalog. A failure shows when a request is sent.
    pub async fn warm_up(&self, endpoints: &[Endpoint]) {
        let catalog = Arc::clone(&self.shared.catalog);
        let _ = tokio::task::spawn_blocking(move || catalog()).await;
        for endpoint in endpoints {
            // Only the address counts; what is wrong with an endpoint shows in its pane.
            let free = Endpoint { auth: Some("none".into()), ..endpoint.clone() };
            if let Ok(request) = resolve(&free, &Prompt::default(), &self.shared.vars, None) {
                let _ = self.shared.transport.prepare(&request.url).await;
            }
        }
    }
}

/// Waits for an answer's task, giving signs of life meanwhile; the step that ends the answer,
/// where the task has not reported one itself.
async fn watched(
    mut work: JoinHandle<Result<(), Fault>>,
    mut stopped: oneshot::Receiver<Step>,
    reporter: &Reporter,
) -> Option<Step> {
    let mut beats = tokio::time::interval(pulse::BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            result = &mut work => {
                return match result {
                    Ok(Ok(())) => None,
                    Ok(Err(fault)) => Some(Step::Failed(Box::new(fault))),
                    Err(e) if e.is_cancelled() => None,
                    Err(_) => {
                        let fault = Fault::new(Class::Internal, "internal error in this pane's task");
                        Some(Step::Failed(Box::new(fault)))
                    }
                };
            }
            end = &mut stopped => {
                // Dropping the body closes the connection, which is how every provider is told.
                work.abort();
                return Some(end.unwrap_or(Step::Interrupted));
            }
            _ = beats.tick() => reporter.beat(),
        }
    }
}

async fn answer(
    shared: Arc<Shared>,
    endpoint: Endpoint,
    prompt: Prompt,
    reporter: Reporter,
) -> Result<(), Fault> {
    let Some(total) = shared.limits.total else {
        return attempt(&shared, &endpoint, &prompt, &reporter).await;
    };
    let limited = tokio::time::timeout(total, attempt(&shared, &endpoint, &prompt, &reporter)).await;
    limited.unwrap_or_else(|_| {
        Err(Fault::new(Class::Silent, format!("not finished within {} s (--timeout)", total.as_secs_f32()))
            .hint("raise --timeout, or leave it out: a healthy stream has no limit"))
    })
}

async fn attempt(
    shared: &Shared,
    endpoint: &Endpoint,
    prompt: &Prompt,
    reporter: &Reporter,
) -> Result<(), Fault> {
    // Whatever a credential takes is spent here, before any clock starts.
    let asked = Instant::now();
    let vars = shared.keys.fill(endpoint, &shared.vars).await?;
    let fetched = endpoint.key.is_some().then(|| asked.elapsed());
    let catalog = (shared.catalog)();
    let request = resolve(endpoint, prompt, &vars, max_output(&catalog, endpoint))?;
    reporter.hide(&request.secrets);
    let via = request.via.clone();
    let (price, rule) = list_price(&catalog, endpoint, &request.url);
    reporter.send(Instant::now(), Step::Priced(price.map(Box::new), rule));
    let sent = if request.aws.is_some() {
        let asked = endpoint.asked(prompt);
        bedrock::converse(request, endpoint, &asked, shared, reporter).await
    } else {
        call::http(request, shared, &vars, fetched, reporter).await
    };
    let sent = sent.map_err(|fault| {
        let mut fault = placed(fault, endpoint, &shared.vars);
        let row = provider(&endpoint.provider);
        if fault.class == Class::Key && via.is_some() && row.is_some_and(|row| row.chain == Chain::Aws) {
            fault.hint.get_or_insert_with(|| identity::renewal(via.as_deref()));
        }
        fault
    });
    if sent.as_ref().is_err_and(|fault| fault.class == Class::Key) {
        shared.keys.forget(endpoint).await;
    }
    sent
}

/// What the endpoint's place explains of a fault.
fn placed(mut fault: Fault, endpoint: &Endpoint, vars: &Vars) -> Fault {
    if matches!(fault.class, Class::NotFound | Class::Refused)
        && let Some(why) = out_of_region(endpoint, vars)
    {
        fault.hint = Some(why);
        return fault;
    }
    // A host that does not exist is most often a place that does not: the host is made from it.
    let Some(place) = endpoint.place.as_ref().filter(|_| endpoint.base_url.is_none()) else { return fault };
    let unresolved = ["dns", "lookup", "name or service"];
    let lower = fault.message.to_ascii_lowercase();
    if fault.class == Class::Unreachable && unresolved.iter().any(|w| lower.contains(w)) {
        fault.hint =
            Some(format!("the host is made from {place:?}: check that this is a place of the provider's"));
    }
    fault
}

/// The most tokens that an endpoint's model can generate, where the list says so.
#[must_use]
pub fn max_output(catalog: &Catalog, endpoint: &Endpoint) -> Option<u64> {
    catalog.route(&endpoint.provider, &endpoint.model, None)?.0.max_output
}
