//! The switch and the trail from the command line, and on two servers that share a store.

use std::time::{Duration, Instant};

use passerelle::control::{AdminAnswer, AdminCommand, Password, SwitchCommand, SwitchScope, UserCommand, ask};
use passerelle::server::Server;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::sandbox::Sandbox;
use crate::support;

#[test]
fn suspend_resume_and_what_the_trail_says_of_it() {
    let sandbox = Sandbox::new();
    sandbox.done(&["import", sandbox.write_school().to_str().unwrap()], "");
    let wrong = sandbox.refused(&["suspend", "--sending", "--school", "nowhere", "--reason", "vol"], "");
    assert!(wrong.contains("no school called nowhere"), "{wrong}");
    let wrong = sandbox.refused(&["suspend", "--sending", "--profile", "Pupil", "--reason", "vol"], "");
    assert!(wrong.contains("unknown profile Pupil"), "{wrong}");
    sandbox.done(&["suspend", "--all", "--profile", "teacher", "--school", "Lycée Test", "--reason", "vol"], "");
    sandbox.done(&["suspend", "--sending", "--user", "anna.un", "--reason", "enquête"], "");
    let off = sandbox.done(&["suspended"], "");
    assert!(off.contains("profile=Teacher school=") && off.contains("sending and reading"), "{off}");
    let wrong = sandbox.refused(&["resume", "--sending"], "");
    assert!(wrong.contains("not suspended for everybody; suspended now: profile=Teacher"), "{wrong}");
    sandbox.done(&["resume", "--all", "--profile", "Teacher", "--school", "0750001A"], "");
    sandbox.done(&["resume", "--sending", "--user", "anna.un", "--reason", "retrouvé"], "");
    assert_eq!(sandbox.done(&["suspended"], "").trim(), "nothing is suspended");
    let trail = sandbox.done(&["trail", "show", "--user", "anna.un"], "");
    assert_eq!(trail.lines().count(), 2, "{trail}");
    assert!(trail.contains("anna.un") && trail.contains("retrouvé"), "{trail}");
    let all = sandbox.done(&["trail", "show", "--json", "--since", "2020-01-01"], "");
    let lines: Vec<serde_json::Value> = all.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["kind"], &lines[0]["detail"]["act"]), (&"admin".into(), &"import".into()));
    assert_eq!((&lines[1]["kind"], &lines[1]["detail"]["reason"]), (&"switch".into(), &"vol".into()));
    let server = sandbox.serve();
    let verified = (0..100).find_map(|_| {
        std::thread::sleep(Duration::from_millis(100));
        let verified = sandbox.done(&["trail", "verify"], "");
        (!verified.contains("not in the chain yet")).then_some(verified)
    });
    let verified = verified.expect("the server sees to the trail within ten seconds");
    assert!(verified.contains("end of the chain: 5:") && verified.contains("the trail is whole"), "{verified}");
    assert_eq!(server.stop("TERM"), Some(0));
    let future = sandbox.refused(&["trail", "verify", "--head", &format!("9:{}", "00".repeat(32))], "");
    assert!(future.contains("its end was cut off"), "{future}");
}

/// A session on this server that waits in IDLE; as soon as the server lets it in.
async fn idle(server: &Server) -> BufReader<TcpStream> {
    loop {
        if let Some(session) = try_idle(server).await {
            return session;
        }
    }
}

async fn try_idle(server: &Server) -> Option<BufReader<TcpStream>> {
    let stream = TcpStream::connect(server.addresses().imap.unwrap()).await.unwrap();
    let mut stream = BufReader::new(stream);
    stream.write_all(b"a LOGIN anna.un \"a long password\"\r\nb SELECT INBOX\r\nc IDLE\r\n").await.unwrap();
    let mut heard = String::new();
    while !heard.contains("+ idling") {
        assert_ne!(stream.read_line(&mut heard).await.unwrap(), 0, "{heard}");
        if heard.contains("a NO [UNAVAILABLE]") {
            return None;
        }
    }
    Some(stream)
}

#[tokio::test(flavor = "multi_thread")]
async fn turned_on_one_server_it_holds_on_the_other_within_a_second() {
    let Some(url) = support::postgres_url().await else { return };
    let (here, there) = (Sandbox::on_store(&url), Sandbox::on_store(&url));
    let (server, other) = (here.start().await, there.start().await);
    let socket = here.config().control_socket();
    let user = || "anna.un".to_owned();
    let done = async |command: AdminCommand| ask(&socket, &command).await.unwrap().unwrap();
    done(AdminCommand::Import { folder: here.write_school(), dry_run: false, school: None, suspend: None }).await;
    done(AdminCommand::User(UserCommand::SetPassword { user: user(), password: Password::new("a long password") }))
        .await;
    let scope = || SwitchScope { profile: None, school: None, user: None };
    let suspend = || SwitchCommand::Suspend { sending: true, reading: true, scope: scope(), reason: "vol".to_owned() };
    let resume = || SwitchCommand::Resume { sending: true, reading: true, scope: scope(), reason: String::new() };
    let account = AdminCommand::User(UserCommand::Suspend { user: user(), reason: "vol".to_owned() });
    for (off, code) in [(AdminCommand::Switch(suspend()), "[UNAVAILABLE]"), (account, "[CONTACTADMIN]")] {
        let mut session = idle(&other).await;
        let started = Instant::now();
        assert_eq!(done(off).await, AdminAnswer::Done);
        let mut heard = String::new();
        while session.read_line(&mut heard).await.unwrap() != 0 {}
        assert!(heard.starts_with(&format!("* BYE {code} ")), "{heard}");
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        done(AdminCommand::Switch(resume())).await;
    }
    server.stop().await;
    other.stop().await;
}
