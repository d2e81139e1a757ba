//! Files that no row names: a crash between a file and its row left them. Their names tell when they were made, and no
//! name is given twice, so an old file that no row names now never will be named.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::{Duration, UNIX_EPOCH};

use futures_util::TryStreamExt;
use object_store::path::Path as ObjectPath;

use super::super::spool::blobs::Place;
use super::super::spool::{blobs, blocking};
use super::super::{Fault, Gateway};
use crate::model::Timestamp;
use crate::store::collect::blobs_in_use;
use crate::store::json_list;

/// Names asked for at once.
const NAMES_AT_ONCE: usize = 500;

/// A file older than the grace.
struct Old {
    path: PathBuf,
    /// `None`: half a body, whatever the rows say.
    name: Option<String>,
}

/// What becomes of files that nothing names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain) enum Sweep {
    Delete,
    Count,
}

impl Sweep {
    fn apply(self, paths: &[PathBuf]) -> io::Result<u64> {
        match self {
            Self::Delete => remove_all(paths),
            Self::Count => Ok(u64::try_from(paths.len()).unwrap_or(u64::MAX)),
        }
    }
}

impl Gateway {
    /// Deletes, or counts, files of the blob store and the spool that nothing names and that are older than
    /// `keeping.orphans_hours`; how many.
    pub(in crate::domain) async fn sweep_files(&self, sweep: Sweep) -> Result<u64, Fault> {
        let grace = i64::from(self.config.keeping.orphans_hours).saturating_mul(3_600_000_000);
        let before = Timestamp(self.clock.now().0.saturating_sub(grace));
        let mut swept = self.sweep_spool(sweep, before).await?;
        let folder = match self.blobs.place() {
            Place::Folder(folder) => folder.to_path_buf(),
            Place::Bucket { prefix } => return Ok(swept + self.sweep_bucket(sweep, prefix, before).await?),
        };
        for first in blocking(move || entries(&folder)).await? {
            let old = blocking(move || old_blobs(&first, before)).await?;
            for old in old.chunks(NAMES_AT_ONCE) {
                swept += self.sweep_blobs(sweep, old).await?;
            }
        }
        Ok(swept)
    }

    /// The same in a bucket. Uploads that a crash broke off are no objects yet: a rule of the bucket ends them.
    async fn sweep_bucket(&self, sweep: Sweep, prefix: &ObjectPath, before: Timestamp) -> Result<u64, Fault> {
        let is_old = |name: &String| blobs::made_at(name).is_some_and(|made| made < before);
        let old = self
            .blobs
            .list(prefix)
            .try_filter_map(|(path, name)| std::future::ready(Ok(name.filter(is_old).map(|name| (path, name)))));
        let mut lots = pin!(old.try_chunks(NAMES_AT_ONCE).map_err(|error| error.1));
        let mut swept = 0;
        while let Some(lot) = lots.try_next().await? {
            let names: Vec<&str> = lot.iter().map(|(_, name)| name.as_str()).collect();
            let in_use = self.in_use(&names).await?;
            for (path, _) in lot.iter().filter(|(_, name)| !in_use.contains(name)) {
                if sweep == Sweep::Delete {
                    self.blobs.delete_at(path).await?;
                }
                swept += 1;
            }
        }
        Ok(swept)
    }

    async fn in_use(&self, names: &[&str]) -> Result<HashSet<String>, Fault> {
        let read = self.store.read(json_list(names), |tx, names| Box::pin(blobs_in_use(tx, names)));
        Ok(read.await?.into_iter().collect())
    }

    async fn sweep_blobs(&self, sweep: Sweep, old: &[Old]) -> Result<u64, Fault> {
        let names: Vec<&str> = old.iter().filter_map(|old| old.name.as_deref()).collect();
        let in_use = self.in_use(&names).await?;
        let orphan = |old: &&Old| old.name.as_ref().is_none_or(|name| !in_use.contains(name));
        let orphans: Vec<PathBuf> = old.iter().filter(orphan).map(|old| old.path.clone()).collect();
        blocking(move || sweep.apply(&orphans)).await
    }

    /// The spool's files have no names; where a file system cannot do that, a crash may leave one.
    async fn sweep_spool(&self, sweep: Sweep, before: Timestamp) -> Result<u64, Fault> {
        let folder = self.blobs.spool_folder().to_owned();
        blocking(move || {
            let limit = UNIX_EPOCH + Duration::from_micros(u64::try_from(before.0).unwrap_or(0));
            let mut old = Vec::new();
            for path in entries(&folder)? {
                let about = fs::metadata(&path)?;
                if about.is_file() && about.modified()? < limit {
                    old.push(path);
                }
            }
            sweep.apply(&old)
        })
        .await
    }
}

/// The files two levels below that are old.
fn old_blobs(first: &Path, before: Timestamp) -> io::Result<Vec<Old>> {
    let mut old = Vec::new();
    for second in entries(first)? {
        for path in entries(&second)? {
            let Some(name) = name_of(&path) else { continue };
            // The blob store writes to `NAME#n` and renames.
            let (name, is_whole) = name.split_once('#').map_or((name.as_str(), true), |(name, _)| (name, false));
            if blobs::made_at(name).is_some_and(|made| made < before) {
                old.push(Old { path, name: is_whole.then(|| name.to_owned()) });
            }
        }
    }
    Ok(old)
}

/// `ab/cd/…` → the name in the store.
fn name_of(path: &Path) -> Option<String> {
    let mut parts: Vec<&str> = path.components().rev().take(3).filter_map(|part| part.as_os_str().to_str()).collect();
    parts.reverse();
    (parts.len() == 3).then(|| parts.concat())
}

/// What lies in a folder; nothing, where it is none.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn remove_all(paths: &[PathBuf]) -> io::Result<u64> {
    let mut removed = 0;
    for path in paths {
        match fs::remove_file(path) {
            Ok(()) => removed += 1,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}
