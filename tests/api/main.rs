//! The JSON API for the ENT, event streams, the badge and webhooks, over HTTP, on both engines.
//!
//! | file | what |
//! | --- | --- |
//! | `world` | a server with two schools, tokens, an HTTP client |
//! | `coming_in` | who may come in: every route, with everything that is no token |
//! | `answers` | what the routes answer |
//! | `streams` | server-sent events |
//! | `directory` | changes of the directory |
//! | `webhook`, `receiver` | webhooks, and who receives them |
//! | `killed` | the server as a process that is killed while it tells |
//! | `badge` | the badge in a browser |
//! | `examples` | those of docs/api.md |
//! | `described` | the description and the routes; schemathesis over it |
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod answers;
mod badge;
#[path = "../support/client.rs"]
mod client;
mod coming_in;
mod described;
mod directory;
mod examples;
mod killed;
mod receiver;
mod streams;
#[path = "../support/mod.rs"]
mod support;
mod webhook;
mod world;
