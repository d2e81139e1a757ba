//! Address books over CardDAV (RFC 6352), asked as real clients ask, on SQLite and on PostgreSQL.
//!
//! | file | what |
//! | --- | --- |
//! | `world` | the sample school behind the HTTP routes, and how to ask |
//! | `clients` | the requests of Thunderbird, iOS, DAVx5, Evolution and macOS, one after the other |
//! | `sync` | what a client hears of changes |
//! | `hostile` | paths of others, passwords, XML, sizes |
//! | `vdirsyncer` | a client that others wrote, over TLS |
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

mod clients;
mod hostile;
#[path = "../support/mod.rs"]
mod support;
mod sync;
mod vdirsyncer;
mod world;
