//! The real binary with credentials that no variable holds as a key: AWS's chain
//! over a server on loopback that plays STS, SSO, a container's and a machine's
//! metadata address, and Bedrock itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use serde_json::Value;

use crate::loopback::{Answer, Asked, Loopback};
use crate::program;
use crate::replies::chat;

/// Times far from any test's.
const LATER: &str = "2099-01-01T00:00:00Z";
const PAST: &str = "2001-01-01T00:00:00Z";

/// Every secret in these worlds begins like this; none may be shown.
const CANARY: &str = "canary";

/// The binary in a world of its own: a home, the fake Bedrock, nothing else.
fn bakeoff(home: &Path, server: &Loopback) -> Command {
    let mut command = program::bakeoff(home);
    command.env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url());
    command
}

/// A model behind the door that bakeoff signs itself; the others are the SDK's to sign.
const DOOR: &str = "us.openai.gpt-0@us-east-1?api=chat";

/// One prompt to these models of Bedrock, each beside the others.
fn ask(command: &mut Command, models: &[&str]) -> Told {
    command.args(["run", "hi", "--format", "json"]);
    for model in models {
        command.args(["-e", &format!("bedrock:{model}")]);
    }
    let out = command.output().unwrap();
    Told::new(&out)
}

struct Told {
    answers: Vec<Value>,
    stderr: String,
}

impl Told {
    fn new(out: &Output) -> Self {
        let (stdout, stderr) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(
            !stdout.contains(CANARY) && !stderr.contains(CANARY),
            "a secret is shown: {stdout}\n{stderr}"
        );
        let json: Value = serde_json::from_str(&stdout).unwrap_or_else(|e| panic!("{e}: {stdout}\n{stderr}"));
        Self {
            answers: json["rounds"][0]["answers"].as_array().unwrap().clone(),
            stderr: stderr.into_owned(),
        }
    }

    fn all_complete(&self) {
        for answer in &self.answers {
            assert_eq!(answer["status"], "complete", "{answer}\n{}", self.stderr);
        }
    }

    /// The class, message and hint of an answer's fault; nothing was sent.
    fn fault(answer: &Value) -> (String, String) {
        assert_eq!(answer["status"], "failed", "{answer}");
        assert!(answer["timeline"]["end"].is_null(), "nothing was sent: {answer}");
        let error = &answer["error"];
        let said = format!("{} → {}", error["message"].as_str().unwrap(), error["hint"].as_str().unwrap());
        (error["class"].as_str().unwrap().to_owned(), said)
    }

    fn fails_with(&self, class: &str, words: &[&str]) {
        for answer in &self.answers {
            let (got, said) = Self::fault(answer);
            assert_eq!(got, class, "{said}");
            for word in words {
                assert!(said.contains(word), "{word:?} is missing: {said}");
            }
        }
    }
}

fn frame(name: &str, payload: &str) -> Vec<u8> {
    let text = |s: &str| HeaderValue::String(s.to_owned().into());
    let message = Message::new(payload.to_owned())
        .add_header(Header::new(":message-type", text("event")))
        .add_header(Header::new(":event-type", text(name)))
        .add_header(Header::new(":content-type", text("application/json")));
    let mut out = Vec::new();
    write_message_to(&message, &mut out).unwrap();
    out
}

fn answer() -> Answer {
    let body = [
        frame("messageStart", r#"{"role":"assistant"}"#),
        frame("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"hello"}}"#),
        frame("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        frame("messageStop", r#"{"stopReason":"end_turn"}"#),
    ]
    .concat();
    Answer::new(200, "application/vnd.amazon.eventstream", body)
}

/// A server that is Bedrock, and elsewhere what `other` says.
fn cloud(other: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Loopback {
    Loopback::start(move |asked| match asked.path.as_str() {
        path if path.starts_with("/model/") => answer(),
        path if path.starts_with("/openai/v1/") => {
            let signature = asked.header("authorization").unwrap_or_default();
            let signed = signature.starts_with("AWS4-HMAC-SHA256 Credential=AKID")
                && signature.contains("/us-east-1/bedrock/aws4_request")
                && signature.contains("content-type;host;x-amz-date");
            if signed {
                chat("hello")
            } else {
                Answer::json(403, r#"{"message":"Missing Authentication Token"}"#)
            }
        }
        _ => other(asked),
    })
}

/// The requests to models, and those to the places where credentials come from.
fn models_and_others(server: &Loopback) -> (Vec<Asked>, Vec<Asked>) {
    let model = |asked: &Asked| asked.path.starts_with("/model/") || asked.path.starts_with("/openai/v1/");
    server.asked("").into_iter().partition(model)
}

fn nothing(_: &Asked) -> Answer {
    Answer::json(404, "{}")
}

/// A Bedrock that finds a fault with every request.
fn refusing(message: &'static str) -> Loopback {
    Loopback::start(move |_| {
        let mut answer = Answer::json(400, serde_json::json!({ "message": message }).to_string());
        answer.extra = Some(("x-amzn-errortype", "ValidationException".into()));
        answer
    })
}

/// Which access keys signed the requests to Bedrock.
fn signers(server: &Loopback) -> Vec<String> {
    let key = |asked: Asked| {
        let value = asked.header("authorization").unwrap().to_owned();
        value.split("Credential=").nth(1).unwrap().split('/').next().unwrap().to_owned()
    };
    let mut keys: Vec<_> = models_and_others(server).0.into_iter().map(key).collect();
    keys.sort();
    keys
}

fn sts(action: &str, key: &str, expires: &str) -> Answer {
    let body = format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>\
         <AssumedRoleUser><AssumedRoleId>A:b</AssumedRoleId><Arn>arn:aws:sts::1:assumed-role/r/b</Arn></AssumedRoleUser>\
         <Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>canary-secret</SecretAccessKey>\
         <SessionToken>canary-session</SessionToken><Expiration>{expires}</Expiration></Credentials>\
         </{action}Result></{action}Response>"
    );
    Answer::new(200, "text/xml", body)
}

fn sts_error(status: u16, code: &str, message: &str) -> Answer {
    let body = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
    );
    Answer::new(status, "text/xml", body)
}

/// A container's or a credential_process's answer.
fn keys(key: &str, expires: &str) -> String {
    format!(
        r#"{{"Version":1,"Code":"Success","Type":"AWS-HMAC","LastUpdated":"2026-01-01T00:00:00Z","AccessKeyId":"{key}","SecretAccessKey":"canary-secret","SessionToken":"canary-session","Token":"canary-session","Expiration":"{expires}"}}"#
    )
}

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(home.path().join(".aws/sso/cache")).unwrap();
    home
}

fn profile(home: &Path, config: &str) {
    fs::write(home.join(".aws/config"), config).unwrap();
}

fn web_identity(home: &Path, server: &Loopback) -> Command {
    let file = home.join("token");
    fs::write(&file, "canary-web-identity").unwrap();
    let mut command = bakeoff(home, server);
    command
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", file)
        .env("AWS_ROLE_ARN", "arn:aws:iam::1:role/r")
        .env("AWS_ENDPOINT_URL_STS", server.url());
    command
}

#[test]
fn a_web_identity_is_traded_once_for_panes_of_two_regions() {
    let (home, server) = (home(), cloud(|_| sts("AssumeRoleWithWebIdentity", "AKIDWEB", LATER)));
    ask(&mut web_identity(home.path(), &server), &["m@us-east-1", DOOR, "o@eu-central-1"]).all_complete();
    assert_eq!(signers(&server), ["AKIDWEB"; 3]);
    let (asked, traded) = models_and_others(&server);
    assert_eq!(traded.len(), 1, "{traded:?}");
    assert!(traded[0].body.contains("WebIdentityToken=canary-web-identity"), "{}", traded[0].body);
    let signed: Vec<_> = asked.iter().map(|a| a.header("x-amz-security-token").map(str::to_owned)).collect();
    assert!(signed.iter().all(|t| t.as_deref() == Some("canary-session")), "{signed:?}");
}

#[test]
fn what_has_expired_is_fetched_again_for_the_next_pane() {
    let (home, server) = (home(), cloud(|_| sts("AssumeRoleWithWebIdentity", "AKIDWEB", PAST)));
    ask(&mut web_identity(home.path(), &server), &["m@us-east-1", DOOR]).all_complete();
    assert_eq!(models_and_others(&server).1.len(), 2);
    // Nor does what has seconds left last for the next one.
    let (home, server) = (
        self::home(),
        cloud(|_| {
            let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(20);
            let soon = soon.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            sts("AssumeRoleWithWebIdentity", "AKIDWEB", &soon)
        }),
    );
    ask(&mut web_identity(home.path(), &server), &["m@us-east-1", DOOR]).all_complete();
    assert_eq!(models_and_others(&server).1.len(), 2, "each pane gets a session that will last");
}

#[test]
fn a_web_identity_that_is_refused_says_what_to_look_at() {
    let (home, server) =
        (home(), cloud(|_| sts_error(400, "InvalidIdentityToken", "No OpenIDConnect provider found")));
    let told = ask(&mut web_identity(home.path(), &server), &["m@us-east-1", DOOR]);
    told.fails_with("key", &["web identity", "AWS_WEB_IDENTITY_TOKEN_FILE"]);
    assert_eq!(told.answers[0]["error"]["message"], told.answers[1]["error"]["message"]);
    assert!(models_and_others(&server).0.is_empty());
}

#[test]
fn a_role_is_assumed_with_the_keys_of_its_source() {
    let (home, server) = (home(), cloud(|_| sts("AssumeRole", "AKIDROLE", LATER)));
    profile(
        home.path(),
        "[profile dev]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\nregion = eu-west-1\n\
         [profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = canary-base\n",
    );
    let world = || {
        let mut command = bakeoff(home.path(), &server);
        command.env("AWS_PROFILE", "dev").env("AWS_ENDPOINT_URL_STS", server.url());
        command
    };
    let told = ask(&mut world(), &["m@us-east-1", DOOR]);
    told.all_complete();
    for answer in &told.answers {
        assert_eq!(answer["credential"], "AWS credential chain (profile dev)");
        assert!(answer["credential_ns"].as_u64().is_some(), "a session is its own step: {answer}");
    }
    assert_eq!(signers(&server), ["AKIDROLE"; 2]);
    let traded = models_and_others(&server).1;
    assert_eq!(traded.len(), 1);
    assert!(traded[0].header("authorization").unwrap().contains("Credential=AKIDBASE/"));

    let denied =
        cloud(|_| sts_error(403, "AccessDenied", "User: x is not authorized to perform: sts:AssumeRole"));
    let mut command = bakeoff(home.path(), &denied);
    command.env("AWS_PROFILE", "dev").env("AWS_ENDPOINT_URL_STS", denied.url());
    ask(&mut command, &["m@us-east-1", DOOR]).fails_with("key", &["profile dev", "role_arn"]);
}

#[test]
fn a_container_gives_its_credentials() {
    let (home, server) = (home(), cloud(|_| Answer::json(200, keys("AKIDBOX", LATER))));
    let mut command = bakeoff(home.path(), &server);
    command
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/creds", server.url()))
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "canary-box");
    ask(&mut command, &["m@us-east-1", DOOR]).all_complete();
    assert_eq!(signers(&server), ["AKIDBOX"; 2]);
    let asked = server.asked("GET /creds");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].header("authorization"), Some("canary-box"));
}

#[test]
fn a_machine_gives_the_credentials_of_its_role() {
    let (home, server) = (
        home(),
        cloud(|asked| {
            if asked.line().starts_with("PUT /latest/api/token") {
                let mut say = Answer::new(200, "text/plain", "canary-imds");
                say.extra = Some(("x-aws-ec2-metadata-token-ttl-seconds", "21600".into()));
                return say;
            }
            match asked.line().as_str() {
                l if l.ends_with("/security-credentials/") => Answer::new(200, "text/plain", "the-role"),
                l if l.ends_with("/security-credentials/the-role") => {
                    Answer::json(200, keys("AKIDVM", LATER))
                }
                _ => nothing(asked),
            }
        }),
    );
    let mut command = bakeoff(home.path(), &server);
    command.env_remove("AWS_EC2_METADATA_DISABLED").env("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url());
    ask(&mut command, &["m@us-east-1", DOOR]).all_complete();
    assert_eq!(signers(&server), ["AKIDVM"; 2]);
    assert_eq!(server.asked("/security-credentials/the-role").len(), 1);
}

#[test]
fn a_credential_process_runs_once_for_two_panes() {
    let (home, server) = (home(), cloud(nothing));
    let script = home.path().join("process");
    fs::write(
        &script,
        format!(
            "#!/bin/sh\necho run >> \"$HOME/runs\"\nsleep 0.1\ncat <<'E'\n{}\nE\n",
            keys("AKIDPROC", LATER)
        ),
    )
    .unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    profile(home.path(), &format!("[profile dev]\ncredential_process = {}\n", script.display()));
    let world = || {
        let mut command = bakeoff(home.path(), &server);
        command.env("AWS_PROFILE", "dev");
        command
    };
    ask(&mut world(), &["m@us-east-1", DOOR]).all_complete();
    assert_eq!(signers(&server), ["AKIDPROC"; 2]);
    assert_eq!(fs::read_to_string(home.path().join("runs")).unwrap(), "run\n");

    fs::write(&script, "#!/bin/sh\necho 'please sign in' >&2\nexit 3\n").unwrap();
    ask(&mut world(), &["m@us-east-1", DOOR]).fails_with("key", &["credential_process of profile dev"]);
    fs::write(&script, "#!/bin/sh\necho 'not json canary-leak'\n").unwrap();
    ask(&mut world(), &["m@us-east-1", DOOR]).fails_with("key", &["credential_process of profile dev"]);
}

/// The file in which `aws sso login` leaves its token; the name is the SHA-1 of the session's.
const SSO_CACHE: &str = ".aws/sso/cache/7fcbfd2ac64bb0908b629d323526907f5af90f53.json";

fn sso(home: &Path, server: &Loopback, expires: &str) -> Command {
    profile(
        home,
        "[profile dev]\nsso_session = bakeoff-sso\nsso_account_id = 1\nsso_role_name = r\n\
         [sso-session bakeoff-sso]\nsso_region = us-east-1\nsso_start_url = https://start.example/start\n",
    );
    let token = format!(r#"{{"accessToken":"canary-sso","expiresAt":"{expires}","region":"us-east-1"}}"#);
    fs::write(home.join(SSO_CACHE), token).unwrap();
    let mut command = bakeoff(home, server);
    command.env("AWS_PROFILE", "dev").env("AWS_ENDPOINT_URL_SSO", server.url());
    command
}

#[test]
fn an_sso_sign_in_is_traded_once() {
    let (home, server) = (
        home(),
        cloud(|_| {
            Answer::json(
                200,
                r#"{"roleCredentials":{"accessKeyId":"AKIDSSO","secretAccessKey":"canary-secret","sessionToken":"canary-session","expiration":4070908800000}}"#,
            )
        }),
    );
    ask(&mut sso(home.path(), &server, LATER), &["m@us-east-1", DOOR]).all_complete();
    assert_eq!(signers(&server), ["AKIDSSO"; 2]);
    let asked = server.asked("/federation/credentials");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].header("x-amz-sso_bearer_token"), Some("canary-sso"));
}

/// The address was judged with the credential; a profile's own would be another.
#[test]
fn the_profiles_address_gets_neither_key_nor_signature() {
    let home = home();
    let (other, proxy) = (Loopback::start(|_| answer()), Loopback::start(nothing));
    let url = other.url();
    for how in ["", "services = mine\n", "use_dualstack_endpoint = true\n"] {
        profile(
            home.path(),
            &format!(
                "[profile dev]\nendpoint_url = {url}\n{how}aws_access_key_id = AKIDPROFILE\n\
                 aws_secret_access_key = canary-secret\naws_session_token = canary-session\n\
                 [services mine]\nbedrock_runtime =\n  endpoint_url = {url}\n"
            ),
        );
        for key in [None, Some("canary-bearer")] {
            let mut command = program::bakeoff(home.path());
            command.env("AWS_PROFILE", "dev").env("HTTPS_PROXY", proxy.url());
            if let Some(key) = key {
                command.env("AWS_BEARER_TOKEN_BEDROCK", key);
            }
            let told = ask(&mut command, &["m@us-east-1", DOOR]);
            assert!(told.answers.iter().all(|a| a["status"] == "failed"), "{:?}", told.answers);
        }
    }
    assert_eq!(other.asked("").len(), 0, "the profile's address was asked");
    let hosts = proxy.asked("");
    let meant = |asked: &Asked| {
        asked.method == "CONNECT" && asked.path == "bedrock-runtime.us-east-1.amazonaws.com:443"
    };
    assert!(
        hosts.len() >= 12 && hosts.iter().all(meant),
        "{:?}",
        hosts.iter().map(|a| &a.path).collect::<Vec<_>>()
    );
}

#[test]
fn a_profile_that_wants_fips_hosts_is_not_sent_to_others() {
    let (home, proxy) = (home(), Loopback::start(nothing));
    profile(
        home.path(),
        "[profile dev]\nuse_fips_endpoint = true\naws_access_key_id = AKIDPROFILE\n\
         aws_secret_access_key = canary-secret\n",
    );
    let mut command = program::bakeoff(home.path());
    command.env("AWS_PROFILE", "dev").env("HTTPS_PROXY", proxy.url());
    ask(&mut command, &["m@us-east-1", DOOR]).fails_with("setup", &["use_fips_endpoint", "base_url"]);
    assert_eq!(proxy.asked("").len(), 0);
}

#[test]
fn an_expired_sso_sign_in_says_the_command_with_its_profile() {
    let (home, server) = (
        home(),
        cloud(|_| {
            Answer::json(
                401,
                r#"{"__type":"UnauthorizedException","message":"Session token not found or invalid"}"#,
            )
        }),
    );
    // Known to have expired, known to nobody but the server, and not there at all.
    let wanted = ["profile dev", "run `aws sso login --profile dev`"];
    ask(&mut sso(home.path(), &server, PAST), &["m@us-east-1", DOOR]).fails_with("key", &wanted);
    assert!(server.asked("").is_empty(), "nobody is asked with a dead token");
    ask(&mut sso(home.path(), &server, LATER), &["m@us-east-1", DOOR]).fails_with("key", &wanted);
    let mut command = sso(home.path(), &server, LATER);
    fs::remove_file(home.path().join(SSO_CACHE)).unwrap();
    ask(&mut command, &["m@us-east-1", DOOR]).fails_with("key", &wanted);
}

#[test]
fn a_world_with_nothing_in_it_and_a_profile_that_is_not_there() {
    let (home, server) = (home(), cloud(nothing));
    ask(&mut bakeoff(home.path(), &server), &["m@us-east-1", DOOR])
        .fails_with("key", &["no AWS credentials were found", "AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK"]);
    profile(home.path(), "[profile other]\nregion = us-east-1\n");
    let mut command = bakeoff(home.path(), &server);
    command.env("AWS_PROFILE", "dve");
    ask(&mut command, &["m@us-east-1", DOOR]).fails_with("key", &["profile dve", "AWS_PROFILE"]);
    profile(home.path(), "[profile dev]\nsso_session = gone\nsso_account_id = 1\nsso_role_name = r\n");
    let mut command = bakeoff(home.path(), &server);
    command.env("AWS_PROFILE", "dev");
    ask(&mut command, &["m@us-east-1", DOOR]).fails_with("setup", &["~/.aws/config"]);
}

#[test]
fn a_place_of_credentials_that_cannot_be_reached_is_not_called_a_wrong_key() {
    let (home, server) = (home(), cloud(nothing));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = web_identity(home.path(), &server);
    command.env("AWS_ENDPOINT_URL_STS", format!("http://{closed}"));
    ask(&mut command, &["m@us-east-1", DOOR])
        .fails_with("unreachable", &["AWS credentials", "no connection"]);
}

/// A metadata address that takes a connection and says nothing has a second or two, not
/// the time that a model has.
#[test]
fn a_metadata_address_that_says_nothing_is_soon_left() {
    let (home, server) = (
        home(),
        cloud(|asked| {
            let mut say = nothing(asked);
            say.after = Duration::from_mins(1);
            say
        }),
    );
    let mut command = bakeoff(home.path(), &server);
    command.env_remove("AWS_EC2_METADATA_DISABLED").env("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url());
    let begun = std::time::Instant::now();
    ask(&mut command, &["m@us-east-1", DOOR]).fails_with("key", &["no AWS credentials were found"]);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn credentials_that_bedrock_does_not_take_say_how_theirs_are_renewed() {
    let refused = || {
        Loopback::start(|_| {
            let mut answer =
                Answer::json(403, r#"{"message":"The security token included in the request is invalid."}"#);
            answer.extra = Some(("x-amzn-errortype", "UnrecognizedClientException".into()));
            answer
        })
    };
    let (home, server) = (home(), refused());
    profile(
        home.path(),
        "[profile team]\naws_access_key_id = AKIDTEAM\naws_secret_access_key = canary-secret\n",
    );
    for (vars, words) in [
        (
            &[("AWS_ACCESS_KEY_ID", "AKIDENV"), ("AWS_SECRET_ACCESS_KEY", "canary-secret")][..],
            "AWS_SECRET_ACCESS_KEY and, for temporary ones, AWS_SESSION_TOKEN anew",
        ),
        (&[("AWS_PROFILE", "team")], "aws sso login --profile team"),
        (&[("AWS_BEARER_TOKEN_BEDROCK", "canary-bearer-1")], "set AWS_BEARER_TOKEN_BEDROCK anew"),
    ] {
        let mut command = bakeoff(home.path(), &server);
        command.envs(vars.iter().copied());
        let told = ask(&mut command, &["m@us-east-1", DOOR]);
        for answer in &told.answers {
            let hint = answer["error"]["hint"].as_str().unwrap();
            assert!(answer["error"]["class"] == "key" && hint.contains(words), "{answer}");
        }
    }
}

#[test]
fn a_model_of_other_regions_is_told_by_its_name() {
    let server = refusing("The provided model identifier is invalid.");
    let home = home();
    let mut command = bakeoff(home.path(), &server);
    command.env("AWS_BEARER_TOKEN_BEDROCK", "k");
    let told = ask(&mut command, &["us.anthropic.claude-opus-5-5@eu-west-1"]);
    let hint = told.answers[0]["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("use eu.anthropic.claude-opus-5-5"), "{hint}");
}

#[test]
fn a_parameter_that_converse_refuses_is_recorded_as_refused() {
    let server = refusing("`temperature` is deprecated for this model.");
    let home = home();
    let mut command = bakeoff(home.path(), &server);
    command.env("AWS_BEARER_TOKEN_BEDROCK", "k");
    let told = ask(&mut command, &["us.meta.llama4-maverick-17b-instruct-v1:0@us-east-1?temperature=0.5"]);
    let answer = &told.answers[0];
    assert_eq!(
        (&answer["parity"][0]["param"], &answer["parity"][0]["outcome"]),
        (&"temperature".into(), &"refused".into())
    );
    assert!(answer["error"]["hint"].as_str().unwrap().contains("change or remove temperature"), "{answer}");
}
