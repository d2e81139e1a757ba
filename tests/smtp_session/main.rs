//! Submission sessions over a stream in memory, before a real gateway on a real store.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

#[path = "../support/mod.rs"]
mod support;

mod endings;
mod messages;
mod sessions;
mod world;
