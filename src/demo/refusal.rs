//! The error answers of each provider, in that provider's own shape.

use serde_json::Value;
use serde_json::json;

use super::cast::Wire;

/// A whole response that is no stream.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Value,
}

/// Seconds that a 429 asks the client to wait.
const WAIT_S: u64 = 7;

/// One row per status: OpenAI type and code, Anthropic type, Google status, AWS exception, words.
type Row = (u16, &'static str, Option<&'static str>, &'static str, &'static str, &'static str, &'static str);

const ROWS: [Row; 11] = [
    (
        400,
        "invalid_request_error",
        None,
        "invalid_request_error",
        "INVALID_ARGUMENT",
        "ValidationException",
        "the request was not accepted",
    ),
    (
        401,
        "invalid_request_error",
        Some("invalid_api_key"),
        "authentication_error",
        "UNAUTHENTICATED",
        "UnrecognizedClientException",
        "no API key, or not a valid one",
    ),
    (
        403,
        "invalid_request_error",
        Some("access_denied"),
        "permission_error",
        "PERMISSION_DENIED",
        "AccessDeniedException",
        "this key may not use this model",
    ),
    (
        404,
        "invalid_request_error",
        Some("model_not_found"),
        "not_found_error",
        "NOT_FOUND",
        "ResourceNotFoundException",
        "the model does not exist",
    ),
    (
        413,
        "invalid_request_error",
        Some("request_too_large"),
        "request_too_large",
        "INVALID_ARGUMENT",
        "ValidationException",
        "the request is too large",
    ),
    (
        422,
        "invalid_request_error",
        None,
        "invalid_request_error",
        "INVALID_ARGUMENT",
        "ValidationException",
        "the request could not be processed",
    ),
    (424, "server_error", None, "api_error", "INTERNAL", "ModelErrorException", "the model failed"),
    (
        429,
        "requests",
        Some("rate_limit_exceeded"),
        "rate_limit_error",
        "RESOURCE_EXHAUSTED",
        "ThrottlingException",
        "too many requests, please wait",
    ),
    (
        500,
        "server_error",
        None,
        "api_error",
        "INTERNAL",
        "InternalServerException",
        "something failed on the server",
    ),
    (
        503,
        "server_error",
        Some("server_overloaded"),
        "api_error",
        "UNAVAILABLE",
        "ServiceUnavailableException",
        "the server is overloaded",
    ),
    (
        529,
        "server_error",
        Some("server_overloaded"),
        "overloaded_error",
        "UNAVAILABLE",
        "ServiceUnavailableException",
        "overloaded",
    ),
];

/// The headers by which a provider names a request.
pub fn id_headers(wire: Wire, id: &str) -> Vec<(&'static str, String)> {
    match wire {
        Wire::Responses => vec![
            ("x-request-id", format!("req_{id}")),
            ("openai-processing-ms", "12".to_owned()),
            ("openai-version", "2020-10-01".to_owned()),
        ],
        Wire::Chat => vec![("x-request-id", format!("req_{id}"))],
        Wire::Messages => vec![("request-id", format!("req_{id}"))],
        Wire::Gemini => vec![("server-timing", "gfet4t7; dur=12".to_owned())],
        Wire::Converse => vec![("x-amzn-requestid", format!("00000000-0000-4000-8000-{id:0>12}"))],
        Wire::Ollama => Vec::new(),
    }
}

/// The provider's answer to a request it does not serve; `why` replaces the usual words.
pub fn refusal(wire: Wire, status: u16, why: Option<&str>, id: &str) -> Refusal {
    let other: Row =
        (status, "api_error", None, "api_error", "UNKNOWN", "InternalServerException", "the request failed");
    let row = ROWS.iter().find(|r| r.0 == status).copied().unwrap_or(other);
    let (_, openai, code, anthropic, google, aws, words) = row;
    let message = format!("{} (simulated)", why.unwrap_or(words));
    let mut headers = id_headers(wire, id);
    if status == 429 {
        headers.push(("retry-after", WAIT_S.to_string()));
    }
    let body = match wire {
        Wire::Responses | Wire::Chat => {
            json!({"error": {"message": message, "type": openai, "param": null, "code": code}})
        }
        Wire::Messages => json!({
            "type": "error",
            "error": {"type": anthropic, "message": message},
            "request_id": format!("req_{id}"),
        }),
        Wire::Gemini => {
            let delay = json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{WAIT_S}s")});
            let details = if status == 429 { vec![delay] } else { Vec::new() };
            json!({"error": {"code": status, "message": message, "status": google, "details": details}})
        }
        Wire::Converse => {
            headers.push((
                "x-amzn-errortype",
                format!("{aws}:http://internal.amazon.com/coral/com.amazon.bedrock/"),
            ));
            json!({"message": message})
        }
        Wire::Ollama => json!({"error": message}),
    };
    Refusal { status, headers, body }
}

/// The answer to a request without a usable key. AWS says 403 where the others say 401.
pub fn no_key(wire: Wire, id: &str) -> Refusal {
    let why = match wire {
        Wire::Responses | Wire::Chat => "You didn't provide an API key, or not a valid one.",
        Wire::Messages => "invalid x-api-key",
        Wire::Gemini => "Request is missing required authentication credential, or it is not valid.",
        Wire::Converse => "Missing Authentication Token",
        Wire::Ollama => "unauthorized",
    };
    let mut out = refusal(wire, 401, Some(why), id);
    if wire == Wire::Converse {
        out.status = 403;
    }
    out
}
