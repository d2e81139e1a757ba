//! What searches find, and how it is told.

use crate::request::{bind, control, paged, parse, search, search_from, tlv};
use crate::world::{NO_SUCH_OBJECT, PASSWORD, SIZE_LIMIT, SUCCESS, World};

const TOP: &str = "dc=ent,dc=example,dc=fr";
const NADIA: &str = "uid=nadia.roussel,ou=people,dc=ent,dc=example,dc=fr";

#[tokio::test]
async fn people_find_those_they_may_write_to_and_nobody_else() {
    for world in World::both().await {
        let mut teacher = world.client("nadia.roussel").await;
        assert_eq!(
            teacher.finds("(cn=*lambert*)").await,
            (vec!["LAMBERT Christine".into(), "LAMBERT Théo".into()], SUCCESS)
        );
        assert_eq!(teacher.finds("(sn=LEFEVRE)").await, (vec!["LEFÈVRE Antoine".into()], SUCCESS), "accents, case");
        let mut pupil = world.client("theo.lambert").await;
        assert_eq!(pupil.finds("(cn=*roussel*)").await, (vec!["ROUSSEL Nadia".into()], SUCCESS), "his teacher");
        assert_eq!(pupil.finds("(cn=*marchetti*)").await, (vec![], SUCCESS), "not the head");
        assert_eq!(pupil.finds("(mail=helene.marchetti@ent.example.fr)").await, (vec![], SUCCESS));
    }
}

#[tokio::test]
async fn an_entry_says_what_a_card_says() {
    let world = World::new().await;
    let mut client = world.client("nadia.roussel").await;
    let (entries, done) = client.asks(&search("(mail=theo.lambert@ent.example.fr)", 0)).await;
    assert_eq!((entries.len(), done.code), (1, SUCCESS));
    let theo = &entries[0];
    assert_eq!(theo.name, "uid=theo.lambert,ou=people,dc=ent,dc=example,dc=fr");
    let told: Vec<&str> = theo.attributes.keys().map(String::as_str).collect();
    assert_eq!(told, ["cn", "displayName", "givenName", "mail", "o", "objectClass", "ou", "sn", "title", "uid"]);
    for (attribute, value) in [
        ("cn", "LAMBERT Théo"),
        ("sn", "Lambert"),
        ("givenName", "Théo"),
        ("mail", "theo.lambert@ent.example.fr"),
        ("uid", "theo.lambert"),
        ("o", "Lycée Victor-Hugo"),
        ("ou", "Terminale A"),
        ("title", "Élève"),
    ] {
        assert_eq!(theo.first(attribute), value);
    }
    assert_eq!(theo.attributes["objectClass"], ["top", "person", "organizationalPerson", "inetOrgPerson"]);
    let (groups, _) = client.asks(&search("(mail=parents.tle-a.2026@ent.example.fr)", 0)).await;
    assert_eq!(groups[0].name, "cn=parents.tle-a.2026,ou=groups,dc=ent,dc=example,dc=fr");
    assert_eq!(groups[0].first("objectClass"), "top");
    assert!(groups[0].attributes["objectClass"].contains(&"groupOfNames".to_owned()));
    assert!(!groups[0].attributes.contains_key("member"), "members are nobody's to know");
    assert_eq!(groups[0].first("cn"), "Parents du groupe Terminale A");
}

#[tokio::test]
async fn clients_choose_attributes() {
    let world = World::new().await;
    let mut client = world.client("theo.lambert").await;
    let mut told = async |attributes: &[&str]| {
        let request = search_from(TOP, 2, 0, parse("(mail=nadia.roussel@ent.example.fr)"), attributes);
        let (entries, done) = client.asks(&request).await;
        assert_eq!((entries.len(), done.code), (1, SUCCESS));
        entries[0].attributes.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(told(&["MAIL", "commonName", "jpegPhoto", "mail"]).await, ["cn", "mail"]);
    assert_eq!(told(&["1.1"]).await, [] as [String; 0]);
    assert_eq!(told(&["+"]).await, ["entryDN", "structuralObjectClass", "subschemaSubentry"]);
    assert_eq!(told(&["*", "entryDN"]).await.len(), told(&[]).await.len() + 1);
    // Names only.
    let mut request = search_from(TOP, 2, 0, parse("(mail=nadia.roussel@ent.example.fr)"), &["mail"]);
    let at = request.windows(3).rposition(|octets| octets == [1, 1, 0]).unwrap();
    request[at + 2] = 0xff;
    let (entries, _) = client.asks(&request).await;
    assert_eq!(entries[0].attributes["mail"], [] as [String; 0]);
}

#[tokio::test]
async fn the_tree_can_be_walked_and_holds_nobody_until_a_name_is_given() {
    let world = World::new().await;
    let mut client = world.client("nadia.roussel").await;
    let mut names = async |base: &str, scope| {
        let (entries, done) = client.asks(&search_from(base, scope, 0, parse("(objectClass=*)"), &[])).await;
        (entries.into_iter().map(|entry| entry.name).collect::<Vec<_>>(), done.code)
    };
    let (people, groups) = (format!("ou=people,{TOP}"), format!("ou=groups,{TOP}"));
    assert_eq!(names(TOP, 0).await, (vec![TOP.to_owned()], SUCCESS));
    assert_eq!(names(TOP, 1).await, (vec![people.clone(), groups.clone()], SUCCESS));
    let all = vec![TOP.to_owned(), people.clone(), groups.clone()];
    assert_eq!(names(TOP, 2).await, (all.clone(), SIZE_LIMIT), "the rest needs a name");
    assert_eq!(names("", 2).await, (all, SIZE_LIMIT));
    assert_eq!(names(&people, 1).await, (vec![], SIZE_LIMIT));
    assert_eq!(names("cn=subschema", 0).await, (vec!["cn=Subschema".to_owned()], SUCCESS));
    assert_eq!(names(NADIA, 0).await, (vec![NADIA.to_owned()], SUCCESS), "herself");
    assert_eq!(names(NADIA, 1).await, (vec![], SUCCESS));
    for nothing in ["uid=nobody.here,ou=people,dc=ent,dc=example,dc=fr", "ou=x,dc=ent,dc=example,dc=fr", "dc=fr"] {
        assert_eq!(names(nothing, 0).await, (vec![], NO_SUCH_OBJECT), "{nothing}");
    }
    assert_eq!(names("not a name", 0).await, (vec![], 34));
    let mut pupil = world.client("theo.lambert").await;
    let head = "uid=helene.marchetti,ou=people,dc=ent,dc=example,dc=fr";
    let (entries, done) = pupil.asks(&search_from(head, 0, 0, parse("(objectClass=*)"), &[])).await;
    assert_eq!((entries.len(), done.code), (0, NO_SUCH_OBJECT), "as if she were not there");
}

#[tokio::test]
async fn filters_are_answered_soundly() {
    let world = World::new().await;
    let mut client = world.client("nadia.roussel").await;
    let (christine, theo) = ("LAMBERT Christine".to_owned(), "LAMBERT Théo".to_owned());
    let both = vec![christine.clone(), theo.clone()];
    for (filter, expected) in [
        ("(&(cn=*lambert*)(title=Élève))", vec![theo.clone()]),
        ("(&(cn=*lambert*)(!(title=eleve)))", vec![christine.clone()]),
        ("(&(sn=lambert)(givenName=th*))", vec![theo.clone()]),
        ("(&(mail=*)(cn=lambert*))", both.clone()),
        ("(&(objectClass=person)(cn=lambert*))", both.clone()),
        ("(&(objectClass=groupOfNames)(cn=lambert*))", vec![]),
        // His mother is found by his name.
        ("(cn~=lambert theo)", both.clone()),
        ("(cn:caseIgnoreMatch:=lambert théo)", vec![theo.clone()]),
        ("(cn:=lambert theo)", vec![theo.clone()]),
        ("(cn:1.2.3:=lambert theo)", vec![]),
        ("(|(cn=*lambert*)(telephoneNumber=*lambert*))", both.clone()),
        ("(&(cn=*lambert*)(telephoneNumber=*))", vec![]),
        ("(&(cn=*lambert*)(!(telephoneNumber=1)))", vec![]),
        ("(&(cn=*lambert*)(cn>=a))", vec![]),
        ("(&(cn=*lambert*)(!(cn<=a)))", vec![]),
        ("(&(cn=*lambert*)(&))", both.clone()),
        ("(&(cn=*lambert*)(|))", vec![]),
        ("(&(cn=*lambert*)(cn;lang-fr=*))", vec![]),
        ("(cn=lambert)", vec![]),
        ("(uid=theo.lambert)", vec![theo.clone()]),
    ] {
        assert_eq!(client.finds(filter).await, (expected, SUCCESS), "{filter}");
    }
}

#[tokio::test]
async fn a_search_gives_so_many_entries_and_says_that_there_are_more() {
    let world = World::with(|config| config.ldap.entries_max = 3).await;
    let mut client = world.client("nadia.roussel").await;
    let (all, _) = client.finds("(cn=*groupe*)").await;
    assert_eq!(all.len(), 3);
    let (entries, done) = client.asks(&search("(cn=*groupe*)", 0)).await;
    assert_eq!((entries.len(), done.code), (3, SIZE_LIMIT), "entries_max");
    assert_eq!(done.text, "D'autres personnes correspondent : précisez le nom.");
    let (entries, done) = client.asks(&search("(cn=*lambert*)", 1)).await;
    assert_eq!((entries.len(), done.code), (1, SIZE_LIMIT), "the client's own limit");
    let (entries, done) = client.asks(&search("(cn=*lambert*)", 2)).await;
    assert_eq!((entries.len(), done.code), (2, SUCCESS));
}

#[tokio::test]
async fn results_come_page_by_page_and_no_more_of_them() {
    let world = World::with(|config| config.ldap.entries_max = 5).await;
    let mut client = world.client("nadia.roussel").await;
    let request = search("(cn=*groupe*)", 0);
    let (mut cookie, mut names, mut pages) = (Vec::new(), Vec::new(), 0);
    let code = loop {
        let (entries, done) = client.asks_with(&request, &[paged(2, &cookie)]).await;
        assert!(entries.len() <= 2);
        names.extend(entries.into_iter().map(|entry| entry.name));
        pages += 1;
        cookie = done.cookie.expect("a cookie, be it empty");
        if cookie.is_empty() {
            break done.code;
        }
        assert_eq!(done.code, SUCCESS);
    };
    assert_eq!((pages, code), (3, SIZE_LIMIT), "5 in all, and there are more");
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 5);
    // A cookie of another search, an old one, one of nobody's.
    let first = client.asks_with(&request, &[paged(2, b"")]).await.1.cookie.unwrap();
    assert_eq!(client.asks_with(&search("(cn=*lambert*)", 0), &[paged(2, &first)]).await.1.code, 53);
    assert_eq!(client.asks_with(&request, &[paged(2, &first)]).await.1.code, 53, "forgotten by then");
    assert_eq!(client.asks_with(&request, &[paged(2, b"none")]).await.1.code, 53);
    // No more is wanted.
    let first = client.asks_with(&request, &[paged(2, b"")]).await.1.cookie.unwrap();
    let (entries, done) = client.asks_with(&request, &[paged(0, &first)]).await;
    assert_eq!((entries.len(), done.cookie), (0, Some(Vec::new())));
    // Whoever binds anew has no pages.
    let first = client.asks_with(&request, &[paged(2, b"")]).await.1.cookie.unwrap();
    assert_eq!(client.binds("nadia.roussel", PASSWORD).await, SUCCESS);
    assert_eq!(client.asks_with(&request, &[paged(2, &first)]).await.1.code, 53);
}

#[tokio::test]
async fn controls_are_understood_or_refused_where_they_are_critical() {
    let world = World::new().await;
    let mut client = world.client("nadia.roussel").await;
    let request = search("(cn=*lambert*)", 0);
    let sorting = "1.2.840.113556.1.4.473";
    assert_eq!(client.asks_with(&request, &[control(sorting, true, None)]).await.1.code, 12);
    let (entries, done) = client.asks_with(&request, &[control(sorting, false, None)]).await;
    assert_eq!((entries.len(), done.code), (2, SUCCESS));
    let manage = control("2.16.840.1.113730.3.4.2", true, None);
    assert_eq!(client.asks_with(&request, &[manage]).await.1.code, SUCCESS);
    let on_a_bind = client.asks_with(&bind("nadia.roussel", PASSWORD), &[paged(1, b"")]).await;
    assert_eq!(on_a_bind.1.code, 12);
    let garbage = control("1.2.840.113556.1.4.319", true, Some(b"x"));
    assert_eq!(client.asks_with(&request, &[garbage]).await.1.code, 2);
}

#[tokio::test]
async fn comparisons_and_changes() {
    let world = World::new().await;
    let mut client = world.client("theo.lambert").await;
    let compare = |name: &str, attribute: &str, value: &str| {
        let assertion = tlv(0x30, [tlv(4, attribute), tlv(4, value)].concat());
        tlv(0x6e, [tlv(4, name), assertion].concat())
    };
    for (name, attribute, value, code) in [
        (NADIA, "cn", "roussel nadia", 6),
        (NADIA, "title", "Élève", 5),
        (NADIA, "dc", "x", 16),
        (NADIA, "userPassword", PASSWORD, 17),
        ("uid=helene.marchetti,ou=people,dc=ent,dc=example,dc=fr", "cn", "x", 32),
        (TOP, "dc", "ent", 32),
        ("nonsense", "cn", "x", 34),
    ] {
        let (_, done) = client.asks(&compare(name, attribute, value)).await;
        assert_eq!((done.tag, done.code), (0x6f, code), "{name} {attribute}");
    }
    for (request, answer) in [(0x66, 0x67), (0x68, 0x69), (0x4a, 0x6b), (0x6c, 0x6d)] {
        let (_, done) = client.asks(&tlv(request, tlv(4, NADIA))).await;
        assert_eq!((done.tag, done.code), (answer, 53));
        assert_eq!(done.text, "L'annuaire ne peut pas être modifié ici.");
    }
}
