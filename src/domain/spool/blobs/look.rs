//! A look at the blob store: is a body there, and how large is it? For backups and checks.

use object_store::{Error, ObjectStoreExt};

use super::{Blobs, fault};
use crate::domain::Fault;

impl Blobs {
    /// Octets of a body; `None` where it is not there.
    pub(in crate::domain) async fn size_of(&self, name: &str) -> Result<Option<u64>, Fault> {
        match self.store.head(&self.path_of(name)).await {
            Ok(about) => Ok(Some(about.size)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(fault(&error)),
        }
    }
}
