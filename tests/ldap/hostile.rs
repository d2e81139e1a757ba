//! What a gifted, bored pupil tries: to read the directory out, to make the server work, to break what it reads.

use std::collections::BTreeSet;
use std::time::Instant;

use passerelle::connection::Security;
use proptest::test_runner::{Config, TestRunner};

use crate::request::{bind, extended, message, parse, search, search_from, tlv};
use crate::world::{PASSWORD, SIZE_LIMIT, SUCCESS, World};

const BUSY: i64 = 51;

#[tokio::test]
async fn nobody_reads_the_directory_out_by_stars() {
    let world = World::new().await;
    let mut client = world.client("nadia.roussel").await;
    for filter in [
        "(cn=*)",
        "(mail=*)",
        "(objectClass=*)",
        "(objectClass=person)",
        "(cn=a*)",
        "(cn=*a*)",
        "(cn=*a*b*)",
        "(mail=*@ent.example.fr)",
        "(mail=*@*)",
        "(mail=a*@ent.example.fr)",
        "(!(cn=nobody at all))",
        "(&)",
        "(&(cn=*)(mail=*))",
        "(|(cn=*)(sn=*))",
        "(|(cn=a*)(cn=b*)(cn=c*)(cn=d*))",
        "(cn=*-*-*-*)",
        "(cn=*   *)",
        "(!(!(cn=*)))",
        "(o=*)",
        "(uid=*)",
        "(cn~=a)",
        "(cn:=a)",
    ] {
        assert_eq!(client.finds(filter).await, (vec![], SIZE_LIMIT), "{filter}");
    }
    for filter in ["(cn>=a)", "(cn<=zzz)", "(|)", "(member=*)", "(userPassword=*)", "(mail=x)", "(uid=)"] {
        let (found, code) = client.finds(filter).await;
        assert!(found.is_empty() && [SUCCESS, SIZE_LIMIT].contains(&code), "{filter}: {found:?} {code}");
    }
}

#[tokio::test]
async fn a_star_beside_a_name_gives_those_of_the_name_only() {
    let world = World::new().await;
    let mut client = world.client("nadia.roussel").await;
    for filter in ["(|(cn=lambert*)(cn=*))", "(|(sn=lambert)(o=*)(!(cn=x)))", "(|(cn=lambert*)(cn=a*)(sn=b*))"] {
        let (found, code) = client.finds(filter).await;
        assert_eq!((found.len(), code), (2, SUCCESS), "{filter}: {found:?}");
    }
}

#[tokio::test]
async fn letter_by_letter_the_minute_ends_first() {
    let world = World::with(|config| config.ldap.searches_per_minute_max = 30).await;
    let mut found = BTreeSet::new();
    let mut busy = 0;
    'all: for first in 'a'..='z' {
        // A new connection each time gives nothing.
        let mut client = world.client("theo.lambert").await;
        for second in ["ab", "el", "ar"] {
            let (names, code) = client.finds(&format!("(cn={first}{second}*)")).await;
            found.extend(names);
            if code == BUSY {
                busy += 1;
                if busy == 3 {
                    break 'all;
                }
            }
        }
    }
    assert_eq!(busy, 3);
    // Many things in one search count as many.
    let mut client = world.client("nadia.roussel").await;
    let many: String = (0..31).map(|number| format!("(cn=abc{number}*)")).collect();
    assert_eq!(client.finds(&format!("(|{many})")).await.1, BUSY);
    assert_eq!(client.finds("(cn=lambert*)").await.1, SUCCESS, "what was refused did not count");
}

#[tokio::test]
async fn deep_and_wide_filters_are_refused_at_once() {
    let world = World::with(|config| {
        config.ldap.message_bytes_max = 1 << 20;
        config.ldap.nesting_max = 20;
        config.ldap.filter_items_max = 100;
        config.ldap.attributes_max = 10;
    })
    .await;
    let mut client = world.client("nadia.roussel").await;
    let began = Instant::now();
    for tag in [0xa0, 0xa1, 0xa2] {
        let mut filter = parse("(cn=lambert)");
        for _ in 0..10_000 {
            filter = tlv(tag, filter);
        }
        let (_, done) = client.asks(&search_from("", 2, 0, filter, &[])).await;
        assert_eq!((done.tag, done.code), (0x65, 11), "nesting_max");
    }
    let wide = tlv(0xa1, parse("(cn=lambert*)").repeat(1000));
    assert_eq!(client.asks(&search_from("", 2, 0, wide, &[])).await.1.code, 11, "filter_items_max");
    let stars = parse(&format!("(cn={})", "a*".repeat(1000)));
    assert_eq!(client.asks(&search_from("", 2, 0, stars, &[])).await.1.code, 11, "filter_items_max");
    let names = vec!["cn"; 1000];
    let request = search_from("", 2, 0, parse("(cn=lambert*)"), &names);
    assert_eq!(client.asks(&request).await.1.code, 11, "attributes_max");
    assert!(began.elapsed().as_secs() < 5);
    let deepest = (0..18).fold(parse("(cn=lambert*)"), |filter, _| tlv(0xa0, filter));
    assert_eq!(client.asks(&search_from("", 2, 0, deepest, &[])).await.1.code, SUCCESS);
}

#[tokio::test]
async fn what_is_no_message_ends_the_session_with_a_notice() {
    let world = World::with(|config| config.ldap.message_bytes_max = 2000).await;
    let long = message(1, bind("a", &"x".repeat(3000)), &[]);
    for octets in [
        &b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"\x30\x80\x00\x00",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x85\x01\x00\x00\x00\x00",
        b"\x30\x05\x02\x01\x00\x42\x00",
        b"\x30\x05\x02\x01\x01\x7f\x00",
        b"\x30\x03\x02\x01\x01",
        b"\x30\x06\x02\x01\x01\x63\x01\x04",
        &long,
    ] {
        let mut client = world.connect(Security::Tls);
        client.sends(octets).await;
        assert_eq!(client.hears_goodbye().await.0, 2, "{octets:?}");
    }
}

#[tokio::test]
async fn requests_that_are_sent_at_once_are_answered_in_order() {
    let world = World::new().await;
    let mut client = world.connect(Security::Tls);
    let mut octets = message(1, bind("nadia.roussel", PASSWORD), &[]);
    for id in 2..60 {
        octets.extend(message(id, search("(cn=*lambert*)", 0), &[]));
        // Abandoned: it has been answered by then, or is, and nothing answers this.
        octets.extend(message(id, tlv(0x50, [id]), &[]));
    }
    octets.extend(message(60, extended("1.3.6.1.4.1.4203.1.11.3"), &[]));
    let (mut reading, mut writing) = tokio::io::split(std::mem::replace(&mut client.stream, tokio::io::duplex(1).0));
    let sending = tokio::spawn(async move { tokio::io::AsyncWriteExt::write_all(&mut writing, &octets).await });
    let mut heard = Vec::new();
    while !heard.windows(3).any(|octets| octets == b"dn:") {
        let mut piece = [0; 4096];
        let count = tokio::io::AsyncReadExt::read(&mut reading, &mut piece).await.unwrap();
        assert!(count > 0);
        heard.extend_from_slice(&piece[..count]);
    }
    sending.await.unwrap().unwrap();
}

/// Whatever octets come, in whatever pieces: the session answers or says goodbye, and never ends badly.
#[test]
fn any_octets_are_survived() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::with(|config| {
        config.ldap.message_bytes_max = 1024;
        config.login.tries_per_connection_max = 1000;
    }));
    let requests = [
        message(1, search("(|(cn=*lambert*)(&(mail=*)(!(sn~=x))))", 5), &[crate::request::paged(2, b"")]),
        message(2, search_from("", 0, 0, parse("(objectClass=*)"), &["+", "*"]), &[]),
        message(3, extended("1.3.6.1.4.1.4203.1.11.3"), &[]),
        message(
            4,
            tlv(0x6e, [tlv(4, "uid=a,ou=people"), tlv(0x30, [tlv(4, "cn"), tlv(4, "x")].concat())].concat()),
            &[],
        ),
    ];
    let mut runner = TestRunner::new(Config::with_cases(400));
    let strategy = (
        0..requests.len(),
        proptest::collection::vec((proptest::prelude::any::<u16>(), proptest::prelude::any::<u8>()), 0..4),
    );
    runner
        .run(&strategy, |(which, changes)| {
            let mut octets = requests[which].clone();
            for (place, value) in changes {
                let place = usize::from(place) % octets.len();
                octets[place] = value;
            }
            runtime.block_on(async {
                let mut client = world.client("nadia.roussel").await;
                client.sends(&octets).await;
                // Ours is over: whatever it waits for does not come.
                tokio::io::AsyncWriteExt::shutdown(&mut client.stream).await.unwrap();
                let mut heard = Vec::new();
                tokio::io::AsyncReadExt::read_to_end(&mut client.stream, &mut heard).await.unwrap();
                client.session.await.unwrap();
            });
            Ok(())
        })
        .unwrap();
}
