//! What GETMETADATA, SETMETADATA and LIST RETURN (METADATA …) can ask (RFC 5464 §4, RFC 9590 §3).

use super::command::MailboxArgument;
use crate::domain::metadata::Depth;
use crate::model::AnnotationName;

/// GETMETADATA, or the option of LIST.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GetMetadata {
    pub names: Vec<AnnotationName>,
    /// Values of more octets than this are not told.
    pub bytes_max: Option<u64>,
    pub depth: Depth,
}

/// SETMETADATA. `None` in the place of a value removes it.
#[derive(Clone, Debug, PartialEq)]
pub struct SetMetadata {
    pub values: Vec<(AnnotationName, Option<Vec<u8>>)>,
}

/// What annotations belong to: a mailbox, or (the empty name) the server.
#[derive(Clone, Debug, PartialEq)]
pub enum Annotated {
    Server,
    Mailbox(MailboxArgument),
}
