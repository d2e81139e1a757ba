//! Greeting, capabilities, logging in.

use passerelle::connection::Start;
use passerelle::connection::{Ended, Security};
use passerelle::domain::people::{DeviceWords, WordsRefusal};

use crate::support::scram::ScramClient;
use crate::world::{PASSWORD, World};

/// One a line, so that each is added by itself.
const ALWAYS: &[&str] = &[
    "IMAP4rev1",
    "SASL-IR",
    "LITERAL+",
    "ID",
    "ENABLE",
    "IDLE",
    "NAMESPACE",
    "CHILDREN",
    "UIDPLUS",
    "MOVE",
    "UNSELECT",
    "SPECIAL-USE",
    "CREATE-SPECIAL-USE",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "ESEARCH",
    "CONDSTORE",
    "QRESYNC",
    "QUOTA",
    "QUOTA=RES-STORAGE",
    "STATUS=SIZE",
    "STATUS=DELETED",
    "WITHIN",
    "SEARCHRES",
    "PARTIAL",
    "UIDBATCHES",
    "OBJECTID",
    "SAVEDATE",
    "PREVIEW",
    "ACL",
    "RIGHTS=kxte",
    "METADATA",
    "LIST-METADATA",
    "UNAUTHENTICATE",
    "MULTIAPPEND",
    "CATENATE",
    "REPLACE",
    "BINARY",
    "UTF8=ACCEPT",
    "SORT",
    "SORT=DISPLAY",
    "ESORT",
    "THREAD=ORDEREDSUBJECT",
    "THREAD=REFERENCES",
    "CONTEXT=SEARCH",
    "CONTEXT=SORT",
    "MULTISEARCH",
    "NOTIFY",
    "COMPRESS=DEFLATE",
    "INPROGRESS",
    "APPENDLIMIT=41943040",
];

#[tokio::test]
async fn capabilities_stand_in_greeting_and_login_and_by_command() {
    let world = World::new().await;
    let mut client = world.connect(Security::Tls, Start::Greeting, 1 << 16);
    let always = ALWAYS.join(" ");
    let before = format!("{always} AUTH=PLAIN AUTH=LOGIN AUTH=SCRAM-SHA-256");
    assert_eq!(client.response().await, format!("* OK [CAPABILITY {before}] Passerelle"));
    assert_eq!(client.ok("CAPABILITY").await, [format!("* CAPABILITY {before}")]);
    let login = client.tagged(format!("login anne.martin@ent.test \"{PASSWORD}\"")).await;
    assert_eq!(login, format!("OK [CAPABILITY {always}] Logged in"));
    assert_eq!(client.ok("CAPABILITY").await, [format!("* CAPABILITY {always}")]);
}

#[tokio::test]
async fn no_password_without_tls() {
    let world = World::new().await;
    let mut client = world.connect(Security::Plain, Start::Greeting, 1 << 16);
    assert!(client.response().await.contains(" STARTTLS LOGINDISABLED]"));
    let refused = client.tagged(format!("LOGIN anne \"{PASSWORD}\"")).await;
    assert!(refused.starts_with("NO [PRIVACYREQUIRED] "), "{refused}");
    assert!(client.tagged("AUTHENTICATE PLAIN").await.starts_with("NO [PRIVACYREQUIRED] "));
}

#[tokio::test]
async fn starttls_drops_what_was_sent_behind_it() {
    let world = World::new().await;
    let mut client = world.connect(Security::Plain, Start::Greeting, 1 << 16);
    client.response().await;
    client.sends("a STARTTLS\r\nb NOOP\r\n").await;
    assert_eq!(client.answer("a").await, ["OK Begin TLS negotiation now"]);
    assert!(matches!(client.handed_back().await, Ended::StartTls(_)));

    let mut client = world.connect(Security::Tls, Start::AfterStartTls, 1 << 16);
    assert_eq!(client.says("NOOP").await, ["OK NOOP completed"], "no second greeting");
    assert!(client.tagged("STARTTLS").await.starts_with("BAD"));
}

#[tokio::test]
async fn both_mechanisms() {
    let world = World::new().await;
    let plain = "AGFubmUAdW4gbW90IGRlIHBhc3NlIGxvbmc=";
    let mut client = world.client().await;
    assert!(client.tagged(format!("AUTHENTICATE PLAIN {plain}")).await.starts_with("OK [CAPABILITY "));

    let mut client = world.client().await;
    client.sends("a authenticate plain\r\n").await;
    assert_eq!(client.response().await, "+ ");
    client.sends(format!("{plain}\r\n")).await;
    assert!(client.answer("a").await[0].starts_with("OK "));

    let mut client = world.client().await;
    client.sends("a AUTHENTICATE LOGIN\r\n").await;
    assert_eq!(client.response().await, "+ VXNlcm5hbWU6");
    client.sends("YW5uZQ==\r\n").await;
    assert_eq!(client.response().await, "+ UGFzc3dvcmQ6");
    client.sends("*\r\n").await;
    assert_eq!(client.answer("a").await, ["BAD AUTHENTICATE cancelled"]);
    assert!(client.tagged("SELECT INBOX").await.starts_with("BAD"));
    assert!(client.tagged("AUTHENTICATE CRAM-MD5").await.starts_with("NO"));
}

#[tokio::test]
async fn wrong_passwords_end_the_connection() {
    let world = World::new().await;
    let mut client = world.client().await;
    for name in ["anne", "nobody", "anne"] {
        let refused = client.tagged(format!("LOGIN {name} faux")).await;
        assert_eq!(refused, "NO [AUTHENTICATIONFAILED] Identifiant ou mot de passe incorrect.");
    }
    let (rest, ended) = client.ends().await;
    assert!(rest[0].starts_with("* BYE ") && matches!(ended, Ended::Closed), "{rest:?}");
}

#[tokio::test]
async fn connections_of_one_person_are_counted() {
    let world = World::with(|config| config.imap.connections_per_user_max = 2).await;
    let first = world.anne().await;
    let _second = world.anne().await;
    let mut third = world.client().await;
    let refused = third.tagged(format!("LOGIN anne \"{PASSWORD}\"")).await;
    assert!(refused.starts_with("NO [LIMIT] "), "{refused}");
    assert!(matches!(first.hangs_up().await, Ended::Closed));
    third.ok(format!("LOGIN anne \"{PASSWORD}\"")).await;
}

#[tokio::test]
async fn a_store_that_fails_is_no_refusal() {
    let world = World::new().await;
    let mut anne = world.anne_in("INBOX").await;
    let mut client = world.client().await;
    world.gateway.store().close().await;
    for (client, command) in [(&mut client, format!("LOGIN luc.petit \"{PASSWORD}\"")), (&mut anne, "NOOP".to_owned())]
    {
        let answer = client.tagged(command).await;
        assert!(answer.starts_with("NO [UNAVAILABLE] "), "{answer}");
    }
    assert!(anne.tagged("LIST \"\" *").await.starts_with("NO [UNAVAILABLE] "));
}

#[tokio::test]
async fn id_and_enable() {
    let world = World::new().await;
    let mut client = world.anne().await;
    assert_eq!(client.ok(r#"ID ("name" "Thunderbird" "version" "153")"#).await, [r#"* ID ("name" "Passerelle")"#]);
    assert_eq!(client.ok("ENABLE UTF8=ACCEPT CONDSTORE X").await, ["* ENABLED CONDSTORE UTF8=ACCEPT"]);
    assert_eq!(client.ok("ENABLE CONDSTORE").await, ["* ENABLED"]);
}

#[tokio::test]
async fn words_are_hidden_from_one_device() {
    let world = World::new().await;
    let anne = world.gateway.find_user("anne").await.unwrap().unwrap();
    let new = world.gateway.create_app_password(&anne.id, "Vieux téléphone").await.unwrap().unwrap();
    let secret = String::from_utf8(new.secret.expose().to_vec()).unwrap();
    let words = async |change| world.gateway.change_device_words(&anne.id, "vieux téléphone", change).await.unwrap();
    let given = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();

    let mut before = world.client().await;
    before.ok(&format!("LOGIN anne {secret}")).await;
    let hidden = words(DeviceWords::Hide(given(&["qresync", "COMPRESS=DEFLATE", "QRESYNC", "INPROGRESS"]))).await;
    assert_eq!(hidden.unwrap().words.hidden, ["COMPRESS=DEFLATE", "INPROGRESS", "QRESYNC"]);
    assert_eq!(before.ok("ENABLE QRESYNC").await, ["* ENABLED QRESYNC"], "from the next login on");

    let mut phone = world.client().await;
    let welcome = phone.tagged(&format!("LOGIN anne {secret}")).await;
    assert!(
        !welcome.contains("QRESYNC") && !welcome.contains("COMPRESS") && welcome.contains("CONDSTORE"),
        "{welcome}"
    );
    let capability = phone.ok("CAPABILITY").await.remove(0);
    assert!(!capability.contains("QRESYNC") && !capability.contains("INPROGRESS"), "{capability}");
    assert_eq!(phone.ok("ENABLE QRESYNC CONDSTORE").await, ["* ENABLED CONDSTORE"]);
    assert_eq!(phone.tagged("SELECT INBOX (QRESYNC (1 1))").await, "BAD QRESYNC is not enabled");
    assert_eq!(phone.tagged("COMPRESS DEFLATE").await, "BAD COMPRESS is not offered");
    // The words belong to the device, not to the connection or the person.
    phone.ok("UNAUTHENTICATE").await;
    let welcome = phone.tagged(&format!("LOGIN anne \"{PASSWORD}\"")).await;
    assert!(welcome.contains("QRESYNC") && welcome.contains("COMPRESS"), "{welcome}");

    assert_eq!(
        words(DeviceWords::Show(given(&["Qresync"]))).await.unwrap().words.hidden,
        ["COMPRESS=DEFLATE", "INPROGRESS"]
    );
    assert!(words(DeviceWords::Show(Vec::new())).await.unwrap().words.hidden.is_empty());
    assert_eq!(words(DeviceWords::Hide(given(&["a b"]))).await, Err(WordsRefusal::NoWord("a b".to_owned())));
    let many = (0..101).map(|number| format!("X{number}")).collect();
    assert_eq!(words(DeviceWords::Hide(many)).await, Err(WordsRefusal::TooMany));
    assert!(world.gateway.revoke_app_password(&anne.id, &new.password.id).await.unwrap());
    let gone = words(DeviceWords::Show(Vec::new())).await;
    assert_eq!(gone, Err(WordsRefusal::NoSuchDevice("vieux téléphone".to_owned())));
}

/// The server's proof waits for an answer; meanwhile the device is revoked.
#[tokio::test]
async fn a_password_that_is_revoked_between_the_proofs_opens_nothing() {
    let world = World::new().await;
    let anne = world.gateway.find_user("anne").await.unwrap().unwrap();
    let new = world.gateway.create_app_password(&anne.id, "Téléphone").await.unwrap().unwrap();
    let secret = String::from_utf8(new.secret.expose().to_vec()).unwrap();
    for revoked in [false, true] {
        let (mut client, scram) = (world.client().await, ScramClient::new("n,,", &[], "anne"));
        client.sends(format!("a AUTHENTICATE SCRAM-SHA-256 {}\r\n", scram.first())).await;
        let challenge = client.response().await;
        let (last, proof) = scram.last(challenge.trim_start_matches("+ "), &secret);
        client.sends(format!("{last}\r\n")).await;
        assert_eq!(client.response().await, format!("+ {proof}"));
        if revoked {
            assert!(world.gateway.revoke_app_password(&anne.id, &new.password.id).await.unwrap());
        }
        client.sends("\r\n").await;
        let answer = client.answer("a").await.remove(0);
        assert_eq!(answer.starts_with("NO [AUTHENTICATIONFAILED]"), revoked, "{answer}");
        assert_eq!(answer.starts_with("OK "), !revoked, "{answer}");
    }
}
