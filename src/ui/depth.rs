//! Themes on terminals with fewer colours.
//!
//! A colour becomes the nearest one that the terminal has, among those that can be read
//! where it stands: 256 colours are dense enough for nearness alone in Oklab; of sixteen,
//! what has a hue keeps its hue, because hue is what tells good from bad.

use ratatui::style::{Color, Style};

use super::theme::Theme;

/// How many colours a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// 24 bits.
    #[default]
    Full,
    /// The cube and the greys of xterm.
    Cube,
    Sixteen,
}

/// The sixteen as a text console draws them; terminals with more draw theirs as the user likes.
pub(super) const CONSOLE: [(Color, u32); 16] = [
    (Color::Black, 0x00_00_00),
    (Color::Red, 0xaa_00_00),
    (Color::Green, 0x00_aa_00),
    (Color::Yellow, 0xaa_55_00),
    (Color::Blue, 0x00_00_aa),
    (Color::Magenta, 0xaa_00_aa),
    (Color::Cyan, 0x00_aa_aa),
    (Color::Gray, 0xaa_aa_aa),
    (Color::DarkGray, 0x55_55_55),
    (Color::LightRed, 0xff_55_55),
    (Color::LightGreen, 0x55_ff_55),
    (Color::LightYellow, 0xff_ff_55),
    (Color::LightBlue, 0x55_55_ff),
    (Color::LightMagenta, 0xff_55_ff),
    (Color::LightCyan, 0x55_ff_ff),
    (Color::White, 0xff_ff_ff),
];

/// What is read rather than told apart: a tinge is no reason to make it blue.
const INK: [&str; 5] = ["text", "faint", "border", "reasoning", "comment"];

/// Beyond this chroma (Oklab) a tinge is a colour.
const TINGE: f64 = 0.09;

/// Steps of the colour cube of the 256.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// Below this chroma (Oklab) a colour is a grey.
const GREY: f64 = 0.035;

type Rgb = [u8; 3];

/// The ground as the theme has it, and as the terminal shows it.
type Under = (Option<Rgb>, Option<(Color, Rgb)>);

impl Depth {
    pub(super) fn fit(self, mut theme: Theme) -> Theme {
        let had = theme.ground.and_then(rgb);
        let ground = had.map(|ground| match self {
            // Only black and white leave all the other colours to be read on them.
            Self::Sixteen if luminance(ground) > 0.18 => (Color::White, [255; 3]),
            Self::Sixteen => (Color::Black, [0; 3]),
            _ => self.nearest(ground, None, &[]),
        });
        if self == Self::Full {
            return theme;
        }
        // A theme that leaves the ground to the terminal is held to nothing.
        let under = ground;
        theme.ground = ground.map(|(colour, _)| colour).or(theme.ground);
        let before = theme.clone();
        theme.each(|slot, style| self.fit_style(slot, style, (had, under), &[]));
        // Sixteen colours lie far apart: what must not look the same takes the next that is near.
        let again = |own: Style, slot, others: &[Style]| {
            let mut style = own;
            let taken: Vec<Color> = others.iter().filter_map(|other| other.fg).collect();
            self.fit_style(slot, &mut style, (had, under), &taken);
            style
        };
        theme.bad = again(before.bad, "bad", &[theme.warn]);
        theme.good = again(before.good, "good", &[theme.warn, theme.bad]);
        theme.added = again(before.added, "added", &[theme.removed]);
        theme
    }

    fn fit_style(self, slot: &str, style: &mut Style, (had, under): Under, taken: &[Color]) {
        let own = style.bg.and_then(rgb);
        // A selection in the colour of the ground would be none.
        let ground: Vec<Color> = under.map(|(colour, _)| colour).into_iter().collect();
        let behind = own.map(|own| self.nearest(own, None, &ground));
        if let Some((colour, _)) = behind {
            style.bg = Some(colour);
        }
        let (had, on) = (own.or(had), behind.map(|(_, seen)| seen).or(under.map(|(_, seen)| seen)));
        if let Some(mut colour) = style.fg.and_then(rgb) {
            if self == Self::Sixteen && INK.contains(&slot) {
                colour = inked(colour);
            }
            let most = if self == Self::Sixteen { 3.0 } else { 4.5 };
            let wanted = had.map_or(most, |had| contrast(colour, had)).min(most);
            // Borders are glanced at, whatever they were drawn with.
            let wanted = if slot == "border" { wanted.min(1.4) } else { wanted };
            let (fitting, _) = self.nearest(colour, on.map(|on| (on, wanted)), taken);
            style.fg = Some(fitting);
        }
    }

    /// The nearest colour that is not taken, and how it looks; of those with at least so much contrast,
    /// if there are any.
    fn nearest(self, colour: Rgb, on: Option<(Rgb, f64)>, taken: &[Color]) -> (Color, Rgb) {
        let palette: Vec<(Color, Rgb)> = match self {
            Self::Sixteen => CONSOLE.iter().map(|(name, hex)| (*name, split(*hex))).collect(),
            _ => indexed().collect(),
        };
        let far = |seen: &Rgb| match self {
            Self::Sixteen => by_hue(colour, *seen),
            _ => apart(oklab(colour), oklab(*seen)),
        };
        let nearest = |rows: Vec<&(Color, Rgb)>| {
            rows.into_iter().min_by(|a, b| far(&a.1).total_cmp(&far(&b.1))).copied()
        };
        let readable = |row: &&(Color, Rgb)| {
            !taken.contains(&row.0) && on.is_none_or(|(on, least)| contrast(row.1, on) >= least)
        };
        let found = nearest(palette.iter().filter(readable).collect());
        // Neither palette is without a colour that reads on any other; black stands in for "none".
        found.or_else(|| nearest(palette.iter().collect())).unwrap_or((Color::Black, [0; 3]))
    }
}

/// The cube and the greys; the first sixteen are the user's and nobody knows how they look.
fn indexed() -> impl Iterator<Item = (Color, Rgb)> {
    let step = |at: u8| STEPS.get(usize::from(at)).copied().unwrap_or(255);
    let cube =
        (0..216).map(move |n: u8| (Color::Indexed(16 + n), [step(n / 36), step(n / 6 % 6), step(n % 6)]));
    cube.chain((0..24).map(|n: u8| (Color::Indexed(232 + n), [8 + 10 * n; 3])))
}

/// A tinged grey without its tinge, as light as it was.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
fn inked(colour: Rgb) -> Rgb {
    let [lightness, a, b] = oklab(colour);
    if a.hypot(b) > TINGE {
        return colour;
    }
    // Of a grey, Oklab's lightness is the cube root of its light.
    let light = lightness.powi(3);
    let channel = if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
    [(channel * 255.0).round().clamp(0.0, 255.0) as u8; 3]
}

/// How far a colour is from one of the sixteen: greys by lightness, what has a hue by that.
fn by_hue(wanted: Rgb, has: Rgb) -> f64 {
    let ([light, a, b], [there, x, y]) = (oklab(wanted), oklab(has));
    let grey = a.hypot(b) < GREY;
    if grey != (x.hypot(y) < GREY) {
        return 9.0;
    }
    let turn = (b.atan2(a) - y.atan2(x)).abs();
    let hue = turn.min(std::f64::consts::TAU - turn);
    (light - there).abs() * if grey { 1.0 } else { 0.5 } + if grey { 0.0 } else { hue }
}

pub(super) fn apart(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

pub(super) fn split(hex: u32) -> Rgb {
    let [_, r, g, b] = hex.to_be_bytes();
    [r, g, b]
}

/// How a colour looks, where that is known.
pub(super) fn rgb(colour: Color) -> Option<Rgb> {
    match colour {
        Color::Rgb(r, g, b) => Some([r, g, b]),
        Color::Indexed(n) => indexed().find(|(c, _)| *c == Color::Indexed(n)).map(|(_, seen)| seen),
        _ => None,
    }
}

/// One channel of sRGB as light.
fn linear(channel: u8) -> f64 {
    let c = f64::from(channel) / 255.0;
    if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
}

/// WCAG's relative luminance.
fn luminance(colour: Rgb) -> f64 {
    let [r, g, b] = colour.map(linear);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// WCAG's contrast, 1 to 21.
pub(super) fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Lightness as it is seen, 0 to 1, where a colour's look is known.
pub(super) fn lightness(colour: Color) -> Option<f64> {
    match colour {
        Color::Black => Some(0.0),
        Color::White => Some(1.0),
        other => rgb(other).map(|seen| oklab(seen)[0]),
    }
}

/// Oklab (Björn Ottosson, 2020): distances in it are close to what is seen.
pub(super) fn oklab(colour: Rgb) -> [f64; 3] {
    from_linear(colour.map(linear))
}

#[expect(clippy::many_single_char_names, reason = "the names of the formula")]
pub(super) fn from_linear([r, g, b]: [f64; 3]) -> [f64; 3] {
    let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
    let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
    let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
    [
        0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
        1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
        0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
    ]
}

/// The same for whoever cannot tell some colours from others; linear light in, linear light out.
#[cfg(test)]
pub(super) fn seen_as(colour: Rgb, matrix: [[f64; 3]; 3]) -> [f64; 3] {
    let light = colour.map(linear);
    matrix.map(|row| row.iter().zip(light).map(|(m, c)| m * c).sum::<f64>().clamp(0.0, 1.0))
}
