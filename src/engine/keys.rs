//! Keys that are not in the environment: a program's output, the desktop's keyring, a
//! file of the user's own. Fetched before a request's clock starts, once for all
//! endpoints that name the same place, and kept in memory only.

use std::collections::HashMap;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::model::Class;
use crate::model::Endpoint;
use crate::model::Fault;
use crate::model::KeySource;
use crate::provider::Vars;

/// A password manager may have to ask its owner for a finger; nobody looks for one longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// No key is longer; a program that prints more prints something else.
const LONGEST: u64 = 64 << 10;

/// The service under which the keyring's entries stand.
pub const KEYRING_SERVICE: &str = "bakeoff";

type Cell = Arc<OnceCell<Zeroizing<String>>>;

/// Keys fetched so far.
#[derive(Default)]
pub(super) struct Keys(Mutex<HashMap<KeySource, Cell>>);

impl Keys {
    /// The variables with the endpoint's key among them, under the label of its source.
    ///
    /// # Errors
    /// `Key`, with what to do; the key or what a program printed is never in it.
    pub(super) async fn fill(&self, endpoint: &Endpoint, vars: &Vars) -> Result<Vars, Fault> {
        let Some(source) = &endpoint.key else { return Ok(vars.clone()) };
        if matches!(source, KeySource::Env(_) | KeySource::Config(_)) {
            return Ok(vars.clone());
        }
        let cell = Arc::clone(self.0.lock().await.entry(source.clone()).or_default());
        // Two panes wait for one fetch; a failure is not kept, so that a re-run asks again.
        let key = cell.get_or_try_init(|| fetch(source)).await?;
        Ok(vars.with(&source.label(), key))
    }

    /// Forgets a key that was refused: the next request fetches it anew.
    pub(super) async fn forget(&self, endpoint: &Endpoint) {
        if let Some(source) = &endpoint.key {
            self.0.lock().await.remove(source);
        }
    }
}

async fn fetch(source: &KeySource) -> Result<Zeroizing<String>, Fault> {
    let label = source.label();
    let fail = |message: String, hint: &str| Fault::new(Class::Key, message).hint(hint);
    let got = match source {
        KeySource::Env(_) | KeySource::Config(_) => Ok(Zeroizing::default()),
        KeySource::Command(argv) => match timeout(PATIENCE, output(argv)).await {
            Ok(got) => got,
            Err(_) => Err(format!("{label} did not end within {} s", PATIENCE.as_secs())),
        },
        KeySource::File(path) => {
            let path = path.clone();
            match timeout(PATIENCE, blocking(move || file(&path))).await {
                Ok(got) => got,
                Err(_) => Err(format!("{label} was not read within {} s", PATIENCE.as_secs())),
            }
        }
        KeySource::Keyring(entry) => {
            let entry = entry.clone();
            match timeout(PATIENCE, blocking(move || keyring(&entry))).await {
                Ok(got) => got,
                Err(_) => Err(format!("{label}: the keyring did not answer within {} s", PATIENCE.as_secs())),
            }
        }
    };
    let hint = match source {
        KeySource::Command(_) => "run the command by hand: it must print the key and nothing else",
        KeySource::Keyring(_) => "unlock the keyring, or store the key with `bakeoff secret set ENTRY`",
        _ => "the file holds the key alone, and nobody but you may read it (chmod 600)",
    };
    let key = got.map_err(|message| fail(message, hint))?;
    if key.trim().is_empty() {
        return Err(fail(format!("{label} gave an empty key"), hint));
    }
    Ok(key)
}

async fn blocking(
    work: impl FnOnce() -> Result<Zeroizing<String>, String> + Send + 'static,
) -> Result<Zeroizing<String>, String> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|e| Err(e.to_string()))
}

/// What a program prints. No shell, nothing on its standard input, and what it says on
/// standard error is kept from the screen.
async fn output(argv: &[String]) -> Result<Zeroizing<String>, String> {
    let Some((program, arguments)) = argv.split_first() else { return Err("api_key_cmd is empty".into()) };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| format!("{program} cannot be run: {e}"))?;
    let mut key = Zeroizing::new(Vec::new());
    if let Some(out) = child.stdout.take() {
        let _ = out.take(LONGEST).read_to_end(&mut key).await;
    }
    let status = child.wait().await.map_err(|e| format!("{program}: {e}"))?;
    if !status.success() {
        // What it said is not repeated: a program that fails may print the key it holds.
        return Err(format!("{program} ended with {status}"));
    }
    text(std::mem::take(&mut *key)).ok_or_else(|| format!("{program} printed something that is not a key"))
}

fn text(bytes: Vec<u8>) -> Option<Zeroizing<String>> {
    String::from_utf8(bytes).ok().map(Zeroizing::new)
}

/// A path as people write it: `~/` is the home directory.
pub(super) fn expand_home(path: &Path) -> PathBuf {
    let home = || std::env::home_dir().filter(|home| home.is_absolute());
    match path.strip_prefix("~").ok().zip(home()) {
        Some((rest, home)) => home.join(rest),
        None => path.to_owned(),
    }
}

/// A file that only its owner can read. What is checked is what is read, by its handle.
fn file(path: &str) -> Result<Zeroizing<String>, String> {
    let cannot = |e: std::io::Error| format!("{path} cannot be read: {e}");
    // Opening a pipe waits for somebody to write into it.
    let place = expand_home(Path::new(path));
    if !std::fs::metadata(&place).map_err(cannot)?.is_file() {
        return Err(format!("{path} is not a regular file"));
    }
    let mut file = std::fs::File::open(&place).map_err(cannot)?;
    let mode = file.metadata().map_err(cannot)?.permissions().mode();
    if mode.trailing_zeros() < 6 {
        return Err(format!("{path} can be read by others (mode {:o})", mode & 0o777));
    }
    let mut bytes = Vec::new();
    file.by_ref().take(LONGEST).read_to_end(&mut bytes).map_err(cannot)?;
    text(bytes).ok_or_else(|| format!("{path} holds something that is not a key"))
}

fn keyring(entry: &str) -> Result<Zeroizing<String>, String> {
    let found = open(entry)?.get_password();
    found.map(Zeroizing::new).map_err(|e| in_words(entry, &e))
}

fn open(entry: &str) -> Result<keyring::Entry, String> {
    if let Err(e) = keyring::Entry::store_status() {
        return Err(format!(
            "this machine has no keyring that answers ({e}); use api_key_cmd or api_key_file"
        ));
    }
    keyring::Entry::new(KEYRING_SERVICE, entry).map_err(|e| in_words(entry, &e))
}

fn in_words(entry: &str, error: &keyring::Error) -> String {
    match error {
        keyring::Error::NoEntry => format!("the keyring has no entry {entry:?} under {KEYRING_SERVICE:?}"),
        other => format!("keyring entry {entry:?}: {other}"),
    }
}

/// Puts a key into the desktop's keyring, or takes it out with `None`.
///
/// # Errors
/// A sentence; it holds no key.
pub fn keyring_set(entry: &str, key: Option<&str>) -> Result<(), String> {
    let place = open(entry)?;
    let done = match key {
        Some(key) => place.set_password(key),
        None => place.delete_credential(),
    };
    done.map_err(|e| in_words(entry, &e))
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
