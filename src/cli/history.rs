//! `bakeoff history`: sessions that were kept.

use std::io::{IsTerminal, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::args::ListFormat;
use super::lists::list;
use super::output::{writable, write_file, write_out};
use super::session_args::{HistoryArgs, HistoryCommand};
use super::{Stop, world};
use crate::model::Cost;
use crate::model::Money;
use crate::model::Outcome;
use crate::model::Price;
use crate::model::Total;
use crate::model::Tree;
use crate::model::Unit;
use crate::model::bytes;
use crate::model::clean_line;
use crate::provider::list_price;
use crate::store::Filter;
use crate::store::KeptSession;
use crate::store::Listing;
use crate::store::Sessions;
use crate::store::Transcript;
use crate::store::export;
use crate::store::rfc3339;
use crate::store::session;
use crate::store::sessions_path;

/// In a table a title or a snippet is cut here.
const MOST_TITLE: usize = 60;

pub(super) fn run(args: &HistoryArgs) -> Result<u8, Stop> {
    let Some(what) = &args.what else { return all(args) };
    match what {
        HistoryCommand::Show { id } => write_out(&session(&transcript(id)?))?,
        HistoryCommand::Export { id, format, out } => {
            let read = transcript(id)?;
            let text = written(&read, format)?;
            match out {
                None => write_out(&text)?,
                Some(path) => {
                    writable(path)?;
                    write_file(path, &text)?;
                }
            }
        }
        HistoryCommand::Rename { id, title } => {
            let (sessions, id) = changed(id)?;
            sessions.rename(&id, &clean_line(title)).map_err(Stop::usage)?;
        }
        HistoryCommand::Tag { id, tags, remove } => {
            let (sessions, id) = changed(id)?;
            for tag in tags {
                let done = if *remove { sessions.untag(&id, tag) } else { sessions.tag(&id, tag) };
                done.map_err(Stop::usage)?;
            }
        }
        HistoryCommand::Rm { ids } => {
            for id in ids {
                let (sessions, id) = changed(id)?;
                sessions.remove(&id).map_err(Stop::usage)?;
                say(&format!("{id} is removed"));
            }
        }
        HistoryCommand::Reprice { id, list } => return reprice(id, list.format),
        HistoryCommand::Prune { days, yes } => return prune(*days, *yes),
    }
    Ok(0)
}

fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "bakeoff: {}", clean_line(text));
}

fn path() -> Result<std::path::PathBuf, Stop> {
    sessions_path()
        .ok_or_else(|| Stop::usage("no place for sessions: set HOME, or BAKEOFF_DATA to a directory"))
}

fn looked() -> Result<Sessions, Stop> {
    Sessions::look(&path()?).map_err(Stop::usage)
}

/// The session that a user means, to be changed.
fn changed(word: &str) -> Result<(Sessions, String), Stop> {
    let sessions = Sessions::change(&path()?).map_err(Stop::usage)?;
    let id = sessions.named(word).map_err(Stop::usage)?;
    Ok((sessions, id))
}

/// The session that a user means, whole; what could not be read of it is said.
pub(super) fn kept(word: &str) -> Result<KeptSession, Stop> {
    let sessions = looked()?;
    let id = sessions.named(word).map_err(Stop::usage)?;
    let kept = sessions.load(&id).map_err(Stop::usage)?;
    kept.remarks.iter().for_each(|remark| say(remark));
    Ok(kept)
}

/// A file, where there is one of that name, else a session.
pub(super) fn transcript(word: &str) -> Result<Transcript, Stop> {
    let file = Path::new(word);
    if is_file(word) { Transcript::load(file).map_err(Stop::usage) } else { Ok(kept(word)?.transcript) }
}

/// Whether a word means a file.
pub(super) fn is_file(word: &str) -> bool {
    word.contains('/')
        || Path::new(word).extension().is_some_and(|e| e == "json")
        || Path::new(word).is_file()
}

/// A session in one of the formats.
fn written(read: &Transcript, format: &str) -> Result<String, Stop> {
    if format == "transcript" {
        return Ok(read.write());
    }
    let row = export(format).ok_or_else(|| Stop::usage(format!("unknown format {format:?}")))?;
    Ok((row.write)(&read.meta, &read.rounds))
}

fn all(args: &HistoryArgs) -> Result<u8, Stop> {
    let day = |text: &Option<String>, end: i64| -> Result<Option<i64>, Stop> {
        let Some(text) = text else { return Ok(None) };
        let day: jiff::civil::Date = text
            .parse()
            .map_err(|_| Stop::usage(format!("{text:?} is no day: write it as 2026-11-24 (UTC)")))?;
        let begin = day.to_zoned(jiff::tz::TimeZone::UTC).map_err(|e| Stop::usage(e.to_string()))?;
        Ok(Some(begin.timestamp().as_millisecond() + end))
    };
    let filter = Filter {
        words: args.words.join(" "),
        endpoint: args.endpoint.clone(),
        tag: args.tag.clone(),
        since: day(&args.since, 0)?,
        until: day(&args.until, 86_400_000 - 1)?,
        limit: args.limit,
    };
    let found = looked()?.find(&filter).map_err(Stop::usage)?;
    if found.is_empty() {
        say(if filter == (Filter { limit: filter.limit, ..Filter::default() }) {
            "no session is kept yet: every prompt that is sent begins one"
        } else {
            "no session is like that; `bakeoff history` without words lists all"
        });
    }
    list(found.iter().map(|one| fields(one, args.list.format)).collect(), args.list.format)
}

fn moment(millis: i64) -> String {
    rfc3339(std::time::Duration::from_millis(u64::try_from(millis).unwrap_or_default()))
}

fn fields(one: &Listing, format: ListFormat) -> Vec<(&'static str, Value)> {
    let snippet = one.found.as_ref().map(|(_, text)| text.replace(['\u{1}', '\u{2}'], ""));
    if format == ListFormat::Json {
        let mut fields = vec![
            ("id", json!(one.id)),
            ("title", json!(one.title)),
            ("begun", json!(moment(one.begun))),
            ("touched", json!(moment(one.touched))),
            ("simulated", json!(one.simulated)),
            ("rounds", json!(one.rounds)),
            ("answers", json!(one.answers)),
            ("interrupted", json!(one.interrupted)),
            ("bytes", json!(one.bytes)),
            ("tags", json!(one.tags)),
            ("endpoints", json!(one.endpoints)),
        ];
        if let (Some((round, _)), Some(snippet)) = (&one.found, snippet) {
            fields.extend([("round", json!(round + 1)), ("snippet", json!(snippet))]);
        }
        return fields;
    }
    let mut what =
        snippet.unwrap_or_else(|| one.title.clone()).split_whitespace().collect::<Vec<_>>().join(" ");
    if what.chars().count() > MOST_TITLE {
        what = what.chars().take(MOST_TITLE - 1).chain(['…']).collect();
    }
    let mut marks = one.tags.clone();
    if one.simulated {
        marks.insert(0, "simulated".to_owned());
    }
    if one.interrupted > 0 {
        marks.push(format!("{} interrupted", one.interrupted));
    }
    vec![
        ("id", json!(one.id)),
        ("last used (UTC)", json!(moment(one.touched).replace('T', " ").trim_end_matches('Z'))),
        ("rounds", json!(one.rounds)),
        ("answers", json!(one.answers)),
        ("size", json!(bytes(one.bytes))),
        ("marks", json!(marks.join(", "))),
        ("what", json!(what)),
    ]
}

/// Removes sessions that were not touched for so many days, once that was agreed to.
fn prune(days: u32, yes: bool) -> Result<u8, Stop> {
    let sessions = Sessions::change(&path()?).map_err(Stop::usage)?;
    let before = jiff::Timestamp::now().as_millisecond() - i64::from(days) * 86_400_000;
    let filter = Filter { limit: usize::MAX, ..Filter::default() };
    let all = sessions.find(&filter).map_err(Stop::usage)?;
    let old: Vec<&Listing> = all.iter().filter(|one| one.touched < before).collect();
    let size: u64 = old.iter().map(|one| one.bytes).sum();
    let what = format!("{} of {} sessions, {}, not used for {days} days", old.len(), all.len(), bytes(size));
    if old.is_empty() {
        say("no session is that old");
        return Ok(0);
    }
    if !yes {
        if !std::io::stdin().is_terminal() {
            return Err(Stop::usage(format!("{what}: --yes removes them without being asked")));
        }
        let _ = write!(std::io::stderr(), "{what}. Remove them? [y/N] ");
        let mut answer = String::new();
        let _ = std::io::stdin().read_line(&mut answer);
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            say("nothing is removed");
            return Ok(0);
        }
    }
    for one in old {
        sessions.remove(&one.id).map_err(Stop::usage)?;
    }
    say(&format!("removed {what}"));
    Ok(0)
}

/// What was paid then stays what it is; today's list stands beside it.
fn reprice(word: &str, format: ListFormat) -> Result<u8, Stop> {
    let read = transcript(word)?;
    let loaded = world::load()?;
    let runs = || read.rounds.iter().flat_map(|round| &round.runs);
    // The demo has prices of its own.
    let simulated = runs().next().is_some() && runs().all(|run| run.answer.simulated);
    let catalog = if simulated { world::demo_catalog() } else { world::catalog(&loaded)? }();
    let tree = Tree::new(read.rounds.iter().map(|round| round.origin));
    let (mut rows, mut then, mut now) = (Vec::new(), Total::default(), Total::default());
    for (at, round) in read.rounds.iter().enumerate() {
        for run in &round.runs {
            let answer = &run.answer;
            let url = answer.sending.as_ref().map_or("", |sending| sending.url.as_str());
            let (price, rule) = list_price(&catalog, &run.endpoint, url);
            let today = answer.cost_at(price.as_ref(), rule);
            if answer.may_be_billed() {
                then.add(&answer.cost);
                now.add(&today);
            }
            let as_of = |price: Option<&Price>| price.map_or_else(String::new, |price| price.as_of.clone());
            let mut row = vec![
                ("round", json!(tree.label(at))),
                ("endpoint", json!(run.endpoint.name)),
                ("trial", json!(run.trial)),
                ("status", json!(answer.outcome().map_or("interrupted", Outcome::word))),
            ];
            let both = [
                ("then", &answer.cost, as_of(answer.price.as_ref())),
                ("today", &today, as_of(price.as_ref())),
            ];
            if format == ListFormat::Json {
                for (name, cost, as_of) in both {
                    let usd = cost.usd.map(Money::exact);
                    let cost = json!({ "usd": usd, "status": cost.status.word(), "prices_as_of": as_of, "at_least": cost.at_least });
                    row.push((name, cost));
                }
            } else {
                for (name, cost, as_of) in both {
                    row.extend([(name, json!(cost.label())), ("of", json!(as_of))]);
                }
                row.push(("change", json!(change(&answer.cost, &today))));
            }
            rows.push(row);
        }
    }
    let code = list(rows, format)?;
    say(&format!("then {}, today {}; what was paid is not changed", then.label(), now.label()));
    Ok(code)
}

/// `+$0.0012`, `same`; nothing where one of them is not known.
fn change(then: &Cost, now: &Cost) -> String {
    match (then.usd, now.usd) {
        (Some(a), Some(b)) if a == b => "same".to_owned(),
        (Some(a), Some(b)) => Unit::Usd.difference(b.dollars() - a.dollars()),
        _ => String::new(),
    }
}
