use super::*;

fn contrast(a: Color, b: Color) -> Option<f64> {
    let (a, b) = (luminance(a)?, luminance(b)?);
    Some((a.max(b) + 0.05) / (a.min(b) + 0.05))
}

fn ours() -> Vec<String> {
    Themes::default().names()
}

#[test]
fn every_slot_of_every_theme_resolves_and_each_says_what_it_is() {
    let list = Themes::default().list();
    assert!(list.len() >= 12, "{} themes", list.len());
    assert!(list.iter().filter(|t| t.ground == Ground::Light).count() >= 2);
    for about in &list {
        assert!(about.words.len() > 8 && about.place.is_none(), "{about:?}");
        Theme::named(&about.name).unwrap();
    }
    assert_eq!(list[0].name, USUAL);
    for name in [AUTO.0, AUTO.1, NO_COLOR, "high-contrast", "colour-blind"] {
        assert!(ours().contains(&name.to_owned()), "{name}");
    }
    assert!(Theme::named("tokio-night").unwrap_err().contains("did you mean \"tokyo-night\"?"));
}

/// WCAG contrast: 4.5 for everything that is read, against the ground or the slot's own.
#[test]
fn text_is_readable_on_its_ground() {
    let mut checked = 0;
    for name in ours() {
        let mut theme = Theme::named(&name).unwrap();
        let Some(ground) = theme.ground else { continue };
        let border = theme.border;
        for style in theme.styles().map(|s| *s).collect::<Vec<_>>() {
            let (Some(fg), behind) = (style.fg, style.bg.unwrap_or(ground)) else { continue };
            let least = if style == border { 1.5 } else { 4.5 };
            let found = contrast(fg, behind).unwrap();
            assert!(found >= least, "{name}: {style:?} has contrast {found:.2}");
            checked += 1;
        }
    }
    assert!(checked > 250, "only {checked} colours were checked");
}

/// What deuteranopia and protanopia leave of a colour, by the matrices of Machado, Oliveira and
/// Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency" (2009), at
/// full severity.
fn as_seen(colour: Color, matrix: [[f64; 3]; 3]) -> [f64; 3] {
    let Color::Rgb(r, g, b) = colour else { panic!("{colour:?} is no fixed colour") };
    let linear = [r, g, b].map(|c| (f64::from(c) / 255.0).powf(2.2));
    matrix.map(|row| row.iter().zip(linear).map(|(m, c)| m * c).sum::<f64>().clamp(0.0, 1.0).powf(1.0 / 2.2))
}

#[test]
fn the_colour_blind_theme_tells_good_from_bad_without_red_and_green() {
    const DEUTERANOPIA: [[f64; 3]; 3] = [
        [0.367_322, 0.860_646, -0.227_968],
        [0.280_085, 0.672_501, 0.047_413],
        [-0.011_820, 0.042_940, 0.968_881],
    ];
    const PROTANOPIA: [[f64; 3]; 3] = [
        [0.152_286, 1.052_583, -0.204_868],
        [0.114_503, 0.786_281, 0.099_216],
        [-0.003_882, -0.048_116, 1.051_998],
    ];
    let theme = Theme::named("colour-blind").unwrap();
    for matrix in [DEUTERANOPIA, PROTANOPIA] {
        for (a, b) in [(theme.good, theme.bad), (theme.added, theme.removed)] {
            let (a, b) = (as_seen(a.fg.unwrap(), matrix), as_seen(b.fg.unwrap(), matrix));
            let apart: f64 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            assert!(apart > 0.35, "{a:?} and {b:?} are {apart:.2} apart");
        }
    }
}

#[test]
fn fewer_colours_and_none_are_forms_of_every_theme() {
    for name in ours() {
        for depth in [Depth::Cube, Depth::Sixteen] {
            let themes = Themes { depth, ..Themes::default() };
            let mut theme = themes.named(&name).unwrap();
            assert!(depth == Depth::Cube || theme.ground.is_none());
            for style in theme.styles() {
                assert!(
                    ![style.fg, style.bg].iter().any(|c| matches!(c, Some(Color::Rgb(..)))),
                    "{name}: {style:?}"
                );
            }
        }
        let mut none = Themes { plain: true, ..Themes::default() }.named(&name).unwrap();
        assert!(none.ground.is_none() && none.styles().all(|s| s.fg.is_none() && s.bg.is_none()), "{name}");
    }
}

fn file(name: &str, text: &str) -> Themes {
    let file = ThemeFile { name: name.into(), text: text.into(), place: format!("/c/themes/{name}.toml") };
    Themes { own: vec![file], ..Themes::default() }
}

#[test]
fn a_file_of_the_users_builds_on_ours_and_may_have_its_name() {
    let mine = file(
        "mine",
        "# Mine\ninherits = \"gruvbox\"\n[palette]\nred = \"#123456\"\n[slots]\ngood = \"red bold\"\n",
    );
    let theme = mine.named("mine").unwrap();
    assert_eq!(theme.good.fg, Some(Color::Rgb(0x12, 0x34, 0x56)));
    assert_eq!(theme.warn, Theme::named("gruvbox").unwrap().warn);
    let over = file("gruvbox", "inherits = \"gruvbox\"\n[slots]\ntext = \"white\"\n");
    assert_eq!(over.named("gruvbox").unwrap().text.fg, Some(Color::Gray));
    let about = over.list().into_iter().find(|a| a.name == "gruvbox").unwrap();
    assert_eq!((about.place.as_deref(), about.ground), (Some("/c/themes/gruvbox.toml"), Ground::Dark));
}

#[test]
fn mistakes_in_a_theme_name_file_line_and_what_is_right() {
    for (text, words) in [
        (
            "inherits = \"mono\"\n[slots]\ngood = \"gren\"\n",
            ":3: good: \"gren\" is neither a colour nor a name",
        ),
        (
            "inherits = \"mono\"\n[slots]\ngod = \"green\"\n",
            ":3: no slot is called \"god\" (did you mean \"good\"?",
        ),
        (
            "inherits = \"mono\"\n\n[palette]\nx = \"#12345\"\n",
            ":4: x: \"#12345\" is not a colour like #1a2b3c",
        ),
        ("panes = [\"red\"]\n[slots]\ntext = \"\"\n", "the slot faint is missing"),
        ("inherits = \"mono\"\n[slots\n", ":2: "),
        ("inherits = \"mini\"\n", "inherits: no theme is called \"mini\""),
        ("inherits = \"mono\"\ncolour = 1\n", ":2: unknown field"),
        ("inherits = \"mine\"\n", "no theme is called \"mine\""),
    ] {
        let error = file("mine", text).named("mine").unwrap_err();
        assert!(error.starts_with("/c/themes/mine.toml") && error.contains(words), "{text:?}: {error}");
    }
    let mut circle = file("a", "inherits = \"b\"\n");
    circle.own.extend(file("b", "inherits = \"a\"\n").own);
    assert!(circle.named("a").unwrap_err().contains("in a circle"));
}
