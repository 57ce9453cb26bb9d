//! The clipboard: the desktop's where there is one on this machine, else the terminal's.
//!
//! The desktop's is asked on a thread of its own, which also keeps what was copied: on X11 and
//! Wayland it is gone with the one who copied it. The terminal's is written with OSC 52, and
//! nobody says whether that was allowed.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};

use crossterm::clipboard::CopyToClipboard;
use crossterm::queue;
use tokio::sync::mpsc::UnboundedSender;

use super::app::Event;

/// A clipboard write larger than this is cut: terminals drop larger ones silently.
const MOST: usize = 48 << 10;

/// Something copied: what it is called, and its text, filtered already.
pub(super) type Copied = (String, String);

pub(super) struct Clipboard {
    to: Option<Sender<Copied>>,
    replies: UnboundedSender<Event>,
}

impl Clipboard {
    pub(super) fn new(replies: UnboundedSender<Event>) -> Self {
        Self { to: None, replies }
    }

    /// Copies to the desktop's clipboard; what came of it is an event. Gives it back where there is no desktop.
    pub(super) fn desktop(&mut self, copied: Copied) -> Result<(), Copied> {
        if !has_desktop() {
            return Err(copied);
        }
        let replies = &self.replies;
        let to = self.to.get_or_insert_with(|| {
            let (to, from) = channel();
            let replies = replies.clone();
            // Without a thread the channel is closed, and the terminal gets it.
            let _ = std::thread::Builder::new().name("clipboard".into()).spawn(move || work(&from, &replies));
            to
        });
        to.send(copied).map_err(|e| e.0)
    }

    /// Writes to the terminal's clipboard, and says so.
    ///
    /// # Errors
    /// When the terminal cannot be written.
    pub(super) fn terminal(&self, out: &mut impl Write, (what, mut text): Copied) -> io::Result<()> {
        let whole = text.len();
        text.truncate(text.floor_char_boundary(MOST));
        let cut = if text.len() < whole { format!(", cut at {} KiB", MOST >> 10) } else { String::new() };
        let sent = text.chars().count();
        queue!(out, CopyToClipboard::to_clipboard_from(text))?;
        out.flush()?;
        let said = format!("{what} sent to the terminal's clipboard, by OSC 52 ({sent} characters{cut})");
        // Nobody listens any more when the screen has gone.
        let _ = self.replies.send(Event::Said(said));
        Ok(())
    }
}

/// Whether a desktop's clipboard is that of the person at this terminal.
fn has_desktop() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    let remote = set("SSH_CONNECTION") || set("SSH_TTY");
    let desktop =
        cfg!(any(target_os = "macos", target_os = "windows")) || set("WAYLAND_DISPLAY") || set("DISPLAY");
    desktop && !remote
}

fn work(from: &Receiver<Copied>, replies: &UnboundedSender<Event>) {
    let mut clipboard = arboard::Clipboard::new().ok();
    while let Ok((what, text)) = from.recv() {
        let copied = clipboard.as_mut().is_some_and(|c| c.set_text(text.clone()).is_ok());
        let event = if copied {
            Event::Said(format!(
                "{what} copied to the desktop's clipboard ({} characters)",
                text.chars().count()
            ))
        } else {
            Event::NotCopied { what, text }
        };
        if replies.send(event).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminals_clipboard_has_a_limit_and_says_so() {
        let (replies, mut said) = tokio::sync::mpsc::unbounded_channel();
        let clipboard = Clipboard::new(replies);
        let mut out = Vec::new();
        clipboard.terminal(&mut out, ("answer".into(), "é".repeat(40_000))).unwrap();
        assert!(out.starts_with(b"\x1b]52;c;") && out.len() < 70_000);
        let Ok(Event::Said(words)) = said.try_recv() else { panic!("nothing was said") };
        assert_eq!(
            words,
            "answer sent to the terminal's clipboard, by OSC 52 (24576 characters, cut at 48 KiB)"
        );
    }
}
