//! Names of models and makers, hidden in a text: "As █████, made by █████".
//!
//! A name is found as a whole word in any case, whatever separates its parts (`gpt-4o`, `GPT 4o`,
//! `gpt_4o`) and whatever markup or invisible character stands within it (`Cl**aude**`). What
//! follows it and belongs to it (`Sonnet 5.5`, `70B`) is hidden with it. A mask is always the same
//! length. It errs towards hiding: the animal is masked with the model that is called after it.

use std::ops::Range;

/// What stands in place of a name.
pub const MASK: &str = "█████";

/// Families, products and makers.
const NAMES: &[&str] = &[
    "openai",
    "chatgpt",
    "gpt",
    "gpt-oss",
    "chat gpt",
    "dall-e",
    "codex",
    "davinci",
    "anthropic",
    "claude",
    "claude code",
    "google",
    "deepmind",
    "google deepmind",
    "gemini",
    "gemma",
    "palm 2",
    "vertex ai",
    "mistral",
    "mistral ai",
    "mistralai",
    "mixtral",
    "ministral",
    "magistral",
    "codestral",
    "devstral",
    "pixtral",
    "voxtral",
    "le chat",
    "deepseek",
    "deep seek",
    "alibaba",
    "alibaba cloud",
    "qwen",
    "qwq",
    "tongyi",
    "tongyi qianwen",
    "zhipu",
    "zhipu ai",
    "zai",
    "z.ai",
    "glm",
    "chatglm",
    "xai",
    "x.ai",
    "grok",
    "moonshot ai",
    "moonshotai",
    "kimi",
    "meta ai",
    "metaai",
    "llama",
    "nvidia",
    "nemotron",
    "minimax",
    "microsoft",
    "microsoft azure",
    "amazon",
    "amazon web services",
    "aws",
    "cohere",
    "command r",
    "ai21",
    "jamba",
    "databricks",
    "dbrx",
    "baidu",
    "ernie bot",
    "bytedance",
    "doubao",
    "tencent",
    "hunyuan",
    "huawei",
    "pangu",
    "inflection ai",
    "perplexity",
    "sonar pro",
    "reka",
    "stability ai",
    "stablelm",
    "huggingface",
    "hugging face",
    "smollm",
    "tulu",
    "olmo",
    "allen ai",
    "vicuna",
    "alpaca",
    "tii",
    "ibm",
    "watsonx",
    "groq",
    "openrouter",
    "ollama",
    "bedrock",
    "copilot",
    "xiaomi",
    "mimo",
    "stepfun",
    "baichuan",
    "internlm",
    "01.ai",
    "lm studio",
    "vllm",
];

/// Names that are words as well: hidden where they are written as a name, with a capital, and not
/// where the question has the word.
const WORDS: &[&str] = &[
    "haiku",
    "sonnet",
    "opus",
    "fable",
    "meta",
    "azure",
    "vertex",
    "command",
    "phi",
    "nova",
    "titan",
    "granite",
    "falcon",
    "bard",
    "apple",
    "moonshot",
    "yi",
    "ernie",
    "cerebras",
    "fireworks",
    "together",
];

/// The other way round: names that are written small.
const SMALL: &[&str] = &["o1", "o3", "o4"];

/// Names in scripts without spaces between words.
const UNSPACED: &[&str] = &[
    "通义千问",
    "通義千問",
    "千问",
    "文心一言",
    "豆包",
    "深度求索",
    "智谱",
    "月之暗面",
    "混元",
    "阿里巴巴",
    "阿里云",
    "百度",
    "字节跳动",
    "腾讯",
    "谷歌",
    "克劳德",
    "グーグル",
    "クロード",
    "ジェミニ",
];

/// What goes on after a name and belongs to it.
const TAILS: &[&str] = &[
    "sonnet",
    "opus",
    "haiku",
    "fable",
    "instant",
    "flash",
    "lite",
    "pro",
    "mini",
    "nano",
    "turbo",
    "sol",
    "luna",
    "terra",
    "astra",
    "argon",
    "large",
    "medium",
    "small",
    "tiny",
    "scout",
    "maverick",
    "behemoth",
    "instruct",
    "thinking",
    "next",
    "coder",
    "preview",
    "code",
    "max",
    "plus",
    "ultra",
    "reasoner",
    "chat",
    "latest",
    "super",
    "oss",
    "omni",
    "ai",
    "fast",
    "code-fast",
    "vl",
    "it",
    "base",
    "micro",
    "premier",
    "cloud",
];

/// Longest version that is taken for one: `235B`, `20250219`.
const VERSION: usize = 10;

/// A name as its letters and digits, in lower case, part by part.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    parts: Vec<Vec<char>>,
    case: Case,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Any,
    Capital,
    Small,
}

impl Name {
    /// Nothing where it is too short to be told from other words.
    fn new(text: &str, case: Case) -> Option<Self> {
        let parts: Vec<Vec<char>> = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|part| !part.is_empty())
            .map(|part| part.chars().flat_map(char::to_lowercase).collect())
            .collect();
        let letters: usize = parts.iter().map(Vec::len).sum();
        (letters >= 2 && parts.iter().flatten().any(|c| c.is_alphabetic())).then_some(Self { parts, case })
    }
}

/// One character of a text that counts.
#[derive(Clone, Copy)]
struct Seen {
    at: usize,
    end: usize,
    was: char,
    lower: char,
    /// Markup or something invisible stands before it.
    apart: bool,
}

/// Hides names.
#[derive(Debug, Clone, Default)]
pub struct Mask {
    names: Vec<Name>,
}

impl Mask {
    /// Hides the names that everybody knows and those of a lineup. A lineup's own name hides the
    /// word, whatever else it means, unless it is shorter than three letters.
    #[must_use]
    pub fn new<'a>(own: impl IntoIterator<Item = &'a str>, question: &str) -> Self {
        let asked: Vec<String> =
            question.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
        let known = NAMES.iter().filter_map(|n| Name::new(n, Case::Any));
        let words = WORDS.iter().filter(|w| !asked.iter().any(|a| a == *w));
        let words = words.filter_map(|n| Name::new(n, Case::Capital));
        let small = SMALL.iter().filter_map(|n| Name::new(n, Case::Small));
        let own = own.into_iter().filter(|n| n.chars().filter(|c| c.is_alphanumeric()).count() >= 3);
        let own = own.filter_map(|n| Name::new(n, Case::Any));
        let mut names: Vec<Name> = own.chain(known).chain(words).chain(small).collect();
        // Of names that begin alike the longest is tried first.
        names.sort_by_key(|n| std::cmp::Reverse(n.parts.iter().map(Vec::len).sum::<usize>()));
        names.dedup();
        Self { names }
    }

    /// The text with every name hidden.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for found in self.places(text) {
            out.push_str(text.get(from..found.start).unwrap_or_default());
            out.push_str(MASK);
            from = found.end;
        }
        out.push_str(text.get(from..).unwrap_or_default());
        out
    }

    fn places(&self, text: &str) -> Vec<Range<usize>> {
        let seen = seen(text);
        let mut out = Vec::new();
        let mut at = 0;
        while let Some(first) = seen.get(at) {
            let end = self.name_at(&seen, at).or_else(|| unspaced(text, &seen, at));
            if let Some(end) = end.filter(|end| *end > at) {
                let last = seen.get(end - 1).map_or(first.end, |s| s.end);
                out.push(first.at..last);
                at = end;
            } else {
                at += 1;
            }
        }
        out
    }

    /// Where the name ends that begins here, with what belongs to it.
    fn name_at(&self, seen: &[Seen], at: usize) -> Option<usize> {
        if !begins(seen, at) {
            return None;
        }
        let end = self.names.iter().find_map(|name| name.ends_at(seen, at))?;
        Some(with_tail(seen, end))
    }
}

impl Name {
    fn ends_at(&self, seen: &[Seen], start: usize) -> Option<usize> {
        let first = seen.get(start)?.was;
        match self.case {
            Case::Capital if !first.is_uppercase() => return None,
            Case::Small if !first.is_lowercase() => return None,
            _ => {}
        }
        let mut at = start;
        for (number, part) in self.parts.iter().enumerate() {
            if number > 0 {
                at += seen.iter().skip(at).take(3).take_while(|s| separates(s.was)).count();
            }
            for letter in part {
                if seen.get(at)?.lower != *letter {
                    return None;
                }
                at += 1;
            }
        }
        ends(seen, at).then_some(at)
    }
}

/// The characters that count: markup within a word and what cannot be seen do not.
fn seen(text: &str) -> Vec<Seen> {
    let mut out = Vec::new();
    let mut apart = false;
    for (at, was) in text.char_indices() {
        let invisible = matches!(
            was,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{0}'..='\u{8}'
                | '\u{e0000}'..='\u{e007f}'
        );
        if invisible || matches!(was, '*' | '_' | '`' | '~' | '\\') {
            apart = true;
            continue;
        }
        // Full-width and mathematical letters are letters; what has no single one stays.
        let lower = plain(was).to_lowercase().next().unwrap_or(was);
        out.push(Seen { at, end: at + was.len_utf8(), was: plain(was), lower, apart });
        apart = false;
    }
    out
}

/// Letters of other alphabets that look like ours.
fn plain(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        'а' => 'a',
        'с' => 'c',
        'е' => 'e',
        'о' => 'o',
        'р' => 'p',
        'А' => 'A',
        'С' => 'C',
        'Е' => 'E',
        'О' => 'O',
        'Р' => 'P',
        'і' => 'i',
        other => other,
    }
}

fn separates(c: char) -> bool {
    c == ' ' || c == '\u{a0}' || matches!(c, '-' | '.' | '/' | ':' | '(' | '\u{2010}'..='\u{2015}')
}

fn begins(seen: &[Seen], at: usize) -> bool {
    let (Some(here), Some(before)) = (seen.get(at), at.checked_sub(1).and_then(|b| seen.get(b))) else {
        return true;
    };
    // `myClaude` begins one, `preclaude` does not.
    let camel = before.was.is_ascii_lowercase() && here.was.is_ascii_uppercase();
    !before.was.is_ascii_alphanumeric() || here.apart || camel
}

fn ends(seen: &[Seen], at: usize) -> bool {
    let (Some(next), Some(last)) = (seen.get(at), at.checked_sub(1).and_then(|b| seen.get(b))) else {
        return true;
    };
    let goes_on = if last.was.is_ascii_digit() {
        next.was.is_ascii_alphanumeric()
    } else {
        // A version is often glued to the name: `qwen3`.
        next.was.is_ascii_alphabetic()
    };
    !goes_on || next.apart || next.was.is_ascii_uppercase()
}

/// The end of a name and of the version and variant behind it.
fn with_tail(seen: &[Seen], mut end: usize) -> usize {
    let word = |from: usize| seen.iter().skip(from).take_while(|s| s.was.is_ascii_alphanumeric()).count();
    let has_digit = |from: usize, n: usize| seen.iter().skip(from).take(n).any(|s| s.was.is_ascii_digit());
    // Glued to it.
    let glued = word(end);
    if glued > 0 && glued <= VERSION && seen.get(end).is_some_and(|s| s.was.is_ascii_digit()) {
        end += glued;
    }
    loop {
        let gap = usize::from(seen.get(end).is_some_and(|s| separates(s.was)));
        let length = word(end + gap);
        let variant: String = seen.iter().skip(end + gap).take(length).map(|s| s.lower).collect();
        let version = length <= VERSION && has_digit(end + gap, length);
        if length == 0 || gap == 0 || !(version || TAILS.contains(&variant.as_str())) {
            return end;
        }
        end += gap + length;
    }
}

/// Where a name ends that stands among characters without spaces.
fn unspaced(text: &str, seen: &[Seen], at: usize) -> Option<usize> {
    let rest = text.get(seen.get(at)?.at..)?;
    let name = UNSPACED.iter().find(|name| rest.starts_with(**name))?;
    Some(with_tail(seen, at + name.chars().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str) -> String {
        Mask::new(["demo-swift", "us.demo-steady-v1:0", "my own", "us-east-1", "ab"], "Write a haiku")
            .hide(text)
    }

    #[test]
    fn models_and_makers_do_not_name_themselves() {
        for (text, masked) in [
            ("As Claude, made by Anthropic, I", "As █████, made by █████, I"),
            ("I'm ChatGPT.", "I'm █████."),
            ("I am GPT-4o mini from OpenAI", "I am █████ from █████"),
            ("gpt4, GPT 5.4 nano, gpt_4", "█████, █████, █████"),
            ("**Cl**aude's", "**█████'s"),
            ("Cl\u{200b}au\u{ad}de", "█████"),
            ("Claude Opus 5.5!", "█████!"),
            ("Llama 3.3 70B Instruct (Meta)", "█████ (█████)"),
            ("qwen3:8b", "█████"),
            ("import openai\nOpenAIError, claude_client", "import █████\n█████Error, █████_client"),
            ("我是Claude，由谷歌开发", "我是█████，由█████开发"),
            ("Ｃｌａｕｄｅ and Сlаude", "█████ and █████"),
            ("a scripted demo answer by demo-swift; Demo Swift", "a scripted demo answer by █████; █████"),
            ("by us.demo-steady-v1:0;", "by █████;"),
            ("in us-east-1, us-east-12", "in █████, us-east-12"),
            ("`my own` MY-OWN", "`█████` █████"),
            ("I'm o3 or o4-mini", "I'm █████ or █████"),
        ] {
            assert_eq!(hidden(text), masked, "{text}");
        }
    }

    #[test]
    fn other_words_stay() {
        for text in [
            "a sonnet, an opus, the command, a vertex",
            "Haiku is what was asked for",
            "grokking egpt fooclaudebar",
            "O(1) of O3",
            "ab cab",
            "",
            "日本語 👩‍💻 é",
        ] {
            assert_eq!(hidden(text), text);
        }
        assert_eq!(Mask::new([], "").hide("I'm Haiku."), "I'm █████.");
    }

    #[test]
    fn nothing_that_is_cut_anywhere_panics() {
        let text = "C\u{301}laude GPT-４o 通义千问2.5 **Open**AI _ \\ «Gemini»";
        for (at, _) in text.char_indices() {
            let (a, b) = text.split_at(at);
            assert!(!hidden(a).contains("laude GPT"));
            hidden(b);
        }
    }
}
