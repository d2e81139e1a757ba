//! The switch: sending, reading or both turned off for a profile, a school or both. A token of one school turns only what
//! is that school's.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::Given;
use super::guard::Caller;
use super::people::line;
use super::problem::Problem;
use super::{Api, answer};
use crate::model::{Profile, SchoolId, Scope, Suspension, Uses};
use crate::sentences::ApiProblem;

/// For whom, and what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Turned {
    profile: Option<String>,
    /// An id or a UAI.
    school: Option<String>,
    sending: bool,
    reading: bool,
    reason: String,
}

/// `GET /switch`
pub(super) async fn list(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    let off = api.gateway.suspensions().await?;
    let school = &caller.token.school;
    // What is off for everybody is off in the token's school too; a single person's is in no list of a school.
    let seen = off.iter().filter(|off| {
        let scope = &off.scope;
        school.is_none() || scope.user.is_none() && (scope.school.is_none() || scope.school == *school)
    });
    let rows: Vec<Value> = seen.map(row).collect();
    Ok(answer::json(StatusCode::OK, &json!({ "suspended": rows })))
}

fn row(off: &Suspension) -> Value {
    json!({
        "profile": off.scope.profile.map(Profile::column),
        "school": off.scope.school.as_ref().map(SchoolId::as_str),
        "person": off.scope.user.as_ref().map(crate::model::UserId::as_str),
        "sending": off.uses.sending,
        "reading": off.uses.reading,
        "reason": off.reason,
        "since": answer::time(off.since),
    })
}

/// `POST /switch/suspend`
pub(super) async fn suspend(State(api): State<Api>, caller: Caller, given: Given<Turned>) -> Result<Response, Problem> {
    let (scope, uses, reason) = read(&api, &caller, given.value).await?;
    api.gateway.trail_of_token(&caller.token, None, &format!("suspend {}", scope.key())).await?;
    api.gateway.suspend(Suspension { scope, uses, reason, since: api.gateway.clock.now() }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /switch/resume`
pub(super) async fn resume(State(api): State<Api>, caller: Caller, given: Given<Turned>) -> Result<Response, Problem> {
    let (scope, uses, reason) = read(&api, &caller, given.value).await?;
    api.gateway.trail_of_token(&caller.token, None, &format!("resume {}", scope.key())).await?;
    if api.gateway.resume(scope, uses, &reason).await? {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Err(Problem::new(ApiProblem::NotSuspended))
    }
}

async fn read(api: &Api, caller: &Caller, turned: Turned) -> Result<(Scope, Uses, String), Problem> {
    let Turned { profile, school, sending, reading, reason } = turned;
    if !sending && !reading {
        return Err(Problem::bad("one of `sending` and `reading` must be true"));
    }
    let profile = match profile {
        None => None,
        Some(word) => Some(Profile::from_column(&word).ok_or_else(|| Problem::bad("`profile` is none"))?),
    };
    let unknown = || Problem::new(ApiProblem::NoSuchSchool);
    let school = match school {
        None => None,
        Some(name) if name.contains('\0') => return Err(unknown()),
        Some(name) => match api.gateway.schools_called(&name).await?.as_slice() {
            [school] => Some(school.clone()),
            _ => return Err(unknown()),
        },
    };
    if caller.token.school.is_some() && caller.token.school != school {
        return Err(unknown());
    }
    Ok((Scope { profile, school, user: None }, Uses { sending, reading }, line(&reason)?))
}
