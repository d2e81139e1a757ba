//! Boundaries: evening and morning to the microsecond, weekends, holidays, year's end, both changes of summer time.

use jiff::civil::{date, time};
use proptest::prelude::*;

use super::*;

fn paris() -> Hours {
    Hours {
        time_zone: TimeZone::get("Europe/Paris").unwrap(),
        morning: time(7, 0, 0, 0),
        evening: time(20, 0, 0, 0),
        weekends: true,
        holidays: Vec::new(),
    }
}

fn with_holidays(holidays: &[(Date, Date)]) -> Hours {
    Hours { holidays: holidays.iter().map(|&(first, last)| Holidays { first, last }).collect(), ..paris() }
}

fn at(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

/// When it opens next, `None` where it is open, each written in UTC.
fn opening(hours: &Hours, now: &str) -> Option<String> {
    let opening = hours.next_opening(at(now))?;
    Some(jiff::Timestamp::from_microsecond(opening.0).unwrap().to_string())
}

#[test]
fn evening_and_morning_to_the_microsecond() {
    let hours = paris();
    // Tuesday 24 November 2026, winter time: UTC+1.
    for (now, opens) in [
        ("2026-11-24T18:59:59.999999Z", None),
        ("2026-11-24T19:00:00Z", Some("2026-11-25T06:00:00Z")),
        ("2026-11-24T23:00:00Z", Some("2026-11-25T06:00:00Z")),
        ("2026-11-25T05:59:59.999999Z", Some("2026-11-25T06:00:00Z")),
        ("2026-11-25T06:00:00Z", None),
        // Summer: UTC+2.
        ("2026-06-09T17:59:59Z", None),
        ("2026-06-09T18:00:00Z", Some("2026-06-10T05:00:00Z")),
    ] {
        assert_eq!(opening(&hours, now).as_deref(), opens, "{now}");
    }
}

#[test]
fn friday_evening_to_monday_morning() {
    let hours = paris();
    for (now, opens) in [
        ("2026-11-27T18:59:59Z", None),
        ("2026-11-27T19:00:00Z", Some("2026-11-30T06:00:00Z")),
        ("2026-11-28T11:00:00Z", Some("2026-11-30T06:00:00Z")),
        ("2026-11-29T22:59:59Z", Some("2026-11-30T06:00:00Z")),
        ("2026-11-30T06:00:00Z", None),
    ] {
        assert_eq!(opening(&hours, now).as_deref(), opens, "{now}");
    }
    let every_day = Hours { weekends: false, ..paris() };
    assert_eq!(opening(&every_day, "2026-11-28T11:00:00Z"), None);
    assert_eq!(opening(&every_day, "2026-11-28T19:00:00Z").as_deref(), Some("2026-11-29T06:00:00Z"));
}

#[test]
fn both_changes_of_summer_time() {
    // Sunday 28 March 2027: 2:00 becomes 3:00. Sunday 25 October 2026: 3:00 becomes 2:00.
    let every_day = Hours { weekends: false, ..paris() };
    for (now, opens) in [
        ("2027-03-27T19:00:00Z", "2027-03-28T05:00:00Z"),
        ("2027-03-28T00:59:59Z", "2027-03-28T05:00:00Z"),
        ("2027-03-28T01:00:00Z", "2027-03-28T05:00:00Z"),
        ("2026-10-24T18:00:00Z", "2026-10-25T06:00:00Z"),
        ("2026-10-25T00:30:00Z", "2026-10-25T06:00:00Z"),
        ("2026-10-25T01:30:00Z", "2026-10-25T06:00:00Z"),
    ] {
        assert_eq!(opening(&every_day, now).as_deref(), Some(opens), "{now}");
    }
    assert_eq!(opening(&paris(), "2026-10-23T18:00:00Z").as_deref(), Some("2026-10-26T06:00:00Z"), "a weekend across");
}

/// A morning in the hour that is skipped or repeated: nothing opens twice, and nothing closes again.
#[test]
fn a_morning_inside_the_change_itself() {
    let early = Hours { weekends: false, morning: time(2, 30, 0, 0), ..paris() };
    assert_eq!(opening(&early, "2027-03-28T00:00:00Z").as_deref(), Some("2027-03-28T01:30:00Z"), "2:30 is 3:30");
    assert_eq!(opening(&early, "2027-03-28T01:30:00Z"), None);
    assert_eq!(opening(&early, "2026-10-25T00:00:00Z").as_deref(), Some("2026-10-25T00:30:00Z"), "the first 2:30");
    assert_eq!(opening(&early, "2026-10-25T01:10:00Z"), None, "2:10 for the second time");
}

#[test]
fn holidays_overlap_weekends_each_other_and_the_years_end() {
    let christmas = [(date(2026, 12, 19), date(2027, 1, 3))];
    let hours = with_holidays(&christmas);
    for (now, opens) in [
        ("2026-12-18T18:59:59Z", None),
        ("2026-12-18T19:00:00Z", Some("2027-01-04T06:00:00Z")),
        ("2026-12-31T22:59:59Z", Some("2027-01-04T06:00:00Z")),
        ("2026-12-31T23:00:00Z", Some("2027-01-04T06:00:00Z")),
        ("2027-01-04T06:00:00Z", None),
    ] {
        assert_eq!(opening(&hours, now).as_deref(), opens, "{now}");
    }
    // Ends on a Wednesday; a second one begins within the first and ends on a Friday.
    let both = with_holidays(&[(date(2026, 11, 10), date(2026, 11, 11)), (date(2026, 11, 11), date(2026, 11, 13))]);
    assert_eq!(opening(&both, "2026-11-09T19:00:00Z").as_deref(), Some("2026-11-16T06:00:00Z"));
    let one_day = with_holidays(&[(date(2026, 11, 11), date(2026, 11, 11))]);
    assert_eq!(opening(&one_day, "2026-11-11T10:00:00Z").as_deref(), Some("2026-11-12T06:00:00Z"));
    assert_eq!(opening(&one_day, "2026-11-10T18:59:59Z"), None, "the eve's day is a day of school");
}

#[test]
fn a_calendar_without_an_end_holds_nothing_for_ever() {
    let never = with_holidays(&[(date(2000, 1, 1), date(2100, 1, 1))]);
    let opens = never.next_opening(at("2026-11-24T12:00:00Z")).unwrap();
    let days = (opens.0 - at("2026-11-24T12:00:00Z").0) / 86_400_000_000;
    assert!((390..=401).contains(&days), "{days}");
}

#[test]
fn each_time_zone_its_own() {
    let reunion = Hours { time_zone: TimeZone::get("Indian/Reunion").unwrap(), ..paris() };
    assert_eq!(opening(&reunion, "2026-11-24T15:59:59Z"), None);
    assert_eq!(opening(&reunion, "2026-11-24T16:00:00Z").as_deref(), Some("2026-11-25T03:00:00Z"));
    let guadeloupe = Hours { time_zone: TimeZone::get("America/Guadeloupe").unwrap(), ..paris() };
    assert_eq!(opening(&guadeloupe, "2026-11-25T00:00:00Z").as_deref(), Some("2026-11-25T11:00:00Z"));
}

proptest! {
    /// The opening is ahead, is open, and nothing is open before it.
    #[test]
    fn the_opening_is_the_first_open_moment(seconds in 1_760_000_000_i64..1_860_000_000, part in 0_i64..1_000_000) {
        let hours = with_holidays(&[(date(2026, 12, 19), date(2027, 1, 3)), (date(2027, 2, 6), date(2027, 2, 21))]);
        let now = Timestamp(seconds * 1_000_000);
        if let Some(opens) = hours.next_opening(now) {
            prop_assert!(opens > now);
            prop_assert_eq!(hours.next_opening(opens), None);
            let between = Timestamp(now.0 + (opens.0 - now.0 - 1) / 1_000_000 * part);
            prop_assert_eq!(hours.next_opening(between), Some(opens));
        }
    }
}
