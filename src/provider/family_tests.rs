use std::sync::Arc;

use super::*;
use crate::provider::api_of;

fn open(word: &str, vars: &[(&str, &str)], all: bool) -> Opened {
    let (catalog, vars, machine) = (Catalog::embedded(), Vars::only(vars), Machine::default());
    reach(&catalog, &vars, &machine, all).open(word).unwrap()
}

fn reach<'a>(catalog: &'a Arc<Catalog>, vars: &'a Vars, machine: &'a Machine, all: bool) -> Reach<'a> {
    Reach { catalog, vars, machine, own: &[], served: &[], all }
}

fn shown(opened: &Opened) -> Vec<String> {
    opened.lineup.endpoints.iter().map(|e| format!("{}:{}", e.provider, e.model)).collect()
}

const ALL_CLOUDS: [(&str, &str); 10] = [
    ("OPENAI_API_KEY", "k"),
    ("AZURE_OPENAI_API_KEY", "k"),
    ("AZURE_OPENAI_ENDPOINT", "https://r.openai.azure.com"),
    ("ANTHROPIC_API_KEY", "k"),
    ("AWS_ACCESS_KEY_ID", "k"),
    ("AWS_SECRET_ACCESS_KEY", "k"),
    ("AWS_REGION", "us-east-1"),
    ("GOOGLE_APPLICATION_CREDENTIALS", "/adc.json"),
    ("GOOGLE_CLOUD_PROJECT", "p"),
    ("OPENROUTER_API_KEY", "k"),
];

#[test]
fn one_pane_for_each_cloud_with_credentials() {
    assert_eq!(
        shown(&open("claude-opus-5-5", &ALL_CLOUDS, false)),
        [
            "anthropic:claude-opus-5-5",
            "bedrock:us.anthropic.claude-opus-5-5",
            "vertex:claude-opus-5-5",
            "azure:claude-opus-5-5",
            "openrouter:anthropic/claude-opus-5.5",
        ]
    );
    let gpt = open("GPT-6 Sol", &ALL_CLOUDS, false);
    assert_eq!(
        shown(&gpt),
        ["openai:gpt-6-sol", "azure:gpt-6-sol", "bedrock:us.openai.gpt-6-sol", "openrouter:openai/gpt-6-sol"]
    );
    let names: Vec<_> = gpt.lineup.endpoints.iter().map(|e| e.name.as_str()).collect();
    assert_eq!(
        names,
        ["gpt-6-sol openai", "gpt-6-sol azure", "gpt-6-sol bedrock us", "gpt-6-sol openrouter"]
    );
    assert_eq!(gpt.lineup.endpoints[1].deployment.as_deref(), Some("gpt-6-sol"));
}

#[test]
fn what_is_missing_is_said_cloud_by_cloud() {
    let opened = open("claude-opus-5-5", &[("ANTHROPIC_API_KEY", "k"), ("AZURE_OPENAI_API_KEY", "k")], false);
    assert_eq!(shown(&opened), ["anthropic:claude-opus-5-5"]);
    let missing: Vec<_> = opened.missing.iter().map(|(c, m)| format!("{c}: {m}")).collect();
    assert_eq!(
        missing,
        [
            "Bedrock: no AWS credentials: AWS_PROFILE, AWS_ACCESS_KEY_ID or AWS_BEARER_TOKEN_BEDROCK",
            "Vertex: no Google credentials: run `gcloud auth application-default login`",
            "Azure: no Azure resource: ANTHROPIC_FOUNDRY_RESOURCE or AZURE_RESOURCE_NAME or AZURE_OPENAI_ENDPOINT is not set",
            "OpenRouter: no key: OPENROUTER_API_KEY",
        ]
    );
}

#[test]
fn a_region_takes_its_own_profile_then_the_global_one_then_the_bare_id() {
    let at = |region: &'static str, all| {
        let vars = [("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "k"), ("AWS_REGION", region)];
        shown(&open("claude-opus-5-5", &vars, all))
            .iter()
            .map(|s| s.replace("bedrock:", ""))
            .collect::<Vec<_>>()
    };
    for (region, first) in [
        ("us-west-2", "us.anthropic.claude-opus-5-5"),
        ("eu-central-1", "eu.anthropic.claude-opus-5-5"),
        ("ap-northeast-1", "jp.anthropic.claude-opus-5-5"),
        ("ap-southeast-2", "au.anthropic.claude-opus-5-5"),
        ("ap-southeast-1", "apac.anthropic.claude-opus-5-5"),
        ("us-gov-west-1", "us-gov.anthropic.claude-opus-5-5"),
        ("sa-east-1", "global.anthropic.claude-opus-5-5"),
    ] {
        assert_eq!(at(region, false), [first], "{region}");
    }
    assert_eq!(
        at("eu-central-1", true),
        ["eu.anthropic.claude-opus-5-5", "global.anthropic.claude-opus-5-5", "anthropic.claude-opus-5-5"]
    );
}

#[test]
fn the_users_own_endpoints_stand_before_the_catalogs() {
    let own = [Endpoint {
        name: "opus in contoso".into(),
        provider: "azure".into(),
        model: "claude-opus-5-5".into(),
        deployment: Some("opus-prod".into()),
        ..Endpoint::default()
    }];
    let (catalog, vars, machine) = (Catalog::embedded(), Vars::only(&ALL_CLOUDS), Machine::default());
    let opened =
        Reach { own: &own, ..reach(&catalog, &vars, &machine, false) }.open("claude-opus-5-5").unwrap();
    let azure: Vec<_> = opened.lineup.endpoints.iter().filter(|e| e.provider == "azure").collect();
    assert_eq!(azure, [&own[0]]);
}

#[test]
fn local_servers_are_asked_for_what_they_serve() {
    let (catalog, vars, machine) = (Catalog::embedded(), Vars::only(&[]), Machine::default());
    let served =
        [("ollama".to_owned(), "gpt-oss:120b".to_owned()), ("ollama".to_owned(), "qwen3".to_owned())];
    let opened =
        Reach { served: &served, ..reach(&catalog, &vars, &machine, false) }.open("gpt-oss-120b").unwrap();
    assert_eq!(shown(&opened), ["ollama:gpt-oss:120b"]);
    assert!(opened.open_weights);
}

#[test]
fn a_family_that_is_not_there_names_the_nearest() {
    let (catalog, vars, machine) = (Catalog::embedded(), Vars::only(&[]), Machine::default());
    let error = reach(&catalog, &vars, &machine, false).open("claude-opus-55").unwrap_err();
    assert!(error.contains("did you mean \"claude-opus-5-5\"?"), "{error}");
}

/// The row's own rule finds the API that the catalog names, for every route that has a row.
#[test]
fn every_route_of_the_catalog_is_spoken_to_by_the_api_that_it_names() {
    let catalog = Catalog::embedded();
    let mut seen = 0;
    for (endpoint, route) in routes(&catalog) {
        let Some(row) = provider(&route.kind) else { continue };
        let api = api_of(row, &endpoint).unwrap_or_else(|f| panic!("{}: {}", route.id, f.message));
        let want = match (route.api.as_str(), route.door.as_str()) {
            ("generateContent", _) => "gemini",
            ("anthropic-rawPredict", _) => "messages",
            ("ollama-chat", _) => "ollama",
            (word, "bedrock-mantle") => {
                assert!(api.id.starts_with("mantle-") && api.id.ends_with(word), "{}: {}", route.id, api.id);
                seen += 1;
                continue;
            }
            (api, _) => api,
        };
        assert_eq!(api.id, want, "{} {}", route.kind, route.id);
        seen += 1;
    }
    assert!(seen > 380, "{seen}");
}

#[test]
fn a_first_look_takes_a_profile_that_its_region_may_call() {
    for (region, model) in [
        ("us-east-1", "us.anthropic.claude-opus-5-5"),
        ("eu-central-1", "eu.anthropic.claude-opus-5-5"),
        ("sa-east-1", "global.anthropic.claude-opus-5-5"),
        // The list has no profile of India for it.
        ("ap-south-1", "apac.anthropic.claude-opus-5-5"),
    ] {
        let vars =
            Vars::only(&[("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "k"), ("AWS_REGION", region)]);
        let all = found(&vars, &Machine::default());
        let (endpoint, ready) = all.iter().find(|(e, _)| e.provider == "bedrock").unwrap();
        assert_eq!((endpoint.model.as_str(), endpoint.place.as_deref()), (model, Some(region)));
        assert_eq!(endpoint.name, model);
        assert!(ready.is_ok(), "{ready:?}");
    }
}

#[test]
fn a_profile_of_other_regions_says_which_one_is_meant() {
    let why = |spec: &str| {
        out_of_region(
            &crate::provider::parse_spec(spec).unwrap(),
            &Vars::only(&[("AWS_REGION", "eu-west-1")]),
        )
    };
    assert_eq!(
        why("bedrock:us.anthropic.claude-opus-5-5").unwrap(),
        "us. profiles are called from regions in the US and Canada, and this endpoint asks in eu-west-1: use eu.anthropic.claude-opus-5-5"
    );
    assert!(why("bedrock:jp.anthropic.claude-opus-5-5@sa-east-1").unwrap().contains("use global.anthropic"));
    // Only a profile that there is.
    assert!(why("bedrock:us.anthropic.claude-opus-5-5@ap-south-1").unwrap().contains("use apac.anthropic"));
    assert!(why("bedrock:us.openai.gpt-6-sol@ap-south-1").unwrap().contains("use global.openai"));
    assert!(why("bedrock:us.vendor.unheard-of@ap-south-1").unwrap().contains("use global.vendor"));
    assert!(why("bedrock:us.vendor.unheard-of@us-gov-west-1").unwrap().contains("use us-gov.vendor"));
    let at = |base: &str| {
        let endpoint = crate::provider::parse_spec("bedrock:us.anthropic.claude-opus-5-5@eu-west-1").unwrap();
        out_of_region(&Endpoint { base_url: Some(base.into()), ..endpoint }, &Vars::only(&[]))
    };
    assert!(at("https://bedrock-runtime.eu-west-1.amazonaws.com").is_some());
    // A gateway asks where it likes.
    assert_eq!(at("https://gateway.example.com/bedrock"), None);
    assert_eq!(at("http://127.0.0.1:4000"), None);
    let by_variable = |base| {
        let vars = [("AWS_REGION", "eu-west-1"), ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", base)];
        let opus = crate::provider::parse_spec("bedrock:us.anthropic.claude-opus-5-5").unwrap();
        out_of_region(&opus, &Vars::only(&vars)).is_some()
    };
    assert!(by_variable("http://127.0.0.1:4566") && !by_variable("https://gateway.example.com"));
    for fine in [
        "bedrock:us.anthropic.claude-opus-5-5@us-west-2",
        "bedrock:us.anthropic.claude-opus-5-5@ca-central-1",
        "bedrock:eu.anthropic.claude-opus-5-5",
        "bedrock:global.anthropic.claude-opus-5-5",
        "bedrock:openai.gpt-oss-120b",
        "openai:us.something",
    ] {
        assert_eq!(why(fine), None, "{fine}");
    }
}
