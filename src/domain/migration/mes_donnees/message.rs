//! PURE: a message of the ENT's → header and body of a letter (RFC 5322, RFC 2046, RFC 2387). It is the same octets for
//! everybody who has it, but for the blind copies, which its author alone sees.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::super::letter::Problem;
use super::pictures;
use super::tables::Row;
use crate::domain::import::shown_group_name;
use crate::mime::compose::{list_field, parameter, quoted_printable, text_field};
use crate::mime::{date_time, mailbox};
use crate::model::Timestamp;
use crate::sentences::{Language, Sentence};

/// Where the addresses of those lie who are nobody here: a domain that will never be anybody's (RFC 6761 §6.4).
const NOBODY: &str = "unknown.invalid";
/// Characters of a name that are shown.
const NAME_CHARS_MAX: usize = 200;
/// Characters of a subject: as many as the ENT takes.
const SUBJECT_CHARS_MAX: usize = 1024;
/// Milliseconds of 1973: what comes before was written in seconds. And of the year 10000.
const FIRST_DATE: i64 = 94_694_400_000;
const LAST_DATE: i64 = 253_402_300_800_000;

/// A row of `conversation.messages`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) row: usize,
    pub(super) id: String,
    parent: Option<String>,
    thread: Option<String>,
    subject: String,
    body: String,
    pub(super) from: String,
    from_name: String,
    pub(super) to: Vec<String>,
    to_names: Vec<String>,
    pub(super) cc: Vec<String>,
    cc_names: Vec<String>,
    pub(super) cci: Vec<String>,
    cci_names: Vec<String>,
    display_names: Vec<String>,
    pub(super) state: State,
    pub(super) date: i64,
    no_reply: bool,
}

/// What became of a message in the ENT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum State {
    /// Not sent, or not yet.
    Draft,
    Sent,
    /// Its author took it back.
    Recalled,
}

impl Message {
    /// Fields that the table must have.
    pub(super) const FIELDS: [&'static str; 10] =
        ["id", "parent_id", "subject", "body", "from", "to", "cc", "displayNames", "state", "date"];

    /// Reads a row.
    pub(super) fn of(row: &Row<'_>) -> Result<Self, Problem> {
        let text = |field: &str| row.text(field).map(Option::unwrap_or_default);
        let other = |field: &str| row.text(field).map(|id| id.filter(|id| !id.is_empty()));
        let state = match text("state")?.as_str() {
            "DRAFT" | "SCHEDULE" => State::Draft,
            "SENT" => State::Sent,
            "RECALL" => State::Recalled,
            _ => return Err(row.place().told("field state: none of DRAFT, SENT, RECALL, SCHEDULE")),
        };
        let date = row.number("date")?.ok_or_else(|| row.place().told("field date: missing"))?;
        if !(FIRST_DATE..LAST_DATE).contains(&date) {
            return Err(row.place().told("field date: out of range (it counts milliseconds since 1970)"));
        }
        Ok(Self {
            row: row.number,
            id: row.id("id")?,
            parent: other("parent_id")?,
            thread: other("thread_id")?,
            subject: text("subject")?.chars().take(SUBJECT_CHARS_MAX).collect(),
            body: text("body")?,
            from: text("from")?,
            from_name: text("fromName")?,
            to: row.list("to")?,
            to_names: row.list("toName")?,
            cc: row.list("cc")?,
            cc_names: row.list("ccName")?,
            cci: row.list("cci")?,
            cci_names: row.list("cciName")?,
            display_names: row.list("displayNames")?,
            state,
            date,
            no_reply: row.flag("noReply")?,
        })
    }

    /// When it was sent, or last saved.
    pub(super) fn at(&self) -> Timestamp {
        Timestamp(self.date.saturating_mul(1000))
    }

    /// Everybody whose address is needed.
    pub(super) fn people(&self) -> impl Iterator<Item = &String> {
        [&self.from].into_iter().chain(&self.to).chain(&self.cc).chain(&self.cci).filter(|id| !id.is_empty())
    }
}

/// What a letter is written with.
#[derive(Debug, Default)]
pub(super) struct Writing {
    /// Whose archive it is: the ENT's id.
    pub(super) owner: String,
    pub(super) domain: String,
    /// The `local@domain` of a Reply-To that nobody may answer to.
    pub(super) no_reply: String,
    pub(super) language: Language,
    /// By the ENT's ids: what stands before the `@`, of people and groups who are known here.
    pub(super) addresses: HashMap<String, String>,
}

impl Writing {
    /// The Message-ID for a message of the ENT's: the same in everybody's archive.
    pub(super) fn message_id(&self, id: &str) -> String {
        format!("<{}@{}>", token(id), self.domain)
    }

    /// The Content-ID of a picture, without its brackets.
    pub(super) fn content_id(&self, id: &str) -> String {
        format!("{}@{}", token(id), self.domain)
    }

    /// The address of an id: who is nobody here gets one that is nobody's anywhere, and never will be.
    fn address(&self, id: &str) -> String {
        match self.addresses.get(id) {
            Some(local) => format!("{local}@{}", self.domain),
            None => format!("{}@{NOBODY}", token(id)),
        }
    }

    fn mailbox(&self, id: &str, name: &str) -> String {
        let name: String = name.chars().take(NAME_CHARS_MAX).collect();
        mailbox(&name, &self.address(id))
    }

    /// Is it hidden from whom the archive is?
    pub(super) fn is_recalled(&self, message: &Message) -> bool {
        message.state == State::Recalled && message.from != self.owner
    }

    /// The header's fields, but for those of MIME.
    fn header(&self, message: &Message) -> String {
        let names = names(&message.display_names);
        let shown = |id: &str| names.get(id).map_or("", String::as_str);
        let mut header = format!("Date: {}\r\n", date_time(message.at()));
        let author = if shown(&message.from).is_empty() { &message.from_name } else { shown(&message.from) };
        // Who has left has a name, and no id: another name is another person.
        let author_id = if message.from.is_empty() { author } else { &message.from };
        header.push_str(&list_field("From", &[self.mailbox(author_id, author)], ","));
        let mut recipients = |field: &str, ids: &[String], others: &[String]| {
            let known = ids.iter().filter(|id| !id.is_empty()).map(|id| self.mailbox(id, shown(id)));
            let left = others.iter().filter(|name| !name.trim().is_empty()).map(|name| self.mailbox(name, name));
            let all: Vec<String> = known.chain(left).collect();
            if !all.is_empty() {
                header.push_str(&list_field(field, &all, ","));
            }
        };
        if !self.is_recalled(message) {
            recipients("To", &message.to, &message.to_names);
            recipients("Cc", &message.cc, &message.cc_names);
        }
        if message.from == self.owner {
            recipients("Bcc", &message.cci, &message.cci_names);
        }
        if message.no_reply {
            header.push_str(&format!("Reply-To: {}\r\n", self.no_reply));
        }
        let subject = if self.is_recalled(message) { "" } else { &message.subject };
        header.push_str(&text_field("Subject", subject));
        header.push_str(&format!("Message-ID: {}\r\n", self.message_id(&message.id)));
        self.push_threads(message, &mut header);
        header.push_str("MIME-Version: 1.0\r\n");
        header
    }

    /// What it answers, and the first message of its thread: these two follow from the message alone, so that it is the same
    /// for everybody, whatever else lies in an archive.
    fn push_threads(&self, message: &Message, header: &mut String) {
        let other = |id: &Option<String>| id.as_ref().filter(|id| **id != message.id).map(|id| self.message_id(id));
        let (thread, parent) = (other(&message.thread), other(&message.parent));
        if let Some(parent) = &parent {
            header.push_str(&list_field("In-Reply-To", std::slice::from_ref(parent), ""));
        }
        let mut references: Vec<String> = thread.into_iter().chain(parent).collect();
        references.dedup();
        if !references.is_empty() {
            header.push_str(&list_field("References", &references, ""));
        }
    }

    /// The HTML, and the ids of pictures that it shows as parts: of those that `has`.
    fn html(&self, message: &Message, has: &dyn Fn(&str) -> bool, missing: &mut usize) -> (String, Vec<String>) {
        if self.is_recalled(message) {
            return (format!("<p>{}</p>", Sentence::LetterRecalled.text(self.language)), Vec::new());
        }
        let mut shown: Vec<String> = Vec::new();
        let html = pictures::rewrite(&message.body, &mut |id| {
            if !has(id) {
                *missing += 1;
                return None;
            }
            if !shown.iter().any(|known| known == id) {
                shown.push(id.to_owned());
            }
            Some(self.content_id(id))
        });
        (html, shown)
    }

    /// Lays a letter out. `has`: is there a file of this id? `files`: its attachments. `missing` counts pictures that are not
    /// there.
    pub(super) fn lay_out(
        &self,
        message: &Message,
        has: &dyn Fn(&str) -> bool,
        files: &[Attached<'_>],
        missing: &mut usize,
    ) -> Vec<Piece> {
        let (html, shown) = self.html(message, has, missing);
        let mut pieces = vec![Piece::Text(self.header(message))];
        let boundary = |kind: &str| format!("=_{kind}_{}", hash(&message.id));
        let (mixed, related) = (boundary("mixed"), boundary("related"));
        let files: Vec<&Attached<'_>> = match self.is_recalled(message) {
            true => Vec::new(),
            // What the text shows is not shown again below it.
            false => files.iter().filter(|file| !shown.iter().any(|id| id == file.id)).collect(),
        };
        let mut text = String::new();
        if !files.is_empty() {
            text.push_str(&format!("Content-Type: multipart/mixed; boundary=\"{mixed}\"\r\n\r\n--{mixed}\r\n"));
        }
        if !shown.is_empty() {
            text.push_str(&format!(
                "Content-Type: multipart/related; type=\"text/html\";\r\n boundary=\"{related}\"\r\n\r\n--{related}\r\n"
            ));
        }
        text.push_str("Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n");
        text.push_str(&quoted_printable(&html));
        for id in &shown {
            text.push_str(&format!("\r\n--{related}\r\n"));
            pieces.push(Piece::Text(std::mem::take(&mut text)));
            pieces.push(Piece::Picture { id: id.clone(), content_id: self.content_id(id) });
        }
        if !shown.is_empty() {
            text.push_str(&format!("\r\n--{related}--\r\n"));
        }
        for file in &files {
            text.push_str(&format!("\r\n--{mixed}\r\n{}", self.file_header(file)));
            if file.is_there {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                pieces.push(Piece::File { id: file.id.to_owned() });
            }
        }
        if !files.is_empty() {
            text.push_str(&format!("\r\n--{mixed}--\r\n"));
        }
        pieces.push(Piece::Text(text));
        pieces
    }

    /// The header of an attachment's part; of one that is not there, a note in its place.
    fn file_header(&self, file: &Attached<'_>) -> String {
        if !file.is_there {
            let sentence = Sentence::AttachmentMissing { name: file.name.to_owned() }.text(self.language);
            return format!(
                "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}",
                quoted_printable(&sentence)
            );
        }
        format!(
            "Content-Type: {}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment{}\r\n\r\n",
            file.media_type,
            parameter("filename", file.name)
        )
    }
}

/// An attachment of a letter.
#[derive(Clone, Debug)]
pub(super) struct Attached<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) media_type: String,
    pub(super) is_there: bool,
}

/// What a letter is made of.
#[derive(Debug)]
pub(super) enum Piece {
    Text(String),
    /// A file's octets, in base64.
    File {
        id: String,
    },
    /// The same, with the header of its part.
    Picture {
        id: String,
        content_id: String,
    },
}

/// The header of a picture's part.
pub(super) fn picture_header(name: &str, content_id: &str) -> String {
    let end = name.rsplit_once('.').map_or("", |(_, end)| end).to_ascii_lowercase();
    let kind = match end.as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "bmp" => "image/bmp",
        _ => "application/octet-stream",
    };
    format!(
        "Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <{content_id}>\r\n\
         Content-Disposition: inline{}\r\n\r\n",
        parameter("filename", name)
    )
}

/// Names by id: `id$displayName$groupName$groupDisplayName`.
fn names(entries: &[String]) -> HashMap<&str, String> {
    let named = entries.iter().filter_map(|entry| {
        let mut parts = entry.splitn(4, '$');
        let id = parts.next()?;
        let [person, group, shown] = [(); 3].map(|()| parts.next().unwrap_or_default().trim());
        let name = match (person, group, shown) {
            ("", group, "") => shown_group_name(group),
            ("", _, shown) => shown_group_name(shown),
            (person, ..) => person.to_owned(),
        };
        Some((id, name))
    });
    named.collect()
}

/// An id as it can stand in an address or a Message-ID: itself, or a hash of it.
fn token(id: &str) -> String {
    let is_plain =
        (1..=64).contains(&id.len()) && id.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
    if is_plain { id.to_owned() } else { format!("x{}", hash(id)) }
}

fn hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().get(..16).unwrap_or_default().to_owned()
}
