//! PURE: dates as messages and IMAP write them (RFC 5322 §3.3; RFC 9051 §9 `date-time`).

use mail_parser::HeaderForm;

use super::header::header_value;
use crate::model::Timestamp;

/// First and last microsecond of the years 1 to 9999, which four digits can write.
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
    let value = header_value(header, "Date").next()?;
    let parsed = HeaderForm::Date.parse(&value);
    let date = parsed.value().as_datetime().filter(|date| date.is_valid())?;
    date.to_timestamp().checked_mul(1_000_000)
}

fn format(at: Timestamp, form: &str) -> String {
    let at = jiff::Timestamp::from_microsecond(at.0.clamp(FIRST, LAST)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime(form).to_string()
}
