//! Entra's and Google's credentials, through the real binary: token servers on this machine,
//! one request for all panes that share a token, renewal, and each failure with its fix.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::loopback::{Answer, Loopback};
use crate::program::{answers, bakeoff, err, home};
use crate::replies::{chat, gemini};

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
    let token = &server.asked("/11111111")[0];
    assert!(token.body.contains("client_secret=canary-client-secret"), "{}", token.body);
    assert!(token.body.contains("scope=https%3A%2F%2Fai.azure.com%2F.default"), "{}", token.body);
    for asked in server.asked("/openai/v1/chat/completions") {
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
    assert!(server.asked("/11111111")[0].body.contains("client_assertion=canary-federated-jwt"));
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
        assert!(server.asked("/openai").is_empty(), "nothing is asked without a token");
    }
    // Nothing at all: the two ways in.
    let mut bare = bakeoff(home.path());
    bare.env("PATH", "/nonexistent");
    let (class, message, hint) = fault(&ask(&mut bare, &["azure:m@contoso".into()]));
    assert_eq!(class, "key", "{message}");
    assert!(hint.contains("az login") && hint.contains("AZURE_CLIENT_SECRET"), "{message} → {hint}");
}

/// A program of this name, first on the path, that notes how it was called.
fn tool(home: &Path, name: &str, body: &str) -> String {
    let folder = home.join("bin");
    fs::create_dir_all(&folder).unwrap();
    let script = format!("#!/bin/sh\necho \"$@\" >> \"$HOME/{name}.calls\"\n{body}\n");
    fs::write(folder.join(name), script).unwrap();
    fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o700)).unwrap();
    format!("{}:/usr/bin:/bin", folder.display())
}

#[test]
fn a_sign_in_of_az_or_azd_is_asked_once_for_all_panes() {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let server = entra(3600, &COUNT);
    for (name, says, scope) in [
        (
            "az",
            r#"echo '{"accessToken":"entra-token-az","expiresOn":"2099-01-01 00:00:00.000000","expires_on":4070908800,"tenant":"t","tokenType":"Bearer"}'"#,
            "--scope https://ai.azure.com/.default",
        ),
        (
            "azd",
            r#"echo '{"token":"entra-token-azd","expiresOn":"2099-01-01T00:00:00Z"}'"#,
            "--scope https://ai.azure.com/.default",
        ),
    ] {
        let home = home();
        let path = tool(home.path(), name, says);
        let before = server.asked("/openai").len();
        let run = ask(bakeoff(home.path()).env("PATH", &path), &azure_specs(&server, 2));
        assert_complete(&run, 2);
        let calls = fs::read_to_string(home.path().join(format!("{name}.calls"))).unwrap();
        assert_eq!(calls.lines().count(), 1, "two panes, one token: {calls}");
        assert!(calls.contains(scope), "{calls}");
        for asked in &server.asked("/openai")[before..] {
            assert_eq!(asked.headers["authorization"], format!("Bearer entra-token-{name}"));
        }
        let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), err(&run));
        assert!(said.contains("Entra ID (az or azd sign-in)") && !said.contains("entra-token"), "{said}");
    }
    // A Cloud Shell announces an identity that Azure's library does not speak to; `az` is there.
    let home = home();
    let path = tool(
        home.path(),
        "az",
        r#"echo '{"accessToken":"entra-token-az","expires_on":4070908800,"tokenType":"Bearer"}'"#,
    );
    let mut command = bakeoff(home.path());
    command.env("PATH", &path).env("MSI_ENDPOINT", server.url());
    assert_complete(&ask(&mut command, &azure_specs(&server, 1)), 1);
    // Signed out: the command that signs in.
    let path = tool(home.path(), "az", "echo 'Please run: az login to setup account.' >&2\nexit 1");
    let (class, message, hint) =
        fault(&ask(bakeoff(home.path()).env("PATH", &path), &azure_specs(&server, 1)));
    assert_eq!(class, "key", "{message}");
    assert!(hint.contains("az login"), "{message} → {hint}");
    assert_eq!(COUNT.load(Ordering::SeqCst), 0, "nobody's token server is asked");
}

#[test]
fn a_host_of_azures_gives_its_program_an_identity() {
    let home = home();
    let server = Loopback::start(|asked| match asked.path.as_str() {
        path if path.starts_with("/msi/token") => {
            if asked.header("x-identity-header") != Some("canary-identity-header") {
                return Answer::json(401, r#"{"error":"unauthorized_client"}"#);
            }
            let body = json!({"access_token": "entra-token-msi", "expires_on": "4070908800", "resource": "https://ai.azure.com", "token_type": "Bearer"});
            Answer::json(200, body.to_string())
        }
        _ if asked.header("authorization") == Some("Bearer entra-token-msi") => chat("hi"),
        _ => Answer::json(401, "{}"),
    });
    let world = |header: &str| {
        let mut command = bakeoff(home.path());
        command
            .env("IDENTITY_ENDPOINT", format!("{}/msi/token", server.url()))
            .env("IDENTITY_HEADER", header);
        command
    };
    let run = ask(&mut world("canary-identity-header"), &azure_specs(&server, 2));
    assert_complete(&run, 2);
    let asked = server.asked("/msi/token");
    assert_eq!(asked.len(), 1, "two panes, one token");
    assert!(asked[0].path.contains("resource=https%3A%2F%2Fai.azure.com"), "{}", asked[0].path);
    let (class, message, hint) = fault(&ask(&mut world("canary-wrong-header"), &azure_specs(&server, 1)));
    assert_eq!(class, "key", "{message}");
    assert!(message.contains("managed identity") && !message.contains("canary"), "{message} → {hint}");
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
    let asked = server.asked("/v1/projects/");
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
        let mut nested = json!({"type": "impersonated_service_account", "token_uri": "https://oauth2.googleapis.com/token",
                                "service_account_impersonation_url": "https://iamcredentials.googleapis.com/x"});
        text[field] = json!(url);
        nested["source_credentials"] = text.clone();
        // What stands at the top hides nothing of what stands below it.
        for text in [text, nested] {
            fs::write(&path, text.to_string()).unwrap();
            let mut command = bakeoff(home.path());
            command.env("GOOGLE_APPLICATION_CREDENTIALS", &path).env("GOOGLE_CLOUD_PROJECT", "p");
            let (class, message, _) = fault(&ask(&mut command, &["vertex:gemini-3.8-flash".into()]));
            assert_eq!(class, "setup", "{message}");
            assert!(message.contains(field) && message.contains("not Google's"), "{message}");
        }
    }
}

// ---- Servers that repeat what they were sent ---------------------------------------------

#[test]
fn a_key_that_comes_back_is_taken_out_wherever_it_stands() {
    let key = "sk-canary-0123456789-abcdefghijklmnopqrstuvwxyz";
    let home = home();
    let server = Loopback::start(|asked| {
        let key = asked.header("authorization").unwrap_or_default().trim_start_matches("Bearer ").to_owned();
        if asked.body.contains("pieces") {
            // A model that repeats it, a few letters at a time.
            let letters: Vec<char> = key.chars().collect();
            let pieces = letters.chunks(7).map(String::from_iter);
            let pieces = ["you sent ".to_owned()].into_iter().chain(pieces).chain(["!".to_owned()]);
            let chunk = |text: String| {
                format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
            };
            let end = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
            let body = pieces.map(chunk).collect::<String>() + end;
            return Answer::new(200, "text/event-stream", body);
        }
        if asked.body.contains("whole") {
            let body = format!(
                "data: {{\"id\":\"{key}\",\"model\":\"{key}\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"you sent {key}!\"}}}}]}}\n\n\
                 data: {{\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"stop\"}}],\"usage\":{{\"prompt_tokens\":1,\"completion_tokens\":1,\"note\":\"{key}\"}}}}\n\n\
                 data: [DONE]\n\n"
            );
            let mut answer = Answer::new(200, "text/event-stream", body);
            answer.extra = Some(("x-request-id", key));
            return answer;
        }
        // The message is cut off in the middle of it.
        let message = format!("{}{key}", "x".repeat(571));
        Answer::json(400, json!({"error": {"message": message}}).to_string())
    });
    for model in ["whole", "pieces", "long"] {
        let spec = format!("openai:{model}@{}/v1?api=chat", server.url());
        let run = ask(bakeoff(home.path()).env("OPENAI_API_KEY", key), &[spec]);
        if model != "long" {
            assert_eq!(answers(&run)[0]["text"], "you sent <redacted>!");
        }
        let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), err(&run));
        assert!(said.contains("<redacted>") && !said.contains("canary"), "{model}: {said}");
    }
}
