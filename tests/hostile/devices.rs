//! What clients call themselves is what they like; and apps that are sent away try again.

use passerelle::config::AppPolicy;
use passerelle::model::{CLIENT_NAME_CHARS_MAX, UserId};

use crate::world::{PASSWORD, World};

async fn device(world: &World, user: &str) -> String {
    let new = world.gateway.create_app_password(&UserId::new(user), "Téléphone").await.unwrap().unwrap();
    String::from_utf8(new.secret.expose().to_vec()).unwrap()
}

async fn client_of(world: &World, user: &str) -> Option<String> {
    let devices = world.gateway.app_passwords(&UserId::new(user)).await.unwrap();
    Some(devices[0].last_use.as_ref()?.client.as_ref()?.as_str().to_owned())
}

#[tokio::test]
async fn a_name_fills_no_list_and_forges_no_line_of_it() {
    let world = World::new().await;
    let secret = device(&world, "u-zoe").await;
    let mut zoe = world.imap_stranger().await;
    let name = "\u{1b}[2J\u{202e}derevoced\r\nT1  Autre appareil\u{7}".repeat(200);
    zoe.ok(format!("ID (\"name\" {{{}+}}\r\n{name})", name.len())).await;
    zoe.ok(format!("LOGIN zoe.noir {secret}")).await;
    let kept = client_of(&world, "u-zoe").await.unwrap();
    assert!(
        kept.chars().count() <= CLIENT_NAME_CHARS_MAX && kept.starts_with("[2Jderevoced T1 Autre appareil"),
        "{kept}"
    );
    assert!(!kept.chars().any(|sign| sign.is_control() || sign == '\u{202e}'), "{kept:?}");
    for fields in
        ["(\"name\" \"\")", "(\"name\" NIL)", "NIL", "(\"name\" {2+}\r\n\u{80})", "(\"NAME\" \"a\" \"name\" \"b\")"]
    {
        zoe.ok(format!("ID {fields}")).await;
    }
    assert_eq!(client_of(&world, "u-zoe").await, Some(kept), "within the minute");
}

#[tokio::test]
async fn an_app_that_is_sent_away_learns_nothing_however_often_it_tries() {
    let world = World::with(|config| {
        config.apps.student = AppPolicy::Refuse;
        config.login.tries_max = 2;
    })
    .await;
    let secret = device(&world, "u-zoe").await;
    let mut heard = Vec::new();
    for password in ["guess", PASSWORD, "another", "third", &secret, &secret] {
        let mut app = world.imap_stranger().await;
        app.ok("ID (\"name\" \"Spark\")").await;
        heard.push(app.tagged(format!("LOGIN zoe.noir \"{password}\"")).await);
        let bye = app.line().await;
        assert!(bye.starts_with("* BYE [CONTACTADMIN] "), "{bye}");
        app.comes_to_its_end().await;
    }
    heard.dedup();
    assert!(heard.len() == 1 && heard[0].starts_with("NO [CONTACTADMIN] "), "{heard:?}");
    // The owner has all tries left, but not the app password that the app had.
    let wrong = world.imap_stranger().await.tagged(format!("LOGIN zoe.noir {secret}")).await;
    assert!(wrong.starts_with("NO [AUTHENTICATIONFAILED] "), "{wrong}");
    world.imap("zoe.noir").await.ok("NOOP").await;
    let lines = world.gateway.trail_lines(0, None, None).await.unwrap();
    let apps = lines.iter().filter(|shown| shown.line.kind == "app").count();
    assert_eq!(apps, 2, "refused once, revoked once, however often it came");
}
