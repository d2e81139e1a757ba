//! The person's page, over HTTP, as browsers and those who attack them speak it; an OpenID provider of the test's own; and
//! Chromium, where it is there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod browser;
mod chromium;
mod devices;
mod headers;
#[path = "../people/issuer.rs"]
#[allow(dead_code, reason = "its keys are used, and not its pages")]
mod issuer;
mod limits;
mod news;
mod provider;
mod sign_in;
#[path = "../support/mod.rs"]
mod support;
mod through_ent;
mod world;
