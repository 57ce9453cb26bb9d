//! The file's own shape, and how it becomes a [`Config`]: every sentence with its place.

use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::judging::RawJudge;
use super::look::{LookConfig, RawTheme};
use super::writing::RawPrompt;
use super::{Config, KeyRow, Network, PlainKeys, Timeouts};
use crate::model::Connections;
use crate::model::Endpoint;
use crate::model::KeySource;
use crate::model::Lineup;
use crate::model::Money;
use crate::model::PARAMS;
use crate::model::Params;
use crate::model::Spending;
use crate::model::did_you_mean;
use crate::provider::PROVIDERS;
use crate::provider::Place;
use crate::provider::Provider;
use crate::provider::check_words;
use crate::provider::check_zone;
use crate::provider::parse_address;
use crate::provider::parse_proxy;
use crate::provider::provider;
use crate::provider::unknown_provider;

pub(super) struct Wrong {
    pub(super) span: Option<Range<usize>>,
    pub(super) message: String,
}

impl Wrong {
    pub(super) fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span: Some(span), message: message.into() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) theme: Option<Spanned<RawTheme>>,
    #[serde(default)]
    look: LookConfig,
    lineup: Option<Spanned<String>>,
    #[serde(default)]
    defaults: RawDefaults,
    #[serde(default)]
    timeouts: RawTimeouts,
    #[serde(default)]
    network: RawNetwork,
    #[serde(default)]
    budget: RawBudget,
    #[serde(default)]
    prices: RawPrices,
    #[serde(default)]
    prompt: RawPrompt,
    #[serde(default)]
    attach: RawAttach,
    #[serde(default)]
    trials: RawTrials,
    #[serde(default)]
    judge: RawJudge,
    #[serde(default)]
    endpoint: Vec<RawEndpoint>,
    #[serde(default)]
    lineup_set: Vec<RawLineup>,
    #[serde(default)]
    keys: RawKeys,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawDefaults {
    system: Option<String>,
    max_tokens: Option<Spanned<toml::Value>>,
    temperature: Option<Spanned<toml::Value>>,
    reasoning_effort: Option<Spanned<toml::Value>>,
    thinking: Option<Spanned<toml::Value>>,
    service_tier: Option<Spanned<toml::Value>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the keys of the file carry their unit")]
struct RawTimeouts {
    connect_s: Option<Spanned<f64>>,
    first_event_s: Option<Spanned<f64>>,
    first_event_thinking_s: Option<Spanned<f64>>,
    idle_s: Option<Spanned<f64>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawNetwork {
    proxy: Option<Spanned<String>>,
    ca_file: Option<String>,
    connections: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawPrices {
    url: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawAttach {
    text_kib: Option<Spanned<i64>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawTrials {
    #[serde(default)]
    nonce: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawBudget {
    session_usd: Option<Spanned<toml::Value>>,
    confirm_above_usd: Option<Spanned<toml::Value>>,
    #[serde(default)]
    allow_unknown: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEndpoint {
    name: Option<Spanned<String>>,
    provider: Spanned<String>,
    model: Option<Spanned<String>>,
    deployment: Option<Spanned<String>>,
    region: Option<Spanned<String>>,
    resource: Option<Spanned<String>>,
    project: Option<Spanned<String>>,
    location: Option<Spanned<String>>,
    base_url: Option<Spanned<String>>,
    api: Option<Spanned<String>>,
    api_version: Option<Spanned<String>>,
    auth: Option<Spanned<String>>,
    token_scope: Option<String>,
    zone: Option<Spanned<String>>,
    api_key_env: Option<Spanned<String>>,
    api_key_cmd: Option<Spanned<Vec<String>>>,
    api_key_file: Option<Spanned<String>>,
    keyring: Option<Spanned<String>>,
    api_key: Option<Spanned<String>>,
    system: Option<String>,
    #[serde(default)]
    allow_plain_http: bool,
    params: Option<Spanned<toml::Table>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLineup {
    name: Spanned<String>,
    endpoints: Vec<Spanned<String>>,
    baseline: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawKeys {
    #[serde(default)]
    prompt: toml::Table,
    #[serde(default)]
    pane: toml::Table,
}

impl Raw {
    pub(super) fn check(self) -> Result<Config, Wrong> {
        let defaults = self.defaults.check()?;
        let mut endpoints: Vec<Endpoint> = Vec::new();
        let mut plain_keys = PlainKeys::default();
        for raw in self.endpoint {
            let span = raw.name.as_ref().or(raw.model.as_ref()).unwrap_or(&raw.provider).span();
            let endpoint = raw.check(defaults, &mut plain_keys)?;
            if endpoints.iter().any(|e| e.name == endpoint.name) {
                return Err(Wrong::at(span, format!("a second endpoint is called {:?}", endpoint.name)));
            }
            endpoints.push(endpoint);
        }
        let mut lineups: Vec<Lineup> = Vec::new();
        for raw in self.lineup_set {
            let span = raw.name.span();
            let lineup = raw.check(&endpoints)?;
            if lineups.iter().any(|l| l.name == lineup.name) {
                return Err(Wrong::at(span, format!("a second lineup is called {:?}", lineup.name)));
            }
            lineups.push(lineup);
        }
        if let Some(name) = &self.lineup
            && !lineups.iter().any(|l| l.name == *name.get_ref())
        {
            let known: Vec<_> = lineups.iter().map(|l| l.name.as_str()).collect();
            let near = did_you_mean(name.get_ref(), known.iter().copied());
            return Err(Wrong::at(name.span(), format!("no lineup is called {:?}{near}", name.get_ref())));
        }
        Ok(Config {
            theme: self.theme.map(|t| t.into_inner().into()),
            theme_at: None,
            look: self.look,
            lineup: self.lineup.map(Spanned::into_inner),
            system: self.defaults.system,
            defaults,
            lineups,
            timeouts: self.timeouts.check()?,
            network: self.network.check()?,
            spending: self.budget.check()?,
            attach_text_kib: self.attach.check()?,
            nonce: self.trials.nonce,
            criteria: self.judge.criteria(),
            judge: self.judge.check(&endpoints, defaults)?,
            prices_url: self.prices.check()?,
            plain_keys,
            writing: self.prompt.check()?,
            keys: self.keys.check()?,
            endpoints,
        })
    }
}

fn set(params: &mut Params, name: &str, value: &toml::Value, span: Range<usize>) -> Result<(), Wrong> {
    let text = match value {
        toml::Value::String(s) => s.clone(),
        other => other.to_string(),
    };
    params.set(name, &text).map_err(|message| Wrong::at(span, message))
}

impl RawDefaults {
    fn check(&self) -> Result<Params, Wrong> {
        let mut params = Params::default();
        let rows = [
            ("max_tokens", &self.max_tokens),
            ("temperature", &self.temperature),
            ("reasoning_effort", &self.reasoning_effort),
            ("thinking", &self.thinking),
            ("service_tier", &self.service_tier),
        ];
        for (name, value) in rows {
            if let Some(value) = value {
                set(&mut params, name, value.get_ref(), value.span())?;
            }
        }
        Ok(params)
    }
}

impl RawTimeouts {
    fn check(self) -> Result<Timeouts, Wrong> {
        let seconds = |value: Option<Spanned<f64>>| match value {
            None => Ok(None),
            Some(v) => match Duration::try_from_secs_f64(*v.get_ref()) {
                Ok(d) if !d.is_zero() => Ok(Some(d)),
                _ => Err(Wrong::at(v.span(), "a time limit is a positive number of seconds")),
            },
        };
        Ok(Timeouts {
            connect: seconds(self.connect_s)?,
            first_event: seconds(self.first_event_s)?,
            first_event_thinking: seconds(self.first_event_thinking_s)?,
            idle: seconds(self.idle_s)?,
        })
    }
}

impl RawNetwork {
    fn check(self) -> Result<Network, Wrong> {
        if let Some(proxy) = &self.proxy {
            check_proxy(proxy.get_ref()).map_err(|e| Wrong::at(proxy.span(), e))?;
        }
        let connections = self.connections.map_or(Ok(Connections::default()), |word| {
            let known = [Connections::Cold, Connections::Warm];
            known.into_iter().find(|c| c.word() == Some(word.get_ref().as_str())).ok_or_else(|| {
                Wrong::at(word.span(), "connections is \"cold\" or \"warm\"; leave it out for neither")
            })
        })?;
        Ok(Network { proxy: self.proxy.map(Spanned::into_inner), ca_file: self.ca_file, connections })
    }
}

impl RawPrices {
    fn check(self) -> Result<Option<String>, Wrong> {
        let Some(url) = self.url else { return Ok(None) };
        if !url.get_ref().starts_with("https://") && !url.get_ref().starts_with("http://127.") {
            return Err(Wrong::at(url.span(), "a price list is fetched by https"));
        }
        Ok(Some(url.into_inner()))
    }
}

impl RawAttach {
    /// Up to what is read of any file.
    fn check(self) -> Result<Option<u64>, Wrong> {
        let kib = |v: Spanned<i64>| {
            let kib = u64::try_from(*v.get_ref()).ok().filter(|kib| (1..=16_384).contains(kib));
            kib.ok_or_else(|| Wrong::at(v.span(), "text_kib is a whole number of KiB from 1 to 16384"))
        };
        self.text_kib.map(kib).transpose()
    }
}

impl RawBudget {
    fn check(self) -> Result<Spending, Wrong> {
        let usd = |value: Option<Spanned<toml::Value>>| {
            value.map(|v| {
                let text = match v.get_ref() {
                    toml::Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                let wrong = |_| Wrong::at(v.span(), format!("{text:?} is no amount of dollars: write 2.00"));
                Money::parse(&text).map_err(wrong)
            })
        };
        Ok(Spending {
            session: usd(self.session_usd).transpose()?,
            confirm_above: usd(self.confirm_above_usd).transpose()?,
            allow_unknown: self.allow_unknown,
        })
    }
}

/// What can stand in the file as a proxy: an address without a password.
fn check_proxy(text: &str) -> Result<(), String> {
    let url = parse_proxy(text)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "a proxy's user and password do not belong in the file; set HTTPS_PROXY to its whole address"
                .into(),
        );
    }
    Ok(())
}

impl RawEndpoint {
    fn check(mut self, defaults: Params, plain: &mut PlainKeys) -> Result<Endpoint, Wrong> {
        let id = self.provider.get_ref();
        let row = provider(id).ok_or_else(|| Wrong::at(self.provider.span(), unknown_provider(id)))?;
        let place = self.place(row)?;
        if row.base_url.is_none() && self.base_url.is_none() {
            return Err(Wrong::at(self.provider.span(), format!("{} needs a base_url", row.id)));
        }
        if let Some(url) = &self.base_url {
            parse_address(url.get_ref(), None).map_err(|e| Wrong::at(url.span(), e))?;
        }
        let params = self.params()?;
        // A deployment whose model is not told has a name, no price and no known limits.
        let deployment = self.deployment.take();
        let (model, deployment) = match (self.model.take(), deployment) {
            (Some(model), deployment) => (model, deployment.map(Spanned::into_inner)),
            (None, Some(deployment)) => (deployment, None),
            (None, None) => return Err(Wrong::at(self.provider.span(), "an endpoint needs a model")),
        };
        if model.get_ref().trim().is_empty() {
            return Err(Wrong::at(model.span(), "an endpoint needs a model"));
        }
        let name = self.name.take().map_or_else(|| model.get_ref().clone(), Spanned::into_inner);
        let key = self.key(&name, plain)?;
        let words = self.auth.as_ref().or(self.api.as_ref()).or(self.api_version.as_ref());
        let span = words.unwrap_or(&self.provider).span();
        if let Some(zone) = &self.zone {
            check_zone(zone.get_ref()).map_err(|e| Wrong::at(zone.span(), e))?;
        }
        let endpoint = Endpoint {
            name,
            provider: row.id.to_owned(),
            model: model.into_inner(),
            deployment,
            api: self.api.map(Spanned::into_inner),
            api_version: self.api_version.map(Spanned::into_inner),
            place,
            base_url: self.base_url.map(Spanned::into_inner),
            key,
            auth: self.auth.map(Spanned::into_inner),
            token_scope: self.token_scope,
            zone: self.zone.map(Spanned::into_inner),
            system: self.system,
            params: params.or(defaults),
            leveled: Vec::new(),
            allow_plain_http: self.allow_plain_http,
            simulated: false,
        };
        check_words(row, &endpoint).map_err(|e| Wrong::at(span, e))?;
        Ok(endpoint)
    }

    /// Region, resource, or project and location: the words that this provider has.
    fn place(&mut self, row: &Provider) -> Result<Option<String>, Wrong> {
        let (project, location) = (self.project.take(), self.location.take());
        let given = [
            ("region", Place::Region, self.region.as_ref()),
            ("resource", Place::Resource, self.resource.as_ref()),
            ("project", Place::Location, project.as_ref()),
            ("location", Place::Location, location.as_ref()),
        ];
        for (word, place, value) in given {
            if let Some(value) = value.filter(|_| row.place != place) {
                let takes: Vec<_> = PROVIDERS.iter().filter(|p| p.place == place).map(|p| p.id).collect();
                let own = row.place.words();
                let message = format!("{} has no {word}, but {own}; {} has", row.id, takes.join(", "));
                return Err(Wrong::at(value.span(), message));
            }
        }
        Ok(match (project.map(Spanned::into_inner), location.map(Spanned::into_inner)) {
            (Some(project), Some(location)) => Some(format!("{project}/{location}")),
            (project, location) => {
                let own = self.region.take().or(self.resource.take()).map(Spanned::into_inner);
                own.or(project).or(location)
            }
        })
    }

    fn key(&mut self, name: &str, plain: &mut PlainKeys) -> Result<Option<KeySource>, Wrong> {
        let command = self.api_key_cmd.take();
        let api_key = self.api_key.take();
        let mut found: Vec<(Range<usize>, KeySource)> = Vec::new();
        let texts = [
            (self.api_key_env.take(), KeySource::Env as fn(String) -> KeySource),
            (self.api_key_file.take(), KeySource::File),
            (self.keyring.take(), KeySource::Keyring),
        ];
        for (value, source) in texts {
            found.extend(value.map(|v| (v.span(), source(v.into_inner()))));
        }
        if let Some(command) = command {
            if command.get_ref().first().is_none_or(|program| program.trim().is_empty()) {
                return Err(Wrong::at(command.span(), "api_key_cmd is a program and its arguments"));
            }
            found.push((command.span(), KeySource::Command(command.into_inner())));
        }
        if let Some(key) = api_key {
            let source = KeySource::Config(name.to_owned());
            plain.0.push((source.label(), key.get_ref().clone().into()));
            found.push((key.span(), source));
        }
        match (found.pop(), found.pop()) {
            (Some((span, _)), Some(_)) => Err(Wrong::at(span, "an endpoint has one key: two are named here")),
            (one, _) => Ok(one.map(|(_, source)| source)),
        }
    }

    fn params(&self) -> Result<Params, Wrong> {
        let mut params = Params::default();
        let Some(table) = &self.params else { return Ok(params) };
        for (name, value) in table.get_ref() {
            if !PARAMS.iter().any(|(n, ..)| n == name) {
                let near = did_you_mean(name, PARAMS.iter().map(|(n, ..)| *n));
                let known = PARAMS.map(|(n, ..)| n).join(", ");
                return Err(Wrong::at(table.span(), format!("unknown parameter {name:?}{near}: {known}")));
            }
            set(&mut params, name, value, table.span())?;
        }
        Ok(params)
    }
}

impl RawLineup {
    fn check(self, endpoints: &[Endpoint]) -> Result<Lineup, Wrong> {
        let find = |name: &Spanned<String>| {
            endpoints.iter().find(|e| e.name == *name.get_ref()).ok_or_else(|| {
                let near = did_you_mean(name.get_ref(), endpoints.iter().map(|e| e.name.as_str()));
                Wrong::at(name.span(), format!("no endpoint is called {:?}{near}", name.get_ref()))
            })
        };
        let mut members: Vec<Endpoint> = Vec::new();
        for name in &self.endpoints {
            let endpoint = find(name)?;
            if members.iter().any(|e| e.name == endpoint.name) {
                return Err(Wrong::at(
                    name.span(),
                    format!("{:?} stands in this lineup twice", endpoint.name),
                ));
            }
            members.push(endpoint.clone());
        }
        if members.is_empty() {
            return Err(Wrong::at(self.name.span(), "a lineup needs at least one endpoint"));
        }
        let baseline = match &self.baseline {
            None => None,
            Some(name) => {
                find(name)?;
                let index = members.iter().position(|e| e.name == *name.get_ref());
                Some(index.ok_or_else(|| {
                    Wrong::at(name.span(), format!("the baseline {:?} is not in this lineup", name.get_ref()))
                })?)
            }
        };
        Ok(Lineup { name: self.name.into_inner(), endpoints: members, baseline })
    }
}

impl RawKeys {
    fn check(self) -> Result<Vec<KeyRow>, Wrong> {
        let mut rows = Vec::new();
        for (focus, table) in [("prompt", self.prompt), ("pane", self.pane)] {
            for (command, value) in table {
                let keys = match value {
                    toml::Value::String(s) => vec![s],
                    toml::Value::Array(a) if a.iter().all(toml::Value::is_str) => {
                        a.into_iter().filter_map(|v| v.as_str().map(ToOwned::to_owned)).collect()
                    }
                    _ => {
                        let message =
                            format!("keys.{focus}.{command} is a key or a list of keys, like [\"z\"]");
                        return Err(Wrong { span: None, message });
                    }
                };
                rows.push(KeyRow { focus: focus.to_owned(), command, keys });
            }
        }
        Ok(rows)
    }
}
