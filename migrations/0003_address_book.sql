-- What people find others by, and what their address books were last time they asked.

create index ent_group_parent on ent_group (parent_id);
create index ent_group_school on ent_group (school_id);
create index ent_group_class on ent_group (class_id);
create index user_school_school on user_school (school_id);

-- A state of one of a person's books that a client was told, under the digest that its sync token holds (RFC 6578 §3.2):
-- for each card 16 octets of its id and 8 of what it said. What is lost here is told again whole.
create table card_state (
    user_id text not null references ent_user (id)
  , book text not null
  , digest bytea not null
  , cards bytea not null
  , used_at bigint not null
  , primary key (user_id, book, digest)
) /*! without rowid */;
create index card_state_used on card_state (used_at);
