//! PURE: dates as messages and IMAP write them (RFC 5322 §3.3; RFC 9051 §9 `date-time`).

use mail_parser::{DateTime, HeaderForm};

use super::header::header_value;
use crate::model::Timestamp;

/// First and last microsecond that four digits of a year, and jiff, can write: in the years 1 and 9999.
const FIRST: i64 = -62_135_596_800_000_000;
const LAST: i64 = 253_402_207_199_999_999;

/// A Date header: `Mon, 23 Nov 2026 07:00:00 +0000`, always UTC.
pub fn date_time(at: Timestamp) -> String {
    format(at, "%a, %d %b %Y %H:%M:%S +0000")
}

/// INTERNALDATE without its quotation marks: `17-Jul-1996 02:44:25 +0000`, always UTC, the day padded with a space.
pub fn internal_date(at: Timestamp) -> String {
    format(at, "%e-%b-%Y %H:%M:%S +0000")
}

/// Reads `17-Jul-1996 02:44:25 -0700`, as APPEND gives it, without its quotation marks.
pub fn parse_internal_date(text: &str) -> Option<Timestamp> {
    let parsed = jiff::fmt::strtime::parse("%d-%b-%Y %H:%M:%S %z", text.trim_start()).ok()?;
    Some(Timestamp(parsed.to_timestamp().ok()?.as_microsecond()))
}

/// The first Date field, microseconds since 1970 UTC; `None` where it is missing or no date.
pub(super) fn sent_at(header: &[u8]) -> Option<i64> {
    date_field(header)?.to_timestamp().checked_mul(1_000_000)
}

/// The day that the first Date field names, disregarding time and zone (RFC 9051 §6.4.4 SENTON): days since 1970-01-01.
pub(super) fn sent_day(header: &[u8]) -> Option<i32> {
    let date = date_field(header)?;
    let (year, month, day) =
        (i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
    let day = jiff::civil::Date::new(year, month, day).ok()?;
    Some(day.since(jiff::civil::Date::constant(1970, 1, 1)).ok()?.get_days())
}

fn date_field(header: &[u8]) -> Option<DateTime> {
    let value = header_value(header, "Date").next()?;
    HeaderForm::Date.parse(&value).value().as_datetime().filter(DateTime::is_valid)
}

fn format(at: Timestamp, form: &str) -> String {
    let at = jiff::Timestamp::from_microsecond(at.0.clamp(FIRST, LAST)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms() {
        let at = Timestamp::from_seconds(837_596_665);
        assert_eq!(date_time(at), "Wed, 17 Jul 1996 09:44:25 +0000");
        assert_eq!(internal_date(at), "17-Jul-1996 09:44:25 +0000");
        assert_eq!(internal_date(Timestamp(0)), " 1-Jan-1970 00:00:00 +0000");
        assert_eq!(date_time(Timestamp(i64::MAX)), "Thu, 30 Dec 9999 21:59:59 +0000");
        assert_eq!(internal_date(Timestamp(i64::MIN)), " 1-Jan-0001 00:00:00 +0000");
    }

    #[test]
    fn internal_dates_are_read() {
        assert_eq!(parse_internal_date("17-Jul-1996 02:44:25 -0700"), Some(Timestamp::from_seconds(837_596_665)));
        assert_eq!(parse_internal_date(" 1-jan-1970 00:00:00 +0000"), Some(Timestamp(0)));
        for wrong in [
            "",
            "17-Jul-1996",
            "32-Jul-1996 02:44:25 -0700",
            "17-Jul-1996 02:44:25 -0700 x",
            "17-Jul-1996 25:44:25 -0700",
        ] {
            assert_eq!(parse_internal_date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn date_headers_are_read() {
        assert_eq!(sent_at(b"Date: Wed, 17 Jul 1996 02:44:25 -0700 (PDT)\r\n\r\n"), Some(837_596_665_000_000));
        assert_eq!(sent_at(b"Date: yesterday\r\n\r\n"), None);
        assert_eq!(sent_at(b"Date: Wed, 42 Jul 1996 02:44:25 -0700\r\n\r\n"), None);
        assert_eq!(sent_at(b"\r\n"), None);
    }

    #[test]
    fn the_day_of_a_date_header_is_the_one_written() {
        for (date, day) in [
            ("Wed, 17 Jul 1996 23:44:25 -0700", Some(9694)),
            ("Thu, 18 Jul 1996 00:44:25 +0900", Some(9695)),
            ("1 Jan 1970 00:00:00 +1400", Some(0)),
            ("31 Dec 1969 23:59:59 -1200", Some(-1)),
            ("29 Feb 2024 12:00 +0000", Some(19782)),
            ("yesterday", None),
        ] {
            assert_eq!(sent_day(format!("Date: {date}\r\n\r\n").as_bytes()), day, "{date}");
        }
        assert_eq!(sent_day(b"Subject: x\r\n\r\n"), None);
    }
}
