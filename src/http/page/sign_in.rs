//! Signing in and out: by the person's own password, or through the ENT (OpenID Connect; `domain::login::by_ent`).
//!
//! A session never begins under a name that was there before: each sign-in has a token of its own, and ends the session that the
//! browser had. Somebody in several tabs may ask the ENT several times: each question has its place in one cookie.

use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query};
use axum::http::header::REFRESH;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::cookies::Cookie;
use super::visit::{Visit, redirect, with_cookie};
use super::{Answer, SIGN_OUT, Trouble, answered, paths};
use crate::domain::login::{Login, LoginRefusal, PageToken, SignInAnswer, SignInSeed, SignedIn, Welcome};
use crate::http::html::{self, Frame};
use crate::model::Secret;
use crate::sentences::Sentence;
use crate::sentences::page::Words;

/// What the form for a password is for.
const SIGN_IN: &str = "sign-in";
/// Questions that a browser may have open at a time; a new one takes the place of the oldest.
const QUESTIONS_MAX: usize = 4;

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    return_to: String,
    expired: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct PasswordForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    return_to: String,
    #[serde(default)]
    token: String,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    w: &'static Words,
    /// Where the ENT is asked.
    ent: Option<String>,
    /// What the form for a password brings back.
    form: Option<String>,
    name: String,
    return_to: String,
    notice: Option<String>,
    wrong: Option<String>,
}

pub(super) async fn form(visit: Visit, Query(wanted): Query<Wanted>) -> Response {
    let answer = async {
        let return_to = paths::lead_to(&wanted.return_to);
        if visit.session().await?.is_some() {
            return Ok(redirect(&return_to));
        }
        let notice = wanted.expired.map(|_| visit.page.words().expired.to_owned());
        sign_in_page(&visit, StatusCode::OK, Asked { return_to, notice, ..Asked::default() })
    };
    let answer: Answer = answer.await;
    answered(&visit, answer)
}

/// What the page has to say.
#[derive(Default)]
struct Asked {
    name: String,
    return_to: String,
    notice: Option<String>,
    wrong: Option<String>,
}

fn sign_in_page(visit: &Visit, status: StatusCode, asked: Asked) -> Answer {
    let (page, secure) = (&visit.page, visit.is_secure());
    let takes_passwords = page.gateway.config.page.takes_passwords();
    let known = visit.cookie(Cookie::Form).and_then(PageToken::read);
    let token = match known {
        Some(token) => token,
        None => PageToken::new()?,
    };
    let Asked { name, return_to, notice, wrong } = asked;
    let ent = page.gateway.signs_in_by_ent().then(|| format!("/sign-in/ent?return_to={return_to}"));
    let words = page.words();
    let shown = SignInPage {
        frame: page.frame(words.sign_in),
        w: words,
        ent,
        form: takes_passwords.then(|| token.form(SIGN_IN)),
        name,
        return_to,
        notice,
        wrong,
    };
    let response = html::page_with(status, &shown);
    Ok(if takes_passwords { with_cookie(response, Cookie::Form.set(&token.text(), secure, None)) } else { response })
}

pub(super) async fn by_password(visit: Visit, form: Result<Form<PasswordForm>, FormRejection>) -> Response {
    let answer = password_answer(&visit, form.ok().map(|Form(form)| form)).await;
    answered(&visit, answer)
}

async fn password_answer(visit: &Visit, form: Option<PasswordForm>) -> Answer {
    let page = &visit.page;
    let given = visit.cookie(Cookie::Form).and_then(PageToken::read);
    let Some(form) = form.filter(|form| {
        page.gateway.config.page.takes_passwords()
            && visit.is_from_us()
            && given.is_some_and(|given| given.is_form(SIGN_IN, &form.token))
    }) else {
        return Err(Trouble::Stale);
    };
    let PasswordForm { name, password, return_to, .. } = form;
    let return_to = paths::lead_to(&return_to);
    // Over TLS that ends at a proxy of ours, the page is reached by https all the same.
    let may = visit.is_secure() || visit.client.may_log_in(&page.gateway.config.login);
    let login = match may {
        true => page.gateway.sign_in_by_password(visit.client.peer.ip(), &name, &Secret::new(password)).await?,
        false => return refused(visit, Sentence::TlsRequired, name, return_to),
    };
    match login {
        Login::Welcome(welcome) => welcomed(visit, &welcome, false, &return_to).await,
        Login::Refused(refusal) => refused(visit, sentence(refusal), name, return_to),
    }
}

fn refused(visit: &Visit, why: Sentence, name: String, return_to: String) -> Answer {
    let wrong = Some(why.text(visit.page.language()));
    sign_in_page(visit, StatusCode::UNPROCESSABLE_ENTITY, Asked { name, return_to, wrong, notice: None })
}

fn sentence(refusal: LoginRefusal) -> Sentence {
    match refusal {
        LoginRefusal::BadCredentials => Sentence::BadCredentials,
        LoginRefusal::Suspended => Sentence::AccountSuspended,
        LoginRefusal::TooManyTries => Sentence::TooManyTries,
        LoginRefusal::TurnedOff => Sentence::ReadingOff,
        LoginRefusal::CloudApp => Sentence::CloudApp,
        LoginRefusal::TooManyConnections => Sentence::TooManyConnections,
    }
}

/// Begins the session, and ends the one that the browser had.
async fn welcomed(visit: &Visit, welcome: &Welcome, by_ent: bool, return_to: &str) -> Answer {
    let (gateway, secure) = (&visit.page.gateway, visit.is_secure());
    if let Some(before) = visit.cookie(Cookie::Session).and_then(PageToken::read) {
        gateway.end_page_session(&before).await?;
    }
    let session = gateway.begin_page_session(welcome, by_ent).await?;
    let response = with_cookie(redirect(return_to), Cookie::Session.set(&session.token.text(), secure, None));
    Ok(with_cookie(response, Cookie::Form.unset(secure)))
}

/// The questions that the browser has open: a seed, and where the person wants to go.
fn questions(visit: &Visit) -> Vec<(SignInSeed, String)> {
    let all = visit.cookie(Cookie::SignIn).unwrap_or_default();
    let question = |text: &str| {
        let (seed, path) = text.split_once('.')?;
        Some((SignInSeed::read(seed)?, paths::lead_to(&path.replace('.', "/"))))
    };
    all.split('~').filter_map(question).collect()
}

fn with_questions(visit: &Visit, response: Response, questions: &[(SignInSeed, String)]) -> Response {
    let secure = visit.is_secure();
    let texts: Vec<String> =
        questions.iter().map(|(seed, path)| format!("{}.{}", seed.text(), path.replace('/', "."))).collect();
    let seconds = visit.page.gateway.config.page.sign_in_minutes_max.saturating_mul(60);
    let cookie = match texts.is_empty() {
        true => Cookie::SignIn.unset(secure),
        false => Cookie::SignIn.set(&texts.join("~"), secure, Some(seconds)),
    };
    with_cookie(response, cookie)
}

pub(super) async fn by_ent(visit: Visit, Query(wanted): Query<Wanted>) -> Response {
    let answer = async {
        let gateway = &visit.page.gateway;
        if !gateway.signs_in_by_ent() {
            return Err(Trouble::NotFound);
        }
        let seed = SignInSeed::new()?;
        let url = gateway.ask_ent_who(&seed, &redirect_uri(&visit)).await?;
        let mut all = questions(&visit);
        all.push((seed, paths::lead_to(&wanted.return_to)));
        let beyond = all.len().saturating_sub(QUESTIONS_MAX);
        all.drain(..beyond);
        Ok(with_questions(&visit, redirect(&url), &all))
    };
    let answer: Answer = answer.await;
    answered(&visit, answer)
}

fn redirect_uri(visit: &Visit) -> String {
    format!("{}/sign-in/callback", visit.base())
}

/// What the issuer sends the browser back with (RFC 6749 §4.1.2, RFC 9207 §2).
#[derive(Deserialize)]
pub(super) struct FromEnt {
    #[serde(default)]
    state: String,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

pub(super) async fn back_from_ent(
    visit: Visit,
    from: Result<Query<FromEnt>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let answer = match from {
        Ok(Query(from)) => back(&visit, from).await,
        Err(_) => Ok(not_taken(&visit)),
    };
    answered(&visit, answer)
}

async fn back(visit: &Visit, from: FromEnt) -> Answer {
    let gateway = &visit.page.gateway;
    if !gateway.signs_in_by_ent() {
        return Err(Trouble::NotFound);
    }
    let mut all = questions(visit);
    // Nobody can guess a state, and each is compared with what the browser itself holds.
    let Some(asked) = all.iter().position(|(seed, _)| seed.state() == from.state) else {
        tracing::info!("an answer to a sign-in was not taken: this browser has not asked");
        return Ok(not_taken(visit));
    };
    let (seed, return_to) = all.remove(asked);
    let code = match (from.code, from.error) {
        (Some(code), None) => code,
        (_, error) => {
            tracing::info!(refused = error.is_some(), "the issuer let nobody sign in");
            return Ok(with_questions(visit, not_taken(visit), &all));
        }
    };
    let redirect_uri = redirect_uri(visit);
    let answer = SignInAnswer { code: &code, issuer: from.iss.as_deref(), redirect_uri: &redirect_uri };
    let response = match gateway.hear_ent_who(&seed, answer).await? {
        SignedIn::Known(Login::Welcome(welcome)) => welcomed(visit, &welcome, true, &return_to).await?,
        SignedIn::Known(Login::Refused(refusal)) => {
            visit.page.message(StatusCode::FORBIDDEN, sentence(refusal).text(visit.page.language()))
        }
        SignedIn::Unknown => visit.page.message(StatusCode::FORBIDDEN, visit.page.words().unknown_here),
        SignedIn::NotTaken => not_taken(visit),
    };
    Ok(with_questions(visit, response, &all))
}

fn not_taken(visit: &Visit) -> Response {
    visit.page.message(StatusCode::FORBIDDEN, visit.page.words().not_taken)
}

#[derive(Deserialize)]
pub(super) struct Token {
    #[serde(default)]
    token: String,
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut {
    frame: Frame,
    w: &'static Words,
    /// Where the ENT forgets the person, too.
    ent: Option<String>,
}

pub(super) async fn sign_out(visit: Visit, form: Result<Form<Token>, FormRejection>) -> Response {
    let answer = async {
        let Ok(Form(Token { token })) = form else { return Err(Trouble::Stale) };
        let session = visit.signed_in_by_form(SIGN_OUT, &token).await?;
        let page = &visit.page;
        page.gateway.end_page_session(&session.token).await?;
        // A form may lead to pages of ours only (CSP `form-action`): the browser goes on to the ENT by itself.
        let ent = match session.by_ent {
            true => page.gateway.sign_out_of_ent(&format!("{}/sign-in", visit.base())).await,
            false => None,
        };
        let refresh = ent.as_ref().and_then(|url| HeaderValue::try_from(format!("0; url={url}")).ok());
        let words = page.words();
        let mut response = html::page(&SignedOut { frame: page.frame(words.signed_out), w: words, ent });
        if let Some(refresh) = refresh {
            response.headers_mut().insert(REFRESH, refresh);
        }
        Ok(with_cookie(response, Cookie::Session.unset(visit.is_secure())))
    };
    let answer: Answer = answer.await;
    answered(&visit, answer)
}
