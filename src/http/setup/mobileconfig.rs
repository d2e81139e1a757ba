//! PURE: the configuration profile by which an iPhone, an iPad or a Mac sets an account up (Apple's *Device Management*:
//! `com.apple.mail.managed`). Never a password inside: the device asks for it.

use super::{PublicPorts, Setup, escaped};
use crate::sentences::Sentence;

/// The profile, a property list; `None` where no encrypted way in or out is told. The same address gives the same
/// identifiers, so that a second one takes the place of the first.
pub fn document(setup: &Setup, address: Option<&str>) -> Option<String> {
    let PublicPorts { imap, imaps, submission, submissions } = setup.ports;
    // Apple's devices find out themselves which of the two it is: TLS from the start, or STARTTLS.
    let incoming = imaps.or(imap)?;
    let outgoing = submissions.or(submission)?;
    let whose = address.unwrap_or_default();
    let profile = Identity::new(setup, whose, "profile");
    let mail = Identity::new(setup, whose, "mail");
    let name = setup.account_name();
    let entries = [
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
    ];
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
         <plist version=\"1.0\">\n<dict>\n{}<key>PayloadContent</key>\n<array>\n<dict>\n{}</dict>\n</array>\n</dict>\n</plist>\n",
        outer.concat(),
        entries.concat()
    ))
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
        ] {
            assert!(text.contains(entry), "{entry}");
        }
        assert!(!text.contains("<key>IncomingPassword</key>") && !text.contains("<key>OutgoingPassword</key>"));
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
        assert_eq!(marie.len(), 2);
        assert_ne!(marie[0], marie[1]);
        assert_ne!(marie[0], uuids(Some("paul@ecole.fr"))[0]);
    }

    #[test]
    fn without_an_address_the_device_asks() {
        let text = document(&setup_for_tests(PORTS), None).unwrap();
        assert!(!text.contains("EmailAddress<") && !text.contains("Username"));
        assert_eq!(document(&setup_for_tests(PublicPorts::default()), None), None);
    }
}
