//! PURE: the doctor's findings in English.

use super::{Part, Remark};

pub(super) const fn heading(part: Part) -> &'static str {
    match part {
        Part::Health => "Health of the server",
        Part::Certificate => "Certificate",
        Part::Ports => "Mail ports",
        Part::Thunderbird => "Thunderbird",
        Part::Apple => "iPhone, iPad, Mac",
        Part::Outlook => "Outlook",
        Part::AddressBook => "Address book (CardDAV)",
        Part::Directory => "Directory (LDAP)",
        Part::Dns => "DNS",
        Part::Clock => "Clock",
        Part::Disk => "Disk",
    }
}

type Words = (String, Option<&'static str>);

const TELL_OPEN: &str =
    "See that the service runs, that [listen] names this port, and that the firewall lets it through.";
const RENEW: &str = "Renew the certificate, then: passerelle reload.";
const CLIENTS_DNS: &str = "Put the lines that \"passerelle dns\" prints into the zone.";

#[expect(clippy::too_many_lines, reason = "a table: one entry for each remark")]
pub(super) fn told(remark: &Remark) -> Words {
    match remark {
        Remark::Healthy => ("the server says that it is ready".to_owned(), None),
        Remark::Unhealthy { status } => (
            format!("the server does not say that it is ready (HTTP {status})"),
            Some("Perhaps the database does not answer: see the log of the service."),
        ),
        Remark::Unresolved { host } => (format!("the name {host} is not in the DNS"), Some("Add an A or AAAA record.")),
        Remark::Closed { place } => (format!("{place}: closed"), Some(TELL_OPEN)),
        Remark::Silent { place } => (format!("{place}: no answer in time"), Some(TELL_OPEN)),
        Remark::NoTls { place, why } => (
            format!("{place}: no encrypted connection ({why})"),
            Some("See that this is the port with TLS from the first octet."),
        ),
        Remark::Strange { place, said } => (
            format!("{place}: another service answers (\"{said}\")"),
            Some("Another program, or a proxy, holds this port."),
        ),
        Remark::NoStartTls { place } => {
            (format!("{place}: STARTTLS is not offered"), Some("It takes a certificate: [tls] in the configuration."))
        }
        Remark::Open { place } => (format!("{place}: open and encrypted"), None),
        Remark::LoggedIn { place } => (format!("{place}: logged in with the address and the password"), None),
        Remark::NotTried { place } => (format!("{place}: open and encrypted; no login was tried"), None),
        Remark::NotTrusted { place } => (
            format!("{place}: the password was not sent, for the certificate is not right"),
            Some("Mend the certificate first (above)."),
        ),
        Remark::LoginRefused { place, said } => (
            format!("{place}: login refused (\"{said}\")"),
            Some("Check address and password; \"passerelle user show\" says whether the account is suspended."),
        ),
        Remark::CertificateExpired { place, days } => {
            (format!("{place}: the certificate expired {days} day(s) ago"), Some(RENEW))
        }
        Remark::CertificateTooNew { place } => (
            format!("{place}: the certificate is not valid yet"),
            Some("Check the certificate's dates and the clock of this machine."),
        ),
        Remark::CertificateName { place, host } => (
            format!("{place}: the certificate does not carry the name {host}"),
            Some("Get a certificate for all names that clients use, then: passerelle reload."),
        ),
        Remark::CertificateUnknown { place } => (
            format!("{place}: no known authority vouches for the certificate, or its chain is not whole"),
            Some("Put the whole chain into tls.certificate; for an authority of your own: --ca-file."),
        ),
        Remark::CertificateBad { place, why } => (format!("{place}: certificate refused ({why})"), Some(RENEW)),
        Remark::CertificateEnds { days } => (format!("the certificate ends in {days} day(s)"), Some(RENEW)),
        Remark::CertificateFine { days, host } => {
            (format!("good for {host}, {days} more day(s), the same on every port"), None)
        }
        Remark::CertificatesDiffer { place } => (
            format!("{place} shows another certificate than the other ports"),
            Some("After a renewal, every service must read its certificate again."),
        ),
        Remark::SettingsMissing { url, answer } => (
            format!("no settings at {url} ({answer})"),
            Some("Open listen.https (or the proxy), and put the names that \"passerelle dns\" prints into the DNS."),
        ),
        Remark::SettingsNotTrusted { url } => (
            format!("{url}: settings passed over, for the certificate is not right"),
            Some("Mend the certificate first (above)."),
        ),
        Remark::SettingsUnreadable { url } => (
            format!("the settings at {url} are unreadable or not whole"),
            Some("Perhaps another web server answers there."),
        ),
        Remark::SettingsSlow { url, milliseconds } => (
            format!("{url} takes {milliseconds} ms: too slow for clients"),
            Some("Look for what slows it down: a proxy, the DNS, a busy machine."),
        ),
        Remark::SettingsFound { url } => (format!("settings found at {url}"), None),
        Remark::ClientStuck { place } => {
            (format!("the settings lead to {place}, which does not work"), Some("See this port above."))
        }
        Remark::ClientReady => ("sets itself up with the address and the password".to_owned(), None),
        Remark::AddressBookMissing { url } => {
            (format!("nothing at {url}"), Some("Without CardDAV address books do not fill by themselves."))
        }
        Remark::AddressBookOpen { url } => {
            (format!("{url} answers without a password"), Some("Perhaps another web server answers there."))
        }
        Remark::AddressBookFound { url } => (format!("found at {url}"), None),
        Remark::DirectoryFound { place } => (format!("{place}: the directory answers"), None),
        Remark::DirectoryRefuses { place, code, said } => {
            (format!("{place}: the directory refuses (code {code}, \"{said}\")"), Some("See docs/troubleshoot.md."))
        }
        Remark::NotOffered => ("not offered".to_owned(), None),
        Remark::NameMissing { name } => (format!("{name} is not there"), Some(CLIENTS_DNS)),
        Remark::NameFound { name } => (format!("{name} is there"), None),
        Remark::RecordMissing { record } => (format!("missing: {record}"), Some(CLIENTS_DNS)),
        Remark::RecordDiffers { name, found, wanted } => {
            (format!("{name} says \"{found}\" instead of \"{wanted}\""), Some(CLIENTS_DNS))
        }
        Remark::RecordsFound { count } => (format!("{count} SRV records are in place"), None),
        Remark::DnsSilent { server } => (
            format!("the name server {server} does not answer"),
            Some("See /etc/resolv.conf, or name another: --dns-server."),
        ),
        Remark::DnsNotAsked => ("not checked (--at or --no-dns)".to_owned(), None),
        Remark::ClockFine { seconds } => (format!("the server's is {seconds} s from the one here"), None),
        Remark::ClockWrong { seconds } => (
            format!("the server's is {seconds} s from the one here"),
            Some("Set the time of both machines by NTP: dates of messages and certificates hang on it."),
        ),
        Remark::StoreClockWrong { seconds } => {
            (format!("the database's is {seconds} s from the server's"), Some("Set the time of both machines by NTP."))
        }
        Remark::ClockUnknown => ("the server did not tell the time".to_owned(), None),
        Remark::DiskFine { folder, free_percent } => (format!("{folder}: {free_percent}% free"), None),
        Remark::DiskLow { folder, free_percent, free_megabytes } => (
            format!("{folder}: {free_percent}% free ({free_megabytes} MB)"),
            Some("Give the disk more room, or see docs/operate.md, \"What grows\"."),
        ),
        Remark::DiskUnknown { folder, why } => {
            (format!("{folder}: free room is not known ({why})"), Some("Run this on the server's machine."))
        }
    }
}
