//! PURE: what an import changes, with names: as many as can be read, and how many there are in all.

use std::collections::{BTreeMap, BinaryHeap};

use super::File;
use super::problem::Remark;

/// Names kept of each kind of change. A département's first import adds millions of memberships.
pub const NAMES_MAX: usize = 5000;
/// Remarks kept.
const REMARKS_MAX: usize = 5000;

/// What happened to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    Added,
    Changed,
    /// A person who left all schools that the files cover.
    Suspended,
    /// A person who came back.
    Resumed,
    /// A group that the files no longer name.
    Closed,
    /// A membership, a rule or a link.
    Removed,
}

/// What changed, with names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    changes: BTreeMap<(File, Change), Changed>,
    /// What an admin should know, in the order of files and lines.
    remarks: Vec<Remark>,
    remarks_in_all: usize,
}

/// How many, and the first names by alphabet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Changed {
    in_all: usize,
    names: Vec<String>,
}

impl Report {
    /// Names of what changed so, by alphabet: the first [`NAMES_MAX`].
    pub fn names(&self, file: File, change: Change) -> &[String] {
        self.changes.get(&(file, change)).map_or(&[], |changed| changed.names.as_slice())
    }

    /// How many changed so.
    pub fn count(&self, file: File, change: Change) -> usize {
        self.changes.get(&(file, change)).map_or(0, |changed| changed.in_all)
    }

    /// Everything that changed, by file and kind of change: how many, and the first names.
    pub fn changes(&self) -> impl Iterator<Item = (File, Change, usize, &[String])> {
        self.changes.iter().map(|((file, change), changed)| (*file, *change, changed.in_all, changed.names.as_slice()))
    }

    /// Did nothing change?
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The first remarks, and how many there are in all.
    pub fn remarks(&self) -> (&[Remark], usize) {
        (&self.remarks, self.remarks_in_all)
    }
}

/// A report while it is being written: of each kind of change the first names by alphabet, whatever their order.
#[derive(Debug, Default)]
pub(super) struct Writing {
    changes: BTreeMap<(File, Change), (usize, BinaryHeap<String>)>,
    remarks: Vec<Remark>,
}

impl Writing {
    pub(super) fn note(&mut self, file: File, change: Change, name: impl Into<String>) {
        let (in_all, names) = self.changes.entry((file, change)).or_default();
        *in_all += 1;
        let name = name.into();
        if names.len() < NAMES_MAX {
            names.push(name);
        } else if let Some(mut last) = names.peek_mut()
            && name < *last
        {
            *last = name;
        }
    }

    pub(super) fn remark(&mut self, remark: Remark) {
        self.remarks.push(remark);
    }

    pub(super) fn finish(self) -> Report {
        let Self { changes, mut remarks } = self;
        let changes = changes
            .into_iter()
            .map(|(key, (in_all, names))| (key, Changed { in_all, names: names.into_sorted_vec() }))
            .collect();
        remarks.sort();
        remarks.dedup();
        let remarks_in_all = remarks.len();
        remarks.truncate(REMARKS_MAX);
        Report { changes, remarks, remarks_in_all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_names_by_alphabet_are_kept_and_all_are_counted() {
        let mut writing = Writing::default();
        for number in (0..NAMES_MAX + 10).rev() {
            writing.note(File::Users, Change::Added, format!("{number:06}"));
        }
        let report = writing.finish();
        assert_eq!(report.count(File::Users, Change::Added), NAMES_MAX + 10);
        let names = report.names(File::Users, Change::Added);
        assert_eq!((names.len(), names[0].as_str(), names[NAMES_MAX - 1].as_str()), (NAMES_MAX, "000000", "004999"));
    }
}
