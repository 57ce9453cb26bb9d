use super::*;
use crate::model::Effort;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("config.toml")).map_err(|e| e.to_string())
}

const GOOD: &str = r#"
theme = "tokyo-night"
lineup = "both"

[defaults]
max_tokens = 2048

[timeouts]
idle_s = 30

[[endpoint]]
name = "sol"
provider = "openai"
model = "gpt-6-sol"
params = { reasoning_effort = "low", max_tokens = 100 }

[[endpoint]]
provider = "bedrock"
model = "us.anthropic.claude-opus-5-5"
region = "us-east-1"

[[lineup_set]]
name = "both"
endpoints = ["sol", "us.anthropic.claude-opus-5-5"]
baseline = "sol"

[keys.pane]
zoom = ["z", "enter"]
"#;

#[test]
fn a_good_file_is_read_whole() {
    let config = parse(GOOD).unwrap();
    assert_eq!(config.theme, Some(ThemeWish::Named("tokyo-night".into())));
    let lineup = config.lineup_named("both").unwrap();
    assert_eq!(lineup.baseline, Some(0));
    let names: Vec<_> = lineup.endpoints.iter().map(|e| e.name.as_str()).collect();
    assert_eq!(names, ["sol", "us.anthropic.claude-opus-5-5"]);
    let sol = config.endpoint("sol").unwrap();
    assert_eq!((sol.params.effort, sol.params.max_tokens), (Some(Effort::Low), Some(100)));
    let opus = config.endpoint("us.anthropic.claude-opus-5-5").unwrap();
    assert_eq!((opus.place.as_deref(), opus.params.max_tokens), (Some("us-east-1"), Some(2048)));
    assert_eq!(config.timeouts.idle, Some(Duration::from_secs(30)));
    let zoom =
        KeyRow { focus: "pane".into(), command: "zoom".into(), keys: vec!["z".into(), "enter".into()] };
    assert_eq!(config.keys, [zoom]);
}

#[test]
fn every_mistake_names_line_column_and_the_nearest_right_word() {
    let cases = [
        (
            "\n[[endpoint]]\nprovider = \"openai\"\nmodle = \"m\"\n",
            "config.toml:4:1: unknown key \"modle\" (did you mean \"model\"?)",
        ),
        (
            "[[endpoint]]\nprovider = \"opnai\"\nmodel = \"m\"\n",
            "config.toml:2:12: unknown provider \"opnai\" (did you mean \"openai\"?)",
        ),
        ("[[endpoint]]\nprovider = \"openai\"\n", "an endpoint needs a model"),
        ("theme = 3\n", "config.toml:1:9: a theme is a name, or { light"),
        ("[attach]\ntext_kib = 0\n", "text_kib is a whole number of KiB from 1 to 16384"),
        ("theme = \"a\n", "config.toml:1:"),
        (
            "[[endpoint]]\nprovider = \"openai\"\nmodel = \"m\"\nregion = \"us\"\n",
            "config.toml:4:10: openai has no region, but a base URL; bedrock has",
        ),
        (
            "[[endpoint]]\nprovider = \"compatible\"\nmodel = \"m\"\n",
            "config.toml:2:12: compatible needs a base_url",
        ),
        (
            "[[endpoint]]\nprovider = \"openai\"\nmodel = \"m\"\nparams = { temprature = 1 }\n",
            "did you mean \"temperature\"?",
        ),
        (
            "[[endpoint]]\nprovider = \"openai\"\nmodel = \"m\"\napi_key_env = \"A\"\nkeyring = \"b\"\n",
            "config.toml:5:11: an endpoint has one key",
        ),
        (
            "[[endpoint]]\nprovider = \"azure\"\nmodel = \"m\"\nresource = \"r\"\nauth = \"antra\"\n",
            "config.toml:5:8: azure has no auth \"antra\" (did you mean \"entra\"?)",
        ),
        (
            "[network]\nproxy = \"http://u:canary@h\"\n",
            "config.toml:2:9: a proxy's user and password do not belong in the file; set HTTPS_PROXY",
        ),
        ("[network]\nproxy = \"socks5://h:1\"\n", "a proxy is spoken to by http or https, not socks5"),
        ("[network]\nproxy = \"http://h:1/x\"\n", "a proxy is a host and a port"),
        ("[defaults]\nmax_tokens = 0\n", "config.toml:2:14: max_tokens must be at least 1"),
        ("[timeouts]\nidle_s = -1\n", "config.toml:2:10: a time limit is a positive number of seconds"),
        ("[budget]\nsession_usd = -1\n", "config.toml:2:15: \"-1\" is no amount of dollars: write 2.00"),
        ("[budget]\nsession_eur = 1\n", "did you mean \"session_usd\"?"),
        ("lineup = \"x\"\n", "config.toml:1:10: no lineup is called \"x\""),
        (
            "[[lineup_set]]\nname = \"l\"\nendpoints = [\"nobody\"]\n",
            "config.toml:3:14: no endpoint is called \"nobody\"",
        ),
        ("[keys.pane]\nzoom = 3\n", "keys.pane.zoom is a key or a list of keys"),
        ("[prompt]\nkeys = \"vim\"", "config.toml:2:8: prompt.keys is \"plain\" or \"vi\", not \"vim\""),
        ("[prompt]\nhistory = -1", "config.toml:2:11: prompt.history is a number of prompts from 0"),
        ("[prompt]\nkey = \"vi\"", "unknown key \"key\""),
    ];
    for (text, want) in cases {
        let error = parse(text).unwrap_err();
        assert!(!error.contains("canary"), "{error}");
        assert!(error.contains(want), "{text:?}\n gave {error}\n want {want}");
    }
}

#[test]
fn a_duplicate_name_is_found() {
    let twice =
        "[[endpoint]]\nprovider=\"openai\"\nmodel=\"m\"\n[[endpoint]]\nprovider=\"openai\"\nmodel=\"m\"\n";
    let error = parse(twice).unwrap_err();
    assert!(error.starts_with("config.toml:6:7: a second endpoint is called \"m\""), "{error}");
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_fine() {
    let text = format!("\u{feff}{}", GOOD.replace('\n', "\r\n"));
    assert_eq!(parse(&text), parse(GOOD));
}

#[test]
fn files_that_are_no_text_or_too_large_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.toml");
    std::fs::write(&path, b"theme = \"a\"\nx = \"\xff\"\n").unwrap();
    let error = Config::load(&path, true).unwrap_err();
    assert_eq!(error.at, Some((2, 6)));
    assert!(error.message.contains("UTF-8"));
    std::fs::write(&path, vec![b'#'; 2 << 20]).unwrap();
    assert!(Config::load(&path, true).unwrap_err().message.contains("more than a configuration"));
    let missing = dir.path().join("none.toml");
    assert_eq!(Config::load(&missing, false), Ok(Config::default()));
    assert!(Config::load(&missing, true).unwrap_err().message.contains("cannot be read"));
}

#[test]
fn each_cloud_says_its_place_its_deployment_and_its_key_in_its_own_words() {
    let config = parse(
        r#"
[[endpoint]]
name = "gpt azure"
provider = "azure"
resource = "contoso-east"
deployment = "gpt6sol"
model = "gpt-6-sol"
auth = "entra"

[[endpoint]]
name = "gemini"
provider = "vertex"
project = "my-project"
location = "europe-west1"
model = "gemini-3.8-flash"

[[endpoint]]
name = "unmapped"
provider = "azure"
resource = "contoso-east"
deployment = "gpt6sol"
api_key_cmd = ["op", "read", "op://team/azure/key"]

[[endpoint]]
name = "clear"
provider = "mistral"
model = "mistral-large-2512"
api_key = "sk-clear-0123"
"#,
    )
    .unwrap();
    let of = |name: &str| config.endpoint(name).unwrap();
    let azure = of("gpt azure");
    assert_eq!((azure.sent_model(), azure.model.as_str()), ("gpt6sol", "gpt-6-sol"));
    assert_eq!((azure.place.as_deref(), azure.auth.as_deref()), (Some("contoso-east"), Some("entra")));
    assert_eq!(of("gemini").place.as_deref(), Some("my-project/europe-west1"));
    let unmapped = of("unmapped");
    assert_eq!((unmapped.sent_model(), unmapped.deployment.as_deref()), ("gpt6sol", None));
    assert_eq!(unmapped.key.as_ref().unwrap().label(), "api_key_cmd op");
    let label = of("clear").key.as_ref().unwrap().label();
    assert_eq!(config.plain_keys.iter().collect::<Vec<_>>(), [(label.as_str(), "sk-clear-0123")]);
    assert!(!format!("{config:?}").contains("sk-clear"), "a key has no debug text");
}

#[test]
fn a_key_in_clear_needs_a_file_that_nobody_else_reads() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    std::fs::write(&path, "[[endpoint]]\nprovider = \"openai\"\nmodel = \"m\"\napi_key = \"sk-clear\"\n")
        .unwrap();
    let mode = |m| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(m)).unwrap();
    for open in [0o644, 0o640, 0o604] {
        mode(open);
        let error = Config::load(&path, true).unwrap_err().to_string();
        assert!(error.contains("chmod 600") && !error.contains("sk-clear"), "{error}");
    }
    mode(0o600);
    assert!(Config::load(&path, true).is_ok());
}
