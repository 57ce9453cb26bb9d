//! Whom the words on the command line mean, and what the listing commands say about them.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use crate::loopback::{Answer, Loopback};
use crate::program::{answers, bakeoff, config, err, home, json, out};
use crate::pty::Pty;
use crate::replies::chat;

fn run(home: &Path, arguments: &[&str]) -> Output {
    bakeoff(home).args(arguments).output().unwrap()
}

/// What a usage error says.
fn refused(home: &Path, arguments: &[&str]) -> String {
    let done = run(home, arguments);
    assert_eq!(done.status.code(), Some(2), "{}{}", out(&done), err(&done));
    err(&done)
}

/// An endpoint of the config at a server of ours.
fn endpoint(name: &str, provider: &str, model: &str, more: &str) -> String {
    format!("[[endpoint]]\nname = \"{name}\"\nprovider = \"{provider}\"\nmodel = \"{model}\"\n{more}\n")
}

#[test]
fn whoever_is_asked_by_name_is_not_asked_again_by_model() {
    let home = home();
    let show = |more: &[&str]| {
        let mut command = bakeoff(home.path());
        command.env("OPENAI_API_KEY", "k").env("OPENROUTER_API_KEY", "k");
        let shown = command.args(["config", "show", "--format", "json"]).args(more).output().unwrap();
        let rows = json(&shown);
        let rows = rows.as_array().unwrap().iter();
        rows.map(|r| r["endpoint"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let both = show(&["-m", "gpt-6-sol"]);
    assert_eq!(both, ["gpt-6-sol openai", "gpt-6-sol openrouter"]);
    assert_eq!(show(&["-m", "gpt-6-sol", "-m", "gpt-6-sol"]), both);
    assert_eq!(show(&["-e", "openai:gpt-6-sol", "-m", "gpt-6-sol"]), ["gpt-6-sol", "gpt-6-sol openrouter"]);
    // With other settings it is another question.
    let hot = show(&["-e", "openai:gpt-6-sol?max_tokens=9", "-m", "gpt-6-sol"]);
    assert_eq!(hot, ["gpt-6-sol", "gpt-6-sol openai", "gpt-6-sol openrouter"]);
    // What a variable says, and what stands in the words, are the same place.
    for (spec, model, vars) in [
        (
            "azure:gpt-6-sol",
            "gpt-6-sol",
            &[("AZURE_OPENAI_API_KEY", "k"), ("AZURE_OPENAI_ENDPOINT", "https://contoso.openai.azure.com")][..],
        ),
        (
            "bedrock:us.anthropic.claude-opus-5-5@us-east-1",
            "claude-opus-5-5",
            &[("AWS_BEARER_TOKEN_BEDROCK", "k"), ("AWS_DEFAULT_REGION", "us-east-1")],
        ),
        (
            "vertex:gemini-3.8-flash@p/global",
            "gemini-3.8-flash",
            &[("GOOGLE_APPLICATION_CREDENTIALS", "/adc.json"), ("GOOGLE_CLOUD_PROJECT", "p")],
        ),
    ] {
        let mut command = bakeoff(home.path());
        command.envs(vars.iter().copied());
        let asked = ["config", "show", "--format", "json", "-e", spec, "-m", model];
        let shown = command.args(asked).output().unwrap();
        assert_eq!(json(&shown).as_array().unwrap().len(), 1, "{spec}: {}", out(&shown));
    }
}

#[test]
fn words_that_mean_nobody_say_what_would_mean_somebody() {
    let home = home();
    config(home.path(), &endpoint("gemini-pro", "openai", "m", ""));
    let near = refused(home.path(), &["run", "hi", "-e", "gemini-por"]);
    assert!(near.contains("did you mean \"gemini-pro\"?"), "{near}");
    let far = refused(home.path(), &["run", "hi", "-e", "zzz"]);
    assert!(far.contains("provider:model"), "{far}");
    let alone = refused(home.path(), &["run", "hi", "--all-routes"]);
    assert!(alone.contains("name one with -m"), "{alone}");
    let unknown = refused(home.path(), &["run", "hi", "-m", "qqq"]);
    assert!(unknown.contains("`bakeoff models --all` lists them"), "{unknown}");
    let begun = refused(home.path(), &["run", "hi", "-m", "GPT-6"]);
    assert!(begun.contains("gpt-6-astra, gpt-6-sol, gpt-6-luna"), "{begun}");
    // A cloud that the catalog has and no row here speaks to is not passed over.
    let zai = refused(home.path(), &["run", "hi", "-m", "glm-5"]);
    assert!(zai.contains("zai (not spoken here)"), "{zai}");
}

#[test]
fn a_flag_counts_or_is_refused() {
    let home = home();
    let file = home.path().join("out.json");
    let file = file.to_str().unwrap();
    for arguments in [
        &["--out", file, "init"][..],
        &["init", "--out", file],
        &["models", "--out", file],
        &["doctor", "--theme", "nord", "-e", "openai:m"],
        &["--system", "x", "providers"],
        &["-m", "gpt-6-sol", "models"],
        &["-e", "openai:m", "demo"],
        &["run", "hi", "--demo", "--all-routes"],
        &["--all-routes", "run", "hi", "--demo"],
    ] {
        refused(home.path(), arguments);
        assert!(!Path::new(file).exists() && !home.path().join(".config").exists(), "{arguments:?}");
    }
    // Before the command or after it.
    for arguments in [
        &["--out", file, "run", "hi", "--demo", "--format", "json"][..],
        &["run", "hi", "--demo", "--format", "json", "--out", file],
    ] {
        assert!(!run(home.path(), arguments).stdout.starts_with(b"{"));
        assert!(fs::read_to_string(file).unwrap().contains("bakeoff.run/1"), "{arguments:?}");
        fs::remove_file(file).unwrap();
    }
    let shown = run(home.path(), &["-e", "openai:gpt-6-sol", "config", "show", "--format", "json"]);
    assert_eq!(json(&shown)[0]["model"], "gpt-6-sol");
}

#[test]
fn what_the_config_lacks_is_said() {
    let home = home();
    let check = || run(home.path(), &["config", "check"]);
    assert!(out(&check()).contains("no such file; `bakeoff init` writes one"), "{}", out(&check()));
    let shown = run(home.path(), &["config", "show", "--format", "json"]);
    assert_eq!(json(&shown), serde_json::json!([]));
    assert!(err(&shown).contains("the config has no endpoint"), "{}", err(&shown));
    config(home.path(), "");
    let rows = home.path().join(".config/bakeoff/catalog.toml");
    // Rows of one's own need no date.
    fs::write(
        &rows,
        "[[family]]\nid = \"house\"\n[[family.route]]\nkind = \"openai\"\nid = \"h-1\"\nscope = \"global\"\n",
    )
    .unwrap();
    assert!(out(&check()).contains("catalog.toml: fine"), "{}{}", out(&check()), err(&check()));
    config(home.path(), "[network]\nca_file = \"/nope/corp.pem\"\n");
    assert!(refused(home.path(), &["config", "check"]).contains("ca_file /nope/corp.pem cannot be read"));
    config(home.path(), "");
    fs::write(&rows, "[[family]]\nid = 1\n").unwrap();
    let wrong = refused(home.path(), &["config", "check"]);
    assert!(wrong.contains("catalog.toml: ") && wrong.contains("line 2"), "{wrong}");
}

#[test]
fn a_catalog_of_ones_own_counts_or_is_refused() {
    let home = home();
    config(home.path(), "");
    let rows = home.path().join(".config/bakeoff/catalog.toml");
    // Whoever reads it says what is wrong with it.
    let says = |words: &str| {
        for arguments in [
            &["config", "check"][..],
            &["models", "--all"],
            &["run", "hi", "-e", "openai:m"],
            &["init", "--print"],
        ] {
            let said = refused(home.path(), arguments);
            assert!(said.contains("catalog.toml: ") && said.contains(words), "{arguments:?}: {said}");
        }
    };
    let row =
        "[[family]]\nid = \"house\"\n[[family.route]]\nkind = \"openai\"\nid = \"h-1\"\nscope = \"global\"\n";
    fs::write(&rows, format!("{row}price = {{ inptu = \"1\", output = \"2\" }}\n")).unwrap();
    says("line 7: openai h-1, price: unknown key \"inptu\" (did you mean \"input\"?)");
    fs::write(&rows, row.replace("openai", "opnai")).unwrap();
    says("line 4: opnai h-1: unknown kind \"opnai\" (did you mean \"openai\"?)");
    fs::remove_file(&rows).unwrap();
    std::os::unix::fs::symlink(home.path().join("nothing"), &rows).unwrap();
    says("a link to a file that is not there");
    fs::remove_file(&rows).unwrap();
    fs::create_dir(&rows).unwrap();
    says("not a file");
}

#[test]
fn models_asks_every_account_and_tells_of_lists_that_did_not_come() {
    let home = home();
    let server = Loopback::start(|asked| match asked.header("authorization") {
        Some("Bearer sk-first") => Answer::json(200, r#"{"data":[{"id":"a"},{"id":"both"}]}"#),
        Some("Bearer sk-second") => Answer::json(200, r#"{"data":[{"id":"both"},{"id":"b"}]}"#),
        _ => Answer::json(401, r#"{"error":{"message":"Incorrect API key"}}"#),
    });
    let at = |name: &str, model: &str, key: &str| {
        let more = format!("base_url = \"{}/v1\"\napi_key_env = \"{key}\"", server.url());
        endpoint(name, "compatible", model, &more)
    };
    let text = [
        at("one", "a", "FIRST"),
        at("two", "b", "FIRST"),
        at("three", "b", "SECOND"),
        at("four", "a", "THIRD"),
    ];
    config(home.path(), &text.concat());
    let listed = bakeoff(home.path())
        .envs([("FIRST", "sk-first"), ("SECOND", "sk-second"), ("THIRD", "sk-third")])
        .args(["models", "-p", "compatible", "--format", "json"])
        .output()
        .unwrap();
    let rows = json(&listed);
    let ids: Vec<_> = rows.as_array().unwrap().iter().map(|r| r["model"].as_str().unwrap()).collect();
    assert_eq!(ids, ["a", "both", "b"]);
    assert_eq!(server.asked("/v1/models").len(), 3, "each account once");
    assert_eq!(listed.status.code(), Some(1), "a list is missing");
    assert!(err(&listed).contains("Incorrect API key"), "{}", err(&listed));
    let nowhere = self::home();
    let none = refused(nowhere.path(), &["models", "-p", "compatible"]);
    assert!(none.contains("write an [[endpoint]] with its base_url"), "{none}");
    assert!(refused(nowhere.path(), &["models"]).contains("--all for the catalog"));
    let all = run(nowhere.path(), &["models", "--all", "--format", "json", "opus-5-5"]);
    let rows = json(&all);
    let clouds: Vec<_> = rows.as_array().unwrap().iter().map(|r| r["provider"].as_str().unwrap()).collect();
    assert!(["anthropic", "bedrock", "vertex", "azure"].iter().all(|c| clouds.contains(c)), "{clouds:?}");
    assert!(rows.as_array().unwrap().iter().all(|r| r["from"] == "catalog only"), "{rows}");
}

#[test]
fn a_list_that_breaks_off_is_no_list() {
    let home = home();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{\"data\":[");
        }
    });
    let listed = bakeoff(home.path())
        .env("OPENAI_API_KEY", "k")
        .env("OPENAI_BASE_URL", base)
        .args(["models", "-p", "openai"])
        .output()
        .unwrap();
    assert_eq!(listed.status.code(), Some(1));
    assert!(err(&listed).contains("broke"), "{}", err(&listed));
}

/// A socket that takes connections and says nothing.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// The screen in a terminal of so many columns and rows, with this home and these variables.
fn screen(home: &Path, arguments: &[&str], vars: &[(&str, &str)], (columns, rows): (u16, u16)) -> Pty {
    let place = home.display().to_string();
    let vars: Vec<_> = [("HOME", place.as_str())].into_iter().chain(vars.iter().copied()).collect();
    Pty::start(Path::new(env!("CARGO_BIN_EXE_bakeoff")), arguments, &vars, columns, rows)
}

#[test]
fn a_server_that_hangs_is_named_and_holds_nobody_up() {
    let home = home();
    let (_listener, url) = silent();
    let asked = bakeoff(home.path())
        .env("OLLAMA_HOST", &url)
        .args(["run", "hi", "-m", "gpt-oss-120b"])
        .output()
        .unwrap();
    assert!(err(&asked).contains("Ollama (no answer)"), "{}", err(&asked));
    // The welcome is there before it, and takes a key meanwhile.
    let mut pty = screen(home.path(), &[], &[("OLLAMA_HOST", &url)], (80, 30));
    pty.wait_for("looking for servers on this machine");
    pty.wait_for("the demo: simulated endpoints");
    pty.send("q");
    assert!(pty.exit().success());
}

#[test]
fn servers_on_this_machine_are_added_to_the_welcome_when_they_answer() {
    let home = home();
    let server = Loopback::start(|asked| match asked.path.as_str() {
        "/api/tags" => Answer::json(200, r#"{"models":[{"name":"qwen3:8b","model":"qwen3:8b"}]}"#),
        _ => Answer::json(404, "{}"),
    });
    let mut pty = screen(home.path(), &[], &[("OLLAMA_HOST", &server.url())], (60, 40));
    pty.wait_for("runs here, 1 model");
    pty.wait_for("one pane for each");
    // What does not fit a narrow screen says so.
    assert!(pty.screen().lines().any(|l| l.trim_end().ends_with('…')), "{}", pty.screen());
    pty.send("\r");
    pty.wait_for("qwen3:8b");
    pty.wait_for("type a prompt");
    pty.send("\u{3}\u{3}\u{3}");
    assert!(pty.exit().success());
}

#[test]
fn clouds_that_are_left_out_stand_in_one_line_of_the_screen() {
    let home = home();
    let vars = [("OPENAI_API_KEY", "k"), ("ANTHROPIC_API_KEY", "k")];
    let arguments = ["-m", "gpt-6-sol", "-m", "claude-opus-5-5"];
    let mut pty = screen(home.path(), &arguments, &vars, (140, 30));
    pty.wait_for("E says why: gpt-6-sol not on 3 clouds · claude-opus-5-5 not on 4 clouds");
    assert!(pty.screen().contains("GPT-6 Sol + Claude Opus 5.5"), "{}", pty.screen());
    pty.send("\u{3}\u{3}\u{3}");
    assert!(pty.exit().success());
    // However many and however narrow: how many they are is not cut.
    let mut pty = screen(home.path(), &["-m", "gpt-oss-120b"], &[("GROQ_API_KEY", "k")], (80, 24));
    pty.wait_for("E says why: gpt-oss-120b not on ");
    let all = pty.screen();
    let line = all.lines().find(|l| l.contains("E says why")).unwrap_or_default();
    assert!(line.contains(" 8 clouds: Bedrock, Vertex, Azure"), "{all}");
    // Why is in the picker, also of those that this program does not speak to.
    pty.send("\t\tE");
    pty.wait_for("to choose from");
    pty.send("glm zai");
    pty.wait_for("not spoken here");
    pty.send("\u{3}\u{3}\u{3}");
    assert!(pty.exit().success());
}

#[test]
fn the_demo_offers_no_place_to_save_a_lineup() {
    let home = home();
    for arguments in [&["demo"][..], &[]] {
        let mut pty = screen(home.path(), arguments, &[], (120, 30));
        if arguments.is_empty() {
            // The same from the welcome.
            pty.wait_for("the demo: simulated endpoints");
            pty.send("d");
        }
        pty.wait_for("demo-swift");
        pty.send("\x1b");
        pty.wait_for("z zoom");
        pty.send("E");
        pty.wait_for("enter adds or removes · esc closes");
        pty.send("\u{13}");
        pty.wait_for("there is no config to save a lineup in");
        pty.send("\u{3}\u{3}\u{3}");
        assert!(pty.exit().success());
    }
}

#[test]
fn hosts_that_need_no_proxy_are_not_said_to_be_behind_one() {
    let (home, proxy) = (home(), Loopback::start(|_| Answer::json(403, "{}")));
    // Nothing listens there, on this machine or beyond; the name is not resolved.
    let ask = |no_proxy: &str| {
        let run = bakeoff(home.path())
            .env("HTTPS_PROXY", proxy.url())
            .env("NO_PROXY", no_proxy)
            .args(["run", "hi", "--format", "json", "-e", "compatible:m@https://llm.invalid/v1"])
            .output()
            .unwrap();
        answers(&run)[0]["error"].clone()
    };
    let direct = ask("localhost,.invalid");
    assert!(!direct["message"].as_str().unwrap().contains("proxy"), "{direct}");
    assert!(direct["hint"].as_str().unwrap().contains("resolve"), "{direct}");
    assert!(proxy.asked("").is_empty(), "{:?}", proxy.asked(""));
    let through = ask("other.invalid");
    let named = format!("through the proxy {}: it opened no tunnel", proxy.address);
    assert!(through["message"].as_str().unwrap().contains(&named), "{through}");
    // A proxy for plain http counts for plain http.
    let plain = bakeoff(home.path())
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .args(["run", "hi", "--format", "json"])
        .args(["-e", "compatible:m@http://llm.invalid/v1?allow_plain_http=true"])
        .output()
        .unwrap();
    let said = answers(&plain)[0]["error"]["message"].as_str().unwrap().to_owned();
    assert!(said.contains("through the proxy"), "{said}");
}

#[test]
fn a_proxy_that_refuses_is_named_by_who_named_it() {
    let (home, proxy) = (home(), Loopback::start(|_| Answer::json(403, "{}")));
    let url = proxy.url();
    let hint = |vars: &[(&str, &str)], spec: &str| {
        let run = bakeoff(home.path())
            .envs(vars.iter().copied())
            .args(["run", "hi", "--format", "json", "-e", spec])
            .output()
            .unwrap();
        answers(&run)[0]["error"]["hint"].as_str().unwrap().to_owned()
    };
    let tls = "compatible:m@https://llm.invalid/v1";
    let all = ("ALL_PROXY", url.as_str());
    assert!(hint(&[all], tls).contains("first: ALL_PROXY says"), "{}", hint(&[all], tls));
    let both = hint(&[all, ("https_proxy", &url)], tls);
    assert!(both.contains("first: https_proxy says"), "{both}");
    let plain = "compatible:m@http://llm.invalid/v1?allow_plain_http=true";
    let plain = hint(&[("HTTP_PROXY", "http://127.0.0.1:1"), ("HTTPS_PROXY", &url)], plain);
    assert!(plain.contains("first: HTTP_PROXY says"), "{plain}");
    config(home.path(), &format!("[network]\nproxy = \"{url}\"\n"));
    let own = hint(&[all], tls);
    assert!(own.contains("first: [network] proxy in the config says"), "{own}");
}

#[test]
fn nobody_to_ask_names_what_a_profile_would_reach() {
    let home = home();
    fs::create_dir(home.path().join(".aws")).unwrap();
    let profile = "[default]\nregion = eu-west-1\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n";
    fs::write(home.path().join(".aws/config"), profile).unwrap();
    for arguments in [&["run", "hi"][..], &["doctor"], &[]] {
        let said = refused(home.path(), arguments);
        assert!(said.contains("this machine has bedrock (AWS profile default)"), "{said}");
    }
}

#[test]
fn the_config_shown_says_where_each_key_is_or_why_there_is_none() {
    let home = home();
    fs::create_dir(home.path().join(".aws")).unwrap();
    fs::write(
        home.path().join(".aws/config"),
        "[default]\naws_access_key_id = A\naws_secret_access_key = x\n",
    )
    .unwrap();
    let opus = "us.anthropic.claude-opus-5-5";
    let text = [
        endpoint("here", "bedrock", opus, "region = \"us-east-1\""),
        endpoint("away", "bedrock", opus, "region = \"eu-west-1\""),
        endpoint("keyless", "openai", "gpt-6-sol", ""),
    ];
    config(home.path(), &text.concat());
    let rows = json(&run(home.path(), &["config", "show", "--format", "json"]));
    assert_eq!(rows[0]["key"], "AWS profile default");
    assert!(rows[0]["problem"].is_null() && rows[1]["key"].is_null(), "{rows}");
    assert!(rows[1]["problem"].as_str().unwrap().contains("use eu.anthropic"), "{rows}");
    assert_eq!(rows[2]["problem"], "no key: OPENAI_API_KEY");
    let table = out(&run(home.path(), &["config", "show"]));
    assert!(table.contains("  no key: OPENAI_API_KEY") && !table.contains("problem"), "{table}");
    assert!(table.contains("  no: us. profiles are called from"), "{table}");
}

#[test]
fn a_variable_that_names_no_proxy_is_not_passed_over() {
    let home = home();
    let ask = |proxy: &str, no_proxy: &str| {
        let run = bakeoff(home.path())
            .envs([("HTTPS_PROXY", proxy), ("NO_PROXY", no_proxy)])
            .args(["run", "hi", "--format", "json", "-e", "compatible:m@https://llm.invalid/v1"])
            .output()
            .unwrap();
        answers(&run)[0]["error"].clone()
    };
    for (proxy, words) in [
        ("htp:/canary", "host and a port"),
        ("socks5://user:canary@p:1", "socks5"),
        ("http://p:1/canary", "host and a port"),
    ] {
        let error = ask(proxy, "");
        assert_eq!(error["class"], "setup", "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with("HTTPS_PROXY: ") && message.contains(words), "{error}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
    assert_eq!(ask("htp:/x", ".invalid")["class"], "unreachable", "a host that needs none");
    // The doctor's way through a proxy is one step.
    let proxy = Loopback::start(|_| Answer::json(403, "{}"));
    let examined = bakeoff(home.path())
        .env("HTTPS_PROXY", proxy.url())
        .args(["doctor", "--format", "json", "-e", "compatible:m@https://llm.invalid/v1"])
        .output()
        .unwrap();
    let rows = json(&examined);
    let last = rows.as_array().unwrap().last().unwrap();
    assert_eq!((last["step"].as_str(), last["ok"].as_bool()), (Some("proxy"), Some(false)), "{rows}");
}

#[test]
fn a_path_may_begin_at_home() {
    use std::os::unix::fs::PermissionsExt;
    let home = home();
    let server = Loopback::start(|_| chat("hi"));
    let key = home.path().join("keys");
    fs::write(&key, "sk-from-home-1\n").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let more = format!("base_url = \"{}/v1\"\napi_key_file = \"~/keys\"", server.url());
    config(home.path(), &endpoint("e", "compatible", "m", &more));
    let asked = run(home.path(), &["run", "hi", "--format", "json"]);
    assert_eq!(answers(&asked)[0]["status"], "complete", "{}", err(&asked));
    assert_eq!(server.asked("")[0].header("authorization"), Some("Bearer sk-from-home-1"));
}

#[test]
fn doctor_examines_the_endpoints_own_request() {
    let home = home();
    // Thinks until its limit ends it.
    let server = Loopback::start(|asked| match asked.method.as_str() {
        "POST" => Answer::new(
            200,
            "text/event-stream",
            "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":512}}\n\ndata: [DONE]\n\n",
        ),
        _ => Answer::json(404, "{}"),
    });
    let spec = |query: &str| format!("openai:gpt-6-sol@{}/v1?api=chat&name={query}", server.url());
    let examined = bakeoff(home.path())
        .env("OPENAI_API_KEY", "k")
        .args(["doctor", "--format", "json", "-e", &spec("plain")])
        .args(["-e", &spec("limited&max_tokens=16"), "-e", &spec("thinking&reasoning_effort=high")])
        .output()
        .unwrap();
    let rows = json(&examined);
    let last = |name: &str| {
        let mut all = rows.as_array().unwrap().iter();
        all.rfind(|r| r["endpoint"] == name).unwrap().clone()
    };
    let plain = last("plain");
    assert_eq!((plain["step"].as_str(), plain["ok"].as_bool()), (Some("first token"), Some(true)));
    assert!(plain["found"].as_str().unwrap().contains("512 tokens that doctor allows"), "{plain}");
    for name in ["limited", "thinking"] {
        assert!(last(name)["fix"].as_str().unwrap().contains("raise max_tokens"), "{}", last(name));
    }
    let limits: Vec<_> = server
        .asked("POST")
        .iter()
        .map(|a| serde_json::from_str::<serde_json::Value>(&a.body).unwrap())
        .map(|body| (body["reasoning_effort"].is_string(), body["max_completion_tokens"].as_u64()))
        .collect();
    for want in [(false, Some(512)), (false, Some(16)), (true, None)] {
        assert!(limits.contains(&want), "{want:?} is not among {limits:?}");
    }
}

#[test]
fn doctor_takes_its_own_limit_back_where_it_is_refused() {
    let home = home();
    let server = Loopback::start(|asked| {
        let limit = ["max_tokens", "max_completion_tokens"].into_iter().find(|f| asked.body.contains(f));
        match (asked.method.as_str(), limit) {
            ("POST", Some(field)) => Answer::json(
                400,
                format!(
                    r#"{{"error":{{"message":"Unsupported parameter: '{field}'","param":"{field}","code":"unsupported_parameter"}}}}"#
                ),
            ),
            ("POST", None) => chat("ok"),
            _ => Answer::json(404, "{}"),
        }
    });
    let spec = |query: &str| format!("openai:gpt-6-sol@{}/v1?api=chat&name={query}", server.url());
    let examined = bakeoff(home.path())
        .env("OPENAI_API_KEY", "k")
        .args(["doctor", "--format", "json", "-e", &spec("plain"), "-e", &spec("own&max_tokens=16")])
        .output()
        .unwrap();
    let rows = json(&examined);
    let failed: Vec<_> = rows.as_array().unwrap().iter().filter(|r| r["ok"] == false).collect();
    // The limit that the endpoint sets itself is its own fault.
    assert_eq!(failed.len(), 1, "{rows}");
    assert_eq!(failed[0]["endpoint"], "own", "{rows}");
    assert!(rows.as_array().unwrap().iter().any(|r| r["endpoint"] == "plain" && r["step"] == "first token"));
}

/// Files that were of no use at the start are looked at when the picker opens.
#[test]
fn the_picker_asks_bedrock_where_the_profile_says() {
    let home = home();
    fs::create_dir_all(home.path().join(".aws")).unwrap();
    fs::write(home.path().join(".aws/config"), "[default]\nregion = eu-west-1\nrole_arn = r\n").unwrap();
    let mut pty = screen(home.path(), &["-e", "openai:gpt-6-sol"], &[("OPENAI_API_KEY", "k")], (120, 30));
    pty.wait_for("type a prompt");
    pty.send("\x1b");
    pty.wait_for("z zoom");
    pty.send("E");
    pty.wait_for("to choose from");
    pty.send("opus bedrock");
    pty.wait_for("eu · eu-west-1");
    pty.wait_for("AWS profile default");
    pty.send("\u{3}\u{3}\u{3}");
    assert!(pty.exit().success());
}
