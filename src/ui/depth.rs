//! Colours for terminals that have fewer than a theme asks for.

use ratatui::style::Color;

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    #[default]
    Full,
    /// The cube and the greys of xterm.
    Cube,
    Sixteen,
}

/// The eight hues by which of red, green and blue they hold, dark and bright.
const HUES: [(bool, bool, bool, Color, Color); 7] = [
    (true, false, false, Color::Red, Color::LightRed),
    (false, true, false, Color::Green, Color::LightGreen),
    (true, true, false, Color::Yellow, Color::LightYellow),
    (false, false, true, Color::Blue, Color::LightBlue),
    (true, false, true, Color::Magenta, Color::LightMagenta),
    (false, true, true, Color::Cyan, Color::LightCyan),
    (true, true, true, Color::Gray, Color::White),
];

/// Brightness of the six steps of the cube's axes.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The colour that comes nearest to this one among those there are.
pub(super) fn nearest(colour: Color, depth: Depth) -> Color {
    let Color::Rgb(r, g, b) = colour else { return colour };
    let rgb = (r, g, b);
    match depth {
        Depth::Full => colour,
        Depth::Sixteen => hue(rgb),
        Depth::Cube => {
            let step = |c: u8| {
                (0_u8..6).min_by_key(|n| STEPS.get(usize::from(*n)).map(|s| s.abs_diff(c))).unwrap_or(0)
            };
            let value = |n: u8| STEPS.get(usize::from(n)).copied().unwrap_or(0);
            let [red, green, blue] = [r, g, b].map(step);
            let there = (value(red), value(green), value(blue));
            let cube = (16 + 36 * red + 6 * green + blue, distance(rgb, there));
            let grey = (0_u8..24).map(|n| (232 + n, distance(rgb, (8 + 10 * n, 8 + 10 * n, 8 + 10 * n))));
            let near = grey.chain([cube]).min_by_key(|(_, d)| *d).map_or(cube.0, |(n, _)| n);
            Color::Indexed(near)
        }
    }
}

fn distance(a: (u8, u8, u8), b: (u8, u8, u8)) -> u32 {
    let part = |a: u8, b: u8, weight: u32| weight * u32::from(a.abs_diff(b)).pow(2);
    // The eye is most exact in green.
    part(a.0, b.0, 3) + part(a.1, b.1, 6) + part(a.2, b.2, 2)
}

/// Among few colours the hue matters more than the shade: a pale red is a red and no grey.
fn hue((r, g, b): (u8, u8, u8)) -> Color {
    let (low, high) = (r.min(g).min(b), r.max(g).max(b));
    let wide = u16::from(high - low);
    if wide < 40 {
        return match high {
            0..64 => Color::Black,
            64..150 => Color::DarkGray,
            150..225 => Color::Gray,
            _ => Color::White,
        };
    }
    // Where a lime is still a green and a sand already a yellow.
    let holds = |c: u8| u16::from(c - low) * 100 >= wide * 55;
    let found = HUES.iter().find(|(x, y, z, ..)| (*x, *y, *z) == (holds(r), holds(g), holds(b)));
    found.map_or(Color::Reset, |(.., dark, bright)| if high >= 0xd0 { *bright } else { *dark })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_colours_keep_their_hue() {
        assert_eq!(nearest(Color::Rgb(0xf7, 0x86, 0x9c), Depth::Sixteen), Color::LightRed);
        assert_eq!(nearest(Color::Rgb(0x9e, 0xce, 0x6a), Depth::Sixteen), Color::Green);
        assert_eq!(nearest(Color::Rgb(0xe0, 0xaf, 0x68), Depth::Sixteen), Color::LightYellow);
        assert_eq!(nearest(Color::Rgb(0xff, 0xff, 0xff), Depth::Sixteen), Color::White);
        assert_eq!(nearest(Color::Rgb(0x12, 0x12, 0x12), Depth::Cube), Color::Indexed(233));
        assert_eq!(nearest(Color::Rgb(255, 0, 0), Depth::Cube), Color::Indexed(196));
        assert_eq!(nearest(Color::Rgb(1, 2, 3), Depth::Full), Color::Rgb(1, 2, 3));
        assert_eq!(nearest(Color::Cyan, Depth::Sixteen), Color::Cyan);
    }
}
