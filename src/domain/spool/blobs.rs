//! The blob store: bodies above the threshold, streamed, and synced (file and folder) before the row that names them. No
//! name is given twice, so that a file whose row has gone can be deleted, whoever stores the same body again meanwhile. Behind `object_store`, so that several gateways can share an S3 bucket one day.

mod look;

use std::fs::{DirBuilder, File};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    Error, GetOptions, GetRange, GetResultPayload, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload,
};
use tokio::sync::OnceCell;

use super::{Limits, blocking};
use crate::config::Config;
use crate::domain::{Fault, clock};
use crate::model::Timestamp;

/// Octets read and written at a time: the least that S3 takes as a part.
const PART_BYTES: u64 = 5 << 20;

/// Where large bodies lie, and where messages wait while they come in.
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    folder: Arc<FilePath>,
    limits: Limits,
}

impl Blobs {
    /// Opens `blobs` and `spool` in the data folder, readable by this account alone.
    pub(in crate::domain) fn open(config: &Config) -> Result<Self, Fault> {
        let (blobs, spool) = (config.data_dir.join("blobs"), config.data_dir.join("spool"));
        for folder in [&blobs, &spool] {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let store = LocalFileSystem::new_with_prefix(&blobs).map_err(|error| fault(&error))?.with_fsync(true);
        let limits = super::limits(config, FilePath::new(&spool));
        Ok(Self { store: Arc::new(store), folder: Arc::from(blobs), limits })
    }

    /// Where its files are.
    pub(in crate::domain) fn folder(&self) -> &FilePath {
        &self.folder
    }

    /// Where messages wait while they come in.
    pub(in crate::domain) fn spool_folder(&self) -> &FilePath {
        &self.limits.folder
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Writes a body under a name that nobody has had or will have.
    pub(in crate::domain) async fn put(&self, name: &str, file: &Arc<File>, size: u64) -> Result<(), Fault> {
        let path = path_of(name);
        let mut upload = self.store.put_multipart(&path).await.map_err(|error| fault(&error))?;
        let result = upload_all(upload.as_mut(), file, size).await;
        if result.is_err()
            && let Err(error) = upload.abort().await
        {
            tracing::warn!(%error, "an unfinished upload was left in the blob store");
        }
        result
    }

    /// Deletes a body that no row names any more. One that is not there is deleted.
    pub(in crate::domain) async fn delete(&self, name: &str) -> Result<(), Fault> {
        match self.store.delete(&path_of(name)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(fault(&error)),
        }
    }

    /// Reads octets of a body that is there. `open` keeps its file from piece to piece.
    pub(in crate::domain) async fn read(&self, open: &OpenBlob, range: Range<u64>) -> Result<Bytes, Fault> {
        let path = path_of(&open.name);
        match open.file.get_or_try_init(|| self.open_file(&path)).await? {
            Some(file) => read_file(Arc::clone(file), range).await,
            None => self.store.get_range(&path, range).await.map_err(|error| fault(&error)),
        }
    }

    /// The file of a blob; `None` where the store keeps none here.
    async fn open_file(&self, path: &Path) -> Result<Option<Arc<File>>, Fault> {
        // One octet: a store elsewhere sends no more than that.
        let first = GetOptions { range: Some(GetRange::Bounded(0..1)), ..GetOptions::default() };
        let got = self.store.get_opts(path, first).await.map_err(|error| fault(&error))?;
        Ok(match got.payload {
            GetResultPayload::File(file, _) => Some(Arc::new(file)),
            GetResultPayload::Stream(_) => None,
        })
    }
}

/// A blob that is being read.
#[derive(Clone, Debug)]
pub struct OpenBlob {
    name: String,
    file: Arc<OnceCell<Option<Arc<File>>>>,
}

impl OpenBlob {
    /// Not opened yet.
    pub(in crate::domain) fn new(name: String) -> Self {
        Self { name, file: Arc::default() }
    }
}

/// The buffer is made here, not on the thread that reads: each of many such threads would keep its own.
async fn read_file(file: Arc<File>, range: Range<u64>) -> Result<Bytes, Fault> {
    let count = usize::try_from(range.end.saturating_sub(range.start));
    let mut octets = vec![0; count.map_err(|error| Fault::Blob(error.to_string()))?];
    let read = blocking(move || {
        let result = file.read_exact_at(&mut octets, range.start);
        Ok(result.map(|()| octets))
    });
    read.await?.map(Bytes::from).map_err(|error| Fault::Blob(error.to_string()))
}

async fn upload_all(upload: &mut dyn MultipartUpload, file: &Arc<File>, size: u64) -> Result<(), Fault> {
    let mut offset = 0;
    while offset < size {
        let count = PART_BYTES.min(size - offset);
        let file = Arc::clone(file);
        let part = blocking(move || {
            let mut part = vec![0; usize::try_from(count).map_err(std::io::Error::other)?];
            file.read_exact_at(&mut part, offset)?;
            Ok(part)
        })
        .await?;
        upload.put_part(PutPayload::from(part)).await.map_err(|error| fault(&error))?;
        offset += count;
    }
    upload.complete().await.map(drop).map_err(|error| fault(&error))
}

/// A new name for a body: its hash, and an id that tells when it was made.
pub(in crate::domain) fn new_name(hash: &[u8; 32], id: i64) -> String {
    format!("{}-{id:016x}", blake3::Hash::from_bytes(*hash).to_hex())
}

/// When a name was made; `None` where it is none of ours.
pub(in crate::domain) fn made_at(name: &str) -> Option<Timestamp> {
    let (hash, id) = name.split_once('-')?;
    let is_ours = hash.len() == 64 && id.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = is_ours.then(|| i64::from_str_radix(id, 16).ok())??;
    Some(clock::made_at(id))
}

/// `ab/cd/…`: names are fanned out over two levels of folders.
fn path_of(name: &str) -> Path {
    let (first, rest) = name.split_at_checked(2).unwrap_or((name, ""));
    let (second, rest) = rest.split_at_checked(2).unwrap_or((rest, ""));
    Path::from_iter([first, second, rest])
}

fn fault(error: &Error) -> Fault {
    Fault::Blob(error.to_string())
}
