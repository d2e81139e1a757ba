//! The files of an import: where their octets come from. One is in memory at a time, and none larger than a setting.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::File;
use super::problem::Source;

/// Folders within folders.
const DEPTH_MAX: usize = 4;

/// The files of an import. A missing one says nothing about its subject.
#[derive(Clone, Debug, Default)]
pub struct ImportFiles {
    files: Vec<InputFile>,
    /// What the given folder is called, by its own name.
    folder: String,
}

/// One file.
#[derive(Clone, Debug)]
pub(super) struct InputFile {
    /// Path below the folder that was given, with `/`.
    pub(super) name: String,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Memory(Vec<u8>),
    Disk(PathBuf),
}

/// Why a file's octets are not there.
#[derive(Debug)]
pub(super) enum Unread {
    TooLarge,
    Io(std::io::Error),
}

impl ImportFiles {
    /// Finds the files: of a folder and the folders in it, all that end in `.csv`, `.txt` or `.json`; or one file by itself.
    ///
    /// # Errors
    /// Where a folder cannot be read, and where no such file is there.
    pub fn read_dir(path: &Path) -> std::io::Result<Self> {
        let folder = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut found = Self { files: Vec::new(), folder };
        if std::fs::metadata(path)?.is_file() {
            let name = std::mem::take(&mut found.folder);
            found.folder = path
                .parent()
                .and_then(Path::file_name)
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            found.files.push(InputFile { name, content: Content::Disk(path.to_owned()) });
            return Ok(found);
        }
        found.walk(path, "", DEPTH_MAX)?;
        if found.files.is_empty() {
            let names = File::ALL.map(File::name).join(", ");
            let why = format!("holds no .csv and no .json file (the canonical ones are: {names})");
            return Err(std::io::Error::new(std::io::ErrorKind::NotFound, why));
        }
        Ok(found)
    }

    fn walk(&mut self, folder: &Path, prefix: &str, depth: usize) -> std::io::Result<()> {
        let mut entries: Vec<(String, PathBuf, bool)> = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with('.') {
                entries.push((name, entry.path(), std::fs::metadata(entry.path())?.is_dir()));
            }
        }
        entries.sort();
        for (name, path, is_folder) in entries {
            let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            if is_folder && depth > 0 {
                self.walk(&path, &name, depth - 1)?;
            } else if !is_folder && is_named_for_import(&path) {
                self.files.push(InputFile { name, content: Content::Disk(path) });
            }
        }
        Ok(())
    }

    /// With this canonical file too, or in the place of the one of its name.
    #[must_use]
    pub fn with(self, file: File, octets: impl Into<Vec<u8>>) -> Self {
        self.with_named(file.name(), octets)
    }

    /// With this file too, or in the place of the one of its name. `name` is a path below the import's folder.
    #[must_use]
    pub fn with_named(mut self, name: &str, octets: impl Into<Vec<u8>>) -> Self {
        let content = Content::Memory(octets.into());
        match self.files.iter_mut().find(|file| file.name == name) {
            Some(file) => file.content = content,
            None => self.files.push(InputFile { name: name.to_owned(), content }),
        }
        self
    }

    /// The files in the order in which they are read: canonical names first, then by name.
    pub(super) fn in_order(&self) -> Vec<(Source, &InputFile)> {
        let mut files: Vec<&InputFile> = self.files.iter().collect();
        files.sort_by_key(|file| (File::of_name(&file.name).is_none(), File::of_name(&file.name), &file.name));
        let numbered = (0..).zip(files);
        numbered.map(|(order, file)| (Source::new(order, &file.name), file)).collect()
    }

    /// What the given folder is called.
    pub(super) fn folder(&self) -> &str {
        &self.folder
    }
}

impl InputFile {
    /// Its octets.
    pub(super) fn read(&self, bytes_max: u64) -> Result<Vec<u8>, Unread> {
        match &self.content {
            Content::Memory(octets) => Ok(octets.clone()),
            Content::Disk(path) => {
                let mut octets = Vec::new();
                let file = std::fs::File::open(path).map_err(Unread::Io)?;
                file.take(bytes_max.saturating_add(1)).read_to_end(&mut octets).map_err(Unread::Io)?;
                let too_large = u64::try_from(octets.len()).is_ok_and(|length| length > bytes_max);
                if too_large { Err(Unread::TooLarge) } else { Ok(octets) }
            }
        }
    }
}

fn is_named_for_import(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    matches!(extension.as_deref(), Some("csv" | "txt" | "json"))
}
