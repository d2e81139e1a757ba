//! What a bored, gifted pupil tries: paths of others, other people's passwords, XML that grows, requests without end.

use std::net::SocketAddr;

use axum::http::StatusCode;
use passerelle::config::AppPolicy;
use passerelle::connection::Security;
use passerelle::domain::finding::CardId;
use passerelle::http::client::Client;
use passerelle::model::{Profile, Scope, Suspension, UserId, Uses};

use crate::world::{Answer, World, worlds};

/// What an answer shows, but for the path that was asked for.
fn shown(answer: &Answer) -> (StatusCode, Vec<(String, String)>, String) {
    let headers = answer.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    (answer.status, headers.collect(), answer.body.clone())
}

#[tokio::test]
async fn somebody_whom_one_may_not_write_to_is_as_unknown_as_nobody() {
    for world in worlds().await {
        let (pupil, head) = (world.visitor("theo.lambert"), world.visitor("helene.marchetti"));
        let own = pupil.home().await;
        let hidden = CardId::of_user(&world.user("catherine.perrin").await.id);
        let nobody = CardId::of_user(&UserId::new("nobody at all"));
        let visible = head.cards("colleagues").await;
        assert!(visible.contains_key("catherine.perrin@ent.example.fr"));
        for book in ["classes", "groups", "colleagues", "others", "unheard-of"] {
            let path = |id: CardId| format!("{own}{book}/{id}.vcf");
            for method in ["GET", "HEAD", "PROPFIND", "REPORT", "PUT", "DELETE", "MKCOL", "PROPPATCH", "MOVE", "TRACE"]
            {
                let body = if matches!(method, "PROPFIND" | "REPORT") {
                    "<d:propfind xmlns:d=\"DAV:\"><d:allprop/></d:propfind>"
                } else {
                    ""
                };
                let known = pupil.asks(method, &path(hidden), &["Depth: 0"], body).await;
                let unknown = pupil.asks(method, &path(nobody), &["Depth: 0"], body).await;
                assert_eq!(shown(&known), shown(&unknown), "{method} {book}");
                assert!(known.status.is_client_error(), "{method} {book}");
            }
        }
        // The tree of somebody else, whoever it is.
        let theirs = head.home().await;
        for (path, made_up) in [
            (theirs.clone(), own.replace(|c: char| c.is_ascii_digit(), "0")),
            (format!("{theirs}classes/"), "/dav/x/books/classes/".to_owned()),
        ] {
            for depth in [0, 1] {
                let known = pupil.propfind(&path, depth, "<d:displayname/>").await;
                let unknown = pupil.propfind(&made_up, depth, "<d:displayname/>").await;
                assert_eq!((shown(&known), known.status), (shown(&unknown), StatusCode::NOT_FOUND), "{path}");
            }
        }
        let hrefs = format!(
            "<d:prop><d:getetag/></d:prop><d:href>{own}classes/{hidden}.vcf</d:href><d:href>{theirs}colleagues/{hidden}.vcf</d:href>\
             <d:href>{own}classes/{nobody}.vcf</d:href><d:href>/etc/passwd</d:href><d:href>%00</d:href><d:href/>"
        );
        let told = pupil.report(&format!("{own}classes/"), "card:addressbook-multiget", &hrefs).await.responses();
        assert_eq!(told.len(), 6);
        assert!(told.values().all(|told| told == "<D:status>HTTP/1.1 404 Not Found</D:status>"), "{told:?}");
    }
}

#[tokio::test]
async fn nothing_can_be_written() {
    for world in worlds().await {
        let teacher = world.visitor("nadia.roussel");
        let home = teacher.home().await;
        let card = teacher.cards("classes").await.into_values().next().unwrap();
        let before = teacher.asks("GET", &card, &[], "").await.body;
        for path in [
            &card,
            &home,
            &format!("{home}classes/"),
            &format!("{home}classes/new.vcf"),
            &format!("{home}new/"),
            "/dav/",
        ] {
            for method in [
                "PUT",
                "POST",
                "PATCH",
                "DELETE",
                "MKCOL",
                "MKADDRESSBOOK",
                "PROPPATCH",
                "COPY",
                "MOVE",
                "LOCK",
                "UNLOCK",
                "ACL",
            ] {
                let answer = teacher.asks(method, path, &["If-Match: *", "Destination: /dav/x"], "BEGIN:VCARD").await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
                assert!(answer.body.contains("<D:need-privileges/>"), "{}", answer.body);
            }
        }
        assert_eq!(teacher.asks("GET", &card, &[], "").await.body, before);
        assert_eq!(teacher.asks("BREW", &card, &[], "").await.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test]
async fn a_tree_is_never_told_whole() {
    let world = World::with(|_| {}).await;
    let teacher = world.visitor("nadia.roussel");
    let home = teacher.home().await;
    for headers in [&["Depth: infinity"][..], &["Depth: Infinity"], &[]] {
        for path in ["/dav/", &home, &format!("{home}classes/")] {
            let answer = teacher.asks("PROPFIND", path, headers, "").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
            assert!(answer.body.contains("<D:propfind-finite-depth/>"));
        }
    }
    let answer = teacher.asks("PROPFIND", "/dav/", &["Depth: 2"], "").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    // Without a body: everything that is told without being asked for, and no card's text.
    let answer = teacher.asks("PROPFIND", &format!("{home}classes/"), &["Depth: 1"], "").await;
    assert!(answer.responses().len() > 10 && !answer.body.contains("VCARD"));
    let names = "<d:propfind xmlns:d=\"DAV:\"><d:propname/></d:propfind>";
    let answer = teacher.asks("PROPFIND", &home, &["Depth: 1"], names).await;
    assert!(answer.body.contains("<S:getctag/>") && !answer.body.contains("Mes classes"), "{}", answer.body);
}

#[tokio::test]
async fn xml_is_bounded() {
    let world = World::with(|config| {
        config.directory.request_bytes_max = 20_000;
        config.directory.xml_depth_max = 6;
        config.directory.multiget_max = 5;
        config.directory.terms_max = 10;
    })
    .await;
    let teacher = world.visitor("nadia.roussel");
    let home = teacher.home().await;
    let book = format!("{home}classes/");
    let propfind = async |inside: &str| {
        let body = format!("<d:propfind xmlns:d=\"DAV:\">{inside}</d:propfind>");
        teacher.asks("PROPFIND", &book, &["Depth: 1"], &body).await.status
    };
    let properties = |count: usize| (0..count).map(|number| format!("<d:p{number}/>")).collect::<String>();
    assert_eq!(propfind(&format!("<d:prop>{}</d:prop>", properties(10))).await, StatusCode::MULTI_STATUS);
    assert_eq!(propfind(&format!("<d:prop>{}</d:prop>", properties(11))).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(propfind(&format!("<!--{}--><d:allprop/>", "x".repeat(20_000))).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(propfind(&"<d:a>".repeat(3000)).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(propfind(&"<d:a/>".repeat(1000)).await, StatusCode::PAYLOAD_TOO_LARGE);
    for bad in ["<d:prop>", "&lol;", "<x:y/>", "<d:prop/></d:propfind><again/>"] {
        assert_eq!(propfind(bad).await, StatusCode::BAD_REQUEST, "{bad}");
    }
    let bomb = "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;&lol;\">]><d:propfind xmlns:d=\"DAV:\">&lol2;</d:propfind>";
    assert_eq!(teacher.asks("PROPFIND", &book, &["Depth: 0"], bomb).await.status, StatusCode::BAD_REQUEST);
    let hrefs = |count: usize| format!("<d:prop><d:getetag/></d:prop>{}", "<d:href>/x</d:href>".repeat(count));
    let multiget = async |count| teacher.report(&book, "card:addressbook-multiget", &hrefs(count)).await;
    assert_eq!(multiget(5).await.responses().len(), 1, "the same once");
    let answer = multiget(6).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.body.contains("number-of-matches-within-limits"), "{}", answer.body);
    let query =
        |count: usize| format!("<card:filter>{}</card:filter>", "<card:prop-filter name=\"FN\"/>".repeat(count));
    assert_eq!(teacher.report(&book, "card:addressbook-query", &query(10)).await.status, StatusCode::MULTI_STATUS);
    assert_eq!(teacher.report(&book, "card:addressbook-query", &query(11)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_there_is_not_is_refused_by_name() {
    let world = World::with(|_| {}).await;
    let teacher = world.visitor("nadia.roussel");
    let home = teacher.home().await;
    let book = format!("{home}classes/");
    let text = |attributes: &str| {
        format!(
            "<card:filter><card:prop-filter name=\"FN\"><card:text-match {attributes}>x</card:text-match></card:prop-filter></card:filter>"
        )
    };
    for (path, report, inside, condition) in [
        (&book, "d:expand-property", String::new(), "<D:supported-report/>"),
        (&home, "card:addressbook-query", "<card:filter/>".to_owned(), "<D:supported-report/>"),
        (&book, "card:addressbook-query", text("collation=\"i;greek\""), "<C:supported-collation/>"),
        (&book, "card:addressbook-query", text("match-type=\"sounds-like\""), "<C:supported-filter/>"),
        (
            &book,
            "card:addressbook-multiget",
            "<d:prop><card:address-data version=\"2.1\"/></d:prop>".to_owned(),
            "<C:supported-address-data/>",
        ),
        (
            &book,
            "card:addressbook-multiget",
            "<d:prop><card:address-data content-type=\"text/calendar\"/></d:prop>".to_owned(),
            "<C:supported-address-data/>",
        ),
    ] {
        let answer = teacher.report(path, report, &inside).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{inside}");
        assert!(answer.body.contains(condition), "{}", answer.body);
    }
    for (report, inside) in [
        ("card:addressbook-query", String::new()),
        ("d:sync-collection", "<d:sync-token/><d:sync-level>7</d:sync-level>".to_owned()),
        ("d:sync-collection", "<d:sync-token/><d:limit><d:nresults>-1</d:nresults></d:limit>".to_owned()),
        ("d:sync-collection", "<d:sync-token/><d:limit><d:nresults>0</d:nresults></d:limit>".to_owned()),
        ("d:sync-collection", "<d:sync-token/><d:limit/>".to_owned()),
    ] {
        assert_eq!(teacher.report(&book, report, &inside).await.status, StatusCode::BAD_REQUEST, "{inside}");
    }
    assert_eq!(teacher.asks("REPORT", &book, &["Depth: 1"], "").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn passwords_are_asked_for_where_nobody_listens_and_tried_a_few_times_only() {
    let world = World::with(|config| config.login.tries_max = 3).await;
    let teacher = world.visitor("nadia.roussel");
    // In the clear: not even asked for.
    let mut clear = teacher.clone();
    let peer: SocketAddr = "192.0.2.1:5000".parse().unwrap();
    clear.client = Client { peer, security: Security::Plain };
    let answer = clear.asks_as_nobody("PROPFIND", "/dav/", &["Depth: 0"], "").await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (StatusCode::FORBIDDEN, ""));
    assert_eq!(clear.asks("PROPFIND", "/dav/", &["Depth: 0"], "").await.status, StatusCode::FORBIDDEN);
    clear.client.peer = "127.0.0.1:5000".parse().unwrap();
    assert_eq!(clear.asks("PROPFIND", "/dav/", &["Depth: 0"], "").await.status, StatusCode::FORBIDDEN);
    for header in
        ["Authorization: Bearer x", "Authorization: Basic", "Authorization: Basic %%%", "Authorization: Basic Og=="]
    {
        let answer = teacher.asks_as_nobody("PROPFIND", "/dav/", &["Depth: 0", header], "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{header}");
    }
    let mut guess = teacher.clone();
    for number in 0..6 {
        guess.password = format!("guess {number}");
        let answer = guess.asks("PROPFIND", "/dav/", &["Depth: 0"], "").await;
        let expected = if number < 3 { StatusCode::UNAUTHORIZED } else { StatusCode::SERVICE_UNAVAILABLE };
        assert_eq!(answer.status, expected, "{number}");
    }
    let mut nobody = teacher.clone();
    nobody.login = "nobody".to_owned();
    let answer = nobody.asks("PROPFIND", "/dav/", &["Depth: 0"], "").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn from_loopback_without_tls_where_the_settings_say_so() {
    let world = World::with(|config| config.login.without_tls_from_loopback = true).await;
    let mut teacher = world.visitor("nadia.roussel");
    for (peer, expected) in [("127.0.0.1:1", StatusCode::MULTI_STATUS), ("192.0.2.1:1", StatusCode::FORBIDDEN)] {
        teacher.client = Client { peer: peer.parse().unwrap(), security: Security::Plain };
        assert_eq!(teacher.asks("PROPFIND", "/dav/", &["Depth: 0"], "").await.status, expected, "{peer}");
    }
}

#[tokio::test]
async fn whoever_may_not_read_mail_reads_no_address_books() {
    let world = World::with(|config| {
        config.apps.student = AppPolicy::Refuse;
        let cloud = "name = 'Nuage'\nnetworks = ['203.0.113.0/24']";
        config.apps.clouds = vec![toml::from_str(cloud).unwrap()];
    })
    .await;
    let pupil = world.visitor("theo.lambert");
    let asks = async |pupil: &crate::world::Visitor| pupil.asks("PROPFIND", "/dav/", &["Depth: 0"], "").await;
    assert_eq!(asks(&pupil).await.status, StatusCode::MULTI_STATUS);
    let mut cloud = pupil.clone();
    cloud.client.peer = "203.0.113.7:443".parse().unwrap();
    assert_eq!(asks(&cloud).await.status, StatusCode::FORBIDDEN, "an app whose maker holds the password");
    let scope = Scope { user: None, profile: Some(Profile::Student), school: None };
    let suspension = Suspension {
        scope: scope.clone(),
        uses: Uses { sending: false, reading: true },
        reason: "panne".to_owned(),
        since: world.clock.now(),
    };
    world.gateway.suspend(suspension).await.unwrap();
    let answer = asks(&pupil).await;
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "60"));
    assert!(world.gateway.resume(scope, Uses { sending: false, reading: true }, "").await.unwrap());
    world.gateway.suspend_user(&world.user("theo.lambert").await.id, "away").await.unwrap();
    let answer = asks(&pupil).await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (StatusCode::FORBIDDEN, ""));
    assert!(answer.body.contains("suspendu"), "{}", answer.body);
}

#[tokio::test]
async fn where_the_settings_say_so_there_are_no_address_books() {
    let world = World::with(|config| config.directory.carddav = false).await;
    let teacher = world.visitor("nadia.roussel");
    for path in ["/.well-known/carddav", "/dav/", "/dav"] {
        assert_eq!(teacher.asks("PROPFIND", path, &["Depth: 0"], "").await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
