//! PURE: how a command ended, before it is written: done, or not and by whose fault (RFC 9051 §7.1).

use std::borrow::Cow;

use super::message_limit::Cut;
use super::wire::write::Code;
use crate::domain::Fault;
use crate::domain::mailbox::MailboxRefusal;
use crate::model::{BadMailboxName, MailboxId, ModSeq, Uid, UidValidity};
use crate::sentences::Sentence;

/// What every command comes to.
pub(super) type Outcome = Result<Done, Failure>;

/// The tagged OK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Done {
    pub code: Option<DoneCode>,
    pub text: &'static str,
}

/// Response codes of a tagged OK, with what they carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DoneCode {
    AppendUid(UidValidity, Vec<Uid>),
    Capability(String),
    CopyUid(UidValidity, Vec<(Uid, Uid)>),
    ExpungeIssued,
    HighestModSeq(ModSeq),
    Limit,
    MailboxId(MailboxId),
    MessageLimit(Cut),
    MetadataLongEntries(u64),
    Modified(Vec<u32>),
    ReadOnly,
    ReadWrite,
}

/// Anything but OK.
#[derive(Debug)]
pub(super) enum Failure {
    /// NO: understood, and not done.
    Refused { code: Option<Code<'static>>, text: Cow<'static, str> },
    /// NO with a sentence for the person.
    Told { code: Option<Code<'static>>, sentence: Sentence },
    /// NO to a URL in CATENATE (RFC 4469 §4.1).
    BadUrl(String),
    /// BAD: the client's error.
    Bad(Cow<'static, str>),
    /// BAD with a code.
    BadWith { code: Code<'static>, text: &'static str },
    /// `NO [UNAVAILABLE]`: ours.
    Fault(Fault),
    /// The session ends here.
    Ended(End),
}

/// Why a session ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All has been said.
    Said,
    /// Told to begin TLS.
    StartTls,
    /// Nothing can be said any more: the connection broke, or stands within a response that cannot be finished.
    Lost,
    /// BYE is still to be said.
    Bye(Bye),
}

/// What BYE has to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bye {
    /// The server stops.
    Stopping,
    /// The person has been suspended, or this password revoked.
    Cut,
    /// Nothing came for too long.
    Autologout,
    /// An app whose maker's servers hold the password.
    CloudApp,
    TooManyBadCommands,
    TooManyTries,
    /// It said that it compresses, and does not.
    NotDeflate,
    /// The selected mailbox was deleted, or its UIDs started anew.
    MailboxGone,
}

impl Done {
    /// OK without a code.
    pub(super) fn new(text: &'static str) -> Self {
        Self { code: None, text }
    }

    /// OK with a code.
    pub(super) fn with(code: DoneCode, text: &'static str) -> Self {
        Self { code: Some(code), text }
    }
}

impl DoneCode {
    /// The code to be written.
    pub(super) fn as_code(&self) -> Code<'_> {
        match self {
            Self::AppendUid(uid_validity, uids) => Code::AppendUid(*uid_validity, uids),
            Self::Capability(words) => Code::Capability(words),
            Self::CopyUid(uid_validity, pairs) => Code::CopyUid(*uid_validity, pairs),
            Self::ExpungeIssued => Code::ExpungeIssued,
            Self::HighestModSeq(mod_seq) => Code::HighestModSeq(*mod_seq),
            Self::Limit => Code::Limit,
            Self::MailboxId(id) => Code::MailboxId(*id),
            Self::MetadataLongEntries(bytes) => Code::MetadataLongEntries(*bytes),
            Self::MessageLimit(cut) => cut.as_code(),
            Self::Modified(numbers) => Code::Modified(numbers),
            Self::ReadOnly => Code::ReadOnly,
            Self::ReadWrite => Code::ReadWrite,
        }
    }
}

impl Failure {
    /// NO with a text for programmers.
    pub(super) fn refused(code: Code<'static>, text: &'static str) -> Self {
        Self::Refused { code: Some(code), text: Cow::Borrowed(text) }
    }

    /// NO with a sentence for the person.
    pub(super) fn told(code: Code<'static>, sentence: Sentence) -> Self {
        Self::Told { code: Some(code), sentence }
    }

    /// BAD.
    pub(super) fn bad(text: &'static str) -> Self {
        Self::Bad(Cow::Borrowed(text))
    }

    /// Sequence numbers from a client that has chosen to know UIDs only (RFC 9586 §3).
    pub(super) fn uid_required() -> Self {
        Self::BadWith { code: Code::UidRequired, text: "UIDONLY is enabled" }
    }

    /// A mailbox that is to be read does not exist.
    pub(super) fn no_such_mailbox() -> Self {
        Self::told(Code::NonExistent, Sentence::NoSuchMailbox)
    }

    /// A mailbox that is to be written to does not exist: the client may create it (RFC 9051 §7.1).
    pub(super) fn try_create() -> Self {
        Self::told(Code::TryCreate, Sentence::NoSuchMailbox)
    }

    /// The mailbox was opened by EXAMINE.
    pub(super) fn read_only() -> Self {
        Self::told(Code::ReadOnly, Sentence::MailboxReadOnly)
    }

    /// No more room.
    pub(super) fn over_quota() -> Self {
        Self::told(Code::OverQuota, Sentence::QuotaExceeded)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<End> for Failure {
    fn from(end: End) -> Self {
        Self::Ended(end)
    }
}

impl From<BadMailboxName> for Failure {
    fn from(_: BadMailboxName) -> Self {
        Self::told(Code::Cannot, Sentence::BadMailboxName)
    }
}

impl From<MailboxRefusal> for Failure {
    fn from(refusal: MailboxRefusal) -> Self {
        let (code, sentence) = match refusal {
            MailboxRefusal::NoSuchMailbox => (Code::NonExistent, Sentence::NoSuchMailbox),
            MailboxRefusal::AlreadyExists => (Code::AlreadyExists, Sentence::MailboxExists),
            MailboxRefusal::Special => (Code::Cannot, Sentence::MailboxSpecial),
            MailboxRefusal::DuplicatesSpecial(_) => (Code::Cannot, Sentence::MailboxDuplicatesSpecial),
            MailboxRefusal::IntoItself => (Code::Cannot, Sentence::BadMailboxName),
            MailboxRefusal::UseTaken => (Code::UseAttr, Sentence::MailboxDuplicatesSpecial),
            MailboxRefusal::HasChildren => (Code::HasChildren, Sentence::MailboxHasChildren),
            MailboxRefusal::TooMany => (Code::Limit, Sentence::TooManyMailboxes),
            MailboxRefusal::TooDeep => (Code::Limit, Sentence::MailboxTooDeep),
            MailboxRefusal::NameTooLong => (Code::Limit, Sentence::MailboxNameTooLong),
        };
        Self::told(code, sentence)
    }
}
