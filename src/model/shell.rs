//! Words of a command line that is shown to be copied.

/// A word as a POSIX shell reads it back, in quotes only where it needs them.
#[must_use]
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_where_a_shell_would_read_something_else() {
        for (word, want) in [
            ("home", "home"),
            ("prod/claude-opus@eu", "prod/claude-opus@eu"),
            ("gpt everywhere", "'gpt everywhere'"),
            ("$HOME `id` \"x\" \\", "'$HOME `id` \"x\" \\'"),
            ("it's", "'it'\\''s'"),
            ("~me", "'~me'"),
            ("", "''"),
        ] {
            assert_eq!(shell_word(word), want);
        }
    }
}
