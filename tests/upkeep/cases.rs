//! Faults to plant: what breaks an invariant, which check must find it, what mends it.

use passerelle::domain::verify::Repair;

/// One fault.
pub struct Case {
    /// The one check that finds it.
    pub check: &'static str,
    /// `sqlite: …` and `postgres: …` are for that engine alone.
    pub plant: &'static [&'static str],
    pub mend: Mend,
    /// Found by reading every message only.
    pub deep: bool,
}

pub enum Mend {
    By(Repair),
    /// Nothing mends it: undone by hand.
    Undo(&'static [&'static str]),
}

const fn case(check: &'static str, plant: &'static [&'static str], mend: Mend) -> Case {
    Case { check, plant, mend, deep: false }
}

const fn deep(check: &'static str, plant: &'static [&'static str], mend: Mend) -> Case {
    Case { check, plant, mend, deep: true }
}

macro_rules! inbox {
    () => {
        "(select id from mailbox where user_id = 'id-2' and special_use = 'inbox')"
    };
}

macro_rules! waiting {
    () => {
        "(select message_id from submission where id = 9)"
    };
}

macro_rules! submission {
    ($key:literal, $message:literal) => {
        concat!(
            "insert into submission
                (id, user_id, replay_key, message_id, message_id_key, no_reply, sent_uid, submitted_at)
            select 77, 'id-1', ",
            $key,
            ", ",
            $message,
            ", null, false, null, 1 from body order by hash limit 1"
        )
    };
}

const NO_77: &[&str] = &["delete from delivery where submission_id = 77", "delete from submission where id = 77"];
const NO_GHOST: &[&str] = &["delete from address where local_part in ('ghost', 'Ghost')"];

macro_rules! address {
    ($values:literal) => {
        concat!("insert into address (local_part, user_id, group_id, is_primary, created_at) values ", $values)
    };
}

pub const CASES: &[Case] = &[
    case("uid-next", &[concat!("update mailbox set uid_next = 1 where id = ", inbox!())], Mend::By(Repair::Counters)),
    case("mod-seq", &[concat!("update mailbox set mod_seq = 1 where id = ", inbox!())], Mend::By(Repair::Counters)),
    case(
        "uid-validity",
        &["update mailbox set uid_validity = uid_validity + 9 where user_id = 'id-3' and special_use = 'drafts'"],
        Mend::By(Repair::Counters),
    ),
    case(
        "uid-range",
        &["update mailbox set uid_validity = 0 where user_id = 'id-3' and special_use = 'drafts'"],
        Mend::Undo(&["update mailbox set uid_validity = 5 where uid_validity = 0"]),
    ),
    case(
        "uid-unaccounted",
        &["update mailbox set uid_next = uid_next + 1 where user_id = 'id-3' and special_use = 'drafts'"],
        Mend::Undo(&["update mailbox set uid_next = uid_next - 1 where user_id = 'id-3' and special_use = 'drafts'"]),
    ),
    case(
        "uid-twice",
        &[concat!(
            "insert into tombstone (mailbox_id, uid, mod_seq, expunged_at)
            select mailbox_id, uid, mod_seq, 0 from placement where uid = 1 and mailbox_id = ",
            inbox!()
        )],
        Mend::Undo(&[concat!("delete from tombstone where uid = 1 and mailbox_id = ", inbox!())]),
    ),
    case(
        "uid-order",
        &[concat!("update placement set created_mod_seq = 4, mod_seq = 4 where uid = 1 and mailbox_id = ", inbox!())],
        Mend::Undo(&[concat!(
            "update placement set created_mod_seq = 2, mod_seq = 2 where uid = 1 and mailbox_id = ",
            inbox!()
        )]),
    ),
    case(
        "created-mod-seq",
        &[concat!("update placement set created_mod_seq = 0 where uid = 1 and mailbox_id = ", inbox!())],
        Mend::Undo(&[concat!("update placement set created_mod_seq = 2 where uid = 1 and mailbox_id = ", inbox!())]),
    ),
    case(
        "flags",
        &[concat!("update placement set flags = 32 where uid = 1 and mailbox_id = ", inbox!())],
        Mend::Undo(&[concat!("update placement set flags = 0 where uid = 1 and mailbox_id = ", inbox!())]),
    ),
    case(
        "flags",
        &[concat!("update placement set keywords = 'a  b' where uid = 1 and mailbox_id = ", inbox!())],
        Mend::Undo(&[concat!("update placement set keywords = '' where uid = 1 and mailbox_id = ", inbox!())]),
    ),
    case(
        "special-mailboxes",
        &["delete from mailbox where user_id = 'id-6' and special_use = 'drafts'"],
        Mend::By(Repair::SpecialMailboxes),
    ),
    case(
        "inbox-name",
        &["update mailbox set name = 'Boite' where user_id = 'id-6' and special_use = 'inbox'"],
        Mend::Undo(&["update mailbox set name = 'INBOX' where name = 'Boite'"]),
    ),
    case(
        "annotation-mailbox",
        &["update annotation set mailbox_id = 999"],
        Mend::Undo(&[concat!("update annotation set mailbox_id = ", inbox!())]),
    ),
    case(
        "sizes",
        &[concat!("update placement set size = size + 1, sent_day = null where uid = 2 and mailbox_id = ", inbox!())],
        Mend::By(Repair::Sizes),
    ),
    case("sizes", &["update expunged set size = size + 1"], Mend::By(Repair::Sizes)),
    case(
        "message-size",
        &[concat!("update message set size = size + 1 where id = ", waiting!())],
        Mend::Undo(&[concat!("update message set size = size - 1 where id = ", waiting!())]),
    ),
    case(
        "body-place",
        &[
            "create table kept as select hash, bytes from body where bytes is not null order by hash limit 1",
            "update body set bytes = null where hash = (select hash from kept)",
        ],
        Mend::Undo(&[
            "update body set bytes = (select bytes from kept) where hash = (select hash from kept)",
            "drop table kept",
        ]),
    ),
    case("hashes", &[submission!("substr(hash, 1, 31)", "null")], Mend::Undo(NO_77)),
    case(
        "message-text",
        &[
            concat!("delete from message_text where message_id = ", waiting!()),
            concat!("sqlite: delete from message_index where rowid = ", waiting!()),
        ],
        Mend::By(Repair::Structures),
    ),
    case(
        "search-index",
        &[
            concat!("sqlite: delete from message_index where rowid = ", waiting!()),
            "postgres: drop index message_text_trigrams",
        ],
        Mend::By(Repair::SearchIndex),
    ),
    case(
        "search-index",
        &[
            "sqlite: insert into message_index (rowid, from_key) values (7, 'nobody')",
            "postgres: update pg_index set indisvalid = false
                where indexrelid = cast('message_text_trigrams' as regclass)",
        ],
        Mend::By(Repair::SearchIndex),
    ),
    case("message-lost", &["delete from expunged"], Mend::By(Repair::OrphanRows)),
    case(
        "body-lost",
        &["insert into body (hash, size, bytes, blob, pinned_until, created_at)
            select substr(hash, 2), 0, substr(hash, 1, 0), null, 0, 0 from body order by hash limit 1"],
        Mend::By(Repair::OrphanRows),
    ),
    case("submission-message", &[submission!("hash", "12345")], Mend::Undo(NO_77)),
    case(
        "waiting-letter",
        &[
            submission!("hash", "null"),
            "insert into delivery (submission_id, user_id, batch, waits_until) values (77, 'id-3', 0, 99)",
        ],
        Mend::Undo(NO_77),
    ),
    case(
        "recalled-waiting",
        &["update submission set recalled_at = 5 where id = 9"],
        Mend::Undo(&["update submission set recalled_at = null where id = 9"]),
    ),
    case(
        "delivery-state",
        &[
            submission!("hash", "null"),
            "insert into delivery (submission_id, user_id, batch, waits_until) values (77, 'id-3', 0, null)",
        ],
        Mend::Undo(NO_77),
    ),
    case("address-owner", &[address!("('ghost', null, null, false, 0)")], Mend::Undo(NO_GHOST)),
    case("address-letters", &[address!("('Ghost', 'id-6', null, false, 0)")], Mend::Undo(NO_GHOST)),
    case("address-shown", &[address!("('ghost', 'id-6', null, true, 0)")], Mend::Undo(NO_GHOST)),
    case(
        "origin",
        &[concat!("update placement set origin_mailbox_id = mailbox_id where uid = 1 and mailbox_id = ", inbox!())],
        Mend::Undo(&[concat!(
            "update placement set origin_mailbox_id = null where uid = 1 and mailbox_id = ",
            inbox!()
        )]),
    ),
    case(
        "annotation-name",
        &["update annotation set entry_key = '/private/other'"],
        Mend::Undo(&["update annotation set entry_key = '/private/comment'"]),
    ),
    case(
        "counters",
        &["insert into sending (user_id, hour, messages, people, first_time) values ('id-6', 1, 1, -1, 0)"],
        Mend::Undo(&["delete from sending where user_id = 'id-6' and hour = 1"]),
    ),
    case(
        "app-passwords",
        &["update app_password set last_used_at = 5"],
        Mend::Undo(&["update app_password set last_used_at = null"]),
    ),
    case(
        "protocols",
        &["update app_password set last_used_at = 5, last_protocol = 'pop3'"],
        Mend::Undo(&["update app_password set last_used_at = null, last_protocol = null"]),
    ),
    case(
        "scram",
        &["create table kept as select * from scram", "delete from scram"],
        Mend::Undo(&[
            "insert into scram (id, secret, iterations) select id, secret, iterations from kept",
            "drop table kept",
        ]),
    ),
    case(
        "scram-verifiers",
        &["update scram_verifier set user_id = 'id-3' where app_password_id is not null"],
        Mend::Undo(&["update scram_verifier set user_id = 'id-2'"]),
    ),
    case(
        "scram-verifiers",
        &[
            "create table kept as select * from scram_verifier where app_password_id is null",
            "insert into scram_verifier select * from kept",
        ],
        Mend::Undo(&[
            "delete from scram_verifier where app_password_id is null",
            "insert into scram_verifier select * from kept",
            "drop table kept",
        ]),
    ),
    case(
        "scram-verifiers",
        &["insert into scram_verifier (user_id, app_password_id, stored_key, server_key)
            select 'id-6', null, stored_key, server_key from scram_verifier where app_password_id is null"],
        Mend::Undo(&["delete from scram_verifier where user_id = 'id-6'"]),
    ),
    case(
        "login-alias",
        &["update ent_user set login_alias = 'u5' where id = 'id-6'"],
        Mend::Undo(&["update ent_user set login_alias = null"]),
    ),
    case(
        "closed-year",
        &["update ent_group set closed_year = 2026 where id = 'g2'"],
        Mend::Undo(&["update ent_group set closed_year = null"]),
    ),
    case(
        "closed-year",
        &["update ent_group set closed_year = 1999, closed = true where id = 'g2'"],
        Mend::Undo(&["update ent_group set closed_year = null, closed = false where id = 'g2'"]),
    ),
    case("switch", &["update suspension set sending = false"], Mend::Undo(&["update suspension set sending = true"])),
    case(
        "archived",
        &["update ent_user set archived_at = 1 where id = 'id-6'"],
        Mend::Undo(&["update ent_user set archived_at = null"]),
    ),
    case(
        "deleted",
        &["update ent_user set deleted_at = 1 where id = 'id-6'"],
        Mend::Undo(&["update ent_user set deleted_at = null"]),
    ),
    case(
        "single-rows",
        &["delete from directory_clock"],
        Mend::Undo(&["insert into directory_clock (id, version) values (1, 1)"]),
    ),
    case(
        "trail-twice",
        &["insert into trail_waiting (id, at, kind, user_id, detail)
            select id, at, kind, user_id, detail from trail where seq = 1"],
        Mend::Undo(&["delete from trail_waiting where id in (select id from trail)"]),
    ),
    case(
        "profiles",
        &["update ent_user set profile = 'Wizard' where id = 'id-6'"],
        Mend::Undo(&["update ent_user set profile = 'Teacher'"]),
    ),
    case(
        "group-kinds",
        &["update ent_group set kind = 'Crowd' where id = 'g2'"],
        Mend::Undo(&["update ent_group set kind = 'Manual'"]),
    ),
    case(
        "users-rules",
        &["update ent_group set users_rule = 'SOME' where id = 'g2'"],
        Mend::Undo(&["update ent_group set users_rule = 'BOTH'"]),
    ),
    case(
        "special-uses",
        &["update mailbox set special_use = 'attic' where name = 'Projets'"],
        Mend::Undo(&["update mailbox set special_use = null where name = 'Projets'"]),
    ),
    case(
        "references",
        &["insert into user_school (user_id, school_id) values ('id-6', 'nowhere')"],
        Mend::Undo(&["delete from user_school where school_id = 'nowhere'"]),
    ),
    case(
        "trail",
        &["update trail set at = at + 1 where seq = 2"],
        Mend::Undo(&["update trail set at = at - 1 where seq = 2"]),
    ),
    deep(
        "message-octets",
        &[
            concat!("create table kept as select hash from message where id = ", waiting!()),
            concat!("update message set hash = body_hash where id = ", waiting!()),
        ],
        Mend::Undo(&[
            concat!("update message set hash = (select hash from kept) where id = ", waiting!()),
            "drop table kept",
        ]),
    ),
    deep(
        "structures",
        &[concat!("update message set envelope = body_structure, preview = 'x' where id = ", waiting!())],
        Mend::By(Repair::Structures),
    ),
    deep(
        "structures",
        &["update message_text set subject_key = 'another' where message_id = (
            select min(message_id) from placement)"],
        Mend::By(Repair::Structures),
    ),
];

/// SQLite's index alone can be out of step with its table.
pub const SQLITE_CASES: &[Case] = &[deep(
    "search-words",
    &[
        concat!("delete from message_index where rowid = ", waiting!()),
        concat!("insert into message_index (rowid, from_key) values (", waiting!(), ", 'nobody at all')"),
    ],
    Mend::By(Repair::SearchIndex),
)];
