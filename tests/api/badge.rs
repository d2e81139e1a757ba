//! The badge in a browser: the example page on an ENT of the test's own, in headless Chromium, where that is at hand.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::world::{MOTHER, TEACHER, World};

const PAGE: &str = include_str!("../../docs/examples/badge/index.html");
const STYLE: &str = include_str!("../../docs/examples/badge/style.css");
/// Tells the ENT what the badge says.
const REPORT: &str = "const badge = document.querySelector('passerelle-badge');\
    const tell = (what) => fetch('/report?' + encodeURIComponent(what));\
    badge.addEventListener('passerelle-badge-change', () => tell(badge.text + '|' + badge.closest('a').innerText));\
    badge.addEventListener('passerelle-badge-error', (event) => tell('error ' + event.detail.message));";

/// What the page's server needs to know.
struct Ent {
    /// Where Passerelle is.
    passerelle: u16,
    token: String,
    reports: Arc<Mutex<Vec<String>>>,
}

impl Ent {
    fn page(&self) -> String {
        let page = PAGE.replace("https://messagerie.ent.example.fr", &format!("http://127.0.0.1:{}", self.passerelle));
        page.replace("</body>", "<script src=\"report.js\"></script></body>")
    }

    async fn answer(&self, path: &str) -> (&'static str, String) {
        match path.split('?').next().unwrap() {
            "/" => ("text/html; charset=utf-8", self.page()),
            "/style.css" => ("text/css", STYLE.to_owned()),
            "/report.js" => ("text/javascript", REPORT.to_owned()),
            "/badge-token" => ("application/json", self.badge_token().await),
            "/report" => {
                let text = path.split_once('?').unwrap().1.replace("%20", " ").replace("%7C", "|").replace("%0A", " ");
                self.reports.lock().push(text);
                ("text/plain", String::new())
            }
            _ => ("text/plain", String::new()),
        }
    }

    /// As the ENT's server does: with the token of the API, which the browser never sees.
    async fn badge_token(&self) -> String {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", self.passerelle)).await.unwrap();
        let body = format!("{{\"person\":\"{MOTHER}\"}}");
        let request = format!(
            "POST /api/v1/badge-tokens HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut text).await.unwrap();
        assert!(text.starts_with("HTTP/1.1 201"), "{text}");
        text.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    /// Serves the page on a listener, under a policy as strict as an ENT's may be.
    fn serve(self, listener: TcpListener) {
        let ent = Arc::new(self);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let ent = Arc::clone(&ent);
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    let mut line = String::new();
                    if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                        return;
                    }
                    let path = line.split(' ').nth(1).unwrap().to_owned();
                    while stream.read_line(&mut line).await.unwrap_or(0) > 2 {}
                    let (kind, body) = ent.answer(&path).await;
                    let passerelle = format!("http://127.0.0.1:{}", ent.passerelle);
                    let policy =
                        format!("default-src 'self'; script-src 'self' {passerelle}; connect-src 'self' {passerelle}");
                    let head = format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Security-Policy: {policy}\r\n\
                         Content-Length: {}\r\nConnection: close\r\n\r\n",
                        body.len()
                    );
                    let _ = stream.get_mut().write_all(format!("{head}{body}").as_bytes()).await;
                });
            }
        });
    }
}

/// A browser; it ends with its test.
struct Browser(Child, #[allow(dead_code, reason = "removed with the browser")] tempfile::TempDir);

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn chromium() -> Option<&'static str> {
    let is_there = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find(is_there)
}

fn browse(program: &str, url: &str) -> Browser {
    let profile = tempfile::tempdir().unwrap();
    let child = Command::new(program)
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--remote-debugging-port=0",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(url)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Browser(child, profile)
}

async fn wait_for(reports: &Mutex<Vec<String>>, wanted: &str) {
    let started = Instant::now();
    while !reports.lock().iter().any(|report| report.contains(wanted)) {
        assert!(started.elapsed() < Duration::from_secs(60), "no {wanted}: {:?}", reports.lock());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_badge_shows_the_number_on_the_ents_page_and_follows_it() {
    let Some(program) = chromium() else {
        assert!(std::env::var("CI").is_err(), "chromium is missing (apt-get install chromium)");
        return println!("not tested: chromium is missing (apt-get install chromium)");
    };
    let (page, foreign) =
        (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let (page_port, foreign_port) = (page.local_addr().unwrap().port(), foreign.local_addr().unwrap().port());
    let settings = format!(
        "[api]\nbadge_origins = ['http://127.0.0.1:{page_port}']\nbadge_seconds_max = 4\n\
                            [events]\nstream_seconds_max = 3\nkeep_alive_seconds = 1\n"
    );
    let world = World::new(None, &settings).await;
    let token = world.full_token().await;
    let (reports, refused) = (Arc::<Mutex<Vec<String>>>::default(), Arc::default());
    for (listener, reports) in [(page, &reports), (foreign, &refused)] {
        Ent { passerelle: world.port(), token: token.clone(), reports: Arc::clone(reports) }.serve(listener);
    }
    let _browser = browse(program, &format!("http://127.0.0.1:{page_port}/"));
    wait_for(&reports, "Aucun message non lu|").await;
    world.send(TEACHER, MOTHER, "Un").await;
    wait_for(&reports, "1 message non lu|Messagerie").await;
    world.send(TEACHER, MOTHER, "Deux").await;
    wait_for(&reports, "2 messages non lus|").await;
    // The token has run out meanwhile, and the stream has ended more than once.
    tokio::time::sleep(Duration::from_secs(5)).await;
    world.send(TEACHER, MOTHER, "Trois").await;
    wait_for(&reports, "3 messages non lus|").await;
    // A page of another origin is told nothing, though it has a token.
    let _other = browse(program, &format!("http://127.0.0.1:{foreign_port}/"));
    wait_for(&refused, "error").await;
    assert!(refused.lock().iter().all(|report| report.starts_with("error")), "{:?}", refused.lock());
    world.server.stop().await;
}

#[tokio::test]
async fn only_the_origins_of_the_setting_may_ask() {
    let world = World::new(None, "[api]\nbadge_origins = ['https://ent.example.fr']\n").await;
    let full = world.full_token().await;
    let badge = world.post(&full, "/badge-tokens", &format!("{{\"person\":\"{MOTHER}\"}}")).await.body["token"].clone();
    let badge = badge.as_str().unwrap();
    let allowed = "access-control-allow-origin";
    for (origin, path, told) in [
        ("https://ent.example.fr", "/badge", true),
        ("https://ent.example.fr.evil.example", "/badge", false),
        ("http://ent.example.fr", "/badge", false),
        ("null", "/badge", false),
        ("https://ent.example.fr", "/token", false),
    ] {
        let line = format!("Origin: {origin}");
        let token = if path == "/badge" { badge } else { &full };
        let answer = world.ask("GET", token, path, &[&line], "").await;
        assert_eq!((answer.status, answer.header(allowed).is_some()), (200, told), "{origin} {path}");
        assert!(answer.header("access-control-allow-credentials").is_none());
        assert!(path != "/badge" || answer.header("vary") == Some("origin"));
        let asking = ["Access-Control-Request-Method: GET", "Access-Control-Request-Headers: authorization", &line];
        let preflight = world.ask("OPTIONS", "", path, &asking, "").await;
        assert_eq!((preflight.status == 204, preflight.header(allowed).is_some()), (told, told), "{origin} {path}");
    }
    world.server.stop().await;
}
