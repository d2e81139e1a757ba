//! The person's devices: the list, one more with its app password, one less.
//!
//! An app password stands in the answer to the form that made it, and nowhere else: not in an address, not in a page that is
//! kept. A form makes one, however often it is sent (`domain::people::own_devices`).

use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::settings::{Settings, settings};
use super::visit::{Visit, redirect};
use super::{Answer, Page, Part, Trouble, answered};
use crate::domain::login::PageSession;
use crate::domain::people::{AppPassword, NewAppPassword, OwnDeviceRefusal};
use crate::http::html::{self, Frame};
use crate::model::ClientName;
use crate::sentences::page::{self as sentences, DeviceKind, Words};

/// What a form that makes an app password is for.
fn making(id: &str) -> String {
    format!("make {id}")
}

/// What a form that revokes one is for.
fn revoking(id: &str) -> String {
    format!("revoke {id}")
}

/// A device in the list.
struct Row {
    id: String,
    name: String,
    made: String,
    used: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "devices.html")]
struct List {
    frame: Frame,
    w: &'static Words,
    rows: Vec<Row>,
    may_make: bool,
    /// Words of paths and names: the settings of each.
    kinds: [(&'static str, &'static str); 5],
    /// What was done, and whether it went well.
    notice: Option<(&'static str, bool)>,
}

#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

pub(super) async fn list(visit: Visit, Query(Done { done }): Query<Done>) -> Response {
    let answer = async {
        let (page, session) = (&visit.page, visit.signed_in().await?);
        let words = page.words();
        let rows = live(page, &session).await?.into_iter().rev().map(|device| row(page, device)).collect();
        let notice = match done.as_deref() {
            Some("revoked") => Some((words.revoked, true)),
            Some("gone") => Some((words.not_revoked, false)),
            _ => None,
        };
        let frame = page.frame_for(&session, words.devices, Part::Devices);
        let may_make = page.gateway.may_make_devices(&session.user);
        let kinds = DeviceKind::ALL.map(|kind| (kind.word(), sentences::device_kind(page.language(), kind).0));
        Ok(html::page(&List { frame, w: words, rows, may_make, kinds, notice }))
    };
    let answer: Answer = answer.await;
    answered(&visit, answer)
}

/// The person's devices that are not revoked, oldest first.
async fn live(page: &Page, session: &PageSession) -> Result<Vec<AppPassword>, Trouble> {
    let mut devices = page.gateway.app_passwords(&session.user.id).await?;
    devices.retain(|device| device.revoked_at.is_none());
    Ok(devices)
}

fn row(page: &Page, device: AppPassword) -> Row {
    let (gateway, language) = (&page.gateway, page.language());
    let now = gateway.on_the_wall(gateway.clock.now());
    let told = |at| sentences::moment(language, gateway.on_the_wall(at), now);
    let used = device.last_use.map(|last| {
        let client = last.client.as_ref().map(ClientName::as_str);
        (told(last.at), sentences::used_for(language, last.protocol, client))
    });
    Row { made: told(device.created_at), id: device.id, name: device.device_name, used }
}

#[derive(Template)]
#[template(path = "pick.html")]
struct Pick {
    frame: Frame,
    w: &'static Words,
    /// Word of the path, name, explanation.
    kinds: Vec<(DeviceKind, &'static str, &'static str)>,
    refusal: Option<&'static str>,
}

pub(super) async fn pick(visit: Visit) -> Response {
    let answer = async {
        let (page, session) = (&visit.page, visit.signed_in().await?);
        let words = page.words();
        let kind = |kind| {
            let (name, text) = sentences::device_kind(page.language(), kind);
            (kind, name, text)
        };
        let shown = Pick {
            frame: page.frame_for(&session, words.connect, Part::Devices),
            w: words,
            kinds: DeviceKind::ALL.map(kind).to_vec(),
            refusal: (!page.gateway.may_make_devices(&session.user)).then_some(words.devices_not_allowed),
        };
        Ok(html::page(&shown))
    };
    let answer: Answer = answer.await;
    answered(&visit, answer)
}

#[derive(Template)]
#[template(path = "name.html")]
struct Name {
    frame: Frame,
    w: &'static Words,
    kind: DeviceKind,
    kind_name: &'static str,
    name: String,
    id: String,
    token: String,
    wrong: Option<String>,
}

pub(super) async fn name(visit: Visit, Path(kind): Path<String>) -> Response {
    let answer = async {
        let session = visit.signed_in().await?;
        let kind = DeviceKind::from_word(&kind).ok_or(Trouble::NotFound)?;
        let name = sentences::device_example(visit.page.language(), kind).to_owned();
        Ok(name_page(&visit.page, &session, kind, (name, None)))
    };
    let answer: Answer = answer.await;
    answered(&visit, answer)
}

/// `written`: a name, and what is wrong with it.
fn name_page(page: &Page, session: &PageSession, kind: DeviceKind, written: (String, Option<String>)) -> Response {
    let (words, (name, wrong)) = (page.words(), written);
    let id = page.gateway.new_device_id();
    let (kind_name, _) = sentences::device_kind(page.language(), kind);
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let frame = page.frame_for(session, words.connect, Part::Devices);
    let token = session.token.form(&making(&id));
    html::page_with(status, &Name { frame, w: words, kind, kind_name, name, id, token, wrong })
}

#[derive(Deserialize)]
pub(super) struct NameForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    token: String,
}

#[derive(Template)]
#[template(path = "made.html")]
struct Made {
    frame: Frame,
    w: &'static Words,
    name: String,
    /// As it is copied, and its parts.
    secret: String,
    parts: Vec<String>,
    settings: Settings,
}

pub(super) async fn make(
    visit: Visit,
    Path(kind): Path<String>,
    form: Result<Form<NameForm>, FormRejection>,
) -> Response {
    let answer = async {
        let Ok(Form(form)) = form else { return Err(Trouble::Stale) };
        let kind = DeviceKind::from_word(&kind).ok_or(Trouble::NotFound)?;
        let session = visit.signed_in_by_form(&making(&form.id), &form.token).await?;
        let page = &visit.page;
        match page.gateway.make_own_device(&session.user, &form.id, &form.name).await? {
            Ok(new) => Ok(made(&visit, &session, kind, new)),
            Err(refusal) => not_made(page, &session, kind, form.name, refusal),
        }
    };
    let answer: Answer = answer.await;
    answered(&visit, answer)
}

fn made(visit: &Visit, session: &PageSession, kind: DeviceKind, new: NewAppPassword) -> Response {
    let (page, words) = (&visit.page, visit.page.words());
    let secret = String::from_utf8_lossy(new.secret.expose()).into_owned();
    html::page(&Made {
        frame: page.frame_for(session, words.ready, Part::Devices),
        w: words,
        name: new.password.device_name,
        parts: secret.split('-').map(str::to_owned).collect(),
        secret,
        settings: settings(visit, session, kind),
    })
}

fn not_made(page: &Page, session: &PageSession, kind: DeviceKind, name: String, why: OwnDeviceRefusal) -> Answer {
    let words = page.words();
    Ok(match why {
        OwnDeviceRefusal::BadName => {
            let short: String = name.chars().take(crate::domain::people::DEVICE_NAME_CHARS_MAX).collect();
            name_page(page, session, kind, (short, Some(words.bad_device_name.to_owned())))
        }
        OwnDeviceRefusal::TooMany { max } => {
            name_page(page, session, kind, (name, Some(sentences::too_many_devices(page.language(), max))))
        }
        OwnDeviceRefusal::NotAllowed => page.message(StatusCode::FORBIDDEN, words.devices_not_allowed),
        OwnDeviceRefusal::MadeBefore => page.message(StatusCode::CONFLICT, words.made_before),
        OwnDeviceRefusal::NoSuchUser => return Err(Trouble::SignedOut),
    })
}

#[derive(Template)]
#[template(path = "revoke.html")]
struct Confirm {
    frame: Frame,
    w: &'static Words,
    question: String,
    row: Row,
    token: String,
}

pub(super) async fn confirm(visit: Visit, Path(id): Path<String>) -> Response {
    let answer = async {
        let (page, session) = (&visit.page, visit.signed_in().await?);
        let Some(device) = live(page, &session).await?.into_iter().find(|device| device.id == id) else {
            return Ok(redirect("/devices?done=gone"));
        };
        let words = page.words();
        let question = sentences::revoke_question(page.language(), &device.device_name);
        let frame = page.frame_for(&session, words.revoke, Part::Devices);
        let token = session.token.form(&revoking(&id));
        Ok(html::page(&Confirm { frame, w: words, question, row: row(page, device), token }))
    };
    let answer: Answer = answer.await;
    answered(&visit, answer)
}

#[derive(Deserialize)]
pub(super) struct RevokeForm {
    #[serde(default)]
    token: String,
}

pub(super) async fn revoke(
    visit: Visit,
    Path(id): Path<String>,
    form: Result<Form<RevokeForm>, FormRejection>,
) -> Response {
    let answer = async {
        let Ok(Form(RevokeForm { token })) = form else { return Err(Trouble::Stale) };
        let session = visit.signed_in_by_form(&revoking(&id), &token).await?;
        let revoked = visit.page.gateway.revoke_own_device(&session.user, &id).await?;
        Ok(redirect(if revoked { "/devices?done=revoked" } else { "/devices?done=gone" }))
    };
    let answer: Answer = answer.await;
    answered(&visit, answer)
}
