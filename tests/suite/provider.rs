//! What each provider is really sent, and where its address, key and region come from.
//!
//! `tests/fixtures/requests/<provider>.toml` is a spec, the variables that are set,
//! and the request it must become; a key stands as `<secret>`. A row without a file fails.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bakeoff::model::{Class, Fault, Prompt};
use bakeoff::provider::{Auth, HeaderText, PROVIDERS, Place, Provider, Request, Vars, parse_spec, resolve};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    spec: String,
    vars: BTreeMap<String, String>,
    url: String,
    headers: Vec<String>,
    /// JSON, as the wire carries it: the order of its keys counts.
    body: String,
    region: Option<String>,
    /// The AWS client signs with a bearer token instead of its own chain.
    #[serde(default)]
    bearer: bool,
}

fn golden(row: &Provider) -> Golden {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/requests");
    let path = dir.join(format!("{}.toml", row.id));
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn prompt() -> Prompt {
    Prompt::new("Why is the sky blue?").with_system(Some("Be brief.".into()))
}

fn ask(spec: &str, vars: &[(&str, &str)]) -> Result<Request, Fault> {
    resolve(&parse_spec(spec).unwrap(), &prompt(), &Vars::only(vars))
}

fn url(spec: &str, vars: &[(&str, &str)]) -> String {
    ask(spec, vars).map_or_else(|fault| format!("fault: {}", fault.message), |request| request.url)
}

fn fault(spec: &str, vars: &[(&str, &str)]) -> Fault {
    ask(spec, vars).err().unwrap_or_else(|| panic!("{spec} was resolved"))
}

/// `name: value`, each key replaced by `<secret>`; what is left around it is not secret.
fn headers(request: &Request, keys: &[&str]) -> Vec<String> {
    let shown = |(name, text): &(&str, HeaderText)| match text {
        HeaderText::Plain(text) => format!("{name}: {text}"),
        HeaderText::Secret(secret) => {
            let hidden = keys.iter().fold(secret.expose().to_owned(), |t, key| t.replace(key, "<secret>"));
            format!("{name}: {hidden}")
        }
    };
    request.headers.iter().map(shown).collect()
}

#[test]
fn every_provider_is_sent_what_its_golden_file_says() {
    let mut wrong = Vec::new();
    for row in PROVIDERS {
        let golden = golden(row);
        let vars: Vec<_> = golden.vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let keys: Vec<_> = vars.iter().filter(|(_, v)| v.contains("made-up")).map(|(_, v)| *v).collect();
        let request = ask(&golden.spec, &vars).unwrap_or_else(|f| panic!("{}: {}", row.id, f.message));
        let got = (request.url.clone(), headers(&request, &keys), request.body_text());
        let json: Value = serde_json::from_str(&golden.body).unwrap();
        if got != (golden.url, golden.headers, json.to_string()) {
            let (url, headers, body) = got;
            wrong.push(format!("{}\nurl = {url:?}\nheaders = {headers:#?}\nbody = '{body}'", row.id));
        }
        let aws = request.aws.as_ref();
        assert_eq!(aws.is_some(), row.auth == Auth::Aws, "{}", row.id);
        assert_eq!(aws.and_then(|a| a.region.clone()), golden.region, "{}", row.id);
        assert_eq!(aws.is_some_and(|a| a.bearer.is_some()), golden.bearer, "{}", row.id);
        assert!(aws.is_none_or(|a| !a.chain), "{}: a made-up world reads no real credentials", row.id);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_golden_file_belongs_to_a_row() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/requests");
    let mut files: Vec<_> =
        fs::read_dir(dir).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    let mut rows: Vec<_> = PROVIDERS.iter().map(|p| format!("{}.toml", p.id)).collect();
    rows.sort();
    assert_eq!(files, rows);
}

/// A spec of this row that needs nothing but its key.
fn spec(row: &Provider) -> String {
    format!("{}:{}", row.id, row.example)
}

#[test]
fn a_key_stands_in_a_secret_header_and_nowhere_else() {
    const KEY: &str = "sk-canary-0123456789";
    let mut sent = 0;
    for row in PROVIDERS {
        for key in row.keys {
            let request = ask(&spec(row), &[(key.name, KEY)]).ok().unwrap();
            sent += secrets(&request, KEY, key.auth);
        }
        // A key from a variable of the user's own goes the row's way.
        let own = format!("{}?api_key_env=MY_KEY", spec(row));
        sent += secrets(&ask(&own, &[("MY_KEY", KEY)]).ok().unwrap(), KEY, row.auth);
        let fault = fault(&own, &[]);
        assert_eq!(fault.class, Class::Key, "{}", row.id);
        assert!(fault.message.contains("MY_KEY"), "{}", fault.message);
        // A key that could smuggle a header is refused, and not repeated.
        let split = ask(&own, &[("MY_KEY", "sk-canary\r\nx-evil: 1")]).err().unwrap();
        assert_eq!(split.class, Class::Key);
        assert!(!split.message.contains("canary") && !split.advice().contains("canary"), "{}", split.message);
    }
    let vars: usize = PROVIDERS.iter().map(|row| row.keys.len() + 1).sum();
    assert_eq!(sent, vars, "each variable fills exactly one place");
}

/// How many places hold the key; fails when one of them is not meant to.
fn secrets(request: &Request, key: &str, auth: Auth) -> usize {
    assert!(!request.url.contains(key), "{}", request.url);
    assert!(!request.body_text().contains(key));
    let mut places = 0;
    for (name, text) in &request.headers {
        match text {
            HeaderText::Plain(text) => assert!(!text.contains(key), "{name}"),
            HeaderText::Secret(secret) => {
                places += 1;
                let want = match auth {
                    Auth::Bearer => ("authorization", format!("Bearer {key}")),
                    Auth::Header(header) => (header, key.to_owned()),
                    Auth::Aws => panic!("the AWS client writes its own headers, not {name}"),
                };
                assert_eq!((*name, secret.expose()), (want.0, want.1.as_str()));
            }
        }
    }
    if let Some(bearer) = request.aws.as_ref().and_then(|a| a.bearer.as_ref()) {
        assert_eq!((bearer.expose(), auth), (key, Auth::Aws));
        places += 1;
    }
    places
}

#[test]
fn the_first_key_of_a_row_wins_and_an_empty_one_is_none() {
    for row in PROVIDERS.iter().filter(|row| row.keys.len() > 1) {
        let names: Vec<_> = row.keys.iter().map(|k| k.name).collect();
        let both = ask(&spec(row), &[(names[1], "second"), (names[0], "first")]).ok().unwrap();
        assert_eq!(secrets(&both, "first", row.keys[0].auth), 1, "{}", row.id);
        let one = ask(&spec(row), &[(names[0], "  "), (names[1], "second")]).ok().unwrap();
        assert_eq!(secrets(&one, "second", row.keys[1].auth), 1, "{}", row.id);
    }
    let token = ask("anthropic:m", &[("ANTHROPIC_AUTH_TOKEN", "t-1")]).ok().unwrap();
    assert!(headers(&token, &["t-1"]).contains(&"authorization: Bearer <secret>".to_owned()));
    assert!(token.headers.iter().all(|(name, _)| *name != "x-api-key"));
}

#[test]
fn a_missing_key_names_every_variable_that_could_hold_it() {
    let required: Vec<_> = PROVIDERS.iter().filter(|row| row.key_required).collect();
    assert!(required.len() >= 3);
    for row in required {
        let fault = fault(&spec(row), &[]);
        assert_eq!(fault.class, Class::Key, "{}", row.id);
        for key in row.keys {
            assert!(fault.message.contains(key.name), "{}: {}", row.id, fault.message);
        }
        assert!(fault.advice().contains(row.keys[0].name), "{}: {}", row.id, fault.advice());
    }
    for row in PROVIDERS.iter().filter(|row| !row.key_required) {
        let request = ask(&spec(row), &[]).unwrap_or_else(|f| panic!("{}: {}", row.id, f.message));
        assert!(request.headers.iter().all(|(_, t)| matches!(t, HeaderText::Plain(_))), "{}", row.id);
    }
}

#[test]
fn a_gateway_gets_no_key_that_was_not_meant_for_it() {
    let every: Vec<_> = PROVIDERS.iter().flat_map(|p| p.keys).map(|k| (k.name, "sk-canary")).collect();
    let request = ask("compatible:m@http://127.0.0.1:8080/v1", &every).ok().unwrap();
    assert!(request.headers.iter().all(|(_, t)| matches!(t, HeaderText::Plain(_))));
}

#[test]
fn the_spec_stands_before_the_environment_and_that_before_the_default() {
    for row in PROVIDERS {
        let mut vars: Vec<_> = row.keys.iter().map(|k| (k.name, "k")).collect();
        let plain = format!("{}:m", row.id);
        let placed = format!("{}:m@https://own.example", row.id);
        if let Some(base) = row.base_url {
            assert!(url(&plain, &vars).starts_with(base), "{}", row.id);
        }
        for name in row.base_url_vars.iter().rev() {
            let host = format!("https://{}.example", name.to_lowercase().replace('_', "-"));
            vars.push((name, host.leak()));
            let (got, want) = (url(&plain, &vars), vars[vars.len() - 1].1);
            assert!(got.starts_with(want), "{}: {got}, not {want}", row.id);
        }
        assert!(url(&placed, &vars).starts_with("https://own.example/"), "{}", row.id);
    }
    // Without any of the three, the fault shows how to write one.
    let none = fault("compatible:m", &[]);
    assert_eq!(none.class, Class::Setup);
    assert!(none.advice().contains("@http"), "{}", none.advice());
    // A wrong address from the environment is named by its variable, less the password.
    let wrong = fault("openai:m", &[("OPENAI_BASE_URL", "https://u:hunter2@h/v1"), ("OPENAI_API_KEY", "k")]);
    assert!(wrong.message.contains("OPENAI_BASE_URL"), "{}", wrong.message);
    assert!(!wrong.message.contains("hunter2"), "{}", wrong.message);
}

#[test]
fn ollama_takes_a_host_in_every_form_its_own_client_takes() {
    for (host, want) in [
        ("", "http://127.0.0.1:11434/api/chat"),
        ("0.0.0.0", "http://127.0.0.1:11434/api/chat"),
        ("0.0.0.0:9999", "http://127.0.0.1:9999/api/chat"),
        (":9999", "http://127.0.0.1:9999/api/chat"),
        ("localhost", "http://localhost:11434/api/chat"),
        ("127.0.0.1:1", "http://127.0.0.1:1/api/chat"),
        ("[::1]:9999", "http://[::1]:9999/api/chat"),
        ("http://localhost:9999/", "http://localhost:9999/api/chat"),
        ("https://ollama.com", "https://ollama.com/api/chat"),
        ("https://h.example/proxy", "https://h.example/proxy/api/chat"),
    ] {
        assert_eq!(url("ollama:qwen3", &[("OLLAMA_HOST", host)]), want, "{host:?}");
    }
    // Another machine in clear text is refused until the endpoint allows it.
    let far = [("OLLAMA_HOST", "gpu.lan")];
    assert!(fault("ollama:m", &far).message.contains("OLLAMA_HOST"));
    assert_eq!(url("ollama:m?allow_plain_http=true", &far), "http://gpu.lan:11434/api/chat");
}

fn region(model: &str, vars: &[(&str, &str)]) -> Option<String> {
    ask(&format!("bedrock:{model}"), vars).ok().unwrap().aws.unwrap().region
}

#[test]
fn a_region_comes_from_the_nearest_place_that_names_one() {
    const ARN: &str = "arn:aws:bedrock:ap-south-1:123456789012:inference-profile/x";
    let both = [("AWS_DEFAULT_REGION", "eu-west-1"), ("AWS_REGION", "us-west-2")];
    assert_eq!(region(&format!("{ARN}@us-east-1"), &both).as_deref(), Some("us-east-1"));
    assert_eq!(region(ARN, &both).as_deref(), Some("ap-south-1"));
    assert_eq!(region("arn:aws:bedrock::aws:foundation-model/x", &both).as_deref(), Some("us-west-2"));
    assert_eq!(region("m", &both).as_deref(), Some("us-west-2"));
    assert_eq!(region("m", &both[..1]).as_deref(), Some("eu-west-1"));
    assert_eq!(region("m", &[("AWS_REGION", " "), both[0]]).as_deref(), Some("eu-west-1"));
    assert_eq!(region("m", &[]), None);
    // A region becomes part of a host name.
    for bad in ["evil.example/", "us east-1", "useast1", "us-east-1#"] {
        let fault = fault("bedrock:m", &[("AWS_REGION", bad)]);
        assert_eq!(fault.class, Class::Setup, "{bad}");
        assert!(fault.message.contains("not an AWS region"), "{}", fault.message);
    }
}

#[test]
fn bedrock_goes_to_another_address_when_told() {
    let own = ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:4566/");
    let all = ("AWS_ENDPOINT_URL", "https://all.example");
    let at = |spec: &str, vars: &[(&str, &str)]| {
        let request = ask(spec, vars).ok().unwrap();
        let endpoint = request.aws.unwrap().endpoint_url;
        // What is shown is where it goes.
        assert!(endpoint.as_ref().is_none_or(|e| request.url.starts_with(e.as_str())), "{}", request.url);
        endpoint
    };
    assert_eq!(at("bedrock:m", &[all, own]).as_deref(), Some("http://127.0.0.1:4566"));
    assert_eq!(at("bedrock:m", &[all]).as_deref(), Some("https://all.example"));
    assert_eq!(at("bedrock:m@https://spec.example", &[all, own]).as_deref(), Some("https://spec.example"));
    assert_eq!(at("bedrock:m@us-east-1", &[]), None);
    assert!(fault("bedrock:m", &[(own.0, "http://10.0.0.5")]).message.contains(own.0));
}

#[test]
fn what_stands_after_the_at_sign_is_what_the_row_says() {
    for row in PROVIDERS {
        let url = parse_spec(&format!("{}:m@https://host.example/v1", row.id)).unwrap();
        assert_eq!(
            (url.place, url.base_url.as_deref()),
            (None, Some("https://host.example/v1")),
            "{}",
            row.id
        );
        // A bare word is a region where there are regions, a host where the provider is at
        // home on this machine, and a mistake everywhere else.
        let word = parse_spec(&format!("{}:m@us-east-1", row.id));
        let local = row.base_url.is_some_and(|b| b.starts_with("http://127."));
        match word {
            Ok(endpoint) if row.place == Place::Region => {
                assert_eq!(endpoint.place.as_deref(), Some("us-east-1"));
            }
            Ok(endpoint) => assert!(local && endpoint.base_url.is_some(), "{}", row.id),
            Err(error) => assert!(!local && error.contains("base URL"), "{}: {error}", row.id),
        }
    }
}
