//! Programs of others: found, or named as missing; run in a home folder of their own.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A program of Debian, and an empty home folder for it.
pub(crate) struct Tool {
    program: PathBuf,
    pub(crate) home: TempDir,
}

/// Finds a program. Where it is missing: a line that says what to install; a failure in continuous integration.
pub(crate) fn find(program: &str, package: &str) -> Option<Tool> {
    let found = find_optional(program, package);
    let needed = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    assert!(found.is_some() || !needed, "{program} is missing: apt-get install {package}");
    found
}

/// Finds a program that continuous integration does without. Where it is missing: a line that says what to install.
pub(crate) fn find_optional(program: &str, package: &str) -> Option<Tool> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file());
    if found.is_none() {
        println!("skipped: {program} is not there: apt-get install {package}");
    }
    Some(Tool { program: found?, home: tempfile::tempdir().unwrap() })
}

/// A program below `target/clients`, where `tests/clients/scripts/install` puts libraries of others.
pub(crate) fn installed(program: &str) -> Option<Tool> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/clients").join(program);
    if !program.exists() {
        println!("skipped: {} is not there: tests/clients/scripts/install", program.display());
        return None;
    }
    Some(Tool { program, home: tempfile::tempdir().unwrap() })
}

impl Tool {
    /// Runs it for five minutes at most.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>, input: &[u8]) -> Output {
        let given = self.home.path().join("input");
        fs::write(&given, input).unwrap();
        Command::new("timeout")
            .arg("300")
            .arg(&self.program)
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("USER", "tester")
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm")
            .current_dir(self.home.path())
            .stdin(Stdio::from(fs::File::open(given).unwrap()))
            .output()
            .unwrap()
    }

    /// Runs it, and expects that it ends well; what it printed.
    pub(crate) fn succeeds<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>, input: &[u8]) -> String {
        let output = self.run(arguments, input);
        assert!(output.status.success(), "{} failed:\n{}", self.program.display(), text(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The same for a program that now and then hangs or crashes by itself, whatever the server does: up to three times.
    /// An orderly failure is a failure at once.
    pub(crate) fn succeeds_unless_it_breaks_down<A: AsRef<OsStr>>(&self, arguments: &[A]) {
        for _ in 0..3 {
            let output = self.run(arguments, b"");
            match output.status.code() {
                Some(0) => return,
                // `timeout` ended it, or a signal did.
                Some(124) | None => println!("{} broke down:\n{}", self.program.display(), text(&output)),
                Some(_) => panic!("{} failed:\n{}", self.program.display(), text(&output)),
            }
        }
        panic!("{} broke down three times", self.program.display());
    }

    /// Writes a file in its home folder, for its owner alone.
    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.home.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }
}

/// All that a program printed.
pub(crate) fn text(output: &Output) -> String {
    format!("{}\n{}{}", output.status, String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Every file below a folder with its bytes, in the order of paths.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push((path.clone(), fs::read(path).unwrap())) }
        }
    }
    found.sort();
    found
}
