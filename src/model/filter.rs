//! The one filter between untrusted text and a cell, a file or a clipboard.

/// Streaming filter (placeholder for the real one).
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Characters that were replaced by a visible mark.
    pub hidden: u64,
}

impl Filter {
    /// Appends the safe form of `text` to `out`.
    pub fn push(&mut self, text: &str, out: &mut String) {
        out.extend(text.chars().filter(|c| !c.is_control() || *c == '\n'));
    }

    /// Flushes what was held back at the end of the text.
    pub fn finish(&mut self, out: &mut String) {
        let _ = out;
    }
}

/// The safe form of a whole text; line feeds stay.
#[must_use]
pub fn clean(text: &str) -> String {
    let (mut filter, mut out) = (Filter::default(), String::with_capacity(text.len()));
    filter.push(text, &mut out);
    filter.finish(&mut out);
    out
}

/// The safe form on one line: line breaks and tabs become spaces.
#[must_use]
pub fn clean_line(text: &str) -> String {
    clean(text).replace('\n', " ")
}
