//! « Mes données » archives, made as the ENT makes them.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The tables and files of an archive.
#[derive(Clone, Default)]
pub(crate) struct Archive {
    pub(crate) messages: Vec<Value>,
    pub(crate) usermessages: Vec<Value>,
    pub(crate) folders: Vec<Value>,
    pub(crate) attachments: Vec<Value>,
    pub(crate) links: Vec<Value>,
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

/// One message as the table has it, with what a test changes.
pub(crate) struct Mail<'m> {
    pub(crate) id: &'m str,
    pub(crate) from: &'m str,
    pub(crate) to: &'m [&'m str],
    pub(crate) body: &'m str,
    pub(crate) state: &'m str,
    pub(crate) date: i64,
}

impl Default for Mail<'_> {
    fn default() -> Self {
        Mail { id: "m1", from: "id-2", to: &["id-1"], body: "<p>é</p>", state: "SENT", date: 1_600_000_000_000 }
    }
}

const MESSAGE_FIELDS: [&str; 17] = [
    "id",
    "parent_id",
    "subject",
    "body",
    "from",
    "to",
    "cc",
    "displayNames",
    "state",
    "date",
    "language",
    "fromName",
    "toName",
    "ccName",
    "cci",
    "thread_id",
    "noReply",
];

impl Archive {
    /// A message of the archive's owner, `id-1`; where it lies is for the caller.
    pub(crate) fn add(&mut self, mail: &Mail<'_>) -> &mut Self {
        let to: Vec<&str> = mail.to.to_vec();
        let names = json!([
            format!("{}$U DEUX$ $ ", "id-2"),
            "id-1$MARTIN Zoé$ $ ",
            "g$ $6A-Relative$ ",
            "gone$PARTI Jean$ $ "
        ]);
        self.messages.push(json!([
            mail.id,
            null,
            format!("Sujet de {}", mail.id),
            mail.body,
            mail.from,
            to,
            "[]",
            names.to_string(),
            mail.state,
            mail.date,
            "FR",
            null,
            [],
            null,
            [],
            mail.id,
            false
        ]));
        self
    }

    /// Sets a field of the message that was added last.
    pub(crate) fn with(&mut self, field: &str, value: Value) -> &mut Self {
        let at = MESSAGE_FIELDS.iter().position(|known| *known == field).unwrap();
        self.messages.last_mut().unwrap()[at] = value;
        self
    }

    /// Where a message lies.
    pub(crate) fn lies(&mut self, id: &str, folder: Option<&str>, trashed: bool, unread: bool) -> &mut Self {
        self.usermessages.push(json!(["id-1", id, folder, trashed, unread, 0]));
        self
    }

    pub(crate) fn folder(&mut self, id: &str, parent: Option<&str>, name: &str) -> &mut Self {
        self.folders.push(json!([id, parent, "id-1", name, 1, false]));
        self
    }

    /// An attachment, with its file where there are octets.
    pub(crate) fn attach(&mut self, message: &str, id: &str, name: &str, octets: Option<&[u8]>) -> &mut Self {
        self.attachments.push(json!([id, "file", "UTF-8", name, "application/pdf", "binary", 3]));
        self.links.push(json!(["id-1", message, id]));
        if let Some(octets) = octets {
            let (stem, end) =
                name.rsplit_once('.').map_or((name, String::new()), |(stem, end)| (stem, format!(".{end}")));
            self.files.push((format!("Messagerie/Attachments/{stem}_{id}{end}"), octets.to_vec()));
        }
        self
    }

    /// The five tables.
    pub(crate) fn tables(&self) -> Vec<(String, Vec<u8>)> {
        let table = |name: &str, fields: &[&str], rows: &[Value]| {
            let text = json!({ "fields": fields, "results": rows }).to_string();
            (format!("Messagerie/conversation.{name}"), text.into_bytes())
        };
        vec![
            table(
                "attachments",
                &["id", "name", "charset", "filename", "contentType", "contentTransferEncoding", "size"],
                &self.attachments,
            ),
            table("folders", &["id", "parent_id", "user_id", "name", "depth", "trashed"], &self.folders),
            table("messages", &MESSAGE_FIELDS, &self.messages),
            table(
                "usermessages",
                &["user_id", "message_id", "folder_id", "trashed", "unread", "total_quota"],
                &self.usermessages,
            ),
            table("usermessagesattachments", &["user_id", "message_id", "attachment_id"], &self.links),
        ]
    }

    /// Writes the archive.
    pub(crate) fn write(&self, path: &Path) {
        write_zip(path, &[self.tables(), self.files.clone()].concat());
    }
}

/// Writes a zip of these files.
pub(crate) fn write_zip(path: &Path, files: &[(String, Vec<u8>)]) {
    let mut zip = ZipWriter::new(File::create(path).unwrap());
    for (name, octets) in files {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        zip.start_file(name.as_str(), options).unwrap();
        zip.write_all(octets).unwrap();
    }
    zip.finish().unwrap();
}

/// An archive with one of everything.
pub(crate) fn whole() -> Archive {
    let mut archive = Archive::default();
    archive.folder("f1", None, "Classe 6e A/B").folder("f2", Some("f1"), "Sorties").folder("f3", None, "Vide");
    archive.add(&Mail { id: "inbox", date: 1_600_000_003_000, ..Mail::default() }).lies("inbox", None, false, true);
    archive
        .add(&Mail { id: "sent", from: "id-1", to: &["id-2", "g", "nobody"], ..Mail::default() })
        .with("cci", json!(["gone"]))
        .with("toName", json!(["PARTIE Anne"]))
        .lies("sent", None, false, false);
    archive
        .add(&Mail { id: "answer", date: 1_600_000_001_000, ..Mail::default() })
        .with("parent_id", json!("sent"))
        .with("thread_id", json!("sent"))
        .with("noReply", json!(true))
        .with("cci", json!(["id-1", "gone"]))
        .lies("answer", Some("f2"), false, false);
    archive
        .add(&Mail { id: "draft", from: "id-1", state: "DRAFT", ..Mail::default() })
        .lies("draft", None, false, true);
    archive.add(&Mail { id: "trash", ..Mail::default() }).lies("trash", Some("f1"), true, true);
    archive
        .add(&Mail { id: "recalled", state: "RECALL", body: "<p>secret</p>", ..Mail::default() })
        .lies("recalled", None, false, true);
    archive.add(&Mail { id: "self", from: "id-1", to: &["id-1"], ..Mail::default() }).lies("self", None, false, false);
    let shown = "<p>Voir <img src=\"/workspace/document/p1?thumbnail=1x1\"> et <img src='/workspace/document/p2'></p>";
    archive.add(&Mail { id: "rich", body: shown, ..Mail::default() }).lies("rich", None, false, false);
    archive.attach("rich", "a1", "été 2026.pdf", Some(b"%PDF one")).attach(
        "rich",
        "a2",
        "été 2026.pdf",
        Some(b"%PDF two"),
    );
    archive.attach("rich", "a3", "sans point", Some(b"three"));
    archive.files.push(("Messagerie/Documents/plan_p1.PNG".to_owned(), b"\x89PNG".to_vec()));
    archive
}
