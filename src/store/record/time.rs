//! Times in records: whole nanoseconds from `t0`; what a server tells is in its own unit.

use std::time::Duration;

/// A moment, as the time since 1970, in RFC 3339 to the second, UTC.
#[must_use]
pub fn rfc3339(since: Duration) -> String {
    let stamp = jiff::Timestamp::UNIX_EPOCH.checked_add(since).unwrap_or_default();
    stamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Whole nanoseconds.
pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

pub(super) mod ns {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "what serde calls")]
    pub fn serialize<S: Serializer>(time: &Option<Duration>, s: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => s.serialize_u64(super::nanos(*time)),
            None => s.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(d)?.map(Duration::from_nanos))
    }
}

/// Seconds with their fraction, as headers have them.
pub(super) mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "what serde calls")]
    pub fn serialize<S: Serializer>(time: &Option<Duration>, s: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => s.serialize_f64(time.as_secs_f64()),
            None => s.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Duration>, D::Error> {
        let told = Option::<f64>::deserialize(d)?;
        told.map(Duration::try_from_secs_f64).transpose().map_err(serde::de::Error::custom)
    }
}

/// Named times of a server, `{"latency_ms": 1.5}`.
pub(super) mod told {
    use std::collections::HashMap;
    use std::fmt;
    use std::time::Duration;

    use serde::de::{MapAccess, Visitor};
    use serde::{Deserializer, Serializer};

    use crate::model::Word;

    pub fn serialize<S: Serializer>(times: &[(Word, Duration)], s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(times.iter().map(|(name, time)| (format!("{name}_ms"), time.as_secs_f64() * 1e3)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<(Word, Duration)>, D::Error> {
        struct Times;

        impl<'de> Visitor<'de> for Times {
            type Value = Vec<(Word, Duration)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("times in milliseconds by their names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut out, mut known): (Vec<(Word, Duration)>, HashMap<String, usize>) =
                    Default::default();
                while let Some((name, ms)) = map.next_entry::<String, f64>()? {
                    let time = Duration::try_from_secs_f64(ms / 1e3).map_err(serde::de::Error::custom)?;
                    let name = name.strip_suffix("_ms").unwrap_or(&name).to_owned();
                    // A name that comes twice has its later time.
                    let at = *known.entry(name.clone()).or_insert(out.len());
                    match out.get_mut(at) {
                        Some(old) => old.1 = time,
                        None => out.push((name.into(), time)),
                    }
                }
                Ok(out)
            }
        }

        d.deserialize_map(Times)
    }
}

/// A moment as RFC 3339 in UTC; in memory the time since 1970.
pub(super) mod moment {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "what serde calls")]
    pub fn serialize<S: Serializer>(time: &Option<Duration>, s: S) -> Result<S::Ok, S::Error> {
        let stamp = |time: Duration| jiff::Timestamp::UNIX_EPOCH.checked_add(time).ok();
        match time.and_then(stamp) {
            Some(stamp) => s.collect_str(&stamp),
            None => s.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Duration>, D::Error> {
        let Some(text) = Option::<String>::deserialize(d)? else { return Ok(None) };
        let stamp: jiff::Timestamp = text.parse().map_err(serde::de::Error::custom)?;
        let since = stamp.as_nanosecond();
        let whole = u64::try_from(since).map_err(|_| serde::de::Error::custom("a time before 1970"))?;
        Ok(Some(Duration::from_nanos(whole)))
    }
}
