//! Whom somebody may write to by the stored rules: what `policy` says of one recipient (RCPT), of all at once.
//!
//! People are exposed by the groups that the asker's groups reach, or a direct link leads to them; groups are those that
//! are reached, and those directly below. Tests hold it to the verdict of RCPT for every pair of a school.

use std::collections::HashSet;
use std::sync::Arc;

use super::card::CardId;
use super::members::{Findable, Members, Source, Unread};
use super::words::Fit;
use super::{Found, Whom};
use crate::domain::policy::Reach;
use crate::domain::{Fault, Gateway};
use crate::model::{GroupId, GroupKind, Profile, SchoolId, User, UserId};
use crate::store::people::directory::{reaching_memberships, suspended};
use crate::store::people::finding::{self as store, GroupCardRow, Named};
use crate::store::{StoreError, Tx};

/// Whom somebody may write to.
pub(super) struct Visible {
    /// The directory's clock.
    pub(super) version: i64,
    people: Vec<Arc<Members>>,
    linked: Vec<Findable>,
    pub(super) groups: Vec<GroupCardRow>,
}

impl Visible {
    /// May the asker write to this person?
    pub(super) fn includes(&self, id: &UserId) -> bool {
        self.linked.iter().any(|known| known.id == *id) || self.people.iter().any(|members| members.get(id).is_some())
    }

    /// With these people and groups besides.
    pub(super) fn widened(mut self, people: Vec<Arc<Members>>, groups: Vec<GroupCardRow>) -> Self {
        self.people.extend(people);
        for row in groups {
            if self.groups.iter().all(|known| known.group.id != row.group.id) {
                self.groups.push(row);
            }
        }
        self
    }

    /// Those of these people who are pupils.
    pub(super) fn pupils(&self, among: &HashSet<&UserId>) -> Vec<UserId> {
        let pupils: HashSet<&UserId> = self
            .people()
            .filter(|person| person.profile == Profile::Student && among.contains(&person.id))
            .map(|person| &person.id)
            .collect();
        pupils.into_iter().cloned().collect()
    }

    /// Somebody by id, if the asker may write there.
    pub(super) fn found(&self, id: &UserId, fit: Fit) -> Option<Found> {
        let person = self
            .linked
            .iter()
            .find(|known| known.id == *id)
            .or_else(|| self.people.iter().find_map(|members| members.get(id)))?;
        Some(Found { fit, name: person.words.clone(), what: Whom::User(id.clone()) })
    }

    /// The id of the card.
    pub(super) fn card_id(&self, whom: &Whom) -> Option<CardId> {
        match whom {
            Whom::User(id) => Some(CardId::of_user(id)),
            Whom::Group(place) => self.groups.get(*place).map(|row| CardId::of_group(&row.group.id)),
        }
    }

    /// All people; who is in several groups comes several times.
    pub(super) fn people(&self) -> impl Iterator<Item = &Findable> {
        self.people_and_links().map(|(person, _)| person)
    }

    /// The same, those first to whom a direct link leads (and the asker), and whether one does.
    pub(super) fn people_and_links(&self) -> impl Iterator<Item = (&Findable, bool)> {
        let linked = self.linked.iter().map(|person| (person, true));
        linked.chain(self.people.iter().flat_map(|members| members.iter()).map(|person| (person, false)))
    }
}

/// What one snapshot says of an asker.
pub(super) struct Asker {
    pub(super) version: i64,
    exposing: Vec<GroupId>,
    linked: Vec<Named>,
    groups: Vec<GroupCardRow>,
    /// Where the live ENT is asked.
    pub(super) schools: Vec<SchoolId>,
    pub(super) groups_of_schools: Vec<GroupCardRow>,
}

impl Gateway {
    /// What is known of the asker, now.
    pub(super) async fn asker(&self, asker: &User) -> Result<Asker, Fault> {
        let input = (asker.id.clone(), self.ent.is_some());
        let mut facts = self.store.read_snapshot(input, |tx, input| Box::pin(gather(tx, input))).await?;
        if !self.writes_to_lists(asker.profile) {
            let is_list = |row: &GroupCardRow| row.group.kind == GroupKind::Broadcast;
            facts.groups.retain(|row| !is_list(row));
            facts.groups_of_schools.retain(|row| !is_list(row));
        }
        Ok(facts)
    }

    /// Whom the asker may write to by the stored rules.
    pub(super) async fn visible(&self, asker: Asker) -> Result<Visible, Unread> {
        let Asker { version, exposing, linked, groups, .. } = asker;
        let mut people = Vec::with_capacity(exposing.len());
        for group in exposing {
            people.push(self.names_of(Source::Group(group), version).await?);
        }
        Ok(Visible { version, people, linked: linked.into_iter().map(Findable::new).collect(), groups })
    }
}

async fn gather(tx: &mut Tx<'_>, (asker, ask_ent): &(UserId, bool)) -> Result<Asker, StoreError> {
    let version = store::clock(tx).await?;
    let nobody = Asker {
        version,
        exposing: Vec::new(),
        linked: Vec::new(),
        groups: Vec::new(),
        schools: Vec::new(),
        groups_of_schools: Vec::new(),
    };
    // A session may be older than a suspension: asked anew each time.
    if suspended(tx, asker).await? {
        return Ok(nobody);
    }
    let reach = Reach::of(&reaching_memberships(tx, asker).await?);
    let targets: Vec<&GroupId> = reach.targets().collect();
    let mut facts = Asker {
        exposing: store::exposing_groups(tx, &targets).await?,
        linked: store::linked(tx, asker).await?,
        groups: store::visible_groups(tx, &targets).await?,
        ..nobody
    };
    if *ask_ent {
        facts.schools = store::schools(tx, asker).await?;
        facts.groups_of_schools = store::groups_of_schools(tx, &facts.schools).await?;
    }
    Ok(facts)
}
