//! The server as a process of its own, killed while it tells a webhook: nothing is lost, and what comes twice has the same id.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::client;
use crate::receiver::{Answers, Receiver};
use crate::webhook::{hook, people_once};

/// Runs the program to its end.
fn run(arguments: &[&str], folder: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_passerelle"))
        .args(arguments)
        .args(["--config", "p.toml"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Starts the server and waits until it is ready.
fn serve(folder: &Path) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_passerelle"))
        .args(["serve", "--config", "p.toml"])
        .current_dir(folder)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    loop {
        let line = lines.next().expect("the server is ready").unwrap();
        if line.contains("ready") {
            break;
        }
    }
    // Keep reading, so that the server never waits on a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    child
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A folder with settings, people and a password; the submission port.
fn site(receiver: &Receiver, store: Option<&str>) -> (tempfile::TempDir, u16) {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let store = store.map(|url| format!("[store]\nurl = '{url}'\nconnections_max = 4\n")).unwrap_or_default();
    let hook =
        hook(receiver.port, &folder.path().join("secret"), "people_per_request_max = 3\nrequests_at_once_max = 1\n");
    let text = format!(
        "domain = 'school.test'\ndata_dir = 'data'\n[listen]\nsubmission = '127.0.0.1:{port}'\ndrain_seconds = 0\n\
         [login]\nwithout_tls_from_loopback = true\nscram_iterations = 4096\n{store}{hook}"
    );
    std::fs::write(folder.path().join("p.toml"), text).unwrap();
    let users = std::iter::once("external_id;login;first_name;last_name;profile;schools\n".to_owned())
        .chain((1..=60).map(|n| format!("E{n};u{n};U;U;Teacher;\n")))
        .collect::<String>();
    let members = std::iter::once("group;user\n".to_owned()).chain((1..=60).map(|n| format!("tous;u{n}\n")));
    let school: PathBuf = folder.path().join("school");
    std::fs::create_dir(&school).unwrap();
    std::fs::write(school.join("users.csv"), users).unwrap();
    std::fs::write(school.join("groups.csv"), "id;school;kind;name;users\ntous;;Manual;Tous;BOTH\n").unwrap();
    std::fs::write(school.join("members.csv"), members.collect::<String>()).unwrap();
    std::fs::write(folder.path().join("password"), "un mot de passe long\n").unwrap();
    run(&["import", "school"], folder.path());
    run(&["user", "set-password", "--password-file", "password", "u1"], folder.path());
    (folder, port)
}

fn submit(port: u16, number: u32) {
    let mut smtp = client::smtp(port, "u1", "un mot de passe long").unwrap();
    let text = format!("From: u1@school.test\r\nSubject: {number}\r\nMessage-ID: <{number}@x>\r\n\r\nx");
    let reply = client::submit(&mut smtp, "u1@school.test", &["tous@school.test"], text.as_bytes()).unwrap();
    assert!(reply.starts_with("250"), "{reply}");
}

async fn nothing_is_lost(store: Option<&str>, kills: u32) {
    // Slow enough to be killed in the middle of a letter: 20 requests of 40 ms.
    let receiver = Receiver::start(Answers::Late(Duration::from_millis(40))).await;
    let (folder, port) = site(&receiver, store);
    for round in 1..=kills {
        let mut server = serve(folder.path());
        tokio::task::spawn_blocking(move || submit(port, round)).await.unwrap();
        let before = receiver.received().len();
        receiver.wait_for(before + 5).await;
        // kill -9
        server.kill().unwrap();
        server.wait().unwrap();
    }
    let mut server = serve(folder.path());
    receiver
        .wait_until(|received| {
            people_once(received).len() == 60
                && people_once(received).values().all(|count| u32::try_from(*count) == Ok(kills))
        })
        .await;
    run(&["webhook", "status"], folder.path());
    server.kill().unwrap();
    server.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_over_kill_on_sqlite() {
    nothing_is_lost(None, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_over_kill_on_postgres() {
    let Some(url) = crate::support::postgres_url().await else { return };
    // After a kill, the lease of the one that is gone must run out.
    nothing_is_lost(Some(&url), 2).await;
}
