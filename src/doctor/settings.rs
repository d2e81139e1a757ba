//! PURE: what a client reads out of the settings that it is given: Mozilla's autoconfig, Microsoft's autodiscover (POX), Apple's
//! profile. Only as much as tells where to connect.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::net::{Endpoint, Service};

/// Elements of a document that are looked at.
const ELEMENTS_MAX: usize = 2000;

/// The text of every element, by its path: `clientConfig/emailProvider/incomingServer/port`, in their order.
fn elements(document: &str) -> Option<Vec<(String, String)>> {
    let mut reader = Reader::from_str(document);
    let (mut path, mut found): (Vec<String>, Vec<(String, String)>) = (Vec::new(), Vec::new());
    for _ in 0..ELEMENTS_MAX * 4 {
        match reader.read_event().ok()? {
            Event::Start(element) => {
                path.push(String::from_utf8_lossy(element.local_name().as_ref()).into_owned());
                found.push((path.join("/"), String::new()));
                if found.len() > ELEMENTS_MAX || path.len() > 32 {
                    return None;
                }
            }
            Event::End(_) => {
                path.pop()?;
            }
            Event::Text(text) => {
                let at = path.join("/");
                let text = text.decode().ok()?;
                if let Some((_, value)) = found.iter_mut().rev().find(|(known, _)| *known == at) {
                    value.push_str(text.trim());
                }
            }
            Event::Eof => return path.is_empty().then_some(found),
            _ => {}
        }
    }
    None
}

/// Values of elements below the one at `path`, one group for each time that it stands there.
fn groups<'d>(elements: &'d [(String, String)], path: &str) -> Vec<Vec<(&'d str, &'d str)>> {
    let mut groups = Vec::new();
    for (at, value) in elements {
        if at == path {
            groups.push(Vec::new());
        } else if let Some(name) = at.strip_prefix(path).and_then(|rest| rest.strip_prefix('/'))
            && let Some(group) = groups.last_mut()
        {
            group.push((name, value.as_str()));
        }
    }
    groups
}

fn value<'d>(group: &[(&'d str, &'d str)], name: &str) -> Option<&'d str> {
    group.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// Autoconfig: the first server in, the first server out. `None`: nothing that a client could use.
pub(super) fn autoconfig(document: &str) -> Option<[Endpoint; 2]> {
    let elements = elements(document)?;
    let first = |element: &str, [encrypted, plain]: [Service; 2]| {
        let path = format!("clientConfig/emailProvider/{element}");
        let group = groups(&elements, &path).into_iter().next()?;
        let service = match value(&group, "socketType")? {
            "SSL" => encrypted,
            "STARTTLS" => plain,
            _ => return None,
        };
        endpoint(service, value(&group, "hostname")?, value(&group, "port")?)
    };
    Some([
        first("incomingServer", [Service::Imaps, Service::Imap])?,
        first("outgoingServer", [Service::Submissions, Service::Submission])?,
    ])
}

/// Autodiscover: `SSL on` on a port of implicit TLS, as Outlook reads it.
pub(super) fn autodiscover(document: &str) -> Option<[Endpoint; 2]> {
    let elements = elements(document)?;
    let groups = groups(&elements, "Autodiscover/Response/Account/Protocol");
    let first = |kind: &str, [encrypted, plain]: [Service; 2]| {
        let group = groups.iter().find(|group| value(group, "Type") == Some(kind))?;
        let service = match (value(group, "SSL"), value(group, "Encryption")) {
            (_, Some(encryption)) if encryption.eq_ignore_ascii_case("TLS") => plain,
            (Some(ssl), _) if ssl.eq_ignore_ascii_case("on") => encrypted,
            _ => return None,
        };
        endpoint(service, value(group, "Server")?, value(group, "Port")?)
    };
    Some([first("IMAP", [Service::Imaps, Service::Imap])?, first("SMTP", [Service::Submissions, Service::Submission])?])
}

/// Apple's profile: keys and values follow each other. A signed one holds the same text among its octets.
pub(super) fn profile(document: &str) -> Option<[Endpoint; 2]> {
    let of = |key: &str, element: [&str; 2]| {
        let (_, rest) = document.split_once(&format!("<key>{key}</key>"))?;
        let (_, rest) = rest.split_once(element[0])?;
        rest.split_once(element[1]).map(|(value, _)| value.trim())
    };
    let one = |way: &str, [encrypted, plain]: [Service; 2]| {
        let host = of(&format!("{way}MailServerHostName"), ["<string>", "</string>"])?;
        let port = of(&format!("{way}MailServerPortNumber"), ["<integer>", "</integer>"])?;
        // Apple's devices take one switch for both, and try what the port is for.
        let service = if ["143", "587"].contains(&port) { plain } else { encrypted };
        endpoint(service, host, port)
    };
    Some([
        one("Incoming", [Service::Imaps, Service::Imap])?,
        one("Outgoing", [Service::Submissions, Service::Submission])?,
    ])
}

fn endpoint(service: Service, host: &str, port: &str) -> Option<Endpoint> {
    let is_name = !host.is_empty() && host.bytes().all(|octet| octet.is_ascii_alphanumeric() || b".-".contains(&octet));
    is_name.then_some(Endpoint { service, host: host.to_owned(), port: port.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn autoconfig_is_read_as_thunderbird_reads_it() {
        let server = |element: &str, port: u16, socket: &str| {
            format!(
                "<{element} type=\"x\"><hostname>m.fr</hostname><port>{port}</port><socketType>{socket}</socketType></{element}>"
            )
        };
        let document = |servers: &str| {
            format!(
                "<?xml version=\"1.0\"?><clientConfig><emailProvider id=\"e\">{servers}</emailProvider></clientConfig>"
            )
        };
        let (imap, smtp) = (server("incomingServer", 993, "SSL"), server("outgoingServer", 587, "STARTTLS"));
        let [incoming, outgoing] = autoconfig(&document(&format!("{imap}{smtp}"))).unwrap();
        assert_eq!(
            (incoming.place(), outgoing.place()),
            ("imaps m.fr:993".to_owned(), "submission m.fr:587".to_owned())
        );
        for broken in [
            document(&imap),
            document(""),
            "<a>".to_owned(),
            String::new(),
            "<html></html>".to_owned(),
            document(&format!("{imap}{}", server("outgoingServer", 25, "plain"))),
        ] {
            assert_eq!(autoconfig(&broken), None, "{broken}");
        }
    }

    #[test]
    fn autodiscover_is_read_as_outlook_reads_it() {
        let protocol = |kind: &str, port: u16| {
            format!("<Protocol><Type>{kind}</Type><Server>m.fr</Server><Port>{port}</Port><SSL>on</SSL></Protocol>")
        };
        let document = format!(
            "<Autodiscover><Response><Account>{}{}</Account></Response></Autodiscover>",
            protocol("IMAP", 993),
            protocol("SMTP", 465)
        );
        let [incoming, outgoing] = autodiscover(&document).unwrap();
        assert_eq!((incoming.port, outgoing.port), (993, 465));
        assert_eq!(autodiscover("<Autodiscover><Response><Error/></Response></Autodiscover>"), None);
    }
}
