//! PURE: SMTP as octets. Lines, command arguments, message data, replies.
//!
//! | file | what |
//! | --- | --- |
//! | `line` | octets → lines, on CRLF only |
//! | `command` | a line → [`command::Command`]; smtp-proto reads paths and parameters behind our guards |
//! | `data` | DATA → the message, dots removed; bare CR and LF found |
//! | `reply` | codes and text → octets |

pub mod command;
pub mod data;
pub mod line;
pub mod reply;
