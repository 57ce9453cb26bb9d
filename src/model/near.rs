//! "Did you mean": the nearest of the words that would have been right.

/// The candidate nearest to `word`, if near enough to be a slip of the fingers.
#[must_use]
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    candidates
        .into_iter()
        .map(|c| (strsim::jaro_winkler(word, c), c))
        // 0.75: `opnai` and `anthropc` are found, `azure` does not become `ollama`.
        .filter(|(score, _)| *score >= 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, c)| c)
}

/// `" (did you mean X?)"`, or nothing.
#[must_use]
pub fn did_you_mean<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> String {
    nearest(word, candidates).map(|c| format!(" (did you mean {c:?}?)")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let words = ["openai", "anthropic", "ollama", "bedrock"];
        assert_eq!(nearest("opnai", words), Some("openai"));
        assert_eq!(nearest("anthropc", words), Some("anthropic"));
        assert_eq!(nearest("xyz", words), None);
        assert_eq!(did_you_mean("bedrok", words), " (did you mean \"bedrock\"?)");
    }
}
