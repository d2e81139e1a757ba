//! Tests of the demo: what it keeps, what it prints.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::guide::{School, text};
use super::memory::{Memory, new_password};
use super::school::four_people;
use crate::config::Language;
use crate::server::Addresses;

fn addresses() -> Addresses {
    let at = |port| Some(SocketAddr::from(([127, 0, 0, 1], port)));
    Addresses {
        imap: at(1143),
        imaps: at(1993),
        submission: at(1587),
        submissions: at(1465),
        ldap: at(1389),
        ldaps: None,
        https: None,
        http: at(1080),
        ..Addresses::default()
    }
}

#[test]
fn what_was_decided_is_kept_and_hidden_from_others() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Memory::read(folder.path()).unwrap(), None);
    let memory = Memory { password: "a: b".to_owned(), bench_accounts: 1200 };
    memory.write(folder.path(), &four_people("school.test")).unwrap();
    assert_eq!(Memory::read(folder.path()).unwrap(), Some(memory));
    let file = folder.path().join("demo-people.txt");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read_to_string(&file).unwrap().contains("@school.test"));
    std::fs::write(&file, "nonsense").unwrap();
    assert!(Memory::read(folder.path()).unwrap_err().to_string().contains("demo-people.txt"));
}

#[test]
fn passwords_are_long_and_differ() {
    let (one, two) = (new_password().unwrap(), new_password().unwrap());
    assert_eq!(one.len(), 16);
    assert_ne!(one, two);
}

#[test]
fn the_guide_tells_people_ports_and_steps_in_both_languages() {
    let people = four_people("school.test");
    let school = School { domain: "school.test", folder: Path::new("/d"), people: &people, password: "pw-1234" };
    for (language, step) in [(Language::Fr, "« Terminé »"), (Language::En, "\"Done\"")] {
        let text = text(language, &school, addresses(), 0);
        for person in &people {
            assert!(text.contains(&format!("{}  ", person.address)), "{text}");
        }
        for part in [
            "1143",
            "1993",
            "1587",
            "1465",
            "1389",
            "dc=school,dc=test",
            "1080",
            "localhost",
            "pw-1234",
            "SSL/TLS",
            "STARTTLS",
            step,
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        assert!(!text.contains("u0001"));
    }
    assert!(text(Language::Fr, &school, addresses(), 30).contains("30 comptes"));
}
