//! The window's title: our own word and the lineup's name, nothing that a model or an endpoint says.

use unicode_width::UnicodeWidthStr;

use super::ascii;
use super::ink::cut;
use crate::model::clean_line;

/// Puts the title aside (XTWINOPS 22), and takes it back. Terminals that keep no titles ignore both.
pub(super) const PUT_ASIDE: &str = "\x1b[22;0t";
pub(super) const TAKE_BACK: &str = "\x1b[23;0t";

/// More columns than a tab or a task bar shows.
const LONG: usize = 80;

/// `bakeoff · LINEUP`, with nothing in it that a terminal could take for an order.
pub(super) fn title(lineup: &str, plain: bool) -> String {
    let lineup = clean_line(lineup);
    let whole = if lineup.width() == 0 { "bakeoff".to_owned() } else { format!("bakeoff · {lineup}") };
    // The terminal ends the title at the first control it sees, and does as the rest says.
    let safe: String = cut(&whole, LONG).chars().filter(|c| !c.is_control()).collect();
    if plain { ascii::plain_line(&safe) } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_orders_nothing() {
        assert_eq!(title("gpt everywhere", false), "bakeoff · gpt everywhere");
        assert_eq!(title("gpt é", true), "bakeoff | gpt ?");
        assert_eq!(title("", false), "bakeoff");
        let hostile = title("a\u{1b}]0;owned\u{7}\u{9b}31m\n\u{202e}b", false);
        assert!(hostile.starts_with("bakeoff · a") && !hostile.chars().any(char::is_control), "{hostile:?}");
        assert!(!hostile.contains('\u{202e}'));
        assert!(title(&"long ".repeat(100), false).width() <= LONG);
    }
}
