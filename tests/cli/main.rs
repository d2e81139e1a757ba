//! The program as an admin meets it: the server in process and as a process, the control socket, the command line.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

#[path = "../migration/archive.rs"]
#[allow(dead_code, reason = "of the tests of migration")]
mod archive;
mod commands;
mod control;
mod demo;
mod devices;
mod doctor;
mod keeping;
mod migration;
mod outdated;
mod proxied;
mod recall;
mod restoring;
mod sandbox;
mod server;
mod setup;
mod stopping;
#[path = "../support/mod.rs"]
mod support;
mod switch;
mod systemd;
mod upkeep;
