//! When the next frame may be drawn. A value: it holds no timer and starts no task.

use std::time::{Duration, Instant};

/// Frames that answers alone ask for: 24 a second reads as motion, and each
/// frame costs a layout and a diff whether much or little has changed.
const STREAM: Duration = Duration::from_millis(42);

/// Frames that a key asks for: at most 125 a second, so that a held key or a
/// burst of pastes does not draw for each byte.
const INPUT: Duration = Duration::from_millis(8);

/// The debt of one screen.
#[derive(Debug, Clone, Default)]
pub struct Pacer {
    drawn: Option<Instant>,
    due: Option<Instant>,
}

impl Pacer {
    /// A key or a resize changed something: draw as soon as may be.
    pub fn input(&mut self, now: Instant) {
        self.owe(now, INPUT);
    }

    /// An answer grew, or time passed.
    pub fn stream(&mut self, now: Instant) {
        self.owe(now, STREAM);
    }

    fn owe(&mut self, now: Instant, apart: Duration) {
        let at = self.drawn.map_or(now, |d| now.max(d + apart));
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// When a frame is owed; `None` when none is.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// A frame was drawn.
    pub fn drawn(&mut self, at: Instant) {
        self.drawn = Some(at);
        self.due = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_before_the_stream_and_nothing_is_owed_for_nothing() {
        let start = Instant::now();
        let ms = Duration::from_millis;
        let mut pacer = Pacer::default();
        assert_eq!(pacer.due(), None);
        pacer.stream(start);
        assert_eq!(pacer.due(), Some(start), "the first frame waits for nothing");
        pacer.drawn(start);
        assert_eq!(pacer.due(), None);
        for at in 1..30 {
            pacer.stream(start + ms(at));
        }
        assert_eq!(pacer.due(), Some(start + ms(42)), "thirty arrivals are one frame");
        pacer.input(start + ms(2));
        assert_eq!(pacer.due(), Some(start + ms(8)));
        pacer.drawn(start + ms(8));
        pacer.stream(start + ms(100));
        assert_eq!(pacer.due(), Some(start + ms(100)));
    }
}
