//! The library of prompts: `prompts/NAME.toml` beside the config, one file a prompt.
//!
//! ```toml
//! tags = ["support"]
//!
//! [[version]]
//! saved_at = "2026-11-24T09:30:00Z"
//! note = "shorter"
//! system = "You are kind."
//! text = '''
//! Explain {{topic}} in a {{tone}} tone.'''
//! ```
//!
//! Each save adds a `[[version]]` at the end and leaves the rest of the file as it is, comments
//! included; the last one counts. A file that is not understood is named with its line and is
//! never written to.

use std::fmt::Write as _;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::config::write_whole;
use crate::model::Kept;
use crate::model::Version;
use crate::model::clean_line;
use crate::model::did_you_mean;

/// Bytes of one prompt's file with all its versions.
const MOST_BYTES: u64 = 16 << 20;

/// Characters of a name: it is the name of a file.
const MOST_NAME: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPrompt {
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    version: Vec<Spanned<RawVersion>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawVersion {
    text: String,
    system: Option<String>,
    #[serde(default)]
    note: String,
    #[serde(default)]
    saved_at: Stamp,
}

/// A time as a text or as TOML's own.
#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Stamp {
    #[default]
    Missing,
    Text(String),
    Time(toml::value::Datetime),
}

/// The library's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompts {
    dir: PathBuf,
}

/// What is in the library: prompts by name, and what of it cannot be read.
pub type KeptList = (Vec<Kept>, Vec<String>);

impl Prompts {
    /// The library beside this config file.
    #[must_use]
    pub fn beside(config: &Path) -> Self {
        Self { dir: config.parent().unwrap_or(Path::new(".")).join("prompts") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.toml"))
    }

    /// Every prompt, by name, and a sentence for each file that is damaged. No folder is an empty library.
    ///
    /// # Errors
    /// Why the folder cannot be read.
    pub fn list(&self) -> Result<KeptList, String> {
        let fail = |e: std::io::Error| format!("{}: {e}", self.dir.display());
        let entries = match std::fs::read_dir(&self.dir) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(KeptList::default()),
            other => other.map_err(fail)?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let path = entry.map_err(fail)?.path();
            let name = path.file_stem().and_then(|n| n.to_str()).map(str::to_owned);
            let toml = path.extension().is_some_and(|e| e == "toml");
            names.extend(name.filter(|n| toml && !n.starts_with('.')));
        }
        names.sort_by_key(|name| name.to_lowercase());
        let (mut kept, mut damaged) = (Vec::new(), Vec::new());
        for name in names {
            match self.read(&name) {
                Ok(Some((_, prompt))) => kept.push(prompt),
                Ok(None) => {}
                Err(why) => damaged.push(why),
            }
        }
        Ok((kept, damaged))
    }

    /// The prompt with this name.
    ///
    /// # Errors
    /// That there is none, with the nearest name; or what is wrong with its file.
    pub fn get(&self, name: &str) -> Result<Kept, String> {
        check(name)?;
        if let Some((_, kept)) = self.read(name)? {
            return Ok(kept);
        }
        let (kept, _) = self.list()?;
        let names: Vec<_> = kept.iter().map(|k| k.name.as_str()).collect();
        let list =
            if names.is_empty() { format!("{} has none yet", self.dir.display()) } else { names.join(", ") };
        Err(format!("no prompt is called {name:?}{}: {list}", did_you_mean(name, names.iter().copied())))
    }

    /// Adds a version to a prompt, or begins one; the sentence says which. A version that says the
    /// same as the last one is not repeated.
    ///
    /// # Errors
    /// A sentence; the file is then what it was.
    pub fn save(&self, name: &str, version: &Version) -> Result<String, String> {
        check(name)?;
        if version.text.trim().is_empty() {
            return Err("there is no text to save".into());
        }
        let there = self.read(name)?;
        let last = there.as_ref().and_then(|(_, kept)| kept.versions.last());
        let number = there.as_ref().map_or(0, |(_, kept)| kept.versions.len()) + 1;
        let same = |v: &Version| v.text == version.text && v.system == version.system;
        if last.is_some_and(|v| same(v) && (version.note.is_empty() || v.note == version.note)) {
            return Ok(format!("{name} has this already as version {}", number - 1));
        }
        let mut text = there.map_or_else(
            || {
                "# A prompt of bakeoff's library. Each save adds a [[version]]; the last one counts.\n"
                    .to_owned()
            },
            |(text, _)| text,
        );
        if !text.ends_with('\n') {
            text.push('\n');
        }
        append(&mut text, version);
        // What was written reads back as what was meant, or nothing is written.
        let back = parse(name, &text).map_err(|(_, why)| format!("{name:?} cannot be written: {why}"))?;
        if back.versions.len() != number || back.versions.last() != Some(version) {
            return Err(format!("{name:?} cannot be written: it would not read back the same"));
        }
        if text.len() as u64 > MOST_BYTES {
            return Err(format!(
                "{name:?} would be larger than {} MiB: save it under another name",
                MOST_BYTES >> 20
            ));
        }
        let fail = |e: std::io::Error| format!("{}: {e}", self.dir.display());
        if let Some(parent) = self.dir.parent() {
            std::fs::create_dir_all(parent).map_err(fail)?;
        }
        match DirBuilder::new().mode(0o700).create(&self.dir) {
            Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => return Err(fail(e)),
            _ => {}
        }
        write_whole(&self.path(name), &text)?;
        Ok(format!("saved {name}, version {number}"))
    }

    /// Removes a prompt with all its versions.
    ///
    /// # Errors
    /// A sentence; the file is then still there.
    pub fn remove(&self, name: &str) -> Result<String, String> {
        check(name)?;
        let path = self.path(name);
        std::fs::remove_file(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(format!("deleted {name}"))
    }

    /// The file's text and what it says; `None` where there is no file.
    fn read(&self, name: &str) -> Result<Option<(String, Kept)>, String> {
        let path = self.path(name);
        let at = clean_line(&path.display().to_string());
        let fail = |e: std::io::Error| format!("{at}: {e}");
        match std::fs::metadata(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Ok(there) if there.len() > MOST_BYTES => {
                return Err(format!("{at} is larger than {} MiB", MOST_BYTES >> 20));
            }
            Ok(_) => {}
            Err(e) => return Err(fail(e)),
        }
        let bytes = std::fs::read(&path).map_err(fail)?;
        let text = String::from_utf8(bytes).map_err(|_| format!("{at}: not UTF-8: save it as UTF-8"))?;
        let kept = parse(name, &text).map_err(|(line, why)| match line {
            Some(line) => format!("{at}:{line}: {}", clean_line(&why)),
            None => format!("{at}: {}", clean_line(&why)),
        })?;
        Ok(Some((text, kept)))
    }
}

/// A name is a file's name on every system, and a word after `-p`.
fn check(name: &str) -> Result<(), String> {
    let fine = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    let wrong = if name.is_empty() {
        "a prompt needs a name"
    } else if name.chars().count() > MOST_NAME {
        "the name is longer than 64 characters"
    } else if !name.chars().all(fine) {
        "a name has letters, digits, spaces, dots, - and _"
    } else if name.starts_with(['.', '-', ' ']) || name.ends_with([' ', '.']) {
        "a name begins and ends with a letter, a digit or _"
    } else {
        return Ok(());
    };
    Err(format!("{name:?}: {wrong}"))
}

fn parse(name: &str, text: &str) -> Result<Kept, (Option<usize>, String)> {
    let line_of = |at: usize| text.get(..at).unwrap_or(text).matches('\n').count() + 1;
    let raw: RawPrompt = toml::from_str(text.strip_prefix('\u{feff}').unwrap_or(text))
        .map_err(|e| (e.span().map(|s| line_of(s.start)), e.message().to_owned()))?;
    if raw.version.is_empty() {
        return Err((None, "it has no [[version]] with a text".into()));
    }
    let mut versions = Vec::new();
    for version in raw.version {
        let line = line_of(version.span().start);
        let RawVersion { text, system, note, saved_at } = version.into_inner();
        if text.trim().is_empty() {
            return Err((Some(line), "this version has no text".into()));
        }
        let saved_at = match saved_at {
            Stamp::Missing => String::new(),
            Stamp::Text(text) => text,
            Stamp::Time(time) => time.to_string(),
        };
        versions.push(Version { text, system, note, saved_at });
    }
    Ok(Kept { name: name.to_owned(), tags: raw.tags, versions })
}

fn append(out: &mut String, version: &Version) {
    // Writing to a string does not fail.
    let _ = writeln!(out, "\n[[version]]\nsaved_at = {}", quoted(&version.saved_at));
    if !version.note.is_empty() {
        let _ = writeln!(out, "note = {}", quoted(&version.note));
    }
    if let Some(system) = &version.system {
        let _ = writeln!(out, "system = {}", block(system));
    }
    let _ = writeln!(out, "text = {}", block(&version.text));
}

/// On one line.
fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// As it is, line by line, so that versions can be compared; with escapes only where it must be.
fn block(text: &str) -> String {
    let plain = |c: char| matches!(c, '\n' | '\t') || !c.is_control();
    if text.chars().all(plain) && !text.contains("'''") && !text.ends_with('\'') {
        return format!("'''\n{text}'''");
    }
    let lines: Vec<String> = text.split('\n').map(escaped).collect();
    format!("\"\"\"\n{}\"\"\"", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn version(text: &str, note: &str) -> Version {
        let saved_at = "2026-11-24T09:30:00Z".into();
        Version { text: text.into(), note: note.into(), saved_at, system: None }
    }

    fn library() -> (tempfile::TempDir, Prompts) {
        let dir = tempfile::tempdir().unwrap();
        let prompts = Prompts::beside(&dir.path().join("new/config.toml"));
        (dir, prompts)
    }

    #[test]
    fn versions_are_added_and_nothing_by_hand_is_lost() {
        let (_dir, prompts) = library();
        assert_eq!(prompts.list().unwrap(), KeptList::default());
        assert_eq!(
            prompts.save("refund", &version("Be {{tone}}.", "first")).unwrap(),
            "saved refund, version 1"
        );
        let path = prompts.path("refund");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&prompts.dir)), (0o600, 0o700));
        let by_hand = format!("tags = [\"a\"] # mine\n{}# the end", std::fs::read_to_string(&path).unwrap());
        std::fs::write(&path, &by_hand).unwrap();
        let second = Version { system: Some("Kind.\nShort.".into()), ..version("Be\n  {{tone}}!\n", "") };
        assert_eq!(prompts.save("refund", &second).unwrap(), "saved refund, version 2");
        assert_eq!(prompts.save("refund", &second).unwrap(), "refund has this already as version 2");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(&by_hand), "{text}");
        let kept = prompts.get("refund").unwrap();
        assert_eq!(kept.tags, ["a"]);
        assert_eq!(kept.versions, [version("Be {{tone}}.", "first"), second.clone()]);
        assert_eq!((kept.version(Some(1)).unwrap().note.as_str(), kept.version(Some(3))), ("first", None));
        assert_eq!((kept.version(Some(0)), kept.version(None)), (None, Some(&second)));
        assert_eq!(
            prompts.get("refnd").unwrap_err(),
            "no prompt is called \"refnd\" (did you mean \"refund\"?): refund"
        );
        assert_eq!(prompts.remove("refund").unwrap(), "deleted refund");
        assert!(!path.exists() && prompts.get("refund").unwrap_err().contains("has none yet"));
    }

    #[test]
    fn every_text_reads_back_as_it_was() {
        let (_dir, prompts) = library();
        for (n, text) in [
            "plain",
            "\nfirst line empty",
            "last line empty\n\n",
            "it's 'quoted'",
            "'''",
            "ends with '",
            "\"\"\"\"",
            "back\\slash \\n",
            "a\r\nb\r",
            "\u{1b}[31m\u{7f}\u{9b}",
            "tab\t日本 👨‍👩‍👧",
            "\" ' \"",
            "'''\n\"x\"\n\\",
            "[[version]]\ntext = '''\n",
            "trailing space \\\n  x",
        ]
        .into_iter()
        .enumerate()
        {
            let name = format!("p{n}");
            let mut one = version(text, text);
            one.system = Some(text.to_owned());
            prompts.save(&name, &one).unwrap_or_else(|e| panic!("{text:?}: {e}"));
            assert_eq!(prompts.get(&name).unwrap().versions, [one], "{text:?}");
        }
        assert_eq!(prompts.list().unwrap().0.len(), 15);
    }

    #[test]
    fn a_damaged_file_is_named_with_its_line_and_never_written_to() {
        let (_dir, prompts) = library();
        prompts.save("good", &version("x", "")).unwrap();
        for (text, words) in [
            ("[[version]]\ntext = 'x'\nnoet = 'y'\n", ":3: unknown field `noet`"),
            ("[[version]]\ntext = \n", ":2: "),
            ("tags = []\n", "it has no [[version]]"),
            ("\n[[version]]\ntext = ' '\n", ":2: this version has no text"),
            ("[[version]]\nnote = 'x'\n", "missing field `text`"),
        ] {
            let path = prompts.path("bad");
            std::fs::write(&path, text).unwrap();
            let error = prompts.get("bad").unwrap_err();
            assert!(error.contains("bad.toml") && error.contains(words), "{text:?}: {error}");
            assert_eq!(prompts.save("bad", &version("x", "")).unwrap_err(), error);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            let (kept, damaged) = prompts.list().unwrap();
            assert_eq!((kept.len(), damaged), (1, vec![error]));
        }
        // A version that a person wrote needs no more than a text; a time may be TOML's own.
        std::fs::write(prompts.path("bad"), "[[version]]\ntext='a'\nsaved_at = 2026-11-24T09:30:00Z\n")
            .unwrap();
        assert_eq!(prompts.get("bad").unwrap().versions[0].day(), "2026-11-24 09:30");
    }

    #[test]
    fn a_name_is_no_path() {
        let (_dir, prompts) = library();
        for name in ["", "../x", "a/b", ".hidden", "-p", "x ", "a\nb", &"x".repeat(65)] {
            assert!(prompts.save(name, &version("x", "")).is_err(), "{name:?}");
            assert!(prompts.get(name).is_err() && prompts.remove(name).is_err(), "{name:?}");
        }
        assert!(!prompts.dir.exists());
        prompts.save("Rückfrage 2.1_b-c", &version("x", "")).unwrap();
        assert!(prompts.save("empty", &version(" \n", "")).unwrap_err().contains("no text"));
    }
}
