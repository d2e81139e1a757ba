//! The guards around smtp-proto, and what clients really send.

use proptest::prelude::*;

use super::*;

fn address(text: &str) -> Path {
    Path::Address(Address::parse(text).unwrap())
}

fn mail_of(line: &str) -> Mail {
    match parse(line.as_bytes()) {
        Ok(Command::Mail(mail)) => mail,
        other => panic!("{line}: {other:?}"),
    }
}

fn rcpt_of(line: &str) -> Path {
    match parse(line.as_bytes()) {
        Ok(Command::Rcpt(path)) => path,
        other => panic!("{line}: {other:?}"),
    }
}

fn parameter(text: &str) -> Result<Command, Syntax> {
    Err(Syntax::Parameter(text.to_owned()))
}

#[test]
fn verbs_in_any_case() {
    for (line, command) in [
        ("EHLO [127.0.0.1]", Command::Ehlo),
        ("ehlo mon téléphone (Zoé) 5_6", Command::Ehlo),
        ("EHLO [2001:db8::1]", Command::Ehlo),
        ("HELO x", Command::Helo),
        ("StartTLS", Command::StartTls),
        ("DATA ", Command::Data),
        ("rset", Command::Rset),
        ("NOOP whatever", Command::Noop),
        ("HELP", Command::Help),
        ("VRFY anne", Command::Vrfy),
        ("QUIT", Command::Quit),
        ("EXPN list", Command::NotImplemented),
        ("ETRN x", Command::NotImplemented),
        ("ATRN x", Command::NotImplemented),
        ("TURN", Command::NotImplemented),
        ("BURL imap://x LAST", Command::NotImplemented),
    ] {
        assert_eq!(parse(line.as_bytes()), Ok(command), "{line}");
    }
    for line in ["", " ", "XYZZY", "MAILFROM:<a@b>", "EHLOx", "DATA\u{a0}", " QUIT"] {
        assert_eq!(parse(line.as_bytes()), Err(Syntax::UnknownCommand), "{line:?}");
    }
    for line in
        ["EHLO", "HELO ", "AUTH", "VRFY", "MAIL", "MAIL FROM", "RCPT TO:", "RCPT FROM:<a@b.fr>", "MAIL TO:<a@b>"]
    {
        assert!(matches!(parse(line.as_bytes()), Err(Syntax::Arguments(_))), "{line:?}");
    }
}

#[test]
fn arguments_where_none_belong() {
    // Fault i of smtp-proto: `DATA foo` is DATA to it.
    for line in ["DATA foo", "RSET now", "QUIT x", "STARTTLS 1.3"] {
        assert!(matches!(parse(line.as_bytes()), Err(Syntax::Arguments(_))), "{line}");
    }
}

#[test]
fn no_bare_line_end_and_no_control_character() {
    // Fault i of smtp-proto: a bare LF ends a line.
    for line in ["NOOP\nRSET", "NOOP\r", "RCPT TO:<a@b.fr>\nRSET", "MAIL\tFROM:<a@b.fr>", "NOOP \0", "NOOP \x7f"] {
        assert_eq!(parse(line.as_bytes()), Err(Syntax::Octets), "{line:?}");
    }
}

#[test]
fn octets_that_are_not_utf8() {
    // Fault h of smtp-proto: replaced by U+FFFD, so that two lines name one address.
    assert_eq!(parse(b"RCPT TO:<ren\xe9@b.fr>"), Err(Syntax::Octets));
    assert_eq!(parse(b"MAIL FROM:<ren\xe9@b.fr> SMTPUTF8"), Err(Syntax::Octets));
    assert_eq!(parse(b"NOOP \xe9"), Err(Syntax::Octets));
    assert_eq!(parse(b"EHLO pc-de-zo\xe9"), Ok(Command::Ehlo), "a name that nobody reads");
}

#[test]
fn limits_by_verb() {
    // Fault g of smtp-proto: no limit on a line read at once.
    let line = |head: &str, length: usize| format!("{head}{}", "x".repeat(length - 2 - head.len()));
    assert_eq!(parse(line("NOOP ", 512).as_bytes()), Ok(Command::Noop));
    assert_eq!(parse(line("NOOP ", 513).as_bytes()), Err(Syntax::TooLong));
    assert_eq!(parse(line("RCPT TO:<", 2049).as_bytes()), Err(Syntax::TooLong));
    assert_ne!(parse(line("RCPT TO:<", 2048).as_bytes()), Err(Syntax::TooLong));
    assert_ne!(parse(line("MAIL FROM:<", 2048).as_bytes()), Err(Syntax::TooLong));
    assert!(parse(line("AUTH PLAIN ", 12_288).as_bytes()).is_ok());
    assert_eq!(parse(line("AUTH PLAIN ", 12_289).as_bytes()), Err(Syntax::TooLong));
}

#[test]
fn chunks() {
    // Fault d of smtp-proto: a number that is too large wraps around.
    for (line, command) in [
        ("BDAT 0 LAST", Command::Bdat { size: 0, last: true }),
        ("BDAT 86 last", Command::Bdat { size: 86, last: true }),
        ("bdat 000086", Command::Bdat { size: 86, last: false }),
        ("BDAT 18446744073709551614", Command::Bdat { size: u64::MAX - 1, last: false }),
    ] {
        assert_eq!(parse(line.as_bytes()), Ok(command), "{line}");
    }
    for line in [
        "BDAT 99999999999999999999999 LAST",
        "BDAT 18446744073709551615",
        "BDAT",
        "BDAT LAST",
        "BDAT -1",
        "BDAT +1",
        "BDAT 1x",
        "BDAT 1 LAST x",
        "BDAT 1 FIRST",
        "BDAT ١",
    ] {
        assert_eq!(parse(line.as_bytes()), Err(Syntax::ChunkSize), "{line}");
    }
}

#[test]
fn mail() {
    let anne = || address("anne@ent.fr");
    for (line, sender, size, utf8) in [
        ("MAIL FROM:<anne@ent.fr>", anne(), 0, false),
        ("MAIL FROM: <Anne@ENT.fr> SIZE=100", anne(), 100, false),
        ("mail from:<anne@ent.fr> body=8bitmime size=1 smtputf8", anne(), 1, true),
        ("MAIL FROM:<anne@ent.fr> BODY=7BIT AUTH=<>", anne(), 0, false),
        ("MAIL FROM:<anne@ent.fr>  AUTH=anne+40ent.fr  BODY=8BITMIME", anne(), 0, false),
        ("MAIL FROM:<@relay.fr,@b.fr:anne@ent.fr>", anne(), 0, false),
        ("MAIL FROM:<>", Path::Empty, 0, false),
        ("MAIL FROM:<zoé@ent.fr> SMTPUTF8", address("zoé@ent.fr"), 0, true),
    ] {
        assert_eq!(mail_of(line), Mail { sender, size, utf8 }, "{line}");
    }
}

#[test]
fn sizes_do_not_wrap() {
    // Fault d again, in SIZE.
    for digits in ["18446744073709551616", "99999999999999999999999", "100000000000000000000000000000000000001"] {
        assert_eq!(mail_of(&format!("MAIL FROM:<a@b.fr> SIZE={digits}")).size, u64::MAX, "{digits}");
    }
}

#[test]
fn parameters_that_are_not_announced() {
    for word in [
        "BODY=BINARYMIME",
        "RET=FULL",
        "ENVID=x",
        "BY=0;R",
        "HOLDFOR=0",
        "MT-PRIORITY=0",
        "REQUIRETLS",
        "SIZE=",
        "SIZE=1x",
        "SIZE",
        "XYZ=1",
        "=",
    ] {
        assert_eq!(parse(format!("MAIL FROM:<a@b.fr> {word}").as_bytes()), parameter(word), "{word}");
    }
    assert_eq!(parse(b"MAIL FROM:<a@b.fr> SIZE=1 size=2"), parameter("size=2"));
    assert_eq!(parse(b"MAIL FROM:<a@b.fr> BODY=9BIT"), parameter("BODY"));
    for word in ["NOTIFY=NEVER", "ORCPT=rfc822;a@b.fr", "RRVS=2020-01-01T00:00:00Z", "CONNEG", "SIZE=1"] {
        assert_eq!(parse(format!("RCPT TO:<a@b.fr> {word}").as_bytes()), parameter(word), "{word}");
    }
    assert!(matches!(parse(b"MAIL FROM:<a@b.fr>SIZE=1"), Err(Syntax::Arguments(_))));
    assert!(matches!(parse(b"RCPT TO:<a@b.fr>>"), Err(Syntax::Arguments(_))));
}

#[test]
fn recipients() {
    assert_eq!(rcpt_of("RCPT TO:<paul@ent.fr>"), address("paul@ent.fr"));
    assert_eq!(rcpt_of("rcpt to: <paul@ent.fr> "), address("paul@ent.fr"));
    assert_eq!(rcpt_of("RCPT TO:<parents.tle-a.2026@ent.fr>"), address("parents.tle-a.2026@ent.fr"));
    // Fault e of smtp-proto: an empty address.
    assert_eq!(rcpt_of("RCPT TO:<Postmaster>"), Path::Postmaster);
    assert_eq!(rcpt_of("RCPT TO:<POSTMASTER>"), Path::Postmaster);
    assert_eq!(rcpt_of("RCPT TO:<>"), Path::Empty);
}

#[test]
fn addresses_that_nobody_has() {
    // Fault f of smtp-proto: quotes are lost, `"a b"@b.fr` becomes `a b@b.fr` and `"paul"@b.fr` becomes somebody.
    for path in [
        r#""a b"@b.fr"#,
        r#""paul"@b.fr"#,
        r#"pa"ul"@b.fr"#,
        r#""a>b"@b.fr"#,
        r#""a\"b"@b.fr"#,
        "a b@b.fr",
        "paul",
        "paul@",
        "@b.fr",
        "paul@[127.0.0.1]",
        "a@b@c.fr",
        "a..b@c.fr",
        "postmaster@",
    ] {
        assert_eq!(rcpt_of(&format!("RCPT TO:<{path}>")), Path::Impossible(path.to_owned()), "{path}");
        assert_eq!(mail_of(&format!("MAIL FROM:<{path}> SIZE=1")).sender, Path::Impossible(path.to_owned()), "{path}");
    }
}

#[test]
fn international_addresses_are_known_as_such() {
    // Fault j of smtp-proto: taken without SMTPUTF8. The session compares.
    assert!(rcpt_of("RCPT TO:<zoé@ent.fr>").is_international());
    assert!(rcpt_of("RCPT TO:<zoe@école.fr>").is_international());
    assert!(rcpt_of("RCPT TO:<\"é\"@ent.fr>").is_international());
    assert!(!rcpt_of("RCPT TO:<zoe@ent.fr>").is_international());
}

#[test]
fn auth() {
    let auth = |mechanism, initial: Option<&str>| Ok(Command::Auth { mechanism, initial: initial.map(Secret::new) });
    assert_eq!(parse(b"AUTH PLAIN"), auth(Some(Mechanism::Plain), None));
    assert_eq!(parse(b"auth login  YW5uZQ=="), auth(Some(Mechanism::Login), Some("YW5uZQ==")));
    assert_eq!(parse(b"AUTH PLAIN ="), auth(Some(Mechanism::Plain), Some("=")));
    assert_eq!(parse(b"AUTH CRAM-MD5"), auth(None, None));
    assert!(matches!(parse(b"AUTH PLAIN a b"), Err(Syntax::Arguments(_))));
}

#[test]
fn a_secret_is_not_shown() {
    let shown = format!("{:?}", parse(b"AUTH PLAIN c2VjcmV0"));
    assert!(!shown.contains("c2VjcmV0"), "{shown}");
    assert_eq!(parse(b"AUTH PLAIN c2VjcmV0 c2VjcmV0"), Err(Syntax::Arguments("AUTH mechanism [initial-response]")));
}

proptest! {
    #[test]
    fn an_accepted_address_is_what_the_client_wrote(local in "[a-z0-9.\"\\\\ @<>,:é'-]{1,12}", domain in "[a-z0-9.\\[\\] -]{1,12}") {
        let written = format!("{local}@{domain}");
        if let Ok(Command::Rcpt(Path::Address(found))) = parse(format!("RCPT TO:<{written}>").as_bytes()) {
            // But for a source route, which is dropped (RFC 5321 §4.1.1.3).
            let plain = written.rsplit_once(':').filter(|_| written.starts_with('@')).map_or(written.as_str(), |(_, end)| end);
            prop_assert_eq!(found.to_string(), plain.to_lowercase());
        }
    }

    #[test]
    fn no_line_is_too_odd(line in proptest::collection::vec(any::<u8>(), 0..80), head in "(MAIL FROM:<|RCPT TO:<|BDAT |AUTH |)") {
        let _ = parse(&[head.as_bytes(), &line].concat());
    }

    #[test]
    fn parameters_in_any_mix(words in proptest::collection::vec("(SIZE|BODY|AUTH|SMTPUTF8|RET|X)=?(8BITMIME|7BIT|<>|[0-9]{0,30})", 0..4)) {
        let line = format!("MAIL FROM:<a@b.fr> {}", words.join(" "));
        if let Ok(Command::Mail(mail)) = parse(line.as_bytes()) {
            prop_assert_eq!(mail.sender, address("a@b.fr"));
            let size = words.iter().find_map(|word| word.strip_prefix("SIZE="));
            prop_assert_eq!(mail.size, size.map_or(0, |digits| digits.parse().unwrap_or(u64::MAX)));
        }
    }
}
