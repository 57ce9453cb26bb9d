use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::HeaderMap;

use super::super::loopback::{Answer, Loopback};
use super::super::{Identities, LIMIT, Signed};
use super::{Quiet, tools};
use crate::engine::transport::{Network, Outgoing, Reply, Transport};
use crate::model::Class;
use crate::model::Fault;
use crate::provider::Identity;
use crate::provider::Vars;
use crate::provider::{Entra, entra};
use azure_identity::Executor;

const SCOPE: &str = "https://ai.azure.com/.default";
const SECRET: &str = "canary-client-secret";
const TOKEN: &str = "canary-entra-token";

fn network() -> Arc<dyn Transport> {
    Arc::new(Network::new(Duration::from_secs(5), crate::engine::Access::default()))
}

fn outgoing() -> Outgoing {
    Outgoing {
        url: "https://r.openai.azure.com/openai/v1/responses".into(),
        headers: HeaderMap::new(),
        body: Bytes::from_static(b"{}"),
        method: http::Method::POST,
        way: crate::engine::Way::default(),
    }
}

async fn sign(
    identities: &Identities,
    vars: &Vars,
    transport: &Arc<dyn Transport>,
) -> Result<(Signed, Outgoing), Fault> {
    let (identity, mut outgoing) = (Identity::Entra { scope: SCOPE.into() }, outgoing());
    let signed = identities.sign(&identity, vars, transport, &mut outgoing).await?;
    Ok((signed, outgoing))
}

fn service(server: &Loopback) -> Vars {
    Vars::only(&[
        ("AZURE_AUTHORITY_HOST", &server.url()),
        ("AZURE_TENANT_ID", "tenant-1"),
        ("AZURE_CLIENT_ID", "client-1"),
        ("AZURE_CLIENT_SECRET", SECRET),
    ])
}

fn token(seconds: u32) -> Answer {
    Answer::json(
        200,
        format!(
            r#"{{"token_type":"Bearer","expires_in":{seconds},"ext_expires_in":{seconds},"access_token":"{TOKEN}"}}"#
        ),
    )
}

fn refusal(status: u16, code: u32) -> Answer {
    let text = format!("AADSTS{code}: the server repeats {SECRET} here. Trace ID: 1");
    Answer::json(
        status,
        format!(r#"{{"error":"invalid_client","error_description":"{text}","error_codes":[{code}]}}"#),
    )
}

#[tokio::test]
async fn two_panes_make_one_token_request() {
    let server = Loopback::start(|_| token(3600));
    let (vars, identities, network) = (service(&server), Identities::default(), network());
    let (one, two) = tokio::join!(sign(&identities, &vars, &network), sign(&identities, &vars, &network));
    for got in [one, two] {
        let (signed, outgoing) = got.map_err(|f| f.to_string()).unwrap();
        let value = &outgoing.headers["authorization"];
        assert_eq!(value.to_str().unwrap(), format!("Bearer {TOKEN}"));
        assert!(value.is_sensitive());
        assert_eq!(signed.via, "Entra ID (client secret of AZURE_CLIENT_ID)");
        assert_eq!(signed.secrets[0].expose(), TOKEN);
    }
    let asked = server.asked("");
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0].line(), "POST /tenant-1/oauth2/v2.0/token");
    assert!(asked[0].body.contains("grant_type=client_credentials"), "{}", asked[0].body);
    assert!(asked[0].body.contains("scope=https%3A%2F%2Fai.azure.com%2F.default"), "{}", asked[0].body);
}

#[tokio::test]
async fn a_token_about_to_expire_is_renewed() {
    let server = Loopback::start(|_| token(30));
    let (vars, identities, network) = (service(&server), Identities::default(), network());
    for wanted in 1..=3 {
        assert!(sign(&identities, &vars, &network).await.is_ok());
        assert_eq!(server.asked("").len(), wanted);
    }
}

#[tokio::test]
async fn each_refusal_names_its_variable_and_no_secret() {
    for (status, code, class, words) in [
        (401, 7_000_215, Class::Key, "AZURE_CLIENT_SECRET"),
        (401, 7_000_222, Class::Key, "AZURE_CLIENT_SECRET"),
        (400, 700_016, Class::Key, "AZURE_CLIENT_ID"),
        (400, 90_002, Class::Key, "AZURE_TENANT_ID"),
        (400, 70_011, Class::Setup, "scope"),
        (400, 123_456, Class::Key, "AADSTS123456"),
    ] {
        let server = Loopback::start(move |_| refusal(status, code));
        let fault = sign(&Identities::default(), &service(&server), &network()).await.err().unwrap();
        let said = format!("{fault} → {}", fault.advice());
        assert_eq!(fault.class, class, "{said}");
        assert!(said.contains(words), "{code}: {said}");
        assert!(!said.contains(SECRET), "{said}");
        assert_eq!(server.asked("").len(), 1, "nothing is tried twice");
    }
}

#[tokio::test]
async fn what_is_no_token_answer_is_a_fault_too() {
    for say in [
        || Answer::new(200, "text/html", "<html>a login page of a hotel</html>"),
        || Answer::new(502, "text/html", "<html>bad gateway</html>"),
        || Answer::json(200, r#"{"token_type":"Bearer","expires_in":60,"access_token":""}"#),
        || Answer::json(307, ""),
    ] {
        let server = Loopback::start(move |_| say());
        let fault = sign(&Identities::default(), &service(&server), &network()).await.err().unwrap();
        assert_eq!(fault.class, Class::Key, "{fault}");
        assert!(fault.hint.is_some() && fault.message.len() < 400, "{fault}");
    }
}

#[tokio::test]
async fn an_authority_that_cannot_be_reached_or_must_not_be_used_is_said() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let at = |host: &str| {
        Vars::only(&[
            ("AZURE_AUTHORITY_HOST", host),
            ("AZURE_TENANT_ID", "t"),
            ("AZURE_CLIENT_ID", "c"),
            ("AZURE_CLIENT_SECRET", SECRET),
        ])
    };
    for (host, class, words) in [
        (format!("http://{closed}"), Class::Unreachable, "no connection"),
        ("http://login.example.com".to_owned(), Class::Setup, "without TLS"),
        ("ftp://login.example.com".to_owned(), Class::Setup, "without TLS"),
        ("https://".to_owned(), Class::Setup, "AZURE_AUTHORITY_HOST"),
    ] {
        let fault = sign(&Identities::default(), &at(&host), &network()).await.err().unwrap();
        assert_eq!(fault.class, class, "{host}: {fault}");
        assert!(fault.message.contains(words), "{host}: {fault}");
    }
    // The bare host of other clouds' tools.
    assert_eq!(
        super::authority(&at("login.microsoftonline.us")).unwrap(),
        ("https://login.microsoftonline.us".to_owned(), None)
    );
}

#[tokio::test]
async fn a_token_of_ones_own_wins() {
    let server = Loopback::start(|_| token(3600));
    let vars = Vars::only(&[
        ("AZURE_OPENAI_AD_TOKEN", "own-token\n"),
        ("AZURE_AUTHORITY_HOST", &server.url()),
        ("AZURE_TENANT_ID", "t"),
        ("AZURE_CLIENT_ID", "c"),
        ("AZURE_CLIENT_SECRET", SECRET),
    ]);
    let (signed, outgoing) = sign(&Identities::default(), &vars, &network()).await.ok().unwrap();
    assert_eq!(outgoing.headers["authorization"].to_str().unwrap(), "Bearer own-token");
    assert_eq!(signed.via, "AZURE_OPENAI_AD_TOKEN");
    assert!(server.asked("").is_empty());
    let broken = Vars::only(&[("AZURE_OPENAI_AD_TOKEN", "own\r\nx-evil: 1")]);
    let fault = sign(&Identities::default(), &broken, &network()).await.err().unwrap();
    assert!(
        fault.advice().contains("AZURE_OPENAI_AD_TOKEN") && !fault.to_string().contains("evil"),
        "{fault}"
    );
}

#[tokio::test]
async fn a_workload_sends_the_token_of_its_file() {
    let server = Loopback::start(|_| token(3600));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "canary-assertion").unwrap();
    let vars = |path: &str| {
        Vars::only(&[
            ("AZURE_AUTHORITY_HOST", &server.url()),
            ("AZURE_TENANT_ID", "tenant-1"),
            ("AZURE_CLIENT_ID", "client-1"),
            ("AZURE_FEDERATED_TOKEN_FILE", path),
        ])
    };
    let path = file.path().to_str().unwrap();
    let (signed, _) = sign(&Identities::default(), &vars(path), &network()).await.ok().unwrap();
    assert!(signed.via.contains("AZURE_FEDERATED_TOKEN_FILE"), "{}", signed.via);
    assert!(server.asked("")[0].body.contains("client_assertion=canary-assertion"));
    let fault = sign(&Identities::default(), &vars("/no/such/file"), &network()).await.err().unwrap();
    assert!(fault.message.contains("/no/such/file"), "{fault}");
}

#[tokio::test]
async fn a_world_without_credentials_says_how_to_get_some() {
    for vars in [Vars::default(), Vars::only(&[("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c")])] {
        let fault = sign(&Identities::default(), &vars, &network()).await.err().unwrap();
        assert_eq!(fault.class, Class::Key);
        assert!(fault.advice().contains("az login"), "{fault}");
    }
}

#[test]
fn the_order_and_its_override() {
    let whole = [
        ("AZURE_TENANT_ID", "t"),
        ("AZURE_CLIENT_ID", "c"),
        ("AZURE_CLIENT_SECRET", "s"),
        ("AZURE_FEDERATED_TOKEN_FILE", "f"),
        ("IDENTITY_ENDPOINT", "http://127.0.0.1:1/"),
    ];
    let with = |choice: &str, all: &[(&str, &str)]| {
        let mut pairs = all.to_vec();
        pairs.push(("AZURE_TOKEN_CREDENTIALS", choice));
        entra(&Vars::only(&pairs), false, false).map_err(|f| f.class)
    };
    assert!(matches!(entra(&Vars::only(&whole), false, false), Ok(Some(Entra::ClientSecret))));
    assert!(matches!(entra(&Vars::only(&whole[3..]), false, false), Ok(Some(Entra::Workload))));
    assert!(
        matches!(entra(&Vars::only(&whole[4..]), false, false), Ok(None)),
        "the crate would read the process"
    );
    assert!(matches!(with("WorkloadIdentityCredential", &whole), Ok(Some(Entra::Workload))));
    assert!(matches!(with("EnvironmentCredential", &whole[3..]), Ok(None)));
    assert!(matches!(with("dev", &whole), Ok(None)));
    assert!(matches!(with("nonsense", &whole), Err(Class::Setup)));
}

/// Answers nothing, ever.
struct Mute;

impl Transport for Mute {
    fn prepare<'a>(&'a self, _url: &'a str) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async { Ok(()) })
    }

    fn send(&self, _: Outgoing) -> BoxFuture<'_, Result<Reply, Fault>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_server_that_says_nothing_is_left_after_the_limit() {
    let mute: Arc<dyn Transport> = Arc::new(Mute);
    let vars =
        Vars::only(&[("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", SECRET)]);
    let (identities, begun) = (Identities::default(), tokio::time::Instant::now());
    let (one, two) = tokio::join!(sign(&identities, &vars, &mute), sign(&identities, &vars, &mute));
    assert!(begun.elapsed() < LIMIT * 2, "one wait for both");
    for got in [one, two] {
        let fault = got.err().unwrap();
        assert_eq!((fault.class, fault.message.as_str()), (Class::Key, "Entra ID gave no token within 30 s"));
    }
}

#[test]
fn what_az_says_becomes_one_sentence() {
    let none = "AzureCliCredential authentication failed. az not found on PATH\nAzureDeveloperCliCredential authentication failed. azd not found on PATH";
    assert!(tools(SCOPE, none).advice().contains("install the Azure CLI"));
    let out = "AzureCliCredential authentication failed. ERROR: Please run 'az login' to setup account.\n";
    let fault = tools(SCOPE, out);
    assert!(fault.message.contains("not signed in") && fault.advice().contains("az login"), "{fault}");
    let other = "AzureCliCredential authentication failed. ERROR: the disk is full\nTo troubleshoot, visit";
    let fault = tools(SCOPE, other);
    assert_eq!(fault.message, "az gave no token: ERROR: the disk is full");
}

/// What a tool asks on its standard input it must not take from the screen.
#[tokio::test]
async fn tools_cannot_read_the_keyboard() {
    let args = ["-c", "cat; echo end"].map(std::ffi::OsStr::new);
    let out = Quiet.run("/bin/sh".as_ref(), &args).await.unwrap();
    assert_eq!(out.stdout, b"end\n");
}
