//! What earlier releases made, and this program must go on with: a database of each engine and a backup, in
//! `tests/fixtures/VERSION`.
//!
//! | file | what |
//! | --- | --- |
//! | `make` | makes the fixture of this version, by command only |
//! | `fill` | the school of the fixture, by what people and clients do |
//! | `fixture` | a fixture's files, and how they are opened |
//! | `talk` | an IMAP client, and all that it hears |
//! | `opening` | databases of every release, opened by this program |
//! | `backups` | backups of every release, and others that are refused |
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod backups;
mod fill;
mod fixture;
mod make;
mod opening;
#[path = "../support/mod.rs"]
mod support;
mod talk;
