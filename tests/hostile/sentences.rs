//! Every sentence is heard by somebody: each stands in a transcript, word for word, or is provoked here.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request as HttpRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use passerelle::config::HolidaysConfig;
use passerelle::connection::Security;
use passerelle::domain::finding::CardId;
use passerelle::domain::migration::BringOptions;
use passerelle::http::client::Client;
use passerelle::http::setup::{Setup, apple_profile};
use passerelle::http::{PublicPorts, router};
use passerelle::ldap::session::{Looked, Question, Session, Step};
use passerelle::ldap::wire::filter::{Assertion, Filter};
use passerelle::ldap::wire::message::{Change, Message, MessageId, Request, Scope as SearchScope, Search};
use passerelle::mime::{Decoder, TransferEncoding};
use passerelle::model::{Limit, Profile, Scope, Secret, Suspension, Timestamp, UserId, Uses};
use passerelle::sentences::{Language, Sentence, ascii};

use crate::archive::{Archive, Mail};
use crate::world::{PASSWORD, World};

/// Stands where a name or an address is put in.
const NAME: &str = "\u{1}";

/// One of each. A new one does not compile until it is added to the list below.
#[expect(clippy::too_many_lines, reason = "a table: one line for each sentence")]
fn all() -> Vec<Sentence> {
    use Sentence as S;
    let name = || NAME.to_owned();
    let all = vec![
        S::UnknownRecipient { address: name() },
        S::OutsideEnt { address: name() },
        S::NotAllowed { recipient: name() },
        S::RecipientSuspended { recipient: name() },
        S::GroupClosed { group: name() },
        S::GroupEmpty { group: name() },
        S::ListNotAllowed { group: name() },
        S::ListInSight { group: name() },
        S::NotAnAnswer { recipient: name() },
        S::NoReply,
        S::RulesAway,
        S::NoReplyNotAllowed,
        S::SenderNotYours { address: name() },
        S::FromNotYours { address: name() },
        S::FromMissing,
        S::FromSeveral,
        S::HeaderUnreadable,
        S::HeaderTooLarge { bytes_max: 0 },
        S::AccountSuspended,
        S::BadCredentials,
        S::TooManyTries,
        S::TlsRequired,
        S::MessageTooLarge { bytes_max: 0 },
        S::TooManyRecipients { max: 0 },
        S::TooManyPeople { max: 0 },
        S::QuotaExceeded,
        S::TryLater,
        S::LoginRequired,
        S::BadAddress { address: name() },
        S::NoRecipientLeft,
        S::BareLineEnd,
        S::SessionEnded,
        S::CloudApp,
        S::PasswordChanged,
        S::DeviceRevoked,
        S::Delivered,
        S::Waiting { opens: jiff::civil::DateTime::default(), some: false },
        S::Waiting { opens: jiff::civil::DateTime::default(), some: true },
        S::LimitReached { limit: Limit::MessagesPerDay, max: 0, until: jiff::civil::DateTime::default() },
        S::TooManyConnections,
        S::NoSuchMailbox,
        S::MailboxExists,
        S::MailboxSpecial,
        S::MailboxDuplicatesSpecial,
        S::MailboxHasChildren,
        S::MailboxReadOnly,
        S::MailboxGone,
        S::TooManyMailboxes,
        S::MailboxTooDeep,
        S::MailboxNameTooLong,
        S::BadMailboxName,
        S::TooManyKeywords,
        S::SentRecalled,
        S::RecallNotAllowed,
        S::RecallNotSent,
        S::RecallTooLate { minutes_max: 0 },
        S::RecallAlready,
        S::RecallOneByOne,
        S::RecallByMoving,
        S::SendingOff,
        S::ReadingOff,
        S::SearchTooBroad { chars_min: 0 },
        S::MoreFound,
        S::TooManySearches,
        S::DirectoryReadOnly,
        S::LetterRecalled,
        S::AttachmentMissing { name: name() },
        S::AccountName { domain: name() },
        S::ProfileExplained,
        S::BookOfClasses,
        S::BookOfGroups,
        S::BookOfColleagues,
        S::BookOfOthers,
        S::BookExplained,
        S::ProfileName { profile: Profile::Relative },
        S::ParentOf { pupils: name() },
    ];
    let variants = include_str!("../../src/sentences/mod.rs");
    let (_, variants) = variants.split_once("pub enum Sentence {").unwrap();
    let (variants, _) = variants.split_once("\n}").unwrap();
    let count = variants.lines().filter(|line| line.starts_with("    ") && line[4..].starts_with(char::is_uppercase));
    assert_eq!(all.len(), count.count() + 1, "a sentence is missing from this list");
    all
}

/// The longest run of a sentence's letters without names and numbers.
fn fragment(sentence: &Sentence) -> String {
    let text = sentence.text(Language::Fr);
    // Behind it stands a day.
    let text = text.split("à partir du ").next().unwrap_or_default();
    let parts = text.split(|letter: char| letter == '\u{1}' || letter.is_ascii_digit());
    parts.max_by_key(|part| part.len()).unwrap().trim().trim_end_matches('.').to_owned()
}

/// What those hear who are in no transcript.
async fn heard_here() -> String {
    let world = World::with(|config| {
        config.store.header_bytes_max = 1000;
        config.imap.connections_per_user_max = 1;
    })
    .await;
    let mut anne = world.smtp("anne").await;
    let mut heard = Vec::new();
    let own = "anne.martin@ent.test";
    heard.push(anne.submits(own, &[own], "From: anne@ent.test\0\r\n\r\nx").await);
    let large = format!("From: anne@ent.test\r\nSubject: {}\r\n\r\nx", "x".repeat(1000));
    heard.push(anne.submits(own, &[own], large).await);
    // The spool's folder is gone, as when a disk is full.
    fs::remove_dir_all(world.gateway.config.data_dir.join("spool")).unwrap();
    let message = format!("From: anne@ent.test\r\n\r\n{}", "x\r\n".repeat(50_000));
    heard.push(anne.submits(own, &[own], &message).await);
    assert!(heard.last().unwrap().starts_with("451 4.3.0 "), "{heard:?}");
    drop(anne);
    let mut zoe = world.imap("zoe.noir").await;
    heard.push(zoe.appends("INBOX", &message).await);
    assert!(heard.last().unwrap().starts_with("NO [UNAVAILABLE] "), "{heard:?}");
    heard.push(zoe.tagged(format!("CREATE {}", "x".repeat(401))).await);
    let asked = World::with(|config| {
        config.ent.communication_url = Some("http://127.0.0.1:1/communication".to_owned());
    })
    .await;
    let mut anne = asked.smtp("anne").await;
    heard.push(anne.submits(own, &["paul.durand@ent.test"], "From: anne@ent.test\r\n\r\nx").await);
    assert!(heard.last().unwrap().starts_with("451 4.7.0 "), "{heard:?}");
    heard.push(world.imap_stranger().await.tagged(format!("LOGIN zoe.noir \"{PASSWORD}\"")).await);
    heard.append(&mut told_of_old_passwords().await);
    heard.append(&mut told_of_the_switch(&world).await);
    heard.append(&mut told_in_quiet_hours().await);
    heard.push(told_in_letters().await);
    let ports = PublicPorts { imaps: Some(993), submissions: Some(465), ..PublicPorts::default() };
    heard.extend(apple_profile(&Setup::new(&world.gateway.config, ports), None));
    heard.append(&mut told_of_recall().await);
    heard.append(&mut told_by_the_directory(&world).await);
    heard.append(&mut told_by_address_books().await);
    heard.join("\n")
}

/// Anne and Paul see each other and Paul's daughter.
async fn told_by_address_books() -> Vec<String> {
    let world = World::new().await;
    world
        .runs(&[
            "insert into direct_link (from_user_id, to_user_id) values ('u-anne', 'u-zoe'), ('u-paul', 'u-zoe')",
            "insert into ent_group (id, kind, name, users_rule, closed, created_at) values
                ('g-all', 'Profile', 'Parents', 'OUTGOING', false, 0)",
            "insert into communication_rule (from_group_id, to_group_id) values ('g-tous', 'g-all')",
            "insert into ent_user (id, external_id, login, display_name, first_name, last_name, profile, suspended, created_at)
                values ('u-eve', 'x5', 'eve.vert', 'VERT Eve', 'Eve', 'VERT', 'Relative', false, 0)",
            "insert into address (local_part, user_id, is_primary, created_at) values ('eve.vert', 'u-eve', true, 0)",
            "insert into group_member (group_id, user_id) values ('g-all', 'u-eve')",
            "update directory_clock set version = version + 1",
        ])
        .await;
    let anne = world.gateway.find_user("anne").await.unwrap().unwrap();
    let own = CardId::of_user(&anne.id);
    let properties = "<d:prop xmlns:c=\"urn:ietf:params:xml:ns:carddav\"><d:displayname/><c:addressbook-description/>\
        <c:address-data/></d:prop>";
    let mut told = Vec::new();
    for path in [format!("/dav/{own}/books/"), format!("/dav/{own}/books/groups/")] {
        let body = format!("<d:propfind xmlns:d=\"DAV:\">{properties}</d:propfind>");
        let authorization = STANDARD.encode(format!("anne:{PASSWORD}"));
        let mut request = HttpRequest::builder().method("PROPFIND").uri(path).header("Depth", "1");
        request = request.header("Authorization", format!("Basic {authorization}"));
        let mut request = request.body(Body::from(body)).unwrap();
        let client = Client { peer: "192.0.2.1:5000".parse().unwrap(), security: Security::Tls };
        request.extensions_mut().insert(client);
        let router = router(Arc::clone(&world.gateway), PublicPorts::default());
        let response = TowerToHyperService::new(router).call(request).await.unwrap();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        told.push(String::from_utf8(body.to_vec()).unwrap());
    }
    told
}

async fn told_of_old_passwords() -> Vec<String> {
    let world = World::new().await;
    let zoe = UserId::new("u-zoe");
    let new = world.gateway.create_app_password(&zoe, "Téléphone").await.unwrap().unwrap();
    let mut phone = world.imap_stranger().await;
    phone.ok(format!("LOGIN zoe.noir {}", String::from_utf8_lossy(new.secret.expose()))).await;
    let mut own = world.imap("zoe.noir").await;
    assert!(world.gateway.revoke_app_password(&zoe, &new.password.id).await.unwrap());
    own.ok("NOOP").await;
    world.gateway.set_password(&zoe, Secret::new("un autre mot de passe")).await.unwrap().unwrap();
    vec![phone.line().await, own.line().await]
}

async fn told_of_the_switch(world: &World) -> Vec<String> {
    let uses = Uses { sending: true, reading: true };
    let suspension = Suspension { scope: Scope::default(), uses, reason: String::new(), since: Timestamp(0) };
    world.gateway.suspend(suspension).await.unwrap();
    let token = STANDARD.encode(format!("\0anne\0{PASSWORD}"));
    vec![
        world.smtp_stranger().await.asks(format!("AUTH PLAIN {token}")).await,
        world.imap_stranger().await.tagged(format!("LOGIN anne \"{PASSWORD}\"")).await,
    ]
}

/// An archive that a person brings in, with a letter that was recalled and an attachment that is missing.
async fn told_in_letters() -> String {
    let world = World::with(|_| {}).await;
    let zoe = world.gateway.find_user("zoe.noir").await.unwrap().unwrap();
    let mut archive = Archive::default();
    archive.add(&Mail { id: "m1", state: "RECALL", ..Mail::default() }).lies("m1", None, false, true);
    archive.add(&Mail { id: "m2", ..Mail::default() }).lies("m2", None, false, true).attach("m2", "a1", "x.pdf", None);
    let zip = world.gateway.config.data_dir.join("a.zip");
    archive.write(&zip);
    let options = BringOptions { skip_broken: true, ..BringOptions::default() };
    world.gateway.bring_mes_donnees(&zoe, &zip, &options, &Arc::default()).await.unwrap().unwrap();
    let mut client = world.imap_in_inbox("zoe.noir").await;
    let quoted = client.ok("FETCH 1:2 BODY.PEEK[]").await.join("\r\n");
    let (mut decoder, mut told) = (Decoder::new(TransferEncoding::QuotedPrintable), Vec::new());
    decoder.push(quoted.as_bytes(), &mut told);
    decoder.finish(&mut told);
    String::from_utf8(told).unwrap()
}

/// What LDAP's session says, without its socket.
async fn told_by_the_directory(world: &World) -> Vec<String> {
    let config = Arc::clone(&world.gateway.config);
    let zoe = world.gateway.find_user("zoe.noir").await.unwrap().unwrap();
    let id = MessageId(1);
    let mut session = Session::new(config, Security::Tls, true, true);
    session.login_answered(id, Ok(Arc::new(zoe)));
    let search = |filter| Search {
        base: String::new(),
        scope: SearchScope::Subtree,
        size_max: None,
        names_only: false,
        filter,
        attributes: Vec::new(),
    };
    let request = |request| Ok(Message { id, request, controls: Vec::new() });
    let look = |session: &mut Session| {
        let name = Assertion { attribute: "cn".to_owned(), value: "noir zoé".to_owned() };
        match session.message(request(Request::Search(Box::new(search(Filter::Equal(name)))))) {
            Step::Ask(Question::Look(lookup)) => *lookup,
            step => panic!("{step:?}"),
        }
    };
    let lookup = look(&mut session);
    let often = session.looked(lookup, Looked::TooOften);
    let lookup = look(&mut session);
    let more = session.looked(lookup, Looked::Found { entries: Vec::new(), whole: false });
    let change = session.message(request(Request::Change(Change::Delete)));
    let broad = session.message(request(Request::Search(Box::new(search(Filter::Present("cn".to_owned()))))));
    [often, more, change, broad].map(|step| format!("{step:?}")).to_vec()
}

/// Nobody may recall by profile, and then whoever is too late.
async fn told_of_recall() -> Vec<String> {
    let world = World::with(|config| config.recall.minutes_max = 0).await;
    let own = "anne.martin@ent.test";
    let sent = world.smtp("anne").await.submits(own, &["paul.durand@ent.test"], "From: anne@ent.test\r\n\r\nx").await;
    assert!(sent.starts_with("250 "), "{sent}");
    let mut anne = world.imap("anne").await;
    anne.ok("SELECT Sent").await;
    let late = anne.tagged("MOVE 1 Rappeler").await;
    assert!(late.starts_with("NO [CANNOT] "), "{late}");
    world.runs(&["update ent_user set profile = 'Student' where id = 'u-anne'"]).await;
    let mut anne = world.imap("anne").await;
    anne.ok("SELECT Sent").await;
    vec![late, anne.tagged("MOVE 1 Rappeler").await]
}

/// Whatever the day: all of this century is holidays.
async fn told_in_quiet_hours() -> Vec<String> {
    let world = World::with(|config| {
        config.quiet.binds = vec!["Relative".to_owned()];
        config.quiet.zone = "A".to_owned();
        let century = HolidaysConfig { first: "2000-01-01".to_owned(), last: "2099-12-31".to_owned() };
        config.quiet.calendar.insert("A".to_owned(), vec![century]);
        config.limits.teacher.messages_per_day_max = Some(2);
    })
    .await;
    let mut anne = world.smtp("anne").await;
    let (own, paul, letter) = ("anne.martin@ent.test", "paul.durand@ent.test", "From: anne@ent.test\r\n\r\nx");
    let mut told = Vec::new();
    for recipients in [&[paul][..], &[paul, own][..], &[own][..]] {
        told.push(anne.submits(own, recipients, letter).await);
    }
    assert!(told[0].starts_with("250 2.0.0 ") && told[1].starts_with("250 2.0.0 "), "{told:?}");
    assert!(told[2].starts_with("452 4.5.3 "), "{told:?}");
    told
}

#[tokio::test]
async fn every_sentence_is_heard() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut heard = heard_here().await;
    for folder in ["imap", "smtp"] {
        for file in fs::read_dir(root.join("tests/transcripts").join(folder)).unwrap() {
            heard.push_str(&fs::read_to_string(file.unwrap().path()).unwrap());
        }
    }
    let is_heard = |sentence: &Sentence| {
        let fragment = fragment(sentence);
        heard.contains(&fragment) || heard.contains(&ascii(&fragment))
    };
    let unheard: Vec<Sentence> = all().into_iter().filter(|sentence| !is_heard(sentence)).collect();
    assert_eq!(unheard, []);
}
