//! What somebody sent, and taking it back.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde_json::{Value, json};

use super::extract::Person;
use super::once::{Asking, once};
use super::problem::Problem;
use super::{Api, answer};
use crate::domain::recall::{Named, Sent};
use crate::sentences::ApiProblem;

/// `GET /people/{person}/sent`
pub(super) async fn sent(State(api): State<Api>, headers: HeaderMap, person: Person) -> Result<Response, Problem> {
    let letters = api.gateway.sent_letters(&person.user).await?;
    let subjects = person.caller.sees_subjects();
    let letters: Vec<Value> = letters.iter().map(|letter| row(letter, subjects)).collect();
    Ok(answer::tagged(&headers, json!({ "messages": letters }).to_string()))
}

fn row(letter: &Sent, subjects: bool) -> Value {
    let mut value = json!({
        "id": letter.id.to_string(),
        "at": answer::time(letter.at),
        "people": letter.people,
        "waiting": letter.waiting,
        "recalled_at": letter.recalled_at.map(answer::time),
    });
    if let Some(members) = value.as_object_mut().filter(|_| subjects) {
        members.insert("subject".to_owned(), json!(letter.subject));
    }
    value
}

/// `POST /people/{person}/sent/{message}/recall`
pub(super) async fn recall(
    State(api): State<Api>,
    headers: HeaderMap,
    uri: Uri,
    person: Person,
) -> Result<Response, Problem> {
    let asking = Asking { caller: &person.caller, headers: &headers, uri: &uri, body: b"" };
    let doing = async {
        let unknown = || Problem::new(ApiProblem::NoSuchLetter);
        let number = person.rest.as_deref().and_then(|id| id.parse().ok()).ok_or_else(unknown)?;
        let what = format!("recall {number}");
        api.gateway.trail_of_token(&person.caller.token, Some(&person.user.id), &what).await?;
        match api.gateway.recall_for_admin(&person.user, Named::Number(number), false).await? {
            None => Err(unknown()),
            Some(Err(_)) => Err(Problem::new(ApiProblem::AlreadyRecalled)),
            Some(Ok(count)) => {
                let body = json!({
                    "people": count.people,
                    "copies": count.copies,
                    "read": count.read,
                    "waiting": count.waiting,
                });
                Ok(answer::json(StatusCode::OK, &body))
            }
        }
    };
    // A recall needs much room: on the heap.
    Box::pin(once(&api, asking, doing)).await
}
