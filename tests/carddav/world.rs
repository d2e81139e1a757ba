//! The sample school behind the HTTP routes, and how to ask.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use passerelle::config::Config;
use passerelle::connection::Security;
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::domain::import::{ImportMode, Imported};
use passerelle::http::client::Client;
use passerelle::http::{PublicPorts, router};
use passerelle::model::{Secret, Timestamp, User};
use passerelle::sample;

use crate::support::{self, TestStore};

pub const DOMAIN: &str = "ent.example.fr";
pub const PASSWORD: &str = "un mot de passe long";

/// A gateway with the sample school.
pub struct World {
    pub gateway: Arc<Gateway>,
    pub clock: Clock,
    pub test: TestStore,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// What stands between these, each time.
    pub fn between<'a>(&'a self, begin: &str, end: &str) -> Vec<&'a str> {
        self.body.split(begin).skip(1).filter_map(|rest| rest.split_once(end)).map(|(inside, _)| inside).collect()
    }

    /// The one that there is.
    pub fn one(&self, begin: &str, end: &str) -> String {
        let all = self.between(begin, end);
        assert_eq!(all.len(), 1, "{begin}: {}", self.body);
        all[0].to_owned()
    }

    /// Reference → what is said of it.
    pub fn responses(&self) -> BTreeMap<String, String> {
        assert_eq!(self.status, StatusCode::MULTI_STATUS, "{}", self.body);
        let pair = |response: &str| {
            let (href, rest) = response.strip_prefix("<D:href>").unwrap().split_once("</D:href>").unwrap();
            (href.to_owned(), rest.to_owned())
        };
        self.between("<D:response>", "</D:response>").into_iter().map(pair).collect()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// Worlds on both engines.
pub async fn worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    for test in support::stores().await {
        worlds.push(World::over(test, |_| {}).await);
    }
    worlds
}

impl World {
    /// With settings of its own, on SQLite.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::over(support::sqlite().await, change).await
    }

    pub async fn over(test: TestStore, change: impl FnOnce(&mut Config)) -> Self {
        let clock = Clock::fixed(Timestamp::from_seconds(1_795_000_000));
        let gateway = Arc::new(gateway(&test, clock.clone(), change));
        match gateway.import(&sample::school(), ImportMode::Apply).await.unwrap() {
            Imported::Done(_) => {}
            other => panic!("{other:?}"),
        }
        let world = Self { gateway, clock, test };
        for login in ["theo.lambert", "zoe.martin", "christine.lambert", "nadia.roussel", "helene.marchetti"] {
            let id = world.user(login).await.id;
            world.gateway.set_password(&id, Secret::new(PASSWORD)).await.unwrap().unwrap();
        }
        world
    }

    /// Another gateway on the same store.
    pub fn beside(&self) -> Arc<Gateway> {
        Arc::new(gateway(&self.test, self.clock.clone(), |_| {}))
    }

    pub async fn user(&self, login: &str) -> User {
        self.gateway.find_user(login).await.unwrap().unwrap()
    }

    /// Somebody who asks over TLS.
    pub fn visitor(&self, login: &str) -> Visitor {
        Visitor::new(Arc::clone(&self.gateway), login)
    }
}

fn gateway(test: &TestStore, clock: Clock, change: impl FnOnce(&mut Config)) -> Gateway {
    let text = format!(
        "domain = \"{DOMAIN}\"\ndata_dir = \"{}\"\n[login]\nscram_iterations = 4096\nrefusal_delay_milliseconds = 0\n",
        test.folder.path().display()
    );
    let mut config: Config = toml::from_str(&text).unwrap();
    change(&mut config);
    Gateway::new(Arc::new(config), test.store.clone(), clock).unwrap()
}

/// Somebody with a client.
#[derive(Clone)]
pub struct Visitor {
    gateway: Arc<Gateway>,
    pub login: String,
    pub password: String,
    pub agent: String,
    pub client: Client,
}

impl Visitor {
    pub fn new(gateway: Arc<Gateway>, login: &str) -> Self {
        let peer: SocketAddr = "192.0.2.1:5000".parse().unwrap();
        Self {
            gateway,
            login: login.to_owned(),
            password: PASSWORD.to_owned(),
            agent: "test/1".to_owned(),
            client: Client { peer, security: Security::Tls },
        }
    }

    pub fn with_agent(mut self, agent: &str) -> Self {
        agent.clone_into(&mut self.agent);
        self
    }

    /// Asks, with headers `Name: value` of its own.
    pub async fn asks(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        let basic = STANDARD.encode(format!("{}:{}", self.login, self.password));
        let authorization = format!("Authorization: Basic {basic}");
        let headers: Vec<&str> = headers.iter().copied().chain([authorization.as_str()]).collect();
        self.asks_as_nobody(method, path, &headers, body).await
    }

    /// The same without a password.
    pub async fn asks_as_nobody(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("User-Agent", &self.agent);
        for header in headers {
            let (name, value) = header.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        request.extensions_mut().insert(self.client);
        let service = TowerToHyperService::new(router(Arc::clone(&self.gateway), PublicPorts::default()));
        let response = service.call(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: head.status, headers: head.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    pub async fn propfind(&self, path: &str, depth: u8, properties: &str) -> Answer {
        let body = format!(
            "<?xml version=\"1.0\"?><d:propfind xmlns:d=\"DAV:\" xmlns:card=\"urn:ietf:params:xml:ns:carddav\" \
             xmlns:cs=\"http://calendarserver.org/ns/\"><d:prop>{properties}</d:prop></d:propfind>"
        );
        self.asks("PROPFIND", path, &[&format!("Depth: {depth}")], &body).await
    }

    pub async fn report(&self, path: &str, name: &str, inside: &str) -> Answer {
        let body = format!("<{name} xmlns:d=\"DAV:\" xmlns:card=\"urn:ietf:params:xml:ns:carddav\">{inside}</{name}>");
        self.asks("REPORT", path, &["Depth: 1"], &body).await
    }

    /// The path of the home of the books.
    pub async fn home(&self) -> String {
        let root = self.propfind("/dav/", 0, "<d:current-user-principal/>").await;
        let principal = root.one("<D:current-user-principal><D:href>", "</D:href>");
        let answer = self.propfind(&principal, 0, "<card:addressbook-home-set/>").await;
        answer.one("<C:addressbook-home-set><D:href>", "</D:href>")
    }

    /// The references of a book's cards, by what they say of their address.
    pub async fn cards(&self, book: &str) -> BTreeMap<String, String> {
        let path = format!("{}{book}/", self.home().await);
        let answer =
            self.report(&path, "card:addressbook-query", "<d:prop><card:address-data/></d:prop><card:filter/>").await;
        let address = |card: &str| {
            let line = card.split("&#13;\n").find(|line| line.starts_with("EMAIL")).unwrap();
            line.split_once(':').unwrap().1.to_owned()
        };
        answer.responses().into_iter().map(|(href, card)| (address(&card), href)).collect()
    }
}

/// A new app password of somebody: what is typed, and its id.
pub async fn app_password(world: &World, login: &str) -> (String, String) {
    let user = world.user(login).await;
    let made = world.gateway.create_app_password(&user.id, "phone").await.unwrap().unwrap();
    (String::from_utf8(made.secret.expose().to_vec()).unwrap(), made.password.id)
}
