//! backup, verify, repair: with the server and without.

use crate::sandbox::{Sandbox, mode};

/// A school on a store, with some mail in it.
fn school() -> Sandbox {
    let sandbox = Sandbox::new();
    let school = sandbox.write_school();
    sandbox.done(&["import", school.to_str().unwrap()], "");
    sandbox.done(&["user", "set-password", "anna.un"], "un mot de passe long\n");
    sandbox
}

#[test]
fn a_backup_is_made_checked_and_restored_by_command() {
    let sandbox = school();
    let said = sandbox.done(&["backup", "create", "one.tar"], "");
    assert!(said.contains("one.tar: ") && said.contains(" rows, 0 large bodies, 1 MiB"), "{said}");
    assert_eq!(mode(&sandbox.path("one.tar")), 0o600);
    assert!(sandbox.refused(&["backup", "create", "one.tar"], "").contains("exists already"));

    // The same by the server that runs.
    let server = sandbox.serve();
    sandbox.done(&["backup", "create", "two.tar"], "");
    let said = sandbox.refused(&["backup", "restore", "two.tar"], "");
    assert!(said.contains("the server runs"), "{said}");
    drop(server);
    assert!(sandbox.done(&["trail", "show"], "").contains("two.tar"), "both are in the trail");

    let said = sandbox.done(&["backup", "check", "two.tar"], "");
    assert!(said.contains("whole, and as it was written") && said.contains("school.test"), "{said}");
    let said = sandbox.refused(&["backup", "restore", "two.tar"], "");
    assert!(said.contains("is not empty") && said.contains("nothing was restored"), "{said}");

    let elsewhere = Sandbox::new();
    let file = sandbox.path("two.tar");
    let file = file.to_str().unwrap();
    let said = elsewhere.done(&["backup", "restore", file], "");
    assert!(said.starts_with("restored: ") && said.contains("no faults, no warnings"), "{said}");
    assert!(elsewhere.done(&["user", "list", "anna"], "").contains("anna.un"));
    assert!(elsewhere.done(&["trail", "show"], "").contains("backup restore"));
    elsewhere.done(&["trail", "verify"], "");

    std::fs::write(sandbox.path("three.tar"), &std::fs::read(file).unwrap()[..5000]).unwrap();
    let said = sandbox.refused(&["backup", "check", "three.tar"], "");
    assert!(said.contains("not whole"), "{said}");
    assert!(sandbox.refused(&["backup", "check", "p.toml"], "").contains("no backup"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_school_moves_to_postgresql_and_back() {
    let Some(url) = crate::support::postgres_url().await else { return };
    let sandbox = school();
    sandbox.done(&["backup", "create", "one.tar"], "");
    let large = Sandbox::on_store(&url);
    large.done(&["backup", "restore", sandbox.path("one.tar").to_str().unwrap()], "");
    let server = large.serve();
    assert!(large.done(&["verify", "--deep"], "").ends_with("no faults, no warnings\n"));
    large.done(&["backup", "create", "back.tar"], "");
    drop(server);
    let small = Sandbox::new();
    small.done(&["backup", "restore", large.path("back.tar").to_str().unwrap()], "");
    assert!(small.done(&["user", "list", "bruno"], "").contains("bruno.deux"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_and_mended_by_command() {
    use sqlx::{ConnectOptions, Executor};
    let sandbox = school();
    sandbox.done(&["backup", "create", "one.tar"], "");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(sandbox.config().data_dir.join("passerelle.db"));
    let mut past = options.connect().await.unwrap();
    past.execute("update mailbox set mod_seq = 0 where special_use = 'inbox'").await.unwrap();
    past.execute("update ent_user set profile = 'Wizard' where login = 'bruno.deux'").await.unwrap();
    sqlx::Connection::close(past).await.unwrap();
    let output = sandbox.run(&["verify"], "");
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in [
        "FAULT   mod-seq: a message bears a ModSeq",
        "mailbox ",
        "mended by: passerelle repair counters",
        "FAULT   profiles",
        "2 faults",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(sandbox.refused(&["repair", "everything"], "").contains("counters, special-mailboxes, sizes"));
    assert!(sandbox.done(&["repair", "--dry-run", "counters"], "").contains("2 to mend; dry run"));
    assert!(sandbox.done(&["repair", "counters"], "").contains("counters: 2 mended"));
    assert_eq!(sandbox.done(&["repair", "counters"], ""), "counters: nothing to mend\n");
    assert!(sandbox.done(&["trail", "show"], "").contains("counters: 2"));
}
