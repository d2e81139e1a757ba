//! A newer program changes the schema of a PostgreSQL store while an older one, this one, serves: it goes on where something
//! was added, and stops where something was taken away.

#[path = "../support/client.rs"]
mod client;

use std::process::{Command, Output};

use client::{Lines, imap, smtp, submit};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::sandbox::Sandbox;
use crate::support;

const PASSWORD: &str = "a-long-password";

/// What a newer program leaves behind, on every table that there is.
async fn change(url: &str, statement: &str, version: i64, title: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let tables = "select cast(table_name as text) from information_schema.tables
        where table_schema = 'public' and table_name <> '_sqlx_migrations'";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
    assert!(tables.len() > 30);
    let mut statements: Vec<String> = tables.iter().map(|table| statement.replace("TABLE", table)).collect();
    statements.push(format!(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
        select {version}, '{title}', true, checksum, 0 from _sqlx_migrations where version = 1"
    ));
    let text = format!("begin; {}; commit", statements.join("; "));
    connection.execute(sqlx::raw_sql(AssertSqlSafe(text))).await.unwrap();
    connection.close().await.unwrap();
}

/// A sandbox with two people, on ports that are known.
struct Site {
    sandbox: Sandbox,
    imap: u16,
    submission: u16,
}

impl Site {
    fn new(url: &str) -> Self {
        let sandbox = Sandbox::on_store(url);
        let port = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (imap, submission) = (port(), port());
        sandbox.set("imap = \"127.0.0.1:0\"", &format!("imap = \"127.0.0.1:{imap}\""));
        sandbox.set("submission = \"127.0.0.1:0\"", &format!("submission = \"127.0.0.1:{submission}\""));
        // Nobody is to wait for a turn.
        sandbox.set("drain_seconds = 0", "drain_seconds = 600");
        Self { sandbox, imap, submission }
    }

    fn add_people(&self) {
        let folder = self.sandbox.write_school();
        self.sandbox.done(&["import", folder.to_str().unwrap()], "");
        for login in ["anna.un", "bruno.deux"] {
            self.sandbox.done(&["user", "set-password", login], &format!("{PASSWORD}\n"));
        }
    }
}

/// Everything that a session does, again and again on the same connections: a plan that PostgreSQL keeps must not be in
/// the way. `round`: from 1.
fn use_all(reading: &mut Lines, sending: &mut Lines, round: u32) {
    let letter = format!("From: anna.un@school.test\r\nSubject: {round}\r\nMessage-ID: <{round}@x>\r\n\r\nBonjour");
    let sent = submit(sending, "anna.un@school.test", &["anna.un@school.test"], letter.as_bytes()).unwrap();
    assert!(sent.starts_with("250 "), "{sent}");
    reading.must("SELECT INBOX");
    let append = format!("APPEND INBOX {{{}+}}\r\n{letter}", letter.len());
    for command in [
        append.as_str(),
        "NOOP",
        "LIST \"\" * RETURN (STATUS (MESSAGES UNSEEN SIZE))",
        "UID FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE PREVIEW BODY.PEEK[])",
        "UID STORE 1:* +FLAGS (\\Seen Devoir)",
        "UID SEARCH TEXT bonjour",
        "CREATE Passing",
        "UID COPY * Passing",
        "UID MOVE * Trash",
        "RENAME Passing Passed",
        "DELETE Passed",
        "SETMETADATA INBOX (/private/comment \"x\")",
        "GETMETADATA INBOX (/private/comment)",
        "GETQUOTAROOT INBOX",
        "UNSELECT",
    ] {
        reading.must(command);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_program_goes_on_and_then_stops_at_once() {
    let Some(url) = support::postgres_url().await else { return };
    let site = Site::new(&url);
    site.add_people();
    let mut running = site.sandbox.serve();
    let mut reading = imap(site.imap, "anna.un", PASSWORD);
    let mut sending = smtp(site.submission, "anna.un", PASSWORD).unwrap();
    for round in 1..=4 {
        use_all(&mut reading, &mut sending, round);
    }
    change(&url, "alter table TABLE add column added_later bigint not null default 7", 1000, "expand: more").await;
    for round in 5..=8 {
        use_all(&mut reading, &mut sending, round);
    }
    // It may also be started again.
    running.signal("TERM");
    drop(running);
    running = site.sandbox.serve();
    let (mut idle, mut sending) =
        (imap(site.imap, "anna.un", PASSWORD), smtp(site.submission, "anna.un", PASSWORD).unwrap());
    idle.must("SELECT INBOX");
    idle.send(b"i IDLE\r\n").unwrap();
    assert_eq!(idle.line().unwrap(), "+ idling");

    change(&url, "alter table TABLE rename column added_later to renamed", 1001, "contract: less").await;
    let told = running.hear("a newer program has changed the store");
    assert!(told.contains("ERROR") && told.contains("version 1001"), "{told}");
    let goodbye = idle.line().unwrap();
    assert!(goodbye.starts_with("* BYE "), "{goodbye}");
    let goodbye = sending.line().unwrap();
    assert!(goodbye.starts_with("421 "), "{goodbye}");
    running.hear("stopped");
    assert_eq!(running.ended(), Some(1));
    let Output { status, stderr, .. } = run_serve(&site.sandbox);
    let said = String::from_utf8_lossy(&stderr);
    assert!(!status.success() && said.contains("version 1001"), "{said}");
}

fn run_serve(sandbox: &Sandbox) -> Output {
    let mut command: Command = sandbox.command(&["serve"]);
    command.output().unwrap()
}
