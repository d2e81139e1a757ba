//! PURE: octets ↔ LDAP messages (RFC 4511 §4, §5).
//!
//! | file | what |
//! | --- | --- |
//! | `ber` | elements: tag, length, content |
//! | `frame` | where a message ends |
//! | `message` | octets → requests and their controls |
//! | `filter` | the filter of a search |
//! | `paged` | the control that asks for results page by page |
//! | `answer` | answers → octets |

pub mod answer;
pub mod ber;
pub mod filter;
pub mod frame;
pub mod message;
pub mod paged;
#[cfg(test)]
mod tests;

/// How much one message may ask (settings).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How deep filters may stand in each other.
    pub nesting_max: usize,
    /// Parts of one filter: filters, and the pieces of substrings.
    pub filter_items_max: usize,
    /// Attributes that a search may name.
    pub attributes_max: usize,
}
