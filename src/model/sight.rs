//! Which models are known to take no images.

use super::capability::{fits, plain};

/// Names as [`plain`] writes them, matched as the parameters' rows are. A model stands here
/// only where its maker's card says that it reads text alone, and every route of it in LiteLLM's
/// map (1.109.1) agrees or says nothing. Whoever is not here may take images: it is asked.
const BLIND: &[&str] = &[
    "gpt-oss",
    "gpt-oss-*",
    "gpt-3-5-*",
    "gpt-35-*",
    "gpt-4-32k",
    "o1-mini",
    "o1-preview",
    "o3-mini",
    "claude-2-*",
    "claude-v2-*",
    "claude-instant-*",
    "codestral",
    "codestral-*",
    "mistral-7b-*",
    "mistral-nemo",
    "mistral-nemo-*",
    "mixtral-*",
    "llama2",
    "llama2-*",
    "llama-2-*",
    "llama3",
    "llama-3",
    "llama3-1",
    "llama-3-1",
    "llama3-2-1b",
    "llama3-2-3b",
    "llama-3-2-1b",
    "llama-3-2-3b",
    "llama3-3",
    "llama-3-3",
    "nova-micro",
    "deepseek-r1",
    "deepseek-v3",
    "deepseek-v3-1",
    "deepseek-v3-2",
    "deepseek-v4-pro",
    "kimi-k2",
    "glm-4-5",
    "glm-4-6",
    "glm-4-7",
    "glm-5",
    "glm-5-1",
    "minimax-m2",
    "minimax-m2-1",
    "minimax-m2-5",
    "minimax-m2-7",
    "qwen3",
    "gemma2",
    "gemma-2",
    "gemma-7b",
    "phi-4",
    "phi-4-mini",
    "command-r",
    "command-r7b",
    "grok-3",
];

/// Words in a name that say the opposite, whatever it begins with.
const SEEING: [&str; 5] = ["vl", "vision", "omni", "multimodal", "ocr"];

/// Whether a model, under whatever id a cloud sells it, is known to read text alone. `false` is
/// also the answer where nobody knows.
#[must_use]
pub fn is_blind(model: &str) -> bool {
    let name = plain(model);
    !name.split('-').any(|word| SEEING.contains(&word)) && BLIND.iter().any(|pattern| fits(pattern, &name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_read_text_alone_is_blind() {
        for model in [
            "openai.gpt-oss-120b-1:0",
            "gpt-oss:20b",
            "us.meta.llama3-3-70b-instruct-v1:0",
            "llama-3.1-8b-instant",
            "qwen3:8b",
            "qwen/qwen3-coder-480b",
            "deepseek-ai/DeepSeek-V3.2",
            "amazon.nova-micro-v1:0",
            "moonshotai/kimi-k2-0905",
            "o3-mini",
            "codestral-2508",
        ] {
            assert!(is_blind(model), "{model}");
        }
        for model in [
            "gpt-6-sol",
            "claude-opus-5-5",
            "claude-3-haiku-20240307",
            "gemini-3.8-flash",
            "qwen3-vl:8b",
            "qwen3.5-27b",
            "llama3.2-vision:11b",
            "us.meta.llama3-2-11b-instruct-v1:0",
            "llama-4-scout",
            "kimi-k2.5",
            "glm-4.5v",
            "o3",
            "o1",
            "phi-4-multimodal-instruct",
            "a-model-that-nobody-knows",
        ] {
            assert!(!is_blind(model), "{model}");
        }
    }
}
