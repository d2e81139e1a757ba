//! PURE: the ENT's folders → mailboxes: a tree of names that IMAP can hold, each once, the same at every import.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::letter::{Place, Problem, Target};
use super::TABLE_FOLDERS;
use crate::model::{HIERARCHY_SEPARATOR, MailboxName};

/// Octets that a name below another must find room for.
const LETTERS_MIN: usize = 20;

/// A row of the table.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    pub(super) row: usize,
    pub(super) parent: Option<String>,
    pub(super) name: String,
    pub(super) trashed: bool,
}

/// What names must keep to.
#[derive(Clone, Copy)]
pub(super) struct Bounds<'b> {
    pub(super) name_bytes_max: usize,
    pub(super) depth_max: usize,
    /// Is it a name that the server keeps for a mailbox of everybody's?
    pub(super) is_taken: &'b dyn Fn(&MailboxName) -> bool,
}

/// Where the letters of a folder go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Home {
    Mailbox(Target),
    /// The folder lies in the ENT's Corbeille.
    Trash,
}

/// A mailbox for each folder that is not in the Corbeille; and what is wrong.
pub(super) fn homes(
    folders: &BTreeMap<String, Folder>,
    bounds: Bounds<'_>,
) -> (HashMap<String, Home>, Vec<Problem>, Vec<Problem>) {
    let mut naming = Naming { folders, bounds, homes: HashMap::new(), used: HashSet::new() };
    let (mut problems, mut remarks) = (Vec::new(), Vec::new());
    // In the order of the ids: the same numbers for the same names, whatever the order of the rows.
    for (id, folder) in folders {
        let place = || Place::row(TABLE_FOLDERS, folder.row);
        match naming.path(id) {
            Some(path) => naming.name(&path),
            None => problems.push(place().told("field parent_id: a folder that lies within itself")),
        }
        if folder.parent.as_ref().is_some_and(|parent| !folders.contains_key(parent)) {
            remarks.push(place().told("the folder that it lies in is not in the archive: it is put at the top"));
        }
    }
    (naming.homes, problems, remarks)
}

struct Naming<'n> {
    folders: &'n BTreeMap<String, Folder>,
    bounds: Bounds<'n>,
    homes: HashMap<String, Home>,
    used: HashSet<String>,
}

impl<'n> Naming<'n> {
    /// The folders from the top down to this one; `None` where there is no top.
    fn path(&self, id: &'n str) -> Option<Vec<&'n str>> {
        let mut path = vec![id];
        let mut at = self.folders.get(id)?;
        while let Some((parent, folder)) = at.parent.as_ref().and_then(|parent| self.folders.get_key_value(parent)) {
            if path.len() > self.folders.len() || path.contains(&parent.as_str()) {
                return None;
            }
            path.push(parent);
            at = folder;
        }
        path.reverse();
        Some(path)
    }

    /// Names every folder of a path that has no name yet.
    fn name(&mut self, path: &[&'n str]) {
        let mut above: Option<MailboxName> = None;
        for id in path {
            let home = match self.homes.get(*id) {
                Some(home) => home.clone(),
                None => self.home(id, above.as_ref()),
            };
            self.homes.insert((*id).to_owned(), home.clone());
            match home {
                Home::Mailbox(Target::Named(name)) => above = Some(name),
                // What lies in a folder of the Corbeille lies in the Corbeille.
                _ => {
                    path.iter().for_each(|below| {
                        self.homes.entry((*below).to_owned()).or_insert(Home::Trash);
                    });
                    return;
                }
            }
        }
    }

    fn home(&mut self, id: &str, above: Option<&MailboxName>) -> Home {
        let Some(folder) = self.folders.get(id).filter(|folder| !folder.trashed) else { return Home::Trash };
        // Too deep or too long: beside the lowest of those above that leaves room.
        let mut above = above.map_or("", MailboxName::as_str);
        while above.matches(HIERARCHY_SEPARATOR).count() + 2 > self.bounds.depth_max.max(2)
            || above.len() + LETTERS_MIN > self.bounds.name_bytes_max
        {
            let Some((higher, _)) = above.rsplit_once(HIERARCHY_SEPARATOR) else { break };
            above = higher;
        }
        let part = clean(&folder.name);
        for number in 1.. {
            let suffix = if number == 1 { String::new() } else { format!(" ({number})") };
            let name = self.fit(above, &part, &suffix);
            let Ok(name) = MailboxName::parse(&name) else { continue };
            let is_free = !name.is_inbox() && !(self.bounds.is_taken)(&name);
            if is_free && self.used.insert(name.as_str().to_owned()) {
                return Home::Mailbox(Target::Named(name));
            }
        }
        Home::Trash
    }

    /// The name below the one above, cut so that it and its suffix fit.
    fn fit(&self, above: &str, part: &str, suffix: &str) -> String {
        let above = if above.is_empty() { String::new() } else { format!("{above}{HIERARCHY_SEPARATOR}") };
        let room = self.bounds.name_bytes_max.saturating_sub(above.len() + suffix.len()).max(1);
        let cut = part.get(..part.floor_char_boundary(room)).unwrap_or(part).trim_end();
        format!("{above}{cut}{suffix}")
    }
}

/// A name as a part of a mailbox's: no separator, no wildcard, no control character, single spaces.
pub(in crate::domain::migration) fn clean(name: &str) -> String {
    let letters = name.chars().map(|letter| match letter {
        HIERARCHY_SEPARATOR | '*' | '%' | '\\' => '-',
        letter if letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}') => ' ',
        letter => letter,
    });
    let cleaned = letters.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    if cleaned.is_empty() { "Sans nom".to_owned() } else { cleaned }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(row: usize, parent: Option<&str>, name: &str) -> Folder {
        Folder { row, parent: parent.map(str::to_owned), name: name.to_owned(), trashed: false }
    }

    fn named(folders: Vec<(&str, Folder)>, depth_max: usize) -> (Vec<(String, String)>, Vec<String>) {
        let folders = folders.into_iter().map(|(id, folder)| (id.to_owned(), folder)).collect();
        let is_taken = |name: &MailboxName| ["Sent", "Corbeille"].contains(&name.as_str());
        let (homes, problems, _) = homes(&folders, Bounds { name_bytes_max: 40, depth_max, is_taken: &is_taken });
        let mut named: Vec<(String, String)> = homes
            .into_iter()
            .map(|(id, home)| match home {
                Home::Mailbox(target) => (id, target.word().to_owned()),
                Home::Trash => (id, "-".to_owned()),
            })
            .collect();
        named.sort();
        (named, problems.iter().map(ToString::to_string).collect())
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(id, name)| ((*id).to_owned(), (*name).to_owned())).collect()
    }

    #[test]
    fn names_are_made_fit_for_imap_and_differ() {
        let (names, problems) = named(
            vec![
                ("a", folder(1, None, "6e A/B")),
                ("b", folder(2, None, " 6e A*B ")),
                ("c", folder(3, Some("a"), "Été\u{7}")),
                ("d", folder(4, None, "inbox")),
                ("e", folder(5, None, "Corbeille")),
                ("f", folder(6, Some("a"), "")),
                ("g", folder(7, Some("gone"), "é".repeat(50).as_str())),
                ("h", Folder { trashed: true, ..folder(8, None, "x") }),
                ("i", folder(9, Some("h"), "y")),
                ("j", folder(10, Some("c"), "deep")),
            ],
            2,
        );
        let expected = [
            ("a", "6e A-B"),
            ("b", "6e A-B (2)"),
            ("c", "6e A-B/Été"),
            ("d", "inbox (2)"),
            ("e", "Corbeille (2)"),
            ("f", "6e A-B/Sans nom"),
            ("g", "éééééééééééééééééééé"),
            ("h", "-"),
            ("i", "-"),
            ("j", "6e A-B/deep"),
        ];
        assert_eq!(names, pairs(&expected));
        assert_eq!(problems, [""; 0]);
    }

    #[test]
    fn a_folder_within_itself_is_told() {
        let (_, problems) = named(vec![("a", folder(1, Some("b"), "A")), ("b", folder(2, Some("a"), "B"))], 9);
        assert_eq!(problems[0], "conversation.folders: row 1: field parent_id: a folder that lies within itself");
        assert_eq!(problems.len(), 2);
    }
}
