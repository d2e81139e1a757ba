//! Binding: who may, over what, and what is said to those who may not. Who am I, STARTTLS.

use passerelle::connection::{Ended, Security};
use passerelle::model::{Protocol, Secret};

use crate::request::{START_TLS, extended, search_from, tlv};
use crate::world::{PASSWORD, SUCCESS, World};

const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";
const PROTOCOL_ERROR: i64 = 2;
const NO_SUCH_METHOD: i64 = 7;
const CONFIDENTIALITY: i64 = 13;
const WRONG: i64 = 49;
const UNWILLING: i64 = 53;

fn text(secret: &Secret) -> String {
    String::from_utf8(secret.expose().to_vec()).unwrap()
}

#[tokio::test]
async fn people_bind_by_name_login_or_address() {
    for world in World::both().await {
        let mut client = world.connect(Security::Tls);
        assert_eq!(client.asks(&extended(WHO_AM_I)).await.1.value.as_deref(), Some(""));
        for name in [
            "uid=nadia.roussel,ou=people,dc=ent,dc=example,dc=fr",
            "UID=Nadia.Roussel,dc=somewhere",
            "cn=nadia.roussel",
            "nadia.roussel",
            "Nadia.Roussel@ENT.example.fr",
        ] {
            assert_eq!(client.binds(name, PASSWORD).await, SUCCESS, "{name}");
            let me = client.asks(&extended(WHO_AM_I)).await.1.value.unwrap();
            assert_eq!(me, "dn:uid=nadia.roussel,ou=people,dc=ent,dc=example,dc=fr");
        }
        assert_eq!(client.binds("", "").await, SUCCESS, "nobody again");
        assert_eq!(client.asks(&extended(WHO_AM_I)).await.1.value.as_deref(), Some(""));
    }
}

#[tokio::test]
async fn an_app_password_is_noted_with_ldap() {
    for world in World::both().await {
        let person = world.gateway.find_user("nadia.roussel").await.unwrap().unwrap();
        let new = world.gateway.create_app_password(&person.id, "Thunderbird").await.unwrap().unwrap();
        let mut client = world.connect(Security::Tls);
        assert_eq!(client.binds("nadia.roussel", &text(&new.secret)).await, SUCCESS);
        let devices = world.gateway.app_passwords(&person.id).await.unwrap();
        assert_eq!(devices[0].last_use.as_ref().unwrap().protocol, Protocol::Ldap);
    }
}

#[tokio::test]
async fn what_cannot_be_a_login_is_refused_and_leaves_nobody_logged_in() {
    let world = World::with(|config| config.login.tries_per_connection_max = 100).await;
    let mut client = world.client("nadia.roussel").await;
    assert_eq!(client.binds("nadia.roussel", "wrong").await, WRONG);
    assert_eq!(client.asks(&extended(WHO_AM_I)).await.1.value.as_deref(), Some(""), "RFC 4511 §4.2.1");
    assert_eq!(client.binds("nobody.here", PASSWORD).await, WRONG);
    assert_eq!(client.binds("nadia.roussel", "").await, UNWILLING, "RFC 4513 §5.1.2");
    assert_eq!(client.binds("", PASSWORD).await, UNWILLING);
    let version_2 = tlv(0x60, [tlv(2, [2]), tlv(4, "a"), tlv(0x80, "b")].concat());
    assert_eq!(client.asks(&version_2).await.1.code, PROTOCOL_ERROR);
    let sasl = tlv(0x60, [tlv(2, [3]), tlv(4, ""), tlv(0xa3, tlv(4, "PLAIN"))].concat());
    assert_eq!(client.asks(&sasl).await.1.code, NO_SUCH_METHOD);
}

#[tokio::test]
async fn no_password_comes_without_tls_but_from_loopback_where_settings_say_so() {
    let world = World::with(|config| config.login.without_tls_from_loopback = true).await;
    let mut far = world.connect(Security::Plain);
    assert_eq!(far.binds("nadia.roussel", PASSWORD).await, CONFIDENTIALITY);
    let mut near = world.connect_from("127.0.0.1:5000", Security::Plain);
    assert_eq!(near.binds("nadia.roussel", PASSWORD).await, SUCCESS);
    let strict = World::new().await;
    let mut near = strict.connect_from("127.0.0.1:5000", Security::Plain);
    assert_eq!(near.binds("nadia.roussel", PASSWORD).await, CONFIDENTIALITY);
}

#[tokio::test]
async fn starttls_hands_the_stream_back_once() {
    let world = World::new().await;
    let mut client = world.connect(Security::Plain);
    let (_, done) = client.asks(&extended(START_TLS)).await;
    assert_eq!((done.code, done.oid.as_deref(), done.tag), (SUCCESS, Some(START_TLS), 0x78));
    assert!(matches!(client.session.await.unwrap(), Ended::StartTls(_)));
    let mut client = world.connect(Security::Tls);
    assert_eq!(client.asks(&extended(START_TLS)).await.1.code, 1, "TLS is there already");
    assert_eq!(client.asks(&extended("1.2.3")).await.1.code, PROTOCOL_ERROR);
}

#[tokio::test]
async fn nobody_sees_more_than_the_server_itself() {
    let world = World::new().await;
    let mut client = world.connect(Security::Tls);
    let everything = || crate::request::parse("(objectClass=*)");
    let (entries, done) = client.asks(&search_from("", 0, 0, everything(), &[])).await;
    assert_eq!((done.code, entries.len()), (SUCCESS, 1));
    assert_eq!(entries[0].first("namingContexts"), "dc=ent,dc=example,dc=fr");
    assert_eq!(entries[0].first("supportedLDAPVersion"), "3");
    let listed = &entries[0].attributes["supportedExtension"];
    assert_eq!(listed, &[START_TLS, WHO_AM_I]);
    for base in ["dc=ent,dc=example,dc=fr", "cn=Subschema", "uid=nadia.roussel,ou=people,dc=ent,dc=example,dc=fr"] {
        let (entries, done) = client.asks(&search_from(base, 0, 0, everything(), &[])).await;
        assert_eq!((done.code, entries.len()), (50, 0), "{base}");
    }
    let (entries, done) = client.asks(&search_from("", 2, 0, everything(), &[])).await;
    assert_eq!((done.code, entries.len()), (50, 0));
}

#[tokio::test]
async fn the_suspended_and_the_turned_off_hear_why_and_keep_their_password() {
    let world = World::new().await;
    let person = world.gateway.find_user("theo.lambert").await.unwrap().unwrap();
    let mut live = world.client("theo.lambert").await;
    assert_eq!(live.finds("(cn=roussel*)").await.1, SUCCESS);
    assert!(world.gateway.suspend_user(&person.id, "x").await.unwrap());
    let (code, text) = live.hears_goodbye().await;
    assert_eq!(code, 50);
    assert!(text.contains("suspendu"), "{text}");
    let mut client = world.connect(Security::Tls);
    assert_eq!(client.binds("theo.lambert", PASSWORD).await, UNWILLING);
    assert_eq!(client.binds("theo.lambert", "wrong").await, WRONG);
}

#[tokio::test]
async fn a_revoked_device_loses_its_session() {
    let world = World::new().await;
    let person = world.gateway.find_user("nadia.roussel").await.unwrap().unwrap();
    let new = world.gateway.create_app_password(&person.id, "iPhone").await.unwrap().unwrap();
    let mut client = world.connect(Security::Tls);
    assert_eq!(client.binds("nadia.roussel", &text(&new.secret)).await, SUCCESS);
    let mut other = world.client("nadia.roussel").await;
    assert!(world.gateway.revoke_app_password(&person.id, &new.password.id).await.unwrap());
    assert_eq!(client.hears_goodbye().await.0, 50);
    assert_eq!(other.finds("(cn=lambert*)").await.1, SUCCESS);
}
