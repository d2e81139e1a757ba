//! How sessions end.

use passerelle::connection::{Ended, Start};
use passerelle::model::UserId;

use crate::world::World;

#[tokio::test]
async fn quit() {
    let world = World::new().await;
    let mut client = world.client().await;
    client.sends("QUIT\r\nNOOP\r\n").await;
    let (replies, ended) = client.ends().await;
    assert_eq!(replies, ["221 2.0.0 Bye\r\n"]);
    assert!(matches!(ended, Ended::Closed));
}

#[tokio::test]
async fn a_client_that_says_nothing() {
    let world = World::with(|config| config.submission.idle_seconds_max = 0).await;
    let (replies, _) = world.connect_and_wait().await;
    assert_eq!(replies[1], "421 4.4.2 Connexion fermée par le service : vous pouvez vous reconnecter\r\n");
}

#[tokio::test]
async fn a_client_that_does_not_log_in() {
    let world = World::with(|config| config.submission.login_seconds_max = 0).await;
    let (replies, _) = world.connect_and_wait().await;
    assert!(replies[1].starts_with("421 4.4.2 "), "{replies:?}");
}

#[tokio::test]
async fn a_message_that_stops_coming() {
    let world = World::with(|config| config.submission.data_idle_seconds_max = 0).await;
    let mut client = world.anne_to_paul().await;
    client.sends("DATA\r\n").await;
    let (replies, _) = client.ends().await;
    assert!(replies[0].starts_with("354 ") && replies[1].starts_with("421 4.4.2 "), "{replies:?}");
    assert_eq!(world.counts().await, (0, 0, 0));
}

#[tokio::test]
async fn the_server_stops() {
    let world = World::new().await;
    let (idle, mut busy) = (world.client().await, world.anne_to_paul().await);
    busy.is_told("DATA", "354 ").await;
    busy.sends("From: anne@ent.test\r\n").await;
    world.stop.cancel();
    let (replies, ended) = idle.ends().await;
    assert!(replies[0].starts_with("421 4.3.2 "), "{replies:?}");
    assert!(matches!(ended, Ended::Closed));
    // Nobody's send is cut: the message that has begun is taken first.
    busy.is_told("\r\nx\r\n.", "250 ").await;
    let (replies, ended) = busy.ends().await;
    assert!(replies[0].starts_with("421 4.3.2 "), "{replies:?}");
    assert!(matches!(ended, Ended::Closed));
    assert_eq!(world.counts().await, (2, 1, 2), "the letter, the copy in Sent; one body");
}

#[tokio::test]
async fn the_person_is_suspended() {
    let world = World::new().await;
    let (client, mut other) = (world.anne().await, world.client().await);
    assert!(world.gateway.suspend_user(&UserId::new("u-anne"), "compte volé").await.unwrap());
    let (replies, ended) = client.ends().await;
    assert!(replies[0].starts_with("421 4.7.0 "), "{replies:?}");
    assert!(matches!(ended, Ended::Closed));
    other.is_told("NOOP", "250 ").await;
}

#[tokio::test]
async fn too_many_errors() {
    let world = World::with(|config| config.submission.errors_max = 2).await;
    let mut client = world.client().await;
    client.sends("XYZZY\r\nNOOP\nNOOP\r\nDATA\r\nNOOP\r\n").await;
    let (replies, _) = client.ends().await;
    let codes: Vec<&str> = replies.iter().map(|reply| &reply[..9]).collect();
    assert_eq!(codes, ["500 5.5.1", "500 5.5.2", "421 4.7.0"]);
}

#[tokio::test]
async fn a_client_that_hangs_up_in_a_message() {
    let world = World::new().await;
    let mut client = world.anne_to_paul().await;
    client.is_told("DATA", "354 ").await;
    client.sends("From: anne@ent.test\r\n\r\nx\r\n.").await;
    assert!(matches!(client.hangs_up().await, Ended::Closed));
    let mut client = world.anne_to_paul().await;
    client.sends("BDAT 100 LAST\r\nFrom: anne@ent.test\r\n\r\n").await;
    assert!(matches!(client.hangs_up().await, Ended::Closed));
    assert_eq!(world.counts().await, (0, 0, 0));
}

impl World {
    /// Connects, says nothing, and reads to the end.
    async fn connect_and_wait(&self) -> (Vec<String>, Ended<crate::world::Counted>) {
        use passerelle::connection::Security;
        self.connect(Security::Tls, Start::Greeting).ends().await
    }
}
