//! Who may come in: every route, tried with everything that is no token for it.

use passerelle::domain::api::TokenPlan;
use passerelle::http::api::{Need, ROUTES};
use passerelle::model::{ApiScope, Secret, Timestamp};

use crate::world::{ELSEWHERE, MOTHER, PUPIL, World, worlds};

/// A path that names the pupil, and things that there are none of.
fn path(template: &str) -> String {
    template.replace("{person}", PUPIL).replace("{device}", "1").replace("{message}", "1")
}

/// What each route must answer to something that is no token for it: the status, and the problem.
async fn refused(world: &World, line: &str, statuses: &[(u16, &str)]) {
    for route in ROUTES {
        let answer = world.ask(route.method.as_str(), "", &path(route.path), &[line], "{}").await;
        let told = (answer.status, answer.problem());
        assert!(statuses.contains(&told), "{} {} with {line}: {answer:?}", route.method, route.path);
        assert!(!answer.text.to_lowercase().contains("lambert"), "{answer:?}");
        assert!(answer.header("www-authenticate").is_some() || answer.status != 401);
    }
}

#[tokio::test]
async fn nothing_of_a_person_opens_a_route() {
    let world = World::new(None, "").await;
    let pupil = world.user(PUPIL).await;
    let gateway = world.server.gateway();
    gateway.set_password(&pupil.id, Secret::new("un mot de passe long")).await.unwrap().unwrap();
    let device = gateway.create_app_password(&pupil.id, "tel").await.unwrap().unwrap();
    let device = String::from_utf8(device.secret.expose().to_vec()).unwrap();
    let none = [(401, "no-token"), (401, "bad-token")];
    refused(&world, "X: y", &none).await;
    refused(&world, &format!("Authorization: Bearer {device}"), &none).await;
    refused(&world, "Authorization: Bearer un mot de passe long", &none).await;
    for word in [format!("{PUPIL}:{device}"), format!("{PUPIL}:un mot de passe long")] {
        let basic = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, word);
        refused(&world, &format!("Authorization: Basic {basic}"), &none).await;
    }
    // A page's cookie, and a token as the ENT gives to people (OpenID Connect).
    refused(&world, "Cookie: passerelle_session=0123456789abcdef0123456789abcdef; session=x", &none).await;
    let jwt = "Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJWSC0wMDAxIiwic2NvcGUiOiJtYWlsIn0.c2lnbmF0dXJl";
    refused(&world, jwt, &none).await;
    for bad in
        ["Bearer", "Bearer ", "Bearer passerelle_", "bearer passerelle_x", "Bearer badge_x.y.z.w", "Bearer \u{e9}"]
    {
        refused(&world, &format!("Authorization: {bad}"), &none).await;
    }
    let full = world.full_token().await;
    let twice = format!("Authorization: Bearer {full}\r\nAuthorization: Bearer {full}");
    refused(&world, &twice, &none).await;
    assert_eq!(world.ask("GET", "", &format!("/token?access_token={full}"), &[], "").await.status, 401);
    assert_eq!(world.get(&full, "/token").await.status, 200);
    world.server.stop().await;
}

#[tokio::test]
async fn a_token_does_what_its_scopes_say_and_nothing_else() {
    // Streams end soon, so that their answers do.
    let world = World::new(None, "[events]\nstream_seconds_max = 2\nkeep_alive_seconds = 1\n").await;
    for scope in ApiScope::ALL {
        let token = world.token_of(&[scope], None).await;
        for route in ROUTES {
            let answer = world.ask(route.method.as_str(), &token, &path(route.path), &[], "").await;
            let case = format!("{} {} with {}: {answer:?}", route.method, route.path, scope.word());
            match route.need {
                Need::Badge => assert_eq!((answer.status, answer.problem()), (401, "bad-token"), "{case}"),
                Need::Scope(needed) if needed != scope => {
                    assert_eq!((answer.status, answer.problem()), (403, "scope"), "{case}");
                }
                _ if answer.header("content-type") == Some("text/event-stream") => {}
                _ => assert!(answer.status != 401 && answer.status != 403 && answer.status != 0, "{case}"),
            }
        }
    }
    world.server.stop().await;
}

#[tokio::test]
async fn a_badge_sees_its_number_and_nothing_else() {
    let world = World::new(None, "").await;
    let full = world.full_token().await;
    let made = world.post(&full, "/badge-tokens", &format!("{{\"person\":\"{MOTHER}\"}}")).await;
    assert_eq!(made.status, 201, "{made:?}");
    let badge = made.body["token"].as_str().unwrap().to_owned();
    for route in ROUTES.iter().filter(|route| route.need != Need::Badge) {
        let answer = world.ask(route.method.as_str(), &badge, &path(route.path), &[], "{}").await;
        assert_eq!((answer.status, answer.problem()), (401, "bad-token"), "{} {}", route.method, route.path);
    }
    assert_eq!(world.get(&badge, "/badge").await.body["unread"], 0);
    // One sign changed, anywhere.
    for at in 6..badge.len() {
        let mut forged = badge.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        let answer = world.get(&forged, "/badge").await;
        // The last sign of base64 may say nothing.
        assert!(answer.status == 401 || at == badge.len() - 1, "{at}: {answer:?}");
    }
    // Whom reading is turned off for, or who is suspended, has none.
    let mother = world.user(MOTHER).await;
    world.server.gateway().suspend_user(&mother.id, "essai").await.unwrap();
    assert_eq!(world.get(&badge, "/badge").await.status, 401);
    world.server.gateway().resume_user(&mother.id).await.unwrap();
    assert_eq!(world.get(&badge, "/badge").await.status, 200);
    // And it ends with the token that made it.
    let tokens = world.server.gateway().api_tokens().await.unwrap();
    world.server.gateway().revoke_api_token(&tokens[0].id).await.unwrap();
    assert_eq!(world.get(&badge, "/badge").await.status, 401);
    world.server.stop().await;
}

#[tokio::test]
async fn a_badge_is_short_lived() {
    let world = World::new(None, "[api]\nbadge_seconds_max = 1\n").await;
    let full = world.full_token().await;
    let made = world.post(&full, "/badge-tokens", &format!("{{\"person\":\"{MOTHER}\"}}")).await;
    let badge = made.body["token"].as_str().unwrap().to_owned();
    let started = std::time::Instant::now();
    while world.get(&badge, "/badge").await.status == 200 {
        assert!(started.elapsed() < crate::world::PATIENCE);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    world.server.stop().await;
}

#[tokio::test]
async fn a_token_of_one_school_sees_nobody_elsewhere() {
    for world in worlds("").await {
        let all: Vec<ApiScope> = ApiScope::ALL.into_iter().filter(|scope| scope.may_be_of_one_school()).collect();
        let token = world.token_of(&all, Some("0750999V")).await;
        for route in ROUTES.iter().filter(|route| route.path.contains("{person}")) {
            for name in [ELSEWHERE, "nobody.at.all"] {
                let path = path(&route.path.replace("{person}", name));
                let answer =
                    world.ask(route.method.as_str(), &token, &path, &[], "{\"reason\":\"x\",\"name\":\"x\"}").await;
                // One that reads its body first may say that this is wrong.
                let told = (answer.status, answer.problem());
                assert_eq!(told, (404, "no-such-person"), "{} {path}", route.method);
            }
        }
        let elsewhere = world.user(ELSEWHERE).await.id;
        let mother = world.user(MOTHER).await.id;
        let asked = format!("{{\"people\":[\"{elsewhere}\",\"{mother}\",\"nobody\"]}}");
        let counts = world.post(&token, "/unread", &asked).await.body;
        assert_eq!(counts["unread"], serde_json::json!({ mother.as_str(): 0 }));
        assert_eq!(counts["unknown"].as_array().unwrap().len(), 2, "like somebody who is not there: {counts}");
        let badge = world.post(&token, "/badge-tokens", &format!("{{\"person\":\"{ELSEWHERE}\"}}")).await;
        assert_eq!(badge.problem(), "no-such-person");
        // The switch: its own school's, and not everybody's.
        let body = |school: &str| format!("{{{school}\"sending\":true,\"reading\":false,\"reason\":\"x\"}}");
        for school in ["", "\"school\":\"0750001A\",", "\"school\":\"no\","] {
            assert_eq!(world.post(&token, "/switch/suspend", &body(school)).await.problem(), "no-such-school");
        }
        assert_eq!(world.post(&token, "/switch/suspend", &body("\"school\":\"0750999V\",")).await.status, 204);
        let plan = TokenPlan {
            name: "x".to_owned(),
            scopes: [ApiScope::Directory].into(),
            school: Some("0750999V".to_owned()),
            expires_at: None,
        };
        let refused = world.server.gateway().create_api_token(plan).await.unwrap().unwrap_err();
        assert!(refused.to_string().contains("directory"), "{refused}");
        world.server.stop().await;
    }
}

#[tokio::test]
async fn tokens_end_on_every_gateway_at_once() {
    let Some(url) = crate::support::postgres_url().await else { return };
    let (one, two) = (World::new(Some(&url), "").await, World::beside(Some(&url), "").await);
    let token = one.full_token().await;
    assert_eq!(two.get(&token, "/token").await.status, 200);
    let tokens = two.server.gateway().api_tokens().await.unwrap();
    assert!(tokens[0].last_used_at.is_some() && tokens[0].revoked_at.is_none());
    assert!(two.server.gateway().revoke_api_token(&tokens[0].id).await.unwrap());
    assert!(!two.server.gateway().revoke_api_token(&tokens[0].id).await.unwrap());
    for world in [&one, &two] {
        assert_eq!(world.get(&token, "/token").await.problem(), "bad-token");
    }
    let plan = TokenPlan {
        name: "court".to_owned(),
        scopes: [ApiScope::Unread].into(),
        school: None,
        expires_at: Some(Timestamp(one.server.gateway().clock.now().0 + 1_000_000)),
    };
    let short = one.server.gateway().create_api_token(plan).await.unwrap().unwrap();
    let short = String::from_utf8(short.secret.expose().to_vec()).unwrap();
    let started = std::time::Instant::now();
    while two.get(&short, "/token").await.status == 200 {
        assert!(started.elapsed() < crate::world::PATIENCE);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    one.server.stop().await;
    two.server.stop().await;
}
