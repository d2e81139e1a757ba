//! An OpenID provider as an ENT has one: the code flow, PKCE, RS256, `client_secret_basic`. A test approves questions as a
//! person would, and may bend what the provider says.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::issuer::{Key, b64, rsa};
use crate::world::START;

pub(crate) const CLIENT: &str = "passerelle";
pub(crate) const SECRET: &str = "s3cr%t:ü";

pub(crate) struct Provider {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    key: Key,
    codes: Mutex<HashMap<String, Code>>,
    /// Claims that are said otherwise.
    bent: Mutex<Value>,
    metadata: Mutex<Value>,
    /// What was handed in for tokens.
    redeemed: Mutex<Vec<BTreeMap<String, String>>>,
}

struct Code {
    client: String,
    redirect_uri: String,
    challenge: String,
    claims: Value,
}

/// A query or a form, unescaped.
pub(crate) fn pairs(text: &str) -> BTreeMap<String, String> {
    let unescaped = |text: &str| {
        let text = text.replace('+', " ");
        let mut octets = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((first, behind)) = rest.split_first() {
            match (first, behind) {
                (b'%', [a, b, ..]) => {
                    let hex = [*a, *b];
                    octets.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
                    rest = &behind[2..];
                }
                _ => {
                    octets.push(*first);
                    rest = behind;
                }
            }
        }
        String::from_utf8(octets).unwrap()
    };
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (unescaped(name), unescaped(value)))
        .collect()
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}/openid");
        let metadata = json!({
            "issuer": url, "jwks_uri": format!("{url}/certs"), "authorization_endpoint": format!("{url}/auth?tenant=1"),
            "token_endpoint": format!("{url}/token"), "end_session_endpoint": format!("{url}/logout"),
            "authorization_response_iss_parameter_supported": true,
        });
        let shared = Arc::new(Shared {
            key: rsa(),
            codes: Mutex::default(),
            bent: Mutex::new(json!({})),
            metadata: Mutex::new(metadata),
            redeemed: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(Arc::clone(&serving), stream));
            }
        });
        Self { port, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/openid", self.port)
    }

    /// Settings of a page that asks this provider; the secret lies in `file`.
    pub(crate) fn settings(&self, file: &std::path::Path) -> String {
        std::fs::write(file, format!("{SECRET}\n")).unwrap();
        format!(
            "oidc.issuer = \"{}\"\noidc.person_claim_holds = \"login\"\npage.client_id = \"{CLIENT}\"\n\
             page.client_secret_file = \"{}\"\n",
            self.url(),
            file.display()
        )
    }

    /// Somebody says yes to a question: the path that the browser is sent back to.
    pub(crate) fn approve(&self, question: &str, person: &str) -> String {
        let asked = pairs(question.split_once('?').unwrap().1);
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["scope"].split(' ').any(|word| word == "openid"));
        let code = self.code(&asked["client_id"], &asked, person);
        let back = asked["redirect_uri"].clone();
        let path = back.splitn(4, '/').nth(3).unwrap().to_owned();
        format!("/{path}?state={}&code={code}&iss={}", asked["state"], crate::browser::escaped(&self.url()))
    }

    /// A code for a client, as an answer to such a question.
    pub(crate) fn code(&self, client: &str, asked: &BTreeMap<String, String>, person: &str) -> String {
        let mut codes = self.shared.codes.lock();
        let code = format!("code{}", codes.len());
        let now = START / 1_000_000;
        let claims = json!({"iss": self.url(), "aud": client, "sub": person, "iat": now, "exp": now + 600, "nonce": asked["nonce"]});
        codes.insert(
            code.clone(),
            Code {
                client: client.to_owned(),
                redirect_uri: asked["redirect_uri"].clone(),
                challenge: asked["code_challenge"].clone(),
                claims,
            },
        );
        code
    }

    /// From now on tokens say this instead.
    pub(crate) fn bend(&self, claims: Value) {
        *self.shared.bent.lock() = claims;
    }

    /// And it says this of itself.
    pub(crate) fn tells(&self, name: &str, value: Value) {
        self.shared.metadata.lock()[name] = value;
    }

    pub(crate) fn redeemed(&self) -> usize {
        self.shared.redeemed.lock().len()
    }
}

async fn serve(shared: Arc<Shared>, mut stream: TcpStream) {
    let mut request = Vec::new();
    let (head, body) = loop {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
        let text = String::from_utf8(request.clone()).unwrap();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let header = |name: &str| {
                let line = head.lines().find(|line| line.to_lowercase().starts_with(name))?;
                Some(line.split_once(':')?.1.trim().to_owned())
            };
            let length = header("content-length").map_or(0, |length| length.parse::<usize>().unwrap());
            if body.len() >= length {
                break (head.to_owned(), body.to_owned());
            }
        }
    };
    let path = head.split(' ').nth(1).unwrap_or_default();
    let (status, page) = match path {
        "/openid/.well-known/openid-configuration" => ("200 OK", shared.metadata.lock().to_string()),
        "/openid/certs" => ("200 OK", json!({"keys": [shared.key.public("k1")]}).to_string()),
        "/openid/token" => shared.token(&head, &body),
        _ => ("404 Not Found", String::new()),
    };
    let length = page.len();
    let answer =
        format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{page}");
    let _ = stream.write_all(answer.as_bytes()).await;
}

impl Shared {
    fn token(&self, head: &str, body: &str) -> (&'static str, String) {
        let refused = ("400 Bad Request", json!({"error": "invalid_grant"}).to_string());
        let form = pairs(body);
        self.redeemed.lock().push(form.clone());
        // RFC 6749 §2.3.1: both encoded as in a form.
        let pair = format!("{}:{}", CLIENT, "s3cr%25t%3A%C3%BC");
        let expected = format!("Basic {}", STANDARD.encode(pair));
        let brought = head
            .lines()
            .find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("authorization")));
        if brought.is_none_or(|(_, value)| value != expected) || form["grant_type"] != "authorization_code" {
            return ("401 Unauthorized", json!({"error": "invalid_client"}).to_string());
        }
        // Each code once.
        let Some(code) = self.codes.lock().remove(&form["code"]) else { return refused };
        let challenge = b64(ring::digest::digest(&ring::digest::SHA256, form["code_verifier"].as_bytes()));
        if code.client != CLIENT || code.redirect_uri != form["redirect_uri"] || code.challenge != challenge {
            return refused;
        }
        let mut claims = code.claims;
        for (name, value) in self.bent.lock().as_object().unwrap() {
            claims[name] = value.clone();
        }
        let token = self.key.token("k1", &claims);
        ("200 OK", json!({"access_token": "x", "token_type": "Bearer", "id_token": token}).to_string())
    }
}
