//! The switch falls while sessions are in the middle of something. Anne teaches, Zoé is a pupil.

use std::sync::Arc;

use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::model::{Profile, Scope, Suspension, Timestamp, UserId, Uses};

use crate::world::{Client, PASSWORD, World};

const SENDING: Uses = Uses { sending: true, reading: false };
const READING: Uses = Uses { sending: false, reading: true };
const BOTH: Uses = Uses { sending: true, reading: true };
const OFF: &str = "Votre mot de passe reste valable";

fn pupils() -> Scope {
    Scope { profile: Some(Profile::Student), ..Scope::default() }
}

async fn suspend(world: &World, scope: Scope, uses: Uses) {
    let suspension = Suspension { scope, uses, reason: "comptes volés".to_owned(), since: Timestamp(0) };
    world.gateway.suspend(suspension).await.unwrap();
}

async fn said_last(mut client: Client) -> String {
    let mut said = String::new();
    while let Some(line) = client.try_line().await {
        said.push_str(&line);
        said.push('\n');
    }
    said
}

#[tokio::test]
async fn reading_ends_in_the_middle_of_idle_and_of_append() {
    let world = World::new().await;
    let mut idle = world.imap_in_inbox("zoe.noir").await;
    idle.sends("a IDLE\r\n").await;
    assert_eq!(idle.line().await, "+ idling");
    let mut append = world.imap("zoe.noir").await;
    append.sends("a APPEND INBOX {1000+}\r\nFrom: zoe.noir@ent.test\r\n").await;
    let mut teacher = world.imap_in_inbox("anne").await;
    let mut sender = world.smtp("zoe.noir").await;
    suspend(&world, pupils(), READING).await;
    for client in [idle, append] {
        let said = said_last(client).await;
        assert!(said.contains("* BYE [UNAVAILABLE] ") && said.contains(OFF), "{said}");
    }
    teacher.ok("NOOP").await;
    let letter = "From: zoe.noir@ent.test\r\n\r\nx";
    let own = "zoe.noir@ent.test";
    assert!(sender.submits(own, &[own], letter).await.starts_with("250 "), "sending goes on");
    let refused = world.imap_stranger().await.tagged(format!("LOGIN zoe.noir \"{PASSWORD}\"")).await;
    assert!(refused.starts_with("NO [UNAVAILABLE] ") && refused.contains(OFF), "{refused}");
    let wrong = world.imap_stranger().await.tagged("LOGIN zoe.noir wrong").await;
    assert!(wrong.starts_with("NO [AUTHENTICATIONFAILED] "), "{wrong}");
    assert!(world.gateway.resume(pupils(), READING, "").await.unwrap());
    let held = world.imap("zoe.noir").await.ok("STATUS INBOX (MESSAGES)").await;
    assert_eq!(held, ["* STATUS INBOX (MESSAGES 1)"], "the letter, and nothing of the broken APPEND");
}

#[tokio::test]
async fn sending_ends_in_the_middle_of_data_and_reading_goes_on() {
    let world = World::new().await;
    let own = "zoe.noir@ent.test";
    let mut reader = world.imap_in_inbox("zoe.noir").await;
    let mut data = world.smtp("zoe.noir").await;
    let mut quiet = world.smtp("zoe.noir").await;
    assert!(quiet.asks(format!("MAIL FROM:<{own}>")).await.starts_with("250 "));
    for line in [format!("MAIL FROM:<{own}>"), format!("RCPT TO:<{own}>"), "DATA".to_owned()] {
        data.asks(line).await;
    }
    data.sends("From: zoe.noir@ent.test\r\n\r\nhalf").await;
    let mut teacher = world.smtp("anne").await;
    suspend(&world, pupils(), SENDING).await;
    for client in [data, quiet] {
        let said = said_last(client).await;
        assert!(said.starts_with("421 4.7.0 L'envoi de messages est suspendu") && said.contains(OFF), "{said}");
    }
    assert_eq!(reader.ok("STATUS INBOX (MESSAGES)").await, ["* STATUS INBOX (MESSAGES 0)"]);
    let mut again = world.smtp("zoe.noir").await;
    let refused = again.asks(format!("MAIL FROM:<{own}>")).await;
    assert!(refused.starts_with("451 4.3.2 L'envoi de messages est suspendu"), "{refused}");
    let letter = "From: anne@ent.test\r\n\r\nx";
    assert!(teacher.submits("anne@ent.test", &["paul.durand@ent.test"], letter).await.starts_with("250 "));
    world.gateway.write_refusals(true).await.unwrap();
    let lines = world.gateway.trail_lines(0, None, None).await.unwrap();
    let told: Vec<&str> = lines.iter().map(|shown| shown.line.kind.as_str()).collect();
    assert!(told.contains(&"switch") && told.contains(&"refusals"), "{told:?}");
}

#[tokio::test]
async fn who_may_do_neither_is_not_let_in_and_keeps_the_password() {
    let world = World::new().await;
    let scope = Scope { user: Some(UserId::new("u-zoe")), ..Scope::default() };
    suspend(&world, scope.clone(), SENDING).await;
    suspend(&world, scope.clone(), READING).await;
    let token = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("\0zoe.noir\0{PASSWORD}"));
    let mut stranger = world.smtp_stranger().await;
    for _ in 0..5 {
        let refused = stranger.asks(format!("AUTH PLAIN {token}")).await;
        assert!(refused.starts_with("454 4.7.0 ") && refused.contains(OFF), "{refused}");
    }
    world.imap("anne").await;
    assert!(!world.gateway.resume(pupils(), BOTH, "").await.unwrap(), "another scope");
    assert!(world.gateway.resume(scope.clone(), READING, "").await.unwrap());
    assert!(!world.gateway.resume(scope, READING, "").await.unwrap());
    world.imap("zoe.noir").await;
    let mut sender = world.smtp("zoe.noir").await;
    assert!(sender.asks("MAIL FROM:<zoe.noir@ent.test>").await.starts_with("451 4.3.2 "));
}

#[tokio::test]
async fn a_school_is_meant_by_its_people_and_a_restart_changes_nothing() {
    let world = World::new().await;
    world
        .runs(&[
            "insert into school (id, uai, name) values ('s', '0750001A', 'Hugo'), ('t', '0750002B', 'Sand')",
            "insert into user_school (user_id, school_id) values ('u-anne', 's'), ('u-anne', 't'), ('u-zoe', 't')",
        ])
        .await;
    let school = world.gateway.schools_called("0750001A").await.unwrap().remove(0);
    let (mut anne, mut zoe) = (world.imap_in_inbox("anne").await, world.imap_in_inbox("zoe.noir").await);
    anne.sends("a IDLE\r\n").await;
    anne.line().await;
    suspend(&world, Scope { school: Some(school), ..Scope::default() }, BOTH).await;
    assert!(said_last(anne).await.starts_with("* BYE [UNAVAILABLE] "));
    zoe.ok("NOOP").await;
    let config = Arc::clone(&world.gateway.config);
    let restarted = Gateway::new(config, world.gateway.store().clone(), Clock::system()).unwrap();
    for (name, uses) in [("anne", Some(())), ("zoe.noir", None)] {
        let user = restarted.find_user(name).await.unwrap().unwrap();
        for wanted in passerelle::model::Use::ALL {
            assert_eq!(restarted.turned_off(&user, wanted).await.unwrap().map(drop), uses, "{name} {wanted:?}");
        }
    }
}
