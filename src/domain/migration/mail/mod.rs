//! Mail as other programs keep it: what a path holds is seen from what lies there (docs/migrate.md).
//!
//! | file | what |
//! | --- | --- |
//! | `mbox` | files of many messages, in folders or alone |
//! | `maildir` | a folder of files, one each, with sub-folders |
//! | `eml` | a zip of files, one each |
//! | `index` | what an export of ours notes beside them |
//!
//! Only plain files are read: whatever a folder of somebody's links to is left aside.

mod eml;
pub(super) mod index;
mod maildir;
mod mbox;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::letter::{Place, Problem, Target};
use super::mes_donnees::clean;
use super::source::Source;
use crate::config::Config;
use crate::model::{HIERARCHY_SEPARATOR, MailboxName};

/// Octets read at a time.
const PIECE_BYTES: usize = 64 << 10;
/// Folders within folders.
const DEPTH_MAX: usize = 16;

/// How mail is read in.
pub(super) struct Opening<'o> {
    pub(super) config: &'o Config,
    /// Where the mail goes, or below which mailbox its own mailboxes go.
    pub(super) into: Option<&'o MailboxName>,
    /// The mailbox of everybody's that a name means.
    pub(super) special: &'o dyn Fn(&MailboxName) -> Option<Target>,
}

impl Opening<'_> {
    /// The mailbox for a path of names; an empty one is what was asked for itself.
    fn target(&self, path: &[String]) -> Target {
        let parts = path.iter().map(|part| clean(part));
        let above = self.into.map(|into| into.as_str().to_owned());
        let name = above.into_iter().chain(parts).collect::<Vec<_>>().join(&HIERARCHY_SEPARATOR.to_string());
        let name = MailboxName::parse(&name).unwrap_or_else(|_| MailboxName::inbox());
        self.meant(Target::Named(name))
    }

    /// The mailbox for one that an export of ours names.
    fn known(&self, known: &index::Named) -> Target {
        match self.into {
            None => self.meant(known.target.clone()),
            Some(_) => {
                let path: Vec<String> = known.name.as_str().split(HIERARCHY_SEPARATOR).map(str::to_owned).collect();
                self.target(&path)
            }
        }
    }

    /// The mailbox of everybody's that a target means by its name, or itself.
    fn meant(&self, target: Target) -> Target {
        match target {
            Target::Named(name) => (self.special)(&name).unwrap_or(Target::Named(name)),
            special @ Target::Special(_) => special,
        }
    }
}

/// Finds out what a path holds, and opens it; the problem is why it is nothing that is known.
pub(super) fn open(path: &Path, opening: &Opening<'_>) -> io::Result<Result<Box<dyn Source>, Problem>> {
    let name = path.display().to_string();
    if std::fs::metadata(path)?.is_dir() {
        if maildir::is_maildir(path) {
            return Ok(maildir::Maildir::open(path, opening)?.map(boxed));
        }
        return Ok(mbox::MboxFiles::open_folder(path, opening)?.map(boxed));
    }
    match beginning(path)?.as_slice() {
        begins if begins.starts_with(b"PK") => Ok(eml::EmlZip::open(File::open(path)?, &name, opening)?.map(boxed)),
        begins if begins.is_empty() || begins.starts_with(b"From ") => {
            Ok(Ok(boxed(mbox::MboxFiles::open_file(path, opening)?)))
        }
        _ => Ok(Err(Place::file(name).told("neither an mbox, nor a Maildir, nor a zip of .eml files"))),
    }
}

fn boxed<S: Source + 'static>(source: S) -> Box<dyn Source> {
    Box::new(source)
}

/// The first octets of a file.
fn beginning(path: &Path) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    File::open(path)?.take(5).read_to_end(&mut octets)?;
    Ok(octets)
}

/// Whether line ends are to be made CRLF: a file whose first line ends so is taken octet for octet.
#[derive(Debug, Default)]
struct LineEnds {
    /// Seen at the first line's end.
    is_crlf: Option<bool>,
    return_before: bool,
}

impl LineEnds {
    /// Takes the next octets and gives what they come to.
    fn push(&mut self, octets: &[u8], out: &mut Vec<u8>) {
        for octet in octets.iter().copied() {
            if octet == b'\n' {
                let is_crlf = *self.is_crlf.get_or_insert(self.return_before);
                if !self.return_before && !is_crlf {
                    out.push(b'\r');
                }
            }
            self.return_before = octet == b'\r';
            out.push(octet);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_those_of_mail() {
        for (octets, expected) in [
            ("a\nb\n", "a\r\nb\r\n"),
            ("a\r\nb\nc\r\n", "a\r\nb\nc\r\n"),
            ("a\nb\r\n\rc\n", "a\r\nb\r\n\rc\r\n"),
            ("a", "a"),
        ] {
            let (mut ends, mut out) = (LineEnds::default(), Vec::new());
            octets.as_bytes().chunks(2).for_each(|piece| ends.push(piece, &mut out));
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
