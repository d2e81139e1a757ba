//! The limits of the page, each hit.

use crate::provider::Provider;
use crate::world::World;

#[tokio::test]
async fn sessions_of_one_person_are_few_and_the_longest_unused_goes() {
    let world = World::with("page.sessions_per_person_max = 2\n").await;
    let mut first = world.signed_in("theo.lambert").await;
    let mut second = world.signed_in("theo.lambert").await;
    let mut hers = world.signed_in("nadia.roussel").await;
    world.advance(120);
    assert_eq!(first.get("/").await.status, 200);
    world.advance(1);
    let mut third = world.signed_in("theo.lambert").await;
    assert_eq!(
        (first.get("/").await.status, second.get("/").await.status, third.get("/").await.status),
        (200, 303, 200)
    );
    assert_eq!(hers.get("/").await.status, 200);
}

#[tokio::test]
async fn sessions_last_as_long_as_is_set() {
    let world = World::with("page.session_idle_minutes = 5\npage.session_hours_max = 1\n").await;
    let mut idle = world.signed_in("theo.lambert").await;
    world.advance(5 * 60);
    assert_eq!(idle.get("/").await.status, 303);
    let mut busy = world.signed_in("theo.lambert").await;
    for _ in 0..14 {
        world.advance(4 * 60);
        assert_eq!(busy.get("/").await.status, 200);
    }
    world.advance(4 * 60);
    assert_eq!(busy.get("/").await.status, 303);
}

#[tokio::test]
async fn devices_and_messages_are_as_many_as_is_set() {
    let world = World::with("page.devices_per_person_max = 1\npage.latest_max = 2\n").await;
    for number in 0..3 {
        world.letter("nadia.roussel", "theo.lambert", &format!("Lettre {number}")).await;
    }
    let mut browser = world.signed_in("theo.lambert").await;
    let home = browser.get("/").await.body;
    assert!(home.contains("Lettre 2") && home.contains("Lettre 1") && !home.contains("Lettre 0"));
    for made in [true, false] {
        let form = browser.get("/devices/new/other").await;
        let fields = [("name", "x"), ("id", &form.hidden("id")), ("token", &form.hidden("token"))];
        assert_eq!(browser.post("/devices/new/other", &fields).await.secret().is_some(), made);
    }
}

#[tokio::test]
async fn signing_in_through_the_ent_may_take_as_long_as_is_set() {
    let (provider, folder) = (Provider::start().await, tempfile::tempdir().unwrap());
    let settings = provider.settings(&folder.path().join("secret")) + "page.sign_in_minutes_max = 2\n";
    let world = World::with(&settings).await;
    let answer = world.browser().get("/sign-in/ent").await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.contains("Max-Age=120"), "{cookie}");
}
