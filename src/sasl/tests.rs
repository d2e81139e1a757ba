//! Every mechanism, with what clients may send and what nobody should.

use std::num::NonZeroU32;

use super::*;

fn begin(mechanism: Mechanism, response: &[u8]) -> Turn {
    mechanism.begin(Some(&Secret::new(response)), &Offer::default())
}

fn password(turn: Turn) -> (String, Secret) {
    match turn {
        Turn::Password(credentials) => (credentials.name, credentials.password),
        other => panic!("{other:?}"),
    }
}

fn failure(turn: Turn) -> Failure {
    match turn {
        Turn::Failed(failure) => failure,
        other => panic!("{other:?}"),
    }
}

fn challenge(turn: Turn) -> (String, Exchange) {
    match turn {
        Turn::Challenge(text, exchange) => (text, exchange),
        other => panic!("{other:?}"),
    }
}

fn done(name: &str, password: &str) -> (String, Secret) {
    (name.to_owned(), Secret::new(password))
}

#[test]
fn names_in_any_case() {
    assert_eq!(Mechanism::named("plain"), Some(Mechanism::Plain));
    assert_eq!(Mechanism::named("Scram-Sha-256-Plus"), Some(Mechanism::ScramSha256Plus));
    for unknown in ["CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS ", ""] {
        assert_eq!(Mechanism::named(unknown), None);
    }
}

#[test]
fn plain() {
    let plain = |text: &[u8]| begin(Mechanism::Plain, text);
    assert_eq!(password(plain(b"\0anne\0mot de passe")), done("anne", "mot de passe"));
    assert_eq!(password(plain(b"anne\0anne\0x")), done("anne", "x"));
    assert_eq!(password(plain("\0zoé\0é".as_bytes())), done("zoé", "é"));
    assert_eq!(password(plain(b"\0\0")), done("", ""));
    assert_eq!(failure(plain(b"paul\0anne\0x")), Failure::ForSomebodyElse);
    for malformed in [&b"anne"[..], b"", b"\0anne", b"\0a\0b\0c", b"\0\xff\0x"] {
        assert_eq!(failure(plain(malformed)), Failure::Malformed, "{malformed:?}");
    }
    let (text, exchange) = challenge(Mechanism::Plain.begin(None, &Offer::default()));
    assert_eq!(text, "");
    assert_eq!(password(exchange.answered(b"AGFubmUAeA==", &Offer::default())), done("anne", "x"));
}

#[test]
fn login() {
    let offer = Offer::default();
    let (text, exchange) = challenge(Mechanism::Login.begin(None, &offer));
    assert_eq!(text, "Username:");
    let (text, exchange) = challenge(exchange.answered(b"YW5uZQ==", &offer));
    assert_eq!(text, "Password:");
    assert_eq!(password(exchange.clone().answered(b"eA==", &offer)), done("anne", "x"));
    assert_eq!(failure(exchange.clone().answered(b"*", &offer)), Failure::Cancelled);
    assert_eq!(failure(exchange.clone().answered(b"eA", &offer)), Failure::Malformed);
    assert_eq!(password(exchange.answered(b"", &offer)), done("anne", ""));
    let (text, exchange) = challenge(begin(Mechanism::Login, b"anne"));
    assert_eq!(text, "Password:");
    assert_eq!(password(exchange.answered(b"eA==", &offer)), done("anne", "x"));
}

#[test]
fn base64_and_what_is_not() {
    assert_eq!(decode(b"="), Some(Secret::new("")));
    assert_eq!(decode(b"eA=="), Some(Secret::new("x")));
    for bad in [&b"eA"[..], b"==", b"!!!", b"eA== "] {
        assert_eq!(decode(bad), None);
    }
    assert_eq!(encode("Password:"), "UGFzc3dvcmQ6");
}

const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";

fn salting() -> scram::Salting {
    scram::Salting {
        salt: STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap().try_into().unwrap(),
        iterations: NonZeroU32::new(4096).unwrap(),
        nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0".to_owned(),
    }
}

fn pencil() -> scram::Verifier {
    scram::Verifier::of(&Secret::new("pencil"), &salting().salt, salting().iterations).unwrap()
}

fn first(mechanism: Mechanism, message: &str, offer: &Offer) -> Result<scram::First, Failure> {
    match mechanism.begin(Some(&Secret::new(message)), offer) {
        Turn::Salt(first) => Ok(first),
        Turn::Failed(failure) => Err(failure),
        other => panic!("{other:?}"),
    }
}

fn last(first: scram::First, message: &str, offer: &Offer) -> Result<scram::Proof, Failure> {
    let (_, challenged) = first.challenged(&salting());
    let line = STANDARD.encode(message);
    match Exchange::ScramFinal(Box::new(challenged)).answered(line.as_bytes(), offer) {
        Turn::Proof(proof) => Ok(proof),
        Turn::Failed(failure) => Err(failure),
        other => panic!("{other:?}"),
    }
}

/// RFC 7677 §3.
#[test]
fn the_example_of_the_rfc() {
    let offer = Offer::default();
    let user = first(Mechanism::ScramSha256, &format!("n,,n=user,r={NONCE}"), &offer).unwrap();
    assert_eq!(user.name(), "user");
    let (message, _) = user.clone().challenged(&salting());
    let nonce = format!("{NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
    assert_eq!(message, format!("r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
    let proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    let proof = last(user.clone(), &format!("c=biws,r={nonce},p={proof}"), &offer).unwrap();
    assert_eq!(pencil().signs(&proof).as_deref(), Some("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
    let other = scram::Verifier::of(&Secret::new("Pencil"), &salting().salt, salting().iterations).unwrap();
    assert_eq!(other.signs(&proof), None);
    assert_eq!(format!("{other:?}"), "Verifier(…)");

    // One bit of the proof; another nonce; extensions behind are read over, and are part of what is signed.
    let wrong = last(user.clone(), &format!("c=biws,r={nonce},p=dXzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="), &offer);
    assert_eq!(pencil().signs(&wrong.unwrap()), None);
    let extended =
        last(user.clone(), &format!("c=biws,r={nonce},x=y,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="), &offer);
    assert_eq!(pencil().signs(&extended.unwrap()), None);
    for malformed in [
        format!("c=biws,r={NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
        format!("c=biws,r={nonce}x,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
        format!("c=biws,r={nonce},p=dHzb"),
        format!("c=biws,r={nonce},p="),
        format!("c=biws,r={nonce}"),
        format!("c=!,r={nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
        format!("r={nonce},c=biws,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
        format!("p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=,c=biws,r={nonce}"),
        format!("c=biws,r={nonce},x={},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", "y".repeat(3000)),
        "x".to_owned(),
        String::new(),
    ] {
        assert_eq!(last(user.clone(), &malformed, &offer).unwrap_err(), Failure::Malformed, "{malformed}");
    }
    // What was said of the channel at first: `y,,` is not `n,,`.
    let other = last(user, &format!("c=eSws,r={nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="), &offer);
    assert_eq!(other.unwrap_err(), Failure::ChannelBinding);
}

#[test]
fn first_messages() {
    let scram = |message: &str| first(Mechanism::ScramSha256, message, &Offer::default());
    assert_eq!(scram("n,,n=a=2Cb=3Dc,r=x").unwrap().name(), "a,b=c");
    assert_eq!(scram("y,,n=I\u{AD}X,r=x,any=thing").unwrap().name(), "IX");
    assert_eq!(scram("n,a=anne,n=anne,r=x").unwrap().name(), "anne");
    assert_eq!(scram("n,a=paul,n=anne,r=x"), Err(Failure::ForSomebodyElse));
    for malformed in [
        "",
        "n",
        "n,,",
        "n,,n=anne",
        "n,,r=x,n=anne",
        "n,,n=anne,r=",
        "n,,n=anne,r=é",
        "n,,n=anne,r=a b",
        "n,,n=,r=x",
        "n,,n=a=2cb,r=x",
        "n,,n=a=,r=x",
        "n,,n=a\u{7}b,r=x",
        "n,,m=must,n=anne,r=x",
        "n,b=c,n=anne,r=x",
        "n,a=,n=anne,r=x",
        "N,,n=anne,r=x",
        "x,,n=anne,r=x",
        "n=anne,r=x",
        "p=tls-exporter,,n=anne,r=x",
        "p=,,n=anne,r=x",
        &format!("n,,n={},r=x", "a".repeat(4000)),
        &format!("n,,n=a,r={}", "x".repeat(4000)),
    ] {
        assert_eq!(scram(malformed), Err(Failure::Malformed), "{malformed}");
    }
    assert_eq!(failure(begin(Mechanism::ScramSha256, b"n,,n=\xff,r=x")), Failure::Malformed);
}

fn tls() -> Offer {
    let bindings = ChannelBindings { exporter: Some([7; 32]), end_point: Some(vec![1, 2, 3]) };
    Offer { mechanisms: Mechanism::ALL.to_vec(), bindings }
}

#[test]
fn an_exchange_is_bound_to_its_connection() {
    let (offer, plus) = (tls(), Mechanism::ScramSha256Plus);
    let nonce = format!("{NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
    let proof = STANDARD.encode([0; 32]);
    for (kind, data) in [("tls-exporter", &[7; 32][..]), ("tls-server-end-point", &[1, 2, 3])] {
        let header = format!("p={kind},,");
        let user = first(plus, &format!("{header}n=user,r={NONCE}"), &offer).unwrap();
        let bound = STANDARD.encode([header.as_bytes(), data].concat());
        assert!(last(user.clone(), &format!("c={bound},r={nonce},p={proof}"), &offer).is_ok());
        // Somebody in the middle, with a connection of their own to each side.
        let other = STANDARD.encode([header.as_bytes(), &[8; 32]].concat());
        for bound in [other, STANDARD.encode(&header), "biws".to_owned()] {
            let bound = last(user.clone(), &format!("c={bound},r={nonce},p={proof}"), &offer);
            assert_eq!(bound.unwrap_err(), Failure::ChannelBinding);
        }
    }
    for (message, failure) in [
        ("p=tls-unique,,n=user,r=x", Failure::ChannelBinding),
        ("p=,,n=user,r=x", Failure::ChannelBinding),
        ("n,,n=user,r=x", Failure::Malformed),
        ("y,,n=user,r=x", Failure::Malformed),
    ] {
        assert_eq!(first(plus, message, &offer), Err(failure), "{message}");
    }
    // The word was announced, and the client did not see it.
    assert_eq!(first(Mechanism::ScramSha256, "y,,n=user,r=x", &offer), Err(Failure::ChannelBinding));
    assert!(first(Mechanism::ScramSha256, "n,,n=user,r=x", &offer).is_ok());
    assert_eq!(first(plus, "p=tls-exporter,,n=user,r=x", &Offer::default()), Err(Failure::ChannelBinding));
}

#[test]
fn passwords_are_prepared_like_names() {
    let of = |password: &[u8]| scram::Verifier::of(&Secret::new(password), &[0; 16], NonZeroU32::MIN);
    assert_eq!(of("été".as_bytes()), of("e\u{301}te\u{301}".as_bytes()));
    assert_ne!(of(b"a"), of(b"A"));
    assert!(of(b"\xff").is_none() && of(b"a\x07").is_none());
}

fn token(turn: Turn) -> (Option<String>, String) {
    match turn {
        Turn::Token(token) => (token.name, String::from_utf8(token.token.expose().to_vec()).unwrap()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn oauthbearer() {
    let bearer = |message: &str| begin(Mechanism::OAuthBearer, message.as_bytes());
    let anne = Some("anne@ent.fr".to_owned());
    let long = "n,a=anne@ent.fr,\u{1}host=mail.ent.fr\u{1}port=993\u{1}auth=Bearer abc.def\u{1}\u{1}";
    assert_eq!(token(bearer(long)), (anne, "abc.def".to_owned()));
    assert_eq!(token(bearer("n,,\u{1}auth=bearer  x\u{1}\u{1}")), (None, "x".to_owned()));
    assert_eq!(token(bearer("y,a=a=2Cb,\u{1}auth=Bearer x\u{1}\u{1}")), (Some("a,b".to_owned()), "x".to_owned()));
    // The client asks where tokens come from.
    assert_eq!(token(bearer("n,,\u{1}auth=\u{1}\u{1}")), (None, String::new()));
    assert_eq!(token(bearer("n,,\u{1}auth=MAC x\u{1}\u{1}")), (None, String::new()));
    for malformed in [
        "",
        "n,,",
        "n,,\u{1}\u{1}",
        "n,,auth=Bearer x\u{1}\u{1}",
        "n,,\u{1}auth=Bearer x",
        "n,,\u{1}auth=Bearer x\u{1}auth=Bearer y\u{1}\u{1}",
        "p=tls-exporter,,\u{1}auth=Bearer x\u{1}\u{1}",
        "n,b=x,\u{1}auth=Bearer x\u{1}\u{1}",
        "n,a=,\u{1}auth=Bearer x\u{1}\u{1}",
        "user=anne\u{1}auth=Bearer x\u{1}\u{1}",
    ] {
        assert_eq!(failure(bearer(malformed)), Failure::Malformed, "{malformed:?}");
    }
    let shown = format!("{:?}", bearer(long));
    assert!(!shown.contains("abc.def"), "{shown}");
}

#[test]
fn xoauth2() {
    let bearer = |message: &str| begin(Mechanism::XOAuth2, message.as_bytes());
    let anne = Some("anne@ent.fr".to_owned());
    assert_eq!(token(bearer("user=anne@ent.fr\u{1}auth=Bearer ya29\u{1}\u{1}")), (anne, "ya29".to_owned()));
    for malformed in
        ["", "user=\u{1}auth=Bearer x\u{1}\u{1}", "user=anne\u{1}", "auth=Bearer x\u{1}user=anne\u{1}\u{1}"]
    {
        assert_eq!(failure(bearer(malformed)), Failure::Malformed, "{malformed:?}");
    }
}

#[test]
fn a_refused_token_is_told_why() {
    use bearer::{Form, Status, refusal};
    let url = Some("https://ent.fr/.well-known/openid-configuration");
    let told = refusal(Form::OAuthBearer, Status::InvalidToken, url, None);
    let read: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&read["status"], &read["openid-configuration"]), (&"invalid_token".into(), &url.into()));
    let told = refusal(Form::OAuthBearer, Status::InsufficientScope, None, Some("mail"));
    assert_eq!(told, r#"{"scope":"mail","status":"insufficient_scope"}"#);
    let told = refusal(Form::XOAuth2, Status::InvalidToken, url, None);
    assert_eq!(told, r#"{"schemes":"bearer","status":"401"}"#);
}
