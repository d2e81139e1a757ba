//! A device's password is revoked, or the account's own is changed: on two servers that share a store, and on one.

use std::time::{Duration, Instant};

use base64::Engine as _;
use passerelle::control::{AdminAnswer, AdminCommand, AppPasswordCommand, Password, UserCommand, ask};
use passerelle::server::Server;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::sandbox::Sandbox;
use crate::support;

const OWN: &str = "a long password";
const AT_ONCE: Duration = Duration::from_secs(1);

/// A connection that has read as far as it is wanted.
struct Session(BufReader<TcpStream>);

impl Session {
    async fn until(&mut self, wanted: &str) {
        let mut heard = String::new();
        while !heard.contains(wanted) {
            assert_ne!(self.0.read_line(&mut heard).await.unwrap(), 0, "{heard}");
        }
    }

    /// In IDLE.
    async fn idle(server: &Server, password: &str) -> Self {
        let mut session = Self(BufReader::new(TcpStream::connect(server.addresses().imap.unwrap()).await.unwrap()));
        let commands = format!("a LOGIN anna.un \"{password}\"\r\nb SELECT INBOX\r\nc IDLE\r\n");
        session.0.write_all(commands.as_bytes()).await.unwrap();
        session.until("+ idling").await;
        session
    }

    /// In the middle of DATA.
    async fn data(server: &Server, password: &str) -> Self {
        let stream = TcpStream::connect(server.addresses().submission.unwrap()).await.unwrap();
        let mut session = Self(BufReader::new(stream));
        let token = base64::prelude::BASE64_STANDARD.encode(format!("\0anna.un\0{password}"));
        let own = "anna.un@school.test";
        let commands =
            format!("EHLO x\r\nAUTH PLAIN {token}\r\nMAIL FROM:<{own}>\r\nRCPT TO:<{own}>\r\nDATA\r\nFrom: {own}\r\n");
        session.0.write_all(commands.as_bytes()).await.unwrap();
        session.until("354 ").await;
        session
    }

    /// What it hears until it is closed.
    async fn last_words(mut self) -> String {
        let mut heard = String::new();
        tokio::time::timeout(AT_ONCE, self.0.read_to_string(&mut heard)).await.expect("cut in time").unwrap();
        heard
    }

    /// Is it still in IDLE?
    async fn is_alive(&mut self) {
        self.0.write_all(b"DONE\r\nd NOOP\r\ne IDLE\r\n").await.unwrap();
        self.until("+ idling").await;
    }
}

struct World {
    here: Sandbox,
    server: Server,
    /// The same, where there is one server.
    other: Option<(Sandbox, Server)>,
}

impl World {
    async fn all() -> Vec<Self> {
        let alone = Sandbox::new();
        let server = alone.start().await;
        let mut worlds = vec![Self { here: alone, server, other: None }];
        if let Some(url) = support::postgres_url().await {
            let (here, there) = (Sandbox::on_store(&url), Sandbox::on_store(&url));
            let (server, other) = (here.start().await, there.start().await);
            worlds.push(Self { here, server, other: Some((there, other)) });
        }
        for world in &worlds {
            let folder = world.here.write_school();
            world.does(AdminCommand::Import { folder, dry_run: false, school: None, suspend: None }).await;
            world.sets_password(OWN).await;
        }
        worlds
    }

    fn elsewhere(&self) -> &Server {
        self.other.as_ref().map_or(&self.server, |(_, server)| server)
    }

    async fn does(&self, command: AdminCommand) -> AdminAnswer {
        ask(&self.here.config().control_socket(), &command).await.unwrap().unwrap()
    }

    async fn sets_password(&self, password: &str) {
        let password = Password::new(password);
        let set = UserCommand::SetPassword { user: "anna.un".to_owned(), password };
        assert_eq!(self.does(AdminCommand::User(set)).await, AdminAnswer::Done);
    }

    /// Its id and its secret.
    async fn device(&self, name: &str) -> (String, String) {
        let create = AppPasswordCommand::Create { user: "anna.un".to_owned(), device_name: name.to_owned() };
        match self.does(AdminCommand::AppPassword(create)).await {
            AdminAnswer::AppPassword { id, secret } => (id, secret.expose().to_owned()),
            other => panic!("{other:?}"),
        }
    }

    async fn stop(self) {
        self.server.stop().await;
        if let Some((_, other)) = self.other {
            other.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_device_is_cut_everywhere_and_the_others_stay() {
    for world in World::all().await {
        let (id, phone) = world.device("Téléphone").await;
        let (_, tablet) = world.device("Tablette").await;
        let mut others = Vec::new();
        for server in [&world.server, world.elsewhere()] {
            others.push(Session::idle(server, &tablet).await);
            others.push(Session::idle(server, OWN).await);
        }
        let idle = [Session::idle(&world.server, &phone).await, Session::idle(world.elsewhere(), &phone).await];
        let data = [Session::data(&world.server, &phone).await, Session::data(world.elsewhere(), &phone).await];
        let started = Instant::now();
        let revoke = AppPasswordCommand::Revoke { user: "anna.un".to_owned(), id };
        assert_eq!(world.does(AdminCommand::AppPassword(revoke)).await, AdminAnswer::Done);
        for session in idle {
            let heard = session.last_words().await;
            assert!(heard.starts_with("* BYE [EXPIRED] L'acces de cet appareil a ete retire"), "{heard}");
        }
        for session in data {
            let heard = session.last_words().await;
            assert!(heard.starts_with("421 4.7.0 L'accès de cet appareil a été retiré"), "{heard}");
        }
        assert!(started.elapsed() < AT_ONCE, "{:?}", started.elapsed());
        for other in &mut others {
            other.is_alive().await;
        }
        drop(others);
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_cuts_who_came_in_with_the_old_one_everywhere() {
    for world in World::all().await {
        let (_, tablet) = world.device("Tablette").await;
        let mut kept = Session::idle(world.elsewhere(), &tablet).await;
        let idle = [Session::idle(&world.server, OWN).await, Session::idle(world.elsewhere(), OWN).await];
        let data = Session::data(world.elsewhere(), OWN).await;
        let started = Instant::now();
        world.sets_password("another long password").await;
        for session in idle {
            let heard = session.last_words().await;
            assert!(heard.starts_with("* BYE [EXPIRED] Le mot de passe de ce compte a change"), "{heard}");
        }
        let heard = data.last_words().await;
        assert!(heard.starts_with("421 4.7.0 Le mot de passe de ce compte a changé"), "{heard}");
        // Setting a password takes a while; cutting does not.
        assert!(started.elapsed() < AT_ONCE * 3, "{:?}", started.elapsed());
        kept.is_alive().await;
        drop(kept);
        let mut back = Session::idle(world.elsewhere(), "another long password").await;
        back.is_alive().await;
        drop(back);
        world.stop().await;
    }
}
