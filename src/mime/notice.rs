//! PURE: the notice that readers find in the place of a letter that was recalled (RFC 5322 §3.6). One for all of them: it names
//! nobody but the author, as the letter did. It answers the letter, so that it stands in its thread (§3.6.4).

use super::display_name::unstructured;
use super::header::{fields, header_value};

/// A letter's identifiers that are named; the last ones.
const IDS_MAX: usize = 20;
/// An identifier must leave its line shorter than RFC 5322 §2.1.1 allows.
const ID_BYTES_MAX: usize = 900;

/// What the notice says.
pub struct Notice<'a> {
    /// The letter's header, as its readers saw it.
    pub letter: &'a [u8],
    pub date: &'a str,
    /// Without its angle brackets.
    pub message_id: &'a str,
    /// The address that sends it for the author (RFC 5322 §3.6.2).
    pub sender: &'a str,
    pub subject: &'a str,
    pub text: &'a str,
}

impl Notice<'_> {
    /// The notice as a message.
    pub fn octets(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        if let Some(from) = fields(self.letter).find(|field| field.is("From")) {
            out.extend_from_slice(from.raw);
        }
        let Self { date, message_id, sender, subject, text, .. } = self;
        let subject = unstructured(subject);
        let head = format!(
            "Sender: {sender}\r\nTo: undisclosed-recipients:;\r\nSubject: {subject}\r\nDate: {date}\r\n\
             Message-ID: <{message_id}>\r\n"
        );
        out.extend_from_slice(head.as_bytes());
        let answered = ids(self.letter, "Message-ID");
        let mut thread = ids(self.letter, "References");
        thread.extend_from_slice(&answered);
        thread.drain(..thread.len().saturating_sub(IDS_MAX));
        push_ids(&mut out, "In-Reply-To", &answered);
        push_ids(&mut out, "References", &thread);
        let rest = format!(
            "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
        );
        out.extend_from_slice(rest.as_bytes());
        out
    }
}

/// The identifiers of a field that are written as they must be, in their order and with their brackets.
fn ids(header: &[u8], name: &str) -> Vec<String> {
    let whole = |word: &&[u8]| {
        word.starts_with(b"<")
            && word.ends_with(b">")
            && word.iter().all(u8::is_ascii_graphic)
            && word.len() <= ID_BYTES_MAX
    };
    let values: Vec<_> = header_value(header, name).collect();
    let words = values.iter().flat_map(|value| value.split(u8::is_ascii_whitespace));
    words.filter(whole).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// A line for each.
fn push_ids(out: &mut Vec<u8>, name: &str, ids: &[String]) {
    if !ids.is_empty() {
        out.extend_from_slice(format!("{name}: {}\r\n", ids.join("\r\n ")).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTER: &[u8] = b"From: =?utf-8?q?Cl=C3=A9a?=\r\n <clea@ent.fr>\r\nTo: secret@ent.fr\r\nCc: other@ent.fr\r\n\
        Subject: Notes de Paul\r\nMessage-ID: <Two@ENT.fr>\r\nReferences: <one@ent.fr>\r\n\tnonsense <half\r\n\r\n";

    fn notice(letter: &[u8]) -> String {
        let (date, message_id, sender) = ("D", "n@ent.fr", "noreply@ent.fr");
        let notice = Notice { letter, date, message_id, sender, subject: "Message rappel\u{e9}", text: "Parti." };
        String::from_utf8(notice.octets()).unwrap()
    }

    #[test]
    fn it_stands_in_the_thread_and_names_the_author_alone() {
        let expected = "From: =?utf-8?q?Cl=C3=A9a?=\r\n <clea@ent.fr>\r\nSender: noreply@ent.fr\r\n\
            To: undisclosed-recipients:;\r\nSubject: =?UTF-8?Q?Message_rappel=C3=A9?=\r\nDate: D\r\n\
            Message-ID: <n@ent.fr>\r\nIn-Reply-To: <Two@ENT.fr>\r\nReferences: <one@ent.fr>\r\n <Two@ENT.fr>\r\n\
            Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
            Content-Transfer-Encoding: 8bit\r\n\r\nParti.\r\n";
        assert_eq!(notice(LETTER), expected);
    }

    #[test]
    fn long_threads_and_wild_identifiers_keep_it_short() {
        let ids: String = (0..1000).map(|number| format!("\r\n <{number}@x>")).collect();
        let long = "x".repeat(5000);
        let letter = format!("From: a@x\r\nReferences:{ids} <{long}@x>\r\nMessage-ID: <a b@x>\r\n\r\n");
        let notice = notice(letter.as_bytes());
        assert!(notice.len() < 1000 && notice.contains("References: <980@x>\r\n"), "{notice}");
        assert!(!notice.contains("In-Reply-To"), "{notice}");
    }
}
