use super::*;
use crate::model::CostStatus;
use crate::model::Money;
use crate::model::Usage;
use crate::model::settle;

#[test]
fn the_embedded_list_parses_whole() {
    let catalog = Catalog::parse(EMBEDDED).unwrap();
    assert_eq!((catalog.families().len(), catalog.routes().count()), (70, 399));
    assert_eq!(catalog.routes().filter(|r| r.price.as_ref().is_some_and(|p| !p.local)).count(), 392);
    assert_eq!(catalog.as_of(), AS_OF);
    assert_eq!(Catalog::parse(OVERRIDES).unwrap().routes().count(), 5);
    let whole = Catalog::embedded();
    assert_eq!(
        (whole.families().len(), whole.routes().count()),
        (70, 403),
        "one is replaced, four are added"
    );
    let unpriced = whole.routes().filter(|r| r.price.is_none());
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
    assert_eq!(usd("vertex", "claude-fable-5-2", None).2, Rule::Alias);
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
    let default = (CostStatus::Assumed, Some("4".into()), Rule::Exact);
    assert_eq!(usd("azure", "gpt-6.1-sol", None), default, "a deployment's zone is its owner's to say");
    assert_eq!(usd("azure", "gpt-6.1-sol", Some("global")), known("4", Rule::Exact));
    // A zone that was named and is not listed is not another one at its price.
    assert_eq!(usd("azure", "claude-opus-5-5", Some("data-zone-eu")), NOTHING);
    assert_eq!(usd("azure", "gpt-6-luna", Some("data-zone-apac")), NOTHING);
    assert_eq!(usd("azure", "model-router", None), NOTHING, "a router's fee is not what its model costs");
    assert_eq!(usd("ollama", "gpt-oss:120b", None).0, CostStatus::Local);
    assert_eq!(usd("ollama", "a-model-of-mine", None), NOTHING);
}

#[test]
fn a_layer_replaces_by_route_and_bad_rows_are_refused() {
    let extra = "schema=1\nas_of=\"2027-01-01\"\n[[family]]\nid=\"f\"\n[[family.route]]\nkind=\"openai\"\nid=\"gpt-6-sol\"\nscope=\"global\"\nprice={input=\"1\",output=\"2\"}\n";
    let laid = Catalog::embedded().with_extra(extra).unwrap();
    assert_eq!(laid.routes().count(), 403);
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
        assert_eq!(embedded.with_own(text, &[]).unwrap().routes().count(), 403);
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

#[test]
fn the_listed_prices_agree_with_the_catalogs() {
    let (catalog, book) = (Catalog::parse(EMBEDDED).unwrap(), book::read(PRICES).unwrap());
    assert!(book.rows.len() > 1_500, "{} rows", book.rows.len());
    assert_eq!((book.as_of.as_str(), book.source.as_str()), (AS_OF, "litellm 1.109.1"));
    let mut both = 0;
    for row in &book.rows {
        for at in catalog.same(row) {
            let (Says::Price(listed), Some(own)) = (&row.says, &catalog.routes[at].price) else { continue };
            both += 1;
            assert_eq!(listed.rates, own.rates, "{} {} {:?}", row.kind, row.id, row.scope);
            assert_eq!(listed.tiers, own.tiers, "{} {} {:?}", row.kind, row.id, row.scope);
            assert_eq!(listed.off_peak, own.off_peak, "{} {}", row.kind, row.id);
        }
    }
    assert!(both > 250, "{both} rows are in both");
}

#[test]
fn every_route_has_a_price_and_models_outside_of_families_have_theirs() {
    let catalog = Catalog::embedded();
    for route in catalog.routes() {
        let (price, _) = catalog.lookup(&route.kind, &route.id, Some(&route.scope));
        assert!(price.is_some(), "{} {} has no price", route.kind, route.id);
    }
    for row in &book::read(PRICES).unwrap().rows {
        let Says::Price(price) = &row.says else { continue };
        let one_sided = (price.rates.input == Some(0)) != (price.rates.output == Some(0));
        assert!(!one_sided, "{} {}: half a price", row.kind, row.id);
    }
    assert_eq!(usd("openai", "gpt-4o", Some("global")), known("2.5", Rule::Exact));
    // An open model costs something else in London; the region is the endpoint's.
    let nemotron = |region| usd("bedrock", "nvidia.nemotron-super-3-120b", Some(region)).1.unwrap();
    assert_eq!((nemotron("eu-west-2").as_str(), nemotron("us-east-1").as_str()), ("0.23", "0.15"));
}

#[test]
fn long_prompts_under_a_service_tier_have_the_price_that_the_source_gives() {
    let (price, rule) = Catalog::embedded().lookup("openai", "gpt-6.1-sol", None);
    for (tier, tokens, want) in [
        ("flex", 1_000_000, "2"),
        ("flex", 100_000, "0.1"),
        ("priority", 1_000_000, "8"),
        ("batch", 100_000, "0.1"),
    ] {
        let usage = Usage { input: Some(tokens), output: Some(0), ..Usage::default() };
        let cost = settle(Some(&usage), price.as_ref(), rule, Some(tier), None);
        assert_eq!(cost.usd.map(Money::exact).as_deref(), Some(want), "{tokens} under {tier}");
    }
}

fn yours(text: &str) -> Result<Catalog, String> {
    Catalog::embedded().with_prices(text, &["compatible"], "2026-11-23")
}

#[test]
fn the_users_rows_win_over_every_list_and_say_so() {
    let text = "[[price]]\nkind = \"compatible\"\nid = \"mine-*\"\nrates = { input = \"1\", output = \"2\" }\n\
        [[price]]\nkind = \"openai\"\nid = \"gpt-4o\"\ndiscount = \"0.85\"\n\
        [[price]]\nkind = \"azure\"\nid = \"gpt-6.1-sol\"\nscope = \"data-zone-eu\"\nmultiply = \"0.5\"\n\
        [[price]]\nkind = \"openai\"\nid = \"gpt-6-sol\"\nfrom = \"2027-01-01\"\nrates = { input = \"9\", output = \"9\" }\n\
        [[price]]\nkind = \"mistral\"\nid = \"*\"\ndiscount = \"0.9\"\n";
    let catalog = yours(text).unwrap();
    let of = |kind: &str, id: &str, scope| {
        let (price, rule) = catalog.lookup(kind, id, scope);
        let usage = Usage { input: Some(100_000), output: Some(0), ..Usage::default() };
        let cost = settle(Some(&usage), price.as_ref(), rule, None, None);
        (cost.usd.map(Money::exact), cost.rule.word())
    };
    let own = |usd: &str| (Some(usd.to_owned()), Some("your_rate"));
    assert_eq!(of("compatible", "mine-8b", None), own("0.1"));
    assert_eq!(of("compatible", "other", None), (None, None));
    assert_eq!(of("openai", "gpt-4o", None), own("0.2125"));
    assert_eq!(of("azure", "gpt-6.1-sol", Some("data-zone-eu")), own("0.12"));
    assert_eq!(
        of("azure", "gpt-6.1-sol", Some("data-zone-us")).1,
        Some("exact"),
        "another zone is no matter of it"
    );
    assert_eq!(of("openai", "gpt-6-sol", None).1, Some("exact"), "its day has not come");
    assert_eq!(of("mistral", "mistral-large-2512", None), own("0.045"));
    assert_eq!(
        of("mistral", "never-listed", None),
        (None, None),
        "nothing times a discount is nothing known"
    );
    assert_ne!(catalog.sha256(), Catalog::embedded().sha256());
}

#[test]
fn slips_in_the_users_prices_are_refused_with_their_line() {
    let row = |more: &str| format!("[[price]]\nkind = \"openai\"\nid = \"gpt-4o\"\n{more}\n");
    for (text, words) in [
        (
            row("rates = { input = \"0.0000000001\", output = \"1\" }"),
            "line 2: openai gpt-4o: \"0.0000000001\" is finer",
        ),
        (
            row("rates = { input = \"-1\", output = \"1\" }"),
            "line 2: openai gpt-4o: \"-1\" is not a plain decimal",
        ),
        (row("rates = { inptu = \"1\" }"), "did you mean \"input\"?"),
        (
            row("ratse = { input = \"1\" }"),
            "line 4: openai gpt-4o: unknown key \"ratse\" (did you mean \"rates\"?)",
        ),
        (
            row("").replace("openai", "opnai"),
            "line 2: opnai gpt-4o: unknown kind \"opnai\" (did you mean \"openai\"?)",
        ),
        (row(""), "a row says rates, discount or multiply"),
        (row("discount = \"0.9\"\nmultiply = \"2\""), "a row says one of"),
        (row("discount = \"0\""), "a factor of 0"),
        (
            row("discount = \"0.0000001\""),
            "line 2: openai gpt-4o: the scaled price is finer than nine decimals",
        ),
        (
            row("discount = \"0.9\"").replace("gpt-4o", "never"),
            "line 2: openai never: the list has no price to scale",
        ),
        (row("discount = \"0.0000001\"").replace("gpt-4o", "gpt-4*"), "finer than nine decimals"),
        (
            row("rates = { input = \"1\", output = \"1\" }\nregion_uplift = \"2\"")
                .replace("gpt-4o", "gpt-4*"),
            "region_uplift is not for an id with a *",
        ),
        (
            row(
                "off_peak = { input = \"1\" }\noff_peak_windows_utc = [\"now\"]\nrates = { input = \"1\", output = \"1\" }",
            ),
            "are no hours",
        ),
        (
            row("service.flex = { inptu = \"1\" }\nrates = { input = \"1\", output = \"1\" }"),
            "unknown key \"inptu\"",
        ),
        ("[[prise]]\n".to_owned(), "did you mean \"price\"?"),
    ] {
        let error = yours(&text).unwrap_err();
        assert!(error.contains(words), "{text}\n gave {error}\n want {words}");
    }
}

fn book_of(as_of: &str, rows: &str) -> String {
    format!("as_of = \"{as_of}\"\nsource = \"a list\"\n{rows}")
}

#[test]
fn a_downloaded_book_counts_where_it_is_newer_and_corrections_stand() {
    let rows = "[[price]]\nkind = \"openai\"\nid = \"gpt-4o\"\nscope = \"global\"\nrates = { input = \"2\", output = \"8\" }\n\
        [[price]]\nkind = \"openai\"\nid = \"gpt-9\"\nscope = \"global\"\nrates = { input = \"3\", output = \"9\" }\n\
        [[price]]\nkind = \"bedrock\"\nid = \"anthropic.claude-haiku-4-5\"\nscope = \"in-region\"\nrates = { input = \"1\", output = \"5\" }\n";
    let embedded = Catalog::embedded();
    let input = |c: &Catalog, kind: &str, id: &str| c.lookup(kind, id, None).0.and_then(|p| p.rates.input);
    let old = embedded.with_download(&book_of("2026-11-22", rows)).unwrap();
    assert_eq!(input(&old, "openai", "gpt-4o"), Some(2_500_000_000), "older than what is embedded");
    let new = embedded.with_download(&book_of("2026-12-01", rows)).unwrap();
    assert_eq!(input(&new, "openai", "gpt-4o"), Some(2_000_000_000));
    assert_eq!(input(&new, "openai", "gpt-9"), Some(3_000_000_000));
    assert_eq!(
        input(&new, "bedrock", "anthropic.claude-haiku-4-5"),
        Some(1_100_000_000),
        "a correction of ours"
    );
    assert_eq!((new.as_of(), new.layers().len(), new.layers()[0].rows), ("2026-12-01", 1, 3));
    assert_eq!(new.families().len(), embedded.families().len());
    // Another name of a route stays one: `-m` finds by it whoever sells the family.
    let alias = "[[price]]\nkind = \"anthropic\"\nid = \"claude-haiku-4-5-20251001\"\nscope = \"global\"\n\
        rates = { input = \"1\", cached_input = \"0.1\", cache_write_1h = \"2\", cache_write = \"1.25\", output = \"5\" }\n";
    let renamed = embedded.with_download(&book_of("2026-12-01", alias)).unwrap();
    let family =
        |c: &Catalog| c.route("anthropic", "claude-haiku-4-5-20251001", None).unwrap().0.family.clone();
    assert_eq!(
        (family(embedded.as_ref()), family(&renamed)),
        ("claude-haiku-4-5".into(), "claude-haiku-4-5".into())
    );
}

#[test]
fn a_list_has_an_age() {
    for (as_of, today, days) in [
        ("2026-11-23", "2026-11-23", Some(0)),
        ("2026-11-23", "2026-12-24", Some(31)),
        ("2026-11-23", "2027-02-22", Some(91)),
        ("2026-11-23", "2026-11-22", Some(-1)),
        ("", "2026-11-22", None),
    ] {
        assert_eq!(age(as_of, today), days, "{as_of} to {today}");
    }
}

/// The list is read row by row where it is asked about one; that must find what reading all of
/// it finds.
#[test]
fn a_row_read_alone_is_what_it_is_among_all() {
    let (lazy, whole) = (Catalog::embedded(), Catalog::embedded().whole());
    assert!(whole.priced().count() > lazy.priced().count() + 1_000);
    let mut asked = Vec::new();
    for route in whole.all() {
        let kind = route.kind.as_str();
        asked.push((kind, route.id.clone(), Some(route.scope.as_str())));
        asked.push((kind, route.id.clone(), None));
        asked.push((kind, format!("{}-2026-01-02", route.id), None));
        asked.push((kind, route.id.to_ascii_uppercase(), None));
        asked.push((kind, format!("ca.{}", route.id.split_once('.').map_or("x", |(_, model)| model)), None));
    }
    for (at, (kind, id, scope)) in asked.into_iter().enumerate().filter(|(at, _)| at % 7 == 0) {
        assert_eq!(
            lazy.lookup(kind, &id, scope),
            whole.lookup(kind, &id, scope),
            "{at}: {kind} {id} {scope:?}"
        );
        let found = |c: &Catalog| c.route(kind, &id, scope).map(|(r, rule)| (r.into_owned(), rule));
        assert_eq!(found(&lazy), found(&whole), "{at}: {kind} {id} {scope:?}");
    }
}
