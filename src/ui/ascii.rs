//! Borders and marks for terminals that have only ASCII.
//!
//! One table, one place, as the last touch on a frame: drawing code goes on writing what it
//! means, and a mark that somebody adds is found by a test that reads the sources. The
//! frame does not know who wrote a cell, so a `─` or `✓` of an answer is replaced as well:
//! whoever asks for ASCII has a terminal or a font that cannot show it, a sign of the same
//! width keeps every column in its place, and what is copied, searched and saved is the
//! answer itself, not the screen. Everything else in an answer stays as it is.

use ratatui::buffer::Buffer;

/// What is drawn, and what stands for it. Each stands in one column, as that which it stands for.
const GLYPHS: [(&str, &str); 29] = [
    // Borders and rules.
    ("─━", "-"),
    ("╍", "~"),
    ("╌", "_"),
    ("│┃▎▌▏", "|"),
    ("╭╮╰╯┌┐└┘├┤┬┴┼┏┓┗┛┣┫┳┻╋", "+"),
    ("╵", "'"),
    // How an answer ended. Words stand beside each of them.
    ("✓", "v"),
    ("✗×", "x"),
    ("✂", "%"),
    ("■", "="),
    // Best of the round: `*` stands after a price that moves.
    ("◆", "#"),
    // A vote.
    ("★", "&"),
    ("≥", ">"),
    ("≤", "<"),
    // By the text: `~` stands before what was computed from list prices.
    ("≈", "?"),
    ("≠", "!"),
    ("±", "="),
    ("−–—", "-"),
    // Pointing and folding.
    ("▸→›»", ">"),
    ("←‹«", "<"),
    ("▾↓▼", "V"),
    ("▴↑▲", "^"),
    ("·", "|"),
    ("•☑", "*"),
    ("●", "@"),
    ("○☐", "o"),
    // What was cut or left out; a line's end; what has changed.
    ("…⋯", "."),
    ("⏎", "\\"),
    ("Δ", "D"),
];

/// The spinner turns once in its ten steps; bars and shades have as much ink as they have height.
const RAMPS: [(&str, &str); 3] =
    [("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|||///---\\"), ("▁▂▃▄▅▆▇█", ".:-=+*%#"), ("░▒▓␛␡", ".:%^?")];

/// What stands for one sign of ours, where it is not ASCII.
fn stand_in(sign: char) -> Option<char> {
    let dots = u32::from(sign) ^ 0x2800;

    let ramp = |(signs, plain): &(&str, &str)| signs.chars().zip(plain.chars()).find(|(s, _)| *s == sign);
    let one =
        GLYPHS.iter().find(|(signs, _)| signs.contains(sign)).and_then(|(_, plain)| plain.chars().next());
    let one = one.or_else(|| RAMPS.iter().find_map(ramp).map(|(_, plain)| plain));
    // Plots of dots stand on the lower edge; the spinner's never touch it.
    one.or_else(|| if dots < 256 { " ..::**##".chars().nth(dots.count_ones() as usize) } else { None })
}

/// Replaces every sign of ours; what is not one stays.
pub(super) fn plain(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        let mut signs = cell.symbol().chars();
        if let (Some(sign), None) = (signs.next(), signs.next())
            && !sign.is_ascii()
            && let Some(plain) = stand_in(sign)
        {
            cell.set_char(plain);
        }
    }
}

/// One line in the same way, for what is no frame.
pub(super) fn plain_line(text: &str) -> String {
    text.chars().map(|sign| if sign.is_ascii() { sign } else { stand_in(sign).unwrap_or('?') }).collect()
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthChar;

    use super::*;

    #[test]
    fn each_sign_is_one_column_and_stands_once() {
        let mut seen = Vec::new();
        for (signs, plain) in GLYPHS.iter().chain(&RAMPS) {
            assert!(plain.is_ascii());
            assert!(plain.len() == 1 || plain.len() == signs.chars().count(), "{signs}");
            for sign in signs.chars() {
                assert_eq!(sign.width(), Some(1), "{sign}");
                assert!(!seen.contains(&sign), "{sign} stands twice");
                seen.push(sign);
            }
        }
        let plot = "\u{2800}\u{2840}\u{28e4}\u{28ff}";
        assert_eq!(plain_line(plot), " .:#");
        assert_eq!(plain_line("bakeoff · a…é"), "bakeoff | a.?");
    }

    /// What the screen's own code writes, in all its files: a new mark needs its row here.
    #[test]
    fn every_sign_that_the_screen_draws_is_in_the_table() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut folders = vec![root.join("ui"), root.join("model")];
        let (mut missing, mut read) = (Vec::new(), 0);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let source = path.extension().is_some_and(|e| e == "rs");
                // Names of models in their makers' scripts are looked for, and never written.
                if !source || name.ends_with("tests.rs") || name == "mask.rs" {
                    continue;
                }
                read += 1;
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("\n#[cfg(test)]").next().unwrap();
                for line in code.lines().filter(|l| !l.trim_start().starts_with("//")) {
                    for sign in line.chars().filter(|c| !c.is_ascii() && stand_in(*c).is_none()) {
                        missing.push(format!("{name}: {sign:?} in {}", line.trim()));
                    }
                }
            }
        }
        assert!(read > 40, "only {read} files were read");
        assert!(missing.is_empty(), "signs without a row:\n{}", missing.join("\n"));
    }
}
