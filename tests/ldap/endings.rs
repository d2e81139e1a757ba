//! How sessions end: silence, slowness, the server's stop; and how many a person may have.

use std::time::Duration;

use passerelle::connection::Security;

use crate::request::{bind, message};
use crate::world::{PASSWORD, SUCCESS, World};

#[tokio::test]
async fn whoever_does_not_log_in_must_go() {
    let world = World::with(|config| {
        config.ldap.login_seconds_max = 1;
        config.ldap.idle_seconds_max = 1000;
    })
    .await;
    let began = tokio::time::Instant::now();
    assert_eq!(world.connect(Security::Tls).hears_goodbye().await.0, 52);
    assert_eq!(began.elapsed().as_secs(), 1);
}

#[tokio::test]
async fn whoever_sends_octet_by_octet_gains_no_time() {
    let world = World::with(|config| {
        config.ldap.login_seconds_max = 10_000;
        config.ldap.idle_seconds_max = 1;
    })
    .await;
    let mut client = world.connect(Security::Tls);
    let began = tokio::time::Instant::now();
    let mut octets = message(1, bind("nadia.roussel", &"x".repeat(500)), &[]).into_iter();
    while !client.session.is_finished() {
        if let Some(octet) = octets.next() {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut client.stream, &[octet]).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(client.hears_goodbye().await.0, 52);
}

#[tokio::test]
async fn whoever_is_logged_in_and_silent_must_go() {
    let world = World::with(|config| config.ldap.idle_seconds_max = 1).await;
    assert_eq!(world.client("nadia.roussel").await.hears_goodbye().await.0, 52);
}

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let world = World::new().await;
    let (stranger, client) = (world.connect(Security::Tls), world.client("nadia.roussel").await);
    world.stop.cancel();
    for client in [stranger, client] {
        let (code, text) = client.hears_goodbye().await;
        assert_eq!(code, 52);
        assert!(!text.is_empty());
    }
}

#[tokio::test]
async fn a_person_may_have_so_many_connections() {
    let world = World::with(|config| config.ldap.connections_per_user_max = 2).await;
    let mut first = world.client("nadia.roussel").await;
    let _second = world.client("nadia.roussel").await;
    let mut third = world.connect(Security::Tls);
    let (_, done) = third.asks(&bind("nadia.roussel", PASSWORD)).await;
    assert_eq!(done.code, 51, "busy: the password is right");
    // Whoever binds again gives the old place back first.
    assert_eq!(first.binds("nadia.roussel", PASSWORD).await, SUCCESS);
    assert_eq!(first.binds("", "").await, SUCCESS);
    assert_eq!(third.binds("nadia.roussel", PASSWORD).await, SUCCESS, "who is nobody has no place");
}
