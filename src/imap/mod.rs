//! PROTOCOL: IMAP (RFC 9051, RFC 3501). Runs one session on any byte stream.
pub mod wire;
