//! PURE: does a header say that the letter is urgent? Mail clients have one switch for it, and several fields
//!: Importance and Priority (RFC 2156 §5.3), X-Priority.

use super::header::header_value;

/// Fields and what they begin with where the highest importance was chosen: Outlook and Apple Mail write `Importance: high`
/// or `X-Priority: 1`, Thunderbird `X-Priority: 1 (Highest)`.
const MARKS: [(&str, &str); 3] = [("Importance", "high"), ("X-Priority", "1"), ("Priority", "urgent")];

/// Is the letter marked urgent?
pub fn is_urgent(header: &[u8]) -> bool {
    MARKS.iter().any(|(field, mark)| header_value(header, field).any(|value| begins_with(&value, mark)))
}

/// The first word, blind to case.
fn begins_with(value: &[u8], mark: &str) -> bool {
    let value = value.trim_ascii();
    let word = value.split(|octet| !octet.is_ascii_alphanumeric()).next().unwrap_or_default();
    word.eq_ignore_ascii_case(mark.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::is_urgent;

    #[test]
    fn the_highest_importance_of_each_client() {
        for field in
            ["Importance: high", "importance:High", "X-Priority: 1 (Highest)", "X-Priority: 1", "Priority: urgent"]
        {
            assert!(is_urgent(format!("From: a@b.fr\r\n{field}\r\n\r\n").as_bytes()), "{field}");
        }
        for field in
            ["Importance: normal", "X-Priority: 3", "X-Priority: 10", "X-Priority: 2 (High)", "Subject: 1", "X: high"]
        {
            assert!(!is_urgent(format!("From: a@b.fr\r\n{field}\r\n\r\n").as_bytes()), "{field}");
        }
    }
}
