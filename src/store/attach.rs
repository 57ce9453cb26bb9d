//! Files that go with a prompt: found, judged and read. It may take as long as the disk takes,
//! and never waits for a writer: only regular files are opened.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::model::Attachment;
use crate::model::Image;
use crate::model::Reference;
use crate::model::TextFile;
use crate::model::bytes;
use crate::model::clean_line;

/// Most of a text file, in KiB, unless `[attach] text_kib` says otherwise.
pub const TEXT_KIB: u64 = 256;

/// No provider takes a larger picture.
const MOST_IMAGE: u64 = 20_000_000;

/// A directory with more entries than this is no place to choose from.
const MOST_LISTED: usize = 10_000;

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub name: String,
    pub directory: bool,
    /// Bytes; of no meaning for a directory.
    pub size: u64,
}

/// Where names are looked for, and how much is taken.
#[derive(Debug, Clone)]
pub struct Disk {
    /// What `~/` stands for.
    home: Option<PathBuf>,
    /// What relative names are relative to; empty is the working directory.
    here: PathBuf,
    /// Most of a text file, in bytes.
    text: u64,
}

impl Disk {
    /// The process's own directories; `text_kib` as the config has it.
    #[must_use]
    pub fn new(text_kib: Option<u64>) -> Self {
        let text = text_kib.unwrap_or(TEXT_KIB).saturating_mul(1024);
        Self { home: std::env::home_dir(), here: PathBuf::new(), text }
    }

    /// The same from another directory.
    #[must_use]
    pub fn at(self, here: impl Into<PathBuf>) -> Self {
        Self { here: here.into(), ..self }
    }

    fn path(&self, name: &str) -> PathBuf {
        let home = name.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'));
        match (home, &self.home) {
            (Some(rest), Some(home)) => home.join(rest.trim_start_matches('/')),
            _ => self.here.join(name),
        }
    }

    /// The entries of a directory as it was written (`src/`, `~/`, nothing for this one), by
    /// name, directories first. What could not be written in a prompt is left out, and so is
    /// what is neither file nor directory. A directory that is not there has none.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    pub fn list(&self, directory: &str) -> Result<Vec<Listed>, String> {
        let path = if directory.is_empty() { self.path(".") } else { self.path(directory) };
        let entries = match std::fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(e) if missing(&e) => return Ok(Vec::new()),
            Err(e) => return Err(format!("{} cannot be read: {}", clean_line(directory), words(&e))),
        };
        let listed = entries.flatten().take(MOST_LISTED).filter_map(|entry| {
            let name = entry.file_name().into_string().ok().filter(|name| clean_line(name) == *name)?;
            // Links are followed: what they lead to is what is read.
            let there = std::fs::metadata(entry.path()).ok()?;
            let usable = there.is_dir() || there.is_file();
            usable.then(|| Listed { name, directory: there.is_dir(), size: there.len() })
        });
        let mut listed: Vec<_> = listed.collect();
        listed.sort_by_cached_key(|l| (!l.directory, l.name.to_lowercase(), l.name.clone()));
        Ok(listed)
    }

    /// The file that a reference means; `None` where there is none of that name.
    ///
    /// # Errors
    /// Why it cannot be attached, and what to do, in words.
    pub fn find(&self, reference: &Reference) -> Result<Option<Attachment>, String> {
        for name in reference.candidates() {
            if let Some(found) = self.read(name)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The file of this name; `None` where there is none.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn read(&self, name: &str) -> Result<Option<Attachment>, String> {
        let path = self.path(name);
        let shown = clean_line(name);
        match std::fs::metadata(&path) {
            Ok(there) => regular(&shown, &there)?,
            Err(e) if missing(&e) => return Ok(None),
            Err(e) => return Err(format!("{shown} cannot be read: {}", words(&e))),
        }
        let bytes = whole(&path, &shown)?;
        judge(name, bytes, self.text).map(Some).map_err(|why| format!("{shown} {why}"))
    }
}

/// Whether a name is of nothing that is there, rather than of something that cannot be had.
fn missing(e: &io::Error) -> bool {
    matches!(
        e.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidInput | ErrorKind::InvalidFilename
    )
}

/// The system's words without its number.
fn words(e: &io::Error) -> String {
    match e.kind() {
        ErrorKind::PermissionDenied => "you may not read it (permission denied)".into(),
        _ => clean_line(&e.to_string()),
    }
}

/// Only what has an end is opened: a FIFO or a device may never answer.
fn regular(shown: &str, there: &Metadata) -> Result<(), String> {
    if there.is_dir() {
        return Err(format!("{shown} is a directory: name a file in it (\\@{shown} stays text)"));
    }
    if !there.is_file() {
        return Err(format!("{shown} is a FIFO, a socket or a device, and is not read"));
    }
    // Files of the kernel's have no length either, and some of them never end.
    if there.len() == 0 {
        return Err(format!("{shown} is empty: there is nothing to attach"));
    }
    if there.len() > MOST_IMAGE {
        let (has, most) = (bytes(there.len()), bytes(MOST_IMAGE));
        return Err(format!("{shown} has {has}: no more than {most} of an image can be sent"));
    }
    Ok(())
}

/// All bytes of a file that stays the same while it is read.
fn whole(path: &Path, shown: &str) -> Result<Vec<u8>, String> {
    let broken = |e: io::Error| format!("{shown} cannot be read: {}", words(&e));
    let mut file = File::open(path).map_err(broken)?;
    let before = file.metadata().map_err(broken)?;
    regular(shown, &before)?;
    let mut read = Vec::new();
    (&mut file).take(MOST_IMAGE + 1).read_to_end(&mut read).map_err(broken)?;
    let after = file.metadata().map_err(broken)?;
    let stamp = |m: &Metadata| (m.len(), m.modified().ok());
    let short = read.len() as u64 != after.len();
    if stamp(&before) != stamp(&after) || short {
        return Err(format!("{shown} changed while it was read: send again once it is written"));
    }
    Ok(read)
}

/// What bytes are: text, a picture, or why neither. A sentence without its subject.
fn judge(name: &str, read: Vec<u8>, most_text: u64) -> Result<Attachment, String> {
    if read.starts_with(b"%PDF-") {
        return Err(
            "is a PDF, which is not sent as it is: extract its text (pdftotext) or a page as PNG".into()
        );
    }
    let text = match std::str::from_utf8(&read) {
        Ok(text) if !read.contains(&0) => Ok(text),
        Ok(_) => Err(None),
        Err(e) => Err(Some(e.valid_up_to())),
    };
    let at = match text {
        Ok(text) => {
            let size = read.len() as u64;
            if size > most_text {
                let (has, most) = (bytes(size), bytes(most_text));
                return Err(format!(
                    "has {has}, and text is attached up to {most}: cut it, or raise [attach] text_kib in the config"
                ));
            }
            return Ok(Attachment::Text(TextFile::new(name, text)));
        }
        Err(at) => at,
    };
    if imagesize::image_type(&read).is_ok() {
        let image = Image::new(name, read)?;
        return Ok(Attachment::Image(image));
    }
    if read.starts_with(b"\xff\xfe") || read.starts_with(b"\xfe\xff") {
        return Err("is UTF-16 text: convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)".into());
    }
    let controls = read.iter().filter(|b| b.is_ascii_control() && !b"\t\n\r\x0c".contains(b)).count();
    match at {
        Some(at) if !read.contains(&0) && controls * 10 <= read.len() => {
            Err(format!("is not UTF-8 text (byte {} is none): convert it (iconv -f LATIN1 -t UTF-8)", at + 1))
        }
        _ => Err("looks binary and is no image that is known here".into()),
    }
}

#[cfg(test)]
#[path = "attach_tests.rs"]
mod tests;
