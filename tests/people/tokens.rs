//! Tokens of the ENT (RFC 7628, RFC 7519): an issuer that changes keys, is slow, away, or lies; and every kind of token that
//! nobody may come in with.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use passerelle::config::{Config, PersonClaim, TokenAlgorithm};
use passerelle::domain::clock::Clock;
use passerelle::domain::login::{Login, LoginRefusal, TokenLogin};
use passerelle::domain::{Fault, Gateway};
use passerelle::model::{Secret, Timestamp};
use passerelle::sample;
use passerelle::sasl::bearer::{Form, Token};
use ring::rsa::PublicKeyComponents;
use serde_json::{Value, json};

use crate::issuer::{Issuer, Key, b64, ec, ed, rsa};
use crate::support::{self, TestStore};
use crate::{DOMAIN, START, import, user};

struct School {
    _test: TestStore,
    gateway: Arc<Gateway>,
    clock: Clock,
    issuer: Issuer,
}

impl School {
    async fn new(change: impl FnOnce(&mut Config)) -> Self {
        Self::over(support::sqlite().await, change).await
    }

    async fn over(test: TestStore, change: impl FnOnce(&mut Config)) -> Self {
        let issuer = Issuer::start().await;
        let text = format!("domain = '{DOMAIN}'\ndata_dir = '{}'\n", test.folder.path().display());
        let mut config: Config = toml::from_str(&text).unwrap();
        config.oidc.issuer = Some(issuer.url());
        config.oidc.audiences = vec!["passerelle".to_owned(), "other".to_owned()];
        change(&mut config);
        let clock = Clock::fixed(Timestamp::from_seconds(START));
        let gateway = Gateway::new(Arc::new(config), test.store.clone(), clock.clone()).unwrap();
        import(&gateway, &sample::school()).await;
        Self { _test: test, gateway: Arc::new(gateway), clock, issuer }
    }

    /// What a token says that may be used now, for a quarter of an hour.
    async fn claims(&self, login: &str) -> Value {
        let person = user(&self.gateway, login).await;
        let external_id = self.gateway.user_details(&person.id).await.unwrap().unwrap().external_id;
        let now = self.gateway.clock.now().seconds();
        json!({"iss": self.issuer.url(), "aud": "passerelle", "sub": external_id, "exp": now + 900, "iat": now})
    }

    async fn log_in(&self, name: Option<&str>, token: &str) -> Result<TokenLogin, Fault> {
        let name = name.map(str::to_owned);
        let token = Token { name, token: Secret::new(token), form: Form::OAuthBearer };
        self.gateway.log_in_by_token(&token).await
    }

    /// The login of whoever comes in; the reason that is told where nobody does.
    async fn comes_in(&self, token: &str) -> Result<String, String> {
        match self.log_in(None, token).await.unwrap() {
            TokenLogin::Known(Login::Welcome(welcome)) => Ok(welcome.user.login),
            TokenLogin::Known(Login::Refused(refusal)) => Err(format!("{refusal:?}")),
            TokenLogin::Refused(why) => {
                let why: Value = serde_json::from_str(&why).unwrap();
                Err(why["status"].as_str().unwrap().to_owned())
            }
        }
    }

    fn at(&self, seconds: i64) {
        self.clock.set(Timestamp::from_seconds(START + seconds));
    }
}

fn invalid() -> Result<String, String> {
    Err("invalid_token".to_owned())
}

fn with(claims: &Value, key: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(key);
    } else {
        claims[key] = value;
    }
    claims
}

#[tokio::test]
async fn a_token_opens_the_mailboxes_of_the_person_that_it_names() {
    for test in support::stores().await {
        let school = School::over(test, |config| config.oidc.algorithms.push(TokenAlgorithm::EdDsa)).await;
        let (rsa, ec, ed) = (rsa(), ec(), ed());
        school.issuer.tells(&[rsa.public("r"), ec.public("e"), ed.public("d")]);
        let claims = school.claims("nadia.roussel").await;
        for (key, id) in [(&rsa, "r"), (&ec, "e"), (&ed, "d")] {
            let token = key.token(id, &claims);
            assert_eq!(school.comes_in(&token).await, Ok("nadia.roussel".to_owned()));
            for name in ["nadia.roussel", &format!("Nadia.Roussel@{DOMAIN}")] {
                let login = school.log_in(Some(name), &token).await.unwrap();
                assert!(matches!(login, TokenLogin::Known(Login::Welcome(_))), "{login:?}");
            }
            // Somebody else's mailboxes, or nobody's.
            for name in ["theo.lambert", "nobody", &format!("nadia.roussel@other.{DOMAIN}")] {
                assert!(matches!(school.log_in(Some(name), &token).await.unwrap(), TokenLogin::Refused(_)), "{name}");
            }
        }
        assert_eq!(school.issuer.count(), 1, "keys are asked for once");
        let ours = [
            rsa.token("r", &with(&claims, "aud", json!(["else", "other"]))),
            rsa.token("r", &with(&claims, "exp", json!(START as f64 + 0.5))),
            rsa.token_with(&json!({"alg": "RS256"}), &claims),
            ec.token_with(&json!({"alg": "ES256", "typ": "at+JWT", "kid": "e"}), &claims),
            ec.token_with(&json!({"alg": "ES256", "typ": "application/at+jwt"}), &claims),
        ];
        for token in ours {
            assert_eq!(school.comes_in(&token).await, Ok("nadia.roussel".to_owned()), "{token}");
        }
        let nadia = user(&school.gateway, "nadia.roussel").await;
        school.gateway.suspend_user(&nadia.id, "partie").await.unwrap();
        let suspended = school.log_in(None, &rsa.token("r", &claims)).await.unwrap();
        assert!(matches!(suspended, TokenLogin::Known(Login::Refused(LoginRefusal::Suspended))), "{suspended:?}");
    }
}

#[tokio::test]
async fn times_hold_to_the_second_with_the_skew_that_is_allowed() {
    let school = School::new(|config| config.oidc.clock_skew_seconds = 60).await;
    let key = ec();
    school.issuer.tells(&[key.public("e")]);
    let claims = school.claims("nadia.roussel").await;
    for (claim, good, bad) in [("exp", START - 59, START - 60), ("nbf", START + 60, START + 61)] {
        assert!(school.comes_in(&key.token("e", &with(&claims, claim, json!(good)))).await.is_ok(), "{claim}");
        assert_eq!(school.comes_in(&key.token("e", &with(&claims, claim, json!(bad)))).await, invalid(), "{claim}");
    }
    for far in [json!(i64::MAX), json!(1e300), json!(u64::MAX)] {
        assert!(school.comes_in(&key.token("e", &with(&claims, "exp", far.clone()))).await.is_ok(), "{far}");
        assert_eq!(school.comes_in(&key.token("e", &with(&claims, "nbf", far))).await, invalid());
    }
    school.at(959);
    assert!(school.comes_in(&key.token("e", &claims)).await.is_ok());
    school.at(960);
    assert_eq!(school.comes_in(&key.token("e", &claims)).await, invalid());
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of what is refused")]
async fn what_is_no_token_of_ours_opens_nothing() {
    let school = School::new(|_| {}).await;
    let (rsa, ec, other) = (rsa(), ec(), ec());
    let mut for_secrets = ec.public("enc");
    for_secrets["use"] = json!("enc");
    let mut for_es384 = ec.public("384");
    for_es384["alg"] = json!("ES384");
    let shared = json!({"kty": "oct", "kid": "shared", "k": b64("secret")});
    school.issuer.tells(&[
        rsa.public("r"),
        ec.public("e"),
        for_secrets,
        for_es384,
        shared,
        json!({"kty": "?"}),
        json!(1),
    ]);
    let claims = school.claims("nadia.roussel").await;
    assert!(school.comes_in(&rsa.token("r", &claims)).await.is_ok());

    let hmac = |secret: &[u8], header: Value| {
        let signed = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let tag = ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret), signed.as_bytes());
        format!("{signed}.{}", b64(tag))
    };
    let public = STANDARD.decode(include_str!("keys/rsa.txt").replace('\n', "")).unwrap();
    let Key::Rsa(pair) = &rsa else { panic!() };
    let modulus = PublicKeyComponents::<Vec<u8>>::from(pair.public()).n;
    let right = ec.token("e", &claims);
    let parts: Vec<&str> = right.split('.').collect();
    let theo = school.claims("theo.lambert").await;
    let mut bad = vec![
        // Signed by nobody, or by what is no secret.
        format!("{}.{}.", b64(json!({"alg": "none"}).to_string()), parts[1]),
        format!("{}.{}.", b64(json!({"alg": "None", "kid": "e"}).to_string()), parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        hmac(&modulus, json!({"alg": "HS256", "kid": "r"})),
        hmac(&public, json!({"alg": "HS256", "kid": "r"})),
        hmac(b"secret", json!({"alg": "HS256", "kid": "shared"})),
        hmac(&modulus, json!({"alg": "RS256", "kid": "r"})),
        // By another key; by a key for something else; as no setting names.
        other.token("e", &claims),
        other.token("unknown", &claims),
        ec.token("enc", &claims),
        ec.token("384", &claims),
        ec.token("r", &claims),
        ec.token_with(&json!({"alg": "RS256", "kid": "e"}), &claims),
        rsa.token_with(&json!({"alg": "PS256", "kid": "r"}), &claims),
        rsa.token_with(&json!({"alg": "RS512", "kid": "r"}), &claims),
        ec.token_with(&json!({"kid": "e"}), &claims),
        // For another purpose.
        ec.token_with(&json!({"alg": "ES256", "kid": "e", "typ": "logout+jwt"}), &claims),
        ec.token_with(&json!({"alg": "ES256", "kid": "e", "crit": ["b64"], "b64": false}), &claims),
        ec.token_with(&json!([]), &claims),
        // Changed after it was signed.
        format!("{}.{}.{}", parts[0], b64(theo.to_string()), parts[2]),
        format!("{}.{}.{}", b64(json!({"alg": "ES256", "kid": "e", "x": 1}).to_string()), parts[1], parts[2]),
        // No three parts of base64.
        String::new(),
        "..".to_owned(),
        parts[0].to_owned(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{right}.{}", parts[2]),
        format!("{right}="),
        format!(" {right}"),
        right.replace('.', ":"),
        "\u{e9}.\u{e9}.\u{e9}".to_owned(),
    ];
    let claim = |key: &str, value: Value| ec.token("e", &with(&claims, key, value));
    bad.extend([
        claim("iss", Value::Null),
        claim("iss", json!("https://ent.example.org")),
        claim("iss", json!(format!("{}/", school.issuer.url()))),
        claim("iss", json!([school.issuer.url()])),
        claim("aud", Value::Null),
        claim("aud", json!("passerelle2")),
        claim("aud", json!([])),
        claim("aud", json!({"passerelle": true})),
        claim("exp", Value::Null),
        claim("exp", json!("4102444800")),
        claim("exp", json!(-1e300)),
        claim("nbf", json!("0")),
        claim("sub", Value::Null),
        claim("sub", json!("")),
        claim("sub", json!(5)),
        claim("sub", json!("nadia.roussel")),
        ec.token("e", &json!("claims")),
    ]);
    for token in bad {
        school.at(0);
        assert_eq!(school.comes_in(&token).await, invalid(), "{token}");
    }
    assert!(school.comes_in(&right).await.is_ok());
}

#[tokio::test]
async fn a_token_may_be_so_long_and_no_longer() {
    let key = ec();
    let token = |school: &School, claims: &Value, padding: usize| {
        assert!(school.issuer.port > 0);
        key.token("e", &with(claims, "padding", json!("x".repeat(padding))))
    };
    let school = School::new(|config| config.oidc.token_bytes_max = 2000).await;
    school.issuer.tells(&[key.public("e")]);
    let claims = school.claims("nadia.roussel").await;
    let rest = token(&school, &claims, 300).len() - 400;
    let longest = token(&school, &claims, (2000 - rest) / 4 * 3 - 2);
    assert!((1990..=2000).contains(&longest.len()), "{}", longest.len());
    assert!(school.comes_in(&longest).await.is_ok());
    assert_eq!(school.comes_in(&token(&school, &claims, 1400)).await, invalid());
    assert_eq!(school.comes_in(&"x".repeat(10_000_000)).await, invalid());
}

#[tokio::test]
async fn scope_and_the_claim_that_names_the_person_are_settings() {
    let school = School::new(|config| {
        config.oidc.scope = Some("mail".to_owned());
        config.oidc.person_claim = "email".to_owned();
        config.oidc.person_claim_holds = PersonClaim::Login;
    })
    .await;
    let key = ec();
    school.issuer.tells(&[key.public("e")]);
    let claims = school.claims("nadia.roussel").await;
    let claims = with(&claims, "email", json!(format!("nadia.roussel@{DOMAIN}")));
    for scope in [Value::Null, json!(""), json!("email mailing"), json!(["mail"])] {
        let told = school.comes_in(&key.token("e", &with(&claims, "scope", scope))).await;
        assert_eq!(told, Err("insufficient_scope".to_owned()));
    }
    let claims = with(&claims, "scope", json!("openid mail"));
    assert_eq!(school.comes_in(&key.token("e", &claims)).await, Ok("nadia.roussel".to_owned()));
    let elsewhere = with(&claims, "email", json!("nadia.roussel@example.org"));
    assert_eq!(school.comes_in(&key.token("e", &elsewhere)).await, invalid());
}

#[tokio::test]
async fn keys_change_and_nobody_makes_us_ask_without_end() {
    let school = School::new(|config| {
        config.oidc.keys_remember_seconds = 3600;
        config.oidc.keys_ask_seconds = 30;
    })
    .await;
    let (old, new) = (rsa(), ec());
    school.issuer.tells(&[old.public("old")]);
    let claims = with(&school.claims("nadia.roussel").await, "exp", json!(START + 100_000));
    assert!(school.comes_in(&old.token("old", &claims)).await.is_ok());
    school.issuer.tells(&[old.public("old"), new.public("new")]);
    // Too early to ask again; then once; then as often as somebody makes up names of keys: never before its time.
    school.at(29);
    assert_eq!(school.comes_in(&new.token("new", &claims)).await, invalid());
    school.at(30);
    assert!(school.comes_in(&new.token("new", &claims)).await.is_ok());
    assert_eq!(school.issuer.count(), 2);
    for number in 0..100 {
        school.at(30 + number / 4);
        assert_eq!(school.comes_in(&new.token(&format!("made-up-{number}"), &claims)).await, invalid());
        assert!(school.comes_in(&old.token("old", &claims)).await.is_ok());
    }
    assert_eq!(school.issuer.count(), 2);
    // A key that is taken back is good until the keys are old.
    school.issuer.tells(&[new.public("new")]);
    school.at(30 + 3599);
    assert!(school.comes_in(&old.token("old", &claims)).await.is_ok());
    school.at(30 + 3600);
    assert_eq!(school.comes_in(&old.token("old", &claims)).await, invalid());
    assert_eq!(school.issuer.count(), 3);
}

#[tokio::test]
async fn while_the_issuer_is_away_old_keys_are_good_for_a_while() {
    let school = School::new(|config| {
        config.oidc.keys_remember_seconds = 100;
        config.oidc.keys_ask_seconds = 10;
        config.oidc.keys_stale_seconds = 1000;
        config.oidc.answer_milliseconds_max = 5000;
    })
    .await;
    let key = ec();
    let claims = with(&school.claims("nadia.roussel").await, "exp", json!(START + 100_000));
    let token = key.token("e", &claims);
    // Nothing but errors: of ours, not of the token.
    let certs = "/openid/certs?v=1";
    let lies = ["{}", "[]", "no JSON", r#"{"keys": 5}"#, &format!("{{\"keys\": [\"{}\"]}}", "x".repeat(300_000))];
    for (number, lie) in (0..).zip(lies) {
        school.issuer.says(certs, lie);
        school.at(number * 10);
        assert!(matches!(school.log_in(None, &token).await, Err(Fault::Ent(_))), "{lie:.20}");
        assert!(matches!(school.log_in(None, &token).await, Err(Fault::Ent(_))), "and is not asked again at once");
    }
    assert_eq!(school.issuer.count(), lies.len());
    school.at(100);
    school.issuer.tells(&[key.public("e")]);
    // Everybody at once: one asks.
    let all = (0..50).map(|_| school.comes_in(&token));
    assert!(futures_util::future::join_all(all).await.iter().all(Result::is_ok));
    assert_eq!(school.issuer.count(), lies.len() + 1);
    school.issuer.says(certs, "away");
    school.at(100 + 999);
    assert!(school.comes_in(&token).await.is_ok());
    school.at(100 + 1000);
    assert!(matches!(school.log_in(None, &token).await, Err(Fault::Ent(_))), "too old");
    school.issuer.tells(&[key.public("e")]);
    school.at(100 + 1010);
    assert!(school.comes_in(&token).await.is_ok());
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_not_waited_for_long() {
    let school = School::new(|config| config.oidc.answer_milliseconds_max = 50).await;
    school.issuer.says("/openid/certs?v=1", "");
    let key = ec();
    let token = key.token("e", &school.claims("nadia.roussel").await);
    let began = Instant::now();
    assert!(matches!(school.log_in(None, &token).await, Err(Fault::Ent(_))));
    assert!(began.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn the_issuer_is_whom_it_says_it_is() {
    let school = School::new(|config| config.oidc.keys_ask_seconds = 1).await;
    let key = ec();
    school.issuer.tells(&[key.public("e")]);
    let token = key.token("e", &school.claims("nadia.roussel").await);
    let url = school.issuer.url();
    let certs = format!("{url}/certs?v=1");
    let lies = [
        (format!("{url}/"), certs.clone()),
        ("https://ent.example.org".to_owned(), certs.clone()),
        (url.clone(), "http://192.0.2.1/certs".to_owned()),
        (url.clone(), "ftp://127.0.0.1/certs".to_owned()),
        (url.clone(), String::new()),
    ];
    for (number, (issuer, keys)) in (0..).zip(lies) {
        school.issuer.tells_about_itself(&issuer, &keys);
        school.at(number);
        assert!(matches!(school.log_in(None, &token).await, Err(Fault::Ent(_))), "{issuer} {keys}");
    }
    assert_eq!(school.issuer.count(), 0);
    school.issuer.tells_about_itself(&url, &certs);
    school.at(10);
    assert!(school.comes_in(&token).await.is_ok());
    // Where a setting says where the keys are, the issuer is not asked about itself.
    let school = School::new(|config| {
        config.oidc.keys_url = config.oidc.issuer.as_ref().map(|issuer| format!("{issuer}/elsewhere"));
    })
    .await;
    school.issuer.says("/openid/elsewhere", &json!({"keys": [key.public("e")]}).to_string());
    let token = key.token("e", &school.claims("nadia.roussel").await);
    assert!(school.comes_in(&token).await.is_ok());
    assert_eq!(*school.issuer.asked.lock(), ["/openid/elsewhere"]);
}
