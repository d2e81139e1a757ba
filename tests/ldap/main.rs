//! LDAP: sessions on a gateway with the sample school, on both engines; what real clients send; what pupils try.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod client;
mod clients_forms;
mod endings;
mod guessing;
mod hostile;
mod ldapsearch;
mod logins;
mod request;
mod searching;
#[path = "../support/mod.rs"]
mod support;
mod world;
