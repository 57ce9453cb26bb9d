//! Keys in no order: whatever is pressed, pasted, clicked or reported, the screen stands.

use std::time::Duration;

use bakeoff::model::{AnswerId, Class, Delta, Fault, Judge, Report, Step, Stop, Usage};
use bakeoff::ui::{App, COMMANDS, Effect, Event, Key};
use crossterm::event::{
    Event as Terminal, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use fastrand::Rng;

use crate::screen::{app, shown};

const STEPS: usize = 20_000;

const WORDS: [&str; 12] = [
    "# heading\n\n",
    "a word ",
    "**bold** ",
    "```rust\nlet x = 1;\n",
    "```\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n",
    "日本語 ",
    "\u{1b}[31m",
    "- item\n",
    "e\u{301}\u{301}\u{301} ",
    "שלום ",
    "\n\n",
];

/// Answers that the engine would send for what was launched.
struct Engine {
    running: Vec<(AnswerId, u64)>,
}

impl Engine {
    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Launch { id, .. } => self.running.push((id, 0)),
                Effect::Cancel(id) => self.running.retain(|(running, _)| *running != id),
                _ => {}
            }
        }
    }

    /// One thing that happens to one of the answers.
    fn step(&mut self, random: &mut Rng) -> Option<Report> {
        let at = random.usize(..self.running.len().max(1));
        let (id, steps) = self.running.get_mut(at)?;
        *steps += 1;
        let (id, at_time) = (*id, Duration::from_millis(*steps * 17));
        let usage = Usage { input: Some(9), output: Some(*steps), ..Usage::default() };
        let (step, over) = match (*steps, random.u8(..40)) {
            (1, _) => (Step::Sent, false),
            (_, 0) => (Step::Failed(Box::new(Fault::new(Class::Cut, "the connection broke"))), true),
            (_, 1) => (Step::Ended, true),
            (_, 2) => (Step::Cancelled, true),
            (_, 3) => (
                Step::Deltas(vec![Delta::Usage(Box::new(usage)), Delta::Stop(Stop::Natural, "stop".into())]),
                false,
            ),
            (_, 4..8) => (Step::Deltas(vec![Delta::Reasoning("thinking ".into())]), false),
            _ => (Step::Deltas(vec![Delta::Text(random.choice(WORDS)?.into())]), false),
        };
        if over {
            self.running.swap_remove(at);
        }
        Some(Report { id, at: at_time, step })
    }
}

fn key(random: &mut Rng) -> Terminal {
    let all: Vec<&str> = COMMANDS.iter().flat_map(|c| c.keys.iter().copied()).collect();
    let event = match random.u8(..10) {
        0..=5 => {
            let key = Key::parse(all[random.usize(..all.len())]).unwrap();
            KeyEvent::new(key.code, key.modifiers)
        }
        6..=8 => KeyEvent::new(KeyCode::Char(random.char('a'..='z')), KeyModifiers::NONE),
        _ => {
            let codes = [
                KeyCode::Backspace,
                KeyCode::Delete,
                KeyCode::Home,
                KeyCode::End,
                KeyCode::F(5),
                KeyCode::Null,
            ];
            let modifiers =
                [KeyModifiers::NONE, KeyModifiers::CONTROL, KeyModifiers::ALT, KeyModifiers::SHIFT];
            KeyEvent::new(codes[random.usize(..codes.len())], modifiers[random.usize(..modifiers.len())])
        }
    };
    Terminal::Key(event)
}

fn mouse(random: &mut Rng) -> Terminal {
    let kinds = [
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Drag(MouseButton::Left),
        MouseEventKind::Up(MouseButton::Left),
        MouseEventKind::ScrollDown,
        MouseEventKind::ScrollUp,
    ];
    Terminal::Mouse(MouseEvent {
        kind: kinds[random.usize(..kinds.len())],
        column: random.u16(..220),
        row: random.u16(..70),
        modifiers: KeyModifiers::NONE,
    })
}

fn run(seed: u64, steps: usize) -> App {
    let mut random = Rng::with_seed(seed);
    let mut screen = app(random.usize(1..7));
    screen.judging.judge =
        screen.lineup.endpoints.first().cloned().map(|endpoint| Judge { endpoint, criteria: None });
    let mut engine = Engine { running: Vec::new() };
    let mut size = (120, 40);
    let mut now = Duration::ZERO;
    for step in 0..steps {
        now += Duration::from_millis(random.u64(..200));
        let event = match random.u8(..100) {
            0..=69 => Event::Terminal(key(&mut random)),
            70..=73 => Event::Terminal(mouse(&mut random)),
            74..=75 => {
                Event::Terminal(Terminal::Paste("pasted\r\ntext \u{1b}[2J".repeat(random.usize(..40))))
            }
            76..=77 => {
                size = (random.u16(..210), random.u16(..64));
                Event::Terminal(Terminal::Resize(size.0, size.1))
            }
            78 => Event::Tick,
            _ => match engine.step(&mut random) {
                Some(report) => Event::Report(report),
                None => Event::Tick,
            },
        };
        let told = format!("seed {seed}, step {step}: {event:?}");
        let effects = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| screen.update(event, now)));
        engine.carry_out(effects.unwrap_or_else(|_| panic!("{told}")));
        assert!(screen.pane < screen.panes().max(1), "{told}");
        assert!(screen.rounds.is_empty() || screen.shown < screen.rounds.len(), "{told}");
        if step % 16 == 0 {
            let drawn =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| shown(&mut screen, size.0, size.1)));
            let rows = drawn.unwrap_or_else(|_| panic!("drawing after {told}"));
            assert!(rows.iter().all(|r| !r.chars().any(char::is_control)), "{told}");
        }
    }
    screen
}

#[test]
fn twenty_thousand_keys_in_no_order() {
    // Several short lives: a long one spends most of its time in what it opened first.
    let lives = 20;
    let mut sent = 0;
    for seed in 0..lives {
        sent += run(seed, STEPS / usize::try_from(lives).unwrap()).rounds.len();
    }
    assert!(sent > 20, "only {sent} rounds were sent: the keys did not get far");
}

#[test]
fn from_wherever_one_is_a_few_keys_lead_back() {
    for seed in 100..130 {
        let mut screen = run(seed, 150);
        let now = screen.now;
        // Esc goes from the panes to the prompt and back: what matters is that nothing is stuck over them.
        for _ in 0..8 {
            if screen.overlay.is_some() {
                screen.update(
                    Event::Terminal(Terminal::Key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE))),
                    now,
                );
            }
        }
        assert_eq!(screen.overlay, None, "seed {seed}");
    }
}
