//! OpenLDAP's own programs against a server, as a user would: over TLS, with STARTTLS, page by page.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;

use passerelle::config::{self, Config};
use passerelle::domain::clock::Clock;
use passerelle::domain::import::ImportMode;
use passerelle::model::Secret;
use passerelle::sample;
use passerelle::server::{self, Server};
use passerelle::tls::make_certificate;
use tempfile::TempDir;

use crate::support;
use crate::world::PASSWORD;

const BASE: &str = "dc=ent,dc=example,dc=fr";

/// Is the program here? Where CI runs, it must be.
fn is_here() -> bool {
    let here = Command::new("ldapsearch").arg("-VV").output().is_ok();
    assert!(here || std::env::var("CI").is_err(), "ldapsearch (Debian: ldap-utils) is missing");
    here
}

struct Site {
    server: Server,
    _folder: TempDir,
}

impl Site {
    /// On a fresh store: SQLite, or the database at this URL.
    async fn on(store: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        make_certificate(&folder.path().join("tls"), &["localhost"], Clock::system().now()).unwrap();
        let text = "domain = \"ent.example.fr\"\nhost_name = \"localhost\"\ndata_dir = \"data\"\n\
            [tls]\ncertificate = \"tls/cert.pem\"\nkey = \"tls/key.pem\"\n\
            [listen]\nldap = \"127.0.0.1:0\"\nldaps = \"127.0.0.1:0\"\ndrain_seconds = 0\n[login]\nscram_iterations = 4096\n";
        let config: Config = config::parse(text, "test", folder.path(), store).unwrap();
        let server = server::start(Arc::new(config), Clock::system()).await.unwrap();
        let gateway = server.gateway();
        gateway.import(&sample::school(), ImportMode::Apply).await.unwrap();
        let nadia = gateway.find_user("nadia.roussel").await.unwrap().unwrap();
        gateway.set_password(&nadia.id, Secret::new(PASSWORD)).await.unwrap().unwrap();
        Self { server, _folder: folder }
    }

    /// Exit code and output.
    async fn runs(&self, program: &str, encrypted: bool, arguments: &[&str]) -> (Option<i32>, String) {
        let addresses = self.server.addresses();
        let port = |address: Option<SocketAddr>| address.unwrap().port();
        let url = match encrypted {
            true => format!("ldaps://localhost:{}", port(addresses.ldaps)),
            false => format!("ldap://localhost:{}", port(addresses.ldap)),
        };
        let mut command = Command::new(program);
        // For "localhost" OpenLDAP wants the machine's own name on the certificate.
        command.env("LDAPTLS_REQCERT", "never");
        command.args(["-H", &url, "-x"]).args(arguments);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = [output.stdout, output.stderr].map(|octets| String::from_utf8_lossy(&octets).into_owned()).concat();
        (output.status.code(), text)
    }
}

async fn sites() -> Vec<Site> {
    let mut sites = vec![Site::on(None).await];
    if let Some(url) = support::postgres_url().await {
        sites.push(Site::on(Some(url)).await);
    }
    sites
}

const BOUND: [&str; 6] = ["-D", "uid=nadia.roussel,ou=people,dc=ent,dc=example,dc=fr", "-w", PASSWORD, "-b", BASE];

#[tokio::test(flavor = "multi_thread")]
async fn a_teacher_looks_a_pupil_up() {
    if !is_here() {
        return;
    }
    for site in sites().await {
        let with = |more: &[&'static str]| [&["-LLL", "-o", "ldif-wrap=no"], &BOUND[..], more].concat();
        let (code, text) = site.runs("ldapsearch", true, &with(&["(sn=lambert)", "mail"])).await;
        assert_eq!(code, Some(0), "{text}");
        assert!(
            text.contains(
                "dn: uid=theo.lambert,ou=people,dc=ent,dc=example,dc=fr\nmail: theo.lambert@ent.example.fr\n"
            )
        );
        // STARTTLS, or nothing (-ZZ).
        let (code, text) = site.runs("ldapsearch", false, &with(&["-ZZ", "(uid=theo.lambert)", "title"])).await;
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains("title:: w4lsw6h2ZQ=="), "Élève: {text}");
        let (code, text) = site.runs("ldapsearch", true, &with(&["-E", "pr=2/noprompt", "(cn=*groupe*)", "cn"])).await;
        assert_eq!(code, Some(0), "{text}");
        assert!(text.matches("dn: cn=").count() > 2, "several pages: {text}");
        let (code, text) = site.runs("ldapsearch", true, &with(&["(objectClass=*)"])).await;
        assert_eq!(code, Some(4), "no dump: {text}");
        assert!(!text.contains("mail:"), "{text}");
        let (code, _) = site.runs("ldapsearch", true, &with(&["-z", "1", "(sn=lambert)"])).await;
        assert_eq!(code, Some(4));
        site.server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_programs() {
    if !is_here() {
        return;
    }
    let site = Site::on(None).await;
    let who = &BOUND[..4];
    let (code, text) = site.runs("ldapwhoami", true, who).await;
    assert_eq!((code, text.trim()), (Some(0), "dn:uid=nadia.roussel,ou=people,dc=ent,dc=example,dc=fr"));
    let (code, text) = site.runs("ldapwhoami", false, who).await;
    assert_eq!(code, Some(13), "without TLS: {text}");
    assert!(text.contains("TLS"), "{text}");
    let theo = "uid=theo.lambert,ou=people,dc=ent,dc=example,dc=fr";
    let (code, text) = site.runs("ldapcompare", true, &[who, &[theo, "sn:lambert"]].concat()).await;
    assert_eq!(code, Some(6), "true: {text}");
    let (code, text) = site.runs("ldapdelete", true, &[who, &[theo]].concat()).await;
    assert_eq!(code, Some(53), "{text}");
    site.server.stop().await;
}
