-- One text, read by SQLite and PostgreSQL. The dialect is listed at the head of src/store/mod.rs.
-- `bytea` is a plain type name to SQLite, which gives it blob-like affinity. Times are microseconds since 1970 UTC.
-- What stands between /*! and */ only SQLite reads; to it `bigint primary key` is `integer primary key`, the row's own number.

-- ── Directory ─────────────────────────────────────────────────────────────────────────────────────

create table school (
    id text primary key
  , uai text not null
  , name text not null
);

create table school_class (
    id text primary key
  , school_id text not null references school (id)
  , name text not null
);

-- Who leaves (`left_at`) is suspended, then archived: kept for reading by admins, in no group. Then deleted: the row and
-- its addresses stay, so that they never come to mean somebody else; name, mailboxes and passwords go.
create table ent_user (
    id text primary key
  , external_id text not null unique
  , login text not null unique
  , login_alias text unique
  , display_name text not null
  , first_name text not null
  , last_name text not null
  , profile text not null
  , suspended boolean not null
  , suspended_reason text
  , password_hash text
    -- Rises with every change of the password: sessions that came in with the old one end.
  , password_version bigint not null default 0
  , quota_bytes bigint
  , created_at bigint not null
  , left_at bigint
  , archived_at bigint
  , deleted_at bigint
);
create index ent_user_left on ent_user (left_at);

create table user_school (
    user_id text not null references ent_user (id)
  , school_id text not null references school (id)
  , primary key (user_id, school_id)
);

-- `closed_year`: the school year that was closed with the group in it.
-- `users_rule` says what belonging to the group gives: incoming, outgoing, both, none (domain::policy). `users_by_table`,
-- `rules_by_table`: the files said nothing of it, so the table of the settings did, and does again when it changes.
create table ent_group (
    id text primary key
  , school_id text references school (id)
  , class_id text references school_class (id)
  , parent_id text references ent_group (id)
  , kind text not null
  , profile text
  , name text not null
  , users_rule text not null
  , closed boolean not null
  , closed_year bigint
  , users_by_table boolean not null default false
  , rules_by_table boolean not null default false
  , created_at bigint not null
);

-- A school year by the calendar year in which it begins. Closed, its classes' groups stay closed.
create table school_year (
    year bigint primary key
  , opened_at bigint not null
  , closed_at bigint
);

-- Counts changes of the directory: an import compares outside of the transaction that writes, and looks here whether
-- what it compared with is still so.
create table directory_clock (
    id bigint primary key
  , version bigint not null
);
insert into directory_clock (id, version) values (1, 1);

create table group_member (
    group_id text not null references ent_group (id)
  , user_id text not null references ent_user (id)
  , primary key (group_id, user_id)
) /*! without rowid */;
create index group_member_user on group_member (user_id);

create table communication_rule (
    from_group_id text not null references ent_group (id)
  , to_group_id text not null references ent_group (id)
  , by_table boolean not null default false
  , primary key (from_group_id, to_group_id)
);

create table direct_link (
    from_user_id text not null references ent_user (id)
  , to_user_id text not null references ent_user (id)
  , primary key (from_user_id, to_user_id)
);

-- Every local part ever given out; a row is never deleted, so an address never comes to mean somebody else.
create table address (
    local_part text primary key
  , user_id text references ent_user (id)
  , group_id text references ent_group (id)
  , is_primary boolean not null
  , created_at bigint not null
);
create index address_user on address (user_id);
create index address_group on address (group_id);

create table app_password (
    id text primary key
  , user_id text not null references ent_user (id)
  , device_name text not null
  , secret_hash bytea not null unique
  , created_at bigint not null
  , last_used_at bigint
    -- imap, smtp; null as long as last_used_at is.
  , last_protocol text
    -- As the client called itself last (IMAP's ID): bounded, on one line.
  , last_client text
  , revoked_at bigint
    -- Words of CAPABILITY that this device is not shown, and those that it alone is shown, with a space between.
  , hidden_words text not null default ''
  , shown_words text not null default ''
);
create index app_password_user on app_password (user_id);

-- When somebody's use of an app whose maker holds the password was last told to the trail and the person: warned, refused.
create table cloud_app (
    user_id text not null references ent_user (id)
  , app text not null
  , act text not null
  , told_at bigint not null
  , primary key (user_id, app, act)
) /*! without rowid */;

-- ── Mailboxes ─────────────────────────────────────────────────────────────────────────────────────

-- The row is the lock and the clock of its mailbox: UIDs and ModSeqs are taken from it by `update … returning`.
-- `forgotten_mod_seq`: the highest ModSeq of an expunge that is no longer among the tombstones.
create table mailbox (
    id bigint primary key
  , user_id text not null references ent_user (id)
  , name text not null
  , special_use text
  , uid_validity bigint not null
  , uid_next bigint not null
  , mod_seq bigint not null
  , subscribed boolean not null
  , created_at bigint not null
  , forgotten_mod_seq bigint not null default 0
  , unique (user_id, name)
);
create unique index mailbox_special_use on mailbox (user_id, special_use);

-- The last UIDVALIDITY given to any mailbox of the person: rises for ever, so that a name deleted and created again never
-- has an old one (RFC 9051 §2.3.1.1). The row is also the lock of the person's tree of mailboxes.
create table mailbox_clock (
    user_id text primary key references ent_user (id)
  , uid_validity bigint not null
);

-- Names that a user subscribed to and that are not (or no longer) mailboxes: RFC 9051 §6.3.7.
create table subscription (
    user_id text not null references ent_user (id)
  , name text not null
  , primary key (user_id, name)
);

-- Annotations (RFC 5464), a person's own: of a mailbox, or (`mailbox_id` 0) of the server. `entry_key` is the name in lower
-- case, `entry` as it was written.
create table annotation (
    user_id text not null references ent_user (id)
  , mailbox_id bigint not null
  , entry_key text not null
  , entry text not null
  , value bytea not null
  , primary key (user_id, mailbox_id, entry_key)
);

-- ── Messages ──────────────────────────────────────────────────────────────────────────────────────

-- Everything after the header block, once for all messages that share it: in `bytes`, or in the blob store under the name
-- `blob`, which is never given twice. `pinned_until`: somebody is about to refer to it.
create table body (
    hash bytea primary key
  , size bigint not null
  , bytes bytea
  , blob text unique
  , pinned_until bigint not null
  , created_at bigint not null
);

-- What lists need, ready for the wire; written at arrival, never changed. `content_key`: equal where a client hands over the
-- same message twice, by SMTP and for Sent; null without a Message-ID.
create table message (
    id bigint primary key
  , hash bytea not null unique
  , size bigint not null
  , body_hash bytea not null references body (hash)
  , header bytea not null
  , envelope bytea not null
  , body_structure bytea not null
  , parts bytea not null
  , message_id_key text
  , content_key bytea
  , sent_at bigint
  , sent_day bigint
  , sort_keys text not null
  , preview text not null
  , created_at bigint not null
);
create index message_message_id_key on message (message_id_key);
create index message_body on message (body_hash);

-- Folded text that SEARCH compares (blind to case and accents). `header_names` and `header_key`: a line for each field.
-- 0002 indexes it by trigrams.
create table message_text (
    message_id bigint primary key references message (id)
  , from_key text not null
  , to_key text not null
  , cc_key text not null
  , bcc_key text not null
  , subject_key text not null
  , header_names text not null
  , header_key text not null
  , text_key text not null
);

-- Identifiers in Message-ID fields that differ, folded, from message.message_id_key: nearly none.
create table message_id_alias (
    key text not null
  , message_id bigint not null references message (id)
  , primary key (key, message_id)
);
create index message_id_alias_message on message_id_alias (message_id);

-- A message in one mailbox. `size` and `sent_day` repeat those of the message, which never change, so that flags, quota and
-- dates never open it.
create table placement (
    mailbox_id bigint not null references mailbox (id)
  , uid bigint not null
  , message_id bigint not null references message (id)
  , flags bigint not null
  , keywords text not null
  , size bigint not null
  , internal_date bigint not null
  , save_date bigint not null
  , sent_day bigint
  , created_mod_seq bigint not null
  , mod_seq bigint not null
  , origin_mailbox_id bigint
  , primary key (mailbox_id, uid)
) /*! without rowid */;
create index placement_mod_seq on placement (mailbox_id, mod_seq);
create index placement_message on placement (message_id, mailbox_id);
-- Answers STATUS and quota by itself.
create index placement_status on placement (mailbox_id, flags, size);

-- What left a mailbox: for sessions and clients that come late (RFC 7162).
create table tombstone (
    mailbox_id bigint not null references mailbox (id)
  , uid bigint not null
  , mod_seq bigint not null
  , expunged_at bigint not null
  , primary key (mailbox_id, uid)
) /*! without rowid */;
create index tombstone_mod_seq on tombstone (mailbox_id, mod_seq);
create index tombstone_expunged_at on tombstone (expunged_at);

-- Messages that a person has expunged for good and that can still be brought back: each once. `mailbox_id` is where it lay
-- last, `origin_mailbox_id` where it had come from, should that have been Trash; either may have been deleted since.
create table expunged (
    user_id text not null references ent_user (id)
  , message_id bigint not null references message (id)
  , mailbox_id bigint not null
  , origin_mailbox_id bigint
  , flags bigint not null
  , keywords text not null
  , size bigint not null
  , internal_date bigint not null
  , expunged_at bigint not null
  , primary key (user_id, message_id)
) /*! without rowid */;
create index expunged_expunged_at on expunged (expunged_at);
create index expunged_message on expunged (message_id);

-- What somebody has brought in from elsewhere (domain::migration): the same again brings nothing in twice, whatever became
-- of it here.
create table brought_in (
    user_id text not null references ent_user (id)
  , key text not null
  , primary key (user_id, key)
) /*! without rowid */;

-- ── Collection ────────────────────────────────────────────────────────────────────────────────────

-- Messages and bodies that have lost a reference: collection looks whether it was the last one.
create table doomed_message (
    message_id bigint primary key
  , marked_at bigint not null
);

create table doomed_body (
    hash bytea primary key
  , marked_at bigint not null
);

-- ── Submissions ───────────────────────────────────────────────────────────────────────────────────

-- `replay_key`: hash of sender, Message-ID and content; the same key again is the same submission (never delivered twice).
-- `message_id` does not keep the message: where everybody has expunged it, it goes, and is null here. As long as it is there,
-- its readers may answer (`answerable`), so the submission stays too.
create table submission (
    id bigint primary key
  , user_id text not null references ent_user (id)
  , replay_key bytea not null unique
  , message_id bigint
  , message_id_key text
  , no_reply boolean not null
  , sent_uid bigint
  , submitted_at bigint not null
    -- Its sender, or an admin, took it back: its readers have a notice, and it is never placed again.
  , recalled_at bigint
);
create index submission_user on submission (user_id, submitted_at);
create index submission_message_id_key on submission (message_id_key);
create index submission_message on submission (message_id, submitted_at);

-- One row per person reached; the trail of who sent to how many.
create table delivery (
    submission_id bigint not null references submission (id)
  , user_id text not null references ent_user (id)
  , batch bigint not null
    -- The letter waits for the end of quiet hours until then, and has no placement yet; its batch is 0.
  , waits_until bigint
  , primary key (submission_id, user_id)
) /*! without rowid */;
create index delivery_waits_until on delivery (waits_until, submission_id) where waits_until is not null;
create index delivery_user on delivery (user_id, submission_id);

-- Whom those may answer to who got a submission: its sender, and the people whom its To or Cc names among those it was
-- addressed to by name (RCPT). Never those of Bcc, and never a person whom the header names and the envelope does not.
create table answerable (
    user_id text not null references ent_user (id)
  , submission_id bigint not null references submission (id)
  , primary key (user_id, submission_id)
);
create index answerable_submission on answerable (submission_id);

-- ── Limits ────────────────────────────────────────────────────────────────────────────────────────

-- What somebody sent in an hour (since 1970 UTC): messages, people whom they reached, and those named for the first time.
create table sending (
    user_id text not null references ent_user (id)
  , hour bigint not null
  , messages bigint not null
  , people bigint not null
  , first_time bigint not null
  , primary key (user_id, hour)
) /*! without rowid */;

-- To whom (people and groups, as they were named) somebody has ever written.
create table written_to (
    user_id text not null references ent_user (id)
  , recipient_id text not null
  , primary key (user_id, recipient_id)
) /*! without rowid */;

-- ── The switch ────────────────────────────────────────────────────────────────────────────────────

-- What is turned off, for everybody who is all of profile, school and person (model::switch).
create table suspension (
    scope_key text primary key
  , profile text
  , school_id text references school (id)
  , user_id text references ent_user (id)
  , sending boolean not null
  , reading boolean not null
  , reason text not null
  , since bigint not null
);

-- One row: rises with every change of what is suspended, and where a password is changed or revoked, so that other gateways
-- notice at once.
create table switch_version (
    id bigint primary key
  , version bigint not null
);
insert into switch_version (id, version) values (1, 1);

-- ── Trail ─────────────────────────────────────────────────────────────────────────────────────────

-- Lines written in the transaction of what they tell, not yet in the chain: no lock that two writers would share.
create table trail_waiting (
    id bigint primary key
  , at bigint not null
  , kind text not null
  , user_id text
  , detail text not null
);

-- The chain: rows are moved here in the order in which they were committed, and never change. `hash` covers the row and
-- the hash before it (model::trail).
create table trail (
    seq bigint primary key
  , id bigint not null
  , at bigint not null
  , kind text not null
  , user_id text
  , detail text not null
  , hash bytea not null
);
create index trail_user on trail (user_id, seq);
create index trail_at on trail (at);

-- One row: the chain's end. It is the lock of whoever moves rows into the chain.
create table trail_head (
    id bigint primary key
  , seq bigint not null
  , hash bytea not null
);
insert into trail_head (id, seq, hash) values (1, 0, '');
