//! Endpoint specs: `provider:model[@place][?param=value&…]`.

use url::form_urlencoded;

use super::address::{self, without_userinfo};
use super::check_words;
use super::row::{Place, Provider};
use super::table::{PROVIDERS, provider};
use crate::model::Endpoint;
use crate::model::KeySource;
use crate::model::PARAMS;
use crate::model::did_you_mean;

type Setter = fn(&mut Endpoint, &str) -> Result<(), String>;

/// Name, meaning and setter of what a spec can say besides parameters; the config's
/// `[[endpoint]]` has the same words.
pub const SETTINGS: [(&str, &str, Setter); 10] = [
    ("name", "what the pane is called", |e, v| {
        v.clone_into(&mut e.name);
        Ok(())
    }),
    ("model", "what model a deployment is: decides its price and its parameters", |e, v| {
        // What stood before the @ is then the name that the request carries.
        let carried = std::mem::replace(&mut e.model, v.to_owned());
        e.deployment.get_or_insert(carried);
        Ok(())
    }),
    ("deployment", "what the request carries instead of the model", |e, v| {
        e.deployment = Some(v.to_owned());
        Ok(())
    }),
    ("api", "which of the provider's APIs", |e, v| {
        e.api = Some(v.to_owned());
        Ok(())
    }),
    ("api_version", "Azure's dated API version", |e, v| {
        e.api_version = Some(v.to_owned());
        Ok(())
    }),
    ("auth", "key, none, or the provider's credential chain: entra, aws, google", |e, v| {
        e.auth = Some(v.to_owned());
        Ok(())
    }),
    ("token_scope", "scope of the Entra ID token", |e, v| {
        e.token_scope = Some(v.to_owned());
        Ok(())
    }),
    (
        "zone",
        "Azure's zone of a deployment, for its price: global, data-zone-us, …-eu, …-apac",
        |e, v| {
            check_zone(v)?;
            e.zone = Some(v.to_owned());
            Ok(())
        },
    ),
    ("api_key_env", "variable that holds the key", |e, v| {
        e.key = Some(KeySource::Env(v.to_owned()));
        Ok(())
    }),
    ("allow_plain_http", "true allows http to another machine", |e, v| {
        e.allow_plain_http =
            v.parse().map_err(|_| format!("allow_plain_http is true or false, not {v:?}"))?;
        Ok(())
    }),
];

/// Kinds of Azure deployments that are sold at prices of their own.
const ZONES: [&str; 4] = ["global", "data-zone-us", "data-zone-eu", "data-zone-apac"];

/// Whether a zone is one of Azure's.
///
/// # Errors
/// A sentence with those there are.
pub fn check_zone(zone: &str) -> Result<(), String> {
    if ZONES.contains(&zone) {
        return Ok(());
    }
    Err(format!("{zone:?} is no zone{}: {}", did_you_mean(zone, ZONES.into_iter()), ZONES.join(", ")))
}

/// Reads a spec. The provider ends at the first `:`, the place begins at the
/// last `@`, parameters begin at the `?`.
///
/// # Errors
/// A sentence with the wrong part and what was expected there.
pub fn parse_spec(spec: &str) -> Result<Endpoint, String> {
    read(spec).map_err(|e| {
        // A password in the address is refused, and not repeated either.
        let (shown, hidden) = (format!("{spec:?}"), format!("{:?}", without_userinfo(spec)));
        e.replace(&shown, &hidden)
    })
}

fn read(spec: &str) -> Result<Endpoint, String> {
    let (head, query) = spec.split_once('?').map_or((spec, None), |(h, q)| (h, Some(q)));
    let Some((id, rest)) = head.split_once(':') else {
        return Err(format!("{spec:?} is not provider:model[@place]; try {:?}", shown_example(head)));
    };
    let row = provider(id).ok_or_else(|| unknown_provider(id))?;
    // A URL may hold an `@` of its own, where a password stands that must not become a model's name.
    let before_url = rest.find("://").unwrap_or(rest.len());
    let at = rest.get(..before_url).and_then(|head| head.rfind('@'));
    let (model, place) = match at.and_then(|at| Some((rest.get(..at)?, rest.get(at + 1..)?))) {
        Some((model, place)) => (model, Some(place)),
        None => (rest, None),
    };
    // `@20250929` belongs to a model's id on Vertex; no project or location looks like it.
    let (model, place) = match place {
        Some(version) if row.place == Place::Location && is_version(version) => (rest, None),
        place => (model, place),
    };
    if model.contains("://") {
        return Err(format!("{spec:?} has a URL but no @ before it; try {:?}", shown_example(id)));
    }
    if model.trim().is_empty() {
        return Err(format!("{spec:?} names no model; try {:?}", shown_example(id)));
    }
    let mut endpoint =
        Endpoint { provider: row.id.to_owned(), model: model.to_owned(), ..Endpoint::default() };
    if let Some(place) = place {
        if place.is_empty() {
            return Err(format!(
                "{spec:?} has nothing after the @; {} takes {} there",
                row.id,
                row.place.words()
            ));
        }
        set_place(row, &mut endpoint, place).map_err(|e| format!("{spec:?}: {e}"))?;
    }
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        set_param(&mut endpoint, &name, &value).map_err(|e| format!("{spec:?}: {e}"))?;
    }
    // Words that no request could use are told now, not in the pane.
    check_words(row, &endpoint).map_err(|e| format!("{spec:?}: {e}"))?;
    if endpoint.name.is_empty() {
        endpoint.name.clone_from(&endpoint.model);
    }
    Ok(endpoint)
}

/// Puts a place where the provider's row says it belongs. A bare host is an address
/// only where the provider's own one is on this machine: `openai:m@us-east-1` must not
/// send a key to a host of that name.
fn set_place(row: &Provider, endpoint: &mut Endpoint, place: &str) -> Result<(), String> {
    if place.contains("://") || row.is_local() {
        address::parse(place, None)?;
        endpoint.base_url = Some(place.to_owned());
    } else if row.place == Place::BaseUrl {
        return Err(format!("{} takes a base URL after the @, like https://host/v1, not {place:?}", row.id));
    } else {
        endpoint.place = Some(place.to_owned());
    }
    Ok(())
}

fn is_version(text: &str) -> bool {
    text == "default" || (!text.is_empty() && text.chars().all(|c| c.is_ascii_digit()))
}

/// The sentence for a provider that no row has.
#[must_use]
pub fn unknown_provider(id: &str) -> String {
    let ids: Vec<_> = PROVIDERS.iter().map(|p| p.id).collect();
    format!("unknown provider {id:?}{}: {}", did_you_mean(id, ids.iter().copied()), ids.join(", "))
}

fn set_param(endpoint: &mut Endpoint, name: &str, value: &str) -> Result<(), String> {
    if let Some((_, _, set)) = SETTINGS.iter().find(|(n, ..)| *n == name) {
        return set(endpoint, value);
    }
    if PARAMS.iter().any(|(n, ..)| *n == name) {
        return endpoint.params.set(name, value);
    }
    let known: Vec<_> = PARAMS.iter().map(|(n, ..)| *n).chain(SETTINGS.iter().map(|(n, ..)| *n)).collect();
    let near = did_you_mean(name, known.iter().copied());
    Err(format!("unknown parameter {name:?}{near}: {}", known.join(", ")))
}

/// The endpoint of a provider's example, less the place that stands in it for show.
#[must_use]
pub fn example(row: &Provider) -> Option<Endpoint> {
    let mut endpoint = parse_spec(&shown_example(row.id)).ok()?;
    endpoint.place = None;
    if endpoint.deployment.is_some() {
        endpoint.deployment = Some(endpoint.model.clone());
    }
    Some(endpoint)
}

/// Endpoints by the examples of a provider's APIs, where they have their own.
pub(super) fn api_examples(row: &Provider) -> impl Iterator<Item = Endpoint> {
    row.apis.iter().filter(|api| !api.example.is_empty()).map(|api| Endpoint {
        name: api.example.to_owned(),
        provider: row.id.to_owned(),
        model: api.example.to_owned(),
        deployment: (row.place == Place::Resource).then(|| api.example.to_owned()),
        ..Endpoint::default()
    })
}

fn shown_example(id: &str) -> String {
    let row = provider(id).or(PROVIDERS.first());
    row.map(|p| format!("{}:{}", p.id, p.example)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Effort;

    #[test]
    fn every_part_lands_where_it_belongs() {
        let e =
            parse_spec("compatible:qwen3:8b@http://127.0.0.1:8080/v1?temperature=0.2&name=my+qwen").unwrap();
        assert_eq!((e.provider.as_str(), e.model.as_str()), ("compatible", "qwen3:8b"));
        assert_eq!(e.base_url.as_deref(), Some("http://127.0.0.1:8080/v1"));
        assert_eq!(e.params.temperature, Some(0.2));
        assert_eq!(e.name, "my qwen");

        let e =
            parse_spec("bedrock:us.anthropic.claude-opus-5-5-v1:0@us-east-1?reasoning_effort=low").unwrap();
        assert_eq!(e.model, "us.anthropic.claude-opus-5-5-v1:0");
        assert_eq!((e.place.as_deref(), e.base_url), (Some("us-east-1"), None));
        assert_eq!(e.params.effort, Some(Effort::Low));

        let e = parse_spec("vertex:claude-sonnet-4-5@20250929").unwrap();
        assert_eq!((e.model.as_str(), e.place), ("claude-sonnet-4-5@20250929", None));
        let e = parse_spec("azure:gpt6sol@contoso-east?model=gpt-6-sol").unwrap();
        assert_eq!((e.name.as_str(), e.model.as_str()), ("gpt-6-sol", "gpt-6-sol"));
        assert_eq!((e.deployment.as_deref(), e.place.as_deref()), (Some("gpt6sol"), Some("contoso-east")));

        let e = parse_spec("bedrock:m@http://127.0.0.1:4566").unwrap();
        assert_eq!((e.place, e.base_url.as_deref()), (None, Some("http://127.0.0.1:4566")));
    }

    #[test]
    fn a_malformed_spec_says_which_part() {
        for (spec, want) in [
            ("gpt-6-sol", "provider:model"),
            ("opnai:gpt-6-sol", "did you mean \"openai\"?"),
            ("openai:", "names no model"),
            ("openai:m@", "nothing after the @"),
            ("openai:m@us-east-1", "takes a base URL after the @"),
            ("compatible:m@http://u:hunter2@127.0.0.1/v1", "does not belong in the address"),
            ("compatible:http://u:hunter2@127.0.0.1/v1", "no @ before it"),
            ("openai:m?temprature=1", "did you mean \"temperature\"?"),
            ("azure:m@r?api=chatt", "did you mean \"chat\"?"),
            ("azure:m@r?auth=antra", "did you mean \"entra\"?"),
            ("mistral:m?auth=entra", "has no auth \"entra\""),
            ("openai:m?api_version=2024-10-21", "has no api_version"),
            ("openai:m?temperature=hot", "takes a number"),
            ("openai:m?max_tokens=0", "at least 1"),
            ("openai:m?reasoning_effort=huge", "none, minimal, low"),
        ] {
            let error = parse_spec(spec).unwrap_err();
            assert!(error.contains(want), "{spec}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
