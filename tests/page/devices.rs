//! Devices: one password, shown once, whoever sends what how often; and nobody else's.

use passerelle::domain::login::Login;
use passerelle::model::Secret;

use crate::world::World;

async fn logs_in(world: &World, secret: &str) -> bool {
    let login = world.gateway().log_in("theo.lambert", &Secret::new(secret)).await.unwrap();
    matches!(login, Login::Welcome(_))
}

#[tokio::test]
async fn a_device_gets_its_password_once_and_loses_it() {
    for world in World::both().await {
        let mut browser = world.signed_in("theo.lambert").await;
        assert!(browser.get("/devices").await.body.contains("Aucun appareil"));
        let form = browser.get("/devices/new/iphone").await;
        let fields = [("name", "Téléphone <b>"), ("id", &form.hidden("id")), ("token", &form.hidden("token"))];
        let made = browser.post("/devices/new/iphone", &fields).await;
        let secret = made.secret().unwrap();
        assert_eq!(made.header("cache-control"), Some("no-store"));
        assert!(
            made.body.contains("<svg") && made.body.contains("/mobileconfig?address=theo.lambert%40ent.example.fr")
        );
        assert!(logs_in(&world, &secret).await);
        let list = browser.get("/devices").await;
        assert!(list.body.contains("Téléphone &#60;b&#62;") && !list.body.contains(&secret));
        let at = list.body.find("/revoke").unwrap();
        let id = list.body[..at].rsplit('/').next().unwrap().to_owned();
        let confirm = browser.get(&format!("/devices/{id}/revoke")).await;
        assert!(confirm.body.contains("Révoquer «\u{a0}Téléphone &#60;b&#62;"), "{}", confirm.body);
        let token = confirm.hidden("token");
        let path = format!("/devices/{id}/revoke");
        let done = browser.post(&path, &[("token", &token)]).await;
        assert_eq!(done.header("location"), Some("/devices?done=revoked"));
        assert!(!logs_in(&world, &secret).await);
        assert!(browser.get("/devices?done=revoked").await.body.contains("est révoqué"));
        let again = browser.post(&path, &[("token", &token)]).await;
        assert_eq!(again.header("location"), Some("/devices?done=gone"), "twice does no harm");
        assert_eq!(browser.get(&path).await.header("location"), Some("/devices?done=gone"));
        let theo = world.user("theo.lambert").await;
        let devices = world.gateway().app_passwords(&theo.id).await.unwrap();
        assert_eq!(devices.len(), 1);
        world.gateway().chain_trail().await.unwrap();
        let lines = world.gateway().trail_lines(0, Some(&theo.id), None).await.unwrap();
        let lines: Vec<String> =
            lines.into_iter().filter(|line| line.line.kind == "device").map(|line| line.line.detail).collect();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].contains("created") && lines[1].contains("revoked"), "{lines:?}");
    }
}

#[tokio::test]
async fn a_form_sent_twice_makes_one_device() {
    let world = World::new().await;
    let mut browser = world.signed_in("theo.lambert").await;
    let form = browser.get("/devices/new/thunderbird").await;
    let fields = [("name", "Ordinateur"), ("id", &form.hidden("id")), ("token", &form.hidden("token"))];
    let mut other = world.browser();
    other.cookies = browser.cookies.clone();
    let (one, two) = tokio::join!(
        browser.post("/devices/new/thunderbird", &fields),
        other.post("/devices/new/thunderbird", &fields)
    );
    assert!(one.secret().is_some() && one.secret() == two.secret(), "two clicks are one");
    let theo = world.user("theo.lambert").await;
    assert_eq!(world.gateway().app_passwords(&theo.id).await.unwrap().len(), 1);
    // Real seconds, in memory: then it is not shown again, whoever reloads the page.
    tokio::time::sleep(std::time::Duration::from_secs(11)).await;
    let late = browser.post("/devices/new/thunderbird", &fields).await;
    assert!(late.status == 409 && late.secret().is_none() && late.body.contains("déjà été montré"), "{}", late.body);
}

#[tokio::test]
async fn nobody_elses_device_can_be_seen_or_revoked() {
    let world = World::new().await;
    let nadia = world.user("nadia.roussel").await;
    let hers = world.gateway().create_app_password(&nadia.id, "À Nadia").await.unwrap().unwrap().password.id;
    let mut pupil = world.signed_in("theo.lambert").await;
    let own = pupil.get("/devices/new/iphone").await;
    let seen = pupil.get(&format!("/devices/{hers}/revoke")).await;
    assert!(seen.status == 303 && !seen.body.contains("Nadia"));
    for token in [own.hidden("token"), own.body.clone(), String::new()] {
        let answer = pupil.post(&format!("/devices/{hers}/revoke"), &[("token", &token)]).await;
        assert_eq!(answer.status, 403);
    }
    // A form's id is bound to its token: nobody chooses ids.
    let form = [("name", "x"), ("id", hers.as_str()), ("token", &own.hidden("token"))];
    assert_eq!(pupil.post("/devices/new/iphone", &form).await.status, 403);
    assert!(world.gateway().app_passwords(&nadia.id).await.unwrap()[0].revoked_at.is_none());
    // Even with a good token for that id, which a pupil's own session never gets.
    let theo = world.user("theo.lambert").await;
    assert!(!world.gateway().revoke_own_device(&theo, &hers).await.unwrap());
}

#[tokio::test]
async fn names_of_devices_are_looked_at() {
    let world = World::new().await;
    let mut browser = world.signed_in("theo.lambert").await;
    for bad in ["", "   ", "a\nb", &"x".repeat(101)] {
        let form = browser.get("/devices/new/other").await;
        let fields = [("name", bad), ("id", &form.hidden("id")), ("token", &form.hidden("token"))];
        let answer = browser.post("/devices/new/other", &fields).await;
        assert!(answer.status == 422 && answer.body.contains("1 à 100"), "{bad:?}: {}", answer.body);
    }
    assert_eq!(browser.get("/devices/new/palm").await.status, 404);
    let long = "x".repeat(20_000);
    assert_eq!(browser.post("/devices/new/other", &[("name", &long)]).await.status, 403);
}

#[tokio::test]
async fn two_hundred_devices_are_listed() {
    let world = World::new().await;
    let theo = world.user("theo.lambert").await;
    for number in 0..200 {
        world.gateway().create_app_password(&theo.id, &format!("Appareil {number}")).await.unwrap().unwrap();
    }
    let mut browser = world.signed_in("theo.lambert").await;
    let list = browser.get("/devices").await;
    assert_eq!(list.body.matches("/revoke\"").count(), 200);
    let form = browser.get("/devices/new/other").await;
    let fields = [("name", "un de plus"), ("id", &form.hidden("id")), ("token", &form.hidden("token"))];
    assert!(browser.post("/devices/new/other", &fields).await.body.contains("déjà 30 appareils"));
}

#[tokio::test]
async fn who_may_make_none_is_told_so() {
    let world = World::with("page.device_profiles = [\"Teacher\"]\n").await;
    let mut browser = world.signed_in("theo.lambert").await;
    for path in ["/devices", "/devices/new"] {
        assert!(browser.get(path).await.body.contains("à votre profil"), "{path}");
    }
    let form = browser.get("/devices/new/other").await;
    let fields = [("name", "x"), ("id", &form.hidden("id")), ("token", &form.hidden("token"))];
    assert_eq!(browser.post("/devices/new/other", &fields).await.status, 403);
    let mut teacher = world.signed_in("nadia.roussel").await;
    assert!(teacher.get("/devices/new").await.body.contains("/devices/new/iphone"));
}
