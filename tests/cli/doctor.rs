//! `passerelle doctor` against servers: a healthy one, and one that is ill in each way that people call about.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::process::Output;

use passerelle::domain::clock::Clock;
use passerelle::model::Timestamp;
use passerelle::server;
use passerelle::tls::make_certificate;
use serde_json::Value;

use crate::sandbox::{Running, Sandbox};

const PASSWORD: &str = "un mot de passe jamais montré";
const NAMES: [&str; 4] = ["school.test", "localhost", "autoconfig.school.test", "autodiscover.school.test"];
const SERVICES: [&str; 7] = ["imap", "imaps", "submission", "submissions", "ldap", "ldaps", "https"];

/// A server on ports of its own, and somebody who has a password.
struct Site {
    sandbox: Sandbox,
    _server: Running,
    ports: Vec<u16>,
}

impl Site {
    fn new() -> Self {
        Self::with(&NAMES, Clock::system().now())
    }

    /// With a certificate for these names, made then.
    fn with(names: &[&str], made_at: Timestamp) -> Self {
        let sandbox = Sandbox::with("ldap = \"127.0.0.1:0\"\nldaps = \"127.0.0.1:0\"\n");
        make_certificate(&sandbox.path("fresh"), names, made_at).unwrap();
        for file in ["cert.pem", "key.pem"] {
            std::fs::copy(sandbox.path("fresh").join(file), sandbox.path("tls").join(file)).unwrap();
        }
        let ports: Vec<u16> = free_ports(SERVICES.len());
        for (service, port) in SERVICES.iter().zip(&ports) {
            let any = format!("\n{service} = \"127.0.0.1:0\"");
            sandbox.set(&any, &format!("\n{service} = \"127.0.0.1:{port}\""));
        }
        sandbox.set("[tls]", &format!("[public]\nurl = \"https://localhost:{}\"\n[tls]", ports[6]));
        let school = sandbox.write_school();
        let server = sandbox.serve();
        sandbox.done(&["import", school.to_str().unwrap()], "");
        sandbox.done(&["user", "set-password", "anna.un"], &format!("{PASSWORD}\n"));
        std::fs::write(sandbox.path("password"), format!("{PASSWORD}\n")).unwrap();
        Self { sandbox, _server: server, ports }
    }

    /// Runs the doctor; what it prints never holds the password.
    fn doctor(&self, more: &[&str]) -> (Option<i32>, String) {
        let (certificate, password) = (self.sandbox.path("tls/cert.pem"), self.sandbox.path("password"));
        let mut arguments = vec!["doctor", "--at", "127.0.0.1", "--ca-file", certificate.to_str().unwrap()];
        if !more.contains(&"--address") {
            arguments.extend(["--address", "anna.un@school.test"]);
        }
        if !more.contains(&"--password-file") {
            arguments.extend(["--password-file", password.to_str().unwrap()]);
        }
        arguments.extend(more);
        let Output { status, stdout, stderr } = self.sandbox.run(&arguments, "");
        let text = [stdout, stderr].map(|octets| String::from_utf8_lossy(&octets).into_owned()).concat();
        assert!(!text.contains(PASSWORD) && !text.contains("faux mot"), "{text}");
        (status.code(), text)
    }

    fn port(&self, service: &str) -> u16 {
        self.ports[SERVICES.iter().position(|known| *known == service).unwrap()]
    }
}

/// All at once, so that they differ.
fn free_ports(count: usize) -> Vec<u16> {
    let sockets: Vec<_> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    sockets.iter().map(|socket| socket.local_addr().unwrap().port()).collect()
}

/// The lines of a page that are not fine. The disk is that of whoever runs the test.
fn ill(page: &str) -> Vec<&str> {
    let is_ill = |line: &&str| line.starts_with("  EN PANNE") || line.starts_with("  attention");
    page.lines().filter(|line| is_ill(line) && !line.contains("% libres")).collect()
}

#[test]
fn a_healthy_server() {
    let site = Site::new();
    let (code, page) = site.doctor(&[]);
    assert_eq!((code, ill(&page)), (Some(0), vec![]), "{page}");
    for service in ["imaps", "imap", "submissions", "submission"] {
        let line = format!("{service} localhost:{} : connexion réussie", site.port(service));
        assert!(page.contains(&line), "{line}\n{page}");
    }
    assert_eq!(page.matches("se configure tout seul").count(), 3, "{page}");
    for part in ["Santé du serveur", "Certificat", "CardDAV", "l'annuaire répond", "Horloge", "Disque", "0 panne(s)"]
    {
        assert!(page.contains(part), "{part}\n{page}");
    }
    let (code, text) = site.doctor(&["--json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, Some(0), "{text}");
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.len() > 10 && report["weight"].is_string());
    // The disk that tests run on may be full.
    let ill = findings.iter().find(|finding| finding["weight"] != "fine" && finding["part"] != "disk");
    assert!(ill.is_none(), "{ill:?}");
    assert!(report["findings"][0]["what"].is_string() && report["findings"][0]["to_do"].is_null());
    let clock = passerelle::control::AdminCommand::StoreClock;
    let socket = site.sandbox.config().control_socket();
    let asking = passerelle::control::ask(&socket, &clock);
    let answer = tokio::runtime::Runtime::new().unwrap().block_on(asking).unwrap();
    assert_eq!(answer, Some(passerelle::control::AdminAnswer::StoreClock { seconds_ahead: 0 }));
    let (_, page) = site.doctor(&["--language", "en"]);
    assert!(page.contains("sets itself up") && page.contains("0 broken"), "{page}");
}

#[test]
fn a_wrong_password_is_tried_once() {
    let site = Site::new();
    std::fs::write(site.sandbox.path("wrong"), "faux mot\n").unwrap();
    let wrong = site.sandbox.path("wrong");
    let (code, page) = site.doctor(&["--password-file", wrong.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{page}");
    assert_eq!(page.matches("connexion refusée").count(), 1, "{page}");
    assert!(page.contains("connexion non essayée"), "{page}");
    // The account's tries are not used up by it.
    assert_eq!(site.doctor(&[]).0, Some(0));
}

#[test]
fn a_certificate_without_the_name_gets_no_password() {
    let site = Site::with(&["school.test", "autoconfig.school.test"], Clock::system().now());
    let url = format!("https://mail.school.test:{}", site.port("https"));
    let (code, page) = site.doctor(&["--host", "mail.school.test", "--url", &url]);
    assert_eq!(code, Some(1), "{page}");
    assert!(page.contains("le certificat ne porte pas le nom mail.school.test"), "{page}");
    let imaps = format!("imaps mail.school.test:{} : mot de passe non envoyé", site.port("imaps"));
    assert!(page.contains(&imaps), "{page}");
    assert!(page.contains("ne porte pas le nom autodiscover.school.test"), "{page}");
    assert!(page.contains("autodiscover.xml : réglages ignorés"), "Outlook takes none from there: {page}");
    // The name that Thunderbird is told is on it.
    assert_eq!(page.matches("se configure tout seul").count(), 1, "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate() {
    let long_ago = Timestamp::from_seconds(1_000_000_000);
    let sandbox = Sandbox::new();
    make_certificate(&sandbox.path("fresh"), &NAMES, long_ago).unwrap();
    for file in ["cert.pem", "key.pem"] {
        std::fs::copy(sandbox.path("fresh").join(file), sandbox.path("tls").join(file)).unwrap();
    }
    let ports = free_ports(2);
    sandbox.set("\nimaps = \"127.0.0.1:0\"", &format!("\nimaps = \"127.0.0.1:{}\"", ports[0]));
    sandbox.set("\nhttps = \"127.0.0.1:0\"", &format!("\nhttps = \"127.0.0.1:{}\"", ports[1]));
    sandbox.set("[tls]", &format!("[public]\nurl = \"https://localhost:{}\"\n[tls]", ports[1]));
    // It was good when the server was started.
    let server = server::start(sandbox.config(), Clock::fixed(long_ago)).await.unwrap();
    std::fs::write(sandbox.path("password"), PASSWORD).unwrap();
    let (sandbox, output) = tokio::task::spawn_blocking(move || {
        let (certificate, password) = (sandbox.path("tls/cert.pem"), sandbox.path("password"));
        let output = sandbox.run(
            &[
                "doctor",
                "--at",
                "127.0.0.1",
                "--ca-file",
                certificate.to_str().unwrap(),
                "--address",
                "anna.un@school.test",
                "--password-file",
                password.to_str().unwrap(),
            ],
            "",
        );
        (sandbox, output)
    })
    .await
    .unwrap();
    let page = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{page}");
    assert!(page.contains("le certificat a expiré depuis"), "{page}");
    assert!(page.contains(&format!("imaps localhost:{} : mot de passe non envoyé", ports[0])), "{page}");
    assert!(!page.contains("se configure tout seul"), "{page}");
    server.stop().await;
    drop(sandbox);
}

#[test]
fn a_certificate_of_an_unknown_authority() {
    let site = Site::new();
    let other = site.sandbox.path("other");
    make_certificate(&other, &["x.test"], Clock::system().now()).unwrap();
    std::fs::copy(other.join("cert.pem"), site.sandbox.path("ca.pem")).unwrap();
    let ca = site.sandbox.path("ca.pem");
    let password = site.sandbox.path("password");
    let arguments = [
        "doctor",
        "--at",
        "127.0.0.1",
        "--ca-file",
        ca.to_str().unwrap(),
        "--address",
        "anna.un@school.test",
        "--password-file",
        password.to_str().unwrap(),
    ];
    let output = site.sandbox.run(&arguments, "");
    let page = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(page.contains("aucune autorité reconnue") && page.contains("mot de passe non envoyé"), "{page}");
}

#[test]
fn a_closed_port_and_missing_settings() {
    let site = Site::new();
    let closed = free_ports(2);
    let (imaps, https) = (site.port("imaps"), site.port("https"));
    site.sandbox.set(&format!("imaps = \"127.0.0.1:{imaps}\""), &format!("imaps = \"127.0.0.1:{}\"", closed[0]));
    let (code, page) = site.doctor(&[]);
    assert_eq!(code, Some(1), "{page}");
    assert!(page.contains(&format!("imaps localhost:{} : fermé", closed[0])), "{page}");
    assert!(page.contains("→ Vérifiez que le service tourne"), "{page}");
    assert_eq!(ill(&page).len(), 1, "clients are told the port that works: {page}");
    let elsewhere = format!("https://localhost:{}", closed[1]);
    let (code, page) = site.doctor(&["--url", &elsewhere]);
    assert_eq!(code, Some(1), "{page}");
    assert_eq!(page.matches("pas de réglages à").count(), 4, "two of Thunderbird's, one each: {page}");
    assert!(page.contains("/mail/config-v1.1.xml?emailaddress=anna.un%40school.test"), "{page}");
    assert!(!page.contains(&https.to_string()), "{page}");
    // Something that is no mail server.
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = stranger.accept() {
            let _ = std::io::Write::write_all(&mut stream, b"SSH-2.0-OpenSSH\r\n");
        }
    });
    let submission = site.port("submission");
    site.sandbox
        .set(&format!("submission = \"127.0.0.1:{submission}\""), &format!("submission = \"127.0.0.1:{port}\""));
    let (_, page) = site.doctor(&[]);
    assert!(page.contains("un autre service répond (« SSH-2.0-OpenSSH »)"), "{page}");
}

#[test]
fn without_an_address_nobody_logs_in() {
    let site = Site::new();
    let certificate = site.sandbox.path("tls/cert.pem");
    let page = site.sandbox.done(&["doctor", "--at", "127.0.0.1", "--ca-file", certificate.to_str().unwrap()], "");
    assert!(page.contains("connexion non essayée") && page.contains("se configure tout seul"), "{page}");
    // Nothing but a domain: the usual ports, of which none is open here.
    let output = site.sandbox.command(&["doctor", "--domain", "school.test", "--at", "127.0.0.1", "--seconds", "2"]);
    let mut output = output;
    let output = output.env_remove("PASSERELLE_CONFIG").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("imaps school.test:993 : fermé"));
    let half = site.sandbox.run(&["doctor", "--address", "a@school.test"], "");
    assert_eq!(half.status.code(), Some(2), "an address takes a password file");
}

/// A name server that knows what it is told: names, and for each a port and a target.
fn name_server(services: Vec<(String, u16, &'static str)>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut octets = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut octets) {
            let question = &octets[..length];
            let (mut name, mut at) = (Vec::new(), 12);
            while question[at] > 0 {
                let end = at + 1 + usize::from(question[at]);
                name.push(String::from_utf8_lossy(&question[at + 1..end]).into_owned());
                at = end;
            }
            let (name, kind) = (name.join("."), question[at + 2]);
            let data = match kind {
                1 if name != "autoconfig.school.test" => Some(vec![127, 0, 0, 1]),
                33 => services.iter().find(|(known, ..)| *known == name).map(|(_, port, target)| {
                    let mut data = [&[0, 0, 0, 1][..], &port.to_be_bytes()].concat();
                    for label in target.split('.') {
                        data.push(u8::try_from(label.len()).unwrap());
                        data.extend(label.as_bytes());
                    }
                    [&data[..], &[0]].concat()
                }),
                _ => None,
            };
            let mut answer = question.to_vec();
            answer[2] = 0x81;
            answer[3] = if data.is_some() { 0 } else { 3 };
            if let Some(data) = data {
                answer[7] = 1;
                answer.extend([0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0, u8::try_from(data.len()).unwrap()]);
                answer.extend(data);
            }
            socket.send_to(&answer, from).unwrap();
        }
    });
    address
}

#[test]
fn names_are_looked_up_as_clients_do() {
    let site = Site::new();
    let service = |service: &str, port: u16| (format!("_{service}._tcp.school.test"), port, "localhost");
    let records = vec![service("imaps", site.port("imaps")), service("submissions", 1)];
    let server = name_server(records).to_string();
    let (code, page) = site.doctor(&["--dns-server", &server]);
    assert_eq!(code, Some(0), "warnings only: {page}");
    assert!(page.contains("autoconfig.school.test n'existe pas"), "{page}");
    assert!(page.contains("autodiscover.school.test existe"), "{page}");
    let wanted = format!(
        "_submissions._tcp.school.test dit « localhost:1 » au lieu de « localhost:{} »",
        site.port("submissions")
    );
    assert!(page.contains(&wanted), "{page}");
    assert!(page.contains("il manque : _imap._tcp.school.test.  IN SRV"), "{page}");
    assert!(page.contains("1 enregistrements SRV"), "{page}");
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let server = silent.local_addr().unwrap().to_string();
    let (code, page) = site.doctor(&["--dns-server", &server, "--seconds", "1"]);
    assert_eq!(code, Some(0), "{page}");
    assert!(page.contains("ne répond pas"), "{page}");
}
