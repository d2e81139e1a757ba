//! Passerelle: a school's internal messaging, within reach of ordinary mail clients.
//!
//! Data flows down this list, and a part names only parts below it (`tests/tidy.rs`; `docs/architecture.md` has the whole map):
//! `cli`; `server`, `tls`; `smtp`, `imap`, `ldap`, `http`; `control`; `domain`; `ent`, `store`; and the pure ones, named by all: `mime`,
//! `model`, `metrics`, `sasl`, `config`, `sentences`.
//!
//! **A message goes out.** 1. `server` accepts, does TLS and starts [`smtp::run`] on the stream. 2. `smtp::wire` cuts octets into
//! lines and lines into commands. 3. `smtp::session`, a pure state machine, says what each command means now. 4. RCPT asks
//! [`domain::Gateway::may_write`]: address → person or group → the rules of `domain::policy`. 5. DATA goes to `domain::spool`;
//! then [`domain::Gateway::submit`] expands groups and places the message in every INBOX and in Sent, in one transaction.
//! 6. `domain::changes` wakes the sessions that wait there.
//!
//! **A message is read.** 1. [`imap::run`] reads a command through `imap::wire`. 2. `imap::session::CommandRule` says whether it
//! may come now. 3. The handler turns sequence numbers into UIDs by `imap::view`; below that there are UIDs only. 4. It asks the
//! [`domain::Gateway`], and writes its responses into the outbox. 5. The view tells what others did, then the tagged answer.

pub mod cli;
pub mod config;
pub mod connection;
pub mod control;
pub mod doctor;
pub mod domain;
pub mod ent;
pub mod http;
pub mod imap;
pub mod ldap;
pub mod logging;
pub mod metrics;
pub mod mime;
pub mod model;
pub mod sample;
pub mod sasl;
pub mod sentences;
pub mod server;
pub mod smtp;
pub mod store;
pub mod tls;
