//! Checks of content: what rows repeat of it, what SEARCH asks, what nobody has any more, what was sent.

use super::{Check, Find, Repair, Weight};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "sizes",
        means: "a mailbox tells another size or date of a message than the message itself",
        weight: Weight::Fault,
        repair: Some(Repair::Sizes),
        find: Find::Sql(
            "select 'mailbox ' || cast(p.mailbox_id as text) || ' uid ' || cast(p.uid as text)
            from placement p join message l on l.id = p.message_id
            where p.size <> l.size or p.sent_day is distinct from l.sent_day
            union all
            select 'message ' || cast(l.id as text) from expunged e join message l on l.id = e.message_id
            where e.size <> l.size",
        ),
    },
    Check {
        name: "message-size",
        means: "a message's size is not that of its header and its body together",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'message ' || cast(l.id as text) from message l join body b on b.hash = l.body_hash
            where l.size <> length(l.header) + b.size",
        ),
    },
    Check {
        name: "body-place",
        means: "a body is in no place or in two, or is longer or shorter than noted",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select coalesce('message ' || cast((select min(l.id) from message l where l.body_hash = b.hash) as text),
                'a body of no message')
            from body b where (b.bytes is null) = (b.blob is null) or length(b.bytes) <> b.size",
        ),
    },
    Check {
        name: "hashes",
        means: "a hash has not the 32 octets that it must have",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'message ' || cast(id as text) from message
            where length(hash) <> 32 or length(body_hash) <> 32 or length(content_key) <> 32
            union all
            select 'submission ' || cast(id as text) from submission where length(replay_key) <> 32",
        ),
    },
    Check {
        name: "message-text",
        means: "SEARCH has no text of a message",
        weight: Weight::Fault,
        repair: Some(Repair::Structures),
        find: Find::Sql(
            "select 'message ' || cast(l.id as text) from message l left join message_text t on t.message_id = l.id
            where t.message_id is null",
        ),
    },
    Check {
        name: "search-index",
        means: "the search index has not the messages that there are: SEARCH would miss some",
        weight: Weight::Fault,
        repair: Some(Repair::SearchIndex),
        find: Find::Each {
            sqlite: "
                select 'message ' || cast(t.message_id as text) from message_text t
                left join message_index_docsize i on i.id = t.message_id where i.id is null
                union all
                select 'message ' || cast(i.id as text) from message_index_docsize i
                left join message_text t on t.message_id = i.id where t.message_id is null",
            postgres: "
                select 'index message_text_trigrams' where not exists (
                    select 1 from pg_index x
                    where x.indexrelid = to_regclass('message_text_trigrams') and x.indisvalid and x.indisready)",
        },
    },
    Check {
        name: "message-lost",
        means: "nobody has a message, nobody can bring it back, and collection does not know of it",
        weight: Weight::Warning,
        repair: Some(Repair::OrphanRows),
        find: Find::Sql(
            "select 'message ' || cast(l.id as text) from message l
            where not exists (select 1 from placement p where p.message_id = l.id)
                and not exists (select 1 from expunged e where e.message_id = l.id)
                and not exists (select 1 from doomed_message d where d.message_id = l.id)
                and not exists (
                    select 1 from submission s join delivery d on d.submission_id = s.id and d.waits_until is not null
                    where s.message_id = l.id)",
        ),
    },
    Check {
        name: "body-lost",
        means: "no message has a body, and collection does not know of it",
        weight: Weight::Warning,
        repair: Some(Repair::OrphanRows),
        find: Find::Sql(
            "select 'a body of ' || cast(b.size as text) || ' octets' from body b
            where not exists (select 1 from message l where l.body_hash = b.hash)
                and not exists (select 1 from doomed_body d where d.hash = b.hash)",
        ),
    },
    Check {
        name: "submission-message",
        means: "a submission names a message that is not there",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'submission ' || cast(s.id as text) from submission s left join message l on l.id = s.message_id
            where s.message_id is not null and l.id is null",
        ),
    },
    Check {
        name: "waiting-letter",
        means: "somebody waits for a letter whose text is gone",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'submission ' || cast(s.id as text) || ' user ' || d.user_id
            from delivery d join submission s on s.id = d.submission_id
            where d.waits_until is not null and s.message_id is null",
        ),
    },
    Check {
        name: "recalled-waiting",
        means: "somebody waits for a letter that was taken back",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'submission ' || cast(s.id as text) || ' user ' || d.user_id
            from delivery d join submission s on s.id = d.submission_id
            where d.waits_until is not null and s.recalled_at is not null",
        ),
    },
    Check {
        name: "delivery-state",
        means: "a delivery is neither done nor waiting, or both",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'submission ' || cast(submission_id as text) || ' user ' || user_id from delivery
            where (waits_until is null) = (batch = 0)",
        ),
    },
    Check {
        name: "counters",
        means: "somebody has sent less than nothing in an hour",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'user ' || user_id || ' hour ' || cast(hour as text) from sending
            where messages < 0 or people < 0 or first_time < 0",
        ),
    },
];
