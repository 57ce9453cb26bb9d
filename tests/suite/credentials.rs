//! The clouds' own credentials, through the real binary: token servers on this machine,
//! one request for all panes that share a token, renewal, and each failure with its fix.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::loopback::{Answer, Asked, Loopback, chat, gemini};

fn bakeoff(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bakeoff"));
    command.env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    // Nothing here may ask a machine for its role, but the test that plays the machine.
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

fn home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn answers(o: &Output) -> Vec<Value> {
    let json: Value = serde_json::from_slice(&o.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}{}", String::from_utf8_lossy(&o.stdout), err(o)));
    json["rounds"][0]["answers"].as_array().unwrap().clone()
}

fn err(o: &Output) -> String {
    String::from_utf8_lossy(&o.stderr).into_owned()
}

fn ask(command: &mut Command, specs: &[String]) -> Output {
    command.args(["run", "hi", "--format", "json"]);
    for spec in specs {
        command.args(["-e", spec]);
    }
    command.output().unwrap()
}

fn assert_complete(o: &Output, how_many: usize) {
    let all = answers(o);
    assert_eq!(all.len(), how_many);
    for a in &all {
        assert_eq!(a["status"], "complete", "{a}\n{}", err(o));
        assert!(a["credential_ns"].as_u64().is_some(), "a token is its own step: {a}");
    }
}

/// The fault of the first answer: class, message, hint.
fn fault(o: &Output) -> (String, String, String) {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let e = answers(o)[0]["error"].clone();
    (text(&e["class"]), text(&e["message"]), text(&e["hint"]))
}

// ---- Entra ID ----------------------------------------------------------------------------

fn entra(expires_in: u64, count: &'static AtomicUsize) -> Loopback {
    Loopback::start(move |asked| {
        if asked.path.ends_with("/oauth2/v2.0/token") {
            let n = count.fetch_add(1, Ordering::SeqCst) + 1;
            let body = json!({"token_type": "Bearer", "expires_in": expires_in, "access_token": format!("entra-token-{n}")});
            return Answer::json(200, body.to_string());
        }
        let token = asked.headers.get("authorization").cloned().unwrap_or_default();
        if token.starts_with("Bearer entra-token-") { chat("hi") } else { Answer::json(401, "{}") }
    })
}

fn azure_specs(server: &Loopback, n: usize) -> Vec<String> {
    (0..n).map(|i| format!("azure:gpt-{i}@{}?api=chat&auth=entra", server.url())).collect()
}

fn with_client_secret<'c>(command: &'c mut Command, server: &Loopback) -> &'c mut Command {
    command
        .env("AZURE_TENANT_ID", "11111111-2222-3333-4444-555555555555")
        .env("AZURE_CLIENT_ID", "my-client")
        .env("AZURE_CLIENT_SECRET", "canary-client-secret")
        .env("AZURE_AUTHORITY_HOST", server.url())
}

#[test]
fn panes_of_one_azure_share_one_token_request() {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let (home, server) = (home(), entra(3600, &COUNT));
    let run = ask(with_client_secret(&mut bakeoff(home.path()), &server), &azure_specs(&server, 3));
    assert_complete(&run, 3);
    assert_eq!(COUNT.load(Ordering::SeqCst), 1, "three panes, one token");
    let token = &server.asked_for("/11111111")[0];
    assert!(token.body.contains("client_secret=canary-client-secret"), "{}", token.body);
    assert!(token.body.contains("scope=https%3A%2F%2Fai.azure.com%2F.default"), "{}", token.body);
    for asked in server.asked_for("/openai/v1/chat/completions") {
        assert_eq!(asked.headers["authorization"], "Bearer entra-token-1");
        assert!(!asked.headers.contains_key("api-key"));
    }
    let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), err(&run));
    assert!(!said.contains("canary") && !said.contains("entra-token"), "{said}");
    assert!(said.contains("Entra ID (client secret of AZURE_CLIENT_ID)"), "{said}");
}

#[test]
fn an_entra_token_that_is_about_to_expire_is_fetched_anew() {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let (home, server) = (home(), entra(30, &COUNT));
    let run = ask(with_client_secret(&mut bakeoff(home.path()), &server), &azure_specs(&server, 2));
    assert_complete(&run, 2);
    assert_eq!(COUNT.load(Ordering::SeqCst), 2, "each pane gets a token that will last");
}

#[test]
fn a_workload_exchanges_its_file_for_a_token() {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let (home, server) = (home(), entra(3600, &COUNT));
    let file = home.path().join("federated");
    fs::write(&file, "canary-federated-jwt").unwrap();
    let mut command = bakeoff(home.path());
    command
        .env("AZURE_TENANT_ID", "11111111-2222-3333-4444-555555555555")
        .env("AZURE_CLIENT_ID", "my-client")
        .env("AZURE_FEDERATED_TOKEN_FILE", &file)
        .env("AZURE_AUTHORITY_HOST", server.url());
    assert_complete(&ask(&mut command, &azure_specs(&server, 1)), 1);
    assert!(server.asked_for("/11111111")[0].body.contains("client_assertion=canary-federated-jwt"));
}

#[test]
fn what_entra_refuses_is_said_with_the_variable_to_change() {
    let home = home();
    for (code, words) in [
        ("AADSTS7000215", "AZURE_CLIENT_SECRET"),
        ("AADSTS7000222", "expired"),
        ("AADSTS700016", "AZURE_CLIENT_ID"),
        ("AADSTS90002", "AZURE_TENANT_ID"),
    ] {
        let server = Loopback::start(move |_| {
            let body = json!({"error": "invalid_client", "error_description": format!("{code}: not like this. Secret canary-client-secret")});
            Answer::json(401, body.to_string())
        });
        let run = ask(with_client_secret(&mut bakeoff(home.path()), &server), &azure_specs(&server, 1));
        let (class, message, hint) = fault(&run);
        assert_eq!(class, "key", "{message}");
        assert!(message.contains(code) && format!("{message} {hint}").contains(words), "{message} → {hint}");
        assert!(!format!("{message}{hint}").contains("canary"), "{message}");
        assert!(server.asked_for("/openai").is_empty(), "nothing is asked without a token");
    }
    // Nothing at all: the two ways in.
    let mut bare = bakeoff(home.path());
    bare.env("PATH", "/nonexistent");
    let (class, message, hint) = fault(&ask(&mut bare, &["azure:m@contoso".into()]));
    assert_eq!(class, "key", "{message}");
    assert!(hint.contains("az login") && hint.contains("AZURE_CLIENT_SECRET"), "{message} → {hint}");
}

// ---- Google ------------------------------------------------------------------------------

/// A token server and a Vertex in one; tokens are counted.
fn google(count: &'static AtomicUsize) -> Loopback {
    Loopback::start(move |asked| {
        if asked.path.starts_with("/token") {
            let n = count.fetch_add(1, Ordering::SeqCst) + 1;
            let body = json!({"access_token": format!("google-token-{n}"), "expires_in": 3600, "token_type": "Bearer"});
            return Answer::json(200, body.to_string());
        }
        let token = asked.headers.get("authorization").cloned().unwrap_or_default();
        if token.starts_with("Bearer google-token-") { gemini("hi") } else { Answer::json(401, "{}") }
    })
}

fn adc(home: &Path, server: &Loopback, refresh: &str) -> std::path::PathBuf {
    let path = home.join("adc.json");
    let text = json!({
        "type": "authorized_user", "client_id": "id", "client_secret": "canary-secret", "refresh_token": refresh,
        "quota_project_id": "billing-project", "token_uri": format!("{}/token", server.url()),
    });
    fs::write(&path, text.to_string()).unwrap();
    path
}

fn vertex_specs(server: &Loopback, n: usize) -> Vec<String> {
    (0..n).map(|i| format!("vertex:gemini-{i}@{}?auth=google", server.url())).collect()
}

#[test]
fn panes_of_one_google_account_share_one_token_and_name_the_quota_project() {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let (home, server) = (home(), google(&COUNT));
    let file = adc(home.path(), &server, "canary-refresh");
    let mut command = bakeoff(home.path());
    command.env("GOOGLE_APPLICATION_CREDENTIALS", file);
    let run = ask(&mut command, &vertex_specs(&server, 3));
    assert_complete(&run, 3);
    assert_eq!(COUNT.load(Ordering::SeqCst), 1, "three panes, one token");
    let asked = server.asked_for("/v1/projects/");
    assert_eq!(asked.len(), 3);
    for a in &asked {
        // The project comes from the credentials: no variable names one.
        assert!(
            a.path.starts_with(
                "/v1/projects/billing-project/locations/global/publishers/google/models/gemini-"
            ),
            "{}",
            a.path
        );
        assert_eq!(a.headers["x-goog-user-project"], "billing-project");
    }
    let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), err(&run));
    assert!(!said.contains("canary") && !said.contains("google-token"), "{said}");
}

#[test]
fn a_google_sign_in_that_ended_says_the_command_that_renews_it() {
    let home = home();
    let server = Loopback::start(|_| {
        Answer::json(
            400,
            r#"{"error":"invalid_grant","error_description":"Token has been expired or revoked."}"#,
        )
    });
    let mut command = bakeoff(home.path());
    command.env("GOOGLE_APPLICATION_CREDENTIALS", adc(home.path(), &server, "canary-old"));
    let (class, message, hint) = fault(&ask(&mut command, &vertex_specs(&server, 1)));
    assert_eq!(class, "key", "{message}");
    assert!(hint.contains("gcloud auth application-default login"), "{message} → {hint}");
    assert!(!message.contains("canary"));
    let mut bare = bakeoff(home.path());
    bare.env("GOOGLE_CLOUD_PROJECT", "p");
    let (class, message, hint) = fault(&ask(&mut bare, &["vertex:gemini-3.8-flash".into()]));
    assert_eq!(class, "key", "{message}");
    assert!(hint.contains("gcloud auth application-default login"), "{message} → {hint}");
}

#[test]
fn a_refresh_token_is_for_googles_servers_whatever_the_file_says() {
    let home = home();
    for (field, url) in [
        ("token_uri", "https://oauth2.googleapis.com.evil.example/token"),
        ("token_uri", "http://oauth2.googleapis.com/token"),
        ("service_account_impersonation_url", "https://evil.example/impersonate"),
    ] {
        let path = home.path().join("adc.json");
        let mut text = json!({"type": "authorized_user", "client_id": "id", "client_secret": "canary-secret",
                              "refresh_token": "canary-refresh"});
        text[field] = json!(url);
        fs::write(&path, text.to_string()).unwrap();
        let mut command = bakeoff(home.path());
        command.env("GOOGLE_APPLICATION_CREDENTIALS", &path).env("GOOGLE_CLOUD_PROJECT", "p");
        let (class, message, _) = fault(&ask(&mut command, &["vertex:gemini-3.8-flash".into()]));
        assert_eq!(class, "setup", "{message}");
        assert!(message.contains(field) && message.contains("not Google's"), "{message}");
    }
}

// ---- AWS ---------------------------------------------------------------------------------

/// An account: STS, metadata, container credentials, and the OpenAI door of Bedrock, which
/// takes any signature of the session it was given.
fn aws(count: &'static AtomicUsize, lifetime_s: i64) -> Loopback {
    Loopback::start(move |asked: &Asked| {
        let expires = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(lifetime_s);
        let expires = expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let session = || format!("session-{}", count.fetch_add(1, Ordering::SeqCst) + 1);
        let keys = |token: &str| {
            format!(
                "<Credentials><AccessKeyId>AKIDMADEUP</AccessKeyId><SecretAccessKey>canary-aws-secret</SecretAccessKey>\
                 <SessionToken>{token}</SessionToken><Expiration>{expires}</Expiration></Credentials>"
            )
        };
        let sts = |action: &str, token: &str| Answer {
            status: 200,
            kind: "text/xml",
            body: format!(
                "<{action}Response><{action}Result>{}</{action}Result></{action}Response>",
                keys(token)
            ),
            ..Answer::default()
        };
        let plain = |token: &str| {
            let body = json!({"Code": "Success", "AccessKeyId": "AKIDMADEUP", "SecretAccessKey": "canary-aws-secret",
                              "Token": token, "Expiration": expires});
            Answer::json(200, body.to_string())
        };
        match asked.path.as_str() {
            "/" if asked.body.contains("AssumeRoleWithWebIdentity") => {
                sts("AssumeRoleWithWebIdentity", &session())
            }
            "/" if asked.body.contains("Action=AssumeRole") => sts("AssumeRole", &session()),
            "/container" | "/latest/meta-data/iam/security-credentials/my-role" => plain(&session()),
            "/latest/api/token" => {
                Answer { status: 200, kind: "text/plain", body: "imds-session".into(), ..Answer::default() }
            }
            "/latest/meta-data/iam/security-credentials/" => {
                Answer { status: 200, kind: "text/plain", body: "my-role".into(), ..Answer::default() }
            }
            path if path.starts_with("/openai/v1/") => {
                let signed = asked.headers.get("authorization").is_some_and(|a| {
                    a.starts_with("AWS4-HMAC-SHA256 Credential=AKID")
                        && a.contains("/us-east-1/bedrock/aws4_request")
                        && a.contains("content-type;host;x-amz-date")
                });
                if signed {
                    chat("hi")
                } else {
                    Answer::json(403, r#"{"message":"Missing Authentication Token"}"#)
                }
            }
            _ => Answer::json(404, "{}"),
        }
    })
}

fn bedrock_specs(server: &Loopback, n: usize) -> Vec<String> {
    (0..n).map(|i| format!("bedrock:us.openai.gpt-{i}@{}?api=chat", server.url())).collect()
}

fn account<'c>(home: &Path, config: &str, command: &'c mut Command) -> &'c mut Command {
    fs::create_dir_all(home.join(".aws")).unwrap();
    fs::write(home.join(".aws/config"), config).unwrap();
    command.env("AWS_REGION", "us-east-1")
}

fn tokens(server: &Loopback) -> Vec<String> {
    let mut all: Vec<_> = server
        .asked_for("/openai/v1/")
        .iter()
        .map(|a| a.headers.get("x-amz-security-token").cloned().unwrap_or_default())
        .collect();
    all.sort();
    all
}

#[test]
fn a_web_identity_is_exchanged_once_for_all_panes() {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let (home, server) = (home(), aws(&COUNT, 3600));
    let file = home.path().join("jwt");
    fs::write(&file, "canary-jwt").unwrap();
    let mut command = bakeoff(home.path());
    account(home.path(), "", &mut command)
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", &file)
        .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/ci")
        .env("AWS_ENDPOINT_URL_STS", server.url());
    let run = ask(&mut command, &bedrock_specs(&server, 3));
    assert_complete(&run, 3);
    assert_eq!(COUNT.load(Ordering::SeqCst), 1, "three panes, one call of STS");
    assert_eq!(tokens(&server), ["session-1", "session-1", "session-1"]);
    let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), err(&run));
    assert!(!said.contains("canary") && !said.contains("session-1"), "{said}");
}

#[test]
fn a_profile_assumes_its_role() {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let (home, server) = (home(), aws(&COUNT, 3600));
    let mut command = bakeoff(home.path());
    let config = "[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = canary-base\n\n\
                  [profile team]\nrole_arn = arn:aws:iam::123456789012:role/team\nsource_profile = base\n";
    account(home.path(), config, &mut command)
        .env("AWS_PROFILE", "team")
        .env("AWS_ENDPOINT_URL_STS", server.url());
    let run = ask(&mut command, &bedrock_specs(&server, 2));
    assert_complete(&run, 2);
    assert_eq!(tokens(&server), ["session-1", "session-1"]);
    assert_eq!(answers(&run)[0]["credential"], "AWS credential chain (profile team)");
}

#[test]
fn a_container_and_an_instance_are_asked_where_they_say_they_are() {
    static CONTAINER: AtomicUsize = AtomicUsize::new(0);
    static INSTANCE: AtomicUsize = AtomicUsize::new(0);
    let home = home();
    let server = aws(&CONTAINER, 3600);
    let mut command = bakeoff(home.path());
    account(home.path(), "", &mut command)
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/container", server.url()));
    assert_complete(&ask(&mut command, &bedrock_specs(&server, 2)), 2);
    assert_eq!(CONTAINER.load(Ordering::SeqCst), 1);
    let server = aws(&INSTANCE, 3600);
    let mut command = bakeoff(home.path());
    account(home.path(), "", &mut command)
        .env_remove("AWS_EC2_METADATA_DISABLED")
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url());
    assert_complete(&ask(&mut command, &bedrock_specs(&server, 2)), 2);
    assert_eq!(INSTANCE.load(Ordering::SeqCst), 1);
}

#[test]
fn a_process_gives_credentials_and_a_failing_one_is_named() {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let (home, server) = (home(), aws(&COUNT, 3600));
    let json = r#"{"Version": 1, "AccessKeyId": "AKIDPROC", "SecretAccessKey": "canary-proc", "SessionToken": "session-p"}"#;
    fs::write(home.path().join("creds.json"), json).unwrap();
    let config =
        format!("[profile proc]\ncredential_process = cat {}\n", home.path().join("creds.json").display());
    let mut command = bakeoff(home.path());
    account(home.path(), &config, &mut command).env("AWS_PROFILE", "proc");
    assert_complete(&ask(&mut command, &bedrock_specs(&server, 1)), 1);
    assert_eq!(tokens(&server), ["session-p"]);
    let mut command = bakeoff(home.path());
    account(home.path(), "[profile proc]\ncredential_process = false\n", &mut command)
        .env("AWS_PROFILE", "proc");
    let (class, message, hint) = fault(&ask(&mut command, &bedrock_specs(&server, 1)));
    assert_eq!(class, "key", "{message}");
    assert!(
        message.contains("credential_process of profile proc") && hint.contains("by hand"),
        "{message} → {hint}"
    );
}

#[test]
fn an_expired_sso_session_says_the_command_that_renews_it() {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let (home, server) = (home(), aws(&COUNT, 3600));
    let config = "[profile work]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = dev\n\n\
                  [sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.example/start\n";
    for specs in [bedrock_specs(&server, 1), vec![format!("bedrock:us.m@{}", server.url())]] {
        let mut command = bakeoff(home.path());
        account(home.path(), config, &mut command).env("AWS_PROFILE", "work");
        let (class, message, hint) = fault(&ask(&mut command, &specs));
        assert_eq!(class, "key", "{message}");
        assert!(hint.contains("aws sso login --profile work"), "{message} → {hint}");
    }
    assert!(server.asked_for("/openai").is_empty());
}

#[test]
fn credentials_that_are_about_to_expire_are_fetched_anew() {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    // Valid for twenty seconds: too short to be kept for the next pane.
    let (home, server) = (home(), aws(&COUNT, 20));
    let mut command = bakeoff(home.path());
    account(home.path(), "", &mut command)
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/container", server.url()));
    assert_complete(&ask(&mut command, &bedrock_specs(&server, 2)), 2);
    assert_eq!(COUNT.load(Ordering::SeqCst), 2, "each pane gets a token that will last");
}
