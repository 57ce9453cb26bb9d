//! What an endpoint's tokens cost by the list: the catalog's price, as the place where they
//! are asked changes it.

use url::Url;

use super::address::is_loopback;
use super::key::on_own_host;
use super::row::{Place, Provider};
use super::table::provider;
use crate::catalog::Catalog;
use crate::model::Endpoint;
use crate::model::Price;
use crate::model::Rule;

/// The list price of an endpoint that is asked at `url`. What an Azure deployment serves is
/// for its owner to say: one that is called like a model may be another.
#[must_use]
pub fn list_price(catalog: &Catalog, endpoint: &Endpoint, url: &str) -> (Option<Price>, Rule) {
    let Some(row) = provider(&endpoint.provider) else { return (None, Rule::None) };
    if row.place == Place::Resource && endpoint.deployment.is_none() {
        return (None, Rule::None);
    }
    let host = Url::parse(url).ok();
    let scope = match row.place {
        Place::Region => host.as_ref().and_then(region).or(endpoint.place.as_deref()),
        Place::Resource => endpoint.zone.as_deref(),
        Place::Location | Place::BaseUrl => None,
    };
    let (price, rule) = catalog.lookup(row.id, &endpoint.model, scope);
    if row.is_local() && price.as_ref().is_none_or(|price| price.local) {
        // Whatever a server of one's own has costs what the machine costs.
        let own = host.is_some_and(|url| !on_own_host(row, &url)) && !(row.passes_on)(&endpoint.model);
        return if own {
            (Some(Price { local: true, ..Price::default() }), Rule::Exact)
        } else {
            (None, Rule::None)
        };
    }
    // A request that another region of the same cloud serves may cost more; a factor that
    // does not give an exact rate gives no price.
    let uplift = catalog.route(row.id, &endpoint.model, None).and_then(|(r, _)| r.uplift);
    match (price, uplift.filter(|_| host.is_some_and(|url| is_regional(row, &url)))) {
        (Some(price), Some((up, down))) => (price.scaled(up, down), rule),
        (price, _) => (price, rule),
    }
}

/// The region in an AWS host's name: `bedrock-runtime.eu-west-2.amazonaws.com`.
fn region(url: &Url) -> Option<&str> {
    let mut labels = url.host_str()?.split('.');
    let service = labels.next()?;
    labels.next().filter(|label| service.starts_with("bedrock") && label.contains('-'))
}

/// Whether a URL is one of the provider's own hosts, but not its main one: a region's, where
/// the same model may cost more.
fn is_regional(row: &Provider, url: &Url) -> bool {
    !is_loopback(url) && on_own_host(row, url) && url.host_str() != row.hosts.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::parse_spec;

    /// Whether a price is found, and whether it is the machine's own.
    fn found(spec: &str, url: &str) -> Option<bool> {
        list_price(&Catalog::embedded(), &parse_spec(spec).unwrap(), url).0.map(|price| price.local)
    }

    #[test]
    fn the_place_that_serves_decides_where_prices_differ() {
        let input = |spec: &str, url: &str| {
            let (price, _) = list_price(&Catalog::embedded(), &parse_spec(spec).unwrap(), url);
            price.map(|p| (p.rates.input.unwrap() / 1_000_000, p.assumed.is_some()))
        };
        let bedrock = "https://bedrock-runtime.REGION.amazonaws.com/model/m/converse-stream";
        let azure = "https://contoso.openai.azure.com/openai/v1/responses";
        let open = "bedrock:nvidia.nemotron-super-3-120b";
        for (spec, url, want) in [
            (open, bedrock.replace("REGION", "eu-west-2"), Some((230, false))),
            (open, bedrock.replace("REGION", "us-west-2"), Some((150, false))),
            ("azure:d@contoso?model=gpt-6.1-sol", azure.to_owned(), Some((2_000, true))),
            ("azure:d@contoso?model=gpt-6.1-sol&zone=global", azure.to_owned(), Some((2_000, false))),
            ("azure:d@contoso?model=gpt-6.1-sol&zone=data-zone-eu", azure.to_owned(), Some((2_400, false))),
            // A deployment that is called like a model may serve another.
            ("azure:gpt-6.1-sol@contoso", azure.to_owned(), None),
        ] {
            assert_eq!(input(spec, &url), want, "{spec} at {url}");
        }
        assert!(parse_spec("azure:d?zone=mars").unwrap_err().contains("is no zone"));
    }

    #[test]
    fn a_server_of_ones_own_costs_what_the_machine_costs() {
        for (spec, url, want) in [
            ("ollama:qwen3:8b", "http://127.0.0.1:11434/api/chat", Some(true)),
            ("ollama:anything", "http://10.0.0.5:11434/api/chat", Some(true)),
            ("ollama:qwen3:8b", "https://ollama.com/api/chat", None),
            ("ollama:gpt-oss:120b", "https://ollama.com/api/chat", None),
            // The server on this machine only passes it on.
            ("ollama:gpt-oss:120b-cloud", "http://127.0.0.1:11434/api/chat", None),
            ("vllm:Qwen/Qwen3-8B", "http://127.0.0.1:8000/v1/chat/completions", Some(true)),
            ("llamacpp:any", "http://127.0.0.1:8080/v1/chat/completions", Some(true)),
            ("lmstudio:any", "http://127.0.0.1:1234/v1/chat/completions", Some(true)),
            // Nobody knows what stands behind a gateway.
            ("compatible:m@http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1/chat/completions", None),
            ("openai:gpt-6-sol", "https://api.openai.com/v1/responses", Some(false)),
            ("azure:gpt-6-sol", "https://contoso.openai.azure.com/openai/v1/responses", None),
        ] {
            assert_eq!(found(spec, url), want, "{spec} at {url}");
        }
    }
}
