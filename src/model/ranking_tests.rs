use fastrand::Rng;

use super::*;
use crate::model::Contender;
use crate::model::Voter;

fn vote(contenders: &[&str], verdict: Ruling) -> Vote {
    let contender = |spec: &&str| Contender { name: format!("{spec}!"), spec: (*spec).to_owned() };
    Vote {
        session: "s".into(),
        round: String::new(),
        at: String::new(),
        prompt: String::new(),
        tags: Vec::new(),
        blind: false,
        simulated: false,
        voter: Voter::Person,
        contenders: contenders.iter().map(contender).collect(),
        verdict,
        revision: 0,
    }
}

fn board(votes: &[Vote]) -> Board {
    rank(&votes.iter().collect::<Vec<_>>())
}

fn of<'b>(board: &'b Board, spec: &str) -> &'b Standing {
    board.standings.iter().find(|s| s.spec == spec).unwrap()
}

const FOUR: [&str; 4] = ["a", "b", "c", "d"];

/// Rounds of all four, the best of each drawn by strength.
fn simulated(rounds: usize, strengths: [f64; 4], seed: u64) -> Vec<Vote> {
    let mut rng = Rng::with_seed(seed);
    let all: f64 = strengths.iter().sum();
    (0..rounds)
        .map(|_| {
            let mut at = rng.f64() * all;
            let winner = strengths.iter().position(|s| {
                at -= s;
                at < 0.0
            });
            vote(&FOUR, Ruling::Won(winner.unwrap_or(3)))
        })
        .collect()
}

#[test]
fn the_order_and_the_odds_come_back_from_simulated_votes() {
    for seed in 0..10 {
        let board = board(&simulated(4_000, [8.0, 4.0, 2.0, 1.0], seed));
        let order: Vec<_> = board.standings.iter().map(|s| s.spec.as_str()).collect();
        assert_eq!(order, FOUR, "seed {seed}");
        let points = |odds: f64| odds.log10() * SCALE;
        for (a, b, odds) in [("a", "b", 2.0), ("b", "c", 2.0), ("a", "d", 8.0)] {
            let difference = of(&board, a).score - of(&board, b).score;
            assert!((difference - points(odds)).abs() < 45.0, "seed {seed}, {a} {b}: {difference}");
        }
        assert_eq!(
            board.standings.iter().map(|s| s.told).collect::<Vec<_>>(),
            [Told::Ahead, Told::Ahead, Told::Ahead, Told::Last]
        );
    }
}

#[test]
fn intervals_hold_the_truth_nineteen_times_of_twenty_and_shrink() {
    let (mut inside, mut all) = (0_u32, 0_u32);
    let truth = (8.0_f64 / (8.0_f64 * 4.0 * 2.0 * 1.0).powf(0.25)).log10() * SCALE + MIDDLE;
    let mut widths = Vec::new();
    for rounds in [100, 400, 1_600] {
        for seed in 0..200 {
            let board = board(&simulated(rounds, [8.0, 4.0, 2.0, 1.0], seed));
            let a = of(&board, "a");
            all += 1;
            inside += u32::from(a.low <= truth && truth <= a.high);
            if seed == 0 {
                widths.push(a.high - a.low);
            }
        }
    }
    let share = f64::from(inside) / f64::from(all);
    assert!((0.92..=0.985).contains(&share), "{share} of the intervals hold the truth");
    // Four times the votes, half the width.
    for pair in widths.windows(2) {
        assert!((1.7..2.3).contains(&(pair[0] / pair[1])), "{widths:?}");
    }
}

#[test]
fn turning_every_vote_around_turns_the_board_around() {
    let mut rng = Rng::with_seed(5);
    let (mut votes, mut turned) = (Vec::new(), Vec::new());
    for _ in 0..60 {
        let (a, b) = (rng.usize(..4), rng.usize(..4));
        if a != b {
            votes.push(vote(&[FOUR[a], FOUR[b]], Ruling::Won(0)));
            turned.push(vote(&[FOUR[a], FOUR[b]], Ruling::Won(1)));
        }
    }
    let (board, turned) = (board(&votes), board(&turned));
    for spec in FOUR {
        let sum = of(&board, spec).score + of(&turned, spec).score;
        assert!((sum - 2.0 * MIDDLE).abs() < 1e-6, "{spec}: {sum}");
    }
}

#[test]
fn who_never_lost_stays_finite_and_few_votes_say_nothing() {
    let one = board(&[vote(&["a", "b"], Ruling::Won(0))]);
    assert_eq!(one.standings[0].told, Told::NotEnough);
    assert_eq!(one.standings[0].told.words(), "not enough votes to tell from the next");
    let many: Vec<_> = (0..500).map(|_| vote(&["a", "b"], Ruling::Won(0))).collect();
    let many = board(&many);
    let a = of(&many, "a");
    assert!(a.score.is_finite() && a.high.is_finite() && a.score < 3_000.0, "{a:?}");
    assert!(a.score > of(&one, "a").score && a.told == Told::Ahead);
    assert_eq!((a.won, a.lost, of(&many, "b").lost), (500, 0, 500));
}

#[test]
fn ties_are_half_wins_and_pull_together() {
    let wins = |n: usize| std::iter::repeat_n(vote(&["a", "b"], Ruling::Won(0)), n);
    let tied = |n: usize| std::iter::repeat_n(vote(&["a", "b"], Ruling::Tie), n);
    let both = |n: usize| {
        wins(n).chain(std::iter::repeat_n(vote(&["a", "b"], Ruling::Won(1)), n)).collect::<Vec<_>>()
    };
    let (even, halves) = (board(&tied(10).collect::<Vec<_>>()), board(&both(5)));
    assert!((of(&even, "a").score - MIDDLE).abs() < 1e-6);
    assert!((of(&even, "a").high - of(&halves, "a").high).abs() < 1e-6, "ten ties weigh as five wins each");
    let pulled = board(&wins(10).chain(tied(10)).collect::<Vec<_>>());
    assert!(of(&pulled, "a").score < of(&board(&wins(10).collect::<Vec<_>>()), "a").score);
    // A tie of three tells nothing of who is better.
    let three = board(&[vote(&["a", "b", "c"], Ruling::Tie)]);
    assert!(three.standings.iter().all(|s| (s.score - MIDDLE).abs() < 1e-6 && s.tied == 1));
}

#[test]
fn what_no_vote_connects_is_not_ranked_against_each_other() {
    let board = board(&[
        vote(&["a", "b"], Ruling::Won(0)),
        vote(&["b", "e"], Ruling::Won(0)),
        vote(&["c", "d"], Ruling::Won(1)),
        vote(&["f", "g"], Ruling::Bad),
    ]);
    let rows: Vec<_> = board.standings.iter().map(|s| (s.spec.as_str(), s.group, s.unranked)).collect();
    assert_eq!(
        rows,
        [
            ("a", 0, false),
            ("b", 0, false),
            ("e", 0, false),
            ("d", 1, false),
            ("c", 1, false),
            ("f", 2, true),
            ("g", 2, true),
        ]
    );
    assert_eq!((board.groups, board.votes, board.bad), (2, 4, 1));
    assert_eq!(of(&board, "e").told, Told::Last);
    assert_eq!((of(&board, "f").bad, of(&board, "f").won), (1, 0));
    assert_eq!(of(&board, "a").name, "a!");
}

#[test]
fn all_bad_compares_nothing() {
    let mut votes = vec![vote(&["a", "b"], Ruling::Won(0))];
    let before = board(&votes);
    votes.extend(std::iter::repeat_n(vote(&["a", "b"], Ruling::Bad), 50));
    let after = board(&votes);
    for spec in ["a", "b"] {
        assert!((of(&before, spec).score - of(&after, spec).score).abs() < 1e-9);
        assert_eq!(of(&after, spec).bad, 50);
    }
    assert_eq!(rank(&[]), Board::default());
}
