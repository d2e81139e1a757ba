//! PURE: what SORT and THREAD compare of a header (RFC 5256 §2.1, §2.2, §3; RFC 5957 §3), worked out once, at arrival.

use super::address::{AddressList, Entry};
use super::header::{decode_text, header_value};
use super::text::fold;

/// The longest key, in bytes: what differs behind it is sorted by number.
const KEY_BYTES_MAX: usize = 512;
/// References that are kept: the first one, and the last ones.
const REFERENCES_MAX: usize = 64;
/// The first byte of the stored form.
const VERSION: char = '1';
/// Between the fields of the stored form: no folded text holds a control character.
const BETWEEN: char = '\u{1f}';

/// Keys that are compared octet by octet: folded, then in upper case, as RFC 5051 wants letters before `_`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SortKeys {
    /// Empty for a message without a subject, or one of prefixes alone.
    pub base_subject: String,
    /// Its subject says that it answers or forwards another.
    pub is_reply: bool,
    /// Of the first address of each field: what stands before the `@`.
    pub from: String,
    pub to: String,
    pub cc: String,
    /// Of the first address: its name, or the address where it has none.
    pub display_from: String,
    pub display_to: String,
    /// Message-IDs as [`super::message_id_key`] writes them, oldest first: References, or In-Reply-To.
    pub references: Vec<String>,
}

impl SortKeys {
    /// Reads a header block.
    pub fn of(header: &[u8]) -> Self {
        let subject = header_value(header, "Subject").next().map(|value| decode_text(&value)).unwrap_or_default();
        let (base_subject, is_reply) = base_subject(&fold(&subject));
        let (from, display_from) = first_address(header, "From");
        let (to, display_to) = first_address(header, "To");
        let (cc, _) = first_address(header, "Cc");
        Self {
            base_subject: key(&base_subject),
            is_reply,
            from,
            to,
            cc,
            display_from,
            display_to,
            references: references(header),
        }
    }

    /// The stored form.
    pub fn encode(&self) -> String {
        let mut text = String::from(VERSION);
        text.push(if self.is_reply { 'r' } else { '-' });
        let fields = [&self.base_subject, &self.from, &self.to, &self.cc, &self.display_from, &self.display_to];
        for field in fields.into_iter().chain(&self.references) {
            text.push(BETWEEN);
            text.push_str(field);
        }
        text
    }

    /// Reads the stored form; `None` where it is not one.
    pub fn decode(stored: &str) -> Option<Self> {
        let mut fields = stored.strip_prefix(VERSION)?.split(BETWEEN);
        let is_reply = fields.next()? == "r";
        let mut next = || fields.next().map(str::to_owned);
        Some(Self {
            base_subject: next()?,
            is_reply,
            from: next()?,
            to: next()?,
            cc: next()?,
            display_from: next()?,
            display_to: next()?,
            references: fields.map(str::to_owned).collect(),
        })
    }
}

/// Folded text as it is compared.
fn key(folded: &str) -> String {
    let mut key = folded.trim().to_uppercase();
    key.retain(|letter| !letter.is_control());
    key.truncate(key.floor_char_boundary(KEY_BYTES_MAX));
    key
}

/// What stands before the `@`, and what people are shown, of the first address of the first field `name`.
fn first_address(header: &[u8], name: &str) -> (String, String) {
    let Some(value) = header_value(header, name).next() else { return Default::default() };
    let text = |octets: &[u8]| key(&fold(&decode_text(octets)));
    match AddressList::parse(&value).entries.first() {
        Some(Entry::Mailbox(mailbox)) => {
            let local = text(&mailbox.local);
            let shown = mailbox.name.as_deref().map(text).filter(|shown| !shown.is_empty());
            let address = || match &mailbox.domain {
                Some(domain) => text(&[mailbox.local.as_slice(), b"@", domain].concat()),
                None => local.clone(),
            };
            let shown = shown.unwrap_or_else(address);
            (local, shown)
        }
        Some(Entry::GroupStart(group)) => (text(group), text(group)),
        Some(Entry::GroupEnd) | None => Default::default(),
    }
}

/// The Message-IDs of References; of In-Reply-To the first, where there are none (RFC 5256 §3, step 1).
fn references(header: &[u8]) -> Vec<String> {
    let mut all: Vec<String> = header_value(header, "References").flat_map(|value| message_ids(&value)).collect();
    if all.is_empty() {
        all = header_value(header, "In-Reply-To").flat_map(|value| message_ids(&value)).take(1).collect();
    }
    if all.len() > REFERENCES_MAX {
        all.drain(1..all.len() - (REFERENCES_MAX - 1));
    }
    all
}

/// What stands in angle brackets.
pub(super) fn message_ids(value: &[u8]) -> Vec<String> {
    let text = decode_text(value);
    let mut ids = Vec::new();
    let mut rest = text.as_str();
    while let Some((_, after)) = rest.split_once('<')
        && let Some((id, after)) = after.split_once('>')
    {
        rest = after;
        // An opening bracket that nothing closes is passed over.
        let id = id.rsplit_once('<').map_or(id, |(_, id)| id);
        let id: String =
            id.chars().filter(|c| !c.is_whitespace() && !c.is_control()).flat_map(char::to_lowercase).collect();
        if !id.is_empty() && id.len() <= super::MESSAGE_ID_BYTES_MAX {
            ids.push(id);
        }
    }
    ids
}

/// The subject without what answers and forwards add (RFC 5256 §2.1), and whether there was any of it. Of folded text.
fn base_subject(folded: &str) -> (String, bool) {
    let mut text = folded.trim();
    let mut is_reply = false;
    loop {
        while let Some(rest) = text.strip_suffix("(fwd)") {
            is_reply = true;
            text = rest.trim_end();
        }
        loop {
            if let Some(rest) = without_leader(text) {
                is_reply = true;
                text = rest;
            } else if let Some(rest) = without_blob(text).filter(|rest| !rest.is_empty()) {
                text = rest;
            } else {
                break;
            }
        }
        match text.strip_prefix("[fwd:").and_then(|text| text.strip_suffix(']')) {
            Some(inner) => {
                is_reply = true;
                text = inner.trim();
            }
            None => return (text.to_owned(), is_reply),
        }
    }
}

/// Without a `subj-leader`: blobs, `re` or `fw` or `fwd`, a blob, a colon.
fn without_leader(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(after) = without_blob(rest) {
        rest = after;
    }
    let rest = ["re", "fwd", "fw"].iter().find_map(|word| rest.strip_prefix(word))?.trim_start();
    let rest = without_blob(rest).unwrap_or(rest);
    rest.strip_prefix(':').map(str::trim_start)
}

/// Without a `subj-blob`: `[something]`.
fn without_blob(text: &str) -> Option<&str> {
    let (blob, rest) = text.strip_prefix('[')?.split_once(']')?;
    (!blob.contains('[')).then(|| rest.trim_start())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn base_subjects() {
        for (subject, base, is_reply) in [
            ("Sortie", "sortie", false),
            ("Re: Sortie", "sortie", true),
            ("RE : [3eB] Fwd: re[2]: Sortie (fwd) (FWD) ", "sortie", true),
            ("[3eB] Sortie", "sortie", false),
            ("[3eB] Re: [3eB] Sortie", "sortie", true),
            ("[3eB]", "[3eb]", false),
            ("[Fwd: Re: Sortie]", "sortie", true),
            ("[fwd: [fwd: Sortie (fwd)]]", "sortie", true),
            ("[fwd: a] b", "b", false),
            ("Re:", "", true),
            ("Reunion: demain", "reunion: demain", false),
            ("[a[b]] c", "[a[b]] c", false),
            ("Fw: Sortie", "sortie", true),
            ("", "", false),
        ] {
            assert_eq!(base_subject(&fold(subject)), (base.to_owned(), is_reply), "{subject}");
        }
    }

    #[test]
    fn keys_of_a_header() {
        let header = "From: =?utf-8?q?=C3=89lise?= DURAND <Elise.Durand@x>\r\nTo: Classe: a@x, b@x;\r\nCc: <b@x>, a@x\r\n\
            Subject: Re: =?utf-8?q?=C3=89t=C3=A9?=\r\nReferences: <A@x>\r\n\t<b@x> junk <c@\r\n x>\r\n\r\n";
        let keys = SortKeys::of(header.as_bytes());
        assert_eq!(
            keys,
            SortKeys {
                base_subject: "ETE".to_owned(),
                is_reply: true,
                from: "ELISE.DURAND".to_owned(),
                to: "CLASSE".to_owned(),
                cc: "B".to_owned(),
                display_from: "ELISE DURAND".to_owned(),
                display_to: "CLASSE".to_owned(),
                references: ["a@x", "b@x", "c@x"].map(str::to_owned).to_vec(),
            }
        );
        assert_eq!(SortKeys::decode(&keys.encode()), Some(keys));
        let answer = SortKeys::of(b"From: a@x\r\nIn-Reply-To: <x@y> <z@y>\r\n\r\n");
        assert_eq!((answer.references, answer.display_from.as_str()), (vec!["x@y".to_owned()], "A@X"));
        assert_eq!(SortKeys::of(b"\r\n"), SortKeys::default());
    }

    #[test]
    fn references_are_bounded() {
        let ids: String = (0..500).map(|n| format!("<{n}@x> ")).collect();
        let keys = SortKeys::of(format!("References: {ids}\r\n\r\n").as_bytes());
        assert_eq!(keys.references.len(), REFERENCES_MAX);
        assert_eq!(keys.references.first().map(String::as_str), Some("0@x"));
        assert_eq!(keys.references.last().map(String::as_str), Some("499@x"));
    }

    proptest! {
        #[test]
        fn the_stored_form_is_read_back(subject in "[a-zA-Z:\\[\\] ()\u{1f}é]{0,60}", from in any::<String>()) {
            let keys = SortKeys::of(format!("Subject: {subject}\r\nFrom: {from}\r\n\r\n").as_bytes());
            prop_assert_eq!(SortKeys::decode(&keys.encode()), Some(keys));
        }

        #[test]
        fn a_base_subject_is_its_own(subject in "(re|fwd?|\\[x\\]|\\[fwd:|:| |a|\\]|\\(fwd\\)){0,12}") {
            let (base, _) = base_subject(&fold(&subject));
            prop_assert_eq!(base_subject(&base).0, base);
        }
    }
}
