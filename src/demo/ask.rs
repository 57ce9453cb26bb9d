//! What a request asks for: six shapes of JSON become one `Ask`.

use serde_json::Value;

use crate::model::Prompt;
use crate::model::Role;
use crate::model::Turn;

use super::cast::Wire;
use super::conn::Request;
use super::pictures;

/// A request as the script sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    pub wire: Wire,
    pub model: String,
    pub prompt: Prompt,
    /// Most tokens to generate, reasoning included.
    pub limit: Option<u64>,
    /// Whether a chat stream ends with a usage chunk.
    pub usage: bool,
    /// The request turned reasoning off.
    pub no_thinking: bool,
}

/// Why a request is not answered: a status and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub u16, pub String);

/// The wire and, where the address names it, the model.
pub fn route(request: &Request) -> Option<(Wire, Option<String>)> {
    if request.method != "POST" {
        return None;
    }
    let path = request.path.as_str();
    for (end, wire) in [
        ("/chat/completions", Wire::Chat),
        ("/responses", Wire::Responses),
        ("/v1/messages", Wire::Messages),
        ("/api/chat", Wire::Ollama),
    ] {
        if path.ends_with(end) {
            return Some((wire, None));
        }
    }
    if let Some(id) = path.strip_prefix("/model/").and_then(|p| p.strip_suffix("/converse-stream")) {
        return Some((Wire::Converse, Some(decoded(id))));
    }
    let named = path.strip_prefix("/v1/models/").or_else(|| path.strip_prefix("/v1beta/models/"))?;
    Some((Wire::Gemini, Some(decoded(named.strip_suffix(":streamGenerateContent")?))))
}

fn decoded(text: &str) -> String {
    let (mut out, mut bytes) = (Vec::new(), text.bytes());
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let hex = |b: Option<u8>| char::from(b?).to_digit(16).and_then(|d| u8::try_from(d).ok());
        match (byte, hex(ahead.next()), hex(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                bytes = ahead;
            }
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Whether the request carries a key where this wire's clients put it. Keys
/// with `invalid` in them are refused, so that a wrong key can be shown too.
pub fn authorised(request: &Request, wire: Wire) -> bool {
    let bearer = request.header("authorization").and_then(|v| v.strip_prefix("Bearer "));
    let key = match wire {
        Wire::Ollama => return true,
        Wire::Responses | Wire::Chat => bearer.or(request.header("api-key")),
        Wire::Messages => request.header("x-api-key").or(bearer),
        Wire::Gemini => request.header("x-goog-api-key").or(bearer),
        Wire::Converse => {
            bearer.or_else(|| request.header("authorization")?.strip_prefix("AWS4-HMAC-SHA256 "))
        }
    };
    key.is_some_and(|k| !k.trim().is_empty() && !k.contains("invalid"))
}

/// Reads the request of one wire.
pub fn read(request: &Request, wire: Wire, named: Option<String>) -> Result<Ask, Refused> {
    let refused = |why: &str| Err(Refused(400, why.to_owned()));
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return refused("the request body is not valid JSON");
    };
    let field = |name: &str| body.get(name).cloned().unwrap_or_default();
    let Some(model) = named.or_else(|| body.get("model")?.as_str().map(str::to_owned)) else {
        return refused("model: field required");
    };
    let streams = match wire {
        Wire::Responses | Wire::Chat | Wire::Messages => field("stream") == Value::Bool(true),
        Wire::Gemini => request.query.split('&').any(|q| q == "alt=sse"),
        Wire::Converse => true,
        Wire::Ollama => field("stream") != Value::Bool(false),
    };
    if !streams {
        return refused("the simulated models only stream: ask for a stream");
    }
    if wire == Wire::Messages && request.header("anthropic-version").is_none() {
        return refused("anthropic-version: header is required");
    }
    let (system, turns, limit) = match wire {
        Wire::Responses => (field("instructions"), field("input"), field("max_output_tokens")),
        Wire::Chat => {
            let limit = body.get("max_completion_tokens").or(body.get("max_tokens")).cloned();
            (Value::Null, field("messages"), limit.unwrap_or_default())
        }
        Wire::Messages => (field("system"), field("messages"), field("max_tokens")),
        Wire::Gemini => {
            (field("systemInstruction"), field("contents"), at(&body, "/generationConfig/maxOutputTokens"))
        }
        Wire::Converse => (field("system"), field("messages"), at(&body, "/inferenceConfig/maxTokens")),
        Wire::Ollama => (Value::Null, field("messages"), at(&body, "/options/num_predict")),
    };
    if wire == Wire::Messages && !limit.is_u64() {
        return refused("max_tokens: Field required");
    }
    let prompt = conversation(&system, &turns, wire)?;
    match prompt.turns.last().map(|t| t.role) {
        Some(Role::User) => {}
        Some(Role::Assistant) => return refused("the last message must be from the user"),
        None => return refused("messages: at least one message is required"),
    }
    Ok(Ask {
        wire,
        model,
        prompt,
        limit: limit.as_u64(),
        usage: wire != Wire::Chat || at(&body, "/stream_options/include_usage") == Value::Bool(true),
        no_thinking: at(&body, "/thinking/type") == "disabled" || field("think") == Value::Bool(false),
    })
}

fn at(body: &Value, pointer: &str) -> Value {
    body.pointer(pointer).cloned().unwrap_or_default()
}

fn conversation(system: &Value, turns: &Value, wire: Wire) -> Result<Prompt, Refused> {
    let mut systems = vec![text(system)];
    let mut prompt = Prompt::default();
    match turns {
        Value::Array(turns) => {
            for turn in turns {
                match turn.get("role").and_then(Value::as_str) {
                    Some("system" | "developer") => systems.push(text(turn)),
                    Some("assistant" | "model") => {
                        prompt.turns.push(Turn::new(Role::Assistant, text(turn)));
                    }
                    _ => {
                        let attachments = pictures::of(turn, wire)?;
                        prompt.turns.push(Turn { attachments, ..Turn::new(Role::User, text(turn)) });
                    }
                }
            }
        }
        Value::String(question) => prompt.turns.push(Turn::new(Role::User, question.clone())),
        _ => {}
    }
    systems.retain(|s| !s.is_empty());
    prompt.system = (!systems.is_empty()).then(|| systems.join("\n"));
    Ok(prompt)
}

/// The text of a string, of a part, of a message, or of a list of them. The
/// recursion is as deep as the JSON reader allows, which is 128.
fn text(value: &Value) -> String {
    match value {
        Value::String(s) => s.clone(),
        Value::Array(all) => all.iter().map(text).filter(|s| !s.is_empty()).collect::<Vec<_>>().join("\n"),
        Value::Object(map) => {
            ["text", "content", "parts"].iter().find_map(|k| map.get(*k)).map(text).unwrap_or_default()
        }
        _ => String::new(),
    }
}
