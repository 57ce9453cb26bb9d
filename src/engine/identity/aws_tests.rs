use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use super::super::Identities;
use super::{add_signature, fault};
use crate::engine::transport::{Network, Outgoing, Transport};
use crate::model::Class;
use crate::provider::Identity;
use crate::provider::Vars;

fn outgoing(url: &str, body: &'static str) -> Outgoing {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("accept", HeaderValue::from_static("text/event-stream"));
    Outgoing {
        url: url.into(),
        headers,
        body: Bytes::from_static(body.as_bytes()),
        method: http::Method::POST,
        way: crate::engine::Way::default(),
    }
}

#[tokio::test]
async fn the_whole_request_is_signed_for_its_door() {
    let network: Arc<dyn Transport> =
        Arc::new(Network::new(Duration::from_secs(5), crate::engine::Access::default()));
    let vars = Vars::only(&[
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "canary-secret-key"),
        ("AWS_SESSION_TOKEN", "canary-session-token"),
    ]);
    for service in ["bedrock", "bedrock-mantle"] {
        let identity = Identity::SigV4 { service, region: "eu-central-1".into() };
        let mut request = outgoing("https://bedrock-mantle.eu-central-1.api.aws/openai/v1/responses", "{}");
        let signed = Identities::default().sign(&identity, &vars, &network, &mut request).await.ok().unwrap();
        assert_eq!(signed.via, "AWS_ACCESS_KEY_ID");
        let secrets: Vec<_> = signed.secrets.iter().map(|s| s.expose().to_owned()).collect();
        assert_eq!(secrets, ["canary-secret-key", "canary-session-token"]);
        let header = |name: &str| {
            assert!(request.headers[name].is_sensitive(), "{name}");
            request.headers[name].to_str().unwrap().to_owned()
        };
        let authorization = header("authorization");
        assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{authorization}");
        assert!(authorization.contains(&format!("/eu-central-1/{service}/aws4_request")), "{authorization}");
        let names = "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token,";
        assert!(authorization.contains(names), "{authorization}");
        assert_eq!(header("x-amz-security-token"), "canary-session-token");
        assert_eq!(header("x-amz-date").len(), "20261123T101010Z".len());
        assert!(!authorization.contains("canary"));
    }
}

/// The published example of the signature's own documentation, so that a change of the
/// crate or of what we give it shows.
#[test]
fn the_signature_is_of_this_body_at_this_time() {
    let at = SystemTime::UNIX_EPOCH + Duration::from_mins(24_015_636);
    let sign = |body| {
        let credentials =
            Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None, None, "test");
        let mut request = outgoing("https://example.amazonaws.com/", body);
        request.headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
        add_signature("service", "us-east-1", credentials, at, &mut request).unwrap();
        request.headers["authorization"].to_str().unwrap().to_owned()
    };
    assert_eq!(
        sign("Param1=value1"),
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date, \
         Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
    );
    assert_ne!(sign("Param1=value1"), sign("Param1=value2"));
}

#[tokio::test]
async fn a_world_without_keys_says_so() {
    let network: Arc<dyn Transport> =
        Arc::new(Network::new(Duration::from_secs(5), crate::engine::Access::default()));
    let identity = Identity::SigV4 { service: "bedrock", region: "us-east-1".into() };
    let mut request = outgoing("https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1/responses", "{}");
    let got = Identities::default().sign(&identity, &Vars::default(), &network, &mut request).await;
    let fault = got.err().unwrap();
    assert_eq!(fault.class, Class::Key);
    assert!(fault.advice().contains("AWS_PROFILE"), "{fault}");
    assert!(!request.headers.contains_key("authorization"));
}

#[test]
fn each_way_to_fail_has_its_fix() {
    for (text, profile, class, words) in [
        ("a: the SSO token has expired", Some("dev"), Class::Key, "`aws sso login --profile dev`"),
        ("a: the SSO token has expired", None, Class::Key, "`aws sso login`"),
        ("dispatch: ExpiredToken: it expired", Some("dev"), Class::Key, "`aws sso login --profile dev`"),
        ("a: sso-session named `s` was not found", None, Class::Setup, "aws configure sso"),
        ("x: AccessDenied: not yours", Some("dev"), Class::Key, "role_arn"),
        ("InvalidIdentityToken: no", None, Class::Key, "AWS_WEB_IDENTITY_TOKEN_FILE"),
        ("no providers in chain provided credentials", Some("dev"), Class::Key, "AWS_PROFILE"),
        ("no providers in chain provided credentials", None, Class::Key, "AWS_ACCESS_KEY_ID"),
    ] {
        let fault = fault(&std::io::Error::other(text), profile);
        assert_eq!(fault.class, class, "{text}: {fault}");
        assert!(fault.advice().contains(words), "{text}: {fault} → {}", fault.advice());
    }
}
