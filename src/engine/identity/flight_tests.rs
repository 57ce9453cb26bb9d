use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use super::{Flight, LIMIT};
use crate::model::Class;
use crate::model::Fault;

fn hang() -> Fault {
    Fault::new(Class::Key, "took too long")
}

fn within(seconds: u64) -> SystemTime {
    SystemTime::now() + Duration::from_secs(seconds)
}

#[tokio::test]
async fn those_who_ask_together_make_one_fetch() {
    let (flight, fetched) = (Flight::default(), AtomicUsize::new(0));
    let ask = || {
        flight.get(hang, async {
            tokio::task::yield_now().await;
            Ok((fetched.fetch_add(1, Ordering::Relaxed), Some(within(3600))))
        })
    };
    let all = futures_util::future::join_all([ask(), ask(), ask()]).await;
    assert!(all.iter().all(|got| *got == Ok(0)), "{all:?}");
    assert_eq!(ask().await, Ok(0), "and it is kept");
}

#[tokio::test]
async fn what_is_about_to_expire_is_renewed_first() {
    let flight = Flight::default();
    assert_eq!(flight.get(hang, async { Ok((1, Some(within(50)))) }).await, Ok(1));
    assert_eq!(flight.get(hang, async { Ok((2, Some(within(90)))) }).await, Ok(2));
    assert_eq!(flight.get(hang, async { Ok((3, None)) }).await, Ok(2));
}

#[tokio::test]
async fn what_could_not_be_renewed_is_used_while_it_lives() {
    let flight = Flight::default();
    let down = || async { Err(Fault::new(Class::Unreachable, "down")) };
    assert_eq!(flight.get(hang, async { Ok((1, Some(within(50)))) }).await, Ok(1));
    assert_eq!(flight.get(hang, down()).await, Ok(1));
    let flight = Flight::default();
    assert_eq!(flight.get(hang, async { Ok((1, Some(within(0)))) }).await, Ok(1));
    assert_eq!(flight.get(hang, down()).await.unwrap_err().message, "down");
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_hangs_ends_once_for_all_who_wait() {
    let flight: Flight<u8> = Flight::default();
    let begun = tokio::time::Instant::now();
    let ask = || flight.get(hang, std::future::pending());
    let all = futures_util::future::join_all([ask(), ask(), ask(), ask()]).await;
    assert!(all.iter().all(|got| *got == Err(hang())));
    assert!(begun.elapsed() < LIMIT + Duration::from_secs(1), "{:?}", begun.elapsed());
    // A failure is shared, not kept.
    assert_eq!(flight.get(hang, async { Ok((7, None)) }).await, Ok(7));
}

#[tokio::test]
async fn a_pane_that_is_cancelled_leaves_the_fetch_to_the_next() {
    let flight: Flight<u8> = Flight::default();
    let cancelled =
        tokio::time::timeout(Duration::from_millis(5), flight.get(hang, std::future::pending())).await;
    assert!(cancelled.is_err());
    assert_eq!(flight.get(hang, async { Ok((7, None)) }).await, Ok(7));
}
