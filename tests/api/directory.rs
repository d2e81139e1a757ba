//! Changes of the directory by the API: the code of imports, all or nothing.

use serde_json::json;

use crate::world::{ELSEWHERE, MOTHER, TEACHER, worlds};

#[tokio::test]
async fn people_and_groups_come_change_and_go() {
    for world in worlds("").await {
        let token = world.full_token().await;
        let ana = json!({ "external_id": "E-77", "login": "ana.roy", "first_name": "Ana", "last_name": "Roy",
            "profile": "Teacher", "schools": ["0750999V"] });
        let group = json!({ "id": "club-echecs.2026", "school": "0750999V", "kind": "Manual", "name": "Club d'échecs",
            "users": "BOTH" });
        let change = json!({ "users": [ana], "groups": [group],
            "members": [{ "group": "club-echecs.2026", "user": "ana.roy" }] });
        let dry = world.post(&token, "/directory?dry_run=true", &change.to_string()).await;
        assert_eq!((dry.status, &dry.body["dry_run"]), (200, &json!(true)), "{dry:?}");
        assert!(world.server.gateway().find_user("ana.roy").await.unwrap().is_none());
        let done = world.post(&token, "/directory", &change.to_string()).await;
        assert_eq!(done.status, 200, "{done:?}");
        let added = |body: &serde_json::Value, subject: &str| {
            let changes = body["changes"].as_array().unwrap();
            changes.iter().find(|c| c["subject"] == subject).map(|c| c["change"].as_str().unwrap().to_owned())
        };
        assert_eq!(added(&done.body, "person").as_deref(), Some("added"));
        assert_eq!(added(&done.body, "group").as_deref(), Some("added"));
        // Nobody else was touched, and the same again changes nothing.
        assert!(!world.user(TEACHER).await.suspended && !world.user(ELSEWHERE).await.suspended);
        assert_eq!(world.post(&token, "/directory", &change.to_string()).await.body["changes"], json!([]));
        world.send("ana.roy", TEACHER, "Bonjour").await;
        // Ana leaves, and the club closes.
        let leave = json!({ "leavers": [{ "user": "E-77" }, { "group": "club-echecs.2026" }] });
        let left = world.post(&token, "/directory", &leave.to_string()).await;
        assert_eq!(left.status, 200, "{left:?}");
        assert_eq!(added(&left.body, "person").as_deref(), Some("suspended"));
        assert_eq!(added(&left.body, "group").as_deref(), Some("closed"));
        assert!(world.user("ana.roy").await.suspended);
        assert_eq!(world.post(&token, "/directory", &leave.to_string()).await.body["changes"], json!([]));
        // She comes back.
        assert_eq!(world.post(&token, "/directory", &json!({ "users": [ana] }).to_string()).await.status, 200);
        assert!(!world.user("ana.roy").await.suspended);
        world.server.stop().await;
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_with_its_place_and_nothing_is_changed() {
    for world in worlds("").await {
        let token = world.full_token().await;
        let good = json!({ "external_id": "E-1", "login": "a.b", "first_name": "A", "last_name": "B",
            "profile": "Teacher", "schools": ["0750999V"] });
        let bad = json!({ "external_id": "E-2", "login": "c d", "first_name": "C", "last_name": "D",
            "profile": "Prof", "schools": ["0000000X"] });
        let answer = world.post(&token, "/directory", &json!({ "users": [good, bad] }).to_string()).await;
        assert_eq!((answer.status, answer.problem()), (422, "directory-refused"), "{answer:?}");
        let pointers: Vec<&str> =
            answer.body["problems"].as_array().unwrap().iter().map(|p| p["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["/users/1/login", "/users/1/profile", "/users/1/schools"]);
        assert!(world.server.gateway().find_user("a.b").await.unwrap().is_none());
        let both = json!({ "users": [good], "leavers": [{ "user": "E-1" }] });
        assert_eq!(
            world.post(&token, "/directory", &both.to_string()).await.body["problems"][0]["pointer"],
            "/leavers/0/user"
        );
        for body in [
            json!({ "users": [{ "login": { "x": 1 } }] }),
            json!({ "users": [{ "login": "a\nb" }] }),
            json!({ "users": [{ "": "a" }] }),
            json!({ "users": [{}] }),
            json!({ "persons": [] }),
        ] {
            assert_eq!(world.post(&token, "/directory", &body.to_string()).await.problem(), "bad-request", "{body}");
        }
        // A cell that looks like another line is a cell.
        let tricky = json!({ "users": [{ "external_id": "E-3", "login": "e.f", "first_name": "E;\"F", "last_name": "G",
            "profile": "Teacher", "schools": [] }] });
        assert_eq!(world.post(&token, "/directory", &tricky.to_string()).await.status, 200);
        assert_eq!(world.user("e.f").await.display_name, "G E;\"F");
        world.server.stop().await;
    }
}

#[tokio::test]
async fn a_school_that_is_spoken_for_whole_may_not_lose_too_many_by_mistake() {
    for world in worlds("").await {
        let token = world.full_token().await;
        let one = json!({ "external_id": "VH-0001", "login": "helene.marchetti", "first_name": "Hélène",
            "last_name": "Marchetti", "profile": "Personnel", "schools": ["0750999V"] });
        let whole = json!({ "schools": [{ "uai": "0750999V", "name": "Lycée Victor-Hugo" }], "users": [one] });
        let answer = world.post(&token, "/directory", &whole.to_string()).await;
        assert_eq!((answer.status, answer.problem()), (409, "directory-stopped"));
        assert!(answer.body["suspended"].as_u64().unwrap() > 10);
        assert!(!world.user(MOTHER).await.suspended);
        world.server.stop().await;
    }
}
