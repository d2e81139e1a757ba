//! Limits on sending: the last that is allowed, the first that is not, and when it ends.

use passerelle::config::{Config, ProfileLimitsConfig};
use passerelle::domain::delivery::Submitted;
use passerelle::model::{Limit, Timestamp};
use passerelle::sentences::Sentence;

use crate::world::{World, everybody, letter, to, user, worlds_with};

fn at(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

/// 23:20 in Paris: forty minutes before the next hour, which is also the next day.
const EVENING: &str = "2026-11-24T22:20:00Z";

fn tight(config: &mut Config) {
    config.limits.teacher = ProfileLimitsConfig {
        messages_per_hour_max: Some(3),
        messages_per_day_max: Some(4),
        people_per_message_max: Some(6),
        people_per_day_max: Some(10),
        first_time_per_day_max: Some(2),
    };
}

async fn worlds_at(now: &str, people: i64) -> Vec<World> {
    let worlds = worlds_with(people, tight).await;
    worlds.iter().for_each(|world| world.clock.set(at(now)));
    worlds
}

fn reached(limit: Limit, max: u32, until: &str) -> Submitted {
    Submitted::Refused(Sentence::LimitReached { limit, max, until: until.parse().unwrap() })
}

const SENT: Submitted = Submitted::Delivered { people: 1 };

#[tokio::test]
async fn messages_by_the_hour_and_by_the_day() {
    for world in worlds_at("2026-11-24T20:20:00Z", 3).await {
        let send = async |name: &str| world.submit(&user(1), &[to(2)], &letter(1, name, "", "x")).await;
        for name in ["1", "2", "3"] {
            assert_eq!(world.gateway.limit_reached(&user(1)).await.unwrap(), None);
            assert_eq!(send(name).await, SENT);
        }
        assert_eq!(send("3").await, Submitted::Delivered { people: 0 }, "a repetition is no message");
        let hour = reached(Limit::MessagesPerHour, 3, "2026-11-24T22:00:00");
        assert_eq!(send("4").await, hour);
        let told = world.gateway.limit_reached(&user(1)).await.unwrap().unwrap();
        assert_eq!(Submitted::Refused(told), hour);
        assert_eq!(world.gateway.limit_reached(&user(2)).await.unwrap(), None, "each for himself");
        assert_eq!(world.count("select count(*) from submission").await, 3, "nothing of it is kept");
        world.clock.set(at("2026-11-24T21:00:00Z"));
        assert_eq!(send("4").await, SENT);
        assert_eq!(send("5").await, reached(Limit::MessagesPerDay, 4, "2026-11-25T00:00:00"));
        world.clock.set(at("2026-11-24T23:00:00Z"));
        assert_eq!(send("5").await, SENT, "midnight in Paris");
        let standing = world.gateway.limits_of(&user(1)).await.unwrap();
        let used: Vec<Option<u64>> = standing.iter().map(|standing| standing.used).collect();
        assert_eq!(used, [Some(1), Some(1), None, Some(1), Some(0)]);
    }
}

#[tokio::test]
async fn people_by_the_message_and_by_the_day() {
    for world in worlds_at(EVENING, 6).await {
        assert_eq!(
            world.submit(&user(1), &[everybody()], &letter(1, "one", "", "x")).await,
            Submitted::Delivered { people: 6 }
        );
        let again = world.submit(&user(1), &[everybody()], &letter(1, "two", "", "x")).await;
        assert_eq!(again, reached(Limit::PeoplePerDay, 10, "2026-11-25T00:00:00"));
        // The same letter to more people is counted too.
        world
            .execute("delete from delivery where $1 = 1 and user_id in ('id-2', 'id-3', 'id-4', 'id-5', 'id-6')", 1)
            .await;
        let more = world.submit(&user(1), &[everybody()], &letter(1, "one", "", "x")).await;
        assert_eq!(more, reached(Limit::PeoplePerDay, 10, "2026-11-25T00:00:00"));
        assert_eq!(
            world.submit(&user(1), &[to(2), to(1)], &letter(1, "three", "", "x")).await,
            Submitted::Delivered { people: 2 }
        );
    }
    for world in worlds_at(EVENING, 7).await {
        let sent = world.submit(&user(1), &[everybody()], &letter(1, "one", "", "x")).await;
        assert_eq!(sent, Submitted::Refused(Sentence::TooManyPeople { max: 6 }));
    }
}

#[tokio::test]
async fn first_time_recipients() {
    for world in worlds_at(EVENING, 6).await {
        let send = async |from: u32, name: &str, numbers: &[u32]| {
            let recipients: Vec<_> = numbers.iter().copied().map(to).collect();
            world.submit(&user(from), &recipients, &letter(from, name, "", "x")).await
        };
        assert_eq!(send(5, "hello", &[1]).await, SENT);
        assert_eq!(send(1, "one", &[2]).await, SENT);
        let limit = reached(Limit::FirstTimePerDay, 2, "2026-11-25T00:00:00");
        assert_eq!(send(1, "two", &[2, 3, 4]).await, limit);
        assert_eq!(send(1, "three", &[1, 2, 3, 5]).await, Submitted::Delivered { people: 4 }, "known: oneself, u2, u5");
        assert_eq!(send(1, "four", &[4]).await, limit);
        world.clock.set(at("2026-11-24T23:00:00Z"));
        assert_eq!(send(1, "four", &[4, 6]).await, Submitted::Delivered { people: 2 });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_no_more_than_the_limit() {
    for world in worlds_at(EVENING, 3).await {
        let world = std::sync::Arc::new(world);
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..12 {
            let world = std::sync::Arc::clone(&world);
            tasks.spawn(
                async move { world.submit(&user(1), &[to(2)], &letter(1, &format!("m{number}"), "", "x")).await },
            );
        }
        let outcomes = tasks.join_all().await;
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == SENT).count(), 3, "{outcomes:?}");
    }
}
