//! PURE: the configuration profile by which an iPhone, an iPad or a Mac sets an account up (Apple's *Device Management*:
//! `com.apple.mail.managed`, `com.apple.carddav.account`, `com.apple.ldap.account`). Never a password inside: the device asks for it.

use super::{PublicPorts, Setup, WebPlace, escaped};
use crate::sentences::Sentence;

/// Of LDAPS.
const LDAPS_PORT: u16 = 636;

/// The profile, a property list; `None` where no encrypted way in or out is told. The same address gives the same
/// identifiers, so that a second one takes the place of the first.
pub fn document(setup: &Setup, address: Option<&str>) -> Option<String> {
    let PublicPorts { imap, imaps, submission, submissions } = setup.ports;
    // Apple's devices find out themselves which of the two it is: TLS from the start, or STARTTLS.
    let incoming = imaps.or(imap)?;
    let outgoing = submissions.or(submission)?;
    let whose = address.unwrap_or_default();
    let profile = Identity::new(setup, whose, "profile");
    let name = setup.account_name();
    let payloads = [
        Some(mail(setup, address, incoming, outgoing)),
        setup.books.as_ref().map(|place| books(setup, address, place)),
        setup.ldaps.filter(|port| *port == LDAPS_PORT).map(|_| directory(setup, address)),
    ];
    let payloads: String =
        payloads.into_iter().flatten().map(|payload| format!("<dict>\n{payload}</dict>\n")).collect();
    let outer = [
        string("PayloadType", "Configuration"),
        profile.entries(),
        string("PayloadDisplayName", &name),
        string("PayloadDescription", &Sentence::ProfileExplained.text(setup.language)),
        string("PayloadOrganization", &setup.domain),
    ];
    Some(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n<dict>\n{}<key>PayloadContent</key>\n<array>\n{payloads}</array>\n</dict>\n</plist>\n",
        outer.concat(),
    ))
}

/// The mail account.
fn mail(setup: &Setup, address: Option<&str>, incoming: u16, outgoing: u16) -> String {
    let mail = Identity::new(setup, address.unwrap_or_default(), "mail");
    let name = setup.account_name();
    [
        string("PayloadType", "com.apple.mail.managed"),
        mail.entries(),
        string("PayloadDisplayName", &name),
        string("EmailAccountDescription", &name),
        string("EmailAccountType", "EmailTypeIMAP"),
        address.map(|address| string("EmailAddress", address)).unwrap_or_default(),
        server(setup, "Incoming", incoming, address),
        server(setup, "Outgoing", outgoing, address),
        truth("OutgoingPasswordSameAsIncomingPassword", true),
        // Pupils' letters stay in this account: they are neither moved to another one nor sent by other apps' accounts.
        truth("PreventMove", true),
        truth("disableMailRecentsSyncing", true),
    ]
    .concat()
}

/// The address books.
fn books(setup: &Setup, address: Option<&str>, place: &WebPlace) -> String {
    let name = setup.account_name();
    [
        string("PayloadType", "com.apple.carddav.account"),
        Identity::new(setup, address.unwrap_or_default(), "carddav").entries(),
        string("PayloadDisplayName", &name),
        string("CardDAVAccountDescription", &name),
        string("CardDAVHostName", &place.host_name),
        number("CardDAVPort", place.port),
        truth("CardDAVUseSSL", true),
        address.map(|address| string("CardDAVUsername", address)).unwrap_or_default(),
    ]
    .concat()
}

/// The directory, in which the whole domain is searched as one types. The payload has no place for another port.
fn directory(setup: &Setup, address: Option<&str>) -> String {
    let name = setup.account_name();
    let base: Vec<String> = setup.domain.split('.').map(|label| format!("dc={label}")).collect();
    let search = [
        string("LDAPSearchSettingDescription", &name),
        string("LDAPSearchSettingScope", "LDAPSearchSettingScopeSubtree"),
        string("LDAPSearchSettingSearchBase", &base.join(",")),
    ];
    [
        string("PayloadType", "com.apple.ldap.account"),
        Identity::new(setup, address.unwrap_or_default(), "ldap").entries(),
        string("PayloadDisplayName", &name),
        string("LDAPAccountDescription", &name),
        string("LDAPAccountHostName", &setup.host_name),
        truth("LDAPAccountUseSSL", true),
        address.map(|address| string("LDAPAccountUserName", address)).unwrap_or_default(),
        format!("<key>LDAPSearchSettings</key>\n<array>\n<dict>\n{}</dict>\n</array>\n", search.concat()),
    ]
    .concat()
}

/// `which`: `Incoming` or `Outgoing`.
fn server(setup: &Setup, which: &str, port: u16, address: Option<&str>) -> String {
    [
        string(&format!("{which}MailServerHostName"), &setup.host_name),
        number(&format!("{which}MailServerPortNumber"), port),
        truth(&format!("{which}MailServerUseSSL"), true),
        string(&format!("{which}MailServerAuthentication"), "EmailAuthPassword"),
        address.map(|address| string(&format!("{which}MailServerUsername"), address)).unwrap_or_default(),
    ]
    .concat()
}

/// Who a payload is.
struct Identity {
    identifier: String,
    uuid: uuid::Uuid,
}

impl Identity {
    fn new(setup: &Setup, whose: &str, what: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in [setup.domain.as_str(), whose, what] {
            hasher.update(part.as_bytes()).update(&[0]);
        }
        let mut octets = [0; 16];
        hasher.finalize_xof().fill(&mut octets);
        let reversed: Vec<&str> = setup.domain.rsplit('.').collect();
        Self {
            identifier: format!("{}.messagerie.{what}", reversed.join(".")),
            uuid: uuid::Builder::from_custom_bytes(octets).into_uuid(),
        }
    }

    fn entries(&self) -> String {
        [
            number("PayloadVersion", 1),
            string("PayloadIdentifier", &self.identifier),
            string("PayloadUUID", &self.uuid.to_string().to_uppercase()),
        ]
        .concat()
    }
}

fn string(key: &str, value: &str) -> String {
    format!("<key>{key}</key>\n<string>{}</string>\n", escaped(value))
}

fn number(key: &str, value: u16) -> String {
    format!("<key>{key}</key>\n<integer>{value}</integer>\n")
}

fn truth(key: &str, value: bool) -> String {
    format!("<key>{key}</key>\n<{value}/>\n")
}

#[cfg(test)]
mod tests {
    use super::super::setup_for_tests;
    use super::*;

    const PORTS: PublicPorts = PublicPorts { imap: None, imaps: Some(993), submission: Some(587), submissions: None };

    #[test]
    fn it_has_the_servers_and_the_address_and_no_password() {
        let text = document(&setup_for_tests(PORTS), Some("marie@ecole.fr")).unwrap();
        for entry in [
            "<key>EmailAddress</key>\n<string>marie@ecole.fr</string>",
            "<key>IncomingMailServerPortNumber</key>\n<integer>993</integer>",
            "<key>OutgoingMailServerPortNumber</key>\n<integer>587</integer>",
            "<key>OutgoingMailServerUsername</key>\n<string>marie@ecole.fr</string>",
            "<key>IncomingMailServerUseSSL</key>\n<true/>",
            "<string>fr.ecole.messagerie.profile</string>",
            "<key>CardDAVHostName</key>\n<string>mail.ecole.fr</string>\n<key>CardDAVPort</key>\n<integer>8443</integer>",
            "<key>CardDAVUsername</key>\n<string>marie@ecole.fr</string>",
            "<key>LDAPAccountHostName</key>\n<string>mail.ecole.fr</string>",
            "<key>LDAPSearchSettingSearchBase</key>\n<string>dc=ecole,dc=fr</string>",
        ] {
            assert!(text.contains(entry), "{entry}");
        }
        for secret in ["IncomingPassword", "OutgoingPassword", "CardDAVPassword", "LDAPAccountPassword"] {
            assert!(!text.contains(&format!("<key>{secret}</key>")), "{secret}");
        }
        let elsewhere = Setup { ldaps: Some(1636), books: None, ..setup_for_tests(PORTS) };
        let text = document(&elsewhere, Some("marie@ecole.fr")).unwrap();
        assert!(!text.contains("com.apple.ldap") && !text.contains("com.apple.carddav"));
    }

    #[test]
    fn identifiers_are_stable_and_a_persons_own() {
        let setup = setup_for_tests(PORTS);
        let uuids = |address: Option<&str>| -> Vec<String> {
            let text = document(&setup, address).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            let pairs = lines.windows(2).filter(|pair| pair[0].contains("PayloadUUID"));
            pairs.map(|pair| pair[1].to_owned()).collect()
        };
        let marie = uuids(Some("marie@ecole.fr"));
        assert_eq!(marie, uuids(Some("marie@ecole.fr")));
        assert_eq!(marie.len(), 4);
        assert_eq!(marie.iter().collect::<std::collections::HashSet<_>>().len(), 4);
        assert_ne!(marie[0], uuids(Some("paul@ecole.fr"))[0]);
    }

    #[test]
    fn without_an_address_the_device_asks() {
        let text = document(&setup_for_tests(PORTS), None).unwrap();
        assert!(!text.contains("EmailAddress<") && !text.contains("Username"));
        assert_eq!(document(&setup_for_tests(PublicPorts::default()), None), None);
    }
}
