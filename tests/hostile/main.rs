//! Pupils with time and talent: attacks on a real gateway and on a real process, each with what stops it.
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

#[path = "../support/client.rs"]
mod client;

#[path = "../migration/archive.rs"]
#[allow(dead_code, reason = "of the tests of migration")]
mod archive;

mod answers;
mod compress;
mod devices;
mod identity;
mod in_step;
mod interrupted;
mod limits;
mod logs;
mod memory;
mod others_mail;
mod recall;
mod sentences;
mod switch;

mod world;
