//! Several gateways on one PostgreSQL, and what becomes of them when it fails.
//!
//! | file | what |
//! | --- | --- |
//! | `world` | gateways on one database, and clients of them |
//! | `hints` | what changes through one is told by the other |
//! | `cluster` | a PostgreSQL of one test, which may crash |
//! | `failures` | TLS to it; what people see while it is away |
//! | `database` | how long PostgreSQL may take |
//!
//! Without a PostgreSQL (`PASSERELLE_TEST_POSTGRES`) there is nothing to test here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

#[expect(dead_code, reason = "the fault rig uses all of it")]
mod cluster;
mod database;
mod failures;
mod hints;
#[path = "../support/mod.rs"]
mod support;
mod world;
