//! What each command means in each state, with answers made up.

use super::*;
use crate::domain::login::{Credential, LoginRefusal, Welcome};
use crate::model::{Profile, UserId};

pub(super) fn config() -> Config {
    toml::from_str("domain = 'ent.fr'\ndata_dir = '/nowhere'\nhost_name = 'mail.ent.fr'").unwrap()
}

pub(super) fn user() -> User {
    User {
        id: UserId::new("u1"),
        login: "anne.martin".to_owned(),
        login_alias: None,
        display_name: "MARTIN Anne".to_owned(),
        profile: Profile::Teacher,
        suspended: false,
        quota_bytes: None,
    }
}

/// Says a line and answers what is asked as a kind gateway would.
struct Client {
    session: Session,
}

impl Client {
    fn new(config: Config, security: Security) -> Self {
        Self { session: Session::new(Arc::new(config), security, security == Security::Tls) }
    }

    /// A client in each state.
    fn in_state(state: &str) -> Self {
        let mut client = Self::new(config(), Security::Tls);
        let before: &[&str] = match state {
            "Connected" => &[],
            "Greeted" => &["EHLO x"],
            "LoggingIn" => &["EHLO x", "AUTH LOGIN"],
            "LoggedIn" => &["EHLO x", "AUTH PLAIN AGEAYg=="],
            "Mail" => &["EHLO x", "AUTH PLAIN AGEAYg==", "MAIL FROM:<anne.martin@ent.fr>"],
            "Rcpt" => &["EHLO x", "AUTH PLAIN AGEAYg==", "MAIL FROM:<anne.martin@ent.fr>", "RCPT TO:<paul@ent.fr>"],
            _ => {
                &["EHLO x", "AUTH PLAIN AGEAYg==", "MAIL FROM:<anne.martin@ent.fr>", "RCPT TO:<paul@ent.fr>", "BDAT 10"]
            }
        };
        before.iter().for_each(|line| {
            client.says(line);
        });
        assert_eq!(client.state(), state);
        client
    }

    fn state(&self) -> &'static str {
        match self.session.state() {
            SubmissionState::Connected => "Connected",
            SubmissionState::Greeted => "Greeted",
            SubmissionState::LoggingIn(_) => "LoggingIn",
            SubmissionState::LoggedIn(_) => "LoggedIn",
            SubmissionState::Mail(_) => "Mail",
            SubmissionState::Rcpt(_) => "Rcpt",
            SubmissionState::Chunks(..) => "Chunks",
        }
    }

    /// The reply's first line, `[closes]` behind one that ends the session.
    fn says(&mut self, line: &str) -> String {
        let step = self.session.line(line.as_bytes());
        self.reply_to(step)
    }

    fn reply_to(&mut self, step: Step) -> String {
        match step {
            Step::Reply(reply) => text(&reply),
            Step::Ask(question) => {
                let step = self.session.answered(kind(question));
                self.reply_to(step)
            }
            Step::ReadData(reply) => {
                assert_eq!(reply.code, 354);
                let step = self.session.received(Received::Whole);
                self.reply_to(step)
            }
            Step::ReadChunk(Chunk { refusal: Some(reply), .. }) => text(&reply),
            Step::ReadChunk(Chunk { last, .. }) => {
                let step = self.session.received(if last { Received::Whole } else { Received::Part });
                self.reply_to(step)
            }
            Step::StartTls(reply) => format!("{}[tls]", text(&reply)),
            Step::Close(reply) => format!("{}[closes]", text(&reply)),
        }
    }
}

const OWN: Credential = Credential::Own { password_version: 0 };

fn kind(question: Question) -> Answer {
    match question {
        Question::LogIn(_) => Answer::LoggedIn(Login::Welcome(Welcome::new(user(), OWN))),
        Question::OwnAddress { address, utf8, .. } => {
            let own = address.local() == "anne.martin";
            Answer::OwnAddress { address, utf8, own }
        }
        Question::MayWrite { recipient, .. } if recipient.local() == "unknown" => {
            Answer::MayWrite(Verdict::Refuse(Sentence::UnknownRecipient { address: recipient.to_string() }))
        }
        Question::MayWrite { .. } => Answer::MayWrite(Verdict::Allow(Recipient::User(user()))),
        Question::Submit { recipients, .. } => {
            assert!(!recipients.is_empty(), "nothing is submitted to nobody");
            Answer::Submitted(Submitted::Delivered { people: 1 })
        }
    }
}

fn text(reply: &Reply) -> String {
    let mut octets = Vec::new();
    reply.write(&mut octets);
    let text = String::from_utf8(octets).unwrap();
    text.split("\r\n").next().unwrap().to_owned()
}

/// The reply's code, or code and enhanced code.
#[track_caller]
fn assert_code(reply: &str, code: &str) {
    assert!(reply.starts_with(code), "{reply:?} does not begin with {code}");
}

#[test]
fn each_command_in_each_state() {
    const STATES: [&str; 6] = ["Connected", "Greeted", "LoggedIn", "Mail", "Rcpt", "Chunks"];
    // Codes in the order of STATES, and the state after each where it changes.
    let table: [(&str, [&str; 6]); 20] = [
        ("EHLO x", ["250 Greeted", "250 Greeted", "250 LoggedIn", "250 LoggedIn", "250 LoggedIn", "250 LoggedIn"]),
        ("HELO x", ["250 Greeted", "250 Greeted", "250 LoggedIn", "250 LoggedIn", "250 LoggedIn", "250 LoggedIn"]),
        ("AUTH PLAIN AGEAYg==", ["503", "235 LoggedIn", "503", "503", "503", "503"]),
        ("AUTH LOGIN", ["503", "334 LoggingIn", "503", "503", "503", "503"]),
        ("MAIL FROM:<anne.martin@ent.fr>", ["503", "530", "250 Mail", "503", "503", "503"]),
        ("RCPT TO:<paul@ent.fr>", ["503", "530", "503", "250 Rcpt", "250", "503"]),
        ("RCPT TO:<unknown@ent.fr>", ["503", "530", "503", "550", "550", "503"]),
        ("DATA", ["503", "530", "503", "503", "250 LoggedIn", "503"]),
        ("BDAT 5", ["503", "530", "503", "503", "250 Chunks", "250"]),
        ("BDAT 5 LAST", ["503", "530", "503", "503", "250 LoggedIn", "250 LoggedIn"]),
        ("BDAT 0 LAST", ["503", "530", "503", "503", "250 LoggedIn", "250 LoggedIn"]),
        ("RSET", ["250", "250", "250", "250 LoggedIn", "250 LoggedIn", "250 LoggedIn"]),
        ("NOOP", ["250", "250", "250", "250", "250", "250"]),
        ("VRFY anne", ["252", "252", "252", "252", "252", "252"]),
        ("HELP", ["214", "214", "214", "214", "214", "214"]),
        ("STARTTLS", ["503", "503", "503", "503", "503", "503"]),
        ("EXPN list", ["502", "502", "502", "502", "502", "502"]),
        ("XYZZY", ["500", "500", "500", "500", "500", "500"]),
        ("DATA x", ["501", "501", "501", "501", "501", "501"]),
        ("QUIT", ["221", "221", "221", "221", "221", "221"]),
    ];
    for (line, expected) in table {
        for (state, expected) in STATES.into_iter().zip(expected) {
            let mut client = Client::in_state(state);
            let reply = client.says(line);
            let (code, after) = expected.split_once(' ').unwrap_or((expected, state));
            assert!(reply.starts_with(code), "{line} in {state}: {reply:?}, not {code}");
            assert_eq!(client.state(), after, "{line} in {state}: the state after it");
            assert_eq!(reply.ends_with("[closes]"), line == "QUIT", "{line} in {state}");
        }
    }
}

#[test]
fn ehlo_announces_what_holds() {
    let announced = |security| {
        let mut session = Client::new(config(), security).session;
        let Step::Reply(reply) = session.line(b"EHLO x") else { panic!() };
        let mut octets = Vec::new();
        reply.write(&mut octets);
        String::from_utf8(octets).unwrap()
    };
    let common = "250-mail.ent.fr\r\n250-SIZE 41943040\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-PIPELINING\r\n\
                  250-CHUNKING\r\n250-ENHANCEDSTATUSCODES\r\n250-LIMITS RCPTMAX=1000\r\n";
    assert_eq!(announced(Security::Plain), format!("{common}250 STARTTLS\r\n"));
    assert_eq!(announced(Security::Tls), format!("{common}250 AUTH PLAIN LOGIN\r\n"));
}

#[test]
fn a_password_needs_tls() {
    let mut client = Client::new(config(), Security::Plain);
    client.says("EHLO x");
    assert_code(&client.says("AUTH PLAIN AGEAYg=="), "538 5.7.11 ");
    assert_code(&client.says("AUTH LOGIN"), "538 5.7.11 ");
    assert_eq!(client.state(), "Greeted");
    assert_eq!(client.says("STARTTLS"), "220 2.0.0 Begin TLS[tls]");
    assert_code(&client.says("STARTTLS now"), "501 5.5.4 ");
}

#[test]
fn login_in_two_steps_and_cancelled() {
    let mut client = Client::in_state("Greeted");
    assert_eq!(client.says("AUTH LOGIN"), "334 VXNlcm5hbWU6");
    assert_eq!(client.says("YQ=="), "334 UGFzc3dvcmQ6");
    assert_code(&client.says("Yg=="), "235 2.7.0 ");
    let mut client = Client::in_state("LoggingIn");
    assert_code(&client.says("*"), "501 5.7.0 ");
    assert_eq!(client.state(), "Greeted");
    assert_eq!(client.says("AUTH PLAIN"), "334 ");
    assert_code(&client.says("NOOP!"), "501 5.5.2 ");
    assert_eq!(client.state(), "Greeted");
    assert_code(&client.says("AUTH CRAM-MD5"), "504 5.5.4 ");
    assert_code(&client.says("AUTH LOGIN YQ=="), "334 UGFzc3dvcmQ6");
}

#[test]
fn a_command_inside_a_login_is_no_command() {
    let mut client = Client::in_state("LoggingIn");
    assert_code(&client.says("QUIT"), "334 ");
    assert_eq!(client.state(), "LoggingIn", "QUIT is base64, taken for a name");
    let Step::Reply(reply) = client.session.line_too_long() else { panic!() };
    assert_code(&text(&reply), "500 5.5.6 ");
    assert_eq!(client.state(), "Greeted");
}

#[test]
fn refused_logins() {
    for (refusal, code) in [
        (LoginRefusal::BadCredentials, "535 5.7.8 Identifiant ou mot de passe incorrect"),
        (LoginRefusal::Suspended, "525 5.7.13 "),
        (LoginRefusal::TooManyTries, "454 4.7.0 "),
    ] {
        let mut client = Client::in_state("Greeted");
        for reply in [code, code, "421 4.7.0 "] {
            assert!(matches!(client.session.line(b"AUTH PLAIN AGEAYg=="), Step::Ask(Question::LogIn(_))));
            let step = client.session.answered(Answer::LoggedIn(Login::Refused(refusal)));
            let said = client.reply_to(step);
            assert_code(&said, reply);
            assert_eq!(said.ends_with("[closes]"), reply.starts_with("421"));
            assert_eq!(client.state(), "Greeted");
        }
    }
    let mut client = Client::in_state("Greeted");
    // authzid paul, authcid anne: never asked.
    assert_code(&client.says("AUTH PLAIN cGF1bABhbm5lAHg="), "535 5.7.8 ");
}

#[test]
fn login_without_a_place_or_with_a_fault() {
    let mut client = Client::in_state("Greeted");
    let step = client.session.answered(Answer::LoggedIn(Login::Refused(LoginRefusal::TooManyConnections)));
    assert_code(&client.reply_to(step), "421 4.7.0 ");
    let step = client.session.answered(Answer::Fault);
    assert_code(&client.reply_to(step), "454 4.7.0 ");
    assert_eq!(client.state(), "Greeted");
}

#[test]
fn only_ones_own_sender_address() {
    let mut client = Client::in_state("LoggedIn");
    assert_eq!(
        client.says("MAIL FROM:<paul@ent.fr>"),
        "550 5.7.1 Envoi refusé : paul@ent.fr n'est pas votre adresse d'expéditeur"
    );
    assert_code(&client.says("MAIL FROM:<>"), "550 5.7.1 Envoi refusé : <> ");
    assert_code(&client.says("MAIL FROM:<\"anne.martin\"@ent.fr>"), "550 5.7.1 ");
    assert_eq!(client.state(), "LoggedIn");
    assert_code(&client.says("MAIL FROM: <anne.martin@ent.fr> AUTH=<> BODY=8BITMIME"), "250 2.1.0 ");
}

#[test]
fn mail_parameters() {
    let mut client = Client::in_state("LoggedIn");
    assert_eq!(
        client.says("MAIL FROM:<anne.martin@ent.fr> SIZE=41943041"),
        "552 5.3.4 Message trop volumineux : la limite est de 40 Mo"
    );
    assert_code(&client.says("MAIL FROM:<anne.martin@ent.fr> SIZE=99999999999999999999999"), "552 5.3.4 ");
    assert_code(&client.says("MAIL FROM:<anne.martin@ent.fr> BODY=BINARYMIME"), "555 5.5.4 ");
    assert_code(&client.says("MAIL FROM:<anne.martin@ent.fr> RET=HDRS"), "555 5.5.4 ");
    assert_code(&client.says("MAIL FROM:<anne.martin@ent.fr> SIZE=41943040"), "250 2.1.0 ");
}

#[test]
fn international_addresses_need_smtputf8() {
    // Fault j of smtp-proto.
    let mut client = Client::in_state("LoggedIn");
    assert_code(&client.says("MAIL FROM:<zoé@ent.fr>"), "553 5.6.7 ");
    client.says("MAIL FROM:<anne.martin@ent.fr>");
    assert_code(&client.says("RCPT TO:<zoé@ent.fr>"), "553 5.6.7 ");
    client.says("RSET");
    client.says("MAIL FROM:<anne.martin@ent.fr> SMTPUTF8");
    assert_code(&client.says("RCPT TO:<zoé@ent.fr>"), "250 2.1.5 ");
}

#[test]
fn recipients_are_refused_one_by_one_with_their_name() {
    let mut client = Client::in_state("Mail");
    let refusals = [
        (Sentence::UnknownRecipient { address: "x@ent.fr".to_owned() }, "550 5.1.1 "),
        (Sentence::OutsideEnt { address: "x@ent.fr".to_owned() }, "550 5.7.1 "),
        (Sentence::NotAllowed { recipient: "x@ent.fr".to_owned() }, "550 5.7.1 "),
        (Sentence::RecipientSuspended { recipient: "x@ent.fr".to_owned() }, "550 5.2.1 "),
        (Sentence::GroupClosed { group: "x@ent.fr".to_owned() }, "550 5.1.6 "),
    ];
    for (sentence, code) in refusals {
        assert!(matches!(client.session.line(b"RCPT TO:<x@ent.fr>"), Step::Ask(Question::MayWrite { .. })));
        let step = client.session.answered(Answer::MayWrite(Verdict::Refuse(sentence)));
        let reply = client.reply_to(step);
        assert_code(&reply, code);
        assert!(reply.contains("x@ent.fr"), "{reply}");
    }
    assert!(matches!(client.session.line(b"RCPT TO:<x@ent.fr>"), Step::Ask(_)));
    let step = client.session.answered(Answer::Fault);
    assert_code(&client.reply_to(step), "451 4.3.0 ");
    assert_eq!(client.says(r#"RCPT TO:<"a b"@ent.fr>"#), r#"553 5.1.3 Adresse incorrecte : "a b"@ent.fr"#);
    assert_eq!(client.says("RCPT TO:<>"), "553 5.1.3 Adresse incorrecte : <>");
    assert_code(&client.says("RCPT TO:<a@b.fr> NOTIFY=NEVER"), "555 5.5.4 ");
    assert_eq!(client.state(), "Mail");
    assert_code(&client.says("DATA"), "554 5.5.1 ");
    assert_code(&client.says("BDAT 3 LAST"), "554 5.5.1 ");
    assert_code(&client.says("RCPT TO:<paul@ent.fr>"), "250 2.1.5 ");
    assert_code(&client.says("DATA"), "250 2.0.0 Message remis");
}

#[test]
fn postmaster_without_a_domain_is_ours() {
    let mut client = Client::in_state("Mail");
    let Step::Ask(Question::MayWrite { recipient, .. }) = client.session.line(b"RCPT TO:<Postmaster>") else {
        panic!()
    };
    assert_eq!(recipient.to_string(), "postmaster@ent.fr");
}

#[test]
fn recipients_are_counted_refused_ones_too() {
    let mut config = config();
    config.submission.recipients_max = 2;
    let mut client = Client::new(config, Security::Tls);
    for line in ["EHLO x", "AUTH PLAIN AGEAYg==", "MAIL FROM:<anne.martin@ent.fr>", "RCPT TO:<unknown@ent.fr>"] {
        client.says(line);
    }
    assert_code(&client.says("RCPT TO:<paul@ent.fr>"), "250 2.1.5 ");
    assert_eq!(client.says("RCPT TO:<paul@ent.fr>"), "452 4.5.3 Trop de destinataires : 2 au plus par message");
    assert_code(&client.says("DATA"), "250 2.0.0 ");
    client.says("MAIL FROM:<anne.martin@ent.fr>");
    assert_code(&client.says("RCPT TO:<paul@ent.fr>"), "250 2.1.5 ");
}

#[test]
fn messages_that_are_refused_at_their_end() {
    for (received, code) in
        [(Received::TooLarge, "552 5.3.4 "), (Received::BareLineEnd, "554 5.6.0 "), (Received::Fault, "451 4.3.0 ")]
    {
        let mut client = Client::in_state("Rcpt");
        assert!(matches!(client.session.line(b"DATA"), Step::ReadData(_)));
        let step = client.session.received(received);
        assert_code(&client.reply_to(step), code);
        assert_eq!(client.state(), "LoggedIn");
    }
}

#[test]
fn submissions_that_are_refused_or_fail() {
    let refusals = [
        (Sentence::FromMissing, "554 5.6.0 "),
        (Sentence::FromSeveral, "554 5.6.0 "),
        (Sentence::FromNotYours { address: "x@y".to_owned() }, "550 5.7.1 "),
        (Sentence::TooManyPeople { max: 1 }, "550 5.5.3 "),
        (Sentence::QuotaExceeded, "552 5.2.2 "),
        (Sentence::MessageTooLarge { bytes_max: 1 }, "552 5.3.4 "),
    ];
    for (sentence, code) in refusals {
        let mut client = Client::in_state("Rcpt");
        assert!(matches!(client.session.line(b"BDAT 1 LAST"), Step::ReadChunk(_)));
        assert!(matches!(client.session.received(Received::Whole), Step::Ask(Question::Submit { .. })));
        let step = client.session.answered(Answer::Submitted(Submitted::Refused(sentence)));
        assert_code(&client.reply_to(step), code);
        assert_eq!(client.state(), "LoggedIn");
    }
    let mut client = Client::in_state("Rcpt");
    client.session.line(b"DATA");
    client.session.received(Received::Whole);
    let step = client.session.answered(Answer::Fault);
    assert_code(&client.reply_to(step), "451 4.3.0 ");
}

#[test]
fn chunks_are_counted_together() {
    let mut client = Client::in_state("Chunks");
    assert_code(&client.says("DATA"), "503 5.5.1 ");
    assert_eq!(client.state(), "Chunks");
    let Step::ReadChunk(chunk) = client.session.line(b"BDAT 41943031") else { panic!() };
    assert_eq!((chunk.size, chunk.last), (41_943_031, false));
    assert_code(&text(&chunk.refusal.unwrap()), "552 5.3.4 ");
    assert_eq!(client.state(), "LoggedIn");
    let Step::ReadChunk(chunk) = client.session.line(b"BDAT 7 LAST") else { panic!() };
    assert_code(&text(&chunk.refusal.unwrap()), "503 5.5.1 ");
    let Step::ReadChunk(chunk) = Client::in_state("Chunks").session.line(b"BDAT 18446744073709551614") else {
        panic!()
    };
    assert!(chunk.refusal.is_some(), "the sum does not wrap");
    assert!(Client::in_state("Chunks").says("BDAT 41943030 LAST").starts_with("250 "));
}

#[test]
fn a_chunk_of_unknown_size_ends_the_session() {
    let reply = Client::in_state("Rcpt").says("BDAT 99999999999999999999999 LAST");
    assert!(reply.starts_with("421 4.5.4 ") && reply.ends_with("[closes]"), "{reply}");
}

#[test]
fn too_many_errors_end_the_session() {
    let mut config = config();
    config.submission.errors_max = 3;
    let mut client = Client::new(config, Security::Tls);
    assert_code(&client.says("XYZZY"), "500 5.5.1 ");
    assert_code(&client.says("MAIL FROM:<a@b.fr>"), "503 5.5.1 ");
    client.says("NOOP");
    client.says("EHLO x");
    assert_code(&client.says("MAIL FROM:<a@b.fr>"), "530 5.7.0 Identifiez-vous");
    assert_eq!(client.says("DATA x"), "421 4.7.0 Too many errors[closes]");
}

#[test]
fn refused_recipients_are_no_errors() {
    let mut client = Client::in_state("Mail");
    for _ in 0..100 {
        assert_code(&client.says("RCPT TO:<unknown@ent.fr>"), "550 5.1.1 ");
    }
}

#[test]
fn messages_of_one_connection_are_counted() {
    let mut config = config();
    config.submission.messages_per_connection_max = 1;
    let mut client = Client::new(config, Security::Tls);
    for line in ["EHLO x", "AUTH PLAIN AGEAYg==", "MAIL FROM:<anne.martin@ent.fr>", "RCPT TO:<paul@ent.fr>", "DATA"] {
        client.says(line);
    }
    let reply = client.says("MAIL FROM:<anne.martin@ent.fr>");
    assert!(reply.starts_with("421 4.7.0 ") && reply.ends_with("[closes]"), "{reply}");
}
