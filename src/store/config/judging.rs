//! `[judge]`: a model that compares answers when it is asked to.

use serde::Deserialize;
use toml::Spanned;

use super::raw::Wrong;
use crate::model::Endpoint;
use crate::model::Judge;
use crate::model::Params;
use crate::model::did_you_mean;
use crate::provider::parse_spec;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawJudge {
    /// A spec, or the name of an endpoint of the file.
    endpoint: Option<Spanned<String>>,
    criteria: Option<String>,
}

impl RawJudge {
    pub(super) fn criteria(&self) -> Option<String> {
        self.criteria.clone().filter(|text| !text.trim().is_empty())
    }

    pub(super) fn check(self, endpoints: &[Endpoint], defaults: Params) -> Result<Option<Judge>, Wrong> {
        let criteria = self.criteria();
        let Some(word) = self.endpoint else { return Ok(None) };
        let known = endpoints.iter().find(|e| e.name == *word.get_ref()).cloned();
        let endpoint = known.map_or_else(
            || {
                let spec = parse_spec(word.get_ref()).map_err(|e| {
                    let names = endpoints.iter().map(|e| e.name.as_str());
                    let near = did_you_mean(word.get_ref(), names);
                    Wrong::at(word.span(), format!("no endpoint is called {:?}{near}; {e}", word.get_ref()))
                })?;
                Ok(Endpoint { params: spec.params.or(defaults), ..spec })
            },
            Ok,
        )?;
        Ok(Some(Judge { endpoint, criteria }))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Config;

    const MINE: &str = "[[endpoint]]\nname = \"mine\"\nprovider = \"ollama\"\nmodel = \"qwen3\"\n";

    #[test]
    fn a_judge_is_named_or_spelt_out_and_its_mistakes_have_a_place() {
        let parse = |text: &str| Config::parse(&format!("{text}{MINE}"), Path::new("c.toml"));
        assert_eq!(parse("").unwrap().judge, None);
        let named = parse("[judge]\nendpoint = \"mine\"\ncriteria = \"Short.\"\n").unwrap();
        let judge = named.judge.unwrap();
        assert_eq!((judge.endpoint.model.as_str(), judge.criteria.as_deref()), ("qwen3", Some("Short.")));
        let spec =
            parse("[defaults]\nmax_tokens = 900\n[judge]\nendpoint = \"openai:gpt-6-sol?temperature=0\"\n");
        let endpoint = spec.unwrap().judge.unwrap().endpoint;
        assert_eq!((endpoint.provider.as_str(), endpoint.params.max_tokens), ("openai", Some(900)));
        // For a judge that is named with --judge.
        let own = parse("[judge]\ncriteria = \"Short.\"\n").unwrap();
        assert_eq!((own.judge, own.criteria.as_deref()), (None, Some("Short.")));
        for (text, said) in [
            (
                "[judge]\nendpoint = \"mime\"\n",
                "c.toml:2:12: no endpoint is called \"mime\" (did you mean \"mine\"?)",
            ),
            ("[judge]\nmodel = \"mine\"\n", "c.toml:2:1: unknown key \"model\""),
        ] {
            let wrong = parse(text).unwrap_err().to_string();
            assert!(wrong.starts_with(said), "{wrong}");
        }
    }
}
