//! Files that go with a prompt: completed, shown, sent in every wire's form, seen at the other end.

use std::fs;
use std::path::Path;
use std::process::Output;

use bakeoff::catalog::Catalog;
use bakeoff::model::{
    AnswerId, Attachment, Estimate, Image, Params, Prompt, Reference, Spending, Step, TextFile, references,
};
use bakeoff::provider::{Vars, estimate, parse_spec, resolve};
use bakeoff::store::{Disk, Listed};
use bakeoff::ui::{App, Effect, Event, Focus, Found};
use bakeoff::wire::{Call, Chat, Converse, Dialect, Gemini, Messages, Ollama, Quirks, RawPredict, Responses};
use serde_json::{Value, json};

use crate::loopback::Loopback;
use crate::program::{answers, bakeoff, config, err, home, json as whole};
use crate::pty::Pty;
use crate::replies::chat;
use crate::screen::{app, compare, finish, press, shown, step, text, typed};

/// An image's beginning, and some bytes that nobody looks at.
pub fn png(width: u32, height: u32, size: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.resize(size, 7);
    bytes
}

fn gif() -> Vec<u8> {
    b"GIF89a\x02\0\x03\0\0\0\0;".to_vec()
}

fn image(name: &str) -> Attachment {
    Attachment::Image(Image::new(name, png(640, 480, 48)).unwrap())
}

fn file(name: &str, text: &str) -> Attachment {
    Attachment::Text(TextFile::new(name, text))
}

const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAoAAAAHgBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";

fn encoded(dialect: &dyn Dialect, prompt: &Prompt) -> Value {
    let params = Params::default();
    let call = Call { model: "m", is: "m", prompt, params: &params, quirks: Quirks::default() };
    dialect.encode(&call).unwrap()
}

// ---- wires

#[test]
fn every_wire_carries_an_image_in_its_documented_form() {
    let prompt = Prompt::new("What is it?").attach(&[image("a.png")]);
    let url = format!("data:image/png;base64,{PNG}");
    let claude = json!([{"role": "user", "content": [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        {"type": "text", "text": "What is it?"}]}]);
    let cases: [(&dyn Dialect, &str, Value); 7] = [
        (
            &Chat,
            "messages",
            json!([{"role": "user", "content": [
            {"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": url}}]}]),
        ),
        (
            &Responses,
            "input",
            json!([{"role": "user", "content": [
            {"type": "input_text", "text": "What is it?"}, {"type": "input_image", "image_url": url}]}]),
        ),
        (&Messages, "messages", claude.clone()),
        (&RawPredict, "messages", claude),
        (
            &Gemini,
            "contents",
            json!([{"role": "user", "parts": [
            {"inlineData": {"mimeType": "image/png", "data": PNG}}, {"text": "What is it?"}]}]),
        ),
        (
            &Converse,
            "messages",
            json!([{"role": "user", "content": [
            {"image": {"format": "png", "source": {"bytes": PNG}}}, {"text": "What is it?"}]}]),
        ),
        (&Ollama, "messages", json!([{"role": "user", "content": "What is it?", "images": [PNG]}])),
    ];
    for (dialect, key, want) in cases {
        assert_eq!(encoded(dialect, &prompt)[key], want, "{}", dialect.id());
    }
}

#[test]
fn an_image_alone_has_no_empty_text_beside_it_and_text_alone_stays_a_string() {
    let alone = Prompt::new("  ").attach(&[image("a.png")]);
    for (dialect, pointer) in [
        (&Chat as &dyn Dialect, "/messages/0/content"),
        (&Responses, "/input/0/content"),
        (&Messages, "/messages/0/content"),
        (&Gemini, "/contents/0/parts"),
        (&Converse, "/messages/0/content"),
    ] {
        let body = encoded(dialect, &alone);
        let parts = body.pointer(pointer).and_then(Value::as_array).unwrap();
        assert_eq!(parts.len(), 1, "{}: {body}", dialect.id());
    }
    for (dialect, pointer) in
        [(&Chat as &dyn Dialect, "/messages/0/content"), (&Responses, "/input/0/content")]
    {
        let body = encoded(dialect, &Prompt::new("x").attach(&[file("a.txt", "y")]));
        let want = "x\n\nAttached file: a.txt\n```txt\ny\n```";
        assert_eq!(body.pointer(pointer), Some(&json!(want)), "{}", dialect.id());
    }
}

#[test]
fn the_sdk_gets_the_same_image() {
    let prompt = Prompt::new("?").attach(&[image("a.png")]);
    let params = Params::default();
    let call = Call { model: "m", is: "m", prompt: &prompt, params: &params, quirks: Quirks::default() };
    let messages = Converse::messages(&call).unwrap();
    let content = messages[0].content();
    let block = content[0].as_image().unwrap();
    assert_eq!(block.format().as_str(), "png");
    let bytes = block.source().unwrap().as_bytes().unwrap();
    assert_eq!(bytes.as_ref(), png(640, 480, 48));
    assert_eq!(content[1].as_text().unwrap(), "?");
}

#[test]
fn a_request_is_shown_without_the_bytes_of_its_images() {
    let big = Attachment::Image(Image::new("big.png", png(640, 480, 900_000)).unwrap());
    let prompt = Prompt::new("?").attach(&[big]);
    let vars = Vars::only(&[
        ("OPENAI_API_KEY", "k"),
        ("ANTHROPIC_API_KEY", "k"),
        ("GEMINI_API_KEY", "k"),
        ("AWS_BEARER_TOKEN_BEDROCK", "k"),
    ]);
    for spec in [
        "openai:gpt-6-sol",
        "openai:gpt-6-sol?api=chat",
        "anthropic:claude-opus-5-5",
        "gemini:gemini-3.8-flash",
        "bedrock:us.anthropic.claude-opus-5-5@us-east-1",
        "ollama:qwen3-vl:8b",
    ] {
        let request = resolve(&parse_spec(spec).unwrap(), &prompt, &vars, None).unwrap();
        assert!(request.body.len() > 1_200_000, "{spec}: the request itself has them");
        let shown = request.body_text();
        assert!(shown.len() < 2_000 && shown.contains("<900000 bytes in base64, sha256 "), "{spec}: {shown}");
    }
}

// ---- costs

#[test]
fn what_an_image_costs_is_not_known_before_it_is_billed() {
    let catalog = Catalog::embedded();
    let vars = Vars::only(&[("OPENAI_API_KEY", "k")]);
    let words = Prompt::new("What is it?");
    let seen = words.clone().attach(&[image("a.png")]);
    let made = |spec: &str, prompt: &Prompt| estimate(&catalog, &parse_spec(spec).unwrap(), prompt, &vars);
    let spec = "openai:gpt-6-sol?max_tokens=100";
    assert!(made(spec, &words).at_most.is_ok());
    let unknown = made(spec, &seen);
    assert_eq!((unknown.images, unknown.to_send, unknown.prompt), (1, None, made(spec, &words).prompt));
    assert_eq!(unknown.at_most, Err("the tokens of an image are not known before it is billed"));
    // A server of the user's own bills nothing, and one that takes no images is sent nothing.
    assert_eq!(made("ollama:qwen3-vl:8b", &seen).at_most, Ok(bakeoff::model::Money::default()));
    assert_eq!(made("groq:openai/gpt-oss-120b", &seen).at_most, Ok(bakeoff::model::Money::default()));
    // A text file is text: its bound grows with it.
    let long = made(spec, &words.clone().attach(&[file("a.txt", &"x".repeat(10_000))]));
    assert!(long.at_most.unwrap() > made(spec, &words).at_most.unwrap());
}

// ---- without a screen

fn playground() -> tempfile::TempDir {
    let home = home();
    fs::write(home.path().join("chart.png"), png(640, 480, 5_000)).unwrap();
    fs::write(home.path().join("notes.md"), "# Notes\n```\ncode\n```\n").unwrap();
    fs::write(home.path().join("my notes.txt"), "x\u{1b}[31my").unwrap();
    fs::write(home.path().join("dot.gif"), gif()).unwrap();
    fs::create_dir(home.path().join("src")).unwrap();
    home
}

fn run(home: &Path, args: &[&str]) -> Output {
    bakeoff(home).current_dir(home).arg("run").args(args).output().unwrap()
}

fn of<'a>(answers: &'a [Value], name: &str) -> &'a Value {
    answers.iter().find(|a| a["endpoint"] == name).unwrap()
}

/// The whole way: read from the disk, encoded, over a socket, decoded by the server of each wire.
#[test]
fn every_wire_brings_the_image_to_the_other_end() {
    let home = playground();
    let o = run(home.path(), &["--demo", "Describe @chart.png", "--format", "json"]);
    assert_eq!(o.status.code(), Some(1), "one of them takes no images: {}", err(&o));
    assert!(err(&o).contains("1 file attached: chart.png 640x480"), "{}", err(&o));
    let all = answers(&o);
    for name in ["demo-swift", "demo-ponder", "demo-surge", "demo-steady", "demo-atlas"] {
        let answer = of(&all, name)["text"].as_str().unwrap().to_owned();
        let want = "I was sent 1 image: image/png of 640x480 pixels in 5000 bytes.";
        assert!(answer.contains(want), "{name}: {answer}");
    }
    // Whoever refuses says so in a pane of its own, in the provider's words.
    let brittle = of(&all, "demo-brittle");
    assert_eq!(
        (&brittle["error"]["class"], &brittle["error"]["http_status"]),
        (&json!("refused"), &json!(400))
    );
    assert!(brittle["error"]["message"].as_str().unwrap().contains("does not support image input"));
    let round = whole(&o)["rounds"][0].clone();
    assert_eq!(round["prompt"], "Describe @chart.png");
    let attached = &round["attachments"][0];
    assert_eq!(
        (&attached["name"], &attached["type"], &attached["size"]),
        (&json!("chart.png"), &json!("image/png"), &json!(5_000))
    );
    assert_eq!(attached["sha256"].as_str().unwrap().len(), 64);
    assert!(o.stdout.len() < 400_000 && !String::from_utf8_lossy(&o.stdout).contains("iVBORw0KGgo"));
}

#[test]
fn a_format_that_a_wire_does_not_take_fails_that_pane_alone() {
    let home = playground();
    let o = run(home.path(), &["--demo", "--attach", "dot.gif", "What is it?", "--format", "json"]);
    let all = answers(&o);
    let surge = of(&all, "demo-surge");
    assert_eq!(surge["error"]["class"], "refused");
    let said = surge["error"]["message"].as_str().unwrap();
    assert!(said.contains("takes no GIF images") && said.contains("nothing was sent"), "{said}");
    assert!(surge["error"].get("http_status").is_none(), "nothing was sent: {surge}");
    assert!(of(&all, "demo-swift")["text"].as_str().unwrap().contains("image/gif of 2x3 pixels in 14 bytes"));
}

#[test]
fn text_goes_along_in_a_fence_and_only_the_argument_names_files() {
    let home = playground();
    let server = Loopback::start(|_| chat("ok"));
    let spec = format!("compatible:m@{}/v1", server.url());
    let sent = |args: &[&str], stdin: &str| {
        let mut command = bakeoff(home.path());
        command.current_dir(home.path()).args(["run", "-q", "-e", &spec]).args(args);
        fs::write(home.path().join("stdin"), stdin).unwrap();
        command.stdin(fs::File::open(home.path().join("stdin")).unwrap());
        let o = command.output().unwrap();
        assert_eq!(o.status.code(), Some(0), "{args:?}: {}", err(&o));
        let body = server.asked("POST").last().unwrap().body.clone();
        let body: Value = serde_json::from_str(&body).unwrap();
        body["messages"][0]["content"].as_str().unwrap().to_owned()
    };
    let notes = "Attached file: notes.md\n````md\n# Notes\n```\ncode\n```\n````";
    assert_eq!(sent(&["Read (@notes.md)."], ""), format!("Read (@notes.md).\n\n{notes}"));
    assert_eq!(sent(&["Hi", "--attach", "notes.md"], ""), format!("Hi\n\n{notes}"));
    assert_eq!(
        sent(&["@\"my notes.txt\" and \\@alice"], ""),
        "@\"my notes.txt\" and @alice\n\nAttached file: my notes.txt\n```txt\nx[31my\n```"
    );
    // What a pipe brings may be anybody's text: it names no file of this machine.
    assert_eq!(sent(&["-"], "Read @notes.md"), "Read @notes.md");
    fs::write(home.path().join("prompt.txt"), "See @notes.md and \\@x").unwrap();
    assert_eq!(sent(&["@prompt.txt"], ""), "See @notes.md and \\@x");
    assert_eq!(sent(&["-", "--attach", "notes.md"], "From a pipe"), format!("From a pipe\n\n{notes}"));
}

#[test]
fn what_cannot_be_attached_stops_the_run_in_words() {
    let home = playground();
    fs::write(home.path().join("program"), b"\x7fELF\0\0\0\0\0\0\0\0\0\0").unwrap();
    fs::write(home.path().join("long.txt"), "x".repeat(300_000)).unwrap();
    for (args, want) in [
        (&["--demo", "--attach", "nope.md", "x"][..], "--attach: there is no file nope.md"),
        (&["--demo", "--attach", "program", "x"], "program looks binary"),
        (
            &["--demo", "See @long.txt"],
            "nothing was sent: long.txt has 300 kB, and text is attached up to 262 kB",
        ),
        (&["--demo", "See @src/"], "src/ is a directory"),
    ] {
        let o = run(home.path(), args);
        assert_eq!(o.status.code(), Some(2), "{args:?}: {}", err(&o));
        assert!(err(&o).contains(want), "{args:?}: {}", err(&o));
        assert!(o.stdout.is_empty());
    }
    config(home.path(), "[attach]\ntext_kib = 1\n");
    let o = run(home.path(), &["--demo", "--attach", "long.txt", "x"]);
    assert!(err(&o).contains("attached up to 1.0 kB"), "{}", err(&o));
}

#[test]
fn a_model_known_to_read_text_alone_is_not_asked_and_the_others_are() {
    let home = playground();
    let server = Loopback::start(|_| chat("seen"));
    let at = |model: &str| format!("compatible:{model}@{}/v1", server.url());
    let o = run(
        home.path(),
        &["-e", &at("gpt-oss-20b"), "-e", &at("nobody-knows"), "See @chart.png", "--format", "json"],
    );
    assert_eq!(o.status.code(), Some(1), "{}", err(&o));
    let all = answers(&o);
    let blind = of(&all, "gpt-oss-20b");
    assert!(
        blind["error"]["message"].as_str().unwrap().starts_with("images are not supported by this endpoint")
    );
    assert!(blind["error"]["hint"].as_str().unwrap().contains("leave the image out"));
    assert!(blind["cost"].get("usd").is_none() && blind["timeline"].get("headers").is_none(), "{blind}");
    assert_eq!(of(&all, "nobody-knows")["text"], "seen");
    let asked = server.asked("POST");
    assert_eq!(asked.len(), 1, "nothing was sent to the one that is known");
    assert!(asked[0].body.contains("data:image/png;base64,iVBORw0KGgo"));
    assert_eq!(whole(&o)["rounds"][0]["total"]["answers"], 1, "no cost");
}

#[test]
fn an_image_does_not_pass_a_budget_unseen() {
    let home = playground();
    let o = run(home.path(), &["--demo", "--max-cost", "50", "See @chart.png"]);
    assert_eq!(o.status.code(), Some(3), "{}", err(&o));
    assert!(err(&o).contains("the tokens of an image are not known before it is billed"), "{}", err(&o));
    let o = run(home.path(), &["--demo", "--max-cost", "50", "--allow-unknown-cost", "See @chart.png"]);
    assert_eq!(o.status.code(), Some(1), "{}", err(&o));
}

// ---- on the screen

/// What the disk says, for what an update asked of it.
fn served(app: &mut App, effects: Vec<Effect>, disk: &[(&str, Found)], there: &[&str]) -> Vec<Effect> {
    let find = |reference: &Reference| -> Found {
        let known = |name: &str| disk.iter().find(|(known, _)| *known == name);
        reference.candidates().find_map(known).map_or(Ok(None), |(_, found)| found.clone())
    };
    let (mut open, mut left) = (effects, Vec::new());
    while let Some(effect) = open.pop() {
        let event = match effect {
            Effect::ReadFiles { number, files } => {
                let found = files.into_iter().map(|file| (file.clone(), find(&file))).collect();
                Event::FilesRead { number, found }
            }
            Effect::ListFiles { number, directory } => {
                let name = |name: &&str| Listed {
                    name: name.trim_end_matches('/').to_owned(),
                    directory: name.ends_with('/'),
                    size: 3_149,
                };
                let inside = |name: &&&str| (directory == "src/") == (**name == "main.rs");
                let entries = Ok(there.iter().filter(inside).map(name).collect());
                Event::FilesListed { number, directory, entries }
            }
            other => {
                left.push(other);
                continue;
            }
        };
        open.extend(app.update(event, app.now));
    }
    left
}

const THERE: [&str; 7] = ["src/", ".env", "chart.png", "my notes.txt", "notes.md", "notes.txt", "main.rs"];

fn disk() -> Vec<(&'static str, Found)> {
    vec![
        ("chart.png", Ok(Some(image("chart.png")))),
        ("notes.md", Ok(Some(file("notes.md", &"x".repeat(3_149))))),
        ("bad.bin", Err("bad.bin looks binary".into())),
        ("src/main.rs", Ok(Some(file("src/main.rs", "fn main() {}\n")))),
    ]
}

/// Types, with the disk answering at each key.
fn write(app: &mut App, words: &str) {
    app.focus = Focus::Prompt;
    for c in words.chars() {
        let key = if c == ' ' { "space".to_owned() } else { c.to_string() };
        let effects = press(app, &key);
        served(app, effects, &disk(), &THERE);
    }
}

fn hit(app: &mut App, key: &str) -> Vec<Effect> {
    let effects = press(app, key);
    served(app, effects, &disk(), &THERE)
}

fn launched(effects: &[Effect]) -> Vec<(AnswerId, Prompt)> {
    let launch = |effect: &Effect| match effect {
        Effect::Launch { id, prompt, .. } => Some((*id, (**prompt).clone())),
        _ => None,
    };
    effects.iter().filter_map(launch).collect()
}

fn notice(app: &App) -> &str {
    app.notice.as_ref().map_or("", |(text, _)| text)
}

#[test]
fn names_are_completed_by_typing_and_choosing() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut app = app(2);
        write(&mut app, "Describe @");
        let rows = shown(&mut app, width, height);
        compare(&format!("attach-list-{width}x{height}.txt"), &rows);
        assert!(!rows.join("\n").contains(".env"), "hidden files are for those who ask");
        hit(&mut app, "down");
        hit(&mut app, "tab");
        assert_eq!(app.editor.text(), "Describe @chart.png ");
        write(&mut app, "with @nts.m");
        hit(&mut app, "enter");
        assert_eq!(
            app.editor.text(),
            "Describe @chart.png with @notes.md ",
            "enter takes, and does not send"
        );
        compare(&format!("attach-draft-{width}x{height}.txt"), &shown(&mut app, width, height));
        write(&mut app, "@s");
        hit(&mut app, "tab");
        assert!(shown(&mut app, width, height).join("\n").contains("main.rs"), "a directory goes deeper");
        hit(&mut app, "enter");
        assert!(app.editor.text().ends_with("@src/main.rs "), "{}", app.editor.text());
        write(&mut app, "@my");
        hit(&mut app, "tab");
        assert!(app.editor.text().ends_with("@\"my notes.txt\" "), "{}", app.editor.text());
    }
}

/// The way in for somebody who does not know of `@`: a key of the panes, and the palette.
#[test]
fn a_command_begins_a_name() {
    let mut app = app(1);
    write(&mut app, "see");
    hit(&mut app, "tab");
    assert_eq!(app.focus, Focus::Panes);
    hit(&mut app, "@");
    assert_eq!((app.focus, app.editor.text()), (Focus::Prompt, "see @".into()));
    assert!(shown(&mut app, 80, 24).join("\n").contains("attach a file"));
    hit(&mut app, "tab");
    assert_eq!(app.editor.text(), "see @src/");
}

#[test]
fn the_list_can_be_put_away_and_leaves_the_keys_alone_then() {
    let mut app = app(1);
    write(&mut app, "ask @");
    let listed = |app: &mut App| shown(app, 80, 24).join("\n").contains("attach a file");
    assert!(listed(&mut app));
    hit(&mut app, "esc");
    assert!(!listed(&mut app) && app.focus == Focus::Prompt, "the first esc is the list's");
    write(&mut app, "ch");
    assert!(!listed(&mut app), "it stays away for this name");
    write(&mut app, " and @ch");
    assert!(listed(&mut app), "and comes for the next");
    write(&mut app, "art.png");
    assert!(!listed(&mut app), "a whole name needs no list");
    assert_eq!(launched(&hit(&mut app, "enter")).len(), 1, "so that enter sends");
    // An address, an escape and a word in quotes are no names.
    for plain in ["me@", "\\@", "\"@"] {
        app.editor.set_text("");
        write(&mut app, plain);
        assert!(!listed(&mut app), "{plain}");
    }
}

#[test]
fn what_is_sent_says_what_left() {
    let mut app = app(2);
    write(&mut app, "Compare @chart.png with @notes.md, now @alice.");
    let sent = launched(&hit(&mut app, "enter"));
    assert_eq!(sent.len(), 2);
    let names: Vec<_> = sent[0].1.attachments().iter().map(Attachment::name).collect();
    assert_eq!(names, ["chart.png", "notes.md"]);
    assert_eq!(sent[0].1.question(), "Compare @chart.png with @notes.md, now @alice.");
    assert_eq!(notice(&app), "2 files attached: chart.png 640x480, notes.md 3.1 kB");
    assert_eq!(app.editor.text(), "");

    write(&mut app, "see @types/node and @chart.png");
    assert_eq!(launched(&hit(&mut app, "enter")).len(), 2);
    let want = "1 file attached: chart.png 640x480 · no such file: @types/node; it is sent as text";
    assert_eq!(notice(&app), want);

    write(&mut app, "hello \\@chart.png and @alice");
    let sent = launched(&hit(&mut app, "enter"));
    assert_eq!(sent[0].1.question(), "hello @chart.png and @alice", "an escape is sent as an @");
    assert!(sent[0].1.attachments().is_empty());
    assert_eq!(notice(&app), "");
}

#[test]
fn a_prompt_whose_file_cannot_be_had_comes_back() {
    let mut app = app(1);
    write(&mut app, "see @bad.bin and @chart.png");
    let border = shown(&mut app, 80, 24).join("\n");
    assert!(border.contains("bad.bin looks binary"), "seen before it is sent: {border}");
    assert!(launched(&hit(&mut app, "enter")).is_empty());
    assert_eq!(app.editor.text(), "see @bad.bin and @chart.png");
    assert_eq!(notice(&app), "not sent: bad.bin looks binary");
    assert!(app.rounds.is_empty());
}

#[test]
fn sending_waits_for_the_disk_and_nothing_else_does() {
    let mut app = app(1);
    write(&mut app, "see @chart.png");
    // The disk hangs: nothing answers what is asked now.
    let asked = press(&mut app, "enter");
    assert!(launched(&asked).is_empty() && app.editor.text().is_empty());
    typed(&mut app, "meanwhile");
    assert!(shown(&mut app, 80, 24).join("\n").contains("reading 1 file"));
    assert!(launched(&press(&mut app, "enter")).is_empty(), "one at a time");
    assert!(notice(&app).contains("still being read"), "{}", notice(&app));
    press(&mut app, "ctrl+c");
    assert_eq!(app.editor.text(), "see @chart.png\nmeanwhile", "nothing that was written is lost");
    // The disk answers after all, and too late.
    assert!(launched(&served(&mut app, asked, &disk(), &THERE)).is_empty());
    assert!(app.rounds.is_empty());
}

/// What was asked for while the disk was read comes first, and the prompt is not lost.
#[test]
fn a_prompt_comes_back_where_it_cannot_be_sent_when_its_files_are_there() {
    let mut app = app(1);
    write(&mut app, "first");
    let (id, _) = launched(&hit(&mut app, "enter")).remove(0);
    step(&mut app, id, 0, Step::Sent);
    text(&mut app, id, 10, "Yes.");
    finish(&mut app, id, 20, 3);
    press(&mut app, "esc");
    press(&mut app, "f");
    write(&mut app, "then @chart.png");
    let asked = press(&mut app, "enter");
    press(&mut app, "esc");
    assert_eq!(launched(&press(&mut app, "r")).len(), 1, "the answer that is continued runs again");
    assert!(launched(&served(&mut app, asked, &disk(), &THERE)).is_empty());
    assert_eq!(app.editor.text(), "then @chart.png");
    assert!(notice(&app).contains("wait for them"), "{}", notice(&app));
}

#[test]
fn a_follow_up_keeps_the_images_of_its_conversation_and_a_new_pane_gets_the_rounds() {
    let mut app = app(2);
    write(&mut app, "what is @chart.png?");
    let sent = launched(&hit(&mut app, "enter"));
    for (id, _) in &sent {
        step(&mut app, *id, 0, Step::Sent);
        text(&mut app, *id, 10, "A chart.");
        finish(&mut app, *id, 20, 3);
    }
    press(&mut app, "esc");
    press(&mut app, "f");
    write(&mut app, "and @notes.md?");
    let (_, next) = launched(&hit(&mut app, "enter")).remove(0);
    assert_eq!(next.turns.len(), 3);
    assert_eq!((next.images().count(), next.turns[0].images().count()), (1, 1));
    assert_eq!(next.attachments()[0].name(), "notes.md");
    // Run again is what was sent, files and all.
    press(&mut app, "esc");
    let again = launched(&hit(&mut app, "R"));
    assert!(again.iter().all(|(_, prompt)| prompt.images().count() == 1));
}

#[test]
fn a_draft_with_an_image_has_no_bound_and_asks() {
    let mut app = app(1);
    let limit = Spending { session: bakeoff::model::Money::parse("5").ok(), ..Spending::default() };
    app.weigh_by(limit);
    write(&mut app, "see @chart.png");
    let asked = hit(&mut app, "enter");
    let weighed = asked.iter().rev().find_map(|e| match e {
        Effect::Weigh { number, asks } => Some((*number, asks.clone())),
        _ => None,
    });
    let (number, asks) = weighed.expect("it is weighed before it leaves");
    assert_eq!(asks[0].1.images().count(), 1, "what is weighed is what is sent");
    let catalog = Catalog::embedded();
    let one = |(_, prompt): &(_, Prompt)| -> Estimate {
        let spec = parse_spec("openai:gpt-6-sol?max_tokens=9").unwrap();
        estimate(&catalog, &spec, prompt, &Vars::only(&[]))
    };
    let estimates = asks.iter().map(one).collect();
    let sent = app.update(Event::Weighed { number, estimates }, app.now);
    assert!(launched(&sent).is_empty());
    let question = shown(&mut app, 80, 24).join("\n");
    assert!(question.contains("1 of 1 may cost anything (the tokens of an image"), "{question}");
    app.now += std::time::Duration::from_secs(1);
    press(&mut app, "n");
    assert_eq!(app.editor.text(), "see @chart.png");
}

#[test]
fn the_border_keeps_the_cost_beside_the_files() {
    let mut app = app(1);
    app.weigh_by(Spending::default());
    write(&mut app, "see @chart.png and @notes.md");
    let catalog = Catalog::embedded();
    let prompt = Prompt::new("see").attach(&[image("chart.png")]);
    let spec = parse_spec("openai:gpt-6-sol?max_tokens=9").unwrap();
    let made = estimate(&catalog, &spec, &prompt, &Vars::only(&[]));
    for number in 1..9 {
        app.update(Event::Weighed { number, estimates: vec![made.clone()] }, app.now);
    }
    for (width, files) in [
        (80, "· 2 files attached "),
        (120, "· 2 files attached: chart.png 640x480, notes.md 3.1 kB "),
        (160, "each answer starts fresh · 2 files attached: chart.png 640x480, notes.md 3.1 kB "),
    ] {
        let border = shown(&mut app, width, 24).join("\n");
        assert!(
            border.contains(files) && border.contains("tok + 1 image") && border.contains("cost unknown"),
            "{width}: {border}"
        );
    }
    for width in [20, 30, 40, 60] {
        shown(&mut app, width, 12);
    }
}

/// Whatever is typed and whatever the disk says, nothing is lost and nothing panics.
#[test]
fn no_order_of_keys_and_answers_loses_the_prompt() {
    let keys = [
        "@",
        "n",
        "c",
        "/",
        "s",
        "\"",
        "\\",
        "space",
        "tab",
        "enter",
        "esc",
        "up",
        "down",
        "ctrl+c",
        "backspace",
    ];
    for seed in 1..=60_u64 {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut random = |n: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % n as u64).unwrap()
        };
        let mut app = app(1);
        let mut owed: Vec<Effect> = Vec::new();
        for _ in 0..120 {
            app.focus = Focus::Prompt;
            let before = (app.editor.text(), app.rounds.len());
            let key = keys[random(keys.len())];
            let effects = press(&mut app, key);
            if key == "enter" && app.editor.text().is_empty() && !before.0.trim().is_empty() {
                let waits = effects.iter().any(|e| matches!(e, Effect::ReadFiles { .. }));
                assert!(waits || app.rounds.len() > before.1, "{seed}: {:?} went nowhere", before.0);
            }
            owed.extend(effects);
            if random(3) == 0 {
                owed = served(&mut app, std::mem::take(&mut owed), &disk(), &THERE);
            }
            app.overlay = None;
            shown(&mut app, 40, 12);
        }
    }
}

/// The disk, the program and a terminal.
#[test]
fn a_file_is_chosen_and_sent_in_a_terminal() {
    let home = playground();
    let mut pty = Pty::start(
        Path::new("/bin/sh"),
        &["-c", "cd \"$PLAY\" && exec \"$BAKEOFF\" demo --attach notes.md"],
        &[("PLAY", home.path().to_str().unwrap()), ("BAKEOFF", env!("CARGO_BIN_EXE_bakeoff"))],
        120,
        40,
    );
    pty.wait_for("@notes.md");
    pty.wait_for("1 file attached: notes.md 21 B");
    pty.send("@cha");
    pty.wait_for("attach a file");
    pty.wait_for("chart.png");
    pty.send("\t");
    pty.wait_for("2 files attached: notes.md 21 B, chart.png 640x480");
    pty.send("what is it?\r");
    pty.wait_for("I was sent 1 image: image/png of");
    pty.wait_for("does not");
    pty.send("\x1b");
    pty.wait_for("z zoom");
    pty.send("X");
    pty.send("q");
    // It asks only while something streams.
    pty.send("y");
    assert!(pty.exit().success());
}

#[test]
fn a_prompt_given_at_the_start_takes_its_files_along() {
    let home = playground();
    let disk = Disk::new(None).at(home.path());
    let found = disk.find(&references("see @chart.png.")[0]).unwrap().unwrap();
    assert_eq!(found.label(), "chart.png 640x480");
    let mut app = app(1);
    let effects = app.ask("see @chart.png");
    assert_eq!(launched(&served(&mut app, effects, &[("chart.png", Ok(Some(found)))], &[])).len(), 1);
}
