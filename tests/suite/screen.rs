//! The screen on a test backend: keys and steps in, cells out.

use std::time::Duration;

use bakeoff::model::{
    Answer, AnswerId, Class, Connections, Delta, Endpoint, Fault, Lineup, Phases, Price, Rates, Report, Rule,
    Stall, Step, Stop, Usage,
};
use bakeoff::ui::{App, COMMANDS, Choice, Effect, Event, Focus, Key, Keymap, Overlay, Theme, draw};
use crossterm::event::{
    Event as Terminal, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::Terminal as Screen;
use ratatui::backend::TestBackend;
use unicode_width::UnicodeWidthStr;

const MS: Duration = Duration::from_millis(1);

pub fn app(panes: usize) -> App {
    let endpoints = (0..panes)
        .map(|i| Endpoint {
            name: format!("model-{}", i + 1),
            provider: ["openai", "bedrock", "ollama"][i % 3].into(),
            model: format!("model-{}", i + 1),
            place: (i % 3 == 1).then(|| "us-east-1".into()),
            ..Endpoint::default()
        })
        .collect();
    let lineup = Lineup { name: "test".into(), endpoints, baseline: None };
    let mut app = App::new("test".into(), lineup, Keymap::default());
    app.prices_as_of = "2026-11-23".into();
    app
}

pub fn press(app: &mut App, name: &str) -> Vec<Effect> {
    let key = Key::parse(name).unwrap();
    app.update(Event::Terminal(Terminal::Key(KeyEvent::new(key.code, key.modifiers))), app.now)
}

pub fn typed(app: &mut App, text: &str) {
    for c in text.chars() {
        let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        app.update(Event::Terminal(Terminal::Key(key)), app.now);
    }
}

/// Types a prompt and sends it; gives the ids that were launched.
pub fn ask(app: &mut App, text: &str) -> Vec<AnswerId> {
    app.focus = Focus::Prompt;
    typed(app, text);
    press(app, "enter")
        .into_iter()
        .filter_map(|e| if let Effect::Launch { id, .. } = e { Some(id) } else { None })
        .collect()
}

pub fn step(app: &mut App, id: AnswerId, at: u64, step: Step) {
    let at = MS * u32::try_from(at).unwrap();
    app.update(Event::Report(Report { id, at, step }), at);
}

pub fn text(app: &mut App, id: AnswerId, at: u64, text: &str) {
    step(app, id, at, Step::Deltas(vec![Delta::Text(text.into())]));
}

pub fn price() -> Price {
    let rates = Rates { input: Some(2_000_000_000), output: Some(10_000_000_000), ..Rates::default() };
    Price { rates, as_of: "2026-11-23".into(), ..Price::default() }
}

pub fn finish(app: &mut App, id: AnswerId, at: u64, output: u64) {
    let usage = Usage { input: Some(1_204), output: Some(output), ..Usage::default() };
    step(
        app,
        id,
        at,
        Step::Deltas(vec![Delta::Usage(Box::new(usage)), Delta::Stop(Stop::Natural, "stop".into())]),
    );
    step(app, id, at, Step::Ended);
}

/// Draws and gives the rows of the screen.
pub fn shown(app: &mut App, width: u16, height: u16) -> Vec<String> {
    let mut screen = Screen::new(TestBackend::new(width, height)).unwrap();
    let theme = Theme::named("default").unwrap();
    screen.draw(|frame| draw(app, &theme, frame)).unwrap();
    let buffer = screen.backend().buffer().clone();
    (0..height)
        .map(|y| {
            let mut row = String::new();
            let mut skip = 0;
            for x in 0..width {
                let symbol = buffer[(x, y)].symbol();
                if skip == 0 {
                    row.push_str(symbol);
                    skip = symbol.width().max(1);
                }
                skip -= 1;
            }
            row.trim_end().to_owned()
        })
        .collect()
}

/// A round in which everything that can be seen is seen.
pub fn busy(panes: usize) -> App {
    let mut app = app(panes);
    let ids = ask(&mut app, "Explain mutexes to a novice.");
    for (n, id) in ids.iter().enumerate() {
        let start = n as u64;
        step(&mut app, *id, 0, Step::Priced(Some(price().into()), Rule::Exact));
        step(&mut app, *id, 0, Step::Sent);
        match n % 6 {
            0 => {
                step(
                    &mut app,
                    *id,
                    90,
                    Step::Headers { status: 200, request_id: Some("req_1".into()), reused: Some(true) },
                );
                for i in 0..40 {
                    text(&mut app, *id, 312 + i * 20 + start, "A lock that one thread holds. ");
                }
                finish(&mut app, *id, 1_200 + start, 412);
            }
            1 => {
                step(
                    &mut app,
                    *id,
                    200,
                    Step::Deltas(vec![Delta::Reasoning("Let me think about locks.".into())]),
                );
            }
            2 => text(&mut app, *id, 540, "日本語のテキスト 👨‍👩‍👧 and\nlines"),
            3 => step(&mut app, *id, 50, Step::Headers { status: 200, request_id: None, reused: None }),
            4 => {
                text(&mut app, *id, 300, "half an ans");
                let mut fault = Fault::new(Class::Cut, "the connection to h broke: reset").status(200);
                fault.request_id = Some("req_9".into());
                step(&mut app, *id, 400, Step::Failed(Box::new(fault)));
            }
            _ => {
                let mut fault = Fault::new(Class::Limit, "Rate limit reached for requests").status(429);
                fault.retry_after = Some(Duration::from_secs(12));
                step(&mut app, *id, 100, Step::Failed(Box::new(fault)));
            }
        }
    }
    app
}

pub fn compare(name: &str, rows: &[String]) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    let now = format!("{}\n", rows.join("\n"));
    if std::env::var_os("BAKEOFF_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &now).unwrap();
        return;
    }
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        before, now,
        "{name} has changed; look at it, then BAKEOFF_BLESS=1 cargo test keeps it\n{now}"
    );
}

#[test]
fn the_screen_at_three_sizes() {
    for (width, height) in [(80, 24), (120, 40), (200, 50)] {
        let size = format!("{width}x{height}.txt");
        compare(&format!("empty-{size}"), &shown(&mut app(3), width, height));
        compare(&format!("busy-{size}"), &shown(&mut busy(6), width, height));
        let mut zoomed = busy(6);
        press(&mut zoomed, "esc");
        press(&mut zoomed, "z");
        compare(&format!("zoom-{size}"), &shown(&mut zoomed, width, height));
        let mut help = busy(3);
        press(&mut help, "esc");
        press(&mut help, "?");
        compare(&format!("help-{size}"), &shown(&mut help, width, height));
    }
}

/// The style of every cell of one row, in runs.
pub fn styles(app: &mut App, theme: &str, width: u16, height: u16) -> Vec<String> {
    let mut screen = Screen::new(TestBackend::new(width, height)).unwrap();
    let theme = Theme::named(theme).unwrap();
    screen.draw(|frame| draw(app, &theme, frame)).unwrap();
    let buffer = screen.backend().buffer().clone();
    let row = |y: u16| {
        let mut runs: Vec<(String, String)> = Vec::new();
        for x in 0..width {
            let cell = &buffer[(x, y)];
            let style = format!("{}/{} {:?}", cell.fg, cell.bg, cell.modifier);
            match runs.last_mut() {
                Some(last) if last.0 == style => last.1.push_str(cell.symbol()),
                _ => runs.push((style, cell.symbol().to_owned())),
            }
        }
        let shown = runs.into_iter().filter(|(_, text)| !text.trim().is_empty());
        shown.map(|(style, text)| format!("  {style}: {}", text.trim())).collect::<Vec<_>>().join("\n")
    };
    (0..height).map(|y| format!("{y}\n{}", row(y))).collect()
}

#[test]
fn the_screen_in_four_themes() {
    for theme in ["tokyo-night", "paper", "colour-blind", "mono"] {
        for (width, height) in [(80, 24), (120, 40), (200, 50)] {
            let mut screen = busy(3);
            press(&mut screen, "esc");
            compare(
                &format!("theme-{theme}-{width}x{height}.txt"),
                &styles(&mut screen, theme, width, height),
            );
        }
    }
}

#[test]
fn themes_are_tried_and_left_or_taken() {
    let mut app = busy(2);
    press(&mut app, "esc");
    press(&mut app, "f9");
    for (width, height) in [(80, 24), (120, 40)] {
        compare(&format!("themes-{width}x{height}.txt"), &shown(&mut app, width, height));
    }
    press(&mut app, "down");
    let tried = app.theme.name.clone();
    assert_ne!(tried, "default");
    // A key that works anywhere takes the list away no more than it takes a form away.
    for key in ["f1", "f3", "alt+x"] {
        press(&mut app, key);
        assert_eq!(app.overlay, Some(Overlay::Chooser), "{key}");
    }
    press(&mut app, "esc");
    assert_eq!(app.theme.name, "", "the one from before");
    // What was only tried is not what is left when somebody begins to quit.
    press(&mut app, "X");
    press(&mut app, "f9");
    press(&mut app, "down");
    (0..3).for_each(|_| drop(press(&mut app, "ctrl+c")));
    press(&mut app, "n");
    assert_eq!((app.overlay, app.theme.name.as_str()), (None, ""));
    press(&mut app, "f9");
    typed(&mut app, "paper");
    let effects = press(&mut app, "enter");
    assert_eq!((app.theme.name.as_str(), effects), ("paper", vec![Effect::SaveTheme("paper".into())]));
}

#[test]
fn every_screen_at_every_size_draws() {
    let mut sizes: Vec<(u16, u16)> = (0..=30).flat_map(|w| (0..=14).map(move |h| (w, h))).collect();
    sizes.extend((31..=200).step_by(13).flat_map(|w| (0..=60).step_by(7).map(move |h| (w, h))));
    sizes.extend([(80, 24), (120, 40), (200, 50), (200, 60), (200, 1), (1, 60)]);
    for panes in [0, 1, 2, 3, 6, 12] {
        let mut apps = vec![app(panes), busy(panes), busy(panes), busy(panes), busy(panes)];
        press(&mut apps[2], "esc");
        press(&mut apps[2], "z");
        press(&mut apps[3], "esc");
        press(&mut apps[3], "?");
        press(&mut apps[4], "esc");
        press(&mut apps[4], "q");
        typed(&mut apps[0], &"a long prompt that wraps 日本 ".repeat(40));
        for app in &mut apps {
            for (width, height) in &sizes {
                shown(app, *width, *height);
            }
        }
    }
}

/// All of them, from nothing to 200×60, for the screen on which everything is seen.
#[test]
fn the_busy_screen_at_each_of_twelve_thousand_sizes() {
    let mut app = busy(6);
    let theme = Theme::named("default").unwrap();
    let mut drawn = 0;
    for width in 0..=200 {
        let mut screen = Screen::new(TestBackend::new(width, 0)).unwrap();
        for height in 0..=60 {
            screen.backend_mut().resize(width, height);
            screen.draw(|frame| draw(&mut app, &theme, frame)).unwrap();
            drawn += 1;
        }
    }
    assert_eq!(drawn, 201 * 61);
}

#[test]
fn hostile_text_reaches_no_cell() {
    let mut app = app(2);
    let ids = ask(&mut app, "x\u{202e}y");
    let hostile = "\u{1b}[2J\u{1b}]52;c;AAAA\u{7} \u{9b}31m \u{202e}abc\u{2066} \u{e0041}\u{e0042} a\u{200b}b \u{ad} \r over\u{8}\u{8}";
    step(&mut app, ids[0], 0, Step::Sent);
    for c in hostile.chars() {
        text(&mut app, ids[0], 5, &c.to_string());
    }
    text(&mut app, ids[0], 6, &format!("a{}", "\u{301}".repeat(10_000)));
    step(&mut app, ids[1], 0, Step::Sent);
    let mut fault = Fault::new(Class::Refused, hostile);
    fault.hint = Some(hostile.into());
    fault.code = Some(hostile.into());
    fault.request_id = Some(hostile.into());
    step(&mut app, ids[1], 9, Step::Failed(Box::new(fault)));
    app.title = hostile.into();
    for endpoint in &mut app.lineup.endpoints {
        endpoint.name = hostile.into();
    }
    press(&mut app, "esc");
    let rows = shown(&mut app, 100, 30);
    for row in &rows {
        for c in row.chars() {
            let bad = c.is_control()
                || ('\u{202a}'..='\u{202e}').contains(&c)
                || ('\u{2066}'..='\u{2069}').contains(&c)
                || ('\u{e0000}'..='\u{e007f}').contains(&c)
                || matches!(c, '\u{200b}' | '\u{ad}' | '\u{feff}');
            assert!(!bad, "{c:?} in {row:?}");
        }
        assert!(row.len() < 4_000, "a cell holds too much: {} bytes in a row", row.len());
    }
    let all = rows.join("\n");
    assert!(all.contains("␛[2J") && all.contains("‹U+202E›") && all.contains("marked"), "{all}");
}

#[test]
fn a_view_stays_put_while_text_arrives_and_says_how_much_is_new() {
    let mut app = app(1);
    let ids = ask(&mut app, "count");
    step(&mut app, ids[0], 0, Step::Sent);
    for i in 0..100 {
        text(&mut app, ids[0], i, &format!("line {i}\n"));
    }
    press(&mut app, "esc");
    let following = shown(&mut app, 60, 20).join("\n");
    assert!(following.contains("line 99") && !following.contains("new ↓"), "{following}");
    press(&mut app, "k");
    press(&mut app, "k");
    let before = shown(&mut app, 60, 20);
    for i in 100..150 {
        text(&mut app, ids[0], i, &format!("line {i}\n"));
    }
    let after = shown(&mut app, 60, 20);
    let body = |rows: &[String]| rows[2..12].to_vec();
    let lines = |rows: &[String]| {
        body(rows).iter().map(|r| r.trim_end_matches(['│', '┃', ' ']).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(lines(&before), lines(&after), "the view moved");
    assert!(after.join("\n").contains("50 new ↓"), "{}", after.join("\n"));
    press(&mut app, "G");
    assert!(shown(&mut app, 60, 20).join("\n").contains("line 149"));
    press(&mut app, "g");
    assert!(shown(&mut app, 60, 20).join("\n").contains("line 0"));
}

#[test]
fn a_key_scrolls_a_row_and_a_place_survives_a_new_width() {
    let mut app = app(2);
    let ids = ask(&mut app, "long");
    for id in &ids {
        step(&mut app, *id, 0, Step::Sent);
        let words: Vec<String> = (0..3_000).map(|i| format!("word{i}")).collect();
        text(&mut app, *id, 1, &words.join(" "));
        finish(&mut app, *id, 9, 100);
    }
    press(&mut app, "esc");
    let first = |rows: &[String]| rows[2].split_whitespace().nth(1).unwrap().to_owned();
    let at_end = shown(&mut app, 80, 24);
    press(&mut app, "k");
    let one_up = shown(&mut app, 80, 24);
    assert_eq!(one_up[3].split('│').next(), at_end[2].split('│').next(), "one row, not more");
    assert!(!one_up.join("\n").contains("new ↓"), "nothing is new in a finished answer");
    for _ in 0..40 {
        press(&mut app, "k");
    }
    let place = first(&shown(&mut app, 80, 24));
    press(&mut app, "z");
    let zoomed = shown(&mut app, 80, 24);
    assert!(zoomed[3].contains(&place), "{place} is not on top when zoomed:\n{}", zoomed.join("\n"));
    press(&mut app, "z");
    assert_eq!(first(&shown(&mut app, 80, 24)), place, "and back");
}

#[test]
fn reasoning_that_is_read_does_not_fold_itself() {
    let mut app = app(1);
    let ids = ask(&mut app, "think");
    step(&mut app, ids[0], 0, Step::Sent);
    for i in 0..80 {
        step(&mut app, ids[0], i, Step::Deltas(vec![Delta::Reasoning(format!("thought {i}\n"))]));
    }
    press(&mut app, "esc");
    shown(&mut app, 60, 20);
    for _ in 0..5 {
        press(&mut app, "k");
    }
    let before = shown(&mut app, 60, 20);
    for i in 80..160 {
        text(&mut app, ids[0], i, &format!("answer {i}\n"));
    }
    let after = shown(&mut app, 60, 20);
    assert!(before[4].contains("thought ") && before[3..9] == after[3..9], "{}", after.join("\n"));
    assert!(after.join("\n").contains("new ↓"));
}

#[test]
fn sending_history_and_rounds() {
    let mut app = app(2);
    assert!(ask(&mut app, "   ").is_empty(), "an empty prompt is not sent");
    app.editor.take();
    let first = ask(&mut app, "first");
    assert_eq!(first.len(), 2);
    assert!(press(&mut app, "enter").is_empty(), "enter twice sends once");
    let second = ask(&mut app, "second");
    assert_eq!((app.rounds.len(), app.shown), (2, 1));
    // Answers of the round that is not in view are kept.
    step(&mut app, first[0], 0, Step::Sent);
    text(&mut app, first[0], 5, "late");
    assert_eq!(app.rounds[0].entries[0].answer.text, "late");
    press(&mut app, "up");
    assert_eq!(app.editor.text(), "second");
    press(&mut app, "up");
    press(&mut app, "up");
    assert_eq!(app.editor.text(), "first");
    press(&mut app, "down");
    press(&mut app, "down");
    assert_eq!(app.editor.text(), "", "back to what was being written");
    press(&mut app, "esc");
    press(&mut app, "[");
    assert_eq!(app.shown, 0);
    // Running again replaces the answer and cancels the old stream.
    let effects = press(&mut app, "r");
    assert_eq!(effects.len(), 2);
    assert_eq!(effects[0], Effect::Cancel(first[0]));
    assert!(app.rounds[0].entries[0].answer.text.is_empty());
    text(&mut app, first[0], 9, "a ghost");
    assert!(app.rounds[0].entries[0].answer.text.is_empty(), "the old stream's steps are nobody's");
    assert_ne!(app.rounds[0].entries[0].id, second[0]);
}

#[test]
fn a_follow_up_continues_each_panes_own_conversation() {
    let mut app = app(2);
    let ids = ask(&mut app, "first");
    step(&mut app, ids[0], 0, Step::Sent);
    text(&mut app, ids[0], 5, "answer one");
    finish(&mut app, ids[0], 9, 3);
    press(&mut app, "esc");
    press(&mut app, "f");
    press(&mut app, "i");
    typed(&mut app, "second");
    assert!(press(&mut app, "enter").is_empty(), "the other answer still streams");
    step(&mut app, ids[1], 10, Step::Failed(Box::new(Fault::new(Class::Overloaded, "busy"))));
    let prompts: Vec<_> = press(&mut app, "enter")
        .into_iter()
        .filter_map(|e| if let Effect::Launch { prompt, .. } = e { Some(prompt) } else { None })
        .collect();
    let turns: Vec<Vec<&str>> =
        prompts.iter().map(|p| p.turns.iter().map(|t| t.text.as_str()).collect()).collect();
    assert_eq!(turns[0], ["first", "answer one", "second"]);
    assert_eq!(turns[1], ["second"], "a pane without an answer starts fresh");
}

#[test]
fn stopping_and_quitting() {
    let mut app = app(3);
    let ids = ask(&mut app, "go");
    press(&mut app, "esc");
    press(&mut app, "2");
    assert_eq!(press(&mut app, "x"), [Effect::Cancel(ids[1])]);
    assert!(press(&mut app, "q").is_empty(), "it asks while something streams");
    assert!(shown(&mut app, 80, 24).join("\n").contains("Quit and stop them?"));
    press(&mut app, "esc");
    assert_eq!(press(&mut app, "ctrl+c"), [Effect::Cancel(ids[0]), Effect::Cancel(ids[2])]);
    assert!(press(&mut app, "ctrl+c").is_empty(), "the second press asks");
    let asked = shown(&mut app, 80, 24).join("\n");
    assert!(asked.contains("Quit?"), "{asked}");
    assert_eq!(press(&mut app, "ctrl+c"), [Effect::Quit]);
    press(&mut app, "n");
    assert_eq!(press(&mut app, "q"), [Effect::Quit]);
}

#[test]
fn the_best_is_marked_only_among_complete_answers() {
    let mut app = app(2);
    let ids = ask(&mut app, "go");
    for (n, id) in ids.iter().enumerate() {
        let late = 100 * n as u64;
        step(&mut app, *id, 0, Step::Priced(Some(price().into()), Rule::Exact));
        step(&mut app, *id, 0, Step::Sent);
        for i in 0..30 {
            text(&mut app, *id, 100 + late + i * 30, "word ");
        }
        if n == 0 {
            finish(&mut app, *id, 1_100 + late, 400);
        }
    }
    assert!(!shown(&mut app, 120, 30).join("\n").contains('◆'), "one complete answer leads nobody");
    finish(&mut app, ids[1], 1_300, 100);
    let rows = shown(&mut app, 120, 30);
    let figures: Vec<&String> = rows.iter().filter(|r| r.contains('◆')).collect();
    assert_eq!(figures.len(), 2);
    assert!(figures[0].starts_with("│ first 100ms  ◆ "), "{}", figures[0]);
    assert!(figures[1].contains("~$0.003408 ◆"), "the cheaper one: {}", figures[1]);
    assert!(rows[0].contains("session ~$0.009816"), "{}", rows[0]);
}

#[test]
fn the_mouse_reads_the_same_rectangles() {
    let mut app = busy(6);
    shown(&mut app, 200, 50);
    let layout = app.layout();
    for (number, rect) in &layout.panes {
        let mouse =
            |kind| MouseEvent { kind, column: rect.x + 3, row: rect.y + 2, modifiers: KeyModifiers::NONE };
        app.update(Event::Terminal(Terminal::Mouse(mouse(MouseEventKind::Down(MouseButton::Left)))), MS);
        assert_eq!((app.pane, app.focus), (*number, Focus::Panes));
        app.update(Event::Terminal(Terminal::Mouse(mouse(MouseEventKind::ScrollUp))), MS);
    }
    let prompt = MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column: layout.prompt.x + 2,
        row: layout.prompt.y + 1,
        modifiers: KeyModifiers::NONE,
    };
    app.update(Event::Terminal(Terminal::Mouse(prompt)), MS);
    assert_eq!(app.focus, Focus::Prompt);
}

/// Thousands of keys, steps and sizes in no order: nothing panics, and what must hold holds.
#[test]
fn any_keys_in_any_order() {
    let mut random = 0x9e37_79b9_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below as u64).unwrap()
    };
    let keys: Vec<&str> =
        COMMANDS.iter().flat_map(|c| c.keys).copied().chain(["a", "é", "backspace", "space"]).collect();
    let mut app = app(4);
    let mut ids: Vec<AnswerId> = Vec::new();
    for turn in 0..5_000_u64 {
        match next(10) {
            0..=6 => {
                for effect in press(&mut app, keys[next(keys.len())]) {
                    match effect {
                        Effect::Launch { id, .. } => ids.push(id),
                        Effect::Choices => {
                            let known = app.lineup.endpoints.clone();
                            let choices = known.into_iter().map(Choice::plain).collect();
                            app.update(Event::Choices(choices), app.now);
                        }
                        _ => {}
                    }
                }
            }
            7 if !ids.is_empty() => {
                let id = ids[next(ids.len())];
                match next(6) {
                    0 => step(&mut app, id, turn, Step::Sent),
                    1 => step(&mut app, id, turn, Step::Cancelled),
                    2 => step(&mut app, id, turn, Step::Failed(Box::new(Fault::new(Class::Silent, "quiet")))),
                    3 => finish(&mut app, id, turn, 5),
                    _ => text(&mut app, id, turn, "some words 日本\n"),
                }
            }
            8 => {
                shown(&mut app, u16::try_from(next(140)).unwrap(), u16::try_from(next(45)).unwrap());
            }
            _ => {
                app.update(Event::Tick, MS * u32::try_from(turn).unwrap());
            }
        }
        assert!(app.shown == 0 || app.shown < app.rounds.len());
        assert!(app.pane < app.panes().max(1));
        if app.rounds.len() > 40 {
            app.rounds.truncate(0);
            app.shown = 0;
        }
    }
}

/// One frame costs what is visible: rows laid out, not the answer's length.
#[test]
fn an_answer_folds_to_the_same_whatever_the_pieces() {
    let mut whole = Answer::new(false);
    whole.apply(MS, Step::Sent);
    whole.apply(MS * 2, Step::Deltas(vec![Delta::Text("Hello".into()), Delta::Text(String::new())]));
    let mut pieces = Answer::new(false);
    pieces.apply(MS, Step::Sent);
    pieces.apply(MS * 2, Step::Deltas(vec![Delta::Text("Hel".into())]));
    pieces.apply(MS * 2, Step::Deltas(vec![Delta::Text("lo".into())]));
    assert_eq!(whole, pieces);
    whole.apply(MS * 3, Step::Ended);
    let ended = whole.clone();
    whole.apply(MS * 4, Step::Deltas(vec![Delta::Text("more".into())]));
    whole.apply(MS * 5, Step::Cancelled);
    assert_eq!(whole, ended, "steps after the end are ignored");
}

#[test]
fn an_answer_that_is_asked_again_has_cost_what_it_cost() {
    let mut app = app(1);
    let first = ask(&mut app, "hi");
    let answer = |app: &mut App, id: AnswerId| {
        step(app, id, 0, Step::Priced(Some(price().into()), Rule::Exact));
        step(app, id, 0, Step::Sent);
        step(app, id, 90, Step::Headers { status: 200, request_id: None, reused: None });
        text(app, id, 200, "word");
        finish(app, id, 300, 100);
    };
    answer(&mut app, first[0]);
    let once = app.total();
    assert!(once.usd > bakeoff::model::Money::default() && once.parts == 1, "{once:?}");
    press(&mut app, "esc");
    let again: Vec<_> = press(&mut app, "r")
        .into_iter()
        .filter_map(|effect| if let Effect::Launch { id, .. } = effect { Some(id) } else { None })
        .collect();
    assert_eq!(app.total(), once, "while the second runs");
    answer(&mut app, again[0]);
    assert_eq!((app.total().usd, app.total().parts), (once.usd + once.usd, 2));
    // What was refused is nobody's to bill.
    let refused = press(&mut app, "r");
    let Some(Effect::Launch { id, .. }) = refused.into_iter().next() else { panic!("asked again") };
    step(&mut app, id, 0, Step::Sent);
    step(&mut app, id, 90, Step::Headers { status: 403, request_id: None, reused: None });
    step(&mut app, id, 95, Step::Failed(Box::new(Fault::new(Class::Denied, "not yours").status(403))));
    assert_eq!((app.total().parts, app.total().unknown), (2, 0));
}

#[test]
fn same_weights_is_said_before_and_after_the_first_prompt() {
    let mut app = app(2);
    app.title = "gpt-oss 120b".into();
    app.same_weights = true;
    let title = |app: &mut App, width| shown(app, width, 24)[0].clone();
    assert!(title(&mut app, 120).contains("gpt-oss 120b · same weights, not the same service"));
    ask(&mut app, "hi");
    assert!(title(&mut app, 80).contains("same weights"), "{}", title(&mut app, 80));
}

#[test]
fn a_stall_is_told_and_takes_the_place_of_what_it_spoiled() {
    let mut app = app(1);
    app.connections = Connections::Cold;
    assert!(shown(&mut app, 100, 30)[0].contains(" cold "), "the title says how endpoints are reached");
    let id = ask(&mut app, "hi")[0];
    step(&mut app, id, 0, Step::Sent);
    let phases =
        Phases { dns: Some(MS * 4), tcp: Some(MS * 14), tls: Some(MS * 40), connected: Some(MS * 40) };
    step(&mut app, id, 90, Step::Connected(phases));
    step(&mut app, id, 90, Step::Headers { status: 200, request_id: None, reused: Some(false) });
    text(&mut app, id, 300, "Hello ");
    step(&mut app, id, 1_500, Step::Stalled(Stall { from: MS * 350, to: MS * 1_550, ..Stall::default() }));
    for at in 0..20 {
        text(&mut app, id, 1_600 + at * 20, "and so on ");
    }
    finish(&mut app, id, 2_000, 40);
    let pane = shown(&mut app, 100, 30).join("\n");
    assert!(pane.contains("complete · stalled 1.2s"), "{pane}");
    assert!(pane.contains("first 300ms") && pane.contains(" stalled "), "{pane}");
    press(&mut app, "esc");
    press(&mut app, "I");
    let detail = shown(&mut app, 120, 70).join("\n");
    for words in [
        "connect       40ms",
        "wait          50ms",
        "DNS           4.0ms",
        "TCP           10ms",
        "TLS           26ms",
    ] {
        assert!(detail.contains(words), "{words} is missing:\n{detail}");
    }
    for words in ["total         stalled", "1.2s at 350ms", "arrivals      21, median 10 B", "new connection"]
    {
        assert!(detail.contains(words), "{words} is missing:\n{detail}");
    }
    assert!(!detail.contains("the machine slept"), "{detail}");
}

#[test]
fn the_tour_names_one_thing_at_a_time_until_it_was_done() {
    let mut app = app(2);
    app.take_tour();
    let words = |app: &mut App| shown(app, 120, 40).join("\n");
    assert!(words(&mut app).contains("try enter: asks every endpoint at once"), "{}", words(&mut app));
    ask(&mut app, "hello");
    assert!(words(&mut app).contains("try esc: goes to the answers · 2/10"), "{}", words(&mut app));
    press(&mut app, "esc");
    // Out of order: it counts all the same.
    press(&mut app, "v");
    assert!(words(&mut app).contains("try z: shows one answer alone, and all again · 4/10"));
    for key in ["z", "z", "D", "I", "I", "/", "esc", "t", "esc", "e", "esc", ":", "esc"] {
        press(&mut app, key);
        app.focus = Focus::Panes;
    }
    assert!(!words(&mut app).contains("try "), "{}", words(&mut app));
}
