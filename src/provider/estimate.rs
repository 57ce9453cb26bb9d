//! What asking an endpoint may cost, before it is asked.

use std::borrow::Cow;

use super::price::list_price;
use super::secret::Vars;
use super::{Request, api_of, provider, resolve, sight};
use crate::catalog::Catalog;
use crate::model::Endpoint;
use crate::model::Estimate;
use crate::model::Fault;
use crate::model::KeySource;
use crate::model::Price;
use crate::model::Prompt;
use crate::model::Rule;
use crate::model::tokens;

/// The estimate for one prompt to one endpoint, by the request that would be sent. Of one
/// that cannot be made nothing is known, and its own pane will say why.
#[must_use]
pub fn estimate(catalog: &Catalog, endpoint: &Endpoint, prompt: &Prompt, vars: &Vars) -> Estimate {
    let known = tokens(&endpoint.asked(prompt), &endpoint.model);
    let images = prompt.images().count();
    // The words alone decide address and settings, and are encoded at each key.
    let words = if images == 0 { Cow::Borrowed(prompt) } else { Cow::Owned(prompt.without_images()) };
    let Ok(request) = request(catalog, endpoint, &words, vars) else {
        let none = Estimate { prompt: known, ..Estimate::none() };
        return Estimate { images, at_most: Err("the request cannot be made"), ..none };
    };
    let (price, _) = list_price(catalog, endpoint, &request.url);
    let estimate = Estimate::new(known, price.as_ref(), request.params.tier, request.most_output);
    let takes = provider(&endpoint.provider)
        .map_or(Ok(()), |row| api_of(row, endpoint).and_then(|api| sight::check(row, api, endpoint, prompt)));
    match takes {
        Ok(()) => estimate.with_images(images),
        Err(_) => Estimate { images, ..estimate.nothing_sent() },
    }
}

/// The list price of an endpoint, by the address that it would be asked at.
#[must_use]
pub fn endpoint_price(catalog: &Catalog, endpoint: &Endpoint, vars: &Vars) -> (Option<Price>, Rule) {
    match request(catalog, endpoint, &Prompt::new("?"), vars) {
        Ok(request) => list_price(catalog, endpoint, &request.url),
        Err(_) => (None, Rule::None),
    }
}

/// The request that would be sent, with whatever credential.
fn request(catalog: &Catalog, endpoint: &Endpoint, prompt: &Prompt, vars: &Vars) -> Result<Request, Fault> {
    let listed = catalog.route(&endpoint.provider, &endpoint.model, None);
    let max_output = listed.and_then(|(route, _)| route.max_output);
    // What a key costs is no matter of which key it is; some take a while to be fetched.
    let key = endpoint.key.as_ref().map(KeySource::label).filter(|label| vars.get(label).is_none());
    let vars = key.map_or_else(|| vars.clone(), |label| vars.with(&label, "fetched-later"));
    resolve(endpoint, prompt, &vars, max_output).or_else(|_| {
        let free = Endpoint { auth: Some("none".into()), key: None, ..endpoint.clone() };
        resolve(&free, prompt, &vars, max_output)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Money;
    use crate::provider::parse_spec;

    #[test]
    fn the_bound_is_that_of_the_request() {
        let catalog = Catalog::embedded();
        let vars = Vars::only(&[("AWS_REGION", "us-east-1"), ("GOOGLE_CLOUD_PROJECT", "p")]);
        let usd = |text| Ok(Money::parse(text).unwrap());
        // "?" is 1,057 tokens at most, with all that a provider may put before it; written to a cache
        // it costs 1.25 times.
        for (spec, want) in [
            ("openai:gpt-6-sol?max_tokens=1000", usd("0.0126425")),
            // Thinking is a part of the limit that the wire wants.
            ("anthropic:claude-opus-5-5?max_tokens=1000", usd("0.025285")),
            ("bedrock:us.anthropic.claude-opus-5-5?max_tokens=1000", usd("0.0278135")),
            ("gemini:gemini-3.8-flash?max_tokens=1000", usd("0.00454275")),
            ("ollama:qwen3:8b", usd("0")),
            ("compatible:m@http://127.0.0.1:9/v1?max_tokens=9", Err("no price for this route")),
        ] {
            let endpoint = parse_spec(spec).unwrap();
            assert_eq!(estimate(&catalog, &endpoint, &Prompt::new("?"), &vars).at_most, want, "{spec}");
        }
        // Without a limit of its own a request may bring the most that the model can.
        let open = estimate(&catalog, &parse_spec("openai:gpt-6-sol").unwrap(), &Prompt::new("?"), &vars);
        assert_eq!(open.at_most, usd("1.2826425"));
    }
}
