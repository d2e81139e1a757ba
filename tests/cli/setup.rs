//! Automatic set-up over HTTP, as each kind of client asks for it.

use std::net::SocketAddr;
use std::process::Command;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

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

/// Head and octets of an answer.
async fn octets(address: Option<SocketAddr>, path: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address.unwrap()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|octets| octets == b"\r\n\r\n").unwrap();
    (String::from_utf8(answer[..end].to_vec()).unwrap(), answer[end + 4..].to_vec())
}

fn ran(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The signature is looked at by OpenSSL, the profile by Python's own reader of property lists.
#[tokio::test]
async fn an_iphone_gets_a_signed_profile_without_a_password() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let addresses = server.addresses();
    let (head, signed) = octets(addresses.http, "/mobileconfig?address=Anne%40school.test").await;
    assert!(head.contains("content-type: application/x-apple-aspen-config"), "{head}");
    assert!(head.contains("cache-control: no-store"), "{head}");
    let [der, plain, authority] =
        ["profile.der", "profile.plist", "tls/cert.pem"].map(|name| sandbox.path(name).display().to_string());
    std::fs::write(&der, signed).unwrap();
    for program in ["cms", "smime"] {
        ran(
            "openssl",
            &[
                program, "-verify", "-purpose", "any", "-inform", "DER", "-in", &der, "-CAfile", &authority, "-out",
                &plain,
            ],
        );
    }
    let script = "import plistlib, sys\n\
        p = plistlib.load(open(sys.argv[1], 'rb'))\n\
        m, c = p['PayloadContent']\n\
        print(p['PayloadType'], m['PayloadType'], m['EmailAddress'], m['IncomingMailServerPortNumber'], \
        m['OutgoingMailServerPortNumber'], 'assword' in str(sorted(k for k in [*m, *c] if k not in \
        ('OutgoingPasswordSameAsIncomingPassword',))))\n\
        print(c['PayloadType'], c['CardDAVHostName'], c['CardDAVPort'], c['CardDAVUseSSL'], c['CardDAVUsername'])";
    let (imaps, submissions) = (addresses.imaps.unwrap().port(), addresses.submissions.unwrap().port());
    let expected = format!(
        "Configuration com.apple.mail.managed anne@school.test {imaps} {submissions} False\n\
         com.apple.carddav.account localhost 443 True anne@school.test\n"
    );
    assert_eq!(ran("python3", &["-c", script, &plain]), expected);
    let (head, code) = octets(addresses.http, "/mobileconfig.svg?address=Anne%40school.test").await;
    assert!(head.contains("content-type: image/svg+xml") && code.starts_with(b"<svg "), "{head}");
    assert!(http(addresses.http, "GET /mobileconfig.svg?address=a%40gmail.com").await.starts_with("HTTP/1.1 404"));
    for bad in ["a%40gmail.com", "a", "%3Cscript%3E%40school.test", "a%40school.test%0d%0ax"] {
        assert!(http(addresses.http, &format!("GET /mobileconfig?address={bad}")).await.starts_with("HTTP/1.1 404"));
    }
    assert!(http(addresses.http, "GET /mobileconfig").await.starts_with("HTTP/1.1 200"));
    server.stop().await;
}

/// With keys of every kind that authorities give certificates for.
#[tokio::test]
async fn profiles_are_signed_with_any_key() {
    let kinds: [&[&str]; 3] =
        [&["rsa:2048"], &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]];
    for kind in kinds {
        let sandbox = Sandbox::new();
        let [key, certificate, der, plain] = ["tls/key.pem", "tls/cert.pem", "profile.der", "profile.plist"]
            .map(|name| sandbox.path(name).display().to_string());
        let mut arguments = vec!["req", "-x509", "-nodes", "-days", "30", "-subj", "/O=École/CN=localhost"];
        arguments.extend(["-addext", "subjectAltName=DNS:localhost", "-keyout", &key, "-out", &certificate, "-newkey"]);
        arguments.extend(kind);
        ran("openssl", &arguments);
        let server = sandbox.start().await;
        let (_, signed) = octets(server.addresses().http, "/mobileconfig").await;
        std::fs::write(&der, signed).unwrap();
        ran("openssl", &["cms", "-verify", "-inform", "DER", "-in", &der, "-CAfile", &certificate, "-out", &plain]);
        assert!(std::fs::read_to_string(&plain).unwrap().starts_with("<?xml"), "{kind:?}");
        // One octet of another: the signature does not hold.
        let mut spoilt = std::fs::read(&der).unwrap();
        let at = spoilt.windows(5).position(|octets| octets == b"plist").unwrap();
        spoilt[at] = b'P';
        std::fs::write(&der, spoilt).unwrap();
        let arguments = ["cms", "-verify", "-inform", "DER", "-in", &der, "-CAfile", &certificate, "-out", &plain];
        assert!(!Command::new("openssl").args(arguments).output().unwrap().status.success(), "{kind:?}");
        server.stop().await;
    }
}
