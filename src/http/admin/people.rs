//! People: found, shown (never their mail), suspended and let back, their devices revoked, what they sent taken back.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::guard::{Admin, Posted};
use super::words::Words;
use super::{Shared, Site, Tone, person_path, see};
use crate::control::{
    AdminAnswer, AdminCommand, AppPasswordCommand, LimitRow, RecallCommand, RecallSheet, SentLine, UserCommand,
    UserLine, UserSheet,
};
use crate::http::html::{self, Frame};
use crate::model::Profile;

/// People shown at most.
const SHOWN_MAX: usize = 100;
/// Letters of what is looked for, at least.
const LETTERS_MIN: usize = 2;
/// Letters shown of what somebody sent.
const SENT_MAX: usize = 20;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    text: String,
    profile: String,
}

/// A choice of a list.
pub(super) struct Choice {
    pub(super) value: &'static str,
    pub(super) text: &'static str,
    pub(super) chosen: bool,
}

/// The profiles to choose from.
pub(super) fn profiles(words: &Words, chosen: &str) -> Vec<Choice> {
    let choice = |profile: Profile| {
        let value = profile.column();
        Choice { value, text: words.profile(value), chosen: value == chosen }
    };
    Profile::ALL.into_iter().map(choice).collect()
}

#[derive(askama::Template)]
#[template(path = "admin/people.html")]
struct People {
    frame: Frame,
    words: &'static Words,
    text: String,
    profiles: Vec<Choice>,
    asked: bool,
    people: Vec<UserLine>,
    more: bool,
}

impl People {
    fn path(&self, login: &str) -> String {
        person_path(login)
    }
}

/// Those whose name or login holds what is looked for.
pub(super) async fn list(State(site): State<Shared>, admin: Admin, Query(wanted): Query<Wanted>) -> Response {
    let (text, words) = (wanted.text.trim().to_owned(), site.words);
    let asked = text.chars().count() >= LETTERS_MIN;
    let mut people = Vec::new();
    if asked {
        let profile = Some(wanted.profile.clone()).filter(|profile| !profile.is_empty());
        match site.look(AdminCommand::User(UserCommand::List { text: Some(text.clone()), profile })).await {
            AdminAnswer::Users(found) => people = found,
            other => return site.not_done(&admin, other, "/people"),
        }
    }
    let more = people.len() > SHOWN_MAX;
    people.truncate(SHOWN_MAX);
    let frame = site.frame(words.people, Some(&admin), "/people");
    let profiles = profiles(words, &wanted.profile);
    html::page(&People { frame, words, text, profiles, asked, people, more })
}

#[derive(Debug, Deserialize)]
pub(super) struct Of {
    user: String,
}

#[derive(askama::Template)]
#[template(path = "admin/person.html")]
struct Person {
    frame: Frame,
    words: &'static Words,
    token: String,
    sheet: UserSheet,
    profile: &'static str,
    taken: String,
    limits: Vec<(&'static str, LimitRow)>,
    sent: Vec<SentLine>,
}

/// One person, with a line in the trail: who looks at whom is known.
pub(super) async fn show(State(site): State<Shared>, admin: Admin, Query(Of { user }): Query<Of>) -> Response {
    let (words, back) = (site.words, "/people");
    let show = AdminCommand::User(UserCommand::Show { user: user.clone() });
    let mut sheet = match site.sign(&admin, "show", (&user, ""), show).await {
        AdminAnswer::User(sheet) => *sheet,
        other => return site.not_done(&admin, other, back),
    };
    for device in &mut sheet.app_passwords {
        let times = [Some(&mut device.created), device.last_used.as_mut(), device.revoked.as_mut()];
        times.into_iter().flatten().for_each(|time| site.local(time));
    }
    let user = sheet.login.clone();
    let limits = match site.look(AdminCommand::LimitsShow { user: user.clone() }).await {
        AdminAnswer::Limits(rows) => rows.into_iter().map(|row| (limit(words, &row.limit), row)).collect(),
        other => return site.not_done(&admin, other, back),
    };
    let mut sent: Vec<SentLine> =
        match site.look(AdminCommand::Recall(RecallCommand::List { user, subjects: false })).await {
            AdminAnswer::SentLetters(sent) => sent.into_iter().take(SENT_MAX).collect(),
            other => return site.not_done(&admin, other, back),
        };
    for letter in &mut sent {
        [Some(&mut letter.at), letter.recalled_at.as_mut()].into_iter().flatten().for_each(|time| site.local(time));
    }
    let (profile, taken) = (words.profile(&sheet.profile), taken(&sheet, words));
    let (frame, token) = (site.frame(&sheet.name, Some(&admin), "/people"), admin.session.token);
    html::page(&Person { frame, words, token, sheet, profile, taken, limits, sent })
}

fn limit(words: &'static Words, name: &str) -> &'static str {
    match name {
        "messages_per_hour" => words.messages_per_hour,
        "messages_per_day" => words.messages_per_day,
        "people_per_message" => words.people_per_message,
        "people_per_day" => words.people_per_day,
        _ => words.first_time_per_day,
    }
}

/// « 12 MiB sur 2048 MiB, 30 messages ».
fn taken(sheet: &UserSheet, words: &Words) -> String {
    let quota = sheet.quota;
    let (used, limit) = (quota.used_bytes.div_ceil(1 << 20), quota.limit_bytes >> 20);
    format!("{used} MiB {} {limit} MiB, {} {}", words.of, quota.used_messages, words.messages)
}

/// Suspends the account at once.
pub(super) async fn suspend(State(site): State<Shared>, posted: Posted) -> Response {
    let reason = posted.field("reason").to_owned();
    act(&site, &posted, "user-suspend", |user| AdminCommand::User(UserCommand::Suspend { user, reason })).await
}

/// Lets it come back.
pub(super) async fn resume(State(site): State<Shared>, posted: Posted) -> Response {
    act(&site, &posted, "user-resume", |user| AdminCommand::User(UserCommand::Resume { user })).await
}

/// Takes a device's password back.
pub(super) async fn revoke(State(site): State<Shared>, posted: Posted) -> Response {
    let id = posted.field("device").to_owned();
    act(&site, &posted, "app-password-revoke", |user| {
        AdminCommand::AppPassword(AppPasswordCommand::Revoke { user, id })
    })
    .await
}

/// Does it, for a reason, and shows the person again.
async fn act(
    site: &Site,
    posted: &Posted,
    act: &'static str,
    command: impl FnOnce(String) -> AdminCommand,
) -> Response {
    let (user, reason) = (posted.field("user"), posted.field("reason"));
    let back = person_path(user);
    if reason.is_empty() {
        return site.no_reason(&posted.admin, &back);
    }
    match site.sign(&posted.admin, act, (user, reason), command(user.to_owned())).await {
        AdminAnswer::Done => see(&back),
        other => site.not_done(&posted.admin, other, &back),
    }
}

#[derive(askama::Template)]
#[template(path = "admin/recall.html")]
struct RecallAsked {
    frame: Frame,
    words: &'static Words,
    token: String,
    user: String,
    message: String,
    reason: String,
    sheet: RecallSheet,
    back: String,
}

/// Takes back what somebody sent: counted first, done when it is confirmed.
pub(super) async fn recall(State(site): State<Shared>, posted: Posted) -> Response {
    let (user, message) = (posted.field("user").to_owned(), posted.field("message").to_owned());
    let (reason, back, admin) = (posted.field("reason").to_owned(), person_path(&user), &posted.admin);
    if reason.is_empty() {
        return site.no_reason(admin, &back);
    }
    let dry_run = !posted.ticked("confirmed");
    let command = AdminCommand::Recall(RecallCommand::Recall { user: user.clone(), message: message.clone(), dry_run });
    let answer = match dry_run {
        true => site.look(command).await,
        false => site.sign(admin, "recall", (&user, &format!("{message}: {reason}")), command).await,
    };
    match answer {
        AdminAnswer::Recalled(sheet) if sheet.dry_run => {
            let frame = site.frame(site.words.recall, Some(admin), "/people");
            let token = admin.session.token.clone();
            html::page(&RecallAsked { frame, words: site.words, token, user, message, reason, sheet, back })
        }
        AdminAnswer::Recalled(_) => see(&back),
        other => site.not_done(admin, other, &back),
    }
}

impl Site {
    /// Nothing is done without a reason.
    pub(super) fn no_reason(&self, admin: &Admin, back: &str) -> Response {
        self.message(admin, StatusCode::BAD_REQUEST, self.words.reason_needed, Tone::Bad, back)
    }
}
