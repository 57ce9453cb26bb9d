//! `bakeoff init`: a commented config from what this machine has, and `bakeoff secret`:
//! keys in the desktop's keyring. A key itself is never written into a file.

use std::fmt::Write as _;
use std::io::{IsTerminal, Read};

use super::args::{InitArgs, SecretCommand};
use super::output::write_out;
use super::world::{Loaded, World};
use super::{Stop, runtime, world};
use crate::engine::keyring_set;
use crate::model::Endpoint;
use crate::model::Lineup;
use crate::model::clean_line;
use crate::model::shell_word;
use crate::provider::Place;
use crate::provider::Secret;
use crate::provider::api_of;
use crate::provider::found;
use crate::provider::provider;
use crate::store::write_whole;

pub(super) fn run(args: &InitArgs) -> Result<u8, Stop> {
    let loaded = world::load()?;
    let limits = world::limits(&loaded.config, None);
    let runtime = runtime()?;
    let world = runtime.block_on(async { Ok(World::look(&loaded, limits, true).await?.0) })?;
    runtime.shutdown_background();
    if args.print {
        write_out(&config(&world))?;
        return Ok(0);
    }
    write(&loaded, &world, args.force)
}

/// Writes the config and says where.
pub(super) fn write(loaded: &Loaded, world: &World, force: bool) -> Result<u8, Stop> {
    let path = loaded
        .path
        .as_ref()
        .ok_or_else(|| Stop::usage("no place for a configuration: set HOME, or BAKEOFF_CONFIG to a file"))?;
    let shown = clean_line(&path.display().to_string());
    if path.exists() && !force {
        return Err(Stop::usage(format!(
            "{shown} is there already; --force replaces it, --print only shows"
        )));
    }
    write_whole(path, &config(world)).map_err(Stop::usage)?;
    write_out(&format!("{shown} written; `bakeoff doctor` tries every endpoint in it\n"))?;
    Ok(0)
}

/// The text: an endpoint for each cloud that was found, what others need as comments.
fn config(world: &World) -> String {
    let mut out = String::from(
        "# bakeoff's configuration. `bakeoff config check` reads it; `bakeoff doctor` tries it.\n\
         # No key stands here: each endpoint says where its key is, or leaves it to the provider's usual variable.\n\n\
         # theme = \"tokyo-night\"\n\n\
         [defaults]\n# max_tokens = 2048\n",
    );
    let (mut lineup, mut credentials) = (Lineup::default(), Vec::new());
    let mut missing = Vec::new();
    for (endpoint, state) in found(&world.vars, &world.machine) {
        match state {
            Ok(credential) => {
                lineup.endpoints.push(endpoint);
                credentials.push(credential);
            }
            Err(what) => missing.push((endpoint.provider, what)),
        }
    }
    lineup.tell_apart();
    let names: Vec<_> = lineup.endpoints.iter().map(|e| e.name.clone()).collect();
    for (endpoint, credential) in lineup.endpoints.iter().zip(&credentials) {
        section(&mut out, world, endpoint, credential);
    }
    if !names.is_empty() {
        let list: Vec<_> = names.iter().map(|n| toml::Value::from(n.as_str()).to_string()).collect();
        let _ = write!(
            out,
            "\n[[lineup_set]]\nname = \"everything\"\nendpoints = [{}]\n# baseline = {}\n",
            list.join(", "),
            list.first().cloned().unwrap_or_default()
        );
    }
    if !missing.is_empty() {
        out.push_str("\n# Not found on this machine; with what is named it would be:\n");
        for (id, what) in missing {
            let _ = writeln!(out, "#   {id}: {what}");
        }
    }
    out
}

fn section(out: &mut String, world: &World, e: &Endpoint, credential: &str) {
    let row = provider(&e.provider);
    let text = |t: &str| toml::Value::from(t).to_string();
    let _ = writeln!(out, "\n# {}: {}", e.provider, clean_line(credential));
    let _ = writeln!(out, "[[endpoint]]\nname = {}\nprovider = {}", text(&e.name), text(&e.provider));
    if let Some(deployment) = &e.deployment {
        let _ = writeln!(out, "deployment = {}   # the name of your deployment", text(deployment));
    }
    let _ = writeln!(out, "model = {}", text(&e.model));
    // An API's own variables stand before the row's, as when it is asked.
    let api = row.and_then(|row| api_of(row, e).ok());
    let names = api.map_or(&[][..], |api| api.place_vars).iter();
    let names: Vec<_> = names.chain(row.map_or(&[][..], |row| row.place_vars)).collect();
    let usual = |is: fn(&str) -> bool, otherwise: &str| {
        let set = names.iter().filter(|n| is(n)).find_map(|n| world.vars.get(n));
        text(&set.unwrap_or_else(|| otherwise.to_owned()))
    };
    let _ = match row.map(|row| row.place) {
        Some(Place::Region) => writeln!(out, "region = {}", usual(|_| true, "us-east-1")),
        Some(Place::Location) => {
            let project = usual(|n| n.contains("PROJECT"), "my-project");
            let location = usual(|n| !n.contains("PROJECT"), "global");
            writeln!(out, "project = {project}\nlocation = {location}")
        }
        // The variable with the address stays in charge.
        Some(Place::Resource) => {
            let own = api.map_or(&[][..], |api| api.base_url_vars).iter();
            let addresses = own.chain(row.map_or(&[][..], |row| row.base_url_vars));
            let mut says = addresses.chain(names).filter(|n| world.vars.get(n).is_some());
            let says = says.next().copied().unwrap_or("AZURE_OPENAI_ENDPOINT");
            writeln!(out, "# resource = \"contoso-east\"   # else {says} says which")
        }
        Some(Place::BaseUrl) | None => Ok(()),
    };
    let _ = writeln!(out, "# params = {{ reasoning_effort = \"low\" }}");
}

/// Stores or removes a key of the desktop's keyring.
pub(super) fn secret(what: &SecretCommand) -> Result<u8, Stop> {
    let fail = |message: String| Stop { code: 1, message };
    match what {
        SecretCommand::Rm { entry } => {
            keyring_set(entry, None).map_err(fail)?;
            write_out(&format!("{} is gone\n", clean_line(entry)))?;
        }
        SecretCommand::Set { entry } => {
            if std::io::stdin().is_terminal() {
                // What is typed would be seen; a key is better piped than typed.
                return Err(Stop::usage(format!(
                    "the key is read from standard input: pipe it, as in `pass show key | bakeoff secret set {}`",
                    shell_word(&clean_line(entry))
                )));
            }
            let mut text = zeroize::Zeroizing::new(String::new());
            std::io::stdin()
                .take(64 << 10)
                .read_to_string(&mut text)
                .map_err(|_| Stop::usage("what came on standard input is not a key"))?;
            let key = Secret::parse(&text).map_err(|e| Stop::usage(e.to_owned()))?;
            let key = key.ok_or_else(|| Stop::usage("the key is empty"))?;
            keyring_set(entry, Some(key.expose())).map_err(fail)?;
            write_out(&format!("stored: use it with keyring = {:?}\n", clean_line(entry)))?;
        }
    }
    Ok(0)
}
