//! The trail: written with what it tells, chained, and nothing can be taken from it unseen.

use std::sync::Arc;

use passerelle::domain::Gateway;
use passerelle::domain::trail::{TrailCheck, parse_head};
use passerelle::model::{Timestamp, UserId};
use passerelle::sentences::Sentence;
use passerelle::store::Store;

use crate::support;
use crate::world::{NOW, World, everybody, letter, to, user, worlds, worlds_with};

async fn kinds(world: &World) -> Vec<String> {
    let lines = world.gateway.trail_lines(0, None, None).await.unwrap();
    lines.into_iter().map(|shown| format!("{} {}", shown.line.kind, shown.line.detail)).collect()
}

async fn checked(world: &World) -> TrailCheck {
    world.gateway.check_trail(None).await.unwrap()
}

/// A trail of `count` submissions, chained.
async fn with_lines(world: &World, count: u32) {
    for number in 0..count {
        let message = letter(1, &format!("m{number}"), "", "Bonjour");
        world.submit(&user(1), &[to(2)], &message).await;
    }
    world.gateway.chain_trail().await.unwrap();
}

#[tokio::test]
async fn tells_who_sent_to_how_many_and_nothing_twice() {
    for world in worlds(5).await {
        let message = letter(1, "one", "Subject: secret\r\n", "secret");
        for _ in 0..2 {
            world.submit(&user(1), &[to(2), everybody()], &message).await;
        }
        let size = message.len();
        let line = format!("submission {{\"people\":5,\"waiting\":0,\"bytes\":{size},\"urgent\":false}}");
        assert_eq!(kinds(&world).await, std::slice::from_ref(&line), "not in the chain yet");
        assert_eq!(checked(&world).await.waiting, 1);
        assert_eq!(world.gateway.chain_trail().await.unwrap(), 1);
        assert_eq!(kinds(&world).await, [line]);
        let check = checked(&world).await;
        assert_eq!((check.waiting, check.head.seq, check.problems), (0, 1, vec![]));
    }
}

#[tokio::test]
async fn tells_what_admins_did_and_shows_it_by_person_and_time() {
    for world in worlds(3).await {
        world.gateway.suspend_user(&user(2).id, "compte volé").await.unwrap();
        world.gateway.chain_trail().await.unwrap();
        world.clock.set(Timestamp(NOW.0 + 10));
        world.gateway.resume_user(&user(2).id).await.unwrap();
        world.gateway.suspend_user(&UserId::new("nobody"), "").await.unwrap();
        let new = world.gateway.create_app_password(&user(3).id, "Tel").await.unwrap().unwrap();
        world.gateway.revoke_app_password(&user(3).id, &new.password.id).await.unwrap();
        world.gateway.revoke_app_password(&user(3).id, &new.password.id).await.unwrap();
        world.gateway.chain_trail().await.unwrap();
        assert_eq!(
            kinds(&world).await,
            [
                "admin {\"act\":\"user-suspend\",\"detail\":\"compte volé\"}".to_owned(),
                "admin {\"act\":\"user-resume\",\"detail\":\"\"}".to_owned(),
                "admin {\"act\":\"app-password-create\",\"detail\":\"Tel\"}".to_owned(),
                format!("admin {{\"act\":\"app-password-revoke\",\"detail\":\"{}\"}}", new.password.id),
            ]
        );
        let of_two = world.gateway.trail_lines(0, Some(&user(2).id), None).await.unwrap();
        assert_eq!(of_two.iter().map(|shown| shown.login.as_deref()).collect::<Vec<_>>(), [Some("u2"), Some("u2")]);
        let later = world.gateway.trail_lines(0, Some(&user(2).id), Some(Timestamp(NOW.0 + 1))).await.unwrap();
        assert_eq!(later.iter().map(|shown| shown.seq).collect::<Vec<_>>(), [Some(2)]);
    }
}

#[tokio::test]
async fn refusals_are_few_lines_however_many_they_are() {
    for world in worlds_with(3, |config| config.trail.refusals_seconds = 60).await {
        let sentence = Sentence::NotAllowed { recipient: "u9@ent.test".to_owned() };
        for _ in 0..1000 {
            world.gateway.note_refusal(&user(1).id, &sentence);
        }
        world.gateway.note_refusal(&user(1).id, &Sentence::QuotaExceeded);
        world.gateway.note_refusal(&user(2).id, &sentence);
        world.gateway.write_refusals(false).await.unwrap();
        assert_eq!(kinds(&world).await.len(), 0, "not before the time is over");
        world.clock.set(Timestamp(NOW.0 + 60_000_000));
        world.gateway.write_refusals(false).await.unwrap();
        let mut lines = kinds(&world).await;
        lines.sort();
        let since = NOW.0;
        assert_eq!(
            lines,
            [
                format!("refusals {{\"since\":{since},\"reasons\":{{\"not-allowed\":1000,\"quota\":1}}}}"),
                format!("refusals {{\"since\":{since},\"reasons\":{{\"not-allowed\":1}}}}"),
            ]
        );
        world.gateway.note_refusal(&user(2).id, &sentence);
        world.gateway.write_refusals(true).await.unwrap();
        assert_eq!(kinds(&world).await.len(), 3, "when the server stops, all of it");
    }
}

#[tokio::test]
async fn tampering_is_found() {
    let cases: [(&[&str], &str); 7] = [
        (&["update trail set detail = '{}' where seq = $1"], "line 3 was changed"),
        (&["update trail set at = at + 1 where seq = $1"], "line 3 was changed"),
        (&["delete from trail where seq = $1"], "line 3 missing"),
        (
            &[
                "update trail set seq = -1 where seq = $1",
                "update trail set seq = $1 where seq = $1 + 1",
                "update trail set seq = $1 + 1 where seq = -1",
            ],
            "line 3 was changed, moved",
        ),
        (&["delete from trail where seq >= $1"], "ends at line 2; the store's own note"),
        (
            &[
                "delete from trail where seq >= $1",
                "update trail_head set seq = $1 - 1, hash = (select hash from trail where seq = $1 - 1)",
            ],
            "trail.head tells of line 6: its end was cut off",
        ),
        (&["delete from trail_head where $1 = 3"], "missing or unreadable"),
    ];
    for (statements, told) in cases {
        for world in worlds(2).await {
            with_lines(&world, 6).await;
            assert_eq!(checked(&world).await.problems, Vec::<String>::new());
            for statement in statements {
                world.execute(statement, 3).await;
            }
            let problems = checked(&world).await.problems;
            assert!(problems.iter().any(|problem| problem.contains(told)), "{statements:?}: {problems:?}");
        }
    }
}

/// Somebody who may write to the store can make all hashes anew; not what was noted outside of it.
#[tokio::test]
async fn a_trail_written_anew_is_found_by_what_was_noted_elsewhere() {
    for world in worlds(2).await {
        with_lines(&world, 6).await;
        let noted = checked(&world).await.head;
        let text = noted.text();
        assert_eq!(parse_head(&text), Some(noted.clone()));
        for statement in [
            "insert into trail_waiting (id, at, kind, user_id, detail)
             select id, at, kind, user_id, detail from trail where seq <> $1",
            "delete from trail where $1 = 3",
            "update trail_head set seq = 0 where $1 = 3",
        ] {
            world.execute(statement, 3).await;
        }
        world.gateway.chain_trail().await.unwrap();
        let check = checked(&world).await;
        assert_eq!(check.head.seq, 5);
        assert!(check.problems[0].contains("trail.head tells of line 6"), "{:?}", check.problems);
        std::fs::remove_file(world.gateway.config.data_dir.join("trail.head")).unwrap();
        assert_eq!(checked(&world).await.problems, Vec::<String>::new());
        let problems = world.gateway.check_trail(Some(noted)).await.unwrap().problems;
        assert!(problems[0].contains("the end given tells of line 6"), "{problems:?}");
        world.submit(&user(1), &[to(2)], &letter(1, "another", "", "Bonjour")).await;
        world.gateway.chain_trail().await.unwrap();
        let problems = world.gateway.check_trail(parse_head(&text)).await.unwrap().problems;
        assert!(problems[0].contains("line 6 is not the one that the end given tells of"), "{problems:?}");
    }
}

/// Two gateways write and chain at the same time: one chain, every line once, and no delivery waits for another.
#[tokio::test(flavor = "multi_thread")]
async fn several_gateways_make_one_chain() {
    let Some(url) = support::postgres_url().await else { return };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut worlds = Vec::new();
    for folder in folders {
        let text = format!("domain = 'ent.test'\ndata_dir = '{}'", folder.path().display());
        let clock = passerelle::domain::clock::Clock::fixed(NOW);
        let config = Arc::new(toml::from_str(&text).unwrap());
        let gateway = Gateway::new(config, Store::open(&url, 8).await.unwrap(), clock.clone()).unwrap();
        worlds.push(Arc::new(World { gateway: Arc::new(gateway), clock, engine: "postgres", folder }));
    }
    worlds[0].add_people(20).await;
    let mut tasks = tokio::task::JoinSet::new();
    for (side, world) in worlds.iter().enumerate() {
        for sender in 1..=10 {
            let world = Arc::clone(world);
            tasks.spawn(async move {
                for number in 0..5 {
                    let message = letter(sender, &format!("{side}-{sender}-{number}"), "", "Bonjour");
                    world.submit(&user(sender), &[to(sender + 10)], &message).await;
                }
            });
        }
        let world = Arc::clone(world);
        tasks.spawn(async move {
            for _ in 0..30 {
                world.gateway.chain_trail().await.unwrap();
                tokio::task::yield_now().await;
            }
        });
    }
    tasks.join_all().await;
    worlds[1].gateway.chain_trail().await.unwrap();
    for world in worlds {
        let check = checked(&world).await;
        assert_eq!((check.head.seq, check.waiting, check.problems), (100, 0, vec![]));
        assert_eq!(world.count("select count(distinct id) from trail").await, 100);
    }
}
