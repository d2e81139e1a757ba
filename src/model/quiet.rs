//! PURE: quiet hours: whom they bind, school by school → until when a letter waits for each of its readers.

use std::collections::{BTreeMap, HashMap};

use super::calendar::Hours;
use super::{GroupKind, Profile, Timestamp};

/// What holds in a school.
#[derive(Clone, Debug)]
pub struct QuietRule {
    /// Whom quiet hours bind as readers.
    pub binds: Vec<Profile>,
    pub hours: Hours,
}

/// Everything set about quiet hours.
#[derive(Clone, Debug)]
pub struct QuietRules {
    /// For schools that are not named, and people without a school.
    pub default: QuietRule,
    /// By UAI.
    pub schools: HashMap<String, QuietRule>,
    /// Do teachers and personnel reach each other at any time?
    pub staff_to_staff: bool,
    /// Whose letters, marked urgent, reach everybody at once: these profiles, and members of groups of these kinds.
    pub urgent_profiles: Vec<Profile>,
    pub urgent_groups: Vec<GroupKind>,
}

/// Until when each school is closed, at one moment, to one sender. Who is not in it is reached at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuietNow {
    default: BTreeMap<Profile, Timestamp>,
    schools: HashMap<String, BTreeMap<Profile, Timestamp>>,
}

/// Those who work in the school.
const STAFF: [Profile; 2] = [Profile::Teacher, Profile::Personnel];

/// Is it somebody who works in the school?
pub fn is_staff(profile: Profile) -> bool {
    STAFF.contains(&profile)
}

impl QuietRules {
    /// What is closed now to a sender of this profile; `None` where nobody is bound now.
    pub fn at(&self, now: Timestamp, sender: Profile) -> Option<QuietNow> {
        let exempt = |profile: &Profile| self.staff_to_staff && is_staff(sender) && is_staff(*profile);
        let closed = |rule: &QuietRule| -> BTreeMap<Profile, Timestamp> {
            let bound = rule.binds.iter().filter(|profile| !exempt(profile));
            let bound: Vec<Profile> = bound.copied().collect();
            match rule.hours.next_opening(now) {
                Some(opens) if !bound.is_empty() => bound.into_iter().map(|profile| (profile, opens)).collect(),
                _ => BTreeMap::new(),
            }
        };
        let quiet = QuietNow {
            default: closed(&self.default),
            schools: self.schools.iter().map(|(uai, rule)| (uai.clone(), closed(rule))).collect(),
        };
        let nobody = quiet.default.is_empty() && quiet.schools.values().all(BTreeMap::is_empty);
        (!nobody).then_some(quiet)
    }
}

impl QuietNow {
    /// When somebody of these schools (by UAI) is reached; `None`: at once. One open school is enough: a school's
    /// holidays hold no letter of another one.
    pub fn opens(&self, profile: Profile, schools: &[String]) -> Option<Timestamp> {
        if schools.is_empty() {
            return self.default.get(&profile).copied();
        }
        let openings = schools.iter().map(|uai| self.schools.get(uai).unwrap_or(&self.default).get(&profile).copied());
        openings.collect::<Option<Vec<Timestamp>>>()?.into_iter().min()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;
    use jiff::tz::TimeZone;

    use super::*;

    fn rule(binds: &[Profile], morning: i8) -> QuietRule {
        let (morning, evening) = (time(morning, 0, 0, 0), time(20, 0, 0, 0));
        let time_zone = TimeZone::get("Europe/Paris").unwrap();
        let hours = Hours { time_zone, morning, evening, weekends: true, holidays: Vec::new() };
        QuietRule { binds: binds.to_vec(), hours }
    }

    fn rules() -> QuietRules {
        let schools = [("EARLY".to_owned(), rule(&Profile::ALL, 6)), ("FREE".to_owned(), rule(&[], 7))];
        QuietRules {
            default: rule(&[Profile::Student, Profile::Relative, Profile::Teacher], 7),
            schools: schools.into(),
            staff_to_staff: true,
            urgent_profiles: Vec::new(),
            urgent_groups: Vec::new(),
        }
    }

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn each_reader_by_profile_and_schools() {
        let night = at("2026-11-24T20:00:00Z");
        let quiet = rules().at(night, Profile::Relative).unwrap();
        let (six, seven) = (Some(at("2026-11-25T05:00:00Z")), Some(at("2026-11-25T06:00:00Z")));
        let schools = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(quiet.opens(Profile::Student, &[]), seven);
        assert_eq!(quiet.opens(Profile::Student, &schools(&["ANY"])), seven);
        assert_eq!(quiet.opens(Profile::Student, &schools(&["ANY", "EARLY"])), six, "the school that opens first");
        assert_eq!(quiet.opens(Profile::Student, &schools(&["EARLY", "FREE"])), None, "one is open");
        assert_eq!(quiet.opens(Profile::Personnel, &schools(&["ANY"])), None, "not bound here");
        assert_eq!(quiet.opens(Profile::Personnel, &schools(&["EARLY"])), six);
    }

    #[test]
    fn staff_reach_staff_and_by_day_nobody_waits() {
        let night = at("2026-11-24T20:00:00Z");
        let quiet = rules().at(night, Profile::Teacher).unwrap();
        assert_eq!(quiet.opens(Profile::Teacher, &[]), None);
        assert!(quiet.opens(Profile::Student, &[]).is_some());
        let strict = QuietRules { staff_to_staff: false, ..rules() };
        assert!(strict.at(night, Profile::Personnel).unwrap().opens(Profile::Teacher, &[]).is_some());
        assert_eq!(rules().at(at("2026-11-24T10:00:00Z"), Profile::Student), None);
        let only_staff = QuietRules { default: rule(&STAFF, 7), schools: HashMap::new(), ..rules() };
        assert_eq!(only_staff.at(night, Profile::Teacher), None);
    }
}
