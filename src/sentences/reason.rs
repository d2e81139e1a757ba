//! PURE: sentences that refuse → the closed list of reasons that metrics count.

use super::Sentence;
use crate::metrics::Reason;

impl Sentence {
    /// Why it refuses; what refuses nothing, or is none of the list, is `Other`.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::UnknownRecipient { .. } => Reason::UnknownRecipient,
            Self::BadAddress { .. } => Reason::BadAddress,
            Self::OutsideEnt { .. } => Reason::OutsideEnt,
            Self::NotAllowed { .. } => Reason::NotAllowed,
            Self::RecipientSuspended { .. } => Reason::RecipientSuspended,
            Self::GroupClosed { .. } => Reason::GroupClosed,
            Self::GroupEmpty { .. } => Reason::GroupEmpty,
            Self::ListNotAllowed { .. } => Reason::ListNotAllowed,
            Self::ListInSight { .. } => Reason::ListInSight,
            Self::NotAnAnswer { .. } => Reason::NotAnAnswer,
            Self::NoReply => Reason::NoReply,
            Self::NoReplyNotAllowed => Reason::NoReplyNotAllowed,
            Self::RulesAway => Reason::RulesAway,
            Self::SenderNotYours { .. } => Reason::SenderNotYours,
            Self::FromNotYours { .. } => Reason::FromNotYours,
            Self::FromMissing => Reason::FromMissing,
            Self::FromSeveral => Reason::FromSeveral,
            Self::HeaderUnreadable => Reason::HeaderUnreadable,
            Self::HeaderTooLarge { .. } => Reason::HeaderTooLarge,
            Self::BareLineEnd => Reason::BareLineEnd,
            Self::NoRecipientLeft => Reason::NoRecipientLeft,
            Self::MessageTooLarge { .. } => Reason::MessageTooLarge,
            Self::TooManyRecipients { .. } => Reason::TooManyRecipients,
            Self::TooManyPeople { .. } => Reason::TooManyPeople,
            Self::LimitReached { .. } => Reason::LimitReached,
            Self::QuotaExceeded => Reason::QuotaExceeded,
            Self::SentRecalled => Reason::SentRecalled,
            Self::AccountSuspended => Reason::AccountSuspended,
            Self::BadCredentials => Reason::BadCredentials,
            Self::TooManyTries => Reason::TooManyTries,
            Self::TooManyConnections => Reason::TooManyConnections,
            Self::CloudApp => Reason::CloudApp,
            Self::TlsRequired => Reason::TlsRequired,
            Self::LoginRequired => Reason::LoginRequired,
            Self::SendingOff => Reason::SendingOff,
            Self::ReadingOff => Reason::ReadingOff,
            Self::TryLater => Reason::TryLater,
            Self::RecallNotAllowed
            | Self::RecallNotSent
            | Self::RecallTooLate { .. }
            | Self::RecallAlready
            | Self::RecallOneByOne
            | Self::RecallByMoving => Reason::Recall,
            Self::NoSuchMailbox
            | Self::MailboxExists
            | Self::MailboxSpecial
            | Self::MailboxDuplicatesSpecial
            | Self::MailboxHasChildren
            | Self::MailboxReadOnly
            | Self::MailboxGone
            | Self::TooManyMailboxes
            | Self::MailboxTooDeep
            | Self::MailboxNameTooLong
            | Self::BadMailboxName
            | Self::TooManyKeywords => Reason::Mailbox,
            _ => Reason::Other,
        }
    }
}
