use super::*;
use crate::model::CostStatus;
use crate::model::Money;
use crate::model::Usage;
use crate::model::settle;

#[test]
fn the_embedded_list_parses_whole() {
    let catalog = Catalog::parse(EMBEDDED).unwrap();
    assert_eq!((catalog.families().len(), catalog.routes().len()), (70, 399));
    assert_eq!(catalog.routes().iter().filter(|r| r.price.as_ref().is_some_and(|p| !p.local)).count(), 392);
    assert_eq!(catalog.as_of(), AS_OF);
    assert_eq!(Catalog::parse(OVERRIDES).unwrap().routes().len(), 5);
    let whole = Catalog::embedded();
    assert_eq!((whole.families().len(), whole.routes().len()), (70, 403), "one is replaced, four are added");
    let unpriced = whole.routes().iter().filter(|r| r.price.is_none());
    assert!(unpriced.into_iter().all(|r| ["together", "fireworks"].contains(&r.kind.as_str())));
}

fn usd(kind: &str, id: &str, scope: Option<&str>) -> (CostStatus, Option<String>, Rule) {
    let (price, rule) = Catalog::embedded().lookup(kind, id, scope);
    let usage = Usage { input: Some(1_000_000), output: Some(0), ..Usage::default() };
    let cost = settle(Some(&usage), price.as_ref(), rule, None, None);
    (cost.status, cost.usd.map(Money::exact), rule)
}

fn known(amount: &str, rule: Rule) -> (CostStatus, Option<String>, Rule) {
    (CostStatus::Known, Some(amount.into()), rule)
}

const NOTHING: (CostStatus, Option<String>, Rule) = (CostStatus::Unknown, None, Rule::None);

#[test]
fn lookup_follows_the_rules_in_order_and_never_guesses() {
    // A million tokens of prompt is above the long-context threshold of these rows: 272,000.
    assert_eq!(usd("openai", "gpt-6-sol", None), known("4", Rule::Exact));
    assert_eq!(usd("openai", "GPT-6-Sol", None), known("4", Rule::CaseInsensitive));
    assert_eq!(usd("openai", "gpt-5.4-mini-2026-03-17", None).2, Rule::Alias);
    assert_eq!(usd("openai", "gpt-6-sol-2026-09-22", None), known("4", Rule::Undated));
    // Neither a prefix nor a neighbour of a name is that name, and no cloud lends another its price.
    for (kind, id) in [
        ("openai", "gpt-6-sol-pro"),
        ("openai", "gpt-6"),
        ("openai", "us.openai.gpt-6-sol"),
        ("compatible", "gpt-6-sol"),
        ("bedrock", "gpt-6-sol"),
        ("bedrock", "xx.anthropic.claude-opus-5-5"),
        ("azure", "my-deployment"),
    ] {
        assert_eq!(usd(kind, id, None), NOTHING, "{kind} {id}");
    }
}

#[test]
fn bedrock_scopes_are_priced_apart() {
    let opus = |prefix: &str| usd("bedrock", &format!("{prefix}anthropic.claude-opus-5-5"), None);
    assert_eq!(opus("global."), known("4", Rule::Exact));
    assert_eq!(opus("us."), known("4.4", Rule::Exact));
    assert_eq!(opus(""), known("4.4", Rule::Exact), "a bare id is an in-region call");
    assert_eq!(opus("us-gov."), known("4.8", Rule::Exact));
    assert_eq!(
        opus("ca."),
        (CostStatus::Assumed, Some("4.4".into()), Rule::Sibling),
        "an unlisted region takes a regional price, and says that it is assumed"
    );
    let arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-5-5";
    assert_eq!(usd("bedrock", arn, None), known("4.4", Rule::Exact));
    let application = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
    assert_eq!(usd("bedrock", application, None), NOTHING);
    assert_eq!(usd("bedrock", "anthropic.claude-haiku-4-5", None), known("1.1", Rule::Exact), "the override");
}

#[test]
fn azure_zones_and_models_that_the_list_does_not_have() {
    assert_eq!(usd("azure", "gpt-6.1-sol", Some("data-zone-us")), known("4.4", Rule::Exact));
    assert_eq!(usd("azure", "gpt-6.1-sol", None), known("4", Rule::Exact), "global is the default");
    assert_eq!(usd("ollama", "gpt-oss:120b", None).0, CostStatus::Local);
    assert_eq!(usd("ollama", "a-model-of-mine", None), NOTHING);
}

#[test]
fn a_layer_replaces_by_route_and_bad_rows_are_refused() {
    let extra = "schema=1\nas_of=\"2027-01-01\"\n[[family]]\nid=\"f\"\n[[family.route]]\nkind=\"openai\"\nid=\"gpt-6-sol\"\nscope=\"global\"\nprice={input=\"1\",output=\"2\"}\n";
    let laid = Catalog::embedded().with_extra(extra).unwrap();
    assert_eq!(laid.routes().len(), 403);
    assert_eq!(laid.lookup("openai", "gpt-6-sol", None).0.unwrap().rates.input, Some(1_000_000_000));
    assert_eq!(laid.as_of(), "2027-01-01");
    for (wrong, words) in [
        (
            extra.replace("\"1\"", "\"0.0000000001\""),
            "line 6: openai gpt-6-sol: \"0.0000000001\" is finer than 9 decimals",
        ),
        (extra.replace("\"1\"", "\"-1\""), "not a plain decimal"),
        (extra.replace("\"1\"", "1"), "invalid type"),
        (extra.replace("id=\"f\"", ""), "missing field"),
    ] {
        let error = Catalog::parse(&wrong).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_text_of_the_users_own_may_hold_what_the_embedded_one_does_and_no_slips() {
    let embedded = Catalog::embedded();
    for text in [EMBEDDED, OVERRIDES] {
        assert_eq!(embedded.with_own(text, &[]).unwrap().routes().len(), 403);
    }
    let own = "[[family]]\nid=\"f\"\n[[family.route]]\nkind=\"vllm\"\nid=\"m\"\nscope=\"local\"\n\
               price={input=\"1\",output=\"2\"}\ntiers=[{above=9,input=\"2\"}]\n";
    assert!(embedded.with_own(own, &["vllm"]).is_ok());
    for (right, slip, words) in [
        (
            "input=\"1\"",
            "inptu=\"1\"",
            "line 7: vllm m, price: unknown key \"inptu\" (did you mean \"input\"?)",
        ),
        ("above=9", "abvoe=9", "line 8: vllm m, tiers: unknown key \"abvoe\" (did you mean \"above\"?)"),
        ("scope", "scop", "line 6: vllm m: unknown key \"scop\" (did you mean \"scope\"?)"),
        ("[[family]]", "[[famly]]", "line 1: the file: unknown key \"famly\" (did you mean \"family\"?)"),
        (
            "id=\"f\"",
            "id=\"f\"\nnmae=\"F\"",
            "line 3: family f: unknown key \"nmae\" (did you mean \"name\"?)",
        ),
        ("vllm", "vlm", "line 4: vlm m: unknown kind \"vlm\" (did you mean \"vllm\"?)"),
        ("vllm", "qqq", "unknown kind \"qqq\": it is one of vllm, "),
    ] {
        let wrong = own.replacen(right, slip, 1);
        let error = embedded.with_own(&wrong, &["vllm"]).unwrap_err();
        assert!(error.contains(words), "{slip}: {error}");
    }
    // Clouds that the list sells at and no row of a provider speaks to are known.
    assert!(embedded.with_own(&own.replace("vllm", "zai"), &[]).is_ok());
}

#[test]
fn dates_are_dropped_only_from_the_end() {
    for (id, want) in [
        ("m-2026-04-23", Some("m")),
        ("m-20260423", Some("m")),
        ("m@20260423", Some("m")),
        ("m-0423", Some("m")),
        ("m-1", None),
        ("gpt-5.4-mini", None),
        ("claude-4-5", None),
    ] {
        assert_eq!(undated(id), want, "{id}");
    }
}
