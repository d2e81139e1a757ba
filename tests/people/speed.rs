//! What one RCPT, and one search for a name, cost among 200 000 people: 200 schools, 4 000 classes, the table's rules, a full mailbox. Ignored by
//! default: `cargo nextest run --release --run-ignored only --no-capture among_200`.

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

/// Family and given name of a number: 8 000 families of a few each, so that the first letters find many.
fn named(number: usize) -> (String, String) {
    const SYLLABLES: [&str; 20] = [
        "ba", "cé", "du", "fon", "gar", "hu", "jo", "la", "mar", "né", "pon", "ri", "sa", "ti", "vi", "ze", "lef",
        "ben", "dia", "mou",
    ];
    let syllable = |shift: usize| SYLLABLES[(number / 20usize.pow(u32::try_from(shift).unwrap())) % 20];
    let family = format!("{}{}{}", syllable(0), syllable(1), syllable(2)).to_uppercase();
    let given = format!("{}{}", syllable(3), syllable(1));
    (family, given)
}

async fn name_everybody(test: &TestStore) {
    for chunk in (0..200_000usize).collect::<Vec<_>>().chunks(20_000) {
        let rows = chunk.iter().map(|number| {
            let (family, given) = named(number.wrapping_mul(7919) % 160_000);
            format!("('u{number}', '{family}', '{given}')")
        });
        let statement = format!(
            "update ent_user set display_name = n.last || ' ' || n.first, last_name = n.last, first_name = n.first
             from (select column1 as id, column2 as last, column3 as first from (values {}) as v) as n where n.id = ent_user.id",
            rows.collect::<Vec<_>>().join(", ")
        );
        let work: for<'t, 'c> fn(&'t mut Tx<'c>, &'t String) -> Working<'t, ()> = |tx, statement| {
            Box::pin(async move {
                let statement = sqlx::AssertSqlSafe(statement.clone());
                match tx {
                    Tx::Sqlite(c) => sqlx::query(statement).execute(&mut **c).await.map(|_| ())?,
                    Tx::Postgres(c) => sqlx::query(statement).execute(&mut **c).await.map(|_| ())?,
                }
                Ok(())
            })
        };
        test.store.write(Durability::Relaxed, statement, work).await.unwrap();
    }
}

const LINKS: &[&str] = &[
    "insert into direct_link (from_user_id, to_user_id)
        select 'u' || (cast(substr(id, 2) as integer) + 400), id from ent_user where profile = 'Student'",
    "insert into direct_link (from_user_id, to_user_id)
        select id, 'u' || (cast(substr(id, 2) as integer) + 400) from ent_user where profile = 'Student'",
];

/// Teachers and heads of 40 schools type names, a letter at a time, as LDAP asks for them.
#[tokio::test]
#[ignore = "makes 200 000 people: a minute, and a quiet machine"]
async fn names_among_200_000_people() {
    let mut told = std::io::stderr();
    for test in support::stores().await {
        let gateway = gateway(&test);
        run(&test, DEPARTEMENT).await;
        name_everybody(&test).await;
        // Each pupil has a parent in the school.
        run(&test, LINKS).await;
        gateway.apply_rules(ImportMode::Apply).await.unwrap();
        run(&test, &["analyze"]).await;
        let (mut first, mut later, mut found) = (Vec::new(), Vec::new(), 0);
        for school in 0..40 {
            for (place, person) in [3, 62].into_iter().enumerate() {
                let asker = user(&gateway, &format!("login.{}", school * 1000 + person)).await;
                for number in 0..10 {
                    let (family, given) = named((school * 1000 + 100 + number * 37usize).wrapping_mul(7919) % 160_000);
                    for words in [&family.chars().take(3).collect::<String>(), &family, &format!("{given} {family}")] {
                        let started = Instant::now();
                        found += gateway.find(&asker, words, 50).await.unwrap().len();
                        let took = started.elapsed();
                        if place == 0 && number == 0 {
                            first.push(took)
                        } else {
                            later.push(took)
                        };
                    }
                }
            }
        }
        assert!(found > later.len(), "{found}");
        later.sort();
        first.sort();
        let (median, p99) = (later[later.len() / 2], later[later.len() * 99 / 100]);
        let (cold, slowest) = (first[first.len() / 2], first[first.len() - 1]);
        writeln!(
            told,
            "{}: {} searches, {found} found: median {median:?}, p99 {p99:?}; a school's first: median {cold:?}, slowest {slowest:?}",
            test.engine,
            later.len()
        )
        .unwrap();
        // A debug build on a busy machine; a release build takes a few times less.
        assert!(p99 < Duration::from_millis(200), "{p99:?}");
        test.store.close().await;
    }
}
