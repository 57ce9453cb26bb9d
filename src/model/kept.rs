//! A prompt that is kept under a name, with every version it has had.

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Version {
    pub text: String,
    pub system: Option<String>,
    pub note: String,
    /// RFC 3339, UTC; empty where a person wrote the version and left it out.
    pub saved_at: String,
}

/// A prompt of the library, the oldest version first; there is at least one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    pub name: String,
    pub tags: Vec<String>,
    pub versions: Vec<Version>,
}

impl Kept {
    /// The version with this number, from 1; the newest without one.
    #[must_use]
    pub fn version(&self, number: Option<usize>) -> Option<&Version> {
        match number {
            Some(number) => self.versions.get(number.checked_sub(1)?),
            None => self.versions.last(),
        }
    }
}

impl Version {
    /// `2026-11-24 09:30`, as far as it is known.
    #[must_use]
    pub fn day(&self) -> String {
        self.saved_at.chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
    }
}
