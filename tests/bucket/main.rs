//! Large bodies in an S3 bucket: a server from a registry (`moto_server`), and a wire that fails when it is told to.
//!
//! Without `moto_server` on the PATH there is nothing to test here; CI installs it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bodies;
mod service;
#[path = "../support/mod.rs"]
mod support;
#[path = "../store/world.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared")]
mod world;
