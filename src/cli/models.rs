//! `bakeoff models`: what the accounts can call, joined with the catalog and its prices.

use std::io::Write;

use serde_json::{Value, json};

use super::args::ModelsArgs;
use super::choices::{price_words, tokens};
use super::lists::list;
use super::world::{LOCAL_PATIENCE, World};
use super::{Stop, runtime, world};
use crate::engine::Listed;
use crate::model::Endpoint;
use crate::model::clean_line;
use crate::provider::PROVIDERS;
use crate::provider::Provider;
use crate::provider::example;
use crate::provider::provider;
use crate::provider::ready;
use crate::provider::unknown_provider;

/// What asking one provider brought.
enum Brought {
    Models(Vec<Listed>),
    /// The provider has no list; the catalog speaks for it.
    NoList,
    Failed(String),
}

pub(super) fn run(args: &ModelsArgs) -> Result<u8, Stop> {
    let loaded = world::load()?;
    let limits = world::limits(&loaded.config, None);
    if let Some(id) = args.provider.as_deref().filter(|id| provider(id).is_none()) {
        return Err(Stop::usage(unknown_provider(id)));
    }
    let runtime = runtime()?;
    let (world, brought) = runtime.block_on(async {
        let (world, _) = World::look(&loaded, limits, true).await?;
        let rows: Vec<_> =
            PROVIDERS.iter().filter(|row| wanted(row, args, &world, &loaded.config.endpoints)).collect();
        let asked = rows.iter().map(|row| ask(row, &world, &loaded.config.endpoints));
        let brought = futures_util::future::join_all(asked).await;
        Ok((world, rows.into_iter().zip(brought).collect::<Vec<_>>()))
    })?;
    runtime.shutdown_background();
    let mut code = 0;
    let mut rows = Vec::new();
    for (row, brought) in brought {
        match brought {
            Brought::Models(models) => rows.extend(models.iter().map(|m| fields(&world, row, m, "listed"))),
            Brought::NoList => {
                let catalog = (world.catalog)();
                let known = catalog.routes().iter().filter(|r| r.kind == row.id);
                let known = known.map(|r| Listed { id: r.id.clone(), context: r.context });
                rows.extend(known.map(|m| fields(&world, row, &m, "catalog only")));
            }
            // A server on this machine that does not run is no news, unless it was asked for.
            Brought::Failed(_) if row.is_local() && args.provider.is_none() => {}
            Brought::Failed(why) => {
                code = 1;
                let _ = writeln!(std::io::stderr(), "bakeoff: {}: {}", row.id, clean_line(&why));
            }
        }
    }
    if let Some(word) = args.word.as_ref().map(|w| w.to_lowercase()) {
        let holds = |v: &Value| v.as_str().is_some_and(|t| t.to_lowercase().contains(&word));
        rows.retain(|row| row.iter().any(|(name, v)| ["model", "family"].contains(name) && holds(v)));
    }
    if rows.is_empty() && code == 0 {
        let what = args.word.as_ref().map_or_else(String::new, |w| format!(" with {w:?} in its name"));
        return Err(Stop::usage(format!(
            "no model{what} to list: see `bakeoff providers` for the keys that are looked for, or name a provider with -p"
        )));
    }
    list(rows, args.list.format)?;
    Ok(code)
}

fn wanted(row: &Provider, args: &ModelsArgs, world: &World, own: &[Endpoint]) -> bool {
    match &args.provider {
        Some(id) => row.id == id,
        None if row.base_url.is_none() => own.iter().any(|e| e.provider == row.id),
        None => {
            row.is_local()
                || example(row).is_some_and(|e| ready(&e, &world.vars, &world.machine).is_ok())
                || own.iter().any(|e| e.provider == row.id)
        }
    }
}

/// Asks by the first endpoint of the config that has this provider: its key, its place.
async fn ask(row: &Provider, world: &World, own: &[Endpoint]) -> Brought {
    let endpoint = own.iter().find(|e| e.provider == row.id).cloned();
    let endpoint =
        endpoint.unwrap_or_else(|| Endpoint { provider: row.id.to_owned(), ..Endpoint::default() });
    let asked = world.engine.models(&endpoint);
    let answer = if row.is_local() {
        match tokio::time::timeout(LOCAL_PATIENCE, asked).await {
            Ok(answer) => answer,
            Err(_) => return Brought::Failed("no answer".into()),
        }
    } else {
        asked.await
    };
    match answer {
        Ok(Some(models)) => Brought::Models(models),
        Ok(None) => Brought::NoList,
        Err(fault) => Brought::Failed(format!("{} → {}", fault.message, fault.advice())),
    }
}

fn fields(world: &World, row: &Provider, model: &Listed, from: &str) -> Vec<(&'static str, Value)> {
    let catalog = (world.catalog)();
    let route = catalog.route(row.id, &model.id, None).map(|(r, _)| r);
    let price = catalog.lookup(row.id, &model.id, None).0;
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
