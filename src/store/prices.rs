//! The downloaded price book: the newest one and the one before, in the platform's data directory.

use std::fmt::Write;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::config::write_whole;

/// What the head of a downloaded book says of where it is from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Origin {
    pub as_of: String,
    /// Without its query, which may hold a key.
    pub url: String,
    /// SHA-256 of the whole address, hexadecimal: whether an `ETag` is of this address.
    pub address: String,
    /// As the server gave it; a change detector, no proof.
    pub etag: String,
    /// Of what was downloaded, hexadecimal.
    pub sha256: String,
    pub fetched_at: String,
    /// When the server last said that it has nothing newer.
    pub checked_at: String,
}

/// Where downloaded books are kept.
#[derive(Debug, Clone)]
pub struct PriceFiles {
    dir: PathBuf,
}

impl PriceFiles {
    /// In the platform's data directory; `None` without a home.
    #[must_use]
    pub fn usual() -> Option<Self> {
        super::data_dir().map(|dir| Self { dir: dir.join("prices") })
    }

    /// In a directory.
    #[must_use]
    pub fn at(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.dir.join("current.toml")
    }

    fn previous(&self) -> PathBuf {
        self.dir.join("previous.toml")
    }

    /// The newest book; `None` where none was downloaded.
    ///
    /// # Errors
    /// A sentence with the path, where it is there and cannot be read.
    pub fn read(&self) -> Result<Option<String>, String> {
        match std::fs::read_to_string(self.path()) {
            Ok(text) => Ok(Some(text)),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(format!("{}: {e}", self.path().display())),
        }
    }

    /// Keeps a book; the one that was the newest is kept beside it.
    ///
    /// # Errors
    /// A sentence with the path; what was there is still there.
    pub fn keep(&self, text: &str) -> Result<(), String> {
        if let Some(old) = self.read().unwrap_or_default() {
            write_whole(&self.previous(), &old)?;
        }
        write_whole(&self.path(), text)
    }

    /// Writes the newest book's text anew, where only its head has changed.
    ///
    /// # Errors
    /// A sentence with the path.
    pub fn touch(&self, text: &str) -> Result<(), String> {
        write_whole(&self.path(), text)
    }

    /// The newest book's date, from its head alone.
    #[must_use]
    pub fn as_of(&self) -> Option<String> {
        let mut head = [0; 2048];
        let mut file = std::fs::File::open(self.path()).ok()?;
        let read = file.read(&mut head).ok()?;
        let text = String::from_utf8_lossy(head.get(..read)?).into_owned();
        Some(origin(&text).as_of).filter(|day| !day.is_empty())
    }

    /// Goes back to the book before; where there is none, to what the program brings along.
    /// False where nothing was downloaded at all.
    ///
    /// # Errors
    /// A sentence with the path.
    pub fn roll_back(&self) -> Result<bool, String> {
        let fail = |e: std::io::Error| format!("{}: {e}", self.dir.display());
        if self.read()?.is_none() {
            return Ok(false);
        }
        match std::fs::rename(self.previous(), self.path()) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == ErrorKind::NotFound => {
                std::fs::remove_file(self.path()).map_err(fail)?;
                Ok(true)
            }
            Err(e) => Err(fail(e)),
        }
    }
}

/// A book's text with where it is from in its head.
#[must_use]
pub fn with_origin(book: &str, origin: &Origin) -> String {
    let lines = [
        ("url", &origin.url),
        ("address", &origin.address),
        ("etag", &origin.etag),
        ("sha256", &origin.sha256),
        ("fetched_at", &origin.fetched_at),
        ("checked_at", &origin.checked_at),
    ];
    let ours = |line: &&str| lines.iter().any(|(name, _)| line.starts_with(&format!("{name} = ")));
    // The head ends where the rows begin; keys of ours that are there already are replaced.
    let (head, rows) = book.split_at(book.find("\n[[price]]").unwrap_or(book.len()));
    let kept: Vec<&str> = head.trim_end().lines().filter(|line| !ours(line)).collect();
    let mut text = kept.join("\n");
    for (name, value) in lines {
        // Writing to a string does not fail.
        let _ = write!(text, "\n{name} = {}", toml::Value::from(value.as_str()));
    }
    format!("{text}\n{rows}")
}

/// Where a book says that it is from.
#[must_use]
pub fn origin(book: &str) -> Origin {
    let head = book.split("\n[[price]]").next().unwrap_or_default();
    toml::from_str(head).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOK: &str = "# a book\nas_of = \"2026-12-01\"\nsource = \"s\"\n\n[[price]]\nkind = \"openai\"\n";

    #[test]
    fn a_book_says_where_it_is_from_and_stays_what_it_was() {
        let first = Origin {
            as_of: "2026-12-01".into(),
            url: "https://example.com/p.json".into(),
            etag: "W/\"abc\"".into(),
            ..Origin::default()
        };
        let text = with_origin(BOOK, &first);
        assert_eq!(origin(&text), first);
        let later = Origin { checked_at: "2026-12-02T00:00:00Z".into(), ..first };
        let again = with_origin(&text, &later);
        assert_eq!(origin(&again), later);
        assert_eq!(again.matches("url = ").count(), 1);
        assert!(
            again.starts_with("# a book\n") && again.ends_with("\n[[price]]\nkind = \"openai\"\n"),
            "{again}"
        );
    }

    #[test]
    fn rolling_back_goes_one_book_back_and_then_to_the_embedded_one() {
        let dir = tempfile::tempdir().unwrap();
        let files = PriceFiles::at(&dir.path().join("new"));
        assert_eq!((files.read(), files.as_of()), (Ok(None), None));
        assert_eq!(files.roll_back(), Ok(false), "nothing was downloaded");
        for text in ["one", "two", "three"] {
            files.keep(text).unwrap();
        }
        assert_eq!(files.read(), Ok(Some("three".into())));
        assert_eq!((files.roll_back(), files.read()), (Ok(true), Ok(Some("two".into()))));
        assert_eq!(files.roll_back(), Ok(true), "only the last one is kept");
        assert_eq!(files.read(), Ok(None));
    }
}
