//! Does everything hold that must? The statements of `store::verify`, in one snapshot; and what lies outside of the
//! database: files, the trail's chain, and, where it is asked for, every octet of every message. Changes nothing.

mod octets;

use std::sync::Arc;

use super::collect::Sweep;
use super::import::progress::{Progress, Stage};
use super::{Fault, Gateway};
use crate::store::verify::{self, octets::blobs};
pub use crate::store::verify::{Finding, Repair, Weight};
use crate::store::{collect::blobs_in_use, json_list};

/// Names of files asked for at once.
const NAMES_AT_ONCE: usize = 500;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many checks were made.
    pub checks: usize,
    /// Those that found something.
    pub findings: Vec<Finding>,
}

impl Verified {
    /// Is nothing wrong? Wasted room is not.
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.weight == Weight::Warning)
    }
}

impl Gateway {
    /// Goes through the whole store; `deep`: reads every message again, too.
    pub async fn verify(&self, deep: bool, progress: &Arc<Progress>) -> Result<Verified, Fault> {
        let mut checks = verify::steps();
        progress.begin(Stage::Verifying, checks);
        let read = self.store.read_snapshot(Arc::clone(progress), |tx, progress| {
            Box::pin(async move {
                let progress = Arc::clone(progress);
                verify::verify(tx, &move || progress.advance(1)).await
            })
        });
        let mut findings = read.await?;
        let outside = [self.verify_blobs().await?, vec![self.verify_trail().await?]].concat();
        checks += outside.len();
        findings.extend(outside);
        if deep {
            findings.extend(self.store.check_file().await?);
            let octets = self.verify_octets(progress).await?.findings();
            checks += 1 + octets.len();
            findings.extend(octets);
        }
        findings.retain(|finding| finding.count > 0);
        Ok(Verified { checks, findings })
    }

    /// Files of the blob store: those that rows name, and those that none does.
    async fn verify_blobs(&self) -> Result<Vec<Finding>, Fault> {
        let mut missing =
            Finding::none("blob-missing", "a large body is not in the blob store: its messages cannot be read");
        let mut size = Finding::none("blob-size", "a large body is longer or shorter in the blob store than noted");
        let mut after = String::new();
        loop {
            let read = self.store.read((after, NAMES_AT_ONCE), |tx, asked| Box::pin(blobs(tx, asked)));
            let page = read.await?;
            let Some((last, _)) = page.last() else { break };
            after = last.clone();
            for (name, expected) in page {
                match self.blobs.size_of(&name).await? {
                    Some(there) if i64::try_from(there) == Ok(expected) => {}
                    // It may have been collected meanwhile.
                    _ if !self.is_named(&name).await? => {}
                    Some(_) => size.add(format!("file {name}")),
                    None => missing.add(format!("file {name}")),
                }
            }
        }
        let mut orphans = Finding::none("blob-lost", "nothing names a file of the blob store or the spool")
            .mended_by(Repair::OrphanBlobs);
        orphans.weight = Weight::Warning;
        orphans.count = self.sweep_files(Sweep::Count).await?;
        Ok(vec![missing, size, orphans])
    }

    async fn is_named(&self, name: &str) -> Result<bool, Fault> {
        let read = self.store.read(json_list(&[name]), |tx, names| Box::pin(blobs_in_use(tx, names)));
        Ok(!read.await?.is_empty())
    }

    async fn verify_trail(&self) -> Result<Finding, Fault> {
        let mut finding = Finding::none("trail", "the trail was changed, or its end cut off (passerelle trail verify)");
        self.check_trail(None).await?.problems.into_iter().for_each(|problem| finding.add(problem));
        Ok(finding)
    }
}
