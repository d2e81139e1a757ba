//! Checks of what people log in with: app passwords, and what SCRAM checks passwords by (RFC 5802 §3).
//!
//! Not checked, for nothing in the store tells: whether a hash or a verifier is that of the password.

use super::{Check, Find, Weight};
use crate::model::Protocol;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "app-passwords",
        means: "an app password has no name or no hash, or was used without a time or by no protocol",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'app password ' || id || ' of user ' || user_id from app_password
            where length(secret_hash) <> 32 or device_name = '' or (last_used_at is null) <> (last_protocol is null)",
        ),
    },
    Check {
        name: "protocols",
        means: "a protocol that this program does not know",
        weight: Weight::Fault,
        repair: None,
        find: Find::Words("select distinct last_protocol from app_password where last_protocol is not null", |word| {
            Protocol::from_columns(word, None).is_some()
        }),
    },
    Check {
        name: "scram",
        means: "what salts come from is missing, twice or unreadable: nobody's password can be checked by SCRAM",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            "select 'scram' from scram where id <> 1 or length(secret) <> 32 or iterations not between 1 and 4294967295
            union all
            select 'scram' where exists (select 1 from scram_verifier) and not exists (select 1 from scram)",
        ),
    },
    Check {
        name: "scram-verifiers",
        means: "what SCRAM checks a password by is unreadable, there twice, of no password, or of somebody else's device",
        weight: Weight::Fault,
        repair: None,
        find: Find::Sql(
            // An app password has one as it is shown, and one as it may be typed.
            "select 'user ' || v.user_id from scram_verifier v
            left join app_password p on p.id = v.app_password_id
            left join ent_user u on u.id = v.user_id
            where length(v.stored_key) <> 32 or length(v.server_key) <> 32
                or (v.app_password_id is not null and p.user_id <> v.user_id)
                or (v.app_password_id is null and u.password_hash is null)
            union all
            select 'user ' || user_id from scram_verifier where app_password_id is null
            group by user_id having count(*) > 1",
        ),
    },
];
