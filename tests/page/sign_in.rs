//! Signing in by password, sessions, and forms that others make somebody send.

use passerelle::model::Secret;

use crate::world::{PASSWORD, World};

#[tokio::test]
async fn a_session_is_good_until_it_is_ended() {
    for world in World::both().await {
        let mut browser = world.signed_in("theo.lambert").await;
        let home = browser.get("/").await;
        assert_eq!(home.status, 200);
        assert!(home.body.contains("LAMBERT Théo") && home.body.contains("theo.lambert@ent.example.fr"));
        let before = browser.cookies.clone();
        let out = browser.post("/sign-out", &[("token", &home.hidden("token"))]).await;
        assert!(out.status == 200 && out.body.contains("Vous êtes déconnecté"), "{}", out.body);
        assert!(!browser.cookies.contains_key("passerelle"));
        // Whoever has kept the cookie has nothing.
        browser.cookies = before;
        let answer = browser.get("/").await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/sign-in?expired=yes")));
        assert!(browser.get("/sign-in?expired=yes").await.body.contains("a expiré"));
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_after_a_time_at_any_rate() {
    for world in World::both().await {
        let mut idle = world.signed_in("theo.lambert").await;
        let mut busy = world.signed_in("theo.lambert").await;
        world.advance(59 * 60);
        assert_eq!(busy.get("/").await.status, 200);
        assert_eq!(idle.get("/latest").await.status, 200, "what a page asks by itself");
        world.advance(60);
        assert_eq!(idle.get("/").await.status, 303, "away for an hour");
        for _ in 0..21 {
            assert_eq!(busy.get("/").await.status, 200);
            world.advance(30 * 60);
        }
        assert_eq!(busy.get("/").await.status, 200, "after 11.5 hours");
        world.advance(30 * 60);
        assert_eq!(busy.get("/").await.status, 303, "after twelve");
        world.signed_in("theo.lambert").await;
        assert_eq!(world.gateway().forget_page_sessions().await.unwrap(), 2);
    }
}

#[tokio::test]
async fn a_session_ends_with_the_password_and_the_account() {
    for world in World::both().await {
        let (theo, nadia) = (world.user("theo.lambert").await, world.user("nadia.roussel").await);
        let (mut his, mut hers) = (world.signed_in("theo.lambert").await, world.signed_in("nadia.roussel").await);
        world.gateway().set_password(&theo.id, Secret::new("un tout autre")).await.unwrap().unwrap();
        assert_eq!(his.get("/").await.status, 303);
        assert_eq!(hers.get("/").await.status, 200);
        world.gateway().suspend_user(&nadia.id, "parti").await.unwrap();
        assert_eq!(hers.get("/").await.status, 303);
        let page = hers.get("/sign-in").await;
        let form = [("name", "nadia.roussel"), ("password", PASSWORD), ("token", &page.hidden("token"))];
        let refused = hers.post("/sign-in", &form).await;
        assert!(refused.status == 422 && refused.body.contains("suspendu"), "{}", refused.body);
    }
}

#[tokio::test]
async fn no_session_begins_under_a_name_that_was_there_before() {
    let world = World::new().await;
    let mut attacker = world.signed_in("theo.lambert").await;
    let planted = attacker.cookies["passerelle"].clone();
    let mut victim = world.browser();
    victim.cookies.insert("passerelle".to_owned(), "A".repeat(43));
    let page = victim.get("/sign-in").await;
    victim.cookies.insert("passerelle".to_owned(), planted.clone());
    let form = [("name", "nadia.roussel"), ("password", PASSWORD), ("token", &page.hidden("token"))];
    assert_eq!(victim.post("/sign-in", &form).await.status, 303);
    assert_ne!(victim.cookies["passerelle"], planted);
    assert_eq!(attacker.get("/").await.status, 303, "what was there before is ended");
}

#[tokio::test]
async fn wrong_names_and_passwords_look_alike_and_are_counted() {
    let world = World::new().await;
    let mut browser = world.browser();
    let page = browser.get("/sign-in").await;
    let token = page.hidden("token");
    let mut answers = Vec::new();
    for name in ["theo.lambert", "nobody", "theo.lambert@gmail.com", ""] {
        let answer = browser.post("/sign-in", &[("name", name), ("password", "x"), ("token", &token)]).await;
        assert_eq!(answer.status, 422);
        answers.push(answer.body.replace(&format!("value=\"{name}\" maxlength"), ""));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    // From this address the tries are used up, and a second device of the same school is not locked out.
    for number in 0..12 {
        browser
            .post("/sign-in", &[("name", "theo.lambert"), ("password", &number.to_string()), ("token", &token)])
            .await;
    }
    let answer = browser.post("/sign-in", &[("name", "theo.lambert"), ("password", "y"), ("token", &token)]).await;
    assert!(answer.body.contains("Trop d&#39;essais"), "{}", answer.body);
    world.signed_in("nadia.roussel").await;
}

#[tokio::test]
async fn an_app_password_opens_no_page() {
    let world = World::new().await;
    let theo = world.user("theo.lambert").await;
    let new = world.gateway().create_app_password(&theo.id, "Téléphone").await.unwrap().unwrap();
    let secret = String::from_utf8(new.secret.expose().to_vec()).unwrap();
    let mut browser = world.browser();
    let page = browser.get("/sign-in").await;
    let form = [("name", "theo.lambert"), ("password", secret.as_str()), ("token", &page.hidden("token"))];
    let answer = browser.post("/sign-in", &form).await;
    assert!(answer.status == 422 && !browser.cookies.contains_key("passerelle"), "{}", answer.body);
}

#[tokio::test]
async fn a_form_from_elsewhere_does_nothing() {
    let world = World::new().await;
    let mut browser = world.signed_in("theo.lambert").await;
    let token = browser.get("/").await.hidden("token");
    let ours = browser.origin.clone();
    let from: [(Option<&'static str>, Option<String>); 6] = [
        (Some("cross-site"), Some("https://evil.fr".to_owned())),
        (Some("same-site"), Some("http://other.localhost".to_owned())),
        (None, Some("null".to_owned())),
        (None, Some("http://127.0.0.1:1".to_owned())),
        (Some("none"), ours.clone()),
        (None, None),
    ];
    for (site, origin) in from {
        (browser.site, browser.origin) = (site, origin.clone());
        let answer = browser.post("/sign-out", &[("token", &token)]).await;
        assert_eq!(answer.status, 403, "{site:?} {origin:?}");
    }
    (browser.site, browser.origin) = (Some("same-origin"), ours.clone());
    let other = world.signed_in("nadia.roussel").await.get("/").await.hidden("token");
    for bad in ["", "x", &other, &token[1..]] {
        assert_eq!(browser.post("/sign-out", &[("token", bad)]).await.status, 403, "{bad}");
    }
    // A token for one form is none for another.
    for path in ["/devices/new/iphone", "/devices/1/revoke"] {
        assert_eq!(browser.post(path, &[("token", &token), ("name", "x"), ("id", "1")]).await.status, 403);
    }
    assert_eq!(browser.get("/").await.status, 200);
    // Older browsers say only one of the two.
    browser.site = None;
    assert_eq!(browser.post("/sign-out", &[("token", &token)]).await.status, 200);
}

#[tokio::test]
async fn nobody_is_signed_in_as_somebody_else_by_a_form_from_elsewhere() {
    let world = World::new().await;
    let mut attacker = world.browser();
    let token = attacker.get("/sign-in").await.hidden("token");
    let mut victim = world.browser();
    let form = [("name", "theo.lambert"), ("password", PASSWORD), ("token", token.as_str())];
    assert_eq!(victim.post("/sign-in", &form).await.status, 403, "no cookie");
    victim.get("/sign-in").await;
    assert_eq!(victim.post("/sign-in", &form).await.status, 403, "another browser's token");
    attacker.site = Some("cross-site");
    assert_eq!(attacker.post("/sign-in", &form).await.status, 403, "from elsewhere");
}

#[tokio::test]
async fn sign_in_leads_to_pages_of_ours_only() {
    let world = World::new().await;
    for (wanted, led) in [
        ("/devices/new/iphone", "/devices/new/iphone"),
        ("//evil.fr", "/"),
        ("https://evil.fr/", "/"),
        ("/\\evil.fr", "/"),
        ("/sign-out", "/"),
    ] {
        let mut browser = world.browser();
        let page = browser.get(&format!("/sign-in?return_to={}", crate::browser::escaped(wanted))).await;
        assert_eq!(page.hidden("return_to"), led);
        let form =
            [("name", "theo.lambert"), ("password", PASSWORD), ("token", &page.hidden("token")), ("return_to", wanted)];
        assert_eq!(browser.post("/sign-in", &form).await.header("location"), Some(led));
    }
    let mut browser = world.browser();
    assert_eq!(
        browser.get("/devices/new/iphone").await.header("location"),
        Some("/sign-in?return_to=/devices/new/iphone")
    );
    assert_eq!(browser.get("/devices/7/revoke").await.header("location"), Some("/sign-in"));
}
