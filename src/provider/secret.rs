//! Keys: where they are looked for, and the one type that holds them.

use zeroize::Zeroizing;

/// A credential. It has no `Debug`, no `Display` and no `Serialize`, and its
/// memory is wiped on drop; the only way to its text is [`Secret::expose`],
/// which the engine calls to fill a header.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// A key as a person pasted it: surrounding white space is dropped.
    ///
    /// # Errors
    /// `None` of a key that is empty; a sentence (without the key) when it holds
    /// control characters, which could smuggle a second header into a request.
    pub fn parse(text: &str) -> Result<Option<Self>, &'static str> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if text.chars().any(|c| c.is_control() || !c.is_ascii()) {
            return Err("the key holds line breaks or characters that no key has");
        }
        Ok(Some(Self(Zeroizing::new(text.to_owned()))))
    }

    /// The text itself; for a header and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Secret {
    /// A text without this key, should somebody have repeated it: as it is, and in the
    /// form it takes inside a URL.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        const REDACTED: &str = "<redacted>";
        // A key of a few letters would take ordinary words with it.
        if self.0.len() < 8 {
            return text.to_owned();
        }
        let encoded = self.encoded();
        let text = text.replace(self.0.as_str(), REDACTED).replace(encoded.as_str(), REDACTED);
        // A long text may have been cut off in the middle of it.
        let Some(whole) = text.strip_suffix('…') else { return text };
        match (4..self.0.len()).rev().find_map(|n| whole.strip_suffix(self.0.get(..n)?)) {
            Some(rest) => format!("{rest}{REDACTED}…"),
            None => text,
        }
    }

    /// As it stands in a URL.
    fn encoded(&self) -> Zeroizing<String> {
        Zeroizing::new(url::form_urlencoded::byte_serialize(self.0.as_bytes()).collect())
    }

    /// The forms in which it may come back, if it is long enough to be told from ordinary words.
    #[must_use]
    pub fn forms(&self) -> Vec<Zeroizing<String>> {
        let (plain, encoded) = (Zeroizing::new(self.0.to_string()), self.encoded());
        match self.0.len() {
            0..8 => Vec::new(),
            _ if plain == encoded => vec![plain],
            _ => vec![plain, encoded],
        }
    }
}

/// Where environment variables come from: the process, or a fixed set laid over
/// it (the demo's invented keys, a test's world).
#[derive(Clone, Default)]
pub struct Vars {
    overlay: Vec<(String, Zeroizing<String>)>,
    process: bool,
}

impl Vars {
    /// The process's own environment.
    #[must_use]
    pub fn process() -> Self {
        Self { overlay: Vec::new(), process: true }
    }

    /// These variables and no others.
    #[must_use]
    pub fn only(pairs: &[(&str, &str)]) -> Self {
        Self {
            overlay: pairs.iter().map(|(k, v)| ((*k).into(), Zeroizing::new((*v).into()))).collect(),
            process: false,
        }
    }

    /// The same with one more variable, which stands before the process's own.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut more = self.clone();
        more.overlay.retain(|(k, _)| k != name);
        more.overlay.push((name.to_owned(), Zeroizing::new(value.to_owned())));
        more
    }

    /// The value of a variable; an empty one counts as not set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        let laid = self.overlay.iter().find(|(k, _)| k == name).map(|(_, v)| v.to_string());
        laid.or_else(|| if self.process { std::env::var(name).ok() } else { None })
            .filter(|v| !v.trim().is_empty())
    }

    /// The first of these variables that is set, with its name.
    #[must_use]
    pub fn first<'n>(&self, names: &[&'n str]) -> Option<(&'n str, String)> {
        names.iter().find_map(|n| Some((*n, self.get(n)?)))
    }

    /// Whether the process's own environment and files may be read: the AWS
    /// credential chain reads them by itself.
    #[must_use]
    pub fn is_process(&self) -> bool {
        self.process
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_trimmed_and_never_carries_a_second_header() {
        let key = Secret::parse(" sk-1\n").unwrap().unwrap();
        assert_eq!(key.expose(), "sk-1");
        assert!(Secret::parse("  \n").unwrap().is_none());
        assert!(Secret::parse("sk-1\r\nx-evil: 1").is_err());
        assert!(Secret::parse("sk-\u{e9}").is_err());
    }

    #[test]
    fn an_echoed_key_is_taken_out() {
        let key = Secret::parse("sk-canary+1234").unwrap().unwrap();
        assert_eq!(key.scrub("bad key sk-canary+1234!"), "bad key <redacted>!");
        assert_eq!(key.scrub("a long text that ends in sk-can…"), "a long text that ends in <redacted>…");
        assert_eq!(key.scrub("a long text…"), "a long text…");
        assert_eq!(key.scrub("?key=sk-canary%2B1234&x"), "?key=<redacted>&x");
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        let vars = Vars::only(&[("A", " "), ("B", "x")]);
        assert_eq!(vars.get("A"), None);
        assert_eq!(vars.first(&["A", "B"]), Some(("B", "x".into())));
    }
}
