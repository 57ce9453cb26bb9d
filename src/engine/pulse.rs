//! Whether this program runs while its answers do.
//!
//! A mark is made when this program looks, not when a packet comes. While it is stopped,
//! while the machine is suspended or while other work has the processor it does not look, and
//! what it would measure then is itself. So every running answer shows that it is alive, many
//! times a second; where it did not for too long, that is reported.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::Instant;

/// How often a running answer shows that it is alive.
pub(super) const BEAT: Duration = Duration::from_millis(50);

/// A beat that comes later than this was held up. A busy machine delays one by some tens of
/// milliseconds.
const LATE: Duration = Duration::from_millis(150);

/// How long this machine has been suspended since it was started, as the bounds between which
/// that lies: the clocks that tell it are read one after the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Asleep {
    pub(super) least: Duration,
    pub(super) most: Duration,
}

impl Asleep {
    /// Setting the time of day moves neither of the two clocks. Where the system has no clock
    /// that counts suspends, none is seen.
    pub(super) fn now() -> Self {
        let awake = clock(ClockId::Monotonic);
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let whole = clock(ClockId::Boottime);
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let whole = awake;
        let still_awake = clock(ClockId::Monotonic);
        Self { least: whole.saturating_sub(still_awake), most: whole.saturating_sub(awake) }
    }
}

fn clock(id: ClockId) -> Duration {
    // These clocks count up from the machine's start.
    Duration::try_from(clock_gettime(id)).unwrap_or_default()
}

/// A time in which there was no beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Silence {
    pub(super) from: Instant,
    pub(super) to: Instant,
    /// How much of it this machine was suspended, at the least.
    pub(super) slept: Duration,
}

/// The last sign of life.
#[derive(Debug)]
pub(super) struct Pulse {
    at: Instant,
    asleep: Asleep,
}

impl Pulse {
    pub(super) fn new(at: Instant, asleep: Asleep) -> Self {
        Self { at, asleep }
    }

    /// Whether the last sign of life is so recent that at `at` none is due.
    pub(super) fn is_fresh(&self, at: Instant) -> bool {
        at < self.at + BEAT
    }

    /// A sign of life at `now`; the silence before it, if it was too long. What counts is from
    /// when the beat was due: until then nobody was late.
    pub(super) fn beat(&mut self, now: Instant, asleep: Asleep) -> Option<Silence> {
        let slept = asleep.least.saturating_sub(self.asleep.most);
        let (last, due) = (self.at, self.at + BEAT);
        (self.at, self.asleep) = (now, asleep);
        if slept > LATE {
            return Some(Silence { from: last, to: now, slept });
        }
        let late = now.saturating_duration_since(due) > LATE;
        late.then_some(Silence { from: due, to: now, slept: Duration::ZERO })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn asleep(ms: u32) -> Asleep {
        Asleep { least: MS * ms, most: MS * ms }
    }

    #[test]
    fn only_a_long_silence_or_a_sleep_is_told() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start, asleep(5_000));
        assert!(pulse.is_fresh(start + MS * 49) && !pulse.is_fresh(start + MS * 50));
        assert_eq!(pulse.beat(start + MS * 50, asleep(5_000)), None);
        assert_eq!(pulse.beat(start + MS * 250, asleep(5_000)), None, "150 ms late");
        let told = pulse.beat(start + MS * 451, asleep(5_000)).unwrap();
        assert_eq!((told.from, told.to), (start + MS * 300, start + MS * 451), "151 ms late");
        assert_eq!(told.slept, Duration::ZERO);
        // The clock of the marks stood still; the other one did not.
        let told = pulse.beat(start + MS * 460, asleep(65_000)).unwrap();
        assert_eq!((told.from, told.to), (start + MS * 451, start + MS * 460));
        assert_eq!(told.slept, MS * 60_000);
        assert_eq!(pulse.beat(start + MS * 500, asleep(65_000)), None, "told once");
        // Held up between the readings of the two clocks: a doubt, and no sleep.
        let doubt = Asleep { least: MS * 64_000, most: MS * 66_000 };
        assert_eq!(pulse.beat(start + MS * 550, doubt), None);
        assert_eq!(pulse.beat(start + MS * 600, asleep(65_100)), None);
    }

    #[test]
    fn the_machines_own_clocks_agree_while_it_is_awake() {
        let (first, second) = (Asleep::now(), Asleep::now());
        assert!(first.least <= first.most && first.least <= second.most, "{first:?} {second:?}");
    }
}
