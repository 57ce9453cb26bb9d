//! Whole answers of clouds, for servers on this machine.

use crate::loopback::Answer;

/// An answer of Chat Completions: a word, a stop, usage.
pub fn chat(text: &str) -> Answer {
    Answer::new(
        200,
        "text/event-stream",
        format!(
            "data: {{\"id\":\"c1\",\"model\":\"served-1\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n\
         data: {{\"id\":\"c1\",\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"stop\"}}],\"usage\":{{\"prompt_tokens\":9,\"completion_tokens\":3}}}}\n\n\
         data: [DONE]\n\n"
        ),
    )
}

/// An answer of Gemini.
pub fn gemini(text: &str) -> Answer {
    Answer::new(
        200,
        "text/event-stream",
        format!(
            "data: {{\"candidates\":[{{\"content\":{{\"parts\":[{{\"text\":\"{text}\"}}]}},\"finishReason\":\"STOP\"}}],\
         \"usageMetadata\":{{\"promptTokenCount\":5,\"candidatesTokenCount\":2,\"totalTokenCount\":7}}}}\n\n"
        ),
    )
}
