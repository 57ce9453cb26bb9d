//! `bakeoff models`: what the accounts can call, joined with the catalog and its prices.

use std::io::Write;

use serde_json::{Value, json};

use super::args::ModelsArgs;
use super::choices::{price_words, tokens};
use super::lists::list;
use super::world::World;
use super::{Stop, runtime, world};
use crate::catalog::Route;
use crate::engine::Listed;
use crate::model::Endpoint;
use crate::model::Fault;
use crate::model::clean_line;
use crate::provider::PROVIDERS;
use crate::provider::Provider;
use crate::provider::first_look;
use crate::provider::list_price;
use crate::provider::listings;
use crate::provider::provider;
use crate::provider::unknown_provider;

/// What asking one provider brought.
#[derive(Default)]
struct Brought {
    /// Each with where it was listed: what it costs depends on that.
    listed: Vec<(Listed, String)>,
    /// The provider has no list; the catalog speaks for it.
    no_list: bool,
    /// Each with the first endpoint of its account, where the config names one.
    faults: Vec<(String, Fault)>,
}

pub(super) fn run(args: &ModelsArgs) -> Result<u8, Stop> {
    let loaded = world::load()?;
    let limits = world::limits(&loaded.config, None);
    if let Some(id) = args.provider.as_deref().filter(|id| provider(id).is_none()) {
        return Err(Stop::usage(unknown_provider(id)));
    }
    let own = &loaded.config.endpoints;
    if let Some(row) = args.provider.as_deref().and_then(provider)
        && row.base_url.is_none()
        && !own.iter().any(|e| e.provider == row.id)
    {
        return Err(Stop::usage(format!(
            "{} has no address of its own: write an [[endpoint]] with its base_url into the config",
            row.id
        )));
    }
    let runtime = runtime()?;
    let (world, brought) = runtime.block_on(async {
        let (world, _) = World::look(&loaded, limits, true).await?;
        let rows = PROVIDERS.iter().filter(|row| args.provider.as_deref().is_none_or(|id| id == row.id));
        let named = args.provider.is_some();
        let asked = rows.map(|row| {
            let (world, endpoints) = (&world, askable(row, &world, own, named));
            async move {
                let mut brought = Brought::default();
                for endpoint in &endpoints {
                    ask(world, endpoint, &mut brought).await;
                }
                (row, brought)
            }
        });
        let brought = futures_util::future::join_all(asked).await;
        Ok((world, brought))
    })?;
    runtime.shutdown_background();
    let mut code = 0;
    let mut rows = Vec::new();
    for (row, brought) in brought {
        let mut fields: Vec<_> =
            brought.listed.iter().map(|(m, url)| fields(&world, row, m, url, "listed")).collect();
        if brought.no_list || args.all {
            fields.extend(known(&world, row, &brought.listed));
        }
        rows.extend(fields);
        // A server on this machine that does not run is no news, unless it was asked for.
        let told = !row.is_local() || args.provider.is_some();
        for (account, fault) in brought.faults.iter().filter(|_| told) {
            code = 1;
            let account = if account.is_empty() { String::new() } else { format!(" ({account})") };
            let said = format!("{}{account}: {} → {}", row.id, fault.message, fault.advice());
            let _ = writeln!(std::io::stderr(), "bakeoff: {}", clean_line(&said));
        }
    }
    if let Some(word) = args.word.as_ref().map(|w| w.to_lowercase()) {
        let holds = |v: &Value| v.as_str().is_some_and(|t| t.to_lowercase().contains(&word));
        rows.retain(|row| row.iter().any(|(name, v)| ["model", "family"].contains(name) && holds(v)));
    }
    if rows.is_empty() && code == 0 {
        let what = args.word.as_ref().map_or_else(String::new, |w| format!(" with {w:?} in its name"));
        let more = if args.all {
            "the catalog has none either"
        } else {
            "see `bakeoff providers` for the keys that are looked for, or --all for the catalog"
        };
        return Err(Stop::usage(format!("no model{what} to list: {more}")));
    }
    list(rows, args.list.format)?;
    Ok(code)
}

/// Whom to ask: each account and place of the config's endpoints once, else the provider as
/// its variables say, where they say enough.
fn askable(row: &Provider, world: &World, own: &[Endpoint], named: bool) -> Vec<Endpoint> {
    let mut all: Vec<Endpoint> = Vec::new();
    for endpoint in own.iter().filter(|e| e.provider == row.id) {
        // A list is of an account, not of a model.
        let account = Endpoint {
            name: endpoint.name.clone(),
            provider: endpoint.provider.clone(),
            place: endpoint.place.clone(),
            base_url: endpoint.base_url.clone(),
            key: endpoint.key.clone(),
            auth: endpoint.auth.clone(),
            token_scope: endpoint.token_scope.clone(),
            allow_plain_http: endpoint.allow_plain_http,
            ..Endpoint::default()
        };
        let same = |known: &Endpoint| Endpoint { name: account.name.clone(), ..known.clone() } == account;
        if !all.iter().any(same) {
            all.push(account);
        }
    }
    let usual = Endpoint { provider: row.id.to_owned(), ..Endpoint::default() };
    let (vars, machine) = (&world.vars, &world.machine);
    // Who can be asked a question need not have a list: an address of one API's own may have none.
    let lists = || {
        let ready = first_look(row, vars, machine).is_some_and(|(_, found)| found.is_ok());
        ready && listings(&usual, vars).is_ok()
    };
    if all.is_empty() && (named || row.is_local() || row.base_url.is_some() && lists()) {
        all.push(usual);
    }
    all
}

async fn ask(world: &World, endpoint: &Endpoint, brought: &mut Brought) {
    match world.engine.models(endpoint).await {
        Ok(Some(models)) => {
            brought.faults.extend(models.faults.into_iter().map(|fault| (endpoint.name.clone(), fault)));
            for model in models.listed {
                if !brought.listed.iter().any(|(known, _)| known.id == model.id) {
                    brought.listed.push((model, models.url.clone()));
                }
            }
        }
        Ok(None) => brought.no_list = true,
        Err(fault) => brought.faults.push((endpoint.name.clone(), fault)),
    }
}

/// What the catalog has of a provider besides what is listed.
fn known(world: &World, row: &Provider, listed: &[(Listed, String)]) -> Vec<Vec<(&'static str, Value)>> {
    let catalog = (world.catalog)();
    // A list may call a route by another of its names.
    let ids = listed.iter().filter_map(|(m, _)| Some(catalog.route(row.id, &m.id, None)?.0.id.clone()));
    let ids: Vec<_> = ids.chain(listed.iter().map(|(m, _)| m.id.clone())).collect();
    let new = |r: &&Route| r.kind == row.id && !ids.contains(&r.id);
    let mut routes: Vec<_> = catalog.routes().filter(new).collect();
    // A list has no zones.
    routes.dedup_by(|a, b| a.id == b.id);
    let listed = routes.into_iter().map(|r| Listed { id: r.id.clone(), context: r.context });
    listed.map(|m| fields(world, row, &m, row.base_url.unwrap_or_default(), "catalog only")).collect()
}

fn fields(
    world: &World,
    row: &Provider,
    model: &Listed,
    url: &str,
    from: &str,
) -> Vec<(&'static str, Value)> {
    let catalog = (world.catalog)();
    let route = catalog.route(row.id, &model.id, None).map(|(r, _)| r);
    let route = route.as_deref();
    let endpoint = Endpoint {
        provider: row.id.to_owned(),
        model: model.id.clone(),
        // What a list calls a model is one.
        deployment: Some(model.id.clone()),
        ..Endpoint::default()
    };
    let price = list_price(&catalog, &endpoint, url).0;
    let context = model.context.or_else(|| route.and_then(|r| r.context));
    vec![
        ("provider", json!(row.id)),
        ("model", json!(model.id)),
        ("family", json!(route.map(|r| r.family.clone()))),
        ("price_in_out_per_1m", json!(price.as_ref().map(price_words).filter(|p| !p.is_empty()))),
        ("context", json!(context.map(tokens))),
        ("from", json!(from)),
    ]
}
