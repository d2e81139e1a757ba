//! Somebody's devices: each with a password of its own.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::{Given, Person};
use super::once::{Asking, once};
use super::problem::Problem;
use super::{Api, answer};
use crate::domain::people::{AppPassword, PasswordRefusal};
use crate::model::{ClientName, LastUse, Timestamp};
use crate::sentences::ApiProblem;

/// A new device.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDevice {
    name: String,
}

/// `GET /people/{person}/devices`
pub(super) async fn list(State(api): State<Api>, headers: HeaderMap, person: Person) -> Result<Response, Problem> {
    let devices = api.gateway.app_passwords(&person.user.id).await?;
    let devices: Vec<Value> = devices.iter().map(row).collect();
    Ok(answer::tagged(&headers, json!({ "devices": devices }).to_string()))
}

fn row(device: &AppPassword) -> Value {
    let last = device.last_use.as_ref();
    let client = |last: &LastUse| last.client.as_ref().map(ClientName::as_str).map(str::to_owned);
    json!({
        "id": device.id,
        "name": device.device_name,
        "created_at": answer::time(device.created_at),
        "last_used_at": last.map(|last| answer::time(last.at)),
        "last_protocol": last.map(|last| last.protocol.column()),
        "last_client": last.and_then(client),
        "revoked_at": device.revoked_at.map(|at: Timestamp| answer::time(at)),
    })
}

/// `POST /people/{person}/devices`
pub(super) async fn create(
    State(api): State<Api>,
    headers: HeaderMap,
    uri: Uri,
    person: Person,
    given: Given<NewDevice>,
) -> Result<Response, Problem> {
    let asking = Asking { caller: &person.caller, headers: &headers, uri: &uri, body: &given.octets };
    let doing = async {
        let what = "app-password-create";
        api.gateway.trail_of_token(&person.caller.token, Some(&person.user.id), what).await?;
        match api.gateway.create_app_password(&person.user.id, &given.value.name).await? {
            Ok(new) => {
                let mut body = row(&new.password);
                if let Some(members) = body.as_object_mut() {
                    let secret = String::from_utf8_lossy(new.secret.expose()).into_owned();
                    members.insert("password".to_owned(), secret.into());
                }
                Ok(answer::json(StatusCode::CREATED, &body))
            }
            Err(PasswordRefusal::NoSuchUser) => Err(Problem::new(ApiProblem::NoSuchPerson)),
            Err(_) => Err(Problem::new(ApiProblem::BadDeviceName)),
        }
    };
    // Making a password needs much room: on the heap.
    Box::pin(once(&api, asking, doing)).await
}

/// `DELETE /people/{person}/devices/{device}`
pub(super) async fn revoke(State(api): State<Api>, person: Person) -> Result<Response, Problem> {
    let id = person.rest.as_deref().unwrap_or_default();
    let known = api.gateway.app_passwords(&person.user.id).await?;
    let in_use = known.iter().any(|device| device.id == id && device.revoked_at.is_none());
    if !in_use {
        return Err(Problem::new(ApiProblem::NoSuchDevice));
    }
    let what = format!("app-password-revoke {id}");
    api.gateway.trail_of_token(&person.caller.token, Some(&person.user.id), &what).await?;
    api.gateway.revoke_app_password(&person.user.id, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
