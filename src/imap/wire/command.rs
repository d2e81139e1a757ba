//! What a client can ask: one variant a command (RFC 9051 §6), arguments already checked for form.

use super::append::AppendHead;
pub use super::mailbox_argument::MailboxArgument;
use super::metadata::{Annotated, GetMetadata, SetMetadata};
use super::notify::{Multisearch, Notify};
pub use super::search::{PartialRange, Search, SearchKey, SearchReturn};
use super::sort::{Sort, ThreadAsk};
use crate::model::{Flags, ModSeq, Secret, UidValidity};

/// A command with its tag.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    pub tag: String,
    pub body: CommandBody,
}

/// The commands.
#[derive(Clone, Debug, PartialEq)]
pub enum CommandBody {
    // Any state.
    Capability,
    Noop,
    Logout,
    /// RFC 2971; `None` = NIL. Keys lower case.
    Id(Option<Vec<(String, Option<String>)>>),

    // Not authenticated.
    StartTls,
    /// Mechanism in upper case; the initial response (RFC 4959) already base64-decoded, `=` is empty.
    Authenticate {
        mechanism: String,
        initial: Option<Secret>,
    },
    Login {
        name: Secret,
        password: Secret,
    },

    // Authenticated.
    /// Words in upper case, known or not (RFC 5161).
    Enable(Vec<String>),
    Select {
        mailbox: MailboxArgument,
        access: Access,
        condstore: bool,
        qresync: Option<Resync>,
    },
    Create {
        mailbox: MailboxArgument,
        /// RFC 6154 §3: attributes as written, `\\Archive`; empty without USE.
        uses: Vec<String>,
    },
    Delete(MailboxArgument),
    Rename {
        from: MailboxArgument,
        to: MailboxArgument,
    },
    Subscribe(MailboxArgument),
    Unsubscribe(MailboxArgument),
    List(List),
    Lsub {
        reference: String,
        pattern: String,
    },
    Namespace,
    Status {
        mailbox: MailboxArgument,
        items: Vec<StatusItem>,
    },
    /// APPEND or REPLACE. Where it has literals of messages, the framer stops before each, and the session streams them.
    Append(AppendHead),
    Idle,
    Notify(Notify),
    Esearch(Multisearch),
    GetQuota {
        root: String,
    },
    GetQuotaRoot(MailboxArgument),
    /// Always refused: limits are the admin's.
    SetQuota,
    /// RFC 4314 §3.5
    MyRights(MailboxArgument),
    /// RFC 4314 §3.4
    ListRights {
        mailbox: MailboxArgument,
        identifier: String,
    },
    /// RFC 4314 §3.3
    GetAcl(MailboxArgument),
    /// Always refused: nobody can share a mailbox (RFC 4314 §3.1).
    SetAcl(MailboxArgument),
    /// Always refused (RFC 4314 §3.2).
    DeleteAcl(MailboxArgument),
    GetMetadata(Annotated, GetMetadata),
    SetMetadata(Annotated, SetMetadata),
    /// RFC 4978 §3; the mechanism in upper case.
    Compress(String),
    /// RFC 8437 §3
    Unauthenticate,

    // Selected.
    Check,
    Close,
    Unselect,
    /// `uids`: UID EXPUNGE.
    Expunge {
        uids: Option<SequenceSet>,
    },
    /// RFC 10022 §3.1
    UidBatches(UidBatches),
    Search(Search),
    /// RFC 5267 §4.3.5: tags.
    CancelUpdate(Vec<String>),
    Sort(Sort),
    Thread(ThreadAsk),
    Fetch(Fetch),
    Store(Store),
    Copy {
        set: SequenceSet,
        numbers: Numbers,
        mailbox: MailboxArgument,
    },
    Move {
        set: SequenceSet,
        numbers: Numbers,
        mailbox: MailboxArgument,
    },
}

impl CommandBody {
    /// Does it make the client one that is told ModSeqs (RFC 7162 §3.1)?
    pub fn enables_condstore(&self) -> bool {
        match self {
            Self::Enable(words) => words.iter().any(|word| word == "CONDSTORE" || word == "QRESYNC"),
            Self::Select { condstore, qresync, .. } => *condstore || qresync.is_some(),
            Self::Status { items, .. } | Self::List(List { return_status: Some(items), .. }) => {
                items.contains(&StatusItem::HighestModSeq)
            }
            Self::Search(search) | Self::Sort(Sort { search, .. }) | Self::Thread(ThreadAsk { search, .. }) => {
                search.names_mod_seq()
            }
            Self::Esearch(ask) => ask.search.names_mod_seq(),
            Self::Notify(ask) => ask.names_mod_seq(),
            Self::Fetch(fetch) => fetch.changed_since.is_some() || fetch.items.contains(&FetchItem::ModSeq),
            Self::Store(store) => store.unchanged_since.is_some(),
            _ => false,
        }
    }

    /// Does it set what `$` means? Answered by NO, it empties it (RFC 5182 §2.1).
    pub fn saves_result(&self) -> bool {
        match self {
            Self::Search(search) | Self::Sort(Sort { search, .. }) | Self::Esearch(Multisearch { search, .. }) => {
                search.returns.as_ref().is_some_and(|returns| returns.contains(&SearchReturn::Save))
            }
            _ => false,
        }
    }
}

/// UIDBATCHES: messages in each batch, and which batches, from 1, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UidBatches {
    pub size: u32,
    pub range: Option<(u32, u32)>,
}

/// Do the command's numbers mean UIDs?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    Sequence,
    Uid,
}

/// SELECT or EXAMINE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    ReadWrite,
    ReadOnly,
}

/// SELECT (QRESYNC …): what the client knows of the mailbox (RFC 7162 §3.2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resync {
    pub uid_validity: UidValidity,
    pub mod_seq: ModSeq,
    /// UIDs without `*`; `None`: all.
    pub known: Option<SequenceSet>,
    /// Samples: message numbers, and the UIDs that they had.
    pub samples: Option<(SequenceSet, SequenceSet)>,
}

/// LIST (RFC 9051 §6.3.9, RFC 5258, RFC 6154, RFC 5819). Texts decoded to Unicode.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct List {
    pub reference: String,
    pub patterns: Vec<String>,
    pub select_subscribed: bool,
    pub select_remote: bool,
    pub select_recursive_match: bool,
    pub select_special_use: bool,
    pub return_subscribed: bool,
    pub return_children: bool,
    pub return_special_use: bool,
    pub return_status: Option<Vec<StatusItem>>,
    pub return_metadata: Option<GetMetadata>,
    /// Was it the extended form (options, several patterns)? Then `""` as pattern is no question about the separator.
    pub extended: bool,
}

/// STATUS items (RFC 9051 §6.3.11, RFC 3501 §6.3.10, RFC 7162 §3.1.7, RFC 7889 §3, RFC 8438 §3, RFC 9208 §4.1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusItem {
    Messages,
    Recent,
    UidNext,
    UidValidity,
    Unseen,
    Deleted,
    DeletedStorage,
    Size,
    HighestModSeq,
    AppendLimit,
    /// RFC 8474 §4.3
    MailboxId,
}

impl StatusItem {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Messages,
        Self::Recent,
        Self::UidNext,
        Self::UidValidity,
        Self::Unseen,
        Self::Deleted,
        Self::DeletedStorage,
        Self::Size,
        Self::HighestModSeq,
        Self::AppendLimit,
        Self::MailboxId,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Messages => "MESSAGES",
            Self::Recent => "RECENT",
            Self::UidNext => "UIDNEXT",
            Self::UidValidity => "UIDVALIDITY",
            Self::Unseen => "UNSEEN",
            Self::Deleted => "DELETED",
            Self::DeletedStorage => "DELETED-STORAGE",
            Self::Size => "SIZE",
            Self::HighestModSeq => "HIGHESTMODSEQ",
            Self::AppendLimit => "APPENDLIMIT",
            Self::MailboxId => "MAILBOXID",
        }
    }
}

/// Message numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SequenceSet {
    /// Ranges in the order written; `None` is `*`.
    Ranges(Vec<(Option<u32>, Option<u32>)>),
    /// `$`: what SEARCH RETURN (SAVE) found last (RFC 5182 §2.1).
    Saved,
}

/// FETCH (RFC 9051 §6.4.5).
#[derive(Clone, Debug, PartialEq)]
pub struct Fetch {
    pub set: SequenceSet,
    pub numbers: Numbers,
    /// In the order written, macros spelled out.
    pub items: Vec<FetchItem>,
    /// RFC 7162 §3.1.4; 0 is accepted, as iOS sends it.
    pub changed_since: Option<ModSeq>,
    /// RFC 7162 §3.2.6: only behind UID and with CHANGEDSINCE.
    pub vanished: bool,
    /// RFC 9394 §3.3: only behind UID.
    pub partial: Option<PartialRange>,
}

/// What FETCH can ask of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum FetchItem {
    Uid,
    Flags,
    InternalDate,
    /// RFC822.SIZE
    Size,
    Envelope,
    /// BODYSTRUCTURE
    BodyStructure,
    /// BODY without a section: the structure without extension data.
    Body,
    ModSeq,
    /// RFC 8474 §5.1
    EmailId,
    /// RFC 8474 §5.2
    ThreadId,
    /// RFC 8514 §4.2
    SaveDate,
    /// RFC 8970 §3.1. LAZY asks for no more than there is: all of them are there.
    Preview,
    /// RFC822, RFC822.HEADER, RFC822.TEXT.
    Rfc822(Rfc822),
    /// BODY[…]<…>; `peek`: without setting \Seen.
    Section {
        section: Section,
        peek: bool,
        partial: Option<Partial>,
    },
    /// BINARY[…]<…>: part numbers alone (RFC 3516 §4.2).
    Binary {
        path: Vec<u32>,
        peek: bool,
        partial: Option<Partial>,
    },
    /// BINARY.SIZE[…]
    BinarySize(Vec<u32>),
}

/// The old names of three sections (RFC 3501 §6.4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rfc822 {
    Whole,
    Header,
    Text,
}

/// `<offset.count>`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partial {
    pub offset: u64,
    pub count: u64,
}

/// A section: part numbers, then what of that part (RFC 9051 §6.4.5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Part numbers, from 1. Empty: the message itself.
    pub path: Vec<u32>,
    pub text: SectionText,
}

/// What of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SectionText {
    /// Nothing said: the whole (of the message) or the body (of a part).
    #[default]
    All,
    Header,
    /// Field names as written, in their order.
    HeaderFields(Vec<String>),
    HeaderFieldsNot(Vec<String>),
    Text,
    Mime,
}

/// STORE (RFC 9051 §6.4.6).
#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    pub set: SequenceSet,
    pub numbers: Numbers,
    pub change: FlagsChange,
    pub silent: bool,
    pub flags: Flags,
    pub unchanged_since: Option<ModSeq>,
}

/// `FLAGS`, `+FLAGS`, `-FLAGS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagsChange {
    Replace,
    Add,
    Remove,
}
