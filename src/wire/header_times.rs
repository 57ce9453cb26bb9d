//! The times that servers and the gates before them tell in response headers.

use std::time::Duration;

use crate::model::Word;

/// How a header writes its time.
#[derive(Clone, Copy)]
enum Written {
    /// A number of milliseconds.
    Millis,
    /// The `dur` of [Server-Timing](https://www.w3.org/TR/server-timing/), milliseconds.
    Timing,
}

/// Header, the name that its time has here, and how it is written.
const HEADERS: [(&str, &str, Written); 4] = [
    // OpenAI, Azure and those that copy them: until the response began.
    ("openai-processing-ms", "processing", Written::Millis),
    // Bedrock outside Converse.
    ("x-amzn-bedrock-invocation-latency", "latency", Written::Millis),
    // Envoy before Azure, Anthropic and others: until the response's head.
    ("x-envoy-upstream-service-time", "upstream", Written::Millis),
    // Google's front end.
    ("server-timing", "timing", Written::Timing),
];

/// Reads the times out of response headers; `get` gives the value of a lower-case name.
/// A value that is no time is passed over: a header is never a reason to fail.
pub fn header_times<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Vec<(Word, Duration)> {
    let read = |(header, name, written): &(&str, &'static str, Written)| {
        let value = get(header)?;
        let number = match written {
            Written::Millis => value.trim(),
            // Several may be told; the longest holds the others.
            Written::Timing => {
                let durations = value.split([',', ';']).filter_map(|p| p.trim().strip_prefix("dur="));
                return durations.filter_map(millis).max().map(|d| ((*name).into(), d));
            }
        };
        millis(number).map(|d| ((*name).into(), d))
    };
    HEADERS.iter().filter_map(read).collect()
}

fn millis(text: &str) -> Option<Duration> {
    let millis: f64 = text.trim().trim_matches('"').parse().ok()?;
    Duration::try_from_secs_f64(millis / 1e3).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_header_is_read_under_its_name_and_nonsense_is_passed_over() {
        let headers = [
            ("openai-processing-ms", "412"),
            ("x-envoy-upstream-service-time", " 420.5 "),
            ("server-timing", "gfet4t7; dur=1200, cache;desc=\"x\";dur=3"),
            ("x-amzn-bedrock-invocation-latency", "soon"),
        ];
        let got = header_times(|name| headers.iter().find(|(n, _)| *n == name).map(|(_, v)| *v));
        let ms = |n| Duration::from_secs_f64(n / 1e3);
        let told = [("processing", 412.0), ("upstream", 420.5), ("timing", 1200.0)];
        assert_eq!(got, told.map(|(name, n)| (name.into(), ms(n))));
        for odd in ["", "-3", "NaN", "1e300", "dur=", "gfet4t7"] {
            assert_eq!(header_times(|_| Some(odd)), [], "{odd:?}");
        }
    }
}
