//! Every wire with every model of the catalog and every wish: after fitting nothing is
//! refused on this side, and every parameter that was asked is accounted for once.

use std::collections::BTreeSet;

use bakeoff::catalog::Catalog;
use bakeoff::model::Effort;
use bakeoff::model::Fate;
use bakeoff::model::Params;
use bakeoff::model::Prompt;
use bakeoff::model::Thinking;
use bakeoff::wire::{
    Call, Chat, Converse, Dialect, Gemini, MaxField, Messages, Ollama, Quirks, Responses, fit, record,
};

const DIALECTS: [&dyn Dialect; 6] = [&Chat, &Responses, &Messages, &Gemini, &Ollama, &Converse];

const THINKING: [Option<Thinking>; 4] =
    [None, Some(Thinking::Off), Some(Thinking::On), Some(Thinking::Budget(100_000))];

fn wishes() -> Vec<Params> {
    let efforts = || std::iter::once(None).chain(Effort::ALL.map(Some));
    let mut wishes = Vec::new();
    for (i, effort) in efforts().enumerate() {
        for (j, thinking) in THINKING.into_iter().enumerate() {
            for temperature in [None, Some(0.2), Some(2.0)] {
                // Beside one wish or the other: with all of them it would take too long.
                let max_tokens = [None, Some(512), Some(2_000_000)].into_iter().nth((i + j) % 3).flatten();
                wishes.push(Params { max_tokens, temperature, effort, thinking, tier: None });
            }
        }
    }
    wishes
}

fn asked_names(asked: &Params) -> Vec<&'static str> {
    [
        ("max_tokens", asked.max_tokens.is_some()),
        ("temperature", asked.temperature.is_some()),
        ("reasoning_effort", asked.effort.is_some()),
        ("thinking", asked.thinking.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, there)| there.then_some(name))
    .collect()
}

fn check(dialect: &dyn Dialect, model: &str, asked: &Params, quirks: Quirks) {
    let limit = Some(128_000);
    let (params, parity) = fit(dialect, model, asked, limit);
    let case = || format!("{} {model}: {asked:?} became {params:?}", dialect.id());
    let prompt = Prompt::new("2+2?");
    let call = Call { model, is: model, prompt: &prompt, params: &params, quirks };
    let body = dialect.encode(&call).unwrap_or_else(|fault| panic!("{}: {fault:?}", case()));
    assert_eq!(fit(dialect, model, &params, limit), (params, Vec::new()), "{}: fitting twice", case());
    let rows = record(dialect, asked, parity, &body);
    let told: Vec<_> = rows.iter().filter(|r| r.asked != "–").map(|r| &*r.param).collect();
    assert_eq!(told, asked_names(asked), "{}", case());
    for row in &rows {
        assert_eq!(row.sent.is_none(), row.fate == Fate::Dropped, "{}: {row:?}", case());
        assert!(!row.fate.differs() || !row.why.is_empty(), "{}: {row:?}", case());
        if let Some(sent) = &row.sent {
            let (path, value) = sent.split_once(" = ").unwrap();
            let found = body.pointer(&format!("/{}", path.replace('.', "/"))).unwrap();
            let found = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
            assert_eq!(found.trim_end_matches(".0"), value, "{}: {row:?}", case());
        }
    }
}

#[test]
fn after_fitting_every_wire_takes_every_model_and_every_wish() {
    let catalog = Catalog::embedded();
    let ids: BTreeSet<&str> = catalog.routes().map(|r| r.id.as_str()).collect();
    assert!(ids.len() > 200, "the catalog has only {} ids", ids.len());
    let wishes = wishes();
    for dialect in DIALECTS {
        for model in ids.iter().copied().chain(["my-deployment"]) {
            for asked in &wishes {
                check(dialect, model, asked, Quirks::default());
            }
        }
    }
}

#[test]
fn the_record_finds_the_limit_under_either_name() {
    let asked = Params { max_tokens: Some(512), ..Params::default() };
    let quirks = Quirks { max_field: MaxField::MaxTokens, ..Quirks::default() };
    check(&Chat, "my-model", &asked, quirks);
    let prompt = Prompt::new("2+2?");
    let call = Call { model: "my-model", is: "my-model", prompt: &prompt, params: &asked, quirks };
    let rows = record(&Chat, &asked, Vec::new(), &Chat.encode(&call).unwrap());
    assert_eq!((rows[0].fate, rows[0].sent.as_deref()), (Fate::AsAsked, Some("max_tokens = 512")));
}

/// Families that a source describes have a row; those without one are known here, so
/// that a new family in the catalog is a question and not an oversight.
#[test]
fn the_catalog_holds_no_family_that_was_forgotten() {
    const SILENT: [&str; 8] =
        ["deepseek-", "kimi-", "glm-", "minimax-", "grok-", "gemma-", "nemotron-", "qwen3-next"];
    for route in Catalog::embedded().routes() {
        let known = bakeoff::model::takes(&route.id).is_some();
        let silent = SILENT.iter().any(|family| route.family.starts_with(family));
        assert!(known || silent, "{} {} ({})", route.kind, route.id, route.family);
    }
}
