//! LOGIN, AUTHENTICATE, STARTTLS, ENABLE, ID (RFC 9051 §6.2, §6.3.1; RFC 4959, RFC 2971). `sasl` knows the mechanisms.
//!
//! The codes matter: a client that reads AUTHENTICATIONFAILED forgets the password it had, so that code is for wrong
//! passwords only (RFC 5530 §3).

use std::time::Duration;

use super::answer::{Done, DoneCode, Failure, Outcome};
use super::background;
use super::modes::Modes;
use super::qresync::enable_condstore;
use super::serve::Context;
use super::session::{Account, SessionState, takes_passwords};
use super::wire::utf7::NameForm;
use super::wire::write::{self, Code};
use crate::connection::Security;
use crate::domain::login::{Login, LoginRefusal, Proven, TokenLogin, Welcome};
use crate::metrics::ClientKind;
use crate::model::{ClientName, Secret, Use, WordChoice};
use crate::sasl::{self, Credentials, Exchange, Mechanism, Turn, bearer, scram};
use crate::sentences::Sentence;

/// Wrong passwords on this connection.
#[derive(Debug, Default)]
pub(super) struct Tries(u32);

impl Tries {
    /// How many.
    pub(super) fn refused(&self) -> u32 {
        self.0
    }
}

/// The answer after which TLS begins.
pub(super) const BEGIN_TLS: Done = Done { code: None, text: "Begin TLS negotiation now" };

/// STARTTLS (RFC 9051 §6.2.1).
pub(super) fn start_tls(context: &Context<'_>) -> Outcome {
    // TLS goes around the compressed octets, not into them (RFC 4978 §3).
    if context.client.is_deflated() {
        return Err(Failure::bad("COMPRESS is active: too late for TLS"));
    }
    match context.connection.security {
        Security::Plain => Ok(BEGIN_TLS),
        Security::Tls => Err(Failure::bad("TLS is active already")),
    }
}

/// ID (RFC 2971 §3.1): what the client is called goes to the log and to the list of the person's devices, which tell what
/// people use. An app whose maker's servers hold the password may have to go. A background download may be put off.
pub(super) async fn id(
    context: &mut Context<'_>,
    state: &SessionState,
    fields: &[(String, Option<String>)],
) -> Outcome {
    context.gateway.announced(&mut context.caller, fields);
    let name = context.caller.client().map(ClientName::as_str);
    tracing::info!(connection = context.connection.id, name, "IMAP client");
    if let Some(account) = state.account() {
        account.admission.is_of(ClientKind::of(name));
    }
    if let Some(account) = state.account()
        && let Some(refusal) = context.gateway.meet(&account.user, &account.credential, &context.caller).await?
    {
        return Err(turned_away(context, refusal));
    }
    context.background = background::is_announced(fields);
    if context.background {
        background::put_off(context)?;
    }
    write::id(&mut context.client.out, &[("name", "Passerelle")]);
    Ok(Done::new("ID completed"))
}

/// The answer to a client that may not come in; to some it is the last.
fn turned_away(context: &mut Context<'_>, refusal: LoginRefusal) -> Failure {
    context.turned_away = refusal == LoginRefusal::CloudApp;
    refused(refusal)
}

/// ENABLE (RFC 9051 §6.3.1). QRESYNC brings CONDSTORE with it. Words that are hidden are passed over like unknown ones.
pub(super) fn enable(context: &mut Context<'_>, state: &mut SessionState, words: &[String]) -> Outcome {
    let account = state.logged_in()?;
    let asks = |wanted: &str| words.iter().any(|word| word.eq_ignore_ascii_case(wanted)) && !context.is_hidden(wanted);
    let (condstore, qresync) = (asks("CONDSTORE"), asks("QRESYNC"));
    let mut enabled = Vec::new();
    if condstore && !account.condstore {
        enabled.push("CONDSTORE");
    }
    if qresync && !account.qresync {
        account.qresync = true;
        enabled.push("QRESYNC");
    }
    for (word, on) in account.modes.by_word() {
        if !*on && asks(word) {
            *on = true;
            enabled.push(word);
        }
    }
    if account.modes.utf8_names() {
        account.names = NameForm::Utf8;
        context.client.set_names(NameForm::Utf8);
    }
    write::enabled(&mut context.client.out, &enabled);
    if condstore || qresync {
        enable_condstore(context, state);
    }
    Ok(Done::new("ENABLE completed"))
}

/// UNAUTHENTICATE (RFC 8437 §3): as if nobody had logged in. Never NO, for the client may have sent more behind it.
pub(super) fn unauthenticate(context: &mut Context<'_>, state: &mut SessionState) -> Outcome {
    if context.is_hidden("UNAUTHENTICATE") {
        return Err(Failure::bad("UNAUTHENTICATE is not offered"));
    }
    *state = SessionState::NotAuthenticated;
    context.client.logged_out(&context.gateway.config.imap);
    context.device_words = WordChoice::default();
    Ok(Done::new("Nobody is logged in"))
}

/// LOGIN (RFC 9051 §6.2.3).
pub(super) async fn login(
    context: &mut Context<'_>,
    state: &mut SessionState,
    tries: &mut Tries,
    name: Secret,
    password: Secret,
) -> Outcome {
    privacy(context)?;
    if !takes_passwords(&context.offer.mechanisms) {
        return Err(Failure::refused(Code::Cannot, "LOGIN is disabled"));
    }
    let login = match std::str::from_utf8(name.expose()) {
        Ok(name) => context.gateway.log_in_from(&context.caller, name, &password).await?,
        Err(_) => Login::Refused(LoginRefusal::BadCredentials),
    };
    conclude(context, state, tries, login).await
}

/// AUTHENTICATE (RFC 9051 §6.2.2).
pub(super) async fn authenticate(
    context: &mut Context<'_>,
    state: &mut SessionState,
    tries: &mut Tries,
    mechanism: &str,
    initial: Option<Secret>,
) -> Outcome {
    privacy(context)?;
    let mechanism = Mechanism::named(mechanism).filter(|mechanism| context.offer.mechanisms.contains(mechanism));
    let Some(mechanism) = mechanism else { return Err(Failure::refused(Code::Cannot, "Unknown mechanism")) };
    let turn = mechanism.begin(initial.as_ref(), &context.offer);
    let login = exchange(context, turn).await?;
    conclude(context, state, tries, login).await
}

/// No password in the clear (RFC 9051 §11.1).
fn privacy(context: &Context<'_>) -> Result<(), Failure> {
    match context.connection.may_log_in(&context.gateway.config.login) {
        true => Ok(()),
        false => Err(Failure::told(Code::PrivacyRequired, Sentence::TlsRequired)),
    }
}

/// Challenge by challenge, until it is known who it is.
async fn exchange(context: &mut Context<'_>, mut turn: Turn) -> Result<Login, Failure> {
    loop {
        turn = match turn {
            Turn::Challenge(text, exchange) => {
                let line = ask(context, &text).await?;
                exchange.answered(&line, &context.offer)
            }
            Turn::Password(Credentials { name, password }) => {
                return Ok(context.gateway.log_in_from(&context.caller, &name, &password).await?);
            }
            Turn::Salt(first) => {
                let salting = context.gateway.scram_salting(first.name()).await?;
                let (message, challenged) = first.challenged(&salting);
                Turn::Challenge(message, Exchange::ScramFinal(Box::new(challenged)))
            }
            Turn::Proof(proof) => return prove(context, &proof).await,
            Turn::Token(token) => return by_token(context, &token).await,
            Turn::Failed(failure) => return Err(failed(failure)),
        }
    }
}

/// Whoever has proved that they know the password hears that we do too, and answers with an empty line (RFC 5802 §5).
async fn prove(context: &mut Context<'_>, proof: &scram::Proof) -> Result<Login, Failure> {
    match context.gateway.log_in_by_proof(&context.caller, proof).await? {
        Proven::Right { welcome, signature } => match ask(context, &signature).await?.as_slice() {
            b"" | b"=" => Ok(Login::Welcome(welcome)),
            b"*" => Err(failed(sasl::Failure::Cancelled)),
            _ => Err(failed(sasl::Failure::Malformed)),
        },
        Proven::Wrong(refusal) => Ok(Login::Refused(refusal)),
    }
}

/// Why a token is refused is one more challenge, whatever the client says to it (RFC 7628 §3.2.3).
async fn by_token(context: &mut Context<'_>, token: &bearer::Token) -> Result<Login, Failure> {
    match context.gateway.log_in_by_token(token).await? {
        TokenLogin::Known(login) => Ok(login),
        TokenLogin::Refused(why) => {
            ask(context, &why).await?;
            Ok(Login::Refused(LoginRefusal::BadCredentials))
        }
    }
}

/// One challenge and its response.
async fn ask(context: &mut Context<'_>, challenge: &str) -> Result<Vec<u8>, Failure> {
    write::continuation(&mut context.client.out, &sasl::encode(challenge));
    context.client.line().await?.map_err(|reason| Failure::Bad(reason.text().into()))
}

fn failed(failure: sasl::Failure) -> Failure {
    match failure {
        sasl::Failure::Cancelled => Failure::bad("AUTHENTICATE cancelled"),
        sasl::Failure::Malformed => Failure::bad("Malformed response"),
        sasl::Failure::ForSomebodyElse => {
            Failure::refused(Code::AuthorizationFailed, "Nobody may act for somebody else")
        }
        // Not AUTHENTICATIONFAILED: the password is not wrong.
        sasl::Failure::ChannelBinding => Failure::refused(Code::Cannot, "Channel binding does not match"),
    }
}

async fn conclude(context: &mut Context<'_>, state: &mut SessionState, tries: &mut Tries, login: Login) -> Outcome {
    match login {
        Login::Welcome(welcome) => enter(context, state, welcome).await,
        Login::Refused(refusal) => {
            tries.0 += 1;
            let delay = context.gateway.config.login.refusal_delay_milliseconds;
            tokio::time::sleep(Duration::from_millis(delay)).await;
            Err(turned_away(context, refusal))
        }
    }
}

fn refused(refusal: LoginRefusal) -> Failure {
    let (code, sentence) = match refusal {
        LoginRefusal::BadCredentials => (Code::AuthenticationFailed, Sentence::BadCredentials),
        LoginRefusal::Suspended => (Code::ContactAdmin, Sentence::AccountSuspended),
        LoginRefusal::TooManyTries => (Code::Unavailable, Sentence::TooManyTries),
        LoginRefusal::CloudApp => (Code::ContactAdmin, Sentence::CloudApp),
        LoginRefusal::TurnedOff => (Code::Unavailable, Sentence::ReadingOff),
        LoginRefusal::TooManyConnections => (Code::Limit, Sentence::TooManyConnections),
    };
    Failure::told(code, sentence)
}

/// Takes a place among the person's connections; the answer carries the capabilities, which spares a round trip.
async fn enter(context: &mut Context<'_>, state: &mut SessionState, welcome: Welcome) -> Outcome {
    let config = &context.gateway.config.imap;
    let admission = context.gateway.admit(&welcome, &context.caller, config.connections_per_user_max).await?;
    let admission = admission.map_err(|refusal| turned_away(context, refusal))?;
    let Welcome { user, credential, .. } = welcome;
    // Not AUTHENTICATIONFAILED: the password is right, and no client may forget it.
    if let Some(sentence) = context.gateway.turned_off(&user, Use::Reading).await? {
        return Err(Failure::told(Code::Unavailable, sentence));
    }
    tracing::info!(connection = context.connection.id, user = %user.id, "IMAP login");
    let account = Account {
        user,
        credential,
        admission,
        condstore: false,
        qresync: false,
        names: NameForm::default(),
        modes: Modes::default(),
        watching: None,
    };
    context.device_words = account.credential.device().map(|device| device.words.clone()).unwrap_or_default();
    context.client.logged_in(config, &context.device_words, account.admission.cut.clone());
    *state = SessionState::Authenticated(account);
    Ok(Done::with(DoneCode::Capability(context.capabilities(state)), "Logged in"))
}
