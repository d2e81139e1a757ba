//! The control socket: one question, one answer.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use passerelle::control::{AdminAnswer, AdminCommand, Password, UserCommand, ask};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::sandbox::{Sandbox, mode};

#[tokio::test]
async fn a_command_goes_to_the_server_and_its_answer_comes_back() {
    let sandbox = Sandbox::new();
    let socket = sandbox.config().control_socket();
    let list = AdminCommand::User(UserCommand::List { text: None, profile: None });
    assert_eq!(ask(&socket, &list).await.unwrap(), None, "nobody runs yet");

    let server = sandbox.start().await;
    assert_eq!(mode(&socket), 0o600);
    assert_eq!(ask(&socket, &list).await.unwrap(), Some(AdminAnswer::Users(vec![])));
    let import = AdminCommand::Import { folder: sandbox.write_school(), dry_run: false, school: None, suspend: None };
    assert!(
        matches!(ask(&socket, &import).await.unwrap(), Some(AdminAnswer::Import(sheet)) if !sheet.changes.is_empty())
    );
    let Some(AdminAnswer::Users(users)) = ask(&socket, &list).await.unwrap() else { panic!("no list") };
    assert_eq!(users.iter().map(|user| user.login.as_str()).collect::<Vec<_>>(), ["anna.un", "bruno.deux"]);
    let unknown = AdminCommand::User(UserCommand::Show { user: "nobody".to_owned() });
    assert!(matches!(ask(&socket, &unknown).await.unwrap(), Some(AdminAnswer::Refused(why)) if why.contains("nobody")));
    let reloaded = ask(&socket, &AdminCommand::Reload { dry_run: false }).await.unwrap();
    assert!(
        matches!(reloaded, Some(AdminAnswer::Reloaded(sheet)) if sheet.certificate_read && sheet.changes.is_empty())
    );

    server.stop().await;
    assert_eq!(ask(&socket, &list).await.unwrap(), None, "nobody runs any more");
}

#[tokio::test]
async fn a_suspension_cuts_the_session_that_is_open() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let socket = sandbox.config().control_socket();
    let user = || "anna.un".to_owned();
    let password = Password::new("a long password");
    for command in [
        AdminCommand::Import { folder: sandbox.write_school(), dry_run: false, school: None, suspend: None },
        AdminCommand::User(UserCommand::SetPassword { user: user(), password }),
    ] {
        let answer = ask(&socket, &command).await.unwrap().unwrap();
        assert!(matches!(answer, AdminAnswer::Done | AdminAnswer::Import(_)), "{answer:?}");
    }
    let stream = TcpStream::connect(server.addresses().imap.unwrap()).await.unwrap();
    let mut stream = BufReader::new(stream);
    stream.write_all(b"a LOGIN anna.un \"a long password\"\r\n").await.unwrap();
    let mut heard = String::new();
    while !heard.contains("a OK") {
        assert_ne!(stream.read_line(&mut heard).await.unwrap(), 0, "{heard}");
    }
    let Some(AdminAnswer::User(sheet)) =
        ask(&socket, &AdminCommand::User(UserCommand::Show { user: user() })).await.unwrap()
    else {
        panic!("nobody is shown")
    };
    assert_eq!((sheet.sessions, sheet.suspended), (1, None));
    let suspend = AdminCommand::User(UserCommand::Suspend { user: user(), reason: "vol".to_owned() });
    assert_eq!(ask(&socket, &suspend).await.unwrap(), Some(AdminAnswer::Done));
    heard.clear();
    while stream.read_line(&mut heard).await.unwrap() != 0 {}
    assert!(heard.starts_with("* BYE "), "{heard}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_refused_without_being_repeated() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let socket = sandbox.config().control_socket();
    for text in ["", "nonsense", "{\"user-set-password\":{\"user\":\"a\",\"password\":\"hunter2hunter2\",\"x\":1}}"] {
        let (socket, text) = (socket.clone(), text.to_owned());
        let answer = tokio::task::spawn_blocking(move || {
            let mut stream = UnixStream::connect(socket).unwrap();
            stream.write_all(text.as_bytes()).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        let answer = answer.await.unwrap();
        assert!(answer.contains("refused") && !answer.contains("hunter2"), "{answer}");
    }
    server.stop().await;
}

#[test]
fn a_password_does_not_show_in_debug() {
    let command =
        AdminCommand::User(UserCommand::SetPassword { user: "anna.un".to_owned(), password: Password::new("hunter2") });
    assert!(!format!("{command:?}").contains("hunter2"));
}
