//! Loss of power: what a disk would have kept of the files below a folder, had it failed at the end of the log that
//! `power.c` wrote. What was synced is there; of what was not, chance takes all, some, or nothing.
//!
//! | | kept for certain | else |
//! | --- | --- | --- |
//! | octets of a file | all that was written before its last sync | none, all, the first ones, or any pieces of a page |
//! | names in a folder | all changes before the last sync of that folder | the first ones, as a journal would |
//!
//! A name does not come with the sync of its file (some file systems do that; POSIX does not promise it).

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::chance::Chance;

const PAGE: usize = 4096;

/// The library that is loaded into servers; the reason, where it cannot be made.
pub(crate) fn library() -> Result<&'static Path, String> {
    static LIBRARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let made = LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rig/power.c");
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("power-{}.so", std::process::id()));
        let made =
            Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).args([&target, &source]).arg("-ldl").output();
        match made {
            Ok(output) if output.status.success() => Ok(target),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
            Err(error) => Err(format!("no C compiler: {error}")),
        }
    });
    made.as_deref().map_err(Clone::clone)
}

/// A folder whose servers are watched, so that power can be lost.
pub(crate) struct Disk {
    root: PathBuf,
    log: PathBuf,
    /// What is on the disk for certain, since the log began.
    base: Files,
    /// Files of the base by the numbers that the log names them by.
    inodes: HashMap<u64, usize>,
}

/// Files and folders below a root.
#[derive(Clone, Debug, Default, PartialEq)]
struct Files {
    names: BTreeMap<PathBuf, Node>,
    contents: Vec<Content>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Node {
    Folder { mode: u32 },
    File { content: usize, mode: u32 },
}

/// Octets of a file: those that are certain, and what was done since.
#[derive(Clone, Debug, Default, PartialEq)]
struct Content {
    certain: Vec<u8>,
    since: Vec<Change>,
}

#[derive(Clone, Debug, PartialEq)]
enum Change {
    Written { offset: usize, octets: Vec<u8> },
    Cut { size: usize },
}

/// A change of names that no sync has made certain.
#[derive(Clone, Debug)]
enum Naming {
    Made(PathBuf, Node),
    Renamed(PathBuf, PathBuf),
    Gone(PathBuf),
}

impl Disk {
    /// Everything that lies there now is certain.
    pub(crate) fn new(root: &Path, log: &Path) -> Self {
        let root = fs::canonicalize(root).unwrap();
        let mut disk = Self { root, log: log.to_owned(), base: Files::default(), inodes: HashMap::new() };
        disk.begin();
        disk
    }

    fn begin(&mut self) {
        let _ = fs::remove_file(&self.log);
        fs::write(&self.log, "").unwrap();
        // Others than its owner may write it: PostgreSQL has a user of its own.
        fs::set_permissions(&self.log, fs::Permissions::from_mode(0o666)).unwrap();
        (self.base, self.inodes) = Files::read(&self.root);
    }

    /// What a server started on it must have in its environment. None runs: what one that was killed has left of a line
    /// is taken off the log.
    pub(crate) fn environment(&self, sync_microseconds: usize) -> Vec<(String, String)> {
        let log = fs::read(&self.log).unwrap();
        let mut rest = log.as_slice();
        while let Some((_, after)) = Line::read(rest) {
            rest = after;
        }
        let whole = u64::try_from(log.len() - rest.len()).unwrap();
        fs::File::options().write(true).open(&self.log).unwrap().set_len(whole).unwrap();
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        vec![
            ("LD_PRELOAD".to_owned(), text(library().unwrap())),
            ("RIG_ROOT".to_owned(), text(&self.root)),
            ("RIG_LOG".to_owned(), text(&self.log)),
            ("RIG_SYNC_MICROSECONDS".to_owned(), sync_microseconds.to_string()),
        ]
    }

    /// From now on no sync comes to its end, until it is let go.
    pub(crate) fn hold_syncs(&self, hold: bool) {
        let mut stopper = self.log.clone().into_os_string();
        stopper.push(".stop");
        if hold { fs::write(stopper, "") } else { fs::remove_file(stopper) }.unwrap();
    }

    /// Power is lost: the folder holds what the disk has kept. Its servers must be dead.
    pub(crate) fn lose_power(&mut self, chance: &mut Chance) -> Lost {
        let (files, lost) = self.replay().keep(chance);
        self.put(&files);
        lost
    }

    /// The same, and chance keeps nothing.
    pub(crate) fn lose_all_that_was_not_synced(&mut self) {
        let files = self.replay().files;
        self.put(&files);
    }

    fn put(&mut self, files: &Files) {
        for entry in fs::read_dir(&self.root).unwrap().map(|entry| entry.unwrap()) {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
        }
        files.write(&self.root);
        self.begin();
    }

    /// How what the log tells differs from what is there: nothing, where it tells everything.
    pub(crate) fn differences(&self) -> Vec<String> {
        let told = self.replay().all();
        let (there, _) = Files::read(&self.root);
        let (told, there) = (told.by_name(), there.by_name());
        let names = told.keys().chain(there.keys()).collect::<std::collections::BTreeSet<_>>();
        names
            .into_iter()
            // Mapped, and made anew whenever the database is opened; not a file.
            .filter(|name| !name.to_string_lossy().ends_with("-shm"))
            .filter(|name| told.get(*name) != there.get(*name))
            .map(|name| {
                format!("{}: told {}, there {}", name.display(), told.contains_key(name), there.contains_key(name))
            })
            .collect()
    }

    fn replay(&self) -> Replay {
        let mut replay = Replay {
            root: self.root.clone(),
            names: self.base.names.clone(),
            files: self.base.clone(),
            since: Vec::new(),
            by_inode: self.inodes.clone(),
        };
        let log = fs::read(&self.log).unwrap();
        let mut rest = log.as_slice();
        while let Some((line, after)) = Line::read(rest) {
            replay.apply(&line);
            rest = after;
        }
        replay
    }
}

impl Files {
    /// What is there, and which file has which number. Sockets are passed over.
    fn read(root: &Path) -> (Self, HashMap<u64, usize>) {
        let (mut files, mut inodes, mut folders) = (Self::default(), HashMap::new(), vec![PathBuf::new()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(root.join(&folder)).unwrap().map(|entry| entry.unwrap()) {
                let (about, name) = (entry.metadata().unwrap(), folder.join(entry.file_name()));
                let mode = about.mode() & 0o7777;
                if about.is_dir() {
                    folders.push(name.clone());
                    files.names.insert(name, Node::Folder { mode });
                } else if about.is_file() {
                    let content = *inodes.entry(about.ino()).or_insert(files.contents.len());
                    if content == files.contents.len() {
                        let certain = fs::read(entry.path()).unwrap();
                        files.contents.push(Content { certain, since: Vec::new() });
                    }
                    files.names.insert(name, Node::File { content, mode });
                }
            }
        }
        (files, inodes)
    }

    /// Makes them, for the owner of the root.
    fn write(&self, root: &Path) {
        let owner = fs::metadata(root).unwrap();
        for (name, node) in &self.names {
            let path = root.join(name);
            let mode = match node {
                Node::Folder { mode } => {
                    fs::create_dir(&path).unwrap();
                    *mode
                }
                Node::File { content, mode } => {
                    fs::write(&path, &self.contents[*content].certain).unwrap();
                    *mode
                }
            };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            std::os::unix::fs::chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
    }

    /// What there is under each name.
    fn by_name(&self) -> BTreeMap<&Path, Option<&[u8]>> {
        let octets = |node: &Node| match node {
            Node::Folder { .. } => None,
            Node::File { content, .. } => Some(self.contents[*content].certain.as_slice()),
        };
        self.names.iter().map(|(name, node)| (name.as_path(), octets(node))).collect()
    }
}

/// What a loss of power took, for the tally.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lost {
    pub(crate) changes: usize,
    pub(crate) names: usize,
}

/// A line of the log (`struct line` of `power.c`).
struct Line<'l> {
    kind: u32,
    inode: u64,
    offset: usize,
    path: PathBuf,
    other: PathBuf,
    octets: &'l [u8],
}

impl<'l> Line<'l> {
    /// `None` at the end, also where the last line is not whole.
    fn read(log: &'l [u8]) -> Option<(Self, &'l [u8])> {
        let (head, rest) = log.split_at_checked(32)?;
        let small = |at: usize| u32::from_ne_bytes(head[at..at + 4].try_into().unwrap());
        let large = |at: usize| u64::from_ne_bytes(head[at..at + 8].try_into().unwrap());
        let size = |at: usize| usize::try_from(small(at)).unwrap();
        let (path, rest) = rest.split_at_checked(size(4))?;
        let (other, rest) = rest.split_at_checked(size(8))?;
        let (octets, rest) = rest.split_at_checked(size(12))?;
        let path_of = |octets: &[u8]| PathBuf::from(String::from_utf8(octets.to_vec()).unwrap());
        let offset = usize::try_from(large(24)).unwrap_or(0);
        Some((
            Self { kind: small(0), inode: large(16), offset, path: path_of(path), other: path_of(other), octets },
            rest,
        ))
    }
}

/// The log, as far as it has been read.
struct Replay {
    root: PathBuf,
    /// Names that are certain; the contents of all files that there ever were.
    files: Files,
    /// Names as the servers see them.
    names: BTreeMap<PathBuf, Node>,
    since: Vec<Naming>,
    by_inode: HashMap<u64, usize>,
}

impl Replay {
    fn apply(&mut self, line: &Line<'_>) {
        let name = |path: &Path| path.strip_prefix(&self.root).unwrap_or(Path::new("")).to_owned();
        let (path, other) = (name(&line.path), name(&line.other));
        let content = self.by_inode.get(&line.inode).copied();
        match line.kind {
            1 => {
                let content = self.files.contents.len();
                self.files.contents.push(Content::default());
                self.by_inode.insert(line.inode, content);
                self.rename(Naming::Made(path, Node::File { content, mode: 0o600 }));
            }
            2 => {
                let Some(content) = content else { return };
                let change = Change::Written { offset: line.offset, octets: line.octets.to_vec() };
                self.files.contents[content].since.push(change);
            }
            3 => {
                let Some(content) = content else { return };
                self.files.contents[content].since.push(Change::Cut { size: line.offset });
            }
            4 => {
                let Some(content) = content else { return };
                self.files.contents[content].settle();
            }
            5 => self.settle_folder(&path),
            6 => self.rename(Naming::Renamed(path, other)),
            7 => {
                let Some(node) = self.names.get(&path).copied() else { return };
                self.rename(Naming::Made(other, node));
            }
            8 => self.rename(Naming::Gone(path)),
            9 => self.rename(Naming::Made(path, Node::Folder { mode: 0o700 })),
            kind => panic!("a line of kind {kind}"),
        }
    }

    fn rename(&mut self, naming: Naming) {
        naming.apply(&mut self.names);
        self.since.push(naming);
    }

    /// All changes of names in this folder are certain, and those before them of which they may be made.
    fn settle_folder(&mut self, folder: &Path) {
        let (now, later) = std::mem::take(&mut self.since).into_iter().partition(|naming| naming.is_in(folder));
        self.since = later;
        for naming in Vec::from_iter::<Vec<Naming>>(now) {
            naming.apply(&mut self.files.names);
        }
    }

    /// As the servers saw it.
    fn all(mut self) -> Files {
        self.files.names = self.names;
        for content in &mut self.files.contents {
            content.settle();
        }
        self.files
    }

    /// As the disk has it.
    fn keep(mut self, chance: &mut Chance) -> (Files, Lost) {
        let kept = if chance.one_in(2) { 0 } else { chance.below(self.since.len() + 1) };
        let mut lost = Lost { changes: 0, names: self.since.len() - kept };
        for naming in &self.since[..kept] {
            naming.apply(&mut self.files.names);
        }
        for content in &mut self.files.contents {
            lost.changes += content.lose(chance);
        }
        // A file whose folder was lost is nowhere.
        let names = self.files.names.clone();
        self.files.names.retain(|name, _| {
            name.ancestors()
                .skip(1)
                .all(|above| above == Path::new("") || matches!(names.get(above), Some(Node::Folder { .. })))
        });
        (self.files, lost)
    }
}

impl Naming {
    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        match self {
            Self::Made(name, node) => drop(names.insert(name.clone(), *node)),
            Self::Gone(name) => drop(names.remove(name)),
            Self::Renamed(from, to) => {
                // A folder takes with it what is in it.
                let below: Vec<_> = names.keys().filter(|name| name.starts_with(from)).cloned().collect();
                for name in below {
                    let node = names.remove(&name).unwrap();
                    let rest = name.strip_prefix(from).unwrap();
                    names.insert(if rest == Path::new("") { to.clone() } else { to.join(rest) }, node);
                }
            }
        }
    }

    fn is_in(&self, folder: &Path) -> bool {
        let is_in = |name: &Path| name.parent() == Some(folder);
        match self {
            Self::Made(name, _) | Self::Gone(name) => is_in(name),
            Self::Renamed(from, to) => is_in(from) || is_in(to),
        }
    }
}

impl Content {
    fn settle(&mut self) {
        for change in std::mem::take(&mut self.since) {
            change.apply(&mut self.certain);
        }
    }

    /// Keeps some of what was not certain; gives how many changes were lost, or torn.
    fn lose(&mut self, chance: &mut Chance) -> usize {
        let since = std::mem::take(&mut self.since);
        let count = since.len();
        let kept = match chance.below(4) {
            0 => 0,
            1 => count,
            2 => chance.below(count + 1),
            _ => {
                for piece in since.iter().flat_map(Change::pieces) {
                    if chance.one_in(2) {
                        piece.apply(&mut self.certain);
                    }
                }
                return count;
            }
        };
        for change in &since[..kept] {
            change.apply(&mut self.certain);
        }
        count - kept
    }
}

impl Change {
    fn apply(&self, octets: &mut Vec<u8>) {
        match self {
            Self::Cut { size } => octets.resize(*size, 0),
            Self::Written { offset, octets: new } => {
                let end = offset + new.len();
                if octets.len() < end {
                    octets.resize(end, 0);
                }
                octets[*offset..end].copy_from_slice(new);
            }
        }
    }

    /// What a disk writes at a time, or not.
    fn pieces(&self) -> Vec<Self> {
        let Self::Written { offset, octets } = self else { return vec![self.clone()] };
        let (mut at, mut rest, mut pieces) = (*offset, octets.as_slice(), Vec::new());
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(PAGE - at % PAGE));
            pieces.push(Self::Written { offset: at, octets: now.to_vec() });
            (at, rest) = (at + now.len(), later);
        }
        pieces
    }
}
