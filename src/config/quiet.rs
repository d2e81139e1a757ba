//! PURE: quiet hours as they are written → as they are used, or everything that is wrong with them.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::check::Finding;
use crate::model::{GroupKind, Holidays, Hours, Profile, QuietRule, QuietRules};

/// Quiet hours: when, whom they bind, and who may reach people all the same.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuietConfig {
    /// Profiles that are not reached in quiet hours; none: there are no quiet hours.
    pub binds: Vec<String>,
    /// As the IANA names it. Days of the limits are its days, too.
    pub time_zone: String,
    /// `HH:MM`: open from `morning` (included) to `evening` (excluded).
    pub morning: String,
    pub evening: String,
    /// Are Saturdays and Sundays quiet?
    pub weekends: bool,
    /// The zone whose holidays are quiet; none where it is empty.
    pub zone: String,
    /// Holidays by zone.
    pub calendar: BTreeMap<String, Vec<HolidaysConfig>>,
    /// What is otherwise in some schools, by UAI.
    pub schools: BTreeMap<String, SchoolQuietConfig>,
    /// Teachers and personnel reach each other at any time.
    pub staff_to_staff: bool,
    /// Who reaches everybody at once by a letter marked urgent: profiles, and kinds of groups whose members may.
    pub urgent_profiles: Vec<String>,
    pub urgent_groups: Vec<String>,
    /// Letters of people who may not send any more wait until they may again.
    pub hold_suspended: bool,
    /// People whom letters that waited reach in one transaction; one letter is never cut in two.
    pub release_people_max: usize,
    /// How long the store is left to others after each such transaction, in hundredths of the time that it took.
    pub release_pause_percent: u32,
}

/// Days without school, both included.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolidaysConfig {
    /// `YYYY-MM-DD`
    pub first: String,
    pub last: String,
}

/// What is otherwise in one school.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SchoolQuietConfig {
    pub binds: Option<Vec<String>>,
    pub time_zone: Option<String>,
    pub morning: Option<String>,
    pub evening: Option<String>,
    pub weekends: Option<bool>,
    pub zone: Option<String>,
}

impl Default for QuietConfig {
    fn default() -> Self {
        Self {
            binds: Vec::new(),
            time_zone: "Europe/Paris".to_owned(),
            morning: "07:00".to_owned(),
            evening: "20:00".to_owned(),
            weekends: true,
            zone: String::new(),
            calendar: BTreeMap::new(),
            schools: BTreeMap::new(),
            staff_to_staff: true,
            urgent_profiles: Vec::new(),
            urgent_groups: vec!["Direction".to_owned()],
            hold_suspended: true,
            release_people_max: 1000,
            release_pause_percent: 100,
        }
    }
}

impl QuietConfig {
    /// The rules as they are used; `None` where they cannot be: then [`load`](super::load) has said why.
    pub fn rules(&self) -> Option<QuietRules> {
        self.read().ok()
    }

    /// The rules, or what is wrong.
    pub(super) fn read(&self) -> Result<QuietRules, Vec<Finding>> {
        let mut reading = Reading { config: self, findings: Vec::new() };
        let default = reading.rule("quiet", &SchoolQuietConfig::default());
        let schools: HashMap<String, Option<QuietRule>> = self
            .schools
            .iter()
            .map(|(uai, school)| (uai.clone(), reading.rule(&format!("quiet.schools.{uai}"), school)))
            .collect();
        let urgent_profiles = reading.profiles("quiet.urgent_profiles", &self.urgent_profiles);
        let urgent_groups = reading.words("quiet.urgent_groups", &self.urgent_groups, GroupKind::from_column);
        let staff_to_staff = self.staff_to_staff;
        match default {
            Some(default) if reading.findings.is_empty() => {
                let schools = schools.into_iter().filter_map(|(uai, rule)| Some((uai, rule?))).collect();
                Ok(QuietRules { default, schools, staff_to_staff, urgent_profiles, urgent_groups })
            }
            _ => Err(reading.findings),
        }
    }
}

struct Reading<'c> {
    config: &'c QuietConfig,
    findings: Vec<Finding>,
}

impl Reading<'_> {
    fn finding(&mut self, message: String) {
        self.findings.push(("quiet", message));
    }

    /// What holds in a school that says this, and else what all say.
    fn rule(&mut self, path: &str, school: &SchoolQuietConfig) -> Option<QuietRule> {
        let config = self.config;
        let binds = self.profiles(&format!("{path}.binds"), school.binds.as_ref().unwrap_or(&config.binds));
        let zone_name = school.time_zone.as_ref().unwrap_or(&config.time_zone);
        let time_zone = TimeZone::get(zone_name).ok();
        if time_zone.is_none() {
            self.finding(format!("`{path}.time_zone`: there is no time zone \"{zone_name}\", as in \"Europe/Paris\""));
        }
        let morning = self.time(&format!("{path}.morning"), school.morning.as_ref().unwrap_or(&config.morning));
        let evening = self.time(&format!("{path}.evening"), school.evening.as_ref().unwrap_or(&config.evening));
        let zone = school.zone.as_ref().unwrap_or(&config.zone);
        let holidays = self.holidays(path, zone);
        let (time_zone, morning, evening) = (time_zone?, morning?, evening?);
        if morning >= evening {
            self.finding(format!("`{path}.morning` must be before `{path}.evening`"));
        }
        let weekends = school.weekends.unwrap_or(config.weekends);
        Some(QuietRule { binds, hours: Hours { time_zone, morning, evening, weekends, holidays } })
    }

    fn time(&mut self, path: &str, text: &str) -> Option<Time> {
        let time = text.parse().ok();
        if time.is_none() {
            self.finding(format!("`{path}`: \"{text}\" is no time of day, as in \"07:00\""));
        }
        time
    }

    fn holidays(&mut self, path: &str, zone: &str) -> Vec<Holidays> {
        if zone.is_empty() {
            return Vec::new();
        }
        let Some(calendar) = self.config.calendar.get(zone) else {
            let known: Vec<&str> = self.config.calendar.keys().map(String::as_str).collect();
            self.finding(format!("`{path}.zone`: `quiet.calendar` has no zone \"{zone}\" ({})", known.join(", ")));
            return Vec::new();
        };
        let mut read = Vec::new();
        for HolidaysConfig { first, last } in calendar {
            match (first.parse::<Date>(), last.parse::<Date>()) {
                (Ok(first), Ok(last)) if first <= last => read.push(Holidays { first, last }),
                _ => self.finding(format!(
                    "`quiet.calendar.{zone}`: \"{first}\" to \"{last}\" are no days, as in \"2026-12-19\" to \"2027-01-03\""
                )),
            }
        }
        read
    }

    fn profiles(&mut self, path: &str, words: &[String]) -> Vec<Profile> {
        self.words(path, words, Profile::from_column)
    }

    fn words<T>(&mut self, path: &str, words: &[String], read: fn(&str) -> Option<T>) -> Vec<T> {
        let mut found = Vec::new();
        for word in words {
            match read(word) {
                Some(value) => found.push(value),
                None => self.finding(format!("`{path}`: \"{word}\" is not known")),
            }
        }
        found
    }
}
