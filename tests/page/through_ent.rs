//! Signing in through the ENT: as it should be, and every way in which somebody bends it.

use serde_json::json;
use tempfile::TempDir;

use crate::browser::Browser;
use crate::provider::{CLIENT, Provider, pairs};
use crate::world::World;

async fn school() -> (Provider, World, TempDir) {
    let (provider, folder) = (Provider::start().await, tempfile::tempdir().unwrap());
    let world = World::with(&provider.settings(&folder.path().join("secret"))).await;
    (provider, world, folder)
}

/// Where the browser is sent to ask.
async fn question(browser: &mut Browser, return_to: &str) -> String {
    let answer = browser.get(&format!("/sign-in/ent?return_to={return_to}")).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.header("location").unwrap().to_owned()
}

async fn is_refused(browser: &mut Browser, path: &str, why: &str) {
    let answer = browser.get(path).await;
    assert_eq!(answer.status, 403, "{why}: {}", answer.body);
    assert!(answer.body.contains("abouti") && !browser.cookies.contains_key("passerelle"), "{why}");
    assert_eq!(browser.get("/").await.status, 303, "{why}");
}

#[tokio::test]
async fn people_come_in_as_the_ent_says_and_leave_it_too() {
    let (provider, world, _folder) = school().await;
    let mut browser = world.browser();
    let page = browser.get("/sign-in?return_to=/devices").await;
    assert!(page.body.contains("/sign-in/ent?return_to=/devices") && !page.body.contains("type=\"password\""));
    let asked = question(&mut browser, "/devices").await;
    assert!(asked.starts_with(&format!("{}/auth?tenant=1&", provider.url())), "{asked}");
    let parameters = pairs(asked.split_once('?').unwrap().1);
    assert_eq!(parameters["redirect_uri"], format!("http://127.0.0.1:{}/sign-in/callback", world.port));
    assert!(parameters["state"].len() >= 43 && parameters["nonce"].len() >= 43);
    let back = provider.approve(&asked, "theo.lambert");
    let answer = browser.get(&back).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/devices")), "{}", answer.body);
    let page = browser.get("/devices").await;
    assert!(page.body.contains("LAMBERT Théo"));
    let out = browser.post("/sign-out", &[("token", &page.hidden("token"))]).await;
    let refresh = out.header("refresh").unwrap();
    assert!(
        refresh.starts_with(&format!("0; url={}/logout?client_id={CLIENT}&post_logout", provider.url())),
        "{refresh}"
    );
    assert_eq!(browser.get("/").await.status, 303);
}

#[tokio::test]
async fn an_answer_is_taken_from_the_browser_that_asked_and_once() {
    let (provider, world, _folder) = school().await;
    let mut browser = world.browser();
    let back = provider.approve(&question(&mut browser, "/").await, "theo.lambert");
    // Somebody is made to follow another one's answer (login CSRF).
    let mut victim = world.browser();
    is_refused(&mut victim, &back, "a browser that has not asked").await;
    question(&mut victim, "/").await;
    is_refused(&mut victim, &back, "a browser that has asked something else").await;
    let asked = question(&mut victim, "/").await;
    let own_state = &pairs(asked.split_once('?').unwrap().1)["state"];
    let state = pairs(back.split_once('?').unwrap().1)["state"].clone();
    is_refused(&mut victim, &back.replace(&state, own_state), "a stolen code, with an own state (PKCE)").await;
    let before = browser.cookies.clone();
    let back = provider.approve(&question(&mut browser, "/").await, "theo.lambert");
    let asked = browser.cookies.clone();
    assert_eq!(browser.get(&back).await.status, 303);
    let mut again = world.browser();
    is_refused(&mut again, &back, "without the cookie").await;
    again.cookies = asked;
    is_refused(&mut again, &back, "a code that was used").await;
    again.cookies = before;
    is_refused(&mut again, &back, "an older question").await;
}

#[tokio::test]
async fn what_is_bent_on_the_way_is_refused() {
    let (provider, world, _folder) = school().await;
    let iss = crate::browser::escaped(&provider.url());
    type Bend<'b> = (&'static str, &'b dyn Fn(&str) -> String);
    let bends: [Bend<'_>; 8] = [
        ("no state", &|back: &str| back.replace("state=", "stat=")),
        ("another state", &|back: &str| back.replace("state=", "state=A")),
        ("another issuer", &|back: &str| back.replace(&format!("iss={iss}"), "iss=https%3A%2F%2Fevil.fr")),
        ("no issuer, where it names itself", &|back: &str| back.replace("&iss=", "&x=")),
        ("no code", &|back: &str| back.replace("&code=", "&cod=")),
        ("an error beside a code", &|back: &str| format!("{back}&error=access_denied")),
        ("an unknown code", &|back: &str| back.replace("&code=", "&code=x")),
        ("two states", &|back: &str| format!("{back}&state=x")),
    ];
    for (what, bend) in bends {
        let mut browser = world.browser();
        let back = provider.approve(&question(&mut browser, "/").await, "theo.lambert");
        is_refused(&mut browser, &bend(&back), what).await;
    }
    // A mixed-up issuer is found out before the code goes anywhere.
    let (redeemed, mut browser) = (provider.redeemed(), world.browser());
    let back = provider.approve(&question(&mut browser, "/").await, "theo.lambert");
    is_refused(&mut browser, &back.replace(&iss, "https%3A%2F%2Fevil.fr"), "mix-up").await;
    assert_eq!(provider.redeemed(), redeemed);
}

#[tokio::test]
async fn a_token_that_is_not_for_this_sign_in_is_refused() {
    let (provider, world, _folder) = school().await;
    for (what, claims) in [
        ("another nonce", json!({"nonce": "x"})),
        ("no nonce", json!({"nonce": null})),
        ("another issuer", json!({"iss": "https://evil.fr"})),
        ("another client", json!({"aud": "other"})),
        ("for several, given to nobody", json!({"aud": [CLIENT, "other"]})),
        ("given to another", json!({"aud": [CLIENT, "other"], "azp": "other"})),
        ("over", json!({"exp": 1})),
        ("without an end", json!({"exp": null})),
        ("about nobody", json!({"sub": ""})),
    ] {
        provider.bend(claims);
        let mut browser = world.browser();
        let back = provider.approve(&question(&mut browser, "/").await, "theo.lambert");
        is_refused(&mut browser, &back, what).await;
    }
    provider.bend(json!({"aud": [CLIENT, "other"], "azp": CLIENT}));
    let mut browser = world.browser();
    let back = provider.approve(&question(&mut browser, "/").await, "theo.lambert");
    assert_eq!(browser.get(&back).await.status, 303);
    provider.bend(json!({}));
    // A code that was given to another client.
    let mut browser = world.browser();
    let asked = question(&mut browser, "/").await;
    let parameters = pairs(asked.split_once('?').unwrap().1);
    let code = provider.code("other", &parameters, "theo.lambert");
    let back = provider.approve(&asked, "theo.lambert");
    let own = pairs(back.split_once('?').unwrap().1)["code"].clone();
    is_refused(&mut browser, &back.replace(&own, &code), "a code of another client").await;
}

#[tokio::test]
async fn who_is_unknown_or_suspended_stays_out() {
    let (provider, world, _folder) = school().await;
    let theo = world.user("theo.lambert").await;
    world.gateway().suspend_user(&theo.id, "parti").await.unwrap();
    for (person, says) in [("nobody", "pas encore de messagerie"), ("theo.lambert", "suspendu")] {
        let mut browser = world.browser();
        let back = provider.approve(&question(&mut browser, "/").await, person);
        let answer = browser.get(&back).await;
        assert!(answer.status == 403 && answer.body.contains(says), "{}", answer.body);
        assert_eq!(browser.get("/").await.status, 303);
    }
}

#[tokio::test]
async fn several_tabs_may_ask_and_the_answers_come_in_any_order() {
    let (provider, world, _folder) = school().await;
    let mut browser = world.browser();
    let first = question(&mut browser, "/devices").await;
    let second = question(&mut browser, "/rights").await;
    let (first, second) = (provider.approve(&first, "theo.lambert"), provider.approve(&second, "theo.lambert"));
    assert_eq!(browser.get(&second).await.header("location"), Some("/rights"));
    assert_eq!(browser.get(&first).await.header("location"), Some("/devices"));
    assert!(!browser.cookies.contains_key("passerelle-sign-in"));
    for _ in 0..20 {
        question(&mut browser, "//evil.fr").await;
    }
    assert!(browser.cookies["passerelle-sign-in"].len() < 300, "a few at a time");
}

#[tokio::test]
async fn an_ent_that_does_not_answer_or_lies_about_itself_lets_nobody_in() {
    for (name, value) in [
        ("issuer", json!("https://evil.fr")),
        ("token_endpoint", json!("http://evil.fr/token")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("token_endpoint", json!(null)),
    ] {
        let (provider, world, _folder) = school().await;
        provider.tells(name, value.clone());
        let answer = world.browser().get("/sign-in/ent").await;
        assert_eq!(answer.status, 503, "{name} {value}");
        assert!(answer.body.contains("momentanément"), "{}", answer.body);
    }
}

#[tokio::test]
async fn tokens_of_the_page_open_no_mailbox() {
    use passerelle::domain::login::TokenLogin;
    use passerelle::model::Secret;
    use passerelle::sasl::bearer::{Form, Token};
    let (_provider, world, _folder) = school().await;
    let token = Token { name: None, token: Secret::new("x.y.z"), form: Form::OAuthBearer };
    assert!(matches!(world.gateway().log_in_by_token(&token).await.unwrap(), TokenLogin::Refused(_)));
}
