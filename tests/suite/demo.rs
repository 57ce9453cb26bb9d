//! The simulated clouds, read byte by byte: no part of the client stands between.

use std::time::Duration;

use aws_smithy_eventstream::frame::DecodedFrame;
use aws_smithy_eventstream::frame::MessageFrameDecoder;
use bakeoff::demo::Demo;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const PROVIDERS: [&str; 6] = ["openai", "compatible", "anthropic", "gemini", "bedrock", "ollama"];

/// How the connection stood when the reader stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The body was whole by its own account.
    Whole,
    /// Orderly close before that (or as the end of a close-delimited body).
    Closed,
    Reset,
    /// Open, and silent for as long as the reader cared to wait.
    Silent,
}

#[derive(Debug)]
struct Reply {
    status: u16,
    headers: String,
    body: Vec<u8>,
    chunks: Vec<Vec<u8>>,
    end: End,
}

impl Reply {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// Builds the request of a provider; `turns` alternate between user and assistant.
fn ask(provider: &str, model: &str, turns: &[&str]) -> (String, Value) {
    let roles = ["user", "assistant"].iter().cycle();
    let plain: Vec<Value> =
        roles.zip(turns).map(|(role, text)| json!({"role": role, "content": text})).collect();
    let parts = |key: &str, user: &str, other: &str| -> Vec<Value> {
        let roles = [user, other].into_iter().cycle();
        roles.zip(turns).map(|(role, text)| json!({"role": role, key: [{"text": text}]})).collect()
    };
    match provider {
        "openai" => {
            ("/v1/responses".into(), json!({"model": model, "input": plain, "stream": true, "store": false}))
        }
        "compatible" => (
            "/v1/chat/completions".into(),
            json!({"model": model, "messages": plain, "stream": true, "stream_options": {"include_usage": true}}),
        ),
        "anthropic" => (
            "/v1/messages".into(),
            json!({"model": model, "messages": plain, "stream": true, "max_tokens": 4096}),
        ),
        "gemini" => (
            format!("/v1beta/models/{model}:streamGenerateContent?alt=sse"),
            json!({"contents": parts("parts", "user", "model")}),
        ),
        "bedrock" => (
            format!("/model/{}/converse-stream", model.replace(':', "%3A")),
            json!({"messages": parts("content", "user", "assistant")}),
        ),
        "ollama" => ("/api/chat".into(), json!({"model": model, "messages": plain})),
        other => panic!("{other}"),
    }
}

fn key(provider: &str) -> &'static str {
    match provider {
        "anthropic" => "x-api-key: k\r\nanthropic-version: 2026-10-21\r\n",
        "gemini" => "x-goog-api-key: k\r\n",
        "ollama" => "",
        _ => "authorization: Bearer k\r\n",
    }
}

async fn connect(demo: &Demo) -> TcpStream {
    TcpStream::connect(demo.address()).await.unwrap()
}

async fn send(stream: &mut TcpStream, path: &str, headers: &str, body: &Value) {
    let body = body.to_string();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: demo\r\n{headers}content-length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await.unwrap();
}

/// The end of a chunked body and its chunks, if `rest` holds it.
fn unchunk(rest: &[u8]) -> (Vec<Vec<u8>>, bool) {
    let (mut chunks, mut rest) = (Vec::new(), rest);
    while let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(rest) {
        let size = usize::try_from(size).unwrap();
        if size == 0 {
            return (chunks, true);
        }
        let Some(chunk) = rest.get(start..start + size) else { break };
        chunks.push(chunk.to_vec());
        rest = rest.get(start + size + 2..).unwrap_or_default();
    }
    (chunks, false)
}

/// Reads one response to its end.
async fn receive(stream: &mut TcpStream) -> Reply {
    receive_while(stream, || false).await
}

/// Reads one response to its end, or until nothing more comes although the server is `done`.
async fn receive_while(stream: &mut TcpStream, done: impl Fn() -> bool) -> Reply {
    let mut input = Vec::new();
    loop {
        // Short, since silence counts only once the server has written what it will write.
        let read = tokio::time::timeout(Duration::from_millis(50), stream.read_buf(&mut input)).await;
        let over = match read {
            Ok(Ok(0)) => Some(End::Closed),
            Ok(Ok(_)) => None,
            Ok(Err(_)) => Some(End::Reset),
            Err(_) => done().then_some(End::Silent),
        };
        let Some(cut) = input.windows(4).position(|w| w == b"\r\n\r\n") else {
            if let Some(end) = over {
                return Reply {
                    status: 0,
                    headers: String::new(),
                    body: Vec::new(),
                    chunks: Vec::new(),
                    end,
                };
            }
            continue;
        };
        let headers = String::from_utf8(input[..cut].to_vec()).unwrap();
        let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
        let rest = &input[cut + 4..];
        let length = headers.lines().find_map(|l| l.strip_prefix("content-length: ")?.parse::<usize>().ok());
        let (chunks, whole) = match length {
            Some(n) => (vec![rest.to_vec()], rest.len() >= n),
            None if headers.contains("transfer-encoding: chunked") => unchunk(rest),
            None => (vec![rest.to_vec()], false),
        };
        if let Some(end) = if whole { Some(End::Whole) } else { over } {
            return Reply { status, headers, body: chunks.concat(), chunks, end };
        }
    }
}

async fn put(demo: &Demo, provider: &str, model: &str, turns: &[&str]) -> Reply {
    let mut stream = connect(demo).await;
    let before = demo.log().len();
    let (path, body) = ask(provider, model, turns);
    send(&mut stream, &path, key(provider), &body).await;
    receive_while(&mut stream, || stalled(demo, before)).await
}

/// Whether request number `n` has said all that its model will ever say.
fn stalled(demo: &Demo, n: usize) -> bool {
    demo.log().get(n).is_some_and(|sent| match sent.model.as_str() {
        "silent" => true,
        "nobody" => sent.headers.is_some(),
        model => model.strip_prefix("stall").and_then(|n| n.parse().ok()) == Some(sent.tokens),
    })
}

/// What a stream said: text, reasoning, and every JSON object it was made of.
#[derive(Debug, Default, PartialEq)]
struct Said {
    text: String,
    reasoning: String,
    events: Vec<Value>,
}

impl Said {
    fn last(&self) -> &Value {
        self.events.last().unwrap()
    }
    fn find(&self, pointer: &str) -> Option<&Value> {
        self.events.iter().rev().find_map(|e| e.pointer(pointer).filter(|v| !v.is_null()))
    }
}

/// Frames of a Bedrock stream as `{event or exception name: payload}`, or the decoder's complaint.
fn frames(body: &[u8]) -> Result<Vec<Value>, String> {
    let (mut decoder, mut rest, mut out) = (MessageFrameDecoder::new(), body, Vec::new());
    while let DecodedFrame::Complete(m) = decoder.decode_frame(&mut rest).map_err(|e| e.to_string())? {
        let header = |name: &str| {
            let found = m.headers().iter().find(|h| h.name().as_str() == name)?;
            Some(found.value().as_string().ok()?.as_str().to_owned())
        };
        assert_eq!(header(":content-type").as_deref(), Some("application/json"));
        let kind = header(":message-type").unwrap();
        let name = header(&format!(":{kind}-type")).unwrap();
        out.push(json!({ name: serde_json::from_slice::<Value>(m.payload()).unwrap() }));
    }
    Ok(out)
}

fn events(provider: &str, body: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(body);
    match provider {
        "bedrock" => frames(body).unwrap(),
        "ollama" => text.lines().map(|l| serde_json::from_str(l).unwrap()).collect(),
        _ => text
            .lines()
            .filter_map(|l| l.strip_prefix("data: "))
            .filter(|l| *l != "[DONE]")
            .map(|l| serde_json::from_str(l).unwrap())
            .collect(),
    }
}

fn read(provider: &str, body: &[u8]) -> Said {
    let (text, reasoning) = match provider {
        "openai" => ("response.output_text.delta", "response.reasoning_summary_text.delta"),
        "compatible" => ("/choices/0/delta/content", "/choices/0/delta/reasoning_content"),
        "anthropic" => ("/delta/text", "/delta/thinking"),
        "gemini" => ("/candidates/0/content/parts/0/text", ""),
        "bedrock" => ("/contentBlockDelta/delta/text", "/contentBlockDelta/delta/reasoningContent/text"),
        _ => ("/message/content", "/message/thinking"),
    };
    let mut said = Said { events: events(provider, body), ..Said::default() };
    let part = |event: &Value, place: &str| match provider {
        "openai" if event["type"] == *place => event["delta"].as_str().unwrap_or_default().to_owned(),
        "openai" => String::new(),
        _ => event.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned(),
    };
    for event in &said.events {
        if event.pointer("/candidates/0/content/parts/0/thought") == Some(&Value::Bool(true)) {
            said.reasoning.push_str(&part(event, text));
        } else {
            said.text.push_str(&part(event, text));
            if !reasoning.is_empty() {
                said.reasoning.push_str(&part(event, reasoning));
            }
        }
    }
    said
}

async fn say(demo: &Demo, provider: &str, model: &str, turns: &[&str]) -> Said {
    let reply = put(demo, provider, model, turns).await;
    assert_eq!((reply.status, reply.end), (200, End::Whole), "{provider} {model}: {}", reply.text());
    read(provider, &reply.body)
}

/// Prompt, cached, generated, reasoning tokens as this provider counts them.
fn counts(provider: &str, said: &Said) -> [Option<u64>; 4] {
    let places = match provider {
        "openai" => [
            "/response/usage/input_tokens",
            "/response/usage/input_tokens_details/cached_tokens",
            "/response/usage/output_tokens",
            "/response/usage/output_tokens_details/reasoning_tokens",
        ],
        "compatible" => [
            "/usage/prompt_tokens",
            "/usage/prompt_tokens_details/cached_tokens",
            "/usage/completion_tokens",
            "/usage/completion_tokens_details/reasoning_tokens",
        ],
        "anthropic" => [
            "/message/usage/input_tokens",
            "/message/usage/cache_read_input_tokens",
            "/usage/output_tokens",
            "/usage/output_tokens_details/thinking_tokens",
        ],
        "gemini" => [
            "/usageMetadata/promptTokenCount",
            "/usageMetadata/cachedContentTokenCount",
            "/usageMetadata/candidatesTokenCount",
            "/usageMetadata/thoughtsTokenCount",
        ],
        "bedrock" => [
            "/metadata/usage/inputTokens",
            "/metadata/usage/cacheReadInputTokens",
            "/metadata/usage/outputTokens",
            "/none",
        ],
        _ => ["/prompt_eval_count", "/none", "/eval_count", "/none"],
    };
    places.map(|p| said.find(p).and_then(Value::as_u64))
}

#[tokio::test]
async fn every_wire_tells_a_whole_answer_with_its_own_end() {
    let demo = Demo::start().await.unwrap();
    for (provider, content_type, id) in [
        ("openai", "text/event-stream", Some("x-request-id")),
        ("compatible", "text/event-stream", Some("x-request-id")),
        ("anthropic", "text/event-stream", Some("request-id")),
        ("gemini", "text/event-stream", None),
        ("bedrock", "application/vnd.amazon.eventstream", Some("x-amzn-requestid")),
        ("ollama", "application/x-ndjson", None),
    ] {
        let reply = put(&demo, provider, "demo-swift-r0", &["compare rust and go"]).await;
        assert_eq!((reply.status, reply.end), (200, End::Whole), "{provider}");
        assert!(reply.header("content-type").unwrap().starts_with(content_type), "{provider}");
        assert!(id.is_none_or(|id| reply.header(id).is_some()), "{provider}: {}", reply.headers);
        let said = read(provider, &reply.body);
        assert!(
            said.text.contains("rust and go") && said.text.contains("Simulated"),
            "{provider}: {}",
            said.text
        );
        let last = said.last();
        match provider {
            "openai" => assert_eq!(last["type"], "response.completed"),
            "compatible" => assert!(reply.text().ends_with("data: [DONE]\n\n")),
            "anthropic" => assert_eq!(last["type"], "message_stop"),
            "gemini" => assert_eq!(last.pointer("/candidates/0/finishReason").unwrap(), "STOP"),
            "bedrock" => assert!(last.pointer("/metadata/metrics/latencyMs").is_some(), "{last}"),
            _ => assert_eq!((&last["done"], &last["done_reason"]), (&json!(true), &json!("stop"))),
        }
        assert!(reply.chunks.len() > 20, "{provider}: each event is a chunk of its own");
    }
}

#[tokio::test]
async fn counts_add_up_as_each_provider_adds_them() {
    let demo = Demo::start().await.unwrap();
    for provider in PROVIDERS {
        let said = say(&demo, provider, "load-n30-t12-c100", &["hello there"]).await;
        let [prompt, cached, output, reasoning] = counts(provider, &said);
        let fresh = 6;
        let wanted = match provider {
            "openai" | "compatible" => [Some(fresh + 100), Some(100), Some(42), Some(12)],
            "anthropic" => [Some(fresh), Some(100), Some(42), Some(12)],
            "gemini" => [Some(fresh + 100), Some(100), Some(30), Some(12)],
            "bedrock" => [Some(fresh), Some(100), Some(42), None],
            _ => [Some(fresh), None, Some(42), None],
        };
        assert_eq!([prompt, cached, output, reasoning], wanted, "{provider}");
        assert!(
            said.text.starts_with('\u{428}') && said.text.ends_with('\u{416}'),
            "{provider}: {}",
            said.text
        );
        assert!(!said.reasoning.is_empty(), "{provider}");
        let none = say(&demo, provider, "load-n3-nousage", &["hello there"]).await;
        assert_eq!(counts(provider, &none), [None; 4], "{provider}");
    }
}

#[tokio::test]
async fn first_events_carry_no_text() {
    let demo = Demo::start().await.unwrap();
    let chat = put(&demo, "compatible", "load-n2", &["x"]).await;
    assert_eq!(chat.chunks[0], b": simulated\n\n");
    assert_eq!(
        read("compatible", &chat.body).events[0]["choices"][0]["delta"],
        json!({"role": "assistant", "content": ""})
    );
    let kinds =
        |said: &Said| said.events.iter().map(|e| e["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let messages = say(&demo, "anthropic", "load-n1-t1", &["x"]).await;
    let wanted = "message_start ping content_block_start content_block_delta content_block_delta content_block_delta \
        content_block_stop content_block_start content_block_delta content_block_delta content_block_stop message_delta \
        message_stop";
    assert_eq!(kinds(&messages).join(" "), wanted);
    let responses = say(&demo, "openai", "load-n1", &["x"]).await;
    assert_eq!(kinds(&responses)[..3], ["response.created", "response.in_progress", "keepalive"]);
    let numbers: Vec<_> = responses.events.iter().map(|e| e["sequence_number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..u64::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_request_without_a_key_gets_the_providers_own_refusal() {
    let demo = Demo::start().await.unwrap();
    for (provider, status, place, word) in [
        ("openai", 401, "/error/code", "invalid_api_key"),
        ("compatible", 401, "/error/code", "invalid_api_key"),
        ("anthropic", 401, "/error/type", "authentication_error"),
        ("gemini", 401, "/error/status", "UNAUTHENTICATED"),
        ("bedrock", 403, "/message", "Missing Authentication Token (simulated)"),
    ] {
        let (path, body) = ask(provider, "demo-swift", &["hi"]);
        for headers in
            ["", &key(provider).replacen(" k", " invalid-key", 1).replacen("Bearer k", "Bearer invalid", 1)]
        {
            let mut stream = connect(&demo).await;
            send(&mut stream, &path, headers, &body).await;
            let reply = receive(&mut stream).await;
            assert_eq!(reply.status, status, "{provider}");
            assert_eq!(reply.json().pointer(place).unwrap(), word, "{provider}");
        }
    }
}

#[tokio::test]
async fn statuses_come_in_each_providers_shape() {
    let demo = Demo::start().await.unwrap();
    for status in [400, 401, 403, 404, 429, 500, 503, 529] {
        for provider in PROVIDERS {
            let reply = put(&demo, provider, &format!("e{status}"), &["hi"]).await;
            assert_eq!(reply.status, status, "{provider}");
            assert_eq!(reply.header("retry-after").is_some(), status == 429, "{provider} {status}");
            let body = reply.json();
            match provider {
                "openai" | "compatible" => assert!(body.pointer("/error/message").is_some()),
                "anthropic" => {
                    assert_eq!(body["type"], "error");
                    assert_eq!(body["error"]["type"] == "overloaded_error", status == 529);
                    assert_eq!(body["request_id"], reply.header("request-id").unwrap());
                }
                "gemini" => {
                    assert_eq!(body["error"]["code"], status);
                    let delay = body.pointer("/error/details/0/retryDelay");
                    assert_eq!(delay.is_some(), status == 429);
                }
                "bedrock" => {
                    let kind = reply.header("x-amzn-errortype").unwrap();
                    assert_eq!(kind.starts_with("ThrottlingException"), status == 429, "{kind}");
                }
                _ => assert!(body["error"].is_string()),
            }
        }
    }
    let crowded = put(&demo, "openai", "demo-crowded", &["hi"]).await;
    assert_eq!((crowded.status, crowded.header("retry-after")), (429, Some("7")));
    let unknown = put(&demo, "openai", "gpt-6-sol", &["hi"]).await;
    assert_eq!((unknown.status, &unknown.json()["error"]["code"]), (404, &json!("model_not_found")));
}

#[tokio::test]
async fn streams_break_as_their_name_says() {
    let demo = Demo::start().await.unwrap();
    for provider in PROVIDERS {
        for (model, end) in [
            ("load-x40", End::Reset),
            ("cut-half40", End::Closed),
            ("cut-fin40", End::Whole),
            ("cut-close-fin40", End::Closed),
            ("stall40", End::Silent),
        ] {
            let reply = put(&demo, provider, model, &["hi"]).await;
            assert_eq!((reply.status, reply.end), (200, end), "{provider} {model}");
            let said = read(provider, &reply.body);
            assert!(said.text.starts_with('\u{428}') && !said.text.contains('\u{416}'), "{provider} {model}");
            assert_eq!(
                counts(provider, &said)[2].filter(|_| provider != "gemini"),
                None,
                "{provider} {model}"
            );
        }
        assert_eq!(
            demo.log().iter().rev().take(5).map(|s| s.tokens).collect::<Vec<_>>(),
            [40; 5],
            "{provider}"
        );
    }
}

#[tokio::test]
async fn a_fault_in_mid_answer_speaks_the_dialect() {
    let demo = Demo::start().await.unwrap();
    for (provider, place, word) in [
        ("openai", "/type", "error"),
        ("compatible", "/error/type", "server_error"),
        ("anthropic", "/error/type", "overloaded_error"),
        ("gemini", "/error/status", "UNAVAILABLE"),
        ("bedrock", "/throttlingException/message", ""),
        ("ollama", "/error", ""),
    ] {
        let said = say(&demo, provider, "midfault7", &["hi"]).await;
        let found = said.last().pointer(place).unwrap().as_str().unwrap();
        assert!(
            if word.is_empty() { found.contains("overloaded") } else { found == word },
            "{provider}: {found}"
        );
        assert!(!said.text.is_empty(), "{provider}");
    }
    let bare = put(&demo, "gemini", "midbare7", &["hi"]).await.text();
    let (_, tail) = bare.rsplit_once("\r\n\r\n").unwrap();
    assert_eq!(serde_json::from_str::<Value>(tail).unwrap()["error"]["code"], 503);
}

#[tokio::test]
async fn odd_replies() {
    let demo = Demo::start().await.unwrap();
    let get = async |model: &str| put(&demo, "compatible", model, &["hi"]).await;
    let silent = get("silent").await;
    assert_eq!((silent.status, silent.end), (0, End::Silent));
    let nobody = get("nobody").await;
    assert_eq!((nobody.status, nobody.body.len(), nobody.end), (200, 0, End::Silent));
    let html = get("html").await;
    assert_eq!((html.status, html.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let json = get("json").await;
    assert_eq!((json.status, json.header("content-type")), (200, Some("application/json")));
    assert!(json.json()["error"].is_object());
    let empty = get("empty").await;
    assert_eq!((empty.status, empty.body.len(), empty.end), (200, 0, End::Whole));
    let redirect = get("redirect").await;
    assert_eq!(redirect.status, 307);
    assert!(redirect.header("location").unwrap().starts_with("http://127.0.0.2:"));
    let garbage = get("garbage").await;
    assert!(garbage.status == 200 && std::str::from_utf8(&garbage.body).is_err());
    assert!(get("load-n2-nodone").await.text().contains(r#""finish_reason":"stop""#));
    assert!(!get("load-n2-nodone").await.text().contains("[DONE]"));
}

#[tokio::test]
async fn framing_is_bent_without_changing_what_is_said() {
    let demo = Demo::start().await.unwrap();
    let plain = say(&demo, "compatible", "load-n5-cjk", &["hi"]).await;
    let bom = put(&demo, "compatible", "load-n5-cjk-bom", &["hi"]).await;
    assert_eq!(bom.chunks[..2], [b"\xef".to_vec(), b"\xbb\xbf".to_vec()]);
    assert_eq!(read("compatible", &bom.body[3..]).text, plain.text);
    let bytes = put(&demo, "compatible", "load-n5-cjk-onebyte", &["hi"]).await;
    assert!(bytes.chunks.iter().all(|c| c.len() == 1));
    assert_eq!(read("compatible", &bytes.body).text, plain.text);
    let crlf = put(&demo, "compatible", "load-n5-cjk-crlf", &["hi"]).await;
    assert!(crlf.text().ends_with("data: [DONE]\r\n\r\n"));
    assert_eq!(read("compatible", &crlf.body).text, plain.text);
}

#[tokio::test]
async fn a_wrong_checksum_is_wrong() {
    let demo = Demo::start().await.unwrap();
    let good = put(&demo, "bedrock", "load-n9", &["hi"]).await;
    assert_eq!(frames(&good.body).unwrap().len(), 13);
    let bad = put(&demo, "bedrock", "load-n9-badcrc", &["hi"]).await;
    assert_eq!(bad.body.len(), good.body.len());
    assert!(frames(&bad.body).unwrap_err().contains("checksum"));
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let demo = Demo::start().await.unwrap();
    let mut stream = connect(&demo).await;
    for provider in ["openai", "ollama", "bedrock"] {
        let (path, body) = ask(provider, "load-n4", &["hi"]);
        send(&mut stream, &path, key(provider), &body).await;
        assert_eq!(receive(&mut stream).await.end, End::Whole, "{provider}");
    }
    // A refusal keeps it too, and so does an address nobody knows.
    let (path, body) = ask("openai", "e429", &["hi"]);
    send(&mut stream, &path, key("openai"), &body).await;
    assert_eq!(receive(&mut stream).await.status, 429);
    let both = b"HEAD / HTTP/1.1\r\nhost: demo\r\n\r\nGET /v1/models HTTP/1.1\r\nhost: demo\r\n\r\n";
    stream.write_all(both).await.unwrap();
    let mut answers = String::new();
    while !answers.ends_with("}}") {
        let mut some = [0; 4096];
        let n = stream.read(&mut some).await.unwrap();
        assert!(n > 0, "{answers}");
        answers.push_str(std::str::from_utf8(&some[..n]).unwrap());
    }
    // The body that the length of the first speaks of is not sent.
    assert_eq!((answers.matches("HTTP/1.1 404").count(), answers.matches("not_found").count()), (2, 1));
    assert_eq!(demo.log().iter().map(|s| s.connection).collect::<Vec<_>>(), [1; 4]);
}

#[tokio::test]
async fn a_request_may_come_in_chunks_and_pieces() {
    let demo = Demo::start().await.unwrap();
    let mut stream = connect(&demo).await;
    let (path, body) = ask("compatible", "demo-swift-r0", &["2+2"]);
    let body = body.to_string();
    let (a, b) = body.split_at(20);
    let head =
        format!("POST {path} HTTP/1.1\r\nauthorization: Bearer k\r\ntransfer-encoding: chunked\r\n\r\n");
    let whole = format!("{head}{:x}\r\n{a}\r\n{:x};note=x\r\n{b}\r\n0\r\n\r\n", a.len(), b.len());
    for piece in whole.as_bytes().chunks(7) {
        stream.write_all(piece).await.unwrap();
    }
    let reply = receive(&mut stream).await;
    assert!(read("compatible", &reply.body).text.starts_with("2+2 = 4."));
    assert_eq!(demo.log()[0].request_body, body.as_bytes());
    let (path, body) = ask("ollama", "load-n2", &["hi"]);
    let mut once = connect(&demo).await;
    send(&mut once, &path, "Connection: close\r\n", &body).await;
    let mut rest = Vec::new();
    once.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(b"\r\n0\r\n\r\n"));
    stream.write_all(b"not http at all\r\n\r\n").await.unwrap();
    assert_eq!(receive(&mut stream).await.status, 400);
}

#[tokio::test]
async fn requests_the_providers_would_refuse_are_refused() {
    let demo = Demo::start().await.unwrap();
    for (provider, field, value, word) in [
        ("openai", "stream", json!(false), "only stream"),
        ("openai", "model", Value::Null, "model"),
        ("anthropic", "max_tokens", Value::Null, "max_tokens"),
        ("compatible", "messages", json!([]), "at least one"),
        ("anthropic", "messages", json!([{"role": "assistant", "content": "x"}]), "from the user"),
    ] {
        let (path, mut body) = ask(provider, "demo-swift", &["hi"]);
        body[field] = value;
        let mut stream = connect(&demo).await;
        send(&mut stream, &path, key(provider), &body).await;
        let reply = receive(&mut stream).await;
        assert_eq!(reply.status, 400, "{provider} {field}");
        assert!(reply.text().contains(word), "{provider} {field}: {}", reply.text());
    }
}

#[tokio::test]
async fn voices_differ_and_answers_repeat() {
    let demo = Demo::start().await.unwrap();
    let models =
        ["demo-swift", "demo-ponder", "demo-surge", "us.demo-steady-v1:0", "demo-atlas:8b", "demo-smith"];
    for question in ["Explain our refund policy to an angry customer", "why is the sky blue", "qwertz uiop"] {
        let mut texts = Vec::new();
        for model in models {
            let model = format!("{model}-r0");
            let once = say(&demo, "compatible", &model, &[question]).await;
            let again = say(&demo, "compatible", &model, &[question]).await;
            assert_eq!((&once.text, &once.reasoning), (&again.text, &again.reasoning), "{model}");
            assert!(once.text.contains("scripted demo answer"), "{model}: {}", once.text);
            assert!(!once.text.contains("{subject}") && !once.text.contains("{answer}"), "{}", once.text);
            texts.push(once.text);
        }
        let all = texts.len();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), all, "{question}");
    }
}

#[tokio::test]
async fn answers_follow_the_question() {
    let demo = Demo::start().await.unwrap();
    let swift = async |turns: &[&str]| say(&demo, "openai", "demo-swift-r0", turns).await.text;
    assert!(swift(&["What is (17+4)*3?"]).await.starts_with("(17+4)×3 = 63."));
    let first = swift(&["why is the sky blue?"]).await;
    assert!(first.contains("wavelength"), "{first}");
    let next = swift(&["why is the sky blue?", &first, "shorter please"]).await;
    assert!(next.starts_with("Building on “sky blue”:") && next.contains("wavelength"), "{next}");
    assert!(next.len() < first.len() && !next.contains('\n'), "{next}");
    let turned = swift(&["why is the sky blue?", &first, "write a sql query"]).await;
    assert!(turned.starts_with("Building on “sky blue”:") && turned.contains("HAVING"), "{turned}");
    let long = swift(&["why is the sky blue? in detail"]).await;
    assert!(long.len() > first.len(), "{long}");
    let three = say(&demo, "openai", "us.demo-steady-v1:0-r0", &["give me two ideas for a party"]).await.text;
    assert!(three.contains("“party”"), "{three}");
    assert!(three.contains("\n2. ") && !three.contains("\n3. "), "{three}");
    let mut stream = connect(&demo).await;
    let (path, mut body) = ask("openai", "demo-swift-r0", &["why is the sky blue?"]);
    body["instructions"] = json!("Answer in one line.");
    send(&mut stream, &path, key("openai"), &body).await;
    let line = read("openai", &receive(&mut stream).await.body).text;
    assert!(line.contains("wavelength") && line.contains("Simulated") && !line.contains('\n'), "{line}");
}

#[tokio::test]
async fn thinking_comes_first_and_can_be_turned_off_and_limited() {
    let demo = Demo::start().await.unwrap();
    let thought = say(&demo, "anthropic", "demo-ponder-r0", &["why is the sky blue?"]).await;
    assert!(thought.reasoning.contains("Rayleigh") && !thought.text.contains("Rayleigh"), "{thought:?}");
    let [_, _, output, reasoning] = counts("anthropic", &thought);
    assert!(reasoning.unwrap() > 20 && output > reasoning);
    let send_with = async |field: &str, value: Value| {
        let mut stream = connect(&demo).await;
        let (path, mut body) = ask("anthropic", "demo-ponder-r0", &["why is the sky blue?"]);
        body[field] = value;
        send(&mut stream, &path, key("anthropic"), &body).await;
        read("anthropic", &receive(&mut stream).await.body)
    };
    let plain = send_with("thinking", json!({"type": "disabled"})).await;
    assert_eq!((plain.reasoning.as_str(), &plain.text), ("", &thought.text));
    let short = send_with("max_tokens", json!(25)).await;
    assert_eq!(short.find("/delta/stop_reason").unwrap(), "max_tokens");
    assert_eq!(counts("anthropic", &short)[2], Some(25));
}

#[tokio::test]
async fn the_brittle_one_says_what_it_is_before_it_breaks() {
    let demo = Demo::start().await.unwrap();
    let said = say(&demo, "compatible", "demo-brittle-r0", &["write a function"]).await;
    assert!(said.text.starts_with("*Simulated: a scripted demo answer"), "{}", said.text);
    assert_eq!(said.last()["error"]["code"], "server_overloaded");
    let whole = say(&demo, "compatible", "demo-smith-r0", &["write a function"]).await;
    let share = said.text.len() * 100 / whole.text.len();
    assert!((40..80).contains(&share), "{share} %");
}

#[tokio::test]
async fn the_log_holds_the_truth_about_time() {
    let demo = Demo::start().await.unwrap();
    let mut stream = connect(&demo).await;
    let (path, body) = ask("anthropic", "load-n11-t5-r100-h10-d30", &["hi"]);
    send(&mut stream, &path, key("anthropic"), &body).await;
    assert_eq!(receive(&mut stream).await.end, End::Whole);
    let sent = demo.log().remove(0);
    let since = |at: Option<std::time::Instant>| at.unwrap().duration_since(sent.received).as_millis();
    assert!(since(sent.headers) >= 10 && since(sent.headers) < since(sent.first_reasoning));
    assert_eq!(sent.first(), sent.first_reasoning);
    // Never early: the sixth token is due 50 ms after the first, the last 100 ms after that.
    assert!(since(sent.first_reasoning) >= 30 && since(sent.first_text) >= 80 && since(sent.last) >= 180);
    assert_eq!((sent.tokens, sent.status, sent.left), (16, Some(200), None));
    assert_eq!((sent.provider, sent.model.as_str()), ("anthropic", "load-n11-t5-r100-h10-d30"));

    let (path, body) = ask("ollama", "stall1", &["hi"]);
    send(&mut stream, &path, "", &body).await;
    assert_eq!(receive_while(&mut stream, || stalled(&demo, 1)).await.end, End::Silent);
    assert!(!demo.log()[1].over);
    drop(stream);
    while !demo.log()[1].over {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(demo.log()[1].left.is_some());
}

#[tokio::test]
async fn the_lineup_covers_the_wires_and_the_catalog_the_lineup() {
    let demo = Demo::start().await.unwrap();
    let (lineup, everyone) = (demo.lineup(), demo.everyone());
    let mut providers: Vec<_> = lineup.endpoints.iter().map(|e| e.provider.as_str()).collect();
    providers.sort_unstable();
    let mut wanted = PROVIDERS;
    wanted.sort_unstable();
    assert_eq!(providers, wanted);
    assert_eq!(everyone.endpoints[..6], lineup.endpoints);
    let catalog: toml::Table = Demo::catalog().parse().unwrap();
    let routes: Vec<_> =
        catalog["family"].as_array().unwrap().iter().map(|f| f["route"][0].clone()).collect();
    assert_eq!(routes.len(), everyone.endpoints.len());
    for endpoint in &everyone.endpoints {
        let row = routes.iter().find(|r| r["id"].as_str() == Some(&endpoint.model)).unwrap();
        assert_eq!(row["kind"].as_str(), Some(endpoint.provider.as_str()));
        assert!(endpoint.simulated && endpoint.name.starts_with("demo-"));
        assert!(endpoint.base_url.as_ref().unwrap().starts_with(&format!("http://{}", demo.address())));
        if let Some(name) = endpoint.key.as_ref().map(bakeoff::model::KeySource::label) {
            assert!(Demo::variables().iter().any(|(n, _)| *n == name));
        }
    }
    let names: std::collections::HashSet<_> = everyone.endpoints.iter().map(|e| &e.name).collect();
    assert_eq!(names.len(), everyone.endpoints.len());
    assert_eq!(demo.endpoint("gemini", "stall9").unwrap().model, "stall9");
    assert_eq!(demo.endpoint("nobody", "stall9"), None);
}

#[tokio::test]
async fn dropping_the_server_ends_its_connections() {
    let demo = Demo::start().await.unwrap();
    let (address, mut stream) = (demo.address(), connect(&demo).await);
    let (path, body) = ask("ollama", "stall1", &["hi"]);
    send(&mut stream, &path, "", &body).await;
    assert_eq!(receive_while(&mut stream, || stalled(&demo, 0)).await.end, End::Silent);
    drop(demo);
    assert!(matches!(receive(&mut stream).await.end, End::Closed | End::Reset));
    assert!(TcpStream::connect(address).await.is_err());
}
