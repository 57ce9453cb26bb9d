//! Themes, signs in ASCII, the window's title: in the real program on a terminal.

use std::path::Path;

use bakeoff::ui::{Depth, Theme, ThemeFile, Themes, draw};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;

use crate::program::{bakeoff, config, err, home, json, out};
use crate::pty::Pty;
use crate::screen::{app, ask, busy, press, shown, step, text};
use bakeoff::model::Step;

const BIN: &str = env!("CARGO_BIN_EXE_bakeoff");

fn demo(home: &Path, args: &[&str], vars: &[(&str, &str)]) -> Pty {
    let home = home.display().to_string();
    let vars: Vec<_> = vars.iter().copied().chain([("HOME", home.as_str())]).collect();
    Pty::start(Path::new(BIN), &[&["demo"], args].concat(), &vars, 100, 30)
}

fn leave(pty: &mut Pty) -> String {
    pty.send("\u{3}\u{3}\u{3}");
    assert!(pty.exit().success());
    String::from_utf8_lossy(&pty.raw()).into_owned()
}

/// The background of the cell in the middle of the screen.
fn ground(pty: &Pty) -> vt100::Color {
    let seen = std::cell::Cell::new(vt100::Color::Default);
    pty.wait("a frame", |screen| {
        seen.set(screen.cell(15, 50).map_or(vt100::Color::Default, vt100::Cell::bgcolor));
        screen.contents().contains("simulated")
    });
    seen.get()
}

fn of(theme: &str) -> vt100::Color {
    match Theme::named(theme).unwrap().ground {
        Some(Color::Rgb(r, g, b)) => vt100::Color::Rgb(r, g, b),
        other => panic!("{theme} has the ground {other:?}"),
    }
}

/// What a terminal sends that was asked for its colours and then for its kind.
fn answer(paper: &str) -> String {
    format!("\x1b]10;rgb:8080/8080/8080\x07\x1b]11;rgb:{paper}\x07\x1b[?62;22c")
}

#[test]
fn auto_follows_the_terminal_which_is_asked_before_keys_are_read() {
    let home = home();
    config(home.path(), "theme = { light = \"paper\", dark = \"velvet\" }\n");
    for (args, paper, theme) in [
        (&["--theme", "auto"][..], "ffff/ffff/ffff", "rose-dawn"),
        (&["--theme", "auto"], "0000/0000/0000", "tokyo-night"),
        (&[], "fdfd/f6f6/e3e3", "paper"),
        (&[], "1a1a/1b1b/2626", "velvet"),
    ] {
        let mut pty = demo(home.path(), args, &[]);
        pty.wait_raw(0, b"\x1b]11;?");
        pty.send(&answer(paper));
        assert_eq!(ground(&pty), of(theme), "{args:?} {paper}");
        // Nothing of the answer was taken for keys.
        pty.send("typed");
        pty.wait_for("┃ typed ");
        leave(&mut pty);
    }
}

#[test]
fn who_does_not_answer_is_not_waited_for_and_who_cannot_is_not_asked() {
    let home = home();
    for (vars, asked, theme) in [
        // A terminal that does not know the question answers the one behind it.
        (&[("COLORFGBG", "0;15")][..], true, "rose-dawn"),
        (&[], true, "tokyo-night"),
        (&[("TERM", "screen.xterm-256color"), ("COLORFGBG", "15;default;0")], false, "tokyo-night"),
        (&[("STY", "1.x"), ("COLORFGBG", "0;15")], false, "rose-dawn"),
    ] {
        let mut pty = demo(home.path(), &["--theme", "auto"], vars);
        if asked {
            pty.wait_raw(0, b"\x1b[c");
            pty.send("\x1b[?6c");
        }
        assert_eq!(ground(&pty), of(theme), "{vars:?}");
        let raw = leave(&mut pty);
        assert_eq!(raw.contains("\x1b]11;?"), asked, "{vars:?}");
    }
    // Without a wish nobody is asked, and nobody waits.
    let mut pty = demo(home.path(), &[], &[]);
    pty.wait_for("simulated");
    assert!(!leave(&mut pty).contains("\x1b]11;?"));
    // One that says nothing at all costs its time limit and no more.
    let mut pty = demo(home.path(), &["--theme", "auto"], &[]);
    assert_eq!(ground(&pty), of("tokyo-night"));
    // Its answer, when it comes after all, is not what was typed.
    pty.send("abc");
    pty.wait_for("abc");
    pty.send(&answer("ffff/ffff/ffff"));
    pty.send("def");
    pty.wait_for(" abcdef");
    leave(&mut pty);
}

#[test]
fn a_mistake_in_a_theme_is_told_on_the_screen_and_ends_the_command_line() {
    let home = home();
    let folder = home.path().join(".config/bakeoff/themes");
    for (choice, file, words) in [
        (
            "mine",
            "inherits = \"paper\"\n[slots]\nbad = \"#12345\"\n",
            "themes/mine.toml:3:7: bad: \"#12345\" is not",
        ),
        ("mine", "[slots\n", "themes/mine.toml:1:"),
        ("./themes/none.toml", "", "themes/none.toml: cannot be read"),
        ("min", "inherits = \"paper\"\n", "config.toml:1: no theme is called \"min\""),
    ] {
        config(home.path(), &format!("theme = \"{choice}\"\n"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("mine.toml"), file).unwrap();
        let home_dir = home.path().display().to_string();
        let mut pty = Pty::start(Path::new(BIN), &["demo"], &[("HOME", &home_dir)], 160, 30);
        pty.wait_for("the default theme is shown: ");
        pty.wait(words, |screen| screen.contents().replace('\n', "").contains(words));
        leave(&mut pty);
        let said = bakeoff(home.path()).args(["config", "check"]).output().unwrap();
        assert_eq!(said.status.code(), Some(2), "{choice}");
        assert!(err(&said).contains(words.trim_start_matches("config.toml:1: ")), "{}", err(&said));
        let said = bakeoff(home.path()).args(["demo", "--theme", choice]).output().unwrap();
        assert_eq!(said.status.code(), Some(2), "{choice}: {}", err(&said));
    }
}

#[test]
fn the_users_themes_are_listed_with_what_is_wrong_and_checked() {
    let home = home();
    config(home.path(), "theme = \"themes/mine.toml\"\n");
    let folder = home.path().join(".config/bakeoff/themes");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("mine.toml"), "# My own\ninherits = \"paper\"\n").unwrap();
    let check = bakeoff(home.path()).args(["config", "check"]).output().unwrap();
    assert!(
        check.status.success() && out(&check).contains("~/.config/bakeoff/themes/mine.toml: fine"),
        "{}",
        out(&check)
    );
    std::fs::write(folder.join("other.toml"), "[slots]\nbaad = \"red\"\n").unwrap();
    let listed = json(&bakeoff(home.path()).args(["themes", "--format", "json"]).output().unwrap());
    let row = |name: &str| {
        listed
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["theme"] == name)
            .unwrap_or_else(|| panic!("{listed}"))
            .clone()
    };
    assert_eq!(
        (row("mine")["ground"].as_str(), row("mine")["what"].as_str()),
        (Some("light"), Some("My own"))
    );
    assert!(
        row("mine")["file"].as_str().unwrap().ends_with("themes/mine.toml")
            && row("mine")["problem"].is_null()
    );
    assert!(
        row("other")["problem"].as_str().unwrap().contains("did you mean \"bad\"?")
            && row("other")["ground"].is_null()
    );
    assert_eq!((row("velvet")["ground"].as_str(), row("velvet")["file"].is_null()), (Some("dark"), true));
    let table = out(&bakeoff(home.path()).arg("themes").output().unwrap());
    assert!(table.contains("cannot be shown: ") && table.lines().count() > 16, "{table}");
    let check = bakeoff(home.path()).args(["config", "check"]).output().unwrap();
    assert!(err(&check).contains("themes/other.toml:2:1: no slot is called \"baad\""), "{}", err(&check));
}

#[test]
fn colours_are_what_the_terminal_has() {
    let home = home();
    // Select graphic rendition with a colour: what stands behind 38 or 48.
    let colours = |raw: &str| {
        let parts: Vec<&str> =
            raw.split("\x1b[").filter_map(|s| s.split_once('m')).map(|(code, _)| code).collect();
        let of = |kind: &str| parts.iter().filter(|p| p.contains(kind)).count();
        (of("8;2;"), of("8;5;"))
    };
    for (vars, full, indexed) in [
        (&[("COLORTERM", "truecolor")][..], true, false),
        (&[("COLORTERM", "")], false, true),
        (&[("NO_COLOR", "1")], false, false),
    ] {
        let mut pty = demo(home.path(), &["--theme", "velvet"], vars);
        pty.wait_for("simulated");
        let (rgb, cube) = colours(&leave(&mut pty));
        assert_eq!((rgb > 0, cube > 0), (full, indexed), "{vars:?}");
    }
    let mut pty = demo(home.path(), &["--theme", "velvet"], &[("TERM", "linux")]);
    pty.wait_for("simulated");
    let raw = leave(&mut pty);
    assert_eq!(colours(&raw).0, 0);
    let high = raw.split("8;5;").skip(1).filter_map(|s| s.split(['m', ';']).next()?.parse::<u16>().ok());
    assert!(high.clone().count() > 0 && high.clone().all(|n| n < 16), "{:?}", high.max());
    assert!(!raw.contains("\x1b]0;"), "a text console has no window");
}

#[test]
fn where_only_ascii_is_to_be_had_the_frame_is_ascii_and_the_answer_is_not_changed() {
    let home = home();
    for (args, vars) in
        [(&["--ascii"][..], &[][..]), (&[], &[("LANG", "C")]), (&[], &[("LC_ALL", "en_US.ISO-8859-1")])]
    {
        let mut pty = demo(home.path(), args, vars);
        pty.wait_for("simulated");
        assert!(pty.screen().is_ascii() && pty.screen().contains("+ 1 demo-swift |"), "{}", pty.screen());
        leave(&mut pty);
    }
    config(home.path(), "[look]\nascii = false\n");
    let mut pty = demo(home.path(), &[], &[("LANG", "C")]);
    pty.wait_for("╭ 1 demo-swift");
    leave(&mut pty);

    let mut app = busy(6);
    let id = ask(&mut app, "words")[0];
    step(&mut app, id, 2_000, Step::Sent);
    let said = "Déjà vu: 日本 “naïve” ½ ☃";
    text(&mut app, id, 2_100, said);
    press(&mut app, "esc");
    let rows = |app: &mut _, ascii: bool| {
        let theme = Themes { ascii, ..Themes::default() }.named("default").unwrap();
        let mut screen = Terminal::new(TestBackend::new(120, 40)).unwrap();
        let drawn = |frame: &mut ratatui::Frame| {
            draw(app, &theme, frame);
            theme.finish(frame.buffer_mut());
        };
        screen.draw(drawn).unwrap();
        screen.backend().to_string()
    };
    let (before, plain) = (rows(&mut app, false), rows(&mut app, true));
    let own = |text: &str| text.chars().filter(|c| !c.is_ascii()).collect::<String>();
    assert!(plain.contains("Déjà vu") && plain.contains("naïve”"), "{plain}");
    let left: String = own(&plain).chars().filter(|c| !said.contains(*c)).collect();
    assert_eq!(left, "", "signs of ours are left");
    assert_ne!(own(&before), own(&plain));
    // What is copied is the answer, whatever the screen shows.
    app.rounds.last_mut().unwrap().entries[0].answer.text.push_str(" ─✓ ");
    assert!(app.rounds.last().unwrap().entries[0].answer.text.contains("─✓"));
}

/// Operating-system commands that were written, with what they carry.
fn commands(raw: &str) -> Vec<String> {
    let parts = raw.split("\x1b]").skip(1);
    parts.map(|s| s.split(['\x07', '\x1b']).next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_window_is_named_by_us_alone_and_named_back() {
    let home = home();
    let mut pty = demo(home.path(), &[], &[]);
    pty.wait_for("simulated");
    pty.send("What do you say?\r");
    pty.wait("an answer that ended", |s| s.contents().contains('✓'));
    let raw = leave(&mut pty);
    // Every order to the system that was written while models spoke and endpoints were named.
    assert_eq!(commands(&raw), ["0;bakeoff · demo"]);
    let (aside, back) = (raw.find("\x1b[22;0t").unwrap(), raw.rfind("\x1b[23;0t").unwrap());
    assert!(aside < raw.find("\x1b]0;").unwrap() && back > raw.find("\x1b]0;").unwrap());
    // A name out of a file that tries to be more than a name.
    config(
        home.path(),
        "[[endpoint]]\nname = \"a\\u001b]0;owned\\u0007\"\nprovider = \"ollama\"\nmodel = \"m\"\n\
         [[lineup_set]]\nname = \"mine\\u001b]2;owned\\u0007\\u009d0;owned\\u009c\\nx\"\nendpoints = [\"a\\u001b]0;owned\\u0007\"]\n",
    );
    let place = home.path().display().to_string();
    let name = "mine\u{1b}]2;owned\u{7}\u{9d}0;owned\u{9c}\nx";
    let mut pty = Pty::start(Path::new(BIN), &["-l", name], &[("HOME", &place)], 100, 30);
    pty.wait_for("1 endpoint");
    let raw = leave(&mut pty);
    let orders = commands(&raw);
    assert_eq!(orders.len(), 1, "{orders:?}");
    assert!(
        orders[0].starts_with("0;bakeoff · mine") && !orders[0].chars().any(char::is_control),
        "{orders:?}"
    );
    config(home.path(), "[look]\ntitle = false\n");
    let mut pty = demo(home.path(), &[], &[]);
    pty.wait_for("simulated");
    let raw = leave(&mut pty);
    assert!(commands(&raw).is_empty() && !raw.contains("\x1b[22;0t"));
}

#[test]
fn a_theme_that_is_taken_is_shown_at_once_and_kept_in_the_config() {
    let home = home();
    let file = home.path().join(".config/bakeoff/config.toml");
    let mut pty = demo(home.path(), &[], &[]);
    pty.wait_for("simulated");
    pty.send("\x1b");
    pty.wait_for("z zoom");
    pty.send("\x1b[20~");
    pty.wait_for("themes");
    pty.send("paper");
    pty.wait("a preview", |s| s.cell(15, 50).is_some_and(|c| c.bgcolor() == of("paper")));
    pty.send("\x1b");
    pty.wait_for("ember");
    pty.send("\x1b");
    pty.wait_gone("find:");
    pty.wait("the theme before", |s| s.cell(15, 50).is_some_and(|c| c.bgcolor() == vt100::Color::Default));
    leave(&mut pty);
    assert!(!file.exists());

    config(home.path(), "# mine\ntheme = \"auto\" # follows\n");
    let mut pty = demo(home.path(), &[], &[("COLORFGBG", "0;15")]);
    pty.wait_raw(0, b"\x1b[c");
    pty.send("\x1b[?6c");
    pty.wait_for("simulated");
    pty.send("\x1b");
    pty.wait_for("z zoom");
    pty.send("\x1b[20~");
    pty.wait_for("themes");
    pty.send("paper\r");
    pty.wait("the theme", |s| s.cell(15, 50).is_some_and(|c| c.bgcolor() == of("paper")));
    leave(&mut pty);
    let kept = std::fs::read_to_string(&file).unwrap();
    assert_eq!(kept, "# mine\ntheme = { light = \"paper\", dark = \"tokyo-night\" } # follows\n");
}

#[test]
fn there_is_one_spinner_and_nothing_moves_where_nothing_happens() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut spinners) = (vec![root], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read_to_string(&path).unwrap().contains("\"⠋\"") {
                spinners.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    assert_eq!(spinners, ["status.rs"]);
    let mut app = app(2);
    press(&mut app, "esc");
    press(&mut app, "f9");
    press(&mut app, "down");
    let first = shown(&mut app, 80, 24);
    assert!(!app.is_alive(), "trying themes on needs no clock");
    app.now += std::time::Duration::from_secs(3);
    assert_eq!(first, shown(&mut app, 80, 24));
}

#[test]
fn a_theme_of_the_users_is_shown_in_every_depth() {
    let file =
        ThemeFile { name: "x".into(), text: Ok("inherits = \"velvet\"\n".into()), place: "x.toml".into() };
    for depth in [Depth::Full, Depth::Cube, Depth::Sixteen] {
        let themes = Themes { own: vec![file.clone()], depth, ..Themes::default() };
        let (mine, velvet) = (themes.named("x").unwrap(), themes.named("velvet").unwrap());
        assert_eq!(mine, Theme { name: "x".into(), ..velvet });
    }
    let bare = Themes { bare: true, ..Themes::default() }.named("velvet").unwrap();
    assert_eq!(bare.ground, None);
}
