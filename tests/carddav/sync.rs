//! What a client hears of changes (RFC 6578), and that every gateway tells the same.

use axum::http::StatusCode;
use passerelle::domain::import::{File, ImportMode};
use passerelle::model::Timestamp;
use passerelle::sample;

use crate::world::{Answer, Visitor, World, worlds};

async fn sync(visitor: &Visitor, path: &str, token: &str, limit: &str) -> Answer {
    let inside = format!(
        "<d:sync-token>{token}</d:sync-token><d:sync-level>1</d:sync-level>{limit}<d:prop><d:getetag/></d:prop>"
    );
    visitor.report(path, "d:sync-collection", &inside).await
}

fn token(answer: &Answer) -> String {
    answer.one("<D:sync-token>", "</D:sync-token>")
}

async fn import_without(world: &World, lines: &[&str]) {
    let members = String::from_utf8(include_bytes!("../../src/sample/school/members.csv").to_vec()).unwrap();
    let kept: String = members.split_inclusive('\n').filter(|line| !lines.contains(&line.trim())).collect();
    assert!(kept.len() < members.len() || lines.is_empty());
    let files = sample::school().with(File::Members, kept);
    world.gateway.import(&files, ImportMode::Apply).await.unwrap();
}

#[tokio::test]
async fn who_loses_a_right_loses_the_card() {
    for world in worlds().await {
        let pupil = world.visitor("theo.lambert");
        let classes = format!("{}classes/", pupil.home().await);
        let first = sync(&pupil, &classes, "", "").await;
        let mate = pupil.cards("classes").await.remove("zoe.martin@ent.example.fr").unwrap();
        assert!(first.responses().contains_key(&mate));
        // Another gateway answers the next time.
        let beside = Visitor::new(world.beside(), "theo.lambert");
        let none = sync(&beside, &classes, &token(&first), "").await;
        assert_eq!((none.responses().len(), token(&none)), (0, token(&first)));
        world.gateway.suspend_user(&world.user("zoe.martin").await.id, "away").await.unwrap();
        let fewer = sync(&beside, &classes, &token(&first), "").await;
        let told = fewer.responses();
        assert!(told[&mate].contains("HTTP/1.1 404 Not Found") && !told[&mate].contains("propstat"), "{}", told[&mate]);
        assert_ne!(token(&fewer), token(&first));
        assert_eq!(pupil.asks("GET", &mate, &[], "").await.status, StatusCode::NOT_FOUND);
        // Back again: the first state, and its token still stands.
        world.gateway.resume_user(&world.user("zoe.martin").await.id).await.unwrap();
        let back = sync(&pupil, &classes, &token(&fewer), "").await;
        assert!(back.responses()[&mate].contains("<D:getetag>"));
        assert_eq!(token(&back), token(&first));
        assert_eq!(sync(&pupil, &classes, &token(&first), "").await.responses().len(), 0);
    }
}

#[tokio::test]
async fn a_changed_name_is_told() {
    for world in worlds().await {
        let teacher = world.visitor("nadia.roussel");
        let classes = format!("{}classes/", teacher.home().await);
        let first = sync(&teacher, &classes, "", "").await;
        let pupil = teacher.cards("classes").await.remove("theo.lambert@ent.example.fr").unwrap();
        let users = String::from_utf8(include_bytes!("../../src/sample/school/users.csv").to_vec()).unwrap();
        let files = sample::school().with(File::Users, users.replace(";Théo;", ";Théodore;"));
        world.gateway.import(&files, ImportMode::Apply).await.unwrap();
        let told = sync(&teacher, &classes, &token(&first), "").await.responses();
        assert!(told[&pupil].contains("<D:getetag>"), "{told:?}");
        // The mother's card says whose mother she is.
        assert_eq!(told.len(), 2, "{told:?}");
    }
}

#[tokio::test]
async fn a_long_list_comes_in_pieces() {
    for world in worlds().await {
        let teacher = world.visitor("nadia.roussel");
        let classes = format!("{}classes/", teacher.home().await);
        let limit = "<d:limit><d:nresults>4</d:nresults></d:limit>";
        let all = sync(&teacher, &classes, "", "").await;
        let (mut heard, mut since) = (Vec::new(), String::new());
        loop {
            let answer = sync(&teacher, &classes, &since, limit).await;
            let mut responses = answer.responses();
            let cut = responses.remove(&classes);
            assert!(responses.len() <= 4);
            heard.extend(responses.into_keys());
            since = token(&answer);
            match cut {
                Some(cut) => assert!(cut.contains("HTTP/1.1 507"), "{cut}"),
                None => break,
            }
        }
        heard.sort();
        assert_eq!(heard, all.responses().into_keys().collect::<Vec<_>>());
        assert_eq!(since, token(&all));
    }
}

/// `directory.sync_days`: 90 where nothing else is set.
#[tokio::test]
async fn a_token_that_is_not_known_or_too_old_is_refused_and_all_is_told_again() {
    for world in worlds().await {
        let pupil = world.visitor("theo.lambert");
        let home = pupil.home().await;
        let (classes, groups) = (format!("{home}classes/"), format!("{home}groups/"));
        let first = token(&sync(&pupil, &classes, "", "").await);
        for unknown in
            ["data:,00000000000000000000000000000000", "data:,", "1", "http://x/", "&lt;", &first.to_uppercase()]
        {
            let answer = sync(&pupil, &classes, unknown, "").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{unknown}");
            assert!(answer.body.contains("<D:valid-sync-token/>"), "{}", answer.body);
        }
        // Not that of another book, nor somebody else's.
        assert_eq!(sync(&pupil, &groups, &first, "").await.status, StatusCode::FORBIDDEN);
        let other = world.visitor("zoe.martin");
        let others = format!("{}classes/", other.home().await);
        assert_eq!(sync(&other, &others, &first, "").await.status, StatusCode::FORBIDDEN);
        assert_eq!(sync(&pupil, &classes, &first, "").await.status, StatusCode::MULTI_STATUS);
        let later = world.clock.now().0 + 91 * 24 * 3600 * 1_000_000;
        world.clock.set(Timestamp(later));
        assert_eq!(sync(&pupil, &classes, &first, "").await.status, StatusCode::FORBIDDEN);
        assert_eq!(token(&sync(&pupil, &classes, "", "").await), first);
        assert_eq!(sync(&pupil, &classes, &first, "").await.status, StatusCode::MULTI_STATUS);
    }
}

/// `directory.sync_states_max`: the oldest states go first.
#[tokio::test]
async fn states_are_remembered_up_to_a_limit() {
    let world = World::with(|config| config.directory.sync_states_max = 2).await;
    let teacher = world.visitor("nadia.roussel");
    let classes = format!("{}classes/", teacher.home().await);
    let mut tokens = Vec::new();
    for login in ["", "theo.lambert", "zoe.martin"] {
        if !login.is_empty() {
            world.gateway.suspend_user(&world.user(login).await.id, "away").await.unwrap();
        }
        world.clock.set(Timestamp(world.clock.now().0 + 60_000_000));
        tokens.push(token(&sync(&teacher, &classes, "", "").await));
    }
    let mut known = Vec::new();
    for token in &tokens {
        known.push(sync(&teacher, &classes, token, "").await.status == StatusCode::MULTI_STATUS);
    }
    assert_eq!(known, [false, true, true]);
}

/// A pupil moves to another class: what was seen through the old one is gone, on every gateway, at the next sync.
#[tokio::test]
async fn a_pupil_who_leaves_a_class_leaves_its_books() {
    for world in worlds().await {
        let pupil = world.visitor("zoe.martin");
        let classes = format!("{}classes/", pupil.home().await);
        let first = sync(&pupil, &classes, "", "").await;
        let before = first.responses().len();
        import_without(&world, &["vh-eleves-ta-2026;zoe.martin"]).await;
        let answer = sync(&pupil, &classes, &token(&first), "").await;
        let gone = answer.responses().values().filter(|told| told.contains("404 Not Found")).count();
        assert!(gone > 2 && gone <= before, "{gone} of {before}");
        assert_eq!(pupil.cards("classes").await.len(), before - gone);
    }
}
