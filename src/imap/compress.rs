//! COMPRESS (RFC 4978 §3): DEFLATE on this connection from the next octet on, both ways, until it closes.
//!
//! Only for those who have logged in, as the grammar has it (RFC 4978 §5), so no password is ever compressed unless the
//! client has itself gone back by UNAUTHENTICATE, which leaves the connection's layers as they are (RFC 8437 §3).

use super::answer::{Done, Failure, Outcome};
use super::serve::Context;
use super::session::COMPRESS;
use super::wire::write::Code;

/// The answer after which DEFLATE begins.
pub(super) const BEGIN_DEFLATE: Done = Done { code: None, text: "DEFLATE begins now" };

/// COMPRESS. `mechanism` in upper case.
pub(super) fn compress(context: &Context<'_>, mechanism: &str) -> Outcome {
    if context.is_hidden(COMPRESS) {
        return Err(Failure::bad("COMPRESS is not offered"));
    }
    if COMPRESS.strip_prefix("COMPRESS=") != Some(mechanism) {
        return Err(Failure::bad("Unknown compression: DEFLATE is known"));
    }
    if context.client.is_deflated() {
        return Err(Failure::refused(Code::CompressionActive, "DEFLATE is active already"));
    }
    Ok(BEGIN_DEFLATE)
}
