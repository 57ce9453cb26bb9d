use std::collections::BTreeMap;

use super::super::depth::{self, Depth, apart, contrast, from_linear, rgb, seen_as};
use super::*;

fn all() -> Vec<Theme> {
    Themes::default().names().iter().map(|name| Theme::named(name).unwrap()).collect()
}

fn own(files: &[(&str, &str)]) -> Themes {
    let file = |(name, text): &(&str, &str)| ThemeFile {
        name: (*name).to_owned(),
        text: Ok((*text).to_owned()),
        place: format!("themes/{name}.toml"),
    };
    Themes { own: files.iter().map(file).collect(), ..Themes::default() }
}

#[test]
fn every_file_of_the_folder_is_a_theme_that_gives_every_slot() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("themes");
    let mut files: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|f| f.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let listed = Themes::default().list();
    let mut names: Vec<_> = listed.iter().map(|l| l.name.clone()).collect();
    assert_eq!(names[0], "default");
    names.sort();
    assert_eq!(files, names);
    assert!(names.len() >= 12, "{names:?}");
    for listed in &listed {
        assert!(!listed.words.is_empty(), "{} says nothing of itself", listed.name);
        assert_eq!((&listed.place, &listed.wrong), (&None, &None));
        let text = std::fs::read_to_string(folder.join(format!("{}.toml", listed.name))).unwrap();
        let layer = Layer::parse(&listed.name, &text).unwrap();
        assert!(layer.missing().is_empty() && layer.has_panes(), "{}: {:?}", listed.name, layer.missing());
    }
    let grounds: Vec<_> = all().iter().map(Ground::of).collect();
    let count = |ground| grounds.iter().filter(|g| **g == ground).count();
    assert!(count(Ground::Light) >= 2 && count(Ground::Dark) >= 6 && count(Ground::Any) == 2, "{grounds:?}");
    assert!(Theme::named("tokio-night").unwrap_err().contains("did you mean \"tokyo-night\"?"));
}

/// WCAG AA for everything that is read, on the theme's ground or on the ground that the style brings.
fn readable(theme: &Theme, least: f64) -> usize {
    let mut checked = 0;
    for (slot, style) in theme.styles() {
        let ground = style.bg.and_then(seen).or(theme.ground.and_then(seen));
        let (Some(ink), Some(ground)) = (style.fg.or(theme.text.fg).and_then(seen), ground) else { continue };
        let least = if slot == "border" { 1.3 } else { least };
        let is = contrast(ink, ground);
        assert!(is >= least, "{}: {slot} {style:?} has contrast {is:.2}", theme.name);
        checked += 1;
    }
    checked
}

/// How a colour looks; the sixteen as a text console draws them.
fn seen(colour: Color) -> Option<[u8; 3]> {
    let console = depth::CONSOLE.iter().find(|(name, _)| *name == colour);
    console.map(|(_, hex)| depth::split(*hex)).or_else(|| rgb(colour))
}

#[test]
fn what_is_read_can_be_read_on_the_background_it_was_chosen_for() {
    let checked: usize = all().iter().filter(|t| t.ground.is_some()).map(|t| readable(t, 4.5)).sum();
    assert!(checked > 300, "only {checked} colours were checked");
}

/// One of ours as a terminal with so many colours shows it.
fn on(theme: &Theme, depth: Depth) -> Theme {
    Themes { depth, ..Themes::default() }.named(&theme.name).unwrap()
}

#[test]
fn every_theme_has_a_form_for_256_and_for_sixteen_colours_and_for_none() {
    for theme in all() {
        let plain = Theme::named(NO_COLOR).unwrap();
        let none = Themes { plain: true, ..Themes::default() }.named(&theme.name).unwrap();
        assert_eq!(none, Theme { name: theme.name.clone(), ..plain });
        assert!(none.styles().iter().all(|(_, s)| s.fg.is_none() && s.bg.is_none()));
        if theme.ground.is_none() {
            assert_eq!(on(&theme, Depth::Sixteen), theme, "it is of the sixteen already");
            continue;
        }
        for (depth, least) in [(Depth::Cube, 4.5), (Depth::Sixteen, 3.0)] {
            let fitted = on(&theme, depth);
            let colours = fitted.styles().into_iter().flat_map(|(_, s)| [s.fg, s.bg]).flatten();
            for colour in colours.chain(fitted.ground) {
                let has = match colour {
                    Color::Rgb(..) => false,
                    Color::Indexed(n) => depth == Depth::Cube && n >= 16,
                    _ => depth == Depth::Sixteen,
                };
                assert!(has, "{} at {depth:?} has {colour:?}", theme.name);
            }
            assert!(readable(&fitted, least) > 20);
            assert_eq!(Ground::of(&fitted), Ground::of(&theme), "{} at {depth:?}", theme.name);
            for (a, b) in [
                (fitted.good, fitted.bad),
                (fitted.added, fitted.removed),
                (fitted.warn, fitted.good),
                (fitted.warn, fitted.bad),
            ] {
                assert_ne!(a, b, "{} at {depth:?}", theme.name);
            }
            if depth == Depth::Sixteen && theme.name != "amber" {
                let ink = fitted.text.fg.unwrap();
                let greys = [Color::Black, Color::DarkGray, Color::Gray, Color::White];
                assert!(greys.contains(&ink), "{} is read in {ink:?}", theme.name);
            }
            // The row under the cursor is seen.
            assert_ne!(fitted.selection.bg, fitted.ground, "{} at {depth:?}", theme.name);
            assert_ne!(fitted.found.bg, fitted.ground, "{} at {depth:?}", theme.name);
        }
    }
}

/// Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision
/// Deficiency" (IEEE TVCG 15/6, 2009), severity 1.0, for linear sRGB.
const PROTANOPIA: [[f64; 3]; 3] = [
    [0.152_286, 1.052_583, -0.204_868],
    [0.114_503, 0.786_281, 0.099_216],
    [-0.003_882, -0.048_116, 1.051_998],
];
const DEUTERANOPIA: [[f64; 3]; 3] = [
    [0.367_322, 0.860_646, -0.227_968],
    [0.280_085, 0.672_501, 0.047_413],
    [-0.011_820, 0.042_940, 0.968_881],
];

/// Distance in Oklab of two styles' colours to somebody who sees so.
fn distance(a: Style, b: Style, matrix: [[f64; 3]; 3]) -> f64 {
    let look = |style: Style| from_linear(seen_as(style.fg.and_then(seen).unwrap(), matrix));
    apart(look(a), look(b))
}

#[test]
fn the_theme_for_the_colour_blind_keeps_good_and_bad_apart_for_them() {
    let theme = Theme::named("colour-blind").unwrap();
    for matrix in [PROTANOPIA, DEUTERANOPIA] {
        for theme in [theme.clone(), on(&theme, Depth::Cube), on(&theme, Depth::Sixteen)] {
            for (a, b) in [(theme.good, theme.bad), (theme.added, theme.removed), (theme.good, theme.warn)] {
                let far = distance(a, b, matrix);
                let least = if matches!(a.fg, Some(Color::Rgb(..) | Color::Indexed(_))) { 0.2 } else { 0.15 };
                assert!(far > least, "{a:?} and {b:?} are {far:.3} apart");
            }
        }
        // Hue is not all: between bad and a warning, lightness helps.
        assert!(distance(theme.bad, theme.warn, matrix) > 0.1);
        for (n, a) in theme.panes.iter().enumerate() {
            for b in theme.panes.iter().skip(n + 1) {
                assert!(distance(*a, *b, matrix) > 0.02, "panes {a:?} and {b:?}");
            }
        }
    }
    // The measure can fail: what red and green are to most is nearly one thing to them.
    let most = Theme::named("forest").unwrap();
    assert!(
        distance(most.good, most.bad, DEUTERANOPIA) < 0.12,
        "{}",
        distance(most.good, most.bad, DEUTERANOPIA)
    );
}

#[test]
fn mistakes_in_a_theme_are_told_with_their_place() {
    let names = "default, amber, colour-blind";
    for (text, words) in [
        ("[slots]\nbad = \"#12345\"\n", "themes/mine.toml:2:7: bad: \"#12345\" is not a colour like #1a2b3c"),
        ("[slots]\nbad = \"#+12345\"\n", "is not a colour like #1a2b3c"),
        ("[slots]\nbad = \"rde\"\n", "themes/mine.toml:2:7: bad: \"rde\" is neither"),
        ("[slots]\nbad = \"redd\"\n", "did you mean \"red\"?"),
        (
            "[slots]\n\nbaad = \"red\"\n",
            "themes/mine.toml:3:1: no slot is called \"baad\" (did you mean \"bad\"?)",
        ),
        ("[slots]\nbad = \"red on\"\n", "themes/mine.toml:2:7: bad: after `on` comes a colour"),
        ("[slots\nbad = 3", "themes/mine.toml:1:"),
        ("[slots]\nbad = 3\n", "themes/mine.toml:2:7: invalid type"),
        ("colours = 3\n", "themes/mine.toml:1:1: unknown field"),
        ("[palette]\nred = \"#ggg\"\n", "themes/mine.toml:2:7: red: \"#ggg\" is not a colour"),
        ("[palette]\nbold = \"red\"\n", "themes/mine.toml:2:1: \"bold\" cannot be the name of a colour"),
        (
            "background = \"fog\"\n[slots]\ntext = \"red\"\n",
            "themes/mine.toml:1:14: background: \"fog\" is neither",
        ),
        ("background = \"#000000\"\n", "themes/mine.toml:1:14: a theme with a background of its own"),
        ("panes = [\"red\", \"blu\"]\n", "themes/mine.toml:1:17: panes: \"blu\" is neither"),
        (
            "inherits = \"velvt\"\n",
            "themes/mine.toml:1:12: no theme is called \"velvt\" (did you mean \"velvet\"?)",
        ),
        ("inherits = \"mine\"\n", "\"mine\" inherits from itself"),
        ("inherits = \"nobody\"\n", names),
    ] {
        let said = own(&[("mine", text)]).named("mine").unwrap_err();
        assert!(said.contains(words), "{text:?}: {said}");
    }
    let unreadable =
        ThemeFile { name: "x".into(), place: "themes/x.toml".into(), text: Err("it is a folder".into()) };
    assert_eq!(
        Themes { own: vec![unreadable], ..Themes::default() }.named("x").unwrap_err(),
        "themes/x.toml: it is a folder"
    );
    let round = own(&[("a", "inherits = \"b\"\n"), ("b", "inherits = \"a\"\n")]);
    assert!(round.named("a").unwrap_err().contains("inherits from itself"), "{:?}", round.named("a"));
}

#[test]
fn a_file_of_the_users_replaces_inherits_and_may_leave_out() {
    // A byte-order mark and CRLF are what some editors write.
    let mine = "\u{feff}# Mine\r\ninherits = \"velvet\"\r\n[palette]\r\nred = \"#ff0000\"\r\n[slots]\r\ngood = \"violet on red bold\"\r\n";
    let themes = own(&[
        ("mine", mine),
        ("paper", "inherits = \"paper\"\n[slots]\nwarn = \"red\"\n"),
        ("few", "[slots]\ncode = \"red\"\n"),
    ]);
    let (theme, velvet) = (themes.named("mine").unwrap(), Theme::named("velvet").unwrap());
    assert_eq!((theme.text, theme.ground, theme.panes[0]), (velvet.text, velvet.ground, velvet.panes[0]));
    assert_eq!(theme.bad, Style::new().fg(Color::Rgb(255, 0, 0)), "its palette counts in what it inherits");
    assert_eq!(theme.good, Style::new().fg(velvet.accent.fg.unwrap()).bg(Color::Rgb(255, 0, 0)).bold());
    // One of a name that the program has replaces it, and may stand on it.
    let (paper, before) = (themes.named("paper").unwrap(), Theme::named("paper").unwrap());
    assert_ne!(paper.warn, before.warn);
    assert_eq!(paper.text, before.text);
    let few = themes.named("few").unwrap();
    assert_eq!(few, Theme { name: "few".into(), code: Style::new().red(), ..themes.usual() });
    let listed: BTreeMap<_, _> = themes.list().into_iter().map(|l| (l.name.clone(), l)).collect();
    assert_eq!(listed["mine"].words, "Mine");
    assert_eq!(listed["paper"].place.as_deref(), Some("themes/paper.toml"));
    assert_eq!(listed.len(), all().len() + 2);
}

#[test]
fn a_frame_stands_on_the_ground_of_its_theme() {
    let mut buffer = Buffer::with_lines(["ab"]);
    buffer[(0, 0)].set_style(Style::new().red().on_blue());
    let theme = Theme::named("paper").unwrap();
    theme.finish(&mut buffer);
    assert_eq!((buffer[(0, 0)].fg, buffer[(0, 0)].bg), (Color::Red, Color::Blue));
    assert_eq!((Some(buffer[(1, 0)].fg), Some(buffer[(1, 0)].bg)), (theme.text.fg, theme.ground));
    let mut plain = Buffer::with_lines(["ab"]);
    Theme::named("default").unwrap().finish(&mut plain);
    assert_eq!(plain, Buffer::with_lines(["ab"]), "the terminal's own ground stays");
}
