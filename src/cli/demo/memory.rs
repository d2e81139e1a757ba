//! What the demo keeps from run to run, in `demo-people.txt`, readable by its owner only.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;

use super::school::Person;

const FILE: &str = "demo-people.txt";
const PASSWORD: &str = "password: ";
const BENCH_ACCOUNTS: &str = "bench accounts: ";

/// Letters and digits that are not taken for each other.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789-";

/// What was decided by an earlier run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Memory {
    /// Everybody's.
    pub password: String,
    pub bench_accounts: u32,
}

impl Memory {
    /// What the last run wrote; `None` where there was none, or it did not come to its end.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Option<Self>> {
        let path = folder.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
        let password = value(PASSWORD).with_context(|| format!("{}: no line \"{PASSWORD}…\"", path.display()))?;
        let bench_accounts = value(BENCH_ACCOUNTS).unwrap_or("0").parse();
        let bench_accounts = bench_accounts.with_context(|| format!("{}: {BENCH_ACCOUNTS}", path.display()))?;
        Ok(Some(Self { password: password.to_owned(), bench_accounts }))
    }

    /// Writes it, with the people to try, for whoever looks into the folder.
    pub(super) fn write(&self, folder: &Path, people: &[Person]) -> anyhow::Result<()> {
        let path = folder.join(FILE);
        let addresses: String = people.iter().map(|person| format!("{}  {}\n", person.address, person.name)).collect();
        let text = format!("{PASSWORD}{}\n{BENCH_ACCOUNTS}{}\n\n{addresses}", self.password, self.bench_accounts);
        // Written beside and renamed: never half a file.
        let new = folder.join(format!("{FILE}.new"));
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)
            .with_context(|| new.display().to_string())?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, &path).with_context(|| path.display().to_string())
    }
}

/// A password for the demo: 16 letters and digits (80 bits).
pub(super) fn new_password() -> anyhow::Result<String> {
    let mut octets = [0; 16];
    getrandom::fill(&mut octets).map_err(|error| anyhow::anyhow!("random numbers: {error}"))?;
    let letter = |octet: u8| ALPHABET.get(usize::from(octet % 32)).copied().map_or('-', char::from);
    Ok(octets.into_iter().map(letter).collect())
}
