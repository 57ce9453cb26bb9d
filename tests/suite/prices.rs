//! `bakeoff prices`: the book, a newer one, and the user's own rows, by the real binary.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Output;

use crate::loopback::{Answer, Loopback};
use crate::program::{answers, bakeoff, config, err, home, json, out};
use crate::replies::chat;

fn prices(home: &Path, args: &[&str]) -> Output {
    bakeoff(home).arg("prices").args(args).output().unwrap()
}

/// A map of so many rows; `gpt-4o` among them at this price.
fn map(rows: usize, input: &str) -> String {
    let row = |input: &str| {
        format!(
            "{{\"litellm_provider\":\"openai\",\"mode\":\"chat\",\"input_cost_per_token\":{input},\"output_cost_per_token\":1e-05}}"
        )
    };
    let mut text = format!("{{\"gpt-4o\":{}", row(input));
    for n in 1..rows {
        write!(text, ",\"m-{n}\":{}", row("1e-06")).unwrap();
    }
    text + "}"
}

/// Serves what `body` gives; with its `ETag` it is unchanged.
fn lists(status: u16, kind: &'static str, body: String) -> Loopback {
    Loopback::start(move |asked| {
        if asked.header("if-none-match") == Some("\"v1\"") {
            return Answer::new(304, kind, "");
        }
        Answer { extra: Some(("etag", "\"v1\"".to_owned())), ..Answer::new(status, kind, body.clone()) }
    })
}

const ENDPOINT: &str = "[[endpoint]]\nname = \"four\"\nprovider = \"openai\"\nmodel = \"gpt-4o\"\n\
                        [[endpoint]]\nname = \"six\"\nprovider = \"openai\"\nmodel = \"gpt-6-sol\"\n";

#[test]
fn a_newer_list_is_shown_asked_about_kept_and_given_back() {
    let home = home();
    config(home.path(), ENDPOINT);
    let server = lists(200, "application/json", map(1_000, "2e-06"));
    let url = format!("{}/prices.json", server.url());
    // Nobody is there to be asked.
    let asked = prices(home.path(), &["update", "--from", &url]);
    assert_eq!(asked.status.code(), Some(2), "{}", err(&asked));
    assert!(out(&asked).contains("four: input $2.5 → $2 (-20.0%), output $10"), "{}", out(&asked));
    assert!(out(&asked).contains("six: $2 / $10, as before"), "{}", out(&asked));
    assert!(err(&asked).contains("--yes takes the new prices"), "{}", err(&asked));
    let input =
        |home: &Path| json(&prices(home, &["show", "gpt-4o", "--format", "json"]))[3]["input"].clone();
    assert_eq!(input(home.path()), "$2.5", "nothing was changed");

    let taken = prices(home.path(), &["update", "--from", &url, "--yes"]);
    assert_eq!(taken.status.code(), Some(0), "{}", err(&taken));
    assert_eq!(input(home.path()), "$2");
    let about = json(&prices(home.path(), &["--format", "json"]));
    assert_eq!(about[0]["downloaded_from"], url.as_str());
    assert!(about[0]["layers"].as_str().unwrap().contains("then downloaded of"), "{about}");

    let again = prices(home.path(), &["update", "--from", &url, "--yes"]);
    assert!(out(&again).contains("checked today, unchanged since"), "{}{}", out(&again), err(&again));
    assert_eq!(server.asked("prices.json").last().unwrap().header("if-none-match"), Some("\"v1\""));
    assert_eq!(server.asked("prices.json")[0].header("authorization"), None);
    assert_eq!(input(home.path()), "$2", "what was checked still counts");

    let back = prices(home.path(), &["rollback"]);
    assert_eq!(back.status.code(), Some(0), "{}", err(&back));
    assert_eq!(input(home.path()), "$2.5");
    assert_eq!(prices(home.path(), &["rollback"]).status.code(), Some(2));
}

#[test]
fn a_list_that_is_none_is_refused_with_the_reason_and_the_old_one_stays() {
    let home = home();
    let good = lists(200, "application/json", map(1_000, "2e-06"));
    let first = prices(home.path(), &["update", "--from", &format!("{}/p", good.url()), "--yes"]);
    assert_eq!(first.status.code(), Some(0), "{}", err(&first));
    let kept = fs::read(home.path().join(".local/share/bakeoff/prices/current.toml")).unwrap();
    let whole = map(1_000, "2e-06");
    let cut = whole.split_at(whole.len() / 2).0.to_owned();
    for (status, kind, body, words) in [
        (200, "application/json", String::new(), "it is empty"),
        (200, "text/html", "<!DOCTYPE html><title>Sign in</title>".to_owned(), "a web page"),
        (200, "application/json", cut, "no JSON object"),
        (200, "application/json", map(300, "2e-06"), "it has 300 rows that count"),
        (200, "application/json", map(1_000, "-2e-06"), "gpt-4o: -2e-6 is no price"),
        (200, "application/json", map(1_000, "2"), "which no model costs"),
        (200, "application/json", " ".repeat(17 << 20), "longer than 16 MiB"),
        (404, "text/plain", "not here".to_owned(), "404"),
        (302, "text/plain", String::new(), "redirect"),
    ] {
        let server = lists(status, kind, body);
        let refused = prices(home.path(), &["update", "--from", &format!("{}/p", server.url()), "--yes"]);
        assert_eq!(refused.status.code(), Some(2), "{words}: {}", err(&refused));
        assert!(err(&refused).contains(words), "{words}: {}", err(&refused));
        assert!(err(&refused).contains("the prices stay as they are"), "{}", err(&refused));
        assert_eq!(fs::read(home.path().join(".local/share/bakeoff/prices/current.toml")).unwrap(), kept);
    }
}

#[test]
fn a_damaged_download_does_not_count_and_is_told() {
    let home = home();
    let dir = home.path().join(".local/share/bakeoff/prices");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("current.toml"), "as_of = \"2027-01-01\"\n[[price]]\nkind = ").unwrap();
    let about = prices(home.path(), &[]);
    assert_eq!(about.status.code(), Some(0));
    assert!(out(&about).contains("2026-11-23"), "{}", out(&about));
    assert!(err(&about).contains("the downloaded list does not count"), "{}", err(&about));
}

#[test]
fn a_model_is_shown_on_every_cloud_side_by_side() {
    let home = home();
    let shown = prices(home.path(), &["show", "claude-opus-5-5"]);
    let table = out(&shown);
    for want in [
        "anthropic",
        "us.anthropic.claude-opus-5-5",
        "vertex",
        "azure",
        "openrouter",
        "$4.4",
        "disputed",
        "moves;",
    ] {
        assert!(table.contains(want), "{want}: {table}");
    }
    let tiers = out(&prices(home.path(), &["show", "gpt-6.1-sol"]));
    assert!(tiers.contains("above 272k 4/15") && tiers.contains("flex 1/5"), "{tiers}");
    let part = out(&prices(home.path(), &["show", "deepseek-v4"]));
    assert!(part.contains("off-peak 0.66/1.98"), "a part of a name finds it: {part}");
    let none = prices(home.path(), &["show", "claude-opus-55"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(err(&none).contains("did you mean \"claude-opus-5-5\"?"), "{}", err(&none));
}

#[test]
fn the_users_own_rate_is_what_an_answer_costs() {
    let server = Loopback::start(|_| chat("hello"));
    let home = home();
    config(home.path(), "");
    let path = home.path().join(".config/bakeoff/prices.toml");
    let spec = format!("compatible:mine@{}/v1", server.url());
    let run = || bakeoff(home.path()).args(["run", "x", "-e", &spec, "--format", "json"]).output().unwrap();
    assert_eq!(answers(&run())[0]["cost"]["status"], "unknown");
    fs::write(
        &path,
        "[[price]]\nkind = \"compatible\"\nid = \"mine*\"\nrates = { input = \"1\", output = \"2\" }\n",
    )
    .unwrap();
    let cost = answers(&run())[0]["cost"].clone();
    assert_eq!(
        (cost["status"].as_str(), cost["rule"].as_str()),
        (Some("known"), Some("your_rate")),
        "{cost}"
    );
    let check = bakeoff(home.path()).args(["config", "check"]).output().unwrap();
    assert!(out(&check).contains("prices.toml: fine"), "{}{}", out(&check), err(&check));
    // A slip is named with its line, and nothing is asked.
    fs::write(
        &path,
        "[[price]]\nkind = \"compatible\"\nid = \"mine\"\nrates = { input = \"0.0000000001\" }\n",
    )
    .unwrap();
    let before = server.asked("").len();
    for refused in [run(), bakeoff(home.path()).args(["config", "check"]).output().unwrap()] {
        assert_eq!(refused.status.code(), Some(2));
        let said = err(&refused);
        assert!(said.contains("prices.toml: line 2: compatible mine: \"0.0000000001\" is finer"), "{said}");
    }
    assert_eq!(server.asked("").len(), before);
}

#[test]
fn a_damaged_book_is_fetched_anew_and_an_address_keeps_its_secrets() {
    let home = home();
    let server = lists(200, "application/json", map(1_000, "2e-06"));
    let url = format!("{}/prices.json?token=sk-canary-token", server.url());
    let update = || prices(home.path(), &["update", "--from", &url, "--yes"]);
    assert_eq!(update().status.code(), Some(0));
    let file = home.path().join(".local/share/bakeoff/prices/current.toml");
    let kept = fs::read_to_string(&file).unwrap();
    let about = prices(home.path(), &[]);
    for text in [&kept, &out(&about), &err(&about)] {
        assert!(!text.contains("canary"), "{text}");
    }
    assert!(out(&update()).contains("unchanged since"), "by the whole address");
    fs::write(&file, kept.split_at(kept.len() / 2).0).unwrap();
    assert!(out(&update()).contains("from now on"), "what does not count is no reason to leave it");
    assert!(fs::read_to_string(&file).unwrap().len() > kept.len() / 2 + 1_000);

    let user =
        prices(home.path(), &["update", "--from", &server.url().replace("//", "//bob:sk-canary@"), "--yes"]);
    assert_eq!(user.status.code(), Some(2));
    assert!(
        err(&user).contains("without a user and a password") && !err(&user).contains("canary"),
        "{}",
        err(&user)
    );
    // An old map is no new list.
    let old = prices(home.path(), &["update", "--from", &url, "--as-of", "2026-01-01", "--yes"]);
    assert_eq!(old.status.code(), Some(0), "the whole address is unchanged: {}", err(&old));
    fs::remove_file(&file).unwrap();
    let old = prices(home.path(), &["update", "--from", &url, "--as-of", "2026-01-01", "--yes"]);
    assert!(err(&old).contains("older than the embedded list of 2026-11-23"), "{}", err(&old));
}

#[test]
fn rows_of_ones_own_are_part_of_the_books_hash() {
    let home = home();
    config(home.path(), "");
    let hash = || json(&prices(home.path(), &["--format", "json"]))[0]["sha256"].clone();
    let before = hash();
    let own = "[[family]]\nid = \"f\"\n[[family.route]]\nkind = \"openai\"\nid = \"gpt-6-sol\"\nscope = \"global\"\n\
               price = { input = \"99\", output = \"99\" }\n";
    fs::write(home.path().join(".config/bakeoff/catalog.toml"), own).unwrap();
    assert_ne!(hash(), before);
    assert!(out(&prices(home.path(), &[])).contains("your catalog"), "{}", out(&prices(home.path(), &[])));
}
