//! Checks of mailboxes: UIDs and ModSeqs (RFC 9051 §2.3.1.1, RFC 7162 §3.1), tombstones, the four that everybody has.

use super::{Check, Find, Repair, Weight};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "uid-next",
        means: "a mailbox would give out again a UID that a message has or had",
        weight: Weight::Fault,
        repair: Some(Repair::Counters),
        find: Find::Sql(
            "select 'mailbox ' || cast(m.id as text) from mailbox m
            where m.uid_next <= coalesce((select max(p.uid) from placement p where p.mailbox_id = m.id), 0)
                or m.uid_next <= coalesce((select max(t.uid) from tombstone t where t.mailbox_id = m.id), 0)",
        ),
    },
    Check {
        name: "mod-seq",
        means: "a message bears a ModSeq that its mailbox has not reached: clients would miss changes",
        weight: Weight::Fault,
        repair: Some(Repair::Counters),
        find: Find::Sql(
            "select 'mailbox ' || cast(m.id as text) from mailbox m
            where m.mod_seq < coalesce((select max(p.mod_seq) from placement p where p.mailbox_id = m.id), 1)
                or m.mod_seq < coalesce((select max(t.mod_seq) from tombstone t where t.mailbox_id = m.id), 1)
                or m.mod_seq < m.forgotten_mod_seq",
        ),
    },
    Check {
        name: "uid-validity",
        means: "a mailbox's UIDVALIDITY is above the last one that its owner was given: it could be given again",
        weight: Weight::Fault,
        repair: Some(Repair::Counters),
        find: Find::Sql(
            // Who never created or deleted a mailbox may have no clock yet.
            "select 'mailbox ' || cast(m.id as text) from mailbox m join mailbox_clock k on k.user_id = m.user_id
            where k.uid_validity < m.uid_validity",
        ),
    },
    Check {
        name: "uid-range",
        means: "a UID, the next UID or UIDVALIDITY is no number of 32 bits above 0",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'mailbox ' || cast(m.id as text) from mailbox m
            where m.uid_next not between 1 and 4294967295 or m.uid_validity not between 1 and 4294967295
                or coalesce((select min(p.uid) from placement p where p.mailbox_id = m.id), 1) < 1
                or coalesce((select min(t.uid) from tombstone t where t.mailbox_id = m.id), 1) < 1",
        ),
    },
    Check {
        name: "uid-unaccounted",
        means: "a UID was given out, and neither a message nor the memory of an expunge has it: a message was lost",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'mailbox ' || cast(m.id as text) from mailbox m
            where m.forgotten_mod_seq = 0
                and m.uid_next - 1 > (select count(*) from placement p where p.mailbox_id = m.id)
                    + (select count(*) from tombstone t where t.mailbox_id = m.id)",
        ),
    },
    Check {
        name: "uid-twice",
        means: "a UID is that of a message, and of one that was expunged",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'mailbox ' || cast(t.mailbox_id as text) || ' uid ' || cast(t.uid as text)
            from tombstone t join placement p on p.mailbox_id = t.mailbox_id and p.uid = t.uid",
        ),
    },
    Check {
        name: "uid-order",
        means: "a message came later than one with a higher UID",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'mailbox ' || cast(p.mailbox_id as text) || ' uid ' || cast(p.uid as text) from (
                select mailbox_id, uid, created_mod_seq,
                    lag(created_mod_seq) over (partition by mailbox_id order by uid) as before
                from placement
            ) as p
            where p.before > p.created_mod_seq",
        ),
    },
    Check {
        name: "created-mod-seq",
        means: "a message was changed before it came",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'mailbox ' || cast(mailbox_id as text) || ' uid ' || cast(uid as text) from placement
            where created_mod_seq > mod_seq or created_mod_seq < 1",
        ),
    },
    Check {
        name: "flags",
        means: "a message has flags that there are not, or keywords that are not written as they must be",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'mailbox ' || cast(mailbox_id as text) || ' uid ' || cast(uid as text) from placement
            where flags not between 0 and 31 or keywords like ' %' or keywords like '% ' or keywords like '%  %'",
        ),
    },
    Check {
        name: "special-mailboxes",
        means: "somebody has mailboxes, and not the four that everybody has",
        weight: Weight::Fault,
        repair: Some(Repair::SpecialMailboxes),
        find: Find::Sql(
            "select 'user ' || user_id from mailbox group by user_id
            having sum(case when special_use in ('inbox', 'drafts', 'sent', 'trash') then 1 else 0 end) <> 4",
        ),
    },
    Check {
        name: "inbox-name",
        means: "an INBOX has another name, or another mailbox has its",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'mailbox ' || cast(id as text) from mailbox
            where (name = 'INBOX') <> (coalesce(special_use, '') = 'inbox')",
        ),
    },
    Check {
        name: "origin",
        means: "a message remembers the mailbox that it was thrown away from, and does not lie in Trash",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'mailbox ' || cast(p.mailbox_id as text) || ' uid ' || cast(p.uid as text)
            from placement p join mailbox m on m.id = p.mailbox_id
            where p.origin_mailbox_id is not null and coalesce(m.special_use, '') <> 'trash'",
        ),
    },
    Check {
        name: "annotation-name",
        means: "an annotation is kept under another name than its own: it would not be found",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'user ' || user_id || ' mailbox ' || cast(mailbox_id as text) from annotation
            where entry_key <> lower(entry) or substr(entry_key, 1, 1) <> '/'",
        ),
    },
    Check {
        name: "annotation-mailbox",
        means: "an annotation is about a mailbox that its owner has not",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'mailbox ' || cast(a.mailbox_id as text) from annotation a
            left join mailbox m on m.id = a.mailbox_id and m.user_id = a.user_id
            where a.mailbox_id <> 0 and m.id is null",
        ),
    },
];
