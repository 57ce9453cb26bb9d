//! Endpoint specs: `provider:model[@place][?param=value&…]`.

use url::form_urlencoded;

use super::address::{self, without_userinfo};
use super::table::{PROVIDERS, Place, Provider, provider};
use crate::model::Endpoint;
use crate::model::PARAMS;
use crate::model::did_you_mean;

/// Parameters of a spec that are not sent to the model.
const OWN: [&str; 3] = ["name", "api_key_env", "allow_plain_http"];

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
        return Err(format!("{spec:?} is not provider:model[@place]; try {:?}", example(head)));
    };
    let row = provider(id).ok_or_else(|| unknown_provider(id))?;
    // A URL may hold an `@` of its own, where a password stands that must not become a model's name.
    let before_url = rest.find("://").unwrap_or(rest.len());
    let at = rest.get(..before_url).and_then(|head| head.rfind('@'));
    let (model, place) = match at.and_then(|at| Some((rest.get(..at)?, rest.get(at + 1..)?))) {
        Some((model, place)) => (model, Some(place)),
        None => (rest, None),
    };
    if model.contains("://") {
        return Err(format!("{spec:?} has a URL but no @ before it; try {:?}", example(id)));
    }
    if model.trim().is_empty() {
        return Err(format!("{spec:?} names no model; try {:?}", example(id)));
    }
    let mut endpoint = Endpoint {
        name: model.to_owned(),
        provider: row.id.to_owned(),
        model: model.to_owned(),
        ..Endpoint::default()
    };
    if let Some(place) = place {
        if place.is_empty() {
            return Err(format!(
                "{spec:?} has nothing after the @; {} takes {} there",
                row.id,
                place_word(row)
            ));
        }
        set_place(row, &mut endpoint, place).map_err(|e| format!("{spec:?}: {e}"))?;
    }
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        set_param(&mut endpoint, &name, &value).map_err(|e| format!("{spec:?}: {e}"))?;
    }
    Ok(endpoint)
}

/// Puts a place where the provider's row says it belongs. A bare host is an address
/// only where the provider's own one is on this machine: `openai:m@us-east-1` must not
/// send a key to a host of that name.
fn set_place(row: &Provider, endpoint: &mut Endpoint, place: &str) -> Result<(), String> {
    let local = row.base_url.is_some_and(|b| b.starts_with("http://127."));
    if place.contains("://") || (row.place == Place::BaseUrl && local) {
        address::parse(place, None)?;
        endpoint.base_url = Some(place.to_owned());
    } else if row.place == Place::Region {
        endpoint.place = Some(place.to_owned());
    } else {
        return Err(format!("{} takes a base URL after the @, like https://host/v1, not {place:?}", row.id));
    }
    Ok(())
}

/// The sentence for a provider that no row has.
#[must_use]
pub fn unknown_provider(id: &str) -> String {
    let ids: Vec<_> = PROVIDERS.iter().map(|p| p.id).collect();
    format!("unknown provider {id:?}{}: {}", did_you_mean(id, ids.iter().copied()), ids.join(", "))
}

fn set_param(endpoint: &mut Endpoint, name: &str, value: &str) -> Result<(), String> {
    match name {
        "name" => value.clone_into(&mut endpoint.name),
        "api_key_env" => endpoint.api_key_env = Some(value.to_owned()),
        "allow_plain_http" => {
            endpoint.allow_plain_http =
                value.parse().map_err(|_| format!("allow_plain_http is true or false, not {value:?}"))?;
        }
        _ if PARAMS.iter().any(|(n, ..)| *n == name) => endpoint.params.set(name, value)?,
        _ => {
            let known: Vec<_> = PARAMS.iter().map(|(n, ..)| *n).chain(OWN).collect();
            return Err(format!(
                "unknown parameter {name:?}{}: {}",
                did_you_mean(name, known.iter().copied()),
                known.join(", ")
            ));
        }
    }
    Ok(())
}

fn example(id: &str) -> String {
    let row = provider(id).or(PROVIDERS.first());
    row.map(|p| format!("{}:{}", p.id, p.example)).unwrap_or_default()
}

fn place_word(row: &Provider) -> &'static str {
    match row.place {
        Place::BaseUrl => "a base URL",
        Place::Region => "a region or a base URL",
    }
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
