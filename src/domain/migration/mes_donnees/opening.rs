//! A « Mes données » archive is looked through: all five tables, and which file is whose. Whatever does not fit together is told,
//! with table and row.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::folders::{Bounds as FolderBounds, Folder, Home, homes};
use super::message::{Message, Writing};
use super::tables::{Bounds, Row, read_table};
use super::{
    Attachment, MesDonnees, Placed, TABLE_ATTACHMENTS, TABLE_FOLDERS, TABLE_MESSAGES, TABLE_USERMESSAGES,
    TABLE_USERMESSAGESATTACHMENTS, Waiting,
};
use crate::config::Config;
use crate::domain::migration::archive::Archive;
use crate::domain::migration::letter::{Place, Problem, Target};
use crate::mime::compose::media_type;
use crate::model::MailboxName;

/// What an archive is opened with.
pub(in crate::domain::migration) struct Opening<'o> {
    pub(in crate::domain::migration) config: &'o Config,
    /// Where the file of rows is made.
    pub(in crate::domain::migration) folder: &'o Path,
    pub(in crate::domain::migration) skip_broken: bool,
    /// Is it a name that the server keeps for a mailbox of everybody's?
    pub(in crate::domain::migration) is_taken: &'o dyn Fn(&MailboxName) -> bool,
}

/// Where each table is, in the order of [`TABLES`].
type Places = [usize; 5];

const TABLES: [&str; 5] =
    [TABLE_USERMESSAGES, TABLE_FOLDERS, TABLE_ATTACHMENTS, TABLE_USERMESSAGESATTACHMENTS, TABLE_MESSAGES];
/// The folders that hold files: attachments, and documents that letters show.
const FILES: [&str; 2] = ["Attachments", "Documents"];

/// Opens an archive and reads its tables; the problem is what keeps it from being read at all.
pub(in crate::domain::migration) fn open(
    file: File,
    name: &str,
    opening: &Opening<'_>,
) -> io::Result<Result<MesDonnees, Problem>> {
    let mut archive = match Archive::open(file, name, &opening.config.migration)? {
        Ok(archive) => archive,
        Err(problem) => return Ok(Err(problem)),
    };
    let places = match find_tables(&archive, name) {
        Ok(places) => places,
        Err(problem) => return Ok(Err(problem)),
    };
    let mut tables = Tables::new(tempfile::tempfile_in(opening.folder)?, opening.config.migration.problems_max);
    if let Err(problem) = tables.read_all(&mut archive, &places, opening.config)? {
        return Ok(Err(problem));
    }
    tables.check(name);
    Ok(Ok(tables.finish(archive, opening)?))
}

/// The tables' places among the files: all of them, in one folder, once.
fn find_tables(archive: &Archive, name: &str) -> Result<Places, Problem> {
    let mut found = [None; 5];
    let mut folder = None;
    for (index, entry) in archive.entries.iter().enumerate() {
        let (above, table) = entry.split();
        let Some(place) = TABLES.iter().position(|known| *known == table) else { continue };
        if *folder.get_or_insert(above) != above {
            return Err(Place::file(name).told(format!("{table} lies in another folder than the tables before it")));
        }
        if let Some(slot) = found.get_mut(place) {
            *slot = Some(index);
        }
    }
    match found {
        [Some(a), Some(b), Some(c), Some(d), Some(e)] => Ok([a, b, c, d, e]),
        _ => {
            let missing = TABLES.iter().zip(found).find(|(_, index)| index.is_none());
            let table = missing.map_or("", |(table, _)| *table);
            let what = format!("it holds no {table}: this is no « Mes données » archive with messages in it");
            Err(Place::file(name).told(what))
        }
    }
}

/// What the tables hold.
struct Tables {
    rows: BufWriter<File>,
    offset: u64,
    messages: Vec<Waiting>,
    ids: HashSet<String>,
    owner: Option<String>,
    placed: HashMap<String, Placed>,
    folders: BTreeMap<String, Folder>,
    attachments: HashMap<String, Attachment>,
    attached: HashMap<String, Vec<String>>,
    people: HashSet<String>,
    problems: Vec<Problem>,
    problems_max: usize,
}

/// What is done with a row of one table.
type Taking = fn(&mut Tables, &Row<'_>) -> io::Result<Result<(), Problem>>;

impl Tables {
    fn new(rows: File, problems_max: usize) -> Self {
        Self {
            rows: BufWriter::new(rows),
            offset: 0,
            messages: Vec::new(),
            ids: HashSet::new(),
            owner: None,
            placed: HashMap::new(),
            folders: BTreeMap::new(),
            attachments: HashMap::new(),
            attached: HashMap::new(),
            people: HashSet::new(),
            problems: Vec::new(),
            problems_max,
        }
    }

    fn read_all(&mut self, archive: &mut Archive, places: &Places, config: &Config) -> io::Result<Result<(), Problem>> {
        let steps: [(&[&str], Taking); 5] = [
            (&["user_id", "message_id", "folder_id", "trashed", "unread"], |to, row| Ok(to.take_usermessage(row))),
            (&["id", "parent_id", "name"], |to, row| Ok(to.take_folder(row))),
            (&["id", "filename", "contentType"], |to, row| Ok(to.take_attachment(row))),
            (&["message_id", "attachment_id"], |to, row| Ok(to.take_link(row))),
            (&Message::FIELDS, Self::take_message),
        ];
        let bounds = Bounds { rows_max: config.migration.messages_max, row_bytes_max: config.imap.append_bytes_max };
        for ((needed, take), (table, place)) in steps.into_iter().zip(TABLES.iter().zip(places)) {
            let read = archive.read(*place, |content| {
                read_table((table, content), needed, bounds, &mut |row| {
                    match take(self, &row)? {
                        Ok(()) => {}
                        Err(problem) if self.problems.len() < self.problems_max => self.problems.push(problem),
                        Err(_) => {}
                    }
                    Ok(())
                })
            });
            match read {
                Err(problem) => return Ok(Err(problem)),
                Ok(table) => {
                    if let Err(problem) = table? {
                        return Ok(Err(problem));
                    }
                }
            }
        }
        Ok(Ok(()))
    }

    fn take_usermessage(&mut self, row: &Row<'_>) -> Result<(), Problem> {
        let owner = row.id("user_id")?;
        if *self.owner.get_or_insert_with(|| owner.clone()) != owner {
            return Err(row.place().told("field user_id: not the person of the rows before"));
        }
        let placed = Placed {
            row: row.number,
            folder: row.text("folder_id")?.filter(|folder| !folder.is_empty()),
            trashed: row.flag("trashed")?,
            unread: row.flag("unread")?,
        };
        once(row, "message_id", self.placed.insert(row.id("message_id")?, placed).is_none())
    }

    fn take_folder(&mut self, row: &Row<'_>) -> Result<(), Problem> {
        let folder = Folder {
            row: row.number,
            parent: row.text("parent_id")?.filter(|parent| !parent.is_empty()),
            name: row.text("name")?.unwrap_or_default(),
            trashed: row.flag("trashed")?,
        };
        once(row, "id", self.folders.insert(row.id("id")?, folder).is_none())
    }

    fn take_attachment(&mut self, row: &Row<'_>) -> Result<(), Problem> {
        let name = row.text("filename")?.filter(|name| !name.trim().is_empty());
        let name = match name {
            Some(name) => name,
            None => row.text("name")?.unwrap_or_default(),
        };
        // A name, not a path.
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim().to_owned();
        let media_type = media_type(&row.text("contentType")?.unwrap_or_default());
        once(row, "id", self.attachments.insert(row.id("id")?, Attachment { name, media_type }).is_none())
    }

    fn take_link(&mut self, row: &Row<'_>) -> Result<(), Problem> {
        let (message, attachment) = (row.id("message_id")?, row.id("attachment_id")?);
        if !self.attachments.contains_key(&attachment) {
            return Err(row.place().told(format!("field attachment_id: not in {TABLE_ATTACHMENTS}")));
        }
        let attached = self.attached.entry(message).or_default();
        if !attached.contains(&attachment) {
            attached.push(attachment);
        }
        Ok(())
    }

    fn take_message(&mut self, row: &Row<'_>) -> io::Result<Result<(), Problem>> {
        let message = match Message::of(row) {
            Ok(message) => message,
            Err(problem) => return Ok(Err(problem)),
        };
        if !self.placed.contains_key(&message.id) {
            return Ok(Err(row.place().told(format!("field id: not in {TABLE_USERMESSAGES}"))));
        }
        if !self.ids.insert(message.id.clone()) {
            return Ok(once(row, "id", false));
        }
        self.people.extend(message.people().cloned());
        let octets = serde_json::to_vec(&message)?;
        self.rows.write_all(&octets)?;
        let waiting = Waiting { date: message.date, row: message.row, offset: self.offset, length: octets.len() };
        self.offset += u64::try_from(octets.len()).unwrap_or(0);
        self.messages.push(waiting);
        Ok(Ok(()))
    }

    /// What can only be seen when all tables are there.
    fn check(&mut self, name: &str) {
        let mut found: Vec<Problem> = Vec::new();
        let mut rows: Vec<(&String, &Placed)> = self.placed.iter().collect();
        rows.sort_by_key(|(_, placed)| placed.row);
        for (id, placed) in rows {
            let wrong = |what: String| Place::row(TABLE_USERMESSAGES, placed.row).told(what);
            // A row of it that was wrong has been told already.
            if !self.ids.contains(id) && self.problems.is_empty() {
                found.push(wrong(format!("field message_id: not in {TABLE_MESSAGES}")));
            }
            if placed.folder.as_ref().is_some_and(|folder| !self.folders.contains_key(folder)) {
                found.push(wrong(format!("field folder_id: not in {TABLE_FOLDERS}")));
            }
        }
        if self.owner.is_none() {
            found.push(Place::file(name).told("there is no message in it"));
        }
        found.truncate(self.problems_max.saturating_sub(self.problems.len()));
        self.problems.extend(found);
    }

    fn finish(mut self, archive: Archive, opening: &Opening<'_>) -> io::Result<MesDonnees> {
        let mailboxes = &opening.config.mailboxes;
        let bounds = FolderBounds {
            name_bytes_max: mailboxes.name_bytes_max,
            depth_max: mailboxes.depth_max,
            is_taken: opening.is_taken,
        };
        let (homes, problems, mut remarks) = homes(&self.folders, bounds);
        self.problems.extend(problems);
        let files = self.find_files(&archive);
        self.messages.sort_by_key(|waiting| (waiting.date, waiting.row));
        let mut mailboxes: Vec<Target> = homes
            .values()
            .filter_map(|home| match home {
                Home::Mailbox(target) => Some(target.clone()),
                Home::Trash => None,
            })
            .collect();
        mailboxes.sort_by(|a, b| a.word().cmp(b.word()));
        let missing = self.attachments.keys().filter(|id| !files.contains_key(*id)).count();
        if missing > 0 {
            remarks.push(Place::file(TABLE_ATTACHMENTS).told(format!("{missing} files are not in the archive")));
        }
        let config = opening.config;
        Ok(MesDonnees {
            archive,
            skip_broken: opening.skip_broken,
            rows: self.rows.into_inner().map_err(io::IntoInnerError::into_error)?,
            messages: self.messages,
            placed: self.placed,
            attachments: self.attachments,
            attached: self.attached,
            files,
            homes,
            mailboxes,
            writing: Writing {
                owner: self.owner.unwrap_or_default(),
                domain: config.domain.clone(),
                no_reply: format!("{}@{}", config.policy.no_reply_address, config.domain),
                language: config.language,
                addresses: HashMap::new(),
            },
            people: self.people,
            problems: self.problems,
            remarks,
        })
    }

    /// The files that belong to ids: `name_ID.end`, whatever the name, and however the zip spells it.
    fn find_files(&mut self, archive: &Archive) -> HashMap<String, usize> {
        let mut files = HashMap::new();
        for (index, entry) in archive.entries.iter().enumerate() {
            let (folder, name) = entry.split();
            let is_file = folder.rsplit('/').next().is_some_and(|last| FILES.contains(&last));
            if !is_file || name.is_empty() {
                continue;
            }
            let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
            let ids = [stem, name].map(|text| text.rsplit_once('_').map_or(text, |(_, id)| id));
            let is_document = folder.ends_with("Documents");
            let [id, whole] = ids;
            let id = if self.attachments.contains_key(whole) { whole } else { id };
            if !is_document && !self.attachments.contains_key(id) {
                continue;
            }
            if files.insert(id.to_owned(), index).is_some() && self.problems.len() < self.problems_max {
                self.problems.push(Place::file(&entry.name).told("a second file for the same id"));
            }
        }
        files
    }
}

fn once(row: &Row<'_>, field: &str, is_new: bool) -> Result<(), Problem> {
    match is_new {
        true => Ok(()),
        false => Err(row.place().told(format!("field {field}: the same twice"))),
    }
}
