//! PURE: the DNS records by which clients find the service (RFC 6186, RFC 8314 §5.1, RFC 6764 §3), and by which nobody tries to send
//! internet mail to it or in its name (RFC 7505, RFC 7208, RFC 7489).

use super::{Setup, WebPlace};

/// Lines of a zone file, comments included.
pub fn records(setup: &Setup) -> Vec<String> {
    let (domain, host) = (&setup.domain, &setup.host_name);
    let ports = &setup.ports;
    let mut lines = vec![format!("; {domain}: where mail clients find their servers")];
    // A smaller priority is tried first: TLS from the first octet before STARTTLS.
    let services = [
        ("_imaps", 0, ports.imaps),
        ("_imap", 10, ports.imap),
        ("_submissions", 0, ports.submissions),
        ("_submission", 10, ports.submission),
    ];
    for (service, priority, port) in services {
        lines.push(match port {
            Some(port) => format!("{service}._tcp.{domain}.  IN SRV {priority} 1 {port} {host}."),
            // A lone dot: decidedly not there (RFC 2782).
            None => format!("{service}._tcp.{domain}.  IN SRV 0 0 0 ."),
        });
    }
    for service in ["_pop3", "_pop3s"] {
        lines.push(format!("{service}._tcp.{domain}.  IN SRV 0 0 0 ."));
    }
    lines.push("; address books".to_owned());
    if let Some(WebPlace { host_name, port }) = &setup.books {
        lines.push(format!("_carddavs._tcp.{domain}.  IN SRV 0 1 {port} {host_name}."));
        lines.push(format!("_carddavs._tcp.{domain}.  IN TXT \"path={}\"", crate::http::carddav::ROOT));
    } else {
        lines.push(format!("_carddavs._tcp.{domain}.  IN SRV 0 0 0 ."));
    }
    lines.push(format!("_carddav._tcp.{domain}.  IN SRV 0 0 0 ."));
    lines.push("; Thunderbird, K-9, FairEmail; Outlook".to_owned());
    lines.push(format!("autoconfig.{domain}.  IN CNAME {host}."));
    lines.push(format!("autodiscover.{domain}.  IN CNAME {host}."));
    lines.push(format!("_autodiscover._tcp.{domain}.  IN SRV 0 1 443 {host}."));
    lines.push("; no internet mail: nothing comes in, nothing is ever sent under this name".to_owned());
    lines.push(format!("{domain}.  IN MX 0 ."));
    lines.push(format!("{domain}.  IN TXT \"v=spf1 -all\""));
    lines.push(format!("_dmarc.{domain}.  IN TXT \"v=DMARC1; p=reject; sp=reject; adkim=s; aspf=s\""));
    lines
}

#[cfg(test)]
mod tests {
    use super::super::{PublicPorts, setup_for_tests};
    use super::*;

    #[test]
    fn open_ports_are_told_and_closed_ones_are_told_to_be_closed() {
        let ports = PublicPorts { imap: None, imaps: Some(1993), submission: Some(587), submissions: Some(465) };
        let lines = records(&setup_for_tests(ports));
        for line in [
            "_imaps._tcp.ecole.fr.  IN SRV 0 1 1993 mail.ecole.fr.",
            "_imap._tcp.ecole.fr.  IN SRV 0 0 0 .",
            "_submission._tcp.ecole.fr.  IN SRV 10 1 587 mail.ecole.fr.",
            "_carddavs._tcp.ecole.fr.  IN SRV 0 1 8443 mail.ecole.fr.",
            "_carddavs._tcp.ecole.fr.  IN TXT \"path=/dav/\"",
            "_carddav._tcp.ecole.fr.  IN SRV 0 0 0 .",
            "ecole.fr.  IN MX 0 .",
        ] {
            assert!(lines.iter().any(|known| known == line), "{line}");
        }
    }
}
