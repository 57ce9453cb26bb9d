//! What an error response says, in any provider's shape.
//!
//! Every vendor wraps its errors differently and gateways in between wrap them
//! again, so nothing here is bound to one provider: the words are collected
//! from wherever they may stand, then one table and the status decide the class.

mod words;

use std::time::Duration;

use jiff::fmt::rfc2822;
use serde_json::Value;

use crate::model::Class;
use crate::model::Fault;
use words::{BILLING, BROKE, FIRM, HINTS, LACKS_ROLE, LOOSE, PARAMS, PHRASES};

/// The parts of a response head that an error may be read from; names in lower case.
#[derive(Debug, Clone, Default)]
pub struct Head {
    pub status: u16,
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The first header with this lower-case name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// Longest message kept, in characters: six lines of a pane of a hundred columns.
const MAX_MESSAGE: usize = 600;

/// Where a request id may stand. Azure's own id leads: its support asks for that
/// one, while `x-request-id` may be a proxy's (`wire-protocols` §4).
const REQUEST_IDS: [&str; 6] = [
    "apim-request-id",
    "x-request-id",
    "request-id",
    "x-amzn-requestid",
    "x-ms-request-id",
    "x-goog-request-id",
];

/// The fault that a response other than an answer states, whatever its shape:
/// a status outside 2xx, or a 200 that is no stream.
#[must_use]
pub fn explain(head: &Head, body: &[u8]) -> Fault {
    let json = serde_json::from_slice::<Value>(body).ok();
    let fine = head.status / 100 == 2;
    let mut fault = match &json {
        Some(value) if fine => stream_fault(value).unwrap_or_else(|| no_stream(head, body)),
        _ if fine => no_stream(head, body),
        _ => {
            let mut told = json.as_ref().map_or_else(
                || Told { message: plain(body), ..Told::default() },
                |value| Told::read(unwrapped(value)),
            );
            if let Some(kind) = head.get("x-amzn-errortype") {
                told.words.push(kind.split(':').next().unwrap_or(kind).to_owned());
            }
            told.status = Some(head.status);
            told.fault().status(head.status)
        }
    };
    fault.status = fault.status.or(Some(head.status));
    fault.request_id =
        REQUEST_IDS.iter().find_map(|name| head.get(name)).map(str::to_owned).or(fault.request_id);
    fault.retry_after = match head.get("x-should-retry") {
        Some("false") => None,
        _ => wait(head).or(fault.retry_after),
    };
    fault
}

/// The fault inside an error document found in a stream that began with 200:
/// `{"error": ...}` of any shape, or a flat one that calls itself an error.
#[must_use]
pub(super) fn stream_fault(value: &Value) -> Option<Fault> {
    let doc = unwrapped(value);
    let named = |key: &str| doc.get(key).and_then(Value::as_str) == Some("error");
    (says(doc.get("error")) || named("object") || named("type")).then(|| Told::read(doc).fault())
}

/// The title of an HTML page, white space folded.
pub(super) fn page_title(page: &str) -> Option<String> {
    // Only ASCII changes its case here, so offsets hold in the original.
    let lower = page.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let from = open + lower.get(open..)?.find('>')? + 1;
    let to = from + lower.get(from..)?.find("</title")?;
    let title = folded(page.get(from..to)?);
    (!title.is_empty()).then_some(title)
}

/// What an error document told, before it is judged.
#[derive(Default)]
struct Told {
    message: String,
    /// Code words, the most telling first.
    words: Vec<String>,
    /// The HTTP status, or the number that the document gives in its place.
    status: Option<u16>,
    param: Option<String>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
}

impl Told {
    fn read(doc: &Value) -> Self {
        let core = doc.get("error").filter(|e| says(Some(e))).unwrap_or(doc);
        let text = |value: &Value, key: &str| {
            // Gateways written in Python spell what they do not know as a word.
            let says = |s: &&str| !s.is_empty() && *s != "None";
            value.get(key).and_then(Value::as_str).filter(says).map(str::to_owned)
        };
        let mut told = Self {
            message: message(core).or_else(|| message(doc)).unwrap_or_else(|| core.to_string()),
            param: text(core, "param").or_else(|| named_by_detail(core)),
            request_id: text(doc, "request_id"),
            ..Self::default()
        };
        let numbers = ["code", "status", "raw_status_code", "status_code"].map(|key| core.get(key));
        told.status = numbers
            .into_iter()
            .flatten()
            .filter_map(|n| n.as_u64().or_else(|| n.as_str()?.parse().ok()))
            .find_map(|n| u16::try_from(n).ok().filter(|n| (400..=599).contains(n)));
        let inner = core.get("innererror");
        let places = [
            text(core, "code").filter(|c| !c.bytes().all(|b| b.is_ascii_digit())),
            text(core, "type"),
            text(core, "status"),
            text(core, "__type"),
            core.get("metadata").and_then(|m| text(m, "error_type")),
            inner.and_then(|i| text(i, "code")),
            text(core, "code"),
        ];
        told.words.extend(places.into_iter().flatten().filter(|w| w != "error"));
        for detail in core.get("details").and_then(Value::as_array).into_iter().flatten() {
            told.words.extend(text(detail, "reason"));
            told.retry_after =
                text(detail, "retryDelay").and_then(|d| seconds(d.strip_suffix('s')?)).or(told.retry_after);
        }
        if let Some(raw) = core.get("metadata").and_then(|m| text(m, "raw")) {
            let upstream = serde_json::from_str::<Value>(&raw).ok();
            let upstream = upstream.as_ref().map_or(raw, |v| Self::read(unwrapped(v)).message);
            told.message = format!("{}: {upstream}", told.message);
        }
        let filters = inner.and_then(|i| i.get("content_filter_result")).and_then(Value::as_object);
        let hit: Vec<&str> = filters
            .into_iter()
            .flatten()
            .filter(|(_, v)| v.get("filtered").and_then(Value::as_bool) == Some(true))
            .map(|(name, _)| name.as_str())
            .collect();
        if !hit.is_empty() {
            told.message = format!("{} (filtered: {})", told.message, hit.join(", "));
        }
        told
    }

    fn fault(mut self) -> Fault {
        if self.message.trim().is_empty() {
            self.message = silence(self.status);
        }
        let lower = self.message.to_lowercase();
        let class = self.class(&lower);
        if class == Class::Refused && self.param.is_none() && !self.has("contentfilter") {
            self.param = named_in(&self.message);
        }
        let setting = self.param.as_deref().and_then(own_name).map(Into::into);
        Fault {
            hint: self.hint(class, &lower),
            setting,
            message: capped(&self.message),
            status: self.status,
            code: self.words.first().map(|w| w.rsplit('#').next().unwrap_or(w).to_owned()),
            param: self.param,
            request_id: self.request_id,
            retry_after: self.retry_after,
            ..Fault::new(class, "")
        }
    }

    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|w| letters(w) == word)
    }

    fn class(&self, lower: &str) -> Class {
        let listed = |list: &[(&str, Class)]| {
            let words = self.words.iter().map(|w| letters(w));
            words.into_iter().find_map(|w| list.iter().find(|(name, _)| *name == w)).map(|(_, class)| *class)
        };
        match self.status {
            Some(401) if lower.contains(LACKS_ROLE) => return Class::Denied,
            Some(401) => return Class::Key,
            Some(403) if bad_bearer(lower) => return Class::Key,
            Some(413) => return Class::TooLong,
            _ => {}
        }
        let phrase = || {
            if !matches!(self.status, None | Some(400 | 403 | 412 | 422)) {
                return None;
            }
            if broke(lower) {
                return Some(Class::Limit);
            }
            // llama.cpp's router says 400 where Ollama says 404.
            let missing = lower.starts_with("model '") && lower.ends_with("' not found");
            let listed = || PHRASES.iter().find(|(p, _)| lower.contains(p)).map(|(_, class)| *class);
            if missing { Some(Class::NotFound) } else { listed() }
        };
        listed(FIRM)
            .or_else(phrase)
            .or_else(|| self.status.map(by_status))
            .or_else(|| listed(LOOSE))
            .unwrap_or(Class::Overloaded)
    }

    fn hint(&self, class: Class, lower: &str) -> Option<String> {
        if let Some(clock) = skewed(lower) {
            return Some(clock.to_owned());
        }
        let billing = ["insufficientquota", "billingerror"].iter().any(|w| self.has(w));
        if billing || self.status == Some(402) || broke(lower) {
            return Some(BILLING.to_owned());
        }
        if lower.contains("on-demand throughput") {
            let id = quoted_after(&self.message, "model ID ").unwrap_or("MODEL");
            return Some(format!("use an inference profile id such as us.{id}"));
        }
        // Bedrock's mantle answers a wrong path in either way (`wire-protocols` §5.3).
        if lower.contains("supported on this route") || (class == Class::Key && self.has("accessdenied")) {
            return Some(
                "check the key, and try the other path in the base URL: /openai/v1 or /v1".to_owned(),
            );
        }
        if let Some(hint) = hinted(lower) {
            return Some(hint.to_owned());
        }
        // OpenAI's regional keys are good at the region's host alone, which the message names.
        if self.has("incorrecthostname")
            && let Some(host) = quoted_after(&self.message, "request to ")
        {
            let host = host.trim_start_matches("https://").trim_end_matches('/');
            return Some(format!("this key is for that host: set the base URL to https://{host}/v1"));
        }
        // Ollama's words: LM Studio says the same with a code, Fireworks without a name.
        let named = ["model '", "model \""].iter().any(|begin| lower.starts_with(begin));
        let ollama = named && self.status == Some(404) && !self.has("modelnotfound");
        if class == Class::NotFound && ollama && lower.contains("not found") {
            let model = quoted_after(&self.message, "odel ").unwrap_or("MODEL");
            return Some(format!("ollama pull {model}"));
        }
        match class {
            Class::NotFound if self.has("deploymentnotfound") => Some(
                "on Azure the model is the name of your deployment: check it and the resource".to_owned(),
            ),
            Class::Refused if self.has("contentfilter") => {
                Some("the provider's content filter refused the prompt: reword it".to_owned())
            }
            Class::Setup => Some(
                "the address redirects, and a redirect would carry the key along: set the final base URL"
                    .to_owned(),
            ),
            Class::Refused => match self.param.as_deref()? {
                "messages" | "input" | "prompt" | "contents" => None,
                param => Some(not_taken(param)),
            },
            _ => None,
        }
    }
}

/// What to do about a parameter that was refused.
pub(super) fn not_taken(param: &str) -> String {
    let known = own_name(param).unwrap_or(param);
    format!("this model does not take {known} as sent: change or remove {known}")
}

/// What a message, in lower case, asks for in particular.
pub(super) fn hinted(lower: &str) -> Option<&'static str> {
    HINTS.iter().find(|(piece, _)| lower.contains(piece)).map(|(_, hint)| *hint)
}

/// Whether a message, in lower case, is Bedrock's refusal of an API key: its code is the
/// same as for a model that is not enabled.
pub(super) fn bad_bearer(lower: &str) -> bool {
    ["make sure your api key is valid", "bearer token has expired"].iter().any(|words| lower.contains(words))
}

/// Whether a message, in lower case, says that the account has no money left.
fn broke(lower: &str) -> bool {
    BROKE.iter().any(|words| lower.contains(words))
}

/// The name a user knows a wire's parameter by.
pub(super) fn own_name(param: &str) -> Option<&'static str> {
    PARAMS.iter().find(|(wire, _)| *wire == param).map(|(_, own)| *own)
}

/// A signature that is too old or too young means that the clocks differ; `lower` is the
/// message in lower case.
pub(super) fn skewed(lower: &str) -> Option<&'static str> {
    let signs = ["signature expired", "signature not yet current", "requesttimetooskewed", "time too skewed"];
    signs
        .iter()
        .any(|s| lower.contains(s))
        .then_some("this machine's clock is off: set it; a signature may be five minutes old at most")
}

fn by_status(status: u16) -> Class {
    match status {
        300..=399 => Class::Setup,
        401 => Class::Key,
        402 | 429 => Class::Limit,
        403 => Class::Denied,
        404 | 410 => Class::NotFound,
        408 => Class::Silent,
        413 => Class::TooLong,
        498 | 500..=599 => Class::Overloaded, // 498: Groq's flex capacity (`wire-protocols` §11)
        _ => Class::Refused,
    }
}

/// Whether a member is there and says anything.
fn says(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(s)) => !s.is_empty(),
        Some(Value::Object(o)) => !o.is_empty(),
        Some(_) => true,
    }
}

/// Google wraps the one document in a list.
fn unwrapped(value: &Value) -> &Value {
    value.as_array().and_then(|items| items.first()).unwrap_or(value)
}

/// The sentence of an error, wherever it stands.
fn message(core: &Value) -> Option<String> {
    const KEYS: [&str; 7] = ["message", "Message", "msg", "detail", "error", "error_description", "title"];
    let text = |value: &Value| value.as_str().filter(|s| !s.trim().is_empty()).map(str::to_owned);
    if let Some(own) = text(core).or_else(|| KEYS.iter().find_map(|k| core.get(k).and_then(text))) {
        return Some(own);
    }
    let inner = ["detail", "errors", "message"].iter().find_map(|k| core.get(k))?;
    let Some(items) = inner.as_array() else { return message(inner) };
    let lines = items.iter().filter_map(|item| {
        let said = text(item).or_else(|| KEYS.iter().find_map(|k| item.get(k).and_then(text)))?;
        Some(place(item).map_or(said.clone(), |at| format!("{at}: {said}")))
    });
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| lines.join("; "))
}

/// The innermost name in FastAPI's `loc`.
fn place(item: &Value) -> Option<&str> {
    item.get("loc")?.as_array()?.iter().rev().find_map(Value::as_str)
}

fn named_by_detail(core: &Value) -> Option<String> {
    let items = core.get("detail").or_else(|| core.get("message"))?;
    let items = items.get("detail").unwrap_or(items).as_array()?;
    items.iter().find_map(place).filter(|name| *name != "body").map(str::to_owned)
}

/// The parameter a refusal names in its text.
pub(super) fn named_in(message: &str) -> Option<String> {
    let whole = |name: &&str| {
        let part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        message.match_indices(*name).any(|(at, _)| {
            let before = message.get(..at).and_then(|s| s.chars().next_back());
            let after = message.get(at + name.len()..).and_then(|s| s.chars().next());
            !before.is_some_and(part) && !after.is_some_and(part)
        })
    };
    PARAMS.iter().map(|(wire, _)| *wire).find(whole).map(str::to_owned).or_else(|| {
        let marks = ["argument supplied: ", "Unknown name ", "parameter: ", "parameter "];
        let name = marks.iter().find_map(|mark| quoted_after(message, mark))?;
        let plausible = name.contains('_') || name.contains('.') || message.contains(&format!("\"{name}\""));
        plausible.then(|| name.to_owned())
    })
}

/// The name that follows `mark`, quoted in any way or not at all.
fn quoted_after<'a>(message: &'a str, mark: &str) -> Option<&'a str> {
    let (_, rest) = message.split_once(mark)?;
    let rest = rest.trim_start_matches(['"', '\'', '`', '‘', '“']);
    let end = rest.find(|c: char| c.is_whitespace() || "\"'`’”,;".contains(c)).unwrap_or(rest.len());
    rest.get(..end).map(|name| name.trim_end_matches('.')).filter(|name| !name.is_empty())
}

/// A code word's letters and digits, lower case, without AWS's name space and ending.
fn letters(word: &str) -> String {
    let word = word.rsplit('#').next().unwrap_or(word);
    let word = word.strip_suffix("Exception").unwrap_or(word);
    word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// A body that is no JSON: the title of a page, or the text itself.
fn plain(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    if text.trim_start().starts_with('<') {
        return page_title(&text).unwrap_or_else(|| "a web page without a title".to_owned());
    }
    folded(&text)
}

/// A 200 whose body is neither a stream nor an error.
fn no_stream(head: &Head, body: &[u8]) -> Fault {
    let said = plain(body);
    if said.is_empty() {
        return Fault::new(Class::Garbled, "empty reply: status 200 and no body");
    }
    let kind = head.get("content-type").and_then(|t| t.split(';').next()).unwrap_or("no content type");
    Fault::new(Class::Garbled, capped(&format!("not an event stream ({kind}): {said}")))
}

/// What to say of an error that says nothing.
fn silence(status: Option<u16>) -> String {
    let known = status.and_then(|s| http::StatusCode::from_u16(s).ok());
    match (known.and_then(|s| s.canonical_reason()), status) {
        (Some(reason), Some(status)) => format!("HTTP {status} {reason}, without a word of explanation"),
        (None, Some(status)) => format!("HTTP {status}, without a word of explanation"),
        _ => "the provider reported an error without a word of explanation".to_owned(),
    }
}

/// White space of any kind and length becomes one space.
fn folded(text: &str) -> String {
    // Beyond the cap nothing is shown: four bytes a character, and as much white space again.
    let mut end = text.len().min(MAX_MESSAGE * 8);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn capped(text: &str) -> String {
    match text.char_indices().nth(MAX_MESSAGE) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or(text)),
        None => text.to_owned(),
    }
}

/// How long the server asks to wait (`wire-protocols` §1, retry hints).
fn wait(head: &Head) -> Option<Duration> {
    let millis = head.get("retry-after-ms").and_then(seconds).map(|d| d / 1000);
    millis.or_else(|| {
        let after = head.get("retry-after")?;
        seconds(after).or_else(|| {
            // There is no clock on this floor: the server's own says how far away its date is.
            let instant = |text: &str| rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
            let span = instant(after)?.duration_since(instant(head.get("date")?)?);
            Duration::try_from(span).ok()
        })
    })
}

/// A decimal number of seconds; negative, endless or not a number is `None`.
fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().and_then(|s| Duration::try_from_secs_f64(s).ok())
}
