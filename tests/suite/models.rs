//! `bakeoff models`: which account lists what, how long it is waited for, and what the catalog adds.

use std::net::TcpListener;

use bakeoff::model::Endpoint;
use bakeoff::provider::{HeaderText, Identity, Vars, listings};
use serde_json::Value;

use crate::loopback::{Answer, Loopback};
use crate::program::{bakeoff, config, err, home, json, out};

fn lists(ids: &[&str]) -> Answer {
    let items: Vec<_> = ids.iter().map(|id| format!("{{\"id\":{id:?}}}")).collect();
    Answer::json(200, format!("{{\"data\":[{}]}}", items.join(",")))
}

/// The row of a model.
fn row<'r>(rows: &'r Value, id: &str) -> &'r Value {
    rows.as_array().unwrap().iter().find(|r| r["model"] == id).unwrap_or_else(|| panic!("no {id} in {rows}"))
}

#[test]
fn each_model_has_the_price_of_where_it_was_listed() {
    let (home, proxy) = (home(), Loopback::start(|_| Answer::json(403, "{}")));
    let server = Loopback::start(|_| lists(&["gpt-6.1-sol"]));
    // A region's host sells the same model for more; its list does not come.
    let account = |name: &str, base: &str| {
        format!(
            "[[endpoint]]\nname = \"{name}\"\nprovider = \"openai\"\nmodel = \"m\"\nbase_url = \"{base}\"\napi_key_env = \"K\"\n"
        )
    };
    let text =
        account("near", &format!("{}/v1", server.url())) + &account("far", "https://eu.api.openai.com/v1");
    config(home.path(), &text);
    let listed = bakeoff(home.path())
        .envs([("K", "k-0123456"), ("HTTPS_PROXY", &proxy.url())])
        .args(["models", "-p", "openai", "--format", "json"])
        .output()
        .unwrap();
    assert_eq!(row(&json(&listed), "gpt-6.1-sol")["price_in_out_per_1m"], "$2 / $10", "{}", out(&listed));
    assert!(err(&listed).contains("bakeoff: openai (far): "), "{}", err(&listed));
}

#[test]
fn a_key_that_takes_its_time_is_waited_for() {
    let home = home();
    let server = Loopback::start(|_| lists(&["house-1"]));
    let base = server.url();
    config(
        home.path(),
        &format!(
            "[[endpoint]]\nname = \"e\"\nprovider = \"vllm\"\nmodel = \"m\"\nbase_url = \"{base}\"\n\
             api_key_cmd = [\"sh\", \"-c\", \"sleep 1.1; echo sk-slow-1234\"]\n"
        ),
    );
    let listed = bakeoff(home.path()).args(["models", "-p", "vllm", "--format", "json"]).output().unwrap();
    assert_eq!(row(&json(&listed), "house-1")["from"], "listed", "{}", err(&listed));
    // The server itself is not.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", silent.local_addr().unwrap());
    let listed =
        bakeoff(home.path()).env("OLLAMA_HOST", base).args(["models", "-p", "ollama"]).output().unwrap();
    assert!(err(&listed).contains("no answer: no list of models within 1 s"), "{}", err(&listed));
}

#[test]
fn all_is_what_is_listed_and_the_rest_of_the_catalog() {
    let home = home();
    let server = Loopback::start(|_| lists(&["gpt-6-sol", "gpt-5.4-mini-2026-03-17", "house-1"]));
    let models = |more: &[&str]| {
        bakeoff(home.path())
            .envs([("OPENAI_API_KEY", "k-0123456"), ("OPENAI_BASE_URL", &server.url())])
            .args(["models", "-p", "openai", "--format", "json"])
            .args(more)
            .output()
            .unwrap()
    };
    assert_eq!(json(&models(&[])).as_array().unwrap().len(), 3);
    let all = json(&models(&["--all"]));
    assert_eq!(row(&all, "gpt-6-sol")["from"], "listed");
    assert_eq!(row(&all, "house-1")["from"], "listed");
    assert_eq!(row(&all, "gpt-6-luna")["from"], "catalog only");
    let again = |id: &str| all.as_array().unwrap().iter().filter(|r| r["model"] == id).count();
    assert_eq!((again("gpt-6-sol"), again("gpt-5.4-mini")), (1, 0), "{all}");
    let none = err(&models(&["--all", "zzz"]));
    assert!(none.contains("\"zzz\"") && !none.contains("--all for"), "{none}");
}

#[test]
fn a_list_is_asked_for_as_an_answer_is() {
    let home = home();
    let server = Loopback::start(|_| lists(&["m"]));
    let listed = bakeoff(home.path())
        .envs([("OPENAI_API_KEY", "k-0123456"), ("OPENAI_BASE_URL", &server.url())])
        .envs([("OPENAI_ORG_ID", "org-7"), ("OPENAI_PROJECT_ID", "proj-8")])
        .args(["models", "-p", "openai"])
        .output()
        .unwrap();
    assert!(out(&listed).contains("listed"), "{}", err(&listed));
    let asked = &server.asked("/models")[0];
    assert_eq!(asked.header("openai-organization"), Some("org-7"));
    assert_eq!(asked.header("openai-project"), Some("proj-8"));
}

/// What the list of a provider is asked for: the address, and the header that carries the key.
fn question(provider: &str, vars: &[(&str, &str)]) -> Option<(String, &'static str)> {
    let endpoint = Endpoint { provider: provider.into(), ..Endpoint::default() };
    let question = listings(&endpoint, &Vars::only(vars)).ok()?.into_iter().next()?;
    let key = question.headers.iter().find(|(_, value)| matches!(value, HeaderText::Secret(_)));
    Some((question.url.clone(), key.map_or("none", |(name, _)| name)))
}

#[test]
fn variables_of_one_api_alone_are_a_cloud_that_is_here() {
    let claude = [("ANTHROPIC_FOUNDRY_API_KEY", "k-0123456"), ("ANTHROPIC_FOUNDRY_RESOURCE", "contoso")];
    let at = |resource: &str| format!("https://{resource}.openai.azure.com/openai/v1/models");
    assert_eq!(question("azure", &claude), Some((at("contoso"), "api-key")));
    // The row's own stand before them, and a key before the chain.
    let own = [("AZURE_OPENAI_API_KEY", "k-6543210"), ("AZURE_RESOURCE_NAME", "fabrikam")];
    assert_eq!(question("azure", &[own, claude].concat()), Some((at("fabrikam"), "api-key")));
    assert_eq!(question("azure", &[own[1], claude[0]]), Some((at("fabrikam"), "api-key")));
    assert_eq!(question("azure", &claude[1..]), Some((at("contoso"), "none")));
    let base = ("ANTHROPIC_FOUNDRY_BASE_URL", "https://contoso.services.ai.azure.com/anthropic");
    assert_eq!(question("azure", &[claude[0], base]), Some((at("contoso"), "api-key")));
    let gateway = ("ANTHROPIC_FOUNDRY_BASE_URL", "https://gateway.example/anthropic");
    assert_eq!(question("azure", &[claude[0], gateway]), None);

    let home = home();
    let run = |vars: &[(&str, &str)], arguments: &[&str]| {
        bakeoff(home.path()).envs(vars.iter().copied()).args(arguments).output().unwrap()
    };
    let written = out(&run(&claude, &["init", "--print"]));
    let found = "# azure: ANTHROPIC_FOUNDRY_API_KEY\n[[endpoint]]\nname = \"claude-opus-5-5\"\nprovider = \"azure\"\n\
                 deployment = \"claude-opus-5-5\"   # the name of your deployment\nmodel = \"claude-opus-5-5\"\n\
                 # resource = \"contoso-east\"   # else ANTHROPIC_FOUNDRY_RESOURCE says which\n";
    assert!(written.contains(found), "{written}");
    // A gateway has no list of its own; nobody is asked for one who was not named.
    assert!(!err(&run(&[claude[0], gateway], &["models"])).contains("azure"));
    let vertex = [
        ("GOOGLE_APPLICATION_CREDENTIALS", "/adc.json"),
        ("ANTHROPIC_VERTEX_PROJECT_ID", "mine"),
        ("CLOUD_ML_REGION", "us-east5"),
    ];
    let written = out(&run(&vertex, &["init", "--print"]));
    assert!(written.contains("project = \"mine\"\nlocation = \"us-east5\"\n"), "{written}");
    let listed = run(&vertex, &["models", "--format", "json"]);
    assert_eq!(row(&json(&listed), "claude-opus-5-5@default")["provider"], "vertex");
}

#[test]
fn a_resources_key_is_not_for_another_resource() {
    let principal =
        [("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "sk-canary-secret")];
    let foundry = [("ANTHROPIC_FOUNDRY_RESOURCE", "res-b"), ("ANTHROPIC_FOUNDRY_API_KEY", "sk-canary-res-b")];
    let asked = |endpoint: &Endpoint, more: &[(&str, &str)]| {
        let vars = [&principal[..], &foundry[..], more].concat();
        let question = listings(endpoint, &Vars::only(&vars)).unwrap().remove(0);
        let host = question.url.split('/').nth(2).unwrap().split('.').next().unwrap().to_owned();
        (host, matches!(question.identity, Identity::Entra { .. }), question.secrets.len())
    };
    let azure = Endpoint { provider: "azure".into(), ..Endpoint::default() };
    let at = |url: &str| Endpoint { base_url: Some(url.to_owned()), ..azure.clone() };
    let placed = |name: &str| Endpoint { place: Some(name.to_owned()), ..azure.clone() };
    let own = ("AZURE_OPENAI_ENDPOINT", "https://res-a.openai.azure.com");
    for (endpoint, more, want) in [
        (at("https://res-a.openai.azure.com/openai/v1"), &[][..], ("res-a", true, 0)),
        (placed("res-a"), &[], ("res-a", true, 0)),
        (azure.clone(), &[own], ("res-a", true, 0)),
        // Where nothing else is named, the resource that has a key is the account.
        (azure.clone(), &[], ("res-b", false, 1)),
        (placed("res-b"), &[], ("res-b", false, 1)),
    ] {
        let (host, entra, keys) = asked(&endpoint, more);
        assert_eq!((host.as_str(), entra, keys), want, "{endpoint:?} {more:?}");
    }
}

#[test]
fn a_key_in_a_list_of_models_is_taken_out() {
    let server = Loopback::start(|_| Answer::json(200, r#"{"data":[{"id":"m-sk-canary-0123456789"}]}"#));
    let home = home();
    for format in ["table", "json"] {
        let listed = bakeoff(home.path())
            .env("OPENAI_API_KEY", "sk-canary-0123456789")
            .env("OPENAI_BASE_URL", format!("{}/v1", server.url()))
            .args(["models", "-p", "openai", "--format", format])
            .output()
            .unwrap();
        assert!(
            out(&listed).contains("m-<redacted>") && !out(&listed).contains("canary"),
            "{}",
            out(&listed)
        );
    }
}
