//! Server-sent events: what is told, where a client goes on, and how streams end.

use std::time::Duration;

use crate::world::{MOTHER, PUPIL, TEACHER, World, worlds};

#[tokio::test]
async fn what_comes_is_told_and_a_client_goes_on_where_it_was() {
    for world in worlds("").await {
        let token = world.full_token().await;
        world.send(TEACHER, MOTHER, "Avant").await;
        let events = format!("/people/{MOTHER}/events");
        let mut stream = world.stream("GET", &token, &events, &[], "").await;
        let first = stream.must().await;
        assert_eq!((first.name.as_str(), first.data["unread"].as_u64()), ("unread", Some(1)));
        world.send(TEACHER, MOTHER, "Un").await;
        let message = stream.must().await;
        assert_eq!((message.name.as_str(), message.data["subject"].as_str()), ("message", Some("Un")));
        let unread = stream.must().await;
        assert_eq!(unread.data["unread"], 2);
        drop(stream);
        // While nobody listens.
        world.send(TEACHER, MOTHER, "Deux").await;
        world.send(TEACHER, MOTHER, "Trois").await;
        let last = format!("Last-Event-ID: {}", message.id.unwrap());
        let mut stream = world.stream("GET", &token, &events, &[&last], "").await;
        for subject in ["Deux", "Trois"] {
            assert_eq!(stream.must().await.data["subject"], subject);
        }
        assert_eq!(stream.must().await.data["unread"], 4);
        world.server.stop().await;
        assert!(stream.event().await.is_none(), "the stop ends it");
    }
}

#[tokio::test]
async fn another_gateway_tells_too() {
    let Some(url) = crate::support::postgres_url().await else { return };
    // Nobody polls: nothing but hints can wake a stream.
    let slow = "[imap]\npoll_seconds = 1200\n";
    let (one, two) = (World::new(Some(&url), slow).await, World::beside(Some(&url), slow).await);
    let token = one.full_token().await;
    let mut stream = two.stream("GET", &token, &format!("/people/{MOTHER}/events"), &[], "").await;
    assert_eq!(stream.must().await.data["unread"], 0);
    one.send(TEACHER, MOTHER, "Ailleurs").await;
    assert_eq!(stream.must().await.data["subject"], "Ailleurs");
    one.server.stop().await;
    two.server.stop().await;
}

#[tokio::test]
async fn many_are_told_in_one_stream() {
    for world in worlds("").await {
        let token = world.full_token().await;
        let (mother, pupil) = (world.user(MOTHER).await.id, world.user(PUPIL).await.id);
        let body = format!("{{\"people\":[\"{mother}\",\"{pupil}\",\"nobody\"]}}");
        let mut stream = world.stream("POST", &token, "/events", &[], &body).await;
        let mut first = [stream.must().await.data["person"].clone(), stream.must().await.data["person"].clone()];
        first.sort_by_key(|person| person.as_str().unwrap().to_owned());
        let mut both = [mother.as_str(), pupil.as_str()];
        both.sort_unstable();
        assert_eq!(first, both);
        world.send(TEACHER, PUPIL, "Devoir").await;
        let event = stream.must().await;
        assert_eq!((event.data["person"].as_str(), event.data["unread"].as_u64()), (Some(pupil.as_str()), Some(1)));
        world.server.stop().await;
    }
}

#[tokio::test]
async fn streams_are_bounded_and_end() {
    let settings = "[events]\nstreams_per_person_max = 2\nstreams_max = 3\nstream_seconds_max = 2\n\
                    keep_alive_seconds = 1\nstall_seconds_max = 5\n";
    let world = World::new(None, settings).await;
    let token = world.full_token().await;
    let events = format!("/people/{MOTHER}/events");
    let mut one = world.stream("GET", &token, &events, &[], "").await;
    let _two = world.stream("GET", &token, &events, &[], "").await;
    let third = world.get(&token, &events).await;
    assert_eq!((third.status, third.problem()), (429, "too-many-streams"));
    let other = world.full_token().await;
    let _three = world.stream("GET", &other, &events, &[], "").await;
    let full = world.get(&other, &events).await;
    assert_eq!((full.status, full.problem()), (503, "server-full"));
    one.must().await;
    // A sign of life, then the end, and the place is free again.
    let mut comments = 0;
    while let Some(line) = one.line().await {
        comments += usize::from(line == ":");
    }
    assert!(comments >= 1, "keep_alive_seconds");
    let started = std::time::Instant::now();
    loop {
        // Too fast a try may come before the others have ended.
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", world.port())).await.unwrap();
        let head = format!("GET /api/v1{events} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
        tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await.unwrap();
        let mut start = [0; 12];
        tokio::io::AsyncReadExt::read_exact(&mut stream, &mut start).await.unwrap();
        if start.ends_with(b"200") {
            break;
        }
        assert!(started.elapsed() < crate::world::PATIENCE);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    world.server.stop().await;
}

#[tokio::test]
async fn a_stream_gives_its_place_among_the_connections_back() {
    let world = World::with_listen("http_connections_max = 1\n").await;
    let token = world.full_token().await;
    let mut stream = world.stream("GET", &token, &format!("/people/{MOTHER}/events"), &[], "").await;
    stream.must().await;
    assert_eq!(world.get(&token, "/token").await.status, 200, "there is room for others");
    world.server.stop().await;
}

#[tokio::test]
async fn a_revoked_token_hears_nothing_more() {
    let world = World::new(None, "").await;
    let token = world.full_token().await;
    let mut stream = world.stream("GET", &token, &format!("/people/{MOTHER}/events"), &[], "").await;
    stream.must().await;
    let tokens = world.server.gateway().api_tokens().await.unwrap();
    world.server.gateway().revoke_api_token(&tokens[0].id).await.unwrap();
    world.send(TEACHER, MOTHER, "Trop-tard").await;
    assert!(stream.event().await.is_none());
    world.server.stop().await;
}
