//! What those who run the service see: metrics and the admin page, over real connections.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod admin;
mod browser;
mod metrics;
mod packaged;
#[path = "../cli/sandbox.rs"]
#[allow(dead_code, reason = "of the tests of the command line")]
mod sandbox;
#[path = "../support/mod.rs"]
mod support;
mod world;
