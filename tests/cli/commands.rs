//! The program as a process: checks, imports, people, signals.

use crate::sandbox::{Sandbox, mode};

#[test]
fn check_tells_everything_at_once_and_exits_with_1() {
    let sandbox = Sandbox::new();
    let good = sandbox.done(&["check"], "");
    assert!(
        good.contains("ok    configuration: ") && good.contains("ok    certificate: for localhost, until "),
        "{good}"
    );
    assert!(good.contains("ok    store: SQLite, empty"), "{good}");
    assert!(!sandbox.path("data").exists(), "check changed something");

    std::fs::write(
        sandbox.path("p.toml"),
        "domain = \"a.fr\"\ndata_dir = \"d\"\nhots_name = \"x\"\n[imap]\nnesting_max = 0\n",
    )
    .unwrap();
    let bad = sandbox.refused(&["check"], "");
    assert!(bad.contains("p.toml:3:1: unknown key `hots_name`, did you mean `host_name`?"), "{bad}");
    assert!(bad.contains("p.toml:5:15: `imap.nesting_max` must be more than 0"), "{bad}");
    assert!(bad.contains("no address to listen on"), "{bad}");
    let serve = sandbox.refused(&["serve"], "");
    assert!(serve.contains("p.toml:3:1: unknown key `hots_name`"), "{serve}");
}

#[test]
fn check_judges_the_certificate_and_the_store() {
    let sandbox = Sandbox::new();
    let config = std::fs::read_to_string(sandbox.path("p.toml")).unwrap();
    std::fs::write(sandbox.path("p.toml"), config.replace("host_name = \"localhost\"", "host_name = \"other.test\""))
        .unwrap();
    let name = sandbox.refused(&["check"], "");
    assert!(name.contains("cert.pem: is not made for other.test (`host_name`)"), "{name}");
    std::fs::write(sandbox.path("p.toml"), config).unwrap();
    std::fs::write(sandbox.path("tls/key.pem"), "x").unwrap();
    std::fs::create_dir_all(sandbox.path("data")).unwrap();
    std::fs::write(sandbox.path("data/passerelle.db"), "this is no database, and long enough to be looked at").unwrap();
    let both = sandbox.refused(&["check"], "");
    assert!(both.contains("key.pem: holds no private key") && both.contains("store: "), "{both}");
}

#[test]
fn the_configuration_must_be_named() {
    let sandbox = Sandbox::new();
    let output = sandbox.command(&["check"]).env_remove("PASSERELLE_CONFIG").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--config"));
}

#[test]
fn migrate_makes_the_schema_and_says_so() {
    let sandbox = Sandbox::new();
    let first = sandbox.done(&["migrate"], "");
    assert!(first.starts_with("SQLite: schema version ") && first.contains("(was nothing)"), "{first}");
    let check = sandbox.done(&["check"], "");
    assert!(check.contains("ok    store: SQLite, schema version "), "{check}");
    assert!(!sandbox.done(&["migrate"], "").contains("nothing"));
}

#[test]
fn an_import_is_tried_then_done_then_changes_nothing() {
    let sandbox = Sandbox::new();
    let school = sandbox.write_school();
    let school = school.to_str().unwrap();
    let tried = sandbox.done(&["import", school, "--dry-run"], "");
    assert!(tried.contains("anna.un") && tried.ends_with("dry run: nothing was changed\n"), "{tried}");
    assert_eq!(sandbox.done(&["user", "list"], "").trim(), "");
    let done = sandbox.done(&["import", school], "");
    assert!(done.contains("person added: ") && done.ends_with("done\n"), "{done}");
    assert_eq!(sandbox.done(&["import", school], ""), "nothing to change\n");
}

#[test]
fn a_bad_row_is_told_with_file_line_and_reason_and_nothing_is_half_done() {
    let sandbox = Sandbox::new();
    let school = sandbox.write_school();
    let users = std::fs::read_to_string(school.join("users.csv")).unwrap();
    std::fs::write(school.join("users.csv"), format!("{users}T3;carla.trois;Carla;Trois;Wizard;0750001A\n")).unwrap();
    let bad = sandbox.refused(&["import", school.to_str().unwrap()], "");
    assert!(bad.contains("users.csv:4: profile: \"Wizard\" is none of"), "{bad}");
    assert!(bad.contains("nothing was changed"), "{bad}");
    assert_eq!(sandbox.done(&["user", "list"], "").trim(), "");
    assert!(sandbox.refused(&["import", "nowhere"], "").contains("nowhere: No such file"));
}

#[test]
fn people_are_listed_shown_suspended_and_given_passwords() {
    let sandbox = Sandbox::new();
    let school = sandbox.write_school();
    sandbox.done(&["import", school.to_str().unwrap()], "");
    let list = sandbox.done(&["user", "list"], "");
    assert_eq!(list.lines().count(), 2, "{list}");
    assert!(sandbox.done(&["user", "list", "--profile", "teacher", "DEUX"], "").contains("bruno.deux"));
    assert!(sandbox.refused(&["user", "list", "--profile", "wizard"], "").contains("unknown profile wizard"));
    let shown = sandbox.done(&["user", "show", "anna.un@school.test"], "");
    assert!(shown.contains("anna.un@school.test") && shown.contains("Lycée Test"), "{shown}");

    sandbox.done(&["user", "suspend", "anna.un", "--reason", "compte volé"], "");
    assert!(sandbox.done(&["user", "show", "anna.un"], "").contains("compte volé"));
    sandbox.done(&["user", "resume", "anna.un"], "");
    assert!(!sandbox.done(&["user", "show", "anna.un"], "").contains("suspended"));
    assert!(sandbox.refused(&["user", "suspend", "nobody"], "").contains("there is nobody called nobody"));

    sandbox.done(&["user", "set-password", "anna.un"], "a long password\n");
    assert!(sandbox.refused(&["user", "set-password", "anna.un"], "short\n").contains("at least"));
    assert!(sandbox.refused(&["user", "set-password", "anna.un"], "").contains("the password is empty"));
}

#[test]
fn an_app_password_is_shown_once_and_can_be_revoked() {
    let sandbox = Sandbox::new();
    let school = sandbox.write_school();
    sandbox.done(&["import", school.to_str().unwrap()], "");
    let made = sandbox.done(&["app-password", "create", "anna.un", "--device", "Téléphone"], "");
    let secret = made.lines().next().unwrap();
    assert!(secret.len() > 20, "{made}");
    let list = sandbox.done(&["app-password", "list", "anna.un"], "");
    assert!(list.contains("Téléphone") && !list.contains(secret), "{list}");
    let id = list.lines().nth(1).unwrap().split_whitespace().next().unwrap();
    let hidden = sandbox.done(&["app-password", "hide", "anna.un", "téléphone", "QRESYNC", "idle"], "");
    assert!(hidden.ends_with(": hides IDLE QRESYNC\n"), "{hidden}");
    assert!(sandbox.done(&["app-password", "list", "anna.un"], "").contains("hides IDLE QRESYNC"));
    let unknown = sandbox.refused(&["app-password", "hide", "anna.un", id, "QRESINC"], "");
    assert!(unknown.contains("QRESINC is no word that this server announces"), "{unknown}");
    let shown = sandbox.done(&["app-password", "show", "anna.un", id, "IDLE"], "");
    assert!(shown.ends_with(": hides QRESYNC\n"), "{shown}");
    let shown = sandbox.done(&["app-password", "show", "anna.un", id, "uidonly"], "");
    assert!(shown.ends_with(": hides QRESYNC; shows UIDONLY\n"), "{shown}");
    assert!(sandbox.done(&["app-password", "show", "anna.un", id], "").ends_with(": shows UIDONLY\n"));
    assert!(sandbox.done(&["app-password", "hide", "anna.un", id, "UIDONLY"], "").ends_with(": hides UIDONLY\n"));
    assert!(sandbox.done(&["app-password", "show", "anna.un", id], "").ends_with(": -\n"));
    sandbox.done(&["app-password", "revoke", "anna.un", id], "");
    assert!(sandbox.refused(&["app-password", "revoke", "anna.un", id], "").contains("has no app password"));
}

#[test]
fn the_running_server_does_the_work_and_a_second_one_is_refused() {
    let sandbox = Sandbox::new();
    let school = sandbox.write_school();
    let server = sandbox.serve();
    assert_eq!(mode(&sandbox.path("data/control.sock")), 0o600);
    sandbox.done(&["import", school.to_str().unwrap()], "");
    assert!(sandbox.done(&["user", "list"], "").contains("anna.un"));
    assert!(sandbox.done(&["check"], "").contains("store: SQLite, schema version"));
    let second = sandbox.refused(&["serve"], "");
    assert!(second.contains("passerelle.db is in use by another process"), "{second}");
    let migrate = sandbox.refused(&["migrate"], "");
    assert!(migrate.contains("is in use by another process"), "{migrate}");
    assert_eq!(server.stop("TERM"), Some(0));
    assert!(!sandbox.path("data/control.sock").exists());
    assert!(sandbox.done(&["user", "list"], "").contains("anna.un"));
}

#[test]
fn a_server_that_was_killed_leaves_nothing_in_the_way() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve();
    assert_eq!(server.stop("KILL"), None);
    assert!(sandbox.path("data/control.sock").exists());
    assert_eq!(sandbox.done(&["user", "list"], "").trim(), "");
    assert_eq!(sandbox.serve().stop("INT"), Some(0));
}

#[test]
fn sighup_and_reload_read_the_certificate_again() {
    let sandbox = Sandbox::new();
    let mut server = sandbox.serve();
    let done = "the certificate and the log's filter were read again\nthe communication rules are those of the table\n";
    assert_eq!(sandbox.done(&["reload"], ""), done);
    server.signal("HUP");
    server.hear("the certificate and the log's filter were read again");
    server.hear("the communication rules were read again");
    std::fs::write(sandbox.path("tls/cert.pem"), "x").unwrap();
    server.signal("HUP");
    assert!(server.hear("nothing was reloaded: what is in use stays").contains("cert.pem: holds no certificate"));
    assert!(sandbox.refused(&["reload"], "").contains("cert.pem: holds no certificate"));
    assert_eq!(server.stop("TERM"), Some(0));
    assert_eq!(sandbox.done(&["reload"], ""), "the communication rules are those of the table\n");
}

#[test]
fn a_taken_port_is_told_with_its_setting() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let sandbox = Sandbox::new();
    let config = std::fs::read_to_string(sandbox.path("p.toml")).unwrap();
    let config = config.replace("imaps = \"127.0.0.1:0\"", &format!("imaps = \"{address}\""));
    std::fs::write(sandbox.path("p.toml"), config).unwrap();
    let error = sandbox.refused(&["serve"], "");
    assert!(error.contains(&format!("`listen.imaps` = \"{address}\": Address already in use")), "{error}");
}
