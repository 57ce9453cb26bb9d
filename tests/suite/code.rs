//! Colours of code in the real program: another process finds them, and ends.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::loopback::Loopback;
use crate::program::home;
use crate::pty::Pty;
use crate::replies::chat;

const BIN: &str = env!("CARGO_BIN_EXE_bakeoff");

/// Whether a keyword of the answer's code has a colour of its own.
fn is_coloured(screen: &vt100::Screen) -> bool {
    let rows = screen.rows(0, 100).collect::<Vec<_>>();
    let found = rows.iter().enumerate().find_map(|(y, row)| {
        let before = row.split("let name").next().filter(|before| before.len() < row.len())?;
        Some((u16::try_from(y).unwrap(), u16::try_from(before.chars().count()).unwrap()))
    });
    let colour = |(y, x): (u16, u16)| screen.cell(y, x).map(vt100::Cell::fgcolor);
    found.is_some_and(|(y, x)| colour((y, x)) != colour((y, x + 4)))
}

#[test]
fn code_is_read_by_a_process_that_has_nothing_else_and_ends() {
    let server = Loopback::start(|_| chat("```rust\\nlet name = 42; // why\\n```"));
    let home = home();
    let spec = format!("compatible:m@{}/v1?api_key_env=MY_KEY", server.url());
    let vars =
        [("HOME", home.path().to_str().unwrap()), ("MY_KEY", "canary-of-a-key"), ("COLORTERM", "truecolor")];
    let mut pty = Pty::start(Path::new(BIN), &["-e", &spec], &vars, 100, 30);
    pty.wait_for("type a prompt");
    assert!(pty.children().is_empty(), "before there is code there is nobody to read it");
    pty.send("hi\r");
    pty.wait("colours", is_coloured);
    let children = pty.children();
    let [reader] = children[..] else { panic!("{children:?}") };
    let said = |file: &str| std::fs::read(format!("/proc/{reader}/{file}")).unwrap();
    assert_eq!(said("environ"), b"", "it has no key");
    assert!(String::from_utf8_lossy(&said("cmdline")).ends_with("\0read-code\0"));
    // Whatever becomes of it, code has its colours.
    pty.send("\x1b");
    pty.wait_for("z zoom");
    let pid = rustix::process::Pid::from_raw(i32::try_from(reader).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    pty.send("r");
    let until = |what: &str, condition: &dyn Fn() -> bool| {
        let since = Instant::now();
        while !condition() {
            assert!(since.elapsed() < Duration::from_secs(20), "{what}: {:?}", pty.children());
            std::thread::yield_now();
        }
    };
    until("another one", &|| pty.children().iter().any(|pid| *pid != reader));
    pty.wait("colours again", is_coloured);
    // Its memory goes back to the system with it.
    until("its end", &|| pty.children().is_empty());
    pty.send("q");
    assert!(pty.exit().success());
}

#[test]
fn the_reader_answers_line_by_line_and_ends_with_what_asks() {
    let mut child = Command::new(BIN)
        .arg("read-code")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ask = |language: &str| {
        format!("{{\"id\":1,\"block\":0,\"language\":\"{language}\",\"from\":0,\"lines\":\"let x\\n\"}}\n")
    };
    child.stdin.take().unwrap().write_all(format!("{}{}", ask("rust"), ask("no such")).as_bytes()).unwrap();
    let o = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&o.stdout), "[[[3,\"Keyword\"],[5,\"Text\"]]]\nnull\n");
    assert!(o.status.success() && o.stderr.is_empty());
    let help = Command::new(BIN).arg("--help").output().unwrap();
    assert!(!String::from_utf8_lossy(&help.stdout).contains("read-code"), "nobody needs to know of it");
}
