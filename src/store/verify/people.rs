//! Checks of the directory: addresses, people who left, the words of columns, rows of which there is one.

use super::{Check, Find, Weight};
use crate::model::{GroupKind, Profile, SpecialUse, UsersRule};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "address-owner",
        means: "an address is nobody's, or a person's and a group's at once",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'address of ' || coalesce(user_id, 'nobody') from address where (user_id is null) = (group_id is null)",
        ),
    },
    Check {
        name: "address-letters",
        means: "an address is written with capitals: nobody would find it",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'address of ' || coalesce(user_id, group_id, 'nobody') from address where local_part <> lower(local_part)",
        ),
    },
    Check {
        name: "address-shown",
        means: "somebody has no address that is shown, or several",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'user ' || u.id from ent_user u
            where u.deleted_at is null
                and (select count(*) from address a where a.user_id = u.id and a.is_primary) <> 1",
        ),
    },
    Check {
        name: "login-alias",
        means: "somebody's other name to log in with is another person's login",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'user ' || u.id from ent_user u join ent_user o on o.login = u.login_alias and o.id <> u.id",
        ),
    },
    Check {
        name: "closed-year",
        means: "a group was closed with a school year, and is open, or the year is not known",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'group ' || g.id from ent_group g left join school_year y on y.year = g.closed_year
            where g.closed_year is not null and (not g.closed or y.year is null)",
        ),
    },
    Check {
        name: "switch",
        means: "the switch has a line that turns nothing off, or does so for a profile that this program does not know",
        weight: Weight::Fault,
        repair: None,
        find: Find::Words(
            "select case when not sending and not reading then '' else coalesce(profile, 'Guest') end from suspension",
            |word| Profile::from_column(word).is_some(),
        ),
    },
    Check {
        name: "archived",
        means: "somebody who was put aside is in a group or at the end of a link",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'user ' || u.id from ent_user u
            where u.archived_at is not null
                and (exists (select 1 from group_member g where g.user_id = u.id)
                    or exists (select 1 from direct_link d where d.from_user_id = u.id)
                    or exists (select 1 from direct_link d where d.to_user_id = u.id))",
        ),
    },
    Check {
        name: "deleted",
        means: "somebody whose account was deleted has a password, mailboxes, or another trace of what they did",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'user ' || u.id from ent_user u
            where u.deleted_at is not null
                and (u.password_hash is not null
                    or exists (select 1 from mailbox m where m.user_id = u.id)
                    or exists (select 1 from app_password p where p.user_id = u.id)
                    or exists (select 1 from scram_verifier v where v.user_id = u.id)
                    or exists (select 1 from annotation a where a.user_id = u.id)
                    or exists (select 1 from expunged e where e.user_id = u.id)
                    or exists (select 1 from cloud_app c where c.user_id = u.id)
                    or exists (select 1 from page_session s where s.user_id = u.id)
                    or exists (select 1 from sending s where s.user_id = u.id)
                    or exists (select 1 from written_to w where w.user_id = u.id)
                    or exists (select 1 from brought_in b where b.user_id = u.id))",
        ),
    },
    Check {
        name: "single-rows",
        means: "a row of which there must be one is missing, or there are several",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'directory_clock' where (select count(*) from directory_clock) <> 1
                or not exists (select 1 from directory_clock where id = 1)
            union all select 'switch_version' where (select count(*) from switch_version) <> 1
                or not exists (select 1 from switch_version where id = 1)
            union all select 'trail_head' where (select count(*) from trail_head) <> 1
                or not exists (select 1 from trail_head where id = 1)",
        ),
    },
    Check {
        name: "trail-twice",
        means: "a line waits for its place in the trail, and has one",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql("select 'trail line ' || cast(t.seq as text) from trail_waiting w join trail t on t.id = w.id"),
    },
    Check {
        name: "profiles",
        means: "a profile that this program does not know",
        weight: Weight::Fault,
        repair: None,
        find: Find::Words(
            "select profile from ent_user union select profile from ent_group where profile is not null",
            |word| Profile::from_column(word).is_some(),
        ),
    },
    Check {
        name: "group-kinds",
        means: "a kind of group that this program does not know",
        weight: Weight::Fault,
        repair: None,
        find: Find::Words("select distinct kind from ent_group", |word| GroupKind::from_column(word).is_some()),
    },
    Check {
        name: "users-rules",
        means: "a rule of a group's members that this program does not know",
        weight: Weight::Fault,
        repair: None,
        find: Find::Words("select distinct users_rule from ent_group", |word| UsersRule::from_column(word).is_some()),
    },
    Check {
        name: "special-uses",
        means: "a use of a mailbox that this program does not know",
        weight: Weight::Fault,
        repair: None,
        find: Find::Words("select distinct special_use from mailbox where special_use is not null", |word| {
            SpecialUse::from_column(word).is_some()
        }),
    },
];
