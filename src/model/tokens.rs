//! Tokens of a prompt before it is sent: counted where the model's vocabulary is public,
//! otherwise estimated by a stated ratio; and in either case a number that cannot be passed.

use super::prompt::Prompt;

/// How a number of tokens was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// With the vocabulary of this name, which its maker publishes for the model.
    Vocabulary(&'static str),
    /// [`BYTES_PER_TOKEN`].
    Ratio,
}

impl Counting {
    /// For people: `o200k_base`, `4 bytes a token`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Vocabulary(name) => name,
            Self::Ratio => "4 bytes a token",
        }
    }
}

/// What most vocabularies average over English text. Code and other scripts take more tokens.
pub const BYTES_PER_TOKEN: usize = 4;

/// Tokens that a template puts around a message. OpenAI documents three and one for a name;
/// the others do not publish theirs.
const TEMPLATE: u64 = 4;

/// The same where a number must hold for every template.
const TEMPLATE_MOST: u64 = 32;

/// What a provider may put before a conversation and bill: gpt-oss's preamble is some seventy
/// tokens, xAI's some hundreds.
const PREAMBLE_MOST: u64 = 1_024;

/// Tokens of one prompt for one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tokens {
    pub n: u64,
    /// No vocabulary makes more of it: a token stands for at least one byte.
    pub most: u64,
    pub how: Counting,
}

/// By the text's length alone; shown with `≈`.
#[must_use]
pub fn tokens_by_length(text: &str) -> u64 {
    (text.len() / BYTES_PER_TOKEN) as u64
}

/// The same of a whole prompt.
#[must_use]
pub fn prompt_by_length(prompt: &Prompt) -> u64 {
    prompt.texts().map(|text| tokens_by_length(&text) + TEMPLATE).sum()
}

/// Tokens of a prompt for a model. The bytes of its system text and of every turn count, with
/// its text files; how many tokens a picture is, no vendor says for every model: pictures are
/// left out, and [`super::Estimate`] knows no bound where there are any.
#[must_use]
pub fn tokens(prompt: &Prompt, model: &str) -> Tokens {
    let texts: Vec<_> = prompt.texts().collect();
    let messages = texts.len() as u64;
    if let Some((name, count)) = vocabulary(model) {
        let n = texts.iter().map(|text| count(text)).sum::<u64>();
        return Tokens {
            n: n + messages * TEMPLATE,
            most: n + messages * TEMPLATE_MOST + PREAMBLE_MOST,
            how: Counting::Vocabulary(name),
        };
    }
    let bytes = texts.iter().map(|text| text.len() as u64).sum::<u64>();
    Tokens {
        n: bytes.div_ceil(BYTES_PER_TOKEN as u64) + messages * TEMPLATE,
        most: bytes + messages * TEMPLATE_MOST + PREAMBLE_MOST,
        how: Counting::Ratio,
    }
}

type Count = fn(&str) -> u64;

/// The published vocabulary of a model. Of models after GPT-5 none is published.
#[cfg(feature = "tokenizer")]
fn vocabulary(model: &str) -> Option<(&'static str, Count)> {
    /// Beginnings of OpenAI's model names, the longer ones first: `tiktoken`'s own table.
    const KNOWN: [(&str, bool); 11] = [
        ("gpt-oss-", true),
        ("gpt-5", true),
        ("gpt-4.5", true),
        ("gpt-4.1", true),
        ("gpt-4o", true),
        ("chatgpt-4o", true),
        ("o1", true),
        ("o3", true),
        ("o4-mini", true),
        ("gpt-4", false),
        ("gpt-3.5", false),
    ];
    let own = model.rsplit(['/', ':']).next().unwrap_or(model);
    let own = own.rsplit_once("openai.").map_or(own, |(_, own)| own);
    let (_, o200k) = KNOWN.iter().find(|(begins, _)| own.starts_with(begins))?;
    Some(if *o200k {
        ("o200k_base", |text| bpe_openai::o200k_base().count(text) as u64)
    } else {
        ("cl100k_base", |text| bpe_openai::cl100k_base().count(text) as u64)
    })
}

#[cfg(not(feature = "tokenizer"))]
fn vocabulary(_model: &str) -> Option<(&'static str, Count)> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_estimated_never_passes_what_is_reserved() {
        for text in ["", "x", "2+2?", "The quick brown fox.", "日本語のテキスト", "👨‍👩‍👧", "\u{0}\u{1}"]
        {
            let prompt = Prompt::new(text).with_system(Some("Be brief.".into()));
            for model in ["gpt-5.4", "claude-opus-5-5", "openai.gpt-oss-120b", "gpt-4-turbo"] {
                let tokens = tokens(&prompt, model);
                assert!(tokens.n <= tokens.most, "{text:?} for {model}: {tokens:?}");
                assert!(
                    tokens.most <= (text.len() + 9) as u64 + 2 * TEMPLATE_MOST + PREAMBLE_MOST,
                    "{text:?}: {tokens:?}"
                );
            }
        }
    }

    #[test]
    fn a_whole_conversation_counts() {
        let first = Prompt::new("a".repeat(400));
        let next = first.follow_up("b".repeat(4_000), "c");
        let (one, all) = (tokens(&first, "m"), tokens(&next, "m"));
        assert_eq!((one.n, one.how), (100 + TEMPLATE, Counting::Ratio));
        assert_eq!(all.n, (4_401_u64).div_ceil(4) + 3 * TEMPLATE);
    }

    #[cfg(feature = "tokenizer")]
    #[test]
    fn a_published_vocabulary_counts_exactly() {
        // The counts are those of OpenAI's own tool.
        for (model, text, name, count) in [
            ("gpt-5.4", "hello world", "o200k_base", 2),
            ("openai.gpt-oss-120b", "hello world", "o200k_base", 2),
            ("us.openai.gpt-5.6-sol", "tiktoken is great!", "o200k_base", 6),
            ("gpt-4-turbo", "tiktoken is great!", "cl100k_base", 6),
        ] {
            let tokens = tokens(&Prompt::new(text), model);
            assert_eq!((tokens.n - TEMPLATE, tokens.how), (count, Counting::Vocabulary(name)), "{model}");
        }
        for model in ["gpt-6-sol", "claude-opus-5-5", "mistral-large-2512"] {
            assert_eq!(tokens(&Prompt::new("x"), model).how, Counting::Ratio, "{model}");
        }
    }
}
