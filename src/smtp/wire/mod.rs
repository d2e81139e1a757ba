//! PURE: SMTP as octets. Lines, command arguments, SASL exchanges, message data, replies.
//!
//! | file | what |
//! | --- | --- |
//! | `line` | octets → lines, on CRLF only |
//! | `command` | a line → [`command::Command`]; smtp-proto reads paths and parameters behind our guards |
//! | `sasl` | AUTH PLAIN and LOGIN → a name and a password |
//! | `data` | DATA → the message, dots removed; bare CR and LF found |
//! | `reply` | codes and text → octets |

pub mod command;
pub mod data;
pub mod line;
pub mod reply;
pub mod sasl;
