//! The headers of a response that are worth knowing: what is left of a limit, who served it, where.
//!
//! An allow-list: cookies, tokens and the ids of accounts are not shown.

/// Beginnings of names. Limits are told by OpenAI, Azure, Groq, Mistral and those that copy them
/// (`x-ratelimit-*`), by Anthropic (`anthropic-ratelimit-*`) and by standard (`ratelimit`,
/// `retry-after`); the rest says which deployment, region, version or cache served.
const WORTH: [&str; 16] = [
    "x-ratelimit-",
    "anthropic-ratelimit-",
    "ratelimit",
    "retry-after",
    "openai-version",
    "x-ms-region",
    "x-ms-deployment-name",
    "x-ms-served-model",
    "azureml-model-session",
    "x-amzn-bedrock-",
    "x-goog-",
    "x-vertex-",
    "x-groq-region",
    "x-cache",
    "cf-ray",
    "server",
];

/// Headers and bytes of a value that are kept; a server that tells more has something else in mind.
const MOST: usize = 32;
const LONGEST: usize = 200;

/// The headers worth knowing, sorted by name; names are lower-case.
pub fn header_facts<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    let worth = |name: &str| WORTH.iter().any(|prefix| name.starts_with(prefix)) && name != "server-timing";
    let mut out: Vec<(String, String)> = headers
        .filter(|(name, value)| worth(name) && !value.trim().is_empty())
        .take(MOST)
        .map(|(name, value)| {
            let value = value.trim();
            (name.to_owned(), value.get(..value.floor_char_boundary(LONGEST)).unwrap_or_default().to_owned())
        })
        .collect();
    out.sort();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_kept_and_cookies_are_not() {
        let headers = [
            ("x-ratelimit-remaining-requests", "99"),
            ("set-cookie", "session=1"),
            ("openai-organization", "org-1"),
            ("server-timing", "total;dur=3"),
            ("anthropic-ratelimit-tokens-reset", " 2026-11-24T03:00:00Z "),
            ("retry-after", ""),
        ];
        let long = "x".repeat(5_000);
        let many: Vec<(String, String)> =
            (0..100).map(|n| (format!("x-ratelimit-{n:03}"), long.clone())).collect();
        let facts = header_facts(headers.into_iter());
        assert_eq!(
            facts,
            [
                ("anthropic-ratelimit-tokens-reset".into(), "2026-11-24T03:00:00Z".into()),
                ("x-ratelimit-remaining-requests".into(), "99".into())
            ]
        );
        let facts = header_facts(many.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        assert!(facts.len() == MOST && facts.iter().all(|(_, value)| value.len() == LONGEST));
    }
}
