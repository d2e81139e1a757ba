//! PURE: what is counted, and how it is exposed to Prometheus. Named by all parts; names none.
//!
//! The list below is the only one: a name, its help (the doc comment), its type. `docs/watch.md` repeats it as a table, and
//! a test compares both. To count is one or two atomic additions; what has to be looked up (`Seen`) is looked up now and then
//! by [`domain::observing`](crate::domain::observing), never when somebody scrapes.
//!
//! | file | what |
//! | --- | --- |
//! | `value` | counters, levels, times |
//! | `labels` | what labels may say: closed lists |
//! | `session` | a session among those that are open |
//! | `text` | Prometheus's text format |
//! | `history` | the last hour, day and week |
//! | `process` | what the system knows of this process |

mod history;
mod labels;
mod process;
mod session;
mod text;
mod value;

pub use history::{History, Interval, Span};
pub use labels::{
    ClientKind, Collectible, Direction, ImapCommand, Listener, LoginOutcome, LoginWay, Reason, Spoken, StoreQueue,
    StoreWork, SubmissionOutcome,
};
pub use session::SessionMark;
pub use text::{CONTENT_TYPE, Text};
pub use value::{By, Counter, Label, Level, Measured, Seen, Sparse, Steps, Times, Value};

/// What people wait for: 5 ms to 30 s.
#[derive(Debug, Default)]
pub struct Waits;

impl Steps for Waits {
    const ENDS: &'static [u64] = &[
        5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
        30_000_000,
    ];
}

/// What a machine does: 0.2 ms to 10 s.
#[derive(Debug, Default)]
pub struct Works;

impl Steps for Works {
    const ENDS: &'static [u64] = &[200, 1_000, 5_000, 20_000, 100_000, 500_000, 2_000_000, 10_000_000];
}

/// Something that is exposed, as the table in `docs/watch.md` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    pub name: &'static str,
    pub kind: &'static str,
    pub labels: Vec<&'static str>,
    pub help: &'static str,
}

/// The build, by its label.
const BUILD: (&str, &str) = ("passerelle_build_info", "The program's version; always 1.");

macro_rules! metrics {
    ($(#[doc = $help:literal] $field:ident: $type:ty = $name:literal,)+) => {
        /// Everything that is counted, once for a process.
        #[derive(Debug, Default)]
        pub struct Metrics { $(#[doc = $help] pub $field: $type,)+ }

        impl Metrics {
            /// Everything that there is, in the order in which it is exposed.
            pub fn families() -> Vec<Family> {
                let build = Family { name: BUILD.0, kind: "gauge", labels: vec!["version"], help: BUILD.1 };
                let family = |name, kind, labels, help: &'static str| Family { name, kind, labels, help: help.trim() };
                [
                    $(family($name, <$type as Value>::KIND, <$type as Value>::labels(), $help),)+
                ].into_iter().chain([build]).collect()
            }

            /// As Prometheus reads it.
            pub fn text(&self) -> String {
                self.see_process();
                let mut text = Text::default();
                $(text.family($name, $help, &self.$field);)+
                text.about(BUILD.0, BUILD.1, ("version", env!("CARGO_PKG_VERSION")));
                text.finish()
            }
        }
    };
}

metrics! {
    /// Connections open now.
    connections: By<Listener, Level> = "passerelle_connections",
    /// Connections accepted.
    connections_opened: By<Listener, Counter> = "passerelle_connections_opened_total",
    /// Sessions of people who are logged in now, by what their client says it is.
    sessions: By<Spoken, By<ClientKind, Level>> = "passerelle_sessions",
    /// Sessions that people logged in to. Counted when the client says what it is, at the latest when the session ends.
    sessions_opened: Sparse<By<Spoken, By<ClientKind, Counter>>> = "passerelle_sessions_opened_total",
    /// Logins, by how they were tried and what they came to.
    logins: By<LoginWay, By<LoginOutcome, Counter>> = "passerelle_logins_total",
    /// Messages handed in over SMTP, whole, by what became of them.
    submissions: By<SubmissionOutcome, Counter> = "passerelle_submissions_total",
    /// Octets of accepted submissions.
    submission_bytes: Counter = "passerelle_submission_bytes_total",
    /// People whom accepted submissions reached, or will reach when quiet hours end: groups expanded.
    recipients: Counter = "passerelle_recipients_total",
    /// Refusals told to clients, by the sentence. SMTP counts each refused recipient.
    refusals: By<Spoken, By<Reason, Counter>> = "passerelle_refusals_total",
    /// From the last octet of a message to its commit in every mailbox.
    delivery: Times<Waits> = "passerelle_delivery_seconds",
    /// From a change (its commit, or the hint of another gateway) to a client in IDLE being told.
    push: Times<Waits> = "passerelle_push_seconds",
    /// IMAP commands, to their tagged answer; waiting for a client that reads slowly is in it. IDLE is not counted.
    imap_commands: Sparse<By<ImapCommand, Times<Works>>> = "passerelle_imap_command_seconds",
    /// IMAP commands that are being worked on now.
    imap_commands_running: Seen = "passerelle_imap_commands_running",
    /// Work on the store, to its answer (a write: to its commit), waiting included.
    store_work: By<StoreWork, Times<Works>> = "passerelle_store_work_seconds",
    /// How long work waits before it begins.
    store_waits: By<StoreQueue, Times<Works>> = "passerelle_store_wait_seconds",
    /// Work on the store that failed.
    store_errors: Counter = "passerelle_store_errors_total",
    /// Does the store answer? 1 or 0.
    store_up: Seen = "passerelle_store_up",
    /// Octets of the database. Large bodies that lie beside it are not in it.
    store_size: Seen = "passerelle_store_size_bytes",
    /// People in the directory. This and the next three are counted now and then; on PostgreSQL they are its own estimate.
    people: Seen = "passerelle_people",
    /// Messages, each once whatever the number of its readers.
    messages: Seen = "passerelle_messages",
    /// Messages in mailboxes, each as often as it lies in one.
    placements: Seen = "passerelle_placements",
    /// Bodies that lie beside the database, in files or in a bucket.
    large_bodies: Seen = "passerelle_large_bodies",
    /// When they were counted, in seconds since 1970.
    counted_at: Seen = "passerelle_store_counted_timestamp_seconds",
    /// Mailboxes held in memory for sessions.
    snapshots: Seen = "passerelle_snapshots",
    /// Messages on their way in.
    spool_messages: Level = "passerelle_spool_messages",
    /// Octets of messages on their way in that lie in files of the spool.
    spool_bytes: Level = "passerelle_spool_bytes",
    /// Lines of the trail that have no place in the chain yet.
    trail_waiting: Seen = "passerelle_trail_waiting_lines",
    /// Age of the oldest of them; 0 where there is none.
    trail_age: Seen = "passerelle_trail_waiting_age_seconds",
    /// Hints between gateways.
    hints: By<Direction, Counter> = "passerelle_hints_total",
    /// What nobody needed any more and was taken away.
    collected: By<Collectible, Counter> = "passerelle_collected_total",
    /// Letters that wait for the end of quiet hours.
    quiet_letters: Seen = "passerelle_quiet_letters",
    /// When the certificate ends, in seconds since 1970.
    certificate_ends: Seen = "passerelle_certificate_expiry_timestamp_seconds",
    /// Octets left on the file system of data_dir.
    disk_free: Seen = "passerelle_disk_free_bytes",
    /// Octets of that file system.
    disk_size: Seen = "passerelle_disk_size_bytes",
    /// Resident memory.
    resident: Seen = "process_resident_memory_bytes",
    /// Open files, sockets among them.
    open_files: Seen = "process_open_fds",
    /// How many there may be.
    open_files_max: Seen = "process_max_fds",
    /// When the process was started, in seconds since 1970.
    started_at: Seen = "process_start_time_seconds",
}

#[cfg(test)]
mod tests;
