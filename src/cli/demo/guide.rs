//! PURE: what the demo prints: who is there, on which ports, and how to set Thunderbird up, with the words of its windows.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

use super::school::Person;
use super::settings::HOST_NAME;
use crate::cli::print;
use crate::config::Language;
use crate::ldap::dn::Tree;
use crate::server::Addresses;

/// What there is to log in to.
pub(super) struct School<'s> {
    pub domain: &'s str,
    pub folder: &'s Path,
    pub people: &'s [Person],
    pub password: &'s str,
}

/// The whole text.
pub(super) fn text(language: Language, school: &School<'_>, addresses: Addresses, bench_accounts: u32) -> String {
    let french = language == Language::Fr;
    let say = |fr: &'static str, en: &'static str| if french { fr } else { en };
    let port =
        |address: Option<SocketAddr>| address.map_or_else(|| "-".to_owned(), |address| address.port().to_string());
    let (imap, imaps) = (port(addresses.imap), port(addresses.imaps));
    let (submission, submissions) = (port(addresses.submission), port(addresses.submissions));
    let (ldap, http) = (port(addresses.ldap), port(addresses.http));
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{} {}  ({} {})\n",
        say("Passerelle, messagerie d'essai de", "Passerelle, trial messaging of"),
        school.domain,
        say("données dans", "data in"),
        school.folder.display()
    );
    let people = school.people.iter().map(|person| {
        vec![format!("  {}", person.address), school.password.to_owned(), format!("{}, {}", person.name, person.role)]
    });
    let head = [say("  adresse", "  address"), say("mot de passe", "password"), ""].map(str::to_owned).to_vec();
    let _ = writeln!(text, "{}\n", print::table(&std::iter::once(head).chain(people).collect::<Vec<_>>()));
    let ports = [
        ["  IMAP", imaps.as_str(), "SSL/TLS", imap.as_str(), "STARTTLS"],
        ["  SMTP", submissions.as_str(), "SSL/TLS", submission.as_str(), "STARTTLS"],
    ];
    let _ = writeln!(text, "  {} {HOST_NAME} (127.0.0.1)", say("hôte", "host"));
    let _ = writeln!(text, "{}", print::table(&ports.map(|row| row.map(str::to_owned).to_vec())));
    let web = say("santé et configuration automatique", "health and automatic set-up");
    let _ = writeln!(text, "  HTTP  {http}  {web}");
    let page = say(
        "votre page : se connecter avec l'adresse et le mot de passe",
        "your page: sign in with address and password",
    );
    let _ = writeln!(text, "  http://{HOST_NAME}:{http}/  {page}");
    let directory = say("annuaire, base", "directory, base");
    let _ = writeln!(text, "  LDAP  {ldap}  {directory} {}\n", Tree::new(school.domain).top());
    if bench_accounts > 0 {
        let _ = writeln!(
            text,
            "  {bench_accounts} {}\n",
            say("comptes pour les mesures : u0001 …", "accounts for load tests: u0001 …")
        );
    }
    let address = school.people.first().map_or("", |person| person.address.as_str());
    text.push_str(&if french {
        thunderbird_french(address, [&imaps, &submissions, &ldap], Tree::new(school.domain).top())
    } else {
        thunderbird_english(address, [&imaps, &submissions, &ldap], Tree::new(school.domain).top())
    });
    text
}

fn thunderbird_french(address: &str, [imaps, submissions, ldap]: [&str; 3], base: &str) -> String {
    format!(
        "\
Dans Thunderbird :
  1. Menu ≡ › « Nouveau compte » › « Adresse électronique » (ou « Paramètres des comptes » › « Gestion des comptes »
     › « Ajouter un compte de messagerie »).
  2. Nom, adresse ({address}), mot de passe, puis « Configuration manuelle ».
  3. Serveur entrant : IMAP, {HOST_NAME}, port {imaps}, « SSL/TLS », « Mot de passe normal », identifiant {address}
  4. Serveur sortant : SMTP, {HOST_NAME}, port {submissions}, « SSL/TLS », « Mot de passe normal », identifiant {address}
  5. « Terminé ». Le certificat a été fait sur place : « Confirmer l'exception de sécurité », une fois pour chaque serveur
     (à la première relève et au premier envoi).
  6. Annuaire : « Paramètres des comptes » › compte › « Rédaction et adressage » › « Utiliser un autre serveur LDAP » ›
     « Modifier les annuaires… » › « Ajouter » : nom d'hôte {HOST_NAME}, DN de base {base}, port {ldap},
     DN d'identification {address}. En écrivant, tapez trois lettres d'un nom.
Ctrl-C arrête le serveur.
"
    )
}

fn thunderbird_english(address: &str, [imaps, submissions, ldap]: [&str; 3], base: &str) -> String {
    format!(
        "\
In Thunderbird:
  1. Menu ≡ › \"New Account\" › \"Email\" (or \"Account Settings\" › \"Account Actions\" › \"Add Mail Account\").
  2. Name, address ({address}), password, then \"Configure manually\".
  3. Incoming server: IMAP, {HOST_NAME}, port {imaps}, \"SSL/TLS\", \"Normal password\", user name {address}
  4. Outgoing server: SMTP, {HOST_NAME}, port {submissions}, \"SSL/TLS\", \"Normal password\", user name {address}
  5. \"Done\". The certificate was made here: \"Confirm Security Exception\", once for each server
     (at the first look for mail and at the first sending).
  6. Directory: \"Account Settings\" › account › \"Composition & Addressing\" › \"Use a different LDAP server\" ›
     \"Edit Directories…\" › \"Add\": hostname {HOST_NAME}, base DN {base}, port {ldap}, bind DN {address}.
     When writing, type three letters of a name.
Ctrl-C stops the server.
"
    )
}
