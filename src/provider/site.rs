//! Where a request goes: base URL, region, resource, project and location.

use url::Url;

use super::address;
use super::row::{Api, Place, Provider};
use super::secret::Vars;
use crate::model::Class;
use crate::model::Endpoint;
use crate::model::Fault;
use crate::wire::segment;

/// Which variable of the user's environment names an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Nobody,
    /// One for the provider.
    Row,
    /// One for this API of it.
    Api,
}

/// An address, and what fills the gaps of a prefix.
pub(super) struct Site {
    pub(super) base: Url,
    pub(super) named: Named,
    pub(super) region: Option<String>,
    fill: Vec<(&'static str, String)>,
}

impl Site {
    /// The whole URL of one API's path.
    pub(super) fn url(&self, prefix: &str, path: &str, model: &str) -> String {
        let mut prefix = prefix.replace("{model}", &segment(model));
        for (gap, value) in &self.fill {
            prefix = prefix.replace(gap, &segment(value));
        }
        address::join(&self.base, &format!("{prefix}{path}"))
    }
}

/// Finds the address of an endpoint: its own words, then the environment's, then the row's.
///
/// # Errors
/// `Setup`, with the variable or the setting that is missing or wrong.
pub(super) fn site(row: &Provider, api: &Api, endpoint: &Endpoint, vars: &Vars) -> Result<Site, Fault> {
    let mut region = None;
    let mut fill = Vec::new();
    match row.place {
        Place::BaseUrl => {}
        Place::Region => {
            region = self::region(row, endpoint, vars)?;
            fill.extend(region.clone().map(|r| ("{place}", r)));
        }
        Place::Resource => fill.extend(resource(row, api, endpoint, vars)?.map(|r| ("{place}", r))),
        Place::Location => {
            let (project, location) = project_and_location(row, api, endpoint, vars);
            let location = location.unwrap_or_else(|| "global".into());
            if !is_label(&location) {
                return Err(setup(format!("{location:?} is not a Google Cloud location"))
                    .hint("write it like europe-west1, us or global"));
            }
            let Some(project) = project else {
                let projects = api.place_vars.iter().chain(row.place_vars).filter(|n| n.contains("PROJECT"));
                return Err(missing_place("no Google Cloud project:", "…@my-project/global", projects));
            };
            let host = match location.as_str() {
                "global" => "aiplatform.googleapis.com".to_owned(),
                "us" | "eu" => format!("aiplatform.{location}.rep.googleapis.com"),
                _ => format!("{location}-aiplatform.googleapis.com"),
            };
            fill.extend([("{host}", host), ("{project}", project), ("{location}", location)]);
        }
    }
    let (text, from, moved, named) = base_text(row, api, endpoint, vars, &fill)?;
    if row.place == Place::Region
        && !moved
        && vars.get("AWS_USE_FIPS_ENDPOINT").is_some_and(|v| v.eq_ignore_ascii_case("true"))
    {
        return Err(no_fips("AWS_USE_FIPS_ENDPOINT"));
    }
    let default_port = row.base_url.and_then(|b| Url::parse(b).ok()?.port());
    let base = address::parse(&text, default_port)
        .map_err(|e| setup(format!("{from} {:?}: {e}", address::without_userinfo(&text))))?;
    address::check(&base, endpoint.allow_plain_http).map_err(|e| {
        setup(format!("{from}: {e}")).hint("use https, or set allow_plain_http = true for this endpoint")
    })?;
    Ok(Site { base, named, region, fill })
}

/// Who must ask AWS's hosts with validated cryptography would not forgive another one.
#[must_use]
pub fn no_fips(from: &str) -> Fault {
    setup(format!("{from} wants a FIPS host, and the address is not one"))
        .hint("write it as base_url, like https://bedrock-runtime-fips.us-east-1.amazonaws.com")
}

fn setup(message: String) -> Fault {
    Fault::new(Class::Setup, message)
}

/// The base URL's text, where it is from, whether it is not the row's, and which variable names it.
fn base_text(
    row: &Provider,
    api: &Api,
    endpoint: &Endpoint,
    vars: &Vars,
    fill: &[(&'static str, String)],
) -> Result<(String, String, bool, Named), Fault> {
    if let Some(own) = &endpoint.base_url {
        return Ok((own.clone(), "base URL".into(), true, Named::Nobody));
    }
    // A resource that the endpoint names is another host than the one in the environment.
    let named = row.place == Place::Resource && endpoint.place.is_some();
    let row_vars = if api.base_url.is_none() { row.base_url_vars } else { &[] };
    for (names, by) in [(api.base_url_vars, Named::Api), (row_vars, Named::Row)] {
        if let Some((name, value)) = vars.first(names).filter(|_| !named) {
            return Ok((value, name.to_owned(), true, by));
        }
    }
    let Some(template) = api.base_url.or(row.base_url) else {
        return Err(setup(format!("{} needs a base URL", row.id))
            .hint(format!("write it after an @: {}:{}", row.id, row.example)));
    };
    let mut text = template.to_owned();
    for (gap, value) in fill {
        text = text.replace(gap, value);
    }
    if text.contains('{') {
        let own = api.place_vars.iter().chain(row.place_vars);
        return Err(match row.place {
            Place::Region => missing_place("no AWS region:", "…@us-east-1", own),
            _ => match vars.first(row.base_url_vars) {
                // An address of a host that names no resource, and this API has hosts of its own.
                Some((name, _)) => missing_place(
                    &format!("no Azure resource: none can be read from {name}, and"),
                    "…@contoso-east",
                    own.chain(api.base_url_vars),
                ),
                None => missing_place("no Azure resource:", "…@contoso-east", own.chain(row.base_url_vars)),
            },
        });
    }
    Ok((text, "base URL".into(), false, Named::Nobody))
}

/// A place that nobody names: what it is, how a spec writes it, the variables that may hold it.
fn missing_place<'n>(what: &str, how: &str, names: impl Iterator<Item = &'n &'static str>) -> Fault {
    let names = names.copied().collect::<Vec<_>>().join(" or ");
    setup(format!("{what} {names} is not set")).hint(format!("write it after the @ ({how}), or set {names}"))
}

/// The region of an endpoint: its own, its ARN's, or the environment's.
///
/// # Errors
/// `Setup`: what is named is no region.
pub(super) fn region(row: &Provider, endpoint: &Endpoint, vars: &Vars) -> Result<Option<String>, Fault> {
    let region = endpoint
        .place
        .clone()
        .or_else(|| arn_region(endpoint.sent_model()))
        .or_else(|| vars.first(row.place_vars).map(|(_, v)| v));
    match region {
        Some(bad) if !is_region(&bad) => Err(setup(format!("{bad:?} is not an AWS region"))
            .hint("write it like us-east-1, after the @ or in AWS_REGION")),
        region => Ok(region),
    }
}

/// The name of an Azure resource; from the address of one of its hosts where only that is told.
pub(super) fn resource(
    row: &Provider,
    api: &Api,
    endpoint: &Endpoint,
    vars: &Vars,
) -> Result<Option<String>, Fault> {
    let named = endpoint
        .place
        .clone()
        .or_else(|| vars.first(api.place_vars).map(|(_, v)| v))
        .or_else(|| vars.first(row.place_vars).map(|(_, v)| v))
        .or_else(|| {
            let (_, address) = vars.first(api.base_url_vars).or_else(|| vars.first(row.base_url_vars))?;
            let url = address::parse(&address, None).ok()?;
            let host = url.host_str()?;
            row.hosts.iter().find_map(|h| host.strip_suffix(h)?.strip_suffix('.').map(str::to_owned))
        });
    match named {
        Some(name) if !is_label(&name) => {
            Err(setup(format!("{name:?} is not the name of an Azure resource"))
                .hint("it is the first word of the endpoint: https://NAME.openai.azure.com"))
        }
        named => Ok(named),
    }
}

/// `project/location`, or either alone: a location is a region (`europe-west1`) or one of the three wide ones.
fn project_and_location(
    row: &Provider,
    api: &Api,
    endpoint: &Endpoint,
    vars: &Vars,
) -> (Option<String>, Option<String>) {
    let (mut project, mut location) = match endpoint.place.as_deref().map(|p| (p, p.split_once('/'))) {
        Some((_, Some((project, location)))) => (Some(project.to_owned()), Some(location.to_owned())),
        Some((place, None)) if is_location(place) => (None, Some(place.to_owned())),
        Some((place, None)) => (Some(place.to_owned()), None),
        None => (None, None),
    };
    for name in api.place_vars.iter().chain(row.place_vars) {
        let slot = if name.contains("PROJECT") { &mut project } else { &mut location };
        *slot = slot.take().or_else(|| vars.get(name));
    }
    (project, location)
}

/// Whether a word is one of Google Cloud's locations, rather than a project.
#[must_use]
pub fn is_location(text: &str) -> bool {
    matches!(text, "global" | "us" | "eu")
        || (text.contains('-') && text.ends_with(|c: char| c.is_ascii_digit()) && {
            let continents =
                ["us-", "europe-", "asia-", "australia-", "northamerica-", "southamerica-", "me-", "africa-"];
            continents.iter().any(|c| text.starts_with(c))
        })
}

/// What becomes part of a host name: letters, digits and dashes only.
fn is_label(text: &str) -> bool {
    !text.is_empty() && text.len() < 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// `arn:aws:bedrock:REGION:…`
fn arn_region(model: &str) -> Option<String> {
    let mut parts = model.strip_prefix("arn:")?.split(':');
    let (_partition, _service) = (parts.next()?, parts.next()?);
    parts.next().filter(|r| !r.is_empty()).map(ToOwned::to_owned)
}

fn is_region(text: &str) -> bool {
    text.contains('-') && text.len() < 30 && is_label(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_told_from_a_project() {
        for (place, location) in [
            ("global", true),
            ("eu", true),
            ("europe-west1", true),
            ("us-east5", true),
            ("my-project", false),
            ("team-42", false),
            ("us-marketing", false),
        ] {
            assert_eq!(is_location(place), location, "{place}");
        }
    }
}
