//! What real clients ask, in their order and in their words, and what they need to hear.

use axum::http::StatusCode;

use crate::world::{Answer, Visitor, World, app_password, worlds};

const THUNDERBIRD: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.5.0";
const IOS: &str = "iOS/18.5 (22F76) accountsd/1.0";
const DAVX5: &str = "DAVx5/4.4.8-ose (dav4jvm; okhttp/4.12.0) Android/15";
const EVOLUTION: &str = "Evolution/3.56.1";

/// The vCard in an answer, its lines unfolded.
fn card(response: &str) -> Vec<String> {
    let (_, rest) = response.split_once("<C:address-data>").unwrap();
    let (card, _) = rest.split_once("</C:address-data>").unwrap();
    assert!(card.ends_with("END:VCARD&#13;\n"), "{card}");
    card.replace("&#13;\n ", "").split_terminator("&#13;\n").map(str::to_owned).collect()
}

fn has(card: &[String], line: &str) -> bool {
    card.iter().any(|known| known == line)
}

async fn thunderbird(visitor: Visitor) {
    let visitor = visitor.with_agent(THUNDERBIRD);
    let body = "<propfind xmlns=\"DAV:\" xmlns:card=\"urn:ietf:params:xml:ns:carddav\"><prop><current-user-principal/></prop></propfind>";
    let answer = visitor.asks_as_nobody("PROPFIND", "/.well-known/carddav", &["Depth: 0"], body).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::MOVED_PERMANENTLY, "/dav/"));
    let answer = visitor.asks_as_nobody("PROPFIND", "/dav/", &["Depth: 0"], body).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.header("www-authenticate"), "Basic realm=\"ent.example.fr\", charset=\"UTF-8\"");
    let answer = visitor.asks("PROPFIND", "/dav/", &["Depth: 0"], body).await;
    let principal = answer.one("<D:current-user-principal><D:href>", "</D:href>");
    let answer = visitor.propfind(&principal, 0, "<card:addressbook-home-set/><d:resourcetype/>").await;
    let home = answer.one("<C:addressbook-home-set><D:href>", "</D:href>");
    let answer = visitor.propfind(&home, 1, "<d:resourcetype/><d:displayname/><d:current-user-privilege-set/>").await;
    // It wants this very line.
    assert!(answer.responses().values().all(|response| response.contains("<D:status>HTTP/1.1 200 OK</D:status>")));
    let books = answer.responses();
    let titles = answer.between("<D:displayname>", "</D:displayname>");
    assert!(titles.contains(&"Mes classes") && titles.contains(&"Mes groupes"), "{titles:?}");
    let (path, book) = books.iter().find(|(path, _)| path.ends_with("/groups/")).unwrap();
    assert!(book.contains("<D:collection/><C:addressbook/>"), "{book}");
    assert!(book.contains("<D:privilege><D:read/></D:privilege>") && !book.contains("write"), "{book}");
    // First time.
    let answer = visitor.propfind(path, 1, "<d:resourcetype/><d:getetag/><cs:getctag/>").await;
    let hrefs: Vec<String> = answer.responses().into_keys().filter(|href| href.ends_with(".vcf")).collect();
    assert!(hrefs.len() > 3);
    let wanted: String = hrefs.iter().map(|href| format!("<d:href>{href}</d:href>")).collect();
    let wanted = format!("<d:prop><d:getetag/><card:address-data/></d:prop>{wanted}");
    let cards = visitor.report(path, "card:addressbook-multiget", &wanted).await.responses();
    assert_eq!(cards.len(), hrefs.len());
    assert!(cards.values().all(|response| response.contains("<D:getetag>&quot;") && card(response).len() > 5));
    let answer = visitor.propfind(path, 0, "<d:displayname/><cs:getctag/><d:sync-token/>").await;
    let token = answer.one("<D:sync-token>", "</D:sync-token>");
    // Every half hour.
    let inside = format!(
        "<d:sync-token>{token}</d:sync-token><d:sync-level>1</d:sync-level><d:prop><d:getetag/><card:address-data/></d:prop>"
    );
    let answer = visitor.report(path, "d:sync-collection", &inside).await;
    assert_eq!(answer.responses().len(), 0);
    assert_eq!(answer.one("<D:sync-token>", "</D:sync-token>"), token);
    // It looks for calendars everywhere, and must find nothing to write to.
    for path in ["/", "/.well-known/caldav"] {
        let answer = visitor.asks("PUT", path, &["If-Match: nothing"], "").await;
        assert!(answer.status.is_client_error(), "{path} {:?}", answer.status);
    }
}

#[tokio::test]
async fn thunderbird_finds_the_books_and_reads_them() {
    for world in worlds().await {
        for login in ["nadia.roussel", "theo.lambert", "christine.lambert@ent.example.fr"] {
            thunderbird(world.visitor(login)).await;
        }
    }
}

/// It asks without a password first, wants OPTIONS on the principal, and takes all books.
async fn ios(world: &World) {
    let (password, id) = app_password(world, "christine.lambert").await;
    let mut visitor = world.visitor("christine.lambert").with_agent(IOS);
    visitor.password = password;
    let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<A:propfind xmlns:A=\"DAV:\"><A:prop><A:current-user-principal/>\
        <A:principal-URL/><A:resourcetype/></A:prop></A:propfind>";
    let answer = visitor.asks_as_nobody("PROPFIND", "/dav/", &["Depth: 0", "Brief: t"], body).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let answer = visitor.asks("PROPFIND", "/dav/", &["Depth: 0", "Brief: t"], body).await;
    let principal = answer.one("<D:current-user-principal><D:href>", "</D:href>");
    for answer in [
        visitor.asks("OPTIONS", &principal, &[], "").await,
        visitor.asks_as_nobody("OPTIONS", &principal, &[], "").await,
    ] {
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.header("dav").contains("addressbook"), "{:?}", answer.headers);
        assert!(answer.header("allow").contains("PROPFIND"));
    }
    let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<A:propfind xmlns:A=\"DAV:\"><A:prop>\
        <B:addressbook-home-set xmlns:B=\"urn:ietf:params:xml:ns:carddav\"/>\
        <B:directory-gateway xmlns:B=\"urn:ietf:params:xml:ns:carddav\"/><A:displayname/>\
        <C:email-address-set xmlns:C=\"http://calendarserver.org/ns/\"/><A:principal-collection-set/>\
        <A:principal-URL/><A:resource-id/><A:supported-report-set/></A:prop></A:propfind>";
    let answer = visitor.asks("PROPFIND", &principal, &["Depth: 0", "Brief: t"], body).await;
    assert!(answer.body.contains("<D:displayname>LAMBERT Christine</D:displayname>"), "{}", answer.body);
    assert!(answer.body.contains("<D:resource-id/>"), "what there is not is said so: {}", answer.body);
    let home = answer.one("<C:addressbook-home-set><D:href>", "</D:href>");
    let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<A:propfind xmlns:A=\"DAV:\"><A:prop><A:add-member/>\
        <D:bulk-requests xmlns:D=\"http://me.com/_namespace/\"/><A:current-user-privilege-set/><A:displayname/>\
        <B:max-image-size xmlns:B=\"urn:ietf:params:xml:ns:carddav\"/><A:owner/><C:pushkey xmlns:C=\"http://calendarserver.org/ns/\"/>\
        <A:quota-available-bytes/><A:resourcetype/><A:supported-report-set/><A:sync-token/>\
        <C:getctag xmlns:C=\"http://calendarserver.org/ns/\"/></A:prop></A:propfind>";
    let answer = visitor.asks("PROPFIND", &home, &["Depth: 1", "Brief: t"], body).await;
    let books = answer.responses();
    // A container, and no book itself.
    assert!(!books[&home].contains("<C:addressbook/>"), "{}", books[&home]);
    for (path, _) in books.iter().filter(|(_, book)| book.contains("<C:addressbook/>")) {
        let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<A:sync-collection xmlns:A=\"DAV:\"><A:sync-token/>\
            <A:sync-level>1</A:sync-level><A:prop><A:getetag/></A:prop></A:sync-collection>";
        let answer = visitor.asks("REPORT", path, &[], body).await;
        let hrefs: Vec<String> = answer.responses().into_keys().collect();
        let wanted: String = hrefs.iter().map(|href| format!("<A:href>{href}</A:href>")).collect();
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<B:addressbook-multiget xmlns:B=\"urn:ietf:params:xml:ns:carddav\">\
             <A:prop xmlns:A=\"DAV:\"><A:getetag/><B:address-data/></A:prop>{}</B:addressbook-multiget>",
            wanted.replace("<A:href>", "<A:href xmlns:A=\"DAV:\">")
        );
        let cards = visitor.asks("REPORT", path, &[], &body).await.responses();
        assert_eq!(cards.len(), hrefs.len(), "{path}");
        for response in cards.values() {
            let card = card(response);
            assert!(has(&card, "VERSION:3.0") && card.iter().any(|line| line.starts_with("N:")), "{card:?}");
            // Of a kind it would make a list without members.
            assert!(!card.iter().any(|line| line.contains("KIND")), "{card:?}");
        }
    }
    let user = world.user("christine.lambert").await;
    let device =
        world.gateway.app_passwords(&user.id).await.unwrap().into_iter().find(|device| device.id == id).unwrap();
    let last = device.last_use.unwrap();
    assert_eq!((last.protocol.column(), last.client.unwrap().as_str()), ("carddav", "iOS 18.5"));
    assert!(world.gateway.revoke_app_password(&user.id, &id).await.unwrap());
    assert_eq!(visitor.propfind("/dav/", 0, "<d:displayname/>").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_iphone_takes_all_books_with_its_own_password() {
    for world in worlds().await {
        ios(&world).await;
    }
}

/// It asks which vCards there are, takes 4.0, and makes an empty list of what is a group.
#[tokio::test]
async fn davx5_gets_groups_that_can_be_written_to() {
    for world in worlds().await {
        let visitor = world.visitor("nadia.roussel").with_agent(DAVX5);
        let groups = format!("{}groups/", visitor.home().await);
        let properties = "<d:resourcetype/><d:displayname/><card:addressbook-description/><d:current-user-privilege-set/>\
            <d:supported-report-set/><card:supported-address-data/><d:sync-token/><cs:getctag/>";
        let answer = visitor.propfind(&groups, 0, properties).await;
        assert!(answer.body.contains("<C:address-data-type content-type=\"text/vcard\" version=\"4.0\"/>"));
        let sync = "<d:sync-token/><d:sync-level>1</d:sync-level><d:limit><d:nresults>500</d:nresults></d:limit><d:prop><d:getetag/></d:prop>";
        let answer = visitor.report(&groups, "d:sync-collection", sync).await;
        let href = answer.responses().into_keys().next().unwrap();
        let inside = format!(
            "<d:prop><d:getcontenttype/><d:getetag/><card:address-data content-type=\"text/vcard\" version=\"4.0\"/></d:prop>\
             <d:href>{href}</d:href>"
        );
        let for_davx5 = visitor.report(&groups, "card:addressbook-multiget", &inside).await;
        assert!(has(&card(&for_davx5.body), "KIND:org"), "{}", for_davx5.body);
        let others = world.visitor("nadia.roussel").with_agent(THUNDERBIRD);
        let for_others = others.report(&groups, "card:addressbook-multiget", &inside).await;
        let group = card(&for_others.body);
        assert!(has(&group, "VERSION:4.0") && has(&group, "KIND:group"), "{group:?}");
        assert!(!group.iter().any(|line| line.starts_with("MEMBER")), "{group:?}");
        let etag = |answer: &Answer| answer.one("<D:getetag>", "</D:getetag>");
        assert_ne!(etag(&for_davx5), etag(&for_others));
    }
}

/// It looks for words on the server as one types.
#[tokio::test]
async fn evolution_asks_for_the_first_letters() {
    for world in worlds().await {
        let visitor = world.visitor("nadia.roussel").with_agent(EVOLUTION);
        let classes = format!("{}classes/", visitor.home().await);
        let query = |text: &str| {
            format!(
                "<d:prop><d:getetag/><card:address-data><card:prop name=\"VERSION\"/><card:prop name=\"UID\"/><card:prop name=\"EMAIL\"/>\
                 </card:address-data></d:prop><card:filter test=\"anyof\"><card:prop-filter name=\"FN\">\
                 <card:text-match collation=\"i;unicode-casemap\" match-type=\"contains\">{text}</card:text-match></card:prop-filter>\
                 <card:prop-filter name=\"EMAIL\"><card:text-match match-type=\"starts-with\">{text}</card:text-match></card:prop-filter>\
                 </card:filter><card:limit><card:nresults>2</card:nresults></card:limit>"
            )
        };
        let answer = visitor.report(&classes, "card:addressbook-query", &query("theo")).await;
        let found = answer.responses();
        assert_eq!(found.len(), 1, "{}", answer.body);
        let found = card(found.values().next().unwrap());
        assert!(has(&found, "FN:LAMBERT Théo") && found.iter().any(|line| line.starts_with("EMAIL")), "{found:?}");
        assert!(!found.iter().any(|line| line.starts_with("NOTE") || line.starts_with("ORG")), "{found:?}");
        // More than were asked for: told, and where.
        let answer = visitor.report(&classes, "card:addressbook-query", &query("a")).await;
        let cut = answer.responses().remove(&classes).unwrap();
        assert!(
            cut.contains("HTTP/1.1 507 Insufficient Storage") && cut.contains("number-of-matches-within-limits"),
            "{cut}"
        );
        assert_eq!(answer.responses().len(), 3);
        for (filter, finds) in [
            ("<card:prop-filter name=\"KIND\"><card:is-not-defined/></card:prop-filter>", true),
            ("<card:prop-filter name=\"PHOTO\"/>", false),
            (
                "<card:prop-filter name=\"EMAIL\"><card:param-filter name=\"TYPE\"><card:text-match match-type=\"equals\">internet</card:text-match></card:param-filter></card:prop-filter>",
                true,
            ),
            (
                "<card:prop-filter name=\"EMAIL\"><card:param-filter name=\"TYPE\"><card:is-not-defined/></card:param-filter></card:prop-filter>",
                false,
            ),
            (
                "<card:prop-filter name=\"FN\"><card:text-match collation=\"i;octet\">THÉO</card:text-match></card:prop-filter>",
                false,
            ),
            (
                "<card:prop-filter name=\"FN\"><card:text-match negate-condition=\"yes\">zzz</card:text-match></card:prop-filter>",
                true,
            ),
        ] {
            let inside = format!("<d:prop><d:getetag/></d:prop><card:filter>{filter}</card:filter>");
            let answer = visitor.report(&classes, "card:addressbook-query", &inside).await;
            assert_eq!(!answer.responses().is_empty(), finds, "{filter}");
        }
    }
}

#[tokio::test]
async fn a_card_is_read_by_its_path_in_either_version() {
    for world in worlds().await {
        let visitor = world.visitor("nadia.roussel");
        let mother = visitor.cards("classes").await.remove("christine.lambert@ent.example.fr").unwrap();
        let third = visitor.asks("GET", &mother, &[], "").await;
        assert_eq!(third.header("content-type"), "text/vcard; charset=utf-8; version=3.0");
        let fourth = visitor.asks("GET", &mother, &["Accept: text/vcard; version=4.0"], "").await;
        assert_eq!(fourth.header("content-type"), "text/vcard; charset=utf-8; version=4.0");
        let id = mother.rsplit_once('/').unwrap().1.trim_end_matches(".vcf");
        let expected = format!(
            "BEGIN:VCARD\r\nVERSION:4.0\r\nPRODID:-//Passerelle//Passerelle//FR\r\nUID:urn:uuid:{id}\r\nFN:LAMBERT Christine\r\n\
             N:Lambert;Christine;;;\r\nEMAIL;TYPE=work:christine.lambert@ent.example.fr\r\nKIND:individual\r\n\
             ORG:Lycée Victor-Hugo\r\nCATEGORIES:Parent\r\nNOTE:Parent de LAMBERT Théo\\nLycée Victor-Hugo\r\nEND:VCARD\r\n"
        );
        assert_eq!(fourth.body, expected);
        let etag = third.header("etag").to_owned();
        let again = visitor.asks("GET", &mother, &[&format!("If-None-Match: \"x\", W/{etag}")], "").await;
        assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
        let head = visitor.asks("HEAD", &mother, &[], "").await;
        assert_eq!((head.status, head.header("etag")), (StatusCode::OK, etag.as_str()));
        for collection in ["/dav/".to_owned(), visitor.home().await] {
            assert_eq!(visitor.asks("GET", &collection, &[], "").await.status, StatusCode::METHOD_NOT_ALLOWED);
        }
    }
}
