//! Every sentence that a person may read, in French and in English. Nowhere else.
//!
//! One line each: they go into SMTP replies and IMAP responses. [`ascii`] is for places where the protocol asks for ASCII.

mod api;
mod app_letter;
pub mod checkup;
mod english;
mod french;
pub mod page;
mod profile;
mod reason;
mod recalled;

pub use api::ApiProblem;
pub use profile::profile_name;
pub use recalled::recalled;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

pub use app_letter::{AppLetter, app_letter};

use crate::model::{Limit, Profile};

/// The language of sentences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    Fr,
    En,
}

/// What there is to say. Names and addresses are the only things put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sentence {
    /// No such person or group.
    UnknownRecipient {
        address: String,
    },
    /// The address is not in the ENT.
    OutsideEnt {
        address: String,
    },
    /// The rules of the school do not allow it.
    NotAllowed {
        recipient: String,
    },
    /// The person may not receive any more (left or suspended).
    RecipientSuspended {
        recipient: String,
    },
    /// Last year's group.
    GroupClosed {
        group: String,
    },
    /// Nobody in it who could receive.
    GroupEmpty {
        group: String,
    },
    /// A broadcast list, and the sender's profile may write to none.
    ListNotAllowed {
        group: String,
    },
    /// A broadcast list must be in Bcc.
    ListInSight {
        group: String,
    },
    /// The person may be written to in answer to a message only, and this is none.
    NotAnAnswer {
        recipient: String,
    },
    /// What the account is called on a device.
    AccountName {
        domain: String,
    },
    /// On the screen of an iPhone that is about to take a profile.
    ProfileExplained,
    /// Nobody may answer the message that this one answers.
    NoReply,
    /// The live ENT, which decides, gives no answer.
    RulesAway,
    /// The sender's profile may not send messages that nobody may answer.
    NoReplyNotAllowed,
    /// MAIL FROM or the header's Sender is not the person's own.
    SenderNotYours {
        address: String,
    },
    /// Header From is not the person's own.
    FromNotYours {
        address: String,
    },
    FromMissing,
    FromSeveral,
    /// The header cannot be read in one way only.
    HeaderUnreadable,
    HeaderTooLarge {
        bytes_max: usize,
    },
    AccountSuspended,
    BadCredentials,
    TooManyTries,
    TlsRequired,
    MessageTooLarge {
        bytes_max: u64,
    },
    TooManyRecipients {
        max: usize,
    },
    TooManyPeople {
        max: usize,
    },
    QuotaExceeded,
    TryLater,
    /// A command that only a person who has logged in may give.
    LoginRequired,
    /// Not an address that anybody could have.
    BadAddress {
        address: String,
    },
    /// A message whose every recipient was refused.
    NoRecipientLeft,
    /// A message with a CR or an LF by itself.
    BareLineEnd,
    /// The server ends the session: idle, stopping, or the person may not stay.
    SessionEnded,
    /// A mail app whose maker's servers hold the password, where such apps are refused.
    CloudApp,
    /// The session came in with a password that is the account's no more.
    PasswordChanged,
    /// The session came in with an app password that was revoked.
    DeviceRevoked,
    /// The message lies in every mailbox.
    Delivered,
    /// The message is kept, and is read when quiet hours end; `some`: others have it already.
    Waiting {
        opens: jiff::civil::DateTime,
        some: bool,
    },
    /// The person has sent as much as is allowed; when it is counted anew, on the school's clock.
    LimitReached {
        limit: Limit,
        max: u32,
        until: jiff::civil::DateTime,
    },
    TooManyConnections,
    NoSuchMailbox,
    MailboxExists,
    /// INBOX, Drafts, Sent or Trash.
    MailboxSpecial,
    MailboxDuplicatesSpecial,
    MailboxHasChildren,
    MailboxReadOnly,
    MailboxGone,
    TooManyMailboxes,
    MailboxTooDeep,
    MailboxNameTooLong,
    BadMailboxName,
    TooManyKeywords,
    /// A repetition of a message that was recalled.
    SentRecalled,
    /// The person's profile may not recall messages.
    RecallNotAllowed,
    /// What is to be recalled is no message that the person sent.
    RecallNotSent,
    /// It was sent too long ago.
    RecallTooLate {
        minutes_max: u32,
    },
    RecallAlready,
    /// Several messages at once.
    RecallOneByOne,
    /// A message filed by hand among those that are recalled.
    RecallByMoving,
    /// The switch: nobody of the person's kind may send now.
    SendingOff,
    /// The switch: nobody of the person's kind may read now.
    ReadingOff,
    /// A search of the directory without a piece of a name, or with too short a one.
    SearchTooBroad {
        chars_min: usize,
    },
    /// A search of the directory found more than is told.
    MoreFound,
    /// The person has searched the directory too often lately.
    TooManySearches,
    /// What would change the directory.
    DirectoryReadOnly,
    /// In the place of a letter that its author took back.
    LetterRecalled,
    /// In the place of an attachment that an archive should hold and does not.
    AttachmentMissing {
        name: String,
    },
    /// Titles of address books.
    BookOfClasses,
    BookOfGroups,
    BookOfColleagues,
    BookOfOthers,
    /// What an address book is.
    BookExplained,
    /// What a person is, on a card of the address book.
    ProfileName {
        profile: Profile,
    },
    /// Whose parent a person is, on a card: names, with commas between.
    ParentOf {
        pupils: String,
    },
}

impl Sentence {
    /// The sentence in a language, accents included.
    pub fn text(&self, language: Language) -> String {
        match language {
            Language::Fr => french::text(self),
            Language::En => english::text(self),
        }
    }
}

/// An amount of octets as people say it.
fn amount(bytes: u64, mega: &str, kilo: &str) -> String {
    match (bytes >> 20, bytes >> 10) {
        (0, 0) => format!("{bytes} octets"),
        (0, kilobytes) => format!("{kilobytes} {kilo}"),
        (megabytes, _) => format!("{megabytes} {mega}"),
    }
}

/// The same sentence in ASCII: accents dropped, anything else replaced by `?` (IMAP `text` before UTF8=ACCEPT).
pub fn ascii(sentence: &str) -> String {
    sentence
        .nfd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .map(|c| match c {
            '’' | '‘' => '\'',
            '«' | '»' | '“' | '”' => '"',
            '\u{a0}' | '\u{202f}' => ' ',
            c if c.is_ascii() && !c.is_ascii_control() => c,
            _ => '?',
        })
        .collect()
}
