//! The palette: every command by its name.

use bakeoff::ui::{App, COMMANDS, Focus, Overlay};
use crossterm::event::Event as Terminal;

use crate::screen::{app, ask, compare, finish, press, shown, text, typed};

fn open(panes: usize) -> App {
    let mut app = app(panes);
    let ids = ask(&mut app, "Hello");
    for id in ids {
        text(&mut app, id, 300, "An answer.");
        finish(&mut app, id, 500, 10);
    }
    press(&mut app, "esc");
    press(&mut app, ":");
    app
}

#[test]
fn the_palette_at_two_sizes() {
    for (width, height) in [(80, 24), (120, 40)] {
        compare(&format!("palette-{width}x{height}.txt"), &shown(&mut open(3), width, height));
        let mut found = open(3);
        typed(&mut found, "scroll up");
        compare(&format!("palette-found-{width}x{height}.txt"), &shown(&mut found, width, height));
    }
}

/// Whatever a key can do is found by its name and done by enter.
#[test]
fn every_command_is_found_by_its_name() {
    for command in COMMANDS {
        // They need the key that called them, or are the palette itself.
        if ["pane", "palette", "palette-anywhere", "help-anywhere"].contains(&command.name) {
            continue;
        }
        let mut app = open(2);
        typed(&mut app, command.name);
        let rows = shown(&mut app, 120, 40);
        let first =
            rows.iter().find(|r| r.contains("▸ ")).unwrap_or_else(|| panic!("{}: no row", command.name));
        assert!(first.contains(&format!("▸ {} ", command.name)), "{}: {first}", command.name);
        press(&mut app, "enter");
        // Another list may be what it opens.
        let rows = shown(&mut app, 120, 40).join("\n");
        assert!(!rows.contains("┏ commands "), "{}: {rows}", command.name);
    }
}

#[test]
fn a_command_is_run_as_by_its_key() {
    let mut app = open(3);
    typed(&mut app, "zoom");
    press(&mut app, "enter");
    assert!(app.zoom && app.overlay.is_none());
    app.focus = Focus::Prompt;
    press(&mut app, "alt+x");
    typed(&mut app, "follow-up");
    press(&mut app, "enter");
    assert!(app.follow_up);
}

#[test]
fn what_is_typed_and_pasted_filters_and_esc_clears_before_it_closes() {
    let mut app = open(3);
    app.update(bakeoff::ui::Event::Terminal(Terminal::Paste("no such \u{1b}[31m command".into())), app.now);
    let rows = shown(&mut app, 120, 40).join("\n");
    assert!(rows.contains("nothing matches") && !rows.contains('\u{1b}'), "{rows}");
    press(&mut app, "enter");
    assert_eq!(app.overlay, Some(Overlay::Chooser), "there was nothing to take");
    press(&mut app, "esc");
    assert!(shown(&mut app, 120, 40).join("\n").contains("zoom"));
    press(&mut app, "esc");
    assert_eq!(app.overlay, None);
}
