//! Votes: which answer of a round was the better one.

use std::collections::HashMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::prompt::PARAMS;
use super::route::Endpoint;

/// Who voted. What a model thinks is never counted among what people think.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Voter {
    Person,
    /// An endpoint, by what it is: a [`Contender::spec`].
    Judge(String),
}

/// What was said of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ruling {
    /// This one of the contenders is better than all others.
    Won(usize),
    Tie,
    /// None of them is any good. It compares nothing.
    Bad,
}

/// One of those that were compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contender {
    /// What it was called in its lineup.
    pub name: String,
    /// What it is, whatever it is called: `azure:gpt-6-sol@eastus2?effort=low`.
    pub spec: String,
}

impl Contender {
    #[must_use]
    pub fn of(endpoint: &Endpoint) -> Self {
        let mut spec = format!("{}:{}", endpoint.provider, endpoint.model);
        if let Some(deployment) = endpoint.deployment.as_ref().filter(|d| **d != endpoint.model) {
            // Writing to a string does not fail.
            let _ = write!(spec, " ({deployment})");
        }
        // The demo's addresses change from run to run.
        let place = endpoint.place.as_ref().or(endpoint.base_url.as_ref().filter(|_| !endpoint.simulated));
        if let Some(place) = place {
            let _ = write!(spec, "@{place}");
        }
        let params = PARAMS.iter().filter_map(|(name, ..)| Some((name, endpoint.params.get(name)?)));
        for ((name, value), sign) in params.zip(std::iter::once('?').chain(std::iter::repeat('&'))) {
            let _ = write!(spec, "{sign}{name}={value}");
        }
        Self { name: endpoint.name.clone(), spec }
    }
}

/// One vote, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// The session and the round in it.
    pub session: String,
    pub round: String,
    /// RFC 3339, UTC.
    pub at: String,
    /// SHA-256 of the prompt's text, hexadecimal.
    pub prompt: String,
    #[serde(default)]
    pub tags: Vec<String>,
    /// Names and figures were hidden until then.
    pub blind: bool,
    /// Answers that were compared are scripted.
    #[serde(default)]
    pub simulated: bool,
    pub voter: Voter,
    /// Those that had a whole answer.
    pub contenders: Vec<Contender>,
    pub verdict: Ruling,
    /// Of several votes of one voter on one round the highest counts.
    #[serde(default)]
    pub revision: u32,
}

impl Vote {
    /// Why it cannot be counted, if it cannot.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn check(&self) -> Result<(), String> {
        if self.contenders.len() < 2 {
            return Err("it compares fewer than two endpoints".into());
        }
        match self.verdict {
            Ruling::Won(at) if at >= self.contenders.len() => {
                Err(format!("number {at} won, but it has {} endpoints", self.contenders.len()))
            }
            _ => Ok(()),
        }
    }
}

/// Of several votes of one voter on one round only the last one, in the order in which they were
/// first cast. After a blind vote there is no other one. A judge votes on every pair of a round.
#[must_use]
pub fn last_of_each(votes: Vec<Vote>) -> Vec<Vote> {
    let mut out: Vec<Vote> = Vec::new();
    let mut places: HashMap<(String, String, String), usize> = HashMap::new();
    for vote in votes {
        let who = match &vote.voter {
            Voter::Person => String::new(),
            Voter::Judge(spec) => {
                let pair = vote.contenders.iter().map(|c| format!("{} {}", c.name, c.spec));
                let mut pair: Vec<String> = pair.collect();
                pair.sort_unstable();
                format!("judge {spec}\n{}", pair.join("\n"))
            }
        };
        let key = (vote.session.clone(), vote.round.clone(), who);
        if let Some(kept) = places.get(&key).and_then(|at| out.get_mut(*at)) {
            if !kept.blind && vote.revision >= kept.revision {
                *kept = vote;
            }
        } else {
            places.insert(key, out.len());
            out.push(vote);
        }
    }
    out
}

/// A tag as it is kept: lower case, letters, digits, `-`, `_` and `.`.
///
/// # Errors
/// What a tag may hold.
pub fn tag(text: &str) -> Result<String, String> {
    let tag = text.trim().trim_start_matches('#').to_lowercase();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if tag.is_empty() || tag.chars().count() > 40 || !tag.chars().all(fits) {
        return Err(format!("{text:?} is no tag: up to 40 letters, digits, - _ or ."));
    }
    Ok(tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Params;

    fn vote(round: &str, revision: u32, blind: bool, verdict: Ruling) -> Vote {
        let contender = |spec: &str| Contender { name: spec.into(), spec: spec.into() };
        Vote {
            session: "s".into(),
            round: round.into(),
            at: String::new(),
            prompt: String::new(),
            tags: Vec::new(),
            blind,
            simulated: false,
            voter: Voter::Person,
            contenders: vec![contender("a"), contender("b")],
            verdict,
            revision,
        }
    }

    #[test]
    fn the_last_vote_on_a_round_counts_and_after_a_blind_one_none() {
        let votes = vec![
            vote("1", 2, false, Ruling::Tie),
            vote("2", 1, true, Ruling::Won(0)),
            // Written later, cast earlier.
            vote("1", 1, false, Ruling::Won(1)),
            vote("2", 2, true, Ruling::Won(1)),
        ];
        let kept = last_of_each(votes);
        assert_eq!(kept.iter().map(|v| v.verdict).collect::<Vec<_>>(), [Ruling::Tie, Ruling::Won(0)]);
        let judge = Vote { voter: Voter::Judge("j".into()), ..vote("1", 3, false, Ruling::Bad) };
        assert_eq!(last_of_each(vec![vote("1", 1, false, Ruling::Tie), judge.clone()]).len(), 2);
        // Another pair of the same round is another comparison; the same one, whatever its order, is not.
        let spec = |name: &str| Contender { name: name.into(), spec: name.into() };
        let pair =
            |a: &str, b: &str| Vote { contenders: vec![spec(a), spec(b)], revision: 4, ..judge.clone() };
        assert_eq!(last_of_each(vec![judge.clone(), pair("a", "c")]).len(), 2);
        assert_eq!(last_of_each(vec![judge.clone(), pair("b", "a")]), [pair("b", "a")]);
    }

    #[test]
    fn what_cannot_be_counted_is_said() {
        assert!(vote("1", 1, false, Ruling::Won(2)).check().unwrap_err().contains("number 2 won"));
        assert!(Vote { contenders: Vec::new(), ..vote("1", 1, false, Ruling::Bad) }.check().is_err());
        assert_eq!(tag("#Code-Review"), Ok("code-review".into()));
        assert!(tag("two words").is_err() && tag("#").is_err());
    }

    #[test]
    fn an_endpoint_is_what_it_asks_whatever_it_is_called() {
        let params = Params { max_tokens: Some(99), temperature: Some(0.5), ..Params::default() };
        let endpoint = Endpoint {
            name: "mine".into(),
            provider: "azure".into(),
            model: "gpt".into(),
            deployment: Some("d".into()),
            place: Some("east".into()),
            params,
            ..Endpoint::default()
        };
        let spec = Contender::of(&endpoint).spec;
        assert!(spec.starts_with("azure:gpt (d)@east?") && spec.contains("max_tokens=99"), "{spec}");
    }
}
