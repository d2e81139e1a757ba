//! Thunderbird, without a screen: `scripts/thunderbird.py` tells the stories. They run where `PASSERELLE_TEST_THUNDERBIRD`
//! is set: it is large, slow to start, and impatient on a busy machine.

use std::sync::{Mutex, PoisonError};

use crate::server::Server;
use crate::{Security, tell, tool};

/// Held by the story that runs: a Thunderbird is large, and impatient where it has to share a small machine.
static SCREEN: Mutex<()> = Mutex::new(());

/// One story, on a server that the other tests share.
fn story(security: Security, story: &str) {
    if std::env::var_os("PASSERELLE_TEST_THUNDERBIRD").is_none() {
        println!("skipped: PASSERELLE_TEST_THUNDERBIRD is not set");
        return;
    }
    let Some(_) = tool::find_optional("thunderbird", "thunderbird") else { return };
    let Some(python) = tool::find("python3", "python3") else { return };
    let _alone = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let server = Server::shared();
    tell(&python, "scripts/thunderbird.py", security, &[story, &server.http.to_string(), &server.https.to_string()]);
}

#[test]
fn thunderbird_sends_reads_files_deletes_and_restores() {
    story(Security::Plain, "letter");
    story(Security::StartTls, "letter");
    story(Security::Tls, "letter");
}

#[test]
fn thunderbird_writes_is_refused_and_sets_itself_up() {
    story(Security::Tls, "writing");
}

#[test]
fn thunderbird_is_set_up_from_an_address_and_finds_the_address_books() {
    story(Security::Tls, "account");
}

#[test]
fn thunderbird_twice_and_offline() {
    story(Security::Tls, "computers");
}
