//! What NOTIFY can ask (RFC 5465 §3.1, §5, §6), and which mailboxes ESEARCH can name in the same words (RFC 7377 §2.2).

use super::command::{FetchItem, MailboxArgument};
use super::search::Search;

/// NOTIFY.
#[derive(Clone, Debug, PartialEq)]
pub enum Notify {
    /// The client wants to hear of nothing.
    None,
    Set {
        /// The state of the mailboxes as it is now, too.
        status: bool,
        groups: Vec<EventGroup>,
    },
}

impl Notify {
    /// Does it ask for ModSeqs?
    pub fn names_mod_seq(&self) -> bool {
        let asks = |group: &EventGroup| group.events.fetch.contains(&FetchItem::ModSeq);
        matches!(self, Self::Set { groups, .. } if groups.iter().any(asks))
    }
}

/// Some mailboxes, and what is to be told of them.
#[derive(Clone, Debug, PartialEq)]
pub struct EventGroup {
    pub filter: MailboxFilter,
    pub events: Events,
}

/// Which mailboxes.
#[derive(Clone, Debug, PartialEq)]
pub enum MailboxFilter {
    /// Whichever is selected.
    Selected,
    /// The same, its EXPUNGEs told only where a command allows it; never in ESEARCH.
    SelectedDelayed,
    Inboxes,
    Personal,
    Subscribed,
    /// These and all below them.
    Subtree(Vec<MailboxArgument>),
    /// These and those one level below them: ESEARCH only.
    SubtreeOne(Vec<MailboxArgument>),
    Mailboxes(Vec<MailboxArgument>),
}

impl MailboxFilter {
    /// Does it mean the selected mailbox?
    pub fn is_selected(&self) -> bool {
        matches!(self, Self::Selected | Self::SelectedDelayed)
    }

    /// The names in it.
    pub fn names(&self) -> &[MailboxArgument] {
        match self {
            Self::Subtree(names) | Self::SubtreeOne(names) | Self::Mailboxes(names) => names,
            _ => &[],
        }
    }
}

/// What is to be told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Events {
    pub messages: MessageEvents,
    /// What to tell of new messages: of the selected mailbox only.
    pub fetch: Vec<FetchItem>,
    pub mailbox_name: bool,
    pub subscription_change: bool,
    /// Annotations of mailboxes.
    pub mailbox_metadata: bool,
    /// Annotations of the server: whatever the mailboxes.
    pub server_metadata: bool,
    /// Some event that is not known here.
    pub unknown: bool,
}

/// Events of messages. MessageNew and MessageExpunge come together, FlagChange never without them (RFC 5465 §5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum MessageEvents {
    #[default]
    Nothing,
    /// MessageNew and MessageExpunge.
    Messages,
    /// FlagChange too.
    MessagesAndFlags,
}

/// ESEARCH (RFC 7377 §2): always by UID.
#[derive(Clone, Debug, PartialEq)]
pub struct Multisearch {
    /// Where it searches; the selected mailbox where nothing is said.
    pub sources: Vec<MailboxFilter>,
    pub search: Search,
}
