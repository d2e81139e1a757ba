//! The tiny school that every transcript finds: `tests/transcripts/school/*.csv`, and messages by name.
//!
//! Claire MARTIN teaches the 3e B, Luc AUTRE another class; Anne LEROY and Jean PARTI (suspended) are personnel; Léa DURAND
//! is a pupil of the 3e B, Sophie DURAND her mother, Paul PETIT another parent. `tous` is a broadcast list. It is Monday 23 November 2026, 9:00 in Paris.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use passerelle::config::Config;
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::domain::import::{ImportFiles, ImportMode, Imported};
use passerelle::domain::messages::{AppendOptions, Appended};
use passerelle::domain::people::UserFilter;
use passerelle::model::{MailboxName, Secret, Timestamp, User, UserId};
use passerelle::store::Store;

use crate::script::Script;
use crate::transcripts;

/// Everybody's.
pub(crate) const PASSWORD: &str = "secret";

/// 2026-11-23 08:00:00 UTC.
const NOW: Timestamp = Timestamp(1_795_420_800_000_000);

/// A gateway over a fresh store, with the school, the settings and the messages of a transcript.
pub(crate) async fn open(store: Store, folder: &Path, script: &Script) -> Arc<Gateway> {
    let settings = script.header.settings.join("\n");
    // Only transcripts about it show the mailbox that recalls.
    let recall = if settings.contains("recall.") { "" } else { "recall.mailbox = ''\n" };
    // Hidden by default, for one client's sake.
    let plus = if settings.contains("submission.hidden") { "" } else { "submission.hidden_mechanisms = []\n" };
    let settings = format!(
        "domain = \"school.test\"\nhost_name = \"mail.school.test\"\ndata_dir = {folder:?}\n\
         login.password_chars_min = 6\nlogin.refusal_delay_milliseconds = 0\nlogin.scram_iterations = 4096\n\
         {recall}{plus}{settings}\n"
    );
    let config: Config = toml::from_str(&settings).unwrap_or_else(|error| panic!("{}: {error}", script.path));
    let gateway = Arc::new(Gateway::new(Arc::new(config), store, Clock::fixed(NOW)).unwrap());
    people(&gateway, script).await;
    let mut logins = script.header.logins.iter().filter(|login| !["none", "greeted"].contains(&login.as_str()));
    let owner = gateway.find_user(logins.next().map_or("claire.martin", String::as_str)).await.unwrap().unwrap();
    for (mailbox, names) in &script.header.messages {
        for name in names {
            place(&gateway, &owner, mailbox, name).await;
        }
    }
    gateway
}

async fn people(gateway: &Gateway, script: &Script) {
    let files = ImportFiles::read_dir(&transcripts().join("school")).unwrap();
    match gateway.import(&files, ImportMode::Apply).await.unwrap() {
        Imported::Done(_) => {}
        other => panic!("{other:#?}"),
    }
    let hash = gateway.hash_password(Secret::new(PASSWORD)).await.unwrap().unwrap();
    let everybody = gateway.users(&UserFilter::default()).await.unwrap();
    let everybody: Vec<UserId> = everybody.into_iter().map(|user| user.id).collect();
    gateway.set_password_hash(&everybody, hash.clone()).await.unwrap();
    if script.uses_scram() {
        gateway.keep_verifiers(&everybody, &hash, &Secret::new(PASSWORD)).await.unwrap();
    }
    gateway.suspend_user(&UserId::new("u-jean"), "parti").await.unwrap();
}

async fn place(gateway: &Gateway, owner: &User, mailbox: &str, name: &str) {
    let mailbox = gateway.mailbox(owner, &MailboxName::parse(mailbox).unwrap()).await.unwrap().unwrap();
    let mut spool = gateway.spool();
    spool.write(&message(name)).await.unwrap();
    let message = spool.finish().await.unwrap();
    let appended = gateway.append(owner, &mailbox, message, AppendOptions::default()).await.unwrap();
    assert!(matches!(appended, Appended::At { .. }), "{name}: {appended:?}");
}

/// A message of `tests/transcripts/messages`: its lines end with CRLF on the wire.
pub(crate) fn message(name: &str) -> Vec<u8> {
    let path = transcripts().join("messages").join(format!("{name}.eml"));
    let octets = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut message = Vec::with_capacity(octets.len() + 100);
    for octet in octets {
        if octet == b'\n' && message.last() != Some(&b'\r') {
            message.push(b'\r');
        }
        message.push(octet);
    }
    message
}

/// The initial response of AUTH PLAIN (RFC 4616 §2).
pub(crate) fn plain_credentials(login: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(format!("\0{login}\0{PASSWORD}"))
}
