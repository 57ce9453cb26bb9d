use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};

use super::super::loopback::{Answer, Asked, Loopback};
use super::super::{Identities, Signed};
use crate::engine::transport::{Network, Outgoing, Transport};
use crate::model::Class;
use crate::model::Fault;
use crate::provider::Identity;
use crate::provider::Vars;

const TOKEN: &str = "canary-google-token";
const REFRESH: &str = "canary-refresh-token";

async fn sign(identities: &Identities, vars: &Vars) -> Result<(Signed, Outgoing), Fault> {
    let network: Arc<dyn Transport> =
        Arc::new(Network::new(Duration::from_secs(5), crate::engine::Access::default()));
    let mut outgoing = Outgoing {
        url: "https://aiplatform.googleapis.com/v1/x".into(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        method: http::Method::POST,
        way: crate::engine::Way::default(),
    };
    let signed = identities.sign(&Identity::Google, vars, &network, &mut outgoing).await?;
    Ok((signed, outgoing))
}

fn token(_: &Asked) -> Answer {
    Answer::json(200, format!(r#"{{"access_token":"{TOKEN}","expires_in":3600,"token_type":"Bearer"}}"#))
}

fn user(server: &Loopback) -> Value {
    json!({
        "type": "authorized_user",
        "client_id": "id",
        "client_secret": "canary-google-secret",
        "refresh_token": REFRESH,
        "quota_project_id": "billed",
        "token_uri": format!("{}/token", server.url()),
    })
}

fn file(dir: &Path, json: &Value) -> Vars {
    let path = dir.join("adc.json");
    std::fs::write(&path, json.to_string()).unwrap();
    Vars::only(&[("GOOGLE_APPLICATION_CREDENTIALS", path.to_str().unwrap())])
}

fn bearer(outgoing: &Outgoing) -> &str {
    assert!(outgoing.headers["authorization"].is_sensitive());
    outgoing.headers["authorization"].to_str().unwrap()
}

#[tokio::test]
async fn two_panes_make_one_token_request() {
    let (server, dir) = (Loopback::start(token), tempfile::tempdir().unwrap());
    let (vars, identities) = (file(dir.path(), &user(&server)), Identities::default());
    let (one, two) = tokio::join!(sign(&identities, &vars), sign(&identities, &vars));
    for got in [one, two, sign(&identities, &vars).await] {
        let (signed, outgoing) = got.map_err(|f| f.to_string()).unwrap();
        assert_eq!(bearer(&outgoing), format!("Bearer {TOKEN}"));
        assert_eq!(outgoing.headers["x-goog-user-project"].to_str().unwrap(), "billed");
        assert_eq!(
            signed.via,
            "Google application default credentials (authorized_user of GOOGLE_APPLICATION_CREDENTIALS)"
        );
        assert_eq!(signed.secrets[0].expose(), TOKEN);
    }
    assert_eq!(server.asked("").len(), 1);
}

#[tokio::test]
async fn a_revoked_sign_in_is_said_and_a_new_one_counts_at_once() {
    let server = Loopback::start(|asked| {
        if asked.body.contains("renewed-refresh") {
            return token(asked);
        }
        Answer::json(400, format!(r#"{{"error":"invalid_grant","error_description":"revoked: {REFRESH}"}}"#))
    });
    let dir = tempfile::tempdir().unwrap();
    let (mut json, identities) = (user(&server), Identities::default());
    let vars = file(dir.path(), &json);
    let (one, two) = tokio::join!(sign(&identities, &vars), sign(&identities, &vars));
    for got in [one, two] {
        let fault = got.err().unwrap();
        let said = format!("{fault} → {}", fault.advice());
        assert_eq!(fault.class, Class::Key, "{said}");
        assert!(
            said.contains("invalid_grant") && said.contains("`gcloud auth application-default login`"),
            "{said}"
        );
        assert!(!said.contains("canary"), "{said}");
    }
    json["refresh_token"] = "renewed-refresh".into();
    let vars = file(dir.path(), &json);
    let (_, outgoing) = sign(&identities, &vars).await.ok().unwrap();
    assert_eq!(bearer(&outgoing), format!("Bearer {TOKEN}"));
}

#[tokio::test]
async fn a_token_server_in_trouble_is_quoted_without_secrets() {
    let dir = tempfile::tempdir().unwrap();
    for (status, body, words) in [
        (403, format!(r#"{{"error":"access_denied","error_description":"no {REFRESH}"}}"#), "<redacted>"),
        (500, "<html>down</html>".to_owned(), "Google gave no token"),
    ] {
        let server = Loopback::start(move |_| Answer::json(status, body.as_bytes()));
        let fault = sign(&Identities::default(), &file(dir.path(), &user(&server))).await.err().unwrap();
        let said = format!("{fault} → {}", fault.advice());
        assert!(fault.class == Class::Key && said.contains(words) && !said.contains("canary"), "{said}");
    }
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut json = user(&Loopback::start(token));
    json["token_uri"] = format!("http://{closed}/token").into();
    let fault = sign(&Identities::default(), &file(dir.path(), &json)).await.err().unwrap();
    assert_eq!(fault.class, Class::Unreachable, "{fault}");
}

#[tokio::test]
async fn the_file_of_gcloud_is_found_where_gcloud_writes_it() {
    let (server, dir) = (Loopback::start(token), tempfile::tempdir().unwrap());
    let known = dir.path().join(".config/gcloud");
    std::fs::create_dir_all(&known).unwrap();
    std::fs::write(known.join("application_default_credentials.json"), user(&server).to_string()).unwrap();
    for (name, place) in [("HOME", dir.path()), ("CLOUDSDK_CONFIG", &known)] {
        let vars = Vars::only(&[(name, place.to_str().unwrap()), ("GOOGLE_CLOUD_QUOTA_PROJECT", "other")]);
        let (signed, outgoing) = sign(&Identities::default(), &vars).await.ok().unwrap();
        assert_eq!(signed.via, "Google application default credentials (authorized_user)");
        assert_eq!(outgoing.headers["x-goog-user-project"].to_str().unwrap(), "other");
    }
}

#[tokio::test]
async fn a_federated_identity_trades_the_token_of_its_file() {
    let server = Loopback::start(|asked| {
        if asked.line().contains(":generateAccessToken") {
            return Answer::json(
                200,
                r#"{"accessToken":"canary-impersonated","expireTime":"2099-01-01T00:00:00Z"}"#,
            );
        }
        Answer::json(
            200,
            format!(
                r#"{{"access_token":"{TOKEN}","expires_in":3600,"token_type":"Bearer","issued_token_type":"urn:ietf:params:oauth:token-type:access_token"}}"#
            ),
        )
    });
    let dir = tempfile::tempdir().unwrap();
    let subject = dir.path().join("subject");
    std::fs::write(&subject, "canary-subject").unwrap();
    let mut json = json!({
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": format!("{}/sts", server.url()),
        "credential_source": {"file": subject.to_str().unwrap()},
    });
    let (_, outgoing) =
        sign(&Identities::default(), &file(dir.path(), &json)).await.map_err(|f| f.to_string()).unwrap();
    assert_eq!(bearer(&outgoing), format!("Bearer {TOKEN}"));
    assert!(server.asked("/sts")[0].body.contains("canary-subject"));
    json["service_account_impersonation_url"] = format!("{}/sa:generateAccessToken", server.url()).into();
    let (_, outgoing) =
        sign(&Identities::default(), &file(dir.path(), &json)).await.map_err(|f| f.to_string()).unwrap();
    assert_eq!(bearer(&outgoing), "Bearer canary-impersonated");
}

#[tokio::test]
async fn a_person_in_the_role_of_a_service_account() {
    let server = Loopback::start(|asked| {
        if asked.line().contains(":generateAccessToken") {
            assert_eq!(asked.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
            return Answer::json(
                200,
                r#"{"accessToken":"canary-impersonated","expireTime":"2099-01-01T00:00:00Z"}"#,
            );
        }
        token(asked)
    });
    let dir = tempfile::tempdir().unwrap();
    let json = json!({
        "type": "impersonated_service_account",
        "service_account_impersonation_url":
            format!("{}/v1/projects/-/serviceAccounts/sa@p.iam.gserviceaccount.com:generateAccessToken", server.url()),
        "source_credentials": user(&server),
    });
    let (_, outgoing) =
        sign(&Identities::default(), &file(dir.path(), &json)).await.map_err(|f| f.to_string()).unwrap();
    assert_eq!(bearer(&outgoing), "Bearer canary-impersonated");
}

#[tokio::test]
async fn what_is_missing_or_broken_is_said_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let begun = std::time::Instant::now();
    let none = sign(&Identities::default(), &Vars::default()).await.err().unwrap();
    assert_eq!(none.class, Class::Key);
    assert_eq!(
        none.advice(),
        "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS"
    );
    assert!(begun.elapsed() < Duration::from_secs(2), "nobody waits for a metadata server");

    let gone = Vars::only(&[("GOOGLE_APPLICATION_CREDENTIALS", "/no/such/file")]);
    let fault = sign(&Identities::default(), &gone).await.err().unwrap();
    assert!(fault.class == Class::Setup && fault.message.contains("cannot be read"), "{fault}");
    for (text, words) in [
        ("{\"refresh_token\": \"canary", "not JSON at line 1"),
        (r#"{"type":"api_key","key":"canary-key"}"#, "\"api_key\" is not one"),
        (r#"{"type":"authorized_user","refresh_token":"canary-1234"}"#, "client_id"),
        (r#"{"type":"service_account","private_key":"canary-1234"}"#, "GOOGLE_APPLICATION_CREDENTIALS"),
    ] {
        let path = dir.path().join("broken.json");
        std::fs::write(&path, text).unwrap();
        let vars = Vars::only(&[("GOOGLE_APPLICATION_CREDENTIALS", path.to_str().unwrap())]);
        let fault = sign(&Identities::default(), &vars).await.err().unwrap();
        assert_eq!(fault.class, Class::Setup, "{fault}");
        assert!(fault.message.contains(words) && !fault.message.contains("canary"), "{fault}");
    }
}

/// The crate's clock stops while a laptop sleeps; the wall's does not.
#[tokio::test]
async fn a_token_that_slept_for_an_hour_is_not_trusted() {
    let (server, dir) = (Loopback::start(token), tempfile::tempdir().unwrap());
    let (vars, identities) = (file(dir.path(), &user(&server)), Identities::default());
    assert!(sign(&identities, &vars).await.is_ok());
    let account = identities.google.0.lock().await.clone().unwrap();
    account.seen.lock().unwrap().as_mut().unwrap().1 -= Duration::from_mins(56);
    assert!(sign(&identities, &vars).await.is_ok());
    assert!(sign(&identities, &vars).await.is_ok());
    assert_eq!(server.asked("").len(), 2, "one renewal, and no more");
}
