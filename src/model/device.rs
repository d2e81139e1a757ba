//! PURE: what is known of a person's devices: when and how each last came, and which words of IMAP's CAPABILITY it is shown.

use super::Timestamp;

/// Characters of a client's name that are kept.
pub const CLIENT_NAME_CHARS_MAX: usize = 80;

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    Imap,
    Smtp,
    Ldap,
    CardDav,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Imap, Self::Smtp, Self::Ldap, Self::CardDav];

    /// The word for it: the column `app_password.last_service`, and what admins read.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Imap => "imap",
            Self::Smtp => "smtp",
            Self::Ldap => "ldap",
            Self::CardDav => "carddav",
        }
    }

    /// The column `app_password.last_protocol`, in which gateways of 0.1.0 take these two words only.
    pub const fn old_column(self) -> &'static str {
        match self {
            Self::Imap | Self::Ldap | Self::CardDav => "imap",
            Self::Smtp => "smtp",
        }
    }

    /// From both columns: the newer one counts while the older one says what belongs to it.
    pub fn from_columns(old: &str, new: Option<&str>) -> Option<Self> {
        let exact = new.and_then(Self::from_column).filter(|protocol| protocol.old_column() == old);
        exact.or_else(|| Self::from_column(old))
    }

    /// From the word.
    pub fn from_column(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.column() == text)
    }
}

/// When a device's password was last used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUse {
    /// To within an hour.
    pub at: Timestamp,
    pub protocol: Protocol,
    /// As the client last called itself, be it earlier: not every connection says so.
    pub client: Option<ClientName>,
}

/// What a client calls itself: whatever it likes, of which only what can be shown safely on one line is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientName(String);

impl ClientName {
    /// Out of words that a client sent; `None` where nothing is left of them.
    pub fn from_words<'w>(words: impl IntoIterator<Item = &'w str>) -> Option<Self> {
        let words =
            words.into_iter().flat_map(|part| part.split(|sign: char| sign.is_whitespace() || sign.is_control()));
        let mut name = String::new();
        for word in words {
            let shown: String = word.chars().filter(|sign| !is_invisible(*sign)).take(CLIENT_NAME_CHARS_MAX).collect();
            if shown.is_empty() {
                continue;
            }
            if !name.is_empty() {
                name.push(' ');
            }
            name.push_str(&shown);
            if name.chars().count() >= CLIENT_NAME_CHARS_MAX {
                break;
            }
        }
        let name: String = name.chars().take(CLIENT_NAME_CHARS_MAX).collect();
        let name = name.trim_end();
        (!name.is_empty()).then(|| Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Marks that turn the direction of what stands around them, join, or show nothing: with them a name could look like
/// another, or like the rest of a table.
fn is_invisible(sign: char) -> bool {
    matches!(
        sign,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFD}' | '\u{E0000}'..='\u{E0FFF}'
    ) || ('\u{300}'..='\u{36F}').contains(&sign)
}

/// Words of IMAP's CAPABILITY for one device, upper case: both go before what holds for everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WordChoice {
    pub hidden: Vec<String>,
    /// Those that everybody else is not shown.
    pub shown: Vec<String>,
}

impl WordChoice {
    /// Is it hidden from this device (`true`), shown to it alone (`false`), or neither?
    pub fn hides(&self, word: &str) -> Option<bool> {
        let names = |words: &[String]| words.iter().any(|named| named.eq_ignore_ascii_case(word));
        if names(&self.hidden) {
            return Some(true);
        }
        names(&self.shown).then_some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_gateway_writes_later_counts() {
        for protocol in Protocol::ALL {
            assert_eq!(Protocol::from_columns(protocol.old_column(), Some(protocol.column())), Some(protocol));
        }
        assert_eq!(Protocol::from_columns("smtp", Some("ldap")), Some(Protocol::Smtp));
        assert_eq!(Protocol::from_columns("imap", None), Some(Protocol::Imap));
        assert_eq!(Protocol::from_columns("imap", Some("gopher")), Some(Protocol::Imap));
        assert_eq!(Protocol::from_columns("pop3", Some("ldap")), None);
    }

    fn name(words: &[&str]) -> Option<String> {
        ClientName::from_words(words.iter().copied()).map(|name| name.as_str().to_owned())
    }

    #[test]
    fn a_name_is_one_line_that_looks_like_what_it_is() {
        assert_eq!(name(&["Thunderbird", "140.5.0"]).as_deref(), Some("Thunderbird 140.5.0"));
        assert_eq!(name(&["Mac OS X Mail", ""]).as_deref(), Some("Mac OS X Mail"));
        assert_eq!(name(&[" a\r\n\tb\0c\u{1b}[31m "]).as_deref(), Some("a b c [31m"));
        assert_eq!(name(&["\u{202E}evil\u{200B}", "\u{FEFF}"]).as_deref(), Some("evil"));
        assert_eq!(name(&["e\u{301}\u{301}\u{301}"]).as_deref(), Some("e"));
        assert_eq!(name(&["Messagerie éco"]).as_deref(), Some("Messagerie éco"));
        for nothing in [&[][..], &["", " "], &["\u{200B}\u{2066}"], &["\0\r\n"]] {
            assert_eq!(name(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_name_is_short() {
        let long = "é".repeat(10_000);
        assert_eq!(name(&[&long, &long]).unwrap().chars().count(), CLIENT_NAME_CHARS_MAX);
        let words = "ab ".repeat(10_000);
        let kept = name(&[&words]).unwrap();
        assert!(kept.chars().count() <= CLIENT_NAME_CHARS_MAX && !kept.ends_with(' '), "{kept}");
    }

    #[test]
    fn what_is_hidden_from_a_device_goes_before_what_is_shown() {
        let words =
            WordChoice { hidden: vec!["IDLE".to_owned()], shown: vec!["UIDONLY".to_owned(), "IDLE".to_owned()] };
        assert_eq!(words.hides("idle"), Some(true));
        assert_eq!(words.hides("UIDOnly"), Some(false));
        assert_eq!(words.hides("MOVE"), None);
    }
}
