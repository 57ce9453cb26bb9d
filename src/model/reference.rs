//! `@path` in a prompt: where files are meant, as text alone tells.

/// A name behind an `@`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    pub name: String,
    /// It stood in quotes, so that nothing at its end is a sentence's.
    pub quoted: bool,
}

impl Reference {
    /// The name, then the name without the signs that end a sentence or a bracket: the first
    /// that is a file is meant.
    pub fn candidates(&self) -> impl Iterator<Item = &str> {
        let bare = self.name.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '}', '>', '\'', '"']);
        let other = Some(bare).filter(|bare| !self.quoted && !bare.is_empty() && *bare != self.name);
        std::iter::once(self.name.as_str()).chain(other)
    }

    /// Whether it was hardly meant as a word: it has a slash or an extension.
    #[must_use]
    pub fn looks_like_a_path(&self) -> bool {
        let name = self.candidates().last().unwrap_or_default();
        let extension = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, end)| end);
        let plain = |end: &str| {
            (1..=8).contains(&end.len())
                && end.bytes().all(|b| b.is_ascii_alphanumeric())
                && end.bytes().any(|b| b.is_ascii_alphabetic())
        };
        self.quoted || name.contains('/') || extension.is_some_and(plain)
    }
}

/// Whether an `@` behind this character begins a reference.
#[must_use]
pub fn begins_word(before: Option<char>) -> bool {
    before.is_none_or(|c| c.is_whitespace() || c == '(')
}

/// The references of a text, each name once, in their order. `\@` is none.
#[must_use]
pub fn references(text: &str) -> Vec<Reference> {
    let mut found: Vec<Reference> = Vec::new();
    let mut before = None;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        let (reference, length) = if c == '@' && begins_word(before) { named(after) } else { (None, 0) };
        if let Some(reference) = reference.filter(|r| !found.contains(r)) {
            found.push(reference);
        }
        before = after.get(..length).and_then(|name| name.chars().next_back()).or(Some(c));
        rest = after.get(length..).unwrap_or_default();
    }
    found
}

/// The name at the beginning of a text, and how many bytes it takes there.
fn named(text: &str) -> (Option<Reference>, usize) {
    if let Some(inside) = text.strip_prefix('"') {
        let (mut name, mut escaped) = (String::new(), false);
        for (at, c) in inside.char_indices() {
            match c {
                '\n' => break,
                '"' if !escaped => {
                    let reference = Reference { name, quoted: true };
                    return (Some(reference).filter(|r| !r.name.is_empty()), at + 2);
                }
                '\\' if !escaped => escaped = true,
                c => {
                    name.push(c);
                    escaped = false;
                }
            }
        }
        // A quote that nothing closes is no name.
        return (None, 0);
    }
    let length = text.find(char::is_whitespace).unwrap_or(text.len());
    let name = text.get(..length).unwrap_or_default();
    (Some(name).filter(|n| !n.is_empty()).map(|n| Reference { name: n.to_owned(), quoted: false }), length)
}

/// The text as it is sent: `\@` at a word's start is an `@`.
#[must_use]
pub fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut before = None;
    while let Some(c) = letters.next() {
        if !(c == '\\' && begins_word(before) && letters.peek() == Some(&'@')) {
            out.push(c);
        }
        before = Some(c);
    }
    out
}

/// A name as a prompt refers to it.
#[must_use]
pub fn reference(name: &str) -> String {
    let plain = Reference { name: name.to_owned(), quoted: false };
    if name.contains(|c: char| c.is_whitespace() || c == '"') || plain.candidates().count() > 1 {
        format!("@\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        format!("@{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        references(text).into_iter().map(|r| r.name).collect()
    }

    #[test]
    fn a_reference_begins_a_word() {
        for (text, want) in [
            ("Describe @chart.png", &["chart.png"][..]),
            ("@a @b\n@c", &["a", "b", "c"]),
            ("me@example.com and a@b", &[]),
            ("(@a.md) \"@type\"", &["a.md)"]),
            (r"\@a.md and \\@b", &[]),
            ("@ alone, @@twice", &["@twice"]),
            ("@a.md @a.md", &["a.md"]),
            (r#"@"a b.txt" and @"x \"y\" \\z""#, &["a b.txt", r#"x "y" \z"#]),
            ("@\"never closed\nnext", &[]),
            ("@\"\" @~/notes.md @日本.txt", &["~/notes.md", "日本.txt"]),
            ("\u{feff}@a", &[]),
            ("", &[]),
        ] {
            assert_eq!(names(text), want, "{text:?}");
        }
    }

    #[test]
    fn a_sentence_may_end_behind_a_name() {
        let candidates = |text: &str| -> Vec<String> {
            references(text).first().unwrap().candidates().map(str::to_owned).collect()
        };
        assert_eq!(candidates("See @notes.md, please"), ["notes.md,", "notes.md"]);
        assert_eq!(candidates("(see @notes.md)."), ["notes.md).", "notes.md"]);
        assert_eq!(candidates("@\"odd.\""), ["odd."]);
        assert_eq!(candidates("@..."), ["..."]);
    }

    #[test]
    fn only_what_looks_like_a_path_is_missed() {
        for (text, want) in [
            ("@alice", false),
            ("@alice.", false),
            ("@v1.2", false),
            ("@property", false),
            ("@types/node", true),
            ("@notes.md", true),
            ("@notes.md?", true),
            ("@.hidden", false),
            ("@\"a b\"", true),
        ] {
            assert_eq!(references(text)[0].looks_like_a_path(), want, "{text}");
        }
    }

    #[test]
    fn what_is_escaped_is_sent_without_its_backslash() {
        assert_eq!(unescaped(r"\@a mail\@b (\@c \d"), r"@a mail\@b (@c \d");
        for name in ["a.md", "a b.md", "x \"y\" \\z", "end.", "~/d/e.rs", r"back\slash"] {
            let written = format!("see {} now", reference(name));
            assert_eq!(names(&written), [name], "{written}");
        }
    }
}
