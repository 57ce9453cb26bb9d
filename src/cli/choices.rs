//! What the screen's picker shows: every route of the catalog, the user's own endpoints
//! first, with what is known of each.

use crate::catalog::Catalog;
use crate::model::Endpoint;
use crate::model::Price;
use crate::model::Rates;
use crate::provider::Machine;
use crate::provider::Place;
use crate::provider::Vars;
use crate::provider::provider;
use crate::provider::ready;
use crate::provider::routes;
use crate::ui;

/// All of them, in the catalog's order.
pub(super) fn choices(
    catalog: &Catalog,
    vars: &Vars,
    machine: &Machine,
    own: &[Endpoint],
) -> Vec<ui::Choice> {
    let own = own.iter().map(|e| {
        let route = catalog.route(&e.provider, &e.model, e.place.as_deref()).map(|(r, _)| r);
        let route = route.as_deref();
        let family = route.map_or(e.model.clone(), |r| r.family.clone());
        let (price, context) = (route.and_then(|r| r.price.as_ref()), route.and_then(|r| r.context));
        choice(placed(e.clone(), vars, machine), family, price, context, vars, machine)
    });
    // Azure's zones are one id: a request cannot choose between them, a deployment has.
    let distinct = routes(catalog).filter(|(_, route)| !route.scope.starts_with("data-zone"));
    let sold = distinct.map(|(e, route)| {
        let mut choice = choice(
            placed(e, vars, machine),
            route.family.clone(),
            route.price.as_ref(),
            route.context,
            vars,
            machine,
        );
        // A region alone does not say which of a model's profiles it is.
        choice.place = match (choice.place.as_str(), route.scope.as_str()) {
            ("", "global") => String::new(),
            ("", scope) => scope.to_owned(),
            (region, scope) if regional(&choice.endpoint) => format!("{scope} · {region}"),
            (place, _) => place.to_owned(),
        };
        choice
    });
    own.chain(sold).collect()
}

fn regional(endpoint: &Endpoint) -> bool {
    provider(&endpoint.provider).is_some_and(|row| row.place == Place::Region)
}

/// A server that is this machine's, unless somebody names another.
fn is_here(endpoint: &Endpoint, vars: &Vars) -> bool {
    provider(&endpoint.provider).is_some_and(|row| {
        row.is_local() && endpoint.base_url.is_none() && vars.first(row.base_url_vars).is_none()
    })
}

/// With the region or the project of the clouds' own files, which no variable names.
fn placed(mut endpoint: Endpoint, vars: &Vars, machine: &Machine) -> Endpoint {
    let Some(row) = provider(&endpoint.provider) else { return endpoint };
    if endpoint.place.is_none() {
        let named = vars.first(row.place_vars).map(|(_, v)| v);
        endpoint.place = match row.place {
            // Which profile may be called depends on it, so it is shown and kept.
            Place::Region => named.or_else(|| machine.aws_region.clone()),
            Place::Location if named.is_none() => machine.google_project.clone(),
            Place::Location | Place::Resource | Place::BaseUrl => None,
        };
    }
    endpoint
}

fn choice(
    endpoint: Endpoint,
    family: String,
    price: Option<&Price>,
    context: Option<u64>,
    vars: &Vars,
    machine: &Machine,
) -> ui::Choice {
    let ready = match ready(&endpoint, vars, machine) {
        _ if provider(&endpoint.provider).is_none() => ui::Ready::Never("not spoken here".into()),
        // Whether it runs, and has the model, is not known before it is asked.
        Ok(_) if is_here(&endpoint, vars) => ui::Ready::Yes("if this machine serves it".into()),
        Ok(words) => ui::Ready::Yes(words),
        Err(words) => ui::Ready::No(words),
    };
    ui::Choice {
        family,
        cloud: endpoint.provider.clone(),
        place: endpoint.place.clone().unwrap_or_default(),
        price: price.map(price_words).unwrap_or_default(),
        context: context.map(tokens).unwrap_or_default(),
        ready,
        endpoint,
    }
}

/// `$2 / $10`: a million tokens in and out. Empty where there is no price.
pub(super) fn price_words(price: &Price) -> String {
    let Price { rates: Rates { input, output, .. }, .. } = price;
    match (input, output) {
        _ if price.local => "local".to_owned(),
        (Some(input), Some(output)) => {
            let mark = if price.volatile {
                "*"
            } else if !price.disagrees.is_empty() {
                "?"
            } else {
                ""
            };
            format!("{} / {}{mark}", dollars(*input), dollars(*output))
        }
        _ => String::new(),
    }
}

/// A rate in femto-dollars a token as dollars a million tokens: nine decimals, no trailing zeros.
fn dollars(rate: u64) -> String {
    const UNIT: u64 = 1_000_000_000;
    let cents = format!("{:09}", rate % UNIT);
    let cents = cents.trim_end_matches('0');
    if cents.is_empty() { format!("${}", rate / UNIT) } else { format!("${}.{cents}", rate / UNIT) }
}

/// `1.05M`, `200k`.
pub(super) fn tokens(n: u64) -> String {
    let short = |n: u64, unit: u64, word: &str| {
        let hundredths = (n % unit) * 100 / unit;
        let text =
            if hundredths == 0 { format!("{}", n / unit) } else { format!("{}.{hundredths:02}", n / unit) };
        let text = if text.contains('.') { text.trim_end_matches('0').to_owned() } else { text };
        format!("{text}{word}")
    };
    match n {
        1_000_000.. => short(n, 1_000_000, "M"),
        1_000.. => format!("{}k", n / 1_000),
        _ => n.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_and_contexts_are_short_and_exact() {
        for (per_million, want) in [("2", "$2"), ("0.0375", "$0.0375"), ("12.5", "$12.5"), ("0", "$0")] {
            assert_eq!(dollars(Rates::rate(per_million).unwrap()), want);
        }
        for (n, want) in
            [(1_050_000, "1.05M"), (1_000_000, "1M"), (200_000, "200k"), (512, "512"), (1_500_000, "1.5M")]
        {
            assert_eq!(tokens(n), want);
        }
    }
}
