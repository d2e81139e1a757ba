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
/// Texts that the index is asked for.
const TEXTS: usize = 2_000;
/// Questions that a client asks, and how many of them are answered without the index too: that reads all texts.
const QUESTIONS: usize = 150;
const SCANNED_EVERY: usize = 15;

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
    nothing_is_left_out(&world, &letters, &model, &mut chance).await;
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

/// Whatever has a text is among what the index proposes, and what it proposes is not simply everything.
async fn nothing_is_left_out(world: &World, letters: &[Letter], model: &Model, chance: &mut Chance) {
    let messages = world.messages().await;
    let (mut asked, mut needless) = (0, 0);
    for _ in 0..TEXTS {
        let question = Question::leaf(letters, chance);
        let Some(proposed) = world.propose(question.sought()).await else { continue };
        asked += 1;
        let expected = model.answer(&question);
        needless += proposed.len().saturating_sub(expected.len());
        for number in expected {
            let found = proposed.binary_search(&messages[number]).is_ok();
            assert!(found, "{}: {question:?} is not proposed for {:?}", world.engine, letters[number]);
        }
    }
    // PostgreSQL takes trigrams from words alone.
    assert!(asked > TEXTS / 2, "{}: only {asked} were asked", world.engine);
    assert!(needless < asked * LETTERS / 20, "{}: {needless} of {asked} were proposed in vain", world.engine);
}

/// Both rising.
fn assert_same(found: &[usize], expected: &[usize], letters: &[Letter], told: &str) {
    let differs = found.iter().zip(expected).position(|(found, expected)| found != expected);
    let place = differs.unwrap_or_else(|| found.len().min(expected.len()));
    if let Some(number) = found.get(place).into_iter().chain(expected.get(place)).min() {
        let what = if expected.get(place) == Some(number) { "missed" } else { "wrongly found" };
        panic!("{told}: {what} letter {number}: {:?}", letters[*number]);
    }
}
