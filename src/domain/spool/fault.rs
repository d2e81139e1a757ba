//! What the blob store says where it fails, and which setting is wrong, where it is one. Never a key.

use std::error::Error as _;

use object_store::Error;

use super::bucket::{KEY_VARIABLE, SECRET_VARIABLE};
use crate::domain::Fault;

/// The name of a bucket that is not there, as S3 says it.
pub(super) const NO_SUCH_BUCKET: &str = "NoSuchBucket";
/// A certificate that is not believed, as rustls says it.
const BAD_CERTIFICATE: &str = "invalid peer certificate";

pub(super) fn fault(error: &Error) -> Fault {
    let text = with_causes(error);
    Fault::Blob(match error {
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => format!(
            "the bucket refuses this key (`store.blobs.credentials_file`, or {KEY_VARIABLE} and {SECRET_VARIABLE}), or \
            does not allow it what it needs: {text}"
        ),
        _ if text.contains(NO_SUCH_BUCKET) => format!("there is no such bucket (`store.blobs.bucket`): {text}"),
        _ if text.contains(BAD_CERTIFICATE) => {
            format!("the certificate of `store.blobs.endpoint` is not believed (`store.blobs.ca_file`): {text}")
        }
        _ => text,
    })
}

/// All that is known of it: an error of the network's names its cause, and does not tell it.
fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let why = deeper.to_string();
        if !text.contains(&why) {
            text.push_str(": ");
            text.push_str(&why);
        }
        cause = deeper.source();
    }
    text
}
