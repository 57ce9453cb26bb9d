//! In which order repeats are sent, so that endpoints are compared and not the time of day.
//!
//! Runs go in rounds of one request an endpoint. Every round begins with the next endpoint, so
//! that over as many rounds as there are endpoints each stands once in every place (a cyclic
//! Latin square). The next request of a round leaves when the one before has left; a round
//! begins when the one before is over. No endpoint has two requests at a time.

/// Failures in a row, of a kind that no repeat can help, after which an endpoint is left out.
const ENOUGH: u8 = 3;

/// How an endpoint stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Nothing of it runs.
    Free,
    /// Its request is being made ready.
    Preparing,
    /// Its request has left.
    Sent,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// Whole, or broken off in a way that says nothing of the next run.
    Through,
    /// Failed as the next one will.
    Hopeless,
}

#[derive(Debug, Clone, Default)]
struct Member {
    started: usize,
    /// Hopeless runs since the last one that was not.
    hopeless: u8,
    /// Nothing more is sent to it.
    out: bool,
}

/// The order of a number of runs on a number of endpoints.
#[derive(Debug, Clone)]
pub struct Rotation {
    runs: usize,
    round: usize,
    /// Place within the round.
    at: usize,
    /// Who was asked last in this round.
    last: Option<usize>,
    ended: usize,
    members: Vec<Member>,
}

impl Rotation {
    /// So many runs on each of so many endpoints.
    #[must_use]
    pub fn new(endpoints: usize, runs: usize) -> Self {
        let members = vec![Member::default(); endpoints];
        Self { runs, round: 0, at: 0, last: None, ended: 0, members }
    }

    /// The endpoint that is asked now, if one is. Ask again after each; it counts as started.
    pub fn next(&mut self, lane: impl Fn(usize) -> Lane) -> Option<usize> {
        let count = self.members.len();
        loop {
            if self.is_sent() {
                return None;
            }
            if self.at == count {
                (self.at, self.round, self.last) = (0, self.round + 1, None);
                continue;
            }
            let first = self.last.is_none();
            if first && (0..count).any(|n| lane(n) != Lane::Free) {
                return None;
            }
            if self.last.is_some_and(|last| lane(last) == Lane::Preparing) {
                return None;
            }
            let own = (self.round + self.at) % count;
            let member = self.members.get_mut(own)?;
            if member.out {
                self.at += 1;
                continue;
            }
            if lane(own) != Lane::Free {
                return None;
            }
            member.started += 1;
            self.at += 1;
            self.last = Some(own);
            return Some(own);
        }
    }

    /// Notes how a run ended; true where the endpoint is left out from now on because of it.
    pub fn ended(&mut self, endpoint: usize, how: Ran) -> bool {
        self.ended += 1;
        let Some(member) = self.members.get_mut(endpoint) else { return false };
        member.hopeless = if how == Ran::Hopeless { member.hopeless + 1 } else { 0 };
        let gives_up = member.hopeless >= ENOUGH && !member.out && member.started < self.runs;
        member.out |= gives_up;
        gives_up
    }

    /// Sends nothing more to this endpoint; what runs is not concerned. True where something was
    /// still to be sent.
    pub fn leave_out(&mut self, endpoint: usize) -> bool {
        let runs = self.runs;
        let Some(member) = self.members.get_mut(endpoint).filter(|m| !m.out && m.started < runs) else {
            return false;
        };
        member.out = true;
        true
    }

    /// Whether nothing more is to be sent.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        self.members.iter().all(|m| m.out || m.started >= self.runs)
    }

    /// Runs of this endpoint that are still to be sent.
    #[must_use]
    pub fn left(&self, endpoint: usize) -> usize {
        let left = |m: &Member| if m.out { 0 } else { self.runs.saturating_sub(m.started) };
        self.members.get(endpoint).map_or(0, left)
    }

    /// Runs that are over, and all there are: those that are no longer sent are not counted.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        let all = self.members.iter().map(|m| if m.out { m.started } else { self.runs }).sum();
        (self.ended, all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// Plays a rotation to its end; what runs ends by lot.
    fn played(endpoints: usize, runs: usize, seed: u64, hopeless: &[usize]) -> Vec<usize> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut rotation = Rotation::new(endpoints, runs);
        let lanes = RefCell::new(vec![Lane::Free; endpoints]);
        let mut order = Vec::new();
        loop {
            while let Some(own) = rotation.next(|n| lanes.borrow()[n]) {
                assert_eq!(lanes.borrow()[own], Lane::Free, "never two at a time");
                lanes.borrow_mut()[own] = Lane::Preparing;
                order.push(own);
            }
            let busy: Vec<usize> = (0..endpoints).filter(|n| lanes.borrow()[*n] != Lane::Free).collect();
            let Some(one) = rng.choice(busy) else { break };
            let now = lanes.borrow()[one];
            lanes.borrow_mut()[one] = if now == Lane::Preparing { Lane::Sent } else { Lane::Free };
            if now == Lane::Sent {
                let how = if hopeless.contains(&one) { Ran::Hopeless } else { Ran::Through };
                rotation.ended(one, how);
            }
        }
        assert!(rotation.is_sent());
        let (over, all) = rotation.progress();
        assert_eq!((over, all), (order.len(), order.len()));
        order
    }

    #[test]
    fn every_round_begins_with_the_next_endpoint_whatever_ends_first() {
        for seed in 0..50 {
            assert_eq!(played(3, 4, seed, &[]), [0, 1, 2, 1, 2, 0, 2, 0, 1, 0, 1, 2]);
        }
        assert_eq!(played(1, 3, 1, &[]), [0, 0, 0]);
        assert!(played(0, 3, 1, &[]).is_empty() && played(3, 0, 1, &[]).is_empty());
    }

    #[test]
    fn over_as_many_rounds_as_endpoints_each_stands_once_in_every_place() {
        for endpoints in 1..8 {
            let order = played(endpoints, endpoints, 7, &[]);
            for place in 0..endpoints {
                let mut there: Vec<usize> = order.chunks(endpoints).map(|round| round[place]).collect();
                there.sort_unstable();
                assert_eq!(there, (0..endpoints).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn an_endpoint_that_cannot_answer_is_left_out_after_three_and_the_others_go_on() {
        let order = played(3, 5, 3, &[1]);
        let count = |n| order.iter().filter(|o| **o == n).count();
        assert_eq!((count(0), count(1), count(2)), (5, 3, 5));
        let mut rotation = Rotation::new(1, 9);
        for how in [Ran::Hopeless, Ran::Hopeless, Ran::Through, Ran::Hopeless, Ran::Hopeless] {
            rotation.next(|_| Lane::Free);
            assert!(!rotation.ended(0, how), "only in a row");
        }
        rotation.next(|_| Lane::Free);
        assert!(rotation.ended(0, Ran::Hopeless));
    }

    #[test]
    fn what_is_left_out_is_neither_sent_nor_counted() {
        let mut rotation = Rotation::new(2, 5);
        assert_eq!(rotation.next(|_| Lane::Free), Some(0));
        assert_eq!((rotation.left(0), rotation.left(1), rotation.progress()), (4, 5, (0, 10)));
        assert!(rotation.leave_out(0) && !rotation.leave_out(0));
        assert_eq!((rotation.left(0), rotation.progress()), (0, (0, 6)));
        assert_eq!(rotation.next(|_| Lane::Free), Some(1));
        rotation.leave_out(1);
        assert!(rotation.is_sent());
        assert_eq!(rotation.next(|_| Lane::Free), None);
    }
}
