//! The user's themes: the folder `themes/` beside the config, and files named by their path.

use std::path::Path;

use super::shorten_home;
use crate::model::clean_line;

/// A theme is written by hand; one larger than this is not one.
const MOST_BYTES: u64 = 256 << 10;

/// More files than anybody chooses from.
const MOST_FILES: usize = 500;

/// One file: its name without the ending, its path as messages show it, its text or why it cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThemeText {
    pub name: String,
    pub path: String,
    pub text: Result<String, String>,
}

/// Reads one file.
#[must_use]
pub fn theme_file(path: &Path) -> ThemeText {
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let shown = clean_line(&shorten_home(path, std::env::home_dir().as_deref()));
    ThemeText { name: clean_line(&name), path: shown, text: text(path) }
}

/// Reads the folder's `*.toml`, by name. One that is not there has none.
#[must_use]
pub fn theme_files(folder: &Path) -> Vec<ThemeText> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    paths.sort();
    paths.iter().take(MOST_FILES).map(|path| theme_file(path)).collect()
}

fn text(path: &Path) -> Result<String, String> {
    // A pipe would never end, and a link to nowhere is a mistake that wants to be told.
    let about = path.metadata().map_err(|e| format!("cannot be read: {e}"))?;
    if !about.is_file() {
        return Err("not a file".into());
    }
    if about.len() > MOST_BYTES {
        return Err(format!("{} bytes are more than a theme has", about.len()));
    }
    let bytes = std::fs::read(path).map_err(|e| format!("cannot be read: {e}"))?;
    String::from_utf8(bytes).map_err(|_| "not UTF-8: save the file as UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_themes_and_says_what_it_cannot_read() {
        let dir = tempfile::tempdir().unwrap();
        assert!(theme_files(&dir.path().join("none")).is_empty());
        for (name, bytes) in [("b.toml", "# b".as_bytes()), ("a.toml", b"\xff"), ("notes.txt", b"x")] {
            std::fs::write(dir.path().join(name), bytes).unwrap();
        }
        std::fs::create_dir(dir.path().join("c.toml")).unwrap();
        std::fs::write(dir.path().join("d.toml"), " ".repeat(300 << 10)).unwrap();
        std::os::unix::fs::symlink("/no/such/theme", dir.path().join("e.toml")).unwrap();
        let read = theme_files(dir.path());
        let names: Vec<_> = read.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c", "d", "e"]);
        assert_eq!(read[1].text.as_deref(), Ok("# b"));
        for (at, words) in
            [(0, "not UTF-8"), (2, "not a file"), (3, "more than a theme"), (4, "cannot be read")]
        {
            assert!(read[at].text.as_ref().unwrap_err().contains(words), "{:?}", read[at]);
        }
        assert!(read[0].path.ends_with("/a.toml"), "{}", read[0].path);
    }
}
