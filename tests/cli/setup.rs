//! Automatic set-up over HTTP, as each kind of client asks for it.

use std::net::SocketAddr;
use std::process::Command;

use super::sandbox::Sandbox;
use super::server::{answer_to, http};

const REQUEST: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover xmlns=\"http://schemas.microsoft.com/\
    exchange/autodiscover/outlook/requestschema/2006\"><Request><EMailAddress>ADDRESS</EMailAddress>\
    <AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a\
    </AcceptableResponseSchema></Request></Autodiscover>";

async fn post(address: Option<SocketAddr>, path: &str, body: &str) -> String {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: text/xml\r\n");
    answer_to(address, &format!("{head}Content-Length: {length}\r\n\r\n{body}")).await
}

#[tokio::test]
async fn outlook_is_told_the_ports() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let addresses = server.addresses();
    for path in ["/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml", "/AutoDiscover/AutoDiscover.xml"] {
        let answer = post(addresses.http, path, &REQUEST.replace("ADDRESS", "Anne@School.test")).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        for address in [addresses.imap, addresses.imaps, addresses.submission, addresses.submissions] {
            assert!(answer.contains(&format!("<Port>{}</Port>", address.unwrap().port())), "{answer}");
        }
        assert!(answer.contains("<LoginName>anne@school.test</LoginName>"), "{answer}");
    }
    let elsewhere = post(addresses.http, "/autodiscover/autodiscover.xml", &REQUEST.replace("ADDRESS", "a@b.fr")).await;
    assert!(elsewhere.contains("<ErrorCode>500</ErrorCode>") && !elsewhere.contains("<Port>"), "{elsewhere}");
    let nonsense = post(addresses.http, "/autodiscover/autodiscover.xml", "{}").await;
    assert!(nonsense.starts_with("HTTP/1.1 400"), "{nonsense}");
    let huge = post(addresses.http, "/autodiscover/autodiscover.xml", &"<a>".repeat(10_000)).await;
    assert!(huge.starts_with("HTTP/1.1 413"), "{huge}");
    let json =
        http(addresses.http, "GET /autodiscover/autodiscover.json?Email=a%40school.test&Protocol=Autodiscoverv1");
    assert!(json.await.contains("/autodiscover/autodiscover.xml\""));
    let named =
        http(addresses.http, "GET /autodiscover/autodiscover.json/v1.0/a@school.test?Protocol=ActiveSync").await;
    assert!(named.starts_with("HTTP/1.1 400") && named.contains("InvalidProtocol"), "{named}");
    server.stop().await;
}

/// Read by Python's own reader of property lists.
#[tokio::test]
async fn an_iphone_gets_a_profile_without_a_password() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let addresses = server.addresses();
    let answer = http(addresses.http, "GET /mobileconfig?address=Anne%40school.test").await;
    assert!(answer.contains("content-type: application/x-apple-aspen-config"), "{answer}");
    assert!(answer.contains("cache-control: no-store"), "{answer}");
    let (_, profile) = answer.split_once("\r\n\r\n").unwrap();
    let file = sandbox.path("profile.mobileconfig");
    std::fs::write(&file, profile).unwrap();
    let script = "import plistlib, sys\n\
        p = plistlib.load(open(sys.argv[1], 'rb'))\n\
        m = p['PayloadContent'][0]\n\
        print(p['PayloadType'], m['PayloadType'], m['EmailAddress'], m['IncomingMailServerPortNumber'], \
        m['OutgoingMailServerPortNumber'], 'assword' in str(sorted(k for k in m if k not in \
        ('OutgoingPasswordSameAsIncomingPassword',))))";
    let read = Command::new("python3").args(["-c", script]).arg(&file).output().unwrap();
    let (imaps, submissions) = (addresses.imaps.unwrap().port(), addresses.submissions.unwrap().port());
    let expected = format!("Configuration com.apple.mail.managed anne@school.test {imaps} {submissions} False\n");
    assert_eq!(String::from_utf8_lossy(&read.stdout), expected, "{}", String::from_utf8_lossy(&read.stderr));
    for bad in ["a%40gmail.com", "a", "%3Cscript%3E%40school.test", "a%40school.test%0d%0ax"] {
        assert!(http(addresses.http, &format!("GET /mobileconfig?address={bad}")).await.starts_with("HTTP/1.1 404"));
    }
    assert!(http(addresses.http, "GET /mobileconfig").await.starts_with("HTTP/1.1 200"));
    server.stop().await;
}
