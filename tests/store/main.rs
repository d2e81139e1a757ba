//! Mail in the store, through the gateway, on both engines.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod collecting;
mod collecting_apart;
mod delivering;
mod engine;
mod flagging;
mod limits;
mod loads;
mod mailboxes;
mod moving;
mod quiet;
mod reading;
mod recall;
mod recovering;
mod sending_once;
#[path = "../support/mod.rs"]
mod support;
mod trail;
mod upgrading;
mod world;
