//! Hours at which a price is lower: windows of the week, in UTC.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::price::Rates;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const DAY: u64 = 24 * 60;

/// A part of some days of every week, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Bit 0 is Monday.
    days: u8,
    /// Minutes of the day; `to` is not within, and is 1,440 at midnight.
    from: u64,
    to: u64,
}

impl Window {
    /// Reads `Mon-Fri 04:00-06:00`, `Sat-Sun all day`, `Wed 10:00-24:00`.
    ///
    /// # Errors
    /// A sentence with what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} are no hours: write \"Mon-Fri 04:00-06:00\" or \"Sat-Sun all day\"");
        let (days, hours) = text.split_once(' ').ok_or_else(wrong)?;
        let (first, last) = days.split_once('-').unwrap_or((days, days));
        let day = |name: &str| DAYS.iter().position(|d| *d == name).ok_or_else(wrong);
        let (first, last) = (day(first)?, day(last)?);
        if first > last {
            return Err(wrong());
        }
        let days = (first..=last).fold(0, |set, day| set | 1 << day);
        if hours == "all day" {
            return Ok(Self { days, from: 0, to: DAY });
        }
        let minute = |clock: &str| {
            let (hour, minute) = clock.split_once(':')?;
            let at = hour.parse::<u64>().ok()? * 60 + minute.parse::<u64>().ok().filter(|m| *m < 60)?;
            (at <= DAY).then_some(at)
        };
        let (from, to) = hours.split_once('-').ok_or_else(wrong)?;
        let (from, to) = (minute(from).ok_or_else(wrong)?, minute(to).ok_or_else(wrong)?);
        // A list may end a day at 00:00.
        let to = if to == 0 { DAY } else { to };
        if from < to { Ok(Self { days, from, to }) } else { Err(wrong()) }
    }

    /// Whether a moment lies within: seconds since 1970-01-01 UTC, which was a Thursday.
    #[must_use]
    pub fn holds(self, unix: u64) -> bool {
        let minutes = unix / 60;
        let (day, minute) = ((minutes / DAY + 3) % 7, minutes % DAY);
        self.days >> day & 1 == 1 && (self.from..self.to).contains(&minute)
    }
}

/// As [`Window::parse`] reads it.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |n: u32| usize::try_from(n).ok().and_then(|n| DAYS.get(n)).copied().unwrap_or_default();
        let (first, last) = (self.days.trailing_zeros(), self.days.checked_ilog2().unwrap_or_default());
        f.write_str(day(first))?;
        if last > first {
            write!(f, "-{}", day(last))?;
        }
        if (self.from, self.to) == (0, DAY) {
            return f.write_str(" all day");
        }
        let clock = |minute: u64| format!("{:02}:{:02}", minute / 60, minute % 60);
        write!(f, " {}-{}", clock(self.from), clock(self.to))
    }
}

impl Serialize for Window {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

/// Lower rates and when they hold. Rates that it leaves out are those of the peak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OffPeak {
    pub rates: Rates,
    pub windows: Vec<Window>,
}

impl OffPeak {
    #[must_use]
    pub fn holds(&self, unix: u64) -> bool {
        self.windows.iter().any(|window| window.holds(unix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_written_as_they_are_read() {
        for text in [
            "Mon-Fri 04:00-06:00",
            "Sat-Sun all day",
            "Wed 10:00-24:00",
            "Sun all day",
            "Mon-Sun 00:00-00:01",
        ] {
            assert_eq!(Window::parse(text).unwrap().to_string(), text);
        }
    }

    /// Monday 2026-11-23, 00:00 UTC.
    const MONDAY: u64 = 1_795_392_000;

    #[test]
    fn windows_hold_their_minutes_of_the_week_and_no_others() {
        let at = |day: u64, hour: u64, minute: u64| MONDAY + day * 86_400 + hour * 3_600 + minute * 60;
        for (text, moment, holds) in [
            ("Mon-Fri 00:00-01:00", at(0, 0, 0), true),
            ("Mon-Fri 00:00-01:00", at(0, 0, 59), true),
            ("Mon-Fri 00:00-01:00", at(0, 1, 0), false),
            ("Mon-Fri 00:00-01:00", at(5, 0, 30), false),
            ("Mon-Fri 10:00-24:00", at(4, 23, 59), true),
            ("Mon-Fri 10:00-00:00", at(4, 23, 59), true),
            ("Sat-Sun all day", at(6, 12, 0), true),
            ("Sat-Sun all day", at(7, 0, 0), false),
            ("Wed 04:00-06:00", at(2, 5, 0), true),
            ("Wed 04:00-06:00", at(3, 5, 0), false),
        ] {
            assert_eq!(Window::parse(text).unwrap().holds(moment), holds, "{text} at {moment}");
        }
    }

    #[test]
    fn what_are_no_hours_is_refused() {
        for text in
            ["", "Mon", "Mon 1-2", "Fri-Mon all day", "Mon 06:00-04:00", "Mon 25:00-26:00", "Moon all day"]
        {
            assert!(Window::parse(text).unwrap_err().contains("are no hours"), "{text}");
        }
    }
}
