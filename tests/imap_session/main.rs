//! IMAP sessions over a stream in memory, before a real gateway on a real store.
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

mod changes;
mod endings;
mod fetching;
mod forgotten;
mod logins;
mod mailboxes;
mod messages;
mod notify;
mod progress;
mod searching;
mod world;
