//! PURE: the index of an export, `index.jsonl`: a line of JSON for each mailbox, then for each message what its file does not
//! hold itself. An import reads it where it is there.

use serde::{Deserialize, Serialize};

use super::super::letter::Target;
use crate::mime::mbox::is_keyword;
use crate::mime::{internal_date, parse_internal_date};
use crate::model::{Flags, MailboxName, SpecialUse, SystemFlag, Timestamp};

/// The file's name.
pub(in crate::domain::migration) const NAME: &str = "index.jsonl";
/// The longest line that is read.
pub(in crate::domain::migration) const LINE_BYTES_MAX: u64 = 64 << 10;

/// A line.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(in crate::domain::migration) enum Line {
    Message {
        /// Path of its file.
        message: String,
        flags: Vec<String>,
        internal_date: String,
    },
    Mailbox {
        mailbox: String,
        /// `inbox`, `drafts`, `sent`, `trash`, where it is one of these.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        special: Option<String>,
        /// Path of its file, or of the folder of its messages.
        file: String,
    },
}

impl Line {
    /// The line for a message.
    pub(in crate::domain::migration) fn message(file: &str, flags: &Flags, at: Timestamp) -> Self {
        let system = SystemFlag::ALL.into_iter().filter(|flag| flags.has(*flag)).map(|flag| flag.name().to_owned());
        Self::Message {
            message: file.to_owned(),
            flags: system.chain(flags.keywords().map(str::to_owned)).collect(),
            internal_date: internal_date(at).trim_start().to_owned(),
        }
    }
}

/// The flags that a list names; what no client could have set is left out.
pub(in crate::domain::migration) fn flags(words: &[String]) -> Flags {
    let mut flags = Flags::default();
    for word in words {
        match SystemFlag::from_name(word) {
            Some(flag) => flags.set(flag),
            None if is_keyword(word) => flags.set_keyword(word),
            None => {}
        }
    }
    flags
}

/// When a message came in.
pub(in crate::domain::migration) fn date(text: &str) -> Option<Timestamp> {
    parse_internal_date(text)
}

/// The mailbox that a line names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::domain::migration) struct Named {
    /// As it was called there.
    pub(in crate::domain::migration) name: MailboxName,
    /// Whatever it is called here.
    pub(in crate::domain::migration) target: Target,
}

/// Reads what a line says of a mailbox.
pub(in crate::domain::migration) fn named(mailbox: &str, special: Option<&str>) -> Option<Named> {
    let name = MailboxName::parse(mailbox).ok()?;
    let special = special.and_then(SpecialUse::from_column).filter(|special| special.is_required());
    let target = special.map_or_else(|| Target::Named(name.clone()), Target::Special);
    Some(Named { name, target })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_read() {
        let flags_of = Flags::from_columns(9, "$Forwarded x");
        let line = Line::message("INBOX/1.eml", &flags_of, Timestamp(0));
        let text = serde_json::to_string(&line).unwrap();
        let expected = r#"{"message":"INBOX/1.eml","flags":["\\Deleted","\\Seen","$Forwarded","x"],"internal_date":"1-Jan-1970 00:00:00 +0000"}"#;
        assert_eq!(text, expected);
        let Line::Message { flags: words, internal_date, .. } = serde_json::from_str(&text).unwrap() else { panic!() };
        assert_eq!((flags(&words), date(&internal_date)), (flags_of, Some(Timestamp(0))));
        let mailbox: Line = serde_json::from_str(r#"{"mailbox":"Envoyés","special":"sent","file":"Envoyés"}"#).unwrap();
        assert!(matches!(mailbox, Line::Mailbox { .. }));
        let sent = named("Envoyés", Some("sent")).unwrap();
        assert_eq!((sent.name.as_str(), sent.target), ("Envoyés", Target::Special(SpecialUse::Sent)));
        assert_eq!(named("A/B", Some("archive")).unwrap().target.word(), "A/B");
        assert_eq!(named("A//B", None), None);
    }
}
