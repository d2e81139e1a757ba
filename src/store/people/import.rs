//! The directory written in bulk: what an import adds, changes and takes away, in one transaction.

use super::bulk::{Cell, Frame, Written, run_rows};
pub use super::import_state::{
    AddressOwner, ClassRecord, Directory, GroupRecord, PersonRecord, SchoolRecord, count_change, directory_version,
    load_directory, lock_directory,
};
use crate::model::{GroupId, MailboxId, SchoolId, SpecialUse, Timestamp, UidValidity, UserId};
use crate::store::{StoreError, Tx};

/// A new person's mailbox, still empty.
#[derive(Clone, Debug)]
pub struct NewMailbox {
    pub id: MailboxId,
    pub user: UserId,
    pub name: String,
    pub special_use: SpecialUse,
    pub uid_validity: UidValidity,
}

/// An address given out, or one that is now shown or no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressRecord {
    pub local_part: String,
    pub owner: AddressOwner,
    pub is_primary: bool,
}

/// Everything that an import writes. Records are whole rows: added, or put in the place of the old ones.
#[derive(Clone, Debug, Default)]
pub struct Writes {
    pub schools: Vec<SchoolRecord>,
    pub classes: Vec<ClassRecord>,
    pub people: Vec<PersonRecord>,
    pub schools_of_added: Vec<(UserId, SchoolId)>,
    pub schools_of_removed: Vec<(UserId, SchoolId)>,
    /// Parents before those that hang below them.
    pub groups: Vec<GroupRecord>,
    pub members_added: Vec<(GroupId, UserId)>,
    pub members_removed: Vec<(GroupId, UserId)>,
    pub rules_added: Vec<(GroupId, GroupId)>,
    pub rules_removed: Vec<(GroupId, GroupId)>,
    pub links_added: Vec<(UserId, UserId)>,
    pub links_removed: Vec<(UserId, UserId)>,
    pub addresses: Vec<AddressRecord>,
}

impl Writes {
    /// How many rows, mailboxes aside.
    pub fn rows(&self) -> usize {
        [
            self.schools.len(),
            self.classes.len(),
            self.people.len(),
            self.schools_of_added.len() + self.schools_of_removed.len(),
            self.groups.len(),
            self.members_added.len() + self.members_removed.len(),
            self.rules_added.len() + self.rules_removed.len(),
            self.links_added.len() + self.links_removed.len(),
            self.addresses.len(),
        ]
        .into_iter()
        .sum()
    }
}

/// Writes all of it, with the mailboxes of new people. `written` hears how many rows more.
pub async fn apply(
    tx: &mut Tx<'_>,
    writes: &Writes,
    mailboxes: impl Iterator<Item = NewMailbox> + Send,
    now: Timestamp,
    written: Written<'_>,
) -> Result<(), StoreError> {
    upsert_schools(tx, writes, written).await?;
    upsert_people(tx, &writes.people, now, written).await?;
    insert_mailboxes(tx, mailboxes, now, written).await?;
    upsert_groups(tx, &writes.groups, now, written).await?;
    upsert_addresses(tx, &writes.addresses, now, written).await?;
    change_relations(tx, writes, written).await
}

const SCHOOLS: Frame = Frame {
    before: "insert into school (id, uai, name) values",
    after: " on conflict (id) do update set uai = excluded.uai, name = excluded.name",
};
const CLASSES: Frame = Frame {
    before: "insert into school_class (id, school_id, name) values",
    after: " on conflict (id) do update set school_id = excluded.school_id, name = excluded.name",
};

async fn upsert_schools(tx: &mut Tx<'_>, writes: &Writes, written: Written<'_>) -> Result<(), StoreError> {
    let schools = writes.schools.iter().map(|school| [text(&school.id), text(&school.uai), text(&school.name)]);
    run_rows(tx, &SCHOOLS, schools, written).await?;
    let classes = writes.classes.iter().map(|class| [text(&class.id), text(&class.school), text(&class.name)]);
    run_rows(tx, &CLASSES, classes, written).await
}

const PEOPLE: Frame = Frame {
    before: "insert into ent_user (id, external_id, login, login_alias, display_name, first_name, last_name
        , profile, suspended, suspended_reason, created_at, left_at) values",
    after: " on conflict (id) do update set external_id = excluded.external_id, login = excluded.login
        , login_alias = excluded.login_alias, display_name = excluded.display_name
        , first_name = excluded.first_name, last_name = excluded.last_name, profile = excluded.profile
        , suspended = excluded.suspended, suspended_reason = excluded.suspended_reason
        , left_at = case when excluded.left_at is null then null
            else coalesce(ent_user.left_at, excluded.left_at) end
        , archived_at = case when excluded.left_at is null then null else ent_user.archived_at end",
};

async fn upsert_people(
    tx: &mut Tx<'_>,
    people: &[PersonRecord],
    now: Timestamp,
    written: Written<'_>,
) -> Result<(), StoreError> {
    let rows = people.iter().map(|person| {
        [
            text(&person.id),
            text(&person.external_id),
            text(&person.login),
            Cell::OptionalText(person.alias.clone()),
            text(&person.display_name),
            text(&person.first_name),
            text(&person.last_name),
            text(person.profile.column()),
            Cell::Bool(person.suspended.is_some()),
            Cell::OptionalText(person.suspended.clone()),
            Cell::Number(now.0),
            Cell::OptionalNumber(person.left.then_some(now.0)),
        ]
    });
    run_rows(tx, &PEOPLE, rows, written).await
}

const MAILBOXES: Frame = Frame {
    before: "insert into mailbox (id, user_id, name, special_use, uid_validity, uid_next, mod_seq, subscribed
        , created_at) values",
    after: "",
};

async fn insert_mailboxes(
    tx: &mut Tx<'_>,
    mailboxes: impl Iterator<Item = NewMailbox> + Send,
    now: Timestamp,
    written: Written<'_>,
) -> Result<(), StoreError> {
    let rows = mailboxes.map(|mailbox| {
        [
            Cell::Number(mailbox.id.0),
            text(&mailbox.user),
            text(&mailbox.name),
            text(mailbox.special_use.column()),
            Cell::Number(i64::from(mailbox.uid_validity.0)),
            Cell::Number(1),
            Cell::Number(1),
            Cell::Bool(true),
            Cell::Number(now.0),
        ]
    });
    run_rows(tx, &MAILBOXES, rows, written).await
}

const GROUPS: Frame = Frame {
    before: "insert into ent_group (id, school_id, class_id, parent_id, kind, profile, name, users_rule, closed
        , closed_year, created_at) values",
    after: " on conflict (id) do update set school_id = excluded.school_id, class_id = excluded.class_id
        , parent_id = excluded.parent_id, kind = excluded.kind, profile = excluded.profile, name = excluded.name
        , users_rule = excluded.users_rule, closed = excluded.closed, closed_year = excluded.closed_year",
};

async fn upsert_groups(
    tx: &mut Tx<'_>,
    groups: &[GroupRecord],
    now: Timestamp,
    written: Written<'_>,
) -> Result<(), StoreError> {
    let rows = groups.iter().map(|group| {
        [
            text(&group.id),
            Cell::OptionalText(group.school.as_ref().map(ToString::to_string)),
            Cell::OptionalText(group.class.clone()),
            Cell::OptionalText(group.parent.as_ref().map(ToString::to_string)),
            text(group.kind.column()),
            Cell::OptionalText(group.profile.map(|profile| profile.column().to_owned())),
            text(&group.name),
            text(group.users.column()),
            Cell::Bool(group.closed),
            Cell::OptionalNumber(group.closed_year),
            Cell::Number(now.0),
        ]
    });
    run_rows(tx, &GROUPS, rows, written).await
}

// Whose an address is never changes.
const ADDRESSES: Frame = Frame {
    before: "insert into address (local_part, user_id, group_id, is_primary, created_at) values",
    after: " on conflict (local_part) do update set is_primary = excluded.is_primary",
};

async fn upsert_addresses(
    tx: &mut Tx<'_>,
    addresses: &[AddressRecord],
    now: Timestamp,
    written: Written<'_>,
) -> Result<(), StoreError> {
    let rows = addresses.iter().map(|address| {
        let (user, group) = match &address.owner {
            AddressOwner::User(user) => (Some(user.to_string()), None),
            AddressOwner::Group(group) => (None, Some(group.to_string())),
        };
        [
            text(&address.local_part),
            Cell::OptionalText(user),
            Cell::OptionalText(group),
            Cell::Bool(address.is_primary),
            Cell::Number(now.0),
        ]
    });
    run_rows(tx, &ADDRESSES, rows, written).await
}

/// How rows of a table of pairs come and go.
struct PairTable {
    add: Frame,
    remove: Frame,
}

macro_rules! pair_table {
    ($table:literal, $first:literal, $second:literal) => {
        PairTable {
            add: Frame {
                before: concat!("insert into ", $table, " (", $first, ", ", $second, ") values"),
                after: " on conflict do nothing",
            },
            remove: Frame {
                before: concat!("delete from ", $table, " where (", $first, ", ", $second, ") in (values"),
                after: ")",
            },
        }
    };
}

const SCHOOLS_OF: PairTable = pair_table!("user_school", "user_id", "school_id");
const MEMBERS: PairTable = pair_table!("group_member", "group_id", "user_id");
const RULES: PairTable = pair_table!("communication_rule", "from_group_id", "to_group_id");
const LINKS: PairTable = pair_table!("direct_link", "from_user_id", "to_user_id");

async fn change_relations(tx: &mut Tx<'_>, writes: &Writes, written: Written<'_>) -> Result<(), StoreError> {
    change_pairs(tx, &SCHOOLS_OF, &writes.schools_of_removed, &writes.schools_of_added, written).await?;
    change_pairs(tx, &MEMBERS, &writes.members_removed, &writes.members_added, written).await?;
    change_pairs(tx, &RULES, &writes.rules_removed, &writes.rules_added, written).await?;
    change_pairs(tx, &LINKS, &writes.links_removed, &writes.links_added, written).await
}

async fn change_pairs<A: ToString + Sync, B: ToString + Sync>(
    tx: &mut Tx<'_>,
    table: &PairTable,
    removed: &[(A, B)],
    added: &[(A, B)],
    written: Written<'_>,
) -> Result<(), StoreError> {
    run_rows(tx, &table.remove, removed.iter().map(|(first, second)| [text(first), text(second)]), written).await?;
    run_rows(tx, &table.add, added.iter().map(|(first, second)| [text(first), text(second)]), written).await
}

fn text(value: &(impl ToString + ?Sized)) -> Cell {
    Cell::Text(value.to_string())
}
