//! The blob store: bodies above the threshold, streamed, and synced before the row that names them. No name is given
//! twice, so that a file whose row has gone can be deleted, whoever stores the same body again meanwhile.
//!
//! It is a folder, of this machine or shared by several gateways (file and folder are synced), or an S3 bucket (`bucket`),
//! whose answer means as much. Where it does not answer, it is that body that cannot be read: nothing else asks for it.

mod look;

use std::fs::{DirBuilder, File};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    Error, GetOptions, GetRange, GetResultPayload, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutPayload,
};
use tokio::sync::{OnceCell, Semaphore};

use super::bucket::{self, BucketAnswer};
use super::fault::fault;
use super::{Limits, blocking};
use crate::config::Config;
use crate::domain::{Fault, clock};
use crate::model::Timestamp;

/// Octets read and written at a time: the least that S3 takes as a part.
const PART_BYTES: u64 = 5 << 20;

/// Where large bodies lie, and where messages wait while they come in.
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    place: Place,
    /// Bodies that are being written: each has a part in memory.
    uploads: Semaphore,
    limits: Limits,
}

/// What kind of store it is.
#[derive(Clone, Debug)]
pub(in crate::domain) enum Place {
    /// Files, which can be opened.
    Folder(Arc<FilePath>),
    /// `prefix` stands before every name, and ends in a slash where there is one.
    Bucket { prefix: Path },
}

fn make_folder(folder: &FilePath) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

impl Blobs {
    /// Opens what the settings name, and `spool` in the data folder, readable by this account alone.
    pub(in crate::domain) fn open(config: &Config) -> Result<Self, Fault> {
        let spool = config.data_dir.join("spool");
        make_folder(&spool)?;
        let settings = &config.store.blobs;
        let (store, place): (Arc<dyn ObjectStore>, _) = match &settings.bucket {
            Some(name) => {
                let (store, prefix) = bucket::open(name, settings)?;
                (store, Place::Bucket { prefix })
            }
            None => {
                let folder = settings.folder.clone().unwrap_or_else(|| config.data_dir.join("blobs"));
                make_folder(&folder)?;
                let store = LocalFileSystem::new_with_prefix(&folder).map_err(|error| fault(&error))?;
                (Arc::new(store.with_fsync(true)), Place::Folder(Arc::from(folder)))
            }
        };
        let uploads = Semaphore::new(settings.uploads_at_once_max.clamp(1, Semaphore::MAX_PERMITS));
        Ok(Self { store, place, uploads, limits: super::limits(config, FilePath::new(&spool)) })
    }

    /// Asks a bucket whether it is there and lets us in.
    pub(in crate::domain) async fn ask(&self) -> BucketAnswer {
        match &self.place {
            Place::Folder(_) => BucketAnswer::Fine,
            Place::Bucket { prefix } => bucket::ask(&*self.store, prefix).await,
        }
    }

    /// What kind of store it is.
    pub(in crate::domain) fn place(&self) -> &Place {
        &self.place
    }

    /// The objects of a bucket, by their names; `None` for one that is not ours.
    pub(in crate::domain) fn list(&self, prefix: &Path) -> BoxStream<'static, Result<(Path, Option<String>), Fault>> {
        let below = prefix.clone();
        let named = move |object: ObjectMeta| {
            let parts = object.location.prefix_match(&below);
            let name = parts.map(|parts| parts.map(|part| part.as_ref().to_owned()).collect::<String>());
            (object.location, name)
        };
        Box::pin(self.store.list(Some(prefix)).map_ok(named).map_err(|error| fault(&error)))
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
        let path = self.path_of(name);
        // The semaphore is never closed.
        let _place = self.uploads.acquire().await.map_err(|error| Fault::Worker(error.to_string()))?;
        if size <= PART_BYTES && matches!(self.place, Place::Bucket { .. }) {
            let whole = PutPayload::from(read_part(file, 0, size).await?);
            return self.store.put(&path, whole).await.map(drop).map_err(|error| fault(&error));
        }
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
        self.delete_at(&self.path_of(name)).await
    }

    /// The same, by its place.
    pub(in crate::domain) async fn delete_at(&self, path: &Path) -> Result<(), Fault> {
        match self.store.delete(path).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(fault(&error)),
        }
    }

    /// Reads octets of a body that is there. `open` keeps its file from piece to piece.
    pub(in crate::domain) async fn read(&self, open: &OpenBlob, range: Range<u64>) -> Result<Bytes, Fault> {
        let path = self.path_of(&open.name);
        let file = match &self.place {
            Place::Folder(_) => open.file.get_or_try_init(|| self.open_file(&path)).await?.as_ref(),
            Place::Bucket { .. } => None,
        };
        match file {
            Some(file) => read_file(Arc::clone(file), range).await,
            None => self.store.get_range(&path, range).await.map_err(|error| fault(&error)),
        }
    }

    /// `ab/cd/…`: names are fanned out over two levels of folders.
    fn path_of(&self, name: &str) -> Path {
        let (first, rest) = name.split_at_checked(2).unwrap_or((name, ""));
        let (second, rest) = rest.split_at_checked(2).unwrap_or((rest, ""));
        let before = match &self.place {
            Place::Folder(_) => Path::default(),
            Place::Bucket { prefix } => prefix.clone(),
        };
        [first, second, rest].into_iter().fold(before, |path, part| path.join(part))
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

async fn read_part(file: &Arc<File>, offset: u64, count: u64) -> Result<Vec<u8>, Fault> {
    let file = Arc::clone(file);
    let read = blocking(move || {
        let mut part = vec![0; usize::try_from(count).map_err(std::io::Error::other)?];
        file.read_exact_at(&mut part, offset)?;
        Ok(part)
    });
    read.await
}

async fn upload_all(upload: &mut dyn MultipartUpload, file: &Arc<File>, size: u64) -> Result<(), Fault> {
    let mut offset = 0;
    while offset < size {
        let count = PART_BYTES.min(size - offset);
        let part = PutPayload::from(read_part(file, offset, count).await?);
        upload.put_part(part).await.map_err(|error| fault(&error))?;
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
