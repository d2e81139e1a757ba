//! How somebody stands with the limits on sending.

use serde::{Deserialize, Serialize};

use super::AdminAnswer;
use super::execute::{Stop, find};
use crate::domain::Gateway;
use crate::domain::limits::Standing;
use crate::model::Limit;

/// One limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitRow {
    /// As the setting is called, without `_max`.
    pub limit: String,
    pub max: u32,
    pub used: Option<u64>,
    /// When it is counted anew, on the school's clock.
    pub until: Option<String>,
}

pub(super) async fn show(gateway: &Gateway, user: &str) -> Result<AdminAnswer, Stop> {
    let user = find(gateway, user).await?;
    Ok(AdminAnswer::Limits(gateway.limits_of(&user).await?.into_iter().map(row).collect()))
}

fn row(standing: Standing) -> LimitRow {
    let limit = match standing.limit {
        Limit::MessagesPerHour => "messages_per_hour",
        Limit::MessagesPerDay => "messages_per_day",
        Limit::PeoplePerMessage => "people_per_message",
        Limit::PeoplePerDay => "people_per_day",
        Limit::FirstTimePerDay => "first_time_per_day",
    };
    let until = standing.until.map(|until| until.strftime("%Y-%m-%d %H:%M").to_string());
    LimitRow { limit: limit.to_owned(), max: standing.max, used: standing.used, until }
}
