//! What the system knows of this process, out of `/proc` (Linux): looked up when somebody scrapes. Elsewhere nothing is
//! exposed of it.

use super::Metrics;

/// What one tick of the start time in `/proc/self/stat` is: Linux shows a hundred a second on every machine.
const TICKS_PER_SECOND: u64 = 100;

impl Metrics {
    /// Looks.
    pub(super) fn see_process(&self) {
        if let Some(bytes) = resident() {
            self.resident.set(bytes);
        }
        if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
            // One of them is the folder itself.
            self.open_files.set(u64::try_from(files.count()).unwrap_or(0).saturating_sub(1));
        }
        if let Some(max) = open_files_max() {
            self.open_files_max.set(max);
        }
        if self.started_at.get().is_none()
            && let Some(at) = started_at()
        {
            self.started_at.set(at);
        }
    }
}

/// Octets (`VmRSS`, in kB).
pub(super) fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// The soft limit.
fn open_files_max() -> Option<u64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Seconds since 1970: when the machine was started, and how long after it the process was.
fn started_at() -> Option<u64> {
    let machine = std::fs::read_to_string("/proc/stat").ok()?;
    let booted: u64 = machine.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    let own = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name, which may hold anything: the 22nd field of all, the 20th from there.
    let ticks: u64 = own.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
    Some(booted + ticks / TICKS_PER_SECOND)
}
