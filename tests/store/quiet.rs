//! Quiet hours: who waits, what comes when they end, once, whatever happens meanwhile.

use std::sync::Arc;

use passerelle::config::Config;
use passerelle::domain::Gateway;
use passerelle::domain::delivery::Submitted;
use passerelle::domain::messages::{FlagChange, StoreFlags};
use passerelle::model::{Flags, Profile, Scope, Suspension, SystemFlag, Timestamp, Uid, Uses};
use passerelle::store::Store;

use crate::support;
use crate::world::{World, everybody, letter, to, user, worlds_with};

fn at(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

/// A Tuesday, 20:00 in Paris; and when the window ends.
const EVENING: &str = "2026-11-24T19:00:00Z";
const ALMOST: &str = "2026-11-25T05:59:59.999999Z";
const MORNING: &str = "2026-11-25T06:00:00Z";

/// Teachers are bound, and do not reach each other.
fn bound(config: &mut Config) {
    config.quiet.binds = vec!["Teacher".to_owned()];
    config.quiet.staff_to_staff = false;
}

async fn evening(count: i64, adjust: fn(&mut Config)) -> Vec<World> {
    let worlds = worlds_with(count, adjust).await;
    worlds.iter().for_each(|world| world.clock.set(at(EVENING)));
    worlds
}

fn waiting(people: u64, waiting: u64) -> Submitted {
    Submitted::Waiting { people, waiting, opens: "2026-11-25T07:00:00".parse().unwrap() }
}

async fn inbox(world: &World, number: u32) -> Vec<u32> {
    world.uids(&world.mailbox(&user(number), "INBOX").await).await
}

/// What is due is delivered, without pauses; how many letters.
async fn release(world: &World) -> usize {
    let mut letters = 0;
    loop {
        match world.gateway.release_some().await.unwrap() {
            0 => return letters,
            some => letters += some,
        }
    }
}

#[tokio::test]
async fn a_letter_waits_until_the_window_ends_and_comes_once() {
    for world in evening(4, bound).await {
        let message = letter(1, "one", "", "Bonjour");
        assert_eq!(world.submit(&user(1), &[to(2), everybody()], &message).await, waiting(4, 4));
        assert_eq!(world.submit(&user(1), &[to(2), to(3)], &message).await, waiting(0, 0), "a repetition");
        assert_eq!(world.uids(&world.mailbox(&user(1), "Sent").await).await, [1], "in Sent at once");
        assert_eq!(world.count("select count(*) from mailbox where special_use = 'inbox' and uid_next > 1").await, 0);
        world.clock.set(at(ALMOST));
        assert_eq!(release(&world).await, 0);
        assert!(inbox(&world, 2).await.is_empty());
        let mailbox = world.mailbox(&user(2), "INBOX").await;
        let woken = world.gateway.watch(mailbox.id);
        world.clock.set(at(MORNING));
        assert_eq!(release(&world).await, 1);
        assert!(woken.has_changed().unwrap());
        for number in 1..=4 {
            assert_eq!(inbox(&world, number).await, [1], "{} u{number}", world.engine);
        }
        let snapshot = world.gateway.snapshot(mailbox.id).await.unwrap().unwrap();
        assert_eq!(snapshot.entry(Uid(1)).unwrap().internal_date, at(MORNING));
        assert_eq!(release(&world).await, 0);
        assert_eq!(world.submit(&user(1), &[to(2)], &message).await, Submitted::Delivered { people: 0 });
        world.clock.set(at(EVENING));
        assert_eq!(release(&world).await, 0, "a clock that goes back doubles nothing");
        assert_eq!(world.count("select count(*) from placement").await, 5);
        let details: Vec<String> = world
            .gateway
            .trail_lines(0, None, None)
            .await
            .unwrap()
            .into_iter()
            .map(|shown| shown.line.detail)
            .collect();
        assert!(details[0].starts_with("{\"people\":0,\"waiting\":4,"), "{details:?}");
        assert_eq!(details[1], "{\"letters\":1,\"people\":4}");
    }
}

#[tokio::test]
async fn who_is_not_bound_has_it_at_once() {
    for world in evening(3, bound).await {
        world.execute("update ent_user set profile = 'Guest' where $1 = 1 and id = 'id-2'", 1).await;
        let message = letter(1, "one", "", "Bonjour");
        assert_eq!(world.submit(&user(1), &[to(2), to(3)], &message).await, waiting(2, 1));
        assert_eq!((inbox(&world, 2).await, inbox(&world, 3).await), (vec![1], vec![]));
        world.clock.set(at(MORNING));
        release(&world).await;
        assert_eq!((inbox(&world, 2).await, inbox(&world, 3).await), (vec![1], vec![1]));
        assert_eq!(
            world.submit(&user(1), &[to(3)], &letter(1, "two", "", "x")).await,
            Submitted::Delivered { people: 1 },
            "by day"
        );
    }
}

#[tokio::test]
async fn schools_differ_and_staff_reach_staff() {
    let worlds = evening(3, |config| {
        bound(config);
        config.quiet.staff_to_staff = true;
        let school = toml::from_str("morning = '06:00'\nbinds = ['Teacher', 'Student']").unwrap();
        config.quiet.schools.insert("EARLY".to_owned(), school);
    })
    .await;
    for world in worlds {
        world.execute("insert into school (id, uai, name) select 's', 'EARLY', 'E' where $1 = 1", 1).await;
        world.execute("insert into user_school (user_id, school_id) select 'id-2', 's' where $1 = 1", 1).await;
        let parent = passerelle::model::User { profile: Profile::Relative, ..user(1) };
        let early = Submitted::Waiting { people: 2, waiting: 2, opens: "2026-11-25T06:00:00".parse().unwrap() };
        assert_eq!(world.submit(&parent, &[to(2), to(3)], &letter(1, "one", "", "x")).await, early);
        assert_eq!(
            world.submit(&user(1), &[to(2), to(3)], &letter(1, "two", "", "x")).await,
            Submitted::Delivered { people: 2 },
            "staff to staff"
        );
        world.clock.set(at("2026-11-25T05:00:00Z"));
        assert_eq!(release(&world).await, 1);
        assert_eq!((inbox(&world, 2).await.len(), inbox(&world, 3).await.len()), (2, 1));
        world.clock.set(at(MORNING));
        assert_eq!(release(&world).await, 1);
        assert_eq!(inbox(&world, 3).await, [1, 2]);
    }
}

#[tokio::test]
async fn many_letters_come_in_the_order_they_were_sent_behind_what_came_before() {
    for world in evening(3, |config| {
        bound(config);
        config.quiet.release_people_max = 4;
    })
    .await
    {
        for number in 0..10 {
            world.clock.set(Timestamp(at(EVENING).0 + number));
            let message = letter(1, &format!("m{number}"), "", &format!("{number}\r\n"));
            world.submit(&user(1), &[to(2), to(3)], &message).await;
        }
        world.execute("update ent_user set profile = 'Guest' where $1 = 1 and id = 'id-2'", 1).await;
        world.submit(&user(1), &[to(2)], &letter(1, "live", "", "live\r\n")).await;
        world.clock.set(at(MORNING));
        assert!(world.gateway.release_some().await.unwrap() < 10, "a part at a time");
        assert!(release(&world).await > 0);
        for (number, first) in [(2, 1), (3, 0)] {
            let contents = world.contents(&world.mailbox(&user(number), "INBOX").await).await;
            assert_eq!(contents.len(), 10 + first);
            for (index, text) in contents[first..].iter().enumerate() {
                assert!(text.ends_with(&format!("\r\n{index}\r\n")), "{number} {index}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn letters_of_who_may_not_send_any_more_wait_on() {
    for world in evening(3, bound).await {
        world.submit(&user(1), &[to(3)], &letter(1, "one", "", "x")).await;
        world.submit(&user(2), &[to(3)], &letter(2, "two", "", "x")).await;
        let scope = Scope { user: Some(user(1).id), ..Scope::default() };
        let uses = Uses { sending: true, reading: false };
        let off = Suspension { scope: scope.clone(), uses, reason: String::new(), since: at(EVENING) };
        world.gateway.suspend(off).await.unwrap();
        world.gateway.suspend_user(&user(2).id, "vol").await.unwrap();
        world.clock.set(at(MORNING));
        assert_eq!(release(&world).await, 0);
        world.gateway.resume(scope, uses, "").await.unwrap();
        assert_eq!(release(&world).await, 1);
        world.gateway.resume_user(&user(2).id).await.unwrap();
        assert_eq!(release(&world).await, 1);
        assert_eq!(inbox(&world, 3).await, [1, 2]);
    }
}

#[tokio::test]
async fn by_setting_they_go_out_and_readers_who_left_lose_nothing_to_others() {
    for world in evening(5, |config| {
        bound(config);
        config.quiet.hold_suspended = false;
    })
    .await
    {
        world.submit(&user(1), &[to(2), to(3), to(4)], &letter(1, "one", "", "x")).await;
        world.gateway.suspend_user(&user(1).id, "vol").await.unwrap();
        world.gateway.suspend_user(&user(2).id, "parti").await.unwrap();
        world.execute("delete from mailbox where $1 = 1 and user_id = 'id-3'", 1).await;
        world.clock.set(at(MORNING));
        assert_eq!(release(&world).await, 1);
        assert_eq!((inbox(&world, 2).await, inbox(&world, 4).await), (vec![1], vec![1]), "suspended: kept for later");
        assert_eq!(world.count("select count(*) from delivery where waits_until is not null").await, 0);
    }
}

#[tokio::test]
async fn an_urgent_letter_of_who_may_is_not_held() {
    for world in evening(4, bound).await {
        world.execute("update ent_group set kind = 'Direction' where $1 = 1", 1).await;
        world.execute("delete from group_member where $1 = 1 and user_id = 'id-2'", 1).await;
        let urgent = "Importance: high\r\n";
        let sent = world.submit(&user(1), &[to(3)], &letter(1, "one", urgent, "x")).await;
        assert_eq!(sent, Submitted::Delivered { people: 1 });
        assert_eq!(world.submit(&user(1), &[to(3)], &letter(1, "two", "", "x")).await, waiting(1, 1), "not marked");
        assert_eq!(world.submit(&user(2), &[to(3)], &letter(2, "three", urgent, "x")).await, waiting(1, 1), "may not");
        let lines = world.gateway.trail_lines(0, None, None).await.unwrap();
        let urgent: Vec<bool> = lines.iter().map(|shown| shown.line.detail.contains("\"urgent\":true")).collect();
        assert_eq!(urgent, [true, false, false]);
    }
}

/// Another gateway over the same store, with other settings.
fn restarted(world: &World, adjust: fn(&mut Config)) -> World {
    let mut config = (*world.gateway.config).clone();
    adjust(&mut config);
    let gateway = Gateway::new(Arc::new(config), world.gateway.store().clone(), world.clock.clone()).unwrap();
    World {
        gateway: Arc::new(gateway),
        clock: world.clock.clone(),
        engine: world.engine,
        folder: tempfile::tempdir().unwrap(),
    }
}

#[tokio::test]
async fn another_calendar_moves_what_waits_and_a_late_start_loses_nothing() {
    for world in evening(3, bound).await {
        world.submit(&user(1), &[to(2)], &letter(1, "one", "", "x")).await;
        world.gateway.review_waiting().await.unwrap();
        let due = "select min(waits_until) from delivery";
        assert_eq!(world.count(due).await, at(MORNING).0, "nothing has changed");
        let later = restarted(&world, |config| config.quiet.morning = "08:30".to_owned());
        later.gateway.review_waiting().await.unwrap();
        assert_eq!(world.count(due).await, at("2026-11-25T07:30:00Z").0);
        // Nobody ran from before the opening until the next evening: it is due, and not for one more night.
        world.clock.set(at("2026-11-25T21:00:00Z"));
        later.gateway.review_waiting().await.unwrap();
        assert_eq!(release(&later).await, 1);
        world.submit(&user(1), &[to(2)], &letter(1, "two", "", "x")).await;
        let none = restarted(&world, |config| config.quiet.binds.clear());
        none.gateway.review_waiting().await.unwrap();
        assert_eq!(release(&none).await, 1, "no quiet hours any more: at once");
        assert_eq!(inbox(&world, 2).await, [1, 2]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_gateways_deliver_once() {
    for world in evening(40, bound).await {
        for number in 1..=20 {
            world.submit(&user(number), &[everybody()], &letter(number, "one", "", "x")).await;
        }
        world.clock.set(at(MORNING));
        let other = restarted(&world, |config| config.quiet.release_people_max = 90);
        let mut tasks = tokio::task::JoinSet::new();
        for gateway in [&world.gateway, &other.gateway, &world.gateway, &other.gateway] {
            let gateway = Arc::clone(gateway);
            tasks.spawn(async move { while gateway.release_some().await.unwrap() > 0 {} });
        }
        tasks.join_all().await;
        assert_eq!(world.count("select count(*) from placement").await, 20 * 40 + 20, "{}", world.engine);
        assert_eq!(world.count("select count(distinct message_id) from placement").await, 40);
        assert_eq!(inbox(&world, 7).await, (1..=20).collect::<Vec<_>>());
    }
}

/// Fifty letters to a thousand people each. While they come, others work.
#[tokio::test(flavor = "multi_thread")]
async fn the_store_answers_while_fifty_thousand_letters_come() {
    for world in evening(1000, bound).await {
        for number in 1..=50 {
            let sent = world.submit(&user(number), &[everybody()], &letter(number, "one", "", "x")).await;
            assert_eq!(sent, waiting(1000, 1000));
        }
        world.clock.set(at(MORNING));
        let releasing = Arc::clone(&world.gateway);
        let started = std::time::Instant::now();
        let release = tokio::spawn(async move { releasing.release_due().await.unwrap() });
        let drafts = world.mailbox(&user(1), "Drafts").await;
        let mut waits = Vec::new();
        while !release.is_finished() {
            let asked = std::time::Instant::now();
            world.append(&user(1), &drafts, &letter(1, &format!("d{}", waits.len()), "", "x")).await;
            waits.push(asked.elapsed());
            let asked = std::time::Instant::now();
            world.uids(&drafts).await;
            waits.push(asked.elapsed());
        }
        let took = started.elapsed();
        waits.sort();
        let (median, most) = (waits[waits.len() / 2], waits[waits.len() - 1]);
        println!(
            "{}: 50 000 placements in {took:?}; {} commands meanwhile, median {median:?}, longest {most:?}",
            world.engine,
            waits.len()
        );
        assert_eq!(
            world.count("select count(*) from placement where uid > 0").await,
            50_000 + 50 + waits.len() as i64 / 2
        );
        assert!(most < std::time::Duration::from_secs(5), "{most:?}");
    }
}

/// The same store from two processes' point of view: each with a pool of its own.
#[tokio::test(flavor = "multi_thread")]
async fn two_pools_on_one_postgres_deliver_once() {
    let Some(url) = support::postgres_url().await else { return };
    let mut gateways = Vec::new();
    let clock = passerelle::domain::clock::Clock::fixed(at(EVENING));
    for _ in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("domain = 'ent.test'\ndata_dir = '{}'", folder.path().display());
        let mut config: Config = toml::from_str(&text).unwrap();
        bound(&mut config);
        config.quiet.release_people_max = 50;
        let store = Store::open(&url, 8).await.unwrap();
        let gateway = Arc::new(Gateway::new(Arc::new(config), store, clock.clone()).unwrap());
        gateways.push(World { gateway, clock: clock.clone(), engine: "postgres", folder });
    }
    gateways[0].add_people(30).await;
    for number in 1..=15 {
        gateways[0].submit(&user(number), &[everybody()], &letter(number, "one", "", "x")).await;
    }
    clock.set(at(MORNING));
    let (first, second) = tokio::join!(gateways[0].gateway.release_due(), gateways[1].gateway.release_due());
    first.and(second).unwrap();
    assert_eq!(gateways[1].count("select count(*) from placement").await, 15 * 30 + 15);
}

/// The sender deletes his copy, which is the letter itself, for good; collection comes by. It waits all the same.
#[tokio::test]
async fn a_letter_that_waits_is_not_collected() {
    for world in evening(2, |config| {
        bound(config);
        config.keeping.undelete_days = 0;
        config.mailboxes.expunge_to_trash = false;
    })
    .await
    {
        let text = letter(1, "one", "", "Bonjour\r\n");
        assert_eq!(world.submit(&user(1), &[to(2)], &text).await, waiting(1, 1));
        let sent = world.mailbox(&user(1), "Sent").await;
        assert_eq!(world.count("select count(*) from message").await, 1);
        let mut deleted = Flags::default();
        deleted.set(SystemFlag::Deleted);
        let change = StoreFlags { change: FlagChange::Add, flags: deleted, unchanged_since: None };
        world.gateway.store_flags(sent.id, &[Uid(1)], change).await.unwrap();
        world.gateway.expunge(sent.id, Some(&[Uid(1)])).await.unwrap();
        assert_eq!(world.count("select count(*) from placement").await, 0);
        world.gateway.collect().await.unwrap();
        world.clock.set(at(MORNING));
        assert_eq!(release(&world).await, 1);
        world.gateway.collect().await.unwrap();
        let contents = world.contents(&world.mailbox(&user(2), "INBOX").await).await;
        assert_eq!(contents, [String::from_utf8(text).unwrap()], "{}", world.engine);
    }
}
