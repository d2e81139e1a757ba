//! PURE: how much people may send, by profile.

use serde::Deserialize;

use crate::model::{Limits, Profile};

/// Limits by profile. What a profile's table leaves out is as in [`defaults`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    pub student: ProfileLimitsConfig,
    pub relative: ProfileLimitsConfig,
    pub teacher: ProfileLimitsConfig,
    pub personnel: ProfileLimitsConfig,
    pub guest: ProfileLimitsConfig,
}

/// Limits of one profile.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProfileLimitsConfig {
    pub messages_per_hour_max: Option<u32>,
    pub messages_per_day_max: Option<u32>,
    /// People, groups expanded.
    pub people_per_message_max: Option<u32>,
    pub people_per_day_max: Option<u32>,
    /// People and groups written to for the first time.
    pub first_time_per_day_max: Option<u32>,
}

impl LimitsConfig {
    /// What holds for a profile.
    pub fn of(&self, profile: Profile) -> Limits {
        let set = match profile {
            Profile::Student => &self.student,
            Profile::Relative => &self.relative,
            Profile::Teacher => &self.teacher,
            Profile::Personnel => &self.personnel,
            Profile::Guest => &self.guest,
        };
        let default = defaults(profile);
        Limits {
            messages_per_hour: set.messages_per_hour_max.unwrap_or(default.messages_per_hour),
            messages_per_day: set.messages_per_day_max.unwrap_or(default.messages_per_day),
            people_per_message: set.people_per_message_max.unwrap_or(default.people_per_message),
            people_per_day: set.people_per_day_max.unwrap_or(default.people_per_day),
            first_time_per_day: set.first_time_per_day_max.unwrap_or(default.first_time_per_day),
        }
    }
}

/// What holds where nothing is set: pupils, parents and guests write to few; who works in the school writes to many.
const fn defaults(profile: Profile) -> Limits {
    let (hour, day, message, people, first) = match profile {
        Profile::Student => (60, 200, 50, 500, 40),
        Profile::Relative => (60, 200, 50, 500, 60),
        Profile::Guest => (20, 60, 50, 300, 30),
        Profile::Teacher => (1000, 5000, 5000, 50_000, 5000),
        Profile::Personnel => (1000, 5000, 20_000, 200_000, 20_000),
    };
    Limits {
        messages_per_hour: hour,
        messages_per_day: day,
        people_per_message: message,
        people_per_day: people,
        first_time_per_day: first,
    }
}
