-- Who is signed in on the person's page. Only a hash of what the browser holds is kept. What is lost here makes people sign in
-- again.
create table page_session (
    token_hash bytea not null primary key
  , user_id text not null references ent_user (id)
    -- As it was at sign-in: a session ends with the password.
  , password_version bigint not null
    -- Did the ENT vouch for the person? Else it was the person's own password.
  , by_ent boolean not null
  , signed_in_at bigint not null
  , used_at bigint not null
);
create index page_session_user on page_session (user_id);
create index page_session_used on page_session (used_at);
