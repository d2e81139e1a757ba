//! The names of those who are in a group or in a school, in memory, once per node: shared by all who may write to them, kept
//! for as long as the directory stands still, and dropped when nobody types. About 150 octets a name.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;

use super::words::NameWords;
use crate::domain::{Fault, Gateway};
use crate::model::{GroupId, Profile, SchoolId, UserId};
use crate::store::people::finding::{self as store, Named};

/// How long names that nobody asks for are kept.
const IDLE: Duration = Duration::from_secs(15 * 60);
/// What a name costs beside its letters: the id, lengths, the allocator.
const NAME_BYTES: usize = 120;

/// Where names come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Source {
    Group(GroupId),
    School(SchoolId),
}

/// A name that may be found.
#[derive(Clone, Debug)]
pub(super) struct Findable {
    pub(super) id: UserId,
    pub(super) words: NameWords,
    pub(super) profile: Profile,
}

impl Findable {
    pub(super) fn new(named: Named) -> Self {
        let Named { id, display_name, first_name, last_name, profile } = named;
        let words = NameWords::of([display_name.as_str(), &last_name, &first_name]);
        Self { id, words, profile }
    }
}

/// Names, by id.
#[derive(Debug)]
pub(super) struct Members(Box<[Findable]>);

impl Members {
    fn new(people: Vec<Named>) -> Self {
        let mut people: Vec<Findable> = people.into_iter().map(Findable::new).collect();
        people.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        Self(people.into())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Findable> {
        self.0.iter()
    }

    pub(super) fn get(&self, id: &UserId) -> Option<&Findable> {
        self.0.binary_search_by(|known| known.id.cmp(id)).ok().and_then(|place| self.0.get(place))
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|name| NAME_BYTES + name.words.as_str().len()).sum::<usize>() + NAME_BYTES
    }
}

/// The names in memory, as they were under a number of the directory's clock.
pub(in crate::domain) struct Names(Cache<(Source, i64), Arc<Members>>);

impl Names {
    pub(super) fn new(bytes_max: u64) -> Self {
        let weigher = |_: &(Source, i64), members: &Arc<Members>| u32::try_from(members.bytes()).unwrap_or(u32::MAX);
        Self(Cache::builder().weigher(weigher).max_capacity(bytes_max).time_to_idle(IDLE).build())
    }
}

/// Why names could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    /// The directory has changed meanwhile.
    #[error("the directory has changed")]
    Moved,
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Gateway {
    /// The names of a source, as they were when the directory's clock showed `version`. Read once, however many ask.
    pub(super) async fn names_of(&self, source: Source, version: i64) -> Result<Arc<Members>, Unread> {
        let reading = async {
            let read = self.store.read_snapshot(source.clone(), |tx, source| {
                Box::pin(async move {
                    let people = match source {
                        Source::Group(group) => store::members(tx, group).await?,
                        Source::School(school) => store::people_of_school(tx, school).await?,
                    };
                    Ok((store::clock(tx).await?, people))
                })
            });
            let (now, people) = read.await.map_err(Fault::from)?;
            if now == version { Ok(Arc::new(Members::new(people))) } else { Err(Unread::Moved) }
        };
        let key = (source.clone(), version);
        let read = Box::pin(self.finding.names.0.try_get_with(key, reading)).await;
        read.map_err(|unread: Arc<Unread>| match &*unread {
            Unread::Moved => Unread::Moved,
            Unread::Fault(fault) => Unread::Fault(Fault::Worker(fault.to_string())),
        })
    }
}
