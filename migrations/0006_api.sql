-- expand: tokens of the JSON API, what was answered to a request that may come twice, the key of badges, and the outbox of
-- webhooks. One text for both engines, as 0001.

-- Tokens that programs of the ENT come with. Only a hash is kept. `scopes`: words with a space between. Of one school, or of all.
create table api_token (
    id text primary key
  , name text not null
  , secret_hash bytea not null unique
  , scopes text not null
  , school_id text references school (id)
  , created_at bigint not null
  , expires_at bigint
    -- To within a minute.
  , last_used_at bigint
  , revoked_at bigint
);

-- A request that makes something, by the key that its sender gave it: the same key again is the same request. `answer` is
-- encrypted with a key that only the token's holder can make; null while the request is under way, or where its end is not known.
create table api_request (
    token_id text not null references api_token (id)
  , key text not null
  , request_hash bytea not null
  , answer bytea
  , created_at bigint not null
  , primary key (token_id, key)
) /*! without rowid */;
create index api_request_created_at on api_request (created_at);

-- One row: what tokens of badges are signed with.
create table badge_key (
    id bigint primary key
  , secret bytea not null
);

-- What is to be told to a webhook (by its name in the settings): that the people of one run of a submission have got it.
-- Written in the transaction that delivers. The rows of `delivery` with this submission and batch are the people; `page_people`
-- of them go together, in the order of their ids; those up to `after_user` have been told, in `pages` pages.
create table webhook_outbox (
    id bigint primary key
  , hook text not null
  , submission_id bigint not null
  , batch bigint not null
  , page_people bigint not null
  , after_user text not null
  , pages bigint not null
  , created_at bigint not null
  , tries bigint not null
  , next_try_at bigint not null
  , give_up_at bigint not null
  , last_error text
    -- Given up.
  , dead_at bigint
);
create index webhook_outbox_due on webhook_outbox (hook, next_try_at, id) where dead_at is null;
create index webhook_outbox_submission on webhook_outbox (submission_id);

-- Who does, until when, what one gateway does for all: nobody else does meanwhile.
create table lease (
    name text primary key
  , holder text not null
  , until_at bigint not null
);
