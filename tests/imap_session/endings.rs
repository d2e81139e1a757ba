//! How sessions end.

use passerelle::connection::{Ended, Start};
use passerelle::model::UserId;

use crate::world::World;

#[tokio::test]
async fn logout() {
    let world = World::new().await;
    let mut client = world.anne().await;
    client.sends("a LOGOUT\r\nb NOOP\r\n").await;
    let (responses, ended) = client.ends().await;
    assert_eq!(responses, ["* BYE Logging out", "a OK LOGOUT completed"]);
    assert!(matches!(ended, Ended::Closed));
}

#[tokio::test]
async fn the_server_stops() {
    let world = World::new().await;
    let (waiting, mut idling) = (world.client().await, world.anne_in("INBOX").await);
    idling.sends("a IDLE\r\n").await;
    assert_eq!(idling.response().await, "+ idling");
    world.stop.cancel();
    for client in [waiting, idling] {
        let (responses, ended) = client.ends().await;
        assert!(responses[0].starts_with("* BYE [UNAVAILABLE] "), "{responses:?}");
        assert!(matches!(ended, Ended::Closed));
    }
}

#[tokio::test]
async fn the_person_is_suspended() {
    let world = World::new().await;
    let (waiting, mut idling, mut other) = (world.anne().await, world.anne_in("INBOX").await, world.client().await);
    idling.sends("a IDLE\r\n").await;
    assert_eq!(idling.response().await, "+ idling");
    assert!(world.gateway.suspend_user(&UserId::new("u-anne"), "compte volé").await.unwrap());
    for client in [waiting, idling] {
        let (responses, _) = client.ends().await;
        assert!(responses[0].starts_with("* BYE [CONTACTADMIN] "), "{responses:?}");
    }
    other.ok("NOOP").await;
}

#[tokio::test]
async fn bad_commands_in_a_row() {
    let world = World::with(|config| config.imap.bad_commands_max = 3).await;
    let mut client = world.client().await;
    for command in ["XYZZY", "SELECT", "NOOP", "XYZZY", "FETCH 1 FLAGS", "LOGIN"] {
        client.tagged(command).await;
    }
    let (responses, ended) = client.ends().await;
    assert!(responses[0].starts_with("* BYE [CLIENTBUG] "), "{responses:?}");
    assert!(matches!(ended, Ended::Closed));
}

#[tokio::test]
async fn a_client_that_says_nothing() {
    let world = World::with(|config| config.imap.login_seconds_max = 0).await;
    let client = world.client().await;
    let (responses, _) = client.ends().await;
    assert!(responses[0].starts_with("* BYE "), "{responses:?}");

    let world = World::with(|config| config.imap.idle_seconds_max = 0).await;
    let (responses, _) = world.anne().await.ends().await;
    assert!(responses[0].starts_with("* BYE "), "{responses:?}");
}

#[tokio::test]
async fn the_selected_mailbox_is_deleted() {
    let world = World::new().await;
    let mut client = world.anne().await;
    client.ok("CREATE Divers").await;
    let mut other = world.anne_in("Divers").await;
    client.ok("DELETE Divers").await;
    other.sends("a NOOP\r\n").await;
    let (responses, _) = other.ends().await;
    assert!(responses[0].starts_with("* BYE [NONEXISTENT] "), "{responses:?}");

    client.ok("CREATE Divers").await;
    client.ok("SELECT Divers").await;
    assert!(client.ok("DELETE Divers").await[0].starts_with("* OK [CLOSED] "));
    assert!(client.tagged("FETCH 1 FLAGS").await.starts_with("BAD"));
}

#[tokio::test]
async fn a_client_that_hangs_up_in_a_message_leaves_nothing() {
    let world = World::new().await;
    let mut client = world.anne().await;
    client.sends("a APPEND INBOX {1000000}\r\n").await;
    assert!(client.response().await.starts_with("+ "));
    client.sends("Subject: x\r\n\r\n").await;
    client.sends(vec![b'x'; 300_000]).await;
    assert!(matches!(client.hangs_up().await, Ended::Closed));
    let mut client = world.anne().await;
    assert_eq!(client.ok("STATUS INBOX (MESSAGES)").await, ["* STATUS INBOX (MESSAGES 0)"]);
}

/// What a session that waits keeps, without TLS: its future, a read buffer of 4 KiB, the rest is shared or given back.
#[tokio::test]
async fn a_waiting_session_is_small() {
    let world = World::new().await;
    let (_ours, theirs) = tokio::io::duplex(64);
    let connection = passerelle::connection::Connection {
        id: 1,
        peer: "192.0.2.1:5000".parse().unwrap(),
        security: passerelle::connection::Security::Tls,
        bindings: passerelle::sasl::ChannelBindings::default(),
        stop: world.stop.clone(),
    };
    let session = passerelle::imap::run(world.gateway, &connection, Start::Greeting, theirs);
    let bytes = size_of_val(&session);
    assert!(bytes <= 8 << 10, "{bytes} bytes");
}
