//! What admins ask about who may write to whom: one pair explained, and a school as a matrix. Judged by what RCPT asks.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::directory::Case;
use super::super::policy::{self, GroupFacts, Path, Reach, Ruling, SenderFacts, exposing};
use super::super::{Fault, Gateway};
use crate::model::{Address, Group, GroupId, GroupKind, Membership, Profile, User};
use crate::store::people::overview::{self, Person, School};
use crate::store::{StoreError, Tx};

/// Why somebody may write somewhere, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    pub recipient: Known,
    pub ruling: Ruling,
    /// Names of the groups that are spoken of.
    pub names: HashMap<GroupId, String>,
    /// The groups that the sender's own groups let him write to.
    pub reached: Vec<GroupId>,
    /// The groups by which others see a person; of a group, itself and the one above it.
    pub shown_by: Vec<GroupId>,
}

/// Whose the address is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    User(User),
    Group(Group),
}

/// How many people of a profile may write to a group, of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    pub may: usize,
    pub of: usize,
}

/// Who may write to a group, by profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixLine {
    pub group: Group,
    pub by_profile: BTreeMap<Profile, Share>,
}

/// A school's groups, and who in the school may write to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    pub school: School,
    pub lines: Vec<MatrixLine>,
}

impl Gateway {
    /// Explains whether `sender` may write to an address (or to the local part of one); `None` where it is nobody's.
    pub async fn explain(&self, sender: &User, to: &str) -> Result<Option<Explained>, Fault> {
        let local_part = match Address::parse(to) {
            Some(address) if self.is_our_domain(address.domain()) => address.local().to_owned(),
            Some(_) => return Ok(None),
            None => to.to_lowercase(),
        };
        let Some(case) = self.case(sender, &local_part).await? else { return Ok(None) };
        let (case, ruling) = self.judge(sender, case).await?;
        let reached: Vec<GroupId> = case.reach().targets().cloned().collect();
        let (recipient, shown_by) = match case {
            Case::ToUser { user, facts, .. } => {
                (Known::User(user), exposing(&facts.memberships).map(|membership| membership.group.clone()).collect())
            }
            Case::ToGroup { group, .. } => {
                let shown_by: Vec<GroupId> =
                    [Some(&group.id), group.parent.as_ref()].into_iter().flatten().cloned().collect();
                (Known::Group(group), shown_by)
            }
        };
        let mut spoken_of: BTreeSet<GroupId> = reached.iter().chain(&shown_by).cloned().collect();
        if let Ruling::Allow(Path::Group { through, .. }) = &ruling {
            spoken_of.insert(through.clone());
        }
        let spoken_of: Vec<GroupId> = spoken_of.into_iter().collect();
        let names = self.store.read(spoken_of, |tx, ids| Box::pin(overview::group_names(tx, ids))).await?;
        Ok(Some(Explained { recipient, ruling, names, reached, shown_by }))
    }

    /// The matrix of one school (UAI or id), or of each.
    pub async fn matrices(&self, school: Option<&str>) -> Result<Vec<Matrix>, Fault> {
        let schools = self.store.read((), |tx, ()| Box::pin(overview::schools(tx))).await?;
        let is_meant = |one: &School| {
            school.is_none_or(|name| one.uai.eq_ignore_ascii_case(name) || one.id.as_str().eq_ignore_ascii_case(name))
        };
        let mut matrices = Vec::new();
        for school in schools.into_iter().filter(is_meant) {
            let counted = self.store.read_snapshot(school, |tx, school| Box::pin(gather(tx, school))).await?;
            matrices.push(self.matrix(counted));
        }
        Ok(matrices)
    }

    fn matrix(&self, counted: Counted) -> Matrix {
        let Counted { school, groups, people, giving } = counted;
        let mut lines: Vec<MatrixLine> =
            groups.into_iter().map(|group| MatrixLine { group, by_profile: BTreeMap::new() }).collect();
        // Most people share their groups with others: each set of groups is judged once.
        let mut alike: HashMap<Person, usize> = HashMap::new();
        for person in people {
            *alike.entry(person).or_default() += 1;
        }
        for ((profile, groups), count) in alike {
            let memberships: Vec<Membership> = groups.iter().filter_map(|group| giving.get(group)).cloned().collect();
            let sender = SenderFacts {
                suspended: false,
                writes_to_lists: self.writes_to_lists(profile),
                reach: Reach::of(&memberships),
            };
            for line in &mut lines {
                let share = line.by_profile.entry(profile).or_default();
                share.of += count;
                share.may += if may_write(&sender, &line.group) { count } else { 0 };
            }
        }
        Matrix { school, lines }
    }
}

/// Whether anybody is in the group does not matter here.
fn may_write(sender: &SenderFacts, group: &Group) -> bool {
    let facts = GroupFacts {
        id: group.id.clone(),
        parent: group.parent.clone(),
        closed: group.closed,
        is_list: group.kind == GroupKind::Broadcast,
        empty: false,
    };
    matches!(policy::may_write_to_group(sender, &facts, policy::path_to_group(sender, &facts)), Ruling::Allow(_))
}

/// What a matrix is made of.
struct Counted {
    school: School,
    groups: Vec<Group>,
    people: Vec<Person>,
    giving: HashMap<GroupId, Membership>,
}

async fn gather(tx: &mut Tx<'_>, school: &School) -> Result<Counted, StoreError> {
    let groups = overview::groups_of_school(tx, &school.id).await?;
    let (people, giving) = overview::people_of_school(tx, &school.id).await?;
    Ok(Counted { school: school.clone(), groups, people, giving })
}
