//! Whom the arguments mean: endpoints by spec, by name, by lineup, and a model on every cloud.

use std::time::Duration;

use super::Stop;
use super::args::Who;
use super::world::{Loaded, World, leveller};
use crate::engine::aws_profile;
use crate::model::Class;
use crate::model::Endpoint;
use crate::model::Judge;
use crate::model::Lineup;
use crate::model::Prompt;
use crate::model::nearest;
use crate::provider::Opened;
use crate::provider::PROVIDERS;
use crate::provider::Place;
use crate::provider::Reach;
use crate::provider::Vars;
use crate::provider::found;
use crate::provider::parse_spec;
use crate::provider::provider;
use crate::provider::resolve;
use crate::store;
use crate::store::Config;

/// What the servers on this machine have.
#[derive(Default)]
pub(super) struct Served {
    /// Provider and model, in the providers' order.
    pub(super) models: Vec<(String, String)>,
    /// Servers that took the connection and did not answer.
    silent: Vec<&'static str>,
}

/// Who is asked, and what is to be said about it.
pub(super) struct Asked {
    pub(super) lineup: Lineup,
    pub(super) absent: Vec<Absent>,
    /// Of a model whose weights are open, opened on several clouds: the same weights, but not
    /// the same service.
    pub(super) open_weights: bool,
}

/// Clouds that sell a model of `-m` and are not asked, each with what is missing.
pub(super) struct Absent {
    model: String,
    clouds: Vec<(String, String)>,
}

impl Absent {
    /// `gpt-6-sol is not asked on OpenAI (no key: OPENAI_API_KEY), …`
    pub(super) fn sentence(&self) -> String {
        let on = if self.clouds.is_empty() { "asked:" } else { "asked on" };
        format!("{} is not {on} {}", self.model, self.reasons())
    }

    fn reasons(&self) -> String {
        if self.clouds.is_empty() {
            return "no server on this machine has it".into();
        }
        let clouds: Vec<_> = self.clouds.iter().map(|(cloud, why)| format!("{cloud} ({why})")).collect();
        clouds.join(", ")
    }

    /// All of them on one line, where the picker tells the rest. How many they are stands
    /// first: a narrow screen cuts the names.
    pub(super) fn brief(all: &[Self]) -> Option<String> {
        let names = |absent: &Self| {
            let clouds: Vec<_> = absent.clouds.iter().map(|(cloud, _)| cloud.as_str()).collect();
            if clouds.is_empty() { "this machine".to_owned() } else { clouds.join(", ") }
        };
        let many = |absent: &Self| match absent.clouds.len() {
            0 => format!("{} not on this machine", absent.model),
            1 => format!("{} not on {}", absent.model, names(absent)),
            n => format!("{} not on {n} clouds", absent.model),
        };
        match all {
            [] => None,
            [one] if one.clouds.len() > 1 => Some(format!("E says why: {}: {}", many(one), names(one))),
            _ => Some(format!("E says why: {}", all.iter().map(many).collect::<Vec<_>>().join(" · "))),
        }
    }
}

/// No start waits longer for a server of the user's own, wherever it is.
const LOCAL_PATIENCE: Duration = Duration::from_secs(1);

impl World {
    /// The lineup of the arguments, families opened and settings brought together where that
    /// was asked; the clouds that are not among them.
    pub(super) async fn lineup(&self, who: &Who, config: &Config) -> Result<Asked, Stop> {
        let mut lineup = named(who, config)?;
        let mut titles: Vec<_> =
            Some(lineup.name.clone()).filter(|name| !name.is_empty()).into_iter().collect();
        let (mut absent, mut open_weights) = (Vec::new(), false);
        for word in &who.models {
            let opened = self.family(word, who.all_routes, config).await?;
            if !opened.missing.is_empty() || opened.lineup.endpoints.is_empty() {
                absent.push(Absent { model: word.clone(), clouds: opened.missing });
            }
            titles.push(opened.lineup.name);
            open_weights |= opened.open_weights && opened.lineup.endpoints.len() > 1;
            for endpoint in opened.lineup.endpoints {
                let endpoint = with_defaults(endpoint, config);
                // Whoever is asked by name already is not asked again.
                if !lineup.endpoints.iter().any(|known| self.same(known, &endpoint)) {
                    lineup.endpoints.push(endpoint);
                }
            }
        }
        if lineup.endpoints.is_empty() && !absent.is_empty() {
            let absent: Vec<_> = absent.iter().map(|a| format!("for {}: {}", a.model, a.reasons())).collect();
            return Err(Stop::usage(format!("no cloud to ask {}", absent.join("; "))));
        }
        lineup.name = titles.join(" + ");
        lineup.tell_apart();
        if who.common {
            lineup.endpoints = leveller(&self.catalog)(&lineup.endpoints);
        }
        Ok(Asked { lineup, absent, open_weights })
    }

    /// Whether two endpoints would send the same request: a place that one leaves to variables
    /// and files is the place that the other names, a deployment may be called as its model.
    fn same(&self, one: &Endpoint, other: &Endpoint) -> bool {
        let prompt = Prompt::new("?");
        let sent = |e: &Endpoint| {
            let request = resolve(e, &prompt, &self.vars, None).ok()?;
            Some((e.provider.clone(), e.auth.clone(), request.url, request.body, request.via))
        };
        one.key == other.key && (one.asks_like(other) || sent(one).is_some_and(|s| Some(s) == sent(other)))
    }

    async fn family(&self, word: &str, all: bool, config: &Config) -> Result<Opened, Stop> {
        let catalog = (self.catalog)();
        // Only open weights can be on this machine; nobody else's server is asked.
        let open = catalog.family(word).is_some_and(|f| f.open_weights);
        let served = if open { self.served().await } else { Served::default() };
        let own = &config.endpoints;
        let (vars, machine) = (&self.vars, &self.machine);
        let reach = Reach { catalog: &catalog, vars, machine, own, served: &served.models, all };
        let mut opened = reach.open(word).map_err(Stop::usage)?;
        for label in served.silent {
            // What could not be asked is not known to lack the model.
            opened.missing.retain(|(cloud, _)| cloud != label);
            opened.missing.push((label.to_owned(), "no answer".to_owned()));
        }
        Ok(opened)
    }

    /// What the servers on this machine serve. One that does not run is no fault.
    pub(super) async fn served(&self) -> Served {
        let asked = PROVIDERS.iter().filter(|row| row.is_local()).map(|row| async move {
            let endpoint = Endpoint { provider: row.id.to_owned(), ..Endpoint::default() };
            match tokio::time::timeout(LOCAL_PATIENCE, self.engine.models(&endpoint)).await {
                Ok(Ok(Some(brought))) => {
                    if brought.faults.iter().any(|fault| fault.class == Class::Silent) {
                        return Served { models: Vec::new(), silent: vec![row.label] };
                    }
                    let models = brought.listed.into_iter().map(|m| (row.id.to_owned(), m.id)).collect();
                    Served { models, silent: Vec::new() }
                }
                // Nothing listens there, or not this kind of server.
                Ok(_) => Served::default(),
                Err(_) => Served { models: Vec::new(), silent: vec![row.label] },
            }
        });
        // All at once: one that hangs costs a second, not one for each.
        let mut all = Served::default();
        for mut one in futures_util::future::join_all(asked).await {
            all.models.append(&mut one.models);
            all.silent.append(&mut one.silent);
        }
        all
    }
}

/// Whether these arguments need the clouds' own files: a family is opened, or an endpoint
/// leaves its region or project to them.
pub(super) fn needs_files(who: &Who, endpoints: &[Endpoint]) -> bool {
    let placed = |e: &Endpoint| {
        match provider(&e.provider).map(|row| row.place) {
            Some(Place::Region) => e.place.is_some(),
            // A location alone leaves the project to the credentials' file.
            Some(Place::Location) => e.place.as_ref().is_some_and(|p| p.contains('/')),
            _ => true,
        }
    };
    !who.models.is_empty() || !endpoints.iter().all(placed)
}

/// The endpoints that -e and -l name, else the config's lineup, else all its endpoints.
pub(super) fn named(who: &Who, config: &Config) -> Result<Lineup, Stop> {
    if who.all_routes && who.models.is_empty() {
        return Err(Stop::usage("--all-routes opens every route of a model: name one with -m"));
    }
    // The config's own lineup opens when nobody is named.
    let usual = config.lineup.as_ref().filter(|_| !who.is_named());
    let mut lineup = match who.lineup.as_ref().or(usual) {
        Some(name) => config.lineup_named(name).map_err(Stop::usage)?,
        None if who.is_named() => Lineup::default(),
        None => Lineup { endpoints: config.endpoints.clone(), ..Lineup::default() },
    };
    for spec in &who.endpoints {
        let endpoint = match config.endpoint(spec) {
            Some(named) => named.clone(),
            None => spec_of("-e", spec, config)?,
        };
        lineup.endpoints.push(endpoint);
    }
    lineup.tell_apart();
    Ok(lineup)
}

fn with_defaults(mut endpoint: Endpoint, config: &Config) -> Endpoint {
    endpoint.params = endpoint.params.or(config.defaults);
    endpoint
}

/// Who judges: whom `--judge` names, else the config's.
pub(super) fn judge(word: Option<&str>, config: &Config) -> Result<Option<Judge>, Stop> {
    let Some(word) = word else { return Ok(config.judge.clone()) };
    let endpoint = match config.endpoint(word) {
        Some(named) => named.clone(),
        None => spec_of("--judge", word, config)?,
    };
    Ok(Some(Judge { endpoint, criteria: config.criteria.clone() }))
}

fn spec_of(flag: &str, spec: &str, config: &Config) -> Result<Endpoint, Stop> {
    let endpoint = parse_spec(spec).map_err(|e| {
        // Without a colon it may be meant as a name.
        let names = config.endpoints.iter().map(|e| e.name.as_str()).filter(|_| !spec.contains(':'));
        match nearest(spec, names) {
            Some(name) => {
                Stop::usage(format!("{flag} {spec:?} is no endpoint of the config (did you mean {name:?}?)"))
            }
            None => Stop::usage(format!("{flag} {e}")),
        }
    })?;
    Ok(with_defaults(endpoint, config))
}

/// What to say when nobody is asked.
pub(super) async fn nobody(config: &Loaded) -> Stop {
    let vars = Vars::process();
    let here = found(&vars, &store::machine(&vars, &aws_profile().await));
    let here: Vec<_> =
        here.into_iter().filter_map(|(e, found)| Some(format!("{} ({})", e.provider, found.ok()?))).collect();
    let here = if here.is_empty() {
        "no provider is ready (`bakeoff init --print` says what each lacks)".to_owned()
    } else {
        format!("this machine has {}: ask a model on all of them with -m claude-opus-5-5", here.join(", "))
    };
    let path = config.path.as_ref().map_or("no config file".into(), |p| p.display().to_string());
    Stop::usage(format!(
        "no endpoint to ask; {here}. Name some with -e provider:model, write [[endpoint]] into {path}, \
         or see `bakeoff demo`, which needs no account"
    ))
}
