//! One model on many clouds, as a person at a shell meets it: the real binary, servers
//! on this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use bakeoff::demo::Demo;
use serde_json::Value;

use crate::loopback::{Answer, Loopback};
use crate::program::{answers, bakeoff, config, err, home, json, out};
use crate::pty::Pty;
use crate::replies::chat;

#[test]
fn a_family_becomes_one_endpoint_for_each_cloud_with_credentials() {
    let home = home();
    fs::create_dir_all(home.path().join(".aws")).unwrap();
    fs::write(
        home.path().join(".aws/config"),
        "[default]\nregion = eu-west-1\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = base\n",
    )
    .unwrap();
    let adc = home.path().join(".config/gcloud/application_default_credentials.json");
    fs::create_dir_all(adc.parent().unwrap()).unwrap();
    fs::write(&adc, r#"{"type":"authorized_user","client_id":"a","client_secret":"b","refresh_token":"c","quota_project_id":"my-project"}"#).unwrap();
    let shown = bakeoff(home.path())
        .env("ANTHROPIC_API_KEY", "k")
        .args(["config", "show", "-m", "claude-opus-5-5", "--format", "json"])
        .output()
        .unwrap();
    let shown = json(&shown);
    let rows: Vec<_> = shown
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            format!(
                "{}:{} {}",
                r["provider"].as_str().unwrap(),
                r["model"].as_str().unwrap(),
                r["api"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            "anthropic:claude-opus-5-5 messages",
            "bedrock:eu.anthropic.claude-opus-5-5 converse",
            "vertex:claude-opus-5-5 messages"
        ]
    );
    let none = bakeoff(&home.path().join("empty")).args(["run", "hi", "-m", "gpt-6-sol"]).output().unwrap();
    assert_eq!(none.status.code(), Some(2));
    let said = err(&none);
    for words in
        ["no cloud to ask for gpt-6-sol", "OPENAI_API_KEY", "az login", "AWS_PROFILE", "OPENROUTER_API_KEY"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    let wrong = bakeoff(home.path()).args(["run", "hi", "-m", "gpt6-sol"]).output().unwrap();
    assert!(err(&wrong).contains("did you mean \"gpt-6-sol\"?"), "{}", err(&wrong));
}

#[test]
fn open_weights_are_asked_of_the_server_on_this_machine_too() {
    let home = home();
    let server = Loopback::start(|asked| {
        match asked.path.as_str() {
        "/api/tags" => Answer::json(200, r#"{"models":[{"name":"gpt-oss:120b","model":"gpt-oss:120b"},{"name":"other"}]}"#),
        _ => Answer { status: 200, kind: "application/x-ndjson", body: "{\"message\":{\"content\":\"hi\"},\"done\":false}\n{\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":3,\"eval_count\":2}\n".into(), ..Answer::default() },
    }
    });
    let run = bakeoff(home.path())
        .env("OLLAMA_HOST", server.url())
        .args(["run", "hi", "-m", "gpt-oss-120b", "--format", "json"])
        .output()
        .unwrap();
    let all = answers(&run);
    assert_eq!(all.len(), 1, "{}", err(&run));
    assert_eq!(
        (all[0]["model"].as_str(), all[0]["status"].as_str()),
        (Some("gpt-oss:120b"), Some("complete"))
    );
    assert_eq!(all[0]["cost"]["status"], "local");
    assert!(err(&run).contains("gpt-oss-120b is not asked on Bedrock"), "{}", err(&run));
}

#[test]
fn models_joins_the_live_list_with_the_catalog() {
    let home = home();
    let server = Loopback::start(|asked| {
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("GET", "/v1/models"));
        match asked.headers.get("authorization").map(String::as_str) {
            Some("Bearer sk-right") => Answer::json(
                200,
                r#"{"data":[{"id":"gpt-6-sol"},{"id":"my-finetune","context_window":8192}]}"#,
            ),
            _ => Answer::json(401, r#"{"error":{"message":"Incorrect API key","code":"invalid_api_key"}}"#),
        }
    });
    let list = |key: &str, more: &[&str]| {
        let base = format!("{}/v1", server.url());
        let mut command = bakeoff(home.path());
        command.env("OPENAI_API_KEY", key).env("OPENAI_BASE_URL", base);
        command.args(["models", "-p", "openai", "--format", "json"]).args(more).output().unwrap()
    };
    let rows = json(&list("sk-right", &[]));
    assert_eq!(rows[0]["family"], "gpt-6-sol");
    assert_eq!(rows[0]["price_in_out_per_1m"], "$2 / $10");
    assert_eq!((rows[0]["context"].as_str(), rows[0]["from"].as_str()), (Some("1.05M"), Some("listed")));
    assert_eq!((&rows[1]["price_in_out_per_1m"], rows[1]["context"].as_str()), (&Value::Null, Some("8k")));
    assert_eq!(json(&list("sk-right", &["FINE"])).as_array().unwrap().len(), 1);
    let refused = list("sk-wrong-0123456", &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        err(&refused).contains("Incorrect API key") && !err(&refused).contains("sk-wrong"),
        "{}",
        err(&refused)
    );
    let unknown = bakeoff(home.path()).args(["models", "-p", "opnai"]).output().unwrap();
    assert!(err(&unknown).contains("did you mean \"openai\"?"), "{}", err(&unknown));
}

#[test]
fn doctor_goes_step_by_step_and_says_the_fix_where_it_stops() {
    let home = home();
    let server = Loopback::start(|asked| match asked.body.as_str() {
        _ if asked.method == "HEAD" => Answer::json(404, "{}"),
        body if body.contains("gone") => Answer::json(
            404,
            r#"{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}"#,
        ),
        body if body.contains("locked") => Answer::json(
            401,
            r#"{"error":{"message":"Access denied due to invalid subscription key","code":"401"}}"#,
        ),
        _ => chat("ok"),
    });
    let base = server.url();
    let azure = |model: &str| format!("azure:{model}@{base}?api=chat&name={model}");
    let examined = bakeoff(home.path())
        .env("AZURE_OPENAI_API_KEY", "sk-canary-doctor-1")
        .args([
            "doctor",
            "--format",
            "json",
            "-e",
            &azure("fine"),
            "-e",
            &azure("gone"),
            "-e",
            &azure("locked"),
        ])
        .args(["-e", "openai:gpt-6-sol?name=keyless", "-e", "compatible:m@http://127.0.0.1:1?name=dead"])
        .args([
            "-e",
            "vertex:gemini-3.8-flash?name=nowhere",
            "-e",
            "compatible:m@https://no-such-host.invalid/v1?name=lost",
        ])
        .output()
        .unwrap();
    assert_eq!(examined.status.code(), Some(1));
    assert!(!out(&examined).contains("canary") && !err(&examined).contains("canary"));
    let rows = json(&examined);
    let of = |name: &str| -> Vec<&Value> {
        rows.as_array().unwrap().iter().filter(|r| r["endpoint"] == name).collect()
    };
    let steps: Vec<_> =
        of("fine").iter().map(|r| (r["step"].as_str().unwrap(), r["ok"].as_bool().unwrap())).collect();
    assert_eq!(
        steps,
        [
            ("config", true),
            ("credential", true),
            ("dns", true),
            ("tcp", true),
            ("auth", true),
            ("model", true),
            ("first token", true)
        ]
    );
    assert_eq!(of("fine")[1]["found"], "AZURE_OPENAI_API_KEY");
    for (name, step, fix) in [
        ("gone", "model", "name of your deployment"),
        ("locked", "auth", "key"),
        ("keyless", "credential", "export OPENAI_API_KEY"),
        ("dead", "tcp", "start the server"),
        ("nowhere", "config", "GOOGLE_CLOUD_PROJECT"),
        ("lost", "dns", "check the host name"),
    ] {
        let last = *of(name).last().unwrap();
        assert_eq!((last["step"].as_str(), last["ok"].as_bool()), (Some(step), Some(false)), "{last}");
        assert!(last["fix"].as_str().unwrap().contains(fix), "{last}");
    }
    // Without the question nothing is spent.
    let before = server.asked("/openai").len();
    let quiet = bakeoff(home.path())
        .env("AZURE_OPENAI_API_KEY", "k")
        .args(["doctor", "--no-ask", "-e", &azure("fine")])
        .output()
        .unwrap();
    assert_eq!(quiet.status.code(), Some(0), "{}", out(&quiet));
    assert!(out(&quiet).contains("✓ credential"), "{}", out(&quiet));
    assert_eq!(server.asked("/openai").len(), before);
}

#[test]
fn a_broken_file_of_aws_is_named_with_its_line() {
    let home = home();
    fs::create_dir_all(home.path().join(".aws")).unwrap();
    let canary = "sk-canary-aws-file-0123";
    for (text, line) in [
        ("[default\nregion = us-east-1\n".to_owned(), "line 1"),
        (format!("[default]\nregion = us-east-1\n{canary}\n"), "line 3"),
    ] {
        fs::write(home.path().join(".aws/config"), text).unwrap();
        let asked = bakeoff(home.path()).args(["run", "hi", "-m", "claude-opus-5-5"]).output().unwrap();
        assert_eq!(asked.status.code(), Some(2));
        let said = err(&asked);
        assert!(said.contains(".aws/config") && said.contains(line), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
}

#[test]
fn init_writes_what_it_found_and_config_check_likes_it() {
    let home = home();
    fs::create_dir_all(home.path().join(".aws")).unwrap();
    let profiles = "[default]\naws_access_key_id = AKID\n[profile bare]\nregion = eu-west-1\n\
                    # role_arn = arn:aws:iam::1:role/r\n[profile dev]\nrole_arn = arn:aws:iam::1:role/r\n";
    fs::write(home.path().join(".aws/config"), profiles).unwrap();
    // Another profile's credentials, and those in a comment, are not this one's.
    for (profile, why) in [("bare", "profile bare gives none"), ("gone", "profile gone gives none")] {
        let shown = bakeoff(home.path())
            .env("AWS_PROFILE", profile)
            .args(["run", "hi", "-m", "claude-opus-5-5"])
            .output()
            .unwrap();
        assert!(err(&shown).contains(why), "{}", err(&shown));
    }
    let init = |more: &[&str]| {
        let mut command = bakeoff(home.path());
        for name in ["OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "MISTRAL_API_KEY", "GROQ_API_KEY"] {
            command.env(name, "sk-canary-init-0");
        }
        command.env("AZURE_OPENAI_ENDPOINT", "https://contoso.openai.azure.com");
        command.env("AWS_PROFILE", "dev").env("AWS_REGION", "us-west-2");
        command.arg("init").args(more).output().unwrap()
    };
    let first = init(&[]);
    assert_eq!(first.status.code(), Some(0), "{}", err(&first));
    let path = home.path().join(".config/bakeoff/config.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains("canary"), "{text}");
    assert!(text.contains("us-west-2") && text.contains("[[lineup_set]]"), "{text}");
    let check = bakeoff(home.path()).args(["config", "check"]).output().unwrap();
    assert!(out(&check).contains("fine, 5 endpoints, 1 lineups"), "{}{}", out(&check), err(&check));
    // What is there is not overwritten without a word.
    fs::write(&path, "theme = \"nord\"\n").unwrap();
    let again = init(&[]);
    assert_eq!(again.status.code(), Some(2));
    assert!(err(&again).contains("--force"), "{}", err(&again));
    assert_eq!(fs::read_to_string(&path).unwrap(), "theme = \"nord\"\n");
    assert_eq!(init(&["--force"]).status.code(), Some(0));
    assert!(out(&init(&["--print"])).contains("provider = \"mistral\""));
}

#[test]
fn keys_come_from_commands_files_and_the_config_and_reach_only_their_server() {
    let home = home();
    let server = Loopback::start(|_| chat("hi"));
    let base = format!("{}/v1", server.url());
    let key_file = home.path().join("key");
    fs::write(&key_file, "sk-from-file-1\n").unwrap();
    fs::set_permissions(&key_file, fs::Permissions::from_mode(0o600)).unwrap();
    let file = key_file.display();
    config(
        home.path(),
        &format!(
            "[[endpoint]]\nname = \"cmd\"\nprovider = \"compatible\"\nbase_url = \"{base}\"\nmodel = \"m\"\napi_key_cmd = [\"echo\", \"sk-from-cmd-1\"]\n\
             [[endpoint]]\nname = \"file\"\nprovider = \"compatible\"\nbase_url = \"{base}\"\nmodel = \"m\"\napi_key_file = \"{file}\"\n\
             [[endpoint]]\nname = \"clear\"\nprovider = \"compatible\"\nbase_url = \"{base}\"\nmodel = \"m\"\napi_key = \"sk-from-config-1\"\n\
             [[endpoint]]\nname = \"broken\"\nprovider = \"compatible\"\nbase_url = \"{base}\"\nmodel = \"m\"\napi_key_cmd = [\"false\"]\n"
        ),
    );
    let path = home.path().join(".config/bakeoff/config.toml");
    let open = bakeoff(home.path()).args(["run", "hi"]).output().unwrap();
    assert_eq!(open.status.code(), Some(2));
    assert!(err(&open).contains("chmod 600") && err(&open).contains("api_key_cmd"), "{}", err(&open));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let run = bakeoff(home.path()).args(["run", "hi", "--format", "json"]).output().unwrap();
    let all = answers(&run);
    let by = |name: &str| all.iter().find(|a| a["endpoint"] == name).unwrap();
    for (name, via) in [("cmd", "api_key_cmd echo"), ("clear", "api_key of \"clear\"")] {
        assert_eq!(
            (by(name)["status"].as_str(), by(name)["credential"].as_str()),
            (Some("complete"), Some(via))
        );
    }
    assert!(by("cmd")["credential_ns"].as_u64().unwrap() > 0, "fetching a key is its own step");
    assert_eq!(by("broken")["error"]["class"], "key");
    let mut sent: Vec<_> = server.asked("").iter().map(|a| a.headers["authorization"].clone()).collect();
    sent.sort();
    assert_eq!(sent, ["Bearer sk-from-cmd-1", "Bearer sk-from-config-1", "Bearer sk-from-file-1"]);
    let all = format!("{}{}", out(&run), err(&run));
    assert!(!all.contains("sk-from"), "{all}");
}

#[test]
fn a_proxy_is_for_other_machines_and_one_that_refuses_is_named() {
    let home = home();
    let server = Loopback::start(|_| chat("hi"));
    let proxy = Loopback::start(|_| Answer::json(403, "{}"));
    let run = bakeoff(home.path())
        .env("HTTPS_PROXY", proxy.url())
        .env("HTTP_PROXY", proxy.url())
        .env("ALL_PROXY", proxy.url())
        .args(["run", "hi", "--format", "json", "-e", &format!("compatible:m@{}/v1?name=near", server.url())])
        .args(["-e", "compatible:m@https://llm.example/v1?name=far"])
        .output()
        .unwrap();
    let all = answers(&run);
    assert_eq!(all[0]["status"], "complete", "{}", err(&run));
    let far = &all[1]["error"];
    assert_eq!(far["class"], "unreachable");
    assert!(far["message"].as_str().unwrap().contains("through the proxy"), "{far}");
    assert!(far["hint"].as_str().unwrap().contains("HTTPS_PROXY"), "{far}");
    assert!(
        proxy.asked("").iter().all(|a| a.method == "CONNECT" && a.path.starts_with("llm.example")),
        "{:?}",
        proxy.asked("")
    );
}

#[test]
fn settings_that_are_not_asked_as_written_are_said_and_common_ones_are_the_same() {
    let home = home();
    let server = Loopback::start(|_| chat("hi"));
    let base = server.url();
    let specs = [
        format!("openai:gpt-6-sol@{base}/v1?api=chat&name=sol&temperature=0.2&reasoning_effort=max"),
        format!("compatible:llama-3.3-70b@{base}/v1?name=llama&temperature=0.2&max_tokens=64"),
    ];
    let ask = |more: &[&str]| {
        let mut command = bakeoff(home.path());
        command
            .env("OPENAI_API_KEY", "k")
            .args(["run", "hi", "--format", "json", "-e", &specs[0], "-e", &specs[1]]);
        command.args(more).output().unwrap()
    };
    let run = ask(&[]);
    let sol = &answers(&run)[0];
    let parity = sol["parity"].as_array().unwrap();
    let temperature = parity.iter().find(|p| p["param"] == "temperature").unwrap();
    assert_eq!((temperature["outcome"].as_str(), &temperature["sent"]), (Some("dropped"), &Value::Null));
    assert!(err(&run).contains("sol: temperature 0.2 dropped"), "{}", err(&run));
    let llama = answers(&run)[1]["parity"].as_array().unwrap().clone();
    assert!(llama.iter().all(|p| p["outcome"] == "as_asked"), "{llama:?}");
    let before = server.asked("").len();
    let common = ask(&["--common"]);
    assert!(err(&common).contains("llama: temperature 0.2 dropped"), "{}", err(&common));
    for asked in &server.asked("")[before..] {
        assert!(!asked.body.contains("temperature") && !asked.body.contains("max_tokens"), "{}", asked.body);
    }
}

/// What one wire requires is no news there; a limit that the others get for its sake is.
#[test]
fn a_limit_that_nobody_asked_for_is_said_where_it_is_not_a_must() {
    let home = home();
    let server = Loopback::start(|_| chat("hi"));
    let base = server.url();
    let ask = |more: &[&str]| {
        bakeoff(home.path())
            .envs([("OPENAI_API_KEY", "k"), ("ANTHROPIC_API_KEY", "k")])
            .args(["run", "hi", "--format", "json"])
            .args(["-e", &format!("openai:gpt-6-sol@{base}/v1?api=chat&name=sol")])
            .args(["-e", &format!("anthropic:claude-opus-5-5@{base}?name=opus")])
            .args(more)
            .output()
            .unwrap()
    };
    let outcome = |run: &std::process::Output, at: usize| answers(run)[at]["parity"][0]["outcome"].clone();
    let plain = ask(&[]);
    assert_eq!((outcome(&plain, 0), outcome(&plain, 1)), (Value::Null, "required".into()));
    assert!(!err(&plain).contains("max_tokens"), "{}", err(&plain));
    let common = ask(&["--common"]);
    assert_eq!(outcome(&common, 0), "added");
    let said = err(&common);
    assert!(
        said.contains("sol: max_tokens added as max_completion_tokens = 4096: the same for all"),
        "{said}"
    );
}

#[test]
fn a_parameter_that_the_provider_refuses_is_recorded_as_refused() {
    let home = home();
    let server = Loopback::start(|_| {
        Answer::json(
            400,
            r#"{"error":{"message":"Unsupported value: 'temperature'","param":"temperature","code":"unsupported_value"}}"#,
        )
    });
    let spec = format!("compatible:new-model@{}/v1?temperature=0.2", server.url());
    let run = bakeoff(home.path()).args(["run", "hi", "--format", "json", "-e", &spec]).output().unwrap();
    let answer = &answers(&run)[0];
    assert_eq!(answer["parity"][0]["outcome"], "refused");
    assert!(answer["error"]["hint"].as_str().unwrap().contains("change or remove temperature"), "{answer}");
}

#[test]
fn rows_of_the_users_own_stand_on_top_of_the_catalog() {
    let home = home();
    config(home.path(), "");
    let path = home.path().join(".config/bakeoff/catalog.toml");
    let row = "schema = 1\nas_of = \"2026-11-23\"\n[[family]]\nid = \"house-model\"\nname = \"House Model\"\n[[family.route]]\nkind = \"openai\"\nid = \"house-1\"\nscope = \"global\"\nprice = { input = \"1\", output = \"2\" }\n";
    fs::write(&path, row).unwrap();
    let shown = bakeoff(home.path())
        .env("OPENAI_API_KEY", "k")
        .args(["config", "show", "-m", "house-model", "--format", "json"])
        .output()
        .unwrap();
    assert_eq!(json(&shown)[0]["model"], "house-1", "{}", err(&shown));
    fs::write(&path, "as_of = 1\n").unwrap();
    let wrong = bakeoff(home.path()).args(["run", "hi", "-m", "house-model"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(err(&wrong).contains("catalog.toml"), "{}", err(&wrong));
}

#[tokio::test]
async fn a_second_send_reuses_the_connection_and_says_so() {
    use bakeoff::catalog::Catalog;
    use bakeoff::engine::{Access, Engine, Limits};
    use bakeoff::model::{AnswerId, Prompt};
    use bakeoff::provider::{Vars, parse_spec};
    let server = Loopback::start(|_| chat("hi"));
    let catalog = std::sync::Arc::new(Catalog::embedded);
    let (engine, mut reports) = Engine::new(Vars::only(&[]), Limits::default(), Access::default(), catalog);
    let endpoint = parse_spec(&format!("compatible:m@{}/v1", server.url())).unwrap();
    let mut reused = Vec::new();
    for id in 0..3 {
        engine.launch(AnswerId(id), endpoint.clone(), Prompt::new("hi"));
        let mut answer = bakeoff::model::Answer::default();
        while !answer.is_over() {
            let report = reports.recv().await.unwrap();
            answer.apply(report.at, report.step);
        }
        assert_eq!(answer.text, "hi");
        reused.push(answer.timeline.reused);
    }
    assert_eq!(reused, [Some(false), Some(true), Some(true)]);
}

/// The SDK reads `AWS_BEARER_TOKEN_BEDROCK` by itself: where it goes is still ours to say, and
/// what comes back of it is not shown.
#[test]
fn converse_sends_the_credential_that_was_asked_for_and_no_other() {
    let home = home();
    let server = Loopback::start(|asked| {
        let headers: Vec<_> = asked.headers.iter().map(|(n, v)| format!("{n}: {v}")).collect();
        Answer::json(403, serde_json::json!({"message": headers.join("; ")}).to_string())
    });
    let ask = |auth: &str| {
        let before = server.asked("").len();
        let spec = format!("bedrock:us.m@{}?auth={auth}", server.url());
        let run = bakeoff(home.path())
            .env("AWS_REGION", "us-east-1")
            .env("AWS_BEARER_TOKEN_BEDROCK", "canary-bearer-0123")
            .env("AWS_ACCESS_KEY_ID", "AKIDMADEUP")
            .env("AWS_SECRET_ACCESS_KEY", "canary-secret-0123")
            .env("AWS_SESSION_TOKEN", "canary-session-0123")
            .args(["run", "hi", "--format", "json", "-e", &spec])
            .output()
            .unwrap();
        let said = format!("{}{}", out(&run), err(&run));
        assert!(!said.contains("canary"), "{auth}: {said}");
        let asked = server.asked("");
        assert_eq!(asked.len(), before + 1, "{auth}: {said}");
        asked[before].clone()
    };
    let signed = ask("aws");
    assert!(signed.headers["authorization"].starts_with("AWS4-HMAC-SHA256 "), "{:?}", signed.headers);
    let bearer = ask("key");
    assert_eq!(bearer.headers["authorization"], "Bearer canary-bearer-0123");
    let nothing = ask("none");
    assert!(!nothing.headers.contains_key("authorization"), "{:?}", nothing.headers);
    assert!(!format!("{:?}", nothing.headers).contains("canary"), "{:?}", nothing.headers);
    // Elsewhere the token is refused, and without one nothing of it leaves.
    for auth in ["key", "none", "aws"] {
        let proxy = Loopback::start(|asked| {
            Answer::json(403, serde_json::json!({"message": format!("{:?}", asked.headers)}).to_string())
        });
        let spec = format!("bedrock:us.m@http://gateway.example?allow_plain_http=true&auth={auth}");
        let run = bakeoff(home.path())
            .env("HTTP_PROXY", proxy.url())
            .env("AWS_REGION", "us-east-1")
            .env("AWS_BEARER_TOKEN_BEDROCK", "canary-bearer-0123")
            .env("AWS_ACCESS_KEY_ID", "AKIDMADEUP")
            .env("AWS_SECRET_ACCESS_KEY", "canary-secret-0123")
            .args(["run", "hi", "--format", "json", "-e", &spec])
            .output()
            .unwrap();
        assert!(!format!("{:?}", proxy.asked("")).contains("canary"), "{auth}: {:?}", proxy.asked(""));
        assert!(!format!("{}{}", out(&run), err(&run)).contains("canary"), "{auth}");
    }
}

#[test]
fn no_byte_follows_a_redirect_of_any_door() {
    let home = home();
    let elsewhere = Loopback::start(|_| Answer::json(200, "{}"));
    let target = elsewhere.url();
    let server = Loopback::start(move |asked| Answer {
        status: if asked.method == "POST" { 307 } else { 302 },
        kind: "text/plain",
        extra: Some(("location", format!("{target}{}", asked.path))),
        ..Answer::default()
    });
    let base = server.url();
    let specs = [
        format!("azure:m@{base}?api=chat"),
        format!("azure:m@{base}?api=responses"),
        format!("azure:claude@{base}?api=messages"),
        format!("azure:m@{base}?auth=entra&name=entra"),
        format!("bedrock:us.m@{base}"),
        format!("bedrock:us.m@{base}?api=chat"),
        format!("mistral:m@{base}/v1"),
        format!("anthropic:m@{base}"),
        format!("gemini:m@{base}"),
        format!("ollama:m@{base}"),
    ];
    let command = |words: &[&str]| {
        let mut command = bakeoff(home.path());
        for row in bakeoff::provider::PROVIDERS {
            for key in row.keys.iter().filter(|k| k.name != "AZURE_OPENAI_AD_TOKEN") {
                command.env(key.name, "canary-redirect");
            }
        }
        command.env_remove("AWS_BEARER_TOKEN_BEDROCK").env("AWS_ACCESS_KEY_ID", "AKIDX");
        command.env("AWS_SECRET_ACCESS_KEY", "canary-redirect").env("AWS_REGION", "us-east-1");
        command.env("AZURE_TENANT_ID", "11111111-2222-3333-4444-555555555555").env("AZURE_CLIENT_ID", "c");
        command.env("AZURE_CLIENT_SECRET", "canary-redirect").env("AZURE_AUTHORITY_HOST", &base);
        command.env("OPENAI_BASE_URL", format!("{base}/v1"));
        command.args(words);
        command
    };
    let mut run = command(&["run", "canary-prompt", "--format", "json"]);
    let mut doctor = command(&["doctor"]);
    for spec in &specs {
        run.args(["-e", spec]);
        doctor.args(["-e", spec]);
    }
    let run = run.output().unwrap();
    let all = answers(&run);
    assert_eq!(all.len(), specs.len(), "{}", err(&run));
    assert!(all.iter().all(|a| a["status"] == "failed"), "{}", err(&run));
    assert_eq!(doctor.output().unwrap().status.code(), Some(1));
    assert_eq!(command(&["models", "-p", "openai"]).output().unwrap().status.code(), Some(1));
    assert!(server.asked("").len() > 20, "{}", server.asked("").len());
    assert!(elsewhere.asked("").is_empty(), "{:?}", elsewhere.asked(""));
}

/// Every command that touches credentials, with keys that are found nowhere afterwards.
#[test]
fn a_canary_is_found_in_no_output_and_no_file() {
    let home = home();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let demo = runtime.block_on(Demo::start()).unwrap();
    let echo = Loopback::start(|asked| {
        // The rudest server: it repeats every header in its error.
        let headers: Vec<_> = asked.headers.iter().map(|(n, v)| format!("{n}: {v}")).collect();
        Answer::json(401, serde_json::json!({"error": {"message": headers.join("; ")}}).to_string())
    });
    let variables: Vec<_> = bakeoff::provider::PROVIDERS
        .iter()
        .flat_map(|row| row.apis.iter().flat_map(|a| a.keys).chain(row.keys))
        .map(|k| k.name)
        .chain(["AWS_SECRET_ACCESS_KEY", "AZURE_CLIENT_SECRET", "MY_KEY"])
        .collect();
    // Of another make each time, in case one looks like something.
    let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0);
    let canary = |name: &str| format!("canary-{}-{random:x}", name.to_lowercase());
    let (good, bad) = (format!("http://{}", demo.address()), echo.url());
    let mut commands: Vec<Vec<String>> = vec![
        vec!["providers".into()],
        vec!["init".into()],
        vec!["config".into(), "show".into(), "-m".into(), "gpt-6-sol".into(), "--all-routes".into()],
        vec!["config".into(), "check".into()],
        vec!["models".into()],
    ];
    for base in [&good, &bad] {
        for spec in [
            format!("openai:demo-swift@{base}/v1"),
            format!("anthropic:m@{base}"),
            format!("gemini:m@{base}"),
            format!("azure:m@{base}"),
            format!("mistral:m@{base}/v1"),
            format!("bedrock:us.m@{base}?api=chat"),
            format!("compatible:m@{base}/v1?api_key_env=MY_KEY"),
        ] {
            commands.push(vec![
                "run".into(),
                "hi".into(),
                "--format".into(),
                "json".into(),
                "-e".into(),
                spec.clone(),
            ]);
            commands.push(vec![
                "run".into(),
                "hi".into(),
                "--out".into(),
                "result.txt".into(),
                "-e".into(),
                spec.clone(),
            ]);
            commands.push(vec!["doctor".into(), "-e".into(), spec]);
        }
    }
    for arguments in &commands {
        let mut command = bakeoff(home.path());
        for name in &variables {
            command.env(name, canary(name));
        }
        command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_REGION", "us-east-1");
        // `models` asks the vendors' own hosts: none is reached.
        command.env("HTTPS_PROXY", &bad);
        let done = command.current_dir(home.path()).args(arguments).output().unwrap();
        let said = format!("{}{}", out(&done), err(&done));
        assert!(!said.contains("canary-"), "{arguments:?}: {said}");
    }
    // The screen, with the overlay that shows all about an answer, and the session as a file.
    let place = home.path().display().to_string();
    let key = canary("OPENAI_API_KEY");
    let (result, spec) = (format!("{place}/session.json"), format!("openai:m@{bad}/v1?api=chat"));
    let vars = [("HOME", place.as_str()), ("OPENAI_API_KEY", key.as_str())];
    let program = Path::new(env!("CARGO_BIN_EXE_bakeoff"));
    let mut pty = Pty::start(program, &["-e", &spec, "--out", &result], &vars, 120, 40);
    pty.wait_for("type a prompt");
    pty.send("hi\r");
    pty.wait_for("<redacted>");
    pty.send("\x1b");
    pty.wait_for("z zoom");
    pty.send("I");
    pty.wait_for("what to do");
    pty.send("G");
    pty.wait_for("•••");
    pty.send("\u{3}\u{3}\u{3}");
    assert!(pty.exit().success());
    assert!(!String::from_utf8_lossy(&pty.raw()).contains("canary-") && Path::new(&result).exists());
    assert!(
        echo.asked("").len() > 10
            && echo.asked("").iter().any(|a| format!("{:?}", a.headers).contains("canary-"))
    );
    let mut files = vec![home.path().to_owned()];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(&path).unwrap().map(|f| f.unwrap().path()));
        } else {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            assert!(!text.contains("canary-"), "{}", path.display());
        }
    }
}
