//! How the screen looks: what was asked for, what the terminal can show, what its background is.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};

use super::Stop;
use super::args::Look;
use super::world::{Loaded, wrong};
use crate::model::clean_line;
use crate::store::Config;
use crate::store::ThemeText;
use crate::store::ThemeWish;
use crate::store::save_theme;
use crate::store::shorten_home;
use crate::store::theme_file;
use crate::store::theme_files;
use crate::ui::AUTO;
use crate::ui::Depth;
use crate::ui::Ground;
use crate::ui::Theme;
use crate::ui::ThemeFile;
use crate::ui::Themes;
use crate::ui::expect_late_colours;

/// Follows the terminal.
const FOLLOW: &str = "auto";

/// What the terminal is given to answer in. Every terminal that knows the question answers within
/// a frame, and one that does not know it answers the question behind it at once; the rest is the way there.
const ANSWER: Duration = Duration::from_millis(500);

/// The terminal's background, once it was asked for: it is asked once, before anything reads keys.
static GROUND: OnceLock<Ground> = OnceLock::new();

/// The themes there are: ours and those of the folder beside the configuration, as this terminal shows them.
pub(super) fn themes(loaded: &Loaded, asked: &Look) -> Themes {
    let (config, terminal) = (loaded.config.look, Terminal::this());
    let own = beside(loaded, "themes").map(|folder| theme_files(&folder)).unwrap_or_default();
    Themes {
        own: own.into_iter().map(file).collect(),
        depth: terminal.depth(),
        plain: terminal.no_color,
        ascii: asked.ascii || config.ascii.unwrap_or_else(|| terminal.lacks_signs()),
        bare: !config.background,
    }
}

/// The theme to begin with, and what is wrong with the one that a file asks for: a mistake on the
/// command line ends the program, one in a file is told on the screen, in the usual theme.
pub(super) fn theme(
    asked: &Look,
    loaded: &Loaded,
    themes: &mut Themes,
) -> Result<(Theme, Option<String>), Stop> {
    if let Some(name) = &asked.theme {
        let theme = wished(&ThemeWish::Named(name.clone()), Path::new(""), themes, true);
        return Ok((theme.map_err(Stop::usage)?, None));
    }
    let Some(wish) = &loaded.config.theme else { return Ok((themes.usual(), None)) };
    let folder = beside(loaded, "").unwrap_or_default();
    Ok(match wished(wish, &folder, themes, true) {
        Ok(theme) => (theme, None),
        Err(why) => (themes.usual(), Some(format!("the default theme is shown: {}", told(loaded, &why)))),
    })
}

/// Whether the window gets a name: a text console has none.
pub(super) fn names_window(loaded: &Loaded) -> bool {
    loaded.config.look.title && Terminal::this().term != "linux"
}

/// What is wrong with the theme that the configuration names, and with the user's own; else the
/// files that were looked at.
pub(super) fn check(loaded: &Loaded) -> Result<Vec<String>, Stop> {
    let mut themes = themes(loaded, &Look::default());
    if let Some(wish) = &loaded.config.theme {
        let folder = beside(loaded, "").unwrap_or_default();
        wished(wish, &folder, &mut themes, false).map_err(|e| wrong(loaded, loaded.config.theme_at, e))?;
    }
    let own = themes.list().into_iter().filter_map(|about| Some((about.place?, about.wrong)));
    own.map(|(place, wrong)| wrong.map_or(Ok(place), |why| Err(Stop::usage(why)))).collect()
}

/// Makes a theme the one to begin with, in the config, where there is one.
pub(super) fn save(path: Option<&Path>, name: &str) -> Result<String, String> {
    let Some(path) = path else { return Ok(format!("{name} for this session")) };
    let shown = clean_line(&shorten_home(path, std::env::home_dir().as_deref()));
    if !path.exists() {
        // A file with nothing else in it would keep `init` from writing a whole one.
        return Ok(format!("to keep {name}: theme = {name:?} in {shown}"));
    }
    let config = Config::load(path, true).map_err(|e| e.to_string())?;
    let other = match &config.theme {
        Some(ThemeWish::Named(wish)) if wish == FOLLOW => Some(AUTO),
        Some(ThemeWish::ByGround { light, dark }) => Some((light.as_str(), dark.as_str())),
        _ => None,
    };
    // A theme that suits the terminal takes its side; one that does not is meant for all.
    let loaded = Loaded { path: Some(path.to_owned()), config: config.clone() };
    let made_for = themes(&loaded, &Look::default()).list().into_iter().find(|about| about.name == name);
    let made_for = made_for.map(|about| about.ground);
    let pair = other.filter(|_| GROUND.get().is_some() && made_for == GROUND.get().copied());
    let pair =
        pair.map(|(light, dark)| if made_for == Some(Ground::Light) { (name, dark) } else { (light, name) });
    save_theme(path, name, pair)
}

/// A mistake in the theme that the config asks for, short enough for a line on the screen.
fn told(loaded: &Loaded, why: &str) -> String {
    match (&loaded.path, loaded.config.theme_at) {
        // One in a theme's own file says where it is.
        (Some(path), Some((line, _))) if why.starts_with("no theme is called") => {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            format!("{file}:{line}: {why}")
        }
        _ => why.to_owned(),
    }
}

/// A file as the screen takes it.
fn file(read: ThemeText) -> ThemeFile {
    ThemeFile { name: read.name, text: read.text, place: read.path }
}

fn beside(loaded: &Loaded, name: &str) -> Option<PathBuf> {
    Some(loaded.path.as_ref()?.parent()?.join(name))
}

/// The theme of a wish; paths begin in the folder given. The terminal is asked only where there is
/// one to draw on.
fn wished(wish: &ThemeWish, from: &Path, themes: &mut Themes, here: bool) -> Result<Theme, String> {
    let (light, dark) = match wish {
        ThemeWish::Named(name) if name == FOLLOW => AUTO,
        ThemeWish::Named(name) => return named(name, from, themes),
        ThemeWish::ByGround { light, dark } => (light.as_str(), dark.as_str()),
    };
    // A wrong name of either is told, whichever is shown.
    let (light, dark) = (named(light, from, themes)?, named(dark, from, themes)?);
    // Where no colour is wanted, both are one.
    let light_here = here && !themes.plain && *GROUND.get_or_init(ground) == Ground::Light;
    Ok(if light_here { light } else { dark })
}

fn named(name: &str, from: &Path, themes: &mut Themes) -> Result<Theme, String> {
    let Some(path) = path(name, from) else { return themes.named(name) };
    let file = file(theme_file(&path));
    let name = file.name.clone();
    // It is in the list as well, to be gone back to.
    themes.own.insert(0, file);
    themes.named(&name)
}

/// A name has neither folders nor an ending.
fn path(name: &str, from: &Path) -> Option<PathBuf> {
    if !name.contains('/') && Path::new(name).extension().is_none_or(|e| e != "toml") {
        return None;
    }
    let home = name.strip_prefix("~/").zip(std::env::home_dir());
    Some(home.map_or_else(|| from.join(name), |(rest, home)| home.join(rest)))
}

/// The terminal's background: its own answer, else what its variable says, else dark. The answer
/// comes as keys would.
fn ground() -> Ground {
    let terminal = Terminal::this();
    let mut options = QueryOptions::default();
    options.timeout = ANSWER;
    let here = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let answer = if here && terminal.answers() { Some(theme_mode(options)) } else { None };
    if let Some(Err(terminal_colorsaurus::Error::Timeout(_))) = answer {
        expect_late_colours();
    }
    match answer {
        Some(Ok(ThemeMode::Light)) => Ground::Light,
        Some(Ok(ThemeMode::Dark)) => Ground::Dark,
        _ => by_variable(terminal.colorfgbg.as_deref()).unwrap_or(Ground::Dark),
    }
}

/// `COLORFGBG` of rxvt and others: the last number is the background among the sixteen.
fn by_variable(colorfgbg: Option<&str>) -> Option<Ground> {
    match colorfgbg?.rsplit(';').next()?.parse().ok()? {
        7_u8 | 9..=15 => Some(Ground::Light),
        0..=6 | 8 => Some(Ground::Dark),
        _ => None,
    }
}

/// What the variables say of the terminal.
#[derive(Debug, Default)]
struct Terminal {
    term: String,
    colorterm: String,
    colorfgbg: Option<String>,
    /// The locale that counts for characters, if any is set.
    locale: Option<String>,
    no_color: bool,
    /// Inside GNU screen.
    screen: bool,
}

impl Terminal {
    fn this() -> Self {
        Self::from(|name| std::env::var_os(name))
    }

    fn from(var: impl Fn(&str) -> Option<OsString>) -> Self {
        let text = |name| var(name).map(|v| v.to_string_lossy().into_owned()).filter(|v| !v.is_empty());
        Self {
            term: text("TERM").unwrap_or_default(),
            colorterm: text("COLORTERM").unwrap_or_default(),
            colorfgbg: text("COLORFGBG"),
            locale: text("LC_ALL").or_else(|| text("LC_CTYPE")).or_else(|| text("LANG")),
            no_color: text("NO_COLOR").is_some(),
            screen: text("STY").is_some(),
        }
    }

    fn depth(&self) -> Depth {
        if self.term == "linux" {
            return Depth::Sixteen;
        }
        match supports_color::on(supports_color::Stream::Stdout) {
            Some(level) if level.has_16m => Depth::Full,
            Some(level) if level.has_256 => Depth::Cube,
            // That crate takes a `NO_COLOR` that is set to nothing for a wish.
            None if self.colorterm == "truecolor" => Depth::Full,
            _ => Depth::Sixteen,
        }
    }

    /// Another encoding than UTF-8, or the text console, whose fonts have half of the signs.
    /// Where no locale is set nothing is known, and terminals are UTF-8.
    fn lacks_signs(&self) -> bool {
        let utf8 = |locale: &str| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        };
        self.term == "linux" || self.locale.as_deref().is_some_and(|locale| !utf8(locale))
    }

    /// Whether it may be asked for its background: these do not answer, or answer too late.
    fn answers(&self) -> bool {
        let mute = ["", "dumb", "linux", "Eterm", "vt100", "vt220", "ansi", "cygwin"];
        !mute.contains(&self.term.as_str()) && !self.term.starts_with("screen") && !self.screen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal(vars: &[(&str, &str)]) -> Terminal {
        Terminal::from(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).into()))
    }

    #[test]
    fn the_locale_says_whether_signs_can_be_shown() {
        for (vars, lacks) in [
            (&[][..], false),
            (&[("LANG", "C.UTF-8")], false),
            (&[("LANG", "en_US.utf8")], false),
            (&[("LC_CTYPE", "UTF-8")], false),
            (&[("LANG", "C")], true),
            (&[("LANG", "de_DE.ISO-8859-1")], true),
            (&[("LANG", "C.UTF-8"), ("LC_ALL", "POSIX")], true),
            (&[("LANG", "C"), ("LC_CTYPE", "C.UTF-8"), ("LC_ALL", "")], false),
            (&[("LANG", "C.UTF-8"), ("TERM", "linux")], true),
        ] {
            assert_eq!(terminal(vars).lacks_signs(), lacks, "{vars:?}");
        }
    }

    #[test]
    fn colours_are_as_many_as_the_terminal_has() {
        assert_eq!(terminal(&[("TERM", "linux"), ("COLORTERM", "truecolor")]).depth(), Depth::Sixteen);
        assert!(terminal(&[("NO_COLOR", "1")]).no_color);
        assert!(!terminal(&[("NO_COLOR", "")]).no_color, "set to nothing is not set");
    }

    #[test]
    fn the_background_is_asked_only_of_those_who_answer() {
        for (vars, answers) in [
            (&[("TERM", "xterm-256color")][..], true),
            (&[("TERM", "tmux-256color")], true),
            (&[("TERM", "screen.xterm-256color")], false),
            (&[("TERM", "xterm-256color"), ("STY", "12.pts-1")], false),
            (&[("TERM", "linux")], false),
            (&[], false),
        ] {
            assert_eq!(terminal(vars).answers(), answers, "{vars:?}");
        }
        let sides =
            ["15;0", "0;15", "0;default;7", "12;8", "0;default", "", "0;99"].map(|v| by_variable(Some(v)));
        let (light, dark) = (Some(Ground::Light), Some(Ground::Dark));
        assert_eq!(sides, [dark, light, light, dark, None, None, None]);
        assert_eq!(by_variable(None), None);
    }

    #[test]
    fn a_path_is_told_from_a_name() {
        let path = |name| path(name, Path::new("/etc/x"));
        assert_eq!(path("velvet"), None);
        assert_eq!(path("mine.toml"), Some("/etc/x/mine.toml".into()));
        assert_eq!(path("../mine"), Some("/etc/x/../mine".into()));
        assert_eq!(path("/a/b.toml"), Some("/a/b.toml".into()));
        assert_eq!(path("~/b.toml"), std::env::home_dir().map(|home| home.join("b.toml")));
    }
}
