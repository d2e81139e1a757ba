//! What the person may not do, and why: the switch, quiet hours, limits with what is left of them, rights by profile.

use askama::Template;
use axum::response::Response;

use super::visit::Visit;
use super::{Answer, Page, Part, answered};
use crate::config::AppPolicy;
use crate::domain::Fault;
use crate::domain::limits::Standing;
use crate::domain::quiet::QuietOf;
use crate::http::html::{self, Frame};
use crate::model::{Use, User};
use crate::sentences::page::{self as sentences, Words};

/// Quiet hours of one school.
struct Quiet {
    school: Option<String>,
    /// Nobody is bound: there are none.
    none: bool,
    hours: String,
    now: String,
    is_open: bool,
    binds_me: bool,
    others: String,
}

/// One limit.
struct Row {
    name: &'static str,
    allowed: String,
    left: String,
    until: Option<String>,
    none_left: bool,
}

#[derive(Template)]
#[template(path = "rights.html")]
struct Rights {
    frame: Frame,
    w: &'static Words,
    /// What is turned off.
    off: Vec<String>,
    quiet: Vec<Quiet>,
    limits: Vec<Row>,
    lists: &'static str,
    recall: String,
    apps: Option<&'static str>,
    space: String,
}

pub(super) async fn rights(visit: Visit) -> Response {
    let answer = async {
        let (page, session) = (&visit.page, visit.signed_in().await?);
        let (gateway, user, language, words) = (&page.gateway, &session.user, page.language(), page.words());
        let quota = gateway.quota(user).await?;
        let shown = Rights {
            frame: page.frame_for(&session, words.rights, Part::Rights),
            w: words,
            off: off(page, user).await?,
            quiet: gateway.quiet_of(user).await?.into_iter().map(|quiet| quiet_of(page, user, quiet)).collect(),
            limits: gateway.limits_of(user).await?.into_iter().map(|standing| limit(page, &standing)).collect(),
            lists: if gateway.writes_to_lists(user.profile) { words.lists_yes } else { words.lists_no },
            recall: match gateway.may_recall(user) {
                true => sentences::recall_yes(language, gateway.config.recall.minutes_max),
                false => words.recall_no.to_owned(),
            },
            apps: match gateway.config.apps.policy(user.profile) {
                AppPolicy::Off => None,
                AppPolicy::Warn => Some(words.apps_warn),
                AppPolicy::Refuse => Some(words.apps_refuse),
            },
            space: sentences::space_used(language, quota.used_bytes, quota.limit_bytes),
        };
        Ok(html::page(&shown))
    };
    let answer: Answer = answer.await;
    answered(&visit, answer)
}

async fn off(page: &Page, user: &User) -> Result<Vec<String>, Fault> {
    let mut off = Vec::new();
    for wanted in Use::ALL {
        off.extend(page.gateway.turned_off(user, wanted).await?.map(|why| why.text(page.language())));
    }
    Ok(off)
}

fn quiet_of(page: &Page, user: &User, quiet: QuietOf) -> Quiet {
    let (language, now) = (page.language(), page.gateway.on_the_wall(page.gateway.clock.now()));
    Quiet {
        none: quiet.binds.is_empty(),
        hours: sentences::quiet_hours(language, quiet.evening, quiet.morning, quiet.weekends),
        now: sentences::quiet_now(language, quiet.opens, now),
        is_open: quiet.opens.is_none(),
        binds_me: quiet.binds.contains(&user.profile),
        others: sentences::profiles(language, &quiet.binds),
        school: quiet.school,
    }
}

fn limit(page: &Page, standing: &Standing) -> Row {
    let (language, words) = (page.language(), page.words());
    let now = page.gateway.on_the_wall(page.gateway.clock.now());
    let left = standing.used.map(|used| u64::from(standing.max).saturating_sub(used));
    Row {
        name: sentences::limit_name(language, standing.limit),
        allowed: if standing.max == u32::MAX { "∞".to_owned() } else { standing.max.to_string() },
        left: match left {
            None => words.each_message.to_owned(),
            Some(_) if standing.max == u32::MAX => "∞".to_owned(),
            Some(left) => left.to_string(),
        },
        until: standing.until.filter(|_| left == Some(0)).map(|at| sentences::moment(language, at, now)),
        none_left: left == Some(0),
    }
}
