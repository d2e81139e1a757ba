//! PURE: the session of RFC 9051: its states (§3), the table of its commands (§6), and what CAPABILITY says (§7.2.2).

use super::contexts::Updating;
use super::modes::Modes;
use super::notify::Watching;
use super::view::{Expunges, MailboxView};
use super::wire::command::{Access, CommandBody, Numbers, Search};
use super::wire::framer::NonSynchronizing;
use super::wire::utf7::NameForm;
use crate::config::ImapConfig;
use crate::connection::Security;
use crate::domain::login::{Admission, Credential};
use crate::domain::mailbox::Mailbox;
use crate::model::{Uid, User, WordChoice};

/// Where a session is (RFC 9051 §3), with all that is known there.
#[derive(Debug)]
pub(super) enum SessionState {
    /// §3.1
    NotAuthenticated,
    /// §3.2
    Authenticated(Account),
    /// §3.3
    Selected(Account, Box<SelectedMailbox>),
    /// §3.4
    Logout,
}

/// The person who logged in.
#[derive(Debug)]
pub(super) struct Account {
    pub user: User,
    /// What the session came in with.
    pub credential: Credential,
    pub admission: Admission,
    /// Has the client asked for ModSeqs (RFC 7162 §3.1)? Then every untagged FETCH carries one.
    pub condstore: bool,
    /// UTF-8 once it has been enabled (RFC 6855 §3).
    pub names: NameForm,
    /// Has it enabled QRESYNC (RFC 7162 §3.2.3)? Then it hears VANISHED in place of EXPUNGE.
    pub qresync: bool,
    /// What NOTIFY has asked for; `None` until it is first used.
    pub watching: Option<Box<Watching>>,
    /// What else it has enabled.
    pub modes: Modes,
}

/// The mailbox as SELECT or EXAMINE opened it (RFC 9051 §6.3.2, §6.3.3).
#[derive(Debug)]
pub(super) struct SelectedMailbox {
    pub mailbox: Mailbox,
    pub access: Access,
    pub view: MailboxView,
    /// Searches that are kept up to date (RFC 5267 §4.3).
    pub contexts: Vec<Updating>,
    /// Messages that this session has put here, until they are told.
    pub brought: Vec<Uid>,
}

impl SelectedMailbox {
    /// A mailbox that has just been opened.
    pub(super) fn new(mailbox: Mailbox, access: Access, view: MailboxView) -> Self {
        Self { mailbox, access, view, contexts: Vec::new(), brought: Vec::new() }
    }
}

impl SessionState {
    /// The person, once logged in.
    pub(super) fn account(&self) -> Option<&Account> {
        match self {
            Self::Authenticated(account) | Self::Selected(account, _) => Some(account),
            Self::NotAuthenticated | Self::Logout => None,
        }
    }

    /// The person, to be changed.
    pub(super) fn account_mut(&mut self) -> Option<&mut Account> {
        match self {
            Self::Authenticated(account) | Self::Selected(account, _) => Some(account),
            Self::NotAuthenticated | Self::Logout => None,
        }
    }

    /// The selected mailbox, where there is one.
    pub(super) fn selected_mut(&mut self) -> Option<&mut SelectedMailbox> {
        match self {
            Self::Selected(_, selected) => Some(selected),
            _ => None,
        }
    }

    /// Opens a mailbox in place of the one that was selected.
    pub(super) fn select(&mut self, selected: SelectedMailbox) {
        *self = match std::mem::replace(self, Self::Logout) {
            Self::Authenticated(account) | Self::Selected(account, _) => Self::Selected(account, Box::new(selected)),
            other => other,
        };
    }

    /// Leaves the selected mailbox; gives it back where there was one.
    pub(super) fn unselect(&mut self) -> Option<SelectedMailbox> {
        match std::mem::replace(self, Self::Logout) {
            Self::Selected(mut account, selected) => {
                if let Some(watching) = &mut account.watching {
                    watching.left(&selected);
                }
                *self = Self::Authenticated(account);
                Some(*selected)
            }
            other => {
                *self = other;
                None
            }
        }
    }
}

/// In which states a command may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    Always,
    BeforeLogin,
    AfterLogin,
    InMailbox,
}

impl Allowed {
    pub(super) fn in_state(self, state: &SessionState) -> bool {
        match self {
            Self::Always => true,
            Self::BeforeLogin => matches!(state, SessionState::NotAuthenticated),
            Self::AfterLogin => state.account().is_some(),
            Self::InMailbox => matches!(state, SessionState::Selected(..)),
        }
    }
}

/// What RFC 9051 §6 says of a command before we look at its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandRule {
    pub allowed: Allowed,
    /// May its answer tell EXPUNGE (RFC 9051 §7.5.1)?
    pub expunges: Expunges,
    pub section: &'static str,
}

impl CommandRule {
    /// The command table.
    pub fn of(command: &CommandBody) -> Self {
        use Allowed::{AfterLogin, Always, BeforeLogin, InMailbox};
        use CommandBody as C;
        use Expunges::{Answer, Hold, Tell};
        let (allowed, expunges, section) = match command {
            C::Capability => (Always, Tell, "RFC 9051 §6.1.1"),
            C::Noop => (Always, Tell, "RFC 9051 §6.1.2"),
            C::Logout => (Always, Hold, "RFC 9051 §6.1.3"),
            C::Id(_) => (Always, Tell, "RFC 2971 §3.1"),
            C::StartTls => (BeforeLogin, Hold, "RFC 9051 §6.2.1"),
            C::Authenticate { .. } => (BeforeLogin, Hold, "RFC 9051 §6.2.2"),
            C::Login { .. } => (BeforeLogin, Hold, "RFC 9051 §6.2.3"),
            C::Enable(_) => (AfterLogin, Tell, "RFC 9051 §6.3.1"),
            C::Select { .. } => (AfterLogin, Hold, "RFC 9051 §6.3.2"),
            C::Create { .. } => (AfterLogin, Tell, "RFC 9051 §6.3.4"),
            C::Delete(_) => (AfterLogin, Tell, "RFC 9051 §6.3.5"),
            C::Rename { .. } => (AfterLogin, Tell, "RFC 9051 §6.3.6"),
            C::Subscribe(_) => (AfterLogin, Tell, "RFC 9051 §6.3.7"),
            C::Unsubscribe(_) => (AfterLogin, Tell, "RFC 9051 §6.3.8"),
            C::List(_) => (AfterLogin, Tell, "RFC 9051 §6.3.9"),
            C::Lsub { .. } => (AfterLogin, Tell, "RFC 3501 §6.3.9"),
            C::Namespace => (AfterLogin, Tell, "RFC 9051 §6.3.10"),
            C::Status { .. } => (AfterLogin, Tell, "RFC 9051 §6.3.11"),
            C::Append(head) if head.replaces.is_some() => (InMailbox, Answer, "RFC 8508 §3"),
            C::Append(_) => (AfterLogin, Tell, "RFC 9051 §6.3.12"),
            C::Idle => (AfterLogin, Tell, "RFC 9051 §6.3.13"),
            C::Notify(_) => (AfterLogin, Tell, "RFC 5465 §3.1"),
            C::Esearch(ask) => (AfterLogin, unless_searching_by_number(&ask.search), "RFC 7377 §2"),
            C::GetQuota { .. } => (AfterLogin, Tell, "RFC 2087 §4.2"),
            C::GetQuotaRoot(_) => (AfterLogin, Tell, "RFC 2087 §4.3"),
            C::SetQuota => (AfterLogin, Tell, "RFC 2087 §4.1"),
            C::MyRights(_) => (AfterLogin, Tell, "RFC 4314 §3.5"),
            C::ListRights { .. } => (AfterLogin, Tell, "RFC 4314 §3.4"),
            C::GetAcl(_) => (AfterLogin, Tell, "RFC 4314 §3.3"),
            C::SetAcl(_) => (AfterLogin, Tell, "RFC 4314 §3.1"),
            C::DeleteAcl(_) => (AfterLogin, Tell, "RFC 4314 §3.2"),
            C::GetMetadata(..) => (AfterLogin, Tell, "RFC 5464 §4.2"),
            C::SetMetadata(..) => (AfterLogin, Tell, "RFC 5464 §4.3"),
            C::Compress(_) => (AfterLogin, Tell, "RFC 4978 §3"),
            C::Unauthenticate => (AfterLogin, Hold, "RFC 8437 §3"),
            C::Check => (InMailbox, Tell, "RFC 3501 §6.4.1"),
            C::Close => (InMailbox, Hold, "RFC 9051 §6.4.1"),
            C::Unselect => (InMailbox, Hold, "RFC 9051 §6.4.2"),
            C::CancelUpdate(_) => (InMailbox, Tell, "RFC 5267 §4.3.5"),
            C::Expunge { .. } => (InMailbox, Answer, "RFC 9051 §6.4.3"),
            C::UidBatches(_) => (InMailbox, Tell, "RFC 10022 §3.1"),
            C::Search(search) => (InMailbox, unless_searching_by_number(search), "RFC 9051 §6.4.4"),
            C::Sort(sort) => (InMailbox, unless_searching_by_number(&sort.search), "RFC 5256 §3"),
            C::Thread(ask) => (InMailbox, unless_searching_by_number(&ask.search), "RFC 5256 §3"),
            C::Fetch(fetch) => (InMailbox, unless_by_number(fetch.numbers), "RFC 9051 §6.4.5"),
            C::Store(store) => (InMailbox, unless_by_number(store.numbers), "RFC 9051 §6.4.6"),
            C::Copy { .. } => (InMailbox, Tell, "RFC 9051 §6.4.7"),
            C::Move { .. } => (InMailbox, Answer, "RFC 9051 §6.4.8"),
        };
        Self { allowed, expunges, section }
    }
}

/// FETCH, STORE and SEARCH hold EXPUNGEs back; their UID forms do not (RFC 9051 §7.5.1).
fn unless_by_number(numbers: Numbers) -> Expunges {
    match numbers {
        Numbers::Sequence => Expunges::Hold,
        Numbers::Uid => Expunges::Tell,
    }
}

/// Nor does UID SEARCH tell them where its keys name message numbers (RFC 7162 §3.2.10.2).
fn unless_searching_by_number(search: &Search) -> Expunges {
    match search.key.names_numbers() {
        true => Expunges::Hold,
        false => unless_by_number(search.numbers),
    }
}

/// What is always announced. A word stands here only when its transcripts pass.
pub const CAPABILITIES: &[&str] = &[
    "IMAP4rev1",
    "IMAP4rev2",
    "SASL-IR",
    "LITERAL+",
    "LITERAL-",
    "ID",
    "ENABLE",
    "IDLE",
    "NAMESPACE",
    "CHILDREN",
    "UIDPLUS",
    "MOVE",
    "UNSELECT",
    "SPECIAL-USE",
    "CREATE-SPECIAL-USE",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "ESEARCH",
    "CONDSTORE",
    "QRESYNC",
    "QUOTA",
    "QUOTA=RES-STORAGE",
    "STATUS=SIZE",
    "STATUS=DELETED",
    "WITHIN",
    "SEARCHRES",
    "PARTIAL",
    "UIDONLY",
    "UIDBATCHES",
    "OBJECTID",
    "SAVEDATE",
    "PREVIEW",
    "ACL",
    "RIGHTS=kxte",
    "METADATA",
    "LIST-METADATA",
    "UNAUTHENTICATE",
    "MULTIAPPEND",
    "CATENATE",
    "REPLACE",
    "BINARY",
    "UTF8=ACCEPT",
    "SORT",
    "SORT=DISPLAY",
    "ESORT",
    "THREAD=ORDEREDSUBJECT",
    "THREAD=REFERENCES",
    "CONTEXT=SEARCH",
    "CONTEXT=SORT",
    "MULTISEARCH",
    "NOTIFY",
    COMPRESS,
    INPROGRESS,
];

/// RFC 4978 §1
pub(super) const COMPRESS: &str = "COMPRESS=DEFLATE";
/// RFC 9585 §3
pub(super) const INPROGRESS: &str = "INPROGRESS";

/// The words of CAPABILITY at this moment (RFC 9051 §7.2.2; RFC 7889 §3 for APPENDLIMIT, RFC 9738 §3 for the others with a
/// number), without those that a setting hides.
pub(super) fn capabilities(
    state: &SessionState,
    security: Security,
    may_log_in: bool,
    config: &ImapConfig,
    device_words: &WordChoice,
) -> Vec<String> {
    let mut words: Vec<String> = CAPABILITIES.iter().map(|word| (*word).to_owned()).collect();
    words.push(format!("APPENDLIMIT={}", config.append_bytes_max));
    match (config.message_limit, config.save_limit) {
        (Some(limit), _) => words.push(format!("MESSAGELIMIT={limit}")),
        (None, Some(limit)) => words.push(format!("SAVELIMIT={limit}")),
        (None, None) => {}
    }
    if matches!(state, SessionState::NotAuthenticated) {
        let more: &[&str] = match (security, may_log_in) {
            (Security::Tls, _) => &["AUTH=PLAIN", "AUTH=LOGIN"],
            (Security::Plain, true) => &["STARTTLS", "AUTH=PLAIN", "AUTH=LOGIN"],
            (Security::Plain, false) => &["STARTTLS", "LOGINDISABLED"],
        };
        words.extend(more.iter().map(|word| (*word).to_owned()));
    }
    words.retain(|word| !is_hidden(word, config, device_words));
    words
}

/// Is this word hidden: by its own setting, from this device, or from everybody but this device?
pub(super) fn is_hidden(word: &str, config: &ImapConfig, device_words: &WordChoice) -> bool {
    let is_offered = match word {
        "IMAP4rev2" => config.imap4rev2,
        COMPRESS => config.compress,
        INPROGRESS => config.progress_milliseconds != 0,
        // One of the two (RFC 7888 §5).
        "LITERAL-" => is_hidden("LITERAL+", config, device_words),
        _ => true,
    };
    let from_all = || config.hidden_capabilities.iter().any(|hidden| hidden.eq_ignore_ascii_case(word));
    !is_offered || device_words.hides(word).unwrap_or_else(from_all)
}

/// The literals that what is announced allows.
pub(super) fn non_synchronizing(config: &ImapConfig, device_words: &WordChoice) -> NonSynchronizing {
    match (is_hidden("LITERAL+", config, device_words), is_hidden("LITERAL-", config, device_words)) {
        (false, _) => NonSynchronizing::Any,
        (true, false) => NonSynchronizing::Small,
        (true, true) => NonSynchronizing::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::wire::command::{SearchKey, SequenceSet};

    fn config(hidden: &[&str]) -> ImapConfig {
        let hidden_capabilities = hidden.iter().map(|word| (*word).to_owned()).collect();
        ImapConfig { append_bytes_max: 1000, hidden_capabilities, ..ImapConfig::default() }
    }

    fn words(security: Security, may_log_in: bool) -> String {
        capabilities(&SessionState::NotAuthenticated, security, may_log_in, &config(&[]), &WordChoice::default())
            .join(" ")
    }

    #[test]
    fn the_ways_to_log_in_depend_on_the_connection() {
        assert!(words(Security::Tls, true).ends_with("APPENDLIMIT=1000 AUTH=PLAIN AUTH=LOGIN"));
        assert!(words(Security::Plain, false).ends_with("APPENDLIMIT=1000 STARTTLS LOGINDISABLED"));
        assert!(words(Security::Plain, true).ends_with("STARTTLS AUTH=PLAIN AUTH=LOGIN"));
        let none = WordChoice::default();
        let later = capabilities(&SessionState::Logout, Security::Tls, true, &config(&[]), &none);
        assert_eq!(later.last().map(String::as_str), Some("APPENDLIMIT=1000"));
        let hides = vec!["IDLE".to_owned(), "compress=deflate".to_owned()];
        let device = WordChoice { hidden: hides, shown: Vec::new() };
        let hidden = config(&["qresync", "APPENDLIMIT=1000"]);
        let fewer = capabilities(&SessionState::Logout, Security::Tls, true, &hidden, &device);
        assert!(later.contains(&"QRESYNC".to_owned()) && !fewer.contains(&"QRESYNC".to_owned()));
        assert_eq!(later.len(), fewer.len() + 4);
        let off = ImapConfig { compress: false, progress_milliseconds: 0, ..config(&[]) };
        let off = capabilities(&SessionState::Logout, Security::Tls, true, &off, &none);
        assert_eq!(later.len(), off.len() + 2);
        let alone = WordChoice { hidden: Vec::new(), shown: vec!["QRESYNC".to_owned()] };
        let shown = capabilities(&SessionState::Logout, Security::Tls, true, &config(&["qresync"]), &alone);
        assert_eq!(later, shown);
    }

    #[test]
    fn expunges_are_held_by_number_and_told_by_uid() {
        let fetch = |numbers| {
            let set = SequenceSet::Ranges(vec![(Some(1), None)]);
            let fetch = crate::imap::wire::command::Fetch {
                set,
                numbers,
                items: Vec::new(),
                changed_since: None,
                vanished: false,
                partial: None,
            };
            CommandRule::of(&CommandBody::Fetch(fetch)).expunges
        };
        assert_eq!(fetch(Numbers::Sequence), Expunges::Hold);
        assert_eq!(fetch(Numbers::Uid), Expunges::Tell);
        let search = |key| {
            let search =
                Search { numbers: Numbers::Uid, returns: None, charset: None, key: SearchKey::Not(Box::new(key)) };
            CommandRule::of(&CommandBody::Search(search)).expunges
        };
        let all = || SequenceSet::Ranges(vec![(Some(1), None)]);
        assert_eq!(search(SearchKey::Set(Numbers::Sequence, all())), Expunges::Hold);
        assert_eq!(search(SearchKey::Set(Numbers::Uid, all())), Expunges::Tell);
        assert_eq!(search(SearchKey::Set(Numbers::Sequence, SequenceSet::Saved)), Expunges::Tell);
        assert_eq!(CommandRule::of(&CommandBody::Noop).expunges, Expunges::Tell);
    }
}
