//! PURE: Autodiscover, as Outlook asks for it: POX (Plain Old XML, [MS-OXDSCLI]) with the settings, and the JSON that only
//! points there.

use std::fmt::Write;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::json;

use super::{Setup, escaped};

const RESPONSE: &str = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";
const OUTLOOK: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

/// The address in the request's `EMailAddress`; `None` where it is no such request.
pub(super) fn address_asked(request: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(request).ok()?;
    let mut reader = Reader::from_str(text);
    let mut inside = false;
    let mut address = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => inside = start.local_name().as_ref().eq_ignore_ascii_case(b"EMailAddress"),
            Event::Text(text) if inside => address.push_str(&text.decode().ok()?),
            Event::End(_) if inside => break,
            // References and CDATA have no place in an address, nor a document type in a request.
            Event::DocType(_) | Event::Eof => return None,
            _ => {}
        }
    }
    let address = address.trim();
    (!address.is_empty()).then(|| address.to_owned())
}

/// The settings for an address of ours; for any other, that it is unknown here.
pub(super) fn document(setup: &Setup, asked: &str) -> String {
    let Some(address) = setup.address(asked) else {
        return error(500, "The email address can't be found.");
    };
    let address = escaped(&address);
    let mut protocols = String::new();
    let ports = &setup.ports;
    // The first of a kind is the one that is taken: TLS from the first octet.
    let ways = [
        ("IMAP", ports.imaps, true),
        ("IMAP", ports.imap, false),
        ("SMTP", ports.submissions, true),
        ("SMTP", ports.submission, false),
    ];
    for (kind, port, implicit) in ways {
        let Some(port) = port else { continue };
        // `Encryption` TLS means STARTTLS, and must not stand beside TLS from the first octet.
        let tls = if implicit { "<SSL>on</SSL>" } else { "<SSL>off</SSL><Encryption>TLS</Encryption>" };
        let host_name = escaped(&setup.host_name);
        // Writing to a String cannot fail.
        let _ = writeln!(
            protocols,
            "      <Protocol><Type>{kind}</Type><Server>{host_name}</Server><Port>{port}</Port>\
             <DomainRequired>off</DomainRequired><LoginName>{address}</LoginName><SPA>off</SPA>{tls}\
             <AuthRequired>on</AuthRequired></Protocol>"
        );
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <Autodiscover xmlns=\"{RESPONSE}\">\n  \
           <Response xmlns=\"{OUTLOOK}\">\n    \
             <User><DisplayName>{address}</DisplayName></User>\n    \
             <Account>\n      \
               <AccountType>email</AccountType>\n      \
               <Action>settings</Action>\n\
         {protocols}    \
             </Account>\n  \
           </Response>\n\
         </Autodiscover>\n"
    )
}

/// What to answer to what is no request.
pub(super) fn not_understood() -> String {
    error(600, "Invalid Request")
}

fn error(code: u16, message: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <Autodiscover xmlns=\"{RESPONSE}\">\n  \
           <Response><Error><ErrorCode>{code}</ErrorCode><Message>{message}</Message><DebugData/></Error></Response>\n\
         </Autodiscover>\n"
    )
}

/// Where the settings are, for clients that ask in JSON; `Err`: what to say to those that want another protocol.
pub(super) fn redirection(setup: &Setup, protocol: &str) -> Result<String, String> {
    if protocol.eq_ignore_ascii_case("AutodiscoverV1") {
        let url = format!("{}/autodiscover/autodiscover.xml", setup.url);
        return Ok(json!({ "Protocol": "AutodiscoverV1", "Url": url }).to_string());
    }
    let why = "The given protocol value is invalid. Supported values are: AutodiscoverV1";
    Err(json!({ "ErrorCode": "InvalidProtocol", "ErrorMessage": why }).to_string())
}

#[cfg(test)]
mod tests {
    use super::super::{PublicPorts, setup_for_tests};
    use super::*;

    const ALL: PublicPorts =
        PublicPorts { imap: Some(143), imaps: Some(993), submission: Some(587), submissions: Some(465) };

    fn request(inside: &str) -> String {
        let schema = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006";
        format!(
            "<?xml version=\"1.0\"?>\r\n<Autodiscover xmlns=\"{schema}\"><Request>{inside}</Request></Autodiscover>"
        )
    }

    #[test]
    fn the_address_is_found_and_nothing_else_is_taken_for_it() {
        let asked = |text: &str| address_asked(text.as_bytes());
        let whole =
            request("<AcceptableResponseSchema>x</AcceptableResponseSchema><EMailAddress> m@e.fr\n</EMailAddress>");
        assert_eq!(asked(&whole).as_deref(), Some("m@e.fr"));
        assert_eq!(asked("<a:EMailAddress xmlns:a=\"b\">m@e.fr</a:EMailAddress>").as_deref(), Some("m@e.fr"));
        for bad in [
            String::new(),
            "{}".to_owned(),
            request(""),
            request("<EMailAddress/>"),
            request("<EMailAddress></EMailAddress>"),
            request("<EMailAddress>m@e.fr"),
            request("<Other>m@e.fr</Other>"),
            "<!DOCTYPE a [<!ENTITY b \"c\">]><EMailAddress>&b;</EMailAddress>".to_owned(),
            "<a>".repeat(5000),
        ] {
            assert_eq!(asked(&bad), None, "{bad:.80}");
        }
        assert_eq!(address_asked(b"<EMailAddress>\xff</EMailAddress>"), None);
    }

    #[test]
    fn implicit_tls_has_no_encryption_element() {
        let text = document(&setup_for_tests(ALL), "Marie@ecole.fr");
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("<Protocol>")).collect();
        assert_eq!(lines.len(), 4);
        for (line, (kind, port)) in lines.iter().zip([("IMAP", 993), ("IMAP", 143), ("SMTP", 465), ("SMTP", 587)]) {
            assert!(line.contains(&format!("<Type>{kind}</Type>")) && line.contains(&format!("<Port>{port}</Port>")));
            assert!(line.contains("<SPA>off</SPA>") && line.contains("<LoginName>marie@ecole.fr</LoginName>"));
            let implicit = matches!(port, 993 | 465);
            assert_eq!(line.contains("<SSL>on</SSL>"), implicit);
            assert_eq!(line.contains("<Encryption>"), !implicit);
        }
    }

    #[test]
    fn another_domains_address_is_unknown_here() {
        for address in ["m@gmail.com", "<script>@ecole.fr", "x"] {
            let text = document(&setup_for_tests(ALL), address);
            assert!(text.contains("<ErrorCode>500</ErrorCode>") && !text.contains("<Protocol>"), "{address}");
        }
    }

    #[test]
    fn json_points_to_the_xml() {
        let setup = setup_for_tests(ALL);
        let expected = r#"{"Protocol":"AutodiscoverV1","Url":"https://mail.ecole.fr/autodiscover/autodiscover.xml"}"#;
        assert_eq!(redirection(&setup, "AutoDiscoverV1").as_deref(), Ok(expected));
        assert!(redirection(&setup, "ActiveSync").is_err());
    }
}
