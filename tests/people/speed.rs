//! What one RCPT costs among 200 000 people: 200 schools, 4 000 classes, the table's rules, a full mailbox. Ignored by
//! default: `cargo nextest run --release --run-ignored only --no-capture rcpt_among`.

use std::io::Write;
use std::time::{Duration, Instant};

use passerelle::domain::Gateway;
use passerelle::domain::directory::Verdict;
use passerelle::domain::import::ImportMode;
use passerelle::model::Address;
use passerelle::sentences::Sentence;
use passerelle::store::{Durability, Tx, Working};

use crate::support::{self, TestStore};
use crate::{address, count, gateway, user};

/// People of a school, by number: 60 teachers, 20 personnel, 400 pupils, 520 relatives; each class of 20 has its share.
const DEPARTEMENT: &[&str] = &[
    "insert into school (id, uai, name) with recursive n(i) as (select 0 union all select i + 1 from n where i < 199)
        select 's' || i, 'UAI' || i, 'School ' || i from n",
    "insert into school_class (id, school_id, name)
        with recursive n(i) as (select 0 union all select i + 1 from n where i < 3999)
        select 'c' || i, 's' || (i / 20), 'Class ' || i from n",
    "insert into ent_user (id, external_id, login, display_name, first_name, last_name, profile, suspended, created_at)
        with recursive n(i) as (select 0 union all select i + 1 from n where i < 199999)
        select 'u' || i, 'x' || i, 'login.' || i, 'NAME ' || i, 'First', 'Name', case
            when i % 1000 < 60 then 'Teacher' when i % 1000 < 80 then 'Personnel'
            when i % 1000 < 480 then 'Student' else 'Relative' end, false, 0 from n",
    "insert into user_school (user_id, school_id)
        with recursive n(i) as (select 0 union all select i + 1 from n where i < 199999)
        select 'u' || i, 's' || (i / 1000) from n",
    "insert into ent_group (id, school_id, kind, profile, name, users_rule, closed, users_by_table, rules_by_table, created_at)
        select s.id || '-' || p.profile, s.id, 'Profile', p.profile, p.profile, 'NONE', false, true, true, 0
        from school s cross join (select 'Teacher' as profile union all select 'Personnel' union all select 'Student'
            union all select 'Relative') as p",
    "insert into ent_group (id, school_id, class_id, parent_id, kind, profile, name, users_rule, closed, users_by_table,
            rules_by_table, created_at)
        select c.id || '-' || p.profile, c.school_id, c.id, c.school_id || '-' || p.profile, 'Profile', p.profile,
            p.profile, 'NONE', false, true, true, 0
        from school_class c cross join (select 'Teacher' as profile union all select 'Personnel' union all select 'Student'
            union all select 'Relative') as p",
    "insert into group_member (group_id, user_id)
        select s.school_id || '-' || u.profile, u.id from ent_user u join user_school s on s.user_id = u.id",
    // Each in one class; teachers in three.
    "insert into group_member (group_id, user_id)
        with recursive n(i) as (select 0 union all select i + 1 from n where i < 199999)
        select 'c' || (20 * (i / 1000) + (i + t.shift) % 20) || '-' || u.profile, u.id
        from n join ent_user u on u.id = 'u' || n.i
        join (select 0 as shift union all select 7 union all select 13) as t
            on t.shift = 0 or u.profile = 'Teacher'",
    "insert into address (local_part, user_id, is_primary, created_at) select login, id, true, 0 from ent_user",
    "insert into address (local_part, user_id, is_primary, created_at) select id, id, false, 0 from ent_user",
    "insert into address (local_part, group_id, is_primary, created_at) select lower(id), id, true, 0 from ent_group",
];

/// 5 000 letters to the pupil u100, who keeps all of them; the head u1060 of another school has sent 10 000 to others.
const LETTERS: &[&str] = &[
    "insert into body (hash, size, bytes, created_at) values ('h', 0, '', 0)",
    "insert into message (id, hash, size, body_hash, header, envelope, body_structure, parts, sort_keys, preview, created_at)
        with recursive n(i) as (select 0 union all select i + 1 from n where i < 14999)
        select i, cast('m' || i as bytea), 0, 'h', '', '', '', '', '', '', 0 from n",
    "insert into submission (id, user_id, replay_key, message_id, message_id_key, no_reply, submitted_at)
        with recursive n(i) as (select 0 union all select i + 1 from n where i < 14999)
        select i, case when i < 5000 then 'u3' else 'u1060' end, cast('r' || i as bytea), i, i || '@x', false, 0 from n",
    "insert into answerable (submission_id, user_id) select id, user_id from submission",
    "insert into delivery (submission_id, user_id, batch) select id, 'u100', 0 from submission where id < 5000",
    "insert into delivery (submission_id, user_id, batch) select id, 'u101', 0 from submission where id >= 5000",
    "insert into mailbox (id, user_id, name, special_use, uid_validity, uid_next, mod_seq, subscribed, created_at)
        values (1, 'u100', 'INBOX', 'inbox', 1, 5001, 1, true, 0)",
    "insert into placement (mailbox_id, uid, message_id, flags, keywords, size, internal_date, save_date, created_mod_seq,
            mod_seq) select 1, id + 1, message_id, 0, '', 0, 0, 0, 1, 1 from submission where id < 5000",
];

async fn run(test: &TestStore, statements: &'static [&'static str]) {
    let work: for<'t, 'c> fn(&'t mut Tx<'c>, &'t &'static [&'static str]) -> Working<'t, ()> = |tx, statements| {
        Box::pin(async move {
            for statement in *statements {
                match tx {
                    Tx::Sqlite(c) => {
                        // SQLite's cast to a blob has another name.
                        let statement = statement.replace(" as bytea)", " as blob)");
                        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut **c).await?;
                    }
                    Tx::Postgres(c) => {
                        sqlx::query(*statement).execute(&mut **c).await?;
                    }
                }
            }
            Ok(())
        })
    };
    test.store.write(Durability::Synced, statements, work).await.unwrap();
}

/// The median of many.
async fn median(gateway: &Gateway, from: &str, to: &Address, expected: impl Fn(&Verdict) -> bool) -> Duration {
    let sender = user(gateway, from).await;
    let mut times = Vec::new();
    for _ in 0..500 {
        let started = Instant::now();
        let verdict = gateway.may_write(&sender, to).await.unwrap();
        times.push(started.elapsed());
        assert!(expected(&verdict), "{from} → {to}: {verdict:?}");
    }
    times.sort();
    times[times.len() / 2]
}

#[tokio::test]
#[ignore = "makes 200 000 people: a minute, and a quiet machine"]
async fn rcpt_among_200_000_people() {
    let mut told = std::io::stderr();
    for test in support::stores().await {
        let gateway = gateway(&test);
        run(&test, DEPARTEMENT).await;
        run(&test, LETTERS).await;
        let started = Instant::now();
        let changes = gateway.apply_rules(ImportMode::Apply).await.unwrap().len();
        writeln!(told, "{}: table applied, {changes} changes: {:?}", test.engine, started.elapsed()).unwrap();
        assert_eq!(count(&test.store, "select count(*) from ent_user").await, 200_000);
        run(&test, &["analyze"]).await;

        let allowed = |verdict: &Verdict| matches!(verdict, Verdict::Allow(_));
        let refused = |verdict: &Verdict| matches!(verdict, Verdict::Refuse(Sentence::NotAllowed { .. }));
        let unknown = |verdict: &Verdict| matches!(verdict, Verdict::Refuse(Sentence::UnknownRecipient { .. }));
        let figures = [
            ("a teacher → a pupil", median(&gateway, "login.5", &address("login.300"), allowed).await),
            ("a teacher → parents of a class", median(&gateway, "login.5", &address("c3-relative"), allowed).await),
            ("a pupil → a teacher of his", median(&gateway, "login.100", &address("login.0"), allowed).await),
            ("a pupil → a stranger, refused", median(&gateway, "login.102", &address("login.1500"), refused).await),
            ("a pupil with 5 000 letters → a busy head, refused", {
                median(&gateway, "login.100", &address("login.1060"), refused).await
            }),
            ("a pupil → nobody, refused", median(&gateway, "login.100", &address("no.body"), unknown).await),
        ];
        for (what, time) in figures {
            writeln!(told, "{}: {what}: {time:?}", test.engine).unwrap();
            // A debug build on a busy machine; a release build takes a few times less.
            assert!(time < Duration::from_millis(100), "{what}: {time:?}");
        }
        test.store.close().await;
    }
}
