//! import-mes-donnees, import-mail, export: with the server and without.

use crate::archive::whole;
use crate::sandbox::{Sandbox, mode};

#[test]
fn mail_comes_and_goes_by_command() {
    let sandbox = Sandbox::new();
    let school = sandbox.write_school();
    sandbox.done(&["import", school.to_str().unwrap()], "");
    whole().write(&sandbox.path("a.zip"));
    let told = sandbox.done(&["import-mes-donnees", "--dry-run", "anna.un", "a.zip"], "");
    assert!(
        told.contains("9 messages found (mes-donnees), 9 of them new (") && told.contains("dry run: nothing"),
        "{told}"
    );
    assert!(
        told.contains("mailbox made: Classe 6e A-B/Sorties\n") && told.contains("note: conversation.messages: 1 pic"),
        "{told}"
    );
    let told = sandbox.done(&["import-mes-donnees", "anna.un", "a.zip"], "");
    assert!(told.ends_with("9 messages were brought in\ndone\n"), "{told}");

    // The rest by the server that runs, for which the paths of the command line are meant from there.
    let server = sandbox.serve();
    let told = sandbox.done(&["import-mes-donnees", "anna.un", "a.zip"], "");
    assert!(told.contains(", 0 of them new (0 octets)\n0 messages were brought in\n"), "{told}");
    let told = sandbox.done(&["export", "--eml", "out.zip", "anna.un"], "");
    assert!(told.starts_with("9 messages of 8 mailboxes ("), "{told}");
    assert_eq!(mode(&sandbox.path("out.zip")), 0o600);
    assert!(sandbox.refused(&["export", "--eml", "out.zip", "anna.un"], "").contains("exists"));
    sandbox.done(&["export", "--mbox", "out", "anna.un"], "");
    let told = sandbox.done(&["import-mail", "--into", "Anna", "bruno.deux", "out"], "");
    assert!(told.contains("mailbox made: Anna/INBOX\n") && told.contains("9 messages found (mbox)"), "{told}");
    drop(server);

    let trail = sandbox.done(&["trail", "show"], "");
    for act in [
        "mes-donnees: 9 messages brought in, 0 known",
        "mes-donnees: 0 messages brought in, 9 known",
        "eml: 9 messages",
    ] {
        assert!(trail.contains(act), "{trail}");
    }
    assert!(!trail.contains("Sujet"), "{trail}");
}

#[test]
fn what_cannot_be_done_is_told_and_ends_with_1() {
    let sandbox = Sandbox::new();
    let school = sandbox.write_school();
    sandbox.done(&["import", school.to_str().unwrap()], "");
    std::fs::write(sandbox.path("a.zip"), "no zip").unwrap();
    let told = sandbox.refused(&["import-mes-donnees", "anna.un", "a.zip"], "");
    assert!(told.contains("a.zip: this is no zip") && told.contains("nothing was changed"), "{told}");
    assert!(sandbox.refused(&["import-mes-donnees", "anna.un", "gone.zip"], "").contains("gone.zip"));
    assert!(sandbox.refused(&["import-mes-donnees", "nobody", "a.zip"], "").contains("nobody"));
    let told = sandbox.refused(&["import-mail", "--into", "a//b", "anna.un", "a.zip"], "");
    assert!(told.contains("a//b is no name for a mailbox"), "{told}");
    let told = sandbox.refused(&["export", "--mbox", "gone/out", "anna.un"], "");
    assert!(told.contains("No such file"), "{told}");
    let mut archive = whole();
    archive.messages[0][9] = 5.into();
    archive.messages[1][9] = 5.into();
    archive.write(&sandbox.path("a.zip"));
    let told = sandbox.refused(&["import-mes-donnees", "anna.un", "a.zip"], "");
    assert!(told.contains("conversation.messages: row 2: field date: out of range"), "{told}");
    let told = sandbox.done(&["import-mes-donnees", "--skip-broken", "anna.un", "a.zip"], "");
    assert!(told.contains("2 things were left out\n") && told.contains("7 messages were brought in"), "{told}");
}
