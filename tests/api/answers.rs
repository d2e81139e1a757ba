//! What the routes answer.

use passerelle::model::ApiScope;
use serde_json::json;

use crate::world::{MOTHER, PUPIL, TEACHER, World, worlds};

#[tokio::test]
async fn unread_counts_and_the_feed_since_a_cursor() {
    for world in worlds("[api]\nitems_max = 2\n").await {
        let token = world.full_token().await;
        let feed = |cursor: &str| format!("/people/{MOTHER}/feed?cursor={cursor}");
        let start = world.get(&token, &format!("/people/{MOTHER}/feed")).await;
        assert_eq!((start.status, &start.body["items"], &start.body["unread"]), (200, &json!([]), &json!(0)));
        let cursor = start.body["cursor"].as_str().unwrap().to_owned();
        for number in 1..=5 {
            world.send(TEACHER, MOTHER, &format!("Lettre-{number}")).await;
        }
        // Nothing missed and nothing doubled, two at a time.
        let (mut subjects, mut at) = (Vec::new(), cursor.clone());
        loop {
            let page = world.get(&token, &feed(&at)).await.body;
            for item in page["items"].as_array().unwrap() {
                subjects.push(item["subject"].as_str().unwrap().to_owned());
                assert_eq!(item["from"]["address"], "nadia.roussel@school.test");
                assert_eq!(item["unread"], true);
            }
            page["cursor"].as_str().unwrap().clone_into(&mut at);
            assert_eq!(page["unread"], 5);
            if page["more"] == false {
                break;
            }
        }
        assert_eq!(subjects, (1..=5).map(|number| format!("Lettre-{number}")).collect::<Vec<_>>());
        assert_eq!(world.get(&token, &feed(&at)).await.body["items"], json!([]));
        // Without the scope, no subject anywhere; and a body nowhere.
        let plain = world.token_of(&[ApiScope::Feed, ApiScope::Recall], None).await;
        for path in [feed(&cursor), format!("/people/{TEACHER}/sent")] {
            let answer = world.get(&plain, &path).await;
            assert_eq!(answer.status, 200);
            assert!(!answer.text.contains("Lettre") && !answer.text.contains("subject"), "{answer:?}");
            assert!(!world.get(&token, &path).await.text.contains("Un secret"));
        }
        // What has not changed is not sent again.
        let one = world.get(&token, &format!("/people/{MOTHER}/unread")).await;
        let tag = format!("If-None-Match: {}", one.header("etag").unwrap());
        let again = world.ask("GET", &token, &format!("/people/{MOTHER}/unread"), &[&tag], "").await;
        assert_eq!((again.status, again.text.as_str()), (304, ""));
        world.send(TEACHER, MOTHER, "Encore").await;
        let changed = world.ask("GET", &token, &format!("/people/{MOTHER}/unread"), &[&tag], "").await;
        assert_eq!((changed.status, &changed.body["unread"]), (200, &json!(6)));
        for bad in ["x", "MS4x", "../../etc"] {
            assert_eq!(world.get(&token, &feed(bad)).await.problem(), "bad-request");
        }
        world.server.stop().await;
    }
}

#[tokio::test]
async fn a_cursor_survives_a_restart() {
    let Some(url) = crate::support::postgres_url().await else { return };
    let world = World::new(Some(&url), "").await;
    let token = world.full_token().await;
    let feed = format!("/people/{MOTHER}/feed");
    let cursor = world.get(&token, &feed).await.body["cursor"].as_str().unwrap().to_owned();
    world.send(TEACHER, MOTHER, "Avant").await;
    world.server.stop().await;
    let world = World::beside(Some(&url), "").await;
    world.send(TEACHER, MOTHER, "Apres").await;
    let page = world.get(&token, &format!("{feed}?cursor={cursor}")).await.body;
    let subjects: Vec<&str> =
        page["items"].as_array().unwrap().iter().map(|i| i["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, ["Avant", "Apres"]);
    world.server.stop().await;
}

#[tokio::test]
async fn what_is_made_is_made_once() {
    for world in worlds("").await {
        let token = world.full_token().await;
        let devices = format!("/people/{PUPIL}/devices");
        let (key, body) = (["Idempotency-Key: demande-1"], "{\"name\":\"Téléphone\"}");
        let first = world.ask("POST", &token, &devices, &key, body).await;
        assert_eq!(first.status, 201, "{first:?}");
        let again = world.ask("POST", &token, &devices, &key, body).await;
        assert_eq!((again.status, &again.body), (201, &first.body));
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        let other = world.ask("POST", &token, &devices, &key, "{\"name\":\"Tablette\"}").await;
        assert_eq!((other.status, other.problem()), (422, "key-of-another-request"));
        // Another token's keys are its own.
        let second = world.full_token().await;
        assert_eq!(world.ask("POST", &second, &devices, &key, body).await.header("idempotency-replayed"), None);
        let list = world.get(&token, &devices).await.body;
        assert_eq!(list["devices"].as_array().unwrap().len(), 2, "{list}");
        assert!(list["devices"][0].get("password").is_none());
        // The password works.
        let (login, password) = (PUPIL, first.body["password"].as_str().unwrap());
        let welcome = world.server.gateway().log_in(login, &passerelle::model::Secret::new(password)).await.unwrap();
        assert!(format!("{welcome:?}").contains("Welcome"), "{welcome:?}");
        // It is kept nowhere in clear.
        let id = first.body["id"].as_str().unwrap();
        let revoke = format!("{devices}/{id}");
        assert_eq!(world.ask("DELETE", &token, &revoke, &[], "").await.status, 204);
        assert_eq!(world.ask("DELETE", &token, &revoke, &[], "").await.problem(), "no-such-device");
        // A request that was refused has used up no key.
        let key = ["Idempotency-Key: demande-2"];
        assert_eq!(world.ask("POST", &token, &devices, &key, "{\"name\":\"\"}").await.status, 422);
        assert_eq!(world.ask("POST", &token, &devices, &key, body).await.status, 201);
        let long = format!("Idempotency-Key: {}", "x".repeat(256));
        assert_eq!(world.ask("POST", &token, &devices, &[&long], body).await.status, 400);
        world.server.stop().await;
    }
}

#[tokio::test]
async fn suspending_and_recalling() {
    for world in worlds("").await {
        let token = world.full_token().await;
        assert_eq!(world.post(&token, &format!("/people/{PUPIL}/suspend"), "{\"reason\":\"vol\"}").await.status, 204);
        assert!(world.user(PUPIL).await.suspended);
        assert_eq!(world.post(&token, &format!("/people/{PUPIL}/resume"), "").await.status, 204);
        assert!(!world.user(PUPIL).await.suspended);
        for bad in
            ["", "{}", "[]", "[\"x\"]", "{\"reason\":\"\"}", "{\"reason\":\"a\\nb\"}", "{\"reason\":\"x\",\"y\":1}"]
        {
            assert_eq!(world.post(&token, &format!("/people/{PUPIL}/suspend"), bad).await.problem(), "bad-request");
        }
        world.send(TEACHER, MOTHER, "A-rappeler").await;
        let sent = world.get(&token, &format!("/people/{TEACHER}/sent")).await.body;
        assert_eq!(
            (&sent["messages"][0]["subject"], &sent["messages"][0]["people"]),
            (&json!("A-rappeler"), &json!(1))
        );
        let id = sent["messages"][0]["id"].as_str().unwrap();
        let recall = format!("/people/{TEACHER}/sent/{id}/recall");
        let done = world.ask("POST", &token, &recall, &["Idempotency-Key: r1"], "").await;
        assert_eq!((done.status, &done.body["copies"]), (200, &json!(1)), "{done:?}");
        assert_eq!(world.ask("POST", &token, &recall, &["Idempotency-Key: r1"], "").await.body, done.body);
        assert_eq!(world.post(&token, &recall, "").await.problem(), "already-recalled");
        let others = format!("/people/{MOTHER}/sent/{id}/recall");
        assert_eq!(world.post(&token, &others, "").await.problem(), "no-such-message");
        let turned = "{\"profile\":\"Student\",\"sending\":true,\"reading\":false,\"reason\":\"vols\"}";
        assert_eq!(world.post(&token, "/switch/suspend", turned).await.status, 204);
        let off = world.get(&token, "/switch").await.body;
        assert_eq!(off["suspended"][0]["profile"], "Student");
        assert_eq!(world.post(&token, "/switch/resume", turned).await.status, 204);
        assert_eq!(world.post(&token, "/switch/resume", turned).await.problem(), "not-suspended");
        // Each act is in the trail, with the token's name.
        let lines = world.server.gateway();
        lines.chain_trail().await.unwrap();
        let told = lines.trail_lines(0, None, None).await.unwrap();
        let acts: Vec<&str> = told.iter().map(|line| line.line.detail.as_str()).collect();
        for act in ["user-suspend", "user-resume", "recall", "suspend profile=Student", "resume profile=Student"] {
            assert!(acts.iter().any(|line| line.contains("Accueil") && line.contains(act)), "{act}: {acts:?}");
        }
        world.server.stop().await;
    }
}

#[tokio::test]
async fn requests_are_bounded() {
    let settings = "[api]\nrequest_bytes_max = 200\ndirectory_bytes_max = 300\npeople_per_request_max = 3\n\
                    requests_per_minute_max = 20\nrequests_at_once_max = 4\nidempotency_hours = 1\n";
    let world = World::new(None, settings).await;
    let token = world.full_token().await;
    let large = format!("{{\"people\":[\"{}\"]}}", "x".repeat(200));
    assert_eq!(world.post(&token, "/unread", &large).await.problem(), "too-large");
    let large = format!("{{\"users\":[{{\"login\":\"{}\"}}]}}", "x".repeat(300));
    assert_eq!(world.post(&token, "/directory", &large).await.problem(), "too-large");
    let many = world.post(&token, "/unread", "{\"people\":[\"a\",\"b\",\"c\",\"d\"]}").await;
    assert_eq!((many.status, many.problem()), (400, "too-many"));
    assert_eq!(world.post(&token, "/unread", "{\"people\":[\"a\\u0000\"]}").await.problem(), "bad-request");
    assert_eq!(world.get(&token, "/people/a%00b/unread").await.problem(), "no-such-person");
    assert_eq!(world.get(&token, "/people/%ff/unread").await.problem(), "no-such-person");
    let mut slowed = None;
    for _ in 0..40 {
        let answer = world.get(&token, "/token").await;
        if answer.status == 429 {
            slowed = Some(answer);
            break;
        }
    }
    let slowed = slowed.expect("at most requests_per_minute_max");
    assert_eq!(slowed.problem(), "too-fast");
    assert!(slowed.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
    // Another token is not slowed.
    assert_eq!(world.get(&world.full_token().await, "/token").await.status, 200);
    world.server.stop().await;
}

#[tokio::test]
async fn what_is_not_there_is_told_in_the_language_of_the_setting() {
    let world = World::new(None, "").await;
    let token = world.full_token().await;
    let answer = world.get(&token, "/nothing").await;
    assert_eq!((answer.status, answer.problem()), (404, "no-such-path"));
    assert_eq!(answer.body["title"], "There is nothing at this address.");
    let answer = world.ask("PUT", &token, "/unread", &[], "").await;
    assert_eq!((answer.status, answer.problem()), (405, "bad-method"));
    assert!(answer.header("allow").is_some_and(|allow| allow.contains("post")), "{answer:?}");
    world.server.gateway().store().close().await;
    let answer = world.get(&token, "/token").await;
    assert_eq!((answer.status, answer.problem()), (503, "unavailable"));
    world.server.stop().await;
}
