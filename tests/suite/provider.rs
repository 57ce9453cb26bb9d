//! What each provider is really sent, and where its address, key and region come from.
//!
//! `tests/fixtures/providers/<provider>.toml` holds `[[request]]`s: a spec, the variables
//! that are set, and the request they must become; a key stands as `<secret>`. There is one
//! for each API of each row. `BAKEOFF_BLESS=1` writes what was made: read the difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use bakeoff::model::{Class, Fault, Prompt};
use bakeoff::provider::{
    Auth, Chain, HeaderText, Identity, PROVIDERS, Place, Provider, Request, Vars, parse_spec, resolve,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    request: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    spec: String,
    #[serde(default)]
    vars: BTreeMap<String, String>,
    #[serde(flatten)]
    want: Want,
}

/// What is compared, as text.
#[derive(Deserialize, Debug, PartialEq, Default)]
struct Want {
    #[serde(default)]
    api: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    headers: Vec<String>,
    /// JSON, as the wire carries it: the order of its keys counts.
    #[serde(default)]
    body: String,
    /// Who vouches for it: a variable, or what the engine must fetch.
    #[serde(default)]
    identity: String,
    /// `parameter asked → sent (fate)`.
    #[serde(default)]
    parity: Vec<String>,
}

fn path(row: &Provider) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/providers");
    dir.join(format!("{}.toml", row.id))
}

fn golden(row: &Provider) -> (String, Golden) {
    let path = path(row);
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let golden = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    (text, golden)
}

fn prompt() -> Prompt {
    Prompt::new("Why is the sky blue?").with_system(Some("Be brief.".into()))
}

fn ask(spec: &str, vars: &[(&str, &str)]) -> Result<Request, Fault> {
    resolve(&parse_spec(spec).unwrap_or_else(|e| panic!("{e}")), &prompt(), &Vars::only(vars), None)
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

/// A request as the golden files write it.
fn shown(request: &Request, keys: &[&str]) -> Want {
    let identity = match &request.identity {
        Identity::None => request.via.clone().unwrap_or_else(|| "nobody".into()),
        Identity::Entra { scope } => format!("a token of Entra ID for {scope}"),
        Identity::Google => "a token of Google".into(),
        Identity::SigV4 { service, region } => format!("a signature for {service} in {region}"),
    };
    let sdk = request.aws.as_ref().map(|aws| {
        assert!(!aws.chain, "a made-up world reads no real credentials");
        let region = aws.region.as_deref().unwrap_or("no region");
        format!(
            ", through the SDK in {region}{}",
            if aws.bearer.is_some() { " with a bearer token" } else { "" }
        )
    });
    let parity = request.parity.iter().map(|p| {
        let sent = p.sent.as_deref().unwrap_or("nothing");
        format!("{} {} → {sent} ({}) {}", p.param, p.asked, p.fate.word(), p.why).trim_end().to_owned()
    });
    Want {
        api: request.api.id.into(),
        url: request.url.clone(),
        headers: headers(request, keys),
        body: request.body_text(),
        identity: format!("{identity}{}", sdk.unwrap_or_default()),
        parity: parity.collect(),
    }
}

#[test]
fn every_api_of_every_provider_is_sent_what_its_golden_file_says() {
    let bless = std::env::var_os("BAKEOFF_BLESS").is_some();
    let mut wrong = Vec::new();
    for row in PROVIDERS {
        let (text, golden) = golden(row);
        let mut document: toml_edit::DocumentMut = text.parse().unwrap();
        let mut apis = BTreeSet::new();
        for (at, case) in golden.request.iter().enumerate() {
            let vars: Vec<_> = case.vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            let keys: Vec<_> = vars.iter().filter(|(_, v)| v.contains("made-up")).map(|(_, v)| *v).collect();
            let request = ask(&case.spec, &vars).unwrap_or_else(|f| panic!("{}: {}", case.spec, f.message));
            let got = shown(&request, &keys);
            assert!(!format!("{got:?}").contains("made-up"), "a key shows: {got:?}");
            apis.insert(request.api.id);
            if bless {
                let table = &mut document["request"][at];
                for (name, value) in
                    [("api", &got.api), ("url", &got.url), ("body", &got.body), ("identity", &got.identity)]
                {
                    table[name] = toml_edit::value(value.as_str());
                }
                table["headers"] = toml_edit::value(got.headers.iter().collect::<toml_edit::Array>());
                table["parity"] = toml_edit::value(got.parity.iter().collect::<toml_edit::Array>());
            } else if got != case.want {
                wrong.push(format!("{}\n want {:#?}\n got  {got:#?}", case.spec, case.want));
            }
        }
        let all: BTreeSet<_> = row.apis.iter().map(|a| a.id).collect();
        assert_eq!(apis, all, "{}: an API without a request", row.id);
        if bless {
            fs::write(path(row), document.to_string()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_golden_file_belongs_to_a_row() {
    let dir = path(&PROVIDERS[0]).parent().unwrap().to_owned();
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

/// The same with one more setting.
fn spec_with(row: &Provider, setting: &str) -> String {
    let spec = spec(row);
    format!("{spec}{}{setting}", if spec.contains('?') { '&' } else { '?' })
}

#[test]
fn a_key_stands_in_a_secret_header_and_nowhere_else() {
    const KEY: &str = "sk-canary-0123456789";
    let mut sent = 0;
    for row in PROVIDERS {
        for key in row.keys {
            let at_home = format!("{}:m@https://{}", row.id, row.hosts.first().unwrap_or(&""));
            let spec = if row.keys_stay { at_home } else { spec(row) };
            let request = ask(&spec, &[(key.name, KEY)]).ok().unwrap();
            sent += secrets(&request, KEY, key.auth);
        }
        // A key from a variable of the user's own goes the row's way.
        let own = spec_with(row, "api_key_env=MY_KEY");
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
                };
                assert_eq!((*name, secret.expose()), (want.0, want.1.as_str()));
            }
        }
    }
    // The AWS client writes this header itself.
    if let Some(bearer) = request.aws.as_ref().and_then(|a| a.bearer.as_ref()) {
        assert_eq!((bearer.expose(), auth), (key, Auth::Bearer));
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
        vars.extend([
            ("AWS_REGION", "us-east-1"),
            ("AZURE_RESOURCE_NAME", "own"),
            ("GOOGLE_CLOUD_PROJECT", "p"),
        ]);
        let plain = format!("{}:m", row.id);
        let placed = format!("{}:m@https://own.example?api_key_env={}", row.id, vars[0].0);
        if let Some(base) = row.base_url {
            let fixed = base.split('{').next().unwrap();
            assert!(url(&plain, &vars).starts_with(fixed), "{}: {}", row.id, url(&plain, &vars));
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
fn a_credential_goes_to_its_own_provider_to_this_machine_or_where_it_is_told() {
    let mut tried = 0;
    for row in PROVIDERS {
        for key in row.keys {
            let vars = [
                (key.name, "sk-canary-01234567"),
                ("GOOGLE_CLOUD_PROJECT", "p"),
                ("AWS_REGION", "us-east-1"),
            ];
            let at = |place: &str, more: &str| ask(&format!("{}:m@{place}{more}", row.id), &vars);
            for foreign in ["https://gateway.example/v1", "https://evil-openai.azure.com.example"] {
                if row.keys_stay {
                    assert!(
                        at(foreign, "").ok().unwrap().secrets.is_empty(),
                        "{} went to {foreign}",
                        key.name
                    );
                    continue;
                }
                let stray = at(foreign, "").err().unwrap_or_else(|| panic!("{} went to {foreign}", key.name));
                assert_eq!(stray.class, Class::Key, "{}", row.id);
                let host = foreign.split('/').nth(2).unwrap();
                assert!(
                    stray.message.contains(key.name) && stray.message.contains(host),
                    "{}",
                    stray.message
                );
                assert!(
                    stray.advice().contains(&format!("api_key_env = {:?}", key.name)),
                    "{}",
                    stray.advice()
                );
                // The user can say so, or ask without a key.
                let told = at(foreign, &format!("?api_key_env={}", key.name)).ok().unwrap();
                assert_eq!(told.secrets.len(), 1, "{}", row.id);
                if row.chain == Chain::None {
                    assert!(at(foreign, "?auth=none").ok().unwrap().secrets.is_empty(), "{}", row.id);
                }
                tried += 1;
            }
            // A key of the vendor's is of no use to the user's own server, and stays away from it.
            let here = usize::from(!row.keys_stay);
            assert_eq!(at("http://127.0.0.1:9/v1", "").ok().unwrap().secrets.len(), here, "{}", row.id);
            for own in row.hosts {
                let host = match own.split_once(':') {
                    Some((label, domain)) => format!("{label}.eu-west-1.{domain}"),
                    None if own.starts_with('-') => format!("eu{own}"),
                    None => format!("eu.{own}"),
                };
                assert_eq!(at(&format!("https://{host}/v1"), "").ok().unwrap().secrets.len(), 1, "{host}");
            }
        }
        if matches!(row.chain, Chain::Entra | Chain::Google) {
            let project = [("GOOGLE_CLOUD_PROJECT", "p")];
            let stray = ask(&format!("{}:m@https://gateway.example", row.id), &project).err().unwrap();
            assert!(stray.advice().contains("auth = "), "{}", stray.advice());
            let auth = row.chain.word();
            let told =
                ask(&format!("{}:m@https://gateway.example?auth={auth}", row.id), &project).ok().unwrap();
            assert_ne!(told.identity, Identity::None, "{}", row.id);
        }
    }
    assert!(tried > 20, "{tried}");
    // Anybody can rent a host below these domains.
    for (spec, key) in [
        ("bedrock:m@https://ec2-1-2-3-4.compute-1.amazonaws.com", "AWS_BEARER_TOKEN_BEDROCK"),
        ("bedrock:m@https://bedrock-runtime-x-1.us-east-1.elb.amazonaws.com", "AWS_BEARER_TOKEN_BEDROCK"),
        ("bedrock:m@https://bedrock-runtime.s3.amazonaws.com", "AWS_BEARER_TOKEN_BEDROCK"),
        ("bedrock:m@https://bedrock-runtime.s3-us-west-2.amazonaws.com", "AWS_BEARER_TOKEN_BEDROCK"),
        ("bedrock:m@https://bedrock-runtime.x1.us-east-1.rds.amazonaws.com", "AWS_BEARER_TOKEN_BEDROCK"),
    ] {
        let vars = [(key, "sk-canary-01234567"), ("AWS_REGION", "us-east-1")];
        assert_eq!(fault(spec, &vars).class, Class::Key, "{spec}");
    }
    let private = "bedrock:m@https://vpce-0a1-b2.bedrock-runtime.us-east-1.vpce.amazonaws.com";
    assert!(
        ask(private, &[("AWS_BEARER_TOKEN_BEDROCK", "k-0123456")]).is_ok(),
        "a private endpoint is the cloud's"
    );
    let project = [("GOOGLE_CLOUD_PROJECT", "p")];
    assert_eq!(fault("vertex:m@https://storage.googleapis.com", &project).class, Class::Key);
}

#[test]
fn an_address_of_one_api_vouches_for_its_own_keys_alone() {
    let gateway = ("ANTHROPIC_FOUNDRY_BASE_URL", "https://gateway.example/anthropic");
    let stray = fault("azure:claude-opus-5-5", &[gateway, ("AZURE_OPENAI_API_KEY", "sk-canary-0123")]);
    assert_eq!(stray.class, Class::Key);
    assert!(stray.message.contains("AZURE_OPENAI_API_KEY"), "{}", stray.message);
    let own = ask("azure:claude-opus-5-5", &[gateway, ("ANTHROPIC_FOUNDRY_API_KEY", "sk-own-01234")]);
    assert_eq!(own.ok().unwrap().via.as_deref(), Some("ANTHROPIC_FOUNDRY_API_KEY"));
}

#[test]
fn what_names_an_account_goes_where_its_key_goes() {
    let vars = [("OPENAI_API_KEY", "k-012345"), ("OPENAI_ORG_ID", "org-canary")];
    let sent = |spec: &str| {
        let request = ask(spec, &vars).ok().unwrap();
        headers(&request, &[]).iter().any(|h| h.contains("org-canary"))
    };
    assert!(sent("openai:m") && sent("openai:m@http://127.0.0.1:9/v1"));
    assert!(!sent("openai:m@https://gateway.example/v1?auth=none"));
    assert!(!sent("openai:m@https://gateway.example/v1?api_key_env=OPENAI_API_KEY"));
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
    assert!(fault("bedrock:m", &[]).message.contains("no AWS region"));
    // Each of them becomes part of a host name.
    for (spec, words) in [
        ("azure:m@evil.example/", "not the name of an Azure resource"),
        ("vertex:m@p/evil.example", "not a Google Cloud location"),
    ] {
        assert!(fault(spec, &[]).message.contains(words), "{spec}: {}", fault(spec, &[]).message);
    }
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
        assert!(request.url.starts_with(&endpoint), "{}", request.url);
        endpoint
    };
    assert_eq!(at("bedrock:m", &[all, own]), "http://127.0.0.1:4566");
    assert_eq!(at("bedrock:m", &[all]), "https://all.example");
    assert_eq!(at("bedrock:m@https://spec.example", &[all, own]), "https://spec.example");
    // Said also where it is the service's: else the SDK would take the profile's.
    assert_eq!(at("bedrock:m@us-east-1", &[]), "https://bedrock-runtime.us-east-1.amazonaws.com");
    let fips = ("AWS_USE_FIPS_ENDPOINT", "true");
    for spec in ["bedrock:m@us-east-1", "bedrock:m@us-east-1?api=chat"] {
        assert!(fault(spec, &[fips]).message.contains(fips.0), "{spec}");
    }
    assert_eq!(at("bedrock:m", &[fips, own]), "http://127.0.0.1:4566");
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
        // A bare word is a region, a resource or a project where there are such, a host where the
        // provider is at home on this machine, and a mistake everywhere else.
        let word = parse_spec(&format!("{}:m@us-east-1", row.id));
        let local = row.base_url.is_some_and(|b| b.starts_with("http://127."));
        match word {
            Ok(endpoint) if row.place != Place::BaseUrl => {
                assert_eq!(endpoint.place.as_deref(), Some("us-east-1"));
            }
            Ok(endpoint) => assert!(local && endpoint.base_url.is_some(), "{}", row.id),
            Err(error) => assert!(!local && error.contains("base URL"), "{}: {error}", row.id),
        }
    }
}
