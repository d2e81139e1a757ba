//! PURE: the document from which Thunderbird and its kin set an account up by themselves
//! (Mozilla's *Autoconfiguration* format, version 1.1).

use std::fmt::Write;

use super::{Setup, WebPlace, escaped};

/// The document; `None` where no encrypted way in or no encrypted way out is told.
pub(super) fn document(setup: &Setup) -> Option<String> {
    let Setup { domain, host_name, ports, .. } = setup;
    // Clients take the first that they can speak: TLS from the first octet before STARTTLS (RFC 8314 §3).
    let incoming = [(ports.imaps, "SSL"), (ports.imap, "STARTTLS")];
    let outgoing = [(ports.submissions, "SSL"), (ports.submission, "STARTTLS")];
    let servers = [
        servers("incomingServer", "imap", host_name, incoming)?,
        servers("outgoingServer", "smtp", host_name, outgoing)?,
    ];
    let domain = escaped(domain);
    Some(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <clientConfig version=\"1.1\">\n  \
           <emailProvider id=\"{domain}\">\n    \
             <domain>{domain}</domain>\n    \
             <displayName>{}</displayName>\n    \
             <displayShortName>{domain}</displayShortName>\n\
         {}  </emailProvider>\n\
         {}</clientConfig>\n",
        escaped(&setup.account_name()),
        servers.concat(),
        address_book(setup)
    ))
}

/// Where address books are. Thunderbird finds them by itself (RFC 6764); others read this.
fn address_book(setup: &Setup) -> String {
    let Some(WebPlace { host_name, port }) = &setup.books else { return String::new() };
    let path = crate::http::carddav::ROOT;
    let url = escaped(&format!("https://{host_name}:{port}{path}"));
    format!(
        "  <addressBook type=\"carddav\">\n    \
             <username>%EMAILADDRESS%</username>\n    \
             <authentication>http-basic</authentication>\n    \
             <serverURL>{}</serverURL>\n  \
           </addressBook>\n",
        url.replacen(":443/", "/", 1)
    )
}

/// One element for each open port.
fn servers(element: &str, kind: &str, host_name: &str, ports: [(Option<u16>, &str); 2]) -> Option<String> {
    let mut text = String::new();
    for (port, socket) in ports {
        let Some(port) = port else { continue };
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "    <{element} type=\"{kind}\">\n      \
                   <hostname>{}</hostname>\n      \
                   <port>{port}</port>\n      \
                   <socketType>{socket}</socketType>\n      \
                   <authentication>password-cleartext</authentication>\n      \
                   <username>%EMAILADDRESS%</username>\n    \
                 </{element}>\n",
            escaped(host_name)
        );
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::super::PublicPorts;
    use super::*;
    use crate::sentences::Language;

    fn told(domain: &str, host_name: &str, ports: PublicPorts) -> Option<String> {
        let (domain, host_name) = (domain.to_owned(), host_name.to_owned());
        let books = Some(WebPlace { host_name: host_name.clone(), port: 443 });
        document(&Setup { domain, host_name, url: String::new(), ports, books, ldaps: None, language: Language::Fr })
    }

    #[test]
    fn it_holds_the_open_ports_and_escapes_names() {
        let ports = PublicPorts { imap: Some(143), imaps: None, submission: None, submissions: Some(1465) };
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="a&amp;b&lt;.fr">
    <domain>a&amp;b&lt;.fr</domain>
    <displayName>Messagerie a&amp;b&lt;.fr</displayName>
    <displayShortName>a&amp;b&lt;.fr</displayShortName>
    <incomingServer type="imap">
      <hostname>h&quot;&gt;.fr</hostname>
      <port>143</port>
      <socketType>STARTTLS</socketType>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>
    </incomingServer>
    <outgoingServer type="smtp">
      <hostname>h&quot;&gt;.fr</hostname>
      <port>1465</port>
      <socketType>SSL</socketType>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>
    </outgoingServer>
  </emailProvider>
  <addressBook type="carddav">
    <username>%EMAILADDRESS%</username>
    <authentication>http-basic</authentication>
    <serverURL>https://h&quot;&gt;.fr/dav/</serverURL>
  </addressBook>
</clientConfig>
"#;
        assert_eq!(told("a&b<.fr", "h\">.fr", ports).as_deref(), Some(expected));
    }

    #[test]
    fn implicit_tls_comes_first() {
        let ports = PublicPorts { imap: Some(1), imaps: Some(2), submission: Some(3), submissions: Some(4) };
        let text = told("a.fr", "a.fr", ports).unwrap();
        let order: Vec<_> = ["<port>2<", "<port>1<", "<port>4<", "<port>3<"].map(|port| text.find(port)).into();
        assert!(order.iter().all(Option::is_some) && order.is_sorted());
    }

    #[test]
    fn one_way_only_is_nothing_to_set_up() {
        assert_eq!(told("a.fr", "a.fr", PublicPorts { imaps: Some(993), ..PublicPorts::default() }), None);
        assert_eq!(told("a.fr", "a.fr", PublicPorts { submission: Some(587), ..PublicPorts::default() }), None);
    }
}
