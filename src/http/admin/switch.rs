//! The switch: sending and reading turned off for a profile, a school or everybody. What concerns a whole school, or
//! everybody, is asked twice, and confirmed by typing.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::guard::{Admin, Posted};
use super::people::{Choice, profiles};
use super::words::Words;
use super::{Shared, Site, Tone, see};
use crate::control::{AdminAnswer, AdminCommand, SuspensionRow, SwitchCommand, SwitchScope};
use crate::http::html::{self, Frame};

#[derive(askama::Template)]
#[template(path = "admin/switch.html")]
struct Switch {
    frame: Frame,
    words: &'static Words,
    token: String,
    off: Vec<Off>,
    profiles: Vec<Choice>,
}

/// Something that is turned off, with what turns it on again.
struct Off {
    row: SuspensionRow,
    /// In words.
    scope: String,
    profile: String,
    school: String,
    user: String,
}

impl Off {
    /// Out of `profile=Teacher school=…`: the row's key.
    fn of(mut row: SuspensionRow, site: &Site) -> Self {
        let words = site.words;
        site.local(&mut row.since);
        let part = |name: &str| {
            let found = row.scope.split(' ').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
            found.unwrap_or_default().to_owned()
        };
        let (profile, school, user) = (part("profile"), part("school"), part("user"));
        let mut parts = Vec::new();
        if !profile.is_empty() {
            parts.push(words.profile(&profile).to_owned());
        }
        if !school.is_empty() {
            parts.push(format!("{} {school}", words.one_school));
        }
        if !user.is_empty() {
            parts.push(user.clone());
        }
        let scope = if parts.is_empty() { words.everybody.to_owned() } else { parts.join(", ") };
        Self { row, scope, profile, school, user }
    }
}

/// What is off, and the form that turns something off.
pub(super) async fn show(State(site): State<Shared>, admin: Admin) -> Response {
    let off = match site.look(AdminCommand::Switch(SwitchCommand::List)).await {
        AdminAnswer::Suspensions(rows) => rows.into_iter().map(|row| Off::of(row, &site)).collect::<Vec<_>>(),
        other => return site.not_done(&admin, other, "/people"),
    };
    let frame = site.frame(site.words.switch, Some(&admin), "/switch");
    let (words, profiles) = (site.words, profiles(site.words, ""));
    html::page(&Switch { frame, words, token: admin.session.token, off, profiles })
}

#[derive(askama::Template)]
#[template(path = "admin/confirm.html")]
struct Confirm {
    frame: Frame,
    words: &'static Words,
    token: String,
    scope: String,
    what: String,
    reason: String,
    word: String,
    profile: String,
    school: String,
    sending: bool,
    reading: bool,
}

/// What a form of the switch asks for.
struct Asked {
    profile: Option<String>,
    school: Option<String>,
    user: Option<String>,
    sending: bool,
    reading: bool,
    reason: String,
}

impl Asked {
    fn of(posted: &Posted) -> Self {
        Self {
            profile: posted.given("profile"),
            school: posted.given("school"),
            user: posted.given("user"),
            sending: posted.ticked("sending"),
            reading: posted.ticked("reading"),
            reason: posted.field("reason").to_owned(),
        }
    }

    fn scope(&self) -> SwitchScope {
        SwitchScope { profile: self.profile.clone(), school: self.school.clone(), user: self.user.clone() }
    }

    /// In words.
    fn text(&self, words: &Words) -> String {
        let profile = self.profile.as_deref().map(|profile| words.profile(profile).to_owned());
        let school = self.school.as_ref().map(|school| format!("{} {school}", words.one_school));
        let parts: Vec<String> = profile.into_iter().chain(school).chain(self.user.clone()).collect();
        if parts.is_empty() { words.everybody.to_owned() } else { parts.join(", ") }
    }

    /// What is to be typed: the school, the profile, or that it is everybody.
    fn word(&self, words: &Words) -> String {
        let profile = self.profile.as_deref().map(|profile| words.profile(profile).to_owned());
        self.school.clone().or(profile).unwrap_or_else(|| words.everybody.to_owned())
    }

    fn what(&self, words: &Words) -> String {
        let parts = [(self.sending, words.sending), (self.reading, words.reading)];
        parts.into_iter().filter_map(|(is, text)| is.then_some(text)).collect::<Vec<_>>().join(" + ")
    }
}

/// Turns something off: asked once more, and typed, before it is done.
pub(super) async fn suspend(State(site): State<Shared>, posted: Posted) -> Response {
    let (asked, words, admin) = (Asked::of(&posted), site.words, &posted.admin);
    if let Some(answer) = site.unfit(admin, &asked) {
        return answer;
    }
    let word = asked.word(words);
    match posted.given("typed") {
        None => {
            let frame = site.frame(words.turn_off, Some(admin), "/switch");
            let token = admin.session.token.clone();
            let (scope, what) = (asked.text(words), asked.what(words));
            let Asked { profile, school, sending, reading, reason, .. } = asked;
            let (profile, school) = (profile.unwrap_or_default(), school.unwrap_or_default());
            html::page(&Confirm { frame, words, token, scope, what, reason, word, profile, school, sending, reading })
        }
        Some(typed) if typed == word => {
            let Asked { sending, reading, reason, .. } = &asked;
            let (about, scope) = (format!("{}: {}", asked.text(words), asked.what(words)), asked.scope());
            let command =
                SwitchCommand::Suspend { sending: *sending, reading: *reading, scope, reason: reason.clone() };
            site.turn(admin, "suspend", (&about, reason), command).await
        }
        Some(_) => site.message(admin, StatusCode::BAD_REQUEST, words.typed_otherwise, Tone::Bad, "/switch"),
    }
}

/// Turns it on again.
pub(super) async fn resume(State(site): State<Shared>, posted: Posted) -> Response {
    let (asked, admin) = (Asked::of(&posted), &posted.admin);
    if let Some(answer) = site.unfit(admin, &asked) {
        return answer;
    }
    let Asked { sending, reading, reason, .. } = &asked;
    let (about, scope) = (format!("{}: {}", asked.text(site.words), asked.what(site.words)), asked.scope());
    let command = SwitchCommand::Resume { sending: *sending, reading: *reading, scope, reason: reason.clone() };
    site.turn(admin, "resume", (&about, reason), command).await
}

impl Site {
    /// What a form lacks.
    fn unfit(&self, admin: &Admin, asked: &Asked) -> Option<Response> {
        if asked.reason.is_empty() {
            return Some(self.no_reason(admin, "/switch"));
        }
        let nothing = !asked.sending && !asked.reading;
        nothing.then(|| self.message(admin, StatusCode::BAD_REQUEST, self.words.nothing_chosen, Tone::Bad, "/switch"))
    }

    async fn turn(&self, admin: &Admin, act: &'static str, words: (&str, &str), command: SwitchCommand) -> Response {
        match self.sign(admin, act, words, AdminCommand::Switch(command)).await {
            AdminAnswer::Done => see("/switch"),
            other => self.not_done(admin, other, "/switch"),
        }
    }
}
