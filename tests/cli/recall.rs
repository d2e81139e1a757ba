//! recall: listed, counted, done; with the server and without.

use std::sync::Arc;

use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::domain::delivery::{Submission, Submitted};
use passerelle::domain::directory::Recipient;
use passerelle::store::Store;

use crate::sandbox::Sandbox;

/// Anna writes to Bruno.
async fn send(gateway: &Gateway, id: &str) {
    let anna = gateway.find_user("anna.un").await.unwrap().unwrap();
    let bruno = gateway.find_user("bruno.deux").await.unwrap().unwrap();
    let mut spool = gateway.spool();
    let letter = format!(
        "From: anna.un@school.test\r\nTo: bruno.deux@school.test\r\nSubject: secret \u{1b}[2J {id}\r\n\
         Message-ID: <{id}@school.test>\r\n\r\nx"
    );
    spool.write(letter.as_bytes()).await.unwrap();
    let message = spool.finish().await.unwrap();
    let submission = Submission { sender: anna, recipients: vec![Recipient::User(bruno)], message };
    assert_eq!(gateway.submit(submission).await.unwrap(), Submitted::Delivered { people: 1 });
}

#[test]
fn what_was_sent_is_taken_back_by_command() {
    let sandbox = Sandbox::new();
    let school = sandbox.write_school();
    sandbox.done(&["import", school.to_str().unwrap()], "");
    assert_eq!(sandbox.done(&["recall", "--list", "anna.un"], ""), "nothing is known to have been sent\n");
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let config = sandbox.config();
        let store = Store::open(&config.store_url(), 1).await.unwrap();
        let gateway = Gateway::new(Arc::clone(&config), store, Clock::system()).unwrap();
        send(&gateway, "one").await;
        send(&gateway, "two").await;
        gateway.store().close().await;
    });
    let listed = sandbox.done(&["recall", "--list", "anna.un"], "");
    assert!(listed.lines().count() == 2 && listed.contains("  1 people") && listed.contains("  one@school.test"));
    assert!(!listed.contains("secret") && !listed.contains('\u{1b}'), "{listed}");
    let shown = sandbox.done(&["recall", "--list", "--subjects", "anna.un"], "");
    assert!(shown.contains("secret ?[2J one") && !shown.contains('\u{1b}'), "{shown}");
    let counted = sandbox.done(&["recall", "--dry-run", "anna.un", "<One@school.test>"], "");
    let counts = "1 copies of 1 people (0 read, 1 unread), 0 waiting\n";
    assert_eq!(counted, format!("would be recalled: {counts}dry run: nothing was changed\n"));
    assert_eq!(sandbox.done(&["recall", "anna.un", "<One@school.test>"], ""), format!("recalled: {counts}"));
    assert!(sandbox.refused(&["recall", "anna.un", "one@school.test"], "").contains("recalled already"));
    assert!(sandbox.refused(&["recall", "bruno.deux", "two@school.test"], "").contains("sent no message"));
    assert!(sandbox.refused(&["recall", "nobody", "two@school.test"], "").contains("nobody"));

    // The same by the server that runs, by the number of the list.
    let server = sandbox.serve();
    let listed = sandbox.done(&["recall", "--list", "anna.un"], "");
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[0].contains("two@") && !lines[0].contains("recalled"), "the newest first: {listed}");
    assert!(lines[1].contains("  recalled 20"), "{listed}");
    let number = lines[0].split(' ').next().unwrap();
    assert_eq!(sandbox.done(&["recall", "anna.un", number], ""), format!("recalled: {counts}"));
    drop(server);
    let trail = sandbox.done(&["trail", "show", "--user", "anna.un"], "");
    let recalls: Vec<&str> = trail.lines().filter(|line| line.contains("  recall  anna.un  ")).collect();
    assert_eq!(recalls.len(), 2, "{trail}");
    assert!(recalls.iter().all(|line| line.contains("\"by\":\"admin\"") && !line.contains("secret")), "{trail}");
}

#[test]
fn settings_of_recall_are_checked() {
    let sandbox = Sandbox::new();
    let config = std::fs::read_to_string(sandbox.path("p.toml")).unwrap();
    for (lines, told) in [
        ("mailbox = \"Sent\"", "`recall.mailbox`: another mailbox of everybody is called \"Sent\""),
        ("mailbox = \"INBOX\"", "`recall.mailbox`: \"INBOX\" cannot name a mailbox at the top"),
        ("mailbox = \"Sent/Rappel\"", "`recall.mailbox`: \"Sent/Rappel\" cannot name"),
        ("minutes_max = 0", "`recall.minutes_max` must be more than 0"),
        ("profiles = [\"Cook\"]", "unknown variant `Cook`"),
    ] {
        std::fs::write(sandbox.path("p.toml"), format!("{config}[recall]\n{lines}\n")).unwrap();
        let bad = sandbox.refused(&["check"], "");
        assert!(bad.contains(told), "{bad}");
    }
    std::fs::write(sandbox.path("p.toml"), format!("{config}[recall]\nmailbox = \"\"\n")).unwrap();
    sandbox.done(&["check"], "");
}
