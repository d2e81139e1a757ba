//! The searches that address books of real clients send, as they were captured (Thunderbird) or as their sources and documents
//! have them (Outlook, Apple, Evolution), each on a connection of its own as they come.

use passerelle::connection::Security;

use crate::request::{message, paged, parse, search, search_from};
use crate::world::{PASSWORD, SUCCESS, World};

const NADIA: &str = "nadia.roussel";
const CHRISTINE: &str = "christine.lambert@ent.example.fr";
const THEO: &str = "theo.lambert@ent.example.fr";

/// Thunderbird: for each key stroke a new connection, a bind with an address, a search for all attributes, 100 entries.
#[tokio::test]
async fn thunderbird() {
    let world = World::new().await;
    let typed = async |text: &str| {
        let star = text.replace(' ', "*");
        let filter = format!("(|(cn=*{star}*)(mail=*{text}*)(givenName=*{text}*)(sn=*{text}*))");
        let mut client = world.connect(Security::Tls);
        assert_eq!(client.binds("nadia.roussel@ent.example.fr", PASSWORD).await, SUCCESS);
        let (entries, done) = client.asks(&search(&filter, 100)).await;
        client.sends(&message(99, [0x42, 0], &[])).await;
        assert!(client.hears().await.is_none(), "unbind has no answer");
        let mut found: Vec<String> = entries.iter().map(|entry| entry.first("mail").to_owned()).collect();
        found.sort();
        (found, done.code)
    };
    assert_eq!(typed("l").await, (vec![], 4), "too little so far, which is no error to it");
    assert_eq!(typed("la").await, (vec![], 4), "search_chars_min");
    assert!(typed("lam").await.0.contains(&THEO.to_owned()));
    assert_eq!(typed("lambert").await, (vec![CHRISTINE.to_owned(), THEO.to_owned()], SUCCESS));
    let (theo, _) = typed("lambert the").await;
    assert!(theo.contains(&THEO.to_owned()), "{theo:?}");
    let (theo, _) = typed("théo lam").await;
    assert!(theo.contains(&THEO.to_owned()), "any order, accents: {theo:?}");
    let (parents, _) = typed("parents").await;
    assert!(parents.contains(&"parents.tle-a.2026@ent.example.fr".to_owned()), "{parents:?}");
}

/// Outlook for Windows: names as they are typed, a list of attributes, pages; "check names" and the address book's search.
#[tokio::test]
async fn outlook() {
    let world = World::new().await;
    let wanted = [
        "cn",
        "commonName",
        "mail",
        "roleOccupant",
        "display-name",
        "displayname",
        "sn",
        "surname",
        "co",
        "organizationName",
        "o",
        "givenName",
        "legacyExchangeDN",
        "objectClass",
        "uid",
        "title",
        "company",
        "physicalDeliveryOfficeName",
        "telephoneNumber",
    ];
    let mut client = world.connect(Security::Tls);
    assert_eq!(client.binds(NADIA, PASSWORD).await, SUCCESS);
    for filter in [
        "(&(mail=*)(|(mail=lambert*)(|(cn=lambert*)(|(sn=lambert*)(givenName=lambert*)))))",
        "(&(mail=*)(cn=lamb*))",
        "(|(mail=lambert*)(cn=lambert*)(displayName=lambert*)(sn=lambert*))",
        "(&(|(mail=lambert*)(|(cn=lambert*)(|(sn=lambert*)(|(givenName=lambert*)(displayName=lambert*)))))(objectClass=*))",
        "(|(anr=lambert)(cn=lambert*))",
    ] {
        let request = search_from("", 2, 100, parse(filter), &wanted);
        let (entries, done) = client.asks_with(&request, &[paged(100, b"")]).await;
        let mut found: Vec<&str> = entries.iter().map(|entry| entry.first("mail")).collect();
        found.sort_unstable();
        assert_eq!((found, done.code, done.cookie), (vec![CHRISTINE, THEO], SUCCESS, Some(Vec::new())), "{filter}");
    }
    // Opening the address book browses it: nothing is given, and nothing hangs.
    let browse = search_from("", 2, 50, parse("(&(mail=*)(cn=*))"), &wanted);
    assert_eq!(client.asks_with(&browse, &[paged(50, b"")]).await.1.code, 4);
}

/// Apple's Contacts and Mail, macOS and iOS.
#[tokio::test]
async fn apple() {
    let world = World::new().await;
    let mut client = world.connect(Security::Tls);
    let everything = search_from("", 0, 0, parse("(objectClass=*)"), &["namingContexts", "supportedSASLMechanisms"]);
    let (root, _) = client.asks(&everything).await;
    assert_eq!(root[0].first("namingContexts"), "dc=ent,dc=example,dc=fr");
    assert_eq!(client.binds("uid=nadia.roussel,ou=people,dc=ent,dc=example,dc=fr", PASSWORD).await, SUCCESS);
    for filter in [
        "(|(givenName=lamb*)(sn=lamb*)(cn=lamb*)(mail=lamb*))",
        "(&(objectClass=inetOrgPerson)(|(givenName=*lamb*)(sn=*lamb*)(cn=*lamb*)(mail=*lamb*)(uid=*lamb*)))",
        "(|(cn=lamb*)(sn=lamb*)(givenName=lamb*)(mail=lamb*)(apple-group-realname=lamb*))",
        "(&(|(objectClass=person)(objectClass=group))(|(cn=*lambert*)(displayName=*lambert*)))",
    ] {
        let (entries, done) =
            client.asks(&search_from("dc=ent,dc=example,dc=fr", 2, 50, parse(filter), &["cn", "sn", "mail"])).await;
        let mut found: Vec<&str> = entries.iter().map(|entry| entry.first("mail")).collect();
        found.sort_unstable();
        assert_eq!((found, done.code), (vec![CHRISTINE, THEO], SUCCESS), "{filter}");
    }
}

/// Evolution: root DSE and schema first, then searches; the address book opens with one for everybody.
#[tokio::test]
async fn evolution() {
    let world = World::new().await;
    let mut client = world.connect(Security::Tls);
    let root = search_from(
        "",
        0,
        0,
        parse("(objectClass=*)"),
        &[
            "supportedControl",
            "supportedExtension",
            "supportedFeatures",
            "supportedLDAPVersion",
            "supportedSASLMechanisms",
            "subschemaSubentry",
            "schemaNamingContext",
        ],
    );
    let (entries, _) = client.asks(&root).await;
    let schema = entries[0].first("subschemaSubentry").to_owned();
    assert_eq!(client.binds("nadia.roussel@ent.example.fr", PASSWORD).await, SUCCESS);
    let (entries, done) =
        client.asks(&search_from(&schema, 0, 0, parse("(objectClass=subschema)"), &["objectClasses"])).await;
    assert_eq!(done.code, SUCCESS);
    assert!(entries[0].attributes["objectClasses"].iter().any(|class| class.contains("NAME 'inetOrgPerson'")));
    for filter in [
        "(&(mail=*)(|(cn=lambert*)(sn=lambert*)(givenName=lambert*)(displayName=lambert*)(mail=lambert*)))",
        "(&(objectclass=*)(|(sn=lambert*)(cn=*lambert*)(fileAs=lambert*)(mail=lambert*)))",
        "(|(cn=*lambert*)(nickname=*lambert*)(o=*lambert*)(mail=*lambert*))",
    ] {
        let (entries, done) = client.asks(&search(filter, 100)).await;
        let mut found: Vec<&str> = entries.iter().map(|entry| entry.first("mail")).collect();
        found.sort_unstable();
        assert_eq!((found, done.code), (vec![CHRISTINE, THEO], SUCCESS), "{filter}");
    }
    assert_eq!(client.asks(&search("(objectClass=*)", 100)).await.1.code, 4);
}

/// Somebody may come from a class or a school too: `o` and `ou` find nobody, and check whom a name finds.
#[tokio::test]
async fn a_school_or_a_class_finds_nobody() {
    let world = World::new().await;
    assert_eq!(world.found(NADIA, "(&(ou=Terminale A)(cn=lambert*))").await, [THEO]);
    let mut client = world.client(NADIA).await;
    assert_eq!(client.finds("(o=Lycée Victor-Hugo)").await, (vec![], 4));
    assert_eq!(client.finds("(title=Élève)").await, (vec![], 4));
}
