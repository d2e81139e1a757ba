//! Large bodies in an S3 bucket: a server from a registry (`moto_server`), and a wire that fails when it is told to.
//!
//! Without `moto_server` on the PATH there is nothing to test here; CI installs it.
//!
//! | file | what |
//! | --- | --- |
//! | `service` | the server, and the wire to it |
//! | `bodies` | bodies in the bucket: whole, by ranges, away, slow, collected |
//! | `settings` | keys, buckets and authorities that are wrong: which setting it is |
//! | `backups` | out of the bucket, into it, and what verify finds in it |
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod backups;
mod bodies;
mod service;
mod settings;
#[path = "../support/mod.rs"]
mod support;
#[path = "../store/world.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared")]
mod world;
