//! Verify, repair and backup, on both engines and from one to the other.
#![allow(
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod archive;
mod backups;
mod cases;
mod faults;
mod full;
mod sizes;
#[path = "../support/mod.rs"]
mod support;
#[path = "../store/world.rs"]
mod world;
