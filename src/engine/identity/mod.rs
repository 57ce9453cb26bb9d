//! Credentials that no header holds yet: fetched, kept and renewed here, added
//! to a request before its clock starts.
//!
//! What one pane fetched serves every other pane. Each kind asks its own cloud's
//! crate; keeping, single flight and the time limit are ours ([`Flight`]), so
//! that they are the same for all. No token reaches a fault: every fault that
//! leaves this room names a cause and the one command or variable that mends it.

mod aws;
mod azure_http;
mod entra;
mod google;

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderName, HeaderValue};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::transport::{Outgoing, Transport};
use crate::model::Class;
use crate::model::Fault;
use crate::model::clean_line;
use crate::provider::Identity;
use crate::provider::Secret;
use crate::provider::Vars;

pub(super) use aws::{Accounts, fault as aws_fault, fips, renewal};

/// A sign-in that hangs (a prompt nobody sees, a metadata address that swallows
/// packets) ends here.
const LIMIT: Duration = Duration::from_secs(30);

/// What expires sooner than this is renewed first: a request may wait in a queue,
/// and clocks differ.
const MARGIN: Duration = Duration::from_mins(1);

/// What a signed request says about itself.
pub(super) struct Signed {
    /// Where the credential came from, for people; never the credential.
    pub(super) via: String,
    /// What must be taken out of anything the provider says back.
    pub(super) secrets: Vec<Secret>,
}

/// Every credential of this process, kept until shortly before it expires.
#[derive(Default)]
pub(super) struct Identities {
    pub(super) aws: Accounts,
    /// One flight for each scope.
    entra: Mutex<HashMap<String, Arc<Flight<entra::Found>>>>,
    google: google::Google,
}

impl Identities {
    /// Adds to a request what its provider wants to see; the body must be final.
    ///
    /// # Errors
    /// A fault of class `Key` or `Setup` with what to do, or `Unreachable` where the
    /// place that issues credentials cannot be reached.
    pub(super) async fn sign(
        &self,
        identity: &Identity,
        vars: &Vars,
        transport: &Arc<dyn Transport>,
        outgoing: &mut Outgoing,
    ) -> Result<Signed, Fault> {
        match identity {
            Identity::None => Ok(Signed { via: String::new(), secrets: Vec::new() }),
            Identity::Entra { scope } => self.entra(scope, vars, transport, outgoing).await,
            Identity::Google => self.google.sign(vars, outgoing).await,
            Identity::SigV4 { service, region } => {
                self.aws.sign(service, region, vars, transport, outgoing).await
            }
        }
    }

    async fn entra(
        &self,
        scope: &str,
        vars: &Vars,
        transport: &Arc<dyn Transport>,
        outgoing: &mut Outgoing,
    ) -> Result<Signed, Fault> {
        let found = if let Some(given) = entra::given(vars)? {
            given
        } else {
            let flight = {
                let mut flights = self.entra.lock().await;
                Arc::clone(flights.entry(scope.to_owned()).or_default())
            };
            let hang = || {
                Fault::new(Class::Key, format!("Entra ID gave no token within {} s", LIMIT.as_secs()))
                    .hint("run `az account get-access-token` by hand and look at what it waits for")
            };
            flight.get(hang, entra::fetch(scope, vars, transport)).await?
        };
        let header = format!("Bearer {}", found.token.expose());
        put(outgoing, http::header::AUTHORIZATION, &header)?;
        Ok(Signed { via: found.via, secrets: vec![found.token] })
    }
}

/// Something that is fetched once for all who ask at the same time, and again
/// when it is about to expire.
pub(super) struct Flight<T>(Mutex<Slot<T>>);

struct Slot<T> {
    kept: Option<(T, Option<SystemTime>)>,
    failed: Option<(Instant, Fault)>,
}

impl<T> Default for Flight<T> {
    fn default() -> Self {
        Self(Mutex::new(Slot { kept: None, failed: None }))
    }
}

impl<T: Clone> Flight<T> {
    /// What is kept, else what `fetch` brings. Who comes while it is under way waits
    /// for it and shares what comes out, a failure too: five panes before a sign-in
    /// that hangs wait once, not five times.
    pub(super) async fn get<F>(&self, hang: impl Fn() -> Fault, fetch: F) -> Result<T, Fault>
    where
        F: Future<Output = Result<(T, Option<SystemTime>), Fault>>,
    {
        let asked = Instant::now();
        let mut slot = self.0.lock().await;
        // The wall clock, not a timer: a laptop that slept for the night holds dead tokens.
        let now = SystemTime::now();
        if let Some((value, expires)) = &slot.kept
            && expires.is_none_or(|at| at > now + MARGIN)
        {
            return Ok(value.clone());
        }
        if let Some((at, fault)) = &slot.failed
            && *at > asked
        {
            return Err(fault.clone());
        }
        match timeout(LIMIT, fetch).await.unwrap_or_else(|_| Err(hang())) {
            Ok((value, expires)) => {
                *slot = Slot { kept: Some((value.clone(), expires)), failed: None };
                Ok(value)
            }
            Err(fault) => {
                // Not renewed in time, but not dead either: better than no answer.
                if let Some((value, Some(expires))) = &slot.kept
                    && *expires > SystemTime::now() + Duration::from_secs(5)
                {
                    return Ok(value.clone());
                }
                *slot = Slot { kept: None, failed: Some((Instant::now(), fault.clone())) };
                Err(fault)
            }
        }
    }
}

/// Adds a header that no log and no fault may show.
fn put(outgoing: &mut Outgoing, name: HeaderName, text: &str) -> Result<(), Fault> {
    // The error's own text is not shown: it may hold the value.
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Fault::new(Class::Key, "the credential holds characters that no header can carry")
            .hint("sign in again; if it stays so, look at what answers at the token address")
    })?;
    value.set_sensitive(true);
    outgoing.headers.insert(name, value);
    Ok(())
}

/// A token as something that can be scrubbed and is wiped.
fn secret(text: &str) -> Result<Secret, Fault> {
    match Secret::parse(text) {
        Ok(Some(secret)) => Ok(secret),
        _ => Err(Fault::new(Class::Key, "the token that came back is empty or not a token")
            .hint("sign in again; if it stays so, look at what answers at the token address")),
    }
}

/// A fault of our own that went through a cloud's crate and comes back out.
pub(super) fn ours(error: &(dyn Error + 'static)) -> Option<Fault> {
    let mut cause = Some(error);
    while let Some(e) = cause {
        if let Some(fault) = e.downcast_ref::<Fault>() {
            return Some(fault.clone());
        }
        cause = e.source();
    }
    None
}

/// An error with everything that lies beneath it, each said once.
pub(super) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(e) = cause {
        let next = e.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = e.source();
    }
    text
}

/// The first line of what a crate or a tool says, short enough for a pane.
fn brief(text: &str) -> String {
    const MOST: usize = 240;
    let line = text.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or_default();
    let line = clean_line(line);
    if line.chars().count() <= MOST {
        return line;
    }
    let mut short: String = line.chars().take(MOST).collect();
    short.push('…');
    short
}

#[cfg(test)]
#[path = "../../../tests/support/loopback.rs"]
mod loopback;

#[cfg(test)]
#[path = "flight_tests.rs"]
mod flight_tests;
