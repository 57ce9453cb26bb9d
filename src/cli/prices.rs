//! `bakeoff prices`: what the price book holds and where it is from; a newer one, asked for.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::args::{ListFormat, PricesArgs, PricesCommand};
use super::lists::list;
use super::output::{write_file, write_out};
use super::world::{self, Loaded, World, today};
use super::{Stop, runtime};
use crate::catalog::Catalog;
use crate::catalog::Route;
use crate::catalog::age;
use crate::catalog::convert;
use crate::engine::Download;
use crate::model::Money;
use crate::model::Price;
use crate::model::Rates;
use crate::model::clean_line;
use crate::model::nearest;
use crate::provider::endpoint_price;
use crate::store::Origin;
use crate::store::PriceFiles;
use crate::store::origin;
use crate::store::with_origin;

/// LiteLLM's map: the one public list with Azure's zones, Bedrock's profiles, both lifetimes of
/// caches and every service tier.
const USUAL: &str =
    "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json";

/// From this age on a list is called old.
const OLD_DAYS: i32 = 90;

pub(super) fn run(args: &PricesArgs) -> Result<u8, Stop> {
    let loaded = world::load()?;
    match &args.what {
        None => about(&loaded, args.list.format),
        Some(PricesCommand::Show { model, list }) => show(&loaded, model, list.format),
        Some(PricesCommand::Update { from, as_of, yes }) => {
            let day = as_of.clone().unwrap_or_else(today);
            update(&loaded, from.as_deref(), &day, *yes)
        }
        Some(PricesCommand::Rollback) => roll_back(&loaded),
        Some(PricesCommand::Convert { file, as_of, source, out }) => {
            let json =
                std::fs::read_to_string(file).map_err(|e| Stop::usage(format!("{}: {e}", file.display())))?;
            let day = as_of.clone().unwrap_or_else(today);
            let text =
                convert(&json, &day, source).map_err(|e| Stop::usage(format!("{}: {e}", file.display())))?;
            match out {
                Some(path) => write_file(path, &text)?,
                None => write_out(&text)?,
            }
            Ok(0)
        }
    }
}

/// A sentence where a list of this day is old enough to say so; nothing while it is fresh.
pub(super) fn old(as_of: &str) -> Option<String> {
    let days = age(as_of, &today()).filter(|days| *days > OLD_DAYS)?;
    Some(format!(
        "the price list is {days} days old: prices may be old; `bakeoff prices update` gets a newer one"
    ))
}

fn about(loaded: &Loaded, format: ListFormat) -> Result<u8, Stop> {
    let catalog = world::catalog(loaded)?().whole();
    let files = PriceFiles::usual();
    let stored = files.as_ref().map_or(Ok(None), PriceFiles::read);
    let downloaded = stored.as_ref().ok().and_then(Option::as_deref).map(origin);
    let own = |row: &&Route| row.price.as_ref().is_some_and(|p| p.own);
    let mut fields = vec![
        ("list_prices_of", json!(catalog.as_of())),
        ("age_days", json!(catalog.age(&today()))),
        ("rows", json!(catalog.priced().count())),
        ("your_rows", json!(catalog.priced().filter(own).count())),
        ("layers", json!(layers(&catalog))),
        ("sha256", json!(catalog.sha256())),
    ];
    if let Some(origin) = &downloaded {
        let checked = if origin.checked_at.is_empty() { &origin.fetched_at } else { &origin.checked_at };
        fields.push(("downloaded_from", json!(origin.url)));
        fields.push(("downloaded_at", json!(origin.fetched_at)));
        fields.push(("checked_at", json!(checked)));
    }
    if format == ListFormat::Json {
        return list(vec![fields], format);
    }
    let mut out = String::new();
    for (name, value) in fields {
        let shown = value.as_str().map_or_else(|| value.to_string(), clean_line);
        // Writing to a string does not fail.
        let _ = writeln!(out, "{:<16} {shown}", name.replace('_', " "));
    }
    write_out(&out)?;
    let counts = catalog.layers().iter().any(|layer| layer.name == "downloaded");
    let idle = (downloaded.is_some() && !counts).then(|| {
        "the downloaded list does not count: it is older than the embedded one, or damaged; \
         `bakeoff prices update` gets a new one"
            .to_owned()
    });
    for line in old(catalog.as_of()).into_iter().chain(stored.err()).chain(idle) {
        let _ = writeln!(std::io::stderr(), "bakeoff: {}", clean_line(&line));
    }
    Ok(0)
}

fn layers(catalog: &Catalog) -> String {
    let over = catalog.layers().iter().map(|layer| {
        let of = if layer.as_of.is_empty() { String::new() } else { format!(" of {}", layer.as_of) };
        format!("{}{of} ({} rows)", layer.name, layer.rows)
    });
    std::iter::once(format!("embedded of {}", crate::catalog::AS_OF))
        .chain(over)
        .collect::<Vec<_>>()
        .join(", then ")
}

/// A model on every cloud that sells it.
fn show(loaded: &Loaded, word: &str, format: ListFormat) -> Result<u8, Stop> {
    let catalog = world::catalog(loaded)?().whole();
    let family = catalog.family(word).map(|f| f.id.clone());
    let is = |text: &str| text.eq_ignore_ascii_case(word);
    let by_id = |r: &Route| is(&r.id) || r.aliases.iter().any(|alias| is(alias));
    let in_family = |r: &Route| family.as_ref().is_some_and(|f| *f == r.family);
    let mut found: Vec<&Route> = catalog.all().filter(|r| in_family(r) || by_id(r)).collect();
    if found.is_empty() {
        // Part of a name, where it is nobody's name.
        let lower = word.to_lowercase();
        found = catalog.all().filter(|r| r.id.to_lowercase().contains(&lower)).collect();
    }
    if found.is_empty() {
        let names = catalog.families().iter().map(|f| f.id.as_str());
        let near = nearest(word, names).map(|name| format!(" (did you mean {name:?}?)")).unwrap_or_default();
        return Err(Stop::usage(format!("no model {word:?} in the price book{near}")));
    }
    list(found.into_iter().map(|route| fields(&catalog, route, format)).collect(), format)
}

fn fields(catalog: &Catalog, route: &Route, format: ListFormat) -> Vec<(&'static str, Value)> {
    let (price, rule) = catalog.lookup(&route.kind, &route.id, Some(&route.scope));
    let per_million = |rate: Option<u64>| rate.map(|rate| format!("${}", usd(rate)));
    let rates = price.as_ref().filter(|p| !p.local).map(|p| p.rates).unwrap_or_default();
    let mut fields = vec![
        ("provider", json!(route.kind)),
        ("model", json!(route.id)),
        ("scope", json!(route.scope)),
        ("input", json!(per_million(rates.input))),
        ("cached", json!(per_million(rates.cache_read))),
        ("write", json!(per_million(rates.cache_write))),
        ("output", json!(per_million(rates.output))),
        ("more", json!(price.as_ref().map(more).unwrap_or_default())),
        ("status", json!(status(price.as_ref()))),
        ("as_of", json!(price.as_ref().map(|p| p.as_of.clone()).filter(|day| !day.is_empty()))),
    ];
    if format == ListFormat::Json {
        fields.push(("write_1h", json!(per_million(rates.cache_write_1h))));
        fields.push(("rule", json!(rule.word())));
        fields.push(("family", json!(route.family)));
        fields.push(("disagrees", json!(price.as_ref().map(|p| p.disagrees.clone()).unwrap_or_default())));
    }
    fields
}

/// Femto-dollars per token as dollars per million.
fn usd(rate: u64) -> String {
    Money(u128::from(rate)).times(1_000_000).exact()
}

/// Where a request costs something else: thresholds, service tiers, quiet hours.
fn more(price: &Price) -> String {
    let pair = |rates: &Rates| {
        let shown = |rate: Option<u64>| rate.map_or_else(|| "–".to_owned(), usd);
        format!("{}/{}", shown(rates.input), shown(rates.output))
    };
    let tiers = price.tiers.iter().map(|t| {
        let from = if t.inclusive { "from" } else { "above" };
        format!("{from} {}k {}", t.above / 1_000, pair(&t.rates.over(price.rates)))
    });
    let services = price.services.iter().map(|s| format!("{} {}", s.word, pair(&s.rates)));
    let quiet = price.off_peak.iter().map(|off| format!("off-peak {}", pair(&off.rates.over(price.rates))));
    tiers.chain(services).chain(quiet).collect::<Vec<_>>().join(" · ")
}

/// How the price is known, or why there is none.
fn status(price: Option<&Price>) -> String {
    let Some(price) = price else { return "no public list has a price".into() };
    let zero = price.rates.input == Some(0) && price.rates.output == Some(0);
    let words = [
        (price.own, "your rate"),
        (price.local, "local"),
        (!price.local && zero, "free"),
        (!price.disagrees.is_empty(), "disputed"),
        (price.volatile, "moves; the response states it"),
    ];
    let said: Vec<_> = words.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
    if said.is_empty() { "list".into() } else { said.join(", ") }
}

fn files() -> Result<PriceFiles, Stop> {
    PriceFiles::usual().ok_or_else(|| Stop::usage("no place for a price book: set HOME"))
}

/// An address as it may be shown and kept: a query may hold a key.
fn shown(from: &str) -> Result<String, Stop> {
    let Ok(mut url) = url::Url::parse(from) else { return Ok(from.to_owned()) };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Stop::usage("a price list is fetched without a user and a password: leave them out"));
    }
    url.set_query(None);
    Ok(url.to_string())
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

fn update(loaded: &Loaded, from: Option<&str>, day: &str, yes: bool) -> Result<u8, Stop> {
    let files = files()?;
    let from = from.or(loaded.config.prices_url.as_deref()).unwrap_or(USUAL);
    let url = shown(from)?;
    let now = jiff::Timestamp::now().to_string();
    let refused = |why: String| Stop::usage(format!("{url}: {why}; the prices stay as they are"));
    // What does not count is no reason to leave what there is.
    let stored = files.read().unwrap_or_default().filter(|text| counts(text).is_ok());
    let known = stored.as_deref().map(origin).unwrap_or_default();
    let (body, etag) = if from.starts_with("https://") || from.starts_with("http://") {
        // An `ETag` says something of one address only.
        let same = !known.etag.is_empty() && known.address == hex(from.as_bytes());
        let etag = Some(known.etag.as_str()).filter(|_| same);
        let limits = world::limits(&loaded.config, None);
        let got = runtime()?.block_on(async {
            let (world, _) = World::look(loaded, limits, false).await?;
            world
                .engine
                .download(from, etag)
                .await
                .map_err(|f| refused(format!("{} → {}", f.message, f.advice())))
        })?;
        match (got, stored) {
            (Download::Unchanged, Some(text)) if same => {
                let origin = Origin { checked_at: now, ..known };
                files.touch(&with_origin(&text, &origin)).map_err(Stop::usage)?;
                write_out(&format!("checked today, unchanged since {}\n", clean_line(&origin.fetched_at)))?;
                return Ok(0);
            }
            (Download::Unchanged, _) => {
                return Err(refused("it was called unchanged, and nothing was known of it".into()));
            }
            (Download::New { body, etag }, _) => (body, etag.unwrap_or_default()),
        }
    } else {
        let read = std::fs::read(Path::new(from)).map_err(|e| refused(e.to_string()))?;
        (read, String::new())
    };
    let sha256 = hex(&body);
    let json = String::from_utf8(body).map_err(|_| refused("it is not UTF-8 text".into()))?;
    let host = url::Url::parse(from).ok().and_then(|url| url.host_str().map(str::to_owned));
    let source = format!("litellm, {}", host.as_deref().unwrap_or("a file"));
    let book = convert(&json, day, &source).map_err(refused)?;
    let before = world::catalog(loaded)?().whole();
    enough(&before, &book).map_err(refused)?;
    let origin = Origin {
        as_of: day.to_owned(),
        address: hex(from.as_bytes()),
        url: url.clone(),
        etag,
        sha256,
        fetched_at: now,
        checked_at: String::new(),
    };
    let text = with_origin(&book, &origin);
    counts(&text).map_err(refused)?;
    let after = world::catalog_with(loaded, Some(&text))?.whole();
    write_out(&changes(loaded, &before, &after))?;
    if !yes && !agreed()? {
        return Ok(1);
    }
    files.keep(&text).map_err(Stop::usage)?;
    write_out(&format!(
        "list prices of {} from now on; `bakeoff prices rollback` goes back\n",
        after.as_of()
    ))?;
    Ok(0)
}

/// Whether a book can be read, and is no older than the embedded one.
fn counts(text: &str) -> Result<(), String> {
    let catalog = Catalog::embedded().with_download(text)?;
    if catalog.layers().is_empty() {
        return Err(format!("it is older than the embedded list of {}", crate::catalog::AS_OF));
    }
    Ok(())
}

/// A list of less than half the rows there are is a list in part.
fn enough(before: &Catalog, book: &str) -> Result<(), String> {
    let (rows, now) = (book.matches("\n[[price]]").count(), before.priced().count());
    if rows * 2 < now {
        return Err(format!("it has {rows} rows that count, of {now} there are now"));
    }
    Ok(())
}

fn agreed() -> Result<bool, Stop> {
    if !std::io::stdin().is_terminal() {
        return Err(Stop::usage(
            "nothing was changed: nobody is there to be asked; --yes takes the new prices",
        ));
    }
    let _ = write!(std::io::stderr(), "Take these prices? [y/N] ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(|e| Stop::io("standard input", &e))?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

/// What becomes different: for the user's endpoints one by one, for all rows how many.
fn changes(loaded: &Loaded, before: &Catalog, after: &Catalog) -> String {
    let mut out = String::new();
    let vars = crate::provider::Vars::process();
    for endpoint in &loaded.config.endpoints {
        let (old, _) = endpoint_price(before, endpoint, &vars);
        let (new, _) = endpoint_price(after, endpoint, &vars);
        let said = match (&old, &new) {
            (None, None) => "no price, as before".to_owned(),
            (None, Some(new)) => format!("no price → {}", pair(new)),
            (Some(old), None) => format!("{} → no price", pair(old)),
            (Some(old), Some(new)) if old.rates == new.rates => format!("{}, as before", pair(new)),
            (Some(old), Some(new)) => format!(
                "input {}, output {}",
                moved(old.rates.input, new.rates.input),
                moved(old.rates.output, new.rates.output)
            ),
        };
        // Writing to a string does not fail.
        let _ = writeln!(out, "{}: {said}", clean_line(&endpoint.name));
    }
    let same = |r: &Route, other: &Catalog| {
        other.all().any(|o| o.kind == r.kind && o.id == r.id && o.scope == r.scope)
    };
    let (mut changed, mut new) = (0, 0);
    for route in after.priced() {
        let listed =
            before.all().find(|o| o.kind == route.kind && o.id == route.id && o.scope == route.scope);
        match listed.and_then(|o| o.price.as_ref()) {
            None => new += 1,
            Some(old) => changed += usize::from(Some(old.rates) != route.price.as_ref().map(|p| p.rates)),
        }
    }
    let gone = before.priced().filter(|r| !same(r, after)).count();
    let _ = writeln!(out, "{} rows: {changed} changed, {new} new, {gone} gone", after.priced().count());
    out
}

fn pair(price: &Price) -> String {
    let shown = |rate: Option<u64>| rate.map_or_else(|| "–".to_owned(), |rate| format!("${}", usd(rate)));
    format!("{} / {}", shown(price.rates.input), shown(price.rates.output))
}

/// `$2 → $1.8 (-10.0%)`
fn moved(old: Option<u64>, new: Option<u64>) -> String {
    let shown = |rate: Option<u64>| rate.map_or_else(|| "–".to_owned(), |rate| format!("${}", usd(rate)));
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    let by = match (old, new) {
        (Some(old), Some(new)) if old > 0 => format!(" ({:+.1}%)", (new as f64 / old as f64 - 1.0) * 100.0),
        _ => String::new(),
    };
    if old == new { shown(new) } else { format!("{} → {}{by}", shown(old), shown(new)) }
}

fn roll_back(loaded: &Loaded) -> Result<u8, Stop> {
    if !files()?.roll_back().map_err(Stop::usage)? {
        return Err(Stop::usage("no price book was downloaded: there is nothing to go back from"));
    }
    let catalog = world::catalog(loaded)?();
    write_out(&format!("list prices of {} from now on\n", catalog.as_of()))?;
    Ok(0)
}
