//! Is the trail whole? Every line is hashed again, and the chain's end compared with what is known of it elsewhere.

use std::io;
use std::path::PathBuf;

use tokio::io::AsyncWriteExt;

use super::{Fault, Gateway, TrailHead};
use crate::model::{TRAIL_START, Timestamp};
use crate::store::trail::{self, Chained};

/// Lines read at a time.
const PAGE_LINES: usize = 5000;
/// Faults told at most.
const PROBLEMS_MAX: usize = 20;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailCheck {
    /// The end of the chain as it was worked out: worth noting elsewhere.
    pub head: TrailHead,
    /// Lines that have no place in the chain yet, and since when the oldest waits: more than a few seconds says that no
    /// server runs.
    pub waiting: i64,
    pub waiting_since: Option<Timestamp>,
    /// Each fault in a sentence, the first ones; none: the trail is whole.
    pub problems: Vec<String>,
}

/// Lines gone through so far.
struct Walk {
    head: TrailHead,
    /// Ends of the chain that are known from elsewhere and have not been passed.
    known: Vec<(String, TrailHead)>,
    problems: Vec<String>,
}

impl Gateway {
    /// Goes through the whole trail. `noted`: an end of the chain that an admin noted earlier.
    pub async fn check_trail(&self, noted: Option<TrailHead>) -> Result<TrailCheck, Fault> {
        let stored = self.store.read((), |tx, none| Box::pin(trail::head(tx, none))).await?;
        let mut known: Vec<(String, TrailHead)> =
            noted.into_iter().map(|head| ("the end given".to_owned(), head)).collect();
        if let Some(head) = self.noted_head().await? {
            known.push((self.head_file().display().to_string(), head));
        }
        let mut problems = Vec::new();
        match stored {
            Some(head) => known.push(("the store's own note of its end".to_owned(), head)),
            None => problems.push("the store's own note of the chain's end is missing or unreadable".to_owned()),
        }
        let mut walk = Walk { head: TrailHead { seq: 0, hash: TRAIL_START }, known, problems };
        loop {
            let lines =
                self.store.read((walk.head.seq, PAGE_LINES), |tx, asked| Box::pin(trail::page(tx, asked))).await?;
            if lines.is_empty() {
                break;
            }
            lines.iter().for_each(|line| walk.line(line));
        }
        let (waiting, waiting_since) = self.store.read((), |tx, none| Box::pin(trail::waiting(tx, none))).await?;
        Ok(walk.finish(waiting, waiting_since))
    }

    /// Where this gateway notes the chain's end.
    fn head_file(&self) -> PathBuf {
        self.config.data_dir.join("trail.head")
    }

    /// Notes the chain's end, whole or not at all. `before`: how many lines it had before the last ones. Where that is
    /// fewer than were noted, lines were taken away (or a backup was put back): the note stays, and speaks for them.
    pub(super) async fn note_head(&self, before: i64, head: &TrailHead) -> Result<(), Fault> {
        let file = self.head_file();
        if let Some(noted) = self.noted_head().await?
            && noted.seq > before
        {
            tracing::error!(file = %file.display(), noted = noted.seq, before, "the trail has fewer lines than it had");
            return Ok(());
        }
        let mut new = file.clone();
        new.set_extension("head.new");
        let mut options = tokio::fs::OpenOptions::new();
        let mut written = options.write(true).create(true).truncate(true).mode(0o600).open(&new).await?;
        written.write_all(format!("{}\n", head.text()).as_bytes()).await?;
        written.flush().await?;
        // A loss of power must not leave the name without the octets: nothing could be checked any more.
        written.sync_all().await?;
        drop(written);
        tokio::fs::rename(&new, &file).await?;
        Ok(tokio::fs::File::open(&self.config.data_dir).await?.sync_all().await?)
    }

    async fn noted_head(&self) -> Result<Option<TrailHead>, Fault> {
        match tokio::fs::read_to_string(self.head_file()).await {
            Ok(text) => match parse_head(text.trim()) {
                Some(head) => Ok(Some(head)),
                None => Err(Fault::Worker(format!("{} is unreadable", self.head_file().display()))),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl TrailHead {
    /// `SEQ:HASH`, as it is printed and noted.
    pub fn text(&self) -> String {
        let hash: String = self.hash.iter().map(|octet| format!("{octet:02x}")).collect();
        format!("{}:{hash}", self.seq)
    }
}

/// Reads `SEQ:HASH`.
pub fn parse_head(text: &str) -> Option<TrailHead> {
    let (seq, hash) = text.split_once(':')?;
    let octets: Vec<u8> = (0..hash.len())
        .step_by(2)
        .map(|at| hash.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect::<Option<_>>()?;
    Some(TrailHead { seq: seq.parse().ok().filter(|seq| *seq >= 0)?, hash: octets.try_into().ok()? })
}

impl Walk {
    fn line(&mut self, chained: &Chained) {
        let expected = self.head.seq + 1;
        if chained.seq != expected {
            let last = chained.seq - 1;
            let lines =
                if last == expected { format!("line {expected}") } else { format!("lines {expected} to {last}") };
            self.problem(format!("{lines} missing"));
        }
        let hash = chained.line.hash(&self.head.hash, chained.seq);
        if chained.hash != hash && chained.seq == expected {
            self.problem(format!("line {} was changed, moved, or follows another line than it did", chained.seq));
        }
        // On from what stands there: each fault is told once, at its place.
        self.head = TrailHead { seq: chained.seq, hash: chained.hash.clone().try_into().unwrap_or(hash) };
        let Self { head, known, problems, .. } = self;
        known.retain(|(name, known)| {
            if known.seq != head.seq {
                return true;
            }
            if known.hash != head.hash && problems.len() < PROBLEMS_MAX {
                problems.push(format!("line {} is not the one that {name} tells of", head.seq));
            }
            false
        });
    }

    fn problem(&mut self, problem: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        }
    }

    fn finish(mut self, waiting: i64, waiting_since: Option<Timestamp>) -> TrailCheck {
        for (name, known) in std::mem::take(&mut self.known) {
            // An empty chain has no line to pass.
            if known.seq > self.head.seq {
                let (end, of) = (self.head.seq, known.seq);
                self.problem(format!("the chain ends at line {end}; {name} tells of line {of}: its end was cut off"));
            }
        }
        TrailCheck { head: self.head, waiting, waiting_since, problems: self.problems }
    }
}
