//! Where results go: standard output, or a file that appears whole.

use std::io::Write;
use std::path::Path;

use super::Stop;
use super::asked::Absent;
use crate::engine::CatalogSource;
use crate::model::Connections;
use crate::model::clean_line;
use crate::store::Meta;

/// Writes results; a reader that went away (`bakeoff run | head`) is no error.
pub(super) fn write_out(text: &str) -> Result<(), Stop> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(e) => Err(Stop::io("standard output", &e)),
        Ok(()) => Ok(()),
    }
}

/// Says on standard error which clouds are not among the results.
pub(super) fn say(absent: &[Absent]) {
    for absent in absent {
        let _ = writeln!(std::io::stderr(), "bakeoff: {}", clean_line(&absent.sentence()));
    }
}

/// Facts that every result carries.
pub(super) fn meta(catalog: &CatalogSource, started_at: jiff::Timestamp, connections: Connections) -> Meta {
    let catalog = catalog();
    Meta {
        started_at: started_at.to_string(),
        prices_as_of: catalog.as_of().to_owned(),
        prices_sha256: catalog.sha256(),
        connections,
    }
}

/// Names a round of one run: sortable, and the same in every export.
pub(super) fn round_id(started_at: jiff::Timestamp, number: usize) -> String {
    format!("{}-{number}", started_at.strftime("%Y%m%dT%H%M%SZ"))
}

/// Names a session among others: sortable by when it began.
pub(super) fn session(started_at: jiff::Timestamp) -> String {
    format!("{}-{}", started_at.strftime("%Y%m%dT%H%M%SZ"), std::process::id())
}

/// Found out before anything is sent and paid for.
pub(super) fn writable(path: &Path) -> Result<(), Stop> {
    let dir = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !dir.is_dir() {
        return Err(Stop::usage(format!(
            "--out {}: there is no directory {}",
            path.display(),
            dir.display()
        )));
    }
    if path.is_dir() {
        return Err(Stop::usage(format!("--out {}: is a directory", path.display())));
    }
    tempfile_beside(path).map(|_| ()).map_err(|e| Stop::usage(format!("--out {}: {e}", path.display())))
}

/// A new file beside `path`, for this user only; it replaces `path` when it is whole.
fn tempfile_beside(path: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let dir = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::NamedTempFile::new_in(dir)
}

pub(super) fn write_file(path: &Path, text: &str) -> Result<(), Stop> {
    let fail = |e: std::io::Error| Stop::io(&format!("--out {}", path.display()), &e);
    let mut file = tempfile_beside(path).map_err(fail)?;
    file.write_all(text.as_bytes()).map_err(fail)?;
    file.as_file().sync_all().map_err(fail)?;
    file.persist(path).map_err(|e| fail(e.error))?;
    Ok(())
}
