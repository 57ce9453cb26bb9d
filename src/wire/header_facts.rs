//! The headers of a response that are worth knowing: what is left of a limit, who served it, where.
//!
//! An allow-list: cookies, tokens and the ids of accounts are not shown.

/// Families of names: what is left of a limit. OpenAI, Azure, Groq, Mistral and those that copy them
/// (`x-ratelimit-*`), Anthropic (`anthropic-ratelimit-*`), and the standard's (`ratelimit`, `ratelimit-*`).
const LIMITS: [&str; 3] = ["x-ratelimit-", "anthropic-ratelimit-", "ratelimit"];

/// Names by themselves: when to come back, and which deployment, region, version or cache served.
const WORTH: [&str; 14] = [
    "retry-after",
    "retry-after-ms",
    "openai-version",
    "x-ms-region",
    "x-ms-deployment-name",
    "x-ms-served-model",
    "azureml-model-session",
    "x-amzn-bedrock-input-token-count",
    "x-amzn-bedrock-output-token-count",
    "x-groq-region",
    "x-cache",
    "cf-ray",
    "server",
    "via",
];

/// Headers and bytes of a value that are kept; a server that tells more has something else in mind.
const MOST: usize = 32;
const LONGEST: usize = 200;

/// The headers worth knowing, sorted by name; names are lower-case.
pub fn header_facts<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    let limits = |name: &str| LIMITS.iter().any(|prefix| name.starts_with(prefix));
    let worth = |name: &str| limits(name) || WORTH.contains(&name);
    let mut out: Vec<(String, String)> = headers
        .filter(|(name, value)| worth(name) && !value.trim().is_empty())
        .map(|(name, value)| {
            let value = value.trim();
            (name.to_owned(), value.get(..value.floor_char_boundary(LONGEST)).unwrap_or_default().to_owned())
        })
        .collect();
    // Limits are what one looks for: they stay where there is too much.
    out.sort_by_key(|(name, _)| (!limits(name), name.clone()));
    out.truncate(MOST);
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
            ("x-goog-user-project", "somebody"),
            ("x-amzn-bedrock-account", "123"),
            ("x-cache-key", "secret"),
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
