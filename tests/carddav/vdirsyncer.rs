//! vdirsyncer, a client that others wrote, over TLS: it discovers the books, copies them, and loses what its person may no
//! longer see. Where it is not installed (`.ci/run` does), the test says so.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use passerelle::config;
use passerelle::domain::clock::Clock;
use passerelle::domain::import::ImportMode;
use passerelle::model::Secret;
use passerelle::sample;
use passerelle::server;
use passerelle::tls::make_certificate;

use crate::support;
use crate::world::PASSWORD;

fn program() -> Option<PathBuf> {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/vdirsyncer/bin/vdirsyncer");
    let needed = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    assert!(installed.is_file() || !needed, "{} is missing: .ci/run", installed.display());
    installed.is_file().then_some(installed)
}

fn run(program: &Path, home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("timeout");
    command.arg("120").arg(program).args(["--verbosity", "INFO"]).args(arguments);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("LANG", "C.UTF-8");
    command.env("VDIRSYNCER_CONFIG", home.join("config")).output().unwrap()
}

fn ran(program: &Path, home: &Path, arguments: &[&str]) {
    let output = run(program, home, arguments);
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said));
}

/// Every card that lies in the folder of a book.
fn cards(home: &Path, book: &str) -> Vec<String> {
    let files = std::fs::read_dir(home.join("books").join(book)).unwrap();
    let files = files.map(|file| file.unwrap().path()).filter(|file| file.extension().is_some_and(|end| end == "vcf"));
    files.map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

async fn copies_the_books(url: &str, program: &Path) {
    let folder = tempfile::tempdir().unwrap();
    make_certificate(&folder.path().join("tls"), &["localhost"], Clock::system().now()).unwrap();
    let settings = format!(
        "domain = \"ent.example.fr\"\nhost_name = \"localhost\"\ndata_dir = \"data\"\n[store]\nurl = \"{url}\"\n\
         [tls]\ncertificate = \"tls/cert.pem\"\nkey = \"tls/key.pem\"\n[listen]\nhttps = \"127.0.0.1:0\"\ndrain_seconds = 0\n"
    );
    std::fs::write(folder.path().join("p.toml"), settings).unwrap();
    let config = config::load(&folder.path().join("p.toml")).unwrap();
    let server = server::start(Arc::new(config), Clock::system()).await.unwrap();
    let gateway = server.gateway();
    gateway.import(&sample::school(), ImportMode::Apply).await.unwrap();
    let pupil = gateway.find_user("theo.lambert").await.unwrap().unwrap();
    gateway.set_password(&pupil.id, Secret::new(PASSWORD)).await.unwrap().unwrap();
    let home = folder.path().join("home");
    std::fs::create_dir_all(&home).unwrap();
    let port = server.addresses().https.unwrap().port();
    let settings = format!(
        "[general]\nstatus_path = \"{home}/status/\"\n[pair school]\na = \"here\"\nb = \"there\"\n\
         collections = [\"from b\"]\nconflict_resolution = \"b wins\"\n\
         [storage here]\ntype = \"filesystem\"\npath = \"{home}/books/\"\nfileext = \".vcf\"\n\
         [storage there]\ntype = \"carddav\"\nurl = \"https://localhost:{port}/\"\nusername = \"theo.lambert@ent.example.fr\"\n\
         password = \"{PASSWORD}\"\nread_only = true\nverify = \"{certificate}\"\n",
        home = home.display(),
        certificate = folder.path().join("tls/cert.pem").display()
    );
    std::fs::write(home.join("config"), settings).unwrap();
    let (tool, place) = (program.to_owned(), home.clone());
    let discover = move || {
        let yes = Command::new("sh")
            .args([
                "-c",
                &format!(
                    "yes | VDIRSYNCER_CONFIG={0}/config timeout 120 {1} discover",
                    place.display(),
                    tool.display()
                ),
            ])
            .output()
            .unwrap();
        assert!(yes.status.success(), "{}", String::from_utf8_lossy(&[yes.stdout, yes.stderr].concat()));
        ran(&tool, &place, &["sync"]);
    };
    tokio::task::spawn_blocking(discover).await.unwrap();
    let classes = cards(&home, "classes");
    let has = |cards: &[String], line: &str| cards.iter().any(|card| card.contains(line));
    assert!(
        has(&classes, "FN:MARTIN Zoé") && has(&classes, "EMAIL;TYPE=INTERNET:christine.lambert@ent.example.fr"),
        "{classes:?}"
    );
    assert!(!has(&classes, "catherine.perrin") && !has(&cards(&home, "groups"), "MEMBER"));
    let mate = gateway.find_user("zoe.martin").await.unwrap().unwrap();
    gateway.suspend_user(&mate.id, "away").await.unwrap();
    let (tool, place) = (program.to_owned(), home.clone());
    tokio::task::spawn_blocking(move || ran(&tool, &place, &["sync"])).await.unwrap();
    let fewer = cards(&home, "classes");
    assert!(!has(&fewer, "FN:MARTIN Zoé") && fewer.len() == classes.len() - 1, "{fewer:?}");
    server.stop().await;
}

#[tokio::test]
async fn it_copies_the_books_and_loses_who_is_lost() {
    let Some(program) = program() else { return };
    let folder = tempfile::tempdir().unwrap();
    copies_the_books(&format!("sqlite:{}", folder.path().join("p.db").display()), &program).await;
    if let Some(url) = support::postgres_url().await {
        copies_the_books(&url, &program).await;
    }
}
