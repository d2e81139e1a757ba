//! PURE: the sentences in English.

use super::{Sentence, amount};
use crate::model::{Limit, Profile};

/// The sentence.
#[expect(clippy::too_many_lines, reason = "a table: one arm for each sentence")]
pub(super) fn text(sentence: &Sentence) -> String {
    match sentence {
        Sentence::UnknownRecipient { address } => {
            format!("Unknown recipient: nobody has the address {address} in the ENT.")
        }
        Sentence::OutsideEnt { address } => {
            format!("Refused: {address} is not an address of the ENT, which does not exchange mail with the internet.")
        }
        Sentence::NotAllowed { recipient } => {
            format!("Refused: the school's communication rules do not let you write to {recipient}.")
        }
        Sentence::RecipientSuspended { recipient } => {
            format!("Refused: the account of {recipient} is suspended and receives no more messages.")
        }
        Sentence::GroupClosed { group } => format!("Refused: the group {group} belongs to a past school year."),
        Sentence::GroupEmpty { group } => format!("Refused: the group {group} has no member."),
        Sentence::ListNotAllowed { group } => {
            format!("Refused: your profile does not let you write to the broadcast list {group}.")
        }
        Sentence::ListInSight { group } => {
            format!("Refused: put the broadcast list {group} into Bcc, and nowhere else.")
        }
        Sentence::NotAnAnswer { recipient } => {
            format!("Refused: you may write to {recipient} only in answer to a message that lets you do so.")
        }
        Sentence::NoReply => "Refused: this message takes no answers.".to_owned(),
        Sentence::RulesAway => {
            "Your communication rights cannot be checked: please try again in a few minutes.".to_owned()
        }
        Sentence::NoReplyNotAllowed => {
            "Refused: your profile does not let you send messages that take no answers.".to_owned()
        }
        Sentence::SenderNotYours { address } => format!("Refused: {address} is not your sender address."),
        Sentence::FromNotYours { address } => format!("Refused: the shown sender {address} is not your address."),
        Sentence::FromMissing => "Refused: the message names no sender (From).".to_owned(),
        Sentence::FromSeveral => "Refused: the message names several senders (From).".to_owned(),
        Sentence::HeaderUnreadable => "Refused: the message's header is malformed.".to_owned(),
        Sentence::HeaderTooLarge { bytes_max } => {
            format!("Refused: the message's header exceeds {} KiB.", bytes_max >> 10)
        }
        Sentence::AccountSuspended => "This account is suspended. Please ask your school.".to_owned(),
        Sentence::BadCredentials => "Wrong user name or password.".to_owned(),
        Sentence::TooManyTries => "Too many tries: please wait a few minutes.".to_owned(),
        Sentence::TlsRequired => "An encrypted connection (TLS) is required before the password.".to_owned(),
        Sentence::MessageTooLarge { bytes_max } => {
            format!("Message too large: the limit is {}.", amount(*bytes_max, "MB", "KiB"))
        }
        Sentence::TooManyRecipients { max } => format!("Too many recipients: {max} at most per message."),
        Sentence::TooManyPeople { max } => format!("Refused: this message would reach more than {max} people."),
        Sentence::QuotaExceeded => "Your mailbox space is full: delete messages, then empty the trash.".to_owned(),
        Sentence::TryLater => "Temporarily unavailable: please try again in a few minutes.".to_owned(),
        Sentence::LoginRequired => "Please log in before you send a message.".to_owned(),
        Sentence::BadAddress { address } => format!("Not a valid address: {address}"),
        Sentence::NoRecipientLeft => "Message not sent: no recipient was accepted.".to_owned(),
        Sentence::BareLineEnd => "Refused: the message has malformed line ends.".to_owned(),
        Sentence::SessionEnded => "Connection closed by the service: you may connect again.".to_owned(),
        Sentence::CloudApp => {
            "Refused: this app hands your password to its maker. Use another one (see the guide), and change this \
             password."
                .to_owned()
        }
        Sentence::PasswordChanged => "The password of this account has changed: connect with the new one.".to_owned(),
        Sentence::DeviceRevoked => {
            "The access of this device was withdrawn: please ask for a new app password.".to_owned()
        }
        Sentence::LimitReached { limit, max, until } => {
            let what = match limit {
                Limit::MessagesPerHour => "messages an hour",
                Limit::MessagesPerDay => "messages a day",
                Limit::PeoplePerMessage => "people a message",
                Limit::PeoplePerDay => "people reached a day",
                Limit::FirstTimePerDay => "new recipients a day",
            };
            format!("Limit reached: {max} {what}. Try again from {}.", time(*until))
        }
        Sentence::Delivered => "Message delivered.".to_owned(),
        Sentence::Waiting { opens, some: false } => {
            format!("Message accepted: it will be delivered from {}.", time(*opens))
        }
        Sentence::Waiting { opens, some: true } => {
            format!("Message delivered, except to some recipients, who will have it from {}.", time(*opens))
        }
        Sentence::TooManyConnections => "Too many open connections for this account: please close some.".to_owned(),
        Sentence::NoSuchMailbox => "This mailbox does not exist.".to_owned(),
        Sentence::MailboxExists => "A mailbox with this name exists already.".to_owned(),
        Sentence::MailboxSpecial => {
            "This mailbox belongs to the system: it can be neither deleted nor renamed.".to_owned()
        }
        Sentence::MailboxDuplicatesSpecial => "There is already a mailbox for this use.".to_owned(),
        Sentence::MailboxHasChildren => "This mailbox holds others: delete them first.".to_owned(),
        Sentence::MailboxReadOnly => "This mailbox is open read-only.".to_owned(),
        Sentence::MailboxGone => "This mailbox has just been deleted.".to_owned(),
        Sentence::TooManyMailboxes => "Too many mailboxes: delete some before you create one.".to_owned(),
        Sentence::MailboxTooDeep => "Too many mailboxes within each other.".to_owned(),
        Sentence::MailboxNameTooLong => "Mailbox name too long.".to_owned(),
        Sentence::BadMailboxName => "This name is no name for a mailbox.".to_owned(),
        Sentence::TooManyKeywords => "Too many keywords on one message.".to_owned(),
        Sentence::AccountName { domain } => format!("Mail of {domain}"),
        Sentence::ProfileExplained => {
            "Adds the ENT's messages to Mail. You will be asked for the password of this device.".to_owned()
        }
        Sentence::SentRecalled => "Refused: this message was recalled. Please write a new one.".to_owned(),
        Sentence::RecallNotAllowed => "Not recalled: your profile does not let you recall messages.".to_owned(),
        Sentence::RecallNotSent => "Not recalled: only a message that you sent yourself can be recalled.".to_owned(),
        Sentence::RecallTooLate { minutes_max } => {
            format!("Not recalled: a message cannot be recalled any more {minutes_max} minutes after it was sent.")
        }
        Sentence::RecallAlready => "This message has been recalled already.".to_owned(),
        Sentence::RecallOneByOne => "Not recalled: please recall messages one by one.".to_owned(),
        Sentence::RecallByMoving => {
            "This mailbox is for recalling: move a message here that you sent, nothing else.".to_owned()
        }
        Sentence::SendingOff => "Sending is suspended for now. Your password stays valid.".to_owned(),
        Sentence::ReadingOff => "The mail service is suspended for now. Your password stays valid.".to_owned(),
        Sentence::SearchTooBroad { chars_min } => format!("Type at least {chars_min} letters of a name."),
        Sentence::MoreFound => "There are more: type more of the name.".to_owned(),
        Sentence::TooManySearches => "Too many searches in a short time: try again in a minute.".to_owned(),
        Sentence::DirectoryReadOnly => "The directory cannot be changed here.".to_owned(),
        Sentence::LetterRecalled => "This message was recalled by its author.".to_owned(),
        Sentence::AttachmentMissing { name } => {
            format!("The attachment \"{name}\" was not in the archive: look for it in the ENT.")
        }
        Sentence::BookOfClasses => "My classes".to_owned(),
        Sentence::BookOfGroups => "My groups".to_owned(),
        Sentence::BookOfColleagues => "My colleagues".to_owned(),
        Sentence::BookOfOthers => "Other recipients".to_owned(),
        Sentence::BookExplained => {
            "Those to whom you may write in the ENT. This address book keeps itself up to date.".to_owned()
        }
        Sentence::ProfileName { profile } => match profile {
            Profile::Student => "Pupil",
            Profile::Relative => "Parent",
            Profile::Teacher => "Teacher",
            Profile::Personnel => "Personnel",
            Profile::Guest => "Guest",
        }
        .to_owned(),
        Sentence::ParentOf { pupils } => format!("Parent of {pupils}"),
    }
}

/// `Monday 23 November, 7:30`
fn time(at: jiff::civil::DateTime) -> String {
    at.strftime("%A %-d %B, %-H:%M").to_string()
}
