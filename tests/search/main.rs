//! SEARCH on 10 000 messages, by the index, without it, and by a naive model: the same hits (RFC 9051 §6.4.4).
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "../support/mod.rs"]
mod support;

mod chance;
mod letters;
mod model;
mod questions;
mod world;

use chance::Chance;
use letters::Letter;
use model::Model;
use questions::Question;
use support::TestStore;
use world::World;

const LETTERS: usize = 10_000;
/// Questions for one mailbox of all letters, and how many of them are answered without the index too: that reads all texts.
const QUESTIONS: usize = 300;
const SCANNED_EVERY: usize = 25;

#[tokio::test]
async fn same_hits_on_sqlite() {
    same_hits(support::sqlite().await).await;
}

#[tokio::test]
async fn same_hits_on_postgres() {
    if let Some(test) = support::postgres().await {
        same_hits(test).await;
    }
}

async fn same_hits(test: TestStore) {
    let mut chance = Chance::new(0x5EED);
    let letters: Vec<Letter> = (0..LETTERS).map(|number| Letter::new(number, &mut chance)).collect();
    let model = Model::of(&letters);
    let world = World::new(test).await;
    world.fill(&letters).await;
    let (mut indexed, mut scanning) = (world.client(true).await, world.client(false).await);
    let mut hits = 0;
    for number in 0..QUESTIONS {
        let question = Question::new(&letters, &mut chance);
        let expected = model.answer(&question);
        hits += usize::from(!expected.is_empty());
        let told = format!("{} {number}: {question:?}", world.engine);
        assert_same(&indexed.search(&question).await, &expected, &letters, &told);
        if number % SCANNED_EVERY == 0 {
            assert_same(&scanning.search(&question).await, &expected, &letters, &format!("{told}, without the index"));
        }
    }
    assert!(hits > QUESTIONS / 3, "only {hits} questions had an answer");
}

/// Both rising.
fn assert_same(found: &[usize], expected: &[usize], letters: &[Letter], told: &str) {
    let differs = found.iter().zip(expected).position(|(found, expected)| found != expected);
    let place = differs.unwrap_or(found.len().min(expected.len()));
    if let Some(number) = found.get(place).into_iter().chain(expected.get(place)).min() {
        let what = if expected.get(place) == Some(number) { "missed" } else { "wrongly found" };
        panic!("{told}: {what} letter {number}: {:?}", letters[*number]);
    }
}
